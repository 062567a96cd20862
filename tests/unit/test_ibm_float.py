"""IBM floating point: literal bit patterns, limits, rounding."""

from __future__ import annotations

import numpy as np
import pytest

from spectrail.io.ibm_float import decode_ibm, encode_ibm, unstorable

PAIRS = [
    (1.0, 0x4110000000000000),
    (34.5, 0x4222800000000000),
    (-118.625, 0xC276A00000000000),
    (0.0, 0x0000000000000000),
    (0.1, 0x401999999999999A),
    (0.5, 0x4080000000000000),
    (0.0625, 0x4010000000000000),
    (2.0**-260, 0x0010000000000000),
    (np.nextafter(2.0**252, 0), 0x7FFFFFFFFFFFFFF8),
    (2.0**53 - 1, 0x4E1FFFFFFFFFFFFF),
]


@pytest.mark.parametrize(("value", "bits"), PAIRS)
def test_value_and_bits(value: float, bits: int) -> None:
    """A double has one normalised bit pattern and comes back from it."""
    assert encode_ibm(np.array([value])).tolist() == [bits]
    assert decode_ibm(np.array([bits], dtype=np.uint64))[0].tolist() == [value]


def test_missing_and_negative_zero() -> None:
    """NaN becomes the missing value `.`; negative zero becomes zero."""
    assert encode_ibm(np.array([np.nan, -0.0])).tolist() == [0x2E << 56, 0]


def test_decode_missing_values() -> None:
    """`.`, `.A` to `.Z` and `._` are missing, the latter with their code; another zero fraction is 0."""
    first = [0x2E, 0x41, 0x5A, 0x5F, 0x5B, 0x80, 0x00]
    values, where, codes = decode_ibm(np.array([byte << 56 for byte in first], dtype=np.uint64))
    assert np.isnan(values).tolist() == [True, True, True, True, False, False, False]
    assert values[4:].tolist() == [0.0, 0.0, 0.0]
    assert where.tolist() == [1, 2, 3]
    assert codes.tobytes() == b"AZ_"


@pytest.mark.parametrize(
    ("bits", "value"),
    [
        (0x4E80000000000003, 2.0**55 + 0.0),  # 2^55 + 3 lies between 2^55 and 2^55 + 8: nearer to the lower
        (0x4E80000000000004, 2.0**55),  # half way: to even
        (0x4E8000000000000C, 2.0**55 + 16.0),  # half way: to even
        (0x4E80000000000005, 2.0**55 + 8.0),
        (0x7FFFFFFFFFFFFFFF, 2.0**252),  # the largest IBM number rounds up
        (0x0000000000000001, 2.0**-312),  # the smallest, not normalised
    ],
)
def test_decode_rounds_to_nearest_even(bits: int, value: float) -> None:
    """A fraction of more than 53 significant bits is rounded once, to nearest, ties to even."""
    assert decode_ibm(np.array([bits], dtype=np.uint64))[0].tolist() == [value]


def test_unstorable() -> None:
    """Infinity, 16^63 and more, and magnitudes below 16^-65 cannot be stored; zero and NaN can."""
    values = [np.inf, -np.inf, 2.0**252, -(2.0**252), np.nextafter(2.0**-260, 0), 5e-324, 0.0, -0.0, np.nan, 1.0]
    assert unstorable(np.array(values)).tolist() == [True] * 6 + [False] * 4
