"""What rules may ask of a define.xml, taken from the specification that the reader makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from define_xml.reader import read_define
from specs.models import Codelist, Dataset, Study, Variable
from validation.core.study import DefineDataset, DefineFacts

_COLLECTED = frozenset({"Collected", "CRF", "eDT"})


def read_define_facts(path: str | Path) -> DefineFacts:
    """Read a define.xml (2.0 or 2.1); raises `InputError` when it is none."""
    return define_facts(read_define(path).study)


def define_facts(study: Study) -> DefineFacts:
    """Return the facts of all datasets of a specification and the CT releases it declares."""
    codelists = {codelist.id: codelist for codelist in study.codelists}
    terminology = tuple(
        (standard.publishing_set or "SDTM", standard.version) for standard in study.standards if standard.type == "CT"
    )
    return DefineFacts(tuple(_dataset(dataset, codelists) for dataset in study.datasets), terminology)


def _dataset(dataset: Dataset, codelists: Mapping[str, Codelist]) -> DefineDataset:
    facts: dict[str, Any] = {
        "define_dataset_name": dataset.name,
        "define_dataset_label": dataset.label,
        "define_dataset_location": dataset.href,
        "define_dataset_domain": dataset.domain,
        "define_dataset_class": dataset.class_,
        "define_dataset_subclass": dataset.subclass,
        "define_dataset_structure": dataset.structure,
        "define_dataset_is_non_standard": dataset.non_standard,
        "define_dataset_has_no_data": dataset.has_no_data == "Yes",
        "define_dataset_variables": dataset.names,
        "define_dataset_variable_order": dataset.names,
        "define_dataset_key_sequence": dataset.keys,
    }
    variables = tuple(
        _variable(variable, position, codelists) for position, variable in enumerate(dataset.variables, start=1)
    )
    return DefineDataset(
        dataset.name, dataset.domain or dataset.name, facts, variables, _extended(dataset, codelists)
    )


def _extended(dataset: Dataset, codelists: Mapping[str, Codelist]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    named = [(one.name, one.codelist) for one in dataset.variables]
    named += [(one.variable, one.codelist) for one in dataset.value_levels]
    for variable, codelist in named:
        terms = codelists[codelist].terms if codelist in codelists else ()
        extended = frozenset(term.term for term in terms if term.extended)
        if extended:
            found[variable] = found.get(variable, frozenset()) | extended
    return found


def _variable(variable: Variable, position: int, codelists: Mapping[str, Codelist]) -> dict[str, Any]:
    codelist = codelists.get(variable.codelist)
    terms = codelist.terms if codelist is not None else ()
    origins = [origin.type for origin in variable.origins]
    return {
        "define_variable_name": variable.name,
        "define_variable_label": variable.label,
        "define_variable_data_type": variable.data_type,
        "define_variable_role": variable.role,
        "define_variable_size": variable.length,
        "define_variable_length": variable.length,
        "define_variable_mandatory": variable.mandatory,
        "define_variable_order_number": position,
        "define_variable_ccode": codelist.code if codelist is not None else "",
        "define_variable_has_codelist": bool(variable.codelist),
        "define_variable_codelist_coded_values": tuple(term.term for term in terms),
        "define_variable_codelist_coded_codes": tuple(term.code for term in terms if term.code),
        "define_variable_allowed_terms": tuple(term.decode for term in terms if term.decode),
        "define_variable_origin_type": origins[0] if origins else "",
        "define_variable_is_collected": any(origin in _COLLECTED for origin in origins),
        "define_variable_has_no_data": variable.has_no_data == "Yes",
        "define_variable_has_comment": bool(variable.comment),
        "define_variable_has_method": bool(variable.method),
    }
