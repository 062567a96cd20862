"""Operations that state facts of the study and its datasets."""

from __future__ import annotations

from validation.core.columns import Column
from validation.core.operation_calls import OPERATIONS, Call
from validation.core.rule_types import dataset_facts
from validation.core.signals import wrong_type


@OPERATIONS.register("study_domains")
def study_domains(call: Call) -> Column:
    """Return the domains of the study's datasets; one without DOMAIN gives None."""
    domains = dict.fromkeys(identity.domain or None for identity in call.session.identities.values())
    return call.constant(tuple(sorted(domains, key=lambda domain: domain or "")))


@OPERATIONS.register("dataset_names")
def dataset_names(call: Call) -> Column:
    """Return the names of the study's datasets."""
    return call.constant(tuple(sorted(call.session.tables)))


@OPERATIONS.register("variable_exists")
def variable_exists(call: Call) -> Column:
    """Tell whether the submitted dataset has the variable."""
    return call.constant(call.variable() in call.session.tables[call.dataset()].frame.columns)


@OPERATIONS.register("get_column_order_from_dataset")
def get_column_order_from_dataset(call: Call) -> Column:
    """Return the variables of the submitted dataset in order."""
    return call.constant(tuple(str(name) for name in call.session.tables[call.dataset()].frame.columns))


@OPERATIONS.register("extract_metadata")
def extract_metadata(call: Call) -> Column:
    """Return one fact of the dataset (dataset_name, dataset_label, dataset_size, domain, is_ap, ap_suffix, ...)."""
    facts = dataset_facts(call.session, call.dataset())
    if call.spec.name not in facts:
        raise wrong_type(f"operation {call.spec.id}: unknown fact {call.spec.name!r}, known are {', '.join(facts)}")
    return call.constant(facts[call.spec.name])
