"""Sensitivity to partial dates: the analysis at the earliest and at the latest day each one may mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from adam_helpers import frame

from adam.catalog import DERIVATIONS
from adam.differences import changes, watch
from adam.engine import Engine
from adam.sensitivity import Sensitivity, at_extreme, imputes, partial_dates, sensitivity
from specs import models
from spectrail.dataset import Dataset
from spectrail.errors import UnknownNameError, UsageError
from spectrail.layout import Column, Layout
from spectrail.lineage import Lineage, RecordLineage
from spectrail.pipeline.sensitivity import as_data, write_sensitivity

NUMBERS = ("AESEQ", "AVAL", "CNSR", "ASEQ")


def dataset(name: str, text: str, keys: tuple[str, ...] = (), **read: Any) -> Dataset:
    """Wrap a literal table as a finished dataset."""
    table = frame(text, **read)
    return Dataset(Layout(name, "", tuple(Column(str(one)) for one in table.columns), keys), table)


def step(algorithm: str, *, target: str = "", source: Sequence[str] = (), **arguments: Any) -> models.Step:
    """Return a step."""
    return models.Step(algorithm=algorithm, target=target, source=tuple(source), arguments=arguments)


def spec(name: str, keys: Sequence[str], variables: Sequence[str], **rest: Any) -> models.Dataset:
    """Return an analysis dataset whose variables are text unless they hold numbers or dates."""
    kinds = {one: "integer" if one in NUMBERS or one.endswith("DT") else "text" for one in variables}
    made = tuple(models.Variable(name=one, data_type=kinds[one]) for one in variables)
    return models.Dataset(name=name, keys=tuple(keys), variables=made, **rest)


ADSL = spec(
    "ADSL",
    ["USUBJID"],
    ["USUBJID", "TRTSDT", "LSTALVDT", "DCUTDT", "DTHDT", "DTHDTF"],
    steps=(
        step("records", source=["DM"]),
        *(
            step("predecessor", target=one, source=[f"DM.{one}"])
            for one in ("USUBJID", "DTHDTC", "RFXSTDTC", "RFPENDTC")
        ),
        step("assign_date", target="DCUTDT", value="2024-06-20"),
        step("derive_vars_dt", new_vars_prefix="TRTS", dtc="RFXSTDTC"),
        step("derive_vars_dt", new_vars_prefix="LSTALV", dtc="RFPENDTC"),
        step(
            "derive_vars_dt",
            new_vars_prefix="DTH",
            dtc="DTHDTC",
            highest_imputation="$highest",
            min_dates=("LSTALVDT",),
        ),
    ),
)
ADAE = spec(
    "ADAE",
    ["USUBJID", "AESEQ"],
    ["USUBJID", "AESEQ", "ASTDT", "TRTEMFL"],
    steps=(
        step("records", source=["AE"]),
        *(step("predecessor", target=one, source=[f"AE.{one}"]) for one in ("USUBJID", "AESEQ", "AESTDTC")),
        *(step("predecessor", target=one, source=[f"ADSL.{one}"]) for one in ("TRTSDT", "DTHDT", "DCUTDT")),
        step(
            "derive_vars_dt",
            new_vars_prefix="AST",
            dtc="AESTDTC",
            highest_imputation="M",
            min_dates=("TRTSDT",),
            max_dates=("DTHDT", "DCUTDT"),
        ),
        step("compute_flag", target="TRTEMFL", condition="ASTDT >= TRTSDT"),
    ),
)
OVERALL = models.Parameter(
    paramcd="OS",
    param="Overall Survival (days)",
    rule="derive_param_tte",
    inputs=("ADSL",),
    settings={
        "start_date": "ADSL.TRTSDT",
        "cutoff_date": "ADSL.DCUTDT",
        "event_conditions": ({"dataset": "ADSL", "date": "DTHDT", "EVNTDESC": "DEATH"},),
        "censor_conditions": (
            {"dataset": "ADSL", "date": "LSTALVDT", "status": "Y", "CNSDTDSC": "LAST KNOWN ALIVE"},
            {"dataset": "ADSL", "date": "DTHDT", "status": "Y", "CNSDTDSC": "ALIVE AT CUT-OFF"},
        ),
    },
)
ADTTE = spec(
    "ADTTE", ["USUBJID", "PARAMCD"], ["USUBJID", "PARAMCD", "ADT", "AVAL", "CNSR"], parameters=(OVERALL,)
).model_copy(
    update={
        "variables": tuple(
            models.Variable(
                name=one,
                data_type="integer" if one in ("ADT", *NUMBERS) else "text",
                origins=(models.Origin(predecessor="ADSL.USUBJID"),) if one == "USUBJID" else (),
            )
            for one in ("USUBJID", "PARAMCD", "ADT", "AVAL", "CNSR")
        )
    }
)
RESULT = models.AnalysisResult(
    id="R.DEATHS",
    description="Deaths",
    datasets=(models.AnalysisDataset(dataset="ADTTE"),),
    code=models.ProgrammingCode(context="spectrail", code="statistic: proportion\ncondition: CNSR == 0"),
)
STUDY = models.Study(
    study_id="X",
    settings={"highest": "M"},
    datasets=(ADSL, ADAE, ADTTE),
    displays=(models.AnalysisDisplay(id="T1", results=(RESULT,)),),
)
DM = dataset(
    "DM",
    "USUBJID | DTHDTC | RFXSTDTC | RFPENDTC\n1 | 2024-06 | 2024-01-10 | 2024-06-05\n2 | | 2024-01-10 | 2024-06-20",
)
AE = dataset(
    "AE",
    "USUBJID | AESEQ | AESTDTC\n1 | 1 | 2024-01\n1 | 2 | 2024-06\n2 | 1 | 2024-01-09\n2 | 2 | 2023-12",
    numbers=("AESEQ",),
)
SDTM = {"DM": DM, "AE": AE}
SIDES = ["EARLIEST", "SPECIFIED", "LATEST"]


def found(**options: Any) -> Sensitivity:
    """Return what differs in the small study."""
    return sensitivity(STUDY, lambda variant: Engine(variant, SDTM), **options)


def listed(table: pd.DataFrame, *columns: str) -> list[list[Any]]:
    """Return rows as lists."""
    return table[[*columns]].values.tolist()


def test_death_of_june_is_an_event_early_and_censored_late() -> None:
    """From 10 January, 5 June is day 148 and the cut-off, 20 June, day 163; 30 June lies after the cut-off."""
    table = found().values
    assert listed(table[table["DATASET"] == "ADTTE"], "KEYS", "VARIABLE", *SIDES, "PARTIAL_DATES") == [
        [
            "USUBJID=1 PARAMCD=OS",
            "AVAL",
            "148",
            "148",
            "163",
            "AE.AESTDTC (1) 2024-01; AE.AESTDTC (2) 2024-06; DM.DTHDTC 2024-06",
        ],
        [
            "USUBJID=1 PARAMCD=OS",
            "CNSR",
            "0",
            "0",
            "1",
            "AE.AESTDTC (1) 2024-01; AE.AESTDTC (2) 2024-06; DM.DTHDTC 2024-06",
        ],
    ]


def test_bounds_hold_at_both_extremes() -> None:
    """Events lie not before treatment nor after the cut-off, death not before the last day known alive."""
    table = found().dates
    assert listed(table, "DATASET", "KEYS", "VARIABLE", *SIDES) == [
        ["ADAE", "USUBJID=1 AESEQ=1", "ASTDT", "2024-01-10", "2024-01-10", "2024-01-31"],
        ["ADAE", "USUBJID=1 AESEQ=2", "ASTDT", "2024-06-01", "2024-06-01", "2024-06-20"],
        ["ADAE", "USUBJID=2 AESEQ=2", "ASTDT", "2023-12-01", "2023-12-01", "2023-12-31"],
        ["ADSL", "USUBJID=1", "DTHDT", "2024-06-05", "2024-06-05", "2024-06-30"],
        ["ADTTE", "USUBJID=1 PARAMCD=OS", "ADT", "2024-06-05", "2024-06-05", "2024-06-20"],
    ]


def test_a_bound_that_is_a_convention_may_be_left_out() -> None:
    """Not bound by the start of treatment, the event of January is treatment-emergent at its latest date only."""
    assert "TRTEMFL" not in set(found().values["VARIABLE"])
    table = found(ignoring=["TRTSDT"]).values
    assert listed(table[table["VARIABLE"] == "TRTEMFL"], "DATASET", "KEYS", *SIDES, "PARTIAL_DATES") == [
        ["ADAE", "USUBJID=1 AESEQ=1", "", "Y", "Y", "AE.AESTDTC (1) 2024-01; DM.DTHDTC 2024-06"]
    ]
    with pytest.raises(UnknownNameError, match=r"'TRTSTD'\n.*did you mean TRTSDT"):
        found(ignoring=["TRTSTD"])


def test_partial_dates_that_steps_impute_are_listed() -> None:
    """Complete dates and dates that no imputing step reads are not among them; 2023-12 is followed to AE."""
    assert listed(found().partial, "DATASET", "USUBJID", "VARIABLE", "VALUE", "ROW") == [
        ["AE", "1", "AESTDTC", "2024-01", 0],
        ["AE", "1", "AESTDTC", "2024-06", 1],
        ["AE", "2", "AESTDTC", "2023-12", 3],
        ["DM", "1", "DTHDTC", "2024-06", 0],
    ]


def test_numbers_of_results_that_change_are_listed() -> None:
    """One of two subjects died at the earliest dates, none at the latest."""
    table = found().results
    assert listed(table[table["FIELD"].isin(["value", "n", "denominator"])], "RESULT", "FIELD", *SIDES) == [
        ["R.DEATHS", "value", 0.5, 0.5, 0.0],
        ["R.DEATHS", "n", 1.0, 1.0, 0.0],
    ]


def test_changes_are_counted_by_dataset_and_variable() -> None:
    """Two values of one subject change."""
    assert found().summary().values.tolist() == [["ADTTE", "AVAL", 1, 1], ["ADTTE", "CNSR", 1, 1]]


@pytest.mark.parametrize(
    ("algorithm", "given", "expected"),
    [
        ("derive_vars_dt", {"highest_imputation": "M"}, True),
        ("derive_vars_dt", {}, False),
        ("derive_vars_dtm", {}, False),
        ("derive_vars_dtm", {"highest_imputation": "D"}, True),
        ("derive_vars_extreme_dt", {"highest_imputation": "Y"}, True),
        ("derive_vars_extreme_dt", {"highest_imputation": "n"}, False),
        ("compute_flag", {"highest_imputation": "M"}, False),
        ("records", {}, False),
    ],
)
def test_algorithms_that_impute_are_known_by_their_arguments(
    algorithm: str, given: Mapping[str, str], expected: bool
) -> None:
    """Imputation of times only does not count, nor one that is not asked for."""
    assert imputes(algorithm, given, DERIVATIONS.registry) is expected


def test_parameters_and_settings_are_looked_at_too() -> None:
    """A rule of a parameter that imputes is set as a step is; `$highest` is read; other arguments stay."""
    extreme = spec(
        "ADX",
        ["USUBJID"],
        ["USUBJID"],
        parameters=(
            models.Parameter(
                paramcd="X",
                param="X",
                rule="derive_vars_extreme_dt",
                settings={"highest_imputation": "$highest", "new_var": "XDT", "date_imputation": "mid"},
            ),
        ),
    )
    late = at_extreme(
        models.Study(study_id="X", settings={"highest": "D"}, datasets=(extreme,)), "last", DERIVATIONS.registry
    )
    assert late.datasets[0].parameters[0].settings == {
        "highest_imputation": "$highest",
        "new_var": "XDT",
        "date_imputation": "last",
    }
    early = at_extreme(
        models.Study(study_id="X", settings={"highest": "n"}, datasets=(extreme,)), "first", DERIVATIONS.registry
    )
    assert early.datasets[0] == extreme


def test_dates_of_sources_of_extreme_dates_are_followed() -> None:
    """The sources of an extreme date name SDTM themselves; a column of no table is left out."""
    steps = (
        step(
            "derive_vars_extreme_dt",
            new_var="LSTDT",
            highest_imputation="D",
            sources=({"dataset": "AE", "date": "AESTDTC"}, {"dataset": "AE", "date": "NODTC"}),
        ),
    )
    assert listed(partial_dates({"ADX": steps}, SDTM, DERIVATIONS.registry), "VARIABLE", "VALUE") == [
        ["AESTDTC", "2024-01"],
        ["AESTDTC", "2024-06"],
        ["AESTDTC", "2023-12"],
    ]


def lab(text: str, rows: Sequence[int]) -> Dataset:
    """Return laboratory records, each from a row of LB."""
    made = dataset("ADLB", text, ("USUBJID", "PARAMCD", "ADT", "ASEQ"), dates=("ADT",), numbers=("ASEQ", "AVAL"))
    count = len(rows)
    links = RecordLineage(
        ("LB",),
        pd.RangeIndex(count).to_numpy(dtype="int32"),
        pd.Series(0, range(count)).to_numpy(dtype="int32"),
        pd.Series(list(rows)).to_numpy(dtype="int32"),
    )
    return made.replace(lineage=Lineage(records=links))


def test_records_are_matched_by_what_they_come_from_not_by_dates_or_numbers() -> None:
    """The result of LB row 0 moves behind the others and loses its flag; one record is there early only."""
    early = lab(
        "USUBJID | PARAMCD | ADT | ASEQ | AVAL | ANL01FL\n"
        "1 | HGB | 2024-01-01 | 1 | 9 | Y\n1 | HGB | 2024-01-05 | 2 | 9 |\n1 | HGB | 2024-01-07 | 3 | 8 |\n"
        "2 | HGB | 2024-01-03 | 1 | 7 | Y",
        [0, 1, 2, 3],
    )
    late = lab(
        "USUBJID | PARAMCD | ADT | ASEQ | AVAL | ANL01FL\n"
        "1 | HGB | 2024-01-05 | 1 | 9 |\n1 | HGB | 2024-01-07 | 2 | 8 |\n1 | HGB | 2024-01-31 | 3 | 9 |",
        [1, 2, 0],
    )
    sides = [{"ADLB": watch(one, ("ASEQ",))} for one in (early, early, late)]
    partial = pd.DataFrame(
        {
            "DATASET": "LB",
            "USUBJID": ["1", "1"],
            "SEQ": ["1", "9"],
            "VARIABLE": "LBDTC",
            "VALUE": "2024-01",
            "ROW": [0, 8],
        }
    )
    values, moved = changes(sides, {"LB": early}, partial)
    assert listed(values, "KEYS", "VARIABLE", *SIDES, "PARTIAL_DATES") == [
        ["USUBJID=1 PARAMCD=HGB", "ANL01FL", "Y", "Y", "", "LB.LBDTC (1) 2024-01"],
        ["USUBJID=2 PARAMCD=HGB", "*", "record", "record", "", ""],
    ]
    assert listed(moved, "KEYS", "VARIABLE", *SIDES) == [
        ["USUBJID=1 PARAMCD=HGB", "ADT", "2024-01-01", "2024-01-01", "2024-01-31"]
    ]


def test_a_record_that_comes_from_elsewhere_is_the_same_by_its_keys() -> None:
    """Where the keys are unique, another SDTM record behind the record does not make it another one."""
    text = "USUBJID | PARAMCD | ADT | ASEQ | AVAL\n1 | HGB | 2024-01-0{0} | 1 | {0}"
    sides = [{"ADLB": watch(lab(text.format(day), [day]), ("ASEQ",))} for day in (1, 1, 5)]
    values, _ = changes(sides, {"LB": AE}, found().partial.iloc[:0])
    assert listed(values, "KEYS", "VARIABLE", *SIDES) == [["USUBJID=1 PARAMCD=HGB ASEQ=1", "AVAL", "1", "1", "5"]]


def test_keys_that_are_dates_are_shown_where_they_stay() -> None:
    """A record whose date is the same on both sides is named by it."""
    text = "USUBJID | PARAMCD | ADT | ASEQ | AVAL\n1 | HGB | 2024-01-01 | 1 | {}\n1 | HGB | 2024-01-05 | 2 | 5"
    sides = [{"ADLB": watch(lab(text.format(value), [0, 1]), ("ASEQ",))} for value in (1, 2, 3)]
    values, _ = changes(sides, {"LB": AE}, found().partial.iloc[:0])
    assert listed(values, "KEYS", "VARIABLE", *SIDES) == [
        ["USUBJID=1 PARAMCD=HGB ADT=2024-01-01 ASEQ=1", "AVAL", "1", "2", "3"]
    ]


def test_the_workbook_holds_no_formula(tmp_path: Path) -> None:
    """Text that looks like a formula stays text."""
    evil = found()
    evil = Sensitivity(
        evil.values.assign(KEYS="=HYPERLINK('x')"), evil.dates, evil.results, evil.partial, evil.findings
    )
    write_sensitivity(tmp_path / "deep" / "s.xlsx", STUDY, evil)
    book = openpyxl.load_workbook(tmp_path / "deep" / "s.xlsx")
    assert book.sheetnames == ["Changes", "Summary", "Results", "Dates", "Partial dates"]
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n", "inlineStr"}
    assert [cell.value for cell in book["Changes"]["C"]] == ["KEYS", "=HYPERLINK('x')", "=HYPERLINK('x')"]


@pytest.mark.parametrize(("name", "read"), [("s.csv", pd.read_csv), ("s.parquet", pd.read_parquet)])
def test_tables_hold_the_changed_values(tmp_path: Path, name: str, read: Any) -> None:
    """CSV and Parquet read back as they were; another suffix is refused before anything is done."""
    write_sensitivity(tmp_path / name, STUDY, found())
    assert read(tmp_path / name).astype(str).values.tolist() == found().values.values.tolist()
    with pytest.raises(UsageError, match=r"\.xlsx, \.csv, \.parquet"):
        write_sensitivity(tmp_path / "s.txt", STUDY, found())


def test_plain_data_have_all_tables() -> None:
    """The machine-readable form holds every table as a list of rows."""
    data = as_data(found())
    assert {name: len(rows) for name, rows in data.items() if name != "results"} == {
        "changes": 2,
        "summary": 2,
        "dates": 5,
        "partial_dates": 4,
    }
