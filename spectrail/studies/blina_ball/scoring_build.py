"""One build of the reference study as scoring reads it: records, the raw rows behind them, the columns they read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from specs import models
from specs.yaml_files import read_study
from spectrail import frames
from spectrail.io.lineage_files import read_lineage
from spectrail.io.xpt import read_xpt
from spectrail.lineage import Lineage
from spectrail.pipeline.queries import Mask, columns_behind
from spectrail.pipeline.sources import Sources

KEYS = ["Subject", "Folder", "InstanceRepeatNumber", "PageRepeatNumber", "RecordPosition"]
"""Columns that name a row of a form in the extract and in the clean form alike."""

ITEM = ("TESTCD", "QNAM", "DSDECOD")
"""Ends of the variables that tell the records of one raw row apart."""

DEEPEST = 4


@dataclass(frozen=True, eq=False)
class Scored:
    """A study folder and its build.

    `raw` holds the extracts by source name, every cell as text, blanks as the empty text; `records` the datasets,
    likewise; `links` by dataset the raw rows behind its records: record, source, row (all from 0).
    """

    study: models.Study
    raw: Mapping[str, pd.DataFrame]
    records: Mapping[str, pd.DataFrame]
    lineages: Mapping[str, Lineage]
    links: Mapping[str, pd.DataFrame]

    def source_of(self, file: str) -> str:
        """Return the source that a raw file is."""
        return next(source.name for source in self.study.sources if Path(source.path).name == file)

    def made_from(self, source: str, row: int) -> Iterator[tuple[str, int]]:
        """Yield dataset and record of every record that goes back to a raw row."""
        yield from self._made.get((source, row), [])

    @cached_property
    def _made(self) -> dict[tuple[str, int], list[tuple[str, int]]]:
        found: dict[tuple[str, int], list[tuple[str, int]]] = {}
        for name, links in self.links.items():
            columns = (links["source"].tolist(), links["row"].tolist(), links["record"].tolist())
            for source, row, record in zip(*columns, strict=True):
                found.setdefault((source, row), []).append((name, record))
        return found

    def reads(self, dataset: str, variable: str, record: int, source: str, column: str) -> bool:
        """Tell whether the value of a variable in a record was made from a column of a form."""
        return column in self.read(dataset, variable, record, source)

    def read(self, dataset: str, variable: str, record: int, source: str) -> list[str]:
        """Return the columns of a form from which the value of a variable in a record was made."""
        behind = _behind(self, dataset, variable, source)
        return [name for name, mask in behind.items() if name in self.raw[source] and (mask is None or mask[record])]

    def given(self, source: str, column: str, row: int) -> Iterator[tuple[str, str, str]]:
        """Yield dataset, variable and value of every value that a lookup took from a raw cell."""
        for name, lineage in self.lineages.items():
            for variable, providers in lineage.providers.items():
                for one in providers:
                    if (one.source, one.column) == (source, column):
                        for record in np.flatnonzero(one.row == row).tolist():
                            yield name, variable, str(self.records[name][variable].iloc[record])


@cache
def _behind(build: Scored, dataset: str, variable: str, source: str) -> dict[str, Mask]:
    return columns_behind(build.lineages[dataset], variable, source, build.records[dataset])


def read_build(folder: Path, out: Path) -> Scored:
    """Read a study folder and what a build of it wrote into `out`."""
    study = read_study(folder).study
    sources = Sources(study, folder)
    raw = {one.name: _texts(sources.read(one.name).frame) for one in study.sources}
    paths = sorted((out / "m5").rglob("sdtm/*.xpt"))
    lineages = {path.stem.upper(): read_lineage(out / "lineage", path.stem.upper()) for path in paths}
    records = {path.stem.upper(): _texts(read_xpt(path).frame) for path in paths}
    links = {name: _raw_links(name, lineages) for name in lineages}
    return Scored(study, raw, records, lineages, links)


def _texts(frame: pd.DataFrame) -> pd.DataFrame:
    columns = {str(name): frames.as_text(frame[name]).fillna("") for name in frame.columns}
    return pd.DataFrame(columns).reset_index(drop=True)


def _raw_links(name: str, lineages: Mapping[str, Lineage]) -> pd.DataFrame:
    """Return the raw rows behind the records of a dataset, through the datasets they were made from."""
    links = lineages[name].frame().astype({"source": "str", "record": "int64", "row": "int64"})
    for _ in range(DEEPEST):
        through = links["source"].isin(list(lineages))
        if not through.any():
            break
        parts = [links[~through]]
        for source in links.loc[through, "source"].unique():
            inner = lineages[source].frame().astype({"source": "str", "record": "int64", "row": "int64"})
            mine = links.loc[links["source"] == source, ["record", "row"]].rename(columns={"row": "at"})
            parts.append(mine.merge(inner.rename(columns={"record": "at"}), on="at")[["record", "source", "row"]])
        links = pd.concat(parts, ignore_index=True).drop_duplicates()
    return links.sort_values("record", kind="stable").reset_index(drop=True)


def partners(messy: pd.DataFrame, clean: pd.DataFrame) -> pd.Series:
    """Return for each row of an extract the row of the clean form with the same keys (-1: none or a copy)."""
    index = pd.MultiIndex.from_frame(clean[KEYS])
    found = pd.Series(index.get_indexer(pd.MultiIndex.from_frame(messy[KEYS])), index=messy.index)
    return found.mask(messy.duplicated(KEYS, keep="first"), -1)


def item_of(frame: pd.DataFrame) -> pd.Series:
    """Return what tells the records of one raw row apart: test, qualifier or disposition."""
    for name in frame.columns:
        if str(name).endswith(ITEM):
            return frame[name]
    return pd.Series("", index=frame.index, dtype="str")
