"""derive_stresc: the character result of a test that needs no conversion."""

from __future__ import annotations

import pytest

CASES = {
    "Numbers and coded texts": {
        "tables": {"lb": "| R |\n| 1.10 |\n| ＜0.10 |\n| yes |\n| hardly |\n| 1,200 |\n| 3 mg |\n| |"},
        "steps": """
            - {algorithm: records, source: lb}
            - {target: LBSTRESC, algorithm: derive_stresc, source: lb.R, codelist: NY}
        """,
        "gives": "| LBSTRESC |\n| 1.1 |\n| <0.1 |\n| Y |\n| hardly |\n| 1200 |\n| 3 mg |\n| |",
        "problems": "| rule | record | value |\n| MAP-CT | - | hardly |\n| MAP-CT | - | 3 mg |",
    },
    "No records": {
        "tables": {"lb": "| R |"},
        "steps": """
            - {algorithm: records, source: lb}
            - {target: LBSTRESC, algorithm: derive_stresc, source: lb.R}
        """,
        "gives": "| LBSTRESC |",
    },
}


@pytest.mark.parametrize("title", CASES)
def test_derive_stresc(title, check_case):  # type: ignore[no-untyped-def]
    """Every case of the manual page holds."""
    check_case(CASES[title])
