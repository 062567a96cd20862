"""Operations that give computed columns."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from validation.core.operation_calls import OPERATIONS, Call
from validation.core.operations.library import LIBRARY_OPERATIONS
from validation.core.packaged_standards import packaged_standards
from validation.core.rule_files import OperationSpec
from validation.core.session import Session
from validation.core.signals import NotEvaluated
from validation.core.study import DefineFacts, Study, Table, variables_of

N = None


def session(
    *,
    define: DefineFacts | None = None,
    ct: str | None = N,
    standard: str = "SDTMIG",
    **tables: dict[str, list[Any]],
) -> Session:
    """Return a session over plain tables with the packaged standards."""
    frames = {name: pd.DataFrame(columns) for name, columns in tables.items()}
    listed = {
        name: Table(name, frame, label=f"{name} label", variables=variables_of(frame))
        for name, frame in frames.items()
    }
    return Session(Study(listed, packaged_standards(), define, ct), standard=standard, version="3.4")


def values(run: Session, dataset: str, operator: str, **keys: Any) -> list[Any]:
    """Run one operation on a dataset's records."""
    named = {"name", "domain", "group", "group_aliases", "filter"}
    spec = OperationSpec(
        "$x", operator, **{key: value for key, value in keys.items() if key in named},
        options={key: value for key, value in keys.items() if key not in named},
    )  # fmt: skip
    call = Call(run, run.identities[dataset], (dataset,), run.frame(dataset), spec)
    return OPERATIONS[operator](call).values()


AE = {
    "DOMAIN": ["AE"] * 4,
    "USUBJID": ["1", "1", "2", N],
    "AETERM": ["b", "a", N, "b"],
    "AESTDTC": ["2020-01-05", "2020-01-01", "2019-12", N],
}
DM = {"DOMAIN": ["DM", "DM"], "USUBJID": ["1", "2"], "RFSTDTC": ["2020-01-01T10:00", "2020"]}


def test_distinct_lists_populated_values_in_order_of_appearance() -> None:
    """Null is left out; filters are equality or a prefix."""
    run = session(AE=AE, DM=DM)
    assert values(run, "AE", "distinct", name="--TERM") == [("b", "a")] * 4
    assert values(run, "AE", "distinct", name="USUBJID", domain="DM") == [("1", "2")] * 4
    assert (
        values(run, "AE", "distinct", name="AETERM", filter=(("USUBJID", "1"), ("AESTDTC", "2020-01-0&")))
        == [("b", "a")] * 4
    )
    assert values(run, "AE", "distinct", name="AETERM", filter=(("AESTDTC", "2019&"),)) == [()] * 4


def test_distinct_per_group() -> None:
    """A list per group; null is a group; groups that the filter empties are null."""
    run = session(AE=AE)
    assert values(run, "AE", "distinct", name="AETERM", group=("USUBJID",)) == [("b", "a"), ("b", "a"), N, ("b",)]


def test_distinct_by_reference_lists_variables_of_the_related_datasets() -> None:
    """Only IDVAR values that are variables of the dataset named in RDOMAIN."""
    supp = {"RDOMAIN": ["AE"] * 3, "USUBJID": ["1"] * 3, "IDVAR": ["AETERM", "NONE", "AETERM"], "IDVARVAL": ["b"] * 3}
    run = session(AE=AE, SUPPAE=supp)
    assert (
        values(run, "SUPPAE", "distinct", name="IDVAR", domain="SUPP--", value_is_reference=True) == [("AETERM",)] * 3
    )


def test_record_count_in_all_and_per_group() -> None:
    """Groups come from all rows; a filter empties to 0 and makes rows of null groups null."""
    run = session(AE=AE)
    assert values(run, "AE", "record_count") == [4] * 4
    assert values(run, "AE", "record_count", filter=(("AETERM", "b"),)) == [2] * 4
    assert values(run, "AE", "record_count", group=("USUBJID",)) == [2, 2, 1, 1]
    assert values(run, "AE", "record_count", group=("USUBJID",), filter=(("AETERM", "a"),)) == [1, 1, 0, N]


def test_record_count_of_another_dataset_by_alias() -> None:
    """The group is matched with a column of another name; an absent group is null."""
    run = session(AE=AE, CM={"DOMAIN": ["CM"] * 2, "SUBJ": ["1", "1"]})
    found = values(run, "AE", "record_count", domain="CM", group=("SUBJ",), group_aliases=("USUBJID",))
    assert found == [2, 2, N, N]


def test_record_count_by_part_of_a_value() -> None:
    """Times of a day count together."""
    run = session(AE=AE | {"AESTDTC": ["2020-01-05", "2020-01-05T10:00", "2020-01-06", N]})
    assert values(run, "AE", "record_count", group=("AESTDTC",), regex=r"^\d{4}-\d\d-\d\d") == [2, 2, 1, 1]


def test_smallest_and_largest_date() -> None:
    """Per group by text, overall as a timestamp of equal precision only."""
    run = session(AE=AE)
    assert values(run, "AE", "min_date", name="AESTDTC", group=("USUBJID",)) == [
        "2020-01-01",
        "2020-01-01",
        "2019-12",
        N,
    ]
    assert values(run, "AE", "max_date", name="AESTDTC", group=("USUBJID",)) == [
        "2020-01-05",
        "2020-01-05",
        "2019-12",
        N,
    ]
    filtered = {"name": "AESTDTC", "filter": (("USUBJID", "1"),)}
    assert values(run, "AE", "min_date", **filtered) == ["2020-01-01T00:00:00"] * 4
    assert values(run, "AE", "max_date", **filtered) == ["2020-01-05T00:00:00"] * 4
    with pytest.raises(NotEvaluated, match="mixes dates"):
        values(run, "AE", "max_date", name="AESTDTC")


def test_study_day_has_no_zero() -> None:
    """The reference day is 1, the day before it -1; a partial date on either side gives null."""
    dates = ["2020-01-01", "2019-12-31", "2020-01-03T23:00", "2020-01-03", N]
    columns = {"DOMAIN": ["AE"] * 5, "USUBJID": ["1", "1", "1", "2", "1"], "AEDTC": dates}
    assert values(session(AE=columns, DM=DM), "AE", "dy", name="--DTC") == [1, -1, 3, N, N]


def test_facts_of_the_study() -> None:
    """Domains, names, variables."""
    run = session(AE=AE, DM=DM, RELREC={"RDOMAIN": ["AE"], "USUBJID": ["1"]})
    assert values(run, "DM", "study_domains") == [(N, "AE", "DM")] * 2
    assert values(run, "DM", "dataset_names") == [("AE", "DM", "RELREC")] * 2
    assert values(run, "DM", "variable_exists", name="RFSTDTC") == [True, True]
    assert values(run, "DM", "variable_exists", name="--TERM", domain="AE") == [True, True]
    assert values(run, "DM", "variable_count", name="--TERM") == [1, 1]
    assert values(run, "DM", "variable_count", name="USUBJID") == [3, 3]
    assert values(run, "DM", "get_column_order_from_dataset") == [("DOMAIN", "USUBJID", "RFSTDTC")] * 2
    assert values(run, "DM", "extract_metadata", name="dataset_label") == ["DM label"] * 2


def test_facts_of_the_standard() -> None:
    """Labels, custom domains, variable lists of SDTMIG 3.4."""
    run = session(AE=AE, DM=DM, ZZ={"DOMAIN": ["ZZ"], "ZZTERM": ["x"], "ZZDTC": ["2020"]})
    assert values(run, "AE", "domain_label")[0] == "Adverse Events"
    assert values(run, "ZZ", "domain_label") == [N]
    assert values(run, "ZZ", "domain_is_custom") == [True]
    assert values(run, "AE", "domain_is_custom")[0] is False
    assert values(run, "DM", "required_variables")[0] == (
        "STUDYID", "DOMAIN", "USUBJID", "SUBJID", "SITEID", "SEX", "COUNTRY",
    )  # fmt: skip
    assert "RFSTDTC" in values(run, "DM", "expected_variables")[0]
    order = values(run, "AE", "get_column_order_from_library")[0]
    assert [name for name in order if name in ("AESEQ", "AETERM", "EPOCH", "AESTDTC")] == [
        "AESEQ", "AETERM", "EPOCH", "AESTDTC",
    ]  # fmt: skip
    assert values(run, "ZZ", "get_dataset_filtered_variables", key_name="role", key_value="Timing") == [("ZZDTC",)]
    assert "ZZSTDTC" in values(run, "ZZ", "get_model_filtered_variables", key_name="role", key_value="Timing")[0]
    assert values(run, "ZZ", "get_model_column_order")[0][:3] == ("STUDYID", "DOMAIN", "USUBJID")


def test_findings_about_variables_stand_after_test() -> None:
    """--OBJ follows --TEST (SDTM 2.0, Findings About)."""
    run = session(FA={"DOMAIN": ["FA"], "FATESTCD": ["x"], "FAOBJ": ["y"]})
    order = values(run, "FA", "get_model_column_order")[0]
    assert order[order.index("FATEST") + 1] == "FAOBJ"


def test_parent_model_order_goes_by_the_related_domain() -> None:
    """Each row has the list of its RDOMAIN; a parent that is absent stops the rule."""
    run = session(AE=AE, CO={"DOMAIN": ["CO"], "RDOMAIN": ["AE"]})
    assert "AETERM" in values(run, "CO", "get_parent_model_column_order")[0]
    with pytest.raises(NotEvaluated, match="VS"):
        values(session(CO={"DOMAIN": ["CO"], "RDOMAIN": ["VS"]}), "CO", "get_parent_model_column_order")


def test_codelist_terms_come_from_the_release_in_force() -> None:
    """Codes, values and preferred terms; an absent release or codelist stops the rule, a declared release wins."""
    run = session(AE=AE, ct="2025-03-28")
    found = values(run, "AE", "codelist_terms", codelists=["sexpop"], level="term", returntype="value")[0]
    assert found == ("BOTH", "F", "M")
    assert values(run, "AE", "codelist_terms", codelists=["SEXPOP"], level="codelist", returntype="code")[0] == (
        "C66732",
    )
    with pytest.raises(NotEvaluated, match="NOSUCH"):
        values(run, "AE", "codelist_terms", codelists=["NOSUCH"])
    with pytest.raises(NotEvaluated, match="no controlled terminology"):
        values(session(AE=AE), "AE", "codelist_terms", codelists=["SEXPOP"])
    declared = DefineFacts(terminology=(("SDTM", "1999-01-01"),))
    with pytest.raises(NotEvaluated, match="1999-01-01 is not at hand"):
        values(session(AE=AE, define=declared, ct="2025-03-28"), "AE", "codelist_terms", codelists=["SEXPOP"])


@pytest.mark.parametrize(
    ("standard", "declared", "ct", "expected"),
    [
        ("ADAMIG", (("ADaM", "2025-03-28"),), N, [("ADaM", "2025-03-28"), ("SDTM", "2025-03-28")]),
        ("ADAMIG", (("ADaM", "1999-01-01"),), "2025-03-28", [("ADaM", "1999-01-01"), ("SDTM", "2025-03-28")]),
        ("ADAMIG", (("ADaM", "1999-01-01"),), N, [("ADaM", "1999-01-01")]),
        (
            "ADAMIG",
            (("ADaM", "2025-03-28"), ("SDTM", "1999-01-01")),
            N,
            [("ADaM", "2025-03-28"), ("SDTM", "1999-01-01")],
        ),
        ("ADAMIG", (), "2025-03-28", [("ADaM", "2025-03-28"), ("SDTM", "2025-03-28")]),
        ("SDTMIG", (("SDTM", "2025-03-28"),), N, [("SDTM", "2025-03-28")]),
        ("SDTMIG", (), N, []),
    ],
)
def test_analysis_datasets_use_both_terminologies(
    standard: str, declared: tuple[tuple[str, str], ...], ct: str | None, expected: list[tuple[str, str]]
) -> None:
    """SDTM terminology of the same date, else that of the run, stands in where define.xml declares ADaM only."""
    run = session(AE=AE, define=DefineFacts(terminology=declared), ct=ct, standard=standard)
    assert run.releases() == expected


def test_absent_dataset_stops_the_operation() -> None:
    """The dataset is named."""
    with pytest.raises(NotEvaluated, match="TV is not in the study"):
        values(session(AE=AE), "AE", "distinct", name="VISITNUM", domain="TV")
    with pytest.raises(NotEvaluated, match="DM is not in the study"):
        values(session(AE=AE), "AE", "dy", name="AESTDTC")


def test_every_library_operation_is_registered() -> None:
    """The list that decides on notes is in step with the registry."""
    assert set(OPERATIONS) >= LIBRARY_OPERATIONS
