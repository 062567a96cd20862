"""One run over one study: what is known of its datasets, and frames shared by all rules."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from validation.core.frames import Choices, Frame, stack, table_frame
from validation.core.identity import Identity, identify
from validation.core.signals import NotEvaluated
from validation.core.standards import DatasetFacts, ModelClass
from validation.core.study import Study, Table

SMALL_RECORDS = 100_000


class Session:
    """A study under a standard; frames and results of operations are made once and kept until forgotten."""

    def __init__(
        self,
        study: Study,
        *,
        standard: str,
        version: str,
        substandard: str | None = None,
        use_case: str | None = None,
        choices: Choices | None = None,
    ) -> None:
        self.study = study
        self.standard = standard.upper()
        self.version = version.replace("-", ".")
        self.substandard = substandard
        self.use_case = use_case
        self.choices = choices or Choices()
        self.tables: dict[str, Table] = {name.upper(): table for name, table in study.tables.items()}
        self.identities: dict[str, Identity] = {name: identify(table) for name, table in self.tables.items()}
        self.standard_note = study.standards.describe(self.standard, self.version)
        self._frames: dict[str, Frame] = {}
        self._kept: dict[Hashable, Any] = {}
        self._known: dict[Hashable, Any] = {}
        self._classes: dict[str, str] = {}

    def kept(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """Return what `compute` gives, computed once until `forget_large`."""
        if key not in self._kept:
            self._kept[key] = compute()
        return self._kept[key]

    def known(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """Return what `compute` gives of the standard, computed once per run."""
        if key not in self._known:
            self._known[key] = compute()
        return self._known[key]

    def forget_large(self) -> None:
        """Drop joined frames and the columns of datasets above `SMALL_RECORDS` records."""
        self._kept.clear()
        self._frames = {name: frame for name, frame in self._frames.items() if frame.size <= SMALL_RECORDS}

    def frame(self, name: str) -> Frame:
        """Return the records of one submitted dataset."""
        if name not in self._frames:
            identity = self.identities[name]
            frame = table_frame(
                self.tables[name].frame, dataset=name, wildcard=identity.wildcard, choices=self.choices
            )
            frame.codelist = self.submission_values
            frame.extended = lambda variable: self.extended_values(name, variable)
            self._frames[name] = frame
        return self._frames[name]

    def records(self, names: Sequence[str]) -> Frame:
        """Return the records of a family of split files, one below the other."""
        if len(names) == 1:
            return self.frame(names[0])
        return self.kept(("records", tuple(names)), lambda: stack([self.frame(name) for name in names]))

    def find(self, wanted: str, *, but: str = "") -> str | None:
        """Return the first submitted dataset whose domain, name or unsplit name is `wanted` (not of family `but`)."""
        named = [name for name, identity in self.identities.items() if identity.name == wanted]
        others = [name for name, identity in self.identities.items() if wanted in (identity.domain, identity.unsplit)]
        for name in (*named, *others):
            if not but or self.identities[name].unsplit != but:
                return name
        return None

    def declared(self, name: str, fact: str) -> str:
        """Return what define.xml says of a dataset (`class`, `subclass`), empty when it says nothing."""
        datasets = self.study.define.datasets if self.study.define is not None else ()
        for entry in datasets:
            if entry.name.upper() == name:
                return str(entry.facts.get(f"define_dataset_{fact}") or "")
        return ""

    def releases(self) -> list[tuple[str, str]]:
        """Return the terminology in force (publishing set, date): what define.xml declares, else the run's.

        Analysis datasets carry variables of SDTM too: where define.xml of an ADaM package declares no SDTM
        terminology, the release of the same date is in force, else the run's, if it is at hand.
        """
        study = self.study
        declared = study.define.terminology if study.define is not None else ()
        sets = {"ADAMIG": ("ADaM", "SDTM"), "SENDIG": ("SEND",)}.get(self.standard.split("-")[0], ("SDTM",))
        if not declared:
            return [(name, study.ct) for name in sets] if study.ct else []
        if "ADaM" not in sets or any(name == "SDTM" for name, _ in declared):
            return list(declared)
        dates = [date for name, date in declared if name == "ADaM"] + ([study.ct] if study.ct else [])
        held = study.standards.releases()
        return [*declared, *[("SDTM", date) for date in dates if ("SDTM", date) in held][:1]]

    def submission_values(self, codelist: str) -> frozenset[str]:
        """Return the submission values of a codelist (its own submission value or C-code) in force."""

        def values() -> frozenset[str]:
            found = self.study.standards.terms([codelist], self.releases())
            return frozenset(term.value for term in found.terms)

        return self.known(("submission_values", codelist), values)

    def extended_values(self, name: str, variable: str) -> frozenset[str]:
        """Return the terms that define.xml declares as extended values for a variable of a dataset."""
        define = self.study.define
        return frozenset() if define is None else define.extended(name, self.identities[name].unsplit, variable)

    def family(self, name: str) -> tuple[str, ...]:
        """Return the files of the split dataset that a file belongs to (itself alone when it is not split)."""
        unsplit = self.identities[name].unsplit
        return tuple(other for other, identity in self.identities.items() if identity.unsplit == unsplit)

    def whole(self, name: str) -> Frame:
        """Return the records of a dataset, all files of a split one."""
        return self.records(self.family(name))

    def class_of(self, identity: Identity) -> str:
        """Return the class of a dataset in upper case, empty when it has none."""
        if identity.name not in self._classes:
            self._classes[identity.name] = self._class_of(identity)
        return self._classes[identity.name]

    def _class_of(self, identity: Identity) -> str:
        found = self.facts_of(identity.unsplit)
        if found is not None:
            return found.klass
        if identity.is_ap and not identity.is_supp:
            parent = self.find(identity.ap_suffix)
            facts = self.facts_of(identity.ap_suffix)
            if parent is not None and parent != identity.name:
                return self.class_of(self.identities[parent])
            if facts is not None:
                return facts.klass
            raise NotEvaluated(
                f"the class of {identity.name} is that of {identity.ap_suffix}, which is not in the study",
                cause="dataset_absent",
            )
        names = {variable.name for variable in self.tables[identity.name].variables}
        return class_by_variables(names, identity.wildcard)

    def facts_of(self, name: str) -> DatasetFacts | None:
        """Return what the implementation guide, else the model, says of a dataset."""
        return self.ig_dataset(name) or self.model_dataset(name)

    def ig_dataset(self, name: str) -> DatasetFacts | None:
        """Return a dataset of the implementation guide of the run."""
        return self.study.standards.ig_dataset(name, self.standard, self.version)

    def model_dataset(self, name: str) -> DatasetFacts | None:
        """Return a dataset of the model of the run."""
        return self.study.standards.model_dataset(name, self.standard, self.version)

    def model_class(self, klass: str) -> ModelClass | None:
        """Return the variables the model gives to a general observation class."""
        return self.study.standards.model_class(klass, self.standard, self.version)


def class_by_variables(names: set[str], domain: str) -> str:
    """Return the class that variable names show: topic variable of the domain, or QNAM in a dataset with RDOMAIN."""
    if "DOMAIN" in names:
        if f"{domain}TERM" in names:
            return "EVENTS"
        if f"{domain}TRT" in names:
            return "INTERVENTIONS"
        if f"{domain}TESTCD" in names:
            return "FINDINGS ABOUT" if f"{domain}OBJ" in names else "FINDINGS"
        return ""
    return "RELATIONSHIP" if {"RDOMAIN", "QNAM"} <= names else ""
