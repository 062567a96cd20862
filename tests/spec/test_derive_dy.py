"""derive_dy: --DY, the study day of a date relative to the subject's reference start date.

There is no day 0.  A partial date has no study day and stays as it is.
"""

from __future__ import annotations

import pytest

CASES = {
    "Complete, partial and missing dates": {
        "tables": {
            "DM": "| USUBJID | RFSTDTC |\n| 1 | 2023-03-10T09:00 |\n| 2 | |\n| 3 | 2023-03 |",
            "ae": """
                | SUBJ | DAT              |
                | 1    | 2023-03-10       |
                | 1    | 2023-03-10T08:00 |
                | 1    | 2023-03-09       |
                | 1    | 2023-03-11T23:59 |
                | 1    | 2024-03-10       |
                | 1    | 2023-03          |
                | 1    |                  |
                | 2    | 2023-03-10       |
                | 3    | 2023-03-10       |
                | 4    | 2023-03-10       |
            """,
        },
        "dataset": "AE",
        "steps": """
            - {algorithm: records, source: ae}
            - {target: USUBJID, algorithm: assign_no_ct, source: ae.SUBJ}
            - {target: AESTDTC, algorithm: assign_no_ct, source: ae.DAT}
            - {target: AESTDY, algorithm: derive_dy, source: AESTDTC}
        """,
        "gives": """
            | AESTDTC          | AESTDY |
            | 2023-03-10       | 1      |
            | 2023-03-10T08:00 | 1      |
            | 2023-03-09       | -1     |
            | 2023-03-11T23:59 | 2      |
            | 2024-03-10       | 367    |
            | 2023-03          |        |
            |                  |        |
            | 2023-03-10       |        |
            | 2023-03-10       |        |
            | 2023-03-10       |        |
        """,
    },
    "No records": {
        "tables": {"DM": "| USUBJID | RFSTDTC |", "ae": "| SUBJ | DAT |"},
        "steps": """
            - {algorithm: records, source: ae}
            - {target: USUBJID, algorithm: assign_no_ct, source: ae.SUBJ}
            - {target: AESTDY, algorithm: derive_dy, source: ae.DAT}
        """,
        "gives": "| AESTDY |",
    },
}


@pytest.mark.parametrize("title", CASES)
def test_derive_dy(title, check_case):  # type: ignore[no-untyped-def]
    """Every case of the manual page holds."""
    check_case(CASES[title])
