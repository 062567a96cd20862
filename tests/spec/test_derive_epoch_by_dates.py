"""derive_epoch_by_dates: EPOCH from the first and the last dose."""

from __future__ import annotations

import pytest

CASES = {
    "Before, between and after": {
        "tables": {
            "DM": """
                | USUBJID | RFXSTDTC         | RFXENDTC   |
                | 1       | 2023-01-10T09:00 | 2023-02-10 |
                | 2       | 2023-01-10       |            |
                | 3       |                  |            |
            """,
            "ae": """
                | S | DAT              |
                | 1 | 2023-01-09       |
                | 1 | 2023-01-10       |
                | 1 | 2023-01-10T08:00 |
                | 1 | 2023-02-10T23:00 |
                | 1 | 2023-02-11       |
                | 1 | 2023-01          |
                | 1 | 2023-02          |
                | 1 | 2023-03          |
                | 1 | 2022             |
                | 2 | 2024             |
                | 3 | 2023-01-10       |
            """,
        },
        "dataset": "AE",
        "steps": """
            - {algorithm: records, source: ae}
            - {target: USUBJID, algorithm: assign_no_ct, source: ae.S}
            - {target: EPOCH, algorithm: derive_epoch_by_dates, source: ae.DAT}
        """,
        "gives": """
            | EPOCH     |
            | SCREENING |
            | TREATMENT |
            | SCREENING |
            | TREATMENT |
            | FOLLOW-UP |
            |           |
            |           |
            | FOLLOW-UP |
            | SCREENING |
            | TREATMENT |
            |           |
        """,
    },
}


@pytest.mark.parametrize("title", CASES)
def test_derive_epoch_by_dates(title, check_case):  # type: ignore[no-untyped-def]
    """Every case of the manual page holds."""
    check_case(CASES[title])
