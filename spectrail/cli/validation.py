"""Commands about validation: validate a folder of datasets, compare two."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spectrail.cli.options import AsJson, FailOnOption
from spectrail.cli.output import FailOn, end_with, out, outcome_line, print_findings, progress
from spectrail.errors import UsageError


def validate(
    path: Annotated[
        Path, typer.Argument(help="Folder of datasets (XPT, Dataset-JSON, Parquet), or of such folders.")
    ],
    out_folder: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for findings.json, report.xlsx, report.html.")
    ],
    define: Annotated[Path | None, typer.Option(help="define.xml; default: the one beside the datasets.")] = None,
    standard: Annotated[str | None, typer.Option(help="For example sdtmig-3.4; default: as define.xml says.")] = None,
    ct: Annotated[str | None, typer.Option(help="Terminology release where define.xml names none.")] = None,
    rules: Annotated[list[Path] | None, typer.Option(help="Folder of CORE rules to run too; repeatable.")] = None,
    fail_on: FailOnOption = FailOn.error,
    ledger: Annotated[Path | None, typer.Option(help="Issue ledger (CSV) with what was judged.")] = None,
    update_ledger: Annotated[bool, typer.Option("--update-ledger", help="Write the ledger.")] = False,
    data_docs: Annotated[
        Path | None, typer.Option(help="New folder for Great Expectations' data docs (extra: suites).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Validate datasets: conformance rules, define.xml, the folder itself; accepted findings do not count."""
    from spectrail.pipeline.validate import validate_path

    if update_ledger and ledger is None:
        raise UsageError("--update-ledger needs a ledger", hint="name the file with --ledger")
    with progress() as told:
        done = validate_path(
            path,
            out_folder,
            define=define,
            standard=standard,
            ct=ct,
            rules=rules or (),
            ledger=ledger,
            update_ledger=update_ledger,
            data_docs=data_docs,
            progress=told,
        )
    result = done.result
    if as_json:
        typer.echo((out_folder / "findings.json").read_text(encoding="utf-8"), nl=False)
    else:
        for facts in result.folders:
            out.print(
                f"{facts.folder}: {facts.standard} {facts.version}" + (f" ({facts.assumed})" * bool(facts.assumed))
            )
        print_findings(done.counted)
        counts = result.rule_counts()
        out.print(f"{sum(counts.values())} rules: " + ", ".join(f"{count} {name}" for name, count in counts.items()))
        if result.run_in_part():
            out.print(f"{len(result.run_in_part())} of the rules run could not be evaluated on every dataset")
        out.print(outcome_line(result.findings, done.counted))
        if done.judged.used:
            out.print("ledger: " + ", ".join(f"{count} {name}" for name, count in done.judged.counts().items()))
        for file in done.written:
            out.print(f"written: {file}", soft_wrap=True)
    end_with(done.counted, fail_on)


def compare(
    base: Annotated[Path, typer.Argument(help="Dataset file (XPT, Dataset-JSON, Parquet, CSV) or folder of them.")],
    other: Annotated[Path, typer.Argument(metavar="COMPARE", help="File or folder to compare with it.")],
    out_folder: Annotated[Path | None, typer.Option("--out", "-o", help="Folder for text, XLSX and HTML.")] = None,
    keys: Annotated[str, typer.Option(help="Key variables, A,B; default: declared, usual or found ones.")] = "",
    tolerance: Annotated[float, typer.Option(min=0, help="Relative tolerance of numbers.")] = 1e-8,
    absolute: Annotated[float, typer.Option(min=0, help="Absolute tolerance of numbers.")] = 0.0,
    ignore: Annotated[str, typer.Option(help="Attributes that may differ: label,type,length,format,order.")] = "",
) -> None:
    """Compare datasets of double programming; the exit status is 1 when anything differs beyond the tolerance."""
    from spectrail.pipeline.validate import UNDATED
    from validation.compare import Tolerance, compare_paths
    from validation.compare.reports import compare_text, write_compare_reports

    with progress() as told:
        found = compare_paths(
            base,
            other,
            keys=_listed(keys),
            tolerance=Tolerance(tolerance, absolute),
            ignore=_listed(ignore),
            progress=told,
        )
    typer.echo(compare_text(found), nl=False)
    if out_folder is not None:
        for file in write_compare_reports(found, out_folder, created=UNDATED):
            out.print(f"written: {file}", soft_wrap=True)
    if not found.equal:
        raise typer.Exit(1)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
