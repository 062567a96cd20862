"""ISO 8601 dates and times as SDTM writes them, complete or partial, as intervals that can be compared.

Forms (SDTMIG 3.4 section 4.4.2): YYYY, YYYY-MM, YYYY-MM-DD, then Thh, Thh:mm, Thh:mm:ss with a fraction; a missing
part inside is a hyphen (`2003---15`, `--12-15`, `2003-12-15T-:30`). Time zones are not read.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

FORM = (
    r"^(?P<year>[0-9]{4}|-)(?:-(?P<month>[0-9]{2}|-)(?:-(?P<day>[0-9]{2}|-)(?:T(?P<hour>[0-9]{2}|-)"
    r"(?::(?P<minute>[0-9]{2}|-)(?::(?P<second>[0-9]{2}|-)(?:\.(?P<fraction>[0-9]{1,6}))?)?)?)?)?)?$"
)
PARTS = ("year", "month", "day", "hour", "minute", "second", "fraction")
ABSENT = -1
FIRST_YEAR = 1583
"""ISO 8601 has earlier years by agreement only; a number such as 1001-01 is no date."""
DAY = 3
"""Precision of a date known to the day; 0 no year, 1 year, 2 month, 4 hour, 5 minute, 6 second, 7 fraction."""
DAY_MICROSECONDS = 86_400_000_000
FOREVER = 2**62


@dataclass(frozen=True)
class Dates:
    """Dates side by side: `valid` (a real date in one of the forms), precision, year, month, day (-1: absent).

    `first` and `last` are the bounds in microseconds since 1970, `first_day` and `last_day` in days.
    """

    valid: Bools
    precision: Ints
    year: Ints
    month: Ints
    day: Ints
    first: Ints
    last: Ints
    first_day: Ints
    last_day: Ints

    def take(self, rows: Ints) -> Dates:
        """Return some of the dates."""
        return Dates(*(getattr(self, field.name)[rows] for field in fields(self)))


def parse_dates(trimmed: pa.LargeStringArray) -> Dates:
    """Parse texts; what is no date of the forms, or an impossible one (30 February), is not valid."""
    size = len(trimmed)
    parts = {name: np.full(size, ABSENT, dtype=np.int64) for name in PARTS}
    fits = pc.and_(pc.match_substring_regex(trimmed, FORM), pc.match_substring_regex(trimmed, "[0-9]"))
    rows = np.flatnonzero(fits.to_numpy(zero_copy_only=False))
    if len(rows):
        found = pc.extract_regex(trimmed.take(pa.array(rows)), FORM)
        for name in PARTS:
            parts[name][rows] = _integers(found.field(PARTS.index(name)), fraction=name == "fraction")
    dates = _bounds(parts)
    valid = np.zeros(size, dtype=bool)
    valid[rows] = _possible(parts)[rows]
    return Dates(valid, *dates)


def _integers(texts: pa.Array, *, fraction: bool) -> Ints:
    """Return numbers of two or four digits, microseconds of a fraction, -1 for hyphen or nothing."""
    digits = pc.utf8_rpad(texts, 6, "0") if fraction else texts
    known = pc.match_substring_regex(texts, "^[0-9]")
    return pc.fill_null(pc.cast(pc.if_else(known, digits, None), pa.int64()), ABSENT).to_numpy(zero_copy_only=False)


def _days(year: Ints, month: Ints, day: Ints) -> Ints:
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    return months.astype("datetime64[D]").astype(np.int64) + day - 1


def _month_length(year: Ints, month: Ints) -> Ints:
    return _days(year, month + 1, np.ones_like(month)) - _days(year, month, np.ones_like(month))


def _possible(parts: dict[str, Ints]) -> Bools:
    month, day = parts["month"], parts["day"]
    month_fits = (month == ABSENT) | ((month >= 1) & (month <= 12))
    safe_month = np.where(month_fits & (month != ABSENT), month, 12)
    year = np.where(parts["year"] == ABSENT, 2000, parts["year"])  # 29 February of an unknown year is possible
    day_fits = (day == ABSENT) | ((day >= 1) & (day <= _month_length(year, safe_month)))
    year_fits = (parts["year"] == ABSENT) | (parts["year"] >= FIRST_YEAR)
    time_fits = (parts["hour"] <= 23) & (parts["minute"] <= 59) & (parts["second"] <= 59)
    return year_fits & month_fits & day_fits & time_fits


def _bounds(parts: dict[str, Ints]) -> tuple[Ints, ...]:
    """Return precision, year, month, day, bounds in microseconds, bounds in days."""
    known = {name: parts[name] != ABSENT for name in PARTS}
    precision = np.zeros(len(parts["year"]), dtype=np.int64)
    unbroken = np.ones(len(precision), dtype=bool)
    for name in PARTS:
        unbroken = unbroken & known[name]
        precision += unbroken
    year = np.where(known["year"], parts["year"], 2000)
    low_month = np.where(known["month"], np.clip(parts["month"], 1, 12), 1)
    high_month = np.where(known["month"], np.clip(parts["month"], 1, 12), 12)
    low_day = np.where(known["day"], parts["day"], 1)
    high_day = np.where(known["day"], parts["day"], _month_length(year, high_month))
    first_day = np.where(known["year"], _days(year, low_month, low_day), -FOREVER // DAY_MICROSECONDS)
    last_day = np.where(known["year"], _days(year, high_month, high_day), FOREVER // DAY_MICROSECONDS)
    low, high = np.zeros(len(precision), dtype=np.int64), np.full(len(precision), DAY_MICROSECONDS - 1)
    for level, (name, unit) in enumerate(UNITS, start=DAY + 1):
        timed = precision >= level
        low = np.where(timed, low + parts[name] * unit, low)
        high = np.where(timed, low + unit - 1, high)
    first = first_day * DAY_MICROSECONDS + low
    last = last_day * DAY_MICROSECONDS + high
    return precision, parts["year"], parts["month"], parts["day"], first, last, first_day, last_day


UNITS = (("hour", 3_600_000_000), ("minute", 60_000_000), ("second", 1_000_000), ("fraction", 1))


def compare_dates(operator: str, left: Dates, right: Dates) -> Bools:
    """Compare where the dates decide, else false.

    Two dates of one precision, day or finer, are compared as points. Otherwise each stands for the interval it may
    mean (in whole days where neither has a time), and only what holds for all its points is true.
    """
    same = (left.precision == right.precision) & (left.precision >= DAY) & (left.first == right.first)
    timed = (left.precision > DAY) | (right.precision > DAY)
    left_first, left_last = np.where(timed, left.first, left.first_day), np.where(timed, left.last, left.last_day)
    right_first, right_last = (
        np.where(timed, right.first, right.first_day),
        np.where(timed, right.last, right.last_day),
    )
    before, after = left_last < right_first, right_last < left_first
    if operator == "==":
        return same
    if operator == "!=":
        return before | after
    if operator == "<":
        return before
    if operator == ">":
        return after
    return same | (left_last <= right_first if operator == "<=" else right_last <= left_first)


def day_texts(days: Ints) -> pa.LargeStringArray:
    """Return days since 1970 as YYYY-MM-DD."""
    return pa.array(np.datetime_as_string(days.astype("datetime64[D]")).astype(object), pa.large_string())
