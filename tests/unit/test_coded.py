"""Text as codes over a dictionary of values."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from spectrail.coded import encode, recode


@pytest.mark.parametrize("dtype", ["str", "object", "category"])
def test_text_is_encoded_once_per_distinct_value(dtype):
    """Codes point into the distinct values, nulls are -1, and the way back keeps values and index."""
    values = pd.Series(["b", None, "a", "b"], index=[3, 1, 2, 0], dtype=dtype)
    coded = encode(values)
    assert coded.codes.tolist() == [0, -1, 1, 0]
    assert coded.values.to_pylist() == ["b", "a"]
    pd.testing.assert_series_equal(values.astype("str"), coded.series(values.index))


def test_concatenated_columns_are_encoded_as_one():
    """Columns that lie in several pieces of memory share one dictionary."""
    values = pd.concat([pd.Series(["a", "b"], dtype="str"), pd.Series(["b", None], dtype="str")], ignore_index=True)
    assert encode(values).codes.tolist() == [0, 1, 1, -1]


def test_values_mapped_to_null_become_null_rows():
    """A function of the dictionary may give null; the dictionary itself keeps none."""
    coded = encode(pd.Series(["x", "1", None, "x"], dtype="str"))
    mapped = coded.map(lambda values: pc.if_else(pc.equal(values, "x"), None, values))
    assert mapped.codes.tolist() == [-1, 1, -1, -1]
    assert mapped.values.null_count == 0
    assert mapped.series(pd.RangeIndex(4)).isna().tolist() == [True, False, True, True]


def test_arrays_over_the_dictionary_are_spread_to_the_rows():
    """`lift` repeats per-value results and fills null rows."""
    coded = encode(pd.Series(["x", None, "yy", "x"], dtype="str"))
    assert coded.lift(np.array([1.0, 2.0]), null=-1.0).tolist() == [1.0, -1.0, 2.0, 1.0]


def test_no_rows_and_nothing_but_nulls():
    """An empty dictionary works."""
    assert encode(pd.Series([], dtype="str")).series(pd.RangeIndex(0)).tolist() == []
    nulls = encode(pd.Series([None, None], dtype="str"))
    assert nulls.series(pd.RangeIndex(2)).isna().all()
    assert recode(nulls.codes, pa.array([], pa.large_string())).codes.tolist() == [-1, -1]
