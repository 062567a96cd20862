"""Variables and flags from records of another dataset that meet a condition between both."""

from __future__ import annotations

import numpy as np
import pandas as pd

from adam import selection
from adam.catalog import DERIVATIONS
from adam.selection import Bools, Mode, NewVars
from spectrail import frames
from spectrail.errors import SpecError
from spectrail.steps import ColumnName, Evaluate, Positions, Problem, Records, Table

_SUFFIX = "_join"
_CHUNK = 4_000_000


@DERIVATIONS.records(
    method="{dataset_add}.{new_vars:target} of the[ {mode}] record with the same {by_vars}[ where {filter_join}]"
    "[mode?, in order of {order:order}]"
)
def derive_vars_joined(
    frame: pd.DataFrame,
    *,
    dataset_add: Table,
    by_vars: tuple[ColumnName, ...] = ("USUBJID",),
    order: tuple[str, ...] = (),
    new_vars: NewVars,
    filter_add: str = "",
    filter_join: str = "",
    mode: Mode = "",
    exist_flag: str = "",
    true_value: str = "Y",
    false_value: str = "",
    evaluate: Evaluate,
) -> Records:
    """Add variables of the record of another dataset that has the same keys and meets `filter_join`.

    In `filter_join` a variable of the record at hand has its name, a variable of the other dataset its name too
    unless the record has one of that name; then `NAME_join`.  Of several records `mode` takes the first or last by
    `order`, ties by content; without `mode` several are an error.
    """
    left, right = joined_pairs(
        frame, dataset_add, by_vars=by_vars, filter_add=filter_add, filter_join=filter_join, evaluate=evaluate
    )
    rows = np.full(len(frame), -1, dtype=np.int64)
    problems: tuple[Problem, ...] = ()
    if len(left):
        if not mode and (left[1:] == left[:-1]).any():
            raise SpecError("several records meet filter_join", hint="give order and mode")
        part = dataset_add.iloc[right]
        chosen, tied = selection.extreme_records(part, left, order, mode or "first")
        rows[left[chosen]] = right[chosen]
        problems = selection.tie_problem(left[tied], by_vars, f"{mode} alike")
    made, taken = selection.take_variables(dataset_add, new_vars, rows)
    if exist_flag:
        made[exist_flag] = selection.flag(rows >= 0, true_value, false_value)
    return selection.with_variables(frame, made, taken=taken, problems=problems)


@DERIVATIONS.records(
    method='"{true_value}" if {dataset_add} has a record with the same {by_vars}[ where {filter_join}]'
)
def derive_var_joined_exist_flag(
    frame: pd.DataFrame,
    *,
    dataset_add: Table,
    by_vars: tuple[ColumnName, ...] = ("USUBJID",),
    new_var: str,
    filter_add: str = "",
    filter_join: str = "",
    true_value: str = "Y",
    false_value: str = "",
    evaluate: Evaluate,
) -> Records:
    """Flag records for which another dataset has a record with the same keys that meets `filter_join`.

    Names in `filter_join` are as in `derive_vars_joined`.
    """
    left, _ = joined_pairs(
        frame, dataset_add, by_vars=by_vars, filter_add=filter_add, filter_join=filter_join, evaluate=evaluate
    )
    hit = np.zeros(len(frame), dtype=np.bool_)
    hit[left] = True
    return selection.with_variables(frame, {new_var: selection.flag(hit, true_value, false_value)})


def joined_pairs(
    frame: pd.DataFrame,
    table: pd.DataFrame,
    *,
    by_vars: tuple[str, ...],
    filter_add: str,
    filter_join: str,
    evaluate: Evaluate,
) -> tuple[Positions, Positions]:
    """Return all pairs (record, row of the table) of equal keys that meet `filter_join`, by record then row."""
    positions = np.arange(len(table), dtype=np.int64)
    if filter_add:
        positions = np.flatnonzero(evaluate(filter_add, table)).astype(np.int64)
    part = table.iloc[positions]
    left, right = frames.match_all(selection.columns(frame, by_vars), selection.columns(part, by_vars))
    if filter_join:
        keep = _where(frame, part, left, right, by_vars, filter_join, evaluate)
        left, right = left[keep], right[keep]
    return left, positions[right]


def _where(
    frame: pd.DataFrame,
    part: pd.DataFrame,
    left: Positions,
    right: Positions,
    by_vars: tuple[str, ...],
    condition: str,
    evaluate: Evaluate,
) -> Bools:
    """Evaluate a condition on pairs, in pieces, over the variables that its text can name."""
    own = [name for name in frame.columns if name in condition]
    names = {}
    for name in part.columns:
        shown = f"{name}{_SUFFIX}" if name in frame.columns else str(name)
        if name not in by_vars and str(name) in condition:
            names[shown] = name
    keep = np.zeros(len(left), dtype=np.bool_)
    for low in range(0, len(left), _CHUNK):
        piece = slice(low, low + _CHUNK)
        pairs = {name: frame[name].array.take(left[piece]) for name in own}
        pairs |= {shown: part[name].array.take(right[piece]) for shown, name in names.items()}
        keep[piece] = evaluate(condition, pd.DataFrame(pairs, index=pd.RangeIndex(len(left[piece]))))
    return keep
