"""Time to event by declared sources (rows 19, 33-36, 40-45, 51 and 52 of the edge-case table)."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from adam_helpers import evaluate, frame

from adam.parameters.time_to_event import derive_param_tte
from spectrail.errors import SpecError
from spectrail.steps import Records

DATES = ("ENRLDT", "DTHDT", "LSTALVDT", "HSCTDT", "DCUTDT", "NACTDT", "ADT", "DSDT")
EVENTS = (
    {"dataset": "ADSL", "date": "DTHDT", "EVNTDESC": "DEATH"},
    {"dataset": "ADRS", "date": "ADT", "where": "PARAMCD == 'RLPS'", "EVNTDESC": "RELAPSE"},
    {
        "dataset": "ADSL",
        "date": "NACTDT",
        "where": "NACTREAS == 'NO RESPONSE'",
        "EVNTDESC": "CHANGE IN TREATMENT REGIMEN",
    },
    {"dataset": "DS", "date": "DSDT", "where": "DSSCAT == 'STUDY TREATMENT'", "EVNTDESC": "INTOLERABLE TOXICITY"},
)
CENSORS = (
    {
        "dataset": "ADRS",
        "date": "ADT",
        "where": "PARAMCD == 'LSTA' and LOST == 'Y'",
        "CNSDTDSC": "LOST TO FOLLOW-UP",
        "CNSR": "3",
    },
    {
        "dataset": "ADRS",
        "date": "ADT",
        "where": "PARAMCD == 'LSTA'",
        "CNSDTDSC": "LAST DISEASE ASSESSMENT",
        "CNSR": "1",
    },
    {"dataset": "ADSL", "date": "START", "CNSDTDSC": "NO POST-BASELINE ASSESSMENT", "CNSR": "2", "SRCVAR": "ENRLDT"},
)
HEAD = "USUBJID | ENRLDT | DTHDT | LSTALVDT | HSCTDT | NACTDT | NACTREAS | DCUTDT\n"


def efs(adsl: str, adrs: str = "", ds: str = "", **options: Any) -> Records:
    """Run EFS over literal ADSL, ADRS and DS."""
    tables = {
        "ADSL": frame(HEAD + adsl, dates=DATES),
        "ADRS": frame("USUBJID | PARAMCD | ADT | LOST\n" + adrs, dates=DATES),
        "DS": frame("USUBJID | DSDT | DSSCAT | DSSEQ\n" + ds, dates=DATES, numbers=("DSSEQ",)),
    }
    arguments = {"event_conditions": EVENTS, "censor_conditions": CENSORS, "cutoff_date": "DCUTDT"} | options
    return derive_param_tte(
        tables["ADSL"], start_date="ENRLDT", tables=tables.__getitem__, evaluate=evaluate, paramcd="EFS", **arguments
    )


def outcome(made: Records) -> list[list[Any]]:
    """Return AVAL, CNSR and the description of the event or censoring."""
    table = made.frame
    text = table["EVNTDESC"].fillna(table["CNSDTDSC"])
    return [list(row) for row in zip(table["AVAL"], table["CNSR"], text, strict=True)]


@pytest.mark.parametrize(
    ("case", "adsl", "adrs", "ds", "expected"),
    [
        (19, "1 | 2023-01-01 | 2023-01-15", "", "", [15, 0, "DEATH"]),
        (33, "1 | 2023-01-01 | 2023-01-01", "", "", [1, 0, "DEATH"]),
        (34, "1 | 2023-01-01 | 2022-12-30", "", "", [1, 0, "DEATH"]),
        (35, "1 | 2023-01-01 | 2023-05-01", "1 | RLPS | 2023-05-01", "", [121, 0, "DEATH"]),
        (40, "1 | 2023-01-01", "1 | LSTA | 2023-03-01 | Y", "", [60, 3, "LOST TO FOLLOW-UP"]),
        (41, "1 | 2023-01-01 | | | 2023-04-20", "1 | RLPS | 2023-10-27", "", [300, 0, "RELAPSE"]),
        (
            42,
            "1 | 2023-01-01",
            "1 | LSTA | 2023-01-22",
            "1 | 2023-01-20 | STUDY TREATMENT | 4",
            [20, 0, "INTOLERABLE TOXICITY"],
        ),
        (
            42,
            "1 | 2023-01-01",
            "1 | LSTA | 2023-01-22",
            "1 | 2023-01-20 | BLINATUMOMAB | 4",
            [22, 1, "LAST DISEASE ASSESSMENT"],
        ),
        (
            43,
            "1 | 2023-01-01 | | | | 2023-02-07 | NO RESPONSE",
            "1 | RLPS | 2023-06-01",
            "",
            [38, 0, "CHANGE IN TREATMENT REGIMEN"],
        ),
        (44, "1 | 2023-01-01", "", "", [1, 2, "NO POST-BASELINE ASSESSMENT"]),
        (45, "1 | 2023-01-01", "", "", [1, 2, "NO POST-BASELINE ASSESSMENT"]),
    ],
)
def test_event_free_survival(case: int, adsl: str, adrs: str, ds: str, expected: list[Any]) -> None:
    """Each situation ends in the outcome and on the day that the registry definition gives."""
    assert outcome(efs(adsl, adrs, ds)) == [expected], case


def test_event_before_the_start_is_queried() -> None:
    """A death dated before the start is set to the start and reported (case 34)."""
    made = efs("1 | 2023-01-01 | 2022-12-30")
    assert made.frame["ADT"].tolist() == [pd.Timestamp("2023-01-01")]
    assert [(one.rule, one.rows.tolist()) for one in made.problems] == [("ADAM-TTE-BEFORE-START", [0])]


def test_death_after_the_cutoff_is_no_event() -> None:
    """A death two days after the cut-off leaves the subject alive at the cut-off (case 36)."""
    made = efs(
        "1 | 2023-01-01 | 2023-07-02 | 2023-07-02 | | | | 2023-06-30",
        event_conditions=EVENTS[:1],
        censor_conditions=({"dataset": "ADSL", "date": "LSTALVDT", "CNSDTDSC": "ALIVE"},),
    )
    assert outcome(made) == [[181, 1, "ALIVE"]]
    assert made.frame["ADT"].tolist() == [pd.Timestamp("2023-06-30")]


def test_transplantation_may_end_what_counts() -> None:
    """With transplantation censored the relapse after it does not count; one before does (case 41)."""
    stop = ({"dataset": "ADSL", "date": "HSCTDT", "CNSDTDSC": "TRANSPLANTATION", "CNSR": "4"},)
    adsl = "1 | 2023-01-01 | | | 2023-04-20"
    assert outcome(efs(adsl, "1 | RLPS | 2023-10-27", stop_conditions=stop)) == [[110, 4, "TRANSPLANTATION"]]
    assert outcome(efs(adsl, "1 | RLPS | 2023-04-20", stop_conditions=stop)) == [[110, 0, "RELAPSE"]]


def test_competing_event_is_told_from_censoring() -> None:
    """A death before recovery is a competing event with a code of its own (case 51)."""
    made = efs(
        "1 | 2023-01-01 | 2023-01-18",
        event_conditions=(
            {"dataset": "ADRS", "date": "ADT", "where": "PARAMCD == 'REC'", "EVNTDESC": "RECOVERY"},
            {"dataset": "ADSL", "date": "DTHDT", "EVNTDESC": "DEATH BEFORE RECOVERY", "CNSR": "2"},
        ),
    )
    assert outcome(made) == [[18, 2, "DEATH BEFORE RECOVERY"]]
    assert made.frame["CIFEVT"].tolist() == [2.0]


def test_sources_are_named() -> None:
    """SRCDOM, SRCVAR and SRCSEQ point at the record that gave the date; so does the lineage."""
    made = efs("1 | 2023-01-01", "", "1 | 2023-01-25 | STUDY TREATMENT | 7\n1 | 2023-01-20 | STUDY TREATMENT | 4")
    assert made.frame[["SRCDOM", "SRCVAR", "SRCSEQ"]].values.tolist() == [["DS", "DSDT", 4.0]]
    assert [(one.table, one.rows.tolist()) for one in made.linked] == [("DS", [1])]


def test_candidates_say_why_each_lost() -> None:
    """Every candidate is listed with the winner and the reason the others lost."""
    made = efs(
        "1 | 2023-01-01 | 2023-07-02 | | | | | 2023-06-30",
        "1 | RLPS | 2023-05-01\n1 | RLPS | 2023-05-20\n1 | LSTA | 2023-05-20",
    )
    assert made.notes is not None
    shown = made.notes[["KIND", "DESCRIPTION", "WINNER", "REASON"]].fillna("").values.tolist()
    assert shown == [
        ["censor", "LAST DISEASE ASSESSMENT", False, "an event comes before censoring"],
        ["censor", "NO POST-BASELINE ASSESSMENT", False, "an event comes before censoring"],
        ["event", "DEATH", False, "after the cut-off"],
        ["event", "RELAPSE", True, ""],
        ["event", "RELAPSE", False, "a later event, or a later source on the same day"],
    ]


def test_failure_on_day_one() -> None:
    """A failure by landmark is an event on day 1, taken from the start date (EFS of ELN)."""
    failed = {"dataset": "ADRS", "date": "START", "where": "PARAMCD == 'RSPEOI'", "EVNTDESC": "TREATMENT FAILURE"}
    assert outcome(efs("1 | 2023-01-01", "1 | RSPEOI | 2023-01-22", event_conditions=(failed,))) == [
        [1, 0, "TREATMENT FAILURE"]
    ]


def test_wrong_source_is_refused() -> None:
    """A source with an unknown key, or a censoring without a code above 0, is an error of the specification."""
    with pytest.raises(SpecError, match="event source 1"):
        efs("1 | 2023-01-01", event_conditions=({"dataset": "ADSL", "date": "DTHDT", "WHEN": "x"},))
    with pytest.raises(SpecError, match="CNSR '0'"):
        efs("1 | 2023-01-01", censor_conditions=({"dataset": "ADSL", "date": "START", "CNSDTDSC": "X", "CNSR": "0"},))
