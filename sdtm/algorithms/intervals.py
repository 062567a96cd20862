"""`join_intervals`: records that follow each other without a gap to one interval."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sdtm.catalog import ALGORITHMS
from spectrail import dates, frames
from spectrail.errors import SpecError
from spectrail.steps import ColumnName, Condition, Records


@ALGORITHMS.records(method="records equal in {source} that follow each other without a gap are one interval")
def join_intervals(
    frame: pd.DataFrame,
    *,
    source: tuple[ColumnName, ...],
    start: ColumnName,
    end: ColumnName,
    ends: Condition | None = None,
) -> Records:
    """Make one record of each run of records that are equal in the source columns and follow without a gap.

    A record follows another when its `start` is the other's `end`, both ISO 8601 texts known to the minute or second
    (SDTMIG 3.4 section 6.1.3: an interval of constant dosing is one record).  Where the condition `ends` holds, the
    interval ends in any case.  The new record has the values of the first one and the `end` of the last.
    """
    if not source:
        raise SpecError("join_intervals needs the columns that stay the same", hint="add source: [USUBJID, ...]")
    codes, _ = frames.group_codes([frame[name] for name in source])
    begin, until = _instants(frame[start]), _instants(frame[end])
    order = np.lexsort((np.arange(len(frame)), until, begin, codes)).astype(np.int64)
    begin, until, codes = begin[order], until[order], codes[order]
    follows = np.zeros(len(order), dtype=bool)
    follows[1:] = (codes[1:] == codes[:-1]) & (begin[1:] == until[:-1]) & ~np.isnat(begin[1:])
    if ends is not None:
        follows[1:] &= ~ends.to_numpy(dtype=bool)[order][:-1]
    run = np.cumsum(~follows) - 1
    first = np.flatnonzero(~follows)
    last = np.append(first[1:], len(order)) - 1
    made = frame.take(order[first]).reset_index(drop=True)
    made[end] = frame[end].array.take(order[last])
    sequence = np.argsort(order[first], kind="stable")
    place = np.empty(len(first), dtype=np.int64)
    place[sequence] = np.arange(len(first), dtype=np.int64)
    made = made.take(sequence).reset_index(drop=True)
    return Records(made, order[first][sequence], links=(place[run], order))


def _instants(values: pd.Series) -> dates.Instants:
    """Return instants of texts with a time; NaT for dates without one, which have no exact place."""
    low, _ = dates.bounds(values)
    timed = values.str.contains("T", regex=False).fillna(False).to_numpy(dtype=bool)
    return np.where(timed, low, np.datetime64("NaT"))
