"""Finished datasets, put aside as Arrow files until the whole package is known and can be written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.feather as feather

from spectrail.dataset import Dataset
from spectrail.layout import Layout
from spectrail.lineage import Lineage


@dataclass(frozen=True)
class Spilled:
    """A dataset without its frame, which lies in `path`; `widths` are the longest texts in bytes."""

    layout: Layout
    lineage: Lineage
    path: Path
    records: int
    widths: dict[str, int]

    def empty(self) -> pd.DataFrame:
        """Return a frame without columns, one row per record."""
        return pd.DataFrame(index=pd.RangeIndex(self.records))

    def frame(self) -> pd.DataFrame:
        """Read the frame back."""
        return map_frame(self.path)


def map_frame(path: Path) -> pd.DataFrame:
    """Open a frame that lies in an Arrow file; its columns take memory as they are read."""
    table = feather.read_table(path, memory_map=True)
    return table.to_pandas(types_mapper={pa.large_string(): pd.StringDtype(na_value=float("nan"))}.get)


def write_frame(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame of text and numbers as an Arrow file that can be mapped."""
    path.parent.mkdir(parents=True, exist_ok=True)
    feather.write_feather(pa.Table.from_pandas(frame, preserve_index=False), path, compression="uncompressed")


def spill(dataset: Dataset, folder: Path) -> Spilled:
    """Write the frame of a dataset into `folder` and measure its texts."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{dataset.name.lower()}.arrow"
    table = pa.Table.from_pandas(dataset.frame, preserve_index=False)
    fields = [
        pa.field(field.name, pa.large_string() if not dataset.layout[field.name].numeric else field.type)
        for field in table.schema
    ]
    table = table.cast(pa.schema(fields))
    feather.write_feather(table, path, compression="uncompressed")
    return Spilled(dataset.layout, dataset.lineage, path, len(dataset), text_widths(table))


def text_widths(table: pa.Table) -> dict[str, int]:
    """Return the longest text in bytes of every text column (0 when all are missing)."""
    widths = {}
    for name in table.column_names:
        if pa.types.is_large_string(table[name].type):
            longest = pc.max(pc.binary_length(table[name])).as_py()
            widths[name] = int(longest or 0)
    return widths


def common_widths(spilled: Iterable[Spilled]) -> dict[str, int]:
    """Return the width of each text variable over all datasets that carry it (decision 34), at least 1."""
    widths: dict[str, int] = {}
    for one in spilled:
        for name, width in one.widths.items():
            widths[name] = max(widths.get(name, 1), width)
    return widths
