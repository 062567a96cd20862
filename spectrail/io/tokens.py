"""Columns as text, for formats that are text: numbers in shortest form, dates in ISO 8601."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from spectrail.dataset import Dataset
from spectrail.errors import FormatError, Place
from spectrail.io.ascii_text import arrow_text, text_buffers
from spectrail.io.sas_dates import DateKind, date_kind, datetimes_of, not_dates, sas_numbers
from spectrail.layout import Column


def number_text(values: pd.Series[Any], *, column: Column, place: Place, first_record: int) -> pa.Array:
    """Return numbers in the shortest form that reads back equal, missing as null (large_string).

    Raises FormatError for an infinite number and for a fraction in a column of type integer.
    """
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    bad = np.isinf(numbers)
    if column.type == "integer":
        bad |= numbers != np.where(np.isnan(numbers), numbers, np.rint(numbers))
        bad &= ~np.isnan(numbers)
    if bad.any():
        record = int(bad.argmax())
        what = "is no integer" if np.isfinite(numbers[record]) else "is not finite"
        raise FormatError(
            f"value {float(numbers[record])!r} {what}",
            place=_record_place(place, first_record + record),
            hint="correct the value or its type",
        )
    return pc.cast(pa.array(numbers, from_pandas=True), pa.large_string())


def iso_text(values: pd.Series[Any], *, kind: DateKind, column: Column, place: Place, first_record: int) -> pa.Array:
    """Return a numeric date, datetime or time as ISO 8601 text, missing as null (large_string).

    `values` are datetime64, timedelta64 or SAS numbers. Raises FormatError for a number that ISO 8601 cannot tell.
    """
    if values.dtype.kind in "mM":
        numbers = sas_numbers(values, kind=kind, place=place)
    else:
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    bad = not_dates(numbers, kind=kind)
    if bad.any():
        record = int(bad.argmax())
        raise FormatError(
            f"value {float(numbers[record])!r} under {column.format} is no {kind} of ISO 8601",
            place=_record_place(place, first_record + record),
            hint="correct the value, or remove the date format to write numbers",
        )
    if values.dtype.kind == "M":
        moments = values.to_numpy().astype("datetime64[us]")
    else:  # a time of day is told as a time of 1960-01-01
        moments = cast(
            "npt.NDArray[np.datetime64]", datetimes_of(numbers, kind="date" if kind == "date" else "datetime")
        )
    missing = np.isnat(moments)
    whole = bool((moments == moments.astype("datetime64[s]"))[~missing].all())
    text = np.datetime_as_string(moments, unit="D" if kind == "date" else "s" if whole else "us").tolist()
    return pa.array([one[11:] for one in text] if kind == "time" else text, pa.large_string(), mask=missing)


def _record_place(place: Place, record: int) -> Place:
    return Place(dataset=place.dataset, variable=place.variable, keys=f"record {record + 1}")


def column_text(dataset: Dataset, column: Column, *, start: int, stop: int, quote: Callable[[str], str]) -> pa.Array:
    """Return the records `start` to `stop` of a column as text: `quote` is applied to distinct text and ISO dates."""
    values = dataset.frame[column.name].iloc[start:stop]
    place = Place(dataset=dataset.name, variable=column.name)
    kind = date_kind(column.format) if column.numeric else None
    if kind is not None:
        text = iso_text(values, kind=kind, column=column, place=place, first_record=start)
    elif column.numeric:
        if values.dtype.kind in "mM":
            raise FormatError("dates need a SAS date or datetime format in the layout", place=place)
        return number_text(values, column=column, place=place, first_record=start)
    else:
        try:
            text = arrow_text(values).combine_chunks()
        except FormatError as error:
            raise FormatError(error.what, place=place, hint=error.hint) from None
        if isinstance(text, pa.ChunkedArray):
            text = text.chunk(0)
    coded = text.dictionary_encode()
    quoted = pa.array([quote(value) for value in coded.dictionary.to_pylist()], pa.large_string())
    return quoted.take(coded.indices)


def joined_rows(columns: list[pa.Array], *, before: str, after: str, missing: str) -> memoryview:
    """Return the bytes of rows of text, values separated by commas, each row between `before` and `after`."""
    start, end, comma, nothing = (pa.scalar(text, pa.large_string()) for text in (before, after, ",", ""))
    filled = [column.fill_null(missing) for column in columns]
    joined = pc.binary_join_element_wise(*filled, comma)
    offsets, data = text_buffers(pc.binary_join_element_wise(start, joined, end, nothing))
    return data[offsets[0] : offsets[-1]].data
