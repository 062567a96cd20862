"""multiple_responses: several checked boxes or answers, one value (SDTMIG 4.2.8.3).

One answer is the value; different answers give MULTIPLE and go to supplemental qualifiers one by one.
"""

from __future__ import annotations

import pytest

CASES = {
    "Boxes for race": {
        "tables": {
            "dm": """
                | ASIAN | BLACK | WHITE |
                | 1     | 0     | 0     |
                | X     |       | yes   |
                |       |       |       |
                | 1     | 1     | 1     |
            """
        },
        "dataset": "DM",
        "steps": """
            - {algorithm: records, source: dm}
            - {target: RACE, algorithm: multiple_responses, source: [dm.ASIAN, dm.BLACK, dm.WHITE],
               labels: [ASIAN, BLACK OR AFRICAN AMERICAN, WHITE]}
            - {target: SUPPDM.RACE1, algorithm: multiple_responses, source: [dm.ASIAN, dm.BLACK, dm.WHITE], give: "1",
               labels: [ASIAN, BLACK OR AFRICAN AMERICAN, WHITE]}
            - {target: SUPPDM.RACE2, algorithm: multiple_responses, source: [dm.ASIAN, dm.BLACK, dm.WHITE], give: "2",
               labels: [ASIAN, BLACK OR AFRICAN AMERICAN, WHITE]}
        """,
        "gives": """
            | RACE     | SUPPDM.RACE1 | SUPPDM.RACE2              |
            | ASIAN    |              |                           |
            | MULTIPLE | ASIAN        | WHITE                     |
            |          |              |                           |
            | MULTIPLE | ASIAN        | BLACK OR AFRICAN AMERICAN |
        """,
    },
    "Action taken with two agents": {
        "tables": {
            "ae": """
                | ACN1             | ACN2             |
                | Drug interrupted | Dose not changed |
                | Dose not changed | dose not changed |
                | Not applicable   | Dose reduced     |
                | Stopped          |                  |
                |                  |                  |
            """
        },
        "dataset": "AE",
        "steps": """
            - {algorithm: records, source: ae}
            - {target: AEACN, algorithm: multiple_responses, source: [ae.ACN1, ae.ACN2], codelist: C66767,
               ignore: [NOT APPLICABLE]}
        """,
        "gives": """
            | AEACN            |
            | MULTIPLE         |
            | DOSE NOT CHANGED |
            | DOSE REDUCED     |
            | Stopped          |
            |                  |
        """,
        "problems": """
            | rule   | record | value   |
            | MAP-CT | -      | Stopped |
        """,
    },
    "No records": {
        "tables": {"ae": "| A | B |"},
        "steps": """
            - {algorithm: records, source: ae}
            - {target: AEREL, algorithm: multiple_responses, source: [ae.A, ae.B]}
        """,
        "gives": "| AEREL |",
    },
}


@pytest.mark.parametrize("title", CASES)
def test_multiple_responses(title, check_case):  # type: ignore[no-untyped-def]
    """Every case of the manual page holds."""
    check_case(CASES[title])
