"""The tree of a parsed expression: frozen, plain, without pandas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["condition", "number", "text", "any"]
"""What a part of an expression gives; a column is `any` until its data are seen."""

Comparison = Literal["==", "!=", "<", "<=", ">", ">="]
COMPARISONS: tuple[Comparison, ...] = ("==", "!=", "<", "<=", ">", ">=")


@dataclass(frozen=True)
class Column:
    """A column by its full name (`AESTDTC`, `ae_raw.IT.AESTDAT`)."""

    name: str


@dataclass(frozen=True)
class TextLiteral:
    """A text in quotes."""

    value: str


@dataclass(frozen=True)
class NumberLiteral:
    """A number, with the text it was written as (`1.10`, `1E-4`)."""

    text: str

    @property
    def value(self) -> float:
        """The number."""
        return float(self.text)


@dataclass(frozen=True)
class NullLiteral:
    """`None`: no value."""


@dataclass(frozen=True)
class Compare:
    """`left operator right`."""

    operator: Comparison
    left: Node
    right: Node


@dataclass(frozen=True)
class Membership:
    """`value in [items]`, or `not in`."""

    value: Node
    items: tuple[Node, ...]
    negated: bool


@dataclass(frozen=True)
class Logical:
    """`and` or `or` of two or more conditions."""

    operator: Literal["and", "or"]
    operands: tuple[Node, ...]


@dataclass(frozen=True)
class Not:
    """`not condition`."""

    operand: Node


@dataclass(frozen=True)
class Arithmetic:
    """`left + right` and the like."""

    operator: Literal["+", "-", "*", "/"]
    left: Node
    right: Node


@dataclass(frozen=True)
class Negative:
    """`-operand`."""

    operand: Node


@dataclass(frozen=True)
class Conditional:
    """`then if condition else otherwise`."""

    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True)
class Call:
    """A registered function with its arguments."""

    function: str
    arguments: tuple[Node, ...]


Node = (
    Column
    | TextLiteral
    | NumberLiteral
    | NullLiteral
    | Compare
    | Membership
    | Logical
    | Not
    | Arithmetic
    | Negative
    | Conditional
    | Call
)


@dataclass(frozen=True)
class Expression:
    """A checked expression: its text, its tree, the columns it reads (in order of appearance) and what it gives."""

    text: str
    tree: Node
    columns: tuple[str, ...]
    kind: Kind
