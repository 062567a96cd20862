"""Write CDISC Dataset-JSON 1.1, as one JSON document or as NDJSON (metadata line, then a line per record).

Numeric dates are written as ISO 8601 text with `targetDataType` integer (Dataset-JSON 1.1, Column attributes), every
missing value as null.  The format has no special missing values: they are an error unless the caller gives them up.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from spectrail.dataset import Dataset
from spectrail.errors import UnknownNameError, UsageError
from spectrail.io.atomic import replacing
from spectrail.io.dataset_json_read import read_dataset_json
from spectrail.io.sas_dates import date_kind
from spectrail.io.special_missing import SpecialMissing, check_special_missing
from spectrail.io.tokens import column_text, joined_rows
from spectrail.layout import Column

__all__ = ["read_dataset_json", "write_dataset_json"]

BLOCK = 50_000
"""Records that are turned into text at a time."""

ATTRIBUTES = (
    "dbLastModifiedDateTime",
    "fileOID",
    "metaDataRef",
    "metaDataVersionOID",
    "originator",
    "sourceSystem",
    "studyOID",
)
"""Optional attributes of the file that a caller may set."""


def write_dataset_json(
    dataset: Dataset,
    path: str | Path,
    *,
    created: datetime,
    special_missing: SpecialMissing = "error",
    attributes: Mapping[str, Any] | None = None,
) -> None:
    """Write a dataset as Dataset-JSON 1.1; a path that ends in `.ndjson` gets NDJSON.

    `created` is the creation time that the file states, `attributes` are further ones of `ATTRIBUTES`
    (`sourceSystem` is an object with name and version). Ids are derived: `IG.LB`, `IT.LB.LBSEQ`.

    Raises FormatError for what the format cannot hold (see the module; infinite numbers, fractions in integer
    columns, dates beyond ISO 8601) and OutputError.
    """
    check_special_missing(dataset, policy=special_missing, format_name="Dataset-JSON")
    if tuple(dataset.frame.columns) != dataset.layout.names:
        raise UsageError(f"the frame has other columns than the layout of {dataset.name}")
    head = _metadata(dataset, created, attributes or {})
    lines = Path(path).suffix.lower() == ".ndjson"
    count = len(dataset)
    with replacing(path) as file:
        opening = json.dumps(head, ensure_ascii=False)
        file.write((opening + "\n" if lines else opening[:-1] + ', "rows": [\n').encode())
        for start in range(0, count, BLOCK):
            stop = min(start + BLOCK, count)
            columns = [
                column_text(dataset, column, start=start, stop=stop, quote=_quote)
                for column in dataset.layout.columns
            ]
            rows = joined_rows(columns, before="[", after="]\n" if lines else "],\n", missing="null")
            file.write(rows if lines or stop < count else rows[:-2])
        if not lines:
            file.write(b"\n]}\n")


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _metadata(dataset: Dataset, created: datetime, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything but the rows, in the order of the standard's examples."""
    for name in attributes:
        if name not in ATTRIBUTES:
            raise UnknownNameError("attribute of Dataset-JSON", name, ATTRIBUTES)
    layout = dataset.layout
    return {
        "datasetJSONCreationDateTime": created.isoformat(timespec="seconds"),
        "datasetJSONVersion": "1.1.0",
        **dict(attributes),
        "itemGroupOID": f"IG.{layout.name}",
        "records": len(dataset),
        "name": layout.name,
        "label": layout.label,
        "columns": [_column(layout.name, column, layout.keys) for column in layout.columns],
    }


def _column(dataset: str, column: Column, keys: tuple[str, ...]) -> dict[str, Any]:
    """Describe a variable. Partial dates have no data type of Dataset-JSON and are strings."""
    described: dict[str, Any] = {
        "itemOID": f"IT.{dataset}.{column.name}",
        "name": column.name,
        "label": column.label,
    }
    kind = date_kind(column.format) if column.numeric else None
    if kind is not None:
        described |= {"dataType": kind, "targetDataType": "integer"}
    elif column.type in ("integer", "float", "date", "time", "datetime"):
        described["dataType"] = column.type
    else:
        described["dataType"] = "string"
    if column.length:
        described["length"] = column.length
    if column.format:
        described["displayFormat"] = column.format
    if column.name in keys:
        described["keySequence"] = keys.index(column.name) + 1
    return described
