"""Which standard a dataset of a study follows, and what that standard says of its variables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from specs import models as m
from specs.standards import (
    AdamStandard,
    SdtmIg,
    SdtmModel,
    StandardDataset,
    StandardVariable,
    adamig,
    known_versions,
    occds,
    sdtm_model,
    sdtmig,
)

SUPPLEMENTAL = re.compile(r"SUPP[A-Z0-9]{2,4}")
ADAM_CLASSES: Mapping[str, str] = {
    "SUBJECT LEVEL ANALYSIS DATASET": "ADSL",
    "BASIC DATA STRUCTURE": "BDS",
    "OCCURRENCE DATA STRUCTURE": "OCCDS",
    "ADAM OTHER": "",
}
"""Class of Define-XML -> class of ADaMIG or OCCDS."""

ADAM_SUBCLASSES: Mapping[str, str] = {"TIME-TO-EVENT": "BDS-TTE", "ADVERSE EVENT": "ADAE"}
MODEL_CLASSES: Mapping[str, str] = {
    "EVENTS": "Events",
    "FINDINGS": "Findings",
    "FINDINGS ABOUT": "Findings About",
    "INTERVENTIONS": "Interventions",
    "SPECIAL PURPOSE": "Special-Purpose",
    "TRIAL DESIGN": "Trial Design",
    "STUDY REFERENCE": "Study Reference",
    "RELATIONSHIP": "Relationship",
}
"""Class of Define-XML -> class of the SDTM model."""


@dataclass(frozen=True)
class Guides:
    """The packaged standards that a study follows; None where its version is not packaged."""

    sdtm: SdtmIg | None
    model: SdtmModel | None
    adam: AdamStandard | None
    occurrence: AdamStandard | None

    def dataset(self, dataset: m.Dataset) -> StandardDataset | None:
        """Return what SDTMIG says of a dataset, or None; split datasets are known by their domain."""
        if self.sdtm is None or kind_of(dataset) != "sdtm":
            return None
        for name in (dataset.name, dataset.domain):
            if name in self.sdtm.datasets or SUPPLEMENTAL.fullmatch(name):
                return self.sdtm.dataset(name)
        return None

    def variable(self, dataset: m.Dataset, name: str) -> StandardVariable | None:
        """Return what the standard says of a variable: SDTMIG, else the SDTM model; ADaMIG or OCCDS."""
        if kind_of(dataset) == "adam":
            return self._adam(dataset, name)
        found = self.dataset(dataset)
        if found is not None and (listed := found.variable(name)) is not None:
            return listed
        class_name = found.class_name if found is not None else MODEL_CLASSES.get(dataset.class_.upper(), "")
        if self.model is None or class_name not in self.model.classes:
            return None
        return self.model.variable(class_name, dataset.domain or dataset.name, name)

    def _adam(self, dataset: m.Dataset, name: str) -> StandardVariable | None:
        class_name = adam_class(dataset)
        if class_name in ("OCCDS", "ADAE"):
            prefix = "AE" if class_name == "ADAE" else ""
            found = self.occurrence.variable(class_name, name, prefix=prefix) if self.occurrence else None
            if found is not None or self.adam is None:
                return found
            return self.adam.variable("ADSL", name)
        return self.adam.variable(class_name, name) if self.adam is not None and class_name else None


def kind_of(dataset: m.Dataset) -> Literal["sdtm", "adam"]:
    """Tell whether a dataset is of SDTM or ADaM: by its class, else by its name (`AD` and more)."""
    class_name = dataset.class_.upper()
    if class_name in ADAM_CLASSES:
        return "adam"
    if class_name in MODEL_CLASSES:
        return "sdtm"
    return "adam" if dataset.name.startswith("AD") and len(dataset.name) > 2 else "sdtm"


def adam_class(dataset: m.Dataset) -> str:
    """Return the class of ADaMIG or OCCDS of a dataset, empty when nothing tells."""
    for subclass, name in ADAM_SUBCLASSES.items():
        if subclass in dataset.subclass.upper():
            return name
    if dataset.class_:
        return ADAM_CLASSES.get(dataset.class_.upper(), "")
    if dataset.name == "ADSL":
        return "ADSL"
    if dataset.name == "ADAE":
        return "ADAE"
    if "PARAMCD" in dataset.names:
        return "BDS-TTE" if "CNSR" in dataset.names else "BDS"
    return ""


def guides(study: m.Study) -> Guides:
    """Return the standards that a study names; the defaults for those it does not name."""
    sdtm = _version(study, "SDTM", "sdtmig", "3.4")
    adam = _version(study, "ADAM", "adamig", "1.3")
    occurrence = _version(study, "OCCDS", "occds", "1.1")
    return Guides(
        sdtm=sdtmig(sdtm) if sdtm in known_versions("sdtmig") else None,
        model=sdtm_model() if sdtm in known_versions("sdtmig") else None,
        adam=adamig(adam) if adam in known_versions("adamig") else None,
        occurrence=occds(occurrence) if occurrence in known_versions("occds") else None,
    )


def _version(study: m.Study, word: str, standard: str, default: str) -> str:
    """Return the packaged version that the study names, else the first it names, else the default."""
    named = [s.version for s in study.standards if s.type == "IG" and word in s.name.upper().replace("-", "")]
    packaged = [version for version in named if version in known_versions(standard)]
    return (packaged or named or [default])[0]
