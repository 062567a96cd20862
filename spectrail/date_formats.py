"""Reading collected dates and times by declared formats.

A format is written with the tokens

| token | reads |
|---|---|
| `YYYY`, `YY` | year with four or two digits (two need a pivot) |
| `MM`, `M` | month as number; after an hour: minute |
| `MMM`, `MON` | month by its English name or its first three letters |
| `DD`, `D` | day |
| `HH`, `H`, `MI`, `SS` | hour, minute, second (a fraction is kept) |
| `AM` | AM or PM (also 上午, 下午) |
| `Z` | offset from UTC: `Z`, `+08:00`, `+0800`, `+08` |
| `[...]` | a part that may be left out |
| `EXCEL` | an Excel serial day number of five digits, with a fraction for the time |
| `SASDATE`, `SASDATETIME` | days or seconds since 1960-01-01 |

and any other character for itself.  Values are read without regard to case, width (full-width digits) or repeated
blanks.  Every part may be one of the tokens for "unknown".  All formats are tried: a value that two of them read
differently is ambiguous and not read at all.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from spectrail.errors import SpecError

UNKNOWN = ("UN", "UNK", "UNKN", "NK", "UK", "XX", "XXX", "99", "9999", "??", "--", "---", "-")
"""Tokens that stand for one unknown part."""
MISSING = (".", "NA", "N/A", "ND", "UNKNOWN", "NOT DONE", "NOT KNOWN", "NONE", "未做", "未知", "不详")
"""Texts that stand for a date or time that was not given."""

MONTHS = (
    "JANUARY",
    "FEBRUARY",
    "MARCH",
    "APRIL",
    "MAY",
    "JUNE",
    "JULY",
    "AUGUST",
    "SEPTEMBER",
    "OCTOBER",
    "NOVEMBER",
    "DECEMBER",
)
_MONTH_NUMBERS = {name[:3]: f"{number:02d}" for number, name in enumerate(MONTHS, 1)}
_MONTH_PATTERN = "|".join(f"{name}|{name[:3]}\\.?" for name in MONTHS) + "|SEPT"
_TOKEN = re.compile(r"YYYY|YY|MMM|MONTH|MON|MM|MI|M|DD|D|HH|H|SS|S|AM|PM|Z|\[|\]| +|.", re.DOTALL)
_PART = {
    "YYYY": "year",
    "YY": "short",
    "MMM": "name",
    "MON": "name",
    "MONTH": "name",
    "MM": "month",
    "M": "month",
    "DD": "day",
    "D": "day",
    "HH": "hour",
    "H": "hour",
    "MI": "minute",
    "SS": "second",
    "S": "second",
    "AM": "half",
    "PM": "half",
    "Z": "offset",
}
_BETWEEN = re.compile(r"[ /.:-]+")
_SERIALS = {"EXCEL": r"\d{5}(?:\.\d+)?", "SASDATE": r"-?\d{1,6}", "SASDATETIME": r"-?\d{6,12}(?:\.\d+)?"}
_MONTH_DAYS = (31, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Status(IntEnum):
    """What became of one value."""

    READ = 0
    MISSING = 1
    UNREAD = 2
    IMPOSSIBLE = 3
    AMBIGUOUS = 4


@dataclass(frozen=True)
class Moment:
    """One date or time: parts as text of two (year: four) digits, "" for unknown; `next_day` for 24:00."""

    year: str = ""
    month: str = ""
    day: str = ""
    hour: str = ""
    minute: str = ""
    second: str = ""
    offset: str = ""
    next_day: bool = False

    @property
    def time(self) -> str:
        """The time of day with its offset, "" when unknown; `-` for a gap."""
        found = [self.hour, self.minute, self.second]
        while found and not found[-1]:
            found.pop()
        return ":".join(part or "-" for part in found) + self.offset if found else ""

    @property
    def date(self) -> str:
        """The date as far as it is known, "" when unknown; `-` for a gap (SDTMIG 4.4.2)."""
        found = [self.year, self.month, self.day]
        while found and not found[-1]:
            found.pop()
        return "-".join(part or "-" for part in found)

    @property
    def date_before_time(self) -> str:
        """The date with a hyphen for every unknown part, as it stands before a time."""
        return "-".join(part or "-" for part in (self.year, self.month, self.day))


@dataclass(frozen=True)
class Format:
    """One compiled format; `serial` names the serial number it reads."""

    text: str
    pattern: re.Pattern[str]
    serial: str = ""


def normal(text: str) -> str:
    """Return a collected text in one width and case, with single blanks."""
    return " ".join(unicodedata.normalize("NFKC", text).replace("−", "-").split()).upper()


@lru_cache(maxsize=256)
def compile_format(text: str, unknown: tuple[str, ...] = UNKNOWN) -> Format:
    """Compile one format; raises SpecError for one that names no part of a date or time."""
    wanted = normal(text)
    if wanted in _SERIALS:
        return Format(text, re.compile(_SERIALS[wanted]), wanted)
    tokens = _TOKEN.findall(wanted)
    pieces: list[str] = []
    depth, seen = 0, set[str]()
    for number, token in enumerate(tokens):
        if token in "[]":
            depth += 1 if token == "[" else -1
            if depth < 0:
                break
            pieces.append("(?:" if token == "[" else ")?")
        elif token in _PART:
            part = _PART[token]
            if token in ("MM", "M") and "hour" in seen:
                part = "minute"
            if part in seen:
                raise SpecError(f"date format {text!r} names the {part} twice")
            seen.add(part)
            tight = len(token) == 2 and _touches(tokens, number)
            pieces.append(f"(?P<{part}>{_part_pattern(part, unknown, tight=tight)})")
        else:
            pieces.append(" +" if token.isspace() else re.escape(token))
    if depth != 0:
        raise SpecError(f"date format {text!r} has brackets that do not close", hint="write for example HH:MM[:SS]")
    if not seen & {"year", "short", "month", "name", "day", "hour"}:
        raise SpecError(f"date format {text!r} names no part of a date", hint="write for example DD MMM YYYY")
    return Format(text, re.compile("".join(pieces)))


def _touches(tokens: Sequence[str], number: int) -> bool:
    """Tell whether a digit token has another one directly beside it, so that its width must be fixed."""
    digits = {"YYYY", "YY", "MM", "DD", "HH", "MI", "SS"}
    before = tokens[number - 1] if number else ""
    after = tokens[number + 1] if number + 1 < len(tokens) else ""
    return before in digits or after in digits


def _part_pattern(part: str, unknown: tuple[str, ...], *, tight: bool) -> str:
    if part == "half":
        return "AM|PM|A\\.M\\.|P\\.M\\.|上午|下午"
    if part == "offset":
        return r"Z|[+-]\d{2}(?::?\d{2})?"
    if part == "name":
        known = _MONTH_PATTERN
    elif part == "year":
        known = r"\d{4}"
    elif part == "second":
        known = r"\d{1,2}(?:\.\d{1,6})?"
    else:
        known = r"\d{2}" if tight or part == "short" else r"\d{1,2}"
    words = sorted((word for word in unknown if not word.isdigit()), key=len, reverse=True)
    return "|".join([known, *(re.escape(word) for word in words)])


@dataclass(frozen=True)
class Reader:
    """Reads collected texts by formats; see the module."""

    formats: tuple[Format, ...]
    unknown: frozenset[str]
    missing: frozenset[str]
    pivot: int | None
    words: frozenset[str]

    def read(self, text: str) -> tuple[Moment, Status]:
        """Read one text."""
        value = normal(text)
        if not value or value in self.missing or self._says_nothing(value):
            return Moment(), Status.MISSING
        found: set[Moment] = set()
        impossible = False
        for one in self.formats:
            match = one.pattern.fullmatch(value)
            if match is None:
                continue
            moment = _from_serial(one.serial, value) if one.serial else self._from_match(match)
            if moment is None:
                impossible = True
            else:
                found.add(moment)
        if len(found) == 1:
            moment = found.pop()
            return moment, Status.READ if moment != Moment() else Status.MISSING
        if found:
            return Moment(), Status.AMBIGUOUS
        return Moment(), Status.IMPOSSIBLE if impossible else Status.UNREAD

    def _says_nothing(self, value: str) -> bool:
        """Tell whether a text is made of tokens for unknown parts only; splitting keeps this linear."""
        return all(not piece or piece in self.words for piece in _BETWEEN.split(value))

    def _from_match(self, match: re.Match[str]) -> Moment | None:
        raw = {name: text or "" for name, text in match.groupdict().items()}
        named = raw.get("name", "")
        month = _MONTH_NUMBERS.get(named[:3], "") if named not in self.unknown else ""
        month = month or self._number(raw.get("month", ""))
        moment = Moment(
            year=self._year(raw),
            month=month,
            day=self._number(raw.get("day", "")),
            hour=self._clock(raw.get("hour", "")),
            minute=self._clock(raw.get("minute", "")),
            second=self._second(raw.get("second", "")),
            offset=_offset(raw.get("offset", "")),
        )
        return _checked(moment, raw.get("half", ""))

    def _year(self, raw: dict[str, str]) -> str:
        year = raw.get("year", "")
        if year:
            return "" if year in self.unknown else year
        short = raw.get("short", "")
        if not short or not short.isdigit():
            return ""
        assert self.pivot is not None
        return str((1900 if int(short) >= self.pivot else 2000) + int(short))

    def _number(self, text: str) -> str:
        return "" if not text or text in self.unknown else text.zfill(2)

    def _clock(self, text: str) -> str:
        # of numbers only 99 is unknown in a time: a form that writes 00 for an unknown day still has 10:00
        return "" if not text or text == "99" or (text in self.unknown and not text.isdigit()) else text.zfill(2)

    def _second(self, text: str) -> str:
        if not self._clock(text):
            return ""
        whole, mark, fraction = text.partition(".")
        return whole.zfill(2) + mark + fraction


def reader(
    formats: Sequence[str],
    *,
    unknown: Sequence[str] = UNKNOWN,
    missing: Sequence[str] = MISSING,
    pivot: int | None = None,
) -> Reader:
    """Compile formats to a reader.

    `pivot` is the first two-digit year of the 1900s: with 30, `29` is 2029 and `30` is 1930.  Raises SpecError when a
    format with `YY` has no pivot and for formats that cannot be read.
    """
    words = tuple(normal(word) for word in unknown)
    compiled = tuple(compile_format(text, words) for text in formats)
    if not compiled:
        raise SpecError("no date format is given", hint="list the formats of the form, for example DD MMM YYYY")
    short = [one.text for one in compiled if "short" in one.pattern.groupindex]
    if short and pivot is None:
        raise SpecError(
            f"date format {short[0]!r} has a two-digit year but no pivot is given",
            hint="add pivot: 30 to read 00-29 as 2000-2029 and 30-99 as 1930-1999",
        )
    if pivot is not None and not 0 <= pivot <= 100:
        raise SpecError(f"pivot {pivot} is not between 0 and 100")
    pieces = frozenset(word for word in words if _BETWEEN.fullmatch(word) is None)
    return Reader(compiled, frozenset(words), frozenset(normal(word) for word in missing), pivot, pieces)


def _checked(moment: Moment, half: str) -> Moment | None:
    """Return the moment if it exists, with 12-hour time and 24:00 resolved; None if it does not."""
    month, day, year = moment.month, moment.day, moment.year
    if (month and not 1 <= int(month) <= 12) or year == "0000":
        return None
    if day and not 1 <= int(day) <= _days_of(year, month):
        return None
    hour, next_day = moment.hour, False
    if half and hour:
        if not 1 <= int(hour) <= 12:
            return None
        late = half.startswith("P") or half == "下午"
        hour = f"{int(hour) % 12 + (12 if late else 0):02d}"
    minute, second = moment.minute, moment.second
    if hour == "24" and minute in ("", "00") and second.rstrip("0").rstrip(".") in ("", "0"):
        hour, next_day = "00", True
    if (hour and int(hour) > 23) or (minute and int(minute) > 59) or (second and float(second) >= 60):
        return None
    return Moment(year, month, day, hour, minute, second, moment.offset if hour else "", next_day)


def _days_of(year: str, month: str) -> int:
    if month == "02" and year:
        number = int(year)
        return 29 if (number % 4 == 0 and number % 100 != 0) or number % 400 == 0 else 28
    return _MONTH_DAYS[int(month) if month else 0]


def _offset(text: str) -> str:
    if not text or text == "Z":
        return text
    digits = text[1:].replace(":", "").ljust(4, "0")
    return f"{text[0]}{digits[:2]}:{digits[2:]}"


def _from_serial(serial: str, text: str) -> Moment | None:
    """Turn a serial number into a moment; a fraction becomes a time rounded to the second."""
    number = float(text)
    if serial == "SASDATETIME":
        start, seconds, timed = datetime.datetime(1960, 1, 1), round(number), True
    else:
        start = datetime.datetime(1899, 12, 30) if serial == "EXCEL" else datetime.datetime(1960, 1, 1)
        seconds, timed = round(number * 86400), "." in text and not number.is_integer()
    try:
        moment = start + datetime.timedelta(seconds=seconds)
    except OverflowError:
        return None
    if moment.year < 1583:
        return None
    time = (f"{moment.hour:02d}", f"{moment.minute:02d}", f"{moment.second:02d}") if timed else ("", "", "")
    return Moment(f"{moment.year:04d}", f"{moment.month:02d}", f"{moment.day:02d}", *time)
