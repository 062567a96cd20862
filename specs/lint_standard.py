"""Checks against the standards: SDTMIG, the SDTM model, ADaMIG, OCCDS."""

from __future__ import annotations

from collections.abc import Iterator

from specs import models as m
from specs.guides import MODEL_CLASSES, adam_class, kind_of
from specs.linting import Context, Found, check, nearest
from specs.nodes import Path
from specs.standards import StandardVariable, known_versions


def _standard(context: Context) -> Iterator[tuple[m.Dataset, m.Variable, Path, StandardVariable]]:
    for dataset, variable, path in context.variables():
        listed = context.guides.variable(dataset, variable.name)
        if listed is not None:
            yield dataset, variable, path, listed


def _has_standard(context: Context, dataset: m.Dataset) -> bool:
    if kind_of(dataset) == "adam":
        return bool(adam_class(dataset)) and context.guides.adam is not None
    known = context.guides.dataset(dataset) is not None or dataset.class_.upper() in MODEL_CLASSES
    return known and context.guides.sdtm is not None


@check("SPEC-120", "warning", "dataset unknown to the standard")
def unknown_datasets(context: Context) -> Iterator[Found]:
    """Find SDTM datasets that the guide does not have and whose class is not given: nothing can be checked."""
    for i, dataset in enumerate(context.study.datasets):
        if kind_of(dataset) == "sdtm" and context.guides.sdtm is not None and not _has_standard(context, dataset):
            hint = "give its class (EVENTS, FINDINGS, INTERVENTIONS, ...); " + nearest(
                dataset.name, list(context.guides.sdtm.datasets)
            )
            message = f"SDTMIG {context.guides.sdtm.version} has no dataset {dataset.name}"
            yield Found(("datasets", i), message, hint, dataset.name, dataset.name)


@check("SPEC-121", "error", "variable unknown to SDTM")
def unknown_sdtm_variables(context: Context) -> Iterator[Found]:
    """Find variables that neither SDTMIG nor the SDTM model allow in their dataset; they belong into SUPP--."""
    for dataset, variable, path in context.variables():
        if kind_of(dataset) != "sdtm" or not _has_standard(context, dataset) or variable.non_standard == "Yes":
            continue
        if context.guides.variable(dataset, variable.name) is None:
            listed = context.guides.dataset(dataset)
            known = [one.name for one in listed.variables] if listed is not None else []
            near = nearest(variable.name, known)
            hint = near if near.startswith("did") else f"make it a supplemental qualifier: SUPP{dataset.name}"
            message = f"SDTM has no variable {variable.name} for {dataset.name}"
            yield Found((*path, "name"), message, hint, variable.name, dataset.name, variable.name)


@check("SPEC-122", "notice", "variable not in ADaM")
def unknown_adam_variables(context: Context) -> Iterator[Found]:
    """Find ADaM variables that the guide does not name; allowed, but worth a look for typing errors."""
    for dataset, variable, path in context.variables():
        if kind_of(dataset) != "adam" or not _has_standard(context, dataset):
            continue
        copied = any(variable.name in other.names for other in context.study.datasets if kind_of(other) == "sdtm")
        copied = copied or any(origin.predecessor for origin in variable.origins)
        if not copied and context.guides.variable(dataset, variable.name) is None:
            message = f"ADaM does not name a variable {variable.name}"
            hint = "fine for a variable of the sponsor"
            yield Found((*path, "name"), message, hint, variable.name, dataset.name, variable.name)


@check("SPEC-123", "warning", "label differs from the standard")
def labels(context: Context) -> Iterator[Found]:
    """Find labels that differ from the standard's."""
    for dataset, variable, path, listed in _standard(context):
        fixed = listed.label and not any(mark in listed.label for mark in ("{", "y ", " xx", "--"))
        if fixed and variable.label and variable.label != listed.label and len(listed.label) <= 40:
            message = f"the label of {variable.name} is {variable.label!r}, the standard has {listed.label!r}"
            hint = "leave the label out to take the standard's"
            yield Found((*path, "label"), message, hint, variable.label, dataset.name, variable.name)


@check("SPEC-124", "error", "type differs from the standard")
def types(context: Context) -> Iterator[Found]:
    """Find variables that are text where the standard has a number, or the other way round."""
    for dataset, variable, path, listed in _standard(context):
        if not variable.data_type:
            continue
        numeric = variable.data_type in ("integer", "float")
        dated = kind_of(dataset) == "adam" and variable.data_type in ("date", "time", "datetime")
        if numeric != (listed.type == "Num") and not dated:
            message = f"{variable.name} is {variable.data_type}, the standard has {listed.type}"
            hint = "use integer or float" if listed.type == "Num" else "use text or a date type"
            yield Found((*path, "data_type"), message, hint, variable.data_type, dataset.name, variable.name)


@check("SPEC-125", "warning", "role or core differs from the standard")
def roles(context: Context) -> Iterator[Found]:
    """Find roles and cores that differ from the standard's."""
    for dataset, variable, path, listed in _standard(context):
        for word, given, official in (("role", variable.role, listed.role), ("core", variable.core, listed.core)):
            if given and official and given.casefold() != official.casefold():
                message = f"the {word} of {variable.name} is {given!r}, the standard has {official!r}"
                yield Found((*path, word), message, f"leave the {word} out", given, dataset.name, variable.name)


@check("SPEC-126", "error", "required variable missing")
def required(context: Context) -> Iterator[Found]:
    """Find datasets that lack a variable the standard requires (core Req)."""
    for i, dataset in enumerate(context.study.datasets):
        names = [name for name in _listed(context, dataset, "Req") if name not in dataset.names]
        if names and dataset.variables:
            message = f"{dataset.name} lacks required variables: {', '.join(names)}"
            yield Found(("datasets", i), message, "add them", " ".join(names), dataset.name)


@check("SPEC-127", "notice", "expected variable missing")
def expected(context: Context) -> Iterator[Found]:
    """Find datasets that lack a variable the standard expects (core Exp)."""
    for i, dataset in enumerate(context.study.datasets):
        names = [name for name in _listed(context, dataset, "Exp") if name not in dataset.names]
        if names and dataset.variables:
            message = f"{dataset.name} lacks expected variables: {', '.join(names)}"
            yield Found(("datasets", i), message, "add them, null where not collected", " ".join(names), dataset.name)


def _listed(context: Context, dataset: m.Dataset, core: str) -> list[str]:
    listed = context.guides.dataset(dataset)
    if listed is not None:
        return [one.name for one in listed.variables if one.core == core]
    name = adam_class(dataset) if kind_of(dataset) == "adam" else ""
    guide = context.guides.occurrence if name in ("OCCDS", "ADAE") else context.guides.adam
    if not name or guide is None or name not in guide.classes:
        return []
    group = guide.variables(name)
    return [one.name for one in group if one.core == core and one.name.isupper() and one.name.isalnum()]


@check("SPEC-128", "error", "required but not mandatory")
def mandatory(context: Context) -> Iterator[Found]:
    """Find variables of core Req that the specification calls not mandatory."""
    for dataset, variable, path, listed in _standard(context):
        if listed.core == "Req" and variable.mandatory == "No" and kind_of(dataset) == "sdtm":
            message = f"{variable.name} is required by the standard but not mandatory here"
            yield Found((*path, "mandatory"), message, "write Yes", "No", dataset.name, variable.name)


@check("SPEC-129", "warning", "codelist differs from the standard")
def codelists(context: Context) -> Iterator[Found]:
    """Find variables whose codelist has another C-code than the standard names."""
    for dataset, variable, path, listed in _standard(context):
        own = context.codelists.get(variable.codelist)
        if not listed.codelists or own is None or not own.code or own.code in listed.codelists:
            continue
        message = f"{variable.name} has codelist {own.code}, the standard names {' or '.join(listed.codelists)}"
        yield Found((*path, "codelist"), message, "check the codelist", own.code, dataset.name, variable.name)


@check("SPEC-130", "notice", "version not packaged")
def versions(context: Context) -> Iterator[Found]:
    """Find standards whose version is not packaged, so that nothing is checked or filled from them."""
    guides = context.guides
    for i, standard in enumerate(context.study.standards):
        name = standard.name.upper().replace("-", "")
        guide = next((g for word, g in (("SDTM", guides.sdtm), ("ADAM", guides.adam)) if word in name), True)
        if standard.type == "IG" and guide is None:
            message = f"{standard.name} {standard.version} is not packaged"
            yield Found(("standards", i), message, "nothing is checked against it", standard.version)


@check("SPEC-158", "error", "terminology not packaged")
def terminology_release(context: Context) -> Iterator[Found]:
    """Find a release of controlled terminology that is not packaged; codelists are then not looked up in it."""
    if context.terms is None:
        message = f"controlled terminology {context.study.ct} is not packaged"
        packaged = ", ".join(known_versions("ct"))
        hint = f"packaged: {packaged}; or name the file of the release (NCI text or ODM-XML) in ct"
        yield Found(("ct",), message, hint, context.study.ct)


@check("SPEC-131", "warning", "dataset differs from the standard")
def dataset_attributes(context: Context) -> Iterator[Found]:
    """Find classes and labels of SDTM datasets that differ from the guide's."""
    for i, dataset in enumerate(context.study.datasets):
        listed = context.guides.dataset(dataset)
        if listed is None or dataset.name != listed.name:
            continue
        class_name = dataset.class_.upper().replace("-", " ")
        if dataset.class_ and class_name != listed.define_class:
            message = f"the class of {dataset.name} is {dataset.class_!r}, the standard has {listed.define_class!r}"
            yield Found(("datasets", i, "class_"), message, "leave it out", dataset.class_, dataset.name)
        if dataset.label and dataset.label != listed.label:
            message = f"the label of {dataset.name} is {dataset.label!r}, the standard has {listed.label!r}"
            yield Found(("datasets", i, "label"), message, "leave it out", dataset.label, dataset.name)
