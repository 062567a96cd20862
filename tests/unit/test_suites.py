"""Suites: what is planned, which rows fail, what findings and files say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from specs.models import Codelist, Condition, Study, Term, ValueLevel, Variable, WhereClause
from specs.models import Dataset as DatasetSpecification
from spectrail.dataset import Dataset
from spectrail.layout import Column, Layout
from validation.suites.evaluation import evaluate_suite, suite_findings, with_relations
from validation.suites.expectations import IN_SET, NOT_NULL, UNIQUE, Expectation, merged
from validation.suites.files import plan_suites, run_suites, write_suites
from validation.suites.planning import plan_suite
from validation.suites.relations import (
    computes,
    equal_to_source,
    member_pairs,
    not_later,
    points_to_parent,
    relative_day,
    traced,
)


def text(*values: str | None) -> pd.Series:
    """Return a text column with nulls."""
    return pd.Series([value if value is not None else np.nan for value in values], dtype="str")


def dataset(name: str, keys: tuple[str, ...] = (), **columns: pd.Series) -> Dataset:
    """Return a dataset; text variables are declared 4 bytes long, dates 10."""
    layout = Layout(
        name,
        name,
        tuple(
            Column(column, column, "float", 8)
            if values.dtype == "float64"
            else Column(column, column, "text", 10 if column.endswith("DTC") else 4)
            for column, values in columns.items()
        ),
        keys,
    )
    return Dataset(layout, pd.DataFrame(columns))


def broken(found: Dataset, **others: pd.DataFrame) -> set[tuple[str, str, tuple[int, ...]]]:
    """Return rule, variables and rows (from 0) of the expectations that fail."""
    suite = plan_suite(found, frames={**others, found.name: found.frame})
    return {
        (outcome.expectation.rules[0], ",".join(outcome.expectation.variables), tuple(outcome.rows.tolist()))
        for outcome in evaluate_suite(suite, found.frame)
        if not outcome.success
    }


def test_rows_that_break_formats_lengths_and_keys() -> None:
    """A month 13-like form, a value of 5 bytes, a repeated key, a missing required value: each at its rows."""
    found = dataset(
        "AE",
        ("USUBJID", "AESTDTC"),
        USUBJID=text("1", "1", "2", "3"),
        AETERM=text("A", "ABCDE", None, "B"),
        AESTDTC=text("2020-01-02", "2020-01-02", "2020", "1JAN2020"),
    )
    assert broken(found) == {
        ("SPT-EX-003", "USUBJID,AESTDTC", (0, 1)),
        ("SPT-EX-005", "AETERM", (1,)),
        ("SPT-SD-003", "AETERM", (2,)),
        ("SPT-SD-018", "AESTDTC", (3,)),
    }


def test_subjects_and_visits_are_looked_up_in_other_datasets() -> None:
    """A subject not in DM, a visit the subject does not have."""
    found = dataset("VS", USUBJID=text("1", "2", "1"), VISITNUM=pd.Series([1.0, 1.0, 2.0]))
    others = {
        "DM": pd.DataFrame({"USUBJID": text("1")}),
        "SV": pd.DataFrame({"USUBJID": text("1", "2"), "VISITNUM": [1.0, 1.0]}),
    }
    assert broken(found, **others) == {("SPT-SD-027", "USUBJID", (1,)), ("SPT-GO-087", "USUBJID,VISITNUM", (2,))}


def test_change_from_baseline_and_time_to_event_are_recomputed() -> None:
    """CHG 3 of 5 - 1, AVAL 3 for day 10 to day 14."""
    lab = dataset(
        "ADLB",
        USUBJID=text("1", "1"),
        AVAL=pd.Series([5.0, 5.0]),
        BASE=pd.Series([1.0, 1.0]),
        CHG=pd.Series([4.0, 3.0]),
        PCHG=pd.Series([400.0, 400.0]),
    )
    assert broken(lab) == {("SPT-EX-101", "CHG,AVAL,BASE", (1,))}
    time = dataset(
        "ADTTE",
        USUBJID=text("1", "2", "3"),
        STARTDT=pd.Series([10.0, 10.0, 10.0]),
        ADT=pd.Series([14.0, 14.0, 9.0]),
        AVAL=pd.Series([5.0, 3.0, np.nan]),
        CNSR=pd.Series([0.0, 1.0, -1.0]),
    )
    assert broken(time) == {
        ("SPT-EX-104", "AVAL,ADT,STARTDT", (1,)),
        ("SPT-EX-006", "CNSR", (2,)),
        ("SPT-TT-007", "STARTDT,ADT", (2,)),
    }


def test_codelists_and_value_levels_come_from_the_specification() -> None:
    """Sex by its codelist; the result of test A by the codelist of its value level, that of B by none."""
    specification = Study(
        study_id="S",
        codelists=(
            Codelist(id="SEX", terms=(Term(term="M"), Term(term="F"))),
            Codelist(id="YN", terms=(Term(term="Y"), Term(term="N"))),
        ),
        datasets=(
            DatasetSpecification(
                name="FA",
                variables=(Variable(name="SEX", codelist="SEX"), Variable(name="TEST"), Variable(name="RES")),
                value_levels=(
                    ValueLevel(
                        variable="RES",
                        codelist="YN",
                        where=WhereClause(conditions=(Condition(variable="TEST", comparator="EQ", values=("A",)),)),
                    ),
                ),
            ),
        ),
    )
    found = dataset("FA", SEX=text("M", "X", None), TEST=text("A", "A", "B"), RES=text("Y", "Q", "Q"))
    suite = plan_suite(found, specification=specification)
    failed = {
        outcome.expectation.rules[0]: outcome.rows.tolist()
        for outcome in evaluate_suite(suite, found.frame)
        if not outcome.success
    }
    assert failed == {"SPT-EX-004": [1], "SPT-EX-007": [1]}


def test_expectations_that_differ_only_in_their_rules_become_one() -> None:
    """Both ids and the worse severity are kept."""
    first = Expectation(NOT_NULL, {"column": "A"}, ("R1",), "notice", "a")
    second = Expectation(NOT_NULL, {"column": "A"}, ("R2", "R1"), "error", "b")
    other = Expectation(NOT_NULL, {"column": "B"}, ("R1",), "notice", "a")
    joined = merged([first, second, other])
    assert [(one.kwargs["column"], one.rules, one.severity) for one in joined] == [
        ("A", ("R1", "R2"), "error"),
        ("B", ("R1",), "notice"),
    ]


def test_findings_name_record_keys_and_value() -> None:
    """The record counts from 1; several variables are shown by name."""
    found = dataset(
        "AE", USUBJID=text("1", "2"), AESTDTC=text("2020-01-02", "2020-01-03"), AEENDTC=text("2020-01", "2020-01-02")
    )
    findings = suite_findings(plan_suite(found), found.frame).frame
    assert findings[["rule", "record", "keys", "value"]].astype("str").to_numpy().tolist() == [
        ["SPT-GO-045", "2", "USUBJID=2", "AESTDTC=2020-01-03; AEENDTC=2020-01-02"]
    ]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2020-01-02", "2020-01-01", 0),
        ("2020-01-02", "2020-01", 1),
        ("2020-02", "2020-01-31", 0),
        ("2020-01-01T10:00", "2020-01-01", 1),
        ("2020", None, np.nan),
    ],
)
def test_dates_are_compared_at_their_common_precision(start: str, end: str | None, expected: float) -> None:
    """A missing part decides nothing."""
    frame = pd.DataFrame({"A": text(start), "B": text(end)})
    np.testing.assert_equal(not_later(frame, "A", "B"), np.array([expected], dtype=float))


def test_supplemental_qualifiers_point_to_records() -> None:
    """IDVARVAL 1 is AESEQ 1.0; another subject's record, an unknown variable and dataset are no parents."""
    supp = pd.DataFrame(
        {
            "RDOMAIN": text("AE", "AE", "AE", "ZZ", "AE"),
            "USUBJID": text("1", "2", "1", "1", "1"),
            "IDVAR": text("AESEQ", "AESEQ", "AEX", "ZZSEQ", None),
            "IDVARVAL": text("1", "1", "1", "1", None),
        }
    )
    parents = {"AE": pd.DataFrame({"USUBJID": text("1"), "AESEQ": [1.0]})}
    np.testing.assert_equal(points_to_parent(supp, parents), [1, 0, 0, 0, np.nan])


def test_sources_are_looked_up_by_their_sequence_number() -> None:
    """--SEQ of a domain, AESEQ of ADAE; a source without sequence numbers or not at hand decides nothing."""
    frame = pd.DataFrame(
        {
            "USUBJID": text("1", "1", "1", "2", "1", "1"),
            "SRCDOM": text("AE", "AE", "ADAE", "ADAE", "ADSL", None),
            "SRCSEQ": [1.0, 2.0, 5.0, 5.0, 1.0, 1.0],
        }
    )
    sources = {
        "AE": pd.DataFrame({"USUBJID": text("1"), "AESEQ": [1.0]}),
        "ADAE": pd.DataFrame({"USUBJID": text("1"), "AESEQ": [5.0]}),
        "ADSL": pd.DataFrame({"USUBJID": text("1")}),
    }
    np.testing.assert_equal(traced(frame, sources), [1, 0, 1, 0, np.nan, np.nan])


def test_values_are_compared_with_their_source_by_key() -> None:
    """A key that the source lacks or has twice decides nothing; two nulls are equal."""
    source = pd.DataFrame({"USUBJID": text("1", "2", "2", "3"), "AGE": [30.0, 1.0, 2.0, np.nan]})
    frame = pd.DataFrame({"USUBJID": text("1", "1", "2", "3", "9"), "AGE": [30.0, 31.0, 1.0, np.nan, 5.0]})
    np.testing.assert_equal(equal_to_source(frame, ["USUBJID"], "AGE", source), [1, 0, np.nan, 1, np.nan])


def test_pairs_need_all_their_keys() -> None:
    """A pair with a null key is not judged."""
    frame = pd.DataFrame({"A": text("1", "1", None), "B": [1.0, 2.0, 1.0]})
    other = pd.DataFrame({"A": text("1"), "B": [1.0]})
    np.testing.assert_equal(member_pairs(frame, ["A", "B"], other, ["A", "B"]), [1, 0, np.nan])


def test_relative_days_have_no_zero() -> None:
    """The reference day is 1, the day before -1."""
    frame = pd.DataFrame({"D": [5.0, 6.0, 4.0], "R": [5.0, 5.0, 5.0]})
    assert relative_day(frame, "D", "R").tolist() == [1, 2, -1]


def test_computed_values_may_differ_by_rounding_only() -> None:
    """Relative 1e-6; null decides nothing."""
    truth = computes(pd.Series([1.0, 1.0000001, 1.1, np.nan]), np.array([1.0, 1.0, 1.0, 1.0]))
    np.testing.assert_equal(truth, [1, 1, 0, np.nan])


def test_files_hold_suite_and_data(tmp_path: Path) -> None:
    """A JSON file per dataset with rules in meta; the data beside it with the relation columns."""
    found = dataset("AE", USUBJID=text("1"), AESTDTC=text("2020"), AEENDTC=text("2019"))
    planned = plan_suites([found])
    assert [path.name for path in write_suites(planned, tmp_path, data=True)] == ["ae.json", "ae.parquet"]
    suite = json.loads((tmp_path / "ae.json").read_text(encoding="utf-8"))
    relation = [entry for entry in suite["expectations"] if entry["kwargs"].get("column") == "REL_STDTC_ENDTC"]
    assert [(entry["type"], entry["kwargs"]["value_set"], entry["meta"]["rules"]) for entry in relation] == [
        (IN_SET, ["Y"], ["SPT-GO-045"])
    ]
    assert pd.read_parquet(tmp_path / "ae.parquet")["REL_STDTC_ENDTC"].tolist() == ["N"]
    assert len(run_suites(planned)) == 1
    assert list(with_relations(planned[0][1], found.frame)) == ["USUBJID", "AESTDTC", "AEENDTC", "REL_STDTC_ENDTC"]


def test_one_key_variable_is_not_checked_as_compound() -> None:
    """Great Expectations needs two columns for a compound key."""
    found = dataset("TS", ("TSSEQ",), TSSEQ=pd.Series([1.0, 1.0]))
    assert [one.type for one in plan_suite(found).expectations if one.type == UNIQUE] == []
