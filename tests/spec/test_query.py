"""`query`: a question to data management about the records that meet a condition.

The records stay as they are. Each query is a finding with its rule, message, the value in question, and the raw file
and row, and stands in the listing `OUT/queries`.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

CASES = {
    "an event that ends before it starts is queried; one that may end later, by its partial date, is not": {
        "tables": {
            "ae_raw": """
                start      | end
                2024-03-05 | 2024-03-01
                2024-03-05 | 2024-03
                2024-03-05 | 2024-03-05
            """,
        },
        "steps": """
            - {algorithm: records, source: ae_raw}
            - {target: AESTDTC, algorithm: assign_no_ct, source: ae_raw.start}
            - {target: AEENDTC, algorithm: assign_no_ct, source: ae_raw.end}
            - {algorithm: query, when: AEENDTC < AESTDTC, rule: AE-END, column: AEENDTC, message: ends too early}
        """,
        "gives": """
            AESTDTC    | AEENDTC
            2024-03-05 | 2024-03-01
            2024-03-05 | 2024-03
            2024-03-05 | 2024-03-05
        """,
        "problems": """
            rule         | record | value
            QUERY-AE-END | 0      | 2024-03-01
        """,
    },
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_query(case: dict[str, object], check_case: Callable[[dict[str, object]], None]) -> None:
    """Records that meet the condition are queried."""
    check_case(case)
