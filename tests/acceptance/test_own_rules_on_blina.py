"""The packaged rules on the reference study: above notice they find its deliberate mess and nothing else."""

from __future__ import annotations

from typing import Any

from validation.core.evaluate import run_rules
from validation.core.packaged_standards import packaged_standards
from validation.core.rule_files import load_rules
from validation.core.study import study_of
from validation.rules import RULES_FOLDER


def test_findings_above_notice_are_the_deliberate_ones(blina: Any) -> None:
    """Each count is the number of lines that the truth log has of the class."""
    classes = blina.truth("mess")["class"].value_counts()
    study = study_of(blina.datasets.values(), standards=packaged_standards(), ct="2025-03-28")
    result = run_rules(study, load_rules(RULES_FOLDER), standard="SDTMIG", version="3.4")
    found = result.to_findings().at_or_above("warning").frame
    counts = found.groupby(["rule", "dataset"], observed=True).size().to_dict()
    assert counts == {
        ("SPT-FI-005", "LB"): classes["unit:blank"] + classes["unit:unknown"] + classes["mrd:unit_blank"],
        ("SPT-GO-045", "AE"): classes["logic:end_before_start"],
        ("SPT-GO-077", "AE"): classes["logic:end_before_start"],
        ("SPT-GO-059", "LB"): classes["logic:lab_after_death"],
        ("SPT-FI-026", "VS"): classes["logic:implausible"],
        ("SPT-SE-007", "SV"): 2 * classes["identity:rescreened"],
    }
    assert set(result.not_evaluated()["cause"]) <= {"dataset_absent"}
