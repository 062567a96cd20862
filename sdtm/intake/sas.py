"""SAS data sets and transport files as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyreadstat

from sdtm.intake.files import RawFile
from sdtm.intake.rendering import decimal_texts, sas_dates, sas_datetimes, sas_times
from sdtm.intake.table import Content, check_names, empty_to_null, text_column
from specs.models import RawSource
from spectrail.errors import FormatError, InputError, SpectrailError
from spectrail.io.sas_dates import DateKind, date_kind
from spectrail.io.xpt import read_xpt as read_transport

RENDERERS: Mapping[DateKind, Callable[[Any], tuple[Any, Any]]] = {
    "date": sas_dates,
    "datetime": sas_datetimes,
    "time": sas_times,
}


def read_sas7bdat(file: RawFile, sources: Sequence[RawSource]) -> list[Content]:
    """Read a SAS data set for each source: numbers as shortest decimals, dates by their format as ISO 8601.

    Special missing values stay as the texts `.A` to `.Z` and `._`, with a finding.
    """
    return [_read_data_set(file, source) for source in sources]


def read_xpt(file: RawFile, sources: Sequence[RawSource]) -> list[Content]:
    """Read members of a SAS transport file, version 5 or 8, like `read_sas7bdat`; `member` names one of several."""
    return [_read_member(file, source) for source in sources]


def _read_data_set(file: RawFile, source: RawSource) -> Content:
    try:
        values, meta = pyreadstat.read_sas7bdat(
            str(file.path),
            encoding=source.encoding or None,
            disable_datetime_conversion=True,
            user_missing=True,
            output_format="dict",
        )
    except (pyreadstat.ReadstatError, pyreadstat.PyreadstatError, UnicodeDecodeError, ValueError) as error:
        raise InputError(
            f"not a readable sas7bdat file: {error}",
            place=file.place(),
            hint="check the format of this source (and its encoding), or ask for the extract again",
        ) from None
    names = list(values)
    content = _start(file, names, rows=len(values[names[0]]) if names else 0)
    if meta.file_encoding:
        content.notes.append(f"encoding {meta.file_encoding}, as stored in the file")
    for name in names:
        cells = values[name]
        if meta.readstat_variable_types[name] == "string":
            content.columns.append(text_column(cells))
            continue
        special = {row: cell for row, cell in enumerate(cells) if isinstance(cell, str)}
        numbers = [np.nan if cell is None or isinstance(cell, str) else cell for cell in cells]
        format_name = meta.original_variable_types.get(name) or ""
        content.columns.append(
            render_numbers(np.asarray(numbers, dtype=np.float64), name, format_name, special, content)
        )
    return content


def _read_member(file: RawFile, source: RawSource) -> Content:
    try:
        dataset = read_transport(file.path, member=source.member or None, encoding=source.encoding or "ascii")
    except SpectrailError as error:
        place = replace(error.place, file=file.shown) if error.place else file.place()
        raise InputError(
            f"not readable as a SAS transport file: {error.what}", place=place, hint=error.hint
        ) from None
    content = _start(file, list(dataset.layout.names), rows=len(dataset))
    content.notes.append(f"member {dataset.name}")
    found = dataset.findings.frame
    content.notes.extend(found.loc[found["rule"] == "IO-ENCODING", "message"].astype("str"))
    special: dict[str, dict[int, str]] = {}
    for (row, name), code in dataset.special.items():
        special.setdefault(name, {})[row] = code
    for column in dataset.layout.columns:
        values = dataset.frame[column.name]
        if column.numeric:
            numbers = values.to_numpy(dtype=np.float64)
            texts = render_numbers(numbers, column.name, column.format, special.get(column.name, {}), content)
        else:
            texts = empty_to_null(pa.chunked_array([pa.array(values, type=pa.large_string(), from_pandas=True)]))
        content.columns.append(texts)
    return content


def _start(file: RawFile, names: list[str], *, rows: int) -> Content:
    check_names(names, place=file.place())
    return Content(names, [], np.arange(1, rows + 1, dtype=np.int32), row_word="row")


def render_numbers(
    values: Any, name: str, format_name: str, special: Mapping[int, str], content: Content
) -> pa.ChunkedArray:
    """Return SAS numbers (float64, NaN for missing) as text; `special` gives the code of special missing rows."""
    kind = _kind(format_name)
    if kind is None:
        content.notes.append(f"column {name}: numbers as shortest decimal")
        texts = decimal_texts(values)
    else:
        content.notes.append(f"column {name}: {kind} of format {format_name} as ISO 8601")
        texts, odd = RENDERERS[kind](values)
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
        places = sorted(special)
        marks = [f".{special[row]}" for row in places]
        mask = np.zeros(len(values), dtype=bool)
        mask[places] = True
        texts = pc.replace_with_mask(texts, pa.array(mask), pa.array(marks, type=pa.large_string()))
        content.report(
            "raw.special_missing",
            "notice",
            "a special missing value of SAS, kept as text",
            variable=name,
            rows=places,
            values=np.asarray(marks, dtype=object),
        )
    return pa.chunked_array([texts])


def _kind(format_name: str) -> DateKind | None:
    """Tell what a display format makes of a number; a name that is no SAS name is a user's own and shows no date."""
    try:
        return date_kind(format_name)
    except FormatError:
        return None
