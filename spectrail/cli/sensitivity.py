"""What partial dates can change in an analysis."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from spectrail.cli.options import AsJson, FailOnOption, StudyFolder
from spectrail.cli.output import FailOn, end_with, out, print_findings, progress

if TYPE_CHECKING:
    import pandas as pd

    from adam.sensitivity import Sensitivity

MOST = 25


def sensitivity(
    study: StudyFolder,
    file: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="File to write: .xlsx with everything; .csv or .parquet with the changes."),
    ] = None,
    sdtm: Annotated[
        Path | None, typer.Option(help="OUT of a build of this study, to take SDTM from; default: SDTM is built.")
    ] = None,
    ignore_bound: Annotated[
        list[str] | None,
        typer.Option(help="A minimum or maximum date, such as TRTSDT, that shall not bound the dates; repeatable."),
    ] = None,
    fail_on: FailOnOption = FailOn.error,
    as_json: AsJson = False,
) -> None:
    """List what changes in ADaM when every partial date has its earliest and its latest meaning."""
    from spectrail.pipeline.sensitivity import as_data, check_target, date_sensitivity, write_sensitivity

    if file is not None:
        check_target(file)
    with progress() as told:
        specified, found = date_sensitivity(study, sdtm=sdtm, ignoring=ignore_bound or (), progress=told)
    if file is not None:
        write_sensitivity(file, specified, found)
    if as_json:
        typer.echo(json.dumps(as_data(found), indent=1, ensure_ascii=False, allow_nan=False))
    else:
        _print(found)
        if file is not None:
            out.print(f"written: {file}", soft_wrap=True)
    if fail_on is FailOn.notice and (len(found.values) or len(found.results)):
        raise typer.Exit(1)
    end_with(found.findings, fail_on)


def _print(found: Sensitivity) -> None:
    out.print(f"{len(found.partial)} partial dates are imputed; {len(found.dates)} analysis dates move")
    if len(found.findings):
        print_findings(found.findings)
    sides = ["EARLIEST", "SPECIFIED", "LATEST"]
    if len(found.values):
        _print_table(found.values, ["DATASET", "KEYS", "VARIABLE", *sides, "PARTIAL_DATES"])
        _print_table(found.summary(), list(found.summary()))
    numbers = found.results.assign(**{side: found.results[side].map("{:g}".format) for side in sides})
    if len(numbers):
        _print_table(numbers, ["DISPLAY", "DESCRIPTION", "GROUP", "STATISTIC", "FIELD", *sides])
    out.print(f"{len(found.values)} values and {len(found.results)} numbers of results change")


def _print_table(frame: pd.DataFrame, columns: list[str]) -> None:
    table = Table(box=None, header_style="bold")
    for name in columns:
        table.add_column(name.lower().replace("_", " "), overflow="fold")
    for row in frame[columns].head(MOST).itertuples(index=False):
        table.add_row(*(escape(str(cell)) for cell in row))
    out.print(table, soft_wrap=False)
    if len(frame) > MOST:
        out.print(f"... and {len(frame) - MOST} more; --out FILE.xlsx lists all")
    out.print()
