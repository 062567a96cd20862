"""One defect per kind planted into the built reference study: at least 97 % are found at the right place."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.mutation.drift import score_drift
from benchmarks.mutation.judging import summary
from benchmarks.mutation.planting import one_per_kind, read_list
from benchmarks.mutation.score import LIST, Built, affected, check, score
from spectrail.findings import Findings
from validation.core.rule_files import load_rules
from validation.rules import RULES_FOLDER

DEFECTS = read_list(LIST)


@pytest.fixture(scope="module")
def built(blina: Any, blina_adam: Any) -> Built:
    """Return tabulation and analysis datasets with the packaged rules."""
    return Built({**blina.datasets, **blina_adam.datasets}, load_rules(RULES_FOLDER))


def test_one_defect_per_kind_is_found(built: Built) -> None:
    """Missed ones are listed by kind; every kind that is not declared undetectable has a place in the study."""
    outcomes = score(built, one_per_kind(DEFECTS))
    result = summary(outcomes)
    missed = [(one.defect.number, one.defect.kind, one.reason) for one in outcomes if one.status == "missed"]
    assert (result["share"] >= 0.97, missed[2:]) == (True, [])
    placed = {one.defect.kind for one in outcomes if one.status in ("caught", "missed")}
    assert {one.kind for one in DEFECTS} - placed == {"lost_record", "variable_renamed"}


def test_every_define_drift_is_found(blina_adam: Any) -> None:
    """The data change, define.xml stays: dataset and variable are named."""
    outcomes = score_drift(blina_adam.out)
    assert [(one.defect.number, one.reason) for one in outcomes if one.status != "caught"] == []
    assert len({one.defect.kind for one in outcomes}) == 12


def test_looking_at_the_touched_datasets_only_changes_no_finding(built: Built) -> None:
    """What rules and suites find of a dataset is the same whether the others are checked or only looked up."""
    whole = check(built, built.datasets, only=frozenset(built.datasets))
    for number in (1, 55, 61, 122, 130):
        only = affected(DEFECTS[number - 1], built.datasets)
        assert 0 < len(only) < len(built.datasets)
        assert _lines(check(built, built.datasets, only=only)) == _lines(whole, only)


def _lines(findings: Findings, only: frozenset[str] | None = None) -> list[tuple[Any, ...]]:
    frame = findings.frame.astype({"dataset": "str", "rule": "str"})
    if only is not None:
        frame = frame[frame["dataset"].isin(only)]
    return sorted(
        map(tuple, frame[["rule", "dataset", "record", "variable", "value"]].astype("str").to_numpy().tolist())
    )
