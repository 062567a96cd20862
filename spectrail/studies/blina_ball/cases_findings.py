"""Deliberate cases of MRD results and laboratory grading (rows 21-32 and 53-61, 75-78 of the edge-case table)."""

from __future__ import annotations

from typing import Any

from spectrail.studies.blina_ball.case import QUERY, RESOLVE, Case, add, ae, change, lab, raw

FLOW22 = {"_tp": 22, "ASSAY_STD": "FLOW"}


def _mrd(
    rows: str,
    title: str,
    sdtm: str,
    text: str,
    unit: str | None,
    mess: str = "",
    true: str = "",
    expected: str = RESOLVE,
    **more: Any,
) -> Case:
    """Make a case whose day 22 flow result is the given text."""
    ops = [change("MRD", FLOW22, UNIT=unit, **({"RESULT_TXT": text} | more))]
    if mess:
        column = "UNIT" if mess == "mrd:unit_blank" else "RESULT_TXT"
        shown = "" if mess == "mrd:unit_blank" else text
        ops.append(raw("MRD", FLOW22, column, shown, mess, true, expected))
    return Case(rows, title, sdtm, "MRD", {"mrdclass": 0}, ops=tuple(ops))


def _both(result: float, day: int = 22) -> dict[str, dict[int | str, float | None]]:
    return {"NGS": {day: result}}


MRD_CASES = (
    _mrd("21", "MRD 0.01%", "LB LEUKCE LBORRES 0.01 %, LBSTRESN 0.01", "0.01%", None, "mrd:unit_in_text", "0.01 %"),
    _mrd("22", "MRD <0.01 with unit %", "LB LBSTRESC <0.01, LBSTRESN null", "<0.01", "%"),
    _mrd("22", "MRD <1E-4", "LB LBSTRESC <0.01 %, LBSTRESN null", "<1E-4", "proportion", "mrd:power", "<0.01 %"),
    _mrd(
        "23",
        "MRD <0.1%",
        "LB LBSTRESC <0.1, LBSTRESN null",
        "<0.1%",
        None,
        "mrd:unit_in_text",
        "<0.1 %",
        LOD=1e-3,
        LOQ=2e-3,
    ),
    _mrd(
        "23",
        "MRD ≤0.01%",
        "LB LBORRES as collected, LBSTRESN null; query",
        "≤0.01%",
        None,
        "mrd:at_most",
        "<=0.01 %",
        QUERY,
    ),
    _mrd(
        "24",
        "negative with a limit of 1E-3",
        "LB NOT DETECTED with LBLLOD 0.1 %",
        "Not detected",
        None,
        LOD=1e-3,
        LOQ=2e-3,
    ),
    _mrd("24", "negative without a limit", "LB NOT DETECTED, LBLLOD null", "Not detected", None, LOD=None, LOQ=None),
    _mrd("25", "未检出 with a limit of 1E-4", "LB NOT DETECTED", "未检出", None, "mrd:chinese", "NOT DETECTED"),
    _mrd("26", "POS without a number", "LB POSITIVE, LBSTRESN null", "POS", None, "mrd:positive_text", "POSITIVE"),
    _mrd("", "阳性 without a number", "LB POSITIVE, LBSTRESN null", "阳性", None, "mrd:chinese", "POSITIVE"),
    _mrd(
        "27",
        "0.01 without unit",
        "LB LBORRES 0.01, LBORRESU and LBSTRESN null; query",
        "0.01",
        None,
        "mrd:unit_blank",
        "",
        QUERY,
    ),
    _mrd("28", "full-width digits", "LB LBSTRESC <0.01 %", "＜０．０１％", None, "mrd:full_width", "<0.01 %"),
    _mrd("28", "power of ten in superscript", "LB LBSTRESN 0.01 %", "1×10⁻⁴", "proportion", "mrd:power", "0.01 %"),
    _mrd("28", "decimal comma", "LB LBSTRESN 0.02 %", "0,02%", None, "mrd:decimal_comma", "0.02 %"),
    Case(
        "29",
        "flow negative, NGS 5E-4",
        "LB two LEUKCE records by LBMETHOD: <0.01 % and 0.05 %",
        "MRD",
        {"has_ngs": True, "mrdclass": 0},
        _both(5e-4),
    ),
    Case(
        "31",
        "62 % before, below 1E-4 on day 22",
        "LB LEUKCE 62 % at screening, <0.01 % on day 22",
        "MRD",
        {"blast0": 75.0, "mrdclass": 0},
        {"FLOW": {"SCR": 0.62, 22: 0.0}},
    ),
    Case(
        "32",
        "haemodilute sample",
        "LB with the specimen condition kept in SUPPLB",
        "MRD",
        {"mrdclass": 0},
        ops=(change("MRD", FLOW22, SPEC="Bone marrow aspirate, haemodilute"),),
    ),
    Case(
        "32",
        "MRD from peripheral blood",
        "LB LBSPEC BLOOD",
        "MRD",
        {"mrdclass": 0},
        ops=(change("MRD", FLOW22, SPEC="Peripheral blood"),),
    ),
    Case(
        "",
        "MRD as k of n cells",
        "LB LBSTRESN 0.01 %",
        "MRD",
        {"mrdclass": 1},
        ops=(
            change("MRD", FLOW22, RESULT_TXT="100/1000000", UNIT="proportion"),
            raw("MRD", FLOW22, "RESULT_TXT", "100/1000000", "mrd:k_of_n", "0.01 %", RESOLVE),
        ),
    ),
    Case(
        "",
        "MRD pending",
        "LB NOT DONE",
        "MRD",
        {},
        ops=(
            change("MRD", FLOW22, UNIT=None),
            raw("MRD", FLOW22, "RESULT_TXT", "未做", "mrd:not_done", "NOT DONE", RESOLVE),
            change("RESP", {"_tp": 22}, MRDCON=None),
        ),
    ),
)


def _unit(
    code: str, day: int, result: str, unit: str, lln: str, uln: str, mess: str, true: str, expected: str = RESOLVE
) -> tuple[Any, ...]:
    where = {"_tp": day, "TESTCD": code}
    cells = {"RESULT": result, "LLN": lln, "ULN": uln}
    silent = tuple(raw("LBLOC", where, column, text, "", "", "") for column, text in cells.items())
    return (*silent, raw("LBLOC", where, "UNIT", unit, mess, true, expected))


LAB_CASES = (
    Case(
        "53",
        "ANC 500 /µL and 0.5 10^9/L",
        "LB NEUT LBSTRESN 0.5 twice",
        "LBLOC",
        {},
        {"NEUT": {15: 0.5, 16: 0.5}},
        _unit("NEUT", 15, "500", "/µL", "1800", "6300", "unit:/uL", "0.5 10^9/L"),
    ),
    Case(
        "54",
        "ANC missing, WBC 3.2 with 31.25 % neutrophils",
        "LB WBC 3.2, NEUTLE 31.25, no NEUT on day 22",
        "LBLOC",
        {},
        {"NEUT": {22: None}, "WBC": {22: 3.2}, "NEUTLE": {22: 31.25}, "PLAT": {22: 130}},
    ),
    Case(
        "55",
        "creatinine 1.8 mg/dL, ULN 1.2",
        "LB CREAT 1.8 mg/dL, LBORNRHI 1.2",
        "LBLOC",
        {},
        {"CREAT": {"SCR": 110, 1: 110, 15: 159.0}},
        _unit("CREAT", 15, "1.8", "mg/dL", "0.46", "1.2", "unit:mg/dL", "159.12 umol/L"),
    ),
    Case(
        "56",
        "ALT 120 and 121 with ULN 40",
        "LB ALT 120 day 8, 121 day 15",
        "LBLOC",
        {},
        {"ALT": {"SCR": 25, 1: 25, 8: 120, 15: 121}},
    ),
    Case(
        "57",
        "ALT 140 and 200 after 100",
        "LB ALT 100 day 1, 140 day 8, 200 day 15",
        "LBLOC",
        {},
        {"ALT": {"SCR": 100, 1: 100, 8: 140, 15: 200}},
    ),
    Case(
        "58",
        "ANC 0.50/0.49, platelets 25/24.9",
        "LB NEUT days 10, 12; PLAT days 10, 12",
        "LBLOC",
        {},
        {"NEUT": {10: 0.5, 12: 0.49}, "PLAT": {10: 25, 12: 24.9}},
        (change("LBLOC", {"_tp": 12, "TESTCD": "PLAT"}, RESULT="24.9"),),
    ),
    Case("59", "haemoglobin 60 g/L", "LB HGB 60 day 12", "LBLOC", {}, {"HGB": {12: 60}}),
    Case(
        "60",
        "ANC below 0.5 before and on treatment",
        "LB NEUT 0.3 before and 0.2 after the first dose",
        "LBLOC",
        {},
        {"NEUT": {"SCR": 0.35, 1: 0.3, 4: 0.25, 6: 0.2, 8: 0.2}},
    ),
    Case(
        "61",
        "limits of normal missing",
        "LB LBORNRHI/LBORNRLO null",
        "LBLOC",
        {},
        {"ALT": {15: 130}, "BILI": {15: 30.0}},
        (
            change("LBLOC", {"_tp": 15, "TESTCD": "ALT"}, ULN=None),
            change("LBLOC", {"_tp": 15, "TESTCD": "BILI"}, ULN=None),
            change("LBLOC", {"_tp": 15, "TESTCD": "NEUT"}, LLN=None),
        ),
    ),
    Case(
        "75",
        "platelets 120 in three units",
        "LB PLAT LBSTRESN 120 three times",
        "LBLOC",
        {},
        {"PLAT": {25: 120, 29: 120, 32: 120}},
        (
            *_unit("PLAT", 25, "12", "万/mm3", "12.5", "35", "unit:10^4/mm3", "120 10^9/L"),
            *_unit("PLAT", 29, "120", "K/uL", "125", "350", "unit:K/uL", "120 10^9/L"),
            *_unit("PLAT", 32, "120000", "/mm3", "125000", "350000", "unit:/mm3", "120 10^9/L"),
        ),
    ),
    Case(
        "76",
        "bilirubin 1.2 mg/dL with ULN 1.2",
        "LB BILI LBSTRESN = LBSTNRHI = 20.52",
        "LBLOC",
        {},
        {"BILI": {15: 20.5}},
        _unit("BILI", 15, "1.2", "mg/dL", "0.2", "1.2", "unit:mg/dL", "20.52 umol/L"),
    ),
    Case(
        "77",
        "haemoglobin 6.5 without unit, range 115-150",
        "LB LBORRES 6.5, LBORRESU and LBSTRESN null; query",
        "LBLOC",
        {},
        {"HGB": {11: 65}},
        _unit("HGB", 11, "6.5", "", "115", "150", "unit:blank", "", QUERY),
    ),
    Case(
        "78",
        "local ANC 0.9 and central 1.1 on one day",
        "LB NEUT two records, LBNAM apart",
        "LBLOC",
        {},
        {"NEUT": {22: 0.9}},
        (
            lab("NEUT", 22, 22, "1.10", "K/uL", "1.9", "6.5", TEST="Neutrophils", LABNAME="Central Laboratory"),
            raw("LBLOC", {"_order": 99}, "LABNAME", "=", "identity:two_labs", "both kept", RESOLVE),
        ),
    ),
    Case(
        "",
        "marrow without counts",
        "LB marrow on day 22 without counts within a day; query",
        "BM LBLOC",
        {},
        {name: {20: None, 22: None} for name in ("WBC", "NEUT", "LYM", "PLAT", "HGB", "BLASTLE")},
        (raw("BM", {"_tp": 22}, "BMDAT", "=", "logic:marrow_without_counts", "", QUERY),),
    ),
    Case(
        "",
        "comment on a sample",
        "LB comment in CO",
        "LBLOC",
        {},
        ops=(
            raw(
                "LBLOC",
                {"_tp": 8, "TESTCD": "WBC"},
                "COMMENT",
                "Sample slightly clotted;\nrepeat not possible",
                "text:line_break",
                "Sample slightly clotted; repeat not possible",
                RESOLVE,
            ),
        ),
    ),
)

DOSE_CASES = (
    Case(
        "70",
        "9 to 28 ug/day, a pause of 30 hours, back to 9",
        "EX three intervals, EXENDTC at the pause, gap of 30 h",
        "EXBL",
        {"dose_minute": 600},
        doses=(
            ("D8 10:00", "D11 16:00", 9, 1.0, "", None),
            ("D11 16:00", "D13 04:00", 28, 1.0, "Cytokine release syndrome", 9.0),
            ("D14 10:00", "D23 16:00", 9, 1.0, "", None),
        ),
        ops=(ae("CRS", 13, 14, 3, ACN_BLIN="Drug interrupted"),),
    ),
    Case(
        "71",
        "pause of 3 hours",
        "EX split at the pause",
        "EXBL",
        {"dose_minute": 600},
        doses=(
            ("D8 10:00", "D11 10:00", 9, 1.0, "", None),
            ("D11 10:00", "D15 08:00", 28, 1.0, "Infusion line problem", 28.0),
            ("D15 11:00", "D22 13:00", 28, 1.0, "", None),
        ),
    ),
    Case(
        "71",
        "pause of 5 hours",
        "EX split at the pause",
        "EXBL",
        {"dose_minute": 600},
        doses=(
            ("D8 10:00", "D11 10:00", 9, 1.0, "", None),
            ("D11 10:00", "D16 08:00", 28, 1.0, "Infusion line problem", 28.0),
            ("D16 13:00", "D22 15:00", 28, 1.0, "", None),
        ),
    ),
    Case(
        "",
        "dose after discontinuation",
        "EX record after the DS end of treatment, kept; query",
        "EXCH DISP",
        {"stop": 16, "stop_kind": 1, "cons": None},
        ops=(
            add(
                "EXCH",
                PHASE="Induction",
                PHASE_STD="IND",
                CYCLE=0,
                DRUG="Dexamethasone",
                DRUG_STD="DEX",
                DOSE=15.0,
                DOSEU="mg",
                BSAUSED=1.7,
                STDAT=20,
                STTIM="10:00",
                ROUTE="Oral",
                MODYN="No",
                _mark=1,
            ),
            raw("EXCH", {"_mark": 1}, "STDAT", "=", "logic:dose_after_discontinuation", "", QUERY),
        ),
    ),
    Case(
        "",
        "chemotherapy dose reduced",
        "EC/EX dose with adjustment reason",
        "EXCH",
        {},
        ops=(change("EXCH", {"DRUG_STD": "IDA"}, MODYN="Yes", MODREAS="Liver function"),),
    ),
    Case(
        "",
        "transplanted in remission",
        "PR transplant day 115; DS study treatment ended for it",
        "HSCT DISP",
        {"hsct": 115},
    ),
)
