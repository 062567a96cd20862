"""ISO 8601 dates and times as text, complete or partial, and what can be said of them.

Partial texts are those of SDTMIG 4.4.2: cut off on the right (`2003-12`, `2003-12-15T13`) or with a hyphen for a
missing part in the middle (`2003---15`, `--12-15`, `-----T07:15`, `2003-12-15T-:15`).  A text that names a day that
does not exist is not valid.  Times are those written; an offset from UTC counts only where both sides of a comparison
have one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Int = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Instants = npt.NDArray[np.datetime64]

BEFORE, SAME, AFTER, UNKNOWN = -1, 0, 1, 2
"""Results of `compare`."""
NONE, YEAR, MONTH, DAY, HOUR, MINUTE, SECOND = range(7)
"""Levels of `precision`."""
NO_OFFSET = 10_000
_WIDTH = 20
MONTH_DAYS = np.array([31, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], dtype=np.int64)
"""Most days of each month, February with 29; of an unknown month (0) 31."""
_DIGITS = np.array([0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18])
_MARKS = {4: "-", 7: "-", 10: "T", 13: ":", 16: ":"}
_REGULAR = (4, 7, 10, 13, 16, 19)
_GENERAL = re.compile(
    r"(?P<year>\d{4}|-)(?:-(?P<month>\d{2}|-)(?:-(?P<day>\d{2}|-))?)?"
    r"(?:T(?P<hour>\d{2}|-)(?::(?P<minute>\d{2}|-)(?::(?P<second>\d{2}(?:\.\d+)?))?)?"
    r"(?P<offset>Z|[+-]\d{2}(?::?\d{2})?)?)?"
)


@dataclass(frozen=True)
class Parts:
    """The parts of dates, one per row: -1 for a missing part, `NO_OFFSET` for no offset (minutes).

    `micro` are microseconds within the second.  `valid` is False for missing and for wrong texts.
    """

    year: Int
    month: Int
    day: Int
    hour: Int
    minute: Int
    second: Int
    micro: Int
    offset: Int
    valid: Bools

    def take(self, positions: Int) -> Parts:
        """Return the parts at positions; -1 takes the last."""
        return Parts(*(getattr(self, field.name)[positions] for field in fields(self)))


def parts(values: pd.Series) -> Parts:
    """Read ISO 8601 texts into their parts; works on distinct values."""
    codes, found = _distinct_parts(values)
    return found.take(codes)


def _parse(distinct: pd.Series) -> Parts:
    """Parse distinct texts; one row more than texts, the last one for a missing text."""
    size = len(distinct)
    columns = {field.name: np.full(size + 1, -1, dtype=np.int64) for field in fields(Parts)}
    columns["offset"][:] = NO_OFFSET
    columns["micro"][:] = 0
    valid = np.zeros(size + 1, dtype=np.bool_)
    if size:
        irregular = _parse_regular(pa.array(distinct), columns, valid)
        for position in irregular:
            _parse_general(str(distinct.iloc[position]), int(position), columns, valid)
    valid &= _exists(columns)
    del columns["valid"]
    return Parts(**columns, valid=valid)


def _parse_regular(texts: pa.Array, columns: dict[str, Int], valid: Bools) -> Int:
    """Parse texts cut off on the right without hyphens, offset or fraction; return the positions of the others."""
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    ascii_only = pc.string_is_ascii(texts)
    safe = pc.utf8_slice_codeunits(pc.if_else(ascii_only, texts, ""), 0, _WIDTH)
    lengths = pc.utf8_length(texts).to_numpy(zero_copy_only=False)
    padded = pc.utf8_rpad(safe.cast(pa.large_string()), _WIDTH, " ")
    matrix = np.frombuffer(padded.buffers()[2], dtype=np.uint8, count=len(texts) * _WIDTH).reshape(-1, _WIDTH)
    good = ascii_only.to_numpy(zero_copy_only=False) & np.isin(lengths, _REGULAR)
    for position in _DIGITS:
        column = matrix[:, position]
        good &= (lengths <= position) | ((column >= 48) & (column <= 57))
    for position, mark in _MARKS.items():
        good &= (lengths <= position) | (matrix[:, position] == ord(mark))
    numbers = matrix.astype(np.int64) - 48
    columns["year"][:-1] = np.where(good, numbers[:, :4] @ np.array([1000, 100, 10, 1]), -1)
    for name, start in (("month", 5), ("day", 8), ("hour", 11), ("minute", 14), ("second", 17)):
        columns[name][:-1] = np.where(good & (lengths > start), numbers[:, start] * 10 + numbers[:, start + 1], -1)
    valid[:-1] = good
    return np.flatnonzero(~good).astype(np.int64)


def _parse_general(text: str, position: int, columns: dict[str, Int], valid: Bools) -> None:
    match = _GENERAL.fullmatch(text) if text.isascii() else None
    if match is None:
        return
    for name in ("year", "month", "day", "hour", "minute"):
        part = match[name]
        columns[name][position] = int(part) if part and part != "-" else -1
    if match["second"]:
        whole, _, fraction = match["second"].partition(".")
        columns["second"][position] = int(whole)
        columns["micro"][position] = int((fraction + "000000")[:6]) if fraction else 0
    if match["offset"]:
        columns["offset"][position] = _offset_minutes(match["offset"])
    known = [columns[name][position] for name in ("year", "month", "day", "hour", "minute", "second")]
    # a text must not end in a hyphen, except that of a date without any known part before a time
    valid[position] = max(known) >= 0 and not text.endswith("-")


def _offset_minutes(text: str) -> int:
    if text == "Z":
        return 0
    digits = text[1:].replace(":", "")
    minutes = int(digits[:2]) * 60 + int(digits[2:] or 0)
    return -minutes if text[0] == "-" else minutes


def _exists(columns: dict[str, Int]) -> Bools:
    year, month, day = columns["year"], columns["month"], columns["day"]
    month_ok = (month == -1) | ((month >= 1) & (month <= 12))
    most = MONTH_DAYS[np.where(month_ok & (month > 0), month, 0)]
    most = np.where((month == 2) & (year > 0) & ~is_leap(year), 28, most)
    day_ok = (day == -1) | ((day >= 1) & (day <= most))
    offset = columns["offset"]
    return (
        (year != 0)
        & month_ok
        & day_ok
        & (columns["hour"] < 24)
        & (columns["minute"] < 60)
        & (columns["second"] < 60)
        & ((offset == NO_OFFSET) | (np.abs(offset) <= 14 * 60))
    )


def is_leap(year: Int) -> Bools:
    """Tell leap years of the Gregorian calendar."""
    return ((year % 4 == 0) & (year % 100 != 0)) | (year % 400 == 0)


def days_from_civil(year: Int, month: Int, day: Int) -> Int:
    """Return days since 1970-01-01 of Gregorian dates; all parts must be known."""
    months = (year - 1970) * 12 + (month - 1)
    first = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return np.asarray(first + day - 1)


def is_valid(values: pd.Series) -> Bools:
    """Tell which texts are dates, complete or partial, that exist; missing is not valid."""
    codes, found = _distinct_parts(values)
    return found.valid[codes]


def _as_str(values: pd.Series) -> pd.Series:
    """Return a column as text; one without any value may have any dtype."""
    return values if isinstance(values.dtype, pd.StringDtype) else values.astype("str")


def _distinct_parts(values: pd.Series) -> tuple[Int, Parts]:
    """Return codes and the parts of the distinct texts; what is computed of them is cheaper than of all rows."""
    codes, distinct = pd.factorize(values)
    return codes, _parse(pd.Series(distinct, dtype="str"))


def precision(values: pd.Series) -> npt.NDArray[np.int8]:
    """Return how far a date is known without a gap: NONE, YEAR, MONTH, DAY, HOUR, MINUTE or SECOND."""
    codes, found = _distinct_parts(values)
    return _precision(found)[codes]


def _precision(found: Parts) -> npt.NDArray[np.int8]:
    level = np.zeros(len(found.valid), dtype=np.int8)
    known = found.valid
    for number, part in enumerate((found.year, found.month, found.day, found.hour, found.minute, found.second), 1):
        known = known & (part >= 0)
        level[known] = number
    return level


def has_time(values: pd.Series) -> Bools:
    """Tell which dates carry at least an hour."""
    codes, found = _distinct_parts(values)
    return (found.valid & (found.hour >= 0))[codes]


def day_numbers(values: pd.Series) -> npt.NDArray[np.float64]:
    """Return days since 1970-01-01 of the date part; NaN where year, month or day is unknown."""
    codes, found = _distinct_parts(_as_str(values).str.slice(0, 10))
    return _day_numbers(found)[codes]


def _day_numbers(found: Parts) -> npt.NDArray[np.float64]:
    whole = found.valid & (found.year > 0) & (found.month > 0) & (found.day > 0)
    days = days_from_civil(
        np.where(whole, found.year, 1970), np.where(whole, found.month, 1), np.where(whole, found.day, 1)
    )
    return np.where(whole, days.astype(np.float64), np.nan)


def study_days(values: pd.Series, reference: pd.Series) -> npt.NDArray[np.float64]:
    """Return study days of dates relative to reference dates (SDTMIG 4.4.4): the reference is day 1, no day 0.

    NaN where either date part is missing or partial.
    """
    difference = day_numbers(values) - day_numbers(reference)
    return np.where(difference >= 0, difference + 1, difference)


def bounds(values: pd.Series, *, utc: bool = False) -> tuple[Instants, Instants]:
    """Return the earliest and latest instant (`datetime64[us]`) that a complete or partial date may mean.

    NaT where the year is unknown or the text is not valid. A time known to the second has equal bounds; a coarser one
    ends with the last microsecond of its minute, hour, day, month or year. With `utc`, written offsets are taken off.
    """
    codes, found = _distinct_parts(values)
    early, late = _bounds(found, utc=utc)
    return early[codes], late[codes]


def _bounds(found: Parts, *, utc: bool) -> tuple[Instants, Instants]:
    usable = found.valid & (found.year > 0)
    year = np.where(usable, found.year, 1970)
    first_month, last_month = np.where(found.month > 0, found.month, 1), np.where(found.month > 0, found.month, 12)
    most = np.where((last_month == 2) & ~is_leap(year), 28, MONTH_DAYS[last_month])
    # a known day in an unknown month may not exist in January's or December's stead; both have 31 days
    first_day = np.where(found.day > 0, found.day, 1)
    last_day = np.where(found.day > 0, found.day, most)
    open_time = found.hour < 0
    low = _seconds(found.hour, 0) * 3600 + _seconds(found.minute, 0) * 60 + _seconds(found.second, 0)
    high = _seconds(found.hour, 23) * 3600 + _seconds(found.minute, 59) * 60 + _seconds(found.second, 59)
    whole = ~open_time & (found.minute >= 0) & (found.second >= 0)
    shift = np.where(found.offset == NO_OFFSET, 0, found.offset) * 60 if utc else 0
    early = (days_from_civil(year, first_month, first_day) * 86400 + low - shift) * 1_000_000 + found.micro
    late = (days_from_civil(year, last_month, last_day) * 86400 + high - shift) * 1_000_000
    late = late + np.where(whole, found.micro, 999_999)
    nat = np.datetime64("NaT", "us")
    return (
        np.where(usable, early.astype("datetime64[us]"), nat),
        np.where(usable, late.astype("datetime64[us]"), nat),
    )


def _seconds(part: Int, otherwise: int) -> Int:
    return np.where(part >= 0, part, otherwise)


def spans(values: pd.Series) -> tuple[Instants, Instants, npt.NDArray[np.int8]]:
    """Return `bounds` and `precision` of dates together."""
    codes, found = _distinct_parts(values)
    early, late = _bounds(found, utc=False)
    return early[codes], late[codes], _precision(found)[codes]


def earliest(values: pd.Series) -> Instants:
    """Return the earliest instant that each date may mean; see `bounds`."""
    return bounds(values)[0]


def latest(values: pd.Series) -> Instants:
    """Return the latest instant that each date may mean; see `bounds`."""
    return bounds(values)[1]


def compare(left: pd.Series, right: pd.Series, *, whole_days: bool = False) -> npt.NDArray[np.int8]:
    """Compare dates as far as both are known: BEFORE, AFTER, SAME (one may lie within the other) or UNKNOWN.

    `2020-03` is before `2020-04-02` and the same as `2020-03-15`; UNKNOWN where a date or its year is missing.  With
    `whole_days`, dates are the same only where both are known to the day, else UNKNOWN.
    """
    (codes, found), (other_codes, other) = _distinct_parts(left), _distinct_parts(right)
    plain = _ends(codes, found, other_codes, other, utc=False)
    result = compare_bounds(*plain)
    zoned = (found.offset != NO_OFFSET)[codes] & (other.offset != NO_OFFSET)[other_codes]
    if zoned.any():
        result = np.where(zoned, compare_bounds(*_ends(codes, found, other_codes, other, utc=True)), result)
    if whole_days:
        whole = (_precision(found) >= DAY)[codes] & (_precision(other) >= DAY)[other_codes]
        result = np.where((result == SAME) & ~whole, UNKNOWN, result)
    return result.astype(np.int8, copy=False)


def _ends(
    codes: Int, found: Parts, other_codes: Int, other: Parts, *, utc: bool
) -> tuple[Instants, Instants, Instants, Instants]:
    low, high = _bounds(found, utc=utc)
    other_low, other_high = _bounds(other, utc=utc)
    return low[codes], high[codes], other_low[other_codes], other_high[other_codes]


def compare_bounds(
    first: Instants, last: Instants, other_first: Instants, other_last: Instants
) -> npt.NDArray[np.int8]:
    """Compare intervals as `compare` does."""
    result = np.zeros(len(first), dtype=np.int8)
    result[last < other_first] = BEFORE
    result[first > other_last] = AFTER
    result[np.isnat(first) | np.isnat(other_first)] = UNKNOWN
    return result


def date_part(values: pd.Series) -> pd.Series:
    """Return the text before `T`, missing where it holds no known part (`-----T07:15`)."""
    if not len(values):
        return values
    cut = _as_str(values).str.replace(r"T.*$", "", regex=True)
    return cut.mask(cut.str.fullmatch("-+").fillna(False).astype(bool))


def iso_text(instants: pd.Series | Instants, *, level: int = DAY) -> pd.Series:
    """Return `datetime64` values as ISO 8601 text down to `level` (YEAR to SECOND); NaT gives missing."""
    unit = {YEAR: "Y", MONTH: "M", DAY: "D", HOUR: "h", MINUTE: "m", SECOND: "s"}[level]
    raw = np.asarray(instants, dtype="datetime64[us]")
    codes, distinct = pd.factorize(raw.astype(f"datetime64[{unit}]").astype(np.int64))
    texts = np.datetime_as_string(distinct.astype(f"datetime64[{unit}]")).tolist()
    made = pd.Series(pd.array([*texts, None], dtype="str").take(np.where(np.isnat(raw), len(texts), codes)))
    if isinstance(instants, pd.Series):
        made.index = instants.index
    return made
