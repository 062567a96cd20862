"""Results declared in the specification, computed from analysis datasets as rows: one per statistic."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from adam.results.methods import METHODS, Row, number
from specs import models
from specs.where import render_where
from spectrail import frames
from spectrail.dataset import Dataset
from spectrail.errors import Place, SpecError, UnknownNameError

CONTEXT = "spectrail"
"""Context of the programming code that this module reads."""


def results(study: models.Study, datasets: Mapping[str, Dataset]) -> dict[str, list[Row]]:
    """Return the rows of every display whose results have programming code in the context `spectrail`.

    The code is lines `key: value`: `statistic` names the method, the others its arguments.  The first dataset of a
    result is analysed, a second one is the population that makes the denominator. A row has display, result,
    description, dataset, selection, method, statistic, value and, where there are, population, group, lower, upper,
    level, n (subjects with the event), denominator, at_risk and df. Raises SpecError for an unknown method or
    argument, UnknownNameError for an unknown dataset or variable.
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
    if not 1 <= len(result.datasets) <= 2:
        raise SpecError(
            f"result {result.id}: a computed result reads one dataset, and may name its population as a second one"
        )
    used = result.datasets[0]
    part = _part(used, datasets)
    population = _part(result.datasets[1], datasets) if len(result.datasets) == 2 else None
    try:
        made = METHODS[method](part, population, **arguments)
    except TypeError as error:
        raise SpecError(f"result {result.id}: {error}") from None
    for row in made:
        yield {
            "display": display.id,
            "result": result.id,
            "description": result.description,
            "dataset": used.dataset,
            "selection": render_where(used.where),
            **({"population": _described(result.datasets[1])} if population is not None else {}),
            **row,
        }


def _part(used: models.AnalysisDataset, datasets: Mapping[str, Dataset]) -> pd.DataFrame:
    if used.dataset not in datasets:
        raise UnknownNameError("analysis dataset", used.dataset, datasets)
    frame = datasets[used.dataset].frame
    return frame[selected(used.where, frame)].reset_index(drop=True)


def _described(used: models.AnalysisDataset) -> str:
    text = render_where(used.where)
    return f"{used.dataset} where {text}" if text else used.dataset


def file_name(display: str) -> str:
    """Return the name of the file of a display: its id in lower case, other than letters, digits, `.`, `_` as `-`."""
    slug = re.sub(r"[^a-z0-9._-]+", "-", display.lower()).strip("-.")
    if not slug:
        raise SpecError(f"display {display!r} gives no file name", hint="use letters and digits in its id")
    return f"{slug}.json"


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
            values = pd.to_numeric(text, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
            keep &= _ORDERS[one.comparator](values, number(one.values[0], f"{one.variable} {one.comparator}"))
    return keep


_ORDERS = {"LT": np.less, "LE": np.less_equal, "GT": np.greater, "GE": np.greater_equal}
