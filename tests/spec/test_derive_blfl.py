"""derive_blfl: the baseline record.

One flag per subject and series.  A record of the day of the first dose without a time counts as before it; a partial
date counts only when it certainly is before.  Ties go to the last record and are reported.
"""

from __future__ import annotations

import pytest

CASES = {
    "Times, missing results, partial dates and ties": {
        "tables": {
            "DM": "| USUBJID | RFSTDTC |\n| 1 | 2023-01-10T09:00 |\n| 2 | 2023-01-10 |\n| 3 | |",
            "lb": """
                | S | TEST | RES | DAT              |
                | 1 | WBC  | 5   | 2023-01-02       |
                | 1 | WBC  | 6   | 2023-01-10T08:00 |
                | 1 | WBC  |     | 2023-01-10T08:30 |
                | 1 | WBC  | 7   | 2023-01-10T09:01 |
                | 1 | HGB  | 120 | 2023-01-09T10:00 |
                | 1 | HGB  | 121 | 2023-01-10       |
                | 1 | PLAT | 100 | 2023-01          |
                | 1 | PLAT | 101 | 2022-12          |
                | 1 | PLAT | 102 | 2022-11-30       |
                | 2 | WBC  | 5   | 2023-01-10T23:00 |
                | 2 | WBC  | 4   | 2023-01-10       |
                | 2 | HGB  | 110 | 2023-01-08       |
                | 2 | HGB  | 111 | 2023-01-08       |
                | 2 | ALT  | 30  | 2023-01-11       |
                | 3 | WBC  | 5   | 2023-01-01       |
            """,
        },
        "dataset": "LB",
        "steps": """
            - {algorithm: records, source: lb}
            - {target: USUBJID, algorithm: assign_no_ct, source: lb.S}
            - {target: LBFL, algorithm: derive_blfl, source: [lb.RES, lb.DAT, lb.TEST]}
        """,
        "gives": """
            | LBFL | lb.TEST | lb.RES |
            |      | WBC     | 5      |
            | Y    | WBC     | 6      |
            |      | WBC     |        |
            |      | WBC     | 7      |
            |      | HGB     | 120    |
            | Y    | HGB     | 121    |
            |      | PLAT    | 100    |
            | Y    | PLAT    | 101    |
            |      | PLAT    | 102    |
            | Y    | WBC     | 5      |
            |      | WBC     | 4      |
            |      | HGB     | 110    |
            | Y    | HGB     | 111    |
            |      | ALT     | 30     |
            |      | WBC     | 5      |
        """,
        "problems": """
            | rule             | record | value      |
            | MAP-BASELINE-TIE | 12     | 2023-01-08 |
        """,
    },
    "Ties decided by another column": {
        "tables": {
            "DM": "| USUBJID | RFSTDTC |\n| 1 | 2023-01-10 |",
            "lb": """
                | S | TEST | RES | DAT        | VISIT |
                | 1 | WBC  | 5   | 2023-01-02 | 2     |
                | 1 | WBC  | 6   | 2023-01-02 | 1     |
            """,
        },
        "steps": """
            - {algorithm: records, source: lb}
            - {target: USUBJID, algorithm: assign_no_ct, source: lb.S}
            - {target: LBFL, algorithm: derive_blfl, source: [lb.RES, lb.DAT, lb.TEST], ties: lb.VISIT}
        """,
        "gives": "| LBFL |\n| Y |\n| |",
    },
    "No records": {
        "tables": {"DM": "| USUBJID | RFSTDTC |", "lb": "| S | TEST | RES | DAT |"},
        "steps": """
            - {algorithm: records, source: lb}
            - {target: USUBJID, algorithm: assign_no_ct, source: lb.S}
            - {target: LBFL, algorithm: derive_blfl, source: [lb.RES, lb.DAT, lb.TEST]}
        """,
        "gives": "| LBFL |",
    },
}


@pytest.mark.parametrize("title", CASES)
def test_derive_blfl(title, check_case):  # type: ignore[no-untyped-def]
    """Every case of the manual page holds."""
    check_case(CASES[title])
