"""Fixtures that many tests share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from spectrail.dataset import Dataset
from spectrail.io.sas_dates import date_kind
from spectrail.io.xpt import read_xpt, write_xpt

CREATED = datetime(2025, 3, 28, 12, 0, 0)
SHARED = Path(__file__).resolve().parents[1].parent / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of reference data; the test is skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("the folder ../shared with reference data is not here")
    return SHARED


@pytest.fixture
def check_xpt(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a dataset as XPT and checks every part of it with pyreadstat and read_xpt."""

    def check(dataset: Dataset, **options: Any) -> Path:
        path = tmp_path / f"{dataset.name.lower()}.xpt"
        layout = write_xpt(dataset, path, **({"created": CREATED} | options))
        encoding = options.get("encoding", "ascii")
        frame, meta = pyreadstat.read_xport(path, disable_datetime_conversion=True, encoding=encoding)
        names = list(layout.names)
        assert list(frame.columns) == names
        assert meta.number_rows in (None, len(dataset))
        assert len(frame) == len(dataset)
        assert meta.table_name == dataset.name
        assert (meta.file_label or "") == dataset.layout.label
        assert [label or "" for label in meta.column_labels] == [column.label for column in layout.columns]
        assert [meta.variable_storage_width[name] for name in names] == [column.length for column in layout.columns]
        formats = [(meta.original_variable_types[name] or "").rstrip(".") for name in names]
        assert formats == [column.format.upper().rstrip(".") for column in layout.columns]
        for column in layout.columns:
            expected, actual = _stored(dataset.frame[column.name], column.format), frame[column.name]
            if column.numeric:
                pd.testing.assert_series_equal(actual.astype("float64"), expected, check_exact=True)
            else:
                assert actual.fillna("").tolist() == expected.fillna("").str.rstrip(" ").tolist()
        again = read_xpt(path, encoding=encoding)
        assert again.layout.columns == tuple(_as_read(column) for column in layout.columns)
        assert again.special == dict(dataset.special)
        for name in names:
            expected = _stored(dataset.frame[name], dataset.layout[name].format)
            if not dataset.layout[name].numeric:
                expected = expected.astype("str").str.rstrip(" ").replace("", np.nan)
            pd.testing.assert_series_equal(again.frame[name], expected, check_exact=True)
        return path

    return check


def _stored(values: pd.Series[Any], form: str) -> pd.Series[Any]:
    """Return what a file holds of a column: SAS days or seconds of dates, everything else as it is."""
    if values.dtype.kind == "m":
        return values / pd.Timedelta(seconds=1)
    if values.dtype.kind != "M":
        return values.astype("float64") if values.dtype.kind in "iub" else values
    since = values - pd.Timestamp("1960-01-01")
    return since / (pd.Timedelta(days=1) if date_kind(form) == "date" else pd.Timedelta(seconds=1))


def _as_read(column: Any) -> Any:
    """Return the layout column that a transport file gives back: it knows text and numbers only."""
    form = column.format.upper()
    form = form if not form or "." in form else form + "."
    return replace(column, type="float" if column.numeric else "text", format=form)
