"""Find the members of a SAS transport file (versions 5 and 8) and read what it says of their variables.

Works on the mapped bytes of the file; text stays bytes, because its encoding is decided later.  Every count and
offset that the file states is checked against its size before it is used.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from spectrail.errors import InputError, Place
from spectrail.io.xpt_format import RECORD, RawNamestr, unpack_namestr

Bytes = npt.NDArray[np.uint8]

_PREFIX = b"HEADER RECORD*******"
_SUFFIX = b"HEADER RECORD!!!!!!!"
_LIBRARY = {b"LIBRARY ": False, b"LIBV8   ": True}
_MEMBER = {b"MEMBER  ", b"MEMBV8  "}
_DESCRIPTOR = {b"DSCRPTR ", b"DSCPTV8 "}
_VARIABLES = {b"NAMESTR ", b"NAMSTV8 "}
_LABELS = {b"LABELV8 ": 3, b"LABELV9 ": 5}
_OBSERVATIONS = {b"OBS     ", b"OBSV8   "}


@dataclass(frozen=True)
class Member:
    """One dataset in the file: description in bytes, `rows` observations of `row` bytes from byte `start`.

    `unpadded` tells that the file ends without the padding that belongs there.
    """

    name: bytes
    label: bytes
    variables: tuple[RawNamestr, ...]
    start: int
    row: int
    rows: int
    unpadded: bool = False


def find_members(data: Bytes, *, file: str) -> tuple[Member, ...]:
    """Return the members of a transport file in order. Raises InputError when it is none or is damaged."""
    kind = _header_name(data, 0)
    if kind not in _LIBRARY:
        hint = "expected a file of the XPORT engine, version 5 or 8"
        if data[:40].tobytes().startswith(b"**COMPRESSED**"):
            hint = "this is a PROC CPORT file; export it again with the XPORT engine"
        raise InputError("is not a SAS transport file", place=Place(file=file), hint=hint)
    long_names = _LIBRARY[kind]
    starts = _member_starts(data)
    if not starts:
        raise InputError("holds no dataset", place=Place(file=file), hint="the file was cut off or never finished")
    ends = [*starts[1:], len(data)]
    return tuple(
        _read_member(data[:end], start, long_names=long_names, file=file)
        for start, end in zip(starts, ends, strict=True)
    )


def _header_name(data: Bytes, position: int) -> bytes:
    """Return the 8-byte name of the header record at `position`, empty when there is none."""
    record = data[position : position + RECORD].tobytes()
    if record[:20] != _PREFIX or record[28:48] != _SUFFIX:
        return b""
    return record[20:28]


def _member_starts(data: Bytes) -> list[int]:
    """Return the offsets of the member headers, the only headers that start a dataset."""
    records = len(data) // RECORD
    first = np.ndarray((records,), "S8", data, 0, (RECORD,))
    found = np.flatnonzero(first == _PREFIX[:8])
    return [int(index) * RECORD for index in found if _header_name(data, int(index) * RECORD) in _MEMBER]


def _read_member(data: Bytes, start: int, *, long_names: bool, file: str) -> Member:
    place = Place(file=file)
    namestr_size = _number(data[start + 74 : start + 78], place, what="size of a variable description")
    if namestr_size not in (136, 140) or (long_names and namestr_size != 140):
        raise InputError(f"variable descriptions of {namestr_size} bytes", place=place, hint="expected 140 (or 136)")
    position = _expect(data, start + RECORD, _DESCRIPTOR, place)
    describing = data[position : position + 2 * RECORD].tobytes()
    name = describing[8:40] if long_names else describing[8:16]
    label = describing[RECORD + 32 : RECORD + 72]
    head = position + 2 * RECORD
    position = _expect(data, head, _VARIABLES, place)
    digits = data[head + 48 : head + 60] if long_names else data[head + 54 : head + 58]
    count = _number(digits[:10] if long_names else digits, place, what="number of variables")
    end = position + count * namestr_size
    if end > len(data):
        raise InputError(
            f"ends within the descriptions of {count} variables", place=place, hint="the file was cut off"
        )
    described = data[position:end].tobytes()
    variables = [
        unpack_namestr(described[at : at + namestr_size].ljust(140, b"\0"), long_names=long_names)
        for at in range(0, len(described), namestr_size)
    ]
    position += -(-(end - position) // RECORD) * RECORD
    while (kind := _header_name(data, position)) in _LABELS:
        position = _long_labels(data, position, _LABELS[kind], variables, place)
    stated = data[position + 48 : position + 63].tobytes().strip() if long_names else b""
    position = _expect(data, position, _OBSERVATIONS, place)
    row = _row_length(variables, place)
    rows, unpadded = _row_count(data, position, row, place)
    if stated.isdigit() and int(stated):
        rows = _stated_rows(int(stated), (len(data) - position) // row if row else 0, place)
    return Member(name.rstrip(b" \0"), label.rstrip(b" \0"), tuple(variables), position, row, rows, unpadded)


def _expect(data: Bytes, position: int, names: set[bytes], place: Place) -> int:
    """Check the header record at `position` and return where it ends."""
    if _header_name(data, position) not in names:
        wanted = " or ".join(sorted(name.decode("ascii").strip() for name in names))
        raise InputError(
            f"no {wanted} header at byte {position}",
            place=place,
            hint="the file is damaged; transfer it in binary mode",
        )
    return position + RECORD


def _number(digits: Bytes, place: Place, *, what: str) -> int:
    text = digits.tobytes().strip()
    if not text.isdigit():
        raise InputError(f"{what} is {text!r}", place=place, hint="the file is damaged; transfer it in binary mode")
    return int(text)


def _long_labels(data: Bytes, position: int, size: int, variables: list[RawNamestr], place: Place) -> int:
    """Take names, labels (and formats) from a version 8 label section into `variables`; return where it ends.

    Each entry is `size` shorts (variable number, length of name, of label, of format, of informat) and the texts.
    """
    count = _number(data[position + 48 : position + RECORD], place, what="number of long labels")
    start = at = position + RECORD
    for _ in range(count):
        numbers = struct.unpack(f">{size}H", data[at : at + 2 * size].tobytes().ljust(2 * size, b"\0"))
        at += 2 * size
        index, lengths = numbers[0] - 1, numbers[1:]
        if not 0 <= index < len(variables) or at + sum(lengths) > len(data):
            raise InputError("a long label points outside the file", place=place, hint="the file is damaged")
        texts: list[bytes] = []
        for length in lengths:
            texts.append(data[at : at + length].tobytes().rstrip(b" \0"))
            at += length
        changes: dict[str, Any] = {"name": texts[0], "label": texts[1]}
        if size > 3 and texts[2]:
            changes |= {"format_name": texts[2]} | ({"width": 0, "decimals": 0} if b"." in texts[2] else {})
        variables[index] = replace(variables[index], **changes)
    return start + -(-(at - start) // RECORD) * RECORD


def _row_length(variables: list[RawNamestr], place: Place) -> int:
    """Return the bytes of an observation after checking that the variables fill it one after the other."""
    position = 0
    for variable in variables:
        fits = variable.kind == 2 or (variable.kind == 1 and 2 <= variable.length <= 8)
        if not fits or variable.length < 1 or variable.position != position:
            raise InputError(
                f"variable {variable.name!r}: type {variable.kind}, length {variable.length}, position "
                f"{variable.position} (expected {position})",
                place=place,
                hint="the file is damaged",
            )
        position += variable.length
    return position


def _row_count(data: Bytes, start: int, row: int, place: Place) -> tuple[int, bool]:
    """Return the number of observations and whether the padding is missing.

    Padding is less than a record of 80 bytes; in shorter rows trailing blank observations that may be padding count
    as padding.
    """
    size = len(data) - start
    if row == 0:
        return 0, False
    rows, rest = divmod(size, row)
    if size % RECORD:
        if rest:
            raise InputError(
                f"the last record is cut off ({rest} of {row} bytes)", place=place, hint="transfer the file again"
            )
        return rows, True
    tail = data[len(data) - rest :].tobytes()
    if rest >= RECORD or tail.strip(b" \0"):
        raise InputError(
            f"the last record is cut off ({rest} of {row} bytes)", place=place, hint="transfer the file again"
        )
    while rows and -(-(rows - 1) * row // RECORD) * RECORD == size and not _row_bytes(data, start, row, rows - 1):
        rows -= 1
    return rows, False


def _row_bytes(data: Bytes, start: int, row: int, index: int) -> bytes:
    """Return one observation without its blanks."""
    begin = start + index * row
    return data[begin : begin + row].tobytes().strip(b" ")


def _stated_rows(stated: int, possible: int, place: Place) -> int:
    """Return the number of observations that a version 8 header states."""
    if stated > possible:
        raise InputError(
            f"states {stated} records and holds {possible}",
            place=place,
            hint="the file was cut off; transfer it again",
        )
    return stated
