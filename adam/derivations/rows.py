"""Records added to a dataset: extremes, summaries, carried forward, computed parameters (DTYPE)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from adam import imputation, selection
from adam.catalog import DERIVATIONS
from adam.derivations.baseline import significant
from adam.derivations.merged import Summary, summarised
from spectrail import frames
from spectrail.errors import UnknownNameError
from spectrail.steps import ColumnName, Condition, Evaluate, Reading, Records, Table


def set_values(frame: pd.DataFrame, values: dict[str, str], like: pd.DataFrame) -> pd.DataFrame:
    """Set variables to constants, numbers where the variable is numeric in `like` or its name ends in N."""
    made: dict[str, Any] = {}
    for name, value in values.items():
        if name in like.columns and not isinstance(like[name].dtype, pd.StringDtype):
            made[name] = np.full(len(frame), float(value) if value else np.nan)
        else:
            made[name] = frames.repeat_text(value, len(frame)).array
    return frame.assign(**made)


@DERIVATIONS.records(
    method={
        "@set_values_to": "{set_values_to:quoted}",
        "": "copied from the {mode} record of each {by_vars}, in order of {order:order}",
    }
)
def derive_extreme_records(
    frame: pd.DataFrame,
    *,
    by_vars: tuple[ColumnName, ...],
    order: tuple[str, ...],
    mode: Literal["first", "last"],
    set_values_to: dict[str, str],
    when: Condition = "1 == 1",
) -> Records:
    """Add a copy of the first or last record of each group, for example DTYPE = MINIMUM or a new parameter."""
    rows = np.flatnonzero(when.to_numpy())
    part = frame.iloc[rows]
    codes = selection.group_codes(part, by_vars)
    chosen, _ = selection.extreme_records(part, codes, order, mode)
    positions = np.sort(rows[chosen]).astype(np.int64)
    new = set_values(frame.take(positions).reset_index(drop=True), set_values_to, frame)
    return selection.told_by_parameter(selection.stacked(frame, new, positions), set_values_to, {})


@DERIVATIONS.records(
    method={
        "@set_values_to": "{set_values_to:quoted}",
        "": "{summary} of {analysis_var} over the records of each {by_vars}",
    }
)
def derive_summary_records(
    frame: pd.DataFrame,
    *,
    by_vars: tuple[ColumnName, ...],
    analysis_var: ColumnName = "AVAL",
    summary: Summary = "mean",
    set_values_to: dict[str, str],
    keep_vars: tuple[ColumnName, ...] = (),
    when: Condition = "1 == 1",
) -> Records:
    """Add one record per group that summarises a variable (DTYPE = AVERAGE); all records of the group are its origin.

    `keep_vars` are taken from the first record of the group, for example ADT or AVISIT.
    """
    rows = np.flatnonzero(when.to_numpy())
    part = frame.iloc[rows]
    codes = selection.group_codes(part, by_vars)
    if not len(codes):
        return selection.with_variables(frame, {})
    count = int(codes.max()) + 1
    first = frames.first_positions(codes, count)
    numbers = part[analysis_var].to_numpy(dtype=np.float64, na_value=np.nan)
    value = summarised(np.arange(count, dtype=np.int64), codes, numbers, summary)
    new = part.iloc[first][[*dict.fromkeys((*by_vars, *keep_vars))]].reset_index(drop=True)
    new = set_values(new.assign(**{analysis_var: value}), set_values_to, frame)
    made = selection.stacked(frame, new, rows[first])
    old = np.arange(len(frame), dtype=np.int64)
    links = (np.concatenate([old, len(frame) + codes]), np.concatenate([old, rows]))
    read = {analysis_var: ("PARAMCD", analysis_var)}
    return selection.told_by_parameter(Records(made.frame, made.provider, links=links), set_values_to, read)


@DERIVATIONS.records(
    method="last value of each {by_vars} carried forward to {dataset_ref} where it has none (DTYPE LOCF)"
)
def derive_locf_records(
    frame: pd.DataFrame,
    *,
    dataset_ref: Table,
    by_vars: tuple[ColumnName, ...] = ("USUBJID", "PARAMCD"),
    id_vars_ref: tuple[str, ...] = ("PARAMCD", "AVISIT", "AVISITN"),
    analysis_var: ColumnName = "AVAL",
    order: tuple[str, ...] = ("AVISITN",),
    keep_vars: tuple[ColumnName, ...] = (),
    dtype: str = "LOCF",
) -> Records:
    """Add a record for each expected visit without a value, with the last value before it.

    `dataset_ref` lists the expected visits per parameter (`id_vars_ref`); nothing is added before the first value.
    The record that gave the value is the origin of the new one.
    """
    shared = [name for name in by_vars if name in id_vars_ref]
    wanted = _expected(frame, dataset_ref, by_vars, id_vars_ref, shared)
    keys = [*dict.fromkeys((*by_vars, *id_vars_ref))]
    held = frame.iloc[np.flatnonzero(frame[analysis_var].notna().to_numpy())]
    absent = frames.match_keys(selection.columns(wanted, keys), selection.columns(held, keys)).rows < 0
    wanted = wanted.iloc[np.flatnonzero(absent)].reset_index(drop=True)
    source = _last_before(held, wanted, by_vars, order)
    found = np.flatnonzero(source >= 0)
    positions = held.index.to_numpy()[source[found]].astype(np.int64)
    new = wanted.iloc[found].reset_index(drop=True)
    carried = [analysis_var, *(name for name in keep_vars if name not in keys)]
    carried += [name for name in frame.columns if name not in (*keys, *carried) and name in _subject_constant(frame)]
    for name in carried:
        new[name] = selection.take_column(frame[name], positions)
    new = set_values(new, {"DTYPE": dtype}, frame)
    return selection.stacked(frame, new, positions)


def _subject_constant(frame: pd.DataFrame) -> set[str]:
    return {
        name
        for name in ("STUDYID", "SUBJID", "SITEID", "PARAM", "PARAMN", "PARCAT1", "TRTA", "TRTP", "BASETYPE")
        if name in frame
    }


def _expected(
    frame: pd.DataFrame,
    reference: pd.DataFrame,
    by_vars: tuple[str, ...],
    id_vars: tuple[str, ...],
    shared: list[str],
) -> pd.DataFrame:
    codes, count = frames.group_codes(selection.columns(frame, by_vars))
    groups = frame.iloc[frames.first_positions(codes, count)][list(by_vars)].reset_index(drop=True)
    numeric = [name for name in id_vars if name in frame and not isinstance(frame[name].dtype, pd.StringDtype)]
    table = reference.assign(**{name: pd.to_numeric(reference[name]).astype("float64") for name in numeric})
    if shared:
        left, right = frames.match_all(selection.columns(groups, shared), selection.columns(table, shared))
    else:
        left = np.repeat(np.arange(len(groups)), len(table))
        right = np.tile(np.arange(len(table)), len(groups))
    made = groups.take(left).reset_index(drop=True)
    return made.assign(**{name: table[name].array.take(right) for name in id_vars if name not in made})


def _last_before(
    held: pd.DataFrame, wanted: pd.DataFrame, by_vars: tuple[str, ...], order: tuple[str, ...]
) -> np.ndarray:
    """Return for each wanted record the position of the last held record of its group before it (-1: none)."""
    both = pd.concat([held[[*by_vars, *order]], wanted[[*by_vars, *order]]], ignore_index=True)
    codes = selection.group_codes(both, by_vars)
    late = np.concatenate([np.zeros(len(held), dtype=np.int64), np.ones(len(wanted), dtype=np.int64)])
    sequence = np.lexsort((late, selection.order_ranks(both, order), codes))
    position = np.where(late[sequence] == 0, np.arange(len(sequence)), -1)
    last = np.maximum.accumulate(position)
    starts = frames.run_starts(codes[sequence])
    start_of = np.repeat(starts, np.diff(np.append(starts, len(sequence))))
    source = np.where(last >= start_of, sequence[np.maximum(last, 0)], -1)
    result = np.full(len(wanted), -1, dtype=np.int64)
    mine = late[sequence] == 1
    result[sequence[mine] - len(held)] = source[mine]
    return result


_OPERATIONS = {"product": np.multiply, "sum": np.add, "difference": np.subtract, "ratio": np.divide}


@DERIVATIONS.records(
    method={"@set_values_to": "{set_values_to:quoted}", "": "{value:operation} of {parameters} of each {by_vars}"}
)
def derive_param_computed(
    frame: pd.DataFrame,
    *,
    parameters: tuple[str, ...],
    by_vars: tuple[ColumnName, ...],
    value: dict[str, str],
    set_values_to: dict[str, str],
    keep_vars: tuple[ColumnName, ...] = (),
    analysis_var: ColumnName = "AVAL",
    when: Condition = "1 == 1",
) -> Records:
    """Add a parameter computed from others of the same group: AVAL is the sum, product, ratio or difference.

    `value` is `{operation: product|sum|difference|ratio, factor: number}`; a group that lacks one of the parameters,
    or has it twice, or has no value for it, gives no record. All records used are the origin of the new one.
    """
    operation, factor = value.get("operation", ""), float(value.get("factor", "1"))
    if operation not in _OPERATIONS:
        raise UnknownNameError("operation", operation, _OPERATIONS)
    usable = when.to_numpy() & frame[analysis_var].notna().to_numpy()
    parts = [
        frame.iloc[np.flatnonzero(usable & (frame["PARAMCD"] == one).to_numpy(dtype=bool))] for one in parameters
    ]
    base = parts[0]
    rows = [base.index.to_numpy()]
    good = np.ones(len(base), dtype=np.bool_)
    left = selection.columns(base, by_vars)
    own = frames.match_keys(left, left).counts
    good &= own == 1
    for other in parts[1:]:
        match = frames.match_keys(left, selection.columns(other, by_vars))
        good &= match.counts == 1
        rows.append(np.append(other.index.to_numpy(), -1)[match.rows])
    sources = [one[good].astype(np.int64) for one in rows]
    numbers = [frame[analysis_var].to_numpy(dtype=np.float64)[one] for one in sources]
    result = numbers[0]
    for one in numbers[1:]:
        with np.errstate(divide="ignore", invalid="ignore"):
            result = _OPERATIONS[operation](result, np.where(one == 0, np.nan, one) if operation == "ratio" else one)
    new = frame.take(sources[0])[[*dict.fromkeys((*by_vars, *keep_vars))]].reset_index(drop=True)
    new = set_values(new.assign(**{analysis_var: significant(result * factor)}), set_values_to, frame)
    made = selection.stacked(frame, new, sources[0])
    old = np.arange(len(frame), dtype=np.int64)
    fresh = np.tile(len(frame) + np.arange(len(new), dtype=np.int64), len(sources))
    links = (np.concatenate([old, fresh]), np.concatenate([old, *sources]))
    read = {analysis_var: ("PARAMCD", analysis_var)}
    return selection.told_by_parameter(Records(made.frame, made.provider, links=links), set_values_to, read)


@DERIVATIONS.records(
    method={"@set_values_to": "{set_values_to:quoted}", "": "copied from the record where {condition}"}
)
def derive_dtype_records(
    frame: pd.DataFrame,
    *,
    condition: str,
    set_values_to: dict[str, str],
    evaluate: Evaluate,
) -> Records:
    """Add a copy of every record that meets a condition with some variables set (DTYPE)."""
    positions = np.flatnonzero(evaluate(condition, frame)).astype(np.int64)
    new = set_values(frame.take(positions).reset_index(drop=True), set_values_to, frame)
    return selection.told_by_parameter(selection.stacked(frame, new, positions), set_values_to, {})


@DERIVATIONS.records(method={"@variables": "copied from {variables:target}", "": "date part of {dates:target}"})
def take_values(frame: pd.DataFrame, *, variables: dict[str, str], dates: dict[str, str] | None = None) -> Records:
    """Add variables as copies of others, and numeric dates of complete ISO 8601 texts or datetimes.

    For the rule of a parameter whose records come as they are: `{AVALC: RS.RSSTRESC}`, `{ADT: RS.RSDTC}`.
    """
    made: dict[str, Any] = {new: selection.column(frame, old) for new, old in variables.items()}
    for new, old in (dates or {}).items():
        found = imputation.as_instants(selection.column(frame, old))
        made[new] = found.astype("datetime64[D]").astype("datetime64[us]")
    copies = [Reading(new, (old,), "", "predecessor") for new, old in variables.items()]
    read = [Reading(new, (old,)) for new, old in (dates or {}).items()]
    return replace(selection.with_variables(frame, made), read=(*copies, *read))
