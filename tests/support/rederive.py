"""Analysis datasets of the reference study derived again with other settings, and what that changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas as pd

from adam.cutoff import cut, rules_of
from adam.engine import Engine
from specs import models
from spectrail.dataset import Dataset
from spectrail.pipeline.sources import Sources
from spectrail.pipeline.study import part_of, resolvers_of

KEYS = {
    "ADSL": ["USUBJID"],
    "ADLB": ["USUBJID", "PARAMCD", "ADTM", "LBSEQ", "LBNAM"],
    "ADRS": ["USUBJID", "PARAMCD", "NUMBER"],
    "ADTTE": ["USUBJID", "PARAMCD"],
    "ADAE": ["USUBJID", "AESEQ"],
    "ADEX": ["USUBJID", "EXTRT", "EXCAT", "PARAMCD"],
}
"""What identifies a record whatever the settings are; NUMBER counts the records of a subject and parameter."""


@dataclass(frozen=True)
class Change:
    """One value that differs: number of the subject, parameter or event, visit, variable, both values, the keys."""

    dataset: str
    subject: str
    record: str
    visit: str
    variable: str
    old: str
    new: str
    keys: str


@dataclass
class Rederiver:
    """Derives analysis datasets from one SDTM, once with the study's settings and as often as wanted with others.

    Only datasets whose steps differ, and those that read one of them, are derived again: the steps and the SDTM are
    all that a derivation knows.
    """

    study: models.Study
    sdtm: Mapping[str, Dataset]
    folder: Path
    known: dict[tuple[tuple[str, str], ...], dict[str, pd.DataFrame]] = field(default_factory=dict)

    @classmethod
    def of(cls, study: models.Study, datasets: Mapping[str, Dataset], folder: Path) -> Rederiver:
        """Take the analysis part of a study and its SDTM, cut for analysis."""
        analysis = part_of(study, analysis=True)
        rules = rules_of(next(one for one in analysis.tables if one.name == "cutoff"))
        return cls(analysis, cut(dict(datasets), rules, analysis.cutoff)[0], folder)

    @cached_property
    def base(self) -> dict[str, Dataset]:
        """The datasets with the settings of the study."""
        return {one.name: one for one in self.engine({}).datasets()}

    def __getitem__(self, name: str) -> pd.DataFrame:
        """Return the records of a dataset with the settings of the study."""
        return self.base[name].frame

    def engine(self, settings: Mapping[str, str], given: Mapping[str, Dataset] | None = None) -> Engine:
        """Return an engine with some settings changed that takes the datasets `given` as they are."""
        datasets = tuple(one for one in self.study.datasets if one.name not in (given or {}))
        changed = self.study.model_copy(
            update={"settings": {**self.study.settings, **settings}, "datasets": datasets}
        )
        return Engine(changed, {**self.sdtm, **(given or {})}, Sources(changed, self.folder), resolvers_of(changed))

    def affected(self, settings: Mapping[str, str]) -> set[str]:
        """Return the datasets whose steps the settings change, and those that read one of them."""
        old, new = self.engine({}), self.engine(settings)
        found = {name for name in old.plans if old.plans[name] != new.plans[name]}
        read = {
            name: {table for step in steps for table in new.space.tables_read(step)}
            for name, steps in new.plans.items()
        }
        while more := {name for name in read if name not in found and read[name] & found}:
            found |= more
        return found

    def made(self, **settings: str) -> dict[str, pd.DataFrame]:
        """Return the datasets that some settings may change, as they are with these."""
        key = tuple(sorted(settings.items()))
        if key not in self.known:
            affected = self.affected(settings)
            given = {name: one for name, one in self.base.items() if name not in affected}
            self.known[key] = {one.name: one.frame for one in self.engine(settings, given).datasets()}
        return self.known[key]

    def changes(self, **settings: str) -> set[Change]:
        """Return everything that changes with some settings changed."""
        made = self.made(**settings)
        return {change for name, frame in made.items() for change in compared(name, self[name], frame)}


def compared(name: str, one: pd.DataFrame, other: pd.DataFrame) -> Iterator[Change]:
    """Yield every value of a dataset that differs; a record that is in one only has the variable `record`."""
    old, new = (_keyed(name, frame) for frame in (one, other))
    for here, there, values in ((old, new, ("Y", "")), (new, old, ("", "Y"))):
        for _, row in here.loc[here.index.difference(there.index)].iterrows():
            yield _change(name, row, "record", *values)
    both = old.index.intersection(new.index)
    old, new = old.loc[both], new.loc[both]
    for variable in one.columns:
        left, right = old[variable], new[variable]
        differs = ~((left == right) | (left.isna() & right.isna())).to_numpy()
        for key in both[differs]:
            yield _change(name, old.loc[key], variable, _text(left[key]), _text(right[key]))


def _keyed(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return records by their keys as text."""
    keys = frame.assign(NUMBER=frame.groupby(["USUBJID", "PARAMCD"]).cumcount()) if "PARAMCD" in frame else frame
    first, *others = (keys[one].astype("str").fillna("") for one in KEYS[name])
    index = pd.Index(first.str.cat(others, sep="|") if others else first)
    assert index.is_unique, name
    return frame.set_axis(index)


def _text(value: object) -> str:
    if pd.isna(value):
        return ""
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%d")
    return f"{value:g}" if isinstance(value, float) else str(value)


def _change(name: str, row: pd.Series, variable: str, old: str, new: str) -> Change:
    record = _text(row.get("PARAMCD", row.get("AESEQ", "")))
    if name == "ADEX":
        record = f"{row['EXTRT']} {row['EXCAT']} {record}"
    return Change(
        name, str(row["USUBJID"])[-5:], record, _text(row.get("AVISIT", "")), variable, old, new, str(row.name)
    )


def listed(changes: set[Change], *variables: str) -> set[str]:
    """Return changes of some variables as text: `ADRS 00002 OVRALG DAY 22 AVALC PR > CR`."""
    kept = [one for one in changes if not variables or one.variable in variables]
    texts = [
        f"{one.dataset} {one.subject} {one.record} {one.visit} {one.variable} {one.old or '.'} > {one.new or '.'}"
        for one in kept
    ]
    return {" ".join(text.split()) for text in texts}


def lines(text: str) -> set[str]:
    """Return the lines of a literal list of changes."""
    return {line.strip() for line in text.strip().splitlines()}


def touched(changes: set[Change], *but: str) -> set[tuple[str, str]]:
    """Return dataset and record of the changes, without those of some variables."""
    return {(one.dataset, one.record) for one in changes if one.variable not in but}


def numbers(frame: pd.DataFrame) -> set[str]:
    """Return the last five digits of the subjects of some records."""
    return set(frame["USUBJID"].str[-5:])
