"""Write numbers, days and minutes as the text a form holds; distinct values are written once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from spectrail.studies.blina_ball.facts import EPOCH
from spectrail.studies.blina_ball.rng import Floats

Objects = npt.NDArray[Any]
# `numpy.where` for text that may be absent: the stubs of numpy know no None among the choices.
choose: Callable[..., Objects] = np.where

DATE_FORMATS: dict[str, str] = {
    "MM/DD/YYYY": "%m/%d/%Y",
    "MM-DD-YYYY": "%m-%d-%Y",
    "YYYY-MM-DD": "%Y-%m-%d",
    "YYYY/MM/DD": "%Y/%m/%d",
}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def by_distinct(values: Floats, write: Callable[[float], str]) -> Objects:
    """Apply `write` to the distinct values; NaN becomes None. Object array of the same length."""
    codes, distinct = pd.factorize(np.asarray(values, dtype=np.float64), use_na_sentinel=True)
    texts = np.array([*(write(float(value)) for value in distinct), None], dtype=object)
    return np.asarray(texts[codes])


def decimals(values: Floats, digits: int) -> Objects:
    """Write numbers with at least `digits` decimals and no more than they need, rounded at nine."""

    def write(value: float) -> str:
        rounded = round(value, digits)
        if abs(rounded - value) < 5e-10 or digits == 0 or abs(value) >= 1000:
            return f"{rounded:.{digits}f}"
        return f"{value:.9f}".rstrip("0")

    return by_distinct(values, write)


def plain_number(value: float) -> str:
    """Write a number as short as it is: 3, 1.73, 0.0001."""
    return (
        str(int(value)) if value == int(value) and abs(value) < 1e15 else np.format_float_positional(value, trim="-")
    )


def write_day(value: float, layout: str) -> str:
    """Write a day number (since 1970-01-01) in a date format of `tables/forms.csv`."""
    day: date = EPOCH + timedelta(days=int(value))
    if layout == "DD-Mon-YYYY":
        return f"{day.day:02d}-{MONTHS[day.month - 1]}-{day.year:04d}"
    if layout == "DD MON YYYY":
        return f"{day.day:02d} {MONTHS[day.month - 1].upper()} {day.year:04d}"
    return day.strftime(DATE_FORMATS[layout])


def write_days(values: Floats, layout: str) -> Objects:
    """Write day numbers; NaN becomes None."""
    return by_distinct(values, lambda value: write_day(value, layout))


def write_minute(value: float) -> str:
    """Write minutes of the day as HH:MM."""
    return f"{int(value) // 60:02d}:{int(value) % 60:02d}"
