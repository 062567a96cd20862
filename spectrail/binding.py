"""What the texts of a step stand for: columns, tables, conditions and values, ready for the algorithm."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pydantic import TypeAdapter, ValidationError

from spectrail import expressions, frames
from spectrail.build import Block, Build, SourceTable, first_links
from spectrail.errors import SpecError, UnknownNameError
from spectrail.lineage import Provider
from spectrail.steps import INJECTED, Algorithm, Parameter, Positions, Role

if TYPE_CHECKING:
    from spectrail.runner import StepLike, Workspace


class Binder:
    """Binds one step on one build.

    `rows` are the positions that the step works on (None: all); `references` gathers the values of other datasets
    that were looked up by subject, `table_name` is the table that the step named.
    """

    def __init__(self, space: Workspace, build: Build, step: StepLike, chain: tuple[str, ...]) -> None:
        self.space, self.build, self.step, self.chain = space, build, step, chain
        self.references: dict[str, Provider] = {}
        self.table_name = ""
        self.rows: Positions | None = None

    @property
    def block(self) -> Block:
        """The records under construction."""
        assert self.build.block is not None
        return self.build.block

    def bind(self, entry: Algorithm) -> tuple[list[Any], dict[str, Any]]:
        """Return the positional and the named arguments of the step for an algorithm."""
        step = self.step
        known = {p.name for p in entry.arguments} | {p.name for p in entry.parameters if p.source}
        for name in step.arguments:
            if name not in known:
                raise UnknownNameError(f"argument of {entry.name}", name, known)
        positional = self._bind_sources(entry)
        named: dict[str, Any] = {}
        injected = {
            Role.CONTENT: self._content,
            Role.TABLES: lambda name: self.table(name, ()).frame,
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
            texts = list(plain_texts(text))
            found = tuple(self._column_values(one) for one in texts)
            return found if parameter.plural else found[0]
        if role in (Role.NAME, Role.TABLE_COLUMN):
            texts = list(plain_texts(text))
            if role is Role.NAME:
                for one in texts:
                    self._ensure(one)
            return tuple(texts) if parameter.plural else texts[0]
        if role is Role.CONDITION:
            parsed = self.space.parse(str(text))
            mask = self.evaluate(str(text), self.visible(parsed.columns), self.block.index)
            values = pd.Series(mask, index=self.block.index)
            return values if self.rows is None or entry.kind == "records" else _take(values, self.rows)
        if role is Role.EXPRESSION:
            parsed = self.space.parse(str(text))
            values = expressions.evaluate(parsed, self.visible(parsed.columns), self.block.index)
            return values if self.rows is None or entry.kind == "records" else _take(values, self.rows)
        if role is Role.TABLE:
            columns = [
                one
                for other in entry.arguments
                if other.role is Role.TABLE_COLUMN
                for one in plain_texts(self.step.arguments.get(other.name, other.default))
            ]
            columns += self._columns_of_where(entry)
            table = self.table(str(text), columns)
            self.check_known(columns, table.frame.columns, kind=f"column of {text}")
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
        table = self.table(dataset, (subject, variable))
        self.check_known((subject, variable), table.frame.columns, kind=f"variable of {dataset}")
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

    def table(self, name: str, columns: Sequence[str]) -> SourceTable:
        """Return a table by name; of a dataset under way as far as the columns asked for need it."""
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
        table = self.table(source, ()) if source else None
        if table is None:
            return pd.DataFrame(index=pd.RangeIndex(len(positions)))
        place = table.frame.index.get_indexer(rows) if table.kind == "dataset" else rows
        frame = table.frame.take(np.where(place >= 0, place, 0)).reset_index(drop=True)
        frame = frame.mask(pd.Series(place < 0), other=np.nan) if (place < 0).any() else frame
        first = [name for name in frame.columns if str(name).upper() == "RECORDPOSITION"]
        return frame[first + [name for name in frame.columns if name not in first]]

    def visible(self, names: Sequence[str]) -> dict[str, pd.Series]:
        """Return columns by name, whole."""
        return {name: self._whole_column(name) for name in names}

    def evaluate(self, text: str, columns: Mapping[str, pd.Series], index: pd.RangeIndex) -> Any:
        """Evaluate a condition; null counts as false."""
        values = expressions.evaluate(self.space.parse(text), columns, index)
        return values.fillna(False).to_numpy(dtype=bool)

    def _evaluate_on(self, text: str, frame: pd.DataFrame) -> Any:
        """Evaluate a condition on a table's frame, whose variables it names without a prefix."""
        names = self.space.parse(text).columns
        self.check_known(names, frame.columns)
        index = pd.RangeIndex(len(frame))
        columns = {name: pd.Series(frame[name].array, index=index, name=name) for name in names}
        return self.evaluate(text, columns, index)

    def check_known(self, names: Sequence[str], known: Any, kind: str = "column") -> None:
        """Raise for the first name that is not among the known ones."""
        for name in names:
            if name not in known:
                raise UnknownNameError(kind, name, [str(one) for one in known])


_LEFT_OUT: Any = object()


def _with_ids(block: Block) -> pd.DataFrame:
    frame = block.frame()
    frame.index = pd.Index(block.ids)
    return frame


def _take(values: pd.Series, rows: Positions) -> pd.Series:
    return pd.Series(values.array.take(rows), index=pd.RangeIndex(len(rows)), name=values.name)


def _typed(entry: Algorithm, parameter: Parameter, text: Any) -> Any:
    if parameter.plural and isinstance(text, str):
        text = (text,)
    try:
        return TypeAdapter(parameter.type).validate_python(text)
    except ValidationError as error:
        raise SpecError(
            f"argument {parameter.name!r} of {entry.name!r}: {error.errors()[0]['msg']}; got {text!r}"
        ) from None


def plain_texts(value: Any) -> Iterator[str]:
    """Yield every text in an argument: of sequences and mappings, keys included."""
    if value is None:
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from plain_texts(item)
    elif isinstance(value, Sequence):
        for item in value:
            yield from plain_texts(item)
