"""Where the records of a CSV file begin: quotes, line ends and blank lines, found over the bytes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

CHUNK = 1 << 19
"""Bytes looked at together: what is made of them stays in the processor's cache."""

QUOTE, LF, CR = 0x22, 0x0A, 0x0D
Positions = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]


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
    inside, malformed = _inside_quotes(data, ends, start=start, delimiter=delimiter)
    if malformed >= 0:
        return Records(np.empty(0, dtype=np.int32), malformed=malformed)
    closing = ends[~inside]
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


def _inside_quotes(data: bytes, ends: Positions, *, start: int, delimiter: bytes) -> tuple[Flags, int]:
    """Tell which line ends stand inside a quoted cell, and where the first quote is that is out of place (or -1).

    An odd number of quotes leaves the last one open.  Quotes are looked at piece by piece: where every cell is quoted
    their positions would take more memory than the file.
    """
    inside = np.zeros(len(ends), dtype=np.bool_)
    content = np.frombuffer(data, dtype=np.uint8)
    fence = np.zeros(256, dtype=np.bool_)
    fence[[delimiter[-1], LF, CR, QUOTE]] = True
    if data.find(b'"', start) < 0:
        return inside, -1
    count, opened, done = 0, -1, 0
    for at in range(start, len(data), CHUNK):
        stop = min(at + CHUNK, len(data))
        quotes = at + np.flatnonzero(content[at:stop] == QUOTE)
        opening, closing = quotes[count % 2 :: 2], quotes[1 - count % 2 :: 2]
        wrong = _out_of_place(content, opening[opening > start], closing[closing < len(data) - 1], fence)
        if wrong >= 0:
            return inside, wrong
        upto = int(np.searchsorted(ends, stop))
        inside[done:upto] = (count + np.searchsorted(quotes, ends[done:upto])) % 2 == 1
        count, opened, done = count + len(quotes), int(opening[-1]) if len(opening) else opened, upto
    return inside, opened if count % 2 else -1


def _out_of_place(content: Bytes, opening: Positions, closing: Positions, fence: Flags) -> int:
    """Return the first offset of a quote that opens behind, or closes before, something else than a fence (or -1)."""
    wrong = (opening[~fence[content[opening - 1]]], closing[~fence[content[closing + 1]]])
    return min((int(places[0]) for places in wrong if len(places)), default=-1)


def _positions(data: bytes, byte: int, *, start: int) -> Positions:
    """Return the offsets of a byte, looking at a bounded piece at a time."""
    if data.find(bytes((byte,)), start) < 0:
        return np.empty(0, dtype=np.int64)
    content = np.frombuffer(data, dtype=np.uint8)
    parts = [at + np.flatnonzero(content[at : at + CHUNK] == byte) for at in range(start, len(data), CHUNK)]
    return np.concatenate(parts).astype(np.int64, copy=False)
