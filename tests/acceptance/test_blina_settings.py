"""Every setting on the reference study: exactly the records that it names change when it alone is changed."""

from __future__ import annotations

import pandas as pd
import pytest
from rederive import Rederiver, lines, listed, numbers, touched

CLASSES = ("OVRALG", "OVRALGS")
MLFS = "MORPHOLOGIC LEUKEMIA-FREE STATE"


EXACT = [
    # case 2: blasts of exactly 5.0 with recovered counts
    (
        {"blast_cut": "<=5"},
        """
        ADRS 00002 OVRALG DAY 22 AVALC PR > CR
        ADRS 00002 OVRALG DAY 22 AVAL 5 > 1
        ADRS 00002 OVRALG DAY 22 CONCORFL Y > N
        ADRS 00002 OVRALGS DAY 22 AVALC PR > CR
        ADRS 00002 OVRALGS DAY 22 AVAL 5 > 1
        ADRS 00002 OVRINV DAY 22 CONCORFL Y > N
        """,
    ),
    # case 66: the event on the first day of consolidation, and two later ones within 30 days after treatment
    (
        {"te_window": "consolidation"},
        """
        ADAE 00093 1 TRTEMFL Y > .
        ADAE 00093 1 AOCCFL Y > .
        ADAE 00093 1 AOCCSFL Y > .
        ADAE 00093 1 AOCCPFL Y > .
        ADAE 00093 1 AOCCIFL Y > .
        ADAE 00093 1 AOCCPIFL Y > .
        ADAE 00112 2 TRTEMFL Y > .
        ADAE 00112 2 AOCCPFL Y > .
        ADAE 00112 2 AOCCPIFL Y > .
        ADAE 00130 2 TRTEMFL Y > .
        ADAE 00130 2 AOCCSFL Y > .
        ADAE 00130 2 AOCCPFL Y > .
        ADAE 00130 2 AOCCPIFL Y > .
        """,
    ),
    # case 65: grade 2 before treatment, grade 3 on day 5
    (
        {"te_worsening": "on"},
        """
        ADAE 00092 2 TRTEMFL . > Y
        ADAE 00092 2 AOCCFL . > Y
        ADAE 00092 2 AOCCSFL . > Y
        ADAE 00092 2 AOCCPFL . > Y
        ADAE 00092 2 AOCCIFL . > Y
        ADAE 00092 2 AOCCPIFL . > Y
        """,
    ),
    # case 43 and the regimen change of case 17
    (
        {"efs_failure_date": "day_1"},
        """
        ADTTE 00022 EFS ADT 2022-11-13 > 2022-10-20
        ADTTE 00022 EFS AVAL 25 > 1
        ADTTE 00038 EFS ADT 2022-12-20 > 2022-11-10
        ADTTE 00038 EFS AVAL 41 > 1
        """,
    ),
    (
        {"efs_failure_date": "end_of_induction"},
        """
        ADTTE 00022 EFS ADT 2022-11-13 > 2022-11-11
        ADTTE 00022 EFS AVAL 25 > 23
        ADTTE 00022 EFS SRCVAR NACTDT > EOIDT
        ADTTE 00038 EFS ADT 2022-12-20 > 2022-12-19
        ADTTE 00038 EFS AVAL 41 > 40
        ADTTE 00038 EFS SRCVAR NACTDT > EOIDT
        """,
    ),
]


@pytest.mark.parametrize(("settings", "expected"), EXACT, ids=lambda one: str(one) if isinstance(one, dict) else "")
def test_exact_changes(derived: Rederiver, settings: dict[str, str], expected: str) -> None:
    """Settings that touch few subjects change these values and no others."""
    assert listed(derived.changes(**settings)) == lines(expected)


@pytest.mark.parametrize(
    ("setting", "measure", "limit", "one", "rest", "case"),
    [
        ("count_anc_cr", "ANC", 1.0, "CR", "CRh", "00001"),
        ("count_plt_cr", "PLT", 100.0, "CR", "CRh", "00001"),
        ("count_anc_crh", "ANC", 0.5, "CRh", "CRi", "00005"),
        ("count_plt_crh", "PLT", 50.0, "CRh", "CRi", "00005"),
    ],
)
def test_counts_at_their_limit(
    derived: Rederiver, setting: str, measure: str, limit: float, one: str, rest: str, case: str
) -> None:
    """Only marrows with a count of exactly the limit lose their class (cases 1 and 4)."""
    adrs = derived["ADRS"]
    at = adrs[adrs["PARAMCD"].isin(CLASSES) & (adrs["AVALC"] == one) & (adrs[measure] == limit)]
    assert case in numbers(at)
    expected = set()
    for row in at.itertuples():
        # neither line is recovered in a CRh of 0.5 and 50: the one-lineage rule calls it MLFS
        new = MLFS if rest == "CRi" and row.PARAMCD == "OVRALGS" and row.ANC < 1 and row.PLT < 100 else rest
        expected.add(f"ADRS {row.USUBJID[-5:]} {row.PARAMCD} {row.AVISIT} AVALC {one} > {new}")
    changes = derived.changes(**{setting: ">"})
    assert listed(changes, "AVALC") == expected
    assert touched(changes, "CONCORFL") == {("ADRS", name) for name in CLASSES}
    assert {change.subject for change in changes} == numbers(at)


def test_cri_rule(derived: Rederiver) -> None:
    """One-lineage: CRi with neither line recovered is MLFS, no response (case 6); OVRALGS had that rule before."""
    adrs = derived["ADRS"]
    none = (adrs["ANC"] < 1.0) & (adrs["PLT"] < 100)
    both = adrs[(adrs["PARAMCD"] == "OVRALG") & (adrs["AVALC"] == "CRi") & none]
    assert {"00007", "00008"} <= numbers(both)
    assert "00006" not in numbers(both)
    changes = derived.changes(cri_rule="one_lineage")
    assert listed(changes, "AVALC") == {
        *(f"ADRS {row.USUBJID[-5:]} OVRALG {row.AVISIT} AVALC CRi > {MLFS}" for row in both.itertuples()),
        *(f"ADRS {row.USUBJID[-5:]} RSPEOIA {row.AVISIT} AVALC Y > N" for row in both.itertuples()),
    }
    assert touched(changes, "CONCORFL") == {("ADRS", "OVRALG"), ("ADRS", "RSPEOIA")}
    kept = adrs[adrs["PARAMCD"] == "OVRALGS"].set_index(["USUBJID", "ADT"])["AVALC"]
    again = derived.made(cri_rule="one_lineage")["ADRS"]
    assert again[again["PARAMCD"] == "OVRALG"].set_index(["USUBJID", "ADT"])["AVALC"].equals(kept)


@pytest.mark.parametrize(
    ("settings", "old", "cases"),
    [
        ({"mrd_at_threshold": "negative"}, "POSITIVE", {"00048", "00060"}),
        ({"mrd_nd_without_lod": "assay_lod"}, "INDETERMINATE", {"00054"}),
    ],
)
def test_mrd(derived: Rederiver, settings: dict[str, str], old: str, cases: set[str]) -> None:
    """MRD of exactly 1E-4 (cases 21, 28), or not detected without limit (24): status and what rests on it."""
    adlb, lb = derived["ADLB"], derived.sdtm["LB"].frame
    flow = lb[(lb["LBTESTCD"] == "LEUKCE") & (lb["LBMETHOD"] == "FLOW CYTOMETRY")]
    exact = (flow["LBSTRESN"] == 0.01) & (flow["LBSTRESU"] == "%")
    if old == "INDETERMINATE":
        exact = (flow["LBSTRESC"] == "NOT DETECTED") & flow["LBLLOD"].isna()
    at = flow[exact].merge(adlb[adlb["PARAMCD"] == "MRDFLOW"][["USUBJID", "LBSEQ", "AVISIT", "MRDSTAT"]])
    assert cases <= numbers(at)
    assert set(at["MRDSTAT"]) == {old}
    assert set(at["VISIT"]) == {"DAY 22"}
    changes = derived.changes(**settings)
    who = numbers(at)
    adrs = derived["ADRS"]
    remission = numbers(adrs[(adrs["PARAMCD"] == "RSPD22") & (adrs["AVALC"] == "Y")])
    assert listed(changes, "MRDSTAT", "AVALC") == {
        *(f"ADLB {one} MRDFLOW DAY 22 MRDSTAT {old} > NEGATIVE" for one in who),
        # not detected without a limit has no value, and no logarithm of it
        *(f"ADLB {one} MRDLOG DAY 22 MRDSTAT {old} > NEGATIVE" for one in who if old == "POSITIVE"),
        *(f"ADRS {one} {code} DAY 22 AVALC {old} > NEGATIVE" for one in who for code in ("MRDSTAT", "MRDD22")),
        *(f"ADRS {one} {code} DAY 22 AVALC {old} > NEGATIVE" for one in who for code in ("MRDEOI", "MRDBEST")),
        *(f"ADRS {one} MRDNCR DAY 22 AVALC N > Y" for one in who & remission),
    }
    assert listed(changes, "EVNTDESC") == {f"ADTTE {one} TTMRDNEG EVNTDESC . > MRD NEGATIVITY" for one in who}
    assert {change.subject for change in changes} == who
    assert {name for name, _ in touched(changes)} == {"ADLB", "ADRS", "ADTTE"}


def test_relapse_at_a_quarter(derived: Rederiver) -> None:
    """Blasts of 7 % after remission are no relapse at 25 %; every parameter with relapse loses it (case 18)."""
    changes = derived.changes(efs_relapse_blast=">=25%")
    visit = "UNSCHEDULED 22.01"
    assert listed(changes, "AVALC", "EVNTDESC") == lines(f"""
        ADRS 00023 OVRALG {visit} AVALC RELAPSED DISEASE > NR
        ADRS 00023 OVRALGS {visit} AVALC RELAPSED DISEASE > NR
        ADRS 00023 RLPS {visit} AVALC Y > N
        ADTTE 00023 EFS EVNTDESC RELAPSE > ONGOING WITHOUT EVENT
        ADTTE 00023 EFSELN EVNTDESC RELAPSE > .
        ADTTE 00023 EFSHSCT EVNTDESC RELAPSE > .
        ADTTE 00023 RFS EVNTDESC RELAPSE > .
        ADTTE 00023 DOR EVNTDESC RELAPSE > .
        """)
    assert {change.subject for change in changes} == {"00023"}


def test_late_end_of_induction(derived: Rederiver) -> None:
    """The marrow of day 41 counts in the late window only (case 13)."""
    changes = derived.changes(eoi_window="late")
    assert listed(changes, "AVALC", "EVNTDESC", "ADT") == lines("""
        ADRS 00016 RSPEOI AVALC N > Y
        ADRS 00016 RSPEOI ADT . > 2023-10-12
        ADRS 00016 RSPEOIA AVALC N > Y
        ADRS 00016 RSPEOIA ADT . > 2023-10-12
        ADRS 00016 MRDEOI AVALC MISSING > NEGATIVE
        ADRS 00016 MRDEOI ADT . > 2023-10-12
        ADTTE 00016 EFSELN EVNTDESC NO REMISSION > .
        ADTTE 00016 EFSELN ADT 2023-09-01 > 2024-06-02
        """)
    assert {change.subject for change in changes} == {"00016"}
    assert {change.visit for change in changes if change.variable == "ANL03FL"} == {"DAY 37", ""}


@pytest.mark.parametrize("option", ["censor", "event"])
def test_transplantation(derived: Rederiver, option: str) -> None:
    """Transplantation ends EFS of every subject who had no event before; relapse after it is none (case 41)."""
    adtte, adsl = derived["ADTTE"], derived["ADSL"]
    efs = adtte[adtte["PARAMCD"] == "EFS"].merge(adsl[["USUBJID", "HSCTDT"]])
    open_ = efs[efs["HSCTDT"].notna() & ~((efs["CNSR"] == 0) & (efs["ADT"] <= efs["HSCTDT"]))]
    assert "00036" in numbers(open_)
    changes = derived.changes(efs_hsct=option)
    assert listed(changes, "ADT") == {
        f"ADTTE {row.USUBJID[-5:]} EFS ADT {row.ADT:%Y-%m-%d} > {row.HSCTDT:%Y-%m-%d}" for row in open_.itertuples()
    }
    ended = {(change.variable, change.new) for change in changes if change.variable in ("SRCVAR", "CNSR")}
    assert ended == {("SRCVAR", "HSCTDT"), ("CNSR", "4" if option == "censor" else "0")}
    assert touched(changes) == {("ADTTE", "EFS")}
    assert {change.subject for change in changes} == numbers(open_)


@pytest.mark.parametrize(("option", "variable"), [("first_dose", "TRTSDT"), ("consent", "RFICDT")])
def test_origin(derived: Rederiver, option: str, variable: str) -> None:
    """OS and EFS start at another date where it is another; without that date there is neither."""
    adtte, adsl = derived["ADTTE"], derived["ADSL"]
    mine = adtte[adtte["PARAMCD"].isin(["OS", "EFS"])].merge(adsl[["USUBJID", variable]])
    moved = mine[mine[variable].notna() & (mine[variable] != mine["STARTDT"])]
    gone = mine[mine[variable].isna()]
    changes = derived.changes(origin_os_efs=option)
    assert listed(changes, "STARTDT") == {
        f"ADTTE {row.USUBJID[-5:]} {row.PARAMCD} STARTDT {row.STARTDT:%Y-%m-%d} > {getattr(row, variable):%Y-%m-%d}"
        for row in moved.itertuples()
    }
    assert listed(changes, "record") == {
        f"ADTTE {row.USUBJID[-5:]} {row.PARAMCD} record Y > ." for row in gone.itertuples()
    }
    # censored at the start: dated there, and naming it
    at_start = moved[(moved["CNSDTDSC"] == "NO POST-BASELINE ASSESSMENT")]
    assert listed(changes, "SRCVAR") == {
        f"ADTTE {number} EFS SRCVAR ENRLDT > {variable}" for number in numbers(at_start)
    }
    # others keep their date, unless it lies before either start
    moved = moved.merge(adsl[["USUBJID", "DTHDT"]])
    early = moved[(moved["DTHDT"] < moved["STARTDT"]) | (moved["ADT"] < moved[variable])]
    assert {(one.subject, one.record) for one in changes if one.variable == "ADT"} == {
        *((number, "EFS") for number in numbers(at_start)),
        *((row.USUBJID[-5:], row.PARAMCD) for row in early.itertuples()),
    }
    assert touched(changes) == {("ADTTE", "OS"), ("ADTTE", "EFS")}


def test_late_recovery(derived: Rederiver) -> None:
    """A remission takes the best class of counts of one day within a week before the next dose (case 11)."""
    adrs, adlb, adsl = derived["ADRS"], derived["ADLB"], derived["ADSL"]
    doses = derived.sdtm["EX"].frame.query("EXDOSE > 0")
    given = pd.DataFrame({"USUBJID": doses["USUBJID"], "DOSE": pd.to_datetime(doses["EXSTDTC"].str[:10])})
    transfusions = derived.sdtm["PR"].frame.query("PRDECOD == 'PLATELET TRANSFUSION'")
    hidden = {
        (row.USUBJID, pd.Timestamp(row.PRSTDTC[:10]) + pd.Timedelta(days=day))
        for row in transfusions.itertuples()
        for day in range(7)
    }
    counts = {
        code: adlb[(adlb["PARAMCD"] == code) & (adlb["ANL01FL"] == "Y")]
        .set_index(["USUBJID", "ADT"])["AVAL"]
        .to_dict()
        for code in ("NEUT", "PLAT")
    }
    expected = set()
    marrows = adrs[(adrs["PARAMCD"] == "OVRALG") & adrs["AVALC"].isin(["CRh", "CRi", "NE"]) & (adrs["BLAST"] < 5)]
    # case 7: too few cells, no class by any counts
    marrows = marrows[~marrows["USUBJID"].str.endswith("-00009")]
    for row in marrows.merge(adsl[["USUBJID", "NACTDT"]]).itertuples():
        later = given[(given["USUBJID"] == row.USUBJID) & (given["DOSE"] >= row.ADT)]["DOSE"].min()
        ends = [one for one in (later, row.NACTDT) if not pd.isna(one)]
        found = []
        for day in (row.ADT + pd.Timedelta(days=step) for step in range(8)):
            key = (row.USUBJID, day)
            if key in hidden or not all(key in one for one in counts.values()) or any(day >= end for end in ends):
                continue
            anc, plt = counts["NEUT"][key], counts["PLAT"][key]
            rank = 0 if anc >= 1 and plt >= 100 else 1 if anc >= 0.5 and plt >= 50 else 2
            found.append((rank, day))
        was = {"CRh": 1, "CRi": 2, "NE": 9}[row.AVALC]
        if found and min(found)[0] < was:
            rank, day = min(found)
            expected.add((row.USUBJID[-5:], row.AVALC, ("CR", "CRh", "CRi")[rank], f"{day:%Y-%m-%d}"))
    changes = derived.changes(upgrade_late_recovery="on")
    mine = [one for one in changes if one.record == "OVRALG"]
    classes = {one.subject: (one.old, one.new) for one in mine if one.variable == "AVALC"}
    assert classes == {number: (old, new) for number, old, new, _ in expected}
    assert classes["00014"] == ("CRi", "CR")
    made = derived.made(upgrade_late_recovery="on")["ADRS"]
    dated = made[(made["PARAMCD"] == "OVRALG") & made["USUBJID"].str[-5:].isin(list(classes))]
    found_days = {(one.USUBJID[-5:], f"{one.ADT:%Y-%m-%d}") for one in dated.itertuples()}
    assert {(number, day) for number, _, _, day in expected} <= found_days
    case = dated[dated["USUBJID"].str.endswith("-00014") & (dated["AVISIT"] == "DAY 22")]
    assert case[["AVALC", "ADY"]].to_numpy().tolist() == [["CR", 27.0]]
    assert touched(changes, "CONCORFL") == {("ADRS", name) for name in (*CLASSES, "RSPEOIA")}
