"""Rows of one ODM item group while a file is streamed: texts by item, packed away in pieces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from sdtm.intake.table import empty_to_null

CONTEXT = (
    "StudyOID",
    "SubjectKey",
    "LocationOID",
    "StudyEventOID",
    "StudyEventRepeatKey",
    "FormOID",
    "FormRepeatKey",
    "ItemGroupOID",
    "ItemGroupRepeatKey",
)
LEVELS = {
    "ClinicalData": ("StudyOID",),
    "SubjectData": ("SubjectKey",),
    "StudyEventData": ("StudyEventOID", "StudyEventRepeatKey"),
    "FormData": ("FormOID", "FormRepeatKey"),
    "ItemGroupData": ("ItemGroupOID", "ItemGroupRepeatKey"),
}
"""Elements that hold records, outermost first, and the attributes that identify them."""

BATCH = 20_000
Positions = npt.NDArray[np.int64]
Row = tuple[tuple[str | None, ...], dict[str, str | None]]


@dataclass(frozen=True)
class Removal:
    """An element with TransactionType Remove: its line, its name, and the keys that identify what it takes back."""

    line: int
    level: str
    keys: tuple[tuple[str, str], ...]

    @property
    def shown(self) -> str:
        """The keys as text."""
        return " ".join(f"{name}={value}" for name, value in self.keys if value)


def identity(context: Mapping[str, str], level: str) -> tuple[tuple[str, str], ...]:
    """Return the keys of an element of `level`: its own and those of the elements around it ("" for none)."""
    depth = list(LEVELS).index(level) + 1
    names = [name for keys in tuple(LEVELS.values())[:depth] for name in keys]
    return tuple((name, context.get(name, "")) for name in names)


def removed_by(keys: pd.DataFrame, lines: npt.NDArray[np.int32], removals: Sequence[Removal]) -> Positions:
    """Return for each record the position of the last removal behind it that covers it, -1 for none.

    `keys` has the columns `CONTEXT` without missing values.
    """
    by = np.full(len(keys), -1, dtype=np.int64)
    for level in LEVELS:
        places = [at for at, removal in enumerate(removals) if removal.level == level]
        if not places:
            continue
        names = [name for name, _ in removals[places[0]].keys]
        table = pd.DataFrame([[value for _, value in removals[at].keys] for at in places], columns=names, dtype="str")
        table["at"] = places
        table = table.drop_duplicates(names, keep="last")
        at = keys[names].merge(table, on=names, how="left")["at"].fillna(-1).to_numpy(dtype=np.int64)
        line = np.asarray([removal.line for removal in removals])[at]
        by = np.where((at >= 0) & (line > lines), at, by)
    return by


@dataclass
class ItemGroupRows:
    """Collects records; every `BATCH` of them become Arrow chunks, so that Python texts do not pile up.

    `items` are the ItemOIDs in the order of their first appearance; `removed` the records that were taken back (line,
    level, keys); `removed_items` single items (line, ItemOID).  A table that is not `wanted` keeps nothing.
    """

    wanted: bool = True
    items: dict[str, None] = field(default_factory=dict)
    chunks: list[dict[str, pa.Array]] = field(default_factory=list)
    pending: list[Row] = field(default_factory=list)
    lines: list[npt.NDArray[np.int32]] = field(default_factory=list)
    pending_lines: list[int] = field(default_factory=list)
    removed: list[tuple[int, str, str]] = field(default_factory=list)
    removed_items: list[tuple[int, str]] = field(default_factory=list)

    def add(self, context: Mapping[str, str], items: dict[str, str | None], line: int, *, removed: str) -> None:
        """Add a record, or note that it was removed (`removed` names the element that says so)."""
        if not self.wanted:
            return
        if removed:
            keys = " ".join(f"{name}={context[name]}" for name in CONTEXT if name in context)
            self.removed.append((line, removed, keys))
            return
        for item in items:
            if item not in self.items:
                self.items[item] = None
        self.pending.append((tuple(context.get(name) for name in CONTEXT), items))
        self.pending_lines.append(line)
        if len(self.pending) >= BATCH:
            self._pack()

    def lines_array(self) -> npt.NDArray[np.int32]:
        """Return the line of every record."""
        self._pack()
        return np.concatenate(self.lines) if self.lines else np.empty(0, dtype=np.int32)

    def column(self, name: str) -> list[pa.Array]:
        """Return the texts of a context column or item; null where a record lacks it."""
        self._pack()
        return [
            chunk[name] if name in chunk else pa.nulls(len(lines), pa.large_string())
            for chunk, lines in zip(self.chunks, self.lines, strict=True)
        ]

    def _pack(self) -> None:
        if not self.pending:
            return
        context = zip(*(row[0] for row in self.pending), strict=True)
        texts = dict(zip(CONTEXT, context, strict=True))
        chunk = {name: pa.array(values, type=pa.large_string()) for name, values in texts.items()}
        for item in self.items:
            chunk[item] = pa.array([row[1].get(item) for row in self.pending], type=pa.large_string())
        self.chunks.append({name: empty_to_null(array) for name, array in chunk.items()})
        self.lines.append(np.asarray(self.pending_lines, dtype=np.int32))
        self.pending = []
        self.pending_lines = []
