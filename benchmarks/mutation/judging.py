"""When a planted defect counts as caught: findings that are new, and the place that they name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from benchmarks.mutation.planting import Defect, Planted
from spectrail.findings import Findings

IDENTITY = ["rule", "dataset", "variable", "keys", "value"]


@dataclass(frozen=True)
class Outcome:
    """What became of one defect: caught, missed, undetectable (declared), or not planted (no place for it)."""

    defect: Defect
    status: str
    rules: tuple[str, ...] = ()
    reason: str = ""


def counted(findings: Findings) -> Counter[tuple[str, ...]]:
    """Count findings by rule, dataset, variable, keys and value."""
    return Counter(map(tuple, findings.frame[IDENTITY].astype("str").to_numpy().tolist()))


def new_findings(before: Findings, after: Findings) -> pd.DataFrame:
    """Return the findings that the unchanged study does not have (more often than it had them)."""
    surplus = counted(after) - counted(before)
    keys = list(map(tuple, after.frame[IDENTITY].astype("str").to_numpy().tolist()))
    return after.frame[[key in surplus for key in keys]]


def judge(defect: Defect, planted: Planted, before: Findings, after: Findings) -> Outcome:
    """Say whether a new finding names the right place: the record; the subject of a lost one; the variable.

    A rule that spoke of the record (or variable) before the defect does not count there: its finding may only look
    new because the defect changed the keys it is shown with, or because a record was repeated.
    """
    new = new_findings(before, after)
    right = _at(defect, planted, new)
    if not planted.subject or planted.records:
        known = set(before.frame.loc[_at(defect, planted, before.frame), "rule"].astype("str"))
        right &= ~new["rule"].astype("str").isin(known)
    return _outcome(defect, new, right)


def _at(defect: Defect, planted: Planted, findings: pd.DataFrame) -> pd.Series:
    """Tell which findings name the place of the defect."""
    here = findings["dataset"].astype("str") == planted.dataset
    if planted.records:
        return here & findings["record"].isin(planted.records)
    if planted.subject:
        return _shown(findings, "keys", "value").str.contains(planted.subject, regex=False)
    return here & _names_variable(_shown(findings, "variable", "value"), defect)


def judge_description(defect: Defect, new: pd.DataFrame) -> Outcome:
    """Say whether a new finding on define.xml names the dataset and, if the defect has one, the variable."""
    right = new["dataset"].astype("str") == defect.dataset
    if defect.variable:
        right &= _names_variable(_shown(new, "variable", "value", "message"), defect)
    return _outcome(defect, new, right)


def _shown(findings: pd.DataFrame, *names: str) -> pd.Series:
    text = findings[names[0]].astype("str")
    for name in names[1:]:
        text = text + " " + findings[name].astype("str")
    return text


def _names_variable(shown: pd.Series, defect: Defect) -> pd.Series:
    return shown.str.contains(rf"\b{defect.variable}\b", regex=True)


def _outcome(defect: Defect, new: pd.DataFrame, right: pd.Series) -> Outcome:
    rules = tuple(dict.fromkeys(new.loc[right, "rule"].astype("str")))
    if rules:
        return Outcome(defect, "caught", rules[:5])
    other = tuple(dict.fromkeys(new["rule"].astype("str")))
    return Outcome(defect, "missed", other[:5], "found elsewhere only" if other else "no new finding")


def summary(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Return counts by status and the share caught of what was planted."""
    counts = Counter(outcome.status for outcome in outcomes)
    planted = counts["caught"] + counts["missed"]
    return {
        **{status: counts[status] for status in ("caught", "missed", "undetectable", "not planted")},
        "share": round(counts["caught"] / planted, 4) if planted else 0.0,
    }
