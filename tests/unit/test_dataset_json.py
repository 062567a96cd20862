"""Dataset-JSON 1.1: literal files, the published schema, round trips, broken files."""

from __future__ import annotations

import json
import runpy
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from spectrail.dataset import Dataset
from spectrail.errors import FormatError, InputError, UnknownNameError
from spectrail.io.dataset_json import read_dataset_json, write_dataset_json
from spectrail.layout import Column, Layout

CREATED = datetime(2025, 3, 28, 12, 0, 0)


def adsl(**changes: Any) -> Dataset:
    """Make a dataset with every kind of column."""
    columns = (
        Column("USUBJID", "Unique Subject Identifier", length=8),
        Column("BRTHDTC", "Date of Birth", "partialDate"),
        Column("RFSTDTC", "Start", "datetime"),
        Column("AGE", "Age", "integer"),
        Column("WEIGHT", "Weight", "float", format="8.1"),
        Column("TRTSDT", "Date", "integer", format="DATE9."),
        Column("TRTSDTM", "Datetime", "integer", format="DATETIME20."),
        Column("TRTSTM", "Time", "integer", format="TIME5."),
    )
    frame = pd.DataFrame(
        {
            "USUBJID": pd.Series(["S-1", 'a"\\\n', "\u53d1\u70ed"], dtype="str"),
            "BRTHDTC": pd.Series(["1960-03", None, "1955"], dtype="str"),
            "RFSTDTC": pd.Series(["2024-02-29T10:00", None, "2024-03-01"], dtype="str"),
            "AGE": [64.0, np.nan, 0.0],
            "WEIGHT": [0.1, np.nan, 1e21],
            "TRTSDT": [23435.0, np.nan, -1.0],
            "TRTSDTM": np.array(["2024-02-29T23:59:59", "NaT", "1583-01-01"], dtype="datetime64[us]"),
            "TRTSTM": [30600.0, np.nan, 0.0],
        }
    )
    return Dataset(Layout("ADSL", "Subjects", columns, ("USUBJID",)), frame).replace(**changes)


def test_golden_ndjson(tmp_path: Path) -> None:
    """The file is, line by line, the metadata and a list of values per record."""
    path = tmp_path / "adsl.ndjson"
    write_dataset_json(adsl(), path, created=CREATED, attributes={"studyOID": "S1"})
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    assert rows == [
        '["S-1","1960-03","2024-02-29T10:00",64,0.1,"2024-02-29","2024-02-29T23:59:59","08:30:00"]',
        r'["a\"\\\n",null,null,null,null,null,null,null]',
        '["\u53d1\u70ed","1955","2024-03-01",0,1e+21,"1959-12-31","1583-01-01T00:00:00","00:00:00"]',
    ]
    described = json.loads(head)
    columns = described.pop("columns")
    assert described == {
        "datasetJSONCreationDateTime": "2025-03-28T12:00:00",
        "datasetJSONVersion": "1.1.0",
        "studyOID": "S1",
        "itemGroupOID": "IG.ADSL",
        "records": 3,
        "name": "ADSL",
        "label": "Subjects",
    }
    assert columns[0] == {
        "itemOID": "IT.ADSL.USUBJID",
        "name": "USUBJID",
        "label": "Unique Subject Identifier",
        "dataType": "string",
        "length": 8,
        "keySequence": 1,
    }
    assert [one["dataType"] for one in columns] == [
        *("string", "string", "datetime", "integer", "float", "date", "datetime", "time"),
    ]
    assert [one.get("targetDataType") for one in columns] == [None] * 5 + ["integer"] * 3
    assert [one.get("displayFormat") for one in columns[4:]] == ["8.1", "DATE9.", "DATETIME20.", "TIME5."]


@pytest.mark.parametrize("suffix", [".json", ".ndjson"])
@pytest.mark.parametrize("count", [0, 1, 3])
def test_valid_by_the_published_schema(tmp_path: Path, shared: Path, suffix: str, count: int) -> None:
    """A validator made for the published schema accepts the file; reading it gives the dataset back."""
    dataset = adsl(frame=adsl().frame.iloc[:count])
    path = tmp_path / f"adsl{suffix}"
    attributes = {"sourceSystem": {"name": "spectrail", "version": "0.1.0"}, "originator": "Sponsor"}
    write_dataset_json(dataset, path, created=CREATED, attributes=attributes)
    validator = runpy.run_path(str(shared / "schemas" / "validate_dataset_json.py"))
    assert validator["validate"](path) == []
    again = read_dataset_json(path)
    types = {"BRTHDTC": "text"}  # partial dates are strings in Dataset-JSON
    assert [(one.name, one.label, one.type, one.length, one.format) for one in again.layout.columns] == [
        (one.name, one.label, types.get(one.name, one.type), one.length, one.format) for one in dataset.layout.columns
    ]
    assert (again.layout.name, again.layout.label, again.layout.keys) == ("ADSL", "Subjects", ("USUBJID",))
    seconds = (dataset.frame["TRTSDTM"] - pd.Timestamp("1960-01-01")) / pd.Timedelta(seconds=1)
    expected = dataset.frame.assign(TRTSDTM=seconds)
    pd.testing.assert_frame_equal(again.frame, expected, check_exact=True)
    dates = read_dataset_json(path, datetimes=True).frame
    pd.testing.assert_series_equal(dates["TRTSDTM"], dataset.frame["TRTSDTM"])
    assert dates["TRTSDT"].dtype == "datetime64[us]"


@pytest.mark.parametrize("suffix", [".json", ".ndjson"])
def test_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    """Files that are written and read in many small pieces hold the same records."""
    monkeypatch.setattr("spectrail.io.dataset_json.BLOCK", 7)
    monkeypatch.setattr("spectrail.io.dataset_json_read.BLOCK", 5)
    monkeypatch.setattr("spectrail.io.dataset_json_read.READ_SIZE", 11)
    values = np.arange(40) * 1.25
    frame = pd.DataFrame({"N": values, "T": pd.Series([f"],[{n}" for n in range(40)], dtype="str")})
    dataset = Dataset(Layout("XX", "", (Column("N", type="float"), Column("T"))), frame)
    write_dataset_json(dataset, tmp_path / f"a{suffix}", created=CREATED)
    pd.testing.assert_frame_equal(read_dataset_json(tmp_path / f"a{suffix}").frame, frame, check_exact=True)


def test_special_missing_values(tmp_path: Path) -> None:
    """Special missing values are an error, or null when the caller gives them up."""
    dataset = adsl(special={(1, "AGE"): "A"})
    with pytest.raises(
        FormatError, match=r"variable AGE, record 2: special missing value \.A has no form in Dataset-"
    ):
        write_dataset_json(dataset, tmp_path / "a.json", created=CREATED)
    write_dataset_json(dataset, tmp_path / "a.json", created=CREATED, special_missing="null")
    assert json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))["rows"][1][3] is None


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        (Column("A", type="float"), [1.0, np.inf], "variable A, record 2: value inf is not finite"),
        (Column("A", type="integer"), [1.0, 1.5], "variable A, record 2: value 1.5 is no integer"),
        (
            Column("A", type="float", format="DATE9."),
            [1.0, 0.5],
            "record 2: value 0.5 under DATE9. is no date of ISO 8601",
        ),
        (Column("A", type="float", format="TIME5."), [86400.0], "record 1: value 86400.0 under TIME5. is no time"),
        (Column("A"), [1.0], "holds float64 values, its layout says text"),
    ],
)
def test_what_cannot_be_written(tmp_path: Path, column: Column, values: list[float], message: str) -> None:
    """What the format cannot hold is an error that names variable and record."""
    dataset = Dataset(Layout("XX", "", (column,)), pd.DataFrame({"A": values}))
    with pytest.raises(FormatError, match=message):
        write_dataset_json(dataset, tmp_path / "a.json", created=CREATED)
    assert list(tmp_path.iterdir()) == []


def test_unknown_attribute(tmp_path: Path) -> None:
    """An attribute that the standard does not have is refused."""
    with pytest.raises(UnknownNameError, match=r"unknown attribute of Dataset-JSON 'studyOid'\n.*studyOID"):
        write_dataset_json(adsl(), tmp_path / "a.json", created=CREATED, attributes={"studyOid": "x"})


HEAD = '"datasetJSONVersion": "1.1.0", "itemGroupOID": "IG.X", "name": "X", "label": "L"'
COLUMNS = (
    '"columns": [{"itemOID": "a", "name": "A", "label": "", "dataType": "decimal", "targetDataType": "decimal"}]'
)


def test_rows_before_their_description(tmp_path: Path) -> None:
    """The keys of the document may stand in any order; decimals are text in the file and numbers here."""
    path = tmp_path / "a.json"
    path.write_text(f'{{"rows": [["1.10"], [null]], "records": 2, {COLUMNS}, {HEAD}}}', encoding="utf-8-sig")
    dataset = read_dataset_json(path)
    assert dataset.frame["A"].fillna(-1).tolist() == [1.1, -1.0]
    assert dataset.layout.columns == (Column("A", "", "float"),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not valid JSON"),
        ("[]", "is not valid JSON: expected '{'"),
        ("{" + HEAD, "is not valid JSON"),
        (f'{{{HEAD}, {COLUMNS}, "records": 2, "rows": [["1"]]}}', "states 2 records and holds 1"),
        (f'{{{HEAD}, {COLUMNS}, "rows": [["1"]]}}', "states None records and holds 1"),
        (f'{{{HEAD}, {COLUMNS}, "records": 2, "rows": [["1"], ["1", "2"]]}}', "row 2 is no list of 1 values"),
        (f'{{{HEAD}, {COLUMNS}, "records": 1, "rows": [1]}}', "row 1 is no list of 1 values"),
        (f'{{{HEAD}, {COLUMNS}, "records": 1, "rows": [["x"]]}}', "variable A: not all decimal"),
        (f'{{{HEAD}, {COLUMNS}, "records": 1, "rows": [[{{}}]]}}', "variable A, rows 1 to 1: not all decimal"),
        (f'{{{HEAD}, {COLUMNS}, "records": 1, "rows": [[NaN]]}}', "NaN is no JSON number"),
        (f'{{{HEAD}, {COLUMNS}, "records": 1, "rows": [["1"]]}} x', "text after the end"),
        (f'{{{HEAD}, {COLUMNS}, "records": 1, "rows": [["1"]', "is not valid JSON"),
        ("[" * 100_000, "is not valid JSON"),
        ('{"a": ' + "[" * 100_000, "is not valid JSON"),
        ('{"datasetJSONVersion": "1.0.0"}', "Dataset-JSON version '1.0.0'\n.*version 1.1 is read"),
        (f"{{{HEAD}}}", "name or columns are missing"),
        (f'{{{HEAD}, "columns": [{{}}]}}', "a column has no name"),
        (f'{{{HEAD}, "columns": [{{"name": "A", "dataType": "money"}}]}}', "data type 'money'\n.*known: URI"),
        (f'{{{HEAD}, "columns": [{{"name": "A", "dataType": "date"}}, {{"name": "A"}}]}}', "two columns are named A"),
    ],
)
def test_broken_files(tmp_path: Path, text: str, message: str) -> None:
    """A file that is none or contradicts itself is an error with its name."""
    path = tmp_path / "a.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=f"a.json.*{message}"):
        read_dataset_json(path)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("", "the first line is not an object"),
        (f'{{{HEAD}, {COLUMNS}, "records": 2}}\n["1"],["2"]\n', "a line holds more than one row"),
        (f'{{{HEAD}, {COLUMNS}, "records": 2}}\n["1"]\n\n["2"', "is not valid JSON"),
    ],
)
def test_broken_lines(tmp_path: Path, lines: str, message: str) -> None:
    """NDJSON with anything but one value a line is an error."""
    path = tmp_path / "a.ndjson"
    path.write_text(lines, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_dataset_json(path)


@pytest.mark.parametrize("value", ["2024-02-30", "2024-02", "2024-02-29T10:00", "2024-02-29Z", "x"])
def test_numeric_dates_must_be_complete(tmp_path: Path, value: str) -> None:
    """A numeric date that is no complete date is an error, never another date."""
    path = tmp_path / "a.json"
    column = '{"itemOID": "a", "name": "A", "label": "", "dataType": "date", "targetDataType": "integer"}'
    path.write_text(f'{{{HEAD}, "columns": [{column}], "records": 1, "rows": [["{value}"]]}}', encoding="utf-8")
    with pytest.raises(InputError, match="variable A: not all date"):
        read_dataset_json(path)
