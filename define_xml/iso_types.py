"""Which of the ISO 8601 data types of Define-XML the values of a variable have (section 4.3)."""

from __future__ import annotations

import pandas as pd

from define_xml.coded import PATTERNS
from spectrail.layout import DataType

DATE_TYPES: tuple[DataType, ...] = ("date", "partialDate", "datetime", "partialDatetime", "incompleteDatetime")
"""Types of dates, with or without time, from narrow to wide."""
TIME_TYPES: tuple[DataType, ...] = ("time", "partialTime")
"""Types of times of day, from narrow to wide."""


def narrowest(column: pd.Series, typed: str) -> DataType | None:
    """Return the narrowest type of the family of `typed` that all values of a text column have.

    The standards say that a variable is in ISO 8601, the data say how much of it is known. None when there is no
    value, when `typed` belongs to no family, or when some value has no type of it.
    """
    family = next((one for one in (DATE_TYPES, TIME_TYPES) if typed in one), ())
    if (
        not family
        or pd.api.types.is_numeric_dtype(column.dtype)
        or pd.api.types.is_datetime64_any_dtype(column.dtype)
    ):
        return None
    values = [str(one) for one in column.dropna().unique()]
    if not values:
        return None
    return next((kind for kind in family if all(PATTERNS[kind].fullmatch(one) for one in values)), None)
