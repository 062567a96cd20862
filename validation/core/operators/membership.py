"""Membership in lists, columns and sets; null is a member of nothing, so the negative forms flag it."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from validation.core.columns import Column, Flags
from validation.core.conditions import (
    Condition,
    comparator,
    is_column,
    literal,
    literal_list,
    negation,
    operator,
    pairwise,
    target,
)
from validation.core.frames import Frame


@operator("is_contained_by")
def is_contained_by(frame: Frame, condition: Condition) -> Flags:
    """Tell which cells are in the literal list, in their row's list cell, or anywhere in the comparator's column.

    A list cell is contained when any of its members is; types have to agree.
    """
    column = target(frame, condition)
    if not is_column(frame, condition) and not condition.flag("value_is_reference"):
        return _in_values(column, literal_list(frame, condition))
    other = comparator(frame, condition)
    if other.kind == "list":
        return _in_lists(column, other) if len(other.distinct) != 1 else _in_one_list(column, other)
    return _in_values(column, other.occurring())


negation("is_not_contained_by", of="is_contained_by")


def _in_one_list(column: Column, other: Column) -> Flags:
    return _in_values(column, list(other.distinct[0])) & ~other.null


def _in_values(column: Column, values: list[Any]) -> Flags:
    members = {_typed(value) for value in values if value is not None and value != ""}
    return column.where(lambda value: any(_typed(one) in members for one in _several(value)))


def _typed(value: Any) -> tuple[bool, Any]:
    return isinstance(value, bool), tuple(value) if isinstance(value, list) else value


def _several(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _in_lists(column: Column, other: Column) -> Flags:
    """Tell which cells are in their row's list; each distinct list is made a set once."""
    sets = {id(members): {_typed(member) for member in members} for members in other.distinct}

    def member(value: Any, members: Any) -> bool:
        if value is None or members is None:
            return False
        return any(_typed(one) in sets[id(members)] for one in _several(value))

    return pairwise(column, other, member)


@operator("is_contained_by_case_insensitive")
def is_contained_by_case_insensitive(frame: Frame, condition: Condition) -> Flags:
    """Tell which cells are in the list whatever their case; of a list cell: whether it occurs in the printed list."""
    column = target(frame, condition).mapped(_lower)
    if not is_column(frame, condition):
        return _in_values(column, [_lower(value) for value in literal_list(frame, condition)])
    other = comparator(frame, condition)
    if other.kind == "list":
        printed = other.mapped(lambda members: str(list(members)).lower())
        return pairwise(column, printed, lambda value, text: None not in (value, text) and str(value) in text)
    return _in_values(column, [_lower(value) for value in other.occurring()])


negation("is_not_contained_by_case_insensitive", of="is_contained_by_case_insensitive")


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


@operator("contains_all")
def contains_all(frame: Frame, condition: Condition) -> Flags:
    """Tell whether all comparator values occur somewhere in the target's column; row by row when both are lists."""
    column = target(frame, condition)
    if is_column(frame, condition):
        other = comparator(frame, condition)
        if column.kind == "list" and other.kind == "list":
            return pairwise(column, other, lambda held, wanted: set(wanted or ()) <= set(held or ()))
        wanted = [member for value in other.occurring() for member in _several(value)]
    else:
        wanted = _expanded(frame, condition)
    held = {member for value in column.occurring() for member in _several(value)}
    return np.full(frame.size, set(wanted) <= held, dtype=bool)


negation("not_contains_all", of="contains_all")


def _expanded(frame: Frame, condition: Condition) -> list[Any]:
    value = literal(frame, condition)
    wanted: list[Any] = []
    for item in value if isinstance(value, (list, tuple)) else [value]:
        if isinstance(item, str) and item.startswith("$") and frame.has(item):
            wanted.extend(member for cell in frame.column(item).occurring() for member in _several(cell))
        else:
            wanted.append(item)
    return wanted


@operator("shares_no_elements_with")
def shares_no_elements_with(frame: Frame, condition: Condition) -> Flags:
    """Tell which rows' target and comparator (lists or single values) have no member in common."""
    return pairwise(
        target(frame, condition),
        comparator(frame, condition),
        lambda left, right: left is None or right is None or not set(_several(left)) & set(_several(right)),
    )


@operator("is_ordered_subset_of")
def is_ordered_subset_of(frame: Frame, condition: Condition) -> Flags:
    """Tell which list cells have all members in the comparator's list, in its order."""
    return pairwise(target(frame, condition), comparator(frame, condition), _ordered_subset)


negation("is_not_ordered_subset_of", of="is_ordered_subset_of")


def _ordered_subset(held: Any, wanted: Any) -> bool:
    position = {member: at for at, member in enumerate(_several(wanted))} if wanted is not None else {}
    members = _several(held) if held is not None else ()
    places = [position.get(member, -1) for member in members]
    return -1 not in places and all(first < second for first, second in itertools.pairwise(places))


@operator("uses_valid_codelist_terms")
def uses_valid_codelist_terms(frame: Frame, condition: Condition) -> Flags:
    """Tell which populated cells are submission values of the codelist in force that `value` names.

    With `extensible: true` also those that define.xml declares as extended values of the variable.
    """
    values = frame.codelist(str(condition.value))
    if condition.flag("extensible"):
        values |= frame.extended(frame.resolve(condition.name))
    return target(frame, condition).where(lambda value: value in values)


@operator("does_not_use_valid_codelist_terms")
def does_not_use_valid_codelist_terms(frame: Frame, condition: Condition) -> Flags:
    """Tell which populated cells are no submission values of the codelist in force that `value` names."""
    return ~uses_valid_codelist_terms(frame, condition) & ~target(frame, condition).null
