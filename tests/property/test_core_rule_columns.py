"""Grouped operators and joins of rules give what a plain loop over the records gives."""

from __future__ import annotations

from collections import Counter
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
from hypothesis import given, settings

import validation.core.operators  # noqa: F401 - registers the operators
from validation.core.columns import Column, align, combine_codes
from validation.core.conditions import OPERATORS, Condition
from validation.core.frames import values_frame
from validation.core.row_matching import matching_rows

CELL = st.sampled_from(["a", "b", "c", None])
NUMBER = st.sampled_from([1.0, 2.0, None])
ROWS = st.lists(st.tuples(CELL, CELL, NUMBER), max_size=12)
Row = tuple[str | None, str | None, float | None]


def flags(rows: list[Row], operator: str, value: Any, **options: Any) -> list[bool]:
    """Evaluate an operator on column A of rows (A, B, C)."""
    columns = {name: [row[at] for row in rows] for at, name in enumerate("ABC")}
    frame = values_frame(columns, dataset="AE")
    return OPERATORS[operator].evaluate(frame, Condition("A", operator, value, True, options)).tolist()


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_keys(rows: list[Row]) -> None:
    """A row is unique when no other has its key."""
    counts = Counter(rows)
    assert flags(rows, "is_unique_set", ["B", "C"]) == [counts[row] == 1 for row in rows]


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_relationships(rows: list[Row]) -> None:
    """A populated value is bad when it meets more than one value, null included."""
    right = {a: {b for x, b, _ in rows if x == a} for a, _, _ in rows}
    left = {b: {a for a, x, _ in rows if x == b} for _, b, _ in rows}
    expected = [(a is not None and len(right[a]) > 1) or (b is not None and len(left[b]) > 1) for a, b, _ in rows]
    assert flags(rows, "is_not_unique_relationship", "B") == expected


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_consistency(rows: list[Row]) -> None:
    """All rows of a group with more than one value."""
    expected = [len({a for a, x, y in rows if (x, y) == (b, c)}) > 1 for _, b, c in rows]
    assert flags(rows, "is_inconsistent_across_dataset", ["B", "C"]) == expected


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_equality(rows: list[Row]) -> None:
    """Null equals nothing; of two nulls none differs."""
    assert flags(rows, "equal_to", "B") == [a is not None and a == b for a, b, _ in rows]
    assert flags(rows, "not_equal_to", "B") == [a != b for a, b, _ in rows]
    assert flags(rows, "is_contained_by", "B") == [a is not None and a in {b for _, b, _ in rows} for a, _, _ in rows]


@settings(max_examples=60, deadline=None)
@given(ROWS, ROWS)
def test_joins(left: list[Row], right: list[Row]) -> None:
    """Every pair of rows with equal keys, in the order of the left side, then of the right."""

    def keys(rows: list[Row]) -> list[Column]:
        return [Column.of_values([row[0] for row in rows]), Column.of_values([row[2] for row in rows])]

    pairs = [
        (i, j)
        for i, one in enumerate(left)
        for j, other in enumerate(right)
        if (one[0], one[2]) == (other[0], other[2])
    ]
    first, second = matching_rows(keys(left), keys(right))
    assert list(zip(first.tolist(), second.tolist(), strict=True)) == pairs
    kept, partner = matching_rows(keys(left), keys(right), keep_left=True)
    lonely = [(i, -1) for i in range(len(left)) if i not in {i for i, _ in pairs}]
    assert sorted(zip(kept.tolist(), partner.tolist(), strict=True)) == sorted(pairs + lonely)
    assert kept.tolist() == sorted(kept.tolist())


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(CELL, NUMBER), max_size=12), st.lists(st.one_of(CELL, NUMBER), max_size=12))
def test_shared_codes(left: list[Any], right: list[Any]) -> None:
    """Two cells share a code exactly when they hold the same value; text never meets a number."""
    first, second, size = align(Column.of_values(left), Column.of_values(right))
    values = [*left, *right]
    codes = [*first.tolist(), *second.tolist()]
    assert all((code == -1) == (value is None) and code < size for code, value in zip(codes, values, strict=True))
    for one, x in zip(codes, values, strict=True):
        for other, y in zip(codes, values, strict=True):
            assert (one == other) == (x == y)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.text(alphabet="ab ", max_size=3), st.none()), max_size=12))
def test_a_series_and_its_values_make_the_same_column(cells: list[str | None]) -> None:
    """Empty text is null, blanks are not; taking rows keeps their values."""
    made = Column.of_series(pd.Series(cells, dtype="str"))
    plain = [cell or None for cell in cells]
    assert made.values() == plain
    assert made.null.tolist() == [cell is None for cell in plain]
    rows = np.arange(len(cells))[::-1]
    assert made.take(rows).values() == plain[::-1]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2**40), st.integers(0, 2**40)), min_size=1, max_size=12))
def test_group_codes_of_wide_ranges(pairs: list[tuple[int, int]]) -> None:
    """Codes agree exactly when the pairs do, whatever their size."""
    codes, count = combine_codes([np.array(side, dtype=np.int64) for side in zip(*pairs, strict=True)])
    assert count == len(set(pairs))
    assert len({(pair, code) for pair, code in zip(pairs, codes.tolist(), strict=True)}) == count
