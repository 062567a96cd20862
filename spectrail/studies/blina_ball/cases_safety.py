"""Deliberate cases of adverse events, identity and dates (rows 62-69, 72-74 of the edge-case table)."""

from __future__ import annotations

from spectrail.studies.blina_ball.case import QUERY, RESOLVE, Case, ae, raw

SAFETY_CASES = (
    Case(
        "62",
        "events on day 1, before the first dose and at unknown time",
        "AE two records on RFXSTDTC date, one with time",
        "AE",
        {"dose_minute": 600},
        ops=(ae("NAUSEA", 1, 3, 1, STTIM="07:15"), ae("HEADACHE", 1, 2, 1)),
    ),
    Case(
        "63",
        "start UN MAR 2023, first dose 2023-03-10, ongoing",
        "AE AESTDTC 2023-03",
        "AE",
        {"trt0": "2023-03-10"},
        ops=(
            ae("CONSTIP", 12, None, 1, REPORTDT=22),
            raw("AE", {"AEPT": "Constipation"}, "STDAT", "03/UN/2023", "date:unknown_day", "2023-03", RESOLVE),
        ),
    ),
    Case(
        "64",
        "start missing",
        "AE AESTDTC null, one with AEENDTC before the first dose",
        "AE",
        {},
        ops=(
            ae(
                "RASH",
                None,
                -1,
                1,
                REL_BLIN=None,
                REL_CHEMO="Not related",
                ACN_BLIN="Not applicable",
                ACN_CHEMO="Not applicable",
            ),
            ae("HEADACHE", None, None, 1, REPORTDT=12, OUT="Unknown"),
        ),
    ),
    Case(
        "65",
        "grade 2 before the first dose, grade 3 on day 5",
        "AE two records with one AEGRPID",
        "AE",
        {},
        ops=(
            ae("ALTUP", -3, 4, 2, AEGRP="1", REL_CHEMO="Not related", ACN_CHEMO="Not applicable"),
            ae("ALTUP", 5, 14, 3, AEGRP="1"),
        ),
    ),
    Case(
        "66",
        "serious event on the first day of consolidation",
        "AE AESTDTC = first consolidation dose, AESER Y",
        "AE EXCH",
        {"cons": 47},
        ops=(ae("FNCONS", 47, 52, 3, serious=True),),
    ),
    Case(
        "66",
        "serious event 31 days after the last dose, no consolidation",
        "AE AESTDTC = RFXENDTC + 31 days, AESER Y",
        "AE EXBL",
        {"cons": None},
        ops=(ae("PNEU", 53, 60, 3, serious=True, REL_BLIN="Unlikely related", ACN_BLIN="Not applicable"),),
    ),
    Case(
        "67",
        "not related to blinatumomab, related to chemotherapy",
        "AE AEREL MULTIPLE; SUPPAE AERELBLN, AERELCHM",
        "AE",
        {},
        ops=(ae("MUCOS", 9, 15, 2, REL_BLIN="Not related", REL_CHEMO="Related"),),
    ),
    Case(
        "68", "CRS: CTCAE 2, ASTCT 1", "AE AETOXGR 2; FA TOXGR 1", "AE", {}, ops=(ae("CRS", 8, 10, 2, ASTCTGR=1.0),)
    ),
    Case(
        "69",
        "one term twice, grades 2 and 4",
        "AE two records of one AEDECOD",
        "AE",
        {},
        ops=(ae("HYPOK", 5, 8, 2), ae("HYPOK", 14, 17, 4)),
    ),
    Case(
        "72",
        "screened twice",
        "DM one record; the other number in SUPPDM",
        "DM ELIG",
        {"rescreened": True},
        ops=(
            raw(
                "DM",
                {"_alt": 1},
                "PREVSUBJ",
                "=",
                "identity:rescreened",
                "one person, two screening numbers",
                RESOLVE,
            ),
        ),
    ),
    Case(
        "73",
        "15/03/23 and 03/04/2023 in one form",
        "AE AESTDTC 2023-03-04 by the rule of the form; the other start null, query",
        "AE",
        {"trt0": "2023-02-20"},
        ops=(
            ae("NAUSEA", 13, 15, 1),
            ae("HEADACHE", 24, 26, 1),
            raw("AE", {"AEPT": "Headache"}, "STDAT", "15/03/23", "date:day_first", "2023-03-15", QUERY),
            raw("AE", {"AEPT": "Nausea"}, "STDAT", "=", "date:form_rule", "2023-03-04", RESOLVE),
        ),
    ),
    Case(
        "74",
        "event deleted in the second extract",
        "AE record in the first extract only",
        "AE",
        {},
        ops=(ae("RASH", 12, 15, 1), ae("VOMIT", 3, 4, 1)),
    ),
)

# Rows of the edge-case table that no single subject can carry, and where they are shown.
ELSEWHERE = {"20": ("unit test", "cohort proportion with exact confidence limits", "computed from counts, no record")}
# Rows that a setting decides: the records are collected as they are, the setting is tested on them.
SETTINGS = frozenset({"11", "65"})
