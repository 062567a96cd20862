"""Algorithms: plain registered functions, and what the step runner must know of their arguments.

An algorithm is a function with typed arguments; the annotation says what the text in the specification stands for:

| annotation | the text in the specification | the function receives |
|---|---|---|
| `Values` | a column (`ae_raw.AETERM`, `AETERM`, `DM.RFSTDTC`) | its values, one per record, index 0..n-1 |
| `ColumnName` | the same | the name, checked to exist (record algorithms) |
| `Condition` | an expression | a boolean series, one per record |
| `Computed` | an expression | its value, one per record |
| `Table` | a raw table, lookup table or dataset | its frame; the index is the row number |
| `TableColumn` | a column of that step's table | the name, checked to exist |
| `Content` | nothing (filled in by the runner) | a function: positions -> all collected values |
| `Tables` | nothing (filled in by the runner) | a function: name of a table or dataset -> its frame |
| `Evaluate` | nothing (filled in by the runner) | a function: condition, frame -> boolean array |
| a class the caller has a resolver for | its name | the object (for example one codelist) |
| any other type | text | the text converted to that type |

A column algorithm takes `Values` first and gives back a series or an `Outcome`; a record algorithm takes `frame`
first and gives back `Records`.  Neither knows of lineage: only the runner attaches it.
"""

from __future__ import annotations

import enum
import inspect
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from spectrail.findings import Severity
from spectrail.registry import Registry

Positions = npt.NDArray[np.int64]
F = TypeVar("F", bound=Callable[..., Any])
Method = str | Mapping[str, str]


class Role(enum.Enum):
    """What the text of an argument stands for."""

    COLUMN = "column"
    NAME = "column name"
    CONDITION = "condition"
    EXPRESSION = "expression"
    TABLE = "table"
    TABLE_COLUMN = "column of the table"
    CONTENT = "content"
    TABLES = "tables"
    EVALUATE = "evaluate"
    VALUE = "value"


Values = Annotated[pd.Series, Role.COLUMN]
ColumnName = Annotated[str, Role.NAME]
Condition = Annotated[pd.Series, Role.CONDITION]
Computed = Annotated[pd.Series, Role.EXPRESSION]
Table = Annotated[pd.DataFrame, Role.TABLE]
TableColumn = Annotated[str, Role.TABLE_COLUMN]
Content = Annotated[Callable[[Positions], pd.DataFrame], Role.CONTENT]
Tables = Annotated[Callable[[str], pd.DataFrame], Role.TABLES]
Evaluate = Annotated[Callable[[str, pd.DataFrame], npt.NDArray[np.bool_]], Role.EVALUATE]

INJECTED = (Role.CONTENT, Role.TABLES, Role.EVALUATE)
"""Arguments that the runner fills in; a step does not give them."""


@dataclass(frozen=True)
class Problem:
    """Trouble that an algorithm met in some records; becomes findings.

    `rows` are positions in the values (or frame) that the algorithm received, `values` the offending texts, one per
    row.  With `once`, each distinct value is listed once with its count.  `message` is one text for all rows.
    """

    rule: str
    severity: Severity
    message: str
    rows: Positions
    values: Any
    once: bool = False
    column: str = ""


@dataclass(frozen=True)
class Outcome:
    """What a column algorithm gives back when values alone do not say it all.

    `provider` holds, for values taken from the step's table, the row (index of the table's frame) that gave each
    value, -1 for none; `provider_column` the column it came from. `values` may be one text for all records.
    """

    values: Any
    problems: tuple[Problem, ...] = ()
    provider: Positions | None = None
    provider_column: str = ""


@dataclass(frozen=True)
class Exclusion:
    """Records that a record algorithm left out, and why; every raw row must be accounted for."""

    rows: Positions
    reason: str


@dataclass(frozen=True)
class Link:
    """Rows of a table (index labels of its frame) that went into records: pairs (new position, row)."""

    table: str
    records: Positions
    rows: Positions


@dataclass(frozen=True)
class Taken:
    """The row of a table that gave each record its value of `variable` (-1: none), and the column it came from.

    An empty `table` is the step's own table.
    """

    variable: str
    table: str
    column: str
    rows: Positions


@dataclass(frozen=True)
class Reading:
    """Which columns a new variable was read from, for the records that meet the condition `when`.

    `algorithm` names what was done for this variable where the step does the work of several algorithms.
    """

    variable: str
    sources: tuple[str, ...]
    when: str = ""
    algorithm: str = ""


@dataclass(frozen=True)
class Records:
    """What a record algorithm gives back.

    `provider[i]` is the position of the old record that record i of `frame` goes back to (-1: made by rule).  When
    records go back to several old ones, `links` lists all pairs (new position, old position).  `joined` lists rows of
    the step's table that were merged in: (new position, row of the table); `linked` does so for other tables, by
    name.  `taken` says which row of which table gave the value of a new column, `read` which columns one was read
    from.  `notes` is a table beside the records that says how they came about (the candidates of time to event); it
    is kept with the lineage.
    """

    frame: pd.DataFrame
    provider: Positions
    links: tuple[Positions, Positions] | None = None
    joined: tuple[Positions, Positions] | None = None
    linked: tuple[Link, ...] = ()
    taken: tuple[Taken, ...] = ()
    read: tuple[Reading, ...] = ()
    excluded: tuple[Exclusion, ...] = ()
    problems: tuple[Problem, ...] = ()
    notes: pd.DataFrame | None = None


@dataclass(frozen=True)
class Parameter:
    """One argument of an algorithm; `plural` ones take a sequence of texts, `source` ones a step's `source`."""

    name: str
    role: Role
    type: Any
    required: bool
    default: Any
    plural: bool
    source: bool


@dataclass(frozen=True)
class Algorithm:
    """A registered function with what lint, runner and documentation need to know of it.

    `method` is the template of the method text (see `spectrail.method_text`), or templates by the end of the name of
    the variable told of (`""` stands for all others), or by an argument that lists it (`@dates`).
    `makes` are the variables that a record algorithm gives its records and that no argument names in full:
    `{new_vars_prefix}DT` has the text of that argument in it, `{queries.PREFIX}NAM` each value of that column of the
    lookup table that the argument names. `origin` names the distribution of an algorithm of an extension.
    """

    name: str
    function: Callable[..., Any]
    kind: Literal["column", "records"]
    parameters: tuple[Parameter, ...]
    method: Method = ""
    order_only: bool = False
    makes: tuple[str, ...] = ()
    origin: str = ""

    def parameter(self, name: str) -> Parameter | None:
        """Return an argument by name, or None."""
        return next((p for p in self.parameters if p.name == name), None)

    @property
    def arguments(self) -> tuple[Parameter, ...]:
        """The arguments that a step gives by name, beside its source."""
        return tuple(p for p in self.parameters if not p.source and p.role not in INJECTED)


@dataclass(frozen=True)
class Catalog:
    """A registry of algorithms with the decorators that fill it."""

    registry: Registry[Algorithm]

    def column(self, *, method: Method = "") -> Callable[[F], F]:
        """Register a function that computes one variable from values."""
        return self._add("column", method, order_only=False)

    def records(
        self, *, method: Method = "", order_only: bool = False, makes: tuple[str, ...] = ()
    ) -> Callable[[F], F]:
        """Register a function that makes, leaves out, joins or sorts records.

        `order_only`: it gives the same records in another order. `makes`: variables that its records have.
        """
        return self._add("records", method, order_only=order_only, makes=makes)

    def _add(
        self,
        kind: Literal["column", "records"],
        method: Method,
        *,
        order_only: bool,
        makes: tuple[str, ...] = (),
    ) -> Callable[[F], F]:
        def decorate(function: F) -> F:
            parameters = _parameters(function, skip_first=kind == "records")
            name = function.__name__
            self.registry.add(name, Algorithm(name, function, kind, parameters, method, order_only, makes))
            return function

        return decorate


def _parameters(function: Callable[..., Any], *, skip_first: bool) -> tuple[Parameter, ...]:
    hints = typing.get_type_hints(function, include_extras=True)
    listed = list(inspect.signature(function).parameters.values())
    found = []
    for parameter in listed[1:] if skip_first else listed:
        hint = hints.get(parameter.name, str)
        variadic = parameter.kind is inspect.Parameter.VAR_POSITIONAL
        required = parameter.default is inspect.Parameter.empty and not variadic
        found.append(
            Parameter(
                name=parameter.name,
                role=_role(hint),
                type=hint,
                required=required,
                default=None if parameter.default is inspect.Parameter.empty else parameter.default,
                plural=variadic or _is_tuple(hint),
                source=parameter.kind is not inspect.Parameter.KEYWORD_ONLY,
            )
        )
    return tuple(found)


def _role(hint: Any) -> Role:
    if typing.get_origin(hint) is Annotated:
        for extra in typing.get_args(hint)[1:]:
            if isinstance(extra, Role):
                return extra
        return Role.VALUE
    found = [_role(option) for option in typing.get_args(hint)]
    return next((role for role in found if role is not Role.VALUE), Role.VALUE)


def _is_tuple(hint: Any) -> bool:
    return typing.get_origin(hint) is tuple or any(
        typing.get_origin(option) is tuple for option in typing.get_args(hint)
    )
