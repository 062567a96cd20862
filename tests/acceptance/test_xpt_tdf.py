"""The 26 SDTM transport files of the PHUSE Test Data Factory, made by SAS and R, against pyreadstat."""

from __future__ import annotations

import runpy
from datetime import datetime
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest

from spectrail.io.dataset_json import read_dataset_json, write_dataset_json
from spectrail.io.xpt import read_xpt, write_xpt
from spectrail.layout import Layout

NAMES = (
    *("ae", "cm", "dm", "ds", "ex", "lbur", "mh", "qsco", "qsgi", "qshi", "qsmm", "relrec", "sc", "se", "suppae"),
    *("suppdm", "suppds", "supplbch", "supplbhe", "supplbur", "sv", "ta", "te", "ti", "ts", "tv"),
)
WINDOWS = {"ts"}
"""Files with text outside ASCII; the reader must find out and say so."""


@pytest.mark.parametrize("name", NAMES)
def test_reads_as_pyreadstat_does_and_writes_without_loss(shared: Path, tmp_path: Path, name: str) -> None:
    """Values, names, labels, lengths and formats equal pyreadstat's; writing and reading again changes nothing."""
    source = shared / "data" / "tdf_sdtm" / f"{name}.xpt"
    encoding = "windows-1252" if name in WINDOWS else "ascii"
    dataset = read_xpt(source)
    assert len(dataset) > 0
    assert [message.endswith(encoding) for message in dataset.findings.frame["message"]] == [True] * (name in WINDOWS)
    equal_to_pyreadstat(source, dataset.layout, dataset.frame, encoding)
    copy = tmp_path / f"{name}.xpt"
    write_xpt(dataset, copy, created=datetime(2025, 3, 28), encoding=encoding)
    equal_to_pyreadstat(copy, dataset.layout, dataset.frame, encoding)
    again = read_xpt(copy)
    assert again.layout == dataset.layout
    assert again.special == dataset.special
    pd.testing.assert_frame_equal(again.frame, dataset.frame, check_exact=True)
    assert copy.read_bytes()[-80:] == source.read_bytes()[-80:]


def test_all_files_are_named(shared: Path) -> None:
    """The test above covers every file of the folder."""
    found = {path.stem for path in (shared / "data" / "tdf_sdtm").glob("*.xpt")}
    assert found == set(NAMES)


@pytest.mark.parametrize("name", ["dm", "ts", "suppds"])
def test_as_dataset_json(shared: Path, tmp_path: Path, name: str) -> None:
    """As Dataset-JSON the datasets are valid by the published schema and lose nothing."""
    dataset = read_xpt(shared / "data" / "tdf_sdtm" / f"{name}.xpt")
    path = tmp_path / f"{name}.json"
    write_dataset_json(dataset, path, created=datetime(2025, 3, 28))
    validator = runpy.run_path(str(shared / "schemas" / "validate_dataset_json.py"))
    assert validator["validate"](path) == []
    again = read_dataset_json(path)
    assert again.layout == dataset.layout
    pd.testing.assert_frame_equal(again.frame, dataset.frame, check_exact=True)


def equal_to_pyreadstat(path: Path, layout: Layout, frame: pd.DataFrame, encoding: str) -> None:
    """Compare a layout and a frame with what pyreadstat reads of a file."""
    expected, meta = pyreadstat.read_xport(path, disable_datetime_conversion=True, encoding=encoding)
    assert layout.name == meta.table_name
    assert layout.label == (meta.file_label or "")
    assert list(layout.names) == meta.column_names
    assert [column.label for column in layout.columns] == [label or "" for label in meta.column_labels]
    assert {column.name: column.length for column in layout.columns} == meta.variable_storage_width
    formats = {column.name: column.format.rstrip(".") for column in layout.columns}
    assert formats == {key: value or "" for key, value in meta.original_variable_types.items()}
    for column in layout.columns:
        actual = frame[column.name] if column.numeric else frame[column.name].fillna("").astype("object")
        stored = expected[column.name].astype("float64" if column.numeric else "object")
        pd.testing.assert_series_equal(actual, stored, check_exact=True)
