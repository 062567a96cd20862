"""--LOBXFL and --BLFL: the last result before or at the first dose."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from sdtm.catalog import ALGORITHMS
from spectrail import dates, frames
from spectrail.errors import SpecError
from spectrail.steps import Outcome, Positions, Problem, Values

_METHOD = (
    '"Y" for the last record of each subject[ and {source:3-}] with {source:1} not missing and {source:2} on or'
    " before {reference}; a record of that day without time counts as before"
)


@ALGORITHMS.column(method=_METHOD)
def derive_lobxfl(
    *values: Values,
    reference: Values = "DM.RFXSTDTC",
    subject: Values = "USUBJID",
    ties: tuple[Values, ...] = (),
) -> Outcome:
    """Flag the last observation before exposure of each subject and test (--LOBXFL).

    Sources: the result, its date, then what makes up one series (test code, and specimen, method or position where
    they matter).  A record counts when it has a result and lies before or at the reference; where one of both has no
    time they compare by day and the same day counts as before.  A partial date counts only when it certainly is
    before.

    The last is the one with the latest date and time (a record without time comes before those of its day with one);
    then the last by the columns `ties` and by record, which is reported: one flag per series, always.
    """
    if len(values) < 2:
        raise SpecError("the sources are the result, its date and the columns of a series", hint="add the test code")
    result, date, *series = values
    given = result.notna().to_numpy() & subject.notna().to_numpy() & date.notna().to_numpy()
    rows, days = _candidates(date, reference, given)
    flags = np.full(len(result), -1, dtype=np.int64)
    if not len(rows):
        return Outcome(frames.take_text(["Y"], flags))
    codes, count = frames.group_codes([subject.iloc[rows], *(one.iloc[rows] for one in series)])
    latest = np.full(count, np.iinfo(np.int64).min)
    np.maximum.at(latest, codes, days)
    top = days == latest[codes]  # times and ties matter only on the last day of each series
    rows, codes = rows[top], codes[top]
    shown = date.iloc[rows]
    order = [
        pd.Series(dates.earliest(shown).astype(np.int64)),
        pd.Series(dates.has_time(shown).astype(np.int64)),
        *(one.iloc[rows] for one in ties),
    ]
    packed = frames.packed_order(order)
    sequence = np.lexsort((packed, codes))
    ends = frames.run_ends(codes[sequence]) - 1
    flags[rows[sequence[ends]]] = 0
    return Outcome(frames.take_text(["Y"], flags), _ties(codes, packed, sequence, ends, rows, date))


@ALGORITHMS.column(method=_METHOD)
def derive_blfl(
    *values: Values,
    reference: Values = "DM.RFSTDTC",
    subject: Values = "USUBJID",
    ties: tuple[Values, ...] = (),
) -> Outcome:
    """Flag the baseline record of each subject and test (--BLFL) by the rules of `derive_lobxfl`."""
    return derive_lobxfl(*values, reference=reference, subject=subject, ties=ties)


def _candidates(date: pd.Series, reference: pd.Series, given: npt.NDArray[np.bool_]) -> tuple[Positions, Positions]:
    """Return the rows that certainly lie before or at the reference, and their days (the first possible one)."""
    day, day_zero = dates.day_numbers(date), dates.day_numbers(reference)
    before = given & (day < day_zero)
    # only the day of the reference and partial dates need more than the day
    open_ = np.flatnonzero(given & ~before & ((day == day_zero) | np.isnan(day) | np.isnan(day_zero)))
    found = dates.compare(date.iloc[open_], reference.iloc[open_], whole_days=True)
    before[open_] = (found == dates.BEFORE) | (found == dates.SAME)
    rows = np.flatnonzero(before).astype(np.int64)
    days = day[rows]
    partial = np.flatnonzero(np.isnan(days))
    days[partial] = dates.earliest(date.iloc[rows[partial]]).astype("datetime64[D]").astype(np.int64)
    return rows, days.astype(np.int64)


def _ties(
    codes: Positions, packed: Positions, sequence: Positions, ends: Positions, rows: Positions, date: pd.Series
) -> tuple[Problem, ...]:
    last = sequence[ends]
    second = sequence[np.maximum(ends - 1, 0)]
    tied = (ends > 0) & (codes[second] == codes[last]) & (packed[second] == packed[last])
    if not tied.any():
        return ()
    where = rows[last[tied]].astype(np.int64)
    message = "several results at the last time before exposure; the last record is flagged"
    return (Problem("MAP-BASELINE-TIE", "notice", message, where, date.iloc[where].to_numpy()),)
