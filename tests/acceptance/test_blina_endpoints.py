"""Endpoints of the reference study where flags, windows and sources meet: answers worked out by hand from SDTM."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from explained import origins

from spectrail.pipeline.explain import Explainer

START = pd.Timestamp("1960-01-01")


def one(built: Any, dataset: str, number: str, paramcd: str) -> pd.Series:
    """Return the only record of a parameter of a subject."""
    frame = built[dataset]
    found = frame[frame["USUBJID"].str.endswith(f"-{number}") & (frame["PARAMCD"] == paramcd)]
    assert len(found) == 1
    return found.iloc[0]


@pytest.mark.parametrize(("paramcd", "value"), [("MRDD22", "POSITIVE"), ("MRDEOI", "POSITIVE"), ("BOR", "NR")])
def test_a_later_marrow_after_new_therapy_does_not_displace_one_before(
    blina_adam: Any, paramcd: str, value: str
) -> None:
    """Of two marrows of day 22 the one before new therapy counts, though the other is better (case 17)."""
    found = one(blina_adam, "ADRS", "00022", paramcd)
    assert (found["AVALC"], found["ADY"]) == (value, 22.0)


def test_analysed_records_lie_before_new_therapy_where_there_is_one(blina_adam: Any) -> None:
    """A visit with a usable record has its analysed record among the usable ones, within the window where it can."""
    adrs = blina_adam["ADRS"]
    part = adrs[adrs["PARAMCD"].isin(["OVRINV", "OVRALG", "MRDSTAT"]) & (adrs["ADY"] > 1) & adrs["AVISIT"].notna()]
    for flags in (["ANL02FL"], ["ANL02FL", "ANL03FL"]):
        good = (part[flags] == "Y").all(axis=1)
        possible = good.groupby([part["USUBJID"], part["PARAMCD"], part["AVISIT"]]).transform("any")
        assert good[possible & (part["ANL01FL"] == "Y")].all(), flags


@pytest.mark.parametrize(("number", "day"), [("00016", 41), ("00017", 25), ("00037", 22), ("00086", 22)])
def test_a_remission_after_the_end_of_induction_is_one(blina_adam: Any, number: str, day: int) -> None:
    """The end of induction censors who has no remission; it takes none away."""
    found = one(blina_adam, "ADTTE", number, "TTR")
    assert (found["AVAL"], found["CNSR"], found["EVNTDESC"]) == (day, 0.0, "REMISSION")


@pytest.mark.parametrize("number", ["00025", "00039", "00040"])
def test_alive_and_never_assessed_is_no_failure(blina_adam: Any, number: str) -> None:
    """Failure on day 1 needs an assessment or death; alive without one is censored on day 1."""
    found = one(blina_adam, "ADTTE", number, "EFSELN")
    assert (found["AVAL"], found["CNSR"], found["CNSDTDSC"]) == (1.0, 2.0, "NO POST-BASELINE ASSESSMENT")


def test_counts_end_before_consolidation(blina_adam: Any) -> None:
    """Unrecovered with the last count on day 28, consolidation from day 30: censored on day 28 (case 52)."""
    found = one(blina_adam, "ADTTE", "00047", "ANC05")
    assert (found["AVAL"], found["CNSR"], found["CNSDTDSC"]) == (28.0, 1.0, "LAST COUNT")


def test_early_death_is_censored_by_the_day(blina_adam: Any) -> None:
    """Whoever lived beyond day 30 is described as alive then, others as last known alive."""
    adtte = blina_adam["ADTTE"]
    part = adtte[(adtte["PARAMCD"] == "TTDTH30") & (adtte["CNSR"] == 1)]
    told = part["CNSDTDSC"].where(part["AVAL"] < 30, "ALIVE AT DAY 30")
    assert part["CNSDTDSC"].tolist() == told.tolist()
    assert set(part.loc[part["AVAL"] < 30, "CNSDTDSC"]) == {"LAST KNOWN ALIVE"}


def test_sources_are_variables_of_their_records(blina_adam: Any, blina: Any) -> None:
    """SRCDOM and SRCVAR name a dataset and a variable of it, SRCSEQ a record of the subject."""
    for name in ("ADRS", "ADTTE", "ADLB"):
        part = blina_adam[name].dropna(subset=["SRCDOM"])
        for (domain, variable), rows in part.groupby(["SRCDOM", "SRCVAR"]):
            source = blina_adam[domain] if domain.startswith("AD") else blina[domain]
            assert variable in source, (name, domain, variable)
            sequence = "ASEQ" if domain.startswith("AD") else f"{domain}SEQ"
            if sequence in source:
                known = pd.MultiIndex.from_frame(source[["USUBJID", sequence]])
                asked = rows.dropna(subset=["SRCSEQ"])[["USUBJID", "SRCSEQ"]]
                assert pd.MultiIndex.from_frame(asked).isin(known).all(), (name, domain)


def test_neutrophils_that_never_fell(blina_adam: Any) -> None:
    """ADSL says of each treated subject whether there is a time of neutrophil recovery (case 49)."""
    adsl, adtte = blina_adam["ADSL"], blina_adam["ADTTE"]
    below = set(adtte.loc[adtte["PARAMCD"] == "ANC05", "USUBJID"])
    assert set(adsl.loc[adsl["ANCNADFL"] == "Y", "USUBJID"]) == below
    treated = set(adsl.loc[adsl["SAFFL"] == "Y", "USUBJID"])
    assert set(adsl.loc[adsl["ANCNADFL"] == "N", "USUBJID"]) == treated - below
    assert len(treated - below) == 1


def test_classes_of_related_serious_events(blina_adam: Any) -> None:
    """Every related serious event of the induction window has one class; bleeding and organs from grade 3 on."""
    adae = blina_adam["ADAE"]
    assert (adae["SAECAT1"].notna() == (adae["SAEINDFL"] == "Y")).all()
    infections = adae[adae["SAECAT1"] == "INFECTION"]
    assert set(infections["AEBODSYS"]) == {"Infections and infestations"}
    severe = adae[adae["SAECAT1"].isin(["SEVERE BLEEDING", "ORGAN DYSFUNCTION"])]
    assert (severe["ATOXGRN"] >= 3).all()
    rest = adae[adae["SAECAT1"] == "OTHER DRUG-RELATED"]
    assert not ((rest["AEBODSYS"] == "Infections and infestations") | rest["CQ04NAM"].notna()).any()


def test_baseline_of_subjects_never_dosed(blina_adam: Any) -> None:
    """Subjects of the full analysis set have their findings at diagnosis, dosed or not."""
    adsl = blina_adam["ADSL"]
    assert adsl.loc[adsl["FASFL"] == "Y", ["CNSBL", "ECOGBL", "BLBLAST", "WBCBL", "EMDBL"]].notna().all().all()


def test_changes_and_treatment_begin_after_baseline(blina_adam: Any) -> None:
    """No change before day 1, no baseline record on treatment, and no worst record without a grade."""
    adlb = blina_adam["ADLB"]
    assert (adlb.loc[adlb["CHG"].notna(), "ADY"] >= 1).all()
    assert adlb.loc[adlb["ABLFL"] == "Y", "ONTRTFL"].isna().all()
    worst = adlb[(adlb["WORS01FL"] == "Y") & (adlb["ATOXDSCL"].notna() | adlb["ATOXDSCH"].notna())]
    assert (worst["ATOXGRL"].notna() | worst["ATOXGRH"].notna()).all()


def test_alive_as_long_as_anything_was_done(blina_adam: Any, blina: Any) -> None:
    """Nobody was last known alive before a procedure, medication or dose dated until death and cut-off."""
    adsl = blina_adam["ADSL"].set_index("USUBJID")
    last = START + pd.to_timedelta(adsl["LSTALVDT"], unit="D")
    bound = START + pd.to_timedelta(adsl[["DTHDT", "DCUTDT"]].min(axis=1), unit="D")
    for domain, date in (("PR", "PRSTDTC"), ("CM", "CMSTDTC"), ("EX", "EXSTDTC"), ("AE", "AEENDTC")):
        rows = blina[domain][["USUBJID", date]].dropna()
        rows = rows[rows[date].str.len() >= 10]
        day = pd.to_datetime(rows[date].str[:10])
        known = rows["USUBJID"].map(last)
        counts = (day <= rows["USUBJID"].map(bound)) & known.notna()
        assert (known[counts] >= day[counts]).all(), domain


def test_a_value_is_explained_through_what_is_not_written(blina_adam: Any) -> None:
    """The proportion of an MRD result goes back to the text as sent, through what is not written."""
    explainer = Explainer(blina_adam.out, blina_adam.folder)
    where = "USUBJID == 'SPT-BLINA-01-01-00048' and PARAMCD == 'MRDFLOW' and AVISIT == 'DAY 22'"
    (found,) = explainer.explain("ADLB", where, variable="AVAL")
    assert [step.algorithm for step in found.steps] == ["predecessor", "derive_vars_mrd"]
    assert ("RESULT_TXT", "0.01%") in {value for origin in origins(found) for value in origin.values}


def test_dates_are_explained_as_days(blina_adam: Any) -> None:
    """A numeric date is shown with the day it stands for, a number without format as it is."""
    explainer = Explainer(blina_adam.out, blina_adam.folder)
    (found,) = explainer.explain("ADSL", "USUBJID == 'SPT-BLINA-01-01-00048'", variable="TRTSDT")
    assert found.value == "2022-12-16 (22995)"
    (found,) = explainer.explain("ADSL", "USUBJID == 'SPT-BLINA-01-01-00048'", variable="AGE")
    assert found.value.isdigit()


def test_death_after_the_cut_off_is_no_record(blina_adam: Any) -> None:
    """A death known after the cut-off stands in ADSL only (case 36, decision 31)."""
    adsl, adrs = blina_adam["ADSL"], blina_adam["ADRS"]
    late = set(adsl.loc[adsl["DTHDT"] > adsl["DCUTDT"], "USUBJID"])
    assert late
    assert late.isdisjoint(adrs.loc[adrs["PARAMCD"] == "DEATH", "USUBJID"])
