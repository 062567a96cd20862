"""What a run found: findings and statuses as columns, lines as results files have them, conversion to `Findings`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from spectrail.findings import SEVERITIES, Findings
from validation.core.columns import Column, combine_codes
from validation.core.frames import Frame
from validation.core.rule_files import Rule
from validation.core.signals import INPUT_ABSENT, NOT_APPLICABLE
from validation.core.tree import conditions_of

_WILDCARD = re.compile(r"(?<![\w-])--(?=[A-Z])")
NOT_IN_DATASET = "Not in dataset"
STUDY = "STUDY"
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Reported:
    """One output variable of the findings of a block: texts by code; `shown` tells which findings report it."""

    variable: str
    codes: npt.NDArray[np.int32]
    texts: tuple[str, ...]
    shown: npt.NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class Block:
    """The findings of one rule on one dataset (or split family): one entry per finding, record 0 for none.

    `counts` tells of rules with sensitivity Group how many records each finding stands for.
    """

    rule: Rule
    datasets: tuple[str, ...]
    dataset: npt.NDArray[np.int32]
    record: Rows
    rows: Rows
    reported: tuple[Reported, ...]
    message: str = ""
    counts: Rows | None = None

    def __len__(self) -> int:
        return len(self.record)


def output_names(rule: Rule, frame: Frame) -> list[str]:
    """Return the variables that a finding reports: the outcome's, else the targets of all conditions in order."""
    written: Sequence[str] = rule.output
    if not written and rule.check is not None:
        written = [condition.name for condition in conditions_of(rule.check) if condition.name]
    return list(dict.fromkeys(frame.resolve(name) for name in written))


def make_block(rule: Rule, frame: Frame, flags: npt.NDArray[np.bool_], *, presence: bool) -> Block | None:
    """Turn flagged rows into the findings of a rule by its sensitivity; None when there are none."""
    rows = np.flatnonzero(flags)
    if not len(rows):
        return None
    counts: Rows | None = None
    if rule.sensitivity in ("Dataset", "Study"):
        rows = rows[:1]
    elif rule.sensitivity == "Group":
        rows, counts = _first_of_groups(rule, frame, rows)
    origin = frame.origin.take(rows)
    numbered = rule.sensitivity != "Dataset" and not presence
    return Block(
        rule,
        (STUDY,) if presence else origin.datasets,
        np.zeros(len(rows), dtype=np.int32) if presence else np.asarray(origin.dataset),
        origin.record if numbered else np.zeros(len(rows), dtype=np.int64),
        rows,
        tuple(_reported(rule, frame, rows)),
        _WILDCARD.sub(frame.wildcard, rule.message) if frame.wildcard else rule.message,
        counts,
    )


def _first_of_groups(rule: Rule, frame: Frame, rows: Rows) -> tuple[Rows, Rows]:
    """Return the first row of each group and how many rows the group has."""
    names = [frame.resolve(name) for name in rule.grouping if frame.has(frame.resolve(name))]
    if not names:
        return rows[:1], np.array([len(rows)], dtype=np.int64)
    codes, size = combine_codes([frame.column(name).group_codes[rows] for name in names])
    first = np.full(size, -1, dtype=np.int64)
    first[codes[::-1]] = np.arange(len(rows) - 1, -1, -1)
    order = np.argsort(first)
    return rows[first[order]], np.bincount(codes, minlength=size)[order].astype(np.int64)


def _reported(rule: Rule, frame: Frame, rows: Rows) -> list[Reported]:
    names = output_names(rule, frame)
    columns: dict[str, Column | None] = {
        name: frame.column(name).take(rows) if frame.has(name) else None for name in names
    }
    shown: dict[str, npt.NDArray[np.bool_] | None] = dict.fromkeys(columns)
    for column in [column for column in columns.values() if column is not None and column.kind == "list"]:
        _add_members(frame, rows, column, columns, shown)
    as_float = all(column is not None and column.kind == "number" for column in columns.values())
    return [_texts(name, column, len(rows), shown[name], as_float=as_float) for name, column in columns.items()]


def _add_members(
    frame: Frame,
    rows: Rows,
    lists: Column,
    columns: dict[str, Column | None],
    shown: dict[str, npt.NDArray[np.bool_] | None],
) -> None:
    """Report members of list values that are columns as further variables, on the rows whose list has them."""
    members = dict.fromkeys(str(member) for value in lists.occurring() for member in value)
    for member in members:
        if member not in columns and frame.has(member):
            columns[member] = frame.column(member).take(rows)
            shown[member] = lists.where(lambda value, member=member: member in value)  # type: ignore[misc]


def _texts(
    name: str, column: Column | None, size: int, shown: npt.NDArray[np.bool_] | None, *, as_float: bool
) -> Reported:
    if column is None:
        return Reported(name, np.zeros(size, dtype=np.int32), (NOT_IN_DATASET,), shown)
    codes, used = pd.factorize(column.codes)
    texts = ["" if code < 0 else print_value(column.distinct[code], as_float=as_float) for code in used]
    return Reported(name, codes.astype(np.int32), tuple(texts), shown)


def print_value(value: Any, *, as_float: bool = False) -> str:
    """Print a value as recorded results do: numbers with `.0`, integers of operations without, lists in brackets."""
    if isinstance(value, str):
        return "" if not value.strip() or value in ("null", "nan") else value
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return str(float(value)) if as_float else str(value)
    return str(list(value)) if isinstance(value, tuple) else str(value)


@dataclass(frozen=True)
class RunResult:
    """The outcome of a run: blocks of findings and a status per rule and dataset.

    `status` has the columns rule, dataset (empty: the whole study), status (run, not_applicable, not_evaluated),
    cause, reason, note, findings. `standard` and `version` are those of the run.
    """

    rules: tuple[Rule, ...]
    blocks: tuple[Block, ...]
    status: pd.DataFrame
    standard: str = ""
    version: str = ""

    def __len__(self) -> int:
        return sum(len(block) for block in self.blocks)

    def findings(self) -> pd.DataFrame:
        """Return one row per finding: rule, dataset, record, variables, values, message, sensitivity.

        `variables` and `values` are joined by `, ` and `; ` in the order of the rule's output variables.
        """
        return _stacked([_wide(block) for block in self.blocks], WIDE)

    def lines(self) -> pd.DataFrame:
        """Return one row per finding and output variable: rule, dataset, record, variable, value, finding number."""
        start = np.cumsum([0] + [len(block) for block in self.blocks])
        parts = [_long(block, int(first)) for block, first in zip(self.blocks, start[:-1], strict=True)]
        return _stacked(parts, LONG).sort_values("finding", kind="stable", ignore_index=True)

    def not_evaluated(self) -> pd.DataFrame:
        """Return the statuses of rules that could not be evaluated, with cause and reason."""
        return self.status[self.status["status"] == "not_evaluated"].reset_index(drop=True)

    def to_findings(self, keys: Mapping[str, pd.Series] | None = None, *, severity: str = "error") -> Findings:
        """Return the toolkit's findings; `keys` gives per dataset the natural keys of its records as text.

        Severity is the rule's own where it names one. Rules that could not be evaluated are findings too: an error
        where the rule is broken, a notice where its input is absent.
        """
        parts = [_as_findings(block, keys or {}, severity) for block in self.blocks]
        return Findings.concat([*parts, self.problems()])

    def problems(self) -> Findings:
        """Return a finding for each rule that could not be evaluated, once per rule, dataset and reason."""
        failed = self.not_evaluated()
        if not len(failed):
            return Findings()
        absent = failed["cause"].isin(INPUT_ABSENT).to_numpy()
        return Findings.of(
            rule=failed["rule"],
            severity=np.where(absent, "notice", "error"),
            dataset=failed["dataset"],
            message=("could not be evaluated: " + failed["reason"]).astype("str"),
            reference=failed["cause"],
        )


WIDE = ("rule", "dataset", "record", "variables", "values", "message", "sensitivity")
LONG = ("rule", "dataset", "record", "variable", "value", "finding")


def _stacked(parts: list[pd.DataFrame], columns: tuple[str, ...]) -> pd.DataFrame:
    if not parts:
        return pd.DataFrame(
            {name: pd.Series(dtype="int64" if name in ("record", "finding") else "str") for name in columns}
        )
    return pd.concat(parts, ignore_index=True)


def _names(block: Block) -> npt.NDArray[np.object_]:
    return np.array(block.datasets, dtype=object)[block.dataset]


def _joined(block: Block, *, pairs: bool = False) -> npt.NDArray[np.object_]:
    """Return the values of each finding as one text, composed once per distinct combination."""
    parts = [_with_hidden(part) for part in block.reported]
    if not parts:
        return np.full(len(block), "", dtype=object)
    codes, size = combine_codes([codes for codes, _ in parts])
    first = np.zeros(size, dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
    texts = np.full(size, "", dtype=object)
    for at, row in enumerate(first.tolist()):
        shown = [
            (part.variable, texts_of[int(part_codes[row])])
            for part, (part_codes, texts_of) in zip(block.reported, parts, strict=True)
        ]
        texts[at] = "; ".join(f"{name}={text}" if pairs else text for name, text in shown if text is not None)
    return texts[codes]


def _with_hidden(part: Reported) -> tuple[npt.NDArray[np.int64], tuple[str | None, ...]]:
    if part.shown is None:
        return part.codes.astype(np.int64), part.texts
    return np.where(part.shown, part.codes, len(part.texts)).astype(np.int64), (*part.texts, None)


def _wide(block: Block) -> pd.DataFrame:
    variables = ", ".join(part.variable for part in block.reported)
    return pd.DataFrame(
        {
            "rule": block.rule.id,
            "dataset": pd.Series(_names(block), dtype="str"),
            "record": block.record,
            "variables": variables,
            "values": pd.Series(_joined(block), dtype="str"),
            "message": block.message,
            "sensitivity": block.rule.sensitivity,
        },
        columns=list(WIDE),
    )


def _long(block: Block, start: int) -> pd.DataFrame:
    names = _names(block)
    numbers = np.arange(start, start + len(block), dtype=np.int64)
    parts = []
    for part in block.reported:
        kept = slice(None) if part.shown is None else part.shown
        values = np.array(part.texts or ("",), dtype=object)[part.codes]
        parts.append(
            pd.DataFrame(
                {
                    "rule": block.rule.id,
                    "dataset": pd.Series(names[kept], dtype="str"),
                    "record": block.record[kept],
                    "variable": part.variable,
                    "value": pd.Series(values[kept], dtype="str"),
                    "finding": numbers[kept],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _as_findings(block: Block, keys: Mapping[str, pd.Series], severity: str) -> Findings:
    level = block.rule.severity if block.rule.severity in SEVERITIES else severity
    entries = [entry for authority in block.rule.authorities for entry in authority.references]
    record = block.record if block.rule.rule_type in RECORD_TYPES else np.zeros_like(block.record)
    texts = np.full(len(block), "", dtype=object)
    for position, dataset in enumerate(block.datasets):
        if dataset in keys and block.counts is None:
            rows = (block.dataset == position) & (record > 0)
            texts[rows] = keys[dataset].to_numpy(dtype=object)[record[rows] - 1]
    ids = ", ".join(block.rule.public_ids)
    # A finding on a group is known by its values: the keys of its first record would change with the data.
    return Findings.of(
        rule=np.full(len(block), block.rule.id, dtype=object),
        severity=level,
        dataset=_names(block),
        variable=_variables(block),
        record=record,
        keys=texts,
        value=_joined(block, pairs=len(block.reported) > 1),
        message=block.rule.message,
        reference=ids + (f" ({entries[0]})" if entries else ""),
        count=1 if block.counts is None else block.counts,
    )


RECORD_TYPES = frozenset(
    {
        "Record Data",
        "Dataset Contents Check against Define XML",
        "Value Check with Dataset Metadata",
        "Value Check with Variable Metadata",
    }
)
"""Rule types whose rows are records of the dataset; the rows of others are variables or datasets."""


def _variables(block: Block) -> str | npt.NDArray[np.object_]:
    """Return the variables of each finding: the variable a metadata rule is about, else the output variables."""
    for part in block.reported:
        if part.variable in ("variable_name", "define_variable_name") and part.texts:
            return np.array(part.texts, dtype=object)[part.codes]
    return ", ".join(part.variable for part in block.reported)


def natural_keys(frame: pd.DataFrame, names: Sequence[str]) -> pd.Series:
    """Return `USUBJID=... AESTDTC=...` per record, of the keys that exist and are populated; never --SEQ."""
    text = pd.Series("", index=frame.index, dtype="object")
    for name in names:
        if name in frame.columns and not name.endswith("SEQ"):
            values = Column.of_series(frame[name])
            table = np.append(np.array([f"{name}={text} " for text in values.texts], dtype=object), "")
            text = text + table[values.codes]
    return text.str.rstrip()


def cause_to_status(cause: str) -> str:
    """Return the status that a cause gives: run, not_applicable or not_evaluated."""
    if not cause:
        return "run"
    return "not_applicable" if cause in NOT_APPLICABLE else "not_evaluated"
