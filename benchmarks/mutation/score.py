"""Score the validation: plant each defect of the frozen list alone, run rules and suites, look for a new finding.

    python -m benchmarks.mutation.score STUDY_OUT [--one-per-kind] [--json FILE]

STUDY_OUT is the output of a build. A defect is caught when a finding that the unchanged study does not have names its
dataset and record; for a deleted record the subject; for a whole variable, dataset and variable. Define drift is
scored apart: see `drift.py`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import benchmarks.mutation.kinds
import benchmarks.mutation.record_kinds  # noqa: F401  (register the kinds)
from benchmarks.mutation.drift import score_drift
from benchmarks.mutation.judging import Outcome, judge, summary
from benchmarks.mutation.planting import Defect, Planted, one_per_kind, plant, read_list, with_frame
from spectrail.dataset import Dataset
from spectrail.findings import Findings
from spectrail.io.xpt import read_xpt
from validation.core.evaluate import key_texts, run_rules
from validation.core.packaged_standards import packaged_standards
from validation.core.rule_files import Rule, load_rules
from validation.core.study import Study, study_of
from validation.rules import RULES_FOLDER
from validation.suites.files import plan_suites, run_suites

LIST = Path(__file__).with_name("defects.csv")
CT = "2025-03-28"


@dataclass(frozen=True)
class Built:
    """A built study: datasets by name, rules of both standards."""

    datasets: Mapping[str, Dataset]
    rules: Sequence[Rule]


def read_built(folder: Path) -> Built:
    """Read all transport files below the output of a build."""
    datasets = {}
    for path in sorted(folder.rglob("*.xpt")):
        dataset = read_xpt(path)
        datasets[dataset.name.upper()] = dataset
    return Built(datasets, load_rules(RULES_FOLDER))


def check(built: Built, datasets: Mapping[str, Dataset], *, only: frozenset[str]) -> Findings:
    """Return the findings of rules and suites on some datasets, all others at hand for reference."""
    parts = []
    analysis = frozenset(name for name in datasets if name.startswith("AD"))
    for standard, version, names in (("SDTMIG", "3.4", frozenset(datasets) - analysis), ("ADAMIG", "1.3", analysis)):
        if not names & only:
            continue
        held = [one for name, one in datasets.items() if standard == "ADAMIG" or name in names]
        plain = study_of(held, standards=packaged_standards(), ct=CT)
        study = Study(plain.tables, plain.standards, None, CT, frozenset(plain.tables) - (names & only))
        result = run_rules(study, built.rules, standard=standard, version=version)
        parts.append(result.to_findings(key_texts(study, result)))
    checked = [one for name, one in datasets.items() if name in only]
    context = [one for name, one in datasets.items() if name not in only]
    parts.append(run_suites(plan_suites(checked, context=context)))
    return Findings.concat(parts)


def affected(defect: Defect, datasets: Mapping[str, Dataset]) -> frozenset[str]:
    """Return the datasets that a defect may show in: its own, and those that look things up in it."""
    name = defect.dataset
    names = {name, defect.value if defect.kind.startswith("lost_") else "", "RELREC", f"SUPP{name}"}
    if name in ("DM", "AE", "ADSL"):
        names |= {"ADSL", "ADAE"}
    if name in ("EX", "DM"):
        names |= {"DM", "EX"}
    return frozenset(names & set(datasets))


def run_defect(built: Built, defect: Defect, planted: Planted, *, only: frozenset[str], before: Findings) -> Outcome:
    """Look for a planted defect in some datasets."""
    changed = {name: with_frame(built.datasets[name], frame) for name, frame in planted.frames.items()}
    return judge(defect, planted, before, check(built, changed, only=only))


def score(built: Built, defects: Iterable[Defect]) -> list[Outcome]:
    """Run defects, each on the datasets it touches; what is missed there is looked for in the whole study.

    Findings of the unchanged study are computed once per set of datasets.
    """
    frames = {name: one.frame for name, one in built.datasets.items()}
    before: dict[frozenset[str], Findings] = {}

    def unchanged(only: frozenset[str]) -> Findings:
        if only not in before:
            before[only] = check(built, built.datasets, only=only)
        return before[only]

    def outcome(defect: Defect) -> Outcome:
        if defect.undetectable:
            return Outcome(defect, "undetectable", reason=defect.undetectable)
        try:
            planted = plant(frames, defect)
        except LookupError as error:
            return Outcome(defect, "not planted", reason=str(error))
        for only in (affected(defect, built.datasets), frozenset(built.datasets)):
            found = run_defect(built, defect, planted, only=only, before=unchanged(only))
            if found.status == "caught":
                break
        return found

    return [outcome(defect) for defect in defects]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the scores and what was missed; status 1 when one of them is below 97 %."""
    parser = argparse.ArgumentParser(description="Plant defects and count which are found.")
    parser.add_argument("folder", type=Path, help="output of a build")
    parser.add_argument("--one-per-kind", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    defects = read_list(LIST)
    if options.one_per_kind:
        defects = one_per_kind(defects)
    scores = {
        "frozen list": score(read_built(options.folder), defects),
        "define drift (added later)": score_drift(options.folder),
    }
    for name, outcomes in scores.items():
        for outcome in outcomes:
            if outcome.status != "caught":
                defect = outcome.defect
                what = (defect.number, defect.kind, defect.dataset, defect.variable)
                print(outcome.status, *what, outcome.reason, *outcome.rules)
        print(f"{name}:", summary(outcomes))
    if options.json:
        options.json.write_text(json.dumps(_plain(scores), indent=1) + "\n", encoding="utf-8")
    return 0 if all(summary(outcomes)["share"] >= 0.97 for outcomes in scores.values()) else 1


def _plain(scores: Mapping[str, Sequence[Outcome]]) -> dict[str, object]:
    return {
        name: {
            "summary": summary(outcomes),
            "defects": [
                {**vars(one.defect), "status": one.status, "rules": list(one.rules), "reason": one.reason}
                for one in outcomes
            ],
        }
        for name, outcomes in scores.items()
    }


if __name__ == "__main__":
    sys.exit(main())
