"""The step runner: binds the texts of a step to an algorithm's arguments, runs it, and attaches lineage.

One runner serves SDTM and ADaM.  A dataset that needs a variable of another one makes that one advance first, step by
step, so that DM may take its reference dates from EX although EX takes its study days from DM.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import pandas as pd
from pydantic import TypeAdapter, ValidationError

from spectrail import expressions, frames
from spectrail.build import Block, Build, HeldExclusion, SourceTable, as_columns, first_links
from spectrail.dataset import Dataset
from spectrail.errors import Place, SpecError, SpectrailError, UnknownNameError
from spectrail.expressions import Expression
from spectrail.lineage import Provider, Trace
from spectrail.steps import INJECTED, Algorithm, Exclusion, Outcome, Parameter, Positions, Problem, Records, Role

START, STACK = "records", "combine"
"""The two steps that the runner itself carries out."""


class StepLike(Protocol):
    """What the runner reads of a step."""

    @property
    def target(self) -> str: ...  # noqa: D102
    @property
    def algorithm(self) -> str: ...  # noqa: D102
    @property
    def source(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def codelist(self) -> str: ...  # noqa: D102
    @property
    def when(self) -> str: ...  # noqa: D102
    @property
    def arguments(self) -> Mapping[str, Any]: ...  # noqa: D102
    @property
    def replace(self) -> bool: ...  # noqa: D102


@dataclass
class Workspace:
    """What a run knows: algorithms, plans, tables, and the datasets under way or finished."""

    catalog: Mapping[str, Algorithm]
    plans: Mapping[str, Sequence[StepLike]]
    tables: Callable[[str], SourceTable | None]
    parse: Callable[[str], Expression]
    resolvers: Mapping[type, Callable[[str], Any]] = field(default_factory=dict)
    finished: Mapping[str, Dataset] = field(default_factory=dict)
    places: Callable[[str, int], Place | None] = lambda *_: None
    subject: str = "USUBJID"
    builds: dict[str, Build] = field(default_factory=dict)
    progress: Callable[[str], None] = lambda _: None
    _read: dict[int, tuple[StepLike, frozenset[str]]] = field(default_factory=dict, init=False, repr=False)

    def run(self, name: str) -> Build:
        """Run all steps of a dataset, and of others as far as it needs them."""
        build = self.advance(name, len(self.plans[name]), ())
        build.combine()
        return build

    def advance(self, name: str, until: int, chain: tuple[str, ...]) -> Build:
        """Run the steps of a dataset up to number `until` (excluded)."""
        build = self.builds.setdefault(name, Build(name))
        if build.position >= until:
            return build
        if build.running:
            raise SpecError(
                f"{' needs '.join((*chain, name))}: the datasets need each other's variables before they exist",
                place=Place(dataset=name),
                hint="order the steps so that one of them makes the variable without the other",
            )
        build.running = True
        if build.position == 0:
            self.progress(name)
        steps = self.plans[name]
        while build.position < until:
            step = steps[build.position]
            try:
                _StepRun(self, build, step, (*chain, name)).run()
            except SpectrailError as error:
                if error.place is None or not (error.place.file or error.place.line):
                    error.place = self._place(step, name, build.position, error.place)
                raise
            build.position += 1
        build.running = False
        return build

    def _place(self, step: StepLike, name: str, number: int, known: Place | None) -> Place:
        place = self.places(name, number) or Place()
        variable = step.target or (known.variable if known else "")
        return replace(place, dataset=name, variable=variable)

    def ready_after(self, name: str, variables: Sequence[str]) -> int:
        """Return how many steps of a dataset must have run before others may read `variables` of it (none: all)."""
        steps = self.plans[name]
        if not variables:
            return len(steps)
        last = 0
        for number, step in enumerate(steps, start=1):
            entry = self.catalog.get(step.algorithm)
            makes_records = step.algorithm in (START, STACK) or (
                entry is not None and entry.kind == "records" and not entry.order_only
            )
            if step.target in variables or makes_records:
                last = number
        return last

    def columns_read(self, step: StepLike) -> frozenset[str]:
        """Return every column name a step may read: sources, arguments that name columns, expressions."""
        # every step asks what all later ones read; the step itself is kept, so that its id stays its own
        known = self._read.get(id(step))
        if known is None or known[0] is not step:
            known = self._read[id(step)] = (step, frozenset(self._columns_read(step)))
        return known[1]

    def _columns_read(self, step: StepLike) -> Iterator[str]:
        yield from step.source
        for text in (step.when, *self._condition_texts(step)):
            if text:
                yield from self.parse(text).columns
        for argument in step.arguments.values():
            yield from _texts(argument)
        yield from self._table_cells(step)
        entry = self.catalog.get(step.algorithm)
        for parameter in entry.parameters if entry else ():
            if parameter.role in (Role.COLUMN, Role.NAME) and parameter.name not in step.arguments:
                yield from _texts(parameter.default)

    def _table_cells(self, step: StepLike) -> Iterator[str]:
        """Yield the cells of lookup tables a step names: they may name columns of a form."""
        entry = self.catalog.get(step.algorithm)
        for parameter in entry.parameters if entry else ():
            text = step.arguments.get(parameter.name, parameter.default)
            if parameter.role is Role.TABLE and isinstance(text, str) and text not in self.plans:
                table = self.tables(text)
                if table is not None and table.kind == "lookup":
                    for column in table.frame.columns:
                        yield from (str(cell) for cell in table.frame[column].dropna().unique())

    def _condition_texts(self, step: StepLike) -> Iterator[str]:
        entry = self.catalog.get(step.algorithm)
        for parameter in entry.parameters if entry else ():
            if parameter.role in (Role.CONDITION, Role.EXPRESSION) and parameter.name in step.arguments:
                yield from _texts(step.arguments[parameter.name])


class _StepRun:
    """One step being run on one build."""

    def __init__(self, space: Workspace, build: Build, step: StepLike, chain: tuple[str, ...]) -> None:
        self.space, self.build, self.step, self.chain = space, build, step, chain
        self.references: dict[str, Provider] = {}
        self.table_name = ""
        self.rows: Positions | None = None

    def run(self) -> None:
        """Carry the step out."""
        if self.step.algorithm == START:
            self._start()
            return
        if self.step.algorithm == STACK:
            if self.build.block is not None:
                self._stack()
            return
        entry = self.space.catalog[self.step.algorithm]
        if self.build.block is None:
            raise SpecError(
                f"step {self.step.algorithm!r} comes before any records",
                hint="begin with {algorithm: records, source: FORM}",
            )
        if entry.kind == "column":
            self._column(entry)
        else:
            self._records(entry)

    @property
    def block(self) -> Block:
        """The records under construction."""
        assert self.build.block is not None
        return self.build.block

    # -- starting records ------------------------------------------------------------------------------------------

    def _start(self) -> None:
        if len(self.step.source) != 1:
            raise SpecError("step 'records' needs exactly one source", hint="for example source: ae_raw")
        name = self.step.source[0]
        table = self._table(name, ())
        wanted = {
            f"{name}.{column}": str(column)
            for column in table.frame.columns
            if f"{name}.{column}" in self._columns_of_plan()
        }
        names = {old: new for new, old in wanted.items()}
        if self.step.when:
            read = self.space.parse(self.step.when).columns
            known = {f"{name}.{column}": str(column) for column in table.frame.columns}
            self._check_known(read, known)
            visible = as_columns(table.frame, None, {known[column]: column for column in read})
            mask = self._evaluate(self.step.when, visible, pd.RangeIndex(len(table.frame)))
            rows = np.flatnonzero(mask)
        else:
            mask = np.ones(len(table.frame), dtype=bool)
            rows = np.arange(len(table.frame), dtype=np.int64)
        columns = as_columns(table.frame, rows if len(rows) < len(table.frame) else None, names)
        self.build.start(table, rows, columns)
        if not mask.all():
            self._exclude_unselected(table, np.flatnonzero(~mask))

    def _exclude_unselected(self, table: SourceTable, rows: Positions) -> None:
        reason = str(self.step.arguments.get("reason", "")) or f"not selected: {self.step.when}"
        numbers = table.frame.index.to_numpy()[rows].astype(np.int32)
        self.build.exclusions.append(HeldExclusion(table.name, numbers, reason))

    def _columns_of_plan(self) -> frozenset[str]:
        steps = self.space.plans[self.build.name]
        key = f"_columns_{self.build.name}"
        cached: frozenset[str] | None = self.space.__dict__.get(key)
        if cached is None:
            cached = frozenset().union(*map(self.space.columns_read, steps))
            self.space.__dict__[key] = cached
        return cached

    # -- columns ---------------------------------------------------------------------------------------------------

    def _column(self, entry: Algorithm) -> None:
        step, block = self.step, self.block
        if not step.target:
            raise SpecError(f"algorithm {entry.name!r} needs a target", hint="say which variable gets the values")
        self.rows = self._selected_rows()
        arguments, named = self._bind(entry)
        made = entry.function(*arguments, **named)
        outcome = made if isinstance(made, Outcome) else Outcome(made)
        count = len(block) if self.rows is None else len(self.rows)
        if isinstance(outcome.values, str):
            outcome = replace(
                outcome,
                values=pd.Series(pd.array([outcome.values], dtype="str").take(np.zeros(count, dtype=np.int64))),
                problems=outcome.problems if count else (),
            )
        if len(outcome.values) != count:
            raise RuntimeError(f"{entry.name} gave {len(outcome.values)} values for {count} records")
        self.build.hold(outcome.problems, step.target, self.rows)
        block.columns[step.target] = _scatter(block, step.target, outcome.values, self.rows)
        self._keep_providers(outcome)
        self._trace(entry, int(pd.Series(outcome.values).notna().sum()))

    def _selected_rows(self) -> Positions | None:
        step, block = self.step, self.block
        mask = np.ones(len(block), dtype=bool)
        if step.when:
            mask = self._evaluate(step.when, self._visible(self.space.parse(step.when).columns), block.index)
        if step.target in block.columns and not step.replace:
            mask = mask & block.columns[step.target].isna().to_numpy()
        return None if mask.all() else np.flatnonzero(mask)

    def _visible(self, names: Sequence[str]) -> dict[str, pd.Series]:
        return {name: self._whole_column(name) for name in names}

    def _evaluate(self, text: str, columns: Mapping[str, pd.Series], index: pd.RangeIndex) -> Any:
        values = expressions.evaluate(self.space.parse(text), columns, index)
        return values.fillna(False).to_numpy(dtype=bool)

    def _evaluate_on(self, text: str, frame: pd.DataFrame) -> Any:
        """Evaluate a condition on a table's frame, whose variables it names without a prefix."""
        names = self.space.parse(text).columns
        self._check_known(names, frame.columns)
        index = pd.RangeIndex(len(frame))
        columns = {name: pd.Series(frame[name].array, index=index, name=name) for name in names}
        return self._evaluate(text, columns, index)

    def _keep_providers(self, outcome: Outcome) -> None:
        block, target = self.block, self.step.target
        found = list(self.references.values())
        if outcome.provider is not None and self.table_name:
            rows = _spread(outcome.provider.astype(np.int32), self.rows, len(block))
            found.append(Provider(self.table_name, outcome.provider_column, rows))
        kept = block.providers.setdefault(target, [])
        for one in found:
            same = [i for i, old in enumerate(kept) if (old.source, old.column) == (one.source, one.column)]
            if same:
                old = kept[same[0]]
                kept[same[0]] = replace(old, row=np.where(one.row >= 0, one.row, old.row).astype(np.int32))
            else:
                kept.append(one)
        if not kept:
            del block.providers[target]

    def _trace(self, entry: Algorithm, filled: int) -> None:
        step = self.step
        sources = list(step.source)
        sources += [name for name in self._argument_columns(entry) if name not in sources]
        if step.when:
            sources += [name for name in self.space.parse(step.when).columns if name not in sources]
        trace = Trace(
            step.target,
            self.build.position,
            entry.name,
            tuple(sources),
            render_method(entry, step),
            step.when,
            filled,
            self.block.start,
        )
        self.build.traces.append(trace)

    def _argument_columns(self, entry: Algorithm) -> Iterator[str]:
        for parameter in entry.arguments:
            if parameter.role in (Role.COLUMN, Role.NAME):
                yield from _texts(self.step.arguments.get(parameter.name, parameter.default))
            elif parameter.role is Role.EXPRESSION:
                for text in _texts(self.step.arguments.get(parameter.name, parameter.default)):
                    yield from self.space.parse(text).columns

    # -- records ---------------------------------------------------------------------------------------------------

    def _records(self, entry: Algorithm) -> None:
        if self.step.when and entry.parameter("when") is None:
            raise SpecError(f"algorithm {entry.name!r} takes no condition", hint="remove 'when'")
        before = self.block
        _, named = self._bind(entry)
        result: Records = entry.function(self._passed_frame(), **named)
        self.build.hold(result.problems, self.step.target, None)
        made = [str(name) for name in result.frame.columns if name not in before.columns]
        if self.step.target and self.step.target not in made:
            made.append(self.step.target)
        self.build.apply(result, table=self.table_name)
        self._carry(before, result)
        self.build.traces += [trace for name in made for trace in self._record_traces(entry, name, result)]

    def _record_traces(self, entry: Algorithm, name: str, result: Records) -> Iterator[Trace]:
        filled = int(self.block.columns[name].notna().sum()) if name in self.block.columns else 0
        text, number = render_method(entry, self.step), self.build.position
        readings = [one for one in result.read if one.variable == name]
        for reading in readings:
            yield Trace(name, number, entry.name, reading.sources, text, reading.when, filled, self.block.start)
        if not readings:
            sources = tuple(dict.fromkeys((*self.step.source, *self._argument_columns(entry))))
            yield Trace(name, number, entry.name, sources, text, self.step.when, filled, self.block.start)

    def _passed_frame(self) -> pd.DataFrame:
        """Give a record algorithm the variables made so far and the collected columns it reads, no others."""
        read = self.space.columns_read(self.step)
        return self.block.frame([name for name in self.block.columns if name in read or not _collected(name)])

    def _carry(self, before: Block, result: Records) -> None:
        """Bring collected columns that later steps read over to the new records, and drop those no step reads."""
        later = self._read_later()
        block = self.block
        block.columns = {name: one for name, one in block.columns.items() if not _collected(name) or name in later}
        carried = [
            name for name in before.columns if _collected(name) and name in later and name not in block.columns
        ]
        for name in carried:
            values = before.columns[name].array.take(result.provider, allow_fill=True)
            block.columns[name] = pd.Series(values, index=block.index, name=name)

    def _read_later(self) -> frozenset[str]:
        later = self.space.plans[self.build.name][self.build.position + 1 :]
        return frozenset().union(*map(self.space.columns_read, later))

    def _stack(self) -> None:
        later = self._read_later()
        for block in (*self.build.waiting, self.block):
            block.columns = {
                name: one for name, one in block.columns.items() if not _collected(name) or name in later
            }
        self.build.combine()

    # -- binding ---------------------------------------------------------------------------------------------------

    def _bind(self, entry: Algorithm) -> tuple[list[Any], dict[str, Any]]:
        step = self.step
        known = {p.name for p in entry.arguments} | {p.name for p in entry.parameters if p.source}
        for name in step.arguments:
            if name not in known:
                raise UnknownNameError(f"argument of {entry.name}", name, known)
        positional = self._bind_sources(entry)
        named: dict[str, Any] = {}
        injected = {
            Role.CONTENT: self._content,
            Role.TABLES: lambda name: self._table(name, ()).frame,
            Role.EVALUATE: self._evaluate_on,
        }
        ordered = sorted(entry.arguments, key=lambda p: p.role is not Role.TABLE)
        for parameter in ordered:
            value = self._bind_one(entry, parameter)
            if value is not _LEFT_OUT:
                named[parameter.name] = value
        for parameter in entry.parameters:
            if parameter.role in INJECTED:
                named[parameter.name] = injected[parameter.role]
        return positional, named

    def _bind_sources(self, entry: Algorithm) -> list[Any]:
        slots = [p for p in entry.parameters if p.source]
        texts = list(self.step.source)
        if entry.kind == "records":
            return []
        single = [p for p in slots if not p.plural]
        if len(texts) > len(single) and not any(p.plural for p in slots):
            raise SpecError(f"algorithm {entry.name!r} takes {len(single)} source(s), the step gives {len(texts)}")
        needed = sum(p.required for p in single)
        if len(texts) < needed:
            raise SpecError(f"algorithm {entry.name!r} needs {needed} source(s), the step gives {len(texts)}")
        return [self._column_values(text) for text in texts]

    def _bind_one(self, entry: Algorithm, parameter: Parameter) -> Any:
        step, name = self.step, parameter.name
        text: Any = step.arguments.get(name, _LEFT_OUT)
        if text is _LEFT_OUT and name == "codelist" and step.codelist:
            text = step.codelist
        if text is _LEFT_OUT and name == "when" and parameter.role is Role.CONDITION and step.when:
            text = step.when
        if text is _LEFT_OUT and name == "target":
            text = step.target
        if text is _LEFT_OUT and name == "source" and step.source:
            text = step.source if parameter.plural else step.source[0]
        if text is _LEFT_OUT:
            if parameter.required:
                raise SpecError(
                    f"algorithm {entry.name!r} needs the argument {name!r}", hint=f"add {name}: ... to the step"
                )
            if parameter.role is Role.VALUE or parameter.default is None:
                return _LEFT_OUT
            text = parameter.default
        return self._resolve(entry, parameter, text)

    def _resolve(self, entry: Algorithm, parameter: Parameter, text: Any) -> Any:
        role = parameter.role
        if role is Role.COLUMN:
            texts = list(_texts(text))
            found = tuple(self._column_values(one) for one in texts)
            return found if parameter.plural else found[0]
        if role in (Role.NAME, Role.TABLE_COLUMN):
            texts = list(_texts(text))
            if role is Role.NAME:
                for one in texts:
                    self._ensure(one)
            return tuple(texts) if parameter.plural else texts[0]
        if role is Role.CONDITION:
            parsed = self.space.parse(str(text))
            mask = self._evaluate(str(text), self._visible(parsed.columns), self.block.index)
            values = pd.Series(mask, index=self.block.index)
            return values if self.rows is None or entry.kind == "records" else _take(values, self.rows)
        if role is Role.EXPRESSION:
            parsed = self.space.parse(str(text))
            values = expressions.evaluate(parsed, self._visible(parsed.columns), self.block.index)
            return values if self.rows is None or entry.kind == "records" else _take(values, self.rows)
        if role is Role.TABLE:
            columns = [
                one
                for other in entry.arguments
                if other.role is Role.TABLE_COLUMN
                for one in _texts(self.step.arguments.get(other.name, other.default))
            ]
            columns += self._columns_of_where(entry)
            table = self._table(str(text), columns)
            self._check_known(columns, table.frame.columns, kind=f"column of {text}")
            self.table_name = table.name
            return table.frame
        for kind, resolver in self.space.resolvers.items():
            if parameter.type is kind or kind in getattr(parameter.type, "__args__", ()):
                return resolver(str(text))
        return _typed(entry, parameter, text)

    def _columns_of_where(self, entry: Algorithm) -> list[str]:
        """Return the columns of the table that its condition `where` reads: they must exist before it is used."""
        where = self.step.arguments.get("where", "")
        if not where or not any(parameter.role is Role.EVALUATE for parameter in entry.parameters):
            return []
        return list(self.space.parse(str(where)).columns)

    # -- columns of this and other datasets ------------------------------------------------------------------------

    def _column_values(self, name: str) -> pd.Series:
        values = self._whole_column(name)
        return values if self.rows is None else _take(values, self.rows)

    def _whole_column(self, name: str) -> pd.Series:
        block = self.block
        if name in block.columns:
            return block.columns[name]
        prefix, _, rest = name.partition(".")
        if rest and prefix == self.build.name and rest in block.columns:
            return block.columns[rest]
        if rest and (prefix in self.space.plans or prefix in self.space.finished):
            return self._of_subject(prefix, rest)
        known = [*block.columns, *(f"{other}.…" for other in self.space.plans if other != self.build.name)]
        raise UnknownNameError(f"column (step of {self.build.name})", name, known)

    def _ensure(self, name: str) -> None:
        """Make sure a named column is in the records, fetching one of another dataset by subject."""
        if name not in self.block.columns:
            self.block.columns[name] = self._whole_column(name)

    def _of_subject(self, dataset: str, variable: str) -> pd.Series:
        subject = self.space.subject
        if subject not in self.block.columns:
            raise SpecError(f"{dataset}.{variable} is looked up by {subject}, which these records do not have yet")
        table = self._table(dataset, (subject, variable))
        self._check_known((subject, variable), table.frame.columns, kind=f"variable of {dataset}")
        keys = pd.Index(table.frame[subject])
        if keys.has_duplicates:
            twice = keys[keys.duplicated()][0]
            raise SpecError(
                f"{dataset}.{variable} cannot be looked up: {subject} {twice!r} stands twice in {dataset}",
                hint="use the algorithm lookup with keys, or take: first",
            )
        codes, distinct = frames.factorize(self.block.columns[subject])
        place = np.append(keys.get_indexer(distinct), -1)[codes]
        values = table.frame[variable].array.take(place, allow_fill=True)
        numbers = table.frame.index.to_numpy()
        rows = np.where(place >= 0, numbers[place] if len(numbers) else -1, -1).astype(np.int32)
        self.references[f"{dataset}.{variable}"] = Provider(dataset, variable, rows)
        return pd.Series(values, index=self.block.index, name=f"{dataset}.{variable}")

    def _table(self, name: str, columns: Sequence[str]) -> SourceTable:
        space = self.space
        if name in space.plans:
            build = space.builds.get(name)
            if name == self.build.name:
                return SourceTable(name, _with_ids(self.block), "dataset")
            until = space.ready_after(name, columns)
            if not columns:
                until = len(space.plans[name])
            build = space.advance(name, until, self.chain)
            if build.block is None:
                return SourceTable(name, pd.DataFrame(columns=list(columns)), "dataset")
            if build.position >= len(space.plans[name]):
                build.combine()
            return SourceTable(name, _with_ids(build.block), "dataset")
        if name in space.finished:
            return SourceTable(name, space.finished[name].frame, "dataset")
        table = space.tables(name)
        if table is None:
            raise UnknownNameError("table", name, (*space.plans, *space.finished))
        return table

    def _content(self, positions: Positions) -> pd.DataFrame:
        """Return all collected values behind records (their first source rows), RecordPosition first."""
        source, rows = first_links(self.block.links, positions)
        table = self._table(source, ()) if source else None
        if table is None:
            return pd.DataFrame(index=pd.RangeIndex(len(positions)))
        place = table.frame.index.get_indexer(rows) if table.kind == "dataset" else rows
        frame = table.frame.take(np.where(place >= 0, place, 0)).reset_index(drop=True)
        frame = frame.mask(pd.Series(place < 0), other=np.nan) if (place < 0).any() else frame
        first = [name for name in frame.columns if str(name).upper() == "RECORDPOSITION"]
        return frame[first + [name for name in frame.columns if name not in first]]

    def _check_known(self, names: Sequence[str], known: Any, kind: str = "column") -> None:
        for name in names:
            if name not in known:
                raise UnknownNameError(kind, name, [str(one) for one in known])


_LEFT_OUT: Any = object()


def render_method(entry: Algorithm, step: StepLike) -> str:
    """Render the method text of a step from the algorithm's template and the step's own words."""
    words = {p.name: p.default for p in entry.arguments if p.default is not None}
    words |= dict(step.arguments)
    words |= {"source": step.source, "target": step.target, "codelist": step.codelist or words.get("codelist", "")}
    template = entry.method or f"{entry.name} of {{source}}"

    def word(match: re.Match[str]) -> str:
        found = words.get(match.group(1), "")
        return ", ".join(_texts(found)) if not isinstance(found, str) else found

    text = re.sub(r"\{(\w+)\}", word, template)
    return f"{text} (where {step.when})" if step.when else text


def _collected(name: str) -> bool:
    """Tell a collected column (`form.COLUMN`) from a variable (`AETERM`, `SUPPAE.QNAM`)."""
    return "." in name and not name.startswith("SUPP")


def _with_ids(block: Block) -> pd.DataFrame:
    frame = block.frame()
    frame.index = pd.Index(block.ids)
    return frame


def _take(values: pd.Series, rows: Positions) -> pd.Series:
    return pd.Series(values.array.take(rows), index=pd.RangeIndex(len(rows)), name=values.name)


def _spread(values: Any, rows: Positions | None, count: int) -> Any:
    if rows is None:
        return values
    spread = np.full(count, -1, dtype=np.int32)
    spread[rows] = values
    return spread


def _scatter(block: Block, target: str, made: Any, rows: Positions | None) -> pd.Series:
    values = pd.Series(pd.Series(made).array, name=target)
    if values.dtype == object or isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype("str")
    elif pd.api.types.is_bool_dtype(values.dtype) or pd.api.types.is_integer_dtype(values.dtype):
        values = values.astype("float64")
    if rows is None:
        values.index = block.index
        return values
    old = block.columns.get(target)
    if old is None or (old.isna().all() and old.dtype != values.dtype):
        old = pd.Series(np.nan, index=block.index, dtype="float64").astype(values.dtype)
    elif old.dtype != values.dtype:
        if len(values) and not values.isna().all():
            raise SpecError(
                f"{target} would be both {old.dtype} and {values.dtype}",
                hint="all steps of a variable must give the same type",
            )
        return old
    array = old.array.copy()
    array[rows] = values.array
    return pd.Series(array, index=block.index, name=target)


def _typed(entry: Algorithm, parameter: Parameter, text: Any) -> Any:
    if parameter.plural and isinstance(text, str):
        text = (text,)
    try:
        return TypeAdapter(parameter.type).validate_python(text)
    except ValidationError as error:
        raise SpecError(
            f"argument {parameter.name!r} of {entry.name!r}: {error.errors()[0]['msg']}; got {text!r}"
        ) from None


def _texts(value: Any) -> Iterator[str]:
    if value is None:
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from _texts(item)
    elif isinstance(value, Sequence):
        for item in value:
            yield from _texts(item)


__all__ = ["START", "STACK", "Exclusion", "Problem", "StepLike", "Workspace", "render_method"]
