"""Excel workbooks of large tables: cells are made by column, text never becomes a formula, same input same bytes.

Text is written as inline strings under the text format (ECMA-376 part 1, 18.3.1.4), so `=1+1` stays text even when
the cell is edited.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any
from xml.sax.saxutils import escape as escape_xml

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from spectrail.io.atomic import replacing
from spectrail.io.xlsx import EARLIEST, ILLEGAL, MOST_CELL
from spectrail.io.xlsx import escape as escape_text

MOST_ROWS = 1_048_576
CHUNK = 50_000
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_CUT = " [cut]"


@dataclass(frozen=True)
class Sheet:
    """One sheet: a frame whose column names are the header; `widths` in characters."""

    name: str
    frame: pd.DataFrame
    widths: Sequence[float] = ()


def write_sheets(path: str | Path, sheets: Sequence[Sheet], *, created: datetime, title: str = "") -> None:
    """Write a workbook; numbers stay numbers, everything else is text, control characters become U+FFFD."""
    stamp = max(created.replace(tzinfo=None), EARLIEST)
    with replacing(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in _parts(sheets, stamp, title).items():
            archive.writestr(_info(name, stamp), content)
        for number, sheet in enumerate(sheets, start=1):
            with archive.open(_info(f"xl/worksheets/sheet{number}.xml", stamp), "w", force_zip64=True) as part:
                _write_sheet(part, sheet)


def _info(name: str, stamp: datetime) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, stamp.timetuple()[:6])
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o644 << 16
    return info


def clean(text: str) -> str:
    """Return text that a cell can hold: control characters replaced, cut at 32767 characters, markup escaped."""
    text = ILLEGAL.sub("\ufffd", text)
    if len(text) > MOST_CELL:
        text = text[: MOST_CELL - len(_CUT)] + _CUT
    return escape_xml(escape_text(text))


def _write_sheet(part: IO[bytes], sheet: Sheet) -> None:
    frame = sheet.frame.iloc[: MOST_ROWS - 1]
    last = f"{_letters(len(frame.columns))}{len(frame) + 1}"
    head = [
        f'{_HEAD}<worksheet xmlns="{_MAIN}"><dimension ref="A1:{last}"/><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
    ]
    if sheet.widths:
        columns = [
            f'<col min="{at}" max="{at}" width="{width}" customWidth="1"/>'
            for at, width in enumerate(sheet.widths, start=1)
        ]
        head.append(f"<cols>{''.join(columns)}</cols>")
    titles = "".join(_text_cell(clean(str(name)), 1) for name in frame.columns)
    head.append(f"<sheetData><row>{titles}</row>")
    part.write("".join(head).encode("utf-8"))
    for start in range(0, len(frame), CHUNK):
        part.write(_rows(frame.iloc[start : start + CHUNK]))
    part.write(f'</sheetData><autoFilter ref="A1:{last}"/></worksheet>'.encode())


def _rows(frame: pd.DataFrame) -> bytes:
    cells: list[Any] = [_cells(frame[name]) for name in frame.columns]
    first, last, between = (pa.scalar(text, pa.large_string()) for text in ("<row>", "</row>", ""))
    joined = pc.binary_join_element_wise(first, *cells, last, between)
    return "".join(joined.to_pylist()).encode("utf-8")


def _cells(column: pd.Series) -> pa.Array:
    """Return the XML of each cell, made once per distinct value."""
    codes, distinct = pd.factorize(column, use_na_sentinel=True)
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
        made = [f"<c><v>{value}</v></c>" for value in distinct.tolist()]
    else:
        made = [_text_cell(clean(str(value)), 2) if value != "" else "<c/>" for value in distinct]
    table = pa.array([*made, "<c/>"], pa.large_string())
    return table.take(pa.array(np.where(codes < 0, len(made), codes)))


def _text_cell(text: str, style: int) -> str:
    return f'<c s="{style}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _letters(number: int) -> str:
    text = ""
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text or "A"


_STYLES = (
    f'{_HEAD}<styleSheet xmlns="{_MAIN}"><fonts count="2"><font><sz val="10"/><name val="Calibri"/></font>'
    '<font><b/><sz val="10"/><name val="Calibri"/></font></fonts><fills count="3"><fill><patternFill '
    'patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill><fill><patternFill '
    'patternType="solid"><fgColor rgb="FFDDE6F0"/></patternFill></fill></fills><borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3"><xf/><xf fontId="1" fillId="2" applyFont="1" '
    'applyFill="1" numFmtId="49" applyNumberFormat="1"/><xf numFmtId="49" applyNumberFormat="1" quotePrefix="1" '
    'applyAlignment="1"><alignment vertical="top"/></xf></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


def _parts(sheets: Sequence[Sheet], stamp: datetime, title: str) -> dict[str, str]:
    numbers = range(1, len(sheets) + 1)
    types = "".join(
        f'<Override PartName="/xl/worksheets/sheet{number}.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>'
        for number in numbers
    )
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    listed = "".join(
        f'<sheet name="{escape_xml(_sheet_name(sheet.name))}" sheetId="{number}" r:id="rId{number}"/>'
        for number, sheet in zip(numbers, sheets, strict=True)
    )
    filters = "".join(
        f'<definedName name="_xlnm._FilterDatabase" localSheetId="{number - 1}" hidden="1">'
        f"'{escape_xml(_sheet_name(sheet.name))}'!$A$1:${_letters(len(sheet.frame.columns))}${len(sheet.frame) + 1}"
        "</definedName>"
        for number, sheet in zip(numbers, sheets, strict=True)
    )
    links = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        for number in numbers
    )
    time = stamp.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "[Content_Types].xml": f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
        f'ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{kind}.styles+xml"/>'
        '<Override PartName="/docProps/core.xml" '
        f'ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>{types}</Types>',
        "_rels/.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/><Relationship Id="rId2" '
        f'Type="{_PACKAGE}/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>',
        "docProps/core.xml": f'{_HEAD}<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{clean(title)}</dc:title><dc:creator>spectrail</dc:creator>"
        f'<dcterms:created xsi:type="dcterms:W3CDTF">{time}</dcterms:created>'
        f'<dcterms:modified xsi:type="dcterms:W3CDTF">{time}</dcterms:modified></cp:coreProperties>',
        "xl/workbook.xml": f'{_HEAD}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets>'
        f"<definedNames>{filters}</definedNames></workbook>",
        "xl/_rels/workbook.xml.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships">{links}'
        f'<Relationship Id="rId{len(sheets) + 1}" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": _STYLES,
    }


def _sheet_name(name: str) -> str:
    return re.sub(r"[\[\]:*?/\\']", " ", name)[:31]
