"""Findings: what is wrong or remarkable in data, as one columnar table.

A million findings must be cheap, so there is no object per finding: a `Findings` wraps a frame whose repeating
columns are categorical.  Fingerprints (decision: rule, dataset, variable, natural keys, value; never --SEQ or a row
number) are computed for all rows at once when asked for.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

Severity = Literal["reject", "error", "warning", "notice"]
SEVERITIES: tuple[Severity, ...] = ("reject", "error", "warning", "notice")
"""From worst to least."""

CATEGORICAL = ("rule", "severity", "dataset", "variable", "message", "reference", "source")
TEXT = ("keys", "value")
NUMBERS = ("record", "source_row", "count")
COLUMNS = (
    "rule",
    "severity",
    "dataset",
    "variable",
    "record",
    "keys",
    "value",
    "message",
    "reference",
    "source",
    "source_row",
    "count",
)
"""`record` is the 1-based record in the written dataset, `source`/`source_row` the raw file and its 1-based data row
(0: does not apply); `keys` are natural keys as `USUBJID=... AESTDTC=...`; `count` how often a listed-once finding
occurs (1 for a plain finding)."""


@functools.cache
def _no_rows() -> pd.DataFrame:
    return _typed(pd.DataFrame({name: pd.Series(dtype="str") for name in COLUMNS}))


def _empty() -> pd.DataFrame:
    # most datasets have no finding of most kinds: the table without rows is made once
    return _no_rows().copy(deep=False)


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    columns: dict[str, Any] = {}
    for name in COLUMNS:
        if name in NUMBERS:
            default = 1 if name == "count" else 0
            values = frame[name] if name in frame else pd.Series(default, index=frame.index)
            columns[name] = pd.to_numeric(values).fillna(default).astype("int64")
        else:
            values = frame[name] if name in frame else pd.Series("", index=frame.index, dtype="str")
            if name in CATEGORICAL:
                if isinstance(values.dtype, pd.CategoricalDtype):
                    columns[name] = values
                else:
                    columns[name] = values.astype("str").fillna("").astype("category")
            else:
                columns[name] = values.astype("str").fillna("")
    return pd.DataFrame(columns, index=frame.index).reset_index(drop=True)


@dataclass(frozen=True)
class Findings:
    """A table of findings with the columns `COLUMNS`."""

    frame: pd.DataFrame = field(default_factory=_empty)

    @classmethod
    def of(cls, **columns: Any) -> Findings:
        """Make findings from columns; scalars are repeated, columns left out take their empty value.

        Needs `rule`, `severity` and `message`; at least one argument decides the number of rows (scalars only: one).
        """
        sizes = {len(value) for value in columns.values() if _is_vector(value)}
        if len(sizes) > 1:
            raise ValueError(f"columns of findings differ in length: {sorted(sizes)}")
        size = sizes.pop() if sizes else 1
        index = pd.RangeIndex(size)
        data = {
            name: pd.Series(np.asarray(value) if not isinstance(value, pd.Series) else value.to_numpy(), index=index)
            if _is_vector(value)
            else _repeat(value, size)
            for name, value in columns.items()
        }
        unknown = set(data) - set(COLUMNS)
        if unknown:
            raise ValueError(f"unknown columns of findings: {sorted(unknown)}")
        return cls(_typed(pd.DataFrame(data, index=index)))

    @classmethod
    def concat(cls, parts: Iterable[Findings]) -> Findings:
        """Stack findings in the given order."""
        frames = [part.frame for part in parts if len(part.frame)]
        if not frames:
            return cls()
        if len(frames) == 1:
            return cls(frames[0])
        columns: dict[str, Any] = {}
        for name in COLUMNS:
            values = [frame[name] for frame in frames]
            if name in CATEGORICAL:
                columns[name] = pd.api.types.union_categoricals(values, sort_categories=False)
            else:
                columns[name] = pd.concat(values, ignore_index=True)
        return cls(pd.DataFrame(columns))

    def __len__(self) -> int:
        return len(self.frame)

    def __add__(self, other: Findings) -> Findings:
        return Findings.concat([self, other])

    def at_or_above(self, severity: Severity) -> Findings:
        """Return the findings whose severity is `severity` or worse."""
        wanted = SEVERITIES[: SEVERITIES.index(severity) + 1]
        return Findings(self.frame[self.frame["severity"].isin(wanted)].reset_index(drop=True))

    def counts(self) -> dict[str, int]:
        """Count findings by severity, worst first, zeros included."""
        counted = self.frame["severity"].value_counts()
        return {severity: int(counted.get(severity, 0)) for severity in SEVERITIES}

    def records(self) -> dict[str, int]:
        """Count what findings stand for by severity: a listed-once finding as often as it occurs."""
        counted = self.frame.groupby("severity", observed=True)["count"].sum()
        return {severity: int(counted.get(severity, 0)) for severity in SEVERITIES}

    def fingerprints(self) -> npt.NDArray[np.uint64]:
        """Hash rule, dataset, variable, natural keys and value of every finding."""
        parts = self.frame[["rule", "dataset", "variable", "keys", "value"]]
        return pd.util.hash_pandas_object(parts, index=False).to_numpy(dtype=np.uint64)


def _is_vector(value: object) -> bool:
    return isinstance(value, (pd.Series, np.ndarray, pd.Index, pd.Categorical)) or (
        isinstance(value, Sequence) and not isinstance(value, str)
    )


def _repeat(value: Any, size: int) -> Any:
    if isinstance(value, str):
        return pd.Categorical.from_codes(np.zeros(size, dtype="int8"), categories=[value])
    return np.full(size, value)
