"""What all reports show: the findings with their ledger status, and the tables of counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pandas as pd

from spectrail.findings import SEVERITIES
from validation.catalogue import with_others
from validation.ledger import Judged
from validation.result import ValidationResult

KIND = ("severity", "rule", "dataset", "variable", "message", "reference")
"""What findings of one kind share: an issue."""


@dataclass(frozen=True)
class Report:
    """A validation ready to be written: `created` is the time that files state, `title` the study or the folder."""

    result: ValidationResult
    judged: Judged
    created: datetime
    title: str = ""
    version: str = ""
    notes: tuple[str, ...] = field(default=())

    @property
    def rules(self) -> pd.DataFrame:
        """All rules, those of a build that only findings name included."""
        return with_others(self.result.rules, self.result.findings)


def issue_summary(report: Report) -> pd.DataFrame:
    """Return one row per kind of finding: severity, rule, dataset, variable, message, reference, findings, accepted.

    `findings` is the true number, listed-once findings counted as often as they occur; worst first.
    """
    frame = report.result.findings.frame
    grouped = frame.assign(accepted=np.where(report.judged.status == "accepted", frame["count"], 0))
    counted = grouped.groupby(list(KIND), observed=True, sort=False)[["count", "accepted"]].sum().reset_index()
    return counted.rename(columns={"count": "findings"}).astype(dict.fromkeys(KIND, "str"))


def dataset_summary(report: Report) -> pd.DataFrame:
    """Return one row per dataset file, then one per other name that findings have, with counts by severity."""
    frame = report.result.findings.frame
    counted = frame.groupby(["dataset", "severity"], observed=True, sort=False)["count"].sum().unstack(fill_value=0)
    counted.index = counted.index.astype("str")
    counted.columns = counted.columns.astype("str")
    counted = counted.reindex(columns=list(SEVERITIES), fill_value=0)
    datasets = report.result.datasets.set_index("dataset")
    others = [name for name in counted.index if name not in datasets.index]
    table = datasets.reindex([*datasets.index, *sorted(others)])
    table.index = table.index.set_names("dataset")
    joined = table.join(counted).reset_index()
    numbers = [*SEVERITIES, "records", "variables", "bytes"]
    joined[numbers] = joined[numbers].fillna(0).astype("int64")
    joined["dataset"] = joined["dataset"].where(joined["dataset"] != "", "(the whole folder)")
    return joined.fillna("")


def rule_summary(report: Report) -> pd.DataFrame:
    """Return one row per rule that ran: rule, severity, public_ids, description, datasets, findings."""
    status = report.result.status
    ran = status[status["status"] == "run"].groupby("rule", sort=False)
    counts = ran.agg(datasets=("dataset", _names)).reset_index()
    frame = report.result.findings.frame
    found = frame.groupby("rule", observed=True)["count"].sum()
    table = report.rules.merge(counts, on="rule", how="left", sort=False)
    named = table["rule"].map(dict(zip(found.index.astype("str"), found.to_numpy(), strict=True))).fillna(0)
    table["findings"] = named.astype("int64")
    kept = table["rule"].isin(counts["rule"]) | (table["findings"] > 0)
    return table[kept].fillna("").reset_index(drop=True)


def _names(names: pd.Series) -> str:
    return ", ".join(dict.fromkeys(name for name in names if name))


def rules_not_run(report: Report) -> pd.DataFrame:
    """Return rule, status, cause, reason and datasets of what did not run, worst first, one row per reason.

    Rules that ran on some datasets appear with those where they could not be evaluated; that a rule is out of scope
    on a dataset is told only where it ran nowhere.
    """
    status = report.result.status
    ran = set(status.loc[status["status"] == "run", "rule"])
    open_ = status[(status["status"] == "not_evaluated") | (~status["rule"].isin(ran) & (status["status"] != "run"))]
    if not len(open_):
        return pd.DataFrame(columns=["rule", "status", "cause", "reason", "datasets"], dtype="str")
    grouped = open_.groupby(["rule", "status", "cause", "reason"], sort=False)
    table = grouped.agg(datasets=("dataset", _names)).reset_index()
    rank = table["status"].map({"not_evaluated": 0, "not_applicable": 1})
    return (
        table.assign(rank=rank).sort_values(["rank", "rule"], kind="stable", ignore_index=True).drop(columns="rank")
    )


def overview(report: Report) -> list[tuple[str, str]]:
    """Return the facts of the run as (name, text): standards, counts by severity, ledger, what did not run."""
    result, judged = report.result, report.judged
    rows: list[tuple[str, str]] = [("Study", report.title)]
    for facts in result.folders:
        stated = f"{facts.standard} {facts.version}, CT {facts.ct}, define.xml: {facts.define or 'none'}"
        rows.append((f"Folder {facts.folder}", stated + (f" ({facts.assumed})" if facts.assumed else "")))
    rows.append(("Software", f"spectrail {report.version}".strip()))
    rows.append(("Time stamp", report.created.isoformat(timespec="seconds")))
    rows.append(("Datasets", f"{len(result.datasets)}"))
    rows.append(("Records", f"{int(result.datasets['records'].sum()) if len(result.datasets) else 0}"))
    rows += [(f"Findings: {severity}", str(count)) for severity, count in true_counts(report).items()]
    if judged.used:
        rows += [(f"Ledger: {status}", str(count)) for status, count in judged.counts().items()]
    status = result.status
    rows.append(("Rules run", str(status.loc[status["status"] == "run", "rule"].nunique())))
    rows.append(("Rules not evaluated", str(status.loc[status["status"] == "not_evaluated", "rule"].nunique())))
    ran = set(status.loc[status["status"] == "run", "rule"])
    rows.append(("Rules not applicable", str(len(set(status["rule"]) - ran))))
    return [*rows, *(("Note", note) for note in report.notes)]


def true_counts(report: Report) -> dict[str, int]:
    """Count findings by severity, worst first; a listed-once finding counts as often as it occurs."""
    frame = report.result.findings.frame
    counted = frame.groupby("severity", observed=True)["count"].sum()
    return {severity: int(counted.get(severity, 0)) for severity in SEVERITIES}
