"""Validation as part of a build: reports, suites, guides, ledger of the study, raw rows; the same bytes again."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from specs import models as m
from spectrail.dataset import Dataset
from spectrail.findings import Findings
from spectrail.io.lineage_files import write_lineage
from spectrail.io.tables import write_dataset
from spectrail.layout import Column, Layout
from spectrail.lineage import Lineage, RecordLineage
from spectrail.pipeline.validate import Validation, validate_build

CREATED = datetime(2025, 1, 31, 12)
RULE = """
Core: {Id: STUDY-1, Status: Draft}
Scope: {Domains: {Include: [AE]}}
Rule Type: Record Data
Sensitivity: Record
Check: {all: [{name: AETERM, operator: equal_to, value: "Rash", value_is_literal: true}]}
Outcome: {Message: rash, Output Variables: [AETERM]}
"""
STUDY = m.Study(study_id="S1", datasets=(m.Dataset(name="AE", keys=("USUBJID", "AETERM")),))


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write what a build has made before it validates: datasets, lineage; a study folder with its own rule."""
    monkeypatch.setattr("validation.validate.packaged_rules", tuple)
    folder = tmp_path / "out" / "m5" / "datasets" / "s1" / "tabulations" / "sdtm"
    folder.mkdir(parents=True)
    write(folder, "DM", USUBJID=["1", "2"])
    write(folder, "TS", TSPARMCD=["SSTDTC"], TSVAL=["2020-01-31"])
    write(folder, "AE", USUBJID=["1", "2"], AETERM=["Fever", "Rash"])
    record = np.arange(2, dtype=np.int32)
    links = RecordLineage(("ae_raw",), record, np.zeros(2, dtype=np.int32), np.array([4, 8], dtype=np.int32))
    write_lineage(tmp_path / "out" / "lineage", {"AE": Lineage(links)})
    (tmp_path / "study" / "rules" / "R1").mkdir(parents=True)
    (tmp_path / "study" / "rules" / "R1" / "rule.yml").write_text(RULE)
    return tmp_path


def write(folder: Path, name: str, **columns: list[str]) -> None:
    """Write a dataset of text with STUDYID and these columns."""
    size = len(next(iter(columns.values())))
    frame = pd.DataFrame({"STUDYID": ["S1"] * size, **columns}, dtype="str")
    made = tuple(Column(str(key), "", "text", 20) for key in frame)
    write_dataset(Dataset(Layout(name, "", made), frame), folder / f"{name.lower()}.xpt", created=CREATED)


def validate(built: Path) -> Validation:
    """Validate the build with one finding of its own."""
    own = Findings.of(
        rule="MAP-DATE", severity="warning", dataset="AE", variable="AESTDTC", message="date", value="32"
    )
    return validate_build(
        built / "out",
        STUDY,
        study_folder=built / "study",
        findings=own,
        created=CREATED,
        inputs=[("ae_raw", "raw/ae.csv")],
    )


def test_build_gets_reports_suites_and_guide(built: Path):
    """Everything lies where the layout of an output says, with the findings of the build, of rules and of suites."""
    done = validate(built)
    written = {path.relative_to(built / "out").as_posix() for path in done.written}
    assert {
        "validation/findings.json",
        "validation/report.xlsx",
        "validation/report.html",
        "validation/suites/ae.json",
        "validation/suites/ae.parquet",
        "m5/datasets/s1/tabulations/sdtm/csdrg.docx",
    } <= written
    listed = json.loads((built / "out" / "validation" / "findings.json").read_text())["findings"]
    rules = [one["rule"] for one in listed]
    assert {"MAP-DATE", "STUDY-1", "TRC-DEFINE"} <= set(rules)
    rash = next(one for one in listed if one["rule"] == "STUDY-1")
    assert (rash["record"], rash["value"]) == (2, "Rash")


def test_page_leads_to_the_raw_row_of_the_build(built: Path):
    """Record 2 of AE comes from data row 9 of raw/ae.csv."""
    validate(built)
    page = (built / "out" / "validation" / "report.html").read_text(encoding="utf-8")
    match = re.search(r'<script type="application/json" id="records-AE">(.*?)</script>', page)
    assert match is not None
    held = json.loads(match[1])
    at = held["records"].index(2)
    assert held["raw"]["sources"] == [["ae_raw", "raw/ae.csv"]]
    assert held["raw"]["row"][held["raw"]["start"][at]] == 9


def test_ledger_of_the_study_is_read_and_never_written(built: Path):
    """An accepted finding does not count; the explanation stands in the guide; the file is untouched."""
    first = validate(built)
    position = first.result.findings.frame["rule"].tolist().index("STUDY-1")
    print_ = first.judged.fingerprints[position]
    ledger = built / "study" / "ledger.csv"
    head = "fingerprint,status,rule,dataset,variable,keys,value,explanation\n"
    ledger.write_text(f"{head}{print_},accepted,STUDY-1,AE,AETERM,,Rash,expected with this drug\n")
    before = ledger.read_bytes()
    done = validate(built)
    assert "STUDY-1" not in set(done.counted.frame["rule"])
    assert "MAP-DATE" in set(done.counted.frame["rule"])
    assert ledger.read_bytes() == before


def test_same_inputs_give_the_same_bytes(built: Path):
    """Validating the same build twice writes the same files."""
    first = {path: path.read_bytes() for path in validate(built).written}
    again = {path: path.read_bytes() for path in validate(built).written}
    assert first == again
