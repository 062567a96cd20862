"""An ADaM define.xml with value levels by PARAMCD and analysis results, from specification, data and lineage."""

from __future__ import annotations

import importlib.util
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest
from lxml import etree

from define_xml.check import check_define
from define_xml.evidence import observe
from define_xml.parameter_levels import levels_by
from define_xml.publish import publish_define
from define_xml.reader import read_define
from specs import models as m
from spectrail.dataset import Dataset, normalise
from spectrail.io.xpt import write_xpt
from spectrail.layout import Column, Layout
from spectrail.lineage import Lineage, RecordLineage, Trace

VALIDATOR = Path(__file__).resolve().parents[2].parent / "shared" / "schemas" / "validate_define.py"
ADSL = Layout(
    "ADSL",
    "Subject-Level Analysis Dataset",
    (
        Column("STUDYID", "Study Identifier"),
        Column("USUBJID", "Unique Subject Identifier"),
        Column("AGE", "Age", "integer"),
        Column("TRTSDT", "Date of First Exposure to Treatment", "integer", format="DATE9."),
        Column("SAFFL", "Safety Population Flag"),
    ),
    ("STUDYID", "USUBJID"),
)
ADTTE = Layout(
    "ADTTE",
    "Time-to-Event Analysis Dataset",
    (
        Column("STUDYID", "Study Identifier"),
        Column("USUBJID", "Unique Subject Identifier"),
        Column("PARAMCD", "Parameter Code"),
        Column("PARAM", "Parameter"),
        Column("AVAL", "Analysis Value", "float"),
        Column("CNSR", "Censor", "integer"),
    ),
    ("STUDYID", "USUBJID", "PARAMCD"),
)
TRACES = {
    "ADSL": (
        Trace("STUDYID", 1, "predecessor", ("STUDYID",), "copied from STUDYID", "", 2),
        Trace("USUBJID", 2, "predecessor", ("USUBJID",), "copied from USUBJID", "", 2),
        Trace("AGE", 3, "predecessor", ("DM.AGE",), "copied from DM.AGE", "", 2),
        Trace("TRTSDT", 4, "derive_vars_dt", ("DM.RFXSTDTC",), "date of DM.RFXSTDTC", "", 2),
        Trace("SAFFL", 5, "compute_flag", ("TRTSDT",), "Y where TRTSDT is present", "", 2),
    ),
    "ADTTE": (
        Trace("STUDYID", 1, "predecessor", ("ADSL.STUDYID",), "", "", 4),
        Trace("USUBJID", 2, "predecessor", ("ADSL.USUBJID",), "", "", 4),
        Trace("PARAMCD", 3, "assign_constant", (), "", "", 4),
        Trace("PARAM", 4, "assign_constant", (), "", "", 4),
        Trace("AVAL", 5, "derive_vars_duration", ("ADSL.TRTSDT", "ADT"), "months from TRTSDT to the event", "", 4),
        Trace("CNSR", 6, "derive_param_tte", ("ADT",), "0 for an event, else 1", "", 4),
    ),
}
SOURCES = {"ADSL": ("DM",), "ADTTE": ("ADSL",)}


def data() -> dict[str, Dataset]:
    """Return the two datasets with lineage."""
    subjects = ["S1-001", "S1-002"]
    adsl = pd.DataFrame(
        {"STUDYID": "S1", "USUBJID": subjects, "AGE": [34, 51], "TRTSDT": [23380, 23384], "SAFFL": "Y"}
    )
    adtte = pd.DataFrame(
        {
            "STUDYID": "S1",
            "USUBJID": ["S1-001", "S1-001", "S1-002", "S1-002"],
            "PARAMCD": ["EFS", "OS", "EFS", "OS"],
            "PARAM": ["Event-Free Survival (months)", "Overall Survival (months)"] * 2,
            "AVAL": [3.5, 12.0, 7.25, 9.0],
            "CNSR": [0, 1, 0, 0],
        }
    )
    return {
        layout.name: Dataset(
            layout,
            normalise(frame),
            lineage=Lineage(records=RecordLineage(sources=SOURCES[layout.name]), traces=TRACES[layout.name]),
        )
        for layout, frame in ((ADSL, adsl), (ADTTE, adtte))
    }


def study(made: dict[str, Dataset]) -> m.Study:
    """Return the specification: classes, codelists, value levels of AVAL by PARAMCD, one display with one result."""
    datasets = []
    for layout, class_, subclass in (
        (ADSL, "SUBJECT LEVEL ANALYSIS DATASET", ""),
        (ADTTE, "BASIC DATA STRUCTURE", "TIME-TO-EVENT"),
    ):
        datasets.append(
            m.Dataset(
                name=layout.name,
                label=layout.label,
                class_=class_,
                subclass=subclass,
                structure="One record per subject" if layout is ADSL else "One record per subject per parameter",
                keys=layout.keys,
                variables=tuple(
                    m.Variable(
                        name=one.name,
                        label=one.label,
                        data_type=one.type,
                        format=one.format,
                        codelist={"SAFFL": "NY", "PARAMCD": "PARAMCD"}.get(one.name, ""),
                        role="Identifier",
                    )
                    for one in layout.columns
                ),
                value_levels=()
                if layout is ADSL
                else levels_by(made["ADTTE"].frame, "AVAL", ["PARAMCD"], labels="PARAM"),
            )
        )
    where = m.WhereClause(
        conditions=(
            m.Condition(dataset="ADTTE", variable="PARAMCD", values=("EFS",)),
            m.Condition(dataset="ADSL", variable="SAFFL", values=("Y",)),
        ),
        comment="JOIN",
    )
    result = m.AnalysisResult(
        id="T1.EFS",
        description="Kaplan-Meier estimate of event-free survival",
        parameter="ADTTE.PARAMCD",
        reason="SPECIFIED IN SAP",
        purpose="SECONDARY OUTCOME MEASURE",
        datasets=(
            m.AnalysisDataset(dataset="ADTTE", where=where, variables=("AVAL", "CNSR")),
            m.AnalysisDataset(dataset="ADSL", variables=("SAFFL",)),
        ),
        join_comment="JOIN",
        documentation="Product-limit method",
        documents=(m.DocumentRef(document="sap", pages="12", page_type="PhysicalRef"),),
        code=m.ProgrammingCode(context="Python", code="kaplan_meier(adtte, 'AVAL', 'CNSR')"),
    )
    return m.Study(
        study_id="S1",
        created="2024-05-01T00:00:00",
        datasets=tuple(datasets),
        codelists=(
            m.Codelist(id="NY", code="C66742"),
            m.Codelist(
                id="PARAMCD",
                name="Parameters",
                terms=(
                    m.Term(term="EFS", decode="Event-Free Survival"),
                    m.Term(term="OS", decode="Overall Survival"),
                ),
            ),
        ),
        comments=(m.Comment(id="JOIN", description="ADTTE and ADSL are joined by USUBJID."),),
        documents=(m.Document(id="sap", title="Analysis plan", href="sap.pdf", package="ADaM"),),
        displays=(m.AnalysisDisplay(id="T1", name="Table 1", title="Event-free survival", results=(result,)),),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Publish the two datasets."""
    made = data()
    specification = study(made)
    evidence = {name: observe(made[name], specification.dataset(name)) for name in made}
    findings = publish_define(specification, evidence, tmp_path, kind="ADaM")
    assert findings.frame["message"].tolist() == []
    for dataset in made.values():
        write_xpt(dataset, tmp_path / f"{dataset.name.lower()}.xpt", created=datetime(2024, 5, 1))
    (tmp_path / "sap.pdf").write_bytes(b"%PDF-1.4")
    return tmp_path


def test_it_is_valid_link_clean_and_agrees_with_the_data(folder: Path):
    """No finding of the check, with data; no complaint of an independent validator with the published schemas."""
    found = check_define(folder / "define.xml", data_dir=folder).frame
    assert found[["rule", "dataset", "variable", "message"]].values.tolist() == []
    if not VALIDATOR.is_file():
        pytest.skip("the published schemas are not on this machine")
    spec = importlib.util.spec_from_file_location("validate_define", VALIDATOR)
    assert spec is not None
    assert spec.loader is not None
    validator = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(validator)
    assert validator.validate(folder / "define.xml") == (True, [])


def test_origins_digits_and_codes(folder: Path):
    """Predecessors name dataset and variable; AVAL has digits by parameter; the flag's list is the CDISC one."""
    imported = read_define(folder / "define.xml").study
    adsl, adtte = imported.dataset("ADSL"), imported.dataset("ADTTE")
    assert [(one.name, one.origins[0].type, one.origins[0].predecessor) for one in adsl.variables] == [
        ("STUDYID", "Predecessor", "DM.STUDYID"),
        ("USUBJID", "Predecessor", "DM.USUBJID"),
        ("AGE", "Predecessor", "DM.AGE"),
        ("TRTSDT", "Derived", ""),
        ("SAFFL", "Derived", ""),
    ]
    levels = [
        (one.where.conditions[0].values, one.data_type, one.length, one.significant_digits)
        for one in adtte.value_levels
    ]
    assert levels == [(("EFS",), "float", 3, 2), (("OS",), "integer", 2, None)]
    assert [(one.term, one.code) for one in imported.codelist("NY").terms] == [("Y", "C49488")]
    assert [one.role for one in adsl.variables] == [""] * 5
    assert adsl.repeating == "No"


def test_analysis_results_survive_and_link(folder: Path):
    """The display is read back as specified; its where clause spans two datasets and says how they are joined."""
    expected = study(data()).displays[0]
    actual = read_define(folder / "define.xml").study.displays[0]
    clause = expected.results[0].datasets[0].where
    named = clause.model_copy(update={"id": actual.results[0].datasets[0].where.id})
    datasets = (expected.results[0].datasets[0].model_copy(update={"where": named}), expected.results[0].datasets[1])
    assert actual.results[0] == expected.results[0].model_copy(update={"datasets": datasets})
    page = etree.HTML((folder / "define.html").read_text(encoding="utf-8"))
    links = {str(one) for one in page.xpath("//section[@id='analysis']//a/@href")}
    assert {
        "#IG.ADTTE",
        "#IG.ADTTE.IT.ADTTE.AVAL",
        "#IG.ADTTE.IT.ADTTE.PARAMCD",
        "#IG.ADSL.IT.ADSL.SAFFL",
        "sap.pdf#page=12",
    } <= links
    targets = {str(one) for one in page.xpath("//@id")}
    assert {one[1:] for one in links if one.startswith("#")} <= targets
