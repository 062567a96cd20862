"""assign_datetime: collected dates and times to ISO 8601 text.

The formats of the form are declared; a value is read by the one format that fits.  Unknown parts (UN, UNK, NK, --,
99) give a partial date, with a hyphen for a gap in the middle.  A date that does not exist, one that no format reads
and one that two formats read differently are written as missing and reported, never guessed.  A time may stand in the
same column or in a second one.
"""

from __future__ import annotations

import pytest

CASES = {
    "Complete and partial dates of one form": {
        "tables": {
            "ae": """
                | SUBJ | STDAT       |
                | 1    | 05 MAR 2023 |
                | 2    | UN MAR 2023 |
                | 3    | UN UNK 2023 |
                | 4    | 05 UNK 2023 |
                | 5    | 05 Mar UNK  |
                | 6    | -- MAR 2023 |
                | 7    | 99 mar 2023 |
                | 8    | UN UNK UNKN |
                | 9    |             |
                | 10   | 5 March 2023 |
                | 11   | ０５ MAR ２０２３ |
            """
        },
        "steps": """
            - {algorithm: records, source: ae}
            - {target: AESTDTC, algorithm: assign_datetime, source: ae.STDAT, formats: [DD MMM YYYY]}
        """,
        "gives": """
            | AESTDTC    |
            | 2023-03-05 |
            | 2023-03    |
            | 2023       |
            | 2023---05  |
            | --03-05    |
            | 2023-03    |
            | 2023-03    |
            |            |
            |            |
            | 2023-03-05 |
            | 2023-03-05 |
        """,
    },
    "Dates that do not exist and dates that are not read": {
        "tables": {
            "ae": """
                | STDAT       |
                | 30 FEB 2023 |
                | 29 FEB 2023 |
                | 29 FEB 2024 |
                | 31 APR UNK  |
                | 2023-03-05  |
                | soon        |
            """
        },
        "steps": """
            - {algorithm: records, source: ae}
            - {target: AESTDTC, algorithm: assign_datetime, source: ae.STDAT, formats: [DD MMM YYYY]}
        """,
        "gives": """
            | AESTDTC    |
            |            |
            |            |
            | 2024-02-29 |
            |            |
            |            |
            |            |
        """,
        "problems": """
            | rule                | record | value       |
            | MAP-DATE-UNREAD     | 4      | 2023-03-05  |
            | MAP-DATE-UNREAD     | 5      | soon        |
            | MAP-DATE-IMPOSSIBLE | 0      | 30 FEB 2023 |
            | MAP-DATE-IMPOSSIBLE | 1      | 29 FEB 2023 |
            | MAP-DATE-IMPOSSIBLE | 3      | 31 APR UNK  |
        """,
    },
    "Two formats that may contradict each other": {
        "tables": {
            "ae": """
                | STDAT      |
                | 15/03/2023 |
                | 03/15/2023 |
                | 03/04/2023 |
                | 04/04/2023 |
                | 15/03/23   |
            """
        },
        "steps": """
            - {algorithm: records, source: ae}
            - {target: AESTDTC, algorithm: assign_datetime, source: ae.STDAT,
               formats: [DD/MM/YYYY, MM/DD/YYYY, DD/MM/YY], pivot: 30}
        """,
        "gives": """
            | AESTDTC    |
            | 2023-03-15 |
            | 2023-03-15 |
            |            |
            | 2023-04-04 |
            | 2023-03-15 |
        """,
        "problems": """
            | rule               | record | value      |
            | MAP-DATE-AMBIGUOUS | 2      | 03/04/2023 |
        """,
    },
    "Date and time in two columns": {
        "tables": {
            "lb": """
                | DAT        | TIM      |
                | 2023-03-05 | 9:5      |
                | 2023-03-05 | 09:05:30 |
                | 2023-03-05 |          |
                | 2023-03-05 | UNK      |
                | 2023-03-05 | 10:UN    |
                | 2023-03-05 | UN:15    |
                | 2023-12-31 | 24:00    |
                | 2023-03    | 10:00    |
                | 2023-03    | 24:00    |
                |            | 07:15    |
                | 2023-03-05 | 24:10    |
                | 2023-03-05 | 1:05 PM  |
                | 2023-03-05 | 12:05 am |
                | 2023-03-05 | 13:05 PM |
            """
        },
        "steps": """
            - {algorithm: records, source: lb}
            - {target: LBDTC, algorithm: assign_datetime, source: [lb.DAT, lb.TIM],
               formats: ["YYYY[-MM[-DD]]"], time_formats: ["HH:MM[:SS]", "HH:MM AM"]}
        """,
        "gives": """
            | LBDTC               |
            | 2023-03-05T09:05    |
            | 2023-03-05T09:05:30 |
            | 2023-03-05          |
            | 2023-03-05          |
            | 2023-03-05T10       |
            | 2023-03-05T-:15     |
            | 2024-01-01T00:00    |
            | 2023-03--T10:00     |
            | 2023-03             |
            | -----T07:15         |
            | 2023-03-05          |
            | 2023-03-05T13:05    |
            | 2023-03-05T00:05    |
            | 2023-03-05          |
        """,
        "problems": """
            | rule                | record | value            |
            | MAP-DATE-IMPOSSIBLE | 10     | 24:10            |
            | MAP-DATE-IMPOSSIBLE | 13     | 13:05 PM         |
            | MAP-TIME-24         | 8      | 24:00            |
        """,
    },
    "Other notations: Chinese, Excel and SAS numbers, offsets, compact": {
        "tables": {
            "x": """
                | D                        |
                | 2023年3月5日              |
                | ２０２３年３月             |
                | 44990                    |
                | 44990.5                  |
                | 2023-03-05T10:00+08:00   |
                | 2023-03-05T10:00:00.250Z |
                | 20230305                 |
                | 05MAR2023                |
            """
        },
        "steps": """
            - {algorithm: records, source: x}
            - {target: XXDTC, algorithm: assign_datetime, source: x.D,
               formats: ["YYYY年MM月[DD日]", EXCEL, "YYYY-MM-DDTHH:MM[:SS][Z]", YYYYMMDD, DDMMMYYYY]}
        """,
        "gives": """
            | XXDTC                    |
            | 2023-03-05               |
            | 2023-03                  |
            | 2023-03-05               |
            | 2023-03-05T12:00:00      |
            | 2023-03-05T10:00+08:00   |
            | 2023-03-05T10:00:00.250Z |
            | 2023-03-05               |
            | 2023-03-05               |
        """,
    },
    "Day, month and year in columns of their own": {
        "tables": {
            "x": """
                | DD | MM | YY   |
                | 5  | 3  | 2023 |
                |    | 3  | 2023 |
                | 5  |    | 2023 |
                |    |    |      |
            """
        },
        "steps": """
            - {algorithm: records, source: x}
            - {target: XXDTC, algorithm: assign_datetime, source: [x.DD, x.MM, x.YY], parts: "true",
               formats: [DD MM YYYY]}
        """,
        "gives": """
            | XXDTC      |
            | 2023-03-05 |
            | 2023-03    |
            | 2023---05  |
            |            |
        """,
    },
    "SAS day and second numbers": {
        "tables": {"x": "| D | T |\n| 23074 | 1993593600 |\n| -1 | |"},
        "steps": """
            - {algorithm: records, source: x}
            - {target: XXSTDTC, algorithm: assign_datetime, source: x.D, formats: [SASDATE]}
            - {target: XXENDTC, algorithm: assign_datetime, source: x.T, formats: [SASDATETIME]}
        """,
        "gives": """
            | XXSTDTC    | XXENDTC             |
            | 2023-03-05 | 2023-03-05T00:00:00 |
            | 1959-12-31 |                     |
        """,
    },
    "A form without rows": {
        "tables": {"x": "| D | T |"},
        "steps": """
            - {algorithm: records, source: x}
            - {target: XXDTC, algorithm: assign_datetime, source: [x.D, x.T], formats: [DD MMM YYYY]}
        """,
        "gives": "| XXDTC |",
    },
}


@pytest.mark.parametrize("title", CASES)
def test_assign_datetime(title, check_case):  # type: ignore[no-untyped-def]
    """Every case of the manual page holds."""
    check_case(CASES[title])
