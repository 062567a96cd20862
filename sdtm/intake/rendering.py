"""Binary numbers and SAS dates as text."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SAS_EPOCH = np.datetime64("1960-01-01", "D")
FIRST_DAY = int((np.datetime64("1582-01-01", "D") - SAS_EPOCH).astype(int))
LAST_DAY = int((np.datetime64("9999-12-31", "D") - SAS_EPOCH).astype(int))
DAY_SECONDS = 86_400


def decimal_text(value: float) -> str:
    """Return the shortest decimal that reads back as the same double: `5`, `0.1`, `0.00001`, `1e-10`.

    Written out between 1e-7 and 1e21, with an exponent outside (the rule of ECMAScript's Number::toString).
    """
    text = repr(value)
    if "e" not in text:
        return text.removesuffix(".0")
    if 1e-7 <= abs(value) < 1e21:
        return format(Decimal(text), "f")
    mantissa, exponent = text.split("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent):+d}"


def decimal_texts(values: Floats) -> pa.LargeStringArray:
    """Return doubles as shortest decimals, NaN as null; each distinct value is rendered once."""
    codes, distinct = pd.factorize(np.ascontiguousarray(values, dtype=np.float64))
    texts = pa.array([decimal_text(value) for value in distinct.tolist()], type=pa.large_string())
    return texts.take(pa.array(codes, mask=codes < 0))


def sas_dates(days: Floats) -> tuple[pa.LargeStringArray, Bools]:
    """Return SAS days since 1960-01-01 as ISO 8601 dates, and which values are no date (rendered as decimals)."""
    number = ~np.isnan(days)
    fits = number & (np.floor(days) == days) & (days >= FIRST_DAY) & (days <= LAST_DAY)
    whole = np.where(fits, days, 0).astype(np.int64)
    texts = np.datetime_as_string(SAS_EPOCH + whole.astype("timedelta64[D]"))
    return _choose(fits, texts, days), number & ~fits


def sas_datetimes(seconds: Floats) -> tuple[pa.LargeStringArray, Bools]:
    """Return SAS seconds since 1960-01-01 as ISO 8601 date-times, and which values are none."""
    number = ~np.isnan(seconds)
    fits = number & (seconds >= FIRST_DAY * DAY_SECONDS) & (seconds < (LAST_DAY + 1) * DAY_SECONDS)
    micro = np.rint(np.where(fits, seconds, 0) * 1e6).astype(np.int64)
    texts = np.datetime_as_string(SAS_EPOCH.astype("datetime64[us]") + micro.astype("timedelta64[us]"), unit="us")
    return _choose(fits, _short_fraction(texts), seconds), number & ~fits


def sas_times(seconds: Floats) -> tuple[pa.LargeStringArray, Bools]:
    """Return SAS seconds of a day as HH:MM:SS (hours may pass 24, as stored), and which values are no time."""
    number = ~np.isnan(seconds)
    fits = number & (seconds >= 0) & (seconds < 1000 * 3600)
    micro = np.rint(np.where(fits, seconds, 0) * 1e6).astype(np.int64)
    hours, rest = np.divmod(micro, 3_600_000_000)
    clock = np.datetime_as_string(np.datetime64(0, "us") + rest.astype("timedelta64[us]"), unit="us")
    tail = pc.utf8_slice_codeunits(_short_fraction(clock), 13)
    text = pc.binary_join_element_wise(
        pc.utf8_lpad(pa.array(hours).cast(pa.large_string()), width=2, padding="0"),
        tail,
        pa.scalar("", pa.large_string()),
    )
    return _choose(fits, text, seconds), number & ~fits


def _short_fraction(texts: npt.NDArray[np.str_]) -> Any:
    """Cut the zeros of a fraction of a second, and its point when nothing is left."""
    return pc.replace_substring_regex(pa.array(texts, type=pa.large_string()), r"\.?0+$", "")


def _choose(fits: Bools, texts: Any, values: Floats) -> pa.LargeStringArray:
    """Take the text where it fits, else the decimal, null for NaN."""
    texts = texts if isinstance(texts, pa.Array) else pa.array(texts, type=pa.large_string())
    return pc.if_else(pa.array(fits), texts, decimal_texts(np.where(fits, np.nan, values)))
