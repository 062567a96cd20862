"""Checks of where variables come from: steps that fill them, origins, methods."""

from __future__ import annotations

from collections.abc import Iterator

from specs.lint_steps import all_texts, copied
from specs.linting import Context, Found, check

AUTOMATIC = frozenset({"STUDYID", "DOMAIN"})
"""Variables that the engine fills when no step does."""


@check("SPEC-149", "warning", "variable never filled")
def unfilled(context: Context) -> Iterator[Found]:
    """Find variables of a dataset with steps that no step fills."""
    cells = {
        table.name: {
            *(column.removeprefix("from ").strip() for column in table.columns),
            *(cell for row in table.rows for cell in row),
        }
        for table in context.study.tables
    }
    for i, dataset in enumerate(context.study.datasets):
        if not dataset.steps or not context.catalog:
            continue
        made = {step.target.removeprefix(f"{dataset.name}.") for step in dataset.steps} | copied(dataset)
        if dataset.parameters:
            made |= {"PARAMCD", "PARAM", "PARAMN", "PARCAT1"}
        for step in dataset.steps:
            entry = context.algorithm(step)
            made |= set(entry.makes) if entry is not None else set()
            for text in all_texts(step.arguments):
                made |= {text, *cells.get(text, set())}
        for j, variable in enumerate(dataset.variables):
            if variable.name not in made | AUTOMATIC and variable.has_no_data != "Yes":
                message = f"no step fills {dataset.name}.{variable.name}"
                hint = "add a step, or set 'has no data' to Yes"
                where = ("datasets", i, "variables", j)
                yield Found(where, message, hint, variable.name, dataset.name, variable.name)


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
    """Find variables of origin Derived that have neither method nor step (Define-XML 2.1 asks for a method)."""
    for dataset, variable, path in context.variables():
        derived = any(origin.type == "Derived" for origin in variable.origins)
        by_value = any(level.variable == variable.name and level.method for level in dataset.value_levels)
        if derived and not variable.method and not by_value and not dataset.steps:
            message = f"{dataset.name}.{variable.name} is derived, but no method says how"
            yield Found(path, message, "refer to a method", variable.name, dataset.name, variable.name)
