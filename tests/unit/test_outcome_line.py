"""The line that says what was found: findings, records, open and accepted."""

from __future__ import annotations

import pytest

from spectrail.cli.output import outcome_line, print_findings
from spectrail.findings import Findings

ERRORS = Findings.of(rule="R1", severity="error", dataset="AE", message="term", value=["a", "b"])
WARNING = Findings.of(rule="R2", severity="warning", dataset="AE", message="late", value="c")
NOTICE = Findings.of(rule="R3", severity="notice", dataset="LB", message="folded", value="d", count=7)


@pytest.mark.parametrize(
    ("findings", "counted", "expected"),
    [
        (Findings(), Findings(), "no findings"),
        (ERRORS + NOTICE, ERRORS + NOTICE, "3 findings (9 records): 2 error, 1 notice"),
        (ERRORS, Findings(), "2 findings: 0 error, 0 warning open; 2 error accepted in the ledger"),
        (
            ERRORS + WARNING + NOTICE,
            NOTICE,
            "4 findings (10 records): 0 error, 0 warning, 1 notice open; "
            "2 error and 1 warning accepted in the ledger",
        ),
    ],
)
def test_open_and_accepted_are_told_apart(findings: Findings, counted: Findings, expected: str):
    """Rows are findings; what they stand for is told where it differs."""
    assert outcome_line(findings, counted) == expected


def test_table_shows_findings_and_records(capsys: pytest.CaptureFixture[str]):
    """The numbers add up to those of the line."""
    print_findings(ERRORS + NOTICE)
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0][:3] == ["severity", "findings", "records"]
    assert [line[:4] for line in lines[1:]] == [["error", "2", "2", "R1"], ["notice", "1", "7", "R3"]]
