"""Every edge case of the reference study that lives in analysis data has its expected answer there."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

HERE = Path(__file__).resolve().parent
SAS_EPOCH = date(1960, 1, 1)
MLFS = "MORPHOLOGIC LEUKEMIA-FREE STATE"


def subject(blina_adam: Any, dataset: str, number: str, **wanted: Any) -> pd.DataFrame:
    """Return the records of a subject in which the variables have the values wanted."""
    frame = blina_adam[dataset]
    found = frame[frame["USUBJID"].str.endswith(f"-01-{number}")]
    for variable, value in wanted.items():
        found = found[found[variable] == value]
    return found


def values(frame: pd.DataFrame, *names: str) -> list[Any]:
    """Return the values of the only record: None for missing ones, dates (numbers in a transport file) as text."""
    assert len(frame) == 1, f"{len(frame)} records"
    found = {name: None if value != value else value for name, value in frame.iloc[0][list(names)].items()}
    dates = {name: value for name, value in found.items() if str(name).endswith("DT") and value is not None}
    return list(
        (found | {name: (SAS_EPOCH + timedelta(value)).isoformat() for name, value in dates.items()}).values()
    )


RESPONSES = [
    ("1", "00001", 22, "CR", "CR", "Y"),
    ("2", "00002", 22, "PR", "PR", "N"),
    ("3", "00003", 22, "CRh", "CRh", "Y"),
    ("4", "00004", 22, "CRh", "CRh", "Y"),
    ("4", "00005", 22, "CRh", "CRh", "Y"),
    ("5", "00006", 22, "CRi", "CRi", "Y"),
    ("6", "00007", 22, "CRi", MLFS, "Y"),
    ("6", "00008", 22, "CRi", MLFS, "Y"),
    ("7", "00009", 22, "NE", "NE", "N"),
    ("8", "00010", 22, "NR", "NR", "N"),
    ("8", "00011", 22, "NR", "NR", "N"),
    ("9", "00012", 22, "NE", "NE", "N"),
    ("10", "00013", 22, "CR", "CR", "Y"),
    ("11", "00014", 22, "CRi", MLFS, "Y"),
    ("14", "00017", 25, "CR", "CR", "Y"),
    ("16", "00020", 22, "CRh", "CRh", "Y"),
    ("18", "00023", 200, "RELAPSED DISEASE", "RELAPSED DISEASE", "Y"),
]


@pytest.mark.parametrize(("case", "number", "day", "any_deficit", "one_lineage", "remission"), RESPONSES)
def test_response_by_algorithm(
    blina_adam: Any, case: str, number: str, day: int, any_deficit: str, one_lineage: str, remission: str
) -> None:
    """The class under both CRi rules, and whether the subject responded on day 22."""
    del case
    found = [
        values(subject(blina_adam, "ADRS", number, PARAMCD=one, ADY=day), "AVALC") for one in ("OVRALG", "OVRALGS")
    ]
    assert found == [[any_deficit], [one_lineage]]
    assert values(subject(blina_adam, "ADRS", number, PARAMCD="RSPD22"), "AVALC") == [remission]


def test_counts_of_the_later_day_and_the_next_usable_platelets(blina_adam: Any) -> None:
    """Counts of day 23 win over day 21 (case 10); platelets after a transfusion are not used (case 9)."""
    assert values(subject(blina_adam, "ADRS", "00013", PARAMCD="OVRALG", ADY=22), "ANC", "PLT") == [1.1, 105.0]
    assert values(subject(blina_adam, "ADRS", "00012", PARAMCD="OVRALG", ADY=22), "PLT") == [None]


@pytest.mark.parametrize(
    ("case", "number", "expected"),
    [
        ("12", "00015", ["N", "Y"]),
        ("13", "00016", ["N", "N"]),
        ("17", "00022", ["N", "N"]),
        ("19", "00026", ["N", "N"]),
        ("45", "00040", ["N", "N"]),
    ],
)
def test_response_of_day_22_and_at_the_end_of_induction(
    blina_adam: Any, case: str, number: str, expected: list[str]
) -> None:
    """An extension may turn N into Y; a marrow outside the window, after other therapy, or none at all is none."""
    del case
    found = [values(subject(blina_adam, "ADRS", number, PARAMCD=one), "AVALC")[0] for one in ("RSPD22", "RSPEOI")]
    assert expected == found


def test_investigator_and_algorithm_differ(blina_adam: Any) -> None:
    """CR with platelets of 60 is discordant (case 16); a marrow after other therapy is no best response (case 17)."""
    found = values(subject(blina_adam, "ADRS", "00020", PARAMCD="OVRINV", ADY=22), "AVALC", "CONCORFL")
    assert found == ["CR", "N"]
    assert values(subject(blina_adam, "ADRS", "00022", PARAMCD="OVRINV", ADY=29), "AVALC", "ANL02FL") == ["CR", None]
    assert values(subject(blina_adam, "ADRS", "00022", PARAMCD="BOR"), "AVALC") == ["NR"]


def test_corrected_response(blina_adam: Any) -> None:
    """Of two responses of a visit the later correction counts (case 15)."""
    assert values(subject(blina_adam, "ADRS", "00019", PARAMCD="OVRINV", ADY=22), "AVALC") == ["CR"]


@pytest.mark.parametrize(
    ("case", "number", "status", "negative_in_remission"),
    [
        ("21", "00048", "POSITIVE", "N"),
        ("22", "00049", "NEGATIVE", "Y"),
        ("22", "00050", "NEGATIVE", "Y"),
        ("23", "00051", "INDETERMINATE", "N"),
        ("23", "00052", "INDETERMINATE", "N"),
        ("24", "00053", "INDETERMINATE", "N"),
        ("24", "00054", "INDETERMINATE", "N"),
        ("25", "00055", "NEGATIVE", "Y"),
        ("26", "00056", "POSITIVE", "N"),
        ("27", "00058", "MISSING", "N"),
        ("28", "00059", "NEGATIVE", "Y"),
        ("28", "00060", "POSITIVE", "N"),
        ("28", "00061", "POSITIVE", "N"),
        ("29", "00062", "NEGATIVE", "Y"),
        ("30", "00027", "NEGATIVE", "N"),
        ("32", "00064", "MISSING", "N"),
        ("32", "00065", "MISSING", "N"),
    ],
)
def test_residual_disease_on_day_22(
    blina_adam: Any, case: str, number: str, status: str, negative_in_remission: str
) -> None:
    """Status by flow cytometry in marrow, and whether it was negative in remission."""
    del case
    found = [values(subject(blina_adam, "ADRS", number, PARAMCD=one), "AVALC")[0] for one in ("MRDD22", "MRDNCR")]
    assert found == [status, negative_in_remission]


def test_residual_disease_in_the_laboratory_dataset(blina_adam: Any) -> None:
    """Assays stay apart (case 29), positive without number has no value (26), a reduction below the limit (31)."""
    assay = values(subject(blina_adam, "ADLB", "00062", PARAMCD="MRDNGS", ADY=22), "AVAL", "MRDSTAT")
    assert assay == [0.0005, "POSITIVE"]
    positive = subject(blina_adam, "ADLB", "00056", PARAMCD="MRDFLOW", ADY=22)
    assert values(positive, "AVAL", "MRDSTAT") == [None, "POSITIVE"]
    reduced = subject(blina_adam, "ADLB", "00063", PARAMCD="MRDLOG", ADY=22)
    assert values(reduced, "AVAL", "DTYPE", "CHGCAT1") == [-4.0, "LLOD", ">=3.79"]


SURVIVAL = [
    ("19", "00026", "EFS", "DEATH", 18.0, 0.0),
    ("19", "00026", "OS", "DEATH", 18.0, 0.0),
    ("33", "00028", "OS", "DEATH", 1.0, 0.0),
    ("34", "00029", "OS", "DEATH", 1.0, 0.0),
    ("35", "00030", "EFS", "DEATH", 151.0, 0.0),
    ("41", "00036", "EFS", "RELAPSE", 301.0, 0.0),
    ("42", "00037", "EFS", "INTOLERABLE TOXICITY", 23.0, 0.0),
    ("43", "00038", "EFS", "CHANGE IN TREATMENT REGIMEN", 41.0, 0.0),
    ("44", "00039", "EFS", "ONGOING WITHOUT EVENT", 1.0, 2.0),
    ("45", "00040", "EFS", "ONGOING WITHOUT EVENT", 1.0, 2.0),
    ("40", "00035", "EFS", "LOST TO FOLLOW-UP", 63.0, 3.0),
]


@pytest.mark.parametrize(("case", "number", "code", "text", "days", "cnsr"), SURVIVAL)
def test_survival(blina_adam: Any, case: str, number: str, code: str, text: str, days: float, cnsr: float) -> None:
    """Event, days from enrolment (three days before the first dose where there is one) and censoring."""
    del case
    found = values(subject(blina_adam, "ADTTE", number, PARAMCD=code), "EVNTDESC", "AVAL", "CNSR")
    assert found == [text, days, cnsr]


def test_censoring_dates(blina_adam: Any) -> None:
    """Alive at the cut-off (case 36), lost on day 88 (40), censored at the transplantation (41)."""
    late = subject(blina_adam, "ADTTE", "00031", PARAMCD="OS")
    assert values(late, "ADT", "CNSR") == ["2024-06-30", 1.0]
    assert values(subject(blina_adam, "ADSL", "00031"), "DTHFL", "DTHDT") == ["Y", "2024-07-02"]
    lost = subject(blina_adam, "ADSL", "00035")
    assert values(subject(blina_adam, "ADTTE", "00035", PARAMCD="OS"), "ADT") == values(lost, "LSTALVDT")
    assert (lost["LSTALVDT"] - lost["TRTSDT"]).tolist() == [87]
    graft = subject(blina_adam, "ADTTE", "00036", PARAMCD="EFSHSCT")
    assert values(graft, "CNSR", "ADT") == [4.0, values(subject(blina_adam, "ADSL", "00036"), "HSCTDT")[0]]


@pytest.mark.parametrize(
    ("number", "expected"),
    [("00032", ["2023-08-13", "D", "2023-08-12"]), ("00033", ["2023-05-21", "M", "2023-05-20"])],
)
def test_partial_dates_of_death(blina_adam: Any, number: str, expected: list[str]) -> None:
    """A partial date of death is the day after the subject was last known alive (cases 37 and 38)."""
    assert values(subject(blina_adam, "ADSL", number), "DTHDT", "DTHDTF", "LSTALVDT") == expected


def test_a_sample_after_death_says_nothing_of_life(blina_adam: Any) -> None:
    """The subject was last known alive no later than the day of death (case 39)."""
    found = subject(blina_adam, "ADSL", "00034")
    assert (found["LSTALVDT"] <= found["DTHDT"]).tolist() == [True]


@pytest.mark.parametrize(
    ("case", "number", "code", "day", "cnsr", "competing"),
    [
        ("46", "00041", "PLT20", 17.0, 0.0, 1.0),
        ("47", "00042", "ANC05", 13.0, 0.0, 1.0),
        ("48", "00043", "ANC05", 22.0, 1.0, 0.0),
        ("50", "00045", "ANC05", 14.0, 0.0, 1.0),
        ("51", "00046", "ANC05", 18.0, 2.0, 2.0),
    ],
)
def test_recovery_of_counts(
    blina_adam: Any, case: str, number: str, code: str, day: float, cnsr: float, competing: float
) -> None:
    """First of three measured days in a row, else censored at the last count, or death before it."""
    del case
    found = values(subject(blina_adam, "ADTTE", number, PARAMCD=code), "AVAL", "CNSR", "CIFEVT")
    assert found == [day, cnsr, competing]


def test_recovery_that_cannot_be(blina_adam: Any) -> None:
    """Never below: no record (case 49); consolidation before recovery: censored at the last count (case 52)."""
    assert len(subject(blina_adam, "ADTTE", "00044", PARAMCD="ANC05")) == 0
    ended = subject(blina_adam, "ADTTE", "00047", PARAMCD="ANC05")
    assert values(ended, "CNSR") == [1.0]
    consolidation = subject(blina_adam, "ADSL", "00047")["CONSSDT"].iloc[0]
    assert ended["ADT"].iloc[0] <= consolidation


@pytest.mark.parametrize(
    ("case", "number", "code", "day", "value", "variable", "grade"),
    [
        ("53", "00068", "NEUT", 15, 0.5, "ATOXGRL", "3"),
        ("54", "00069", "NEUT", 22, 1.0, "ATOXGRL", "2"),
        ("55", "00070", "CREAT", 15, 159.12, "ATOXGRH", "1"),
        ("56", "00071", "ALT", 8, 120.0, "ATOXGRH", "1"),
        ("56", "00071", "ALT", 15, 121.0, "ATOXGRH", "2"),
        ("57", "00072", "ALT", 8, 140.0, "ATOXGRH", "0"),
        ("57", "00072", "ALT", 15, 200.0, "ATOXGRH", "1"),
        ("58", "00073", "NEUT", 10, 0.5, "ATOXGRL", "3"),
        ("58", "00073", "NEUT", 12, 0.49, "ATOXGRL", "4"),
        ("58", "00073", "PLAT", 10, 25.0, "ATOXGRL", "3"),
        ("58", "00073", "PLAT", 12, 24.9, "ATOXGRL", "4"),
        ("59", "00074", "HGB", 12, 60.0, "ATOXGRL", "3"),
        ("61", "00076", "ALT", 15, 130.0, "ATOXGRH", None),
        ("76", "00078", "BILI", 15, 20.52, "ATOXGRH", "0"),
        ("78", "00080", "NEUT", 22, 0.9, "ATOXGRL", "3"),
    ],
)
def test_laboratory_grades(
    blina_adam: Any, case: str, number: str, code: str, day: int, value: float, variable: str, grade: str | None
) -> None:
    """CTCAE grades at the boundaries, of the one record of the day that is analysed."""
    del case
    found = values(subject(blina_adam, "ADLB", number, PARAMCD=code, ADY=day, ANL01FL="Y"), "AVAL", variable)
    assert found == [value, grade]


def test_neutrophils_of_two_sources(blina_adam: Any) -> None:
    """Neutrophils from leukocytes are marked (case 54); of two laboratories the local one counts (case 78)."""
    assert values(subject(blina_adam, "ADLB", "00069", PARAMCD="NEUT", ADY=22), "DTYPE") == ["COMPUTED"]
    both = subject(blina_adam, "ADLB", "00080", PARAMCD="NEUT", ADY=22)
    assert sorted(both["AVAL"]) == [0.9, 1.1]
    shift = subject(blina_adam, "ADLB", "00075", PARAMCD="NEUT", ADY=6)
    assert values(shift, "SHIFT1") == ["4 to 4"]


@pytest.mark.parametrize(
    ("case", "number", "term", "expected"),
    [
        ("62", "00089", "Headache", {"TRTEMFL": "Y"}),
        ("62", "00089", "Nausea", {"TRTEMFL": None}),
        ("63", "00090", "Constipation", {"TRTEMFL": "Y", "ASTDT": "2023-03-10", "ASTDTF": "D"}),
        ("64", "00091", "Headache", {"TRTEMFL": "Y"}),
        ("64", "00091", "Skin rash", {"TRTEMFL": None}),
        ("66", "00093", "Febrile neutropenia", {"INDWFL": None, "SAEINDFL": None}),
        ("66", "00094", "Lung infection", {"TRTEMFL": None, "SAEINDFL": None}),
        ("67", "00095", "Oral mucositis", {"AEREL": "MULTIPLE", "ARELFL": "Y", "ARELBLN": "N", "ARELCHM": "Y"}),
        ("68", "00096", "Cytokine release syndrome", {"ATOXGRN": 2.0, "ASTCTGRN": 1.0, "AETOXGR": "2"}),
    ],
)
def test_adverse_events(blina_adam: Any, case: str, number: str, term: str, expected: dict[str, Any]) -> None:
    """Treatment emergence, induction window, causality by agent and both scales of grades."""
    del case
    assert values(subject(blina_adam, "ADAE", number, AETERM=term), *expected) == list(expected.values())


def test_events_of_one_term(blina_adam: Any) -> None:
    """A later grade of an earlier event is not emergent (case 65); two events, one subject, highest grade 4 (69)."""
    assert subject(blina_adam, "ADAE", "00092")["TRTEMFL"].isna().tolist() == [True, True]
    twice = subject(blina_adam, "ADAE", "00097").sort_values("ASTDT")
    assert [value == "Y" for value in twice["AOCCPFL"]] == [True, False]
    assert twice.loc[twice["AOCCPIFL"] == "Y", "ATOXGRN"].tolist() == [4.0]


@pytest.mark.parametrize(
    ("case", "number", "code", "value"),
    [
        ("70", "00083", "RECBLNI", 3.0),
        ("70", "00083", "INTBLNI", 1.0),
        ("70", "00083", "INHBLNI", 30.0),
        ("71", "00084", "INTBLNI", 0.0),
        ("71", "00085", "INTBLNI", 1.0),
    ],
)
def test_infusions(blina_adam: Any, case: str, number: str, code: str, value: float) -> None:
    """Records of constant dose, and interruptions of at least four hours."""
    del case
    assert values(subject(blina_adam, "ADEX", number, PARAMCD=code), "AVAL") == [value]


def test_exposure(blina: Any, blina_adam: Any) -> None:
    """Doses of ADEX are those of EX: single doses summed, infusions by the hour; what is planned goes by protocol."""
    adex = blina_adam["ADEX"]
    by_agent = adex[adex["PARAMCD"].str.startswith("CUM") & (adex["EXTRT"] != "BLINATUMOMAB")]
    given = blina["EX"].groupby(["USUBJID", "EXTRT", "EXCAT"])["EXDOSE"].sum()
    made = by_agent.set_index(["USUBJID", "EXTRT", "EXCAT"])["AVAL"]
    assert (made - given.reindex(made.index)).abs().max() < 1e-9
    assert set(given.index) - set(made.index) == {one for one in given.index if one[1] == "BLINATUMOMAB"}
    first = {code: values(subject(blina_adam, "ADEX", "00001", PARAMCD=code), "AVAL") for code in PLANNED}
    assert first == PLANNED


PLANNED = {
    "CUMBLNI": [9 * 3 + 28 * 11],
    "PLNBLNI": [335.0],
    "RLDBLNI": [100.0],
    "RDIBLNI": [100.0],
    "DURBLNI": [14.0],
    "CYCBLNC": [2.0],
    "INTBLNC": [0.0],
    "PLNIDAI": [8 * 1.93],
    "PLNVDSI": [4.0],
    "PLNPEGC": [7500.0],
}
"""Subject 00001, body surface area 1.93 m2: as planned, vindesine and pegaspargase at their caps."""


def test_the_table_of_cases_names_tests_that_exist() -> None:
    """All 78 rows have a test, and every test named is there."""
    table = pd.read_csv(HERE / "blina_cases.csv", dtype="str")
    assert set(table["row"]) == {str(number) for number in range(1, 79)}
    for name in table["test"].unique():
        file, _, function = name.partition("::")
        text = (HERE / file).read_text("utf-8")
        # a row may name a whole file, the one that shows every case in SDTM
        assert not function or f"def {function}(" in text, name
