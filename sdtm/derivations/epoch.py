"""EPOCH of a date: from the subject elements, or from reference dates."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from sdtm.algorithms.lookup import provider_rows
from sdtm.catalog import ALGORITHMS
from spectrail import dates, frames
from spectrail.steps import Outcome, Positions, Table, TableColumn, Values

_DAY_ROOM = 2**24
_SECOND_ROOM = 2**40
_DAY_ZERO = 719_163
"""Days from 0001-01-01 to 1970-01-01: keeps all numbers positive."""


@ALGORITHMS.column(method="{give} of the element of {table} in which {source} lies")
def derive_epoch(
    values: Values,
    *,
    table: Table = "SE",
    subject: Values = "USUBJID",
    key: TableColumn = "USUBJID",
    start: TableColumn = "SESTDTC",
    end: TableColumn = "SEENDTC",
    give: TableColumn = "EPOCH",
) -> Outcome:
    """Give the EPOCH of the subject element that contains each date.

    An element contains what lies on or after its start and before the next element's start, up to its own end.  A
    date without a time is compared by day, so that the day on which an element starts belongs to it; a start without
    a time is the beginning of its day.  A partial date gets an epoch only where all its possible days have the same
    one.
    """
    low, high, level = dates.spans(values)
    timed = level >= dates.HOUR
    elements = _Elements(table, key, start, end)
    owner, owners = frames.shared_codes([subject], [elements.subject])
    elements.order(owners)
    row = np.full(len(values), -1, dtype=np.int64)
    for mask, seconds in ((~timed, False), (timed, True)):
        chosen = np.flatnonzero(mask & ~np.isnat(low) & (owner >= 0))
        if len(chosen):
            first = elements.find(owner[chosen], low[chosen], seconds=seconds, late_start=True)
            last = elements.find(owner[chosen], high[chosen], seconds=seconds, late_start=False)
            row[chosen] = elements.same_epoch(first, last, table[give])
    return Outcome(
        frames.take_text(frames.as_text(table[give]).tolist(), row),
        provider=provider_rows(table, row),
        provider_column=give,
    )


class _Elements:
    """Elements of all subjects sorted by subject and start."""

    def __init__(self, table: pd.DataFrame, key: str, start: str, end: str) -> None:
        self.subject = frames.as_text(table[key].reset_index(drop=True))
        begin, finish = (frames.as_text(table[name].reset_index(drop=True)) for name in (start, end))
        self.low, high, level = dates.spans(begin)
        self.high = np.where(level >= dates.DAY, self.low, high)
        self.last = dates.bounds(finish)[1]
        self.sorted: Positions = np.empty(0, dtype=np.int64)
        self.owners: Positions = np.empty(0, dtype=np.int64)

    def order(self, owners: Positions) -> None:
        """Sort by subject and start; elements without subject or start are no use."""
        usable = np.flatnonzero((owners >= 0) & ~np.isnat(self.low))
        place = np.lexsort((self.low[usable], owners[usable]))
        self.sorted, self.owners = usable[place].astype(np.int64), owners[usable][place]

    def find(self, owner: Positions, when: dates.Instants, *, seconds: bool, late_start: bool) -> Positions:
        """Return the element (row of the table) in which each instant lies, -1 for none."""
        if not len(self.sorted):
            return np.full(len(owner), -1, dtype=np.int64)
        starts = (self.high if late_start else self.low)[self.sorted]
        room = _SECOND_ROOM if seconds else _DAY_ROOM
        keys = self.owners * room + _number(starts, seconds=seconds)
        keys = np.maximum.accumulate(keys)
        place = np.searchsorted(keys, owner * room + _number(when, seconds=seconds), side="right") - 1
        inside = (place >= 0) & (self.owners[place] == owner)
        row = np.where(inside, self.sorted[place], -1)
        ended = self.last[row]
        over = ~np.isnat(ended) & (_number(when, seconds=seconds) > _number(ended, seconds=seconds))
        return np.where(inside & ~over, row, -1).astype(np.int64)

    def same_epoch(self, first: Positions, last: Positions, epochs: pd.Series) -> Positions:
        """Return the first element where both ends lie in the same epoch, else -1."""
        codes = np.append(frames.factorize(frames.as_text(epochs))[0], -1)
        return np.where((first >= 0) & (last >= 0) & (codes[first] == codes[last]), first, -1)


def _number(instants: dates.Instants, *, seconds: bool) -> npt.NDArray[np.int64]:
    filled = np.where(np.isnat(instants), np.datetime64("1970-01-01", "us"), instants)
    unit = "s" if seconds else "D"
    return filled.astype(f"datetime64[{unit}]").astype(np.int64) + _DAY_ZERO * (86400 if seconds else 1)


@ALGORITHMS.column(method="{before} before {start}, {during} up to {end}, {after} later, by {source}")
def derive_epoch_by_dates(
    values: Values,
    *,
    start: Values = "DM.RFXSTDTC",
    end: Values = "DM.RFXENDTC",
    before: str = "SCREENING",
    during: str = "TREATMENT",
    after: str = "FOLLOW-UP",
) -> pd.Series:
    """Give the EPOCH of dates from the first and last dose: before, on or between, after.

    Dates compare by time where both have one, else by day.  Null where a partial date leaves it open, and for dates
    that are not before the start of a subject without a known end only `during` is given when the end is missing.
    """
    at_start = dates.compare(values, start, whole_days=True)
    at_end = dates.compare(values, end, whole_days=True)
    code = np.full(len(values), -1, dtype=np.int64)
    code[at_start == dates.BEFORE] = 0
    begun = (at_start == dates.SAME) | (at_start == dates.AFTER)
    code[begun & ((at_end == dates.BEFORE) | (at_end == dates.SAME) | end.isna().to_numpy())] = 1
    code[begun & (at_end == dates.AFTER)] = 2
    return frames.take_text([before, during, after], code)
