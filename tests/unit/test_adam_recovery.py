"""Recovery of counts (rows 46-50 and 52 of the edge-case table)."""

from __future__ import annotations

import pandas as pd
import pytest
from adam_helpers import evaluate, frame

from adam.parameters.recovery import derive_recovery


def recovered(
    values: list[float], days: list[int] | None = None, *, transfusion: int | None = None, **options: object
) -> dict[str, object]:
    """Return below, recovery and last day (from 0) of one subject's counts on consecutive or given days."""
    origin = pd.Timestamp("2008-01-01")
    when = days if days is not None else list(range(len(values)))
    table = pd.DataFrame(
        {
            "USUBJID": pd.Series(["1"] * len(values), dtype="str"),
            "ADT": pd.Series([origin + pd.Timedelta(days=one) for one in when]).astype("datetime64[us]"),
            "AVAL": values,
        }
    )
    given = {}
    tables = {}
    if transfusion is not None:
        date = (origin + pd.Timedelta(days=transfusion)).strftime("%Y-%m-%d")
        tables["TX"] = frame(f"USUBJID | ADT\n1 | {date}", dates=("ADT",))
        given["dataset_transfusions"] = "TX"
    made = derive_recovery(table, tables=tables.__getitem__, evaluate=evaluate, **given, **options).frame
    row = made.iloc[0]
    dates = {name: row[name] for name in ("BELOWDT", "RECDT", "LASTDT")}
    shown = {name: None if pd.isna(one) else (one - origin).days for name, one in dates.items()}
    return shown | {"gap": row["GAPDAYS"], "below": row["NADFL"]}


PLATELETS = [10, 35, 30, 25, 10, 15, 19, 23, 25, 40, 50]


def test_platelet_recovery_passes_over_transfused_days() -> None:
    """With a transfusion on day 0 platelets of 20 are recovered on day 7, without it on day 1 (case 46)."""
    assert recovered(PLATELETS, threshold=20, transfusion=0)["RECDT"] == 7
    assert recovered(PLATELETS, threshold=20)["RECDT"] == 1


@pytest.mark.parametrize(
    ("case", "values", "days", "expected"),
    [
        (47, [0.3, 0.5, 0.4, 0.6, 0.7, 0.8], None, 3),
        (48, [0.3, 0.5, 0.6], None, None),
        (50, [0.3] * 14 + [0.7, 0.8, 1.2], [*range(13), 12, 13, 16, 20], 13),
    ],
)
def test_neutrophil_recovery(case: int, values: list[float], days: list[int] | None, expected: int | None) -> None:
    """Recovery is the first of three measured days in a row at 0.5 or above after one below (cases 47, 48, 50)."""
    if case == 50:
        values, days = [0.3] * 13 + [0.7, 0.8, 1.2], [*range(13), 13, 16, 20]
    assert recovered(values, days, threshold=0.5)["RECDT"] == expected


def test_gap_within_a_recovery_is_listed() -> None:
    """Measured days need not follow each other; the longest gap is told (case 50)."""
    assert recovered([0.3, 0.7, 0.8, 1.2], [0, 13, 16, 20], threshold=0.5)["gap"] == 4


def test_never_below_has_no_recovery() -> None:
    """A subject never below the threshold has neither a date below nor a recovery (case 49)."""
    assert recovered([0.6, 0.5, 0.9], threshold=0.5) == {
        "BELOWDT": None,
        "RECDT": None,
        "LASTDT": 2,
        "gap": pytest.approx(float("nan"), nan_ok=True),
        "below": "N",
    }


def test_last_count_is_kept_for_censoring() -> None:
    """An unrecovered subject has the day of the last count, where it is censored (cases 48 and 52)."""
    assert recovered([0.3, 0.4, 0.4], [0, 10, 28], threshold=0.5)["LASTDT"] == 28


@pytest.mark.parametrize(("needed", "expected"), [(1, 1), (2, 3), (3, 3)])
def test_number_of_days_is_a_setting(needed: int, expected: int) -> None:
    """One, two or three days in a row may be asked for; only the case that differs changes."""
    assert recovered([0.3, 0.5, 0.4, 0.6, 0.7, 0.8], threshold=0.5, recovery_n=needed)["RECDT"] == expected


def test_order_of_counts_plays_no_part() -> None:
    """The same counts in another order give the same recovery."""
    values = [0.3, 0.5, 0.4, 0.6, 0.7, 0.8]
    order = [4, 0, 5, 2, 1, 3]
    assert recovered([values[one] for one in order], order, threshold=0.5) == recovered(values, threshold=0.5)
