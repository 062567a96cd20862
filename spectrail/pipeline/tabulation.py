"""The SDTM part of a build: raw data to tabulation datasets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sdtm.engine import Engine
from spectrail.dataset import Dataset
from spectrail.pipeline import record
from spectrail.pipeline.carry import carry_over
from spectrail.pipeline.catalog import catalogs
from spectrail.pipeline.package import write_package
from spectrail.pipeline.run import Run
from spectrail.pipeline.spill import spill
from spectrail.pipeline.study import part_of, resolvers_of, sdtm_folder, step_places


def build_tabulation(run: Run) -> None:
    """Map the raw data, settle lineage and row accounting, and write the SDTM folder.

    Without the part `sdtm`, or for datasets not named, the datasets of the earlier build are carried over.
    """
    folder = sdtm_folder(run.building, run.study)
    if "sdtm" in run.parts:
        _map(run)
    partial = "sdtm" not in run.parts or bool(run.datasets)
    if partial:
        run.sdtm |= carry_over(run.out, run.building, folder, run.study, set(run.sdtm))
    write_package(run, folder, run.sdtm, kind="SDTM")


def _map(run: Run) -> None:
    study = part_of(run.study, analysis=False)
    engine = Engine(
        study,
        run.sources,
        resolvers_of(run.study),
        step_places(run.loaded),
        run.progress,
        lookups=run.sources.lookup,
        release=run.sources.release,
        catalog=catalogs(run.study).sdtm,
    )
    names = _with_parents(run.datasets)
    if not run.datasets or set(names) & set(engine.plans):
        for dataset in engine.datasets(names or None):
            run.findings.append(dataset.findings)
            run.sdtm[dataset.name] = spill(dataset, run.spill_folder)
            run.progress(f"{dataset.name}: {len(dataset)} records")
    for name, one in run.sdtm.items():
        settled = engine.settle(Dataset(one.layout, one.empty(), one.lineage))
        run.sdtm[name] = replace(one, lineage=settled.lineage)
    if not run.datasets:
        run.sources.read_all()
    run.findings.insert(0, run.sources.findings())
    run.accounting = record.accounting_table(engine, {name: len(one) for name, one in run.sources.raw.items()})
    if not run.datasets:
        run.findings.append(record.unused_findings(run.accounting))


def _with_parents(names: Sequence[str]) -> list[str]:
    """Return dataset names with the parents of supplemental ones: SUPPAE is built with AE."""
    return [name.removeprefix("SUPP") if name.startswith("SUPP") and len(name) > 4 else name for name in names]
