"""Imputation, study days, durations, last known alive (rows 37-39 of the edge-case table)."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from adam_helpers import frame, run

from adam.imputation import Rule, impute
from spectrail.errors import SpecError


def imputed(text: str, rule: Rule, *, low: str = "", high: str = "") -> tuple[str, str, str]:
    """Impute one text and return date and time with both flags."""
    bounds: dict[str, Any] = {}
    if low:
        bounds["min_dates"] = [pd.Series(pd.to_datetime([low])).astype("datetime64[us]")]
    if high:
        bounds["max_dates"] = [pd.Series(pd.to_datetime([high])).astype("datetime64[us]")]
    made = impute(pd.Series([text or None], dtype="str"), rule, **bounds)
    value = pd.Timestamp(made.values[0])
    shown = "" if pd.isna(value) else value.strftime("%Y-%m-%dT%H:%M:%S")
    return shown, made.date_flag.fillna("").iloc[0], made.time_flag.fillna("").iloc[0]


@pytest.mark.parametrize(
    ("text", "rule", "expected"),
    [
        ("2023-02", Rule("M"), ("2023-02-01T00:00:00", "D", "H")),
        ("2023-02", Rule("M", "last", "last"), ("2023-02-28T23:59:59", "D", "H")),
        ("2024-02", Rule("D", "last"), ("2024-02-29T00:00:00", "D", "H")),
        ("2023", Rule("D"), ("", "", "")),
        ("2023", Rule("M", "mid"), ("2023-06-30T00:00:00", "M", "H")),
        ("2023-03", Rule("M", "mid"), ("2023-03-15T00:00:00", "D", "H")),
        ("2023", Rule("M", "04-06"), ("2023-04-06T00:00:00", "M", "H")),
        ("2023---15", Rule("M"), ("2023-01-01T00:00:00", "M", "H")),
        ("2023---15", Rule("M", preserve=True), ("2023-01-15T00:00:00", "M", "H")),
        ("2023-02-03T10", Rule("h", time="last"), ("2023-02-03T10:59:59", "", "M")),
        ("2023-02-03T10:20", Rule("h"), ("2023-02-03T10:20:00", "", "S")),
        ("2023-02-03T10:20:05", Rule("h"), ("2023-02-03T10:20:05", "", "")),
        ("2023-02-30", Rule("M"), ("", "", "")),
        ("", Rule("M"), ("", "", "")),
    ],
)
def test_imputation(text: str, rule: Rule, expected: tuple[str, str, str]) -> None:
    """What is missing goes to the place of the rule and is flagged at its highest level."""
    assert imputed(text, rule) == expected


@pytest.mark.parametrize(
    ("text", "rule", "low", "high", "expected"),
    [
        ("2023-03", Rule("M"), "2023-03-10", "", "2023-03-10T00:00:00"),
        ("2023-03", Rule("M"), "2023-04-10", "", "2023-03-01T00:00:00"),
        ("2023-03-05", Rule("M"), "2023-03-10", "", "2023-03-05T00:00:00"),
        ("2023-03", Rule("M", "last", "last"), "", "2023-03-20", "2023-03-20T23:59:59"),
        ("2023-03", Rule("M", "last", "last"), "", "2023-02-20", "2023-03-31T23:59:59"),
        ("", Rule("Y", "first"), "2023-03-10", "", "2023-03-10T00:00:00"),
        ("", Rule("M", "first"), "2023-03-10", "", ""),
    ],
)
def test_bounds(text: str, rule: Rule, low: str, high: str, expected: str) -> None:
    """A bound moves an imputed date only within what was collected; a whole date is never moved."""
    assert imputed(text, rule, low=low, high=high)[0] == expected


def test_both_bounds_at_once() -> None:
    """Minimum and maximum together give a date between both."""
    assert imputed("2023-03", Rule("M"), low="2023-03-10", high="2023-03-20")[0] == "2023-03-10T00:00:00"


def test_wrong_rule_is_refused() -> None:
    """A missing year needs first or last; other words are told."""
    with pytest.raises(SpecError, match="missing year"):
        Rule("Y", "mid")
    with pytest.raises(SpecError, match="highest_imputation"):
        Rule("X")


@pytest.mark.parametrize(
    ("case", "text", "alive", "expected"),
    [(37, "2023-08", "2023-08-12", ("2023-08-13", "D")), (38, "2023", "2023-05-20", ("2023-05-21", "M"))],
)
def test_partial_death_is_after_the_last_sign_of_life(
    case: int, text: str, alive: str, expected: tuple[str, str]
) -> None:
    """A partial date of death becomes the day after the last day known alive (cases 37 and 38)."""
    made = run(
        frame(f"USUBJID | DTHDTC | ALIVEDT\n1 | {text} | {alive}", dates=("ALIVEDT",)),
        {"target": "AFTERDT", "algorithm": "shift_date", "source": "ALIVEDT", "days": "1"},
        {
            "algorithm": "derive_vars_dt",
            "new_vars_prefix": "DTH",
            "dtc": "DTHDTC",
            "highest_imputation": "M",
            "min_dates": ("AFTERDT",),
        },
    )
    assert (made["DTHDT"].dt.strftime("%Y-%m-%d").iloc[0], made["DTHDTF"].iloc[0]) == expected, case


def test_record_after_death_is_no_sign_of_life() -> None:
    """A laboratory date after death does not make a subject alive then; source and sequence are named (case 39)."""
    made = run(
        frame("USUBJID | DTHDT\n1 | 2023-05-20\n2 |", dates=("DTHDT",)),
        {
            "algorithm": "derive_vars_extreme_dt",
            "new_var": "LSTALVDT",
            "until": "DTHDT",
            "sources": (
                {"dataset": "AE", "date": "AESTDTC"},
                {"dataset": "LB", "date": "LBDTC", "where": "present(LBORRES)"},
            ),
            "source_vars": ("LALVDOM", "LALVVAR", "LALVSEQ"),
        },
        AE=frame("USUBJID | AESEQ | AESTDTC\n1 | 1 | 2023-05-02\n2 | 1 | 2023-05", numbers=("AESEQ",)),
        LB=frame(
            "USUBJID | LBSEQ | LBDTC | LBORRES\n"
            "1 | 1 | 2023-05-02 | 5\n"
            "1 | 2 | 2023-05-25 | 5\n2 | 7 | 2023-05-06T10:00 | 5\n2 | 8 | 2023-06-01 |",
            numbers=("LBSEQ",),
        ),
    )
    shown = made.assign(LSTALVDT=made["LSTALVDT"].dt.strftime("%Y-%m-%d"))
    assert shown[["LSTALVDT", "LALVDOM", "LALVVAR", "LALVSEQ"]].values.tolist() == [
        ["2023-05-02", "AE", "AESTDTC", 1.0],
        ["2023-05-06", "LB", "LBDTC", 7.0],
    ]


def test_study_days_and_durations() -> None:
    """There is no day 0; a duration of one day is 1; hours count as they are; ages are completed years."""
    table = frame(
        "A | B\n2023-03-09 | 2023-03-10\n2023-03-10 | 2023-03-10\n2023-03-11T12:00:00 | 2023-03-10", dates=("A", "B")
    )
    made = run(
        table,
        {"target": "ADY", "algorithm": "derive_vars_dy", "source": "A", "reference_date": "B"},
        {"target": "DUR", "algorithm": "derive_vars_duration", "start_date": "B", "end_date": "A"},
        {
            "target": "HOURS",
            "algorithm": "derive_vars_duration",
            "start_date": "B",
            "end_date": "A",
            "out_unit": "hours",
            "add_one": "no",
        },
    )
    assert made[["ADY", "DUR", "HOURS"]].values.tolist() == [[-1, -1, -24], [1, 1, 0], [2, 2, 36]]


@pytest.mark.parametrize(
    ("birth", "day", "years"), [("2000-02-29", "2023-02-28", 22), ("2000-02-29", "2023-03-01", 23)]
)
def test_age_completes_on_the_anniversary(birth: str, day: str, years: float) -> None:
    """A year is completed on the anniversary, for 29 February on 1 March of a common year."""
    made = run(
        frame(f"B | D\n{birth} | {day}", dates=("B", "D")),
        {"target": "AAGE", "algorithm": "derive_vars_aage", "start_date": "B", "end_date": "D"},
    )
    assert made["AAGE"].tolist() == [years]
