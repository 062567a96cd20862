"""Proportions with exact intervals, and agreement of two classifications."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from spectrail.errors import UsageError


def clopper_pearson(events: int, total: int, *, level: float = 0.95) -> tuple[float, float]:
    """Return the exact two-sided interval of a proportion (Clopper and Pearson) as fractions of 1."""
    if not 0 <= events <= total or total < 1:
        raise UsageError(f"{events} of {total} is not a proportion")
    tail = (1 - level) / 2
    low = 0.0 if events == 0 else float(stats.beta.ppf(tail, events, total - events + 1))
    high = 1.0 if events == total else float(stats.beta.ppf(1 - tail, events + 1, total - events))
    return low, high


def kappa(first: Sequence[str] | pd.Series, second: Sequence[str] | pd.Series) -> float:
    """Return Cohen's kappa of two classifications of the same units; NaN where chance alone gives full agreement."""
    one, other = (
        pd.Series(first, dtype="str").reset_index(drop=True),
        pd.Series(second, dtype="str").reset_index(drop=True),
    )
    if len(one) != len(other) or not len(one):
        raise UsageError("agreement needs two classifications of the same units")
    codes, _ = pd.factorize(pd.concat([one, other], ignore_index=True))
    left, right = codes[: len(one)], codes[len(one) :]
    size = int(codes.max()) + 1
    observed = float(np.mean(left == right))
    chance = float(np.bincount(left, minlength=size) @ np.bincount(right, minlength=size)) / len(one) ** 2
    return float("nan") if chance == 1 else (observed - chance) / (1 - chance)
