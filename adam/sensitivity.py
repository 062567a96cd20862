"""Sensitivity to partial dates: the same analysis at the earliest and at the latest day each one may mean.

A step imputes dates when its algorithm has an argument `date_imputation` and its `highest_imputation` reaches days,
months or years. Missing times stay as the specification says.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from adam.differences import Watched, changes, result_changes, watch
from adam.engine import Engine
from adam.results.declared import results
from adam.results.methods import Row
from adam.settings import resolved
from specs import models
from spectrail import dates, frames
from spectrail.binding import plain_texts
from spectrail.dataset import Dataset
from spectrail.errors import UnknownNameError
from spectrail.findings import Findings
from spectrail.settings import substituted
from spectrail.steps import Algorithm

Extreme = Literal["first", "last"]
DATE, HIGHEST, BOUNDS = "date_imputation", "highest_imputation", ("min_dates", "max_dates")
PARTIAL = ("DATASET", "USUBJID", "SEQ", "VARIABLE", "VALUE", "ROW")
"""Columns of the list of partial dates; ROW is the number of the record, from 0."""
UNREAD = "ADAM-TTE-PARTIAL-DATE"
"""Rule of the findings about partial dates that nothing imputes where a complete one is needed."""
Given = Mapping[str, Any]
Catalog = Mapping[str, Algorithm]


@dataclass(frozen=True)
class Sensitivity:
    """What differs between the earliest and the latest dates.

    `values` and `dates` have the columns `adam.differences.CHANGES`, `results` those of `RESULTS`, `partial` lists
    the partial dates that are imputed (`PARTIAL`); `findings` are about those that time to event reads although no
    step imputes them, and that move nothing here.
    """

    values: pd.DataFrame
    dates: pd.DataFrame
    results: pd.DataFrame
    partial: pd.DataFrame
    findings: Findings

    def summary(self) -> pd.DataFrame:
        """Count the changed values by dataset and variable (`*`: records that one extreme lacks)."""
        groups = self.values.groupby(["DATASET", "VARIABLE"], sort=True)
        return groups.agg(CHANGES=("KEYS", "size"), SUBJECTS=("USUBJID", "nunique")).reset_index()


def sensitivity(
    study: models.Study,
    engine_of: Callable[[models.Study], Engine],
    *,
    ignoring: Sequence[str] = (),
    progress: Callable[[str], None] = lambda _: None,
) -> Sensitivity:
    """Derive the analysis at the earliest dates, as specified and at the latest dates, and list what differs.

    `engine_of` gives an engine for a study with changed steps, over the same SDTM; `ignoring` is as in `at_extreme`.
    """
    catalog = engine_of(study).catalog
    early, late = (at_extreme(study, date, catalog, ignoring=ignoring) for date in ("first", "last"))
    watched: list[dict[str, Watched]] = []
    rows: list[dict[str, list[Row]]] = []
    for title, variant in (("earliest dates", early), ("latest dates", late), ("dates as specified", study)):
        progress(title)
        engine = engine_of(variant)
        made = {one.name: one for one in engine.datasets()}
        rows.append(results(variant, made))
        numbering = {name: _numbering(steps) for name, steps in engine.plans.items()}
        watched.append({name: watch(engine.settle(one), numbering[name]) for name, one in made.items()})
    partial = partial_dates(engine.plans, engine.sdtm, catalog)
    order = (0, 2, 1)
    values, moved = changes([watched[at] for at in order], engine.sdtm, partial)
    unread = Findings.concat(one.findings for one in made.values())
    unread = Findings(unread.frame[unread.frame["rule"] == UNREAD].reset_index(drop=True))
    return Sensitivity(values, moved, result_changes([rows[at] for at in order]), partial, unread)


def _numbering(steps: Sequence[models.Step]) -> tuple[str, ...]:
    """Return the variables that number the records of a dataset, which may follow from dates."""
    return tuple(
        str(step.arguments.get("new_var", "ASEQ")) for step in steps if step.algorithm == "derive_var_obs_number"
    )


def at_extreme(study: models.Study, date: Extreme, catalog: Catalog, *, ignoring: Sequence[str] = ()) -> models.Study:
    """Return the study with every imputing step, of datasets and of parameters, set to `first` or `last`.

    Minimum and maximum dates of the steps stay, except those named in `ignoring`. Raises UnknownNameError for a name
    that bounds no imputation.
    """
    known = {name for given in _imputing(study, catalog) for name in _bounds(given)}
    for name in ignoring:
        if name not in known:
            raise UnknownNameError("bound of an imputation", name, sorted(known))
    values = resolved(study.settings)

    def moved(algorithm: str, given: Given) -> Given:
        settled = substituted(given, values)
        if not imputes(algorithm, settled, catalog):
            return given
        kept = {
            name: tuple(one for one in plain_texts(settled.get(name, ())) if one not in ignoring) for name in BOUNDS
        }
        rest = {name: value for name, value in given.items() if name not in BOUNDS}
        return {**rest, DATE: date, **{name: bounds for name, bounds in kept.items() if bounds}}

    datasets = []
    for one in study.datasets:
        steps = tuple(
            step.model_copy(update={"arguments": moved(step.algorithm, step.arguments)}) for step in one.steps
        )
        parameters = tuple(
            parameter.model_copy(update={"settings": moved(parameter.rule, parameter.settings)})
            for parameter in one.parameters
        )
        datasets.append(one.model_copy(update={"steps": steps, "parameters": parameters}))
    return study.model_copy(update={"datasets": tuple(datasets)})


def imputes(algorithm: str, given: Given, catalog: Catalog) -> bool:
    """Tell whether an algorithm with these arguments stands in for missing parts of dates."""
    entry = catalog.get(algorithm)
    if entry is None or entry.parameter(DATE) is None:
        return False
    highest = entry.parameter(HIGHEST)
    return highest is None or given.get(HIGHEST, highest.default) in ("Y", "M", "D")


def _imputing(study: models.Study, catalog: Catalog) -> Iterator[Given]:
    """Yield the arguments of every imputing step and parameter, settings put in."""
    values = resolved(study.settings)
    for dataset in study.datasets:
        steps = [(step.algorithm, step.arguments) for step in dataset.steps]
        for algorithm, given in [*steps, *((one.rule, one.settings) for one in dataset.parameters)]:
            settled = substituted(given, values)
            if imputes(algorithm, settled, catalog):
                yield settled


def _bounds(given: Given) -> Iterator[str]:
    for name in BOUNDS:
        yield from plain_texts(given.get(name, ()))


def partial_dates(
    plans: Mapping[str, Sequence[models.Step]], sdtm: Mapping[str, Dataset], catalog: Catalog
) -> pd.DataFrame:
    """List the partial dates of SDTM that imputing steps read: dataset, subject, --SEQ, variable, value, row.

    `plans` are the expanded steps of the analysis datasets; a date is followed through predecessors to SDTM.
    """
    read = {
        origin
        for name, steps in plans.items()
        for step in steps
        if imputes(step.algorithm, step.arguments, catalog)
        for column in _dates_read(step)
        if (origin := _origin(name, column, plans, sdtm)) is not None
    }
    parts = [_partial(sdtm[dataset].frame, dataset, variable) for dataset, variable in sorted(read)]
    empty = pd.DataFrame({name: pd.Series(dtype="str") for name in PARTIAL}).astype({"ROW": "int64"})
    return pd.concat([empty, *parts], ignore_index=True)


def _dates_read(step: models.Step) -> Iterator[str]:
    yield from plain_texts(step.arguments.get("dtc", ()))
    sources = step.arguments.get("sources", ())
    for one in sources if isinstance(sources, (tuple, list)) else ():
        if isinstance(one, Mapping) and {"dataset", "date"} <= set(one):
            yield f"{one['dataset']}.{one['date']}"


def _origin(
    name: str,
    column: str,
    plans: Mapping[str, Sequence[models.Step]],
    sdtm: Mapping[str, Dataset],
    seen: Collection[tuple[str, str]] = (),
) -> tuple[str, str] | None:
    """Follow a column of an analysis dataset through predecessors; None when it is no variable of SDTM."""
    prefix, dot, rest = column.partition(".")
    if dot and prefix in sdtm:
        return (prefix, rest) if rest in sdtm[prefix].frame.columns else None
    if dot:
        name, column = prefix, rest
    if (name, column) in seen:
        return None
    for step in plans.get(name, ()):
        if step.target == column and step.algorithm == "predecessor" and step.source:
            return _origin(name, step.source[0], plans, sdtm, (*seen, (name, column)))
    return None


def _partial(frame: pd.DataFrame, dataset: str, variable: str) -> pd.DataFrame:
    texts = frames.as_text(frame[variable])
    known = dates.is_valid(texts) & (dates.precision(texts) < dates.DAY)
    rows = np.flatnonzero(known)
    part = frame.iloc[rows]
    seq = frames.as_text(part[f"{dataset}SEQ"]) if f"{dataset}SEQ" in part else frames.missing_text(len(part))
    return pd.DataFrame(
        {
            "DATASET": dataset,
            "USUBJID": part["USUBJID"].to_numpy() if "USUBJID" in part else "",
            "SEQ": seq.to_numpy(),
            "VARIABLE": variable,
            "VALUE": texts.iloc[rows].to_numpy(),
            "ROW": part.index.to_numpy(dtype=np.int64),
        }
    ).astype({name: "str" for name in PARTIAL if name != "ROW"})
