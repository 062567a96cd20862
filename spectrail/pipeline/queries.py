"""Data queries: what a build found that only data management can answer, cell by cell of the raw extract.

Queries are the findings on a raw row that `query` steps raise, and those of other steps (impossible dates, missing
units, values without a term) from severity warning upwards.  Several findings about one cell for one reason are one
query; a finding that was listed once for many rows is one query per row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from sdtm.algorithms.query import PREFIX
from sdtm.intake import RawTable
from specs import models
from specs.expressions import parse
from spectrail import frames
from spectrail.expressions import evaluate
from spectrail.findings import Findings
from spectrail.lineage import Lineage, Trace

HEADERS = (
    "Query",
    "Form",
    "Site",
    "Subject",
    "Visit",
    "Page",
    "Line",
    "Field",
    "Collected",
    "Question",
    "Rule",
    "Severity",
    "File",
    "Row",
    "Dataset",
    "Record",
    "Variables",
)
"""`Page` is name and repeat number of the page, `Line` the record position on it, `Row` the data row of the file from
1, `Record` the record of the written dataset from 1 (blank: none)."""

SYSTEM = {
    "Site": ("SiteNumber", "SITEID", "SITENUM", "Site"),
    "Subject": ("Subject", "SUBJID", "PATNUM", "USUBJID"),
    "Visit": ("FolderName", "Folder", "InstanceName", "VISIT"),
    "Page": ("DataPageName", "FormName", "FORM"),
    "Line": ("RecordPosition", "RECORDID"),
}
"""Names that data capture systems give to the columns that say where a value stands; the first that a form has."""
REPEAT = ("PageRepeatNumber", "PAGEREP")

QUESTIONS = {
    "MAP-DATE-IMPOSSIBLE": "The date or time {value} does not exist in the format of the form. Please correct it.",
    "MAP-DATE-AMBIGUOUS": "The date {value} can be read in more than one way. Please state day, month and year.",
    "MAP-DATE-UNREAD": "The date or time {value} cannot be read. Please correct it.",
    "MAP-UNIT-MISSING": "The result {value} has no unit. Please state the unit.",
    "MAP-UNIT-UNKNOWN": "The unit {value} is not known. Please state the unit of the result.",
    "MAP-UNIT-NO-CONVERSION": "The unit {value} does not fit the test. Please state the unit of the result.",
    "MAP-UNIT-CONFLICT": "The result {value} carries another unit than the one stated. Please state the unit.",
    "MAP-RESULT-UNREAD": "The result {value} cannot be read as a number. Please correct it.",
    "MAP-LIMIT-UNREAD": "The limit {value} cannot be read as a number. Please correct it.",
    "MAP-NUMBER": "{value} is not a number. Please correct it.",
    "MAP-CT": "The value {value} is none of the values expected here. Please correct or confirm it.",
    "MAP-UNTRANSLATED": "The text {value} could not be translated. Please give it in English.",
    "MAP-VISIT-UNSCHEDULED": "No unscheduled visit was recorded on {value}. Please check the date or add the visit.",
}
"""What data management is asked; a rule that is not listed asks with the message of its finding."""

CAUSES = {"MAP-CT": 1, "MAP-VISIT": 1}
"""Rules that say less than another one about the same cell: they give way to it (others have 0)."""

BLANK_CELL = ("MAP-UNIT-MISSING",)
"""Rules about a cell that is blank: the finding shows the value that stands beside it."""


@dataclass(frozen=True)
class _Built:
    """What of a build the listing needs: the study, its raw extracts by name, lineage and records by dataset."""

    study: models.Study
    raw: Callable[[str], RawTable]
    lineages: Mapping[str, Lineage]
    records: Callable[[str], pd.DataFrame] | None


def query_table(
    findings: Findings,
    study: models.Study,
    raw: Callable[[str], RawTable],
    lineages: Mapping[str, Lineage] | None = None,
    records: Callable[[str], pd.DataFrame] | None = None,
) -> pd.DataFrame:
    """Return the queries among findings, one row per query with the columns `HEADERS`, all text, numbered in order.

    `raw` gives a raw extract by its source name; `lineages` by dataset lead from variables to raw columns and from
    raw rows to records, `records` gives the records of a dataset.  Queries stand in the order of forms, rows, columns
    and rules.
    """
    of = _Built(study, raw, lineages or {}, records)
    frame = _asked(findings.frame, study)
    parts = [_located(part, group, of) for group, part in _groups(frame)]
    if not parts:
        return pd.DataFrame({name: pd.Series(dtype="str") for name in HEADERS})
    once = _one_per_reason(pd.concat(parts, ignore_index=True))
    listed = pd.concat([_described(part, str(name), of) for name, part in once.groupby("source", sort=False)])
    order = {source.name: number for number, source in enumerate(study.sources)}
    listed = listed.assign(place=listed["source"].map(order))
    listed = listed.sort_values(["place", "source_row", "column", "rule"], kind="stable").reset_index(drop=True)
    listed["Query"] = [f"Q{number:05d}" for number in range(1, len(listed) + 1)]
    return listed[list(HEADERS)].astype("str").fillna("")


def _asked(frame: pd.DataFrame, study: models.Study) -> pd.DataFrame:
    """Keep the findings that are queries, with plain text columns."""
    severe = frame["severity"].isin(["reject", "error", "warning"])
    asked = severe | frame["rule"].astype("str").str.startswith(PREFIX)
    names = [source.name for source in study.sources]
    wanted = frame.loc[asked & (frame["source_row"] > 0) & frame["source"].isin(names)]
    text = ["rule", "severity", "dataset", "variable", "message", "source", "value"]
    return wanted.assign(**{name: wanted[name].astype("str").fillna("") for name in text}).reset_index(drop=True)


Group = tuple[str, str, str, str]


def _groups(frame: pd.DataFrame) -> Iterator[tuple[Group, pd.DataFrame]]:
    yield from frame.groupby(["dataset", "variable", "source", "rule"], sort=False)


def _located(part: pd.DataFrame, group: Group, of: _Built) -> pd.DataFrame:
    """Name for each finding of a group the raw column it is about, and spread those listed once over their rows."""
    dataset, variable, source, rule = group
    raw = of.raw(source).frame
    lineage = of.lineages.get(dataset, Lineage())
    frame = of.records(dataset) if of.records is not None and dataset in of.lineages else None
    behind = {name: mask for name, mask in columns_behind(lineage, variable, source, frame).items() if name in raw}
    if not behind and variable in raw:
        behind = {variable: None}
    record, value = part["record"].to_numpy(), part["value"].to_numpy(dtype=object)
    rows = part["source_row"].to_numpy() - 1
    column, best = np.full(len(part), "", dtype=object), np.zeros(len(part), dtype=np.int64)
    for name, mask in behind.items():
        cells = frames.as_text(raw[name]).iloc[rows].fillna("").to_numpy(dtype=object)
        fits = cells == "" if rule in BLANK_CELL else cells == value
        made = np.ones(len(part), dtype=bool) if mask is None else mask[np.maximum(record, 1) - 1] | (record <= 0)
        # a column that the record was made from comes before others, among these one that holds the value
        rank = np.where(made, 2, 1) + np.where(made & fits, 1, 0)
        column, best = np.where(rank > best, name, column), np.maximum(rank, best)
    spread = _spread(part.assign(column=column), raw)
    return spread.assign(record=_records(spread, lineage, source))


Mask = npt.NDArray[np.bool_] | None


def columns_behind(
    lineage: Lineage, variable: str, source: str, records: pd.DataFrame | None = None
) -> dict[str, Mask]:
    """Return the raw columns of a form that a variable was made from, those its own steps read first.

    With each column stands for which of the `records` that is so (None: for all), where columns of the form became
    records of their own.
    """
    by_variable: dict[str, list[Trace]] = {}
    for trace in lineage.traces:
        if trace.start in ("", source):
            by_variable.setdefault(trace.variable, []).append(trace)
    found: dict[str, Mask] = {}
    for one in lineage.providers.get(variable, ()):
        if one.source == source and one.column:
            found[one.column] = None
    waiting: list[tuple[str, Mask]] = [(variable, None)]
    seen = {variable}
    while waiting:
        name, mask = waiting.pop(0)
        for trace in by_variable.get(name, ()):
            holds = _both(mask, _transposed(trace, records))
            for read in trace.sources:
                prefix, _, column = read.partition(".")
                if prefix == source and column:
                    found[column] = _either(found[column], holds) if column in found else holds
                elif read in by_variable and read not in seen:
                    seen.add(read)
                    waiting.append((read, holds))
    return found


def _transposed(trace: Trace, records: pd.DataFrame | None) -> Mask:
    """Tell which records a transposing step made from the columns of this trace."""
    if trace.algorithm != "transpose" or not trace.when or records is None:
        return None
    condition = parse(trace.when)
    if not set(condition.columns) <= set(records.columns):
        return None
    columns = {name: records[name] for name in condition.columns}
    return evaluate(condition, columns, records.index).fillna(False).to_numpy(dtype=bool)


def _both(one: Mask, two: Mask) -> Mask:
    return two if one is None else one if two is None else one & two


def _either(one: Mask, two: Mask) -> Mask:
    return None if one is None or two is None else one | two


def _spread(part: pd.DataFrame, raw: pd.DataFrame) -> pd.DataFrame:
    """Give a finding that stands for many rows one row each: those of the raw column with the same value.

    Where these are not as many as the finding counts (its step saw only some records), it keeps its first row.
    """
    many = part[part["count"] > 1]
    if not len(many):
        return part
    kept = [part[part["count"] <= 1]]
    for _, one in many.iterrows():
        same = _equal_rows(raw, str(one["column"]), str(one["value"]))
        rows = same if len(same) == one["count"] else np.array([one["source_row"] - 1])
        copy = pd.DataFrame([one] * len(rows)).assign(source_row=rows + 1, record=0)
        kept.append(copy)
    return pd.concat(kept, ignore_index=True)


def _equal_rows(raw: pd.DataFrame, column: str, value: str) -> npt.NDArray[np.int64]:
    if column not in raw:
        return np.empty(0, dtype=np.int64)
    return np.flatnonzero((frames.as_text(raw[column]) == value).to_numpy(dtype=bool)).astype(np.int64)


def _records(part: pd.DataFrame, lineage: Lineage, source: str) -> npt.NDArray[np.int64]:
    """Return the record of each finding; one that names none has the first record made from its raw row."""
    record = part["record"].to_numpy(dtype=np.int64, copy=True)
    links = lineage.records
    if source not in links.sources or not (record == 0).any():
        return record
    mine = np.flatnonzero(links.source == links.sources.index(source))
    first = np.full(int(links.row[mine].max(initial=-1)) + 2, -1, dtype=np.int64)
    first[links.row[mine][::-1]] = links.record[mine][::-1]
    rows = part["source_row"].to_numpy() - 1
    found = first[np.where(rows < len(first) - 1, rows, len(first) - 1)] + 1
    return np.where(record == 0, found, record)


def _one_per_reason(cells: pd.DataFrame) -> pd.DataFrame:
    """Join the findings about one cell for one reason; the variables they name are listed together."""
    plain = ~cells["rule"].str.startswith(PREFIX)
    cells = cells.assign(_reason=cells["rule"].mask(plain, "MAP"), _weight=cells["rule"].map(CAUSES).fillna(0))
    cells = cells.sort_values("_weight", kind="stable")
    cell = ["source", "source_row", "column", "_reason"]
    place = cells["dataset"] + "." + cells["variable"]
    joined = place.groupby([cells[name] for name in cell], sort=False).agg(
        lambda names: ", ".join(dict.fromkeys(names))
    )
    first = cells.drop_duplicates(cell).set_index(cell)
    return first.assign(variables=joined).reset_index()


def _described(part: pd.DataFrame, source: str, of: _Built) -> pd.DataFrame:
    """Add where the cells of one form stand, what was collected and what is asked."""
    table, form = of.raw(source).frame, next(one for one in of.study.sources if one.name == source)
    rows = part["source_row"].to_numpy() - 1
    added = {name: _system(table, names, rows) for name, names in SYSTEM.items()}
    repeat = pd.Series(_system(table, REPEAT, rows), index=part.index, dtype="str")
    added["Page"] = added["Page"] + (" (repeat " + repeat + ")").mask(repeat.isin(["", "0"]), "").to_numpy(
        dtype=object
    )
    collected = np.full(len(part), "", dtype=object)
    for name in part["column"].unique():
        if name in table:
            here = (part["column"] == name).to_numpy()
            collected[here] = _cells(table, name, rows[here])
    return part.assign(
        **added,
        Form=form.label or source,
        File=form.path,
        Row=part["source_row"].astype("str"),
        Field=part["column"],
        Collected=collected,
        Question=_questions(part),
        Rule=part["rule"],
        Severity=part["severity"],
        Dataset=part["dataset"],
        Record=part["record"].astype("str").mask(part["record"] <= 0, ""),
        Variables=part["variables"],
    )


def _system(table: pd.DataFrame, names: Sequence[str], rows: npt.NDArray[np.int64]) -> npt.NDArray[np.object_]:
    by_name = {str(name).lower(): str(name) for name in table.columns}
    present = [by_name[name.lower()] for name in names if name.lower() in by_name]
    return _cells(table, present[0], rows) if present else np.full(len(rows), "", dtype=object)


def _cells(table: pd.DataFrame, name: str, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.object_]:
    return frames.as_text(table[name]).iloc[rows].fillna("").to_numpy(dtype=object)


def _questions(part: pd.DataFrame) -> pd.Series:
    """Return the questions: of a rule that is listed, else the message with what data management should do."""
    asked = pd.Series("", index=part.index, dtype="str")
    for (rule, message), rows in part.groupby(["rule", "message"], sort=False).groups.items():
        if rule not in QUESTIONS:
            asked.loc[rows] = _asked_by(str(message))
            continue
        before, _, after = QUESTIONS[str(rule)].partition("{value}")
        asked.loc[rows] = before + '"' + part.loc[rows, "value"] + '"' + after
    return asked


def _asked_by(message: str) -> str:
    sentence = message[:1].upper() + message[1:].rstrip(". ")
    return f"{sentence}{'' if sentence.endswith('?') else '.'} Please correct or confirm."
