"""Records of SAS transport files (version 5, and version 8 for reading): header lines and variable descriptions.

Layout and limits: SAS technical paper TS-140 "The Record Layout of a Data Set in SAS Transport (XPORT) Format" and
its version 8 companion.  Everything is in records of 80 bytes, big endian, text blank padded.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from datetime import datetime

RECORD = 80
NAMESTR = 140
MAX_TEXT = 200
MAX_LABEL = 40
MAX_NAME = 8
MAX_VARIABLES = 9999
MAX_FORMAT_NAME = 8

NAME = re.compile(r"[A-Z][A-Z0-9_]{0,7}")
"""Names of datasets and variables in version 5."""

_HEADER = "HEADER RECORD*******{:<8}HEADER RECORD!!!!!!!"
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_FIELDS = struct.Struct(">hhhh8s40s8shhh2s8shhl")
_LONG = struct.Struct(">32sh18s")


@dataclass(frozen=True)
class Namestr:
    """One variable to be described; `label` is encoded, `position` the offset of its bytes in an observation."""

    name: str
    label: bytes
    numeric: bool
    length: int
    number: int
    position: int
    format_name: str = ""
    width: int = 0
    decimals: int = 0


def header(name: str, digits: str = "0" * 30) -> bytes:
    """Return a header record, e.g. of `LIBRARY`."""
    return (_HEADER.format(name) + digits + "  ").encode("ascii")


def timestamp(moment: datetime) -> str:
    """Write a moment as `ddMMMyy:hh:mm:ss`, month names in English whatever the locale."""
    return f"{moment.day:02d}{_MONTHS[moment.month - 1]}{moment.year % 100:02d}:{moment:%H:%M:%S}"


def file_head(
    *,
    name: str,
    label: bytes,
    variables: list[Namestr],
    created: datetime,
    modified: datetime,
    version: str,
    system: str,
) -> bytes:
    """Return every byte before the first observation of a version 5 file with one member."""
    made, changed = timestamp(created), timestamp(modified)
    tool = f"{version:<8}{system:<8}"
    lines = [
        header("LIBRARY"),
        f"{'SAS':<8}{'SAS':<8}{'SASLIB':<8}{tool}{'':24}{made}".encode("ascii"),
        f"{changed:<80}".encode("ascii"),
        header("MEMBER", f"{'':0<16}0160{'':0<6}{NAMESTR:04d}"),
        header("DSCRPTR"),
        f"{'SAS':<8}{name:<8}{'SASDATA':<8}{tool}{'':24}{made}".encode("ascii"),
        f"{changed:<32}".encode("ascii") + label.ljust(MAX_LABEL) + b" " * 8,
        header("NAMESTR", f"{'':0<6}{len(variables):04d}{'':0<20}"),
    ]
    described = b"".join(pack_namestr(variable) for variable in variables)
    return b"".join(lines) + padded(described) + header("OBS")


def padded(data: bytes) -> bytes:
    """Fill bytes up with blanks to whole records."""
    return data + b" " * (-len(data) % RECORD)


def pack_namestr(variable: Namestr) -> bytes:
    """Return the 140 bytes that describe a variable."""
    fields = _FIELDS.pack(
        1 if variable.numeric else 2,
        0,
        variable.length,
        variable.number,
        f"{variable.name:<8}".encode("ascii"),
        variable.label.ljust(MAX_LABEL),
        f"{variable.format_name:<8}".encode("ascii"),
        variable.width,
        variable.decimals,
        0,
        b"\0\0",
        b" " * 8,
        0,
        0,
        variable.position,
    )
    return fields.ljust(NAMESTR, b"\0")


@dataclass(frozen=True)
class RawNamestr:
    """The fields of a namestr with text as bytes, because its encoding is not known yet."""

    name: bytes
    label: bytes
    format_name: bytes
    kind: int
    length: int
    number: int
    position: int
    width: int
    decimals: int


def unpack_namestr(data: bytes, *, long_names: bool) -> RawNamestr:
    """Read one variable description of 140 (or, from VAX, 136) bytes; `long_names` for version 8."""
    kind, _, length, number, name, label, form, width, decimals, _, _, _, _, _, position = _FIELDS.unpack_from(data)
    if long_names:
        name = _LONG.unpack_from(data, _FIELDS.size)[0]
    return RawNamestr(
        name.rstrip(b" \0"),
        label.rstrip(b" \0"),
        form.rstrip(b" \0"),
        kind,
        length,
        number,
        position,
        width,
        decimals,
    )
