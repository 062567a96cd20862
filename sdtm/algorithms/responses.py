"""`multiple_responses`: several checked boxes or answers to one value, and the single answers beside it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sdtm.catalog import ALGORITHMS
from specs.terminology import Terms
from spectrail import frames
from spectrail.errors import SpecError
from spectrail.steps import Outcome, Positions, Problem, Values

CHECKED = ("1", "Y", "YES", "X", "TRUE", "CHECKED")


@ALGORITHMS.column(method="the one response in {source}, or {multiple} when there are several")
def multiple_responses(
    *values: Values,
    labels: tuple[str, ...] = (),
    checked: tuple[str, ...] = CHECKED,
    multiple: str = "MULTIPLE",
    give: str = "value",
    ignore: tuple[str, ...] = (),
    codelist: Terms | None = None,
) -> Outcome:
    """Give one value for a question with several answers (SDTMIG 4.2.8.3), or one of the answers.

    With `labels`, one per source, the sources are boxes and a checked one answers with its label; without, the
    sources hold the answers.  `give` is `value` for the answer, or `multiple` when different ones are given, or the
    number 1, 2, ... for the first, second answer where there are several (for supplemental qualifiers; missing where
    there is one). Answers in `ignore` do not count.  With a codelist the answers are mapped to it first; `multiple`
    need not be in it.
    """
    if not values:
        raise SpecError("multiple_responses needs sources")
    if labels and len(labels) != len(values):
        raise SpecError(f"multiple_responses has {len(labels)} label(s) for {len(values)} source(s)")
    if give != "value" and not give.isdigit():
        raise SpecError(f"give {give!r} is neither 'value' nor a number")
    problems: list[Problem] = []
    answers = [_answer(one, labels[i] if labels else None, checked) for i, one in enumerate(values)]
    if codelist is not None:
        answers = [_mapped(one, codelist, problems) for one in answers]
    codes, texts = _coded(answers, ignore)
    first = _distinct_in_row(codes)
    count = (first >= 0).sum(axis=1)
    if give == "value":
        made = frames.take_text([*texts, multiple], np.where(count > 1, len(texts), _nth(first, 1)))
    else:
        made = frames.take_text(texts, np.where(count > 1, _nth(first, int(give)), -1))
    return Outcome(made, tuple(problems))


def _answer(values: pd.Series, label: str | None, checked: tuple[str, ...]) -> pd.Series:
    text = frames.clean_text(values)
    if label is None:
        return text
    marked = text.str.casefold().isin([word.casefold() for word in checked]).to_numpy(dtype=bool)
    return frames.take_text([label], np.where(marked, 0, -1))


def _mapped(values: pd.Series, codelist: Terms, problems: list[Problem]) -> pd.Series:
    from sdtm.algorithms.assign import map_terms

    outcome = map_terms(values, codelist)
    problems.extend(outcome.problems)
    return pd.Series(outcome.values)


def _coded(answers: list[pd.Series], ignore: tuple[str, ...]) -> tuple[np.ndarray, list[str]]:
    """Return answers as a matrix of codes (-1: none), one column per source, and their texts."""
    stacked = pd.concat(answers, ignore_index=True)
    stacked = stacked.mask(stacked.isin(list(ignore)).to_numpy(dtype=bool))
    codes, distinct = frames.factorize(stacked)
    return codes.reshape(len(answers), -1).T, [str(value) for value in distinct.tolist()]


def _distinct_in_row(codes: np.ndarray) -> np.ndarray:
    """Keep the first occurrence of each answer in a row; later equal ones become -1."""
    kept = codes.copy()
    for later in range(1, codes.shape[1]):
        repeated = (codes[:, :later] == codes[:, [later]]).any(axis=1)
        kept[repeated, later] = -1
    return kept


def _nth(codes: np.ndarray, number: int) -> Positions:
    """Return the number-th answer of each row, -1 where there are fewer."""
    rank = np.cumsum(codes >= 0, axis=1)
    hit = (rank == number) & (codes >= 0)
    place = hit.argmax(axis=1)
    chosen = codes[np.arange(len(codes)), place] if codes.shape[1] else np.empty(0, dtype=np.int64)
    return np.where(hit.any(axis=1), chosen, -1).astype(np.int64)
