"""Results of pure functions of one column, remembered as long as the column lives.

Steps read the same columns again and again: five conversions read one unit column.  Columns are replaced, never
changed in place, so what was computed of one stays true.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

import pandas as pd

P = ParamSpec("P")
R = TypeVar("R")
_SAME: Any = object()
KEPT = 16
"""Results that are kept of each function, the ones used last: a dataset under way has many long columns."""


def per_column(function: Callable[Concatenate[pd.Series, P], R]) -> Callable[Concatenate[pd.Series, P], R]:
    """Remember the result of a function for each column (and other, hashable arguments) until the column is gone."""
    known: dict[Any, tuple[Any, Any]] = {}

    def remembered(values: pd.Series, /, *args: P.args, **kwargs: P.kwargs) -> R:
        key = (id(values), args, tuple(sorted(kwargs.items())))
        entry = known.pop(key, None)
        if entry is not None and entry[0]() is values:
            known[key] = entry  # used last
            return values if entry[1] is _SAME else entry[1]
        result = function(values, *args, **kwargs)
        # a result that is the column itself must not keep it alive
        kept = _SAME if result is values else result
        known[key] = (weakref.ref(values, lambda _: known.pop(key, None)), kept)
        if len(known) > KEPT:
            known.pop(next(iter(known)), None)
        return result

    functools.update_wrapper(remembered, function)
    return remembered
