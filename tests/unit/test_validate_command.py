"""`spectrail validate` and `spectrail compare`: exit statuses, the ledger as an input, messages."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from spectrail.cli import app
from spectrail.dataset import Dataset
from spectrail.errors import InputError, UsageError
from spectrail.io.tables import write_dataset
from spectrail.layout import Column, Layout

CREATED = datetime(2025, 1, 31, 12)
RULE = """
Core: {Id: TEST-1, Status: Draft}
Scope: {Domains: {Include: [DM]}}
Rule Type: Record Data
Sensitivity: Record
Check: {all: [{name: AGE, operator: greater_than, value: 100}]}
Outcome: {Message: too old, Output Variables: [AGE]}
"""


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write DM and TS with one subject too old, a rule folder; leave the packaged rules out."""
    monkeypatch.setattr("validation.validate.packaged_rules", tuple)
    (tmp_path / "data").mkdir()
    write(tmp_path / "data", "DM", USUBJID=["1", "2"], AGE=[55.0, 130.0])
    write(tmp_path / "data", "TS", TSPARMCD=["SSTDTC"], TSVAL=["2020-01-31"])
    (tmp_path / "rules" / "R1").mkdir(parents=True)
    (tmp_path / "rules" / "R1" / "rule.yml").write_text(RULE)
    return tmp_path


def write(folder: Path, name: str, **columns: list[object]) -> None:
    """Write a dataset with STUDYID and these columns."""
    size = len(next(iter(columns.values())))
    frame = pd.DataFrame(
        {"STUDYID": pd.Series(["S1"] * size, dtype="str")} | {k: pd.Series(v) for k, v in columns.items()}
    )
    made = tuple(
        Column(
            str(key),
            "",
            "float" if frame[key].dtype == "float64" else "text",
            None if frame[key].dtype == "float64" else 20,
        )
        for key in frame
    )
    write_dataset(
        Dataset(Layout(name, "", made), frame.astype({k: "str" for k in frame if frame[k].dtype != "float64"})),
        folder / f"{name.lower()}.xpt",
        created=CREATED,
    )


def run(*arguments: object) -> tuple[int, str]:
    """Run the command line; return exit status and output."""
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_exit_status_follows_the_worst_finding(study: Path):
    """Rejections and errors give 1 by default, `--fail-on never` gives 0."""
    command = ("validate", study / "data", "--rules", study / "rules", "-o", study / "out")
    status, output = run(*command)
    assert status == 1
    assert "too old" in output
    assert sorted(path.name for path in (study / "out").iterdir()) == ["findings.json", "report.html", "report.xlsx"]
    assert run(*command, "--fail-on", "never")[0] == 0


def test_accepted_findings_do_not_count(study: Path):
    """Only `--update-ledger` writes the ledger; with both findings accepted the command ends with 0."""
    ledger = study / "ledger.csv"
    command = ("validate", study / "data", "--rules", study / "rules", "-o", study / "out", "--ledger", ledger)
    with pytest.raises(UsageError, match="there is no ledger"):
        run(*command)
    assert not ledger.exists()
    assert not (study / "out").exists()
    status, output = run(*command, "--update-ledger")
    assert (status, "ledger: 2 new, 0 known, 0 accepted, 0 fixed" in output) == (1, True)
    text = ledger.read_text()
    lines = [line.replace(",new,", ",accepted,") + "as agreed" for line in text.splitlines()[1:]]
    ledger.write_text("\n".join([text.splitlines()[0], *lines]) + "\n")
    before = ledger.read_bytes()
    status, output = run(*command)
    assert (status, "ledger: 0 new, 0 known, 2 accepted, 0 fixed" in output) == (0, True)
    assert "2 findings: 0 error, 0 warning open; 1 reject and 1 error accepted in the ledger" in output
    assert "too old" not in output
    assert ledger.read_bytes() == before
    made = json.loads((study / "out" / "findings.json").read_text())
    assert {one["explanation"] for one in made["findings"]} == {"as agreed"}


def test_findings_that_are_gone_are_fixed(study: Path):
    """After the data are mended an update says fixed; without the rule nothing is said of its findings."""
    ledger = study / "ledger.csv"
    command = (
        "validate",
        study / "data",
        "-o",
        study / "out",
        "--ledger",
        ledger,
        "--update-ledger",
        "--fail-on",
        "never",
    )
    run(*command, "--rules", study / "rules")
    run(*command)
    assert [line.split(",")[1:3] for line in ledger.read_text().splitlines()[1:]] == [
        ["new", "TEST-1"],
        ["known", "TRC-DEFINE"],
    ]
    write(study / "data", "DM", USUBJID=["1", "2"], AGE=[55.0, 31.0])
    run(*command, "--rules", study / "rules")
    assert ledger.read_text().splitlines()[1].split(",")[1:3] == ["fixed", "TEST-1"]


def test_findings_of_the_build_are_shown_and_kept(study: Path):
    """In the output of a build its own findings are shown too, and the time is that of the study."""
    (study / "run.json").write_text(json.dumps({"spectrail": 1, "study": "S1", "created": "2024-05-06T07:08:09"}))
    (study / "validation").mkdir()
    own = {"rule": "MAP-DATE", "severity": "warning", "dataset": "AE", "message": "date", "record": 0, "count": 1}
    (study / "validation" / "findings.json").write_text(json.dumps({"findings": [own]}))
    run("validate", study / "data", "-o", study / "out", "--fail-on", "never")
    made = json.loads((study / "out" / "findings.json").read_text())
    assert [(one["rule"], one["severity"]) for one in made["findings"]] == [
        ("TRC-DEFINE", "reject"),
        ("MAP-DATE", "warning"),
    ]
    assert (made["title"], made["created"]) == ("S1", "2024-05-06T07:08:09")


def test_rules_are_counted_once_in_log_and_summary(study: Path):
    """Run, not evaluated and not applicable add up to all rules."""
    status, output = run("validate", study / "data", "--rules", study / "rules", "-o", study / "out")
    assert status == 1
    assert "running 1 of 1 conformance rules: those for SDTMIG 3.4" in output
    found = re.search(r"(\d+) rules: (\d+) run, (\d+) not evaluated, (\d+) not applicable", output)
    assert found is not None
    total, *parts = map(int, found.groups())
    assert total == sum(parts)
    assert parts[0] >= 1


def test_wrong_calls_are_refused(study: Path):
    """An update without a ledger, a ledger that is none."""
    with pytest.raises(UsageError, match="needs a ledger"):
        run("validate", study / "data", "-o", study / "out", "--update-ledger")
    (study / "ledger.csv").write_text("nonsense")
    with pytest.raises(InputError, match="is not a ledger"):
        run("validate", study / "data", "-o", study / "out", "--ledger", study / "ledger.csv")


def test_compare_ends_with_one_when_anything_differs(study: Path):
    """0 for a copy, 1 for a difference, with reports where asked for."""
    write(study, "DM", USUBJID=["1", "2"], AGE=[55.0, 131.0])
    base = study / "data" / "dm.xpt"
    assert run("compare", base, base)[0] == 0
    status, output = run("compare", base, study / "dm.xpt", "-o", study / "out")
    assert status == 1
    assert "AGE: 1 of 2 values differ" in output
    assert sorted(path.name for path in (study / "out").iterdir()) == ["compare.html", "compare.txt", "compare.xlsx"]
    assert run("compare", base, study / "dm.xpt", "--tolerance", "0.01")[0] == 0
