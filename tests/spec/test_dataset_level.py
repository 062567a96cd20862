"""dataset_level: the same value on every record of the dataset."""

from __future__ import annotations

import pytest

CASES = {
    "A constant of the dataset": {
        "tables": {"ae": "| SER |\n| Y |\n| |"},
        "steps": """
            - {algorithm: records, source: ae}
            - {target: DOMAIN, algorithm: dataset_level, value: AE}
        """,
        "gives": "| DOMAIN |\n| AE |\n| AE |",
    },
    "No records": {
        "tables": {"ae": "| SER |"},
        "steps": """
            - {algorithm: records, source: ae}
            - {target: DOMAIN, algorithm: dataset_level, value: AE}
        """,
        "gives": "| DOMAIN |",
    },
}


@pytest.mark.parametrize("title", CASES)
def test_dataset_level(title, check_case):  # type: ignore[no-untyped-def]
    """Every case of the manual page holds."""
    check_case(CASES[title])
