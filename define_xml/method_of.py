"""Methods from the executed steps: the text of each step as it ran, and a formal expression of the steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from define_xml.evidence import Evidence
from define_xml.method_words import words_of
from define_xml.parameter_levels import (
    beside_level,
    by_parameter,
    level_traces,
    parameter_of,
    qualifier_of,
    told_with_values,
)
from specs.models import FormalExpression, Method, Study, ValueLevel
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
        written = frozenset(one.name for one in dataset.variables)
        values = told_with_values(known.lineage) if dataset.value_levels else {}
        for variable in dataset.variables:
            traces = known.lineage.of_variable(variable.name)
            told = _Told(known.lineage, written, traces, see=values.get(variable.name, ""))
            variables.append(_apply(methods, variable, told, f"{dataset.name}.{variable.name}"))
        levels = []
        for level in dataset.value_levels:
            part = qualifier_of(level) or ".".join(filter(None, (level.variable, parameter_of(level))))
            told = _Told(known.lineage, written, level_traces(known.lineage, level), level)
            levels.append(_apply(methods, level, told, f"{dataset.name}.{part}"))
        datasets.append(dataset.model_copy(update={"variables": tuple(variables), "value_levels": tuple(levels)}))
    return study.model_copy(update={"datasets": tuple(datasets), "methods": tuple(methods.values())})


@dataclass(frozen=True)
class _Told:
    """The steps of one variable, within the lineage of a dataset with the variables `written`."""

    lineage: Lineage
    written: frozenset[str]
    traces: tuple[Trace, ...]
    level: ValueLevel | None = None
    see: str = ""

    @property
    def text(self) -> str:
        """The method text: of a level with that of the variables told with it, of those a reference to the levels."""
        if self.see:
            general = [one for one in self.traces if not by_parameter((one,))]
            after = [f"Then: {words_of(general, self.lineage, self.written)}"] if general else []
            reference = f"See the method of each parameter in the value-level metadata of {self.see}."
            return "\n".join([reference, *after])
        told = words_of(self.traces, self.lineage, self.written)
        if self.level is None:
            return told
        beside = beside_level(self.lineage, self.level)
        return "\n".join([told, *(f"{name}: {words_of(one, self.lineage, self.written)}" for name, one in beside)])


def _apply(methods: dict[str, Method], item: Any, told: _Told, name: str) -> Any:
    derived = any(origin.type == "Derived" for origin in item.origins)
    if not told.traces or not (derived or item.method):
        return item
    expression = FormalExpression(context=CONTEXT, code=f"{name}: {expression_of(told.traces)}")
    typed = methods.get(item.method)
    if typed is None:
        identifier = item.method or name
        methods[identifier] = Method(
            id=identifier,
            name=f"Algorithm for {name}",
            type="Imputation" if all("impute" in one.algorithm for one in told.traces) else "Computation",
            description=told.text,
            expressions=(expression,),
        )
        return item.model_copy(update={"method": identifier})
    changes: dict[str, Any] = {"expressions": (*typed.expressions, expression)}
    if not typed.description:
        changes["description"] = told.text
    methods[typed.id] = typed.model_copy(update=changes)
    return item


def expression_of(traces: tuple[Trace, ...]) -> str:
    """Return the steps as calls: `assign_ct(ae_raw.AESEV) when ...; ...`."""
    calls = []
    for one in traces:
        when = f" when {one.when}" if one.when else ""
        calls.append(f"{one.algorithm}({', '.join(one.sources)}){when}")
    return "; ".join(calls)
