"""`join_intervals`: records of one dose that follow each other without a gap become one interval.

Dosing is collected bag by bag; EX has one record per interval of constant dosing (SDTMIG 3.4 section 6.1.3). A
record follows another when it starts at the minute at which the other ends and is equal in the source columns. A gap,
another dose, a date without time, or the condition `ends` on the earlier record close the interval.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

CASES = {
    "three bags of one dose are one interval; another dose and a gap begin a new one": {
        "tables": {
            "bags": """
                subject | dose | from             | to
                1       | 9    | 2024-03-01T10:00 | 2024-03-02T10:00
                1       | 9    | 2024-03-02T10:00 | 2024-03-03T10:00
                1       | 28   | 2024-03-03T10:00 | 2024-03-04T08:00
                1       | 28   | 2024-03-04T11:00 | 2024-03-05T11:00
                2       | 28   | 2024-03-05T11:00 | 2024-03-06T11:00
            """,
        },
        "steps": """
            - {algorithm: records, source: bags}
            - {algorithm: join_intervals, source: [bags.subject, bags.dose], start: bags.from, end: bags.to}
            - {target: USUBJID, algorithm: assign_no_ct, source: bags.subject}
            - {target: EXDOSE, algorithm: assign_no_ct, source: bags.dose}
            - {target: EXSTDTC, algorithm: assign_no_ct, source: bags.from}
            - {target: EXENDTC, algorithm: assign_no_ct, source: bags.to}
        """,
        "gives": """
            USUBJID | EXDOSE | EXSTDTC          | EXENDTC
            1       | 9      | 2024-03-01T10:00 | 2024-03-03T10:00
            1       | 28     | 2024-03-03T10:00 | 2024-03-04T08:00
            1       | 28     | 2024-03-04T11:00 | 2024-03-05T11:00
            2       | 28     | 2024-03-05T11:00 | 2024-03-06T11:00
        """,
    },
    "the order of the raw rows does not matter; `ends` closes an interval without a gap": {
        "tables": {
            "bags": """
                subject | from             | to               | cut
                1       | 2024-03-03T10:00 | 2024-03-04T10:00 | N
                1       | 2024-03-01T10:00 | 2024-03-02T10:00 | N
                1       | 2024-03-02T10:00 | 2024-03-03T10:00 | Y
            """,
        },
        "steps": """
            - {algorithm: records, source: bags}
            - {algorithm: join_intervals, source: bags.subject, start: bags.from, end: bags.to, ends: bags.cut == 'Y'}
            - {target: EXSTDTC, algorithm: assign_no_ct, source: bags.from}
            - {target: EXENDTC, algorithm: assign_no_ct, source: bags.to}
        """,
        "gives": """
            EXSTDTC          | EXENDTC
            2024-03-03T10:00 | 2024-03-04T10:00
            2024-03-01T10:00 | 2024-03-03T10:00
        """,
    },
    "dates without a time never join": {
        "tables": {
            "bags": """
                subject | from       | to
                1       | 2024-03-01 | 2024-03-02
                1       | 2024-03-02 | 2024-03-03
            """,
        },
        "steps": """
            - {algorithm: records, source: bags}
            - {algorithm: join_intervals, source: bags.subject, start: bags.from, end: bags.to}
            - {target: EXSTDTC, algorithm: assign_no_ct, source: bags.from}
        """,
        "gives": """
            EXSTDTC
            2024-03-01
            2024-03-02
        """,
    },
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_join_intervals(case: dict[str, object], check_case: Callable[[dict[str, object]], None]) -> None:
    """Records follow each other, or not, as the case says."""
    check_case(case)
