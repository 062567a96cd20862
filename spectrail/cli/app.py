"""The commands and their options; each imports what it needs when it runs, so that `--help` is immediate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from spectrail.cli.checks import define_app, rules_app, spec_import
from spectrail.cli.options import AsJson, FailOnOption, OutFolder, StudyFolder
from spectrail.cli.output import FailOn, end_with, out, outcome_line, print_findings, progress
from spectrail.cli.sensitivity import sensitivity
from spectrail.cli.validation import compare, validate

app = typer.Typer(
    name="spectrail",
    help="Clinical trial data from raw extracts to SDTM, ADaM and define.xml, driven by one specification.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
spec_app = typer.Typer(help="The specification: check, convert, import, start one.", no_args_is_help=True)
app.add_typer(spec_app, name="spec")

app.add_typer(define_app, name="define")
app.add_typer(rules_app, name="rules")
spec_app.command("import")(spec_import)
app.command("validate")(validate)
app.command("compare")(compare)
app.command("sensitivity")(sensitivity)


def _version(wanted: bool) -> None:
    if wanted:
        import importlib.metadata

        typer.echo(f"spectrail {importlib.metadata.version('spectrail')}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Clinical trial data from raw extracts to SDTM, ADaM and define.xml, driven by one specification."""
    del version


@app.command()
def build(
    study: StudyFolder,
    out_folder: OutFolder,
    only: Annotated[str, typer.Option(help="Parts to build: sdtm,adam,define,validate.")] = "",
    datasets: Annotated[str, typer.Option(help="Datasets to build; the rest is carried over.")] = "",
    fail_on: FailOnOption = FailOn.error,
    as_json: AsJson = False,
) -> None:
    """Build a study: raw data to a submission folder."""
    from spectrail.pipeline.build import build_study

    with progress() as told:
        result = build_study(study, out_folder, only=_listed(only), datasets=_listed(datasets), progress=told)
    if as_json:
        typer.echo(json.dumps(result.record, indent=1, ensure_ascii=False))
    else:
        print_findings(result.counted)
        written = [entry for entry in result.record["outputs"] if "records" in entry]
        records = sum(entry["records"] for entry in written)
        out.print(outcome_line(result.findings, result.counted))
        out.print(f"{len(written)} datasets, {records} records, {result.record['seconds']} s")
        for folder in sorted({str(Path(entry["path"]).parent) for entry in written}):
            out.print(f"datasets: {out_folder / folder}", soft_wrap=True)
        out.print(f"run record: {out_folder / 'run.json'}", soft_wrap=True)
        for name, part in (("report", "validation/report.html"), ("queries", "queries/queries.html")):
            if (out_folder / part).is_file():
                out.print(f"{name}: {out_folder / part}", soft_wrap=True)
    end_with(result.counted, fail_on)


@app.command()
def explain(
    out_folder: Annotated[Path, typer.Argument(help="OUT folder of a build.")],
    dataset: Annotated[str, typer.Argument(help="Dataset, for example AE.")],
    where: Annotated[str, typer.Option(help="Condition, for example \"USUBJID == '...' and AESEQ == 3\".")],
    variable: Annotated[str, typer.Option(help="Variable to explain; without it the record.")] = "",
    study: Annotated[Path | None, typer.Option(help="Study folder, for the collected values.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show where a value came from: steps, raw file, row, columns and collected values."""
    from spectrail.cli.explained import print_explanation
    from spectrail.pipeline.explain import Explainer, as_data

    found = Explainer(out_folder, study).explain(dataset, where, variable)
    if as_json:
        typer.echo(json.dumps([as_data(one) for one in found], indent=1, ensure_ascii=False))
        return
    for one in found:
        print_explanation(one)


@app.command("diff-extracts")
def diff_extracts_command(
    old: Annotated[Path, typer.Argument(help="Study folder with the earlier extract.")],
    new: Annotated[Path, typer.Argument(help="Study folder with the later extract.")],
    as_json: AsJson = False,
) -> None:
    """List added, changed and removed raw rows by form and key."""
    from sdtm.intake import diff
    from specs.yaml_files import read_study

    changes = diff.diff_folders(old, new, read_study(new).study.sources)
    if as_json:
        typer.echo(json.dumps(diff.as_rows(changes), indent=1, ensure_ascii=False))
    else:
        out.print(diff.as_table(changes))


@app.command()
def convert(
    source: Annotated[Path, typer.Argument(help="Dataset file: .xpt, .json, .ndjson, .parquet or .csv.")],
    target: Annotated[Path, typer.Argument(help="File to write; the suffix says the format.")],
    created: Annotated[str, typer.Option(help="Creation time to write, ISO 8601.")] = "2000-01-01T00:00:00",
) -> None:
    """Convert a dataset between XPT, Dataset-JSON, Parquet and CSV."""
    from datetime import datetime

    from spectrail.io.tables import read_dataset, write_dataset

    dataset = read_dataset(source)
    write_dataset(dataset, target, created=datetime.fromisoformat(created))
    out.print(f"{target}: {dataset.name}, {len(dataset)} records, {len(dataset.layout.columns)} variables")


@app.command()
def simulate(
    name: Annotated[str, typer.Argument(help="Packaged study: blina_ball.")],
    out_folder: OutFolder,
    subjects: Annotated[int | None, typer.Option(help="Subjects to screen (default: as the profile has).")] = None,
    seed: Annotated[int, typer.Option(help="Seed; the same seed gives the same bytes.")] = 1,
    profile: Annotated[str, typer.Option(help="trial or publication.")] = "trial",
    extract: Annotated[int, typer.Option(help="1: first extract, 2: a later one with corrections.")] = 1,
    mrd_domain: Annotated[str, typer.Option(help="Domain of residual disease: LB, or CP (with GF).")] = "LB",
    force: Annotated[bool, typer.Option("--force", help="Replace a simulated study although it was edited.")] = False,
) -> None:
    """Write a complete study folder (raw data, specification, truth log) that `build` takes as it is."""
    from spectrail.studies import simulate_study

    folder = simulate_study(
        name,
        out_folder,
        subjects=subjects,
        seed=seed,
        profile=profile,
        extract=extract,
        mrd_domain=mrd_domain,
        force=force,
    )
    out.print(f"study folder: {folder}", soft_wrap=True)


@spec_app.command("check")
def spec_check(study: StudyFolder, fail_on: FailOnOption = FailOn.error, as_json: AsJson = False) -> None:
    """Report every fault of a specification at once, with file, sheet, row and column or line, and a hint."""
    from spectrail.cli.specification import print_faults
    from spectrail.pipeline.check import check_specification

    findings = check_specification(study)
    if as_json:
        typer.echo(findings.frame.to_json(orient="records", force_ascii=False, indent=1))
    else:
        print_faults(findings)
    end_with(findings, fail_on)


@spec_app.command("convert")
def spec_convert(
    source: Annotated[Path, typer.Argument(help="Workbook (.xlsx) or folder of YAML files.")],
    target: Annotated[Path, typer.Argument(help="Workbook or folder to write.")],
) -> None:
    """Convert a specification between workbook and YAML."""
    from specs.scaffold import convert_specification

    convert_specification(source, target)
    out.print(f"written: {target}", soft_wrap=True)


@spec_app.command("init")
def spec_init(folder: Annotated[Path, typer.Argument(help="Folder to create.")]) -> None:
    """Start a study folder with a small specification that runs."""
    from specs.scaffold import init_study

    init_study(folder)
    out.print(f"study folder: {folder}\nnext: spectrail build {folder} -o out", soft_wrap=True)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
