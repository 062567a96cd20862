"""Text as codes and a dictionary of values, so that per-value work is done once per distinct value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

Int32 = npt.NDArray[np.int32]

TEXT = pd.StringDtype(na_value=np.nan)
"""The one text dtype: `str` with NaN."""


@dataclass(frozen=True)
class Coded:
    """One text column: `codes[i]` is the position of value i in `values`, -1 for null.

    `values` is a large_string array without nulls; it may hold a value twice.
    """

    codes: Int32
    values: pa.LargeStringArray

    def __len__(self) -> int:
        return len(self.codes)

    def map(self, function: Callable[[pa.LargeStringArray], Any]) -> Coded:
        """Return the column with its dictionary put through a function of arrays; nulls it gives become null."""
        return recode(self.codes, function(self.values))

    def lift(self, per_value: npt.NDArray[Any], *, null: Any) -> npt.NDArray[Any]:
        """Spread an array over the dictionary to the rows, `null` for null rows."""
        return np.append(per_value, np.asarray(null, dtype=per_value.dtype))[self.codes]

    def series(self, index: pd.Index) -> pd.Series:
        """Return the column as a `str` Series."""
        taken = self.values.take(pa.array(self.codes, mask=self.codes < 0))
        return text_series(taken, index)


def encode(values: pd.Series) -> Coded:
    """Encode a Series of text (any dtype that casts to `str`)."""
    array = pa.array(values.astype(TEXT), from_pandas=True).cast(pa.large_string())
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    encoded = array.dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.chunk(0)
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32, copy=False)
    return Coded(codes, encoded.dictionary)


def recode(codes: Int32, values: Any) -> Coded:
    """Return codes over an array that may hold nulls as a `Coded` without them in its dictionary."""
    array = values if isinstance(values, pa.Array) else pa.array(values, pa.large_string())
    if array.type != pa.large_string():
        array = array.cast(pa.large_string())
    if array.null_count:
        null = np.append(array.is_null().to_numpy(zero_copy_only=False), True)
        codes = np.where(null[codes], np.int32(-1), codes).astype(np.int32, copy=False)
        array = array.fill_null("")
    return Coded(codes, array)


def text_series(array: pa.Array, index: pd.Index) -> pd.Series:
    """Return an Arrow text array as a `str` Series."""
    return pd.Series(TEXT.__from_arrow__(array), index=index)
