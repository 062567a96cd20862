"""A simulation replaces the folder a simulation wrote, and nothing that others wrote or edited."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spectrail.cli.app import app
from spectrail.errors import OutputError, UsageError
from spectrail.studies import simulate_study, written

ROOT = Path(__file__).resolve().parents[2]


def files(folder: Path) -> dict[str, bytes]:
    """Read every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Simulate the small profile once."""
    return simulate_study("blina_ball", tmp_path_factory.mktemp("first") / "study", profile="publication")


@pytest.fixture
def study(first: Path, tmp_path: Path) -> Path:
    """Give a copy of the simulated study to do with as one likes."""
    return shutil.copytree(first, tmp_path / "study")


def test_an_untouched_study_is_replaced_as_a_whole(study: Path) -> None:
    """Another seed gives other bytes, and nothing is left of the first study nor beside it."""
    before = files(study)
    simulate_study("blina_ball", study, profile="publication", seed=2)
    after = files(study)
    assert before.keys() == after.keys()
    assert before["raw/VS.csv"] != after["raw/VS.csv"]
    assert [path.name for path in study.parent.iterdir()] == ["study"]
    recorded = json.loads(after["truth/written.json"])["files"]
    assert recorded.keys() == after.keys() - {"truth/written.json"}


@pytest.mark.parametrize("edit", ["changed", "added", "removed", "linked"])
def test_an_edited_study_is_kept_unless_forced(study: Path, edit: str) -> None:
    """The file is named, nothing is changed; `force` loses the edit."""
    name = {"changed": "study.yaml", "added": "notes.txt", "removed": "raw/AE.csv", "linked": "raw/DM.csv"}[edit]
    path = study / name
    original = path.read_bytes() if path.exists() else b""
    path.unlink(missing_ok=True)
    if edit == "linked":
        (study.parent / "elsewhere.csv").write_bytes(original)
        path.symlink_to(study.parent / "elsewhere.csv")
    elif edit != "removed":
        path.write_bytes(original + b"# mine\n")
    before = files(study)
    with pytest.raises(OutputError, match=f"was edited since it was simulated: {name}\n.*--force"):
        simulate_study("blina_ball", study, profile="publication")
    assert files(study) == before
    simulate_study("blina_ball", study, profile="publication", force=True)
    written.check(study)


@pytest.mark.parametrize("options", [[], ["--force"]])
def test_a_folder_of_others_is_never_written_into(tmp_path: Path, options: list[str]) -> None:
    """Neither a folder of documents nor one with an unreadable record is touched, not even with --force."""
    (tmp_path / "docs" / "truth").mkdir(parents=True)
    (tmp_path / "docs" / "thesis.txt").write_text("mine")
    (tmp_path / "docs" / "truth" / "written.json").write_text("[]")
    done = CliRunner().invoke(app, ["simulate", "blina_ball", "-o", str(tmp_path / "docs"), *options])
    assert isinstance(done.exception, OutputError)
    assert "is not empty and has no record of a simulation" in str(done.exception)
    assert sorted(files(tmp_path)) == ["docs/thesis.txt", "docs/truth/written.json"]


def test_a_simulation_that_fails_leaves_the_study(study: Path) -> None:
    """An impossible request changes nothing."""
    before = files(study)
    with pytest.raises(UsageError, match="35 subjects, not 36"):
        simulate_study("blina_ball", study, profile="publication", subjects=36)
    assert files(study) == before


def test_make_demo_builds_an_edited_demo(tmp_path: Path) -> None:
    """Without demo/ it is simulated and built; the second time the study in demo/ is built as it is."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("requirements.lock", "pyproject.toml", ".venv/bin/python", ".venv/bin/spectrail"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('#!/bin/sh\necho "ran $1"; [ "$1" != simulate ] || mkdir demo\n')
        path.chmod(0o755)
    (tmp_path / ".venv" / ".runtime").touch()
    environment = {name: os.environ[name] for name in ("PATH",)}
    ran = [
        subprocess.run(["make", "-s", "demo"], cwd=tmp_path, env=environment, capture_output=True, text=True).stdout
        for _ in range(2)
    ]
    assert [[line for line in text.splitlines() if line.startswith("ran")] for text in ran] == [
        ["ran simulate", "ran build"],
        ["ran build"],
    ]
    assert "building the study in demo/ as it is" in ran[1]
