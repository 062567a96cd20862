"""SAS, Parquet and Dataset-JSON files become tables of text."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import pytest

from sdtm.intake import RawSource, RawTable, read_raw
from sdtm.intake.rendering import decimal_text, decimal_texts, sas_dates, sas_datetimes, sas_times
from spectrail.errors import InputError


def read(folder: Path, path: str, **options: object) -> RawTable:
    """Read one file of the folder."""
    return read_raw(RawSource(name="lb_raw", path=path, **options), root=folder)  # type: ignore[arg-type]


def column(table: RawTable, name: str) -> list[str | None]:
    """Return a column, None for missing."""
    return [None if value != value else value for value in table.frame[name].tolist()]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5.0, "5"),
        (-0.5, "-0.5"),
        (0.1 + 0.2, "0.30000000000000004"),
        (7.0000000000000007e-2, "0.07"),
        (1e-5, "0.00001"),
        (1.5e-7, "0.00000015"),
        (1e-8, "1e-8"),
        (-2.5e-10, "-2.5e-10"),
        (9007199254740993.0, "9007199254740992"),
        (1.2345678901234567e20, "123456789012345670000"),
        (1e21, "1e+21"),
        (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
    ],
)
def test_numbers_are_shortest_decimals(value: float, text: str) -> None:
    """The text reads back as the same double, and no shorter one does."""
    assert decimal_text(value) == text
    assert float(text) == value


def test_columns_of_numbers_render_missing_as_missing() -> None:
    """NaN becomes null, equal numbers equal texts."""
    assert decimal_texts(np.array([1.0, np.nan, 0.25, 1.0])).to_pylist() == ["1", None, "0.25", "1"]


def test_sas_dates_and_times_as_iso() -> None:
    """Days and seconds since 1960-01-01; what is no date stays a number and is told."""
    texts, odd = sas_dates(np.array([0.0, 23000.0, -1.0, np.nan, 0.5, 1e9]))
    assert texts.to_pylist() == ["1960-01-01", "2022-12-21", "1959-12-31", None, "0.5", "1000000000"]
    assert odd.tolist() == [False, False, False, False, True, True]
    texts, odd = sas_datetimes(np.array([86399.0, 1.5, -0.25, np.nan, 1e15]))
    assert texts.to_pylist() == [
        "1960-01-01T23:59:59",
        "1960-01-01T00:00:01.5",
        "1959-12-31T23:59:59.75",
        None,
        "1000000000000000",
    ]
    assert odd.tolist() == [False, False, False, False, True]
    texts, odd = sas_times(np.array([0.0, 30600.0, 86400.0, 3723.25, -1.0, np.nan, 100 * 3600.0]))
    assert texts.to_pylist() == ["00:00:00", "08:30:00", "24:00:00", "01:02:03.25", "-1", None, "100:00:00"]
    assert odd.tolist() == [False, False, False, False, True, False, False]


@pytest.mark.parametrize("version", [5, 8])
def test_transport_files(tmp_path: Path, version: int) -> None:
    """Text keeps leading blanks, numbers are shortest decimals, numbers under date formats ISO 8601."""
    frame = pd.DataFrame(
        {
            "SUBJECT": ["007", " x", "", "NA"],
            "RESULT": [1.5, np.nan, 0.1, 3.0],
            "LBDAT": [23000.0, np.nan, -5.0, 0.5],
            "LBDTM": [86399.0, 0.5, np.nan, 1.0],
        }
    )
    pyreadstat.write_xport(
        frame,
        tmp_path / "lb.xpt",
        table_name="LB",
        file_format_version=version,
        variable_format={"LBDAT": "DATE9.", "LBDTM": "DATETIME20."},
    )
    table = read(tmp_path, "lb.xpt")
    assert column(table, "SUBJECT") == ["007", " x", None, "NA"]
    assert column(table, "RESULT") == ["1.5", None, "0.1", "3"]
    assert column(table, "LBDAT") == ["2022-12-21", None, "1959-12-27", "0.5"]
    assert column(table, "LBDTM") == ["1960-01-01T23:59:59", "1960-01-01T00:00:00.5", None, "1960-01-01T00:00:01"]
    assert table.lines.tolist() == [1, 2, 3, 4]
    assert table.format == "xpt"
    assert "column RESULT: numbers as shortest decimal" in table.notes
    assert [note.split(" of format")[0] for note in table.notes if "ISO" in note] == [
        "column LBDAT: date",
        "column LBDTM: datetime",
    ]
    assert table.findings.frame[["rule", "variable", "value", "source_row", "message"]].to_numpy().tolist() == [
        ["raw.date_out_of_range", "LBDAT", "0.5", 4, "the number is no date; kept as a number"]
    ]


def test_transport_version_8_holds_long_names_and_chinese(tmp_path: Path) -> None:
    """What a version 5 file cannot hold comes back from version 8."""
    frame = pd.DataFrame({"IT.AETERM_long": ["发热", "Rash"], "PatientNumberOfSite": ["001", "002"]})
    frame.columns = ["ITAETERM_long_name", "PatientNumberOfSite"]
    pyreadstat.write_xport(frame, tmp_path / "ae.xpt", table_name="ae_raw", file_format_version=8)
    table = read(tmp_path, "ae.xpt")
    assert list(table.frame.columns) == ["ITAETERM_long_name", "PatientNumberOfSite"]
    assert column(table, "ITAETERM_long_name") == ["发热", "Rash"]


def test_transport_member_that_is_not_there(tmp_path: Path) -> None:
    """The members of the file are listed."""
    pyreadstat.write_xport(pd.DataFrame({"A": ["1"]}), tmp_path / "lb.xpt", table_name="LB", file_format_version=5)
    with pytest.raises(InputError) as caught:
        read(tmp_path, "lb.xpt", member="AE")
    assert str(caught.value) == ("lb.xpt: not readable as a SAS transport file: unknown dataset 'AE'\n  -> known: LB")


def test_special_missing_values_of_sas_stay_visible(tmp_path: Path) -> None:
    """`.A` of a transport file is text with a notice, an ordinary missing number is missing."""
    path = tmp_path / "lb.xpt"
    pyreadstat.write_xport(
        pd.DataFrame({"N": [1.0, np.nan, np.nan, 2.0]}), path, table_name="LB", file_format_version=5
    )
    data = bytearray(path.read_bytes())
    first = data.rindex(bytes.fromhex("4110000000000000"))
    assert data[first + 8 : first + 9] == b"\x2e"
    data[first + 16 : first + 17] = b"A"
    path.write_bytes(data)
    table = read(tmp_path, "lb.xpt")
    assert column(table, "N") == ["1", None, ".A", "2"]
    assert table.findings.frame[["rule", "severity", "variable", "value", "source_row"]].to_numpy().tolist() == [
        ["raw.special_missing", "notice", "N", ".A", 3]
    ]


def test_sas_data_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the reader of SAS data sets gives is rendered: no open library writes such files."""
    meta = SimpleNamespace(
        file_encoding="WINDOWS-1252",
        readstat_variable_types={"SUBJECT": "string", "RESULT": "double", "LBDAT": "double"},
        original_variable_types={"SUBJECT": "$", "RESULT": "BEST12", "LBDAT": "E8601DA10"},
    )
    values = {"SUBJECT": ["007", "", " é"], "RESULT": [1.1, "A", None], "LBDAT": [0.0, None, "_"]}
    monkeypatch.setattr(pyreadstat, "read_sas7bdat", lambda *_, **__: (values, meta))
    (tmp_path / "lb.sas7bdat").write_bytes(b"x")
    table = read(tmp_path, "lb.sas7bdat")
    assert column(table, "SUBJECT") == ["007", None, " é"]
    assert column(table, "RESULT") == ["1.1", ".A", None]
    assert column(table, "LBDAT") == ["1960-01-01", None, "._"]
    assert table.notes == (
        "encoding WINDOWS-1252, as stored in the file",
        "column RESULT: numbers as shortest decimal",
        "column LBDAT: date of format E8601DA10 as ISO 8601",
    )


def test_parquet_types_as_text(tmp_path: Path) -> None:
    """Text as it is, numbers as shortest decimals of their own width, dates as ISO 8601."""
    when = dt.datetime(2023, 3, 5, 8, 30, 1, 500000)
    table = pa.table(
        {
            "text": pa.array([" 1.10 ", "", None]),
            "coded": pa.array(["a", "b", "a"]).dictionary_encode(),
            "integer": pa.array([1, None, -3], pa.int64()),
            "float": pa.array([0.1, float("nan"), None], pa.float64()),
            "single": pa.array([0.1, 5.0, None], pa.float32()),
            "decimal": pa.array([Decimal("1.10"), None, Decimal("2.00")], pa.decimal128(6, 2)),
            "flag": pa.array([True, False, None]),
            "day": pa.array([dt.date(2023, 3, 5), None, dt.date(1, 1, 1)]),
            "clock": pa.array([dt.time(8, 30), None, dt.time(0)], pa.time32("s")),
            "moment": pa.array([when, None, when.replace(microsecond=0)], pa.timestamp("us")),
            "zoned": pa.array([when, None, when], pa.timestamp("ms", tz="Asia/Shanghai")),
            "nothing": pa.nulls(3),
        }
    )
    pq.write_table(table, tmp_path / "lb.parquet")
    read_back = read(tmp_path, "lb.parquet")
    assert {name: column(read_back, name) for name in read_back.frame} == {
        "text": [" 1.10 ", None, None],
        "coded": ["a", "b", "a"],
        "integer": ["1", None, "-3"],
        "float": ["0.1", None, None],
        "single": ["0.1", "5", None],
        "decimal": ["1.10", None, "2.00"],
        "flag": ["true", "false", None],
        "day": ["2023-03-05", None, "0001-01-01"],
        "clock": ["08:30:00", None, "00:00:00"],
        "moment": ["2023-03-05T08:30:01.5", None, "2023-03-05T08:30:01"],
        "zoned": ["2023-03-05T08:30:01.5Z", None, "2023-03-05T08:30:01.5Z"],
        "nothing": [None, None, None],
    }
    assert {str(dtype) for dtype in read_back.frame.dtypes} == {"str"}
    assert "column float: numbers as shortest decimal" in read_back.notes


def test_nested_parquet_columns_are_refused(tmp_path: Path) -> None:
    """A list in a cell is no value."""
    pq.write_table(pa.table({"A": [["1", "2"]]}), tmp_path / "lb.parquet")
    with pytest.raises(InputError) as caught:
        read(tmp_path, "lb.parquet")
    assert str(caught.value) == (
        "lb.parquet: column 'A' has the type list<element: string>, which is no text, number or date\n"
        "  -> flatten the column before it is exported"
    )


DATASET = (
    '{"datasetJSONVersion": "1.1.0", "records": 2, "columns": [{"itemOID": "I.A", "name": "A", "dataType": "string"},'
    ' {"itemOID": "I.N", "name": "N", "dataType": "float"}]'
)


@pytest.mark.parametrize(
    ("path", "text", "lines"),
    [
        ("lb.json", DATASET + ', "rows": [["007", 1.10], ["", 1E-4], [null, null], ["NA", true]]}', [1, 2, 3, 4]),
        ("lb.ndjson", DATASET + '}\n["007", 1.10]\n["", 1E-4]\n\n[null, null]\n["NA", true]\n', [2, 3, 5, 6]),
    ],
)
def test_dataset_json(tmp_path: Path, path: str, text: str, lines: list[int]) -> None:
    """Numbers keep the digits of the file; null and empty text are missing."""
    (tmp_path / path).write_text(text)
    table = read(tmp_path, path)
    assert column(table, "A") == ["007", None, None, "NA"]
    assert column(table, "N") == ["1.10", "1E-4", None, "true"]
    assert table.lines.tolist() == lines
    assert table.notes == ("Dataset-JSON 1.1.0: numbers as written in the file",)
