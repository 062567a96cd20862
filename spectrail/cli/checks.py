"""Commands about define.xml and rules."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spectrail.cli.options import AsJson, FailOnOption
from spectrail.cli.output import FailOn, counts_line, end_with, out
from spectrail.cli.specification import print_faults

define_app = typer.Typer(help="define.xml: check, render.", no_args_is_help=True)
rules_app = typer.Typer(help="Conformance rules: list, test.", no_args_is_help=True)
Define = Annotated[Path, typer.Argument(help="define.xml, version 2.0 or 2.1.")]


@define_app.command("check")
def define_check(
    file: Define,
    data: Annotated[Path | None, typer.Option(help="Folder of the datasets it describes.")] = None,
    fail_on: FailOnOption = FailOn.error,
    as_json: AsJson = False,
) -> None:
    """Check a define.xml: schema, links, rules beyond the schema, and consistency with the data."""
    from define_xml.check import check_define

    findings = check_define(file, data_dir=data)
    if as_json:
        typer.echo(findings.frame.to_json(orient="records", force_ascii=False, indent=1))
    else:
        print_faults(findings)
    end_with(findings, fail_on)


@define_app.command("html")
def define_html(file: Define, target: Annotated[Path, typer.Option("--out", "-o", help="Page to write.")]) -> None:
    """Render a define.xml as one page that needs no network and no XSLT in the browser."""
    from define_xml.html import render_html

    render_html(file, target)
    out.print(f"written: {target}", soft_wrap=True)


def spec_import(
    file: Define, folder: Annotated[Path, typer.Argument(help="Folder to write: workbook and YAML.")]
) -> None:
    """Turn a define.xml into a specification: workbook and YAML; what the model cannot hold is listed."""
    from define_xml.importer import import_define

    imported = import_define(file, folder)
    print_faults(imported.findings)
    out.print(f"written: {folder} (Define-XML {imported.version}, {counts_line(imported.findings)})", soft_wrap=True)


@rules_app.command("list")
def rules_list(
    directories: Annotated[
        list[Path] | None, typer.Argument(help="Folders of rules; default: the packaged ones.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the rules of folders, or the packaged ones."""
    from validation.core.commands import list_rules, render_rules
    from validation.rules import RULES_FOLDER

    rules = list_rules(directories or [RULES_FOLDER])
    if as_json:
        typer.echo(rules.to_json(orient="records", force_ascii=False, indent=1))
    else:
        render_rules(rules, out)


@rules_app.command("test")
def rules_test(
    directory: Annotated[Path, typer.Argument(help="Folder of rules with positive and negative cases.")],
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the outcome of every case to a file.")
    ] = None,
) -> None:
    """Run every positive and negative case of a folder of rules and compare with what is recorded."""
    from validation.core.commands import exit_status, render_cases, run_rule_cases, write_cases

    cases = run_rule_cases(directory)
    render_cases(cases, out)
    if json_file is not None:
        write_cases(cases, json_file)
    raise typer.Exit(exit_status(cases))
