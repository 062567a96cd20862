"""`lookup`: values from another table, a lookup table of the study or another dataset."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from sdtm.catalog import ALGORITHMS
from spectrail import frames
from spectrail.errors import SpecError
from spectrail.findings import Severity
from spectrail.steps import Outcome, Positions, Problem, Table, TableColumn, Values

Unmatched = Literal["ignore", "notice", "warning", "error"]


@ALGORITHMS.column(method="{give} of the row of table {table} whose {key} equals {source}")
def lookup(
    *values: Values,
    table: Table,
    key: tuple[TableColumn, ...],
    give: TableColumn,
    take: Literal["", "first", "last"] = "",
    order: tuple[TableColumn, ...] = (),
    fold: bool = False,
    numeric: bool = False,
    unmatched: Unmatched = "warning",
) -> Outcome:
    """Give the value of a column of the table's row whose keys equal the sources.

    Where several rows have the key and differ in the value, `take` says which one counts (first or last by the
    columns `order`, ties by row); without it the value is null and a problem.  `fold` ignores case and repeated
    blanks; `numeric` gives numbers instead of text.  Keys that the table does not have are listed once (`unmatched`);
    a missing key matches nothing and is no problem.
    """
    if len(values) != len(key):
        raise SpecError(f"lookup has {len(values)} source(s) for {len(key)} key column(s)")
    left = [folded(one) if fold else one for one in values]
    right = [folded(table[name]) if fold else table[name] for name in key]
    sort = [table[name] for name in order]
    found = frames.match_keys(left, right, order=sort, take="last" if take == "last" else "first")
    rows = found.rows
    problems: list[Problem] = []
    if not take and (found.counts > 1).any():
        rows = _agreed(rows, left, right, table[give], problems)
    given = np.ones(len(rows), dtype=bool)
    for one in left:
        given &= one.notna().to_numpy()
    absent = np.flatnonzero(given & (found.counts == 0)).astype(np.int64)
    if unmatched != "ignore" and len(absent):
        problems.append(_unmatched(unmatched, left, absent))
    return Outcome(
        _taken(table[give], rows, numeric=numeric),
        tuple(problems),
        provider=provider_rows(table, rows),
        provider_column=give,
    )


def provider_rows(table: pd.DataFrame, rows: Positions) -> Positions:
    """Return row numbers (index of the table) of positions; -1 stays -1."""
    numbers = np.append(table.index.to_numpy(dtype=np.int64), -1)
    return np.asarray(numbers[rows])


def table_numbers(column: pd.Series) -> npt.NDArray[np.float64]:
    """Return a column of a lookup table as numbers; raises SpecError for text that is none."""
    text = frames.as_text(column)
    numbers = pd.to_numeric(text, errors="coerce").to_numpy(dtype=np.float64)
    wrong = np.flatnonzero(np.isnan(numbers) & text.notna().to_numpy())
    if len(wrong):
        row = int(column.index[wrong[0]]) + 1
        raise SpecError(
            f"{text.iloc[wrong[0]]!r} in row {row}, column {column.name} of the table is not a number",
            hint="write numbers as 3 or 3.01, and leave the cell empty for none",
        )
    return numbers


def folded(values: pd.Series) -> pd.Series:
    """Return texts without case and with single blanks."""
    return frames.map_distinct(
        frames.as_text(values), lambda found: [" ".join(value.split()).casefold() for value in found]
    )


def _taken(column: pd.Series, rows: Positions, *, numeric: bool) -> pd.Series:
    if numeric and not pd.api.types.is_numeric_dtype(column.dtype):
        column = pd.Series(table_numbers(column))
    taken = column.array.take(rows, allow_fill=True) if len(column) else None
    if taken is None:
        return frames.missing_text(len(rows)) if not numeric else pd.Series(np.full(len(rows), np.nan))
    return pd.Series(taken)


def _agreed(
    rows: Positions, left: list[pd.Series], right: list[pd.Series], column: pd.Series, problems: list[Problem]
) -> Positions:
    """Drop rows whose key has several values in the table."""
    low = frames.match_keys(left, right, order=[column]).rows
    high = frames.match_keys(left, right, order=[column], take="last").rows
    codes = np.append(frames.order_codes(column)[0], -1)
    differ = np.flatnonzero(codes[low] != codes[high]).astype(np.int64)
    if not len(differ):
        return rows
    message = f"the key stands several times in the table with different values of {column.name}; no value taken"
    problems.append(
        Problem("MAP-LOOKUP-AMBIGUOUS", "error", message, differ, key_texts(left, differ).to_numpy(), once=True)
    )
    rows = rows.copy()
    rows[differ] = -1
    return rows


def _unmatched(severity: Unmatched, left: list[pd.Series], rows: Positions) -> Problem:
    levels: dict[Unmatched, Severity] = {"notice": "notice", "warning": "warning", "error": "error"}
    return Problem(
        "MAP-LOOKUP-UNMATCHED",
        levels[severity],
        "key that the table does not have",
        rows,
        key_texts(left, rows).to_numpy(),
        once=True,
    )


def key_texts(columns: list[pd.Series], rows: Positions) -> pd.Series:
    """Return the keys of some rows as one text each."""
    parts = [frames.as_text(column.iloc[rows]).fillna("") for column in columns]
    text = parts[0]
    for part in parts[1:]:
        text = text + " | " + part
    return text
