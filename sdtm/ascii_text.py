"""Non-ASCII text on its way into a transport file: translated by the specification, else transliterated and marked.

Decision: translation is a specification object; an untranslated value is a finding and the record carries a
transliteration marked as such.  The collected original stays in the lineage.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
from anyascii import anyascii

from specs import models
from spectrail.io.ascii_text import transliterate
from spectrail.steps import Problem

UNTRANSLATED = "MAP-TRANSLATE"
DECLARED = "MAP-TRANSLITERATE"
MARK = " [TRANSLITERATED]"
REPLACED = "characters replaced by their declared ASCII form"
NO_TRANSLATION = "text has no translation in the specification; a marked transliteration is written"


def to_ascii(values: pd.Series, *, variable: str, study: models.Study) -> tuple[pd.Series, tuple[Problem, ...]]:
    """Return text in printable ASCII, and what had to be transliterated.

    First the study's translations (exact text, blanks around it aside), then its declared transliterations and the
    packaged ones (`µ` to `u`), which are notices; whatever is left is transliterated letter by letter, marked
    `[TRANSLITERATED]`, and a warning.
    """
    if all_printable_ascii(values):
        return values, ()
    codes, uniques = pd.factorize(values)
    texts = [str(text) for text in uniques]
    foreign = [number for number, text in enumerate(texts) if not (text.isascii() and text.isprintable())]
    if not foreign:
        return values, ()
    table = translations(study, variable)
    made, how = list(texts), np.zeros(len(texts), dtype=np.int8)
    for number in foreign:
        made[number], how[number] = _one(texts[number], table, study.transliterations)
    result = pd.Series(pd.array(made, dtype="str")).take(np.where(codes >= 0, codes, 0)).reset_index(drop=True)
    result = result.mask(codes < 0) if len(made) else values
    kind = np.where(codes >= 0, how[codes], 0)
    declared, foreign_rows = np.flatnonzero(kind == 1), np.flatnonzero(kind == 2)
    problems = (
        Problem(DECLARED, "notice", REPLACED, declared, values.take(declared).to_numpy(), once=True),
        Problem(
            UNTRANSLATED, "warning", NO_TRANSLATION, foreign_rows, values.take(foreign_rows).to_numpy(), once=True
        ),
    )
    result.index = values.index
    return result.rename(values.name), problems


def all_printable_ascii(values: pd.Series) -> bool:
    """Tell whether every byte of a text column is printable ASCII, by one look at its buffer."""
    array = pa.array(values)
    for chunk in array.chunks if isinstance(array, pa.ChunkedArray) else [array]:
        if not len(chunk):
            continue
        offsets = np.frombuffer(
            chunk.buffers()[1], dtype=np.int64 if pa.types.is_large_string(chunk.type) else np.int32
        )
        first, last = offsets[chunk.offset], offsets[chunk.offset + len(chunk)]
        if last > first:
            data = np.frombuffer(chunk.buffers()[2], dtype=np.uint8)[first:last]
            if data.min() < 0x20 or data.max() > 0x7E:
                return False
    return True


def translations(study: models.Study, variable: str) -> dict[str, str]:
    """Return the translations that apply to a variable: those for all columns, overlaid by those naming it."""
    general = {one.source.strip(): one.english for one in study.translations if not one.columns}
    own = {one.source.strip(): one.english for one in study.translations if variable in one.columns}
    return general | own


def _one(text: str, table: Mapping[str, str], declared: Mapping[str, str]) -> tuple[str, int]:
    translated = table.get(text.strip())
    if translated is not None:
        return translated, 0
    for source, target in declared.items():
        text = text.replace(source, target)
    replaced, _ = transliterate(pd.Series([text], dtype="str"))
    ascii_form = str(replaced.iloc[0])
    if ascii_form.isascii() and ascii_form.isprintable():
        return ascii_form, 1
    return " ".join(anyascii(ascii_form).split()) + MARK, 2
