"""Checks of steps: algorithms, arguments, sources, expressions, and the order in which columns come to exist."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import NoneType
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from specs import models as m
from specs.expressions import parse
from specs.guides import kind_of
from specs.linting import Context, Found, check, nearest
from specs.nodes import Path
from spectrail.errors import SpecError
from spectrail.runner import STACK, START
from spectrail.steps import Algorithm, Parameter, Role

BUILT_IN = (START, STACK)


def all_texts(value: Any) -> Iterator[str]:
    """Yield every text in an argument, keys of mappings included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from all_texts(item)
    elif isinstance(value, Sequence):
        for item in value:
            yield from all_texts(item)


def _known(context: Context) -> Iterator[tuple[m.Dataset, m.Step, Path, Algorithm]]:
    for dataset, step, path in context.settled():
        entry = context.algorithm(step)
        if entry is not None:
            yield dataset, step, path, entry


@check("SPEC-140", "error", "target not specified")
def targets(context: Context) -> Iterator[Found]:
    """Find targets that are no variable of their dataset and that neither a later step nor another dataset reads."""
    elsewhere = {name for _, step, _ in context.steps() for name in _read(context, step) if "." in name}
    elsewhere |= {name for _, step, _, entry in _known(context) for name in _table_columns(step, entry)}
    for i, dataset in enumerate(context.study.datasets):
        for j, step in enumerate(dataset.steps if dataset.variables else ()):
            target = step.target.removeprefix(f"{dataset.name}.")
            if not target or target in dataset.names:
                continue
            path = ("datasets", i, "steps", j, "target")
            prefix, dot, _ = target.partition(".")
            if dot and prefix == f"SUPP{dataset.name}":
                continue
            read = (name for later in dataset.steps[j + 1 :] for name in _read(context, later))
            if not dot and (any(target == name for name in read) or f"{dataset.name}.{target}" in elsewhere):
                continue
            hint = f"use SUPP{dataset.name}.NAME" if dot else nearest(target, dataset.names)
            message = f"the target {step.target!r} is not a variable of {dataset.name}"
            yield Found(path, message, hint, step.target, dataset.name, target)


@check("SPEC-141", "error", "unknown algorithm")
def algorithms(context: Context) -> Iterator[Found]:
    """Find steps whose algorithm is not registered."""
    if not context.catalog:
        return
    for dataset, step, path in context.steps():
        if step.algorithm not in context.catalog and step.algorithm not in BUILT_IN:
            hint = nearest(step.algorithm, [*context.catalog, *BUILT_IN])
            message = f"unknown algorithm {step.algorithm!r}"
            yield Found((*path, "algorithm"), message, hint, step.algorithm, dataset.name, step.target)


@check("SPEC-142", "error", "unknown argument")
def unknown_arguments(context: Context) -> Iterator[Found]:
    """Find arguments that the algorithm of a step does not take."""
    for dataset, step, path, entry in _known(context):
        known = [p.name for p in entry.parameters]
        for name in step.arguments:
            if name not in known:
                message = f"{entry.name} takes no argument {name!r}"
                place = (*path, name) if (*path, name) in context.places else (*path, "arguments", name)
                yield Found(place, message, nearest(name, known), name, dataset.name, step.target)


@check("SPEC-143", "error", "argument missing")
def missing_arguments(context: Context) -> Iterator[Found]:
    """Find steps that lack an argument, a source or a target that their algorithm needs."""
    for dataset, step, path, entry in _known(context):
        own = {"codelist": step.codelist, "when": step.when, "target": step.target, "source": step.source}
        codelists = {variable.name: variable.codelist for variable in dataset.variables}
        # of a supplemental qualifier, and without terminology to complete variables from, it cannot be told
        untold = "." in step.target or context.terms is None
        own["codelist"] = own["codelist"] or codelists.get(step.target) or ("-" if untold else "")
        for parameter in entry.arguments:
            given = parameter.name in step.arguments or bool(own.get(parameter.name))
            if parameter.required and not given:
                message = f"{entry.name} needs the argument {parameter.name!r}"
                hint = f"add {parameter.name}: ... to the step"
                yield Found(path, message, hint, parameter.name, dataset.name, step.target)
        if entry.kind == "column" and not step.target:
            yield Found(path, f"{entry.name} needs a target", "say which variable gets the values", "", dataset.name)


@check("SPEC-144", "error", "number of sources")
def number_of_sources(context: Context) -> Iterator[Found]:
    """Find steps that give more or fewer sources than their algorithm takes."""
    for dataset, step, path in context.steps():
        if step.algorithm == START and len(step.source) != 1:
            yield Found(path, f"{START} takes exactly one source", "source: FORM", "", dataset.name)
    for dataset, step, path, entry in _known(context):
        if entry.kind == "records":
            continue
        single = [p for p in entry.parameters if p.source and not p.plural]
        plural = any(p.source and p.plural for p in entry.parameters)
        fewest = sum(p.required and p.name not in step.arguments for p in single)
        count = len(step.source)
        if count < fewest or (count > len(single) and not plural):
            needed = (
                f"at least {fewest}" if plural else str(fewest) if fewest == len(single) else f"up to {len(single)}"
            )
            message = f"{entry.name} takes {needed} source(s), the step gives {count}"
            hint = "name the columns it reads in source"
            yield Found(path, message, hint, " ".join(step.source), dataset.name, step.target)


@check("SPEC-145", "error", "argument does not fit")
def argument_types(context: Context) -> Iterator[Found]:
    """Find arguments whose text cannot be turned into what the algorithm takes (a number, one of some words)."""
    for dataset, step, path, entry in _known(context):
        for name, value in step.arguments.items():
            parameter = entry.parameter(name)
            if parameter is None or parameter.role is not Role.VALUE or not _plain(parameter.type):
                continue
            problem = _misfit(parameter, value)
            if problem:
                message = f"the argument {name!r} of {entry.name} does not fit: {problem}"
                where = (*path, "arguments", name)
                hint = f"it takes {_words(parameter.type)}"
                yield Found(where, message, hint, " ".join(all_texts(value)), dataset.name, step.target)


def _plain(kind: Any) -> bool:
    """Tell whether a type is made of text, numbers, yes/no, words and sequences or mappings of these."""
    origin = typing.get_origin(kind)
    if origin is Literal:
        return True
    if origin is not None:
        return all(_plain(part) for part in typing.get_args(kind) if part is not Ellipsis)
    return kind in (str, int, float, bool, NoneType)


def _misfit(parameter: Parameter, value: Any) -> str:
    if parameter.plural and isinstance(value, str):
        value = (value,)
    try:
        TypeAdapter(parameter.type).validate_python(value)
    except ValidationError as error:
        return str(error.errors()[0]["msg"])
    return ""


def _words(kind: Any) -> str:
    if typing.get_origin(kind) is Literal:
        return " or ".join(map(str, typing.get_args(kind)))
    words = {str: "text", int: "a whole number", float: "a number", bool: "yes or no", NoneType: "nothing"}
    if kind in words:
        return words[kind]
    return " or ".join(dict.fromkeys(_words(part) for part in typing.get_args(kind) if part is not Ellipsis))


@check("SPEC-146", "error", "expression not understood")
def expressions(context: Context) -> Iterator[Found]:
    """Find conditions and computations that do not parse; only the expression language is allowed in them."""
    for dataset, step, path in context.settled():
        texts = [(step.when, (*path, "when"), True)] if step.when else []
        entry = context.algorithm(step)
        for parameter in entry.parameters if entry is not None else ():
            if parameter.role in (Role.CONDITION, Role.EXPRESSION) and parameter.name in step.arguments:
                condition = parameter.role is Role.CONDITION
                where = (*path, "arguments", parameter.name)
                texts += [(text, where, condition) for text in all_texts(step.arguments[parameter.name])]
        for text, where, condition in texts:
            try:
                parse(text, kind="condition" if condition else "any")
            except SpecError as error:
                yield Found(where, error.what, error.hint, text, dataset.name, step.target)
            except Exception as error:
                if type(error).__module__ != "spectrail.errors":
                    raise
                yield Found(where, str(error.args[0]), getattr(error, "hint", ""), text, dataset.name, step.target)


def _columns(text: str) -> tuple[str, ...]:
    try:
        return tuple(parse(text).columns) if text else ()
    except Exception as error:
        if type(error).__module__ != "spectrail.errors":
            raise
        return ()


def _read(context: Context, step: m.Step) -> Iterator[str]:
    """Yield the columns that a step reads: sources, conditions, expressions, arguments that name columns."""
    if step.algorithm not in BUILT_IN:
        yield from step.source
    yield from _columns(step.when)
    entry = context.algorithm(step)
    for parameter in entry.arguments if entry is not None else ():
        if parameter.name in step.arguments:
            for text in all_texts(step.arguments[parameter.name]):
                if parameter.role in (Role.COLUMN, Role.NAME):
                    yield text
                elif parameter.role in (Role.CONDITION, Role.EXPRESSION):
                    yield from _columns(text)


def _table_columns(step: m.Step, entry: Algorithm) -> Iterator[str]:
    """Yield the columns that a step reads of its table, with the table's name."""
    tables = [step.arguments.get(p.name, p.default) for p in entry.arguments if p.role is Role.TABLE]
    for parameter in entry.arguments:
        if parameter.role is Role.TABLE_COLUMN:
            for column in all_texts(step.arguments.get(parameter.name, parameter.default)):
                yield from (f"{table}.{column}" for table in tables if isinstance(table, str))


@dataclass
class _Columns:
    """What has come to exist before a step of a dataset: columns, opened forms, and whether more is unknown."""

    made: set[str] = field(default_factory=set)
    forms: set[str] = field(default_factory=set)
    mentioned: set[str] = field(default_factory=set)
    opaque: bool = False

    def after(self, step: m.Step, entry: Algorithm | None, context: Context) -> None:
        """Add what a step makes."""
        if step.target:
            self.made.add(step.target)
        if step.algorithm == START:
            self.forms.update(step.source)
        if entry is None:
            self.opaque = self.opaque or step.algorithm not in BUILT_IN
            return
        for parameter in entry.arguments:
            given = step.arguments.get(parameter.name, parameter.default)
            if parameter.role is Role.TABLE and isinstance(given, str):
                self.forms.add(given)
        if entry.kind == "records" and not entry.order_only:
            self.opaque = True
            self.mentioned.update(all_texts(step.arguments))
            self.mentioned.update(step.source)
            named = set(all_texts(step.arguments))
            for table in context.study.tables:
                if table.name in named:  # a mapping table makes the variables that its headers name
                    self.mentioned.update(column.removeprefix("from ").strip() for column in table.columns)


def copied(dataset: m.Dataset) -> set[str]:
    """Return the variables of an analysis dataset that are copied from their predecessor without a step."""
    if kind_of(dataset) != "adam":
        return set()
    return {variable.name for variable in dataset.variables if any(one.predecessor for one in variable.origins)}


def _is_dataset(context: Context, name: str) -> bool:
    """Tell whether a dataset is specified, or one of SDTMIG that the study takes from finished SDTM."""
    known = context.guides.sdtm is not None and name in context.guides.sdtm.datasets
    return name in context.datasets or (known and bool(context.study.sdtm_source))


@check("SPEC-147", "error", "column does not exist")
def order(context: Context) -> Iterator[Found]:
    """Find steps that read a column before a step makes it, or one that nothing makes, or an unknown form."""
    sources = {source.name for source in context.study.sources}
    tables = {table.name for table in context.study.tables}
    for i, dataset in enumerate(context.study.datasets):
        state = _Columns(made=copied(dataset), opaque=bool(dataset.parameters) or not dataset.variables)
        later = [step.target for step in dataset.steps]
        for j, step in enumerate(dataset.steps):
            path = ("datasets", i, "steps", j)
            if step.algorithm == START:
                for name in step.source:
                    if name not in sources | tables and not _is_dataset(context, name):
                        hint = nearest(name, sources)
                        yield Found((*path, "source"), f"unknown source {name!r}", hint, name, dataset.name)
                state.forms.update(step.source)
            for name in dict.fromkeys(_read(context, step)):
                problem = _problem(context, dataset, name, state, later[j:], sources | tables)
                if problem is not None:
                    where = (*path, "source") if name in step.source else path
                    yield Found(where, problem[0], problem[1], name, dataset.name, step.target)
            entry = context.algorithm(step)
            state.after(step, entry, context)


def _problem(
    context: Context, dataset: m.Dataset, name: str, state: _Columns, later: list[str], forms: set[str]
) -> tuple[str, str] | None:
    name = name.removeprefix("=")
    prefix, dot, rest = name.partition(".")
    if dot and prefix == dataset.name:
        name, dot = rest, ""
    if not dot:
        if name in state.made or name in state.mentioned:
            return None
        if name in later:
            return f"{name!r} is read before a later step makes it", "move that step up"
        if state.opaque or not context.catalog:
            return None
        return f"no step makes {name!r}", nearest(name, [*state.made, *(f"{form}.COLUMN" for form in state.forms)])
    if prefix in forms:
        opened = prefix in state.forms or state.opaque
        return None if opened else (f"the form {prefix!r} is not open here", f"begin with records of {prefix}")
    other = context.datasets.get(prefix)
    if other is not None:
        if not other.variables:  # a working table has all columns of what it starts from
            return None
        made = {step.target for step in other.steps}
        known = set(other.names) | made
        return None if rest in known else (f"{prefix} has no variable {rest!r}", nearest(rest, known))
    supplemental = prefix.startswith("SUPP") and _is_dataset(context, prefix.removeprefix("SUPP"))
    if supplemental or _is_dataset(context, prefix):
        return None
    return f"unknown form or dataset {prefix!r} in {name!r}", nearest(prefix, {*forms, *context.datasets})


@check("SPEC-153", "error", "unknown rule of a parameter")
def parameter_rules(context: Context) -> Iterator[Found]:
    """Find parameters whose rule is not registered."""
    for i, dataset in enumerate(context.study.datasets if context.catalog else ()):
        for j, parameter in enumerate(dataset.parameters):
            if parameter.rule and parameter.rule not in context.catalog:
                where = ("datasets", i, "parameters", j, "rule")
                hint = nearest(parameter.rule, list(context.catalog))
                message = f"unknown rule {parameter.rule!r} of parameter {parameter.paramcd}"
                yield Found(where, message, hint, parameter.rule, dataset.name, "PARAMCD")


@check("SPEC-148", "error", "unknown table")
def tables(context: Context) -> Iterator[Found]:
    """Find table arguments that name no form, lookup table or dataset, or a column that a lookup table lacks."""
    known = {source.name for source in context.study.sources} | set(context.datasets)
    if context.study.sdtm_source and context.guides.sdtm is not None:
        known |= set(context.guides.sdtm.datasets)
    lookup = {table.name: table for table in context.study.tables}
    for dataset, step, path, entry in _known(context):
        named = ""
        for parameter in sorted(entry.arguments, key=lambda p: p.role is not Role.TABLE):
            given = step.arguments.get(parameter.name, parameter.default)
            where = (*path, "arguments", parameter.name)
            if parameter.role is Role.TABLE and isinstance(given, str):
                named = given
                if given not in known and given not in lookup:
                    hint = nearest(given, {*known, *lookup})
                    yield Found(where, f"unknown table {given!r}", hint, given, dataset.name, step.target)
            if parameter.role is Role.TABLE_COLUMN and named in lookup and parameter.name in step.arguments:
                columns = lookup[named].columns
                for text in all_texts(given):
                    if text not in columns:
                        message = f"the table {named} has no column {text!r}"
                        yield Found(where, message, nearest(text, columns), text, dataset.name, step.target)
