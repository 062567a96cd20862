"""`shift_date`: the day so many days after another, for example the day after the last dose.

The time of a date is left out; a date that is not known to the day gives nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

CASES = {
    "the day after, over the end of February; the day before with a negative number": {
        "tables": {
            "raw": """
                date
                2024-02-28
                2024-02-29T23:30
                2023-12
                2024-01-01
            """,
        },
        "steps": """
            - {algorithm: records, source: raw}
            - {target: DATE, algorithm: assign_no_ct, source: raw.date}
            - {target: AFTER, algorithm: shift_date, source: raw.date, days: 1}
            - {target: BEFORE, algorithm: shift_date, source: raw.date, days: -1}
        """,
        "gives": """
            AFTER      | BEFORE     | DATE
            2024-02-29 | 2024-02-27 | 2024-02-28
            2024-03-01 | 2024-02-28 | 2024-02-29T23:30
            |  |            | 2023-12
            2024-01-02 | 2023-12-31 | 2024-01-01
        """,
    },
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_shift_date(case: dict[str, object], check_case: Callable[[dict[str, object]], None]) -> None:
    """Dates move by whole days."""
    check_case(case)
