"""compute: a small computation written as an expression.

Text is put together, cut, or chosen by a condition; the columns the expression reads become the variable's sources.
"""

from __future__ import annotations

import pytest

CASES = {
    "A subject identifier from two columns": {
        "tables": {
            "dm": """
                | SITE | NUM |
                | 701  | 015 |
                | 702  |     |
            """
        },
        "steps": """
            - {algorithm: records, source: dm}
            - {target: USUBJID, algorithm: compute, expression: 'concat("01-", dm.SITE, "-", dm.NUM)'}
            - {target: SITEID, algorithm: compute, expression: 'substr(dm.SITE, 2, 2)'}
        """,
        "gives": """
            | USUBJID    | SITEID |
            | 01-701-015 | 01     |
            |            | 02     |
        """,
    },
    "A flag and a choice": {
        "tables": {
            "ae": """
                | SER | GRADE |
                | Yes | 5     |
                | No  | 2     |
                |     | 3     |
            """
        },
        "steps": """
            - {algorithm: records, source: ae}
            - {target: AESER, algorithm: compute, expression: 'upper(substr(ae.SER, 1, 1))'}
            - {target: AESDTH, algorithm: compute, expression: 'number(ae.GRADE) == 5'}
            - {target: AEOUT, algorithm: compute, expression: '"FATAL" if ae.GRADE == "5" else "OTHER"',
               when: "present(ae.SER)"}
        """,
        "gives": """
            | AESER | AESDTH | AEOUT |
            | Y     | Y      | FATAL |
            | N     |        | OTHER |
            |       |        |       |
        """,
    },
}


@pytest.mark.parametrize("title", CASES)
def test_case(title: str, check_case) -> None:
    """The records that come out are those of the manual."""
    check_case(CASES[title])
