"""Score the validation: plant each defect of the frozen list alone, run rules and suites, look for a new finding.

    python -m benchmarks.mutation.score STUDY_OUT [--one-per-kind] [--json FILE]

STUDY_OUT is the output of a build. A defect is caught when a finding that the unchanged study does not have names its
dataset and record; for a deleted record or a whole variable, its dataset or the subject.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

import benchmarks.mutation.kinds
import benchmarks.mutation.record_kinds  # noqa: F401  (register the kinds)
from benchmarks.mutation.planting import Defect, Planted, plant
from spectrail.dataset import Dataset
from spectrail.findings import Findings
from spectrail.io.xpt import read_xpt
from spectrail.layout import Column, Layout
from validation.core.evaluate import key_texts, run_rules
from validation.core.packaged_standards import packaged_standards
from validation.core.rule_files import Rule, load_rules
from validation.core.study import Study, study_of
from validation.rules import RULES_FOLDER
from validation.suites.files import plan_suites, run_suites

LIST = Path(__file__).with_name("defects.csv")
CT = "2025-03-28"
IDENTITY = ["rule", "dataset", "variable", "keys", "value"]


@dataclass(frozen=True)
class Outcome:
    """What became of one defect: caught, missed, undetectable (declared), or not planted (no place for it)."""

    defect: Defect
    status: str
    rules: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Built:
    """A built study: datasets by name, rules of both standards."""

    datasets: Mapping[str, Dataset]
    rules: Sequence[Rule]


def read_list(path: Path = LIST) -> list[Defect]:
    """Read the frozen list."""
    with path.open(newline="", encoding="utf-8") as file:
        return [Defect(int(row["number"]), *(row[name] for name in FIELDS)) for row in csv.DictReader(file)]


FIELDS = ("kind", "dataset", "variable", "value", "undetectable")


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


def counted(findings: Findings) -> Counter[tuple[str, ...]]:
    """Count findings by rule, dataset, variable, keys and value."""
    return Counter(map(tuple, findings.frame[IDENTITY].astype("str").to_numpy().tolist()))


def new_findings(before: Findings, after: Findings) -> pd.DataFrame:
    """Return the findings that the unchanged study does not have (more often than it had them)."""
    surplus = counted(after) - counted(before)
    keys = list(map(tuple, after.frame[IDENTITY].astype("str").to_numpy().tolist()))
    return after.frame[[key in surplus for key in keys]]


def judge(defect: Defect, planted: Planted, new: pd.DataFrame) -> Outcome:
    """Say whether a new finding names the right place."""
    found = new[new["rule"].astype("str") != ""]
    here = found["dataset"].astype("str") == planted.dataset
    if planted.records:
        right = here & (found["record"].isin(planted.records))
    elif planted.subject:
        shown = found["keys"].astype("str") + " " + found["value"].astype("str")
        right = shown.str.contains(planted.subject, regex=False)
    else:
        shown = found["variable"].astype("str") + " " + found["value"].astype("str")
        right = here & shown.str.contains(rf"\b{defect.variable}\b", regex=True)
    rules = tuple(dict.fromkeys(found.loc[right, "rule"].astype("str")))
    if rules:
        return Outcome(defect, "caught", rules[:5])
    other = tuple(dict.fromkeys(found["rule"].astype("str")))
    return Outcome(defect, "missed", other[:5], "found elsewhere only" if other else "no new finding")


def run_defect(built: Built, before: Mapping[frozenset[str], Findings], defect: Defect) -> Outcome:
    """Plant one defect and judge what is found."""
    if defect.undetectable:
        return Outcome(defect, "undetectable", reason=defect.undetectable)
    frames = {name: one.frame for name, one in built.datasets.items()}
    try:
        planted = plant(frames, defect)
    except LookupError as error:
        return Outcome(defect, "not planted", reason=str(error))
    changed = {name: _with_frame(built.datasets[name], frame) for name, frame in planted.frames.items()}
    only = affected(defect, built.datasets)
    return judge(defect, planted, new_findings(before[only], check(built, changed, only=only)))


def _with_frame(dataset: Dataset, frame: pd.DataFrame) -> Dataset:
    """Return the dataset with another frame; its layout follows the variables that are left."""
    if frame is dataset.frame:
        return dataset
    known = {column.name: column for column in dataset.layout.columns}
    names = [str(name) for name in frame]
    renamed = [column for column in dataset.layout.columns if column.name not in names]
    columns = tuple(known.get(name, renamed[0] if renamed else dataset.layout.columns[0]) for name in names)
    kept = tuple(_named(column, name, frame) for column, name in zip(columns, names, strict=True))
    return Dataset(Layout(dataset.layout.name, dataset.layout.label, kept, dataset.layout.keys), frame)


def _named(column: Column, name: str, frame: pd.DataFrame) -> Column:
    numeric = pd.api.types.is_numeric_dtype(frame[name].dtype)
    if column.numeric and not numeric:
        return replace(column, name=name, type="text", length=12)
    return replace(column, name=name)


def score(built: Built, defects: Iterable[Defect]) -> list[Outcome]:
    """Run defects; findings of the unchanged study are computed once per set of datasets."""
    listed = list(defects)
    before: dict[frozenset[str], Findings] = {}
    outcomes = []
    for defect in listed:
        only = affected(defect, built.datasets)
        if only and only not in before and not defect.undetectable:
            before[only] = check(built, built.datasets, only=only)
        outcomes.append(run_defect(built, before, defect))
    return outcomes


def one_per_kind(defects: Sequence[Defect]) -> list[Defect]:
    """Return the first defect of each kind."""
    return list({defect.kind: defect for defect in reversed(defects)}.values())[::-1]


def summary(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Return counts by status and the share caught of what was planted."""
    counts = Counter(outcome.status for outcome in outcomes)
    planted = counts["caught"] + counts["missed"]
    return {
        **{status: counts[status] for status in ("caught", "missed", "undetectable", "not planted")},
        "share": round(counts["caught"] / planted, 4) if planted else 0.0,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the score and what was missed; status 1 below 97 %."""
    parser = argparse.ArgumentParser(description="Plant defects and count which are found.")
    parser.add_argument("folder", type=Path, help="output of a build")
    parser.add_argument("--one-per-kind", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    defects = read_list()
    if options.one_per_kind:
        defects = one_per_kind(defects)
    outcomes = score(read_built(options.folder), defects)
    for outcome in outcomes:
        if outcome.status != "caught":
            defect = outcome.defect
            what = (defect.number, defect.kind, defect.dataset, defect.variable)
            print(outcome.status, *what, outcome.reason, *outcome.rules)
    result = summary(outcomes)
    print(result)
    if options.json:
        rows = [
            {**vars(one.defect), "status": one.status, "rules": list(one.rules), "reason": one.reason}
            for one in outcomes
        ]
        options.json.write_text(json.dumps({"summary": result, "defects": rows}, indent=1) + "\n", encoding="utf-8")
    return 0 if result["share"] >= 0.97 else 1


if __name__ == "__main__":
    sys.exit(main())
