"""The method text of a variable: what its steps did, for which records, and how intermediate values were made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

from specs.expressions import parse
from spectrail.expressions import nodes
from spectrail.expressions.english import in_words
from spectrail.lineage import Lineage, Trace

PARAMETER = "PARAMCD"


def words_of(traces: Sequence[Trace], lineage: Lineage, written: frozenset[str]) -> str:
    """Return the method text of a variable.

    One sentence for each different thing done, headed by the records it was done for; then one for each value that
    the steps read and that is no variable of the dataset (`written`).
    """
    every = _parameters(lineage)
    lines = _lines(traces, every)
    told = "\n".join(f"{place}. {line}" for place, line in enumerate(lines, 1)) if len(lines) > 1 else "".join(lines)
    notes = [
        f"{name} (intermediate): {' / '.join(_lines(lineage.of_variable(name), every))}"
        for name in _intermediate(traces, lineage, written)
    ]
    return "\n".join([told, *notes])


def _parameters(lineage: Lineage) -> frozenset[nodes.Node]:
    """Return the values of PARAMCD that steps give."""
    named = [one.when for one in lineage.of_variable(PARAMETER)]
    if not all(named):
        return frozenset()
    return frozenset(value for one in named for value in _values(parse(one).tree)[1])


def _lines(traces: Sequence[Trace], every: Set[nodes.Node]) -> list[str]:
    """Return one line for each different text, with the records that it holds for; `every` are all parameters."""
    starts = {one.start for one in traces if one.start}
    grouped: dict[str, list[Trace]] = {}
    for one in traces:
        grouped.setdefault(one.method or one.algorithm, []).append(one)
    return [_sentence(_head(group, starts, every), text) for text, group in grouped.items()]


def _head(group: Sequence[Trace], starts: Set[str], every: Set[nodes.Node]) -> str:
    """Return the records that steps of one text were carried out for: by condition, else by the form they come from.

    PARAMCD has none that names itself: its text says which records get the parameter; what holds for all
    parameters has none.
    """
    conditions = list(dict.fromkeys(one.when for one in group))
    named = [_values(parse(one).tree) for one in conditions if one]
    if group[0].variable == PARAMETER and all(column == PARAMETER for column, _ in named):
        return ""
    values = {value for _, found in named for value in found}
    if len(every) > 1 and {column for column, _ in named} == {PARAMETER} and every <= values:
        return ""
    if "" not in conditions:
        return f"Where {_joined(conditions)}: "
    tables = list(dict.fromkeys(one.start for one in group if one.start))
    return f"Records from {' and '.join(tables)}: " if 0 < len(tables) < len(starts) else ""


def _sentence(head: str, text: str) -> str:
    first = text.split(" ", 1)[0]
    begun = text if head or not first.islower() else text[:1].upper() + text[1:]
    return head + begun + ("" if begun.endswith((".", "!", "?")) else ".")


def _joined(conditions: Sequence[str]) -> str:
    """Return conditions joined by or; several that each name values of one column as one list of values."""
    trees = [parse(one).tree for one in conditions]
    named = [_values(tree) for tree in trees]
    columns = {column for column, _ in named}
    if len(columns) == 1 and (column := columns.pop()):
        listed = tuple(dict.fromkeys(value for _, found in named for value in found))
        return in_words(nodes.Membership(nodes.Column(column), listed, negated=False))
    return " or ".join(f"({in_words(one)})" if len(trees) > 1 else in_words(one) for one in trees)


def _values(tree: nodes.Node) -> tuple[str, tuple[nodes.Node, ...]]:
    """Return column and values of `PARAMCD == 'OS'` or `PARAMCD in [...]`, no column for any other condition."""
    if isinstance(tree, nodes.Compare) and tree.operator == "==" and isinstance(tree.left, nodes.Column):
        return tree.left.name, (tree.right,)
    if isinstance(tree, nodes.Membership) and not tree.negated and isinstance(tree.value, nodes.Column):
        return tree.value.name, tree.items
    return "", ()


def _intermediate(traces: Sequence[Trace], lineage: Lineage, written: frozenset[str]) -> list[str]:
    """Return the values that steps read, directly or through others, and that are no variables of the dataset."""
    made = {one.variable for one in lineage.traces} - written
    found: dict[str, None] = {}
    waiting = list(_read(traces))
    while waiting:
        name = waiting.pop(0)
        if name in made and name not in found:
            found[name] = None
            waiting += _read(lineage.of_variable(name))
    return list(found)


def _read(traces: Sequence[Trace]) -> Iterator[str]:
    for one in traces:
        yield from one.sources
        if one.when:
            yield from parse(one.when).columns
