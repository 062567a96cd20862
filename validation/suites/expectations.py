"""One expectation of a suite: a built-in type of Great Expectations with its arguments, and what stands behind it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from spectrail.findings import SEVERITIES, Severity

ORDERED = "expect_table_columns_to_match_ordered_list"
OF_TYPE = "expect_column_values_to_be_of_type"
NOT_NULL = "expect_column_values_to_not_be_null"
IN_SET = "expect_column_values_to_be_in_set"
REGEX = "expect_column_values_to_match_regex"
LENGTH = "expect_column_value_lengths_to_be_between"
BETWEEN = "expect_column_values_to_be_between"
UNIQUE = "expect_compound_columns_to_be_unique"

OWN_RULES = {
    "SPT-EX-001": "The variables of a dataset and their order are not those specified",
    "SPT-EX-002": "The type of a variable is not the one specified",
    "SPT-EX-003": "The keys of a dataset do not identify its records",
    "SPT-EX-004": "A value is not in the codelist of the specification",
    "SPT-EX-005": "A value is longer than declared",
    "SPT-EX-006": "A value that cannot be negative is",
    "SPT-EX-007": "A value breaks the value-level metadata of its variable",
    "SPT-EX-101": "CHG is not AVAL - BASE",
    "SPT-EX-102": "PCHG is not 100 x (AVAL - BASE) / BASE",
    "SPT-EX-103": "A relative day is not the day of its date from TRTSDT",
    "SPT-EX-104": "AVAL is not the time from STARTDT to ADT in days, months or years",
    "SPT-EX-105": "A value of ADSL differs from the same variable of DM",
    "SPT-EX-106": "A value differs from the same variable of ADSL",
    "SPT-EX-107": "A value differs from the same variable of AE",
    "SPT-EX-108": "SRCDOM and SRCSEQ name no record of the subject",
}
"""Rules that only expectations check (they need the specification, or arithmetic); the other ids are rule files."""


@dataclass(frozen=True)
class Expectation:
    """An expectation: `kwargs` are those of its type, `rules` the ids it stands for, `variables` findings name."""

    type: str
    kwargs: Mapping[str, Any]
    rules: tuple[str, ...]
    severity: Severity
    message: str
    variables: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What makes two expectations one: type and arguments, as Great Expectations compares them."""
        return json.dumps([self.type, dict(self.kwargs)], sort_keys=True, default=str)

    def to_json(self) -> dict[str, Any]:
        """Return the form of a suite file."""
        key = str(uuid.uuid5(uuid.NAMESPACE_URL, self.key))
        meta = {"key": key, "rules": list(self.rules), "severity": self.severity, "message": self.message}
        return {"type": self.type, "kwargs": dict(self.kwargs), "meta": meta}


@dataclass(frozen=True)
class Suite:
    """The expectations of one dataset and the relation columns (`REL_...`) that some of them look at."""

    dataset: str
    expectations: tuple[Expectation, ...]
    relations: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the suite as Great Expectations reads it."""
        return {
            "name": self.dataset,
            "expectations": [expectation.to_json() for expectation in self.expectations],
            "meta": {"dataset": self.dataset},
        }


def merged(expectations: Iterable[Expectation]) -> tuple[Expectation, ...]:
    """Join expectations that differ in nothing but what stands behind them.

    Great Expectations silently keeps the first of them only; the joined one has all rule ids and the worst severity.
    """
    found: dict[str, Expectation] = {}
    for expectation in expectations:
        known = found.get(expectation.key)
        if known is None:
            found[expectation.key] = expectation
            continue
        found[expectation.key] = replace(
            known,
            rules=tuple(dict.fromkeys((*known.rules, *expectation.rules))),
            severity=min(known.severity, expectation.severity, key=SEVERITIES.index),
        )
    return tuple(found.values())
