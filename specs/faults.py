"""Faults of a specification: what readers and the linter collect before anything is raised.

Every kind of fault has an id of ours (`SPEC-001` ...) in `RULES`; the table of the documentation is made from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from spectrail.errors import Place, SpecError
from spectrail.findings import Findings, Severity
from spectrail.registry import Registry


@dataclass(frozen=True)
class Rule:
    """One kind of fault: its id, how bad it is and what it means."""

    id: str
    severity: Severity
    title: str
    meaning: str


RULES: Registry[Rule] = Registry("specification rule")


def rule(id_: str, severity: Severity, title: str, meaning: str) -> Rule:
    """Register a kind of fault."""
    return RULES.add(id_, Rule(id_, severity, title, meaning))


NOWHERE = Place()


@dataclass(frozen=True)
class Fault:
    """One fault: its rule, where it is, what is wrong and what to do."""

    rule: Rule
    message: str
    place: Place = NOWHERE
    hint: str = ""
    value: str = ""
    dataset: str = ""
    variable: str = ""

    def __str__(self) -> str:
        where = str(self.place)
        text = f"{where}: {self.message}" if where else self.message
        return f"{text} [{self.rule.id}]" + (f"\n  -> {self.hint}" if self.hint else "")


def to_findings(faults: Sequence[Fault]) -> Findings:
    """Make a findings table: `source` is the place, `source_row` its row or line, `message` ends with the hint."""
    if not faults:
        return Findings()
    return Findings.of(
        rule=[fault.rule.id for fault in faults],
        severity=[fault.rule.severity for fault in faults],
        dataset=[fault.dataset or fault.place.dataset for fault in faults],
        variable=[fault.variable or fault.place.variable for fault in faults],
        value=[fault.value for fault in faults],
        message=[fault.message + (f" ({fault.hint})" if fault.hint else "") for fault in faults],
        source=[str(fault.place) for fault in faults],
        source_row=[fault.place.row or fault.place.line or 0 for fault in faults],
    )


def raise_errors(faults: Iterable[Fault]) -> None:
    """Raise one `SpecError` that lists every fault of severity error or worse; do nothing without any."""
    errors = [fault for fault in faults if fault.rule.severity in ("error", "reject")]
    if not errors:
        return
    if len(errors) == 1:
        fault = errors[0]
        raise SpecError(f"{fault.message} [{fault.rule.id}]", place=fault.place, hint=fault.hint)
    listed = "\n".join(str(fault) for fault in errors)
    raise SpecError(f"the specification has {len(errors)} errors:\n{listed}")


def rules_table() -> str:
    """Return the table of all kinds of faults for the documentation (Markdown)."""
    rows = [f"| {entry.id} | {entry.severity} | {entry.title} | {entry.meaning} |" for entry in RULES.values()]
    return "\n".join(["| id | severity | fault | meaning |", "|---|---|---|---|", *rows]) + "\n"


UNKNOWN_KEY = rule(
    "SPEC-001",
    "error",
    "unknown key",
    "A YAML file has a key that its object does not have; it would have no effect.",
)
WRONG_TYPE = rule("SPEC-002", "error", "wrong kind of value", "A value is not of the kind that its place needs.")
NOT_A_CHOICE = rule("SPEC-003", "error", "value not allowed", "A value is none of those that its field allows.")
MISSING_VALUE = rule("SPEC-004", "error", "value missing", "An object lacks a value that it cannot do without.")
TWICE = rule("SPEC-005", "error", "given twice", "Two places give different values for the same thing.")
UNKNOWN_COLUMN = rule(
    "SPEC-006", "notice", "unknown column", "A sheet has a column that is not known; its content is not used."
)
UNKNOWN_SHEET = rule(
    "SPEC-007", "notice", "unknown sheet", "A workbook has a sheet that is not known; it is not used."
)
MISSING_COLUMN = rule("SPEC-008", "error", "column missing", "A sheet lacks a column that it cannot do without.")
MISSING_SHEET = rule("SPEC-009", "error", "sheet missing", "A workbook lacks a sheet that it cannot do without.")
DUPLICATE_COLUMN = rule("SPEC-010", "error", "duplicate column", "Two columns of a sheet have the same meaning.")
FORMULA = rule("SPEC-011", "error", "formula cell", "A cell holds a formula; a specification holds text only.")
MERGED = rule("SPEC-012", "error", "merged cells", "Cells are merged: only the first of them holds a value.")
ERROR_CELL = rule("SPEC-013", "error", "error cell", "A cell holds a spreadsheet error such as #REF!.")
NUMBER_CELL = rule(
    "SPEC-014",
    "notice",
    "number in a text column",
    "A cell holds a binary number where text is meant: 1.10 cannot be told from 1.1.",
)
WHERE_SYNTAX = rule("SPEC-015", "error", "where clause not understood", "A where clause does not parse.")
UNKNOWN_ROW_OWNER = rule(
    "SPEC-016", "error", "row of an unknown dataset", "A row names a dataset that the Datasets sheet does not list."
)
OUTSIDE = rule("SPEC-017", "error", "path outside the study", "A path leaves the study folder or is absolute.")
OVERRIDDEN = rule(
    "SPEC-018", "notice", "study.yaml stands above", "study.yaml and a workbook differ in a value of the study."
)
EMPTY_FILE = rule("SPEC-019", "error", "not a specification", "A file holds nothing that a specification could use.")
SELECTION = rule(
    "SPEC-020", "warning", "selection not understood", "The selection criteria of an analysis result do not parse."
)
