"""A dataset on its way to a file: layout, frame, lineage, findings; replaced, never mutated.

Frames keep missing values in one form: text columns are pandas `str` with NaN (never the empty text), numbers are
`float64` with NaN.  Dates are ISO 8601 text (SDTM); a numeric date of ADaM is `datetime64[us]` with NaT while it is
worked on, or a SAS number, and becomes SAS days or seconds in io.  No metadata lives in frame attributes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from spectrail.findings import Findings
from spectrail.layout import Layout
from spectrail.lineage import Lineage


@dataclass(frozen=True)
class Dataset:
    """One dataset; the index of `frame` is 0..n-1, its columns are those of `layout` in order.

    `special` holds special missing values sparsely: (record, variable) -> `A`-`Z` or `_`.
    """

    layout: Layout
    frame: pd.DataFrame
    lineage: Lineage = field(default_factory=Lineage)
    findings: Findings = field(default_factory=Findings)
    special: Mapping[tuple[int, str], str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Dataset name."""
        return self.layout.name

    def __len__(self) -> int:
        return len(self.frame)

    def replace(self, **changes: Any) -> Dataset:
        """Return a copy with some fields replaced."""
        return replace(self, **changes)


def normalise(frame: pd.DataFrame) -> pd.DataFrame:
    """Bring a frame to the one form of missing values: blank text and None become NaN, numbers float64."""
    columns: dict[str, Any] = {}
    for name, column in frame.items():
        if pd.api.types.is_datetime64_any_dtype(column.dtype):
            columns[str(name)] = column.astype("datetime64[us]")
        elif pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_numeric_dtype(column.dtype):
            columns[str(name)] = column.astype("float64")
        else:
            text = column.astype("str")
            columns[str(name)] = text.mask(text == "", np.nan)
    return pd.DataFrame(columns).reset_index(drop=True)
