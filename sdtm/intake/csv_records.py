"""Where the records of a CSV file begin: quotes, line ends and blank lines, found over the bytes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

CHUNK = 1 << 24
QUOTE, LF, CR = 0x22, 0x0A, 0x0D
Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Records:
    """The records of a file after its header.

    `lines` is the physical line on which each record that is not blank begins; `malformed` the offset of the first
    quote sign that neither opens nor closes a cell (-1: none), then the records cannot be told from the bytes alone.
    """

    lines: npt.NDArray[np.int32]
    blank: int = 0
    inner_breaks: int = 0
    malformed: int = -1


def find_records(data: bytes, *, start: int, line: int, delimiter: bytes) -> Records:
    """Find the records of `data` from offset `start` on, which is the begin of physical line `line`."""
    ends = line_ends(data, start=start)
    quotes = _positions(data, QUOTE, start=start)
    malformed = _first_malformed(data, quotes, start=start, delimiter=delimiter)
    if malformed >= 0:
        return Records(np.empty(0, dtype=np.int32), malformed=malformed)
    closing = ends[np.searchsorted(quotes, ends) % 2 == 0] if len(quotes) else ends
    begins = np.concatenate(([start], closing + 1))
    stops = np.concatenate((closing, [len(data)]))
    if begins[-1] == len(data):
        begins, stops = begins[:-1], stops[:-1]
    lengths = stops - begins
    one = np.flatnonzero(lengths == 1)
    content = np.frombuffer(data, dtype=np.uint8)
    lengths[one[content[begins[one]] == CR]] = 0
    filled = lengths > 0
    lines = line + np.searchsorted(ends, begins[filled])
    return Records(lines.astype(np.int32), blank=int((~filled).sum()), inner_breaks=len(ends) - len(closing))


def line_ends(data: bytes, *, start: int = 0) -> Positions:
    """Return the offset of the last byte of every line end: LF, CR LF or CR alone."""
    feeds = _positions(data, LF, start=start)
    if data.find(b"\r", start) < 0:
        return feeds
    returns = _positions(data, CR, start=start)
    content = np.frombuffer(data, dtype=np.uint8)
    following = content[np.minimum(returns + 1, len(content) - 1)]
    alone = returns[(following != LF) | (returns == len(content) - 1)]
    return np.sort(np.concatenate((feeds, alone))) if len(alone) else feeds


def line_of(data: bytes, offset: int) -> int:
    """Return the physical line (1-based) of an offset."""
    return 1 + int(np.searchsorted(line_ends(data), offset))


def _first_malformed(data: bytes, quotes: Positions, *, start: int, delimiter: bytes) -> int:
    """Return the offset of the first quote that is out of place; an odd number of them leaves the last one open."""
    if not len(quotes):
        return -1
    content = np.frombuffer(data, dtype=np.uint8)
    fence = np.array([delimiter[-1], LF, CR, QUOTE], dtype=np.uint8)
    opening, closing = quotes[0::2], quotes[1::2]
    wrong_open = (opening > start) & ~np.isin(content[np.maximum(opening - 1, 0)], fence)
    last = len(content) - 1
    wrong_close = (closing < last) & ~np.isin(content[np.minimum(closing + 1, last)], fence)
    places = np.concatenate((opening[wrong_open], closing[wrong_close], opening[-1:] if len(quotes) % 2 else []))
    return int(places.min()) if len(places) else -1


def _positions(data: bytes, byte: int, *, start: int) -> Positions:
    """Return the offsets of a byte, looking at a bounded piece at a time."""
    if data.find(bytes((byte,)), start) < 0:
        return np.empty(0, dtype=np.int64)
    parts = [
        at + np.flatnonzero(np.frombuffer(data, dtype=np.uint8, count=min(CHUNK, len(data) - at), offset=at) == byte)
        for at in range(start, len(data), CHUNK)
    ]
    return np.concatenate(parts).astype(np.int64)
