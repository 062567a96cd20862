"""The ADaM part of a build: SDTM to analysis datasets, their results, and what the data cut-off left out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pandas as pd

from adam.cutoff import TABLE, cut, rules_of
from adam.engine import Engine
from adam.results.declared import file_name, results
from specs import models
from spectrail.dataset import Dataset
from spectrail.errors import UnknownNameError, UsageError
from spectrail.findings import Findings
from spectrail.io.tables import read_dataset
from spectrail.pipeline.carry import carry_over
from spectrail.pipeline.catalog import catalogs
from spectrail.pipeline.package import write_package
from spectrail.pipeline.run import Run
from spectrail.pipeline.spill import Spilled, spill
from spectrail.pipeline.study import adam_folder, part_of, resolvers_of, step_places

DATASET_SUFFIXES = (".xpt", ".json", ".ndjson", ".parquet")


class SpilledDatasets(Mapping[str, Dataset]):
    """Datasets that lie on disk, each read when it is first asked for."""

    def __init__(self, spilled: Mapping[str, Spilled]) -> None:
        self._spilled = spilled
        self._read: dict[str, Dataset] = {}

    def __getitem__(self, name: str) -> Dataset:
        if name not in self._read:
            one = self._spilled[name]
            self._read[name] = Dataset(one.layout, one.frame(), one.lineage)
        return self._read[name]

    def __contains__(self, name: object) -> bool:
        return name in self._spilled

    def __iter__(self) -> Iterator[str]:
        return iter(self._spilled)

    def __len__(self) -> int:
        return len(self._spilled)


def build_analysis(run: Run) -> None:
    """Derive the analysis datasets and write the ADaM folder, the results and the cut-off listing.

    Without the part `adam`, or for datasets not named, the datasets of the earlier build are carried over.
    """
    study = part_of(run.study, analysis=True)
    folder = adam_folder(run.building, run.study)
    if "adam" in run.parts and any(one.steps or one.parameters for one in study.datasets):
        _derive(run)
    if "adam" not in run.parts or run.datasets:
        carried = carry_over(run.out, run.building, folder, run.study, set(run.adam))
        carry_beside(run, carried)
        run.adam |= carried
    if run.adam:
        write_package(run, folder, run.adam, kind="ADaM")


def carry_beside(run: Run, carried: Mapping[str, Spilled]) -> None:
    """Take over what stands beside carried datasets: candidates, and without the part `adam` results and cut-off.

    Results of a build of some datasets only are left out: they may rest on others that were made anew.
    """
    beside = [f"lineage/{name.lower()}.candidates.parquet" for name in carried]
    if carried and "adam" not in run.parts:
        beside += ["lineage/cutoff.parquet", *(f"results/{one.name}" for one in (run.out / "results").glob("*.json"))]
    for name in sorted(beside):
        if (run.out / name).is_file():
            (run.building / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(run.out / name, run.building / name)
            if name.startswith("results/"):
                run.wrote(run.building / name)


def _derive(run: Run) -> None:
    study = part_of(run.study, analysis=True)
    names = [one.name for one in study.datasets if run.wants(one.name)]
    if not names:
        return
    tabulation = _cut(run, tabulation_datasets(run))
    engine = Engine(
        study,
        tabulation,
        run.sources,
        resolvers_of(run.study),
        step_places(run.loaded),
        run.progress,
        catalogs(run.study).adam,
    )
    made: dict[str, Dataset] = {}
    with _saying_what_is_not_built(run, tabulation):
        for dataset in engine.datasets(names):
            run.findings.append(dataset.findings)
            made[dataset.name] = dataset
            run.adam[dataset.name] = spill(dataset, run.spill_folder)
            run.progress(f"{dataset.name}: {len(dataset)} records")
    for name, one in run.adam.items():
        settled = engine.settle(Dataset(one.layout, one.empty(), one.lineage))
        run.adam[name] = replace(one, lineage=settled.lineage)
    for name, notes in engine.notes().items():
        _write_table(run, run.building / "lineage" / f"{name.lower()}.candidates.parquet", notes)
    if not run.datasets:
        _write_results(run, made)


@contextmanager
def _saying_what_is_not_built(run: Run, tabulation: Mapping[str, Dataset]) -> Iterator[None]:
    """Turn an unknown name into a UsageError where it is a specified SDTM dataset that a partial build lacks."""
    try:
        yield
    except UnknownNameError as error:
        needed = error.name.partition(".")[0]
        specified = {one.name for one in part_of(run.study, analysis=False).datasets}
        if run.study.sdtm_source or needed not in specified - set(tabulation):
            raise
        asking = error.place.dataset if error.place else "an analysis dataset"
        more = f"name {needed} in --datasets, too" if "sdtm" in run.parts else "add sdtm to --only"
        raise UsageError(
            f"{asking} needs {needed}, which is neither built here nor in {run.out}",
            place=error.place,
            hint=f"{more}, or give the OUT of a full build",
        ) from error


def tabulation_datasets(run: Run) -> Mapping[str, Dataset]:
    """Return the SDTM datasets of the build, or those of the folder that the study names as its source."""
    if not run.study.sdtm_source:
        return SpilledDatasets(run.sdtm)
    return read_datasets(run.folder / run.study.sdtm_source)


def read_datasets(folder: Path) -> dict[str, Dataset]:
    """Return the datasets of a folder by name."""
    found = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in DATASET_SUFFIXES]
    datasets = [read_dataset(path) for path in found if path.name.lower() != "define.xml"]
    return {one.name: one for one in datasets}


def _cut(run: Run, datasets: Mapping[str, Dataset]) -> Mapping[str, Dataset]:
    """Cut the data for analysis at the study's cut-off, where it has one and rules for it (decision 31)."""
    cut_off = cut_datasets(run.study, datasets)
    if cut_off is None:
        return datasets
    kept, listing = cut_off
    _write_table(run, run.building / "lineage" / "cutoff.parquet", listing)
    if len(listing):
        run.findings.append(
            Findings.of(
                rule="ADM-CUTOFF",
                severity="notice",
                message="records or dates after the data cut-off are not analysed; lineage/cutoff.parquet lists them",
                count=len(listing),
            )
        )
    return kept


def cut_datasets(
    study: models.Study, datasets: Mapping[str, Dataset]
) -> tuple[dict[str, Dataset], pd.DataFrame] | None:
    """Return the data as an analysis may see them and what was left out; None without a cut-off and rules for it."""
    tables = [table for table in study.tables if table.name == TABLE]
    return cut(datasets, rules_of(tables[0]), study.cutoff) if study.cutoff and tables else None


def _write_results(run: Run, made: Mapping[str, Dataset]) -> None:
    folder = run.building / "results"
    for display, rows in results(run.study, made).items():
        folder.mkdir(exist_ok=True)
        path = folder / file_name(display)
        path.write_text(
            json.dumps(rows, indent=1, ensure_ascii=False, allow_nan=False, default=float) + "\n", encoding="utf-8"
        )
        run.wrote(path)


def _write_table(run: Run, path: Path, frame: pd.DataFrame) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_parquet(path, compression="zstd", index=False)
    run.progress(path.name)
