"""MRD results: reading, status at the threshold, log reduction (rows 21-28, 31 of the edge-case table)."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from adam_helpers import frame, run

from adam.parameters.mrd import derive_vars_mrd, log_reduction

MISSING = float("nan")


def status(text: str, unit: str = "", lod: str = "", **options: str) -> tuple[object, object]:
    """Return status and category of one result; the limit of detection is in percent."""
    table = frame(f"RESULT | UNIT | LOD\n{text} | {unit} | {lod}")
    made = derive_vars_mrd(table, result="RESULT", unit="UNIT", lod="LOD", **options).frame
    one = made[["MRDSTAT", "AVALCAT1"]].fillna("").iloc[0]
    return one["MRDSTAT"], one["AVALCAT1"]


@pytest.mark.parametrize(
    ("case", "text", "unit", "lod", "expected"),
    [
        (21, "0.01%", "", "", "POSITIVE"),
        (21, "1×10⁻⁴", "", "", "POSITIVE"),
        (21, "100/1000000", "", "", "POSITIVE"),
        (21, "0.01", "%", "", "POSITIVE"),
        (0, "0.0099", "%", "", "NEGATIVE"),
        (0, "10^-5", "", "", "NEGATIVE"),
        (0, "12/10^6", "", "", "NEGATIVE"),
        (22, "<0.01", "%", "", "NEGATIVE"),
        (22, "<1E-4", "", "", "NEGATIVE"),
        (23, "<0.1%", "", "", "INDETERMINATE"),
        (23, "≤0.01%", "", "", "INDETERMINATE"),
        (24, "Negative", "", "0.1", "INDETERMINATE"),
        (24, "Negative", "", "", "INDETERMINATE"),
        (25, "未检出", "", "0.01", "NEGATIVE"),
        (26, "POS", "", "", "POSITIVE"),
        (26, "阳性", "", "", "POSITIVE"),
        (28, "＜０．０１％", "", "", "NEGATIVE"),
        (28, "0,02%", "", "", "POSITIVE"),
        (0, "Not done", "", "", ""),
        (0, "未做", "", "", ""),
    ],
)
def test_status_at_one_in_ten_thousand(case: int, text: str, unit: str, lod: str, expected: str) -> None:
    """A result has the status that number, operator, unit and sensitivity give (cases 21-28)."""
    assert status(text, unit, lod)[0] == expected, case


def test_number_without_unit_is_a_query() -> None:
    """A number without a unit is never guessed: no status, and a query (case 27)."""
    table = frame("RESULT | UNIT | LOD\n0.01 | |")
    made = derive_vars_mrd(table, result="RESULT", unit="UNIT", lod="LOD")
    assert made.frame["MRDSTAT"].isna().tolist() == [True]
    assert made.frame["AVAL"].isna().tolist() == [True]
    assert [(one.rule, one.rows.tolist()) for one in made.problems] == [("ADAM-MRD-UNIT", [0])]


def test_positive_without_number_has_no_value() -> None:
    """A positive result without a number is POSITIVE with a null value, so it is in no waterfall (case 26)."""
    table = frame("RESULT | UNIT | LOD\nPOS | |")
    made = derive_vars_mrd(table, result="RESULT", unit="UNIT", lod="LOD").frame
    assert made[["AVAL", "DTYPE"]].isna().values.tolist() == [[True, True]]


def test_value_below_a_limit_is_imputed() -> None:
    """A censored result has the limit of detection as value with DTYPE LLOD; a measured one its own proportion."""
    table = frame("RESULT | UNIT | LOD\n<0.01 | % |\n未检出 | | 0.001\n0.5 | % | 0.01")
    made = derive_vars_mrd(table, result="RESULT", unit="UNIT", lod="LOD").frame
    assert made["AVAL"].tolist() == [0.0001, 0.00001, 0.005]
    assert made["DTYPE"].fillna("").tolist() == ["LLOD", "LLOD", ""]
    assert made["MRDOP"].tolist() == ["<", "<", "="]


def test_options_change_only_their_results() -> None:
    """The two switches move exactly the threshold value and the result without a limit."""
    texts = ["0.01%", "0.0101%", "Negative", "<0.01%"]
    plain = [status(text)[0] for text in texts]
    at = [status(text, mrd_at_threshold="negative")[0] for text in texts]
    without = [status(text, mrd_nd_without_lod="assay_lod")[0] for text in texts]
    assert plain == ["POSITIVE", "POSITIVE", "INDETERMINATE", "NEGATIVE"]
    assert at == ["NEGATIVE", "POSITIVE", "INDETERMINATE", "NEGATIVE"]
    assert without == ["POSITIVE", "POSITIVE", "NEGATIVE", "NEGATIVE"]


def test_log_reduction_uses_the_limit() -> None:
    """From 62 % to below 1E-4 the reduction is at least 3.79 (case 31)."""
    actual = log_reduction(pd.Series([0.62]), pd.Series([0.0001]))
    assert math.floor(actual[0] * 100) / 100 == 3.79


RECORDS = """
USUBJID | AVISIT | PARAMCD | MRDSTAT  | SPEC
1       | DAY 22 | MRDFLOW | NEGATIVE | BONE MARROW
1       | DAY 22 | MRDNGS  | POSITIVE | BONE MARROW
2       | DAY 22 | MRDFLOW | NEGATIVE | BLOOD
"""


def test_assays_are_never_pooled_and_blood_does_not_count() -> None:
    """The flow result is the endpoint, NGS stays beside it (case 29); a blood specimen is not used (case 32)."""
    made = run(
        frame(RECORDS).assign(AVALC=pd.Series(dtype="str"), AVAL=MISSING, ADT=pd.NaT),
        {
            "algorithm": "derive_param_exist_flag",
            "dataset_ref": "ADSL",
            "parameters": ("MRDFLOW",),
            "condition": "MRDSTAT == 'NEGATIVE'",
            "filter_add": "AVISIT == 'DAY 22' and SPEC == 'BONE MARROW'",
            "true_value": "NEGATIVE",
            "false_value": "POSITIVE",
            "missing_value": "MISSING",
            "values": {"NEGATIVE": "0", "POSITIVE": "1"},
            "set_values_to": {"PARAMCD": "MRDD22"},
        },
        ADSL=frame("USUBJID\n1\n2"),
    )
    new = made[made["PARAMCD"] == "MRDD22"]
    assert new[["USUBJID", "AVALC"]].values.tolist() == [["1", "NEGATIVE"], ["2", "MISSING"]]
    assert made["PARAMCD"].tolist()[:3] == ["MRDFLOW", "MRDNGS", "MRDFLOW"]
