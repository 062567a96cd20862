"""The table a rule sees: columns by name, made when first asked for, shared by all rules of a dataset.

A frame never copies data: a join is two arrays of row numbers over the frames it joins, an operation result is one
more column laid over its frame.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from validation.core.columns import Column, combine_codes, concatenate
from validation.core.signals import ColumnAbsent, NotEvaluated

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Choices:
    """Readings of the language where published baselines and the reference engine disagree.

    `dates`: `pad` completes partial dates before comparing, `truncate` cuts both sides to the coarser precision and
    holds different precision for different. `inconsistent`: `every` flags all records of an inconsistent group,
    `minority` only those off its commonest value. `absent_reference`: a cell that names an absent column counts as
    `null`, or the dataset is left out (`skip`).
    """

    dates: str = "pad"
    inconsistent: str = "every"
    absent_reference: str = "null"


@dataclass(frozen=True)
class Origin:
    """Where rows come from: dataset names, the position of each row's dataset, its 1-based record there."""

    datasets: tuple[str, ...]
    dataset: npt.NDArray[np.int32]
    record: Rows

    @classmethod
    def of(cls, dataset: str, size: int) -> Origin:
        """Return the origin of the records 1..size of one dataset."""
        return cls((dataset,), np.broadcast_to(np.int32(0), (size,)), np.arange(1, size + 1, dtype=np.int64))

    def take(self, rows: Rows) -> Origin:
        """Return the origin of some rows."""
        return Origin(self.datasets, self.dataset[rows], self.record[rows])


def no_codelist(name: str) -> frozenset[str]:
    """Refuse to look up a codelist where no terminology was handed in."""
    raise NotEvaluated(f"codelist {name} is not at hand", cause="standard_absent")


def no_extension(variable: str) -> frozenset[str]:
    """Return none: no define.xml declares extended values."""
    return frozenset()


@dataclass
class Frame:
    """Columns by name over `size` rows; `load` makes a column, `names` lists what it can make, in order."""

    names: tuple[str, ...]
    size: int
    load: Callable[[str], Column]
    origin: Origin
    wildcard: str = ""
    choices: Choices = field(default_factory=Choices)
    codelist: Callable[[str], frozenset[str]] = no_codelist
    extended: Callable[[str], frozenset[str]] = no_extension
    _columns: dict[str, Column] = field(default_factory=dict, repr=False)
    _kept: dict[Hashable, Any] = field(default_factory=dict, repr=False)
    _known: frozenset[str] = field(default_factory=frozenset, repr=False)

    def __post_init__(self) -> None:
        self._known = frozenset(self.names)

    def resolve(self, name: str) -> str:
        """Replace a leading `--` by the wildcard value of the dataset."""
        return self.wildcard + name[2:] if name.startswith("--") else name

    def has(self, name: str) -> bool:
        """Tell whether the frame has the column."""
        return name in self._known

    def column(self, name: str) -> Column:
        """Return a column; raise `ColumnAbsent` when there is none of this name."""
        if name not in self._columns:
            if name not in self._known:
                raise ColumnAbsent(name)
            self._columns[name] = self.load(name)
        return self._columns[name]

    def kept(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """Return what `compute` gives, computed once per frame and key."""
        if key not in self._kept:
            self._kept[key] = compute()
        return self._kept[key]

    def groups(self, names: Sequence[str]) -> tuple[Rows, int]:
        """Return group codes of the rows by some columns (null is a value) and the number of groups."""
        key = ("groups", tuple(names))
        if not names:
            return np.zeros(self.size, dtype=np.int64), min(self.size, 1)
        return self.kept(key, lambda: combine_codes([self.column(name).group_codes for name in names]))

    def with_columns(self, columns: Mapping[str, Column]) -> Frame:
        """Return the frame with columns laid over it; everything already computed stays shared."""
        names = (*self.names, *(name for name in columns if name not in self._known))
        overlay = dict(columns)
        below = self

        def load(name: str) -> Column:
            return overlay[name] if name in overlay else below.column(name)

        return self.over(names, load)

    def without(self, name: str, signal: NotEvaluated) -> Frame:
        """Return the frame with a column that cannot be computed; asking for it raises the signal."""
        below = self

        def load(wanted: str) -> Column:
            if wanted == name:
                raise signal
            return below.column(wanted)

        return self.over((*self.names, *([] if name in self._known else [name])), load)

    def over(self, names: tuple[str, ...], load: Callable[[str], Column]) -> Frame:
        """Return a frame of the same rows with other columns."""
        return Frame(
            names,
            self.size,
            load,
            self.origin,
            wildcard=self.wildcard,
            choices=self.choices,
            codelist=self.codelist,
            extended=self.extended,
        )

    def taken(self, rows: Rows) -> Frame:
        """Return the frame of some rows (repeats allowed)."""
        if len(rows) == self.size and np.array_equal(rows, np.arange(self.size)):
            return self
        below = self
        frame = self.over(self.names, lambda name: below.column(name).take(rows))
        frame.size = len(rows)
        frame.origin = self.origin.take(rows)
        return frame


def table_frame(table: pd.DataFrame, *, dataset: str, wildcard: str, choices: Choices) -> Frame:
    """Return the frame of one submitted dataset."""

    def load(name: str) -> Column:
        return Column.of_series(table[name])

    names = tuple(str(name) for name in table.columns)
    return Frame(names, len(table), load, Origin.of(dataset, len(table)), wildcard=wildcard, choices=choices)


def values_frame(
    columns: Mapping[str, Sequence[Any]], *, dataset: str, wildcard: str = "", choices: Choices | None = None
) -> Frame:
    """Return a small frame of plain values (metadata, hand-made tests)."""
    size = max((len(values) for values in columns.values()), default=0)
    made = {name: Column.of_values(values) for name, values in columns.items()}
    return Frame(
        tuple(made),
        size,
        made.__getitem__,
        Origin.of(dataset, size),
        wildcard=wildcard,
        choices=choices or Choices(),
    )


def stack(frames: Sequence[Frame]) -> Frame:
    """Put frames below each other; a column that one lacks is null there."""
    if len(frames) == 1:
        return frames[0]
    names = tuple(dict.fromkeys(name for frame in frames for name in frame.names))

    def load(name: str) -> Column:
        return concatenate(
            [frame.column(name) if frame.has(name) else Column.constant(None, frame.size) for frame in frames]
        )

    datasets = tuple(dict.fromkeys(name for frame in frames for name in frame.origin.datasets))
    position = {name: number for number, name in enumerate(datasets)}
    origin = Origin(
        datasets,
        np.concatenate(
            [
                np.array([position[name] for name in frame.origin.datasets], dtype=np.int32)[frame.origin.dataset]
                for frame in frames
            ]
        ),
        np.concatenate([frame.origin.record for frame in frames]),
    )
    return Frame(
        names,
        sum(frame.size for frame in frames),
        load,
        origin,
        wildcard=frames[0].wildcard,
        choices=frames[0].choices,
        codelist=frames[0].codelist,
        extended=lambda variable: frozenset[str]().union(*(frame.extended(variable) for frame in frames)),
    )
