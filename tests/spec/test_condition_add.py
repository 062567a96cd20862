"""condition_add: the records that meet a condition; the others are left out with a reason.

Every raw row stays accounted for: what is left out is listed with its reason.
"""

from __future__ import annotations

import pytest

CASES = {
    "Records that meet a condition": {
        "tables": {"ds": "| SUBJ | DONE |\n| 1 | Y |\n| 2 | N |\n| 3 | |"},
        "steps": """
            - {algorithm: records, source: ds}
            - {target: USUBJID, algorithm: assign_no_ct, source: ds.SUBJ}
            - {algorithm: condition_add, when: "ds.DONE == 'Y'", reason: not done}
        """,
        "gives": "| USUBJID |\n| 1 |",
        "excluded": "| row | reason |\n| 1 | not done |\n| 2 | not done |",
    },
    "No records": {
        "tables": {"x": "| V |"},
        "steps": """
            - {algorithm: records, source: x}
            - {target: V, algorithm: assign_no_ct, source: x.V}
            - {algorithm: condition_add, when: "x.V == 'Y'"}
        """,
        "gives": "| V |",
    },
}


@pytest.mark.parametrize("title", CASES)
def test_condition_add(title, check_case):  # type: ignore[no-untyped-def]
    """Every case of the manual page holds."""
    check_case(CASES[title])
