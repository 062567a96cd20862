"""`days_to_nearest`: how far the nearest date of another table is, for example of the counts that belong to a marrow.

The last source is the record's date, the others are keys. The sign does not matter; 0 is the same day. A record
without a complete date, or without a row in the table, has no value.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

CASES = {
    "the nearer of two dates counts, before or after; other subjects and rows outside `where` do not": {
        "tables": {
            "bm": """
                subject | date
                1       | 2024-03-22
                1       | 2024-04-30T10:00
                2       | 2024-03-22
                2       | 2024-03
                3       | 2024-03-22
            """,
            "LB": """
                USUBJID | LBTESTCD | LBDTC
                1       | NEUT     | 2024-03-20T08:00
                1       | NEUT     | 2024-03-23T08:00
                1       | ALT      | 2024-04-30
                2       | NEUT     | 2024-03-22T23:59
                2       | NEUT     | 2024-03
                3       | ALT      | 2024-03-22
            """,
        },
        "steps": """
            - {algorithm: records, source: bm}
            - {target: USUBJID, algorithm: assign_no_ct, source: bm.subject}
            - {target: DTC, algorithm: assign_no_ct, source: bm.date}
            - {target: DAYS, algorithm: days_to_nearest, source: [USUBJID, DTC], table: LB, key: USUBJID, date: LBDTC,
               where: LBTESTCD == 'NEUT'}
        """,
        "gives": """
            USUBJID | DAYS | DTC
            1       | 1    | 2024-03-22
            1       | 38   | 2024-04-30T10:00
            2       | 0    | 2024-03-22
            2       |      | 2024-03
            3       |      | 2024-03-22
        """,
    },
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_days_to_nearest(case: dict[str, object], check_case: Callable[[dict[str, object]], None]) -> None:
    """The nearest date decides."""
    check_case(case)
