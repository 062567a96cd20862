"""assign_ct: a collected value as submission value of a codelist.

Case, repeated blanks and CT synonyms do not matter where they are unambiguous.  What the codelist lacks is written as
collected and listed once: an error for a list that is not extensible, a warning for an extensible one.
"""

from __future__ import annotations

import pytest

CASES = {
    "Submission values, synonyms and what the codelist lacks": {
        "tables": {
            "ae": """
                | SER     |
                | Y       |
                | yes     |
                | "  No " |
                |         |
                | maybe   |
                | maybe   |
                | NA      |
            """
        },
        "steps": """
            - {algorithm: records, source: ae}
            - {target: AESER, algorithm: assign_ct, source: ae.SER, codelist: C66742}
        """,
        "gives": """
            | AESER |
            | Y     |
            | Y     |
            | N     |
            |       |
            | maybe |
            | maybe |
            | NA    |
        """,
        "problems": """
            | rule   | record | value |
            | MAP-CT | -      | maybe |
        """,
    },
    "No records": {
        "tables": {"ae": "| SER |"},
        "steps": """
            - {algorithm: records, source: ae}
            - {target: AESER, algorithm: assign_ct, source: ae.SER, codelist: C66742}
        """,
        "gives": "| AESER |",
    },
}


@pytest.mark.parametrize("title", CASES)
def test_assign_ct(title, check_case):  # type: ignore[no-untyped-def]
    """Every case of the manual page holds."""
    check_case(CASES[title])
