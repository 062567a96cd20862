"""The same extract gives the same text, whichever format it came in."""

from __future__ import annotations

import csv
from pathlib import Path
from xml.sax.saxutils import quoteattr

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
import pytest

from sdtm.intake import RawSource, read_raw, row_hash
from sdtm.intake.odm_rows import CONTEXT

ROWS: list[list[str | None]] = [
    ["Subject", "AETERM", "RESULT", "AESTDAT"],
    ["007", "发热, “hot”", "1.10", "UN MAR 2023"],
    ["008", " Rash", "<1E-4", "2023年3月5日"],
    ["009", None, "NA", "=1+1"],
]
PILOT = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "edc_pilot" / "raw"


def write_excel(folder: Path) -> str:
    """Write text cells."""
    book = openpyxl.Workbook()
    for number, row in enumerate(ROWS, start=1):
        for position, value in enumerate(row, start=1):
            cell = book.active.cell(number, position)
            if value is not None:
                cell.value = value
                cell.data_type = "s"
    book.save(folder / "ae.xlsx")
    return "ae.xlsx"


def write_odm(folder: Path) -> str:
    """Write one record per row; a missing value has no ItemData."""
    names, *rows = ROWS
    records = "".join(
        f'<SubjectData SubjectKey="{number}"><StudyEventData StudyEventOID="E"><FormData FormOID="AE">'
        '<ItemGroupData ItemGroupOID="AE">'
        + "".join(
            f"<ItemData ItemOID={quoteattr(str(name))} Value={quoteattr(value)}/>"
            for name, value in zip(names, row, strict=True)
            if value is not None
        )
        + "</ItemGroupData></FormData></StudyEventData></SubjectData>"
        for number, row in enumerate(rows)
    )
    (folder / "ae.xml").write_text(
        f'<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3"><ClinicalData StudyOID="S">{records}</ClinicalData></ODM>',
        encoding="utf-8",
    )
    return "ae.xml"


def write_transport(folder: Path) -> str:
    """Write version 8, in which missing text is blank."""
    frame = pd.DataFrame(ROWS[1:], columns=ROWS[0]).fillna("")
    pyreadstat.write_xport(frame, folder / "ae.xpt", table_name="AE", file_format_version=8)
    return "ae.xpt"


def write_parquet(folder: Path) -> str:
    """Write text columns."""
    names, *rows = ROWS
    columns = list(zip(*rows, strict=True))
    pq.write_table(pa.table([pa.array(column) for column in columns], names=names), folder / "ae.parquet")
    return "ae.parquet"


@pytest.mark.parametrize("write", [write_excel, write_odm, write_transport, write_parquet])
def test_formats_agree_with_csv(tmp_path: Path, write: object) -> None:
    """Frames are equal to the last blank, and rows hash equal."""
    with (tmp_path / "ae.csv").open("w", newline="", encoding="gb18030") as stream:
        csv.writer(stream).writerows(ROWS)
    expected = read_raw(RawSource(name="ae_raw", path="ae.csv", encoding="gb18030"), root=tmp_path)
    path = write(tmp_path)  # type: ignore[operator]
    frame = read_raw(RawSource(name="ae_raw", path=path), root=tmp_path).frame
    collected = frame.drop(columns=[name for name in CONTEXT if name in frame])
    pd.testing.assert_frame_equal(collected, expected.frame, check_exact=True)
    assert row_hash(collected).tolist() == row_hash(expected.frame).tolist()


@pytest.mark.skipif(not PILOT.is_dir(), reason="the pilot extracts are not beside the repository")
@pytest.mark.parametrize(("path", "rows"), [("ae_raw.csv", 1191), ("dm_raw.csv", 306), ("ec_raw.csv", 591)])
def test_real_extracts(path: str, rows: int) -> None:
    """Every cell is what the csv module of Python gives, with empty cells missing."""
    table = read_raw(RawSource(name="raw", path=path), root=PILOT)
    with (PILOT / path).open(newline="", encoding="utf-8") as stream:
        names, *expected = csv.reader(stream)
    assert len(table) == rows
    assert list(table.frame.columns) == names
    assert table.frame.fillna("").to_numpy().tolist() == expected
    assert table.lines.tolist() == list(range(2, rows + 2))
