"""One truth table of comparisons: what null, blank, numbers, dates and text mean to each other.

`TRUTH` is the table, `compare` runs it and the reference page is generated from it.  A comparison is decided value by
value from the kinds of its two sides; it is true or false, never null.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from spectrail.expressions.decimals import compare_numbers
from spectrail.expressions.isodates import Dates, compare_dates
from spectrail.expressions.values import Number, Text

Bools = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.int64]


class ValueKind(IntEnum):
    """What one value is in a comparison."""

    NULL = 0
    NUMBER = 1
    NUMERIC = 2
    YEAR = 3
    DATE = 4
    TEXT = 5


KINDS: dict[ValueKind, str] = {
    ValueKind.NULL: "null, or blank text",
    ValueKind.NUMBER: "a number",
    ValueKind.NUMERIC: "text that is a number (`5`, `1.10`, `1E-4`)",
    ValueKind.YEAR: "text of four digits, a number and a year (`2024`)",
    ValueKind.DATE: "an ISO 8601 date with more than a year, complete or partial (`2024-03`, `2024-03-05T10:00`)",
    ValueKind.TEXT: "other text",
}

Method = Literal["never", "different", "numbers", "dates", "text"]
METHODS: dict[Method, str] = {
    "never": "false",
    "different": "`==` is false, `!=` is true",
    "numbers": "as numbers, after rounding both to 15 significant digits",
    "dates": "as dates where they decide: dates of one precision, day or finer, as points; otherwise as the "
    "intervals that they may mean, and false where these overlap; the same text is equal to itself",
    "text": "as text, exactly; order is that of code points",
}


@dataclass(frozen=True)
class Rule:
    """How values of two kinds are compared, on either side: `==`, `!=` by `equality`, `<` and the like by `order`."""

    left: ValueKind
    right: ValueKind
    equality: Method
    order: Method


_N, _D, _Y = ValueKind.NUMERIC, ValueKind.DATE, ValueKind.YEAR
TRUTH: tuple[Rule, ...] = (
    *(Rule(ValueKind.NULL, kind, "never", "never") for kind in ValueKind),
    Rule(ValueKind.NUMBER, ValueKind.NUMBER, "numbers", "numbers"),
    Rule(ValueKind.NUMBER, _N, "numbers", "numbers"),
    Rule(ValueKind.NUMBER, _Y, "numbers", "numbers"),
    Rule(ValueKind.NUMBER, _D, "different", "never"),
    Rule(ValueKind.NUMBER, ValueKind.TEXT, "different", "never"),
    Rule(_N, _N, "text", "numbers"),
    Rule(_N, _Y, "text", "numbers"),
    Rule(_N, _D, "text", "never"),
    Rule(_N, ValueKind.TEXT, "text", "never"),
    Rule(_Y, _Y, "text", "numbers"),
    Rule(_Y, _D, "dates", "dates"),
    Rule(_Y, ValueKind.TEXT, "text", "never"),
    Rule(_D, _D, "dates", "dates"),
    Rule(_D, ValueKind.TEXT, "text", "never"),
    Rule(ValueKind.TEXT, ValueKind.TEXT, "text", "text"),
)
"""Every pair of kinds once."""

_METHOD_NAMES: tuple[Method, ...] = ("never", "different", "numbers", "dates", "text")


def _matrix(which: Literal["equality", "order"]) -> npt.NDArray[np.int8]:
    matrix = np.zeros((len(ValueKind), len(ValueKind)), dtype=np.int8)
    for rule in TRUTH:
        method = _METHOD_NAMES.index(getattr(rule, which))
        matrix[rule.left, rule.right] = matrix[rule.right, rule.left] = method
    return matrix


_EQUALITY, _ORDER = _matrix("equality"), _matrix("order")

TEXT_COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "==": pc.equal,
    "!=": pc.not_equal,
    "<": pc.less,
    "<=": pc.less_equal,
    ">": pc.greater,
    ">=": pc.greater_equal,
}


@dataclass(frozen=True)
class _Side:
    """Values of one side, aligned with those of the other."""

    kinds: npt.NDArray[np.int8]
    numbers: npt.NDArray[np.float64]
    texts: pa.LargeStringArray
    dates: Dates

    def take(self, rows: Positions) -> _Side:
        return _Side(self.kinds[rows], self.numbers[rows], self.texts.take(pa.array(rows)), self.dates.take(rows))


def compare(operator: str, left: Text | Number, right: Text | Number) -> Bools:
    """Compare two values row by row by the truth table; work is done once per distinct value or pair of texts."""
    if isinstance(left, Number) and isinstance(right, Number):
        return compare_numbers(operator, left.values, right.values)
    if isinstance(left, Number) and isinstance(right, Text):
        return compare(MIRRORED[operator], right, left)
    assert isinstance(left, Text)
    if isinstance(right, Text) and left.instants is not None and right.instants is not None:
        return _points(operator, left.instants, right.instants)
    if isinstance(right, Number):
        return _text_with_number(operator, left, right)
    if len(right) == 1:
        return _text_with_one(operator, left, right)
    if len(left) == 1:
        return _text_with_one(MIRRORED[operator], right, left)
    return _text_with_text(operator, left, right)


MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


_POINTS = {"==": np.equal, "!=": np.not_equal, "<": np.less, "<=": np.less_equal, ">": np.greater}
_POINTS[">="] = np.greater_equal


def _points(operator: str, left: Any, right: Any) -> Bools:
    """Compare numeric dates and datetimes as points in time; a null makes it false."""
    return np.asarray(_POINTS[operator](left, right) & ~np.isnat(left) & ~np.isnat(right))


def _text_with_number(operator: str, left: Text, right: Number) -> Bools:
    numbers = left.numbers
    if len(right) == 1:
        decided = compare_numbers(operator, numbers, right.values)
        if operator == "!=":
            decided = decided | (np.isnan(numbers) & ~left.blank & ~np.isnan(right.values[0]))
        return left.coded.lift(decided, null=False)
    rows = left.coded.lift(numbers, null=np.nan)
    decided = compare_numbers(operator, rows, right.values)
    if operator == "!=":
        other_text = left.coded.lift(np.isnan(numbers) & ~left.blank, null=False)
        decided = decided | (other_text & ~np.isnan(right.values))
    return decided


def _text_with_one(operator: str, left: Text, right: Text) -> Bools:
    if right.codes[0] < 0 or right.blank[right.codes[0]]:
        return np.zeros(len(left), dtype=bool)
    one = _side(right).take(right.codes.astype(np.int64))
    if operator in ("==", "!=") and one.kinds[0] in (ValueKind.TEXT, ValueKind.NUMERIC):
        # equality with such a text is that of texts for every kind: nothing has to be parsed
        equal = TEXT_COMPARISONS[operator](left.values, one.texts[0]).to_numpy(zero_copy_only=False)
        return left.coded.lift(equal & ~left.blank, null=False)
    decided = _decide(operator, _side(left), one.take(np.zeros(len(left.values), dtype=np.int64)))
    return left.coded.lift(decided, null=False)


def _text_with_text(operator: str, left: Text, right: Text) -> Bools:
    known = (left.codes >= 0) & (right.codes >= 0)
    width = max(len(right.values), 1)
    pairs = np.where(known, left.codes.astype(np.int64) * width + right.codes, -1)
    codes, distinct = pd.factorize(pairs)
    real = np.flatnonzero(distinct >= 0)
    decided = np.zeros(len(distinct), dtype=bool)
    if len(real):
        first = _side(left).take(distinct[real] // width)
        second = _side(right).take(distinct[real] % width)
        decided[real] = _decide(operator, first, second)
    return decided[codes]


def _side(text: Text) -> _Side:
    return _Side(kinds_of(text), text.numbers, text.values, text.dates)


def kinds_of(text: Text) -> npt.NDArray[np.int8]:
    """Return the kind of each value of a dictionary."""
    kinds = np.full(len(text.values), ValueKind.TEXT, dtype=np.int8)
    numeric = ~np.isnan(text.numbers)
    kinds[text.dates.valid] = ValueKind.DATE
    kinds[numeric] = ValueKind.NUMERIC
    kinds[numeric & text.dates.valid] = ValueKind.YEAR
    kinds[text.blank] = ValueKind.NULL
    return kinds


def _decide(operator: str, left: _Side, right: _Side) -> Bools:
    matrix = _EQUALITY if operator in ("==", "!=") else _ORDER
    methods = matrix[left.kinds, right.kinds]
    result = np.zeros(len(methods), dtype=bool)
    for number in np.unique(methods):
        rows = np.flatnonzero(methods == number)
        method = _METHOD_NAMES[number]
        if method == "different":
            result[rows] = operator == "!="
        elif method != "never":
            result[rows] = _COMPARE[method](operator, left.take(rows), right.take(rows))
    return result


def _compare_as_dates(operator: str, left: _Side, right: _Side) -> Bools:
    decided = compare_dates(operator, left.dates, right.dates)
    if operator == "==":
        return decided | TEXT_COMPARISONS["=="](left.texts, right.texts).to_numpy(zero_copy_only=False)
    return decided


_COMPARE: dict[str, Callable[[str, _Side, _Side], Bools]] = {
    "numbers": lambda operator, left, right: compare_numbers(operator, left.numbers, right.numbers),
    "dates": _compare_as_dates,
    "text": lambda operator, left, right: TEXT_COMPARISONS[operator](left.texts, right.texts).to_numpy(
        zero_copy_only=False
    ),
}
