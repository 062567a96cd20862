"""Run an expression over columns as vector operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from spectrail.coded import Coded
from spectrail.errors import UnknownNameError
from spectrail.expressions import nodes
from spectrail.expressions.functions import FUNCTIONS, LITERAL_KINDS
from spectrail.expressions.truth import compare
from spectrail.expressions.values import (
    Condition,
    Number,
    Text,
    Value,
    as_number,
    as_text,
    choose,
    finite,
    null_text,
    one_text,
    value_of_column,
)

N = TypeVar("N")


def evaluate(expression: nodes.Expression, columns: Mapping[str, pd.Series], index: pd.Index) -> pd.Series:
    """Return the value of an expression for every row of `index`.

    `columns` holds at least the columns the expression reads, each as long as `index`. A condition gives `bool`
    without nulls, numbers `float64`, text `str`; the empty text becomes null. Raises
    UnknownNameError for a missing column.
    """
    value = _Run(columns, len(index)).value(expression.tree)
    if isinstance(value, Text):
        codes = np.ascontiguousarray(np.broadcast_to(value.codes, (len(index),)))
        return Coded(codes, value.values).series(index)
    return pd.Series(np.broadcast_to(value.values, (len(index),)).copy(), index=index)


@dataclass
class _Run:
    """One evaluation: the columns it took up so far."""

    columns: Mapping[str, pd.Series]
    size: int
    taken: dict[str, Value] = field(default_factory=dict)

    def value(self, node: nodes.Node) -> Value:
        return _EVALUATE[type(node)](self, node)

    def condition(self, node: nodes.Node) -> Any:
        value = self.value(node)
        if not isinstance(value, Condition):
            raise TypeError(f"{type(node).__name__} is not a condition")
        return value.values

    def column(self, node: nodes.Column) -> Value:
        if node.name not in self.taken:
            if node.name not in self.columns:
                raise UnknownNameError("column", node.name, map(str, self.columns))
            values = self.columns[node.name]
            if len(values) != self.size:
                raise ValueError(f"column {node.name} has {len(values)} rows, not {self.size}")
            self.taken[node.name] = value_of_column(values)
        return self.taken[node.name]

    def compared(self, node: nodes.Compare) -> Value:
        return Condition(compare(node.operator, _operand(self.value(node.left)), _operand(self.value(node.right))))

    def membership(self, node: nodes.Membership) -> Value:
        value = _operand(self.value(node.value))
        parts = [compare("!=" if node.negated else "==", value, _operand(self.value(item))) for item in node.items]
        return Condition(np.logical_and.reduce(parts) if node.negated else np.logical_or.reduce(parts))

    def logical(self, node: nodes.Logical) -> Value:
        result = self.condition(node.operands[0])
        for operand in node.operands[1:]:
            other = self.condition(operand)
            result = result & other if node.operator == "and" else result | other
        return Condition(result)

    def arithmetic(self, node: nodes.Arithmetic) -> Value:
        left, right = as_number(self.value(node.left)).values, as_number(self.value(node.right)).values
        with np.errstate(all="ignore"):
            return Number(finite(_ARITHMETIC[node.operator](left, right)))

    def negative(self, node: nodes.Negative) -> Value:
        value = as_number(self.value(node.operand))
        literal = f"-{value.literal}" if value.literal and not value.literal.startswith("-") else ""
        return Number(-value.values, literal)

    def conditional(self, node: nodes.Conditional) -> Value:
        return choose(self.condition(node.condition), self.value(node.then), self.value(node.otherwise))

    def call(self, node: nodes.Call) -> Value:
        entry = FUNCTIONS[node.function]
        arguments: list[Any] = []
        for position, argument in enumerate(node.arguments):
            kind = entry.argument(position).kind
            arguments.append(_literal(argument) if kind in LITERAL_KINDS else _TAKE[kind](self.value(argument)))
        return entry.run(*arguments)


def _operand(value: Value) -> Text | Number:
    if isinstance(value, Condition):
        raise TypeError("a condition cannot be compared")
    return value


def _literal(node: nodes.Node) -> str | int:
    if isinstance(node, nodes.TextLiteral):
        return node.value
    if isinstance(node, nodes.Negative) and isinstance(node.operand, nodes.NumberLiteral):
        return -int(node.operand.text)
    if isinstance(node, nodes.NumberLiteral):
        return int(node.text)
    raise TypeError(f"{type(node).__name__} is not a literal")


_TAKE: dict[str, Callable[[Value], Value]] = {"any": lambda value: value, "text": as_text, "number": as_number}
_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
}
_EVALUATE: dict[type, Callable[[_Run, Any], Value]] = {
    nodes.Column: _Run.column,
    nodes.TextLiteral: lambda run, node: one_text(node.value),
    nodes.NumberLiteral: lambda run, node: Number(np.array([node.value]), node.text),
    nodes.NullLiteral: lambda run, node: null_text(),
    nodes.Compare: _Run.compared,
    nodes.Membership: _Run.membership,
    nodes.Logical: _Run.logical,
    nodes.Not: lambda run, node: Condition(~run.condition(node.operand)),
    nodes.Arithmetic: _Run.arithmetic,
    nodes.Negative: _Run.negative,
    nodes.Conditional: _Run.conditional,
    nodes.Call: _Run.call,
}
