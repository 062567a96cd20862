"""Operations on dates: earliest, latest, study day."""

from __future__ import annotations

from typing import Any

import numpy as np

from validation.core.columns import Column, as_objects
from validation.core.dates import dates_of, days_of
from validation.core.operation_calls import OPERATIONS, Call, filtered, grouped
from validation.core.row_matching import shared_codes
from validation.core.signals import NotEvaluated, wrong_type


def _extreme(call: Call, *, latest: bool) -> Column:
    source = call.source()
    column = source.column(call.variable())
    rows = np.flatnonzero(filtered(call, source) & ~column.null)
    if not call.spec.group:
        return call.constant(_overall(call, column.take(rows), latest=latest))
    groups = grouped(call, source)
    order = sorted(range(len(column.distinct)), key=lambda at: str(column.distinct[at]))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    ranks = rank[column.codes[rows]]
    best = np.full(groups.count, -1 if latest else len(order), dtype=np.int64)
    (np.maximum if latest else np.minimum).at(best, groups.source[rows], ranks)
    present = (best >= 0) & (best < len(order))
    return Column.of_mapped(groups.spread(best, present), as_objects([column.distinct[at] for at in order]))


def _overall(call: Call, column: Column, *, latest: bool) -> str | None:
    """Return the extreme of a whole column as a timestamp; dates of mixed precision cannot be ordered."""
    dates = dates_of(column)
    codes = np.unique(column.codes)
    codes = codes[dates.valid[codes]] if len(codes) else codes
    if not len(codes):
        return None
    if len(set(dates.precision[codes].tolist())) > 1:
        raise wrong_type(f"operation {call.spec.id}: {call.spec.name} mixes dates of different precision")
    at = int(codes[np.argmax(dates.moment[codes]) if latest else np.argmin(dates.moment[codes])])
    year, month, day, hour, minute, second, _ = dates.fields[at].tolist()
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"


@OPERATIONS.register("min_date")
def min_date(call: Call) -> Column:
    """Return the smallest date text per group, or the earliest date of all as a timestamp."""
    return _extreme(call, latest=False)


@OPERATIONS.register("max_date")
def max_date(call: Call) -> Column:
    """Return the largest date text per group, or the latest date of all as a timestamp."""
    return _extreme(call, latest=True)


@OPERATIONS.register("dy")
def dy(call: Call) -> Column:
    """Return the study day of a date: days from DM.RFSTDTC of the subject, plus 1 when not before it; no day 0.

    Null where either date lacks a day (SDTMIG 3.4 section 4.4.4).
    """
    session = call.session
    if "DM" not in session.tables:
        raise NotEvaluated("dataset DM is not in the study", cause="dataset_absent")
    dm = session.frame("DM")
    column = call.frame.column(call.variable())
    subjects, known = shared_codes([call.frame.column("USUBJID")], [dm.column("USUBJID")])
    first = np.full(int(max(subjects.max(initial=-1), known.max(initial=-1))) + 1, -1, dtype=np.int64)
    first[known[::-1]] = np.arange(dm.size - 1, -1, -1)
    row = first[subjects]
    start = dm.column("RFSTDTC")
    reference = np.append(days_of(start), np.nan)[start.codes]
    start_day = np.where(row >= 0, reference[row] if dm.size else np.nan, np.nan)
    start_day = np.where(call.frame.column("USUBJID").null, np.nan, start_day)
    days = np.append(days_of(column), np.nan)[column.codes] - start_day
    study_day = np.where(days >= 0, days + 1, days)
    values, codes = np.unique(study_day, return_inverse=True)
    whole: list[Any] = [None if np.isnan(value) else int(value) for value in values]
    return Column.of_mapped(codes, whole, kind="number")
