"""Which records belong together: keys given or found, records paired by them, duplicates and what is only in one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from spectrail.dataset import Dataset
from spectrail.errors import UnknownNameError
from validation.claimed import standard_keys
from validation.compare.columns import key_codes, pair_of

Rows = npt.NDArray[np.int64]
Codes = tuple[Rows, Rows]
MOST_FOUND = 12
_RESULT = re.compile(r"(ORRES|STRESC|STRESN|\AAVALC?|\AQVAL|\ACO?VAL)\Z")
"""Results are what is compared: they become keys last."""


@dataclass(frozen=True)
class Matching:
    """Records paired: row `base[i]` with row `compare[i]`, both 0-based, in the order of base.

    `duplicates` are the rows (of base, of compare) whose key occurs before; repeated keys are paired in their order.
    `how` says where the keys come from; no keys at all mean pairing by position.
    """

    keys: tuple[str, ...]
    how: str
    base: Rows
    compare: Rows
    only_base: Rows
    only_compare: Rows
    duplicates: Codes
    reordered: bool
    nearly: int = 0

    @property
    def identity(self) -> bool:
        """Tell whether record i belongs to record i throughout."""
        size = len(self.base)
        whole = not len(self.only_base) and not len(self.only_compare)
        return whole and not self.reordered and (size == 0 or bool((self.base == self.compare).all()))


class KeyCodes:
    """Codes of the variables of two datasets, made when first asked for and kept."""

    def __init__(self, base: Dataset, compare: Dataset) -> None:
        self.base, self.compare = base, compare
        self._kept: dict[tuple[str, bool], Codes] = {}

    def of(self, name: str, *, loose: bool = False) -> Codes:
        """Return the codes of one variable in both datasets."""
        if (name, loose) not in self._kept:
            self._kept[name, loose] = key_codes(pair_of(name, self.base, self.compare), loose=loose)
        return self._kept[name, loose]

    def together(self, names: Iterable[str], *, loose: bool = False) -> Codes:
        """Return one code for the combination of several variables."""
        size = len(self.base)
        joined = np.zeros(size + len(self.compare), dtype=np.int64)
        count = 1
        for name in names:
            codes = np.concatenate(self.of(name, loose=loose))
            width = int(codes.max(initial=0)) + 1
            if count > 2**62 // max(width, 1):
                joined, count = _dense(joined)
            joined = joined * width + codes
            count *= width
        joined, _ = _dense(joined) if count > 4 * max(len(joined), 1) else (joined, count)
        return joined[:size], joined[size:]


def _dense(codes: Rows) -> tuple[Rows, int]:
    dense, distinct = pd.factorize(codes)
    return dense.astype(np.int64), len(distinct)


def match_records(base: Dataset, compare: Dataset, *, keys: Sequence[str] = ()) -> Matching:
    """Pair the records of two datasets; raises UnknownNameError for a key that one of them lacks."""
    for name in keys:
        for one in (base, compare):
            if name not in one.layout.names:
                raise UnknownNameError(f"key variable of {one.name}", name, one.layout.names)
    codes = KeyCodes(base, compare)
    if keys:
        return _matched(codes, tuple(keys), "given")
    found, how = _find(codes)
    return _matched(codes, found, how) if found else _by_position(len(base), len(compare))


def _find(codes: KeyCodes) -> tuple[tuple[str, ...], str]:
    """Return keys that are unique in both datasets: declared ones, those of the standard, or a combination."""
    base, compare = codes.base, codes.compare
    common = [name for name in base.layout.names if name in compare.layout.names]
    sequence = [name for name in common if name.endswith("SEQ")]
    standard = tuple(name for name in standard_keys(base.name.upper(), base) if name in common)
    candidates = [
        (tuple(base.layout.keys or compare.layout.keys), "declared by the file"),
        (standard, "usual for the dataset"),
        ((*standard, *sequence[:1]), "usual for the dataset, with its sequence number"),
    ]
    for names, how in candidates:
        if names and set(names) <= set(common) and _unique(codes.together(names)):
            return names, how
    return _combined(codes, standard, common)


def _combined(codes: KeyCodes, start: Sequence[str], common: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """Add variables, text before numbers, as long as they tell more records of base apart."""
    columns = {column.name: column for column in codes.base.layout.columns}
    order = {name: (bool(_RESULT.search(name)), columns[name].numeric) for name in common}
    chosen = list(start)
    current = codes.together(chosen)[0]
    apart = _distinct(current)
    for name in sorted((name for name in common if name not in start), key=lambda name: order[name]):
        if len(chosen) >= MOST_FOUND or apart == len(codes.base):
            break
        added = codes.of(name)[0]
        joined, more = _dense(_dense(current)[0] * (int(added.max(initial=0)) + 1) + added)
        if more > apart:
            chosen.append(name)
            current, apart = joined, more
    if chosen and _unique(codes.together(chosen)):
        return tuple(chosen), "found: they tell all records apart"
    return (tuple(start), "usual for the dataset, not unique") if start else ((), "")


def _distinct(codes: Rows) -> int:
    return int((np.bincount(codes) > 0).sum()) if len(codes) else 0


def _unique(codes: Codes) -> bool:
    return all(not len(one) or int(np.bincount(one).max()) <= 1 for one in codes)


def _matched(codes: KeyCodes, keys: tuple[str, ...], how: str) -> Matching:
    left, right = codes.together(keys)
    slots, duplicates = _slots(left, right)
    place = np.full(int(max(slots[0].max(initial=-1), slots[1].max(initial=-1))) + 1, -1, dtype=np.int64)
    place[slots[1]] = np.arange(len(right))
    partner = place[slots[0]]
    base = np.flatnonzero(partner >= 0)
    compare = partner[base]
    only_base = np.flatnonzero(partner < 0)
    taken = np.zeros(len(right), dtype=bool)
    taken[compare] = True
    only_compare = np.flatnonzero(~taken)
    reordered = bool((np.diff(compare) < 0).any())
    nearly = _nearly(codes, keys, only_base, only_compare) if len(only_base) and len(only_compare) else 0
    return Matching(keys, how, base, compare, only_base, only_compare, duplicates, reordered, nearly)


def _slots(left: Rows, right: Rows) -> tuple[Codes, Codes]:
    """Return for each row a number that is unique in its dataset and equal for rows that belong together."""
    size = int(max(left.max(initial=-1), right.max(initial=-1))) + 1
    counts = (np.bincount(left, minlength=size), np.bincount(right, minlength=size))
    if size == 0 or max(int(counts[0].max()), int(counts[1].max())) <= 1:
        none = np.empty(0, dtype=np.int64)
        return (left, right), (none, none)
    start = np.concatenate(([0], np.cumsum(np.maximum(*counts))[:-1]))
    turns = tuple(_occurrence(one) for one in (left, right))
    duplicates = (np.flatnonzero(turns[0] > 0), np.flatnonzero(turns[1] > 0))
    return (start[left] + turns[0], start[right] + turns[1]), duplicates


def _occurrence(codes: Rows) -> Rows:
    """Return how often the code of each row has occurred before it."""
    order = np.argsort(codes, kind="stable")
    ordered = codes[order]
    first = np.concatenate(([True], ordered[1:] != ordered[:-1])) if len(ordered) else np.empty(0, dtype=bool)
    begin = np.maximum.accumulate(np.where(first, np.arange(len(ordered)), 0))
    turn = np.empty(len(codes), dtype=np.int64)
    turn[order] = np.arange(len(ordered)) - begin
    return turn


def _nearly(codes: KeyCodes, keys: Sequence[str], only_base: Rows, only_compare: Rows) -> int:
    """Count the records without a partner that would have one without regard to case and outer blanks of the keys."""
    left, right = codes.together(keys, loose=True)
    return int(np.isin(left[only_base], right[only_compare]).sum())


def _by_position(left: int, right: int) -> Matching:
    size = min(left, right)
    none = np.empty(0, dtype=np.int64)
    rows = np.arange(size, dtype=np.int64)
    only = (np.arange(size, left, dtype=np.int64), np.arange(size, right, dtype=np.int64))
    return Matching((), "by position: no keys were found", rows, rows, *only, (none, none), False)
