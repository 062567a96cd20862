"""`spectrail explain` of a time-to-event record shows the candidate that won and why the others lost."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from adam.parameters.verdict import COLUMNS
from spectrail.cli.explained import print_explanation
from spectrail.dataset import Dataset, normalise
from spectrail.io.lineage_files import write_lineage
from spectrail.io.xpt import write_xpt
from spectrail.layout import Column, Layout
from spectrail.lineage import Lineage, RecordLineage
from spectrail.pipeline.explain import Explainer, as_data

LAYOUT = Layout(
    "ADTTE",
    "Time-to-Event Analysis Dataset",
    (
        Column("USUBJID", "Unique Subject Identifier", "text", 2),
        Column("PARAMCD", "Parameter Code", "text", 3),
        Column("AVAL", "Analysis Value", "float", 8),
    ),
    ("USUBJID", "PARAMCD"),
)
CANDIDATES = [
    ("EFS", "A", "event", 1, "DEATH", "2023-08-01", 0, "ADSL", "DTHDT", np.nan, 0, False, "after the cut-off"),
    ("EFS", "A", "event", 2, "RELAPSE", "2023-05-01", 0, "ADRS", "ADT", 7, 3, True, None),
    ("EFS", "B", "censor", 1, "LAST DISEASE ASSESSMENT", "2023-03-01", 1, "ADRS", "ADT", 9, 5, True, None),
    ("OS", "A", "censor", 1, "LAST KNOWN ALIVE", "2023-06-30", 1, "ADSL", "LSTALVDT", np.nan, 0, True, None),
]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Write what a build leaves of ADTTE: the dataset, its lineage, its candidates and the run record."""
    frame = pd.DataFrame({"USUBJID": ["A", "A", "B"], "PARAMCD": ["EFS", "OS", "EFS"], "AVAL": [121.0, 181.0, 60.0]})
    made = Dataset(LAYOUT, normalise(frame), Lineage(RecordLineage(sources=("ADSL",))))
    write_xpt(made, tmp_path / "adtte.xpt", created=datetime(2025, 1, 1))
    write_lineage(tmp_path / "lineage", {"ADTTE": made.lineage})
    rows = [(*one[:6], one[5], *one[6:]) for one in CANDIDATES]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    table = table.assign(DATE=pd.to_datetime(table["DATE"]), ADT=pd.to_datetime(table["ADT"]))
    table.to_parquet(tmp_path / "lineage" / "adtte.candidates.parquet", index=False)
    record = {"outputs": [{"path": "adtte.xpt"}], "inputs": []}
    (tmp_path / "run.json").write_text(json.dumps(record), encoding="utf-8")
    return tmp_path


def test_winner_and_losers_of_the_record(out: Path) -> None:
    """Only the candidates of this subject and parameter are shown, the winner first."""
    (found,) = Explainer(out, None).explain("ADTTE", "USUBJID == 'A' and PARAMCD == 'EFS'")
    assert [
        (one.won, one.description, one.date, one.source, one.sequence, one.reason) for one in found.candidates
    ] == [
        (True, "RELAPSE", "2023-05-01", "ADRS.ADT", "7", ""),
        (False, "DEATH", "2023-08-01", "ADSL.DTHDT", "", "after the cut-off"),
    ]
    assert as_data(found)["candidates"][1]["reason"] == "after the cut-off"


def test_candidates_are_printed(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The terminal says who won and why the others lost."""
    (found,) = Explainer(out, None).explain("adtte", "USUBJID == 'A' and PARAMCD == 'EFS'", "aval")
    print_explanation(found)
    text = " ".join(capsys.readouterr().out.split())
    assert "won: event RELAPSE, 2023-05-01 from ADRS.ADT (sequence 7)" in text
    assert "lost: event DEATH, 2023-08-01 from ADSL.DTHDT; after the cut-off" in text


def test_records_without_candidates(out: Path) -> None:
    """A dataset without candidates table has none."""
    (out / "lineage" / "adtte.candidates.parquet").unlink()
    (found,) = Explainer(out, None).explain("ADTTE", "USUBJID == 'B'")
    assert found.candidates == ()
