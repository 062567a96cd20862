"""Analysis visits from windows, periods and phases from dates."""

from __future__ import annotations

import numpy as np
import pandas as pd

from adam import imputation, selection
from adam.catalog import DERIVATIONS
from spectrail import frames
from spectrail.errors import SpecError
from spectrail.steps import ColumnName, Condition, Positions, Records, Table


@DERIVATIONS.records(
    method={
        "AWTDIFF": "absolute difference of {day} and AWTARGET in days, without a day 0",
        "": "{target} of the analysis window (table {dataset_windows}) that contains {day}",
    }
)
def derive_vars_avisit(
    frame: pd.DataFrame,
    *,
    dataset_windows: Table,
    day: ColumnName = "ADY",
    when: Condition = "1 == 1",
) -> Records:
    """Add AVISIT, AVISITN, AWTARGET, AWLO, AWHI and AWTDIFF from a table of windows (ADaMIG 1.3 section 3.3.3).

    The table has the columns AVISIT, AVISITN, AWTARGET, AWLO and AWHI (days, both ends included; an empty end is
    open). Windows must not overlap. AWTDIFF is the distance in days from the target.
    """
    table = dataset_windows
    bounds = {
        name: pd.to_numeric(selection.column(table, name)).to_numpy(dtype=np.float64) for name in ("AWLO", "AWHI")
    }
    low = np.where(np.isnan(bounds["AWLO"]), -np.inf, bounds["AWLO"])
    high = np.where(np.isnan(bounds["AWHI"]), np.inf, bounds["AWHI"])
    order = np.argsort(low, kind="stable")
    if (high[order][:-1] >= low[order][1:]).any() or (low > high).any():
        raise SpecError("windows overlap or end before they begin", hint="AWLO and AWHI are both included")
    days = frame[day].to_numpy(dtype=np.float64, na_value=np.nan)
    place = np.searchsorted(low[order], days, side="right") - 1
    inside = (place >= 0) & ~np.isnan(days) & when.to_numpy()
    row = np.where(inside, order[np.maximum(place, 0)], -1)
    row = np.where(inside & (days <= np.append(high, -np.inf)[row]), row, -1)
    target = pd.to_numeric(selection.column(table, "AWTARGET")).to_numpy(dtype=np.float64)
    made: dict[str, object] = {
        "AVISIT": selection.take_column(frames.as_text(table["AVISIT"]), row),
        "AVISITN": np.append(pd.to_numeric(table["AVISITN"]).to_numpy(dtype=np.float64), np.nan)[row],
        "AWTARGET": np.append(target, np.nan)[row],
        "AWLO": np.append(bounds["AWLO"], np.nan)[row],
        "AWHI": np.append(bounds["AWHI"], np.nan)[row],
    }
    # there is no day 0: a target after day 0 and a record before it are one day closer than they look
    target_day, shift = np.append(target, np.nan)[row], np.where((days < 0), 1.0, 0.0)
    crossing = np.where(target_day > 0, shift, 0.0)
    made["AWTDIFF"] = np.abs(days + crossing - target_day)
    return selection.with_variables(frame, made)


@DERIVATIONS.records(method="{new_vars} of the period in {dataset_ref} that contains {date}")
def derive_vars_period(
    frame: pd.DataFrame,
    *,
    dataset_ref: Table,
    date: ColumnName = "ADT",
    start_date: str = "APERSDT",
    end_date: str = "APEREDT",
    new_vars: selection.NewVars,
    by_vars: tuple[ColumnName, ...] = ("USUBJID",),
) -> Records:
    """Add the variables of the period, subperiod or phase in which a date falls (APERIOD, APHASE, TRTA, ...).

    `dataset_ref` has one record per subject and period; periods may not overlap for a subject, a missing end is open,
    and a date in no period gives nulls.
    """
    left, right = frames.match_all(selection.columns(frame, by_vars), selection.columns(dataset_ref, by_vars))
    found = imputation.as_instants(frame[date])[left]
    start = imputation.as_instants(selection.column(dataset_ref, start_date))[right]
    end = imputation.day_end(selection.column(dataset_ref, end_date))[right]
    inside = (found >= start) & (np.isnat(end) | (found <= end))
    left, right = left[inside], right[inside]
    if (left[1:] == left[:-1]).any():
        raise SpecError(f"periods of {start_date} to {end_date} overlap for a subject")
    rows: Positions = np.full(len(frame), -1, dtype=np.int64)
    rows[left] = right
    made = {
        new: selection.take_column(selection.column(dataset_ref, old), rows)
        for new, old in selection.new_names(new_vars).items()
    }
    return selection.with_variables(frame, made)
