"""Operators of checks on hand-made columns: null, blank text, wildcards, types."""

from __future__ import annotations

from typing import Any

import pytest

import validation.core.operators  # noqa: F401 - registers the operators
from validation.core.conditions import OPERATORS, Condition
from validation.core.frames import Choices, Frame, values_frame
from validation.core.signals import ColumnAbsent, NotEvaluated
from validation.core.tree import compile_check

N = None


def flags(columns: dict[str, list[Any]], name: str, operator: str, value: Any = N, **options: Any) -> list[bool]:
    """Evaluate one condition on plain columns of a domain AE."""
    return flags_on(values_frame(columns, dataset="AE", wildcard="AE"), name, operator, value, **options)


def flags_on(frame: Frame, name: str, operator: str, value: Any = N, **options: Any) -> list[bool]:
    """Evaluate one condition on a frame."""
    condition = Condition(name, operator, value, value is not N, options)
    return OPERATORS[operator].evaluate(frame, condition).tolist()


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("empty", [False, True, False, False]),
        ("non_empty", [True, False, True, True]),
    ],
)
def test_only_missing_text_is_empty_not_blanks_or_zero(operator: str, expected: list[bool]) -> None:
    """Blanks and zero are values."""
    assert flags({"X": ["a", "", " ", "0"]}, "X", operator) == expected
    assert flags({"X": [0.0, N, 1.0, 2.0]}, "X", operator) == expected


def test_empty_list_is_empty() -> None:
    """A list cell without members is empty."""
    assert flags({"$x": [[], ["a"], N]}, "$x", "empty") == [True, False, True]


def test_exists_answers_for_the_whole_frame_and_sees_members_of_computed_lists() -> None:
    """The answer is one for all rows; a name in a list of a computed column exists too."""
    columns = {"AETERM": ["a", "b"], "$required": [["AESEQ"], ["AESEQ"]]}
    assert flags(columns, "--TERM", "exists") == [True, True]
    assert flags(columns, "AESEQ", "exists") == [True, True]
    assert flags(columns, "AESEV", "exists") == [False, False]
    assert flags(columns, "AESEV", "not_exists") == [True, True]


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("equal_to", [True, False, False, False, False]),
        ("not_equal_to", [False, True, True, True, False]),
        ("equal_to_case_insensitive", [True, True, False, False, False]),
        ("not_equal_to_case_insensitive", [False, False, True, True, False]),
    ],
)
def test_equality_with_nulls_on_either_side(operator: str, expected: list[bool]) -> None:
    """Two nulls are neither equal nor different, one null is different."""
    assert flags({"X": ["a", "a", "a", N, N], "Y": ["a", "A", N, "a", N]}, "X", operator, "Y") == expected


def test_text_never_equals_a_number_unless_types_are_ignored() -> None:
    """`007`, `7` and 7.0 are one value only with `type_insensitive`."""
    columns = {"X": ["007", "7", "a ", "1.50"], "Y": [7.0, 7.0, N, 1.5]}
    assert flags(columns, "X", "equal_to", "Y") == [False, False, False, False]
    assert flags(columns, "X", "equal_to", "Y", type_insensitive=True) == [True, True, False, True]
    assert flags({"X": [1.0, 2.0]}, "X", "equal_to", "1") == [False, False]


def test_a_literal_is_a_column_first_unless_declared_literal() -> None:
    """The text Y means the column Y where there is one."""
    columns = {"X": ["Y", "b"], "Y": ["b", "b"]}
    assert flags(columns, "X", "equal_to", "Y") == [False, True]
    assert flags(columns, "X", "equal_to", "Y", value_is_literal=True) == [True, False]


def test_empty_literal_differs_from_every_populated_cell() -> None:
    """A comparison with '' is one with null."""
    assert flags({"X": ["a", N]}, "X", "not_equal_to", "") == [True, False]
    assert flags({"X": ["a", N]}, "X", "equal_to", "") == [False, False]


def test_booleans_are_not_numbers() -> None:
    """true equals true only."""
    assert flags({"$x": [True, False]}, "$x", "equal_to", True) == [True, False]
    assert flags({"X": [1.0, 0.0]}, "X", "equal_to", True) == [False, False]


def test_rounding_before_comparing() -> None:
    """`round_values` compares whole numbers."""
    assert flags({"X": [1.4, 1.6]}, "X", "equal_to", 1, round_values=True) == [True, False]


def test_reference_reads_the_column_that_each_cell_names() -> None:
    """A cell naming no column compares with null, or leaves the dataset out by choice."""
    columns = {
        "IDVAR": ["A", "B", "ZZ", N],
        "IDVARVAL": ["1", "x", "1", N],
        "A": [1.0, 2.0, 3.0, 4.0],
        "B": ["p", "x", "q", "r"],
    }
    options = {"value_is_reference": True, "type_insensitive": True}
    assert flags(columns, "IDVARVAL", "not_equal_to", "IDVAR", **options) == [False, False, True, False]
    strict = values_frame(columns, dataset="CO", choices=Choices(absent_reference="skip"))
    with pytest.raises(ColumnAbsent):
        flags_on(strict, "IDVARVAL", "not_equal_to", "IDVAR", **options)


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("less_than", [True, False, False, False]),
        ("less_than_or_equal_to", [True, True, False, False]),
        ("greater_than", [False, False, True, False]),
        ("greater_than_or_equal_to", [False, True, True, False]),
    ],
)
def test_number_comparison_with_null_is_false(operator: str, expected: list[bool]) -> None:
    """Text is coerced; null and words compare with nothing."""
    assert flags({"X": [-1.0, 0.0, 1.0, N]}, "X", operator, 0) == expected
    assert flags({"X": ["-1", "0", "1.0", "few"], "Y": [0.0, 0.0, 0.0, 0.0]}, "X", operator, "Y") == expected


def test_number_comparison_with_a_word_cannot_be_evaluated() -> None:
    """An absent comparator column is not silently a text."""
    with pytest.raises(NotEvaluated, match="neither a number nor a variable"):
        flags({"X": [1.0]}, "X", "less_than", "AEENDY")


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("longer_than", [False, False, True, False]),
        ("longer_than_or_equal_to", [False, True, True, False]),
        ("shorter_than", [True, False, False, True]),
        ("shorter_than_or_equal_to", [True, True, False, True]),
    ],
)
def test_text_lengths_shorter_forms_flag_null(operator: str, expected: list[bool]) -> None:
    """The shorter forms are complements, so null is short."""
    assert flags({"X": ["a", "ab", "abc", N]}, "X", operator, 2) == expected
    assert flags({"X": ["a", "ab", "abc", N], "Y": ["xx"] * 4}, "X", operator, "Y") == expected


def test_length_of_a_number_is_not_defined() -> None:
    """A numeric variable has no text length."""
    with pytest.raises(NotEvaluated, match="numeric"):
        flags({"X": [1.0]}, "X", "longer_than", 2)


@pytest.mark.parametrize(
    ("operator", "value", "options", "expected"),
    [
        ("matches_regex", "b", {}, [False, True, False, False]),
        ("not_matches_regex", "b", {}, [True, False, True, False]),
        ("matches_regex", "[a-z]+$", {}, [True, True, False, False]),
        ("prefix_matches_regex", "[0-9]", {"prefix": 2}, [False, False, True, False]),
        ("not_prefix_matches_regex", "[0-9]", {"prefix": 2}, [True, True, False, False]),
        ("suffix_matches_regex", "^[a-z]$", {"suffix": 1}, [True, True, False, False]),
        ("not_suffix_matches_regex", "^[a-z]$", {"suffix": 1}, [False, False, True, False]),
        ("starts_with", "b", {}, [False, True, False, False]),
        ("ends_with", "b", {}, [True, False, False, False]),
        ("contains", "b", {}, [True, True, False, False]),
        ("does_not_contain", "b", {}, [False, False, True, True]),
        ("prefix_equal_to", "ab", {"prefix": 2}, [True, False, False, False]),
        ("prefix_not_equal_to", "ab", {"prefix": 2}, [False, True, True, True]),
        ("suffix_equal_to", "b", {"suffix": 1}, [True, False, False, False]),
        ("suffix_not_equal_to", "b", {"suffix": 1}, [False, True, True, True]),
        ("prefix_is_contained_by", ["a", "b"], {"prefix": 1}, [True, True, False, False]),
        ("prefix_is_not_contained_by", ["a", "b"], {"prefix": 1}, [False, False, True, True]),
        ("suffix_is_contained_by", ["a"], {"suffix": 1}, [False, True, False, False]),
        ("suffix_is_not_contained_by", ["a"], {"suffix": 1}, [True, False, True, True]),
    ],
)
def test_text_operators(operator: str, value: Any, options: dict[str, Any], expected: list[bool]) -> None:
    """Patterns match from the start, those of a prefix or suffix anywhere in it; both forms are silent on null."""
    assert flags({"X": ["ab", "ba", "1x2", N]}, "X", operator, value, **options) == expected


def test_numbers_match_as_whole_text() -> None:
    """3.0 is the text 3."""
    assert flags({"X": [3.0, 3.5, N]}, "X", "matches_regex", r"^\d+$") == [True, False, False]


def test_domain_as_prefix_is_the_wildcard_value_not_the_column() -> None:
    """The first characters are compared with what `--` stands for."""
    columns = {"dataset_name": ["AEX", "LB"], "DOMAIN": ["LB", "LB"]}
    assert flags(columns, "dataset_name", "prefix_not_equal_to", "DOMAIN", prefix=2) == [False, True]


def test_starts_with_a_column_means_any_of_its_values() -> None:
    """All values of the comparator's column count, whatever their length."""
    assert flags({"X": ["abc", "xyz"], "Y": ["x", "abcd"]}, "X", "starts_with", "Y") == [False, True]


def test_pattern_outside_the_linear_engine_still_matches() -> None:
    """Look-ahead falls back to the backtracking engine."""
    assert flags({"X": ["ab", "ac"]}, "X", "matches_regex", "a(?=b)") == [True, False]


def test_broken_pattern_is_a_broken_rule() -> None:
    """No engine takes the pattern."""
    with pytest.raises(NotEvaluated, match="broken"):
        compile_check({"all": [{"name": "X", "operator": "matches_regex", "value": "("}]})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["a", "b"], [True, False, False, False]),
        ("Y", [True, True, False, False]),
        ("$list", [False, True, False, False]),
    ],
)
def test_membership_in_list_column_and_list_cell(value: Any, expected: list[bool]) -> None:
    """A literal list, any cell of a column, the row's own list cell; null is in none."""
    columns = {"X": ["a", "c", "d", N], "Y": ["c", "a", "x", N], "$list": [["c"], ["c"], ["a"], ["a"]]}
    assert flags(columns, "X", "is_contained_by", value) == expected
    assert flags(columns, "X", "is_not_contained_by", value) == [not flag for flag in expected]


def test_members_agree_in_type() -> None:
    """The number 1 is not in a list of texts."""
    assert flags({"X": [1.0, 2.0]}, "X", "is_contained_by", ["1", 2]) == [False, True]


def test_list_cell_is_contained_when_any_member_is() -> None:
    """One common member is enough."""
    assert flags({"$x": [["a", "z"], ["z"], N]}, "$x", "is_contained_by", ["a"]) == [True, False, False]


def test_bare_text_that_is_no_column_is_no_list() -> None:
    """Membership in a word cannot be evaluated."""
    with pytest.raises(NotEvaluated, match="neither a list nor a variable"):
        flags({"X": ["a"]}, "X", "is_contained_by", "abc")


def test_membership_whatever_the_case() -> None:
    """Literal lists are lower-cased, list cells are searched as printed."""
    columns = {"X": ["A", "b", N], "$list": [["a"], ["xB"], ["a"]]}
    assert flags(columns, "X", "is_contained_by_case_insensitive", ["a"]) == [True, False, False]
    assert flags(columns, "X", "is_contained_by_case_insensitive", "$list") == [True, True, False]
    assert flags(columns, "X", "is_not_contained_by_case_insensitive", ["a"]) == [False, True, True]


def test_contains_all_looks_at_the_whole_column() -> None:
    """All wanted values somewhere in the column; a computed list in the comparator stands for its members."""
    columns = {"X": ["a", "b", "c"], "$list": [["a", "b"]] * 3}
    assert flags(columns, "X", "contains_all", ["$list", "c"]) == [True, True, True]
    assert flags(columns, "X", "not_contains_all", ["a", "z"]) == [True, True, True]
    lists = {"$x": [["a", "b"], ["a"]], "$y": [["a"], ["a", "b"]]}
    assert flags(lists, "$x", "contains_all", "$y") == [True, False]


def test_lists_without_common_members_and_ordered_subsets() -> None:
    """Sharing is symmetric; order has to ascend in the comparator."""
    columns = {"$x": [["a", "b"], ["b", "a"], ["a", "z"]], "$y": [["a", "c", "b"]] * 3, "$z": [["q"], ["b"], ["z"]]}
    assert flags(columns, "$x", "is_ordered_subset_of", "$y") == [True, False, False]
    assert flags(columns, "$x", "is_not_ordered_subset_of", "$y") == [False, True, True]
    assert flags(columns, "$x", "shares_no_elements_with", "$z") == [True, False, False]


def test_string_part_is_the_first_group_of_the_pattern() -> None:
    """The part of the comparator that the pattern finds; null equals nothing."""
    columns = {"X": ["12", "12", N], "Y": ["V12x", "x", "V12"]}
    assert flags(columns, "X", "equals_string_part", "Y", regex=r"V(\d+)") == [True, False, False]
    assert flags(columns, "X", "does_not_equal_string_part", "Y", regex=r"V(\d+)") == [False, True, True]


def test_split_parts_of_equal_length() -> None:
    """Both sides of an interval have the same number of characters."""
    columns = {"X": ["2020-01/2020-02", "2020/2020-02", N]}
    assert flags(columns, "X", "split_parts_have_equal_length") == [True, False, False]
    assert flags(columns, "X", "split_parts_have_unequal_length") == [False, True, False]


def test_codelist_operators_need_terminology() -> None:
    """Without terminology the rule cannot be evaluated; with it, null is not flagged."""
    frame = values_frame({"X": ["D", "Q", N]}, dataset="ADLB")
    with pytest.raises(NotEvaluated, match="DATEFL"):
        flags_on(frame, "X", "does_not_use_valid_codelist_terms", "DATEFL")
    frame.codelist = lambda name: frozenset({"D", "M", "Y"})
    assert flags_on(frame, "X", "does_not_use_valid_codelist_terms", "DATEFL") == [False, True, False]
    assert flags_on(frame, "X", "uses_valid_codelist_terms", "DATEFL") == [True, False, False]


def test_declared_extensions_count_only_where_the_condition_says_so() -> None:
    """Q is declared for X, not for another variable; without `extensible` only the published terms are valid."""
    frame = values_frame({"X": ["D", "Q", "R"]}, dataset="ADLB")
    frame.codelist = lambda name: frozenset({"D"})
    frame.extended = lambda variable: frozenset({"Q"} if variable == "X" else {"R"})
    operator = "does_not_use_valid_codelist_terms"
    assert flags_on(frame, "X", operator, "DATEFL", extensible=True) == [False, False, True]
    assert flags_on(frame, "X", operator, "DATEFL") == [False, True, True]


def test_absent_target_stops_the_condition() -> None:
    """No operator but exists works on an absent column."""
    for name in set(OPERATORS) - {"exists", "not_exists"}:
        options = {key: 1 for key in OPERATORS[name].needs if key in ("prefix", "suffix")}
        options |= {key: "X" for key in OPERATORS[name].needs if key not in options}
        with pytest.raises((ColumnAbsent, NotEvaluated)):
            flags({"X": ["a"]}, "ZZ", name, "X", **options)
