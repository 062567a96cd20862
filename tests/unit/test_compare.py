"""Comparing datasets: verdicts, keys, tolerance, causes, formats mixed, reports."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from spectrail.dataset import Dataset
from spectrail.errors import InputError, UnknownNameError, UsageError
from spectrail.io.tables import write_dataset
from spectrail.layout import Column, Layout
from validation.compare import Comparison, Tolerance, compare_datasets, compare_paths
from validation.compare.causes import guess_number, guess_text
from validation.compare.reports import compare_html, compare_text, write_compare_reports

CREATED = datetime(2025, 1, 31, 12)
LAYOUT = Layout(
    "LB",
    "Laboratory Test Results",
    (
        Column("STUDYID", "Study Identifier", "text", 8),
        Column("USUBJID", "Unique Subject Identifier", "text", 8),
        Column("LBTESTCD", "Lab Test", "text", 8),
        Column("LBORRES", "Result", "text", 20),
        Column("LBSTRESN", "Numeric Result", "float"),
        Column("LBDTC", "Date", "text", 20),
        Column("ADT", "Analysis Date", "float", 8, "DATE9."),
    ),
)


def laboratory(**changes: list[object]) -> Dataset:
    """Return four records; `changes` replaces columns."""
    columns: dict[str, list[object]] = {
        "STUDYID": ["S1"] * 4,
        "USUBJID": ["1", "1", "2", "2"],
        "LBTESTCD": ["ALT", "AST", "ALT", "AST"],
        "LBORRES": ["10.25", "High", "30", None],
        "LBSTRESN": [10.25, np.nan, 30.0, 41.123],
        "LBDTC": ["2020-01-01", "2020-01-02", "2020-02-01", "2020-02"],
        "ADT": [21915.0, 21916.0, 21946.0, np.nan],
    }
    frame = pd.DataFrame(
        {
            name: pd.Series(values, dtype="float64" if LAYOUT[name].numeric else "str")
            for name, values in (columns | changes).items()
        }
    )
    return Dataset(LAYOUT, frame)


def causes(found: Comparison) -> dict[str, tuple[int, str]]:
    """Return variable -> number of differences and cause."""
    return {one.variable: (one.count, one.cause) for one in found.differing}


def test_identical_copy_is_equal():
    """Keys are those usual for the dataset."""
    found = compare_datasets(laboratory(), laboratory())
    assert (found.equal, found.verdict, found.keys) == (True, "equal", ("STUDYID", "USUBJID", "LBTESTCD"))


def test_noise_within_the_tolerance_is_equal_and_told():
    """A relative 1e-9 is within the default 1e-8, and beyond 1e-10."""
    noisy = laboratory(LBSTRESN=[10.25 * (1 + 1e-9), np.nan, 30.0, 41.123])
    found = compare_datasets(laboratory(), noisy)
    assert (found.equal, found.verdict) == (True, "equal within the tolerance (1 values differ by less)")
    strict = compare_datasets(laboratory(), noisy, tolerance=Tolerance(1e-10))
    assert (strict.equal, [one.variable for one in strict.differing]) == (False, ["LBSTRESN"])


@pytest.mark.parametrize(
    ("base", "other", "tolerance", "equal"),
    [
        (100.0, 101.0, Tolerance(0.01), True),  # 1 <= 0.01 x 101
        (100.0, 101.02, Tolerance(0.01), False),  # 1.02 > 1.0102
        (0.0, 1e-12, Tolerance(1e-8), False),  # relative to zero nothing is small
        (0.0, 1e-12, Tolerance(1e-8, 1e-9), True),
        (5.0, np.nan, Tolerance(1.0, 10.0), False),  # missing is no number
        (np.inf, np.inf, Tolerance(), True),
        (np.inf, 5.0, Tolerance(), False),
    ],
)
def test_tolerance_is_absolute_plus_relative_of_the_larger(
    base: float, other: float, tolerance: Tolerance, equal: bool
):
    """|a - b| <= absolute + relative x max(|a|, |b|)."""
    values = [np.nan, 30.0, 41.123]
    left, right = laboratory(LBSTRESN=[base, *values]), laboratory(LBSTRESN=[other, *values])
    assert compare_datasets(left, right, tolerance=tolerance).equal is equal


def test_dates_are_exact():
    """The tolerance does not apply to numeric dates: one day in 21915 is a difference."""
    found = compare_datasets(
        laboratory(), laboratory(ADT=[21916.0, 21917.0, 21947.0, np.nan]), tolerance=Tolerance(0.1)
    )
    assert causes(found) == {"ADT": (3, "dates shifted by +1 day")}


def test_shuffled_rows_are_equal():
    """The order of records is told and is no difference."""
    base = laboratory()
    shuffled = base.replace(frame=base.frame.iloc[[2, 0, 3, 1]].reset_index(drop=True))
    found = compare_datasets(base, shuffled)
    assert (found.equal, found.verdict) == (True, "equal; records in another order")


def test_trimmed_text_is_a_difference_with_its_cause():
    """Text is exact; blanks at the ends are recognised as the cause."""
    found = compare_datasets(laboratory(LBORRES=[" 10.25", "High ", " 30", None]), laboratory())
    assert not found.equal
    assert causes(found) == {"LBORRES": (3, "trimming: blanks at the ends")}


def test_renamed_label_is_an_attribute_difference():
    """Nothing else differs; the attribute can be ignored."""
    other = laboratory()
    columns = tuple(replace(one, label="Outcome") if one.name == "LBORRES" else one for one in LAYOUT.columns)
    other = other.replace(layout=replace(LAYOUT, columns=columns))
    found = compare_datasets(laboratory(), other)
    assert found.verdict == "attributes differ (1: label)"
    assert found.attributes.to_numpy().tolist() == [["LBORRES", "label", "Result", "Outcome"]]
    assert compare_datasets(laboratory(), other, ignore=["label"]).equal


def test_all_attributes_are_compared():
    """Dataset label, type, length, format, order, and variables that only one has."""
    base = laboratory()
    columns = [
        Column("USUBJID", "Unique Subject Identifier", "text", 8),
        Column("STUDYID", "Study Identifier", "text", 12),
        Column("LBTESTCD", "Lab Test", "text", 8),
        Column("LBORRES", "Result", "text", 20),
        Column("LBSTRESN", "Numeric Result", "float"),
        Column("ADT", "Analysis Date", "float", 8, "YYMMDD10."),
        Column("NEW", "New", "text", 1),
    ]
    frame = base.frame.drop(columns="LBDTC").assign(NEW=pd.Series(["a"] * 4, dtype="str"))
    other = Dataset(Layout("LB", "Labs", tuple(columns)), frame[[one.name for one in columns]])
    found = compare_datasets(base, other).attributes[["variable", "attribute"]].to_numpy().tolist()
    assert found == [
        ["(dataset)", "label"],
        ["STUDYID", "length"],
        ["LBDTC", "variable"],
        ["ADT", "format"],
        ["NEW", "variable"],
        ["(dataset)", "order"],
    ]


def test_records_only_in_one_and_repeated_keys():
    """Lost, added and doubled records are told apart; repeated keys are paired in their order."""
    base = laboratory()
    rows = base.frame.iloc[[0, 0, 1, 3]].reset_index(drop=True)
    found = compare_datasets(base, base.replace(frame=rows), keys=["USUBJID", "LBTESTCD"])
    assert found.counts == (1, 1, 0, 1)
    assert found.only_base.to_numpy().tolist() == [[3, "USUBJID=2 LBTESTCD=ALT"]]
    assert found.only_compare.to_numpy().tolist() == [[2, "USUBJID=1 LBTESTCD=ALT"]]
    assert found.duplicates.to_numpy().tolist() == [["compare", 2, "USUBJID=1 LBTESTCD=ALT"]]
    assert found.verdict == "1 records only in base, 1 only in compare; 0 repeated keys in base, 1 in compare"


def test_keys_repeated_in_both_are_told_and_no_difference():
    """A copy is equal even where no key tells its records apart."""
    base = laboratory()
    doubled = base.replace(frame=base.frame.iloc[[0, 0, 1, 2, 3]].reset_index(drop=True))
    found = compare_datasets(doubled, doubled)
    assert (found.equal, found.verdict) == (True, "equal; 1 repeated keys in base, 1 in compare")


def test_keys_that_differ_in_case_or_blanks_are_pointed_out():
    """A record without a partner may have one but for case and blanks."""
    found = compare_datasets(laboratory(), laboratory(LBTESTCD=["alt", "AST ", "ALT", "AST"]))
    assert found.counts[:2] == (2, 2)
    assert found.notes == ("2 records have a partner but for case or blanks at the ends of their keys",)


def test_keys_are_found_where_the_usual_ones_repeat():
    """Variables are added until all records are told apart."""
    base = laboratory(LBTESTCD=["ALT"] * 4)
    found = compare_datasets(base, base)
    assert (found.keys, found.how) == (
        ("STUDYID", "USUBJID", "LBTESTCD", "LBDTC"),
        "found: they tell all records apart",
    )


def test_declared_keys_come_first():
    """Keys that the file declares are taken when they are unique."""
    base = laboratory()
    declared = base.replace(layout=replace(LAYOUT, keys=("USUBJID", "LBDTC")))
    assert compare_datasets(declared, declared).keys == ("USUBJID", "LBDTC")


def test_unknown_keys_and_attributes_are_refused():
    """The known ones are listed."""
    with pytest.raises(UnknownNameError, match="LBSEQ"):
        compare_datasets(laboratory(), laboratory(), keys=["LBSEQ"])
    with pytest.raises(UnknownNameError, match="width"):
        compare_datasets(laboratory(), laboratory(), ignore=["width"])


def test_kinds_of_missing_values_differ():
    """A special missing value is not the plain one."""
    base = laboratory()
    found = compare_datasets(base, base.replace(special={(1, "LBSTRESN"): "A"}))
    assert causes(found) == {"LBSTRESN": (1, "kinds of missing values")}
    assert found.differing[0].examples[["base", "compare"]].to_numpy().tolist() == [["", ".A"]]
    both = base.replace(special={(1, "LBSTRESN"): "A"})
    assert compare_datasets(both, both).equal


@pytest.mark.parametrize(
    ("base", "other", "cause"),
    [
        (["a ", " b"], ["a", "b"], "trimming: blanks at the ends"),
        (["a  b"], ["a b"], "blanks inside"),
        (["Mild", "SEVERE"], ["MILD", "severe"], "case"),
        (["2020-01-31", "2020-02-28"], ["2020-02-01", "2020-02-29"], "dates shifted by +1 day"),
        (["2020-01-31", "2020-02-28"], ["2020-02-01", "2020-03-29"], "dates differ"),
        (["2020-01-31T10:00"], ["2020-01-31T11:00"], "times differ"),
        (["10.256", "1.04"], ["10.3", "1"], "rounding: compare has 1 decimals"),
        (["1.50"], ["1.5"], "the same number printed differently"),
        (["NAUSEA AND VOMITING"], ["NAUSEA AND"], "truncation: compare is cut off"),
        (["a", "b"], [None, None], "missing in compare"),
        (["a", None], [None, "b"], "missing in base (50%), missing in compare (50%)"),
        (["a"], ["b"], ""),
    ],
)
def test_causes_of_differing_text(base: list[str | None], other: list[str | None], cause: str):
    """The cause has to explain nine tenths of the differences."""
    if cause.startswith("rounding"):
        base, other = base[:1], other[:1]
    assert guess_text(base, other) == cause


@pytest.mark.parametrize(
    ("base", "other", "cause"),
    [
        ([10.256, 1.044], [10.26, 1.04], "rounding: compare has 2 decimals"),
        ([10.0, 1.0], [10.4, 0.6], "rounding: base has 0 decimals"),
        ([5.0, 7.0], [10.0, 14.0], "constant factor 2"),
        ([5.5, 7.25], [6.6, 8.35], "constant difference 1.1"),
        ([5.0, -7.0], [-5.0, 7.0], "sign"),
        ([5.0, 7.0], [np.nan, np.nan], "missing in compare"),
        ([5.0, 7.0, 9.1], [1.25, 70.5, 33.75], ""),
    ],
)
def test_causes_of_differing_numbers(base: list[float], other: list[float], cause: str):
    """Rounding, factors, shifts, signs and missing values are told."""
    assert guess_number(np.array(base), np.array(other)) == cause


@pytest.mark.parametrize("suffix", [".xpt", ".json", ".parquet", ".csv"])
@pytest.mark.parametrize("other", [".xpt", ".json", ".parquet", ".csv"])
def test_formats_may_be_mixed(tmp_path: Path, suffix: str, other: str):
    """The same dataset is equal in every pair of formats; CSV has no attributes to compare."""
    write_dataset(laboratory(), tmp_path / f"a{suffix}", created=CREATED)
    write_dataset(laboratory(), tmp_path / f"b{other}", created=CREATED)
    found = compare_paths(tmp_path / f"a{suffix}", tmp_path / f"b{other}", ignore=["length", "label"])
    assert compare_text(found).splitlines()[-1] == "equal", compare_text(found)


def test_folders_are_compared_file_by_file(tmp_path: Path):
    """Files are paired by name; a dataset that only one folder has is a difference."""
    for folder, names in (("a", ["lb", "vs"]), ("b", ["lb", "eg"])):
        (tmp_path / folder).mkdir()
        for name in names:
            write_dataset(laboratory(), tmp_path / folder / f"{name}.xpt", created=CREATED)
    found = compare_paths(tmp_path / "a", tmp_path / "b")
    assert ([one.equal for one in found.datasets], found.only_base, found.only_compare) == ([True], ("VS",), ("EG",))
    assert not found.equal


def test_wrong_paths_are_refused(tmp_path: Path):
    """A path that is not there, a file against a folder, an empty folder."""
    write_dataset(laboratory(), tmp_path / "a.xpt", created=CREATED)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no such file"):
        compare_paths(tmp_path / "a.xpt", tmp_path / "b.xpt")
    with pytest.raises(UsageError, match="file cannot be compared"):
        compare_paths(tmp_path / "a.xpt", tmp_path)
    with pytest.raises(UsageError, match="holds no datasets"):
        compare_paths(tmp_path / "empty", tmp_path / "empty")


def test_reports_tell_the_same_and_hold_no_markup_or_formulas(tmp_path: Path):
    """Values are text in every report, the workbook is the same to the byte."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    write_dataset(laboratory(LBORRES=["<b>&", "=1+1", "x", "y"]), tmp_path / "a" / "lb.xpt", created=CREATED)
    write_dataset(laboratory(LBORRES=["<i>", "=2+2", "x", "y"]), tmp_path / "b" / "lb.xpt", created=CREATED)
    found = compare_paths(tmp_path / "a", tmp_path / "b")
    text, page = compare_text(found), compare_html(found)
    assert "LB: values differ (2 in LBORRES)" in text
    assert "'=1+1' -> '=2+2'" in text
    assert "&lt;b&gt;&amp;" in page
    assert "<b>&" not in page
    paths = write_compare_reports(found, tmp_path / "out", created=CREATED)
    again = write_compare_reports(found, tmp_path / "out2", created=CREATED)
    assert [path.read_bytes() for path in paths] == [path.read_bytes() for path in again]
    sheet = openpyxl.load_workbook(paths[1])["Values"]
    assert next([cell.value for cell in row] for row in sheet.iter_rows(min_row=3)) == [
        "LB", "LBORRES", 2, 2, "STUDYID=S1 USUBJID=1 LBTESTCD=AST", "=1+1", "=2+2",
    ]  # fmt: skip
    assert sheet["F3"].data_type == "s"
