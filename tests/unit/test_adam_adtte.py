"""ADTTE from its specification: all parameters of survival, response and recovery over literal datasets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from adam_helpers import frame

from adam.engine import Engine
from specs import models
from specs.complete import complete
from specs.lint import lint
from specs.yaml_files import read_study
from spectrail.dataset import Dataset
from spectrail.layout import Column, Layout
from spectrail.pipeline.catalog import catalogs

STUDY = Path(__file__).resolve().parents[1] / "data" / "time_to_event"
DATES = ("ENRLDT", "TRTSDT", "RFICDT", "DTHDT", "LSTALVDT", "NACTDT", "HSCTDT", "CONSSDT", "EOIDT", "DCUTDT", "ADT")
ADSL = """
STUDYID | USUBJID | TRT01P | FASFL | SAFFL | RFICDT | ENRLDT | TRTSDT | DTHDT | DTHDTF | DTHCGR1 | LSTALVDT | NACTDT | NACTRES | HSCTDT | CONSSDT | EOIDT | DCUTDT | DCSREAS
S | A | X | Y | Y | 2022-12-28 | 2023-01-01 | 2023-01-03 | | | | 2024-01-10 | | | 2023-04-20 | 2023-02-01 | 2023-01-24 | 2024-06-30 |
S | B | X | Y | Y | 2022-12-28 | 2023-01-01 | 2023-01-03 | 2023-01-20 | D | INFECTION | 2023-01-19 | | | | | | 2024-06-30 | DEATH
S | C | X | Y | N | 2022-12-28 | 2023-01-01 | | | | | 2023-01-09 | | | | | | 2024-06-30 |
S | D | X | Y | Y | 2022-12-28 | 2023-01-01 | 2023-01-03 | | | | 2023-03-29 | 2023-02-07 | LACK OF EFFICACY | | | 2023-01-30 | 2024-06-30 | LOST TO FOLLOW-UP
S | E | X | N | N | 2022-12-28 | | | | | | | | | | | | 2024-06-30 |
"""  # noqa: E501
ADRS = """
STUDYID | USUBJID | PARAMCD | AVALC | ADT | ASEQ
S | A | RSP | Y | 2023-01-24 | 1
S | A | RLPS | Y | 2023-10-27 | 2
S | A | LSTA | | 2023-10-27 | 3
S | A | RSPEOI | Y | 2023-01-24 | 4
S | A | MRDSTAT | POSITIVE | 2023-01-24 | 5
S | A | MRDSTAT | NEGATIVE | 2023-01-31 | 6
S | B | RSPEOI | N | | 1
S | B | RSP | N | | 2
S | D | LSTA | | 2023-01-24 | 1
S | D | RSPEOI | N | 2023-01-24 | 2
S | D | MRDSTAT | POSITIVE | 2023-01-24 | 3
"""
ADLB = """
STUDYID | USUBJID | PARAMCD | AVAL | ADT | ANL01FL | ASEQ
S | A | NEUT | 0.3 | 2023-01-10 | Y | 1
S | A | NEUT | 0.6 | 2023-01-20 | Y | 2
S | A | NEUT | 0.7 | 2023-01-21 | Y | 3
S | A | NEUT | 0.8 | 2023-01-22 | Y | 4
S | A | PLAT | 15 | 2023-01-10 | Y | 5
S | A | PLAT | 40 | 2023-01-14 | Y | 6
S | A | PLAT | 45 | 2023-01-15 | Y | 7
S | A | PLAT | 60 | 2023-01-20 | Y | 8
S | A | PLAT | 70 | 2023-01-21 | Y | 9
S | A | PLAT | 90 | 2023-01-22 | Y | 10
S | B | NEUT | 0.2 | 2023-01-10 | Y | 1
S | D | NEUT | 2.0 | 2023-01-10 | Y | 1
"""
DS = "STUDYID | USUBJID | DSSEQ | DSSCAT | DSDECOD | DSSTDTC\nS | A | 1 | BLINATUMOMAB | ADVERSE EVENT | 2023-01-25"
PR = "STUDYID | USUBJID | PRSEQ | PRDECOD | PRSTDTC\nS | A | 1 | PLATELET TRANSFUSION | 2023-01-10T09:00"


def wrapped(name: str, table: pd.DataFrame) -> Dataset:
    """Make a finished dataset of a literal table."""
    return Dataset(Layout(name, "", tuple(Column(str(one), "", "text") for one in table.columns)), table)


def tables() -> dict[str, Dataset]:
    """Return the datasets that ADTTE reads."""
    numbers = ("AVAL", "ASEQ", "DSSEQ", "PRSEQ")
    texts = {"ADSL": ADSL, "ADRS": ADRS, "ADLB": ADLB, "DS": DS, "PR": PR}
    return {name: wrapped(name, frame(text, dates=DATES, numbers=numbers)) for name, text in texts.items()}


def study(**settings: str) -> models.Study:
    """Return the specification with some settings."""
    read = read_study(STUDY).study
    return complete(read.model_copy(update={"settings": {**read.settings, **settings}}))


def built(**settings: str) -> tuple[Engine, Dataset]:
    """Build ADTTE."""
    engine = Engine(study(**settings), tables())
    (made,) = engine.datasets()
    return engine, engine.settle(made)


def outcomes(made: Dataset, *codes: str) -> dict[str, list[Any]]:
    """Return subject, AVAL and CNSR of the records of parameters."""
    table = made.frame[made.frame["PARAMCD"].isin(codes)]
    found: dict[str, list[Any]] = {}
    for row in table.itertuples():
        text = row.CNSDTDSC if pd.isna(row.EVNTDESC) or row.CNSR == 1 else row.EVNTDESC
        found.setdefault(row.PARAMCD, []).append((row.USUBJID, row.AVAL, row.CNSR, text))
    return found


@pytest.fixture(scope="module")
def made() -> Dataset:
    """Build ADTTE once with the default settings."""
    return built()[1]


def test_survival_parameters(made: Dataset) -> None:
    """OS, EFS and its sensitivity forms of a relapse after transplantation, a death, no treatment and a salvage."""
    assert outcomes(made, "OS", "EFS", "EFSELN", "EFSHSCT") == {
        "OS": [
            ("A", 375, 1, "LAST KNOWN ALIVE"),
            ("B", 20, 0, "DEATH"),
            ("C", 9, 1, "LAST KNOWN ALIVE"),
            ("D", 88, 1, "LAST KNOWN ALIVE"),
        ],
        "EFS": [
            ("A", 300, 0, "RELAPSE"),
            ("B", 20, 0, "DEATH"),
            ("C", 1, 2, "ONGOING WITHOUT EVENT"),
            ("D", 38, 0, "CHANGE IN TREATMENT REGIMEN"),
        ],
        "EFSELN": [
            ("A", 300, 0, "RELAPSE"),
            ("B", 1, 0, "NO REMISSION"),
            ("C", 1, 2, "NO POST-BASELINE ASSESSMENT"),
            ("D", 1, 0, "NO REMISSION"),
        ],
        "EFSHSCT": [
            ("A", 110, 4, "TRANSPLANTATION"),
            ("B", 20, 0, "DEATH"),
            ("C", 1, 2, "NO POST-BASELINE ASSESSMENT"),
            ("D", 38, 0, "CHANGE IN TREATMENT REGIMEN"),
        ],
    }


def test_response_parameters(made: Dataset) -> None:
    """Remission and MRD negativity run from the first dose, their duration from the remission of responders."""
    assert outcomes(made, "RFS", "DOR", "TTR", "TTMRDNEG") == {
        "RFS": [("A", 277, 0, "RELAPSE")],
        "DOR": [("A", 277, 0, "RELAPSE")],
        "TTR": [
            ("A", 22, 0, "REMISSION"),
            ("B", 18, 2, "DEATH BEFORE REMISSION"),
            ("D", 28, 1, "END OF INDUCTION"),
        ],
        "TTMRDNEG": [
            ("A", 29, 0, "MRD NEGATIVITY"),
            ("B", 18, 2, "DEATH BEFORE MRD NEGATIVITY"),
            ("D", 36, 1, "NEW THERAPY"),
        ],
    }


def test_early_death_parameters(made: Dataset) -> None:
    """Early death runs to day 30 and 60; only treated subjects have a record."""
    assert outcomes(made, "TTDTH30", "TTDTH60") == {
        "TTDTH30": [("A", 30, 1, "ALIVE AT DAY 30"), ("B", 18, 0, "DEATH"), ("D", 30, 1, "ALIVE AT DAY 30")],
        "TTDTH60": [("A", 60, 1, "ALIVE AT DAY 60"), ("B", 18, 0, "DEATH"), ("D", 60, 1, "ALIVE AT DAY 60")],
    }


def test_recovery_parameters(made: Dataset) -> None:
    """Recovery passes over platelets of the week of the transfusion; death before recovery competes."""
    assert outcomes(made, "ANC05", "ANC10", "PLT20", "PLT50", "PLT100", "DURANC", "DURPLT", "DURPLT50") == {
        "ANC05": [("A", 18, 0, "NEUT 0.5 OR MORE"), ("B", 18, 2, "DEATH BEFORE RECOVERY")],
        "ANC10": [("A", 20, 1, "LAST COUNT"), ("B", 18, 2, "DEATH BEFORE RECOVERY")],
        "PLT20": [("A", 18, 0, "PLAT 20 OR MORE")],
        "PLT50": [("A", 18, 0, "PLAT 50 OR MORE")],
        "PLT100": [("A", 20, 1, "LAST COUNT")],
        "DURANC": [("A", 10, 0, "NEUT 0.5 OR MORE"), ("B", 11, 2, "DEATH BEFORE RECOVERY")],
        "DURPLT": [("A", 10, 0, "PLAT 20 OR MORE")],
        "DURPLT50": [("A", 10, 0, "PLAT 50 OR MORE")],
    }


@pytest.mark.parametrize(
    ("settings", "changed"),
    [
        ({"efs_hsct": "censor"}, {("EFS", "A", 110, 4)}),
        ({"efs_hsct": "event"}, {("EFS", "A", 110, 0)}),
        ({"efs_failure_date": "end_of_induction"}, {("EFS", "D", 30, 0)}),
        ({"efs_failure_date": "day_1"}, {("EFS", "D", 1, 0)}),
        ({"efs_intolerance": "blinatumomab"}, {("EFS", "A", 25, 0)}),
        ({"plt_tx_days": "3"}, {("PLT20", "A", 12, 0), ("DURPLT", "A", 4, 0)}),
        ({"recovery_n": "2"}, set()),
    ],
)
def test_a_setting_changes_only_what_it_names(
    made: Dataset, settings: dict[str, str], changed: set[tuple[Any, ...]]
) -> None:
    """Records that differ from those of the default settings, with AVAL and CNSR."""
    other = built(**settings)[1].frame
    columns = ["PARAMCD", "USUBJID", "AVAL", "CNSR"]
    before = set(made.frame[columns].itertuples(index=False, name=None))
    assert set(other[columns].itertuples(index=False, name=None)) - before == changed


def test_origin_moves_survival_only(made: Dataset) -> None:
    """`origin_os_efs` first dose starts OS and EFS there: two days less, and no record without dose."""
    other = built(origin_os_efs="first_dose")[1]
    assert [one[:2] for one in outcomes(other, "OS")["OS"]] == [("A", 373), ("B", 18), ("D", 86)]
    rest = ["EFSELN", "TTR", "ANC05", "TTDTH30"]
    assert outcomes(other, *rest) == outcomes(made, *rest)


def test_records_go_back_to_their_sources(made: Dataset) -> None:
    """Sources are named in the record and in the lineage, for the record and for its date."""
    table = made.frame.reset_index(drop=True)
    number = table.index[(table["PARAMCD"] == "EFS") & (table["USUBJID"] == "A")][0]
    assert table.loc[number, ["SRCDOM", "SRCVAR", "SRCSEQ"]].tolist() == ["ADRS", "ADT", 2]
    assert list(made.lineage.records.of(int(number))) == [("ADSL", 0), ("ADRS", 1)]
    given = [
        (one.source, one.column, int(one.row[number]))
        for one in made.lineage.providers["ADT"]
        if one.row[number] >= 0
    ]
    assert given == [("ADRS", "ADT", 1)]
    number = table.index[(table["PARAMCD"] == "ANC05") & (table["USUBJID"] == "A")][0]
    assert list(made.lineage.records.of(int(number))) == [("ADLB", 0), ("ADLB", 1), ("ADLB", 2), ("ADLB", 3)]
    assert table.loc[number, ["SRCDOM", "SRCVAR", "SRCSEQ"]].tolist() == ["ADLB", "ADT", 2]
    (start,) = made.lineage.providers["STARTDT"]
    assert (start.source, start.column, int(start.row[number])) == ("ADSL", "TRTSDT", 0)


def test_candidates_are_kept_for_every_record(made: Dataset) -> None:
    """Each record has one winner among its candidates, which name parameter, dataset and row."""
    engine, _ = built()
    notes = engine.notes()["ADTTE"]
    won = notes[notes["WINNER"]]
    wanted = made.frame[["PARAMCD", "USUBJID"]].sort_values(["PARAMCD", "USUBJID"])
    assert won[["PARAMCD", "USUBJID"]].sort_values(["PARAMCD", "USUBJID"]).values.tolist() == wanted.values.tolist()
    mine = notes[(notes["PARAMCD"] == "EFS") & (notes["USUBJID"] == "A")]
    assert mine[["DESCRIPTION", "DATASET", "ROW", "REASON"]].fillna("").values.tolist() == [
        ["RELAPSE", "ADRS", 1, ""],
        ["LAST DISEASE ASSESSMENT", "ADRS", 2, "an event comes first"],
        ["NO POST-BASELINE ASSESSMENT", "ADSL", 0, "an event comes first"],
    ]


def test_specification_is_understood() -> None:
    """The linter knows every rule and argument; nothing is left but what the missing datasets explain."""
    faults = lint(study(), catalogs(study()).all).frame
    rules = set(faults.loc[faults["severity"] == "error", "rule"])
    assert {"SPEC-141", "SPEC-142", "SPEC-143", "SPEC-145", "SPEC-146"} & rules == set()


def test_method_text_names_every_source_with_the_settings(made: Dataset) -> None:
    """The text for define.xml says source by source what counts, with the options chosen."""

    def text_of(variable: str, code: str) -> str:
        (text,) = {one.method for one in made.lineage.of_variable(variable) if f"'{code}'" in one.when}
        return text

    assert text_of("STARTDT", "EFSHSCT") == "ADSL.ENRLDT"
    assert text_of("AVAL", "EFSHSCT") == "ADT minus STARTDT plus 1, in DAYS"
    hsct = text_of("ADT", "EFSHSCT")
    assert hsct.startswith("earliest date of an event: ADSL.DTHDT (DEATH); ADRS.ADT where PARAMCD in (")
    assert "Follow-up ends with the first of: ADSL.HSCTDT (TRANSPLANTATION)" in hsct
    assert "4 for TRANSPLANTATION" in text_of("CNSR", "EFSHSCT")
    # a source whose setting has another option does not count, so it is not told
    assert "TRANSPLANTATION" not in text_of("ADT", "EFS")
    assert "Follow-up ends" not in text_of("ADT", "OS")


def test_steps_of_a_variable_are_told_by_parameter(made: Dataset) -> None:
    """Every variable of a record has the steps of its own parameter only, so that it can be explained."""
    for name in ("STARTDT", "ADT", "AVAL", "CNSR", "EVNTDESC", "SRCDOM", "CIFEVT"):
        found = [one.when for one in made.lineage.of_variable(name)]
        assert len(set(found)) == len(found), name
        assert "PARAMCD == 'DOR'" in found
    (start,) = [one for one in made.lineage.of_variable("STARTDT") if one.when == "PARAMCD == 'ANC05'"]
    assert start.sources == ("ADSL.TRTSDT",)
