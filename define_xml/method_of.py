"""Methods from the executed steps: the text of each step as it ran, and a formal expression of the steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from define_xml.evidence import Evidence
from define_xml.parameter_levels import VALUES, level_traces, parameter_of, qualifier_of
from specs.models import FormalExpression, Method, Study
from spectrail.lineage import Lineage, Trace

CONTEXT = "spectrail"
"""Language of the generated formal expressions."""


def derive_methods(study: Study, evidence: Mapping[str, Evidence]) -> Study:
    """Give every derived variable a method generated from its steps.

    A method typed by hand keeps its text; it gains the formal expression of the steps, or the generated text when it
    has none.
    """
    methods = {one.id: one for one in study.methods}
    datasets = []
    for dataset in study.datasets:
        known = evidence.get(dataset.name)
        if known is None:
            datasets.append(dataset)
            continue
        variables = []
        for variable in dataset.variables:
            traces = _with_values(known.lineage, variable.name)
            variables.append(_apply(methods, variable, traces, f"{dataset.name}.{variable.name}"))
        levels = []
        for level in dataset.value_levels:
            part = qualifier_of(level) or ".".join(filter(None, (level.variable, parameter_of(level))))
            levels.append(_apply(methods, level, level_traces(known.lineage, level), f"{dataset.name}.{part}"))
        datasets.append(dataset.model_copy(update={"variables": tuple(variables), "value_levels": tuple(levels)}))
    return study.model_copy(update={"datasets": tuple(datasets), "methods": tuple(methods.values())})


def _with_values(lineage: Lineage, variable: str) -> tuple[Trace, ...]:
    """Return the steps of a variable; those that set it together with the values of parameters are one reference."""
    traces = lineage.of_variable(variable)
    of_values = {one.step: name for name in VALUES for one in lineage.of_variable(name) if one.parameter}
    together = [one for one in traces if one.step in of_values]
    if variable in VALUES or len(together) < 2:
        return traces
    first = together[0]
    text = f"set together with {of_values[first.step]}: see the method of each parameter in its value-level metadata"
    sources = tuple(dict.fromkeys(name for one in together for name in one.sources))
    reference = replace(first, algorithm="by_parameter", sources=sources, method=text, when="")
    return tuple(reference if one is first else one for one in traces if one is first or one not in together)


def _apply(methods: dict[str, Method], item: Any, traces: tuple[Trace, ...], name: str) -> Any:
    derived = any(origin.type == "Derived" for origin in item.origins)
    if not traces or not (derived or item.method):
        return item
    expression = FormalExpression(context=CONTEXT, code=f"{name}: {expression_of(traces)}")
    typed = methods.get(item.method)
    if typed is None:
        identifier = item.method or name
        methods[identifier] = Method(
            id=identifier,
            name=f"Algorithm for {name}",
            type="Imputation" if all("impute" in one.algorithm for one in traces) else "Computation",
            description=text_of(traces),
            expressions=(expression,),
        )
        return item.model_copy(update={"method": identifier})
    changes: dict[str, Any] = {"expressions": (*typed.expressions, expression)}
    if not typed.description:
        changes["description"] = text_of(traces)
    methods[typed.id] = typed.model_copy(update=changes)
    return item


def text_of(traces: tuple[Trace, ...]) -> str:
    """Return the method text: what each step did, in order."""
    texts = [one.method or expression_of((one,)) for one in traces]
    if len(texts) == 1:
        return texts[0]
    return "\n".join(f"{place}. {text}" for place, text in enumerate(texts, start=1))


def expression_of(traces: tuple[Trace, ...]) -> str:
    """Return the steps as calls: `assign_ct(ae_raw.AESEV) when ...; ...`."""
    calls = []
    for one in traces:
        when = f" when {one.when}" if one.when else ""
        calls.append(f"{one.algorithm}({', '.join(one.sources)}){when}")
    return "; ".join(calls)
