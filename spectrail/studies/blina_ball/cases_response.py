"""Deliberate cases of response and events (rows 1-19, 30 and 33-45 of the edge-case table)."""

from __future__ import annotations

from spectrail.studies.blina_ball.case import QUERY, Case, Op, add, ae, cbc, change, counts, join, lab, marrow_on, raw

D22 = {"_tp": 22}


# Study treatment had ended before the death that nobody can date.
_STOPPED = tuple(change("DISP", {"PHASE_STD": phase}, REASON="Physician decision") for phase in ("CONS", "TRT"))


def _at_cut(rows: str, blast: float, anc: float, plt: float, title: str) -> Case:
    facts = f"LB BLASTCE {blast} %, NEUT {anc}, PLAT {plt} on day 22; RS as the investigator gave it"
    spelled = (raw("RESP", D22, "RESP", "CRi ", "text:response_spelling", "CRi", "resolve"),) if rows == "5" else ()
    return Case(rows, title, facts, "BM LBLOC RESP", grid=join({"BLAST": {22: blast}}, counts(anc, plt)), ops=spelled)


_EXTENDED = {"nr22": True, "ext": True, "blast22": 12.0, "mrdclass": 2}

RESPONSE_CASES = (
    _at_cut("1", 4.9, 1.0, 100, "blasts 4.9, ANC 1.0, PLT 100"),
    Case(
        "2",
        "blasts 5.0 of 80 before",
        "LB BLASTCE 5 %, screening 80 %",
        "BM LBLOC RESP",
        {"blast0": 80.0, "mrdclass": 2, "ext": True},
        join({"BLAST": {22: 5.0}, "FLOW": {22: 0.04}}, counts(2.0, 200)),
    ),
    _at_cut("3", 1.5, 0.99, 100, "ANC 0.99, PLT 100"),
    _at_cut("4", 1.5, 1.0, 99, "ANC 1.0, PLT 99"),
    _at_cut("4", 1.5, 0.5, 50, "ANC 0.5, PLT 50"),
    _at_cut("5", 1.5, 0.49, 120, "ANC 0.49, PLT 120"),
    _at_cut("6", 1.5, 0.4, 60, "one-lineage MLFS: ANC 0.4, PLT 60"),
    _at_cut("6", 2.0, 0.2, 15, "one-lineage MLFS: ANC 0.2, PLT 15"),
    Case(
        "7",
        "no blasts in 80 cells",
        "LB BLASTCE 0 % with 80 cells; RS NE",
        "BM RESP",
        {},
        join({"BLAST": {22: 0.0}, "CELLS": {22: 80.0}, "CELLUL": {22: 5.0}, "ADEQ": {22: 0.0}}, counts(1.8, 140)),
    ),
    Case(
        "8",
        "1 % blasts in blood",
        "LB BLASTLE 1 % on day 22; RS NR",
        "LBLOC BM RESP",
        {"mrdclass": 2},
        join({"BLAST": {22: 2.0}, "BLASTLE": {22: 1.0}}, counts(2.0, 160)),
    ),
    Case(
        "8",
        "extramedullary disease persists",
        "RS EMDRESP/OVRLRESP with EMD present on day 22",
        "RESP DX",
        {"emd0": True},
        join({"BLAST": {22: 2.0}, "EMD": {22: 1.0}}, counts(2.1, 170)),
    ),
    Case(
        "9",
        "platelets 150 within 7 days of a transfusion",
        "LB PLAT 150 on day 22; PR transfusion on day 18",
        "TRANSF LBLOC",
        {},
        join({"BLAST": {22: 2.0}, "TXPLT": {18: 1.0}, "PLAT": {20: None, 25: 155.0}}, counts(1.6, 150)),
        (raw("LBLOC", {"_tp": 22, "TESTCD": "PLAT"}, "RESULT", "150", "logic:platelet_masking", "150", "resolve"),),
    ),
    Case(
        "10",
        "no counts on the day of the marrow",
        "LB counts on days 21 and 23, none on 22",
        "BM LBLOC",
        {},
        join(
            {"BLAST": {22: 1.5}, "NEUTLE": {22: None}},
            cbc(22, None, None),
            cbc(21, 0.9, 95.0),
            cbc(23, 1.1, 105.0),
        ),
    ),
    Case(
        "11",
        "late recovery on day 27",
        "LB NEUT 0.6/PLAT 40 on day 22, 1.2/130 on day 27",
        "LBLOC BM RESP",
        {},
        join({"BLAST": {22: 2.0}}, counts(0.6, 40), cbc(25, 0.8, 80.0), cbc(27, 1.2, 130.0)),
    ),
    Case(
        "12",
        "not in remission, extension, CRh on day 37",
        "RS NR day 22, CRh day 37; EX extension",
        "RESP BM EXBL",
        _EXTENDED,
        join({"BLAST": {37: 1.0}}, counts(0.7, 70, 37)),
    ),
    Case(
        "13",
        "extension marrow on day 41",
        "LB BLASTCE on day 41; no day 37 marrow",
        "BM RESP LBLOC",
        _EXTENDED,
        join(
            marrow_on(
                None, 37, MARROW=None, CELLS=None, ADEQ=None, EMD=None, CNS=None, CELLUL=None, FLOW=None, NGS=None
            ),
            marrow_on(1.2, 41, FLOW=0.0),
            cbc(41, 1.5, 150.0),
        ),
    ),
    Case(
        "14",
        "dry tap, repeated on day 25",
        "LB BLASTCE NOT DONE day 22, result day 25",
        "BM RESP",
        {},
        join(
            marrow_on(None, CELLS=None, ADEQ=0.0, CELLUL=None, FLOW=None, NGS=None),
            marrow_on(1.0, 25, FLOW=0.0),
            counts(1.6, 140, 25),
        ),
    ),
    Case(
        "",
        "dry tap, not repeated",
        "LB BLASTCE NOT DONE day 22; RS NE",
        "BM RESP",
        {},
        marrow_on(None, CELLS=None, ADEQ=0.0, CELLUL=None, FLOW=None, NGS=None),
    ),
    Case(
        "15",
        "response corrected later: two rows of one visit",
        "RS CR (later correction); the earlier CRi kept apart",
        "RESP",
        {},
        join({"BLAST": {22: 1.0}}, counts(1.4, 130)),
        (
            add(
                "RESP",
                _tp=22,
                ASMTDAT=22,
                BMDAT=22,
                RESP="CRi",
                MRDCON="Negative",
                EMD="No",
                CNSSTAT="CNS1",
                _first=True,
            ),
            raw("RESP", {"_tp": 22, "_first": True}, "RESP", "=", "correction:response", "CR", "resolve"),
        ),
    ),
    Case(
        "16",
        "investigator CR with platelets 60",
        "RS CR; LB PLAT 60",
        "RESP LBLOC",
        {},
        join({"BLAST": {22: 1.0}}, counts(1.5, 60)),
        (change("RESP", D22, RESP="CR"),),
    ),
    Case(
        "",
        "investigator CRi with full recovery",
        "RS CRi; LB NEUT 1.9, PLAT 180",
        "RESP LBLOC",
        {},
        join({"BLAST": {22: 1.0}}, counts(1.9, 180)),
        (change("RESP", D22, RESP="CRi"),),
    ),
    Case(
        "17",
        "marrow after other therapy",
        "CM from day 24; LB BLASTCE on day 29 after it",
        "SUBS BM RESP",
        {"nr22": True, "blast22": 30.0, "mrdclass": 2, "nact": 24, "nact_kind": 0, "cons": None},
        join(marrow_on(1.0, 29, FLOW=0.0), counts(1.5, 130, 29)),
    ),
    Case(
        "18",
        "blasts 7 % on day 200 after remission",
        "LB BLASTCE 7 % on day 200; RS relapse",
        "BM RESP",
        {"relapse": 200, "relapse_blast": 7.0, "nact": 215},
        {"BLASTLE": {"UNS2": 0.0}},
    ),
    Case(
        "",
        "CNS relapse with a clean marrow",
        "RS CNSSTAT CNS3, relapse; LB BLASTCE 1 %",
        "BM RESP",
        {"relapse": 170, "cns_relapse": True, "nact": 180},
    ),
    Case("", "early withdrawal", "DS WITHDRAWAL BY SUBJECT on day 12", "DISP", {"withdraw": 12}),
    Case(
        "19",
        "death on day 15 without marrow",
        "DM DTHDTC, DS DEATH on day 15",
        "SURV DISP AE",
        {"death": 15, "cause": 1, "cons": None},
        ops=(
            ae("SEPSIS", 13, 15, 5, serious=True, AETERM="Septic shock", AEPT="Septic shock", SDTH="Y", OUT="Fatal"),
        ),
    ),
    Case(
        "30",
        "MRD negative, response NR",
        "LB LEUKCE below the limit; RS NR",
        "MRD RESP BM",
        {"nr22": True, "ext": True, "mrdclass": 0},
        join({"BLAST": {22: 8.0}, "FLOW": {22: 0.0}}, counts(0.6, 40)),
    ),
    Case(
        "33",
        "death on the day of enrolment",
        "DM DTHDTC = DS ENTERED INTO TRIAL date",
        "SURV ELIG DISP",
        {"status": 1, "death": "enrl", "cause": 2},
    ),
    Case(
        "34",
        "death dated before enrolment",
        "DM DTHDTC before DS ENTERED INTO TRIAL, as collected",
        "SURV ELIG",
        {"status": 1, "death": "before enrl", "cause": 2},
        ops=(Op("raw", "SURV", {"STATUS": "Dead"}, {"DTHDAT": "="}, "logic:death_before_enrolment", "", QUERY),),
    ),
    Case(
        "35",
        "relapse and death on one day",
        "RS relapse and DM DTHDTC on day 150",
        "RESP BM SURV",
        {"relapse": 150, "death": 150, "nact": None},
    ),
    Case(
        "36",
        "death two days after the cut-off",
        "DM DTHDTC 2024-07-02",
        "SURV DISP",
        {"death": "cutoff+2", "cause": 1},
    ),
    Case(
        "37",
        "death known to the month",
        "DM DTHDTC 2023-08; last known alive 2023-08-12",
        "SURV",
        {"trt0": "2023-03-01", "death": 173, "known_alive": 165, "death_known": 189, "cons": 46, "cause": 4},
        ops=(
            *_STOPPED,
            raw("SURV", {"STATUS": "Dead"}, "DTHDAT", "UN-Aug-2023", "date:unknown_day", "2023-08", "resolve"),
            raw("DISP", {"PHASE_STD": "STUDY"}, "DAT", "08-UN-2023", "date:unknown_day", "2023-08", "resolve"),
        ),
    ),
    Case(
        "38",
        "death known to the year",
        "DM DTHDTC 2023; last known alive 2023-05-20",
        "SURV",
        {"trt0": "2023-02-01", "death": 130, "known_alive": 109, "death_known": 200, "cons": 46, "cause": 4},
        ops=(
            *_STOPPED,
            raw("SURV", {"STATUS": "Dead"}, "DTHDAT", "UN-UNK-2023", "date:unknown_month", "2023", "resolve"),
            raw("DISP", {"PHASE_STD": "STUDY"}, "DAT", "UN-UN-2023", "date:unknown_month", "2023", "resolve"),
        ),
    ),
    Case(
        "39",
        "laboratory sample dated after death",
        "LB record after DTHDTC, kept",
        "LBLOC SURV",
        {"death": 120, "cause": 1},
        ops=(
            lab("WBC", 122, "UNS1", "2.10", "10^9/L", "3.5", "9.5"),
            Op("raw", "LBLOC", {"_order": 99}, {"SAMPDAT": "="}, "logic:lab_after_death", "", QUERY),
        ),
    ),
    Case(
        "40",
        "lost on day 90, last visit day 88",
        "DS LOST TO FOLLOW-UP day 90; last LB marrow day 60, visit day 88",
        "DISP BM VISIT",
        {"lost": 90, "known_alive": 88, "uns1": 60, "cons": None, "follow_up1": 88},
        join(
            {
                name: {"UNS1": value}
                for name, value in {
                    "MARROW": 1.0,
                    "BLAST": 1.0,
                    "CELLS": 250.0,
                    "ADEQ": 1.0,
                    "EMD": 0.0,
                    "CNS": 1.0,
                    "FLOW": 0.0,
                    "NEUT": 2.1,
                    "PLAT": 160.0,
                    "HGB": 110.0,
                    "WBC": 3.4,
                    "VISITED": 1.0,
                }.items()
            },
            {name: {"FU1": None} for name in ("MARROW", "BLAST", "CELLS", "ADEQ", "EMD", "CNS", "FLOW", "NGS")},
        ),
    ),
    Case(
        "41",
        "transplant on day 110, relapse on day 300",
        "PR transplant day 110; RS relapse day 300",
        "HSCT RESP",
        {"hsct": 110, "relapse": 300},
    ),
    Case(
        "42",
        "study therapy stopped for ICANS on day 20",
        "DS treatment discontinuation day 20; AE ICANS; RS CR day 22",
        "DISP AE EXBL RESP",
        {"stop": 20, "stop_kind": 0, "cons": None},
        join({"BLAST": {22: 1.0}}, counts(1.6, 140)),
        (ae("ICANS", 19, 26, 4, serious=True, ACN_BLIN="Drug withdrawn", SLIFE="Y"),),
    ),
    Case(
        "43",
        "regimen changed on day 38, relapse later",
        "CM from day 38; RS NR day 37, relapse day 200",
        "SUBS RESP BM",
        _EXTENDED | {"nact": 38, "nact_kind": 0, "cons": None, "relapse": 200, "uns1": 80},
        join(
            {"BLAST": {37: 30.0}, "FLOW": {37: 0.2}},
            {
                name: {"UNS1": value}
                for name, value in {
                    "MARROW": 1.0,
                    "BLAST": 1.0,
                    "CELLS": 250.0,
                    "ADEQ": 1.0,
                    "EMD": 0.0,
                    "CNS": 1.0,
                    "FLOW": 0.0,
                    "NEUT": 2.2,
                    "PLAT": 170.0,
                    "HGB": 105.0,
                    "WBC": 3.5,
                    "VISITED": 1.0,
                }.items()
            },
        ),
    ),
    Case(
        "44",
        "never assessed after baseline, alive",
        "no post-baseline LB marrow or RS; SS ALIVE",
        "BM SURV DISP",
        {"withdraw": 20, "cons": None},
        ops=(add("SURV", SURVDAT=120, STATUS="Alive", STATUS_STD="ALIVE", SOURCE="Hospital record"),),
    ),
    Case("45", "enrolled, never dosed", "DM ACTARMCD null with ACTARMUD/ARMNRS; no EX", "ELIG DISP", {"status": 1}),
)
