"""Parquet files as text."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sdtm.intake.files import RawFile
from sdtm.intake.rendering import decimal_text, decimal_texts
from sdtm.intake.table import Content, check_names, empty_to_null
from specs.models import RawSource
from spectrail.errors import InputError


def read_parquet(file: RawFile, sources: Sequence[RawSource]) -> list[Content]:
    """Read a Parquet file once for all its sources; nested and binary columns raise `InputError`."""
    try:
        table = pq.ParquetFile(io.BytesIO(file.read())).read()
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f"not a readable Parquet file: {str(error).splitlines()[0]}",
            place=file.place(),
            hint="check the format of this source, or ask for the extract again",
        ) from None
    check_names(table.column_names, place=file.place())
    notes: list[str] = []
    columns = [
        _text(column, name, notes, file) for name, column in zip(table.column_names, table.columns, strict=True)
    ]
    lines = np.arange(1, table.num_rows + 1, dtype=np.int32)
    return [
        Content(list(table.column_names), list(columns), lines, row_word="row", notes=list(notes)) for _ in sources
    ]


def _text(column: pa.ChunkedArray, name: str, notes: list[str], file: RawFile) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _text(column.cast(kind.value_type), name, notes, file)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return empty_to_null(column.cast(pa.large_string()))
    if pa.types.is_null(kind):
        return column.cast(pa.large_string())
    array: Any
    if pa.types.is_float32(kind) or pa.types.is_float16(kind):
        array = _single(column)
        said = "numbers as shortest decimal"
    elif pa.types.is_float64(kind):
        array, said = decimal_texts(column.to_numpy()), "numbers as shortest decimal"
    elif pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        array, said = column.cast(pa.large_string()), "numbers as decimal"
    elif pa.types.is_boolean(kind):
        array, said = column.cast(pa.large_string()), "true and false as text"
    elif pa.types.is_timestamp(kind):
        array, said = _timestamps(column), "date-times as ISO 8601"
    elif pa.types.is_date(kind) or pa.types.is_time(kind):
        array, said = _short_fraction(column.cast(pa.large_string())), "dates or times as ISO 8601"
    else:
        raise InputError(
            f"column {name!r} has the type {kind}, which is no text, number or date",
            place=file.place(),
            hint="flatten the column before it is exported",
        )
    notes.append(f"column {name}: {said}")
    return array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])


def _single(column: pa.ChunkedArray) -> pa.Array:
    """Render 32-bit floats by the shortest decimal of their own width (0.1, not 0.10000000149011612)."""
    values = column.cast(pa.float32()).to_numpy()
    distinct, codes = np.unique(values, return_inverse=True)
    texts = [None if np.isnan(value) else decimal_text(float(str(value))) for value in distinct]
    return pa.array(texts, type=pa.large_string()).take(pa.array(codes))


def _timestamps(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Render with `T`, without a zero fraction, with Z for a column of a time zone (moved to UTC)."""
    zoned = column.type.tz is not None
    plain = column.cast(pa.timestamp(column.type.unit, tz="UTC")) if zoned else column
    text = plain.cast(pa.timestamp(column.type.unit)).cast(pa.large_string())
    text = _short_fraction(pc.replace_substring(text, " ", "T"))
    if not zoned:
        return text
    return pc.binary_join_element_wise(text, pa.scalar("Z", pa.large_string()), pa.scalar("", pa.large_string()))


def _short_fraction(text: pa.ChunkedArray) -> pa.ChunkedArray:
    """Cut the zeros at the end of a fraction of a second, and the point of a fraction of zeros."""
    return pc.replace_substring_regex(pc.replace_substring_regex(text, r"\.(\d*?)0+$", r".\1"), r"\.$", "")
