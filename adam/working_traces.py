"""Steps of working tables among those of a dataset: what is not written must be told where its values are used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from specs.expressions import parse
from specs.models import Step
from spectrail.expressions.english import in_words
from spectrail.lineage import Trace
from spectrail.runner import START

FILTER = "filter_records"


def with_working(
    traces: Sequence[Trace], working: Mapping[str, tuple[Sequence[Trace], Sequence[Step]]]
) -> tuple[Trace, ...]:
    """Add the steps of the working tables that traces read from, by way of other working tables too.

    Their variables are named with the table (`ADWDTH.LSTALVDT`); the table itself stands for which records it has.
    """
    found: dict[str, tuple[Trace, ...]] = {}
    waiting = list(dict.fromkeys(_tables(traces)))
    while waiting:
        name = waiting.pop(0)
        if name in working and name not in found:
            made, steps = working[name]
            found[name] = tuple(_named(name, made, steps))
            waiting += _tables(found[name])
    return (*traces, *(one for made in found.values() for one in made))


def _tables(traces: Sequence[Trace]) -> Iterator[str]:
    for one in traces:
        for source in (*one.sources, one.start):
            yield source.partition(".")[0]


def _named(name: str, traces: Sequence[Trace], steps: Sequence[Step]) -> Iterator[Trace]:
    own = {one.variable for one in traces}
    yield Trace(name, 0, START, (), "; ".join(_records(steps)))
    for one in traces:
        sources = tuple(f"{name}.{source}" if source in own else source for source in one.sources)
        yield replace(one, variable=f"{name}.{one.variable}", sources=(*sources, name))


def _records(steps: Sequence[Step]) -> Iterator[str]:
    """Yield which records a table starts from, and which of them it keeps."""
    for step in steps:
        if step.algorithm == START and step.source:
            where = f" where {in_words(parse(step.when).tree)}" if step.when else ""
            yield f"records of {step.source[0]}{where}"
        elif step.algorithm == FILTER:
            yield f"kept where {in_words(parse(str(step.arguments['condition'])).tree)}"
