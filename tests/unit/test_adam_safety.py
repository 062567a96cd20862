"""Adverse events and toxicity grades (rows 54-69 and 76 of the edge-case table)."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest
from adam_helpers import frame, run

DATES = ("ASTDT", "AENDT", "TRTSDT", "TRTEDT", "CONSSDT", "ASTDTM", "AENDTM", "ENDDT")
EMERGENT = {"target": "TRTEMFL", "algorithm": "derive_var_trtemfl", "trt_end_date": "TRTEDT", "end_window": "30"}


def emergent(row: str, head: str = "ASTDT | AENDT", **options: Any) -> str:
    """Return TRTEMFL of one event under treatment from 2023-03-10 to 2023-04-10."""
    table = frame(f"USUBJID | TRTSDT | TRTEDT | {head}\n1 | 2023-03-10 | 2023-04-10 | {row}", dates=DATES)
    made = run(table, EMERGENT | options)
    return str(made["TRTEMFL"].fillna("").iloc[0])


@pytest.mark.parametrize(
    ("case", "row", "expected"),
    [
        (62, "2023-03-10 |", "Y"),
        (62, "2023-03-09 |", ""),
        (64, " | 2023-03-09", ""),
        (64, " | ", "Y"),
        (66, "2023-05-10 |", "Y"),
        (66, "2023-05-11 |", ""),
    ],
)
def test_treatment_emergent(case: int, row: str, expected: str) -> None:
    """An event is treatment-emergent by its start, or without a start unless it ended before (cases 62, 64, 66)."""
    assert emergent(row) == expected, case


def test_time_before_the_first_dose() -> None:
    """On the day of the first dose an event before its time is not emergent, one without time is (case 62)."""
    table = frame(
        "USUBJID | ASTDTM | AENDTM | TRTSDTM | TRTEDT | AESTDTC\n"
        "1 | 2023-03-10T08:00:00 | | 2023-03-10T09:00:00 | 2023-04-10 | 2023-03-10T08:00\n"
        "2 | 2023-03-10T00:00:00 | | 2023-03-10T09:00:00 | 2023-04-10 | 2023-03-10",
        dates=(*DATES, "TRTSDTM"),
    )
    made = run(
        table,
        EMERGENT
        | {"start_date": "ASTDTM", "end_date": "AENDTM", "trt_start_date": "TRTSDTM", "start_dtc": "AESTDTC"},
    )
    assert made["TRTEMFL"].fillna("").tolist() == ["", "Y"]


def test_partial_start_is_imputed_within_treatment() -> None:
    """A start in March 2023 with first dose on the 10th becomes the 10th, flag D, and is emergent (case 63)."""
    table = frame("USUBJID | AESTDTC | AENDT | TRTSDT | TRTEDT\n1 | 2023-03 | | 2023-03-10 | 2023-04-10", dates=DATES)
    made = run(
        table,
        {
            "algorithm": "derive_vars_dt",
            "new_vars_prefix": "AST",
            "dtc": "AESTDTC",
            "highest_imputation": "M",
            "min_dates": ("TRTSDT",),
        },
        EMERGENT,
    )
    assert made[["ASTDT", "ASTDTF", "TRTEMFL"]].values.tolist() == [[pd.Timestamp("2023-03-10"), "D", "Y"]]


def test_worsening_is_a_setting() -> None:
    """An event before treatment that got worse counts only when the rule on worsening is on (case 65)."""
    row, head = "2023-03-01 |  | 2 | 3", "ASTDT | AENDT | AEITOXGR | AETOXGR"
    assert emergent(row, head) == ""
    assert emergent(row, head, initial_intensity="AEITOXGR", intensity="AETOXGR") == "Y"
    assert emergent("2023-03-01 | | 3 | 3", head, initial_intensity="AEITOXGR", intensity="AETOXGR") == ""


def test_safety_window_ends_before_consolidation() -> None:
    """An event on the first day of consolidation lies outside the induction window (case 66)."""
    table = frame(
        "USUBJID | ASTDT | TRTSDT | CONSSDT | TRTEDT\n"
        "1 | 2023-04-20 | 2023-03-10 | 2023-04-20 | 2023-09-01\n"
        "2 | 2023-04-19 | 2023-03-10 | 2023-04-20 | 2023-09-01\n"
        "3 | 2023-05-11 | 2023-03-10 | | 2023-04-10\n"
        "4 | 2023-05-10 | 2023-03-10 | | 2023-04-10",
        dates=DATES,
    )
    made = run(
        table,
        {"target": "ENDDT", "algorithm": "shift_date", "source": "TRTEDT", "days": "30"},
        {
            "target": "INDWFL",
            "algorithm": "compute_flag",
            "condition": "ASTDT >= TRTSDT and (ASTDT < CONSSDT or missing(CONSSDT) and ASTDT <= ENDDT)",
        },
    )
    assert made["INDWFL"].fillna("").tolist() == ["", "Y", "", "Y"]


def test_causality_per_agent() -> None:
    """Not related to blinatumomab but to chemotherapy is related, and not related to blinatumomab (case 67)."""
    table = frame(
        "AEREL | AERELBLN | AERELCHM\nMULTIPLE | NOT RELATED | RELATED\nNOT RELATED | NOT RELATED | NOT RELATED"
    )
    related = "['RELATED', 'PROBABLY RELATED', 'POSSIBLY RELATED']"
    made = run(
        table,
        {
            "target": "ARELFL",
            "algorithm": "compute_flag",
            "condition": f"AERELBLN in {related} or AERELCHM in {related}",
            "false_value": "N",
        },
        {"target": "ARELBLN", "algorithm": "compute_flag", "condition": f"AERELBLN in {related}", "false_value": "N"},
    )
    assert made[["ARELFL", "ARELBLN"]].values.tolist() == [["Y", "N"], ["N", "N"]]


def test_scales_stand_side_by_side() -> None:
    """The CTCAE grade is never overwritten by the ASTCT grade of the same event (case 68)."""
    made = run(
        frame("USUBJID | AESEQ | AETOXGR\n1 | 3 | 2"),
        {"target": "ATOXGRN", "algorithm": "as_number", "source": "AETOXGR"},
        {
            "algorithm": "derive_vars_merged",
            "dataset_add": "FA",
            "by_vars": ("USUBJID", "AESEQ"),
            "new_vars": {"ASTCTGRN": "FASTRESN"},
        },
        FA=frame("USUBJID | AESEQ | FASTRESN\n1 | 3 | 1", numbers=("FASTRESN",)),
    )
    assert made[["ATOXGRN", "ASTCTGRN"]].values.tolist() == [[2.0, 1.0]]


def test_first_occurrence_of_the_worst_grade() -> None:
    """The same term twice is one subject with grade 4 and two events: one record is flagged (case 69)."""
    made = run(
        frame(
            "USUBJID | AEDECOD | ATOXGRN | ASTDT | AESEQ\n1 | X | 2 | 2023-03-11 | 1\n1 | X | 4 | 2023-03-20 | 2",
            dates=DATES,
            numbers=("ATOXGRN", "AESEQ"),
        ),
        {
            "algorithm": "derive_var_extreme_flag",
            "by_vars": ("USUBJID", "AEDECOD"),
            "order": ("desc(ATOXGRN)", "ASTDT", "AESEQ"),
            "new_var": "AOCCPIFL",
            "mode": "first",
        },
    )
    assert made["AOCCPIFL"].fillna("").tolist() == ["", "Y"]
    assert len(made) == 2


def grade(
    term: str, direction: str, value: float, *, lln: float = math.nan, uln: float = math.nan, base: float = math.nan
) -> str:
    """Return the CTCAE 5.0 grade of one value."""
    table = pd.DataFrame({"AVAL": [value], "ANRLO": [lln], "ANRHI": [uln], "BASE": [base]}).astype("float64")
    table["TERM"] = pd.Series([term], dtype="str")
    made = run(
        table,
        {"target": "GRADE", "algorithm": "derive_var_atoxgr_dir", "source": "TERM", "criteria_direction": direction},
    )
    return str(made["GRADE"].fillna("").iloc[0])


ANC, PLT, HGB = "Neutrophil count decreased", "Platelet count decreased", "Anemia"
ALT, BILI, CREAT = (f"{name} increased" for name in ("Alanine aminotransferase", "Blood bilirubin", "Creatinine"))


@pytest.mark.parametrize(
    ("case", "term", "direction", "values", "expected"),
    [
        (55, CREAT, "H", {"value": 1.8, "uln": 1.2, "base": 1.2}, "1"),
        (56, ALT, "H", {"value": 120, "uln": 40, "base": 30}, "1"),
        (56, ALT, "H", {"value": 121, "uln": 40, "base": 30}, "2"),
        (57, ALT, "H", {"value": 140, "uln": 40, "base": 100}, "0"),
        (57, ALT, "H", {"value": 200, "uln": 40, "base": 100}, "1"),
        (57, ALT, "H", {"value": 150, "uln": 40, "base": 100}, "1"),
        (58, ANC, "L", {"value": 0.50, "lln": 2.0}, "3"),
        (58, ANC, "L", {"value": 0.49, "lln": 2.0}, "4"),
        (58, PLT, "L", {"value": 25, "lln": 150}, "3"),
        (58, PLT, "L", {"value": 24.9, "lln": 150}, "4"),
        (59, HGB, "L", {"value": 60, "lln": 120}, "3"),
        (61, ALT, "H", {"value": 120, "base": 30}, ""),
        (61, BILI, "H", {"value": 30}, ""),
        (61, ANC, "L", {"value": 1.2}, "2"),
        (61, PLT, "L", {"value": 20}, "4"),
        (61, ANC, "L", {"value": 1.8}, ""),
        (0, BILI, "H", {"value": 60, "uln": 20, "base": 10}, "2"),
        (0, ALT, "H", {"value": 40, "uln": 40, "base": 30}, "0"),
        (76, BILI, "H", {"value": 1.2 * 17.1, "uln": 20.52, "base": 10}, "0"),
    ],
)
def test_ctcae_grade(case: int, term: str, direction: str, values: dict[str, float], expected: str) -> None:
    """Grades at and around the limits are those of CTCAE 5.0, compared as decimals (cases 55-59, 61, 76)."""
    assert grade(term, direction, **values) == expected, case


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        ("", "3", "3"),
        ("0", "1", "1"),
        ("2", "", "-2"),
        ("4", "0", "-4"),
        ("0", "0", "0"),
        ("0", "", "0"),
        ("", "0", "0"),
        ("", "", ""),
    ],
)
def test_one_grade_of_both_directions(low: str, high: str, expected: str) -> None:
    """A low grade is negative, a high one is not; no grade where neither direction has one."""
    # a record beside it, so that the result of one does not depend on the other
    table = frame(f"ATOXGRL | ATOXGRH\n{low} | {high}\n3 | 0")
    made = run(table, {"target": "ATOXGR", "algorithm": "derive_var_atoxgr"})
    assert made["ATOXGR"].fillna("").tolist() == [expected, "-3"]


def test_one_grade_of_named_variables() -> None:
    """The grades may come from other variables, such as those at baseline."""
    table = frame("BTOXGRL | BTOXGRH\n1 |\n | 4")
    step = {"target": "BTOXGR", "algorithm": "derive_var_atoxgr", "low": "BTOXGRL", "high": "BTOXGRH"}
    assert run(table, step)["BTOXGR"].tolist() == ["-1", "4"]


def test_shift_from_grade_4_to_4_is_not_emergent() -> None:
    """Grade 4 at baseline and on treatment is a shift from 4 to 4 and no worsening (case 60)."""
    table = frame("USUBJID | PARAMCD | ATOXGRL | ABLFL\n1 | ANC | 4 | Y\n1 | ANC | 4 |")
    made = run(
        table,
        {"target": "BTOXGRL", "algorithm": "derive_var_base", "source": "ATOXGRL"},
        {"target": "SHIFT1", "algorithm": "derive_var_shift", "from_var": "BTOXGRL", "to_var": "ATOXGRL"},
        {"target": "WORSE", "algorithm": "compute_flag", "condition": "number(ATOXGRL) > number(BTOXGRL)"},
    )
    assert made[["SHIFT1"]].values.tolist() == [["4 to 4"], ["4 to 4"]]
    assert made["WORSE"].isna().tolist() == [True, True]


def test_neutrophils_from_white_cells() -> None:
    """A missing neutrophil count is computed from white cells and percent, with its DTYPE (cases 53 and 54)."""
    table = frame(
        "USUBJID | ADT | PARAMCD | AVAL | DTYPE\n1 | 2023-03-10 | WBC | 3.2 |\n1 | 2023-03-10 | NEUTLE | 31.25 |",
        dates=("ADT",),
        numbers=("AVAL",),
    )
    made = run(
        table,
        {
            "algorithm": "derive_param_computed",
            "parameters": ("WBC", "NEUTLE"),
            "by_vars": ("USUBJID", "ADT"),
            "value": {"operation": "product", "factor": "0.01"},
            "set_values_to": {"PARAMCD": "ANC", "DTYPE": "COMPUTED"},
        },
    )
    assert made[["PARAMCD", "AVAL", "DTYPE"]].fillna("").values.tolist()[2] == ["ANC", 1.0, "COMPUTED"]


def test_one_of_two_laboratories_is_analysed() -> None:
    """Of two results of a day the local one is flagged by rule, both stay (case 78)."""
    table = frame(
        "USUBJID | PARAMCD | ADT | AVAL | LBNAM\n"
        "1 | ANC | 2023-03-10 | 1.1 | CENTRAL\n"
        "1 | ANC | 2023-03-10 | 0.9 | LOCAL",
        dates=("ADT",),
        numbers=("AVAL",),
    )
    made = run(
        table,
        {
            "target": "PRIORITY",
            "algorithm": "map_numbers",
            "source": "LBNAM",
            "mapping": {"LOCAL": "1", "CENTRAL": "2"},
        },
        {
            "algorithm": "derive_var_extreme_flag",
            "by_vars": ("USUBJID", "PARAMCD", "ADT"),
            "order": ("PRIORITY",),
            "new_var": "ANL01FL",
            "mode": "first",
        },
    )
    assert made["ANL01FL"].fillna("").tolist() == ["", "Y"]
