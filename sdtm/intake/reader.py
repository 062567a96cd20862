"""Raw files to tables: finds the reader of a format, reads each file once, says what is wrong with the path."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import Path, PurePosixPath

from sdtm.intake.csv_files import read_csv
from sdtm.intake.dataset_json_files import read_dataset_json
from sdtm.intake.excel import read_excel
from sdtm.intake.files import RawFile, open_raw_file
from sdtm.intake.odm import read_odm
from sdtm.intake.parquet import read_parquet
from sdtm.intake.sas import read_sas7bdat, read_xpt
from sdtm.intake.table import Content, RawTable, assemble
from specs.models import RawSource
from spectrail.errors import InputError, Place
from spectrail.registry import Registry

Reader = Callable[[RawFile, Sequence[RawSource]], list[Content]]
"""Reads the tables of several sources from one file, in the order of the sources."""

Progress = Callable[[str, int, int], None]
"""Called with a text, the number of sources done and their total."""

READERS: Registry[Reader] = Registry("raw file format")
for _name, _reader in {
    "csv": read_csv,
    "xlsx": read_excel,
    "sas7bdat": read_sas7bdat,
    "xpt": read_xpt,
    "parquet": read_parquet,
    "dataset-json": read_dataset_json,
    "ndjson": read_dataset_json,
    "odm": read_odm,
}.items():
    READERS.add(_name, _reader)

SUFFIXES = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "csv",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".sas7bdat": "sas7bdat",
    ".xpt": "xpt",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".json": "dataset-json",
    ".ndjson": "ndjson",
    ".xml": "odm",
}


def read_raw(source: RawSource, *, root: Path) -> RawTable:
    """Read one raw source; its path is relative to the study folder `root` and may not leave it.

    Every value is text, exactly as collected: only an empty cell is missing, `NA` is text.  Raises `InputError` for a
    file that cannot be read as what it should be, with file, line and remedy.
    """
    return read_sources([source], root=root)[source.name]


def read_sources(
    sources: Iterable[RawSource], *, root: Path, progress: Progress | None = None
) -> dict[str, RawTable]:
    """Read raw sources by name, in their order; a file that several sources share is parsed once."""
    wanted = list(sources)
    _check_names(wanted)
    tables: dict[str, RawTable] = {}
    for path, group in groupby(sorted(wanted, key=_path), key=_path):
        if progress is not None:
            progress(path, len(tables), len(wanted))
        file = open_raw_file(path, root=root)
        for format_name, part in groupby(sorted(group, key=_format), key=_format):
            members = list(part)
            for source, content in zip(members, READERS[format_name](file, members), strict=True):
                tables[source.name] = assemble(source.name, file, content, format_name=format_name)
    if progress is not None:
        progress("raw files read", len(wanted), len(wanted))
    return {source.name: tables[source.name] for source in wanted}


def _path(source: RawSource) -> str:
    return source.path


def _format(source: RawSource) -> str:
    """Return the declared format, else the one that the suffix tells."""
    if source.format:
        return source.format.lower()
    suffix = PurePosixPath(source.path).suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(
            f"the suffix {suffix!r} of raw source {source.name} tells no format",
            place=Place(file=source.path),
            hint=f"set its format to one of {', '.join(READERS)}; known suffixes: {', '.join(sorted(SUFFIXES))}",
        )
    return SUFFIXES[suffix]


def _check_names(sources: Sequence[RawSource]) -> None:
    seen: set[str] = set()
    for source in sources:
        if source.name in seen:
            raise InputError(
                f"two raw sources are named {source.name}",
                place=Place(file=source.path),
                hint="give every raw source its own name",
            )
        seen.add(source.name)
