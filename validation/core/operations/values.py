"""Operations that list values."""

from __future__ import annotations

import numpy as np

from validation.core.columns import Column
from validation.core.frames import Frame
from validation.core.operation_calls import OPERATIONS, Call, filtered, grouped


@OPERATIONS.register("distinct")
def distinct(call: Call) -> Column:
    """Return the populated values in order of appearance, in all or per group.

    With `value_is_reference`: those values that are variables of the dataset which the row's RDOMAIN names.
    """
    source = call.source()
    if call.spec.options.get("value_is_reference"):
        return call.constant(_real_columns(call, source))
    column = source.column(call.variable())
    rows = np.flatnonzero(filtered(call, source) & ~column.null)
    if not call.spec.group:
        return call.constant(column.take(rows).occurring() if len(rows) < source.size else column.occurring())
    groups = grouped(call, source)
    size = len(column.distinct)
    pairs, first = np.unique(groups.source[rows] * size + column.codes[rows], return_index=True)
    # by group, within it in order of first appearance; groups as they first appear
    order = np.lexsort((first, pairs // max(size, 1)))
    group = pairs[order] // max(size, 1)
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    values = column.distinct[pairs[order] % max(size, 1)]
    lists = [tuple(part) for part in np.split(values, starts[1:])] if len(starts) else []
    appearing = np.argsort(first[order][starts], kind="stable")
    position = np.full(groups.count, -1, dtype=np.int64)
    position[group[starts][appearing]] = np.arange(len(appearing))
    return Column.of_mapped(
        groups.spread(position, position >= 0), [lists[at] for at in appearing.tolist()], kind="list"
    )


def _real_columns(call: Call, source: Frame) -> list[str]:
    names, domains = source.column(call.variable()), source.column("RDOMAIN")
    pairs = np.unique(np.stack([names.codes, domains.codes]), axis=1, return_index=True)
    order = np.argsort(pairs[1], kind="stable")
    found: dict[str, None] = {}
    for name, domain in pairs[0][:, order].T.tolist():
        if name < 0 or domain < 0:
            continue
        dataset = call.session.find(str(domains.distinct[domain]))
        if dataset is not None and names.distinct[name] in call.session.tables[dataset].frame.columns:
            found[str(names.distinct[name])] = None
    return list(found)
