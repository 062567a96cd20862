"""Vector primitives: groups, orders, runs, segments and lookups."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from spectrail import frames
from spectrail.errors import UsageError


def text(*values: str | None) -> pd.Series:
    """Make a text column."""
    return pd.Series(list(values), dtype="str")


def listed(values: pd.Series) -> list[str | None]:
    """Return texts with None for missing."""
    return [None if pd.isna(value) else value for value in values]


def test_group_codes_are_dense_in_order_of_appearance_and_missing_is_a_group() -> None:
    """Missing differs from every text."""
    codes, count = frames.group_codes([text("b", "a", "b", None, "a"), pd.Series([1.0, 1, 1, np.nan, 2])])
    assert (codes.tolist(), count) == ([0, 1, 0, 2, 3], 4)


def test_group_codes_of_many_wide_columns_do_not_overflow() -> None:
    """Packed codes are made dense before they leave 64 bits."""
    values = pd.Series(np.arange(3000) % 2999)
    codes, count = frames.group_codes([values] * 9)
    assert (count, codes[0], codes[2999], codes[1]) == (2999, 0, 0, 1)


def test_sorting_puts_missing_first_and_text_by_code_point_and_is_stable() -> None:
    """Upper case before lower case, Chinese after Latin."""
    order = frames.sort_positions([text("b", None, "B", "中", "b")])
    assert order.tolist() == [1, 2, 0, 4, 3]


def test_sorting_by_several_columns_takes_the_first_one_first() -> None:
    """Descending may be asked for per column."""
    columns = [text("a", "b", "a", "b"), pd.Series([2.0, 1.0, 1.0, np.nan])]
    assert frames.sort_positions(columns).tolist() == [2, 0, 3, 1]
    assert frames.sort_positions(columns, descending=[False, True]).tolist() == [0, 2, 1, 3]


def test_runs_are_numbered_from_one() -> None:
    """A value that comes back starts a new run."""
    codes = np.array([5, 5, 7, 5, 5, 5])
    assert frames.run_starts(codes).tolist() == [0, 2, 3]
    assert frames.run_ends(codes).tolist() == [2, 3, 6]
    assert frames.run_ends(codes[:0]).tolist() == []
    assert frames.number_in_runs(codes).tolist() == [1, 2, 1, 1, 2, 3]
    assert frames.number_in_runs(codes[:0]).tolist() == []


def test_pick_takes_first_or_last_member_by_order_with_ties_by_row() -> None:
    """Groups come in the order of their codes."""
    codes = np.array([1, 0, 1, 0, 1], dtype=np.int64)
    order = [pd.Series([3.0, 5.0, 1.0, 5.0, 3.0])]
    assert frames.pick(codes, order).tolist() == [1, 2]
    assert frames.pick(codes, order, take="last").tolist() == [3, 4]
    assert frames.pick(codes[:0]).tolist() == []
    assert frames.pick(codes[:0], take="last").tolist() == []


def test_complement_lists_the_other_positions() -> None:
    """Ascending; of nothing everything, of everything nothing."""
    assert frames.complement(np.array([3, 1, 1]), 5).tolist() == [0, 2, 4]
    assert frames.complement(np.array([], dtype=np.int64), 2).tolist() == [0, 1]
    assert frames.complement(np.array([0], dtype=np.int64), 1).tolist() == []


def test_segment_reduce_works_on_groups_in_any_order() -> None:
    """One value per group code."""
    codes = np.array([1, 0, 1, 0], dtype=np.int64)
    values = np.array([4.0, 1.0, 6.0, 3.0])
    assert frames.segment_reduce(values, codes, "sum").tolist() == [4.0, 10.0]
    assert frames.segment_reduce(values, codes, "max").tolist() == [3.0, 6.0]
    assert frames.segment_reduce(values[:0], codes[:0], "min").tolist() == []


def test_match_keys_finds_rows_and_counts_duplicates_and_never_matches_missing() -> None:
    """A part of the key that is missing matches nothing, on either side."""
    found = frames.match_keys([text("a", "b", None, "z")], [text("b", "a", "b", None)])
    assert found.rows.tolist() == [1, 0, -1, -1]
    assert found.counts.tolist() == [1, 2, 0, 0]
    last = frames.match_keys([text("b")], [text("b", "a", "b")], take="last")
    assert last.rows.tolist() == [2]


def test_numbers_match_their_text() -> None:
    """24.04 as number equals 24.04 as text, 3.0 equals 3."""
    found = frames.match_keys([pd.Series([24.04, 3.0, np.nan])], [text("3", "24.04")])
    assert found.rows.tolist() == [1, 0, -1]


def test_match_keys_works_on_empty_sides() -> None:
    """No rows, no matches."""
    assert frames.match_keys([text()], [text("a")]).rows.tolist() == []
    assert frames.match_keys([text("a")], [text()]).rows.tolist() == [-1]


def test_match_all_lists_every_pair() -> None:
    """Many to many, ordered by left and then right position."""
    left, right = frames.match_all([text("b", "a", None)], [text("a", "b", "b", None)])
    assert list(zip(left.tolist(), right.tolist(), strict=True)) == [(0, 1), (0, 2), (1, 0)]
    left, right = frames.match_all([text()], [text("a")])
    assert len(left) == len(right) == 0


def test_as_text_writes_numbers_in_their_shortest_form() -> None:
    """Whole numbers lose the point; nothing is written with an exponent."""
    assert listed(frames.as_text(pd.Series([3.0, 0.1, 1e-7, np.nan, -2.5, 1e15]))) == [
        "3",
        "0.1",
        "0.0000001",
        None,
        "-2.5",
        "1000000000000000",
    ]
    assert listed(frames.as_text(text("a", "", None))) == ["a", None, None]


def test_clean_text_trims_unicode_blanks_and_joins_lines() -> None:
    """A text of blanks only is missing."""
    values = text(" a ", "CRi\u3000", "two\r\nlines", "tab\tbed", "  ", None, "a  b")
    assert listed(frames.clean_text(values)) == ["a", "CRi", "two lines", "tab bed", None, None, "a  b"]


def test_groups_need_a_column() -> None:
    """A call without columns is wrong."""
    with pytest.raises(UsageError):
        frames.group_codes([])
