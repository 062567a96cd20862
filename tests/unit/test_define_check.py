"""Writing a define.xml from data, and finding with `check_define` what was changed behind its back."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lxml import etree

from define_xml.catalogue import RULES
from define_xml.check import check_define
from define_xml.derive import derive_metadata
from define_xml.evidence import observe
from define_xml.iso_types import narrowest
from define_xml.origin_of import origin_of
from define_xml.parameter_levels import levels_by
from define_xml.publish import publish_define
from define_xml.writer import write_define
from specs import models as m
from spectrail.dataset import Dataset, normalise
from spectrail.findings import Findings
from spectrail.io.xpt import read_xpt, write_xpt
from spectrail.layout import Column, Layout
from spectrail.lineage import Lineage, Trace

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
CREATED = datetime(2024, 5, 1)


def column(name: str, label: str, data_type: str = "text") -> Column:
    """Return one column of a layout."""
    return Column(name, label, data_type)  # type: ignore[arg-type]


DM = Layout(
    "DM",
    "Demographics",
    (
        column("STUDYID", "Study Identifier"),
        column("DOMAIN", "Domain Abbreviation"),
        column("USUBJID", "Unique Subject Identifier"),
        column("RFSTDTC", "Subject Reference Start Date/Time"),
        column("AGE", "Age", "integer"),
        column("SEX", "Sex"),
    ),
    ("STUDYID", "USUBJID"),
)
LB = Layout(
    "LB",
    "Laboratory Test Results",
    (
        column("STUDYID", "Study Identifier"),
        column("DOMAIN", "Domain Abbreviation"),
        column("USUBJID", "Unique Subject Identifier"),
        column("LBSEQ", "Sequence Number", "integer"),
        column("LBTESTCD", "Lab Test or Examination Short Name"),
        column("LBORRES", "Result or Finding in Original Units"),
        column("LBSTRESN", "Numeric Result/Finding in Standard Units", "float"),
        column("LBDTC", "Date/Time of Specimen Collection"),
    ),
    ("STUDYID", "USUBJID", "LBTESTCD", "LBDTC"),
)
SUPPLB = Layout(
    "SUPPLB",
    "Supplemental Qualifiers for LB",
    tuple(
        column(name, label)
        for name, label in (
            ("STUDYID", "Study Identifier"),
            ("RDOMAIN", "Related Domain Abbreviation"),
            ("USUBJID", "Unique Subject Identifier"),
            ("IDVAR", "Identifying Variable"),
            ("IDVARVAL", "Identifying Variable Value"),
            ("QNAM", "Qualifier Variable Name"),
            ("QLABEL", "Qualifier Variable Label"),
            ("QVAL", "Data Value"),
            ("QORIG", "Origin"),
            ("QEVAL", "Evaluator"),
        )
    ),
    ("STUDYID", "RDOMAIN", "USUBJID", "IDVAR", "IDVARVAL", "QNAM"),
)
ASSIGNED = (m.Origin(type="Assigned", source="Sponsor"),)
TRACES = {
    "DM": (
        Trace("RFSTDTC", 1, "assign_datetime", ("ex_raw.EXSTDAT",), "ex_raw.EXSTDAT in ISO 8601", "", 3),
        Trace("AGE", 2, "compute_age", ("dm_raw.BRTHDAT", "RFSTDTC"), "Years from birth to RFSTDTC", "", 3),
        Trace("SEX", 3, "assign_ct", ("dm_raw.SEX",), "dm_raw.SEX mapped to codelist SEX", "", 3),
    ),
    "LB": (
        Trace("LBTESTCD", 1, "assign_ct", ("lb_raw.TEST",), "lb_raw.TEST mapped", "", 5),
        Trace("LBORRES", 2, "assign_no_ct", ("lb_raw.VALUE",), "lb_raw.VALUE as collected", "", 5),
        Trace("LBSTRESN", 3, "unit_convert", ("LBORRES",), "LBORRES converted to the standard unit", "", 4),
        Trace("LBDTC", 4, "assign_datetime", ("lb_raw.LBDAT",), "lb_raw.LBDAT in ISO 8601", "", 5),
    ),
    "SUPPLB": (Trace("QVAL.LBCLSIG", 5, "assign_no_ct", ("lb_raw.CLSIG",), "lb_raw.CLSIG as collected", "", 2),),
}


def frames() -> dict[str, pd.DataFrame]:
    """Return the data of the small study."""
    subjects = ["S1-001", "S1-002", "S1-003"]
    dm = pd.DataFrame(
        {
            "STUDYID": "S1",
            "DOMAIN": "DM",
            "USUBJID": subjects,
            "RFSTDTC": ["2024-01-05", "2024-01-09", "2024-02-01"],
            "AGE": [34.0, 51.0, 28.0],
            "SEX": ["F", "M", "F"],
        }
    )
    lb = pd.DataFrame(
        {
            "STUDYID": "S1",
            "DOMAIN": "LB",
            "USUBJID": ["S1-001", "S1-001", "S1-001", "S1-002", "S1-003"],
            "LBSEQ": [1.0, 2.0, 3.0, 1.0, 1.0],
            "LBTESTCD": ["HGB", "HGB", "KETONES", "HGB", "KETONES"],
            "LBORRES": ["10.2", "9.75", "NEGATIVE", "13.1", "5"],
            "LBSTRESN": [102.0, 97.5, np.nan, 131.0, 5.0],
            "LBDTC": ["2024-01-05", "2024-01-12", "2024-01-05", "2024-01-09", "2024-02-01"],
        }
    )
    supplb = pd.DataFrame(
        {
            "STUDYID": "S1",
            "RDOMAIN": "LB",
            "USUBJID": ["S1-001", "S1-002"],
            "IDVAR": "LBSEQ",
            "IDVARVAL": ["2", "1"],
            "QNAM": "LBCLSIG",
            "QLABEL": "Clinically Significant",
            "QVAL": ["Y", "N"],
            "QORIG": "CRF",
            "QEVAL": "INVESTIGATOR",
        }
    )
    return {"DM": normalise(dm), "LB": normalise(lb), "SUPPLB": normalise(supplb)}


def specification() -> m.Study:
    """Return the specification of the small study: lengths, origins of collected values and methods are not typed."""
    datasets = []
    for layout, mandatory in ((DM, {"USUBJID", "SEX"}), (LB, {"USUBJID", "LBSEQ", "LBTESTCD"})):
        traced = {trace.variable for trace in TRACES[layout.name]}
        variables = tuple(
            m.Variable(
                name=one.name,
                label=one.label,
                data_type="date" if one.name in {"RFSTDTC", "LBDTC"} else one.type,
                mandatory="Yes" if one.name in mandatory else "No",
                codelist={"SEX": "SEX"}.get(one.name, ""),
                origins=() if one.name in traced else ASSIGNED,
                role="Identifier",
            )
            for one in layout.columns
        )
        datasets.append(m.Dataset(name=layout.name, keys=layout.keys, variables=variables))
    return m.Study(
        study_id="S1",
        description="A small study",
        protocol="S1",
        created="2024-05-01T00:00:00",
        sources=(
            m.RawSource(name="dm_raw", path="raw/dm.csv", label="Demographics"),
            m.RawSource(name="ex_raw", path="raw/ex.csv", label="Exposure"),
            m.RawSource(name="lb_raw", path="raw/lb.csv", label="Local Laboratory", collected_by="Vendor"),
        ),
        datasets=tuple(datasets),
        codelists=(m.Codelist(id="SEX", code="C66731"),),
    )


def written() -> dict[str, Dataset]:
    """Return the datasets of the small study with lineage."""
    data = frames()
    return {
        layout.name: Dataset(layout, data[layout.name], lineage=Lineage(traces=TRACES[layout.name]))
        for layout in (DM, LB, SUPPLB)
    }


def describe(study: m.Study) -> tuple[m.Study, Findings]:
    """Derive the metadata of the small study; value levels of LBORRES are generated by test."""
    data = written()
    levels = levels_by(data["LB"].frame, "LBORRES", ["LBTESTCD"])
    changed = tuple(
        one.model_copy(update={"value_levels": levels}) if one.name == "LB" and not one.value_levels else one
        for one in study.datasets
    )
    study = study.model_copy(update={"datasets": changed})
    evidence = {
        name: observe(data[name], next((one for one in study.datasets if one.name == name), None)) for name in data
    }
    return derive_metadata(study, evidence)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Write the small study: three transport files and their define.xml."""
    study, findings = describe(specification())
    assert len(findings) == 0
    write_define(study, tmp_path / "define.xml", kind="SDTM")
    for dataset in written().values():
        write_xpt(dataset, tmp_path / f"{dataset.name.lower()}.xpt", created=CREATED)
    return tmp_path


def rules(folder: Path) -> set[str]:
    """Return the rules that the package breaks."""
    return set(check_define(folder / "define.xml", data_dir=folder).frame["rule"])


def test_a_define_written_from_its_data_has_no_finding(package: Path):
    """Schema, links, rules and data: nothing to report."""
    found = check_define(package / "define.xml", data_dir=package).frame
    assert found[["rule", "dataset", "variable", "message"]].values.tolist() == []


def test_what_is_derived_stands_in_the_file(package: Path):
    """Length over the package, digits, used terms, collected form and field, method text and formal expression."""
    root = etree.parse(str(package / "define.xml")).getroot()

    def texts(path: str) -> list[str]:
        return [str(one) for one in root.xpath(path, namespaces={"o": root.nsmap[None], "def": root.nsmap["def"]})]

    assert texts("//o:ItemDef[@OID='IT.LB.LBORRES']/@Length") == ["8"]
    assert texts("//o:ItemDef[@OID='IT.LB.LBSTRESN']/@Length") == ["3"]
    assert texts("//o:ItemDef[@OID='IT.LB.LBSTRESN']/@SignificantDigits") == ["1"]
    assert texts("//o:ItemDef[@OID='IT.LB.LBORRES.LBTESTCD.EQ.HGB']/@Length") == ["4"]
    assert texts("//o:CodeList[@OID='CL.SEX']/o:*/@CodedValue") == ["F", "M"]
    assert texts("//o:CodeList[@OID='CL.SEX']/o:*/o:Alias/@Name") == ["C16576", "C20197"]
    assert texts("//o:ItemDef[@OID='IT.DM.SEX']/def:Origin/@*") == ["Collected", "Investigator"]
    assert texts("//o:ItemDef[@OID='IT.DM.SEX']/def:Origin//o:TranslatedText/text()") == [
        "Form dm_raw (Demographics), field SEX"
    ]
    assert texts("//o:ItemDef[@OID='IT.LB.LBORRES']/def:Origin/@*") == ["Collected", "Vendor"]
    assert texts("//o:ItemDef[@OID='IT.SUPPLB.QVAL.QNAM.EQ.LBCLSIG']/def:Origin/@Type") == ["Collected"]
    assert texts("//o:ItemDef[@OID='IT.DM.AGE']/def:Origin/@Type") == ["Derived"]
    assert texts("//o:MethodDef[@OID='MT.DM.AGE']/o:Description/o:TranslatedText/text()") == [
        "Years from birth to RFSTDTC."
    ]
    assert texts("//o:MethodDef[@OID='MT.DM.AGE']/o:FormalExpression/text()") == [
        "DM.AGE: compute_age(dm_raw.BRTHDAT, RFSTDTC)"
    ]
    assert texts("//o:ItemGroupDef[@OID='IG.SUPPLB']/o:Alias/@Name") == ["Laboratory Test Results"]


def test_same_input_same_bytes(package: Path, tmp_path: Path):
    """Writing again gives the same bytes."""
    study, _ = describe(specification())
    write_define(study, tmp_path / "again.xml", kind="SDTM")
    assert (tmp_path / "again.xml").read_bytes() == (package / "define.xml").read_bytes()


# -- typed values that disagree --------------------------------------------------------------------------------------


def typed(dataset: str, variable: str, **changes: object) -> m.Study:
    """Return the specification with some fields of one variable typed."""
    study = specification()
    datasets = []
    for one in study.datasets:
        variables = tuple(
            two.model_copy(update=changes) if (one.name, two.name) == (dataset, variable) else two
            for two in one.variables
        )
        datasets.append(one.model_copy(update={"variables": variables}))
    return study.model_copy(update={"datasets": tuple(datasets)})


@pytest.mark.parametrize(
    ("dataset", "variable", "changes", "rule", "message"),
    [
        ("LB", "LBORRES", {"length": 5}, "DEF-B01", "length 5 is specified, the longest value needs 8"),
        ("LB", "LBORRES", {"length": 9}, "DEF-B02", "length 9 is specified, the longest value needs 8: 8 is written"),
        (
            "LB",
            "LBSTRESN",
            {"significant_digits": 0},
            "DEF-B01",
            "significant digits 0 are specified, the data have 1 decimals",
        ),
        ("LB", "LBSTRESN", {"data_type": "integer"}, "DEF-B01", "data type is integer, the data have 1 decimals"),
        ("LB", "LBSTRESN", {"mandatory": "Yes"}, "DEF-B01", "Mandatory is Yes, 1 of 5 values are missing"),
        ("DM", "AGE", {"has_no_data": "Yes"}, "DEF-B01", "HasNoData is Yes, the data have 3 values"),
        (
            "DM",
            "SEX",
            {"origins": (m.Origin(type="Derived", source="Sponsor"),)},
            "DEF-B03",
            "origin Derived is specified, the executed steps say Collected",
        ),
    ],
)
def test_a_typed_value_that_disagrees_is_reported_with_both(
    dataset: str, variable: str, changes: dict[str, object], rule: str, message: str
):
    """Each contradiction between specification and data names both values."""
    _, findings = describe(typed(dataset, variable, **changes))
    found = findings.frame[["rule", "dataset", "variable", "message"]].values.tolist()
    assert [rule, dataset, variable, message] in found


def test_a_used_value_outside_typed_terms_is_an_error():
    """The data have M, the typed list has F only."""
    study = specification().model_copy(update={"codelists": (m.Codelist(id="SEX", terms=(m.Term(term="F"),)),)})
    _, findings = describe(study)
    assert findings.frame["message"].tolist() == ["the data have 'M', codelist SEX has F"]


def test_a_typed_method_keeps_its_text_and_gains_the_expression():
    """The text typed by hand stays, the generated expression is added."""
    study = typed("DM", "AGE", method="AGE").model_copy(
        update={"methods": (m.Method(id="AGE", name="Age", description="Age in years at first dose"),)}
    )
    described, _ = describe(study)
    method = next(one for one in described.methods if one.id == "AGE")
    assert method.description == "Age in years at first dose"
    assert [one.code for one in method.expressions] == ["DM.AGE: compute_age(dm_raw.BRTHDAT, RFSTDTC)"]


# -- the data change behind the specification's back -----------------------------------------------------------------


def rewrite(folder: Path, name: str, change: Callable[[Dataset], Dataset]) -> None:
    """Change one transport file."""
    path = folder / f"{name.lower()}.xpt"
    write_xpt(change(read_xpt(path)), path, created=CREATED)


def frame_of(
    change: Callable[[pd.DataFrame], object], lengths: dict[str, int] | None = None
) -> Callable[[Dataset], Dataset]:
    """Return a change of a dataset's frame; text lengths are as the data need."""

    def apply(dataset: Dataset) -> Dataset:
        frame = dataset.frame.copy()
        made = change(frame)
        frame = made if isinstance(made, pd.DataFrame) else frame
        columns = tuple(
            Column(one.name, one.label, one.type, None if one.name in frame else one.length, one.format)
            for one in dataset.layout.columns
            if one.name in frame
        )
        return Dataset(Layout(dataset.name, dataset.layout.label, columns), normalise(frame))

    return apply


def put(record: int, name: str, value: object) -> Callable[[pd.DataFrame], None]:
    """Return a change of one value."""

    def change(frame: pd.DataFrame) -> None:
        frame.loc[record, name] = value

    return change


def stored_in(dataset: Dataset, name: str, size: int) -> Dataset:
    """Store a number in fewer bytes."""
    columns = tuple(replace(one, length=size) if one.name == name else one for one in dataset.layout.columns)
    return dataset.replace(layout=replace(dataset.layout, columns=columns))


def relabel(dataset: Dataset) -> Dataset:
    """Change the label of AGE."""
    columns = tuple(
        Column(one.name, "Age in Years" if one.name == "AGE" else one.label, one.type, one.length, one.format)
        for one in dataset.layout.columns
    )
    return dataset.replace(layout=Layout(dataset.name, dataset.layout.label, columns))


def reorder(dataset: Dataset) -> Dataset:
    """Swap AGE and SEX."""
    names = ["STUDYID", "DOMAIN", "USUBJID", "RFSTDTC", "SEX", "AGE"]
    columns = tuple(dataset.layout[name] for name in names)
    return dataset.replace(layout=Layout(dataset.name, dataset.layout.label, columns), frame=dataset.frame[names])


def extra(dataset: Dataset) -> Dataset:
    """Add a variable."""
    layout = Layout("DM", dataset.layout.label, (*dataset.layout.columns, Column("RACE", "Race", "text")))
    return dataset.replace(layout=layout, frame=dataset.frame.assign(RACE=pd.Series(["ASIAN"] * 3, dtype="str")))


def as_number(dataset: Dataset) -> Dataset:
    """Store SEX as a number."""
    columns = tuple(
        Column(one.name, one.label, "float" if one.name == "SEX" else one.type) for one in dataset.layout.columns
    )
    return dataset.replace(
        layout=Layout("DM", dataset.layout.label, columns), frame=dataset.frame.assign(SEX=[1.0, 2.0, 1.0])
    )


DRIFT: dict[str, tuple[str, Callable[[Dataset], Dataset], str, str, str]] = {
    "a longer value": (
        "LB",
        frame_of(put(2, "LBORRES", "STRONGLY POSITIVE")),
        "DEF-D08",
        "LBORRES",
        "Length is 8, the longest value has 17 bytes",
    ),
    "a new term": ("DM", frame_of(put(1, "SEX", "U")), "DEF-D12", "SEX", "'U' is not in CL.SEX (record 2, 1 in all)"),
    "another order of columns": ("DM", reorder, "DEF-D05", "SEX", "variable 5 is AGE, in the file SEX"),
    "another label": ("DM", relabel, "DEF-D06", "AGE", "label is 'Age', that of the file is 'Age in Years'"),
    "another dataset label": (
        "DM",
        lambda one: one.replace(layout=Layout("DM", "Demography", one.layout.columns)),
        "DEF-D16",
        "",
        "label is 'Demographics', that of the file is 'Demography'",
    ),
    "another type": ("DM", as_number, "DEF-D07", "SEX", "DataType is text, the file stores Num"),
    "a variable more": ("DM", extra, "DEF-D04", "RACE", "RACE is in the file only"),
    "a variable less": (
        "DM",
        frame_of(lambda frame: frame.drop(columns="AGE")),
        "DEF-D03",
        "AGE",
        "AGE is not in the file",
    ),
    "a missing mandatory value": (
        "DM",
        frame_of(put(0, "SEX", np.nan)),
        "DEF-D11",
        "SEX",
        "1 missing values, but Mandatory is Yes",
    ),
    "a repeated key": (
        "LB",
        frame_of(put(1, "LBDTC", "2024-01-05")),
        "DEF-D14",
        "",
        "1 records repeat the key STUDYID, USUBJID, LBTESTCD, LBDTC, the first is record 2",
    ),
    "another sort order": (
        "DM",
        frame_of(lambda frame: frame.iloc[[1, 0, 2]]),
        "DEF-D15",
        "",
        "not sorted by STUDYID, USUBJID: record 2 belongs before record 1",
    ),
    "more decimals": (
        "LB",
        frame_of(put(0, "LBSTRESN", 102.125)),
        "DEF-D17",
        "LBSTRESN",
        "SignificantDigits is 1, 102.125 has 3 decimals",
    ),
    "a fraction in an integer": ("DM", frame_of(put(0, "AGE", 34.5)), "DEF-D19", "AGE", "34.5 is not an integer"),
    "a partial date": ("DM", frame_of(put(0, "RFSTDTC", "2024-01")), "DEF-D19", "RFSTDTC", "'2024-01' is not date"),
    "all values gone": (
        "LB",
        frame_of(lambda frame: frame.assign(LBSTRESN=np.nan)),
        "DEF-D18",
        "LBSTRESN",
        "every value is missing, but HasNoData is not given",
    ),
    "no records": (
        "DM",
        frame_of(lambda frame: frame.iloc[:0]),
        "DEF-D18",
        "",
        "the file has no records, but HasNoData is not given",
    ),
    "a test gone": (
        "LB",
        frame_of(lambda frame: frame[frame["LBTESTCD"] == "HGB"]),
        "DEF-D20",
        "LBORRES",
        "IT.LB.LBORRES.LBTESTCD.EQ.KETONES: no record meets WC.LB.LBTESTCD.EQ.KETONES",
    ),
    "a longer value of one test": (
        "LB",
        frame_of(put(0, "LBORRES", "10.275")),
        "DEF-D08",
        "LBORRES",
        "IT.LB.LBORRES.LBTESTCD.EQ.HGB: Length is 4, the longest value has 6 bytes",
    ),
    "a number of more digits": (
        "DM",
        frame_of(put(0, "AGE", 134.0)),
        "DEF-D08",
        "AGE",
        "Length is 2, 134 has 3 digits",
    ),
    "a decimal number of more digits": (
        "LB",
        frame_of(put(0, "LBSTRESN", 1020234.5)),
        "DEF-D08",
        "LBSTRESN",
        "Length is 3, 1020234.5 has 8 digits",
    ),
    "a qualifier more": (
        "SUPPLB",
        frame_of(put(1, "QNAM", "LBREASND")),
        "DEF-D21",
        "QVAL",
        "QNAM 'LBREASND' has no value level (1 records)",
    ),
}


@pytest.mark.parametrize("kind", list(DRIFT))
def test_a_change_of_the_data_is_found(kind: str, package: Path):
    """Each kind of change gives its finding, with dataset, variable and both values."""
    name, change, rule, variable, message = DRIFT[kind]
    rewrite(package, name, change)
    found = check_define(package / "define.xml", data_dir=package).frame
    assert [rule, name, variable, message] in found[["rule", "dataset", "variable", "message"]].values.tolist()


def test_a_shorter_value_is_a_notice_over_the_package(package: Path):
    """A length that no dataset of the package needs any more is a notice, and the stored length a warning."""
    rewrite(package, "LB", frame_of(put(2, "LBORRES", "NEG")))
    found = check_define(package / "define.xml", data_dir=package).frame
    picked = found[["rule", "severity", "variable", "message"]].values.tolist()
    assert [
        "DEF-D09",
        "notice",
        "LBORRES",
        "Length is 8, the longest value of LBORRES in the package has 4 bytes",
    ] in picked
    assert ["DEF-D10", "warning", "LBORRES", "Length is 8, the file stores 4 bytes"] in picked


def test_the_digits_of_a_number_are_neither_sign_nor_point(package: Path):
    """-97.5 in a length of 3."""
    rewrite(package, "LB", frame_of(put(1, "LBSTRESN", -97.5)))
    assert rules(package) == set()


def test_a_number_stored_in_few_bytes_holds_few_digits(package: Path, monkeypatch: pytest.MonkeyPatch):
    """8 bits of 2 bytes hold every number of 2 digits, 8 bytes more digits than any length says."""

    def narrow(path: Path) -> Dataset:
        return stored_in(read_xpt(path), "LBSTRESN", 2) if path.stem == "lb" else read_xpt(path)

    monkeypatch.setattr("define_xml.check_data.read_xpt", narrow)
    found = check_define(package / "define.xml", data_dir=package).frame
    assert found[["rule", "variable", "message"]].values.tolist() == [
        ["DEF-D10", "LBSTRESN", "Length is 3, the file stores 2 bytes, which hold 2 digits"]
    ]


def test_a_condition_that_cannot_be_evaluated_says_why(package: Path):
    """A value level of DM by a test of LB, of which a subject has several."""
    path = package / "define.xml"
    text = path.read_text()
    text = text.replace('def:ItemOID="IT.LB.LBTESTCD"', 'def:ItemOID="IT.LB.LBSEQ"', 1)
    item = text.index('<ItemDef OID="IT.DM.AGE"')
    close = text.index("</ItemDef>", item)
    text = text[:close] + '<def:ValueListRef ValueListOID="VL.LB.LBORRES"/>' + text[close:]
    path.write_text(text)
    found = check_define(path, data_dir=package).frame
    picked = found[found["rule"] == "DEF-D25"][["severity", "dataset", "variable", "message"]].values.tolist()
    reason = "LB has different values of LBTESTCD for the same STUDYID, USUBJID (1 times)"
    assert ["notice", "DM", "AGE", f"IT.LB.LBORRES.LBTESTCD.EQ.KETONES: could not be evaluated: {reason}"] in picked


def test_files_are_compared_both_ways(package: Path):
    """A described file that is missing, one that is not described, and one that cannot be read."""
    shutil.copy(package / "dm.xpt", package / "zz.xpt")
    (package / "supplb.xpt").unlink()
    (package / "lb.xpt").write_bytes(b"not a transport file")
    found = check_define(package / "define.xml", data_dir=package).frame
    picked = found[["rule", "dataset"]].values.tolist()
    assert sorted(picked) == [["DEF-D01", "SUPPLB"], ["DEF-D02", "ZZ"], ["DEF-D23", "LB"]]


# -- defects of the XML itself ---------------------------------------------------------------------------------------

DEFECTS: list[tuple[str, str, str, str]] = [
    ("link to no item", 'ItemOID="IT.DM.SEX"', 'ItemOID="IT.DM.SEXX"', "DEF-L01"),
    ("link to no codelist", 'CodeListOID="CL.SEX"', 'CodeListOID="CL.GENDER"', "DEF-L01"),
    ("link to no method", 'MethodOID="MT.DM.AGE"', 'MethodOID="MT.AGE"', "DEF-L01"),
    (
        "link to no where clause",
        'WhereClauseRef WhereClauseOID="WC.LB.',
        'WhereClauseRef WhereClauseOID="WC.XX.',
        "DEF-L01",
    ),
    ("two items of one OID", '<ItemDef OID="IT.DM.AGE"', '<ItemDef OID="IT.DM.SEX"', "DEF-L03"),
    ("unused codelist", '<CodeListRef CodeListOID="CL.SEX"/>', "", "DEF-L02"),
    ("a script as document", 'xlink:href="dm.xpt"', 'xlink:href="javascript:alert(1)"', "DEF-L05"),
    ("not a snapshot", 'FileType="Snapshot"', 'FileType="Transactional"', "DEF-R01"),
    ("another ODM version", 'ODMVersion="1.3.2"', 'ODMVersion="1.3.1"', "DEF-R02"),
    ("CT without publishing set", ' PublishingSet="SDTM"', "", "DEF-R03"),
    ("condition without comparator", '<RangeCheck Comparator="EQ"', "<RangeCheck", "DEF-R05"),
    (
        "two values of one comparison",
        "<CheckValue>HGB</CheckValue>",
        "<CheckValue>HGB</CheckValue><CheckValue>K</CheckValue>",
        "DEF-R06",
    ),
    ("no domain", ' Domain="DM"', "", "DEF-R09"),
    ("no purpose", ' Purpose="Tabulation"', "", "DEF-R10"),
    ("dataset without standard", ' def:StandardOID="STD.SDTMIG.3.4"', "", "DEF-R11"),
    (
        "dataset of a CT standard",
        'def:StandardOID="STD.SDTMIG.3.4"',
        'def:StandardOID="STD.CT.SDTM.2025-03-28"',
        "DEF-R12",
    ),
    ("another leaf", 'def:ArchiveLocationID="LF.DM"', 'def:ArchiveLocationID="LF.LB"', "DEF-R14"),
    ("derived without method", ' MethodOID="MT.DM.AGE"', "", "DEF-R15"),
    ("text without length", 'Name="SEX" DataType="text" Length="1"', 'Name="SEX" DataType="text"', "DEF-R16"),
    ("length of a date", 'Name="RFSTDTC" DataType="date"', 'Name="RFSTDTC" DataType="date" Length="10"', "DEF-R16"),
    ("float without digits", ' SignificantDigits="1"', "", "DEF-R17"),
    (
        "value level longer than its variable",
        'Name="LBORRES" DataType="text" Length="4"',
        'Name="LBORRES" DataType="text" Length="40"',
        "DEF-R18",
    ),
    ("data type of ODM only", 'Name="SEX" DataType="text"', 'Name="SEX" DataType="hexBinary"', "DEF-R19"),
    (
        "origin without source",
        '<def:Origin Type="Collected" Source="Investigator"',
        '<def:Origin Type="Collected"',
        "DEF-R20",
    ),
    ("unusual source", 'Type="Derived" Source="Sponsor"', 'Type="Derived" Source="Subject"', "DEF-R21"),
    (
        "origin that SDTM does not have",
        'Type="Assigned" Source="Sponsor"',
        'Type="Not Available" Source="Sponsor"',
        "DEF-R23",
    ),
    ("codelist without standard", ' def:StandardOID="STD.CT.SDTM.2025-03-28"', "", "DEF-R25"),
    ("order on one term only", 'CodedValue="F"', 'CodedValue="F" OrderNumber="1"', "DEF-R26"),
    ("extended term with a code", 'CodedValue="F"', 'CodedValue="F" def:ExtendedValue="Yes"', "DEF-R27"),
    ("method without type", ' Type="Computation"', "", "DEF-R29"),
    ("expression of no language", '<FormalExpression Context="spectrail">', "<FormalExpression>", "DEF-R30"),
    ("qualifiers without value levels", '<def:ValueListRef ValueListOID="VL.SUPPLB.QVAL"/>', "", "DEF-R33"),
    ("another type of codelist", 'Name="Sex" DataType="text"', 'Name="Sex" DataType="integer"', "DEF-R35"),
    ("coded values of another type", 'Name="Sex" DataType="text"', 'Name="Sex" DataType="integer"', "DEF-R36"),
    ("no keys", ' KeySequence="1"', "", "DEF-S02"),
    ("lower case dataset name", 'SASDatasetName="DM"', 'SASDatasetName="dm"', "DEF-S03"),
    ("no class", '<def:Class Name="SPECIAL PURPOSE"/>', "", "DEF-S08"),
    ("term without code", '<Alias Context="nci:ExtCodeID" Name="C16576"/>', "", "DEF-S09"),
    ("no SAS name", ' SASFieldName="SEX"', "", "DEF-S10"),
    ("no origin", '<def:Origin Type="Derived" Source="Sponsor"/>', "", "DEF-S11"),
    (
        "no description of the domain",
        '<Alias Context="DomainDescription" Name="Laboratory Test Results"/>',
        "",
        "DEF-S07",
    ),
    ("no standards", "<def:Standards>", "<def:AnnotatedCRF>", "DEF-X01"),
]


@pytest.mark.parametrize(("defect", "old", "new", "rule"), DEFECTS, ids=[one[0] for one in DEFECTS])
def test_a_seeded_defect_of_the_file_is_found(defect: str, old: str, new: str, rule: str, package: Path):
    """Each defect is found under its rule, by an element and a line."""
    path = package / "define.xml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    changed = text.replace(old, new)
    if defect == "no standards":
        changed = changed.replace("</def:Standards>", "</def:AnnotatedCRF>")
    if defect == "no keys":
        changed = "".join(line for line in changed.splitlines(keepends=True)).replace(' KeySequence="2"', "")
        for place in range(3, 7):
            changed = changed.replace(f' KeySequence="{place}"', "")
    path.write_text(changed, encoding="utf-8")
    found = check_define(path).frame
    hits = found[found["rule"] == rule]
    assert len(hits) > 0
    assert (hits["source_row"] > 0).all()
    assert (hits["source"] == "define.xml").all()


def test_findings_name_element_oid_dataset_and_variable(package: Path):
    """One finding in full."""
    path = package / "define.xml"
    path.write_text(path.read_text().replace(' MethodOID="MT.DM.AGE"', ""))
    found = check_define(path).frame
    row = found[found["rule"] == "DEF-R15"].iloc[0]
    assert (row["keys"], row["dataset"], row["variable"]) == ("ItemRef IT.DM.AGE", "DM", "AGE")
    assert (row["severity"], row["reference"]) == ("error", "Define-XML 2.1 ItemRef")


def test_every_rule_of_the_catalogue_is_used():
    """No rule stands in the catalogue that nothing can report."""
    source = "".join(
        path.read_text()
        for path in Path(check_define.__code__.co_filename).parent.glob("*.py")
        if path.stem != "catalogue"
    )
    assert sorted(rule for rule in RULES if f'"{rule}"' not in source) == []


# -- files made by others --------------------------------------------------------------------------------------------


def test_published_data_and_define_of_others():
    """The real differences of the PHUSE Test Data Factory package are listed in under ten seconds."""
    folder = SHARED / "data/tdf_sdtm"
    if not folder.is_dir():
        pytest.skip("the shared data are not on this machine")
    started = time.perf_counter()
    found = check_define(folder / "define.xml", data_dir=folder).frame
    assert time.perf_counter() - started < 10
    counts = found["rule"].astype("str").value_counts()
    assert counts["DEF-D16"] == 26
    assert counts["DEF-D06"] == 7
    missing = found[found["rule"] == "DEF-D01"]["dataset"].tolist()
    assert sorted(missing) == ["LBCH", "LBHE", "QSDA", "QSNI", "VS"]
    nulls = found[found["rule"] == "DEF-D11"][["dataset", "variable", "message"]].values.tolist()
    assert nulls == [["TS", "TSVAL", "1 missing values, but Mandatory is Yes"]]
    lengths = found[(found["rule"] == "DEF-D08") & (found["dataset"] == "TS")]["message"].tolist()
    assert lengths[0] == "IT.TS.TSVAL.TS.TSPARMCD.EQ.TDIGRP-3d68c7bb: Length is 59, the longest value has 61 bytes"
    assert not (found["rule"] == "DEF-X01").any()


# -- origins from executed steps -------------------------------------------------------------------------------------

RAW = {
    "ae": m.RawSource(name="ae", path="ae.csv", label="Adverse Events"),
    "epro": m.RawSource(name="epro", path="epro.csv", collected_by="Subject"),
}


@pytest.mark.parametrize(
    ("steps", "analysis", "expected"),
    [
        (
            (
                Trace("AETERM", 1, "assign_no_ct", ("ae.TERM",), filled=3),
                Trace("AETERM", 2, "assign_no_ct", ("ae.OTH",), filled=1),
            ),
            False,
            m.Origin(
                type="Collected", source="Investigator", description="Form ae (Adverse Events), fields TERM, OTH"
            ),
        ),
        (
            (Trace("QSORRES", 1, "assign_no_ct", ("epro.Q1",), filled=3),),
            False,
            m.Origin(type="Collected", source="Subject", description="Form epro, field Q1"),
        ),
        ((Trace("DOMAIN", 1, "hardcode_no_ct", (), filled=3),), False, m.Origin(type="Assigned", source="Sponsor")),
        (
            (Trace("AESTDY", 1, "derive_dy", ("AESTDTC", "DM.RFSTDTC"), filled=3),),
            False,
            m.Origin(type="Derived", source="Sponsor"),
        ),
        (
            (Trace("VISIT", 1, "visit_map", ("ae.FOLDER",), filled=3),),
            False,
            m.Origin(type="Derived", source="Sponsor"),
        ),
        (
            (Trace("AGE", 1, "predecessor", ("DM.AGE",), filled=3),),
            True,
            m.Origin(type="Predecessor", predecessor="DM.AGE"),
        ),
        (
            (Trace("AETERM", 1, "predecessor", ("AETERM",), filled=3),),
            True,
            m.Origin(type="Predecessor", predecessor="AE.AETERM"),
        ),
        (
            (Trace("ASTDT", 1, "derive_vars_dt", ("AE.AESTDTC",), filled=3),),
            True,
            m.Origin(type="Derived", source="Sponsor"),
        ),
        (
            (Trace("X", 1, "assign_no_ct", ("ae.TERM",), filled=3), Trace("X", 2, "derive_dy", ("Y",), filled=0)),
            False,
            m.Origin(type="Collected", source="Investigator", description="Form ae (Adverse Events), field TERM"),
        ),
    ],
)
def test_origin_of_executed_steps(steps: tuple[Trace, ...], analysis: bool, expected: m.Origin):
    """Collected names form and fields; steps that filled nothing do not count."""
    assert origin_of(steps, RAW, analysis=analysis, base="AE") == expected


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        # the same for every record, or for every record of a parameter: the sponsor assigns it
        ((Trace("SCRNFL", 1, "assign_constant", (), filled=3),), m.Origin(type="Assigned", source="Sponsor")),
        (
            (
                Trace("PARAM", 1, "assign_constant", (), when="PARAMCD == 'OS'", filled=3),
                Trace("PARAM", 2, "assign_constant", (), when="PARAMCD == 'EFS'", filled=3),
            ),
            m.Origin(type="Assigned", source="Sponsor"),
        ),
        # data decide which records get it: derived
        ((Trace("ADURU", 1, "assign_constant", ("ADURN",), filled=3),), m.Origin(type="Derived", source="Sponsor")),
        (
            (Trace("SRCDOM", 1, "assign_constant", (), when="present(SRCSEQ)", filled=3),),
            m.Origin(type="Derived", source="Sponsor"),
        ),
        ((Trace("CQ01NAM", 1, "derive_vars_query", (), filled=3),), m.Origin(type="Derived", source="Sponsor")),
        # carried over: from a qualifier, from several datasets under one name, through a variable of the dataset
        (
            (Trace("AEACNBLN", 1, "derive_var_supp", ("SUPPAE.AEACNBLN",), filled=3),),
            m.Origin(type="Predecessor", predecessor='SUPPAE.QVAL where QNAM = "AEACNBLN"'),
        ),
        (
            (
                Trace("STUDYID", 1, "predecessor", ("RS.STUDYID",), when="PARAMCD == 'A'", filled=3),
                Trace("STUDYID", 2, "predecessor", ("ADSL.STUDYID",), when="PARAMCD == 'B'", filled=3),
            ),
            m.Origin(type="Predecessor", predecessor="RS.STUDYID, ADSL.STUDYID"),
        ),
        (
            (Trace("AVISIT", 1, "predecessor", ("VISIT",), filled=3),),
            m.Origin(type="Predecessor", predecessor="LB.VISIT"),
        ),
        # a copy of something derived, or of two different variables, or of some records only, is derived
        ((Trace("FASFL", 1, "predecessor", ("ENRLFL",), filled=3),), m.Origin(type="Derived", source="Sponsor")),
        (
            (
                Trace("X", 1, "predecessor", ("RS.RSDTC",), filled=3),
                Trace("X", 2, "predecessor", ("AE.AEDTC",), filled=3),
            ),
            m.Origin(type="Derived", source="Sponsor"),
        ),
        (
            (Trace("DCTREAS", 1, "predecessor", ("DS.DSDECOD",), when="EOTSTT == 'ENDED'", filled=3),),
            m.Origin(type="Derived", source="Sponsor"),
        ),
    ],
)
def test_origin_of_executed_steps_of_an_analysis_dataset(steps: tuple[Trace, ...], expected: m.Origin):
    """Define-XML 2.1: assigned by the sponsor, derived by an algorithm from data, or copied from a predecessor."""
    own = {
        "VISIT": (Trace("VISIT", 1, "predecessor", ("LB.VISIT",), filled=3),),
        "ENRLFL": (Trace("ENRLFL", 1, "derive_var_merged_exist_flag", ("USUBJID",), filled=3),),
    }
    assert origin_of(steps, RAW, analysis=True, base="DM", made=lambda name: own.get(name, ())) == expected


def test_columns_of_a_condition_are_no_sources():
    """A value taken from a form under a condition on a derived variable is collected from the form."""
    steps = (Trace("X", 1, "assign_no_ct", ("ae.CELLS", "LBTESTCD"), "", "LBTESTCD == 'BLASTCE'", 3),)
    expected = m.Origin(type="Collected", source="Investigator", description="Form ae (Adverse Events), field CELLS")
    assert origin_of(steps, RAW, analysis=False) == expected


@pytest.mark.parametrize(
    ("values", "typed", "expected"),
    [
        (["2024-01-05", "2023-12-31"], "datetime", "date"),
        (["2024-01-05", "2023"], "date", "partialDate"),
        (["2024-01-05T10:30", "2024-01-05T10:30:15"], "date", "datetime"),
        (["2024-01-05T10:30", "2024-01"], "datetime", "partialDatetime"),
        (["2024---05", "2024-01-05"], "datetime", "incompleteDatetime"),
        (["10:30"], "time", "time"),
        (["10"], "time", "partialTime"),
        (["05JAN2024"], "datetime", None),
        (["2024-01-05"], "text", None),
        ([], "date", None),
    ],
)
def test_the_data_decide_how_precise_a_date_is(values: list[str], typed: str, expected: str | None):
    """The narrowest type of the family that all values have."""
    assert narrowest(pd.Series(values, dtype="str"), typed) == expected


def test_a_coded_list_shows_the_used_terms():
    """Terms of the release and of the study that are used, with codes; unused study terms are left out."""
    frame = pd.DataFrame({"LBORRESU": ["g/L", "blasts/view"]})
    layout = Layout("LB", "Labs", (Column("LBORRESU", "Unit"),))
    spec = m.Dataset(name="LB", variables=(m.Variable(name="LBORRESU", codelist="UNIT"),))
    terms = (
        m.Term(term="blasts/view", decode="Blasts per View"),
        m.Term(term="proportion"),
        m.Term(term="g/L", synonyms=("G/L",)),
    )
    study = m.Study(study_id="S", datasets=(spec,), codelists=(m.Codelist(id="UNIT", code="C71620", terms=terms),))
    derived, findings = derive_metadata(study, {"LB": observe(Dataset(layout, normalise(frame)), spec)})
    assert len(findings) == 0
    assert [(one.term, one.code, one.extended) for one in derived.codelists[0].terms] == [
        ("g/L", "C42576", False),
        ("blasts/view", "", True),
    ]


def test_values_outside_a_closed_list_are_one_finding():
    """Seven values outside a sponsor's list are one finding that shows five."""
    frame = pd.DataFrame({"X": [f"V{one}" for one in range(7)]})
    spec = m.Dataset(name="XX", variables=(m.Variable(name="X", codelist="OWN"),))
    study = m.Study(study_id="S", datasets=(spec,), codelists=(m.Codelist(id="OWN", terms=(m.Term(term="A"),)),))
    evidence = {"XX": observe(Dataset(Layout("XX", "", (Column("X"),)), normalise(frame)), spec)}
    _, findings = derive_metadata(study, evidence)
    assert findings.frame["message"].tolist() == [
        "the data have 'V0', 'V1', 'V2', 'V3', 'V4' and 2 more, codelist OWN has A"
    ]


def test_publish_writes_file_stylesheet_and_page(tmp_path: Path):
    """The folder holds define.xml, the stylesheet that it names, and the page with lineage."""
    data = written()
    study = specification()
    evidence = {
        name: observe(data[name], next((one for one in study.datasets if one.name == name), None)) for name in data
    }
    findings = publish_define(study, evidence, tmp_path, kind="SDTM")
    assert len(findings) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["define.html", "define.xml", "define2-1.xsl"]
    assert b'href="define2-1.xsl"' in (tmp_path / "define.xml").read_bytes()
    page = (tmp_path / "define.html").read_text(encoding="utf-8")
    assert '<code>compute_age</code> from <code class="source">dm_raw.BRTHDAT</code>' in page
