"""The YAML face: scalars as text, short forms, merging of files, places, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from specs import models as m
from specs.faults import Fault
from specs.nodes import plain
from specs.where import parse_where, render_where
from specs.yaml_files import inside, read_specification, read_study, write_yaml
from specs.yaml_text import parse_yaml
from spectrail.errors import InputError, OutputError, Place, SpecError


def _write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_yaml", ".yaml").replace("_csv", ".csv")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_scalars_stay_as_written() -> None:
    """Numbers, dates, booleans and nulls are the texts that were written."""
    node = parse_yaml("[007, 1.10, 1E-4, yes, null, ~, 2025-03-28, 0x1F, '', ' a ']", Place())
    assert node is not None
    assert plain(node) == ("007", "1.10", "1E-4", "yes", "null", "~", "2025-03-28", "0x1F", "", " a ")


def test_an_empty_document_is_nothing() -> None:
    """Text without content gives no node."""
    assert parse_yaml("# only a comment\n", Place()) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", "line 3: the key 'a' is given twice"),
        ("a: !!int 3\n", "line 1: the tag tag:yaml.org,2002:int is not allowed"),
        ("a: *b\n", "not valid YAML|the alias"),
        ("[a]: 1\n", "line 1: a key must be text"),
        ("a: 1\n---\nb: 2\n", "a second document starts here"),
        ("[" * 60 + "]" * 60, "nested deeper than 40 levels"),
        ("a: \x07\n", "not valid YAML"),
    ],
)
def test_refused_yaml(text: str, message: str) -> None:
    """Duplicate keys, tags, unknown aliases, odd keys, further documents and deep nesting are refused."""
    with pytest.raises(SpecError, match=message):
        parse_yaml(text, Place(file="a.yaml"))


def test_short_forms_mean_the_same_as_long_ones(tmp_path: Path) -> None:
    """Names, mappings by name, comma lists and texts of where clauses read as the full objects."""
    short = """
study_id: S1
sources: {ae_raw: raw/ae.csv}
codelists: {YN: {terms: {Y: Yes, N: No}}}
datasets:
  AE:
    keys: STUDYID, USUBJID
    variables: [STUDYID, {name: AETERM, origin: Collected, mandatory: y, length: 8.0}]
    value_levels: [{variable: AETERM, where: 'AESEV IN (MILD, "A, B") AND DM.SEX EQ M'}]
    steps: [{target: AETERM, algorithm: concat, source: "ae_raw.A, ae_raw.B", sep: " ", replace: yes}]
"""
    long = """
study_id: S1
sources: [{name: ae_raw, path: raw/ae.csv}]
codelists: [{id: YN, terms: [{term: Y, decode: Yes}, {term: N, decode: No}]}]
datasets:
  - name: AE
    keys: [STUDYID, USUBJID]
    variables:
      - name: STUDYID
      - {name: AETERM, origins: [{type: Collected}], mandatory: "Yes", length: 8}
    value_levels:
      - variable: AETERM
        where:
          conditions:
            - {variable: AESEV, comparator: IN, values: [MILD, "A, B"]}
            - {dataset: DM, variable: SEX, comparator: EQ, values: [M]}
    steps:
      - {target: AETERM, algorithm: concat, source: [ae_raw.A, ae_raw.B], arguments: {sep: " "}, replace: true}
"""
    one = read_specification(_write(tmp_path, short_yaml=short) / "short.yaml").study
    two = read_specification(_write(tmp_path, long_yaml=long) / "long.yaml").study
    assert one == two
    assert one.datasets[0].steps[0] == m.Step(
        target="AETERM", algorithm="concat", source=("ae_raw.A", "ae_raw.B"), arguments={"sep": " "}, replace=True
    )


def test_files_of_one_dataset_are_one_dataset(tmp_path: Path) -> None:
    """What a dataset is and how it is built may stand in different files; tables come from CSV as text."""
    _write(
        tmp_path,
        study_yaml="study_id: S1\n",
        specs__ae_yaml="dataset: AE\nvariables: [AETERM]\n",
        specs__steps__ae_yaml="dataset: AE\nsteps:\n  - {algorithm: records, source: ae_raw}\n",
        specs__tables__visits_csv='\ufeffVISIT,VISITNUM\n"A, ""b""",007\n,\nB,1.10\n',
    )
    loaded = read_study(tmp_path)
    dataset = m.Dataset(
        name="AE",
        variables=(m.Variable(name="AETERM"),),
        steps=(m.Step(algorithm="records", source=("ae_raw",)),),
    )
    table = m.LookupTable(name="visits", columns=("VISIT", "VISITNUM"), rows=(('A, "b"', "007"), ("B", "1.10")))
    assert loaded.study == m.Study(study_id="S1", datasets=(dataset,), tables=(table,))
    assert [path.relative_to(tmp_path).as_posix() for path in loaded.files] == [
        "study.yaml",
        "specs/ae.yaml",
        "specs/steps/ae.yaml",
        "specs/tables/visits.csv",
    ]


def test_places_lead_to_file_and_line(tmp_path: Path) -> None:
    """The side map knows where each object and field was written."""
    _write(
        tmp_path,
        study_yaml="study_id: S1\n",
        specs__ae_yaml="dataset: AE\nvariables:\n  - AETERM\n  - name: AESEV\n    length: 8\n",
    )
    places = read_study(tmp_path).places
    assert places[("datasets", 0, "variables", 1, "length")] == Place(file="specs/ae.yaml", line=5)
    assert places.nearest("datasets", 0, "variables", 0, "label") == Place(file="specs/ae.yaml", line=3)
    assert places.nearest("study_id") == Place(file="study.yaml", line=1)


def test_two_values_for_one_thing_are_a_fault(tmp_path: Path) -> None:
    """A label given differently in two files is an error that names both places."""
    _write(
        tmp_path,
        study_yaml="study_id: S1\n",
        specs__a_yaml="dataset: AE\nlabel: Adverse Events\n",
        specs__b_yaml="dataset: AE\nlabel: Events\n",
    )
    with pytest.raises(SpecError) as caught:
        read_study(tmp_path)
    expected = (
        "specs/b.yaml, line 2: 'label' is 'Events' here but 'Adverse Events' in specs/a.yaml, line 2 [SPEC-005]\n"
        "  -> keep one of them"
    )
    assert str(caught.value) == expected


def test_all_faults_are_collected(tmp_path: Path) -> None:
    """Reading goes on after a fault: without `strict`, what is sound is there and every fault is listed."""
    text = """
study_id: S1
datasets:
  AE: {variables: [{name: AETERM, length: long, lable: x}, {label: nameless}, AESEV], keys: {a: b}}
"""
    loaded = read_specification(_write(tmp_path, a_yaml=text) / "a.yaml", strict=False)
    assert [(fault.rule.id, fault.place.line) for fault in loaded.faults] == [
        ("SPEC-001", 4),
        ("SPEC-002", 4),
        ("SPEC-004", 4),
        ("SPEC-002", 4),
    ]
    assert loaded.study.datasets[0].names == ("AETERM", "AESEV")
    assert isinstance(loaded.faults[0], Fault)
    assert list(loaded.findings.frame["rule"]) == ["SPEC-001", "SPEC-002", "SPEC-004", "SPEC-002"]


@pytest.mark.parametrize("path", ["../x.csv", "/etc/passwd", "raw/../../x.csv", "C:\\x.csv", "raw\\..\\..\\x.csv"])
def test_paths_outside_the_study_are_refused(path: str, tmp_path: Path) -> None:
    """Absolute paths and paths through `..` are refused, in any notation."""
    with pytest.raises(SpecError, match="leaves the study folder"):
        inside(tmp_path, path)


def test_links_out_of_the_study_are_refused(tmp_path: Path) -> None:
    """A link inside the study that leads outside is refused."""
    study = tmp_path / "study"
    study.mkdir()
    (tmp_path / "secret.csv").write_text("a\n")
    (study / "raw.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(SpecError, match="leads out of the study folder by a link"):
        inside(study, "raw.csv")


def test_a_folder_without_study_is_said_to_have_none(tmp_path: Path) -> None:
    """A folder without study.yaml is no study; a folder with one is not overwritten."""
    with pytest.raises(InputError, match=r"holds no study\.yaml"):
        read_study(tmp_path)
    write_yaml(m.Study(study_id="S1"), tmp_path)
    assert read_study(tmp_path).study == m.Study(study_id="S1")
    with pytest.raises(OutputError, match="holds a study already"):
        write_yaml(m.Study(study_id="S1"), tmp_path)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PARAMCD EQ OS", (("", "PARAMCD", "EQ", ("OS",)),)),
        ("LBCAT EQ CLINICAL CHEMISTRY", (("", "LBCAT", "EQ", ("CLINICAL CHEMISTRY",)),)),
        ("ADSL.SEX ne 'M' and AVAL ge 3", (("ADSL", "SEX", "NE", ("M",)), ("", "AVAL", "GE", ("3",)))),
        ('X NOT IN ("a, ""b""", c d,"")', (("", "X", "NOTIN", ('a, "b"', "c d", "")),)),
        ('X EQ "P AND Q EQ R"', (("", "X", "EQ", ("P AND Q EQ R",)),)),
    ],
)
def test_where_clauses_are_parsed(text: str, expected: tuple[tuple[str, str, str, tuple[str, ...]], ...]) -> None:
    """Text of where clauses gives conditions, and is written back as text that gives the same."""
    where = parse_where(text)
    found = tuple((c.dataset, c.variable, c.comparator, c.values) for c in where.conditions)
    assert found == expected
    assert parse_where(render_where(where)) == where


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("PARAMCD", "cannot read 'PARAMCD'"),
        ("PARAMCD IS OS", "unknown comparator 'IS'"),
        ("X = 3", "unknown comparator '='"),
        ("X EQ ", "the value is missing"),
        ("X IN A", "IN needs a list in brackets"),
        ("X IN (A, B", "no closing bracket"),
        ("X IN (A,,B)", "empty value"),
        ('X IN ("a" "b")', "cannot read '\"b"),
        ("X IN (A) OR Y EQ 1", "cannot read 'OR Y EQ 1'"),
    ],
)
def test_wrong_where_clauses_are_refused(text: str, message: str) -> None:
    """What is no where clause is said to be none, with what could not be read."""
    with pytest.raises(SpecError) as caught:
        parse_where(text)
    assert message in caught.value.what
