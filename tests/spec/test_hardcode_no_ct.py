"""hardcode_no_ct: one value for all records, or for those in which a source has a value."""

from __future__ import annotations

import pytest

CASES = {
    "All records, and records with something collected": {
        "tables": {"ae": "| ONG | END |\n| Y | |\n| | 2023 |\n| | |"},
        "steps": """
            - {algorithm: records, source: ae}
            - {target: DOMAIN, algorithm: hardcode_no_ct, value: AE}
            - {target: AEENRF, algorithm: hardcode_no_ct, source: [ae.ONG, ae.END], value: AFTER}
            - {target: AEENRTPT, algorithm: hardcode_no_ct, when: "ae.ONG == 'Y'", value: ONGOING}
        """,
        "gives": """
            | DOMAIN | AEENRF | AEENRTPT |
            | AE     | AFTER  | ONGOING  |
            | AE     | AFTER  |          |
            | AE     |        |          |
        """,
    },
    "No records": {
        "tables": {"ae": "| SER |"},
        "steps": """
            - {algorithm: records, source: ae}
            - {target: DOMAIN, algorithm: hardcode_no_ct, value: AE}
        """,
        "gives": "| DOMAIN |",
    },
}


@pytest.mark.parametrize("title", CASES)
def test_hardcode_no_ct(title, check_case):  # type: ignore[no-untyped-def]
    """Every case of the manual page holds."""
    check_case(CASES[title])
