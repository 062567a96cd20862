"""Match Datasets with RELREC: a record beside the records of other domains that RELREC relates it to.

Related pairs are found for whole groups of RELREC records that point alike (same variables, same domains).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from validation.core.columns import Column, concatenate
from validation.core.frames import Frame
from validation.core.identity import Identity
from validation.core.operators.equality import canonical
from validation.core.row_matching import matching_rows
from validation.core.rule_files import MatchSpec
from validation.core.session import Session
from validation.core.standards import OBSERVATION_CLASSES

Rows = npt.NDArray[np.int64]
SUBJECT = ("STUDYID", "USUBJID")


@dataclass(frozen=True)
class _Links:
    """RELREC pairs that point alike: rows of both sides in RELREC, the domain and variables they point to."""

    own: Rows
    other: Rows
    domain: str
    own_variable: str
    other_variable: str
    by_value: bool


def join_relrec(session: Session, frame: Frame, identity: Identity, match: MatchSpec) -> tuple[Frame, list[str]]:
    """Join related records; right-hand columns become `RELREC.` + name, their domain prefix the match's wildcard.

    Both IDVARVAL filled: records with these values of one subject are related. Otherwise records of one subject
    whose two IDVAR values agree. RELREC rows that name a subject relate records of that subject only.
    """
    if "RELREC" not in session.tables:
        return frame, ["RELREC"]
    relrec = session.frame("RELREC")
    pieces: list[tuple[str, Rows, Rows]] = []
    for links in _links(relrec, identity.domain or identity.name):
        name = session.find(links.domain, but=identity.unsplit)
        if name is None:
            continue
        right = session.whole(name)
        if frame.has(links.own_variable) and right.has(links.other_variable):
            pieces.append((name, *_related(relrec, links, frame, right)))
    return _beside_many(session, frame, pieces, match.wildcard), []


def _links(relrec: Frame, domain: str) -> Iterator[_Links]:
    related = relrec.column("RDOMAIN")
    own = np.flatnonzero(related.where(lambda value: value == domain))
    other = np.flatnonzero(related.where(lambda value: value != domain))
    keys = [name for name in (*SUBJECT, "RELID") if relrec.has(name)]
    left, right = matching_rows(
        [relrec.column(name).take(own) for name in keys], [relrec.column(name).take(other) for name in keys]
    )
    own, other = own[left], other[right]
    pointer, filled = relrec.column("IDVAR"), ~relrec.column("IDVARVAL").null
    usable = ~pointer.null[own] & ~pointer.null[other]
    own, other = own[usable], other[usable]
    by_value = filled[own] & filled[other]
    span, wide = len(pointer.distinct), len(related.distinct)
    groups = ((pointer.codes[own].astype(np.int64) * span + pointer.codes[other]) * wide + related.codes[other]) * 2
    groups += by_value
    order = np.argsort(groups, kind="stable")
    starts = np.unique(groups[order], return_index=True)[1].tolist()
    for start, stop in itertools.pairwise([*starts, len(order)]):
        rows = order[start:stop]
        first = int(rows[0])
        yield _Links(
            own[rows],
            other[rows],
            str(related.distinct[related.codes[other[first]]]),
            str(pointer.distinct[pointer.codes[own[first]]]),
            str(pointer.distinct[pointer.codes[other[first]]]),
            bool(by_value[first]),
        )


def _canonical(column: Column) -> Column:
    return column.kept("canonical", lambda: column.mapped(canonical))


def _related(relrec: Frame, links: _Links, left: Frame, right: Frame) -> tuple[Rows, Rows]:
    """Return the pairs of rows that a group of links relates, in the order of the left side, each once."""
    subject = [name for name in SUBJECT if relrec.has(name) and left.has(name) and right.has(name)]
    if not links.by_value:
        keys = [(left.column(name), right.column(name)) for name in subject]
        keys.append((_canonical(left.column(links.own_variable)), _canonical(right.column(links.other_variable))))
        rows = [np.flatnonzero(~keys[-1][side].null) for side in (0, 1)]
        pairs = matching_rows([key[0].take(rows[0]) for key in keys], [key[1].take(rows[1]) for key in keys])
        first, second = rows[0][pairs[0]], rows[1][pairs[1]]
        named = relrec.column("USUBJID").take(links.own).occurring() if "USUBJID" in subject else []
        if named:
            wanted = set(named)
            kept = left.column("USUBJID").where(lambda value: value in wanted)[first]
            first, second = first[kept], second[kept]
        return first, second
    own_rows, left_rows = _pointed(relrec, links.own, left, links.own_variable, subject)
    other_rows, right_rows = _pointed(relrec, links.other, right, links.other_variable, subject)
    place = [Column.of_codes(rows, range(len(links.own)), kind="number") for rows in (own_rows, other_rows)]
    pairs = matching_rows(
        [place[0], *(left.column(name).take(left_rows) for name in subject)],
        [place[1], *(right.column(name).take(right_rows) for name in subject)],
    )
    first, second = left_rows[pairs[0]], right_rows[pairs[1]]
    order = np.lexsort((second, first))
    first, second = first[order], second[order]
    fresh = np.ones(len(first), dtype=bool)
    fresh[1:] = (first[1:] != first[:-1]) | (second[1:] != second[:-1])
    return first[fresh], second[fresh]


def _pointed(relrec: Frame, links: Rows, frame: Frame, variable: str, subject: list[str]) -> tuple[Rows, Rows]:
    """Return, for links with a value, which link points to which row of a dataset."""
    named = [name for name in subject if not relrec.column(name).null[links].any()]
    wanted = [relrec.column(name).take(links) for name in named]
    held = [frame.column(name) for name in named]
    return matching_rows(
        [*wanted, _canonical(relrec.column("IDVARVAL")).take(links)], [*held, _canonical(frame.column(variable))]
    )


def _beside_many(session: Session, frame: Frame, pieces: list[tuple[str, Rows, Rows]], wildcard: str) -> Frame:
    left_rows = np.concatenate([left for _, left, _ in pieces] or [np.zeros(0, dtype=np.int64)])
    taken = frame.taken(left_rows) if len(left_rows) else frame.taken(np.zeros(0, dtype=np.int64))
    named = [_called(session, name, wildcard) for name, _, _ in pieces]
    names = tuple(dict.fromkeys([*taken.names, *(called for names in named for called in names)]))

    def load(name: str) -> Column:
        if not any(name in names for names in named):
            return taken.column(name)
        parts = [
            session.whole(dataset).column(names[name]).take(rows)
            if name in names
            else Column.constant(None, len(rows))
            for (dataset, _, rows), names in zip(pieces, named, strict=True)
        ]
        return concatenate(parts)

    return taken.over(names, load)


def _called(session: Session, dataset: str, wildcard: str) -> dict[str, str]:
    """Return what the columns of a related dataset are called after the join, by that name."""
    identity = session.identities[dataset]
    model = _model_names(session, identity)
    prefix = identity.wildcard
    called = {}
    for name in session.whole(dataset).names:
        general = bool(prefix) and name.startswith(prefix) and f"--{name[len(prefix) :]}" in model
        called[f"RELREC.{wildcard + name[len(prefix) :] if general else name}"] = name
    return called


def _model_names(session: Session, identity: Identity) -> frozenset[str]:
    klass = session.class_of(identity)
    if klass not in OBSERVATION_CLASSES:
        return frozenset()
    classes = [session.model_class(klass)] + ([session.model_class("FINDINGS")] if klass == "FINDINGS ABOUT" else [])
    return frozenset(
        variable.name
        for model in classes
        if model is not None
        for variable in (*model.identifiers, *model.qualifiers, *model.timing, *model.about)
    )
