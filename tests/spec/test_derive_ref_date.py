"""derive_ref_date: the first or last date of each subject over a table.

Used for RFXSTDTC and RFXENDTC from exposure, RFPENDTC, DTHDTC and the like.  Times count; a partial date is taken
only where it certainly is the first (last), and a doubt is reported.
"""

from __future__ import annotations

import pytest

CASES = {
    "First and last dose, times and doses of zero": {
        "tables": {
            "dm": "| SUBJ |\n| 1 |\n| 2 |\n| 3 |\n|  |",
            "ex": """
                | SUBJ | ST               | EN               | DOSE |
                | 1    | 2023-03-11       | 2023-03-12       | 5    |
                | 1    | 2023-03-10T16:00 | 2023-03-11       | 5    |
                | 1    | 2023-03-10T09:30 | 2023-03-12T10:00 | 5    |
                | 1    | 2023-03-01       | 2023-04-01       | 0    |
                | 2    | 2023-05          |                  | 5    |
            """,
        },
        "dataset": "DM",
        "steps": """
            - {algorithm: records, source: dm}
            - {target: USUBJID, algorithm: assign_no_ct, source: dm.SUBJ}
            - {target: RFXSTDTC, algorithm: derive_ref_date, source: USUBJID, table: ex, key: SUBJ, date: ST,
               take: first, where: "DOSE != '0'"}
            - {target: RFXENDTC, algorithm: derive_ref_date, source: USUBJID, table: ex, key: SUBJ, date: [ST, EN],
               take: last, where: "DOSE != '0'"}
        """,
        "gives": """
            | USUBJID | RFXSTDTC         | RFXENDTC         |
            | 1       | 2023-03-10T09:30 | 2023-03-12T10:00 |
            | 2       | 2023-05          | 2023-05          |
            | 3       |                  |                  |
            |         |                  |                  |
        """,
    },
    "Partial dates": {
        "tables": {
            "dm": "| SUBJ |\n| 1 |\n| 2 |\n| 3 |",
            "ex": """
                | SUBJ | ST         |
                | 1    | 2023-02    |
                | 1    | 2023-03-10 |
                | 2    | 2023-03    |
                | 2    | 2023-03-10 |
                | 3    | 2023-04    |
                | 3    | 2023-03-10 |
            """,
        },
        "dataset": "DM",
        "steps": """
            - {algorithm: records, source: dm}
            - {target: RFXSTDTC, algorithm: derive_ref_date, source: dm.SUBJ, table: ex, key: SUBJ, date: ST,
               take: first}
            - {target: RFXENDTC, algorithm: derive_ref_date, source: dm.SUBJ, table: ex, key: SUBJ, date: ST, take:
            last}
        """,
        "gives": """
            | RFXSTDTC   | RFXENDTC   |
            | 2023-02    | 2023-03-10 |
            | 2023-03-10 | 2023-03-10 |
            | 2023-03-10 | 2023-04    |
        """,
        "problems": """
            | rule               | record | value      |
            | MAP-REFERENCE-DATE | 1      | 2023-03-10 |
            | MAP-REFERENCE-DATE | 1      | 2023-03-10 |
        """,
    },
    "Collected dates in the format of the form": {
        "tables": {
            "dm": "| SUBJ |\n| 1 |",
            "ec": """
                | SUBJ | D           | T     |
                | 1    | 18-Jun-2014 | 8:00  |
                | 1    | 02-Jan-2014 | 14:30 |
                | 1    | 02-Jan-2014 | 9:15  |
            """,
        },
        "dataset": "DM",
        "steps": """
            - {algorithm: records, source: dm}
            - {target: RFXSTDTC, algorithm: derive_ref_date, source: dm.SUBJ, table: ec, key: SUBJ, date: D, time: T,
               take: first, formats: [DD-MON-YYYY]}
        """,
        "gives": "| RFXSTDTC |\n| 2014-01-02T09:15 |",
    },
    "No rows in the table": {
        "tables": {"dm": "| SUBJ |\n| 1 |", "ex": "| SUBJ | ST |"},
        "dataset": "DM",
        "steps": """
            - {algorithm: records, source: dm}
            - {target: RFXSTDTC, algorithm: derive_ref_date, source: dm.SUBJ, table: ex, key: SUBJ, date: ST, take:
            first}
        """,
        "gives": "| RFXSTDTC |\n| |",
    },
    "No records": {
        "tables": {"dm": "| SUBJ |", "ex": "| SUBJ | ST |\n| 1 | 2023-01-01 |"},
        "dataset": "DM",
        "steps": """
            - {algorithm: records, source: dm}
            - {target: RFXSTDTC, algorithm: derive_ref_date, source: dm.SUBJ, table: ex, key: SUBJ, date: ST, take:
            first}
        """,
        "gives": "| RFXSTDTC |",
    },
}


@pytest.mark.parametrize("title", CASES)
def test_derive_ref_date(title, check_case):  # type: ignore[no-untyped-def]
    """Every case of the manual page holds."""
    check_case(CASES[title])
