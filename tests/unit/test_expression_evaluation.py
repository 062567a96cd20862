"""Evaluation of expressions: the truth table, exact decimals, partial dates, every function."""

from __future__ import annotations

import math
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specs.expressions import parse
from spectrail.errors import UnknownNameError
from spectrail.expressions import FUNCTIONS, METHODS, TRUTH, ValueKind, evaluate
from spectrail.expressions.decimals import compare_numbers, render_number, render_numbers, round_half_away
from spectrail.expressions.truth import KINDS

OPERATORS = ("==", "!=", "<", "<=", ">", ">=")
MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def column(*values):
    """Make a column: float64 if a value is a float, else text."""
    return pd.Series(list(values), dtype="float64" if any(isinstance(v, float) for v in values) else "str")


def run(text, **columns):
    """Evaluate over columns given as lists; NaN comes back as None."""
    made = {name: column(*values) for name, values in columns.items()}
    size = max((len(values) for values in made.values()), default=1)
    result = evaluate(parse(text), made, pd.RangeIndex(size))
    return [None if not isinstance(value, str) and value != value else value for value in result.tolist()]


# Per pair: which of == != < <= > >= hold, written by hand from the rules of the truth table.
PAIRS = [
    (None, "UNK", "......"),
    (None, None, "......"),
    (None, 5.0, "......"),
    (None, "5", "......"),
    (None, "2024-03-05", "......"),
    (" ", "UNK", "......"),
    (" ", " ", "......"),
    (" ", 5.0, "......"),
    (" ", "2024", "......"),
    (5.0, 5.0, "T..T.T"),
    (5.0, 6.0, ".TTT.."),
    (5.0, math.nan, "......"),
    (5.0, "5", "T..T.T"),
    (5.0, " 5.00 ", "T..T.T"),
    (5.0, "5.000000000000000001", "T..T.T"),
    (5.0, "10", ".TTT.."),
    (5.0, "1e0", ".T..TT"),
    (5.0, "2024", ".TTT.."),
    (5.0, "2024-03-05", ".T...."),
    (5.0, "UNK", ".T...."),
    (5.0, "<5", ".T...."),
    (5.0, "nan", ".T...."),
    (5.0, "inf", ".T...."),
    (5.0, "0x5", ".T...."),
    ("5", "5", "T..T.T"),
    ("5", "5.0", ".T.T.T"),
    ("5", "10", ".TTT.."),
    ("5", "2024", ".TTT.."),
    ("5", "2024-03-05", ".T...."),
    ("5", "UNK", ".T...."),
    ("2024", "2024", "T..T.T"),
    ("2024", "2023", ".T..TT"),
    ("2024", "2024-03-05", "......"),
    ("2024", "2025-01", ".TTT.."),
    ("2024", "2024-12-31", "...T.."),
    ("2024", "UNK", ".T...."),
    ("2024-03-05", "2024-03-05", "T..T.T"),
    ("2024-03-05", "2024-03-06", ".TTT.."),
    ("2024-03-05", "2024-03", "......"),
    ("2024-03-05", "2024-04", ".TTT.."),
    ("2024-03-01", "2024-03", "...T.."),
    ("2024-03", "2024-03", "T....."),
    ("2024-03", "2024-03-31", "...T.."),
    ("2024-02", "2024-02-29", "...T.."),
    ("2024-03-05", "2024-03-05T10:00", "......"),
    ("2024-03-05", "2024-03-06T00:00", ".TTT.."),
    ("2024-03-05T10:00", "2024-03-05T10:00", "T..T.T"),
    ("2024-03-05T10:00", "2024-03-05T10:00:30", "......"),
    ("2024-03-05T10:00", "2024-03-05T10:01:00", ".TTT.."),
    ("2024-03-05T10:00:30.5", "2024-03-05T10:00:30.50", "T..T.T"),
    ("2024-03-05T10:00:30.5", "2024-03-05T10:00:31", ".TTT.."),
    ("2024-03-05T-:30", "2024-03-05T10:30", "......"),
    ("2024-03-05T10", "2024-03-05T11:00", ".TTT.."),
    ("--03-05", "2024-03-05", "......"),
    ("--03-05", "--03-05", "T....."),
    ("-----T07:15", "2024-03-05T07:15", "......"),
    ("2024---05", "2024-03-05", "......"),
    ("2024---05", "2025-01-01", ".TTT.."),
    ("2024-03-05", "UNK", ".T...."),
    ("2024-02-30", "2024-03-05", ".T...."),
    ("2023-02-29", "2023-02-29", "T..T.T"),
    ("1001-01", "1001-01", "T..T.T"),
    ("1001-01", "1001-02", ".TTT.."),
    ("1001-01", "2024-03-05", ".T...."),
    ("2001-01", "2001-02", ".TTT.."),
    ("9999-12-31", "2024-03", ".T..TT"),
    ("2024-13", "2024-03-05", ".T...."),
    ("UNK", "UNK", "T..T.T"),
    ("UNK", "unk", ".TTT.."),
    ("a", "B", ".T..TT"),
    ("UNK ", "UNK", ".T..TT"),
    ("-", "-", "T..T.T"),
    ("阳性", "阴性", ".TTT.."),
]


@pytest.mark.parametrize(("left", "right", "expected"), PAIRS, ids=[f"{a!r}-{b!r}" for a, b, _ in PAIRS])
def test_truth_table_pair_by_pair(left, right, expected):
    """Column with column, in both directions; with a literal on either side where one can be written."""
    for operator, holds in zip(OPERATORS, expected, strict=True):
        answer = [holds == "T"] * 2
        assert answer == run(f"A {operator} B", A=[left] * 2, B=[right] * 2), operator
        assert answer == run(f"B {MIRRORED[operator]} A", A=[left] * 2, B=[right] * 2), operator
        literal = right if isinstance(right, float) else repr(right)
        if right is not None and right == right and str(right).strip():
            assert answer == run(f"A {operator} {literal}", A=[left] * 2), operator
            assert answer == run(f"{literal} {MIRRORED[operator]} A", A=[left] * 2), operator


def test_truth_table_in_one_mixed_column():
    """The kind is decided value by value: all text pairs at once give what each gives alone."""
    pairs = [pair for pair in PAIRS if not isinstance(pair[0], float) and not isinstance(pair[1], float)]
    for position, operator in enumerate(OPERATORS):
        expected = [pair[2][position] == "T" for pair in pairs]
        assert expected == run(f"A {operator} B", A=[a for a, _, _ in pairs], B=[b for _, b, _ in pairs])


def test_the_truth_table_is_complete():
    """Every pair of kinds stands in it once, every method and kind is described."""
    pairs = {frozenset((rule.left, rule.right)) for rule in TRUTH}
    assert len(TRUTH) == len(pairs) == 21
    assert {rule.equality for rule in TRUTH} | {rule.order for rule in TRUTH} == set(METHODS)
    assert set(KINDS) == set(ValueKind)


def test_conditions_are_never_null():
    """A comparison with null is false, so its negation is true; != and not in are comparisons too."""
    values = ["Y", "N", None, " "]
    assert run("A == 'Y'", A=values) == [True, False, False, False]
    assert run("not A == 'Y'", A=values) == [False, True, True, True]
    assert run("A != 'Y'", A=values) == [False, True, False, False]
    assert run("A in ['Y', 'X']", A=values) == [True, False, False, False]
    assert run("A not in ['Y', 'X']", A=values) == [False, True, False, False]
    assert run("missing(A) or A == 'Y'", A=values) == [True, False, True, True]
    assert run("A in [1, '2']", A=["1.0", "2", "2.0", None]) == [True, True, False, False]


def test_decimals_are_compared_as_people_write_them():
    """15 significant digits on both sides: 0.1 + 0.2 is 0.3, and 3 x 1.1 is not above 3.3."""
    assert run("A + B == 0.3", A=[0.1], B=[0.2]) == [True]
    assert run("A * 3 > 3.3", A=[1.1]) == [False]
    assert run("A >= 3 * B", A=[3.3], B=[1.1]) == [True]
    assert run("A == 1E-4", A=["0.0001", "1e-4", "0.00010", "0.00011"]) == [True, True, True, False]
    assert run("A == 1.10", A=[1.1]) == [True]
    assert run("A == 1.00000000000001", A=[1.00000000000001, 1.00000000000002]) == [True, False]
    assert run("A == 1", A=[1.0000000000000002, 1.000000000000006]) == [True, False]
    assert run("A < 1", A=[0.9999999999999999, 0.999999999999999]) == [False, True]


finite = st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False, min_value=-1e200, max_value=1e200)


@settings(deadline=None)
@given(finite, st.sampled_from([0.0, 1e-16, 1e-15, 3e-15, 1e-14, 5e-14, 0.5]), st.sampled_from(OPERATORS))
def test_comparison_of_numbers_is_that_of_their_15_digits(value, shift, operator):
    """The vector comparison equals comparing decimals of 15 digits."""
    other = value * (1 + shift)
    left, right = (Decimal(f"{one:.14e}") for one in (value, other))
    expected = {
        "==": left == right,
        "!=": left != right,
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }[operator]
    assert expected == compare_numbers(operator, np.array([value]), np.array([other]))[0]


@settings(deadline=None)
@given(st.lists(finite | st.integers(-(10**7), 10**7).map(lambda n: n / 100), min_size=1, max_size=20))
def test_numbers_are_rendered_as_plain_decimals_that_read_back(values):
    """The quick way and the slow way agree; the text reads back to 15 digits."""
    rendered = render_numbers(np.array(values))
    assert [render_number(value) for value in values] == rendered
    assert not [text for text in rendered if text is None or "e" in text]
    read = np.array([float(text) for text in rendered if text is not None])
    assert compare_numbers("==", read, np.array(values)).all()


@settings(deadline=None)
@given(st.integers(-(10**9), 10**9), st.integers(0, 4))
def test_rounding_is_half_away_from_zero_on_decimals(thousandths, digits):
    """For every decimal of five places the answer is that of decimal arithmetic."""
    exact = Decimal(thousandths).scaleb(-5)
    expected = float(exact.quantize(Decimal(1).scaleb(-digits), rounding="ROUND_HALF_UP"))
    assert expected == round_half_away(np.array([float(exact)]), digits)[0]


def _days(text):
    """List the days a month or day may mean."""
    first = date.fromisoformat(text if len(text) == 10 else f"{text}-01")
    every = [first + timedelta(days=n) for n in range(31)]
    return every[:1] if len(text) == 10 else [day for day in every if day.month == first.month]


months = st.dates(date(2020, 1, 1), date(2024, 12, 31)).map(lambda d: d.isoformat()[:7])
days = st.dates(date(2020, 1, 1), date(2024, 12, 31)).map(lambda d: d.isoformat())


@settings(deadline=None)
@given(months | days, months | days, st.sampled_from(OPERATORS))
def test_partial_dates_compare_where_every_completion_agrees(left, right, operator):
    """What holds for every pair of days that the dates may mean is true, else only that a text equals itself."""
    compared = {
        "==": lambda a, b: a == b,
        "!=": lambda a, b: a != b,
        "<": lambda a, b: a < b,
        "<=": lambda a, b: a <= b,
        ">": lambda a, b: a > b,
        ">=": lambda a, b: a >= b,
    }[operator]
    expected = all(compared(a, b) for a in _days(left) for b in _days(right)) or (operator == "==" and left == right)
    assert run(f"A {operator} B", A=[left], B=[right]) == [expected]


@pytest.mark.parametrize("name", list(FUNCTIONS))
def test_every_function_does_what_its_example_says(name):
    """The example of the manual is run; the description and the signature are there."""
    function = FUNCTIONS[name]
    example = function.example
    assert list(example.result) == run(
        example.text, **{name: list(values) for name, values in example.columns.items()}
    )
    assert function.description
    assert function.signature.startswith(f"{name}(")
    assert f"{name}(" in example.text


def test_there_are_few_functions():
    """The language stays small."""
    assert len(FUNCTIONS) <= 35


@pytest.mark.parametrize(
    ("text", "columns", "expected"),
    [
        ("A + B * 2 - 1", {"A": ["1", "x", None], "B": [2.0, 2.0, 2.0]}, [4.0, None, None]),
        ("A / B", {"A": [1.0, 0.0, 3.0], "B": [0.0, 0.0, 2.0]}, [None, None, 1.5]),
        ("-A", {"A": [1.0, None]}, [-1.0, None]),
        ("A * 1e200 * 1e200", {"A": [1.0]}, [None]),
        ("'Y' if A > 1 else None", {"A": [2.0, 1.0, None]}, ["Y", None, None]),
        ("A if A > 1 else 0", {"A": [2.0, 1.0, None]}, [2.0, 0.0, 0.0]),
        ("A if present(A) else 1.10", {"A": ["2", None]}, ["2", "1.10"]),
        ("'x' if A == 1 else 'y' if A == 2 else 'z'", {"A": [1.0, 2.0, 3.0]}, ["x", "y", "z"]),
        ("(A == 1 if B == 'x' else A == 2)", {"A": [1.0, 1.0], "B": ["x", "y"]}, [True, False]),
        ("concat(A, -1.50)", {"A": ["x"]}, ["x-1.50"]),
        ("concat('a', 'b')", {"A": ["x", "y"]}, ["ab", "ab"]),
        ("text(A)", {"A": [7.0, 1 / 3, -0.0, 1e21]}, ["7", "0.333333333333333", "0", "1000000000000000000000"]),
        ("text(1E-4)", {"A": ["x"]}, ["1E-4"]),
        ("None", {"A": ["x", "y"]}, [None, None]),
        ("1 < A < 3", {"A": [1.0, 2.0, 3.0]}, [False, True, False]),
        ("strip(A)", {"A": [" ", "", None]}, [None, None, None]),
        ("missing(A)", {"A": [1.0, None]}, [False, True]),
        ("coalesce(A, B, 'z')", {"A": [None, " ", "a"], "B": ["b", None, "b"]}, ["b", "z", "a"]),
        ("coalesce(A, 0)", {"A": [None, 2.0]}, [0.0, 2.0]),
        ("max(A, 3, B)", {"A": [1.0, None], "B": ["5", "x"]}, [5.0, 3.0]),
        ("round(A)", {"A": [0.5, 1.5, -2.5, 2.4999999]}, [1.0, 2.0, -3.0, 2.0]),
        ("round(A, -1)", {"A": [15.0, 14.9]}, [20.0, 10.0]),
        ("floor(A * 10)", {"A": [0.3, 0.29]}, [3.0, 2.0]),
        ("ceil(A * 3)", {"A": [1.1, 1.0]}, [4.0, 3.0]),
        ("extract(A, '(a)|(b)', 2)", {"A": ["xb", "a", "ab"]}, ["b", None, None]),
        ("extract(A, 'b+', 0)", {"A": ["abb\nbbb", "x"]}, ["bb", None]),
        ("extract(A, '^(.).*$')", {"A": ["xyz", "\nq"]}, ["x", None]),
        ("matches(A, 'a|ab')", {"A": ["ab", "abc", "a"]}, [True, False, True]),
        ("matches(A, '(?i)y.*')", {"A": ["Yes", "no"]}, [True, False]),
        ("substr(A, 2)", {"A": ["日本語", "x"]}, ["本語", None]),
        ("date(A) <= '2024-03-05'", {"A": ["2024-03-05T23:59", "2024-03-06"]}, [True, False]),
        ("earliest(A)", {"A": ["2024", "2024---15", "--03-01"]}, ["2024-01-01", "2024-01-15", None]),
        ("earliest(A)", {"A": ["2024-02-03T10", "UN"]}, ["2024-02-03", None]),
        ("latest(A)", {"A": ["2023-02", "2024-02", "1900-02"]}, ["2023-02-28", "2024-02-29", "1900-02-28"]),
        ("latest(A)", {"A": ["2024---15", "2024"]}, ["2024-12-15", "2024-12-31"]),
        ("time(A)", {"A": ["2024-03-05T-:30", "TEXT", "-----T07:15"]}, ["-:30", None, "07:15"]),
        ("day(A)", {"A": ["2024---15", "2024-02-30"]}, [15.0, None]),
        ("days_between(A, '2024-03-01')", {"A": ["2024-02-29", "1582-10-04", "1583-01-01"]}, [1.0, None, 161132.0]),
        ("col('a b') == 1", {"a b": ["1"]}, [True]),
    ],
)  # fmt: skip
def test_values(text, columns, expected):
    """Hand-computed answers."""
    assert expected == run(text, **columns)


def test_hostile_regular_expressions_run_in_linear_time():
    """A pattern that makes backtracking engines run for ever answers at once."""
    assert run("matches(A, '(a+)+b')", A=["a" * 50_000]) == [False]


def test_columns_of_dates_and_of_other_types():
    """datetime64 is read as ISO 8601, categories as text, integers and booleans as numbers; the index is kept."""
    columns = {
        "D": pd.to_datetime(pd.Series(["2024-03-05", None])),
        "T": pd.to_datetime(pd.Series(["2024-03-05T10:00:30", None])),
        "C": pd.Series(["x", None], dtype="category"),
        "I": pd.Series([1, 2], dtype="int64"),
        "B": pd.Series([True, False]),
        "O": pd.Series(["x", None], dtype="object"),
    }
    index = pd.Index([9, 4])
    found = evaluate(parse("concat(text(D), ' ', T, ' ', C, ' ', I, ' ', B, ' ', O)"), columns, index)
    expected = pd.Series(["2024-03-05 2024-03-05T10:00:30 x 1 1 x", None], index=index, dtype="str")
    pd.testing.assert_series_equal(expected, found)


def test_result_types_and_no_rows():
    """bool, float64 and str, also for no rows at all."""
    columns = {"A": pd.Series([], dtype="str"), "B": pd.Series([], dtype="float64")}
    for text, dtype in [
        ("A == B", "bool"),
        ("B + 1", "float64"),
        ("upper(A)", "str"),
        ("A < A", "bool"),
        ("'x'", "str"),
    ]:
        found = evaluate(parse(text), columns, pd.RangeIndex(0))
        assert (str(found.dtype), len(found)) == (dtype, 0), text
    for name in FUNCTIONS:
        example = FUNCTIONS[name].example
        empty = {name: column(*values).iloc[:0] for name, values in example.columns.items()}
        assert len(evaluate(parse(example.text), empty, pd.RangeIndex(0))) == 0


def test_a_missing_column_is_named_with_the_nearest():
    """The error lists what is there."""
    with pytest.raises(UnknownNameError, match="unknown column 'AESTDT'\n  -> did you mean AESTDTC"):
        evaluate(parse("AESTDT == 1"), {"AESTDTC": column("x")}, pd.RangeIndex(1))


cells = st.sampled_from([None, " ", "5", "10", "2024", "2024-03", "2024-03-05T10:00", "UNK", "a"])
texts = st.sampled_from(
    [
        "A < B",
        "A == B",
        "A != 'UNK'",
        "upper(A)",
        "A + B",
        "concat(A, B)",
        "join('-', A, B)",
        "coalesce(A, B)",
        "'x' if A >= B else A",
        "date(A)",
        "days_between(A, B)",
        "replace(A, '0', '')",
        "min(A, B)",
        "text(number(A))",
    ]
)


@settings(deadline=None)
@given(st.lists(st.tuples(cells, cells), min_size=2, max_size=12), st.data(), texts)
def test_a_part_of_the_rows_gives_the_same_as_all(rows, data, text):
    """Evaluation is row by row: splitting the rows changes nothing."""
    cut = data.draw(st.integers(1, len(rows) - 1))
    frame = pd.DataFrame(rows, columns=["A", "B"], dtype="str")
    parts = [frame.iloc[:cut], frame.iloc[cut:]]
    whole = evaluate(parse(text), {name: frame[name] for name in frame}, frame.index)
    found = [evaluate(parse(text), {name: part[name] for name in part}, part.index) for part in parts]
    pd.testing.assert_series_equal(whole, pd.concat(found))
