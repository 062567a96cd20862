"""Match Datasets with Child: a child record (SUPP, CO, RELREC) seen with the parent record it points to.

The parent's columns are laid over the child's.  Work is done per parent dataset and IDVAR, all their records at once.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from validation.core.columns import Column, concatenate
from validation.core.frames import Frame
from validation.core.identity import Identity
from validation.core.operators.equality import canonical
from validation.core.row_matching import shared_codes
from validation.core.rule_files import MatchSpec
from validation.core.session import Session

Rows = npt.NDArray[np.int64]
POINTER = ("IDVAR", "IDVARVAL")


def join_child(session: Session, frame: Frame, identity: Identity, match: MatchSpec) -> Frame:
    """Lay parent columns over a child; a match that names another dataset changes nothing.

    A record without a parent has null in the parents' columns (its own columns stay); no record is lost.
    """
    named = match.name in (identity.name, identity.domain, identity.unsplit)
    if not named and not (match.name == "SUPP--" and identity.name.startswith("SUPP")):
        return frame
    if not frame.has("RDOMAIN"):
        return frame
    parents = _parents(session, frame, identity)
    keys = [left for left, _ in match.keys]
    parent_of = np.full(frame.size, -1, dtype=np.int64)
    row_of = np.full(frame.size, -1, dtype=np.int64)
    for position, (domain, name) in enumerate(parents):
        rows = _rows_of_domain(frame, domain)
        found = _find(frame, rows, session.whole(name), keys)
        parent_of[rows[found >= 0]] = position
        row_of[rows] = found
    return _overlay(frame, [session.whole(name) for _, name in parents], parent_of, row_of)


def _parents(session: Session, frame: Frame, identity: Identity) -> list[tuple[str, str]]:
    domains = (
        [identity.rdomain] if identity.is_supp else [str(value) for value in frame.column("RDOMAIN").occurring()]
    )
    found = ((domain, session.find(domain, but=identity.unsplit)) for domain in domains if domain)
    return [(domain, name) for domain, name in found if name is not None]


def _rows_of_domain(frame: Frame, domain: str) -> Rows:
    return np.flatnonzero(frame.column("RDOMAIN").where(lambda value: value == domain))


def _find(frame: Frame, rows: Rows, parent: Frame, keys: Sequence[str]) -> Rows:
    """Return the parent row of each child row, -1 for none; the first candidate where several fit."""
    found = np.full(len(rows), -1, dtype=np.int64)
    pointing = all(name in keys and frame.has(name) for name in POINTER)
    plain = [key for key in keys if key not in POINTER and frame.has(key) and parent.has(key)]
    for places, known, pointer in _alike(frame, rows, plain, pointing=pointing):
        left = [frame.column(key).take(rows[places]) for key in known]
        right = [parent.column(key) for key in known]
        if pointer is not None:
            if not parent.has(pointer):
                continue
            left.append(_canonical(frame.column("IDVARVAL")).take(rows[places]))
            right.append(_canonical(parent.column(pointer)))
        found[places] = _first_match(left, right, len(places), parent.size)
    return found


def _alike(
    frame: Frame, rows: Rows, plain: Sequence[str], *, pointing: bool
) -> Iterator[tuple[Rows, list[str], str | None]]:
    """Yield child rows that are looked up alike: same keys populated, same IDVAR (None: no pointer)."""
    patterns = np.zeros(len(rows), dtype=np.int64)
    for key in plain:
        patterns = patterns * 2 + frame.column(key).null[rows]
    pointer = frame.column("IDVAR") if pointing else None
    if pointer is None:
        kinds = np.full(len(rows), -1, dtype=np.int64)
    else:
        usable = ~(pointer.null | frame.column("IDVARVAL").null)[rows]
        kinds = np.where(usable, pointer.codes[rows], -1)
    groups = (kinds + 1) * 2 ** len(plain) + patterns
    order = np.argsort(groups, kind="stable")
    values, starts = np.unique(groups[order], return_index=True)
    for value, (start, stop) in zip(values.tolist(), itertools.pairwise([*starts, len(order)]), strict=True):
        kind, pattern = value // 2 ** len(plain) - 1, value % 2 ** len(plain)
        known = [key for at, key in enumerate(reversed(plain)) if not pattern >> at & 1][::-1]
        yield order[start:stop], known, None if kind < 0 or pointer is None else str(pointer.distinct[kind])


def _canonical(column: Column) -> Column:
    return column.kept("canonical", lambda: column.mapped(canonical))


def _first_match(left: Sequence[Column], right: Sequence[Column], size: int, parent_size: int) -> Rows:
    if not left:
        return np.full(size, 0 if parent_size else -1, dtype=np.int64)
    left_codes, right_codes = shared_codes(left, right)
    span = int(max(left_codes.max(initial=-1), right_codes.max(initial=-1))) + 1
    first = np.full(span, -1, dtype=np.int64)
    first[right_codes[::-1]] = np.arange(parent_size - 1, -1, -1)
    return first[left_codes]


def _overlay(frame: Frame, parents: Sequence[Frame], parent_of: Rows, row_of: Rows) -> Frame:
    names = tuple(dict.fromkeys([*frame.names, *(name for parent in parents for name in parent.names)]))
    order = np.argsort(parent_of, kind="stable")
    back = np.empty(len(order), dtype=np.int64)
    back[order] = np.arange(len(order))
    bounds = np.searchsorted(parent_of[order], np.arange(len(parents) + 1))

    def load(name: str) -> Column:
        holders = [parent.has(name) for parent in parents]
        if not any(holders):
            return frame.column(name)
        parts = [_own(frame, name, order[: bounds[0]])]
        for position, parent in enumerate(parents):
            rows = order[bounds[position] : bounds[position + 1]]
            if holders[position]:
                parts.append(parent.column(name).take(row_of[rows]))
            else:
                parts.append(_own(frame, name, rows))
        return concatenate(parts).take(back)

    return frame.over(names, load)


def _own(frame: Frame, name: str, rows: Rows) -> Column:
    return frame.column(name).take(rows) if frame.has(name) else Column.constant(None, len(rows))
