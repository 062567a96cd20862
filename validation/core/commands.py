"""`spectrail rules`: list the rules of folders, run the test cases of a folder; data first, rendering apart."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from spectrail.errors import OutputError, Place
from validation.core.case_runner import CaseTable, run_cases
from validation.core.packaged_standards import packaged_standards
from validation.core.rule_files import Rule, load_rules

DEFAULT_CT = "2025-03-28"
STYLES = {"passed": "green", "failed": "red", "not_evaluated": "yellow"}


def list_rules(directories: Sequence[str | Path]) -> pd.DataFrame:
    """Return one row per rule: rule, public_ids, status, type, sensitivity, standards, description, broken, path."""
    rules = [rule for directory in directories for rule in load_rules(directory)]
    rows = [
        {
            "rule": rule.id,
            "public_ids": ", ".join(rule.public_ids),
            "status": rule.status,
            "type": rule.rule_type,
            "sensitivity": rule.sensitivity,
            "standards": ", ".join(_standards(rule)),
            "description": " ".join(rule.description.split()),
            "broken": rule.broken,
            "path": rule.path,
        }
        for rule in rules
    ]
    return pd.DataFrame(rows, columns=list(RULE_COLUMNS))


RULE_COLUMNS = (
    "rule",
    "public_ids",
    "status",
    "type",
    "sensitivity",
    "standards",
    "description",
    "broken",
    "path",
)


def _standards(rule: Rule) -> list[str]:
    return list(dict.fromkeys(f"{entry.standard} {entry.version}" for entry in rule.authorities))


def render_rules(rules: pd.DataFrame, console: Console) -> None:
    """Print the rules as a table."""
    table = Table("Rule", "Public ids", "Type", "Sensitivity", "Description", title=f"{len(rules)} rules")
    for row in rules.itertuples():
        text = f"[red]broken:[/red] {_escaped(row.broken)}" if row.broken else _escaped(row.description)
        table.add_row(_escaped(row.rule), _escaped(row.public_ids), row.type, row.sensitivity, text)
    console.print(table)


def _escaped(text: str) -> str:
    return text.replace("[", r"\[")


def run_rule_cases(directory: str | Path, *, ct: str = DEFAULT_CT) -> CaseTable:
    """Run every test case of a folder of rules with the packaged standards."""
    return run_cases(directory, standards=packaged_standards(), ct=ct)


def summarise_cases(cases: CaseTable) -> pd.DataFrame:
    """Return one row per rule: rule, passed, failed, not_evaluated, reason (of what did not pass)."""
    rows = []
    for rule, group in cases.frame().groupby("rule", sort=False):
        counts = group["status"].value_counts()
        missed = group[group["status"] != "passed"]
        reason = "; ".join(f"{row.case}: {row.reason}" for row in missed.itertuples())
        rows.append([rule, *(int(counts.get(status, 0)) for status in STYLES), reason])
    return pd.DataFrame(rows, columns=["rule", *STYLES, "reason"])


def render_cases(cases: CaseTable, console: Console, *, longest: int = 300) -> None:
    """Print a row per rule that did not pass all its cases, then the counts."""
    table = Table("Rule", "Passed", "Failed", "Not evaluated", "Reason", title="Rules with cases that did not pass")
    for row in summarise_cases(cases).itertuples():
        if row.failed or row.not_evaluated:
            reason = row.reason if len(row.reason) <= longest else row.reason[:longest] + " ..."
            table.add_row(
                _escaped(row.rule), str(row.passed), str(row.failed), str(row.not_evaluated), _escaped(reason)
            )
    if table.row_count:
        console.print(table)
    counts = cases.counts()
    parts = [f"[{STYLES[status]}]{counts[status]} {status.replace('_', ' ')}[/]" for status in STYLES]
    console.print(f"{len(cases.results)} cases: " + ", ".join(parts))


def write_cases(cases: CaseTable, path: str | Path) -> None:
    """Write the outcomes as JSON: `{"cases": [{"rule", "case", "status", "reason"}]}`."""
    try:
        Path(path).write_text(json.dumps(cases.to_json(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot write: {error.strerror}", place=Place(file=str(path))) from None


def exit_status(cases: CaseTable) -> int:
    """Return 0 when every case passed, else 1."""
    counts = cases.counts()
    return 1 if counts["failed"] or counts["not_evaluated"] else 0
