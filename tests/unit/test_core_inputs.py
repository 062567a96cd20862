"""What the engine is handed: datasets of the toolkit, define.xml facts, standards; and the frames that show them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import validation.core.operators  # noqa: F401 - registers the operators
from specs.models import Codelist, Dataset, Origin, Standard, Term, Variable
from specs.models import Study as Specification
from spectrail.dataset import Dataset as Written
from spectrail.layout import Column as Stored
from spectrail.layout import Layout
from validation.core.columns import Column, align, as_number
from validation.core.conditions import OPERATORS, Condition
from validation.core.define_facts import define_facts
from validation.core.evaluate import run_rules
from validation.core.frames import values_frame
from validation.core.packaged_standards import packaged_standards
from validation.core.reporting import RunResult
from validation.core.rule_files import parse_rule
from validation.core.signals import NotEvaluated
from validation.core.standards import NoStandards
from validation.core.study import DefineDataset, DefineFacts, Study, Table, study_of, variables_of

N = None
AE = {"DOMAIN": ["AE", "AE"], "USUBJID": ["1", "2"], "AETERM": ["a", "bb"], "AESEQ": [1.0, N]}


def run(study: Study, check: object, output: list[str], **keys: Any) -> RunResult:
    """Run one rule."""
    raw = {"Core": {"Id": "R"}, "Check": check, "Outcome": {"Output Variables": output}, **keys}
    return run_rules(study, (parse_rule(raw, fallback_id="R"),), standard="SDTMIG", version="3.4")


def values(result: RunResult) -> list[tuple[Any, ...]]:
    """Return record and value of every line."""
    frame = result.lines()
    return list(zip(frame["record"], frame["value"], strict=True))


def study(define: DefineFacts | None = None, **tables: dict[str, list[Any]]) -> Study:
    """Return a study of plain tables."""
    frames = {name: pd.DataFrame(columns) for name, columns in tables.items()}
    listed = {name: Table(name, frame, variables=variables_of(frame)) for name, frame in frames.items()}
    return Study(listed, packaged_standards(), define)


def test_datasets_of_the_toolkit_become_tables() -> None:
    """Labels, types, lengths and keys come from the layout; the file is named after the dataset."""
    layout = Layout(
        "ADSL",
        "Subjects",
        (Stored("USUBJID", "Subject", length=8), Stored("TRTSDT", "Start", "integer")),
        ("USUBJID",),
    )
    frame = pd.DataFrame({"USUBJID": pd.Series(["1"], dtype="str"), "TRTSDT": [20.0]})
    table = study_of([Written(layout, frame)]).tables["ADSL"]
    assert (table.label, table.file_name, table.keys) == ("Subjects", "adsl.xpt", ("USUBJID",))
    assert [(one.name, one.label, one.type, one.length) for one in table.variables] == [
        ("USUBJID", "Subject", "Char", 8),
        ("TRTSDT", "Start", "Num", None),
    ]


def test_numeric_dates_become_sas_numbers() -> None:
    """Midnights are days, other moments seconds since 1960-01-01."""
    days = Column.of_series(pd.Series(["1960-01-02", N], dtype="datetime64[us]"))
    seconds = Column.of_series(pd.Series(["1960-01-01T00:01", "1960-01-01"], dtype="datetime64[us]"))
    assert (days.values(), seconds.values()) == ([1.0, N], [60.0, 0.0])
    assert Column.of_series(pd.Series([True, False])).values() == [True, False]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1.50", 1.5),
        ("-3", -3.0),
        (".5", 0.5),
        ("1e3", 1000.0),
        (" 7 ", 7.0),
        ("1_0", N),
        ("nan", N),
        ("inf", N),
        ("", N),
    ],
)
def test_number_like_text(text: str, number: float | None) -> None:
    """No words, no digit grouping."""
    assert as_number(text) == number if number is not N else np.isnan(as_number(text))


def test_columns_of_one_kind_share_codes() -> None:
    """Numbers meet numbers by value, whole or not."""
    first, second, _ = align(Column.of_values([1, 2.5, N]), Column.of_values([2.5, 1.0]))
    assert (first.tolist(), second.tolist()) == ([0, 1, -1], [1, 0])


SPECIFICATION = Specification(
    study_id="S",
    standards=(
        Standard(name="SDTMIG", version="3.4"),
        Standard(name="CDISC/NCI", type="CT", version="2025-03-28", publishing_set="SDTM"),
    ),
    codelists=(
        Codelist(id="CL.NY", code="C66742", terms=(Term(term="Y", decode="Yes", code="C49488"), Term(term="Q"))),
    ),
    datasets=(
        Dataset(
            name="AE",
            label="Events",
            domain="AE",
            keys=("USUBJID",),
            has_no_data="Yes",
            variables=(
                Variable(name="USUBJID", label="Subject", data_type="text", length=8, mandatory="Yes"),
                Variable(name="AESER", codelist="CL.NY", origins=(Origin(type="Collected"),), method="MT.1"),
            ),
        ),
    ),
)  # fmt: skip


def test_facts_of_define_xml() -> None:
    """Datasets, variables with their codelists, and the releases of terminology."""
    facts = define_facts(SPECIFICATION)
    assert facts.terminology == (("SDTM", "2025-03-28"),)
    dataset = facts.datasets[0]
    assert (dataset.name, dataset.domain) == ("AE", "AE")
    assert dataset.facts["define_dataset_key_sequence"] == ("USUBJID",)
    assert dataset.facts["define_dataset_has_no_data"] is True
    seriousness = dataset.variables[1]
    assert {name.removeprefix("define_variable_"): value for name, value in seriousness.items() if value} == {
        "name": "AESER",
        "order_number": 2,
        "ccode": "C66742",
        "has_codelist": True,
        "codelist_coded_values": ("Y", "Q"),
        "codelist_coded_codes": ("C49488",),
        "allowed_terms": ("Yes",),
        "origin_type": "Collected",
        "is_collected": True,
        "has_method": True,
    }


DEFINE = DefineFacts(
    (
        DefineDataset(
            "AE",
            "AE",
            {"define_dataset_label": "Adverse"},
            (
                {"define_variable_name": "AETERM", "define_variable_label": "Term"},
                {"define_variable_name": "AELLT", "define_variable_label": "Lowest"},
            ),
        ),
    )
)


@pytest.mark.parametrize(
    ("kind", "check", "output", "expected"),
    [
        (
            "Dataset Metadata Check against Define XML",
            {"name": "dataset_label", "operator": "not_equal_to", "value": "define_dataset_label"},
            ["define_dataset_label"],
            [(1, "Adverse")],
        ),
        (
            "Define Item Group Metadata Check",
            {"name": "define_dataset_class", "operator": "empty"},
            ["define_dataset_label"],
            [(1, "Adverse")],
        ),
        (
            "Define Item Metadata Check",
            {"name": "define_variable_label", "operator": "equal_to", "value": "Lowest"},
            ["define_variable_name"],
            [(2, "AELLT")],
        ),
        (
            "Variable Metadata Check against Define XML",
            {"name": "variable_name", "operator": "empty"},
            ["define_variable_name"],
            [(5, "AELLT")],
        ),
        (
            "Dataset Contents Check against Define XML",
            {"name": "define_dataset_label", "operator": "non_empty"},
            ["AETERM"],
            [(1, "a"), (2, "bb")],
        ),
    ],
)
def test_frames_against_define_xml(kind: str, check: dict[str, Any], output: list[str], expected: list[Any]) -> None:
    """Each type sets what define.xml says beside what it is about."""
    assert values(run(study(DEFINE, AE=AE), {"all": [check]}, output, **{"Rule Type": kind})) == expected


def test_lengths_of_values() -> None:
    """Characters of text, digits of numbers."""
    check = {"all": [{"name": "variable_value_length", "operator": "greater_than", "value": 1}]}
    result = run(
        study(AE=AE), check, ["row_number", "variable_name"], **{"Rule Type": "Value Check with Variable Metadata"}
    )
    assert values(result) == [(1, "1"), (1, "DOMAIN"), (2, "2"), (2, "DOMAIN"), (2, "2"), (2, "AETERM")]
    check = {"all": [{"name": "variable_value", "operator": "equal_to", "value": "bb"}]}
    result = run(study(AE=AE), check, ["dataset_name"], **{"Rule Type": "Value Check with Dataset Metadata"})
    assert values(result) == [(2, "AE")]


def test_without_standards_only_rules_that_need_them_are_not_evaluated() -> None:
    """Class and operations need tables, other rules do not."""
    bare = Study(study(AE=AE).tables)
    check = {"all": [{"name": "AETERM", "operator": "non_empty"}]}
    assert len(run(bare, check, ["AETERM"])) == 2
    result = run(bare, check, ["AETERM"], Scope={"Classes": {"Include": ["EVENTS"]}})
    assert result.not_evaluated()["reason"].tolist() == ["no tables of SDTMIG 3.4 are at hand"]
    nothing = NoStandards()
    for ask in (nothing.model_dataset, nothing.model_class, nothing.ig_dataset):
        with pytest.raises(NotEvaluated):
            ask("AE", "SDTMIG", "3.4")
    with pytest.raises(NotEvaluated):
        nothing.terms(["NY"], [])


def test_facts_from_another_version_are_noted() -> None:
    """The class is answered by the nearest tables, and the status says so."""
    rule = parse_rule(
        {
            "Core": {"Id": "R"},
            "Check": {"all": [{"name": "AETERM", "operator": "non_empty"}]},
            "Scope": {"Classes": {"Include": ["EVENTS"]}},
        },
        fallback_id="R",
    )
    result = run_rules(study(AE=AE), (rule,), standard="SDTMIG", version="3.2")
    assert result.status["note"].tolist() == ["facts of the standard from SDTMIG 3.4"]
    assert run_rules(study(AE=AE), (rule,), standard="SDTMIG", version="3.4").status["note"].tolist() == [""]


def test_relrec_columns_are_named_by_the_model() -> None:
    """A variable that the model has for the class gets the wildcard, another keeps its name."""
    tables = study(
        FA={"DOMAIN": ["FA"], "USUBJID": ["1"], "FATESTCD": ["x"], "FAOBJ": ["a"], "FALNKID": ["1"]},
        AE=AE | {"AELNKID": ["1", "2"], "AEQQ": ["q", "r"]},
        RELREC={
            "RDOMAIN": ["AE", "FA"],
            "USUBJID": [N, N],
            "IDVAR": ["AELNKID", "FALNKID"],
            "IDVARVAL": [N, N],
            "RELID": ["1", "1"],
        },
    )
    check = {"all": [{"name": "FAOBJ", "operator": "equal_to", "value": "RELREC.**TERM"}]}
    keys = {"Match Datasets": [{"Name": "RELREC"}], "Scope": {"Domains": {"Include": ["FA"]}}}
    assert values(run(tables, check, ["RELREC.**TERM", "RELREC.AEQQ"], **keys)) == [(1, "a"), (1, "q")]


@pytest.mark.parametrize(
    ("operator", "value", "options", "expected"),
    [
        ("contains", "Y", {}, [True, False]),
        ("contains", "$list", {}, [False, False]),
        ("starts_with", ["b", "q"], {}, [False, True]),
        ("prefix_equal_to", "Y", {"prefix": 2}, [True, False]),
        ("suffix_is_contained_by", "$list", {"suffix": 1}, [True, False]),
        ("suffix_is_contained_by", "Y", {"suffix": 2}, [True, False]),
        ("prefix_is_contained_by", "ab", {"prefix": 2}, [True, False]),
    ],
)
def test_text_operators_with_columns(
    operator: str, value: Any, options: dict[str, Any], expected: list[bool]
) -> None:
    """Comparator columns are met cell by cell, by any cell, or as list cells, as the operator says."""
    frame = values_frame({"X": ["ab", "bc"], "Y": ["ab", "zz"], "$list": [["b"], ["b"]]}, dataset="AE")
    condition = Condition("X", operator, value, True, options)
    assert OPERATORS[operator].evaluate(frame, condition).tolist() == expected


def test_members_of_list_cells_by_column() -> None:
    """The row's comparator is looked up in the row's list."""
    frame = values_frame({"$list": [["a", "b"], ["c"], N], "Y": ["b", "b", "b"]}, dataset="AE")
    assert OPERATORS["contains"].evaluate(frame, Condition("$list", "contains", "Y", True)).tolist() == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("operator", "value", "options"),
    [
        ("prefix_equal_to", "a", {"prefix": "two"}),
        ("present_on_multiple_rows_within", "many", {"within": "Y"}),
        ("does_not_have_next_corresponding_record", "ZZ", {"within": "Y"}),
        ("target_is_sorted_by", [{"sort_order": "asc"}], {"within": "Y"}),
        ("matches_regex", 5, {}),
        ("longer_than", "a few", {}),
        ("date_equal_to", "Y", {"date_component": "fortnight"}),
    ],
)
def test_unusable_options_are_told(operator: str, value: Any, options: dict[str, Any]) -> None:
    """The rule cannot be evaluated, with the reason."""
    frame = values_frame({"X": ["ab"], "Y": ["a"]}, dataset="AE")
    with pytest.raises(NotEvaluated):
        OPERATORS[operator].evaluate(frame, Condition("X", operator, value, True, options))
