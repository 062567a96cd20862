"""The suite of a dataset: what its layout, its specification and the packaged standards say, as expectations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

import numpy as np
import pandas as pd

from specs.models import Codelist, Condition, Study, ValueLevel
from specs.models import Dataset as DatasetSpecification
from spectrail.dataset import Dataset
from spectrail.layout import Column
from validation.core.packaged_standards import packaged_standards
from validation.suites.expectations import (
    BETWEEN,
    IN_SET,
    LENGTH,
    NOT_NULL,
    OF_TYPE,
    ORDERED,
    REGEX,
    UNIQUE,
    Expectation,
    Suite,
    merged,
)
from validation.suites.relation_plans import relations_of
from validation.suites.relations import Relation, Truth, as_column, numbers, populated, where

_PART = r"(?:\d\d|-)"
_CLOCK = rf"(?:T{_PART}(?::{_PART}(?::\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
ISO_8601 = rf"^(?:\d{{4}}|-)(?:-{_PART}(?:-{_PART}{_CLOCK})?)?(?:/.+)?\Z"
"""Dates and times of ISO 8601 in extended form, parts cut off at the right or `-` (SDTMIG 3.4 section 4.4.1)."""
_HOURS = r"(?:T(?=\d)(?:\d+(?:[.,]\d+)?H)?(?:\d+(?:[.,]\d+)?M)?(?:\d+(?:[.,]\d+)?S)?)?"
_DAYS = r"(?:\d+(?:[.,]\d+)?Y)?(?:\d+(?:[.,]\d+)?M)?(?:\d+(?:[.,]\d+)?D)?"
DURATION = rf"^-?P(?:\d+(?:[.,]\d+)?W|(?=[\dT]){_DAYS}{_HOURS})(?:/.+)?\Z"
"""Durations of ISO 8601 (SDTMIG 3.4 section 4.4.3)."""
NOT_NEGATIVE = ("AGE", "CNSR", "EXDOSE", "ECDOSE", "CMDOSE", "ADURN", "TRTDURD")


def plan_suite(
    dataset: Dataset, *, specification: Study | None = None, frames: Mapping[str, pd.DataFrame] | None = None
) -> Suite:
    """Return the suite of a dataset; `frames` are all datasets of the study by name."""
    name = dataset.name.upper()
    known = {one.name.upper(): one for one in specification.datasets} if specification is not None else {}
    spec = known.get(name)
    codelists = {one.id: one for one in specification.codelists} if specification is not None else {}
    relations = relations_of(name, dataset.frame, frames or {})
    if spec is not None:
        relations += value_level_relations(spec, dataset.frame, codelists)
    expectations = [
        *_structure(dataset, spec, [relation.name for relation in relations]),
        *_values(dataset, spec, codelists),
        *(_of_relation(relation) for relation in relations),
    ]
    return Suite(name, merged(expectations), {relation.name: as_column(relation.truth) for relation in relations})


def _structure(
    dataset: Dataset, spec: DatasetSpecification | None, relations: Sequence[str]
) -> Iterator[Expectation]:
    wanted = [*(spec.names if spec is not None else dataset.layout.names), *relations]
    yield Expectation(
        ORDERED,
        {"column_list": wanted},
        ("SPT-EX-001",),
        "error",
        "the variables and their order are not those specified",
    )
    for column in dataset.layout.columns:
        if column.name in dataset.frame:
            kind = "float64" if column.numeric else "str"
            yield Expectation(
                OF_TYPE,
                {"column": column.name, "type_": kind},
                ("SPT-EX-002",),
                "error",
                "the type is not the one specified",
                (column.name,),
            )
    keys = [key for key in (spec.keys if spec is not None else ()) or dataset.layout.keys if key in dataset.frame]
    if len(keys) > 1:
        yield Expectation(
            UNIQUE,
            {"column_list": keys, "ignore_row_if": "never"},
            ("SPT-EX-003",),
            "error",
            "the keys do not identify the record",
            tuple(keys),
        )


def _required(dataset: Dataset, spec: DatasetSpecification | None) -> set[str]:
    name = dataset.name.upper()
    facts = packaged_standards().ig.get("SUPPQUAL" if name.startswith("SUPP") else name)
    required = {one.name for one in facts.variables if one.core == "Req"} if facts is not None else set()
    if spec is not None:
        required |= {one.name for one in spec.variables if one.mandatory == "Yes"}
    return required


def _values(
    dataset: Dataset, spec: DatasetSpecification | None, codelists: Mapping[str, Codelist]
) -> Iterator[Expectation]:
    required = _required(dataset, spec)
    specified = {one.name: one for one in spec.variables} if spec is not None else {}
    for column in dataset.layout.columns:
        name = column.name
        if name not in dataset.frame:
            continue
        if name in required:
            yield Expectation(
                NOT_NULL, {"column": name}, ("SPT-SD-003",), "error", "a required value is missing", (name,)
            )
        yield from _formats(column)
        variable = specified.get(name)
        codelist = codelists.get(variable.codelist) if variable is not None and variable.codelist else None
        if codelist is not None and codelist.terms:
            yield Expectation(
                IN_SET,
                {"column": name, "value_set": _terms(codelist, numeric=column.numeric)},
                ("SPT-EX-004",),
                "error",
                f"the value is not in codelist {codelist.id} of the specification",
                (name,),
            )


def _formats(column: Column) -> Iterator[Expectation]:
    name = column.name
    if column.numeric:
        if name in NOT_NEGATIVE:
            yield Expectation(
                BETWEEN, {"column": name, "min_value": 0}, ("SPT-EX-006",), "error", "the value is negative", (name,)
            )
        return
    if column.length:
        yield Expectation(
            LENGTH,
            {"column": name, "max_value": int(column.length)},
            ("SPT-EX-005",),
            "error",
            "the value is longer than declared",
            (name,),
        )
    if name.endswith("DTC"):
        yield Expectation(
            REGEX,
            {"column": name, "regex": ISO_8601},
            ("SPT-SD-018",),
            "error",
            "no date or time of ISO 8601",
            (name,),
        )
    if name.endswith(("DUR", "ELTM", "EVLINT", "STINT", "ENINT")) and len(name) > 4:
        yield Expectation(
            REGEX,
            {"column": name, "regex": DURATION},
            ("SPT-SD-019",),
            "error",
            "no duration of ISO 8601",
            (name,),
        )


def _terms(codelist: Codelist, *, numeric: bool) -> list[str] | list[float]:
    """Return the values a codelist admits: its own terms and those of the published codelist of its code."""
    terms = {term.term for term in codelist.terms} | _published(codelist.code)
    return sorted(set(pd.to_numeric(pd.Series(sorted(terms))).tolist())) if numeric else sorted(terms)


@cache
def _published(code: str) -> frozenset[str]:
    if not code:
        return frozenset()
    releases = packaged_standards().terminology()
    found = [codelists[code.upper()] for codelists in releases.values() if code.upper() in codelists]
    return frozenset(term.value for _, members in found for term in members)


def _of_relation(relation: Relation) -> Expectation:
    return Expectation(
        IN_SET,
        {"column": relation.name, "value_set": ["Y"]},
        relation.rules,
        relation.severity,
        relation.message,
        relation.variables,
    )


def value_level_relations(
    spec: DatasetSpecification, frame: pd.DataFrame, codelists: Mapping[str, Codelist]
) -> list[Relation]:
    """Return a relation per value-level entry that has a codelist or a length."""
    found = []
    for position, level in enumerate(spec.value_levels, start=1):
        if level.variable not in frame:
            continue
        codelist = codelists.get(level.codelist) if level.codelist else None
        truth = _value_level(level, frame, codelist)
        if truth is not None:
            found.append(
                Relation(
                    f"REL_VALUE_LEVEL_{position}",
                    truth,
                    ("SPT-EX-007",),
                    "error",
                    f"the value breaks the value-level metadata of {level.variable}",
                    (level.variable,),
                )
            )
    return found


def _value_level(level: ValueLevel, frame: pd.DataFrame, codelist: Codelist | None) -> Truth | None:
    column = frame[level.variable]
    numeric = pd.api.types.is_numeric_dtype(column.dtype)
    applies = populated(column)
    for condition in level.where.conditions:
        if condition.variable not in frame:
            return None
        applies = applies & _holds(frame[condition.variable], condition)
    if codelist is not None and codelist.terms:
        return where(applies, column.isin(_terms(codelist, numeric=numeric)).to_numpy(dtype=bool))
    if level.length and not numeric:
        return where(applies, (column.str.len().fillna(0) <= level.length).to_numpy(dtype=bool))
    return None


def _holds(column: pd.Series, condition: Condition) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    if pd.api.types.is_numeric_dtype(column.dtype):
        values = pd.to_numeric(pd.Series(condition.values, dtype="str"), errors="coerce")
        inside = column.isin(values.dropna()).to_numpy(dtype=bool)
        low = float(values.iloc[0]) if len(values) else np.nan
        compared = {
            "LT": numbers(column) < low,
            "LE": numbers(column) <= low,
            "GT": numbers(column) > low,
            "GE": numbers(column) >= low,
        }
    else:
        inside = column.isin(list(condition.values)).to_numpy(dtype=bool)
        compared = {}
    if condition.comparator in compared:
        return np.asarray(compared[condition.comparator], dtype=bool)
    negative = condition.comparator in ("NE", "NOTIN")
    return ~inside if negative else inside
