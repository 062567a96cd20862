"""The tutorial's files and commands, run as they are written."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from define_xml.check import check_define
from spectrail.io.xpt import read_xpt

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = ROOT / "docs" / "tutorial" / "first-study.md"
BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run one command line of the tutorial in a folder."""
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    return subprocess.run(
        shlex.split(line), cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[str, str]]]:
    """Follow the tutorial from top to bottom; give back the folder and what each command printed."""
    folder = tmp_path_factory.mktemp("tutorial")
    printed: list[tuple[str, str]] = []
    for kind, words, body in BLOCK.findall(TUTORIAL.read_text(encoding="utf-8")):
        options = dict(word.split("=", 1) for word in words.split())
        if "file" in options:
            path = folder / options["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(body, encoding="utf-8")
        elif kind == "console":
            for line in body.strip().splitlines():
                done = run(line, folder)
                assert done.returncode == int(options.get("exit", 0)), f"{line}\n{done.stdout}{done.stderr}"
                printed.append((line, done.stdout + done.stderr))
                if "exit" in options and (folder / "out").is_dir():
                    shutil.copytree(folder / "out", folder / f"out after {len(printed)}")
    return folder, printed


def test_every_command_ends_as_the_tutorial_says(followed: tuple[Path, list[tuple[str, str]]]) -> None:
    """Each command runs with the exit status the text states."""
    assert len(followed[1]) == 10


def test_the_missing_table_is_named(followed: tuple[Path, list[tuple[str, str]]]) -> None:
    """The first build of VS says which table is missing."""
    assert "unknown table 'vs_names'" in followed[1][2][1].replace("\n", " ")


def test_the_findings_are_those_of_the_text(followed: tuple[Path, list[tuple[str, str]]]) -> None:
    """The unit K is the only error; `findings.json` and the queries name what the text says they name."""
    output = followed[1][4][1]
    assert re.findall(r"^ error +(\d+) +\d+ +(\S+) +(\S+)", output, re.MULTILINE) == [
        ("1", "MAP-UNIT-NO-CONVERSION", "VS.VSSTRESN")
    ]
    out = followed[0] / "out after 5"
    findings = json.loads((out / "validation" / "findings.json").read_text(encoding="utf-8"))
    (found,) = [one for one in findings if one["severity"] == "error"]
    assert (found["source"], found["source_row"], found["value"]) == ("vs_raw", 5, "K")
    page = (out / "queries" / "queries.html").read_text(encoding="utf-8")
    assert re.findall(r"Q\d{5}", page) == ["Q00001"]
    for cell in ("002", "Day 1", "TEMPU", "K", "raw/vs.csv", "5"):
        assert f">{cell}<" in page


def test_what_cannot_be_converted_is_not_guessed(
    followed: tuple[Path, list[tuple[str, str]]],
) -> None:
    """36.9 K has no standard result, ND only a text, and neither is a baseline."""
    folder = followed[0] / "out after 5" / "m5" / "datasets" / "study1" / "tabulations" / "sdtm"
    vs = read_xpt(folder / "vs.xpt").frame
    names = ["VSTESTCD", "VSORRES", "VSORRESU", "VSSTRESC", "VSSTRESN", "VSSTRESU", "VSLOBXFL"]
    shown = vs[vs["VSSTRESN"].isna()][names]
    assert shown.astype(object).where(shown.notna(), "").to_numpy().tolist() == [
        ["TEMP", "36.9", "K", "", "", "", ""],
        ["SYSBP", "ND", "mmHg", "ND", "", "", ""],
    ]


def test_the_last_build_gives_the_datasets(followed: tuple[Path, list[tuple[str, str]]]) -> None:
    """VS holds converted results, baseline flags, an unscheduled visit and a partial date, computed by hand."""
    folder = followed[0] / "out" / "m5" / "datasets" / "study1" / "tabulations" / "sdtm"
    vs = read_xpt(folder / "vs.xpt").frame
    shown = vs[vs["VSTESTCD"] == "TEMP"][["USUBJID", "VISITNUM", "VSORRES", "VSSTRESC", "VSDTC", "VSDY", "VSLOBXFL"]]
    assert shown.astype(object).where(shown.notna(), "").to_numpy().tolist() == [
        ["STUDY1-001", 1.0, "36.8", "36.8", "2025-01-02", -4.0, ""],
        ["STUDY1-001", 2.0, "98.2", "36.8", "2025-01-06", 1.0, "Y"],
        ["STUDY1-001", 2.01, "38.6", "38.6", "2025-01-09", 4.0, ""],
        ["STUDY1-002", 1.0, "36.5", "36.5", "2025-01", "", ""],
        ["STUDY1-002", 2.0, "36.9", "36.9", "2025-01-13", 1.0, "Y"],
    ]
    supp = read_xpt(folder / "suppvs.xpt").frame
    assert supp[["USUBJID", "IDVAR", "QNAM", "QLABEL", "QVAL", "QORIG"]].iloc[2].tolist() == [
        "STUDY1-001", "VSSEQ", "VSFEVER", "Fever reported by the subject", "Y", "CRF",
    ]  # fmt: skip


def test_explain_reaches_the_cell(followed: tuple[Path, list[tuple[str, str]]]) -> None:
    """The tree ends at the collected value."""
    (output,) = [output for line, output in followed[1] if line.startswith("spectrail explain")]
    assert "raw/vs.csv" in output
    assert "VSSTRESN = 36.8" in output
    assert "TEMP: 98.2" in output
    assert "TEMPU: F" in output


def test_define_has_no_findings(followed: tuple[Path, list[tuple[str, str]]]) -> None:
    """The last define.xml is valid and agrees with the data: a codelist without any term is not referred to."""
    path = next(followed[0].glob("out/m5/datasets/*/tabulations/sdtm/define.xml"))
    found = check_define(path, data_dir=path.parent).frame
    assert found[["rule", "variable", "message"]].to_numpy().tolist() == []


def test_validation_rejects_a_study_without_trial_summary(followed: tuple[Path, list[tuple[str, str]]]) -> None:
    """The last build names what agencies refuse."""
    assert "there is no ts.xpt in the folder" in followed[1][-2][1]
    assert (followed[0] / "out" / "validation" / "report.html").is_file()
