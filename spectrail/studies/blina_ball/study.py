"""Write a complete study folder of the reference study: raw extract, specification, and apart from them the truth."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

from spectrail.errors import OutputError, Place
from spectrail.studies.blina_ball.simulate import simulate

SPECIFICATION = Path(__file__).resolve().parent / "spec"


def write_study(
    folder: Path, *, subjects: int | None = None, seed: int = 1, profile: str = "trial", extract: int = 1
) -> Path:
    """Write `study.yaml`, `specs/`, `raw/` and `truth/` below `folder` and return it.

    `truth/` is for scoring only; no build reads it. Raises OutputError when `folder` holds another study.
    """
    target = Path(folder)
    present = target / "study.yaml"
    if present.exists() and not (target / "truth" / "mess.csv").exists():
        raise OutputError(
            "holds a study that no simulation wrote", place=Place(file=str(target)), hint="choose an empty folder"
        )
    made = simulate(target, subjects=subjects, seed=seed, profile=profile, extract=extract)
    copy_specification(target)
    _count_subjects(target, made.subjects)
    return target


def _count_subjects(target: Path, planned: int) -> None:
    """Put the numbers of subjects, planned and enrolled, into the trial summary: they are the simulation's."""
    with (target / "truth" / "subjects.csv").open(encoding="utf-8", newline="") as handle:
        enrolled = sum(row["status"] != "screen failure" for row in csv.DictReader(handle))
    summary = target / "specs" / "tables" / "trial_summary.csv"
    with summary.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    numbers = {"PLANSUB": str(planned), "ACTSUB": str(enrolled)}
    for row in rows:
        row["TSVAL"] = numbers.get(row["TSPARMCD"], row["TSVAL"])
    with summary.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def copy_specification(target: Path) -> None:
    """Copy the packaged specification of the study into a folder, replacing what an earlier copy left there."""
    specs = target / "specs"
    if specs.exists():
        shutil.rmtree(specs)
    for source in sorted(SPECIFICATION.rglob("*")):
        if source.is_file() and source.suffix in (".yaml", ".csv", ".xlsx"):
            copy = target / source.relative_to(SPECIFICATION)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
