"""The define part of a build: define.xml, stylesheet, page and annotated CRF beside the datasets they describe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from define_xml.acrf import write_acrf
from define_xml.evidence import Evidence, observe
from define_xml.joins import Table
from define_xml.origin_of import Forms
from define_xml.publish import publish_define
from specs import models
from spectrail.dataset import Dataset
from spectrail.errors import SpecError
from spectrail.findings import Findings
from spectrail.pipeline.spill import Spilled


def describe(
    study: models.Study,
    spilled: Mapping[str, Spilled],
    widths: Mapping[str, int],
    folder: Path,
    *,
    kind: Literal["SDTM", "ADaM"],
) -> Findings:
    """Write define.xml and what belongs to it for the datasets of one folder.

    `widths` are the text lengths as written. Frames are read one at a time; the datasets that value-level conditions
    of others read from (such as DM) are kept.
    """
    specs = {dataset.name: dataset for dataset in study.datasets}
    others = {
        name: Table(name, spilled[name].frame(), specs[name].keys if name in specs else ())
        for name in _read_by_others(specs.values())
        if name in spilled
    }
    evidence: dict[str, Evidence] = {}
    for name, one in spilled.items():
        lengths = {column.name: widths[column.name] for column in one.layout.columns if not column.numeric}
        written = Dataset(one.layout.with_lengths(lengths), one.frame(), one.lineage)
        evidence[name] = observe(written, specs.get(name), others=others)
    forms = _annotated(study, spilled, folder) if kind == "SDTM" else None
    return publish_define(study, evidence, folder, kind=kind, created=study.created, forms=forms)


def _annotated(study: models.Study, spilled: Mapping[str, Spilled], folder: Path) -> Forms | None:
    lineages = {name: one.lineage for name, one in spilled.items()}
    try:
        return write_acrf(study, folder / "acrf.pdf", lineages=lineages)
    except SpecError:
        return None  # no form is mapped field by field, so there is nothing to annotate


def _read_by_others(datasets: Iterable[models.Dataset]) -> set[str]:
    return {
        condition.dataset
        for dataset in datasets
        for level in dataset.value_levels
        for condition in level.where.conditions
        if condition.dataset and condition.dataset != dataset.name
    }
