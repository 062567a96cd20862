"""`assign_datetime`: collected dates and times to ISO 8601 text."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from sdtm.catalog import ALGORITHMS
from spectrail import date_formats, frames
from spectrail.date_columns import ReadColumn, read_column
from spectrail.date_formats import Status
from spectrail.errors import SpecError
from spectrail.findings import Severity
from spectrail.steps import Outcome, Positions, Problem, Values

ISO_FORMATS = ("YYYY[-MM[-DD]]", "YYYY-MM-DDTHH[:MM[:SS]][Z]")
"""Formats used when a step lists none: ISO 8601 itself."""
TIME_FORMATS = ("HH:MM[:SS]",)

_TROUBLE: dict[Status, tuple[str, Severity, str]] = {
    Status.UNREAD: ("MAP-DATE-UNREAD", "error", "date or time that no declared format reads; written as missing"),
    Status.IMPOSSIBLE: ("MAP-DATE-IMPOSSIBLE", "error", "date or time that does not exist; written as missing"),
    Status.AMBIGUOUS: (
        "MAP-DATE-AMBIGUOUS",
        "error",
        "the declared formats read this date in different ways; written as missing, to be queried",
    ),
}


@ALGORITHMS.column(method="{source} in ISO 8601, read as {formats}[ (time as {time_formats})]")
def assign_datetime(
    *values: Values,
    formats: tuple[str, ...] = ISO_FORMATS,
    time_formats: tuple[str, ...] = TIME_FORMATS,
    pivot: int | None = None,
    unknown: tuple[str, ...] = date_formats.UNKNOWN,
    missing: tuple[str, ...] = date_formats.MISSING,
    parts: bool = False,
) -> Outcome:
    """Write collected dates and times as complete or partial ISO 8601 text (SDTMIG 4.4.1, 4.4.2).

    One source holds the date (with a time, if `formats` say so); a second one the time of day.  With `parts`, the
    sources are the parts of one date (day, month, year columns), joined with blanks in their order and read by
    `formats`; a missing part is unknown.  Formats: see `spectrail.date_formats`.  Unknown parts give a partial
    date; 24:00 becomes 00:00 of the next day; an offset is kept.  A text that no format reads, a day that does not
    exist and a date that two formats read differently are null and a problem.
    """
    if not values:
        raise SpecError("assign_datetime needs a source", hint="name the date column, and the time column if any")
    if parts:
        values = (_joined(values),)
    if len(values) > 2:
        raise SpecError(
            f"assign_datetime takes a date and a time, not {len(values)} columns",
            hint="with parts: true the columns are joined and read as one date",
        )
    problems: list[Problem] = []
    by = date_formats.reader(formats, unknown=unknown, missing=missing, pivot=pivot)
    date = _read(values[0], by, problems)
    if len(values) == 1:
        text, rolled = date.rows(date.whole()), date.next_day[date.codes]
    else:
        time = _read(values[1], date_formats.reader(time_formats, unknown=unknown, missing=missing), problems)
        text, rolled = _combined(date, time)
    if rolled.any():
        text = _next_day(text, np.flatnonzero(rolled), values[-1], problems)
    return Outcome(text, tuple(problems))


def _read(values: pd.Series, reader: date_formats.Reader, problems: list[Problem]) -> ReadColumn:
    """Read a column and report what could not be read."""
    text = frames.as_text(values)
    column = read_column(text, reader)
    for status, (rule, severity, message) in _TROUBLE.items():
        if (column.status == status).any():
            rows = np.flatnonzero(column.status[column.codes] == status).astype(np.int64)
            problems.append(Problem(rule, severity, message, rows, text.iloc[rows].to_numpy()))
    return column


def _joined(values: tuple[pd.Series, ...]) -> pd.Series:
    columns = [frames.as_text(one) for one in values]
    known = np.zeros(len(columns[0]), dtype=bool)
    for column in columns:
        known |= column.notna().to_numpy()
    text = columns[0].fillna("UN")
    for column in columns[1:]:
        text = text + " " + column.fillna("UN")
    return text.where(known)


def _combined(date: ReadColumn, time: ReadColumn) -> tuple[pd.Series, np.ndarray]:
    """Join dates with times of another column; a time in the date column itself comes first."""
    own = pc.not_equal(date.time, "").to_numpy(zero_copy_only=False)[date.codes]
    clock = time.rows(time.time)
    alone = date.rows(date.whole())
    use = clock.notna().to_numpy() & ~own
    if not use.any():
        return alone, date.next_day[date.codes]
    text = alone.where(~use, date.rows(date.before) + "T" + clock)
    return text, np.where(use, time.next_day[time.codes], date.next_day[date.codes] & own)


def _next_day(text: pd.Series, rows: Positions, collected: pd.Series, problems: list[Problem]) -> pd.Series:
    """Move rows with the time 24:00 to 00:00 of the next day; a partial date keeps its known part only."""
    chosen = text.iloc[rows]
    dates = chosen.str.split("T", n=1).str[0]
    rest = chosen.str.split("T", n=1).str[1]
    whole = dates.str.fullmatch(r"\d{4}-\d{2}-\d{2}").to_numpy(dtype=bool)
    moved = frames.map_distinct(
        dates.where(whole), lambda found: [str(np.datetime64(value, "D") + np.timedelta64(1, "D")) for value in found]
    )
    kept = dates.str.replace(r"-+$", "", regex=True)
    result = text.copy()
    result.iloc[rows] = (moved + "T" + rest).where(whole, kept.mask(kept == "")).to_numpy()
    if not whole.all():
        problems.append(
            Problem(
                "MAP-TIME-24",
                "warning",
                "time 24:00 on a partial date; the date is written without the time",
                rows[~whole],
                frames.as_text(collected).to_numpy()[rows[~whole]],
            )
        )
    return result
