"""What the engine does with finished records: types, order, ASCII, long text, supplemental qualifiers, findings."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from sdtm.engine import Engine, lookup_source, raw_source
from sdtm.long_text import pieces
from specs import models
from specs.study_terms import study_terms
from specs.terminology import Terms, terminology
from spectrail.dataset import Dataset
from spectrail.errors import SpecError


def step(target: str, algorithm: str, *source: str, **fields: Any) -> models.Step:
    """Write one step; unknown fields are arguments."""
    own = {name: fields.pop(name) for name in ("when", "codelist", "replace") if name in fields}
    return models.Step(target=target, algorithm=algorithm, source=source, arguments=fields, **own)


def dataset(name: str, variables: str, *steps: models.Step, **fields: Any) -> models.Dataset:
    """Write one dataset; a variable is text, or a number when it ends with #."""
    listed = tuple(
        models.Variable(name=one.rstrip("#"), data_type="float" if one.endswith("#") else "text")
        for one in variables.split()
    )
    return models.Dataset(name=name, variables=listed, steps=steps, **fields)


def build(datasets: list[models.Dataset], raw: dict[str, dict[str, list[str]]], **fields: Any) -> dict[str, Dataset]:
    """Run the engine over small tables; give back the finished datasets."""
    study = models.Study(study_id="S1", datasets=tuple(datasets), **fields)
    frames = {name: pd.DataFrame(columns).astype("str").replace("", pd.NA) for name, columns in raw.items()}
    tables = {name: raw_source(name, frame.astype("str")) for name, frame in frames.items()}
    tables |= {table.name: lookup_source(table) for table in study.tables}
    engine = Engine(study, tables.get, {Terms: study_terms(study, terminology())})
    return {one.name: engine.settle(one) for one in list(engine.datasets())}


START = step("", "records", "ae")
SUBJECT = step("USUBJID", "assign_no_ct", "ae.SUBJ")
TERM = step("AETERM", "assign_no_ct", "ae.TERM")
AE = {"ae": {"SUBJ": ["2", "1", "1"], "TERM": ["b", "c", "a"], "DOSE": ["1.10", "x", ""], "WHY": ["", "w", "v"]}}


def test_variables_take_the_order_and_types_of_the_specification() -> None:
    """STUDYID and DOMAIN are filled in, a variable no step makes is missing, numbers are numbers."""
    made = build([dataset("AE", "STUDYID DOMAIN USUBJID AETERM AEDOSE# AEOUT", START, SUBJECT, TERM)], AE)["AE"]
    assert list(made.frame) == ["STUDYID", "DOMAIN", "USUBJID", "AETERM", "AEDOSE", "AEOUT"]
    assert made.frame["STUDYID"].tolist() == ["S1"] * 3
    assert str(made.frame["AEDOSE"].dtype) == "float64"
    assert made.frame["AEOUT"].isna().all()


def test_a_dataset_without_seq_is_sorted_by_its_keys_with_its_lineage() -> None:
    """Records follow the keys, and each still goes back to its raw row."""
    spec = dataset("AE", "USUBJID AETERM", START, SUBJECT, TERM, keys=("USUBJID", "AETERM"))
    made = build([spec], AE)["AE"]
    assert made.frame["AETERM"].tolist() == ["a", "c", "b"]
    assert [made.lineage.records.of(number) for number in range(3)] == [(("ae", 2),), (("ae", 1),), (("ae", 0),)]


def test_text_in_a_numeric_variable_is_an_error_finding_on_its_raw_row() -> None:
    """1.10 becomes 1.1; x becomes missing and is reported with natural keys, file row and value."""
    spec = dataset(
        "AE", "USUBJID AETERM AEDOSE#", START, SUBJECT, TERM, step("AEDOSE", "assign_no_ct", "ae.DOSE"),
        keys=("USUBJID", "AETERM", "AESEQ"),
    )  # fmt: skip
    made = build([spec], AE)["AE"]
    assert made.frame["AEDOSE"].tolist()[2] == 1.1
    found = made.findings.frame[["rule", "severity", "variable", "record", "keys", "value", "source", "source_row"]]
    assert found.astype(object).to_numpy().tolist() == [
        ["MAP-NUMBER", "error", "AEDOSE", 2, "USUBJID=1 AETERM=c", "x", "ae", 2]
    ]


def test_foreign_text_is_translated_or_transliterated_and_reported() -> None:
    """A translation of the specification is written silently; other text is transliterated, marked and reported."""
    raw = {"ae": {"SUBJ": ["1", "2", "3"], "TERM": ["发热", "5 µg", "头痛"]}}
    made = build(
        [dataset("AE", "USUBJID AETERM", START, SUBJECT, TERM)],
        raw,
        translations=(models.Translation(source="发热", english="Fever"),),
    )["AE"]
    assert made.frame["AETERM"].tolist() == ["Fever", "5 ug", "TouTong [TRANSLITERATED]"]
    assert made.findings.frame[["rule", "severity", "value", "count"]].astype(object).to_numpy().tolist() == [
        ["MAP-TRANSLITERATE", "notice", "5 µg", 1],
        ["MAP-TRANSLATE", "warning", "头痛", 1],
    ]


def test_a_supplemental_qualifier_becomes_a_dataset_of_its_own() -> None:
    """Label and origin come from value-level metadata, the record from --SEQ, the lineage from the parent."""
    level = models.ValueLevel(
        variable="QVAL",
        where=models.WhereClause(conditions=(models.Condition(variable="QNAM", values=("AEWHY",)),)),
        label="Reason",
        origins=(models.Origin(type="Collected", source="Investigator"),),
    )
    made = build(
        [
            dataset(
                "AE", "USUBJID AESEQ# AETERM", START, SUBJECT, TERM, step("SUPPAE.AEWHY", "assign_no_ct", "ae.WHY"),
                step("AESEQ", "derive_seq", "AETERM"),
            ),
            models.Dataset(name="SUPPAE", label="Supplemental Qualifiers for AE", value_levels=(level,)),
        ],
        AE,
    )  # fmt: skip
    supp = made["SUPPAE"]
    assert supp.frame.drop(columns=["STUDYID", "QEVAL"]).to_numpy().tolist() == [
        ["AE", "1", "AESEQ", "1", "AEWHY", "Reason", "v", "CRF"],
        ["AE", "1", "AESEQ", "2", "AEWHY", "Reason", "w", "CRF"],
    ]
    assert [supp.lineage.records.of(number) for number in range(2)] == [(("ae", 2),), (("ae", 1),)]
    assert [trace.variable for trace in supp.lineage.traces] == ["QVAL.AEWHY"]


def test_long_text_of_an_event_continues_in_supplemental_qualifiers() -> None:
    """450 bytes of AETERM: 200 in AETERM, the rest in AETERM1 and AETERM2 of SUPPAE."""
    words = " ".join(["word"] * 90)
    raw = {"ae": {"SUBJ": ["1"], "TERM": [words]}}
    spec = dataset("AE", "USUBJID AESEQ# AETERM", START, SUBJECT, TERM, step("AESEQ", "derive_seq"), class_="EVENTS")
    made = build([spec], raw)
    parts = [made["AE"].frame["AETERM"].iloc[0], *made["SUPPAE"].frame["QVAL"]]
    assert " ".join(parts) == words
    assert max(map(len, parts)) <= 200
    assert made["SUPPAE"].frame["QNAM"].tolist() == ["AETERM1", "AETERM2"]


def test_long_comments_and_trial_summary_values_continue_in_numbered_variables() -> None:
    """CO continues in COVAL1, TS in TSVAL1."""
    text = "x" * 250
    spec = dataset("CO", "USUBJID COVAL COVAL1", START, SUBJECT, step("COVAL", "assign_no_ct", "ae.TERM"))
    made = build([spec], {"ae": {"SUBJ": ["1"], "TERM": [text]}})["CO"]
    assert made.frame[["COVAL", "COVAL1"]].to_numpy().tolist() == [["x" * 200, "x" * 50]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("abc", ["abc"]),
        ("aaa bbb ccc", ["aaa bbb", "ccc"]),
        ("aaaaaaaaaaaa", ["aaaaaaaa", "aaaa"]),
        ("a bbbbbbbbbbb", ["a bbbbbb", "bbbbb"]),
        ("aaaaaaaa bbb", ["aaaaaaaa", "bbb"]),
        ("", [""]),
    ],
)
def test_pieces_break_between_words_where_one_is_near(text: str, expected: list[str]) -> None:
    """Eight bytes a piece; a word longer than half a piece is cut."""
    assert pieces(text, 8) == expected


def test_every_raw_row_is_mapped_or_left_out_with_a_reason() -> None:
    """The engine accounts for the rows of each form in each dataset."""
    study = models.Study(
        study_id="S1",
        datasets=(
            dataset("AE", "USUBJID", step("", "records", "ae", when="ae.TERM != 'b'", reason="no b"), SUBJECT),
        ),
    )
    table = raw_source("ae", pd.DataFrame(AE["ae"]).astype("str"))
    engine = Engine(study, {"ae": table}.get)
    list(engine.datasets())
    assert [(one.source, one.dataset, one.mapped, dict(one.excluded)) for one in engine.accounts] == [
        ("ae", "AE", 2, {"no b": 1})
    ]


def test_steps_that_start_no_records_are_refused() -> None:
    """A dataset needs records to begin with."""
    with pytest.raises(SpecError, match="comes before any records"):
        build([dataset("AE", "AETERM", TERM)], AE)


def test_the_formats_of_a_form_are_read_where_a_step_names_none() -> None:
    """`dates` of a raw source are the default of its date columns; a step's own formats win."""
    raw = {"ae": {"SUBJ": ["1"], "D": ["03/04/2024"]}}
    made = build(
        [
            dataset(
                "AE", "AESTDTC AEENDTC", START, step("AESTDTC", "assign_datetime", "ae.D"),
                step("AEENDTC", "assign_datetime", "ae.D", formats=("DD/MM/YYYY",)),
            )
        ],
        raw,
        sources=(models.RawSource(name="ae", path="ae.csv", dates=("MM/DD/YYYY",)),),
    )["AE"]  # fmt: skip
    assert made.frame.iloc[0].tolist() == ["2024-03-04", "2024-04-03"]
