"""Terms that extend a codelist: declared ones are listed with a count, others are findings of the rules."""

from __future__ import annotations

import numpy as np
import pandas as pd

from specs.models import Codelist, Condition, Dataset, Study, Term, ValueLevel, Variable, WhereClause
from validation.core.define_facts import define_facts
from validation.core.evaluate import run_rules
from validation.core.packaged_standards import packaged_standards
from validation.core.rule_files import load_rule
from validation.core.session import Session
from validation.core.study import Study as Submitted
from validation.core.study import Table, variables_of
from validation.extensions import declared_extensions
from validation.rules import RULES_FOLDER

SPECIFICATION = Study(
    study_id="S",
    codelists=(
        Codelist(id="CL.EPOCH", code="C99079", terms=(Term(term="SCREENING"), Term(term="ODD", extended=True))),
        Codelist(id="CL.V", terms=(Term(term="DEEP", extended=True),)),
    ),
    datasets=(
        Dataset(
            name="SE",
            domain="SE",
            variables=(Variable(name="DOMAIN"), Variable(name="EPOCH", codelist="CL.EPOCH"), Variable(name="SESEQ")),
            value_levels=(
                ValueLevel(
                    variable="EPOCH",
                    codelist="CL.V",
                    where=WhereClause(id="W", conditions=(Condition(variable="DOMAIN", values=("SE",)),)),
                ),
            ),
        ),
    ),
)
FRAME = pd.DataFrame({"DOMAIN": ["SE"] * 6, "EPOCH": ["ODD", "SCREENING", "NEW", "ODD", "DEEP", np.nan]}, dtype="str")


def tables(name: str = "SE") -> dict[str, Table]:
    """Return the dataset under a name."""
    return {name: Table(name, FRAME, variables=variables_of(FRAME))}


def test_declared_terms_are_listed_once_with_their_count() -> None:
    """ODD stands in records 1 and 4, DEEP of a value level in record 5; NEW is not declared."""
    facts = define_facts(SPECIFICATION)
    found = declared_extensions(tables(), facts).frame
    assert found[["dataset", "variable", "record", "value", "count"]].to_numpy().tolist() == [
        ["SE", "EPOCH", 1, "ODD", 2],
        ["SE", "EPOCH", 5, "DEEP", 1],
    ]
    assert set(found["severity"]) == {"notice"}
    assert len(declared_extensions(tables(), None)) == 0


def test_parts_of_a_split_dataset_have_the_terms_of_the_whole() -> None:
    """define.xml declares ODD and DEEP for SE: files of SE have them whatever their name, a file of TA has not."""
    facts = define_facts(SPECIFICATION)

    def listed(submitted: dict[str, Table]) -> list[list[object]]:
        return declared_extensions(submitted, facts).frame[["dataset", "value", "count"]].to_numpy().tolist()

    parts = {**tables("SEAA"), **tables("SEBB")}
    assert listed(parts) == [["SEAA", "ODD", 2], ["SEAA", "DEEP", 1], ["SEBB", "ODD", 2], ["SEBB", "DEEP", 1]]
    session = Session(Submitted(parts, packaged_standards(), facts), standard="SDTMIG", version="3.4")
    assert session.extended_values("SEAA", "EPOCH") == {"ODD", "DEEP"}
    other = FRAME.assign(DOMAIN="TA")
    assert listed({"TA": Table("TA", other, variables=variables_of(other))}) == []


def test_a_term_that_nobody_declared_is_a_finding_of_the_rule() -> None:
    """SPT-CT-009 finds NEW, once; without define.xml the declared ones, too."""
    rule = load_rule(RULES_FOLDER / "SDTM" / "SPT-CT-009" / "rule.yml")

    def found(specification: Study | None) -> list[list[object]]:
        facts = define_facts(specification) if specification is not None else None
        submitted = Submitted(tables(), packaged_standards(), facts, "2025-03-28")
        result = run_rules(submitted, [rule], standard="SDTMIG", version="3.4")
        return result.to_findings().frame[["record", "value", "count"]].to_numpy().tolist()

    assert found(SPECIFICATION) == [[3, "NEW", 1]]
    assert found(None) == [[1, "ODD", 2], [3, "NEW", 1], [5, "DEEP", 1]]
