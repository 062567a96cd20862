"""unit_convert: collected results and limits to standard units.

The study's table says the standard unit of each test; factors between units of one kind need not be written.  Numbers
are converted exactly: `1.8` mg/dL times 88.4 is `159.12`.  A result below a limit keeps its sign in the text and has
no number.  A missing or unknown unit is reported and nothing is converted.
"""

from __future__ import annotations

import pytest

UNITS = """
    | TEST  | FROM  | TO     | FACTOR |
    | CREAT | mg/dL | umol/L | 88.4   |
    | CREAT | *     | umol/L |        |
    | HGB   | *     | g/L    |        |
    | PLAT  | *     | 10^9/L |        |
    | ALT   | IU/L  | U/L    | 1      |
    | ALT   | U/L   | U/L    | 1      |
    | PH    |       |        |        |
    | TEMP  | *     | C      |        |
"""
STEPS = """
    - {algorithm: records, source: lb}
    - {target: LBSTRESC, algorithm: unit_convert, source: [lb.RES, lb.UNIT, lb.TEST], table: units, give: text}
    - {target: LBSTRESN, algorithm: unit_convert, source: [lb.RES, lb.UNIT, lb.TEST], table: units, give: value}
    - {target: LBSTRESU, algorithm: unit_convert, source: [lb.RES, lb.UNIT, lb.TEST], table: units, give: unit}
"""

CASES = {
    "Spellings of units and exact products": {
        "tables": {
            "units": UNITS,
            "lb": """
                | TEST  | RES    | UNIT     |
                | CREAT | 1.8    | mg/dL    |
                | CREAT | 70     | μmol/L   |
                | CREAT | 70     | µmol/L   |
                | HGB   | 6.5    | g/dL     |
                | HGB   | 115    | g/L      |
                | PLAT  | 12     | 万/mm3    |
                | PLAT  | 120    | K/uL     |
                | PLAT  | 120000 | /mm3     |
                | PLAT  | 120.0  | x10e3/µL |
                | PLAT  | 120    | 10*9/L   |
                | PLAT  | 0.12   | 10^12/L  |
                | ALT   | 40     | IU/L     |
                | PH    | 7.40   |          |
                | TEMP  | 98.6   | F        |
                | TEMP  | 37.0   | ℃        |
                | OTHER | 5.50   | mg       |
            """,
        },
        "lookups": ["units"],
        "steps": STEPS,
        "gives": """
            | LBSTRESC | LBSTRESN | LBSTRESU |
            | 159.12   | 159.12   | umol/L   |
            | 70       | 70       | umol/L   |
            | 70       | 70       | umol/L   |
            | 65       | 65       | g/L      |
            | 115      | 115      | g/L      |
            | 120      | 120      | 10^9/L   |
            | 120      | 120      | 10^9/L   |
            | 120      | 120      | 10^9/L   |
            | 120      | 120      | 10^9/L   |
            | 120      | 120      | 10^9/L   |
            | 120      | 120      | 10^9/L   |
            | 40       | 40       | U/L      |
            | 7.4      | 7.4      |          |
            | 37       | 37       | C        |
            | 37       | 37       | C        |
            | 5.5      | 5.5      | mg       |
        """,
    },
    "Comparators, thousands, notes of the laboratory": {
        "tables": {
            "units": UNITS,
            "lb": """
                | TEST | RES         | UNIT   |
                | PLAT | ＜0.1        | 10^9/L |
                | PLAT | "> 999"     | K/uL   |
                | PLAT | ≤5          | /mm3   |
                | PLAT | 1,200       | 10^9/L |
                | PLAT | 1.200       | 10^9/L |
                | PLAT | 0,02        | 10^9/L |
                | PLAT | １２．５      | 10^9/L |
                | PLAT | 3.2(repeat) | 10^9/L |
                | PLAT | 7 *H        | 10^9/L |
                | PLAT | 1×10⁻⁴      | 10^9/L |
                | PLAT | 1E-4        | 10^9/L |
                | PLAT | clumped     | 10^9/L |
                | PLAT |             | 10^9/L |
            """,
        },
        "lookups": ["units"],
        "steps": STEPS,
        "gives": """
            | LBSTRESC | LBSTRESN | LBSTRESU |
            | <0.1     |          | 10^9/L   |
            | >999     |          | 10^9/L   |
            | <=0.005  |          | 10^9/L   |
            | 1200     | 1200     | 10^9/L   |
            | 1.2      | 1.2      | 10^9/L   |
            | 0.02     | 0.02     | 10^9/L   |
            | 12.5     | 12.5     | 10^9/L   |
            | 3.2      | 3.2      | 10^9/L   |
            | 7        | 7        | 10^9/L   |
            | 0.0001   | 0.0001   | 10^9/L   |
            | 0.0001   | 0.0001   | 10^9/L   |
            | clumped  |          |          |
            |          |          |          |
        """,
        "problems": """
            | rule                 | record | value       |
            | MAP-RESULT-ANNOTATED | -      | 0,02        |
            | MAP-RESULT-ANNOTATED | -      | 3.2(repeat) |
            | MAP-RESULT-ANNOTATED | -      | 7 *H        |
            | MAP-RESULT-ANNOTATED | -      | 0,02        |
            | MAP-RESULT-ANNOTATED | -      | 3.2(repeat) |
            | MAP-RESULT-ANNOTATED | -      | 7 *H        |
        """,
    },
    "What cannot be read or converted": {
        "tables": {
            "units": UNITS,
            "lb": """
                | TEST | RES   | UNIT     |
                | HGB  | 6.5   |          |
                | HGB  | 6.5   | furlongs |
                | HGB  | 6.5   | mmol/L   |
                | HGB  | 1..5  | g/L      |
                | ALT  | 5     | g/L      |
                | HGB  | 12%   | g/L      |
            """,
        },
        "lookups": ["units"],
        "steps": """
            - {algorithm: records, source: lb}
            - {target: LBSTRESN, algorithm: unit_convert, source: [lb.RES, lb.UNIT, lb.TEST], table: units, give:
            value}
            - {target: LBSTRESU, algorithm: unit_convert, source: [lb.RES, lb.UNIT, lb.TEST], table: units, give:
            unit}
        """,
        "gives": """
            | LBSTRESN | LBSTRESU |
            |          |          |
            |          |          |
            |          |          |
            |          |          |
            |          |          |
            |          |          |
        """,
        "problems": """
            | rule                   | record | value    |
            | MAP-RESULT-UNREAD      | 3      | 1..5     |
            | MAP-UNIT-MISSING       | 0      | 6.5      |
            | MAP-UNIT-UNKNOWN       | -      | furlongs |
            | MAP-UNIT-NO-CONVERSION | -      | mmol/L   |
            | MAP-UNIT-NO-CONVERSION | -      | g/L      |
            | MAP-UNIT-CONFLICT      | 5      | 12%      |
        """,
    },
    "Limits use the factor of the result, and percent signs": {
        "tables": {
            "units": "| TEST | FROM | TO | FACTOR |\n| BILI | mg/dL | umol/L | 17.1 |\n| MRD | * | % | |",
            "lb": """
                | TEST | RES    | UNIT  | ULN |
                | BILI | 1.2    | mg/dL | 1.2 |
                | BILI | 1.2    |       | 1.2 |
                | MRD  | ０．０１％ |       | -   |
                | MRD  | <0.01% | %     |     |
            """,
        },
        "lookups": ["units"],
        "steps": """
            - {algorithm: records, source: lb}
            - {target: LBSTRESC, algorithm: unit_convert, source: [lb.RES, lb.UNIT, lb.TEST], table: units, give:
            text}
            - {target: LBSTNRHI, algorithm: unit_convert, source: [lb.ULN, lb.UNIT, lb.TEST], table: units, give:
            high}
        """,
        "gives": """
            | LBSTRESC | LBSTNRHI |
            | 20.52    | 20.52    |
            | 1.2      |          |
            | 0.01     |          |
            | <0.01    |          |
        """,
        "problems": """
            | rule             | record | value |
            | MAP-UNIT-MISSING | 1      | 1.2   |
        """,
    },
    "Decimal commas": {
        "tables": {"lb": "| RES | UNIT |\n| 1,200 | mg |\n| 1.200 | mg |\n| 1.200,5 | mg |"},
        "steps": """
            - {algorithm: records, source: lb}
            - {target: LBSTRESC, algorithm: unit_convert, source: [lb.RES, lb.UNIT], give: text, decimal: comma}
        """,
        "gives": "| LBSTRESC |\n| 1.2 |\n| 1200 |\n| 1200.5 |",
    },
    "No records": {
        "tables": {"units": UNITS, "lb": "| TEST | RES | UNIT |"},
        "lookups": ["units"],
        "steps": STEPS,
        "gives": "| LBSTRESC | LBSTRESN | LBSTRESU |",
    },
}


@pytest.mark.parametrize("title", CASES)
def test_unit_convert(title, check_case):  # type: ignore[no-untyped-def]
    """Every case of the manual page holds."""
    check_case(CASES[title])
