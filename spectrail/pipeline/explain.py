"""`spectrail explain`: from a value back to raw file, row, columns and collected values, with the steps between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sdtm.intake import RawTable
from specs.expressions import parse
from specs.yaml_files import read_study
from spectrail import expressions
from spectrail.errors import Place, UnknownNameError, UsageError
from spectrail.io.lineage_files import read_lineage
from spectrail.io.sas_dates import DateKind, date_kind, datetimes_of
from spectrail.io.xpt import read_xpt
from spectrail.lineage import Lineage, Provider, Trace
from spectrail.pipeline.record import read_record
from spectrail.pipeline.sources import Sources

MOST_RECORDS = 20
MOST_DEPTH = 12


@dataclass(frozen=True)
class Origin:
    """One raw row behind a record: file, 1-based data row, line in the file, and the collected values read."""

    source: str
    file: str
    row: int
    line: int
    values: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Candidate:
    """One date that could have ended a time to event: where it stands, whether it won, and why it lost."""

    kind: str
    description: str
    date: str
    source: str
    sequence: str
    won: bool
    reason: str


@dataclass(frozen=True)
class Explanation:
    """One record (or variable of a record): its value, the steps that made it, and what they go back to."""

    dataset: str
    record: int
    keys: tuple[tuple[str, str], ...]
    variable: str = ""
    value: str = ""
    steps: tuple[Trace, ...] = ()
    origins: tuple[Origin, ...] = ()
    through: tuple[Explanation, ...] = field(default=())
    candidates: tuple[Candidate, ...] = ()


class Explainer:
    """Answers where values of a build come from; reads datasets, lineage and raw extracts once."""

    def __init__(self, out: Path, study: Path | None) -> None:
        self.out = Path(out)
        self.record = read_record(self.out)
        self.paths = {
            Path(one["path"]).stem.upper(): self.out / one["path"]
            for one in self.record["outputs"]
            if one["path"].endswith(".xpt")
        }
        self.study_folder = study
        self._frames: dict[str, pd.DataFrame] = {}
        self._dates: dict[tuple[str, str], DateKind] = {}
        self._lineages: dict[str, Lineage] = {}
        self._raw: dict[str, RawTable] = {}
        self._candidates: dict[str, pd.DataFrame] = {}
        self._sources: Sources | None = None

    def explain(self, dataset: str, where: str, variable: str = "") -> list[Explanation]:
        """Explain the records of a dataset that meet a condition (at most 20), or one variable of them."""
        name = dataset.upper()
        frame = self.frame(name)
        if variable and variable.upper() not in frame.columns:
            raise UnknownNameError(f"variable of {name}", variable, frame.columns)
        found = np.flatnonzero(self._mask(frame, where))
        if len(found) == 0:
            raise UsageError(f"no record of {name} meets {where!r}", hint="check the values; text is case sensitive")
        if len(found) > MOST_RECORDS:
            raise UsageError(f"{len(found)} records of {name} meet {where!r}", hint="name one record by its keys")
        return [
            replace(self._one(name, int(number), variable.upper(), ()), candidates=self.candidates(name, int(number)))
            for number in found
        ]

    def candidates(self, name: str, number: int) -> tuple[Candidate, ...]:
        """Return what could have ended the time of a time-to-event record, the winner first; () for other records."""
        path = self.out / "lineage" / f"{name.lower()}.candidates.parquet"
        frame = self.frame(name)
        if not path.is_file() or not {"USUBJID", "PARAMCD"} <= set(frame.columns):
            return ()
        if name not in self._candidates:
            self._candidates[name] = pd.read_parquet(path)
        table = self._candidates[name]
        same = [table[one] == frame[one].iloc[number] for one in ("USUBJID", "PARAMCD")]
        mine = table[same[0] & same[1]].sort_values("WINNER", ascending=False, kind="stable")
        return tuple(
            Candidate(
                row.KIND,
                _shown(row.DESCRIPTION),
                _shown(row.DATE)[:10],
                f"{row.DATASET}.{row.VARIABLE}",
                _shown(row.SRCSEQ),
                bool(row.WINNER),
                _shown(row.REASON),
            )
            for row in mine.itertuples()
        )

    def frame(self, name: str) -> pd.DataFrame:
        """Return the written records of a dataset."""
        if name not in self._frames:
            if name not in self.paths:
                raise UnknownNameError("dataset of this build", name, self.paths)
            dataset = read_xpt(self.paths[name])
            self._frames[name] = dataset.frame
            kinds = {column.name: date_kind(column.format) for column in dataset.layout.columns if column.numeric}
            self._dates |= {(name, column): kind for column, kind in kinds.items() if kind}
        return self._frames[name]

    def _value(self, name: str, number: int, variable: str) -> str:
        """Return one value as text; a numeric date with the day it stands for, as in `2023-08-13 (23235)`."""
        value = self.frame(name)[variable].iloc[number]
        text, kind = _shown(value), self._dates.get((name, variable))
        days = datetimes_of(np.array([value]), kind=kind) if kind and text else None
        if days is None:
            return text
        return f"{np.datetime_as_string(days[0], unit='D' if kind == 'date' else 's')} ({text})"

    def lineage(self, name: str) -> Lineage:
        """Return the lineage of a dataset."""
        if name not in self._lineages:
            self._lineages[name] = read_lineage(self.out / "lineage", name)
        return self._lineages[name]

    def _mask(self, frame: pd.DataFrame, where: str) -> Any:
        condition = parse(where)
        for column in condition.columns:
            if column not in frame.columns:
                raise UnknownNameError("variable", column, frame.columns)
        columns = {name: frame[name] for name in condition.columns}
        return expressions.evaluate(condition, columns, frame.index).fillna(False).to_numpy(dtype=bool)

    def _one(self, name: str, number: int, variable: str, seen: tuple[tuple[str, int, str], ...]) -> Explanation:
        """Explain one record or one variable of it; `seen` are the values on the way here."""
        lineage = self.lineage(name)
        traces = self._traces(name, number, variable)
        read = [column for trace in traces for column in trace.sources]
        columns = _through_unwritten(lineage, read, frozenset(map(str, self.frame(name).columns)))
        here = (name, number, variable)
        through: list[Explanation] = []
        origins: list[Origin] = []
        if here not in seen and len(seen) < MOST_DEPTH:
            way = (*seen, here)
            through += [
                self._one(name, number, column, way)
                for column in columns
                if column in self.frame(name).columns and column != variable
            ]
            for source, row in lineage.records.of(number):
                self._follow(source, row, columns, variable, way, origins, through)
            for source, row, column in _provided(lineage.providers.get(variable, ()), number):
                self._follow(source, row, [f"{source}.{column}"], variable, way, origins, through)
        value = self._value(name, number, variable) if variable else ""
        keys = self._keys(name, number)
        return Explanation(name, number + 1, keys, variable, value, traces, tuple(origins), tuple(through))

    def _traces(self, name: str, number: int, variable: str) -> tuple[Trace, ...]:
        if variable == "QVAL":
            qnam = _shown(self.frame(name)["QNAM"].iloc[number])
            return self.lineage(name).of_variable(f"QVAL.{qnam}")
        found = self.lineage(name).of_variable(variable) if variable else ()
        applied = [trace for trace in found if self._applies(name, number, trace)]
        # a block of records that names this one's parameter is where it comes from
        home = {trace.start for trace in applied if trace.start and trace.when}
        return tuple(trace for trace in applied if not home or not trace.start or trace.start in home)

    def _applies(self, name: str, number: int, trace: Trace) -> bool:
        """Tell whether a step was for this record, by the form it started from and by its condition.

        A condition that names more than written variables is taken to hold. Records of a working table are not known
        by it: it is not written.
        """
        lineage = self.lineage(name)
        working = bool(lineage.of_variable(trace.start)) if trace.start else False
        if trace.start and not working and trace.start not in {source for source, _ in lineage.records.of(number)}:
            return False
        if not trace.when:
            return True
        frame = self.frame(name)
        names = parse(trace.when).columns
        if any(column not in frame.columns for column in names):
            return True
        return bool(self._mask(frame.iloc[[number]].reset_index(drop=True), trace.when)[0])

    def _follow(
        self,
        source: str,
        row: int,
        columns: Sequence[str],
        variable: str,
        way: tuple[tuple[str, int, str], ...],
        origins: list[Origin],
        through: list[Explanation],
    ) -> None:
        """Add what one source row says: the columns read of a raw row, or the variables read of a record."""
        read = [one.removeprefix(f"{source}.") for one in columns if one.startswith(f"{source}.")]
        if variable and not read:
            if not columns and source not in self.paths:
                origins.append(self._origin(source, row, ()))
            return
        if source in self.paths:
            known = [one for one in read if one in self.frame(source).columns] or [""]
            through += [self._one(source, row, one, way) for one in known]
            return
        origin = self._origin(source, row, read or None)
        if origin not in origins:
            origins.append(origin)

    def _origin(self, source: str, row: int, read: Sequence[str] | None) -> Origin:
        """Describe a raw row with the values of some columns (None: of all)."""
        entry = next((one for one in self.record["inputs"] if one["name"] == source), None)
        if entry is None:
            return Origin(source, "specification", row + 1, 0, ())
        table = self._table(source, entry)
        if table is None:
            return Origin(source, entry["path"], row + 1, 0, tuple((name, "?") for name in read or ()))
        values = tuple(
            (name, _shown(table.frame[name].iloc[row])) for name in (table.frame.columns if read is None else read)
        )
        return Origin(source, entry["path"], row + 1, int(table.lines[row]), values)

    def _table(self, source: str, entry: dict[str, Any]) -> RawTable | None:
        if self.study_folder is None:
            return None
        if self._sources is None:
            self._sources = Sources(read_study(self.study_folder).study, Path(self.study_folder))
        table = self._sources.read(source)
        if table.sha256 != entry["sha256"]:
            raise UsageError(
                "is not the file this build was made from (its hash differs)",
                place=Place(file=str(Path(self.study_folder) / entry["path"])),
                hint="give the study folder the build was made from, or build again",
            )
        return table

    def _keys(self, name: str, number: int) -> tuple[tuple[str, str], ...]:
        frame = self.frame(name)
        wanted = [one for one in ("USUBJID", f"{name}SEQ", "PARAMCD", "AVISIT", "QNAM", "IDVARVAL") if one in frame]
        return tuple((one, _shown(frame[one].iloc[number])) for one in wanted)


def _through_unwritten(lineage: Lineage, columns: Sequence[str], written: frozenset[str]) -> list[str]:
    """Return the columns that steps read, and behind those that are not written the columns they were made of."""
    found: dict[str, None] = {}
    waiting = list(columns)
    while waiting:
        column = waiting.pop(0)
        if column not in found:
            found[column] = None
            traces = () if column in written else lineage.of_variable(column)
            waiting += [one for trace in traces for one in trace.sources]
    return list(found)


def _provided(providers: tuple[Provider, ...], number: int) -> Iterator[tuple[str, int, str]]:
    for one in providers:
        if number < len(one.row) and one.row[number] >= 0:
            yield one.source, int(one.row[number]), one.column


def _shown(value: Any) -> str:
    if pd.isna(value):
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def as_data(explanation: Explanation) -> dict[str, Any]:
    """Return an explanation as plain data for JSON."""
    return {
        "dataset": explanation.dataset,
        "record": explanation.record,
        "keys": dict(explanation.keys),
        "variable": explanation.variable,
        "value": explanation.value,
        "steps": [
            {"algorithm": step.algorithm, "sources": list(step.sources), "method": step.method, "when": step.when}
            for step in explanation.steps
        ],
        "raw": [
            {"source": one.source, "file": one.file, "row": one.row, "line": one.line, "values": dict(one.values)}
            for one in explanation.origins
        ],
        "candidates": [asdict(one) for one in explanation.candidates],
        "through": [as_data(one) for one in explanation.through],
    }
