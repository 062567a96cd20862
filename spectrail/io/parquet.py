"""Apache Parquet: columns as they stand in the frame; layout and special missing values in the file's metadata."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from spectrail.dataset import Dataset
from spectrail.errors import FormatError, InputError, Place, UsageError
from spectrail.io.ascii_text import arrow_text
from spectrail.io.atomic import replacing
from spectrail.layout import Column, Layout

KEY = b"spectrail"
"""Key of our entry in the schema's metadata: a JSON object with layout, special missing values and time."""

ROWS = 250_000
"""Records in a row group."""


def write_parquet(dataset: Dataset, path: str | Path, *, created: datetime) -> None:
    """Write a dataset as Parquet without loss: layout, special missing values and `created` go into the metadata.

    Raises FormatError for a column that is not what its layout says, OutputError.
    """
    import pyarrow.parquet as pq

    if tuple(dataset.frame.columns) != dataset.layout.names:
        raise UsageError(f"the frame has other columns than the layout of {dataset.name}")
    columns = {}
    for column in dataset.layout.columns:
        values = dataset.frame[column.name]
        try:
            columns[column.name] = pa.array(values, from_pandas=True) if column.numeric else arrow_text(values)
        except (FormatError, pa.ArrowInvalid, pa.ArrowTypeError) as error:
            place = Place(dataset=dataset.name, variable=column.name)
            raise FormatError(f"holds {values.dtype} values", place=place, hint="see its layout") from error
    entry = {
        "layout": asdict(dataset.layout),
        "special": [[record, variable, code] for (record, variable), code in sorted(dataset.special.items())],
        "created": created.isoformat(),
    }
    table = pa.table(columns).replace_schema_metadata({KEY: json.dumps(entry).encode()})
    with replacing(path) as file:
        pq.write_table(table, file, compression="zstd", row_group_size=ROWS)


def read_parquet(path: str | Path) -> Dataset:
    """Read a Parquet file, also one made elsewhere: its layout is then told from the types of its columns.

    Numbers and logical values become float64, dates and timestamps without zone datetime64[us] with the formats
    DATE9. and DATETIME20. Raises InputError for other types and integers that a double does not hold.
    """
    import pyarrow.parquet as pq

    place = Place(file=str(path))
    try:
        table = pq.read_table(str(path), partitioning=None)
    except OSError as error:
        raise InputError(f"cannot be read: {error}", place=place, hint="check the path") from error
    except pa.ArrowInvalid as error:
        raise InputError(f"is no Parquet file: {error}", place=place, hint="check the file") from error
    entry = _entry(table, place)
    columns: list[Column] = []
    frame: dict[str, Any] = {}
    for name in table.column_names:
        if name in frame:
            raise InputError(f"the column {name} stands twice", place=place, hint="rename one")
        frame[name], column = _column(name, table[name], place)
        columns.append(column)
    layout = Layout(Path(path).stem.upper(), "", tuple(columns))
    special: dict[tuple[int, str], str] = {}
    if entry:
        layout = _layout(entry["layout"], layout, place)
        special = {(int(record), str(variable)): str(code) for record, variable, code in entry["special"]}
    return Dataset(layout, pd.DataFrame(frame, index=pd.RangeIndex(table.num_rows)), special=special)


def _entry(table: pa.Table, place: Place) -> dict[str, Any]:
    stored = (table.schema.metadata or {}).get(KEY)
    if stored is None:
        return {}
    try:
        entry = json.loads(stored)
        if isinstance(entry["layout"]["columns"], list) and isinstance(entry["special"], list):
            return dict(entry)
    except (ValueError, KeyError, TypeError):
        pass
    raise InputError("its metadata entry 'spectrail' is damaged", place=place, hint="write the file again")


def _layout(stored: dict[str, Any], found: Layout, place: Place) -> Layout:
    try:
        columns = tuple(Column(**column) for column in stored["columns"])
        layout = Layout(stored["name"], stored["label"], columns, tuple(stored["keys"]))
    except (KeyError, TypeError) as error:
        raise InputError("its stored layout is damaged", place=place, hint="write the file again") from error
    if layout.names != found.names:
        raise InputError("its stored layout has other columns", place=place, hint="write the file again")
    return layout


def _column(name: str, values: pa.ChunkedArray, place: Place) -> tuple[pd.Series[Any], Column]:
    """Return a column as frames hold it and the layout that its type tells."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    where = Place(file=place.file, variable=name)
    try:
        if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind):
            text = values.cast(pa.large_string())
            series = pd.Series(pd.StringDtype(na_value=np.nan).__from_arrow__(text.combine_chunks()), copy=False)
            return series.mask(series == "", np.nan), Column(name)
        if pa.types.is_date(kind) or (pa.types.is_timestamp(kind) and kind.tz is None):
            moments = values.cast(pa.timestamp("us")).to_numpy()
            form = "DATE9." if pa.types.is_date(kind) else "DATETIME20."
            return pd.Series(moments, copy=False), Column(name, type="integer", format=form)
        if pa.types.is_duration(kind):
            return pd.Series(values.cast(pa.duration("us")).to_numpy()), Column(name, type="float", format="TIME8.")
        if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
            whole = not pa.types.is_floating(kind)
            numbers = values.cast(pa.int8()) if pa.types.is_boolean(kind) else values
            column = Column(name, type="integer" if whole else "float")
            return pd.Series(numbers.cast(pa.float64()).to_numpy(), copy=False), column
    except pa.ArrowInvalid as error:
        raise InputError(f"cannot be held: {error}", place=where, hint="store the column as text") from error
    raise InputError(f"columns of type {values.type} are not read", place=where, hint="store it as text or number")
