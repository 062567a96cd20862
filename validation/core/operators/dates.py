"""Dates and durations in ISO 8601 text; a side that is no valid date makes every comparison false."""

from __future__ import annotations

import operator as python_operator
from collections.abc import Callable
from typing import Any

import numpy as np

from validation.core.columns import Flags
from validation.core.conditions import Condition, comparator, negation, operator, target
from validation.core.dates import COMPONENTS, DatePair, complete_of, is_duration, pair_dates, valid_of
from validation.core.frames import Frame
from validation.core.signals import wrong_type


@operator("is_complete_date", comparator=False)
def is_complete_date(frame: Frame, condition: Condition) -> Flags:
    """Tell which cells are an ISO 8601 date with at least a day."""
    column = target(frame, condition)
    return column.spread(complete_of(column))


negation("is_incomplete_date", of="is_complete_date")


@operator("invalid_date", comparator=False)
def invalid_date(frame: Frame, condition: Condition) -> Flags:
    """Tell which cells are no date of SDTM (unknown parts as `-`, intervals); null is invalid."""
    column = target(frame, condition)
    return column.spread(~valid_of(column), null=True)


@operator("invalid_duration", comparator=False)
def invalid_duration(frame: Frame, condition: Condition) -> Flags:
    """Tell which cells are no ISO 8601 duration; `negative: false` also refuses a leading minus; null is invalid."""
    negative = condition.options.get("negative", True) is not False
    return target(frame, condition).where(lambda value: not is_duration(value, negative=negative), null=True)


def _sides(pair: DatePair, condition: Condition, frame: Frame, *, ordered: bool) -> tuple[Any, Any, Flags]:
    """Return what to compare on both sides, and which rows of unequal precision cannot be equal."""
    part = str(condition.options.get("date_component") or "")
    nothing = np.zeros(frame.size, dtype=bool)
    if part and part != "auto":
        if part not in COMPONENTS:
            raise wrong_type(f"{condition}: unknown date component {part!r}, known are {', '.join(COMPONENTS)}")
        return *pair.component(part), nothing
    if part == "auto":
        return *pair.truncated(), nothing
    if frame.choices.dates == "pad":
        return *pair.moments(), nothing
    first, second = pair.precisions()
    return (*pair.truncated(), nothing) if ordered else (*pair.moments(), first != second)


def _register(name: str, compare: Callable[[Any, Any], Any], *, ordered: bool) -> None:
    def evaluate(frame: Frame, condition: Condition) -> Flags:
        pair = pair_dates(target(frame, condition), comparator(frame, condition))
        left, right, unequal = _sides(pair, condition, frame, ordered=ordered)
        answer = np.asarray(compare(left, right), dtype=bool)
        if name == "date_equal_to":
            answer &= ~unequal
        elif name == "date_not_equal_to":
            answer |= unequal
        return answer & pair.comparable

    operator(name)(evaluate)


_register("date_equal_to", python_operator.eq, ordered=False)
_register("date_not_equal_to", python_operator.ne, ordered=False)
_register("date_less_than", python_operator.lt, ordered=True)
_register("date_less_than_or_equal_to", python_operator.le, ordered=True)
_register("date_greater_than", python_operator.gt, ordered=True)
_register("date_greater_than_or_equal_to", python_operator.ge, ordered=True)
