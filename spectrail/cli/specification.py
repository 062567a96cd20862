"""Faults of a specification on the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
from rich.markup import escape

from spectrail.cli.output import STYLES, counts_line, out
from spectrail.findings import SEVERITIES, Findings

MANY = 3
"""Notices of one rule on one dataset from which on they stand on one line."""


def print_faults(findings: Findings) -> None:
    """Print faults, worst first, with rule, place, dataset and variable, and message with hint.

    Many notices of one rule on one dataset are one line: the first of them, and how many more there are.
    """
    for row, more in _lines(findings.frame):
        object_ = row["keys"] or ".".join(part for part in (row["dataset"], row["variable"]) if part)
        where = ": ".join(part for part in (row["source"], object_) if part)
        added = f" ... and {len(more)} more: {', '.join(more)}" if more else ""
        head = f"[{STYLES[row['severity']]}]{row['severity']}[/] {row['rule']}"
        out.print(f"{head} {escape(f'{where}: ' if where else '')}{escape(row['message'] + added)}")
    out.print(counts_line(findings))


def _lines(frame: pd.DataFrame) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """Yield one fault for each line, and what those that it stands for are about."""
    for severity in SEVERITIES:
        mine = frame[frame["severity"] == severity].astype({"rule": "str", "dataset": "str"})
        for _, group in mine.groupby(["rule", "dataset"], sort=False):
            rows = group.astype("object").to_dict("records")
            if severity == "notice" and len(rows) >= MANY:
                yield rows[0], [row["variable"] or row["value"] or row["source"] for row in rows[1:]]
            else:
                yield from ((row, []) for row in rows)
