"""Every packaged rule: its cases, its severity, the public ids it answers; a golden file guards the severities.

`SPECTRAIL_WRITE_GOLDEN=1 pytest tests/acceptance/test_own_rules.py` rewrites the golden file.
"""

from __future__ import annotations

import csv
import os
from collections import Counter
from pathlib import Path

import pytest

from spectrail.findings import SEVERITIES
from validation.core.case_runner import CaseTable, run_cases
from validation.core.packaged_standards import packaged_standards
from validation.core.rule_files import Rule, load_rules
from validation.rules import RULES_FOLDER

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "rule_severities.csv"


@pytest.fixture(scope="module")
def rules() -> tuple[Rule, ...]:
    """Load all packaged rules once."""
    return load_rules(RULES_FOLDER)


@pytest.fixture(scope="module")
def cases(rules: tuple[Rule, ...]) -> CaseTable:
    """Run all cases once."""
    return run_cases(RULES_FOLDER, standards=packaged_standards(), rules=rules)


def test_every_case_passes(cases: CaseTable) -> None:
    """Positive cases are silent, negative ones find the recorded records; a rule that cannot run fails."""
    missed = [(result.rule, result.case, result.reason) for result in cases.results if result.status != "passed"]
    assert missed == []


def test_every_rule_has_both_kinds_of_cases(rules: tuple[Rule, ...], cases: CaseTable) -> None:
    """No rule without a case that it finds and a case on which it is silent."""
    kinds: dict[str, set[str]] = {}
    for result in cases.results:
        kinds.setdefault(result.rule, set()).add(result.case.split("/")[0])
    assert {rule.id: kinds.get(rule.id) for rule in rules if kinds.get(rule.id) != {"positive", "negative"}} == {}


def test_rules_carry_their_own_ids(rules: tuple[Rule, ...]) -> None:
    """The id is the folder's name, used once, and begins with SPT."""
    assert [rule.id for rule in rules] == [Path(rule.path).parent.name for rule in rules]
    assert [name for name, count in Counter(rule.id for rule in rules).items() if count > 1] == []
    assert [rule.id for rule in rules if not rule.id.startswith("SPT-")] == []


def test_public_ids_are_listed_or_said_to_be_unknown(rules: tuple[Rule, ...]) -> None:
    """The key `Public Ids` lists exactly the ids in the references, or holds the words for none."""
    wrong = {}
    for rule in rules:
        text = Path(rule.path).read_text(encoding="utf-8")
        rest = text.split("\nPublic Ids:", 1)[1].split("\nAuthorities:", 1)[0]
        listed = [line.strip(" -'\"") for line in rest.strip().splitlines()]
        if listed != (list(rule.public_ids) or ["no public id known"]):
            wrong[rule.id] = listed
    assert wrong == {}


def test_severities_are_the_golden_ones(rules: tuple[Rule, ...]) -> None:
    """Every rule names a known severity, the one the golden file has for it."""
    actual = [[rule.id, rule.severity] for rule in sorted(rules, key=lambda rule: rule.id)]
    assert {severity for _, severity in actual} <= set(SEVERITIES)
    if os.environ.get("SPECTRAIL_WRITE_GOLDEN"):
        with GOLDEN.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows([["rule", "severity"], *actual])
    with GOLDEN.open(newline="", encoding="utf-8") as file:
        assert [["rule", "severity"], *actual] == list(csv.reader(file))
