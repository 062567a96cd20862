"""Record algorithms that leave records out: by a condition, and duplicates."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from sdtm.algorithms.query import PREFIX
from sdtm.catalog import ALGORITHMS
from spectrail import frames
from spectrail.errors import SpecError
from spectrail.steps import ColumnName, Condition, Content, Exclusion, Positions, Problem, Records


def take_records(frame: pd.DataFrame, positions: Positions, *, reason: str) -> Records:
    """Keep the records at `positions` (ascending) and leave the others out with a reason."""
    if len(positions) == len(frame):
        return Records(frame, np.arange(len(frame), dtype=np.int64))
    left = frames.complement(positions, len(frame))
    kept = frame.take(positions).reset_index(drop=True)
    return Records(kept, positions, excluded=(Exclusion(left, reason),))


@ALGORITHMS.records(method="records that meet the condition are kept")
def condition_add(frame: pd.DataFrame, *, when: Condition, reason: str = "") -> Records:
    """Keep the records for which the condition holds; the others are left out with the reason given."""
    keep = np.flatnonzero(when.to_numpy(dtype=bool)).astype(np.int64)
    return take_records(frame, keep, reason=reason or "does not meet the condition of the step")


@ALGORITHMS.records(method="duplicates by {source} are left out")
def remove_dup(
    frame: pd.DataFrame,
    *,
    content: Content,
    source: tuple[ColumnName, ...] = (),
    order: tuple[ColumnName, ...] = (),
    take: Literal["first", "last"] = "first",
    reason: str = "",
    rule: str = "",
) -> Records:
    """Keep one record of each group that is equal in the source columns; without a source, in all collected values.

    Of each group the first or last record by the columns `order` (ties: by row) is kept.  Missing equals missing.
    With `rule` data management is told of the records left out, by a notice named `QUERY-` and `rule`.
    """
    if order and not source:
        raise SpecError("remove_dup with an order needs the key columns", hint="add source: [KEY, ...]")
    if not len(frame):
        return Records(frame, np.empty(0, dtype=np.int64))
    keys = frame[list(source)] if source else content(np.arange(len(frame), dtype=np.int64))
    if not keys.shape[1]:
        return Records(frame, np.arange(len(frame), dtype=np.int64))
    codes, _ = frames.group_codes([keys[name] for name in keys])
    kept = np.sort(frames.pick(codes, [frame[name] for name in order], take=take))
    given = reason or (f"duplicate by {', '.join(source)}" if source else "exact duplicate of another raw row")
    made = take_records(frame, kept, reason=given)
    if not rule or not made.excluded:
        return made
    left = made.excluded[0].rows
    told = Problem(f"{PREFIX}{rule}", "notice", f"this row was left out: {given}", left, np.full(len(left), ""))
    return replace(made, problems=(told,))
