"""Broken raw files: each message names the place and the remedy, word by word."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import openpyxl
import pytest

from sdtm.intake import RawSource, read_raw, read_sources
from spectrail.errors import InputError, UnknownNameError

BROKEN = Path(__file__).resolve().parents[1] / "data" / "raw_broken"
QUOTES = 'put cells with quotes, delimiters or line breaks in quotes and double the quotes inside: "5"" tube"'
AGAIN_JSON = "check it against the schema of Dataset-JSON 1.1, or ask for the extract again"
AGAIN_ODM = "check the file against the schema of ODM 1.3.2, or ask for the extract again"
SAVE_ANEW = "save the sheet anew from a spreadsheet program, or ask for the extract as CSV"
INSIDE = "write the path relative to the study folder, and keep raw files inside it"
FORMATS = (
    "set its format to one of csv, dataset-json, ndjson, odm, parquet, sas7bdat, xlsx, xpt; known suffixes: "
    ".csv, .json, .ndjson, .parquet, .pq, .sas7bdat, .tsv, .txt, .xlsm, .xlsx, .xml, .xpt"
)


def message(path: str, *, root: Path = BROKEN, **options: object) -> str:
    """Return the message with which reading fails."""
    with pytest.raises(InputError) as caught:
        read_raw(RawSource(name="ae_raw", path=path, **options), root=root)  # type: ignore[arg-type]
    return str(caught.value)


@pytest.mark.parametrize(
    ("path", "what", "hint"),
    [
        (
            "doubled_name.csv",
            "doubled_name.csv, line 1: the column name 'AETERM' stands twice in the header, in columns 2 and 4",
            "give every column of the extract its own name; nothing is renamed on reading",
        ),
        (
            "ragged.csv",
            "ragged.csv, line 3: the row has 2 cells, the header has 3; 1 more row(s) differ from it (line 4)",
            "look for a missing or surplus comma, or for a cell that holds one and is not in quotes",
        ),
        (
            "nameless.csv",
            "nameless.csv, line 3: column 2 has no name in the header and holds 'lost'",
            "name the column in the extract; a value without a column name cannot be traced",
        ),
        (
            "open_quote.csv",
            "open_quote.csv, line 2: a quote is opened in the row that begins here and never closed",
            QUOTES,
        ),
        (
            "text_after_quote.csv",
            "text_after_quote.csv, line 3: text follows the closing quote of a cell in the row that begins here",
            QUOTES,
        ),
        ("blank_lines.csv", "blank_lines.csv: the file holds only blank lines", "ask for the extract again"),
        ("empty.csv", "empty.csv: the file is empty (0 bytes)", "ask for the extract again"),
        (
            "undecodable.csv",
            "undecodable.csv, line 3: byte 31 of the file (E9) is not UTF-8",
            "declare the encoding of this source, for example utf-8, gb18030, windows-1252 or utf-16; lenient: true "
            "keeps such bytes as \\xE9 and lists the cells",
        ),
        (
            "entities.xml",
            "entities.xml, line 2: the file declares a document type (XML entities), which is refused",
            "remove the DOCTYPE from the export; ODM does not need one",
        ),
        ("not_well_formed.xml", "not_well_formed.xml, line 5: not well-formed XML: mismatched tag", AGAIN_ODM),
        (
            "odm2.xml",
            "odm2.xml, line 2: the root element is ODM in the namespace http://www.cdisc.org/ns/odm/v2.0, not ODM "
            "1.3",
            "export clinical data as ODM 1.3.2 (http://www.cdisc.org/ns/odm/v1.3)",
        ),
        ("item_twice.xml", "item_twice.xml, line 9: the item AE.TERM stands twice in one ItemGroupData", AGAIN_ODM),
        ("short_row.json", "short_row.json, row 2: the row has 1 values, the file has 2 columns", AGAIN_JSON),
        ("not_json.json", "not_json.json, line 2: not valid JSON: Expecting value", AGAIN_JSON),
        ("long_row.ndjson", "long_row.ndjson, line 3: the row has 2 values, the file has 1 columns", AGAIN_JSON),
    ],
)
def test_broken_text_files(path: str, what: str, hint: str) -> None:
    """Every broken file is refused with its place and a remedy."""
    assert message(path) == f"{what}\n  -> {hint}"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("../secret.csv", f"../secret.csv: the path of the raw file leaves the study folder\n  -> {INSIDE}"),
        ("raw/../../x.csv", f"raw/../../x.csv: the path of the raw file leaves the study folder\n  -> {INSIDE}"),
        ("/etc/passwd", f"/etc/passwd: an absolute path is not allowed for a raw file\n  -> {INSIDE}"),
        ("C:\\x.csv", f"C:\\x.csv: an absolute path is not allowed for a raw file\n  -> {INSIDE}"),
        ("a\0.csv", f"'a\\x00.csv' is no file name\n  -> {INSIDE}"),
        ("ragge.csv", "ragge.csv: the raw file does not exist\n  -> did you mean ragged.csv?"),
        ("raw/ae.csv", "raw/ae.csv: the raw file does not exist\n  -> the folder raw does not exist"),
        (".", ".: the path is not a regular file\n  -> name one raw file, not a folder or device"),
    ],
)
def test_paths_stay_inside_the_study_folder(path: str, expected: str) -> None:
    """A raw file lies below the study folder and is a file."""
    assert message(path) == expected


def test_symbolic_links_do_not_lead_out(tmp_path: Path) -> None:
    """A link to a file elsewhere is refused, one inside the folder is followed."""
    study = tmp_path / "study"
    study.mkdir()
    (tmp_path / "outside.csv").write_text("A\n1\n")
    (study / "inside.csv").write_text("A\n1\n")
    (study / "out.csv").symlink_to(tmp_path / "outside.csv")
    (study / "in.csv").symlink_to("inside.csv")
    assert message("out.csv", root=study) == (
        f"out.csv: the path of the raw file leaves the study folder\n  -> {INSIDE}"
    )
    assert read_raw(RawSource(name="x", path="in.csv"), root=study).frame["A"].tolist() == ["1"]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """A named pipe would block for ever."""
    os.mkfifo(tmp_path / "ae.csv")
    assert message("ae.csv", root=tmp_path).startswith("ae.csv: the path is not a regular file\n")


def test_unknown_suffix_and_format(tmp_path: Path) -> None:
    """The formats are listed."""
    (tmp_path / "ae.doc").write_text("A\n1\n")
    assert (
        message("ae.doc", root=tmp_path)
        == f"ae.doc: the suffix '.doc' of raw source ae_raw tells no format\n  -> {FORMATS}"
    )
    with pytest.raises(UnknownNameError) as caught:
        read_raw(RawSource(name="ae_raw", path="ae.doc", format="xslx"), root=tmp_path)
    assert str(caught.value) == "unknown raw file format 'xslx'\n  -> did you mean xlsx?"


def test_two_sources_of_one_name() -> None:
    """Steps address sources by name."""
    with pytest.raises(InputError) as caught:
        read_sources([RawSource(name="x", path="a.csv"), RawSource(name="x", path="b.csv")], root=BROKEN)
    assert str(caught.value) == "b.csv: two raw sources are named x\n  -> give every raw source its own name"


def test_header_without_rows_is_a_finding() -> None:
    """An extract without records is possible, and is said."""
    table = read_raw(RawSource(name="ae_raw", path="header_only.csv"), root=BROKEN)
    assert (list(table.frame.columns), len(table)) == (["Subject", "AETERM"], 0)
    assert {str(dtype) for dtype in table.frame.dtypes} == {"str"}
    assert table.findings.frame[["rule", "severity", "message"]].to_numpy().tolist() == [
        ["raw.no_rows", "warning", "the file has a header and no data row"]
    ]


def test_control_characters_are_findings_and_stay() -> None:
    """Bell, NUL and a C1 control are reported by row and column; the value is kept."""
    table = read_raw(RawSource(name="ae_raw", path="controls.csv"), root=BROKEN)
    assert table.frame["AETERM"].tolist() == ["Rash", "\x07Fever", "a\x00b", "x\x85y"]
    columns = ["rule", "severity", "dataset", "variable", "value", "message", "source", "source_row"]
    kept = "the cell holds a control character; the value is kept"
    assert table.findings.frame[columns].to_numpy().tolist() == [
        [
            "raw.nul_character", "error", "ae_raw", "AETERM", "a\\x00b",
            "the cell holds a NUL character; the value is kept", "controls.csv", 3,
        ],
        ["raw.control_character", "warning", "ae_raw", "AETERM", "\\x07Fever", kept, "controls.csv", 2],
        ["raw.control_character", "warning", "ae_raw", "AETERM", "x\\x85y", kept, "controls.csv", 4],
    ]  # fmt: skip


def workbook() -> bytes:
    """Return a sound workbook."""
    book = openpyxl.Workbook()
    book.active.append(["Subject", "AETERM"])
    book.active.append(["001", "Rash"])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def with_part(name: str, content: bytes, *, replace: bool = False) -> bytes:
    """Return the workbook with one part added or put in the place of another."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook())) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            if not (replace and part.filename == name):
                new.writestr(part, old.read(part))
        new.writestr(name, content)
    return stream.getvalue()


def test_workbook_that_unpacks_to_2_gb(tmp_path: Path) -> None:
    """The size is refused before anything is unpacked."""
    target = tmp_path / "ae.xlsx"
    target.write_bytes(workbook())
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/bomb.xml", bytes(1 << 20))
        archive.getinfo("xl/bomb.xml").file_size = 2 << 30
        others = sum(part.file_size for part in archive.infolist()) - (2 << 30)
        parts = len(archive.infolist())
    assert message("ae.xlsx", root=tmp_path) == (
        f"ae.xlsx: the workbook would unpack to {(2 << 30) + others:,} bytes in {parts} parts; the limit is "
        f"1,073,741,824 bytes in 10,000 parts\n  -> {SAVE_ANEW}"
    )


def test_workbook_part_that_is_packed_too_tightly(tmp_path: Path) -> None:
    """A hundred megabytes of one byte are no extract."""
    (tmp_path / "ae.xlsx").write_bytes(with_part("xl/media/image1.png", bytes(100 << 20)))
    text = message("ae.xlsx", root=tmp_path)
    assert text.startswith(
        "ae.xlsx: the part xl/media/image1.png of the workbook would unpack to 104,857,600 bytes from "
    )
    assert text.endswith(f"; more than 200 to 1 is refused\n  -> {SAVE_ANEW}")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_workbook_with_entities(tmp_path: Path, encoding: str) -> None:
    """A document type is refused in every part and every encoding."""
    strings = (
        f'<?xml version="1.0" encoding="{encoding}"?>\n<!-- c --><!DOCTYPE sst [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
        '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>&x;</t></si></sst>'
    )
    (tmp_path / "ae.xlsx").write_bytes(with_part("xl/sharedStrings.xml", strings.encode(encoding), replace=True))
    assert message("ae.xlsx", root=tmp_path) == (
        "ae.xlsx: the part xl/sharedStrings.xml of the workbook declares a document type (XML entities)\n"
        f"  -> {SAVE_ANEW}"
    )


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (b"Subject,AETERM\n", "check the format of this source, or ask for the extract again"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
            "it is an old .xls or a password-protected workbook: save it as .xlsx without a password",
        ),
    ],
)
def test_file_that_is_no_workbook(tmp_path: Path, content: bytes, hint: str) -> None:
    """The old binary format is recognised."""
    (tmp_path / "ae.xlsx").write_bytes(content)
    assert message("ae.xlsx", root=tmp_path) == f"ae.xlsx: not an xlsx workbook\n  -> {hint}"


def test_workbook_with_a_damaged_part(tmp_path: Path) -> None:
    """A part that is cut off is named."""
    (tmp_path / "ae.xlsx").write_bytes(with_part("xl/workbook.xml", b"<workbook", replace=True))
    text = message("ae.xlsx", root=tmp_path)
    assert text.startswith("ae.xlsx: not a readable xlsx workbook: ")
    assert text.endswith(f"\n  -> {SAVE_ANEW}")


def test_file_that_is_no_sas_data_set(tmp_path: Path) -> None:
    """A text under the name of a SAS data set is refused."""
    (tmp_path / "ae.sas7bdat").write_bytes(b"Subject,AETERM\n" * 100)
    assert message("ae.sas7bdat", root=tmp_path) == (
        "ae.sas7bdat: not a readable sas7bdat file: Invalid file, or file has unsupported features\n"
        "  -> check the format of this source (and its encoding), or ask for the extract again"
    )


def test_file_that_is_no_transport_file(tmp_path: Path) -> None:
    """A text under the name of a transport file is refused, with the path as the study knows it."""
    (tmp_path / "ae.xpt").write_bytes(b"Subject,AETERM\n" * 100)
    text = message("ae.xpt", root=tmp_path)
    assert text.startswith("ae.xpt: not readable as a SAS transport file: ")


def test_file_that_is_no_parquet_file(tmp_path: Path) -> None:
    """A text under the name of a Parquet file is refused."""
    (tmp_path / "ae.parquet").write_bytes(b"Subject,AETERM\n" * 100)
    text = message("ae.parquet", root=tmp_path)
    assert text.startswith("ae.parquet: not a readable Parquet file: ")
    assert text.endswith("\n  -> check the format of this source, or ask for the extract again")


def test_file_that_changes_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hash in the run record is that of the bytes that were read."""
    (tmp_path / "ae.csv").write_bytes(b"A\n1\n")
    monkeypatch.setattr(Path, "read_bytes", lambda self: b"A\n2\n")
    assert message("ae.csv", root=tmp_path) == (
        "ae.csv: the file changed while it was read\n  -> run again when nobody writes to it"
    )
