"""Checks of where variables come from: steps that fill them, origins, methods."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from specs import models as m
from specs.lint_steps import all_texts, copied
from specs.linting import Context, Found, check
from spectrail.steps import Role

AUTOMATIC = frozenset({"STUDYID", "DOMAIN"})
"""Variables that the engine fills when no step does."""
PARAMETER_NAMES = frozenset({"PARAMCD", "PARAM", "PARAMN", "PARCAT1"})
"""Variables that a parameter gives its records."""
PLACEHOLDER = re.compile(r"\{(?P<argument>\w+)(\.(?P<column>\w+))?\}")


@check("SPEC-149", "warning", "variable never filled")
def unfilled(context: Context) -> Iterator[Found]:
    """Find variables of a dataset with steps that neither a step nor the rule of a parameter fills."""
    for i, dataset in enumerate(context.study.datasets):
        if not dataset.steps or not context.catalog:
            continue
        filled = copied(dataset) | AUTOMATIC | _made(context, dataset)
        for j, variable in enumerate(dataset.variables):
            if variable.name not in filled and variable.has_no_data != "Yes":
                message = f"no step fills {dataset.name}.{variable.name}"
                hint = "add a step, or set 'has no data' to Yes"
                where = ("datasets", i, "variables", j)
                yield Found(where, message, hint, variable.name, dataset.name, variable.name)


def _made(context: Context, dataset: m.Dataset) -> set[str]:
    """Return what steps and parameters of a dataset may make: targets, texts of arguments, names of functions."""
    made = {step.target.removeprefix(f"{dataset.name}.") for step in dataset.steps}
    called = [(step.algorithm, step.arguments) for step in dataset.steps]
    called += [(parameter.rule, parameter.settings) for parameter in dataset.parameters]
    for name, arguments in called:
        entry = context.catalog.get(name)
        named = dict(arguments)
        for parameter in entry.arguments if entry is not None else ():
            if parameter.role is Role.VALUE:  # new_var: ABLFL is a name that need not be given
                named.setdefault(parameter.name, parameter.default)
        for text in all_texts(named):
            made |= {text, *_cells(context, text)}
        made.update(*(_names(context, one, named) for one in (entry.makes if entry is not None else ())))
    return made | (PARAMETER_NAMES if dataset.parameters else set())


def _names(context: Context, template: str, arguments: Mapping[str, Any]) -> list[str]:
    """Return the names of variables that a template of `makes` stands for."""
    found = PLACEHOLDER.search(template)
    if found is None:
        return [template]
    values = list(all_texts(arguments.get(found["argument"])))
    if found["column"]:
        values = [cell for table in values for cell in _cells(context, table, found["column"])]
    return [template.replace(found[0], value) for value in values]


def _cells(context: Context, table: str, column: str = "") -> Iterator[str]:
    """Yield the values of a column of a lookup table, without column those of all and what its headers name."""
    for one in context.study.tables:
        if one.name == table.removeprefix("tables."):
            wanted = [n for n, header in enumerate(one.columns) if not column or header == column]
            yield from () if column else (header.removeprefix("from ").strip() for header in one.columns)
            yield from (row[n] for row in one.rows for n in wanted)


@check("SPEC-150", "warning", "no origin")
def origins(context: Context) -> Iterator[Found]:
    """Find variables that have neither origin nor step: nothing says where their values come from."""
    built = {dataset.name for dataset in context.study.datasets if dataset.steps or dataset.parameters}
    for dataset, variable, path in context.variables():
        if dataset.name.removeprefix("SUPP") in built:  # supplemental qualifiers are built with their dataset
            continue
        if not variable.origins and not variable.method and variable.has_no_data != "Yes":
            message = f"{dataset.name}.{variable.name} has no origin, method or step"
            yield Found(path, message, "give its origin", variable.name, dataset.name, variable.name)


@check("SPEC-151", "warning", "derived without method")
def methods(context: Context) -> Iterator[Found]:
    """Find variables of origin Derived with neither method nor step nor parameters (Define-XML 2.1 asks for one)."""
    for dataset, variable, path in context.variables():
        derived = any(origin.type == "Derived" for origin in variable.origins)
        generated = any(parameter.rule for parameter in dataset.parameters)  # methods are told from what they execute
        by_value = any(level.variable == variable.name and level.method for level in dataset.value_levels)
        if derived and not variable.method and not by_value and not (dataset.steps or generated):
            message = f"{dataset.name}.{variable.name} is derived, but no method says how"
            yield Found(path, message, "refer to a method", variable.name, dataset.name, variable.name)
