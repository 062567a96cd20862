"""`visit_map`: collected visits to VISIT, VISITNUM and VISITDY, unscheduled visits included."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sdtm.algorithms.lookup import folded, key_texts, provider_rows, table_numbers
from sdtm.catalog import ALGORITHMS
from spectrail import dates, frames
from spectrail.errors import SpecError, UnknownNameError
from spectrail.findings import Severity
from spectrail.steps import Outcome, Positions, Problem, Table, Values

MOST_UNSCHEDULED = 99


@ALGORITHMS.column(
    method="{give} that table {table} gives for {source:1}; unscheduled visits are numbered by their date"
)
def visit_map(
    *values: Values,
    table: Table,
    key: tuple[str, ...],
    give: str,
    visit: str = "VISIT",
    number: str = "VISITNUM",
    date: Values | None = None,
    subject: Values = "USUBJID",
    visits: Table | None = None,
    visits_date: str = "SVSTDTC",
    unmapped: Severity = "error",
) -> Outcome:
    """Give a column of the visit table whose keys equal the sources (case and blanks do not matter).

    A row of the table with a visit name but no number is an unscheduled visit: its records are numbered within the
    subject by `date` (ISO 8601), k.01, k.02, ... after the last scheduled visit k on or before that date; records of
    one day are one visit, named `UNSCHEDULED k.01`, without planned day.  With `visits` (a dataset with USUBJID,
    VISITNUM and the date `visits_date`, for example SV) the numbers are taken from there, so that all domains agree.
    A row without name and number is no visit.  VISITNUM and VISITDY come out as numbers.

    Values that the table lacks are listed once; an unscheduled record without a complete date is a problem.
    """
    if len(values) != len(key):
        raise SpecError(f"visit_map has {len(values)} source(s) for {len(key)} key column(s)")
    for name in (give, visit, number, *key):
        if name not in table.columns:
            raise UnknownNameError("column of the visit table", name, map(str, table.columns))
    left, right = [folded(one) for one in values], [folded(table[name]) for name in key]
    rows = frames.match_keys(left, right).rows
    problems = list(_unmapped(left, rows, unmapped))
    numbers = table_numbers(table[number])
    named = table[visit].notna().to_numpy()
    loose = np.append(named & np.isnan(numbers), False)[rows]
    made = np.append(numbers, np.nan)[rows]
    if loose.any():
        made = np.where(loose, _unscheduled(made, loose, date, subject, visits, visits_date, problems), made)
    return Outcome(
        _given(give, visit, number, table, rows, loose, made),
        tuple(problems),
        provider=provider_rows(table, np.where(loose, -1, rows)) if visits is None else None,
        provider_column=give,
    )


def _given(
    give: str, visit: str, number: str, table: pd.DataFrame, rows: Positions, loose: np.ndarray, made: np.ndarray
) -> pd.Series:
    if give == number:
        return pd.Series(made)
    column = table[give]
    if give == visit:
        base = frames.take_text(frames.as_text(column).tolist(), rows)
        tail = frames.as_text(pd.Series(np.where(loose, made, np.nan)))
        return base.where(~loose, (base + " " + tail))
    if give.endswith("DY"):
        return pd.Series(np.where(loose, np.nan, np.append(table_numbers(column), np.nan)[rows]))
    return frames.take_text(frames.as_text(column).tolist(), np.where(loose, -1, rows))


def _unmapped(left: list[pd.Series], rows: Positions, severity: Severity) -> list[Problem]:
    given = np.zeros(len(rows), dtype=bool)
    for one in left:
        given |= one.notna().to_numpy()
    absent = np.flatnonzero(given & (rows < 0)).astype(np.int64)
    if not len(absent):
        return []
    texts = key_texts(left, absent).to_numpy()
    return [Problem("MAP-VISIT", severity, "visit that the visit table does not have", absent, texts, once=True)]


def _unscheduled(
    made: np.ndarray,
    loose: np.ndarray,
    date: pd.Series | None,
    subject: pd.Series,
    visits: pd.DataFrame | None,
    visits_date: str,
    problems: list[Problem],
) -> np.ndarray:
    """Return VISITNUM of unscheduled records, NaN elsewhere and where it cannot be known."""
    if date is None:
        raise SpecError("unscheduled visits need their date", hint="add date: the ISO 8601 date variable, as LBDTC")
    days = dates.day_numbers(date)
    if visits is not None:
        found = _numbers_of(visits, visits_date, subject, days, loose)
        reason = "unscheduled visit that is not among the visits of the subject; VISITNUM missing"
    else:
        found = number_unscheduled(subject, days, made, loose)
        reason = "unscheduled visit without complete date (or after 99 others); VISITNUM missing"
    lost = np.flatnonzero(loose & np.isnan(found)).astype(np.int64)
    if len(lost):
        texts = frames.as_text(date.iloc[lost]).fillna("").to_numpy()
        problems.append(Problem("MAP-VISIT-UNSCHEDULED", "error", reason, lost, texts))
    return found


def _numbers_of(
    visits: pd.DataFrame, visits_date: str, subject: pd.Series, days: np.ndarray, loose: np.ndarray
) -> np.ndarray:
    absent = [name for name in ("USUBJID", "VISITNUM", visits_date) if name not in visits.columns]
    if absent:
        raise SpecError(f"the visits table has no column {absent[0]}")
    numbers = table_numbers(visits["VISITNUM"])
    between = np.flatnonzero(numbers % 1 != 0)
    table = visits.iloc[between]
    right = [table["USUBJID"].reset_index(drop=True), pd.Series(dates.day_numbers(table[visits_date]))]
    rows = frames.match_keys([subject, pd.Series(np.where(loose, days, np.nan))], right).rows
    return np.asarray(np.append(numbers[between], np.nan)[rows])


def number_unscheduled(subject: pd.Series, days: np.ndarray, made: np.ndarray, loose: np.ndarray) -> np.ndarray:
    """Number unscheduled visits k.01, k.02, ... by day after the last scheduled visit k of the subject.

    `days` are day numbers, `made` the VISITNUM of scheduled records, `loose` marks the unscheduled ones.  Before any
    scheduled visit k is 0.
    """
    result = np.full(len(made), np.nan)
    usable = ~np.isnan(days) & subject.notna().to_numpy()
    anchor = usable & ~loose & ~np.isnan(made)
    rows = np.flatnonzero(usable & (loose | anchor))
    if not len(rows):
        return result
    codes, _ = frames.group_codes([subject.iloc[rows]])
    kind = loose[rows]
    number = np.where(kind, np.nan, made[rows])
    # per subject by day, scheduled visits first, so that one on the same day comes before
    order = np.lexsort((np.nan_to_num(number), kind, days[rows], codes))
    ordered = codes[order]
    last = _running_last(ordered, number[order])
    loose_at = np.flatnonzero(kind[order])
    base = last[loose_at]
    group = np.stack([ordered[loose_at].astype(np.float64), base], axis=1)
    day = days[rows][order][loose_at]
    new_base = np.concatenate(([True], (group[1:] != group[:-1]).any(axis=1)))
    new_day = new_base | np.concatenate(([True], day[1:] != day[:-1]))
    serial = np.cumsum(new_day)
    starts = np.flatnonzero(new_base)
    count: Positions = serial - np.repeat(serial[starts] - 1, np.diff(np.append(starts, len(serial))))
    values = np.where(count <= MOST_UNSCHEDULED, np.round(np.floor(base) + count / 100, 2), np.nan)
    result[rows[order][loose_at]] = values
    return result


def _running_last(codes: Positions, numbers: np.ndarray) -> np.ndarray:
    """Return the largest number so far within each run of codes; 0 before the first."""
    place = np.where(np.isnan(numbers), -1.0, numbers)
    starts = frames.run_starts(codes)
    run = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(codes))))
    width = float(place.max(initial=0)) + 2
    highest = np.maximum.accumulate(place + 1 + run * width) - run * width - 1
    return np.where(highest < 0, 0.0, highest)
