"""What `spec check` prints: places, worst first, many notices on one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from spectrail.cli.app import app
from spectrail.cli.specification import print_faults
from spectrail.findings import Findings


def _findings() -> Findings:
    return Findings.of(
        rule=["SPEC-2", "SPEC-2", "SPEC-2", "SPEC-2", "SPEC-3", "SPEC-1"],
        severity=["notice"] * 4 + ["warning", "error"],
        dataset=["AE", "AE", "AE", "DM", "", ""],
        variable=["V1", "V2", "V3", "V4", "", ""],
        message=["first", "second", "third", "fourth", "odd", "[wrong]"],
        source=["ae.yaml, line 1", "ae.yaml, line 2", "ae.yaml, line 3", "", "b.xlsx, sheet Variables, row 7", ""],
    )


def test_faults_are_printed_worst_first_with_their_places(capsys: pytest.CaptureFixture[str]) -> None:
    """Errors, warnings, notices; three notices of a rule on a dataset are one line, one of another is its own."""
    print_faults(_findings())
    assert capsys.readouterr().out.splitlines() == [
        "error SPEC-1 [wrong]",
        "warning SPEC-3 b.xlsx, sheet Variables, row 7: odd",
        "notice SPEC-2 ae.yaml, line 1: AE.V1: first ... and 2 more: V2, V3",
        "notice SPEC-2 DM.V4: fourth",
        "1 error, 1 warning, 4 notice",
    ]


def test_the_command_prints_the_line_of_a_fault(tmp_path: Path) -> None:
    """`spec check` names file and line of a fault; a raw file that is not there is one."""
    text = "study_id: S1\nsources:\n  ae_raw: {path: raw/ae.csv, keys: [SUBJ]}\n"
    (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
    done = CliRunner().invoke(app, ["spec", "check", str(tmp_path)])
    assert done.exit_code == 1
    told = "study.yaml, line 3: raw source ae_raw: the file 'raw/ae.csv' does not exist (none are known)"
    assert f"error SPEC-157 {told}\n" in done.output
