"""The kinds of defects in whole records; importing this module registers them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.mutation.planting import KINDS, Place, Planted


@KINDS.register("duplicate_record")
def duplicate_record(place: Place) -> Planted:
    """Append a copy of a record."""
    row = place.pick(np.ones(len(place.frame), dtype=bool))
    frame = pd.concat([place.frame, place.frame.iloc[[row]]], ignore_index=True)
    return place.changed(frame, row, len(place.frame))


@KINDS.register("duplicate_sequence")
def duplicate_sequence(place: Place) -> Planted:
    """Give a record the sequence number of another one of its subject."""
    frame, name = place.frame, place.defect.variable
    row = place.pick(frame["USUBJID"].duplicated(keep=False))
    others = np.flatnonzero((frame["USUBJID"] == frame["USUBJID"].iloc[row]).to_numpy())
    other = int(place.random.choice(others[others != row]))
    planted = place.set(row, {name: frame[name].iloc[other]})
    return Planted(planted.frames, planted.dataset, frozenset({row + 1, other + 1}), planted.subject)


def _without(place: Place, row: int) -> Planted:
    planted = place.changed(place.frame.drop(index=place.frame.index[row]), row)
    return Planted(planted.frames, planted.dataset, frozenset(), planted.subject)


@KINDS.register("lost_subject")
def lost_subject(place: Place) -> Planted:
    """Delete a subject's record that other datasets need (value: a dataset with the subject)."""
    known = place.frame["USUBJID"].isin(place.frames[place.defect.value]["USUBJID"])
    return _without(place, place.pick(known))


@KINDS.register("lost_parent")
def lost_parent(place: Place) -> Planted:
    """Delete a record that a supplemental qualifier points to (value: the SUPP dataset)."""
    supp, name = place.frames[place.defect.value], place.code("SEQ")
    pairs = set(zip(supp["USUBJID"], pd.to_numeric(supp["IDVARVAL"], errors="coerce"), strict=True))
    keys = zip(place.frame["USUBJID"], place.frame[name], strict=True)
    return _without(place, place.pick(np.array([key in pairs for key in keys])))


@KINDS.register("lost_visit")
def lost_visit(place: Place) -> Planted:
    """Delete a visit at which the subject has findings (value: their dataset)."""
    used = place.frames[place.defect.value]
    pairs = set(zip(used["USUBJID"], used["VISITNUM"], strict=True))
    keys = zip(place.frame["USUBJID"], place.frame["VISITNUM"], strict=True)
    return _without(place, place.pick(np.array([key in pairs for key in keys])))


@KINDS.register("lost_element")
def lost_element(place: Place) -> Planted:
    """Delete an element between two others of its subject."""
    subjects = place.frame["USUBJID"]
    between = (subjects == subjects.shift(1)) & (subjects == subjects.shift(-1))
    return _without(place, place.pick(between))


@KINDS.register("lost_record")
def lost_record(place: Place) -> Planted:
    """Delete a record that nothing else needs."""
    return _without(place, place.pick(np.ones(len(place.frame), dtype=bool)))


@KINDS.register("lost_exposure")
def lost_exposure(place: Place) -> Planted:
    """Delete the subject's first exposure record."""
    first = ~place.frame.sort_values("EXSTDTC").duplicated("USUBJID").sort_index()
    return _without(place, place.pick(first))
