"""relrec: records of two domains related by a link that was collected (SDTMIG 3.4 section 8.2).

Relationships between whole datasets need no algorithm: they are rows of a lookup table taken over with assign_no_ct.
"""

from __future__ import annotations

import pytest

CASES = {
    "Medications given for adverse events": {
        "tables": {
            "AE": """
                | USUBJID | AESEQ | AESPID |
                | 1       | 1     | 7      |
                | 1       | 2     | 8      |
                | 2       | 1     | 7      |
            """,
            "CM": """
                | USUBJID | CMSEQ | AENO |
                | 1       | 1     | 8    |
                | 1       | 2     | 7    |
                | 1       | 3     | 7    |
                | 1       | 4     |      |
                | 2       | 1     | 9    |
            """,
        },
        "dataset": "RELREC",
        "steps": """
            - {algorithm: records, source: CM}
            - {algorithm: relrec, source: [CM.USUBJID, CM.AENO], domain: CM, variable: CM.CMSEQ, table: AE,
               key: [USUBJID, AESPID], table_domain: AE, table_variable: AESEQ}
        """,
        "gives": """
            | RDOMAIN | USUBJID | IDVAR | IDVARVAL | RELTYPE | RELID |
            | CM      | 1       | CMSEQ | 1        |         | AECM1 |
            | AE      | 1       | AESEQ | 2        |         | AECM1 |
            | CM      | 1       | CMSEQ | 2        |         | AECM2 |
            | CM      | 1       | CMSEQ | 3        |         | AECM2 |
            | AE      | 1       | AESEQ | 1        |         | AECM2 |
        """,
        "problems": r"""
            | rule       | record | value       |
            | MAP-RELREC | -      | "2 \x7c 9"    |
        """,
        "excluded": """
            | row | reason                                       |
            | 3   | not related to a record of the other domain |
            | 4   | not related to a record of the other domain |
        """,
    },
    "Datasets as a whole": {
        "tables": {
            "rel": """
                | DOM | VAR     | TYPE |
                | RS  | RSLNKGRP | ONE  |
                | LB  | LBLNKGRP | MANY |
            """
        },
        "lookups": ["rel"],
        "dataset": "RELREC",
        "steps": """
            - {algorithm: records, source: rel}
            - {target: RDOMAIN, algorithm: assign_no_ct, source: rel.DOM}
            - {target: IDVAR, algorithm: assign_no_ct, source: rel.VAR}
            - {target: RELTYPE, algorithm: assign_no_ct, source: rel.TYPE}
            - {target: RELID, algorithm: hardcode_no_ct, value: MARROW}
        """,
        "gives": """
            | RDOMAIN | IDVAR    | RELTYPE | RELID  |
            | RS      | RSLNKGRP | ONE     | MARROW |
            | LB      | LBLNKGRP | MANY    | MARROW |
        """,
    },
    "No records": {
        "tables": {"AE": "| USUBJID | AESEQ | AESPID |", "CM": "| USUBJID | CMSEQ | AENO |"},
        "dataset": "RELREC",
        "steps": """
            - {algorithm: records, source: CM}
            - {algorithm: relrec, source: [CM.USUBJID, CM.AENO], domain: CM, variable: CM.CMSEQ, table: AE,
               key: [USUBJID, AESPID], table_domain: AE, table_variable: AESEQ}
        """,
        "gives": "| RDOMAIN | USUBJID | IDVAR | IDVARVAL | RELTYPE | RELID |",
    },
}


@pytest.mark.parametrize("title", CASES)
def test_relrec(title, check_case):  # type: ignore[no-untyped-def]
    """Every case of the manual page holds."""
    check_case(CASES[title])
