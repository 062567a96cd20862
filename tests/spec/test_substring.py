"""substring: characters of a text, counted from 1 or from the end."""

from __future__ import annotations

import pytest

CASES = {
    "From the beginning and from the end": {
        "tables": {"x": "| V |\n| 701-1015 |\n| 苏州大学 |\n| ab |\n| |"},
        "steps": """
            - {algorithm: records, source: x}
            - {target: SITEID, algorithm: substring, source: x.V, start: "1", length: "3"}
            - {target: NUMBER, algorithm: substring, source: x.V, start: "5"}
            - {target: TAIL, algorithm: substring, source: x.V, start: "-2"}
        """,
        "gives": """
            | SITEID | NUMBER | TAIL |
            | 701    | 1015   | 15   |
            | 苏州大    |        | 大学   |
            | ab     |        | ab   |
            |        |        |      |
        """,
    },
    "No records": {
        "tables": {"x": "| V |"},
        "steps": """
            - {algorithm: records, source: x}
            - {target: V, algorithm: substring, source: x.V, start: "1"}
        """,
        "gives": "| V |",
    },
}


@pytest.mark.parametrize("title", CASES)
def test_substring(title, check_case):  # type: ignore[no-untyped-def]
    """Every case of the manual page holds."""
    check_case(CASES[title])
