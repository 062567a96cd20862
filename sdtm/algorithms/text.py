"""Algorithms on text: joining, cutting, and moving long text into further variables."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from sdtm.catalog import ALGORITHMS
from sdtm.long_text import LIMIT, pieces
from spectrail import frames
from spectrail.errors import SpecError
from spectrail.steps import Outcome, Problem, Values


@ALGORITHMS.column(
    method='["{prefix}" followed by ]{source:1}[separator? and {source:2-}, joined by "{separator}"]'
    '[separator! and {source:2-}][, followed by "{suffix}"]'
)
def concat(
    *values: Values,
    separator: str = " ",
    prefix: str = "",
    suffix: str = "",
    missing: Literal["skip", "null"] = "skip",
) -> pd.Series:
    """Join collected texts in their order, with `prefix` before and `suffix` behind.

    Missing texts are left out, or with `missing` = null make the result missing; it is missing too when all are.
    """
    if not values:
        raise SpecError("concat needs at least one source")
    texts = [frames.clean_text(one) for one in values]
    known = np.column_stack([one.notna().to_numpy() for one in texts])
    joined = texts[0].fillna("")
    begun = known[:, 0]
    for number, text in enumerate(texts[1:], 1):
        between = np.where(begun & known[:, number], 1, -1)
        joined = joined + frames.take_text(["", separator], between).fillna("") + text.fillna("")
        begun = begun | known[:, number]
    whole = known.all(axis=1) if missing == "null" else begun
    return (prefix + joined + suffix).where(whole)


@ALGORITHMS.column(method='part {part} of {source}, split at "{separator}"')
def split(values: Values, *, separator: str, part: int, most: int | None = None) -> pd.Series:
    """Give part number `part` (from 1; -1 is the last) of a text cut at a separator, without outer blanks.

    `most` is the highest number of parts: what is left stays in the last one.  Missing where there is no such part.
    """
    if part == 0 or not separator:
        raise SpecError(
            "split needs a separator and a part that is not 0", hint="parts count from 1, or -1 from the end"
        )

    def one(text: str) -> str | None:
        found = text.split(separator, most - 1 if most is not None else -1)
        place = part - 1 if part > 0 else part
        return found[place].strip() if -len(found) <= place < len(found) else None

    return frames.map_distinct(frames.clean_text(values), lambda found: [one(text) for text in found])


@ALGORITHMS.column(method="characters of {source} from number {start}")
def substring(values: Values, *, start: int, length: int | None = None) -> pd.Series:
    """Give the characters from position `start` (from 1; negative from the end), `length` of them or all."""
    if start == 0 or (length is not None and length < 1):
        raise SpecError("substring counts from 1 (or -1 from the end) and takes at least one character")

    def one(text: str) -> str:
        first = start - 1 if start > 0 else max(len(text) + start, 0)
        return text[first : first + length if length is not None else None].strip()

    return frames.map_distinct(frames.clean_text(values), lambda found: [one(text) for text in found])


@ALGORITHMS.column(method="piece {piece} of {source} in pieces of at most {size} bytes")
def split_to_suppqual(values: Values, *, piece: int, of: int, size: int = LIMIT) -> Outcome:
    """Give piece number `piece` (from 1) of a text cut between words into pieces of at most `size` bytes.

    One step per piece: the first for the variable, the others for supplemental qualifiers (SDTMIG 4.5.3).  `of` is
    the number of pieces that steps take; a longer text would lose its end, which is an error in the step of the last
    one.
    """
    if not 1 <= piece <= of:
        raise SpecError(f"piece {piece} of {of} does not exist", hint="pieces count from 1")
    text = frames.clean_text(values)
    codes, distinct = frames.factorize(text)
    cut = [byte_pieces(value, size) for value in distinct.tolist()]
    made = frames.take_text([found[piece - 1] if len(found) >= piece else None for found in cut], codes)
    lost = np.append(np.array([len(found) > of for found in cut], dtype=bool), False)
    rows = np.flatnonzero(lost[codes]).astype(np.int64) if piece == of else np.empty(0, dtype=np.int64)
    message = f"text needs more than {of} pieces of {size} bytes; its end is in no variable"
    problems = (Problem("MAP-TEXT-LOST", "error", message, rows, text.iloc[rows].to_numpy()),) if len(rows) else ()
    return Outcome(made, problems)


def byte_pieces(text: str, size: int) -> list[str]:
    """Cut text into pieces of at most `size` bytes in UTF-8, between words where one is near enough."""
    if text.isascii():
        return pieces(text, size)
    found = []
    while len(text.encode()) > size:
        fits = len(text.encode()[:size].decode(errors="ignore"))
        space = text.rfind(" ", 1, fits + 1)
        if space >= fits // 2:
            found.append(text[:space])
            text = text[space + 1 :]
        else:
            found.append(text[:fits])
            text = text[fits:]
    return [*found, text]
