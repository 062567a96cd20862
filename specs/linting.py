"""What the rules of the linter share: the study with its surroundings, and the registry of checks."""

from __future__ import annotations

import inspect
import pathlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from specs import models as m
from specs.faults import Fault, Rule, rule
from specs.guides import Guides
from specs.nodes import Path, Places
from specs.terminology import Terminology
from spectrail.errors import UnknownNameError, nearest_hint
from spectrail.findings import Severity
from spectrail.settings import substituted
from spectrail.steps import Algorithm


@dataclass(frozen=True)
class Found:
    """One thing that a check found: where in the model, what is wrong, what to do."""

    path: Path
    message: str
    hint: str = ""
    value: str = ""
    dataset: str = ""
    variable: str = ""


NO_SETTINGS: Mapping[str, str] = MappingProxyType({})
NONE_COMBINED: Mapping[str, tuple[str, ...]] = MappingProxyType({})
SettingCheck = Callable[[str, str], str]
"""Name and value of a setting to what is supported instead of the value; nothing for a value that is supported."""


def any_value(name: str, value: str) -> str:
    """Support every value of every setting."""
    del name, value
    return ""


@dataclass(frozen=True)
class Context:
    """A study and what it is checked against; `catalog` is empty when steps are not checked.

    `settings` are the defaults of the settings that analyses know, `combined` the names that set several of them,
    `unsupported` checks their values; `folder` is the study folder where raw files are looked for.
    """

    study: m.Study
    catalog: Mapping[str, Algorithm]
    places: Places
    guides: Guides
    terms: Terminology | None
    settings: Mapping[str, str] = field(default_factory=dict)
    combined: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unsupported: SettingCheck = any_value
    folder: pathlib.Path | None = None

    @cached_property
    def codelists(self) -> dict[str, m.Codelist]:
        """Codelists by id, the first of each."""
        return {codelist.id: codelist for codelist in reversed(self.study.codelists)}

    @cached_property
    def codelist_names(self) -> set[str]:
        """Ids of codelists and dictionaries."""
        return {*self.codelists, *(dictionary.id for dictionary in self.study.dictionaries)}

    @cached_property
    def datasets(self) -> dict[str, m.Dataset]:
        """Datasets by name, the first of each."""
        return {dataset.name: dataset for dataset in reversed(self.study.datasets)}

    def knows_codelist(self, name: str) -> bool:
        """Tell whether a codelist is listed or in the terminology of the study, where an unknown release has any."""
        return self.terms is None or name in self.codelist_names or name in self.terms

    def values(self, codelist: str) -> tuple[frozenset[str], bool] | None:
        """Return the submission values of a codelist and whether no others can be; None when it is unknown."""
        listed = self.codelists.get(codelist)
        code = listed.code if listed is not None else codelist
        own = {term.term for term in listed.terms} if listed is not None else set()
        if listed is not None and (own or not code):
            return frozenset(own), True
        if self.terms is None or code not in self.terms:
            return None
        official = self.terms.terms(code)
        return frozenset(own | set(official.submission_values)), not official.extensible

    def filled(self, value: Any) -> Any:
        """Return arguments with `$name` replaced by settings, as they are when one is unknown."""
        try:
            return substituted(value, {**self.settings, **self.study.settings})
        except UnknownNameError:  # a rule of its own reports it
            return value

    def algorithm(self, step: m.Step) -> Algorithm | None:
        """Return the algorithm of a step, None for an unknown one and for those of the runner."""
        if step.algorithm in self.catalog:
            return self.catalog[step.algorithm]
        return None

    def variables(self) -> Iterator[tuple[m.Dataset, m.Variable, Path]]:
        """Yield every variable with its dataset and path."""
        for i, dataset in enumerate(self.study.datasets):
            for j, variable in enumerate(dataset.variables):
                yield dataset, variable, ("datasets", i, "variables", j)

    def value_levels(self) -> Iterator[tuple[m.Dataset, m.ValueLevel, Path]]:
        """Yield every value level with its dataset and path."""
        for i, dataset in enumerate(self.study.datasets):
            for j, level in enumerate(dataset.value_levels):
                yield dataset, level, ("datasets", i, "value_levels", j)

    def steps(self) -> Iterator[tuple[m.Dataset, m.Step, Path]]:
        """Yield every step with its dataset and path."""
        for i, dataset in enumerate(self.study.datasets):
            for j, step in enumerate(dataset.steps):
                yield dataset, step, ("datasets", i, "steps", j)

    def settled(self) -> Iterator[tuple[m.Dataset, m.Step, Path]]:
        """Yield every step with the settings of the study in its arguments."""
        for dataset, step, path in self.steps():
            arguments = self.filled(step.arguments)
            changed = arguments != step.arguments
            yield dataset, step.model_copy(update={"arguments": arguments}) if changed else step, path


Check = Callable[[Context], Iterator[Found]]
CHECKS: list[tuple[Rule, Check]] = []


def check(id_: str, severity: Severity, title: str) -> Callable[[Check], Check]:
    """Register a check; its docstring is the meaning of its rule."""

    def register(function: Check) -> Check:
        meaning = " ".join((inspect.getdoc(function) or "").split())
        CHECKS.append((rule(id_, severity, title, meaning), function))
        return function

    return register


def run(context: Context) -> list[Fault]:
    """Run all checks; faults come in the order of the rules, then of the study."""
    faults = []
    for entry, function in sorted(CHECKS, key=lambda pair: pair[0].id):
        for found in function(context):
            place = context.places.nearest(*found.path)
            faults.append(Fault(entry, found.message, place, found.hint, found.value, found.dataset, found.variable))
    return faults


def nearest(name: str, known: Iterator[str] | list[str] | set[str] | tuple[str, ...]) -> str:
    """Return a hint with the nearest known names."""
    return nearest_hint(name, known, most=12)
