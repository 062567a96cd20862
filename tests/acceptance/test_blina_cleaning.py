"""Cleaning, scored against the truth log, which the build never sees; the query listing; the two extracts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sdtm.intake import diff
from specs.yaml_files import read_study
from spectrail.io.xpt import read_xpt
from spectrail.pipeline.build import build_study
from spectrail.studies import simulate_study
from spectrail.studies.blina_ball import scoring
from spectrail.studies.blina_ball.scoring import Score, render
from spectrail.studies.blina_ball.scoring_build import Scored, read_build

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "cleaning.md"


@pytest.fixture(scope="module")
def clean(blina: Any, tmp_path_factory: pytest.TempPathFactory) -> Scored:
    """Return the build of the clean forms behind the extract."""
    scratch = tmp_path_factory.mktemp("clean")
    folder = scoring.write_clean_study(blina.folder, scratch / "study")
    build_study(folder, scratch / "out", only=("sdtm",))
    return read_build(folder, scratch / "out")


@pytest.fixture(scope="module")
def messy(blina: Any) -> Scored:
    """Return the build of the extract."""
    return read_build(blina.folder, blina.out)


@pytest.fixture(scope="module")
def queries(blina: Any) -> pd.DataFrame:
    """Return the query listing as it would be sent."""
    return scoring.listed_queries(blina.out)


@pytest.fixture(scope="module")
def score(blina: Any, messy: Scored, clean: Scored, queries: pd.DataFrame) -> Score:
    """Return the score of the trial profile."""
    return scoring.score(blina.folder, messy, clean, queries)


def test_everything_planted_is_resolved_or_queried(blina: Any, score: Score) -> None:
    """Every cell that the log wants resolved is its true value in SDTM, every other one is queried on its raw row."""
    print("\n" + render(score))
    log = blina.truth("mess")
    assert score.classes["planted"].to_dict() == log.groupby("class").size().to_dict()
    assert score.classes["found"].to_dict() == score.classes["planted"].to_dict()
    assert score.classes["resolved"].to_dict() == score.classes["to_resolve"].to_dict()
    assert score.short.to_dict("records") == []


def test_queries_are_asked_at_the_planted_field(score: Score) -> None:
    """A query about a cell that only data management can settle names the field of the cell, not only its row."""
    asked = score.cells[score.cells["expected"] == "query"]
    assert asked.loc[~asked["at_field"], ["class", "file", "row", "column"]].to_numpy().tolist() == []


def test_no_clean_value_is_changed_and_no_clean_row_is_queried(score: Score) -> None:
    """Values that go back to clean cells are those of the clean forms; rows without a planted cell have no query."""
    assert score.harm.repairs.to_dict("records") == []
    assert score.false_queries.to_dict("records") == []
    assert score.harm.compared > 1_000_000


def test_the_page_of_the_documentation_holds_this_score(score: Score) -> None:
    """The table in the documentation is what this build gives; `python -m ...scoring STUDY OUT PAGE` renews it."""
    text = PAGE.read_text(encoding="utf-8")
    shown = text.split(scoring.BEGIN, 1)[1].split(scoring.END, 1)[0]
    # the numbers of values and records compared follow every change of the specification
    told = "False repairs: none ("
    assert shown.partition(told)[:2] == render(score).partition(told)[:2]


def repairs(blina: Any, messy: Scored, clean: Scored) -> pd.DataFrame:
    """Return the false repairs of a build of the extract."""
    return scoring.harm_of(blina.truth("mess"), messy, clean).repairs


def with_value(build: Scored, dataset: str, variable: str, record: int, value: str) -> Scored:
    """Return a build with one value changed."""
    frame = build.records[dataset].copy()
    frame.loc[record, variable] = value
    return replace(build, records={**build.records, dataset: frame})


def test_one_changed_clean_value_is_a_false_repair(blina: Any, messy: Scored, clean: Scored) -> None:
    """The score names dataset, variable, form and row of a clean value that came out otherwise."""
    place = messy.links["MH"].query("record == 0").iloc[0]
    term = messy.records["MH"]["MHTERM"].iloc[0]
    repair = {"dataset": "MH", "variable": "MHTERM", "source": place["source"], "row": place["row"]}
    assert repairs(blina, with_value(messy, "MH", "MHTERM", 0, "Other"), clean).to_dict("records") == [
        repair | {"messy": "Other", "clean": term}
    ]


def test_a_clean_cell_of_a_planted_row_counts_as_well(blina: Any, messy: Scored, clean: Scored) -> None:
    """The medication of a row with a planted start date is clean; a change of it is a false repair."""
    entry = blina.truth("mess").query("`class` == 'date:chinese'").iloc[0]
    (name, record), *_ = messy.made_from("cm_raw", int(entry["row"]) - 1)
    changed = with_value(messy, name, "CMTRT", record, "Other")
    found = repairs(blina, changed, clean)
    assert found[["dataset", "variable", "messy"]].to_numpy().tolist() == [["CM", "CMTRT", "Other"]]


def test_a_lost_record_of_a_clean_row_is_a_false_repair(blina: Any, messy: Scored, clean: Scored) -> None:
    """A clean row that becomes no record is named."""
    links = messy.links["DV"]
    fewer = replace(messy, links={**messy.links, "DV": links[links["record"] != 0]})
    found = repairs(blina, fewer, clean)
    assert found[["dataset", "source", "messy", "clean"]].to_numpy().tolist() == [
        ["DV", "pdev_raw", "none", "a record"]
    ]


CHANGES = [
    # class, form, dataset, variable, what it is changed to
    ("date:chinese", "CM", "CM", "CMSTDTC", "2023-09"),
    ("date:unknown_day", "SURV", "DM", "DTHDTC", "2023-08-15"),
    ("time:24_00", "TRANSF", "PR", "PRSTDTC", "2023-06-27"),
    ("missing:999", "VS", "VS", "VSORRES", "999"),
    ("missing:UNK", "CM", "CM", "CMDOSE", "1"),
    ("unit:g/dL", "LBLOC", "LB", "LBSTRESN", "12.1"),
    ("unit:mg/dL", "LBLOC", "LB", "LBSTRESU", "mg/dL"),
    ("mrd:full_width", "MRD", "LB", "LBSTRESN", "0.01"),
    ("mrd:chinese", "MRD", "LB", "LBSTRESC", "POSITIV"),
    ("number:thousands", "LBLOC", "LB", "LBSTRESN", "0.00329"),
    ("number:greater", "LBLOC", "LB", "LBSTRESC", "999"),
    ("identity:site_code", "DM", "DM", "SITEID", "1"),
    ("identity:term_case", "AE", "AE", "AEDECOD", "HEADACHE"),
    ("text:chinese_term", "AE", "AE", "AETERM", "?"),
    ("text:response_spelling", "RESP", "RS", "RSSTRESC", "cr"),
    ("text:line_break", "RESP", "CO", "COVAL", "Marrow"),
    ("logic:platelet_masking", "LBLOC", "LB", "LBSTRESN", "15"),
    ("correction:response", "RESP", "RS", "RSSTRESC", "CRi"),
    ("identity:rescreened", "DM", "DM", "USUBJID", "SPT-BLINA-01-01-90098"),
    ("identity:two_labs", "LBLOC", "LB", "LBNAM", "Site 01 Hospital Laboratory"),
]


@pytest.mark.parametrize(("kind", "form", "dataset", "variable", "value"), CHANGES, ids=[one[0] for one in CHANGES])
def test_a_wrong_value_of_a_planted_cell_is_not_resolved(
    blina: Any, messy: Scored, clean: Scored, kind: str, form: str, dataset: str, variable: str, value: str
) -> None:
    """Each kind of truth is judged by the value: another value in its records leaves none resolved."""
    log = blina.truth("mess")
    entries = log[(log["class"] == kind) & (log["form"] == form) & (log["expected"] == "resolve")]
    assert scoring.resolved_cells(entries, messy, clean) == [True] * len(entries)
    frame = messy.records[dataset].copy()
    for _, entry in entries.iterrows():
        source, row = messy.source_of(entry["file"]), int(entry["row"]) - 1
        records = [record for name, record in messy.made_from(source, row) if name == dataset]
        subject = frame["USUBJID"].str.endswith(entry["Subject"]).to_numpy().nonzero()[0].tolist()
        frame.loc[records or subject, variable] = value
    changed = replace(messy, records={**messy.records, dataset: frame})
    assert scoring.resolved_cells(entries, changed, clean) == [False] * len(entries)


def test_a_query_on_a_clean_row_is_a_false_query_and_a_lost_query_is_missed(
    blina: Any, messy: Scored, clean: Scored, queries: pd.DataFrame
) -> None:
    """Moving one query to another row makes one false query and one missed cell."""
    death = queries["Rule"] == "QUERY-LB-DEATH"
    moved = queries[(queries["File"] != "LBLOC.csv") | (queries["Row"] != queries.loc[death, "Row"].iloc[0])]
    moved = pd.concat([moved, queries[death].assign(Row="1")])
    found = scoring.score(blina.folder, messy, clean, moved)
    assert found.false_queries[["File", "Row"]].to_numpy().tolist() == [["LBLOC.csv", "1"]]
    assert found.short["class"].tolist() == ["logic:lab_after_death"]


def test_the_command_prints_the_table_and_renews_a_page(
    blina: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, score: Score
) -> None:
    """With two arguments the score is printed, with a page it is put between its marks; 1 tells of a shortfall."""
    monkeypatch.setattr(scoring, "score_build", lambda *_: score)
    page = tmp_path / "page.md"
    page.write_text(f"# Cleaning\n\n{scoring.BEGIN}old\n{scoring.END}\n\nafter\n", encoding="utf-8")
    assert scoring.main([str(blina.folder), str(blina.out), str(page)]) == 0
    assert page.read_text(encoding="utf-8") == (
        f"# Cleaning\n\n{scoring.BEGIN}{render(score)}{scoring.END}\n\nafter\n"
    )
    assert scoring.main(["STUDY", "OUT"]) == 0
    assert capsys.readouterr().out == f"{render(score)}\n"
    missed = replace(score, cells=score.cells.assign(resolved=False))
    monkeypatch.setattr(scoring, "score_build", lambda *_: missed)
    assert scoring.main(["STUDY", "OUT"]) == 1
    assert scoring.main([]) == 2
    assert "usage" in capsys.readouterr().err


def test_the_listing_names_file_row_and_question(blina: Any, queries: pd.DataFrame) -> None:
    """The workbook has one line per query with its place in the forms and in SDTM; the page has the same ones."""
    death = queries[queries["Rule"] == "QUERY-LB-DEATH"].iloc[0]
    planted = blina.truth("mess").set_index("class").loc["logic:lab_after_death"]
    assert (death["File"], death["Row"]) == (planted["file"], planted["row"])
    shown = ["Form", "Site", "Subject", "Visit", "Line", "Field", "Collected", "Dataset"]
    assert death[shown].tolist() == [
        "Local and central laboratory",
        "01",
        planted["Subject"],
        "Unscheduled",
        planted["RecordPosition"],
        "SAMPDAT",
        planted["raw_value"],
        "LB",
    ]
    assert blina["LB"]["LBDTC"].iloc[int(death["Record"]) - 1].startswith(planted["raw_value"])
    page = (blina.out / "queries" / "queries.html").read_text(encoding="utf-8")
    assert [number for number in queries["Query"] if f">{number}</td>" not in page] == []
    listed = [one["path"] for one in blina.record["outputs"]]
    assert [name for name in ("queries/queries.xlsx", "queries/queries.html") if name not in listed] == []


def test_no_cell_is_queried_twice_for_one_reason(queries: pd.DataFrame) -> None:
    """One cell has one query of the mapping at most, and none twice by one rule."""
    cell = ["File", "Row", "Field"]
    mapped = queries[queries["Rule"].str.startswith("MAP-")]
    assert mapped[mapped.duplicated(cell)].to_dict("records") == []
    assert queries[queries.duplicated([*cell, "Rule"])].to_dict("records") == []


def test_the_score_of_a_folder_builds_the_clean_forms_itself(blina: Any, score: Score) -> None:
    """From the study folder and OUT alone comes the same score."""
    assert render(scoring.score_build(blina.folder, blina.out)) == render(score)


def test_data_without_mess_have_no_queries_and_nothing_to_score(tmp_path: Path) -> None:
    """The profile `publication` plants nothing: nothing is queried, nothing changed, and the command says so."""
    study = simulate_study("blina_ball", tmp_path / "study", profile="publication")
    build_study(study, tmp_path / "out", only=("sdtm",))
    found = scoring.score_build(study, tmp_path / "out")
    assert (len(found.cells), len(found.false_queries), len(found.harm.repairs)) == (0, 0, 0)
    assert found.harm.compared > 100_000
    assert "0 of 0 planted cells" in render(found)


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
