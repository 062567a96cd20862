"""Supplemental qualifiers joined back to their parent records."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from spectrail import frames
from spectrail.errors import InputError
from spectrail.steps import Positions, Problem


def merge_supp(parent: pd.DataFrame, supp: pd.DataFrame) -> tuple[pd.DataFrame, tuple[Problem, ...]]:
    """Return the parent records with one column per QNAM, and what could not be joined.

    SUPP-- records belong to the parent records whose variable IDVAR has the value IDVARVAL within the subject (all
    records of the subject without IDVAR, as in SUPPDM).  Numbers match their text however it is written (`24.04`,
    `24.040`).  A record without parent and a second value for the same cell are problems (`rows` are positions in the
    SUPP-- dataset); nothing is dropped in silence.  A QNAM that is a variable of the parent already raises
    InputError.
    """
    names = sorted(supp["QNAM"].dropna().unique())
    clash = [name for name in names if name in parent.columns]
    if clash:
        raise InputError(f"QNAM {clash[0]} is a variable of the parent dataset already")
    made = {str(name): parent[name] for name in parent.columns}
    for name in names:
        made[name] = frames.missing_text(len(parent))
    parents, rows = _pairs(parent, supp)
    problems = [*_orphans(supp, rows)]
    qnam, _ = frames.factorize(supp["QNAM"])
    cell, cells = frames.group_codes([pd.Series(parents), pd.Series(qnam[rows])]) if len(rows) else (rows, 0)
    first = frames.first_positions(cell, cells)
    extra = frames.complement(first, len(rows))
    if len(extra):
        message = "second value of the same qualifier for one parent record; the first is kept"
        where = np.unique(rows[extra])
        problems.append(Problem("MAP-SUPP-REPEATED", "error", message, where, supp["QVAL"].iloc[where].to_numpy()))
    for name in names:
        mine = first[(supp["QNAM"].iloc[rows[first]] == name).to_numpy(dtype=bool)]
        place = np.full(len(parent), -1, dtype=np.int64)
        place[parents[mine]] = rows[mine]
        made[name] = pd.Series(supp["QVAL"].array.take(place, allow_fill=True), index=parent.index)
    return pd.DataFrame(made, index=parent.index), tuple(problems)


def _pairs(parent: pd.DataFrame, supp: pd.DataFrame) -> tuple[Positions, Positions]:
    """Return (parent position, SUPP-- position) of everything that belongs together."""
    parents, rows = [], []
    variables = supp["IDVAR"].fillna("") if len(supp) else supp["IDVAR"]
    for variable in variables.unique():
        chosen = np.flatnonzero((variables == variable).to_numpy(dtype=bool)).astype(np.int64)
        part = supp.iloc[chosen]
        left, right = [part["USUBJID"]], [parent["USUBJID"]]
        if variable:
            if variable not in parent.columns:
                continue
            left.append(canonical_numbers(part["IDVARVAL"]))
            right.append(canonical_numbers(parent[variable]))
        found, where = frames.match_all([one.reset_index(drop=True) for one in left], right)
        rows.append(chosen[found])
        parents.append(where)
    empty = np.empty(0, dtype=np.int64)
    return (np.concatenate(parents), np.concatenate(rows)) if parents else (empty, empty)


def canonical_numbers(values: pd.Series) -> pd.Series:
    """Return a column as text in which a decimal has no zeros at its end (`24.040` and 24.04 are `24.04`).

    Leading zeros stay: `007` may be an identifier.
    """
    text = frames.clean_text(values)
    array = pa.array(text)
    longer = pc.match_substring_regex(array, r"^-?(0|[1-9][0-9]*)\.[0-9]+$")
    if not pc.any(longer).as_py():
        return text
    short = pc.utf8_rtrim(pc.utf8_rtrim(array, "0"), ".")
    return pd.Series(pd.array(pc.if_else(longer, short, array), dtype="str"), index=text.index)


def _orphans(supp: pd.DataFrame, rows: Positions) -> list[Problem]:
    lost = frames.complement(rows, len(supp))
    if not len(lost):
        return []
    message = "supplemental qualifier without a parent record"
    return [
        Problem("MAP-SUPP-ORPHAN", "error", message, lost, frames.as_text(supp["IDVARVAL"]).iloc[lost].to_numpy())
    ]
