"""remove_dup: one record of each group of duplicates.

Without key columns only rows equal in everything collected are duplicates.  What is left out is listed with its
reason.
"""

from __future__ import annotations

import pytest

CASES = {
    "Exact duplicates of raw rows": {
        "tables": {"x": "| S | V |\n| 1 | a |\n| 1 | |\n| 1 | a |\n| 1 | |\n| 2 | a |"},
        "steps": """
            - {algorithm: records, source: x}
            - {target: USUBJID, algorithm: assign_no_ct, source: x.S}
            - {algorithm: remove_dup}
        """,
        "gives": "| USUBJID |\n| 1 |\n| 1 |\n| 2 |",
        "excluded": """
            | row | reason                           |
            | 2   | exact duplicate of another raw row |
            | 3   | exact duplicate of another raw row |
        """,
    },
    "The latest entry of each key": {
        "tables": {
            "x": """
                | S | VISIT | SAVED      | V |
                | 1 | D22   | 2023-01-02 | CRi |
                | 1 | D22   | 2023-01-05 | CR  |
                | 1 | D8    | 2023-01-01 | NR  |
            """
        },
        "steps": """
            - {algorithm: records, source: x}
            - {target: RSORRES, algorithm: assign_no_ct, source: x.V}
            - {algorithm: remove_dup, source: [x.S, x.VISIT], order: x.SAVED, take: last, reason: corrected later}
        """,
        "gives": "| RSORRES |\n| CR |\n| NR |",
        "excluded": "| row | reason |\n| 0 | corrected later |",
    },
    "Data management is told of rows left out": {
        "tables": {"x": "| S | V |\n| 1 | a |\n| 1 | a |\n| 2 | a |"},
        "steps": """
            - {algorithm: records, source: x}
            - {target: USUBJID, algorithm: assign_no_ct, source: x.S}
            - {algorithm: remove_dup, reason: row entered twice, rule: VS-DUPLICATE}
        """,
        "gives": "| USUBJID |\n| 1 |\n| 2 |",
        "excluded": "| row | reason |\n| 1 | row entered twice |",
        "problems": """
            | rule               | record | value |
            | QUERY-VS-DUPLICATE | 1      |       |
        """,
    },
    "No records": {
        "tables": {"x": "| S | V |"},
        "steps": """
            - {algorithm: records, source: x}
            - {target: USUBJID, algorithm: assign_no_ct, source: x.S}
            - {algorithm: remove_dup}
            - {algorithm: condition_add, when: "x.V == 'Y'"}
        """,
        "gives": "| USUBJID |",
    },
}


@pytest.mark.parametrize("title", CASES)
def test_remove_dup(title, check_case):  # type: ignore[no-untyped-def]
    """Every case of the manual page holds."""
    check_case(CASES[title])
