"""Value-level conditions on variables of another dataset: how the records find each other, and where they cannot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest

from define_xml.coded import Coded
from define_xml.joins import Table, Unjoined, joined
from spectrail.dataset import normalise


def table(name: str, keys: Sequence[str] = (), **columns: list[Any]) -> Table:
    """Return a dataset of columns."""
    return Table(name, normalise(pd.DataFrame(columns)), tuple(keys))


def values(found: Coded | Unjoined) -> list[Any]:
    """Return the value of each record, None where there is none."""
    assert isinstance(found, Coded), found
    return [None if code < 0 else found.values[code] for code in found.codes]


AE = table("AE", ["USUBJID", "AESEQ"], USUBJID=["1", "1", "2"], AESEQ=[1.0, 2.0, 1.0], AESER=["Y", "N", "Y"])
SUPPAE = table(
    "SUPPAE",
    ["USUBJID", "IDVAR", "IDVARVAL", "QNAM"],
    RDOMAIN=["AE", "AE", "AE"],
    USUBJID=["1", "2", "3"],
    IDVAR=["AESEQ", "AESEQ", "AESEQ"],
    IDVARVAL=["2", "1", "1"],
    QNAM=["AETRTEM", "AETRTEM", "AETRTEM"],
    QVAL=["Y", "N", "Y"],
)


def test_subject_level_by_the_keys_of_the_other_dataset():
    """DM has one record per subject; a subject that DM lacks has no value."""
    dm = table("DM", ["STUDYID", "USUBJID"], STUDYID=["S", "S"], USUBJID=["2", "1"], SEX=["F", "M"])
    lb = table("LB", STUDYID=["S", "S", "S"], USUBJID=["1", "2", "3"])
    assert values(joined(lb, dm, "SEX")) == ["M", "F", None]


def test_several_keys_are_all_used():
    """The same visit of another subject is another record."""
    sv = table(
        "SV", ["USUBJID", "VISITNUM"], USUBJID=["1", "1", "2"], VISITNUM=[1.0, 2.0, 1.0], SVUPDES=["A", "B", "C"]
    )
    vs = table("VS", USUBJID=["1", "2", "1"], VISITNUM=[2.0, 1.0, 9.0])
    assert values(joined(vs, sv, "SVUPDES")) == ["B", "C", None]


def test_qualifiers_find_their_parent_by_idvar():
    """IDVARVAL is text, the sequence a number; a qualifier without parent has no value."""
    assert values(joined(SUPPAE, AE, "AESER")) == ["N", "Y", None]


def test_a_parent_finds_its_qualifiers_by_idvar():
    """A record without qualifier has no value."""
    assert values(joined(AE, SUPPAE, "QVAL")) == [None, "Y", "N"]


def test_qualifiers_of_the_subject_have_no_idvar():
    """SUPPDM names no variable: the subject alone decides."""
    dm = table("DM", ["USUBJID"], USUBJID=["1", "2"], SEX=["F", "M"])
    suppdm = table("SUPPDM", RDOMAIN=["DM"], USUBJID=["2"], IDVAR=[None], IDVARVAL=[None], QNAM=["X"], QVAL=["1"])
    assert values(joined(suppdm, dm, "SEX")) == ["M"]


def test_several_counterparts_that_agree_are_no_trouble():
    """Two doses of one subject, the same treatment."""
    ex = table("EX", ["USUBJID", "EXSEQ"], USUBJID=["1", "1"], EXSEQ=[1.0, 2.0], EXTRT=["A", "A"], EXDOSE=[1.0, 2.0])
    dm = table("DM", USUBJID=["1"])
    assert values(joined(dm, ex, "EXTRT")) == ["A"]
    found = joined(dm, ex, "EXDOSE")
    assert found == Unjoined("EX has different values of EXDOSE for the same USUBJID (1 times)")


def test_counterparts_of_other_records_do_not_count():
    """Only records that the home dataset asks for can be ambiguous."""
    ex = table("EX", ["USUBJID", "EXSEQ"], USUBJID=["1", "2", "2"], EXSEQ=[1.0, 1.0, 2.0], EXDOSE=[1.0, 2.0, 3.0])
    assert values(joined(table("DM", USUBJID=["1"]), ex, "EXDOSE")) == [1.0]


@pytest.mark.parametrize(
    ("home", "other", "variable", "reason"),
    [
        (AE, table("TA", ["ARMCD"], ARMCD=["A"], ARM=["B"]), "ARM", "AE and TA have no key variable in common"),
        (AE, table("DM", ["USUBJID"], USUBJID=["1"]), "SEX", "DM has no variable SEX"),
        (SUPPAE, table("AE", USUBJID=["1"], AESER=["Y"]), "AESER", "AE has no variable AESEQ, which IDVAR names"),
    ],
)
def test_what_cannot_be_joined_says_why(home: Table, other: Table, variable: str, reason: str):
    """The reason names datasets and variables."""
    assert joined(home, other, variable) == Unjoined(reason)
