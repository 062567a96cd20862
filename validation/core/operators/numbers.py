"""Numbers and text lengths; a comparison with null is false."""

from __future__ import annotations

import operator as python_operator
from collections.abc import Callable
from typing import Any

import numpy as np

from validation.core.columns import Column, Flags, as_number
from validation.core.conditions import Condition, comparator, is_column, literal, negation, operator, target
from validation.core.frames import Frame
from validation.core.signals import wrong_type

Compare = Callable[[Any, Any], Any]


def _numbers(frame: Frame, condition: Condition) -> Any:
    if is_column(frame, condition) or condition.flag("value_is_reference"):
        return comparator(frame, condition).numbers
    value = literal(frame, condition)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise wrong_type(f"{condition}: {value!r} is neither a number nor a variable of the dataset")
    return float(value)


def _register(name: str, compare: Compare) -> None:
    def evaluate(frame: Frame, condition: Condition) -> Flags:
        left = target(frame, condition).numbers
        right = _numbers(frame, condition)
        if condition.flag("round_values"):
            left, right = np.round(left), np.round(right)
        return np.asarray(compare(left, right), dtype=bool)

    operator(name)(evaluate)


_register("less_than", python_operator.lt)
_register("less_than_or_equal_to", python_operator.le)
_register("greater_than", python_operator.gt)
_register("greater_than_or_equal_to", python_operator.ge)


def _lengths(column: Column) -> Any:
    table = [len(value) if isinstance(value, str) else np.nan for value in column.distinct]
    return np.append(np.array(table, dtype=np.float64), np.nan)[column.codes]


def _wanted_length(frame: Frame, condition: Condition) -> Any:
    if is_column(frame, condition) or condition.flag("value_is_reference"):
        column = comparator(frame, condition)
        return _lengths(column) if column.kind == "text" else column.numbers
    number = as_number(literal(frame, condition))
    if np.isnan(number):
        raise wrong_type(f"{condition}: the length to compare with is not a number")
    return number


def _register_length(name: str, compare: Compare) -> None:
    def evaluate(frame: Frame, condition: Condition) -> Flags:
        column = target(frame, condition)
        if column.kind == "number" and not column.null.all():
            raise wrong_type(f"{condition}: {condition.name} is numeric, its text length is not defined")
        lengths = column.kept("lengths", lambda: _lengths(column))
        return np.asarray(compare(lengths, _wanted_length(frame, condition)), dtype=bool)

    operator(name)(evaluate)


_register_length("longer_than", python_operator.gt)
_register_length("longer_than_or_equal_to", python_operator.ge)
negation("shorter_than", of="longer_than_or_equal_to")
negation("shorter_than_or_equal_to", of="longer_than")
