"""Where records and values came from.

Record lineage says which source rows made an output record; variable lineage says which step made a variable.
Records and rows are 0-based ordinals: of the written file on the output side, of the data rows of a raw file (or of
the written records of a dataset) on the source side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

Int32 = npt.NDArray[np.int32]


def _none() -> Int32:
    return np.empty(0, dtype=np.int32)


@dataclass(frozen=True)
class RecordLineage:
    """Links `record[i]` of the output to row `row[i]` of `sources[source[i]]`, sorted by record.

    A record that has several source rows (grouped, merged, transposed from many) has several links; a record made
    by a rule alone (trial design, planned visits) has none.
    """

    sources: tuple[str, ...] = ()
    record: Int32 = field(default_factory=_none)
    source: Int32 = field(default_factory=_none)
    row: Int32 = field(default_factory=_none)

    def of(self, record: int) -> tuple[tuple[str, int], ...]:
        """Return the source rows of one record as (source name, row)."""
        low, high = np.searchsorted(self.record, [record, record + 1])
        return tuple((self.sources[self.source[i]], int(self.row[i])) for i in range(int(low), int(high)))


@dataclass(frozen=True)
class Trace:
    """One executed step of one variable.

    `sources` are the columns the step read (`ae_raw.IT.AESTDAT`, `DM.RFSTDTC`), `method` the text of what it did,
    rendered when it ran, `filled` the number of records it gave a value, `start` the table that the records of its
    block were started from (empty: the step ran on records of several blocks).
    """

    variable: str
    step: int
    algorithm: str
    sources: tuple[str, ...] = ()
    method: str = ""
    when: str = ""
    filled: int = 0
    start: str = ""


@dataclass(frozen=True)
class Provider:
    """For a value that came from another row than its record: `row[i]` of `source` gave record i (-1: none)."""

    source: str
    column: str
    row: Int32


@dataclass(frozen=True)
class Lineage:
    """Lineage of one dataset; `providers` is keyed by variable."""

    records: RecordLineage = field(default_factory=RecordLineage)
    traces: tuple[Trace, ...] = ()
    providers: Mapping[str, tuple[Provider, ...]] = field(default_factory=dict)

    def of_variable(self, variable: str) -> tuple[Trace, ...]:
        """Return the steps that made a variable, in the order they ran."""
        return tuple(trace for trace in self.traces if trace.variable == variable)

    def take(self, records: Int32) -> Lineage:
        """Return the lineage of the output records `records`, renumbered from 0 in that order."""
        return replace(
            self,
            records=take_records(self.records, records),
            providers={
                variable: tuple(replace(one, row=one.row[records]) for one in providers)
                for variable, providers in self.providers.items()
            },
        )

    def frame(self) -> pd.DataFrame:
        """Return record lineage as a table: record, source, row."""
        records = self.records
        names = pd.Categorical.from_codes(records.source, categories=list(records.sources))
        return pd.DataFrame({"record": records.record, "source": names, "row": records.row})


def take_records(records: RecordLineage, order: Int32) -> RecordLineage:
    """Return the links of the records `order`, renumbered from 0; a record may be taken more than once."""
    if _one_each(records):
        count = np.arange(len(order), dtype=np.int32)
        return replace(records, record=count, source=records.source[order], row=records.row[order])
    start = np.searchsorted(records.record, order, side="left")
    stop = np.searchsorted(records.record, order, side="right")
    counts = stop - start
    links = expand_ranges(start, counts)
    return replace(
        records,
        record=np.repeat(np.arange(len(order), dtype=np.int32), counts),
        source=records.source[links],
        row=records.row[links],
    )


def _one_each(records: RecordLineage) -> bool:
    """Tell whether record i has exactly the link i, as in a dataset mapped row by row."""
    links = records.record
    return len(links) > 0 and links[-1] == len(links) - 1 and bool((links == np.arange(len(links))).all())


def expand_ranges(start: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return `start[0], start[0]+1, ... (counts[0] of them), start[1], ...` as one array."""
    total = int(counts.sum())
    if total == 0:
        return np.empty(0, dtype=np.int64)
    offsets = np.repeat(start - np.concatenate(([0], np.cumsum(counts)[:-1])), counts)
    return offsets + np.arange(total, dtype=np.int64)
