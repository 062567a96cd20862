"""Algorithms that take a collected value over, or give all records one value; with and without a codelist."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sdtm.catalog import ALGORITHMS
from specs.terminology import How, Terms
from spectrail import frames
from spectrail.errors import SpecError, nearest_hint
from spectrail.findings import Severity
from spectrail.steps import ColumnName, Outcome, Problem, Records, Values

CT_RULE = "MAP-CT"
"""A collected value that the codelist of its variable does not have."""


@ALGORITHMS.column(method="copied from {source}")
def assign_no_ct(values: Values, *, missing: tuple[str, ...] = ()) -> pd.Series:
    """Take a collected value over without a codelist.

    Blanks at both ends go and line breaks become one blank.  `missing` lists texts that stand for nothing (`.`).
    """
    return _without(frames.clean_text(values), missing)


@ALGORITHMS.column(method="{source} mapped to the terms of codelist {codelist}")
def assign_ct(values: Values, *, codelist: Terms, missing: tuple[str, ...] = ()) -> Outcome:
    """Take a collected value over as submission value of the codelist.

    A value that the codelist does not have is written as collected and listed once with its count: an error for a
    codelist that is not extensible, else a warning.
    """
    return map_terms(_without(frames.clean_text(values), missing), codelist)


def map_terms(values: pd.Series, codelist: Terms) -> Outcome:
    """Map texts to submission values; unmatched ones stay as they are and become one problem."""
    submission, how = codelist.match(values)
    rows = np.flatnonzero(how == How.UNMATCHED).astype(np.int64)
    if not len(rows):
        return Outcome(submission)
    severity: Severity = "warning" if codelist.extensible else "error"
    name = codelist.codelist.name or codelist.codelist.code
    kind = "extensible" if codelist.extensible else "not extensible"
    message = f"value not in codelist {name}, which is {kind}; written as collected"
    return Outcome(submission, (Problem(CT_RULE, severity, message, rows, values.iloc[rows].to_numpy(), once=True),))


@ALGORITHMS.column(method='"{value}"[ where {source} is not missing]')
def hardcode_no_ct(*values: Values, value: str) -> Outcome:
    """Give one value to all records, or to those in which a source has a value."""
    return _hardcoded(values, value)


@ALGORITHMS.column(method='"{value}"[ where {source} is not missing] (codelist {codelist})')
def hardcode_ct(*values: Values, value: str, codelist: Terms) -> Outcome:
    """Give one submission value to all records, or to those in which a source has a value.

    Raises SpecError when the value is not a submission value of the codelist and that is not extensible; a value that
    is only another spelling of a term is wrong too.
    """
    submission, how = codelist.find(value)
    if submission != value or how is How.UNMATCHED:
        known = how not in (How.UNMATCHED, How.NULL)
        if known or not codelist.extensible:
            name = codelist.codelist.name or codelist.codelist.code
            hint = f"write {submission!r}" if known else nearest_hint(value, codelist.submission_values)
            raise SpecError(f"{value!r} is not a submission value of codelist {name}", hint=hint)
        outcome = _hardcoded(values, value)
        rows = np.zeros(1, dtype=np.int64)
        message = "hardcoded value is not in its extensible codelist; add it to the codelist of the study"
        return Outcome(outcome.values, (Problem(CT_RULE, "warning", message, rows, [value], once=True),))
    return _hardcoded(values, value)


@ALGORITHMS.column(method='"{value}"')
def dataset_level(*, value: str) -> Outcome:
    """Give the same value to every record of the dataset (an identifier, a constant)."""
    return Outcome(value)


@ALGORITHMS.records(method="{source} is not submitted: {reason}")
def not_submitted(frame: pd.DataFrame, *, source: tuple[ColumnName, ...], reason: str) -> Records:
    """State that collected columns are not submitted, and why; the records stay as they are."""
    if not source or not reason.strip():
        raise SpecError("not_submitted needs the columns and a reason", hint="add source: and reason:")
    return Records(frame, np.arange(len(frame), dtype=np.int64))


def _hardcoded(values: tuple[pd.Series, ...], value: str) -> Outcome:
    if not values:
        return Outcome(value)
    given = np.zeros(len(values[0]), dtype=bool)
    for one in values:
        given |= frames.as_text(one).notna().to_numpy()
    return Outcome(frames.take_text([value], np.where(given, 0, -1)))


def _without(values: pd.Series, missing: tuple[str, ...]) -> pd.Series:
    if not missing:
        return values
    codes, distinct = frames.factorize(values)
    words = {word.casefold() for word in missing}
    # one flag more, for the code -1 of a missing value
    gone = np.array([*(str(text).casefold() in words for text in distinct), False], dtype=bool)[codes]
    return values.mask(gone) if gone.any() else values
