"""Uniqueness, one-to-one relationships and consistency within groups; null is a value like any other in a key."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from validation.core.columns import Column, Flags, combine_codes
from validation.core.conditions import Condition, column_names, negation, operator, target
from validation.core.frames import Frame
from validation.core.patterns import extracted, matches
from validation.core.signals import ColumnAbsent, wrong_type


def reduced(column: Column, pattern: str | None) -> Column:
    """Replace text by its match of a pattern, if the column's first value matches; else return the column."""
    if not pattern or column.null.all():
        return column
    first: Any = column.distinct[column.codes[int(np.argmax(~column.null))]]
    if not isinstance(first, str) or not matches(pattern, [first], at_start=True)[0]:
        return column
    return column.kept(
        ("reduced", pattern),
        lambda: column.mapped(lambda text: (extracted(pattern, text) or text) if isinstance(text, str) else text),
    )


def key_groups(frame: Frame, names: list[str], pattern: str | None) -> tuple[npt.NDArray[np.int64], int]:
    """Return group codes of the rows by a key, texts reduced to a pattern's match where one is given."""
    if not pattern:
        return frame.groups(names)
    return frame.kept(
        ("reduced groups", tuple(names), pattern),
        lambda: combine_codes([reduced(frame.column(name), pattern).group_codes for name in names]),
    )


@operator("is_unique_set")
def is_unique_set(frame: Frame, condition: Condition) -> Flags:
    """Tell which rows have a key (target and comparator columns that exist) of their own."""
    first = frame.resolve(condition.name)
    frame.column(first)
    names = column_names(frame, [first, *_listed(condition.value)])
    known = sorted({name for name in names if frame.has(name)})
    pattern = condition.options.get("regex")
    codes, size = key_groups(frame, known, str(pattern) if pattern else None)
    return (np.bincount(codes, minlength=size) == 1)[codes]


negation("is_not_unique_set", of="is_unique_set")


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


@operator("is_not_unique_relationship")
def is_not_unique_relationship(frame: Frame, condition: Condition) -> Flags:
    """Flag rows whose target or comparator value is populated and meets two values, or a value and null, opposite."""
    left = frame.column(frame.resolve(condition.name)).group_codes
    left_null = frame.column(frame.resolve(condition.name)).null
    names = column_names(frame, condition.value)
    for name in names:
        frame.column(name)
    right, _ = frame.groups(names)
    right_null = frame.column(names[0]).null if len(names) == 1 else np.zeros(frame.size, dtype=bool)
    pairs, count = combine_codes([left, right])
    first = _first_rows(pairs, count)
    bad_left = np.bincount(left[first], minlength=int(left.max(initial=0)) + 1) > 1
    bad_right = np.bincount(right[first], minlength=int(right.max(initial=0)) + 1) > 1
    return (bad_left[left] & ~left_null) | (bad_right[right] & ~right_null)


negation("is_unique_relationship", of="is_not_unique_relationship")


def _first_rows(codes: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.int64]:
    first = np.empty(count, dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    return first


@operator("is_inconsistent_across_dataset")
def is_inconsistent_across_dataset(frame: Frame, condition: Condition) -> Flags:
    """Flag all rows of a group (comparator columns that exist) in which the target has more than one value.

    With `Choices.inconsistent` = `minority`, only rows off the group's commonest value are flagged.
    """
    values = target(frame, condition).group_codes
    names = [name for name in column_names(frame, condition.value) if frame.has(name)]
    if not names:
        raise ColumnAbsent(str(condition.value))
    groups, size = frame.groups(names)
    pairs, count = combine_codes([groups, values])
    first = _first_rows(pairs, count)
    inconsistent = np.bincount(groups[first], minlength=size) > 1
    if frame.choices.inconsistent == "every":
        return inconsistent[groups]
    return inconsistent[groups] & ~_commonest(groups, size, pairs, first)[pairs]


def _commonest(
    groups: npt.NDArray[np.int64], size: int, pairs: npt.NDArray[np.int64], first: npt.NDArray[np.int64]
) -> Flags:
    counts = np.bincount(pairs, minlength=len(first))
    order = np.lexsort((np.arange(len(first)), -counts, groups[first]))
    leader = np.ones(len(order), dtype=bool)
    leader[1:] = groups[first][order][1:] != groups[first][order][:-1]
    best = np.zeros(len(first), dtype=bool)
    best[order[leader]] = True
    return best


def _repeated(frame: Frame, condition: Condition) -> tuple[Flags, Flags]:
    column = target(frame, condition)
    names = column_names(frame, condition.options["within"])
    within = [frame.column(name) for name in names]
    codes, size = frame.groups([*names, frame.resolve(condition.name)])
    at_most = 1
    if condition.has_value and condition.value is not None:
        if isinstance(condition.value, bool) or not isinstance(condition.value, int):
            raise wrong_type(f"{condition}: the number of rows has to be a whole number")
        at_most = condition.value
    complete = ~column.null
    for part in within:
        complete &= ~part.null
    return (np.bincount(codes, minlength=size) > at_most)[codes], complete


@operator("present_on_multiple_rows_within", needs=("within",), comparator=False)
def present_on_multiple_rows_within(frame: Frame, condition: Condition) -> Flags:
    """Flag rows whose value occurs more than `value` (1) times within the group; rows with a null key are exempt."""
    repeated, complete = _repeated(frame, condition)
    return repeated & complete


@operator("not_present_on_multiple_rows_within", needs=("within",), comparator=False)
def not_present_on_multiple_rows_within(frame: Frame, condition: Condition) -> Flags:
    """Flag rows whose value occurs at most `value` (1) times within the group; rows with a null key are exempt."""
    repeated, complete = _repeated(frame, condition)
    return ~repeated & complete
