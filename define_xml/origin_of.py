"""Origins from the executed steps: collected (form and field), derived, assigned, predecessor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from define_xml.complete import is_analysis
from define_xml.evidence import Evidence
from define_xml.parameter_levels import level_traces
from specs.expressions import parse
from specs.models import Origin, RawSource, Study, ValueLevel, Variable
from spectrail.lineage import Lineage, Trace

Item = TypeVar("Item", Variable, ValueLevel)
Made = Callable[[str], tuple[Trace, ...]]
"""Gives the executed steps of a variable of the same dataset."""
Note = Callable[[str, str, str, str, str], None]

AS_COLLECTED = frozenset(
    {
        "as_number",
        "assign_ct",
        "assign_datetime",
        "assign_no_ct",
        "iso_date",
        "multiple_responses",
        "split",
        "split_text",
        "split_to_suppqual",
        "substring",
        "transpose",
    }
)
"""Algorithms whose result is the collected value, at most in another notation."""
CONSTANTS = frozenset({"assign_constant", "assign_number", "dataset_level", "hardcode_ct", "hardcode_no_ct"})
"""Algorithms whose result is a value of the specification."""
MAPPINGS = frozenset({"map_numbers", "map_values"})
"""Algorithms whose result is a value of the specification for each value of another variable."""
ASSIGNED_OF_SUPP = frozenset(
    {"STUDYID", "RDOMAIN", "USUBJID", "IDVAR", "IDVARVAL", "QNAM", "QLABEL", "QORIG", "QEVAL"}
)
"""Variables of a supplemental qualifier dataset that the toolkit fills itself; QVAL has its origin by QNAM."""
SUPPLEMENTAL = "derive_var_supp"
COPIES = frozenset({"predecessor", SUPPLEMENTAL})
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
        bases = known.lineage.records.sources
        base = bases[0] if len(bases) == 1 else ""
        context = _Context(raw, forms, is_analysis(dataset), dataset.name, base, known.lineage, note)
        split = {one.variable for one in dataset.value_levels if one.origins or level_traces(known.lineage, one)}
        fixed = ASSIGNED_OF_SUPP if dataset.name.startswith("SUPP") else frozenset()
        variables = tuple(
            one
            if one.name in split and not one.origins
            else one.model_copy(update={"origins": (Origin(type="Assigned", source="Sponsor"),)})
            if one.name in fixed and not one.origins
            else _with_origin(one, known.lineage.of_variable(one.name), context)
            for one in dataset.variables
        )
        levels = tuple(_with_origin(one, level_traces(known.lineage, one), context) for one in dataset.value_levels)
        datasets.append(dataset.model_copy(update={"variables": variables, "value_levels": levels}))
    return study.model_copy(update={"datasets": tuple(datasets)})


@dataclass(frozen=True)
class _Context:
    """What the origins of one dataset depend on besides its steps."""

    raw: Mapping[str, RawSource]
    forms: Forms | None
    analysis: bool
    dataset: str
    base: str
    lineage: Lineage
    note: Note


def _with_origin(item: Item, traces: tuple[Trace, ...], context: _Context) -> Item:
    if not traces:
        return item
    executed = origin_of(
        traces, context.raw, analysis=context.analysis, base=context.base, made=context.lineage.of_variable
    )
    pages = _pages(traces, context.raw, context.forms) if executed.type == "Collected" else ""
    if not item.origins:
        return item.model_copy(update={"origins": (executed.model_copy(update={"pages": pages}),)})
    typed = item.origins[0]
    if typed.type == "Collected" and executed.type == "Derived":
        executed = _collected(traces, context.raw) or executed
        pages = _pages(traces, context.raw, context.forms) if executed.type == "Collected" else ""
    if typed.type != executed.type:
        name = item.name if isinstance(item, Variable) else item.variable
        message = f"origin {typed.type} is specified, the executed steps say {executed.type}"
        context.note("DEF-B03", context.dataset, name, typed.type, message)
        return item
    if typed.type == "Collected":
        changes = {
            "description": typed.description or executed.description,
            "pages": typed.pages or ("" if typed.documents else pages),
            "source": typed.source or executed.source,
        }
        return item.model_copy(update={"origins": (typed.model_copy(update=changes), *item.origins[1:])})
    return item


def origin_of(
    traces: tuple[Trace, ...],
    raw: Mapping[str, RawSource],
    *,
    analysis: bool,
    base: str = "",
    made: Made = lambda _: (),
) -> Origin:
    """Return the origin that executed steps imply.

    Collected when the steps that filled values only took over fields of a raw source, its form and fields named;
    predecessor when the steps of an analysis dataset only carried one variable over (from `base` when they name no
    dataset; through a variable of the dataset itself, whose steps `made` gives, to what that was copied from);
    assigned when the value stands in the specification, in an analysis dataset the same for all records of
    a parameter: where data decide which records get it, it is derived; else derived.
    """
    effective = [one for one in traces if one.filled] or list(traces)
    if analysis:
        return _origin_of_analysis(effective, base, made)
    sources = tuple(dict.fromkeys(name for one in effective for name in values_of(one, raw)))
    if all(one.algorithm in CONSTANTS for one in effective) or not sources:
        return Origin(type="Assigned", source="Sponsor")
    taken_over = all(one.algorithm in AS_COLLECTED for one in effective)
    collected = _collected(traces, raw) if taken_over else None
    return collected if collected is not None else Origin(type="Derived", source="Sponsor")


def _origin_of_analysis(effective: Sequence[Trace], base: str, made: Made) -> Origin:
    if all(one.algorithm in CONSTANTS | MAPPINGS and not _decided_by_data(one) for one in effective):
        return Origin(type="Assigned", source="Sponsor")
    found = list(dict.fromkeys(name for one in effective for name in _copied_from(one, base, made)))
    if all(found) and len({name.rpartition(".")[2] for name in found}) == 1:
        return Origin(type="Predecessor", predecessor=", ".join(found))
    return Origin(type="Derived", source="Sponsor")


def _decided_by_data(trace: Trace) -> bool:
    """Tell whether other data than the parameter decide which records a constant is given to."""
    return bool({*trace.sources, *(parse(trace.when).columns if trace.when else ())} - {"PARAMCD"})


def _copied_from(trace: Trace, base: str, made: Made) -> list[str]:
    """Return the variable that a step carries over to all its records, the empty name for any other step.

    A supplemental qualifier comes from QVAL, as in `SUPPAE.QVAL where QNAM = "AERELBLN"`.
    """
    if trace.algorithm not in COPIES or len(trace.sources) != 1 or _decided_by_data(replace(trace, sources=())):
        return [""]
    table, _, name = trace.sources[0].rpartition(".")
    if trace.algorithm == SUPPLEMENTAL:
        return [f'{table}.QVAL where QNAM = "{name}"']
    own = [] if table or name == trace.variable else [one for one in made(name) if one.filled]
    if own:
        return [found for one in own for found in _copied_from(one, base, made)]
    return [f"{table or base}.{name}".removeprefix(".")]


def _collected(traces: tuple[Trace, ...], raw: Mapping[str, RawSource]) -> Origin | None:
    """Return origin Collected with form and fields when all values come from fields of raw sources, else None."""
    effective = [one for one in traces if one.filled] or list(traces)
    names = list(dict.fromkeys(name for one in effective for name in values_of(one, raw)))
    fields = [(name.partition(".")[0], name.partition(".")[2]) for name in names]
    if not fields or not all(form in raw for form, _ in fields):
        return None
    vendors = {raw[form].collected_by for form, _ in fields}
    source = vendors.pop() if len(vendors) == 1 else "Investigator"
    return Origin(type="Collected", source=source, description=_fields_text(fields, raw))


def values_of(trace: Trace, raw: Mapping[str, RawSource]) -> list[str]:
    """Return the sources of a step that gave values: those that only its condition reads do not count."""
    if not trace.when:
        return list(trace.sources)
    asked = set(parse(trace.when).columns)
    given = [name for name in trace.sources if name not in asked]
    return given or [name for name in trace.sources if name.partition(".")[0] in raw]


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
