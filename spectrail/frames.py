"""Vector primitives on columns and frames: groups, orders, runs, segments and lookups without a call per group.

Positions are 0-based row numbers (`int64`).  A group code is a number from 0; missing values form a group of their
own.  Text sorts by code point, missing values sort first (the order of SAS), and every sort is stable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from spectrail.errors import UsageError
from spectrail.memo import per_column

Positions = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
_PACKED_LIMIT = 2**62


def number_text(value: float) -> str:
    """Return the shortest decimal text of a number that reads back equal: `3`, `0.1`, `0.0001`; empty for NaN."""
    if value != value:
        return ""
    if value == int(value) and abs(value) < 1e16 if np.isfinite(value) else False:
        return str(int(value))
    return np.format_float_positional(value, trim="-")


def _number_texts(numbers: npt.NDArray[np.float64]) -> Any:
    """Return `number_text` of all numbers as a text array; whole numbers take the short way."""
    whole = (np.abs(numbers) < 2**53) & (numbers == np.rint(numbers))
    texts = pc.cast(pa.array(np.where(whole, numbers, 0).astype(np.int64)), pa.large_string()).to_pandas()
    made = pd.array(texts, dtype="str")
    rest = np.flatnonzero(~whole)
    made[rest] = [number_text(value) or None for value in numbers[rest].tolist()]
    return made


@per_column
def as_text(values: pd.Series) -> pd.Series:
    """Return a column as `str` with NaN; numbers become their shortest decimal text, blank text becomes missing."""
    if pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype):
        codes, distinct = pd.factorize(values.astype("float64"))
        return pd.Series(_number_texts(np.asarray(distinct)).take(codes, allow_fill=True), index=values.index)
    text = values if isinstance(values.dtype, pd.StringDtype) else values.astype("str")
    blank = (text == "").fillna(False)
    return text.mask(blank) if blank.any() else text


def text_series(values: Iterable[str | None] | npt.NDArray[Any], index: pd.Index | None = None) -> pd.Series:
    """Make a `str` column from texts; None and the empty text become missing."""
    made = pd.array([value if value else None for value in values], dtype="str")
    return pd.Series(made, index=index)


def missing_text(size: int) -> pd.Series:
    """Return a `str` column of `size` missing values."""
    return pd.Series(pd.array([None], dtype="str").take(np.zeros(size, dtype=np.int64)))


def repeat_text(value: str, size: int) -> pd.Series:
    """Return a `str` column that holds one text `size` times."""
    return pd.Series(pd.array([value or None], dtype="str").take(np.zeros(size, dtype=np.int64)))


@per_column
def factorize(values: pd.Series) -> tuple[Positions, pd.Index]:
    """Return codes and distinct values in order of appearance; missing values have the code -1."""
    codes, distinct = pd.factorize(values)
    return codes.astype(np.int64, copy=False), distinct


def take_text(texts: Sequence[str | None], codes: Positions) -> pd.Series:
    """Return `texts[codes]` as a `str` column; the code -1, None and the empty text give missing."""
    array = pd.array([*(text if text else None for text in texts), None], dtype="str")
    return pd.Series(array.take(np.where(codes < 0, len(texts), codes)))


def take_numbers(numbers: Sequence[float] | npt.NDArray[np.float64], codes: Positions) -> npt.NDArray[np.float64]:
    """Return `numbers[codes]` as float64; the code -1 gives NaN."""
    padded = np.append(np.asarray(numbers, dtype=np.float64), np.nan)
    return padded[codes]


def map_distinct(values: pd.Series, function: Callable[[list[Any]], Sequence[str | None]]) -> pd.Series:
    """Compute a text for every distinct value and give it to all rows; missing stays missing.

    `function` gets the list of distinct values once and gives back one text (or None) for each.
    """
    codes, distinct = factorize(values)
    mapped = take_text(function(distinct.tolist()), codes)
    mapped.index = values.index
    return mapped


@per_column
def clean_text(values: pd.Series) -> pd.Series:
    """Trim blanks (any Unicode space) from both ends and turn runs of line breaks and tabs into one blank."""
    text = as_text(values)
    if not len(text):
        return text
    array = pa.array(text)
    trimmed = pc.utf8_trim_whitespace(array)
    dirty = pc.match_substring_regex(trimmed, r"[\x00-\x1f\x7f]")
    if pc.any(dirty).as_py():
        trimmed = pc.if_else(dirty, pc.replace_substring_regex(trimmed, r" *[\x00-\x1f\x7f]+ *", " "), trimmed)
        trimmed = pc.utf8_trim_whitespace(trimmed)
    if trimmed.equals(array):
        return text
    return as_text(pd.Series(trimmed.to_pandas(), index=text.index, dtype="str"))


# ---- groups and orders -----------------------------------------------------------------------------------------


def group_codes(columns: Sequence[pd.Series]) -> tuple[Positions, int]:
    """Return one code per row, equal where all columns are equal, and the number of groups.

    Codes are dense and in order of first appearance.  Without columns all rows are one group.
    """
    if not columns:
        raise UsageError("group_codes needs at least one column")
    size = len(columns[0])
    packed = np.zeros(size, dtype=np.int64)
    room = 1
    for column in columns:
        codes, distinct = factorize(column)
        width = len(distinct) + 1
        if room * width >= _PACKED_LIMIT:
            packed, seen = _dense(packed)
            room = seen + 1
        packed = packed * width + (codes + 1)
        room *= width
    return _dense(packed)


def _dense(codes: Positions) -> tuple[Positions, int]:
    dense, distinct = pd.factorize(codes)
    return dense.astype(np.int64, copy=False), len(distinct)


def order_codes(values: pd.Series, *, descending: bool = False) -> tuple[Positions, int]:
    """Return dense codes that sort like the values (missing first, 0) and how many codes there are."""
    codes, distinct = factorize(values)
    if isinstance(distinct.dtype, pd.StringDtype):
        order = pc.sort_indices(pa.array(distinct)).to_numpy()
    else:
        order = np.argsort(distinct.to_numpy(), kind="stable")
    rank = np.empty(len(distinct) + 1, dtype=np.int64)
    rank[order] = np.arange(len(distinct), 0, -1) if descending else np.arange(1, len(distinct) + 1)
    rank[-1] = len(distinct) + 1 if descending else 0
    return rank[codes], len(distinct) + 2


def sort_positions(columns: Sequence[pd.Series], *, descending: Sequence[bool] = ()) -> Positions:
    """Return the positions that sort rows by the columns, first column first; stable, missing first."""
    return sort_codes(_packed_order(columns, descending))


def sort_codes(codes: Positions) -> Positions:
    """Return the positions that sort codes; stable."""
    return np.argsort(codes, kind="stable").astype(np.int64, copy=False)


def _packed_order(columns: Sequence[pd.Series], descending: Sequence[bool] = ()) -> Positions:
    packed = np.zeros(len(columns[0]) if columns else 0, dtype=np.int64)
    room = 1
    for number, column in enumerate(columns):
        codes, width = order_codes(column, descending=bool(descending) and descending[number])
        if room * width >= _PACKED_LIMIT:
            distinct, packed = np.unique(packed, return_inverse=True)
            room = len(distinct)
        packed = packed * width + codes
        room *= width
    return packed


def packed_order(columns: Sequence[pd.Series]) -> Positions:
    """Return one number per row that sorts like the columns together; equal numbers are ties."""
    return _packed_order(columns)


def run_starts(codes: npt.NDArray[Any]) -> Positions:
    """Return where runs of equal neighbours begin."""
    if not len(codes):
        return np.empty(0, dtype=np.int64)
    return np.flatnonzero(np.concatenate(([True], codes[1:] != codes[:-1]))).astype(np.int64)


def run_ends(codes: npt.NDArray[Any]) -> Positions:
    """Return where runs of equal neighbours end (the position after the last member)."""
    return np.append(run_starts(codes)[1:], len(codes)).astype(np.int64)[: len(codes)]


def number_in_runs(codes: npt.NDArray[Any]) -> Positions:
    """Number the members of each run of equal neighbours from 1."""
    starts = run_starts(codes)
    lengths = np.diff(np.append(starts, len(codes)))
    return np.arange(1, len(codes) + 1, dtype=np.int64) - np.repeat(starts, lengths)


def pick(codes: Positions, order: Sequence[pd.Series] = (), *, take: Literal["first", "last"] = "first") -> Positions:
    """Return the position of the first or last member of every group, groups in order of their code.

    Members are ordered by the columns `order`, ties by row (last of tied rows for `last`).  Every code from 0 to the
    highest must occur.
    """
    if not order:
        count = int(codes.max(initial=-1)) + 1
        if take == "first":
            return first_positions(codes, count)
        chosen = np.empty(count, dtype=np.int64)
        chosen[codes] = np.arange(len(codes), dtype=np.int64)
        return chosen
    sequence = np.lexsort((_packed_order(order), codes))
    ordered = codes[sequence]
    return sequence[run_starts(ordered) if take == "first" else run_ends(ordered) - 1].astype(np.int64, copy=False)


def first_positions(codes: Positions, count: int) -> Positions:
    """Return the position of the first row of every group code 0..count-1; every code must occur."""
    first = np.empty(count, dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1, dtype=np.int64)
    return first


def complement(positions: Positions, size: int) -> Positions:
    """Return the positions 0..size-1 that are not among `positions`, ascending."""
    # numpy's setdiff1d hashes: far slower than a mask
    absent = np.ones(size, dtype=np.bool_)
    absent[positions] = False
    return np.flatnonzero(absent).astype(np.int64, copy=False)


def segment_reduce(values: npt.NDArray[Any], codes: Positions, how: Literal["min", "max", "sum"]) -> npt.NDArray[Any]:
    """Reduce values per group code 0..n-1; every code must occur. NaN makes `min` and `max` of its group NaN."""
    if not len(values):
        return values[:0]
    order = sort_codes(codes)
    function = {"min": np.minimum, "max": np.maximum, "sum": np.add}[how]
    return np.asarray(function.reduceat(values[order], run_starts(codes[order])))


# ---- lookups -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Matches:
    """Where keys were found: `rows[i]` is the position in the table (-1: none).

    `counts[i]` is how many rows of the table have the key of row i; 2 and more are duplicates.
    """

    rows: Positions
    counts: Positions


def shared_codes(left: Sequence[pd.Series], right: Sequence[pd.Series]) -> tuple[Positions, Positions]:
    """Return group codes of two tables' keys on one scale; -1 where a part of the key is missing.

    A number and a text key compare by the number's shortest text (`3` equals `3`).
    """
    if len(left) != len(right) or not left:
        raise UsageError(f"{len(left)} key columns cannot be matched with {len(right)}")
    stacked: list[pd.Series] = []
    absent = np.zeros(len(left[0]) + len(right[0]), dtype=np.bool_)
    for one, other in zip(left, right, strict=True):
        if one.dtype != other.dtype:
            one, other = as_text(one), as_text(other)
        both = pd.concat([one, other], ignore_index=True)
        absent |= both.isna().to_numpy()
        stacked.append(both)
    codes, _ = group_codes(stacked)
    codes = np.where(absent, -1, codes)
    size = len(left[0])
    return codes[:size], codes[size:]


def match_keys(
    left: Sequence[pd.Series],
    right: Sequence[pd.Series],
    *,
    order: Sequence[pd.Series] = (),
    take: Literal["first", "last"] = "first",
) -> Matches:
    """Find the row of the right table for every row of the left one; of several, the first or last by `order`."""
    wanted, offered = shared_codes(left, right)
    present = np.flatnonzero(offered >= 0)
    size = int(max(wanted.max(initial=-1), offered.max(initial=-1))) + 1
    found = np.full(size + 1, -1, dtype=np.int64)
    counts = np.zeros(size + 1, dtype=np.int64)
    if len(present):
        local, distinct = pd.factorize(offered[present])
        chosen = pick(local.astype(np.int64), [column.iloc[present] for column in order], take=take)
        found[distinct] = present[chosen]
        counts[distinct] = np.bincount(local, minlength=len(distinct))
    return Matches(found[wanted], counts[wanted])


def match_all(left: Sequence[pd.Series], right: Sequence[pd.Series]) -> tuple[Positions, Positions]:
    """Return all pairs (left position, right position) of equal keys, by left then right position."""
    wanted, offered = shared_codes(left, right)
    present = np.flatnonzero(offered >= 0)
    order = present[np.argsort(offered[present], kind="stable")]
    ordered = offered[order]
    low = np.searchsorted(ordered, wanted, side="left")
    counts = np.where(wanted >= 0, np.searchsorted(ordered, wanted, side="right") - low, 0)
    pairs = np.repeat(np.arange(len(wanted), dtype=np.int64), counts)
    first = np.repeat(low - np.concatenate(([0], np.cumsum(counts)[:-1])) if len(counts) else low, counts)
    return pairs, order[first + np.arange(len(pairs), dtype=np.int64)].astype(np.int64, copy=False)
