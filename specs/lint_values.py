"""Checks of values: codelists against controlled terminology, value levels, predecessors, parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator

from specs import models as m
from specs.guides import kind_of
from specs.linting import Context, Found, check, nearest
from specs.nodes import Path
from specs.study_terms import declared_exception
from specs.terminology import Terms
from spectrail.errors import UnknownNameError

PREDECESSOR = re.compile(r"\s*([A-Z][A-Z0-9]{1,7})\.([A-Z][A-Z0-9_]{0,7})\s*")
NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*")


@check("SPEC-160", "error", "term not in codelist")
def foreign_terms(context: Context) -> Iterator[Found]:
    """Find terms of a codelist that its CDISC list does not have and, not being extensible, cannot be given."""
    for codelist, path, official in _official(context):
        if official.extensible:
            continue
        for j, term in enumerate(codelist.terms):
            if term.term not in official.by_value and not declared_exception(term):
                message = (
                    f"{codelist.code} ({official.codelist.name}) has no term {term.term!r} and is not extensible"
                )
                hint = nearest(term.term, official.submission_values)
                yield Found((*path, "terms", j), message, hint, term.term)


@check("SPEC-161", "warning", "extension not marked")
def unmarked_extensions(context: Context) -> Iterator[Found]:
    """Find terms that extend a CDISC list without being marked as extended, and marked ones that the list has."""
    for codelist, path, official in _official(context):
        for j, term in enumerate(codelist.terms):
            known = term.term in official.by_value
            if not known and official.extensible and not term.extended:
                near = nearest(term.term, official.submission_values)
                hint = f"{near} Or mark it as extended" if near.startswith("did") else "mark it as extended"
                message = f"{codelist.code} ({official.codelist.name}) has no term {term.term!r}"
                yield Found((*path, "terms", j), message, hint, term.term)
            elif known and term.extended:
                message = f"{term.term!r} is marked as extended, but {codelist.code} has it"
                yield Found((*path, "terms", j), message, "remove the mark", term.term)


def _official(context: Context) -> Iterator[tuple[m.Codelist, Path, Terms]]:
    for i, codelist in enumerate(context.study.codelists):
        if codelist.code and codelist.terms and context.terms is not None and codelist.code in context.terms:
            yield codelist, ("codelists", i), context.terms.terms(codelist.code)


@check("SPEC-162", "error", "unknown codelist code")
def codes(context: Context) -> Iterator[Found]:
    """Find C-codes of codelists that the study's release of controlled terminology does not have."""
    if context.terms is None:
        return
    for i, codelist in enumerate(context.study.codelists):
        if codelist.code and codelist.code not in context.terms:
            message = f"controlled terminology {context.study.ct} has no codelist {codelist.code!r}"
            near = nearest(codelist.id, {one.name for one in context.terms.codelists.values()})
            hint = near if near.startswith("did") else "check the code; leave it out for a list of the sponsor"
            yield Found(("codelists", i, "code"), message, hint, codelist.code)


@check("SPEC-163", "warning", "term code differs")
def term_codes(context: Context) -> Iterator[Found]:
    """Find terms whose C-code is not the one of controlled terminology."""
    for codelist, path, official in _official(context):
        for j, term in enumerate(codelist.terms):
            listed = official.by_value.get(term.term)
            if listed is not None and term.code and term.code != listed.code:
                message = f"{term.term!r} of {codelist.id} has code {term.code}, controlled terminology {listed.code}"
                yield Found((*path, "terms", j, "code"), message, "leave the code out to take it", term.code)


@check("SPEC-164", "error", "value level of an unknown variable")
def level_variables(context: Context) -> Iterator[Found]:
    """Find value levels of a variable that their dataset does not have."""
    for dataset, level, path in context.value_levels():
        if level.variable not in dataset.names:
            message = f"{dataset.name} has no variable {level.variable!r}"
            hint = nearest(level.variable, dataset.names)
            yield Found((*path, "variable"), message, hint, level.variable, dataset.name, level.variable)


def _conditions(context: Context) -> Iterator[tuple[m.Dataset, m.Condition, Path]]:
    """Yield each condition with the dataset it is about, unless that is not specified."""
    for dataset, level, path in context.value_levels():
        for clause in (level.where, *level.alternatives):
            for condition in clause.conditions:
                other = context.datasets.get(condition.dataset) if condition.dataset else dataset
                if other is not None:
                    yield other, condition, (*path, "where")


@check("SPEC-165", "error", "where clause on an unknown variable")
def where_variables(context: Context) -> Iterator[Found]:
    """Find where clauses that name a dataset or variable that is not specified."""
    for dataset, level, path in context.value_levels():
        for condition in level.where.conditions:
            if condition.dataset and condition.dataset not in context.datasets:
                message = f"the where clause names the unknown dataset {condition.dataset!r}"
                hint = nearest(condition.dataset, set(context.datasets))
                yield Found((*path, "where"), message, hint, condition.dataset, dataset.name, level.variable)
    for other, condition, where in _conditions(context):
        if condition.variable not in other.names:
            message = f"the where clause names {condition.variable!r}, which {other.name} does not have"
            hint = nearest(condition.variable, other.names)
            yield Found(where, message, hint, condition.variable, other.name, condition.variable)


@check("SPEC-166", "error", "where clause with an impossible value")
def where_values(context: Context) -> Iterator[Found]:
    """Find where clauses whose value the variable cannot have: not in its codelist, no number, no parameter code."""
    for dataset, condition, where in _conditions(context):
        if condition.variable not in dataset.names:
            continue
        variable = dataset.variable(condition.variable)
        for value in condition.values:
            reason = _impossible(context, dataset, variable, value)
            if value and reason:
                right = [
                    other.name
                    for other in dataset.variables
                    if other.name != variable.name and value in (_allowed(context, dataset, other) or ())
                ]
                hint = f"did you mean {right[0]} EQ {value}?" if right else reason[1]
                message = f"{variable.name} {condition.comparator} {value}: {reason[0]}"
                yield Found(where, message, hint, value, dataset.name, variable.name)


def _allowed(context: Context, dataset: m.Dataset, variable: m.Variable) -> frozenset[str] | None:
    """Return the values that a variable can have; None when that is not known."""
    if variable.name == "PARAMCD" and dataset.parameters:
        return frozenset(parameter.paramcd for parameter in dataset.parameters)
    bounded = context.values(variable.codelist) if variable.codelist else None
    return bounded[0] if bounded is not None and bounded[1] else None


def _impossible(context: Context, dataset: m.Dataset, variable: m.Variable, value: str) -> tuple[str, str] | None:
    if variable.data_type in ("integer", "float") and not NUMBER.fullmatch(value):
        return f"{variable.name} is a number", "compare it with a number"
    allowed = _allowed(context, dataset, variable)
    if allowed is None or value in allowed:
        return None
    source = variable.codelist or "the parameters"
    return f"{value!r} is not in {source}", nearest(value, set(allowed))


@check("SPEC-167", "error", "predecessor not found")
def predecessors(context: Context) -> Iterator[Found]:
    """Find predecessors `DATASET.VARIABLE` that neither the study nor the standards have."""
    for dataset, variable, path in context.variables():
        for origin in variable.origins:
            match = PREDECESSOR.fullmatch(origin.predecessor)
            if match is None:
                continue
            problem = _predecessor_problem(context, match[1], match[2])
            if problem is not None:
                message = (
                    f"the predecessor {origin.predecessor.strip()} of {dataset.name}.{variable.name} {problem[0]}"
                )
                where = (*path, "origins")
                yield Found(where, message, problem[1], origin.predecessor, dataset.name, variable.name)


def _predecessor_problem(context: Context, name: str, variable: str) -> tuple[str, str] | None:
    if name in context.datasets:
        known = context.datasets[name].names
        return None if variable in known else ("is not specified", nearest(variable, known))
    stub = m.Dataset(name=name)
    if kind_of(stub) == "adam":
        return "is in a dataset that is not specified", nearest(name, set(context.datasets))
    if name.startswith("SUPP") or context.guides.sdtm is None:
        return None
    try:
        listed = context.guides.sdtm.dataset(name)
    except UnknownNameError:
        return "is in an unknown dataset", nearest(name, {*context.datasets, *context.guides.sdtm.datasets})
    if context.guides.variable(stub, variable) is None:
        return "is unknown to SDTM", nearest(variable, [one.name for one in listed.variables])
    return None


@check("SPEC-168", "warning", "assigned value not in codelist")
def assigned_values(context: Context) -> Iterator[Found]:
    """Find assigned values that are not in the codelist of their variable."""
    for dataset, variable, path in context.variables():
        allowed = _allowed(context, dataset, variable) if variable.assigned_value else None
        if allowed is not None and variable.assigned_value not in allowed:
            message = f"{variable.assigned_value!r} is not in codelist {variable.codelist}"
            hint = nearest(variable.assigned_value, set(allowed))
            where = (*path, "assigned_value")
            yield Found(where, message, hint, variable.assigned_value, dataset.name, variable.name)


@check("SPEC-169", "error", "parameter")
def parameters(context: Context) -> Iterator[Found]:
    """Find parameter codes that are given twice or longer than 8 characters, and parameters over 200 bytes."""
    for i, dataset in enumerate(context.study.datasets):
        seen: set[str] = set()
        for j, parameter in enumerate(dataset.parameters):
            path = ("datasets", i, "parameters", j)
            code = parameter.paramcd
            if code in seen:
                yield Found(path, f"parameter {code} is there twice", "keep one", code, dataset.name, "PARAMCD")
            seen.add(code)
            if not re.fullmatch(r"[A-Z_][A-Z0-9_]{0,7}", code):
                message = f"{code!r} cannot be a parameter code"
                yield Found(path, message, "1 to 8 capitals, digits and _", code, dataset.name, "PARAMCD")
            if len(parameter.param.encode()) > 200:
                message = f"the text of parameter {code} has over 200 bytes"
                yield Found(path, message, "shorten it", parameter.param, dataset.name, "PARAM")


@check("SPEC-170", "error", "duplicate value level")
def duplicate_levels(context: Context) -> Iterator[Found]:
    """Find value levels of one variable with the same conditions."""
    for i, dataset in enumerate(context.study.datasets):
        seen: set[str] = set()
        for j, level in enumerate(dataset.value_levels):
            key = f"{level.variable} {level.where.conditions!r}"
            if key in seen:
                message = f"{dataset.name}.{level.variable} has two value levels with the same where clause"
                where = ("datasets", i, "value_levels", j)
                yield Found(where, message, "keep one of them", level.variable, dataset.name, level.variable)
            seen.add(key)
