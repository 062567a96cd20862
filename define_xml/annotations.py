"""Annotations of forms: which SDTM variables the value of each field goes to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from define_xml.complete import is_analysis
from define_xml.origin_of import values_of
from specs.expressions import parse
from specs.models import Dataset, RawSource, Step, Study
from spectrail.binding import plain_texts
from spectrail.expressions.english import in_words
from spectrail.lineage import Lineage, Trace

NOT_SUBMITTED = "[NOT SUBMITTED]"


@dataclass(frozen=True)
class Annotation:
    """A field of a form, the domain that its value goes to (none: it is not submitted), and the text beside it."""

    form: str
    column: str
    domain: str
    text: str


def annotated_fields(study: Study, lineages: Mapping[str, Lineage]) -> Iterator[Annotation]:
    """Yield the annotations of all fields that SDTM datasets take: of executed steps where lineage is given."""
    raw = {one.name: one for one in study.sources}
    for dataset in study.datasets:
        if is_analysis(dataset):
            continue
        lineage = lineages.get(dataset.name)
        if lineage is None:
            for step in dataset.steps:
                yield from _of_step(dataset, step)
            continue
        written = {one.name for one in dataset.variables}
        yield from _of_traces(dataset.name, lineage.traces, written, raw)
        for step in dataset.steps:
            if step.algorithm == "not_submitted":
                yield from _of_step(dataset, step)
            elif step.target in written:
                yield from _of_dates(dataset.name, step, raw)
    for name, lineage in lineages.items():
        if name.startswith("SUPP"):
            yield from _of_qualifiers(name, lineage.traces, raw)


def _of_step(dataset: Dataset, step: Step) -> Iterator[Annotation]:
    for source in step.source:
        form, dot, column = source.partition(".")
        if not dot:
            continue
        if step.algorithm == "not_submitted":
            yield Annotation(form, column, "", NOT_SUBMITTED)
        elif step.target:
            owner, _, qualifier = step.target.rpartition(".")
            text = f"{qualifier} in {owner}" if owner else step.target
            yield Annotation(form, column, dataset.name, _when(text, step.when))


def _of_dates(domain: str, step: Step, raw: Mapping[str, RawSource]) -> Iterator[Annotation]:
    """Yield annotations of the dates that a step takes from the rows of another form."""
    table = str(step.arguments.get("table", ""))
    for column in plain_texts(step.arguments.get("date") if table in raw else None):
        yield Annotation(table, column, domain, step.target)


def _of_traces(
    domain: str, traces: Sequence[Trace], written: set[str], raw: Mapping[str, RawSource]
) -> Iterator[Annotation]:
    """Yield annotations by the variables of the dataset: a value on its way stands for what it goes to.

    A value that only decides on others, or that another dataset reads, is said to be used for the domain.
    """
    readers: dict[str, dict[str, None]] = {}
    for one in traces:
        for source in values_of(one, raw):
            readers.setdefault(source, {})[one.variable] = None

    def goes_to(name: str, seen: frozenset[str]) -> Iterator[str]:
        if name in written:
            yield name
            return
        for other in readers.get(name, ()):
            if other not in seen:
                yield from goes_to(other, seen | {other})

    for one in traces:
        found = dict.fromkeys(goes_to(one.variable, frozenset({one.variable})))
        for form, column in _fields(one, raw):
            for variable in found:
                yield Annotation(form, column, domain, _when(variable, one.when if variable == one.variable else ""))
            if not found:
                yield Annotation(form, column, domain, f"[USED FOR {domain}]")


def _of_qualifiers(name: str, traces: Sequence[Trace], raw: Mapping[str, RawSource]) -> Iterator[Annotation]:
    for one in traces:
        for form, column in _fields(one, raw):
            text = f"{one.variable.partition('.')[2]} in {name}"
            yield Annotation(form, column, name.removeprefix("SUPP"), _when(text, one.when))


def _fields(trace: Trace, raw: Mapping[str, RawSource]) -> Iterator[tuple[str, str]]:
    for source in values_of(trace, raw):
        form, _, column = source.partition(".")
        if form in raw and column:
            yield form, column


def _when(text: str, condition: str) -> str:
    return f"{text} when {in_words(parse(condition).tree)}" if condition else text
