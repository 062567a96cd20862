"""The cleaning report: which findings are queries, in what order, and a listing that holds no formula."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openpyxl
import pandas as pd

from specs import models
from spectrail.findings import Findings
from spectrail.pipeline.queries import query_table, write_queries

STUDY = models.Study(
    study_id="S1",
    name="S <1>",
    sources=(
        models.RawSource(name="dm_raw", path="raw/DM.csv", label="Demography", keys=("Subject",)),
        models.RawSource(
            name="ae_raw", path="raw/AE.csv", label="Adverse events", keys=("Subject", "Line", "Absent")
        ),
    ),
)
RAW: dict[str, Any] = {
    "dm_raw": SimpleNamespace(frame=pd.DataFrame({"Subject": ["01", "02"]}, dtype="str")),
    "ae_raw": SimpleNamespace(frame=pd.DataFrame({"Subject": ["01", "01"], "Line": ["1", None]}, dtype="str")),
}


def finding(rule: str, severity: str, source: str, row: int, value: str = "x") -> Findings:
    """Make one finding of AE."""
    return Findings.of(
        rule=rule,
        severity=severity,
        dataset="AE",
        variable="AEENDTC",
        value=value,
        message="why?",
        source=source,
        source_row=row,
    )


def test_queries_are_warnings_and_errors_about_raw_rows_once_per_rule_and_row() -> None:
    """Notices, findings without a raw row, and findings about written datasets are no queries."""
    findings = Findings.concat(
        [
            finding("B", "error", "ae_raw", 2, "=1+1"),
            finding("A", "warning", "ae_raw", 2),
            finding("A", "warning", "ae_raw", 2, "again"),
            finding("A", "notice", "ae_raw", 1),
            finding("A", "error", "ae_raw", 0),
            finding("A", "error", "LB", 1),
            finding("C", "error", "dm_raw", 2),
        ]
    )
    table = query_table(findings, STUDY, RAW.__getitem__)
    shown = [tuple(row) for row in table[["Query", "Form", "File", "Row", "Keys", "Value", "Rule"]].to_numpy()]
    assert shown == [
        ("Q00001", "Demography", "raw/DM.csv", "2", "Subject=02", "x", "C"),
        ("Q00002", "Adverse events", "raw/AE.csv", "2", "Subject=01 Line=", "x", "A"),
        ("Q00003", "Adverse events", "raw/AE.csv", "2", "Subject=01 Line=", "=1+1", "B"),
    ]


def test_the_listing_has_the_same_bytes_twice_and_holds_no_formula(tmp_path: Path) -> None:
    """Cells are text even where they begin with an equals sign; markup in values is shown, not obeyed."""
    table = query_table(finding("B", "error", "ae_raw", 1, "=cmd|'x'!A1 <b>"), STUDY, RAW.__getitem__)
    created = datetime(2025, 1, 31, 12, 0)
    first = write_queries(tmp_path / "one", table, STUDY, created)
    second = write_queries(tmp_path / "two", table, STUDY, created)
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    book = openpyxl.load_workbook(first[0])
    cell = book["Queries"]["H2"]
    assert (cell.value, cell.data_type) == ("=cmd|'x'!A1 <b>", "s")
    assert [row[0].value for row in book["Summary"].iter_rows()] == ["Rule", "B"]
    page = first[1].read_text(encoding="utf-8")
    assert "=cmd|&#x27;x&#x27;!A1 &lt;b&gt;" in page
    assert "S &lt;1&gt;" in page


def test_a_study_without_queries_has_an_empty_listing(tmp_path: Path) -> None:
    """No findings give a listing with headers only."""
    table = query_table(Findings(), STUDY, RAW.__getitem__)
    assert len(table) == 0
    book, _ = write_queries(tmp_path, table, STUDY, datetime(2025, 1, 31))
    assert [cell.value for cell in openpyxl.load_workbook(book)["Queries"][1]][:2] == ["Query", "Form"]
