"""assign_no_ct: a collected value without a codelist.

Blanks at both ends go and line breaks become one blank; nothing else changes.
"""

from __future__ import annotations

import pytest

CASES = {
    "Text as collected": {
        "tables": {
            "ae": r"""
                | TERM                |
                | " headache "        |
                | "two\r\nlines"      |
                | "恶心\u3000"          |
                | "  "                |
                |                     |
                | ND                  |
                | nd                  |
            """
        },
        "steps": """
            - {algorithm: records, source: ae}
            - {target: AETERM, algorithm: assign_no_ct, source: ae.TERM, missing: [ND]}
        """,
        "gives": """
            | AETERM    |
            | headache  |
            | two lines |
            | 恶心        |
            |           |
            |           |
            |           |
            |           |
        """,
    },
    "A second step fills only what is still missing": {
        "tables": {
            "cm": """
                | UNIT | OTHER |
                | mg   | x     |
                |      | drops |
            """
        },
        "steps": """
            - {algorithm: records, source: cm}
            - {target: CMDOSU, algorithm: assign_no_ct, source: cm.UNIT}
            - {target: CMDOSU, algorithm: assign_no_ct, source: cm.OTHER}
        """,
        "gives": """
            | CMDOSU |
            | mg     |
            | drops  |
        """,
    },
    "No records": {
        "tables": {"ae": "| SER |"},
        "steps": """
            - {algorithm: records, source: ae}
            - {target: AETERM, algorithm: assign_no_ct, source: ae.SER}
        """,
        "gives": "| AETERM |",
    },
}


@pytest.mark.parametrize("title", CASES)
def test_assign_no_ct(title, check_case):  # type: ignore[no-untyped-def]
    """Every case of the manual page holds."""
    check_case(CASES[title])
