"""ISO 8601 dates, times, intervals and durations of SDTM text, parsed once per distinct value.

Grammar: SDTMIG 3.4 section 4.4 (`-` stands for an unknown part, right-truncated forms are partial, `a/b` is an
interval).  A comparison pads missing parts (month and day 1, time 0), moves zoned times to UTC and takes the start of
an interval.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from validation.core.columns import Column

YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, MICROSECOND = range(7)
COMPONENTS = ("year", "month", "day", "hour", "minute", "second", "microsecond")

_ZONE = r"(?P<zone>Z|[+-]\d{2}(?::?\d{2})?)?"
_EXTENDED = re.compile(
    r"(?P<year>\d{4}|-)"
    r"(?:-(?P<month>0[1-9]|1[0-2]|-)"
    r"(?:-(?P<day>0[1-9]|[12]\d|3[01]|-)"
    r"(?:T(?P<hour>[01]\d|2[0-4]|-)"
    r"(?::(?P<minute>[0-5]\d|-)"
    r"(?::(?P<second>[0-5]\d|60|-)(?:[.,](?P<fraction>\d+))?)?)?" + _ZONE + r")?)?)?",
    re.ASCII,
)
_BASIC = re.compile(
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"
    r"(?:T(?P<hour>\d{2})(?:(?P<minute>\d{2})(?:(?P<second>\d{2})(?:[.,](?P<fraction>\d+))?)?)?" + _ZONE + r")?",
    re.ASCII,
)
_DURATION = re.compile(
    r"(?P<sign>-)?P(?:(?P<weeks>\d+(?:[.,]\d+)?)W"
    r"|(?=[\dT])(?P<years>\d+(?:[.,]\d+)?Y)?(?P<months>\d+(?:[.,]\d+)?M)?(?P<days>\d+(?:[.,]\d+)?D)?"
    r"(?:T(?=\d)(?P<hours>\d+(?:[.,]\d+)?H)?(?P<minutes>\d+(?:[.,]\d+)?M)?(?P<seconds>\d+(?:[.,]\d+)?S)?)?)",
    re.ASCII,
)
_PARTS = ("years", "months", "days", "hours", "minutes", "seconds")
_EPOCH = datetime(1970, 1, 1)


@dataclass(frozen=True)
class Dates:
    """Parsed dates, one entry per distinct value of a column.

    `valid`: can be compared; `precision`: number of leading parts that are known (1 year .. 7 fraction of a second);
    `fields` (k, 7): the parts, missing ones padded, in UTC where a zone was given; `moment`: microseconds since 1970.
    """

    valid: npt.NDArray[np.bool_]
    precision: npt.NDArray[np.int8]
    fields: npt.NDArray[np.int32]
    moment: npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Plain:
    """Distinct values that are plain complete dates (`2020-01-02`, with `T10:11` or `T10:11:12`), read all at once.

    `places` are their positions among the distinct values, `fields` (n, 6) year to second, `days` since 1970.
    """

    places: npt.NDArray[np.int64]
    precision: npt.NDArray[np.int8]
    fields: npt.NDArray[np.int64]
    days: npt.NDArray[np.int64]


def _plain_of(column: Column) -> _Plain:
    return column.kept("plain dates", lambda: _read_plain(column))


def _read_plain(column: Column) -> _Plain:
    lengths = np.array([len(value) if isinstance(value, str) else 0 for value in column.distinct], dtype=np.int64)
    parts = [_read_shape(column, np.flatnonzero(lengths == length), length, known) for length, known in _SHAPES]
    return _Plain(
        np.concatenate([part.places for part in parts]),
        np.concatenate([part.precision for part in parts]),
        np.concatenate([part.fields for part in parts]),
        np.concatenate([part.days for part in parts]),
    )


_SHAPES = ((10, DAY + 1), (16, MINUTE + 1), (19, SECOND + 1))
_TEMPLATE = "0000-00-00T00:00:00"
_SPANS = ((0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19))


def _read_shape(column: Column, places: npt.NDArray[np.int64], length: int, known: int) -> _Plain:
    """Read values of one length; what does not fit the template or the calendar is left to the parser."""
    texts = np.array(column.distinct[places].tolist() or [""], dtype=f"U{length}")[: len(places)]
    signs = texts.view(np.uint32).reshape(len(places), length).astype(np.int64) - ord("0")
    template = np.array([ord(sign) - ord("0") for sign in _TEMPLATE[:length]])
    digits = template == 0
    fits = ((signs[:, digits] >= 0) & (signs[:, digits] <= 9)).all(axis=1)
    fits &= (signs[:, ~digits] == template[~digits]).all(axis=1)
    fields = np.zeros((len(places), 6), dtype=np.int64)
    for at, (start, stop) in enumerate(_SPANS[:known]):
        for sign in range(start, stop):
            fields[:, at] = fields[:, at] * 10 + signs[:, sign]
    year, month, day, hour, minute, second = fields.T
    fits &= (year >= 1) & (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    fits &= (hour < 24) & (minute < 60) & (second < 60)
    fields = fields[fits]
    months = ((fields[:, 0] - 1970) * 12 + fields[:, 1] - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]").astype(np.int64) + fields[:, 2] - 1
    real = days < (months + 1).astype("datetime64[D]").astype(np.int64)
    precision = np.full(int(real.sum()), known, dtype=np.int8)
    return _Plain(places[fits][real], precision, fields[real], days[real])


def dates_of(column: Column) -> Dates:
    """Return the parsed dates of a column's distinct values."""
    return column.kept("dates", lambda: _parse_all(column))


def _parse_all(column: Column) -> Dates:
    size = len(column.distinct)
    valid = np.zeros(size, dtype=bool)
    precision = np.zeros(size, dtype=np.int8)
    fields = np.zeros((size, 7), dtype=np.int32)
    moment = np.zeros(size, dtype=np.int64)
    plain = _plain_of(column)
    valid[plain.places], precision[plain.places] = True, plain.precision
    fields[plain.places, :6] = plain.fields
    seconds = ((plain.days * 24 + plain.fields[:, 3]) * 60 + plain.fields[:, 4]) * 60 + plain.fields[:, 5]
    moment[plain.places] = seconds * 1_000_000
    for position in np.flatnonzero(~valid).tolist():
        value = column.distinct[position]
        parsed = parse_start(value) if isinstance(value, str) else None
        if parsed is not None:
            when, known = parsed
            valid[position], precision[position] = True, known
            fields[position] = (
                when.year, when.month, when.day, when.hour, when.minute, when.second, when.microsecond
            )  # fmt: skip
            moment[position] = (when - _EPOCH) // timedelta(microseconds=1)
    return Dates(valid, precision, fields, moment)


def complete_of(column: Column) -> npt.NDArray[np.bool_]:
    """Tell which distinct values are complete dates."""
    return column.kept("complete", lambda: _judged(column, is_complete))


def valid_of(column: Column) -> npt.NDArray[np.bool_]:
    """Tell which distinct values are valid dates of SDTM."""
    return column.kept("valid", lambda: _judged(column, is_valid))


def _judged(column: Column, judge: Callable[[object], bool]) -> npt.NDArray[np.bool_]:
    flags = np.zeros(len(column.distinct), dtype=bool)
    flags[_plain_of(column).places] = True
    for position in np.flatnonzero(~flags).tolist():
        flags[position] = judge(column.distinct[position])
    return flags


def parse_start(text: str) -> tuple[datetime, int] | None:
    """Return the padded start of a date, time or interval and how many parts are known; None if invalid."""
    first = text.split("/", 1)[0]
    match = _EXTENDED.fullmatch(first) or _BASIC.fullmatch(first)
    if match is None or match["year"] == "-":
        return None
    parts = [match[name] for name in ("year", "month", "day", "hour", "minute", "second")]
    known = next((count for count, part in enumerate(parts) if part in (None, "-")), len(parts))
    floor = (1, 1, 1, 0, 0, 0)
    numbers = [floor[at] if part in (None, "-") else int(part) for at, part in enumerate(parts)]
    fraction = match["fraction"]
    micros = int((fraction + "000000")[:6]) if fraction and known == SECOND + 1 else 0
    moment = _moment(numbers, micros, match["zone"])
    if moment is None:
        return None
    return moment, MICROSECOND + 1 if fraction and known == SECOND + 1 else known


def _moment(numbers: list[int], micros: int, zone: str | None) -> datetime | None:
    year, month, day, hour, minute, second = numbers
    extra = timedelta(0)
    if hour == 24:
        if minute or second or micros:
            return None
        hour, extra = 0, timedelta(days=1)
    if second == 60:
        second, extra = 59, extra + timedelta(seconds=1)
    try:
        when = datetime(year, month, day, hour, minute, second, micros) + extra
        return when - _offset(zone) if zone and zone != "Z" else when
    except (ValueError, OverflowError):
        return None


def _offset(zone: str) -> timedelta:
    digits = zone[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -offset if zone[0] == "-" else offset


def is_complete(text: object) -> bool:
    """Tell whether a value is an ISO 8601 date with at least a day (extended or basic form, time, zone allowed)."""
    if not isinstance(text, str) or "/" in text:
        return False
    match = _EXTENDED.fullmatch(text) or _BASIC.fullmatch(text)
    if match is None:
        return False
    given = [match[name] for name in ("year", "month", "day", "hour", "minute", "second")]
    return "-" not in given and given[DAY] is not None and parse_start(text) is not None


def is_valid(text: object) -> bool:
    """Tell whether a value fits the SDTM date pattern and, unless parts are unknown, the calendar."""
    if not isinstance(text, str) or not text:
        return False
    sides = text.split("/")
    if len(sides) > 2:
        return False
    if len(sides) == 2:
        return all(_fits(side) or is_duration(side, negative=False) for side in sides) and any(map(_fits, sides))
    if not _fits(text):
        return False
    return "--" in text or "-:" in text or text.endswith("-") or parse_start(text) is not None


def _fits(text: str) -> bool:
    match = _EXTENDED.fullmatch(text)
    return match is not None and text != "-"


def is_duration(text: object, *, negative: bool = True) -> bool:
    """Tell whether a value is an ISO 8601 duration: a decimal only in its last part, weeks alone."""
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None or (match["sign"] and not negative):
        return False
    if match["weeks"]:
        return True
    given = [match[name] for name in _PARTS if match[name]]
    return bool(given) and not any("." in part or "," in part for part in given[:-1])


def days_of(column: Column) -> npt.NDArray[np.float64]:
    """Return days since 1970-01-01 of the date parts as written, one per distinct value, NaN unless complete."""
    return column.kept("days", lambda: _days(column))


def _days(column: Column) -> npt.NDArray[np.float64]:
    days = np.full(len(column.distinct), np.nan)
    plain = _plain_of(column)
    days[plain.places] = plain.days
    for position in np.flatnonzero(np.isnan(days)).tolist():
        days[position] = _day(column.distinct[position])
    return days


def _day(value: object) -> float:
    if not is_complete(value):
        return float("nan")
    text = str(value).split("T")[0].replace("-", "")
    written = datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC)
    return written.timestamp() / 86_400


@dataclass(frozen=True)
class DatePair:
    """Two columns of dates side by side, row by row: which rows can be compared and the parts of both sides."""

    comparable: npt.NDArray[np.bool_]
    left: tuple[Dates, npt.NDArray[np.int32]]
    right: tuple[Dates, npt.NDArray[np.int32]]

    def moments(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return padded moments of both sides (meaningless where not comparable)."""
        return _spread(self.left[0].moment, self.left[1]), _spread(self.right[0].moment, self.right[1])

    def precisions(self) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int8]]:
        """Return the precisions of both sides."""
        return _spread(self.left[0].precision, self.left[1]), _spread(self.right[0].precision, self.right[1])

    def component(self, name: str) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Return one integer part of both sides."""
        at = COMPONENTS.index(name)
        return _spread(self.left[0].fields[:, at], self.left[1]), _spread(self.right[0].fields[:, at], self.right[1])

    def truncated(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return moments of both sides cut to the coarser precision of the two, as ordered numbers."""
        left, right = self.precisions()
        coarse = np.minimum(left, right)
        return self._cut(self.left, coarse), self._cut(self.right, coarse)

    @staticmethod
    def _cut(side: tuple[Dates, npt.NDArray[np.int32]], coarse: npt.NDArray[np.int8]) -> npt.NDArray[np.int64]:
        dates, codes = side
        spans = (1, 13, 32, 25, 61, 61, 1_000_000)
        ordered = np.zeros(len(codes), dtype=np.int64)
        for at, span in enumerate(spans):
            part = _spread(dates.fields[:, at], codes)
            ordered = ordered * span + np.where(at < coarse, part, 0)
        return ordered


def _spread(values: npt.NDArray[Any], codes: npt.NDArray[np.int32]) -> npt.NDArray[Any]:
    return np.append(values, values.dtype.type(0))[codes]


def pair_dates(left: Column, right: Column) -> DatePair:
    """Put two columns of dates side by side."""
    first, second = dates_of(left), dates_of(right)
    comparable = np.append(first.valid, False)[left.codes] & np.append(second.valid, False)[right.codes]
    return DatePair(comparable, (first, left.codes), (second, right.codes))
