"""`transpose`: one raw row to many findings."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from sdtm.catalog import ALGORITHMS
from spectrail import frames
from spectrail.errors import SpecError, UnknownNameError
from spectrail.steps import Exclusion, Reading, Records, Table

FROM = "from "
"""A header `from VSORRES` names, per row of the mapping table, the column that VSORRES is taken from."""


@ALGORITHMS.records(method="{target} that table {mapping} gives for the collected item (one record per item)")
def transpose(
    frame: pd.DataFrame,
    *,
    mapping: Table,
    required: tuple[str, ...] = (),
    reason: str = "nothing collected",
) -> Records:
    """Make one record per row of `mapping` out of each record, with the tests of a findings domain (or its comments).

    Headers of the mapping table are variables: under `VSTESTCD`, `VSPOS` stand fixed values, under `from VSORRES`,
    `from VSORRESU` the names of collected columns (`vs_raw.SYSBP`).  Where both are given, the fixed value fills what
    was not collected.  A record is made where at least one of the variables `required` has a collected value
    (default: the first `from` column); a record from which none can be made is left out with the reason.  The columns
    named in the mapping go, all others are kept.  The new records come by old record, then by row of the mapping.
    """
    readers = {name.removeprefix(FROM).strip(): name for name in map(str, mapping.columns) if name.startswith(FROM)}
    if not readers:
        raise SpecError("the mapping table names no collected column", hint="add a column 'from --ORRES'")
    needed = required or (next(iter(readers)),)
    for name in needed:
        if name not in readers:
            raise UnknownNameError("variable with a 'from' column in the mapping table", name, readers)
    tests, size = len(mapping), len(frame)
    collected = {
        variable: _collected(frame, frames.as_text(mapping[header]).tolist()) for variable, header in readers.items()
    }
    wanted = np.zeros((size, tests), dtype=bool)
    for name in needed:
        wanted |= collected[name].notna().to_numpy().reshape(tests, size).T
    record, test = np.nonzero(wanted)
    used = {name for header in readers.values() for name in frames.as_text(mapping[header]).dropna()}
    made = frame.drop(columns=[name for name in frame.columns if name in used]).take(record).reset_index(drop=True)
    for variable in dict.fromkeys((*_fixed(mapping), *readers)):
        made[variable] = _values(variable, mapping, collected, record, test, size)
    empty = np.flatnonzero(~wanted.any(axis=1)).astype(np.int64)
    excluded = (Exclusion(empty, reason),) if len(empty) else ()
    return Records(made, record.astype(np.int64), excluded=excluded, read=tuple(_readings(mapping, readers)))


def _readings(mapping: pd.DataFrame, readers: dict[str, str]) -> Iterator[Reading]:
    """Say which column each variable was read from, by the fixed variable that tells the tests apart."""
    keys = [name for name in _fixed(mapping) if mapping[name].notna().all() and mapping[name].is_unique]
    for variable, header in readers.items():
        for row, column in enumerate(frames.as_text(mapping[header]).tolist()):
            if column == column:
                value = str(mapping[keys[0]].iloc[row]).replace("'", "") if keys else ""
                yield Reading(variable, (column,), f"{keys[0]} == '{value}'" if keys else "")


def _fixed(mapping: pd.DataFrame) -> list[str]:
    return [str(name) for name in mapping.columns if not str(name).startswith(FROM)]


def _collected(frame: pd.DataFrame, columns: list[str]) -> pd.Series:
    """Stack the collected columns of all tests, one after another; a test without a column has missing values."""
    parts = []
    for name in columns:
        if name != name or not name:
            parts.append(frames.missing_text(len(frame)))
            continue
        if name not in frame.columns:
            raise UnknownNameError("column in the mapping table", name, map(str, frame.columns))
        parts.append(frames.clean_text(frame[name]))
    return pd.concat(parts, ignore_index=True) if parts else frames.missing_text(0)


def _values(
    variable: str,
    mapping: pd.DataFrame,
    collected: dict[str, pd.Series],
    record: np.ndarray,
    test: np.ndarray,
    size: int,
) -> pd.Series:
    fixed = frames.as_text(mapping[variable]).tolist() if variable in mapping.columns else None
    constant = frames.take_text([t if t == t else None for t in fixed], test) if fixed is not None else None
    if variable not in collected:
        assert constant is not None
        return constant
    taken = pd.Series(collected[variable].array.take(test * size + record))
    return taken if constant is None else taken.where(taken.notna(), constant)
