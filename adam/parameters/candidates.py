"""Candidates of time to event: what declared sources offer each subject, which one wins, and why the others lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from adam import selection
from adam.derivations.dates import whole_days
from spectrail import frames
from spectrail.errors import SpecError, nearest_hint
from spectrail.steps import Positions

Days = npt.NDArray[np.float64]
Kind = Literal["event", "censor", "stop"]
Given = Mapping[str, str]
KEYS = (
    "dataset",
    "date",
    "where",
    "when",
    "EVNTDESC",
    "CNSDTDSC",
    "EVNTGR1",
    "CNSR",
    "SRCDOM",
    "SRCVAR",
    "SRCSEQ",
    "ADTF",
    "status",
    "censor_at",
    "setting",
    "options",
    "subject",
)
"""What a declared source may say."""
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
_START = re.compile(r"START(?:\s*\+\s*(\d+))?")


@dataclass(frozen=True)
class Source:
    """One declared source of events, of censoring dates, or of an end of what counts (`stop`).

    A stop that is `last` does not censor itself: the latest censoring date until then does.  A censoring date that
    is a `status` (known to be alive) says the same of every day before: later ones are set to the last day that
    counts.
    """

    kind: Kind
    number: int
    dataset: str
    date: str
    where: str = ""
    when: str = ""
    event: str = ""
    censoring: str = ""
    group: str = ""
    cnsr: int = 0
    domain: str = ""
    variable: str = ""
    sequence: str = ""
    date_flag: str = ""
    status: bool = False
    last: bool = False
    subject: str = "USUBJID"

    @property
    def offset(self) -> int | None:
        """Days from the start when the date is `START` or `START+n`, else None."""
        found = _START.fullmatch(self.date)
        return int(found[1] or 0) if found else None

    @property
    def description(self) -> str:
        """What the source stands for: the event, else the censoring date."""
        return (self.event or self.censoring) if self.kind == "event" else (self.censoring or self.event)


@dataclass(frozen=True)
class Candidates:
    """Candidate dates, one row each: record it is for, source, day (NaN never), position and row of its table.

    `flags` are the imputation flags of the dates as codes of `flag_texts` (-1 none).
    """

    record: Positions
    source: Positions
    day: Days
    seq: Days
    at: Positions
    row: Positions
    flag: Positions
    flag_texts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What became of candidates: the day as it counts, whether it won, and a code of `REASONS`."""

    adt: Days
    winner: selection.Bools
    reason: Positions


def read_sources(kind: Kind, given: Sequence[Given]) -> list[Source]:
    """Read the sources of one kind; those whose setting has another option are left out.

    Raises SpecError for unknown or missing keys.
    """
    made = [_read(kind, number, one) for number, one in enumerate(given)]
    return [source for source, one in zip(made, given, strict=True) if _active(one)]


def _active(given: Given) -> bool:
    options = [one.strip() for one in given.get("options", "").split(",")]
    return "setting" not in given or given["setting"] in options


def _read(kind: Kind, number: int, given: Given) -> Source:
    name = f"{kind} source {number + 1}"
    for key in given:
        if key not in KEYS:
            raise SpecError(f"{name}: unknown key {key!r}", hint=nearest_hint(key, KEYS))
    if not {"dataset", "date"} <= set(given):
        raise SpecError(f"{name} needs dataset and date", hint="for example {dataset: ADSL, date: DTHDT, ...}")
    if ("setting" in given) != ("options" in given):
        raise SpecError(f"{name}: setting and options belong together", hint="setting: $efs_hsct, options: censor")
    event, censoring = given.get("EVNTDESC", ""), given.get("CNSDTDSC", "")
    if (kind == "event" and not event) or (kind == "censor" and not censoring):
        raise SpecError(f"{name} needs {'EVNTDESC' if kind == 'event' else 'CNSDTDSC'}")
    code = given.get("CNSR", "0" if kind == "event" else "1")
    if not code.isdigit() or (kind != "event" and int(code) == 0):
        raise SpecError(f"{name}: CNSR {code!r} is wrong", hint="0 is an event, whole numbers above 0 are censored")
    at = given.get("censor_at", "stop")
    if at not in ("stop", "last") or given.get("status", "N") not in ("Y", "N"):
        raise SpecError(f"{name}: censor_at is stop or last, status Y or N")
    dataset, date = given["dataset"], given["date"]
    return Source(
        kind,
        number,
        dataset,
        date,
        given.get("where", ""),
        given.get("when", ""),
        event,
        censoring,
        given.get("EVNTGR1", ""),
        int(code),
        given.get("SRCDOM", dataset),
        given.get("SRCVAR", date),
        given.get("SRCSEQ", ""),
        given.get("ADTF", ""),
        given.get("status") == "Y",
        at == "last",
        given.get("subject", "USUBJID"),
    )


def collect(
    subjects: pd.Series,
    start: Days,
    sources: Sequence[Source],
    tables: Callable[[str], pd.DataFrame],
    evaluate: Callable[[str, pd.DataFrame], selection.Bools],
    reference: str = "ADSL",
) -> Candidates:
    """Return every candidate of the sources for the subjects; those of other subjects and without date are none."""
    parts: list[tuple[Any, ...]] = []
    flags = [""]
    for number, source in enumerate(sources):
        table = tables(source.dataset)
        at = np.flatnonzero(evaluate(source.where, table)) if source.where else np.arange(len(table))
        owner = selection.column(table, source.subject)
        record = frames.match_keys([owner.iloc[at]], [subjects]).rows
        if source.when:
            listed = tables(reference)
            met = listed.loc[evaluate(source.when, listed), source.subject]
            fits = frames.match_keys([subjects], [met]).rows >= 0
            record = np.where(np.append(fits, False)[record], record, -1)
        origin = np.append(start, np.nan)[record]
        offset = source.offset
        day = whole_days(selection.column(table, source.date).iloc[at]) if offset is None else origin + offset
        keep = ~np.isnan(day) & ~np.isnan(origin)
        at = at[keep].astype(np.int64)
        flag, flags = _flags(table, source, at, flags)
        row = table.index.to_numpy(dtype=np.int64)[at]
        size = len(at)
        parts.append((record[keep], np.full(size, number), day[keep], _sequence(table, source, at), at, row, flag))
    record, code, day, seq, at, row, flag = (np.concatenate(one) for one in zip(*parts, strict=True))
    return Candidates(record, code, day, seq, at, row, flag, tuple(flags))


def _sequence(table: pd.DataFrame, source: Source, at: Positions) -> Days:
    """Return the sequence numbers of rows: of the variable named, else of --SEQ or ASEQ where there is one."""
    if source.sequence:
        values = selection.column(table, source.sequence)
    else:
        names = [name for name in (f"{source.dataset}SEQ", "ASEQ") if name in table.columns]
        if not names:
            return np.full(len(at), np.nan)
        values = table[names[0]]
    return pd.to_numeric(values).to_numpy(dtype=np.float64)[at]


def _flags(table: pd.DataFrame, source: Source, at: Positions, known: list[str]) -> tuple[Positions, list[str]]:
    if not source.date_flag:
        return np.zeros(len(at), dtype=np.int64), known
    codes, distinct = frames.factorize(frames.as_text(selection.column(table, source.date_flag)).iloc[at])
    return np.where(codes < 0, 0, codes + len(known)), [*known, *map(str, distinct)]


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
    limit = np.minimum(cutoff, _least(record, adt, np.flatnonzero(stop & last & ~after), count))
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
    return Verdict(adt, winner, reason.astype(np.int64))


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


def as_dates(days: Days) -> npt.NDArray[np.datetime64]:
    """Return dates of days since 1970-01-01; NaN becomes NaT."""
    known = ~np.isnan(days)
    made = np.where(known, days, 0).astype(np.int64).astype("datetime64[D]").astype("datetime64[us]")
    return np.where(known, made, np.datetime64("NaT", "us"))
