"""Write a complete study folder of the reference study: raw extract, specification, and apart from them the truth."""

from __future__ import annotations

import csv
import shutil
from functools import partial
from pathlib import Path

from specs.complete import complete
from specs.workbook import write_workbook
from specs.yaml_files import read_study
from spectrail.errors import UnknownNameError
from spectrail.output import replacing
from spectrail.studies import written
from spectrail.studies.blina_ball.simulate import simulate

WORKBOOK = "specification.xlsx"
"""The other face of the specification, beside the YAML files, which are what a build reads."""

SPECIFICATION = Path(__file__).resolve().parent / "spec"


def write_study(
    folder: Path,
    *,
    subjects: int | None = None,
    seed: int = 1,
    profile: str = "trial",
    extract: int = 1,
    mrd_domain: str = "LB",
    force: bool = False,
) -> Path:
    """Write `study.yaml`, `specs/`, its workbook, `raw/` and `truth/` below `folder` and return it.

    `mrd_domain` CP gives the variant of the specification in which residual disease by flow cytometry is in CP and by
    sequencing or PCR in GF.  `truth/` is for scoring only; no build reads it. A folder that a simulation wrote is
    replaced as a whole. Raises OutputError when `folder` holds anything else, or, without `force`, when files in it
    were changed, added or removed since; UnknownNameError for an unknown `mrd_domain`.
    """
    if mrd_domain not in ("LB", "CP"):
        raise UnknownNameError("mrd_domain", mrd_domain, ("LB", "CP"))
    target = Path(folder)
    with replacing(target, partial(written.check, force=force)) as building:
        made = simulate(building, subjects=subjects, seed=seed, profile=profile, extract=extract)
        copy_specification(building)
        _count_subjects(building, made.subjects)
        if mrd_domain == "CP":
            _choose_cp(building)
        write_workbook(complete(read_study(building).study), building / WORKBOOK)
        written.record(building)
    return target


def _choose_cp(target: Path) -> None:
    """Set `mrd_domain` to CP in study.yaml and add the variant's files to the specification."""
    path = target / "study.yaml"
    text = path.read_text(encoding="utf-8").replace("mrd_domain: LB", "mrd_domain: CP")
    path.write_text(text + "specification: [specs, variants/cp]\n", encoding="utf-8", newline="\n")


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
    """Copy the packaged specification of the study into a folder."""
    for source in sorted(SPECIFICATION.rglob("*")):
        if source.is_file() and source.suffix in (".yaml", ".csv", ".xlsx"):
            copy = target / source.relative_to(SPECIFICATION)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
