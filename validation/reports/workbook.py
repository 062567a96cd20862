"""report.xlsx: the sheets that quality control staff know from other validators."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from validation.reports.content import (
    KIND,
    Report,
    dataset_summary,
    issue_summary,
    overview,
    rule_summary,
    rules_not_run,
)
from validation.reports.sheets import MOST_ROWS, Sheet, write_sheets

MOST_PER_ISSUE = 1_000
MOST_DETAILS = 200_000


def write_report_xlsx(
    report: Report, path: str | Path, *, most_per_issue: int = MOST_PER_ISSUE, most: int = MOST_DETAILS
) -> None:
    """Write the workbook: Summary, Dataset Summary, Issue Summary, Details, Rules, Rules not run, Ledger fixed.

    Details holds at most `most_per_issue` findings of an issue and `most` in all; the true numbers stand in Issue
    Summary, and the last lines of Details say what was left out.
    """
    kept, shown = capped(report, most_per_issue=most_per_issue, most=min(most, MOST_ROWS // 2))
    issues = issue_summary(report)
    issues["in details"] = _shown(issues, shown)
    sheets = [
        Sheet("Summary", pd.DataFrame(_summary(report, issues), columns=["Item", "Value"]), (34, 110)),
        Sheet("Dataset Summary", _titled(dataset_summary(report)), (12, 14, 34, 14, *[11] * 3, 44, 14, *[9] * 4)),
        Sheet("Issue Summary", _titled(issues), (10, 15, 12, 22, 80, 30, 11, 11, 11, 11)),
        Sheet("Details", _details(report, kept, issues), (19, 10, 15, 12, 22, 9, 50, 40, 60, 28, 18, 10, 8, 10, 40)),
        Sheet("Rules", _titled(rule_summary(report)), (16, 10, 26, 90, 12, 40, 11, 11)),
        Sheet("Rules not run", _titled(rules_not_run(report)), (16, 16, 18, 70, 60)),
    ]
    if report.judged.used:
        fixed = report.judged.fixed
        sheets.append(Sheet("Ledger fixed", _titled(fixed), (19, 10, 15, 12, 22, 50, 40, 40)))
    write_sheets(path, sheets, created=report.created, title=f"Validation report {report.title}".strip())


def _summary(report: Report, issues: pd.DataFrame) -> list[tuple[str, str]]:
    rows = overview(report)
    left = issues[issues["in details"] < issues["findings"]]
    if len(left):
        hidden = int((left["findings"] - left["in details"]).sum())
        text = f"Details leaves out {hidden} findings of {len(left)} issues (Issue Summary has the true numbers, "
        rows.append(("Note", text + "findings.json has all)"))
    return rows


def capped(report: Report, *, most_per_issue: int, most: int) -> tuple[np.ndarray, pd.Series]:
    """Return the positions of the findings to show, and the number shown of each kind."""
    frame = report.result.findings.frame
    groups = frame.groupby(list(KIND), observed=True, sort=False)
    inside = np.flatnonzero(groups.cumcount().to_numpy() < most_per_issue)[:most]
    shown = frame.iloc[inside].groupby(list(KIND), observed=True, sort=False).size()
    return inside, shown


def _shown(issues: pd.DataFrame, shown: pd.Series) -> pd.Series:
    table = shown.rename("shown").reset_index().astype(dict.fromkeys(KIND, "str"))
    return issues[list(KIND)].merge(table, on=list(KIND), how="left")["shown"].fillna(0).astype("int64")


def _details(report: Report, kept: np.ndarray, issues: pd.DataFrame) -> pd.DataFrame:
    frame = report.result.findings.frame.iloc[kept].reset_index(drop=True)
    judged = report.judged
    table = pd.DataFrame({"Fingerprint": judged.fingerprints[kept]})
    for name in ("severity", "rule", "dataset", "variable", "record", "keys", "value", "message", "reference"):
        table[name.capitalize()] = frame[name]
    table["Source"], table["Source row"], table["Count"] = frame["source"], frame["source_row"], frame["count"]
    for title in ("Record", "Source row"):
        table[title] = table[title].where(table[title] > 0)
    table = table.astype(dict.fromkeys(("Record", "Source row", "Count"), "Int64"))
    table["Status"], table["Explanation"] = judged.status[kept], judged.explanation[kept]
    left = issues[issues["in details"] < issues["findings"]]
    more = pd.DataFrame(
        {
            "Severity": left["severity"],
            "Rule": left["rule"],
            "Dataset": left["dataset"],
            "Variable": left["variable"],
            "Message": [
                f"{shown} of {total} findings are listed here, {total - shown} are not"
                for shown, total in zip(left["in details"], left["findings"], strict=True)
            ],
        }
    )
    text = [name for name in table.columns if name not in ("Record", "Source row", "Count")]
    table[text] = table[text].astype("str")
    return pd.concat([table, more.reindex(columns=table.columns).astype(table.dtypes)], ignore_index=True)


def _titled(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.rename(columns=lambda name: str(name).replace("_", " ").capitalize())
