"""From records of datasets back to rows of raw files, through the lineage that a build leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from spectrail.errors import InputError
from spectrail.io.lineage_files import read_record_lineage
from spectrail.lineage import Lineage, RecordLineage, take_records

DEEPEST = 6
MOST_ROWS = 25
"""Raw rows shown of one record."""


@dataclass(frozen=True)
class Trail:
    """The lineage of a build: `inputs` gives the file of each raw source, lineages are read when first asked for."""

    inputs: Mapping[str, str] = field(default_factory=dict)
    lineages: Mapping[str, Lineage] = field(default_factory=dict)
    folder: Path | None = None
    _read: dict[str, RecordLineage | None] = field(default_factory=dict, repr=False, compare=False)

    def of(self, dataset: str) -> RecordLineage | None:
        """Return the record links of a dataset, None when there are none."""
        if dataset in self.lineages:
            return self.lineages[dataset].records
        if self.folder is None:
            return None
        if dataset not in self._read:
            try:
                self._read[dataset] = read_record_lineage(self.folder, dataset)
            except InputError:
                self._read[dataset] = None
        return self._read[dataset]

    def raw_rows(self, dataset: str, records: npt.NDArray[np.int64]) -> pd.DataFrame:
        """Return the raw rows behind records (0-based), at most `MOST_ROWS` each, in the order of `records`.

        Columns: at (position in `records`), source (name of the raw source), row (0-based data row of its file).
        """
        found = self._follow(dataset, records, 0)
        found = found.drop_duplicates(ignore_index=True).sort_values(["at", "source", "row"], ignore_index=True)
        return found[found.groupby("at").cumcount() < MOST_ROWS].reset_index(drop=True)

    def _follow(self, dataset: str, records: npt.NDArray[np.int64], depth: int) -> pd.DataFrame:
        lineage = self.of(dataset)
        if lineage is None or depth > DEEPEST or not len(records):
            return _rows([], [], [])
        links = take_records(lineage, records.astype(np.int32))
        parts = []
        for number, source in enumerate(links.sources):
            of_source = links.source == number
            at, row = links.record[of_source].astype(np.int64), links.row[of_source].astype(np.int64)
            if not len(at):
                continue
            if source in self.inputs or self.of(source) is None:
                parts.append(_rows(at, source, row))
            else:
                distinct, place = np.unique(row, return_inverse=True)
                behind = self._follow(source, distinct, depth + 1)
                pairs = pd.DataFrame({"at": at, "via": place})
                parts.append(pairs.merge(behind, left_on="via", right_on="at", suffixes=("", "_"))[list(ROWS)])
        return pd.concat(parts, ignore_index=True) if parts else _rows([], [], [])


ROWS = ("at", "source", "row")


def _rows(at: object, source: object, row: object) -> pd.DataFrame:
    frame = pd.DataFrame({"at": pd.Series(at, dtype="int64"), "row": pd.Series(row, dtype="int64")})
    frame["source"] = pd.Series(source if isinstance(source, str) else None, index=frame.index, dtype="str")
    return frame[list(ROWS)]
