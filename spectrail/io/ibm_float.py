"""IBM hexadecimal floating point, the number of SAS transport files, to and from IEEE doubles, whole arrays at once.

An IBM double is a sign bit, 7 bits of exponent (base 16, excess 64) and a fraction of 56 bits: sign x 0.fraction x
16^(exponent - 64).  A double has 53 significant bits, so every double in range is held exactly; the other way round a
fraction of more than 53 significant bits is rounded to the nearest double, ties to even.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Bits = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

SMALLEST = 2.0**-260
"""Smallest normalised magnitude, 16^-65."""

LIMIT = 2.0**252
"""First magnitude too large, 16^63."""

MISSING = np.uint64(0x2E << 56)
"""The ordinary missing value `.`: first byte 2E, the rest zero."""

_SIGN = np.uint64(1 << 63)
_FRACTION_IEEE = np.uint64((1 << 52) - 1)
_HIDDEN = np.uint64(1 << 52)
_FRACTION_IBM = np.uint64((1 << 56) - 1)


def _encoding_tables() -> tuple[Bits, Bits]:
    """Return, by IEEE exponent field, the IBM exponent in place (bits 56-62) and the shift of the significand."""
    power = np.arange(2048) - 1022  # |x| = 0.1fff... x 2^power
    hexadecimal = (power + 3) >> 2  # |x| = 0.f x 16^hexadecimal with a first digit that is not 0
    shift = (3 - (4 * hexadecimal - power)).astype(np.uint64)
    exponent = np.clip(hexadecimal + 64, 0, 127).astype(np.uint64) << np.uint64(56)
    return exponent, shift


def _decoding_table() -> Floats:
    """Return, by first byte (sign and exponent), the factor of the 56-bit fraction read as an integer."""
    exponent = np.arange(128)
    positive = np.ldexp(1.0, 4 * (exponent - 64) - 56)
    return np.concatenate([positive, -positive])


_EXPONENT, _SHIFT = _encoding_tables()
_FACTOR = _decoding_table()


def unstorable(values: Floats) -> Flags:
    """Tell which values no IBM double can hold: infinite, 16^63 and more, or below 16^-65 and not zero."""
    size = np.abs(values)
    return (size >= LIMIT) | ((size < SMALLEST) & (size > 0))


def encode_ibm(values: Floats) -> Bits:
    """Return the bit patterns of doubles in range; NaN becomes the missing value `.`, -0.0 becomes 0.

    Values that `unstorable` names give patterns without meaning: check first.
    """
    ieee = np.ascontiguousarray(values, dtype=np.float64).view(np.uint64)
    field = ((ieee >> np.uint64(52)) & np.uint64(0x7FF)).astype(np.intp)
    bits = (ieee & _FRACTION_IEEE) | _HIDDEN
    bits <<= _SHIFT[field]
    bits |= _EXPONENT[field]
    bits |= ieee & _SIGN
    bits[field == 0] = 0
    bits[np.isnan(values)] = MISSING
    return bits


def special_missing(code: str) -> int:
    """Return the bit pattern of the special missing value `A`-`Z` or `_`."""
    return ord(code) << 56


def decode_ibm(bits: Bits) -> tuple[Floats, npt.NDArray[np.intp], npt.NDArray[np.uint8]]:
    """Return doubles (missing values as NaN), and where special missing values stand with their ASCII codes.

    Missing is a zero fraction under the first byte `.`, `A`-`Z` or `_`; any other zero fraction is the number 0.
    """
    fraction = bits & _FRACTION_IBM
    first = (bits >> np.uint64(56)).astype(np.uint8)
    # below 2^56 the conversion of the integer is the one rounding; the power of two that follows is exact
    values = fraction.view(np.int64).astype(np.float64)
    values *= _FACTOR[first]
    empty = np.flatnonzero((fraction == 0) & (first != 0))
    if len(empty) == 0:
        return values, empty, first[:0]
    codes = first[empty]
    letter = ((codes >= ord("A")) & (codes <= ord("Z"))) | (codes == ord("_"))
    values[empty] = 0.0
    values[empty[letter | (codes == ord("."))]] = np.nan
    return values, empty[letter], codes[letter]
