"""Plant mess in the clean forms, at a known count per class, and log every cell."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from spectrail.studies.blina_ball.block import Block
from spectrail.studies.blina_ball.case import QUERY, RESOLVE, Op
from spectrail.studies.blina_ball.cases import case_subjects, selected
from spectrail.studies.blina_ball.rng import Bools

Text = str | None
Write = Callable[[pd.Series], tuple[Text, str]]
LOG_COLUMNS = ("class", "form", "column", "raw_value", "true_value", "expected", "note")


@dataclass
class Sheet:
    """The forms being messed up and the log of what was done; `used` keeps two classes out of one row."""

    block: Block
    frames: dict[str, pd.DataFrame]
    log: list[dict[str, Any]] = field(default_factory=list)
    used: dict[str, set[int]] = field(default_factory=dict)

    def candidates(self, form: str, condition: Bools | pd.Series | None = None) -> np.ndarray:
        """Return the row labels of treated subjects without a deliberate case that no class has touched yet."""
        typed, s = self.block.typed[form], self.block.subjects
        fit = (s["plain"] & s["treated"])[typed["_i"]]
        if condition is not None:
            fit = fit & np.asarray(condition, dtype=bool)
        labels = np.flatnonzero(fit)
        return labels[~np.isin(labels, sorted(self.used.get(form, set())))]

    def pick(self, form: str, count: int, condition: Bools | pd.Series | None, salt: str) -> list[int]:
        """Choose up to `count` candidates, spread over the file; the same rows every time."""
        labels = self.candidates(form, condition)
        if len(labels) == 0:
            return []
        shift = int.from_bytes(hashlib.blake2b(salt.encode(), digest_size=4).digest(), "little")
        places = (np.arange(count) * len(labels) // count + shift % len(labels)) % len(labels)
        chosen = sorted({int(label) for label in labels[places]})
        self.used.setdefault(form, set()).update(chosen)
        return chosen

    def write(
        self, form: str, label: int, column: str, raw: Text, cls: str, true: str, expected: str, note: str = ""
    ) -> None:
        """Put `raw` into a cell and log it when `cls` is given."""
        if column:
            self.frames[form].at[label, column] = raw
        if cls:
            row = dict(zip(LOG_COLUMNS, (cls, form, column, raw or "", true, expected, note), strict=True))
            self.log.append(row | {"_label": label})

    def plant(
        self,
        cls: str,
        form: str,
        column: str,
        count: int,
        write: Write,
        *,
        where: Any = None,
        expected: str = RESOLVE,
    ) -> None:
        """Plant one class: `write` gets the typed row with `_trt0` and returns raw text and truth."""
        typed, s = self.block.typed[form], self.block.subjects
        for label in self.pick(form, count, where, cls + column):
            row = typed.loc[label].copy()
            row["_trt0"] = int(s["trt0"][row["_i"]])
            row["_text"] = self.frames[form].at[label, column]
            raw, true = write(row)
            self.write(form, label, column, raw, cls, true, expected)


def start(block: Block) -> Sheet:
    """Return a sheet over copies of the clean forms, with the raw cells of the deliberate cases written."""
    sheet = Sheet(block, {name: frame.copy() for name, frame in block.clean.items()})
    for row, case in case_subjects(block.subjects) if not block.subjects["plain"].all() else []:
        for op in case.ops:
            if op.kind == "raw":
                _write_case(sheet, op, row, case.rows)
    return sheet


def _write_case(sheet: Sheet, op: Op, row: int, rows: str) -> None:
    typed = sheet.block.typed[op.form]
    hits = np.flatnonzero(selected(typed, op, row))
    (column, text), label = next(iter(op.values.items())), int(hits[-1])
    shown = sheet.frames[op.form].at[label, column] if text == "=" else (text or None)
    note = f"edge case {rows}" if rows else "deliberate case"
    sheet.write(op.form, label, column, shown, op.mess, op.true, op.expected, note)


def finish(sheet: Sheet) -> None:
    """Put appended duplicates behind their originals and turn labels into 1-based row numbers within the block."""
    places: dict[str, pd.Series] = {}
    for form, frame in sheet.frames.items():
        if "_after" in frame:
            key = frame["_after"].astype(float).fillna(pd.Series(frame.index, index=frame.index, dtype=float))
            frame = frame.iloc[np.argsort(key.to_numpy(), kind="stable")].drop(columns="_after")
        places[form] = pd.Series(np.arange(1, len(frame) + 1), index=frame.index)
        sheet.frames[form] = frame
    for entry in sheet.log:
        entry["row"] = int(places[entry["form"]].at[entry["_label"]])


def append_copy(
    sheet: Sheet,
    form: str,
    label: int,
    changes: dict[str, Text],
    cls: str,
    true: str,
    *,
    column: str = "",
    expected: str = RESOLVE,
) -> None:
    """Append a copy of a row, to stand right behind it, and log it as one planted row."""
    frame = sheet.frames[form]
    if "_after" not in frame:
        frame["_after"] = np.nan
    copy = frame.loc[[label]].assign(**changes, _after=label + 0.5)
    copy.index = pd.Index([int(frame.index.max()) + 1])
    sheet.frames[form] = pd.concat([frame, copy])
    sheet.write(form, int(copy.index[0]), column, changes.get(column), cls, true, expected)


__all__ = ["QUERY", "RESOLVE", "Sheet", "append_copy", "finish", "start"]
