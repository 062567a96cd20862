"""--SEQ: a stable number of each record within its subject."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sdtm.catalog import ALGORITHMS
from spectrail import frames
from spectrail.errors import SpecError
from spectrail.steps import ColumnName, Content, Positions, Records


@ALGORITHMS.records(
    order_only=True, method="sequence number within {by}, in order of {source}, then of all collected values"
)
def derive_seq(
    frame: pd.DataFrame,
    *,
    target: str,
    content: Content,
    source: tuple[ColumnName, ...] = (),
    by: tuple[ColumnName, ...] = ("USUBJID",),
) -> Records:
    """Sort the records by `by` and the source columns and number them from 1 within `by` (--SEQ).

    Text sorts by code point, missing first.  Records equal in all of these are ordered by their collected values
    (record position first), and only full duplicates by their row in the raw file: the same data give the same
    numbers in whatever order they were extracted.
    """
    if not target:
        raise SpecError("derive_seq needs a target", hint="for example target: AESEQ")
    keys = [frame[name] for name in dict.fromkeys((*by, *source))]
    packed = frames.packed_order(keys) if keys else np.zeros(len(frame), dtype=np.int64)
    order = _ties_by_content(packed, frames.sort_codes(packed), content)
    # one key column after another is packed, so that the subjects alone are runs of the sorted records
    subject = frames.packed_order([frame[name] for name in by]) if by else np.zeros(len(frame), dtype=np.int64)
    sorted_frame = frame.take(order).reset_index(drop=True)
    sorted_frame[target] = frames.number_in_runs(subject[order]).astype(np.float64)
    return Records(sorted_frame, order)


def _ties_by_content(packed: Positions, order: Positions, content: Content) -> Positions:
    ordered = packed[order]
    same = np.concatenate(([False], ordered[1:] == ordered[:-1])) if len(ordered) else np.empty(0, dtype=bool)
    tied = same | np.append(same[1:], False) if len(same) else same
    slots = np.flatnonzero(tied)
    if not len(slots):
        return order
    rows = order[slots]
    collected = content(rows)
    columns = [pd.Series(packed[rows]), *(collected[name].reset_index(drop=True) for name in collected)]
    order = order.copy()
    order[slots] = rows[frames.sort_positions(columns)]
    return order
