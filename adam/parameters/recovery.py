"""Sustained recovery of blood counts: first below a threshold, then consecutive measured days at or above it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from adam import selection
from adam.catalog import DERIVATIONS
from adam.derivations.dates import whole_days
from adam.parameters import candidates
from adam.parameters.candidates import Days, as_dates
from adam.parameters.sustained import Counts, Found, Rule, day_at, gathered, rule_of, sustained, transfused
from adam.parameters.time_to_event import MAY_MAKE, Unit, cutoff_days, derive_param_tte, readings
from spectrail import frames
from spectrail.steps import ColumnName, Evaluate, Exclusion, Positions, Problem, Records, Tables, Taken

OWN = "RECOVERY"
"""Name under which a recovery stands among the sources of its candidates."""
_METHOD = (
    "first of {recovery_n} consecutive measured days with {value} at or above {threshold} after one below"
    "[sustained_gap_days=unlimited!, each at most {sustained_gap_days} days after the one before]"
    "[transfusions?, none of them within {plt_tx_days} days of a transfusion]"
)


@DERIVATIONS.records(
    method={
        "STARTDT": "[measure=time?{start_date}][measure=duration?first day with {value} below {threshold}]",
        "AVAL": "ADT minus STARTDT plus 1, in {unit}",
        "AVALU": '"{unit}"',
        "CNSR": "0 for a recovery; 1 for a censored subject; 2 for a competing event",
        "EVNTDESC": "{event_text} at a recovery[; competing event: {competing_conditions:events}]",
        "CNSDTDSC": "description of the censoring date that gives ADT: {censor_text}[, {stop_conditions:reasons}]",
        "CIFEVT": "1 for the recovery, 2 for a competing event, 0 for a censored subject",
        "SRCDOM": "name of the dataset that ADT comes from",
        "SRCVAR": "name of the variable that ADT comes from",
        "SRCSEQ": "sequence number of the record that ADT comes from",
        "ADTF": "imputation flag of the date that gives ADT",
        "EVNTGR1": "group of the event that gives ADT",
        "": "[measure=duration?day before the ][measure=time?date of the ]"
        + _METHOD
        + "[. A competing event before it: {competing_conditions:dates}][. Follow-up ends"
        " with the first of: {stop_conditions:dates}][. Nothing after {cutoff_date} counts][. Nothing after {cutoff}"
        " counts]. Without both the last day with a count",
    },
    makes=MAY_MAKE,
)
def derive_param_recovery(
    frame: pd.DataFrame,
    *,
    threshold: float,
    start_date: ColumnName,
    recovery_n: int = 3,
    sustained_gap_days: str = "unlimited",
    measure: Literal["time", "duration"] = "time",
    competing_conditions: tuple[dict[str, str], ...] = (),
    stop_conditions: tuple[dict[str, str], ...] = (),
    transfusions: dict[str, str] | None = None,
    plt_tx_days: int = 7,
    cutoff_date: ColumnName | None = None,
    cutoff: str = "",
    event_text: str = "RECOVERY",
    censor_text: str = "LAST COUNT",
    source_dataset: str = "ADLB",
    sequence: ColumnName | None = None,
    date: ColumnName = "ADT",
    value: ColumnName = "AVAL",
    unit: Unit = "DAYS",
    paramcd: str = "",
    subject: ColumnName = "USUBJID",
    dataset_adsl: str = "ADSL",
    tables: Tables,
    evaluate: Evaluate,
) -> Records:
    """Turn counts into one time-to-event record per subject that was below the threshold (see `derive_param_tte`).

    `time` runs from the start to the recovery, `duration` from the first day below (not before the start) to the day
    before the recovery. Recovery is the first of `recovery_n` measured days in a row at or above the threshold after
    the first day below it; days need not follow each other, a longer gap is listed (`sustained_gap_days`: the longest
    allowed).  Of a day the lowest count is taken, of the time before the start the last count.  After a transfusion
    (`dataset`, `date`, `where`) counts of `plt_tx_days` days, its own the first, are no evidence, and a transfusion
    between the days breaks the row. Counts after the cut-off and after the first stop (consolidation, new therapy) do
    not count; without recovery the subject is censored at the last one that does, unless a competing event (CNSR 2 if
    not said otherwise) comes first.  Subjects never below get no record.
    """
    rule = rule_of(threshold, recovery_n, sustained_gap_days)
    rows = np.flatnonzero(frame[value].notna().to_numpy() & frame[date].notna().to_numpy())
    group, count = frames.group_codes([frame[subject].iloc[rows]]) if len(rows) else (rows, 0)
    people = _people(frame, rows, group, count, start_date, subject, cutoff_days(frame, cutoff_date, cutoff))
    end = _ends(people, stop_conditions, subject, tables, evaluate, dataset_adsl)
    counts = gathered(frame, rows, group, people["_START"].to_numpy(), end, date, value)
    counts = transfused(counts, people[subject], transfusions, plt_tx_days, tables, evaluate)
    found = sustained(counts, count, rule)
    table = _own_table(frame, people, counts, found, measure, sequence)
    below = np.flatnonzero(found.below >= 0)
    variable = date.rpartition(".")[2]
    made = derive_param_tte(
        table.iloc[below].reset_index(drop=True),
        event_conditions=(
            _own("RECDT", source_dataset, variable, EVNTDESC=event_text),
            *_competing(competing_conditions),
        ),
        censor_conditions=(
            _own("LASTDT", source_dataset, variable, CNSDTDSC=censor_text, SRCSEQ="_LASTSEQ"),
            _own("START", source_dataset, variable, CNSDTDSC="NO COUNT AFTER START", SRCSEQ="_NOSEQ"),
        ),
        stop_conditions=tuple({**one, "censor_at": "last"} for one in stop_conditions),
        start_date="_STARTDT",
        cutoff_date="_LIMITDT",
        unit=unit,
        paramcd=paramcd,
        subject=subject,
        dataset_adsl=dataset_adsl,
        tables=_with_own(tables, table.iloc[below]),
        evaluate=evaluate,
    )
    never = rows[found.below[group] < 0].astype(np.int64)
    read = readings(paramcd, (start_date, date, value, *([cutoff_date] if cutoff_date else [])))
    records = _as_records(frame, made, counts, found, below, never, rule, source_dataset)
    started = _start_rows(records.frame[subject], start_date, dataset_adsl, subject, tables)
    return replace(records, read=read, taken=(*records.taken, *started))


def _start_rows(
    subjects: pd.Series, start_date: str, dataset: str, subject: str, tables: Callable[[str], pd.DataFrame]
) -> tuple[Taken, ...]:
    """Name the record of the subject dataset that gave the start, where the start was looked up there."""
    name, _, variable = start_date.rpartition(".")
    if name != dataset:
        return ()
    table = tables(dataset)
    rows = selection.row_numbers(table, frames.match_keys([subjects], [table[subject]]).rows)
    return (Taken("STARTDT", dataset, variable, rows),)


def _people(
    frame: pd.DataFrame, rows: Positions, group: Positions, count: int, start_date: str, subject: str, limit: Days
) -> pd.DataFrame:
    """Return one row per subject code: subject, start and cut-off in days; a start after the cut-off is none."""
    first = rows[frames.first_positions(group, count)]
    start = whole_days(frame[start_date].iloc[first])
    made = pd.DataFrame({subject: frame[subject].array.take(first), "_LIMIT": limit[first]})
    return made.assign(_START=np.where(start > limit[first], np.nan, start))


def _ends(
    people: pd.DataFrame,
    stops: tuple[dict[str, str], ...],
    subject: str,
    tables: Callable[[str], pd.DataFrame],
    evaluate: Callable[[str, pd.DataFrame], selection.Bools],
    reference: str,
) -> Days:
    """Return the last day whose counts count: the earliest stop, at most the cut-off."""
    end = people["_LIMIT"].to_numpy(dtype=np.float64).copy()
    sources = candidates.read_sources("stop", stops)
    if sources:
        start = people["_START"].to_numpy()
        found = candidates.collect(people[subject], start, sources, tables, evaluate, reference)
        np.minimum.at(end, found.record, np.maximum(found.day, start[found.record]))
    return end


def _own_table(
    frame: pd.DataFrame,
    people: pd.DataFrame,
    counts: Counts,
    found: Found,
    measure: Literal["time", "duration"],
    sequence: str | None,
) -> pd.DataFrame:
    """Return what a recovery offers as a source: one row per subject with its dates and sequence numbers."""
    start, recovered, last = people["_START"].to_numpy(), day_at(counts, found.recovery), day_at(counts, found.last)
    if measure == "duration":
        start = np.fmax(day_at(counts, found.below), start)
        recovered = recovered - 1
    names = [one for one in (sequence, "ASEQ") if one and one in frame]
    numbers = frame[names[0]].to_numpy(dtype=np.float64) if names else np.full(len(frame), np.nan)
    seq = np.append(numbers[counts.row], np.nan)
    limit = people["_LIMIT"].to_numpy()
    return people[[people.columns[0]]].assign(
        _STARTDT=as_dates(start),
        _LIMITDT=as_dates(np.where(np.isfinite(limit), limit, np.nan)),
        RECDT=as_dates(recovered),
        LASTDT=as_dates(np.where(last < start, np.nan, last)),
        _RECSEQ=seq[found.recovery],
        _LASTSEQ=seq[found.last],
        _NOSEQ=np.nan,
    )


def _own(date: str, dataset: str, variable: str, **more: str) -> dict[str, str]:
    return {"dataset": OWN, "date": date, "SRCDOM": dataset, "SRCVAR": variable, "SRCSEQ": "_RECSEQ", **more}


def _competing(given: tuple[dict[str, str], ...]) -> tuple[dict[str, str], ...]:
    return tuple({"CNSR": "2", **one} for one in given)


def _with_own(tables: Callable[[str], pd.DataFrame], own: pd.DataFrame) -> Callable[[str], pd.DataFrame]:
    return lambda name: own if name == OWN else tables(name)


def _as_records(
    frame: pd.DataFrame,
    made: Records,
    counts: Counts,
    found: Found,
    below: Positions,
    never: Positions,
    rule: Rule,
    dataset: str,
) -> Records:
    """Turn records about subjects into records that go back to the counts that decided them."""
    group = below[made.provider]
    result = made.frame[[name for name in made.frame.columns if not str(name).startswith("_")]]
    result = result.drop(columns=["RECDT", "LASTDT"])
    first = counts.row[found.below[group]]
    shared = [name for name in frame.columns if name not in result]
    result = pd.concat([frame[shared].take(first).reset_index(drop=True), result], axis=1)
    decided = _decided(counts, found, group, rule)
    at = np.flatnonzero((found.gap[group] > 1) & (made.frame["CNSR"] == 0).to_numpy())
    gaps = Problem(
        "ADAM-RECOVERY-GAP",
        "notice",
        "days without count lie within the days that confirm a recovery; the longest step in days is listed",
        first[at].astype(np.int64),
        frames.as_text(pd.Series(found.gap[group][at])).to_numpy(),
    )
    problems = [_at_counts(one, counts, found, below) for one in made.problems]
    return Records(
        result,
        first.astype(np.int64),
        links=decided,
        linked=tuple(one for one in made.linked if one.table != OWN),
        taken=tuple(one for one in made.taken if one.table != OWN),
        excluded=(Exclusion(never, "never below the threshold"),) if len(never) else (),
        problems=(*problems, gaps) if len(at) else tuple(problems),
        notes=_notes(made.notes, dataset),
    )


def _notes(notes: pd.DataFrame | None, dataset: str) -> pd.DataFrame | None:
    """Name the dataset of the counts where a candidate is a recovery or a last count; its row is none of that."""
    if notes is None:
        return None
    own = (notes["DATASET"] == OWN).to_numpy()
    name = notes["DATASET"].mask(own, dataset)
    return notes.assign(DATASET=name, ROW=np.where(own, -1, notes["ROW"].to_numpy()))


def _decided(counts: Counts, found: Found, group: Positions, rule: Rule) -> tuple[Positions, Positions]:
    """Return pairs (record, count): the first below, and the days of the recovery or the last count."""
    record = np.arange(len(group), dtype=np.int64)
    recovered = found.recovery[group] >= 0
    pairs = [(record, found.below[group]), (record[~recovered], found.last[group][~recovered])]
    pairs += [(record[recovered], found.recovery[group][recovered] + step) for step in range(rule.days)]
    both = np.unique(np.concatenate([np.stack(one, axis=1) for one in pairs]), axis=0)
    return both[:, 0], counts.row[both[:, 1]]


def _at_counts(problem: Problem, counts: Counts, found: Found, below: Positions) -> Problem:
    rows = counts.row[found.below[below[problem.rows]]].astype(np.int64)
    return Problem(
        problem.rule, problem.severity, problem.message, rows, problem.values, problem.once, problem.column
    )


@DERIVATIONS.records(method=_METHOD)
def derive_recovery(
    frame: pd.DataFrame,
    *,
    threshold: float,
    recovery_n: int = 3,
    sustained_gap_days: str = "unlimited",
    start_date: ColumnName | None = None,
    end_dates: tuple[ColumnName, ...] = (),
    transfusions: dict[str, str] | None = None,
    plt_tx_days: int = 7,
    date: ColumnName = "ADT",
    value: ColumnName = "AVAL",
    subject: ColumnName = "USUBJID",
    tables: Tables,
    evaluate: Evaluate,
) -> Records:
    """Turn counts into one record per subject: BELOWDT, RECDT, LASTDT, GAPDAYS, NADIR, NADFL (was it ever below).

    The rule is that of `derive_param_recovery`; counts after the earliest of `end_dates` do not count.
    """
    rule = rule_of(threshold, recovery_n, sustained_gap_days)
    rows = np.flatnonzero(frame[value].notna().to_numpy() & frame[date].notna().to_numpy())
    group, count = frames.group_codes([frame[subject].iloc[rows]]) if len(rows) else (rows, 0)
    first = rows[frames.first_positions(group, count)]
    start = whole_days(frame[start_date].iloc[first]) if start_date else np.full(count, -np.inf)
    end = np.full(count, np.inf)
    for name in end_dates:
        end = np.fmin(end, whole_days(frame[name].iloc[first]))
    counts = gathered(frame, rows, group, start, end, date, value)
    subjects = frame[subject].iloc[first].reset_index(drop=True)
    counts = transfused(counts, subjects, transfusions, plt_tx_days, tables, evaluate)
    found = sustained(counts, count, rule)
    nadir = np.full(count, np.inf)
    np.minimum.at(nadir, counts.group, counts.value)
    made: dict[str, Any] = {subject: subjects}
    for name, at in (("BELOWDT", found.below), ("RECDT", found.recovery), ("LASTDT", found.last)):
        made[name] = as_dates(day_at(counts, at))
    made |= {"GAPDAYS": found.gap, "NADIR": np.where(np.isfinite(nadir), nadir, np.nan)}
    made["NADFL"] = selection.flag(found.below >= 0, "Y", "N").mask(found.last < 0)
    links = (counts.group, counts.row)
    return Records(pd.DataFrame(made), first.astype(np.int64), links=links)
