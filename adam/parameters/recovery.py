"""Sustained recovery of blood counts: first below a threshold, then consecutive measured days at or above it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from adam import selection
from adam.catalog import DERIVATIONS
from adam.derivations.dates import whole_days
from adam.derivations.toxicity import compared
from adam.parameters.marrow import masked
from spectrail import frames
from spectrail.steps import ColumnName, Evaluate, Positions, Records, Tables

Floats = npt.NDArray[np.float64]


@DERIVATIONS.records(
    method="first of {recovery_n} consecutive measured days with {value} at or above {threshold} after one below"
)
def derive_recovery(
    frame: pd.DataFrame,
    *,
    threshold: float,
    recovery_n: int = 3,
    by_vars: tuple[ColumnName, ...] = ("USUBJID",),
    date: ColumnName = "ADT",
    value: ColumnName = "AVAL",
    start_date: str = "",
    dataset_transfusions: str = "",
    filter_transfusions: str = "",
    transfusion_date: str = "ADT",
    plt_tx_days: int = 7,
    keep_vars: tuple[ColumnName, ...] = (),
    tables: Tables,
    evaluate: Evaluate,
) -> Records:
    """Turn counts into one record per subject: BELOWDT, RECDT, BEFOREDT, LASTDT, NADIR, DAYSBELO, GAPDAYS.

    The lowest value of a day counts. From the first day below the threshold on, recovery is the first of `recovery_n`
    measured days in a row at or above it; days need not follow each other, their longest gap is GAPDAYS.  After a
    platelet transfusion values at or above the threshold of `plt_tx_days` days (the day of transfusion is the first)
    are no evidence and are passed over, values below still break a run.  A subject never below has no BELOWDT; one
    that has not recovered no RECDT. Only days from `start_date` (a variable) on count, and those before as baseline:
    a subject below at its last value before is below from the start.
    """
    good = frame[value].notna().to_numpy() & frame[date].notna().to_numpy()
    rows = np.flatnonzero(good).astype(np.int64)
    part = _lowest_of_day(frame.iloc[rows].assign(_row=rows), by_vars, date, value)
    if start_date:
        part = _from_start(part, by_vars, date, start_date)
    hidden = np.zeros(len(part), dtype=np.bool_)
    if dataset_transfusions:
        given = tables(dataset_transfusions)
        if filter_transfusions:
            given = given.iloc[np.flatnonzero(evaluate(filter_transfusions, given))]
        hidden = masked(part.assign(ADT=part[date]), given, transfusion_date, plt_tx_days, by_vars[0])
    codes, count = frames.group_codes(selection.columns(part, by_vars))
    numbers = part[value].to_numpy(dtype=np.float64)
    enough = compared(">=", numbers, np.full(len(numbers), float(threshold)))
    found = _recoveries(codes, count, whole_days(part[date]), enough, hidden, int(recovery_n))
    return _records(frame, part, codes, count, numbers, found, by_vars, keep_vars)


def _lowest_of_day(part: pd.DataFrame, by_vars: tuple[str, ...], date: str, value: str) -> pd.DataFrame:
    """Keep the lowest value of each day, sorted by subject and day."""
    codes = selection.group_codes(part, by_vars)
    order = np.lexsort((part["_row"], part[value].to_numpy(dtype=np.float64), whole_days(part[date]), codes))
    days = whole_days(part[date])[order]
    fresh = np.concatenate([[True], (codes[order][1:] != codes[order][:-1]) | (days[1:] != days[:-1])])
    return part.iloc[order[fresh[: len(order)]]].reset_index(drop=True)


def _from_start(part: pd.DataFrame, by_vars: tuple[str, ...], date: str, start_date: str) -> pd.DataFrame:
    """Keep the days from the start on and the last one before it."""
    early = whole_days(part[date]) < whole_days(part[start_date])
    codes = selection.group_codes(part, by_vars)
    follower_early = np.append((codes[1:] == codes[:-1]) & early[1:], False) if len(part) else early
    return part[~(early & follower_early)].reset_index(drop=True)


def _recoveries(
    codes: Positions, count: int, days: Floats, enough: selection.Bools, hidden: selection.Bools, needed: int
) -> dict[str, npt.NDArray[np.float64]]:
    """Find for each group the first day below, the recovery and the longest gap within it (rows are sorted)."""
    below = np.full(count, np.nan)
    rows = np.flatnonzero(~enough)
    below[codes[rows][::-1]] = days[rows][::-1]
    counted = np.flatnonzero(~(enough & hidden) & (days >= below[codes]))
    group, good, day = codes[counted], enough[counted], days[counted]
    run = np.flatnonzero(good[: len(good) - needed + 1]) if len(good) >= needed else np.empty(0, dtype=np.int64)
    whole = np.ones(len(run), dtype=np.bool_)
    gap = np.zeros(len(run))
    for step in range(1, needed):
        whole &= good[run + step] & (group[run + step] == group[run])
        gap = np.maximum(gap, day[run + step] - day[run + step - 1])
    run, gap = run[whole], gap[whole]
    recovered, gaps, before = np.full(count, np.nan), np.full(count, np.nan), np.full(count, np.nan)
    recovered[group[run][::-1]] = day[run][::-1]
    gaps[group[run][::-1]] = gap[::-1]
    late = np.flatnonzero(days < recovered[codes])
    before[codes[late]] = days[late]
    return {"BELOWDT": below, "RECDT": recovered, "BEFOREDT": before, "GAPDAYS": gaps}


def _records(
    frame: pd.DataFrame,
    part: pd.DataFrame,
    codes: Positions,
    count: int,
    numbers: Floats,
    found: dict[str, Floats],
    by_vars: tuple[str, ...],
    keep_vars: tuple[str, ...],
) -> Records:
    first = frames.first_positions(codes, count)
    made = part.iloc[first][[*dict.fromkeys((*by_vars, *keep_vars))]].reset_index(drop=True)
    last = np.full(count, np.nan)
    days = whole_days(part["ADT"]) if "ADT" in part else np.full(len(part), np.nan)
    last[codes] = days
    for name, values in {**found, "LASTDT": last}.items():
        if name == "GAPDAYS":
            made[name] = values
        else:
            known = ~np.isnan(values)
            dates = np.where(known, values, 0).astype(np.int64).astype("datetime64[D]").astype("datetime64[us]")
            made[name] = np.where(known, dates, np.datetime64("NaT", "us"))
    made["NADIR"] = frames.segment_reduce(numbers, codes, "min") if len(codes) else np.empty(0)
    made["DAYSBELO"] = found["RECDT"] - found["BELOWDT"]
    made["NADFL"] = selection.flag(~np.isnan(found["BELOWDT"]), "Y", "N")
    links = (codes, part["_row"].to_numpy(dtype=np.int64))
    return Records(made, part["_row"].to_numpy(dtype=np.int64)[first], links=links)
