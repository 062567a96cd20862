"""Match Datasets: plain joins, children, RELREC, supplemental qualifiers."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from validation.core.frames import Frame
from validation.core.joins import join_all
from validation.core.rule_files import MatchSpec
from validation.core.session import Session
from validation.core.signals import NotEvaluated
from validation.core.study import Study, Table, variables_of

N = None
USUBJID = (("USUBJID", "USUBJID"),)
POINTER = (("USUBJID", "USUBJID"), ("IDVAR", "IDVAR"), ("IDVARVAL", "IDVARVAL"))


def session(**tables: dict[str, list[Any]]) -> Session:
    """Return a session over plain tables."""
    frames = {name: pd.DataFrame(columns) for name, columns in tables.items()}
    study = Study({name: Table(name, frame, variables=variables_of(frame)) for name, frame in frames.items()})
    return Session(study, standard="SDTMIG", version="3.4")


def joined(run: Session, dataset: str, *matches: MatchSpec, mentioned: tuple[str, ...] = ()) -> Frame:
    """Join the matches to a dataset."""
    return join_all(run, run.frame(dataset), run.identities[dataset], matches, frozenset(mentioned))[0]


def cells(frame: Frame, *names: str) -> dict[str, list[Any]]:
    """Return plain cells of columns."""
    return {name: frame.column(name).values() for name in names}


AE = {"DOMAIN": ["AE", "AE", "AE"], "USUBJID": ["2", "1", "9"], "AESEQ": [1.0, 1.0, 1.0]}
DM = {"DOMAIN": ["DM", "DM"], "USUBJID": ["1", "2"], "ARM": ["A", "B"]}


def test_inner_join_drops_unmatched_records_and_keeps_record_numbers() -> None:
    """Records 1 and 2 have a subject in DM."""
    frame = joined(session(AE=AE, DM=DM), "AE", MatchSpec("DM", USUBJID))
    assert cells(frame, "USUBJID", "ARM", "DOMAIN", "DOMAIN.DM") == {
        "USUBJID": ["2", "1"],
        "ARM": ["B", "A"],
        "DOMAIN": ["AE", "AE"],
        "DOMAIN.DM": ["DM", "DM"],
    }
    assert frame.origin.record.tolist() == [1, 2]


def test_left_join_keeps_unmatched_records_with_nulls() -> None:
    """Join Type left."""
    frame = joined(session(AE=AE, DM=DM), "AE", MatchSpec("DM", USUBJID, left_join=True))
    assert cells(frame, "ARM") == {"ARM": ["B", "A", N]}
    empty = session(AE=AE, DM={"DOMAIN": [], "USUBJID": [], "ARM": []})
    assert cells(joined(empty, "AE", MatchSpec("DM", USUBJID, left_join=True)), "ARM") == {"ARM": [N, N, N]}


def test_a_record_appears_once_per_match_and_null_keys_match() -> None:
    """Two elements of subject 2; the record without subject meets the element without one."""
    right = {"DOMAIN": ["SE"] * 3, "USUBJID": ["2", "2", N], "ETCD": ["a", "b", "c"]}
    left = AE | {"USUBJID": ["2", N, "9"]}
    frame = joined(session(AE=left, SE=right), "AE", MatchSpec("SE", USUBJID))
    assert cells(frame, "ETCD") == {"ETCD": ["a", "b", "c"]}
    assert frame.origin.record.tolist() == [1, 1, 2]


def test_columns_are_named_as_conditions_say() -> None:
    """X becomes Name.X when a condition names it so, even without a clash."""
    frame = joined(session(AE=AE, DM=DM), "AE", MatchSpec("DM", USUBJID), mentioned=("DM.ARM",))
    assert "DM.ARM" in frame.names
    assert "ARM" not in frame.names


def test_different_key_names_and_wildcards() -> None:
    """`--` is the own domain on the left and the matched name on the right."""
    right = {"DOMAIN": ["CM"], "USUBJID": ["1"], "CMSEQ": [1.0], "CMTRT": ["x"]}
    keys = (("USUBJID", "USUBJID"), ("--SEQ", "--SEQ"))
    frame = joined(session(AE=AE, CM=right), "AE", MatchSpec("CM", keys))
    assert cells(frame, "AESEQ", "CMSEQ", "CMTRT") == {"AESEQ": [1.0], "CMSEQ": [1.0], "CMTRT": ["x"]}


def test_a_join_with_itself_does_nothing_and_an_absent_dataset_is_told() -> None:
    """No record changes; the absent dataset is named."""
    run = session(AE=AE)
    frame, absent = join_all(
        run, run.frame("AE"), run.identities["AE"], (MatchSpec("AE", USUBJID), MatchSpec("DM", USUBJID)), frozenset()
    )
    assert frame is run.frame("AE")
    assert absent == ["DM"]


def test_text_key_against_number_key_cannot_be_evaluated() -> None:
    """Types have to agree."""
    with pytest.raises(NotEvaluated, match="text on one side"):
        joined(session(AE=AE, DM=DM | {"USUBJID": [1.0, 2.0]}), "AE", MatchSpec("DM", USUBJID))


def test_all_files_of_a_split_dataset_are_joined() -> None:
    """QS1 and QS2 are one dataset QS."""
    first = {"DOMAIN": ["QS"], "USUBJID": ["1"], "QSTESTCD": ["a"]}
    second = {"DOMAIN": ["QS"], "USUBJID": ["2"], "QSTESTCD": ["b"]}
    frame = joined(session(AE=AE, QS1=first, QS2=second), "AE", MatchSpec("QS", USUBJID))
    assert cells(frame, "QSTESTCD") == {"QSTESTCD": ["b", "a"]}


def test_child_sees_the_parent_it_points_to() -> None:
    """Values are compared whatever their type; no parent gives null; a blank pointer takes the first candidate."""
    supp = {
        "RDOMAIN": ["AE"] * 4,
        "USUBJID": ["1", "1", "1", "2"],
        "IDVAR": ["AESEQ", "AESEQ", N, "NOWHERE"],
        "IDVARVAL": ["2", "7", N, "1"],
    }
    parent = {
        "DOMAIN": ["AE"] * 3,
        "USUBJID": ["1", "1", "2"],
        "AESEQ": [1.0, 2.0, 1.0],
        "AETERM": ["p", "q", "r"],
    }
    frame = joined(session(AE=parent, SUPPAE=supp), "SUPPAE", MatchSpec("SUPP--", POINTER, child=True))
    assert cells(frame, "AETERM", "AESEQ", "IDVARVAL") == {
        "AETERM": ["q", N, "p", N],
        "AESEQ": [2.0, N, 1.0, N],
        "IDVARVAL": ["2", "7", N, "1"],
    }
    assert frame.origin.record.tolist() == [1, 2, 3, 4]


def test_child_keys_that_are_null_are_not_applied() -> None:
    """A comment without subject looks at all subjects; parents of several domains are laid over."""
    comments = {
        "DOMAIN": ["CO"] * 3,
        "RDOMAIN": ["AE", "DM", "XX"],
        "USUBJID": [N, "2", "1"],
        "IDVAR": ["AESEQ", N, N],
        "IDVARVAL": ["1", N, N],
    }
    run = session(CO=comments, AE=AE, DM=DM)
    frame = joined(run, "CO", MatchSpec("CO", POINTER, child=True))
    assert cells(frame, "AESEQ", "ARM", "USUBJID") == {
        "AESEQ": [1.0, N, N],
        "ARM": [N, "B", N],
        "USUBJID": ["2", "2", "1"],
    }


def test_child_of_another_dataset_is_no_child() -> None:
    """The match names CO: SUPPAE is left alone."""
    run = session(AE=AE, SUPPAE={"RDOMAIN": ["AE"], "USUBJID": ["1"], "IDVAR": [N], "IDVARVAL": [N]})
    assert joined(run, "SUPPAE", MatchSpec("CO", POINTER, child=True)) is run.frame("SUPPAE")


def test_relrec_relates_datasets_by_variables() -> None:
    """Without IDVARVAL records of one subject with equal values are related; without a link nothing is left."""
    findings = {"DOMAIN": ["FA", "FA"], "USUBJID": ["1", "1"], "FALNKGRP": ["1", "5"], "FAOBJ": ["x", "y"]}
    events = {"DOMAIN": ["AE", "AE"], "USUBJID": ["1", "2"], "AELNKID": [1.0, 1.0], "AETERM": ["p", "q"]}
    relrec = {
        "RDOMAIN": ["AE", "FA"],
        "USUBJID": [N, N],
        "IDVAR": ["AELNKID", "FALNKGRP"],
        "IDVARVAL": [N, N],
        "RELID": ["R", "R"],
    }
    run = session(FA=findings, AE=events, RELREC=relrec)
    run.class_of = lambda identity: ""  # type: ignore[method-assign]
    frame = joined(run, "FA", MatchSpec("RELREC"))
    assert cells(frame, "FAOBJ", "RELREC.AETERM") == {"FAOBJ": ["x"], "RELREC.AETERM": ["p"]}
    alone = session(FA=findings, RELREC=relrec)
    assert joined(alone, "FA", MatchSpec("RELREC")).size == 0


def test_relrec_relates_records_by_values() -> None:
    """Both values filled: these records of that subject, each pair once."""
    findings = {"DOMAIN": ["FA"] * 3, "USUBJID": ["1", "1", "2"], "FASEQ": [1.0, 2.0, 1.0]}
    events = {"DOMAIN": ["AE"] * 3, "USUBJID": ["1", "1", "2"], "AESEQ": [3.0, 4.0, 3.0]}
    relrec = {
        "RDOMAIN": ["FA", "AE", "FA", "AE"],
        "USUBJID": ["1"] * 4,
        "IDVAR": ["FASEQ", "AESEQ", "FASEQ", "AESEQ"],
        "IDVARVAL": ["1", "3", "1", "3"],
        "RELID": ["A", "A", "B", "B"],
    }
    run = session(FA=findings, AE=events, RELREC=relrec)
    run.class_of = lambda identity: ""  # type: ignore[method-assign]
    frame = joined(run, "FA", MatchSpec("RELREC"))
    assert cells(frame, "FASEQ", "RELREC.AESEQ") == {"FASEQ": [1.0], "RELREC.AESEQ": [3.0]}


def test_supplemental_qualifiers_become_columns() -> None:
    """Each QNAM is a column of all parent records; a blank IDVAR joins by subject."""
    parent = {"DOMAIN": ["AE"] * 3, "USUBJID": ["1", "1", "2"], "AESEQ": [1.0, 2.0, 1.0]}
    supp = {
        "RDOMAIN": ["AE"] * 2,
        "USUBJID": ["1", "2"],
        "IDVAR": ["AESEQ", N],
        "IDVARVAL": ["2", N],
        "QNAM": ["AENOTE", "AECODE"],
        "QVAL": ["n", "c"],
    }
    frame = joined(session(AE=parent, SUPPAE=supp), "AE", MatchSpec("SUPP--"))
    assert cells(frame, "AENOTE", "AECODE") == {"AENOTE": [N, "n", N], "AECODE": [N, N, "c"]}


def test_a_qualifier_twice_for_one_parent_cannot_be_evaluated() -> None:
    """Two values of one QNAM."""
    supp = {
        "RDOMAIN": ["AE"] * 2,
        "USUBJID": ["1", "1"],
        "IDVAR": [N, N],
        "IDVARVAL": [N, N],
        "QNAM": ["AENOTE"] * 2,
        "QVAL": ["n", "m"],
    }
    with pytest.raises(NotEvaluated, match="twice"):
        joined(session(AE=AE, SUPPAE=supp), "AE", MatchSpec("SUPP--"))
