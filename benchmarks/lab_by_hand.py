"""The build benchmark's baseline: the same raw laboratory data to LB in pandas, written for this job alone.

Written before the engine was measured and frozen since: no lineage, no specification, no findings.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.lab_data import MONTHS, NAMES, TESTS, UNITS

SUBMISSION_UNITS = {unit: unit for pair in UNITS.values() for unit in pair[:2]} | {"/mm3": "10^6/L"}
MONTH_NUMBER = {name: f"{number:02d}" for number, name in enumerate(MONTHS, start=1)}


def lb_by_hand(labs: pd.DataFrame, demography: pd.DataFrame) -> pd.DataFrame:
    """Return LB: identifiers, test, results and ranges in original and standard units, dates, days, flags, LBSEQ."""
    labs = labs.assign(_row=np.arange(len(labs)))
    parts = [
        pd.DataFrame(
            {
                "_row": labs["_row"],
                "LBTESTCD": test,
                "LBORRES": labs[test].str.strip(),
                "LBORRESU": labs[f"{test}_U"],
                "LBORNRLO": labs[f"{test}_LO"],
                "LBORNRHI": labs[f"{test}_HI"],
            }
        )
        for test in TESTS
    ]
    lb = pd.concat(parts, ignore_index=True)
    lb["LBTESTCD"] = lb["LBTESTCD"].astype("category")
    lb["LBTEST"] = lb["LBTESTCD"].map(NAMES)
    first = labs.set_index("_row")
    subject = "BENCH-" + first["SUBJECT"].str.strip()
    visit = first["VISIT"].str.strip().str.upper()
    dates = _iso(first["SAMPDAT"]) + "T" + first["SAMPTIM"].map(_times(first["SAMPTIM"]))
    position = lb["_row"].to_numpy()
    lb["USUBJID"] = subject.array.take(position)
    lb["VISIT"] = visit.array.take(position)
    lb["VISITNUM"] = visit.str.slice(5).astype("float64").array.take(position) + 1
    lb["LBDTC"] = dates.array.take(position)
    _standard(lb)
    lb["LBORRESU"] = lb["LBORRESU"].map(SUBMISSION_UNITS)
    _days(lb, demography)
    order = np.lexsort((pd.factorize(lb["LBDTC"], sort=True)[0], lb["LBTESTCD"].cat.codes,
                        pd.factorize(lb["USUBJID"], sort=True)[0]))  # fmt: skip
    lb = lb.take(order).reset_index(drop=True)
    codes = pd.factorize(lb["USUBJID"])[0]
    starts = np.flatnonzero(np.r_[True, codes[1:] != codes[:-1]])
    lb["LBSEQ"] = np.arange(len(lb)) - np.repeat(starts, np.diff(np.r_[starts, len(lb)])) + 1.0
    lb["STUDYID"], lb["DOMAIN"] = "BENCH", "LB"
    return lb.drop(columns="_row")


def _iso(values: pd.Series) -> pd.Series:
    unique = values.unique()
    made = {text: f"{text[7:]}-{MONTH_NUMBER[text[3:6]]}-{text[:2]}" for text in unique}
    return values.map(made)


def _times(values: pd.Series) -> dict[str, str]:
    return {text: text.zfill(5) for text in values.unique()}


def _standard(lb: pd.DataFrame) -> None:
    pairs = lb["LBTESTCD"].astype("str") + "|" + lb["LBORRESU"]
    codes, unique = pd.factorize(pairs)
    factors = np.array(
        [UNITS[test][2] if unit == UNITS[test][1] else 1.0 for test, unit in (p.split("|") for p in unique)]
    )
    units = np.array([UNITS[pair.split("|")[0]][0] for pair in unique])
    factor = factors[codes]
    lb["LBSTRESU"] = pd.Series(units).array.take(codes)
    for source, target in (("LBORRES", "LBSTRESN"), ("LBORNRLO", "LBSTNRLO"), ("LBORNRHI", "LBSTNRHI")):
        codes, unique = pd.factorize(lb[source])
        numbers = pd.to_numeric(pd.Series(unique), errors="coerce").to_numpy()[codes]
        lb[target] = np.round(numbers * factor, 10)
    codes, unique = pd.factorize(lb["LBSTRESN"])
    texts = pd.Series([f"{number:.15g}" for number in unique])
    lb["LBSTRESC"] = texts.array.take(codes)
    low, high, value = lb["LBSTNRLO"].to_numpy(), lb["LBSTNRHI"].to_numpy(), lb["LBSTRESN"].to_numpy()
    which = np.select([value < low, value > high], [0, 2], 1)
    lb["LBNRIND"] = pd.Series(["LOW", "NORMAL", "HIGH"]).array.take(which)


def _days(lb: pd.DataFrame, demography: pd.DataFrame) -> None:
    reference = pd.Series(_iso(demography["FIRSTDOSE"]).array, index="BENCH-" + demography["SUBJECT"])
    start = pd.to_datetime(lb["USUBJID"].map(reference), format="%Y-%m-%d")
    codes, unique = pd.factorize(lb["LBDTC"].str.slice(0, 10))
    day = pd.Series(pd.to_datetime(pd.Series(unique), format="%Y-%m-%d").array.take(codes))
    difference = (day - start).dt.days
    lb["LBDY"] = difference + (difference >= 0)
    before = (difference <= 0) & lb["LBSTRESN"].notna()
    candidates = lb.loc[before, ["USUBJID", "LBTESTCD", "LBDTC"]]
    last = (
        candidates.sort_values("LBDTC", kind="stable").groupby(["USUBJID", "LBTESTCD"], observed=True).tail(1).index
    )
    lb["LBLOBXFL"] = pd.Series(np.nan, index=lb.index, dtype="str")
    lb.loc[last, "LBLOBXFL"] = "Y"
