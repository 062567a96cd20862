"""All rules of a run in one table: conformance rules, define.xml, checks of the folder, notes of the readers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from define_xml.catalogue import RULES as DEFINE_RULES
from spectrail.findings import SEVERITIES, Findings
from validation.core.rule_files import Rule
from validation.extensions import DECLARED, DESCRIPTION
from validation.result import RULE_COLUMNS
from validation.submission import CHECKS, NO_ID

READER_RULES = (
    ("SUB-READ", "error", "A dataset file can be read", NO_ID, "folder"),
    ("IO-ENCODING", "notice", "Text is in the encoding that the format has", NO_ID, "reader"),
    ("IO-PADDING", "notice", "A transport file is padded to whole records of 80 bytes", NO_ID, "reader"),
    ("IO-CONTROL", "notice", "Text holds no control characters", NO_ID, "reader"),
    ("IO-DATES", "notice", "Numbers under a date format are dates", NO_ID, "reader"),
    ("DEF-READ", "error", "define.xml can be read", NO_ID, "define.xml"),
    (DECLARED, "notice", DESCRIPTION, NO_ID, "define.xml"),
)


def rule_table(rules: Sequence[Rule], *, default_severity: str = "error") -> pd.DataFrame:
    """Return one row per rule: rule, severity, public_ids, description, source."""
    rows: list[tuple[str, str, str, str, str]] = [
        (check.id, check.severity, check.reference, check.description, "folder") for check, _ in CHECKS
    ]
    rows += READER_RULES
    rows += [(rule.id, rule.severity, rule.source, rule.title, "define.xml") for rule in DEFINE_RULES.values()]
    rows += [_conformance(rule, default_severity) for rule in rules]
    table = pd.DataFrame(rows, columns=list(RULE_COLUMNS), dtype="str")
    return table.drop_duplicates("rule", ignore_index=True)


def with_others(table: pd.DataFrame, findings: Findings) -> pd.DataFrame:
    """Return the table with a row for each rule that findings name and the table lacks (those of a build)."""
    frame = findings.frame
    unknown = frame[~frame["rule"].isin(table["rule"])]
    if not len(unknown):
        return table
    first = unknown.drop_duplicates("rule")
    more = pd.DataFrame(
        {
            "rule": first["rule"].astype("str"),
            "severity": first["severity"].astype("str"),
            "public_ids": "",
            "description": first["message"].astype("str"),
            "source": "build",
        }
    )
    return pd.concat([table, more.sort_values("rule")], ignore_index=True)


def _conformance(rule: Rule, default: str) -> tuple[str, str, str, str, str]:
    severity = rule.severity if rule.severity in SEVERITIES else default
    description = " ".join((rule.description or rule.message or rule.broken).split())
    return rule.id, severity, ", ".join(rule.public_ids) or NO_ID, description, "rules"


def define_ids() -> Iterable[str]:
    """Return the ids of the rules that a define.xml is checked by (those of its import are not among them)."""
    return [name for name in DEFINE_RULES if not name.startswith("DEF-I")]
