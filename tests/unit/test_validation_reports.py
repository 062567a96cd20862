"""Reports of a validation: findings.json, workbook, page data, raw rows, reviewer guides; same input, same bytes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from specs import models as m
from spectrail.findings import Findings
from spectrail.lineage import Lineage, RecordLineage
from validation.catalogue import rule_table
from validation.ledger import Ledger, judge, updated
from validation.reports.content import Report, dataset_summary, issue_summary, overview, rule_summary
from validation.reports.guides import write_guides
from validation.reports.page import write_report_html
from validation.reports.sheets import clean
from validation.reports.trace import Trail
from validation.reports.workbook import write_report_xlsx
from validation.reports.write import NAMES, write_reports
from validation.result import RULE_COLUMNS, STATUS_COLUMNS, FolderFacts, ValidationResult, ordered

CREATED = datetime(2025, 1, 31, 12)
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def report(*, count: int = 3, explanation: str = "as collected") -> Report:
    """Return a report of `count` findings on AE, the first accepted, and one rule that could not be evaluated."""
    number = np.arange(count)
    findings = ordered(
        Findings.of(
            rule="R1",
            severity="error",
            dataset="AE",
            variable="AETERM",
            record=number + 1,
            keys=[f"USUBJID={one}" for one in number],
            value=["=1+1", "</script><b>", "\x01 plain", *[f"v{one}" for one in range(3, count)]][:count],
            message="term is wrong",
            reference="CG0001",
        )
        + Findings.of(rule="TRC-DM", severity="reject", dataset="DM", message="there is no dm.xpt", value="dm.xpt")
    )
    status = pd.DataFrame(
        [
            ("R1", "AE", "run", "", "", "", count, "sdtm"),
            ("R2", "AE", "not_evaluated", "dataset_absent", "dataset TV is not in the study", "", 0, "sdtm"),
            ("R3", "AE", "not_applicable", "scope", "the rule is for LB", "", 0, "sdtm"),
            ("TRC-DM", "", "run", "", "", "", 1, "sdtm"),
        ],
        columns=list(STATUS_COLUMNS),
    )
    columns = ["folder", "dataset", "label", "file", "records", "variables", "bytes", "keys", "standard"]
    datasets = pd.DataFrame(
        [("sdtm", "AE", "Adverse Events", "ae.xpt", count, 2, 99, "USUBJID", "SDTMIG 3.4")], columns=columns
    )
    frame = pd.DataFrame({"USUBJID": pd.Series(number.astype(str)), "AETERM": findings.frame["value"].tolist()[1:]})
    folders = (FolderFacts("sdtm", "SDTMIG", "3.4", "2025-03-28", "define.xml"),)
    result = ValidationResult(findings, status, rule_table(()), datasets, folders, {"AE": frame.astype("str")})
    ledger = updated(Ledger(), findings, ran=["R1"])
    entries = ledger.entries.copy()
    entries.loc[entries["value"] == "=1+1", ["status", "explanation"]] = ["accepted", explanation]
    judged = judge(findings, Ledger(entries), ran=["R1"])
    return Report(result, judged, CREATED, "S1", "1.0")


def test_findings_json_holds_every_finding_with_its_status(tmp_path: Path):
    """One object per finding, worst first; what could not be evaluated is told."""
    write_reports(report(), tmp_path)
    made = json.loads((tmp_path / "findings.json").read_text(encoding="utf-8"))
    assert (made["format"], made["version"], made["title"]) == ("spectrail findings", 1, "S1")
    assert made["counts"] == {"reject": 1, "error": 3, "warning": 0, "notice": 0}
    assert made["ledger"] == {"new": 3, "known": 0, "accepted": 1, "fixed": 0}
    assert made["not_evaluated"] == [
        {"rule": "R2", "dataset": "AE", "cause": "dataset_absent", "reason": "dataset TV is not in the study"}
    ]
    listed = made["findings"]
    assert [(one["rule"], one["record"], one["status"]) for one in listed] == [
        ("TRC-DM", 0, "new"),
        ("R1", 1, "accepted"),
        ("R1", 2, "new"),
        ("R1", 3, "new"),
    ]
    assert (listed[1]["value"], listed[1]["explanation"], listed[1]["keys"]) == ("=1+1", "as collected", "USUBJID=0")
    assert re.fullmatch("F[0-9a-f]{16}", listed[1]["fingerprint"])


def test_findings_json_without_findings_is_valid(tmp_path: Path):
    """An empty list, no ledger."""
    result = ValidationResult(Findings())
    write_reports(Report(result, judge(Findings(), None), CREATED), tmp_path)
    made = json.loads((tmp_path / "findings.json").read_text(encoding="utf-8"))
    assert (made["findings"], made["ledger"]) == ([], None)


def test_all_reports_are_the_same_to_the_byte(tmp_path: Path):
    """Nothing reads the clock."""
    write_reports(report(), tmp_path / "one")
    write_reports(report(), tmp_path / "two")
    for name in NAMES:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


def test_workbook_has_the_sheets_that_staff_know(tmp_path: Path):
    """Sheets in order; text that looks like a formula is text, control characters are replaced."""
    write_report_xlsx(report(), tmp_path / "report.xlsx")
    book = openpyxl.load_workbook(tmp_path / "report.xlsx")
    assert book.sheetnames == [
        "Summary",
        "Dataset Summary",
        "Issue Summary",
        "Details",
        "Rules",
        "Rules not run",
        "Ledger fixed",
    ]
    assert book.properties.created == CREATED
    details = list(book["Details"].values)
    head = list(details[0])
    values = [row[head.index("Value")] for row in details[1:]]
    assert values == ["dm.xpt", "=1+1", "</script><b>", "\ufffd plain"]
    cell = book["Details"].cell(3, head.index("Value") + 1)
    assert (cell.data_type, cell.quotePrefix) == ("s", True)
    assert [row[:2] for row in book["Rules not run"].values][1:] == [
        ("R2", "not_evaluated"),
        ("R3", "not_applicable"),
    ]
    issues = list(book["Issue Summary"].values)[1:]
    assert [(row[0], row[1], *row[6:10]) for row in issues] == [
        ("reject", "TRC-DM", 1, 1, 0, 1),
        ("error", "R1", 3, 3, 1, 3),
    ]


def test_caps_are_shown_with_the_true_numbers(tmp_path: Path):
    """Two of five findings are listed; issue summary, details and summary say so."""
    write_report_xlsx(report(count=5), tmp_path / "report.xlsx", most_per_issue=2)
    book = openpyxl.load_workbook(tmp_path / "report.xlsx")
    assert [row[6:10] for row in book["Issue Summary"].values][2] == (5, 5, 1, 2)
    details = list(book["Details"].values)
    assert len(details) == 1 + 1 + 2 + 1
    assert details[-1][details[0].index("Message")] == "2 of 5 findings are listed here, 3 are not"
    note = dict(row for row in book["Summary"].values if row[0] == "Note")["Note"]
    assert note.startswith("Details leaves out 3 findings of 1 issues")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a<b>&c", "a&lt;b&gt;&amp;c"),
        ("\x00\x1f", "\ufffd\ufffd"),
        ("_x0041_", "_x005F_x0041_"),
        ("tab\tstays", "tab\tstays"),
    ],
)
def test_cells_hold_what_excel_can_hold(text: str, expected: str):
    """Markup is escaped, control characters are replaced, escapes of the format are escaped."""
    assert clean(text) == expected


def test_long_cells_are_cut_with_a_mark():
    """Excel holds 32767 characters."""
    cut = clean("x" * 40_000)
    assert (len(cut), cut[-6:]) == (32_767, " [cut]")


def test_workbook_opens_in_libreoffice(tmp_path: Path):
    """LibreOffice reads every sheet; the formula stays text."""
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice is not on this machine")
    write_report_xlsx(report(), tmp_path / "report.xlsx")
    every_sheet = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
    command = [office, f"-env:UserInstallation=file://{tmp_path}/profile", "--headless", "--convert-to", every_sheet]
    done = subprocess.run(
        [*command, "--outdir", str(tmp_path), str(tmp_path / "report.xlsx")],
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0
    assert '"=1+1"' in (tmp_path / "report-Details.csv").read_text(encoding="utf-8") or ",=1+1," in (
        tmp_path / "report-Details.csv"
    ).read_text(encoding="utf-8")
    assert len(list(tmp_path.glob("report-*.csv"))) == 7


def blocks(page: str) -> dict[str, dict[str, object]]:
    """Return the data that a page carries, by name."""
    found = re.findall(r'<script type="application/json" id="([^"]+)">(.*?)</script>', page, re.S)
    return {name: json.loads(text) for name, text in found}


def test_page_carries_records_and_cannot_be_left(tmp_path: Path):
    """Values that look like markup never end the data; the records that findings name are there."""
    write_report_html(report(), tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "</script><b>" not in page
    data = blocks(page)
    assert data["report"]["value"]["of"] == ["dm.xpt", "=1+1", "</script><b>", "\x01 plain"]  # type: ignore[index]
    held = data["records-AE"]
    assert held["records"] == [1, 2, 3]
    assert held["columns"] == ["USUBJID", "AETERM"]
    assert held["raw"] is None
    assert re.findall(r'(?:src|href)="(?!#|data:)', page) == []


def test_page_shows_sas_dates_as_dates(tmp_path: Path):
    """22280 days since 1960-01-01 are 2020-12-31 under DATE9."""
    base = report()
    frame = base.result.records["AE"].assign(ADT=[22280.0, np.nan, 0.0], ADTM=[86400.0, np.nan, np.nan])
    result = replace(base.result, records={"AE": frame}, formats={"AE": {"ADT": "DATE9.", "ADTM": "DATETIME20."}})
    write_report_html(replace(base, result=result), tmp_path / "report.html")
    cells = blocks((tmp_path / "report.html").read_text(encoding="utf-8"))["records-AE"]["cells"]
    assert cells[2] == {"of": ["2020-12-31 (22280)", "", "1960-01-01 (0)"], "at": [0, 1, 2]}  # type: ignore[index]
    assert cells[3]["of"] == ["1960-01-02T00:00:00 (86400)", ""]  # type: ignore[index]


def test_names_of_files_cannot_leave_an_attribute(tmp_path: Path):
    """A dataset may be named anything: its file name says so."""
    base = report()
    name = 'A"><script>alert(1)'
    frame = base.result.findings.frame.assign(dataset=name)
    result = replace(base.result, findings=Findings.of(**frame), records={name: base.result.records["AE"]})
    write_report_html(replace(base, result=result), tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert 'id="records-A&quot;&gt;&lt;script&gt;alert(1)"' in page


def lineage(sources: tuple[str, ...], record: list[int], source: list[int], row: list[int]) -> Lineage:
    """Return record lineage."""
    made = [np.array(values, dtype=np.int32) for values in (record, source, row)]
    return Lineage(RecordLineage(sources, *made))


def test_raw_rows_are_found_through_datasets():
    """ADAE comes from AE and ADSL, AE from the raw form: ADAE record 1 goes back to rows 7 and 8 and to a lookup."""
    trail = Trail(
        {"ae_raw": "raw/ae.csv"},
        {
            "ADAE": lineage(("AE", "lookup"), [0, 1, 1], [0, 0, 1], [1, 0, 4]),
            "AE": lineage(("ae_raw",), [0, 0, 1], [0, 0, 0], [7, 8, 2]),
        },
    )
    found = trail.raw_rows("ADAE", np.array([1, 0]))
    assert found.to_numpy().tolist() == [[0, "ae_raw", 7], [0, "ae_raw", 8], [0, "lookup", 4], [1, "ae_raw", 2]]
    assert len(trail.raw_rows("LB", np.array([0]))) == 0


def test_page_leads_to_raw_rows(tmp_path: Path):
    """File and 1-based row stand with the record."""
    trail = Trail({"ae_raw": "raw/ae.csv"}, {"AE": lineage(("ae_raw",), [0, 1, 2], [0, 0, 0], [5, 6, 9])})
    write_report_html(report(), tmp_path / "report.html", trail=trail)
    raw = blocks((tmp_path / "report.html").read_text(encoding="utf-8"))["records-AE"]["raw"]
    assert raw == {
        "sources": [["ae_raw", "raw/ae.csv"]],
        "start": [0, 1, 2, 3],
        "source": [0, 0, 0],
        "row": [6, 7, 10],
    }


def paragraphs(path: Path) -> list[str]:
    """Return the texts of a Word document in order."""
    from xml.etree import ElementTree

    root = ElementTree.fromstring(zipfile.ZipFile(path).read("word/document.xml"))
    return ["".join(part.text or "" for part in one.iter(f"{WORD}t")) for one in root.iter(f"{WORD}p")]


STUDY = m.Study(
    study_id="S1",
    protocol="P-1",
    name="A <trial> & more",
    datasets=(m.Dataset(name="AE", label="Adverse Events", keys=("USUBJID",)),),
    dictionaries=(m.Dictionary(id="MEDDRA", name="MedDRA", dictionary="MedDRA", version="27.0"),),
)


def test_reviewer_guide_explains_issues_from_the_ledger(tmp_path: Path):
    """Headings of the template, dictionaries, datasets, and issues with the explanation that the ledger gives."""
    (tmp_path / "sdtm").mkdir()
    paths = write_guides(report(explanation="site wrote it so"), tmp_path, STUDY)
    assert paths == [tmp_path / "sdtm" / "csdrg.docx"]
    texts = paragraphs(paths[0])
    for heading in (
        "1.3 Study Data Standards and Dictionary Inventory",
        "2.1 Protocol Number and Title",
        "3.3 SDTM Subject Domains",
        "4.1 Conformance Inputs",
        "4.2 Issues Summary",
    ):
        assert heading in texts
    assert "P-1: A <trial> & more" in texts
    assert texts[texts.index("Dictionary: MedDRA") + 1] == "MedDRA 27.0"
    at = texts.index("4.2 Issues Summary")
    assert "site wrote it so" in texts[at:]
    assert "dataset TV is not in the study" in texts
    again = write_guides(report(explanation="site wrote it so"), tmp_path, STUDY)
    assert zipfile.ZipFile(again[0]).infolist()[0].date_time == (2025, 1, 31, 12, 0, 0)


def test_analysis_guide_counts_population_flags(tmp_path: Path):
    """The ADRG lists the population flags of ADSL, no others, with the subjects that have Y."""
    base = report()
    flags = {"SAFFL": ["Y", "Y", "N"], "DTHFL": ["Y", "N", "N"], "MRDFL": ["N", "N", "Y"], "XFL": ["N", "Y", "Y"]}
    adsl = pd.DataFrame({"USUBJID": ["1", "2", "3"], **flags}, dtype="str")
    labels = {"SAFFL": "Safety", "DTHFL": "Death", "MRDFL": "MRD Population Flag", "XFL": "Other"}
    variables = tuple(m.Variable(name=name, label=label) for name, label in labels.items())
    study = STUDY.model_copy(update={"datasets": (m.Dataset(name="ADSL", variables=variables),)})
    datasets = base.result.datasets.assign(dataset="ADSL", file="adsl.xpt", folder="adam")
    folders = (FolderFacts("adam", "ADAMIG", "1.3", "2025-03-28"),)
    adam_status = base.result.status.assign(folder="adam")
    result = ValidationResult(
        base.result.findings,
        adam_status,
        base.result.rules,
        datasets,
        folders,
        {"ADSL": adsl},
    )
    (tmp_path / "adam").mkdir()
    paths = write_guides(Report(result, base.judged, CREATED, "S1"), tmp_path, study)
    texts = paragraphs(paths[0])
    assert paths[0].name == "adrg.docx"
    assert texts[texts.index("SAFFL") + 2] == "2 of 3"
    assert texts[texts.index("MRDFL") + 2] == "1 of 3"
    assert not {"DTHFL", "XFL"} & set(texts)


def two_packages() -> Report:
    """Return a report of an SDTM and an ADaM folder: 2 errors on AE, one accepted, a folded notice on ADAE."""
    findings = ordered(
        Findings.of(rule="R1", severity="error", dataset="AE", message="term", value=["a", "b"])
        + Findings.of(rule="R4", severity="notice", dataset="ADAE", message="folded", value="c", count=7)
        + Findings.of(rule="R5", severity="warning", dataset="", message="of the analysis define.xml")
    )
    rows = [
        ("R1", "AE", "run", "", "", "", 2, "sdtm"),
        ("R2", "", "not_evaluated", "dataset_absent", "no TV", "", 0, "sdtm"),
        ("R4", "", "not_applicable", "standard", "not for SDTMIG", "", 0, "sdtm"),
        ("R5", "", "run", "", "", "", 0, "sdtm"),
        ("R1", "", "not_applicable", "standard", "not for ADAMIG", "", 0, "adam"),
        ("R2", "", "not_applicable", "standard", "not for ADAMIG", "", 0, "adam"),
        ("R4", "ADAE", "run", "", "", "", 1, "adam"),
        ("R4", "ADTTE", "not_evaluated", "internal_error", "broken", "", 0, "adam"),
        ("R5", "", "run", "", "", "", 1, "adam"),
    ]
    columns = ["folder", "dataset", "label", "file", "records", "variables", "bytes", "keys", "standard"]
    datasets = pd.DataFrame(
        [("sdtm", "AE", "", "ae.xpt", 2, 2, 9, "", "SDTMIG 3.4"), ("adam", "ADAE", "", "adae.xpt", 2, 2, 9, "", "")],
        columns=columns,
    )
    folders = (FolderFacts("sdtm", "SDTMIG", "3.4", "2025-03-28"), FolderFacts("adam", "ADAMIG", "1.3", "2025-03-28"))
    status = pd.DataFrame(rows, columns=list(STATUS_COLUMNS))
    rules = pd.DataFrame(
        [(name, "error", "", name, "rules") for name in ("R1", "R2", "R4", "R5")], columns=list(RULE_COLUMNS)
    )
    result = ValidationResult(findings, status, rules, datasets, folders)
    entries = updated(Ledger(), findings, ran=[]).entries
    entries.loc[entries["value"] == "a", ["status", "explanation"]] = ["accepted", "agreed"]
    return Report(result, judge(findings, Ledger(entries)), CREATED, "S1")


def test_every_rule_is_counted_once():
    """R1, R4, R5 ran under one standard or both; R2 was not evaluated; the three numbers add up."""
    facts = dict(overview(two_packages()))
    assert facts["Rules"] == "4"
    assert facts["Created (of the study)"] == "2025-01-31T12:00:00"
    assert [facts[f"Rules {name}"] for name in ("run", "not evaluated", "not applicable")] == ["3", "1", "0"]
    assert facts["Of the rules run"].startswith("1 could not be evaluated on every dataset")


def test_findings_are_counted_as_rows_with_their_records_beside():
    """One notice that stands for 7 records is one finding; the same in overview, findings.json and issues."""
    made = two_packages()
    facts = dict(overview(made))
    assert (facts["Findings: error"], facts["Findings: notice"]) == ("2, 1 accepted", "1 (7 records)")
    issues = issue_summary(made).set_index("rule")
    assert issues.loc["R4", ["findings", "records", "accepted"]].tolist() == [1, 7, 0]
    assert issues.loc["R1", ["findings", "records", "accepted"]].tolist() == [2, 2, 1]
    rules = rule_summary(made).set_index("rule")
    assert rules.loc["R4", ["findings", "records"]].tolist() == [1, 7]
    assert dataset_summary(made).set_index("dataset").loc["ADAE", "notice"] == 1


def test_guides_count_their_own_package(tmp_path: Path):
    """The cSDRG counts what SDTM has, the ADRG what ADaM has; one on no dataset belongs where its rule found."""
    for name in ("sdtm", "adam"):
        (tmp_path / name).mkdir()
    csdrg, adrg = (paragraphs(path) for path in write_guides(two_packages(), tmp_path, STUDY))
    assert any("Rules: 2 run, 1 not evaluated, 1 not applicable." in text for text in csdrg)
    assert any("Rules: 2 run, 0 not evaluated, 2 not applicable." in text for text in adrg)
    said = "Findings by severity, accepted ones included: "
    assert f"{said}reject 0; error 2, 1 accepted; warning 0; notice 0." in csdrg
    assert f"{said}reject 0; error 0; warning 1; notice 1 (7 records)." in adrg
    assert ("no TV" in csdrg, "no TV" in adrg) == (True, False)
    assert ("of the analysis define.xml" in csdrg, "of the analysis define.xml" in adrg) == (False, True)


@pytest.mark.parametrize(
    ("name", "description", "expected"),
    [
        ("P-1", "A trial of X", "P-1: A trial of X"),
        ("S1", "A trial of X", "P-1: A trial of X"),
        ("Name", "A trial of X", "P-1: Name"),
        ("P-1", "", "P-1: [title]"),
    ],
)
def test_guides_name_the_title_of_the_protocol(tmp_path: Path, name: str, description: str, expected: str):
    """A name that only repeats the number is no title: the description is; it stands once."""
    (tmp_path / "sdtm").mkdir()
    study = STUDY.model_copy(update={"name": name, "description": description})
    texts = paragraphs(write_guides(report(), tmp_path, study)[0])
    assert texts[texts.index("2.1 Protocol Number and Title") + 1] == expected
    assert ("A trial of X" in texts) == (name == "Name")
