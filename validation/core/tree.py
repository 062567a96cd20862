"""The boolean tree of a check: compiled once, evaluated on a frame; a true row is a violation.

`all` needs every column its children need; `any` drops a child that meets an absent column and stops only when all
its children did; `not` negates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

import validation.core.operators  # noqa: F401  (registers the operators)
from spectrail.errors import UnknownNameError
from validation.core.columns import Flags
from validation.core.conditions import OPERATORS, Condition
from validation.core.frames import Frame
from validation.core.patterns import supported
from validation.core.signals import ColumnAbsent, NotEvaluated

__all__ = ["Branch", "Node", "compile_check", "conditions_of", "evaluate", "mentioned_names", "notes_on"]

DEEPEST = 30
_NAME = re.compile(r"[\w$.*-]+")
_KEYS = frozenset({"name", "operator", "value"})
_FLAGS = ("value_is_literal", "value_is_reference", "type_insensitive", "round_values", "negative", "extensible")
_TEXTS = ("prefix", "suffix", "regex", "within", "ordering", "order", "date_component", "separator")
_OPTIONS = frozenset((*_FLAGS, *_TEXTS, "context", "metadata"))
_REGEX_OPERATORS = frozenset(name for name in OPERATORS if name.endswith("matches_regex"))


@dataclass(frozen=True)
class Branch:
    """An inner node: `not` has one child."""

    kind: Literal["all", "any", "not"]
    children: tuple[Node, ...]


Node = Branch | Condition


def compile_check(raw: object, *, depth: int = 0) -> Node:
    """Compile the plain data of a Check; raise `NotEvaluated` for anything that is no tree of known conditions."""
    if depth > DEEPEST:
        raise _fault("the check is nested too deeply")
    if not isinstance(raw, Mapping):
        raise _fault(f"a node of the check is neither a condition nor all/any/not: {str(raw)[:80]!r}")
    kinds = [key for key in raw if key in ("all", "any", "not")]
    if len(kinds) > 1 or (kinds and len(raw) > 1):
        raise _fault(f"a node of the check mixes {', '.join(str(key) for key in raw)}")
    if not kinds:
        return _condition(raw)
    kind = kinds[0]
    children = raw[kind]
    if kind == "not":
        return Branch("not", (compile_check(children, depth=depth + 1),))
    if not isinstance(children, list) or not children:
        raise _fault(f"{kind} has to be a list of conditions")
    return Branch(kind, tuple(compile_check(child, depth=depth + 1) for child in children))


def _fault(reason: str) -> NotEvaluated:
    return NotEvaluated(reason, cause="broken_rule")


def _condition(raw: Mapping[str, Any]) -> Condition:
    name = raw.get("operator")
    if not isinstance(name, str):
        raise _fault(f"a condition has no operator: {str(dict(raw))[:80]}")
    try:
        known = OPERATORS[name]
    except UnknownNameError as error:
        hint = f" ({error.hint})" if error.hint.startswith("did you mean") else ""
        raise _fault(f"{error.what}{hint}") from None
    strange = [key for key in raw if key not in _KEYS and key not in _OPTIONS]
    if strange:
        raise _fault(f"operator {name}: unknown key {strange[0]!r}")
    missing = [key for key in known.needs if raw.get(key) is None]
    if known.comparator and "value" not in raw:
        missing.append("value")
    if missing:
        raise _fault(f"operator {name} on {raw.get('name')}: {' and '.join(missing)} is missing")
    condition = Condition(
        str(raw.get("name") or ""),
        name,
        raw.get("value"),
        "value" in raw,
        {key: value for key, value in raw.items() if key in _OPTIONS},
    )
    for pattern in _patterns(condition):
        supported(pattern)
    return condition


def _patterns(condition: Condition) -> list[str]:
    found = [condition.value] if condition.operator in _REGEX_OPERATORS else []
    found.append(condition.options.get("regex"))
    return [pattern for pattern in found if isinstance(pattern, str)]


def notes_on(node: Node) -> str:
    """Say what is doubtful in a check: names no variable can have, regular expressions that need backtracking."""
    notes: dict[str, None] = {}
    for condition in conditions_of(node):
        if condition.name and not _NAME.fullmatch(condition.name):
            notes[f"{condition.name!r} cannot be the name of a variable"] = None
        for pattern in _patterns(condition):
            if not supported(pattern):
                notes[f"regular expression {pattern!r} is outside the linear-time engine"] = None
    return "; ".join(notes)


def conditions_of(node: Node) -> Iterator[Condition]:
    """Yield the conditions of a tree in order."""
    if isinstance(node, Condition):
        yield node
        return
    for child in node.children:
        yield from conditions_of(child)


def mentioned_names(node: Node) -> frozenset[str]:
    """Return all names and text comparators of a tree as written."""
    names: set[str] = set()
    for condition in conditions_of(node):
        names.add(condition.name)
        values = condition.value if isinstance(condition.value, (list, tuple)) else [condition.value]
        names.update(value for value in values if isinstance(value, str))
    return frozenset(names)


def evaluate(node: Node, frame: Frame, *, negated: bool = False) -> Flags:
    """Return which rows of a frame violate; raise `ColumnAbsent` or `NotEvaluated` where that cannot be said."""
    if isinstance(node, Condition):
        if node.name:
            return OPERATORS[node.operator].evaluate(frame, node)
        return evaluate(Branch("all", _for_every_column(node, frame)), frame, negated=negated)
    if node.kind == "not":
        return ~evaluate(node.children[0], frame, negated=True)
    children = [
        part
        for child in node.children
        for part in (_for_every_column(child, frame) if isinstance(child, Condition) and not child.name else (child,))
    ]
    combine = _all if node.kind == "all" else _any
    return combine(children, frame, negated=negated)


def _for_every_column(condition: Condition, frame: Frame) -> tuple[Condition, ...]:
    return tuple(replace(condition, name=name) for name in frame.names if not name.startswith("$"))


def _all(children: list[Node], frame: Frame, *, negated: bool) -> Flags:
    """Return the rows on which all children hold.

    A child that is false on every row decides the answer, whatever column another child lacks or cannot work on
    (`exists` before the use of a variable); below `not`, these always stop.
    """
    flags = np.ones(frame.size, dtype=bool)
    absent: ColumnAbsent | None = None
    failed: NotEvaluated | None = None
    for child in children:
        try:
            flags = flags & evaluate(child, frame, negated=negated)
        except ColumnAbsent as signal:
            absent = absent or signal
        except NotEvaluated as signal:
            failed = failed or signal
        if not negated and not flags.any():
            return flags
    reason = absent or failed
    if reason is not None and (negated or flags.any()):
        raise reason
    return flags


def _any(children: list[Node], frame: Frame, *, negated: bool) -> Flags:
    flags: Flags | None = None
    absent: ColumnAbsent | None = None
    for child in children:
        try:
            found = evaluate(child, frame, negated=negated)
        except ColumnAbsent as signal:
            absent = signal
            continue
        flags = found if flags is None else flags | found
    if flags is None:
        raise absent or ColumnAbsent("")
    return flags
