"""The validation report in a headless Chromium: 100 000 findings, filters, keyboard, from finding to raw row."""

from __future__ import annotations

import importlib
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from chromium import open_page, requests

from spectrail.findings import Findings
from spectrail.lineage import Lineage, RecordLineage
from validation.catalogue import rule_table
from validation.ledger import Ledger, judge, updated
from validation.reports.content import Report
from validation.reports.page import write_report_html
from validation.reports.trace import Trail
from validation.result import STATUS_COLUMNS, FolderFacts, ValidationResult, ordered

pytestmark = pytest.mark.browser
SIZE = 100_000


def laboratory() -> tuple[ValidationResult, Trail]:
    """Return findings on every record of an LB, one in a hundred a warning, with raw rows in reverse."""
    number = np.arange(SIZE)
    subject = np.char.add("01-", (number // 100).astype(str))
    findings = ordered(
        Findings.of(
            rule=np.where(number % 100 == 7, "R-UNIT", "R-RANGE"),
            severity=np.where(number % 100 == 7, "warning", "error"),
            dataset="LB",
            variable=np.where(number % 100 == 7, "LBSTRESU", "LBSTRESN"),
            record=number + 1,
            keys=np.char.add("USUBJID=", subject),
            value=(number * 0.5).astype(str),
            message=np.where(number % 100 == 7, "unit is not the standard one", "result is out of range"),
            reference="CG0001",
        )
    )
    frame = pd.DataFrame(
        {
            "USUBJID": pd.Series(subject, dtype="str"),
            "LBTESTCD": pd.Series(np.array(["ALT", "AST"])[number % 2], dtype="str"),
            "LBSTRESN": number * 0.5,
            "LBSTRESU": pd.Series(np.where(number % 100 == 7, "g", "U/L"), dtype="str"),
        }
    )
    columns = ["folder", "dataset", "label", "file", "records", "variables", "bytes", "keys", "standard"]
    row = ("sdtm", "LB", "Laboratory", "lb.xpt", SIZE, 4, 1, "USUBJID", "SDTMIG 3.4")
    status = pd.DataFrame(
        [
            ("R-UNIT", "LB", "run", "", "", "", SIZE // 100, "sdtm"),
            ("R-RANGE", "LB", "run", "", "", "", SIZE - SIZE // 100, "sdtm"),
            ("R-TV", "LB", "not_evaluated", "dataset_absent", "dataset TV is not in the study", "", 0, "sdtm"),
        ],
        columns=list(STATUS_COLUMNS),
    )
    folders = (FolderFacts("sdtm", "SDTMIG", "3.4", "2025-03-28", "define.xml"),)
    datasets = pd.DataFrame([row], columns=columns)
    result = ValidationResult(findings, status, rule_table(()), datasets, folders, {"LB": frame})
    links = RecordLineage(
        ("lab_raw",), number.astype(np.int32), np.zeros(SIZE, dtype=np.int32), (SIZE - 1 - number).astype(np.int32)
    )
    return result, Trail({"lab_raw": "raw/lab.csv"}, {"LB": Lineage(links)})


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the report of 100 000 findings."""
    result, trail = laboratory()
    path = tmp_path_factory.mktemp("report") / "report.html"
    report = Report(result, judge(result.findings, Ledger()), datetime(2025, 1, 31, 12), "STUDY-1", "1.0")
    write_report_html(report, path, trail=trail)
    return path


def press(browser: Any, *keys: str) -> None:
    """Press keys one after the other where the focus is."""
    actions = importlib.import_module("selenium.webdriver").ActionChains(browser)
    for key in keys:
        actions.send_keys(key)
    actions.perform()
    time.sleep(0.3)


def text_of(browser: Any, selector: str) -> str:
    """Return the text of an element."""
    return str(browser.execute_script("return document.querySelector(arguments[0]).textContent", selector))


def test_hundred_thousand_findings_open_and_filter_in_three_seconds(browser: Any, page: Path):
    """From the start of loading to a filtered list; only rows in sight are in the document, nothing is fetched."""
    started = time.perf_counter()
    open_page(browser, page)
    browser.find_element("id", "text").send_keys("unit 01-99")
    deadline = time.perf_counter() + 3
    while time.perf_counter() < deadline and not text_of(browser, "#shown").startswith("11 of"):
        time.sleep(0.02)
    assert time.perf_counter() - started < 3
    # subjects 01-99, 01-990 to 01-999: one unit finding each
    assert text_of(browser, "#shown") == "11 of 100\u202f000 findings"
    assert browser.execute_script("return document.querySelectorAll('#list .row').length") == 11
    assert [one for one in requests(browser) if not one.startswith(("file:", "data:"))] == []
    assert browser.get_log("browser") == []


def test_filters_combine(browser: Any, page: Path):
    """Severity boxes and the rule list narrow the list; Clear lifts them."""
    open_page(browser, page)
    browser.execute_script("document.getElementById('see-error').click()")
    assert text_of(browser, "#shown") == "1\u202f000 of 100\u202f000 findings"
    script = (
        "const one = document.getElementById('rule'); one.value = 'R-RANGE';"
        "one.dispatchEvent(new Event('change', {bubbles: true}))"
    )
    browser.execute_script(script)
    assert text_of(browser, "#shown") == "0 of 100\u202f000 findings"
    assert text_of(browser, "#detail") == "No finding fits the filters."
    browser.execute_script("document.getElementById('clear').click()")
    assert text_of(browser, "#shown") == "100\u202f000 of 100\u202f000 findings"


def test_from_a_finding_to_its_raw_row_by_keyboard(browser: Any, page: Path):
    """Slash, words, arrows, Enter: record 708 of LB is shown, its variable marked, with raw row 99 293 behind it."""
    open_page(browser, page)
    press(browser, "/", *"unit 01-7")
    press(browser, "\ue007", "\ue015")  # Enter goes to the list, arrow down to its second finding
    # unit findings of subjects 01-7, 01-70, ...: records 708 and 7008
    assert text_of(browser, "#list [aria-selected=true] .number") == "7008"
    press(browser, "\ue011")  # Home
    assert text_of(browser, "#list [aria-selected=true] .number") == "708"
    press(browser, "\ue007")
    assert browser.execute_script("return document.activeElement.id") == "detail"
    assert text_of(browser, "#raw li") == "raw/lab.csv, row 99293 (lab_raw)"
    assert text_of(browser, "#record tr.named") == "LBSTRESUg"
    assert text_of(browser, "#record tr") == "USUBJID01-7"
    press(browser, "\ue00c")  # Escape
    assert browser.execute_script("return document.activeElement.id") == "list"


def test_the_end_of_the_list_can_be_reached(browser: Any, page: Path):
    """End goes to the last of 100 000 findings, which is drawn."""
    open_page(browser, page)
    browser.execute_script("document.getElementById('list').focus()")
    press(browser, "\ue010")
    assert browser.execute_script("return document.querySelector('#list [aria-selected=true]').id") == "row-99999"
    assert text_of(browser, "#list [aria-selected=true] .number") == str(SIZE - 100 + 8)


def test_a_fingerprint_in_the_address_opens_its_finding(browser: Any, page: Path):
    """The address of a finding can be passed on."""
    open_page(browser, page)
    browser.execute_script("document.getElementById('list').focus()")
    press(browser, "\ue010")
    fragment = browser.execute_script("return location.hash")
    open_page(browser, page, fragment)
    assert text_of(browser, "#list [aria-selected=true] .number") == str(SIZE - 100 + 8)


def test_issues_lead_to_their_findings(browser: Any, page: Path):
    """The rule of an issue is a link that filters the list; what did not run has its reason."""
    open_page(browser, page)
    click = "[...document.querySelectorAll(arguments[0])].find(one => one.textContent === arguments[1]).click()"
    browser.execute_script(click, "#tabs button", "Issues")
    assert text_of(browser, "#view-issues tbody tr td.number") == "99\u202f000"
    browser.execute_script(click, "#view-issues button", "R-UNIT")
    assert text_of(browser, "#shown") == "1\u202f000 of 100\u202f000 findings"
    browser.execute_script(click, "#tabs button", "Rules not run")
    assert "dataset TV is not in the study" in text_of(browser, "#view-not-run")


LONG = (
    "the value is negative although the unit of the collected result allows positive numbers only: please correct it"
)


@pytest.fixture(scope="module")
def judged_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a report of two errors with a long message, both accepted, and a notice that stands for 7 records."""
    findings = ordered(
        Findings.of(
            rule="SPT-LONG-NAME-0006", severity="error", dataset="ADAECASE", message=LONG, value=["a", "b"], record=1
        )
        + Findings.of(rule="R3", severity="notice", dataset="LB", message="folded", value="d", count=7)
    )
    entries = updated(Ledger(), findings, ran=[]).entries
    entries.loc[entries["value"] != "d", ["status", "explanation"]] = ["accepted", "agreed"]
    path = tmp_path_factory.mktemp("judged") / "report.html"
    result = ValidationResult(findings, rules=rule_table(()))
    write_report_html(Report(result, judge(findings, Ledger(entries)), datetime(2025, 1, 31, 12), "STUDY-1"), path)
    return path


def test_accepted_findings_are_hidden_at_first_and_told_in_the_head(browser: Any, judged_page: Path):
    """The head says 0 open errors, 2 accepted; the list shows what is open, Clear shows everything."""
    open_page(browser, judged_page)
    badges = browser.execute_script(
        "return [...document.querySelectorAll('#badges span')].map(one => one.textContent)"
    )
    assert badges[1:4] == ["0 open error (2 accepted)", "0 open warning", "1 open notice (7 records)"]
    assert text_of(browser, "#shown") == "1 of 3 findings"
    browser.execute_script("document.getElementById('clear').click()")
    assert text_of(browser, "#shown") == "3 of 3 findings"
    fragment = browser.execute_script("return location.hash")
    open_page(browser, judged_page, fragment)
    assert text_of(browser, "#list [aria-selected=true]").startswith("errorSPT-LONG-NAME-0006")


def test_rule_dataset_and_message_are_not_cut(browser: Any, judged_page: Path):
    """Every cell of the row shows its whole content; the list is not wider than its place."""
    open_page(browser, judged_page)
    browser.execute_script("document.getElementById('clear').click()")
    script = (
        "return [...document.querySelectorAll('#row-0 > span')]"
        ".map(one => [one.scrollWidth <= one.clientWidth, one.scrollHeight <= one.clientHeight])"
    )
    assert browser.execute_script(script) == [[True, True]] * 6
    assert (
        browser.execute_script(
            "const one = document.getElementById('list'); return one.scrollWidth - one.clientWidth"
        )
        == 0
    )
