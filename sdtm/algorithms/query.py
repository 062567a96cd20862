"""`query`: questions to data management, and `days_to_nearest`, which many of them rest on."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from sdtm.algorithms.lookup import provider_rows
from sdtm.catalog import ALGORITHMS
from spectrail import dates, frames
from spectrail.errors import SpecError
from spectrail.findings import Severity
from spectrail.steps import (
    ColumnName,
    Condition,
    Evaluate,
    Outcome,
    Problem,
    Records,
    Table,
    TableColumn,
    Values,
)

Level = Literal["error", "warning", "notice"]
PREFIX = "QUERY-"
ROOM = 2**24
"""More days than lie between 0001-01-01 and 9999-12-31."""


@ALGORITHMS.records(method="records that are queried: {message}", order_only=True)
def query(
    frame: pd.DataFrame,
    *,
    when: Condition,
    rule: str,
    column: ColumnName,
    message: str,
    severity: Level = "warning",
) -> Records:
    """Raise a query on every record for which the condition holds; the records stay as they are.

    The finding is named `QUERY-` and `rule`, shows the value of `column`, and names raw file and row.
    """
    if not rule or not message.strip():
        raise SpecError("query needs a rule and a message", hint="add rule: AE-END and message: ...")
    rows = np.flatnonzero(when.to_numpy(dtype=bool)).astype(np.int64)
    kept = Records(frame, np.arange(len(frame), dtype=np.int64))
    if not len(rows):
        return kept
    values = frames.as_text(frame[column].iloc[rows]).fillna("").to_numpy()
    level: Severity = severity
    problem = Problem(f"{PREFIX}{rule}", level, message, rows, values, column=column.rpartition(".")[2])
    return Records(kept.frame, kept.provider, problems=(problem,))


@ALGORITHMS.column(method="days from {source} to the nearest {date} of {table} with the same {key}")
def days_to_nearest(
    *values: Values,
    table: Table,
    key: tuple[TableColumn, ...],
    date: TableColumn,
    where: str = "",
    evaluate: Evaluate,
) -> Outcome:
    """Give the days from each record's date (the last source) to the nearest date of the table's rows with its keys.

    The other sources are the keys; `where` is a condition on the columns of the table.  0 is the same day.  Missing
    where the record's date is not known to the day or the table has no row with such a date.
    """
    *left, when = values
    if len(left) != len(key) or not key:
        raise SpecError(f"days_to_nearest has {len(left)} key source(s) for {len(key)} key column(s)")
    chosen = np.arange(len(table), dtype=np.int64)
    if where:
        chosen = chosen[np.asarray(evaluate(where, table), dtype=bool)]
    offered = table.iloc[chosen].reset_index(drop=True)
    wanted, owners = frames.shared_codes(left, [offered[name] for name in key])
    day, days = dates.day_numbers(when), dates.day_numbers(offered[date])
    usable = np.flatnonzero((owners >= 0) & ~np.isnan(days))
    place = owners[usable] * ROOM + days[usable].astype(np.int64)
    order = np.argsort(place, kind="stable")
    place, usable = place[order], usable[order]
    known = (wanted >= 0) & ~np.isnan(day)
    target = np.where(known, wanted, 0) * ROOM + np.where(known, day, 0).astype(np.int64)
    gap, row = _nearest(target, place, usable, owners, np.where(known, wanted, -1))
    rows = provider_rows(table, np.append(chosen, -1)[row])
    return Outcome(pd.Series(gap), provider=rows, provider_column=date)


def _nearest(
    target: npt.NDArray[np.int64],
    place: npt.NDArray[np.int64],
    usable: npt.NDArray[np.int64],
    owners: npt.NDArray[np.int64],
    wanted: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Return the distance to the nearest place of the same owner, NaN for none, and its row of the table (-1)."""
    gap = np.full(len(target), np.inf)
    row = np.full(len(target), -1, dtype=np.int64)
    if not len(place):
        return np.full(len(target), np.nan), row
    at = np.searchsorted(place, target)
    for neighbour in (at - 1, at):
        inside = np.clip(neighbour, 0, len(place) - 1)
        same = (neighbour >= 0) & (neighbour < len(place)) & (owners[usable[inside]] == wanted) & (wanted >= 0)
        distance = np.where(same, np.abs(target - place[inside]), np.inf)
        nearer = distance < gap
        gap = np.where(nearer, distance, gap)
        row = np.where(nearer, usable[inside], row)
    return np.where(np.isinf(gap), np.nan, gap), row
