"""transpose: one raw row to many findings.

A mapping table has one row per test: fixed values under the names of variables, names of collected columns under
`from --ORRES`, `from --ORRESU` and the like.  Comments (CO) are made in the same way.
"""

from __future__ import annotations

import pytest

CASES = {
    "Vital signs": {
        "tables": {
            "vs": """
                | S | SYSBP | WEIGHT | WEIGHTU | TEMP |
                | 1 | 120   | 70.5   | kg      |      |
                | 2 |       |        | kg      |      |
                | 3 |       | 150    | LB      | 36.6 |
            """,
            "tests": """
                | VSTESTCD | from VSORRES | from VSORRESU | VSORRESU | VSPOS   |
                | SYSBP    | vs.SYSBP     |               | mmHg     | SITTING |
                | WEIGHT   | vs.WEIGHT    | vs.WEIGHTU    | kg       |         |
                | TEMP     | vs.TEMP      |               | C        |         |
            """,
        },
        "lookups": ["tests"],
        "dataset": "VS",
        "steps": """
            - {algorithm: records, source: vs}
            - {target: USUBJID, algorithm: assign_no_ct, source: vs.S}
            - {algorithm: transpose, mapping: tests, reason: no vital sign measured}
        """,
        "gives": """
            | USUBJID | VSTESTCD | VSORRES | VSORRESU | VSPOS   |
            | 1       | SYSBP    | 120     | mmHg     | SITTING |
            | 1       | WEIGHT   | 70.5    | kg       |         |
            | 3       | WEIGHT   | 150     | LB       |         |
            | 3       | TEMP     | 36.6    | C        |         |
        """,
        "excluded": "| row | reason |\n| 1 | no vital sign measured |",
    },
    "Results that were not done": {
        "tables": {
            "eg": "| S | HR | HRND |\n| 1 | 60 | |\n| 2 | | NOT DONE |\n| 3 | | |",
            "tests": "| EGTESTCD | from EGORRES | from EGSTAT |\n| EGHRMN | eg.HR | eg.HRND |",
        },
        "lookups": ["tests"],
        "steps": """
            - {algorithm: records, source: eg}
            - {target: USUBJID, algorithm: assign_no_ct, source: eg.S}
            - {algorithm: transpose, mapping: tests, required: [EGORRES, EGSTAT]}
        """,
        "gives": "| USUBJID | EGORRES | EGSTAT |\n| 1 | 60 | |\n| 2 | | NOT DONE |",
        "excluded": "| row | reason |\n| 2 | nothing collected |",
    },
    "Comments of several fields to CO": {
        "tables": {
            "lb": """
                | S | NO | COMMENT   | REASON      |
                | 1 | 7  | haemolysed |             |
                | 1 | 8  |           |             |
                | 2 | 1  | late      | lost sample |
            """,
            "fields": """
                | RDOMAIN | IDVAR  | from IDVARVAL | from COVAL | COREF  |
                | LB      | LBSPID | lb.NO         | lb.COMMENT | RESULT |
                | LB      | LBSPID | lb.NO         | lb.REASON  | STATUS |
            """,
        },
        "lookups": ["fields"],
        "dataset": "CO",
        "steps": """
            - {algorithm: records, source: lb}
            - {target: USUBJID, algorithm: assign_no_ct, source: lb.S}
            - {algorithm: transpose, mapping: fields, required: COVAL, reason: no comment}
        """,
        "gives": """
            | USUBJID | RDOMAIN | IDVAR  | IDVARVAL | COREF  | COVAL       |
            | 1       | LB      | LBSPID | 7        | RESULT | haemolysed  |
            | 2       | LB      | LBSPID | 1        | RESULT | late        |
            | 2       | LB      | LBSPID | 1        | STATUS | lost sample |
        """,
        "excluded": "| row | reason |\n| 1 | no comment |",
    },
    "No records": {
        "tables": {"vs": "| S | SYSBP |", "tests": "| VSTESTCD | from VSORRES |\n| SYSBP | vs.SYSBP |"},
        "lookups": ["tests"],
        "steps": """
            - {algorithm: records, source: vs}
            - {target: USUBJID, algorithm: assign_no_ct, source: vs.S}
            - {algorithm: transpose, mapping: tests}
        """,
        "gives": "| USUBJID | VSTESTCD | VSORRES |",
    },
}


@pytest.mark.parametrize("title", CASES)
def test_transpose(title, check_case):  # type: ignore[no-untyped-def]
    """Every case of the manual page holds."""
    check_case(CASES[title])
