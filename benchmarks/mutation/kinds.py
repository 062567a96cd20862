"""The kinds of defects in values and variables; importing this module registers them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from benchmarks.mutation.planting import KINDS, Place, Planted


def populated(place: Place, name: str = "") -> pd.Series:
    """Tell which records have the variable."""
    return place.frame[name or place.defect.variable].notna()


def typed(place: Place, text: str) -> object:
    """Return the defect's value in the type of its variable."""
    numeric = pd.api.types.is_numeric_dtype(place.frame[place.defect.variable].dtype)
    return float(text) if numeric else text


def _replaced(place: Place) -> Planted:
    value = typed(place, place.defect.value)
    column = place.frame[place.defect.variable]
    return place.set(place.pick(column.notna() & (column != value)), {place.defect.variable: value})


_REPLACEMENTS = """
wrong_term malformed_date impossible_date other_subject lone_full_stop unknown_epoch unknown_visit wrong_unit
wrong_domain wrong_study negative_value broken_idvar broken_idvarval wrong_arm other_label_text day_zero
fraction_sequence flag_value fatal_outcome orphan_relation wrong_treatment wrong_source_sequence wrong_copy
flipped_flag
"""
for _name in _REPLACEMENTS.split():
    KINDS.add(_name, _replaced)


@KINDS.register("required_null")
def required_null(place: Place) -> Planted:
    """Empty a value that must be there."""
    return place.set(place.pick(populated(place)), {place.defect.variable: np.nan})


@KINDS.register("lower_case")
def lower_case(place: Place) -> Planted:
    """Write a term in lower case."""
    column = place.frame[place.defect.variable]
    row = place.pick(column.notna() & (column.str.lower() != column))
    return place.set(row, {place.defect.variable: str(column.iloc[row]).lower()})


@KINDS.register("leading_blank")
def leading_blank(place: Place) -> Planted:
    """Put a blank before a value."""
    row = place.pick(populated(place))
    return place.set(row, {place.defect.variable: " " + str(place.frame[place.defect.variable].iloc[row])})


@KINDS.register("too_long")
def too_long(place: Place) -> Planted:
    """Make a value longer than any length a transport file can hold."""
    return place.set(place.pick(populated(place)), {place.defect.variable: "X" * 201})


@KINDS.register("shifted_year")
def shifted_year(place: Place) -> Planted:
    """Move a complete date by years (value)."""
    column = place.frame[place.defect.variable]
    row = place.pick(column.str.match(r"\d{4}-\d{2}-\d{2}").fillna(False))
    text = str(column.iloc[row])
    moved = f"{int(text[:4]) + int(place.defect.value):04}{text[4:]}".replace("-02-29", "-02-28")
    return place.set(row, {place.defect.variable: moved})


@KINDS.register("added")
def added(place: Place) -> Planted:
    """Add a number (value) to a numeric value."""
    row = place.pick(populated(place))
    return place.set(
        row, {place.defect.variable: place.frame[place.defect.variable].iloc[row] + float(place.defect.value)}
    )


KINDS.add("shifted_day", KINDS["added"])
KINDS.add("wrong_change", KINDS["added"])
KINDS.add("wrong_time", KINDS["added"])
KINDS.add("wrong_base", KINDS["added"])
KINDS.add("shifted_analysis_date", KINDS["added"])


@KINDS.register("multiplied_result")
def multiplied_result(place: Place) -> Planted:
    """Multiply a numeric result by ten and leave its text."""
    column = place.frame[place.defect.variable]
    row = place.pick(column.notna() & (column != 0))
    return place.set(row, {place.defect.variable: column.iloc[row] * 10})


@KINDS.register("end_before_start")
def end_before_start(place: Place) -> Planted:
    """Set an end date to ten years before its start."""
    start = place.frame[place.defect.value]
    row = place.pick(populated(place) & start.str.match(r"\d{4}-\d{2}-\d{2}").fillna(False))
    text = str(start.iloc[row])
    return place.set(row, {place.defect.variable: f"{int(text[:4]) - 10}{text[4:10]}"})


@KINDS.register("range_inverted")
def range_inverted(place: Place) -> Planted:
    """Exchange lower and upper limit of normal."""
    low, high = place.code("STNRLO"), place.code("STNRHI")
    frame = place.frame
    row = place.pick(frame[low].notna() & frame[high].notna() & (frame[low] < frame[high]))
    return place.set(row, {low: frame[high].iloc[row], high: frame[low].iloc[row]})


@KINDS.register("indicator_flipped")
def indicator_flipped(place: Place) -> Planted:
    """Call a result within its normal range HIGH."""
    frame = place.frame
    number, low, high = (frame[place.code(part)] for part in ("STRESN", "STNRLO", "STNRHI"))
    inside = (number >= low) & (number <= high) & (frame[place.defect.variable] == "NORMAL")
    return place.set(place.pick(inside), {place.defect.variable: "HIGH"})


@KINDS.register("not_done_with_result")
def not_done_with_result(place: Place) -> Planted:
    """Say NOT DONE of a test that has a result."""
    return place.set(place.pick(populated(place, place.code("ORRES"))), {place.defect.variable: "NOT DONE"})


@KINDS.register("test_mismatch")
def test_mismatch(place: Place) -> Planted:
    """Give a record the test name of another test code."""
    column = place.frame[place.defect.variable]
    row = place.pick(column.notna())
    others = np.array([one for one in column.dropna().unique() if one != column.iloc[row]])
    if not len(others):
        raise LookupError(f"{place.defect.variable} of {place.defect.dataset} has one value only")
    other = place.random.choice(others)
    return place.set(row, {place.defect.variable: other})


KINDS.add("pair_mismatch", KINDS["test_mismatch"])


@KINDS.register("second_flag")
def second_flag(place: Place) -> Planted:
    """Flag a second record of a subject's test (or parameter) that is flagged already."""
    frame, flag = place.frame, place.defect.variable
    code = "PARAMCD" if "PARAMCD" in frame else place.code("TESTCD")
    more = (place.code("CAT"), place.code("SPEC"), place.code("METHOD"))
    groups = ["USUBJID", code, *(name for name in more if name in frame)]
    flagged = frame[frame[flag] == "Y"].groupby(groups, dropna=False).size()
    has = pd.MultiIndex.from_frame(frame[groups]).isin(flagged.index)
    value = frame["AVAL" if "AVAL" in frame else place.code("STRESC")].notna()
    return place.set(place.pick(has & frame[flag].isna() & value), {flag: "Y"})


@KINDS.register("criterion_without_serious")
def criterion_without_serious(place: Place) -> Planted:
    """Mark a criterion of seriousness on an event that is not serious."""
    return place.set(place.pick(place.frame["AESER"] == "N"), {place.defect.variable: "Y"})


@KINDS.register("serious_without_criterion")
def serious_without_criterion(place: Place) -> Planted:
    """Call an event serious that meets no criterion."""
    return place.set(place.pick(place.frame["AESER"] == "N"), {"AESER": "Y"})


@KINDS.register("death_flag_lost")
def death_flag_lost(place: Place) -> Planted:
    """Take away the death flag of a subject with a date of death."""
    return place.set(place.pick(place.frame["DTHFL"] == "Y"), {"DTHFL": np.nan})


@KINDS.register("censoring_flipped")
def censoring_flipped(place: Place) -> Planted:
    """Turn an event into a censored record, or the reverse (value is what is left)."""
    wanted = place.frame["CNSR"] == float(place.defect.value)
    if place.defect.variable != "CNSR":
        wanted &= place.frame["PARAMCD"] == place.defect.variable
    return place.set(place.pick(wanted), {"CNSR": 1.0 - min(float(place.defect.value), 1.0)})


@KINDS.register("variable_dropped")
def variable_dropped(place: Place) -> Planted:
    """Leave a variable out."""
    return place.changed(place.frame.drop(columns=place.defect.variable))


@KINDS.register("variable_renamed")
def variable_renamed(place: Place) -> Planted:
    """Give a variable a name the standard does not have (value)."""
    return place.changed(place.frame.rename(columns={place.defect.variable: place.defect.value}))


@KINDS.register("variable_moved")
def variable_moved(place: Place) -> Planted:
    """Put a variable at the end."""
    names = [name for name in place.frame if name != place.defect.variable]
    return place.changed(place.frame[[*names, place.defect.variable]])


@KINDS.register("type_changed")
def type_changed(place: Place) -> Planted:
    """Store a numeric variable as text."""
    frame = place.frame.copy()
    frame[place.defect.variable] = frame[place.defect.variable].astype("str")
    return place.changed(frame)
