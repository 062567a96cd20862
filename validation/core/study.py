"""What the rule engine is handed: tables, what is known about them, define.xml facts and the standard's facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from spectrail.dataset import Dataset
from validation.core.standards import NoStandards, Standards


@dataclass(frozen=True)
class VariableFacts:
    """One variable as declared: type is `Char` or `Num`, length in bytes (None: not declared)."""

    name: str
    label: str = ""
    type: str = "Char"
    length: int | None = None
    format: str = ""


@dataclass(frozen=True)
class Table:
    """One submitted dataset: records and what was declared about it.

    `name` is the file stem in upper case, `size` the file's bytes. `variables` is empty where nothing was declared;
    `keys` are the natural keys that findings show. `structure` and `subclass` are the ADaM data structure and its
    subclass as define.xml declares them (def:Class, def:SubClass), empty when not declared.
    """

    name: str
    frame: pd.DataFrame
    label: str = ""
    file_name: str = ""
    size: int = 0
    variables: tuple[VariableFacts, ...] = ()
    keys: tuple[str, ...] = ()
    structure: str = ""
    subclass: str = ""


@dataclass(frozen=True)
class DefineDataset:
    """One ItemGroupDef: facts by column name (`define_dataset_...`) and, per ItemRef, `define_variable_...` facts.

    `extended` gives by variable the terms that its codelists, those of value levels too, declare as extended values.
    """

    name: str
    domain: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    variables: tuple[Mapping[str, Any], ...] = ()
    extended: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class DefineFacts:
    """What rules may ask of define.xml: datasets in order and the CT releases it declares (publishing set, date)."""

    datasets: tuple[DefineDataset, ...] = ()
    terminology: tuple[tuple[str, str], ...] = ()

    def extended(self, name: str, unsplit: str, variable: str) -> frozenset[str]:
        """Return the terms declared as extended values of a variable: of a dataset, or of the one it is a part of."""
        owners = [one for one in self.datasets if one.name.upper() in (name, unsplit)]
        return frozenset[str]().union(*(one.extended.get(variable, frozenset()) for one in owners))


@dataclass(frozen=True)
class Study:
    """The input of a run: tables by name in upper case, in the order they were submitted.

    `ct` is the run's controlled terminology release; the releases that define.xml declares stand above it. `context`
    names tables (upper case) that joins and operations may read but that are not checked themselves, for example the
    SDTM datasets that ADaM datasets are compared with.
    """

    tables: Mapping[str, Table]
    standards: Standards = field(default_factory=NoStandards)
    define: DefineFacts | None = None
    ct: str | None = None
    context: frozenset[str] = frozenset()


def variables_of(frame: pd.DataFrame) -> tuple[VariableFacts, ...]:
    """Return the facts that a frame alone shows: names and types, no labels or lengths."""
    return tuple(
        VariableFacts(str(name), type="Num" if pd.api.types.is_numeric_dtype(frame[name].dtype) else "Char")
        for name in frame.columns
    )


def table_of(dataset: Dataset, *, file_name: str = "", size: int = 0) -> Table:
    """Return the engine's view of a dataset of the toolkit."""
    layout = dataset.layout
    variables = tuple(
        VariableFacts(column.name, column.label, "Num" if column.numeric else "Char", column.length, column.format)
        for column in layout.columns
    )
    name = layout.name.upper()
    return Table(
        name,
        dataset.frame,
        label=layout.label,
        file_name=file_name or f"{name.lower()}.xpt",
        size=size,
        variables=variables,
        keys=layout.keys,
    )


def study_of(
    datasets: Iterable[Dataset],
    *,
    standards: Standards | None = None,
    define: DefineFacts | None = None,
    ct: str | None = None,
) -> Study:
    """Return a study of datasets of the toolkit."""
    tables = [table_of(dataset) for dataset in datasets]
    return Study({table.name: table for table in tables}, standards or NoStandards(), define, ct)
