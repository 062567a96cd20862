"""The cleaning report: which findings are queries, which cell each is about, and files that hold no formula."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

from specs import models
from spectrail.findings import Findings
from spectrail.lineage import Lineage, Provider, RecordLineage, Trace
from spectrail.pipeline import query_files
from spectrail.pipeline.queries import HEADERS, columns_behind, query_table
from spectrail.pipeline.query_files import write_queries

STUDY = models.Study(
    study_id="S1",
    name="S <1>",
    sources=(
        models.RawSource(name="dm_raw", path="raw/DM.csv", label="Demography"),
        models.RawSource(name="lab_raw", path="raw/LB.csv", label="Laboratory"),
    ),
)
DM = pd.DataFrame({"Subject": ["01", "02"], "SiteNumber": ["1", "1"], "BIRTH": ["1/1/80", "30/2/81"]}, dtype="str")
LAB = pd.DataFrame(
    {
        "Subject": ["01", "01", "02", "02"],
        "FolderName": ["Day 1", "Day 8", "Day 1", "Day 8"],
        "DataPageName": ["Laboratory"] * 4,
        "PageRepeatNumber": ["0", "1", "0", "0"],
        "RecordPosition": ["1", "2", "1", "2"],
        "RESULT": ["6.5", "6.5", "7", "7"],
        "UNIT": [None, "EL/L", "EL/L", "g/L"],
    },
    dtype="str",
)
RAW: dict[str, Any] = {"dm_raw": SimpleNamespace(frame=DM), "lab_raw": SimpleNamespace(frame=LAB)}
LB = Lineage(
    # the second row of the laboratory was left out
    RecordLineage(("lab_raw",), np.array([0, 1, 2], "i4"), np.zeros(3, "i4"), np.array([2, 3, 0], "i4")),
    (
        Trace("LBORRES", 1, "assign_no_ct", ("lab_raw.RESULT",), start="lab_raw"),
        Trace("LBORRESU", 2, "assign_ct", ("lab_raw.UNIT",), start="lab_raw"),
        Trace("LBORRES", 5, "assign_no_ct", ("other_raw.VALUE",), start="other_raw"),
        Trace("LBSTRESC", 9, "unit_convert", ("LBORRES", "lab_raw.UNIT", "LBTESTCD")),
    ),
)


def finding(rule: str, row: int, value: str = "x", **more: Any) -> Findings:
    """Make one finding on a row of the laboratory."""
    usual = {"severity": "error", "dataset": "LB", "variable": "LBSTRESC", "message": "why?", "source": "lab_raw"}
    return Findings.of(**(usual | {"rule": rule, "value": value, "source_row": row} | more))


def listed(findings: list[Findings], *columns: str) -> list[tuple[str, ...]]:
    """Return columns of the listing of some findings."""
    table = query_table(Findings.concat(findings), STUDY, RAW.__getitem__, {"LB": LB})
    return [tuple(row) for row in table[list(columns)].to_numpy()]


def test_queries_are_warnings_and_errors_on_raw_rows_and_all_that_query_steps_raise() -> None:
    """Notices of other steps, findings without a raw row, and findings about written datasets are no queries."""
    found = [
        finding("B", 1),
        finding("QUERY-A", 2, severity="notice"),
        finding("C", 2, severity="notice"),
        finding("D", 0),
        finding("E", 1, source="LB"),
        finding("F", 2, dataset="DM", variable="BIRTH", source="dm_raw"),
    ]
    assert listed(found, "Query", "Form", "File", "Row", "Rule") == [
        ("Q00001", "Demography", "raw/DM.csv", "2", "F"),
        ("Q00002", "Laboratory", "raw/LB.csv", "1", "B"),
        ("Q00003", "Laboratory", "raw/LB.csv", "2", "QUERY-A"),
    ]


def test_a_query_says_where_the_value_stands_and_what_was_collected() -> None:
    """Site, subject, visit, page with its repeat number, line, field and collected value come from the raw row."""
    found = [
        finding("QUERY-BIG", 2, "6.5", variable="LBORRES", message="the result is too big"),
        finding("MAP-DATE-IMPOSSIBLE", 2, "30/2/81", dataset="DM", variable="BIRTH", source="dm_raw"),
    ]
    fields = ("Site", "Subject", "Visit", "Page", "Line", "Field", "Collected", "Question", "Record")
    asked = 'The date or time "30/2/81" does not exist in the format of the form. Please correct it.'
    assert listed(found, *fields) == [
        ("1", "02", "", "", "", "BIRTH", "30/2/81", asked, ""),
        (
            "",
            "01",
            "Day 8",
            "Laboratory (repeat 1)",
            "2",
            "RESULT",
            "6.5",
            "The result is too big. Please correct or confirm.",
            "",
        ),
    ]


def test_one_cell_is_queried_once_for_one_reason() -> None:
    """A unit that is in no codelist and therefore not convertible is one query; other questions stay apart."""
    found = [
        finding("MAP-CT", 3, "EL/L", variable="LBORRESU", severity="warning"),
        finding("MAP-UNIT-UNKNOWN", 3, "EL/L"),
        finding("MAP-UNIT-UNKNOWN", 3, "EL/L", variable="LBORRESU"),
        finding("QUERY-A", 3, "7", variable="LBORRES"),
    ]
    assert listed(found, "Field", "Rule", "Variables", "Record") == [
        ("RESULT", "QUERY-A", "LB.LBORRES", "1"),
        ("UNIT", "MAP-UNIT-UNKNOWN", "LB.LBSTRESC, LB.LBORRESU", "1"),
    ]


def test_a_missing_unit_is_asked_at_the_blank_cell() -> None:
    """The finding shows the result, the query the field of the unit."""
    assert listed([finding("MAP-UNIT-MISSING", 1, "6.5")], "Field", "Collected", "Record") == [("UNIT", "", "3")]


def test_a_finding_listed_once_is_one_query_for_each_raw_row() -> None:
    """All rows with the value are asked about, also one that became no record."""
    assert listed([finding("MAP-UNIT-UNKNOWN", 2, "EL/L", count=2)], "Row", "Collected", "Record") == [
        ("2", "EL/L", ""),
        ("3", "EL/L", "1"),
    ]


def test_a_finding_counted_over_fewer_rows_than_have_the_value_stays_one_query() -> None:
    """Which of the rows a step saw is not known then; its first row is asked about."""
    assert listed([finding("MAP-CT", 3, "7", variable="LBORRES", count=5)], "Row") == [("3",)]


def test_columns_behind_a_variable_follow_the_steps_of_its_form_and_rows_of_other_forms() -> None:
    """Steps on records of another form do not count; a value taken from another form names its column there."""
    assert list(columns_behind(LB, "LBSTRESC", "lab_raw")) == ["UNIT", "RESULT"]
    assert list(columns_behind(LB, "LBSTRESC", "other_raw")) == ["VALUE"]
    provider = Provider("surv_raw", "DTHDAT", np.array([4], "i4"))
    assert list(columns_behind(Lineage(providers={"DTHDTC": (provider,)}), "DTHDTC", "surv_raw")) == ["DTHDAT"]


def test_the_files_have_the_same_bytes_twice_and_hold_no_formula_or_markup(tmp_path: Path) -> None:
    """Cells are text even where they begin with an equals sign; markup is shown, control characters are replaced."""
    value = "=cmd|'x'!A1 <b>\x01"
    found = finding("B", 2, dataset="DM", variable="BIRTH", source="dm_raw")
    raw: dict[str, Any] = {"dm_raw": SimpleNamespace(frame=DM.assign(BIRTH=[None, value]))}
    table = query_table(found, STUDY, raw.__getitem__)
    created = datetime(2025, 1, 31, 12, 0)
    first = write_queries(tmp_path / "one", table, STUDY, created)
    second = write_queries(tmp_path / "two", table, STUDY, created)
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    book = openpyxl.load_workbook(first[0])
    cell = book["Queries"].cell(2, HEADERS.index("Collected") + 1)
    assert (cell.value, cell.data_type) == ("=cmd|'x'!A1 <b>\ufffd", "s")
    assert [row[1].value for row in book["Summary"].iter_rows()] == ["Rule", "B"]
    page = first[1].read_text(encoding="utf-8")
    assert "=cmd|&#x27;x&#x27;!A1 &lt;b&gt;" in page
    assert "S &lt;1&gt;" in page
    assert "http" not in page


def test_the_files_list_so_many_queries_and_count_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is left out is told in both files with the true number."""
    monkeypatch.setattr(query_files, "MOST", 2)
    table = query_table(finding("A", 1) + finding("B", 4), STUDY, RAW.__getitem__)
    assert len(table) == 2
    book, page = write_queries(tmp_path, pd.concat([table, table[:1]]), STUDY, datetime(2025, 1, 31))
    read = openpyxl.load_workbook(book)
    assert (read["Queries"].max_row, read["Summary"].cell(read["Summary"].max_row, 4).value) == (3, "3")
    assert "Only the first 2 of 3 queries are listed." in page.read_text(encoding="utf-8")


def test_transposed_columns_stand_behind_their_own_records_only() -> None:
    """Of two columns with the same value the query names the one that became the record."""
    records = pd.DataFrame({"VSTESTCD": ["SYSBP", "PULSE"], "VSORRES": ["90", "90"]}, dtype="str")
    readings = [
        Trace("VSORRES", 1, "transpose", (f"lab_raw.{name}",), when=f"VSTESTCD == '{test}'")
        for name, test in (("RESULT", "SYSBP"), ("UNIT", "PULSE"))
    ]
    lineage = Lineage(
        RecordLineage(("lab_raw",), np.array([0, 1], "i4"), np.zeros(2, "i4"), np.zeros(2, "i4")), tuple(readings)
    )
    raw: dict[str, Any] = {"lab_raw": SimpleNamespace(frame=LAB.assign(RESULT="90", UNIT="90"))}
    asked = finding("QUERY-A", 1, "90", dataset="VS", variable="VSORRES", record=2)
    table = query_table(asked, STUDY, raw.__getitem__, {"VS": lineage}, {"VS": records}.__getitem__)
    assert table[["Field", "Record"]].to_numpy().tolist() == [["UNIT", "2"]]


def test_a_study_without_queries_has_an_empty_listing(tmp_path: Path) -> None:
    """No findings give a listing with headers only."""
    table = query_table(Findings(), STUDY, RAW.__getitem__)
    assert (len(table), tuple(table.columns)) == (0, HEADERS)
    book, _ = write_queries(tmp_path, table, STUDY, datetime(2025, 1, 31))
    assert [cell.value for cell in openpyxl.load_workbook(book)["Queries"][1]] == list(HEADERS)


def test_names_and_numbers_never_break_on_the_page(tmp_path: Path) -> None:
    """Query, subject, file, row and rule stand on one line; what was collected may break anywhere."""
    row = dict.fromkeys(HEADERS, "") | {"Query": "Q00001", "File": "raw/LBLOC.csv", "Row": "12", "Rule": "QUERY-X"}
    row |= {"Collected": "value", "Question": "Why?"}
    _, page = write_queries(tmp_path, pd.DataFrame([row], columns=list(HEADERS)), STUDY, datetime(2025, 1, 31))
    text = page.read_text(encoding="utf-8")
    assert "td.whole{white-space:nowrap}" in text
    for cell in ("Q00001", "raw/LBLOC.csv", "12", "QUERY-X"):
        assert f'<td class="whole">{cell}</td>' in text
    assert '<td class="free">value</td>' in text
    assert '<td class="words">Why?</td>' in text
