"""Two extracts of the reference study: `diff-extracts` lists the logged corrections, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from spectrail.cli import app
from spectrail.studies import simulate_study

SYSTEM = {"MaxUpdated", "SaveTS"}
"""Time stamps that the data capture system writes with every correction."""

Change = tuple[str, str, str, str, str, str]


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the second extract of the study with seed 1."""
    return simulate_study("blina_ball", tmp_path_factory.mktemp("second") / "study", extract=2)


@pytest.fixture(scope="module")
def listed(blina: Any, second: Path) -> list[dict[str, Any]]:
    """Return what the command lists."""
    said = CliRunner().invoke(app, ["diff-extracts", str(blina.folder), str(second), "--json"])
    assert said.exit_code == 0, said.output
    found: list[dict[str, Any]] = json.loads(said.stdout)["rows"]
    return found


def logged(study: Path) -> set[Change]:
    """Return form, change, key, column, old and new value of every logged change."""
    changes = pd.read_csv(study / "truth" / "changes.csv", dtype="str", keep_default_na=False)
    forms = {"VS": "vs_raw", "EXCH": "exch_raw", "AE": "ae_raw", "RESP": "resp_raw", "CM": "cm_raw"}
    keys = ("Subject", "PageRepeatNumber", "RecordPosition")
    return {
        (
            forms[row["form"]],
            row["kind"],
            " ".join(f"{key}={row[key]}" for key in keys),
            row["column"],
            row["old_value"],
            row["new_value"],
        )
        for row in changes.to_dict("records")
    }


def test_exactly_the_logged_changes_are_listed(listed: list[dict[str, Any]], second: Path) -> None:
    """By form and key: four values changed, an adverse event removed, a medication added."""
    found = {
        (row["form"], row["change"], row["keys"], row["column"] or "", row["old"] or "", row["new"] or "")
        for row in listed
        if row["column"] not in SYSTEM
    }
    assert sorted(change for _, change, *_ in found) == ["added", *["changed"] * 4, "removed"]
    assert logged(second) == found


def test_time_stamps_change_with_the_values_only(listed: list[dict[str, Any]]) -> None:
    """The data capture system stamps every changed row, and no other."""
    stamped = {(row["form"], row["keys"]) for row in listed if row["column"] in SYSTEM}
    changed = {
        (row["form"], row["keys"]) for row in listed if row["change"] == "changed" and row["column"] not in SYSTEM
    }
    assert stamped == changed
