"""Results declared in the specification, computed from analysis datasets as rows: one per statistic."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from adam.results.proportion import clopper_pearson, kappa
from adam.results.survival import aalen_johansen, kaplan_meier, quantile, rate_at
from specs import models
from specs.expressions import parse
from specs.where import render_where
from spectrail import expressions, frames
from spectrail.dataset import Dataset
from spectrail.errors import Place, SpecError, UnknownNameError

CONTEXT = "spectrail"
"""Context of the programming code that this module reads."""
Row = dict[str, Any]


def results(study: models.Study, datasets: Mapping[str, Dataset]) -> dict[str, list[Row]]:
    """Return the rows of every display whose results have programming code in the context `spectrail`.

    The code is lines `key: value`: `statistic` names the method, the others its arguments. A row has result, dataset,
    selection, method, statistic, value and, where there are, lower, upper, level, n and denominator. Raises SpecError
    for an unknown method or argument.
    """
    found: dict[str, list[Row]] = {}
    for display in study.displays:
        rows = [
            row
            for result in display.results
            if result.code is not None and result.code.context.lower() == CONTEXT
            for row in _result(display, result, datasets)
        ]
        if rows:
            found[display.id] = rows
    return found


def _result(
    display: models.AnalysisDisplay, result: models.AnalysisResult, datasets: Mapping[str, Dataset]
) -> Iterator[Row]:
    assert result.code is not None
    arguments = _arguments(result.code.code, result.id)
    method = arguments.pop("statistic", "")
    if method not in METHODS:
        raise SpecError(
            f"result {result.id}: {UnknownNameError('statistic', method, METHODS).what}",
            place=Place(dataset=result.datasets[0].dataset if result.datasets else ""),
            hint=f"known: {', '.join(METHODS)}",
        )
    if len(result.datasets) != 1:
        raise SpecError(f"result {result.id}: a computed result reads one dataset")
    used = result.datasets[0]
    if used.dataset not in datasets:
        raise UnknownNameError("analysis dataset", used.dataset, datasets)
    text = render_where(used.where)
    frame = datasets[used.dataset].frame
    part = frame[selected(used.where, frame)]
    try:
        made = METHODS[method](part.reset_index(drop=True), **arguments)
    except TypeError as error:
        raise SpecError(f"result {result.id}: {error}") from None
    for row in made:
        yield {
            "display": display.id,
            "result": result.id,
            "description": result.description,
            "dataset": used.dataset,
            "selection": text,
            **row,
        }


def _arguments(code: str, name: str) -> dict[str, str]:
    found = {}
    for line in code.strip().splitlines():
        key, mark, value = line.partition(":")
        if not mark:
            raise SpecError(f"result {name}: line {line!r} is not `key: value`")
        found[key.strip()] = value.strip()
    return found


def selected(where: models.WhereClause, frame: pd.DataFrame) -> Any:
    """Return which records meet a where clause; order is that of numbers where both sides are numbers."""
    keep = np.ones(len(frame), dtype=bool)
    for one in where.conditions:
        if one.variable not in frame.columns:
            raise UnknownNameError("variable", one.variable, map(str, frame.columns))
        text = frames.as_text(frame[one.variable])
        if one.comparator in ("EQ", "IN"):
            keep &= text.isin(one.values).to_numpy(dtype=bool)
        elif one.comparator in ("NE", "NOTIN"):
            keep &= ~text.isin(one.values).to_numpy(dtype=bool)
        else:
            number = pd.to_numeric(text, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
            keep &= _ORDERS[one.comparator](number, float(one.values[0]))
    return keep


_ORDERS = {"LT": np.less, "LE": np.less_equal, "GT": np.greater, "GE": np.greater_equal}


def mask(condition: str, frame: pd.DataFrame) -> Any:
    """Return which records meet a condition."""
    parsed = parse(condition)
    for one in parsed.columns:
        if one not in frame.columns:
            raise UnknownNameError("variable", one, map(str, frame.columns))
    columns = {name: pd.Series(frame[name].array) for name in parsed.columns}
    values = expressions.evaluate(parsed, columns, pd.RangeIndex(len(frame)))
    return values.to_numpy(dtype=bool)


def proportion(frame: pd.DataFrame, *, condition: str, level: str = "0.95", by: str = "") -> Iterator[Row]:
    """Yield the proportion of subjects with a record that meets a condition, with its exact interval."""
    for group, part in _groups(frame, by):
        hit = part[mask(condition, part)]
        events, total = int(hit["USUBJID"].nunique()), int(part["USUBJID"].nunique())
        if total == 0:
            continue
        low, high = clopper_pearson(events, total, level=float(level))
        yield {
            **group,
            "method": f"proportion of subjects with {condition}; Clopper-Pearson interval",
            "statistic": "proportion",
            "value": events / total,
            "lower": low,
            "upper": high,
            "level": float(level),
            "n": events,
            "denominator": total,
        }


def _groups(frame: pd.DataFrame, by: str) -> Iterator[tuple[Row, pd.DataFrame]]:
    if not by:
        yield {}, frame
        return
    for value in sorted(frame[by].dropna().unique().tolist()):
        yield {"group": {by: value}}, frame[frame[by] == value].reset_index(drop=True)


def count(frame: pd.DataFrame, *, condition: str = "", by: str = "") -> Iterator[Row]:
    """Yield numbers of subjects and records that meet a condition, by the values of a variable."""
    part = frame[mask(condition, frame)].reset_index(drop=True) if condition else frame
    for group, one in _groups(part, by):
        text = f"records with {condition}" if condition else "records"
        yield {
            **group,
            "method": f"subjects with {text}",
            "statistic": "subjects",
            "value": int(one["USUBJID"].nunique()),
        }
        yield {**group, "method": f"number of {text}", "statistic": "records", "value": len(one)}


def survival(
    frame: pd.DataFrame, *, at: str = "", transform: str = "log-log", level: str = "0.95", unit_days: str = "1"
) -> Iterator[Row]:
    """Yield the Kaplan-Meier median and the rates at some times (`at: 6, 12`) in units of `unit_days` days."""
    scale = float(unit_days)
    time = frame["AVAL"].to_numpy(dtype=np.float64) / scale
    event = frame["CNSR"].to_numpy(dtype=np.float64) == 0
    table = kaplan_meier(time, event)
    base: Row = {"level": float(level), "n": int(event.sum()), "denominator": len(frame)}
    median = quantile(table, transform=transform, level=float(level))  # type: ignore[arg-type]
    yield {
        "method": f"Kaplan-Meier; interval by Brookmeyer-Crowley on the {transform} scale",
        "statistic": "median",
        **_estimate(median.value, median.lower, median.upper),
        **base,
    }
    for text in (one.strip() for one in at.split(",") if one.strip()):
        rate = rate_at(table, float(text), transform=transform, level=float(level))  # type: ignore[arg-type]
        yield {
            "method": f"Kaplan-Meier; Greenwood interval on the {transform} scale",
            "statistic": f"rate at {text}",
            **_estimate(rate.value, rate.lower, rate.upper),
            **base,
        }


def _estimate(value: float, lower: float, upper: float) -> Row:
    return {
        name: None if np.isnan(one) else one for name, one in (("value", value), ("lower", lower), ("upper", upper))
    }


def incidence(frame: pd.DataFrame, *, at: str) -> Iterator[Row]:
    """Yield the cumulative incidence of the event (CIFEVT 1) among competing ones (2) at some times."""
    status = frame["CIFEVT"].to_numpy(dtype=np.float64).astype(np.int64)
    table = aalen_johansen(frame["AVAL"].to_numpy(dtype=np.float64), status)
    for text in (one.strip() for one in at.split(",")):
        number = int(np.searchsorted(table["TIME"].to_numpy(), float(text), side="right")) - 1
        yield {
            "method": "Aalen-Johansen estimate of the cumulative incidence",
            "statistic": f"incidence at {text}",
            "value": 0.0 if number < 0 else float(table["INCIDENCE"].iloc[number]),
            "n": int((status == 1).sum()),
            "denominator": len(frame),
        }


def summary(frame: pd.DataFrame, *, variable: str = "AVAL", by: str = "") -> Iterator[Row]:
    """Yield number, mean, standard deviation, median, quartiles, minimum and maximum of a variable."""
    for group, part in _groups(frame, by):
        values = part[variable].dropna().to_numpy(dtype=np.float64)
        if not len(values):
            continue
        numbers = {
            "n": len(values),
            "mean": float(values.mean()),
            "sd": float(values.std(ddof=1)) if len(values) > 1 else None,
            "median": float(np.median(values)),
            "q1": float(np.quantile(values, 0.25, method="averaged_inverted_cdf")),
            "q3": float(np.quantile(values, 0.75, method="averaged_inverted_cdf")),
            "min": float(values.min()),
            "max": float(values.max()),
        }
        for name, value in numbers.items():
            yield {**group, "method": f"summary of {variable}", "statistic": name, "value": value}


def agreement(frame: pd.DataFrame, *, first: str, second: str, visit: str = "AVISIT") -> Iterator[Row]:
    """Yield the agreement of two parameters by subject and visit: pairs, share of equal values, Cohen's kappa."""
    sides = [frame[frame["PARAMCD"] == one].drop_duplicates(["USUBJID", visit]) for one in (first, second)]
    pairs = sides[0].merge(sides[1], on=["USUBJID", visit], suffixes=("_1", "_2"))
    if not len(pairs):
        return
    same = float((pairs["AVALC_1"] == pairs["AVALC_2"]).mean())
    method = f"{first} against {second} by subject and {visit}"
    yield {"method": method, "statistic": "agreement", "value": same, "denominator": len(pairs)}
    value = kappa(pairs["AVALC_1"], pairs["AVALC_2"])
    yield {
        "method": method,
        "statistic": "kappa",
        "value": None if np.isnan(value) else value,
        "denominator": len(pairs),
    }


METHODS: Mapping[str, Callable[..., Iterator[Row]]] = {
    "proportion": proportion,
    "count": count,
    "survival": survival,
    "incidence": incidence,
    "summary": summary,
    "agreement": agreement,
}
"""Statistics by name."""
