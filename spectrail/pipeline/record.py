"""run.json: what a run read and wrote, with versions, hashes, rows, and what became of every raw row."""

from __future__ import annotations

import importlib.metadata
import json
import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from adam.settings import resolved
from define_xml.complete import is_analysis
from sdtm.engine import Account, Engine
from sdtm.intake import RawTable
from specs import models
from spectrail.build import distinct_rows, rows_beyond
from spectrail.errors import InputError, Place
from spectrail.findings import Findings
from spectrail.output import RUN_RECORD, sha256_file

PACKAGES = ("spectrail", "numpy", "pandas", "pyarrow", "pydantic", "lxml")


def run_record(
    study: models.Study,
    *,
    inputs: Mapping[str, RawTable],
    specification: Mapping[str, str],
    outputs: Sequence[Mapping[str, Any]],
    findings: Findings,
    accounting: Sequence[Mapping[str, Any]],
    parts: Sequence[str],
    started: datetime,
) -> dict[str, Any]:
    """Return the record of a run; it alone holds the time of the run."""
    now = datetime.now(UTC)
    return {
        "spectrail": 1,
        "study": study.study_id,
        "parts": list(parts),
        "started": started.isoformat(timespec="seconds"),
        "seconds": round((now - started).total_seconds(), 2),
        "versions": {"python": platform.python_version()} | {name: _version(name) for name in PACKAGES},
        "specification": {"sha256": study.sha256(), "files": dict(specification)},
        "settings": settings_of(study),
        "cutoff": study.cutoff,
        "created": study.created,
        "inputs": [
            {
                "name": name,
                "path": one.path,
                "sha256": one.sha256,
                "rows": len(one),
                "format": one.format,
                "notes": list(one.notes),
            }
            for name, one in inputs.items()
        ],
        "outputs": list(outputs),
        "findings": findings.counts(),
        "accounting": list(accounting),
    }


def settings_of(study: models.Study) -> dict[str, str]:
    """Return the settings of a study; with analysis datasets those that it leaves at their default too."""
    analysed = any(is_analysis(one) for one in study.datasets)
    return resolved(study.settings) if analysed else dict(study.settings)


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def output_entry(root: Path, path: Path, *, records: int | None = None) -> dict[str, Any]:
    """Describe a written file by its path below OUT, size and hash."""
    entry: dict[str, Any] = {
        "path": path.relative_to(root).as_posix(),
        "bytes": path.stat().st_size,
        "sha256": sha256_file(path),
    }
    return entry if records is None else entry | {"records": records}


def accounting_table(engine: Engine, rows: Mapping[str, int]) -> list[dict[str, Any]]:
    """Account for every raw row by form: mapped into which datasets, left out why, or not used by any step.

    Each entry has form, rows, mapped (at least one record comes from the row), excluded (left out by a step and
    mapped nowhere), unused (the rest) and the counts by dataset; mapped + excluded + unused = rows.
    """
    table = []
    for form, count in rows.items():
        used = _union(engine.used.get(form, []))
        left = rows_beyond(_union(engine.left.get(form, [])), used)
        table.append(
            {
                "form": form,
                "rows": count,
                "mapped": len(used),
                "excluded": len(left),
                "unused": count - len(used) - len(left),
                "datasets": [_account(one) for one in engine.accounts if one.source == form],
            }
        )
    return table


def _account(one: Account) -> dict[str, Any]:
    return {"dataset": one.dataset, "mapped": one.mapped, "excluded": dict(one.excluded)}


def _union(parts: Sequence[Any]) -> Any:
    return distinct_rows(np.concatenate(parts)) if parts else np.empty(0, dtype=np.int32)


def unused_findings(accounting: Sequence[Mapping[str, Any]]) -> Findings:
    """Raise a notice for every form of which some rows reach no dataset and were left out by no step."""
    found = [
        Findings.of(
            rule="MAP-UNUSED",
            severity="notice" if entry["mapped"] == 0 else "warning",
            dataset=entry["form"],
            message="rows of this form reach no dataset and no step leaves them out with a reason",
            source=entry["form"],
            count=entry["unused"],
        )
        for entry in accounting
        if entry["unused"]
    ]
    return Findings.concat(found)


def write_record(path: Path, record: Mapping[str, Any]) -> None:
    """Write run.json."""
    path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read_record(out: Path) -> dict[str, Any]:
    """Read the run record of an output folder."""
    path = Path(out) / RUN_RECORD
    if not path.is_file():
        raise InputError("holds no run record", place=Place(file=str(out)), hint="give the OUT folder of a build")
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, UnicodeDecodeError) as error:
        raise InputError(f"is not a run record: {error}", place=Place(file=str(path))) from error
    return record
