"""Cleaning, scored against the truth log, which the build never sees; the query listing; the two extracts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from sdtm.intake import diff
from specs.yaml_files import read_study
from spectrail.io.xpt import read_xpt
from spectrail.pipeline.build import build_study
from spectrail.studies import simulate_study
from spectrail.studies.blina_ball.score import Score, score_build


@pytest.fixture(scope="module")
def score(blina: Any) -> Score:
    """Return the score of the trial profile."""
    return score_build(blina.folder, blina.out)


def test_everything_planted_is_resolved_or_queried(blina: Any, score: Score) -> None:
    """Every planted cell comes out as it truly is or is queried on its raw row, as the log expects it."""
    print("\n" + score.classes.to_string())
    log = blina.truth("mess")
    expected = log.assign(resolve=log["expected"] == "resolve").groupby("class")["resolve"].sum()
    assert score.missed == ()
    assert score.classes["planted"].to_dict() == log.groupby("class").size().to_dict()
    assert score.classes["found"].to_dict() == score.classes["planted"].to_dict()
    assert score.classes["resolved"].to_dict() == expected.to_dict()


def test_no_clean_row_is_changed_or_queried(score: Score) -> None:
    """Rows in which nothing was planted give the same records as the clean forms, and no query."""
    assert score.false_repairs == ()
    assert score.false_queries == ()


def test_a_wrong_value_is_noticed_by_the_score(blina: Any, tmp_path: Path) -> None:
    """A build that reads a clean value wrongly or leaves a planted one as it is does not pass."""
    study = tmp_path / "study"
    simulate_study("blina_ball", study)
    rules = study / "specs" / "steps" / "vs.yaml"
    text = rules.read_text(encoding="utf-8")
    rules.write_text(text.replace("formats: [DD-MMM-YYYY, MM/DD/YYYY]", "formats: DD-MMM-YYYY"), encoding="utf-8")
    units = study / "specs" / "tables" / "lab_units.csv"
    units.write_text(units.read_text(encoding="utf-8").replace("CREAT,mg/dL,umol/L,88.4", "CREAT,mg/dL,umol/L,80"))
    build_study(study, tmp_path / "out", only=("sdtm",))
    found = score_build(study, tmp_path / "out")
    assert found.classes.loc["unit:mg/dL", "resolved"] < found.classes.loc["unit:mg/dL", "planted"]
    assert found.classes.loc["date:other_order", ["resolved", "queried"]].tolist() == [0, 2]


def test_the_listing_names_file_row_and_question(blina: Any) -> None:
    """The workbook has one line per query, with raw file, row and subject; the page has the same ones."""
    book = openpyxl.load_workbook(blina.out / "queries" / "queries.xlsx", read_only=True)
    rows = list(book["Queries"].iter_rows(values_only=True))
    table = pd.DataFrame(rows[1:], columns=list(rows[0]))
    death = table[table["Rule"] == "QUERY-LB-DEATH"].iloc[0]
    planted = blina.truth("mess").set_index("class").loc["logic:lab_after_death"]
    assert (death["File"], death["Row"]) == (f"raw/{planted['file']}", planted["row"])
    assert death["Subject"] == planted["Subject"]
    page = (blina.out / "queries" / "queries.html").read_text(encoding="utf-8")
    assert [number for number in table["Query"] if number not in page] == []


def test_the_second_extract_is_listed_and_built_as_corrected(blina: Any, tmp_path: Path) -> None:
    """Changed, added and removed rows are those that the corrections made, and the build has the corrected values."""
    later = simulate_study("blina_ball", tmp_path / "later", extract=2)
    corrections = pd.read_csv(later / "truth" / "changes.csv", dtype="str", keep_default_na=False)
    found = diff.diff_folders(blina.folder, later, read_study(later).study.sources).rows
    collected = found[~found["column"].isin(["MaxUpdated", "SaveTS"])]
    listed = {(row.form, row.change, row.column or "", row.new or "") for row in collected.fillna("").itertuples()}
    corrected = {
        (f"{row.form.lower()}_raw", row.kind, row.column, row.new_value if row.kind == "changed" else "")
        for row in corrections.itertuples()
    }
    assert listed == corrected
    result = build_study(later, tmp_path / "out", only=("sdtm",))

    def frame(name: str) -> pd.DataFrame:
        return read_xpt(result.sdtm / f"{name}.xpt").frame

    wanted = corrections.set_index(["form", "kind"])
    removed = wanted.loc[("AE", "removed")]
    adverse = frame("ae")
    subject = adverse["USUBJID"].str.endswith(removed["Subject"])
    assert not (subject & (adverse["AESPID"] == removed["RecordPosition"])).any()
    earlier = blina["AE"]
    assert (
        (earlier["USUBJID"].str.endswith(removed["Subject"])) & (earlier["AESPID"] == removed["RecordPosition"])
    ).sum() == 1
    raised = wanted.loc[("AE", "changed")]
    grade = adverse[
        adverse["USUBJID"].str.endswith(raised["Subject"]) & (adverse["AESPID"] == raised["RecordPosition"])
    ]
    assert grade["AETOXGR"].tolist() == [raised["new_value"]]
    answer = wanted.loc[("RESP", "changed")]
    response = frame("rs")
    spid = response["RSSPID"] == f"RESP-{answer['RecordPosition']}"
    mine = response[response["USUBJID"].str.endswith(answer["Subject"]) & spid & (response["RSTESTCD"] == "OVRLRESP")]
    assert mine["RSSTRESC"].tolist() == ["CR"]
    assert len(frame("cm")) == len(blina["CM"]) + 1
