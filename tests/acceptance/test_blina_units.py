"""Units of the laboratories: the same amount in every unit is the same standard result with the same limits."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Mapping
from typing import Any

import pandas as pd
import pytest

from spectrail.findings import Findings
from spectrail.io.xpt import read_xpt
from spectrail.pipeline.build import build_study

Row = tuple[str, str, str, str]
COUNT_OF_THOUSANDS = ("10^9/L", "10*9/L", "G/L", "x10e3/µL", "x10e3/μL", "K/uL", "10^3/uL", "10^3/mm3", "K/cumm")

GIVEN: Mapping[str, tuple[tuple[str, str, str, str], list[Row]]] = {
    # test: standard result, unit, limits; and result, unit, limits as laboratories give them, worked out by hand
    "NEUT": (
        ("0.5", "10^9/L", "1.8", "6.3"),
        [
            *(("0.5", unit, "1.8", "6.3") for unit in COUNT_OF_THOUSANDS),
            ("500", "/mm3", "1800", "6300"),
            ("500", "/µL", "1800", "6300"),
            ("500", "/μL", "1800", "6300"),
            ("500", "10^6/L", "1800", "6300"),
            ("0.05", "万/mm3", "0.18", "0.63"),
            ("0.05", "10^4/uL", "0.18", "0.63"),
            ("０．５", "10^9/L", "１．８", "６．３"),
            ("５００", "/mm3", "１８００", "６３００"),
            ("０．０５", "万/mm3", "0.18", "0.63"),
        ],
    ),
    "PLAT": (
        ("120", "10^9/L", "125", "350"),
        [
            *(("120", unit, "125", "350") for unit in COUNT_OF_THOUSANDS),
            ("120000", "/mm3", "125000", "350000"),
            ("120,000", "/mm3", "125,000", "350,000"),
            ("12", "万/mm3", "12.5", "35"),
            ("１２", "万/mm3", "１２．５", "３５"),
            ("120000", "/uL", "125000", "350000"),
        ],
    ),
    "HGB": (
        ("121", "g/L", "115", "150"),
        [("121", "g/L", "115", "150"), ("12.1", "g/dL", "11.5", "15.0"), ("１２．１", "g/dL", "１１．５", "１５")],
    ),
    "CREAT": (
        ("159.12", "umol/L", "44.2", "106.08"),
        [
            ("159.12", "umol/L", "44.2", "106.08"),
            ("159.12", "µmol/L", "44.2", "106.08"),
            ("159.12", "μmol/L", "44.2", "106.08"),
            ("1.8", "mg/dL", "0.5", "1.2"),
            ("１．８", "mg/dL", "０．５", "１．２"),
        ],
    ),
    "BILI": (
        ("20.52", "umol/L", "3.42", "20.52"),
        [
            ("20.52", "umol/L", "3.42", "20.52"),
            ("20.52", "µmol/L", "3.42", "20.52"),
            ("1.2", "mg/dL", "0.2", "1.2"),
            ("１．２", "mg/dL", "0.2", "１．２"),
        ],
    ),
}
DOUBTFUL: Mapping[str, Row] = {
    # rule: a result that no stated rule can convert
    "MAP-UNIT-UNKNOWN": ("0.5", "EL/L", "1.8", "6.3"),
    "MAP-UNIT-MISSING": ("500", "", "1800", "6300"),
}


def raw_rows() -> list[tuple[str, Row]]:
    """Return the test and the row of everything that is given, in the order it is written."""
    rows = [(test, row) for test, (_, given) in GIVEN.items() for row in given]
    return rows + [("NEUT", row) for row in DOUBTFUL.values()]


@pytest.fixture(scope="module")
def built(blina: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, Findings]:
    """Build LB of the reference study with these rows as its laboratory data; rows stand in their order."""
    folder = tmp_path_factory.mktemp("units")
    shutil.copytree(blina.folder, folder / "study", ignore=shutil.ignore_patterns("truth"))
    path = folder / "study" / "raw" / "LBLOC.csv"
    with path.open(encoding="utf-8", newline="") as handle:
        usual = next(csv.DictReader(handle))
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(usual))
        writer.writeheader()
        for number, (test, (result, unit, low, high)) in enumerate(raw_rows(), start=1):
            place = {"RecordPosition": str(number), "SAMPTIM": f"{number // 60 + 8:02d}:{number % 60:02d}"}
            value = {"TESTCD": test, "TEST": test, "RESULT": result, "UNIT": unit, "LLN": low, "ULN": high}
            writer.writerow(usual | place | value | {"COMMENT": ""})
    done = build_study(folder / "study", folder / "out", only=("sdtm",), datasets=("LB",))
    records = read_xpt(done.sdtm / "lb.xpt").frame
    mine = records[records["LBSPID"].str.startswith("LBLOC-")].copy()
    order = mine["LBSPID"].str.removeprefix("LBLOC-").astype(int)
    return mine.iloc[order.argsort()].reset_index(drop=True), done.findings


@pytest.mark.parametrize("test", GIVEN)
def test_one_amount_in_all_units_is_one_standard_result(built: tuple[pd.DataFrame, Findings], test: str) -> None:
    """Result, unit and both limits are equal, with one factor for all of them; what was collected stays."""
    (result, unit, low, high), given = GIVEN[test]
    records = built[0].iloc[[number for number, (name, _) in enumerate(raw_rows()) if name == test][: len(given)]]
    names = ["LBSTRESC", "LBSTRESN", "LBSTRESU", "LBSTNRLO", "LBSTNRHI"]
    expected = [(row, result, float(result), unit, float(low), float(high)) for row in given]
    actual = [(row, *values) for row, values in zip(given, records[names].to_numpy().tolist(), strict=True)]
    assert actual == expected
    plain = [row[0].translate(str.maketrans("０１２３４５６７８９．", "0123456789.")) for row in given]
    assert records["LBORRES"].tolist() == plain


@pytest.mark.parametrize("test", GIVEN)
def test_the_indicator_is_the_same_in_all_units(built: tuple[pd.DataFrame, Findings], test: str) -> None:
    """A result at or within its limits is normal in every unit, below them low, above them high."""
    (result, _, low, high), given = GIVEN[test]
    wanted = "LOW" if float(result) < float(low) else "HIGH" if float(result) > float(high) else "NORMAL"
    records = built[0].iloc[[number for number, (name, _) in enumerate(raw_rows()) if name == test][: len(given)]]
    assert records["LBNRIND"].tolist() == [wanted] * len(given)


@pytest.mark.parametrize("rule", DOUBTFUL)
def test_a_unit_that_is_unknown_or_blank_is_a_finding(built: tuple[pd.DataFrame, Findings], rule: str) -> None:
    """The result is as collected, has no standard number or limits, and is an error finding on its raw row."""
    records, findings = built
    number = len(raw_rows()) - len(DOUBTFUL) + list(DOUBTFUL).index(rule)
    record = records.iloc[number].fillna("")
    assert record[["LBORRES", "LBSTRESC"]].tolist() == [DOUBTFUL[rule][0]] * 2
    assert record[["LBSTRESN", "LBSTRESU", "LBSTNRLO", "LBSTNRHI"]].tolist() == ["", "", "", ""]
    raised = findings.frame[(findings.frame["rule"] == rule) & (findings.frame["source"] == "lab_raw")]
    assert raised[["severity", "source_row"]].drop_duplicates().to_numpy().tolist() == [["error", number + 1]]


def test_no_other_row_is_doubtful(built: tuple[pd.DataFrame, Findings]) -> None:
    """No unit given here but the unknown and the blank one is reported."""
    frame = built[1].frame
    units = frame[frame["rule"].astype("str").str.startswith("MAP-UNIT") & (frame["source"] == "lab_raw")]
    assert sorted(units["rule"].astype("str").unique()) == sorted(DOUBTFUL)
    assert units["source_row"].nunique() == len(DOUBTFUL)
