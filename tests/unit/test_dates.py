"""Partial ISO 8601 dates: parts, bounds, comparison, study days."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from spectrail import dates


def text(*values: str | None) -> pd.Series:
    """Make a text column."""
    return pd.Series(list(values), dtype="str")


@pytest.mark.parametrize(
    ("value", "valid"),
    [
        ("2003", True),
        ("2003-12", True),
        ("2003-12-15", True),
        ("2003-12-15T13", True),
        ("2003-12-15T13:14", True),
        ("2003-12-15T13:14:17", True),
        ("2003-12-15T13:14:17.123", True),
        ("2003-12-15T13:14:17Z", True),
        ("2003-12-15T13:14+08:00", True),
        ("2003---15", True),
        ("--12-15", True),
        ("-----T07:15", True),
        ("2003-12-15T-:15", True),
        ("2003-12-15T13:-:17", True),
        ("2020-02-29", True),
        ("2020-02-60", False),
        ("2021-02-29", False),
        ("1900-02-29", False),
        ("2000-02-29", True),
        ("--02-29", True),
        ("2003-13", False),
        ("2003-00-10", False),
        ("0000-01-01", False),
        ("2003-12-15T24:00", False),
        ("2003-12-15T13:60", False),
        ("2003-12-", False),
        ("2003-1-5", False),
        ("2003/12/15", False),
        ("20031215", False),
        ("2003年", False),
        ("２００３", False),
        ("", False),
        (None, False),
        ("2003-12-15T", False),
        ("-", False),
    ],
)
def test_a_text_is_valid_when_it_names_an_existing_complete_or_partial_date(value: str | None, valid: bool) -> None:
    """Impossible days and other notations are not valid."""
    assert dates.is_valid(text(value)).tolist() == [valid]


def test_parts_keep_what_is_known_and_mark_what_is_not() -> None:
    """Gaps are -1, an offset is minutes, a fraction microseconds."""
    found = dates.parts(text("2003---15", "2003-12-15T13:14:17.5-05:30", None))
    assert found.year.tolist() == [2003, 2003, -1]
    assert found.month.tolist() == [-1, 12, -1]
    assert found.day.tolist() == [15, 15, -1]
    assert found.hour.tolist() == [-1, 13, -1]
    assert found.micro.tolist() == [0, 500_000, 0]
    assert found.offset.tolist() == [dates.NO_OFFSET, -330, dates.NO_OFFSET]


def test_precision_stops_at_the_first_gap() -> None:
    """A known day after an unknown month does not count."""
    values = text(
        "2003", "2003-12", "2003---15", "2003-12-15", "2003-12-15T13", "2003-12-15T13:14:17", "--12-15", None
    )
    assert dates.precision(values).tolist() == [1, 2, 1, 3, 4, 6, 0, 0]


def test_bounds_span_all_days_a_partial_date_may_mean() -> None:
    """Months end on their own last day, leap years included."""
    low, high = dates.bounds(text("2020-02", "2021-02", "2003", "2003---15", "2003-12-15T13:14:17", "--12-15", None))
    assert low.astype("str").tolist() == [
        "2020-02-01T00:00:00.000000",
        "2021-02-01T00:00:00.000000",
        "2003-01-01T00:00:00.000000",
        "2003-01-15T00:00:00.000000",
        "2003-12-15T13:14:17.000000",
        "NaT",
        "NaT",
    ]
    assert high.astype("datetime64[s]").astype("str").tolist() == [
        "2020-02-29T23:59:59",
        "2021-02-28T23:59:59",
        "2003-12-31T23:59:59",
        "2003-12-15T23:59:59",
        "2003-12-15T13:14:17",
        "NaT",
        "NaT",
    ]


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("2020-03", "2020-04-02", dates.BEFORE),
        ("2020-03", "2020-03-15", dates.SAME),
        ("2020-05", "2020-04-02", dates.AFTER),
        ("2020-03-15", "2020-03-15T10:00", dates.SAME),
        ("2020-03-15T09:59", "2020-03-15T10:00", dates.BEFORE),
        ("2020-03-15T10:00", "2020-03-15T10:00", dates.SAME),
        ("2020-03-15T10:00", "2020-03-15T10:00:30", dates.SAME),
        ("2020-03-15T10:00:31", "2020-03-15T10:00:30", dates.AFTER),
        ("2020-03-15T10:00+08:00", "2020-03-15T03:00Z", dates.BEFORE),
        ("2020-03-15T10:00+08:00", "2020-03-15T03:00", dates.AFTER),
        ("--03-15", "2020-03-15", dates.UNKNOWN),
        (None, "2020-03-15", dates.UNKNOWN),
        ("2020-02-30", "2020-03-15", dates.UNKNOWN),
    ],
)
def test_dates_compare_as_far_as_both_are_known(left: str | None, right: str, expected: int) -> None:
    """Overlapping dates are the same as far as known; offsets count only on both sides."""
    assert dates.compare(text(left), text(right)).tolist() == [expected]


def test_with_whole_days_only_dates_known_to_the_day_can_be_the_same() -> None:
    """A month that contains the other date leaves it open."""
    left = text("2020-03", "2020-03-15", "2020-03-15T10:00", "2020-02")
    right = text("2020-03-15", "2020-03-15T10:00", "2020-03-15", "2020-03-15")
    expected = [dates.UNKNOWN, dates.SAME, dates.SAME, dates.BEFORE]
    assert dates.compare(left, right, whole_days=True).tolist() == expected


def test_study_days_have_no_day_zero_and_need_complete_dates() -> None:
    """The reference is day 1 and the day before it day -1; times do not matter."""
    values = text("2020-03-01", "2020-02-29", "2020-03-02T00:01", "2020-03", None, "2020-03-01T23:59", "-----T07:15")
    reference = text(*["2020-03-01T08:00"] * 7)
    expected = [1.0, -1.0, 2.0, np.nan, np.nan, 1.0, np.nan]
    np.testing.assert_array_equal(dates.study_days(values, reference), expected)


def test_empty_columns_give_empty_results() -> None:
    """Nothing fails on zero rows."""
    empty = text()
    assert len(dates.study_days(empty, empty)) == 0
    assert len(dates.compare(empty, empty)) == 0
    assert len(dates.precision(empty)) == 0
    assert len(dates.date_part(empty)) == 0


def test_a_column_without_values_may_have_any_dtype() -> None:
    """All missing as float64 is all missing."""
    nothing = pd.Series([np.nan, np.nan])
    assert np.isnan(dates.study_days(nothing, text("2020-01-01", None))).all()
    assert dates.compare(nothing, text("2020-01-01", None)).tolist() == [dates.UNKNOWN] * 2
    assert dates.date_part(nothing).isna().all()


def test_iso_text_cuts_instants_to_a_level() -> None:
    """NaT is missing."""
    instants = pd.Series(np.array(["2020-03-05T10:07:09", "NaT"], dtype="datetime64[us]"))
    assert dates.iso_text(instants)[0] == "2020-03-05"
    assert dates.iso_text(instants, level=dates.MINUTE)[0] == "2020-03-05T10:07"
    assert dates.iso_text(instants).isna().tolist() == [False, True]


def test_date_part_drops_the_time_only() -> None:
    """A text without any known part of a date has no date part."""
    found = dates.date_part(text("2020-03-05T10:07", "2020---05T10", "-----T07:15", "2020"))
    assert found.fillna("missing").tolist() == ["2020-03-05", "2020---05", "missing", "2020"]
