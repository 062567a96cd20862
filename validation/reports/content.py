"""What all reports show: the findings with their ledger status, and the tables of counts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd

from spectrail.findings import SEVERITIES, Findings
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
    """Return one row per kind of finding: severity, rule, dataset, variable, message, reference, findings, records,
    accepted.

    `findings` and `accepted` count findings, `records` what they stand for: listed-once findings as often as they
    occur; worst first.
    """
    frame = report.result.findings.frame
    marked = frame.assign(findings=1, records=frame["count"], accepted=(report.judged.status == "accepted") * 1)
    names = ["findings", "records", "accepted"]
    counted = marked.groupby(list(KIND), observed=True, sort=False)[names].sum().reset_index()
    return counted.astype(dict.fromkeys(KIND, "str"))


def dataset_summary(report: Report) -> pd.DataFrame:
    """Return one row per dataset file, then one per other name that findings have, with findings by severity."""
    frame = report.result.findings.frame
    counted = frame.groupby(["dataset", "severity"], observed=True, sort=False).size().unstack(fill_value=0)
    counted.index = counted.index.astype("str")
    counted.columns = counted.columns.astype("str")
    counted = counted.reindex(columns=list(SEVERITIES), fill_value=0)
    datasets = report.result.datasets.set_index("dataset")
    others = [name for name in counted.index if name not in datasets.index]
    table = datasets.reindex([*datasets.index, *sorted(others)])
    table.index = table.index.set_names("dataset")
    joined = table.join(counted).reset_index()
    numbers = [*SEVERITIES, "records", "variables", "bytes"]
    joined[numbers] = joined[numbers].apply(pd.to_numeric).fillna(0).astype("int64")
    joined["dataset"] = joined["dataset"].where(joined["dataset"] != "", "(the whole folder)")
    return joined.fillna("")


def rule_summary(report: Report) -> pd.DataFrame:
    """Return one row per rule that ran: the columns of the rules, datasets, findings, records."""
    status = report.result.status
    ran = status[status["status"] == "run"].groupby("rule", sort=False)
    counts = ran.agg(datasets=("dataset", _names)).reset_index()
    frame = report.result.findings.frame
    found = frame.groupby("rule", observed=True)["count"].agg(["size", "sum"])
    found.index = found.index.astype("str")
    table = report.rules.merge(counts, on="rule", how="left", sort=False)
    for name, how in (("findings", "size"), ("records", "sum")):
        table[name] = table["rule"].map(found[how].to_dict()).fillna(0).astype("int64")
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
    rows.append(("Created (of the study)", report.created.isoformat(timespec="seconds")))
    rows.append(("Datasets", f"{len(result.datasets)}"))
    rows.append(("Records", f"{int(result.datasets['records'].sum()) if len(result.datasets) else 0}"))
    rows += [(f"Findings: {severity}", text) for severity, text in Tally.of(report).texts().items()]
    if judged.used:
        rows += [(f"Ledger: {status}", str(count)) for status, count in judged.counts().items()]
    counts = result.rule_counts()
    rows.append(("Rules", str(sum(counts.values()))))
    rows += [(f"Rules {name}", str(count)) for name, count in counts.items()]
    if result.run_in_part():
        text = "could not be evaluated on every dataset (Rules not run names them)"
        rows.append(("Of the rules run", f"{len(result.run_in_part())} {text}"))
    return [*rows, *(("Note", note) for note in report.notes)]


def own_result(report: Report, folder: str) -> ValidationResult:
    """Return the result with the rules and datasets of one folder alone; findings are left as they are."""
    status, datasets = report.result.status, report.result.datasets
    return replace(
        report.result, status=status[status["folder"] == folder], datasets=datasets[datasets["folder"] == folder]
    )


def own_findings(report: Report, folder: str) -> npt.NDArray[np.bool_]:
    """Tell which findings are about one folder: those on its datasets, and those on none of the validated ones by
    rules that found something in it. What a build tells of no dataset is about every folder.
    """
    frame, result = report.result.findings.frame, report.result
    found = result.status[result.status["findings"].astype("int64") > 0]
    here = frame["dataset"].isin(result.datasets.loc[result.datasets["folder"] == folder, "dataset"])
    by_rule = frame["rule"].isin(found.loc[found["folder"] == folder, "rule"]) | ~frame["rule"].isin(found["rule"])
    return np.asarray(here | (~frame["dataset"].isin(result.datasets["dataset"]) & by_rule))


@dataclass(frozen=True)
class Tally:
    """Numbers by severity, worst first: findings, the records they stand for, and the findings accepted."""

    findings: dict[str, int]
    records: dict[str, int]
    accepted: dict[str, int]

    @classmethod
    def of(cls, report: Report, among: npt.NDArray[np.bool_] | None = None) -> Tally:
        """Count the findings of a report, or those `among` them."""
        frame = report.result.findings.frame
        kept = np.ones(len(frame), dtype=bool) if among is None else among
        findings = Findings(frame[kept])
        accepted = Findings(frame[kept & (report.judged.status == "accepted")])
        return cls(findings.counts(), findings.records(), accepted.counts())

    @property
    def open(self) -> dict[str, int]:
        """The findings not accepted."""
        return {severity: count - self.accepted[severity] for severity, count in self.findings.items()}

    def texts(self) -> dict[str, str]:
        """Return `5 (9 records), 2 accepted` by severity; records where findings are folded."""
        found = {}
        for severity, count in self.findings.items():
            records = f" ({self.records[severity]} records)" if self.records[severity] != count else ""
            accepted = f", {self.accepted[severity]} accepted" if self.accepted[severity] else ""
            found[severity] = f"{count}{records}{accepted}"
        return found
