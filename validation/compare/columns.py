"""One variable of two datasets as two vectors that can be compared, whatever formats they come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from spectrail.dataset import Dataset
from spectrail.errors import FormatError, Place
from spectrail.io.ascii_text import arrow_text
from spectrail.io.sas_dates import DateKind, date_kind, sas_numbers
from spectrail.layout import Column

Numbers = npt.NDArray[np.float64]
EPOCH = np.datetime64("1960-01-01", "us")


@dataclass(frozen=True)
class Pair:
    """A variable of both datasets: `numbers` where both are numbers (dates as SAS numbers), else `texts`."""

    name: str
    numbers: tuple[Numbers, Numbers] | None
    texts: tuple[pa.Array, pa.Array] | None
    dates: DateKind | None = None

    @property
    def numeric(self) -> bool:
        """Tell whether the values are numbers."""
        return self.numbers is not None


def pair_of(name: str, base: Dataset, compare: Dataset) -> Pair:
    """Bring one variable of two datasets into the same form.

    Text is compared with text as it stands; text against a number becomes a number where all of it is one (a date
    where the number is a SAS date), else the number becomes text.
    """
    columns = (base.layout[name], compare.layout[name])
    series = (base.frame[name], compare.frame[name])
    kinds = [_date_kind(column) for column in columns]
    dates = kinds[0] or kinds[1]
    numeric = [_is_number(one) for one in series]
    if not any(numeric):
        return Pair(name, None, (_text(series[0]), _text(series[1])))
    numbers = [_numbers(one, column, dates) for one, column in zip(series, columns, strict=True)]
    if numbers[0] is not None and numbers[1] is not None:
        return Pair(name, (numbers[0], numbers[1]), None, dates)
    return Pair(name, None, (_text(_printed(series[0])), _text(_printed(series[1]))))


def _is_number(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_datetime64_any_dtype(values.dtype)


def _date_kind(column: Column) -> DateKind | None:
    try:
        return date_kind(column.format) if column.numeric else None
    except FormatError:
        return None


def _numbers(values: pd.Series, column: Column, dates: DateKind | None) -> Numbers | None:
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        return sas_numbers(values, kind=dates or "datetime", place=Place(variable=column.name))
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values.to_numpy(dtype=np.float64, na_value=np.nan)
    return _parsed(values, dates)


def _parsed(values: pd.Series, dates: DateKind | None) -> Numbers | None:
    """Return text as numbers, None when some of it is no number."""
    codes, distinct = pd.factorize(values)
    texts = pd.Series(distinct, dtype="object")
    numbers = pd.to_numeric(texts, errors="coerce").to_numpy(dtype=np.float64)
    if dates in ("date", "datetime") and np.isnan(numbers).any():
        moments = pd.to_datetime(texts, errors="coerce", format="ISO8601").astype("datetime64[us]").to_numpy()
        unit = np.timedelta64(1, "D") if dates == "date" else np.timedelta64(1, "s")
        numbers = np.where(np.isnan(numbers), (moments - EPOCH) / unit, numbers)
    if np.isnan(numbers).any():
        return None
    return np.append(numbers, np.nan)[codes]


def _printed(values: pd.Series) -> pd.Series:
    """Return numbers as text in their shortest form; text as it is."""
    if not _is_number(values):
        return values
    codes, distinct = pd.factorize(values)
    texts = np.array([f"{value:.17g}" if isinstance(value, float) else str(value) for value in distinct] + [None])
    return pd.Series(texts[codes], dtype="str")


def _text(values: pd.Series) -> pa.Array:
    text = arrow_text(values)
    array = text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], pa.large_string())
    blank = pc.equal(array, "")
    return pc.if_else(blank, pa.scalar(None, array.type), array) if pc.any(blank).as_py() else array


def key_codes(pair: Pair, *, loose: bool = False) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return codes of the values of a key variable, equal where the values are; null is a value of its own.

    Numbers are equal to six decimals, so that noise does not tear records apart. With `loose` text is equal without
    regard to case and blanks at its ends.
    """
    if pair.numbers is not None:
        joined: Any = np.round(np.concatenate(pair.numbers), 6)
        codes = pd.factorize(joined, use_na_sentinel=False)[0].astype(np.int64)
        return codes[: len(pair.numbers[0])], codes[len(pair.numbers[0]) :]
    assert pair.texts is not None
    text = pa.concat_arrays(pair.texts)
    if loose:
        text = pc.utf8_lower(pc.utf8_trim_whitespace(text))
    encoded = text.dictionary_encode(null_encoding="encode")
    codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return codes[: len(pair.texts[0])], codes[len(pair.texts[0]) :]
