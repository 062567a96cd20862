"""SAS transport files as written: golden bytes, errors, everything read back by pyreadstat."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from spectrail.dataset import Dataset
from spectrail.errors import FormatError, OutputError, UsageError
from spectrail.io.xpt import read_xpt, write_xpt
from spectrail.layout import Column, Layout

CREATED = datetime(2025, 3, 28, 12, 0, 0)
Check = Callable[..., Path]


def series(values: Any, numeric: bool) -> pd.Series[Any]:
    """Make a column as frames hold it; no values at all are numbers where the layout says so."""
    if numeric:
        return pd.Series(values, dtype="float64" if len(values) == 0 else None)
    return pd.Series(values, dtype="str")


def make(columns: list[Column], values: dict[str, Any], name: str = "XX", **more: Any) -> Dataset:
    """Make a dataset from literal columns."""
    frame = pd.DataFrame({column.name: series(values[column.name], column.numeric) for column in columns})
    label = more.pop("label", "")
    return Dataset(Layout(name, label, tuple(columns), more.pop("keys", ())), frame, **more)


def one(value: Any, **column: Any) -> Dataset:
    """Make a dataset of one variable A."""
    values = value if isinstance(value, (list, pd.Series)) else [value]
    return make([Column("A", **column)], {"A": values})


def test_golden_file(tmp_path: Path) -> None:
    """A whole file, byte by byte: headers, variable descriptions, numbers, special missing values, padding."""
    dataset = make(
        [Column("SUBJ", "Subject", length=4), Column("AVAL", "Value", "float", format="8.2")],
        {"SUBJ": ["S-01", "S2", None, "S4"], "AVAL": [34.5, np.nan, np.nan, -118.625]},
        name="ADX",
        label="Tiny",
        special={(1, "AVAL"): "A", (2, "AVAL"): "_"},
    )
    path = tmp_path / "adx.xpt"
    write_xpt(dataset, path, created=CREATED, modified=datetime(2025, 12, 1, 1, 2, 3))
    zeros, blank = b"0" * 30 + b"  ", b" "

    def namestr(kind: int, length: int, number: int, name: bytes, label: bytes, form: bytes, at: int) -> bytes:
        numbers = bytes([0, kind, 0, 0, 0, length, 0, number])
        text = name.ljust(8) + label.ljust(40) + form
        return (numbers + text + bytes(4) + blank * 8 + bytes(4) + bytes([0, 0, 0, at])).ljust(140, b"\0")

    expected = [
        b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!" + zeros,
        b"SAS     SAS     SASLIB  9.4     LINUX   " + blank * 24 + b"28MAR25:12:00:00",
        b"01DEC25:01:02:03".ljust(80),
        b"HEADER RECORD*******MEMBER  HEADER RECORD!!!!!!!000000000000000001600000000140  ",
        b"HEADER RECORD*******DSCRPTR HEADER RECORD!!!!!!!" + zeros,
        b"SAS     ADX     SASDATA 9.4     LINUX   " + blank * 24 + b"28MAR25:12:00:00",
        b"01DEC25:01:02:03".ljust(32) + b"Tiny".ljust(48),
        b"HEADER RECORD*******NAMESTR HEADER RECORD!!!!!!!000000000200000000000000000000  ",
        namestr(2, 4, 1, b"SUBJ", b"Subject", blank * 8 + bytes(4), 0),
        namestr(1, 8, 2, b"AVAL", b"Value", blank * 8 + bytes([0, 8, 0, 2]), 4),
        blank * 40,
        b"HEADER RECORD*******OBS     HEADER RECORD!!!!!!!" + zeros,
        b"S-01" + bytes.fromhex("4222800000000000"),
        b"S2  " + bytes.fromhex("4100000000000000"),
        b"    " + bytes.fromhex("5F00000000000000"),
        b"S4  " + bytes.fromhex("C276A00000000000"),
        blank * 32,
    ]
    assert path.read_bytes() == b"".join(expected)


def test_special_missing_values_are_the_bytes_of_their_letter(tmp_path: Path) -> None:
    """`.A` to `.Z` and `._` are the letter and seven zero bytes, `.` is 2E."""
    codes = [*"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "_"]
    dataset = make(
        [Column("A", type="float")],
        {"A": [np.nan] * 28},
        special={(record, "A"): code for record, code in enumerate(codes)},
    )
    write_xpt(dataset, tmp_path / "xx.xpt", created=CREATED)
    data = (tmp_path / "xx.xpt").read_bytes()[-240:][: 28 * 8]
    assert data == b"".join(bytes([ord(code)]) + bytes(7) for code in [*codes, "."])
    assert read_xpt(tmp_path / "xx.xpt").special == dataset.special


def test_types_lengths_labels_formats(check_xpt: Check) -> None:
    """Lengths come from the layout or from the longest value; labels and formats stand in the file."""
    dataset = make(
        [
            Column("STUDYID", "Study Identifier", length=12),
            Column("USUBJID", "Unique Subject Identifier"),
            Column("EMPTY", "Nothing collected"),
            Column("A_1", "x" * 40, format="$20."),
            Column("AGE", "Age", "integer"),
            Column("AVAL", "Analysis Value", "float", format="best12."),
            Column("ADT", "Date", "integer", format="DATE9."),
            Column("ADTM", "Datetime", "integer", format="DATETIME20."),
            Column("ATM", "Time", "integer", format="TIME5."),
        ],
        {
            "STUDYID": ["S1", "S1", "S1"],
            "USUBJID": ["S1-001", "S1-0002", None],
            "EMPTY": [None, None, None],
            "A_1": [" leading", "", "a ~!"],
            "AGE": [34, 51, 0],
            "AVAL": [1.1, np.nan, -1e70],
            "ADT": pd.to_datetime(["1583-01-01", "2024-02-29", None]).astype("datetime64[us]"),
            "ADTM": pd.to_datetime(["2024-02-29 23:59:59", None, "9999-12-31 00:00:00"]).astype("datetime64[us]"),
            "ATM": pd.to_timedelta(["08:30:00", None, "23:59:59"]),
        },
        label="All kinds of variables",
    )
    path = check_xpt(dataset)
    lengths = {column.name: column.length for column in read_xpt(path).layout.columns}
    assert lengths == dict.fromkeys(["AGE", "AVAL", "ADT", "ADTM", "ATM"], 8) | {
        "STUDYID": 12,
        "USUBJID": 7,
        "EMPTY": 1,
        "A_1": 8,
    }


def test_zero_rows(check_xpt: Check) -> None:
    """A dataset without records is a file of headers."""
    dataset = make([Column("A", "Text", length=10), Column("B", type="float")], {"A": [], "B": []})
    path = check_xpt(dataset)
    assert len(path.read_bytes()) == 8 * 80 + 320 - 40 + 40 + 80
    check_xpt(make([Column("A")], {"A": []}))


@pytest.mark.parametrize("count", [1, 9, 10, 11, 5000])
def test_many_blocks_and_paddings(check_xpt: Check, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Records that are written and read in several blocks keep their order, whatever the padding."""
    monkeypatch.setattr("spectrail.io.xpt_write.BLOCK_BYTES", 1000)
    monkeypatch.setattr("spectrail.io.xpt_read.BLOCK_BYTES", 1700)
    values = np.arange(count)
    text = pd.Series(values).astype("str").where(values % 3 > 0, np.nan)
    dataset = make(
        [Column("A"), Column("B", type="float"), Column("C", type="float")],
        {"A": text, "B": values * 1.5, "C": np.where(values % 7 == 0, np.nan, values)},
        special={(int(record), "C"): "Z" for record in values[values % 14 == 0]},
    )
    check_xpt(dataset)


def test_text_in_many_chunks(check_xpt: Check) -> None:
    """A column that is stored in several Arrow chunks, sliced ones among them, is written whole."""
    pieces = pa.chunked_array([["a", "bb"], ["ccc", None, "d", "e"]], pa.large_string()).slice(1, 4)
    column = pd.Series(pd.StringDtype(na_value=np.nan).__from_arrow__(pieces))
    check_xpt(Dataset(Layout("XX", "", (Column("A"),)), pd.DataFrame({"A": column})))


def test_same_bytes_every_time(tmp_path: Path) -> None:
    """The file depends on the dataset and the given time alone."""
    dataset = one(["x", "y"])
    for name in ("a.xpt", "b.xpt"):
        write_xpt(dataset, tmp_path / name, created=CREATED)
    assert (tmp_path / "a.xpt").read_bytes() == (tmp_path / "b.xpt").read_bytes()


def test_written_layout_is_returned(tmp_path: Path) -> None:
    """The layout comes back with the lengths that were written."""
    dataset = make([Column("A"), Column("B", type="integer"), Column("C", length=9)], {key: [] for key in "ABC"})
    layout = write_xpt(dataset, tmp_path / "xx.xpt", created=CREATED)
    assert [(column.type, column.length) for column in layout.columns] == [("text", 1), ("integer", 8), ("text", 9)]


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        (
            one(["a", "b \u00b5g"]),
            r"dataset XX, variable A, record 2: value 'b \u00b5g' has characters that are not print.*\n.*translit",
        ),
        (one(["a", None, "b\tc"]), r"record 3: value 'b\\tc' has characters that are not printable ASCII"),
        (one(["a\x7f"]), "record 1: .* not printable ASCII"),
        (one(["ab", "abc"], length=2), "record 2: value 'abc' is longer than the length 2\n.*raise the length to 3"),
        (one(["x" * 201]), "record 1: value 'x{57}...' is longer than 200 bytes"),
        (one(["x" * 201], length=200), "record 1: .* is longer than 200 bytes"),
        (one(["x"], length=201), "variable A: length 201"),
        (one(["x"], length=0), "record 1: value 'x' is longer than the length 0"),
        (one([None], length=0), "variable A: length 0"),
        (one([1.0, np.inf], type="float"), "record 2: value 'inf' cannot be stored"),
        (one([1.0, -1e76], type="float"), "record 2: value '-1e[+]76' cannot be stored"),
        (one([1e-80], type="float"), "record 1: value '1e-80' cannot be stored"),
        (one([2**53 + 1], type="integer"), "record 1: value '9007199254740993' has more digits than a double"),
        (one(pd.Series(["1"], dtype="str"), type="float"), "holds str values, its layout says number"),
        (
            Dataset(Layout("XX", "", (Column("A"),)), pd.DataFrame({"A": [1.0]})),
            "holds float64 values, its layout says text",
        ),
        (one(pd.to_datetime(["2025-01-01"]).to_series(), type="float"), "dates need a format"),
        (one(pd.to_datetime(["2025-01-01 10:00"]).to_series(), type="float", format="DATE9."), "time of day"),
        (one([1.0], type="float", format="yyyy-mm"), "'yyyy-mm' is not a SAS format"),
        (one([1.0], type="float", format="$8."), "is for text, the variable is a number"),
        (one(["x"], format="DATE9."), "is for numbers, the variable is text"),
        (one([1.0], type="float", format="ABCDEFGHI8."), "is too long"),
        (one(["x"], label="x" * 41), "variable A: label 'x{41}' has 41 bytes\n.*shorten it to 40"),
        (one(["x"], label="d\u00e9j\u00e0"), "label .* is not printable ASCII"),
        (one(["x"], label="a\nb"), "label .* has control characters"),
        (make([Column("AB", "")], {"AB": ["x"]}, name="toolongname"), "dataset name 'toolongname' cannot be stored"),
        (make([Column("A")], {"A": ["x"]}, label="x" * 41), "dataset label .* has 41 bytes"),
        (make([Column("a")], {"a": ["x"]}), "variable name 'a' cannot be stored"),
        (make([Column("ABCDEFGHI")], {"ABCDEFGHI": ["x"]}), "variable name 'ABCDEFGHI' cannot be stored"),
        (make([Column("1A")], {"1A": ["x"]}), "variable name '1A' cannot be stored"),
        (make([], {}), "0 variables"),
        (one(["x", None]), r"the last record \(2\) is blank in every variable"),
    ],
)
def test_what_cannot_be_stored_is_an_error(tmp_path: Path, dataset: Dataset, message: str) -> None:
    """Nothing is cut, replaced or written by halves: an error names variable, record and value."""
    with pytest.raises(FormatError, match=message):
        write_xpt(dataset, tmp_path / "xx.xpt", created=CREATED)
    assert list(tmp_path.iterdir()) == []


def test_error_names_the_keys_of_the_record(tmp_path: Path) -> None:
    """The natural keys of the record stand in the error."""
    dataset = make(
        [Column("USUBJID"), Column("AESEQ", type="integer"), Column("AETERM", length=3)],
        {"USUBJID": ["S-01"], "AESEQ": [7], "AETERM": ["fever"]},
        keys=("USUBJID", "AESEQ", "AESPID"),
    )
    with pytest.raises(FormatError, match=r"variable AETERM, record 1 \(USUBJID=S-01 AESEQ=7\): value 'fever'"):
        write_xpt(dataset, tmp_path / "xx.xpt", created=CREATED)


@pytest.mark.parametrize(
    ("special", "message"),
    [
        ({(0, "T"): "A"}, "belong to numeric variables"),
        ({(0, "NONE"): "A"}, "belong to numeric variables"),
        ({(0, "N"): "a"}, "'a' is no special missing value"),
        ({(0, "N"): "AB"}, "'AB' is no special missing value"),
        ({(1, "N"): "A"}, "where no value is missing"),
        ({(2, "N"): "A"}, "where no value is missing"),
    ],
)
def test_special_missing_value_in_a_wrong_place(tmp_path: Path, special: Any, message: str) -> None:
    """A special missing value stands for a missing number, nowhere else."""
    dataset = make([Column("T"), Column("N", type="float")], {"T": ["x", "x"], "N": [np.nan, 1.0]}, special=special)
    with pytest.raises(FormatError, match=message):
        write_xpt(dataset, tmp_path / "xx.xpt", created=CREATED)


def test_blank_last_record_of_80_bytes_is_kept(tmp_path: Path) -> None:
    """From 80 bytes on a blank record cannot be padding."""
    write_xpt(one(["x", None], length=80), tmp_path / "xx.xpt", created=CREATED)
    assert read_xpt(tmp_path / "xx.xpt").frame["A"].isna().tolist() == [False, True]


def test_blank_record_in_the_middle_is_kept(check_xpt: Check) -> None:
    """Only the last record can be taken for padding."""
    check_xpt(one([None, "x", None, "y"]))


def test_agreed_encoding(check_xpt: Check) -> None:
    """Under an encoding that is agreed with the receiver lengths count encoded bytes."""
    values = ["\u53d1\u70ed", "ok", None, "\u53d1\u70ed"]
    path = check_xpt(one(values, label="\u4e0d\u826f\u4e8b\u4ef6"), encoding="utf-8")
    assert read_xpt(path, encoding="utf-8").layout["A"].length == 6
    path = check_xpt(one(values), encoding="gb18030")
    assert read_xpt(path, encoding="gb18030").layout["A"].length == 4
    with pytest.raises(FormatError, match=r"record 1: .* has characters outside windows-1252"):
        check_xpt(one(values), encoding="windows-1252")
    with pytest.raises(FormatError, match=r"record 2: .* not printable"):
        check_xpt(one(["\u00b5", "a\tb"]), encoding="utf-8")
    with pytest.raises(UsageError, match="unknown encoding 'klingon'"):
        check_xpt(one(["a"]), encoding="klingon")


def test_frame_and_layout_must_agree(tmp_path: Path) -> None:
    """Columns that the layout does not know, or in another order, are a wrong call."""
    frame = pd.DataFrame({"B": pd.Series(["x"], dtype="str"), "A": pd.Series(["x"], dtype="str")})
    with pytest.raises(UsageError, match=r"the frame has the columns \['B', 'A'\]"):
        write_xpt(Dataset(Layout("XX", "", (Column("A"), Column("B"))), frame), tmp_path / "x", created=CREATED)


def test_earlier_file_survives_an_error(tmp_path: Path) -> None:
    """A file that cannot be written leaves the earlier one and nothing else; a missing folder is named."""
    path = tmp_path / "xx.xpt"
    write_xpt(one(["x"]), path, created=CREATED)
    before = path.read_bytes()
    with pytest.raises(FormatError):
        write_xpt(one(["\u00b5"]), path, created=CREATED)
    assert path.read_bytes() == before
    with pytest.raises(OutputError, match=r"none/xx.xpt: cannot be written: No such file"):
        write_xpt(one(["x"]), tmp_path / "none" / "xx.xpt", created=CREATED)
    assert [file.name for file in tmp_path.iterdir()] == ["xx.xpt"]
