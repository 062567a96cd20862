"""Look into a workbook before it is parsed: size when unpacked, document types, entities."""

from __future__ import annotations

import io
import xml.parsers.expat
import zipfile
import zlib
from typing import IO

from sdtm.intake.files import RawFile
from spectrail.errors import InputError

MOST_BYTES = 1 << 30
MOST_PARTS = 10_000
MOST_RATIO = 200
RATIO_FROM = 1 << 26
PIECE = 1 << 16
HINT = "save the sheet anew from a spreadsheet program, or ask for the extract as CSV"


class _RootReached(Exception):
    """The document type can no longer come."""


def open_workbook_zip(data: bytes, *, file: RawFile) -> zipfile.ZipFile:
    """Open an xlsx file after checking it.

    Raises `InputError` when it is no zip archive, would unpack to more than 1 GiB, packs a part of more than 64 MiB
    tighter than 200 to 1, or has a part with a document type (the only place where XML entities can be declared).
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile:
        raise InputError("not an xlsx workbook", place=file.place(), hint=_kind_hint(data)) from None
    _check_sizes(archive, file=file)
    for part in archive.infolist():
        try:
            with archive.open(part) as stream:
                if has_document_type(stream):
                    raise InputError(
                        f"the part {part.filename} of the workbook declares a document type (XML entities)",
                        place=file.place(),
                        hint=HINT,
                    )
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise InputError(
                f"the part {part.filename} of the workbook cannot be unpacked: {error}", place=file.place(), hint=HINT
            ) from None
    return archive


def has_document_type(stream: IO[bytes]) -> bool:
    """Tell whether an XML document has a document type declaration; a part that is no XML has none."""
    parser = xml.parsers.expat.ParserCreate()
    found: list[str] = []

    def declared(name: str, *_: object) -> None:
        found.append(name)
        raise _RootReached

    def begun(*_: object) -> None:
        raise _RootReached

    parser.StartDoctypeDeclHandler = declared
    parser.StartElementHandler = begun
    try:
        while piece := stream.read(PIECE):
            parser.Parse(piece, False)
    except (_RootReached, xml.parsers.expat.ExpatError):
        pass
    return bool(found)


def _check_sizes(archive: zipfile.ZipFile, *, file: RawFile) -> None:
    parts = archive.infolist()
    total = sum(part.file_size for part in parts)
    if total > MOST_BYTES or len(parts) > MOST_PARTS:
        raise InputError(
            f"the workbook would unpack to {total:,} bytes in {len(parts):,} parts; the limit is "
            f"{MOST_BYTES:,} bytes in {MOST_PARTS:,} parts",
            place=file.place(),
            hint=HINT,
        )
    for part in parts:
        if part.file_size > RATIO_FROM and part.file_size > MOST_RATIO * max(part.compress_size, 1):
            raise InputError(
                f"the part {part.filename} of the workbook would unpack to {part.file_size:,} bytes from "
                f"{part.compress_size:,}; more than {MOST_RATIO} to 1 is refused",
                place=file.place(),
                hint=HINT,
            )


def _kind_hint(data: bytes) -> str:
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        return "it is an old .xls or a password-protected workbook: save it as .xlsx without a password"
    return "check the format of this source, or ask for the extract again"
