"""One condition of a check, how its operands are found on a frame, and the registry of operators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from spectrail.registry import Registry
from validation.core.columns import Column, Flags, as_objects
from validation.core.frames import Frame
from validation.core.signals import ColumnAbsent, wrong_type


@dataclass(frozen=True)
class Condition:
    """One condition as written: `name` is the target (empty: every column), `value` the comparator.

    `options` holds the other keys (prefix, suffix, regex, within, ordering, order, date_component, negative,
    separator, type_insensitive, round_values, value_is_literal, value_is_reference, extensible).
    """

    name: str
    operator: str
    value: Any = None
    has_value: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)

    def flag(self, key: str) -> bool:
        """Return a yes/no option, no when absent."""
        return bool(self.options.get(key, False))

    def __str__(self) -> str:
        value = f" {self.value}" if self.has_value else ""
        return f"{self.name or '(every variable)'} {self.operator}{value}"


Evaluate = Callable[[Frame, Condition], Flags]


@dataclass(frozen=True)
class Operator:
    """A registered operator: its function, the options it cannot do without, whether it needs a comparator."""

    evaluate: Evaluate
    needs: tuple[str, ...] = ()
    comparator: bool = True


OPERATORS: Registry[Operator] = Registry("operator")


def operator(name: str, *, needs: tuple[str, ...] = (), comparator: bool = True) -> Callable[[Evaluate], Evaluate]:
    """Register an operator under its name in rule files."""

    def add(function: Evaluate) -> Evaluate:
        OPERATORS.add(name, Operator(function, needs, comparator))
        return function

    return add


def negation(name: str, of: str) -> None:
    """Register the exact complement of an operator."""
    positive = OPERATORS[of]
    OPERATORS.add(
        name,
        Operator(lambda frame, condition: ~positive.evaluate(frame, condition), positive.needs, positive.comparator),
    )


def target(frame: Frame, condition: Condition) -> Column:
    """Return the column that a condition names."""
    return frame.column(frame.resolve(condition.name))


def is_column(frame: Frame, condition: Condition) -> bool:
    """Tell whether the comparator names a column of the frame (and may)."""
    value = condition.value
    if condition.flag("value_is_literal") or not isinstance(value, str):
        return False
    return frame.has(frame.resolve(value))


def comparator(frame: Frame, condition: Condition) -> Column:
    """Return the comparator as a column: a column of the frame, the column each cell names, or a repeated literal."""
    value = condition.value
    if condition.flag("value_is_reference"):
        return referenced(frame, str(value))
    if is_column(frame, condition):
        return frame.column(frame.resolve(value))
    return Column.constant(literal(frame, condition), frame.size)


def literal(frame: Frame, condition: Condition) -> Any:
    """Return the comparator as a literal, wildcards replaced (also inside lists)."""
    value = condition.value
    if condition.flag("value_is_literal"):
        return value
    if isinstance(value, str):
        return frame.resolve(value)
    if isinstance(value, (list, tuple)):
        return [frame.resolve(item) if isinstance(item, str) else item for item in value]
    return value


def column_names(frame: Frame, value: Any) -> list[str]:
    """Return the names that a comparator lists, wildcards replaced, list-valued `$id` columns expanded."""
    names: list[str] = []
    for item in value if isinstance(value, (list, tuple)) else [value]:
        name = frame.resolve(str(item))
        if name.startswith("$") and frame.has(name):
            column = frame.column(name)
            if column.kind == "list":
                names.extend(str(member) for members in column.occurring() for member in members)
                continue
        names.append(name)
    return list(dict.fromkeys(names))


def referenced(frame: Frame, name: str) -> Column:
    """Return per row the cell of the column that the cell of column `name` names.

    A cell naming no column of the frame gives null, or stops the dataset, as `Choices.absent_reference` says.
    """
    pointer = frame.column(frame.resolve(name))
    codes = np.full(frame.size, -1, dtype=np.int64)
    values: list[Any] = []
    order = np.argsort(pointer.codes, kind="stable")
    bounds = np.searchsorted(pointer.codes[order], np.arange(len(pointer.distinct) + 1))
    for position, column_name in enumerate(pointer.distinct):
        rows = order[bounds[position] : bounds[position + 1]]
        if not len(rows):
            continue
        if not frame.has(str(column_name)):
            if frame.choices.absent_reference == "skip":
                raise ColumnAbsent(str(column_name))
            continue
        part = frame.column(str(column_name)).take(rows)
        codes[rows] = np.where(part.codes < 0, -1, part.codes + len(values))
        values.extend(part.distinct)
    return Column.of_mapped(codes, values)


def literal_list(frame: Frame, condition: Condition) -> list[Any]:
    """Return the comparator as a list of literals; a bare text that is no column is an error of the rule."""
    value = literal(frame, condition)
    if isinstance(value, (list, tuple)):
        return list(value)
    if isinstance(value, str):
        raise wrong_type(f"{condition}: {value!r} is neither a list nor a variable of the dataset")
    return [value]


def number_option(condition: Condition, key: str) -> int:
    """Return an option that has to be a whole number."""
    value = condition.options.get(key)
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong_type(f"{condition}: {key} has to be a whole number, not {value!r}")
    return value


def pairwise(left: Column, right: Column, test: Callable[[Any, Any], bool]) -> Flags:
    """Test every distinct pair of cells (None for null) with a Python function and spread the answers."""
    span = len(right.distinct) + 1
    codes, pairs = _pair_codes(left, right, span)
    left_values = np.append(left.distinct, as_objects([None]))
    right_values = np.append(right.distinct, as_objects([None]))
    answers = [test(left_values[pair // span], right_values[pair % span]) for pair in pairs.tolist()]
    return np.array(answers, dtype=bool)[codes]


def _pair_codes(left: Column, right: Column, span: int) -> tuple[Any, Any]:
    return pd.factorize(left.group_codes * span + right.group_codes)
