"""`spectrail sensitivity` on the reference study: its partial dates, worked out by hand."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from typer.testing import CliRunner

from specs.scaffold import init_study
from spectrail.cli import app
from spectrail.errors import SpectrailError

TWO, THREE = "SPT-BLINA-01-01-00032", "SPT-BLINA-01-01-00033"
FROM_ENROLMENT, FROM_REMISSION = ("EFS", "EFSELN", "EFSHSCT", "OS"), ("DOR", "RFS")
# Each died on a partial date, after the last day known alive; both events count, since the cut-off is 2024-06-30.
DIED = {
    TWO: ("2023-08", date(2023, 2, 26), date(2023, 3, 22), date(2023, 8, 13), date(2023, 8, 31)),
    THREE: ("2023", date(2023, 1, 29), date(2023, 2, 22), date(2023, 5, 21), date(2023, 12, 31)),
}
"""Collected date of death; enrolment, remission; the day after last known alive, and the last day of the interval."""


def run(*arguments: object) -> Any:
    """Run the command and return what it did; our own errors are raised."""
    done = CliRunner().invoke(app, ["sensitivity", *map(str, arguments)])
    if isinstance(done.exception, SpectrailError):
        raise done.exception
    return done


def expected() -> list[tuple[str, ...]]:
    """Return the changes of time to event: only AVAL moves, by the days between the two dates of death."""
    rows = []
    for subject, (text, enrolled, remission, first, last) in DIED.items():
        for start, codes in ((enrolled, FROM_ENROLMENT), (remission, FROM_REMISSION)):
            early, late = (str((day - start).days + 1) for day in (first, last))
            rows += [
                (f"USUBJID={subject} PARAMCD={code}", "AVAL", early, early, late, f"DM.DTHDTC {text}")
                for code in codes
            ]
    return sorted(rows)


@pytest.fixture(scope="module")
def found(blina: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    """Run the command once, with the start of treatment left out as a bound; return its JSON and its workbook."""
    book = tmp_path_factory.mktemp("sensitivity") / "s.xlsx"
    done = run(
        blina.folder, "--sdtm", blina.out, "--ignore-bound", "TRTSDT", "-o", book, "--json", "--fail-on", "notice"
    )
    assert done.exit_code == 1
    return json.loads(done.stdout), book


def test_time_to_death_moves_with_the_date_of_death(found: tuple[Any, Path]) -> None:
    """All parameters that end with death move; none changes its status."""
    columns = ("KEYS", "VARIABLE", "EARLIEST", "SPECIFIED", "LATEST", "PARTIAL_DATES")
    rows = [tuple(row[one] for one in columns) for row in found[0]["changes"] if row["DATASET"] == "ADTTE"]
    assert sorted(rows) == expected()


def test_event_of_the_month_of_the_first_dose_may_have_begun_before(found: tuple[Any, Path]) -> None:
    """Treatment began on 10 March 2023: an event of March is treatment-emergent unless it began before that day."""
    rows = [row for row in found[0]["changes"] if row["DATASET"] != "ADTTE"]
    assert [(row["DATASET"], row["VARIABLE"], row["EARLIEST"], row["SPECIFIED"], row["LATEST"]) for row in rows] == [
        ("ADAE", "TRTEMFL", "", "Y", "Y")
    ]
    assert rows[0]["PARTIAL_DATES"] == "AE.AESTDTC (1) 2023-03"
    dates = [(row["EARLIEST"], row["LATEST"]) for row in found[0]["dates"] if row["DATASET"] == "ADAE"]
    assert dates == [("2023-03-01", "2023-03-31")]


def test_partial_dates_are_those_of_the_data(found: tuple[Any, Path], blina: Any) -> None:
    """AE starts and deaths are imputed; partial dates of medication and history are not, so they move nothing."""
    listed = {(row["DATASET"], row["VARIABLE"], row["VALUE"]) for row in found[0]["partial_dates"]}
    starts, deaths = blina["AE"]["AESTDTC"].dropna(), blina["DM"]["DTHDTC"].dropna()
    assert listed == {
        *(("AE", "AESTDTC", text) for text in starts[starts.str.len() < 10]),
        *(("DM", "DTHDTC", text) for text in deaths[deaths.str.len() < 10]),
    }


def test_survival_at_six_months_moves_by_two_deaths(found: tuple[Any, Path]) -> None:
    """On day 182 (6 x 30.4375) both had died at the earliest dates; at the latest they died on days 187 and 337."""
    rows = [row for row in found[0]["results"] if (row["RESULT"], row["FIELD"]) == ("R.F2.OS", "at_risk")]
    moved = {row["STATISTIC"]: row["LATEST"] - row["EARLIEST"] for row in rows}
    assert moved == {"rate at 6": 2.0}


def test_workbook_has_the_same_rows(found: tuple[Any, Path]) -> None:
    """The sheet of changes is the JSON's list."""
    rows = list(openpyxl.load_workbook(found[1])["Changes"].iter_rows(min_row=2, values_only=True))
    assert [[cell or "" for cell in row] for row in rows] == [list(row.values()) for row in found[0]["changes"]]


def test_sdtm_of_other_raw_data_is_refused(blina: Any, tmp_path: Path) -> None:
    """A raw file that has changed since, or a dataset that has, is told before anything is derived."""
    study = tmp_path / "study"
    shutil.copytree(blina.folder, study)
    with (study / "raw" / "AE.csv").open("ab") as file:
        file.write(b"\n")
    with pytest.raises(SpectrailError, match=r"AE\.csv: is missing or not as the earlier build read it"):
        run(study, "--sdtm", blina.out)
    out = tmp_path / "out"
    shutil.copytree(blina.out, out)
    next(out.glob("m5/**/sdtm/ae.xpt")).unlink()
    with pytest.raises(SpectrailError, match=r"ae\.xpt: is missing or not as the earlier build wrote it"):
        run(blina.folder, "--sdtm", out)
    with pytest.raises(SpectrailError, match="no known suffix"):
        run(blina.folder, "--sdtm", blina.out, "-o", tmp_path / "s.doc")


def test_a_study_without_analysis_datasets_is_refused(tmp_path: Path) -> None:
    """There is nothing to derive, and that is said before SDTM is built."""
    init_study(tmp_path / "study")
    with pytest.raises(SpectrailError, match="no analysis datasets"):
        run(tmp_path / "study")
