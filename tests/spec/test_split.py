"""split: one part of a text that was collected as several."""

from __future__ import annotations

import pytest

CASES = {
    "Parts from the beginning and from the end": {
        "tables": {"x": "| V |\n| 120/80 |\n| a / b / c |\n| alone |\n| |"},
        "steps": """
            - {algorithm: records, source: x}
            - {target: FIRST, algorithm: split, source: x.V, separator: "/", part: "1"}
            - {target: SECOND, algorithm: split, source: x.V, separator: "/", part: "2"}
            - {target: REST, algorithm: split, source: x.V, separator: "/", part: "2", most: "2"}
            - {target: LAST, algorithm: split, source: x.V, separator: "/", part: "-1"}
        """,
        "gives": """
            | FIRST | SECOND | REST  | LAST  |
            | 120   | 80     | 80    | 80    |
            | a     | b      | b / c | c     |
            | alone |        |       | alone |
            |       |        |       |       |
        """,
    },
    "No records": {
        "tables": {"x": "| V |"},
        "steps": """
            - {algorithm: records, source: x}
            - {target: V, algorithm: split, source: x.V, separator: "/", part: "1"}
        """,
        "gives": "| V |",
    },
}


@pytest.mark.parametrize("title", CASES)
def test_split(title, check_case):  # type: ignore[no-untyped-def]
    """Every case of the manual page holds."""
    check_case(CASES[title])
