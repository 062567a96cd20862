"""Time to event by declared sources (rows 19, 33-36, 40-45, 51 and 52 of the edge-case table)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from adam_helpers import evaluate, frame

from adam.parameters.time_to_event import derive_param_tte
from adam.parameters.verdict import COLUMNS
from spectrail.errors import SpecError, UnknownNameError
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
        censor_conditions=({"dataset": "ADSL", "date": "LSTALVDT", "CNSDTDSC": "ALIVE", "status": "Y"},),
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
        ["event", "DEATH", False, "after the cut-off"],
        ["event", "RELAPSE", True, ""],
        ["event", "RELAPSE", False, "a later date than the event that counts"],
        ["censor", "LAST DISEASE ASSESSMENT", False, "an event comes first"],
        ["censor", "NO POST-BASELINE ASSESSMENT", False, "an event comes first"],
    ]
    assert tuple(made.notes.columns) == COLUMNS


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


ALIVE = {"dataset": "ADSL", "date": "LSTALVDT", "CNSDTDSC": "ALIVE", "status": "Y"}
DEATH_KNOWN = {"dataset": "ADSL", "date": "DTHDT", "CNSDTDSC": "ALIVE", "status": "Y"}


def survival(adsl: str, **options: Any) -> Records:
    """Run OS over a literal ADSL; a death known later says that the subject was alive before."""
    return efs(adsl, event_conditions=EVENTS[:1], censor_conditions=(ALIVE, DEATH_KNOWN), **options)


@pytest.mark.parametrize(
    ("case", "adsl", "expected"),
    [
        (19, "1 | 2023-01-01 | 2023-01-15", [15, 0, "DEATH"]),
        (33, "1 | 2023-01-01 | 2023-01-01", [1, 0, "DEATH"]),
        (36, "1 | 2023-01-01 | 2023-07-02 | 2023-06-01 | | | | 2023-06-30", [181, 1, "ALIVE"]),
        (40, "1 | 2023-01-01 | | 2023-03-29", [88, 1, "ALIVE"]),
        (44, "1 | 2023-01-01 | | 2023-01-09", [9, 1, "ALIVE"]),
    ],
)
def test_overall_survival(case: int, adsl: str, expected: list[Any]) -> None:
    """Death ends survival; else the subject was last known alive; death after the cut-off means alive at it."""
    assert outcome(survival(adsl)) == [expected], case


@pytest.mark.parametrize(
    ("adsl", "expected"),
    [
        ("1 | 2023-01-01 | 2023-01-30", [30, 0, "DEATH"]),
        ("1 | 2023-01-01 | 2023-01-31 | 2023-01-20", [30, 1, "ALIVE"]),
        ("1 | 2023-01-01 | | 2023-05-01", [30, 1, "ALIVE"]),
        ("1 | 2023-01-01 | | 2023-01-20", [20, 1, "ALIVE"]),
    ],
)
def test_early_death_counts_to_day_30(adsl: str, expected: list[Any]) -> None:
    """Death until day 30 counts; whoever was alive later is censored there, others when last known alive."""
    stop = ({"dataset": "ADSL", "date": "START+29", "censor_at": "last"},)
    assert outcome(survival(adsl, stop_conditions=stop)) == [expected]


def test_assessment_after_the_cutoff_does_not_censor() -> None:
    """What was assessed after the cut-off is unknown then: the last assessment before it censors."""
    made = efs("1 | 2023-01-01 | | | | | | 2023-06-30", "1 | LSTA | 2023-03-01\n1 | LSTA | 2023-08-01")
    assert outcome(made) == [[60, 1, "LAST DISEASE ASSESSMENT"]]
    assert made.notes is not None
    assert made.notes["REASON"].dropna().tolist() == ["after the cut-off", "an earlier date than the last one"]


def test_cutoff_as_a_date_for_all() -> None:
    """A date in place of a variable cuts every subject; what is no date is refused."""
    assert outcome(survival("1 | 2023-01-01 | | 2023-08-01", cutoff_date=None, cutoff="2023-01-31")) == [
        [31, 1, "ALIVE"]
    ]
    with pytest.raises(SpecError, match="not a date"):
        survival("1 | 2023-01-01", cutoff_date=None, cutoff="June")


def test_stop_may_censor_at_the_last_date_before_it() -> None:
    """New therapy on day 38 ends what counts; the subject is censored at the assessment on day 22, not after."""
    adrs = "1 | LSTA | 2023-01-22\n1 | LSTA | 2023-03-01\n1 | RLPS | 2023-03-01"
    stop = {"dataset": "ADSL", "date": "NACTDT", "CNSDTDSC": "NEW THERAPY"}
    adsl = "1 | 2023-01-01 | | | | 2023-02-07 | OTHER"
    at_stop = efs(adsl, adrs, stop_conditions=(stop,))
    assert outcome(at_stop) == [[38, 1, "NEW THERAPY"]]
    before = efs(adsl, adrs, stop_conditions=({**stop, "censor_at": "last"},))
    assert outcome(before) == [[22, 1, "LAST DISEASE ASSESSMENT"]]
    assert before.notes is not None
    assert before.notes[["KIND", "REASON"]].fillna("").values.tolist() == [
        ["event", "after the end of what counts"],
        ["stop", "ends what counts; censored at the last date until then"],
        ["censor", ""],
        ["censor", "after the end of what counts"],
        ["censor", "an earlier date than the last one"],
    ]


def test_setting_chooses_sources() -> None:
    """A source counts only under the options it names (`efs_hsct` ignore, censor, event; case 41)."""
    relapse = "1 | RLPS | 2023-10-27"
    adsl = "1 | 2023-01-01 | | | 2023-04-20"
    found = {}
    for option in ("ignore", "censor", "event"):
        asked = {"dataset": "ADSL", "date": "HSCTDT", "setting": option}
        events = (*EVENTS, {**asked, "options": "event", "EVNTDESC": "TRANSPLANTATION"})
        stops = ({**asked, "options": "censor", "CNSDTDSC": "TRANSPLANTATION", "CNSR": "4"},)
        found[option] = outcome(efs(adsl, relapse, event_conditions=events, stop_conditions=stops))[0]
    assert found == {
        "ignore": [300, 0, "RELAPSE"],
        "censor": [110, 4, "TRANSPLANTATION"],
        "event": [110, 0, "TRANSPLANTATION"],
    }


def test_option_chooses_the_start() -> None:
    """The start is the variable of the option; an option without variable is refused."""
    starts = {"enrolment": "ENRLDT", "first_dose": "HSCTDT"}
    adsl = "1 | 2023-01-01 | 2023-01-15 | | 2023-01-05"
    tables = {"ADSL": frame(HEAD + adsl, dates=DATES)}
    common: dict[str, Any] = {
        "event_conditions": EVENTS[:1],
        "censor_conditions": (ALIVE,),
        "start_dates": starts,
        "tables": tables.__getitem__,
        "evaluate": evaluate,
    }
    assert outcome(derive_param_tte(tables["ADSL"], origin="first_dose", **common)) == [[11, 0, "DEATH"]]
    with pytest.raises(UnknownNameError, match="consent"):
        derive_param_tte(tables["ADSL"], origin="consent", **common)


def test_condition_on_the_subject() -> None:
    """`when` is a condition on the subject: only those lost to follow-up are censored with code 3 (case 40)."""
    last = {"dataset": "ADRS", "date": "ADT", "where": "PARAMCD == 'LSTA'"}
    censors = (
        {**last, "when": "NACTREAS == 'LOST'", "CNSDTDSC": "LOST TO FOLLOW-UP", "CNSR": "3"},
        {**last, "CNSDTDSC": "LAST DISEASE ASSESSMENT"},
    )
    made = efs(
        "1 | 2023-01-01 | | | | | LOST\n2 | 2023-01-01",
        "1 | LSTA | 2023-03-01\n2 | LSTA | 2023-03-01",
        censor_conditions=censors,
    )
    assert outcome(made) == [[60, 3, "LOST TO FOLLOW-UP"], [60, 1, "LAST DISEASE ASSESSMENT"]]


def test_only_subjects_of_the_reference_get_records() -> None:
    """Records of subjects that ADSL does not have make none; subjects without start get none and are told."""
    made = efs("1 | 2023-01-01\n2 |\n3 | 2024-01-01 | | | | | | 2023-06-30", "9 | RLPS | 2023-05-01")
    assert made.frame["USUBJID"].tolist() == ["1"]
    assert [(one.reason, one.rows.tolist()) for one in made.excluded] == [
        ("no start date", [1]),
        ("starts after the cut-off", [2]),
    ]


def test_subject_without_any_date_is_reported() -> None:
    """Without event and censoring date there is no record but a warning at the subject, not at another one."""
    made = survival("1 | 2023-01-01\n2 | 2023-01-01 | 2022-12-30")
    assert made.frame["USUBJID"].tolist() == ["2"]
    assert [(one.rule, one.rows.tolist(), list(one.values)) for one in made.problems] == [
        ("ADAM-TTE-BEFORE-START", [1], ["DEATH: ADSL.DTHDT 2022-12-30"]),
        ("ADAM-TTE-NO-DATE", [0], ["1"]),
    ]


def test_imputed_dates_units_and_groups() -> None:
    """ADTF comes from the date that won, AVAL in months is days by 30.4375, EVNTGR1 is the group of the event."""
    adsl = "1 | 2023-01-01 | 2023-01-15 | | | | D\n2 | 2023-01-01 | 2022-12-30 | | | | M"
    events = ({**EVENTS[0], "ADTF": "NACTREAS", "EVNTGR1": "DEATH OR RELAPSE"},)
    made = efs(adsl, event_conditions=events, unit="MONTHS").frame
    assert made["ADTF"].fillna("").tolist() == ["D", ""]
    assert made["AVAL"].tolist() == [15 / 30.4375, 1 / 30.4375]
    assert made[["AVALU", "EVNTGR1"]].values.tolist() == [["MONTHS", "DEATH OR RELAPSE"]] * 2


def test_competing_and_other_events_on_one_day() -> None:
    """Of recovery and death on one day the one given first counts (case 51)."""
    sources = [
        {"dataset": "ADRS", "date": "ADT", "where": "PARAMCD == 'REC'", "EVNTDESC": "RECOVERY"},
        {"dataset": "ADSL", "date": "DTHDT", "EVNTDESC": "DEATH BEFORE RECOVERY", "CNSR": "2"},
    ]
    day = ("1 | 2023-01-01 | 2023-01-18", "1 | REC | 2023-01-18")
    assert efs(*day, event_conditions=tuple(sources)).frame["CIFEVT"].tolist() == [1.0]
    assert efs(*day, event_conditions=tuple(reversed(sources))).frame["CIFEVT"].tolist() == [2.0]
    alive = efs("1 | 2023-01-01", "1 | LSTA | 2023-01-22", event_conditions=tuple(sources)).frame
    assert alive[["CIFEVT", "CNSR"]].values.tolist() == [[0.0, 1.0]]


def cohort(size: int = 60) -> dict[str, pd.DataFrame]:
    """Make subjects with deaths, relapses (several a day), treatment stops and assessments at random."""
    rng = np.random.default_rng(5)
    ids = pd.Series([f"S{number:03d}" for number in range(size)], dtype="str")

    def dates(count: int, share: float) -> pd.Series:
        days = pd.Series(pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 30, count), unit="D"))
        return days.where(rng.random(count) < share).astype("datetime64[us]")

    adsl = pd.DataFrame({"USUBJID": ids, "ENRLDT": dates(size, 0.95)})
    for name, share in (("DTHDT", 0.2), ("LSTALVDT", 1.0), ("HSCTDT", 0.2), ("NACTDT", 0.2), ("DCUTDT", 0.0)):
        adsl[name] = dates(size, share)
    adsl["NACTREAS"] = pd.Series(np.where(rng.random(size) < 0.5, "NO RESPONSE", "OTHER"), dtype="str")
    owner = rng.integers(0, size + 3, size * 3)
    adrs = pd.DataFrame({"USUBJID": pd.Series([f"S{number:03d}" for number in owner], dtype="str")})
    adrs["PARAMCD"] = pd.Series(rng.choice(["RLPS", "LSTA"], len(owner), p=[0.2, 0.8]), dtype="str")
    adrs["LOST"] = pd.Series(rng.choice(["Y", "N"], len(owner)), dtype="str")
    adrs["ADT"] = dates(len(owner), 0.9)
    adrs["ASEQ"] = np.arange(1.0, len(owner) + 1)
    stops = pd.DataFrame({"USUBJID": ids.iloc[:20].reset_index(drop=True), "DSDT": dates(20, 0.8)})
    stops["DSSCAT"] = pd.Series(["STUDY TREATMENT"] * 20, dtype="str")
    return {"ADSL": adsl, "ADRS": adrs, "DS": stops}


def all_sources(tables: dict[str, pd.DataFrame]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return records and candidates of a cohort, both sorted by subject, without row numbers."""
    made = derive_param_tte(
        tables["ADSL"],
        start_date="ENRLDT",
        event_conditions=EVENTS,
        censor_conditions=CENSORS,
        stop_conditions=({"dataset": "ADSL", "date": "HSCTDT", "CNSDTDSC": "TRANSPLANTATION", "CNSR": "4"},),
        tables=tables.__getitem__,
        evaluate=evaluate,
    )
    assert made.notes is not None
    notes = made.notes.drop(columns="ROW")
    return made.frame.sort_values("USUBJID", ignore_index=True), notes


def test_order_of_records_plays_no_part() -> None:
    """Shuffled records of every source give the same records and candidates."""
    tables = cohort()
    rng = np.random.default_rng(1)
    records, notes = all_sources(tables)
    assert records["CNSR"].nunique() > 3
    for _ in range(3):
        mixed = {name: one.iloc[rng.permutation(len(one))].reset_index(drop=True) for name, one in tables.items()}
        again, notes_again = all_sources(mixed)
        pd.testing.assert_frame_equal(records, again)
        pd.testing.assert_frame_equal(notes, notes_again)


def test_parts_equal_the_whole() -> None:
    """Ten builds of some subjects each make the records and candidates of one build of all."""
    tables = cohort()
    records, notes = all_sources(tables)
    parts = []
    for digit in "0123456789":
        mine = {name: one[one["USUBJID"].str.endswith(digit)].reset_index(drop=True) for name, one in tables.items()}
        parts.append(all_sources(mine))
    made = pd.concat([one for one, _ in parts]).sort_values("USUBJID", ignore_index=True)
    pd.testing.assert_frame_equal(records, made)
    listed = pd.concat([one for _, one in parts]).sort_values("USUBJID", kind="stable", ignore_index=True)
    pd.testing.assert_frame_equal(notes, listed)


def test_one_winner_for_each_record() -> None:
    """Every record has exactly one winning candidate and every other candidate a reason."""
    records, notes = all_sources(cohort())
    won = notes[notes["WINNER"]]
    assert sorted(won["USUBJID"]) == records["USUBJID"].tolist()
    assert notes.loc[~notes["WINNER"], "REASON"].notna().all()


def test_ties_of_one_source_are_broken_by_content() -> None:
    """Records of one day and source without sequence number: the content decides, not the order of rows."""
    lines = ["1 | RLPS | 2023-05-01 | B", "1 | RLPS | 2023-05-01 | A"]
    rows = []
    for listed in (lines, lines[::-1]):
        made = efs("1 | 2023-01-01", "\n".join(listed))
        rows.append(listed[made.linked[0].rows[0]])
    assert rows == [lines[1], lines[1]]


def test_partial_date_of_a_source_is_reported() -> None:
    """A stop of treatment dated by month only is no event; the subject and the text are told."""
    tables = {
        "ADSL": frame(HEAD + "1 | 2023-01-01\n2 | 2023-01-01", dates=DATES),
        "ADRS": frame("USUBJID | PARAMCD | ADT | LOST", dates=DATES),
        "DS": frame("USUBJID | DSDT | DSSCAT\n2 | 2023-02 | STUDY TREATMENT\n9 | 2023 | STUDY TREATMENT"),
    }
    made = derive_param_tte(
        tables["ADSL"],
        start_date="ENRLDT",
        event_conditions=EVENTS,
        censor_conditions=CENSORS,
        tables=tables.__getitem__,
        evaluate=evaluate,
    )
    assert outcome(made) == [[1, 2, "NO POST-BASELINE ASSESSMENT"]] * 2
    assert [(one.rule, one.rows.tolist(), list(one.values)) for one in made.problems] == [
        ("ADAM-TTE-PARTIAL-DATE", [1], ["INTOLERABLE TOXICITY: DS.DSDT 2023-02"])
    ]
