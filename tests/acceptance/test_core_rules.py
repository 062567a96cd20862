"""All published cases of the CORE rules: counts, the explained list of what does not pass, and speed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from spectrail.io.xpt import read_xpt
from validation.core.case_runner import CaseTable
from validation.core.commands import run_rule_cases, summarise_cases
from validation.core.evaluate import run_rules
from validation.core.packaged_standards import packaged_standards
from validation.core.rule_files import load_rules
from validation.core.study import study_of

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"
RULES = SHARED / "core_rules"
PAGE = ROOT / "docs" / "explanation" / "published-rule-cases.md"

pytestmark = pytest.mark.skipif(not RULES.is_dir(), reason="the published rules are not on this machine")


def explained(prefix: str) -> dict[tuple[str, str], str]:
    """Return outcome by rule and case of the page's tables, for rules whose name matches."""
    rows = re.findall(r"^\| (\S+) \| (\S+/\d+) \| (\w+) \| \S.*\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {(rule, case): outcome for rule, case, outcome in rows if re.match(prefix, rule)}


@pytest.fixture(scope="module")
def cases() -> CaseTable:
    """Run all cases once."""
    return run_rule_cases(RULES)


def test_published_cases_with_recorded_results(cases: CaseTable) -> None:
    """549 of 562 give the recorded lines."""
    recorded = cases.frame()[lambda frame: frame["recorded"]]
    assert (len(recorded), int((recorded["status"] == "passed").sum())) == (562, 549)


def test_published_cases_without_recorded_results(cases: CaseTable) -> None:
    """The four pass by verdict."""
    others = cases.frame()[lambda frame: ~frame["recorded"]]
    assert others[["rule", "case", "status"]].to_numpy().tolist() == [
        ["CORE-000675", "positive/01", "passed"],
        ["CORE-000675", "negative/01", "passed"],
        ["CORE-000736", "negative/01", "passed"],
        ["CORE-000774", "negative/01", "passed"],
    ]


def test_every_miss_is_explained(cases: CaseTable) -> None:
    """The page lists exactly the cases that do not pass; failing prints the table of rules."""
    missed = {(result.rule, result.case): result.status for result in cases.results if result.status != "passed"}
    table = summarise_cases(cases)
    assert missed == explained("CORE-"), table[table["reason"] != ""].to_string()


def test_rule_summary_counts_every_case(cases: CaseTable) -> None:
    """One row per rule, 198 rules, 566 cases."""
    table = summarise_cases(cases)
    assert (len(table), int(table[["passed", "failed", "not_evaluated"]].to_numpy().sum())) == (198, 566)


@pytest.mark.skipif(not (SHARED / "tdf_sdtm").is_dir(), reason="the SDTM test data are not on this machine")
def test_a_whole_study_is_validated_quickly() -> None:
    """26 files, 105 781 records, 198 rules: reading, loading and running in well under 20 s; nothing breaks."""
    start = time.process_time()
    datasets = [read_xpt(path) for path in sorted((SHARED / "tdf_sdtm").glob("*.xpt"))]
    result = run_rules(
        study_of(datasets, standards=packaged_standards()), load_rules(RULES), standard="SDTMIG", version="3.4"
    )
    seconds = time.process_time() - start
    assert sum(len(dataset) for dataset in datasets) == 105_781
    assert set(result.not_evaluated()["cause"]) == {"dataset_absent", "define_absent"}
    assert set(result.status["rule"]) == {rule.id for rule in result.rules}
    assert seconds < 20


@pytest.mark.slow
@pytest.mark.skipif(not (SHARED / "tdf_sdtm").is_dir(), reason="the SDTM test data are not on this machine")
def test_the_whole_command_stays_within_its_limits(tmp_path: Path) -> None:
    """198 published and all packaged rules, define.xml, reports: under 20 s of CPU and 2 GB."""
    command = [sys.executable, "-c", "from spectrail.cli import main; main()", "validate", str(SHARED / "tdf_sdtm")]
    command += ["--rules", str(RULES), "-o", str(tmp_path / "reports"), "--fail-on", "never"]
    with (tmp_path / "printed").open("w") as printed:
        process = subprocess.Popen(command, stdout=printed, stderr=printed)
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, (tmp_path / "printed").read_text()
    assert used.ru_utime + used.ru_stime < 20
    assert used.ru_maxrss < 2_000_000
    assert (tmp_path / "reports" / "report.html").is_file()
