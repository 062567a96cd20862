"""Supplemental qualifiers: what steps wrote into `SUPPAE.QNAM` becomes SUPPAE (SDTMIG 3.4 section 8.4)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from specs import models
from spectrail import frames
from spectrail.build import Block, Build
from spectrail.dataset import Dataset
from spectrail.layout import Column, Layout
from spectrail.lineage import Lineage, take_records
from spectrail.steps import Positions

COLUMNS = (
    Column("STUDYID", "Study Identifier"),
    Column("RDOMAIN", "Related Domain Abbreviation"),
    Column("USUBJID", "Unique Subject Identifier"),
    Column("IDVAR", "Identifying Variable"),
    Column("IDVARVAL", "Identifying Variable Value"),
    Column("QNAM", "Qualifier Variable Name"),
    Column("QLABEL", "Qualifier Variable Label"),
    Column("QVAL", "Data Value"),
    Column("QORIG", "Origin"),
    Column("QEVAL", "Evaluator"),
)
"""SUPP-- as SDTMIG 3.4 lists it."""

KEYS = ("STUDYID", "RDOMAIN", "USUBJID", "IDVAR", "IDVARVAL", "QNAM")
QORIG = {"Collected": "CRF", "Derived": "Derived", "Assigned": "Assigned", "Protocol": "Protocol"}
"""Origins of Define-XML 2.1 in the words of QORIG (SDTMIG 3.4 section 8.4.2); vendor data are eDT."""


@dataclass(frozen=True)
class Qualifier:
    """What is said of one QNAM: label, origin, evaluator, and the parent variable that identifies the record."""

    qnam: str
    label: str
    origin: str
    evaluator: str
    idvar: str


def supplemental(build: Build, block: Block, spec: models.Dataset, study: models.Study) -> Dataset | None:
    """Return the supplemental qualifiers of a block as a dataset with lineage, or None when it has none.

    One record per parent record and qualifier that has a value, sorted by the keys of SUPP--.
    """
    name = f"SUPP{spec.name}"
    found = [column for column in block.columns if column.startswith(f"{name}.")]
    if not found:
        return None
    qualifiers = [qualifier(spec, study, column.partition(".")[2]) for column in found]
    filled = np.column_stack([block.columns[column].notna().to_numpy() for column in found])
    parent, which = np.nonzero(filled)
    if not len(parent):
        return None
    frame = _frame(block, spec, study, found, qualifiers, parent, which)
    order = frames.sort_positions([frame[key] for key in KEYS])
    lineage = _lineage(build, block, name, parent[order])
    return Dataset(_layout(study, name, spec), frame.take(order).reset_index(drop=True), lineage)


def qualifier(spec: models.Dataset, study: models.Study, qnam: str) -> Qualifier:
    """Collect what the specification says of a qualifier: value-level metadata of QVAL, QEVAL and IDVAR of SUPP--."""
    level = _level(study, spec, qnam, "QVAL")
    label = (level.label if level else "") or _continuation(study, spec, qnam)
    origin = _origin(level) if level else ""
    default = "" if spec.name == "DM" else f"{spec.domain or spec.name}SEQ"
    evaluator, idvar = (_level(study, spec, qnam, variable) for variable in ("QEVAL", "IDVAR"))
    return Qualifier(
        qnam,
        label,
        origin or "Derived",
        evaluator.assigned_value if evaluator else "",
        idvar.assigned_value if idvar else default,
    )


def _level(study: models.Study, spec: models.Dataset, qnam: str, variable: str) -> models.ValueLevel | None:
    """Return the value-level metadata of a variable of SUPP-- for one QNAM."""
    levels = _levels(study, spec.name)
    return next((one for one in levels if one.variable == variable and _is_for(one, qnam)), None)


def _levels(study: models.Study, name: str) -> tuple[models.ValueLevel, ...]:
    return next((one.value_levels for one in study.datasets if one.name == f"SUPP{name}"), ())


def _is_for(level: models.ValueLevel, qnam: str) -> bool:
    return any(one.variable == "QNAM" and qnam in one.values for one in level.where.conditions)


def _origin(level: models.ValueLevel) -> str:
    if not level.origins:
        return ""
    origin = level.origins[0]
    if origin.type == "Collected" and origin.source == "Vendor":
        return "eDT"
    return QORIG.get(origin.type, origin.type)


def _continuation(study: models.Study, spec: models.Dataset, qnam: str) -> str:
    """Label a continuation of a long text (`AETERM1`) after the variable it continues."""
    stem = qnam.rstrip("0123456789")
    for name in (name for name in spec.names if name[:7] == stem):
        return spec.variable(name).label[:37].rstrip() + f" {qnam[len(stem) :]}"
    return qualifier(spec, study, stem).label if stem != qnam else qnam


def _frame(
    block: Block,
    spec: models.Dataset,
    study: models.Study,
    columns: list[str],
    qualifiers: list[Qualifier],
    parent: Positions,
    which: Positions,
) -> pd.DataFrame:
    def told(texts: list[str]) -> pd.Series:
        values = pd.Series(pd.array([text or None for text in texts], dtype="str"))
        return pd.Series(values.array.take(which))

    values = pd.Series(np.nan, index=pd.RangeIndex(len(parent)), dtype="str").array
    identifiers = pd.Series(np.nan, index=pd.RangeIndex(len(parent)), dtype="str").array
    for number, column in enumerate(columns):
        mine = np.flatnonzero(which == number)
        rows = parent[mine]
        values[mine] = frames.as_text(block.columns[column]).array.take(rows)
        if qualifiers[number].idvar:
            identifiers[mine] = frames.as_text(block.columns[qualifiers[number].idvar]).array.take(rows)
    return pd.DataFrame(
        {
            "STUDYID": pd.Series(study.study_id, index=pd.RangeIndex(len(parent)), dtype="str"),
            "RDOMAIN": pd.Series(spec.domain or spec.name, index=pd.RangeIndex(len(parent)), dtype="str"),
            "USUBJID": pd.Series(block.columns["USUBJID"].array.take(parent)),
            "IDVAR": told([one.idvar for one in qualifiers]),
            "IDVARVAL": pd.Series(identifiers),
            "QNAM": told([one.qnam for one in qualifiers]),
            "QLABEL": told([one.label for one in qualifiers]),
            "QVAL": pd.Series(values),
            "QORIG": told([one.origin for one in qualifiers]),
            "QEVAL": told([one.evaluator for one in qualifiers]),
        }
    )


def _lineage(build: Build, block: Block, name: str, parent: Positions) -> Lineage:
    traces = tuple(
        replace(trace, variable=f"QVAL.{trace.variable.partition('.')[2]}")
        for trace in build.traces
        if trace.variable.startswith(f"{name}.")
    )
    return Lineage(take_records(block.links, parent.astype(np.int32)), traces)


def _layout(study: models.Study, name: str, spec: models.Dataset) -> Layout:
    given = next((one for one in study.datasets if one.name == name), None)
    label = given.label if given else f"Supplemental Qualifiers for {spec.domain or spec.name}"
    lengths = {variable.name: variable.length for variable in given.variables} if given else {}
    columns = tuple(Column(one.name, one.label, "text", lengths.get(one.name)) for one in COLUMNS)
    return Layout(name, label, columns, KEYS)
