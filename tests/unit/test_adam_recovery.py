"""Recovery of counts (rows 46-50 and 52 of the edge-case table)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from adam_helpers import evaluate, frame

from adam.parameters.recovery import derive_param_recovery, derive_recovery
from spectrail.steps import Records


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
        given["transfusions"] = {"dataset": "TX", "date": "ADT"}
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


@pytest.mark.parametrize(("gap", "expected"), [("unlimited", 13), ("4", 13), ("3", 20), ("1", None)])
def test_a_longer_gap_breaks_a_recovery(gap: str, expected: int | None) -> None:
    """More than N days between two measured days that follow each other: a later run of three must do."""
    values, days = [0.3, 0.7, 0.8, 1.2, 1.3, 1.4], [0, 13, 16, 20, 22, 25]
    # 13-16-20 has gaps of 3 and 4; 16-20-22 one of 4; 20-22-25 has 2 and 3
    assert recovered(values, days, threshold=0.5, sustained_gap_days=gap)["RECDT"] == expected


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


ORIGIN = pd.Timestamp("2023-01-01")
DEATH = {"dataset": "ADSL", "date": "DTHDT", "EVNTDESC": "DEATH BEFORE RECOVERY"}
CONSOLIDATION = {"dataset": "ADSL", "date": "CONSSDT", "CNSDTDSC": "CONSOLIDATION"}


def date(day: int | None) -> pd.Timestamp | None:
    """Return the date of a study day; day 1 is the day of the first dose, day 0 the day before."""
    return None if day is None else ORIGIN + pd.Timedelta(days=day - 1)


def study(
    subjects: dict[str, dict[int, float]], adsl: dict[str, dict[str, int]] | None = None
) -> dict[str, pd.DataFrame]:
    """Return ADLB of counts by study day, and ADSL with dates given as study days."""
    rows = [(one, day, value) for one, counts in subjects.items() for day, value in counts.items()]
    adlb = pd.DataFrame(
        {
            "USUBJID": pd.Series([one for one, _, _ in rows], dtype="str"),
            "ADT": pd.Series([date(day) for _, day, _ in rows]).astype("datetime64[us]"),
            "AVAL": [value for _, _, value in rows],
            "ASEQ": [float(number) for number in range(1, len(rows) + 1)],
            "TRTSDT": pd.Series([ORIGIN] * len(rows)).astype("datetime64[us]"),
        }
    )
    listed = pd.DataFrame({"USUBJID": pd.Series(list(subjects), dtype="str")})
    for name in ("DTHDT", "CONSSDT", "TXDT"):
        days = [(adsl or {}).get(one, {}).get(name) for one in subjects]
        listed[name] = pd.Series([date(day) for day in days]).astype("datetime64[us]")
    return {"ADLB": adlb, "ADSL": listed}


def record(
    counts: dict[int, float], *, threshold: float = 0.5, dates: dict[str, int] | None = None, **options: Any
) -> Records:
    """Run the parameter over the counts of one subject."""
    return parameter(study({"1": counts}, {"1": dates or {}}), threshold=threshold, **options)


def parameter(tables: dict[str, pd.DataFrame], *, threshold: float = 0.5, **options: Any) -> Records:
    """Run the parameter over a study."""
    return derive_param_recovery(
        tables["ADLB"],
        threshold=threshold,
        start_date="TRTSDT",
        competing_conditions=(DEATH,),
        stop_conditions=(CONSOLIDATION,),
        tables=tables.__getitem__,
        evaluate=evaluate,
        **options,
    )


def shown(made: Records) -> list[list[Any]]:
    """Return AVAL, CNSR, CIFEVT and what the record says of its end."""
    table = made.frame
    text = table["EVNTDESC"].fillna(table["CNSDTDSC"])
    return [list(row) for row in zip(table["AVAL"], table["CNSR"], table["CIFEVT"], text, strict=True)]


PLT_46 = dict(zip(range(1, 12), (10.0, 35.0, 30.0, 25.0, 10.0, 15.0, 19.0, 23.0, 25.0, 40.0, 50.0), strict=True))
TRANSFUSION = {"dataset": "ADSL", "date": "TXDT"}


@pytest.mark.parametrize(
    ("case", "counts", "options", "expected"),
    [
        (46, PLT_46, {"threshold": 20, "transfusions": TRANSFUSION, "dates": {"TXDT": 1}}, [8, 0, 1, "RECOVERY"]),
        (46, PLT_46, {"threshold": 20}, [2, 0, 1, "RECOVERY"]),
        (47, {8: 0.3, 9: 0.5, 10: 0.4, 11: 0.6, 12: 0.7, 13: 0.8}, {}, [11, 0, 1, "RECOVERY"]),
        (48, {8: 0.3, 9: 0.5, 10: 0.6}, {}, [10, 1, 0, "LAST COUNT"]),
        (50, {0: 0.3, **dict.fromkeys(range(1, 14), 0.3), 14: 0.7, 18: 0.8, 22: 1.2}, {}, [14, 0, 1, "RECOVERY"]),
        (51, {8: 0.2, 16: 0.15, 18: 0.2}, {"dates": {"DTHDT": 18}}, [18, 2, 2, "DEATH BEFORE RECOVERY"]),
        (52, {22: 0.2, 28: 0.4, 31: 0.6, 32: 0.7, 33: 0.9}, {"dates": {"CONSSDT": 30}}, [28, 1, 0, "LAST COUNT"]),
        (52, {22: 0.2, 28: 0.4}, {"dates": {"CONSSDT": 30, "DTHDT": 60}}, [28, 1, 0, "LAST COUNT"]),
    ],
)
def test_recovery_case(case: int, counts: dict[int, float], options: dict[str, Any], expected: list[Any]) -> None:
    """Cases 46 to 48 and 50 to 52: day of recovery from the first dose on, competing death, or last count."""
    assert shown(record(counts, **options)) == [expected], case


def test_case_49_never_below_has_no_record() -> None:
    """A subject never below 0.5 gets no record; its counts are told as left out (case 49)."""
    made = record({1: 0.9, 8: 0.5, 15: 0.6})
    assert len(made.frame) == 0
    assert [(one.reason, one.rows.tolist()) for one in made.excluded] == [("never below the threshold", [0, 1, 2])]


def test_case_50_gap_is_listed() -> None:
    """The longest step between the days of the recovery, 4 days, is a notice (case 50, decision 22)."""
    made = record({0: 0.3, 13: 0.3, 14: 0.7, 18: 0.8, 22: 1.2})
    assert [(one.rule, one.severity, list(one.values)) for one in made.problems] == [
        ("ADAM-RECOVERY-GAP", "notice", ["4"])
    ]
    assert shown(record({0: 0.3, 13: 0.3, 14: 0.7, 18: 0.8, 22: 1.2}, sustained_gap_days="3")) == [
        [22, 1, 0, "LAST COUNT"]
    ]


def test_transfusion_between_the_days_breaks_the_row() -> None:
    """Days before and after a transfusion do not confirm each other, even with none of them masked."""
    counts = {1: 10.0, 5: 30.0, 6: 35.0, 20: 40.0, 21: 45.0, 22: 50.0}
    common: dict[str, Any] = {"threshold": 20, "transfusions": TRANSFUSION}
    assert shown(record(counts, **common, dates={"TXDT": 8})) == [[20, 0, 1, "RECOVERY"]]
    assert shown(record(counts, **common, dates={})) == [[5, 0, 1, "RECOVERY"]]
    assert shown(record(counts, **common, dates={"TXDT": 8}, plt_tx_days=0)) == [[5, 0, 1, "RECOVERY"]]


@pytest.mark.parametrize(("days", "expected"), [(0, 2), (3, 4), (7, 8)])
def test_days_without_usable_platelets_are_a_setting(days: int, expected: int) -> None:
    """`plt_tx_days` 7 means day 0 to 6 after the transfusion; day 7 is usable (case 46, decision 21)."""
    counts = {1: 10.0, **dict.fromkeys(range(2, 15), 30.0)}
    made = record(counts, threshold=20, transfusions=TRANSFUSION, dates={"TXDT": 1}, plt_tx_days=days)
    assert made.frame["AVAL"].tolist() == [expected]


def test_duration_runs_to_the_day_before_recovery() -> None:
    """Below from day 8 on and recovered on day 15: 7 days; below before the first dose counts from the dose."""
    late = {1: 1.0, 8: 0.2, 12: 0.4, 15: 0.6, 16: 0.7, 17: 0.8}
    assert shown(record(late, measure="duration")) == [[7, 0, 1, "RECOVERY"]]
    early = {-3: 0.2, 2: 0.6, 3: 0.7, 4: 0.8}
    made = record(early, measure="duration").frame
    assert made[["AVAL", "CNSR"]].values.tolist() == [[1, 0]]
    assert made["STARTDT"].tolist() == [ORIGIN]


def test_lowest_count_of_a_day_and_baseline() -> None:
    """Of two counts of a day the lowest is taken; of the days before the first dose only the last one counts."""
    tables = study({"1": {-5: 0.1, 0: 0.9, 8: 0.3, 9: 0.6, 10: 0.6, 11: 0.6}})
    again = tables["ADLB"].iloc[[3]].assign(AVAL=0.4)
    tables["ADLB"] = pd.concat([tables["ADLB"], again], ignore_index=True)
    assert shown(parameter(tables)) == [[11, 1, 0, "LAST COUNT"]]
    assert len(record({-5: 0.1, 0: 0.9, 8: 0.8, 9: 0.6, 10: 0.6}).frame) == 0


def test_no_count_after_the_start() -> None:
    """Below before the first dose and never counted again: censored on day 1."""
    assert shown(record({-3: 0.2})) == [[1, 1, 0, "NO COUNT AFTER START"]]


def test_counts_after_the_cutoff_do_not_confirm() -> None:
    """A recovery confirmed only after the cut-off is none at the cut-off."""
    counts = {8: 0.2, 20: 0.6, 21: 0.7, 22: 0.8}
    assert shown(record(counts, cutoff="2023-01-21")) == [[21, 1, 0, "LAST COUNT"]]
    assert shown(record(counts, cutoff="2023-01-22")) == [[20, 0, 1, "RECOVERY"]]


def test_record_names_its_counts() -> None:
    """SRCSEQ is the count of the recovery day; the lineage names the first count below and those that confirm."""
    made = record({1: 2.0, 8: 0.3, 9: 0.5, 10: 0.4, 11: 0.6, 12: 0.7, 13: 0.8})
    assert made.frame[["SRCDOM", "SRCVAR", "SRCSEQ"]].values.tolist() == [["ADLB", "ADT", 5.0]]
    assert made.links is not None
    assert made.links[1].tolist() == [1, 4, 5, 6]
    assert made.notes is not None
    assert made.notes[["KIND", "DATASET", "WINNER"]].values.tolist() == [
        ["event", "ADLB", True],
        ["censor", "ADLB", False],
        ["censor", "ADLB", False],
    ]


def many() -> dict[str, pd.DataFrame]:
    """Make 40 subjects with counts every second day, deaths, consolidations and transfusions at random."""
    rng = np.random.default_rng(8)
    subjects = {
        f"S{one:02d}": {day: float(rng.choice([0.2, 0.4, 0.6, 0.8, 1.2])) for day in range(-1, 30, 2)}
        for one in range(40)
    }
    dates = {
        one: {name: int(rng.integers(1, 40)) for name in ("DTHDT", "CONSSDT", "TXDT") if rng.random() < 0.4}
        for one in subjects
    }
    return study(subjects, dates)


def all_records(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the records by subject."""
    made = parameter(tables, transfusions=TRANSFUSION)
    return made.frame.sort_values("USUBJID", ignore_index=True)


def test_recovery_depends_on_the_subject_only() -> None:
    """Shuffled counts give the same records, and so do builds of some subjects each put together."""
    tables = many()
    whole = all_records(tables)
    assert whole["CIFEVT"].nunique() == 3
    order = np.random.default_rng(3).permutation(len(tables["ADLB"]))
    mixed = {**tables, "ADLB": tables["ADLB"].iloc[order].reset_index(drop=True)}
    pd.testing.assert_frame_equal(all_records(mixed), whole)
    parts = [
        all_records(
            {name: one[one["USUBJID"].str.endswith(digit)].reset_index(drop=True) for name, one in tables.items()}
        )
        for digit in "0123456789"
    ]
    pd.testing.assert_frame_equal(pd.concat(parts).sort_values("USUBJID", ignore_index=True), whole)


def test_no_counts_at_all() -> None:
    """Without counts there are no records."""
    tables = study({"1": {1: 0.2}})
    tables["ADLB"] = tables["ADLB"].iloc[:0]
    assert len(parameter(tables).frame) == 0
