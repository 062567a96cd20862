"""Every subject-level edge case of the reference study: its subject is there, and SDTM holds the collected facts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

Facts = Callable[["Subject"], None]


class Subject:
    """The records of one subject, dataset by dataset, with study days as numbers."""

    def __init__(self, blina: Any, number: str) -> None:
        dm = blina["DM"]
        self.blina, self.number = blina, number
        self.usubjid = str(dm.loc[dm["SUBJID"] == number, "USUBJID"].iloc[0])

    def __call__(self, dataset: str, **wanted: Any) -> pd.DataFrame:
        """Return the subject's records in which the variables have the values wanted."""
        frame = self.blina[dataset]
        found = frame[frame["USUBJID"] == self.usubjid]
        for variable, value in wanted.items():
            found = found[found[variable] == value]
        return found

    def one(self, dataset: str, **wanted: Any) -> pd.Series:
        """Return the only record that has the values wanted."""
        found = self(dataset, **wanted)
        assert len(found) == 1, f"{len(found)} records of {dataset} with {wanted}"
        return found.iloc[0]

    def lab(self, test: str, day: int, **wanted: Any) -> float:
        """Return the standard result of a test on a day."""
        found = self("LB", LBTESTCD=test, LBDY=day, **wanted)
        values = found["LBSTRESN"].dropna().tolist()
        assert values, f"no {test} on day {day}"
        return float(values[0])

    def response(self, day: int) -> str:
        """Return the investigator's response on a day."""
        return str(self.one("RS", RSTESTCD="OVRLRESP", RSDY=day)["RSSTRESC"])

    def mrd(self, day: int = 22, method: str = "FLOW CYTOMETRY") -> pd.Series:
        """Return the MRD record of a day."""
        return self.one("LB", LBTESTCD="LEUKCE", LBDY=day, LBMETHOD=method)


def counts(blasts: float, anc: float, platelets: float) -> Facts:
    """Expect marrow blasts, neutrophils and platelets of day 22."""

    def check(s: Subject) -> None:
        assert (s.lab("BLASTCE", 22), s.lab("NEUT", 22), s.lab("PLAT", 22)) == (blasts, anc, platelets)

    return check


def result(text: str, number: float | None, unit: str | None, **more: Any) -> Facts:
    """Expect LBSTRESC, LBSTRESN and LBSTRESU of the flow MRD of day 22."""

    def check(s: Subject) -> None:
        record = s.mrd()
        assert shown(record[["LBSTRESC", "LBSTRESN", "LBSTRESU"]]) == [text, number, unit]
        assert shown(record[list(more)]) == list(more.values())

    return check


def shown(values: pd.Series) -> list[Any]:
    """Return values with None for missing ones."""
    return [None if value != value or value == "" else value for value in values]


def neutrophils(days: dict[int, float]) -> Facts:
    """Expect neutrophils on several days."""

    def check(s: Subject) -> None:
        assert {day: s.lab("NEUT", day) for day in days} == days

    return check


def dry_tap(s: Subject) -> None:
    """Expect a marrow without result on day 22 and one with a result on day 25."""
    assert s.one("LB", LBTESTCD="BLASTCE", LBDY=22)["LBSTAT"] == "NOT DONE"
    assert s.lab("BLASTCE", 25) == 1.0


def corrected(s: Subject) -> None:
    """Expect the later of two responses of one visit."""
    assert s.response(22) == "CR"


def died(text: str) -> Facts:
    """Expect a date of death."""

    def check(s: Subject) -> None:
        assert list(s.one("DM")[["DTHDTC", "DTHFL"]]) == [text, "Y"]

    return check


def died_on(day: int) -> Facts:
    """Expect death on a study day, in DM and DS."""

    def check(s: Subject) -> None:
        ended = s.one("DS", DSDECOD="DEATH", DSSCAT="STUDY PARTICIPATION")
        assert (ended["DSSTDY"], ended["DSSTDTC"]) == (day, s.one("DM")["DTHDTC"])

    return check


def died_at_enrolment(s: Subject) -> None:
    """Expect death on the day of enrolment."""
    assert s.one("DS", DSDECOD="ENTERED INTO TRIAL")["DSSTDTC"] == s.one("DM")["DTHDTC"]


def died_before_enrolment(s: Subject) -> None:
    """Expect death before enrolment, as collected."""
    assert s.one("DS", DSDECOD="ENTERED INTO TRIAL")["DSSTDTC"] > s.one("DM")["DTHDTC"]


def never_dosed(s: Subject) -> None:
    """Expect an arm but no actual arm, and no exposure."""
    assert shown(s.one("DM")[["ARMCD", "ACTARMCD", "ARMNRS"]]) == ["RDCBLIN", None, "ASSIGNED, NOT TREATED"]
    assert len(s("EX")) == 0


def intervals(s: Subject) -> None:
    """Expect three intervals of constant dosing and a gap of 30 hours."""
    found = s("EX", EXTRT="BLINATUMOMAB", EXCAT="INDUCTION").sort_values("EXSTDTC")
    assert found["EXDOSE"].tolist() == [9, 28, 9]
    gap = pd.Timestamp(found["EXSTDTC"].iloc[2]) - pd.Timestamp(found["EXENDTC"].iloc[1])
    assert gap == pd.Timedelta(hours=30)
    assert found["EXSTDTC"].iloc[1] == found["EXENDTC"].iloc[0]


def pause(*hours: int) -> Facts:
    """Expect the infusion split at a pause of so many hours."""

    def check(s: Subject) -> None:
        found = s("EX", EXTRT="BLINATUMOMAB", EXCAT="INDUCTION").sort_values("EXSTDTC")
        gaps = (
            pd.to_datetime(found["EXSTDTC"]).iloc[1:].to_numpy()
            - pd.to_datetime(found["EXENDTC"]).iloc[:-1].to_numpy()
        )
        assert [gap / pd.Timedelta(hours=1) for gap in gaps] == [0, *hours]

    return check


def rescreened(s: Subject) -> None:
    """Expect one person with the number of the first screening in USUBJID and both numbers kept."""
    assert s.usubjid.endswith("-01-00098")
    assert s.one("SUPPDM", QNAM="PREVSUBJ")["QVAL"] == "01-00098"
    assert len(s("DM")) == 1
    assert len(s("DS", DSDECOD="INFORMED CONSENT OBTAINED")) == 2


def three_units(s: Subject) -> None:
    """Expect 120 10^9/L from three units, with limits converted alike."""
    found = s("LB", LBTESTCD="PLAT", LBSTRESN=120.0)
    assert sorted(found["LBORRES"]) == ["12", "120", "120000"]
    assert set(zip(found["LBSTRESU"], found["LBSTNRLO"], found["LBSTNRHI"], strict=True)) == {
        ("10^9/L", 125.0, 350.0)
    }


def bilirubin(s: Subject) -> None:
    """Expect the result at its limit, both converted by one factor."""
    record = s.one("LB", LBTESTCD="BILI", LBORRES="1.2", LBORRESU="mg/dL", LBDY=15)
    assert (record["LBSTRESN"], record["LBSTNRHI"], record["LBNRIND"]) == (20.52, 20.52, "NORMAL")


def no_unit(s: Subject) -> None:
    """Expect a result without unit left as it is."""
    record = s.one("LB", LBTESTCD="HGB", LBORRES="6.5")
    assert shown(record[["LBORRESU", "LBSTRESN", "LBSTRESU"]]) == [None, None, None]


def two_labs(s: Subject) -> None:
    """Expect both results of one day, the laboratories apart."""
    found = s("LB", LBTESTCD="NEUT", LBDY=22)
    assert dict(zip(found["LBNAM"], found["LBSTRESN"], strict=True)) == {
        "Site 01 Hospital Laboratory": 0.9,
        "Central Laboratory": 1.1,
    }


def supplemental(s: Subject, record: pd.Series) -> dict[str, str]:
    """Return the qualifiers of one event."""
    found = s("SUPPAE")
    mine = found[found["IDVARVAL"] == f"{record['AESEQ']:.0f}"]
    return dict(zip(mine["QNAM"], mine["QVAL"], strict=True))


def causality(s: Subject) -> None:
    """Expect MULTIPLE and one qualifier per agent."""
    record = s.one("AE")
    assert record["AEREL"] == "MULTIPLE"
    found = supplemental(s, record)
    assert (found["AERELBLN"], found["AERELCHM"]) == ("NOT RELATED", "RELATED")


def two_scales(s: Subject) -> None:
    """Expect the CTCAE grade in AE and the ASTCT grade in FA, linked by the line of the event."""
    event, grade = s.one("AE"), s.one("FA", FATESTCD="TOXGR")
    assert (event["AETOXGR"], grade["FASTRESC"], grade["FASPID"]) == ("2", "1", event["AESPID"])


def one_day_events(s: Subject) -> None:
    """Expect two events on the day of the first dose, one with a time before it."""
    first = s.one("DM")["RFXSTDTC"]
    starts = sorted(s("AE")["AESTDTC"])
    assert starts == [first[:10], f"{first[:10]}T07:15"]
    assert starts[1] < first


def missing_start(s: Subject) -> None:
    """Expect no start, and one end before the first dose."""
    events = s("AE")
    assert len(events) == 2
    assert events["AESTDTC"].replace("", None).isna().all()
    assert events["AEENDY"].dropna().tolist() == [-1]


def form_rule(s: Subject) -> None:
    """Expect month-first dates by the rule of the form, and none for what it cannot read."""
    events = s("AE").set_index("AEDECOD")["AESTDTC"].replace("", None)
    assert events["Nausea"] == "2023-03-04"
    assert pd.isna(events["Headache"])


def regimen(first: int) -> Facts:
    """Expect other anti-leukaemic therapy from a study day."""

    def check(s: Subject) -> None:
        assert s.one("CM", CMCAT="SUBSEQUENT ANTI-LEUKEMIC THERAPY")["CMSTDY"] == first

    return check


def after_death(s: Subject) -> None:
    """Expect a sample after death, kept."""
    assert (s("LB")["LBDTC"].str[:10] > s.one("DM")["DTHDTC"]).sum() == 1


CASES: dict[str, tuple[Facts, ...]] = {
    "1": (counts(4.9, 1.0, 100),),
    "2": (counts(5.0, 2.0, 200),),
    "3": (counts(1.5, 0.99, 100),),
    "4": (counts(1.5, 1.0, 99), counts(1.5, 0.5, 50)),
    "5": (counts(1.5, 0.49, 120),),
    "6": (counts(1.5, 0.4, 60), counts(2.0, 0.2, 15)),
    "7": (lambda s: same((s.lab("BLASTCE", 22), s.response(22)), (0.0, "NE")),),
    "8": (
        lambda s: same((s.lab("BLASTLE", 22), s.response(22)), (1.0, "NR")),
        lambda s: same((s.one("RS", RSTESTCD="EMDIND", RSDY=22)["RSSTRESC"], s.response(22)), ("Y", "NR")),
    ),
    "9": (lambda s: same((s.lab("PLAT", 22), s.one("PR", PRDECOD="PLATELET TRANSFUSION")["PRSTDY"]), (150.0, 18)),),
    "10": (
        lambda s: same((s.lab("NEUT", 21), s.lab("NEUT", 23), len(s("LB", LBTESTCD="NEUT", LBDY=22))), (0.9, 1.1, 0)),
    ),
    "11": (lambda s: same((s.lab("NEUT", 22), s.lab("NEUT", 27), s.lab("PLAT", 27)), (0.6, 1.2, 130)),),
    "12": (
        lambda s: same((s.response(22), s.response(37), len(s("EX", EXCAT="EXTENSION")) > 0), ("NR", "CRh", True)),
    ),
    "13": (lambda s: same((s.lab("BLASTCE", 41), len(s("LB", LBTESTCD="BLASTCE", LBDY=37))), (1.2, 0)),),
    "14": (dry_tap,),
    "15": (corrected,),
    "16": (lambda s: same((s.response(22), s.lab("PLAT", 22)), ("CR", 60)),),
    "17": (lambda s: (regimen(24)(s), same(s.lab("BLASTCE", 29), 1.0))[0],),
    "18": (lambda s: same((s.lab("BLASTCE", 200), s.response(200)), (7.0, "RELAPSED DISEASE")),),
    "19": (died_on(15),),
    "21": (result("0.01", 0.01, "%", LBORRES="0.01", LBORRESU="%"),),
    "22": (result("<0.01", None, "%"), result("<0.01", None, "%", LBORRES="<1E-4")),
    "23": (result("<0.1", None, "%"), result("<=0.01", None, "%")),
    "24": (result("NOT DETECTED", None, None, LBLLOD="0.1"), result("NOT DETECTED", None, None, LBLLOD=None)),
    "25": (result("NOT DETECTED", None, None, LBLLOD="0.01"),),
    "26": (result("POSITIVE", None, None),),
    "27": (result("0.01", None, None, LBORRESU=None),),
    "28": (result("<0.01", None, "%"), result("0.01", 0.01, "%"), result("0.02", 0.02, "%")),
    "29": (
        lambda s: same((s.mrd()["LBSTRESC"], s.mrd(22, "NEXT GENERATION SEQUENCING")["LBSTRESN"]), ("<0.01", 0.05)),
    ),
    "30": (lambda s: same((s.mrd()["LBSTRESC"], s.response(22)), ("<0.01", "NR")),),
    "31": (
        lambda s: same(
            (s("LB", LBTESTCD="LEUKCE", VISITNUM=1)["LBSTRESN"].tolist(), s.mrd()["LBSTRESC"]), ([62.0], "<0.01")
        ),
    ),
    "32": (
        lambda s: same(s.mrd()["LBSPCCND"], "HEMODILUTED"),
        lambda s: same(s.mrd()["LBSPEC"], "BLOOD"),
    ),
    "33": (died_at_enrolment,),
    "34": (died_before_enrolment,),
    "35": (lambda s: (died_on(150)(s), same(s.response(150), "RELAPSED DISEASE"))[0],),
    "36": (died("2024-07-02"),),
    "37": (died("2023-08"),),
    "38": (died("2023"),),
    "39": (after_death,),
    "40": (
        lambda s: same(
            (
                s.one("DS", DSDECOD="LOST TO FOLLOW-UP", DSSCAT="STUDY PARTICIPATION")["DSSTDY"],
                s.lab("BLASTCE", 60),
                s("SV")["SVSTDY"].max(),
            ),
            (90, 1.0, 88),
        ),
    ),
    "41": (
        lambda s: same((s.one("PR", PRCAT="TRANSPLANTATION")["PRSTDY"], s.response(300)), (110, "RELAPSED DISEASE")),
    ),
    "42": (
        lambda s: same(
            (s.one("DS", DSDECOD="ADVERSE EVENT", DSSCAT="STUDY TREATMENT")["DSSTDY"], s.response(22)), (20, "CR")
        ),
    ),
    "43": (lambda s: (regimen(38)(s), same((s.response(37), s.response(200)), ("NR", "RELAPSED DISEASE")))[0],),
    "44": (
        lambda s: same(
            (len(s("RS", RSTESTCD="OVRLRESP")), s("SS", SSTESTCD="SURVSTAT")["SSSTRESC"].unique().tolist()),
            (0, ["ALIVE"]),
        ),
    ),
    "45": (never_dosed,),
    "46": (
        lambda s: same([s.lab("PLAT", day) for day in range(10, 21)], [10, 35, 30, 25, 10, 15, 19, 23, 25, 40, 50]),
    ),
    "47": (neutrophils({10: 0.3, 11: 0.5, 12: 0.4, 13: 0.6, 14: 0.7, 15: 0.8}),),
    "48": (neutrophils({20: 0.3, 21: 0.5, 22: 0.6}),),
    "49": (lambda s: same(s("LB", LBTESTCD="NEUT")["LBSTRESN"].min() >= 0.5, True),),
    "50": (neutrophils({13: 0.3, 14: 0.7, 18: 0.8, 22: 1.2}),),
    "51": (died_on(18),),
    "52": (lambda s: same((s("EX", EXCAT="CONSOLIDATION")["EXSTDY"].min(), s.lab("NEUT", 28)), (30, 0.4)),),
    "53": (lambda s: same((s.lab("NEUT", 15), s.lab("NEUT", 16)), (0.5, 0.5)),),
    "54": (
        lambda s: same(
            (s.lab("WBC", 22), s.lab("NEUTLE", 22), len(s("LB", LBTESTCD="NEUT", LBDY=22))), (3.2, 31.25, 0)
        ),
    ),
    "55": (
        lambda s: same(
            list(s.one("LB", LBTESTCD="CREAT", LBDY=15)[["LBORRES", "LBORRESU", "LBORNRHI"]]), ["1.8", "mg/dL", "1.2"]
        ),
    ),
    "56": (lambda s: same((s.lab("ALT", 8), s.lab("ALT", 15)), (120, 121)),),
    "57": (lambda s: same((s.lab("ALT", 1), s.lab("ALT", 8), s.lab("ALT", 15)), (100, 140, 200)),),
    "58": (
        lambda s: same(
            (s.lab("NEUT", 10), s.lab("NEUT", 12), s.lab("PLAT", 10), s.lab("PLAT", 12)), (0.5, 0.49, 25, 24.9)
        ),
    ),
    "59": (lambda s: same(s.lab("HGB", 12), 60),),
    "60": (neutrophils({1: 0.3, 6: 0.2}),),
    "61": (lambda s: same(shown(s.one("LB", LBTESTCD="ALT", LBDY=15)[["LBORNRHI", "LBSTNRHI"]]), [None, None]),),
    "62": (one_day_events,),
    "63": (lambda s: same(list(s.one("AE")[["AESTDTC", "AEENRTPT"]]), ["2023-03", "ONGOING"]),),
    "64": (missing_start,),
    "65": (lambda s: same((s("AE")["AETOXGR"].tolist(), s("AE")["AEGRPID"].unique().tolist()), (["2", "3"], ["1"])),),
    "66": (
        lambda s: same(
            (s.one("AE")["AESTDY"], s.one("AE")["AESER"]), (s("EX", EXCAT="CONSOLIDATION")["EXSTDY"].min(), "Y")
        ),
        lambda s: same(
            pd.Timestamp(s.one("AE")["AESTDTC"]) - pd.Timestamp(s.one("DM")["RFXENDTC"][:10]), pd.Timedelta(days=31)
        ),
    ),
    "67": (causality,),
    "68": (two_scales,),
    "69": (lambda s: same((s("AE")["AETOXGR"].tolist(), s("AE")["AEDECOD"].nunique()), (["2", "4"], 1)),),
    "70": (intervals,),
    "71": (pause(3), pause(5)),
    "72": (rescreened,),
    "73": (form_rule,),
    "74": (lambda s: same(sorted(s("AE")["AEDECOD"]), ["Rash", "Vomiting"]),),
    "75": (three_units,),
    "76": (bilirubin,),
    "77": (no_unit,),
    "78": (two_labs,),
}
"""Row of the table -> what its subjects must show, in the order of the cases."""  # fmt: skip


def same(actual: object, expected: object) -> None:
    """Compare."""
    assert actual == expected


def test_the_table_has_every_row(blina: Any) -> None:
    """All 78 rows stand in the table; those without a subject say where they are shown."""
    table = blina.truth("edge_cases")
    assert sorted(table["row"].unique(), key=int) == [str(number) for number in range(1, 79)]
    assert sorted(set(table["row"]) - set(CASES)) == table.loc[table["subject"] == "", "row"].unique().tolist()


@pytest.mark.parametrize("row", CASES)
def test_sdtm_holds_the_facts_of_the_case(row: str, blina: Any) -> None:
    """The subjects of the row have the records that it is about."""
    table = blina.truth("edge_cases")
    subjects = table.loc[table["row"] == row, "subject"].tolist()
    assert len(subjects) == len(CASES[row])
    for number, check in zip(subjects, CASES[row], strict=True):
        check(Subject(blina, number))
