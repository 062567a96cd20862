"""What a validation gives back: findings, what ran on which dataset, the rules, the datasets and their records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from specs.models import Study as Specification
from spectrail.findings import SEVERITIES, Findings
from validation.folder import Package

RULE_COLUMNS = ("rule", "severity", "public_ids", "description", "source")
DATASET_COLUMNS = ("folder", "dataset", "label", "file", "records", "variables", "bytes", "keys", "standard")
STATUS_COLUMNS = ("rule", "dataset", "status", "cause", "reason", "note", "findings", "folder")


@dataclass(frozen=True)
class FolderFacts:
    """One validated folder: where it is, the standard it was validated under, and what was only assumed."""

    folder: str
    standard: str
    version: str
    ct: str
    define: str = ""
    assumed: str = ""


def _empty(columns: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype="str") for name in columns})


@dataclass(frozen=True)
class ValidationResult:
    """The outcome of a validation.

    `status` has the columns rule, dataset (empty: the whole folder), status (run, not_applicable, not_evaluated),
    cause, reason, note, findings, folder; `rules` one row per rule: rule, severity, public_ids, description, source;
    `datasets` one row per file: folder, dataset, label, file, records, variables, bytes, keys, standard.
    `records` holds the datasets' records by name, `formats` the SAS formats of their variables, for reports;
    `packages` the folders as they were read, `defines` what the define.xml of each says.
    """

    findings: Findings
    status: pd.DataFrame = field(default_factory=lambda: _empty(STATUS_COLUMNS))
    rules: pd.DataFrame = field(default_factory=lambda: _empty(RULE_COLUMNS))
    datasets: pd.DataFrame = field(default_factory=lambda: _empty(DATASET_COLUMNS))
    folders: tuple[FolderFacts, ...] = ()
    records: Mapping[str, pd.DataFrame] = field(default_factory=dict, repr=False, compare=False)
    formats: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False, compare=False)
    packages: tuple[Package, ...] = field(default=(), repr=False, compare=False)
    defines: tuple[Specification | None, ...] = field(default=(), repr=False, compare=False)

    def adding(self, findings: Findings) -> ValidationResult:
        """Return the result with further findings, for example those of a build."""
        return replace(self, findings=ordered(self.findings + findings))

    def not_evaluated(self) -> pd.DataFrame:
        """Return rule, dataset, cause and reason of what could not be evaluated."""
        return self.status[self.status["status"] == "not_evaluated"].reset_index(drop=True)

    def rules_run(self) -> frozenset[str]:
        """Return the ids of the rules that ran on at least one dataset."""
        return frozenset(self.status.loc[self.status["status"] == "run", "rule"])

    def rule_counts(self) -> dict[str, int]:
        """Count every rule once: those that ran somewhere, else could not be evaluated, else did not apply."""
        ran = self.rules_run()
        missed = frozenset(self.not_evaluated()["rule"]) - ran
        every = frozenset(self.status["rule"])
        return {"run": len(ran), "not evaluated": len(missed), "not applicable": len(every - ran - missed)}

    def run_in_part(self) -> frozenset[str]:
        """Return the ids of the rules that ran, but could not be evaluated on every dataset of their scope."""
        return self.rules_run() & frozenset(self.not_evaluated()["rule"])


def ordered(findings: Findings) -> Findings:
    """Return findings worst first, then by dataset, rule, record, variable, value."""
    frame = findings.frame
    if not len(frame):
        return findings
    rank = {severity: number for number, severity in enumerate(SEVERITIES)}
    sorting = pd.DataFrame({"severity": frame["severity"].astype("str").map(rank)})
    for name in ("dataset", "rule", "variable"):
        values = frame[name].cat
        order = pd.Series(values.categories.astype("str")).rank(method="first").to_numpy()
        codes = values.codes.to_numpy()
        sorting[name] = order[codes] if len(order) else codes
    sorting["record"] = frame["record"]
    sorting["value"] = frame["value"]
    sorting["source_row"] = frame["source_row"]
    order = sorting.sort_values(
        ["severity", "dataset", "rule", "record", "variable", "source_row", "value"], kind="stable"
    ).index
    return Findings(frame.iloc[order].reset_index(drop=True))
