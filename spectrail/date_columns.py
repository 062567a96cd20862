"""Reading whole columns of collected dates: every distinct value once, numeric layouts all at once.

Values of one layout (`2023-03-05T10:15` is `9999-99-99T99:99`) are read by the same format at the same positions, so
that parts are cut out of all of them together.  Whatever is unusual in a value (a part that does not exist, a number
that stands for unknown, letters) goes the way of single values, `Reader.read`; both ways give the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from spectrail.date_formats import Reader, Status, normal
from spectrail.dates import MONTH_DAYS, is_leap

Bools = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.int64]
Spans = Mapping[str, tuple[int, int]]

FEW = 2000
"""Up to this many distinct values it is not worth looking for layouts."""
_DATE, _TIME = ("year", "month", "day"), ("hour", "minute", "second")
_MOST_LAYOUTS = 50


@dataclass(frozen=True)
class ReadColumn:
    """Distinct values as read, and the rows that hold them.

    `codes` number the rows' values; all other fields have one entry per distinct value and a last one for missing:
    the date as far as known, the date as it stands before a time, the time ("" for unknown), 24:00, the status.
    """

    codes: Positions
    date: pa.Array
    before: pa.Array
    time: pa.Array
    next_day: Bools
    status: npt.NDArray[np.int8]

    def whole(self) -> pa.Array:
        """Return date and time together."""
        joined = pc.binary_join_element_wise(self.before, self.time, _text("T"))
        return pc.if_else(pc.equal(self.time, ""), self.date, joined)

    def rows(self, texts: pa.Array) -> pd.Series:
        """Give the text of each distinct value to its rows; the empty text is missing."""
        known = pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.large_string()), texts)
        places = np.where(self.codes < 0, len(texts) - 1, self.codes)
        return pd.Series(pd.array(known, dtype="str").take(places))


def read_column(values: pd.Series, reader: Reader) -> ReadColumn:
    """Read a text column by a reader's formats."""
    codes, distinct = pd.factorize(values)
    texts = pa.array(distinct, pa.large_string(), from_pandas=True)
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    parts: list[_Part] = []
    rest = np.ones(len(texts), dtype=bool)
    if len(texts) > FEW:
        for part in _by_layout(texts, reader):
            parts.append(part)
            rest[part.places] = False
    parts.append(_one_by_one(texts, np.flatnonzero(rest), reader))
    parts.append(_Part.missing(len(texts)))
    places = np.concatenate([part.places for part in parts])
    back = pa.array(np.argsort(places, kind="stable"))
    date, before, time = (
        pa.concat_arrays([getattr(part, name) for part in parts]).take(back) for name in ("date", "before", "time")
    )
    next_day = np.concatenate([part.next_day for part in parts])[back.to_numpy()]
    status = np.concatenate([part.status for part in parts])[back.to_numpy()]
    return ReadColumn(codes.astype(np.int64, copy=False), date, before, time, next_day, status)


@dataclass(frozen=True)
class _Part:
    """Some of the distinct values, read."""

    places: Positions
    date: pa.Array
    before: pa.Array
    time: pa.Array
    next_day: Bools
    status: npt.NDArray[np.int8]

    @classmethod
    def missing(cls, place: int) -> _Part:
        """Return the entry of a missing value."""
        empty = pa.array([""], pa.large_string())
        where, status = np.array([place], dtype=np.int64), np.array([Status.MISSING], dtype=np.int8)
        return cls(where, empty, pa.array(["-----"], pa.large_string()), empty, np.zeros(1, dtype=bool), status)


def _text(value: str) -> pa.Scalar:
    return pa.scalar(value, pa.large_string())


def _one_by_one(texts: pa.Array, places: Positions, reader: Reader) -> _Part:
    found = [reader.read(value) for value in texts.take(pa.array(places)).to_pylist()]
    moments = [moment for moment, _ in found]
    return _Part(
        places,
        pa.array([moment.date for moment in moments], pa.large_string()),
        pa.array([moment.date_before_time for moment in moments], pa.large_string()),
        pa.array([moment.time for moment in moments], pa.large_string()),
        np.array([moment.next_day for moment in moments], dtype=bool),
        np.array([int(status) for _, status in found], dtype=np.int8),
    )


def _by_layout(texts: pa.Array, reader: Reader) -> list[_Part]:
    layouts = _layouts(texts).dictionary_encode()
    codes = layouts.indices.to_numpy(zero_copy_only=False)
    names = layouts.dictionary.to_pylist()
    if len(names) > _MOST_LAYOUTS:
        return []
    found = []
    for number, layout in enumerate(names):
        spans = _spans(layout, reader)
        if spans is not None:
            part = _cut(texts, np.flatnonzero(codes == number).astype(np.int64), spans, reader)
            if len(part.places):
                found.append(part)
    return found


def _layouts(texts: pa.Array) -> pa.Array:
    """Return texts with every ASCII digit as 9; works on the bytes, which UTF-8 allows."""
    _, offsets, data = texts.buffers()
    raw = np.frombuffer(data, dtype=np.uint8)
    nines = np.where((raw >= ord("0")) & (raw <= ord("9")), np.uint8(ord("9")), raw)
    return pa.Array.from_buffers(texts.type, len(texts), [None, offsets, pa.py_buffer(nines)], offset=texts.offset)


def _spans(layout: str, reader: Reader) -> Spans | None:
    """Return where the parts stand in a layout, if one format alone reads it and all of it is numbers."""
    if not layout.isascii() or normal(layout) != layout:
        return None
    if any(character.isdigit() for one in reader.formats for character in one.text):
        return None  # a digit of the format itself would not be seen in the layout
    matches = [one.pattern.fullmatch(layout) for one in reader.formats]
    fitting = [match for match in matches if match is not None]
    if len(fitting) != 1 or any(one.serial for one, match in zip(reader.formats, matches, strict=True) if match):
        return None
    spans = {name: fitting[0].span(name) for name, text in fitting[0].groupdict().items() if text}
    if any(name not in (*_DATE, *_TIME) or not layout[slice(*span)].isdigit() for name, span in spans.items()):
        return None
    dated, timed = [name in spans for name in _DATE], [name in spans for name in _TIME]
    whole_date = dated in ([True] * 3, [False] * 3) or (not any(timed) and dated == sorted(dated, reverse=True))
    return spans if whole_date and timed == sorted(timed, reverse=True) else None


def _cut(texts: pa.Array, places: Positions, spans: Spans, reader: Reader) -> _Part:
    """Cut the parts out of all texts of a layout; keep those that are a date without any doubt."""
    chosen = texts.take(pa.array(places))
    cut = {name: pc.utf8_slice_codeunits(chosen, *span) for name, span in spans.items()}
    numbers = {name: part.cast(pa.int64()).to_numpy(zero_copy_only=False) for name, part in cut.items()}
    good = _ordinary(cut, numbers, reader)
    places = places[good]
    kept = {name: pc.utf8_lpad(part.filter(pa.array(good)), 2, "0") for name, part in cut.items()}
    empty = pa.repeat(_text(""), len(places))
    date_parts = [kept[name] for name in _DATE if name in kept]
    time_parts = [kept[name] for name in _TIME if name in kept]
    date = pc.binary_join_element_wise(*date_parts, _text("-")) if date_parts else empty
    gap = "--" * (3 - len(date_parts)) if date_parts else "-----"
    before = pc.binary_join_element_wise(date, _text(gap), _text(""))
    time = pc.binary_join_element_wise(*time_parts, _text(":")) if time_parts else empty
    return _Part(
        places,
        date,
        before,
        time,
        np.zeros(len(places), dtype=bool),
        np.full(len(places), int(Status.READ), dtype=np.int8),
    )


def _ordinary(cut: Mapping[str, pa.Array], numbers: Mapping[str, npt.NDArray[np.int64]], reader: Reader) -> Bools:
    size = len(next(iter(numbers.values())))
    good = np.ones(size, dtype=bool)
    limits = {"year": (1, 9999), "month": (1, 12), "hour": (0, 23), "minute": (0, 59), "second": (0, 59)}
    for name, (least, most) in limits.items():
        if name in numbers:
            good &= (numbers[name] >= least) & (numbers[name] <= most)
    if "day" in numbers:
        month = np.where(good, numbers["month"], 1) if "month" in numbers else np.ones(size, dtype=np.int64)
        most_days = MONTH_DAYS[month]
        if "year" in numbers:
            most_days = np.where((month == 2) & ~is_leap(numbers["year"]), 28, most_days)
        good &= (numbers["day"] >= 1) & (numbers["day"] <= most_days)
    words = pa.array([word for word in sorted(reader.unknown) if word.isdigit()], pa.large_string())
    for name in numbers:
        if len(words):
            good &= ~pc.is_in(cut[name], words).to_numpy(zero_copy_only=False)
    return good
