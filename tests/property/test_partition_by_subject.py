"""Derivations give the same values whether they see all subjects or one at a time, in whatever order."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from sdtm.algorithms.assign_datetime import assign_datetime
from sdtm.algorithms.grouping import group_by
from sdtm.algorithms.records import remove_dup
from sdtm.algorithms.unit_convert import unit_convert
from sdtm.algorithms.visit_map import visit_map
from sdtm.derivations.baseline import derive_lobxfl
from sdtm.derivations.days import derive_dy
from sdtm.derivations.epoch import derive_epoch, derive_epoch_by_dates
from sdtm.derivations.reference_dates import derive_ref_date
from sdtm.derivations.sequence import derive_seq
from sdtm.derivations.subject_visits import derive_sv
from spectrail.steps import Outcome

VISITS = pd.DataFrame(
    {
        "FOLDER": ["SCR", "D1", "D8", "UNS"],
        "VISITNUM": ["1", "2", "3", None],
        "VISIT": ["SCREENING", "DAY 1", "DAY 8", "UNSCHEDULED"],
    },
    dtype="str",
)
DATES = ["2023-01-01", "2023-01", "2023", "2023-01-10T09:00", "2023-01-10", "2023-02-03T10:30", "2023---05", None]


def records(seed: int, size: int = 400) -> pd.DataFrame:
    """Make records of 12 subjects with dates of every kind; values are unique, so that rows can be told apart."""
    rng = np.random.default_rng(seed)

    def some(values: list[str | None]) -> pd.Series:
        return pd.Series([values[i] for i in rng.integers(0, len(values), size)], dtype="str")

    frame = pd.DataFrame(
        {
            "USUBJID": some([f"S{number:02d}" for number in range(12)]),
            "DTC": some(DATES),
            "TEST": some(["A", "B"]),
            "FOLDER": some(["SCR", "D1", "D8", "UNS"]),
            "UNIT": some(["mg", "g", None, "?"]),
            "DAT": some(["05 MAR 2023", "UN MAR 2023", "30 FEB 2023", "x", None]),
        }
    )
    frame["RES"] = pd.Series([f"{number / 7:.3f}" for number in rng.permutation(size)], dtype="str")
    day = frame["USUBJID"].str.slice(1).astype(int) % 9 + 5
    frame["REF"] = "2023-01-" + day.astype(str).str.zfill(2) + "T08:00"
    frame["VISITNUM"] = rng.integers(1, 4, size).astype(float)
    return frame


ELEMENTS = pd.DataFrame(
    {
        "USUBJID": [f"S{number:02d}" for number in range(12) for _ in range(2)],
        "EPOCH": ["SCREENING", "TREATMENT"] * 12,
        "SESTDTC": ["2023-01-01", "2023-01-10T08:30"] * 12,
        "SEENDTC": ["2023-01-10T08:30", "2023-03"] * 12,
    },
    dtype="str",
)


def content(frame: pd.DataFrame) -> Callable[[np.ndarray], pd.DataFrame]:
    """Give the collected values of records."""
    return lambda rows: frame.take(rows).reset_index(drop=True)


def some_rows(_: str, table: pd.DataFrame) -> np.ndarray:
    """Select about a seventh of the rows."""
    return table["RES"].str.endswith(".143").to_numpy(dtype=bool)


COLUMNS: dict[str, Callable[[pd.DataFrame], object]] = {
    "assign_datetime": lambda f: assign_datetime(f["DAT"], formats=("DD MMM YYYY",)),
    "derive_dy": lambda f: derive_dy(f["DTC"], reference=f["REF"]),
    "derive_lobxfl": lambda f: derive_lobxfl(
        f["RES"], f["DTC"], f["TEST"], subject=f["USUBJID"], reference=f["REF"], ties=(f["RES"],)
    ),
    "derive_epoch": lambda f: derive_epoch(f["DTC"], table=ELEMENTS, subject=f["USUBJID"]),
    "derive_epoch_by_dates": lambda f: derive_epoch_by_dates(f["DTC"], start=f["REF"], end=f["REF"]),
    "unit_convert": lambda f: unit_convert(f["RES"], f["UNIT"], f["TEST"], give="text"),
    "visit_map": lambda f: visit_map(
        f["FOLDER"], table=VISITS, key=("FOLDER",), give="VISITNUM", date=f["DTC"], subject=f["USUBJID"]
    ),
    "derive_ref_date": lambda f: derive_ref_date(
        f["USUBJID"], table=f, date=("DTC",), take="first", where="some", evaluate=some_rows
    ),
}
RECORDS: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "derive_seq": lambda f: derive_seq(f, source=("TEST", "DTC"), target="SEQ", content=content(f)).frame,
    "remove_dup": lambda f: remove_dup(f, source=("USUBJID", "DTC"), order=("RES",), content=content(f)).frame,
    "group_by": lambda f: group_by(f, source=("USUBJID", "TEST"), order=("RES",), max=("DTC",)).frame,
    "derive_sv": lambda f: derive_sv(f[["USUBJID", "VISITNUM", "DTC"]], date="DTC").frame,
}


def values_of(function: Callable[[pd.DataFrame], object], frame: pd.DataFrame) -> dict[str, str]:
    """Return the value of each record, addressed by its unique result."""
    made = function(frame)
    found = pd.Series(made.values if isinstance(made, Outcome) else made)
    return dict(zip(frame["RES"], found.astype("str").fillna("missing"), strict=True))


def rows_of(function: Callable[[pd.DataFrame], pd.DataFrame], frame: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return records as texts, sorted."""
    made = function(frame).astype("str").fillna("missing")
    return sorted(made.itertuples(index=False, name=None))


def parts(frame: pd.DataFrame) -> list[pd.DataFrame]:
    """Split records by subject."""
    names = sorted(frame["USUBJID"].unique())
    return [frame[frame["USUBJID"] == name].reset_index(drop=True) for name in names]


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("name", COLUMNS)
def test_a_value_depends_on_the_subject_only(name: str, seed: int) -> None:
    """All at once, subject by subject, and in reverse order."""
    frame = records(seed)
    whole = values_of(COLUMNS[name], frame)
    assert len(set(whole.values())) > 1
    assert whole == {key: value for part in parts(frame) for key, value in values_of(COLUMNS[name], part).items()}
    assert whole == values_of(COLUMNS[name], frame.iloc[::-1].reset_index(drop=True))


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("name", RECORDS)
def test_records_depend_on_the_subject_only(name: str, seed: int) -> None:
    """The same records from all subjects as from one after another."""
    frame = records(seed)
    whole = rows_of(RECORDS[name], frame)
    assert whole == sorted(row for part in parts(frame) for row in rows_of(RECORDS[name], part))
