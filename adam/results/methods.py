"""The statistics that results may name: each yields one row per number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from adam.results.proportion import clopper_pearson, kappa
from adam.results.survival import (
    TRANSFORMS,
    Transform,
    aalen_johansen,
    incidence_at,
    incidence_quantile,
    kaplan_meier,
    log_rank,
    quantile,
    rate_at,
)
from specs.expressions import parse
from spectrail import expressions
from spectrail.errors import SpecError, UnknownNameError

Row = dict[str, Any]
Population: TypeAlias = pd.DataFrame | None


def number(text: str, what: str) -> float:
    """Return a number that a specification gives as text; raise SpecError where it is none."""
    try:
        return float(text)
    except ValueError:
        raise SpecError(f"{what}: {text!r} is not a number") from None


def numbers(text: str, what: str) -> list[tuple[str, float]]:
    """Return the numbers of `6, 12` with their texts."""
    return [(one.strip(), number(one, what)) for one in text.split(",") if one.strip()]


def _transform(text: str) -> Transform:
    if text not in TRANSFORMS:
        raise UnknownNameError("transform", text, TRANSFORMS)
    return text  # type: ignore[return-value]


def mask(condition: str, frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return which records meet a condition."""
    parsed = parse(condition)
    columns = {name: pd.Series(_column(frame, name).array) for name in parsed.columns}
    values = expressions.evaluate(parsed, columns, pd.RangeIndex(len(frame)))
    return values.fillna(False).to_numpy(dtype=bool)


def _column(frame: pd.DataFrame, name: str) -> pd.Series:
    if name not in frame.columns:
        raise UnknownNameError("variable", name, map(str, frame.columns))
    return frame[name]


def _groups(frame: pd.DataFrame, by: str) -> Iterator[tuple[Row, pd.DataFrame]]:
    if not by:
        yield {}, frame
        return
    for value in sorted(_column(frame, by).dropna().unique().tolist()):
        yield {"group": {by: value}}, frame[frame[by] == value].reset_index(drop=True)


def proportion(
    frame: pd.DataFrame, population: Population, *, condition: str = "", level: str = "0.95", by: str = ""
) -> Iterator[Row]:
    """Yield the proportion of subjects with a record that meets a condition, with its exact interval.

    With a population (a second dataset of the result) its subjects are the denominator, of every group too; else the
    subjects with records are, group by group.
    """
    everyone = None if population is None else population["USUBJID"].unique()
    text = f"subjects with {condition}" if condition else "subjects with a record"
    for group, part in _groups(frame, by):
        hit = part[mask(condition, part)] if condition else part
        subjects = hit["USUBJID"]
        if everyone is not None:
            subjects = subjects[subjects.isin(everyone)]
        events, total = int(subjects.nunique()), int(part["USUBJID"].nunique() if everyone is None else len(everyone))
        if total == 0:
            continue
        low, high = clopper_pearson(events, total, level=number(level, "level"))
        yield {
            **group,
            "method": f"proportion of {text}; Clopper-Pearson interval",
            "statistic": "proportion",
            "value": events / total,
            "lower": low,
            "upper": high,
            "level": number(level, "level"),
            "n": events,
            "denominator": total,
        }


def count(frame: pd.DataFrame, population: Population, *, condition: str = "", by: str = "") -> Iterator[Row]:
    """Yield numbers of subjects and records that meet a condition, by the values of a variable."""
    part = frame[mask(condition, frame)].reset_index(drop=True) if condition else frame
    if population is not None:
        part = part[part["USUBJID"].isin(population["USUBJID"])].reset_index(drop=True)
    text = f"records with {condition}" if condition else "records"
    for group, one in _groups(part, by):
        subjects = int(one["USUBJID"].nunique())
        yield {**group, "method": f"subjects with {text}", "statistic": "subjects", "value": subjects}
        yield {**group, "method": f"number of {text}", "statistic": "records", "value": len(one)}


def survival(
    frame: pd.DataFrame,
    population: Population,
    *,
    at: str = "",
    quantiles: str = "0.5",
    transform: str = "log-log",
    level: str = "0.95",
    unit_days: str = "1",
    by: str = "",
) -> Iterator[Row]:
    """Yield Kaplan-Meier quantiles and the rates at some times (`at: 6, 12`) in units of `unit_days` days.

    Intervals use Greenwood's variance on the scale of `transform` (log-log, log, linear); those of a quantile are
    where the curve of the limits falls to it (Brookmeyer and Crowley). A rate after the longest time is null.
    """
    del population
    scale, width = number(unit_days, "unit_days"), number(level, "level")
    kind = _transform(transform)
    for group, part in _groups(frame, by):
        time = _column(part, "AVAL").to_numpy(dtype=np.float64) / scale
        event = _column(part, "CNSR").to_numpy(dtype=np.float64) == 0
        table = kaplan_meier(time, event)
        base: Row = {"level": width, "n": int(event.sum()), "denominator": len(part)}
        for text, p in numbers(quantiles, "quantiles"):
            found = quantile(table, p=p, transform=kind, level=width)
            yield {
                **group,
                "method": f"Kaplan-Meier; interval by Brookmeyer-Crowley on the {kind} scale",
                "statistic": "median" if p == 0.5 else f"quantile {text}",
                **_estimate(found.value, found.lower, found.upper),
                **base,
            }
        for text, when in numbers(at, "at"):
            found = rate_at(table, when, transform=kind, level=width, last=float(time.max(initial=0)))
            yield {
                **group,
                "method": f"Kaplan-Meier; Greenwood interval on the {kind} scale",
                "statistic": f"rate at {text}",
                **_estimate(found.value, found.lower, found.upper),
                **base,
                "at_risk": int((time >= when).sum()),
            }


def _estimate(value: float, lower: float, upper: float) -> Row:
    given = (("value", value), ("lower", lower), ("upper", upper))
    return {name: None if np.isnan(one) else one for name, one in given}


def log_rank_test(frame: pd.DataFrame, population: Population, *, by: str) -> Iterator[Row]:
    """Yield chi-square and p-value of the log-rank test of the groups of a variable; nothing with fewer than two."""
    del population
    part = frame[_column(frame, by).notna()]
    if part[by].nunique() < 2:
        return
    event = part["CNSR"].to_numpy(dtype=np.float64) == 0
    statistic, freedom, p = log_rank(part["AVAL"].to_numpy(dtype=np.float64), event, part[by].to_numpy())
    base: Row = {"method": f"log-rank test by {by}", "n": int(event.sum()), "denominator": len(part)}
    yield {**base, "statistic": "chi-square", "value": statistic, "df": freedom}
    yield {**base, "statistic": "p-value", "value": p, "df": freedom}


def incidence(
    frame: pd.DataFrame,
    population: Population,
    *,
    at: str = "",
    quantiles: str = "",
    transform: str = "log-log",
    level: str = "0.95",
    by: str = "",
) -> Iterator[Row]:
    """Yield the cumulative incidence of the event (CIFEVT 1) among competing ones (2): at times, and quantiles."""
    del population
    width, kind = number(level, "level"), _transform(transform)
    for group, part in _groups(frame, by):
        time = _column(part, "AVAL").to_numpy(dtype=np.float64)
        status = _column(part, "CIFEVT").to_numpy(dtype=np.float64)
        if np.isnan(status).any():
            raise SpecError("CIFEVT is missing in selected records", hint="select parameters with competing events")
        table = aalen_johansen(time, status.astype(np.int64))
        base: Row = {"n": int((status == 1).sum()), "denominator": len(part)}
        for text, when in numbers(at, "at"):
            found = incidence_at(table, when, transform=kind, level=width, last=float(time.max(initial=0)))
            yield {
                **group,
                "method": f"Aalen-Johansen cumulative incidence; delta-method interval on the {kind} scale",
                "statistic": f"incidence at {text}",
                **_estimate(found.value, found.lower, found.upper),
                "level": width,
                **base,
                "at_risk": int((time >= when).sum()),
            }
        for text, p in numbers(quantiles, "quantiles"):
            value = incidence_quantile(table, p=p)
            yield {
                **group,
                "method": "Aalen-Johansen; first time at which the cumulative incidence reaches the quantile",
                "statistic": "median" if p == 0.5 else f"quantile {text}",
                "value": None if np.isnan(value) else value,
                **base,
            }


def summary(frame: pd.DataFrame, population: Population, *, variable: str = "AVAL", by: str = "") -> Iterator[Row]:
    """Yield number, mean, standard deviation, median, quartiles, minimum and maximum of a variable.

    A quartile is the mean of the two middle values where it lies between two (SAS PCTLDEF=5).
    """
    del population
    for group, part in _groups(frame, by):
        values = _column(part, variable).dropna().to_numpy(dtype=np.float64)
        if not len(values):
            continue
        found = {
            "n": len(values),
            "mean": float(values.mean()),
            "sd": float(values.std(ddof=1)) if len(values) > 1 else None,
            "median": float(np.median(values)),
            "q1": float(np.quantile(values, 0.25, method="averaged_inverted_cdf")),
            "q3": float(np.quantile(values, 0.75, method="averaged_inverted_cdf")),
            "min": float(values.min()),
            "max": float(values.max()),
        }
        for name, value in found.items():
            yield {**group, "method": f"summary of {variable}", "statistic": name, "value": value}


def agreement(
    frame: pd.DataFrame, population: Population, *, first: str, second: str, visit: str = "AVISIT"
) -> Iterator[Row]:
    """Yield the agreement of two parameters by subject and visit: pairs, share of equal values, Cohen's kappa."""
    del population
    sides = [frame[frame["PARAMCD"] == one].drop_duplicates(["USUBJID", visit]) for one in (first, second)]
    pairs = sides[0].merge(sides[1], on=["USUBJID", visit], suffixes=("_1", "_2"))
    if not len(pairs):
        return
    same = float((pairs["AVALC_1"] == pairs["AVALC_2"]).mean())
    base = {"method": f"{first} against {second} by subject and {visit}", "denominator": len(pairs)}
    value = kappa(pairs["AVALC_1"], pairs["AVALC_2"])
    yield {**base, "statistic": "agreement", "value": same}
    yield {**base, "statistic": "kappa", "value": None if np.isnan(value) else value}


METHODS: Mapping[str, Callable[..., Iterator[Row]]] = {
    "proportion": proportion,
    "count": count,
    "survival": survival,
    "log_rank": log_rank_test,
    "incidence": incidence,
    "summary": summary,
    "agreement": agreement,
}
"""Statistics by name."""
