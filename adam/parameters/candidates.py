"""Candidates of time to event: the dates that declared sources offer each subject."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
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

    `flag` are the imputation flags of the dates as codes of `flag_texts`.  `unread` are dates that are there but not
    complete, so that they are no candidates: record, source and text.
    """

    record: Positions
    source: Positions
    day: Days
    seq: Days
    at: Positions
    row: Positions
    flag: Positions
    flag_texts: tuple[str, ...] = ()
    unread: tuple[tuple[int, int, str], ...] = ()


def read_sources(kind: Kind, given: Sequence[Given]) -> list[Source]:
    """Read the sources of one kind; those whose setting has another option are left out.

    Raises SpecError for unknown or missing keys.
    """
    made = [_read(kind, number, one) for number, one in enumerate(given)]
    return [source for source, one in zip(made, given, strict=True) if _active(one)]


def named_starts(sources: Sequence[Source], variable: str) -> list[Source]:
    """Give sources dated at the start, whose SRCVAR the specification leaves open, the start variable."""
    return [replace(one, variable=variable) if one.variable == "START" else one for one in sources]


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
    flags, unread = [""], list[tuple[int, int, str]]()
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
        given = selection.column(table, source.date).iloc[at] if offset is None else None
        day = origin + (offset or 0) if given is None else whole_days(given)
        keep = ~np.isnan(day) & ~np.isnan(origin)
        if given is not None:
            lost = np.flatnonzero(np.isnan(day) & ~np.isnan(origin) & given.notna().to_numpy())
            unread += [(int(record[one]), number, str(given.iloc[one])) for one in lost.tolist()]
        at = at[keep].astype(np.int64)
        flag, flags = _flags(table, source, at, flags)
        row = table.index.to_numpy(dtype=np.int64)[at]
        size = len(at)
        parts.append((record[keep], np.full(size, number), day[keep], _sequence(table, source, at), at, row, flag))
    record, code, day, seq, at, row, flag = (np.concatenate(one) for one in zip(*parts, strict=True))
    return Candidates(record, code, day, seq, at, row, flag, tuple(flags), tuple(unread))


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


def as_dates(days: Days) -> npt.NDArray[np.datetime64]:
    """Return dates of days since 1970-01-01; NaN becomes NaT."""
    known = ~np.isnan(days)
    made = np.where(known, days, 0).astype(np.int64).astype("datetime64[D]").astype("datetime64[us]")
    return np.where(known, made, np.datetime64("NaT", "us"))
