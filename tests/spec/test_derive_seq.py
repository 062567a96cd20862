"""derive_seq: --SEQ, a number of each record within its subject.

Records are sorted by the keys of the specification, then by what was collected, and only full duplicates by their
row: the numbers do not depend on the order of the raw file.
"""

from __future__ import annotations

import pytest

CASES = {
    "By keys, then by collected content": {
        "tables": {
            "ae": """
                | SUBJ | TERM   | DAT     | RecordPosition | GRADE |
                | 2    | Nausea | 2023-01 | 1              | 1     |
                | 1    | Nausea | 2023-01 | 2              | 1     |
                | 1    | Nausea | 2023-01 | 1              | 2     |
                | 1    | Fever  | 2023-02 | 3              | 1     |
                | 1    | Fever  |         | 4              | 1     |
            """
        },
        "dataset": "AE",
        "steps": """
            - {algorithm: records, source: ae}
            - {target: USUBJID, algorithm: assign_no_ct, source: ae.SUBJ}
            - {target: AETERM, algorithm: assign_no_ct, source: ae.TERM}
            - {target: AESTDTC, algorithm: assign_no_ct, source: ae.DAT}
            - {target: AETOXGR, algorithm: assign_no_ct, source: ae.GRADE}
            - {target: AESEQ, algorithm: derive_seq, source: [USUBJID, AETERM, AESTDTC]}
        """,
        "gives": """
            | USUBJID | AESEQ | AETERM | AESTDTC | AETOXGR |
            | 1       | 1     | Fever  |         | 1       |
            | 1       | 2     | Fever  | 2023-02 | 1       |
            | 1       | 3     | Nausea | 2023-01 | 2       |
            | 1       | 4     | Nausea | 2023-01 | 1       |
            | 2       | 1     | Nausea | 2023-01 | 1       |
        """,
    },
    "Full duplicates keep the order of the raw file": {
        "tables": {"x": "| S | V |\n| 1 | a |\n| 1 | a |"},
        "steps": """
            - {algorithm: records, source: x}
            - {target: USUBJID, algorithm: assign_no_ct, source: x.S}
            - {target: XXSEQ, algorithm: derive_seq}
        """,
        "gives": "| USUBJID | XXSEQ |\n| 1 | 1 |\n| 1 | 2 |",
    },
    "No records": {
        "tables": {"x": "| S | V |"},
        "steps": """
            - {algorithm: records, source: x}
            - {target: USUBJID, algorithm: assign_no_ct, source: x.S}
            - {target: XXSEQ, algorithm: derive_seq, source: [USUBJID]}
        """,
        "gives": "| USUBJID | XXSEQ |",
    },
}


def test_numbers_do_not_depend_on_the_order_of_the_raw_file(check_case):  # type: ignore[no-untyped-def]
    """The same rows reversed give the same records."""
    case = dict(CASES["By keys, then by collected content"])
    lines = case["tables"]["ae"].strip().splitlines()
    check_case({**case, "tables": {"ae": "\n".join([lines[0], *reversed(lines[1:])])}})


@pytest.mark.parametrize("title", CASES)
def test_derive_seq(title, check_case):  # type: ignore[no-untyped-def]
    """Every case of the manual page holds."""
    check_case(CASES[title])
