"""Toxicity grades of laboratory values from a table of criteria, in both directions."""

from __future__ import annotations

import functools
from importlib import resources
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from adam.catalog import DERIVATIONS
from adam.derivations.baseline import significant
from adam.selection import Bools
from spectrail import frames
from spectrail.errors import SpecError, UnknownNameError
from spectrail.steps import Outcome, Problem, Tables, Values

Floats = npt.NDArray[np.float64]
CRITERIA = {"5.0": "ctcae_5_0.csv"}
"""Packaged tables of criteria by CTCAE version."""
_COLUMNS = ("TERM", "PARAMCD", "DIRECTION", "UNIT", "GRADE", "BASELINE", "COMPARE", "FACTOR", "REFERENCE")
_NEAR = 1e-12


@functools.cache
def ctcae(version: str = "5.0") -> pd.DataFrame:
    """Return the packaged criteria of a CTCAE version; raise UnknownNameError for one that is not packaged."""
    if version not in CRITERIA:
        raise UnknownNameError("packaged CTCAE version", version, CRITERIA)
    with resources.files("adam").joinpath("data", CRITERIA[version]).open(encoding="utf-8") as file:
        return pd.read_csv(file, dtype="str")


@DERIVATIONS.column(method="CTCAE {version} term that grades {criteria_direction:direction} of {source}")
def derive_var_atoxdsc(
    values: Values,
    *,
    criteria_direction: Literal["L", "H"],
    version: str = "5.0",
    meta_criteria: str = "",
    tables: Tables,
) -> pd.Series:
    """Give the toxicity term of a parameter code in one direction (ATOXDSCL, ATOXDSCH)."""
    table = _criteria(version, meta_criteria, tables)
    mine = table[(table["DIRECTION"] == criteria_direction).to_numpy(dtype=bool)]
    terms = dict(zip(mine["PARAMCD"], mine["TERM"], strict=True))
    return frames.map_distinct(frames.as_text(values), lambda found: [terms.get(one) for one in found])


@DERIVATIONS.column(method="CTCAE {version} grade of {aval} for the term {source} ({criteria_direction:direction})")
def derive_var_atoxgr_dir(
    values: Values,
    *,
    criteria_direction: Literal["L", "H"],
    aval: Values = "AVAL",
    anrlo: Values = "ANRLO",
    anrhi: Values = "ANRHI",
    base: Values = "BASE",
    unit: Values | None = None,
    version: str = "5.0",
    meta_criteria: str = "",
    tables: Tables,
) -> Outcome:
    """Grade values in one direction by a table of criteria; the source is the toxicity term (ATOXDSCL, ATOXDSCH).

    The grade is the highest one of which a criterion holds, `0` when none does, and null when none does but one
    could not be judged because a limit of normal is missing. Both sides are compared after rounding to 15
    significant digits. A record whose `unit` is not that of the criteria gets no grade and is listed.
    """
    table = _criteria(version, meta_criteria, tables)
    numbers = {name: _numbers(one) for name, one in (("aval", aval), ("LLN", anrlo), ("ULN", anrhi), ("BASE", base))}
    codes, terms = frames.factorize(frames.as_text(values))
    grades = np.full(len(codes), -1, dtype=np.int64)
    order = frames.sort_codes(codes)
    bounds = np.searchsorted(codes[order], np.arange(len(terms) + 1))
    direction = (table["DIRECTION"] == criteria_direction).to_numpy(dtype=bool)
    for number, term in enumerate(terms.tolist()):
        rows = order[bounds[number] : bounds[number + 1]]
        mine = table[direction & (table["TERM"] == term).to_numpy(dtype=bool)]
        if not len(mine):
            raise UnknownNameError("toxicity term", str(term), table.loc[direction, "TERM"].unique().tolist())
        grades[rows] = _graded(mine, {name: one[rows] for name, one in numbers.items()}, criteria_direction)
    problems = _unit_problems(table, values, unit, grades)
    return Outcome(frames.take_text(["0", "1", "2", "3", "4"], grades), problems)


@DERIVATIONS.column(method="{high} where it is above 0, else minus {low}")
def derive_var_atoxgr(*, low: Values = "ATOXGRL", high: Values = "ATOXGRH") -> pd.Series:
    """Join the grades of both directions: high ones as they are, low ones with a minus sign, `0` where none is."""
    down, up = _grade(low), _grade(high)
    names = [str(one) for one in range(-4, 5)]
    value = np.where(up > 0, up, np.where(down > 0, -down, np.where((up == 0) | (down == 0), 0, np.nan)))
    codes = np.where(np.isnan(value), -1, np.nan_to_num(value) + 4).astype(np.int64)
    return frames.take_text(names, codes)


def _grade(values: pd.Series) -> Floats:
    codes, distinct = frames.factorize(frames.as_text(values))
    return frames.take_numbers([float(one) for one in distinct], codes)


def _criteria(version: str, name: str, tables: Tables) -> pd.DataFrame:
    if not name:
        return ctcae(version)
    table = tables(name)
    missing = [one for one in _COLUMNS if one not in table]
    if missing:
        raise SpecError(f"criteria table {name} lacks {', '.join(missing)}")
    return table


def _graded(criteria: pd.DataFrame, values: dict[str, Floats], direction: str) -> npt.NDArray[np.int64]:
    """Grade one term: -1 for null."""
    aval = values["aval"]
    limit = values["LLN"] if direction == "L" else values["ULN"]
    abnormal = compared("<" if direction == "L" else ">", values["BASE"], limit)
    unclear = np.isnan(limit) & ~np.isnan(values["BASE"])
    grade = np.zeros(len(aval), dtype=np.int64)
    judged = {one: np.zeros(len(aval), dtype=np.bool_) for one in criteria["GRADE"].unique()}
    for row in criteria.to_dict("records"):
        reference = np.ones(len(aval)) if row["REFERENCE"] == "VALUE" else values[row["REFERENCE"]]
        bound = reference * float(row["FACTOR"])
        applies = np.ones(len(aval), dtype=np.bool_)
        if row["BASELINE"] == "normal":
            applies = ~abnormal & ~unclear
        elif row["BASELINE"] == "abnormal":
            applies = abnormal & ~unclear
        hit = applies & compared(row["COMPARE"], aval, bound)
        grade = np.where(hit, np.maximum(grade, int(row["GRADE"])), grade)
        judged[row["GRADE"]] |= applies & ~np.isnan(bound)
    complete = np.logical_and.reduce(list(judged.values()))
    return np.where(np.isnan(aval) | ((grade == 0) & ~complete), -1, grade)


def compared(operator: str, left: Floats, right: Floats) -> Bools:
    """Compare numbers after rounding both to 15 significant digits; NaN on either side is False."""
    plain = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}
    if operator not in plain:
        raise UnknownNameError("comparison", operator, plain)
    with np.errstate(invalid="ignore"):
        result = plain[operator](left, right)
        near = np.flatnonzero(np.abs(left - right) <= _NEAR * np.abs(right))
    if len(near):
        result[near] = plain[operator](significant(left[near]), significant(right[near]))
    return np.asarray(result)


def _unit_problems(
    table: pd.DataFrame, values: pd.Series, unit: pd.Series | None, grades: npt.NDArray[np.int64]
) -> tuple[Problem, ...]:
    """Take back grades of records in another unit than that of the criteria, and list them."""
    if unit is None:
        return ()
    units = {row["TERM"]: row["UNIT"] for row in table.to_dict("records") if isinstance(row["UNIT"], str)}
    wanted = frames.map_distinct(frames.as_text(values), lambda found: [units.get(one) for one in found])
    wrong = (
        wanted.notna().to_numpy() & (frames.as_text(unit).fillna("") != wanted.fillna("")).to_numpy() & (grades >= 0)
    )
    rows = np.flatnonzero(wrong).astype(np.int64)
    grades[rows] = -1
    if not len(rows):
        return ()
    message = "the unit is not that of the toxicity criteria; no grade"
    return (Problem("ADAM-UNIT", "warning", message, rows, frames.as_text(unit).to_numpy()[rows]),)


def _numbers(values: pd.Series) -> Floats:
    return values.to_numpy(dtype=np.float64, na_value=np.nan)
