"""Operations that count records and variables."""

from __future__ import annotations

import numpy as np

from validation.core.columns import Column
from validation.core.operation_calls import OPERATIONS, Call, filtered, grouped
from validation.core.operators.uniqueness import reduced


@OPERATIONS.register("record_count")
def record_count(call: Call) -> Column:
    """Count the records that pass the filter, in all or per group.

    A group that the filter empties counts 0; with a filter, rows of a group with a null key get null. With `regex`,
    group values are compared by what the pattern finds in them.
    """
    source = call.source()
    keep = filtered(call, source)
    if not call.spec.group:
        return call.constant(int(keep.sum()))
    pattern = call.spec.options.get("regex")
    groups = grouped(call, source, lambda column: reduced(column, str(pattern) if pattern else None))
    counts = np.bincount(groups.source[keep], minlength=groups.count)
    present = np.bincount(groups.source, minlength=groups.count) > 0
    found = groups.spread(counts, present)
    if call.spec.filter:
        found = np.where(groups.null, -1, found)
    values, codes = np.unique(found, return_inverse=True)
    return Column.of_mapped(codes, [None if value < 0 else value for value in values.tolist()], kind="number")


@OPERATIONS.register("variable_count")
def variable_count(call: Call) -> Column:
    """Count the datasets (split files once) that have the variable, `--` being each one's own wildcard value."""
    families = set()
    for name, identity in call.session.identities.items():
        written = call.spec.name
        variable = identity.wildcard + written[2:] if written.startswith("--") else written
        if variable in call.session.tables[name].frame.columns:
            families.add(identity.unsplit)
    return call.constant(len(families))
