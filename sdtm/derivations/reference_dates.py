"""Reference dates of subjects: the first or last date over a table (RFXSTDTC, RFXENDTC, RFPENDTC, DTHDTC, ...)."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from sdtm.algorithms.assign_datetime import TIME_FORMATS, assign_datetime
from sdtm.algorithms.lookup import provider_rows
from sdtm.catalog import ALGORITHMS
from spectrail import dates, frames
from spectrail.steps import Evaluate, Outcome, Positions, Problem, Table, TableColumn, Values


@ALGORITHMS.column(method="{take:extreme} {date} of the records of {table} with the same {key}[ where {where}]")
def derive_ref_date(
    subject: Values,
    *,
    table: Table,
    date: tuple[TableColumn, ...],
    take: Literal["first", "last"],
    key: TableColumn = "USUBJID",
    time: TableColumn | None = None,
    formats: tuple[str, ...] = (),
    time_formats: tuple[str, ...] = TIME_FORMATS,
    pivot: int | None = None,
    where: str = "",
    evaluate: Evaluate,
) -> Outcome:
    """Give each subject (source) the first or last date of its rows in the table.

    All columns `date` count together.  Collected dates are read by `formats` (and `time` by `time_formats`) as in
    `assign_datetime`; without formats they are ISO 8601 already.  `where` is a condition on the columns of the table.
    The date is given as precisely as the table has it.

    A partial date is taken only when it certainly is the first (last): the smallest latest (largest earliest)
    possible instant wins, and of equal ones the more precise.  Where a partial date might have been earlier (later)
    than the one taken, that is a problem.
    """
    rows = np.arange(len(table), dtype=np.int64)
    if where:
        rows = rows[np.asarray(evaluate(where, table), dtype=bool)]
    chosen_rows = table.iloc[rows].reset_index(drop=True)
    codes, texts = _dated(chosen_rows, key, date, formats, time, time_formats, pivot)
    rows = np.tile(rows, len(date))
    low, high = dates.bounds(texts)
    usable = np.flatnonzero(~np.isnat(low))
    codes, rows = codes.iloc[usable].reset_index(drop=True), rows[usable]
    texts, low, high = texts.iloc[usable].reset_index(drop=True), low[usable], high[usable]
    groups, count = frames.group_codes([codes])
    chosen = _extreme(groups, low, high, take)
    doubtful = _doubtful(groups, count, low, high, chosen, take)
    found = frames.match_keys([subject], [codes.iloc[chosen].reset_index(drop=True)]).rows
    at = np.append(chosen, -1)[found]
    values = frames.take_text(texts.tolist(), at) if len(texts) else frames.missing_text(len(subject))
    problems: list[Problem] = []
    unsure = np.flatnonzero(np.append(doubtful, False)[found]).astype(np.int64)
    if len(unsure):
        message = (
            f"a partial date of the subject may be {'earlier' if take == 'first' else 'later'} than the one taken"
        )
        problems.append(Problem("MAP-REFERENCE-DATE", "warning", message, unsure, values.iloc[unsure].to_numpy()))
    provider = provider_rows(table, np.append(rows, -1)[at])
    return Outcome(values, tuple(problems), provider=provider, provider_column=date[0] if len(date) == 1 else "")


def _dated(
    table: pd.DataFrame,
    key: str,
    date: tuple[str, ...],
    formats: tuple[str, ...],
    time: str | None,
    time_formats: tuple[str, ...],
    pivot: int | None,
) -> tuple[pd.Series, pd.Series]:
    """Return key and ISO text of all dates of the table, one column after another."""
    texts: list[pd.Series] = []
    for name in date:
        column = frames.as_text(table[name])
        if formats:
            sources = (column,) if time is None else (column, table[time])
            made = assign_datetime(*sources, formats=formats, time_formats=time_formats, pivot=pivot)
            column = pd.Series(made.values)  # what cannot be read is reported where the column itself is mapped
        texts.append(column)
    keys = frames.as_text(table[key])
    return pd.concat([keys] * len(texts), ignore_index=True), pd.concat(texts, ignore_index=True)


def _extreme(
    groups: Positions, low: dates.Instants, high: dates.Instants, take: Literal["first", "last"]
) -> Positions:
    """Return the row of the certain first or last date of every group."""
    early, late = low.astype(np.int64), high.astype(np.int64)
    width = late - early
    if take == "first":
        order = np.lexsort((width, late, groups))
    else:
        order = np.lexsort((width, -early, groups))
    return np.asarray(order[frames.run_starts(groups[order])], dtype=np.int64)


def _doubtful(
    groups: Positions,
    count: int,
    low: dates.Instants,
    high: dates.Instants,
    chosen: Positions,
    take: Literal["first", "last"],
) -> np.ndarray:
    """Tell for which groups another date may lie beyond the chosen one by a whole day or more."""
    doubtful = np.zeros(count, dtype=bool)
    if not count:
        return doubtful
    low_day, high_day = low.astype("datetime64[D]").astype(np.int64), high.astype("datetime64[D]").astype(np.int64)
    if take == "first":
        beyond = low_day < low_day[chosen][groups]
    else:
        beyond = high_day > high_day[chosen][groups]
    doubtful[groups[beyond]] = True
    return doubtful
