"""hardcode_ct: one submission value for all records, or for those in which a source has a value.

The value is checked against the codelist: a wrong one is an error of the specification, before any record is made.
"""

from __future__ import annotations

import pytest

from spectrail.errors import SpecError

CASES = {
    "Where a box is checked": {
        "tables": {"ae": "| ONG |\n| Y |\n| |"},
        "steps": """
            - {algorithm: records, source: ae}
            - {target: AEENRTPT, algorithm: hardcode_ct, source: ae.ONG, value: ONGOING, codelist: C66728}
        """,
        "gives": "| AEENRTPT |\n| ONGOING |\n| |",
    },
    "A value outside an extensible codelist": {
        "tables": {"lb": "| R |\n| 1 |\n| 2 |"},
        "steps": """
            - {algorithm: records, source: lb}
            - {target: LBSPEC, algorithm: hardcode_ct, value: MOON DUST, codelist: SPECTYPE}
        """,
        "gives": "| LBSPEC |\n| MOON DUST |\n| MOON DUST |",
        "problems": "| rule | record | value |\n| MAP-CT | - | MOON DUST |",
    },
    "No records": {
        "tables": {"ae": "| SER |"},
        "steps": """
            - {algorithm: records, source: ae}
            - {target: AESER, algorithm: hardcode_ct, value: Y, codelist: C66742}
        """,
        "gives": "| AESER |",
    },
}


@pytest.mark.parametrize("title", CASES)
def test_hardcode_ct(title, check_case):  # type: ignore[no-untyped-def]
    """Every case of the manual page holds."""
    check_case(CASES[title])


@pytest.mark.parametrize(
    ("value", "hint"),
    [("yes", "write 'Y'"), ("maybe", "known:")],
)
def test_a_hardcoded_value_must_be_a_submission_value(value, hint, check_case):  # type: ignore[no-untyped-def]
    """Another spelling of a term is wrong in a specification, and so is a value the list lacks."""
    steps = f"""
        - {{algorithm: records, source: ae}}
        - {{target: AESER, algorithm: hardcode_ct, value: {value}, codelist: C66742}}
    """
    with pytest.raises(SpecError, match="not a submission value of codelist NY") as caught:
        check_case({"tables": {"ae": "| SER |\n| Y |"}, "steps": steps, "gives": "| AESER |"})
    assert hint in caught.value.hint
