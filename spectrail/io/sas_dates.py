"""SAS dates, times and datetimes: numbers counted from 1960-01-01, told apart by their display format."""

from __future__ import annotations

import re
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from spectrail.errors import FormatError, Place

DateKind = Literal["date", "time", "datetime"]

_FORMAT = re.compile(r"(\$?[A-Za-z_](?:[A-Za-z0-9_]*[A-Za-z_])?|\$)?(\d{1,5})?\.?(\d{1,5})?")

_SEPARATOR = "[BCDNPS]?"
_SHOWS: dict[DateKind, re.Pattern[str]] = {
    "date": re.compile(
        f"DATE|DAY|DOWNAME|JULDAY|JULIAN|MONNAME|MONTH|MONYY|NENGO|NLDATE[A-Z]*|QTRR?|WEEKDAT[EX]|WEEKDAY|WEEK[UVW]"
        f"|WORDDAT[EX]|YEAR|YYMON|(?:DDMMYY|MMDDYY|YYMMDD|MMYY|YYMM|YYQR?){_SEPARATOR}|(?:[BE]|IS)8601DA"
    ),
    "datetime": re.compile(
        "DATEAMPM|DATETIME|DTDATE|DTMONYY|DTWKDATX|DTYEAR|DTYYQC|MDYAMPM|NLDATM[A-Z]*|(?:[BE]|IS)8601D[NTXZ]"
    ),
    "time": re.compile("HHMM|HOUR|MMSS|NLTIM[A-Z]*|TIME|TIMEAMPM|TOD|(?:[BE]|IS)8601T[MXZ]"),
}
"""Names of SAS formats by what they show: days or seconds since 1960-01-01, or seconds since midnight (`time`)."""

_EPOCH = np.datetime64("1960-01-01T00:00:00", "us")
_DAY = 86_400_000_000


def parse_format(text: str) -> tuple[str, int, int]:
    """Split a SAS format into name, width and decimals: `DATE9.` is (`DATE`, 9, 0), `8.2` is (``, 8, 2).

    Raises FormatError when the text is no SAS format.
    """
    match = _FORMAT.fullmatch(text.strip())
    if match is None:
        raise FormatError(f"{text!r} is not a SAS format", hint="formats look like DATE9., DATETIME20., 8.2 or $20.")
    name, width, decimals = match.groups()
    return (name or "").upper(), int(width or 0), int(decimals or 0)


def render_format(name: str, width: int, decimals: int) -> str:
    """Write a SAS format from its parts; nothing at all is the empty text."""
    if not name and not width:
        return ""
    return f"{name}{width or ''}.{decimals or ''}"


def date_kind(text: str) -> DateKind | None:
    """Tell what the numbers under a SAS format are: dates, times, datetimes, or None for anything else."""
    if not text:
        return None
    name = parse_format(text)[0]
    return next((kind for kind, names in _SHOWS.items() if names.fullmatch(name)), None)


def sas_numbers(values: pd.Series[Any], *, kind: DateKind | None, place: Place) -> npt.NDArray[np.float64]:
    """Return SAS days or seconds of datetime64 values (kind date, datetime) or timedelta64 values (kind time).

    Missing becomes NaN. Raises FormatError for a time of day under a date format, and when kind and values disagree.
    """
    dtype = values.dtype
    if isinstance(dtype, pd.DatetimeTZDtype):
        raise FormatError("times with a zone have no SAS form", place=place, hint="convert to local time first")
    if kind == "time":
        if not pd.api.types.is_timedelta64_dtype(dtype):
            raise FormatError("dates stand under a time format", place=place, hint="use a DATE or DATETIME format")
        moments = values.to_numpy().astype("timedelta64[us]").view(np.int64)
    else:
        if kind is None or not pd.api.types.is_datetime64_any_dtype(dtype):
            hint = "give the variable a SAS date or datetime format in its layout, e.g. DATE9. or DATETIME20."
            raise FormatError("dates need a format that says days or seconds", place=place, hint=hint)
        moments = (values.to_numpy().astype("datetime64[us]") - _EPOCH).view(np.int64)
    missing = values.isna().to_numpy()
    unit = _DAY if kind == "date" else 1_000_000
    whole, rest = np.divmod(moments, unit)
    rest[missing] = 0
    if kind == "date" and rest.any():
        record = int(np.flatnonzero(rest)[0])
        raise FormatError(
            f"{values.iloc[record]} has a time of day, a date format shows days only (record {record + 1})",
            place=place,
            hint="use a DATETIME format or cut the time",
        )
    numbers = whole.astype(np.float64) + rest / unit
    numbers[missing] = np.nan
    return numbers


def not_dates(numbers: npt.NDArray[np.float64], *, kind: DateKind) -> npt.NDArray[np.bool_]:
    """Tell which numbers cannot be told as what their format shows; missing ones can.

    A date is a whole number of days, a date and a datetime lie in the years 1 to 9999, a time in 0 to 24 hours.
    """
    if kind == "time":
        outside = (numbers < 0) | (numbers >= 86_400)
    else:
        per_unit = 1 if kind == "date" else 86_400  # 0001-01-01 and 10000-01-01 in days from 1960-01-01
        outside = (numbers < -715_509 * per_unit) | (numbers >= 2_936_550 * per_unit) | np.isinf(numbers)
    if kind == "date":
        outside |= (np.floor(numbers) != numbers) & ~np.isnan(numbers)
    return outside


def datetimes_of(numbers: npt.NDArray[np.float64], *, kind: DateKind) -> npt.NDArray[np.datetime64] | None:
    """Return datetime64[us] of SAS days or seconds (kind date, datetime), NaN as NaT.

    None for times, and when `not_dates` holds for any of the numbers.
    """
    if kind == "time" or not_dates(numbers, kind=kind).any():
        return None
    missing = np.isnan(numbers)
    filled = np.where(missing, 0.0, numbers)
    whole = np.floor(filled)
    unit = _DAY if kind == "date" else 1_000_000
    moments = whole.astype(np.int64) * unit + np.rint((filled - whole) * 1e6).astype(np.int64)
    dates = _EPOCH + moments.astype("timedelta64[us]")
    dates[missing] = np.datetime64("NaT")
    return dates
