"""lookup: a value from the row of another table whose keys equal the sources.

A key that stands several times with different values gives nothing unless the step says which row counts.
"""

from __future__ import annotations

import pytest

CASES = {
    "One key": {
        "tables": {
            "lb": "| TEST |\n| ANC |\n| plt |\n| XYZ |\n| XYZ |\n| |",
            "tests": "| NAME | TESTCD |\n| ANC | NEUT |\n| PLT | PLAT |",
        },
        "lookups": ["tests"],
        "steps": """
            - {algorithm: records, source: lb}
            - {target: LBTESTCD, algorithm: lookup, source: lb.TEST, table: tests, key: NAME, give: TESTCD, fold:
            "true"}
        """,
        "gives": "| LBTESTCD |\n| NEUT |\n| PLAT |\n| |\n| |\n| |",
        "problems": """
            | rule                 | record | value |
            | MAP-LOOKUP-UNMATCHED | -      | xyz   |
        """,
    },
    "Duplicates in the key": {
        "tables": {
            "ds": "| SUBJ |\n| 1 |\n| 2 |\n| 3 |",
            "visits": """
                | SUBJ | DAY | ARM |
                | 1    | 9   | A   |
                | 1    | 3   | B   |
                | 2    | 1   | C   |
                | 2    | 2   | C   |
                | 3    |     | D   |
            """,
        },
        "lookups": ["visits"],
        "steps": """
            - {algorithm: records, source: ds}
            - {target: STRICT, algorithm: lookup, source: ds.SUBJ, table: visits, key: SUBJ, give: ARM}
            - {target: FIRST, algorithm: lookup, source: ds.SUBJ, table: visits, key: SUBJ, give: ARM, take: first,
               order: DAY}
            - {target: LASTDAY, algorithm: lookup, source: ds.SUBJ, table: visits, key: SUBJ, give: DAY, take: last,
               order: DAY, numeric: "true"}
        """,
        "gives": """
            | STRICT | FIRST | LASTDAY |
            |        | B     | 9       |
            | C      | C     | 2       |
            | D      | D     |         |
        """,
        "problems": """
            | rule                 | record | value |
            | MAP-LOOKUP-AMBIGUOUS | -      | 1     |
        """,
    },
    "Two keys, one of them missing": {
        "tables": {
            "x": "| A | B |\n| 1 | x |\n| 1 | |\n| 2 | x |",
            "t": "| A | B | V |\n| 1 | x | one |\n| 1 | | two |",
        },
        "lookups": ["t"],
        "steps": """
            - {algorithm: records, source: x}
            - {target: V, algorithm: lookup, source: [x.A, x.B], table: t, key: [A, B], give: V, unmatched: error}
        """,
        "gives": "| V |\n| one |\n| |\n| |",
        "problems": '| rule | record | value |\n| MAP-LOOKUP-UNMATCHED | - | "2 | x" |'.replace("2 | x", r"2 \x7c x"),
    },
    "Empty table, and no records": {
        "tables": {"x": "| A |\n| 1 |", "t": "| A | V |"},
        "lookups": ["t"],
        "steps": """
            - {algorithm: records, source: x}
            - {target: V, algorithm: lookup, source: x.A, table: t, key: A, give: V, unmatched: ignore}
        """,
        "gives": "| V |\n| |",
    },
}


def test_the_row_that_gave_a_value_is_kept(check_case):  # type: ignore[no-untyped-def]
    """Provider rows are rows of the table, -1 where nothing was found."""
    build = check_case(CASES["Duplicates in the key"])
    (provider,) = build.block.providers["FIRST"]
    assert (provider.source, provider.column, provider.row.tolist()) == ("visits", "ARM", [1, 2, 4])


@pytest.mark.parametrize("title", CASES)
def test_lookup(title, check_case):  # type: ignore[no-untyped-def]
    """Every case of the manual page holds."""
    check_case(CASES[title])
