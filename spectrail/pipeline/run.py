"""What one build carries from part to part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from specs import models
from specs.yaml_files import LoadedStudy
from spectrail.findings import Findings
from spectrail.pipeline.record import output_entry
from spectrail.pipeline.sources import Sources
from spectrail.pipeline.spill import Spilled
from spectrail.pipeline.study import created_at

Progress = Callable[[str], None]
SPILL = ".spill"


@dataclass
class Run:
    """A build under way.

    `building` is the folder that becomes OUT, `out` the OUT of the earlier build. `sdtm` and `adam` hold the finished
    datasets, with those carried over from the earlier build.
    """

    loaded: LoadedStudy
    study: models.Study
    folder: Path
    building: Path
    out: Path
    sources: Sources
    progress: Progress
    parts: Sequence[str]
    datasets: Sequence[str] = ()
    findings: list[Findings] = field(default_factory=list)
    outputs: list[dict[str, Any]] = field(default_factory=list)
    accounting: list[dict[str, Any]] = field(default_factory=list)
    sdtm: dict[str, Spilled] = field(default_factory=dict)
    adam: dict[str, Spilled] = field(default_factory=dict)

    @property
    def created(self) -> datetime:
        """The fixed timestamp of the study."""
        return created_at(self.study)

    @property
    def spill_folder(self) -> Path:
        """Where large extracts lie, and finished datasets until the package is written."""
        return self.building / SPILL

    def wants(self, name: str) -> bool:
        """Tell whether a dataset is to be built rather than carried over."""
        return not self.datasets or name in self.datasets

    def wrote(self, *paths: Path, records: int | None = None) -> None:
        """Note files that belong to the output."""
        self.outputs += [output_entry(self.building, path, records=records) for path in paths]
