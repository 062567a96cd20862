"""Import of define.xml made by others: nothing is lost, export means the same, hostile files are refused."""

from __future__ import annotations

import resource
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from define_xml.importer import import_define
from define_xml.reader import read_define
from define_xml.writer import define_bytes, write_define
from specs.yaml_files import read_specification
from spectrail.errors import InputError, OutputError

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
SAMPLES = [
    SHARED / "data/define_samples/define21-sdtm.xml",
    SHARED / "data/define_samples/define21-adam-arm.xml",
    SHARED / "data/define_samples/define21-send-class.xml",
    SHARED / "data/define_samples/define21-sdtm-invalid.xml",
    SHARED / "data/tdf_sdtm/define.xml",
]
TARGETS = {
    "ItemOID": "ItemDef",
    "CodeListOID": "CodeList",
    "RoleCodeListOID": "CodeList",
    "MethodOID": "MethodDef",
    "ValueListOID": "ValueListDef",
    "WhereClauseOID": "WhereClauseDef",
    "CommentOID": "CommentDef",
    "StandardOID": "Standard",
    "leafID": "leaf",
    "ItemGroupOID": "ItemGroupDef",
    "ParameterOID": "ItemDef",
}
SHALLOW = {"ItemGroupOID", "ParameterOID"}


@pytest.fixture(params=SAMPLES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def sample(request: pytest.FixtureRequest) -> Path:
    """Return each file made by others."""
    if not request.param.is_file():
        pytest.skip("the shared samples are not on this machine")
    return request.param


def local(name: Any) -> str:
    """Return the name without its namespace."""
    return str(name).rpartition("}")[2]


class Meaning:
    """A define.xml by content: every link is replaced by what it leads to; OIDs and order do not count."""

    def __init__(self, content: bytes) -> None:
        self.root = etree.fromstring(content)
        self.targets: dict[tuple[str, str], etree._Element] = {}
        for element in self.root.iter("*"):
            for key in ("OID", "ID"):
                if element.get(key):
                    self.targets[local(element.tag), element.get(key) or ""] = element

    def of(self, element: etree._Element, *, deep: bool = True) -> Any:
        """Return an element as nested tuples that compare equal when the meaning is equal."""
        facts: Counter[Any] = Counter()
        for key, value in element.attrib.items():
            name = local(key)
            if name in {"OID", "ID", "OrderNumber", "ArchiveLocationID"}:
                continue
            if name in TARGETS:
                facts[name, self.target(name, str(value), element, deep)] += 1
            else:
                facts[str(key), str(value).strip()] += 1
        if not len(element) and (element.text or "").strip():
            facts["#text", (element.text or "").strip()] += 1
        for child in element.iterchildren("*"):
            if deep:
                facts[self.of(child)] += 1
        return local(element.tag), frozenset(facts.items())

    def target(self, name: str, oid: str, element: etree._Element, deep: bool) -> Any:
        """Return what a link means."""
        found = self.targets.get((TARGETS[name], oid))
        if found is None:
            return ("nothing", oid)
        if name in SHALLOW or not deep or local(element.tag) in {"RangeCheck", "AnalysisVariable"}:
            return (local(found.tag), found.get("Name"))
        return self.of(found)

    def counter(self) -> Counter[Any]:
        """Return the meaning of everything that nothing links to, and of what hangs below it."""
        metadata = next(self.root.iter("{*}MetaDataVersion"))
        study = next(self.root.iter("{*}Study"))
        found: Counter[Any] = Counter(
            {
                ("ODM", frozenset(self.root.attrib.items())): 1,
                ("Study", study.get("OID")): 1,
                (
                    "MetaDataVersion",
                    frozenset((key, value) for key, value in metadata.attrib.items() if key != "OID"),
                ): 1,
                (
                    "names",
                    tuple("".join(one.itertext()).strip() for one in next(study.iter("{*}GlobalVariables"))),
                ): 1,
            }
        )
        for element in metadata.iterchildren("*"):
            if local(element.tag) not in {"ItemDef", "ValueListDef", "WhereClauseDef"}:
                found[self.of(element)] += 1
        return found


def test_meaning_sees_a_changed_decode():
    """The comparison used below finds one changed text deep inside a codelist that two links away is referred to."""
    source = SAMPLES[0]
    if not source.is_file():
        pytest.skip("the shared samples are not on this machine")
    content = source.read_bytes()
    changed = content.replace(b'<RangeCheck Comparator="NE"', b'<RangeCheck Comparator="EQ"', 1)
    assert changed != content
    assert Meaning(content).counter() != Meaning(changed).counter()


def test_export_in_the_version_read_means_the_same(sample: Path):
    """Reading and writing again changes nothing but OIDs and order: every element is in the model."""
    imported = read_define(sample)
    content, findings = define_bytes(imported.study, version=imported.version)
    assert Meaning(content).counter() == Meaning(sample.read_bytes()).counter()
    assert len(findings) == 0
    assert "DEF-I01" not in set(imported.findings.frame["rule"])


def test_write_read_write_is_a_fixpoint(sample: Path, tmp_path: Path):
    """What was written reads back as the same specification and writes the same bytes."""
    imported = read_define(sample)
    first = tmp_path / "define.xml"
    write_define(imported.study, first, version=imported.version)
    again = read_define(first)
    assert again.study == imported.study
    assert define_bytes(again.study, version=again.version)[0] == first.read_bytes()


def test_the_invalid_sample_says_what_is_wrong():
    """The sample without def:Context is imported with a finding that names the attribute."""
    if not SAMPLES[3].is_file():
        pytest.skip("the shared samples are not on this machine")
    found = read_define(SAMPLES[3]).findings.at_or_above("error").frame
    assert list(found["message"]) == ["Element 'ODM': The attribute 'def:Context' is required but missing."]


def test_what_has_no_place_is_listed_by_xpath(tmp_path: Path):
    """Foreign elements, unused attributes and unreachable definitions are listed with their path, nothing else is."""
    source = SAMPLES[0]
    if not source.is_file():
        pytest.skip("the shared samples are not on this machine")
    text = source.read_text(encoding="utf-8")
    text = text.replace(
        "<MetaDataVersion ",
        '<BasicDefinitions><MeasurementUnit OID="MU.1" Name="x"/></BasicDefinitions><MetaDataVersion ',
        1,
    )
    text = text.replace('<ItemDef OID="IT.DM.RACE"', '<ItemDef Origin="CRF" OID="IT.DM.RACE"', 1)
    text = text.replace(
        "</MetaDataVersion>", '<vendor:note xmlns:vendor="urn:v">hello</vendor:note></MetaDataVersion>'
    )
    text = text.replace(
        "<CodeList ", '<ItemDef OID="IT.UNUSED" Name="UNUSED" DataType="text" Length="1"/><CodeList ', 1
    )
    changed = tmp_path / "define.xml"
    changed.write_text(text, encoding="utf-8")
    found = read_define(changed).findings.frame
    listed = sorted(found.loc[found["rule"] == "DEF-I01", "message"].str.partition(": ")[0])
    study, metadata = (
        "/ODM/Study[@OID='STDY.www.cdisc.org.CDISC01_1']",
        "MetaDataVersion[@OID='MDV.CDISC01_1.1.SDTMIG.3.1.2.SDTM.1.2_X']",
    )
    assert listed == [
        f"{study}/BasicDefinitions",
        f"{study}/{metadata}/ItemDef[@OID='IT.DM.RACE']/@Origin",
        f"{study}/{metadata}/ItemDef[@OID='IT.UNUSED']",
        f"{study}/{metadata}/{{urn:v}}note",
    ]


def test_2_0_is_mapped_to_2_1_as_documented(tmp_path: Path):
    """CRF becomes Collected by the investigator, eDT collected from a vendor; the result is valid and goes back."""
    source = SAMPLES[4]
    if not source.is_file():
        pytest.skip("the shared samples are not on this machine")
    imported = read_define(source)
    origins = Counter(
        (one.type, one.source)
        for dataset in imported.study.datasets
        for item in (*dataset.variables, *dataset.value_levels)
        for one in item.origins
    )
    assert origins == {
        ("Assigned", "Sponsor"): 126,
        ("Collected", "Investigator"): 290,
        ("Collected", "Vendor"): 84,
        ("Derived", "Sponsor"): 204,
        ("Protocol", "Sponsor"): 43,
    }
    new = tmp_path / "define21.xml"
    write_define(imported.study, new, kind="SDTM", version="2.1")
    upgraded = read_define(new)
    assert upgraded.version == "2.1"
    assert "DEF-X01" not in set(upgraded.findings.frame["rule"])
    assert [(one.name, one.type) for one in upgraded.study.standards] == [("SDTMIG", "IG"), ("CDISC/NCI", "CT")]
    back, _ = define_bytes(upgraded.study, version="2.0")
    assert back.count(b'Type="CRF"') == 290
    assert back.count(b'Type="eDT"') == 84


def _head(namespace: str) -> str:
    return (
        f'<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3" xmlns:def="{namespace}" FileType="Snapshot" FileOID="F" '
        'CreationDateTime="2024-01-01T00:00:00" ODMVersion="1.3.2">'
    )


BOMB = "".join(f'<!ENTITY e{one} "{f"&e{one - 1};" * 10}">' for one in range(1, 10))
DEF21 = "http://www.cdisc.org/ns/def/v2.1"
HOSTILE = {
    "entity expansion": (f'<!DOCTYPE ODM [<!ENTITY e0 "lol">{BOMB}]><ODM>&e9;</ODM>', "DOCTYPE"),
    "external entity": ('<!DOCTYPE ODM [<!ENTITY x SYSTEM "file:///etc/passwd">]><ODM>&x;</ODM>', "DOCTYPE"),
    "external DTD": ('<!DOCTYPE ODM SYSTEM "http://127.0.0.1:9/x.dtd"><ODM/>', "DOCTYPE"),
    "undefined entity": ("<ODM>&x;</ODM>", "not well-formed"),
    "deep nesting": ("<a>" * 1_000_000, "nested more than"),
    "many elements": ("<a>" + "<b/>" * 1_100_000 + "</a>", "more than 500,000 elements"),
    "cut off": (_head(DEF21) + "<Study", "not well-formed"),
    "empty": ("  \n", "empty"),
    "not XML": ("PK\x03\x04 this is a workbook", "not well-formed"),
    "no ODM namespace": ("<ODM><Study/></ODM>", "not a define.xml"),
    "no def namespace": (
        '<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3"><Study OID="S"/></ODM>',
        "names no namespace",
    ),
    "version 1.0": (_head("http://www.cdisc.org/ns/def/v1.0") + "</ODM>", "Define-XML 1.0"),
    "no metadata": (_head(DEF21) + "</ODM>", "no Study with a MetaDataVersion"),
}


@pytest.mark.parametrize("case", list(HOSTILE))
def test_hostile_or_broken_xml_is_refused(case: str, tmp_path: Path):
    """Each gives an InputError that names the file and says why, within seconds."""
    content, message = HOSTILE[case]
    path = tmp_path / "define.xml"
    path.write_text(content, encoding="utf-8")
    started = time.perf_counter()
    with pytest.raises(InputError, match=message) as caught:
        read_define(path)
    assert time.perf_counter() - started < 10
    assert "define.xml" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'<?xml version="1.0" encoding="UTF-8"?><a>\xff\xfe\xfa</a>', "not well-formed"),
        (b'<?xml version="1.0" encoding="no-such-code"?><a/>', "not well-formed"),
        (b'<?xml version="1.0" encoding="UTF-16"?><a/>', "not well-formed"),
        (b"\x00\x01\x02\x03", "not well-formed"),
    ],
)
def test_wrong_encodings_are_refused(content: bytes, message: str, tmp_path: Path):
    """Bytes that are not in the encoding that the file states give a clear error."""
    path = tmp_path / "define.xml"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_define(path)


MANY = "".join(f' a{one}=""' for one in range(1000)).encode()


@pytest.mark.parametrize("unit", [b"<a>", b"<b/>", b"<b" + MANY + b"/>", b" c='' "])
def test_a_hundred_megabytes_of_elements_cost_neither_time_nor_memory(unit: bytes, tmp_path: Path):
    """100 MB are refused by size, 60 MB by depth or number of elements, in seconds and little memory."""
    path = tmp_path / "define.xml"
    for size, message in (
        (100_000_000, "bytes, more than"),
        (60_000_000, "nested more|more than 500,000|1,200,000 attributes|one tag or text"),
    ):
        path.write_bytes(b"<x>" + unit * (size // len(unit)) + b"</x>")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        started = time.perf_counter()
        with pytest.raises(InputError, match=message):
            read_define(path)
        assert time.perf_counter() - started < 10
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 400_000


def test_missing_file_is_an_input_error(tmp_path: Path):
    """A file that is not there is named."""
    with pytest.raises(InputError, match="No such file"):
        read_define(tmp_path / "nothing.xml")


def test_a_folder_that_holds_anything_is_not_imported_into(sample: Path, tmp_path: Path):
    """Files of others are never mixed with an import."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError, match="out: is not empty"):
        import_define(sample, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.txt"]


def test_import_gives_workbook_and_yaml_of_the_same_specification(sample: Path, tmp_path: Path):
    """Both faces read back as what the define.xml says, so nothing is lost on the way to an editor."""
    imported = import_define(sample, tmp_path / "out")
    assert read_specification(tmp_path / "out" / "yaml").study == imported.study
    assert read_specification(tmp_path / "out" / "specification.xlsx").study == imported.study
