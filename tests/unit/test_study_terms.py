"""Codelists of a study: CDISC terms, extensions, declared exceptions, collected values."""

from __future__ import annotations

import pandas as pd
import pytest

from specs import models
from specs.study_terms import study_terms
from specs.terminology import How, terminology
from spectrail.errors import SpecError, UnknownNameError


def study(*terms: models.Term, code: str = "C66767") -> models.Study:
    """Make a study with one codelist."""
    return models.Study(study_id="S", codelists=(models.Codelist(id="ACN", code=code, terms=terms),))


def find(spec: models.Study, value: str) -> tuple[str | None, How]:
    """Look one collected value up in the codelist."""
    return study_terms(spec, terminology())("ACN").find(value)


def test_a_cdisc_list_keeps_its_terms_and_takes_the_studys_collected_values() -> None:
    """A synonym of the study maps; the other terms of the list are still there."""
    spec = study(models.Term(term="DOSE NOT CHANGED", synonyms=("same dose",)))
    assert find(spec, "same dose") == ("DOSE NOT CHANGED", How.DECLARED)
    assert find(spec, "Drug withdrawn") == ("DRUG WITHDRAWN", How.CASE)


def test_a_closed_list_takes_no_further_term() -> None:
    """ACN is not extensible."""
    with pytest.raises(SpecError, match="not extensible, so MULTIPLE cannot be added"):
        find(study(models.Term(term="MULTIPLE", extended=True)), "MULTIPLE")


def test_a_declared_exception_of_a_closed_list_needs_a_comment() -> None:
    """MULTIPLE is admitted where a comment explains it."""
    spec = study(models.Term(term="MULTIPLE", extended=True, comment="COM.ACN"))
    assert find(spec, "MULTIPLE") == ("MULTIPLE", How.EXACT)
    assert find(spec, "SEVERAL") == ("SEVERAL", How.UNMATCHED)


def test_a_list_of_the_sponsor_admits_nothing_else() -> None:
    """Without a C-code the terms of the study are all there is."""
    terms = study_terms(study(models.Term(term="A", synonyms=("a1",)), code=""), terminology())("ACN")
    assert terms.match(pd.Series(["A", "a1", "B"])).submission.tolist() == ["A", "A", "B"]
    assert terms.extensible is False


def test_a_codelist_may_be_named_by_code_or_short_name() -> None:
    """Lists that the study does not touch need no entry."""
    find_terms = study_terms(models.Study(study_id="S"), terminology())
    assert find_terms("C66742").codelist.name == find_terms("NY").codelist.name == "NY"
    with pytest.raises(UnknownNameError, match="unknown codelist 'NOPE'"):
        find_terms("NOPE")
