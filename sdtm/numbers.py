"""Numbers as text."""

from __future__ import annotations

import numpy as np
import pandas as pd


def number_text(values: pd.Series) -> pd.Series:
    """Write numbers as their shortest text: `12`, `0.5`; missing stays missing."""
    codes, uniques = pd.factorize(values)
    texts = [np.format_float_positional(number, trim="-") for number in np.asarray(uniques, dtype="float64")]
    made = pd.Series(pd.array([*texts, None], dtype="str")).take(codes)
    return pd.Series(made.array, index=values.index, name=values.name)
