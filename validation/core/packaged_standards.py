"""The packaged tables of SDTMIG, the SDTM model and controlled terminology in the form that rules ask for."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import specs.standards.catalogue as catalogue
from validation.core.standards import (
    DatasetFacts,
    ModelClass,
    StandardVariable,
    TableStandards,
    Term,
    Terminology,
)


@cache
def packaged_standards(*, sdtmig: str = "3.4", model: str = "2.0") -> TableStandards:
    """Return the packaged standards; they answer for other versions too where little changes (see `Standards`)."""
    table = catalogue.sdtm_model(model).table
    return TableStandards(
        standard="SDTMIG",
        version=sdtmig,
        ig=_guide(sdtmig),
        model=_model(table),
        classes=_classes(table),
        terminology=_terminology,
    )


def _class_name(name: str) -> str:
    return name.upper().replace("-", " ")


def _variables(variables: Iterable[catalogue.StandardVariable]) -> tuple[StandardVariable, ...]:
    return tuple(
        StandardVariable(
            variable.pattern or variable.name,
            variable.label,
            variable.type,
            variable.role,
            variable.core,
            variable.codelists[0] if variable.codelists else "",
        )
        for variable in variables
    )


def _guide(version: str) -> dict[str, DatasetFacts]:
    return {
        name: DatasetFacts(
            name, dataset.label, _class_name(dataset.class_name), dataset.keys, _variables(dataset.variables)
        )
        for name, dataset in catalogue.sdtmig(version).datasets.items()
    }


def _model(table: Iterable[catalogue.StandardVariable]) -> dict[str, DatasetFacts]:
    listed: dict[str, list[catalogue.StandardVariable]] = {}
    for variable in table:
        if variable.dataset:
            listed.setdefault(variable.dataset, []).append(variable)
    return {
        name: DatasetFacts(name, "", _class_name(variables[0].group), (), _variables(variables))
        for name, variables in listed.items()
    }


def _classes(table: Iterable[catalogue.StandardVariable]) -> dict[str, ModelClass]:
    rows = list(table)
    general = [variable for variable in rows if variable.group == catalogue.OBSERVATIONS]
    identifiers = _variables(variable for variable in general if variable.role == "Identifier")
    timing = _variables(variable for variable in general if variable.role != "Identifier")
    about = _variables(variable for variable in rows if variable.group == "Findings About")
    classes = {
        name.upper(): ModelClass(
            identifiers, _variables(variable for variable in rows if variable.group == name), timing
        )
        for name in ("Interventions", "Events", "Findings")
    }
    classes["FINDINGS ABOUT"] = ModelClass(identifiers, (), timing, about)
    return classes


_CODELIST = ("package", "codelist_code", "codelist")
_TERM = ("term_code", "submission_value", "nci_preferred_term")


@cache
def _terminology() -> Terminology:
    """Read every packaged release, codelists by publishing set and submission value."""
    found: dict[tuple[str, str], dict[str, tuple[Term, tuple[Term, ...]]]] = {}
    for date in catalogue.known_versions("ct"):
        members: dict[tuple[str, str, str], list[Term]] = {}
        table = catalogue.read_table(f"ct-{date}-terms")
        columns = (table[name].to_pylist() for name in (*_CODELIST, *_TERM))
        for package, code, name, term, value, preferred in zip(*columns, strict=True):
            members.setdefault((package, code, name), []).append(Term(term or "", value or "", preferred or ""))
        for (package, code, name), terms in members.items():
            codelists = found.setdefault((package, date), {})
            codelists[name.upper()] = codelists[code] = (Term(code, name), tuple(terms))
    return found
