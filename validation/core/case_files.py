"""Test cases of rules: datasets as CSV with declared types, the run's settings, the recorded results.

RULE/positive/NN/data/   .env _datasets.csv _variables.csv and one CSV per dataset
RULE/negative/NN/results/results.csv
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from spectrail.errors import InputError, Place
from validation.core.columns import as_number, as_objects
from validation.core.study import Table, VariableFacts

LARGEST_CSV = 200_000_000
Line = tuple[str, str, str, str]


@dataclass(frozen=True)
class Case:
    """One case: `expected` are the recorded lines (None: the case has a verdict only)."""

    rule_id: str
    name: str
    positive: bool
    folder: Path
    settings: Mapping[str, str]
    tables: Mapping[str, Table]
    expected: tuple[Line, ...] | None


def case_folders(rule_folder: Path) -> list[tuple[str, Path]]:
    """Return the cases of a rule's folder as (`positive/01`, folder), positive ones first."""
    found: list[tuple[str, Path]] = []
    for kind in ("positive", "negative"):
        if (rule_folder / kind).is_dir():
            folders = sorted(path for path in (rule_folder / kind).iterdir() if path.is_dir())
            found.extend((f"{kind}/{path.name}", path) for path in folders)
    return found


def read_case(rule_id: str, name: str, folder: Path) -> Case:
    """Read one case; raise `InputError` for what cannot be read."""
    data = folder / "data"
    if not data.is_dir():
        raise InputError("the case has no data folder", place=Place(file=str(folder)))
    results = folder / "results" / "results.csv"
    if not results.is_file():
        results = folder / "results.csv"
    return Case(
        rule_id,
        name,
        name.startswith("positive"),
        folder,
        read_settings(data / ".env"),
        {table.name: table for table in read_tables(data)},
        tuple(read_lines(results)) if results.is_file() else None,
    )


def read_settings(path: Path) -> dict[str, str]:
    """Read NAME=value lines; no file gives no settings."""
    if not path.is_file():
        return {}
    pairs = (line.split("=", 1) for line in path.read_text(encoding="utf-8-sig").splitlines() if "=" in line)
    return {name.strip().upper(): value.strip().strip("\"'") for name, value in pairs}


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read a CSV as rows of text; cells that a row lacks are empty."""
    names, rows = _cells(path)
    return [dict(zip(names, row, strict=False)) for row in rows]


def _cells(path: Path) -> tuple[list[str], list[list[str]]]:
    if path.stat().st_size > LARGEST_CSV:
        raise InputError(f"the file is larger than {LARGEST_CSV:,} bytes", place=Place(file=str(path)))
    try:
        rows = [row for row in csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"the file is no readable CSV: {error}", place=Place(file=str(path))) from None
    return (rows[0], rows[1:]) if rows else ([], [])


def read_lines(path: Path) -> list[Line]:
    """Read recorded results as (dataset, record, variable, value)."""
    return [
        (row.get("Dataset") or "", row.get("Record") or "", row.get("Variable") or "", row.get("Value") or "")
        for row in read_rows(path)
    ]


def read_tables(data: Path) -> Iterable[Table]:
    """Read the datasets that `_datasets.csv` lists, and no others."""
    declared = read_rows(data / "_variables.csv") if (data / "_variables.csv").is_file() else []
    for row in read_rows(data / "_datasets.csv"):
        stem = Path(row.get("Filename") or "").name
        stem = stem.removesuffix(".csv").removesuffix(".xpt")
        path = next((data / name for name in (f"{stem}.csv", f"{stem.lower()}.csv") if (data / name).is_file()), None)
        if not stem or path is None:
            raise InputError(f"dataset file {stem}.csv is missing", place=Place(file=str(data / "_datasets.csv")))
        name = (row.get("Dataset Name") or stem).upper()
        frame = _frame(path, _types(declared, stem))
        yield Table(
            name,
            frame,
            label=row.get("Label") or "",
            file_name=f"{stem}.csv",
            size=path.stat().st_size,
            variables=tuple(_facts(declared, stem)),
            structure=row.get("Class") or "",
            subclass=row.get("Subclass") or "",
        )


def _types(declared: list[dict[str, str]], stem: str) -> dict[str, str]:
    return {
        row.get("variable") or "": row.get("type") or ""
        for row in declared
        if (row.get("dataset") or "").lower() == stem.lower()
    }


def _facts(declared: list[dict[str, str]], stem: str) -> Iterable[VariableFacts]:
    for row in declared:
        if row.get("dataset") == stem and row.get("variable"):
            length = as_number(row.get("length") or "")
            yield VariableFacts(
                str(row["variable"]),
                row.get("label") or "",
                row.get("type") or "",
                None if np.isnan(length) else int(length),
            )


def _frame(path: Path, types: Mapping[str, str]) -> pd.DataFrame:
    """Read a dataset; columns are typed as declared (Num: float, else text), undeclared ones by their content.

    A cell of blanks is missing, as it is in a transport file. A Num column that holds something else stays text, so
    that rules see what is there.
    """
    names, rows = _cells(path)
    width = len(names)
    for row in rows:
        row.extend([""] * (width - len(row)))
    columns: dict[str, np.ndarray[Any, np.dtype[Any]]] = {}
    for at, name in enumerate(names):
        cells = [row[at] for row in rows]
        numbers = _numbers(cells) if types.get(name) in (None, "Num") else None
        columns[name] = (
            numbers if numbers is not None else as_objects([cell if cell.strip() else None for cell in cells])
        )
    return pd.DataFrame(columns, index=pd.RangeIndex(len(rows)))


def _numbers(cells: list[str]) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    known = {cell: as_number(cell) for cell in set(cells) if cell.strip()}
    if any(np.isnan(number) for number in known.values()):
        return None
    return np.array([known.get(cell, np.nan) for cell in cells], dtype=np.float64)
