"""Kaplan-Meier estimates, log-rank test and cumulative incidence with competing events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from spectrail.errors import UnknownNameError, UsageError

Floats = npt.NDArray[np.float64]
Transform = Literal["log-log", "log", "linear"]
TRANSFORMS = ("log-log", "log", "linear")


@dataclass(frozen=True)
class Estimate:
    """A value with its interval; NaN where it is not reached."""

    value: float
    lower: float
    upper: float


def kaplan_meier(time: Floats, event: npt.NDArray[np.bool_]) -> pd.DataFrame:
    """Return one row per event time: TIME, ATRISK, EVENTS, SURVIVAL, GREENWOOD (the sum of d / (n (n - d)))."""
    time, event = np.asarray(time, dtype=np.float64), np.asarray(event, dtype=bool)
    if np.isnan(time).any() or (time < 0).any():
        raise UsageError("times must be known and not negative")
    times, deaths = np.unique(time[event], return_counts=True)
    at_risk = len(time) - np.searchsorted(np.sort(time), times, side="left")
    survival = np.cumprod(1 - deaths / at_risk) if len(times) else np.empty(0)
    with np.errstate(divide="ignore"):
        terms = deaths / (at_risk * (at_risk - deaths).astype(np.float64))
    return pd.DataFrame(
        {"TIME": times, "ATRISK": at_risk, "EVENTS": deaths, "SURVIVAL": survival, "GREENWOOD": np.cumsum(terms)}
    )


def limits(
    survival: Floats, greenwood: Floats, *, transform: Transform = "log-log", level: float = 0.95
) -> tuple[Floats, Floats]:
    """Return pointwise limits of survival by Greenwood's variance on a transformed scale.

    With survival 0 or 1 the transformed scales have no limits (NaN); `linear` is cut to 0 to 1.
    """
    if transform not in TRANSFORMS:
        raise UnknownNameError("transform", transform, TRANSFORMS)
    z = float(stats.norm.ppf(0.5 + level / 2))
    inside = (survival > 0) & (survival < 1)
    s, se = np.where(inside, survival, 0.5), np.sqrt(np.where(inside, greenwood, 0.0))
    if transform == "linear":
        low, high = s * (1 - z * se), s * (1 + z * se)
    elif transform == "log":
        low, high = s * np.exp(-z * se), s * np.exp(z * se)
    else:
        width = z * se / np.abs(np.log(s))
        low, high = s ** np.exp(width), s ** np.exp(-width)
    none = np.nan
    return np.where(inside, np.clip(low, 0, 1), none), np.where(inside, np.clip(high, 0, 1), none)


def quantile(
    table: pd.DataFrame, *, p: float = 0.5, transform: Transform = "log-log", level: float = 0.95
) -> Estimate:
    """Return the time at which survival falls to 1 - p, with limits (Brookmeyer and Crowley).

    A limit is where the curve of the pointwise limits falls to 1 - p.  Where survival is exactly 1 - p over an
    interval its middle is given. Not reached is NaN.
    """
    target = 1 - p
    survival = table["SURVIVAL"].to_numpy()
    low, high = limits(survival, table["GREENWOOD"].to_numpy(), transform=transform, level=level)
    low, high = np.where(survival == 0, 0.0, low), np.where(survival == 0, 0.0, high)
    time = table["TIME"].to_numpy()
    return Estimate(_falls_to(time, survival, target), _falls_to(time, low, target), _falls_to(time, high, target))


def _falls_to(time: Floats, curve: Floats, target: float) -> float:
    below = np.flatnonzero(curve <= target + 1e-12)
    if not len(below):
        return float("nan")
    first = int(below[0])
    if abs(curve[first] - target) <= 1e-12 and first + 1 < len(time):
        return float((time[first] + time[first + 1]) / 2)
    return float(time[first])


def rate_at(table: pd.DataFrame, at: float, *, transform: Transform = "log-log", level: float = 0.95) -> Estimate:
    """Return survival at a time with its limits; before the first event it is 1 without limits."""
    number = int(np.searchsorted(table["TIME"].to_numpy(), at, side="right")) - 1
    if number < 0:
        return Estimate(1.0, float("nan"), float("nan"))
    row = table.iloc[[number]]
    low, high = limits(row["SURVIVAL"].to_numpy(), row["GREENWOOD"].to_numpy(), transform=transform, level=level)
    return Estimate(float(row["SURVIVAL"].iloc[0]), float(low[0]), float(high[0]))


def log_rank(time: Floats, event: npt.NDArray[np.bool_], group: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """Return chi-square (1 degree of freedom) and p-value of the log-rank test of two groups."""
    times = np.unique(time[event])
    ordered, ordered_one = np.sort(time), np.sort(time[group])
    n = len(time) - np.searchsorted(ordered, times, side="left")
    n_one = int(group.sum()) - np.searchsorted(ordered_one, times, side="left")
    d = np.searchsorted(np.sort(time[event]), times, "right") - np.searchsorted(np.sort(time[event]), times, "left")
    mine = np.sort(time[event & group])
    d_one = np.searchsorted(mine, times, "right") - np.searchsorted(mine, times, "left")
    expected = d * n_one / n
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.where(n > 1, d * (n_one / n) * (1 - n_one / n) * (n - d) / (n - 1), 0.0)
    statistic = float((d_one.sum() - expected.sum()) ** 2 / variance.sum())
    return statistic, float(stats.chi2.sf(statistic, 1))


def aalen_johansen(time: Floats, status: npt.NDArray[np.int64], *, cause: int = 1) -> pd.DataFrame:
    """Return the cumulative incidence of a cause among competing ones (status 0 censored): TIME, INCIDENCE, ATRISK.

    One row per time with any event; the incidence sums survival before the time from all causes times the hazard of
    the cause.
    """
    table = kaplan_meier(time, status > 0)
    before = np.concatenate([[1.0], table["SURVIVAL"].to_numpy()[:-1]]) if len(table) else np.empty(0)
    mine = np.sort(time[status == cause])
    times = table["TIME"].to_numpy()
    count = np.searchsorted(mine, times, "right") - np.searchsorted(mine, times, "left")
    incidence = np.cumsum(before * count / table["ATRISK"].to_numpy())
    return pd.DataFrame({"TIME": times, "ATRISK": table["ATRISK"], "INCIDENCE": incidence})
