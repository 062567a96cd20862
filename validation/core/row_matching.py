"""Which rows of two sides share a key: the arithmetic under all joins, linear in rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from validation.core.columns import Column, align
from validation.core.signals import NotEvaluated, wrong_type

Rows = npt.NDArray[np.int64]
MOST_ROWS = 50_000_000


def matching_rows(left: Sequence[Column], right: Sequence[Column], *, keep_left: bool = False) -> tuple[Rows, Rows]:
    """Return the row pairs of a join in the order of the left side; with `keep_left`, unmatched rows pair with -1."""
    left_codes, right_codes = shared_codes(left, right)
    size = int(max(left_codes.max(initial=-1), right_codes.max(initial=-1))) + 1
    counts = np.bincount(right_codes, minlength=size)
    by_code = np.argsort(right_codes, kind="stable")
    starts = np.concatenate([[0], np.cumsum(counts)])[:-1] if size else np.zeros(0, dtype=np.int64)
    found = counts[left_codes] if size else np.zeros(0, dtype=np.int64)
    repeats = np.maximum(found, 1) if keep_left else found
    total = int(repeats.sum())
    if total > MOST_ROWS:
        raise NotEvaluated(f"the join would have {total:,} rows (at most {MOST_ROWS:,})", cause="too_large")
    left_rows = np.repeat(np.arange(len(left_codes)), repeats)
    offset = np.arange(total) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    if keep_left and not len(by_code):
        return left_rows, np.full(total, -1, dtype=np.int64)
    places = np.repeat(starts[left_codes], repeats) + offset
    unmatched = np.repeat(found == 0, repeats)
    places[unmatched] = 0
    right_rows = by_code[places] if total else np.zeros(0, dtype=np.int64)
    return left_rows, np.where(unmatched, -1, right_rows)


def shared_codes(left: Sequence[Column], right: Sequence[Column]) -> tuple[Rows, Rows]:
    """Return codes of two sides' keys in one space; null is a value; text never meets a number."""
    combined_left = np.zeros(left[0].size, dtype=np.int64)
    combined_right = np.zeros(right[0].size, dtype=np.int64)
    for first, second in zip(left, right, strict=True):
        if {first.kind, second.kind} == {"text", "number"} and not (first.null.all() or second.null.all()):
            raise wrong_type("a key is text on one side of a join and a number on the other")
        one, other, size = align(first, second)
        one, other = np.where(one < 0, size, one), np.where(other < 0, size, other)
        both = np.concatenate([combined_left * (size + 1) + one, combined_right * (size + 1) + other])
        codes = _compress(both)
        combined_left, combined_right = codes[: len(one)], codes[len(one) :]
    return combined_left, combined_right


def _compress(codes: Rows) -> Rows:
    compressed: Any = pd.factorize(codes)[0]
    return compressed.astype(np.int64, copy=False)
