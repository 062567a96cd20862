"""Data cut-off by domain."""

from __future__ import annotations

import pytest
from adam_helpers import frame

from adam.cutoff import Rule, cut, rules_of
from specs import models
from spectrail.dataset import Dataset
from spectrail.errors import SpecError, UnknownNameError
from spectrail.layout import Column, Layout


def dataset(name: str, text: str) -> Dataset:
    """Wrap a literal table as a finished dataset."""
    table = frame(text)
    return Dataset(Layout(name, "", tuple(Column(str(one)) for one in table.columns)), table)


AE = dataset(
    "AE",
    "USUBJID | AESTDTC | AEENDTC\n1 | 2024-06-30T23:00 | 2024-07-02\n1 | 2024-07-01 |\n"
    "2 | 2024-06 |\n2 | 2024 |\n2 | |",
)


def test_records_after_the_cutoff_are_dropped_and_listed() -> None:
    """A record wholly after the day is dropped; partial and missing dates stay; later end dates are blanked."""
    made, listing = cut({"AE": AE}, (Rule("AE", "AESTDTC", truncate=("AEENDTC",)),), "2024-06-30")
    assert made["AE"].frame.index.tolist() == [0, 2, 3, 4]
    assert made["AE"].frame["AEENDTC"].isna().all()
    assert listing[["RECORD", "VARIABLE", "VALUE", "ACTION"]].values.tolist() == [
        ["2", "AESTDTC", "2024-07-01", "dropped"],
        ["1", "AEENDTC", "2024-07-02", "blanked"],
    ]


def test_partial_dates_may_be_dropped() -> None:
    """With `drop` a partial date that may lie after the cut-off goes too; SDTM itself is not changed."""
    made, _ = cut({"AE": AE}, (Rule("AE", "AESTDTC", "drop"),), "2024-06-30")
    assert made["AE"].frame.index.tolist() == [0, 2, 4]
    assert len(AE.frame) == 5


def test_wrong_rules_are_refused() -> None:
    """An unknown variable, word or date is told."""
    with pytest.raises(UnknownNameError, match="AESTDT"):
        cut({"AE": AE}, (Rule("AE", "AESTDT"),), "2024-06-30")
    with pytest.raises(SpecError, match="not a date"):
        cut({"AE": AE}, (), "soon")
    table = models.LookupTable(
        name="cutoff", columns=("DATASET", "DATE", "PARTIAL"), rows=(("AE", "AESTDTC", "maybe"),)
    )
    with pytest.raises(UnknownNameError, match="'maybe'"):
        rules_of(table)
