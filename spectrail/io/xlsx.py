"""Excel workbooks as packages: a check of what third parties send, and writing with reproducible bytes.

Workbooks are written with text cells only, so that a value such as `=1+1` never becomes a formula, and with document
properties and zip times that the caller gives.
"""

from __future__ import annotations

import io
import re
import typing
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.properties import PageSetupProperties

from spectrail.errors import FormatError, InputError, Place

MOST_PACKAGE = 256 * 1024 * 1024
MOST_PART = 128 * 1024 * 1024
MOST_PARTS = 5000
MOST_CELL = 32_767
CHUNK = 1 << 20
MARKUP = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")
EARLIEST = datetime(1980, 1, 1)


def check_package(data: bytes, file: str) -> zipfile.ZipFile:
    """Open the bytes of a workbook as a zip archive after checking that it is safe to read.

    Raises `InputError` for what is no zip archive, expands beyond the limits (only the directory is read for that),
    or has a document type or entities in its XML, which Office Open XML does not allow (ECMA-376 part 2).
    """
    place = Place(file=file)
    if data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise InputError(
            "an old .xls or an encrypted workbook", place=place, hint="save it as .xlsx without a password"
        )
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise InputError(f"not an Excel workbook: {error}", place=place, hint="save it as .xlsx") from None
    parts = archive.infolist()
    total = sum(part.file_size for part in parts)
    largest = max((part.file_size for part in parts), default=0)
    if total > MOST_PACKAGE or largest > MOST_PART or len(parts) > MOST_PARTS:
        raise InputError(
            f"the workbook expands to {total // 1_000_000} MB in {len(parts)} parts: refused",
            place=place,
            hint=f"a workbook may expand to {MOST_PACKAGE // 1_000_000} MB, one part to {MOST_PART // 1_000_000} MB",
        )
    for part in parts:
        if not part.filename.lower().startswith("xl/media/"):
            _check_xml(archive, part, place)
    return archive


def _check_xml(archive: zipfile.ZipFile, part: zipfile.ZipInfo, place: Place) -> None:
    tail = b""
    try:
        with archive.open(part) as stream:
            while chunk := stream.read(CHUNK):
                chunk = chunk.replace(b"\0", b"")  # the markup of UTF-16 shows as ASCII without its zero bytes
                if MARKUP.search(tail + chunk):
                    raise InputError(
                        f"{part.filename} declares a document type or entities: refused",
                        place=place,
                        hint="save the workbook again with Excel or LibreOffice",
                    )
                tail = chunk[-16:]
    except (zipfile.BadZipFile, EOFError, RuntimeError, NotImplementedError) as error:
        raise InputError(f"damaged workbook: {error}", place=place, hint="save it again") from None


def unescape(text: str) -> str:
    """Undo the `_xHHHH_` escapes of Office Open XML text (ECMA-376 part 1, ST_Xstring)."""
    return ESCAPE.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def escape(text: str) -> str:
    """Escape text that would itself be read as an `_xHHHH_` escape."""
    return ESCAPE.sub(lambda match: f"_x005F{match[0]}", text) if "_x" in text else text


def write_workbook(
    path: Path | str,
    sheets: Mapping[str, Iterable[Sequence[str]]],
    *,
    created: datetime,
    title: str = "",
    for_readers: bool = False,
) -> None:
    """Write sheets of text rows, the first row of each as its header; the same input gives the same bytes.

    `for_readers` adds filters, wraps long text and prints each sheet as wide as a page, its header on every page.

    Raises `FormatError` naming the cell that Excel cannot hold (control characters, over 32767 characters).
    """
    held = {name: [list(row) for row in rows] for name, rows in sheets.items()}
    _check_cells(held)
    book = openpyxl.Workbook(write_only=True)
    for name, kept in held.items():
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        for column, width in enumerate(_widths(kept), start=1):
            sheet.column_dimensions[get_column_letter(column)].width = width
        if for_readers:
            _arrange(sheet, kept)
        for number, row in enumerate(kept, start=1):
            sheet.append([_cell(sheet, text, header=number == 1, wrap=for_readers) for text in row])
    book.properties.creator = "spectrail"
    book.properties.title = title or None
    buffer = io.BytesIO()
    book.save(buffer)
    Path(path).write_bytes(_fixed(buffer.getvalue(), max(created.replace(tzinfo=None), EARLIEST)))


def _arrange(sheet: Any, rows: Sequence[Sequence[str]]) -> None:
    """Set filters and the look in print."""
    width = max((len(row) for row in rows), default=0)
    if width:
        sheet.auto_filter.ref = f"A1:{get_column_letter(width)}{len(rows)}"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _widths(rows: Sequence[Sequence[str]]) -> list[float]:
    columns = max((len(row) for row in rows), default=0)
    longest = [max((len(row[i]) for row in rows if i < len(row)), default=0) for i in range(columns)]
    return [float(min(max(length + 2, 10), 60)) for length in longest]


def _check_cells(sheets: Mapping[str, Sequence[Sequence[str]]]) -> None:
    for name, rows in sheets.items():
        for number, row in enumerate(rows, start=1):
            for column, text in enumerate(row, start=1):
                illegal = ILLEGAL.search(text)
                if illegal is None and len(text) <= MOST_CELL:
                    continue
                what = f"{len(text)} characters in a cell"
                if illegal is not None:
                    what = f"the control character U+{ord(illegal.group()):04X}"
                where = Place(sheet=name, row=number, column=get_column_letter(column))
                raise FormatError(f"Excel cannot hold {what}", place=where, hint="shorten or remove it")


def _cell(sheet: Any, text: str, *, header: bool, wrap: bool) -> Cell | None:
    if not text:
        return None
    cell: Any = WriteOnlyCell(sheet)
    cell._value = escape(text)  # not through the setter: it would make formulas, numbers and error codes of text
    cell.data_type = "s"
    cell.number_format = "@"
    if header:
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="FFDDE6F0")
    elif "\n" in text or wrap:
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    if text[0] in "=+-@":
        cell.quotePrefix = True
    return typing.cast(Cell, cell)


def _fixed(data: bytes, created: datetime) -> bytes:
    stamp = created.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    pattern = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*(</dcterms:\2>)")
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            content = old.read(part)
            if part.filename == "docProps/core.xml":
                content = pattern.sub(rb"\g<1>" + stamp + rb"\g<3>", content)
            info = zipfile.ZipInfo(part.filename, created.timetuple()[:6])
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            new.writestr(info, content)
    return out.getvalue()
