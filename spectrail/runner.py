"""The step runner: runs the steps of datasets in an order that lets them read each other.

One runner serves SDTM and ADaM.  A dataset that needs a variable of another one makes that one advance first, step by
step, so that DM may take its reference dates from EX although EX takes its study days from DM.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from spectrail.binding import plain_texts
from spectrail.build import Build, SourceTable
from spectrail.dataset import Dataset
from spectrail.errors import Place, SpecError, SpectrailError
from spectrail.expressions import Expression
from spectrail.step_run import STACK, START, StepRun, render_method
from spectrail.steps import Algorithm, Role


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
    """What a run knows: algorithms, plans, tables, and the datasets under way or finished.

    `lookups` gives lookup tables only (default: `tables`, which may have to read an extract to say that it is none).
    """

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
    lookups: Callable[[str], SourceTable | None] | None = None
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
                StepRun(self, build, step, (*chain, name)).run()
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
        for text in (step.when, *self._conditiontexts(step)):
            if text:
                yield from self.parse(text).columns
        for argument in step.arguments.values():
            yield from plain_texts(argument)
        yield from self._table_cells(step)
        entry = self.catalog.get(step.algorithm)
        for parameter in entry.parameters if entry else ():
            if parameter.role in (Role.COLUMN, Role.NAME) and parameter.name not in step.arguments:
                yield from plain_texts(parameter.default)

    def unfinished(self, names: Iterable[str]) -> dict[str, Sequence[StepLike]]:
        """Return the steps still to run for the datasets `names` and for all that they need, by dataset."""
        found: dict[str, Sequence[StepLike]] = {}
        waiting = list(names)
        while waiting:
            name = waiting.pop()
            if name not in found:
                build = self.builds.get(name)
                found[name] = self.plans[name][build.position if build else 0 :]
                texts = {text for step in found[name] for text in self.tables_read(step)}
                waiting += [other for other in self.plans if other in texts]
        return found

    def tables_read(self, step: StepLike) -> set[str]:
        """Return every name that may be that of a table a step reads: before the dot of a column, or alone."""
        entry = self.catalog.get(step.algorithm)
        defaults = [one.default for one in entry.parameters if one.role is Role.TABLE] if entry else []
        return {text.partition(".")[0] for text in (*self.columns_read(step), *plain_texts(defaults))}

    def _table_cells(self, step: StepLike) -> Iterator[str]:
        """Yield the cells of lookup tables a step names: they may name columns of a form."""
        entry = self.catalog.get(step.algorithm)
        for parameter in entry.parameters if entry else ():
            text = step.arguments.get(parameter.name, parameter.default)
            if parameter.role is Role.TABLE and isinstance(text, str) and text not in self.plans:
                table = (self.lookups or self.tables)(text)
                if table is not None and table.kind == "lookup":
                    for column in table.frame.columns:
                        yield from (str(cell) for cell in table.frame[column].dropna().unique())

    def _conditiontexts(self, step: StepLike) -> Iterator[str]:
        entry = self.catalog.get(step.algorithm)
        for parameter in entry.parameters if entry else ():
            if parameter.role in (Role.CONDITION, Role.EXPRESSION) and parameter.name in step.arguments:
                yield from plain_texts(step.arguments[parameter.name])


__all__ = ["STACK", "START", "StepLike", "Workspace", "render_method"]
