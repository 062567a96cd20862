"""The baseline of ADLB: a laboratory analysis dataset in vectorised pandas, written by hand for this job alone.

Written before the engine was measured and frozen since: no lineage, no specification, no findings, ties unresolved.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

TESTS = {
    # test: lower limit, upper limit, centre, spread
    "ANC": (2.0, 7.0, 2.5, 2.0),
    "PLAT": (150.0, 400.0, 120.0, 90.0),
    "WBC": (4.0, 10.0, 5.0, 3.0),
    "LYM": (1.0, 4.0, 1.2, 0.8),
    "HGB": (120.0, 160.0, 100.0, 20.0),
    "ALT": (5.0, 40.0, 45.0, 60.0),
    "AST": (5.0, 40.0, 40.0, 50.0),
    "BILI": (3.0, 20.0, 15.0, 12.0),
    "CREAT": (45.0, 90.0, 75.0, 30.0),
    "K": (3.5, 5.1, 4.2, 0.7),
    "CA": (2.1, 2.6, 2.3, 0.2),
}
VISITS = 18


def data(records: int, seed: int = 20230310) -> dict[str, pd.DataFrame]:
    """Return LB with `records` records (subjects by visits by tests) and ADSL with the first dose."""
    rng = np.random.default_rng(seed)
    subjects = -(-records // (VISITS * len(TESTS)))
    ids = pd.Series([f"SPT-BLINA-01-{number:07d}" for number in range(subjects)], dtype="str")
    start = pd.Timestamp("2022-09-01").to_datetime64() + rng.integers(0, 400, subjects).astype("timedelta64[D]")
    adsl = pd.DataFrame({"USUBJID": ids, "TRTSDT": start.astype("datetime64[us]")})
    subject = np.repeat(np.arange(subjects), VISITS * len(TESTS))[:records]
    visit = np.tile(np.repeat(np.arange(VISITS), len(TESTS)), subjects)[:records]
    test = np.tile(np.arange(len(TESTS)), subjects * VISITS)[:records]
    limits = np.array(list(TESTS.values()))
    value = np.round(np.abs(rng.normal(limits[test, 2], limits[test, 3])), 2)
    value[rng.random(records) < 0.02] = np.nan
    day = start[subject] + (visit * 7 - 7 + rng.integers(-1, 2, records)).astype("timedelta64[D]")
    minute = rng.integers(6 * 60, 12 * 60, records).astype("timedelta64[m]")
    texts = np.datetime_as_string(day.astype("datetime64[m]") + minute)
    lb = pd.DataFrame(
        {
            "USUBJID": pd.Series(ids.array.take(subject)),
            "LBSEQ": np.arange(records, dtype=np.float64),
            "LBTESTCD": pd.Series(pd.array(list(TESTS), dtype="str").take(test)),
            "LBSTRESN": value,
            "LBSTNRLO": limits[test, 0],
            "LBSTNRHI": limits[test, 1],
            "VISITNUM": visit.astype(np.float64),
            "LBDTC": pd.Series(texts, dtype="str"),
        }
    )
    return {"LB": lb, "ADSL": adsl}


def adlb_by_hand(lb: pd.DataFrame, adsl: pd.DataFrame) -> pd.DataFrame:
    """Return ADLB: dates, day, baseline flag and value, changes, CTCAE grades both ways, one flag per visit."""
    out = lb.rename(columns={"LBTESTCD": "PARAMCD", "LBSTRESN": "AVAL", "LBSTNRLO": "ANRLO", "LBSTNRHI": "ANRHI"})
    codes, texts = pd.factorize(out["LBDTC"])
    out["ADTM"] = pd.to_datetime(pd.Series(texts), format="ISO8601").to_numpy()[codes]
    out["ADT"] = out["ADTM"].dt.normalize()
    out["TRTSDT"] = out["USUBJID"].map(adsl.set_index("USUBJID")["TRTSDT"])
    days = (out["ADT"] - out["TRTSDT"]).dt.days
    out["ADY"] = days.where(days < 0, days + 1).astype("float64")
    group = pd.factorize(out["USUBJID"])[0].astype(np.int64) * 64 + pd.factorize(out["PARAMCD"])[0]
    before = ((out["ADT"] <= out["TRTSDT"]) & out["AVAL"].notna()).to_numpy()
    rows = np.flatnonzero(before)
    order = np.lexsort((out["LBSEQ"].to_numpy()[rows], out["ADTM"].to_numpy()[rows], group[rows]))
    rows = rows[order]
    last = rows[np.append(group[rows][1:] != group[rows][:-1], True)]
    flag = np.full(len(out), None, dtype=object)
    flag[last] = "Y"
    out["ABLFL"] = pd.Series(flag, dtype="str")
    base = np.full(group.max() + 1, np.nan)
    base[group[last]] = out["AVAL"].to_numpy()[last]
    out["BASE"] = base[group]
    out["CHG"] = out["AVAL"] - out["BASE"]
    out["PCHG"] = np.where(out["BASE"] == 0, np.nan, out["CHG"] / out["BASE"].abs() * 100)
    out["ATOXGRL"], out["ATOXGRH"] = _grades(out)
    visit = group * 64 + out["VISITNUM"].to_numpy().astype(np.int64)
    order = np.lexsort((out["LBSEQ"].to_numpy(), out["ADTM"].to_numpy(), visit))
    last = order[np.append(visit[order][1:] != visit[order][:-1], True)]
    flag = np.full(len(out), None, dtype=object)
    flag[last] = "Y"
    out["ANL01FL"] = pd.Series(flag, dtype="str")
    return out


def _grades(out: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    aval, low, high, base = (out[name].to_numpy() for name in ("AVAL", "ANRLO", "ANRHI", "BASE"))
    test = out["PARAMCD"].to_numpy()
    down, up = np.full(len(out), -1), np.full(len(out), -1)
    absolute = {
        "ANC": (1.5, 1.0, 0.5), "PLAT": (75, 50, 25), "WBC": (3.0, 2.0, 1.0), "LYM": (0.8, 0.5, 0.2),
        "HGB": (100, 80), "CA": (2.0, 1.75, 1.5),
    }  # fmt: skip
    for name, cuts in absolute.items():
        rows = test == name
        value = aval[rows]
        grade = (value < low[rows]).astype(np.int64)
        for number, limit in enumerate(cuts, start=2):
            grade[value < limit] = number
        down[rows] = np.where(np.isnan(value), -1, grade)
    rows = test == "K"
    value = aval[rows]
    grade = (value < low[rows]).astype(np.int64)
    grade[value < 3.0], grade[value < 2.5] = 3, 4
    down[rows] = np.where(np.isnan(value), -1, grade)
    for name, cuts in {"K": (5.5, 6.0, 7.0), "CA": (2.9, 3.1, 3.4)}.items():
        rows = test == name
        value = aval[rows]
        grade = (value > high[rows]).astype(np.int64)
        for number, limit in enumerate(cuts, start=2):
            grade[value > limit] = number
        up[rows] = np.where(np.isnan(value), -1, grade)
    for name, steps in {"WBC": {3: 100}, "LYM": {2: 4, 3: 20}}.items():
        rows = test == name
        value = aval[rows]
        grade = np.zeros(len(value), dtype=np.int64)
        for number, limit in steps.items():
            grade[value > limit] = number
        up[rows] = np.where(np.isnan(value), -1, grade)
    for name, cuts in {"ALT": (1.5, 3, 5, 20), "AST": (1.5, 3, 5, 20), "BILI": (1, 1.5, 3, 10)}.items():
        rows = test == name
        value, start, limit = aval[rows], base[rows], high[rows]
        abnormal = start > limit
        reference = np.where(abnormal, start, limit)
        first = np.where(abnormal, value >= cuts[0] * reference, value > reference)
        grade = (first if name != "BILI" else value > reference).astype(np.int64)
        for number, factor in enumerate(cuts[1:], start=2):
            grade[value > factor * reference] = number
        up[rows] = np.where(np.isnan(value), -1, grade)
    rows = test == "CREAT"
    value, start, limit = aval[rows], base[rows], high[rows]
    grade = (value > limit).astype(np.int64)
    grade[(value > 1.5 * limit) | (value > 1.5 * start)] = 2
    grade[(value > 3 * limit) | (value > 3 * start)] = 3
    grade[value > 6 * limit] = 4
    up[rows] = np.where(np.isnan(value), -1, grade)
    names = pd.array(["0", "1", "2", "3", "4", None], dtype="str")
    return pd.Series(names.take(down)), pd.Series(names.take(up))
