"""A study folder as a build needs it: read, completed and checked; helpers of its engines; its output folders."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from adam.settings import unsupported
from define_xml.complete import is_analysis
from specs import models
from specs.complete import complete
from specs.lint import lint
from specs.study_terms import study_terms
from specs.terminology import Terms, provide, terminology
from specs.terminology_files import read_terminology
from specs.yaml_files import LoadedStudy, inside, read_study
from spectrail.errors import Place, SpecError
from spectrail.findings import Findings
from spectrail.pipeline.catalog import catalogs, combined_settings, default_settings


def checked_study(folder: Path, *, raw: bool = False) -> tuple[LoadedStudy, models.Study]:
    """Read, complete and lint a study folder, with `raw` that its raw files are there; raise SpecError for errors."""
    loaded = read_study(folder)
    study = complete(with_terminology(loaded.study, Path(folder)))
    known = catalogs(study, loaded.places).all
    faults = lint(
        study,
        known,
        places=loaded.places,
        settings=default_settings(),
        combined=combined_settings(),
        unsupported=unsupported,
        folder=Path(folder) if raw else None,
    )
    errors = faults.at_or_above("error")
    if len(errors):
        raise SpecError(
            _listed(errors), place=Place(file=str(folder)), hint="see them all with: spectrail spec check"
        )
    return loaded, study


def with_terminology(study: models.Study, folder: Path) -> models.Study:
    """Read the terminology release that `ct` names as a file (NCI text or ODM-XML) and name it by its date."""
    if not study.ct.lower().endswith((".txt", ".xml")):
        return study
    release = read_terminology(inside(folder, study.ct))
    provide(release)
    return study.model_copy(update={"ct": release.release})


def _listed(errors: Findings, most: int = 20) -> str:
    lines = [
        f"{row.source} {row.dataset} {row.variable}: {row.message}" for row in errors.frame.head(most).itertuples()
    ]
    more = f"\n  and {len(errors) - most} more" if len(errors) > most else ""
    return f"the specification has {len(errors)} error(s):\n  " + "\n  ".join(lines) + more


def part_of(study: models.Study, *, analysis: bool) -> models.Study:
    """Return a study with its SDTM or its ADaM datasets only."""
    datasets = tuple(one for one in study.datasets if is_analysis(one) == analysis)
    return study.model_copy(update={"datasets": datasets})


def resolvers_of(study: models.Study) -> dict[type, Callable[[str], object]]:
    """Return what turns names in steps into objects: codelists into their terms."""
    return {Terms: study_terms(study, terminology(study.ct))}


def step_places(loaded: LoadedStudy) -> Callable[[str, int], Place | None]:
    """Return a function that says where a step of a dataset was written."""
    positions = {dataset.name: number for number, dataset in enumerate(loaded.study.datasets)}

    def place(dataset: str, step: int) -> Place | None:
        return loaded.places.nearest("datasets", positions[dataset], "steps", step) if dataset in positions else None

    return place


def created_at(study: models.Study) -> datetime:
    """Return the fixed timestamp of a study."""
    try:
        return datetime.fromisoformat(study.created)
    except ValueError:
        raise SpecError(
            f"created: {study.created!r} is not a date and time", hint="write it as 2025-01-31T12:00:00"
        ) from None


def study_slug(study: models.Study) -> str:
    """Return the folder name of a study: lower case, only letters, digits, dot, hyphen and underscore."""
    slug = re.sub(r"[^a-z0-9._-]+", "-", study.study_id.lower()).strip("-.")
    if not slug:
        raise SpecError(f"study_id {study.study_id!r} gives no folder name", hint="use letters and digits")
    return slug


def sdtm_folder(out: Path, study: models.Study) -> Path:
    """Return the folder of SDTM datasets below `out`."""
    return out / "m5" / "datasets" / study_slug(study) / "tabulations" / "sdtm"


def adam_folder(out: Path, study: models.Study) -> Path:
    """Return the folder of ADaM datasets below `out`."""
    return out / "m5" / "datasets" / study_slug(study) / "analysis" / "adam" / "datasets"
