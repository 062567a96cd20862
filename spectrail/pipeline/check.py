"""`spectrail spec check`: every fault of a study's specification at once."""

from __future__ import annotations

from pathlib import Path

from adam.settings import unsupported
from specs.complete import complete
from specs.lint import lint
from specs.yaml_files import read_specification
from spectrail.findings import Findings
from spectrail.pipeline.catalog import catalogs, combined_settings, default_settings
from spectrail.pipeline.study import with_terminology


def check_specification(path: Path) -> Findings:
    """Return the faults met on reading and those the linter finds."""
    loaded = read_specification(path, strict=False)
    known = catalogs(loaded.study, loaded.places).all
    return loaded.findings + lint(
        complete(with_terminology(loaded.study, loaded.folder)),
        known,
        places=loaded.places,
        settings=default_settings(),
        combined=combined_settings(),
        unsupported=unsupported,
        folder=loaded.folder if loaded.files[0].stem == "study" else None,  # a workbook may lie anywhere
    )
