"""What derivations share: orders, keys, new variables, and records with variables added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from spectrail import frames
from spectrail.errors import SpecError, UnknownNameError
from spectrail.steps import Positions, Problem, Reading, Records, Taken

Bools = npt.NDArray[np.bool_]
Mode = Literal["", "first", "last"]
NewVars = tuple[str, ...] | dict[str, str]
"""New variables: names, or a mapping of new name to the name in the other table."""


def column(frame: pd.DataFrame, name: str) -> pd.Series:
    """Return a column by name; raise UnknownNameError listing those there are."""
    if name not in frame.columns:
        raise UnknownNameError("variable", name, map(str, frame.columns))
    return frame[name]


def columns(frame: pd.DataFrame, names: Sequence[str]) -> list[pd.Series]:
    """Return columns by name."""
    return [column(frame, name) for name in names]


def new_names(new_vars: NewVars) -> dict[str, str]:
    """Return new name -> name in the other table; a list keeps the names."""
    return dict(new_vars) if isinstance(new_vars, Mapping) else {name: name for name in new_vars}


def order_ranks(frame: pd.DataFrame, order: Sequence[str]) -> Positions:
    """Return one number per row that sorts like the order; equal numbers are ties.

    An item of the order is a variable or `desc(variable)`. Missing values sort first, as in SAS; under `desc` last.
    """
    packed = np.zeros(len(frame), dtype=np.int64)
    room = 1
    for item in order:
        descending = item.startswith("desc(") and item.endswith(")")
        name = item[5:-1] if descending else item
        codes, width = frames.order_codes(column(frame, name), descending=descending)
        if room * width >= 2**62:
            distinct, packed = np.unique(packed, return_inverse=True)
            room = len(distinct)
        packed = packed * width + codes
        room *= width
    return packed


def sequence_in_groups(codes: Positions, ranks: Positions) -> Positions:
    """Return positions sorted by group, then rank, then row."""
    return np.lexsort((ranks, codes)).astype(np.int64, copy=False)


def extreme_positions(codes: Positions, ranks: Positions, mode: Mode) -> tuple[Positions, Positions]:
    """Return the position of the first (last) row of every group and those where the order leaves a tie.

    A tie is decided by the row: the first row for `first`, the last row for `last`.
    """
    if not len(codes):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    sequence = sequence_in_groups(codes, ranks)
    starts = frames.run_starts(codes[sequence])
    ends = np.append(starts[1:], len(codes)) - 1
    place, other = (starts, np.minimum(starts + 1, ends)) if mode != "last" else (ends, np.maximum(ends - 1, starts))
    chosen, second = sequence[place], sequence[other]
    tied = (place != other) & (ranks[chosen] == ranks[second])
    return chosen, chosen[tied]


def extreme_records(
    frame: pd.DataFrame, codes: Positions, order: Sequence[str], mode: Mode
) -> tuple[Positions, Positions]:
    """Return the position of the first (last) record of every group by the order, and those the order leaves tied.

    Each item of the order is looked at only for the records that still tie; records that tie in all of it are told
    apart by their content, records that agree in everything by their position.
    """
    rows = best_rows(frame, codes, order, mode)
    counts = np.bincount(codes[rows], minlength=int(codes.max(initial=-1)) + 1)
    tied = counts[codes[rows]] > 1
    if not tied.any():
        return rows, np.empty(0, dtype=np.int64)
    open_ = rows[tied]
    part = frame.iloc[open_]
    content = frames.packed_order([part[name].reset_index(drop=True) for name in sorted(map(str, frame.columns))])
    chosen, _ = extreme_positions(codes[open_], content, mode)
    chosen = open_[chosen]
    return np.sort(np.concatenate([rows[~tied], chosen])), chosen


def best_rows(frame: pd.DataFrame, codes: Positions, order: Sequence[str], mode: Mode) -> Positions:
    """Return the positions of all records that are first (last) in their group by the order."""
    rows = np.arange(len(frame), dtype=np.int64)
    count = int(codes.max(initial=-1)) + 1
    groups = int((np.bincount(codes, minlength=count) > 0).sum())
    for item in order:
        if len(rows) == groups:
            break
        descending = item.startswith("desc(") and item.endswith(")")
        values = column(frame, item[5:-1] if descending else item)
        key = _sort_key(values if len(rows) == len(frame) else values.iloc[rows], descending=descending)
        mine = codes[rows]
        best = np.full(count, -np.inf if mode == "last" else np.inf)
        (np.maximum if mode == "last" else np.minimum).at(best, mine, key)
        rows = rows[key == best[mine]]
    return rows


def _sort_key(values: pd.Series, *, descending: bool) -> npt.NDArray[np.float64]:
    """Return numbers that sort like the values: missing first, under `descending` last."""
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        instants = values.to_numpy(dtype="datetime64[us]")
        key = np.where(np.isnat(instants), -np.inf, instants.astype(np.int64).astype(np.float64))
    elif isinstance(values.dtype, pd.StringDtype):
        key = frames.order_codes(values)[0].astype(np.float64)
    else:
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        key = np.where(np.isnan(numbers), -np.inf, numbers)
    return -key if descending else key


def content_ranks(frame: pd.DataFrame, ranks: Positions, codes: Positions) -> Positions:
    """Refine ranks by the content of all other columns where rows of a group tie, so that row order plays no part.

    Columns are taken in order of their name. Rows that agree in everything stay tied.
    """
    if not len(ranks):
        return ranks
    pairs = frames.packed_order([pd.Series(codes), pd.Series(ranks)])
    _, place, counts = np.unique(pairs, return_inverse=True, return_counts=True)
    rows = np.flatnonzero(counts[place] > 1)
    _, base = np.unique(ranks, return_inverse=True)
    refined = base.astype(np.int64) * (len(ranks) + 1)
    if not len(rows):
        return refined
    part = frame.iloc[rows]
    content = frames.packed_order([part[name].reset_index(drop=True) for name in sorted(map(str, frame.columns))])
    _, small = np.unique(content, return_inverse=True)
    refined[rows] += small
    return refined


def group_codes(frame: pd.DataFrame, by_vars: Sequence[str]) -> Positions:
    """Return one group code per row; without variables all rows are one group."""
    if not by_vars:
        return np.zeros(len(frame), dtype=np.int64)
    return frames.group_codes(columns(frame, by_vars))[0]


def tie_problem(rows: Positions, by_vars: Sequence[str], what: str) -> tuple[Problem, ...]:
    """Report records between which an order does not decide."""
    if not len(rows):
        return ()
    message = f"several records are {what} by the order given; taken by content, then by record"
    return (
        Problem(
            "ADAM-TIE", "notice", message, rows.astype(np.int64), np.full(len(rows), " ".join(by_vars), dtype=object)
        ),
    )


def with_variables(
    frame: pd.DataFrame,
    made: Mapping[str, Any],
    *,
    taken: tuple[Taken, ...] = (),
    problems: tuple[Problem, ...] = (),
) -> Records:
    """Return the same records with variables added or replaced."""
    added = {name: pd.Series(pd.Series(values).array, index=frame.index) for name, values in made.items()}
    return Records(frame.assign(**added), np.arange(len(frame), dtype=np.int64), taken=taken, problems=problems)


def take_column(values: pd.Series, rows: Positions) -> pd.Series:
    """Return values at positions; -1 gives missing."""
    if not len(values):
        filler: Any = (
            frames.missing_text(len(rows))
            if isinstance(values.dtype, pd.StringDtype)
            else pd.Series(np.full(len(rows), np.nan)).astype(values.dtype)
        )
        return filler
    if pd.api.types.is_integer_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype):
        values = values.astype("float64")
    return pd.Series(values.array.take(rows, allow_fill=True))


def row_numbers(table: pd.DataFrame, rows: Positions) -> Positions:
    """Return the row numbers (index of a table) of positions; -1 stays -1."""
    numbers = np.append(table.index.to_numpy(dtype=np.int64), -1)
    return np.asarray(numbers[rows])


def take_variables(
    table: pd.DataFrame, new_vars: NewVars, rows: Positions
) -> tuple[dict[str, pd.Series], tuple[Taken, ...]]:
    """Return new variables from positions of another table (-1 gives missing), and which row each value came from."""
    names = new_names(new_vars)
    made = {new: take_column(column(table, old), rows) for new, old in names.items()}
    numbers = row_numbers(table, rows)
    return made, tuple(Taken(new, "", old, numbers) for new, old in names.items())


def flag(mask: Bools, true_value: str = "Y", false_value: str = "") -> pd.Series:
    """Return `true_value` where the mask holds, else `false_value` (empty: missing)."""
    codes = np.where(mask, 0, 1 if false_value else -1).astype(np.int64)
    return frames.take_text([true_value, false_value or None], codes)


def told_by_parameter(
    records: Records, set_values_to: Mapping[str, str], read: Mapping[str, tuple[str, ...]]
) -> Records:
    """Say of records added for the parameter in `set_values_to` which columns their variables were read from."""
    if "PARAMCD" not in set_values_to:
        return records
    columns: dict[str, tuple[str, ...]] = {**dict.fromkeys(set_values_to, ()), **read}
    when = " and ".join(f"{one} == '{set_values_to[one]}'" for one in ("PARAMCD", "DTYPE") if one in set_values_to)
    constants = {name: "assign_constant" for name in set_values_to if name not in read}
    readings = (Reading(name, found, when, constants.get(name, "")) for name, found in columns.items())
    return replace(records, read=tuple(readings))


def stacked(frame: pd.DataFrame, new: pd.DataFrame, provider: Positions) -> Records:
    """Append records to a frame; `provider` says which old record each new one goes back to (-1: none)."""
    parts = {}
    for name in [*frame.columns, *(one for one in new.columns if one not in frame.columns)]:
        old, late = frame.get(name), new.get(name)
        dtype = (old if old is not None else late).dtype
        old = old if old is not None else pd.Series(np.nan, index=frame.index, dtype="float64").astype(dtype)
        late = late if late is not None else pd.Series(np.nan, index=new.index, dtype="float64").astype(dtype)
        if late.dtype != dtype:
            if late.notna().any():
                raise SpecError(f"{name} would be both {dtype} and {late.dtype}")
            late = pd.Series(np.nan, index=new.index, dtype="float64").astype(dtype)
        parts[name] = pd.concat([old, late], ignore_index=True)
    whole = pd.DataFrame(parts, index=pd.RangeIndex(len(frame) + len(new)))
    return Records(whole, np.concatenate([np.arange(len(frame), dtype=np.int64), provider]))
