"""Rules that the schema of Define-XML cannot state, each shown by a change of a file made by others."""

from __future__ import annotations

from pathlib import Path

import pytest

from define_xml.check import check_define
from define_xml.reader import read_define
from define_xml.report import Report
from define_xml.safe_xml import parse_bytes
from define_xml.schema import check_schema
from define_xml.writer import define_bytes

SAMPLES = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "define_samples"
SDTM, ADAM = SAMPLES / "define21-sdtm.xml", SAMPLES / "define21-adam-arm.xml"

CHANGES: list[tuple[str, Path, str, str, str]] = [
    ("no pages", SDTM, ' PageRefs="6" Type="PhysicalRef"', ' Type="PhysicalRef"', "DEF-R04"),
    ("pages in words", SDTM, 'PageRefs="6"', 'PageRefs="six"', "DEF-R04"),
    ("pages backwards", SDTM, 'PageRefs="6"', 'FirstPage="9" LastPage="6"', "DEF-R04"),
    ("pages twice", SDTM, 'PageRefs="6"', 'PageRefs="6" FirstPage="6" LastPage="7"', "DEF-R04"),
    ("join without comment", SDTM, 'def:CommentOID="COM.SUBJECTDATA-JOIN-DM"', "", "DEF-R07"),
    (
        "repeating reference data",
        SDTM,
        'Repeating="Yes" IsReferenceData="No"',
        'Repeating="Yes" IsReferenceData="Yes"',
        "DEF-R08",
    ),
    ("no comment on no data", SDTM, 'def:CommentOID="COM.RESU"', "", "DEF-R13"),
    ("analysis dataset with domain", ADAM, 'Purpose="Analysis"', 'Purpose="Analysis" Domain="ADSL"', "DEF-R09"),
    (
        "predecessor of nothing",
        ADAM,
        '<def:Origin Type="Predecessor">',
        '<def:Origin Type="Predecessor"/><def:Origin Type="Other" Source="Sponsor">',
        "DEF-R22",
    ),
    ("dictionary without version", SDTM, ' Version="2013-11-15" href', " href", "DEF-R28"),
    (
        "condition on a variable",
        SDTM,
        '<ItemRef ItemOID="IT.DM.ETHNIC" Mandatory="Yes" OrderNumber="13"/>',
        '<ItemRef ItemOID="IT.DM.ETHNIC" Mandatory="Yes" OrderNumber="13">'
        '<def:WhereClauseRef WhereClauseOID="WC.VS.VSTESTCD.DIABP"/></ItemRef>',
        "DEF-R32",
    ),
    (
        "value level without condition",
        SDTM,
        '<def:WhereClauseRef WhereClauseOID="WC.VS.VSTESTCD.DIABP"/>',
        "",
        "DEF-R31",
    ),
    (
        "parameter that is none",
        ADAM,
        'ParameterOID="IT.ADQSADAS.PARAMCD"',
        'ParameterOID="IT.ADQSADAS.AVAL"',
        "DEF-R37",
    ),
    (
        "variable of another dataset",
        ADAM,
        'AnalysisVariable ItemOID="IT.ADQSADAS.CHG"',
        'AnalysisVariable ItemOID="IT.ADAE.AEDECOD"',
        "DEF-R38",
    ),
    (
        "join of analysis datasets",
        ADAM,
        "<arm:AnalysisDatasets def:CommentOID=",
        "<arm:AnalysisDatasets data-x=",
        "DEF-R39",
    ),
    ("unknown reason", ADAM, 'AnalysisReason="SPECIFIED IN SAP"', 'AnalysisReason="CURIOSITY"', "DEF-R40"),
    ("no link to the file", ADAM, 'def:ArchiveLocationID="LF.ADSL"', "", "DEF-S04"),
    ("subclass of adverse events", ADAM, '<def:SubClass Name="ADVERSE EVENT"/>', "", "DEF-S08"),
    ("enumerated length of a date", ADAM, 'DataType="date"', 'DataType="date" Length="10"', "DEF-R16"),
    (
        "non-standard analysis variable",
        ADAM,
        '<ItemRef ItemOID="IT.ADSL.STUDYID"',
        '<ItemRef def:IsNonStandard="Yes" ItemOID="IT.ADSL.STUDYID"',
        "DEF-R34",
    ),
    (
        "collected in an analysis dataset",
        ADAM,
        '<def:Origin Type="Assigned" Source="Sponsor"',
        '<def:Origin Type="Collected" Source="Subject"',
        "DEF-R23",
    ),
]


def changed(source: Path, old: str, new: str, folder: Path) -> Path:
    """Write a changed copy of a sample."""
    if not source.is_file():
        pytest.skip("the shared samples are not on this machine")
    text = source.read_text(encoding="utf-8")
    assert old in text
    path = folder / "define.xml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


@pytest.mark.parametrize(("name", "source", "old", "new", "rule"), CHANGES, ids=[one[0] for one in CHANGES])
def test_rule(name: str, source: Path, old: str, new: str, rule: str, tmp_path: Path):
    """The change adds findings of its rule that the sample does not have."""
    path = changed(source, old, new, tmp_path)
    before = (check_define(source).frame["rule"] == rule).sum()
    after = (check_define(path).frame["rule"] == rule).sum()
    assert after > before


def test_submission_rules_hold_for_submissions_only(tmp_path: Path):
    """Standards, descriptions and leaves are asked for when the context is a submission."""
    path = changed(SDTM, 'def:Context="Other"', 'def:Context="Submission"', tmp_path)
    other = set(check_define(SDTM).frame["rule"])
    found = set(check_define(path).frame["rule"])
    assert not any(rule.startswith("DEF-S") for rule in other)
    assert {"DEF-S09"} <= {rule for rule in found if rule.startswith("DEF-S")}


@pytest.mark.parametrize(
    ("old", "new", "rule", "message"),
    [
        ('<TranslatedText xml:lang="en">Demographics</TranslatedText>', "", "DEF-S05", "Description is missing"),
        ('<TranslatedText xml:lang="en">Race</TranslatedText>', "", "DEF-S06", "Description is missing"),
        (
            '<def:PDFPageRef PageRefs="6" Type="PhysicalRef"/>',
            "",
            "DEF-S12",
            "collected, but no page of the annotated CRF",
        ),
        (
            "<def:Standards>",
            '<def:AnnotatedCRF><def:DocumentRef leafID="LF.acrf"/></def:AnnotatedCRF><def:Standards>',
            "DEF-X01",
            "",
        ),
    ],
)
def test_submission_rule(old: str, new: str, rule: str, message: str, tmp_path: Path):
    """What a submission needs beyond the schema."""
    path = changed(SDTM, old, new, tmp_path)
    text = path.read_text(encoding="utf-8").replace('def:Context="Other"', 'def:Context="Submission"')
    if rule == "DEF-S12":
        text = text.replace(
            "<def:SupplementalDoc>",
            '<def:AnnotatedCRF><def:DocumentRef leafID="LF.acrf"/></def:AnnotatedCRF><def:SupplementalDoc>',
        )
    path.write_text(text, encoding="utf-8")
    found = check_define(path).frame
    hits = found[found["rule"] == rule]["message"].tolist()
    assert hits
    assert all(message in one for one in hits)


def test_a_submission_without_standards(tmp_path: Path):
    """def:Standards are optional for the schema, not for a submission."""
    path = changed(ADAM, "<def:Standards>", "<!-- ", tmp_path)
    text = path.read_text(encoding="utf-8").replace("</def:Standards>", " -->")
    path.write_text(text, encoding="utf-8")
    assert "DEF-S01" in set(check_define(path).frame["rule"])


def test_missing_documents_are_found_beside_the_file(tmp_path: Path):
    """With a data folder, linked documents are looked up beside the file."""
    path = changed(SDTM, "csdrg.pdf", "csdrg.pdf", tmp_path)
    (tmp_path / "acrf.pdf").write_bytes(b"%PDF-1.4")
    found = check_define(path, data_dir=tmp_path).frame
    assert found[found["rule"] == "DEF-L04"]["value"].tolist() == ["csdrg.pdf", "complexalgorithms.pdf"]


@pytest.mark.parametrize("kind", ["SDTM", "ADaM"])
@pytest.mark.parametrize("version", ["2.0", "2.1"])
def test_both_versions_are_valid_against_the_official_schema(kind: str, version: str):
    """The samples written as 2.0 and as 2.1, with analysis results where there are some, are schema-valid."""
    source = SDTM if kind == "SDTM" else ADAM
    if not source.is_file():
        pytest.skip("the shared samples are not on this machine")
    study = read_define(source).study
    content, findings = define_bytes(study, kind=kind, version=version)  # type: ignore[arg-type]
    report = Report(file="define.xml")
    check_schema(parse_bytes(content, name="define.xml").getroot(), report, version=version)
    assert [row[5] for row in report.rows] == []
    lost = findings.frame["message"].str.extract("for the ([a-z -]+):")[0].drop_duplicates().sort_values().tolist()
    assert lost == (
        []
        if version == "2.1"
        else ["comment on a codelist", "mark as non-standard", "statement that there are no data"]
        if kind == "SDTM"
        else ["subclass", "title of a page reference"]
    )
