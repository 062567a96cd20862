"""Write SAS transport files, version 5: one dataset a file, whole columns at a time.

Everything that the format cannot hold is found before the first byte is written and raised as a FormatError that
names variable, record and value: other than printable ASCII, text longer than its length or than 200 bytes, numbers
outside IBM range, names, labels and formats.  Blanks at the end of a text are not kept: the format pads with blanks.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from spectrail.dataset import Dataset
from spectrail.errors import FormatError, Place, UsageError
from spectrail.io.ascii_text import arrow_text, first_longer, first_unprintable, longest, text_buffers
from spectrail.io.atomic import replacing, start_writing_back
from spectrail.io.ibm_float import encode_ibm, special_missing, unstorable
from spectrail.io.sas_dates import date_kind, parse_format, sas_numbers
from spectrail.io.xpt_format import (
    MAX_FORMAT_NAME,
    MAX_LABEL,
    MAX_NAME,
    MAX_TEXT,
    MAX_VARIABLES,
    NAME,
    RECORD,
    Namestr,
    file_head,
)
from spectrail.layout import Column, Layout

THREADS = min(2, os.cpu_count() or 1)
"""Threads that make blocks; more gain nothing, the disk is slower."""

BLOCK_BYTES = 1 << 21
"""Observations are built and written in blocks of about this many bytes."""


@dataclass(frozen=True)
class _Stored:
    """A checked column: its description, and text or numbers with the special missing values of some records."""

    namestr: Namestr
    text: pa.ChunkedArray | None = None
    numbers: npt.NDArray[np.float64] | None = None
    special_records: npt.NDArray[np.int64] | None = None
    special_bits: npt.NDArray[np.uint64] | None = None


def write_xpt(
    dataset: Dataset,
    path: str | Path,
    *,
    created: datetime,
    modified: datetime | None = None,
    version: str = "9.4",
    system: str = "LINUX",
    encoding: str = "ascii",
) -> Layout:
    """Write a dataset as a SAS transport file and return its layout as written, with every length filled in.

    Text is stored in `length` bytes of its layout column (None: the longest value, at least 1), numbers in 8.
    datetime64 columns need a SAS date or datetime format and become days or seconds since 1960-01-01. `created` and
    `modified` (default: created) are the time stamps of the file, `version` and `system` what its header says of SAS
    and operating system (8 characters each). The file appears whole or not at all.

    The format has no place for an encoding and submissions are ASCII; another `encoding` (`windows-1252`, `gb18030`)
    is for receivers with whom it is agreed. Lengths count encoded bytes; control characters are refused in any.

    Raises FormatError for what version 5 cannot hold (see the module), and for a last record that is blank in a row
    of fewer than 80 bytes: nobody could tell it from the padding of the file. Raises OutputError.
    """
    layout = _checked_layout(dataset)
    place = Place(dataset=layout.name)
    for what, text in (("version", version), ("system", system)):
        _encoded_name(text, 8, what=what, place=place, encoding="ascii")
    label = _encoded_name(layout.label, MAX_LABEL, what="dataset label", place=place, encoding=encoding)
    columns = _stored_columns(dataset, encoding)
    variables = [column.namestr for column in columns]
    head = file_head(
        name=layout.name,
        label=label,
        variables=variables,
        created=created,
        modified=modified or created,
        version=version,
        system=system,
    )
    row = sum(variable.length for variable in variables)
    _check_blank_tail(dataset, columns, row)
    with replacing(path) as file:
        file.write(head)
        done = len(head)
        for block in _blocks(columns, records=len(dataset), row=row):
            file.write(block)
            start_writing_back(file, offset=done, size=len(block))
            done += len(block)
        file.write(b" " * (-len(dataset) * row % RECORD))
    return replace(
        layout,
        columns=tuple(
            replace(column, length=variable.length)
            for column, variable in zip(layout.columns, variables, strict=True)
        ),
    )


def _checked_layout(dataset: Dataset) -> Layout:
    """Return the layout after checking names, labels and the number of variables (TS-140 field sizes)."""
    layout = dataset.layout
    place = Place(dataset=layout.name)
    if tuple(dataset.frame.columns) != layout.names:
        raise UsageError(
            f"the frame has the columns {list(dataset.frame.columns)}, the layout {list(layout.names)}", place=place
        )
    _check_name(layout.name, what="dataset name", place=place)
    if not 1 <= len(layout.columns) <= MAX_VARIABLES:
        raise FormatError(
            f"{len(layout.columns)} variables, a transport file has 1 to {MAX_VARIABLES}",
            place=place,
            hint="split the dataset or give it a variable",
        )
    seen: set[str] = set()
    for column in layout.columns:
        place = Place(dataset=layout.name, variable=column.name)
        _check_name(column.name, what="variable name", place=place)
        if column.name in seen:
            raise FormatError("the variable appears twice", place=place, hint="remove or rename one of them")
        seen.add(column.name)
    return layout


def _check_name(name: str, *, what: str, place: Place) -> None:
    if not NAME.fullmatch(name):
        raise FormatError(
            f"{what} {name!r} cannot be stored",
            place=place,
            hint=f"names have 1 to {MAX_NAME} characters A-Z, 0-9 and _ and start with a letter",
        )


def _encoded_name(text: str, limit: int, *, what: str, place: Place, encoding: str) -> bytes:
    """Return the bytes of a label or of another text of the header."""
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError:
        hint = "replace the characters outside it"
        raise FormatError(f"{what} {text!r} is not {_called(encoding)}", place=place, hint=hint) from None
    except LookupError:
        raise UsageError(f"unknown encoding {encoding!r}", place=place, hint="e.g. ascii or gb18030") from None
    if any(byte < 0x20 or byte == 0x7F for byte in data):
        raise FormatError(f"{what} {text!r} has control characters", place=place, hint="remove them")
    if len(data) > limit:
        raise FormatError(f"{what} {text!r} has {len(data)} bytes", place=place, hint=f"shorten it to {limit}")
    return data


def _called(encoding: str) -> str:
    return "printable ASCII" if encoding == "ascii" else encoding


def _stored_columns(dataset: Dataset, encoding: str) -> list[_Stored]:
    """Check every column and lay them out one after the other in the observation."""
    special = _special_by_variable(dataset)
    stored: list[_Stored] = []
    position = 0
    for number, column in enumerate(dataset.layout.columns, 1):
        values = dataset.frame[column.name]
        place = Place(dataset=dataset.name, variable=column.name)
        form = _checked_format(column, place)
        length = 8
        text = numbers = records = bits = None
        if column.numeric:
            numbers = _numbers(dataset, column, values)
            records, bits = special.get(column.name, (None, None))
        else:
            text, length = _text(dataset, column, values, encoding)
        label = _encoded_name(column.label, MAX_LABEL, what="label", place=place, encoding=encoding)
        namestr = Namestr(column.name, label, column.numeric, length, number, position, *form)
        stored.append(_Stored(namestr, text, numbers, records, bits))
        position += length
    return stored


def _checked_format(column: Column, place: Place) -> tuple[str, int, int]:
    try:
        name, width, decimals = parse_format(column.format)
    except FormatError as error:
        raise FormatError(error.what, place=place, hint=error.hint) from None
    if len(name) > MAX_FORMAT_NAME or max(width, decimals) > 32_767:
        raise FormatError(
            f"format {column.format!r} is too long",
            place=place,
            hint=f"names of formats have {MAX_FORMAT_NAME} characters",
        )
    if name.startswith("$") and column.numeric:
        raise FormatError(f"format {column.format!r} is for text, the variable is a number", place=place)
    if not name.startswith("$") and name and not column.numeric:
        hint = "remove the format, or write it with a leading $"
        raise FormatError(f"format {column.format!r} is for numbers, the variable is text", place=place, hint=hint)
    return name, width, decimals


def _text(dataset: Dataset, column: Column, values: pd.Series[Any], encoding: str) -> tuple[pa.ChunkedArray, int]:
    """Return checked text as encoded bytes and the number of bytes it is stored in."""
    place = Place(dataset=dataset.name, variable=column.name)
    try:
        text = arrow_text(values)
    except FormatError as error:
        raise FormatError(error.what, place=place, hint=error.hint) from None
    odd = first_unprintable(text)
    if odd is not None and encoding != "ascii":
        text, odd = _encoded_text(dataset, column, text, encoding)
    if odd is not None:
        hint = "translate or transliterate it; a transport file holds bytes 20-7E only"
        raise _value_error(dataset, column.name, odd, "has characters that are not printable ASCII", hint)
    needed = longest(text)
    length = max(needed, 1) if column.length is None else column.length
    over = first_longer(text, limit=min(length, MAX_TEXT))
    if over is not None and length >= MAX_TEXT:
        hint = f"a transport file holds {MAX_TEXT} bytes a value: split it over several variables"
        raise _value_error(dataset, column.name, over, f"is longer than {MAX_TEXT} bytes", hint)
    if over is not None:
        hint = f"raise the length to {needed} or shorten the value"
        raise _value_error(dataset, column.name, over, f"is longer than the length {length}", hint)
    if not 1 <= length <= MAX_TEXT:
        raise FormatError(f"length {length}", place=place, hint=f"text has a length of 1 to {MAX_TEXT} bytes")
    return text, length


def _encoded_text(
    dataset: Dataset, column: Column, text: pa.ChunkedArray, encoding: str
) -> tuple[pa.ChunkedArray, int | None]:
    """Return text as bytes of an encoding, and the first record with a control character."""
    coded = text.combine_chunks().dictionary_encode()
    coded = coded.combine_chunks() if isinstance(coded, pa.ChunkedArray) else coded
    encoded: list[bytes] = []
    control: list[bool] = []
    for index, value in enumerate(coded.dictionary.to_pylist()):
        try:
            encoded.append(value.encode(encoding))
        except UnicodeEncodeError:
            record = pc.index(coded.indices, index).as_py()
            hint = f"translate or transliterate what {encoding} lacks"
            raise _value_error(dataset, column.name, record, f"has characters outside {encoding}", hint) from None
        control.append(any(byte < 0x20 or byte == 0x7F for byte in encoded[-1]))
    data = pa.array(encoded, pa.large_binary()).take(coded.indices).view(pa.large_string())
    odd = pc.index(pa.array(control, pa.bool_()).take(coded.indices), True).as_py()
    return pa.chunked_array([data]), None if odd < 0 else odd


def _numbers(dataset: Dataset, column: Column, values: pd.Series[Any]) -> npt.NDArray[np.float64]:
    """Return checked doubles, NaN where missing; dates become SAS days or seconds."""
    place = Place(dataset=dataset.name, variable=column.name)
    kind = values.dtype.kind
    if kind in "mM":
        return sas_numbers(values, kind=date_kind(column.format), place=place)
    if kind not in "fiub":
        if values.isna().all():
            return np.full(len(values), np.nan)
        raise FormatError(
            f"holds {values.dtype} values, its layout says number", place=place, hint="turn the values into numbers"
        )
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    if kind in "iu":
        large = np.flatnonzero(np.abs(numbers) >= 2.0**53)
        if len(large):
            raise _value_error(dataset, column.name, int(large[0]), "has more digits than a double holds", "use text")
    bad = np.flatnonzero(unstorable(numbers))
    if len(bad):
        hint = "numbers in a transport file are 0 or have a magnitude of 5.4e-79 to 7.2e75"
        raise _value_error(dataset, column.name, int(bad[0]), "cannot be stored", hint)
    return numbers


def _value_error(dataset: Dataset, variable: str, record: int, what: str, hint: str) -> FormatError:
    """Make the error of one value: it names variable, record (from 1), the record's keys and the value."""
    shown = {
        key: dataset.frame[key].iloc[record]
        for key in dataset.layout.keys
        if key in dataset.frame.columns and pd.notna(dataset.frame[key].iloc[record])
    }
    keys = " ".join(f"{key}={value}" for key, value in shown.items())
    value = str(dataset.frame[variable].iloc[record])
    value = value if len(value) <= 60 else value[:57] + "..."
    place = Place(
        dataset=dataset.name, variable=variable, keys=f"record {record + 1}" + (f" ({keys})" if keys else "")
    )
    return FormatError(f"value {value!r} {what}", place=place, hint=hint)


def _special_by_variable(dataset: Dataset) -> dict[str, tuple[npt.NDArray[np.int64], npt.NDArray[np.uint64]]]:
    """Return, by variable, the records with special missing values in order and their bit patterns."""
    found: dict[str, list[tuple[int, int]]] = {}
    for (record, variable), code in dataset.special.items():
        place = Place(dataset=dataset.name, variable=variable, keys=f"record {record + 1}")
        if variable not in dataset.layout.names or not dataset.layout[variable].numeric:
            raise FormatError("special missing values belong to numeric variables", place=place)
        if len(code) != 1 or not (code == "_" or "A" <= code <= "Z"):
            raise FormatError(f"{code!r} is no special missing value", place=place, hint="use A to Z or _")
        if not 0 <= record < len(dataset) or pd.notna(dataset.frame[variable].iloc[record]):
            raise FormatError(f"special missing value .{code} where no value is missing", place=place)
        found.setdefault(variable, []).append((record, special_missing(code)))
    arrays = {}
    for variable, pairs in found.items():
        pairs.sort()
        records, bits = zip(*pairs, strict=True)
        arrays[variable] = (np.array(records, dtype=np.int64), np.array(bits, dtype=np.uint64))
    return arrays


def _check_blank_tail(dataset: Dataset, columns: list[_Stored], row: int) -> None:
    """Refuse a last record that reads as padding: all bytes blank in a row that is shorter than a file record."""
    count = len(dataset)
    if row >= RECORD or count == 0:
        return
    last = np.empty(row, dtype=np.uint8)
    _fill(last, columns, start=count - 1, stop=count, row=row)
    if not last.tobytes().strip(b" "):
        raise FormatError(
            f"the last record ({count}) is blank in every variable and shorter than {RECORD} bytes: readers take it "
            "for the padding of the file",
            place=Place(dataset=dataset.name),
            hint="remove the blank record or order the records so that it is not the last",
        )


def _blocks(columns: list[_Stored], *, records: int, row: int) -> Iterator[memoryview]:
    """Yield the observations as bytes, some thousand records at a time; each block is valid until the next.

    Blocks are made in threads (numpy and Arrow let go of the interpreter) while earlier ones are written.
    """
    size = max(BLOCK_BYTES // row, 1)
    free = [np.empty(min(size, records) * row, dtype=np.uint8) for _ in range(2 * THREADS)]
    pending: deque[tuple[Future[None], npt.NDArray[np.uint8], int]] = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        for start in range(0, records, size):
            stop = min(start + size, records)
            buffer = free.pop()
            made = pool.submit(_fill, buffer, columns, start=start, stop=stop, row=row)
            pending.append((made, buffer, (stop - start) * row))
            while pending and (not free or stop == records):
                made, buffer, length = pending.popleft()
                made.result()
                yield buffer.data[:length]
                free.append(buffer)


def _fill(buffer: npt.NDArray[np.uint8], columns: list[_Stored], *, start: int, stop: int, row: int) -> None:
    """Write the records `start` to `stop` into `buffer`, `row` bytes each."""
    count = stop - start
    for column in columns:
        position, length = column.namestr.position, column.namestr.length
        if column.text is not None:
            field: npt.NDArray[Any] = np.ndarray((count,), f"V{length}", buffer, position, (row,))
            field[:] = _fixed_width(column.text.slice(start, count), length)
        elif column.numbers is not None:
            bits = encode_ibm(column.numbers[start:stop])
            if column.special_records is not None and column.special_bits is not None:
                low, high = np.searchsorted(column.special_records, [start, stop])
                bits[column.special_records[low:high] - start] = column.special_bits[low:high]
            field = np.ndarray((count,), ">u8", buffer, position, (row,))
            field[:] = bits


def _fixed_width(values: pa.ChunkedArray, length: int) -> npt.NDArray[Any]:
    """Return text as fixed-width bytes padded with blanks, missing as blanks; shape (records,), dtype V<length>."""
    array = values.chunk(0) if values.num_chunks == 1 else values.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0)
    count = len(array)
    offsets, data = text_buffers(array)
    if array.null_count or offsets[-1] - offsets[0] != count * length:
        offsets, data = text_buffers(pc.ascii_rpad(array.fill_null("") if array.null_count else array, length))
    return np.frombuffer(data, dtype=f"V{length}", count=count, offset=int(offsets[0]))
