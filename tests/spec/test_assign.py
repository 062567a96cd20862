"""assign_no_ct, assign_ct, hardcode_no_ct, hardcode_ct, dataset_level, not_submitted: values taken over or fixed.

Collected text loses its outer blanks and line breaks.  With a codelist the value becomes the submission value; case,
repeated blanks and CT synonyms do not matter where they are unambiguous.  What the codelist lacks is written as
collected and listed once: an error for a list that is not extensible, a warning for an extensible one.
"""

from __future__ import annotations

import pytest

from spectrail.errors import SpecError

CASES = {
    "Text as collected": {
        "tables": {
            "ae": r"""
                | TERM                |
                | " headache "        |
                | "two\r\nlines"      |
                | "恶心\u3000"          |
                | "  "                |
                |                     |
                | ND                  |
                | nd                  |
            """
        },
        "steps": """
            - {algorithm: records, source: ae}
            - {target: AETERM, algorithm: assign_no_ct, source: ae.TERM, missing: [ND]}
        """,
        "gives": """
            | AETERM    |
            | headache  |
            | two lines |
            | 恶心        |
            |           |
            |           |
            |           |
            |           |
        """,
    },
    "Submission values, synonyms and what the codelist lacks": {
        "tables": {
            "ae": """
                | SER     |
                | Y       |
                | yes     |
                | "  No " |
                |         |
                | maybe   |
                | maybe   |
                | NA      |
            """
        },
        "steps": """
            - {algorithm: records, source: ae}
            - {target: AESER, algorithm: assign_ct, source: ae.SER, codelist: C66742}
        """,
        "gives": """
            | AESER |
            | Y     |
            | Y     |
            | N     |
            |       |
            | maybe |
            | maybe |
            | NA    |
        """,
        "problems": """
            | rule   | record | value |
            | MAP-CT | -      | maybe |
        """,
    },
    "A value for all records, and for those with something collected": {
        "tables": {
            "ae": """
                | ONG | END  |
                | Y   |      |
                |     | 2023 |
                |     |      |
            """
        },
        "steps": """
            - {algorithm: records, source: ae}
            - {target: DOMAIN, algorithm: dataset_level, value: AE}
            - {target: AEENRTPT, algorithm: hardcode_ct, source: ae.ONG, value: ONGOING, codelist: C66728}
            - {target: AEENRF, algorithm: hardcode_no_ct, source: [ae.ONG, ae.END], value: AFTER}
            - {algorithm: not_submitted, source: ae.END, reason: used for the study report only}
        """,
        "gives": """
            | DOMAIN | AEENRTPT | AEENRF |
            | AE     | ONGOING  | AFTER  |
            | AE     |          | AFTER  |
            | AE     |          |        |
        """,
    },
    "A second step fills only what is still missing": {
        "tables": {
            "cm": """
                | UNIT | OTHER |
                | mg   | x     |
                |      | drops |
            """
        },
        "steps": """
            - {algorithm: records, source: cm}
            - {target: CMDOSU, algorithm: assign_no_ct, source: cm.UNIT}
            - {target: CMDOSU, algorithm: assign_no_ct, source: cm.OTHER}
        """,
        "gives": """
            | CMDOSU |
            | mg     |
            | drops  |
        """,
    },
    "No records": {
        "tables": {"ae": "| SER |"},
        "steps": """
            - {algorithm: records, source: ae}
            - {target: AESER, algorithm: assign_ct, source: ae.SER, codelist: C66742}
            - {target: AETERM, algorithm: assign_no_ct, source: ae.SER}
            - {target: DOMAIN, algorithm: hardcode_no_ct, value: AE}
        """,
        "gives": "| AESER | AETERM | DOMAIN |",
    },
}


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


@pytest.mark.parametrize("title", CASES)
def test_assign(title, check_case):  # type: ignore[no-untyped-def]
    """Every case of the manual page holds."""
    check_case(CASES[title])
