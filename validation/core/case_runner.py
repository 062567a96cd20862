"""Run every case of a folder of rules and compare with its recorded results: one comparator for all rules.

A case with recorded results passes when the same lines come out; one without is judged by verdict: positive none,
negative at least one finding.  A case whose rule could not run is not evaluated, even if nothing was expected.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from spectrail.errors import InputError
from validation.core.case_files import Case, Line, case_folders, read_case
from validation.core.define_facts import read_define_facts
from validation.core.evaluate import run_rules
from validation.core.frames import Choices
from validation.core.reporting import RunResult
from validation.core.rule_files import Rule, load_rules
from validation.core.standards import NoStandards, Standards
from validation.core.study import Study

CaseStatus = Literal["passed", "failed", "not_evaluated"]
SHOWN_LINES = 3


@dataclass(frozen=True)
class CaseResult:
    """The outcome of one case; `recorded` tells whether it has recorded results."""

    rule: str
    case: str
    status: CaseStatus
    reason: str
    recorded: bool
    findings: int = 0


@dataclass(frozen=True)
class CaseTable:
    """The outcomes of all cases, in the order of rules and cases."""

    results: tuple[CaseResult, ...]

    def frame(self) -> pd.DataFrame:
        """Return one row per case: rule, case, status, reason, recorded, findings."""
        columns = ("rule", "case", "status", "reason", "recorded", "findings")
        return pd.DataFrame([[getattr(result, name) for name in columns] for result in self.results], columns=columns)

    def counts(self) -> dict[str, int]:
        """Count cases by status."""
        counted = Counter(result.status for result in self.results)
        return {status: counted.get(status, 0) for status in ("passed", "failed", "not_evaluated")}

    def to_json(self) -> dict[str, list[dict[str, str]]]:
        """Return `{"cases": [{"rule", "case", "status", "reason"}]}`."""
        return {
            "cases": [
                {"rule": result.rule, "case": result.case, "status": result.status, "reason": result.reason}
                for result in self.results
            ]
        }


def run_cases(
    directory: str | Path,
    *,
    standards: Standards | None = None,
    choices: Choices | None = None,
    rules: Sequence[Rule] | None = None,
    ct: str | None = None,
) -> CaseTable:
    """Run the cases of all rules in a folder laid out as `RULE/rule.yml`, `RULE/positive/NN`, `RULE/negative/NN`.

    `rules` are those of the folder when they are loaded already; `ct` is the terminology release of cases that name
    none. Raises `InputError` when the folder holds no case.
    """
    results: list[CaseResult] = []
    known = standards if standards is not None else NoStandards()
    for rule in rules if rules is not None else load_rules(directory):
        folder = Path(rule.path).parent
        for name, case_folder in case_folders(folder):
            results.append(
                run_case(rule, name, case_folder, label=folder.name, standards=known, choices=choices, ct=ct)
            )
    if not results:
        raise InputError("the folder holds no test cases", hint="cases are RULE/positive/NN and RULE/negative/NN")
    return CaseTable(tuple(results))


def run_case(
    rule: Rule,
    name: str,
    folder: Path,
    *,
    label: str,
    standards: Standards,
    choices: Choices | None = None,
    ct: str | None = None,
) -> CaseResult:
    """Run one case of a rule; `label` is what the rule is called in the result."""
    recorded = (folder / "results" / "results.csv").is_file() or (folder / "results.csv").is_file()
    if rule.broken:
        return CaseResult(label, name, "not_evaluated", rule.broken, recorded)
    try:
        case = read_case(rule.id, name, folder)
        result = run(rule, case, standards=standards, choices=choices, ct=ct)
    except InputError as error:
        return CaseResult(label, name, "not_evaluated", " ".join(str(error).split()), recorded)
    failures = result.not_evaluated()
    if len(failures):
        return CaseResult(label, name, "not_evaluated", _reasons(failures), recorded, len(result))
    status, reason = judge(case, result)
    return CaseResult(label, name, status, reason, recorded, len(result))


def run(
    rule: Rule, case: Case, *, standards: Standards, choices: Choices | None = None, ct: str | None = None
) -> RunResult:
    """Run a rule on the datasets of a case under the case's standard (without one: the first the rule names)."""
    settings = case.settings
    first = next(iter(rule.authorities), None)
    standard = settings.get("PRODUCT") or (first.standard if first else "")
    version = settings.get("VERSION") or (first.version if first else "")
    define = None
    if settings.get("DEFINE_XML"):
        define = read_define_facts(case.folder / "data" / Path(settings["DEFINE_XML"]).name)
    study = Study(dict(case.tables), standards, define, settings.get("CT") or ct)
    return run_rules(
        study,
        (rule,),
        standard=standard,
        version=version,
        substandard=settings.get("SUBSTANDARD"),
        use_case=settings.get("USE_CASE"),
        choices=choices,
    )


def judge(case: Case, result: RunResult) -> tuple[CaseStatus, str]:
    """Compare what was found with what was recorded, or with the verdict where nothing was recorded."""
    if case.expected is None:
        return _by_verdict(case, result)
    expected = Counter(_normalised(line) for line in case.expected if line[2])
    actual = Counter(_normalised(line) for line in result_lines(result))
    if expected == actual:
        return "passed", _silence(result)
    missing, extra = expected - actual, actual - expected
    return "failed", "; ".join(part for part in (_shown("missing", missing), _shown("not recorded", extra)) if part)


def _by_verdict(case: Case, result: RunResult) -> tuple[CaseStatus, str]:
    if case.positive and len(result):
        return "failed", f"{len(result)} findings where none is wanted"
    if not case.positive and not len(result):
        return "failed", "no finding where at least one is wanted" + _silence(result, start="; ")
    return "passed", _silence(result)


def _silence(result: RunResult, *, start: str = "") -> str:
    """Say of a rule that the language keeps silent everywhere why it does, else nothing."""
    if (result.status["status"] == "run").any():
        return ""
    return f"{start}does not apply to any dataset: {_reasons(result.status)}"


def _reasons(statuses: pd.DataFrame) -> str:
    """Return the reasons of statuses, each once, after the datasets it is about."""
    datasets: dict[str, list[str]] = {}
    for row in statuses.itertuples():
        datasets.setdefault(row.reason, []).append(row.dataset)
    return "; ".join(f"{', '.join(names)}: {reason}".removeprefix(": ") for reason, names in datasets.items())


def result_lines(result: RunResult) -> list[Line]:
    """Return the lines of a run as recorded results have them, sorted as they are."""
    frame = result.lines()
    lines = [
        (dataset, str(record) if record else "", variable, value)
        for dataset, record, variable, value in zip(
            frame["dataset"], frame["record"], frame["variable"], frame["value"], strict=True
        )
    ]
    return sorted(lines, key=lambda line: tuple(_sort_field(field) for field in line))


def _sort_field(field: str) -> tuple[int, int, str]:
    return (0, int(field), "") if re.fullmatch(r"-?\d+", field) else (1, 0, field)


def _normalised(line: Line) -> Line:
    dataset, record, variable, value = line
    return dataset.upper(), record, variable, value if value.strip() else ""


def _shown(what: str, lines: Counter[Line]) -> str:
    total = sum(lines.values())
    if not total:
        return ""
    first = [" ".join(part for part in line if part)[:120] for line in _first(lines)]
    return f"{total} lines {what}: {' | '.join(first)}{' ...' if total > SHOWN_LINES else ''}"


def _first(lines: Counter[Line]) -> Iterable[Line]:
    return sorted(lines, key=lambda line: tuple(_sort_field(field) for field in line))[:SHOWN_LINES]
