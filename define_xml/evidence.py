"""What written data and executed steps say of one dataset: the small summary that define.xml is derived from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from define_xml.coded import Coded, Mask, condition_mask, encode
from define_xml.iso_types import narrowest
from define_xml.joins import Table, Unjoined, joined
from define_xml.parameter_levels import parameter_levels
from specs.models import Condition, Dataset, Origin, ValueLevel, Variable, WhereClause
from specs.standards.catalogue import sdtmig
from spectrail import dataset as data
from spectrail.layout import DataType, Layout
from spectrail.lineage import Lineage
from spectrail.profile import ColumnProfile, Profile, profile, profile_column


@dataclass(frozen=True)
class Evidence:
    """One written dataset: specification (levels of qualifiers and parameters added), layout, profile, lineage.

    `levels` has one profile for each value level of `spec`, None where its condition cannot be evaluated; `dates` the
    ISO 8601 type that the values of each date variable have.
    """

    spec: Dataset
    layout: Layout
    profile: Profile
    levels: tuple[ColumnProfile | None, ...] = ()
    lineage: Lineage = field(default_factory=Lineage)
    dates: Mapping[str, DataType] = field(default_factory=dict)


def observe(
    written: data.Dataset, spec: Dataset | None = None, *, others: Mapping[str, Table] | None = None
) -> Evidence:
    """Summarise one written dataset.

    `spec` is its specification; a SUPP-- dataset may have none. `others` hold the datasets that conditions of
    value levels read from, such as DM.
    """
    frame = written.frame
    known = spec if spec is not None else described(written.layout)
    if known.name.startswith("SUPP") and not any(one.variable == "QVAL" for one in known.value_levels):
        known = known.model_copy(update={"value_levels": (*known.value_levels, *qualifier_levels(frame))})
    if added := parameter_levels(frame, known):
        known = known.model_copy(update={"value_levels": (*known.value_levels, *added)})
    return Evidence(
        spec=known,
        layout=written.layout,
        profile=profile(frame),
        levels=tuple(level_profiles(frame, known, others or {})),
        lineage=written.lineage,
        dates={
            one.name: kind
            for one in known.variables
            if one.name in frame and (kind := narrowest(frame[one.name], one.data_type)) is not None
        },
    )


def described(layout: Layout) -> Dataset:
    """Return a specification for a dataset that has none of its own, from its layout and the SDTMIG for SUPP--."""
    standard = sdtmig().dataset(layout.name) if layout.name.startswith("SUPP") else None
    variables = []
    for column in layout.columns:
        known = standard.variable(column.name) if standard is not None else None
        variables.append(
            Variable(
                name=column.name,
                label=column.label or (known.label if known is not None else ""),
                data_type=column.type,
                format=column.format,
                role=known.role if known is not None else "",
                core=known.core if known is not None else "",
                origins=() if column.name == "QVAL" else (Origin(type="Assigned", source="Sponsor"),),
            )
        )
    return Dataset(name=layout.name, label=layout.label, keys=layout.keys, variables=tuple(variables))


def qualifier_levels(frame: pd.DataFrame) -> list[ValueLevel]:
    """Return one value level of QVAL for each QNAM of a supplemental qualifier dataset, labelled by QLABEL."""
    labels = frame.drop_duplicates("QNAM").set_index("QNAM")["QLABEL"].sort_index()
    return [
        ValueLevel(
            variable="QVAL",
            where=WhereClause(conditions=(Condition(variable="QNAM", values=(str(name),)),)),
            label="" if pd.isna(label) else str(label),
            name=str(name),
            sas_name=str(name),
            data_type="text",
            mandatory="No",
        )
        for name, label in labels.items()
    ]


def level_profiles(frame: pd.DataFrame, spec: Dataset, others: Mapping[str, Table]) -> Iterable[ColumnProfile | None]:
    """Profile the records of each value level."""
    cache: dict[tuple[str, str], Coded | Unjoined] = {}

    def column(dataset: str, variable: str) -> Coded | Unjoined:
        key = (dataset, variable)
        if key not in cache:
            if dataset in ("", spec.name):
                cache[key] = encode(frame[variable]) if variable in frame else Unjoined(f"no variable {variable}")
            elif dataset in others:
                cache[key] = joined(Table(spec.name, frame), others[dataset], variable)
            else:
                cache[key] = Unjoined(f"no dataset {dataset}")
        return cache[key]

    for level in spec.value_levels:
        union: Mask | None = np.zeros(len(frame), dtype=bool)
        for clause in (level.where, *level.alternatives):
            mask: Mask = np.ones(len(frame), dtype=bool)
            for condition in clause.conditions:
                coded = column(condition.dataset, condition.variable)
                if isinstance(coded, Unjoined):
                    union = None
                    break
                mask &= condition_mask(coded, condition.comparator, condition.values)
            if union is None:
                break
            union |= mask
        yield (
            profile_column(frame.loc[union, level.variable])
            if union is not None and level.variable in frame
            else None
        )
