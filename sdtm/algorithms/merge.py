"""`merge`: columns of another table joined to the records."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from sdtm.algorithms.lookup import key_texts
from sdtm.catalog import ALGORITHMS
from spectrail import frames
from spectrail.errors import SpecError
from spectrail.findings import Severity
from spectrail.steps import ColumnName, Exclusion, Positions, Problem, Records, Table, TableColumn

Expect = Literal["one-to-one", "many-to-one", "one-to-many"]


@ALGORITHMS.records(method="joined by {source} with {key} of {table} ({expect})")
def merge(
    frame: pd.DataFrame,
    *,
    source: tuple[ColumnName, ...],
    table: Table,
    key: tuple[TableColumn, ...],
    columns: tuple[TableColumn, ...],
    expect: Expect,
    prefix: str = "",
    unmatched: Literal["keep", "exclude"] = "keep",
    report: Literal["", "notice", "warning", "error"] = "warning",
) -> Records:
    """Join columns of a table to the records whose source columns equal the table's keys.

    The new columns are named `prefix` and the column (`prefix: lab.` makes `lab.RESULT`).  `expect` says how records
    and rows belong together and is checked: a key that stands twice on a side where it must not is an error, and its
    first row counts (`many-to-one`, `one-to-one`).  Records without a row are kept with missing values or left out;
    they are listed once by key.  Rows of the table that no record took show in the account of its rows.
    """
    if len(source) != len(key):
        raise SpecError(f"merge has {len(source)} source column(s) for {len(key)} key column(s)")
    names = [f"{prefix}{name}" for name in columns]
    taken = [name for name in names if name in frame.columns]
    if taken:
        raise SpecError(f"merge would overwrite the column {taken[0]!r}", hint="give a prefix")
    left = [frame[name] for name in source]
    right = [table[name].reset_index(drop=True) for name in key]
    problems = _unexpected(left, right, expect)
    record, row = frames.match_all(left, right)
    if expect != "one-to-many":
        first = frames.run_starts(record)
        record, row = record[first], row[first]
    lonely = frames.complement(record, len(frame))
    problems += _reported(left, lonely, report)
    excluded = (Exclusion(lonely, "no row of the merged table has its key"),) if unmatched == "exclude" else ()
    if unmatched == "keep":
        record, row = np.append(record, lonely), np.append(row, np.full(len(lonely), -1, dtype=np.int64))
        order = np.argsort(record, kind="stable")
        record, row = record[order], row[order]
    made = frame.take(record).reset_index(drop=True)
    for name, new in zip(columns, names, strict=True):
        made[new] = pd.Series(table[name].array.take(row, allow_fill=True)) if len(table) else _nothing(row)
    joined = np.flatnonzero(row >= 0).astype(np.int64)
    numbers = table.index.to_numpy(dtype=np.int64)
    return Records(
        made,
        record,
        joined=(joined, numbers[row[joined]]),
        excluded=tuple(one for one in excluded if len(one.rows)),
        problems=tuple(problems),
    )


def _nothing(rows: Positions) -> pd.Series:
    return frames.missing_text(len(rows))


def _unexpected(left: list[pd.Series], right: list[pd.Series], expect: Expect) -> list[Problem]:
    """Report keys that stand twice on a side where they must not."""
    wanted, offered = frames.shared_codes(left, right)
    found: list[Problem] = []
    size = int(max(wanted.max(initial=-1), offered.max(initial=-1))) + 1
    in_left, in_right = (np.bincount(codes[codes >= 0], minlength=size) for codes in (wanted, offered))
    if expect in ("one-to-one", "one-to-many"):
        found += _repeated(left, wanted, (in_left > 1) & (in_right > 0), "key stands in several records")
    if expect in ("one-to-one", "many-to-one"):
        found += _repeated(
            left, wanted, in_right > 1, "key stands in several rows of the merged table; the first counts"
        )
    return found


def _repeated(left: list[pd.Series], codes: Positions, twice: np.ndarray, message: str) -> list[Problem]:
    rows = np.flatnonzero(np.append(twice, False)[codes]).astype(np.int64)
    if not len(rows):
        return []
    return [Problem("MAP-MERGE-CARDINALITY", "error", message, rows, key_texts(left, rows).to_numpy(), once=True)]


def _reported(
    left: list[pd.Series],
    lonely: Positions,
    report: Literal["", "notice", "warning", "error"],
) -> list[Problem]:
    if not report:
        return []
    severity: Severity = report
    found = []
    if len(lonely):
        texts = key_texts(left, lonely).to_numpy()
        message = "record whose key the merged table does not have"
        found.append(Problem("MAP-MERGE-UNMATCHED", severity, message, lonely, texts, once=True))
    return found
