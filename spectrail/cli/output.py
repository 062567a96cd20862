"""What commands print: progress, findings, errors; Rich on a terminal, plain lines otherwise."""

from __future__ import annotations

import enum
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from spectrail.errors import SpectrailError
from spectrail.findings import SEVERITIES, Findings

WIDE = 160
"""Columns of tables that do not go to a terminal."""
out = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else WIDE)
err = Console(stderr=True, soft_wrap=True, highlight=False)
STYLES = {"reject": "bold red", "error": "red", "warning": "yellow", "notice": "cyan"}


class FailOn(enum.StrEnum):
    """The severity at which a command ends with status 1."""

    never = "never"
    error = "error"
    warning = "warning"
    notice = "notice"


def fail(error: SpectrailError, *, status: int) -> int:
    """Print an error to standard error and return the exit status."""
    err.print(f"[bold red]error[/]: {escape(str(error))}")
    return status


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Give a function that shows what is being done: a moving line on a terminal, plain lines otherwise."""
    if not err.is_terminal:
        yield lambda text: print(f"  {text}", file=sys.stderr, flush=True)
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as shown:
        task = shown.add_task("", total=None)
        yield lambda text: shown.update(task, description=escape(text))


def print_findings(findings: Findings, *, most: int = 25) -> None:
    """Print findings grouped by rule, dataset, variable and message, worst first.

    Beside the number of findings stands that of the records they are about, where some are listed once with a count.
    """
    if not len(findings):
        out.print("no findings")
        return
    names = ["severity", "rule", "dataset", "variable", "message"]
    grouped = findings.frame.groupby(names, observed=True, sort=False)["count"].agg(["size", "sum"]).reset_index()
    rank = {severity: number for number, severity in enumerate(SEVERITIES)}
    grouped["rank"] = grouped["severity"].astype("str").map(rank)
    grouped = grouped.sort_values(["rank", "dataset", "rule", "variable"], kind="stable")
    table = Table(box=None, header_style="bold")
    for name in ("severity", "findings", "records", "rule", "where", "message"):
        table.add_column(name, justify="right" if name in ("findings", "records") else "left", overflow="fold")
    for row in grouped.head(most).itertuples():
        style = STYLES[str(row.severity)]
        where = ".".join(part for part in (str(row.dataset), str(row.variable)) if part)
        numbers = (str(row.size), str(row.sum))
        table.add_row(f"[{style}]{row.severity}[/]", *numbers, row.rule, escape(where), escape(str(row.message)))
    out.print(table, soft_wrap=False)
    if len(grouped) > most:
        out.print(f"... and {len(grouped) - most} more kinds of findings")


def counts_line(findings: Findings) -> str:
    """Return the number of findings by severity as one line."""
    return ", ".join(f"{count} {severity}" for severity, count in findings.counts().items() if count) or "no findings"


def outcome_line(findings: Findings, counted: Findings) -> str:
    """Return the findings by severity, open ones (`counted`) and those accepted in the ledger, as one line.

    `3 findings (8 records): 0 error, 1 warning open; 2 error accepted in the ledger`.
    """
    if not len(findings):
        return "no findings"
    records = sum(findings.records().values())
    total = f"{len(findings)} findings" + (f" ({records} records)" if records != len(findings) else "")
    open_ = counted.counts()
    accepted = [
        f"{count - open_[severity]} {severity}"
        for severity, count in findings.counts().items()
        if count > open_[severity]
    ]
    if not accepted:
        return f"{total}: {counts_line(findings)}"
    left = [f"{count} {severity}" for severity, count in open_.items() if count or severity in ("error", "warning")]
    return f"{total}: {', '.join(left)} open; {_and(accepted)} accepted in the ledger"


def _and(parts: list[str]) -> str:
    return " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)


def end_with(findings: Findings, fail_on: FailOn) -> None:
    """Exit with status 1 when a finding is at or above the severity asked for."""
    for severity in SEVERITIES:
        if severity == fail_on.value and len(findings.at_or_above(severity)):
            raise typer.Exit(1)
