"""Small computations written as an expression."""

from __future__ import annotations

import pandas as pd

from sdtm.catalog import ALGORITHMS
from spectrail.steps import Computed


@ALGORITHMS.column(method="{expression}")
def compute(*, expression: Computed) -> pd.Series:
    """Give each record the value of an expression, such as `concat("01-", dm_raw.PATNUM)`.

    The expression language is described in the reference; a truth value becomes missing text where it is false, `Y`
    where it is true.
    """
    if pd.api.types.is_bool_dtype(expression.dtype):
        return pd.Series("Y", index=expression.index, dtype="str").where(expression.fillna(False).astype(bool))
    return expression
