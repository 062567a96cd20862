"""derive_se: the elements each subject went through (SDTMIG 3.4 section 5.3).

An element happened when its start date is known; it ends on its own end date or when the next one begins.
"""

from __future__ import annotations

import pytest

CASES = {
    "Screening, treatment, follow-up": {
        "tables": {
            "dm": """
                | S | ICF        | DOSE             | LAST       | END        |
                | 1 | 2023-01-01 | 2023-01-10T09:00 | 2023-02-10 | 2023-06-01 |
                | 2 | 2023-01-05 |                  |            | 2023-01-20 |
                | 3 |            |                  |            |            |
            """,
            "te": """
                | ETCD | ELEMENT   | EPOCH     | START   | END    |
                | SCRN | Screening | SCREENING | dm.ICF  |        |
                | TRT  | Treatment | TREATMENT | dm.DOSE |        |
                | FUP  | Follow-up | FOLLOW-UP | dm.LAST | dm.END |
            """,
        },
        "lookups": ["te"],
        "dataset": "SE",
        "steps": """
            - {algorithm: records, source: dm}
            - {target: USUBJID, algorithm: assign_no_ct, source: dm.S}
            - {algorithm: derive_se, elements: te, columns: [dm.ICF, dm.DOSE, dm.LAST, dm.END]}
        """,
        "gives": """
            | USUBJID | ETCD | ELEMENT   | EPOCH     | SESTDTC          | SEENDTC          |
            | 1       | SCRN | Screening | SCREENING | 2023-01-01       | 2023-01-10T09:00 |
            | 1       | TRT  | Treatment | TREATMENT | 2023-01-10T09:00 | 2023-02-10       |
            | 1       | FUP  | Follow-up | FOLLOW-UP | 2023-02-10       | 2023-06-01       |
            | 2       | SCRN | Screening | SCREENING | 2023-01-05       |                  |
        """,
    },
    "No records": {
        "tables": {"dm": "| S | ICF |", "te": "| ETCD | START |\n| SCRN | dm.ICF |"},
        "lookups": ["te"],
        "dataset": "SE",
        "steps": """
            - {algorithm: records, source: dm}
            - {target: USUBJID, algorithm: assign_no_ct, source: dm.S}
            - {algorithm: derive_se, elements: te, columns: [dm.ICF]}
        """,
        "gives": "| USUBJID | ETCD | SESTDTC | SEENDTC |",
    },
}


@pytest.mark.parametrize("title", CASES)
def test_derive_se(title, check_case):  # type: ignore[no-untyped-def]
    """Every case of the manual page holds."""
    check_case(CASES[title])
