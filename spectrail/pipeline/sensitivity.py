"""`spectrail sensitivity`: what partial dates can change in the analysis, as tables and as a file."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from adam.engine import Engine
from adam.sensitivity import Sensitivity, sensitivity
from specs import models
from spectrail.dataset import Dataset
from spectrail.errors import OutputError, Place, UsageError
from spectrail.io.atomic import replacing
from spectrail.pipeline.analysis import cut_datasets, read_datasets
from spectrail.pipeline.build import build_study
from spectrail.pipeline.carry import check_untouched, record_of
from spectrail.pipeline.catalog import catalogs
from spectrail.pipeline.sources import Sources
from spectrail.pipeline.study import (
    checked_study,
    created_at,
    part_of,
    resolvers_of,
    sdtm_folder,
    step_places,
)
from validation.reports.sheets import Sheet, write_sheets

SUFFIXES = (".xlsx", ".csv", ".parquet")
Progress = Callable[[str], None]


def date_sensitivity(
    folder: Path, *, sdtm: Path | None = None, ignoring: Sequence[str] = (), progress: Progress = lambda _: None
) -> tuple[models.Study, Sensitivity]:
    """Derive the analysis of a study at its earliest, its specified and its latest dates, and compare.

    SDTM is built in a temporary folder, or taken from `sdtm`, an OUT of this study, after its hashes and those of the
    raw files are checked. Raises UsageError where they differ and for a study without analysis datasets.
    """
    loaded, study = checked_study(folder)
    analysis = part_of(study, analysis=True)
    if not any(one.steps or one.parameters for one in analysis.datasets):
        raise UsageError("the study has no analysis datasets with steps", place=Place(file=str(folder)))
    datasets = _tabulation(Path(folder), study, sdtm, progress)
    kept = cut_datasets(study, datasets)
    sources = Sources(study, Path(folder), progress)
    resolvers, places, catalog = resolvers_of(study), step_places(loaded), catalogs(study).adam

    def engine_of(variant: models.Study) -> Engine:
        return Engine(variant, kept[0] if kept else datasets, sources, resolvers, places, progress, catalog)

    return study, sensitivity(analysis, engine_of, ignoring=ignoring, progress=progress)


def _tabulation(folder: Path, study: models.Study, out: Path | None, progress: Progress) -> Mapping[str, Dataset]:
    if study.sdtm_source:
        if out is not None:
            raise UsageError("the study names its SDTM itself (sdtm_source)", hint="leave --sdtm out")
        return read_datasets(folder / study.sdtm_source)
    if out is not None:
        return _built(folder, study, out, progress)
    with tempfile.TemporaryDirectory(prefix="spectrail-") as made:
        return read_datasets(build_study(folder, Path(made) / "out", only=("sdtm",), progress=progress).sdtm)


def _built(folder: Path, study: models.Study, out: Path, progress: Progress) -> Mapping[str, Dataset]:
    record = record_of(out, study)
    for entry in record["inputs"]:
        check_untouched(folder, entry, hint="leave --sdtm out, so that SDTM is built", did="read")
    if record["specification"]["sha256"] != study.sha256():
        progress("the specification is not that of the build: its SDTM datasets are taken as they are")
    datasets = sdtm_folder(out, study)
    for entry in record["outputs"]:
        if (out / entry["path"]).parent == datasets and entry["path"].endswith(".xpt"):
            check_untouched(out, entry, hint="build the study again, or leave --sdtm out")
    if not datasets.is_dir():
        raise UsageError("holds no SDTM datasets of this study", place=Place(file=str(out)), hint="leave --sdtm out")
    return read_datasets(datasets)


def check_target(path: Path) -> None:
    """Raise UsageError for a file to write of an unknown kind."""
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"{path} has no known suffix", hint=f"use one of {', '.join(SUFFIXES)}")


def write_sensitivity(path: Path, study: models.Study, found: Sensitivity) -> None:
    """Write the changes: a workbook with everything, or a CSV or Parquet file with the changed values only."""
    check_target(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot create the folder: {error.strerror}", place=Place(file=str(path.parent))
        ) from error
    suffix = path.suffix.lower()
    if suffix == ".xlsx":
        write_sheets(path, _sheets(found), created=created_at(study), title="Sensitivity to partial dates")
        return
    data = (
        found.values.to_csv(index=False, lineterminator="\n").encode() if suffix == ".csv" else _parquet(found.values)
    )
    with replacing(path) as file:
        file.write(data)


def _parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False, compression="zstd")
    return buffer.getvalue()


def _sheets(found: Sensitivity) -> list[Sheet]:
    wide = (12, 24, 48, 12, 14, 14, 14, 40)
    return [
        Sheet("Changes", found.values, wide),
        Sheet("Summary", found.summary(), (12, 12, 12, 12)),
        Sheet("Results", found.results, (10, 14, 36, 12, 28, 28, 28, 20, 16, 12, 16, 16, 16)),
        Sheet("Dates", found.dates, wide),
        Sheet("Partial dates", _listed(found.partial), (12, 24, 8, 14, 16)),
    ]


def _listed(partial: pd.DataFrame) -> pd.DataFrame:
    return partial.drop(columns="ROW")


def as_data(found: Sensitivity) -> dict[str, Any]:
    """Return everything as plain data for JSON; a number that is not there is null."""
    tables = {
        "changes": found.values,
        "summary": found.summary(),
        "results": found.results.astype(object).where(found.results.notna(), None),
        "dates": found.dates,
        "partial_dates": _listed(found.partial).fillna(""),
    }
    return {name: table.to_dict(orient="records") for name, table in tables.items()}
