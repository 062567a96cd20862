"""What is known of a dataset after one look: widths, distinct values, nulls, digits, range.

A profile is computed once per dataset; the profiles of its parts can be merged and give the profile of the whole.
XPT lengths, define.xml, suites and rules read it instead of scanning the data again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from spectrail.errors import UnknownNameError, UsageError

Hashes = npt.NDArray[np.uint64]
CAP = 10_000
"""Distinct values that a column profile lists; above it they are counted only."""

SIGNIFICANT = 15
_POWERS = 10.0 ** np.arange(309)


@dataclass(frozen=True)
class ColumnProfile:
    """One column: `values` are its distinct values in order, empty when there are more than `CAP`.

    `width` is the longest text in bytes of UTF-8 (0 for numbers), `decimals` the most digits after the decimal point
    and `digits` the most digits of one number (see `digits_of`); `lowest` and `highest` are text for text and numbers
    for numbers (dates as ISO 8601 text). `hashes` count distinct values exactly across parts when they are too many
    to list.
    """

    name: str
    kind: Literal["text", "number", "date"]
    records: int = 0
    nulls: int = 0
    width: int = 0
    decimals: int = 0
    digits: int = 0
    lowest: str | float | None = None
    highest: str | float | None = None
    values: tuple[str | float, ...] = ()
    hashes: Hashes = field(default_factory=lambda: np.empty(0, dtype=np.uint64), repr=False, compare=False)
    distinct: int = 0

    @property
    def listed(self) -> bool:
        """Tell whether `values` holds all distinct values."""
        return len(self.values) == self.distinct

    @property
    def empty(self) -> bool:
        """Tell whether every value is missing."""
        return self.nulls == self.records


@dataclass(frozen=True)
class Profile:
    """One dataset: its columns in order and the number of records."""

    columns: Mapping[str, ColumnProfile]
    records: int = 0

    def __getitem__(self, name: str) -> ColumnProfile:
        try:
            return self.columns[name]
        except KeyError:
            raise UnknownNameError("column", name, self.columns) from None


def profile(frame: pd.DataFrame) -> Profile:
    """Profile a frame of text, number and date columns (missing values NaN or NaT)."""
    return Profile(
        columns={str(name): profile_column(column) for name, column in frame.items()},
        records=len(frame),
    )


def profile_column(column: pd.Series) -> ColumnProfile:
    """Profile one column."""
    name = str(column.name)
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        text = column.dropna().drop_duplicates().dt.strftime("%Y-%m-%dT%H:%M:%S").str.removesuffix("T00:00:00")
        found = _text_profile(name, pa.array(text, type=pa.string(), from_pandas=True))
        return _with(found, kind="date", records=len(column), nulls=int(column.isna().sum()))
    if pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_bool_dtype(column.dtype):
        return _number_profile(name, column.to_numpy(dtype=np.float64, na_value=np.nan))
    array = pa.array(column.astype("str"), from_pandas=True)
    return _text_profile(name, array)


def _with(found: ColumnProfile, **changes: Any) -> ColumnProfile:
    return ColumnProfile(**{**{name: getattr(found, name) for name in found.__dataclass_fields__}, **changes})


def _text_profile(name: str, array: pa.Array | pa.ChunkedArray) -> ColumnProfile:
    records, nulls = len(array), array.null_count
    unique = pc.drop_null(pc.unique(array))
    if not len(unique):
        return ColumnProfile(name=name, kind="text", records=records, nulls=nulls)
    ends = pc.min_max(unique).as_py()
    values, hashes = _listed(unique)
    return ColumnProfile(
        name=name,
        kind="text",
        records=records,
        nulls=nulls,
        width=int(pc.max(pc.binary_length(unique)).as_py()),
        lowest=ends["min"],
        highest=ends["max"],
        values=values,
        hashes=hashes,
        distinct=len(unique),
    )


def _listed(unique: pa.Array) -> tuple[tuple[Any, ...], Hashes]:
    """Return sorted values, or hashes where there are too many to list."""
    if len(unique) <= CAP:
        return tuple(sorted(unique.to_pylist())), np.empty(0, dtype=np.uint64)
    return (), np.sort(_hash_array(unique))


def _number_profile(name: str, numbers: npt.NDArray[np.float64]) -> ColumnProfile:
    missing = np.isnan(numbers)
    unique = pd.unique(numbers[~missing])
    if not len(unique):
        return ColumnProfile(name=name, kind="number", records=len(numbers), nulls=int(missing.sum()))
    values, hashes = _listed(pa.array(unique))
    lowest, highest = float(unique.min()), float(unique.max())
    return ColumnProfile(
        name=name,
        kind="number",
        records=len(numbers),
        nulls=int(missing.sum()),
        decimals=decimals(unique),
        digits=int(digits_of(unique).max()),
        lowest=lowest,
        highest=highest,
        values=values,
        hashes=hashes,
        distinct=len(unique),
    )


def decimals(numbers: npt.NDArray[np.float64]) -> int:
    """Return the most digits after the decimal point."""
    return int(_places(numbers).max(initial=0))


def digits_of(numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return the digits of each number: what Length counts in define.xml.

    Those before the decimal point, at least one, and those after it; sign and point are no digits: 3 for -0.25, 4 for
    97.55.  What is not finite has none.
    """
    finite = np.isfinite(numbers)
    before = np.searchsorted(_POWERS, np.abs(np.where(finite, numbers, 0)), side="right")
    return np.where(finite, np.maximum(before, 1) + _places(numbers), 0)


def _places(numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Return the digits after the decimal point of each number, to the 15 significant ones that a double holds.

    What lies beyond (9.299999999999999 for 9.3 after a conversion) is noise of the binary form, not data.
    """
    found = np.zeros(len(numbers), dtype=np.int64)
    broken = np.flatnonzero(np.isfinite(numbers) & (numbers != np.rint(numbers)))
    rest = np.abs(numbers[broken])
    places = SIGNIFICANT - 1 - np.floor(np.log10(np.maximum(rest, 1e-290))).astype(np.int64)
    digits = np.rint(rest * 10.0 ** np.minimum(places, 300)).astype(np.int64)
    for _ in range(SIGNIFICANT):
        ends_in_zero = (digits % 10 == 0) & (digits > 0)
        if not ends_in_zero.any():
            break
        digits = np.where(ends_in_zero, digits // 10, digits)
        places = places - ends_in_zero
    found[broken] = np.maximum(places, 0)
    return found


def merge(profiles: Iterable[Profile]) -> Profile:
    """Merge the profiles of parts of one dataset; every part must have the same columns."""
    parts = list(profiles)
    if not parts:
        return Profile(columns={})
    first = parts[0]
    for part in parts[1:]:
        if set(part.columns) != set(first.columns):
            raise UsageError("profiles of one dataset must have the same columns")
    return Profile(
        columns={name: _merge_columns([part.columns[name] for part in parts]) for name in first.columns},
        records=sum(part.records for part in parts),
    )


def _merge_columns(parts: list[ColumnProfile]) -> ColumnProfile:
    filled = [part for part in parts if not part.empty]
    kinds = {part.kind for part in filled} or {parts[0].kind}
    if len(kinds) > 1:
        raise UsageError(f"parts of column {parts[0].name} differ in type: {', '.join(sorted(kinds))}")
    values, hashes, distinct = _merge_values(filled)
    return ColumnProfile(
        name=parts[0].name,
        kind=kinds.pop(),
        records=sum(part.records for part in parts),
        nulls=sum(part.nulls for part in parts),
        width=max(part.width for part in parts),
        decimals=max(part.decimals for part in parts),
        digits=max(part.digits for part in parts),
        lowest=min((part.lowest for part in filled if part.lowest is not None), default=None),
        highest=max((part.highest for part in filled if part.highest is not None), default=None),
        values=values,
        hashes=hashes,
        distinct=distinct,
    )


def _merge_values(parts: list[ColumnProfile]) -> tuple[tuple[Any, ...], Hashes, int]:
    if all(part.listed for part in parts):
        together = set().union(*(part.values for part in parts))
        if len(together) <= CAP:
            return tuple(sorted(together)), np.empty(0, dtype=np.uint64), len(together)
    hashes = np.unique(np.concatenate([_hashes_of(part) for part in parts]))
    return (), hashes, len(hashes)


def _hashes_of(part: ColumnProfile) -> Hashes:
    if not part.listed:
        return part.hashes
    return _hash_array(pa.array(part.values, pa.float64() if part.kind == "number" else pa.string()))


def _hash_array(array: pa.Array | pa.ChunkedArray) -> Hashes:
    if pa.types.is_floating(array.type):
        return _hash_numbers(array.to_numpy(zero_copy_only=False))
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks() if array.num_chunks != 1 else array.chunk(0)
    hashes = _hash_text(array.cast(pa.large_string()))
    if array.null_count:
        hashes[array.is_null().to_numpy(zero_copy_only=False)] = 1
    return hashes


def _hash_numbers(numbers: npt.NDArray[np.float64]) -> Hashes:
    plain = np.where(np.isnan(numbers), np.nan, numbers + 0.0)  # one NaN, and no negative zero
    return _mix(np.zeros(len(plain), dtype=np.uint64), plain.view(np.uint64))


def _hash_text(array: pa.Array) -> Hashes:
    """Hash texts, eight bytes of all of them at a time, straight from the Arrow buffers."""
    _, offsets, data = array.buffers()
    starts = np.frombuffer(offsets, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    lengths = starts[1:] - starts[:-1]
    starts = starts[:-1]
    text = np.zeros((data.size if data is not None else 0) + 8, dtype=np.uint8)
    if data is not None:
        text[: data.size] = np.frombuffer(data, dtype=np.uint8)
    words = np.ndarray(shape=(len(text) - 7,), dtype="<u8", buffer=text, strides=(1,))
    hashes = lengths.astype(np.uint64)
    for start in range(0, int(lengths.max(initial=0)), 8):
        longer = np.flatnonzero(lengths > start)
        left = np.minimum(lengths[longer] - start, 8).astype(np.uint64)
        kept = np.uint64(0xFFFFFFFFFFFFFFFF) >> (np.uint64(64) - left * np.uint64(8))
        hashes[longer] = _mix(hashes[longer], words[starts[longer] + start] & kept)
    return hashes


def _mix(hashes: Hashes, words: Hashes) -> Hashes:
    """Mix words into hashes (multiply and shift; overflow is wanted)."""
    mixed = (hashes + np.uint64(0x9E3779B97F4A7C15)) * np.uint64(0xBF58476D1CE4E5B9) ^ words
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    return mixed ^ (mixed >> np.uint64(31))
