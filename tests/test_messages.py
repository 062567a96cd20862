"""Messages of broken inputs: each names the place and the remedy, and changes only on purpose."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import sdtm.engine  # noqa: F401 - fills the catalogue
from sdtm.catalog import ALGORITHMS
from specs.complete import complete
from specs.faults import raise_errors
from specs.lint import lint_faults
from specs.terminology_files import read_terminology
from specs.yaml_files import read_study
from spectrail.errors import SpectrailError

DATA = Path(__file__).parent / "data"

SPECIFICATIONS: dict[str, str] = {
    "alias_bomb": ("specs/ae.yaml, line 5: aliases blow the file up\n  -> write the content out"),
    "bad_yaml": (
        "specs/ae.yaml, line 3: not valid YAML: while parsing a flow sequence expected ',' or ']', but "
        "got ':'\n"
        "  -> indent with spaces, quote text that contains ': ' or ' #' or starts with one of [ ] { } , "
        "& * ! | > % @"
    ),
    "duplicate_variable": (
        "specs/ae.yaml, line 11: AE has the variable AETERM twice [SPEC-102]\n"
        "  -> the first is at specs/ae.yaml, line 8"
    ),
    "foreign_term": (
        "specs/sev.yaml, line 2: C66769 (AESEV) has no term 'MODERAT' and is not extensible [SPEC-160]\n"
        "  -> did you mean MODERATE?"
    ),
    "hostile_expression": (
        "specs/steps/ae.yaml, line 4: expression, character 1: only functions of the language can be "
        "called in \"__import__('os').system('id')\" [SPEC-146]\n"
        "  -> known: abs, ceil, coalesce, concat, contains, date, day, days_between, earliest, "
        "ends_with, extract, floor, is_date, is_partial, join, latest, length, log10, lower, matches, "
        "max, min, missing, month, number, present, replace, round, starts_with, strip, substr, text, "
        "time, upper, year"
    ),
    "key_given_twice": (
        "specs/ae.yaml, line 4: the key 'keys' is given twice in one mapping\n  -> the first is in line 2"
    ),
    "key_no_variable": (
        "specs/ae.yaml, line 2: key 'AETREM' is not a variable of AE [SPEC-115]\n  -> did you mean AETERM?"
    ),
    "listed_file_missing": (
        "study.yaml, line 2: the file 'specs/aes.yaml' does not exist\n"
        "  -> did you mean specs/ae.yaml or specs/steps/ae.yaml?"
    ),
    "long_label": (
        "specs/ae.yaml, line 3: the label has 55 bytes, 15 more than allowed: 'Reported Term for the "
        "Adverse Event as it was collected' [SPEC-113]\n"
        "  -> shorten it to 40 bytes"
    ),
    "misspelt_codelist": (
        "specs/steps/ae.yaml, line 4: unknown codelist 'AESEVV' [SPEC-105]\n  -> did you mean AESEV?"
    ),
    "no_choice": ("specs/ae.yaml, line 3: 'txt' is not allowed here [SPEC-003]\n  -> did you mean text?"),
    "not_a_workbook": ("specs/spec.xlsx: not an Excel workbook: File is not a zip file\n  -> save it as .xlsx"),
    "path_escape": (
        "study.yaml, line 2: the path '../../etc/passwd' leaves the study folder [SPEC-017]\n"
        "  -> put the file below the study folder"
    ),
    "ragged_table": (
        "specs/tables/visits.csv, line 3: the row has 3 cells, the header 2\n  -> quote cells that contain a comma"
    ),
    "required_missing": ("specs/ae.yaml, line 1: AE lacks required variables: AETERM [SPEC-126]\n  -> add them"),
    "tab_in_yaml": (
        "specs/ae.yaml, line 3: not valid YAML: while scanning for the next token found character '\\t' "
        "that cannot start any token\n"
        "  -> the line contains a tab: indent with spaces"
    ),
    "tag_in_yaml": (
        "specs/ae.yaml, line 2: the tag tag:yaml.org,2002:python/object/apply:os.system is not allowed\n"
        "  -> write plain text instead"
    ),
    "unknown_algorithm": (
        "specs/steps/ae.yaml, line 4: unknown algorithm 'asign_no_ct' [SPEC-141]\n"
        "  -> did you mean assign_no_ct or assign_ct?"
    ),
    "unknown_comparator": (
        "specs/ae.yaml, line 4: where clause: unknown comparator 'EQUALS' [SPEC-015]\n"
        "  -> known: EQ, GE, GT, IN, LE, LT, NE, NOTIN"
    ),
    "unknown_form": ("specs/steps/ae.yaml, line 3: unknown source 'aes_raw' [SPEC-147]\n  -> did you mean ae_raw?"),
    "unknown_key": ("specs/ae.yaml, line 3: a variable has no key 'lable' [SPEC-001]\n  -> did you mean label?"),
    "used_too_early": (
        "specs/steps/ae.yaml, line 4: 'AETERM' is read before a later step makes it [SPEC-147]\n"
        "  -> move that step up"
    ),
    "where_clause": (
        "specs/ae.yaml, line 4: where clause: the list has no closing bracket [SPEC-015]\n  -> write IN (A, B)"
    ),
    "wrong_argument": (
        "specs/steps/ae.yaml, line 4: assign_no_ct takes no argument 'mising' [SPEC-142]\n  -> did you mean missing?"
    ),
    "wrong_encoding": ("specs/ae.yaml, line 2: not UTF-8: byte 0xFC at position 24\n  -> save the file as UTF-8"),
    "wrong_where_variable": (
        "specs/adlb.yaml, line 7: A1HI EQ ALB: A1HI is a number [SPEC-166]\n  -> did you mean PARAMCD EQ ALB?"
    ),
}


def _check(folder: Path) -> None:
    loaded = read_study(folder)
    raise_errors(lint_faults(complete(loaded.study), ALGORITHMS.registry, places=loaded.places))


def _message(folder: Path) -> str:
    """Read and lint a study folder; return its error."""
    with pytest.raises(SpectrailError) as caught:
        _check(folder)
    return str(caught.value).replace(str(folder), "STUDY")


def _study(case: str, folder: Path) -> Path:
    """Copy the sound study and put the files of a case over it."""
    broken = DATA / "spec_broken"
    shutil.copytree(broken / "sound", folder, dirs_exist_ok=True)
    if case != "sound":
        shutil.copytree(broken / case, folder, dirs_exist_ok=True)
    return folder


def test_the_sound_study_has_no_errors(tmp_path: Path) -> None:
    """The study that every broken case is made from is itself without errors."""
    _check(_study("sound", tmp_path))


def test_every_broken_specification_is_tried() -> None:
    """Each folder of broken specifications has its frozen message."""
    folders = {path.name for path in (DATA / "spec_broken").iterdir()} - {"sound"}
    assert folders == set(SPECIFICATIONS)


@pytest.mark.parametrize("case", sorted(SPECIFICATIONS))
def test_message_of_a_broken_specification(case: str, tmp_path: Path) -> None:
    """A broken specification gives its frozen message."""
    assert _message(_study(case, tmp_path)) == SPECIFICATIONS[case]


Sheets = dict[str, list[list[Any]]]
SOUND: Sheets = {
    "Define": [
        ["Attribute", "Value"],
        ["StudyName", "BROKEN1"],
        ["StandardName", "SDTMIG"],
        ["StandardVersion", "3.4"],
    ],
    "Datasets": [["Dataset", "Label", "Key Variables"], ["AE", "Adverse Events", "STUDYID, USUBJID"]],
    "Variables": [
        ["Order", "Dataset", "Variable", "Label", "Origin"],
        *[
            [i, "AE", name, "", "Assigned"]
            for i, name in enumerate(["STUDYID", "DOMAIN", "USUBJID", "AESEQ", "AETERM", "AEDECOD"], 1)
        ],
    ],
}


def _workbook(path: Path, sheets: Sheets) -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return book


def _without(sheets: Sheets, name: str) -> Sheets:
    return {key: rows for key, rows in sheets.items() if key != name}


def _formula(path: Path) -> None:
    book = _workbook(path, SOUND)
    book["Datasets"]["B2"] = '=CONCATENATE("Adverse ", "Events")'
    book.save(path)


def _merged(path: Path) -> None:
    book = _workbook(path, SOUND)
    book["Variables"].merge_cells("B2:B4")
    book.save(path)


def _error_cell(path: Path) -> None:
    book = _workbook(path, SOUND)
    book["Datasets"]["B2"] = "#REF!"
    book.save(path)


def _missing_sheet(path: Path) -> None:
    _workbook(path, _without(SOUND, "Datasets") | {"Dataset": SOUND["Datasets"]})


def _missing_column(path: Path) -> None:
    _workbook(path, SOUND | {"Variables": [["Order", "Dataset", "Variabel"], [1, "AE", "STUDYID"]]})


def _duplicate_header(path: Path) -> None:
    _workbook(path, SOUND | {"Datasets": [["Dataset", "Label", "Description"], ["AE", "Adverse Events", "Events"]]})


def _unlisted_dataset(path: Path) -> None:
    _workbook(path, SOUND | {"Variables": [*SOUND["Variables"], [1, "AEE", "STUDYID", "", "Assigned"]]})


def _wrong_length(path: Path) -> None:
    _workbook(path, SOUND | {"Variables": [["Dataset", "Variable", "Length"], ["AE", "AETERM", "$200"]]})


def _where_clause_id(path: Path) -> None:
    sheets: Sheets = {
        "ValueLevel": [["Dataset", "Variable", "Where Clause"], ["AE", "AETERM", "WC.AE.AETERM.1"]],
        "WhereClauses": [
            ["ID", "Dataset", "Variable", "Comparator", "Value"],
            ["WC.AE.AETERM", "AE", "AESEQ", "EQ", "1"],
        ],
    }
    _workbook(path, SOUND | sheets)


def _bad_arguments(path: Path) -> None:
    _workbook(
        path,
        SOUND | {"Mappings": [["Dataset", "Target", "Algorithm", "Arguments"], ["AE", "AETERM", "concat", "{sep: "]]},
    )


def _nothing_known(path: Path) -> None:
    _workbook(path, {"Sheet1": [["a", "b"], ["1", "2"]]})


def _with_part(path: Path, name: str, change: Any) -> None:
    """Rewrite a sound workbook with one part changed."""
    _workbook(path, SOUND)
    with zipfile.ZipFile(path) as book:
        parts = {info.filename: book.read(info) for info in book.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        for part, content in parts.items():
            book.writestr(part, change(content) if part == name else content)


def _entities(path: Path) -> None:
    doctype = b'<?xml version="1.0"?><!DOCTYPE worksheet [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    _with_part(path, "xl/worksheets/sheet1.xml", lambda content: doctype + content)


def _bomb(path: Path) -> None:
    """Add a part that expands to 2 GB."""
    _workbook(path, SOUND)
    block = b"\0" * (1 << 20)
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as book,
        book.open("xl/worksheets/sheet9.xml", "w", force_zip64=True) as part,
    ):
        for _ in range(2048):
            part.write(block)


WORKBOOKS: dict[str, tuple[Any, str]] = {
    "formula": (
        _formula,
        "study.xlsx, sheet Datasets, row 2, column B: the cell holds a formula [SPEC-011]\n"
        "  -> replace it by its value (copy, paste as values)",
    ),
    "merged": (
        _merged,
        "the specification has 3 errors:\n"
        "study.xlsx, sheet Variables: the cells B2:B4 are merged [SPEC-012]\n"
        "  -> unmerge them and repeat the value in every row\n"
        "study.xlsx, sheet Variables, row 3: the row names no dataset [SPEC-004]\n"
        "  -> fill the column Dataset\n"
        "study.xlsx, sheet Variables, row 4: the row names no dataset [SPEC-004]\n"
        "  -> fill the column Dataset",
    ),
    "error_cell": (
        _error_cell,
        "study.xlsx, sheet Datasets, row 2, column B: the cell holds the error #REF! [SPEC-013]\n  -> correct it",
    ),
    "missing_sheet": (
        _missing_sheet,
        "study.xlsx: the workbook has no sheet 'Datasets' [SPEC-009]\n  -> did you mean Dataset?",
    ),
    "missing_column": (
        _missing_column,
        "the specification has 2 errors:\n"
        "study.xlsx, sheet Variables, row 1: the sheet 'Variables' lacks the column 'Variable' "
        "[SPEC-008]\n"
        "  -> did you mean Variabel?\n"
        "study.xlsx, sheet Variables, row 2: a variable lacks its 'name' [SPEC-004]\n"
        "  -> add name",
    ),
    "duplicate_header": (
        _duplicate_header,
        "study.xlsx, sheet Datasets, row 1, column C: the column 'Description' means the same as column "
        "B [SPEC-010]\n"
        "  -> keep one of them",
    ),
    "unlisted_dataset": (
        _unlisted_dataset,
        "study.xlsx, sheet Variables, row 8, column B (Dataset): the sheet Datasets does not list 'AEE' "
        "[SPEC-016]\n"
        "  -> did you mean AE?",
    ),
    "wrong_length": (
        _wrong_length,
        "study.xlsx, sheet Variables, row 2, column C (Length): '$200' is not a whole number [SPEC-002]\n"
        "  -> write digits only",
    ),
    "where_clause_id": (
        _where_clause_id,
        "study.xlsx, sheet ValueLevel, row 2, column C (Where Clause): no where clause 'WC.AE.AETERM.1' "
        "[SPEC-015]\n"
        "  -> did you mean WC.AE.AETERM?",
    ),
    "bad_arguments": (
        _bad_arguments,
        "study.xlsx, sheet Mappings, row 2, column D (Arguments): not valid YAML: while parsing a flow "
        "node expected the node content, but found '<stream end>' [SPEC-002]\n"
        "  -> indent with spaces, quote text that contains ': ' or ' #' or starts with one of [ ] { } , "
        "& * ! | > % @",
    ),
    "nothing_known": (
        _nothing_known,
        "the specification has 2 errors:\n"
        "study.xlsx: no sheet of a specification in this workbook [SPEC-019]\n"
        "  -> its sheets should be Define, Datasets, Variables, ... or Mappings, Tables, ...\n"
        "study.xlsx: a study lacks its 'study_id' [SPEC-004]\n"
        "  -> add study_id",
    ),
    "entities": (
        _entities,
        "study.xlsx: xl/worksheets/sheet1.xml declares a document type or entities: refused\n"
        "  -> save the workbook again with Excel or LibreOffice",
    ),
    "bomb": (
        _bomb,
        "study.xlsx: the workbook expands to 2147 MB in 12 parts: refused\n"
        "  -> a workbook may expand to 268 MB, one part to 134 MB",
    ),
}


@pytest.mark.parametrize("case", sorted(WORKBOOKS))
def test_message_of_a_broken_workbook(case: str, tmp_path: Path) -> None:
    """A broken workbook gives its frozen message."""
    make, expected = WORKBOOKS[case]
    make(tmp_path / "study.xlsx")
    assert _message(tmp_path) == expected


NCI_HEADER = (
    "Code\tCodelist Code\tCodelist Extensible (Yes/No)\tCodelist Name\tCDISC Submission Value\t"
    "CDISC Synonym(s)\tCDISC Definition\tNCI Preferred Term\n"
)
TERMINOLOGIES: dict[str, tuple[str, bytes, str]] = {
    "short_row": (
        "SDTM Terminology 2025-09-26.txt",
        f"{NCI_HEADER}C66742\t\tNo\tNo Yes Response\tNY\t\tdef\tNY\nC49487\tC66742\n".encode(),
        "SDTM Terminology 2025-09-26.txt, line 3: the line has 2 cells, the header 8\n"
        "  -> cells are separated by tabs and must not hold line breaks",
    ),
    "not_utf_8": (
        "SDTM Terminology 2025-09-26.txt",
        f"{NCI_HEADER}C66742\t\tNo\tNo Yes Response\tNY\tJa\xe9\tdef\tNY\n".encode("latin-1"),
        "SDTM Terminology 2025-09-26.txt, line 2: byte 33 of the line (0xE9) is not UTF-8\n"
        "  -> save the file as UTF-8; NCI EVS publishes it so",
    ),
    "no_release": (
        "terminology.txt",
        f"{NCI_HEADER}C66742\t\tNo\tNo Yes Response\tNY\t\tdef\tNY\n".encode(),
        "terminology.txt: the release is stated neither in the file nor in its name\n"
        "  -> name the file like 'SDTM Terminology 2025-03-28.txt' or state the release in the study file",
    ),
    "entities": (
        "ct.xml",
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><ODM xmlns="http://www.cdisc.org/ns/odm/v1.3">&a;</ODM>',
        "ct.xml, line 1: the XML file has a document type declaration\n"
        "  -> terminology files have none; entities are never expanded",
    ),
    "no_odm": (
        "ct.xml",
        b"<html/>",
        "ct.xml, line 1: the root element is html, not ODM 1.3\n"
        "  -> give the ODM-XML that NCI EVS publishes beside the text file",
    ),
}


@pytest.mark.parametrize("case", sorted(TERMINOLOGIES))
def test_message_of_a_broken_terminology(case: str, tmp_path: Path) -> None:
    """A broken terminology file gives its frozen message."""
    name, content, expected = TERMINOLOGIES[case]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SpectrailError) as caught:
        read_terminology(path)
    assert str(caught.value).replace(f"{tmp_path}/", "") == expected
