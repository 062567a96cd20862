"""Presence and equality; null equals nothing, not even null, and text never equals a number."""

from __future__ import annotations

from typing import Any

import numpy as np

from validation.core.columns import Column, Flags, align, as_number, as_text
from validation.core.conditions import Condition, comparator, is_column, negation, operator, target
from validation.core.frames import Frame


@operator("exists", comparator=False)
def exists(frame: Frame, condition: Condition) -> Flags:
    """Tell whether the target is a column or is named in a list cell of a `$id` column; one answer for all rows."""
    return np.full(frame.size, _exists(frame, frame.resolve(condition.name)), dtype=bool)


def _exists(frame: Frame, name: str) -> bool:
    if frame.has(name):
        return True
    computed = [frame.column(known) for known in frame.names if known.startswith("$")]
    return any(name in members for column in computed if column.kind == "list" for members in column.occurring())


negation("not_exists", of="exists")


@operator("empty", comparator=False)
def empty(frame: Frame, condition: Condition) -> Flags:
    """Tell which cells are null or an empty list; zero and blanks are not."""
    column = target(frame, condition)
    if column.kind in ("list", "mixed"):
        return column.where(lambda value: value == (), null=True)
    return column.null


negation("non_empty", of="empty")


@operator("equal_to")
def equal_to(frame: Frame, condition: Condition) -> Flags:
    """Tell which cells are populated and equal their comparator."""
    same, left_null, right_null = compare(frame, condition)
    return same & ~left_null & ~right_null


@operator("not_equal_to")
def not_equal_to(frame: Frame, condition: Condition) -> Flags:
    """Tell which cells differ from their comparator: one of two null differs, two nulls do not."""
    same, left_null, right_null = compare(frame, condition)
    return (left_null ^ right_null) | (~same & ~left_null & ~right_null)


@operator("equal_to_case_insensitive")
def equal_to_case_insensitive(frame: Frame, condition: Condition) -> Flags:
    """Do as `equal_to` on lower-cased text; operands that are no text count as equal to each other."""
    same, left_null, right_null = _compare(_lowered(target(frame, condition)), _lowered(comparator(frame, condition)))
    return same & ~left_null & ~right_null


@operator("not_equal_to_case_insensitive")
def not_equal_to_case_insensitive(frame: Frame, condition: Condition) -> Flags:
    """Do as `not_equal_to` on lower-cased text; operands that are no text count as equal to each other."""
    same, left_null, right_null = _compare(_lowered(target(frame, condition)), _lowered(comparator(frame, condition)))
    return (left_null ^ right_null) | (~same & ~left_null & ~right_null)


def compare(frame: Frame, condition: Condition) -> tuple[Flags, Flags, Flags]:
    """Return which cells hold the same value as their comparator, which are null, which comparators are null."""
    left, right = target(frame, condition), comparator(frame, condition)
    if condition.flag("type_insensitive"):
        left, right = left.kept("canonical", lambda: left.mapped(canonical)), right.mapped(canonical)
    if condition.flag("round_values"):
        left, right = left.mapped(_rounded), right.mapped(_rounded)
    if not is_column(frame, condition) and not condition.flag("value_is_reference") and len(right.distinct) == 1:
        wanted = right.distinct[0]
        return equals_literal(left, wanted), left.null, right.null
    return _compare(left, right)


def _compare(left: Column, right: Column) -> tuple[Flags, Flags, Flags]:
    first, second, _ = align(left, right)
    return first == second, left.null, right.null


def equals_literal(column: Column, wanted: Any) -> Flags:
    """Tell which cells hold one value, types included."""
    if column.kind == "number":
        if isinstance(wanted, bool) or not isinstance(wanted, (int, float)):
            return np.zeros(column.size, dtype=bool)
        return column.numbers == wanted
    if column.kind == "text":
        at = column.places.get(wanted, -1) if isinstance(wanted, str) else -1
        return column.codes == at if at >= 0 else np.zeros(column.size, dtype=bool)
    return column.where(lambda value: _same(value, wanted))


def _same(value: Any, wanted: Any) -> bool:
    return isinstance(value, bool) == isinstance(wanted, bool) and bool(value == wanted)


def _lowered(column: Column) -> Column:
    return column.kept("lower", lambda: column.mapped(lambda value: value.lower() if isinstance(value, str) else 0))


def canonical(value: Any) -> str:
    """Return a value as text that ignores its type: numbers and number-like text in one form, other text trimmed."""
    number = as_number(value) if not isinstance(value, bool) else np.nan
    if not np.isnan(number):
        return as_text(float(number))
    return value.strip() if isinstance(value, str) else as_text(value)


def _rounded(value: Any) -> Any:
    number = as_number(value)
    return value if np.isnan(number) or np.isinf(number) else float(round(number))
