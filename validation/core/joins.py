"""Match Datasets: joins as arrays of row numbers; no data are copied, joined columns are taken when asked for.

Keys of equal name become one column.  A right-hand column X is called `Name.X` when a condition says so, else
`X.Name` when the left side has an X.  Null keys match null keys.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from validation.core.child_joins import join_child
from validation.core.columns import Column
from validation.core.frames import Frame
from validation.core.identity import Identity
from validation.core.relrec_joins import join_relrec
from validation.core.row_matching import matching_rows
from validation.core.rule_files import MatchSpec
from validation.core.session import Session
from validation.core.signals import NotEvaluated
from validation.core.supp_joins import join_supp

Rows = npt.NDArray[np.int64]


def join_all(
    session: Session, frame: Frame, identity: Identity, matches: Sequence[MatchSpec], mentioned: frozenset[str]
) -> tuple[Frame, list[str]]:
    """Join the matched datasets to a frame in turn; give the datasets that are not in the study too.

    `mentioned` are the names in the rule's conditions; joins that differ in nothing are shared by all rules.
    """
    absent: list[str] = []
    joined: set[str] = set()
    for match in matches:
        name = match.name
        if name in (identity.unsplit, identity.name) and not match.child:
            continue
        if name in joined:
            continue
        joined.add(name)
        dotted = frozenset(item for item in mentioned if item.startswith(f"{name}."))
        before = frame
        key = ("join", id(before), match, dotted)
        frame, missing = session.kept(key, lambda: (before, *_join(session, before, identity, match, dotted)))[1:]  # noqa: B023
        absent.extend(missing)
    return frame, absent


def _join(
    session: Session, frame: Frame, identity: Identity, match: MatchSpec, dotted: frozenset[str]
) -> tuple[Frame, list[str]]:
    if match.child:
        return join_child(session, frame, identity, match), []
    if match.name == "RELREC":
        return join_relrec(session, frame, identity, match)
    if match.name.startswith(("SUPP", "SQ")) and not identity.is_supp:
        return join_supp(session, frame, identity, match)
    name = session.find(match.name, but=identity.unsplit)
    if name is None:
        return frame, [match.name]
    right = session.whole(name)
    left_keys, right_keys = resolved_keys(frame, match)
    left_rows, right_rows = matching_rows(
        [frame.column(key) for key in left_keys],
        [right.column(key) for key in right_keys],
        keep_left=match.left_join,
    )
    shared = {key for key, other in zip(left_keys, right_keys, strict=True) if key == other}
    names = {column: joined_name(frame, match.name, column, dotted) for column in right.names if column not in shared}
    return beside(frame, left_rows, right, right_rows, names), []


def resolved_keys(frame: Frame, match: MatchSpec) -> tuple[list[str], list[str]]:
    """Return the key columns of both sides: `--` is the own domain on the left, the matched name on the right."""
    if not match.keys:
        raise NotEvaluated(f"Match Datasets {match.name} has no keys", cause="broken_rule")
    left = [frame.resolve(key) for key, _ in match.keys]
    right = [match.name + key[2:] if key.startswith("--") else key for _, key in match.keys]
    return left, right


def joined_name(frame: Frame, dataset: str, column: str, dotted: frozenset[str]) -> str:
    """Return what a right-hand column is called after a join."""
    if f"{dataset}.{column}" in dotted:
        return f"{dataset}.{column}"
    return f"{column}.{dataset}" if frame.has(column) else column


def beside(left: Frame, left_rows: Rows, right: Frame, right_rows: Rows, names: dict[str, str]) -> Frame:
    """Put rows of two frames side by side; `names` says what each right-hand column is called."""
    taken = left.taken(left_rows)
    missing = bool(len(right_rows)) and bool((right_rows < 0).any())
    columns = {called: column for column, called in names.items()}

    def load(name: str) -> Column:
        if name in columns:
            return right.column(columns[name]).take(right_rows, missing=missing)
        return taken.column(name)

    own = tuple(name for name in taken.names if name not in columns)
    return taken.over((*own, *columns), load)
