"""Read SAS transport files, version 5 and 8, whole columns at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from spectrail.dataset import Dataset
from spectrail.errors import FormatError, InputError, Place, UnknownNameError, UsageError
from spectrail.findings import Findings
from spectrail.io.ascii_text import text_buffers
from spectrail.io.ibm_float import decode_ibm
from spectrail.io.sas_dates import DateKind, date_kind, datetimes_of, render_format
from spectrail.io.xpt_format import RawNamestr
from spectrail.io.xpt_members import Bytes, Member, find_members
from spectrail.layout import Column, Layout

THREADS = min(2, os.cpu_count() or 1)
"""Threads that take observations apart."""

BLOCK_BYTES = 1 << 22
"""Observations are taken apart in blocks of about this many bytes."""


class _Values:
    """What has been read of one variable: numbers, or text as one growing Arrow array, and what is odd in them."""

    def __init__(self, variable: RawNamestr, rows: int) -> None:
        self.special: dict[int, str] = {}
        self.blank = self.high = self.control = False
        self.numbers: npt.NDArray[np.float64] | None = None
        if variable.kind == 1:
            self.numbers = _room(np.dtype(np.float64), rows)
            return
        self.offsets = _room(np.dtype(np.int64), rows + 1)
        self.offsets[0] = 0
        self.data = _room(np.dtype(np.uint8), rows * variable.length)  # the most that may be, used from the left

    def text(self) -> pa.Array:
        """Return the text as a large_string array (of bytes not checked to be UTF-8), null where it is blank."""
        count = len(self.offsets) - 1
        valid = None
        if self.blank:
            filled = self.offsets[1:] > self.offsets[:-1]
            valid = pa.py_buffer(np.packbits(filled, bitorder="little"))
        data = self.data[: self.offsets[-1]]
        return pa.LargeStringArray.from_buffers(count, pa.py_buffer(self.offsets), pa.py_buffer(data), valid)


def _room(dtype: np.dtype[Any], count: int) -> npt.NDArray[Any]:
    """Return an array to be filled, in Arrow's memory: numpy's huge pages are slow to get in a fragmented process."""
    return np.frombuffer(pa.allocate_buffer(count * dtype.itemsize), dtype) if count else np.empty(0, dtype)


def read_xpt(
    path: str | Path, *, member: str | None = None, encoding: str = "ascii", datetimes: bool = False
) -> Dataset:
    """Read one dataset of a SAS transport file (version 5 or 8).

    The layout says name, label, type (`text` or `float`), bytes and SAS format of each variable as the file does;
    text has its trailing blanks removed, blank text and missing numbers are NaN, special missing values stand in
    `special`. `member` names the dataset in a file of several.

    `encoding` is that of text and labels. Under `ascii` a file with other bytes is read as UTF-8 if it is valid
    UTF-8, else as Windows-1252, and a finding says so. With `datetimes` numbers under a SAS date or datetime format
    become datetime64[us]; the default leaves SAS days and seconds.

    Raises InputError for a file that is damaged or not in `encoding`, UsageError when `member` is needed,
    UnknownNameError when it is not in the file.
    """
    data, members = _open(path)
    names = [one.name.decode("latin-1") for one in members]
    if member is None:
        if len(members) > 1:
            raise UsageError(
                f"holds {len(members)} datasets", place=Place(file=str(path)), hint="name one: " + ", ".join(names)
            )
        chosen = members[0]
    else:
        if member not in names:
            raise UnknownNameError("dataset", member, names, place=Place(file=str(path)))
        chosen = members[names.index(member)]
    return _read(data, chosen, file=str(path), encoding=encoding, datetimes=datetimes)


def read_xpt_members(path: str | Path, *, encoding: str = "ascii", datetimes: bool = False) -> tuple[Dataset, ...]:
    """Read all datasets of a SAS transport file in order; arguments and errors as in `read_xpt`."""
    data, members = _open(path)
    return tuple(_read(data, one, file=str(path), encoding=encoding, datetimes=datetimes) for one in members)


def _open(path: str | Path) -> tuple[Bytes, tuple[Member, ...]]:
    """Map a file into memory and find its members."""
    try:
        data: Bytes = (
            np.memmap(path, dtype=np.uint8, mode="r") if Path(path).stat().st_size else np.empty(0, dtype=np.uint8)
        )
    except OSError as error:
        raise InputError(
            f"cannot be read: {error.strerror or error}", place=Place(file=str(path)), hint="check the path"
        ) from error
    return data, find_members(data, file=str(path))


def _read(data: Bytes, member: Member, *, file: str, encoding: str, datetimes: bool) -> Dataset:
    values = [_Values(variable, member.rows) for variable in member.variables]
    _take_all(data, member, values)
    name = member.name.decode("latin-1")
    chosen = _encoding(member, values, encoding)
    findings = (
        [_note("IO-ENCODING", name, "", f"text outside ASCII was read as {chosen}")] if chosen != encoding else []
    )
    if member.unpadded:
        findings.append(_note("IO-PADDING", name, "", "the file ends without padding to 80 bytes"))
    columns: list[Column] = []
    frame: dict[str, Any] = {}
    special: dict[tuple[int, str], str] = {}
    for variable, found in zip(member.variables, values, strict=True):
        column = _column(variable, chosen, file)
        columns.append(column)
        if column.name in frame:
            raise InputError(f"two variables are named {column.name}", place=Place(file=file), hint="rename one")
        if found.control:
            findings.append(_note("IO-CONTROL", name, column.name, "text holds control characters"))
        frame[column.name], note = _series(found, column, chosen, datetimes=datetimes, file=file)
        if note:
            findings.append(_note("IO-DATES", name, column.name, note))
        special |= {(record, column.name): code for record, code in found.special.items()}
    label = _decode(member.label, chosen, Place(file=file))
    return Dataset(
        Layout(_decode(member.name, chosen, Place(file=file)), label, tuple(columns)),
        pd.DataFrame(frame, index=pd.RangeIndex(member.rows), copy=False),
        findings=Findings.concat(findings),
        special=special,
    )


def _take_all(data: Bytes, member: Member, values: list[_Values]) -> None:
    """Read all records, the variables shared out to threads (numpy and Arrow let go of the interpreter)."""
    pairs = list(zip(member.variables, values, strict=True))

    def take(share: list[tuple[RawNamestr, _Values]]) -> None:
        for start, stop in _ranges(member):
            for variable, into in share:
                _take_block(data, member, variable, into, start=start, stop=stop)

    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(take, pairs[first::THREADS]) for first in range(THREADS)]:
            done.result()


def _ranges(member: Member) -> Iterator[tuple[int, int]]:
    """Yield the first and the last-but-one record of each block."""
    size = max(BLOCK_BYTES // max(member.row, 1), 1)
    for start in range(0, member.rows, size):
        yield start, min(start + size, member.rows)


def _take_block(data: Bytes, member: Member, variable: RawNamestr, into: _Values, *, start: int, stop: int) -> None:
    """Read the records `start` to `stop` of one variable."""
    offset = member.start + start * member.row + variable.position
    count, length = stop - start, variable.length
    if into.numbers is None:
        field: npt.NDArray[Any] = np.ndarray((count,), f"V{length}", data, offset, (member.row,))
        _take_text(np.ascontiguousarray(field), length, into, start=start)
        return
    if length == 8:
        bits = np.ndarray((count,), ">u8", data, offset, (member.row,)).astype(np.uint64)
    else:  # a short number lacks the last bytes of its fraction
        wide = np.zeros((count, 8), dtype=np.uint8)
        wide[:, :length] = np.ndarray((count, length), np.uint8, data, offset, (member.row, 1))
        bits = wide.view(">u8")[:, 0].astype(np.uint64)
    numbers, records, codes = decode_ibm(bits)
    into.numbers[start:stop] = numbers
    into.special.update(zip((records + start).tolist(), codes.tobytes().decode("ascii"), strict=True))


def _take_text(fixed: npt.NDArray[Any], length: int, into: _Values, *, start: int) -> None:
    """Add fixed-width text, from record `start` on, without its trailing blanks."""
    count = len(fixed)
    raw = fixed.view(np.uint8)
    low, high = int(raw.min()), int(raw.max())
    into.high |= high >= 0x80
    into.control |= low < 0x20 or high == 0x7F
    offsets = np.arange(0, count * length + 1, length, dtype=np.int64)
    array = pa.LargeStringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(fixed))
    offsets, data = text_buffers(pc.ascii_rtrim(array, characters=" " if low else " \0"))
    begin = into.offsets[start]
    np.add(offsets[1:], begin - offsets[0], out=into.offsets[start + 1 : start + count + 1])
    end = into.offsets[start + count]
    into.data[begin:end] = data[offsets[0] : offsets[-1]]
    into.blank |= bool((offsets[1:] == offsets[:-1]).any())


def _encoding(member: Member, values: list[_Values], encoding: str) -> str:
    """Return the encoding to use: under `ascii` the one that other bytes, if there are any, turn out to have."""
    if encoding.lower().replace("-", "") not in ("ascii", "usascii"):
        return encoding
    texts = [member.name, member.label]
    for variable in member.variables:
        texts += [variable.name, variable.label, variable.format_name]
    columns = [found.text() for found in values if found.high]
    if not columns and all(text.isascii() for text in texts):
        return encoding
    try:
        for text in texts:
            text.decode("utf-8")
        for column in columns:
            column.view(pa.large_binary()).cast(pa.large_string())
    except (UnicodeDecodeError, pa.ArrowInvalid):
        return "windows-1252"
    return "utf-8"


def _decode(text: bytes, encoding: str, place: Place) -> str:
    try:
        return text.decode(encoding)
    except LookupError:
        raise UsageError(f"unknown encoding {encoding!r}", place=place, hint="e.g. windows-1252 or utf-8") from None
    except UnicodeDecodeError:
        raise InputError(f"{text!r} is not {encoding}", place=place, hint="give the encoding of the file") from None


def _column(variable: RawNamestr, encoding: str, file: str) -> Column:
    place = Place(file=file)
    form = _decode(variable.format_name, encoding, place)
    return Column(
        _decode(variable.name, encoding, place),
        _decode(variable.label, encoding, place),
        "float" if variable.kind == 1 else "text",
        variable.length,
        form if "." in form else render_format(form, variable.width, variable.decimals),
    )


def _series(
    found: _Values, column: Column, encoding: str, *, datetimes: bool, file: str
) -> tuple[pd.Series[Any], str]:
    """Return the values of a variable as a frame holds them, and a note when dates stay numbers."""
    if found.numbers is None:
        text = found.text()
        if found.high:
            text = _decoded(text, encoding, Place(file=file, variable=column.name))
        return pd.Series(pd.StringDtype(na_value=np.nan).__from_arrow__(text), copy=False), ""
    numbers = found.numbers
    kind = _date_kind(column.format) if datetimes else None
    if kind is None or kind == "time":
        return pd.Series(numbers, copy=False), ""
    dates = datetimes_of(numbers, kind=kind)
    if dates is None:
        return pd.Series(numbers, copy=False), f"values under {column.format} are not all dates and stay numbers"
    return pd.Series(dates, copy=False), ""


def _date_kind(form: str) -> DateKind | None:
    """Tell what a format from a file shows; a name that is no SAS name (a user's own format) shows no date."""
    try:
        return date_kind(form)
    except FormatError:
        return None


def _decoded(text: pa.Array, encoding: str, place: Place) -> pa.Array:
    """Decode text that is not ASCII, distinct value by distinct value."""
    coded = text.view(pa.large_binary()).dictionary_encode()
    decoded: list[str] = []
    for index, value in enumerate(coded.dictionary.to_pylist()):
        try:
            decoded.append(value.decode(encoding))
        except UnicodeDecodeError:
            record = pc.index(coded.indices, index).as_py()
            where = Place(file=place.file, variable=place.variable, keys=f"record {record + 1}")
            raise InputError(
                f"{value!r} is not {encoding}", place=where, hint="give the encoding of the file"
            ) from None
    return pa.array(decoded, pa.large_string()).take(coded.indices)


def _note(rule: str, dataset: str, variable: str, message: str) -> Findings:
    return Findings.of(rule=rule, severity="notice", dataset=dataset, variable=variable, message=message)
