"""Codelists that a specification leaves out: of flags by the values the standard gives, of copies by their source."""

from __future__ import annotations

from specs import models as m
from specs.complete import complete


def study(*codelists: m.Codelist) -> m.Study:
    """Return a study with flags of both kinds and a copy of each in another dataset."""

    def copied(name: str) -> m.Variable:
        return m.Variable(name=name, origins=(m.Origin(type="Predecessor", predecessor=f"ADSL.{name}"),))

    adsl = m.Dataset(name="ADSL", variables=tuple(m.Variable(name=name) for name in ("FASFL", "SEX", "AGE")))
    adae = m.Dataset(
        name="ADAE", variables=(m.Variable(name="TRTEMFL"), copied("FASFL"), copied("SEX"), m.Variable(name="OWNFL"))
    )
    return m.Study(study_id="X", datasets=(adsl, adae), codelists=codelists)


def test_flags_have_the_codelist_of_their_values() -> None:
    """Y and N, or Y alone, of codelist NY; a copy has the list of its source; a flag of the sponsor none."""
    made = complete(study())
    found = {
        (dataset.name, one.name): {term.term for term in by_id(made)[one.codelist].terms} if one.codelist else None
        for dataset in made.datasets
        for one in dataset.variables
    }
    assert found["ADSL", "FASFL"] == found["ADAE", "FASFL"] == {"Y", "N"}
    assert found["ADAE", "TRTEMFL"] == {"Y"}
    assert found["ADAE", "OWNFL"] is None
    assert made.datasets[1].variable("SEX").codelist == made.datasets[0].variable("SEX").codelist != ""
    assert {by_id(made)[one].code for one in ("NY", "NY_Y")} == {"C66742"}


def test_lists_of_the_study_are_used() -> None:
    """A codelist of the study with the same terms of NY is taken, whatever it is called."""
    own = m.Codelist(id="YESONLY", name="Yes Only", code="C66742", terms=(m.Term(term="Y"),))
    made = complete(study(own))
    assert made.datasets[1].variable("TRTEMFL").codelist == "YESONLY"


def by_id(study: m.Study) -> dict[str, m.Codelist]:
    """Return the codelists of a study by id."""
    return {one.id: one for one in study.codelists}
