"""`group_by`: several records to one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sdtm.catalog import ALGORITHMS
from spectrail import frames
from spectrail.errors import SpecError
from spectrail.steps import ColumnName, Positions, Problem, Records


@ALGORITHMS.records(method="one record per {source}")
def group_by(
    frame: pd.DataFrame,
    *,
    source: tuple[ColumnName, ...],
    order: tuple[ColumnName, ...] = (),
    last: tuple[ColumnName, ...] = (),
    min: tuple[ColumnName, ...] = (),  # the word a step uses
    max: tuple[ColumnName, ...] = (),  # the word a step uses
    sum: tuple[ColumnName, ...] = (),  # the word a step uses
    concat: tuple[ColumnName, ...] = (),
    separator: str = "; ",
    numeric: tuple[ColumnName, ...] = (),
) -> Records:
    """Make one record of all records that are equal in the source columns (missing equals missing).

    Other columns have the first value that is not missing, in the order of the columns `order` (ties: by row); those
    named in `last` the last one; in `min` and `max` the smallest and largest, as text or ISO 8601 date unless the
    column is named in `numeric`; in `sum` the sum of numbers; in `concat` the distinct values joined by `separator`.
    Text that is not a number where one is needed is left out and a problem.  The new records come in the order of
    their first.
    """
    if not source:
        raise SpecError("group_by needs the columns that are equal in a group", hint="add source: [KEY, ...]")
    codes, count = frames.group_codes([frame[name] for name in source])
    order_of = frames.packed_order([frame[name] for name in order]) if order else np.zeros(len(frame), dtype=np.int64)
    sequence = np.lexsort((order_of, codes)).astype(np.int64)
    problems: list[Problem] = []
    columns: dict[str, object] = {}
    for name in frame.columns:
        values = frame[name]
        if name in min or name in max:
            columns[name] = _extreme(values, codes, count, problems, largest=name in max, numeric=name in numeric)
        elif name in sum:
            columns[name] = _total(values, codes, count, problems)
        elif name in concat:
            columns[name] = _joined(values, codes, count, sequence, separator)
        else:
            columns[name] = values.array.take(
                _known(values, codes, count, sequence, last=name in last), allow_fill=True
            )
    made = pd.DataFrame(columns, index=pd.RangeIndex(count))
    first = sequence[frames.run_starts(codes[sequence])]
    links = (codes[sequence], sequence)
    return Records(made, first, links=links, problems=tuple(problems))


def _known(values: pd.Series, codes: Positions, count: int, sequence: Positions, *, last: bool) -> Positions:
    """Return the row of the first (last) value of each group that is not missing, -1 for none."""
    rows = sequence[values.notna().to_numpy()[sequence]]
    found = np.full(count, -1, dtype=np.int64)
    if last:
        found[codes[rows]] = rows  # later rows overwrite earlier ones
    else:
        found[codes[rows[::-1]]] = rows[::-1]
    return found


def _numbers(values: pd.Series, problems: list[Problem]) -> np.ndarray:
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values.to_numpy(dtype=np.float64)
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64)
    wrong = np.flatnonzero(np.isnan(numbers) & values.notna().to_numpy()).astype(np.int64)
    if len(wrong):
        text = "not a number; left out of the group's value"
        problems.append(Problem("MAP-GROUP-NUMBER", "error", text, wrong, values.iloc[wrong].to_numpy()))
    return numbers


def _extreme(
    values: pd.Series, codes: Positions, count: int, problems: list[Problem], *, largest: bool, numeric: bool
) -> object:
    column = pd.Series(_numbers(values, problems)) if numeric else values
    rows = np.flatnonzero(column.notna().to_numpy())
    ranks = frames.order_codes(column.iloc[rows])[0]
    order = np.lexsort((-ranks if largest else ranks, codes[rows]))
    starts = order[frames.run_starts(codes[rows][order])]
    found = np.full(count, -1, dtype=np.int64)
    found[codes[rows[starts]]] = rows[starts]
    return values.array.take(found, allow_fill=True)


def _total(values: pd.Series, codes: Positions, count: int, problems: list[Problem]) -> np.ndarray:
    numbers = _numbers(values, problems)
    known = ~np.isnan(numbers)
    totals = np.bincount(codes[known], weights=numbers[known], minlength=count)
    given = np.bincount(codes[known], minlength=count)
    return np.where(given > 0, totals, np.nan)


def _joined(values: pd.Series, codes: Positions, count: int, sequence: Positions, separator: str) -> pd.Series:
    text = frames.as_text(values)
    rows = sequence[text.notna().to_numpy()[sequence]]
    pair, pairs = frames.group_codes([pd.Series(codes[rows]), text.iloc[rows]])
    once = np.sort(frames.first_positions(pair, pairs))
    groups, kept = codes[rows][once], text.iloc[rows[once]].tolist()
    starts = frames.run_starts(groups)
    ends = frames.run_ends(groups)
    joined: list[str | None] = [None] * count
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        joined[groups[start]] = separator.join(kept[start:end])
    return frames.text_series(joined)
