"""The codelists of a study as mapping uses them: CDISC terms, the study's own terms and its collected values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from specs import models
from specs.terminology import Codelist, Term, Terminology, Terms
from spectrail.errors import UnknownNameError


def study_terms(study: models.Study, terminology: Terminology) -> Callable[[str], Terms]:
    """Return a function that gives the terms of a codelist by its id in the study, or by its C-code or CT name.

    A study codelist with a C-code is the CDISC list plus the study's extended terms and declared exceptions; one
    without is the study's own and admits nothing but its terms.  Synonyms of study terms are collected values that
    map to them.
    """
    own = {codelist.id: codelist for codelist in study.codelists}
    made: dict[str, Terms] = {}

    def find(name: str) -> Terms:
        if name not in made:
            made[name] = _terms(own, terminology, name)
        return made[name]

    return find


def _terms(own: dict[str, models.Codelist], terminology: Terminology, name: str) -> Terms:
    codelist = own.get(name)
    if codelist is None:
        if name not in terminology:
            raise UnknownNameError("codelist", name, [*own, *terminology.codelists])
        return terminology.terms(name)
    collected = {synonym: term.term for term in codelist.terms for synonym in term.synonyms}
    if codelist.code:
        base = terminology.terms(codelist.code)
        exceptions = [term for term in codelist.terms if declared_exception(term) and term.term not in base.by_value]
        base = replace(base, terms=base.terms + tuple(_term(term) for term in exceptions))
        return base.extended([_term(term) for term in codelist.terms], collected=collected)
    listed = tuple(_term(term) for term in codelist.terms)
    return Terms(Codelist(code="", name=codelist.id, label=codelist.name, extensible=False), listed, collected)


def declared_exception(term: models.Term) -> bool:
    """Tell whether a term is a declared exception of a closed codelist: marked as extended, with a comment on it.

    So is `MULTIPLE` in the codelist of --ACN where the actions differ by agent (SDTMIG 3.4 section 4.2.8.3).
    """
    return term.extended and bool(term.comment)


def _term(term: models.Term) -> Term:
    return Term(term.term, term.code, term.decode, extended=term.extended)
