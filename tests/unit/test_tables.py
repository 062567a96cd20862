"""Dataset files by suffix: CSV, Parquet, and conversion between all formats."""

from __future__ import annotations

import itertools
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from spectrail.dataset import Dataset
from spectrail.errors import FormatError, InputError, UsageError
from spectrail.io.csv_text import read_csv
from spectrail.io.tables import FORMATS, read_dataset, write_dataset
from spectrail.layout import Column, Layout

CREATED = datetime(2025, 3, 28, 12, 0, 0)


def lb() -> Dataset:
    """Make a small dataset of text, numbers and dates."""
    columns = (
        Column("USUBJID", "Unique Subject Identifier", "text", 5),
        Column("LBORRES", "Result", "text", 4),
        Column("LBSTRESN", "Numeric Result", "float", 8),
        Column("ADT", "Date", "integer", 8, "DATE9."),
    )
    frame = pd.DataFrame(
        {
            "USUBJID": pd.Series(["S-001", "S-002", "S-003"], dtype="str"),
            "LBORRES": pd.Series(["1.10", None, '<"1'], dtype="str"),
            "LBSTRESN": [1.1, np.nan, -0.5],
            "ADT": [23435.0, np.nan, 0.0],
        }
    )
    return Dataset(Layout("LB", "Laboratory", columns, ("USUBJID",)), frame)


def test_formats_are_listed() -> None:
    """Five suffixes are known; an unknown one lists them."""
    assert list(FORMATS) == [".csv", ".json", ".ndjson", ".parquet", ".xpt"]
    with pytest.raises(
        UsageError, match=r"a.sas7bdat: no file format has the suffix '.sas7bdat'\n.*\.csv \(CSV\).*xpt"
    ):
        read_dataset("a.sas7bdat")
    with pytest.raises(UsageError, match="no file format has the suffix ''"):
        write_dataset(lb(), "a", created=CREATED)


@pytest.mark.parametrize("suffix", [".xpt", ".json", ".ndjson", ".parquet"])
def test_round_trip(tmp_path: Path, suffix: str) -> None:
    """Values, names, labels, lengths and formats survive writing and reading."""
    path = tmp_path / f"lb{suffix.upper()}"
    write_dataset(lb(), path, created=CREATED)
    again = read_dataset(path)
    pd.testing.assert_frame_equal(again.frame, lb().frame, check_exact=True)
    assert [(one.name, one.label, one.length, one.format) for one in again.layout.columns] == [
        (one.name, one.label, one.length, one.format) for one in lb().layout.columns
    ]
    assert (again.layout.name, again.layout.label) == ("LB", "Laboratory")
    first = path.read_bytes()
    write_dataset(lb(), path, created=CREATED)
    assert path.read_bytes() == first


def test_conversion_chain(tmp_path: Path) -> None:
    """XPT to Dataset-JSON to Parquet to XPT gives the first file again, byte by byte."""
    paths = [tmp_path / name for name in ("a.xpt", "b.ndjson", "c.json", "d.parquet", "e.xpt")]
    write_dataset(lb(), paths[0], created=CREATED)
    for source, target in itertools.pairwise(paths):
        write_dataset(read_dataset(source), target, created=CREATED)
    assert paths[-1].read_bytes() == paths[0].read_bytes()


def test_csv_is_plain_text(tmp_path: Path) -> None:
    """CSV has names and values only and gives text back as it stands there."""
    path = tmp_path / "lb.csv"
    write_dataset(lb(), path, created=CREATED)
    assert path.read_text() == (
        'USUBJID,LBORRES,LBSTRESN,ADT\nS-001,1.10,1.1,2024-02-29\nS-002,,,\nS-003,"<""1",-0.5,1960-01-01\n'
    )
    again = read_dataset(path)
    assert again.layout == Layout("LB", "", tuple(Column(name) for name in lb().layout.names))
    assert again.frame.fillna("<missing>").to_numpy().tolist() == [
        ["S-001", "1.10", "1.1", "2024-02-29"],
        ["S-002", "<missing>", "<missing>", "<missing>"],
        ["S-003", '<"1', "-0.5", "1960-01-01"],
    ]


def test_csv_of_others(tmp_path: Path) -> None:
    """Text stays as collected: leading zeros, NA, blanks, line ends in quotes; a byte order mark is no text."""
    path = tmp_path / "ae.csv"
    path.write_bytes('\ufeffID,TERM,"A,B"\r\n007,NA,"a\r\nb"\r\n1E-4," x ",\u00b5g\r\n'.encode())
    dataset = read_csv(path, name="AE_RAW")
    assert dataset.name == "AE_RAW"
    assert dataset.frame.columns.tolist() == ["ID", "TERM", "A,B"]
    assert dataset.frame.to_numpy().tolist() == [["007", "NA", "a\r\nb"], ["1E-4", " x ", "\u00b5g"]]
    path.write_bytes("A\n\u00b5\n".encode("windows-1252"))
    assert read_csv(path, encoding="windows-1252").frame["A"].tolist() == ["\u00b5"]


def test_csv_of_one_column_keeps_missing_records(tmp_path: Path) -> None:
    """A record that is missing in the only column is a record."""
    frame = pd.DataFrame({"A": pd.Series(["x", None, "y", None], dtype="str")})
    write_dataset(Dataset(Layout("XX", "", (Column("A"),)), frame), tmp_path / "a.csv", created=CREATED)
    pd.testing.assert_frame_equal(read_dataset(tmp_path / "a.csv").frame, frame)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "does not name every column"),
        (b"A,,C\n1,2,3\n", "does not name every column"),
        (b"A,B,A\n1,2,3\n", "the column A stands twice"),
        (b"A,B\n1,2\n1,2,3\n", "is no utf-8 CSV: .*Expected 2 columns, got 3"),
        (b"A,B\n1,\xb5\n", "is no utf-8 CSV"),
        (b"\xb5\n", "is no utf-8 CSV"),
    ],
)
def test_broken_csv(tmp_path: Path, data: bytes, message: str) -> None:
    """A CSV file that is ragged, has no proper header or another encoding is an error with its name."""
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    with pytest.raises(InputError, match=f"a.csv: .*{message}"):
        read_dataset(path)


@pytest.mark.parametrize("suffix", [".xpt", ".json", ".ndjson", ".parquet", ".csv"])
def test_zero_rows_and_missing_files(tmp_path: Path, suffix: str) -> None:
    """A dataset without records is written and read; a file that is not there is an InputError."""
    empty = Dataset(lb().layout, lb().frame.iloc[:0])
    path = tmp_path / f"lb{suffix}"
    with pytest.raises(InputError, match=f"lb{suffix}: cannot be read"):
        read_dataset(path)
    write_dataset(empty, path, created=CREATED)
    assert len(read_dataset(path)) == 0
    assert read_dataset(path).layout.names == empty.layout.names


@pytest.mark.parametrize(("suffix", "kept"), [(".xpt", True), (".parquet", True), (".json", False), (".csv", False)])
def test_special_missing_values(tmp_path: Path, suffix: str, kept: bool) -> None:
    """Special missing values are kept, or refused unless they are given up."""
    dataset = lb().replace(special={(1, "LBSTRESN"): "A", (1, "ADT"): "_"})
    path = tmp_path / f"lb{suffix}"
    if kept:
        write_dataset(dataset, path, created=CREATED)
        assert read_dataset(path).special == dataset.special
        return
    with pytest.raises(FormatError, match=r"special missing value \._ has no form .* \(2 such values\)"):
        write_dataset(dataset, path, created=CREATED)
    write_dataset(dataset, path, created=CREATED, special_missing="null")
    assert read_dataset(path).frame["ADT"].isna().tolist() == [False, True, False]


def test_parquet_keeps_dates_and_keys(tmp_path: Path) -> None:
    """Datetimes stay datetimes and the layout comes back whole."""
    stamps = np.array(["2024-02-29", "NaT", "1583-01-01"], dtype="datetime64[us]")
    dataset = lb().replace(frame=lb().frame.assign(ADT=stamps))
    write_dataset(dataset, tmp_path / "lb.parquet", created=CREATED)
    again = read_dataset(tmp_path / "lb.parquet")
    assert again.layout == dataset.layout
    pd.testing.assert_frame_equal(again.frame, dataset.frame)


def test_parquet_of_others(tmp_path: Path) -> None:
    """The layout of a foreign file is told from its types."""
    table = pa.table(
        {
            "T": pa.array(["a", "", None]).dictionary_encode(),
            "I": pa.array([1, None, 3], pa.int32()),
            "F": pa.array([0.5, None, 2.0], pa.float32()),
            "B": pa.array([True, None, False]),
            "D": pa.array([0, None, 1], pa.date32()),
            "S": pa.array([0, None, 1_500_000_000], pa.timestamp("ns")),
            "N": pa.nulls(3),
        }
    )
    pq.write_table(table, tmp_path / "xx.parquet")
    dataset = read_dataset(tmp_path / "xx.parquet")
    assert dataset.layout == Layout(
        "XX",
        "",
        (
            Column("T"),
            Column("I", type="integer"),
            Column("F", type="float"),
            Column("B", type="integer"),
            Column("D", type="integer", format="DATE9."),
            Column("S", type="integer", format="DATETIME20."),
            Column("N"),
        ),
    )
    assert dataset.frame["T"].isna().tolist() == [False, True, True]
    assert dataset.frame[["I", "F", "B"]].fillna(-1).to_numpy().tolist() == [[1, 0.5, 1], [-1, -1, -1], [3, 2, 0]]
    assert dataset.frame["D"].astype("str").tolist()[::2] == ["1970-01-01", "1970-01-02"]
    assert dataset.frame["S"].dtype == "datetime64[us]"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (pa.array([[1]]), "columns of type list"),
        (pa.array([2**53 + 1]), "cannot be held"),
        (pa.array([0], pa.timestamp("us", tz="UTC")), "columns of type timestamp.* are not read"),
    ],
)
def test_parquet_types_that_are_not_read(tmp_path: Path, values: pa.Array, message: str) -> None:
    """A type without a form in a dataset is an error that names the column."""
    pq.write_table(pa.table({"A": values}), tmp_path / "xx.parquet")
    with pytest.raises(InputError, match=f"variable A: {message}"):
        read_dataset(tmp_path / "xx.parquet")


def test_broken_parquet(tmp_path: Path) -> None:
    """A file that is no Parquet, or whose stored layout is damaged, is an error with its name."""
    path = tmp_path / "xx.parquet"
    path.write_bytes(b"x" * 100)
    with pytest.raises(InputError, match=r"xx.parquet: is no Parquet file"):
        read_dataset(path)
    for entry, message in [
        (b"x", "its metadata entry"),
        (b'{"layout": {"columns": [{"size": 1}]}, "special": []}', "its stored layout is damaged"),
        (b'{"layout": {"name": "X", "label": "", "keys": [], "columns": []}, "special": []}', "has other columns"),
    ]:
        pq.write_table(pa.table({"A": [1]}).replace_schema_metadata({b"spectrail": entry}), path)
        with pytest.raises(InputError, match=message):
            read_dataset(path)
