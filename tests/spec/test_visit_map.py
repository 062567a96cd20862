"""visit_map: collected visits to VISIT, VISITNUM and VISITDY.

The visit table of the study names every visit once; a row with a name but no number stands for unscheduled visits,
which are numbered by date between the scheduled visits of the subject (3.01, 3.02, ...).
"""

from __future__ import annotations

import pytest

VISITS = """
    | FOLDER | VISITNUM | VISIT       | VISITDY |
    | SCR    | 1        | SCREENING   | -7      |
    | D1     | 2        | DAY 1       | 1       |
    | D8     | 3        | DAY 8       | 8       |
    | UNS    |          | UNSCHEDULED |         |
    | LOG    |          |             |         |
"""
STEPS = """
    - {algorithm: records, source: lb}
    - {target: USUBJID, algorithm: assign_no_ct, source: lb.SUBJ}
    - {target: LBDTC, algorithm: assign_no_ct, source: lb.DAT}
    - {target: VISITNUM, algorithm: visit_map, source: lb.FOLDER, table: visits, key: FOLDER, give: VISITNUM, date:
    LBDTC}
    - {target: VISIT, algorithm: visit_map, source: lb.FOLDER, table: visits, key: FOLDER, give: VISIT, date: LBDTC}
    - {target: VISITDY, algorithm: visit_map, source: lb.FOLDER, table: visits, key: FOLDER, give: VISITDY, date:
    LBDTC}
"""
CASES = {
    "Scheduled and unscheduled visits": {
        "tables": {
            "visits": VISITS,
            "lb": """
                | SUBJ | FOLDER | DAT              |
                | 1    | SCR    | 2023-01-01       |
                | 1    | d1     | 2023-01-08       |
                | 1    | UNS    | 2023-01-12T09:00 |
                | 1    | UNS    | 2023-01-10       |
                | 1    | UNS    | 2023-01-10T20:00 |
                | 1    | D8     | 2023-01-15       |
                | 1    | UNS    | 2023-01-15       |
                | 2    | UNS    | 2023-01-03       |
                | 2    | SCR    | 2023-01-04       |
                | 2    | LOG    | 2023-01-04       |
                | 2    |        | 2023-01-04       |
            """,
        },
        "lookups": ["visits"],
        "steps": STEPS,
        "gives": """
            | VISITNUM | VISIT            | VISITDY |
            | 1        | SCREENING        | -7      |
            | 2        | DAY 1            | 1       |
            | 2.02     | UNSCHEDULED 2.02 |         |
            | 2.01     | UNSCHEDULED 2.01 |         |
            | 2.01     | UNSCHEDULED 2.01 |         |
            | 3        | DAY 8            | 8       |
            | 3.01     | UNSCHEDULED 3.01 |         |
            | 0.01     | UNSCHEDULED 0.01 |         |
            | 1        | SCREENING        | -7      |
            |          |                  |         |
            |          |                  |         |
        """,
    },
    "Visits the table lacks, and unscheduled visits without a date": {
        "tables": {
            "visits": VISITS,
            "lb": """
                | SUBJ | FOLDER | DAT     |
                | 1    | D99    | 2023    |
                | 1    | D99    | 2023    |
                | 1    | UNS    | 2023-01 |
                | 1    | UNS    |         |
            """,
        },
        "lookups": ["visits"],
        "steps": """
            - {algorithm: records, source: lb}
            - {target: USUBJID, algorithm: assign_no_ct, source: lb.SUBJ}
            - {target: VISITNUM, algorithm: visit_map, source: lb.FOLDER, table: visits, key: FOLDER, give: VISITNUM,
               date: lb.DAT}
        """,
        "gives": "| VISITNUM |\n| |\n| |\n| |\n| |",
        "problems": """
            | rule                  | record | value   |
            | MAP-VISIT             | -      | d99     |
            | MAP-VISIT-UNSCHEDULED | 2      | 2023-01 |
            | MAP-VISIT-UNSCHEDULED | 3      |         |
        """,
    },
    "Numbers taken from the subject's visits": {
        "tables": {
            "visits": VISITS,
            "SV": """
                | USUBJID | VISITNUM | SVSTDTC          |
                | 1       | 2        | 2023-01-08       |
                | 1       | 2.01     | 2023-01-12T08:00 |
                | 1       | 2.02     | 2023-01-13       |
            """,
            "lb": """
                | SUBJ | FOLDER | DAT              |
                | 1    | UNS    | 2023-01-13       |
                | 1    | UNS    | 2023-01-12T09:00 |
                | 1    | UNS    | 2023-01-14       |
            """,
        },
        "lookups": ["visits"],
        "steps": """
            - {algorithm: records, source: lb}
            - {target: USUBJID, algorithm: assign_no_ct, source: lb.SUBJ}
            - {target: VISITNUM, algorithm: visit_map, source: lb.FOLDER, table: visits, key: FOLDER, give: VISITNUM,
               date: lb.DAT, visits: SV}
        """,
        "gives": "| VISITNUM |\n| 2.02 |\n| 2.01 |\n| |",
        "problems": """
            | rule                  | record | value      |
            | MAP-VISIT-UNSCHEDULED | 2      | 2023-01-14 |
        """,
    },
    "No records": {
        "tables": {"visits": VISITS, "lb": "| SUBJ | FOLDER | DAT |"},
        "lookups": ["visits"],
        "steps": STEPS,
        "gives": "| VISITNUM | VISIT | VISITDY |",
    },
}


@pytest.mark.parametrize("title", CASES)
def test_visit_map(title, check_case):  # type: ignore[no-untyped-def]
    """Every case of the manual page holds."""
    check_case(CASES[title])
