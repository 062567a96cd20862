"""Which candidate ends a time to event, why the others lost, and the table that says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from adam import selection
from adam.parameters.candidates import Candidates, Days, Source, as_dates
from spectrail import frames
from spectrail.steps import Positions

COLUMNS = (
    "PARAMCD",
    "USUBJID",
    "KIND",
    "ORDER",
    "DESCRIPTION",
    "DATE",
    "ADT",
    "CNSR",
    "DATASET",
    "VARIABLE",
    "SRCSEQ",
    "ROW",
    "WINNER",
    "REASON",
)
"""Columns of the candidates table; DATE is as in the source, ADT as it counts, ROW the row of DATASET."""
(
    WON,
    WON_AT_START,
    WON_AT_LIMIT,
    AFTER_CUTOFF,
    AFTER_END,
    LATER_EVENT,
    LATER_SOURCE,
    LATER_RECORD,
    EVENT_FOUND,
    ENDED,
    EARLIER_DATE,
    EARLIER_SOURCE,
    ENDS,
    LATER_END,
) = range(14)
REASONS = (
    "",
    "dated before the start; set to the start",
    "known later than the last day that counts; set to that day",
    "after the cut-off",
    "after the end of what counts",
    "a later date than the event that counts",
    "same day as the winner, from a source given later",
    "same day and source as the winner, a later record",
    "an event comes first",
    "censored where what counts ends",
    "an earlier date than the last one",
    "a source given earlier has a date",
    "ends what counts; censored at the last date until then",
    "a later end than the first one",
)


@dataclass(frozen=True)
class Verdict:
    """What became of candidates: the day as it counts, whether it won, and a code of `REASONS`.

    `told` is the source that describes the day: its own, but the stop where a status was set to the day of a stop.
    """

    adt: Days
    winner: selection.Bools
    reason: Positions
    told: Positions


def judge(
    found: Candidates,
    sources: Sequence[Source],
    start: Days,
    cutoff: Days,
    *,
    mode: Literal["latest", "first"] = "latest",
    tables: Callable[[str], pd.DataFrame],
) -> Verdict:
    """Decide among candidates; `start` and `cutoff` are days per record, an infinite cut-off is none.

    Nothing after the cut-off or a `last` stop counts, except that a `status` is set to it. The earliest stop ends
    what counts too: events of its own day still count. Of events the earliest wins, of one day the source given
    first, of one source the lowest sequence number, then the content. Without an event the stop wins, else the latest
    censoring date (`first`: that of the first source that has one), of one day the source given first.
    """
    count, record, code = len(start), found.record, found.source
    event, censor, stop = (
        np.array([one.kind == kind for one in sources])[code] for kind in ("event", "censor", "stop")
    )
    last, status = (np.array([getattr(one, name) for one in sources])[code] for name in ("last", "status"))
    order = np.array([one.number for one in sources])[code]
    adt = np.maximum(found.day, start[record])
    after = adt > cutoff[record]
    lasting = np.flatnonzero(stop & last & ~after)
    limit = np.minimum(cutoff, _least(record, adt, lasting, count))
    clipped = censor & status & (adt > limit[record])
    adt = np.where(clipped, limit[record], adt)
    late = adt > limit[record]
    pick = _Picker(found, sources, adt, order, count, tables)
    stops = pick.first(stop & ~last & ~late)
    end = _least(record, adt, stops, count)
    beyond = adt > end[record]
    events = pick.first(event & ~late & ~beyond)
    has_event = _marked(record[events], count)
    ended = np.isfinite(end) & ~has_event
    usable = censor & ~late & ~has_event[record] & ~ended[record]
    censored = pick.first(usable, latest=True, source_first=mode == "first")
    winner = np.zeros(len(record), dtype=np.bool_)
    winner[events] = winner[censored] = True
    winner[stops] = ended[record[stops]]
    best = np.full((2, count), np.nan)
    best[0, record[winner]], best[1, record[winner]] = adt[winner], order[winner]
    same_day = adt == best[0, record]
    same_source = same_day & (order == best[1, record])
    tie = np.where(same_source, LATER_RECORD, LATER_SOURCE)
    lost_censor = np.where(same_day, tie, EARLIER_SOURCE if mode == "first" else EARLIER_DATE)
    reason = np.select(
        [
            winner,
            adt > cutoff[record],
            stop & last & ~has_event[record],
            late | (event & beyond),
            event,
            has_event[record],
            stop,
            ended[record],
        ],
        [
            np.where(found.day < start[record], WON_AT_START, np.where(clipped, WON_AT_LIMIT, WON)),
            AFTER_CUTOFF,
            np.where(adt > limit[record], LATER_END, ENDS),
            AFTER_END,
            np.where(same_day, tie, LATER_EVENT),
            EVENT_FOUND,
            np.where(same_day, tie, LATER_END),
            ENDED,
        ],
        lost_censor,
    )
    return Verdict(adt, winner, reason.astype(np.int64), _told(found, sources, adt, clipped, lasting))


def _told(
    found: Candidates, sources: Sequence[Source], adt: Days, clipped: selection.Bools, lasting: Positions
) -> Positions:
    """Return the source that describes each day: the stop that a later status was set to, else its own."""
    named = np.array([bool(one.censoring) for one in sources], dtype=np.bool_)
    stops = lasting[named[found.source[lasting]]]
    stops = stops[np.lexsort((found.source[stops], adt[stops]))[::-1]]
    ends = np.full(int(found.record.max(initial=-1)) + 1, -1, dtype=np.int64)
    ends[found.record[stops]] = stops
    end = ends[found.record]
    set_there = clipped & (end >= 0) & (adt[end] == adt)
    return np.where(set_there, found.source[end], found.source)


def _least(record: Positions, values: Days, rows: Positions, count: int) -> Days:
    """Return the least value per record of some rows, infinity where there is none."""
    least = np.full(count, np.inf)
    np.minimum.at(least, record[rows], values[rows])
    return least


def _marked(records: Positions, count: int) -> selection.Bools:
    marked = np.zeros(count, dtype=np.bool_)
    marked[records] = True
    return marked


@dataclass(frozen=True)
class _Picker:
    """Picks one candidate per record by date, source, sequence number and content, never by the order of rows."""

    found: Candidates
    sources: Sequence[Source]
    adt: Days
    order: Positions
    count: int
    tables: Callable[[str], pd.DataFrame]

    def first(self, usable: selection.Bools, *, latest: bool = False, source_first: bool = False) -> Positions:
        """Return the positions of the winners among usable candidates, one per record that has any."""
        rows = np.flatnonzero(usable)
        day = -self.adt if latest else self.adt
        order = self.order.astype(np.float64)
        seq = np.nan_to_num(self.found.seq, nan=-1.0)
        for key in (order, day, seq) if source_first else (day, order, seq):
            rows = self._narrowed(rows, key[rows])
        tied = np.bincount(self.found.record[rows], minlength=self.count)[self.found.record[rows]] > 1
        if tied.any():
            ranks = np.zeros(len(rows))
            ranks[tied] = self._content(rows[tied])
            rows = self._narrowed(rows, ranks)
        records = self.found.record[rows]
        return rows[np.unique(records, return_index=True)[1]]

    def _narrowed(self, rows: Positions, values: Days) -> Positions:
        records = self.found.record[rows]
        least = np.full(self.count, np.inf)
        np.minimum.at(least, records, values)
        return rows[values == least[records]]

    def _content(self, rows: Positions) -> Days:
        """Rank tied candidates of one source by the content of their rows, variables in order of their names."""
        ranks = np.zeros(len(rows))
        for code in np.unique(self.found.source[rows]).tolist():
            mine = np.flatnonzero(self.found.source[rows] == code)
            table = self.tables(self.sources[code].dataset).iloc[self.found.at[rows[mine]]]
            ranks[mine] = frames.packed_order([table[name] for name in sorted(map(str, table.columns))])
        return ranks


def candidates_table(
    found: Candidates, verdict: Verdict, sources: Sequence[Source], subjects: pd.Series, paramcd: str
) -> pd.DataFrame:
    """Return the candidates as a table with `COLUMNS`, sorted by subject, kind, order and date."""
    kinds = np.array([("event", "stop", "censor").index(one.kind) for one in sources])
    rank = frames.order_codes(subjects)[0][found.record]
    at = np.lexsort((found.row, found.seq, found.day, found.source, kinds[found.source], rank))
    code = found.source[at]

    def texts(values: Sequence[str]) -> pd.Series:
        return frames.take_text(values, code)

    return pd.DataFrame(
        {
            "PARAMCD": frames.repeat_text(paramcd, len(at)).array,
            "USUBJID": subjects.array.take(found.record[at]),
            "KIND": texts([one.kind for one in sources]).array,
            "ORDER": np.array([one.number + 1 for one in sources])[code],
            "DESCRIPTION": texts([one.description for one in sources]).array,
            "DATE": as_dates(found.day[at]),
            "ADT": as_dates(verdict.adt[at]),
            "CNSR": np.array([one.cnsr for one in sources])[code],
            "DATASET": texts([one.dataset for one in sources]).array,
            "VARIABLE": texts([one.variable for one in sources]).array,
            "SRCSEQ": found.seq[at],
            "ROW": found.row[at],
            "WINNER": verdict.winner[at],
            "REASON": frames.take_text(REASONS, verdict.reason[at]).array,
        }
    )
