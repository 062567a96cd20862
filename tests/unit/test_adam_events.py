"""Parameters from declared events: endpoints, best and confirmed response, concordance (edge cases 12-17, 30)."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from adam_helpers import frame, run

from spectrail.errors import UnknownNameError

DATES = ("ADT",)
NUMBERS = ("AVAL", "ADY", "ASEQ")
HEAD = "USUBJID | PARAMCD | AVISIT | ADY | AVALC | ANL01FL | EXTFL | ANL02FL\n"
RESPONDERS = "AVALC in ['CR', 'CRh', 'CRi']"


def records(text: str) -> pd.DataFrame:
    """Read response records; ADT follows from ADY."""
    table = frame(HEAD + text, numbers=NUMBERS)
    table["ADT"] = pd.Timestamp("2022-12-31") + pd.to_timedelta(table["ADY"], unit="D")
    table["ADT"] = table["ADT"].astype("datetime64[us]")
    return table.assign(AVAL=float("nan"))


def endpoint(text: str, filter_add: str, subjects: str = "1", **options: Any) -> list[list[str]]:
    """Return the endpoint of every subject in the reference."""
    step = {
        "algorithm": "derive_param_exist_flag",
        "parameters": ("OVRINV",),
        "condition": RESPONDERS,
        "filter_add": filter_add,
        "set_values_to": {"PARAMCD": "RSP"},
    }
    made = run(records(text), step | options, ADSL=frame("USUBJID\n" + "\n".join(subjects.split())))
    new = made[made["PARAMCD"] == "RSP"]
    return new[["USUBJID", "AVALC"]].values.tolist()


DAY_22 = "AVISIT == 'DAY 22' and ANL01FL == 'Y'"
EOI = (
    "ANL01FL == 'Y' and (AVISIT == 'DAY 22' and missing(EXTFL)"
    " or AVISIT == 'DAY 37' and EXTFL == 'Y' and ADY >= 35 and ADY <= 39)"
)
LATE = EOI.replace("ADY >= 35 and ADY <= 39", "ADY >= 33 and ADY <= 45")


def test_response_after_extension() -> None:
    """No response on day 22, CRh on day 37 after extension: N and Y (case 12)."""
    text = "1 | OVRINV | DAY 22 | 22 | NR | Y | Y\n1 | OVRINV | DAY 37 | 37 | CRh | Y | Y"
    assert endpoint(text, DAY_22) == [["1", "N"]]
    assert endpoint(text, EOI) == [["1", "Y"]]


def test_late_extension_marrow() -> None:
    """A marrow on day 41 counts in the late window only (case 13)."""
    text = "1 | OVRINV | DAY 22 | 22 | NR | Y | Y\n1 | OVRINV | DAY 37 | 41 | CR | Y | Y"
    assert endpoint(text, EOI) == [["1", "N"]]
    assert endpoint(text, LATE) == [["1", "Y"]]


def test_window_is_chosen_by_the_setting() -> None:
    """The option of the setting picks the condition; another option is refused (case 13)."""
    rows = records("1 | OVRINV | DAY 37 | 41 | CR | Y | Y")
    step = {
        "algorithm": "derive_var_flag_by_option",
        "new_var": "ANL03FL",
        "conditions": {"strict": "ADY >= 35 and ADY <= 39", "late": "ADY >= 33 and ADY <= 45"},
    }
    assert run(rows, step | {"option": "strict"})["ANL03FL"].isna().tolist() == [True]
    assert run(rows, step | {"option": "late"})["ANL03FL"].tolist() == ["Y"]
    with pytest.raises(UnknownNameError, match="'week 6'"):
        run(rows, step | {"option": "week 6"})


def test_repeated_marrow_stands_for_the_visit() -> None:
    """Of a dry tap and its repetition in the window the best class is analysed (case 14)."""
    made = run(
        records("1 | OVRALG | DAY 22 | 22 | NE\n1 | OVRALG | DAY 22 | 25 | CR"),
        {"target": "AVAL", "algorithm": "map_numbers", "source": "AVALC", "mapping": {"CR": "1", "NE": "10"}},
        {
            "algorithm": "derive_var_extreme_flag",
            "by_vars": ("USUBJID", "PARAMCD", "AVISIT"),
            "order": ("AVAL", "desc(ADT)"),
            "new_var": "ANL01FL",
            "mode": "first",
        },
    )
    assert made["ANL01FL"].fillna("").tolist() == ["", "Y"]


def test_subject_without_record_is_no_responder() -> None:
    """A subject of the reference without an assessment is N, not missing (cases 19 and 45)."""
    assert endpoint("1 | OVRINV | DAY 22 | 22 | CR | Y", DAY_22, "1 2") == [["1", "Y"], ["2", "N"]]


def test_investigator_against_algorithm() -> None:
    """CR by the investigator and CRh by the rule: differs in class, agrees in remission (case 16)."""
    rows = records(
        "1 | OVRINV | DAY 22 | 22 | CR | Y\n1 | OVRALG | DAY 22 | 22 | CRh | Y\n"
        "2 | OVRINV | DAY 22 | 22 | CR | Y\n2 | OVRALG | DAY 22 | 22 | CR | Y\n3 | OVRINV | DAY 22 | 22 | CR | Y"
    )
    step = {"algorithm": "derive_var_concordance", "parameters": ("OVRINV", "OVRALG")}
    made = run(rows, step, step | {"groups": ("CR", "CRh", "CRi"), "new_var": "CONC2FL"})
    assert made["CONCORFL"].fillna("").tolist() == ["N", "N", "Y", "Y", ""]
    assert made["CONC2FL"].fillna("").tolist() == ["Y", "Y", "Y", "Y", ""]


BEST = {
    "algorithm": "derive_extreme_event",
    "parameters": ("OVRALG",),
    "events": tuple(
        {"condition": f"AVALC == '{one}' and ANL02FL == 'Y'", "AVALC": one, "AVAL": str(number)}
        for number, one in enumerate(("CR", "CRh", "CRi", "PR", "NR", "NE"), start=1)
    ),
    "dataset_ref": "ADSL",
    "no_event": {"AVALC": "NE", "AVAL": "6"},
    "set_values_to": {"PARAMCD": "BOR"},
}


def test_best_response_before_new_therapy() -> None:
    """A marrow after other therapy is not in the best response; without one the best is NE (case 17)."""
    rows = records(
        "1 | OVRALG | DAY 22 | 22 | NR | Y | | Y\n1 | OVRALG | DAY 29 | 29 | CR | Y\n"
        "2 | OVRALG | DAY 22 | 22 | CRi | Y | | Y\n2 | OVRALG | DAY 37 | 37 | CR | Y | | Y"
    )
    made = run(rows, BEST, ADSL=frame("USUBJID\n1\n2\n3"))
    new = made[made["PARAMCD"] == "BOR"]
    assert new[["USUBJID", "AVALC", "AVAL"]].values.tolist() == [["1", "NR", 5.0], ["2", "CR", 1.0], ["3", "NE", 6.0]]
    assert new["ADT"].dt.strftime("%Y-%m-%d").fillna("").tolist() == ["2023-01-22", "2023-02-06", ""]


def test_first_event_by_date() -> None:
    """With dates first the earliest of all events counts, whatever its place in the list."""
    rows = records("1 | OVRALG | X | 40 | CR | Y | | Y\n1 | OVRALG | X | 30 | CRh | Y | | Y")
    step = {name: value for name, value in BEST.items() if name not in ("dataset_ref", "no_event")}
    made = run(rows, step | {"by_event_first": "no"})
    assert made.loc[made["PARAMCD"] == "BOR", "AVALC"].tolist() == ["CRh"]


def test_mrd_response_needs_remission() -> None:
    """MRD negative without remission is N (case 30)."""
    rows = records(
        "1 | MRDD22 | DAY 22 | 22 | NEGATIVE\n1 | OVRALG | DAY 22 | 22 | NR\n"
        "2 | MRDD22 | DAY 22 | 22 | NEGATIVE\n2 | OVRALG | DAY 22 | 22 | CRi"
    )
    remission = f"PARAMCD == 'OVRALG' and {RESPONDERS}"
    made = run(
        rows,
        {
            "algorithm": "derive_var_joined_exist_flag",
            "dataset_add": "RS",
            "by_vars": ("USUBJID", "AVISIT"),
            "filter_add": remission,
            "new_var": "REMFL",
        },
        {
            "algorithm": "derive_param_exist_flag",
            "parameters": ("MRDD22",),
            "condition": "AVALC == 'NEGATIVE' and REMFL == 'Y'",
            "set_values_to": {"PARAMCD": "MRDNCR"},
        },
        ADSL=frame("USUBJID\n1\n2"),
        RS=rows,
    )
    assert made.loc[made["PARAMCD"] == "MRDNCR", "AVALC"].tolist() == ["N", "Y"]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("CR", 0), ("CR", 28)], ["CR"]),
        ([("CR", 0), ("CR", 27)], []),
        ([("PR", 0), ("CR", 30)], ["PR"]),
        ([("CR", 0), ("PR", 30)], ["PR"]),
        ([("CR", 0), ("NE", 14), ("CR", 30)], ["CR"]),
        ([("CR", 0), ("NE", 10), ("NE", 20), ("CR", 30)], []),
        ([("PR", 0), ("SD", 14), ("PR", 30)], []),
        ([("PR", 0), ("PD", 14), ("PR", 30)], []),
        ([("CR", 0), ("PR", 14), ("CR", 42)], ["PR", "PR"]),
    ],
)
def test_confirmed_response(rows: list[tuple[str, int]], expected: list[str]) -> None:
    """A response is confirmed four weeks later with nothing worse and at most one NE between (RECIST 1.1)."""
    text = "\n".join(f"1 | OVR | X | {day + 1} | {value} | Y" for value, day in rows)
    made = run(records(text), {"algorithm": "derive_param_confirmed_response", "set_values_to": {"PARAMCD": "CRSP"}})
    assert made.loc[made["PARAMCD"] == "CRSP", "AVALC"].tolist() == expected


def test_stable_disease_may_lie_between() -> None:
    """With SD accepted between, a PR confirmed after SD counts."""
    rows = records("1 | OVR | X | 1 | PR | Y\n1 | OVR | X | 15 | SD | Y\n1 | OVR | X | 31 | PR | Y")
    step = {"algorithm": "derive_param_confirmed_response", "set_values_to": {"PARAMCD": "CRSP"}, "accept_sd": "yes"}
    made = run(rows, step)
    assert made.loc[made["PARAMCD"] == "CRSP", "AVALC"].tolist() == ["PR"]
