"""Fill what a specification leaves out from the packaged standards; what it says is never changed."""

from __future__ import annotations

import re
from typing import Any

from specs import models as m
from specs.guides import ADAM_CLASSES, Guides, adam_class, guides, kind_of
from specs.standards import StandardVariable
from specs.terminology import Terminology, releases, terminology
from spectrail.layout import DataType

WHOLE_NUMBERS = re.compile(r".*(SEQ|DY|TPTNUM|CD)|TAETORD|AGE|VISITDY|[A-Z0-9]+FN|PARAMN|CNSR|ASEQ")
NY, FLAGS = "C66742", (("Y",), ("Y", "N"))
"""The codelist of flags, and the values that ADaM gives them."""
DATE_FORMATS = (("DTM", "DATETIME20."), ("DT", "DATE9."), ("TM", "TIME8."))
"""Ending of a numeric ADaM variable (ADaMIG 1.3 section 3.1.5) -> SAS format."""


def complete(study: m.Study) -> m.Study:
    """Return the study with labels, types, roles, cores, codelists, keys and classes of the standards filled in.

    SDTM variables take them from SDTMIG, else from the SDTM model; ADaM variables from ADaMIG or OCCDS.  A variable
    without codelist takes that of its steps, else the only one its standard names, unless value-level metadata say
    it record by record; codelists of controlled
    terminology that the study refers to without listing them are added.  Places of the objects stay valid: nothing is
    moved, codelists are added at the end.
    """
    found = guides(study)
    terms = terminology(study.ct) if study.ct in releases() else None
    codelists = {codelist.code: codelist.id for codelist in reversed(study.codelists) if codelist.code}
    added: dict[str, m.Codelist] = {}
    taken = {codelist.id for codelist in study.codelists} | {dictionary.id for dictionary in study.dictionaries}
    filler = _Filler(found, terms, codelists, added, taken, study.codelists)
    datasets = _with_copied_labels(tuple(filler.dataset(dataset) for dataset in study.datasets))
    return study.model_copy(update={"datasets": datasets, "codelists": (*study.codelists, *added.values())})


def _with_copied_labels(datasets: tuple[m.Dataset, ...]) -> tuple[m.Dataset, ...]:
    """Give a copied variable (origin Predecessor) the codelist of its source, and label and type if it has none."""
    known = {(dataset.name, one.name): one for dataset in datasets for one in dataset.variables}

    def labelled(variable: m.Variable) -> m.Variable:
        for origin in variable.origins:
            dataset, _, name = origin.predecessor.partition(".")
            copied = known.get((dataset.strip(), name.strip()))
            if copied is None:
                continue
            update = {} if variable.codelist else {"codelist": copied.codelist}
            if copied.label and not variable.label:
                update |= {"label": copied.label} | ({} if variable.data_type else {"data_type": copied.data_type})
            return variable.model_copy(update=update)
        return variable

    return tuple(
        dataset.model_copy(update={"variables": tuple(labelled(one) for one in dataset.variables)})
        for dataset in datasets
    )


class _Filler:
    """Fill datasets; collects the codelists that have to be added."""

    def __init__(
        self,
        found: Guides,
        terms: Terminology | None,
        codelists: dict[str, str],
        added: dict[str, m.Codelist],
        taken: set[str],
        listed: tuple[m.Codelist, ...] = (),
    ) -> None:
        self.guides, self.terms, self.codelists, self.added, self.taken = found, terms, codelists, added, taken
        self.listed = listed

    def dataset(self, dataset: m.Dataset) -> m.Dataset:
        """Fill one dataset."""
        listed = self.guides.dataset(dataset)
        fill: dict[str, Any] = {}
        if listed is not None:
            fill = {
                "label": listed.label,
                "class_": listed.define_class,
                "structure": listed.structure,
                "keys": listed.keys if set(listed.keys) <= set(dataset.names) else (),
                "repeating": "Yes" if listed.repeating else "No",
                "reference_data": "Yes" if listed.reference_data else "No",
            }
        elif kind_of(dataset) == "adam":
            fill = _adam_dataset(dataset)
        fill["purpose"] = "Analysis" if kind_of(dataset) == "adam" else "Tabulation"
        update: dict[str, Any] = {name: value for name, value in fill.items() if value and not getattr(dataset, name)}
        of_steps = {step.target: step.codelist for step in reversed(dataset.steps) if step.codelist}
        update["variables"] = tuple(self.variable(dataset, one, of_steps) for one in dataset.variables)
        for level in dataset.value_levels:
            self.refer(level.codelist)
        for parameter in dataset.parameters:
            self.refer(parameter.codelist)
        return dataset.model_copy(update=update)

    def variable(self, dataset: m.Dataset, variable: m.Variable, of_steps: dict[str, str]) -> m.Variable:
        """Fill one variable."""
        listed = self.guides.variable(dataset, variable.name)
        by_value = any(level.variable == variable.name for level in dataset.value_levels)
        if variable.name == "PARAMCD" and dataset.parameters and not variable.codelist:
            variable = variable.model_copy(update={"codelist": self.parameter_codes(dataset)})
        named = "" if by_value else of_steps.get(variable.name, "")
        fill: dict[str, Any] = {"codelist": named if self.knows(named) else ""}
        if listed is not None:
            kind, sas_format = data_type(listed, adam=kind_of(dataset) == "adam")
            fill |= {"label": listed.label, "data_type": kind, "role": listed.role, "core": listed.core}
            fill["format"] = sas_format if not variable.data_type else ""
            fill["mandatory"] = {"": "", "Req": "Yes"}.get(listed.core, "No")
            if not variable.codelist and not fill["codelist"] and not by_value:
                fill["codelist"] = self.codelist(listed)
        update = {name: value for name, value in fill.items() if value and not getattr(variable, name)}
        self.refer(update.get("codelist", variable.codelist))
        return variable.model_copy(update=update) if update else variable

    def codelist(self, listed: StandardVariable) -> str:
        """Return the id of the only codelist that the standard names for a variable, adding the list where needed.

        One that it gives Y, or Y and N, has those of the codelist NY.
        """
        if not listed.codelists and listed.values in FLAGS:
            return self.flag_codes(listed.values)
        if len(listed.codelists) != 1:
            return ""
        code = listed.codelists[0]
        if code in self.codelists:
            return self.codelists[code]
        if self.terms is None or code not in self.terms:
            return ""
        name = self.terms.codelist(code).name
        made = name if name and name not in self.taken else code
        self.add(made, code)
        return made

    def flag_codes(self, values: tuple[str, ...]) -> str:
        """Return the id of the codelist with just these terms of NY, adding it where the study has none."""
        both = [*self.listed, *self.added.values()]
        for one in both:
            if one.code == NY and {term.term for term in one.terms} == set(values):
                return one.id
        if self.terms is None or NY not in self.terms:
            return ""
        made = "_".join(("NY", *values)) if len(values) == 1 else "NY"
        if made in self.taken:
            return made if any(one.id == made and one.code == NY for one in both) else ""
        terms = tuple(m.Term(term=one) for one in values)
        name = "Yes Only" if len(values) == 1 else self.terms.codelist(NY).label
        self.added[made] = m.Codelist(id=made, name=name, code=NY, terms=terms)
        self.taken.add(made)
        return made

    def parameter_codes(self, dataset: m.Dataset) -> str:
        """Add the codelist of a dataset's parameters, PARAMCD with PARAM as decode, and return its id."""
        made = f"PARAMCD.{dataset.name}"
        terms = tuple(m.Term(term=one.paramcd, decode=one.param) for one in dataset.parameters)
        self.added[made] = m.Codelist(id=made, name=f"Parameter Codes of {dataset.name}", terms=terms)
        self.taken.add(made)
        return made

    def knows(self, name: str) -> bool:
        """Tell whether a codelist is listed or in controlled terminology."""
        return name in self.taken or (self.terms is not None and name in self.terms)

    def refer(self, name: str) -> None:
        """Add a codelist of controlled terminology that is referred to by its code or name."""
        if name and name not in self.taken and self.terms is not None and name in self.terms:
            self.add(name, self.terms.codelist(name).code)

    def add(self, name: str, code: str) -> None:
        """Add a codelist of controlled terminology under an id."""
        assert self.terms is not None
        self.added[name] = m.Codelist(id=name, name=self.terms.codelist(code).label, code=code)
        self.taken.add(name)
        self.codelists.setdefault(code, name)


def _adam_dataset(dataset: m.Dataset) -> dict[str, Any]:
    name = adam_class(dataset)
    classes = {short: long for long, short in ADAM_CLASSES.items() if short}
    classes |= {"BDS-TTE": "BASIC DATA STRUCTURE", "ADAE": "OCCURRENCE DATA STRUCTURE"}
    subclasses = {"BDS-TTE": "TIME-TO-EVENT", "ADAE": "ADVERSE EVENT"}
    fill = {"class_": classes.get(name, ""), "subclass": subclasses.get(name, ""), "reference_data": "No"}
    fill["repeating"] = "No" if name == "ADSL" else "Yes" if name else ""
    if name == "ADSL":
        fill |= {"label": "Subject-Level Analysis Dataset", "structure": "One record per subject"}
    return fill


def data_type(listed: StandardVariable, *, adam: bool) -> tuple[DataType, str]:
    """Return the data type of Define-XML for a variable of a standard, and its SAS format (numeric dates of ADaM)."""
    if listed.type == "Char":
        if "duration" in listed.format and "datetime" not in listed.format:
            return "durationDatetime", ""
        return ("datetime" if "datetime" in listed.format else "text"), ""
    if adam:
        for ending, sas_format in DATE_FORMATS:
            if listed.name.endswith(ending):
                return "integer", sas_format
    return ("integer" if WHOLE_NUMBERS.fullmatch(listed.name) else "float"), ""
