"""Deliberate cases of count recovery (rows 46-52 of the edge-case table)."""

from __future__ import annotations

from spectrail.studies.blina_ball.case import Case, ae, cbc, join

_SERIES: dict[int | str, float | None] = dict(
    zip(range(10, 21), (10.0, 35.0, 30.0, 25.0, 10.0, 15.0, 19.0, 23.0, 25.0, 40.0, 50.0), strict=True)
)

RECOVERY_CASES = (
    Case(
        "46",
        "platelet series with a transfusion on its first day",
        "LB PLAT days 10-20; PR transfusion day 10",
        "LBLOC TRANSF",
        {},
        {
            "PLAT": {
                1: 40,
                4: 30,
                6: 22,
                8: 15,
                **_SERIES,
                22: 60,
                25: 80,
                29: 100,
                32: 120,
                36: 150,
                39: 180,
                42: 200,
            },
            "TXPLT": {10: 1},
        },
    ),
    Case(
        "47",
        "ANC .3 .5 .4 .6 .7 .8 on six days",
        "LB NEUT days 10-15",
        "LBLOC",
        {},
        {
            "NEUT": {
                1: 0.9,
                4: 0.7,
                6: 0.6,
                8: 0.55,
                10: 0.3,
                11: 0.5,
                12: 0.4,
                13: 0.6,
                14: 0.7,
                15: 0.8,
                16: 0.9,
                18: 1.2,
                20: 1.5,
                22: 1.9,
            }
        },
    ),
    Case(
        "48",
        "ANC .3 .5 .6, then no counts",
        "LB NEUT days 20-22, none later",
        "LBLOC DISP",
        {"withdraw": 22, "cons": None},
        {"NEUT": {14: 0.2, 15: 0.2, 16: 0.2, 18: 0.25, 20: 0.3, 21: 0.5, 22: 0.6}},
    ),
    Case(
        "49",
        "ANC never below 0.5",
        "LB NEUT all at least 0.5",
        "LBLOC",
        {},
        {
            "NEUT": {
                "SCR": 1.8,
                1: 1.7,
                4: 1.2,
                6: 1.0,
                8: 0.9,
                10: 0.7,
                11: 0.65,
                12: 0.6,
                14: 0.62,
                15: 0.7,
                16: 0.8,
                18: 1.0,
                20: 1.3,
                22: 1.6,
            }
        },
    ),
    Case(
        "50",
        "ANC 0.3 to day 13, then .7 .8 1.2",
        "LB NEUT days 1-13 0.3; days 14, 18, 22",
        "LBLOC",
        {},
        {
            "NEUT": {
                "SCR": 0.3,
                1: 0.3,
                4: 0.3,
                6: 0.3,
                8: 0.3,
                10: 0.3,
                11: 0.3,
                12: 0.3,
                13: 0.3,
                14: 0.7,
                15: None,
                16: None,
                18: 0.8,
                20: None,
                22: 1.2,
            }
        },
    ),
    Case(
        "51",
        "death on day 18 with ANC below 0.5",
        "DM DTHDTC day 18; LB NEUT below 0.5",
        "LBLOC SURV",
        {"death": 18, "cause": 2, "cons": None},
        {"NEUT": {8: 0.2, 10: 0.1, 11: 0.1, 12: 0.08, 14: 0.1, 15: 0.1, 16: 0.15, 18: 0.2}},
        (
            ae(
                "HEADACHE",
                17,
                18,
                5,
                serious=True,
                AETERM="Intracranial haemorrhage",
                AEPT="Haemorrhage intracranial",
                SDTH="Y",
                OUT="Fatal",
                REL_BLIN="Not related",
                REL_CHEMO="Possibly related",
            ),
        ),
    ),
    Case(
        "52",
        "consolidation on day 30, last counts day 28",
        "EX consolidation from day 30; LB NEUT 0.4 day 28",
        "EXCH LBLOC",
        {"cons": 30},
        join(
            {"BLAST": {22: 1.0}, "NEUT": {22: 0.2, 25: 0.3}, "PLAT": {22: 12, 25: 14}, "NEUTLE": {29: None}},
            cbc(28, 0.4, 15.0),
            cbc(29, None, None),
            cbc("CONS", None, None),
        ),
    ),
)
