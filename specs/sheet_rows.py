"""Rows of a workbook as text with the place of every cell.

Reading is streamed and does not trust what a workbook says of its own size; formulas, merged cells and error values
are faults that name the cell.
"""

from __future__ import annotations

import datetime
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils import get_column_letter

from specs import faults as f
from specs.faults import Fault
from specs.nodes import Node
from spectrail.errors import InputError, Place, nearest_hint
from spectrail.io.xlsx import check_package, unescape

MOST_CELLS = 10_000_000
MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref=\"([A-Z0-9:]+)\"")


@dataclass(frozen=True)
class Row:
    """One row: its cells that are not blank, by field, and its place."""

    cells: dict[str, Node]
    place: Place


@dataclass
class Sheet:
    """One sheet: its text by row and column number (from 1), read when first used."""

    name: str
    book: Workbook
    source: Any
    used: bool = False
    _grid: list[tuple[int, dict[int, str]]] | None = None
    numbers: set[int] = field(default_factory=set)

    def place(self, row: int, column: int = 0, header: str = "") -> Place:
        """Return the place of a cell."""
        letter = get_column_letter(column) if column else ""
        shown = f"{letter} ({header})" if header and letter else letter
        return Place(file=self.book.file, sheet=self.name, row=row, column=shown)

    def grid(self) -> list[tuple[int, dict[int, str]]]:
        """Return the rows that have any text: row number, and text by column number."""
        if self._grid is None:
            self.used = True
            self._grid = self.read()
            for ref in self.book.merged(self.source):
                hint = "unmerge them and repeat the value in every row"
                self.fault(f.MERGED, f"the cells {ref} are merged", self.place(0), hint, ref)
        return self._grid

    def read(self) -> list[tuple[int, dict[int, str]]]:
        """Read every cell as text; rows without any are left out."""
        self.source.reset_dimensions()
        read = []
        visited = 0
        for number, row in enumerate(self.source.iter_rows(), start=1):
            cells = {}
            visited += len(row) + 1
            if visited > MOST_CELLS:
                what = f"the sheet spans more than {MOST_CELLS:,} cells"
                raise InputError(
                    what, place=self.place(number), hint="delete the empty rows and columns after the last"
                )
            for column, cell in enumerate(row, start=1):
                if cell.value is None:
                    continue
                text = self.text(cell.value, cell.data_type, number, column)
                if text:
                    cells[column] = text
            if cells:
                read.append((number, cells))
        return read

    def text(self, value: Any, kind: str, row: int, column: int) -> str:
        """Return the text of a cell; formulas and errors are faults."""
        if kind == "f":
            hint = "replace it by its value (copy, paste as values)"
            self.fault(f.FORMULA, "the cell holds a formula", self.place(row, column), hint, str(value)[:80])
            return ""
        if kind == "e":
            self.fault(f.ERROR_CELL, f"the cell holds the error {value}", self.place(row, column), "correct it")
            return ""
        if isinstance(value, bool):
            return "Yes" if value else "No"
        if isinstance(value, (int, float)):
            return self.number(value, row, column)
        if isinstance(value, datetime.datetime) and value.time() == datetime.time(0):
            return value.date().isoformat()
        if isinstance(value, (datetime.date, datetime.time, datetime.datetime)):
            return value.isoformat()
        return unescape(str(value))

    def number(self, value: int | float, row: int, column: int) -> str:
        """Write a binary number as its shortest decimal; one that is not whole is a notice, once per column."""
        if value == int(value):
            return str(int(value))
        if column not in self.numbers:
            self.numbers.add(column)
            message = f"the cell is the number {value}, not a text"
            hint = "format the column as text and type the value again where trailing zeros matter"
            self.fault(f.NUMBER_CELL, message, self.place(row, column), hint, str(value))
        return format(Decimal(repr(value)), "f")

    def rows(self, known: Mapping[str, str], required: Mapping[str, str], *, verbatim: bool = False) -> list[Row]:
        """Return the rows below the header, cells by field; `known` maps reduced headers, `required` names fields.

        A row without any text (white space does not count unless `verbatim`) is left out.
        """
        grid = self.grid()
        if not grid:
            return []
        number, header = grid[0]
        fields = self.header(number, header, known, required)
        rows = []
        for row, cells in grid[1:]:
            found = {
                name: Node(cells[column], self.place(row, column, title))
                for column, (name, title) in fields.items()
                if column in cells and (verbatim or cells[column].strip())
            }
            if found:
                rows.append(Row(found, self.place(row)))
        return rows

    def header(
        self, number: int, header: Mapping[int, str], known: Mapping[str, str], required: Mapping[str, str]
    ) -> dict[int, tuple[str, str]]:
        """Return field and title of each known column; report unknown, missing and duplicate ones."""
        fields: dict[int, tuple[str, str]] = {}
        taken: dict[str, int] = {}
        for column, text in header.items():
            title = " ".join(text.split())
            name = known.get(re.sub(r"[^a-z0-9]", "", title.casefold()))
            if name is None:
                self.unknown(number, column, title)
            elif name in taken:
                what = f"the column {title!r} means the same as column {get_column_letter(taken[name])}"
                self.fault(f.DUPLICATE_COLUMN, what, self.place(number, column), "keep one of them", title)
            else:
                taken[name] = column
                fields[column] = (name, title)
        for name, title in required.items():
            if name not in taken:
                what = f"the sheet {self.name!r} lacks the column {title!r}"
                self.fault(f.MISSING_COLUMN, what, self.place(number), nearest_hint(title, header.values()), title)
        return fields

    def unknown(self, number: int, column: int, title: str) -> None:
        """Report a column that is not known, with the number of its values that are not used."""
        if not title:
            return
        filled = sum(1 for row, cells in self.grid() if row > number and column in cells)
        if filled:
            what = f"the column {title!r} is not known; its {filled} values are not used"
            hint = "keep it for your own notes, or use one of the documented columns"
            self.fault(f.UNKNOWN_COLUMN, what, self.place(number, column), hint, title)

    def table(self) -> dict[str, Node]:
        """Read the sheet as a lookup table: the first row names the columns, every cell is text."""
        grid = self.grid()
        if not grid:
            return {"columns": Node([], self.place(1)), "rows": Node([], self.place(1))}
        number, header = grid[0]
        width = max(header)
        columns = [Node(header.get(i, ""), self.place(number, i)) for i in range(1, width + 1)]
        rows: list[Node] = []
        for row, cells in grid[1:]:
            beyond = [column for column in cells if column > width]
            if beyond:
                what = f"a value stands right of the last column {get_column_letter(width)}"
                self.fault(
                    f.WRONG_TYPE, what, self.place(row, beyond[0]), "give its column a header", cells[beyond[0]]
                )
            made = [Node(cells.get(i, ""), self.place(row, i)) for i in range(1, width + 1)]
            rows.append(Node([*made], self.place(row)))
        return {"columns": Node([*columns], self.place(number)), "rows": Node(rows, self.place(number))}

    def fault(self, rule: f.Rule, message: str, place: Place, hint: str, value: str = "") -> None:
        """Record a fault."""
        shown = Place(place.file, place.sheet, place.row or None, place.column)
        self.book.faults.append(Fault(rule, message, shown, hint, value))


@dataclass
class Workbook:
    """An open workbook and the faults met in it."""

    file: str
    archive: zipfile.ZipFile
    sheets: list[Sheet] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def find(self, *names: str, exact: bool = False) -> Sheet | None:
        """Return the first sheet with one of the names, whatever its case, spaces and punctuation."""
        if exact:
            return next((sheet for sheet in self.sheets if sheet.name == names[0]), None)
        wanted = [_normal(name) for name in names]
        for name in wanted:
            for sheet in self.sheets:
                if _normal(sheet.name) == name:
                    return sheet
        return None

    def merged(self, source: Any) -> Sequence[str]:
        """Return the references of merged cells of a sheet."""
        part = str(source._worksheet_path).lstrip("/")
        return [match.decode() for match in MERGED.findall(self.archive.read(part))]


def _normal(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.casefold())


def open_workbook(path: Path, shown: str) -> Workbook:
    """Open a workbook after checking its package; external links are not followed, formulas not computed."""
    archive = check_package(path.read_bytes(), shown)
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=False, keep_links=False)
    except (KeyError, ValueError, TypeError, OSError, IndexError, zipfile.BadZipFile, SyntaxError) as error:
        # openpyxl lets all of these through for damaged parts; an XML error is a SyntaxError
        place = Place(file=shown)
        raise InputError(f"not an Excel workbook: {error}", place=place, hint="save it again as .xlsx") from None
    made = Workbook(shown, archive)
    made.sheets = [Sheet(source.title, made, source) for source in book.worksheets]
    return made
