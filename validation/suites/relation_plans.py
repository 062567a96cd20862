"""Which relations a dataset has, by its variables: SDTM (SDTMIG 3.4), ADaM (ADaMIG 1.3, BDS-TTE, OCCDS)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from spectrail.findings import Severity
from validation.core.packaged_standards import packaged_standards
from validation.suites.relations import (
    Frames,
    Relation,
    Truth,
    computes,
    equal_to_source,
    member,
    member_pairs,
    not_later,
    numbers,
    numbers_not_later,
    points_to_parent,
    populated,
    relative_day,
    traced,
    where,
)

Found = Iterator[Relation]
DM_COPIED = ("SUBJID", "SITEID", "AGE", "AGEU", "SEX", "RACE", "ETHNIC", "COUNTRY", "ARM", "ARMCD", "ACTARM")
AE_COPIED = ("AETERM", "AEDECOD", "AEBODSYS", "AESER", "AESTDTC", "AEENDTC", "AEOUT", "AETOXGR", "AEREL", "AEACN")
ADSL_COPIED = ("TRT01P", "TRT01A", "SEX", "AGE", "SAFFL", "FASFL", "TRTSDT", "TRTEDT", "DTHDT", "DCUTDT", "LSTALVDT")


_ORDER_RULES = {"ASTDT": "SPT-OC-011", "STARTDT": "SPT-TT-007", "TRTSDT": "SPT-SL-026"}


def relations_of(name: str, frame: pd.DataFrame, frames: Frames) -> list[Relation]:
    """Return every relation that the variables of a dataset and the other datasets at hand allow."""
    analysis = not ({"DOMAIN", "RDOMAIN"} & set(frame) or name in packaged_standards().ig)
    plans: tuple[Callable[[str, pd.DataFrame, Frames], Found], ...] = (
        (_subjects, _adam_values, _copies) if analysis else (_subjects, _dates, _results, _visits, _links)
    )
    return [relation for plan in plans for relation in plan(name, frame, frames)]


def _relation(name: str, truth: Truth, rule: str, severity: Severity, message: str, *variables: str) -> Relation:
    return Relation(f"REL_{name}", truth, (rule,), severity, message, variables)


def _subjects(name: str, frame: pd.DataFrame, frames: Frames) -> Found:
    if "USUBJID" not in frame:
        return
    if name != "DM" and "DM" in frames:
        yield _relation(
            "USUBJID_IN_DM",
            member(frame["USUBJID"], frames["DM"]["USUBJID"]),
            "SPT-SD-027",
            "error",
            "the subject has no record in DM",
            "USUBJID",
        )
    if name.startswith("AD") and name != "ADSL" and "ADSL" in frames:
        yield _relation(
            "USUBJID_IN_ADSL",
            member(frame["USUBJID"], frames["ADSL"]["USUBJID"]),
            "SPT-AD-035",
            "error",
            "the subject has no record in ADSL",
            "USUBJID",
        )


def _dates(name: str, frame: pd.DataFrame, frames: Frames) -> Found:
    pairs = [("STDTC", "ENDTC")] + ([("DTC", "ENDTC")] if f"{name[:2]}TESTCD" in frame else [])
    for first, last in pairs:
        start, end = name[:2] + first, name[:2] + last
        if start in frame and end in frame:
            yield _relation(
                f"{first}_{last}",
                not_later(frame, start, end),
                "SPT-GO-045",
                "error",
                f"{start} is later than {end}",
                start,
                end,
            )
    for start, end in (("RFSTDTC", "RFENDTC"), ("RFXSTDTC", "RFXENDTC"), ("RFICDTC", "RFPENDTC")):
        if start in frame and end in frame:
            yield _relation(
                f"{start}_{end}",
                not_later(frame, start, end),
                "SPT-GO-047",
                "error",
                f"{start} is later than {end}",
                start,
                end,
            )


def _results(name: str, frame: pd.DataFrame, frames: Frames) -> Found:
    code = name[:2]
    result, number, unit = f"{code}STRESC", f"{code}STRESN", f"{code}STRESU"
    original = f"{code}ORRES"
    if original in frame and result in frame:
        yield _relation(
            "STRESC",
            where(populated(frame[original]), populated(frame[result])),
            "SPT-FI-004",
            "error",
            f"{original} is populated but {result} is not",
            original,
            result,
        )
    if number in frame and unit in frame and f"{code}ORRESU" in frame:
        applies = populated(frame[number]) & populated(frame[f"{code}ORRESU"])
        yield _relation(
            "STRESU",
            where(applies, populated(frame[unit])),
            "SPT-FI-007",
            "error",
            f"a numeric result has a unit but no {unit}",
            number,
            unit,
        )
    if result in frame and number in frame:
        shown = numbers(frame[result])
        yield _relation(
            "STRESN",
            where(~np.isnan(shown), computes(frame[number], shown) == 1),
            "SPT-FI-005",
            "error",
            f"{result} is a number but {number} is null or differs",
            result,
            number,
        )
    low, high = f"{code}STNRLO", f"{code}STNRHI"
    if low in frame and high in frame:
        yield _relation(
            "NORMAL_RANGE",
            numbers_not_later(frame, low, high),
            "SPT-FI-011",
            "error",
            "the lower limit of normal is above the upper",
            low,
            high,
        )


def _visits(name: str, frame: pd.DataFrame, frames: Frames) -> Found:
    if name != "SV" and {"VISITNUM", "USUBJID"} <= set(frame) and "SV" in frames and "VISITNUM" in frames["SV"]:
        keys = ["USUBJID", "VISITNUM"]
        yield _relation(
            "VISIT_IN_SV",
            member_pairs(frame, keys, frames["SV"], keys),
            "SPT-GO-087",
            "warning",
            "the visit is not one of the subject's visits in SV",
            "USUBJID",
            "VISITNUM",
        )
    if "EPOCH" in frame and name != "TA" and "TA" in frames:
        yield _relation(
            "EPOCH_IN_TA",
            member(frame["EPOCH"], frames["TA"]["EPOCH"]),
            "SPT-GO-086",
            "error",
            "EPOCH is not an epoch of TA",
            "EPOCH",
        )
    if "ARMCD" in frame and name == "DM" and "TA" in frames:
        yield _relation(
            "ARMCD_IN_TA",
            member(frame["ARMCD"], frames["TA"]["ARMCD"]),
            "SPT-DM-017",
            "error",
            "ARMCD is not an arm of TA",
            "ARMCD",
        )


def _links(name: str, frame: pd.DataFrame, frames: Frames) -> Found:
    if {"RDOMAIN", "IDVAR", "IDVARVAL", "USUBJID"} <= set(frame):
        yield _relation(
            "PARENT",
            points_to_parent(frame, frames),
            "SPT-RL-003",
            "error",
            "RDOMAIN, USUBJID, IDVAR and IDVARVAL point to no record",
            "USUBJID",
            "IDVAR",
            "IDVARVAL",
        )


def _adam_values(name: str, frame: pd.DataFrame, frames: Frames) -> Found:
    has = set(frame)
    if {"CHG", "AVAL", "BASE"} <= has:
        change = numbers(frame["AVAL"]) - numbers(frame["BASE"])
        yield _relation(
            "CHG",
            computes(frame["CHG"], change),
            "SPT-EX-101",
            "error",
            "CHG is not AVAL - BASE",
            "CHG",
            "AVAL",
            "BASE",
        )
        if "PCHG" in has:
            with np.errstate(divide="ignore", invalid="ignore"):
                percent = np.where(numbers(frame["BASE"]) != 0, 100 * change / numbers(frame["BASE"]), np.nan)
            yield _relation(
                "PCHG",
                computes(frame["PCHG"], percent, tolerance=1e-4),
                "SPT-EX-102",
                "error",
                "PCHG is not 100 x (AVAL - BASE) / BASE",
                "PCHG",
                "AVAL",
                "BASE",
            )
    for day, date in (("ADY", "ADT"), ("ASTDY", "ASTDT"), ("AENDY", "AENDT")):
        if {day, date, "TRTSDT"} <= has:
            yield _relation(
                day,
                computes(frame[day], relative_day(frame, date, "TRTSDT")),
                "SPT-EX-103",
                "warning",
                f"{day} is not the day of {date} from TRTSDT",
                day,
                date,
                "TRTSDT",
            )
    for start, end in (("ASTDT", "AENDT"), ("STARTDT", "ADT"), ("TRTSDT", "TRTEDT")):
        if {start, end} <= has and not (start == "TRTSDT" and name != "ADSL"):
            yield _relation(
                f"{start}_{end}",
                numbers_not_later(frame, start, end),
                _ORDER_RULES[start],
                "error",
                f"{start} is later than {end}",
                start,
                end,
            )
    if {"CNSR", "AVAL", "ADT", "STARTDT"} <= has:
        days = numbers(frame["ADT"]) - numbers(frame["STARTDT"]) + 1
        truth = np.fmax(
            np.fmax(computes(frame["AVAL"], days), computes(frame["AVAL"], days / 30.4375, tolerance=1e-3)),
            np.fmax(computes(frame["AVAL"], days - 1), computes(frame["AVAL"], days / 365.25, tolerance=1e-3)),
        )
        yield _relation(
            "AVAL_DAYS",
            truth,
            "SPT-EX-104",
            "error",
            "AVAL is not the time from STARTDT to ADT in days, months or years",
            "AVAL",
            "ADT",
            "STARTDT",
        )


def _copies(name: str, frame: pd.DataFrame, frames: Frames) -> Found:
    if {"USUBJID", "SRCDOM", "SRCSEQ"} <= set(frame):
        message = "SRCDOM and SRCSEQ name no record of the subject"
        yield _relation("SOURCE", traced(frame, frames), "SPT-EX-108", "error", message, "SRCDOM", "SRCSEQ")
    sources: list[tuple[str, tuple[str, ...], tuple[str, ...], str]] = []
    if name == "ADSL":
        sources.append(("DM", ("USUBJID",), DM_COPIED, "SPT-EX-105"))
    else:
        sources.append(("ADSL", ("USUBJID",), ADSL_COPIED, "SPT-EX-106"))
    if "AESEQ" in frame:
        sources.append(("AE", ("USUBJID", "AESEQ"), AE_COPIED, "SPT-EX-107"))
    for source, keys, variables, rule in sources:
        other = frames.get(source)
        if other is None or not set(keys) <= set(frame) & set(other):
            continue
        for variable in variables:
            if variable in frame and variable in other:
                yield _relation(
                    f"{variable}_OF_{source}",
                    equal_to_source(frame, keys, variable, other),
                    rule,
                    "error",
                    f"{variable} differs from {variable} of {source}",
                    variable,
                )
