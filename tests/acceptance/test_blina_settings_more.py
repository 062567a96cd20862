"""Settings of counts over time, of causality and of exposure on the reference study, and what is recorded of them."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from rederive import Rederiver, lines, listed, numbers, touched

from adam.settings import SETTINGS
from define_xml.reader import read_define
from spectrail.pipeline.build import build_study

RECOVERY = {
    "ANC05": ("NEUT", 0.5),
    "ANC10": ("NEUT", 1.0),
    "PLT20": ("PLAT", 20.0),
    "PLT50": ("PLAT", 50.0),
    "PLT100": ("PLAT", 100.0),
    "DURANC": ("NEUT", 0.5),
    "DURPLT": ("PLAT", 20.0),
    "DURPLT50": ("PLAT", 50.0),
}


def days_of(derived: Rederiver, code: str) -> dict[str, list[tuple[pd.Timestamp, float]]]:
    """Return the days with a count of each treated subject until what ends them, the lowest of each day."""
    adlb, adsl = derived["ADLB"], derived["ADSL"]
    part = adlb[(adlb["PARAMCD"] == code) & (adlb["ANL01FL"] == "Y") & (adlb["ADY"] >= 1) & adlb["AVAL"].notna()]
    part = part.merge(adsl[["USUBJID", "CONSSDT", "NACTDT", "DCUTDT"]])
    end = part[["CONSSDT", "NACTDT", "DCUTDT"]].min(axis=1)
    lowest = part[part["ADT"] <= end].groupby(["USUBJID", "ADT"])["AVAL"].min()
    found: dict[str, list[tuple[pd.Timestamp, float]]] = {}
    for (subject, day), value in lowest.items():
        found.setdefault(subject[-5:], []).append((day, value))
    return found


def transfusions_of(derived: Rederiver) -> dict[str, list[pd.Timestamp]]:
    """Return the days of platelet transfusions of each subject."""
    given = derived.sdtm["PR"].frame.query("PRDECOD == 'PLATELET TRANSFUSION'")
    found: dict[str, list[pd.Timestamp]] = {}
    for row in given.itertuples():
        found.setdefault(row.USUBJID[-5:], []).append(pd.Timestamp(row.PRSTDTC[:10]))
    return found


def recovery_day(
    days: list[tuple[pd.Timestamp, float]], limit: float, count: int, gap: int, given: list[pd.Timestamp], hidden: int
) -> pd.Timestamp | None:
    """Find the first of `count` measured days in a row at the limit after one below it, day by day."""

    def good(at: int) -> bool:
        day, value = days[at]
        return value >= limit and not any(0 <= (day - one).days < hidden for one in given)

    low = next((at for at, (_, value) in enumerate(days) if value < limit), None)
    if low is None:
        return None
    for at in range(low + 1, len(days) - count + 1):
        run = range(at, at + count)
        together = all((days[one][0] - days[one - 1][0]).days <= gap for one in run if one > at)
        between = hidden and any(days[run[0]][0] < one <= days[run[-1]][0] for one in given)
        if all(map(good, run)) and together and not between:
            return days[at][0]
    return None


def recoveries(derived: Rederiver, *, count: int = 3, gap: int = 9999, hidden: int = 7) -> dict[tuple[str, str], str]:
    """Return the day of recovery by subject and parameter, without those after a competing death."""
    given, found = transfusions_of(derived), {}
    for paramcd, (code, limit) in RECOVERY.items():
        platelets = code == "PLAT"
        for subject, days in days_of(derived, code).items():
            day = recovery_day(days, limit, count, gap, given.get(subject, []) if platelets else [], hidden)
            if day is not None:
                found[subject, paramcd] = f"{day - pd.Timedelta(days=int(paramcd.startswith('DUR'))):%Y-%m-%d}"
    return found


@pytest.mark.parametrize(
    ("settings", "arguments"),
    [
        ({"recovery_n": "1"}, {"count": 1}),
        ({"recovery_n": "2"}, {"count": 2}),
        ({"sustained_gap_days": "3"}, {"gap": 3}),
        ({"sustained_gap_days": "4"}, {"gap": 4}),
        ({"sustained_gap_days": "7"}, {"gap": 7}),
        ({"plt_tx_days": "0"}, {"hidden": 0}),
        ({"plt_tx_days": "3"}, {"hidden": 3}),
    ],
    ids=str,
)
def test_recovery(derived: Rederiver, settings: dict[str, str], arguments: dict[str, int]) -> None:
    """The recoveries that another count, gap or reach of transfusions moves, found day by day (cases 46-50)."""
    adtte = derived["ADTTE"]
    mine = adtte[adtte["PARAMCD"].isin(list(RECOVERY)) & (adtte["CNSR"] == 0)]
    base = {(row.USUBJID[-5:], row.PARAMCD): f"{row.ADT:%Y-%m-%d}" for row in mine.itertuples()}
    assert base == recoveries(derived)
    other = recoveries(derived, **arguments)
    changes = derived.changes(**settings)
    moved = {key for key in base.keys() | other.keys() if base.get(key) != other.get(key)}
    tte = [one for one in changes if one.dataset == "ADTTE"]
    assert {(one.subject, one.record) for one in tte} == moved
    dated = {(row.USUBJID[-5:], row.PARAMCD): f"{row.ADT:%Y-%m-%d}" for row in adtte.itertuples()}
    dated |= {(one.subject, one.record): one.new for one in tte if one.variable == "ADT"}
    assert {key: dated[key] for key in moved & other.keys()} == {key: other[key] for key in moved & other.keys()}
    events = {(one.subject, one.record, one.new == "0") for one in tte if one.variable == "CNSR"}
    assert events == {
        *((*key, False) for key in base.keys() - other.keys()),
        *((*key, True) for key in other.keys() - base.keys()),
    }
    assert ("plt_tx_days" in settings) == ("ADRS" in {one.dataset for one in changes})


@pytest.mark.parametrize("days", ["0", "3"])
def test_platelets_after_transfusions(derived: Rederiver, days: str) -> None:
    """Platelets four days after a transfusion make CR of a marrow without usable counts (case 9)."""
    assert listed({one for one in derived.changes(plt_tx_days=days) if one.dataset == "ADRS"}) == lines("""
        ADRS 00012 OVRALG DAY 22 AVALC NE > CR
        ADRS 00012 OVRALG DAY 22 AVAL 10 > 1
        ADRS 00012 OVRALG DAY 22 PLT . > 150
        ADRS 00012 OVRALG DAY 22 CONCORFL Y > N
        ADRS 00012 OVRALGS DAY 22 AVALC NE > CR
        ADRS 00012 OVRALGS DAY 22 AVAL 10 > 1
        ADRS 00012 OVRALGS DAY 22 PLT . > 150
        ADRS 00012 OVRINV DAY 22 CONCORFL Y > N
        ADRS 00012 RSPEOIA DAY 22 AVALC N > Y
        ADRS 00012 RSPEOIA DAY 22 AVAL 0 > 1
        ADRS 00012 RSPEOIA DAY 22 ADT . > 2023-07-04
        ADRS 00012 RSPEOIA DAY 22 ADY . > 22
        ADRS 00012 RSPEOIA DAY 22 SRCDOM . > LB
        ADRS 00012 RSPEOIA DAY 22 SRCVAR . > LBSTRESC
        ADRS 00012 RSPEOIA DAY 22 SRCSEQ . > 51
        """)


def test_gap_of_four_days(derived: Rederiver) -> None:
    """Days 14, 18 and 22 are a recovery where four days may lie between, not where three may (case 50)."""
    assert ("00045", "ANC05") in {(one.subject, one.record) for one in derived.changes(sustained_gap_days="3")}
    assert "00045" not in {one.subject for one in derived.changes(sustained_gap_days="4")}


def test_source_of_neutrophils(derived: Rederiver) -> None:
    """Where a sample has a reported and a computed count, the flag moves to the other (case 54 has only one)."""
    adlb = derived["ADLB"]
    neut = adlb[adlb["PARAMCD"] == "NEUT"]
    days = neut.groupby(["USUBJID", "ADT"])["DTYPE"].agg([lambda one: one.eq("COMPUTED").any(), "size"])
    both = days[days.iloc[:, 0].astype(bool) & (days["size"] > 1)].index
    changes = derived.changes(anc_source="computed")
    flags = [one for one in changes if one.variable == "ANL01FL"]
    assert {one.dataset for one in flags} == {"ADLB"}
    assert len([one for one in flags if one.new == "Y"]) == len([one for one in flags if one.old == "Y"]) == len(both)
    assert {one.subject for one in flags} == {subject[-5:] for subject, _ in both}
    assert "00069" not in {one.subject for one in changes}
    computed = neut[neut["DTYPE"].eq("COMPUTED")]
    at = computed.merge(neut[neut["ABLFL"].eq("Y")][["USUBJID", "ADTM"]])
    assert {one.subject for one in changes if one.variable in ("ABLFL", "BASE")} <= numbers(at)
    assert {(one.subject, one.new) for one in changes if one.variable == "ABLFL" and one.new} == {
        (number, "Y") for number in numbers(at)
    }
    assert touched(changes) == {
        ("ADLB", "NEUT"),
        *(("ADRS", code) for code in ("OVRALG", "OVRALGS")),
        *(("ADTTE", code) for code in ("ANC05", "ANC10", "DURANC")),
    }
    assert {one.variable for one in changes if one.dataset != "ADLB"} == {"ANC", "SRCSEQ"}
    values = {(row.USUBJID[-5:], f"{row.AVAL:g}") for row in computed.itertuples()}
    assert {(one.subject, one.new) for one in changes if one.variable == "ANC"} <= values


def test_unlikely_causality(derived: Rederiver) -> None:
    """Events that are unlikely related to an agent count as related to it, and to no other."""
    adae = derived["ADAE"]
    names = {"ARELBLN": "AERELBLN", "ARELCHM": "AERELCHM"}
    unlikely = {name: adae[adae[source] == "UNLIKELY RELATED"] for name, source in names.items()}
    expected = {
        f"ADAE {row.USUBJID[-5:]} {row.AESEQ:g} {name} N > Y" for name in names for row in unlikely[name].itertuples()
    }
    assert len(expected) == 20
    # each of them is related to the other agent, so that the flag of any agent stands already
    assert {flag for part in unlikely.values() for flag in part["ARELFL"]} == {"Y"}
    assert listed(derived.changes(rel_unlikely_is_related="yes")) == expected


def without_causality(derived: Rederiver, events: set[tuple[str, int]]) -> Rederiver:
    """Return the study with the causality of some events not given."""
    supp = derived.sdtm["SUPPAE"]
    mine = [(row.USUBJID[-5:], int(row.IDVARVAL)) in events for row in supp.frame.itertuples()]
    kept = supp.frame[~(pd.Series(mine, index=supp.frame.index) & supp.frame["QNAM"].str.startswith("AEREL"))]
    return Rederiver(derived.study, {**derived.sdtm, "SUPPAE": supp.replace(frame=kept)}, derived.folder)


def test_missing_causality(derived: Rederiver) -> None:
    """Of events without causality the treatment-emergent ones lose the imputed relation; the study has none."""
    adae = derived["ADAE"]
    assert not (adae["AERELBLN"].isna() & adae["AERELCHM"].isna()).any()
    assert derived.changes(missing_rel="not_related") == set()
    # two events under treatment, one serious in the induction window, and one before treatment (case 64)
    serious = adae[adae["SAEINDFL"].eq("Y")].iloc[0]
    plain = adae[adae["TRTEMFL"].eq("Y") & (adae["AESER"] != "Y")].iloc[0]
    early = adae[adae["USUBJID"].str.endswith("-00091") & (adae["TRTEMFL"] != "Y")].iloc[0]
    events = {(row["USUBJID"][-5:], int(row["AESEQ"])) for row in (serious, plain, early)}
    first, second = (f"ADAE {row['USUBJID'][-5:]} {row['AESEQ']:g}" for row in (serious, plain))
    assert listed(without_causality(derived, events).changes(missing_rel="not_related")) == {
        *(f"{one} {name}" for one in (first, second) for name in ("ARELFL Y > N", "ARELIMFL Y > .")),
        f"{first} SAEINDFL Y > .",
        f"{first} SAECAT1 INFECTION > .",
    }


def test_stop_of_blinatumomab(derived: Rederiver) -> None:
    """A stop of blinatumomab alone is an event where it counts; the study has none (case 42 stopped everything)."""
    disposition = derived.sdtm["DS"]
    assert "BLINATUMOMAB" not in set(disposition.frame["DSSCAT"].dropna())
    assert derived.changes(efs_intolerance="blinatumomab") == set()
    mine = disposition.frame[disposition.frame["DSSCAT"].eq("INDUCTION")].iloc[[0]]
    number = mine["USUBJID"].iloc[0][-5:]
    stop = mine.assign(DSSCAT="BLINATUMOMAB", DSDECOD="ADVERSE EVENT", DSSEQ=99.0)
    frame = pd.concat([disposition.frame, stop], ignore_index=True)
    other = Rederiver(derived.study, {**derived.sdtm, "DS": disposition.replace(frame=frame)}, derived.folder)
    assert other.changes() == set()
    changes = other.changes(efs_intolerance="blinatumomab")
    assert touched(changes) == {("ADTTE", "EFS")}
    assert {one.subject for one in changes} == {number}
    assert {(one.variable, one.new) for one in changes if one.variable in ("EVNTDESC", "ADT", "SRCDOM")} == {
        ("EVNTDESC", "INTOLERABLE TOXICITY"),
        ("ADT", stop["DSSTDTC"].iloc[0]),
        ("SRCDOM", "DS"),
    }


@pytest.mark.parametrize(
    ("hours", "number", "old", "new", "length"),
    [("2", "00084", "0", "1", "3"), ("6", "00085", "1", "0", "5")],
)
def test_length_of_an_interruption(
    derived: Rederiver, hours: str, number: str, old: str, new: str, length: str
) -> None:
    """A pause of 3 hours counts from 2 hours on, one of 5 hours no more from 6 on (case 71)."""
    times = (length, "0") if old == "1" else ("0", length)
    changes = derived.changes(interruption_min_hours=hours)
    assert listed(changes) == {
        f"ADEX {number} BLINATUMOMAB INDUCTION INTBLNI AVAL {old} > {new}",
        f"ADEX {number} BLINATUMOMAB INDUCTION INHBLNI AVAL {' > '.join(times)}",
    }


OTHERS = {
    "cri_rule": ("one_lineage", "ADRS", "AVALC", "CRi by the rule one_lineage"),
    "blast_cut": ("<=5", "ADRS", "AVALC", "(<=5% in remission"),
    "count_anc_cr": (">", "ADRS", "AVALC", "CR > 1.0"),
    "count_plt_cr": (">", "ADRS", "AVALC", "CR > 100"),
    "count_anc_crh": (">", "ADRS", "AVALC", "CRh > 0.5"),
    "count_plt_crh": (">", "ADRS", "AVALC", "CRh > 50"),
    "efs_relapse_blast": (">=25%", "ADRS", "AVALC", ">=25% in relapse"),
    "upgrade_late_recovery": ("on", "ADRS", "AVALC", "counts recovered within 7 days upgrading a response"),
    "mrd_at_threshold": ("negative", "ADLB", "MRDSTAT", "a value at the threshold is negative"),
    "mrd_nd_without_lod": ("assay_lod", "ADLB", "MRDSTAT", "not detected without a limit of detection: assay_lod"),
    "plt_tx_days": ("3", "ADTTE", "AVAL", "none of them within 3 days of a transfusion"),
    "recovery_n": ("2", "ADTTE", "AVAL", "first of 2 consecutive measured days"),
    "sustained_gap_days": ("7", "ADTTE", "AVAL", "each at most 7 days after the one before"),
    "efs_failure_date": ("day_1", "ADTTE", "AVAL", 'the start date where NACTRES = "LACK OF EFFICACY"'),
    "efs_hsct": ("censor", "ADTTE", "AVAL", "ADSL.HSCTDT (TRANSPLANTATION)"),
    "efs_intolerance": ("blinatumomab", "ADTTE", "AVAL", 'DSSCAT = "BLINATUMOMAB"'),
    "origin_os_efs": ("consent", "ADTTE", "AVAL", "ADSL.RFICDT"),
    "eoi_window": ("late", "ADRS", "ANL03FL", 'AVISIT = "DAY 22" or AVISIT = "DAY 37".'),
    "te_window": ("consolidation", "ADAE", "TRTEMFL", "ASTDT < CONSSDT"),
    "te_worsening": ("on", "ADAE", "TRTEMFL", "(AETOXGR as a number) > (FIRSTGR as a number)"),
    "missing_rel": ("not_related", "ADAE", "ARELIMFL", '"Y" if 1 = 2'),
    "rel_unlikely_is_related": ("yes", "ADAE", "ARELBLN", '"UNLIKELY RELATED"'),
    "interruption_min_hours": ("6", "ADEX", "AVAL", "interruptions from 6 hours on"),
    "anc_source": ("computed", "ADLB", "ANL01FL", 'PARAMCD = "NEUT" and DTYPE is missing'),
}
"""By setting another option, a variable that it changes, and what its method says then."""


@pytest.fixture(scope="module")
def others(blina: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the analysis part with all these settings changed; return the folder of the output."""
    folder = tmp_path_factory.mktemp("others")
    shutil.copytree(blina.folder, folder / "study")
    shutil.copytree(blina.out, folder / "out")
    path = folder / "study" / "study.yaml"
    text = path.read_text("utf-8")
    for name, (option, *_) in OTHERS.items():
        text, count = re.subn(rf'(?m)^  {name}: ".*"$', f'  {name}: "{option}"', text)
        assert count == 1, name
    path.write_text(text, encoding="utf-8")
    build_study(folder / "study", folder / "out", only=("adam", "define"))
    return folder / "out"


def methods(out: Path) -> dict[tuple[str, str], str]:
    """Return the method texts of define.xml by dataset and variable, those of value levels with them."""
    study = read_define(next(out.glob("m5/datasets/*/analysis/adam/datasets/define.xml"))).study
    texts = {one.id: one.description for one in study.methods}
    found: dict[tuple[str, str], str] = {}
    for one in study.datasets:
        items = [(item.name, item.method) for item in one.variables]
        items += [(item.variable, item.method) for item in one.value_levels]
        for name, method in items:
            found[one.name, name] = found.get((one.name, name), "") + texts.get(method, "") + "\n"
    return found


def test_settings_are_recorded(others: Path, blina_adam: Any) -> None:
    """A changed setting stands in run.json, and what it chose in the method of a variable that it changes."""
    assert set(OTHERS) == set(SETTINGS) - {"ctcae", "mrd_domain"}
    record = json.loads((others / "run.json").read_text("utf-8"))["settings"]
    assert {name: record[name] for name in OTHERS} == {name: option for name, (option, *_) in OTHERS.items()}
    changed, default = methods(others), methods(blina_adam.out)
    for name, (_, dataset, variable, said) in OTHERS.items():
        # OVRALGS says its own CRi rule whatever the setting is
        assert changed[dataset, variable].count(said) > default[dataset, variable].count(said), name
    assert [name for name in SETTINGS if any(f"${name}" in text for text in changed.values())] == []


def test_a_setting_unchanged_changes_nothing(derived: Rederiver) -> None:
    """Datasets derived again beside those that are given are what they were; the settings given are the defaults."""
    assert derived.affected({}) == set()
    given = {name: derived.base[name] for name in ("ADSL", "ADLB", "ADRS")}
    for one in derived.engine({}, given).datasets():
        pd.testing.assert_frame_equal(one.frame, derived[one.name])
    settings = derived.study.settings
    assert {name: settings[name] for name in SETTINGS} == {name: one.default for name, one in SETTINGS.items()}
