"""Expressions as the words a reader of a define.xml expects: `AVALC in ("CR", "CRi") and ADT is not missing`."""

from __future__ import annotations

from collections.abc import Callable

from spectrail.expressions import nodes
from spectrail.expressions.nodes import Node

_OPERATORS = {"==": "=", "!=": "is not"}
_LOOSE = (nodes.Logical, nodes.Conditional, nodes.Arithmetic, nodes.Not)


def in_words(tree: Node) -> str:
    """Return a part of an expression in words, texts in double quotes."""
    return _WORDS[type(tree)](tree)


def _inner(tree: Node) -> str:
    """Return an operand, in parentheses where its words would run into those around it."""
    loose = isinstance(tree, _LOOSE) or (isinstance(tree, nodes.Call) and tree.function in _LOOSE_CALLS)
    return f"({in_words(tree)})" if loose else in_words(tree)


def _part(tree: Node) -> str:
    """Return an argument of a function, in parentheses where it is a calculation or a condition."""
    return f"({in_words(tree)})" if isinstance(tree, _LOOSE) else in_words(tree)


def _compare(tree: nodes.Compare) -> str:
    return f"{_inner(tree.left)} {_OPERATORS.get(tree.operator, tree.operator)} {_inner(tree.right)}"


def _membership(tree: nodes.Membership) -> str:
    if len(tree.items) == 1:
        return f"{_inner(tree.value)} {'is not' if tree.negated else '='} {in_words(tree.items[0])}"
    items = ", ".join(map(in_words, tree.items))
    return f"{_inner(tree.value)} {'not in' if tree.negated else 'in'} ({items})"


def _logical(tree: nodes.Logical) -> str:
    mixed = any(isinstance(one, nodes.Conditional | nodes.Logical) for one in tree.operands)
    parts = [
        f"({in_words(one)})" if mixed and isinstance(one, nodes.Conditional | nodes.Logical) else in_words(one)
        for one in tree.operands
    ]
    return f" {tree.operator} ".join(parts)


def _not(tree: nodes.Not) -> str:
    operand = tree.operand
    if isinstance(operand, nodes.Call) and operand.function in _OPPOSITES:
        return _call(nodes.Call(_OPPOSITES[operand.function], operand.arguments))
    return f"not ({in_words(operand)})"


def _conditional(tree: nodes.Conditional) -> str:
    first = f"{_part(tree.then)} if {in_words(tree.condition)}"
    if isinstance(tree.otherwise, nodes.NullLiteral):
        return first
    return f"{first}; otherwise {in_words(tree.otherwise)}"


def _arithmetic(tree: nodes.Arithmetic) -> str:
    return f"{_inner(tree.left)} {tree.operator} {_inner(tree.right)}"


def _call(tree: nodes.Call) -> str:
    arguments = tree.arguments
    words = [_part(one) for one in arguments]
    if tree.function not in _LISTS:
        return _PHRASES[tree.function, len(arguments)].format(*words)
    start, between, last = _LISTS[tree.function]
    if tree.function == "join":
        start, words = start.format(words[0]), words[1:]
    return start + (between.join(words[:-1]) + last if len(words) > 1 else "") + words[-1]


_OPPOSITES = {"missing": "present", "present": "missing"}
_PHRASES = {
    ("missing", 1): "{0} is missing",
    ("present", 1): "{0} is not missing",
    ("upper", 1): "{0} in upper case",
    ("lower", 1): "{0} in lower case",
    ("strip", 1): "{0} without outer blanks",
    ("length", 1): "the length of {0}",
    ("starts_with", 2): "{0} starts with {1}",
    ("ends_with", 2): "{0} ends with {1}",
    ("contains", 2): "{0} contains {1}",
    ("matches", 2): "{0} matches the pattern {1}",
    ("extract", 2): "the part of {0} that the pattern {1} captures",
    ("extract", 3): "part {2} of what the pattern {1} fits in {0} (part 0 is all of it)",
    ("substr", 2): "the characters of {0} from number {1} on",
    ("substr", 3): "the characters of {0} from number {1} on, {2} of them",
    ("replace", 3): "{0} with the pattern {1} replaced by {2}",
    ("text", 1): "{0} as text",
    ("number", 1): "{0} as a number",
    ("round", 1): "{0} rounded to a whole number",
    ("round", 2): "{0} rounded to {1} decimals",
    ("floor", 1): "{0} rounded down",
    ("ceil", 1): "{0} rounded up",
    ("abs", 1): "the absolute value of {0}",
    ("log10", 1): "the base-10 logarithm of {0}",
    ("date", 1): "the date part of {0}",
    ("time", 1): "the time part of {0}",
    ("year", 1): "the year of {0}",
    ("month", 1): "the month of {0}",
    ("day", 1): "the day of {0}",
    ("is_partial", 1): "{0} is a partial date",
    ("is_date", 1): "{0} is a date",
    ("earliest", 1): "the earliest date that {0} may stand for",
    ("latest", 1): "the latest date that {0} may stand for",
    ("days_between", 2): "the number of days from {0} to {1}",
    ("coalesce", 1): "{0}",
}
_LISTS = {
    "concat": ("", " followed by ", " followed by "),
    "join": ("those not missing, with {0} between them, of ", ", ", " and "),
    "coalesce": ("the first non-missing of ", ", ", " and "),
    "min": ("the lowest of ", ", ", " and "),
    "max": ("the highest of ", ", ", " and "),
}
_LOOSE_CALLS = frozenset(
    {"upper", "lower", "strip", "text", "number", "round", "floor", "ceil", "replace", "concat", "coalesce", "min"}
    | {"max", "days_between", "extract", "earliest", "latest", "substr", "join"}
)
_WORDS: dict[type, Callable[..., str]] = {
    nodes.Column: lambda tree: tree.name,
    nodes.TextLiteral: lambda tree: f'"{tree.value}"',
    nodes.NumberLiteral: lambda tree: tree.text,
    nodes.NullLiteral: lambda tree: "missing",
    nodes.Compare: _compare,
    nodes.Membership: _membership,
    nodes.Logical: _logical,
    nodes.Not: _not,
    nodes.Arithmetic: _arithmetic,
    nodes.Negative: lambda tree: f"-{_inner(tree.operand)}",
    nodes.Conditional: _conditional,
    nodes.Call: _call,
}
