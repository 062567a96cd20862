"""`spectrail spec check`: every fault of a study's specification at once."""

from __future__ import annotations

from pathlib import Path

from specs.lint import lint

from adam.catalog import DERIVATIONS
from sdtm.catalog import ALGORITHMS
from specs.complete import complete
from specs.yaml_files import read_specification
from spectrail.findings import Findings
from spectrail.steps import Algorithm


def check_specification(path: Path) -> Findings:
    """Return the faults met on reading and those the linter finds."""
    loaded = read_specification(path, strict=False)
    catalog: dict[str, Algorithm] = {**ALGORITHMS.registry, **DERIVATIONS.registry}
    return loaded.findings + lint(complete(loaded.study), catalog, places=loaded.places)
