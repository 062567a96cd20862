"""What the plan of an analysis dataset adds to its executed steps: their parameter, and the qualifier they copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from specs.expressions import parse
from specs.models import Step
from spectrail.expressions import nodes
from spectrail.expressions.english import in_words
from spectrail.lineage import Trace
from spectrail.runner import STACK, START

PARAMETER, SUPPLEMENTAL = "PARAMCD", "derive_var_supp"


def told_traces(traces: Sequence[Trace], steps: Sequence[Step]) -> tuple[Trace, ...]:
    """Give the steps of a block of known parameters the condition `PARAMCD == '...'`, unless they have one.

    The step that names the parameter itself says instead which records the block was started from; one that copies a
    supplemental qualifier has that as its source (`SUPPAE.AERELBLN`).
    """
    blocks = _blocks(steps)
    told = (_told(one, blocks[one.step]) if one.step in blocks else one for one in traces)
    return tuple(_copied(one, steps[one.step]) if one.algorithm == SUPPLEMENTAL else one for one in told)


def _copied(trace: Trace, step: Step) -> Trace:
    return replace(trace, sources=(str(step.arguments["qualifier"]),))


@dataclass(frozen=True)
class _Block:
    """A block of records: the parameters it makes, and the step that starts it."""

    codes: tuple[str, ...]
    start: Step

    @property
    def condition(self) -> str:
        """What its records have in common."""
        if len(self.codes) == 1:
            return f"{PARAMETER} == '{self.codes[0]}'"
        return f"{PARAMETER} in [{', '.join(repr(one) for one in self.codes)}]"


def _blocks(steps: Sequence[Step]) -> dict[int, _Block]:
    """Return the block by step number, for blocks whose step for PARAMCD has nothing but literal values."""
    found: dict[int, _Block] = {}
    bounds = [number for number, step in enumerate(steps) if step.algorithm in (START, STACK)]
    for first, last in zip(bounds, [*bounds[1:], len(steps)], strict=True):
        named = [one for one in steps[first:last] if one.target == PARAMETER]
        codes = _codes(named[0]) if len(named) == 1 else ()
        if steps[first].algorithm == START and codes and len(bounds) > 1:
            found |= dict.fromkeys(range(first, last), _Block(codes, steps[first]))
    return found


def _codes(step: Step) -> tuple[str, ...]:
    """Return the literal values that a step gives, none where it may give others."""
    if step.algorithm == "assign_constant":
        return (str(step.arguments["value"]),)
    if step.algorithm == "compute":
        return _literals(parse(str(step.arguments["expression"])).tree)
    return ()


def _literals(node: nodes.Node) -> tuple[str, ...]:
    if isinstance(node, nodes.TextLiteral):
        return (node.value,)
    if isinstance(node, nodes.Conditional):
        parts = _literals(node.then), _literals(node.otherwise)
        return (*parts[0], *parts[1]) if all(parts) else ()
    return ()


def _told(trace: Trace, block: _Block) -> Trace:
    if trace.variable == PARAMETER and len(block.codes) == 1:
        start = block.start
        where = f" where {in_words(parse(start.when).tree)}" if start.when else ""
        trace = replace(trace, method=f'"{block.codes[0]}" for the records of {start.source[0]}{where}')
    if not trace.when:
        return replace(trace, when=block.condition)
    if PARAMETER in parse(trace.when).columns:
        return trace
    return replace(trace, when=f"{block.condition} and ({trace.when})")
