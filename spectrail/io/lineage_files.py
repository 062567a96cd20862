"""Lineage as Parquet files: one table of record links and one of value providers per dataset, one of all steps."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from spectrail.errors import InputError, Place
from spectrail.lineage import Lineage, Provider, RecordLineage, Trace

STEPS = "steps.parquet"


def write_lineage(folder: Path, lineages: Mapping[str, Lineage]) -> None:
    """Write lineage into a folder: `ae.records.parquet`, `ae.values.parquet` per dataset, and `steps.parquet`.

    Records columns: record, source, row; values columns: variable, source, column, record, row.  All ordinals are
    0-based: record of the written file, row of the raw file or of the source dataset.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, lineage in lineages.items():
        _write(folder / f"{name.lower()}.records.parquet", _records_table(lineage.records))
        _write(folder / f"{name.lower()}.values.parquet", _values_table(lineage))
    _write(folder / STEPS, _steps_table(lineages))


def read_lineage(folder: Path, name: str) -> Lineage:
    """Read the lineage of one dataset back."""
    values = _read(folder / f"{name.lower()}.values.parquet")
    return Lineage(read_record_lineage(folder, name), read_steps(folder).get(name, ()), _providers_from(values))


def read_record_lineage(folder: Path, name: str) -> RecordLineage:
    """Read the record links of one dataset back, not its values and steps."""
    return _records_from(_read(folder / f"{name.lower()}.records.parquet"))


def read_steps(folder: Path) -> dict[str, tuple[Trace, ...]]:
    """Read the executed steps of all datasets, in the order they ran."""
    frame = _read(folder / STEPS).to_pandas()
    found: dict[str, tuple[Trace, ...]] = {}
    for name, part in frame.groupby("dataset", sort=False):
        found[str(name)] = tuple(
            Trace(
                row.variable,
                row.step,
                row.algorithm,
                tuple(row.sources),
                row.method,
                row.when,
                row.filled,
                row.start,
            )
            for row in part.itertuples()
        )
    return found


def _write(path: Path, table: pa.Table) -> None:
    pq.write_table(table, path, compression="zstd", write_statistics=False, store_schema=False)


def _read(path: Path) -> pa.Table:
    if not path.is_file():
        raise InputError("no lineage here", place=Place(file=str(path)), hint="build the study to get its lineage")
    return pq.read_table(path)


def _records_table(records: RecordLineage) -> pa.Table:
    source = pa.DictionaryArray.from_arrays(pa.array(records.source), pa.array(records.sources or [""], pa.string()))
    return pa.table({"record": records.record, "source": source, "row": records.row})


def _values_table(lineage: Lineage) -> pa.Table:
    parts: list[pa.Table] = []
    for variable, providers in sorted(lineage.providers.items()):
        for one in providers:
            record = np.flatnonzero(one.row >= 0).astype(np.int32)
            names = {"variable": variable, "source": one.source, "column": one.column}
            columns = {key: pa.repeat(pa.scalar(text), len(record)) for key, text in names.items()}
            parts.append(pa.table({**columns, "record": record, "row": one.row[record]}))
    if not parts:
        text, number = pa.string(), pa.int32()
        schema = [("variable", text), ("source", text), ("column", text), ("record", number), ("row", number)]
        return pa.schema(schema).empty_table()
    return pa.concat_tables(parts)


def _steps_table(lineages: Mapping[str, Lineage]) -> pa.Table:
    rows = [(name, trace) for name, lineage in lineages.items() for trace in lineage.traces]
    fields = {
        "variable": pa.string(),
        "step": pa.int32(),
        "algorithm": pa.string(),
        "sources": pa.list_(pa.string()),
        "method": pa.string(),
        "when": pa.string(),
        "filled": pa.int64(),
        "start": pa.string(),
    }
    columns: dict[str, pa.Array] = {"dataset": pa.array([name for name, _ in rows], pa.string())}
    for field, kind in fields.items():
        values = [getattr(trace, field) for _, trace in rows]
        columns[field] = pa.array([list(v) if isinstance(v, tuple) else v for v in values], kind)
    return pa.table(columns)


def _records_from(table: pa.Table) -> RecordLineage:
    source = table["source"].combine_chunks()
    if not isinstance(source, pa.DictionaryArray):
        source = source.dictionary_encode()
    if isinstance(source, pa.ChunkedArray):
        source = (
            pa.concat_arrays(source.chunks) if source.num_chunks else pa.array([], pa.string()).dictionary_encode()
        )
    return RecordLineage(
        tuple(source.dictionary.to_pylist()),
        table["record"].to_numpy().astype(np.int32),
        source.indices.to_numpy(zero_copy_only=False).astype(np.int32),
        table["row"].to_numpy().astype(np.int32),
    )


def _providers_from(table: pa.Table) -> dict[str, tuple[Provider, ...]]:
    frame: pd.DataFrame = table.to_pandas()
    found: dict[str, tuple[Provider, ...]] = {}
    for (variable, source, column), part in frame.groupby(["variable", "source", "column"], sort=False):
        rows = np.full(int(part["record"].max()) + 1, -1, dtype=np.int32)
        rows[part["record"].to_numpy()] = part["row"].to_numpy()
        found[variable] = (*found.get(variable, ()), Provider(source, column, rows))
    return found
