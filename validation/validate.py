"""Validate any folder of datasets: the folder itself, define.xml, and conformance rules; everything as findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from define_xml.check import check_define
from define_xml.reader import read_define
from specs.models import Study as Specification
from spectrail.errors import InputError
from spectrail.findings import Findings
from validation.catalogue import define_ids, rule_table
from validation.claimed import Claim, check_standard, claim_of, engine_table, with_dated_keys
from validation.core.define_facts import define_facts
from validation.core.evaluate import key_texts, run_rules
from validation.core.packaged_standards import packaged_standards
from validation.core.rule_files import Rule, load_rules
from validation.core.scope import refuse_standard
from validation.core.study import DefineFacts, Study, Table
from validation.extensions import DECLARED, declared_extensions
from validation.folder import Package, find_packages, read_package, reader_findings
from validation.result import STATUS_COLUMNS, FolderFacts, ValidationResult, ordered
from validation.rules import RULES_FOLDER
from validation.submission import CheckRun, check_submission, study_ids

DEFINE_UNREADABLE = "DEF-READ"
Progress = Callable[[str], None]


@dataclass(frozen=True)
class _Validated:
    """One package on its way: what it claims, its tables, and what define.xml says."""

    package: Package
    claim: Claim
    define: Specification | None
    tables: Mapping[str, Table]
    broken_define: Findings


def validate_folder(
    path: str | Path,
    *,
    define: str | Path | None = None,
    standard: str | None = None,
    ct: str | None = None,
    rules: Sequence[str | Path] = (),
    progress: Progress | None = None,
) -> ValidationResult:
    """Validate a folder of datasets (XPT, Dataset-JSON, Parquet), or every such folder below it.

    The standard is `standard` (`sdtmig-3.4`), else what define.xml declares, else assumed from the datasets; `ct` is
    the release where define.xml declares none. `rules` are folders of CORE rules that run beside the packaged ones.
    Analysis datasets are checked with the tabulation datasets found below `path` at hand. Raises InputError when
    there are no datasets, UsageError for a wrong option.
    """
    told = progress or (lambda _: None)
    found = find_packages(Path(path), define=Path(define) if define else None)
    loaded = [rule for folder in (*packaged_rules(), *rules) for rule in load_rules(folder)]
    if standard:
        check_standard(standard, loaded)
    validated = [
        _prepared(read_package(folder, files, described, progress=told), standard=standard, ct=ct)
        for folder, files, described in found
    ]
    tabulation = {name: table for one in validated if not one.claim.analysis for name, table in one.tables.items()}
    identifiers = [study_ids(one.package) for one in validated]
    results = []
    for number, one in enumerate(validated):
        others = [value for at, known in enumerate(identifiers) if at != number for value in _flat(known)]
        results.append(_validate(one, loaded, tabulation if one.claim.analysis else {}, others, told))
    return replace(_joined(results, Path(path)), rules=rule_table(loaded))


def packaged_rules() -> tuple[Path, ...]:
    """Return the folder of packaged rules, nothing when it holds none."""
    return (RULES_FOLDER,) if any(RULES_FOLDER.rglob("*.y*ml")) else ()


def _flat(known: Mapping[str, tuple[str, ...]]) -> list[str]:
    return [value for values in known.values() for value in values]


def _prepared(package: Package, *, standard: str | None, ct: str | None) -> _Validated:
    define, broken = None, Findings()
    if package.define is not None:
        try:
            define = read_define(package.define).study
        except InputError as error:
            message = " ".join(str(error).split())
            broken = Findings.of(rule=DEFINE_UNREADABLE, severity="error", message=message, value=package.define.name)
    claim = claim_of(package, define, standard=standard, ct=ct)
    tables = {
        file.name: engine_table(file.name, file.dataset, file.size, file.path.name, define)
        for file in package.files
        if file.dataset is not None
    }
    return _Validated(package, claim, define, tables, broken)


def _validate(
    one: _Validated, rules: Sequence[Rule], others: Mapping[str, Table], ids: Sequence[str], told: Progress
) -> ValidationResult:
    package, claim = one.package, one.claim
    checks = check_submission(package, analysis=claim.analysis, study_ids=ids)
    parts = [reader_findings(package), one.broken_define, *(check.findings for check in checks)]
    statuses = [_check_status(check) for check in checks]
    found, define_rows = _check_define(one, told)
    parts.append(found)
    statuses.extend(define_rows)
    facts = define_facts(one.define) if one.define is not None else None
    extensions = declared_extensions(one.tables, facts)
    parts.append(extensions)
    statuses.append(_extension_status(facts, extensions))
    frames = [pd.DataFrame(statuses, columns=list(STATUS_COLUMNS[:-1]))]
    if rules and one.tables:
        told(_running(one, rules))
        study = _study(one, facts, others)
        run = run_rules(study, rules, standard=claim.standard, version=claim.version)
        frames.append(run.status)
        dated = {name: with_dated_keys(table) for name, table in one.tables.items()}
        parts.append(run.to_findings(key_texts(replace(study, tables={**study.tables, **dated}), run)))
    return ValidationResult(
        ordered(Findings.concat(parts)),
        pd.concat(frames, ignore_index=True).assign(folder=str(package.folder)),
        datasets=_datasets(one),
        folders=(_facts(one),),
        packages=(package,),
        defines=(one.define,),
        records={name: table.frame for name, table in one.tables.items()},
        formats={
            name: {variable.name: variable.format for variable in table.variables if variable.format}
            for name, table in one.tables.items()
        },
    )


def _running(one: _Validated, rules: Sequence[Rule]) -> str:
    """Say how many rules are published for the standard of a folder: the others are not applicable to it."""
    standard, version = one.claim.standard, one.claim.version
    published = sum(not refuse_standard(rule, standard=standard, version=version, substandard=None) for rule in rules)
    return f"running {published} of {len(rules)} conformance rules: those for {standard} {version}"


def _check_define(one: _Validated, told: Progress) -> tuple[Findings, list[StatusRow]]:
    """Check define.xml, with the data where they are transport files; a status per rule of it."""
    file = one.package.define
    if file is None:
        reason = "there is no define.xml"
        return Findings(), [_status_row(name, "", "not_applicable", "scope", reason) for name in define_ids()]
    if one.define is None:
        reason = "define.xml cannot be read"
        return Findings(), [_status_row(name, "", "not_evaluated", "define_absent", reason) for name in define_ids()]
    told(f"checking {file.name}")
    found = check_define(file, data_dir=one.package.folder if one.package.suffix == ".xpt" else None)
    counts = found.frame["rule"].value_counts()
    return found, [_status_row(name, "", "run", findings=int(counts.get(name, 0))) for name in define_ids()]


def _study(one: _Validated, facts: DefineFacts | None, others: Mapping[str, Table]) -> Study:
    """Return what the rules see: the tables of the folder, and those of other folders to look things up in."""
    context = {name: table for name, table in others.items() if name not in one.tables}
    return Study({**one.tables, **context}, packaged_standards(), facts, one.claim.ct, context=frozenset(context))


StatusRow = tuple[str, str, str, str, str, str, int]


def _status_row(
    rule: str, dataset: str, status: str, cause: str = "", reason: str = "", *, findings: int = 0
) -> StatusRow:
    return rule, dataset, status, cause, reason, "", findings


def _extension_status(facts: DefineFacts | None, found: Findings) -> StatusRow:
    if facts is None:
        return _status_row(DECLARED, "", "not_applicable", "scope", "there is no define.xml that can be read")
    return _status_row(DECLARED, "", "run", findings=len(found))


def _check_status(run: CheckRun) -> StatusRow:
    if run.not_applicable:
        return _status_row(run.check.id, "", "not_applicable", "scope", run.not_applicable)
    return _status_row(run.check.id, "", "run", findings=len(run.findings))


def _datasets(one: _Validated) -> pd.DataFrame:
    rows = []
    for file in one.package.files:
        table = one.tables.get(file.name)
        rows.append(
            {
                "folder": str(one.package.folder),
                "dataset": file.name,
                "label": table.label if table is not None else "",
                "file": file.path.name,
                "records": len(table.frame) if table is not None else 0,
                "variables": len(table.frame.columns) if table is not None else 0,
                "bytes": file.size,
                "keys": ", ".join(table.keys) if table is not None else "",
                "standard": f"{one.claim.standard} {one.claim.version}",
            }
        )
    return pd.DataFrame(rows)


def _facts(one: _Validated) -> FolderFacts:
    define = one.package.define.name if one.package.define is not None else ""
    claim = one.claim
    return FolderFacts(str(one.package.folder), claim.standard, claim.version, claim.ct, define, claim.assumed)


def _joined(results: Sequence[ValidationResult], root: Path) -> ValidationResult:
    findings = ordered(Findings.concat(result.findings for result in results))
    datasets = pd.concat([result.datasets for result in results], ignore_index=True)
    datasets["folder"] = [_relative(folder, root) for folder in datasets["folder"]]
    folders = tuple(
        replace(facts, folder=_relative(facts.folder, root)) for result in results for facts in result.folders
    )
    status = pd.concat([result.status for result in results], ignore_index=True)
    status["folder"] = status["folder"].map({folder: _relative(folder, root) for folder in status["folder"].unique()})
    records = {name: frame for result in results for name, frame in result.records.items()}
    formats = {name: known for result in results for name, known in result.formats.items()}
    return ValidationResult(
        findings,
        status,
        datasets=datasets,
        folders=folders,
        records=records,
        formats=formats,
        packages=tuple(package for result in results for package in result.packages),
        defines=tuple(define for result in results for define in result.defines),
    )


def _relative(folder: str, root: Path) -> str:
    path = Path(folder)
    return path.relative_to(root).as_posix() if path.is_relative_to(root) and path != root else root.name
