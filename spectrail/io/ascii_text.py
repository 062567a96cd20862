"""Text of formats without an encoding: what is printable ASCII, and a declared transliteration of what is not."""

from __future__ import annotations

import unicodedata
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from spectrail.errors import FormatError

TRANSLITERATION: dict[str, str] = {
    "\u00b5": "u",  # micro sign
    "\u03bc": "u",  # Greek mu
    "\u00b1": "+/-",
    "\u2264": "<=",
    "\u2265": ">=",
    "\u2260": "!=",
    "\u2248": "~",
    "\u00d7": "x",
    "\u00f7": "/",
    "\u00b0": " deg ",
    "\u2103": " deg C",
    "\u2109": " deg F",
    "\u2018": "'",
    "\u2019": "'",
    "\u201a": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u201e": '"',
    "\u00ab": '"',
    "\u00bb": '"',
    "\u2010": "-",
    "\u2011": "-",
    "\u2012": "-",
    "\u2013": "-",
    "\u2014": "-",
    "\u2212": "-",
    "\u2022": "*",
    "\u00b7": ".",
    "\u2192": "->",
    "\u2190": "<-",
    "\u00a9": "(C)",
    "\u00ae": "(R)",
    "\u00df": "ss",
    "\u00e6": "ae",
    "\u00c6": "AE",
    "\u00f8": "o",
    "\u00d8": "O",
    "\u0142": "l",
    "\u0141": "L",
    "\u0111": "d",
    "\u0110": "D",
    "\u03b1": "alpha",
    "\u03b2": "beta",
    "\u03b3": "gamma",
    "\u03b4": "delta",
    "\u03ba": "kappa",
    "\u03bb": "lambda",
    "\u200b": "",
    "\ufeff": "",
    "\t": " ",
    "\r": " ",
    "\n": " ",
}
"""What each character becomes; characters not listed lose their accents or take their compatibility form (NFKD)."""


def transliterate(values: pd.Series[Any], *, fallback: str | None = None) -> tuple[pd.Series[Any], pd.DataFrame]:
    """Return text in printable ASCII and a table of the records that changed.

    The table has one row per changed record: `record` (0-based), `before`, `after`, `complete` (False when a
    character had no ASCII form; such a character stays as it is, or becomes `fallback` when one is given).
    """
    codes, uniques = pd.factorize(values)
    before = [str(value) for value in uniques]
    after = [_ascii_form(value, fallback=fallback) for value in before]
    texts = [text for text, _ in after]
    changed = np.array([old != new or not whole for old, (new, whole) in zip(before, after, strict=True)], dtype=bool)
    complete = np.array([whole for _, whole in after], dtype=bool)
    records = np.flatnonzero((codes >= 0) & np.append(changed, False)[codes])
    picked = codes[records]
    table = pd.DataFrame(
        {
            "record": records,
            "before": pd.Series(before, dtype="str").take(picked).reset_index(drop=True),
            "after": pd.Series(texts, dtype="str").take(picked).reset_index(drop=True),
            "complete": complete[picked],
        }
    )
    if not len(records):
        return values, table
    result = pd.Series([*texts, None], dtype="str").take(np.where(codes >= 0, codes, len(texts)))
    return result.mask(result == "", np.nan).set_axis(values.index).rename(values.name), table


def _ascii_form(text: str, *, fallback: str | None) -> tuple[str, bool]:
    """Return the ASCII form of one value and whether every character had one."""
    if text.isascii() and text.isprintable():
        return text, True
    out: list[str] = []
    complete = True
    for character in text:
        form = TRANSLITERATION.get(character)
        if form is None:
            plain = unicodedata.normalize("NFKD", character)
            form = "".join(TRANSLITERATION.get(part, part) for part in plain if not unicodedata.combining(part))
        if form.isascii() and (form.isprintable()):
            out.append(form)
        else:
            complete = False
            out.append(character if fallback is None else fallback)
    return "".join(out), complete


def arrow_text(values: pd.Series[Any]) -> pa.ChunkedArray:
    """Return a column of text as Arrow large_string (missing as null) without Python objects where it is `str`.

    Raises FormatError (without a place) when the column holds anything but text.
    """
    if values.dtype.kind == "f" and values.isna().all():
        return pa.chunked_array([pa.nulls(len(values), pa.large_string())])
    try:
        array = pa.array(values, from_pandas=True)
        kind = array.type.value_type if pa.types.is_dictionary(array.type) else array.type
        if pa.types.is_null(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
            chunked = array if isinstance(array, pa.ChunkedArray) else pa.chunked_array([array])
            return chunked.cast(pa.large_string())
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        pass
    raise FormatError(f"holds {values.dtype} values, its layout says text", hint="turn the values into text first")


def text_buffers(array: pa.Array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """Return the n + 1 offsets and the bytes of a large_string array, without a copy; offsets may start above 0."""
    buffers = array.buffers()
    count = len(array)
    if count == 0 or buffers[1] is None:
        return np.zeros(count + 1, dtype=np.int64), np.empty(0, dtype=np.uint8)
    offsets = np.frombuffer(buffers[1], dtype=np.int64, count=count + 1, offset=8 * array.offset)
    if buffers[2] is None:
        return offsets, np.empty(0, dtype=np.uint8)
    return offsets, np.frombuffer(buffers[2], dtype=np.uint8)


def longest(values: pa.ChunkedArray) -> int:
    """Return the length in bytes of the longest text; 0 when there is none."""
    sizes = (np.diff(text_buffers(chunk)[0]).max(initial=0) for chunk in values.chunks)
    return int(max(sizes, default=0))


def first_longer(values: pa.ChunkedArray, *, limit: int) -> int | None:
    """Return the 0-based record of the first text longer than `limit` bytes."""
    start = 0
    for chunk in values.chunks:
        over = np.diff(text_buffers(chunk)[0]) > limit
        if over.any():
            return start + int(over.argmax())
        start += len(chunk)
    return None


def first_unprintable(values: pa.ChunkedArray) -> int | None:
    """Return the 0-based record of the first text with a byte outside 20-7E (printable ASCII)."""
    start = 0
    for chunk in values.chunks:
        offsets, data = text_buffers(chunk)
        used = data[offsets[0] : offsets[-1]]
        if len(used) and (used.max() > 0x7E or used.min() < 0x20):
            position = int(((used > 0x7E) | (used < 0x20)).argmax()) + int(offsets[0])
            return start + int(np.searchsorted(offsets, position, side="right")) - 1
        start += len(chunk)
    return None
