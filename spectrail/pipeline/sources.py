"""The tables of a study: raw extracts, read when first asked for, and lookup tables of the specification."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sdtm.engine import lookup_source, raw_source
from sdtm.intake import RawTable, read_sources
from specs import models
from spectrail.build import SourceTable
from spectrail.findings import Findings


@dataclass
class Sources:
    """Raw extracts and lookup tables by name; calling it gives a table or None."""

    study: models.Study
    folder: Path
    progress: Callable[[str], None] = lambda _: None
    raw: dict[str, RawTable] = field(default_factory=dict)
    lookups: dict[str, SourceTable] = field(default_factory=dict)

    def __call__(self, name: str) -> SourceTable | None:
        """Return a table by name, reading it if it has not been read yet; None when there is no such table."""
        plain = name.removeprefix("tables.")
        if plain not in self.lookups:
            self.lookups |= {table.name: lookup_source(table) for table in self.study.tables if table.name == plain}
        if plain in self.lookups:
            return self.lookups[plain]
        if any(source.name == name for source in self.study.sources):
            return raw_source(name, self.read(name).frame)
        return None

    def read(self, name: str) -> RawTable:
        """Return a raw extract by name, reading its file (with all extracts it holds) if needed."""
        if name not in self.raw:
            path = next(one.path for one in self.study.sources if one.name == name)
            self.progress(path)
            shared = [one for one in self.study.sources if one.path == path]
            self.raw.update(read_sources(shared, root=self.folder))
        return self.raw[name]

    def read_all(self) -> None:
        """Read every raw extract of the study, so that all inputs are hashed and accounted for."""
        for source in self.study.sources:
            self.read(source.name)

    def findings(self) -> Findings:
        """Return what was met on reading, in the order of the specification."""
        return Findings.concat(self.raw[one.name].findings for one in self.study.sources if one.name in self.raw)
