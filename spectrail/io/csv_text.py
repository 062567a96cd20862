"""Plain CSV: a header of names and the values as text, nothing else; UTF-8, comma, RFC 4180 quoting."""

from __future__ import annotations

import csv
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from spectrail.dataset import Dataset
from spectrail.errors import InputError, Place, UsageError
from spectrail.io.atomic import replacing
from spectrail.io.special_missing import SpecialMissing, check_special_missing
from spectrail.io.tokens import column_text, joined_rows
from spectrail.layout import Column, Layout

BLOCK = 50_000
"""Records that are turned into text at a time."""

_SPECIAL = re.compile(r'[",\r\n]')


def write_csv(
    dataset: Dataset, path: str | Path, *, created: datetime, special_missing: SpecialMissing = "error"
) -> None:
    """Write a dataset as plain CSV: no types, labels, lengths or formats (`created` is not written either).

    Missing values are empty, numeric dates ISO 8601, numbers in their shortest form. Raises FormatError for special
    missing values (unless given up with `special_missing`) and infinite numbers, OutputError.
    """
    check_special_missing(dataset, policy=special_missing, format_name="CSV")
    if tuple(dataset.frame.columns) != dataset.layout.names:
        raise UsageError(f"the frame has other columns than the layout of {dataset.name}")
    lone = len(dataset.layout.columns) == 1  # an empty line would be no record: write "" there
    with replacing(path) as file:
        file.write((",".join(_quote(name) for name in dataset.layout.names) + "\n").encode())
        for start in range(0, len(dataset), BLOCK):
            stop = min(start + BLOCK, len(dataset))
            columns = [
                column_text(dataset, column, start=start, stop=stop, quote=_quote)
                for column in dataset.layout.columns
            ]
            file.write(joined_rows(columns, before="", after="\n", missing='""' if lone else ""))


def _quote(text: str) -> str:
    if _SPECIAL.search(text) or text != text.strip():
        return '"' + text.replace('"', '""') + '"'
    return text


def read_csv(path: str | Path, *, name: str | None = None, encoding: str = "utf-8") -> Dataset:
    """Read a CSV file with every value as the text that stands there; empty values are missing.

    The dataset is named after the file unless `name` says otherwise. Raises InputError for a file that cannot be
    read, is not in `encoding`, has no header, an empty or doubled name in it, or rows of other lengths.
    """
    import pyarrow.csv as arrow_csv

    place = Place(file=str(path))
    names = _header(path, encoding, place)
    try:
        table = arrow_csv.read_csv(
            str(path),
            read_options=arrow_csv.ReadOptions(encoding=encoding, column_names=names, skip_rows_after_names=1),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=len(names) > 1),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()),
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
                null_values=[""],
            ),
        )
    except (pa.ArrowInvalid, UnicodeDecodeError, ValueError) as error:
        raise InputError(f"is no {encoding} CSV: {error}", place=place, hint="check quoting and encoding") from error
    text = pd.StringDtype(na_value=np.nan)
    frame: dict[str, Any] = {
        column: pd.Series(text.__from_arrow__(table[column].combine_chunks()), copy=False) for column in names
    }
    layout = Layout(name or Path(path).stem.upper(), "", tuple(Column(column) for column in names))
    return Dataset(layout, pd.DataFrame(frame, index=pd.RangeIndex(table.num_rows)))


def _header(path: str | Path, encoding: str, place: Place) -> list[str]:
    try:
        with Path(path).open(encoding="utf-8-sig" if encoding == "utf-8" else encoding, newline="") as file:
            names = next(csv.reader(file), [])
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", place=place, hint="check the path") from error
    except LookupError:
        raise UsageError(f"unknown encoding {encoding!r}", place=place, hint="e.g. utf-8 or windows-1252") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"is no {encoding} CSV: {error}", place=place, hint="check the encoding") from error
    if not names or "" in names:
        raise InputError("the first line does not name every column", place=place, hint="add the header")
    double = sorted({name for name in names if names.count(name) > 1})
    if double:
        raise InputError(f"the column {double[0]} stands twice in the header", place=place, hint="rename one")
    return names
