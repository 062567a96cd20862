"""One step carried out on one build: values put in place, records replaced, lineage attached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from spectrail.binding import Binder, plain_texts
from spectrail.build import Block, Build, HeldExclusion, SourceTable, as_columns
from spectrail.errors import SpecError
from spectrail.lineage import Provider, Trace
from spectrail.method_text import CONDITIONS, Parse, method_text
from spectrail.steps import Algorithm, Outcome, Positions, Records, Role

if TYPE_CHECKING:
    from spectrail.runner import StepLike, Workspace

START, STACK = "records", "combine"
"""The two steps that the runner itself carries out."""


class StepRun:
    """One step being run on one build."""

    def __init__(self, space: Workspace, build: Build, step: StepLike, chain: tuple[str, ...]) -> None:
        self.space, self.build, self.step = space, build, step
        self.binder = Binder(space, build, step, chain)

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

    def _start(self) -> None:
        if len(self.step.source) != 1:
            raise SpecError("step 'records' needs exactly one source", hint="for example source: ae_raw")
        name = self.step.source[0]
        table = self.binder.table(name, ())
        wanted = {
            f"{name}.{column}": str(column)
            for column in table.frame.columns
            if f"{name}.{column}" in self._columns_of_plan()
        }
        names = {old: new for new, old in wanted.items()}
        if self.step.when:
            read = self.space.parse(self.step.when).columns
            known = {f"{name}.{column}": str(column) for column in table.frame.columns}
            self.binder.check_known(read, known)
            visible = as_columns(table.frame, None, {known[column]: column for column in read})
            mask = self.binder.evaluate(self.step.when, visible, pd.RangeIndex(len(table.frame)))
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

    def _column(self, entry: Algorithm) -> None:
        step, block = self.step, self.block
        if not step.target:
            raise SpecError(f"algorithm {entry.name!r} needs a target", hint="say which variable gets the values")
        self.binder.rows = self._selected_rows()
        arguments, named = self.binder.bind(entry)
        made = entry.function(*arguments, **named)
        outcome = made if isinstance(made, Outcome) else Outcome(made)
        count = len(block) if self.binder.rows is None else len(self.binder.rows)
        if isinstance(outcome.values, str):
            outcome = replace(
                outcome,
                values=pd.Series(pd.array([outcome.values], dtype="str").take(np.zeros(count, dtype=np.int64))),
                problems=outcome.problems if count else (),
            )
        if len(outcome.values) != count:
            raise RuntimeError(f"{entry.name} gave {len(outcome.values)} values for {count} records")
        self.build.hold(outcome.problems, step.target, self.binder.rows)
        block.columns[step.target] = _scatter(block, step.target, outcome.values, self.binder.rows)
        self._keep_providers(outcome)
        self._trace(entry, int(pd.Series(outcome.values).notna().sum()))

    def _selected_rows(self) -> Positions | None:
        step, block = self.step, self.block
        mask = np.ones(len(block), dtype=bool)
        if step.when:
            mask = self.binder.evaluate(
                step.when, self.binder.visible(self.space.parse(step.when).columns), block.index
            )
        if step.target in block.columns and not step.replace:
            mask = mask & block.columns[step.target].isna().to_numpy()
        return None if mask.all() else np.flatnonzero(mask)

    def _keep_providers(self, outcome: Outcome) -> None:
        block, target = self.block, self.step.target
        found = list(self.binder.references.values())
        if outcome.provider is not None and self.binder.table_name:
            rows = _spread(outcome.provider.astype(np.int32), self.binder.rows, len(block))
            found.append(Provider(self.binder.table_name, outcome.provider_column, rows))
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
            render_method(entry, step, self.space.parse),
            step.when,
            filled,
            self.block.start,
        )
        self.build.traces.append(trace)

    def _argument_columns(self, entry: Algorithm) -> Iterator[str]:
        """Yield the columns of the records that arguments name: as columns, in expressions, conditions and orders."""
        for parameter in entry.arguments:
            texts = list(plain_texts(self.step.arguments.get(parameter.name, parameter.default)))
            if parameter.role in (Role.COLUMN, Role.NAME):
                yield from texts
            elif parameter.role in (Role.EXPRESSION, Role.CONDITION):
                for text in texts:
                    yield from self.space.parse(text).columns
        roles = {parameter.role for parameter in entry.parameters}
        if roles & {Role.TABLE, Role.TABLES}:  # conditions and orders may be of that table
            yield from self._table_columns(Role.EVALUATE in roles)
            return
        if Role.EVALUATE in roles:
            for text in _conditions_in(self.step.arguments):
                yield from self.space.parse(text).columns
        for text in plain_texts(self.step.arguments.get("order", ())):
            yield text.removeprefix("desc(").removesuffix(")")

    def _table_columns(self, evaluates: bool) -> Iterator[str]:
        """Yield what a step reads of a dataset under way: columns of its conditions, or the dataset as a whole."""
        table, whole = self.binder.table_name, str(self.step.arguments.get("dataset_add", ""))
        if table in self.space.plans and evaluates:
            for text in _conditions_in(self.step.arguments):
                yield from (f"{table}.{name}" for name in self.space.parse(text).columns)
        elif not table and whole in self.space.plans:
            yield whole

    def _records(self, entry: Algorithm) -> None:
        if self.step.when and entry.parameter("when") is None:
            raise SpecError(f"algorithm {entry.name!r} takes no condition", hint="remove 'when'")
        before = self.block
        _, named = self.binder.bind(entry)
        result: Records = entry.function(self._passed_frame(), **named)
        self.build.hold(result.problems, self.step.target, None)
        made = [str(name) for name in result.frame.columns if name not in before.columns]
        if self.step.target and self.step.target not in made:
            made.append(self.step.target)
        made += [one.variable for one in result.read if one.variable not in made]
        self.build.apply(result, table=self.binder.table_name)
        self._carry(before, result)
        # a step that adds records gives values to these alone, of variables that were there before
        added = len(before) if len(result.frame) > len(before) else 0
        known = {name: added for name in made if name in before.columns}
        self.build.traces += [trace for name in made for trace in self._record_traces(entry, name, result, known)]

    def _record_traces(
        self, entry: Algorithm, name: str, result: Records, known: Mapping[str, int]
    ) -> Iterator[Trace]:
        values = self.block.columns.get(name, pd.Series(dtype="float64"))
        filled = int(values.iloc[known.get(name, 0) :].notna().sum())
        text, number = render_method(entry, self.step, self.space.parse, name), self.build.position
        readings = [one for one in result.read if one.variable == name]
        for reading in readings:
            algorithm = reading.algorithm or entry.name
            met = reading.when or self.step.when
            yield Trace(name, number, algorithm, reading.sources, text, met, filled, self.block.start)
        if not readings:
            when = self.space.parse(self.step.when).columns if self.step.when else ()
            taken = [
                f"{table}.{one.column}"
                for one in result.taken
                if one.variable == name and (table := one.table or self.binder.table_name) in self.space.plans
            ]
            sources = tuple(dict.fromkeys((*self.step.source, *self._argument_columns(entry), *when, *taken)))
            yield Trace(name, number, entry.name, sources, text, self.step.when, filled, self.block.start)

    def _passed_frame(self) -> pd.DataFrame:
        """Give a record algorithm the variables made so far and the collected columns it reads, no others."""
        read = self.space.columns_read(self.step)
        return self.block.frame([name for name in self.block.columns if name in read or not is_collected(name)])

    def _carry(self, before: Block, result: Records) -> None:
        """Bring collected columns that later steps read over to the new records, and drop those no step reads."""
        later = self._read_later()
        block = self.block
        block.columns = {name: one for name, one in block.columns.items() if not is_collected(name) or name in later}
        carried = [
            name for name in before.columns if is_collected(name) and name in later and name not in block.columns
        ]
        for name in carried:
            values = before.columns[name].array.take(result.provider, allow_fill=True)
            block.columns[name] = pd.Series(values, index=block.index, name=name)

    def _read_later(self) -> frozenset[str]:
        later = self.space.plans[self.build.name][self.build.position + 1 :]
        return frozenset().union(*map(self.space.columns_read, later))

    def _stack(self) -> None:
        later = self._read_later()
        blocks = (*self.build.waiting, self.block)
        partial = self._of_some_blocks(blocks)
        for block in blocks:
            block.columns = {
                name: one
                for name, one in block.columns.items()
                if not is_collected(name) or (name in later and name not in partial)
            }
        self.build.combine()

    def _of_some_blocks(self, blocks: Sequence[Block]) -> set[str]:
        """Return variables of datasets with one record per subject that only some blocks hold: all look them up."""
        every = set.intersection(*(set(block.columns) for block in blocks))
        some = {name for block in blocks for name in block.columns if is_collected(name)} - every
        found: set[str] = set()
        for prefix in {name.partition(".")[0] for name in some}:
            if prefix in self.space.plans or prefix in self.space.finished:
                frame = self.binder.table(prefix, (self.space.subject,)).frame
                if self.space.subject in frame and frame[self.space.subject].is_unique:
                    found |= {name for name in some if name.partition(".")[0] == prefix}
        return found


def render_method(entry: Algorithm, step: StepLike, parse: Parse, target: str = "") -> str:
    """Render the method text of a step for the variable `target` (default: that of the step).

    An algorithm of an extension is named with the distribution and version it comes from.
    """
    text = method_text(
        entry,
        source=step.source,
        target=target or step.target,
        codelist=step.codelist,
        arguments=step.arguments,
        parse=parse,
    )
    return f"{text} [{entry.name} of {entry.origin}]" if entry.origin else text


def _conditions_in(arguments: Mapping[str, Any]) -> Iterator[str]:
    """Yield the conditions among the arguments of an algorithm that evaluates them on its records."""
    for name, value in arguments.items():
        if name == "conditions":
            yield str(value.get(str(arguments.get("option", "")), ""))
        elif name in CONDITIONS and isinstance(value, str):
            yield value
        elif isinstance(value, Sequence) and not isinstance(value, str):
            yield from (str(one["condition"]) for one in value if isinstance(one, Mapping) and "condition" in one)


def is_collected(name: str) -> bool:
    """Tell a collected column (`form.COLUMN`) from a variable (`AETERM`, `SUPPAE.QNAM`)."""
    return "." in name and not name.startswith("SUPP")


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
