"""concat: texts joined in their order.

Missing texts are left out with their separator; the result is missing when all of them are.
"""

from __future__ import annotations

import pytest

CASES = {
    "Identifiers and several parts": {
        "tables": {"x": "| A | B | C |\n| 701 | 1015 | x |\n| 701 | | x |\n| | | |\n| | 2 | |"},
        "steps": """
            - {algorithm: records, source: x}
            - {target: USUBJID, algorithm: concat, source: [x.A, x.B], separator: "-", prefix: "01-", missing: "null"}
            - {target: NOTE, algorithm: concat, source: [x.A, x.B, x.C], separator: "; "}
        """,
        "gives": """
            | USUBJID     | NOTE          |
            | 01-701-1015 | 701; 1015; x  |
            |             | 701; x        |
            |             |               |
            |             | 2             |
        """,
    },
    "No records": {
        "tables": {"x": "| A | B |"},
        "steps": """
            - {algorithm: records, source: x}
            - {target: V, algorithm: concat, source: [x.A, x.B]}
        """,
        "gives": "| V |",
    },
}


@pytest.mark.parametrize("title", CASES)
def test_concat(title, check_case):  # type: ignore[no-untyped-def]
    """Every case of the manual page holds."""
    check_case(CASES[title])
