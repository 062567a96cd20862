"""What rules ask of a published standard, and an implementation over plain tables.

Dataset facts (class, label) change little between versions, so they are answered from the nearest tables at hand,
which is noted in the status of a rule; the core status of variables and controlled terms are answered only by tables
of the very standard asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from validation.core.signals import NotEvaluated

OBSERVATION_CLASSES = ("INTERVENTIONS", "EVENTS", "FINDINGS", "FINDINGS ABOUT")


@dataclass(frozen=True)
class DatasetFacts:
    """One dataset of an implementation guide or model; `klass` in upper case (`SPECIAL PURPOSE`, `FINDINGS`, ...)."""

    name: str
    label: str
    klass: str
    keys: tuple[str, ...] = ()
    variables: tuple[StandardVariable, ...] = ()


@dataclass(frozen=True)
class StandardVariable:
    """One variable of a standard; model variables may start with `--`; core is Req, Exp, Perm or empty."""

    name: str
    label: str = ""
    type: str = ""
    role: str = ""
    core: str = ""
    ccode: str = ""


class Standards(Protocol):
    """Facts of the standard a study claims; every method answers for the standard and version of the run."""

    def describe(self, standard: str, version: str) -> str:
        """Name the tables that answer for a standard, empty when they are the very ones asked for."""

    def ig_dataset(self, name: str, standard: str, version: str) -> DatasetFacts | None:
        """Return a dataset of the implementation guide."""

    def model_dataset(self, name: str, standard: str, version: str) -> DatasetFacts | None:
        """Return a dataset of the model."""

    def model_class(self, klass: str, standard: str, version: str) -> ModelClass | None:
        """Return the variables that the model gives to a general observation class."""

    def has_core(self, standard: str, version: str) -> bool:
        """Tell whether core (Req, Exp, Perm) of this standard's variables is at hand."""

    def releases(self) -> frozenset[tuple[str, str]]:
        """Return the terminology releases at hand (publishing set, date)."""

    def terms(self, codelists: Sequence[str], releases: Sequence[tuple[str, str]]) -> Terms:
        """Return codelists and terms of releases (publishing set, date); raise `NotEvaluated` when not at hand."""


@dataclass(frozen=True)
class ModelClass:
    """Variables of a general observation class in the order of the model; `about` are those of Findings About."""

    identifiers: tuple[StandardVariable, ...] = ()
    qualifiers: tuple[StandardVariable, ...] = ()
    timing: tuple[StandardVariable, ...] = ()
    about: tuple[StandardVariable, ...] = ()


@dataclass(frozen=True)
class Term:
    """One codelist or term."""

    code: str
    value: str
    pref_term: str = ""


@dataclass(frozen=True)
class Terms:
    """Codelists asked for and their terms, in published order."""

    codelists: tuple[Term, ...]
    terms: tuple[Term, ...]


Terminology = Mapping[tuple[str, str], Mapping[str, tuple[Term, tuple[Term, ...]]]]
"""(publishing set, date) -> codelist by submission value in upper case -> the codelist and its terms."""


@dataclass(frozen=True)
class NoStandards:
    """No facts at hand: whatever needs them cannot be evaluated."""

    def describe(self, standard: str, version: str) -> str:
        """Say that nothing is at hand."""
        return "no standard tables"

    def ig_dataset(self, name: str, standard: str, version: str) -> DatasetFacts | None:
        """Refuse."""
        raise _absent(standard, version)

    def model_dataset(self, name: str, standard: str, version: str) -> DatasetFacts | None:
        """Refuse."""
        raise _absent(standard, version)

    def model_class(self, klass: str, standard: str, version: str) -> ModelClass | None:
        """Refuse."""
        raise _absent(standard, version)

    def has_core(self, standard: str, version: str) -> bool:
        """Answer no."""
        return False

    def releases(self) -> frozenset[tuple[str, str]]:
        """Return none."""
        return frozenset()

    def terms(self, codelists: Sequence[str], releases: Sequence[tuple[str, str]]) -> Terms:
        """Refuse."""
        raise NotEvaluated("no controlled terminology is at hand", cause="standard_absent")


def _absent(standard: str, version: str) -> NotEvaluated:
    return NotEvaluated(f"no tables of {standard.upper()} {version} are at hand", cause="standard_absent")


@dataclass(frozen=True)
class TableStandards:
    """Facts from tables of one implementation guide and model, and of any number of CT releases.

    `terminology` gives, when first asked, (publishing set, date) -> codelists by submission value in upper case.
    """

    standard: str
    version: str
    ig: Mapping[str, DatasetFacts]
    model: Mapping[str, DatasetFacts]
    classes: Mapping[str, ModelClass]
    terminology: Callable[[], Terminology] = dict

    def describe(self, standard: str, version: str) -> str:
        """Name these tables when another standard or version is asked for."""
        if standard.upper() == self.standard and _dotted(version) == self.version:
            return ""
        return f"{self.standard} {self.version}"

    def ig_dataset(self, name: str, standard: str, version: str) -> DatasetFacts | None:
        """Return a dataset of the implementation guide."""
        return self.ig.get(name)

    def model_dataset(self, name: str, standard: str, version: str) -> DatasetFacts | None:
        """Return a dataset of the model."""
        return self.model.get(name)

    def model_class(self, klass: str, standard: str, version: str) -> ModelClass | None:
        """Return the variables that the model gives to a general observation class."""
        return self.classes.get(klass)

    def has_core(self, standard: str, version: str) -> bool:
        """Tell whether core of this implementation guide (any version of it) is at hand."""
        return standard.upper() == self.standard

    def releases(self) -> frozenset[tuple[str, str]]:
        """Return the terminology releases at hand (publishing set, date)."""
        return frozenset(self.terminology())

    def terms(self, codelists: Sequence[str], releases: Sequence[tuple[str, str]]) -> Terms:
        """Return codelists and terms of several releases merged."""
        if not releases:
            raise NotEvaluated("no controlled terminology release is named", cause="standard_absent")
        terminology = self.terminology()
        lists: list[Term] = []
        terms: list[Term] = []
        for release in releases:
            if release not in terminology and release[0] != "DEFINE-XML":
                names = ", ".join(f"{name} {date}" for name, date in sorted(terminology)) or "none"
                raise NotEvaluated(
                    f"controlled terminology {release[0]} {release[1]} is not at hand (at hand: {names})",
                    cause="standard_absent",
                )
        for wanted in codelists:
            found = [
                terminology[one][wanted.upper()] for one in releases if wanted.upper() in terminology.get(one, {})
            ]
            if not found:
                raise NotEvaluated(f"codelist {wanted} is in none of the releases in force", cause="standard_absent")
            for codelist, members in found:
                lists.append(codelist)
                terms.extend(members)
        return Terms(_once(lists), _once(terms))


def _once(terms: Iterable[Term]) -> tuple[Term, ...]:
    return tuple({(term.code, term.value): term for term in terms}.values())


def _dotted(version: str) -> str:
    return version.replace("-", ".")


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


TIG_USE_CASES: Mapping[str, Mapping[str, frozenset[str]]] = {
    "SDTM": {
        "INDH": _names(
            "AE CO CM DM DI DU DO DS EG EX EC FA IE LB MH PC PP DA DV QS RELREC RE SC SE SV SU EM TA TE TI TS TV VS"
        ),
        "PROD": _names("TO PD PT IT IN IQ ES"),
    },
    "SEND": {
        "NONCLIN": _names(
            "BW CV CL CO DD DM DI DU DS EG EX FW GT LB MA MI OM PM PK PP POOLDEF RELREC RELREF RE SC SE TA TE TF TX"
            " TS VS"
        ),
    },
}
"""Domains of the use cases of TIG 1.0 by substandard (see SOURCES.md)."""
