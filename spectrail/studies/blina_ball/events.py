"""Draw adverse events, medication, history and disposition as typed form frames."""

from __future__ import annotations

import numpy as np
import pandas as pd

from spectrail.studies.blina_ball.facts import table
from spectrail.studies.blina_ball.latent import Grid
from spectrail.studies.blina_ball.rng import Floats, Ints, Streams
from spectrail.studies.blina_ball.subjects import SCREEN_FAILURE, Subjects
from spectrail.studies.blina_ball.text import choose
from spectrail.studies.blina_ball.treatment import treatment_end

RELATION = {"R": "Related", "P": "Possibly related", "U": "Unlikely related", "N": "Not related"}
# What paused the infusion, in the order of `treatment.PAUSE_REASONS`; blank is no adverse event.
PAUSE_KEYS = ("CRS", "", "ICANS", "FN")
AE_BLANK = ("SDTH", "SLIFE", "SHOSP", "SDISAB", "SMIE")


def terms() -> dict[str, dict[str, str]]:
    """Return the synthetic adverse event terms by key."""
    return {row["KEY"]: row for row in table("ae_terms")}


def adverse_events(s: Subjects, grid: Grid, streams: Streams) -> pd.DataFrame:
    """Return the drawn events of the subjects without a deliberate case: form AE, dates as offsets."""
    parts = [_drawn(s, streams, key, row) for key, row in terms().items()]
    parts += [_low_platelets(s, grid), _fatal(s), *_pausing(s)]
    return pd.concat(parts, ignore_index=True)


def _drawn(s: Subjects, streams: Streams, key: str, term: dict[str, str]) -> pd.DataFrame:
    u = streams.uniform(f"ae {key}", 8)
    after = term["AFTER_CONS"] == "Y"
    low, high = float(term["FROM"]), float(term["TO"])
    start = np.floor(low - 1 + u[:, 1] * (high - low + 1)) + (s["cons"] if after else 0)
    have = (u[:, 0] < float(term["PROB"])) & s["treated"] & s["plain"] & (start < s["last"])
    have &= ~(s["pause"] & (np.array(PAUSE_KEYS)[s["pause_kind"]] == key))
    have &= ~(start >= np.fmin(s["relapse"], s["hsct"]))
    weights = np.cumsum([float(term[f"W{k}"]) for k in range(1, 5)])
    grade = np.minimum(np.searchsorted(weights / weights[-1], u[:, 2], side="right"), 3) + 1
    days = np.floor(float(term["SHORTEST"]) + u[:, 3] * (float(term["LONGEST"]) - float(term["SHORTEST"]) + 1))
    serious = u[:, 4] < choose(grade >= 3, float(term["SERIOUS3"]), float(term["SERIOUS12"]))
    astct = np.maximum(grade - (u[:, 6] < 0.2), 1) if term["ASTCT"] == "Y" else np.full(len(grade), np.nan)
    rows = np.flatnonzero(have)
    return build(
        s,
        rows,
        key=key,
        start=start[rows],
        end=(start + days - 1)[rows],
        grade=grade[rows],
        astct=astct[rows].astype(float),
        serious=serious[rows],
    )


def _low_platelets(s: Subjects, grid: Grid) -> pd.DataFrame:
    """Report platelets below 75 in induction at their lowest value, graded by CTCAE 5.0."""
    window = choose(s["plain"][:, None], grid["PLAT"][:, 2:23], np.nan)
    low = np.nanmin(choose(np.isnan(window), np.inf, window), axis=1)
    rows = np.flatnonzero((low < 75) & s["treated"])
    start = np.nanargmin(choose(np.isnan(window[rows]), np.inf, window[rows]), axis=1) + 1.0
    grade = np.select([low[rows] < 25, low[rows] < 50], [4, 3], 2)
    term = {"AETERM": "Platelet count decreased", "AEPT": "Platelet count decreased", "AESOC": "Investigations"}
    frame = build(s, rows, key="FN", start=start, end=start + 9, grade=grade)
    return frame.assign(**term, REL_CHEMO="Related", REL_BLIN=choose(start >= 7, "Possibly related", None))


def _pausing(s: Subjects) -> list[pd.DataFrame]:
    """Report what paused the infusion; a line problem is no adverse event."""
    parts = []
    for kind, key in enumerate(PAUSE_KEYS):
        rows = np.flatnonzero(s["pause"] & (s["pause_kind"] == kind) & (key != ""))
        start = s["pause_at"][rows] // 1440
        grade = np.full(len(rows), 3 if key == "FN" else 2)
        astct = choose(key == "FN", np.nan, np.full(len(rows), 2.0))
        frame = build(s, rows, key=key or "FN", start=start, end=start + 2, grade=grade, astct=astct, interrupts=True)
        parts.append(frame)
    return parts


def _fatal(s: Subjects) -> pd.DataFrame:
    rows = np.flatnonzero(s["plain"] & (s["cause"] == 1) & ~np.isnan(s["death"]))
    death = s["death"][rows]
    frame = build(
        s, rows, key="SEPSIS", start=death - 3, end=death, grade=np.full(len(rows), 5), serious=np.ones(len(rows)) > 0
    )
    return frame.assign(AETERM="Septic shock", AEPT="Septic shock", SDTH="Y", OUT="Fatal", ENDAT=death, ONG="No")


def build(
    s: Subjects,
    rows: Ints,
    *,
    key: str,
    start: Floats,
    end: Floats,
    grade: Floats | Ints,
    astct: Floats | None = None,
    serious: object = False,
    interrupts: object = False,
) -> pd.DataFrame:
    """Build AE rows of one term; an event not over at the last contact is ongoing."""
    term = terms()[key]
    last = s["last"][rows]
    over = end <= last
    serious_flags = np.broadcast_to(np.asarray(serious, dtype=bool), rows.shape)
    infusing = (start >= 7) & (start <= 21)
    chemo = start <= 6
    stopped = np.broadcast_to(np.asarray(interrupts, dtype=bool), rows.shape)
    frame = pd.DataFrame(
        {
            "_i": rows,
            "AETERM": term["AETERM"],
            "AEPT": term["AEPT"],
            "AESOC": term["AESOC"],
            "STDAT": start,
            "STTIM": np.nan,
            "ENDAT": choose(over, end, np.nan),
            "ONG": choose(over, "No", "Yes"),
            "CTCGR": np.asarray(grade, dtype=float),
            "ASTCTGR": astct if astct is not None else np.nan,
            "SER": choose(serious_flags, "Yes", "No"),
            "SER_STD": choose(serious_flags, "Y", "N"),
            "REL_BLIN": choose(start >= 7, RELATION[term["REL_BLIN"]], None),
            "REL_CHEMO": RELATION[term["REL_CHEMO"]],
            "ACN_BLIN": choose(stopped, "Drug interrupted", choose(infusing, "Dose not changed", "Not applicable")),
            "ACN_CHEMO": choose(chemo, "Dose not changed", "Not applicable"),
            "OUT": choose(over, "Recovered", "Not recovered"),
            "AEGRP": None,
            "REPORTDT": np.fmin(start + 1, last),
        }
    )
    for name in AE_BLANK:
        frame[name] = choose(serious_flags, "N", None)
    frame["SHOSP"] = choose(serious_flags, "Y", None)
    return frame.astype({"REL_BLIN": object, "AEGRP": object})


def medication(s: Subjects, events: pd.DataFrame, streams: Streams) -> pd.DataFrame:
    """Return prophylaxis, growth factor and what events called for; `_ae` is the position of the event treated."""
    treated = np.flatnonzero(s["treated"])
    parts = [
        _course(
            s,
            treated,
            "Allopurinol",
            "Antigout preparations",
            "Prophylaxis of tumour lysis",
            300,
            "mg",
            "Oral",
            s["enrl"][treated],
            9,
        )
    ]
    fungal = np.flatnonzero(s["treated"] & (streams.one("antifungal") < 0.7))
    parts.append(
        _course(
            s, fungal, "Posaconazole", "Antimycotics", "Prophylaxis of fungal infection", 300, "mg", "Oral", 4.0, 35
        )
    )
    growth = np.flatnonzero(s["treated"] & (streams.one("growth factor") < 0.3))
    parts.append(
        _course(s, growth, "Filgrastim", "Immunostimulants", "Neutropenia", 300, "ug", "Subcutaneous", 11.0, 6)
    )
    for points, name, drug_class, dose, unit, days, least in (
        ("Febrile neutropenia", "Meropenem", "Antibacterials", 1, "g", 7, 1),
        ("Pneumonia", "Piperacillin tazobactam", "Antibacterials", 4.5, "g", 10, 1),
        ("Bacteraemia", "Vancomycin", "Antibacterials", 1, "g", 10, 1),
        ("Cytokine release syndrome", "Tocilizumab", "Interleukin inhibitors", 480, "mg", 1, 3),
        ("Cytokine release syndrome", "Dexamethasone", "Corticosteroids", 8, "mg", 3, 2),
    ):
        cause = events.loc[(events["AEPT"] == points) & (events["CTCGR"] >= least) & events["STDAT"].notna()]
        rows = cause["_i"].to_numpy()
        start = cause["STDAT"].to_numpy(dtype=float)
        part = _course(s, rows, name, drug_class, points, dose, unit, "Intravenous", start, days)
        parts.append(part.assign(CMAENO=cause["_pos"].to_numpy(dtype=float)))
    frame = pd.concat(parts, ignore_index=True)
    return frame.loc[frame["CMSTDAT"] <= s["last"][frame["_i"]]].reset_index(drop=True)


def _course(
    s: Subjects,
    rows: Ints,
    name: str,
    drug_class: str,
    indication: str,
    dose: float,
    unit: str,
    route: str,
    start: object,
    days: int,
) -> pd.DataFrame:
    begins = np.broadcast_to(np.asarray(start, dtype=float), rows.shape)
    ends = begins + days - 1
    over = ends <= s["last"][rows]
    return pd.DataFrame(
        {
            "_i": rows,
            "CMTRT": name,
            "CMPT": name.upper(),
            "CMCLAS": drug_class.upper(),
            "CMINDC": indication,
            "CMDOSE": float(dose),
            "CMDOSU": unit,
            "CMROUTE": route,
            "CMSTDAT": begins,
            "CMENDAT": choose(over, ends, np.nan),
            "CMONG": choose(over, "No", "Yes"),
            "CMAENO": np.nan,
        }
    )


HISTORY = (
    ("Hepatitis B carrier", "Hepatitis B carrier", "Infections and infestations", 0.12, 4000),
    ("Hypertension", "Hypertension", "Vascular disorders", 0.15, 2500),
    ("Type 2 diabetes", "Type 2 diabetes mellitus", "Metabolism and nutrition disorders", 0.08, 2000),
    ("Fever before diagnosis", "Pyrexia", "General disorders and administration site conditions", 0.5, 40),
    ("Bone pain", "Bone pain", "Musculoskeletal and connective tissue disorders", 0.4, 60),
    ("Appendectomy", "Appendicectomy", "Surgical and medical procedures", 0.2, 5000),
    ("Gastritis", "Gastritis", "Gastrointestinal disorders", 0.25, 1500),
    ("Fatigue", "Fatigue", "General disorders and administration site conditions", 0.6, 45),
)


def history(s: Subjects, streams: Streams) -> pd.DataFrame:
    """Return past and present conditions: form MH."""
    parts = []
    for position, (term, preferred, organ, share, span) in enumerate(HISTORY):
        u = streams.uniform(f"history {position}", 3)
        rows = np.flatnonzero(u[:, 0] < share)
        start = s["icf"][rows] - 10 - np.floor(u[rows, 1] * span * 0.9)
        ended = (u[rows, 2] < 0.4) | (term == "Appendectomy")
        end = choose(term == "Appendectomy", start, np.floor((start + s["icf"][rows]) / 2))
        parts.append(
            pd.DataFrame(
                {
                    "_i": rows,
                    "MHTERM": term,
                    "MHPT": preferred,
                    "MHSOC": organ,
                    "MHSTDAT": start,
                    "MHENDAT": choose(ended, end, np.nan),
                    "MHONG": choose(ended, "No", "Yes"),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def disposition(s: Subjects, last_dose: Floats, induction_end: Floats) -> pd.DataFrame:
    """Return the ends of the phases: form DISP; given the offsets (n,) of the last doses of study and induction."""
    failed = s["status"] == SCREEN_FAILURE
    parts = [_ends(np.flatnonzero(failed), "Screening", "SCR", "Screen failure", s["scr"])]
    parts.append(_ends(np.flatnonzero(~failed), "Screening", "SCR", "Completed", s["enrl"]))
    treated, reason_out, out_at = s["treated"], _leaving(s), s["last"]
    planned = np.fmax(choose(s["ext"], 36.0, 21.0), np.fmin(induction_end, out_at))
    short = treated & ((out_at < planned) | (s["stop"] < planned))
    ended = choose(short, np.fmin(s["stop"], out_at), planned)
    reason = choose(short, choose(s["stop"] < planned, _stopping(s), reason_out), "Completed")
    parts.append(_ends(np.flatnonzero(treated), "Induction", "IND", reason, ended))
    until = treatment_end(s)
    planned_end = s["cons"] + 70 + 28 + 28
    whole = treated & (until > planned_end)
    ceased = choose(whole, np.fmax(planned_end, last_dose), np.fmax(until, last_dose))
    why = np.select(
        [whole, s["stop"] <= until, s["relapse"] <= until, s["nact"] <= until, s["hsct"] - 7 <= until],
        [
            "Completed",
            _stopping(s),
            "Relapse",
            choose(s["nact_kind"] == 0, "Lack of efficacy", "Relapse"),
            "Transplantation",
        ],
        reason_out,
    )
    decided = treated & (whole | (why != "")) & (ceased <= s["last"])
    parts.append(_ends(np.flatnonzero(decided), "Study treatment", "TRT", why, ceased))
    cons = decided & ~np.isnan(s["cons"])
    parts.append(_ends(np.flatnonzero(cons), "Consolidation", "CONS", why, ceased))
    idle = ~failed & ~treated & np.isnan(s["death"])
    parts.append(_ends(np.flatnonzero(idle), "Study treatment", "TRT", "Physician decision", s["enrl"] + 2))
    left = np.flatnonzero(~failed & (reason_out != ""))
    parts.append(
        _ends(
            left, "Study", "STUDY", reason_out, np.fmin(np.fmin(s["death"], s["withdraw"]), np.fmin(s["lost"], 1e9))
        )
    )
    frame = pd.concat(parts, ignore_index=True)
    return frame.loc[frame["DAT"].notna()].reset_index(drop=True)


def _leaving(s: Subjects) -> Floats:
    """Say why a subject left the study; blank while followed."""
    return np.select(
        [~np.isnan(s["death"]), ~np.isnan(s["withdraw"]), ~np.isnan(s["lost"])],
        ["Death", "Withdrawal by subject", "Lost to follow-up"],
        "",
    )


def _stopping(s: Subjects) -> Floats:
    return choose(s["stop_kind"] == 0, "Adverse event", "Physician decision")


def _ends(rows: Ints, phase: str, code: str, reason: object, at: Floats) -> pd.DataFrame:
    why = reason if isinstance(reason, str) else np.asarray(reason)[rows]
    return pd.DataFrame(
        {
            "_i": rows,
            "_order": ("SCR", "IND", "CONS", "TRT", "STUDY").index(code),
            "PHASE": phase,
            "PHASE_STD": code,
            "REASON": why,
            "DAT": at[rows],
            "COMMENT": None,
        }
    )
