"""Controlled terminology: codelists, their terms, and the way from a collected value to a submission value.

    ct = terminology("2025-03-28")
    ct.codelist("C66742").name                     -> "NY"
    ct.terms("NY").match(pd.Series(["yes", "Y"]))  -> submission Y, Y; how CASE... see `Terms.match`

A release is one Arrow table of terms and one of synonyms, not thousands of objects; a codelist becomes objects when
it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from functools import cache, cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from specs.standards.catalogue import check_version, known_versions, read_table
from spectrail.errors import SpecError, UnknownNameError, nearest_hint

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd
    import pyarrow as pa

DEFAULT_RELEASE = "2025-03-28"
EMPTY: Mapping[str, str] = MappingProxyType({})


class How(IntEnum):
    """How a collected value was matched with a term."""

    NULL = 0
    EXACT = 1
    CASE = 2
    SYNONYM = 3
    DECLARED = 4
    UNMATCHED = 5


class Match(NamedTuple):
    """Submission values (unmatched: the value as collected) and how each was found (int8 codes of `How`)."""

    submission: pd.Series
    how: npt.NDArray[np.int8]


@dataclass(frozen=True)
class Codelist:
    """One codelist: C-code, short name (`NY`), label; `paired` is the list of its test names or test codes."""

    code: str
    name: str
    label: str = ""
    extensible: bool = True
    package: str = ""
    paired: str = ""


@dataclass(frozen=True)
class Term:
    """One term; `extended` marks one that the study added."""

    submission_value: str
    code: str = ""
    decode: str = ""
    synonyms: tuple[str, ...] = ()
    preferred_term: str = ""
    extended: bool = False


@dataclass(frozen=True)
class Terms:
    """One codelist as mapping uses it: its terms and the study's own map of collected values."""

    codelist: Codelist
    terms: tuple[Term, ...]
    collected: Mapping[str, str] = field(default_factory=lambda: EMPTY, hash=False)

    @property
    def extensible(self) -> bool:
        """Tell whether the study may add terms."""
        return self.codelist.extensible

    @cached_property
    def submission_values(self) -> tuple[str, ...]:
        """Submission values in the order of the codelist."""
        return tuple(term.submission_value for term in self.terms)

    @cached_property
    def by_value(self) -> Mapping[str, Term]:
        """Terms by submission value."""
        return MappingProxyType({term.submission_value: term for term in self.terms})

    def extended(self, extra: Iterable[Term] = (), *, collected: Mapping[str, str] = EMPTY) -> Terms:
        """Return the codelist with the study's terms and its map of collected values to submission values.

        Raises SpecError for a term added to a list that is not extensible and for a map to a value the list lacks.
        """
        added = tuple(replace(term, extended=True) for term in extra if term.submission_value not in self.by_value)
        if added and not self.extensible:
            names = ", ".join(term.submission_value for term in added)
            raise SpecError(
                f"codelist {self._title} is not extensible, so {names} cannot be added",
                hint="map the collected values to its terms: " + ", ".join(self.submission_values[:20]),
            )
        result = replace(self, terms=self.terms + added, collected=MappingProxyType({**self.collected, **collected}))
        for value, target in collected.items():
            if target not in result.by_value:
                raise SpecError(
                    f"collected value {value!r} is mapped to {target!r}, which codelist {self._title} does not have",
                    hint=nearest_hint(target, result.submission_values),
                )
        return result

    @property
    def _title(self) -> str:
        return " ".join(part for part in (self.codelist.name, self.codelist.code) if part)

    def match(self, values: pd.Series) -> Match:
        """Return the submission value of each collected value and how it was found.

        In this order: the study's map; the submission value itself; one that differs in case or spaces only, if there
        is just one; a synonym or decode, if it belongs to one term only. What would be ambiguous stays unmatched, and
        an unmatched value is kept as collected. Null and blank stay null.
        """
        import numpy as np
        import pyarrow as pa

        from spectrail.coded import encode, recode

        coded = encode(values)
        found = [self.find(value) for value in coded.values.to_pylist()]
        submission = recode(coded.codes, pa.array([value for value, _ in found], pa.large_string()))
        how = coded.lift(np.array([int(code) for _, code in found], dtype=np.int8), null=int(How.NULL))
        return Match(submission.series(values.index), how)

    def decode(self, values: pd.Series) -> pd.Series:
        """Return the decode of each submission value (the test name of a test code); null for other values."""
        from spectrail.coded import encode

        terms = self.by_value
        coded = encode(values)
        return coded.map(
            lambda array: [terms[value].decode or None if value in terms else None for value in array.to_pylist()]
        ).series(values.index)

    def find(self, value: str) -> tuple[str | None, How]:
        """Return the submission value of one collected value and how it was found."""
        normal = normal_form(value)
        if not normal:
            return None, How.NULL
        if value in self.collected:
            return self.collected[value], How.DECLARED
        if value in self.by_value:
            return value, How.EXACT
        if normal in self._declared:
            return self._declared[normal], How.DECLARED
        same = self._normal.get(normal, frozenset())
        named = self._synonyms.get(value.strip(), frozenset())
        if len(same) == 1 and named <= same:
            return next(iter(same)), How.CASE
        if not same and not named:
            named = self._normal_synonyms.get(normal, frozenset())
        if len(named) == 1 and (not same or named <= same):
            return next(iter(named)), How.SYNONYM
        return value, How.UNMATCHED

    def candidates(self, value: str) -> tuple[str, ...]:
        """Return the submission values that a value may mean; more than one where it is ambiguous."""
        submission, how = self.find(value)
        if submission is not None and how != How.UNMATCHED:
            return (submission,)
        normal = normal_form(value)
        meant = self._normal.get(normal, frozenset()) | self._normal_synonyms.get(normal, frozenset())
        return tuple(one for one in self.submission_values if one in meant)

    @cached_property
    def ambiguous(self) -> Mapping[str, tuple[str, ...]]:
        """Synonyms and decodes that belong to several terms and are not used, with those terms."""
        return MappingProxyType(
            {
                synonym: tuple(sorted(targets))
                for synonym, targets in sorted(self._synonyms.items())
                if len(targets) > 1 and synonym not in self.by_value
            }
        )

    @cached_property
    def _declared(self) -> dict[str, str]:
        targets = _gather((normal_form(value), target) for value, target in self.collected.items())
        return {normal: next(iter(found)) for normal, found in targets.items() if len(found) == 1}

    @cached_property
    def _normal(self) -> dict[str, frozenset[str]]:
        return _gather((normal_form(value), value) for value in self.submission_values)

    @cached_property
    def _synonyms(self) -> dict[str, frozenset[str]]:
        return _gather((name, term.submission_value) for term in self.terms for name in _other_names(term))

    @cached_property
    def _normal_synonyms(self) -> dict[str, frozenset[str]]:
        return _gather((normal_form(name), target) for name, targets in self._synonyms.items() for target in targets)


def normal_form(value: str) -> str:
    """Return a value without case, and with single spaces."""
    return " ".join(value.split()).casefold()


def _other_names(term: Term) -> set[str]:
    return {name.strip() for name in (*term.synonyms, term.decode, term.preferred_term) if name.strip()}


def _gather(pairs: Iterable[tuple[str, str]]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for name, target in pairs:
        found.setdefault(name, set()).add(target)
    return {name: frozenset(targets) for name, targets in found.items()}


@dataclass(frozen=True)
class Terminology:
    """One release of controlled terminology.

    `table` has one row per term and package: package, codelist_code, codelist, codelist_name, extensible, paired,
    term_code, submission_value, decode, nci_preferred_term; `synonyms` has codelist_code, submission_value, synonym.
    """

    release: str
    table: pa.Table = field(repr=False, hash=False)
    synonyms: pa.Table = field(repr=False, hash=False)

    @cached_property
    def codelists(self) -> Mapping[str, Codelist]:
        """Codelists by C-code."""
        names = ["codelist_code", "codelist", "codelist_name", "extensible", "package", "paired"]
        found: dict[str, Codelist] = {}
        for row in self.table.select(names).group_by(names, use_threads=False).aggregate([]).to_pylist():
            found.setdefault(
                row["codelist_code"],
                Codelist(
                    code=row["codelist_code"],
                    name=row["codelist"],
                    label=row["codelist_name"],
                    extensible=row["extensible"],
                    package=row["package"],
                    paired=row["paired"] or "",
                ),
            )
        return MappingProxyType(found)

    @cached_property
    def _by_name(self) -> Mapping[str, Codelist]:
        return {codelist.name: codelist for codelist in self.codelists.values()}

    def codelist(self, name: str) -> Codelist:
        """Return a codelist by C-code (`C66742`) or short name (`NY`)."""
        found = self.codelists.get(name) or self._by_name.get(name)
        if found is None:
            raise UnknownNameError(f"codelist of CT {self.release}", name, [*self._by_name, *self.codelists])
        return found

    def __contains__(self, name: object) -> bool:
        return name in self.codelists or name in self._by_name

    def terms(self, name: str) -> Terms:
        """Return the terms of a codelist, ready for matching."""
        codelist = self.codelist(name)
        if codelist.code not in self._terms:
            self._terms[codelist.code] = Terms(codelist, self._read_terms(codelist))
        return self._terms[codelist.code]

    @cached_property
    def _terms(self) -> dict[str, Terms]:
        return {}

    def _read_terms(self, codelist: Codelist) -> tuple[Term, ...]:
        synonyms: dict[str, list[str]] = {}
        for row in _of_codelist(self.synonyms, codelist.code).to_pylist():
            synonyms.setdefault(row["submission_value"], []).append(row["synonym"])
        terms: dict[str, Term] = {}
        for row in _of_codelist(self.table, codelist.code).to_pylist():
            value = row["submission_value"]
            terms.setdefault(
                value,
                Term(
                    submission_value=value,
                    code=row["term_code"],
                    decode=row["decode"] or "",
                    synonyms=tuple(synonyms.get(value, ())),
                    preferred_term=row["nci_preferred_term"] or "",
                ),
            )
        return tuple(terms.values())


def _of_codelist(table: pa.Table, code: str) -> pa.Table:
    import pyarrow.compute as pc

    return table.filter(pc.equal(table["codelist_code"].cast("string"), code))


_PROVIDED: dict[str, Terminology] = {}


def provide(release: Terminology) -> None:
    """Make a release that was read from a file known by its date, beside the packaged ones."""
    _PROVIDED[release.release] = release


def releases() -> tuple[str, ...]:
    """Return the dates of the packaged releases and of those provided."""
    return tuple(dict.fromkeys((*known_versions("ct"), *_PROVIDED)))


def terminology(release: str = DEFAULT_RELEASE) -> Terminology:
    """Return a packaged or a provided release; others are read by `read_terminology`."""
    return _PROVIDED[release] if release in _PROVIDED else _packaged(release)


@cache
def _packaged(release: str) -> Terminology:
    check_version("ct", release)
    return Terminology(release, read_table(f"ct-{release}-terms"), read_table(f"ct-{release}-synonyms"))
