"""What stops a rule on one dataset: an absent column, or a reason why it cannot be evaluated."""

from __future__ import annotations

from typing import Literal

Cause = Literal[
    "",
    "standard",
    "scope",
    "no_records",
    "variable_absent",
    "dataset_absent",
    "standard_absent",
    "define_absent",
    "broken_rule",
    "wrong_type",
    "too_large",
    "internal_error",
]
"""Why a rule did not run on a dataset (empty: it ran)."""

NOT_APPLICABLE: frozenset[str] = frozenset({"standard", "scope", "no_records", "variable_absent"})
"""Causes that the rule language itself defines as "does not apply"; every other cause is a rule not evaluated."""

INPUT_ABSENT: frozenset[str] = frozenset({"dataset_absent", "standard_absent", "define_absent"})
"""Causes that lie in what was handed in, not in the rule."""


class ColumnAbsent(Exception):
    """Stop a condition because a column it needs is not in the frame; an `any` forgives it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class NotEvaluated(Exception):
    """Stop a rule on a dataset because it cannot be evaluated there; carries cause and reason."""

    def __init__(self, reason: str, *, cause: Cause) -> None:
        super().__init__(reason)
        self.reason = reason
        self.cause: Cause = cause


def wrong_type(reason: str) -> NotEvaluated:
    """Return the signal for an operand that an operator cannot work on."""
    return NotEvaluated(reason, cause="wrong_type")
