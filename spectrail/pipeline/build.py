"""`spectrail build`: a study folder to a submission folder, whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from specs import models
from spectrail.errors import FormatError, Place, UnknownNameError, UsageError
from spectrail.findings import Findings
from spectrail.io.lineage_files import write_lineage
from spectrail.output import RUN_RECORD, replacing, sha256_file
from spectrail.pipeline import record
from spectrail.pipeline.analysis import build_analysis
from spectrail.pipeline.carry import record_of
from spectrail.pipeline.package import CANNOT_HOLD
from spectrail.pipeline.queries import query_table
from spectrail.pipeline.query_files import write_queries
from spectrail.pipeline.run import SPILL, Run
from spectrail.pipeline.sources import Sources
from spectrail.pipeline.study import checked_study, sdtm_folder
from spectrail.pipeline.tabulation import build_tabulation
from spectrail.pipeline.validate import LEDGER, validate_build
from validation.ledger import judge, not_accepted, read_ledger

PARTS = ("sdtm", "adam", "define", "validate")
Progress = Callable[[str], None]


@dataclass(frozen=True)
class BuildResult:
    """What a build did: findings, those not accepted in the ledger, the run record, where the SDTM datasets lie."""

    findings: Findings
    counted: Findings
    record: dict[str, Any]
    sdtm: Path


def build_study(
    folder: Path,
    out: Path,
    *,
    only: Sequence[str] = (),
    datasets: Sequence[str] = (),
    progress: Progress = lambda _: None,
) -> BuildResult:
    """Build a study folder into `out`.

    `only` limits the parts (sdtm, adam, define, validate), `datasets` the datasets; what is left out is carried over
    from the earlier build in `out` after its hashes are checked.  Raises SpecError for a wrong specification and
    InputError for unreadable raw files; a value that a transport file cannot hold is an error finding, and then
    nothing is written.
    """
    started = datetime.now(UTC)
    for part in only:
        if part not in PARTS:
            raise UnknownNameError("part of a build", part, PARTS)
    # a build of some datasets reads the files of those only, one without SDTM none
    loaded, study = checked_study(folder, raw="sdtm" in (only or PARTS) and not datasets)
    _check_names(study, datasets)
    with replacing(out) as building:
        sources = Sources(study, Path(folder), progress, spill_folder=building / SPILL)
        run = Run(
            loaded, study, Path(folder), building, Path(out), sources, progress, tuple(only) or PARTS, tuple(datasets)
        )
        build_tabulation(run)
        build_analysis(run)
        write_lineage(building / "lineage", {name: one.lineage for name, one in (run.sdtm | run.adam).items()})
        findings = Findings.concat(run.findings)
        if bool((findings.frame["rule"] == CANNOT_HOLD).any()):
            raise _Unwritable(findings, Path(out))
        if not datasets and "sdtm" in run.parts:
            _write_queries(run, findings)
        shutil.rmtree(run.spill_folder, ignore_errors=True)
        findings, counted = _judged(run, findings)
        made = _record(run, findings, started)
        record.write_record(building / RUN_RECORD, made)
    return BuildResult(findings, counted, made, sdtm_folder(Path(out), study))


class _Unwritable(FormatError):
    """Some value does not fit the target format; carries the findings out of the half-built folder."""

    def __init__(self, findings: Findings, out: Path) -> None:
        rows = findings.frame[findings.frame["rule"] == CANNOT_HOLD]
        lines = [f"{row.dataset}.{row.variable}: {row.message}" for row in rows.head(10).itertuples()]
        super().__init__(
            "values do not fit a transport file:\n  " + "\n  ".join(lines),
            place=Place(file=str(out)),
            hint="the previous output is untouched; mend the data or the specification and build again",
        )
        self.findings = findings


def _write_queries(run: Run, findings: Findings) -> None:
    """Write the cleaning report; a build of some datasets has none, since it does not see all queries."""
    lineages = {name: one.lineage for name, one in run.sdtm.items()}
    listed = query_table(findings, run.study, run.sources.read, lineages, lambda name: run.sdtm[name].frame())
    run.wrote(*write_queries(run.building / "queries", listed, run.study, run.created))


def _judged(run: Run, findings: Findings) -> tuple[Findings, Findings]:
    """Validate what was built where that part is asked for; return all findings and those that count."""
    if "validate" in run.parts:
        validation = validate_build(
            run.building,
            run.study,
            study_folder=run.folder,
            findings=findings,
            created=run.created,
            inputs=[(name, one.path) for name, one in run.sources.raw.items()]
            or [(one["name"], one["path"]) for one in _carried(run).get("inputs", ())],
            progress=run.progress,
        )
        run.wrote(*validation.written)
        return validation.result.findings, validation.counted
    write_findings(run.building / "validation" / "findings.json", findings)
    ledger = run.folder / LEDGER
    known = read_ledger(ledger) if ledger.is_file() else None
    return findings, not_accepted(findings, judge(findings, known))


def _check_names(study: models.Study, names: Sequence[str]) -> None:
    known = [dataset.name for dataset in study.datasets]
    for name in names:
        if name not in known:
            raise UsageError(str(UnknownNameError("dataset", name, known)))


def _record(run: Run, findings: Findings, started: datetime) -> dict[str, Any]:
    specification = {path.relative_to(run.folder).as_posix(): sha256_file(path) for path in run.loaded.files}
    made = record.run_record(
        run.study,
        inputs=run.sources.raw,
        specification=specification,
        outputs=run.outputs,
        findings=findings,
        accounting=run.accounting,
        parts=run.parts,
        started=started,
    )
    return made | {name: made[name] or _carried(run).get(name, []) for name in ("inputs", "accounting")}


def _carried(run: Run) -> dict[str, Any]:
    """Return the record of the build that SDTM was carried over from: values still go back to its raw data."""
    earlier = run.out / RUN_RECORD
    return record_of(run.out, run.study) if "sdtm" not in run.parts and earlier.is_file() else {}


def write_findings(path: Path, findings: Findings) -> None:
    """Write findings as a JSON array of objects, one per finding, with their fingerprints."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frame = findings.frame.assign(fingerprint=[f"{number:016x}" for number in findings.fingerprints().tolist()])
    frame.to_json(path, orient="records", force_ascii=False, indent=0)
