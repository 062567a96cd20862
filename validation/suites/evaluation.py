"""Run a suite on columns: the same definition as Great Expectations, with the rows that fail; findings of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from spectrail.findings import Findings
from validation.core.reporting import natural_keys
from validation.suites.expectations import (
    BETWEEN,
    IN_SET,
    LENGTH,
    NOT_NULL,
    OF_TYPE,
    ORDERED,
    REGEX,
    UNIQUE,
    Expectation,
    Suite,
)

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Outcome:
    """The outcome of one expectation: whether it holds, and the rows (from 0) that break it."""

    expectation: Expectation
    success: bool
    rows: npt.NDArray[np.int64]


def with_relations(suite: Suite, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with the relation columns of the suite beside it: what Great Expectations is handed."""
    columns = {name: column.set_axis(frame.index) for name, column in suite.relations.items()}
    return pd.concat([frame, pd.DataFrame(columns, index=frame.index)], axis=1) if columns else frame


def evaluate_suite(suite: Suite, frame: pd.DataFrame) -> list[Outcome]:
    """Evaluate all expectations on a dataset (without relation columns)."""
    return [_outcome(expectation, frame, suite.relations) for expectation in suite.expectations]


def _outcome(expectation: Expectation, frame: pd.DataFrame, relations: Mapping[str, pd.Series]) -> Outcome:
    kwargs = expectation.kwargs
    if expectation.type == ORDERED:
        present = [*map(str, frame.columns), *relations]
        return Outcome(expectation, present == list(kwargs["column_list"]), _none())
    if expectation.type == UNIQUE:
        rows = np.flatnonzero(frame.duplicated(subset=list(kwargs["column_list"]), keep=False).to_numpy())
        return Outcome(expectation, not len(rows), rows)
    column = relations[kwargs["column"]] if kwargs["column"] in relations else frame[kwargs["column"]]
    if expectation.type == OF_TYPE:
        return Outcome(expectation, str(column.dtype) == kwargs["type_"], _none())
    rows = np.flatnonzero(_COLUMN_TESTS[expectation.type](column, kwargs))
    return Outcome(expectation, not len(rows), rows)


def _none() -> npt.NDArray[np.int64]:
    return np.zeros(0, dtype=np.int64)


def _missing(column: pd.Series, kwargs: Mapping[str, object]) -> Flags:
    return column.isna().to_numpy(dtype=bool)


def _outside_set(column: pd.Series, kwargs: Mapping[str, object]) -> Flags:
    inside = column.isin(list(kwargs["value_set"]))  # type: ignore[call-overload]
    return (~inside & column.notna()).to_numpy(dtype=bool)


def _unmatched(column: pd.Series, kwargs: Mapping[str, object]) -> Flags:
    pattern = re.compile(str(kwargs["regex"]))
    codes, values = pd.factorize(column)
    wrong = np.array([pattern.search(str(value)) is None for value in values] + [False], dtype=bool)
    return wrong[codes]


def _too_long(column: pd.Series, kwargs: Mapping[str, object]) -> Flags:
    codes, values = pd.factorize(column)
    longest = int(str(kwargs["max_value"]))
    return np.array([len(str(value)) > longest for value in values] + [False], dtype=bool)[codes]


def _out_of_range(column: pd.Series, kwargs: Mapping[str, object]) -> Flags:
    values = column.to_numpy(dtype=np.float64)
    return np.asarray(values < float(str(kwargs["min_value"])), dtype=bool)


_COLUMN_TESTS: Mapping[str, Callable[[pd.Series, Mapping[str, object]], Flags]] = {
    NOT_NULL: _missing,
    IN_SET: _outside_set,
    REGEX: _unmatched,
    LENGTH: _too_long,
    BETWEEN: _out_of_range,
}


def suite_findings(suite: Suite, frame: pd.DataFrame, *, keys: tuple[str, ...] = ("USUBJID",)) -> Findings:
    """Return a finding per expectation and record that breaks it; one without record where the dataset does."""
    failed = [outcome for outcome in evaluate_suite(suite, frame) if not outcome.success]
    if not failed:
        return Findings()
    texts = natural_keys(frame, keys).to_numpy(dtype=object)
    return Findings.concat([_as_findings(suite, outcome, frame, texts) for outcome in failed])


def _as_findings(suite: Suite, outcome: Outcome, frame: pd.DataFrame, texts: npt.NDArray[np.object_]) -> Findings:
    expectation, rows = outcome.expectation, outcome.rows
    shown = [name for name in expectation.variables if name in frame]
    if not len(rows):
        return Findings.of(
            rule=expectation.rules[0],
            severity=expectation.severity,
            dataset=suite.dataset,
            variable=", ".join(expectation.variables),
            message=expectation.message,
            reference=", ".join(expectation.rules[1:]),
        )
    values = pd.Series("", index=pd.RangeIndex(len(rows)), dtype="object")
    for name in shown:
        values = values + (f"{name}=" if len(shown) > 1 else "") + _texts(frame[name].iloc[rows]) + "; "
    return Findings.of(
        rule=np.full(len(rows), expectation.rules[0], dtype=object),
        severity=expectation.severity,
        dataset=suite.dataset,
        variable=", ".join(expectation.variables),
        record=rows + 1,
        keys=texts[rows],
        value=values.str.removesuffix("; ").to_numpy(dtype=object),
        message=expectation.message,
        reference=", ".join(expectation.rules[1:]),
    )


def _texts(column: pd.Series) -> pd.Series:
    """Return values as text, each distinct one printed once; null as empty text."""
    codes, values = pd.factorize(column)
    printed = np.array([str(value) for value in values] + [""], dtype=object)
    return pd.Series(printed[codes], dtype="object")
