"""SAS transport files made by others, several members, version 8, encodings, damaged files."""

from __future__ import annotations

import struct
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from spectrail.dataset import Dataset
from spectrail.errors import InputError, SpectrailError, UnknownNameError, UsageError
from spectrail.io.xpt import read_xpt, read_xpt_members, write_xpt
from spectrail.layout import Column, Layout

CREATED = datetime(2025, 3, 28, 12, 0, 0)


def written(path: Path, name: str = "XX", **columns: list[Any]) -> Path:
    """Write literal columns (text of 20 bytes, numbers) as a transport file."""
    layout = Layout(
        name,
        "",
        tuple(Column(key, type="float") if key.startswith("N") else Column(key, length=20) for key in columns),
    )
    frame = pd.DataFrame(
        {key: pd.Series(values, dtype="float64" if key.startswith("N") else "str") for key, values in columns.items()}
    )
    write_xpt(Dataset(layout, frame), path, created=CREATED)
    return path


def test_file_made_by_pyreadstat(tmp_path: Path) -> None:
    """A version 5 file of another writer gives names, labels, lengths, formats, values."""
    frame = pd.DataFrame({"USUBJID": ["S-1", "", "S-003"], "ADT": [21000.0, np.nan, 0.0]})
    path = tmp_path / "adsl.xpt"
    pyreadstat.write_xport(
        frame,
        path,
        table_name="ADSL",
        file_label="Subjects",
        column_labels=["Subject", "Date"],
        variable_format={"ADT": "DATE9."},
        file_format_version=5,
    )
    dataset = read_xpt(path)
    assert dataset.layout == Layout(
        "ADSL", "Subjects", (Column("USUBJID", "Subject", length=5), Column("ADT", "Date", "float", 8, "DATE9."))
    )
    assert dataset.frame["USUBJID"].fillna("<missing>").tolist() == ["S-1", "<missing>", "S-003"]
    assert dataset.frame["ADT"].fillna(-1).tolist() == [21000.0, -1.0, 0.0]
    assert str(dataset.frame.dtypes.to_dict()) == "{'USUBJID': <StringDtype(na_value=nan)>, 'ADT': dtype('float64')}"
    dates = read_xpt(path, datetimes=True).frame["ADT"]
    assert dates.dtype == "datetime64[us]"
    assert dates.astype("str").tolist()[::2] == ["2017-06-30", "1960-01-01"]


def test_version_8(tmp_path: Path) -> None:
    """Long names, long labels, text over 200 bytes and the stated number of records of version 8 are read."""
    frame = pd.DataFrame({"A_LONG_VARIABLE": [1.0, 2.5, np.nan], "Mixed": ["x" * 250, "y", ""], "z": ["", "", ""]})
    path = tmp_path / "v8.xpt"
    pyreadstat.write_xport(
        frame,
        path,
        table_name="A_LONG_TABLE",
        file_label="Long",
        column_labels=["L" * 60, "short", "M" * 255],
        variable_format={"A_LONG_VARIABLE": "8.2"},
        file_format_version=8,
    )
    dataset = read_xpt(path)
    assert dataset.layout == Layout(
        "A_LONG_TABLE",
        "Long",
        (
            Column("A_LONG_VARIABLE", "L" * 60, "float", 8, "8.2"),
            Column("Mixed", "short", "text", 250),
            Column("z", "M" * 255, "text", 1),
        ),
    )
    assert dataset.frame["Mixed"].fillna("").tolist() == ["x" * 250, "y", ""]
    assert dataset.frame["A_LONG_VARIABLE"].isna().tolist() == [False, False, True]


def test_version_8_of_polars_readstat(tmp_path: Path) -> None:
    """A version 8 file of a third writer is read as pyreadstat reads it."""
    polars_readstat = pytest.importorskip("polars_readstat")
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"LongVariableName": ["a", "bcd"], "value": [0.5, -2.0]})
    path = tmp_path / "v8.xpt"
    polars_readstat.write_readstat(frame, str(path))
    assert path.read_bytes()[20:28] == b"LIBV8   "
    expected = pyreadstat.read_xport(path)[0]
    pd.testing.assert_frame_equal(read_xpt(path).frame, expected.astype({"LongVariableName": "str"}))


def test_long_formats_of_version_8(tmp_path: Path) -> None:
    """A LABELV9 section gives names of formats of more than 8 characters."""
    path = tmp_path / "v8.xpt"
    frame = pd.DataFrame({"A": [1.0]})
    pyreadstat.write_xport(frame, path, variable_format={"A": "LONGFORMATNAME12.3"}, file_format_version=8)
    assert b"LABELV9 " in path.read_bytes()
    assert read_xpt(path).layout["A"].format == "LONGFORMATNAME12.3"


def test_several_members(tmp_path: Path) -> None:
    """A file of several datasets needs a name, or gives all of them in order."""
    first = written(tmp_path / "a.xpt", "AA", T=["x", None, "z"], N=[1, 2, 3]).read_bytes()
    second = written(tmp_path / "b.xpt", "BB", T=["HEADER RECORD"], U=["u"]).read_bytes()
    path = tmp_path / "both.xpt"
    path.write_bytes(first + second[240:])
    both = read_xpt_members(path)
    assert [one.name for one in both] == ["AA", "BB"]
    assert both[0].frame["N"].tolist() == [1.0, 2.0, 3.0]
    assert both[1].frame.to_numpy().tolist() == [["HEADER RECORD", "u"]]
    assert read_xpt(path, member="BB").layout == both[1].layout
    with pytest.raises(UsageError, match=r"holds 2 datasets\n  -> name one: AA, BB"):
        read_xpt(path)
    with pytest.raises(UnknownNameError, match="unknown dataset 'CC'"):
        read_xpt(path, member="CC")


def encoded(path: Path, text: bytes) -> Path:
    """Write a file whose text is any bytes (up to 20)."""
    written(path, T=["a" * 20, "plain"])
    path.write_bytes(path.read_bytes().replace(b"a" * 20, text.ljust(20)))
    return path


def test_encodings(tmp_path: Path) -> None:
    """Text outside ASCII is read as UTF-8 or else Windows-1252, and a finding says so; a declared one is strict."""
    path = encoded(tmp_path / "a.xpt", "5 \u00b5g".encode("windows-1252"))
    dataset = read_xpt(path)
    assert dataset.frame["T"].tolist() == ["5 \u00b5g", "plain"]
    assert dataset.findings.frame["message"].tolist() == ["text outside ASCII was read as windows-1252"]
    path = encoded(tmp_path / "b.xpt", "5 \u00b5g".encode())
    dataset = read_xpt(path)
    assert dataset.frame["T"].tolist() == ["5 \u00b5g", "plain"]
    assert dataset.findings.frame["message"].tolist() == ["text outside ASCII was read as utf-8"]
    assert len(read_xpt(path, encoding="utf-8").findings) == 0
    path = encoded(tmp_path / "c.xpt", "\u53d1\u70ed".encode("gb18030"))
    assert read_xpt(path, encoding="gb18030").frame["T"].tolist() == ["\u53d1\u70ed", "plain"]
    with pytest.raises(InputError, match=r"variable T, record 1: b'.*' is not utf-8\n.*give the encoding"):
        read_xpt(path, encoding="utf-8")
    with pytest.raises(UsageError, match="unknown encoding 'klingon'"):
        read_xpt(path, encoding="klingon")
    with pytest.raises(InputError, match="is not windows-1252"):
        read_xpt(encoded(tmp_path / "d.xpt", b"\x81\x8d"))


def test_control_characters_are_kept_and_reported(tmp_path: Path) -> None:
    """Control characters stay in the text; NUL padding is removed like blanks."""
    dataset = read_xpt(encoded(tmp_path / "a.xpt", b"a\nb\0\0"))
    assert dataset.frame["T"].tolist() == ["a\nb", "plain"]
    assert dataset.findings.frame[["variable", "message"]].to_numpy().tolist() == [
        ["T", "text holds control characters"]
    ]


def test_short_numbers(tmp_path: Path) -> None:
    """A number of less than 8 bytes lacks the end of its fraction."""
    path = written(tmp_path / "a.xpt", N=[1.5, -118.625, np.nan])
    data = bytearray(path.read_bytes())
    data[640 + 4 : 640 + 6] = struct.pack(">h", 4)
    numbers = bytes.fromhex("41180000 C276A000 41000000")
    path.write_bytes(bytes(data[:-80]) + numbers.ljust(80))
    dataset = read_xpt(path)
    assert dataset.frame["N"].fillna(0).tolist() == [1.5, -118.625, 0.0]
    assert dataset.special == {(2, "N"): "A"}
    assert dataset.layout["N"].length == 4


def test_padding_is_not_read_as_records(tmp_path: Path) -> None:
    """Blank rows at the end that may be padding are padding; a blank row that cannot be is a record."""
    path = written(tmp_path / "a.xpt", T=["x"])
    assert len(read_xpt(path)) == 1  # three more rows of 20 blanks would fit in the 80 bytes
    path.write_bytes(path.read_bytes() + b" " * 80)
    assert len(read_xpt(path)) == 5  # 80 more bytes are written for a fifth row, never for padding


def test_dates_that_are_none_stay_numbers(tmp_path: Path) -> None:
    """With datetimes a column with half a day under a date format stays as it is, and a finding says so."""
    path = tmp_path / "a.xpt"
    layout = Layout("XX", "", tuple(Column(key, type="float", format="DATE9.") for key in "AB"))
    write_xpt(Dataset(layout, pd.DataFrame({"A": [0.5, 1.0], "B": [2.0, 3.0]})), path, created=CREATED)
    dataset = read_xpt(path, datetimes=True)
    assert dataset.frame["A"].tolist() == [0.5, 1.0]
    assert dataset.frame["B"].dtype == "datetime64[us]"
    assert dataset.findings.frame[["variable", "message"]].to_numpy().tolist() == [
        ["A", "values under DATE9. are not all dates and stay numbers"]
    ]


def damaged(data: bytes, kind: str) -> bytes:
    """Return a file of two records of 20 + 8 bytes with one damage."""
    changes = {
        "empty": b"",
        "text": b"USUBJID,AGE\n1,2\n",
        "cport": b"**COMPRESSED** **COMPRESSED** " + data,
        "only library": data[:240],
        "no namestr header": data[:560] + b"x" * 80 + data[640:],
        "cut in variables": data[:800],
        "cut before records": data[:960],
        "cut in records": data[:-40],
        "converted line ends": data[:600] + b"\n" + data[600:],
        "bad count": data[:614] + b"0x02" + data[618:],
        "huge count": data[:614] + b"9999" + data[618:],
        "bad namestr size": data[:314] + b"0999" + data[318:],
        "bad type": data[:641] + b"\x07" + data[642:],
        "bad length": data[:644] + b"\xff\xff" + data[646:],
        "bad position": data[: 640 + 84] + b"\0\1\0\0" + data[640 + 88 :],
        "zero length": data[:644] + b"\0\0" + data[646:],
        "same name": data[: 640 + 140 + 8] + b"T " + data[640 + 140 + 10 :],
    }
    return changes[kind]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("empty", "is not a SAS transport file"),
        ("text", "is not a SAS transport file"),
        ("cport", "is not a SAS transport file\n.*PROC CPORT"),
        ("only library", "holds no dataset"),
        ("no namestr header", "no NAMESTR or NAMSTV8 header at byte 560"),
        ("cut in variables", "ends within the descriptions of 2 variables"),
        ("cut before records", "no OBS or OBSV8 header at byte 960"),
        ("cut in records", r"the last record is cut off \(12 of 28 bytes\)"),
        ("converted line ends", "header at byte"),
        ("bad count", "number of variables is b'0x02'"),
        ("huge count", "ends within the descriptions of 9999 variables"),
        ("bad namestr size", "variable descriptions of 999 bytes"),
        ("bad type", "type 7"),
        ("bad length", "length -1"),
        ("bad position", "position 65536"),
        ("zero length", "length 0"),
        ("same name", "two variables are named T"),
    ],
)
def test_damaged_files(tmp_path: Path, kind: str, message: str) -> None:
    """A file that is damaged is an error with the file's name; nothing is read from it."""
    path = written(tmp_path / "a.xpt", T=["x", "y"], N=[1, 2])
    path.write_bytes(damaged(path.read_bytes(), kind))
    with pytest.raises(InputError, match=f"a.xpt: .*{message}"):
        read_xpt(path)


def test_missing_file(tmp_path: Path) -> None:
    """A file that is not there is named."""
    with pytest.raises(InputError, match=r"none.xpt: cannot be read: No such file"):
        read_xpt(tmp_path / "none.xpt")


def test_any_damage_is_an_error_of_ours_or_a_dataset(tmp_path: Path) -> None:
    """Random bytes anywhere in the headers never raise anything but our errors."""
    path = written(tmp_path / "a.xpt", T=["x", "y"], N=[1, 2])
    data = path.read_bytes()
    random = np.random.default_rng(7)
    outcomes = set()
    for _ in range(300):
        changed = bytearray(data)
        for position in random.integers(0, 1100, size=3):
            changed[int(position)] = int(random.integers(0, 256))
        path.write_bytes(bytes(changed))
        try:
            outcomes.add(type(read_xpt(path)))
        except SpectrailError as error:
            outcomes.add(type(error))
    assert outcomes == {Dataset, InputError}


def test_file_without_padding(tmp_path: Path) -> None:
    """A file that ends with its last record is read, and a finding says what is missing."""
    path = written(tmp_path / "a.xpt", T=["x", "y"], N=[1, 2])
    path.write_bytes(path.read_bytes()[: -(80 - 56)])
    dataset = read_xpt(path)
    assert dataset.frame["N"].tolist() == [1.0, 2.0]
    assert dataset.findings.frame["message"].tolist() == ["the file ends without padding to 80 bytes"]
