"""group_by: one record of several.

Dates are compared as ISO 8601 text; columns compared as numbers are named.
"""

from __future__ import annotations

import pytest

CASES = {
    "Bags of one infusion": {
        "tables": {
            "ex": """
                | S | ST         | EN         | DOSE | LOT | NOTE |
                | 1 | 2023-01-02 | 2023-01-03 | 10   | B   |      |
                | 1 | 2023-01-01 | 2023-01-02 | 9    | A   | late |
                | 2 | 2023-02-01 |            | 9    | C   |      |
                | 1 | 2023-01-03 | 2023-01-04 | 8.5  | B   | end  |
            """
        },
        "dataset": "EX",
        "steps": """
            - {algorithm: records, source: ex}
            - {target: USUBJID, algorithm: assign_no_ct, source: ex.S}
            - {target: EXSTDTC, algorithm: assign_no_ct, source: ex.ST}
            - {target: EXENDTC, algorithm: assign_no_ct, source: ex.EN}
            - {target: EXDOSE, algorithm: assign_no_ct, source: ex.DOSE}
            - {target: TOTAL, algorithm: assign_no_ct, source: ex.DOSE}
            - {target: EXLOT, algorithm: assign_no_ct, source: ex.LOT}
            - {target: NOTE, algorithm: assign_no_ct, source: ex.NOTE}
            - {algorithm: group_by, source: USUBJID, order: EXSTDTC, min: EXSTDTC, max: [EXENDTC, EXDOSE],
               numeric: EXDOSE, sum: TOTAL, concat: EXLOT}
        """,
        "gives": """
            | USUBJID | EXSTDTC    | EXENDTC    | EXDOSE | TOTAL | EXLOT | NOTE |
            | 1       | 2023-01-01 | 2023-01-04 | 10     | 27.5  | A; B  | late |
            | 2       | 2023-02-01 |            | 9      | 9     | C     |      |
        """,
    },
    "A sum of what is not a number": {
        "tables": {"x": "| S | V |\n| 1 | 2 |\n| 1 | two |\n| 2 | |"},
        "steps": """
            - {algorithm: records, source: x}
            - {target: USUBJID, algorithm: assign_no_ct, source: x.S}
            - {target: V, algorithm: assign_no_ct, source: x.V}
            - {algorithm: group_by, source: USUBJID, sum: V}
        """,
        "gives": "| USUBJID | V |\n| 1 | 2 |\n| 2 | |",
        "problems": "| rule | record | value |\n| MAP-GROUP-NUMBER | 1 | two |",
    },
    "No records": {
        "tables": {"x": "| S | V |"},
        "steps": """
            - {algorithm: records, source: x}
            - {target: USUBJID, algorithm: assign_no_ct, source: x.S}
            - {algorithm: group_by, source: USUBJID, max: x.V, concat: x.S, sum: x.V}
        """,
        "gives": "| USUBJID |",
    },
}


def test_every_raw_row_of_a_group_is_linked(check_case):  # type: ignore[no-untyped-def]
    """The record of subject 1 goes back to three rows."""
    build = check_case(CASES["Bags of one infusion"])
    rows = [sorted(row for _, row in build.block.links.of(record)) for record in (0, 1)]
    assert rows == [[0, 1, 3], [2]]


@pytest.mark.parametrize("title", CASES)
def test_group_by(title, check_case):  # type: ignore[no-untyped-def]
    """Every case of the manual page holds."""
    check_case(CASES[title])
