"""Imputation of partial dates and times: analysis dates with their imputation flags.

ADaMIG 1.3 section 3.3.3: the date flag says the highest level that was imputed (Y year, M month, D day), the time
flag likewise (H hour, M minute, S second).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from spectrail import dates, frames
from spectrail.errors import SpecError

Instants = npt.NDArray[np.datetime64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

LEVELS = ("Y", "M", "D", "h", "m", "s", "n")
"""What may be imputed, from everything below a missing year to nothing."""
_DAY = np.timedelta64(86_400_000_000, "us")
_NAT = np.datetime64("NaT", "us")


@dataclass(frozen=True)
class Imputed:
    """Instants (`datetime64[us]`, NaT for none) and the flags of what was imputed."""

    values: Instants
    date_flag: pd.Series
    time_flag: pd.Series


@dataclass(frozen=True)
class Rule:
    """How to impute: the highest level that may be, and where in the open interval dates and times go.

    `date` is `first`, `mid` (day 15, June 30 without a month), `last` or `MM-DD` (stand in for a missing month
    and day); `time` is `first`, `last` or `HH:MM:SS`. `preserve` keeps a day known without its month.
    """

    highest: str = "n"
    date: str = "first"
    time: str = "first"
    preserve: bool = False

    def __post_init__(self) -> None:
        if self.highest not in LEVELS:
            raise SpecError(f"highest_imputation {self.highest!r} is not one of {', '.join(LEVELS)}")
        if self.highest == "Y" and self.date not in ("first", "last"):
            raise SpecError(
                f"date_imputation {self.date!r} cannot stand in for a missing year",
                hint="with highest_imputation Y use first or last together with min_dates or max_dates",
            )
        _month_day(self.date)
        _clock(self.time)


def impute(
    values: pd.Series,
    rule: Rule,
    *,
    min_dates: Sequence[pd.Series] = (),
    max_dates: Sequence[pd.Series] = (),
    with_time: bool = True,
) -> Imputed:
    """Impute ISO 8601 texts; a value that is not a date, or coarser than the rule allows, gives NaT and no flags.

    `min_dates` and `max_dates` (`datetime64` or ISO text) bound the result: among the bounds that lie within what the
    partial date may mean the latest minimum and the earliest maximum count, so an imputed date never leaves what was
    collected; a complete date is never moved.  A missing date becomes its bound only with `highest` Y.
    """
    codes, distinct = pd.factorize(values)
    found = dates.parts(pd.Series(distinct, dtype="str"))
    known, made, date_level, time_level = _imputed_distinct(found, rule)
    none = np.array([_NAT])
    moved = np.concatenate([made, none])[codes]
    date_level = np.append(date_level, -1)[codes]
    time_level = np.append(time_level, -1)[codes]
    if min_dates or max_dates:
        early, late = (np.concatenate([one, none])[codes] for one in dates.bounds(pd.Series(distinct, dtype="str")))
        known = np.append(known, rule.highest == "Y")[codes]
        open_ = known & ((date_level >= 0) | (time_level >= 0))
        moved = _bounded(moved, early, late, open_, min_dates, max_dates)
    if rule.highest == "Y":
        moved, date_level, time_level = _from_bounds(moved, date_level, time_level, rule, min_dates, max_dates)
    date_level = np.where(np.isnat(moved), -1, date_level)
    time_level = np.where(np.isnat(moved), -1, time_level)
    if not with_time:
        moved = moved.astype("datetime64[D]").astype("datetime64[us]")
    return Imputed(
        moved, frames.take_text(["Y", "M", "D"], date_level), frames.take_text(["H", "M", "S"], time_level)
    )


def _imputed_distinct(found: dates.Parts, rule: Rule) -> tuple[Bools, Instants, Ints, Ints]:
    """Impute distinct dates by the rule alone; levels: 0 year or hour, 1 month or minute, 2 day or second."""
    allowed = LEVELS.index(rule.highest)
    month, day = found.month.copy(), found.day.copy()
    if not rule.preserve:
        day = np.where(month < 0, -1, day)
    date_level = np.where(month < 0, 1, np.where(day < 0, 2, -1))
    open_day = date_level >= 0
    hour = np.where(open_day, -1, found.hour)
    minute = np.where(hour < 0, -1, found.minute)
    second = np.where(minute < 0, -1, found.second)
    time_level = np.where(hour < 0, 0, np.where(minute < 0, 1, np.where(second < 0, 2, -1)))
    known = found.valid & (found.year > 0)
    usable = known & (~open_day | (allowed <= date_level))
    month_in, day_in = _month_day(rule.date)
    year = np.where(usable, found.year, 1970)
    month = np.where(month > 0, month, month_in)
    most = _month_lengths(year, month)
    if rule.date == "mid":
        middle: Ints = np.where(found.month < 0, 30, 15)
        day = np.where(day > 0, day, middle)
    day = np.minimum(np.where(day > 0, day, np.where(day_in > 31, most, day_in)), most)
    days = dates.days_from_civil(year, np.where(usable, month, 1), np.where(usable, day, 1))
    clock = _clock(rule.time)
    seconds = (
        np.where(hour >= 0, hour, clock[0]) * 3600
        + np.where(minute >= 0, minute, clock[1]) * 60
        + np.where(second >= 0, second, clock[2])
    )
    micros = (days * 86_400 + seconds) * 1_000_000 + np.where(time_level < 0, found.micro, 0)
    made = np.where(usable, micros.astype("datetime64[us]"), _NAT)
    return known, made, np.where(usable, date_level, -1), np.where(usable, time_level, -1)


def _month_lengths(year: Ints, month: Ints) -> Ints:
    lengths = np.array([31, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], dtype=np.int64)[np.maximum(month, 0)]
    return np.where((month == 2) & ~dates.is_leap(year), 28, lengths)


def _bounded(
    made: Instants,
    early: Instants,
    late: Instants,
    open_: Bools,
    min_dates: Sequence[pd.Series],
    max_dates: Sequence[pd.Series],
) -> Instants:
    """Move imputed instants within the bounds that lie in the interval of the partial date."""
    result = made.copy()
    for bound in min_dates:
        low = as_instants(bound)
        inside = open_ & (low >= early) & (low <= late)
        result = np.where(inside & (result < low), low, result)
    for bound in max_dates:
        high = day_end(bound)
        inside = open_ & (as_instants(bound) <= late) & (high >= early)
        result = np.where(inside & (result > high), high, result)
    return result


def _from_bounds(
    made: Instants,
    date_level: Ints,
    time_level: Ints,
    rule: Rule,
    min_dates: Sequence[pd.Series],
    max_dates: Sequence[pd.Series],
) -> tuple[Instants, Ints, Ints]:
    """Give dates without a year the latest minimum (`first`) or the earliest maximum (`last`)."""
    missing = np.isnat(made)
    bound = np.full(len(made), _NAT)
    if rule.date == "first":
        for one in min_dates:
            bound = np.fmax(bound, as_instants(one))
    else:
        for one in max_dates:
            bound = np.fmin(bound, day_end(one) if rule.time == "last" else as_instants(one))
    filled = missing & ~np.isnat(bound)
    return np.where(filled, bound, made), np.where(filled, 0, date_level), np.where(filled, 0, time_level)


def as_instants(values: pd.Series) -> Instants:
    """Return `datetime64[us]` of a date column: datetimes as they are, complete ISO 8601 texts read, others NaT."""
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return values.to_numpy(dtype="datetime64[us]")
    text = values.astype("str") if not isinstance(values.dtype, pd.StringDtype) else values
    whole = dates.precision(text) >= dates.DAY
    return np.where(whole, dates.earliest(text), _NAT)


def day_end(values: pd.Series) -> Instants:
    """Return instants; one at midnight stands for its whole day and becomes 23:59:59."""
    found = as_instants(values)
    midnight = found == found.astype("datetime64[D]").astype("datetime64[us]")
    return np.where(midnight, found + _DAY - np.timedelta64(1_000_000, "us"), found)


def _month_day(text: str) -> tuple[int, int]:
    """Return the month and day that stand in for missing ones; day 99 is the last of the month."""
    named = {"first": (1, 1), "mid": (6, 15), "last": (12, 99)}
    if text in named:
        return named[text]
    month, _, day = text.partition("-")
    if not (month.isdigit() and day.isdigit() and 1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        raise SpecError(f"date_imputation {text!r} is wrong", hint="write first, mid, last or MM-DD")
    return int(month), int(day)


def _clock(text: str) -> tuple[int, int, int]:
    named = {"first": (0, 0, 0), "last": (23, 59, 59)}
    if text in named:
        return named[text]
    parts = text.split(":")
    if len(parts) != 3 or not all(part.isdigit() for part in parts) or not _is_clock(*map(int, parts)):
        raise SpecError(f"time_imputation {text!r} is wrong", hint="write first, last or HH:MM:SS")
    return int(parts[0]), int(parts[1]), int(parts[2])


def _is_clock(hour: int, minute: int, second: int) -> bool:
    return hour < 24 and minute < 60 and second < 60
