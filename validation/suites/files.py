"""Publish suites: one JSON file per dataset for Great Expectations, the data with relation columns beside it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from specs.models import Study
from spectrail.dataset import Dataset
from spectrail.errors import OutputError, Place
from spectrail.findings import Findings
from validation.suites.evaluation import suite_findings, with_relations
from validation.suites.expectations import Suite
from validation.suites.planning import plan_suite


def plan_suites(
    datasets: Iterable[Dataset], *, specification: Study | None = None, context: Iterable[Dataset] = ()
) -> list[tuple[Dataset, Suite]]:
    """Return each dataset with its suite; `context` are further datasets that cross-dataset expectations read."""
    checked = list(datasets)
    frames = {one.name.upper(): one.frame for one in (*context, *checked)}
    return [(one, plan_suite(one, specification=specification, frames=frames)) for one in checked]


def run_suites(planned: Iterable[tuple[Dataset, Suite]]) -> Findings:
    """Return the findings of all suites."""
    return Findings.concat(
        [suite_findings(suite, one.frame, keys=one.layout.keys or ("USUBJID",)) for one, suite in planned]
    )


def write_suites(planned: Iterable[tuple[Dataset, Suite]], folder: str | Path, *, data: bool = False) -> list[Path]:
    """Write `<dataset>.json` per suite; with `data` also `<dataset>.parquet`, the records with the relation columns.

    The files need nothing but Great Expectations to run. Raises `OutputError` when a file cannot be written.
    """
    root = Path(folder)
    written = []
    try:
        root.mkdir(parents=True, exist_ok=True)
        for dataset, suite in planned:
            path = root / f"{suite.dataset.lower()}.json"
            text = json.dumps(suite.to_json(), indent=1, ensure_ascii=False, default=_plain)
            path.write_text(text + "\n", encoding="utf-8")
            written.append(path)
            if data:
                with_relations(suite, dataset.frame).to_parquet(path.with_suffix(".parquet"), index=False)
                written.append(path.with_suffix(".parquet"))
    except OSError as error:
        raise OutputError(f"cannot write suites: {error.strerror}", place=Place(file=str(root))) from None
    return written


def _plain(value: object) -> object:
    return float(str(value)) if pd.api.types.is_number(value) else str(value)
