"""Functions that test and change text; each works on the distinct values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spectrail.expressions.functions import function
from spectrail.expressions.patterns import check_replacement, compile_pattern
from spectrail.expressions.values import (
    Condition,
    Number,
    Text,
    Value,
    as_text,
    choose,
    is_missing,
    text_of_rows,
)


def _group_exists(arguments: Sequence[Any]) -> None:
    groups = compile_pattern(arguments[1]).groups
    wanted = arguments[2] if len(arguments) > 2 else 1
    if not 0 <= wanted <= groups:
        raise ValueError(
            f"the pattern has {groups} groups, not {wanted}; put brackets around what is wanted, or use 0"
        )


def _positions_exist(arguments: Sequence[Any]) -> None:
    if arguments[1] < 1 or (len(arguments) > 2 and arguments[2] < 1):
        raise ValueError("positions and lengths count from 1")


@function("any", gives="condition", example=("missing(X)", {"X": ("a", " ", None)}, (False, True, True)))
def missing(x: Value) -> Condition:
    """Tell whether a value is null or blank."""
    return Condition(is_missing(x))


@function("any", gives="condition", example=("present(X)", {"X": ("a", " ", None)}, (True, False, False)))
def present(x: Value) -> Condition:
    """Tell whether a value is neither null nor blank."""
    return Condition(~is_missing(x))


@function("text", gives="text", example=("upper(X)", {"X": ("Mild", None)}, ("MILD", None)))
def upper(x: Text) -> Text:
    """Return text in upper case."""
    return x.map(pc.utf8_upper)


@function("text", gives="text", example=("lower(X)", {"X": ("Mild", None)}, ("mild", None)))
def lower(x: Text) -> Text:
    """Return text in lower case."""
    return x.map(pc.utf8_lower)


@function("text", gives="text", example=("strip(X)", {"X": (" a  b ", "  ")}, ("a  b", None)))
def strip(x: Text) -> Text:
    """Return text without white space at both ends."""
    return x.map(pc.utf8_trim_whitespace)


@function("text", gives="number", example=("length(X)", {"X": ("abc", "é", None)}, (3.0, 1.0, None)))
def length(x: Text) -> Number:
    """Return the number of characters; null for null."""
    counts = pc.utf8_length(x.values).to_numpy(zero_copy_only=False).astype(np.float64)
    return Number(x.coded.lift(counts, null=np.nan))


@function(
    "text",
    "literal text",
    gives="condition",
    example=('starts_with(X, "AB")', {"X": ("ABC", "CAB", None)}, (True, False, False)),
)
def starts_with(x: Text, start: str) -> Condition:
    """Tell whether text starts with the given one (case counts)."""
    return _test(x, pc.starts_with(x.values, start))


@function(
    "text",
    "literal text",
    gives="condition",
    example=('ends_with(X, "BC")', {"X": ("ABC", "BCA", None)}, (True, False, False)),
)
def ends_with(x: Text, end: str) -> Condition:
    """Tell whether text ends with the given one (case counts)."""
    return _test(x, pc.ends_with(x.values, end))


@function(
    "text",
    "literal text",
    gives="condition",
    example=('contains(X, ".")', {"X": ("a.b", "ab", None)}, (True, False, False)),
)
def contains(x: Text, part: str) -> Condition:
    """Tell whether text contains the given one (plain text, case counts)."""
    return _test(x, pc.match_substring(x.values, part))


@function(
    "text",
    "pattern",
    gives="condition",
    example=(r'matches(X, "\d+ mg")', {"X": ("10 mg", "10 mg daily", None)}, (True, False, False)),
)
def matches(x: Text, pattern: str) -> Condition:
    """Tell whether the whole text fits a regular expression (RE2 syntax)."""
    return _test(x, pc.match_substring_regex(x.values, rf"\A(?:{pattern})\z"))


@function(
    "text",
    "pattern",
    "literal integer",
    gives="text",
    check=_group_exists,
    example=(r'extract(X, "(\d+) ?(mg|g)", 2)', {"X": ("take 10 mg", "none", None)}, ("mg", None, None)),
)
def extract(x: Text, pattern: str, group: int = 1) -> Text:
    """Return a group of the first place where a regular expression fits (0: all of it); null where it does not."""
    wanted = f"({pattern})" if group == 0 else f"(?:{pattern})"
    whole = rf"\A(?s:.*?){wanted}(?s:.*)\z"  # the shortest text before it makes it the first place

    def pick(values: pa.LargeStringArray) -> pa.Array:
        fits = pc.match_substring_regex(values, pattern)
        return pc.if_else(fits, pc.replace_substring_regex(values, whole, rf"\{max(group, 1)}"), None)

    return x.map(pick)


@function(
    "text",
    "pattern",
    "replacement",
    gives="text",
    check=lambda arguments: check_replacement(arguments[2], arguments[1]),
    example=(r'replace(X, "(\d),(\d)", "\1.\2")', {"X": ("1,5", "a", None)}, ("1.5", "a", None)),
)
def replace(x: Text, pattern: str, replacement: str) -> Text:
    r"""Replace every place where a regular expression fits; `\1` stands for its first group."""
    return x.map(lambda values: pc.replace_substring_regex(values, pattern, replacement))


@function(
    "text",
    "literal integer",
    "literal integer",
    gives="text",
    check=_positions_exist,
    example=("substr(X, 2, 3)", {"X": ("ABCDE", "A", None)}, ("BCD", None, None)),
)
def substr(x: Text, start: int, length: int | None = None) -> Text:
    """Return characters from a position (the first is 1), all that follow or as many as said."""
    stop = None if length is None else start - 1 + length
    return x.map(lambda values: pc.utf8_slice_codeunits(values, start - 1, stop))


@function(
    "text",
    gives="text",
    example=('concat(A, "-", B)', {"A": ("x", "x"), "B": ("1", None)}, ("x-1", None)),
)
def concat(*x: Text) -> Text:
    """Join texts end to end; null if one of them is null."""
    return text_of_rows(pc.binary_join_element_wise(*_rows(x), pa.scalar("", pa.large_string())))


@function(
    "literal text",
    "text",
    gives="text",
    example=('join("; ", A, B)', {"A": ("x", " ", None), "B": ("1", "2", None)}, ("x; 1", "2", None)),
)
def join(separator: str, *x: Text) -> Text:
    """Join texts with a separator, leaving out nulls and blanks; null if nothing is left."""
    first, *rest = _rows(tuple(_without_blanks(one) for one in x))
    between = pa.scalar(separator, pa.large_string())
    for other in rest:  # Arrow's own skipping of nulls loses rows that are null throughout
        first = pc.coalesce(pc.binary_join_element_wise(first, other, between), first, other)
    return text_of_rows(first)


@function(
    "any", gives="any", example=("coalesce(A, B)", {"A": ("x", " ", None), "B": ("1", "2", None)}, ("x", "2", None))
)
def coalesce(*x: Value) -> Value:
    """Return the first value that is neither null nor blank."""
    result = x[-1]
    for value in reversed(x[:-1]):
        result = choose(~is_missing(value), value, result)
    return result


@function("any", gives="text", example=("text(X)", {"X": (1.0, 0.1 + 0.2, 1e-7)}, ("1", "0.3", "0.0000001")))
def text(x: Value) -> Text:
    """Return numbers as plain decimals of at most 15 significant digits; a literal number as it is written."""
    return as_text(x)


def _test(x: Text, per_value: pa.BooleanArray) -> Condition:
    return Condition(x.coded.lift(per_value.to_numpy(zero_copy_only=False), null=False))


def _without_blanks(one: Text) -> Text:
    return one.map(lambda values: pc.if_else(pa.array(one.blank), None, values))


def _rows(texts: tuple[Text, ...]) -> list[pa.Array]:
    size = next((len(one) for one in texts if len(one) != 1), 1)
    return [one.rows() if len(one) == size else _spread(one, size) for one in texts]


def _spread(one: Text, size: int) -> pa.Array:
    return one.values.take(pa.array(np.repeat(one.codes, size), mask=np.repeat(one.codes < 0, size)))
