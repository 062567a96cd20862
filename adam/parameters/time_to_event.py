"""Time to event: declared event, competing and censoring sources, and the table of all candidates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd

from adam import selection
from adam.catalog import DERIVATIONS
from adam.derivations.dates import whole_days
from adam.parameters import candidates
from adam.parameters.candidates import Candidates, Days, Source, as_dates
from adam.parameters.verdict import Verdict, candidates_table, judge
from spectrail import frames
from spectrail.errors import SpecError, UnknownNameError
from spectrail.steps import ColumnName, Evaluate, Exclusion, Link, Positions, Problem, Reading, Records, Tables, Taken

Unit = Literal["DAYS", "MONTHS"]
DAYS_PER_MONTH = 30.4375
MADE = ("STARTDT", "ADT", "AVAL", "AVALU", "CNSR", "EVNTDESC", "CNSDTDSC", "SRCDOM", "SRCVAR", "SRCSEQ")
"""Variables of every time-to-event record (BDS-TTE 1.0); ADTF, EVNTGR1, CIFEVT come where sources call for them."""
MAY_MAKE = (*MADE, "ADTF", "EVNTGR1", "CIFEVT")


@DERIVATIONS.records(
    method={
        "STARTDT": "{start_date}[start_dates?{start_dates:by-origin}]",
        "AVAL": "ADT minus STARTDT plus 1, in {unit}[unit=MONTHS?, a month being 30.4375 days]",
        "AVALU": '"{unit}"',
        "CNSR": "0 for an event[, {event_conditions:codes}]; 1 for a censored subject[, {censor_conditions:codes}]"
        "[, {stop_conditions:codes}]",
        "EVNTDESC": "description of the event that gives ADT: {event_conditions:events}[; a censored subject:"
        " {event_text}]",
        "CNSDTDSC": "description of the censoring date that gives ADT: {censor_conditions:reasons}"
        "[, {stop_conditions:reasons}]",
        "CIFEVT": "1 for the event of interest, 2 for a competing event, 0 for a censored subject",
        "SRCDOM": "name of the dataset that ADT comes from",
        "SRCVAR": "name of the variable that ADT comes from",
        "SRCSEQ": "sequence number of the record that ADT comes from",
        "ADTF": "imputation flag of the date that gives ADT",
        "EVNTGR1": "group of the event that gives ADT",
        "": "earliest date of an event: {event_conditions:dates}. Without event the {censor_mode} censoring date:"
        " {censor_conditions:dates}[. Follow-up ends with the first of: {stop_conditions:dates}][. Nothing after"
        " {cutoff_date} counts][. Nothing after {cutoff} counts]",
    },
    makes=MAY_MAKE,
)
def derive_param_tte(
    frame: pd.DataFrame,
    *,
    event_conditions: tuple[dict[str, str], ...],
    censor_conditions: tuple[dict[str, str], ...],
    stop_conditions: tuple[dict[str, str], ...] = (),
    start_date: ColumnName | None = None,
    start_dates: dict[str, str] | None = None,
    origin: str = "",
    cutoff_date: ColumnName | None = None,
    cutoff: str = "",
    censor_mode: Literal["latest", "first"] = "latest",
    unit: Unit = "DAYS",
    event_text: str = "",
    paramcd: str = "",
    subject: ColumnName = "USUBJID",
    dataset_adsl: str = "ADSL",
    tables: Tables,
    evaluate: Evaluate,
) -> Records:
    """Turn subjects into time-to-event records: STARTDT, ADT, AVAL, AVALU, CNSR, EVNTDESC, CNSDTDSC, SRC*, CIFEVT.

    The earliest event counts, of one day the source given first; an event source with CNSR above 0 is a competing
    event (CIFEVT 2). Without event the subject is censored at the latest date of the censoring sources (`first`: of
    the first source that has one). A stop ends what counts: later events are none, and the subject is censored there,
    or with `censor_at: last` at the last censoring date until then. Nothing after the cut-off (a variable, or a date
    for all) counts; a censoring date with `status: Y` lies at the last day that counts when known later. ADT is never
    before the start (then a warning). Subjects without start, or starting after the cut-off, get no record.

    A source names dataset, date (a variable, `START`, then SRCVAR is the start variable if not said otherwise, or
    `START+n`), where (condition on its records), when (condition
    on the subject in `dataset_adsl`), EVNTDESC, CNSDTDSC, EVNTGR1, CNSR, SRCDOM, SRCVAR, SRCSEQ and ADTF (variables),
    setting and options (it counts only where the setting has one of these options).  `start_dates` gives the start
    variable by option, `origin` the option.  `event_text` is EVNTDESC of censored records whose source
    gives none. AVAL is ADT - STARTDT + 1 in days, in months divided by 30.4375.
    All candidates and what became of them are the notes.
    """
    censored = [{"EVNTDESC": event_text, **one} for one in (*censor_conditions, *stop_conditions)]
    starting = start_variable(start_date, start_dates, origin)
    sources = [
        *candidates.read_sources("event", event_conditions),
        *candidates.read_sources("censor", censored[: len(censor_conditions)]),
        *candidates.read_sources("stop", censored[len(censor_conditions) :]),
    ]
    if not any(one.kind == "censor" for one in sources):
        raise SpecError("time to event needs at least one censoring source")
    sources = candidates.named_starts(sources, starting.rpartition(".")[2])
    limit = cutoff_days(frame, cutoff_date, cutoff)
    start = whole_days(selection.column(frame, starting))
    start, excluded = started(start, limit)
    found = candidates.collect(frame[subject], start, sources, tables, evaluate, dataset_adsl)
    verdict = judge(found, sources, start, limit, mode=censor_mode, tables=tables)
    made = tte_records(frame, found, verdict, sources, start, unit=unit, subject=subject)
    notes = candidates_table(found, verdict, sources, frame[subject], paramcd)
    read = readings(paramcd, (starting, *([cutoff_date] if cutoff_date else [])))
    return Records(
        made.frame,
        made.provider,
        linked=made.linked,
        taken=made.taken,
        read=read,
        excluded=excluded,
        problems=made.problems,
        notes=notes,
    )


def start_variable(start_date: str | None, start_dates: dict[str, str] | None, origin: str) -> str:
    """Return the start variable: the one given, or that of the option `origin`."""
    if start_dates:
        if origin not in start_dates:
            raise UnknownNameError("origin", origin, start_dates)
        return start_dates[origin]
    if not start_date:
        raise SpecError("a start is missing", hint="give start_date, or start_dates with origin")
    return start_date


def cutoff_days(frame: pd.DataFrame, variable: str | None, date: str) -> Days:
    """Return the cut-off of each record in days since 1970-01-01, infinite where there is none."""
    limit = np.full(len(frame), np.inf)
    if variable:
        limit = whole_days(selection.column(frame, variable))
        limit = np.where(np.isnan(limit), np.inf, limit)
    if date:
        try:
            limit = np.fmin(limit, np.datetime64(date, "D").astype(np.int64))
        except ValueError:
            raise SpecError(f"cutoff {date!r} is not a date", hint="write it as 2024-06-30") from None
    return limit


def started(start: Days, limit: Days) -> tuple[Days, tuple[Exclusion, ...]]:
    """Return starts without those after the cut-off, and the records that get no result because of their start."""
    late = start > limit
    missing, after = np.flatnonzero(np.isnan(start)), np.flatnonzero(late)
    reasons = ((missing, "no start date"), (after, "starts after the cut-off"))
    excluded = tuple(Exclusion(rows.astype(np.int64), reason) for rows, reason in reasons if len(rows))
    return np.where(late, np.nan, start), excluded


def tte_records(
    frame: pd.DataFrame,
    found: Candidates,
    verdict: Verdict,
    sources: Sequence[Source],
    start: Days,
    *,
    unit: Unit = "DAYS",
    subject: str = "USUBJID",
) -> Records:
    """Make one record for every record of the frame that has a winning candidate."""
    won = np.flatnonzero(verdict.winner)
    won = won[np.argsort(found.record[won], kind="stable")]
    record, adt = found.record[won], verdict.adt[won]
    result = frame.take(record).reset_index(drop=True)
    made = _variables(found, sources, won, adt, start[record], unit)
    made["CNSDTDSC"] = frames.take_text([one.censoring for one in sources], verdict.told[won])
    result = result.assign(**{name: pd.Series(values).array for name, values in made.items()})
    linked, taken = _links(found, sources, won)
    problems = (
        *_early(found, sources, won, start),
        *_unread(found, sources),
        *_without(frame, record, start, subject),
    )
    return Records(result, record, linked=linked, taken=taken, problems=problems)


def _variables(
    found: Candidates, sources: Sequence[Source], won: Positions, adt: Days, start: Days, unit: Unit
) -> dict[str, Any]:
    code = found.source[won]
    event = np.array([one.kind == "event" for one in sources])[code]
    cnsr = np.array([float(one.cnsr) for one in sources])[code]
    days = adt - start + 1

    def texts(values: Sequence[str]) -> pd.Series:
        return frames.take_text(values, code)

    made: dict[str, Any] = {
        "STARTDT": as_dates(start),
        "ADT": as_dates(adt),
        "AVAL": days if unit == "DAYS" else days / DAYS_PER_MONTH,
        "AVALU": frames.repeat_text(unit, len(won)),
        "CNSR": cnsr,
        "EVNTDESC": texts([one.event for one in sources]),
        "CNSDTDSC": texts([one.censoring for one in sources]),
        "SRCDOM": texts([one.domain for one in sources]),
        "SRCVAR": texts([one.variable for one in sources]),
        "SRCSEQ": found.seq[won],
    }
    if any(one.date_flag for one in sources):
        same = found.day[won] == adt
        made["ADTF"] = frames.take_text(found.flag_texts, np.where(same, found.flag[won], 0))
    if any(one.group for one in sources):
        made["EVNTGR1"] = texts([one.group for one in sources])
    if any(one.kind == "event" and one.cnsr for one in sources):
        made["CIFEVT"] = np.where(event, np.where(cnsr == 0, 1.0, 2.0), 0.0)
    return made


def _links(
    found: Candidates, sources: Sequence[Source], won: Positions
) -> tuple[tuple[Link, ...], tuple[Taken, ...]]:
    """Link the records to the rows that decided them, and ADT to the variable that gave it."""
    names = [one.dataset for one in sources]
    code, row = found.source[won], found.row[won]
    linked, taken = [], []
    for name in dict.fromkeys(names):
        mine = np.flatnonzero(np.array([one == name for one in names])[code] & (row >= 0)).astype(np.int64)
        if len(mine):
            linked.append(Link(name, mine, row[mine]))
    for name, date in dict.fromkeys((one.dataset, one.date) for one in sources if one.offset is None):
        same = np.array([(one.dataset, one.date) == (name, date) for one in sources])
        rows = np.where(same[code], row, -1)
        if (rows >= 0).any():
            taken.append(Taken("ADT", name, date, rows))
    return tuple(linked), tuple(taken)


def _early(found: Candidates, sources: Sequence[Source], won: Positions, start: Days) -> tuple[Problem, ...]:
    record = found.record[won]
    early = np.flatnonzero(found.day[won] < start[record])
    if not len(early):
        return ()
    day = frames.as_text(pd.Series(np.datetime_as_string(as_dates(found.day[won[early]]), unit="D")))
    name = frames.take_text(
        [f"{one.description}: {one.dataset}.{one.variable} " for one in sources], found.source[won]
    )
    values = (name.iloc[early].reset_index(drop=True) + day).to_numpy()
    message = "the date that counts lies before the start; ADT is the start and AVAL 1"
    return (Problem("ADAM-TTE-BEFORE-START", "warning", message, record[early], values, column="ADT"),)


def _unread(found: Candidates, sources: Sequence[Source]) -> tuple[Problem, ...]:
    """Report dates of sources that are not complete: whatever they date is not looked at."""
    if not found.unread:
        return ()
    rows = np.array([record for record, _, _ in found.unread], dtype=np.int64)
    texts = [
        f"{sources[code].description}: {sources[code].dataset}.{sources[code].date} {text}"
        for _, code, text in found.unread
    ]
    message = "a date is not complete, so that it is neither event nor censoring date; impute it beforehand"
    return (Problem("ADAM-TTE-PARTIAL-DATE", "warning", message, rows, np.array(texts, dtype=object), column="ADT"),)


def _without(frame: pd.DataFrame, record: Positions, start: Days, subject: str) -> tuple[Problem, ...]:
    """Report subjects that have a start but neither an event nor a censoring date."""
    none = ~np.isnan(start)
    none[record] = False
    rows = np.flatnonzero(none).astype(np.int64)
    if not len(rows):
        return ()
    message = "the subject has a start but no event and no censoring date; no record is made"
    return (Problem("ADAM-TTE-NO-DATE", "warning", message, rows, frame[subject].to_numpy()[rows]),)


def readings(paramcd: str, read: Sequence[str]) -> tuple[Reading, ...]:
    """Say for the records of the parameter which columns the variables were read from."""
    when = f"PARAMCD == '{paramcd}'" if paramcd else ""
    names = [name for name in MAY_MAKE if name not in ("STARTDT", "AVAL")]
    return (
        Reading("STARTDT", tuple(read[:1]), when),
        Reading("AVAL", ("STARTDT", "ADT"), when),
        *(Reading(name, tuple(read), when) for name in names),
    )
