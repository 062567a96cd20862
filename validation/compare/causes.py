"""Guess why values differ: rounding, blanks, case, shifted dates, truncation, constant factors, kinds of missing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date

import numpy as np
import numpy.typing as npt

from spectrail.io.sas_dates import DateKind

SAMPLE = 20_000
ENOUGH = 0.9
"""A cause has to explain this share of the differences."""
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
Numbers = npt.NDArray[np.float64]


def guess_number(base: Numbers, compare: Numbers, *, dates: DateKind | None = None) -> str:
    """Guess the cause of differing numbers; both vectors hold the differing values only, missing as NaN."""
    missing = _missing(np.isnan(base), np.isnan(compare))
    both = np.isfinite(base) & np.isfinite(compare)
    left, right = base[both], compare[both]
    if not len(left):
        return missing
    found = _number_cause(left, right, dates)
    return ", ".join(part for part in (found, missing) if part)


def _number_cause(left: Numbers, right: Numbers, dates: DateKind | None) -> str:
    shift = right - left
    if dates is not None:
        return _shift_text(shift / (86_400 if dates == "datetime" else 1), dates)
    for name, coarse, fine in (("compare", right, left), ("base", left, right)):
        for digits in range(12):
            step = 10.0**-digits
            whole = np.abs(coarse / step - np.round(coarse / step)) < 1e-6
            near = np.abs(coarse - fine) <= step * 0.5 * (1 + 1e-6)
            if _share(whole & near) and not _share(np.abs(fine / step - np.round(fine / step)) < 1e-6):
                return f"rounding: {name} has {digits} decimals"
    if _share(np.isclose(left, -right, rtol=1e-8)):
        return "sign"
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(left != 0, right / left, np.nan)
    usual = float(np.nanmedian(factor)) if np.isfinite(factor).any() else np.nan
    if len(left) > 1 and np.isfinite(usual) and _share(np.isclose(factor, usual, rtol=1e-6)):
        return f"constant factor {usual:.6g}"
    middle = float(np.median(shift))
    if len(left) > 1 and _share(np.isclose(shift, middle, rtol=1e-6, atol=1e-12)):
        return f"constant difference {middle:.6g}"
    return ""


def _share(hit: npt.NDArray[np.bool_]) -> bool:
    return bool(len(hit)) and float(hit.mean()) >= ENOUGH


def _shift_text(days: Numbers, dates: DateKind) -> str:
    if dates == "time":
        return "times differ"
    usual = float(np.median(days))
    if usual and _share(np.isclose(days, usual)):
        return f"dates shifted by {usual:+g} day{'' if abs(usual) == 1 else 's'}"
    return "dates differ"


def _missing(base: npt.NDArray[np.bool_], compare: npt.NDArray[np.bool_]) -> str:
    """Say in which dataset values are missing that the other has."""
    size = max(len(base), 1)
    parts = []
    for name, hit in (("base", base & ~compare), ("compare", compare & ~base)):
        if hit.any():
            parts.append(f"missing in {name}" + ("" if hit.all() else f" ({hit.sum() / size:.0%})"))
    return ", ".join(parts)


def guess_text(base: Sequence[str | None], compare: Sequence[str | None]) -> str:
    """Guess the cause of differing texts; both lists hold the differing values only, missing as None."""
    empty = (
        np.array([one is None for one in base], dtype=bool),
        np.array([one is None for one in compare], dtype=bool),
    )
    missing = _missing(*empty)
    pairs = Counter(
        (one, other) for one, other in zip(base, compare, strict=True) if one is not None and other is not None
    )
    total = sum(pairs.values())
    if not total:
        return missing
    causes: Counter[str] = Counter()
    for (one, other), count in pairs.items():
        causes[_text_cause(one, other)] += count
    cause, count = causes.most_common(1)[0]
    if count < ENOUGH * total:
        cause = "dates differ" if _all_dates(pairs) else ""
    return ", ".join(part for part in (cause, missing) if part)


def _all_dates(pairs: Counter[tuple[str, str]]) -> bool:
    return all(_DATE.match(one) and _DATE.match(other) for one, other in pairs)


def _text_cause(one: str, other: str) -> str:
    if one.strip() == other.strip():
        return "trimming: blanks at the ends"
    if " ".join(one.split()) == " ".join(other.split()):
        return "blanks inside"
    if one.casefold() == other.casefold():
        return "case"
    if one.strip().casefold() == other.strip().casefold():
        return "case and blanks"
    days = _days_between(one, other)
    if days is not None:
        return f"dates shifted by {days:+d} day{'' if abs(days) == 1 else 's'}" if days else "times differ"
    numbers = _as_numbers(one, other)
    if numbers is not None:
        return _printed_cause(one, other, *numbers)
    if other.startswith(one) or one.startswith(other):
        return f"truncation: {'base' if len(one) < len(other) else 'compare'} is cut off"
    return ""


def _days_between(one: str, other: str) -> int | None:
    if not (_DATE.match(one) and _DATE.match(other)):
        return None
    try:
        return (date.fromisoformat(other[:10]) - date.fromisoformat(one[:10])).days
    except ValueError:
        return None


def _as_numbers(one: str, other: str) -> tuple[float, float] | None:
    try:
        return float(one), float(other)
    except ValueError:
        return None


def _printed_cause(one: str, other: str, left: float, right: float) -> str:
    if left == right:
        return "the same number printed differently"
    places = [len(text.partition(".")[2]) for text in (one, other)]
    coarse = min(places)
    if places[0] != places[1] and abs(left - right) <= 0.5 * 10.0**-coarse * (1 + 1e-9):
        return f"rounding: {'base' if places[0] == coarse else 'compare'} has {coarse} decimals"
    return ""
