"""One column as rules see it: dictionary encoded, so that work is done once per distinct value.

A `Column` holds int32 codes into its distinct values, -1 for null.  Null is a missing value or the empty text; text
made of blanks only is a value.  Whatever a rule asks of a column (numbers, lower case, parsed dates) is computed on
the distinct values when first asked for and kept, so all rules share it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

Kind = Literal["text", "number", "boolean", "list", "mixed"]
Codes = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]
SAS_EPOCH = np.datetime64("1960-01-01", "us")


class Column:
    """A column of `size` cells; codes and distinct values are made from `source` when first needed."""

    __slots__ = ("_cache", "_codes", "_distinct", "_numbers", "_source", "kind", "size")

    def __init__(
        self,
        kind: Kind,
        size: int,
        *,
        codes: Codes | None = None,
        distinct: npt.NDArray[np.object_] | None = None,
        numbers: npt.NDArray[np.float64] | None = None,
        source: pd.Series | None = None,
    ) -> None:
        self.kind: Kind = kind
        self.size = size
        self._codes = codes
        self._distinct = distinct
        self._numbers = numbers
        self._source = source
        self._cache: dict[Hashable, Any] = {}

    @classmethod
    def of_series(cls, series: pd.Series) -> Column:
        """Make a column of a pandas series; a numeric date becomes SAS days (midnights only) or SAS seconds."""
        dtype = series.dtype
        if pd.api.types.is_bool_dtype(dtype):
            return cls.of_values(series.tolist())
        if pd.api.types.is_datetime64_any_dtype(dtype):
            series = pd.Series(_sas_numbers(series.to_numpy()))
            dtype = series.dtype
        if pd.api.types.is_numeric_dtype(dtype):
            return cls("number", len(series), numbers=series.to_numpy(dtype=np.float64, na_value=np.nan))
        if isinstance(dtype, pd.StringDtype):
            return cls("text", len(series), source=series)
        return cls.of_values(series.tolist())

    @classmethod
    def of_values(cls, values: Sequence[Any]) -> Column:
        """Make a column of plain values (text, numbers, booleans, lists; None, NaN and empty text are null)."""
        positions: dict[Any, int] = {}
        codes = np.empty(len(values), dtype=np.int32)
        for row, value in enumerate(values):
            key = _plain(value)
            codes[row] = -1 if key is None else positions.setdefault(_typed_key(key), len(positions))
        return cls.of_codes(codes, [key[1] for key in positions])

    @classmethod
    def of_codes(cls, codes: npt.NDArray[Any], distinct: Iterable[Any], *, kind: Kind | None = None) -> Column:
        """Make a column of codes into values that are distinct and not null."""
        values = as_objects(distinct)
        return cls(kind or kind_of(values), len(codes), codes=codes.astype(np.int32, copy=False), distinct=values)

    @classmethod
    def of_mapped(cls, codes: npt.NDArray[Any], values: Iterable[Any], *, kind: Kind | None = None) -> Column:
        """Make a column of codes into values that may repeat or be null (None or empty text)."""
        positions: dict[Any, int] = {}
        table: list[int] = []
        for value in values:
            key = _plain(value)
            table.append(-1 if key is None else positions.setdefault(_typed_key(key), len(positions)))
        table.append(-1)
        return cls.of_codes(np.asarray(table, dtype=np.int32)[codes], [key[1] for key in positions], kind=kind)

    @classmethod
    def constant(cls, value: Any, size: int) -> Column:
        """Make a column that repeats one value (a list becomes one shared list)."""
        key = _plain(value)
        if key is None:
            return cls("mixed", size, codes=np.broadcast_to(np.int32(-1), (size,)), distinct=as_objects(()))
        distinct = as_objects((key,))
        return cls(kind_of(distinct), size, codes=np.broadcast_to(np.int32(0), (size,)), distinct=distinct)

    def _encode(self) -> None:
        if self._numbers is not None:
            codes, distinct = pd.factorize(self._numbers)
            self._codes, self._distinct = codes.astype(np.int32), as_objects(distinct.tolist())
            return
        assert self._source is not None
        codes, uniques = pd.factorize(self._source)
        distinct = np.asarray(uniques, dtype=object)
        codes = codes.astype(np.int32)
        position = next((at for at, value in enumerate(distinct) if value == ""), -1)
        if position >= 0:
            codes = np.where(codes == position, -1, codes - (codes > position)).astype(np.int32)
            distinct = np.delete(distinct, position)
        self._codes, self._distinct, self._source = codes, distinct, None

    @property
    def codes(self) -> Codes:
        """Position of each cell's value in `distinct`, -1 for null."""
        if self._codes is None:
            self._encode()
        assert self._codes is not None
        return self._codes

    @property
    def distinct(self) -> npt.NDArray[np.object_]:
        """Values that occur (also some that no longer do), each once, in order of first appearance."""
        if self._distinct is None:
            self._encode()
        assert self._distinct is not None
        return self._distinct

    @property
    def null(self) -> Flags:
        """Tell which cells are null."""
        return self.kept("null", lambda: np.isnan(self._numbers) if self._numbers is not None else self.codes < 0)

    @property
    def numbers(self) -> npt.NDArray[np.float64]:
        """Cells as numbers, NaN for null and for what is no number."""
        if self._numbers is None:
            table = np.append(self.distinct_numbers, np.nan)
            return self.kept("numbers", lambda: table[self.codes])
        return self._numbers

    @property
    def distinct_numbers(self) -> npt.NDArray[np.float64]:
        """Distinct values as numbers, NaN for what is none (lists, text that is not a number)."""
        return self.kept(
            "distinct_numbers",
            lambda: np.array([as_number(value) for value in self.distinct], dtype=np.float64),
        )

    @property
    def texts(self) -> npt.NDArray[np.object_]:
        """Distinct values as text, numbers without a trailing `.0`."""
        return self.kept("texts", lambda: as_objects([as_text(value) for value in self.distinct]))

    @property
    def index(self) -> pd.Index:
        """Hash index of the distinct values."""
        return self.kept("index", lambda: pd.Index(self.distinct, dtype=object))

    @property
    def places(self) -> dict[Any, int]:
        """Position in `distinct` of each of its values; of text and numbers only, where equal is the same."""
        return self.kept("places", lambda: {value: at for at, value in enumerate(self.distinct.tolist())})

    @property
    def group_codes(self) -> npt.NDArray[np.int64]:
        """Codes with null as one more value, the last."""
        codes = self.codes.astype(np.int64)
        return np.where(codes < 0, len(self.distinct), codes)

    def kept(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """Return what `compute` gives, computed once per column and key."""
        if key not in self._cache:
            self._cache[key] = compute()
        return self._cache[key]

    def spread(self, flags: npt.NDArray[Any], *, null: bool = False) -> Flags:
        """Spread one flag per distinct value over the cells."""
        return np.append(np.asarray(flags, dtype=bool), null)[self.codes]

    def where(self, predicate: Callable[[Any], bool], *, null: bool = False) -> Flags:
        """Test every distinct value with a Python function and spread the answers."""
        return self.spread(np.array([predicate(value) for value in self.distinct], dtype=bool), null=null)

    def take(self, rows: npt.NDArray[np.int64], *, missing: bool = False) -> Column:
        """Return the cells at `rows`; with `missing`, a row of -1 gives null."""
        if self._numbers is not None and self._codes is None:
            numbers = self._numbers[rows] if self.size else np.full(len(rows), np.nan)
            if missing:
                numbers = np.where(rows < 0, np.nan, numbers)
            return Column(self.kind, len(rows), numbers=numbers)
        codes = self.codes[rows] if self.size else np.full(len(rows), -1, dtype=np.int32)
        if missing:
            codes = np.where(rows < 0, np.int32(-1), codes)
        return Column(self.kind, len(rows), codes=codes, distinct=self.distinct)

    def mapped(self, function: Callable[[Any], Any], *, kind: Kind | None = None) -> Column:
        """Return the column with a Python function applied to every distinct value."""
        return Column.of_mapped(self.codes, [function(value) for value in self.distinct], kind=kind)

    def occurring(self) -> list[Any]:
        """Return the values that do occur, in order of first appearance."""
        used = pd.unique(self.codes)
        return [self.distinct[code] for code in used if code >= 0]

    def values(self) -> list[Any]:
        """Return all cells as plain values, None for null."""
        table = np.append(self.distinct, np.array([None], dtype=object))
        return list(table[self.codes])


def as_objects(values: Iterable[Any]) -> npt.NDArray[np.object_]:
    """Return a one-dimensional object array (lists stay cells)."""
    listed = list(values)
    array = np.empty(len(listed), dtype=object)
    for position, value in enumerate(listed):
        array[position] = value
    return array


def kind_of(distinct: npt.NDArray[np.object_]) -> Kind:
    """Tell the kind of values: all text, all numbers, all booleans, all lists, or mixed (also: none)."""
    found = {_kind(value) for value in distinct}
    return found.pop() if len(found) == 1 else "mixed"


def _kind(value: Any) -> Kind:
    if isinstance(value, str):
        return "text"
    if isinstance(value, bool):
        return "boolean"
    return "list" if isinstance(value, tuple) else "number"


def as_number(value: Any) -> float:
    """Return a value as a number, NaN for what is none; no `nan`, `inf` or digit grouping."""
    if isinstance(value, (int, float)):
        return float(value)
    if isinstance(value, str) and value.strip().lower().lstrip("+-")[:1] in tuple("0123456789."):
        try:
            return float(value) if "_" not in value else np.nan
        except ValueError:
            return np.nan
    return np.nan


def as_text(value: Any) -> str:
    """Return a value as text: a whole number without `.0`, a list in brackets."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(list(value)) if isinstance(value, tuple) else str(value)


def _plain(value: Any) -> Any:
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, str):
        return value or None
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return None if np.isnan(value) else float(value)
    if isinstance(value, (list, tuple, set, frozenset, np.ndarray)):
        items = sorted(value, key=str) if isinstance(value, (set, frozenset)) else value
        return tuple(item for item in items)
    return str(value) or None


def _typed_key(value: Any) -> tuple[Any, Any]:
    # True and 1 hash alike in Python: the kind keeps them apart.
    return (_kind(value), value)


def _sas_numbers(moments: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    moments = moments.astype("datetime64[us]")
    missing = np.isnat(moments)
    micros = (moments - SAS_EPOCH).astype(np.int64)
    seconds = micros / 1_000_000
    whole = not np.any(micros[~missing] % 86_400_000_000)
    return np.where(missing, np.nan, seconds / 86_400 if whole else seconds)


def align(left: Column, right: Column) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], int]:
    """Return codes of both columns in one space of values (-1 for null) and the size of that space."""
    if left.kind == "number" and right.kind == "number":
        codes, values = pd.factorize(np.concatenate([left.numbers, right.numbers]))
        return codes[: left.size], codes[left.size :], len(values)
    known = len(left.distinct)
    table = np.asarray(left.index.get_indexer(pd.Index(right.distinct, dtype=object)), dtype=np.int64)
    fresh = table < 0
    table[fresh] = known + np.arange(int(fresh.sum()))
    table = np.append(table, -1)
    return left.codes.astype(np.int64), table[right.codes], known + int(fresh.sum())


def concatenate(columns: Sequence[Column]) -> Column:
    """Stack columns below each other."""
    if len(columns) == 1:
        return columns[0]
    if all(column.kind == "number" for column in columns):
        numbers = np.concatenate([column.numbers for column in columns])
        return Column("number", len(numbers), numbers=numbers)
    offsets = np.cumsum([0] + [len(column.distinct) for column in columns])
    codes = [
        np.where(column.codes < 0, -1, column.codes + offset)
        for column, offset in zip(columns, offsets[:-1], strict=True)
    ]
    values = [value for column in columns for value in column.distinct]
    kinds = {column.kind for column in columns if len(column.distinct)}
    return Column.of_mapped(np.concatenate(codes), values, kind=kinds.pop() if len(kinds) == 1 else None)


def combine_codes(parts: Sequence[npt.NDArray[np.int64]]) -> tuple[npt.NDArray[np.int64], int]:
    """Combine several codes (0 or more, none negative) into group codes 0..k-1 in order of appearance; give k too."""
    combined = parts[0]
    for part in parts[1:]:
        span = int(part.max()) + 1 if len(part) else 1
        top = int(combined.max()) + 1 if len(combined) else 1
        if top * span >= 2**62:
            combined = pd.factorize(combined)[0]
        combined = combined * span + part
    codes, groups = pd.factorize(combined)
    return codes.astype(np.int64, copy=False), len(groups)
