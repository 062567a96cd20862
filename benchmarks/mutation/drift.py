"""Define drift: change one transport file and leave define.xml as it is; `define check` has to say so.

These defects are no part of the frozen list: `define_drift.csv` was added later, when the checks of define.xml
existed already, so their share is shown apart. A defect is caught when `define check` has a finding that it does not
have on the unchanged package and that names the dataset and, where the defect is about a variable, the variable.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from benchmarks.mutation.judging import Outcome, judge_description, new_findings
from benchmarks.mutation.planting import Defect, read_list, with_frame
from define_xml.check import check_define
from spectrail.dataset import Dataset
from spectrail.findings import Findings
from spectrail.io.xpt import read_xpt, write_xpt
from spectrail.layout import Column
from spectrail.registry import Registry

CREATED = datetime(2000, 1, 1)
LIST = Path(__file__).with_name("define_drift.csv")
Change = Callable[[Dataset, Defect], Dataset | None]
DRIFTS: Registry[Change] = Registry("kind of define drift")
"""Change a dataset; None: its file is left out."""


def _with_column(dataset: Dataset, name: str, **changes: object) -> Dataset:
    columns = tuple(
        replace(column, **changes) if column.name == name else column  # type: ignore[arg-type]
        for column in dataset.layout.columns
    )
    return replace(dataset, layout=replace(dataset.layout, columns=columns))


@DRIFTS.register("drift_label")
def drift_label(dataset: Dataset, defect: Defect) -> Dataset:
    """Store another label of the variable."""
    return _with_column(dataset, defect.variable, label=defect.value)


@DRIFTS.register("drift_length")
def drift_length(dataset: Dataset, defect: Defect) -> Dataset:
    """Store more bytes (value) than are described."""
    stored = dataset.layout[defect.variable].length or 0
    return _with_column(dataset, defect.variable, length=stored + int(defect.value))


@DRIFTS.register("drift_format")
def drift_format(dataset: Dataset, defect: Defect) -> Dataset:
    """Store another display format."""
    return _with_column(dataset, defect.variable, format=defect.value)


@DRIFTS.register("drift_type")
def drift_type(dataset: Dataset, defect: Defect) -> Dataset:
    """Store a number as text."""
    name = defect.variable
    return with_frame(dataset, dataset.frame.assign(**{name: dataset.frame[name].astype("str")}))


@DRIFTS.register("drift_order")
def drift_order(dataset: Dataset, defect: Defect) -> Dataset:
    """Store the variable last."""
    names = [name for name in dataset.frame if name != defect.variable]
    return with_frame(dataset, dataset.frame[[*names, defect.variable]])


@DRIFTS.register("drift_new_term")
def drift_new_term(dataset: Dataset, defect: Defect) -> Dataset:
    """Give one record a value that its codelist in define.xml does not have."""
    column = dataset.frame[defect.variable].copy()
    column.iloc[int(np.flatnonzero(column.notna())[0])] = defect.value
    return with_frame(dataset, dataset.frame.assign(**{defect.variable: column}))


@DRIFTS.register("drift_lost_variable")
def drift_lost_variable(dataset: Dataset, defect: Defect) -> Dataset:
    """Leave the variable out."""
    return with_frame(dataset, dataset.frame.drop(columns=defect.variable))


@DRIFTS.register("drift_new_variable")
def drift_new_variable(dataset: Dataset, defect: Defect) -> Dataset:
    """Store a variable that is not described."""
    values = pd.Series(["Y"] * len(dataset.frame), index=dataset.frame.index, dtype="str")
    layout = replace(dataset.layout, columns=(*dataset.layout.columns, Column(defect.variable, "New", length=1)))
    return Dataset(layout, dataset.frame.assign(**{defect.variable: values}))


@DRIFTS.register("drift_missing_value")
def drift_missing_value(dataset: Dataset, defect: Defect) -> Dataset:
    """Empty a value of a variable that define.xml calls mandatory."""
    column = dataset.frame[defect.variable].copy()
    column.iloc[0] = np.nan
    return with_frame(dataset, dataset.frame.assign(**{defect.variable: column}))


@DRIFTS.register("drift_dataset_label")
def drift_dataset_label(dataset: Dataset, defect: Defect) -> Dataset:
    """Store another label of the dataset."""
    return replace(dataset, layout=replace(dataset.layout, label=defect.value))


@DRIFTS.register("drift_sort")
def drift_sort(dataset: Dataset, defect: Defect) -> Dataset:
    """Store the records in reverse order."""
    return with_frame(dataset, dataset.frame.iloc[::-1].reset_index(drop=True))


@DRIFTS.register("drift_lost_dataset")
def drift_lost_dataset(dataset: Dataset, defect: Defect) -> None:
    """Leave the file out."""


def score_drift(folder: Path, *, path: Path = LIST) -> list[Outcome]:
    """Plant every drift of the list into the packages below the output of a build, each alone."""
    packages = {
        file.stem.upper(): define for define in sorted(folder.rglob("define.xml")) for file in _files(define.parent)
    }
    before = {define: check_define(define, data_dir=define.parent) for define in sorted(set(packages.values()))}
    outcomes = []
    for defect in read_list(path):
        define = packages.get(defect.dataset)
        if define is None:
            outcomes.append(Outcome(defect, "not planted", reason=f"dataset {defect.dataset} is in no package"))
        else:
            outcomes.append(_run(define, before[define], defect))
    return outcomes


def _files(folder: Path) -> Iterable[Path]:
    return sorted(folder.glob("*.xpt"))


def _run(define: Path, before: Findings, defect: Defect) -> Outcome:
    name = f"{defect.dataset.lower()}.xpt"
    dataset = read_xpt(define.parent / name)
    known = defect.kind == "drift_new_variable" or not defect.variable or defect.variable in dataset.frame
    if not known:
        return Outcome(defect, "not planted", reason=f"variable {defect.variable} is not in {defect.dataset}")
    with TemporaryDirectory() as made:
        for file in _files(define.parent):
            if file.name != name:
                _linked(file, Path(made) / file.name)
        changed = DRIFTS[defect.kind](dataset, defect)
        if changed is not None:
            write_xpt(changed, Path(made) / name, created=CREATED)
        return judge_description(defect, new_findings(before, check_define(define, data_dir=made)))


def _linked(file: Path, target: Path) -> None:
    try:
        os.link(file, target)
    except OSError:
        shutil.copyfile(file, target)
