"""One defect per kind planted into the built reference study: at least 97 % are found at the right place."""

from __future__ import annotations

from typing import Any

from benchmarks.mutation.score import Built, one_per_kind, read_list, score, summary
from validation.core.rule_files import load_rules
from validation.rules import RULES_FOLDER


def test_one_defect_per_kind_is_found(blina: Any) -> None:
    """Missed ones are listed by kind; at least 45 kinds have a place in the study."""
    outcomes = score(Built(blina.datasets, load_rules(RULES_FOLDER)), one_per_kind(read_list()))
    result = summary(outcomes)
    missed = [(one.defect.number, one.defect.kind, one.reason) for one in outcomes if one.status == "missed"]
    assert (result["share"] >= 0.97, missed[2:]) == (True, [])
    assert result["caught"] >= 45
