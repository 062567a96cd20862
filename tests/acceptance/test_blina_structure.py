"""The datasets of the reference study against the packaged tables of SDTMIG 3.4, SDTM 2.0 and terminology."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pandas as pd

from specs import models
from specs.guides import SUPPLEMENTAL
from specs.standards import StandardVariable, sdtm_model, sdtmig
from specs.study_terms import study_terms
from specs.terminology import terminology

WANTED = {
    "demography and conduct": ["DM", "SUPPDM", "SE", "SV", "DS", "DV", "IE", "CO", "RELREC"],
    "interventions": ["EC", "SUPPEC", "EX", "CM", "PR", "SUPPPR"],
    "events": ["AE", "SUPPAE", "MH"],
    "findings": ["LB", "SUPPLB", "GF", "MI", "VS", "RS", "FA", "DD", "SS"],
    "design": ["TA", "TE", "TV", "TI", "TS"],
}
ISO_DATE = re.compile(r"(\d{4}(-\d\d(-\d\d(T\d\d(:\d\d(:\d\d)?)?)?)?)?|\d{4}---\d\d|--\d\d(-\d\d)?|----\d\d)")
DECLARED = {("AE", "AEACN"): {"MULTIPLE"}}
"""SDTMIG 3.4 section 4.2.8.3: MULTIPLE is no term of ACN."""

QUERIED = {("LB", "LBORRESU"): {"EL/L"}}
"""A collected unit that is in no codelist: written as collected and a finding."""


def listed(study: models.Study, dataset: str, variable: str) -> StandardVariable | None:
    """Return what SDTMIG, else the model, says of a variable."""
    guide = sdtmig().dataset(dataset)
    found = guide.variable(variable)
    return found or sdtm_model().variable(guide.class_name, dataset, variable)


def filled(values: pd.Series) -> pd.Series:
    """Tell which values are given."""
    return values.notna() & (values.astype("str").str.strip() != "")


def test_all_datasets_are_there(blina: Any) -> None:
    """Every dataset that a submission of this trial needs is written and has records."""
    names = [name for group in WANTED.values() for name in group]
    assert sorted(blina.datasets) == sorted(names)
    assert [name for name in names if not len(blina[name])] == []


def test_every_variable_is_known_with_its_label_and_type(blina: Any) -> None:
    """Variables are those of SDTMIG 3.4 or the SDTM 2.0 model, with their labels and types."""
    wrong = []
    for name, dataset in blina.datasets.items():
        for column in dataset.layout.columns:
            standard = listed(blina.study, name, column.name)
            if standard is None:
                wrong.append(f"{name}.{column.name}: unknown")
            elif (column.label, column.numeric) != (standard.label, standard.type == "Num"):
                wrong.append(f"{name}.{column.name}: {column.label}, not {standard.label}")
    assert "\n".join(map(str, wrong)) == ""


def test_variables_stand_in_the_order_of_the_standard(blina: Any) -> None:
    """Variables that the guide lists stand in its order."""
    wrong = []
    for name, dataset in blina.datasets.items():
        order = {one.name: one.order for one in sdtmig().dataset(name).variables}
        known = [order[column] for column in dataset.layout.names if column in order]
        if known != sorted(known):
            wrong.append((name, [column for column in dataset.layout.names if column in order]))
    assert "\n".join(map(str, wrong)) == ""


def test_required_and_expected_variables_are_there_and_required_ones_filled(blina: Any) -> None:
    """Required variables are never null; expected ones are at least present (SDTMIG 3.4 section 4.1.5)."""
    wrong = []
    for name, dataset in blina.datasets.items():
        for standard in sdtmig().dataset(name).variables:
            if standard.core in ("Req", "Exp") and standard.name not in dataset.frame:
                wrong.append(f"{name}.{standard.name} ({standard.core}) is absent")
            elif standard.core == "Req" and not filled(dataset.frame[standard.name]).all():
                wrong.append(f"{name}.{standard.name} is null in some record")
    assert "\n".join(map(str, wrong)) == ""


def test_values_are_controlled_terminology(blina: Any) -> None:
    """Values of variables with a codelist are its submission values or declared extensions of the study."""
    find = study_terms(blina.study, terminology())
    wrong = []
    for name, variable, values in coded(blina):
        codelist = blina.study.dataset(name).variable(variable).codelist
        if not codelist:
            continue
        allowed = set(find(codelist).submission_values) | DECLARED.get((name, variable), set())
        allowed |= QUERIED.get((name, variable), set())
        strange = sorted(set(values) - allowed)
        if strange:
            wrong.append((name, variable, codelist, strange))
    assert "\n".join(map(str, wrong)) == ""


def test_values_are_those_of_their_value_level_codelist(blina: Any) -> None:
    """Where value-level metadata name a codelist, the records that they are about hold its terms."""
    find = study_terms(blina.study, terminology())
    wrong = []
    for dataset in blina.study.datasets:
        for level in dataset.value_levels:
            if not level.codelist or dataset.name not in blina.datasets:
                continue
            frame = blina[dataset.name]
            (condition,) = level.where.conditions
            met = frame[condition.variable].isin(condition.values)
            values = frame.loc[met if condition.comparator in ("EQ", "IN") else ~met, level.variable].dropna()
            strange = sorted(set(values) - {""} - set(find(level.codelist).submission_values))
            if strange:
                wrong.append((dataset.name, level.variable, level.codelist, strange))
    assert "\n".join(map(str, wrong)) == ""


def coded(blina: Any) -> Iterator[tuple[str, str, pd.Series]]:
    """Yield the text values of every written variable."""
    for name, dataset in blina.datasets.items():
        if SUPPLEMENTAL.fullmatch(name):
            continue
        for column in dataset.layout.columns:
            if not column.numeric:
                values = dataset.frame[column.name]
                yield name, column.name, values[filled(values)].drop_duplicates()


def test_keys_are_unique(blina: Any) -> None:
    """No two records of a dataset have the same keys; --SEQ is unique within a subject."""
    wrong = []
    for name, dataset in blina.datasets.items():
        keys = list(blina.study.dataset(name).keys)
        if dataset.frame.duplicated(keys).any():
            wrong.append((name, keys))
        sequence = f"{name}SEQ"
        owner = "TSPARMCD" if name == "TS" else "USUBJID"
        if sequence in dataset.frame and dataset.frame.duplicated([owner, sequence]).any():
            wrong.append((name, [sequence]))
    assert "\n".join(map(str, wrong)) == ""


def test_dates_are_iso_8601(blina: Any) -> None:
    """Every --DTC holds complete or partial ISO 8601 dates (SDTMIG 3.4 section 4.4.1)."""
    wrong = []
    for name, variable, values in coded(blina):
        if variable.endswith("DTC"):
            wrong += [(name, variable, value) for value in values if not ISO_DATE.fullmatch(value)]
    assert "\n".join(map(str, wrong)) == ""


def test_lengths_are_minimal_and_equal_over_datasets(blina: Any) -> None:
    """A text variable has the length of its longest value over all datasets that carry it."""
    longest: dict[str, int] = {}
    stored: dict[str, set[int]] = {}
    for dataset in blina.datasets.values():
        for column in dataset.layout.columns:
            if not column.numeric:
                width = int(dataset.frame[column.name].fillna("").str.len().max())
                longest[column.name] = max(longest.get(column.name, 1), width)
                stored.setdefault(column.name, set()).add(int(column.length))
    assert stored == {name: {width} for name, width in longest.items()}


def test_every_raw_row_is_accounted_for(blina: Any) -> None:
    """Rows mapped, left out with a reason and unused add up to the rows of each form, and none is unused."""
    for entry in blina.record["accounting"]:
        assert entry["mapped"] + entry["excluded"] + entry["unused"] == entry["rows"], entry["form"]
    assert {entry["form"]: entry["unused"] for entry in blina.record["accounting"] if entry["unused"]} == {}
    forms = {entry["form"]: entry["rows"] for entry in blina.record["accounting"]}
    files = sorted((blina.folder / "raw").glob("*.csv"))
    rows = [len(pd.read_csv(path, dtype="str", encoding_errors="ignore")) for path in files]
    assert sum(forms.values()) == sum(rows)
