"""The tables of a study: raw extracts, read when first asked for, and lookup tables of the specification."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from sdtm.engine import lookup_source, raw_source
from sdtm.intake import RawTable, read_sources
from specs import models
from spectrail.build import SourceTable
from spectrail.findings import Findings
from spectrail.pipeline.spill import map_frame, write_frame

PUT_ASIDE = 16 << 20
"""Bytes from which an extract is kept in a file rather than in memory."""


@dataclass
class Sources:
    """Raw extracts and lookup tables by name; calling it gives a table or None.

    With a `spill_folder`, large extracts lie there as Arrow files that are mapped: a column takes memory when it is
    read, until the extract is released.
    """

    study: models.Study
    folder: Path
    progress: Callable[[str], None] = lambda _: None
    spill_folder: Path | None = None
    raw: dict[str, RawTable] = field(default_factory=dict)
    lookups: dict[str, SourceTable] = field(default_factory=dict)
    aside: dict[str, Path] = field(default_factory=dict)

    def __call__(self, name: str) -> SourceTable | None:
        """Return a table by name, reading it if it has not been read yet; None when there is no such table."""
        found = self.lookup(name)
        if found is None and any(source.name == name for source in self.study.sources):
            return raw_source(name, self.read(name).frame)
        return found

    def lookup(self, name: str) -> SourceTable | None:
        """Return a lookup table of the specification by name, or None."""
        plain = name.removeprefix("tables.")
        if plain not in self.lookups:
            self.lookups |= {table.name: lookup_source(table) for table in self.study.tables if table.name == plain}
        return self.lookups.get(plain)

    def read(self, name: str) -> RawTable:
        """Return a raw extract by name, reading its file (with all extracts it holds) if needed."""
        if name not in self.raw:
            path = next(one.path for one in self.study.sources if one.name == name)
            self.progress(path)
            shared = [one for one in self.study.sources if one.path == path]
            for table in read_sources(shared, root=self.folder).values():
                self.raw[table.name] = self._put_aside(table)
        return self.raw[name]

    def _put_aside(self, table: RawTable) -> RawTable:
        if self.spill_folder is None or table.frame.memory_usage(index=False).sum() < PUT_ASIDE:
            return table
        path = self.spill_folder / f"raw{len(self.aside)}.arrow"
        write_frame(table.frame, path)
        self.aside[table.name] = path
        return replace(table, frame=map_frame(path))

    def release(self, name: str) -> None:
        """Give back the memory of an extract that is not needed for now; it can still be read."""
        if name in self.aside:
            self.raw[name] = replace(self.raw[name], frame=map_frame(self.aside[name]))

    def read_all(self) -> None:
        """Read every raw extract of the study, so that all inputs are hashed and accounted for."""
        for source in self.study.sources:
            self.read(source.name)

    def findings(self) -> Findings:
        """Return what was met on reading, in the order of the specification."""
        return Findings.concat(self.raw[one.name].findings for one in self.study.sources if one.name in self.raw)
