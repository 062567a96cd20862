"""The workbook face: three generations read, the third written, and what spreadsheets do to text."""

from __future__ import annotations

import datetime
import time
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from specs import models as m
from specs.scaffold import convert_specification, init_study
from specs.workbook import workbook_sheets, write_workbook
from specs.yaml_files import read_specification, read_study
from spectrail.errors import FormatError, InputError, OutputError, UsageError
from spectrail.io.xlsx import MOST_CELL, check_package, escape, unescape
from spectrail.io.xlsx import write_workbook as write_sheets

Sheets = dict[str, list[list[Any]]]


def _book(path: Path, sheets: Sheets) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


GENERATION_A: Sheets = {
    "Study": [
        ["Attribute", "Value"],
        ["StudyName", "CDISC01"],
        ["StudyDescription", "A study"],
        ["ProtocolName", "P-01"],
        ["StandardName", "SDTM-IG"],
        ["StandardVersion", "3.2"],
        ["Language", "en"],
    ],
    "Datasets": [
        [
            "Dataset",
            "Description",
            "Class",
            "Structure",
            "Purpose",
            "Key, Variables",
            "Repeating",
            "Reference Data",
            "Comment",
        ],
        [
            "LB",
            "Laboratory",
            "FINDINGS",
            "One record per test",
            "Tabulation",
            "STUDYID, USUBJID, LBTESTCD",
            "Yes",
            "No",
            "C1",
        ],
    ],
    "Variables": [
        [
            "Order",
            "Dataset",
            "Variable",
            "Label",
            "Data Type",
            "Length",
            "Significant Digits",
            "Format",
            "Mandatory",
            "Codelist",
            "Origin",
            "Pages",
            "Method",
            "Predecessor",
            "Role",
            "Comment",
        ],
        [
            2,
            "LB",
            "LBTESTCD",
            "Test Code",
            "text",
            8,
            None,
            None,
            "Yes",
            "LBTESTCD",
            "CRF",
            "12 15",
            None,
            None,
            "Topic",
            None,
        ],
        [
            1,
            "LB",
            "STUDYID",
            "Study Identifier",
            "text",
            12.0,
            None,
            None,
            "Yes",
            None,
            "Protocol",
            None,
            None,
            None,
            "Identifier",
            None,
        ],
        [
            3,
            "LB",
            "LBSTRESN",
            "Numeric Result",
            "float",
            8,
            2,
            "8.2",
            "No",
            None,
            "Derived",
            None,
            "MT.1",
            None,
            "Result",
            None,
        ],
    ],
    "ValueLevel": [
        [
            "Order",
            "Dataset",
            "Variable",
            "Where Clause",
            "Description",
            "Data Type",
            "Length",
            "Significant Digits",
            "Format",
            "Mandatory",
            "Codelist",
            "Origin",
            "Pages",
            "Method",
            "Predecessor",
            "Value Level Comment",
            "Join Comment",
        ],
        [
            1,
            "LB",
            "LBSTRESN",
            "WC.1",
            "Albumin",
            "float",
            8,
            1,
            None,
            "No",
            None,
            "Derived",
            None,
            "MT.1",
            None,
            "C1",
            None,
        ],
    ],
    "WhereClauses": [
        ["ID", "Dataset", "Variable", "Comparator", "Value"],
        ["WC.1", "LB", "LBTESTCD", "EQ", "ALB"],
        ["WC.1", "LB", "LBSPEC", "IN", "SERUM, PLASMA"],
    ],
    "Codelists": [
        ["ID", "Name", "NCI Codelist Code", "Data Type", "Order", "Term", "NCI Term Code", "Decoded Value"],
        ["LBTESTCD", "Laboratory Test Code", "C65047", "text", 1, "ALB", "C64431", "Albumin"],
        ["LBTESTCD", "Laboratory Test Code", "C65047", "text", 2, "BILI", "C38037", "Bilirubin"],
    ],
    "Dictionaries": [
        ["ID", "Name", "Data Type", "Dictionary", "Version"],
        ["MEDDRA", "MedDRA", "text", "MEDDRA", 27.1],
    ],
    "Methods": [
        ["ID", "Name", "Type", "Description", "Expression Context", "Expression Code", "Document", "Pages"],
        ["MT.1", "Conversion", "Computation", "x times factor", "SAS", "y = x * f;", "SAP", "7"],
    ],
    "Comments": [["ID", "Description", "Document", "Pages"], ["C1", "A comment", None, None]],
    "Documents": [["ID", "Title", "Href"], ["SAP", "Plan", "sap.pdf"]],
}


def test_the_first_generation_is_read(tmp_path: Path) -> None:
    """Study and WhereClauses sheets, Description for Label, `Key, Variables`, Purpose and Pages are understood."""
    study = read_specification(_book(tmp_path / "a.xlsx", GENERATION_A)).study
    assert (study.study_id, study.name, study.protocol) == ("CDISC01", "CDISC01", "P-01")
    assert study.standards == (m.Standard(name="SDTM-IG", version="3.2"),)
    lb = study.dataset("LB")
    assert (lb.label, lb.purpose, lb.keys, lb.repeating, lb.comment) == (
        "Laboratory",
        "Tabulation",
        ("STUDYID", "USUBJID", "LBTESTCD"),
        "Yes",
        "C1",
    )
    assert lb.names == ("STUDYID", "LBTESTCD", "LBSTRESN")
    assert lb.variable("LBTESTCD") == m.Variable(
        name="LBTESTCD",
        label="Test Code",
        data_type="text",
        length=8,
        mandatory="Yes",
        codelist="LBTESTCD",
        origins=(m.Origin(type="CRF", pages="12 15"),),
        role="Topic",
    )
    assert (lb.variable("STUDYID").length, lb.variable("LBSTRESN").significant_digits) == (12, 2)
    conditions = (
        m.Condition(dataset="LB", variable="LBTESTCD", values=("ALB",)),
        m.Condition(dataset="LB", variable="LBSPEC", comparator="IN", values=("SERUM", "PLASMA")),
    )
    assert lb.value_levels == (
        m.ValueLevel(
            variable="LBSTRESN",
            where=m.WhereClause(id="WC.1", conditions=conditions),
            label="Albumin",
            data_type="float",
            length=8,
            significant_digits=1,
            mandatory="No",
            origins=(m.Origin(type="Derived"),),
            method="MT.1",
            comment="C1",
            order=1,
        ),
    )
    terms = (
        m.Term(term="ALB", code="C64431", decode="Albumin", order=1),
        m.Term(term="BILI", code="C38037", decode="Bilirubin", order=2),
    )
    assert study.codelists == (m.Codelist(id="LBTESTCD", name="Laboratory Test Code", code="C65047", terms=terms),)
    assert study.methods == (
        m.Method(
            id="MT.1",
            name="Conversion",
            description="x times factor",
            expressions=(m.FormalExpression(context="SAS", code="y = x * f;"),),
            documents=(m.DocumentRef(document="SAP", pages="7"),),
        ),
    )
    assert study.dictionaries == (m.Dictionary(id="MEDDRA", name="MedDRA", dictionary="MEDDRA", version="27.1"),)


GENERATION_B: Sheets = {
    "Define": [
        ["Attribute", "Value"],
        ["StudyName", "PILOT"],
        ["StandardName", "ADaM-IG"],
        ["StandardVersion", "1.1"],
    ],
    "Datasets": [
        [
            "Dataset",
            "Label",
            "Class",
            "Structure",
            "Key Variables",
            "Repeating",
            "Reference Data",
            "Comment",
            "Developer Notes",
        ],
        [
            "ADQS",
            "Questionnaires",
            "BASIC DATA STRUCTURE",
            "One record",
            "USUBJID PARAMCD",
            "Yes",
            "No",
            None,
            "check",
        ],
    ],
    "Variables": [
        [
            "Order",
            "Dataset",
            "Variable",
            "Label",
            "Data Type",
            "Length",
            "Significant Digits",
            "Format",
            "Mandatory",
            "Assigned Value",
            "Codelist",
            "Common",
            "Origin",
            "Pages",
            "Method",
            "Predecessor",
            "Role",
            "Comment",
            "Developer Notes",
        ],
        [
            1,
            "ADQS",
            "TRTP",
            "Treatment",
            "text",
            20,
            None,
            None,
            "No",
            None,
            None,
            "Yes",
            "Predecessor",
            None,
            None,
            "ADSL.TRT01P",
            None,
            None,
            None,
        ],
        [
            2,
            "ADQS",
            "AVAL",
            "Value",
            "integer",
            8,
            None,
            "DATE9.",
            "No",
            None,
            None,
            None,
            "Derived",
            None,
            None,
            None,
            None,
            None,
            None,
        ],
    ],
    "ValueLevel": [
        [
            "Order",
            "Dataset",
            "Variable",
            "Where Clause",
            "Label",
            "Data Type",
            "Assigned Value",
            "Origin",
            "Developer Notes",
        ],
        [1, "ADQS", "AVAL", "PARAMCD EQ ACITM01", "Item 1", "integer", None, "Derived", None],
    ],
    "Analysis Displays": [["ID", "Title", "Document", "Pages"], ["T14-1", "Primary", "CSR", "42"]],
    "Analysis Results": [
        [
            "Display",
            "ID",
            "Description",
            "Variables",
            "Reason",
            "Purpose",
            "Selection Criteria",
            "Join Comment",
            "Documentation",
            "Documentation Refs",
            "Programming Context",
            "Programming Code",
            "Programming Document",
            "Pages",
        ],
        [
            "T14-1",
            "R.1",
            "Dose response",
            "ADQS.CHG, ADSL.AGE",
            "SPECIFIED IN SAP",
            "PRIMARY OUTCOME MEASURE",
            "ADQS.PARAMCD EQ ACTOT AND ADQS.AVISIT EQ Week 24 AND ADSL.EFFFL EQ Y",
            None,
            "A model",
            "SAP",
            "SAS 9.4",
            "proc mixed;",
            None,
            None,
        ],
    ],
    "Documents": [["ID", "Title", "Href"], ["SAP", "Plan", "sap.pdf"], ["CSR", "Report", "csr.pdf"]],
}


def test_the_second_generation_is_read(tmp_path: Path) -> None:
    """The Define sheet, inline where clauses, Common, Developer Notes and the Analysis sheets are understood."""
    study = read_specification(_book(tmp_path / "b.xlsx", GENERATION_B)).study
    adqs = study.dataset("ADQS")
    assert (adqs.keys, adqs.notes) == (("USUBJID", "PARAMCD"), "check")
    assert adqs.variable("TRTP").origins == (m.Origin(type="Predecessor", predecessor="ADSL.TRT01P"),)
    assert (adqs.variable("TRTP").common, adqs.variable("AVAL").format) == ("Yes", "DATE9.")
    assert adqs.value_levels[0].where.conditions == (m.Condition(variable="PARAMCD", values=("ACITM01",)),)
    display = study.displays[0]
    assert (display.id, display.documents) == ("T14-1", (m.DocumentRef(document="CSR", pages="42"),))
    chg = (
        m.Condition(dataset="ADQS", variable="PARAMCD", values=("ACTOT",)),
        m.Condition(dataset="ADQS", variable="AVISIT", values=("Week 24",)),
    )
    assert display.results[0].datasets == (
        m.AnalysisDataset(dataset="ADQS", variables=("CHG",), where=m.WhereClause(conditions=chg)),
        m.AnalysisDataset(
            dataset="ADSL",
            variables=("AGE",),
            where=m.WhereClause(conditions=(m.Condition(dataset="ADSL", variable="EFFFL", values=("Y",)),)),
        ),
    )
    assert display.results[0].code == m.ProgrammingCode(context="SAS 9.4", code="proc mixed;")
    assert display.results[0].documents == (m.DocumentRef(document="SAP"),)


def test_earlier_generations_are_written_as_the_third(tmp_path: Path) -> None:
    """What was read from either earlier generation comes back the same from the third."""
    for sheets in (GENERATION_A, GENERATION_B):
        study = read_specification(_book(tmp_path / "old.xlsx", sheets)).study
        write_workbook(study, tmp_path / "new.xlsx")
        assert read_specification(tmp_path / "new.xlsx").study == study


def test_the_third_generation_has_its_columns() -> None:
    """Sheets and columns are named exactly as P21 names them for Define-XML 2.1."""
    sheets = workbook_sheets(m.Study(study_id="S1"))
    assert list(sheets) == [
        "Define",
        "Datasets",
        "Variables",
        "ValueLevel",
        "Codelists",
        "Dictionaries",
        "Methods",
        "Comments",
        "Documents",
        "Analysis Displays",
        "Analysis Results",
    ]
    headers = {name: ", ".join(rows[0]) for name, rows in sheets.items()}
    assert headers["Datasets"] == (
        "Dataset, Label, Class, SubClass, Structure, Key Variables, Standard, Has No Data, Repeating, "
        "Reference Data, Comment, Developer Notes"
    )
    assert headers["Variables"] == (
        "Order, Dataset, Variable, Label, Data Type, Length, Significant Digits, Format, Mandatory, Assigned Value, "
        "Codelist, Common, Origin, Source, Pages, Method, Predecessor, Role, Has No Data, Comment, Developer Notes"
    )
    assert headers["ValueLevel"] == (
        "Order, Dataset, Variable, Where Clause, Label, Data Type, Length, Significant Digits, Format, Mandatory, "
        "Assigned Value, Codelist, Origin, Source, Pages, Method, Predecessor, Comment, Developer Notes"
    )
    assert headers["Codelists"] == (
        "ID, Name, NCI Codelist Code, Data Type, Terminology, Comment, Order, Term, NCI Term Code, Decoded Value"
    )


def test_steps_are_written_in_a_sheet_of_their_own() -> None:
    """The Mappings sheet has a row per step, arguments as YAML flow text."""
    step = m.Step(
        target="AETERM",
        algorithm="concat",
        source=("ae.A", "ae.B"),
        when="AESEV == 'X'",
        arguments={"sep": " ", "parts": ("1", "2")},
    )
    study = m.Study(study_id="S1", datasets=(m.Dataset(name="AE", steps=(step,)),))
    assert workbook_sheets(study)["Mappings"] == [
        [
            "Dataset",
            "Order",
            "Target",
            "Algorithm",
            "Source",
            "When",
            "Codelist",
            "Arguments",
            "Replace",
            "Method",
            "Note",
        ],
        ["AE", "1", "AETERM", "concat", "ae.A, ae.B", "AESEV == 'X'", "", '{sep: " ", parts: [1, 2]}', "", "", ""],
    ]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "#REF!", "1.10", "007", "_x0041_", "TRUE", " a "])
def test_text_stays_text(text: str, tmp_path: Path) -> None:
    """What would be a formula, an error, a number or an escape is written and read as text."""
    table = m.LookupTable(name="t", columns=("A",), rows=((text,),))
    write_workbook(m.Study(study_id="S1", tables=(table,)), tmp_path / "a.xlsx")
    assert read_specification(tmp_path / "a.xlsx").study.tables == (table,)
    cell = openpyxl.load_workbook(tmp_path / "a.xlsx")["T_t"]["A2"]
    assert cell.data_type == "s"


def test_escapes_are_those_of_the_standard() -> None:
    """`_x000D_` of a file is a carriage return; text that looks like an escape is escaped."""
    assert unescape("a_x000D_b_x005F_x0041_") == "a\rb_x0041_"
    assert escape("_x0041_") == "_x005F_x0041_"


def test_bytes_depend_on_the_study_only(tmp_path: Path) -> None:
    """Two workbooks of one study are equal byte by byte; times are the study's."""
    study = m.Study(study_id="S1", created="2025-03-28T12:34:56", settings={"a": "1"})
    write_workbook(study, tmp_path / "a.xlsx")
    time.sleep(1.1)
    write_workbook(study, tmp_path / "b.xlsx")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.xlsx") as book:
        assert {info.date_time for info in book.infolist()} == {(2025, 3, 28, 12, 34, 56)}
        assert book.read("docProps/core.xml").count(b"2025-03-28T12:34:56Z") == 2


def test_unknown_columns_and_sheets_are_notices(tmp_path: Path) -> None:
    """Columns and sheets that are not known are reported with the number of values, not lost in silence."""
    sheets: Sheets = {
        "Datasets": [
            ["Dataset", "Label", "Programmer"],
            ["AE", "Adverse Events", "me"],
            ["DM", "Demographics", None],
        ],
        "Define": [["Attribute", "Value"], ["StudyName", "S1"], ["Sponsor", "X"]],
        "Change Log": [["When"], ["now"]],
    }
    loaded = read_specification(_book(tmp_path / "a.xlsx", sheets))
    assert [(fault.rule.id, fault.rule.severity, fault.message) for fault in loaded.faults] == [
        ("SPEC-006", "notice", "the attribute 'Sponsor' is not known; its value is not used"),
        ("SPEC-006", "notice", "the column 'Programmer' is not known; its 1 values are not used"),
        ("SPEC-007", "notice", "the sheet 'Change Log' is not known and not used"),
    ]


def test_numbers_and_dates_of_cells_become_text(tmp_path: Path) -> None:
    """Whole numbers, decimals, dates and yes/no cells become their plain text; decimals are a notice."""
    rows = [
        ["A", "B", "C", "D"],
        [7, 1.5, datetime.datetime(2025, 3, 28), True],
        [1e-4, 2, datetime.time(7, 30), "x"],
    ]
    sheets: Sheets = {
        "Define": [["Attribute", "Value"], ["StudyName", "S1"]],
        "Tables": [["Table", "Sheet"], ["t", "T"]],
        "T": rows,
    }
    loaded = read_specification(_book(tmp_path / "a.xlsx", sheets))
    assert loaded.study.tables[0].rows == (("7", "1.5", "2025-03-28", "Yes"), ("0.0001", "2", "07:30:00", "x"))
    assert [(fault.rule.id, fault.place.column) for fault in loaded.faults] == [("SPEC-014", "B"), ("SPEC-014", "A")]


def test_empty_rows_and_wrong_sizes_do_no_harm(tmp_path: Path) -> None:
    """A thousand empty rows and a wrong stated size of the sheet change nothing."""
    sheets: Sheets = {"Datasets": [["Dataset", "Label"], *[[None, None]] * 1000, ["AE", "Adverse Events"]]}
    path = _book(tmp_path / "a.xlsx", sheets | {"Define": [["Attribute", "Value"], ["StudyName", "S1"]]})
    with zipfile.ZipFile(path) as book:
        parts = {info.filename: book.read(info) for info in book.infolist()}
    with zipfile.ZipFile(path, "w") as book:
        for name, content in parts.items():
            book.writestr(name, content.replace(b'<dimension ref="A1:B1002"', b'<dimension ref="A1"'))
    loaded = read_specification(path)
    assert [dataset.name for dataset in loaded.study.datasets] == ["AE"]
    assert loaded.places.nearest("datasets", 0, "label").row == 1002


def test_places_lead_to_the_cell(tmp_path: Path) -> None:
    """The side map knows sheet, row and column of what a workbook says."""
    loaded = read_specification(_book(tmp_path / "a.xlsx", GENERATION_A))
    place = loaded.places.nearest("datasets", 0, "variables", 0, "length")
    assert str(place) == "a.xlsx, sheet Variables, row 3, column F (Length)"


def test_a_bomb_is_refused_from_its_directory(tmp_path: Path) -> None:
    """A part that says it expands to more than the limit is refused without expanding it."""
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book, book.open("xl/x.xml", "w") as part:
        for _ in range(300):
            part.write(b"\0" * (1 << 20))
    started = time.perf_counter()
    with pytest.raises(InputError, match=r"expands to 314 MB in 1 parts"):
        check_package(path.read_bytes(), "bomb.xlsx")
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
def test_document_types_are_refused_in_any_encoding(encoding: str, tmp_path: Path) -> None:
    """A document type declaration is found in UTF-8 and UTF-16 parts, whatever the part is called."""
    path = tmp_path / "a.xlsx"
    text = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("xl/odd.bin", text.encode(encoding))
    with pytest.raises(InputError, match=r"xl/odd\.bin declares a document type"):
        check_package(path.read_bytes(), "a.xlsx")


def test_what_excel_cannot_hold_is_refused(tmp_path: Path) -> None:
    """Control characters and texts over the limit of a cell are errors that name the cell."""
    created = datetime.datetime(2025, 1, 1)
    with pytest.raises(FormatError, match=r"sheet S, row 2, column A: .*U\+0007"):
        write_sheets(tmp_path / "a.xlsx", {"S": [["A"], ["\x07"]]}, created=created)
    with pytest.raises(FormatError, match=f"{MOST_CELL + 1} characters"):
        write_sheets(tmp_path / "a.xlsx", {"S": [["x" * (MOST_CELL + 1)]]}, created=created)
    assert not (tmp_path / "a.xlsx").exists()


def test_a_study_may_be_one_workbook(tmp_path: Path) -> None:
    """A folder whose study.xlsx holds everything is the same study as its YAML form."""
    init_study(tmp_path / "yaml", study_id="S1")
    book = tmp_path / "excel"
    convert_specification(tmp_path / "yaml", book / "study.xlsx")
    assert read_study(book).study == read_study(tmp_path / "yaml").study
    convert_specification(book / "study.xlsx", tmp_path / "again")
    assert read_study(tmp_path / "again").study.sha256() == read_study(tmp_path / "yaml").study.sha256()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    """Starting a study in a folder with files, and converting onto an existing file, are refused."""
    init_study(tmp_path / "study")
    with pytest.raises(OutputError, match="is not empty"):
        init_study(tmp_path / "study")
    convert_specification(tmp_path / "study", tmp_path / "a.xlsx")
    with pytest.raises(OutputError, match="exists already"):
        convert_specification(tmp_path / "study", tmp_path / "a.xlsx")
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError, match="theirs: is not empty"):
        convert_specification(tmp_path / "a.xlsx", tmp_path / "theirs")
    assert [path.name for path in (tmp_path / "theirs").iterdir()] == ["thesis.txt"]
    with pytest.raises(UsageError, match="neither a folder nor a workbook"):
        convert_specification(tmp_path / "study", tmp_path / "a.docx")
    with pytest.raises(UsageError, match="cannot be a study identifier"):
        init_study(tmp_path / "other", study_id="a'b")


def test_a_sheet_that_spans_too_much_is_refused(tmp_path: Path) -> None:
    """Cells far to the right in many rows do not make reading endless; one at the bottom does no harm."""
    book = openpyxl.Workbook()
    book.create_sheet("Define").append(["Attribute", "Value"])
    book["Define"]["A1048576"], book["Define"]["B1048576"] = "StudyName", "S1"
    book.save(tmp_path / "long.xlsx")
    assert read_specification(tmp_path / "long.xlsx").study.study_id == "S1"
    for row in range(1, 700):
        book["Define"].cell(row, 16_384).value = "x"
    book.save(tmp_path / "wide.xlsx")
    with pytest.raises(InputError, match="spans more than 10,000,000 cells"):
        read_specification(tmp_path / "wide.xlsx")


def test_analysis_results_are_shown_in_the_columns_a_reader_looks_for(tmp_path: Path):
    """Variables and selections stand in their columns even where a third has to say all; that one is read."""
    where = m.WhereClause(id="W1", conditions=(m.Condition(variable="PARAMCD", values=("OS",)),))
    result = m.AnalysisResult(
        id="R1",
        description="Overall survival",
        reason="SPECIFIED IN SAP",
        purpose="PRIMARY OUTCOME MEASURE",
        datasets=(m.AnalysisDataset(dataset="ADTTE", variables=("AVAL", "CNSR"), where=where),),
    )
    study = m.Study(study_id="S1", displays=(m.AnalysisDisplay(id="F1", title="Survival", results=(result,)),))
    header, row = workbook_sheets(study)["Analysis Results"]
    cells = dict(zip(header, row, strict=True))
    assert cells["Variables"] == "ADTTE.AVAL, ADTTE.CNSR"
    assert cells["Selection Criteria"] == "ADTTE.PARAMCD EQ OS"
    write_workbook(study, tmp_path / "spec.xlsx")
    assert read_specification(tmp_path / "spec.xlsx").study.displays == study.displays
    sheet = openpyxl.load_workbook(tmp_path / "spec.xlsx")["Analysis Results"]
    assert sheet.auto_filter.ref is not None
    assert (sheet.freeze_panes, sheet.print_title_rows, sheet.page_setup.fitToHeight) == ("A2", "$1:$1", 0)
