"""Faults of a specification on the terminal."""

from __future__ import annotations

from rich.markup import escape

from spectrail.cli.output import STYLES, counts_line, out
from spectrail.findings import Findings


def print_faults(findings: Findings) -> None:
    """Print every fault on a line of its own: place, severity, rule, message with hint."""
    for row in findings.frame.itertuples():
        style = STYLES[str(row.severity)]
        where = row.keys or ".".join(part for part in (str(row.dataset), str(row.variable)) if part)
        out.print(f"[{style}]{row.severity}[/] {row.rule} {escape(str(where))}: {escape(str(row.message))}")
    out.print(counts_line(findings))
