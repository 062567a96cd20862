"""Kaplan-Meier estimates, log-rank test and cumulative incidence with competing events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

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
        # near 0 and 1 the transformed interval is wider than numbers go: the limits are 0 and 1 then
        width = np.minimum(z * se / np.abs(np.log(s)), 700.0)
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
    # where nobody is left the upper limit does not exist, so that the time is not bounded above
    low = np.where(survival == 0, 0.0, low)
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


def rate_at(
    table: pd.DataFrame, at: float, *, transform: Transform = "log-log", level: float = 0.95, last: float = np.inf
) -> Estimate:
    """Return survival at a time with its limits; before the first event it is 1 without limits.

    After `last`, the longest time observed, it is not known (NaN) unless nobody survived.
    """
    number = int(np.searchsorted(table["TIME"].to_numpy(), at, side="right")) - 1
    none = float("nan")
    if at > last and (number < 0 or table["SURVIVAL"].iloc[number] > 0):
        return Estimate(none, none, none)
    if number < 0:
        return Estimate(1.0, none, none)
    row = table.iloc[[number]]
    low, high = limits(row["SURVIVAL"].to_numpy(), row["GREENWOOD"].to_numpy(), transform=transform, level=level)
    return Estimate(float(row["SURVIVAL"].iloc[0]), float(low[0]), float(high[0]))


def log_rank(time: Floats, event: npt.NDArray[np.bool_], group: npt.NDArray[Any]) -> tuple[float, int, float]:
    """Return chi-square, degrees of freedom and p-value of the log-rank test of two or more groups."""
    codes, distinct = pd.factorize(np.asarray(group), sort=True)
    if len(distinct) < 2:
        raise UsageError("a log-rank test needs at least two groups")
    times = np.unique(time[event])
    at_risk = np.stack([_at_risk(time[codes == one], times) for one in range(len(distinct))])
    deaths = np.stack([_at(time[event & (codes == one)], times) for one in range(len(distinct))])
    n, d = at_risk.sum(axis=0), deaths.sum(axis=0)
    share = at_risk / n
    excess = (deaths - d * share).sum(axis=1)
    weight = np.where(n > 1, d * (n - d) / np.maximum(n - 1, 1), 0.0)
    covariance = np.diag((weight * share).sum(axis=1)) - (weight * share) @ share.T
    kept = slice(0, len(distinct) - 1)
    if not weight.any():
        return 0.0, len(distinct) - 1, 1.0
    statistic = float(excess[kept] @ np.linalg.pinv(covariance[kept, kept]) @ excess[kept])
    return statistic, len(distinct) - 1, float(stats.chi2.sf(statistic, len(distinct) - 1))


def _at_risk(time: Floats, times: Floats) -> npt.NDArray[np.int64]:
    return len(time) - np.searchsorted(np.sort(time), times, side="left")


def _at(time: Floats, times: Floats) -> npt.NDArray[np.int64]:
    ordered = np.sort(time)
    return np.searchsorted(ordered, times, "right") - np.searchsorted(ordered, times, "left")


def aalen_johansen(time: Floats, status: npt.NDArray[np.int64], *, cause: int = 1) -> pd.DataFrame:
    """Return the cumulative incidence of a cause among competing ones (status 0 censored).

    One row per time with any event: TIME, ATRISK, INCIDENCE, VARIANCE and SURVIVAL (from all causes).  The incidence
    sums survival before the time from all causes times the hazard of the cause; its variance is that of the delta
    method (Marubini and Valsecchi), equal to Greenwood's where nothing competes.
    """
    table = kaplan_meier(time, status > 0)
    times, n, d = table["TIME"].to_numpy(), table["ATRISK"].to_numpy(), table["EVENTS"].to_numpy()
    before = np.concatenate([[1.0], table["SURVIVAL"].to_numpy()[:-1]]) if len(table) else np.empty(0)
    mine = _at(time[status == cause], times)
    incidence = np.cumsum(before * mine / n)
    # sums over earlier times of (F(t) - F(s))^2 a + b - 2 (F(t) - F(s)) c, multiplied out to run in one pass
    with np.errstate(divide="ignore", invalid="ignore"):
        a = np.where(n > d, d / (n * (n - d).astype(np.float64)), 0.0)
    b, c = before**2 * mine * (n - mine) / n**3, before * mine / n**2
    f = incidence
    first = f**2 * np.cumsum(a) - 2 * f * np.cumsum(a * f) + np.cumsum(a * f**2)
    variance = first + np.cumsum(b) - 2 * (f * np.cumsum(c) - np.cumsum(c * f))
    columns = {"TIME": times, "ATRISK": n, "INCIDENCE": f, "VARIANCE": np.maximum(variance, 0.0)}
    return pd.DataFrame(columns | {"SURVIVAL": table["SURVIVAL"].to_numpy()})


def incidence_at(
    table: pd.DataFrame, at: float, *, transform: Transform = "log-log", level: float = 0.95, last: float = np.inf
) -> Estimate:
    """Return the cumulative incidence at a time with its limits; before the first event 0.

    After `last` it is not known, unless everybody has had an event by then: it does not change any more.
    """
    number = int(np.searchsorted(table["TIME"].to_numpy(), at, side="right")) - 1
    none = float("nan")
    complete = len(table) > 0 and table["SURVIVAL"].iloc[-1] == 0
    if at > last and not complete:
        return Estimate(none, none, none)
    if number < 0 or table["INCIDENCE"].iloc[number] == 0:
        return Estimate(0.0, none, none)
    value, variance = float(table["INCIDENCE"].iloc[number]), float(table["VARIANCE"].iloc[number])
    if value >= 1:
        return Estimate(1.0, none, none)
    low, high = limits(np.array([value]), np.array([variance / value**2]), transform=transform, level=level)
    return Estimate(value, float(low[0]), float(high[0]))


def incidence_quantile(table: pd.DataFrame, *, p: float = 0.5) -> float:
    """Return the first time at which the cumulative incidence is at least p; NaN where it is not reached."""
    reached = np.flatnonzero(table["INCIDENCE"].to_numpy() >= p - 1e-12)
    return float(table["TIME"].iloc[reached[0]]) if len(reached) else float("nan")
