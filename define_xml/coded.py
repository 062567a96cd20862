"""Columns as codes of their distinct values, where clauses on them, and the values that a mask selects."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from spectrail.profile import SIGNIFICANT

Mask = npt.NDArray[np.bool_]

_TIME = r"\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?"
PATTERNS: dict[str, re.Pattern[str]] = {
    "integer": re.compile(r"[+-]?\d+"),
    "float": re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?"),
    "date": re.compile(r"\d{4}-\d{2}-\d{2}"),
    "time": re.compile(_TIME),
    "datetime": re.compile(rf"\d{{4}}-\d{{2}}-\d{{2}}T{_TIME}"),
    "partialDate": re.compile(r"\d{4}(-\d{2}(-\d{2})?)?"),
    "partialTime": re.compile(rf"\d{{2}}|{_TIME}"),
    "partialDatetime": re.compile(rf"\d{{4}}(-\d{{2}}(-\d{{2}}(T(\d{{2}}|{_TIME}))?)?)?"),
    "incompleteDatetime": re.compile(
        rf"(\d{{4}}|-)(-(\d{{2}}|-)(-(\d{{2}}|-)(T((\d{{2}}|-)(:(\d{{2}}|-)(:(\d{{2}}(\.\d+)?|-))?)?|{_TIME}))?)?)?"
    ),
    "durationDatetime": re.compile(
        r"[+-]?P(?=.)(\d+(\.\d+)?W|(\d+(\.\d+)?Y)?(\d+(\.\d+)?M)?(\d+(\.\d+)?D)?(T(?=.)(\d+(\.\d+)?H)?(\d+(\.\d+)?M)?(\d+(\.\d+)?S)?)?)"
    ),
    "intervalDatetime": re.compile(r"[^/]+/[^/]+"),
}
"""What text of a data type looks like (Define-XML 2.1 section 4.3; ISO 8601)."""


@dataclass(frozen=True)
class Coded:
    """A column as codes (-1: missing) of `values`, which are all text or all numbers."""

    codes: npt.NDArray[np.int64]
    values: tuple[Any, ...]
    numeric: bool

    def lookup(self, wanted: Callable[[Any], bool], *, missing: bool = False) -> Mask:
        """Return a mask of the records whose value `wanted` accepts; it is asked once per distinct value."""
        table = np.fromiter((wanted(value) for value in self.values), dtype=bool, count=len(self.values))
        return np.append(table, missing)[self.codes]

    def counts(self, mask: Mask | None = None) -> npt.NDArray[np.int64]:
        """Count the records of each value, within a mask when one is given; the last count is of missing values."""
        codes = self.codes if mask is None else self.codes[mask]
        return np.bincount(np.where(codes < 0, len(self.values), codes), minlength=len(self.values) + 1)

    def first(self, place: int, mask: Mask | None = None) -> int:
        """Return the 1-based number of the first record that has the value at `place` (-1: missing)."""
        found = self.codes == place if mask is None else (self.codes == place) & mask
        return int(np.argmax(found)) + 1


def encode(column: pd.Series) -> Coded:
    """Encode a column; numbers are taken to 15 significant digits, so that 9.299999999999999 is 9.3."""
    codes, unique = pd.factorize(column, use_na_sentinel=True)
    numeric = pd.api.types.is_numeric_dtype(column.dtype)
    if numeric:
        values: tuple[Any, ...] = tuple(float(f"{one:.{SIGNIFICANT}g}") for one in unique.tolist())
    else:
        values = tuple(str(one) for one in unique)
    return Coded(codes=codes.astype(np.int64), values=values, numeric=numeric)


def number_of(text: str) -> float | None:
    """Return text as a number, or None."""
    try:
        return float(text)
    except ValueError:
        return None


def condition_mask(coded: Coded, comparator: str, values: tuple[str, ...]) -> Mask:
    """Return the records that meet one comparison of a where clause.

    A numeric column is compared as number, text by code points, as SAS does for ASCII; the empty value means missing.
    """
    missing = "" in values
    if comparator in {"EQ", "IN", "NE", "NOTIN"}:
        if coded.numeric:
            wanted: set[Any] = {number for one in values if (number := number_of(one)) is not None}
        else:
            wanted = set(values)
        equal = coded.lookup(lambda value: value in wanted, missing=missing)
        return equal if comparator in {"EQ", "IN"} else ~equal
    if not values or missing:
        return np.zeros(len(coded.codes), dtype=bool)
    bound = number_of(values[0])
    compare: dict[str, Callable[[Any, Any], bool]] = {
        "LT": lambda left, right: left < right,
        "LE": lambda left, right: left <= right,
        "GT": lambda left, right: left > right,
        "GE": lambda left, right: left >= right,
    }
    holds = compare[comparator]
    if coded.numeric:
        return coded.lookup(lambda value: bound is not None and holds(value, bound))
    return coded.lookup(lambda value: holds(value, values[0]))


def rank(coded: Coded) -> npt.NDArray[np.int64]:
    """Return the rank of every record's value in the order in which SAS sorts: missing first, then by code point."""
    order = sorted(range(len(coded.values)), key=lambda place: coded.values[place])
    ranks = np.empty(len(order) + 1, dtype=np.int64)
    ranks[order] = np.arange(1, len(order) + 1)
    ranks[-1] = 0
    return ranks[coded.codes]
