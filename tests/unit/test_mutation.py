"""Planted defects: the frozen list, where a defect goes, and when it counts as caught."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import benchmarks.mutation.kinds
import benchmarks.mutation.record_kinds  # noqa: F401  (register the kinds)
from benchmarks.mutation.drift import DRIFTS
from benchmarks.mutation.drift import LIST as DRIFT_LIST
from benchmarks.mutation.judging import Outcome, judge, judge_description, new_findings, summary
from benchmarks.mutation.planting import KINDS, Defect, Planted, one_per_kind, plant, read_list
from benchmarks.mutation.score import LIST
from spectrail.findings import Findings


def text(*values: str | None) -> pd.Series:
    """Return a text column."""
    return pd.Series([value if value is not None else np.nan for value in values], dtype="str")


AE = pd.DataFrame(
    {
        "USUBJID": text("1", "1", "2"),
        "AESEQ": [1.0, 2.0, 1.0],
        "AESER": text("N", None, None),
        "AESTDTC": text("2020-02-29", "2020", None),
    }
)


def test_the_frozen_list() -> None:
    """150 defects of 59 kinds, all known, numbered; two are declared undetectable."""
    defects = read_list(LIST)
    assert [defect.number for defect in defects] == list(range(1, 151))
    assert len({defect.kind for defect in defects}) == 59
    assert {defect.kind for defect in defects} <= set(KINDS)
    assert [defect.number for defect in defects if defect.undetectable] == [59, 60]
    assert len(one_per_kind(defects)) == 59


def test_the_list_of_define_drift_is_apart() -> None:
    """18 of 12 kinds, numbered from 201: it was added after the other list was frozen."""
    defects = read_list(DRIFT_LIST)
    assert [defect.number for defect in defects] == list(range(201, 219))
    assert {defect.kind for defect in defects} == set(DRIFTS)


@pytest.mark.parametrize(
    ("defect", "variable", "expected", "record"),
    [
        (Defect(1, "wrong_term", "AE", "AESER", "MAYBE"), "AESER", ["MAYBE", None, None], 1),
        (Defect(1, "required_null", "AE", "AESER", ""), "AESER", [None, None, None], 1),
        (Defect(1, "shifted_year", "AE", "AESTDTC", "1"), "AESTDTC", ["2021-02-28", "2020", None], 1),
        (Defect(1, "lower_case", "AE", "AESER", ""), "AESER", ["n", None, None], 1),
        (Defect(1, "serious_without_criterion", "AE", "AESER", ""), "AESER", ["Y", None, None], 1),
    ],
)
def test_one_cell_changes(defect: Defect, variable: str, expected: list[str | None], record: int) -> None:
    """Only a record that can carry the defect is chosen; the original stays as it was."""
    before = AE.copy()
    planted = plant({"AE": AE}, defect)
    assert planted.frames["AE"][variable].replace({np.nan: None}).tolist() == expected
    assert (planted.records, planted.subject) == (frozenset({record}), "1")
    pd.testing.assert_frame_equal(AE, before)


def test_a_repeated_record_is_at_both_places() -> None:
    """Original and copy."""
    planted = plant({"AE": AE.iloc[:1]}, Defect(1, "duplicate_record", "AE", "", ""))
    assert (len(planted.frames["AE"]), planted.records) == (2, frozenset({1, 2}))


def test_a_repeated_sequence_number_is_of_one_subject() -> None:
    """Both records of subject 1 have one number."""
    planted = plant({"AE": AE}, Defect(1, "duplicate_sequence", "AE", "AESEQ", ""))
    numbers = planted.frames["AE"]["AESEQ"].tolist()
    assert (numbers[0] == numbers[1], numbers[2], planted.records) == (True, 1.0, frozenset({1, 2}))


def test_a_lost_parent_is_one_that_is_pointed_to() -> None:
    """Record 2 of subject 1 has a supplemental qualifier."""
    supp = pd.DataFrame({"USUBJID": text("1"), "IDVARVAL": text("2")})
    planted = plant({"AE": AE, "SUPPAE": supp}, Defect(1, "lost_parent", "AE", "", "SUPPAE"))
    assert planted.frames["AE"]["AESEQ"].tolist() == [1.0, 1.0]
    assert (planted.records, planted.subject) == (frozenset(), "1")


def test_no_place_for_a_defect_is_said() -> None:
    """An absent dataset, an absent variable, no eligible record."""
    for defect in (
        Defect(1, "wrong_term", "XX", "A", "B"),
        Defect(1, "wrong_term", "AE", "AEX", "B"),
        Defect(1, "lost_element", "AE", "", ""),
    ):
        with pytest.raises(LookupError):
            plant({"AE": AE.iloc[2:]}, defect)


def findings(*rows: tuple[str, str, int, str, str]) -> Findings:
    """Return findings of (rule, dataset, record, keys, value)."""
    table = pd.DataFrame(rows, columns=["rule", "dataset", "record", "keys", "value"])
    return Findings.of(severity="error", message="m", **{name: table[name] for name in table})


def test_only_findings_that_are_new_count() -> None:
    """The same finding once more is new, a moved record is not."""
    before = findings(("R", "AE", 5, "USUBJID=1", "x"))
    after = findings(("R", "AE", 4, "USUBJID=1", "x"), ("Q", "AE", 1, "USUBJID=2", "y"))
    assert new_findings(before, after)["rule"].astype("str").tolist() == ["Q"]
    twice = findings(("R", "AE", 4, "USUBJID=1", "x"), ("R", "AE", 5, "USUBJID=1", "x"))
    assert len(new_findings(before, twice)) == 2


@pytest.mark.parametrize(
    ("planted", "found", "status"),
    [
        (Planted({}, "AE", frozenset({3})), ("R", "AE", 3, "", ""), "caught"),
        (Planted({}, "AE", frozenset({3})), ("R", "AE", 4, "", ""), "missed"),
        (Planted({}, "AE", frozenset({3})), ("R", "LB", 3, "", ""), "missed"),
        (Planted({}, "DM", subject="S-1"), ("R", "AE", 9, "USUBJID=S-1", ""), "caught"),
        (Planted({}, "DM", subject="S-1"), ("R", "AE", 9, "USUBJID=S-2", ""), "missed"),
        (Planted({}, "AE"), ("R", "AE", 0, "", "['AETERM', 'AEDECOD']"), "caught"),
        (Planted({}, "AE"), ("R", "AE", 0, "", "['AEDECOD']"), "missed"),
    ],
)
def test_a_finding_has_to_name_the_right_place(
    planted: Planted, found: tuple[str, str, int, str, str], status: str
) -> None:
    """Record and dataset; the subject of a deleted record; the variable of a changed one."""
    defect = Defect(1, "k", planted.dataset, "AETERM", "")
    assert judge(defect, planted, Findings(), findings(found)).status == status


def test_changed_keys_make_no_detection() -> None:
    """A notice that the record had before looks new under changed keys; a repeated record repeats it."""
    defect = Defect(1, "k", "AE", "AESTDTC", "")
    before = findings(("R", "AE", 3, "AESTDTC=2020", "x"))
    moved = findings(("R", "AE", 3, "AESTDTC=2021", "x"))
    assert judge(defect, Planted({}, "AE", frozenset({3})), before, moved).status == "missed"
    repeated = findings(("R", "AE", 3, "AESTDTC=2020", "x"), ("R", "AE", 9, "AESTDTC=2020", "x"))
    assert judge(defect, Planted({}, "AE", frozenset({3, 9})), before, repeated).status == "missed"
    other = findings(("R", "AE", 3, "AESTDTC=2021", "x"), ("Q", "AE", 3, "AESTDTC=2021", "x"))
    assert judge(defect, Planted({}, "AE", frozenset({3})), before, other) == Outcome(defect, "caught", ("Q",))


@pytest.mark.parametrize(
    ("variable", "found", "status"),
    [
        ("AETERM", ("D", "AE", 0, "", "AETERM"), "caught"),
        ("AETERM", ("D", "AE", 0, "", "AEDECOD"), "missed"),
        ("AETERM", ("D", "LB", 0, "", "AETERM"), "missed"),
        ("", ("D", "AE", 0, "", ""), "caught"),
    ],
)
def test_a_finding_on_define_has_to_name_dataset_and_variable(
    variable: str, found: tuple[str, str, int, str, str], status: str
) -> None:
    """A defect of a whole dataset needs the dataset only."""
    assert judge_description(Defect(1, "k", "AE", variable, ""), findings(found).frame).status == status


def test_the_share_is_of_what_was_planted() -> None:
    """Undetectable and unplanted defects do not count."""
    defect = Defect(1, "k", "AE", "", "")
    outcomes = [Outcome(defect, status) for status in ("caught", "caught", "caught", "missed", "undetectable")]
    assert summary(outcomes) == {"caught": 3, "missed": 1, "undetectable": 1, "not planted": 0, "share": 0.75}
