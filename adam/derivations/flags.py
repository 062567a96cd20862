"""Analysis flags: first, last and worst records by an order, sequence numbers, relative flags."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from adam import selection
from adam.catalog import DERIVATIONS
from spectrail import frames
from spectrail.steps import ColumnName, Condition, Evaluate, Exclusion, Records

_FLAG = '"{true_value}" for the {mode} record of each {by_vars}, in order of {order:order}'


@DERIVATIONS.records(method=_FLAG)
def derive_var_extreme_flag(
    frame: pd.DataFrame,
    *,
    by_vars: tuple[ColumnName, ...],
    order: tuple[str, ...],
    new_var: str,
    mode: Literal["first", "last"],
    true_value: str = "Y",
    false_value: str = "",
    flag_all: bool = False,
    when: Condition = "1 == 1",
) -> Records:
    """Flag the first or last record of each group; `when` restricts the records that take part.

    Records that tie under the order are told apart by their content, never by their position; records that agree in
    everything by position. A notice lists ties. `flag_all` flags all records that tie.
    """
    rows = np.flatnonzero(when.to_numpy())
    part = frame if len(rows) == len(frame) else frame.iloc[rows]
    codes = selection.group_codes(part, by_vars)
    flags = np.zeros(len(frame), dtype=np.bool_)
    if flag_all:
        flags[rows[selection.best_rows(part, codes, order, mode)]] = True
        return selection.with_variables(frame, {new_var: _rest(flags, when, true_value, false_value)})
    chosen, tied = selection.extreme_records(part, codes, order, mode)
    flags[rows[chosen]] = True
    return selection.with_variables(
        frame,
        {new_var: _rest(flags, when, true_value, false_value)},
        problems=selection.tie_problem(rows[tied], by_vars, f"{mode} alike"),
    )


def _rest(flags: selection.Bools, when: pd.Series, true_value: str, false_value: str) -> pd.Series:
    codes = np.where(flags, 0, np.where(when.to_numpy(), 1, 2)).astype(np.int64)
    return frames.take_text([true_value, false_value, None], codes)


@DERIVATIONS.records(
    method='"Y" for the record with the worst {analysis_var} of each {by_vars} ({param_worst:grouped}), of equal'
    " values the first in order of {order:order}"
)
def derive_var_worst_flag(
    frame: pd.DataFrame,
    *,
    by_vars: tuple[ColumnName, ...],
    order: tuple[str, ...],
    new_var: str = "WORS01FL",
    param_worst: dict[str, Literal["high", "low"]],
    analysis_var: ColumnName = "AVAL",
    param_var: ColumnName = "PARAMCD",
    when: Condition = "1 == 1",
) -> Records:
    """Flag the worst record of each group: the highest value for some parameters, the lowest for others.

    Parameters not named in `param_worst` are not flagged; of equal values the first by `order` counts.
    """
    codes, distinct = frames.factorize(frame[param_var])
    sign = frames.take_numbers(
        [{"high": -1.0, "low": 1.0}.get(param_worst.get(one, ""), np.nan) for one in distinct], codes
    )
    badness = sign * frame[analysis_var].to_numpy(dtype=np.float64, na_value=np.nan)
    ranked = frame.assign(_worst=badness)
    usable = pd.Series(when.to_numpy() & ~np.isnan(badness), index=frame.index)
    found = derive_var_extreme_flag(
        ranked, by_vars=by_vars, order=("_worst", *order), new_var=new_var, mode="first", when=usable
    )
    return Records(found.frame.drop(columns="_worst"), found.provider, problems=found.problems)


@DERIVATIONS.records(
    method="sequence number of the record within {by_vars}, in order of {order:order}", order_only=True
)
def derive_var_obs_number(
    frame: pd.DataFrame,
    *,
    by_vars: tuple[ColumnName, ...] = ("USUBJID",),
    order: tuple[str, ...],
    new_var: str = "ASEQ",
) -> Records:
    """Number the records of each group from 1 in the given order, ties by content (ASEQ)."""
    codes = selection.group_codes(frame, by_vars)
    ranks = selection.content_ranks(frame, selection.order_ranks(frame, order), codes)
    sequence = selection.sequence_in_groups(codes, ranks)
    number = np.empty(len(frame), dtype=np.float64)
    number[sequence] = frames.number_in_runs(codes[sequence])
    return selection.with_variables(frame, {new_var: number})


@DERIVATIONS.records(method="sorted by {order:order}", order_only=True)
def sort_records(frame: pd.DataFrame, *, order: tuple[str, ...]) -> Records:
    """Sort the records, ties by content, so that the order of the input plays no part."""
    codes = np.zeros(len(frame), dtype=np.int64)
    ranks = selection.content_ranks(frame, selection.order_ranks(frame, order), codes)
    positions = frames.sort_codes(ranks)
    return Records(frame.take(positions).reset_index(drop=True), positions)


@DERIVATIONS.records(method="only records where {condition}")
def filter_records(frame: pd.DataFrame, *, condition: str, evaluate: Evaluate, reason: str = "") -> Records:
    """Keep the records that meet a condition; the others are listed as left out with the reason."""
    keep = evaluate(condition, frame)
    positions = np.flatnonzero(keep).astype(np.int64)
    left = np.flatnonzero(~keep).astype(np.int64)
    excluded = (Exclusion(left, reason or f"not {condition}"),) if len(left) else ()
    return Records(frame.take(positions).reset_index(drop=True), positions, excluded=excluded)


@DERIVATIONS.records(
    method='"Y" for records {selection_} the {mode} record of each {by_vars} where {condition}, in order of'
    " {order:order}"
)
def derive_var_relative_flag(
    frame: pd.DataFrame,
    *,
    by_vars: tuple[ColumnName, ...],
    order: tuple[str, ...],
    new_var: str,
    condition: str,
    mode: Literal["first", "last"] = "first",
    selection_: Literal["before", "after"] = "before",
    inclusive: bool = True,
    flag_no_ref_groups: bool = True,
    evaluate: Evaluate,
) -> Records:
    """Flag the records before or after the first (last) record of their group that meets a condition.

    Groups without such a record are flagged as a whole unless `flag_no_ref_groups` is off.
    """
    codes = selection.group_codes(frame, by_vars)
    ranks = selection.order_ranks(frame, order)
    rows = np.flatnonzero(evaluate(condition, frame))
    chosen, _ = selection.extreme_positions(codes[rows], ranks[rows], mode)
    count = int(codes.max(initial=-1)) + 1
    reference = np.full(count, -1, dtype=np.int64)
    reference[codes[rows[chosen]]] = rows[chosen]
    has = reference[codes] >= 0
    limit = ranks[np.maximum(reference[codes], 0)]
    inside: npt.NDArray[np.bool_]
    if selection_ == "before":
        inside = ranks <= limit if inclusive else ranks < limit
    else:
        inside = ranks >= limit if inclusive else ranks > limit
    return selection.with_variables(frame, {new_var: selection.flag(np.where(has, inside, flag_no_ref_groups))})
