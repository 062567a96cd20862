"""Origins from the executed steps: collected (form and field), derived, assigned, predecessor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from define_xml.complete import is_analysis
from define_xml.evidence import Evidence
from specs.models import Origin, RawSource, Study, ValueLevel, Variable
from spectrail.lineage import Trace

Item = TypeVar("Item", Variable, ValueLevel)
Note = Callable[[str, str, str, str, str], None]

AS_COLLECTED = frozenset({"assign_no_ct", "assign_ct", "assign_datetime", "condition_add", "split_text"})
"""Algorithms whose result is the collected value, at most in another notation."""
COPIES = frozenset({"copy", "assign_no_ct", "merge", "lookup", "predecessor"})
"""Algorithms that carry a value of another dataset over unchanged."""


@dataclass(frozen=True)
class Forms:
    """Pages of the annotated CRF by raw source name, and for single fields by (source, column)."""

    pages: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    fields: Mapping[tuple[str, str], tuple[int, ...]] = field(default_factory=dict)

    def of(self, source: str, column: str) -> tuple[int, ...]:
        """Return the pages on which a field stands, else those of its form."""
        return self.fields.get((source, column), self.pages.get(source, ()))


def derive_origins(study: Study, evidence: Mapping[str, Evidence], *, forms: Forms | None, note: Note) -> Study:
    """Fill origins that are not typed from lineage; complete typed collected ones with form, field and pages."""
    raw = {one.name: one for one in study.sources}
    datasets = []
    for dataset in study.datasets:
        known = evidence.get(dataset.name)
        if known is None:
            datasets.append(dataset)
            continue
        analysis = is_analysis(dataset)
        split = {
            one.variable for one in dataset.value_levels if one.origins or known.lineage.of_variable(_trace_name(one))
        }
        variables = tuple(
            one
            if one.name in split and not one.origins
            else _with_origin(one, known.lineage.of_variable(one.name), raw, forms, analysis, dataset.name, note)
            for one in dataset.variables
        )
        levels = tuple(
            _with_origin(one, known.lineage.of_variable(_trace_name(one)), raw, forms, analysis, dataset.name, note)
            for one in dataset.value_levels
        )
        datasets.append(dataset.model_copy(update={"variables": variables, "value_levels": levels}))
    return study.model_copy(update={"datasets": tuple(datasets)})


def _trace_name(level: ValueLevel) -> str:
    """Return the name under which the steps of a value level are traced: `QVAL.AETRTEM`, else none."""
    names = [one.values[0] for one in level.where.conditions if one.variable == "QNAM" and len(one.values) == 1]
    return f"{level.variable}.{names[0]}" if names else ""


def _with_origin(
    item: Item,
    traces: tuple[Trace, ...],
    raw: Mapping[str, RawSource],
    forms: Forms | None,
    analysis: bool,
    dataset: str,
    note: Note,
) -> Item:
    if not traces:
        return item
    executed = origin_of(traces, raw, analysis=analysis)
    pages = _pages(traces, raw, forms) if executed.type == "Collected" else ""
    if not item.origins:
        return item.model_copy(update={"origins": (executed.model_copy(update={"pages": pages}),)})
    typed = item.origins[0]
    if typed.type != executed.type:
        name = item.name if isinstance(item, Variable) else item.variable
        message = f"origin {typed.type} is specified, the executed steps say {executed.type}"
        note("DEF-B03", dataset, name, typed.type, message)
        return item
    if typed.type == "Collected":
        changes = {
            "description": typed.description or executed.description,
            "pages": typed.pages or ("" if typed.documents else pages),
            "source": typed.source or executed.source,
        }
        return item.model_copy(update={"origins": (typed.model_copy(update=changes), *item.origins[1:])})
    return item


def origin_of(traces: tuple[Trace, ...], raw: Mapping[str, RawSource], *, analysis: bool) -> Origin:
    """Return the origin that executed steps imply.

    Collected when the steps that filled values only took over fields of a raw source, its form and fields named;
    predecessor when one step of an analysis dataset carried a variable over; assigned when no step read anything;
    else derived.
    """
    effective = [one for one in traces if one.filled] or list(traces)
    sources = tuple(dict.fromkeys(name for one in effective for name in one.sources))
    if all(one.algorithm.startswith("hardcode") for one in effective) or not sources:
        return Origin(type="Assigned", source="Sponsor")
    fields = [(name.partition(".")[0], name.partition(".")[2]) for name in sources]
    taken_over = all(one.algorithm in AS_COLLECTED for one in effective)
    if taken_over and not analysis and all(form in raw for form, _ in fields):
        vendors = {raw[form].collected_by for form, _ in fields}
        source = vendors.pop() if len(vendors) == 1 else "Investigator"
        return Origin(type="Collected", source=source, description=_fields_text(fields, raw))
    if analysis and len(effective) == 1 and len(sources) == 1 and effective[0].algorithm in COPIES and fields[0][1]:
        return Origin(type="Predecessor", predecessor=sources[0])
    return Origin(type="Derived", source="Sponsor")


def _fields_text(fields: list[tuple[str, str]], raw: Mapping[str, RawSource]) -> str:
    """Name form and fields: `Form ae_raw (Adverse Events), field AESTDAT`."""
    parts = []
    for form in dict.fromkeys(form for form, _ in fields):
        columns = [column for name, column in fields if name == form]
        label = f" ({raw[form].label})" if raw[form].label else ""
        parts.append(f"Form {form}{label}, field{'s' if len(columns) > 1 else ''} {', '.join(columns)}")
    return "; ".join(parts)


def _pages(traces: tuple[Trace, ...], raw: Mapping[str, RawSource], forms: Forms | None) -> str:
    if forms is None:
        return ""
    found: set[int] = set()
    for name in (name for one in traces for name in one.sources):
        form, _, column = name.partition(".")
        if form in raw:
            found.update(forms.of(form, column))
    return " ".join(str(page) for page in sorted(found))
