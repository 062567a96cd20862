"""Plant one defect into a study: a registry of kinds, each a change of one record, pair of records or variable."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

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
