"""Match Datasets with supplemental qualifiers: each QNAM becomes a column of the parent, holding QVAL."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from validation.core.columns import Column
from validation.core.frames import Frame
from validation.core.identity import Identity
from validation.core.operators.equality import canonical
from validation.core.row_matching import matching_rows
from validation.core.rule_files import MatchSpec
from validation.core.session import Session
from validation.core.signals import wrong_type

Rows = npt.NDArray[np.int64]
KEYS = ("STUDYID", "USUBJID", "APID", "POOLID", "SPDEVID")


def join_supp(session: Session, frame: Frame, identity: Identity, match: MatchSpec) -> tuple[Frame, list[str]]:
    """Join the qualifiers to all parent records; a parent with two values of one QNAM is an error."""
    wanted = match.name.replace("--", identity.unsplit) if match.name.endswith("--") else match.name
    name = session.find(wanted, but=identity.unsplit)
    if name is None:
        return frame, [wanted]
    supp = session.whole(name)
    for needed in ("QNAM", "QVAL", "IDVAR", "IDVARVAL"):
        supp.column(needed)
    parent_rows, supp_rows = _pairs(frame, supp)
    qualifiers = supp.column("QNAM")
    columns: dict[str, Column] = {}
    kinds = qualifiers.codes[supp_rows]
    order = np.argsort(kinds, kind="stable")
    bounds = np.searchsorted(kinds[order], np.arange(len(qualifiers.distinct) + 1))
    for position, qualifier in enumerate(qualifiers.distinct):
        places = order[bounds[position] : bounds[position + 1]]
        label = f"{qualifier}.{wanted}" if frame.has(str(qualifier)) else str(qualifier)
        columns[label] = _scattered(
            supp.column("QVAL"), parent_rows[places], supp_rows[places], frame.size, str(qualifier)
        )
    return frame.with_columns(columns), []


def _scattered(values: Column, parent_rows: Rows, supp_rows: Rows, size: int, qualifier: str) -> Column:
    if len(np.unique(parent_rows)) < len(parent_rows):
        raise wrong_type(f"QNAM {qualifier} occurs twice for one parent record")
    codes = np.full(size, -1, dtype=np.int32)
    codes[parent_rows] = values.codes[supp_rows]
    return Column(values.kind, size, codes=codes, distinct=values.distinct)


def _pairs(frame: Frame, supp: Frame) -> tuple[Rows, Rows]:
    keys = [key for key in KEYS if frame.has(key) and supp.has(key)]
    pointer, value = supp.column("IDVAR"), supp.column("IDVARVAL")
    parents: list[Rows] = []
    children: list[Rows] = []
    order = np.argsort(pointer.codes, kind="stable")
    bounds = np.searchsorted(pointer.codes[order], np.arange(-1, len(pointer.distinct) + 1))
    for position in range(-1, len(pointer.distinct)):
        rows = order[bounds[position + 1] : bounds[position + 2]]
        variable = str(pointer.distinct[position]) if position >= 0 else ""
        if not len(rows) or (variable and not frame.has(variable)):
            continue
        left = [supp.column(key).take(rows) for key in keys]
        right = [frame.column(key) for key in keys]
        if variable:
            left.append(value.mapped(canonical).take(rows))
            right.append(frame.column(variable).mapped(canonical))
        if not left:
            continue
        own, found = matching_rows(left, right)
        children.append(rows[own])
        parents.append(found)
    empty = np.zeros(0, dtype=np.int64)
    return np.concatenate(parents or [empty]), np.concatenate(children or [empty])
