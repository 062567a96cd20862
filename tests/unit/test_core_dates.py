"""Dates and durations of rules: validity, completeness, comparison of partial dates."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

import validation.core.operators  # noqa: F401 - registers the operators
from validation.core.columns import Column
from validation.core.conditions import OPERATORS, Condition
from validation.core.dates import (
    complete_of,
    dates_of,
    days_of,
    is_complete,
    is_duration,
    is_valid,
    parse_start,
    valid_of,
)
from validation.core.frames import Choices, values_frame


def flags(
    left: list[Any], operator: str, right: list[Any], *, choices: Choices | None = None, **options: Any
) -> list[bool]:
    """Compare two columns of dates."""
    frame = values_frame({"X": left, "Y": right}, dataset="AE", choices=choices)
    return OPERATORS[operator].evaluate(frame, Condition("X", operator, "Y", True, options)).tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("２023-02-28", False),
        ("2023-02-28", True),
        ("2023-02-30", False),
        ("2024-02-29", True),
        ("2003-20", False),
        ("200", False),
        ("2003", True),
        ("2003-12", True),
        ("2003---15", True),
        ("--12-15", True),
        ("-----T07:15", True),
        ("2003-12-15T-:15", True),
        ("2003-12-15T13:14:17", True),
        ("2003-12-15T13:14:17.123", True),
        ("2003-12-15T13:14+02:00", True),
        ("2003-12-15T25:00", False),
        ("2003-12-15/2003-12-16", True),
        ("2003-12-15/P1D", True),
        ("2003-12-15/x", False),
        ("15DEC2003", False),
        ("20031215", False),
        (" ", False),
        (None, False),
        (2003.0, False),
    ],
)
def test_valid_dates(text: Any, expected: bool) -> None:
    """SDTM pattern, and the calendar unless parts are unknown (SDTMIG 3.4 section 4.4)."""
    assert is_valid(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020-01-02", True),
        ("2020-01-02T10", True),
        ("2020-01-02T10:11:12Z", True),
        ("20200102", True),
        ("2020-01", False),
        ("2020---02", False),
        ("2020-01-02T-:15", False),
        ("2020-02-30", False),
        ("2020-01-02/2020-01-03", False),
        (None, False),
        (20200102.0, False),
    ],
)
def test_complete_dates(text: Any, expected: bool) -> None:
    """A date alone is complete, a partial date is not."""
    assert is_complete(text) is expected


@pytest.mark.parametrize(
    ("text", "negative", "expected"),
    [
        ("P1Y2M3DT4H5M6S", True, True),
        ("PT0.5H", True, True),
        ("P0.5DT1H", True, False),
        ("P2W", True, True),
        ("P1Y2W", True, False),
        ("P", True, False),
        ("PT", True, False),
        ("P1DT", True, False),
        ("-P1D", True, True),
        ("-P1D", False, False),
        ("1D", True, False),
        ("", True, False),
        (None, True, False),
    ],
)
def test_durations(text: Any, negative: bool, expected: bool) -> None:
    """A decimal only in the last part, weeks alone, something after T."""
    assert is_duration(text, negative=negative) is expected


@pytest.mark.parametrize(
    ("left", "right", "less", "equal", "greater"),
    [
        ("2018-11-06", "2018-11-06T12:00", True, False, False),
        ("2018-04", "2018-04-17", True, False, False),
        ("2018-04", "2018-04-01", False, True, False),
        ("2018", "2017-12-31", False, False, True),
        ("2018-04-01T01:00+02:00", "2018-03-31T23:00", False, True, False),
        ("2018-04-01/2018-05-01", "2018-04-01", False, True, False),
        ("2018-04-01T24:00", "2018-04-02", False, True, False),
        ("2018-02-30", "2018-04-01", False, False, False),
        ("--12-15", "2018-12-15", False, False, False),
        (None, "2018", False, False, False),
        (2018.0, "2018", False, False, False),
    ],
)
def test_padded_comparison(left: Any, right: Any, less: bool, equal: bool, greater: bool) -> None:
    """Missing parts are padded; an invalid side makes every comparison false, not_equal included."""
    found = {name: flags([left], f"date_{name}", [right])[0] for name in ("less_than", "equal_to", "greater_than")}
    assert found == {"less_than": less, "equal_to": equal, "greater_than": greater}
    comparable = less or equal or greater
    assert flags([left], "date_not_equal_to", [right]) == [comparable and not equal]
    assert flags([left], "date_less_than_or_equal_to", [right]) == [less or equal]
    assert flags([left], "date_greater_than_or_equal_to", [right]) == [greater or equal]


def test_truncated_comparison_by_choice() -> None:
    """Both sides cut to the coarser precision; unequal precision is different."""
    choice = Choices(dates="truncate")
    assert flags(["2018-04"], "date_less_than", ["2018-04-17"], choices=choice) == [False]
    assert flags(["2018-04"], "date_less_than_or_equal_to", ["2018-04-17"], choices=choice) == [True]
    assert flags(["2018-04"], "date_equal_to", ["2018-04-01"], choices=choice) == [False]
    assert flags(["2018-04"], "date_not_equal_to", ["2018-04-01"], choices=choice) == [True]


def test_one_component_and_automatic_precision() -> None:
    """`day` compares the day of the month alone, `auto` truncates."""
    assert flags(["2018-04-17"], "date_equal_to", ["2020-11-17"], date_component="day") == [True]
    assert flags(["2018-04"], "date_equal_to", ["2018-04-17"], date_component="auto") == [True]


def test_validity_operators_flag_null() -> None:
    """Null is incomplete, no date and no duration."""
    frame = values_frame({"X": ["2020-01-01", None]}, dataset="AE")
    for name, expected in (
        ("is_complete_date", [True, False]),
        ("is_incomplete_date", [False, True]),
        ("invalid_date", [False, True]),
        ("invalid_duration", [True, True]),
    ):
        assert OPERATORS[name].evaluate(frame, Condition("X", name)).tolist() == expected


def test_plain_dates_read_at_once_agree_with_the_parser() -> None:
    """Every form gives what the parser of single values gives."""
    texts = [
        "2020-02-29", "2019-02-29", "2020-13-01", "2020-00-10", "2020-04-31", "0000-01-01", "2020-12-31T23:59",
        "2020-12-31T24:00", "2020-12-31T23:60", "2020-12-31T23:59:59", "2020-12-31T23:59:60", "2020-12-31 23:59:59",
        "２020-01-01", "20a0-01-01", "2020-01-01T1", "2020--01-02", "2020-01/020", "1969-12-31T00:00:01",
        "9999-12-31",
    ]  # fmt: skip
    column = Column.of_values([*texts, 5.0, None])
    found = dates_of(column)
    parsed = [parse_start(text) for text in texts] + [None]
    assert found.valid.tolist() == [one is not None for one in parsed]
    assert found.precision.tolist() == [one[1] if one else 0 for one in parsed]
    epoch = datetime(1970, 1, 1)
    assert found.moment.tolist() == [(one[0] - epoch) // timedelta(microseconds=1) if one else 0 for one in parsed]
    assert complete_of(column).tolist() == [is_complete(value) for value in [*texts, 5.0]]
    assert valid_of(column).tolist() == [is_valid(value) for value in [*texts, 5.0]]
    days = days_of(column)
    assert days[:2].tolist()[0] == 18321.0
    assert np.isnan(days[1])
    assert days[17] == -1.0
