"""Read the fact tables of the reference study that lie beside this module."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

TABLES = Path(__file__).resolve().parent / "tables"
STUDY = "SPT-BLINA-01"
EPOCH = date(1970, 1, 1)


def day_number(text: str) -> int:
    """Return the days since 1970-01-01 of a complete ISO date."""
    return (date.fromisoformat(text) - EPOCH).days


CUTOFF = day_number("2024-06-30")
FIRST_CONSENT = day_number("2022-09-01")
LAST_CONSENT = day_number("2023-12-15")


@cache
def table(name: str) -> tuple[dict[str, str], ...]:
    """Return the rows of `tables/<name>.csv`, every cell as text."""
    with (TABLES / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
        return tuple(csv.DictReader(handle))


@dataclass(frozen=True)
class Field:
    """One column of a form: name, type (text, code, number, date, time) and date or time format."""

    name: str
    type: str
    format: str


@dataclass(frozen=True)
class Form:
    """One form: its columns in file order, kind (once, visit, log) and encoding."""

    name: str
    title: str
    kind: str
    encoding: str
    fields: tuple[Field, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Column names of the form without the system columns."""
        return tuple(field.name for field in self.fields)

    def field(self, column: str) -> Field:
        """Return the field of a column."""
        return next(field for field in self.fields if field.name == column)


@cache
def forms() -> dict[str, Form]:
    """Return every form by name, in the order of `tables/forms.csv`."""
    grouped: dict[str, list[dict[str, str]]] = {}
    for row in table("forms"):
        grouped.setdefault(row["form"], []).append(row)
    return {
        name: Form(
            name,
            rows[0]["title"],
            rows[0]["kind"],
            rows[0]["encoding"],
            tuple(Field(row["column"], row["type"], row["format"]) for row in rows),
        )
        for name, rows in grouped.items()
    }


@cache
def system_columns() -> tuple[str, ...]:
    """Return the names of the columns that the EDC system adds to every form."""
    return tuple(row["column"] for row in table("system_columns"))
