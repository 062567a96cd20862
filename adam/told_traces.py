"""What the plan of an analysis dataset adds to its executed steps: their parameter, and the qualifier they copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from specs.expressions import parse
from specs.models import Step
from spectrail.expressions.english import in_words
from spectrail.lineage import Trace
from spectrail.runner import STACK, START

PARAMETER, SUPPLEMENTAL = "PARAMCD", "derive_var_supp"


def told_traces(traces: Sequence[Trace], steps: Sequence[Step]) -> tuple[Trace, ...]:
    """Give the steps of a parameter's block the condition `PARAMCD == '...'`, unless they have one.

    The step that names the parameter itself says instead which records the block was started from; one that copies a
    supplemental qualifier has that as its source (`SUPPAE.AERELBLN`).
    """
    blocks = _blocks(steps)
    told = (_told(one, *blocks[one.step]) if one.step in blocks else one for one in traces)
    return tuple(_copied(one, steps[one.step]) if one.algorithm == SUPPLEMENTAL else one for one in told)


def _copied(trace: Trace, step: Step) -> Trace:
    return replace(trace, sources=(str(step.arguments["qualifier"]),))


def _blocks(steps: Sequence[Step]) -> dict[int, tuple[str, Step]]:
    """Return parameter and start of the block by step number, for blocks in which a constant names the parameter."""
    found: dict[int, tuple[str, Step]] = {}
    bounds = [number for number, step in enumerate(steps) if step.algorithm in (START, STACK)]
    for first, last in zip(bounds, [*bounds[1:], len(steps)], strict=True):
        named = [one for one in steps[first:last] if one.target == PARAMETER and one.algorithm == "assign_constant"]
        if steps[first].algorithm == START and len(named) == 1 and len(bounds) > 1:
            found |= dict.fromkeys(range(first, last), (str(named[0].arguments["value"]), steps[first]))
    return found


def _told(trace: Trace, code: str, start: Step) -> Trace:
    if trace.variable == PARAMETER:
        where = f" where {in_words(parse(start.when).tree)}" if start.when else ""
        trace = replace(trace, method=f'"{code}" for the records of {start.source[0]}{where}')
    return trace if trace.when else replace(trace, when=f"{PARAMETER} == '{code}'")
