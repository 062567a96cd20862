"""`spectrail build`: a study folder to a submission folder, whole or not at all."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sdtm.engine import Engine
from specs import models
from specs.complete import complete
from specs.lint import lint
from specs.study_terms import study_terms
from specs.terminology import Terms, terminology
from specs.yaml_files import LoadedStudy, read_study
from spectrail.dataset import Dataset
from spectrail.errors import FormatError, Place, SpecError, UnknownNameError, UsageError
from spectrail.findings import Findings
from spectrail.io.lineage_files import write_lineage
from spectrail.io.xpt import write_xpt
from spectrail.output import RUN_RECORD, replacing, sha256_file
from spectrail.pipeline import record
from spectrail.pipeline.carry import carry_over
from spectrail.pipeline.catalog import algorithms
from spectrail.pipeline.describe import describe
from spectrail.pipeline.queries import query_table, write_queries
from spectrail.pipeline.sources import Sources
from spectrail.pipeline.spill import Spilled, common_widths, spill

PARTS = ("sdtm", "adam", "define", "validate")
ANALYSIS_CLASSES = (
    "SUBJECT LEVEL ANALYSIS DATASET",
    "BASIC DATA STRUCTURE",
    "OCCURRENCE DATA STRUCTURE",
    "ADAM OTHER",
)
CANNOT_HOLD = "XPT-VALUE"
Progress = Callable[[str], None]


@dataclass(frozen=True)
class BuildResult:
    """What a build did: findings, the run record, and where the SDTM datasets lie."""

    findings: Findings
    record: dict[str, Any]
    sdtm: Path


@dataclass
class _Run:
    """What one build carries from part to part."""

    loaded: LoadedStudy
    study: models.Study
    building: Path
    sources: Sources
    progress: Progress
    parts: Sequence[str]
    findings: list[Findings] = field(default_factory=list)
    outputs: list[dict[str, Any]] = field(default_factory=list)
    accounting: list[dict[str, Any]] = field(default_factory=list)
    spilled: dict[str, Spilled] = field(default_factory=dict)

    @property
    def created(self) -> datetime:
        return created_at(self.study)


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
    loaded, study = checked_study(folder)
    _check_names(study, datasets)
    with replacing(out) as building:
        sources = Sources(study, Path(folder), progress)
        run = _Run(loaded, study, building, sources, progress, only or PARTS)
        _build_sdtm(run, datasets, out)
        shutil.rmtree(building / ".spill", ignore_errors=True)
        findings = Findings.concat(run.findings)
        if not datasets:
            _write_queries(run, findings)
        made = _record(run, findings, only or PARTS, started, Path(folder))
        failed = bool((findings.frame["rule"] == CANNOT_HOLD).any())
        if failed:
            raise _Unwritable(findings, made, out)
        write_findings(building / "validation" / "findings.json", findings)
        record.write_record(building / RUN_RECORD, made)
    return BuildResult(findings, made, sdtm_folder(Path(out), study))


class _Unwritable(FormatError):
    """Some value does not fit the target format; carries the findings out of the half-built folder."""

    def __init__(self, findings: Findings, made: dict[str, Any], out: Path) -> None:
        rows = findings.frame[findings.frame["rule"] == CANNOT_HOLD]
        lines = [f"{row.dataset}.{row.variable}: {row.message}" for row in rows.head(10).itertuples()]
        super().__init__(
            "values do not fit a transport file:\n  " + "\n  ".join(lines),
            place=Place(file=str(out)),
            hint="the previous output is untouched; mend the data or the specification and build again",
        )
        self.findings = findings
        self.record = made


def checked_study(folder: Path) -> tuple[LoadedStudy, models.Study]:
    """Read, complete and lint a study folder; raise SpecError listing every error."""
    loaded = read_study(folder)
    study = complete(loaded.study)
    faults = lint(study, algorithms(), places=loaded.places)
    errors = faults.at_or_above("error")
    if len(errors):
        raise SpecError(
            _listed(errors), place=Place(file=str(folder)), hint="see them all with: spectrail spec check"
        )
    return loaded, study


def _listed(errors: Findings, most: int = 20) -> str:
    lines = [
        f"{row.source} {row.dataset} {row.variable}: {row.message}" for row in errors.frame.head(most).itertuples()
    ]
    more = f"\n  and {len(errors) - most} more" if len(errors) > most else ""
    return f"the specification has {len(errors)} error(s):\n  " + "\n  ".join(lines) + more


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


def is_analysis(dataset: models.Dataset) -> bool:
    """Tell whether a dataset is an ADaM dataset."""
    return dataset.class_.upper() in ANALYSIS_CLASSES


def engine_for(study: models.Study, loaded: LoadedStudy, sources: Sources, progress: Progress) -> Engine:
    """Make the SDTM engine of a study."""
    tabulation = study.model_copy(update={"datasets": tuple(d for d in study.datasets if not is_analysis(d))})
    positions = {dataset.name: number for number, dataset in enumerate(loaded.study.datasets)}

    def place(dataset: str, step: int) -> Place | None:
        return loaded.places.nearest("datasets", positions[dataset], "steps", step) if dataset in positions else None

    resolvers: dict[type, Callable[[str], object]] = {Terms: study_terms(study, terminology(study.ct))}
    return Engine(tabulation, sources, resolvers, place, progress)


def _build_sdtm(run: _Run, names: Sequence[str], out: Path) -> None:
    engine = engine_for(run.study, run.loaded, run.sources, run.progress)
    for dataset in engine.datasets(_with_parents(names) or None):
        run.findings.append(dataset.findings)
        run.spilled[dataset.name] = spill(dataset, run.building / ".spill")
        run.progress(f"{dataset.name}: {len(dataset)} records")
    for name, one in run.spilled.items():
        settled = engine.settle(Dataset(one.layout, run.spilled[name].empty(), one.lineage))
        run.spilled[name] = replace(one, lineage=settled.lineage)
    if not names:
        run.sources.read_all()
    run.findings.insert(0, run.sources.findings())
    run.accounting = record.accounting_table(engine, {name: len(one) for name, one in run.sources.raw.items()})
    if not names:
        run.findings.append(record.unused_findings(run.accounting))
    folder = sdtm_folder(run.building, run.study)
    folder.mkdir(parents=True)
    carried = carry_over(Path(out), run.building, folder, run.study, set(run.spilled)) if names else {}
    package = {**run.spilled, **carried}
    widths = common_widths(package.values())
    _write_all(run, folder, widths, package)
    if "define" in run.parts:
        run.progress("define.xml")
        run.findings.append(describe(run.study, package, widths, folder, kind="SDTM"))
        described = [path for path in sorted(folder.iterdir()) if path.suffix != ".xpt"]
        run.outputs += [record.output_entry(run.building, path) for path in described]
    write_lineage(run.building / "lineage", {name: one.lineage for name, one in package.items()})


def _write_all(run: _Run, folder: Path, widths: dict[str, int], package: dict[str, Spilled]) -> None:
    for name, one in package.items():
        lengths = {column.name: widths[column.name] for column in one.layout.columns if not column.numeric}
        path = folder / f"{name.lower()}.xpt"
        run.findings.append(_over_length(one))
        try:
            write_xpt(Dataset(one.layout.with_lengths(lengths), one.frame()), path, created=run.created)
        except FormatError as error:
            run.findings.append(_cannot_hold(name, error))
            continue
        run.outputs.append(record.output_entry(run.building, path, records=one.records))


def _write_queries(run: _Run, findings: Findings) -> None:
    """Write the cleaning report; a build of some datasets has none, since it does not see all queries."""
    listed = query_table(findings, run.study, run.sources.read)
    for path in write_queries(run.building / "queries", listed, run.study, run.created):
        run.outputs.append(record.output_entry(run.building, path))


def _over_length(one: Spilled) -> Findings:
    """Compare the longest values of a dataset with the lengths the specification sets (decision 34)."""
    found = [
        Findings.of(
            rule="XPT-LENGTH",
            severity="error",
            dataset=one.layout.name,
            variable=column.name,
            value=str(one.widths[column.name]),
            message=f"values are longer than the {column.length} bytes that the specification allows",
        )
        for column in one.layout.columns
        if column.length and not column.numeric and one.widths.get(column.name, 0) > column.length
    ]
    return Findings.concat(found)


def _cannot_hold(name: str, error: FormatError) -> Findings:
    return Findings.of(
        rule=CANNOT_HOLD,
        severity="error",
        dataset=name,
        variable=error.place.variable if error.place else "",
        message=f"{error.what}; {error.hint}" if error.hint else error.what,
        keys=error.place.keys if error.place else "",
    )


def _with_parents(names: Iterable[str]) -> list[str]:
    """Return dataset names with the parents of supplemental ones: SUPPAE is built with AE."""
    return [name.removeprefix("SUPP") if name.startswith("SUPP") and len(name) > 4 else name for name in names]


def _check_names(study: models.Study, names: Sequence[str]) -> None:
    known = [dataset.name for dataset in study.datasets]
    for name in names:
        if name not in known:
            raise UsageError(str(UnknownNameError("dataset", name, known)))


def _record(run: _Run, findings: Findings, parts: Sequence[str], started: datetime, folder: Path) -> dict[str, Any]:
    specification = {path.relative_to(folder).as_posix(): sha256_file(path) for path in run.loaded.files}
    return record.run_record(
        run.study,
        inputs=run.sources.raw,
        specification=specification,
        outputs=run.outputs,
        findings=findings,
        accounting=run.accounting,
        parts=parts,
        started=started,
    )


def write_findings(path: Path, findings: Findings) -> None:
    """Write findings as a JSON array of objects, one per finding, with their fingerprints."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frame = findings.frame.assign(fingerprint=[f"{number:016x}" for number in findings.fingerprints().tolist()])
    frame.to_json(path, orient="records", force_ascii=False, indent=0)
