"""Properties of the transport file codec: what goes in comes out, by our reader and by pyreadstat."""

from __future__ import annotations

import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from spectrail.dataset import Dataset
from spectrail.errors import Place
from spectrail.io.ibm_float import LIMIT, SMALLEST, decode_ibm, encode_ibm, unstorable
from spectrail.io.sas_dates import datetimes_of, sas_numbers
from spectrail.layout import Column, Layout

Check = Callable[..., Path]
PER_FILE = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

bits_in_range = st.builds(
    lambda sign, exponent, fraction: struct.unpack(">d", struct.pack(">Q", sign << 63 | exponent << 52 | fraction))[
        0
    ],
    st.integers(0, 1),
    st.integers(1023 - 260, 1023 + 251),
    st.integers(0, 2**52 - 1),
)
"""Doubles evenly over exponents, so over the whole IBM range."""

numbers = st.one_of(
    bits_in_range,
    st.floats(min_value=SMALLEST, max_value=float(np.nextafter(LIMIT, 0))),
    st.integers(-(2**53), 2**53).map(float),
    st.sampled_from([0.0, SMALLEST, -SMALLEST, float(np.nextafter(LIMIT, 0)), -float(np.nextafter(LIMIT, 0))]),
)
text = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=200)
moments = st.datetimes(min_value=pd.Timestamp("1583-01-01").to_pydatetime()).map(
    lambda one: one.replace(microsecond=0)
)


def exact(bits: int) -> Fraction:
    """Return the value of an IBM bit pattern by its definition, in exact arithmetic."""
    sign = -1 if bits >> 63 else 1
    return sign * Fraction(bits & (2**56 - 1), 2**56) * Fraction(16) ** ((bits >> 56 & 0x7F) - 64)


@given(st.lists(numbers, min_size=1, max_size=50))
def test_every_double_in_range_is_held_exactly(values: list[float]) -> None:
    """The bit pattern is normalised and its exact value is the double; decoding gives the double back."""
    array = np.array(values)
    assert not unstorable(array).any()
    bits = encode_ibm(array)
    assert [exact(int(one)) for one in bits] == [Fraction(value) for value in values]
    assert all(value == 0 or int(one) >> 52 & 0xF for value, one in zip(values, bits, strict=True))
    assert decode_ibm(bits)[0].tolist() == values


@given(st.integers(0, 1), st.integers(0, 127), st.integers(1, 2**56 - 1))
@example(0, 127, 2**56 - 1)
@example(0, 78, 2**55 + 4)
def test_every_ibm_number_becomes_the_nearest_double(sign: int, exponent: int, fraction: int) -> None:
    """Decoding rounds once, to nearest, ties to even, as Python's division of integers does."""
    bits = sign << 63 | exponent << 56 | fraction
    value = exact(bits)
    expected = value.numerator / value.denominator
    assert decode_ibm(np.array([bits], dtype=np.uint64))[0].tolist() == [expected]


@PER_FILE
@given(st.lists(st.one_of(numbers, st.none()), min_size=1, max_size=30), st.data())
def test_numbers_in_files(check_xpt: Check, values: list[float | None], data: st.DataObject) -> None:
    """Numbers, missing and special missing values come back from a file."""
    column = pd.Series(values, dtype="float64")
    missing = [record for record, value in enumerate(values) if value is None]
    codes = data.draw(st.lists(st.sampled_from("ABMZ_"), min_size=len(missing), max_size=len(missing)))
    special = {(record, "A"): code for record, code in zip(missing, codes, strict=True) if code != "B"}
    check_xpt(Dataset(Layout("XX", "", (Column("A", type="float"),)), pd.DataFrame({"A": column}), special=special))


@PER_FILE
@given(st.lists(st.one_of(text, st.none()), max_size=30), st.integers(0, 60))
def test_text_in_files(check_xpt: Check, values: list[str | None], extra: int) -> None:
    """Text of up to 200 bytes comes back from a file, whatever the width of its column."""
    longest = max((len(value) for value in values if value), default=0)
    length = min(max(longest + extra, 1), 200)
    frame = pd.DataFrame({"A": pd.Series(values, dtype="str"), "B": pd.Series(["x"] * len(values), dtype="str")})
    check_xpt(Dataset(Layout("XX", "", (Column("A", length=length), Column("B"))), frame))


@PER_FILE
@given(st.lists(st.one_of(moments, st.none()), max_size=30))
def test_dates_in_files(check_xpt: Check, values: list[object]) -> None:
    """Dates and datetimes from 1583 to 9999 come back from a file as SAS days and seconds."""
    stamps = pd.Series(np.array(values, dtype="datetime64[us]"))
    frame = pd.DataFrame({"ADT": stamps.dt.normalize(), "ADTM": stamps})
    columns = (Column("ADT", type="integer", format="DATE9."), Column("ADTM", type="integer", format="DATETIME20."))
    check_xpt(Dataset(Layout("XX", "", columns), frame))


@given(st.lists(moments, max_size=30))
def test_dates_come_back_as_dates(values: list[object]) -> None:
    """SAS days and seconds are turned into the same dates again."""
    stamps = pd.Series(np.array(values, dtype="datetime64[us]"))
    seconds = datetimes_of(sas_numbers(stamps, kind="datetime", place=Place()), kind="datetime")
    days = datetimes_of(sas_numbers(stamps.dt.normalize(), kind="date", place=Place()), kind="date")
    assert seconds is not None
    assert days is not None
    assert seconds.tolist() == stamps.to_numpy().tolist()
    assert days.tolist() == stamps.dt.normalize().to_numpy().tolist()
