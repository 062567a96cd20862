"""Checks of names: duplicates, references that lead nowhere, limits of the transport format."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from specs import models as m
from specs.guides import kind_of
from specs.linting import Context, Found, check, nearest
from specs.nodes import Path

NAME = re.compile(r"[A-Z][A-Z0-9_]{0,7}")
MOST_LABEL = 40
MOST_TEXT = 200


def _twice(names: Sequence[str]) -> Iterator[tuple[int, str]]:
    seen: set[str] = set()
    for i, name in enumerate(names):
        if name in seen:
            yield i, name
        seen.add(name)


@check("SPEC-101", "error", "duplicate dataset")
def duplicate_datasets(context: Context) -> Iterator[Found]:
    """Find datasets that are specified twice."""
    for i, name in _twice([dataset.name for dataset in context.study.datasets]):
        yield Found(("datasets", i), f"dataset {name} is specified twice", "keep one of them", name, name)


@check("SPEC-102", "error", "duplicate variable")
def duplicate_variables(context: Context) -> Iterator[Found]:
    """Find variables that a dataset has twice."""
    for i, dataset in enumerate(context.study.datasets):
        for j, name in _twice(dataset.names):
            first = context.places.nearest("datasets", i, "variables", dataset.names.index(name))
            where = f"the first is at {first}" if str(first) else "keep one of them"
            message = f"{dataset.name} has the variable {name} twice"
            yield Found(("datasets", i, "variables", j), message, where, name, dataset.name, name)


LISTED: dict[str, str] = {
    "codelists": "codelist",
    "dictionaries": "dictionary",
    "methods": "method",
    "comments": "comment",
    "documents": "document",
    "displays": "display",
    "sources": "source",
    "tables": "table",
}


@check("SPEC-103", "error", "duplicate id")
def duplicate_ids(context: Context) -> Iterator[Found]:
    """Find codelists, methods, comments, documents, displays, sources and tables that share an id."""
    for field, word in LISTED.items():
        items = getattr(context.study, field)
        names = [str(getattr(item, "id", "") or getattr(item, "name", "")) for item in items]
        for i, name in _twice(names):
            yield Found((field, i), f"{word} {name!r} is there twice", "keep one or rename it", name)


@check("SPEC-104", "error", "duplicate term")
def duplicate_terms(context: Context) -> Iterator[Found]:
    """Find terms that a codelist has twice."""
    for i, codelist in enumerate(context.study.codelists):
        for j, term in _twice([term.term for term in codelist.terms]):
            message = f"codelist {codelist.id} has the term {term!r} twice"
            yield Found(("codelists", i, "terms", j), message, "keep one of them", term)


@check("SPEC-105", "error", "unknown codelist")
def unknown_codelists(context: Context) -> Iterator[Found]:
    """Find references to a codelist that is neither listed nor in the study's release of controlled terminology."""
    for name, path, dataset, variable in _codelist_references(context):
        if name and not context.knows_codelist(name):
            known = context.codelist_names | (
                set(context.terms.codelists) if context.terms and len(name) < 9 else set()
            )
            near = nearest(name, context.codelist_names or known)
            if near.startswith("known:") and context.terms is not None:
                near = nearest(name, {one.name for one in context.terms.codelists.values()} | context.codelist_names)
            yield Found((*path, "codelist"), f"unknown codelist {name!r}", near, name, dataset, variable)


def _codelist_references(context: Context) -> Iterator[tuple[str, Path, str, str]]:
    for dataset, variable, path in context.variables():
        yield variable.codelist, path, dataset.name, variable.name
    for dataset, level, path in context.value_levels():
        yield level.codelist, path, dataset.name, level.variable
    for dataset, step, path in context.steps():
        yield step.codelist, path, dataset.name, step.target


@check("SPEC-106", "error", "unknown method")
def unknown_methods(context: Context) -> Iterator[Found]:
    """Find references to a method that is not listed."""
    known = {method.id for method in context.study.methods}
    items: list[tuple[str, Path, str, str]] = []
    items += [(v.method, path, d.name, v.name) for d, v, path in context.variables()]
    items += [(level.method, path, d.name, level.variable) for d, level, path in context.value_levels()]
    items += [(step.method, path, d.name, step.target) for d, step, path in context.steps()]
    yield from _unknown("method", items, known, "method")


@check("SPEC-107", "error", "unknown comment")
def unknown_comments(context: Context) -> Iterator[Found]:
    """Find references to a comment that is not listed."""
    known = {comment.id for comment in context.study.comments}
    study = context.study
    items: list[tuple[str, Path, str, str]] = []
    items += [(d.comment, ("datasets", i), d.name, "") for i, d in enumerate(study.datasets)]
    items += [(v.comment, path, d.name, v.name) for d, v, path in context.variables()]
    items += [(level.comment, path, d.name, level.variable) for d, level, path in context.value_levels()]
    items += [(c.comment, ("codelists", i), "", "") for i, c in enumerate(study.codelists)]
    items += [(s.comment, ("standards", i), "", "") for i, s in enumerate(study.standards)]
    yield from _unknown("comment", items, known, "comment")


def _unknown(word: str, items: Iterable[tuple[str, Path, str, str]], known: set[str], field: str) -> Iterator[Found]:
    for name, path, dataset, variable in items:
        if name and name not in known:
            yield Found((*path, field), f"unknown {word} {name!r}", nearest(name, known), name, dataset, variable)


@check("SPEC-108", "error", "unknown document")
def unknown_documents(context: Context) -> Iterator[Found]:
    """Find references to a document that is not listed."""
    known = {document.id for document in context.study.documents}
    for path, reference in _document_references(context):
        if reference.document not in known:
            message = f"unknown document {reference.document!r}"
            yield Found(path, message, nearest(reference.document, known), reference.document)


def _document_references(context: Context) -> Iterator[tuple[Path, m.DocumentRef]]:
    study = context.study
    for field in ("methods", "comments", "displays"):
        for i, item in enumerate(getattr(study, field)):
            for j, reference in enumerate(item.documents):
                yield (field, i, "documents", j), reference
    for i, display in enumerate(study.displays):
        for j, result in enumerate(display.results):
            code = result.code.documents if result.code is not None else ()
            for reference in (*result.documents, *code):
                yield ("displays", i, "results", j), reference
    for _, variable, path in context.variables():
        for origin in variable.origins:
            for reference in origin.documents:
                yield (*path, "origins"), reference


@check("SPEC-109", "notice", "never used")
def unused(context: Context) -> Iterator[Found]:
    """Find methods, comments and documents that nothing refers to."""
    study = context.study
    used: Counter[str] = Counter()
    for dataset in study.datasets:
        used[f"comments {dataset.comment}"] += 1
        for item in (*dataset.variables, *dataset.value_levels, *dataset.steps):
            used[f"methods {getattr(item, 'method', '')}"] += 1
            used[f"comments {getattr(item, 'comment', '')}"] += 1
            used[f"comments {getattr(item, 'join_comment', '')}"] += 1
        for level in dataset.value_levels:
            used[f"comments {level.where.comment}"] += 1
    for entry in (*study.codelists, *study.standards, *study.dictionaries, study.define):
        used[f"comments {getattr(entry, 'comment', '')}"] += 1
    for display in study.displays:
        for result in display.results:
            used[f"comments {result.join_comment}"] += 1
    used.update(f"documents {reference.document}" for _, reference in _document_references(context))
    for field in ("methods", "comments", "documents"):
        for i, item in enumerate(getattr(study, field)):
            special = field == "documents" and item.kind
            if not used[f"{field} {item.id}"] and not special:
                yield Found((field, i), f"{LISTED[field]} {item.id!r} is not used", "refer to it or drop it", item.id)


@check("SPEC-111", "error", "name of a dataset")
def dataset_names(context: Context) -> Iterator[Found]:
    """Find names of datasets that SAS transport version 5 cannot hold (a capital, then up to 7 more or digits)."""
    for i, dataset in enumerate(context.study.datasets):
        if not NAME.fullmatch(dataset.name):
            message = f"{dataset.name!r} cannot be the name of a dataset"
            yield Found(("datasets", i), message, "1 to 8 capitals and digits", dataset.name, dataset.name)


@check("SPEC-112", "error", "name of a variable")
def variable_names(context: Context) -> Iterator[Found]:
    """Find names of variables that SAS transport version 5 cannot hold (a capital, then up to 7 more or digits)."""
    for dataset, variable, path in context.variables():
        if not NAME.fullmatch(variable.name):
            message = f"{variable.name!r} cannot be the name of a variable"
            hint = "1 to 8 capitals and digits"
            yield Found((*path, "name"), message, hint, variable.name, dataset.name, variable.name)


@check("SPEC-113", "error", "label too long")
def labels(context: Context) -> Iterator[Found]:
    """Find labels of datasets and variables over the 40 bytes of SAS transport version 5, or not in ASCII."""
    for i, dataset in enumerate(context.study.datasets):
        yield from _label(dataset.label, ("datasets", i, "label"), dataset.name, "")
    for dataset, variable, path in context.variables():
        yield from _label(variable.label, (*path, "label"), dataset.name, variable.name)


def _label(label: str, path: Path, dataset: str, variable: str) -> Iterator[Found]:
    size = len(label.encode())
    if size > MOST_LABEL:
        message = f"the label has {size} bytes, {size - MOST_LABEL} more than allowed: {label!r}"
        yield Found(path, message, f"shorten it to {MOST_LABEL} bytes", label, dataset, variable)
    elif not label.isascii():
        yield Found(path, f"the label is not ASCII: {label!r}", "write it in ASCII", label, dataset, variable)


@check("SPEC-114", "error", "length")
def lengths(context: Context) -> Iterator[Found]:
    """Find text lengths outside 1 to 200 bytes (SAS transport version 5, SDTMIG 3.4 section 4.5.3.2)."""
    for dataset, variable, path in context.variables():
        numeric = variable.data_type in ("integer", "float")
        if variable.length is not None and not 1 <= variable.length <= (MOST_TEXT if not numeric else 32):
            message = f"length {variable.length} of {variable.name} is out of range"
            hint = "1 to 200 bytes; longer text goes on in supplemental qualifiers"
            yield Found((*path, "length"), message, hint, str(variable.length), dataset.name, variable.name)


@check("SPEC-115", "error", "key not a variable")
def keys(context: Context) -> Iterator[Found]:
    """Find keys of a dataset that are not among its variables."""
    for i, dataset in enumerate(context.study.datasets):
        for key in dataset.keys:
            if dataset.variables and key not in dataset.names and not key.startswith("QNAM"):
                message = f"key {key!r} is not a variable of {dataset.name}"
                yield Found(("datasets", i, "keys"), message, nearest(key, dataset.names), key, dataset.name, key)


@check("SPEC-116", "warning", "no keys")
def no_keys(context: Context) -> Iterator[Found]:
    """Find datasets without keys: their records cannot be told apart or sorted."""
    for i, dataset in enumerate(context.study.datasets):
        if dataset.variables and not dataset.keys:
            yield Found(("datasets", i), f"{dataset.name} has no keys", "name its key variables", "", dataset.name)


@check("SPEC-117", "error", "no variables")
def no_variables(context: Context) -> Iterator[Found]:
    """Find datasets without any variable; only a working table of ADaM, which has steps, goes without."""
    for i, dataset in enumerate(context.study.datasets):
        if not dataset.variables and not (dataset.steps and kind_of(dataset) == "adam"):
            hint = "list them, or check that the file with them is read"
            yield Found(("datasets", i), f"{dataset.name} has no variables", hint, "", dataset.name)


@check("SPEC-118", "warning", "no label or type")
def described(context: Context) -> Iterator[Found]:
    """Find variables that have no label or no data type, neither specified nor from the standard."""
    for dataset, variable, path in context.variables():
        missing = [
            word for word, value in (("label", variable.label), ("data type", variable.data_type)) if not value
        ]
        if missing:
            message = f"{variable.name} has no {' and no '.join(missing)}"
            yield Found(path, message, "the standard does not know it: add them", "", dataset.name, variable.name)
