"""Functions of numbers and of dates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from spectrail.expressions.decimals import round_half_away, whole_where_near
from spectrail.expressions.functions import function
from spectrail.expressions.isodates import DAY, day_texts
from spectrail.expressions.values import Condition, Number, Text, Value, as_number, finite

Floats = npt.NDArray[np.float64]


def _digits_fit(arguments: Sequence[Any]) -> None:
    if len(arguments) > 1 and not -15 <= arguments[1] <= 15:
        raise ValueError("decimals go from -15 to 15")


@function("any", gives="number", example=("number(X)", {"X": ("1.50", " 2 ", "<3", None)}, (1.5, 2.0, None, None)))
def number(x: Value) -> Number:
    """Return text as a number; null where it is not one."""
    return Number(as_number(x).values)


@function(
    "number",
    "literal integer",
    gives="number",
    check=_digits_fit,
    example=("round(X, 2)", {"X": (2.675, -1.005, None)}, (2.68, -1.01, None)),
)
def round_(x: Number, digits: int = 0) -> Number:
    """Round to decimals, a half away from zero, judged on 15 significant digits."""
    return Number(round_half_away(x.values, digits))


@function("number", gives="number", example=("floor(X)", {"X": (2.9, -0.5)}, (2.0, -1.0)))
def floor(x: Number) -> Number:
    """Return the greatest whole number not above, judged on 15 significant digits."""
    return Number(np.floor(whole_where_near(x.values)) + 0.0)


@function("number", gives="number", example=("ceil(X)", {"X": (2.1, -0.5)}, (3.0, 0.0)))
def ceil(x: Number) -> Number:
    """Return the least whole number not below, judged on 15 significant digits."""
    return Number(np.ceil(whole_where_near(x.values)) + 0.0)


@function("number", gives="number", example=("abs(X)", {"X": (-2.5, 1.0, None)}, (2.5, 1.0, None)))
def abs_(x: Number) -> Number:
    """Return a number without its sign."""
    return Number(np.abs(x.values))


@function("number", gives="number", example=("log10(X)", {"X": (0.0001, 0.0, -1.0)}, (-4.0, None, None)))
def log10(x: Number) -> Number:
    """Return the decimal logarithm; null for zero and below."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return Number(finite(np.log10(x.values)))


@function("number", gives="number", example=("min(A, B)", {"A": (1.0, None), "B": (2.0, 3.0)}, (1.0, 3.0)))
def min_(*x: Number) -> Number:
    """Return the least of several numbers, leaving out nulls."""
    return Number(np.fmin.reduce(np.broadcast_arrays(*(one.values for one in x))))


@function("number", gives="number", example=("max(A, B)", {"A": (1.0, None), "B": (2.0, 3.0)}, (2.0, 3.0)))
def max_(*x: Number) -> Number:
    """Return the greatest of several numbers, leaving out nulls."""
    return Number(np.fmax.reduce(np.broadcast_arrays(*(one.values for one in x))))


DATES = ("2024-03-05T10:30", "2024-03", "UNK", None)


@function("text", gives="text", example=("date(X)", {"X": DATES}, ("2024-03-05", "2024-03", None, None)))
def date(x: Text) -> Text:
    """Return the date part of an ISO 8601 date or date-time, partial as it is; null for other text."""
    return x.map(lambda _: _where(x, pc.replace_substring_regex(x.trimmed, "T.*$", ""), x.dates.valid))


@function("text", gives="text", example=("time(X)", {"X": DATES}, ("10:30", None, None, None)))
def time(x: Text) -> Text:
    """Return the time part of an ISO 8601 date-time; null where there is none."""
    timed = pc.match_substring(x.trimmed, "T").to_numpy(zero_copy_only=False)
    return x.map(lambda _: _where(x, pc.replace_substring_regex(x.trimmed, "^.*T", ""), x.dates.valid & timed))


@function("text", gives="number", example=("year(X)", {"X": DATES}, (2024.0, 2024.0, None, None)))
def year(x: Text) -> Number:
    """Return the year of an ISO 8601 date; null where it is unknown."""
    return _part(x, x.dates.year)


@function("text", gives="number", example=("month(X)", {"X": DATES}, (3.0, 3.0, None, None)))
def month(x: Text) -> Number:
    """Return the month of an ISO 8601 date; null where it is unknown."""
    return _part(x, x.dates.month)


@function("text", gives="number", example=("day(X)", {"X": DATES}, (5.0, None, None, None)))
def day(x: Text) -> Number:
    """Return the day of the month of an ISO 8601 date; null where it is unknown."""
    return _part(x, x.dates.day)


@function("text", gives="condition", example=("is_partial(X)", {"X": DATES}, (False, True, False, False)))
def is_partial(x: Text) -> Condition:
    """Tell whether a value is an ISO 8601 date that is not known to the day."""
    return Condition(x.coded.lift(x.dates.valid & (x.dates.precision < DAY), null=False))


@function("text", gives="condition", example=("is_date(X)", {"X": DATES}, (True, False, False, False)))
def is_date(x: Text) -> Condition:
    """Tell whether a value is an ISO 8601 date that is known at least to the day."""
    return Condition(x.coded.lift(x.dates.valid & (x.dates.precision >= DAY), null=False))


@function("text", gives="text", example=("earliest(X)", {"X": DATES}, ("2024-03-05", "2024-03-01", None, None)))
def earliest(x: Text) -> Text:
    """Return the first day that an ISO 8601 date may mean; null where its year is unknown."""
    return x.map(lambda _: _days(x, x.dates.first_day))


@function("text", gives="text", example=("latest(X)", {"X": DATES}, ("2024-03-05", "2024-03-31", None, None)))
def latest(x: Text) -> Text:
    """Return the last day that an ISO 8601 date may mean; null where its year is unknown."""
    return x.map(lambda _: _days(x, x.dates.last_day))


@function(
    "text",
    "text",
    gives="number",
    example=(
        "days_between(A, B)",
        {"A": ("2024-02-28", "2024-03-02", "2024-02"), "B": ("2024-03-01T08:00", "2024-03-01", "2024-03-01")},
        (2.0, -1.0, None),
    ),
)
def days_between(start: Text, end: Text) -> Number:
    """Return the days from one date to another, 0 for the same day; null where one is not known to the day."""
    return Number(_day_numbers(end) - _day_numbers(start))


def _day_numbers(x: Text) -> Floats:
    known = x.dates.valid & (x.dates.precision >= DAY)
    return x.coded.lift(np.where(known, x.dates.first_day.astype(np.float64), np.nan), null=np.nan)


def _part(x: Text, values: npt.NDArray[np.int64]) -> Number:
    known = x.dates.valid & (values >= 0)
    return Number(x.coded.lift(np.where(known, values.astype(np.float64), np.nan), null=np.nan))


def _days(x: Text, days: npt.NDArray[np.int64]) -> pa.Array:
    known = x.dates.valid & (x.dates.year >= 0)
    return _where(x, day_texts(np.where(known, days, 0)), known)


def _where(x: Text, values: pa.Array, known: npt.NDArray[np.bool_]) -> pa.Array:
    return pc.if_else(pa.array(known), values, pa.scalar(None, pa.large_string()))
