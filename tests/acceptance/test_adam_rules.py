"""All cases of the drafted ADaM rules, judged by verdict: counts and the explained list of what does not pass."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from validation.core.case_runner import CaseTable
from validation.core.commands import run_rule_cases, summarise_cases

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT.parent / "shared" / "data" / "adam_rules"
PAGE = ROOT / "docs" / "explanation" / "published-rule-cases.md"

pytestmark = pytest.mark.skipif(not RULES.is_dir(), reason="the drafted ADaM rules are not on this machine")


@pytest.fixture(scope="module")
def cases() -> CaseTable:
    """Run all cases once."""
    return run_rule_cases(RULES)


def test_drafted_cases_by_verdict(cases: CaseTable) -> None:
    """90 of 100."""
    assert cases.counts() == {"passed": 90, "failed": 8, "not_evaluated": 2}


def test_every_miss_is_explained(cases: CaseTable) -> None:
    """The page lists exactly the cases that do not pass; failing prints the table of rules."""
    rows = re.findall(
        r"^\| (\S*AD\d+) \| (\S+/\d+) \| (\w+) \| \S.*\|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    missed = {(result.rule, result.case): result.status for result in cases.results if result.status != "passed"}
    table = summarise_cases(cases)
    assert missed == {(rule, case): outcome for rule, case, outcome in rows}, table[table["reason"] != ""].to_string()
