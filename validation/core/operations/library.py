"""Operations that ask the standard: labels, variable lists, codelists."""

from __future__ import annotations

from collections.abc import Sequence

from validation.core.columns import Column
from validation.core.identity import Identity
from validation.core.library import model_variables, standard_variables
from validation.core.operation_calls import OPERATIONS, Call
from validation.core.signals import NotEvaluated, wrong_type
from validation.core.standards import StandardVariable

LIBRARY_OPERATIONS = frozenset(
    {
        "domain_label",
        "domain_is_custom",
        "get_column_order_from_library",
        "required_variables",
        "expected_variables",
        "get_model_column_order",
        "get_parent_model_column_order",
        "get_model_filtered_variables",
        "get_dataset_filtered_variables",
        "codelist_terms",
    }
)
"""Operations whose results depend on the tables of the standard."""


def _identity(call: Call) -> Identity:
    return call.session.identities[call.dataset()]


def _names(variables: Sequence[StandardVariable]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(variable.name for variable in variables))


@OPERATIONS.register("domain_label")
def domain_label(call: Call) -> Column:
    """Return the label that the implementation guide gives the domain, null for a custom one."""
    facts = call.session.ig_dataset(_identity(call).unsplit)
    return call.constant(facts.label if facts is not None else None)


@OPERATIONS.register("domain_is_custom")
def domain_is_custom(call: Call) -> Column:
    """Tell whether neither implementation guide nor model knows the dataset."""
    return call.constant(call.session.facts_of(_identity(call).unsplit) is None)


@OPERATIONS.register("get_column_order_from_library")
def get_column_order_from_library(call: Call) -> Column:
    """Return the variables of the dataset in the order of the standard."""
    return call.constant(_names(standard_variables(call.session, _identity(call))))


def _with_core(call: Call, core: str) -> Column:
    session = call.session
    if not session.study.standards.has_core(session.standard, session.version):
        raise NotEvaluated(
            f"{core} variables of {session.standard} {session.version} are not at hand", cause="standard_absent"
        )
    variables = standard_variables(session, _identity(call))
    return call.constant(_names([variable for variable in variables if variable.core == core]))


@OPERATIONS.register("required_variables")
def required_variables(call: Call) -> Column:
    """Return the variables that the standard requires (core Req)."""
    return _with_core(call, "Req")


@OPERATIONS.register("expected_variables")
def expected_variables(call: Call) -> Column:
    """Return the variables that the standard expects (core Exp)."""
    return _with_core(call, "Exp")


@OPERATIONS.register("get_model_column_order")
def get_model_column_order(call: Call) -> Column:
    """Return the variables that the model gives the dataset's class."""
    return call.constant(_names(model_variables(call.session, _identity(call))))


@OPERATIONS.register("get_parent_model_column_order")
def get_parent_model_column_order(call: Call) -> Column:
    """Return per row the model's variables of the dataset that RDOMAIN names."""
    column = call.frame.column("RDOMAIN")
    lists: list[tuple[str, ...] | None] = []
    for domain in column.distinct:
        name = call.session.find(str(domain))
        if name is None:
            raise NotEvaluated(f"dataset {domain} is not in the study", cause="dataset_absent")
        lists.append(_names(model_variables(call.session, call.session.identities[name])))
    return Column.of_mapped(column.codes, lists, kind="list")


def _matching(call: Call, variables: Sequence[StandardVariable]) -> list[StandardVariable]:
    key, value = str(call.spec.options.get("key_name", "")), str(call.spec.options.get("key_value", ""))
    fields = {"role": "role", "core": "core", "name": "name", "label": "label", "type": "type"}
    attribute = fields.get(key.lower())
    if attribute is None:
        raise wrong_type(f"operation {call.spec.id}: unknown key_name {key!r}, known are {', '.join(fields)}")
    return [variable for variable in variables if getattr(variable, attribute).lower() == value.lower()]


@OPERATIONS.register("get_model_filtered_variables")
def get_model_filtered_variables(call: Call) -> Column:
    """Return the model's variables with one property, for instance the role Timing."""
    return call.constant(_names(_matching(call, model_variables(call.session, _identity(call)))))


@OPERATIONS.register("get_dataset_filtered_variables")
def get_dataset_filtered_variables(call: Call) -> Column:
    """Return the standard's variables with one property that the submitted dataset has."""
    held = set(call.session.tables[call.dataset()].frame.columns)
    variables = _matching(call, standard_variables(call.session, _identity(call)))
    return call.constant(tuple(name for name in _names(variables) if name in held))


@OPERATIONS.register("codelist_terms")
def codelist_terms(call: Call) -> Column:
    """Return codes, submission values or preferred terms of codelists or of their terms.

    The releases that define.xml declares are in force, else the run's; an unknown codelist is an error.
    """
    options = call.spec.options
    codelists = options.get("codelists")
    if not isinstance(codelists, list) or not codelists:
        raise wrong_type(f"operation {call.spec.id}: codelists has to be a list of names")
    found = call.session.study.standards.terms([str(name) for name in codelists], call.session.releases())
    listed = found.codelists if str(options.get("level", "term")).lower() == "codelist" else found.terms
    kind = str(options.get("returntype", "value")).lower()
    fields = {"code": "code", "value": "value", "pref_term": "pref_term"}
    if kind not in fields:
        raise wrong_type(f"operation {call.spec.id}: unknown returntype {kind!r}, known are {', '.join(fields)}")
    return call.constant(tuple(getattr(term, fields[kind]) for term in listed))
