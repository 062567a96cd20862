"""Method texts that stand alone: what a text names and the dataset does not hold is explained in it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

from spectrail.lineage import Trace
from spectrail.runner import STACK, START, StepLike


def explained(
    traces: Sequence[Trace],
    written: Collection[str],
    steps: Sequence[StepLike],
    columns_read: Callable[[StepLike], Collection[str]],
) -> tuple[Trace, ...]:
    """Add to the methods of written variables how the helper variables that their steps read were made.

    `written` are the variables of the dataset; helpers are those that steps make and the dataset does not hold. Those
    of other blocks of records are left out: records that are stacked may have come by many ways.
    """
    helpers: dict[str, list[Trace]] = {}
    for one in traces:
        if one.variable not in written:
            helpers.setdefault(one.variable, []).append(one)
    blocks = list(_blocks(steps))

    def behind(trace: Trace, seen: frozenset[str]) -> Iterator[str]:
        read = columns_read(steps[trace.step])
        for name, made in helpers.items():
            if name not in read or name in seen:
                continue
            before = [one for one in made if one.step < trace.step and blocks[one.step] == blocks[trace.step]]
            for one in before:
                yield f"{name}: {one.method}"
                yield from behind(one, seen | {name})

    def with_helpers(trace: Trace) -> Trace:
        texts = dict.fromkeys(behind(trace, frozenset({trace.variable})))
        return replace(trace, method="; ".join((trace.method, *texts))) if texts else trace

    return tuple(with_helpers(one) if one.variable in written else one for one in traces)


def _blocks(steps: Sequence[StepLike]) -> Iterator[int]:
    """Yield the number of the block of records that each step works on."""
    number = 0
    for step in steps:
        number += step.algorithm in (START, STACK)
        yield number
