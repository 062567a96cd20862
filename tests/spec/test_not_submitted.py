"""not_submitted: collected columns that are not submitted, and why.

The step changes nothing; it states the decision where a reviewer of the specification looks for it.
"""

from __future__ import annotations

import pytest

CASES = {
    "A column that stays out": {
        "tables": {"ae": "| TERM | INITIALS |\n| Fever | AB |"},
        "steps": """
            - {algorithm: records, source: ae}
            - {target: AETERM, algorithm: assign_no_ct, source: ae.TERM}
            - {algorithm: not_submitted, source: ae.INITIALS, reason: identifies the investigator}
        """,
        "gives": "| AETERM |\n| Fever |",
    },
}


@pytest.mark.parametrize("title", CASES)
def test_not_submitted(title, check_case):  # type: ignore[no-untyped-def]
    """Every case of the manual page holds."""
    check_case(CASES[title])
