"""The state of one dataset while its steps run: columns, record links, providers, problems, exclusions.

Records carry an id that is never used twice within the dataset, so that values which another dataset took from here
stay traceable when records are sorted or left out afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from spectrail.lineage import Int32, Provider, RecordLineage, Trace, take_records
from spectrail.steps import Exclusion, Positions, Problem, Records

Columns = dict[str, pd.Series]


@dataclass(frozen=True)
class SourceTable:
    """A table that steps read: a raw extract, a lookup table or a finished dataset; row number = index."""

    name: str
    frame: pd.DataFrame
    kind: str = "raw"


@dataclass(frozen=True)
class HeldProblem:
    """A problem with the identity of its records at the time it was met."""

    problem: Problem
    variable: str
    ids: Positions
    source: str
    source_rows: Positions


@dataclass(frozen=True)
class HeldExclusion:
    """Source rows that a step left out."""

    source: str
    rows: Int32
    reason: str


@dataclass
class Block:
    """Records under construction; `start` is the table they were started from, empty once blocks were stacked."""

    columns: Columns
    ids: Positions
    links: RecordLineage
    providers: dict[str, list[Provider]] = field(default_factory=dict)
    start: str = ""

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def index(self) -> pd.RangeIndex:
        """The index every column has."""
        return pd.RangeIndex(len(self.ids))

    def frame(self, names: Sequence[str] | None = None) -> pd.DataFrame:
        """Return the columns as a frame."""
        wanted = self.columns if names is None else {name: self.columns[name] for name in names}
        return pd.DataFrame(wanted, index=self.index, copy=False)


class Build:
    """One dataset while its steps run."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.position = 0
        self.running = False
        self.block: Block | None = None
        self.waiting: list[Block] = []
        self.traces: list[Trace] = []
        self.problems: list[HeldProblem] = []
        self.exclusions: list[HeldExclusion] = []
        self.notes: list[pd.DataFrame] = []
        self._next_id = 0
        self._moves: list[tuple[Positions, Positions]] = []

    def new_ids(self, count: int) -> Positions:
        """Hand out ids that no record of this dataset has had."""
        ids = np.arange(self._next_id, self._next_id + count, dtype=np.int64)
        self._next_id += count
        return ids

    def start(self, table: SourceTable, rows: Positions, columns: Columns) -> None:
        """Start a block of records from rows of a table."""
        if self.block is not None:
            self.waiting.append(self.block)
        count = len(rows)
        links = RecordLineage(
            sources=(table.name,),
            record=np.arange(count, dtype=np.int32),
            source=np.zeros(count, dtype=np.int32),
            row=table.frame.index.to_numpy()[rows].astype(np.int32),
        )
        self.block = Block(columns, self.new_ids(count), links, start=table.name)

    def combine(self) -> None:
        """Stack all blocks into one; a column that a block lacks is missing there."""
        if self.block is None:
            return
        blocks = [*self.waiting, self.block]
        self.waiting = []
        if len(blocks) == 1:
            return
        names = list(dict.fromkeys(name for block in blocks for name in block.columns))
        columns = {name: _stack(name, blocks) for name in names}
        providers = {
            variable: _stack_providers(variable, blocks)
            for variable in dict.fromkeys(name for block in blocks for name in block.providers)
        }
        self.block = Block(columns, np.concatenate([block.ids for block in blocks]), _stack_links(blocks), providers)

    def apply(self, result: Records, *, table: str = "") -> None:
        """Replace the records by what a record algorithm gave back, keeping track of where each came from."""
        block = self._block()
        provider = result.provider
        if result.notes is not None:
            self.notes.append(result.notes)
        if _unchanged(result, len(block)):
            self._add_columns(block, result, table)
            return
        for exclusion in result.excluded:
            self._exclude(block, exclusion)
        links = _relink(block.links, result, table)
        kept = provider >= 0
        once = bool(kept.all()) and _distinct(provider, len(block))
        if once:
            ids = block.ids[provider]
        else:
            ids = self.new_ids(len(provider))
            new, old = result.links or (np.flatnonzero(kept), provider[kept])
            self._moves.append((block.ids[old], ids[new]))
        providers = {
            variable: [Provider(one.source, one.column, _moved(one.row, provider, kept)) for one in found]
            for variable, found in block.providers.items()
        }
        providers |= _taken(result, table)
        frame = result.frame
        columns = {
            str(name): pd.Series(frame[name].array, index=pd.RangeIndex(len(frame)), name=name) for name in frame
        }
        self.block = Block(columns, ids, links, providers, block.start)

    def _add_columns(self, block: Block, result: Records, table: str) -> None:
        """Take over the variables of a step that left the records as they were."""
        frame = result.frame
        columns = {str(name): pd.Series(frame[name].array, index=block.index, name=name) for name in frame}
        self.block = Block(columns, block.ids, block.links, block.providers | _taken(result, table), block.start)

    def hold(self, problems: Sequence[Problem], variable: str, rows: Positions | None) -> None:
        """Keep problems with the ids and raw rows of their records; `rows` are the positions a step worked on."""
        block = self._block()
        for problem in problems:
            if len(problem.rows) == 0:
                continue
            positions = problem.rows if rows is None else rows[problem.rows]
            for source, chosen, source_rows in links_by_source(block.links, positions):
                part = problem
                if len(chosen) < len(positions):
                    values = np.asarray(problem.values, dtype=object)[chosen]
                    part = replace(problem, rows=problem.rows[chosen], values=values)
                ids = block.ids[positions[chosen]]
                self.problems.append(HeldProblem(part, variable, ids, source, source_rows))

    def current(self, ids: Positions) -> Positions:
        """Return the present position of records by the ids they once had (-1: no longer there)."""
        found = ids.copy()
        for old, new in self._moves:
            order = np.argsort(old, kind="stable")
            place = np.searchsorted(old[order], found)
            inside = place < len(order)
            hit = np.zeros(len(found), dtype=bool)
            hit[inside] = old[order][place[inside]] == found[inside]
            found[hit] = new[order][place[hit]]
        where = np.full(self._next_id + 1, -1, dtype=np.int64)
        where[self._block().ids] = np.arange(len(self._block()), dtype=np.int64)
        found = np.where((found < 0) | (found >= self._next_id), self._next_id, found)
        return where[found]

    def _block(self) -> Block:
        if self.block is None:
            raise RuntimeError(f"{self.name} has no records yet")
        return self.block

    def _exclude(self, block: Block, exclusion: Exclusion) -> None:
        links = take_records(block.links, exclusion.rows.astype(np.int32))
        for number, source in enumerate(links.sources):
            rows = np.unique(links.row[links.source == number])
            if len(rows):
                self.exclusions.append(HeldExclusion(source, rows, exclusion.reason))


def _distinct(positions: Positions, count: int) -> bool:
    """Tell whether no position below `count` is named twice."""
    named = np.zeros(count, dtype=bool)
    named[positions] = True
    return int(named.sum()) == len(positions)


def _taken(result: Records, table: str) -> dict[str, list[Provider]]:
    """Return the providers that a record algorithm named, by variable; a variable may come from several tables."""
    found: dict[str, list[Provider]] = {}
    for one in result.taken:
        found.setdefault(one.variable, []).append(Provider(one.table or table, one.column, one.rows.astype(np.int32)))
    return found


def _unchanged(result: Records, count: int) -> bool:
    """Tell whether a step gave back the same records in the same order, without new links."""
    if result.links is not None or result.joined is not None or result.linked or result.excluded:
        return False
    return len(result.provider) == count and bool((result.provider == np.arange(count)).all())


def _moved(rows: Int32, provider: Positions, kept: npt.NDArray[np.bool_]) -> Int32:
    moved = np.full(len(provider), -1, dtype=np.int32)
    moved[kept] = rows[provider[kept]]
    return moved


def first_links(links: RecordLineage, positions: Positions) -> tuple[str, Positions]:
    """Return the source name and the first source row of each record (-1: none); the name is the commonest one."""
    start = np.searchsorted(links.record, positions, side="left")
    stop = np.searchsorted(links.record, positions, side="right")
    has = stop > start
    rows = np.full(len(positions), -1, dtype=np.int64)
    rows[has] = links.row[start[has]]
    codes = links.source[start[has]]
    if len(codes) == 0:
        return "", rows
    counts = np.bincount(codes, minlength=len(links.sources))
    main = int(np.argmax(counts))
    keep = np.zeros(len(positions), dtype=bool)
    keep[np.flatnonzero(has)[codes == main]] = True
    return links.sources[main], np.where(keep, rows, -1)


def links_by_source(links: RecordLineage, positions: Positions) -> Iterator[tuple[str, Positions, Positions]]:
    """Yield source name, which of the records go back to it first, and their rows of it; records without any last."""
    start = np.searchsorted(links.record, positions, side="left")
    has = np.searchsorted(links.record, positions, side="right") > start
    codes = np.full(len(positions), len(links.sources), dtype=np.int64)
    codes[has] = links.source[start[has]]
    for code in np.unique(codes).tolist():
        chosen = np.flatnonzero(codes == code).astype(np.int64)
        if code == len(links.sources):
            yield "", chosen, np.full(len(chosen), -1, dtype=np.int64)
        else:
            yield links.sources[code], chosen, links.row[start[chosen]].astype(np.int64)


def _relink(links: RecordLineage, result: Records, table: str) -> RecordLineage:
    if result.links is None:
        kept = np.flatnonzero(result.provider >= 0)
        taken = take_records(links, result.provider[kept].astype(np.int32))
        record = kept[taken.record].astype(np.int32)
        made = RecordLineage(links.sources, record, taken.source, taken.row)
    else:
        new, old = result.links
        order = np.lexsort((old, new))
        new, old = new[order], old[order]
        taken = take_records(links, old.astype(np.int32))
        made = RecordLineage(links.sources, new[taken.record].astype(np.int32), taken.source, taken.row)
    if result.joined is not None:
        made = _add_links(made, table, result.joined)
    for link in result.linked:
        made = _add_links(made, link.table, (link.records, link.rows))
    return made


def _add_links(links: RecordLineage, table: str, joined: tuple[Positions, Positions]) -> RecordLineage:
    sources = links.sources if table in links.sources else (*links.sources, table)
    code = sources.index(table)
    record = np.concatenate([links.record, joined[0].astype(np.int32)])
    source = np.concatenate([links.source, np.full(len(joined[0]), code, dtype=np.int32)])
    row = np.concatenate([links.row, joined[1].astype(np.int32)])
    order = np.argsort(record, kind="stable")
    return RecordLineage(sources, record[order], source[order], row[order])


def _stack(name: str, blocks: Sequence[Block]) -> pd.Series:
    dtype = next(block.columns[name].dtype for block in blocks if name in block.columns)
    parts = [
        block.columns[name] if name in block.columns else pd.Series(np.nan, index=block.index, dtype=dtype)
        for block in blocks
    ]
    if len({str(part.dtype) for part in parts}) > 1:
        parts = [part.astype("str") for part in parts]
    return pd.concat(parts, ignore_index=True).rename(name)


def _stack_links(blocks: Sequence[Block]) -> RecordLineage:
    sources = tuple(dict.fromkeys(name for block in blocks for name in block.links.sources))
    record, source, row, offset = [], [], [], 0
    for block in blocks:
        codes = np.array([sources.index(name) for name in block.links.sources] or [0], dtype=np.int32)
        record.append(block.links.record + np.int32(offset))
        source.append(codes[block.links.source] if len(block.links.source) else block.links.source)
        row.append(block.links.row)
        offset += len(block)
    return RecordLineage(sources, np.concatenate(record), np.concatenate(source), np.concatenate(row))


def _stack_providers(variable: str, blocks: Sequence[Block]) -> list[Provider]:
    kinds = dict.fromkeys((one.source, one.column) for block in blocks for one in block.providers.get(variable, []))
    stacked = []
    for source, column in kinds:
        rows: list[npt.NDArray[np.int32]] = []
        for block in blocks:
            found = [o for o in block.providers.get(variable, []) if (o.source, o.column) == (source, column)]
            rows.append(found[0].row if found else np.full(len(block), -1, dtype=np.int32))
        stacked.append(Provider(source, column, np.concatenate(rows)))
    return stacked


def distinct_rows(rows: Int32) -> Int32:
    """Return the distinct row numbers, sorted; linear in the greatest of them."""
    if len(rows) == 0:
        return rows
    named = np.zeros(int(rows.max()) + 1, dtype=bool)
    named[rows] = True
    return np.flatnonzero(named).astype(np.int32)


def rows_beyond(rows: Int32, known: Int32) -> Int32:
    """Return the distinct row numbers that are not among the `known` ones, sorted; linear in the greatest of them."""
    # numpy's setdiff1d sorts or hashes: far slower than a mask
    if len(rows) == 0:
        return rows
    named = np.zeros(int(rows.max()) + 1, dtype=bool)
    named[rows] = True
    named[known[known < len(named)]] = False
    return np.flatnonzero(named).astype(np.int32)


def as_columns(frame: pd.DataFrame, rows: Positions | None, names: Mapping[str, str]) -> Columns:
    """Take columns of a frame under new names, with a fresh index; `rows` None means all rows."""
    columns: Columns = {}
    for old, new in names.items():
        values = frame[old].array if rows is None else frame[old].array.take(rows)
        columns[new] = pd.Series(values, index=pd.RangeIndex(len(values)), name=new)
    return columns
