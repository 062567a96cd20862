"""derive_nrind: a standard result against its reference range.

The limits belong to the normal range.  `<x` and `>x` are placed only where everything they may stand for has one
place.
"""

from __future__ import annotations

import pytest

CASES = {
    "Numbers, one limit, compared results": {
        "tables": {
            "lb": """
                | R     | LO  | HI    |
                | 3.4   | 3.5 | 9.5   |
                | 3.5   | 3.5 | 9.5   |
                | 9.5   | 3.5 | 9.5   |
                | 9.51  | 3.5 | 9.5   |
                | 20.52 |     | 20.52 |
                | 20.53 |     | 20.52 |
                | 1     | 2   |       |
                | 5     |     |       |
                |       | 1   | 2     |
                | <0.1  | 1   | 2     |
                | <3    | 1   | 5     |
                | <3    |     | 5     |
                | <1    | 1   | 5     |
                | >999  | 1   | 500   |
                | >3    | 1   | 500   |
                | NEG   | 1   | 5     |
            """
        },
        "steps": """
            - {algorithm: records, source: lb}
            - {target: LBNRIND, algorithm: derive_nrind, source: [lb.R, lb.LO, lb.HI]}
        """,
        "gives": """
            | LBNRIND |
            | LOW     |
            | NORMAL  |
            | NORMAL  |
            | HIGH    |
            | NORMAL  |
            | HIGH    |
            | LOW     |
            |         |
            |         |
            | LOW     |
            |         |
            | NORMAL  |
            | LOW     |
            | HIGH    |
            |         |
            |         |
        """,
    },
    "No records": {
        "tables": {"lb": "| R | LO | HI |"},
        "steps": """
            - {algorithm: records, source: lb}
            - {target: LBNRIND, algorithm: derive_nrind, source: [lb.R, lb.LO, lb.HI]}
        """,
        "gives": "| LBNRIND |",
    },
}


@pytest.mark.parametrize("title", CASES)
def test_derive_nrind(title, check_case):  # type: ignore[no-untyped-def]
    """Every case of the manual page holds."""
    check_case(CASES[title])
