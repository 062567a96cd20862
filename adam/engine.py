"""The ADaM engine: expands specifications into steps, runs them over SDTM and gives back analysis datasets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

import adam.derivations
import adam.parameters  # noqa: F401 - fills the catalogue
from adam import selection
from adam.catalog import DERIVATIONS
from adam.settings import SETTINGS, resolved
from adam.through import through_providers, through_records
from adam.told_traces import SUPPLEMENTAL, told_traces
from adam.working_traces import with_working
from specs import models
from specs.expressions import parse
from spectrail import frames
from spectrail.build import Build, SourceTable
from spectrail.dataset import Dataset
from spectrail.errors import Place, SpecError
from spectrail.findings import Findings
from spectrail.layout import Column, Layout
from spectrail.lineage import Lineage, RecordLineage, Trace
from spectrail.runner import STACK, START, Workspace
from spectrail.settings import substituted
from spectrail.steps import Algorithm, Records

PREDECESSOR = "predecessor"
"""The derivation that copies a variable whose origin is Predecessor."""
LAST = ("derive_var_obs_number", "sort_records")
"""The derivations that number or sort records; parameters made of others are added before the first of them."""
SUBJECTS, IDENTIFIERS = "ADSL", ("STUDYID", "USUBJID")
"""The dataset of subjects, and its variables that every record of other datasets has too."""


@dataclass
class Engine:
    """One run over a study's analysis datasets.

    `sdtm` holds the finished SDTM datasets (frames with supplemental qualifiers apart), `tables` gives lookup tables
    by name.  `datasets` yields analysis datasets in the order of the specification; whatever one needs of another is
    made first.  `settle` completes the lineage when all are made. `catalog` holds the derivations steps may name.
    """

    study: models.Study
    sdtm: Mapping[str, Dataset]
    tables: Callable[[str], SourceTable | None] = lambda _: None
    resolvers: Mapping[type, Callable[[str], object]] = field(default_factory=dict)
    places: Callable[[str, int], Place | None] = lambda *_: None
    progress: Callable[[str], None] = lambda _: None
    catalog: Mapping[str, Algorithm] = field(default_factory=lambda: DERIVATIONS.registry)

    def __post_init__(self) -> None:
        self.specs = {dataset.name: dataset for dataset in self.study.datasets if dataset.steps or dataset.parameters}
        names = {name: tuple(map(str, one.frame.columns)) for name, one in self.sdtm.items()}
        self.plans = {name: plan(self.study, spec, names, self.catalog) for name, spec in self.specs.items()}
        self.space = Workspace(
            catalog=self.catalog,
            plans=self.plans,
            tables=self.tables,
            parse=parse,
            resolvers=self.resolvers,
            finished=self.sdtm,
            places=self.places,
            progress=self.progress,
        )

    def datasets(self, names: Sequence[str] | None = None) -> Iterator[Dataset]:
        """Yield the analysis datasets named (default: all); those without variables are not among them."""
        for name in self.plans:
            if (names is None or name in names) and self.specs[name].variables:
                build = self.space.run(name)
                if build.block is None:
                    raise SpecError(f"the steps of {name} start no records", place=Place(dataset=name))
                dataset = finished(build, self.specs[name], self.plans[name])
                traces = with_working(dataset.lineage.traces, self._working_traces())
                yield dataset.replace(lineage=replace(dataset.lineage, traces=traces))

    def _working_traces(self) -> dict[str, tuple[Sequence[Trace], Sequence[models.Step]]]:
        """Return executed steps and plan of every working table that has been started."""
        return {
            name: (build.traces, self.plans[name])
            for name, build in self.space.builds.items()
            if name in self.specs and not self.specs[name].variables
        }

    def notes(self) -> dict[str, pd.DataFrame]:
        """Return the tables that rules kept beside the records (candidates of time to event), by dataset.

        Where they have DATASET and ROW, ids of analysis records become ordinals of the written files, like lineage.
        """
        return {
            name: self._settled_notes(pd.concat(build.notes, ignore_index=True))
            for name, build in self.space.builds.items()
            if build.notes
        }

    def _settled_notes(self, notes: pd.DataFrame) -> pd.DataFrame:
        if not {"DATASET", "ROW"} <= set(notes.columns):
            return notes
        rows = notes["ROW"].to_numpy().copy()
        for source in notes["DATASET"].dropna().unique():
            mine = (notes["DATASET"] == source).to_numpy()
            rows[mine] = self._ordinals(source, rows[mine])
        return notes.assign(ROW=rows)

    def settle(self, dataset: Dataset) -> Dataset:
        """Turn ids of other analysis datasets' records in the lineage into ordinals of the written files.

        What came from a working table, which is not written, goes back to what that came from.
        """
        lineage = dataset.lineage
        working = {
            name: build
            for name, build in self.space.builds.items()
            if not self.specs[name].variables and build.block is not None
        }
        providers = {
            variable: tuple(
                replace(one, row=self._ordinals(one.source, one.row)) for one in through_providers(found, working)
            )
            for variable, found in lineage.providers.items()
        }
        records = self._records(through_records(lineage.records, working))
        return dataset.replace(lineage=replace(lineage, records=records, providers=providers))

    def _records(self, records: RecordLineage) -> RecordLineage:
        rows = records.row.copy()
        for code, source in enumerate(records.sources):
            mine = records.source == code
            rows[mine] = self._ordinals(source, records.row[mine])
        return replace(records, row=rows)

    def _ordinals(self, source: str, rows: np.ndarray) -> np.ndarray:
        build = self.space.builds.get(source)
        if build is None or build.block is None:
            return rows
        wide = rows.astype(np.int64)
        return np.where(wide >= 0, build.current(np.where(wide >= 0, wide, 0)), -1).astype(np.int32)


def plan(
    study: models.Study,
    dataset: models.Dataset,
    columns: Mapping[str, Sequence[str]],
    catalog: Mapping[str, Algorithm],
) -> tuple[models.Step, ...]:
    """Expand the specification of an analysis dataset into its steps.

    Each parameter becomes a block of records of its own, then come the steps of the dataset; variables whose origin
    is Predecessor are copied as soon as their source is at hand; records that start from another dataset take the
    identifiers from there and other variables of ADSL by subject. `$name` becomes the value of that setting.
    A dataset without variables is a working table: it starts with all columns of its sources (`columns`, by dataset).
    """
    own = list(dataset.steps)
    last = next((number for number, step in enumerate(own) if step.algorithm in LAST), len(own))
    derived = list(_derived_parameter_steps(dataset))
    steps = [*_parameter_steps(dataset, catalog), *own[:last], *_naming_steps(dataset), *derived, *own[last:]]
    made = {step.target for step in steps}
    copies = {
        variable.name: origin.predecessor
        for variable in dataset.variables
        for origin in variable.origins[:1]
        if origin.predecessor and variable.name not in made
    }
    starts = {step.source[0] for step in steps if step.algorithm == START and step.source}
    looked_up = {
        name: text
        for name, text in copies.items()
        if text.partition(".")[0] not in starts or (len(starts) > 1 and text.startswith(f"{SUBJECTS}."))
    }
    anchor = _anchor(steps)
    full: list[models.Step] = []
    for number, step in enumerate(steps):
        full.append(step)
        if step.algorithm == START and step.source:
            start = step.source[0]
            direct = {name: text for name, text in copies.items() if text.partition(".")[0] == start}
            direct |= {name: f"{start}.{name}" for name in IDENTIFIERS if name in copies and name not in direct}
            if not dataset.variables:
                direct = {name: f"{step.source[0]}.{name}" for name in columns.get(step.source[0], ())}
            full += [_copy(name, text) for name, text in direct.items()]
        if number == anchor:
            full += [_copy(name, text) for name, text in looked_up.items()]
        if derived and step is derived[-1]:
            # records that parameters add for every subject have no record behind them to take these from
            full += [_copy(name, text) for name, text in looked_up.items() if text.startswith(f"{SUBJECTS}.")]
    values = resolved(study.settings)
    return tuple(_with_settings(step, values, catalog) for step in full)


def _with_settings(step: models.Step, values: Mapping[str, str], catalog: Mapping[str, Algorithm]) -> models.Step:
    """Put the values of settings in: `$name` in an argument, and arguments that are named like a setting."""
    arguments = substituted(step.arguments, values)
    entry = catalog.get(step.algorithm)
    for parameter in entry.arguments if entry else ():
        if parameter.name in SETTINGS and parameter.name not in arguments:
            arguments = {**arguments, parameter.name: values[parameter.name]}
    return step.model_copy(update={"arguments": arguments})


def _anchor(steps: Sequence[models.Step]) -> int:
    """Return the step after which all records are there: the first `combine`, else the only start of records."""
    stacks = [number for number, step in enumerate(steps) if step.algorithm == STACK]
    starts = [number for number, step in enumerate(steps) if step.algorithm == START]
    return stacks[0] if stacks else starts[-1] if starts else -1


def _copy(name: str, text: str) -> models.Step:
    """Copy a predecessor: a variable, or a supplemental qualifier (`SUPPAE.AETRTEM`) of the parent record."""
    parent = text.partition(".")[0]
    if parent.startswith("SUPP") and len(parent) > len("SUPP"):
        domain = parent.removeprefix("SUPP")
        source = () if domain == "DM" else (f"{domain}.{domain}SEQ",)
        return models.Step(target=name, algorithm=SUPPLEMENTAL, source=source, arguments={"qualifier": text})
    return models.Step(target=name, algorithm=PREDECESSOR, source=(text,))


def _parameter_steps(dataset: models.Dataset, catalog: Mapping[str, Algorithm]) -> Iterator[models.Step]:
    """Yield the steps of every parameter: start records from its input, apply its rule, name it.

    A parameter whose `inputs` are other parameters of the dataset comes after the dataset's own steps.
    """
    codes = {parameter.paramcd for parameter in dataset.parameters}
    later = [one for one in dataset.parameters if one.inputs and set(one.inputs) <= codes]
    for parameter in dataset.parameters:
        if parameter in later or parameter in _named_only(dataset):
            continue
        start = str(parameter.settings.get("records", parameter.inputs[0] if parameter.inputs else "ADSL"))
        yield models.Step(algorithm=START, source=(start,), when=str(parameter.settings.get("where", "")))
        settings = {key: value for key, value in parameter.settings.items() if key not in ("records", "where")}
        if parameter.rule:
            entry = catalog[parameter.rule]
            named = {"paramcd": parameter.paramcd} if entry.parameter("paramcd") else {}
            yield models.Step(algorithm=parameter.rule, arguments={**named, **settings})
        for name, value in _constants(parameter, dataset).items():
            rule = "assign_number" if name == "PARAMN" else "assign_constant"
            yield models.Step(target=name, algorithm=rule, arguments={"value": value})
    if dataset.parameters and not any(step.algorithm == START for step in dataset.steps):
        yield models.Step(algorithm=STACK)


def _named_only(dataset: models.Dataset) -> tuple[models.Parameter, ...]:
    """Return the parameters that only have names: the dataset's own steps make their records, by PARAMCD."""
    return tuple(one for one in dataset.parameters if not (one.rule or one.inputs or one.settings))


def _naming_steps(dataset: models.Dataset) -> Iterator[models.Step]:
    """Yield the steps that name the parameters which the dataset's own steps make: PARAM, PARAMN, PARCAT1."""
    named = _named_only(dataset)
    mappings: dict[str, dict[str, str]] = {"PARAM": {}, "PARAMN": {}, "PARCAT1": {}}
    for parameter in named:
        for name, value in _constants(parameter, dataset).items():
            if name in mappings:
                mappings[name][parameter.paramcd] = value
    for name, mapping in mappings.items():
        if mapping:
            rule = "map_numbers" if name == "PARAMN" else "map_values"
            arguments: dict[str, models.Argument] = {"mapping": dict(mapping)}
            yield models.Step(target=name, algorithm=rule, source=("PARAMCD",), arguments=arguments)


def _derived_parameter_steps(dataset: models.Dataset) -> Iterator[models.Step]:
    """Yield the steps of the parameters whose `inputs` are other parameters of the dataset."""
    codes = {parameter.paramcd for parameter in dataset.parameters}
    for parameter in dataset.parameters:
        if not parameter.inputs or not set(parameter.inputs) <= codes:
            continue
        constants: dict[str, models.Argument] = {**_constants(parameter, dataset)}
        arguments: dict[str, models.Argument] = {"parameters": parameter.inputs, "set_values_to": constants}
        arguments |= parameter.settings
        yield models.Step(algorithm=parameter.rule, arguments=arguments)


def _constants(parameter: models.Parameter, dataset: models.Dataset) -> dict[str, str]:
    """Return the variables that name a parameter, as far as the dataset has them."""
    number = "" if parameter.paramn is None else str(parameter.paramn)
    values = {"PARAMCD": parameter.paramcd, "PARAM": parameter.param, "PARAMN": number, "PARCAT1": parameter.parcat1}
    return {name: value for name, value in values.items() if value and name in dataset.names}


def finished(build: Build, spec: models.Dataset, steps: Sequence[models.Step]) -> Dataset:
    """Bring the records of a build into the variables and types of the specification, sorted by its keys."""
    assert build.block is not None
    keys = [build.block.columns[key] for key in spec.keys if key in build.block.columns]
    if keys:
        order = frames.sort_positions(keys)
        build.apply(Records(build.block.frame().take(order), order))
    block = build.block
    columns = {}
    for variable in spec.variables:
        values = block.columns.get(variable.name)
        numeric = variable.data_type in ("integer", "float")
        if values is None:
            empty = pd.Series(np.nan, index=block.index, dtype="float64", name=variable.name)
            values = empty if numeric else empty.astype("str")
        columns[variable.name] = values
    layout = Layout(
        spec.name,
        spec.label,
        tuple(
            Column(
                one.name,
                one.label,
                one.data_type or "text",
                8 if one.data_type in ("integer", "float") else one.length,
                one.format,
            )
            for one in spec.variables
        ),
        spec.keys,
    )
    providers = {name: tuple(found) for name, found in block.providers.items() if name in spec.names}
    lineage = Lineage(block.links, told_traces(build.traces, steps), providers)
    return Dataset(layout, pd.DataFrame(columns, index=block.index), lineage, problem_findings(build, spec))


def problem_findings(build: Build, spec: models.Dataset) -> Findings:
    """Turn what the steps met into findings with the natural keys of the records they lie in."""
    block = build.block
    assert block is not None
    keys = [name for name in (*spec.keys, "USUBJID") if name in block.columns and not name.endswith("SEQ")]
    keys = list(dict.fromkeys(keys))
    parts = []
    for held in build.problems:
        record = build.current(held.ids)
        text = frames.repeat_text("", len(record)).fillna("")
        for name in keys:
            values = selection.take_column(frames.as_text(block.columns[name]), record).fillna("")
            text = text + (" " if name != keys[0] else "") + name + "=" + values
        problem = held.problem
        parts.append(
            Findings.of(
                rule=problem.rule,
                severity=problem.severity,
                dataset=build.name,
                variable=held.variable or problem.column,
                record=record + 1,
                keys=text,
                value=pd.Series(list(problem.values), dtype="str").fillna(""),
                message=problem.message,
            )
        )
    return Findings.concat(parts)
