"""Numbers as people mean them: equality at 15 significant digits, rounding of decimals, number to text and back."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
"""Text that is a number; `inf`, `nan`, hexadecimal and digit groups are not."""


def parse_numbers(trimmed: pa.LargeStringArray) -> Floats:
    """Return the number each text is, NaN for other text."""
    numbers = np.full(len(trimmed), np.nan)
    rows = np.flatnonzero(pc.match_substring_regex(trimmed, NUMBER).to_numpy(zero_copy_only=False))
    if len(rows):
        parsed = pc.cast(trimmed.take(pa.array(rows)), pa.float64()).to_numpy(zero_copy_only=False)
        numbers[rows] = np.where(np.isfinite(parsed), parsed, np.nan)
    return numbers


def render_numbers(values: Floats) -> list[str | None]:
    """Return numbers as plain decimals of at most 15 significant digits (whole numbers exact), None for NaN."""
    quick = pc.cast(pa.array(values, from_pandas=True), pa.large_string())
    quick = pc.replace_substring_regex(quick, r"\.0$", "")
    # a shortest decimal of at most 15 digits is what rounding to 15 digits gives
    plain = pc.fill_null(pc.match_substring_regex(quick, r"^(0|-?[1-9][0-9]*|-?[0-9]+\.[0-9]+)$"), True)
    slow = np.flatnonzero(~(plain.to_numpy(zero_copy_only=False) & _short(quick)))
    texts: list[str | None] = quick.to_pylist()
    for row, value in zip(slow.tolist(), values[slow].tolist(), strict=True):
        texts[row] = render_number(value)
    return texts


def _short(texts: pa.Array) -> Bools:
    return pc.less_equal(pc.fill_null(pc.utf8_length(texts), 0), 15).to_numpy(zero_copy_only=False)


def render_number(value: float) -> str:
    """Return one number as a plain decimal: 1, 0.3, 0.0001, never 1e-04."""
    if value == 0:
        return "0"
    if value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return format(Decimal(f"{value:.15g}"), "f")


def compare_numbers(operator: str, left: Floats, right: Floats) -> Bools:
    """Compare after rounding both sides to 15 significant digits; false where one is NaN."""
    left, right = np.broadcast_arrays(left, right)
    equal = (left == right) | _same_digits(left, right)
    known = ~(np.isnan(left) | np.isnan(right))
    result: dict[str, Any] = {
        "==": lambda: equal,
        "!=": lambda: known & ~equal,
        "<": lambda: (left < right) & ~equal,
        "<=": lambda: (left < right) | equal,
        ">": lambda: (left > right) & ~equal,
        ">=": lambda: (left > right) | equal,
    }
    return result[operator]()


def _same_digits(left: Floats, right: Floats) -> Bools:
    """Tell where different numbers are equal at 15 digits; only the few that are that close are written out."""
    with np.errstate(invalid="ignore", over="ignore"):
        near = (left != right) & (np.abs(left - right) <= 1e-14 * np.maximum(np.abs(left), np.abs(right)))
    same = np.zeros(left.shape, dtype=bool)
    rows = np.flatnonzero(near)
    if len(rows):
        same[rows] = to_15_digits(left[rows]) == to_15_digits(right[rows])
    return same


def to_15_digits(values: Floats) -> Floats:
    """Round to 15 significant digits, exactly as decimals."""
    codes, distinct = pd.factorize(values)
    rounded = np.array([float(f"{value:.14e}") for value in distinct.tolist()], dtype=np.float64)
    return np.append(rounded, np.nan)[codes]


def round_half_away(values: Floats, digits: int) -> Floats:
    """Round to decimals, a half away from zero (2.675 to 2.68), judged on 15 significant digits.

    Half and whole are decided on the decimal that 15 digits show, not on the binary rest behind it.
    """
    scale = 10.0 ** abs(digits)
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = np.abs(values) * scale if digits >= 0 else np.abs(values) / scale
        whole = np.floor(scaled)
        rest = scaled - whole
        tight = np.abs(rest - 0.5) <= 1e-13 * np.maximum(scaled, 1.0)
        result = (whole + (rest >= 0.5)) / scale if digits >= 0 else (whole + (rest >= 0.5)) * scale
    result = np.copysign(result, values)
    large = scaled >= 2.0**53  # no digits are left to round
    result = np.where(large, values, result)
    rows = np.flatnonzero(tight & ~large)
    if len(rows):
        codes, distinct = pd.factorize(values[rows])
        exact = np.array([_round_decimal(value, digits) for value in distinct.tolist()])
        result[rows] = exact[codes]
    return result + 0.0  # no negative zero


def _round_decimal(value: float, digits: int) -> float:
    shown = Decimal(f"{value:.14e}")
    return float(shown.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP))


def whole_where_near(values: Floats) -> Floats:
    """Return numbers with those that are whole at 15 significant digits made whole."""
    whole = np.rint(values)
    return np.where(compare_numbers("==", values, whole), whole, values)
