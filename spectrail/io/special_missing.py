"""What formats without special missing values do with them."""

from __future__ import annotations

from typing import Literal

from spectrail.dataset import Dataset
from spectrail.errors import FormatError, Place

SpecialMissing = Literal["error", "null"]
"""`error`: a special missing value is an error; `null`: the caller accepts an ordinary missing value for it."""


def check_special_missing(dataset: Dataset, *, policy: SpecialMissing, format_name: str) -> None:
    """Raise FormatError for the first special missing value of a dataset that a format would lose."""
    if policy == "null" or not dataset.special:
        return
    record, variable = min(dataset.special)
    raise FormatError(
        f"special missing value .{dataset.special[record, variable]} has no form in {format_name} "
        f"({len(dataset.special)} such values)",
        place=Place(dataset=dataset.name, variable=variable, keys=f"record {record + 1}"),
        hint="write XPT or Parquet, or accept that they become ordinary missing values (special_missing='null')",
    )
