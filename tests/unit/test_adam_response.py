"""Response by algorithm; the numbers are the rows of the edge-case table in the documentation."""

from __future__ import annotations

import pandas as pd
import pytest
from adam_helpers import evaluate, frame

from adam.parameters.marrow import derive_param_response
from adam.parameters.response import CLASSES, Rules, classify
from spectrail.errors import UnknownNameError

CLEAN = {
    "USUBJID": "1",
    "ADT": "2023-02-01",
    "BLAST": 2.0,
    "CELLS": 500.0,
    "CELLULAR": 40.0,
    "ADEQ": True,
    "ANC": 2.0,
    "PLT": 200.0,
    "PBLAST": 0.0,
    "EMD": 0.0,
    "EMDBL": 0.0,
    "BLASTBL": 80.0,
}


def classes(*rows: dict[str, object], **rules: str) -> list[str]:
    """Class assessments given as differences from a clean remission marrow."""
    table = pd.DataFrame([CLEAN | row for row in rows])
    table["ADT"] = pd.to_datetime(table["ADT"]).astype("datetime64[us]")
    return [CLASSES[code] for code in classify(table, Rules(**rules)).tolist()]


@pytest.mark.parametrize(
    ("case", "values", "expected"),
    [
        (1, {"BLAST": 4.9, "ANC": 1.0, "PLT": 100.0}, "CR"),
        (2, {"BLAST": 5.0}, "PR"),
        (3, {"ANC": 0.99, "PLT": 100.0}, "CRh"),
        (4, {"ANC": 1.0, "PLT": 99.0}, "CRh"),
        (4, {"ANC": 0.5, "PLT": 50.0}, "CRh"),
        (5, {"ANC": 0.49, "PLT": 120.0}, "CRi"),
        (5, {"ANC": 1.5, "PLT": 49.0}, "CRi"),
        (6, {"ANC": 0.4, "PLT": 60.0}, "CRi"),
        (6, {"ANC": 0.2, "PLT": 15.0}, "CRi"),
        (7, {"BLAST": 0.0, "CELLS": 80.0, "CELLULAR": float("nan"), "ADEQ": False}, "NE"),
        (8, {"PBLAST": 1.0}, "NR"),
        (8, {"EMD": 1.0, "EMDBL": 1.0}, "NR"),
    ],
)
def test_class_of_one_marrow(case: int, values: dict[str, object], expected: str) -> None:
    """A marrow after induction has the class that its blasts, counts and disease elsewhere say (cases 1-8)."""
    assert classes(values) == [expected], case


def test_one_lineage_rule_makes_mlfs_of_two_deficits() -> None:
    """Under the one-lineage rule no recovered line is MLFS, one is CRi, the rest stays (cases 5 and 6)."""
    rows = [{"ANC": 0.4, "PLT": 60.0}, {"ANC": 0.49, "PLT": 120.0}, {"ANC": 1.0, "PLT": 99.0}, {}]
    actual = [classes(row, cri_rule="one_lineage")[0] for row in rows]
    assert actual == ["MORPHOLOGIC LEUKEMIA-FREE STATE", "CRi", "CRh", "CR"]


@pytest.mark.parametrize(
    ("rule", "values", "expected"),
    [
        ({"blast_cut": "<=5"}, {"BLAST": 5.0}, "CR"),
        ({"count_anc_cr": ">"}, {"ANC": 1.0, "PLT": 100.0}, "CRh"),
        ({"count_plt_cr": ">"}, {"ANC": 1.0, "PLT": 100.0}, "CRh"),
        ({"count_anc_crh": ">"}, {"ANC": 0.5, "PLT": 50.0}, "CRi"),
        ({"count_plt_crh": ">"}, {"ANC": 0.5, "PLT": 50.0}, "CRi"),
    ],
)
def test_inequalities_are_settings(rule: dict[str, str], values: dict[str, object], expected: str) -> None:
    """Each limit can be taken with or without equality; only values exactly at it change their class."""
    assert classes(values, **rule) == [expected]
    assert classes({"ANC": 1.01, "PLT": 100.1}, **rule) == ["CR"]


def test_unsupported_option_raises() -> None:
    """An option that is not supported is refused by name."""
    with pytest.raises(UnknownNameError, match="cri_rule"):
        Rules(cri_rule="eln")


def test_relapse_after_remission() -> None:
    """Blasts of 7 % after CR are relapse at > 5 %, not at >= 25 %; exactly 5.0 is neither (case 18)."""
    later = {"ADT": "2023-08-01", "BLAST": 7.0}
    assert classes({}, later)[1] == "RELAPSED DISEASE"
    assert classes({}, later, efs_relapse_blast=">=25%")[1] == "NR"
    assert classes({}, later | {"BLAST": 5.0})[1] == "NR"
    assert classes({}, later | {"BLAST": 25.0}, efs_relapse_blast=">=25%")[1] == "RELAPSED DISEASE"


def test_order_of_rows_plays_no_part() -> None:
    """A later marrow given first is still after the remission."""
    assert classes({"ADT": "2023-08-01", "BLAST": 7.0}, {}) == ["RELAPSED DISEASE", "CR"]


def test_progression_is_a_quarter_over_the_nadir() -> None:
    """Before remission a rise by 25 % over the lowest earlier blasts is PD, less is NR."""
    rows = [
        {"BLAST": 40.0, "ADT": "2023-01-20"},
        {"BLAST": 49.9, "ADT": "2023-02-01"},
        {"BLAST": 50.0, "ADT": "2023-02-15"},
    ]
    assert classes(*rows) == ["NR", "NR", "PD"]


def test_missing_count_or_disease_status_is_not_evaluable() -> None:
    """Without a count, or with disease at baseline not assessed again, a remission marrow is NE."""
    missing = float("nan")
    assert classes({"ANC": missing}) == ["NE"]
    assert classes({"EMD": missing, "EMDBL": 1.0}) == ["NE"]
    assert classes({"EMD": missing, "EMDBL": 0.0}) == ["CR"]


ADSL = frame("USUBJID | TRTSDT | NACTDT\n1 | 2023-01-01 |", dates=("TRTSDT", "NACTDT"))
LAB = """
USUBJID | PARAMCD | ADT        | AVAL | AVALC | ABLFL
1       | BLAST   | 2022-12-30 | 80   |       | Y
1       | EMD     | 2022-12-30 |      | N     | Y
1       | BLAST   | 2023-01-22 | 2    |       |
1       | CELLS   | 2023-01-22 | 500  |       |
1       | ADEQ    | 2023-01-22 |      | Y     |
"""
MEASURES = {name: f"PARAMCD == '{name}'" for name in ("BLAST", "CELLS", "ADEQ", "ANC", "PLT", "PBLAST", "EMD")}


def respond(counts: str, transfusions: str = "", **options: object) -> pd.DataFrame:
    """Run the algorithm on one subject: marrow with 2 % blasts on day 22, counts as given."""
    tables = {"ADLB": frame(LAB + counts, dates=("ADT",), numbers=("AVAL",))}
    given = {}
    if transfusions:
        tables["TX"] = frame("USUBJID | ADT\n" + transfusions, dates=("ADT",))
        given = {"transfusions": {"dataset": "TX", "date": "ADT"}}
    made = derive_param_response(
        ADSL, dataset_add="ADLB", measures=MEASURES, tables=tables.__getitem__, evaluate=evaluate, **given, **options
    )
    return made.frame


def test_platelets_after_a_transfusion_are_not_used() -> None:
    """Platelets within 7 days of a transfusion are passed over; day 7 is usable (case 9)."""
    counts = "1 | ANC | 2023-01-22 | 2 | |\n1 | PLT | 2023-01-22 | 150 | |\n"
    assert respond(counts, "1 | 2023-01-18")["AVALC"].tolist() == ["NE"]
    assert respond(counts, "1 | 2023-01-15")["AVALC"].tolist() == ["CR"]
    assert respond(counts, "1 | 2023-01-18", plt_tx_days=3)["AVALC"].tolist() == ["CR"]
    next_day = counts + "1 | PLT | 2023-01-23 | 120 | |\n"
    assert respond(next_day, "1 | 2023-01-16")["PLT"].tolist() == [120.0]


def test_counts_of_the_day_else_the_later_neighbour() -> None:
    """Counts on the days before and after a marrow: the later ones are used (case 10)."""
    made = respond(
        "1 | ANC | 2023-01-21 | 0.9 | |\n1 | PLT | 2023-01-21 | 95 | |\n"
        "1 | ANC | 2023-01-23 | 1.1 | |\n1 | PLT | 2023-01-23 | 105 | |\n"
    )
    assert made[["ANC", "PLT", "AVALC"]].values.tolist() == [[1.1, 105.0, "CR"]]


def test_late_recovery_upgrades_only_when_switched_on() -> None:
    """Counts recovered on day 27 make the CRi of day 22 a CR of day 27 with the switch on (case 11)."""
    counts = (
        "1 | ANC | 2023-01-22 | 0.3 | |\n1 | PLT | 2023-01-22 | 40 | |\n"
        "1 | ANC | 2023-01-27 | 1.2 | |\n1 | PLT | 2023-01-27 | 130 | |\n"
    )
    off, on = respond(counts), respond(counts, upgrade_late_recovery="on", new_therapy_date="NACTDT")
    assert off[["AVALC", "ADT"]].values.tolist() == [["CRi", pd.Timestamp("2023-01-22")]]
    assert on[["AVALC", "ADT"]].values.tolist() == [["CR", pd.Timestamp("2023-01-27")]]


LATE = (
    "1 | ANC | 2023-01-22 | 0.3 | |\n1 | PLT | 2023-01-22 | 40 | |\n"
    "1 | ANC | 2023-01-27 | 1.2 | |\n1 | PLT | 2023-01-27 | 130 | |\n"
)


@pytest.mark.parametrize(
    ("dose", "expected"),
    [
        ("2023-01-21", [["CR", "2023-01-27"]]),  # ended before the marrow
        ("2023-01-28", [["CR", "2023-01-27"]]),
        ("2023-01-27", [["CRi", "2023-01-22"]]),
        ("2023-01-22", [["CRi", "2023-01-22"]]),  # on the day of the marrow, after it
    ],
)
def test_late_recovery_ends_with_the_next_dose(dose: str, expected: list[list[str]]) -> None:
    """Counts on or after the day of the next dose do not upgrade."""
    tables = {
        "ADLB": frame(LAB + LATE, dates=("ADT",), numbers=("AVAL",)),
        "EX": frame(f"USUBJID | DAY\n1 | {dose}", dates=("DAY",)),
    }
    made = derive_param_response(
        ADSL,
        dataset_add="ADLB",
        measures=MEASURES,
        upgrade_late_recovery="on",
        next_doses={"dataset": "EX", "date": "DAY"},
        tables=tables.__getitem__,
        evaluate=evaluate,
    ).frame
    assert [[row.AVALC, f"{row.ADT:%Y-%m-%d}"] for row in made.itertuples()] == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("CELLS   | 2023-01-22 | 500 ", "CELLS   | 2023-01-22 | 80 ", ["NE"]),  # too few cells
        ("2022-12-30 |      | N     | Y", "2022-12-30 |      | Y     | Y", ["NE"]),  # disease not assessed again
    ],
)
def test_late_recovery_needs_a_marrow_in_remission(old: str, new: str, expected: list[str]) -> None:
    """Counts do not make a class of a marrow that cannot be judged for another reason."""
    assert old in LAB
    tables = {"ADLB": frame((LAB + LATE).replace(old, new), dates=("ADT",), numbers=("AVAL",))}
    made = derive_param_response(
        ADSL,
        dataset_add="ADLB",
        measures=MEASURES,
        upgrade_late_recovery="on",
        tables=tables.__getitem__,
        evaluate=evaluate,
    ).frame
    assert made["AVALC"].tolist() == expected


def test_failed_marrow_is_a_record_of_its_own() -> None:
    """A dry tap gives NE on its day, the repeated marrow its class on its own (case 14)."""
    lab = "1 | ADEQ | 2023-01-26 | | Y |\n1 | ANC | 2023-01-22 | 2 | |\n1 | PLT | 2023-01-22 | 150 | |\n"
    made = respond(lab)
    assert made[["AVALC", "ADT"]].values.tolist() == [
        ["CR", pd.Timestamp("2023-01-22")],
        ["NE", pd.Timestamp("2023-01-26")],
    ]


def test_response_links_to_every_record_it_used() -> None:
    """The lineage of a response names marrow, counts and disease status."""
    lab = frame(
        LAB + "1 | ANC | 2023-01-22 | 2 | |\n1 | PLT | 2023-01-22 | 150 | |\n", dates=("ADT",), numbers=("AVAL",)
    )
    made = derive_param_response(
        ADSL, dataset_add="ADLB", measures=MEASURES, tables={"ADLB": lab}.__getitem__, evaluate=evaluate
    )
    assert made.linked[0].rows.tolist() == [2, 3, 4, 5, 6]
