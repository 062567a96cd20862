"""Literal tables for tests of analysis datasets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from specs.expressions import parse
from spectrail import expressions
from spectrail.build import SourceTable
from spectrail.runner import Workspace


def frame(text: str, *, dates: Sequence[str] = (), numbers: Sequence[str] = ()) -> pd.DataFrame:
    """Read a table written with `|`: text, numeric dates (`datetime64`) and numbers; empty cells are missing."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    rows = [[cell.strip() for cell in line.split("|")] for line in lines]
    columns: dict[str, Any] = {}
    for place, name in enumerate(rows[0]):
        cells = [row[place] if place < len(row) and row[place] else None for row in rows[1:]]
        series = pd.Series(cells, dtype="str")
        if name in dates:
            series = pd.to_datetime(series, format="ISO8601").astype("datetime64[us]")
        elif name in numbers:
            series = series.astype("float64")
        columns[name] = series
    return pd.DataFrame(columns)


def evaluate(condition: str, table: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Evaluate a condition on a table."""
    parsed = parse(condition)
    columns = {name: pd.Series(table[name].array) for name in parsed.columns}
    values = expressions.evaluate(parsed, columns, pd.RangeIndex(len(table)))
    return values.to_numpy(dtype=bool)


def run(table: pd.DataFrame, *steps: dict[str, Any], **tables: pd.DataFrame) -> pd.DataFrame:
    """Run ADaM steps over a table and give back the records; other tables by name."""
    from adam.engine import DERIVATIONS, models

    fields = set(models.Step.model_fields) - {"arguments"}
    made = [models.Step(algorithm="records", source=("IN",))]
    made += [models.Step(target=name, algorithm="predecessor", source=(f"IN.{name}",)) for name in table.columns]
    for step in steps:
        own = {name: value for name, value in step.items() if name in fields}
        if isinstance(own.get("source"), str):
            own["source"] = (own["source"],)
        rest = {name: value for name, value in step.items() if name not in fields}
        made.append(models.Step(**own, arguments=rest))
    found = {"IN": table, **tables}
    space = Workspace(
        catalog=DERIVATIONS.registry,
        plans={"OUT": tuple(made)},
        tables=lambda name: SourceTable(name, found[name]) if name in found else None,
        parse=parse,
    )
    block = space.run("OUT").block
    assert block is not None
    return block.frame([name for name in block.columns if "." not in name])
