"""What a specification leaves out is filled from the standards; what it says stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from define_xml.reader import read_define
from specs import models as m
from specs.complete import complete
from specs.guides import adam_class, kind_of
from specs.scaffold import convert_specification, init_study
from specs.workbook import write_workbook
from specs.yaml_files import read_specification, read_study, write_yaml
from spectrail.io.xpt import read_xpt
from spectrail.pipeline.build import build_study


def _variables(*names: str) -> tuple[m.Variable, ...]:
    return tuple(m.Variable(name=name) for name in names)


def test_sdtm_variables_are_filled() -> None:
    """Label, type, role, core, mandatory and codelist come from SDTMIG 3.4 (AE)."""
    study = m.Study(
        study_id="S1", datasets=(m.Dataset(name="AE", variables=_variables("AESEQ", "AESER", "AESTDTC")),)
    )
    done = complete(study)
    assert done.datasets[0].variables == (
        m.Variable(
            name="AESEQ", label="Sequence Number", data_type="integer", role="Identifier", core="Req", mandatory="Yes"
        ),
        m.Variable(
            name="AESER",
            label="Serious Event",
            data_type="text",
            role="Record Qualifier",
            core="Exp",
            mandatory="No",
            codelist="NY",
        ),
        m.Variable(
            name="AESTDTC",
            label="Start Date/Time of Adverse Event",
            data_type="datetime",
            role="Timing",
            core="Exp",
            mandatory="No",
        ),
    )
    assert done.codelists == (m.Codelist(id="NY", name="No Yes Response", code="C66742"),)


def test_sdtm_datasets_are_filled() -> None:
    """Label, class, structure, keys and repeating come from SDTMIG 3.4; keys only when all are variables."""
    names = ("STUDYID", "USUBJID", "AEDECOD", "AESTDTC")
    study = m.Study(
        study_id="S1",
        datasets=(
            m.Dataset(name="AE", variables=_variables(*names)),
            m.Dataset(name="DM", variables=_variables("SEX")),
        ),
    )
    ae, dm = complete(study).datasets
    assert (ae.label, ae.class_, ae.keys, ae.repeating, ae.reference_data, ae.purpose) == (
        "Adverse Events",
        "EVENTS",
        names,
        "Yes",
        "No",
        "Tabulation",
    )
    assert (dm.label, dm.class_, dm.structure, dm.keys, dm.repeating) == (
        "Demographics",
        "SPECIAL PURPOSE",
        "One record per subject",
        (),
        "No",
    )


def test_what_is_specified_stays() -> None:
    """A label, type or codelist that the specification gives is not replaced."""
    given = m.Variable(
        name="AESER", label="Serious?", data_type="integer", codelist="MINE", core="Perm", mandatory="Yes"
    )
    study = m.Study(
        study_id="S1",
        datasets=(m.Dataset(name="AE", label="My AE", variables=(given,)),),
        codelists=(m.Codelist(id="MINE"),),
    )
    done = complete(study)
    assert done.datasets[0].variables == (given.model_copy(update={"role": "Record Qualifier"}),)
    assert (done.datasets[0].label, done.codelists) == ("My AE", (m.Codelist(id="MINE"),))


def test_codelists_of_steps_and_of_the_study_come_first() -> None:
    """A variable takes the codelist of its step, else the study's own list with the standard's code."""
    step = m.Step(target="AESEV", algorithm="assign_ct", source=("ae.SEV",), codelist="C66769")
    study = m.Study(
        study_id="S1",
        datasets=(m.Dataset(name="AE", variables=_variables("AESEV", "AESER"), steps=(step,)),),
        codelists=(m.Codelist(id="YESNO", code="C66742"),),
    )
    done = complete(study)
    assert [variable.codelist for variable in done.datasets[0].variables] == ["C66769", "YESNO"]
    assert [codelist.id for codelist in done.codelists] == ["YESNO", "C66769"]


def test_adam_variables_are_filled() -> None:
    """Indexed names get their index in the label; numeric dates get a SAS format (ADaMIG 1.3)."""
    study = m.Study(
        study_id="S1", datasets=(m.Dataset(name="ADSL", variables=_variables("TRT01P", "TRTSDT", "TRTSDTM")),)
    )
    done = complete(study).datasets[0]
    assert [(v.label, v.data_type, v.format) for v in done.variables] == [
        ("Planned Treatment for Period 01", "text", ""),
        ("Date of First Exposure to Treatment", "integer", "DATE9."),
        ("Datetime of First Exposure to Treatment", "integer", "DATETIME20."),
    ]
    assert (done.class_, done.label, done.purpose) == (
        "SUBJECT LEVEL ANALYSIS DATASET",
        "Subject-Level Analysis Dataset",
        "Analysis",
    )


@pytest.mark.parametrize(
    ("dataset", "kind", "class_name"),
    [
        (m.Dataset(name="ADSL"), "adam", "ADSL"),
        (m.Dataset(name="ADLB", variables=_variables("PARAMCD")), "adam", "BDS"),
        (m.Dataset(name="ADTTE", variables=_variables("PARAMCD", "CNSR")), "adam", "BDS-TTE"),
        (m.Dataset.model_validate({"name": "ADCM", "class": "OCCURRENCE DATA STRUCTURE"}), "adam", "OCCDS"),
        (m.Dataset(name="ADXX"), "adam", ""),
        (m.Dataset(name="AE"), "sdtm", ""),
        (m.Dataset.model_validate({"name": "ADX", "class": "FINDINGS"}), "sdtm", ""),
    ],
)
def test_the_standard_of_a_dataset(dataset: m.Dataset, kind: str, class_name: str) -> None:
    """Class, subclass, name and variables tell which standard and class a dataset follows."""
    assert kind_of(dataset) == kind
    if kind == "adam":
        assert adam_class(dataset) == class_name


def test_versions_that_are_not_packaged_fill_nothing() -> None:
    """With an SDTMIG that is not packaged, nothing is taken from another version."""
    study = m.Study(
        study_id="S1",
        standards=(m.Standard(name="SDTMIG", version="3.2"),),
        ct="1999-01-01",
        datasets=(m.Dataset(name="AE", variables=_variables("AESER")),),
    )
    assert complete(study).datasets[0].variables == _variables("AESER")


def test_the_started_study_builds(tmp_path: Path) -> None:
    """The folder that `spec init` makes builds without findings; its workbook form builds the same files."""
    init_study(tmp_path / "study", study_id="S1")
    result = build_study(tmp_path / "study", tmp_path / "out", only=("sdtm",))
    assert len(result.findings) == 0
    ae = read_xpt(result.sdtm / "ae.xpt").frame
    assert ae[["USUBJID", "AESEQ", "AEDECOD", "AESEV", "AESTDTC", "AESTDY"]].astype(object).fillna(
        ""
    ).to_numpy().tolist() == [
        ["S1-001", 1, "Headache", "MILD", "2025-01-07", 2],
        ["S1-001", 2, "Pyrexia", "MODERATE", "2025-01", ""],
        ["S1-002", 1, "Neutropenia", "SEVERE", "2025-01-20", 8],
    ]
    convert_specification(tmp_path / "study", tmp_path / "excel" / "study.xlsx")
    (tmp_path / "study" / "raw").rename(tmp_path / "excel" / "raw")
    again = build_study(tmp_path / "excel", tmp_path / "again", only=("sdtm",))
    for name in ("dm.xpt", "ae.xpt"):
        assert (again.sdtm / name).read_bytes() == (result.sdtm / name).read_bytes()


@pytest.mark.parametrize(
    "name",
    [
        "define_samples/define21-sdtm.xml",
        "define_samples/define21-adam-arm.xml",
        "define_samples/define21-send-class.xml",
        "tdf_sdtm/define.xml",
    ],
)
def test_specifications_of_others_survive_both_faces(name: str, shared: Path, tmp_path: Path) -> None:
    """What a define.xml made by others says comes back the same from YAML and from a workbook."""
    study = read_define(shared / "data" / name).study
    write_yaml(study, tmp_path / "yaml")
    write_workbook(study, tmp_path / "spec.xlsx")
    assert read_study(tmp_path / "yaml").study == study
    assert read_specification(tmp_path / "spec.xlsx").study == study
