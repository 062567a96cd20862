"""derive_sv: subject visits from the dates of the visits (SDTMIG 3.4 section 5.5).

Planned visits that a subject does not have are added up to the last day of its participation.
"""

from __future__ import annotations

import pytest

CASES = {
    "First and last date, and a missed visit": {
        "tables": {
            "DM": "| USUBJID | RFSTDTC | RFPENDTC |\n| 1 | 2023-01-08 | 2023-01-20 |\n| 2 | | |",
            "visits": """
                | VISITNUM | VISIT     | VISITDY |
                | 1        | SCREENING | -7      |
                | 2        | DAY 1     | 1       |
                | 3        | DAY 8     | 8       |
                | 4        | DAY 22    | 22      |
            """,
            "v": """
                | S | NUM | NAME      | DAT              |
                | 1 | 1   | SCREENING | 2023-01-03T10:00 |
                | 1 | 1   |           | 2023-01-02       |
                | 1 | 1   |           | 2023-01          |
                | 1 | 2   | DAY 1     |                  |
                | 2 | 1   | SCREENING | 2023-02-01       |
            """,
        },
        "lookups": ["visits"],
        "dataset": "SV",
        "steps": """
            - {algorithm: records, source: v}
            - {target: USUBJID, algorithm: assign_no_ct, source: v.S}
            - {target: VISITNUM, algorithm: assign_no_ct, source: v.NUM}
            - {target: VISIT, algorithm: assign_no_ct, source: v.NAME}
            - {algorithm: derive_sv, date: v.DAT, planned: visits, reference: DM.RFSTDTC, until: DM.RFPENDTC}
        """,
        "gives": """
            | USUBJID | VISITNUM | VISIT     | VISITDY | SVPRESP | SVOCCUR | SVSTDTC    | SVENDTC          |
            | 1       | 1        | SCREENING |         |         |         | 2023-01    | 2023-01          |
            | 1       | 2        | DAY 1     |         |         |         |            |                  |
            | 2       | 1        | SCREENING |         |         |         | 2023-02-01 | 2023-02-01       |
            | 1       | 3        | DAY 8     | 8       | Y       | N       |            |                  |
        """,
    },
    "No records": {
        "tables": {"v": "| S | NUM | DAT |"},
        "dataset": "SV",
        "steps": """
            - {algorithm: records, source: v}
            - {target: USUBJID, algorithm: assign_no_ct, source: v.S}
            - {target: VISITNUM, algorithm: assign_no_ct, source: v.NUM}
            - {algorithm: derive_sv, date: v.DAT}
        """,
        "gives": "| USUBJID | VISITNUM | SVSTDTC | SVENDTC |",
    },
}


@pytest.mark.parametrize("title", CASES)
def test_derive_sv(title, check_case):  # type: ignore[no-untyped-def]
    """Every case of the manual page holds."""
    check_case(CASES[title])
