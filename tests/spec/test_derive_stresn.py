"""derive_stresn: the number that the character result is."""

from __future__ import annotations

import pytest

CASES = {
    "Only plain numbers": {
        "tables": {"lb": "| R |\n| 1.1 |\n| -3 |\n| <0.1 |\n| NEGATIVE |\n| 1E5 |\n| inf |\n| |"},
        "steps": """
            - {algorithm: records, source: lb}
            - {target: LBSTRESN, algorithm: derive_stresn, source: lb.R}
        """,
        "gives": "| LBSTRESN |\n| 1.1 |\n| -3 |\n| |\n| |\n| |\n| |\n| |",
    },
    "No records": {
        "tables": {"lb": "| R |"},
        "steps": """
            - {algorithm: records, source: lb}
            - {target: LBSTRESN, algorithm: derive_stresn, source: lb.R}
        """,
        "gives": "| LBSTRESN |",
    },
}


@pytest.mark.parametrize("title", CASES)
def test_derive_stresn(title, check_case):  # type: ignore[no-untyped-def]
    """Every case of the manual page holds."""
    check_case(CASES[title])
