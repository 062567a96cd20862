"""Test cases of rules: how they are read, compared, reported."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rich.console import Console

from spectrail.errors import InputError, OutputError
from validation.core.case_files import read_case
from validation.core.case_runner import CaseTable, run_cases
from validation.core.commands import (
    exit_status,
    list_rules,
    render_cases,
    render_rules,
    summarise_cases,
    write_cases,
)

RULE = """
Core: {Id: R-1, Status: Published}
Description: AETERM is [bold]missing[/bold]
Authorities:
  - Organization: CDISC
    Standards:
      - {Name: SDTMIG, Version: "3.4", References: [{Rule Identifier: {Id: CG0001}}]}
Rule Type: Record Data
Sensitivity: Record
Check:
  all:
    - {name: AETERM, operator: empty}
Outcome: {Message: missing, Output Variables: [AETERM, AESEQ]}
"""
VARIABLES = "dataset,variable,label,type,length\nae,AESEQ,Sequence,Num,8\nAE,AETERM,Term,Char,20\n"
RECORDED = "Dataset,Record,Variable,Value\n"


def case(
    folder: Path,
    name: str,
    ae: str,
    *,
    recorded: str | None = None,
    env: str = "PRODUCT=sdtmig\nVERSION=3-4\n",
    datasets: str = "Filename,Label\nae,Adverse Events\n",
) -> None:
    """Write one case."""
    data = folder / name / "data"
    data.mkdir(parents=True)
    (data / ".env").write_text(env)
    (data / "_datasets.csv").write_text(datasets)
    (data / "_variables.csv").write_text(VARIABLES)
    (data / "ae.csv").write_text(ae)
    (data / "unlisted.csv").write_text("AETERM\n\n")
    if recorded is not None:
        (folder / name / "results").mkdir()
        (folder / name / "results" / "results.csv").write_text(recorded)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with one rule."""
    (tmp_path / "R-1").mkdir()
    (tmp_path / "R-1" / "rule.yml").write_text(RULE)
    return tmp_path


def outcomes(table: CaseTable) -> list[tuple[str, str, str]]:
    """Return case, status and reason."""
    return [(result.case, result.status, result.reason) for result in table.results]


def test_values_are_read_as_declared(folder: Path) -> None:
    """Num is a number, Char keeps leading zeros, blank cells are missing, NA is a text, line breaks are kept."""
    case(folder / "R-1", "positive/01", 'AESEQ,AETERM,EXTRA,WORD\n1,007,2,NA\n ,"a\nb",,null\n,  ,3,\n')
    table = read_case("R-1", "positive/01", folder / "R-1" / "positive" / "01").tables["AE"]
    cells = table.frame.astype(object).where(table.frame.notna(), None)
    assert cells.to_dict("list") == {
        "AESEQ": [1.0, None, None],
        "AETERM": ["007", "a\nb", None],
        "EXTRA": [2.0, None, 3.0],
        "WORD": ["NA", "null", None],
    }
    assert [variable.name for variable in table.variables] == ["AESEQ"]
    assert (table.label, table.file_name) == ("Adverse Events", "ae.csv")


def test_only_listed_datasets_are_read_and_missing_ones_are_told(folder: Path) -> None:
    """A file beside the list is no dataset; a listed file has to be there."""
    case(folder / "R-1", "positive/01", "AESEQ,AETERM\n1,x\n", datasets="Filename,Label\nae,A\nlb,L\n")
    table = run_cases(folder)
    assert table.results[0].status == "not_evaluated"
    assert "lb.csv is missing" in table.results[0].reason


def test_recorded_lines_have_to_come_out(folder: Path) -> None:
    """Same lines pass in any order; a different value, a missing and an extra line fail with what differs."""
    ae = "AESEQ,AETERM\n1,x\n2,\n"
    good = RECORDED + "AE,2,AESEQ,2.0\nae,2,AETERM,\nAE,,,\n"
    case(folder / "R-1", "negative/01", ae, recorded=good)
    case(folder / "R-1", "negative/02", ae, recorded=RECORDED + "AE,2,AESEQ,2\nAE,2,AETERM,\n")
    case(folder / "R-1", "positive/01", ae, recorded=RECORDED)
    assert outcomes(run_cases(folder)) == [
        ("positive/01", "failed", "2 lines not recorded: AE 2 AESEQ 2.0 | AE 2 AETERM"),
        ("negative/01", "passed", ""),
        ("negative/02", "failed", "1 lines missing: AE 2 AESEQ 2; 1 lines not recorded: AE 2 AESEQ 2.0"),
    ]


def test_cases_without_recorded_results_go_by_verdict(folder: Path) -> None:
    """Positive: none; negative: at least one."""
    case(folder / "R-1", "positive/01", "AESEQ,AETERM\n1,x\n")
    case(folder / "R-1", "positive/02", "AESEQ,AETERM\n1,\n")
    case(folder / "R-1", "negative/01", "AESEQ,AETERM\n1,\n")
    case(folder / "R-1", "negative/02", "AESEQ\n1\n")
    assert outcomes(run_cases(folder)) == [
        ("positive/01", "passed", ""),
        ("positive/02", "failed", "1 findings where none is wanted"),
        ("negative/01", "passed", ""),
        (
            "negative/02",
            "failed",
            "no finding where at least one is wanted; does not apply to any dataset: "
            "AE: variable AETERM is not in the dataset",
        ),
    ]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("operator: empty", "operator: emptyish", "unknown operator"),
        ("Check:", "Match Datasets:\n  - {Name: DM, Keys: [USUBJID]}\nCheck:", "DM is not in the study"),
        ("Check:", "Operations:\n  - {id: $x, operator: codelist_terms, codelists: [NY]}\nCheck:", "terminology"),
        ("Check:", "Check: [", "cannot be read as YAML"),
    ],
)
def test_what_could_not_run_is_not_passed(folder: Path, old: str, new: str, reason: str) -> None:
    """Even when nothing was expected."""
    rule = folder / "R-1" / "rule.yml"
    rule.write_text(rule.read_text().replace(old, new, 1))
    case(folder / "R-1", "positive/01", "AESEQ,AETERM\n1,x\n", recorded=RECORDED)
    table = run_cases(folder)
    assert [result.status for result in table.results] == ["not_evaluated"]
    assert reason in table.results[0].reason
    assert exit_status(table) == 1


def test_a_folder_without_cases_is_an_input_error(folder: Path) -> None:
    """Nothing tested is not a success."""
    with pytest.raises(InputError, match="no test cases"):
        run_cases(folder)


def test_outcomes_as_json_and_tables(folder: Path, tmp_path: Path) -> None:
    """The machine form has rule, case, status and reason; markup in a rule's text is shown as it is."""
    case(folder / "R-1", "positive/01", "AESEQ,AETERM\n1,x\n")
    case(folder / "R-1", "negative/01", "AESEQ,AETERM\n1,x\n")
    table = run_cases(folder)
    write_cases(table, tmp_path / "out.json")
    reason = "no finding where at least one is wanted"
    assert json.loads((tmp_path / "out.json").read_text()) == {
        "cases": [
            {"rule": "R-1", "case": "positive/01", "status": "passed", "reason": ""},
            {"rule": "R-1", "case": "negative/01", "status": "failed", "reason": reason},
        ]
    }
    assert summarise_cases(table).to_numpy().tolist() == [["R-1", 1, 1, 0, f"negative/01: {reason}"]]
    assert exit_status(table) == 1
    with pytest.raises(OutputError, match="cannot write"):
        write_cases(table, tmp_path)
    console = Console(record=True, width=160, quiet=False, file=(tmp_path / "console").open("w"))
    render_cases(table, console)
    render_rules(list_rules([folder]), console)
    text = console.export_text()
    assert "2 cases: 1 passed, 1 failed, 0 not evaluated" in text
    assert "[bold]missing[/bold]" in text
    assert list_rules([folder])[["rule", "public_ids", "standards", "broken"]].to_numpy().tolist() == [
        ["R-1", "CG0001", "SDTMIG 3.4", ""]
    ]
