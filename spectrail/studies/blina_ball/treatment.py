"""Turn subjects into doses: chemotherapy administrations, blinatumomab segments and bags, transfusions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from spectrail.studies.blina_ball.latent import Grid
from spectrail.studies.blina_ball.rng import Floats, Ints
from spectrail.studies.blina_ball.subjects import Subjects
from spectrail.studies.blina_ball.text import choose

MINUTES = 1440
INTERVAL = 28
SEGMENT = ["_i", "phase", "cycle", "start", "end", "dose", "bag", "reason", "resume"]
PAUSE_REASONS = ("Cytokine release syndrome", "Infusion line problem", "Neurological event", "Fever")

# Drug, route, dose per m2, cap (0: none), unit, days of the course.
INDUCTION = (
    ("IDA", "Idarubicin", "Intravenous", 8.0, 0.0, "mg", (1,)),
    ("VDS", "Vindesine", "Intravenous", 3.0, 4.0, "mg", (1,)),
    ("DEX", "Dexamethasone", "Oral", 9.0, 0.0, "mg", (1, 2, 3, 4, 5, 6, 7)),
)
CONSOLIDATION = (
    ("MTX", "Methotrexate", "Intravenous", 1000.0, 0.0, "mg", (1,)),
    ("PEGASP", "Pegaspargase", "Intramuscular", 2000.0, 3750.0, "U", (2,)),
)


def treatment_end(s: Subjects) -> Floats:
    """Return the offset before which study therapy may be given, float64 (n,)."""
    ends = np.fmin(np.fmin(s["last"], s["relapse"]), np.fmin(s["nact"], s["hsct"] - 7))
    return np.asarray(np.fmin(ends, s["stop"]))


def courses(s: Subjects) -> pd.DataFrame:
    """Return the consolidation courses given: `_i`, `cycle` 1-4 (odd ones are chemotherapy), `start` offset."""
    lengths = np.array([0, INTERVAL, 2 * INTERVAL + 14, 3 * INTERVAL + 14])
    start = s["cons"][:, None] + lengths[None, :]
    width = np.array([2, INTERVAL, 2, INTERVAL])
    given = (start + width[None, :] < treatment_end(s)[:, None]) & s["treated"][:, None]
    # The first course makes the consolidation date; it is given even when it ends early.
    given[:, 0] = ~np.isnan(s["cons"])
    row, course = np.nonzero(given)
    return pd.DataFrame({"_i": row, "cycle": course + 1, "start": start[row, course]})


def chemotherapy(s: Subjects, given: pd.DataFrame) -> pd.DataFrame:
    """Return one row per administration: form EXCH, dates as offsets, times as minutes."""
    treated = np.flatnonzero(s["treated"])
    zero = np.zeros(len(treated))
    chemo = given.loc[given["cycle"] % 2 == 1]
    parts = [
        *_administrations(s, treated, zero, zero, INDUCTION, "IND"),
        *_administrations(
            s, chemo["_i"].to_numpy(), chemo["start"].to_numpy(), chemo["cycle"].to_numpy(), CONSOLIDATION, "CONS"
        ),
    ]
    frame = pd.concat(parts, ignore_index=True)
    return frame.loc[frame["STDAT"] <= treatment_end(s)[frame["_i"]]].reset_index(drop=True)


def _administrations(
    s: Subjects, rows: Ints, start: Floats, cycle: Floats | Ints, drugs: Sequence[tuple[object, ...]], phase: str
) -> Iterable[pd.DataFrame]:
    for position, (code, name, route, per_area, cap, unit, days) in enumerate(drugs):
        dose = np.round(
            float(str(per_area)) * s["bsa"][rows], 1 if unit == "mg" and float(str(per_area)) < 100 else 0
        )
        dose = np.minimum(dose, float(str(cap)) or np.inf)
        for day in days:  # type: ignore[attr-defined]
            yield pd.DataFrame(
                {
                    "_i": rows,
                    "PHASE": "Induction" if phase == "IND" else "Consolidation",
                    "PHASE_STD": phase,
                    "CYCLE": cycle,
                    "DRUG": name,
                    "DRUG_STD": code,
                    "DOSE": dose,
                    "DOSEU": unit,
                    "BSAUSED": s["bsa"][rows],
                    "STDAT": start + day - 1,
                    "STTIM": s["dose_minute"][rows] + 30.0 * position,
                    "ROUTE": route,
                    "MODYN": "No",
                    "MODREAS": None,
                }
            )


def segments(s: Subjects, given: pd.DataFrame, own: pd.DataFrame) -> pd.DataFrame:
    """Return the stretches of constant dose: `_i`, phase, cycle, start and end in minutes from day 1 00:00, dose, ...

    `own` holds stretches that replace the drawn ones of their subjects (induction and extension).
    """
    n = len(s["number"])
    drawn = s["treated"] & ~np.isin(np.arange(n), own["_i"].to_numpy())
    rows = np.flatnonzero(drawn)
    start = (7.0 * MINUTES + s["dose_minute"])[rows]
    nine, stop = start + 3 * MINUTES, start + 14 * MINUTES + choose(s["ext"][rows], 14.0 * MINUTES, 0.0)
    pause = s["pause"][rows]
    at = choose(pause, s["pause_at"][rows], np.inf)
    gap = choose(pause, s["pause_length"][rows], 0.0)
    reason = np.array(PAUSE_REASONS, dtype=object)[s["pause_kind"][rows]]
    at_or_stop = np.minimum(at, stop)
    parts = [
        _part(rows, "IND", start, nine, 9.0, None, np.nan),
        _part(
            rows,
            "IND",
            nine,
            at_or_stop,
            28.0,
            choose(pause, reason, None),
            choose(pause, 28.0, np.nan),
        ),
        _part(rows[pause], "IND", (at + gap)[pause], (stop + gap)[pause], 28.0, None, np.nan),
    ]
    cycles = given.loc[given["cycle"] % 2 == 0]
    first = cycles["start"].to_numpy() * MINUTES + s["dose_minute"][cycles["_i"]]
    cons = _part(cycles["_i"].to_numpy(), "CONS", first, first + INTERVAL * MINUTES, 28.0, None, np.nan)
    cons["cycle"], cons["bag"] = cycles["cycle"].to_numpy(), 7.0 * MINUTES
    frame = pd.concat([*parts, own, cons], ignore_index=True)
    return _cut(s, frame)


def _part(
    rows: Ints, phase: str, start: Floats, end: Floats, dose: float, reason: object, resume: object
) -> pd.DataFrame:
    values = [rows, phase, 0, start, end, dose, float(MINUTES), reason, resume]
    frame = pd.DataFrame(dict(zip(SEGMENT, values, strict=True)))
    return frame.astype({"reason": object})


def _cut(s: Subjects, frame: pd.DataFrame) -> pd.DataFrame:
    """Cut what lies after the end of study therapy; the cut leaves an interruption without resumption."""
    stop = np.fmin(np.fmin(s["stop"], s["last"]), np.fmin(s["nact"], s["relapse"])) * MINUTES + 480.0
    limit = stop[frame["_i"]]
    limit = choose(np.isnan(limit), np.inf, limit)
    frame = frame.loc[frame["start"] < limit].copy()
    limit = choose(np.isnan(stop), np.inf, stop)[frame["_i"]]
    frame["end"] = np.minimum(frame["end"], limit)
    return frame.loc[frame["end"] > frame["start"]].sort_values(["_i", "start"], kind="stable", ignore_index=True)


def bags(frame: pd.DataFrame) -> pd.DataFrame:
    """Split segments into bags: form EXBL, dates as offsets, times as minutes of the day."""
    count = np.ceil((frame["end"] - frame["start"]) / frame["bag"]).astype(int)
    index = frame.index.repeat(count)
    rows = frame.loc[index].reset_index(drop=True)
    nth = rows.groupby(index.to_numpy()).cumcount().to_numpy()
    start = rows["start"] + nth * rows["bag"]
    end = np.minimum(start + rows["bag"], rows["end"])
    final = nth == np.repeat(count.to_numpy(), count.to_numpy()) - 1
    extension = (rows["phase"] == "IND") & (start >= 21 * MINUTES + 600)
    phase = choose(extension & rows["_extended"], "EXT", rows["phase"])
    paused = final & rows["reason"].notna().to_numpy()
    names = {"IND": "Induction", "EXT": "Extension", "CONS": "Consolidation"}
    return pd.DataFrame(
        {
            "_i": rows["_i"],
            "PHASE": pd.Series(phase).map(names),
            "PHASE_STD": phase,
            "CYCLE": rows["cycle"],
            "BAGNO": rows.groupby("_i").cumcount() + 1,
            "RATE": choose(rows["bag"] == MINUTES, 10.0, 0.6),
            "DOSELVL": rows["dose"],
            "DOSELVLU": "ug/day",
            "STDT": start // MINUTES,
            "STTIM": start % MINUTES,
            "ENDT": end // MINUTES,
            "ENTIM": end % MINUTES,
            "INTYN": choose(paused, "Yes", "No"),
            "INTREAS": choose(paused, rows["reason"], None),
            "RESUMDOSE": choose(paused, rows["resume"], np.nan),
        }
    )


def add_transfusions(s: Subjects, grid: Grid) -> None:
    """Mark platelet and red cell transfusions on the grid, in place, where counts of drawn subjects call for them."""
    days = np.arange(grid["PLAT"].shape[1])
    drawn = s["plain"][:, None] & (days >= 1)[None, :]
    grid["TXPLT"] = choose(drawn & (days <= 14)[None, :] & (grid["PLAT"] < 20), 1.0, np.nan)
    grid["TXRBC"] = choose(drawn & (days <= 42)[None, :] & (grid["HGB"] < 65), 2.0, np.nan)


def transfusions(s: Subjects, grid: Grid) -> pd.DataFrame:
    """Return one row per transfusion: form TRANSF."""
    parts = []
    for name, product, code, minute in (
        ("TXPLT", "Platelets, apheresis", "PLT", 840.0),
        ("TXRBC", "Red cells", "RBC", 900.0),
    ):
        row, column = np.nonzero(grid[name] > 0)
        parts.append(
            pd.DataFrame(
                {
                    "_i": row,
                    "PRODUCT": product,
                    "PRODUCT_STD": code,
                    "UNITS": grid[name][row, column],
                    "TRDAT": grid["OFFSET"][row, column],
                    "TRTIM": minute + 15.0 * (s["number"][row] % 4),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
