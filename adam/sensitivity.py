"""Sensitivity to partial dates: the same analysis at the earliest and at the latest date each one may mean."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

import numpy as np
import pandas as pd

from specs import models
from spectrail.dataset import Dataset
from spectrail.frames import as_text

WATCHED = re.compile(r"TRTEMFL|CNSR|AVAL|ANL\d\dFL")
"""Variables whose changes are listed."""
COLUMNS = ("DATASET", "KEYS", "VARIABLE", "EARLIEST", "LATEST")
_IMPUTING = ("derive_vars_dt", "derive_vars_dtm", "derive_vars_extreme_dt")


def at_extreme(study: models.Study, date: str) -> models.Study:
    """Return the study with every imputing step set to `first` or `last`; bounds of the steps stay."""
    datasets = []
    for dataset in study.datasets:
        steps = tuple(
            step.model_copy(update={"arguments": {**step.arguments, "date_imputation": date}})
            if step.algorithm in _IMPUTING and step.arguments.get("highest_imputation", "n") in ("Y", "M", "D")
            else step
            for step in dataset.steps
        )
        datasets.append(dataset.model_copy(update={"steps": steps}))
    return study.model_copy(update={"datasets": tuple(datasets)})


def sensitivity(study: models.Study, build: Callable[[models.Study], Iterable[Dataset]]) -> pd.DataFrame:
    """Build the analysis twice and list every watched value that differs: dataset, keys, variable, both values.

    Records are matched by the keys of their dataset; one that is on one side only is listed as `*`.
    """
    early = {one.name: one for one in build(at_extreme(study, "first"))}
    late = {one.name: one for one in build(at_extreme(study, "last"))}
    parts = [_differences(early[name], late[name]) for name in early if name in late]
    empty = pd.DataFrame({name: pd.Series(dtype="str") for name in COLUMNS})
    return pd.concat([empty, *parts], ignore_index=True)


def _differences(early: Dataset, late: Dataset) -> pd.DataFrame:
    keys = [name for name in early.layout.keys if not name.endswith("SEQ") and name != "ADT"] or ["USUBJID"]
    sides = [_keyed(one.frame, keys) for one in (early, late)]
    both = sides[0].merge(sides[1], on="_key", how="outer", suffixes=("_e", "_l"), indicator=True)
    parts = [_rows(early.name, both[both["_merge"] != "both"], "*", None)]
    matched = both[both["_merge"] == "both"]
    for name in early.frame.columns:
        if WATCHED.fullmatch(str(name)):
            one, other = as_text(matched[f"{name}_e"]), as_text(matched[f"{name}_l"])
            differs = ((one != other).fillna(True) & ~(one.isna() & other.isna())).to_numpy(dtype=bool)
            parts.append(_rows(early.name, matched[differs], str(name), (one[differs], other[differs])))
    return pd.concat(parts, ignore_index=True)


def _keyed(frame: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    texts = [name + "=" + as_text(frame[name]).fillna("") for name in keys if name in frame]
    key = texts[0]
    for one in texts[1:]:
        key = key + " " + one
    number = key.groupby(key).cumcount().astype("str")
    watched = [name for name in frame.columns if WATCHED.fullmatch(str(name))]
    return frame[watched].assign(_key=key.where(number == "0", key + " #" + number)).astype({"_key": "str"})


def _rows(
    dataset: str, rows: pd.DataFrame, variable: str, values: tuple[pd.Series, pd.Series] | None
) -> pd.DataFrame:
    there: Mapping[str, object]
    if values is None:
        side = rows["_merge"].astype("str")
        there = {
            "EARLIEST": np.where(side == "left_only", "record", ""),
            "LATEST": np.where(side == "right_only", "record", ""),
        }
    else:
        there = {"EARLIEST": values[0].to_numpy(), "LATEST": values[1].to_numpy()}
    made = pd.DataFrame({"DATASET": dataset, "KEYS": rows["_key"].to_numpy(), "VARIABLE": variable, **there})
    return made.astype("str")
