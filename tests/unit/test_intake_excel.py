"""Excel sheets become tables of text: text cells exactly, other cells by stated rules."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from sdtm.intake import RawSource, RawTable, read_raw, read_sources
from spectrail.errors import InputError


def save(folder: Path, rows: list[list[Any]], formats: dict[str, str] | None = None) -> None:
    """Write one sheet; `formats` gives number formats by cell."""
    book = openpyxl.Workbook()
    book.active.title = "AE"
    for row in rows:
        book.active.append(row)
    for cell, number_format in (formats or {}).items():
        book.active[cell].number_format = number_format
    book.save(folder / "ae.xlsx")


def patch(folder: Path, part: str, pattern: str, new: str) -> None:
    """Change the XML of one part of the workbook by a pattern that must occur."""
    data = (folder / "ae.xlsx").read_bytes()
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as out:
        for info in old.infolist():
            content = old.read(info)
            if info.filename == part:
                text, count = re.subn(pattern, new, content.decode())
                assert count
                content = text.encode()
            out.writestr(info, content)
    (folder / "ae.xlsx").write_bytes(stream.getvalue())


def read(folder: Path, **options: object) -> RawTable:
    """Read the workbook."""
    return read_raw(RawSource(name="ae_raw", path="ae.xlsx", **options), root=folder)  # type: ignore[arg-type]


def cells(table: RawTable) -> list[list[str | None]]:
    """Return the rows, None for missing."""
    return [[None if value != value else value for value in row] for row in table.frame.to_numpy().tolist()]


def message(folder: Path, **options: object) -> str:
    """Return the message with which reading fails."""
    with pytest.raises(InputError) as caught:
        read(folder, **options)
    return str(caught.value)


def test_text_cells_exactly(tmp_path: Path) -> None:
    """Zeros, blanks, line breaks and NA stay; a row is known by its number in the sheet, blank rows are counted."""
    save(tmp_path, [["Subject", "AETERM"], ["007", " 1.10 "], [], ["008", "a\nb"], [None, "NA"], ["009"]])
    table = read(tmp_path)
    assert cells(table) == [["007", " 1.10 "], ["008", "a\nb"], [None, "NA"], ["009", None]]
    assert table.lines.tolist() == [2, 4, 5, 6]
    assert table.notes == ("sheet AE, column names in row 1", "1 blank row(s)")
    assert (table.format, len(table.findings)) == ("xlsx", 0)


def test_numbers_as_shortest_decimals_with_a_note(tmp_path: Path) -> None:
    """A number in a cell has no digits of its own; the note says so once per column."""
    save(
        tmp_path,
        [["N", "B"], [1.10, True], [5, False], [0.07, None], [1e-5, "x"], [2**60, None], ["1.10", None]],
        {"A2": "0.00"},
    )
    table = read(tmp_path)
    assert table.frame["N"].tolist() == ["1.1", "5", "0.07", "0.00001", "1152921504606847000", "1.10"]
    assert [row[1] for row in cells(table)] == ["TRUE", "FALSE", None, "x", None, None]
    assert table.notes[1:] == (
        "column N: 5 numeric cell(s) as shortest decimal (a display format such as 0.00 is not kept)",
        "column B: 2 logical cell(s) as TRUE or FALSE",
    )


def test_date_cells_as_iso_text(tmp_path: Path) -> None:
    """The display format decides about the time, but a time that is there is never dropped."""
    day, moment = dt.datetime(2023, 3, 5), dt.datetime(2023, 3, 5, 9, 5)
    values = [day, day, moment, moment, dt.datetime(2023, 3, 5, 9, 5, 7), dt.time(9, 5), dt.timedelta(hours=24), day]
    shown = [
        "yyyy-mm-dd",
        "yyyy-mm-dd hh:mm",
        "dd/mm/yyyy",
        "yyyy-mm-dd hh:mm:ss",
        "d mmm yyyy h:mm",
        "h:mm",
        "[h]:mm:ss",
        '"his" dd\\hmm',
    ]
    save(
        tmp_path,
        [["D"], *([value] for value in values)],
        {f"A{row}": number_format for row, number_format in enumerate(shown, start=2)},
    )
    table = read(tmp_path)
    assert table.frame["D"].tolist() == [
        "2023-03-05",
        "2023-03-05T00:00",
        "2023-03-05T09:05",
        "2023-03-05T09:05:00",
        "2023-03-05T09:05:07",
        "09:05",
        "24:00:00",
        "2023-03-05",
    ]
    assert table.notes[1:] == ("column D: 8 date cell(s) as ISO 8601 text",)


def test_error_cells_are_findings(tmp_path: Path) -> None:
    """`#N/A` of a formula is kept as text and reported by row and column."""
    save(tmp_path, [["Subject", "N"], ["001", 1], ["002", "#N/A"], ["003", 3]])
    table = read(tmp_path)
    assert table.frame["N"].tolist() == ["1", "#N/A", "3"]
    assert table.findings.frame[["rule", "severity", "variable", "value", "source_row"]].to_numpy().tolist() == [
        ["raw.error_cell", "error", "N", "#N/A", 2]
    ]


def test_formula_cells(tmp_path: Path) -> None:
    """The stored result is read; a formula without one is a finding, never a silent gap."""
    save(tmp_path, [["Subject", "N"], ["001", "=1+1"], ["002", "=2*3"], [None, "=5"]])
    patch(tmp_path, "xl/worksheets/sheet1.xml", r"<f>2\*3</f><v ?/>|<f>2\*3</f><v></v>", "<f>2*3</f><v>6</v>")
    table = read(tmp_path)
    assert cells(table) == [["001", None], ["002", "6"]]
    columns = ["rule", "severity", "variable", "value", "source_row", "message"]
    lost = "is a formula without a stored value; it is read as empty"
    assert table.findings.frame[columns].to_numpy().tolist() == [
        ["raw.formula_without_value", "error", "N", "=1+1", 1, f"the cell B2 {lost}"],
        ["raw.formula_without_value", "error", "N", "=5", 0, f"the cell B4 {lost}"],
    ]
    assert table.notes[-1] == "3 formula cell(s): the stored result is read"


def test_escaped_control_characters(tmp_path: Path) -> None:
    """A carriage return is written as _x000D_ in the file."""
    save(tmp_path, [["A"], ["one_x000D_two"], ["x"]])
    table = read(tmp_path)
    assert table.frame["A"].tolist() == ["one\rtwo", "x"]
    assert table.notes[-1] == "control characters written as _x000D_ are read as the characters"


def test_header_row_and_nameless_columns(tmp_path: Path) -> None:
    """Titles above the header are skipped; an empty column without a name is left out."""
    save(tmp_path, [["Listing of AE"], [], ["Subject", None, "AETERM"], ["001", None, "Rash"]])
    table = read(tmp_path, header_row=2)
    assert list(table.frame.columns) == ["Subject", "AETERM"]
    assert table.lines.tolist() == [4]
    assert table.notes == (
        "sheet AE, column names in row 3",
        "column 2 has neither a name nor a value and is left out",
    )


def test_value_beyond_the_header(tmp_path: Path) -> None:
    """A cell to the right of the last column name is named by row and column letter."""
    save(tmp_path, [["Subject", "AETERM"], ["001", "Rash", None, "stray"]])
    assert message(tmp_path) == (
        "ae.xlsx, sheet AE, row 2, column D: the cell holds 'stray', but the column has no name in the header\n"
        "  -> name the column or clear the cell; a value without a column name cannot be traced"
    )


def test_nameless_column_with_values(tmp_path: Path) -> None:
    """A value under an empty header cell is refused with its row."""
    save(tmp_path, [["Subject", None, "AETERM"], ["001", None, "Rash"], ["002", "x", "Rash"]])
    assert message(tmp_path) == (
        "ae.xlsx, sheet AE, row 3: column 2 has no name in the header and holds 'x'\n"
        "  -> name the column in the extract; a value without a column name cannot be traced"
    )


def test_doubled_column_name(tmp_path: Path) -> None:
    """The place is the sheet and the row of the header."""
    save(tmp_path, [["A", "B", "A"], ["1", "2", "3"]])
    assert message(tmp_path) == (
        "ae.xlsx, sheet AE, row 1: the column name 'A' stands twice in the header, in columns 1 and 3\n"
        "  -> give every column of the extract its own name; nothing is renamed on reading"
    )


def test_empty_sheet(tmp_path: Path) -> None:
    """A sheet without values has no header."""
    save(tmp_path, [])
    assert message(tmp_path) == (
        "ae.xlsx, sheet AE: the sheet has no cell with a value from row 1 on\n"
        "  -> set header_row to the row that holds the column names"
    )


def test_sheets_of_one_workbook(tmp_path: Path) -> None:
    """Each source names its sheet; a missing or unclear name lists the sheets."""
    book = openpyxl.Workbook()
    book.active.title = "AE"
    book.active.append(["A"])
    book.create_sheet("DM").append(["B"])
    book.save(tmp_path / "ae.xlsx")
    tables = read_sources(
        [RawSource(name="dm", path="ae.xlsx", sheet="DM"), RawSource(name="ae", path="ae.xlsx", member="AE")],
        root=tmp_path,
    )
    assert {name: list(table.frame.columns) for name, table in tables.items()} == {"dm": ["B"], "ae": ["A"]}
    assert message(tmp_path) == (
        "ae.xlsx: the workbook has 2 visible sheets and the source names none\n  -> set sheet to one of AE, DM"
    )
    assert message(tmp_path, sheet="AEE") == "ae.xlsx: the workbook has no sheet 'AEE'\n  -> did you mean AE?"
