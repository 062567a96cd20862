"""What io, lineage and define.xml need to know of a dataset: names, labels, types, lengths, keys.

A `Layout` is plain and frozen; the full specification lives in `specs.models` and is reduced to this for writing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

DataType = Literal[
    "text",
    "integer",
    "float",
    "date",
    "time",
    "datetime",
    "partialDate",
    "partialTime",
    "partialDatetime",
    "incompleteDatetime",
    "durationDatetime",
    "intervalDatetime",
]
"""Data types of Define-XML 2.1; every date and time type is ISO 8601 text, as in SDTM."""

NUMERIC_TYPES = frozenset({"integer", "float"})


@dataclass(frozen=True)
class Column:
    """One variable as it is stored.

    `length` is bytes for text and the upper bound that the specification sets (None: as long as the data need);
    `format` is the SAS display format (`DATE9.`, `DATETIME20.`, `8.2`), empty for none. A numeric column whose
    format is a SAS date, time or datetime format is a numeric date: `datetime64[us]` (date, datetime) in the frame
    or plain SAS numbers, days or seconds since 1960-01-01 in the file.
    """

    name: str
    label: str = ""
    type: DataType = "text"
    length: int | None = None
    format: str = ""

    @property
    def numeric(self) -> bool:
        """Tell whether the column is stored as a number."""
        return self.type in NUMERIC_TYPES


@dataclass(frozen=True)
class Layout:
    """One dataset as it is stored: columns in order, `keys` by name."""

    name: str
    label: str = ""
    columns: tuple[Column, ...] = ()
    keys: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(column.name for column in self.columns)

    def with_lengths(self, lengths: dict[str, int]) -> Layout:
        """Return the layout with the lengths of some columns set."""
        columns = tuple(
            replace(column, length=lengths[column.name]) if column.name in lengths else column
            for column in self.columns
        )
        return replace(self, columns=columns)
