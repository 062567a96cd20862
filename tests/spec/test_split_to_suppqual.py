"""split_to_suppqual: a long text over a variable and supplemental qualifiers.

Pieces end between words and are counted in bytes.  A text longer than the pieces that steps take loses its end, which
is an error.
"""

from __future__ import annotations

import pytest

CASES = {
    "Two pieces of twelve bytes": {
        "tables": {
            "x": "| V |\n| one two three four |\n| short |\n| one two three four five six |\n| 苏州大学附属 |\n| |"
        },
        "steps": """
            - {algorithm: records, source: x}
            - {target: MHTERM, algorithm: split_to_suppqual, source: x.V, piece: "1", of: "2", size: "12"}
            - {target: SUPPMH.MHTERM1, algorithm: split_to_suppqual, source: x.V, piece: "2", of: "2", size: "12"}
        """,
        "gives": """
            | MHTERM  | SUPPMH.MHTERM1 |
            | one two | three four     |
            | short   |                |
            | one two | three four   |
            | 苏州大学    | 附属             |
            |         |                |
        """,
        "problems": """
            | rule          | record | value                       |
            | MAP-TEXT-LOST | 2      | one two three four five six |
        """,
    },
    "No records": {
        "tables": {"x": "| V |"},
        "steps": """
            - {algorithm: records, source: x}
            - {target: MHTERM, algorithm: split_to_suppqual, source: x.V, piece: "1", of: "1"}
        """,
        "gives": "| MHTERM |",
    },
}


@pytest.mark.parametrize("title", CASES)
def test_split_to_suppqual(title, check_case):  # type: ignore[no-untyped-def]
    """Every case of the manual page holds."""
    check_case(CASES[title])
