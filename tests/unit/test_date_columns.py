"""Columns of dates are read the same way by layout as value by value."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from spectrail import date_columns
from spectrail.date_columns import read_column
from spectrail.date_formats import reader

FORMATS = {
    "iso": ["YYYY[-MM[-DD]]", "YYYY-MM-DDTHH[:MM[:SS]][Z]"],
    "one order": ["DD/MM/YYYY"],
    "both orders": ["DD/MM/YYYY", "MM/DD/YYYY"],
    "compact": ["YYYYMMDD", "YYYYMMDD HHMM"],
    "two-digit years": ["DD/MM/YY", "DD/MM/YYYY"],
    "clock": ["HH:MM[:SS]", "HHMM"],
    "excel": ["EXCEL", "YYYY"],
    "digit in the format": ["2YYY-MM-DD", "YYYY-MM-DD"],
    "words": ["DD MMM YYYY"],
}


def messy(rng: np.random.Generator, size: int) -> pd.Series:
    """Make texts of many layouts, good and bad."""
    year, month, day = rng.integers(1899, 2031, size), rng.integers(0, 14, size), rng.integers(0, 33, size)
    hour, minute, second = rng.integers(0, 26, size), rng.integers(0, 62, size), rng.integers(0, 62, size)
    month[rng.random(size) < 0.05] = 99
    layouts = [
        "{0:04d}-{1:02d}-{2:02d}",
        "{0:04d}-{1:02d}",
        "{0:04d}",
        "{0:04d}-{1:02d}-{2:02d}T{3:02d}:{4:02d}",
        "{0:04d}-{1:02d}-{2:02d}T{3:02d}:{4:02d}:{5:02d}",
        "{0:04d}-{1:02d}-{2:02d}T{3:02d}:{4:02d}+08:00",
        "{2:02d}/{1:02d}/{0:04d}",
        "{2}/{1}/{0}",
        "{0:04d}{1:02d}{2:02d}",
        "{0:04d}{1:02d}{2:02d} {3:02d}{4:02d}",
        "{3}:{4}",
        "{3:02d}:{4:02d}:{5:02d}",
        "{3:02d}{4:02d}",
        "{2:02d}/{1:02d}/99",
        "4{0:04d}",
        "{2} MAR {0}",
        " {0:04d}-{1:02d}-{2:02d} ",
        "2{0:04d}-{1:02d}-{2:02d}",
    ]
    which = rng.integers(0, len(layouts), size)
    texts = [
        layouts[w].format(*parts)
        for w, parts in zip(which, zip(year, month, day, hour, minute, second, strict=True), strict=True)
    ]
    return pd.Series([*texts, None, "UN/UN/UNK", "soon", "２０２３-01-02"], dtype="str")


@pytest.mark.parametrize("name", FORMATS)
def test_layouts_and_single_values_give_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Same dates, times and states for 6000 messy texts."""
    values = messy(np.random.default_rng(7), 6000)
    by = reader(FORMATS[name], pivot=50)
    monkeypatch.setattr(date_columns, "FEW", 10**9)
    slow = read_column(values, by)
    monkeypatch.setattr(date_columns, "FEW", 0)
    monkeypatch.setattr(date_columns, "_MOST_LAYOUTS", 10**9)
    fast = read_column(values, by)
    for field in ("date", "before", "time"):
        assert getattr(fast, field).to_pylist() == getattr(slow, field).to_pylist()
    assert fast.status.tolist() == slow.status.tolist()
    assert fast.next_day.tolist() == slow.next_day.tolist()
    assert fast.whole().to_pylist() == slow.whole().to_pylist()
    assert (slow.status == 0).any()


def test_an_empty_column_is_read() -> None:
    """No values, only the entry for missing."""
    found = read_column(pd.Series([], dtype="str"), reader(["YYYY"]))
    assert found.rows(found.whole()).tolist() == []
