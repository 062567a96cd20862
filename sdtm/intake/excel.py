"""Excel workbooks as text: text cells exactly, numbers as shortest decimals, dates as ISO 8601."""

from __future__ import annotations

import datetime as dt
import io
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.compute as pc
from openpyxl.utils import get_column_letter

from sdtm.intake.files import RawFile
from sdtm.intake.rendering import decimal_text
from sdtm.intake.table import Content, check_names, shown, text_column
from sdtm.intake.workbook_guard import HINT, open_workbook_zip
from specs.models import RawSource
from spectrail.errors import InputError, Place, nearest_hint

LAST_ROW = 1_048_576
FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
LITERALS = re.compile(r'"[^"]*"|\\.|_.|\[(?!h|m|s)[^\]]*\]')
ESCAPED = "_x(00[01][0-9A-F]|007F)_"
KIND_NOTES = {
    "number": "numeric cell(s) as shortest decimal (a display format such as 0.00 is not kept)",
    "date": "date cell(s) as ISO 8601 text",
    "boolean": "logical cell(s) as TRUE or FALSE",
}


def read_excel(file: RawFile, sources: Sequence[RawSource]) -> list[Content]:
    """Read sheets of one workbook, one per source: its `sheet` (or `member`), by default the only visible one.

    Formula cells give the value that was stored with them; one without a stored value and an error cell (`#N/A`)
    become findings.  Macros, links and document types are never followed.
    """
    data = file.read()
    archive = open_workbook_zip(data, file=file)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
            return [_read_sheet(file, data, archive, book, source) for source in sources]
        except InputError:
            raise
        except (
            Exception
        ) as error:  # openpyxl lets KeyError, ValueError, TypeError and XML errors of damaged parts through
            raise InputError(
                f"not a readable xlsx workbook: {type(error).__name__}: {error}", place=file.place(), hint=HINT
            ) from error


def _read_sheet(file: RawFile, data: bytes, archive: zipfile.ZipFile, book: Any, source: RawSource) -> Content:
    title = _sheet_name(file, book, source)
    sheet = book[title]
    sheet.reset_dimensions()
    rows = _filled_rows(sheet)
    header_row, header = next(((number, row) for number, row in rows if number >= source.header_row), (0, ()))
    if not header_row:
        raise InputError(
            f"the sheet has no cell with a value from row {source.header_row} on",
            place=file.place(sheet=title),
            hint="set header_row to the row that holds the column names",
        )
    names = [_text(cell)[0] or "" for cell in header]
    place = file.place(sheet=title, row=header_row)
    check_names(names, place=place)
    content = Content(names, [], np.empty(0, dtype=np.int32), sheet=title, row_word="row")
    content.notes.append(f"sheet {title}, column names in row {header_row}")
    _read_cells(file, rows, header_row, content)
    if _has_formulas(archive, sheet._worksheet_path):
        _report_lost_formulas(data, title, header_row, content)
    return content


def _sheet_name(file: RawFile, book: Any, source: RawSource) -> str:
    titles = [sheet.title for sheet in book.worksheets]
    wanted = source.sheet or source.member
    if wanted:
        if wanted not in titles:
            raise InputError(
                f"the workbook has no sheet {wanted!r}", place=file.place(), hint=nearest_hint(wanted, titles)
            )
        return wanted
    visible = [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]
    if len(visible) != 1:
        raise InputError(
            f"the workbook has {len(visible)} visible sheets and the source names none",
            place=file.place(),
            hint=f"set sheet to one of {', '.join(titles)}",
        )
    return str(visible[0])


def _filled_rows(sheet: Any) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Give the rows that hold a value, with their number in the sheet."""
    for number, row in enumerate(sheet.iter_rows(max_row=LAST_ROW), start=1):
        if any(cell.value is not None for cell in row):
            yield number, row


def _read_cells(
    file: RawFile, rows: Iterator[tuple[int, tuple[Any, ...]]], header_row: int, content: Content
) -> None:
    width = len(content.names)
    cells: list[list[str | None]] = [[] for _ in range(width)]
    kinds: list[Counter[str]] = [Counter() for _ in range(width)]
    errors: list[tuple[int, int, str]] = []
    numbers: list[int] = []
    for number, row in rows:
        if len(row) > width:
            _refuse_surplus(file, content.sheet, number, row, width)
        for position, cell in enumerate(row[:width]):
            text, kind = _text(cell)
            cells[position].append(text)
            if kind != "text":
                kinds[position][kind] += 1
                if kind == "error":
                    errors.append((len(numbers), position, text or ""))
        for position in range(len(row), width):
            cells[position].append(None)
        numbers.append(number)
    content.columns = [_unescaped(text_column(column), content) for column in cells]
    content.lines = np.asarray(numbers, dtype=np.int32)
    blank = (numbers[-1] - header_row - len(numbers)) if numbers else 0
    if blank:
        content.notes.append(f"{blank} blank row(s)")
    for name, counter in zip(content.names, kinds, strict=True):
        content.notes.extend(
            f"column {name}: {counter[kind]} {said}" for kind, said in KIND_NOTES.items() if counter[kind]
        )
    for index, position, text in errors:
        content.report(
            "raw.error_cell",
            "error",
            "the cell holds an error of the spreadsheet; its text is kept",
            variable=content.names[position],
            rows=[index],
            values=[text],
        )


def _refuse_surplus(file: RawFile, sheet: str, number: int, row: tuple[Any, ...], width: int) -> None:
    for position in range(width, len(row)):
        if row[position].value is not None:
            raise InputError(
                f"the cell holds {shown(str(row[position].value))}, but the column has no name in the header",
                place=Place(file=file.shown, sheet=sheet, row=number, column=get_column_letter(position + 1)),
                hint="name the column or clear the cell; a value without a column name cannot be traced",
            )


def _text(cell: Any) -> tuple[str | None, str]:
    """Return the text of a cell and its kind: text, number, date, boolean or error."""
    value = cell.value
    if value is None or isinstance(value, str):
        return value, "error" if value is not None and cell.data_type == "e" else "text"
    if isinstance(value, bool):
        return ("TRUE" if value else "FALSE"), "boolean"
    if isinstance(value, (int, float)):
        exact = isinstance(value, int) and abs(value) <= 1 << 53
        return (str(value) if exact else decimal_text(float(value))), "number"
    return _date_text(value, cell.number_format or ""), "date"


def _date_text(value: Any, number_format: str) -> str:
    """Render what openpyxl made of a serial number; the time part is given when the format or the value has one."""
    if isinstance(value, dt.timedelta):
        seconds = value // dt.timedelta(seconds=1)
        return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    shape = LITERALS.sub("", number_format.split(";")[0]).lower()
    timed = "h" in shape or "s" in shape
    seconds = "s" in shape or (
        (not isinstance(value, dt.date) or isinstance(value, dt.datetime)) and bool(value.second or value.microsecond)
    )
    if isinstance(value, dt.datetime) and not timed and value.time() == dt.time():
        return value.date().isoformat()
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value.isoformat()
    spec = "auto" if seconds else "minutes"
    return value.isoformat(timespec=spec) if isinstance(value, dt.time) else value.isoformat("T", timespec=spec)


def _unescaped(column: pa.ChunkedArray, content: Content) -> pa.ChunkedArray:
    """Turn `_x000D_`, the way a workbook writes a control character, back into the character."""
    hit = pc.fill_null(pc.match_substring_regex(column, ESCAPED), False)
    if not pc.any(hit).as_py():
        return column
    texts = [re.sub(ESCAPED, lambda match: chr(int(match[1], 16)), text) for text in column.filter(hit).to_pylist()]
    note = "control characters written as _x000D_ are read as the characters"
    if note not in content.notes:
        content.notes.append(note)
    return pa.chunked_array(
        [pc.replace_with_mask(column.combine_chunks(), hit.combine_chunks(), pa.array(texts, pa.large_string()))]
    )


def _has_formulas(archive: zipfile.ZipFile, part: str) -> bool:
    with archive.open(part) as stream:
        tail = b""
        while piece := stream.read(1 << 20):
            if FORMULA.search(tail + piece):
                return True
            tail = piece[-40:]
    return False


def _report_lost_formulas(data: bytes, title: str, header_row: int, content: Content) -> None:
    """Report formula cells without a stored value; a second pass over a sheet that has formulas."""
    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=False, keep_links=False)
    sheet = book[title]
    sheet.reset_dimensions()
    index_of = {int(line): index for index, line in enumerate(content.lines)}
    count = 0
    for number, row in enumerate(sheet.iter_rows(max_row=LAST_ROW), start=1):
        if number <= header_row:
            continue
        index = index_of.get(number, -1)
        for position, cell in enumerate(row[: len(content.names)]):
            if cell.data_type != "f":
                continue
            count += 1
            if index < 0 or not content.columns[position][index].is_valid:
                content.report(
                    "raw.formula_without_value",
                    "error",
                    f"the cell {get_column_letter(position + 1)}{number} is a formula without a stored value; it is "
                    "read as empty",
                    variable=content.names[position],
                    rows=[index],
                    values=[_formula_text(cell.value)],
                )
    if count:
        content.notes.append(f"{count} formula cell(s): the stored result is read")


def _formula_text(value: object) -> str:
    return value if isinstance(value, str) else str(getattr(value, "text", "") or "")
