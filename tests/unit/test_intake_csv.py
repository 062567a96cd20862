"""CSV files become tables of text, exactly as collected."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdtm.intake import RawSource, RawTable, read_raw, read_sources, row_hash
from spectrail.errors import InputError


def read(folder: Path, content: bytes, **options: object) -> RawTable:
    """Read the content as the file of one source."""
    (folder / "ae.csv").write_bytes(content)
    return read_raw(RawSource(name="ae_raw", path="ae.csv", **options), root=folder)  # type: ignore[arg-type]


def cells(table: RawTable) -> list[list[str | None]]:
    """Return the rows, None for missing."""
    return [[None if value != value else value for value in row] for row in table.frame.to_numpy().tolist()]


def test_text_stays_as_collected(tmp_path: Path) -> None:
    """Zeros, blanks, NA and a dot are text; only an empty cell, quoted or not, is missing."""
    table = read(tmp_path, b'Subject,RESULT,UNIT\n007,1.10, g/dL \n008,NA,.\n009,,""\n,null,NaN\n')
    assert list(table.frame.columns) == ["Subject", "RESULT", "UNIT"]
    assert cells(table) == [
        ["007", "1.10", " g/dL "],
        ["008", "NA", "."],
        ["009", None, None],
        [None, "null", "NaN"],
    ]
    assert {str(dtype) for dtype in table.frame.dtypes} == {"str"}
    assert table.lines.tolist() == [2, 3, 4, 5]
    assert table.lines.dtype == np.int32
    assert (table.name, table.path, table.format) == ("ae_raw", "ae.csv", "csv")
    assert table.sha256 == hashlib.sha256((tmp_path / "ae.csv").read_bytes()).hexdigest()
    assert len(table.findings) == 0


def test_lines_count_line_breaks_in_cells_and_blank_lines(tmp_path: Path) -> None:
    """A row is known by the physical line on which it begins."""
    table = read(tmp_path, b'\r\nA,B\r\n1,"x\r\ny"\r\n\r\n2,"a ""b"", c"\r\n"\n",3\n')
    assert cells(table) == [["1", "x\r\ny"], ["2", 'a "b", c'], ["\n", "3"]]
    assert table.lines.tolist() == [3, 6, 7]
    assert table.notes == (
        "encoding ASCII, detected: all bytes are below 80",
        "1 blank line(s) above the header",
        "delimiter comma, detected",
        "1 blank line(s)",
        "2 line break(s) inside quoted cells are kept",
    )


def test_carriage_return_alone_ends_a_line(tmp_path: Path) -> None:
    """Files of old Macintosh programs are read, also without a line end at the end."""
    table = read(tmp_path, b"A,B\r1,2\r\r3,4")
    assert cells(table) == [["1", "2"], ["3", "4"]]
    assert table.lines.tolist() == [2, 4]


def test_quote_signs_inside_unquoted_cells_are_text(tmp_path: Path) -> None:
    """A measure in inches stays what it is, and the notes say so."""
    table = read(tmp_path, b'A,B\n1,5" tube\n2, "x"\n3,"y\nz"\n')
    assert cells(table) == [["1", '5" tube'], ["2", ' "x"'], ["3", "y\nz"]]
    assert table.lines.tolist() == [2, 3, 4]
    assert table.notes[-1] == "quote signs inside unquoted cells are kept as they stand (first on line 2)"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"A;B;C\n1;2,5;3\n", "delimiter semicolon, detected"),
        (b"A\tB\n1\t2,5\n", "delimiter tab, detected"),
        (b"A|B\n1|2\n", "delimiter pipe, detected"),
        (b"A\n1\n", "one column: no delimiter found in the header"),
        (b"A,B;C\n1,x;\n2,y\n", "delimiter comma, detected"),
    ],
)
def test_delimiter_is_detected_and_said(tmp_path: Path, content: bytes, said: str) -> None:
    """The delimiter that splits most rows like the header wins."""
    assert said in read(tmp_path, content).notes


@pytest.mark.parametrize("declared", ["tab", "\t", "\\t"])
def test_declared_delimiter(tmp_path: Path, declared: str) -> None:
    """A declared delimiter is taken as it is, a tab under its name too."""
    table = read(tmp_path, b"A,B\tC\n1,2\t3\n", delimiter=declared)
    assert list(table.frame.columns) == ["A,B", "C"]


def test_delimiter_beyond_ascii(tmp_path: Path) -> None:
    """A section sign can be declared as delimiter."""
    assert cells(read(tmp_path, "A§B\n1§2\n".encode(), delimiter="§")) == [["1", "2"]]


def test_delimiter_of_two_characters_is_refused(tmp_path: Path) -> None:
    """A delimiter is one character."""
    with pytest.raises(InputError) as caught:
        read(tmp_path, b"A::B\n1::2\n", delimiter="::")
    assert str(caught.value) == "ae.csv: the delimiter '::' is not one character\n  -> for example ; or tab"


def test_header_in_a_later_line(tmp_path: Path) -> None:
    """Lines above the header are no data and are counted; their quotes do not matter."""
    table = read(tmp_path, b'Study "X\nexported today\nA,B\n1,2\n', header_row=3)
    assert cells(table) == [["1", "2"]]
    assert table.lines.tolist() == [4]
    assert "2 line(s) above the header are not data" in table.notes


def test_header_row_behind_the_end(tmp_path: Path) -> None:
    """A header row that the file does not have is said."""
    with pytest.raises(InputError) as caught:
        read(tmp_path, b"A,B\n1,2\n", header_row=5)
    assert str(caught.value) == (
        "ae.csv: header_row is 5, but the file has fewer lines\n"
        "  -> set header_row to the line that holds the column names"
    )


def test_empty_nameless_column_is_left_out_with_a_note(tmp_path: Path) -> None:
    """A trailing comma on every line is no column."""
    table = read(tmp_path, b"A,B,\n1,2,\n3,4,\n")
    assert list(table.frame.columns) == ["A", "B"]
    assert table.notes[-1] == "column 3 has neither a name nor a value and is left out"


def test_rows_of_empty_cells_are_rows(tmp_path: Path) -> None:
    """A line of commas alone is a data row that is missing throughout."""
    assert cells(read(tmp_path, b"A,B\n,\n1,2\n")) == [[None, None], ["1", "2"]]


def test_end_of_file_character_is_noted(tmp_path: Path) -> None:
    """The 1A that DOS programs write at the end is no row."""
    table = read(tmp_path, b"A,B\n1,2\n\x1a")
    assert cells(table) == [["1", "2"]]
    assert "an end-of-file character (1A) at the end of the file is left out" in table.notes


def test_blanks_around_a_column_name_are_a_notice(tmp_path: Path) -> None:
    """The name stays as in the file, and a finding says so."""
    table = read(tmp_path, b"A ,B\n1,2\n")
    assert list(table.frame.columns) == ["A ", "B"]
    frame = table.findings.frame
    assert frame[
        ["rule", "severity", "variable", "message", "dataset", "source", "source_row"]
    ].to_numpy().tolist() == [
        ["raw.column_name", "notice", "A ", "the column name 'A ' begins or ends with blanks", "ae_raw", "ae.csv", 0]
    ]


def test_large_quoted_file_over_many_blocks(tmp_path: Path) -> None:
    """Line breaks in cells are right across the pieces in which a large file is parsed."""
    row = '"{0}","text of\nrow {0}, with ""quotes"""\n'
    count = 300_000
    table = read(tmp_path, ("A,B\n" + "".join(row.format(number) for number in range(count))).encode())
    assert table.frame["A"].tolist() == [str(number) for number in range(count)]
    assert table.frame["B"].iloc[-1] == f'text of\nrow {count - 1}, with "quotes"'
    assert table.lines.tolist() == list(range(2, 2 * count + 2, 2))


def test_sources_are_read_by_name_and_in_order(tmp_path: Path) -> None:
    """Two sources may share a file; progress is told file by file."""
    (tmp_path / "b.csv").write_bytes(b"A\n1\n")
    (tmp_path / "a.csv").write_bytes(b"A\n2\n")
    told: list[tuple[str, int, int]] = []
    tables = read_sources(
        [RawSource(name="x", path="b.csv"), RawSource(name="y", path="a.csv"), RawSource(name="z", path="b.csv")],
        root=tmp_path,
        progress=lambda *state: told.append(state),
    )
    assert [(name, table.frame["A"].tolist()) for name, table in tables.items()] == [
        ("x", ["1"]),
        ("y", ["2"]),
        ("z", ["1"]),
    ]
    assert told == [("a.csv", 0, 3), ("b.csv", 1, 3), ("raw files read", 3, 3)]


def test_equal_rows_hash_equal(tmp_path: Path) -> None:
    """Missing differs from blank, and the column matters."""
    table = read(tmp_path, b"A,B\n1,\n,1\n1,\n1, \n")
    hashes = row_hash(table.frame)
    assert hashes.dtype == np.uint64
    assert [int(np.flatnonzero(hashes == one)[0]) for one in hashes] == [0, 1, 0, 3]


TEXT = st.text(alphabet='ab,;"\n\r\t é中', max_size=6)


def written(cell: str, *, always: bool) -> str:
    """Return a cell as it stands in a file, in quotes where needed."""
    special = always or any(character in cell for character in '",\r\n')
    return '"' + cell.replace('"', '""') + '"' if special else cell


@given(
    rows=st.lists(st.lists(TEXT, min_size=3, max_size=3), max_size=8),
    always=st.booleans(),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
    last=st.booleans(),
)
def test_any_well_formed_file_reads_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], always: bool, end: str, last: bool
) -> None:
    """Cells come back, and each row has the number of the line on which it was written."""
    text, lines = "k1,k2,k3" + end, []
    for row in rows:
        lines.append(1 + text.count("\n") + text.count("\r") - text.count("\r\n"))
        text += ",".join(written(cell, always=always) for cell in row) + end
    text = text if last else text.removesuffix(end)
    table = read(tmp_path_factory.mktemp("csv"), text.encode(), delimiter=",")
    assert cells(table) == [[cell or None for cell in row] for row in rows]
    assert table.lines.tolist() == lines
