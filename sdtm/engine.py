"""The SDTM engine: runs the steps of every domain and gives back finished datasets with lineage and findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pyarrow as pa

import sdtm.algorithms
import sdtm.derivations  # noqa: F401 - fills the catalogue
from sdtm import finish
from sdtm.catalog import ALGORITHMS
from specs import models
from specs.expressions import parse
from spectrail.build import Build, SourceTable, distinct_rows, rows_beyond
from spectrail.dataset import Dataset
from spectrail.errors import Place, SpecError
from spectrail.lineage import Provider, RecordLineage
from spectrail.runner import StepLike, Workspace
from spectrail.settings import substituted
from spectrail.step_run import is_collected
from spectrail.steps import Algorithm, Role


@dataclass(frozen=True)
class Account:
    """What became of the rows of one source in one dataset (decision: every raw row is accounted for)."""

    source: str
    dataset: str
    mapped: int
    excluded: Mapping[str, int]


@dataclass
class Engine:
    """One run over a study: `datasets` yields finished datasets, `settle` completes their lineage afterwards.

    `tables` gives a raw extract or lookup table by name (None: no such table); `resolvers` turn names into objects
    by type (for example a codelist id into its terms).  `lookups` gives lookup tables alone, so that no extract is
    read to find out that it is none; `release` is told of every extract that no step still to run reads. `catalog`
    holds the algorithms that steps may name.
    """

    study: models.Study
    tables: Callable[[str], SourceTable | None]
    resolvers: Mapping[type, Callable[[str], object]] = field(default_factory=dict)
    places: Callable[[str, int], Place | None] = lambda *_: None
    progress: Callable[[str], None] = lambda _: None
    lookups: Callable[[str], SourceTable | None] | None = None
    release: Callable[[str], None] = lambda _: None
    catalog: Mapping[str, Algorithm] = field(default_factory=lambda: ALGORITHMS.registry)

    def __post_init__(self) -> None:
        self.specs = {dataset.name: dataset for dataset in self.study.datasets}
        self.plans = {
            dataset.name: with_defaults(self.study, dataset, self.catalog)
            for dataset in self.study.datasets
            if dataset.steps
        }
        self.space = Workspace(
            catalog=self.catalog,
            plans=self.plans,
            tables=self.tables,
            parse=parse,
            resolvers=self.resolvers,
            places=self.places,
            progress=self.progress,
            lookups=self.lookups,
        )
        self.accounts: list[Account] = []
        self.used: dict[str, list[np.ndarray]] = {}
        self.left: dict[str, list[np.ndarray]] = {}

    def datasets(self, names: Sequence[str] | None = None) -> Iterator[Dataset]:
        """Yield the datasets named (default: all with steps), each followed by its supplemental qualifiers."""
        wanted = list(self.plans) if names is None else [name for name in self.plans if name in set(names)]
        for number, name in enumerate(wanted, start=1):
            build = self.space.run(name)
            if build.block is None:
                raise SpecError(
                    f"the steps of {name} start no records",
                    place=Place(dataset=name),
                    hint="begin with a records step",
                )
            self._account(build)
            later = self.space.unfinished(wanted[number:])
            self._release(later)
            self._prune(build, later, written=True)
            pa.default_memory_pool().release_unused()
            yield from finish.finished(build, self.specs[name], self.study)
            self._prune(build, later, written=False)

    def settle(self, dataset: Dataset) -> Dataset:
        """Turn ids of other datasets' records in the lineage into ordinals of the written files."""
        lineage = dataset.lineage
        records = self._settled_records(lineage.records)
        providers = {
            variable: tuple(self._settled_provider(one) for one in found)
            for variable, found in lineage.providers.items()
        }
        return dataset.replace(lineage=replace(lineage, records=records, providers=providers))

    def _settled_records(self, records: RecordLineage) -> RecordLineage:
        rows = records.row.copy()
        for code, source in enumerate(records.sources):
            build = self.space.builds.get(source)
            if build is not None:
                mine = records.source == code
                rows[mine] = build.current(records.row[mine].astype(np.int64)).astype(np.int32)
        return replace(records, row=rows)

    def _settled_provider(self, provider: Provider) -> Provider:
        build = self.space.builds.get(provider.source)
        if build is None or build.block is None:
            return provider
        rows = provider.row.astype(np.int64)
        found = np.where(rows >= 0, build.current(np.where(rows >= 0, rows, 0)), -1)
        return replace(provider, row=found.astype(np.int32))

    def _account(self, build: Build) -> None:
        assert build.block is not None
        links = build.block.links
        sources = dict.fromkeys((*links.sources, *(one.source for one in build.exclusions)))
        for source in sources:
            rows = np.empty(0, dtype=np.int32)
            if source in links.sources:
                rows = distinct_rows(links.row[links.source == links.sources.index(source)])
            excluded: dict[str, list[np.ndarray]] = {}
            for one in build.exclusions:
                if one.source == source:
                    excluded.setdefault(one.reason, []).append(one.rows)
            left = {reason: rows_beyond(np.concatenate(parts), rows) for reason, parts in excluded.items()}
            self.used.setdefault(source, []).append(rows)
            self.left.setdefault(source, []).extend(left.values())
            counts = {reason: len(found) for reason, found in left.items() if len(found)}
            self.accounts.append(Account(source, build.name, len(rows), counts))

    def _release(self, later: Mapping[str, Sequence[StepLike]]) -> None:
        """Let go of the extracts that no step still to run reads, nor the content behind its records."""
        needed = {table for steps in later.values() for step in steps for table in self.space.tables_read(step)}
        for name, steps in later.items():
            build = self.space.builds.get(name)
            if steps and build is not None and build.block is not None:
                needed.update(source for block in (*build.waiting, build.block) for source in block.links.sources)
        for source in self.study.sources:
            if source.name not in needed:
                self.release(source.name)

    def _prune(self, build: Build, later: Mapping[str, Sequence[StepLike]], *, written: bool) -> None:
        """Drop the columns of a build that no step still to run reads, of those to be `written` the collected."""
        assert build.block is not None
        needed: set[str] = {self.space.subject}
        for step in (step for steps in later.values() for step in steps):
            if any(self._whole_table(step, build.name)):
                return
            needed.update(column.removeprefix(f"{build.name}.") for column in self.space.columns_read(step))
        build.block.columns = {
            name: one
            for name, one in build.block.columns.items()
            if name in needed or (written and not is_collected(name))
        }

    def _whole_table(self, step: StepLike, name: str) -> Iterator[bool]:
        if step.algorithm == "records" and name in step.source:
            yield True
        entry = self.catalog.get(step.algorithm)
        for parameter in entry.parameters if entry else ():
            if parameter.role is Role.TABLE and step.arguments.get(parameter.name, parameter.default) == name:
                yield True


def with_defaults(
    study: models.Study, dataset: models.Dataset, catalog: Mapping[str, Algorithm]
) -> tuple[models.Step, ...]:
    """Complete the steps of a dataset: codelists of the target variables, STUDYID and DOMAIN."""
    codelists = {variable.name: variable.codelist for variable in dataset.variables}
    codelists |= _supplemental_codelists(study, dataset)
    steps = [
        step.model_copy(update={"codelist": codelists[step.target]})
        if not step.codelist and codelists.get(step.target) and _takes_codelist(step, catalog)
        else step
        for step in (
            _with_formats(study, _with_settings(study, _with_keys(dataset, one)), catalog) for one in dataset.steps
        )
    ]
    made = {step.target for step in steps}
    constants = {"STUDYID": study.study_id, "DOMAIN": dataset.domain or dataset.name}
    for name, value in constants.items():
        if name in dataset.names and name not in made:
            steps.append(models.Step(target=name, algorithm="hardcode_no_ct", arguments={"value": value}))
    return tuple(steps)


def _with_settings(study: models.Study, step: models.Step) -> models.Step:
    """Put the values of the study's settings into the arguments of a step (`$data_cutoff`)."""
    arguments = {name: substituted(value, study.settings) for name, value in step.arguments.items()}
    return step.model_copy(update={"arguments": arguments}) if arguments != step.arguments else step


def _with_keys(dataset: models.Dataset, step: models.Step) -> models.Step:
    """Let --SEQ follow the keys of the dataset when the step names no order."""
    if step.algorithm != "derive_seq" or step.source:
        return step
    keys = tuple(key for key in dataset.keys if key not in ("STUDYID", "USUBJID", step.target))
    return step.model_copy(update={"source": keys})


def _with_formats(study: models.Study, step: models.Step, catalog: Mapping[str, Algorithm]) -> models.Step:
    """Let a date of a form be read by the formats that its raw source declares, when the step names none."""
    entry = catalog.get(step.algorithm)
    if entry is None or entry.parameter("formats") is None or "formats" in step.arguments or not step.source:
        return step
    form = step.source[0].partition(".")[0]
    formats = next((source.dates for source in study.sources if source.name == form), ())
    return step.model_copy(update={"arguments": {**step.arguments, "formats": formats}}) if formats else step


def _takes_codelist(step: models.Step, catalog: Mapping[str, Algorithm]) -> bool:
    entry = catalog.get(step.algorithm)
    return entry is not None and entry.parameter("codelist") is not None


def _supplemental_codelists(study: models.Study, dataset: models.Dataset) -> dict[str, str]:
    found: dict[str, str] = {}
    supplemental = f"SUPP{dataset.name}"
    for other in study.datasets:
        if other.name == supplemental:
            for level in other.value_levels:
                for condition in level.where.conditions:
                    if condition.variable == "QNAM" and level.codelist:
                        found |= {f"{supplemental}.{qnam}": level.codelist for qnam in condition.values}
    return found


def raw_source(name: str, frame: pd.DataFrame) -> SourceTable:
    """Wrap a raw extract."""
    return SourceTable(name, frame, "raw")


def lookup_source(table: models.LookupTable) -> SourceTable:
    """Turn a lookup table of the specification into a frame of text; empty cells are missing."""
    frame = pd.DataFrame(list(table.rows), columns=list(table.columns), dtype="str")
    return SourceTable(table.name, frame.mask(frame == ""), "lookup")
