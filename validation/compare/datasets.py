"""Compare two datasets: attributes of variables, records by key, and values within a tolerance."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from spectrail.dataset import Dataset
from spectrail.errors import UnknownNameError
from validation.compare.causes import SAMPLE, guess_number, guess_text
from validation.compare.columns import Pair, pair_of
from validation.compare.keys import Matching, Rows, match_records

ATTRIBUTES = ("label", "type", "length", "format", "order")
MOST_SHOWN = 1_000
"""Differing values kept of a variable, and records kept of each list, for reports; the counts are the true ones."""


@dataclass(frozen=True)
class Tolerance:
    """Numbers are equal when |a - b| <= absolute + relative x max(|a|, |b|)."""

    relative: float = 1e-8
    absolute: float = 0.0


@dataclass(frozen=True)
class ValueDifference:
    """How one variable differs: records, likely cause, largest differences of numbers, and examples.

    `within` counts the records that differ within the tolerance. `examples` has the columns base_record,
    compare_record (1-based), keys, base, compare.
    """

    variable: str
    count: int
    within: int = 0
    cause: str = ""
    largest: float = 0.0
    relative: float = 0.0
    examples: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True)
class Comparison:
    """What differs between two datasets of a name.

    `attributes` has the columns variable, attribute, base, compare (a variable only in one: attribute `variable`);
    `only_base`, `only_compare` and `duplicates` have record and keys, for at most `MOST_SHOWN` records each.
    """

    name: str
    records: tuple[int, int]
    variables: tuple[int, int]
    keys: tuple[str, ...]
    how: str
    matched: int
    reordered: bool
    attributes: pd.DataFrame
    values: tuple[ValueDifference, ...]
    counts: tuple[int, int, int, int]
    only_base: pd.DataFrame
    only_compare: pd.DataFrame
    duplicates: pd.DataFrame
    notes: tuple[str, ...] = ()

    @property
    def differing(self) -> tuple[ValueDifference, ...]:
        """Variables with values that differ beyond the tolerance."""
        return tuple(one for one in self.values if one.count)

    @property
    def equal(self) -> bool:
        """Tell whether nothing differs but the order of records, and numbers within the tolerance.

        Keys that repeat in both alike are told, but are no difference: repeated records are paired in their order.
        """
        return not self.differing and not len(self.attributes) and not any(self.counts[:2])

    @property
    def verdict(self) -> str:
        """Say in words what differs."""
        only_base, only_compare, *duplicates = self.counts
        parts = []
        if only_base or only_compare:
            parts.append(f"{only_base} records only in base, {only_compare} only in compare")
        if self.differing:
            total = sum(one.count for one in self.differing)
            parts.append(f"values differ ({total} in {', '.join(one.variable for one in self.differing)})")
        if len(self.attributes):
            kinds = dict.fromkeys(self.attributes["attribute"])
            parts.append(f"attributes differ ({len(self.attributes)}: {', '.join(kinds)})")
        if not parts:
            within = sum(one.within for one in self.values)
            parts.append(f"equal within the tolerance ({within} values differ by less)" if within else "equal")
        if any(duplicates):
            parts.append(f"{duplicates[0]} repeated keys in base, {duplicates[1]} in compare")
        if self.reordered:
            parts.append("records in another order")
        return "; ".join(parts)


def compare_datasets(
    base: Dataset,
    compare: Dataset,
    *,
    keys: Sequence[str] = (),
    tolerance: Tolerance | None = None,
    ignore: Collection[str] = (),
    plain: bool = False,
) -> Comparison:
    """Compare two datasets; `ignore` names attributes that may differ, `plain` leaves out all attributes.

    Keys are those given, else declared, usual or found ones; without any, records are paired by position. Raises
    UnknownNameError for a key or an attribute that does not exist.
    """
    for name in ignore:
        if name not in ATTRIBUTES:
            raise UnknownNameError("attribute", name, ATTRIBUTES)
    matching = match_records(base, compare, keys=keys)
    common = [name for name in base.layout.names if name in compare.layout.names]
    allowed = tolerance or Tolerance()
    show = _Shown(base, compare, matching)
    found = [_difference(pair_of(name, base, compare), show, allowed) for name in common]
    counts = (
        len(matching.only_base),
        len(matching.only_compare),
        len(matching.duplicates[0]),
        len(matching.duplicates[1]),
    )
    notes = []
    if matching.nearly:
        notes.append(f"{matching.nearly} records have a partner but for case or blanks at the ends of their keys")
    return Comparison(
        base.name,
        (len(base), len(compare)),
        (len(base.layout.columns), len(compare.layout.columns)),
        matching.keys,
        matching.how,
        len(matching.base),
        matching.reordered,
        _attributes(base, compare, set(ATTRIBUTES) if plain else set(ignore)),
        tuple(one for one in found if one.count or one.within),
        counts,
        show.listed(base, matching.only_base),
        show.listed(compare, matching.only_compare),
        show.duplicates(),
        tuple(notes),
    )


def _attributes(base: Dataset, compare: Dataset, ignore: set[str]) -> pd.DataFrame:
    """Return what differs in the description of the datasets and their variables."""
    rows: list[tuple[str, str, str, str]] = []
    if "label" not in ignore and base.layout.label != compare.layout.label:
        rows.append(("(dataset)", "label", base.layout.label, compare.layout.label))
    left, right = ({column.name: column for column in one.layout.columns} for one in (base, compare))
    for name in dict.fromkeys([*left, *right]):
        if name not in left or name not in right:
            rows.append((name, "variable", *(("absent", "present") if name not in left else ("present", "absent"))))
            continue
        facts = [
            {
                "label": column.label,
                "type": "number" if column.numeric else "text",
                "length": "" if column.length is None or column.numeric else str(column.length),
                "format": column.format,
            }
            for column in (left[name], right[name])
        ]
        rows += [
            (name, attribute, facts[0][attribute], facts[1][attribute])
            for attribute in ATTRIBUTES[:-1]
            if attribute not in ignore and facts[0][attribute] != facts[1][attribute]
        ]
    common = [[name for name in one if name in left and name in right] for one in (left, right)]
    if "order" not in ignore and common[0] != common[1]:
        rows.append(("(dataset)", "order", ", ".join(common[0]), ", ".join(common[1])))
    return pd.DataFrame(rows, columns=["variable", "attribute", "base", "compare"], dtype="str")


@dataclass(frozen=True)
class _Shown:
    """Makes the examples that reports show: record numbers and keys of rows."""

    base: Dataset
    compare: Dataset
    matching: Matching

    def keys_of(self, dataset: Dataset, rows: Rows) -> pd.Series:
        """Return the keys of some rows as `USUBJID=... AESEQ=...`."""
        columns = [
            [f"{name}={value}" for value in _printed(dataset.frame[name].iloc[rows])] for name in self.matching.keys
        ]
        texts = [" ".join(parts) for parts in zip(*columns, strict=True)] if columns else [""] * len(rows)
        return pd.Series(texts, dtype="str")

    def listed(self, dataset: Dataset, rows: Rows) -> pd.DataFrame:
        """Return record and keys of the first rows."""
        first = rows[:MOST_SHOWN]
        return pd.DataFrame({"record": first + 1, "keys": self.keys_of(dataset, first)})

    def duplicates(self) -> pd.DataFrame:
        """Return in, record and keys of records whose key occurs before."""
        parts = [
            self.listed(dataset, rows).assign(dataset=name)
            for name, dataset, rows in zip(
                ("base", "compare"), (self.base, self.compare), self.matching.duplicates, strict=True
            )
        ]
        return pd.concat(parts, ignore_index=True)[["dataset", "record", "keys"]]


def _printed(values: pd.Series) -> list[str]:
    """Print the few values that are shown; missing ones are empty."""
    return [
        "" if pd.isna(value) else f"{value:.15g}" if isinstance(value, float) else str(value)
        for value in values.tolist()
    ]


def _difference(pair: Pair, show: _Shown, tolerance: Tolerance) -> ValueDifference:
    return _numbers(pair, show, tolerance) if pair.numeric else _texts(pair, show)


def _numbers(pair: Pair, show: _Shown, tolerance: Tolerance) -> ValueDifference:
    assert pair.numbers is not None
    matching = show.matching
    left, right = pair.numbers
    if not matching.identity:
        left, right = left[matching.base], right[matching.compare]
    unequal = ~((left == right) | (np.isnan(left) & np.isnan(right))) | _other_kind(pair.name, show)
    at = np.flatnonzero(unequal)
    if not len(at):
        return ValueDifference(pair.name, 0)
    first, second = left[at], right[at]
    with np.errstate(invalid="ignore"):
        size = np.maximum(np.abs(first), np.abs(second))
        gap = np.abs(first - second)
        exact = pair.dates is not None
        near = np.zeros(len(at), dtype=bool) if exact else gap <= tolerance.absolute + tolerance.relative * size
        near &= np.isfinite(gap) & (gap > 0)
        share = np.where(size > 0, gap / size, 0.0)
    beyond = at[~near]
    kinds = bool(np.isnan(first).any() and (np.isnan(first) & np.isnan(second)).any())
    sample = _spread(beyond)
    cause = guess_number(left[sample], right[sample], dates=pair.dates) if len(beyond) else ""
    if kinds:
        cause = ", ".join(part for part in (cause, "kinds of missing values") if part)
    largest, relative = (float(np.nanmax(one)) if np.isfinite(one).any() else 0.0 for one in (gap, share))
    examples = _examples(pair, show, beyond[:MOST_SHOWN])
    return ValueDifference(pair.name, len(beyond), int(near.sum()), cause, largest, relative, examples)


def _other_kind(name: str, show: _Shown) -> npt.NDArray[np.bool_]:
    """Tell the pairs whose special missing values (`A`-`Z`, `_`) differ."""
    matching = show.matching
    flags = np.zeros(len(matching.base), dtype=bool)
    kinds = [
        {record: kind for (record, variable), kind in one.special.items() if variable == name}
        for one in (show.base, show.compare)
    ]
    if kinds[0] or kinds[1]:
        codes = [np.full(len(one), ord("."), dtype=np.int32) for one in (show.base, show.compare)]
        for code, kind in zip(codes, kinds, strict=True):
            code[np.fromiter(kind, dtype=np.int64, count=len(kind))] = [ord(one) for one in kind.values()]
        flags = codes[0][matching.base] != codes[1][matching.compare]
    return flags


def _texts(pair: Pair, show: _Shown) -> ValueDifference:
    assert pair.texts is not None
    matching = show.matching
    left, right = pair.texts
    if not matching.identity:
        left, right = left.take(pa.array(matching.base)), right.take(pa.array(matching.compare))
    if left.equals(right):
        return ValueDifference(pair.name, 0)
    same = pc.fill_null(pc.equal(left, right), False)
    same = pc.or_(same, pc.and_(pc.is_null(left), pc.is_null(right)))
    at = np.flatnonzero(~same.to_numpy(zero_copy_only=False))
    if not len(at):
        return ValueDifference(pair.name, 0)
    sample = pa.array(_spread(at))
    cause = guess_text(left.take(sample).to_pylist(), right.take(sample).to_pylist())
    return ValueDifference(pair.name, len(at), cause=cause, examples=_examples(pair, show, at[:MOST_SHOWN]))


def _spread(rows: Rows) -> Rows:
    """Return at most `SAMPLE` rows, evenly over all."""
    return rows if len(rows) <= SAMPLE else rows[np.linspace(0, len(rows) - 1, SAMPLE).astype(np.int64)]


def _examples(pair: Pair, show: _Shown, at: Rows) -> pd.DataFrame:
    rows = (show.matching.base[at], show.matching.compare[at])
    values = []
    for dataset, one in zip((show.base, show.compare), rows, strict=True):
        texts = _printed(dataset.frame[pair.name].iloc[one])
        kinds = [dataset.special.get((int(row), pair.name), "") for row in one]
        values.append([text or (f".{kind}" if kind else "") for text, kind in zip(texts, kinds, strict=True)])
    keys = show.keys_of(show.base, rows[0])
    return pd.DataFrame(
        {
            "base_record": rows[0] + 1,
            "compare_record": rows[1] + 1,
            "keys": keys,
            "base": values[0],
            "compare": values[1],
        }
    )
