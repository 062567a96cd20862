"""Explanations as a tree on the terminal."""

from __future__ import annotations

from rich.markup import escape
from rich.tree import Tree

from spectrail.cli.output import out
from spectrail.lineage import Trace
from spectrail.pipeline.explain import Candidate, Explanation, Origin


def print_explanation(explanation: Explanation) -> None:
    """Print one explanation: keys, value, steps, and what they go back to."""
    out.print(_tree(explanation), soft_wrap=False)


def _tree(explanation: Explanation, parent: Explanation | None = None) -> Tree:
    tree = Tree(_head(explanation, parent))
    for step in explanation.steps:
        tree.add(_step(step))
    if explanation.candidates:
        branch = tree.add("candidates of the time to event")
        for candidate in explanation.candidates:
            branch.add(_candidate(candidate))
    for origin in explanation.origins:
        _add_origin(tree, origin)
    for one in explanation.through:
        tree.add(_tree(one, explanation))
    return tree


def _head(explanation: Explanation, parent: Explanation | None) -> str:
    """Name the record unless it is the parent's, and the variable with its value."""
    same = parent is not None and (parent.dataset, parent.record) == (explanation.dataset, explanation.record)
    keys = " ".join(f"{name}={value}" for name, value in explanation.keys)
    record = "" if same else f"[bold]{explanation.dataset}[/] record {explanation.record}  {escape(keys)}"
    if not explanation.variable:
        return record
    value = escape(explanation.value) if explanation.value else "(missing)"
    variable = f"[bold]{explanation.variable}[/] = {value}"
    return f"{record}\n{variable}" if record else variable


def _step(step: Trace) -> str:
    sources = f"  from {', '.join(step.sources)}" if step.sources else ""
    return f"step [bold]{step.algorithm}[/]{escape(sources)}\n{escape(step.method)}"


def _candidate(one: Candidate) -> str:
    sequence = f" (sequence {one.sequence})" if one.sequence else ""
    where = escape(f"{one.kind} {one.description}, {one.date} from {one.source}{sequence}")
    reason = escape(one.reason)
    if one.won:
        return f"[bold]won[/]: {where}" + (f"; {reason}" if reason else "")
    return f"lost: {where}; {reason}"


def _add_origin(tree: Tree, origin: Origin) -> None:
    line = f", line {origin.line}" if origin.line else ""
    branch = tree.add(f"raw file [bold]{escape(origin.file)}[/] ({escape(origin.source)}), row {origin.row}{line}")
    for name, value in origin.values:
        branch.add(f"{escape(name)}: {escape(value) if value else '(empty)'}")
