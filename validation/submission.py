"""The submission folder itself: what FDA rejects technically, and names, versions and sizes of the files.

Rejection criteria 1734 (trial summary with a study start date) and 1736 (demographics, ADSL and define.xml present by
exact name) are cited where they apply; the other checks are facts of the Study Data Technical Conformance Guide and
of the transport format, for which no public id is known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from spectrail.findings import Findings, Severity
from spectrail.io.ascii_text import arrow_text
from validation.core.reporting import natural_keys
from validation.folder import DEFINE, DataFile, Package

GIGABYTE = 1_000_000_000
LARGEST = 5 * GIGABYTE
NO_ID = "no public id known"
_FILE_NAME = re.compile(r"[a-z][a-z0-9]{0,7}\.[a-z]+\Z")


@dataclass(frozen=True)
class FolderCheck:
    """One check of a folder: what must hold, how bad it is otherwise, and where it comes from."""

    id: str
    severity: Severity
    description: str
    reference: str = NO_ID


@dataclass(frozen=True)
class CheckRun:
    """The outcome of one check on one folder: findings, or why it does not apply."""

    check: FolderCheck
    findings: Findings
    not_applicable: str = ""


def check_submission(package: Package, *, analysis: bool, study_ids: Sequence[str] = ()) -> list[CheckRun]:
    """Run all checks on a folder; `analysis` tells ADaM from SDTM, `study_ids` are STUDYIDs of sibling folders."""
    runs: list[CheckRun] = []
    for check, run in CHECKS:
        outcome = run(package, _Context(check, analysis, tuple(study_ids)))
        if isinstance(outcome, str):
            runs.append(CheckRun(check, Findings(), outcome))
        else:
            runs.append(CheckRun(check, Findings.concat(outcome)))
    return runs


@dataclass(frozen=True)
class _Context:
    check: FolderCheck
    analysis: bool
    study_ids: tuple[str, ...]

    def finding(self, message: str, *, dataset: str = "", variable: str = "", value: str = "") -> Findings:
        return Findings.of(
            rule=self.check.id,
            severity=self.check.severity,
            dataset=dataset,
            variable=variable,
            value=value,
            message=message,
            reference=self.check.reference,
        )


Outcome = list[Findings] | str


def _present(package: Package, context: _Context, stem: str) -> list[Findings]:
    wanted = f"{stem}{package.suffix}"
    if package.named(wanted) is not None:
        return []
    other = [one.path.name for one in package.files if one.name == stem.upper()]
    seen = f"; {other[0]} does not have exactly this name" if other else ""
    return [context.finding(f"there is no {wanted} in the folder{seen}", dataset=stem.upper(), value=wanted)]


def _trial_summary(package: Package, context: _Context) -> Outcome:
    if context.analysis:
        return "the folder holds analysis datasets"
    absent = _present(package, context, "ts")
    if absent:
        return absent
    file = package.named(f"ts{package.suffix}")
    dataset = file.dataset if file is not None else None
    if dataset is None:
        return [context.finding("the trial summary cannot be read", dataset="TS")]
    frame = dataset.frame
    if not {"TSPARMCD", "TSVAL"} <= set(frame.columns):
        return [context.finding("the trial summary lacks TSPARMCD or TSVAL", dataset="TS")]
    rows = frame[frame["TSPARMCD"].astype("str") == "SSTDTC"]
    if not len(rows):
        return [context.finding("there is no study start date (SSTDTC)", dataset="TS", variable="TSPARMCD")]
    values = rows["TSVAL"].astype("str").fillna("").tolist()
    flavours = rows["TSVALNF"].astype("str").fillna("").tolist() if "TSVALNF" in rows else [""] * len(values)
    bad = [value for value, flavour in zip(values, flavours, strict=True) if not (_is_date(value) or flavour)]
    if len(bad) < len(values):
        return []
    message = "the study start date (SSTDTC) is not a complete ISO 8601 date"
    return [context.finding(message, dataset="TS", variable="TSVAL", value=value) for value in bad]


def _is_date(text: str) -> bool:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}(T\d{2}(:\d{2}(:\d{2}(\.\d+)?)?)?(Z|[+-]\d{2}:\d{2})?)?", text):
        return False
    try:
        date.fromisoformat(text[:10])
    except ValueError:
        return False
    return True


def _demographics(package: Package, context: _Context) -> Outcome:
    return "the folder holds analysis datasets" if context.analysis else _present(package, context, "dm")


def _subject_level(package: Package, context: _Context) -> Outcome:
    return _present(package, context, "adsl") if context.analysis else "the folder holds tabulation datasets"


def _define(package: Package, context: _Context) -> Outcome:
    if package.define is not None and package.define.name == DEFINE:
        return []
    seen = f"; {package.define.name} does not have exactly this name" if package.define is not None else ""
    return [context.finding(f"there is no {DEFINE} in the folder{seen}", value=DEFINE)]


def study_ids(package: Package) -> dict[str, tuple[str, ...]]:
    """Return the distinct values of STUDYID by dataset, blank for records without one."""
    found: dict[str, tuple[str, ...]] = {}
    for file in package.files:
        for dataset in file.datasets:
            if "STUDYID" in dataset.frame.columns and len(dataset):
                values = dataset.frame["STUDYID"].astype("str")
                found[dataset.name] = tuple(sorted({"" if pd.isna(one) else str(one) for one in values.unique()}))
    return found


def _same_study(package: Package, context: _Context) -> Outcome:
    found = study_ids(package)
    counted: dict[str, int] = {}
    for values in found.values():
        for value in values:
            counted[value] = counted.get(value, 0) + 1
    for value in context.study_ids:
        counted[value] = counted.get(value, 0) + len(found)
    named = [value for value in counted if value]
    if not named:
        return "no dataset has STUDYID" if not found else [context.finding("STUDYID is blank everywhere")]
    right = max(sorted(named), key=lambda value: counted[value])
    return [
        context.finding(
            f"STUDYID is not {right!r} as in the other datasets", dataset=name, variable="STUDYID", value=one
        )
        for name, values in sorted(found.items())
        for one in values
        if one != right
    ]


def _names(package: Package, context: _Context) -> Outcome:
    message = "the file name is not lower case letters and digits, at most 8 of them before the suffix"
    return [
        context.finding(message, dataset=file.name, value=file.path.name)
        for file in package.files
        if not _FILE_NAME.match(file.path.name)
    ]


def _version(package: Package, context: _Context) -> Outcome:
    if not any(file.path.suffix.lower() == ".xpt" for file in package.files):
        return "the folder holds no transport files"
    return [
        context.finding("the transport file is not of version 5", dataset=file.name, value=file.version)
        for file in package.files
        if file.version not in ("", "5")
    ]


def _members(package: Package, context: _Context) -> Outcome:
    found: list[Findings] = []
    for file in package.files:
        names = [dataset.name for dataset in file.datasets]
        if len(names) > 1:
            message = f"the file holds {len(names)} datasets, only one is allowed"
            found.append(context.finding(message, dataset=file.name, value=", ".join(names)))
        elif names and names[0].upper() != file.name:
            message = f"the dataset inside is named {names[0]}, not as the file"
            found.append(context.finding(message, dataset=file.name, value=names[0]))
    return found


def _sizes(package: Package, context: _Context) -> Outcome:
    return [
        context.finding("the file is larger than 5 GB", dataset=file.name, value=f"{file.size} bytes")
        for file in package.files
        if file.size > LARGEST
    ]


def _ascii(package: Package, context: _Context) -> Outcome:
    return [part for file in package.files for part in _ascii_of(file, context)]


def _ascii_of(file: DataFile, context: _Context) -> list[Findings]:
    found: list[Findings] = []
    for dataset in file.datasets:
        for column in dataset.layout.columns:
            label = column.label
            if not label.isascii():
                message = "the label holds characters outside ASCII"
                found.append(context.finding(message, dataset=file.name, variable=column.name, value=label))
            if column.numeric or column.name not in dataset.frame:
                continue
            records = np.flatnonzero(_outside_ascii(arrow_text(dataset.frame[column.name])))
            if len(records):
                found.append(_ascii_records(file, dataset.frame, column.name, records, context))
    return found


def _outside_ascii(text: pa.ChunkedArray) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    if bool(pc.all(pc.string_is_ascii(text), min_count=0).as_py()):
        return np.zeros(len(text), dtype=bool)
    return ~pc.fill_null(pc.string_is_ascii(text), True).to_numpy(zero_copy_only=False)


def _ascii_records(
    file: DataFile,
    frame: pd.DataFrame,
    name: str,
    records: np.ndarray[tuple[int], np.dtype[np.int64]],
    context: _Context,
) -> Findings:
    hit = frame.iloc[records].reset_index(drop=True)
    return Findings.of(
        rule=context.check.id,
        severity=context.check.severity,
        dataset=file.name,
        variable=name,
        record=records + 1,
        keys=natural_keys(hit, ("STUDYID", "USUBJID")).astype("str"),
        value=hit[name],
        message="text holds characters outside ASCII",
        reference=context.check.reference,
    )


CHECKS: tuple[tuple[FolderCheck, Callable[[Package, _Context], Outcome]], ...] = (
    (
        FolderCheck(
            "TRC-TS", "reject", "TS is present and gives the study start date as a complete ISO 8601 date", "FDA 1734"
        ),
        _trial_summary,
    ),
    (FolderCheck("TRC-DM", "reject", "DM is present by exact name", "FDA 1736"), _demographics),
    (FolderCheck("TRC-ADSL", "reject", "ADSL is present by exact name", "FDA 1736"), _subject_level),
    (FolderCheck("TRC-DEFINE", "reject", "define.xml is present by exact name", "FDA 1736"), _define),
    (FolderCheck("TRC-STUDYID", "reject", "STUDYID is the same in every dataset"), _same_study),
    (FolderCheck("SUB-NAME", "error", "File names are lower case and at most 8 characters long"), _names),
    (FolderCheck("SUB-VERSION", "error", "Transport files are of version 5"), _version),
    (FolderCheck("SUB-MEMBERS", "error", "A file holds one dataset, named as the file"), _members),
    (FolderCheck("SUB-SIZE", "error", "A file is not larger than 5 GB"), _sizes),
    (FolderCheck("SUB-ASCII", "error", "Text and labels are ASCII"), _ascii),
)
