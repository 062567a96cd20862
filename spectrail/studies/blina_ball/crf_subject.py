"""Fill the clean forms that a subject has once, and the short logs of events: dates as offsets from day 1."""

from __future__ import annotations

import numpy as np
import pandas as pd

from spectrail.studies.blina_ball.facts import table
from spectrail.studies.blina_ball.rng import Streams
from spectrail.studies.blina_ball.subjects import SCREEN_FAILURE, Subjects
from spectrail.studies.blina_ball.text import choose
from spectrail.studies.blina_ball.timeline import FU1, SCR

EMD_SITES = ("MEDIASTINUM", "LYMPH NODE", "TESTIS")
FAILED = ("INCL01", "INCL03", "INCL04", "INCL06", "INCL05", "EXCL01", "EXCL02", "EXCL03")
DONORS = ("Matched sibling", "Matched unrelated", "Haploidentical")
CAUSES = ("Disease", "Infection", "Bleeding", "Transplant complication", "Unknown")
NO_YES = np.array(["No", "Yes"], dtype=object)
N_Y = np.array(["N", "Y"], dtype=object)


def _all(s: Subjects) -> np.ndarray:
    return np.arange(len(s["number"]))


def demography(s: Subjects) -> pd.DataFrame:
    """Return form DM; the birth date lies so that the age at consent is the drawn one."""
    consent = s["trt0"] + s["icf"].astype(int)
    month = consent.astype("datetime64[D]").astype("datetime64[M]")
    day = np.minimum(consent - month.astype("datetime64[D]").astype(int), 27)
    birth = (month - 12 * s["age"]).astype("datetime64[D]").astype(int) + day - s["birth_shift"]
    years = birth.astype("datetime64[D]").astype("datetime64[Y]").astype(int) + 1970
    male = s["male"].astype(int)
    return pd.DataFrame(
        {
            "_i": _all(s),
            "_tp": SCR,
            "BRTHDAT_RAW": birth - s["trt0"].astype(float),
            "BRTHDAT_YYYY": years,
            "AGE": s["age"],
            "AGEU": "YEARS",
            "SEX": np.array(["Female", "Male"], dtype=object)[male],
            "SEX_STD": np.array(["F", "M"], dtype=object)[male],
            "RACE": "Asian",
            "RACE_STD": "ASIAN",
            "ETHNIC": "Not Hispanic or Latino",
            "ETHNIC_STD": "NOT HISPANIC OR LATINO",
            "COUNTRY": "CHN",
            "HEIGHT": s["height"],
            "HEIGHTU": "cm",
            "WEIGHT": s["weight"],
            "WEIGHTU": "kg",
            "BSA": s["bsa"],
            "ICFDAT": s["icf"],
            "PREVSUBJ": None,
        }
    )


def eligibility(s: Subjects) -> pd.DataFrame:
    """Return form ELIG: one row, naming the criterion that was not met."""
    failed = s["status"] == SCREEN_FAILURE
    texts = {row["IETESTCD"]: row for row in table("criteria")}
    code = choose(failed, np.array(FAILED, dtype=object)[s["criterion"]], None)
    enrolled = (~failed).astype(int)
    return pd.DataFrame(
        {
            "_i": _all(s),
            "_tp": SCR,
            "IEYN": NO_YES[enrolled],
            "IEYN_STD": N_Y[enrolled],
            "IETESTCD": code,
            "IECAT": pd.Series(code).map({name: row["IECAT"] for name, row in texts.items()}),
            "IEDAT": s["scr"],
            "ENRLYN": NO_YES[enrolled],
            "ENRLYN_STD": N_Y[enrolled],
            "ENRLDAT": choose(failed, np.nan, s["enrl"]),
            "SCRNFAIL": NO_YES[failed.astype(int)],
            "REASON": pd.Series(code).map({name: row["IETEST"] for name, row in texts.items()}),
        }
    )


def diagnosis(s: Subjects, wbc0: np.ndarray) -> pd.DataFrame:
    """Return form DX."""
    emd = s["emd0"].astype(int)
    kmt2a = s["poor"] & (s["poorkind"] == 0)
    return pd.DataFrame(
        {
            "_i": _all(s),
            "_tp": SCR,
            "DXDAT": s["scr"] - s["number"] % 4,
            "WHOCLASS": choose(kmt2a, "B-ALL with KMT2A rearrangement", "B-ALL, not otherwise specified"),
            "BMBLST0": s["blast0"],
            "WBC0": wbc0,
            "CD19PCT": choose((s["status"] == SCREEN_FAILURE) & (s["criterion"] == 2), 8.0, s["cd19"]),
            "CD22PCT": s["cd22"],
            "EMDYN": NO_YES[emd],
            "EMDYN_STD": N_Y[emd],
            "EMDSITE": choose(s["emd0"], np.array(EMD_SITES, dtype=object)[s["emdsite"]], None),
            "CNSSTAT": np.array(["CNS1", "CNS2", "CNS3"], dtype=object)[s["cns0"] - 1],
            "ECOG": s["ecog0"],
        }
    )


def genetics(s: Subjects) -> pd.DataFrame:
    """Return form GENE: BCR::ABL1, KMT2A, TP53 and the karyotype of every subject."""
    rows, kind = _all(s), choose(s["poor"], s["poorkind"], -1)
    ph = (s["status"] == SCREEN_FAILURE) & (s["criterion"] == 1)
    normal = choose(s["male"], "46,XY[20]", "46,XX[20]")
    karyotypes = np.select(
        [ph, kind == 0, kind == 2, kind == 3],
        [
            choose(s["male"], "46,XY,t(9;22)(q34;q11)[20]", "46,XX,t(9;22)(q34;q11)[20]"),
            choose(s["male"], "46,XY,t(4;11)(q21;q23)[18]/46,XY[2]", "46,XX,t(4;11)(q21;q23)[18]/46,XX[2]"),
            choose(
                s["male"],
                "36,X,-Y,-2,-3,-4,-7,-13,-15,-16,-17,-20[20]",
                "36,X,-X,-2,-3,-4,-7,-13,-15,-16,-17,-20[20]",
            ),
            choose(
                s["male"],
                "47,XY,del(5)(q31),+8,del(12)(p13),add(17)(p13),-20,+mar[20]",
                "47,XX,del(5)(q31),+8,del(12)(p13),add(17)(p13),-20,+mar[20]",
            ),
        ],
        normal,
    )
    found = np.array(["Not detected", "Detected"], dtype=object)
    tests = (
        ("FISH", "BCR::ABL1", "BCRABL1", found[ph.astype(int)]),
        ("FISH", "KMT2A rearrangement", "KMT2A", found[(kind == 0).astype(int)]),
        ("NGS", "TP53 mutation", "TP53", found[np.isin(kind, (1, 2)).astype(int)]),
        ("G-banding", "Karyotype", "KARYO", karyotypes),
    )
    parts = [
        pd.DataFrame(
            {
                "_i": rows,
                "_order": order,
                "SPECDAT": s["scr"],
                "METHOD": method,
                "TEST": test,
                "TEST_STD": code,
                "RESULT": result,
                "METAPH_N": 20.0 if code == "KARYO" else np.nan,
            }
        )
        for order, (method, test, code, result) in enumerate(tests)
    ]
    return pd.concat(parts, ignore_index=True)


def transplants(s: Subjects) -> pd.DataFrame:
    """Return form HSCT."""
    rows = np.flatnonzero(~np.isnan(s["hsct"]))
    positive = (s["mrdclass"] == 2)[rows]
    return pd.DataFrame(
        {
            "_i": rows,
            "HSCTDAT": s["hsct"][rows],
            "DONOR": np.array(DONORS, dtype=object)[s["donor"][rows]],
            "CONDREG": choose(s["donor"][rows] == 2, "Bu/Cy", "TBI/Cy"),
            "DISSTAT": choose(positive, "CR1, MRD positive", "CR1, MRD negative"),
        }
    )


def subsequent(s: Subjects) -> pd.DataFrame:
    """Return form SUBS: the first anti-leukaemic therapy that is not study treatment."""
    rows = np.flatnonzero(~np.isnan(s["nact"]))
    kind = s["nact_kind"][rows]
    return pd.DataFrame(
        {
            "_i": rows,
            "REGIMEN": np.array(["FLAG-IDA", "Inotuzumab ozogamicin", "CAR-T, CD19"], dtype=object)[kind],
            "CLASS": np.array(["Chemotherapy", "Targeted", "CAR-T"], dtype=object)[kind],
            "STDAT": s["nact"][rows],
            "REASON": np.array(["Lack of efficacy", "Relapse", "Relapse"], dtype=object)[kind],
        }
    )


def survival(s: Subjects, offset: np.ndarray, streams: Streams) -> pd.DataFrame:
    """Return form SURV: a contact at each follow-up visit and one at the end of follow-up or at death."""
    alive = s["follow_up"] + 1
    contact = (alive < np.fmin(s["last"], s["death"])[:, None]) & (s["status"] != SCREEN_FAILURE)[:, None]
    row, visit = np.nonzero(contact)
    attended = ~np.isnan(offset[row, FU1 + visit]) & ~(
        offset[row, FU1 + visit] >= np.fmin(s["relapse"], s["nact"])[row]
    )
    at = choose(attended, offset[row, FU1 + visit], alive[row, visit])
    regular = pd.DataFrame({"_i": row, "SURVDAT": at, "SOURCE": choose(attended, "Visit", "Telephone")})
    dead = ~np.isnan(s["death"])
    rows = np.flatnonzero((s["status"] != SCREEN_FAILURE) & (dead | np.isnan(s["lost"])))
    when = choose(dead, np.fmax(s["death"], s["death_known"]), s["last"])[rows]
    source = np.array(["Hospital record", "Family"], dtype=object)[streams.integers("source", 0, 1)]
    final = pd.DataFrame({"_i": rows, "SURVDAT": when, "SOURCE": choose(dead, source, "Telephone")[rows]})
    final["STATUS"] = choose(dead[rows], "Dead", "Alive")
    final["DTHDAT"] = s["death"][rows]
    final["DTHCAUSE"] = choose(dead, np.array(CAUSES, dtype=object)[s["cause"]], None)[rows]
    seen = np.flatnonzero(~np.isnan(s["known_alive"]))
    extra = pd.DataFrame({"_i": seen, "SURVDAT": s["known_alive"][seen], "SOURCE": "Visit"})
    frame = pd.concat([regular, extra, final], ignore_index=True)
    frame["STATUS"] = frame["STATUS"].astype(object).where(frame["STATUS"].notna(), "Alive")
    frame["STATUS_STD"] = frame["STATUS"].str.upper()
    return frame.drop_duplicates(["_i", "SURVDAT"], keep="last", ignore_index=True)


def deviations(s: Subjects, streams: Streams) -> pd.DataFrame:
    """Return form PDEV: a late visit in some treated subjects."""
    rows = np.flatnonzero(s["treated"] & (streams.one("deviation") < 0.12) & (s["last"] > 15))
    return pd.DataFrame(
        {
            "_i": rows,
            "DVTERM": "Coagulation sample not taken on day 15",
            "DVCAT": "MINOR",
            "DVDECOD": "VISIT OR ASSESSMENT WINDOW",
            "DVSTDAT": 14.0,
        }
    )
