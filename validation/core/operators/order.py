"""Order within groups: last rows, next records, sortedness; whole columns are ranked once, groups sorted together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from validation.core.columns import Column, Flags, align, as_number
from validation.core.conditions import Condition, column_names, comparator, is_column, negation, operator, target
from validation.core.dates import parse_start
from validation.core.frames import Frame
from validation.core.patterns import extracted
from validation.core.signals import wrong_type

Rows = npt.NDArray[np.int64]


def ranks(column: Column, *, descending: bool = False, nulls_first: bool = False) -> Rows:
    """Rank cells by value (numbers by size, before text by letters); equals share a rank, null goes to an end."""
    values = column.distinct
    order = sorted(range(len(values)), key=lambda at: _sort_key(values[at]), reverse=descending)
    table = np.empty(len(values) + 1, dtype=np.int64)
    table[order] = np.arange(len(values))
    table[-1] = -1 if nulls_first else len(values)
    return table[column.codes]


def _sort_key(value: Any) -> tuple[int, float, str]:
    return (1, 0.0, value) if isinstance(value, str) else (0, as_number(value), str(value))


def _sorted_groups(
    frame: Frame, names: list[str], ordering: Column | None, *, descending: bool
) -> tuple[Rows, Flags]:
    """Return the rows ordered by group, then ordering, and which places of that order end a group."""
    groups, _ = frame.groups(names)
    keys = (groups,) if ordering is None else (ranks(ordering, descending=descending), groups)
    order = np.lexsort(keys)
    ends = np.ones(frame.size, dtype=bool)
    ends[:-1] = groups[order][1:] != groups[order][:-1]
    return order, ends


def _ordering(frame: Frame, condition: Condition) -> tuple[Column | None, bool]:
    name = condition.options.get("ordering")
    column = frame.column(frame.resolve(str(name))) if name else None
    return column, str(condition.options.get("order", "asc")).lower().startswith("d")


@operator("empty_within_except_last_row")
def empty_within_except_last_row(frame: Frame, condition: Condition) -> Flags:
    """Flag null cells on any row of a group (column `value`) but its last by `ordering`; a null group is exempt."""
    column = target(frame, condition)
    names = column_names(frame, condition.value)
    ordering, descending = _ordering(frame, condition)
    order, ends = _sorted_groups(frame, names, ordering, descending=descending)
    flags = np.zeros(frame.size, dtype=bool)
    flags[order] = column.null[order] & ~ends
    for name in names:
        flags &= ~frame.column(name).null
    return flags


@operator("does_not_have_next_corresponding_record", needs=("within",))
def does_not_have_next_corresponding_record(frame: Frame, condition: Condition) -> Flags:
    """Flag rows whose target differs from the comparator column on the next row of the group; last rows are fine."""
    left = target(frame, condition)
    if not is_column(frame, condition):
        raise wrong_type(f"{condition}: {condition.value!r} is not a variable of the dataset")
    first, second, _ = align(left, comparator(frame, condition))
    ordering, descending = _ordering(frame, condition)
    names = column_names(frame, condition.options["within"])
    order, ends = _sorted_groups(frame, names, ordering, descending=descending)
    following = np.roll(second[order], -1)
    flags = np.zeros(frame.size, dtype=bool)
    flags[order] = (first[order] != following) & ~ends
    return flags


def _has_next(frame: Frame, condition: Condition) -> Flags:
    return ~does_not_have_next_corresponding_record(frame, condition)


operator("has_next_corresponding_record", needs=("within",))(_has_next)


@operator("target_is_sorted_by", needs=("within",))
def target_is_sorted_by(frame: Frame, condition: Condition) -> Flags:
    """Tell which rows stand where the comparator items put them, rows of a group being sorted by the target.

    An item names a column with `sort_order` (asc, desc) and `null_position` (last, first).  Neighbouring dates of
    which one is the beginning of the other cannot be ordered: both rows are false.
    """
    names = column_names(frame, condition.options["within"])
    groups, _ = frame.groups(names)
    order = np.lexsort((ranks(_numeric_part(target(frame, condition), condition)), groups))
    right = np.ones(frame.size, dtype=bool)
    for item in _items(condition):
        column = frame.column(frame.resolve(str(item["name"])))
        rank = ranks(
            column,
            descending=str(item.get("sort_order", "asc")).lower().startswith("d"),
            nulls_first=str(item.get("null_position", "last")).lower() == "first",
        )
        wanted = np.lexsort((rank, groups))
        right[order] &= rank[order] == rank[wanted]
        right[order] &= ~_ambiguous(column, groups, order)
    return right


negation("target_is_not_sorted_by", of="target_is_sorted_by")


def _items(condition: Condition) -> list[Mapping[str, Any]]:
    values = condition.value if isinstance(condition.value, (list, tuple)) else [condition.value]
    items = [value if isinstance(value, Mapping) else {"name": value} for value in values]
    if not items or any(not isinstance(item.get("name"), str) for item in items):
        raise wrong_type(f"{condition}: each sort item needs the name of a variable")
    return items


def _numeric_part(column: Column, condition: Condition) -> Column:
    pattern = condition.options.get("regex")
    if not pattern:
        return column

    def part(value: Any) -> Any:
        found = extracted(str(pattern), str(value))
        number = as_number(found)
        return found if np.isnan(number) else number

    return column.mapped(part)


def _ambiguous(column: Column, groups: Rows, order: Rows) -> Flags:
    """Tell, in sorted order, which rows hold a date that is the beginning of a neighbour's, or have such a one."""
    codes = column.codes[order]
    span = len(column.distinct) + 1
    pairs = (codes[:-1].astype(np.int64) + 1) * span + codes[1:] + 1
    same_group = groups[order][:-1] == groups[order][1:]
    distinct, position = np.unique(pairs, return_inverse=True)
    table = np.array([_clashing(column, int(pair), span) for pair in distinct.tolist()], dtype=bool)
    hit = table[position] & same_group if len(distinct) else np.zeros(0, dtype=bool)
    clash = np.zeros(len(order), dtype=bool)
    clash[:-1] |= hit
    clash[1:] |= hit
    return clash


def _clashing(column: Column, pair: int, span: int) -> bool:
    before, after = pair // span - 1, pair % span - 1
    return before >= 0 and after >= 0 and _beginning(column.distinct[before], column.distinct[after])


def _beginning(first: Any, second: Any) -> bool:
    if not isinstance(first, str) or not isinstance(second, str) or len(first) == len(second):
        return False
    if parse_start(first) is None or parse_start(second) is None:
        return False
    return first.startswith(second) or second.startswith(first)
