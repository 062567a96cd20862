"""Conditions between variables and datasets as columns: `Y`, `N`, or null where they do not apply.

A relation is an array of 1.0, 0.0 and NaN; `as_column` turns it into the text column that a suite looks at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from spectrail.findings import Severity

Truth = npt.NDArray[np.float64]
Frames = Mapping[str, pd.DataFrame]
SAS_EPOCH = pd.Timestamp("1960-01-01")


@dataclass(frozen=True)
class Relation:
    """A relation of one dataset: the name of its column, the values, and what a record with `N` breaks."""

    name: str
    truth: Truth
    rules: tuple[str, ...]
    severity: Severity
    message: str
    variables: tuple[str, ...]


def as_column(truth: Truth) -> pd.Series:
    """Return `Y`, `N` and null as text."""
    values = np.where(truth == 1, "Y", np.where(truth == 0, "N", ""))
    column = pd.Series(values, dtype="str")
    return column.mask(column == "", np.nan)


def where(applies: npt.NDArray[np.bool_], holds: npt.NDArray[np.bool_]) -> Truth:
    """Return 1.0 or 0.0 where a condition applies, else NaN."""
    return np.where(applies, holds.astype(np.float64), np.nan)


def numbers(column: pd.Series) -> npt.NDArray[np.float64]:
    """Return a column as numbers; dates as days since 1960, text that is no number as NaN."""
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return ((column - SAS_EPOCH) / pd.Timedelta(days=1)).to_numpy(dtype=np.float64)
    return pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)


def populated(column: pd.Series) -> npt.NDArray[np.bool_]:
    """Tell which cells hold a value."""
    return column.notna().to_numpy(dtype=bool)


def not_later(frame: pd.DataFrame, start: str, end: str) -> Truth:
    """Compare two ISO 8601 columns at the precision both have: 1 where start is not after end."""
    pairs, codes = _distinct_pairs(frame[start], frame[end])
    holds = np.array(
        [first[: min(len(first), len(second))] <= second[: len(first)] for first, second in pairs], dtype=bool
    )
    applies = codes >= 0
    return where(applies, holds[codes] if len(holds) else np.zeros(len(codes), dtype=bool))


def _distinct_pairs(first: pd.Series, second: pd.Series) -> tuple[list[tuple[str, str]], npt.NDArray[np.int64]]:
    left, left_values = pd.factorize(first)
    right, right_values = pd.factorize(second)
    joined = np.where((left >= 0) & (right >= 0), left.astype(np.int64) * (len(right_values) + 1) + right, -1)
    codes, values = pd.factorize(np.where(joined < 0, np.nan, joined.astype(np.float64)))
    span = len(right_values) + 1
    pairs = [(str(left_values[int(v) // span]), str(right_values[int(v) % span])) for v in values]
    return pairs, codes.astype(np.int64)


def numbers_not_later(frame: pd.DataFrame, start: str, end: str) -> Truth:
    """Compare two numeric (date) columns: 1 where the first is not above the second."""
    first, second = numbers(frame[start]), numbers(frame[end])
    return where(~(np.isnan(first) | np.isnan(second)), first <= second)


def member(column: pd.Series, values: pd.Series) -> Truth:
    """Tell which populated cells occur in another column."""
    return where(populated(column), column.isin(values.dropna()).to_numpy(dtype=bool))


def member_pairs(frame: pd.DataFrame, names: Sequence[str], other: pd.DataFrame, others: Sequence[str]) -> Truth:
    """Tell which records' keys (all populated) occur as keys of another dataset."""
    left = _key_text(frame, names)
    right = _key_text(other, others)
    applies = np.logical_and.reduce([populated(frame[name]) for name in names])
    return where(applies, left.isin(right).to_numpy(dtype=bool))


def _key_text(frame: pd.DataFrame, names: Sequence[str]) -> pd.Series:
    parts = [_plain_text(frame[name]) for name in names]
    return parts[0].str.cat(parts[1:], sep="\x1f") if len(parts) > 1 else parts[0]


def _plain_text(column: pd.Series) -> pd.Series:
    """Return numbers without needless decimals and text as it is; null as empty text."""
    codes, values = pd.factorize(column)
    texts = np.array([_plain(value) for value in values] + [""], dtype=object)
    return pd.Series(texts[codes], dtype="str")


def _plain(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def points_to_parent(frame: pd.DataFrame, frames: Frames) -> Truth:
    """Tell which RDOMAIN, USUBJID, IDVAR, IDVARVAL point to a record; null where IDVAR or IDVARVAL is."""
    truth = np.full(len(frame), np.nan)
    pointing = populated(frame["IDVAR"]) & populated(frame["IDVARVAL"])
    groups = frame[pointing].groupby(["RDOMAIN", "IDVAR"], sort=False).indices
    rows = np.flatnonzero(pointing)
    for (domain, variable), places in groups.items():
        at = rows[places]
        parent = frames.get(str(domain))
        if parent is None or variable not in parent:
            truth[at] = 0
            continue
        truth[at] = member_pairs(frame.iloc[at], ["USUBJID", "IDVARVAL"], parent, ["USUBJID", str(variable)])
    return truth


def traced(frame: pd.DataFrame, frames: Frames) -> Truth:
    """Tell which records' SRCDOM and SRCSEQ name a record of the subject; null where the source is not at hand.

    The sequence variable of a source is --SEQ, that of an analysis dataset --SEQ of what it is made of, else ASEQ.
    """
    truth = np.full(len(frame), np.nan)
    for source, places in frame.groupby("SRCDOM", sort=False).indices.items():
        name = str(source)
        other = frames.get(name)
        known = [one for one in (f"{name}SEQ", f"{name[2:]}SEQ", "ASEQ") if other is not None and one in other]
        if other is not None and known:
            truth[places] = member_pairs(frame.iloc[places], ["USUBJID", "SRCSEQ"], other, ["USUBJID", known[0]])
    return truth


def equal_to_source(frame: pd.DataFrame, keys: Sequence[str], variable: str, source: pd.DataFrame) -> Truth:
    """Tell which records hold the value that the source has for their key; null where the key is not there once."""
    right = pd.Series(np.arange(len(source)), index=_key_text(source, keys))
    right = right[~right.index.duplicated(keep=False)]
    row = right.reindex(_key_text(frame, keys)).to_numpy(dtype=np.float64)
    found = ~np.isnan(row)
    wanted = (
        _plain_text(source[variable]).to_numpy(dtype=object)[np.where(found, row, 0).astype(np.int64)]
        if len(source)
        else None
    )
    if wanted is None:
        return np.full(len(frame), np.nan)
    return where(found, _plain_text(frame[variable]).to_numpy(dtype=object) == wanted)


def computes(result: pd.Series, expected: npt.NDArray[np.float64], *, tolerance: float = 1e-6) -> Truth:
    """Tell which populated results equal what they are computed from, relative tolerance included."""
    value = numbers(result)
    applies = ~(np.isnan(value) | np.isnan(expected))
    with np.errstate(invalid="ignore"):
        close = np.abs(value - expected) <= tolerance * np.maximum(1.0, np.abs(expected))
    return where(applies, close)


def relative_day(frame: pd.DataFrame, date: str, reference: str) -> npt.NDArray[np.float64]:
    """Return the day of a numeric date from a reference: 1 on that day, -1 on the day before, never 0."""
    days = np.floor(numbers(frame[date])) - np.floor(numbers(frame[reference]))
    return np.where(days >= 0, days + 1, days)
