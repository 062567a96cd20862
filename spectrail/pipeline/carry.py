"""What a partial build takes over from the earlier one, after checking that nobody has touched it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from specs import models
from spectrail.errors import Place, UsageError
from spectrail.io.lineage_files import read_lineage
from spectrail.io.xpt import read_xpt
from spectrail.output import RUN_RECORD, sha256_file
from spectrail.pipeline.record import read_record
from spectrail.pipeline.spill import Spilled, spill


def carry_over(out: Path, building: Path, folder: Path, study: models.Study, built: set[str]) -> dict[str, Spilled]:
    """Take over the datasets of an earlier build that this one does not make, with their lineage.

    They are written again, since the common text lengths may have changed; supplemental qualifiers go with their
    parent.  Raises UsageError when a file is missing or differs from its hash in the run record.
    """
    if not (out / RUN_RECORD).is_file():
        return {}
    earlier = record_of(out, study)
    carried: dict[str, Spilled] = {}
    for entry in earlier["outputs"]:
        path = out / entry["path"]
        name = path.stem.upper()
        same_folder = (building / entry["path"]).parent == folder
        if path.suffix != ".xpt" or not same_folder or name in built or name.removeprefix("SUPP") in built:
            continue
        check_untouched(out, entry, hint="build the whole study again, without --datasets")
        dataset = read_xpt(path)
        lineage = read_lineage(out / "lineage", name)
        carried[name] = spill(dataset.replace(lineage=lineage), building / ".spill")
    return carried


def record_of(out: Path, study: models.Study) -> dict[str, Any]:
    """Return the run record of an earlier build; raise UsageError when it is one of another study."""
    earlier = read_record(out)
    if earlier.get("study") != study.study_id:
        raise UsageError(
            f"holds a build of study {earlier.get('study')!r}",
            place=Place(file=str(out)),
            hint="give another OUT for this study",
        )
    return earlier


def check_untouched(root: Path, entry: Mapping[str, Any], *, hint: str, did: str = "wrote") -> Path:
    """Return the path of a file in a run record; raise UsageError when it is missing or differs from its hash."""
    path = root / entry["path"]
    if not path.is_file() or sha256_file(path) != entry["sha256"]:
        raise UsageError(f"is missing or not as the earlier build {did} it", place=Place(file=str(path)), hint=hint)
    return path
