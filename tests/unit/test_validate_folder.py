"""Validating folders: rejection criteria, submission folder, standard and keys, rules with their status."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from spectrail.dataset import Dataset
from spectrail.errors import InputError, UsageError
from spectrail.io.tables import write_dataset
from spectrail.layout import Column, Layout
from validation.claimed import PUBLISHED
from validation.core.rule_files import load_rules
from validation.rules import RULES_FOLDER
from validation.validate import validate_folder

CREATED = datetime(2025, 1, 31, 12)
RULE = """
Core: {Id: TEST-1, Status: Draft}
Authorities:
  - Organization: Test
    Standards:
      - {Name: SDTMIG, Version: "3.4", References: [{Rule Identifier: {Id: T1, Version: "1"}}]}
Scope:
  Classes: {Include: [EVENTS]}
  Domains: {Include: [AE]}
Rule Type: Record Data
Sensitivity: Record
Check: {all: [{name: AESER, operator: equal_to, value: "Y", value_is_literal: true}]}
Outcome: {Message: serious, Output Variables: [AESER]}
"""
BROKEN = """
Core: {Id: TEST-2}
Scope: {Domains: {Include: [AE]}}
Rule Type: Record Data
Sensitivity: Record
Check: {all: [{name: AESER, operator: is_like_a_moose}]}
Outcome: {Message: moose}
"""


@pytest.fixture(autouse=True)
def only_given_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the packaged rules out: what they find is not the subject here."""
    monkeypatch.setattr("validation.validate.packaged_rules", tuple)


def dataset(name: str, columns: dict[str, list[object]]) -> Dataset:
    """Return a dataset of text columns, numbers where the first value is one."""
    frame = pd.DataFrame(
        {
            key: pd.Series(values, dtype="float64" if isinstance(values[0], float) else "str")
            for key, values in columns.items()
        }
    )
    kinds = {key: "float" if isinstance(values[0], float) else "text" for key, values in columns.items()}
    made = tuple(Column(key, f"Label of {key}", kinds[key], None if kinds[key] == "float" else 40) for key in columns)  # type: ignore[arg-type]
    return Dataset(Layout(name, f"{name} dataset", made), frame)


def tabulation(folder: Path, suffix: str = ".xpt", **replaced: dict[str, list[object]] | None) -> Path:
    """Write DM, TS and AE; `replaced` gives other columns of a dataset, None leaves it out."""
    contents: dict[str, dict[str, list[object]] | None] = {
        "dm": {"STUDYID": ["S1", "S1"], "DOMAIN": ["DM", "DM"], "USUBJID": ["1", "2"]},
        "ts": {"STUDYID": ["S1"], "DOMAIN": ["TS"], "TSPARMCD": ["SSTDTC"], "TSVAL": ["2020-02-29"]},
        "ae": {
            "STUDYID": ["S1", "S1"],
            "DOMAIN": ["AE", "AE"],
            "USUBJID": ["1", "2"],
            "AESEQ": [1.0, 1.0],
            "AETERM": ["Fever", "Rash"],
            "AEDECOD": ["Pyrexia", "Rash"],
            "AESTDTC": ["2020-03-01", "2020-03-02"],
            "AESER": ["N", "Y"],
        },
    }
    folder.mkdir(exist_ok=True)
    for name, columns in (contents | replaced).items():
        if columns is not None:
            write_dataset(dataset(name.upper(), columns), folder / f"{name}{suffix}", created=CREATED)
    return folder


def rules(folder: Path, *texts: str) -> Path:
    """Write rule files."""
    for number, text in enumerate(texts):
        (folder / f"R{number}").mkdir(parents=True)
        (folder / f"R{number}" / "rule.yml").write_text(text)
    return folder


def found(path: Path, **options: object) -> list[tuple[str, str, str]]:
    """Return rule, dataset and value of the findings of the folder's own checks."""
    frame = validate_folder(path, **options).findings.frame  # type: ignore[arg-type]
    own = frame[frame["rule"].astype("str").str.startswith(("TRC", "SUB", "IO"))]
    return list(own[["rule", "dataset", "value"]].astype("str").itertuples(index=False, name=None))


@pytest.mark.parametrize("suffix", [".xpt", ".json", ".parquet"])
def test_complete_folder_lacks_only_its_define_xml(tmp_path: Path, suffix: str):
    """DM and TS by exact name, start on a leap day, one STUDYID: only define.xml is missing, in each format."""
    assert found(tabulation(tmp_path / "sdtm", suffix)) == [("TRC-DEFINE", "", "define.xml")]


@pytest.mark.parametrize(
    ("value", "expected"),
    [("2020-02-30", True), ("2020-02", True), ("", True), ("2020-02-28T10:30", False), ("29FEB2020", True)],
)
def test_study_start_date_has_to_be_a_complete_iso_date(tmp_path: Path, value: str, expected: bool):
    """FDA 1734: a partial, impossible or missing date is rejected, a date with time is one."""
    ts: dict[str, list[object]] = {"STUDYID": ["S1"], "TSPARMCD": ["SSTDTC"], "TSVAL": [value]}
    folder = tabulation(tmp_path / "sdtm", ts=ts)
    assert (("TRC-TS", "TS", value) in found(folder)) is expected


def test_null_flavour_stands_for_the_study_start_date(tmp_path: Path):
    """A start date that is not known is given by TSVALNF."""
    ts: dict[str, list[object]] = {"STUDYID": ["S1"], "TSPARMCD": ["SSTDTC"], "TSVAL": [""], "TSVALNF": ["UNK"]}
    assert "TRC-TS" not in [rule for rule, _, _ in found(tabulation(tmp_path / "sdtm", ts=ts))]


def test_missing_and_misnamed_datasets_are_rejected(tmp_path: Path):
    """FDA 1736 wants dm.xpt by exact name; without TS there is no start date; names have to be lower case."""
    folder = tabulation(tmp_path / "sdtm", ts=None)
    (folder / "dm.xpt").rename(folder / "DM.xpt")
    assert found(folder) == [
        ("TRC-DEFINE", "", "define.xml"),
        ("TRC-DM", "DM", "dm.xpt"),
        ("TRC-TS", "TS", "ts.xpt"),
        ("SUB-NAME", "DM", "DM.xpt"),
    ]
    severities = validate_folder(folder).findings.counts()
    assert severities == {"reject": 3, "error": 1, "warning": 0, "notice": 0}


def test_other_study_ids_are_rejected(tmp_path: Path):
    """STUDYID has to be the same everywhere; the dataset that differs is named, a blank one too."""
    ae: dict[str, list[object]] = {"STUDYID": ["S2", "S1", ""], "DOMAIN": ["AE"] * 3, "USUBJID": ["1"] * 3}
    rejected = [one for one in found(tabulation(tmp_path / "sdtm", ae=ae)) if one[0] == "TRC-STUDYID"]
    assert rejected == [("TRC-STUDYID", "AE", ""), ("TRC-STUDYID", "AE", "S2")]


def test_analysis_folder_needs_adsl(tmp_path: Path):
    """An ADaM folder is told by its datasets; it needs adsl.xpt and no TS or DM."""
    columns: dict[str, list[object]] = {"STUDYID": ["S1"], "USUBJID": ["1"], "PARAMCD": ["A"], "AVAL": [1.0]}
    tmp_path.joinpath("adam").mkdir()
    write_dataset(dataset("ADLB", columns), tmp_path / "adam" / "adlb.xpt", created=CREATED)
    assert found(tmp_path / "adam") == [("TRC-DEFINE", "", "define.xml"), ("TRC-ADSL", "ADSL", "adsl.xpt")]
    facts = validate_folder(tmp_path / "adam").folders[0]
    assert (facts.standard, facts.version) == ("ADAMIG", "1.3")
    assert facts.assumed == "no define.xml: ADAMIG 1.3 is assumed"


def test_windows_1252_byte_stops_nothing(tmp_path: Path):
    """A byte outside ASCII is read as Windows-1252; record and value are named, the rules run all the same."""
    folder = tabulation(tmp_path / "sdtm")
    data = (folder / "ae.xpt").read_bytes()
    assert data.count(b"Fever") == 1
    (folder / "ae.xpt").write_bytes(data.replace(b"Fever", b"F\xe9ver"))
    result = validate_folder(folder, rules=[rules(tmp_path / "rules", RULE)], standard="sdtmig-3.4")
    frame = result.findings.frame
    ascii_ = frame[frame["rule"] == "SUB-ASCII"].iloc[0]
    assert (ascii_["dataset"], ascii_["variable"], ascii_["record"], ascii_["value"]) == ("AE", "AETERM", 1, "Féver")
    assert "IO-ENCODING" in list(frame["rule"])
    assert frame.loc[frame["rule"] == "TEST-1", "record"].tolist() == [2]


def test_findings_carry_natural_keys_without_sequence_numbers(tmp_path: Path):
    """Keys come from the standard where no define.xml names them (SDTMIG 3.4, AE)."""
    folder = tabulation(tmp_path / "sdtm")
    result = validate_folder(folder, rules=[rules(tmp_path / "rules", RULE)], standard="sdtmig-3.4")
    row = result.findings.frame.query("rule == 'TEST-1'").iloc[0]
    assert row["keys"].endswith("USUBJID=2 AEDECOD=Rash AESTDTC=2020-03-02")
    assert (row["variable"], row["value"], row["message"]) == ("AESER", "Y", "serious")


def test_every_rule_ends_with_a_status_on_every_dataset(tmp_path: Path):
    """Run where it is in scope, not applicable elsewhere, not evaluated and an error where the rule is broken."""
    folder = tabulation(tmp_path / "sdtm")
    result = validate_folder(folder, rules=[rules(tmp_path / "rules", RULE, BROKEN)], standard="sdtmig-3.4")
    status = result.status[result.status["rule"].isin(["TEST-1", "TEST-2"])]
    assert list(status[["rule", "dataset", "status"]].itertuples(index=False, name=None)) == [
        ("TEST-1", "AE", "run"),
        ("TEST-1", "DM", "not_applicable"),
        ("TEST-1", "TS", "not_applicable"),
        ("TEST-2", "", "not_evaluated"),
    ]
    broken = result.findings.frame.query("rule == 'TEST-2'").iloc[0]
    assert broken["severity"] == "error"
    assert "is_like_a_moose" in broken["message"]


def test_rule_of_another_standard_does_not_apply(tmp_path: Path):
    """The standard given as option decides, not what the datasets look like."""
    folder = tabulation(tmp_path / "sdtm")
    result = validate_folder(folder, rules=[rules(tmp_path / "rules", RULE)], standard="SDTMIG-3.2")
    status = result.status[result.status["rule"] == "TEST-1"]
    assert status[["status", "cause"]].to_numpy().tolist() == [["not_applicable", "standard"]]


def test_unreadable_file_is_an_error_and_the_rest_is_validated(tmp_path: Path):
    """A cut-off transport file is told with its reason; the other datasets are still checked."""
    folder = tabulation(tmp_path / "sdtm")
    (folder / "cm.xpt").write_bytes((folder / "ae.xpt").read_bytes()[:500])
    result = validate_folder(folder)
    assert result.findings.frame.query("rule == 'SUB-READ'")["dataset"].tolist() == ["CM"]
    assert list(result.records) == ["AE", "DM", "TS"]


def test_define_xml_that_cannot_be_read_is_an_error(tmp_path: Path):
    """Its rules are not evaluated then, none of them passes."""
    folder = tabulation(tmp_path / "sdtm")
    (folder / "define.xml").write_text("<ODM>")
    result = validate_folder(folder)
    assert "DEF-READ" in list(result.findings.frame["rule"])
    assert set(result.status.loc[result.status["rule"].str.startswith("DEF-"), "status"]) == {"not_evaluated"}


def test_wrong_calls_are_refused(tmp_path: Path):
    """No datasets, no folder, a standard that is none, one define.xml for two folders."""
    with pytest.raises(InputError, match="holds no datasets"):
        validate_folder(tmp_path)
    with pytest.raises(InputError, match="is not a folder"):
        validate_folder(tmp_path / "absent")
    tabulation(tmp_path / "a")
    tabulation(tmp_path / "b")
    with pytest.raises(UsageError, match="names no standard"):
        validate_folder(tmp_path / "a", standard="sdtm")
    with pytest.raises(UsageError, match="2 below"):
        validate_folder(tmp_path, define=tmp_path / "define.xml")


@pytest.mark.parametrize("standard", ["sdtmig-9.9", "adamig-3.4", "sendig-3.1"])
def test_unknown_standards_are_refused_with_the_known_ones(tmp_path: Path, standard: str):
    """Else most rules would be left out without a word."""
    with pytest.raises(UsageError, match="no rules are published") as caught:
        validate_folder(tabulation(tmp_path / "sdtm"), standard=standard)
    assert caught.value.hint == "known: adamig-1.1, adamig-1.2, adamig-1.3, sdtmig-3.2, sdtmig-3.3, sdtmig-3.4"


def test_given_rules_make_their_standard_known(tmp_path: Path):
    """A standard is known as soon as one rule is published for it."""
    text = RULE.replace("SDTMIG", "SENDIG").replace('"3.4"', '"3.1"')
    folder = rules(tmp_path / "rules", text)
    result = validate_folder(tabulation(tmp_path / "sdtm"), rules=[folder], standard="sendig-3.1")
    assert (result.folders[0].standard, result.folders[0].version) == ("SENDIG", "3.1")


def test_published_standards_are_those_of_the_packaged_rules():
    """The list is the one that the rules themselves give."""
    named = {(one.standard.upper(), one.version) for rule in load_rules(RULES_FOLDER) for one in rule.authorities}
    assert named == set(PUBLISHED)


ADAM_RULE = """
Core: {Id: TEST-3}
Authorities:
  - Organization: Test
    Standards: [{Name: ADaMIG, Version: "1.3"}]
Scope: {Domains: {Include: [ALL]}}
Rule Type: Record Data
Sensitivity: Record
Operations: [{id: $subjects, operator: distinct, domain: DM, name: USUBJID}]
Check: {all: [{name: USUBJID, operator: is_not_contained_by, value: $subjects}]}
Outcome: {Message: not in DM, Output Variables: [USUBJID]}
"""


def test_analysis_datasets_are_checked_against_tabulation_beside_them(tmp_path: Path):
    """Rules of ADaM look subjects up in DM of the other folder, which they do not check; STUDYID is compared too."""
    (tmp_path / "m5").mkdir()
    tabulation(tmp_path / "m5" / "sdtm")
    (tmp_path / "m5" / "adam").mkdir()
    adsl = dataset("ADSL", {"STUDYID": ["S9", "S9"], "USUBJID": ["1", "7"]})
    write_dataset(adsl, tmp_path / "m5" / "adam" / "adsl.xpt", created=CREATED)
    result = validate_folder(tmp_path / "m5", rules=[rules(tmp_path / "rules", ADAM_RULE)])
    assert [(one.folder, one.standard) for one in result.folders] == [("adam", "ADAMIG"), ("sdtm", "SDTMIG")]
    frame = result.findings.frame
    assert frame.loc[frame["rule"] == "TEST-3", ["dataset", "record", "value"]].to_numpy().tolist() == [
        ["ADSL", 2, "7"]
    ]
    assert frame.loc[frame["rule"] == "TRC-STUDYID", ["dataset", "value"]].to_numpy().tolist() == [["ADSL", "S9"]]
    ran = result.status[(result.status["rule"] == "TEST-3") & (result.status["status"] == "run")]
    assert ran["dataset"].tolist() == ["ADSL"]


def test_file_of_several_datasets_and_a_dataset_of_another_name(tmp_path: Path):
    """A transport file holds one dataset, named as the file."""
    folder = tabulation(tmp_path / "sdtm")
    second = (folder / "ts.xpt").read_bytes()[240:]  # without the three records of the library header
    (folder / "ae.xpt").write_bytes((folder / "ae.xpt").read_bytes() + second)
    (folder / "dm.xpt").rename(folder / "xx.xpt")
    assert [one for one in found(folder) if one[0] == "SUB-MEMBERS"] == [
        ("SUB-MEMBERS", "AE", "AE, TS"),
        ("SUB-MEMBERS", "XX", "DM"),
    ]


def test_transport_version_8_is_an_error(tmp_path: Path):
    """FDA takes version 5 only; the file is read and validated all the same."""
    pyreadstat = pytest.importorskip("pyreadstat")
    folder = tabulation(tmp_path / "sdtm")
    frame = pd.DataFrame({"STUDYID": ["S1"], "USUBJID": ["1"]})
    pyreadstat.write_xport(frame, str(folder / "cm.xpt"), table_name="CM", file_format_version=8)
    assert ("SUB-VERSION", "CM", "8") in found(folder)


def test_define_xml_gives_standard_and_keys():
    """The guide that most datasets follow; keys of a dataset as declared."""
    shared = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "tdf_sdtm"
    if not shared.is_dir():
        pytest.skip("the folder of shared example data is not on this machine")
    result = validate_folder(shared)
    assert [(one.standard, one.version, one.assumed) for one in result.folders] == [("SDTMIG", "3.2", "")]
    keys = dict(zip(result.datasets["dataset"], result.datasets["keys"], strict=True))
    assert keys["AE"] == "STUDYID, USUBJID, AETERM, AESTDTC, AESEQ"
    assert int(result.datasets["records"].sum()) == 105_781
    assert result.findings.counts()["reject"] == 0


METADATA_RULE = """
Core: {Id: TEST-4}
Scope: {Domains: {Include: [AE]}}
Rule Type: Variable Metadata Check
Sensitivity: Record
Check: {all: [{name: variable_label, operator: equal_to, value: Label of AETERM, value_is_literal: true}]}
Outcome: {Message: label is wrong, Output Variables: [variable_name, variable_label]}
"""


def test_findings_about_metadata_name_the_variable_and_no_record(tmp_path: Path):
    """The rows of a metadata rule are variables: the fifth of them is not record 5."""
    folder = tabulation(tmp_path / "sdtm")
    result = validate_folder(folder, rules=[rules(tmp_path / "rules", METADATA_RULE)])
    frame = result.findings.frame
    row = frame[frame["rule"] == "TEST-4"].iloc[0]
    assert (row["dataset"], row["variable"], row["record"], row["keys"]) == ("AE", "AETERM", 0, "")
    assert row["value"] == "variable_name=AETERM; variable_label=Label of AETERM"


@pytest.mark.parametrize("suffix", [".xpt", ".json", ".parquet"])
def test_dates_among_the_keys_are_printed_as_dates(tmp_path: Path, suffix: str):
    """22280 days since 1960-01-01 under DATE9. are 2020-12-31, from every format; a missing date is left out."""
    frame = pd.DataFrame(
        {
            "STUDYID": pd.Series(["S1", "S1"], dtype="str"),
            "USUBJID": pd.Series(["7", "8"], dtype="str"),
            "ADT": [22280.0, np.nan],
        }
    )
    columns = (
        Column("STUDYID", "", "text", 4),
        Column("USUBJID", "", "text", 4),
        Column("ADT", "", "float", 8, "DATE9."),
    )
    (tmp_path / "adam").mkdir()
    write_dataset(Dataset(Layout("ADXX", "", columns), frame), tmp_path / "adam" / f"adxx{suffix}", created=CREATED)
    text = ADAM_RULE.replace("Operations: [{id: $subjects, operator: distinct, domain: DM, name: USUBJID}]\n", "")
    text = text.replace("operator: is_not_contained_by, value: $subjects", "operator: non_empty")
    result = validate_folder(tmp_path / "adam", rules=[rules(tmp_path / "rules", text)], standard="adamig-1.3")
    keys = result.findings.frame.query("rule == 'TEST-3'")["keys"].tolist()
    assert [text.removeprefix("STUDYID=S1 ") for text in keys] == ["USUBJID=7 ADT=2020-12-31", "USUBJID=8"]
