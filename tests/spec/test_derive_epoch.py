"""derive_epoch: EPOCH of a date from the subject elements.

A date without time is compared by day, so that the first day of an element belongs to it.  A partial date has an
epoch only where all the days it may mean have the same one.
"""

from __future__ import annotations

import pytest

CASES = {
    "Dates, times and partial dates": {
        "tables": {
            "SE": """
                | USUBJID | EPOCH     | SESTDTC          | SEENDTC          |
                | 1       | SCREENING | 2023-01-01       | 2023-01-10T09:00 |
                | 1       | TREATMENT | 2023-01-10T09:00 | 2023-02-10       |
                | 1       | TREATMENT | 2023-02-10       | 2023-03-15       |
                | 1       | FOLLOW-UP | 2023-03-15       | 2023-12-31       |
                | 2       | SCREENING | 2023-01-01       |                  |
            """,
            "ae": """
                | S | DAT              |
                | 1 | 2022-12-31       |
                | 1 | 2023-01-01       |
                | 1 | 2023-01-10       |
                | 1 | 2023-01-10T08:59 |
                | 1 | 2023-01-10T09:00 |
                | 1 | 2023-02-10       |
                | 1 | 2023-02          |
                | 1 | 2023-01          |
                | 1 | 2023-03-15       |
                | 1 | 2023-12-31T23:00 |
                | 1 | 2024-01-01       |
                | 1 |                  |
                | 2 | 2025             |
                | 2 | 2023             |
                | 3 | 2023-01-01       |
            """,
        },
        "dataset": "AE",
        "steps": """
            - {algorithm: records, source: ae}
            - {target: USUBJID, algorithm: assign_no_ct, source: ae.S}
            - {target: EPOCH, algorithm: derive_epoch, source: ae.DAT}
        """,
        "gives": """
            | EPOCH     |
            |           |
            | SCREENING |
            | TREATMENT |
            | SCREENING |
            | TREATMENT |
            | TREATMENT |
            | TREATMENT |
            |           |
            | FOLLOW-UP |
            | FOLLOW-UP |
            |           |
            |           |
            | SCREENING |
            | SCREENING |
            |           |
        """,
    },
    "No elements, and no records": {
        "tables": {"SE": "| USUBJID | EPOCH | SESTDTC | SEENDTC |", "ae": "| S | DAT |\n| 1 | 2023-01-01 |"},
        "dataset": "AE",
        "steps": """
            - {algorithm: records, source: ae}
            - {target: USUBJID, algorithm: assign_no_ct, source: ae.S}
            - {target: EPOCH, algorithm: derive_epoch, source: ae.DAT}
        """,
        "gives": "| EPOCH |\n| |",
    },
}


@pytest.mark.parametrize("title", CASES)
def test_derive_epoch(title, check_case):  # type: ignore[no-untyped-def]
    """Every case of the manual page holds."""
    check_case(CASES[title])
