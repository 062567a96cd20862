"""Read CDISC Dataset-JSON 1.1, a JSON document or NDJSON, some thousand records at a time."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from spectrail.dataset import Dataset
from spectrail.errors import FormatError, InputError, Place
from spectrail.io.sas_dates import DateKind, date_kind, sas_numbers
from spectrail.layout import Column, DataType, Layout

BLOCK = 20_000
"""Records that are parsed at a time."""

READ_SIZE = 1 << 20
"""Characters that are read at a time."""

_TYPES: dict[str, DataType] = {
    "string": "text",
    "URI": "text",
    "integer": "integer",
    "float": "float",
    "double": "float",
    "decimal": "float",
    "boolean": "integer",
    "date": "date",
    "time": "time",
    "datetime": "datetime",
}
_FORMATS: dict[str, str] = {"date": "DATE9.", "time": "TIME8.", "datetime": "DATETIME20."}
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?")
_SPACE = " \t\r\n"


def read_dataset_json(path: str | Path, *, datetimes: bool = False) -> Dataset:
    """Read a Dataset-JSON 1.1 file; a path that ends in `.ndjson` is NDJSON.

    Numeric dates (`targetDataType` integer) become SAS days or seconds, or datetime64[us] with `datetimes`; one
    without a display format gets DATE9., TIME8. or DATETIME20.  Empty text is missing.

    Raises InputError for a file that is none or contradicts itself: records that are too few or too many, a row with
    another number of values, a value that its column's data type does not allow.
    """
    place = Place(file=str(path))
    metadata: dict[str, Any] = {}
    parts: list[list[pa.Array]] = []
    done = 0
    try:
        for key, value in _items(path):
            if key != "rows":
                metadata[key] = value
                continue
            if "columns" not in metadata:  # the rows stand before their description
                metadata |= {other: found for other, found in _items(path) if other != "rows"}
            parts.append(_arrays(value, _described(metadata, place), done, place))
            done += len(value)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", place=place, hint="check the path") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"is not valid JSON: {error}", place=place, hint="expected Dataset-JSON 1.1") from error
    described = _described(metadata, place)
    if metadata.get("records") != done:
        raise InputError(
            f"states {metadata.get('records')} records and holds {done}", place=place, hint="the file may be cut off"
        )
    return _dataset(metadata, described, parts, done, datetimes=datetimes, place=place)


def _items(path: str | Path) -> Iterator[tuple[str, Any]]:
    """Yield top-level keys and values; the rows come as several lists under the key `rows`."""
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        if Path(path).suffix.lower() == ".ndjson":
            yield from _line_items(file)
        else:
            yield from _document_items(_Text(file))


def _line_items(file: TextIO) -> Iterator[tuple[str, Any]]:
    head = json.loads(file.readline() or "null", parse_constant=_refuse)
    if not isinstance(head, dict):
        raise ValueError("the first line is not an object")
    yield from head.items()
    lines: list[str] = []
    for line in file:
        if line.strip():
            lines.append(line)
        if len(lines) == BLOCK:
            yield "rows", _parsed(lines)
            lines = []
    if lines:
        yield "rows", _parsed(lines)


def _parsed(lines: list[str]) -> list[Any]:
    """Parse lines together; each must hold one value."""
    rows = json.loads("[" + ",".join(lines) + "]", parse_constant=_refuse)
    if len(rows) != len(lines):
        raise ValueError("a line holds more than one row")
    return list(rows)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON number")


class _Text:
    """The text of a file and a position in it; values are decoded where they stand, whatever their size."""

    def __init__(self, file: TextIO) -> None:
        self.file = file
        self.text = ""
        self.at = 0
        self.ended = False
        self.decoder = json.JSONDecoder(parse_constant=_refuse)

    def more(self) -> None:
        """Drop what is behind and read on, more the longer the value at hand is."""
        self.text = self.text[self.at :]
        self.at = 0
        read = self.file.read(max(READ_SIZE, len(self.text)))
        self.ended = not read
        self.text += read

    def peek(self) -> str:
        """Return the next character that is no space, empty at the end."""
        while True:
            while self.at < len(self.text) and self.text[self.at] in _SPACE:
                self.at += 1
            if self.at < len(self.text) or self.ended:
                return self.text[self.at : self.at + 1]
            self.more()

    def take(self, wanted: str) -> None:
        """Pass over one character."""
        if self.peek() != wanted:
            raise ValueError(f"expected {wanted!r}, found {self.peek()!r}")
        self.at += 1

    def value(self) -> Any:
        """Decode the next value."""
        self.peek()
        while True:
            try:
                value, end = self.decoder.raw_decode(self.text, self.at)
            except json.JSONDecodeError:
                if self.ended:
                    raise
            else:
                if end < len(self.text) or self.ended:  # a number at the end of the text may go on
                    self.at = end
                    return value
            self.more()


def _document_items(text: _Text) -> Iterator[tuple[str, Any]]:
    text.take("{")
    while text.peek() != "}":
        key = text.value()
        text.take(":")
        if key == "rows":
            yield from (("rows", rows) for rows in _document_rows(text))
        else:
            yield str(key), text.value()
        if text.peek() != "}":
            text.take(",")
    text.take("}")
    if text.peek():
        raise ValueError("text after the end of the object")


def _document_rows(text: _Text) -> Iterator[list[Any]]:
    text.take("[")
    rows: list[Any] = []
    while text.peek() != "]":
        rows.append(text.value())
        if len(rows) == BLOCK:
            yield rows
            rows = []
        if text.peek() != "]":
            text.take(",")
    text.take("]")
    if rows:
        yield rows


def _described(metadata: dict[str, Any], place: Place) -> list[dict[str, Any]]:
    """Check the metadata and return the descriptions of the columns."""
    version = str(metadata.get("datasetJSONVersion", ""))
    if not version.startswith("1.1"):
        raise InputError(f"Dataset-JSON version {version!r}", place=place, hint="version 1.1 is read")
    columns = metadata.get("columns")
    if not isinstance(metadata.get("name"), str) or not isinstance(columns, list):
        raise InputError("name or columns are missing", place=place, hint="expected Dataset-JSON 1.1")
    seen: set[str] = set()
    for column in columns:
        if not isinstance(column, dict) or not isinstance(column.get("name"), str):
            raise InputError("a column has no name", place=place, hint="expected Dataset-JSON 1.1")
        if column["name"] in seen:
            raise InputError(f"two columns are named {column['name']}", place=place, hint="rename one")
        seen.add(column["name"])
        if column.get("dataType") not in _TYPES:
            where = Place(file=place.file, variable=column["name"])
            known = ", ".join(sorted(_TYPES))
            raise InputError(f"data type {column.get('dataType')!r}", place=where, hint=f"known: {known}")
    return columns


def _arrow_type(column: dict[str, Any]) -> Any:
    kind = column["dataType"]
    if kind == "boolean":
        return pa.bool_()
    return pa.float64() if kind in ("integer", "float", "double") else pa.large_string()


def _arrays(rows: list[Any], columns: list[dict[str, Any]], done: int, place: Place) -> list[pa.Array]:
    """Turn rows into one typed array a column."""
    if not all(isinstance(row, list) for row in rows) or set(map(len, rows)) - {len(columns)}:
        index = next(i for i, row in enumerate(rows) if not isinstance(row, list) or len(row) != len(columns))
        raise InputError(
            f"row {done + index + 1} is no list of {len(columns)} values", place=place, hint="the file is damaged"
        )
    arrays = []
    for column, values in zip(columns, zip(*rows, strict=True), strict=True):
        try:
            arrays.append(pa.array(values, _arrow_type(column)))
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            where = Place(file=place.file, variable=column["name"], keys=f"rows {done + 1} to {done + len(rows)}")
            raise InputError(f"not all {column['dataType']}: {error}", place=where, hint="correct it") from None
    return arrays


def _dataset(
    metadata: dict[str, Any],
    described: list[dict[str, Any]],
    parts: list[list[pa.Array]],
    count: int,
    *,
    datetimes: bool,
    place: Place,
) -> Dataset:
    columns: list[Column] = []
    frame: dict[str, Any] = {}
    for index, one in enumerate(described):
        column = _column(one)
        columns.append(column)
        values = pa.chunked_array([part[index] for part in parts], _arrow_type(one))
        where = Place(file=place.file, variable=column.name)
        frame[column.name] = _series(values, one, column, datetimes=datetimes, place=where)
    numbered = sorted((one["keySequence"], one["name"]) for one in described if one.get("keySequence"))
    layout = Layout(
        metadata["name"], str(metadata.get("label") or ""), tuple(columns), tuple(name for _, name in numbered)
    )
    return Dataset(layout, pd.DataFrame(frame, index=pd.RangeIndex(count)))


def _column(one: dict[str, Any]) -> Column:
    """Return the layout of a column: a date with a target data type is a number with a date format."""
    kind: DataType = _TYPES[one["dataType"]]
    form = str(one.get("displayFormat") or "")
    if one.get("targetDataType") and one["dataType"] in _FORMATS:
        kind = "integer"
        try:
            shown = date_kind(form)
        except FormatError:
            shown = None
        form = form if shown == one["dataType"] else _FORMATS[one["dataType"]]
    length = one.get("length")
    return Column(one["name"], str(one.get("label") or ""), kind, length if isinstance(length, int) else None, form)


def _series(
    values: pa.ChunkedArray, one: dict[str, Any], column: Column, *, datetimes: bool, place: Place
) -> pd.Series[Any]:
    """Return a column as frames hold it."""
    values = values.combine_chunks()
    if isinstance(values, pa.ChunkedArray):
        values = values.chunk(0) if values.num_chunks else pa.array([], values.type)
    if not column.numeric:
        blank = pc.equal(values, "")
        text = pc.if_else(blank, pa.scalar(None, pa.large_string()), values)
        return pd.Series(pd.StringDtype(na_value=np.nan).__from_arrow__(text), copy=False)
    kind = one["dataType"]
    try:
        if kind in _FORMATS:
            return _dates(values, kind, datetimes=datetimes, place=place)
        if kind in ("boolean", "decimal"):
            values = values.cast(pa.float64())
    except (pa.ArrowInvalid, ValueError) as error:
        raise InputError(f"not all {kind}: {error}", place=place, hint="correct the values") from None
    return pd.Series(values.to_numpy(zero_copy_only=False), copy=False)


def _dates(values: pa.Array, kind: DateKind, *, datetimes: bool, place: Place) -> pd.Series[Any]:
    """Return ISO 8601 text as SAS numbers or as datetime64[us]; text that is no complete date raises ValueError."""
    coded = values.dictionary_encode()
    texts = coded.dictionary.to_pylist()
    if kind == "time":
        texts = [f"1960-01-01T{text}" for text in texts]
    codes = coded.indices.fill_null(len(texts)).to_numpy(zero_copy_only=False)
    complete = _DAY if kind == "date" else _MOMENT
    for text in texts:
        if not complete.fullmatch(text):
            raise ValueError(f"{text!r} is no {kind}")
    moments = np.array([*texts, "NaT"], dtype="datetime64[us]")[codes]
    series = pd.Series(moments)
    if datetimes and kind != "time":
        return series
    return pd.Series(sas_numbers(series, kind="date" if kind == "date" else "datetime", place=place))
