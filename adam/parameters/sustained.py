"""Counts by day and their sustained recovery: what is usable after transfusions, and the first lasting days."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from adam import selection
from adam.derivations.dates import whole_days
from adam.derivations.toxicity import compared
from adam.parameters.candidates import Days
from spectrail import frames
from spectrail.errors import SpecError
from spectrail.steps import Positions


@dataclass(frozen=True)
class Rule:
    """When counts are recovered: threshold, consecutive measured days, longest gap in days between two of them."""

    threshold: float
    days: int = 3
    most_gap: float = np.inf


@dataclass(frozen=True)
class Counts:
    """The lowest count of each day by subject and day: subject code, day, value, position in the frame.

    `usable` says where a high count is evidence; `episode` counts the transfusions until the day.
    """

    group: Positions
    day: Days
    value: Days
    row: Positions
    usable: selection.Bools
    episode: Positions


@dataclass(frozen=True)
class Found:
    """Positions in the counts by subject code (-1 none): first below, recovery, last; and the longest gap in days."""

    below: Positions
    recovery: Positions
    last: Positions
    gap: Days = field(default_factory=lambda: np.empty(0))


def rule_of(threshold: float, days: int, gap: str) -> Rule:
    """Make the rule of settings; raise SpecError for what is no number of days."""
    if gap != "unlimited" and not gap.isdigit():
        raise SpecError(f"sustained_gap_days {gap!r} is wrong", hint="write unlimited or a number of days")
    if days < 1:
        raise SpecError(f"recovery_n {days} is wrong", hint="write 1, 2 or 3")
    return Rule(float(threshold), int(days), np.inf if gap == "unlimited" else float(gap))


def gathered(
    frame: pd.DataFrame, rows: Positions, group: Positions, start: Days, end: Days, date: str, value: str
) -> Counts:
    """Return the lowest count of each day from the start to the end, and the last one before the start."""
    day = whole_days(frame[date].iloc[rows])
    number = frame[value].iloc[rows].to_numpy(dtype=np.float64)
    part = frame.iloc[rows]
    ranks = selection.content_ranks(part, frames.packed_order([pd.Series(number)]), group)
    order = np.lexsort((ranks, day, group))
    order = order[~np.isnan(start[group[order]]) & (day[order] <= end[group[order]])]
    fresh = np.ones(len(order), dtype=np.bool_)
    fresh[1:] = (group[order][1:] != group[order][:-1]) | (day[order][1:] != day[order][:-1])
    order = order[fresh]
    early = day[order] < start[group[order]]
    followed = np.zeros(len(order), dtype=np.bool_)
    followed[:-1] = (group[order][1:] == group[order][:-1]) & early[1:]
    order = order[~(early & followed)]
    size = len(order)
    return Counts(
        group[order], day[order], number[order], rows[order], np.ones(size, dtype=np.bool_), np.zeros(size, dtype=int)
    )


def transfused(
    counts: Counts,
    subjects: pd.Series,
    transfusions: dict[str, str] | None,
    days: int,
    tables: Callable[[str], pd.DataFrame],
    evaluate: Callable[[str, pd.DataFrame], selection.Bools],
) -> Counts:
    """Mark the counts of `days` days from a transfusion on, and number the times between transfusions."""
    if not transfusions or days <= 0:
        return counts
    if not {"dataset", "date"} <= set(transfusions):
        raise SpecError("transfusions needs dataset and date", hint="{dataset: PR, date: ..., where: ...}")
    given = tables(transfusions["dataset"])
    if transfusions.get("where"):
        given = given.iloc[np.flatnonzero(evaluate(transfusions["where"], given))]
    owner = frames.match_keys([selection.column(given, transfusions.get("subject", "USUBJID"))], [subjects]).rows
    day = whole_days(selection.column(given, transfusions["date"]))
    known = (owner >= 0) & ~np.isnan(day)
    # one number line: subjects far apart, so that one search serves all
    wide = 10_000_000.0
    given_at = np.sort(owner[known] * wide + day[known])
    at = counts.group * wide + counts.day
    before = np.searchsorted(given_at, at, side="right")
    last = np.append(given_at, np.nan)[before - 1]
    recent = (before > 0) & (at - last < days)
    return Counts(counts.group, counts.day, counts.value, counts.row, ~recent, before.astype(np.int64))


def sustained(counts: Counts, count: int, rule: Rule) -> Found:
    """Find for each subject code the first day below, the recovery after it, and the last day."""
    size = len(counts.day)
    enough = compared(">=", counts.value, np.full(size, rule.threshold))
    below, last, recovery = (np.full(count, -1, dtype=np.int64) for _ in range(3))
    gaps = np.full(count, np.nan)
    last[counts.group] = np.arange(size)
    low = np.flatnonzero(~enough)
    below[counts.group[low][::-1]] = low[::-1]
    good = enough & counts.usable
    first = np.flatnonzero(good[: max(size - rule.days + 1, 0)])
    first = first[(below[counts.group[first]] >= 0) & (first > below[counts.group[first]])]
    whole, gap = np.ones(len(first), dtype=np.bool_), np.zeros(len(first))
    for step in range(1, rule.days):
        here = first + step
        whole &= good[here] & (counts.group[here] == counts.group[first])
        whole &= counts.episode[here] == counts.episode[first]
        gap = np.maximum(gap, counts.day[here] - counts.day[here - 1])
    kept = whole & (gap <= rule.most_gap)
    first, gap = first[kept], gap[kept]
    recovery[counts.group[first][::-1]] = first[::-1]
    gaps[counts.group[first][::-1]] = gap[::-1]
    return Found(below, recovery, last, gaps)


def day_at(counts: Counts, at: Positions) -> Days:
    """Return the days of positions in the counts, NaN for -1."""
    return np.append(counts.day, np.nan)[at]
