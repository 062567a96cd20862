"""Plant one defect into a study: a registry of kinds, each a change of one record, pair of records or variable."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from spectrail.dataset import Dataset
from spectrail.layout import Column, Layout
from spectrail.registry import Registry

Frames = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Defect:
    """One line of the frozen list: `value` is what the kind needs, `undetectable` why data alone cannot show it."""

    number: int
    kind: str
    dataset: str
    variable: str
    value: str
    undetectable: str = ""


@dataclass(frozen=True)
class Planted:
    """The changed datasets and where the defect is: dataset, its records (from 1; none: whole dataset), subject."""

    frames: Frames
    dataset: str
    records: frozenset[int] = frozenset()
    subject: str = ""


@dataclass(frozen=True)
class Place:
    """What a kind works on: the study, the dataset's frame, and the defect with its random numbers."""

    frames: Frames
    frame: pd.DataFrame
    defect: Defect
    random: np.random.Generator

    def pick(self, eligible: pd.Series | np.ndarray) -> int:
        """Choose one eligible row; raise `LookupError` when there is none."""
        rows = np.flatnonzero(np.asarray(eligible, dtype=bool))
        if not len(rows):
            raise LookupError(f"no record of {self.defect.dataset} can carry {self.defect.kind}")
        return int(self.random.choice(rows))

    def code(self, suffix: str) -> str:
        """Return the domain's variable of a suffix."""
        return self.defect.dataset[:2] + suffix

    def changed(self, frame: pd.DataFrame, *rows: int) -> Planted:
        """Return the study with this dataset changed at rows (from 0)."""
        name = self.defect.dataset
        subject = str(self.frame["USUBJID"].iloc[rows[0]]) if rows and "USUBJID" in self.frame else ""
        records = frozenset(row + 1 for row in rows)
        return Planted({**self.frames, name: frame.reset_index(drop=True)}, name, records, subject)

    def set(self, row: int, values: Mapping[str, object]) -> Planted:
        """Return the study with cells of one record changed."""
        frame = self.frame.copy()
        for name, value in values.items():
            frame.loc[frame.index[row], name] = value
        return self.changed(frame, row)


Plant = Callable[[Place], Planted]
KINDS: Registry[Plant] = Registry("kind of defect")


def plant(frames: Frames, defect: Defect, *, seed: int = 1) -> Planted:
    """Plant a defect; the record is chosen by seed and number. Raises `LookupError` where the study has no place."""
    if defect.dataset not in frames:
        raise LookupError(f"dataset {defect.dataset} is not in the study")
    frame = frames[defect.dataset]
    if defect.variable and defect.variable not in frame:
        raise LookupError(f"variable {defect.variable} is not in {defect.dataset}")
    random = np.random.default_rng([seed, defect.number])
    return KINDS[defect.kind](Place(frames, frame, defect, random))


def with_frame(dataset: Dataset, frame: pd.DataFrame) -> Dataset:
    """Return the dataset with another frame; its layout follows the variables that are left."""
    if frame is dataset.frame:
        return dataset
    known = {column.name: column for column in dataset.layout.columns}
    names = [str(name) for name in frame]
    renamed = [column for column in dataset.layout.columns if column.name not in names]
    columns = tuple(known.get(name, renamed[0] if renamed else dataset.layout.columns[0]) for name in names)
    kept = tuple(_named(column, name, frame) for column, name in zip(columns, names, strict=True))
    return Dataset(Layout(dataset.layout.name, dataset.layout.label, kept, dataset.layout.keys), frame)


def _named(column: Column, name: str, frame: pd.DataFrame) -> Column:
    numeric = pd.api.types.is_numeric_dtype(frame[name].dtype)
    if column.numeric and not numeric:
        return replace(column, name=name, type="text", length=12)
    return replace(column, name=name)


FIELDS = ("kind", "dataset", "variable", "value", "undetectable")


def read_list(path: Path) -> list[Defect]:
    """Read a list of defects."""
    with path.open(newline="", encoding="utf-8") as file:
        return [Defect(int(row["number"]), *(row[name] for name in FIELDS)) for row in csv.DictReader(file)]


def one_per_kind(defects: Sequence[Defect]) -> list[Defect]:
    """Return the first defect of each kind."""
    return list({defect.kind: defect for defect in reversed(defects)}.values())[::-1]
