"""Dataset files by suffix: one entry a format in `FORMATS`, each with a function that reads and one that writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from spectrail.dataset import Dataset
from spectrail.errors import Place, UsageError
from spectrail.io.csv_text import read_csv, write_csv
from spectrail.io.dataset_json import read_dataset_json, write_dataset_json
from spectrail.io.parquet import read_parquet, write_parquet
from spectrail.io.special_missing import SpecialMissing
from spectrail.io.xpt import read_xpt, write_xpt
from spectrail.registry import Registry


@dataclass(frozen=True)
class Format:
    """A file format: what it is called, `read(path)`, `write(dataset, path, created=...)`.

    `keeps_special` tells whether it holds special missing values; if not, `write` takes `special_missing`.
    """

    title: str
    read: Callable[..., Dataset]
    write: Callable[..., Any]
    keeps_special: bool


FORMATS: Registry[Format] = Registry("file format")
"""Formats by suffix, lower case with its dot."""

FORMATS.add(".xpt", Format("SAS transport file, version 5", read_xpt, write_xpt, True))
FORMATS.add(".json", Format("Dataset-JSON 1.1", read_dataset_json, write_dataset_json, False))
FORMATS.add(".ndjson", Format("Dataset-JSON 1.1, a line per record", read_dataset_json, write_dataset_json, False))
FORMATS.add(".parquet", Format("Apache Parquet", read_parquet, write_parquet, True))
FORMATS.add(".csv", Format("CSV", read_csv, write_csv, False))


def file_format(path: str | Path) -> Format:
    """Return the format of a path by its suffix; an unknown one is a UsageError that lists the known ones."""
    suffix = Path(path).suffix.lower()
    if suffix not in FORMATS:
        known = ", ".join(f"{known} ({FORMATS[known].title})" for known in FORMATS)
        raise UsageError(
            f"no file format has the suffix {suffix!r}", place=Place(file=str(path)), hint=f"known: {known}"
        )
    return FORMATS[suffix]


def read_dataset(path: str | Path) -> Dataset:
    """Read a dataset file by its suffix; numeric dates are SAS numbers unless the format has dates of its own.

    Raises UsageError for an unknown suffix, InputError for a file that cannot be read.
    """
    return file_format(path).read(path)


def write_dataset(
    dataset: Dataset, path: str | Path, *, created: datetime, special_missing: SpecialMissing = "error"
) -> None:
    """Write a dataset by the suffix of the path; `created` is the time that the file states where it states one.

    A format that has no special missing values refuses them unless `special_missing` is `null`. Raises UsageError
    for an unknown suffix, FormatError for what the format cannot hold, OutputError.
    """
    chosen = file_format(path)
    options = {} if chosen.keeps_special else {"special_missing": special_missing}
    chosen.write(dataset, path, created=created, **options)
