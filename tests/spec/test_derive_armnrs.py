"""derive_armnrs: why a subject has no planned or actual arm (SDTMIG 3.4, codelist ARMNULRS)."""

from __future__ import annotations

import pytest

CASES = {
    "The five situations": {
        "tables": {
            "dm": """
                | ARM | ACTARM | DOSE       | FAILED |
                | A   | A      | 2023-01-01 |        |
                |     |        |            | Y      |
                |     |        |            |        |
                | A   |        |            |        |
                |     |        | 2023-01-01 |        |
                | A   |        | 2023-01-01 |        |
            """
        },
        "dataset": "DM",
        "steps": """
            - {algorithm: records, source: dm}
            - {target: ARMNRS, algorithm: derive_armnrs, source: [dm.ARM, dm.ACTARM, dm.DOSE],
               screen_failure: "dm.FAILED == 'Y'"}
        """,
        "gives": """
            | ARMNRS                |
            |                       |
            | SCREEN FAILURE        |
            | NOT ASSIGNED          |
            | ASSIGNED, NOT TREATED |
            | UNPLANNED TREATMENT   |
            | UNPLANNED TREATMENT   |
        """,
    },
}


@pytest.mark.parametrize("title", CASES)
def test_derive_armnrs(title, check_case):  # type: ignore[no-untyped-def]
    """Every case of the manual page holds."""
    check_case(CASES[title])
