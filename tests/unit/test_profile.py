"""Profiles of datasets and their merging."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from spectrail.errors import UsageError
from spectrail.profile import CAP, ColumnProfile, decimals, digits_of, merge, profile, profile_column


def text(*values: str | float) -> pd.Series:
    """Return a text column named X."""
    return pd.Series(values, name="X", dtype="str")


def test_text_is_measured_in_bytes_of_utf8():
    """A Chinese character takes three bytes; missing values count as nulls."""
    found = profile_column(text("ab", "中文", np.nan, "ab"))
    assert found == ColumnProfile(
        name="X",
        kind="text",
        records=4,
        nulls=1,
        width=6,
        lowest="ab",
        highest="中文",
        values=("ab", "中文"),
        distinct=2,
    )


def test_numbers_have_digits_and_range():
    """Decimals are those of the shortest exact text, digits those of -103.5: neither sign nor point."""
    found = profile_column(pd.Series([1.25, -103.5, np.nan, 7.0], name="X"))
    assert (found.nulls, found.decimals, found.digits) == (1, 2, 4)
    assert (found.lowest, found.highest, found.values) == (-103.5, 7.0, (-103.5, 1.25, 7.0))


def test_digits_of_numbers():
    """A zero before the point is a digit; beyond 15 significant digits is noise; powers of ten begin a new digit."""
    numbers = np.array(
        [0, -0.25, 97.55, 999, 1000, -1000.5, 0.1 + 0.2, 9.299999999999999, 1e15, 1e-7, np.nan, np.inf]
    )
    assert digits_of(numbers).tolist() == [1, 3, 4, 3, 4, 5, 2, 2, 16, 8, 0, 0]


def test_dates_are_iso_text():
    """A numeric date is profiled as ISO 8601 text."""
    found = profile_column(
        pd.Series(pd.to_datetime(["2024-02-29", None, "2023-01-01T10:30:00"], format="ISO8601"), name="X")
    )
    assert (found.kind, found.nulls, found.values) == ("date", 1, ("2023-01-01T10:30:00", "2024-02-29"))


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (2.0, 0),
        (0.1, 1),
        (-0.25, 2),
        (123456.789, 3),
        (1e-7, 7),
        (1.5e-9, 10),
        (0.1 + 0.2, 1),
        (1e22, 0),
        (1 / 3, 15),
        (9.299999999999999, 1),
        (99.95, 2),
        (0.001, 3),
    ],
)
def test_decimals_are_exact(number: float, expected: int):
    """Digits after the point to 15 significant digits; what lies beyond is noise of the binary form."""
    assert decimals(np.array([number])) == expected


def test_decimals_of_many_numbers_are_those_of_the_longest():
    """The array gives what formatting every number to 15 digits gives."""
    numbers = np.random.default_rng(5).normal(100, 20, 20_000)
    longest = max(len(f"{one:.15g}".partition(".")[2]) for one in numbers)
    assert decimals(numbers) == longest


def test_merged_parts_are_the_whole():
    """Profiles of two parts merge to the profile of the whole, above the cap as well."""
    size = CAP + 500
    frame = pd.DataFrame(
        {
            "ID": pd.Series([f"S-{one}" for one in range(size)], dtype="str"),
            "N": np.arange(size) / 8,
            "C": pd.Series(["a", "b"] * (size // 2), dtype="str"),
            "EMPTY": pd.Series([np.nan] * size, dtype="str"),
        }
    )
    frame = pd.concat([frame, frame.tail(3)], ignore_index=True)
    whole = profile(frame)
    parts = merge([profile(frame.iloc[:4000]), profile(frame.iloc[4000:])])
    assert parts == whole
    assert (parts["ID"].distinct, parts["ID"].listed, parts["C"].values) == (size, False, ("a", "b"))


def test_parts_of_different_columns_are_refused():
    """Profiles of different datasets do not merge."""
    one, two = profile(pd.DataFrame({"A": text("x")})), profile(pd.DataFrame({"B": text("x")}))
    with pytest.raises(UsageError, match="same columns"):
        merge([one, two])


@pytest.mark.slow
def test_a_million_records_take_seconds():
    """10^6 records of 20 columns are profiled in time that a build can spend (limit with room for a busy machine)."""
    random, size = np.random.default_rng(1), 10**6
    columns: dict[str, pd.Series] = {}
    for place in range(12):
        codes = random.integers(0, 50, size)
        columns[f"T{place}"] = pd.Series(
            pd.Categorical.from_codes(codes, [f"VALUE {one}" for one in range(50)])
        ).astype("str")
    for place in range(7):
        columns[f"N{place}"] = pd.Series(np.round(random.normal(100, 10, size), 2))
    columns["SEQ"] = pd.Series(np.arange(size, dtype="float64"))
    frame = pd.DataFrame(columns)
    started = time.perf_counter()
    found = profile(frame)
    assert time.perf_counter() - started < 6
    assert (found.records, found["SEQ"].distinct) == (size, size)
