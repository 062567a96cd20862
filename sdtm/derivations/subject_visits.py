"""SV and SE: what each subject went through, by visit and by element."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sdtm.algorithms.lookup import table_numbers
from sdtm.catalog import ALGORITHMS
from sdtm.derivations.results import derive_stresn
from spectrail import dates, frames
from spectrail.errors import SpecError, UnknownNameError
from spectrail.steps import ColumnName, Positions, Problem, Records, Table


@ALGORITHMS.records(method="one record per subject and visit, with the first and last date of {date}")
def derive_sv(
    frame: pd.DataFrame,
    *,
    date: ColumnName,
    subject: ColumnName = "USUBJID",
    visit: ColumnName = "VISITNUM",
    planned: Table | None = None,
    reference: ColumnName | None = None,
    until: ColumnName | None = None,
) -> Records:
    """Make SV (SDTMIG 3.4 section 5.5): one record per subject and visit with SVSTDTC and SVENDTC.

    The first and last date are those with the earliest beginning and the latest end.  Other columns have their first
    value that is not missing.  `planned` (columns VISITNUM, VISIT, VISITDY) adds the planned visits that a subject
    does not have, with SVPRESP Y and SVOCCUR N, up to the study day of `until` relative to `reference`; a subject
    without these dates gets none.  Records without a visit number stay as they are.
    """
    codes, count = frames.group_codes([frame[subject], frame[visit]])
    sequence = frames.sort_codes(codes)
    first = frames.first_positions(codes, count)
    made = _first_known(frame, codes, count, sequence)
    low, high = dates.bounds(frames.as_text(frame[date]))
    made["SVSTDTC"] = _extreme(frame[date], low.astype(np.int64), ~np.isnat(low), codes, count)
    made["SVENDTC"] = _extreme(frame[date], -high.astype(np.int64), ~np.isnat(low), codes, count)
    if planned is None:
        return Records(made, first, links=(codes[sequence], sequence))
    if reference is None or until is None:
        raise SpecError("planned visits need reference and until", hint="for example DM.RFSTDTC and DM.RFPENDTC")
    made, provider = _with_planned(made, first, planned, subject, visit, reference, until)
    return Records(made, provider, links=(codes[sequence], sequence))


def _first_known(frame: pd.DataFrame, codes: Positions, count: int, sequence: Positions) -> pd.DataFrame:
    columns = {}
    for name in frame.columns:
        values = frame[name]
        rows = sequence[values.notna().to_numpy()[sequence]][::-1]
        found = np.full(count, -1, dtype=np.int64)
        found[codes[rows]] = rows
        columns[name] = values.array.take(found, allow_fill=True)
    return pd.DataFrame(columns, index=pd.RangeIndex(count))


def _extreme(values: pd.Series, number: np.ndarray, known: np.ndarray, codes: Positions, count: int) -> pd.Series:
    rows = np.flatnonzero(known)
    order = rows[np.lexsort((number[rows], codes[rows]))]
    found = np.full(count, -1, dtype=np.int64)
    found[codes[order[::-1]]] = order[::-1]
    return pd.Series(frames.as_text(values).array.take(found, allow_fill=True))


def _with_planned(
    made: pd.DataFrame,
    provider: Positions,
    planned: pd.DataFrame,
    subject: str,
    visit: str,
    reference: str,
    until: str,
) -> tuple[pd.DataFrame, Positions]:
    for name in ("VISITNUM", "VISIT", "VISITDY"):
        if name not in planned.columns:
            raise UnknownNameError("column of the planned visits", name, map(str, planned.columns))
    number, day = table_numbers(planned["VISITNUM"]), table_numbers(planned["VISITDY"])
    if not pd.api.types.is_numeric_dtype(made[visit].dtype):
        made[visit] = derive_stresn(made[visit])
    owner, people = frames.group_codes([made[subject]])
    one = frames.first_positions(owner, people)
    last = dates.study_days(frames.as_text(made[until]).iloc[one], frames.as_text(made[reference]).iloc[one])
    due = (day[None, :] <= last[:, None]) & ~np.isnan(number)[None, :]
    person, which = np.nonzero(due)
    has = frames.match_keys(
        [pd.Series(person), pd.Series(number[which])],
        [pd.Series(owner), made[visit].reset_index(drop=True)],
    )
    person, which = person[has.rows < 0], which[has.rows < 0]
    added = {
        subject: made[subject].array.take(one[person]),
        visit: number[which],
        "VISIT": frames.as_text(planned["VISIT"]).array.take(which),
        "VISITDY": day[which],
        "SVPRESP": frames.repeat_text("Y", len(person)).array,
        "SVOCCUR": frames.repeat_text("N", len(person)).array,
    }
    extra = pd.DataFrame(added, index=pd.RangeIndex(len(person)))
    for name in ("VISIT", "SVPRESP", "SVOCCUR"):
        if name not in made:
            made[name] = frames.missing_text(len(made))
    if "VISITDY" not in made:
        made["VISITDY"] = np.full(len(made), np.nan)
    stacked = pd.concat([made, extra], ignore_index=True)
    return stacked, np.append(provider, np.full(len(extra), -1, dtype=np.int64))


@ALGORITHMS.records(
    method="{target} of one record per subject and element that began, by the rules of table {elements}",
    makes=("SESTDTC", "SEENDTC"),
)
def derive_se(
    frame: pd.DataFrame,
    *,
    elements: Table,
    columns: tuple[ColumnName, ...],
    subject: ColumnName = "USUBJID",
) -> Records:
    """Make SE (SDTMIG 3.4 section 5.3) from one record per subject with the dates of `columns`.

    `elements` has one row per element in planned order: START names the column whose date starts it (an element
    without that date did not happen), END (optional) the one that ends it; all its other columns (ETCD, ELEMENT,
    EPOCH, TAETORD) are taken over.  Without an END date an element ends when the next begins.  Records come by
    subject and start.
    """
    if "START" not in elements.columns:
        raise UnknownNameError("column of the elements", "START", map(str, elements.columns))
    start = _dates_of(frame, frames.as_text(elements["START"]).tolist(), columns)
    end = (
        _dates_of(frame, frames.as_text(elements["END"]).tolist(), columns)
        if "END" in elements.columns
        else pd.DataFrame({number: frames.missing_text(len(frame)) for number in range(len(elements))})
    )
    begun = start.notna().to_numpy()
    record, element = np.nonzero(begun)
    begin = _cell(start, record, element)
    low = dates.earliest(begin).astype(np.int64)
    order = np.lexsort((element, low, record))
    record, element, begin = record[order], element[order], begin.take(order).reset_index(drop=True)
    same = np.append(record[1:] == record[:-1], False)[: len(record)]
    following = begin.shift(-1).where(same)
    given = _cell(end, record, element)
    made = pd.DataFrame({name: frame[name].array.take(record) for name in frame.columns})
    for name in (str(one) for one in elements.columns if one not in ("START", "END")):
        made[name] = frames.take_text(frames.as_text(elements[name]).tolist(), element)
    made["SESTDTC"] = begin
    made["SEENDTC"] = given.where(given.notna(), following)
    return Records(made, record.astype(np.int64), problems=_backwards(made, record))


def _dates_of(frame: pd.DataFrame, names: list[str], columns: tuple[str, ...]) -> pd.DataFrame:
    found = {}
    for number, name in enumerate(names):
        if name != name or not name:
            found[number] = frames.missing_text(len(frame))
        elif name not in columns:
            raise UnknownNameError("date column of an element", name, columns)
        else:
            found[number] = frames.as_text(frame[name])
    return pd.DataFrame(found, index=frame.index)


def _cell(table: pd.DataFrame, record: np.ndarray, column: np.ndarray) -> pd.Series:
    if not table.shape[1]:
        return frames.missing_text(len(record))
    stacked = pd.concat([table[name] for name in table], ignore_index=True)
    return pd.Series(stacked.array.take(column * len(table) + record)).astype("str")


def _backwards(made: pd.DataFrame, record: np.ndarray) -> tuple[Problem, ...]:
    wrong = dates.compare(made["SESTDTC"], made["SEENDTC"]) == dates.AFTER
    rows = record[wrong].astype(np.int64)
    if not len(rows):
        return ()
    message = "element ends before it begins"
    return (Problem("MAP-ELEMENT-ORDER", "error", message, rows, made["SEENDTC"].to_numpy()[wrong]),)
