"""Validation of what was built, or of any folder: reports with lineage, ledger, reviewer guides."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from specs import models
from spectrail.dataset import Dataset
from spectrail.errors import InputError, Place, UsageError
from spectrail.findings import COLUMNS, SEVERITIES, Findings
from spectrail.output import RUN_RECORD
from validation.ledger import Judged, Ledger, judge, not_accepted, read_ledger, updated, write_ledger
from validation.reports.content import Report
from validation.reports.guides import write_guides
from validation.reports.trace import Trail
from validation.reports.write import NAMES, write_reports
from validation.result import ValidationResult
from validation.suites.evaluation import with_relations
from validation.suites.expectations import Suite
from validation.suites.files import plan_suites, run_suites, write_suites
from validation.suites.gx import build_data_docs, ready_for_data_docs
from validation.validate import validate_folder

LEDGER = "ledger.csv"
UNDATED = datetime(2000, 1, 1)
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Validation:
    """A validation with its reports: `counted` are the findings that count for the exit status."""

    result: ValidationResult
    judged: Judged
    counted: Findings
    written: tuple[Path, ...] = ()


def validate_build(
    out: Path,
    study: models.Study,
    *,
    study_folder: Path,
    findings: Findings,
    created: datetime,
    inputs: Iterable[tuple[str, str]],
    rules: Sequence[Path] = (),
    progress: Progress = lambda _: None,
) -> Validation:
    """Validate the datasets of a build in `out`; write reports, expectation suites and reviewer guides into it.

    `findings` are those of the build itself, which the reports show too; `inputs` gives name and file of each raw
    source; the ledger is `ledger.csv` of the study folder, which is only read. Rules of the study lie in `rules`
    below its folder.
    """
    own = study_folder / "rules"
    folders = [*rules, *([own] if own.is_dir() else [])]
    result = validate_folder(out / "m5", ct=study.ct or None, rules=folders, progress=progress)
    progress("running expectation suites")
    planned = _planned(result)
    result = result.adding(findings).adding(_not_found_yet(run_suites(planned), result.findings))
    ledger = study_folder / LEDGER
    known = read_ledger(ledger) if ledger.is_file() else None
    judged = judge(result.findings, known, ran=_ran(result, known, built=True))
    report = Report(result, judged, created, study.study_id, _version())
    progress("writing reports")
    trail = Trail(dict(inputs), folder=out / "lineage")
    written = write_reports(report, out / "validation", trail=trail)
    written += write_suites(planned, out / "validation" / "suites", data=True)
    written += write_guides(report, out / "m5", study)
    return Validation(result, judged, not_accepted(result.findings, judged), tuple(written))


def _planned(result: ValidationResult) -> list[tuple[Dataset, Suite]]:
    """Return the datasets of all folders with their expectation suites, as define.xml describes them."""
    folders = [[one.dataset for one in package.files if one.dataset is not None] for package in result.packages]
    planned = []
    for number, (datasets, define) in enumerate(zip(folders, result.defines, strict=True)):
        others = [dataset for at, known in enumerate(folders) if at != number for dataset in known]
        planned += plan_suites(datasets, specification=define, context=others)
    return planned


def _not_found_yet(found: Findings, known: Findings) -> Findings:
    """Return findings of suites that no conformance rule of the same id has made of the record already."""
    names = ["rule", "dataset", "record"]
    keys = [
        pd.MultiIndex.from_frame(one.frame[names].astype({"rule": "str", "dataset": "str"})) for one in (found, known)
    ]
    return Findings(found.frame[~keys[0].isin(keys[1])].reset_index(drop=True))


def validate_path(
    path: Path,
    out: Path,
    *,
    define: Path | None = None,
    standard: str | None = None,
    ct: str | None = None,
    rules: Sequence[Path] = (),
    ledger: Path | None = None,
    update_ledger: bool = False,
    data_docs: Path | None = None,
    progress: Progress = lambda _: None,
) -> Validation:
    """Validate any folder of datasets and write the reports into `out`; write the ledger only with `update_ledger`.

    `data_docs` is a new folder for the pages that Great Expectations makes of the expectation suites.

    Where the folder belongs to a build, files state the time of the study and the findings of the build itself are
    shown too; else the time is a fixed one. Raises as `validate_folder` and `read_ledger` do, and UsageError for a
    ledger that is not there and shall not be written.
    """
    if data_docs is not None:
        ready_for_data_docs(data_docs)
    if ledger is not None and not update_ledger and not ledger.is_file():
        raise UsageError(
            f"there is no ledger {ledger}", hint="check the name, or write a new ledger with --update-ledger"
        )
    result = validate_folder(path, define=define, standard=standard, ct=ct, rules=rules, progress=progress)
    record, root = _run_record(path)
    result = result.adding(_build_findings(root, result))
    known = read_ledger(ledger) if ledger is not None else None
    ran = _ran(result, known, built=root is not None)
    if ledger is not None and update_ledger:
        known = updated(known or Ledger(), result.findings, ran=ran)
        write_ledger(known, ledger)
    judged = judge(result.findings, known, ran=ran)
    title = str(record.get("study") or Path(path).resolve().name)
    report = Report(result, judged, _created(record), title, _version())
    progress("writing reports")
    written = write_reports(report, out, trail=_trail(record, root))
    if data_docs is not None:
        suites = ((suite.to_json(), with_relations(suite, one.frame)) for one, suite in _planned(result))
        written.append(build_data_docs(suites, data_docs, progress=progress))
    return Validation(result, judged, not_accepted(result.findings, judged), tuple(written))


def _ran(result: ValidationResult, ledger: Ledger | None, *, built: bool) -> frozenset[str]:
    """Return the rules that ran; the readers' always do, in a build also those that only the build itself checks."""
    own = frozenset(result.rules["rule"])
    always = frozenset(result.rules.loc[result.rules["source"] == "reader", "rule"])
    others = frozenset(ledger.entries["rule"]) - own if built and ledger is not None else frozenset()
    return result.rules_run() | always | others


def _build_findings(root: Path | None, result: ValidationResult) -> Findings:
    """Return the findings that a build left of its own: those of rules that the validation does not know."""
    file = root / "validation" / NAMES[0] if root is not None else None
    if file is None or not file.is_file():
        return Findings()
    try:
        made = json.loads(file.read_text(encoding="utf-8"))
        rows = made["findings"] if isinstance(made, dict) else made
        frame = pd.DataFrame(rows, columns=[*COLUMNS])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"is not a list of findings: {error}", place=Place(file=str(file))) from None
    frame = frame[~frame["rule"].isin(result.rules["rule"]) & frame["severity"].isin(SEVERITIES)]
    return Findings.of(**{name: frame[name] for name in COLUMNS}) if len(frame) else Findings()


def _run_record(path: Path) -> tuple[dict[str, Any], Path | None]:
    """Return the run record of the build that a folder belongs to, and the folder it lies in."""
    resolved = Path(path).resolve()
    for folder in (resolved, *resolved.parents):
        file = folder / RUN_RECORD
        if file.is_file():
            try:
                record = json.loads(file.read_text(encoding="utf-8"))
            except ValueError:
                return {}, None
            return (record, folder) if isinstance(record, dict) and "spectrail" in record else ({}, None)
    return {}, None


def _created(record: dict[str, Any]) -> datetime:
    try:
        return datetime.fromisoformat(str(record.get("created") or ""))
    except ValueError:
        return UNDATED


def _trail(record: dict[str, Any], root: Path | None) -> Trail | None:
    if root is None or not (root / "lineage").is_dir():
        return None
    inputs = {str(one["name"]): str(one["path"]) for one in record.get("inputs", ()) if "name" in one}
    return Trail(inputs, folder=root / "lineage")


def _version() -> str:
    try:
        return importlib.metadata.version("spectrail")
    except importlib.metadata.PackageNotFoundError:
        return ""
