"""Time to event: declared event, competing and censoring sources, and the table of all candidates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from adam import selection
from adam.catalog import DERIVATIONS
from adam.derivations.dates import whole_days
from spectrail import frames
from spectrail.errors import SpecError
from spectrail.steps import ColumnName, Evaluate, Link, Positions, Problem, Records, Tables

Days = npt.NDArray[np.float64]
Kind = Literal["event", "censor", "stop"]
START_DATE = "START"
"""Stands for the start date where a source names its date."""
_KEYS = {"dataset", "date", "where", "order", "EVNTDESC", "CNSDTDSC", "CNSR", "SRCDOM", "SRCVAR", "SRCSEQ", "subject"}
CANDIDATES = (
    "PARAMCD",
    "USUBJID",
    "KIND",
    "ORDER",
    "DESCRIPTION",
    "ADT",
    "CNSR",
    "SRCDOM",
    "SRCVAR",
    "SRCSEQ",
    "ROW",
    "WINNER",
    "REASON",
)
"""Columns of the candidates table."""


@dataclass(frozen=True)
class Source:
    """One declared source of events, of censoring, or of an end of what counts (`stop`)."""

    kind: Kind
    number: int
    dataset: str
    date: str
    where: str = ""
    description: str = ""
    cnsr: int = 0
    domain: str = ""
    variable: str = ""
    sequence: str = ""
    subject: str = "USUBJID"

    @classmethod
    def read(cls, kind: Kind, number: int, given: Mapping[str, str]) -> Source:
        """Read a source from the specification; raise SpecError for unknown or missing keys."""
        unknown = set(given) - _KEYS
        if unknown or not {"dataset", "date"} <= set(given):
            raise SpecError(
                f"{kind} source {number + 1}: {', '.join(sorted(unknown)) or 'dataset or date is missing'}",
                hint=f"known: {', '.join(sorted(_KEYS))}",
            )
        description = given.get("EVNTDESC", "")
        if kind != "event" and not given.get("CNSDTDSC", description):
            raise SpecError(f"{kind} source {number + 1} needs CNSDTDSC")
        code = given.get("CNSR", "0" if kind == "event" else "1")
        if not code.isdigit() or (kind != "event" and int(code) == 0):
            raise SpecError(f"{kind} source {number + 1}: CNSR {code!r}", hint="0 is an event, above 0 is censored")
        return cls(
            kind,
            number,
            given["dataset"],
            given["date"],
            given.get("where", ""),
            description or given.get("CNSDTDSC", ""),
            int(code),
            given.get("SRCDOM", given["dataset"]),
            given.get("SRCVAR", given["date"]),
            given.get("SRCSEQ", ""),
            given.get("subject", "USUBJID"),
        )


@DERIVATIONS.records(
    method="days from {start_date} to the earliest of {event_conditions}, else to the {censor_mode} of"
    " {censor_conditions}; ended by {stop_conditions}; nothing after {cutoff_date}"
)
def derive_param_tte(
    frame: pd.DataFrame,
    *,
    start_date: ColumnName,
    event_conditions: tuple[dict[str, str], ...],
    censor_conditions: tuple[dict[str, str], ...],
    stop_conditions: tuple[dict[str, str], ...] = (),
    cutoff_date: str = "",
    censor_mode: Literal["latest", "first"] = "latest",
    create_seq: bool = True,
    paramcd: str = "",
    event_text: str = "",
    subject: ColumnName = "USUBJID",
    tables: Tables,
    evaluate: Evaluate,
) -> Records:
    """Turn subjects into time-to-event records: STARTDT, ADT, AVAL, CNSR, EVNTDESC, CNSDTDSC, SRC*, CIFEVT.

    The earliest event counts, of one day the source given first; a source with CNSR above 0 among the events is a
    competing event (CIFEVT 2). Without event the subject is censored at the latest date of the censoring sources
    (`first`: of the first source that has one), of one day the source given first.  A `stop` source ends what counts:
    an event after its date is none, and the subject is censored there.  Nothing after `cutoff_date` counts; a
    censoring date after it becomes it. ADT is never before the start. A subject without start date gets no record.

    AVAL is ADT - STARTDT + 1 in days (BDS-TTE 1.0). All candidates with what became of them are kept as notes.
    """
    del create_seq
    if not censor_conditions:
        raise SpecError("time to event needs at least one censor source")
    sources = [
        Source.read(kind, number, one)  # type: ignore[arg-type]
        for kind, listed in (("event", event_conditions), ("censor", censor_conditions), ("stop", stop_conditions))
        for number, one in enumerate(listed)
    ]
    start = whole_days(frame[start_date])
    cutoff = whole_days(selection.column(frame, cutoff_date)) if cutoff_date else np.full(len(frame), np.nan)
    found = _candidates(frame, sources, start, subject, tables, evaluate)
    found = _judged(found, start, cutoff, censor_mode, len(frame))
    made = _records(frame, found, sources, start, event_text)
    return Records(
        made.frame,
        made.provider,
        linked=made.linked,
        excluded=made.excluded,
        problems=made.problems,
        notes=_notes(frame, found, sources, subject, paramcd),
    )


def _candidates(
    frame: pd.DataFrame,
    sources: Sequence[Source],
    start: Days,
    subject: str,
    tables: Tables,
    evaluate: Evaluate,
) -> pd.DataFrame:
    """Return one row per candidate: record, source, day, collected day, sequence number, row of its table."""
    parts = []
    for code, source in enumerate(sources):
        table = tables(source.dataset)
        rows = np.flatnonzero(evaluate(source.where, table)) if source.where else np.arange(len(table))
        part = table.iloc[rows]
        record = frames.match_keys([selection.column(part, source.subject)], [frame[subject]]).rows
        known = record >= 0
        if source.date == START_DATE:
            day = np.append(start, np.nan)[record]
        else:
            day = whole_days(selection.column(part, source.date))
        keep = known & ~np.isnan(day) & ~np.isnan(np.append(start, np.nan)[record])
        name = source.sequence or f"{source.dataset}SEQ"
        seq = part[name].to_numpy(dtype=np.float64) if name in part else np.full(len(part), np.nan)
        if source.sequence:
            selection.column(part, source.sequence)
        parts.append(
            pd.DataFrame(
                {
                    "record": record[keep].astype(np.int64),
                    "source": code,
                    "order": source.number,
                    "kind": source.kind,
                    "day": day[keep],
                    "seq": seq[keep],
                    "row": part.index.to_numpy(dtype=np.int64)[keep],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _judged(found: pd.DataFrame, start: Days, cutoff: Days, mode: str, count: int) -> pd.DataFrame:
    """Decide among the candidates: adds `adt`, `winner` and `reason`."""
    record = found["record"].to_numpy(dtype=np.int64)
    day = found["day"].to_numpy()
    limit = cutoff[record]
    event, censor, stop = (found["kind"].eq(kind).to_numpy() for kind in ("event", "censor", "stop"))
    adt = np.maximum(day, start[record])
    late = adt > limit
    adt = np.where(censor, np.fmin(adt, np.where(np.isnan(limit), np.inf, np.maximum(limit, start[record]))), adt)
    reason = np.full(len(found), "", dtype=object)
    stop_pick = _extreme(found, record, adt, stop & ~late, "first")
    stop_day = np.full(count, np.inf)
    stop_day[record[stop_pick]] = adt[stop_pick]
    beyond = adt > stop_day[record]
    open_events = event & ~late & ~beyond
    events = _extreme(found, record, adt, open_events, "first")
    has_event = np.zeros(count, dtype=np.bool_)
    has_event[record[events]] = True
    stopped = ~has_event & np.isfinite(stop_day)
    censors = _censored(found, record, adt, censor & ~has_event[record] & ~stopped[record], mode)
    winner = np.zeros(len(found), dtype=np.bool_)
    winner[events] = True
    winner[censors] = True
    winner[stop_pick] = stopped[record[stop_pick]]
    reason[event & late] = "after the cut-off"
    reason[event & ~late & beyond] = "after the date that ends what counts"
    reason[open_events & ~winner] = "a later event, or a later source on the same day"
    reason[censor & has_event[record]] = "an event comes before censoring"
    reason[censor & ~has_event[record] & stopped[record]] = "censored where what counts ends"
    reason[censor & ~has_event[record] & ~stopped[record] & ~winner] = (
        "an earlier date, or a later source on the same day" if mode == "latest" else "an earlier source has a date"
    )
    reason[stop & late] = "after the cut-off"
    reason[stop & ~late & has_event[record]] = "an event comes before"
    reason[stop & ~late & ~has_event[record] & ~winner] = "an earlier end of what counts"
    shown = np.where(winner & (day < start[record]), "dated before the start, set to it", "")
    shown = np.where(winner & censor & (day > limit), "dated after the cut-off, set to it", shown)
    return found.assign(adt=adt, winner=winner, reason=np.where(winner, shown, reason))


def _extreme(
    found: pd.DataFrame, record: Positions, adt: Days, usable: selection.Bools, mode: Literal["first", "last"]
) -> Positions:
    """Return the positions of the earliest (latest) usable candidate of each record; of one day the first source."""
    rows = np.flatnonzero(usable)
    sign = 1 if mode == "first" else -1
    part = found.iloc[rows].assign(_day=sign * adt[rows])
    ranks = selection.order_ranks(part, ("_day", "order", "seq", "row"))
    chosen, _ = selection.extreme_positions(record[rows], ranks, "first")
    return rows[chosen].astype(np.int64)


def _censored(found: pd.DataFrame, record: Positions, adt: Days, usable: selection.Bools, mode: str) -> Positions:
    if mode == "latest":
        return _extreme(found, record, adt, usable, "last")
    rows = np.flatnonzero(usable)
    part = found.iloc[rows].assign(_day=-adt[rows])
    ranks = selection.order_ranks(part, ("order", "_day", "seq", "row"))
    chosen, _ = selection.extreme_positions(record[rows], ranks, "first")
    return rows[chosen].astype(np.int64)


def _records(
    frame: pd.DataFrame, found: pd.DataFrame, sources: Sequence[Source], start: Days, event_text: str
) -> Records:
    won = found[found["winner"].to_numpy()].sort_values("record", kind="stable")
    record = won["record"].to_numpy(dtype=np.int64)
    code = won["source"].to_numpy(dtype=np.int64)
    result = frame.take(record).reset_index(drop=True)
    result["STARTDT"] = _dates(start[record])
    result["ADT"] = _dates(won["adt"].to_numpy())
    result["AVAL"] = won["adt"].to_numpy() - start[record] + 1
    cnsr = np.array([one.cnsr for one in sources], dtype=np.float64)[code]
    result["CNSR"] = cnsr
    is_event = won["kind"].eq("event").to_numpy()
    texts = [one.description for one in sources]
    result["EVNTDESC"] = frames.take_text([*texts, event_text], np.where(is_event, code, len(texts)))
    result["CNSDTDSC"] = frames.take_text(texts, np.where(is_event, -1, code))
    result["SRCDOM"] = frames.take_text([one.domain for one in sources], code)
    result["SRCVAR"] = frames.take_text([one.variable for one in sources], code)
    result["SRCSEQ"] = won["seq"].to_numpy()
    result["CIFEVT"] = np.where(is_event, np.where(cnsr == 0, 1.0, 2.0), 0.0)
    linked = []
    for name in dict.fromkeys(one.dataset for one in sources):
        mine = np.flatnonzero(np.array([sources[one].dataset == name for one in code], dtype=bool))
        if len(mine):
            linked.append(Link(name, mine.astype(np.int64), won["row"].to_numpy(dtype=np.int64)[mine]))
    early = np.flatnonzero(won["day"].to_numpy() < start[record]).astype(np.int64)
    problems = (
        Problem(
            "ADAM-TTE-BEFORE-START",
            "warning",
            "the date lies before the start; set to the start",
            early,
            frames.take_text(texts, code[early]).to_numpy(),
        ),
    )
    return Records(result, record, linked=tuple(linked), problems=problems if len(early) else ())


def _dates(days: Days) -> npt.NDArray[np.datetime64]:
    return days.astype(np.int64).astype("datetime64[D]").astype("datetime64[us]")


def _notes(
    frame: pd.DataFrame, found: pd.DataFrame, sources: Sequence[Source], subject: str, paramcd: str
) -> pd.DataFrame:
    code = found["source"].to_numpy(dtype=np.int64)
    made = pd.DataFrame(
        {
            "PARAMCD": frames.repeat_text(paramcd, len(found)),
            "USUBJID": frame[subject].array.take(found["record"].to_numpy()),
            "KIND": found["kind"].array,
            "ORDER": found["order"].to_numpy(dtype=np.int64) + 1,
            "DESCRIPTION": frames.take_text([one.description for one in sources], code).array,
            "ADT": _dates(found["day"].to_numpy()),
            "CNSR": np.array([one.cnsr for one in sources])[code],
            "SRCDOM": frames.take_text([one.domain for one in sources], code).array,
            "SRCVAR": frames.take_text([one.variable for one in sources], code).array,
            "SRCSEQ": found["seq"].to_numpy(),
            "ROW": found["row"].to_numpy(),
            "WINNER": found["winner"].to_numpy(),
            "REASON": pd.array(found["reason"].tolist(), dtype="str"),
        }
    )
    order = frames.sort_positions([made["USUBJID"], made["KIND"], made["ORDER"].astype("float64"), made["ADT"]])
    return made.iloc[order].reset_index(drop=True)


__all__ = ["CANDIDATES", "derive_param_tte"]
