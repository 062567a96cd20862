"""SAS data sets and transport files as text."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyreadstat

from sdtm.intake.files import RawFile
from sdtm.intake.rendering import decimal_texts, sas_dates, sas_datetimes, sas_times
from sdtm.intake.table import Content, check_names, text_column
from specs.models import RawSource
from spectrail.errors import InputError

DATE_FORMATS = (
    "DATE", "DAY", "DDMMYY", "DDMMYYB", "DDMMYYC", "DDMMYYD", "DDMMYYN", "DDMMYYP", "DDMMYYS", "DOWNAME",
    "JULDAY", "JULIAN", "MMDDYY", "MMDDYYB", "MMDDYYC", "MMDDYYD", "MMDDYYN", "MMDDYYP", "MMDDYYS", "MMYY",
    "MONNAME", "MONTH", "MONYY", "QTR", "WEEKDATE", "WEEKDATX", "WEEKDAY", "WORDDATE", "WORDDATX", "YEAR",
    "YYMM", "YYMMDD", "YYMMDDB", "YYMMDDC", "YYMMDDD", "YYMMDDN", "YYMMDDP", "YYMMDDS", "YYMON", "YYQ",
    "E8601DA", "B8601DA", "IS8601DA", "EURDFDE", "NLDATE",
)  # fmt: skip
DATETIME_FORMATS = (
    "DATETIME", "DATEAMPM", "DTDATE", "DTMONYY", "DTWKDATX", "DTYEAR", "DTYYQC", "MDYAMPM", "E8601DT",
    "B8601DT", "IS8601DT", "E8601DN", "B8601DN", "IS8601DN", "NLDATM", "EURDFDT",
)  # fmt: skip
TIME_FORMATS = ("TIME", "TIMEAMPM", "HHMM", "HOUR", "MMSS", "TOD", "E8601TM", "B8601TM", "IS8601TM", "NLTIME")

Renderer = Callable[[Any], tuple[Any, Any]]
KINDS: tuple[tuple[tuple[str, ...], str, Renderer], ...] = (
    (DATE_FORMATS, "date", sas_dates),
    (DATETIME_FORMATS, "date-time", sas_datetimes),
    (TIME_FORMATS, "time", sas_times),
)


def read_sas7bdat(file: RawFile, sources: Sequence[RawSource]) -> list[Content]:
    """Read a SAS data set once for each source; special missing values stay as `.A` to `.Z` and `._`."""
    return [_read(file, source, pyreadstat.read_sas7bdat, user_missing=True) for source in sources]


def read_xpt(file: RawFile, sources: Sequence[RawSource]) -> list[Content]:
    """Read a SAS transport file, version 5 or 8, with one member; `member` must be its name when given."""
    return [_read(file, source, pyreadstat.read_xport) for source in sources]


def _read(file: RawFile, source: RawSource, reader: Callable[..., Any], **options: Any) -> Content:
    if source.encoding:
        options["encoding"] = source.encoding
    try:
        values, meta = reader(str(file.path), disable_datetime_conversion=True, output_format="dict", **options)
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, UnicodeDecodeError, ValueError) as error:
        raise InputError(
            f"not a readable {source.format or file.path.suffix.lstrip('.')} file: {error}",
            place=file.place(),
            hint="check the format of this source (and its encoding), or ask for the extract again",
        ) from None
    _check_member(file, source, meta.table_name or "")
    names = list(values)
    check_names(names, place=file.place())
    rows = len(next(iter(values.values()))) if names else 0
    content = Content(names, [], np.arange(1, rows + 1, dtype=np.int32), row_word="row")
    if meta.file_encoding:
        content.notes.append(f"encoding {meta.file_encoding}, as stored in the file")
    for name in names:
        textual = meta.readstat_variable_types[name] == "string"
        content.columns.append(
            text_column(values[name])
            if textual
            else _numbers(values[name], name, meta.original_variable_types.get(name) or "", content)
        )
    return content


def _check_member(file: RawFile, source: RawSource, found: str) -> None:
    if source.member and found and source.member.upper() != found.upper():
        raise InputError(
            f"the file holds the member {found}, not {source.member}",
            place=file.place(),
            hint=f"set member to {found} or leave it out",
        )


def _numbers(cells: Sequence[Any], name: str, format_name: str, content: Content) -> pa.ChunkedArray:
    special = [index for index, cell in enumerate(cells) if isinstance(cell, str)]
    values = np.asarray(
        [np.nan if cell is None or isinstance(cell, str) else cell for cell in cells], dtype=np.float64
    )
    kind, render = date_kind(format_name)
    if render is None:
        content.notes.append(f"column {name}: numbers as shortest decimal")
        texts = decimal_texts(values)
    else:
        content.notes.append(f"column {name}: {kind} of format {format_name} as ISO 8601")
        texts, odd = render(values)
        rows = np.flatnonzero(odd)
        if len(rows):
            content.report(
                "raw.date_out_of_range",
                "warning",
                f"the number is no {kind}; kept as a number",
                variable=name,
                rows=rows,
                values=np.asarray(decimal_texts(values[rows]).to_pylist(), dtype=object),
            )
    if special:
        marks = [f".{cells[index]}" for index in special]
        filled = texts.to_pylist()
        for index, mark in zip(special, marks, strict=True):
            filled[index] = mark
        texts = pa.array(filled, type=pa.large_string())
        content.report(
            "raw.special_missing",
            "notice",
            "a special missing value of SAS, kept as text",
            variable=name,
            rows=special,
            values=np.asarray(marks, dtype=object),
        )
    return pa.chunked_array([texts])


def date_kind(format_name: str) -> tuple[str, Renderer | None]:
    """Tell what a SAS display format (`DATE9.`, `E8601DT19`) makes of a number; ('', None) for a plain number."""
    name = format_name.upper().strip()
    for formats, kind, render in KINDS:
        if any(re.fullmatch(rf"{known}\d*(\.\d*)?", name) for known in formats):
            return kind, render
    return "", None
