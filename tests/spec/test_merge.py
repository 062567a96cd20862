"""merge: columns of another raw table.

How records and rows belong together is stated and checked; both sides of a joined record stay linked.
"""

from __future__ import annotations

import pytest

CASES = {
    "Many records to one row": {
        "tables": {
            "lb": "| S | TEST |\n| 1 | A |\n| 1 | B |\n| 2 | A |\n| 3 | A |",
            "sample": "| S | DAT | LAB |\n| 1 | 2023-01-01 | X |\n| 2 | 2023-01-02 | |",
        },
        "steps": """
            - {algorithm: records, source: lb}
            - {target: LBTESTCD, algorithm: assign_no_ct, source: lb.TEST}
            - {algorithm: merge, source: lb.S, table: sample, key: S, columns: [DAT, LAB], prefix: sample.,
               expect: many-to-one}
            - {target: LBDTC, algorithm: assign_no_ct, source: sample.DAT}
            - {target: LBNAM, algorithm: assign_no_ct, source: sample.LAB}
        """,
        "gives": """
            | LBTESTCD | LBDTC      | LBNAM      |
            | A        | 2023-01-01 | X          |
            | B        | 2023-01-01 | X          |
            | A        | 2023-01-02 |            |
            | A        |            |            |
        """,
        "problems": "| rule | record | value |\n| MAP-MERGE-UNMATCHED | - | 3 |",
    },
    "A key that stands twice where it must not": {
        "tables": {
            "lb": "| S |\n| 1 |\n| 2 |\n| 2 |",
            "t": "| S | V |\n| 1 | a |\n| 1 | b |\n| 2 | c |",
        },
        "steps": """
            - {algorithm: records, source: lb}
            - {algorithm: merge, source: lb.S, table: t, key: S, columns: V, expect: one-to-one}
        """,
        "gives": "| V |\n| a |\n| c |\n| c |",
        "problems": """
            | rule                  | record | value |
            | MAP-MERGE-CARDINALITY | -      | 2     |
            | MAP-MERGE-CARDINALITY | -      | 1     |
        """,
    },
    "One record to many rows, without those that have none": {
        "tables": {
            "lb": "| S |\n| 1 |\n| 2 |\n| |",
            "t": "| S | V |\n| 1 | a |\n| 1 | b |",
        },
        "steps": """
            - {algorithm: records, source: lb}
            - {target: USUBJID, algorithm: assign_no_ct, source: lb.S}
            - {algorithm: merge, source: lb.S, table: t, key: S, columns: V, expect: one-to-many, unmatched: exclude,
               report: ""}
        """,
        "gives": "| USUBJID | V |\n| 1 | a |\n| 1 | b |",
        "excluded": """
            | row | reason                                 |
            | 1   | no row of the merged table has its key |
            | 2   | no row of the merged table has its key |
        """,
    },
    "Empty table, and no records": {
        "tables": {"lb": "| S |", "t": "| S | V |"},
        "steps": """
            - {algorithm: records, source: lb}
            - {algorithm: merge, source: lb.S, table: t, key: S, columns: V, expect: one-to-one}
        """,
        "gives": "| V |",
    },
}


def test_a_joined_record_is_linked_to_both_rows(check_case):  # type: ignore[no-untyped-def]
    """The record's own row and the row merged in."""
    build = check_case(CASES["Many records to one row"])
    assert build.block.links.of(2) == (("lb", 2), ("sample", 1))
    assert build.block.links.of(3) == (("lb", 3),)


@pytest.mark.parametrize("title", CASES)
def test_merge(title, check_case):  # type: ignore[no-untyped-def]
    """Every case of the manual page holds."""
    check_case(CASES[title])
