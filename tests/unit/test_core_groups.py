"""Operators over groups of rows: uniqueness, relationships, consistency, order."""

from __future__ import annotations

from typing import Any

import pytest

import validation.core.operators  # noqa: F401 - registers the operators
from validation.core.conditions import OPERATORS, Condition
from validation.core.frames import Choices, values_frame

N = None


def flags(
    columns: dict[str, list[Any]],
    name: str,
    operator: str,
    value: Any = N,
    *,
    choices: Choices | None = None,
    **options: Any,
) -> list[bool]:
    """Evaluate one condition on plain columns."""
    frame = values_frame(columns, dataset="AE", wildcard="AE", choices=choices)
    return OPERATORS[operator].evaluate(frame, Condition(name, operator, value, value is not N, options)).tolist()


def test_every_row_of_a_repeated_key_is_flagged_and_null_is_a_key() -> None:
    """Null equals null in a key."""
    columns = {"A": ["x", "x", N, N, "y"], "B": [1.0, 1.0, 2.0, 2.0, 1.0]}
    assert flags(columns, "A", "is_not_unique_set", "B") == [True, True, True, True, False]
    assert flags(columns, "A", "is_unique_set", ["B"]) == [False, False, False, False, True]


def test_absent_columns_leave_the_key_and_lists_are_expanded() -> None:
    """A key column that is not there is dropped; a computed list stands for its members."""
    columns = {"A": ["x", "x"], "B": ["p", "q"], "$key": [["B", "ZZ"], ["B", "ZZ"]]}
    assert flags(columns, "A", "is_not_unique_set", ["ZZ"]) == [True, True]
    assert flags(columns, "A", "is_not_unique_set", ["$key"]) == [False, False]


def test_pattern_reduces_texts_of_columns_whose_first_value_matches() -> None:
    """Only the date part counts; a column that does not start with a date is left as it is."""
    columns = {"A": ["x1", "x2", "x1"], "DTC": [N, "2020-01-01T08:00", "2020-01-01"]}
    assert flags(
        {"A": ["x", "x", "x"], "DTC": columns["DTC"]}, "A", "is_not_unique_set", "DTC", regex=r"^\d{4}-\d\d-\d\d"
    ) == [
        False,
        True,
        True,
    ]
    assert flags(columns, "A", "is_not_unique_set", "DTC", regex=r"^\d{4}-\d\d-\d\d") == [False, False, False]


def test_relationship_breaks_for_two_values_and_for_value_plus_null() -> None:
    """Null itself is never bad; every row of a bad value is flagged, from either side."""
    columns = {"A": ["a", "a", "b", "c", "c", N, N], "B": ["1", "2", "3", "4", N, "5", "5"]}
    expected = [True, True, False, True, True, False, False]
    assert flags(columns, "A", "is_not_unique_relationship", "B") == expected
    assert flags(columns, "B", "is_not_unique_relationship", "A") == expected
    assert flags(columns, "A", "is_unique_relationship", "B") == [not flag for flag in expected]


def test_relationship_with_a_list_compares_tuples() -> None:
    """Two columns opposite are one value."""
    columns = {"A": ["a", "a", "b"], "B": ["1", "1", "1"], "C": ["x", "y", "x"]}
    assert flags(columns, "A", "is_not_unique_relationship", ["B", "C"]) == [True, True, True]


def test_inconsistent_group_is_flagged_whole_or_by_minority() -> None:
    """Null counts as a value, also in the group."""
    columns = {"U": ["g", "g", "mg", N, "kg", "kg"], "T": ["a", "a", "a", "b", "b", N]}
    assert flags(columns, "U", "is_inconsistent_across_dataset", "T") == [True, True, True, True, True, False]
    minority = Choices(inconsistent="minority")
    assert flags(columns, "U", "is_inconsistent_across_dataset", ["T"], choices=minority) == [
        False,
        False,
        True,
        False,
        True,
        False,
    ]


def test_rows_with_a_null_key_are_exempt_from_counting_rows() -> None:
    """Neither form flags a row whose group or value is null."""
    columns = {"S": ["1", "1", "1", N, N], "R": ["a", "a", "b", "a", "a"]}
    assert flags(columns, "R", "present_on_multiple_rows_within", within="S") == [True, True, False, False, False]
    assert flags(columns, "R", "not_present_on_multiple_rows_within", within="S") == [
        False,
        False,
        True,
        False,
        False,
    ]
    assert flags(columns, "R", "present_on_multiple_rows_within", 2, within="S") == [False] * 5


def test_only_the_last_row_of_a_group_may_be_empty() -> None:
    """Rows are ordered within their group before the last is found; a null group is exempt."""
    columns = {
        "S": ["1", "1", "2", "2", N],
        "B": ["2020-02", "2020-01", "2020-01", "2020-02", "2020-01"],
        "E": [N, N, "x", N, N],
    }
    assert flags(columns, "E", "empty_within_except_last_row", "S", ordering="B") == [
        False,
        True,
        False,
        False,
        False,
    ]


def test_target_has_to_equal_the_next_record() -> None:
    """Answers stand in the order of the rows, whatever the order of the dataset."""
    columns = {
        "S": ["1", "2", "1", "1"],
        "Q": [3.0, 1.0, 1.0, 2.0],
        "END": ["z", "q", "b", "c"],
        "BEG": ["d", "q", "a", "b"],
    }
    operator = "does_not_have_next_corresponding_record"
    assert flags(columns, "END", operator, "BEG", within="S", ordering="Q") == [False, False, False, True]
    assert flags(columns, "END", "has_next_corresponding_record", "BEG", within="S", ordering="Q") == [
        True,
        True,
        True,
        False,
    ]


def test_rows_sorted_by_the_target_have_ascending_comparators() -> None:
    """Misplaced rows are false; nulls come last unless said otherwise."""
    columns = {"S": ["1", "1", "1"], "SEQ": [1.0, 2.0, 3.0], "DTC": ["2020-01-02", "2020-01-01", "2020-01-03"]}
    item = {"name": "DTC", "sort_order": "asc"}
    assert flags(columns, "SEQ", "target_is_sorted_by", [item], within="S") == [False, False, True]
    assert flags(columns, "SEQ", "target_is_not_sorted_by", [item], within="S") == [True, True, False]
    holes = columns | {"DTC": [N, "2020-01-01", "2020-01-03"]}
    first = item | {"null_position": "first"}
    assert flags(holes, "SEQ", "target_is_sorted_by", [item], within="S") == [False, False, False]
    assert flags(holes, "SEQ", "target_is_sorted_by", [first], within="S") == [True, True, True]
    down = {"name": "DTC", "sort_order": "desc"}
    assert flags(columns | {"DTC": ["c", "b", "a"]}, "SEQ", "target_is_sorted_by", [down], within="S") == [True] * 3


def test_neighbouring_dates_of_unequal_precision_cannot_be_ordered() -> None:
    """2020-01 may lie before or after 2020-01-05."""
    columns = {"S": ["1", "1", "1"], "SEQ": [1.0, 2.0, 3.0], "DTC": ["2019-05-05", "2020-01", "2020-01-05"]}
    assert flags(columns, "SEQ", "target_is_sorted_by", [{"name": "DTC"}], within="S") == [True, False, False]


def test_pattern_takes_the_number_out_of_the_sort_target() -> None:
    """VISIT 10 sorts after VISIT 9."""
    columns = {"S": ["1", "1"], "V": ["VISIT 10", "VISIT 9"], "D": [2.0, 1.0]}
    assert flags(columns, "V", "target_is_sorted_by", [{"name": "D"}], within="S", regex=r"\d+") == [True, True]
    assert flags(columns, "V", "target_is_sorted_by", [{"name": "D"}], within="S") == [False, False]


@pytest.mark.parametrize("size", [0, 1])
def test_group_operators_on_hardly_any_rows(size: int) -> None:
    """No rows and one row are no special case."""
    columns: dict[str, list[Any]] = {"A": ["x"] * size, "B": ["y"] * size}
    assert flags(columns, "A", "is_not_unique_set", "B") == [False] * size
    assert flags(columns, "A", "is_not_unique_relationship", "B") == [False] * size
    assert flags(columns, "A", "is_inconsistent_across_dataset", "B") == [False] * size
