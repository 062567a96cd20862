"""Occurrence data: treatment-emergent and on-treatment flags, groupings of terms."""

from __future__ import annotations

import numpy as np
import pandas as pd

from adam import imputation, selection
from adam.catalog import DERIVATIONS
from adam.imputation import Instants
from spectrail import dates, frames
from spectrail.errors import SpecError
from spectrail.steps import ColumnName, Records, Table, Values

_DAY = np.timedelta64(86_400_000_000, "us")


@DERIVATIONS.column(
    method='"Y" if {start_date} is on or after {trt_start_date}[ and not later than {end_window} days after'
    " {trt_end_date}][ and not after {last_date}], or {start_date} is missing and {end_date} is not before"
    " {trt_start_date}[intensity?, or {intensity} is above {initial_intensity}]"
)
def derive_var_trtemfl(
    *,
    start_date: Values = "ASTDT",
    end_date: Values = "AENDT",
    trt_start_date: Values = "TRTSDT",
    trt_end_date: Values | None = None,
    end_window: int | None = None,
    last_date: Values | None = None,
    ignore_time_for_trt_end: bool = True,
    start_dtc: Values | None = None,
    initial_intensity: Values | None = None,
    intensity: Values | None = None,
) -> pd.Series:
    """Give Y to events that begin, or worsen, under treatment (OCCDS 1.1, TRTEMFL).

    An event counts when it starts on or after the start of treatment and, with `end_window`, not later than that many
    days after the end of treatment nor after `last_date`. An event without start counts unless it ended before the
    treatment started. Where the start (`start_dtc`, the text as collected) or the dose has no time, an event of the
    day of the first dose counts. With the two intensities an event that began before counts when it got worse and
    did not end before treatment.
    """
    start, end = imputation.as_instants(start_date), imputation.as_instants(end_date)
    first = imputation.as_instants(trt_start_date)
    day = _floor(first)
    untimed = (start == _floor(start)) | (first == day)
    if start_dtc is not None:
        untimed |= dates.precision(start_dtc) < dates.HOUR
    begun = np.where(untimed, _floor(start) >= day, start >= first)
    ended_before = ~np.isnat(end) & (_floor(end) < day)
    emergent = np.where(np.isnat(start), ~ended_before, begun) & ~np.isnat(first)
    if initial_intensity is not None and intensity is not None:
        worse = _level(intensity) > _level(initial_intensity)
        emergent |= ~np.isnat(first) & ~np.isnat(start) & ~begun & ~ended_before & worse
    if end_window is not None:
        if trt_end_date is None:
            raise SpecError("end_window needs trt_end_date")
        last = imputation.as_instants(trt_end_date)
        limit = last + int(end_window) * _DAY
        late = _floor(start) > _floor(limit) if ignore_time_for_trt_end else start > limit
        emergent &= ~late
    if last_date is not None:
        emergent &= ~(_floor(start) > _floor(imputation.as_instants(last_date)))
    return selection.flag(emergent)


def _floor(values: Instants) -> Instants:
    return values.astype("datetime64[D]").astype("datetime64[us]")


def _level(values: pd.Series) -> np.ndarray:
    return pd.to_numeric(frames.as_text(values), errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


@DERIVATIONS.column(
    method='"Y" if {start_date} is on or after {ref_start_date}[ and not later than {ref_end_date}'
    "][ref_end_window? plus {ref_end_window} days][span_period?, or {end_date} is on or after {ref_start_date}]"
)
def derive_var_ontrtfl(
    *,
    start_date: Values = "ADT",
    end_date: Values | None = None,
    ref_start_date: Values = "TRTSDT",
    ref_end_date: Values | None = None,
    ref_end_window: int = 0,
    span_period: bool = False,
) -> pd.Series:
    """Give Y to records on treatment: from the reference start to its end plus `ref_end_window` days (ONTRTFL).

    With `span_period` a record that began earlier and had not ended by then (its `end_date`) counts. A record without
    date counts when it did not end before the reference start.
    """
    start, first = imputation.as_instants(start_date), imputation.as_instants(ref_start_date)
    inside = _floor(start) >= _floor(first)
    if ref_end_date is not None:
        last = imputation.as_instants(ref_end_date) + int(ref_end_window) * _DAY
        inside &= np.isnat(last) | (_floor(start) <= _floor(last))
    if end_date is not None:
        end = imputation.as_instants(end_date)
        not_ended = np.isnat(end) | (_floor(end) >= _floor(first))
        inside |= np.isnat(start) & not_ended & ~np.isnat(first)
        if span_period:
            inside |= (_floor(start) < _floor(first)) & not_ended
    return selection.flag(inside & ~np.isnat(first))


@DERIVATIONS.records(
    method="GRPNAME of the rows of table {dataset_queries} whose PREFIX the name {target} begins with, if the term of"
    " the record is among the terms of these rows",
    makes=tuple(f"{{dataset_queries.PREFIX}}{one}" for one in ("NAM", "CD", "SC", "SCN")),
)
def derive_vars_query(frame: pd.DataFrame, *, dataset_queries: Table) -> Records:
    """Add the variables of term groupings: `SMQzzNAM`, `CQzzNAM`, `SDGzzNAM` with CD, SC and SCN (OCCDS 1.1).

    The table has one row per term: PREFIX (`CQ01`), GRPNAME, SRCVAR (the variable to look in), TERMCHAR (compared
    without case) or TERMNUM, and may have GRPID, SCOPE and SCOPEN.
    """
    made: dict[str, object] = {}
    table = dataset_queries
    for prefix in sorted(selection.column(table, "PREFIX").dropna().unique().tolist()):
        rows = table[(table["PREFIX"] == prefix).to_numpy(dtype=bool)]
        hit = np.zeros(len(frame), dtype=np.bool_)
        for variable in selection.column(rows, "SRCVAR").dropna().unique().tolist():
            mine = rows[(rows["SRCVAR"] == variable).to_numpy(dtype=bool)]
            hit |= _in_terms(selection.column(frame, variable), mine)
        made[f"{prefix}NAM"] = selection.flag(hit, str(rows["GRPNAME"].iloc[0]))
        for column, suffix in (("GRPID", "CD"), ("SCOPEN", "SCN")):
            if column in rows and rows[column].notna().any():
                made[f"{prefix}{suffix}"] = np.where(hit, float(rows[column].dropna().iloc[0]), np.nan)
        if "SCOPE" in rows and rows["SCOPE"].notna().any():
            made[f"{prefix}SC"] = selection.flag(hit, str(rows["SCOPE"].dropna().iloc[0]))
    return selection.with_variables(frame, made)


def _in_terms(values: pd.Series, rows: pd.DataFrame) -> selection.Bools:
    codes, distinct = frames.factorize(frames.as_text(values))
    terms = {str(one).casefold() for one in rows.get("TERMCHAR", pd.Series(dtype="str")).dropna()}
    terms |= {str(one) for one in frames.as_text(rows["TERMNUM"]).dropna()} if "TERMNUM" in rows else set()
    known = np.array([str(one).casefold() in terms for one in distinct] + [False])
    return np.asarray(known[codes])


@DERIVATIONS.records(method='"Y" for records that follow another record of the same {by_vars} without a gap')
def derive_var_continuation(
    frame: pd.DataFrame,
    *,
    by_vars: tuple[ColumnName, ...],
    start_date: ColumnName = "ASTDT",
    end_date: ColumnName = "AENDT",
    group: str = "AEGRPID",
    new_var: str = "",
) -> Records:
    """Number runs of records that follow each other without a gap of more than a day (grade changes of one event).

    Records of one group with touching intervals get the same number in the variable `group`; `new_var` flags all but
    the first of a run.
    """
    start, end = imputation.as_instants(frame[start_date]), imputation.as_instants(frame[end_date])
    codes = selection.group_codes(frame, by_vars)
    ranks = selection.content_ranks(frame, selection.order_ranks(frame, (start_date,)), codes)
    sequence = selection.sequence_in_groups(codes, ranks)
    latest = np.where(np.isnat(end), np.iinfo(np.int64).max // 4, end.astype(np.int64))[sequence]
    starts = frames.run_starts(codes[sequence])
    first = np.zeros(len(frame), dtype=np.bool_)
    first[starts] = True
    reach = _running_max(latest, starts)
    begin = start.astype(np.int64)[sequence]
    day = 86_400_000_000
    touching = np.concatenate([[False], begin[1:] <= reach[:-1] + day]) & ~first & ~np.isnat(start[sequence])
    number: np.ndarray = np.cumsum(~touching) - np.repeat(
        (np.cumsum(~touching) - 1)[starts], np.diff(np.append(starts, len(frame)))
    )
    made = np.empty(len(frame), dtype=np.float64)
    made[sequence] = number
    flagged = np.zeros(len(frame), dtype=np.bool_)
    flagged[sequence] = touching
    added: dict[str, object] = {group: made}
    if new_var:
        added[new_var] = selection.flag(flagged)
    return selection.with_variables(frame, added)


def _running_max(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Return the running maximum within segments."""
    number = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(values))))
    order = np.unique(values, return_inverse=True)[1]
    step = int(order.max(initial=0)) + 1
    reached = np.maximum.accumulate(order + number * step) - number * step
    return np.asarray(np.unique(values)[reached])
