"""The functions of the expression language: their registry, the way they are declared and called.

The functions themselves are in `text_functions` and `number_functions`, which the package imports.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from spectrail.expressions.nodes import Kind
from spectrail.expressions.values import Value
from spectrail.registry import Registry

ArgumentKind = Literal["any", "text", "number", "literal text", "literal integer", "pattern", "replacement"]
"""`literal ...`, `pattern` and `replacement` have to be written out in the expression; the rest may be computed."""

LITERAL_KINDS = ("literal text", "literal integer", "pattern", "replacement")


Check = Callable[[Sequence[Any]], None]
"""Checks the literal arguments (None stands for the others); raises ValueError."""


@dataclass(frozen=True)
class Argument:
    """One argument; `repeated` ones take all that follow, `required` ones cannot be left out."""

    name: str
    kind: ArgumentKind
    required: bool = True
    repeated: bool = False


@dataclass(frozen=True)
class Example:
    """An expression, the columns it reads and what it gives, value by value."""

    text: str
    columns: Mapping[str, tuple[Any, ...]]
    result: tuple[Any, ...]


@dataclass(frozen=True)
class Function:
    """One function: arguments, what it gives, its text for the manual, an example, and the code that runs it."""

    name: str
    arguments: tuple[Argument, ...]
    result: Kind
    description: str
    example: Example
    run: Callable[..., Value]
    check: Check | None = None

    @property
    def signature(self) -> str:
        """How it is called: `substr(x, start, length)`, what may be left out in brackets."""
        shown = []
        for argument in self.arguments:
            text = f"{argument.name}, ..." if argument.repeated else argument.name
            shown.append(text if argument.required else f"[{text}]")
        return f"{self.name}({', '.join(shown)})"

    @property
    def least(self) -> int:
        """The least number of arguments."""
        return sum(argument.required for argument in self.arguments)

    @property
    def most(self) -> int | None:
        """The greatest number of arguments, None for any."""
        return None if any(argument.repeated for argument in self.arguments) else len(self.arguments)

    def argument(self, position: int) -> Argument:
        """Return the argument that takes the value at a position."""
        return self.arguments[min(position, len(self.arguments) - 1)]


FUNCTIONS: Registry[Function] = Registry("function")
"""Every function of the language."""


def function(
    *kinds: ArgumentKind,
    gives: Kind,
    example: tuple[str, Mapping[str, tuple[Any, ...]], tuple[Any, ...]],
    check: Check | None = None,
) -> Callable[[Callable[..., Value]], Callable[..., Value]]:
    """Register a function: the kinds of its arguments in order, what it gives, an example as (text, columns, result).

    Names, defaults and the description are those of the Python function; its name may end in `_` to avoid a builtin.
    """

    def add(run: Callable[..., Value]) -> Callable[..., Value]:
        parameters = list(inspect.signature(run).parameters.values())
        if len(parameters) != len(kinds):
            raise TypeError(f"{run.__name__}: {len(kinds)} kinds for {len(parameters)} arguments")
        arguments = tuple(
            Argument(
                parameter.name,
                kind,
                required=parameter.default is inspect.Parameter.empty,
                repeated=parameter.kind is inspect.Parameter.VAR_POSITIONAL,
            )
            for parameter, kind in zip(parameters, kinds, strict=True)
        )
        called = run.__name__.rstrip("_")
        description = inspect.getdoc(run) or ""
        FUNCTIONS.add(called, Function(called, arguments, gives, description, Example(*example), run, check))
        return run

    return add
