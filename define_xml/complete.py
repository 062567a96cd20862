"""Select what one define.xml describes, SDTM or ADaM, and fill what the specification may leave to defaults."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from define_xml.oids import slug
from specs.models import Alias, Codelist, Dataset, Origin, Standard, Study, ValueLevel, Variable
from specs.standards.catalogue import sdtmig
from specs.terminology import Terminology, releases, terminology
from spectrail.errors import SpecError, UnknownNameError

ANALYSIS_CLASSES = frozenset(
    {
        "ADAM OTHER",
        "BASIC DATA STRUCTURE",
        "DEVICE LEVEL ANALYSIS DATASET",
        "MEDICAL DEVICE BASIC DATA STRUCTURE",
        "MEDICAL DEVICE OCCURRENCE DATA STRUCTURE",
        "OCCURRENCE DATA STRUCTURE",
        "REFERENCE DATA STRUCTURE",
        "SUBJECT LEVEL ANALYSIS DATASET",
    }
)
_GUIDES = {"SDTM": "SDTMIG", "ADaM": "ADaMIG"}
_GUIDE_VERSIONS = {"SDTM": "3.4", "ADaM": "1.3"}
_NOT_A_DOMAIN = frozenset({"RELREC", "POOLDEF", "RELSUB", "RELSPEC"})


def is_analysis(dataset: Dataset) -> bool:
    """Tell whether a dataset is an ADaM dataset, by its purpose, else its class, else its name."""
    if dataset.purpose:
        return dataset.purpose == "Analysis"
    if dataset.class_:
        return dataset.class_.upper() in ANALYSIS_CLASSES
    return dataset.name.upper().startswith("AD")


def with_defaults(study: Study, *, kind: Literal["SDTM", "ADaM"]) -> Study:
    """Return the part of a study that one define.xml describes, defaults filled.

    Datasets of the kind; codelists, methods, comments and documents that they refer to (and documents of their kind
    that are listed without reference); standards of the kind and those referred to.
    """
    title = study.name or study.study_id
    study = _with_standards(study, kind).model_copy(
        update={"protocol": study.protocol or title, "description": study.description or f"Study {title}"}
    )
    # a dataset without variables is a working table of the engine and is not written
    own = [one for one in study.datasets if is_analysis(one) == (kind == "ADaM") and one.variables]
    datasets = tuple(_filled(study, one, kind) for one in own)
    if not datasets:
        raise SpecError(f"the specification has no {kind} dataset to describe")
    displays = study.displays if kind == "ADaM" else ()
    study = study.model_copy(update={"datasets": datasets, "displays": displays})
    used = _used(study)
    codelists = tuple(_coded(study, one, kind) for one in study.codelists if one.id in used["codelist"])
    study = study.model_copy(
        update={
            "codelists": codelists,
            "dictionaries": tuple(one for one in study.dictionaries if one.id in used["codelist"]),
            "methods": tuple(one for one in study.methods if one.id in used["method"]),
        }
    )
    standards = {one.standard for one in datasets} | {one.terminology for one in codelists}
    standards |= {one.terminology for one in study.dictionaries}
    study = study.model_copy(
        update={"standards": tuple(one for one in study.standards if one.id in standards or _of_kind(one, kind))}
    )
    comments = _used_comments(study)
    study = study.model_copy(update={"comments": tuple(one for one in study.comments if one.id in comments)})
    return study.model_copy(update={"documents": _documents(study, kind)})


def _of_kind(standard: Standard, kind: str) -> bool:
    analysis = standard.name.startswith(("ADaM",)) or standard.publishing_set == "ADaM"
    return analysis == (kind == "ADaM")


def _with_standards(study: Study, kind: str) -> Study:
    """Give every standard an id; add the implementation guide and the CT release where none is named."""
    standards = [
        one if one.id else one.model_copy(update={"id": slug(".".join(filter(None, _parts(one))))})
        for one in study.standards
    ]
    if not any(one.type == "IG" and _of_kind(one, kind) for one in standards):
        name, version = _GUIDES[kind], _GUIDE_VERSIONS[kind]
        standards.append(Standard(id=f"{name}.{version}", name=name, type="IG", version=version))
    declared = {one.publishing_set for one in standards if one.type == "CT"}
    # analysis datasets use codelists of both sets; one that nothing refers to is left out again
    wanted = {"SDTM"} if not declared & {kind, "SDTM"} or "ADaM" in declared else set()
    for package in sorted(wanted - declared):
        release = next((one.version for one in standards if one.type == "CT"), study.ct)
        name = f"CT.{package}.{release}"
        standards.append(Standard(id=name, name="CDISC/NCI", type="CT", version=release, publishing_set=package))
    return study.model_copy(update={"standards": tuple(standards)})


def _parts(standard: Standard) -> tuple[str, ...]:
    if standard.type == "CT":
        return ("CT", standard.publishing_set, standard.version)
    return (standard.name, standard.version)


def _filled(study: Study, dataset: Dataset, kind: str) -> Dataset:
    guide = next(one.id for one in study.standards if one.type == "IG" and _of_kind(one, kind))
    own = {} if kind == "ADaM" else _sdtm_defaults(study, dataset)
    has_data = dataset.has_no_data != "Yes"
    changes: dict[str, Any] = {
        **own,
        "purpose": dataset.purpose or ("Analysis" if kind == "ADaM" else "Tabulation"),
        "repeating": dataset.repeating or own.get("repeating") or _repeats(dataset),
        "reference_data": dataset.reference_data or own.get("reference_data") or "No",
        "standard": dataset.standard or ("" if dataset.non_standard == "Yes" else guide),
        "href": dataset.href or (f"{dataset.name.lower()}.xpt" if has_data else ""),
        "variables": tuple(_filled_item(one, kind) for one in dataset.variables),
        "value_levels": tuple(_filled_level(dataset, one, kind) for one in dataset.value_levels),
    }
    return dataset.model_copy(update=changes)


def _repeats(dataset: Dataset) -> str:
    single = (
        dataset.class_ == "SUBJECT LEVEL ANALYSIS DATASET" or dataset.structure.lower() == "one record per subject"
    )
    return "No" if single else "Yes"


def _sdtm_defaults(study: Study, dataset: Dataset) -> dict[str, Any]:
    name = dataset.name
    parent = name[4:] if name.startswith("SUPP") else ""
    domain = dataset.domain or (parent[:2] if parent else "" if name in _NOT_A_DOMAIN else name)
    try:
        standard = sdtmig().dataset(name if name in sdtmig().datasets or parent else domain)
    except UnknownNameError:
        return {"domain": domain}
    described = any(alias.context == "DomainDescription" for alias in dataset.aliases)
    aliases = dataset.aliases
    if domain and domain != name and not described and domain in sdtmig().datasets:
        aliases = (*aliases, Alias(context="DomainDescription", name=sdtmig().dataset(domain).label))
    return {
        "domain": domain,
        "aliases": aliases,
        "label": dataset.label or standard.label,
        "class_": dataset.class_ or standard.define_class,
        "structure": dataset.structure or standard.structure,
        "repeating": dataset.repeating or ("Yes" if standard.repeating else "No"),
        "reference_data": dataset.reference_data or ("Yes" if standard.reference_data else "No"),
    }


def _filled_item(variable: Variable, kind: str) -> Variable:
    changes: dict[str, Any] = {}
    if not variable.mandatory:
        changes["mandatory"] = "Yes" if variable.core == "Req" else "No"
    if kind == "ADaM" and variable.role:
        changes["role"] = ""
    changes |= _sponsored(variable.origins)
    return variable.model_copy(update=changes) if changes else variable


def _sponsored(origins: tuple[Origin, ...]) -> dict[str, Any]:
    """Give origins Derived and Assigned that name no source the source Sponsor (Define-XML 2.1 asks for one)."""
    made = tuple(
        one.model_copy(update={"source": "Sponsor"})
        if one.type in ("Derived", "Assigned") and not one.source
        else one
        for one in origins
    )
    return {"origins": made} if made != origins else {}


def _filled_level(dataset: Dataset, level: ValueLevel, kind: str) -> ValueLevel:
    changes: dict[str, Any] = {}
    if not level.mandatory:
        changes["mandatory"] = "No"
    if not level.name:
        qualifier = [
            one.values[0] for one in level.where.conditions if one.variable == "QNAM" and len(one.values) == 1
        ]
        changes["name"] = qualifier[0] if level.variable == "QVAL" and qualifier else level.variable
    if kind == "ADaM" and level.role:
        changes["role"] = ""
    changes |= _sponsored(level.origins)
    if not level.data_type:
        parent = next((one for one in dataset.variables if one.name == level.variable), None)
        changes["data_type"] = (parent.data_type if parent is not None else "") or "text"
    return level.model_copy(update=changes) if changes else level


def _items(study: Study) -> Iterator[Variable | ValueLevel]:
    for dataset in study.datasets:
        yield from dataset.variables
        yield from dataset.value_levels


def _used(study: Study) -> dict[str, set[str]]:
    """Return ids of the codelists and methods that datasets refer to."""
    items = list(_items(study))
    return {
        "codelist": {one.codelist for one in items} | {one.role_codelist for one in items},
        "method": {one.method for one in items},
    }


def _used_comments(study: Study) -> set[str]:
    used = {one.comment for one in (*_items(study), *study.datasets, *study.codelists, *study.dictionaries)}
    used |= {one.comment for one in study.standards} | {study.define.comment}
    for dataset in study.datasets:
        for level in dataset.value_levels:
            used |= {level.join_comment, level.where.comment, *(one.comment for one in level.alternatives)}
    for display in study.displays:
        for result in display.results:
            used |= {result.join_comment, *(one.where.comment for one in result.datasets)}
    return used - {""}


def _documents(study: Study, kind: str) -> tuple[Any, ...]:
    """Return the documents of the kind: those referred to, and those listed for it."""
    used: set[str] = set()
    for one in _items(study):
        for origin in one.origins:
            used |= {reference.document for reference in origin.documents}
    holders: list[Any] = [*study.methods, *study.comments, *study.displays]
    for display in study.displays:
        for result in display.results:
            holders += [result, *([result.code] if result.code is not None else [])]
    for holder in holders:
        used |= {reference.document for reference in holder.documents}
    own = [
        one
        for one in study.documents
        if one.id in used
        or (one.kind == "acrf" and kind == "SDTM")
        or (one.kind == "supplemental" and one.package in ("", kind))
    ]
    return tuple(own)


def _coded(study: Study, codelist: Codelist, kind: str) -> Codelist:
    """Tie a codelist to its CT release and give its terms their codes and decodes, or mark it as the sponsor's."""
    if not codelist.code:
        if codelist.terminology or codelist.non_standard:
            return codelist
        return codelist.model_copy(update={"non_standard": "Yes"})
    named = [one for one in study.standards if one.type == "CT"]
    package = kind
    if study.ct in releases():
        known = terminology(study.ct)
        codelist = with_codes(codelist, known)
        package = (known.codelist(codelist.code).package if codelist.code in known else "") or kind
    preferred = [one for one in named if one.publishing_set == package] or named
    release = codelist.terminology or next((one.id for one in preferred), "")
    return codelist.model_copy(update={"terminology": release})


def with_codes(codelist: Codelist, release: Terminology) -> Codelist:
    """Fill names and NCI codes of a CDISC codelist from a release; terms that it lacks are extended values."""
    if codelist.code not in release:
        return codelist
    known = release.terms(codelist.code)
    terms = []
    decoded = any(term.decode for term in codelist.terms)
    for term in codelist.terms:
        standard = known.by_value.get(term.term)
        if standard is None:
            terms.append(term if term.code else term.model_copy(update={"extended": True}))
            continue
        terms.append(
            term.model_copy(
                update={
                    "code": term.code or standard.code,
                    "decode": term.decode or ((standard.decode or standard.submission_value) if decoded else ""),
                }
            )
        )
    name = codelist.name or known.codelist.label or known.codelist.name
    return codelist.model_copy(update={"terms": tuple(terms), "name": name})
