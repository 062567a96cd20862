"""What an expression works on: texts, numbers and conditions, each of one value per row or one for all rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from spectrail.coded import Coded, encode, recode
from spectrail.expressions.decimals import parse_numbers, render_numbers
from spectrail.expressions.isodates import Dates, parse_dates

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Text:
    """Texts as codes over a dictionary; the empty text is null. `null` marks the literal `None`.

    A numeric date or datetime keeps its instants (`datetime64[us]`), so that two such columns compare as points.
    """

    coded: Coded
    null: bool = False
    instants: Any = None

    def __len__(self) -> int:
        return len(self.coded)

    @property
    def codes(self) -> npt.NDArray[np.int32]:
        """Position of each row in `values`, -1 for null."""
        return self.coded.codes

    @property
    def values(self) -> pa.LargeStringArray:
        """The dictionary."""
        return self.coded.values

    @cached_property
    def trimmed(self) -> pa.LargeStringArray:
        """The dictionary without outer white space."""
        return pc.utf8_trim_whitespace(self.values)

    @cached_property
    def blank(self) -> Bools:
        """Tell which values of the dictionary are white space only."""
        return pc.equal(self.trimmed, "").to_numpy(zero_copy_only=False)

    @cached_property
    def numbers(self) -> Floats:
        """The number each value of the dictionary is, NaN for other text."""
        return parse_numbers(self.trimmed)

    @cached_property
    def dates(self) -> Dates:
        """The date each value of the dictionary is."""
        return parse_dates(self.trimmed)

    def map(self, function: Callable[[pa.LargeStringArray], Any]) -> Text:
        """Return the texts with the dictionary put through a function."""
        return text_of(self.codes, function(self.values))

    def rows(self) -> pa.Array:
        """Return one text per row as an Arrow array with nulls."""
        return self.values.take(pa.array(self.codes, mask=self.codes < 0))


@dataclass(frozen=True)
class Number:
    """Numbers with NaN for null; a literal keeps the text it was written as."""

    values: Floats
    literal: str = ""

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class Condition:
    """True or false; a condition is never null."""

    values: Bools

    def __len__(self) -> int:
        return len(self.values)


Value = Text | Number | Condition


def text_of(codes: npt.NDArray[np.int32], values: Any) -> Text:
    """Make texts from codes and an array of values (or a list); null and empty values become null."""
    array = values if isinstance(values, pa.Array) else pa.array(values, pa.large_string())
    if pc.any(pc.equal(array, ""), min_count=0).as_py():
        array = pc.if_else(pc.equal(array, ""), None, array)
    return Text(recode(codes, array))


def text_of_rows(rows: pa.Array | pa.ChunkedArray) -> Text:
    """Make texts from one value per row."""
    array = rows.combine_chunks() if isinstance(rows, pa.ChunkedArray) else rows
    encoded = array.cast(pa.large_string()).dictionary_encode()
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
    return text_of(codes, encoded.dictionary)


def one_text(value: str) -> Text:
    """Make the text that stands for every row."""
    return text_of(np.zeros(1, dtype=np.int32), pa.array([value], pa.large_string()))


def null_text() -> Text:
    """Make the null that stands for every row."""
    return Text(Coded(np.full(1, -1, dtype=np.int32), pa.array([], pa.large_string())), null=True)


def value_of_column(values: pd.Series) -> Value:
    """Take up a column: numbers and booleans as numbers, datetimes as ISO 8601 text, the rest as text."""
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return _iso_of_datetimes(values)
    if pd.api.types.is_bool_dtype(values.dtype) or pd.api.types.is_numeric_dtype(values.dtype):
        return Number(finite(values.to_numpy(dtype=np.float64, na_value=np.nan)))
    coded = encode(values)
    return text_of(coded.codes, coded.values)


def _iso_of_datetimes(values: pd.Series) -> Text:
    """Write each value for itself, a midnight as a date: the text must not depend on the other rows."""
    instants = np.asarray(values, dtype="datetime64[us]")
    codes, distinct = pd.factorize(instants)
    known = np.asarray(distinct, dtype="datetime64[us]")
    if not len(known):
        return replace(text_of(codes.astype(np.int32), pa.array([], pa.large_string())), instants=instants)
    midnight = known.astype(np.int64) % 86_400_000_000 == 0
    texts = np.where(
        midnight,
        np.datetime_as_string(known.astype("datetime64[D]")),
        np.datetime_as_string(known.astype("datetime64[s]")),
    )
    made = text_of(codes.astype(np.int32), pa.array(texts.astype(object), pa.large_string()))
    return replace(made, instants=instants)


def finite(values: Floats) -> Floats:
    """Return numbers with infinity made null."""
    return np.where(np.isfinite(values), values, np.nan)


def as_number(value: Value) -> Number:
    """Return a value as numbers; text that is not a number becomes null."""
    if isinstance(value, Text):
        return Number(value.coded.lift(value.numbers, null=np.nan))
    if isinstance(value, Condition):
        raise TypeError("a condition is not a number")
    return value


def as_text(value: Value) -> Text:
    """Return a value as text; a literal number as it was written, others as plain decimals."""
    if isinstance(value, Text):
        return value
    if isinstance(value, Condition):
        raise TypeError("a condition is not a text")
    if value.literal:
        return one_text(value.literal)
    codes, distinct = pd.factorize(value.values)
    return text_of(codes.astype(np.int32), render_numbers(distinct))


def is_missing(value: Value) -> Bools:
    """Tell which rows are null or blank."""
    if isinstance(value, Text):
        return value.coded.lift(value.blank, null=True)
    if isinstance(value, Number):
        return np.isnan(value.values)
    return np.zeros(len(value), dtype=bool)


def choose(condition: Bools, then: Value, otherwise: Value) -> Value:
    """Return `then` where the condition holds, else `otherwise`; numbers and texts together give text."""
    if isinstance(then, Condition) and isinstance(otherwise, Condition):
        return Condition(np.where(condition, then.values, otherwise.values))
    if _numeric(then) and _numeric(otherwise) and not (_null(then) and _null(otherwise)):
        return Number(np.where(condition, as_number(then).values, as_number(otherwise).values))
    first, second = as_text(then), as_text(otherwise)
    moved = np.where(second.codes >= 0, second.codes + len(first.values), -1)
    codes = np.where(condition, first.codes, moved).astype(np.int32)
    return Text(Coded(codes, pa.concat_arrays([first.values, second.values])))


def _null(value: Value) -> bool:
    return isinstance(value, Text) and value.null


def _numeric(value: Value) -> bool:
    return isinstance(value, Number) or _null(value)
