"""Standard results that agree with each other, and their place in the reference range."""

from __future__ import annotations

import re
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pandas as pd

from sdtm.algorithms.assign import map_terms
from sdtm.algorithms.numbers import PLAIN, decimal_text, read_number
from sdtm.catalog import ALGORITHMS
from specs.terminology import Terms
from spectrail import frames
from spectrail.steps import Outcome, Values

LOW, NORMAL, HIGH = range(3)
_COMPARED = re.compile(r"(<=|>=|<|>)(.+)")


@ALGORITHMS.column(method="{source} with numbers in their shortest form")
def derive_stresc(values: Values, *, codelist: Terms | None = None) -> Outcome:
    """Give --STRESC of a result that needs no conversion: a number in its shortest form, else the text.

    With a codelist, texts become its submission values.
    """
    text = frames.clean_text(values)
    shortest = frames.map_distinct(text, lambda found: [_shortest(value) for value in found])
    if codelist is None:
        return Outcome(shortest.where(shortest.notna(), text))
    mapped = map_terms(text.where(shortest.isna()), codelist)
    return Outcome(shortest.where(shortest.notna(), mapped.values), mapped.problems)


def _shortest(text: str) -> str | None:
    reading = read_number(text)
    if reading.number is None or reading.percent or reading.note:
        return None
    return reading.comparator + decimal_text(reading.number)


@ALGORITHMS.column(method="numeric value of {source}")
def derive_stresn(values: Values) -> npt.NDArray[np.float64]:
    """Give --STRESN: the number that --STRESC is, null for any other text (`<0.1`, `NEGATIVE`)."""
    codes, distinct = frames.factorize(frames.clean_text(values))
    numbers = [float(text) if PLAIN.fullmatch(text) and text.isascii() else np.nan for text in distinct.tolist()]
    return frames.take_numbers(np.array(numbers, dtype=np.float64), codes)


@ALGORITHMS.column(
    method='"LOW", "NORMAL" or "HIGH": {source:1} against the reference range from {source:2} to {source:3}'
)
def derive_nrind(result: Values, low: Values, high: Values) -> pd.Series:
    """Give --NRIND: LOW, NORMAL or HIGH of a standard result against its range.

    The limits belong to the normal range.  One missing limit is no limit on that side; without both the result is
    null. Numbers compare after rounding to 15 significant digits.  A result `<x` or `>x` is placed only where every
    number it may stand for has the same place.
    """
    least, most, number = _interval(result)
    lower, upper = _number(low), _number(high)
    known = number & ~(np.isnan(lower) & np.isnan(upper))
    lower = np.where(np.isnan(lower), -np.inf, lower)
    upper = np.where(np.isnan(upper), np.inf, upper)
    code = np.full(len(result), -1, dtype=np.int64)
    open_low, open_high = np.isneginf(least), np.isposinf(most)
    normal = (least >= lower) & (most <= upper)
    below = (most < lower) | (open_low & (most <= lower))
    above = (least > upper) | (open_high & (least >= upper))
    code[known & normal] = NORMAL
    code[known & below] = LOW
    code[known & above] = HIGH
    return frames.take_text(["LOW", "NORMAL", "HIGH"], code)


def _interval(result: pd.Series) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    """Return the least and greatest number a result may stand for, and whether it is a number at all."""
    if pd.api.types.is_numeric_dtype(result.dtype):
        numbers = _number(result)
        return numbers, numbers, ~np.isnan(numbers)
    codes, distinct = frames.factorize(frames.clean_text(result))
    spans = [_span(text) for text in distinct.tolist()] + [None]
    least = np.array([np.nan if span is None else span[0] for span in spans], dtype=np.float64)
    most = np.array([np.nan if span is None else span[1] for span in spans], dtype=np.float64)
    known = np.array([span is not None for span in spans], dtype=bool)
    return least[codes], most[codes], known[codes]


def _span(text: str) -> tuple[float, float] | None:
    match = _COMPARED.fullmatch(text)
    number = match.group(2) if match else text
    if not PLAIN.fullmatch(number) or not number.isascii():
        return None
    value = float(Decimal(number))
    if match is None:
        return value, value
    return (-np.inf, value) if match.group(1).startswith("<") else (value, np.inf)


def _number(values: pd.Series) -> npt.NDArray[np.float64]:
    if pd.api.types.is_numeric_dtype(values.dtype):
        numbers = values.to_numpy(dtype=np.float64)
    else:
        codes, distinct = frames.factorize(frames.clean_text(values))
        texts = [float(text) if PLAIN.fullmatch(text) and text.isascii() else np.nan for text in distinct.tolist()]
        numbers = frames.take_numbers(np.array(texts, dtype=np.float64), codes)
    return round_significant(numbers)


def round_significant(numbers: npt.NDArray[np.float64], digits: int = 15) -> npt.NDArray[np.float64]:
    """Round numbers to significant digits, so that products of decimals compare as the decimals do."""
    codes, distinct = pd.factorize(numbers)
    rounded = np.array([float(f"{number:.{digits - 1}e}") for number in distinct], dtype=np.float64)
    return frames.take_numbers(rounded, codes.astype(np.int64))
