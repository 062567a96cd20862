"""Every rule of the linter on a specification that breaks it: the message, the hint and the place."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pandas as pd
import pytest

from adam.settings import COMBINED, SETTINGS, unsupported
from specs import models as m
from specs.complete import complete
from specs.faults import RULES, Fault
from specs.lint import lint, lint_faults, rules_table
from specs.linting import CHECKS
from specs.standards import sdtmig
from specs.yaml_files import read_specification
from spectrail.pipeline.catalog import combined_settings, default_settings
from spectrail.registry import Registry
from spectrail.steps import Catalog, ColumnName, Condition, Records, Table, TableColumn, Values

CATALOG = Catalog(Registry("algorithm"))


@CATALOG.column()
def copy(values: Values, *, times: int = 1, how: Literal["first", "last"] = "first") -> pd.Series:
    """Copy values."""
    return values


@CATALOG.column()
def mapped(values: Values, *, codelist: str) -> pd.Series:
    """Map values."""
    return values


@CATALOG.column()
def found(values: Values, *, table: Table, give: TableColumn) -> pd.Series:
    """Look values up."""
    return values


@CATALOG.records()
def kept(frame: pd.DataFrame, *, by: ColumnName, only: Condition) -> Records:
    """Keep records."""
    raise NotImplementedError


@CATALOG.records(makes=("{prefix}DT", "{groups.PREFIX}NAM", "SEQ"))
def dated(frame: pd.DataFrame, *, prefix: str, groups: Table, new_var: str = "NEWFL") -> Records:
    """Add variables that no argument names in full."""
    raise NotImplementedError


AE = """
study_id: S1
sources: {ae_raw: raw/ae.csv}
datasets:
  AE:
    keys: [STUDYID, USUBJID, AEDECOD]
    variables: [STUDYID, DOMAIN, USUBJID, AESEQ, AETERM, AEDECOD, AESEV]
"""
STEPS = """
    steps:
      - {algorithm: records, source: ae_raw}
      - {target: USUBJID, algorithm: copy, source: ae_raw.SUBJ}
      - {target: AESEQ, algorithm: copy, source: ae_raw.SEQ}
      - {target: AETERM, algorithm: copy, source: ae_raw.TERM}
      - {target: AEDECOD, algorithm: copy, source: ae_raw.PT}
      - {target: AESEV, algorithm: mapped, source: ae_raw.SEV, codelist: AESEV}
"""
LEVEL = """
    value_levels:
      - {variable: AETERM, where: AESEV EQ MILD}
"""
ADLB = """
study_id: S1
datasets:
  ADLB:
    class: BASIC DATA STRUCTURE
    keys: [USUBJID, PARAMCD]
    variables:
      - {name: STUDYID, origin: {type: Predecessor, predecessor: DM.STUDYID}}
      - {name: USUBJID, origin: {type: Predecessor, predecessor: DM.USUBJID}}
      - {name: PARAMCD, origin: Assigned}
      - {name: PARAM, origin: Assigned}
      - {name: AVAL, origin: Assigned}
      - {name: A1HI, origin: Assigned}
    parameters: {ALB: Albumin (g/L), BILI: Bilirubin (umol/L)}
    value_levels: [{variable: AVAL, where: PARAMCD EQ ALB}]
"""

CASES: dict[str, tuple[str, str, str, int]] = {
    "SPEC-101": (
        "study_id: S1\ndatasets:\n  - {name: AE, variables: [AETERM]}\n  - {name: AE, variables: [AETERM]}\n",
        "dataset AE is specified twice",
        "keep one of them",
        4,
    ),
    "SPEC-102": (
        AE.replace("AETERM,", "AETERM, AESEV,"),
        "AE has the variable AESEV twice",
        "the first is at spec.yaml, line 7",
        7,
    ),
    "SPEC-103": (
        AE + "methods:\n  - {id: M1}\n  - {id: M1}\n",
        "method 'M1' is there twice",
        "keep one or rename it",
        10,
    ),
    "SPEC-104": (
        AE + "codelists:\n  YN: {terms: [Y, N, Y]}\n",
        "codelist YN has the term 'Y' twice",
        "keep one of them",
        9,
    ),
    "SPEC-105": (
        AE.replace("AESEV]", "{name: AESEV, codelist: SEVV}]") + "codelists: {SEV: {terms: [MILD]}}\n",
        "unknown codelist 'SEVV'",
        "did you mean SEV?",
        7,
    ),
    "SPEC-106": (
        AE.replace("AESEV]", "{name: AESEV, method: M2}]") + "methods: {M1: text}\n",
        "unknown method 'M2'",
        "known: M1",
        7,
    ),
    "SPEC-107": (
        AE.replace("keys:", "comment: C2\n    keys:") + "comments: {C1: text}\n",
        "unknown comment 'C2'",
        "known: C1",
        6,
    ),
    "SPEC-108": (
        AE + "documents: {SAP: sap.pdf}\nmethods:\n  - {id: M1, documents: [{document: SPA}]}\n",
        "unknown document 'SPA'",
        "did you mean SAP?",
        10,
    ),
    "SPEC-109": (AE + "comments: {C1: text}\n", "comment 'C1' is not used", "refer to it or drop it", 8),
    "SPEC-111": (
        AE.replace("  AE:", "  ae:"),
        "'ae' cannot be the name of a dataset",
        "1 to 8 capitals and digits",
        5,
    ),
    "SPEC-112": (
        AE.replace("AESEV]", "AESEVERITY]"),
        "'AESEVERITY' cannot be the name of a variable",
        "1 to 8 capitals and digits",
        7,
    ),
    "SPEC-113": (
        AE.replace("keys:", "label: Unerwünschte Ereignisse\n    keys:"),
        "the label is not ASCII: 'Unerwünschte Ereignisse'",
        "write it in ASCII",
        6,
    ),
    "SPEC-114": (
        AE.replace("AESEV]", "{name: AESEV, length: 201}]"),
        "length 201 of AESEV is out of range",
        "1 to 200 bytes; longer text goes on in supplemental qualifiers",
        7,
    ),
    "SPEC-115": (
        AE.replace("AEDECOD]", "AESTDTC]"),
        "key 'AESTDTC' is not a variable of AE",
        "known: AEDECOD, AESEQ, AESEV, AETERM, DOMAIN, STUDYID, USUBJID",
        6,
    ),
    "SPEC-116": (
        AE.replace("    keys: [STUDYID, USUBJID, AEDECOD]\n", "").replace("AEDECOD, ", ""),
        "AE has no keys",
        "name its key variables",
        5,
    ),
    "SPEC-117": (
        "study_id: S1\ndatasets: {AE: Adverse Events}\n",
        "AE has no variables",
        "list them, or check that the file with them is read",
        2,
    ),
    "SPEC-118": (
        ADLB.replace("      - {name: AVAL,", "      - {name: MYVAR, origin: Assigned}\n      - {name: AVAL,"),
        "MYVAR has no label and no data type",
        "the standard does not know it: add them",
        12,
    ),
    "SPEC-120": (
        "study_id: S1\ndatasets: {XY: {keys: [USUBJID], variables: [USUBJID]}}\n",
        "SDTMIG 3.4 has no dataset XY",
        "give its class (EVENTS, FINDINGS, INTERVENTIONS, ...); known: AE, AG, BE, BS, CE, CM, CO, CP, CV, DA, "
        "DD, DM and 51 more",
        2,
    ),
    "SPEC-121": (
        AE.replace("AESEV]", "AESEVR]"),
        "SDTM has no variable AESEVR for AE",
        "did you mean AESEV or AESER or AESEQ?",
        7,
    ),
    "SPEC-122": (
        ADLB.replace("A1HI", "A1HJ"),
        "ADaM does not name a variable A1HJ",
        "fine for a variable of the sponsor",
        13,
    ),
    "SPEC-123": (
        AE.replace("AESEV]", "{name: AESEV, label: Severity}]"),
        "the label of AESEV is 'Severity', the standard has 'Severity/Intensity'",
        "leave the label out to take the standard's",
        7,
    ),
    "SPEC-124": (
        AE.replace("AESEQ,", "{name: AESEQ, data_type: text},"),
        "AESEQ is text, the standard has Num",
        "use integer or float",
        7,
    ),
    "SPEC-125": (
        AE.replace("AESEV]", "{name: AESEV, role: Topic}]"),
        "the role of AESEV is 'Topic', the standard has 'Record Qualifier'",
        "leave the role out",
        7,
    ),
    "SPEC-126": (AE.replace("AETERM, ", ""), "AE lacks required variables: AETERM", "add them", 5),
    "SPEC-127": (
        AE,
        "AE lacks expected variables: AELLT, AELLTCD, AEPTCD, AEHLT, AEHLTCD, AEHLGT, AEHLGTCD, AEBODSYS, AEBDSYCD, "
        "AESOC, AESOCCD, AESER, AEACN, AEREL, AESTDTC, AEENDTC",
        "add them, null where not collected",
        5,
    ),
    "SPEC-128": (
        AE.replace("AETERM,", "{name: AETERM, mandatory: no},"),
        "AETERM is required by the standard but not mandatory here",
        "write Yes",
        7,
    ),
    "SPEC-129": (
        AE.replace("AESEV]", "{name: AESEV, codelist: NY}]") + "codelists: {NY: C66742}\n",
        "AESEV has codelist C66742, the standard names C66769",
        "check the codelist",
        7,
    ),
    "SPEC-130": (
        AE + "standards: [{name: SDTMIG, version: 9.9}]\n",
        "SDTMIG 9.9 is not packaged",
        "nothing is checked against it",
        8,
    ),
    "SPEC-131": (
        AE.replace("keys:", "class: FINDINGS\n    keys:"),
        "the class of AE is 'FINDINGS', the standard has 'EVENTS'",
        "leave it out",
        6,
    ),
    "SPEC-140": (
        AE + STEPS.replace("target: AETERM", "target: AETREM"),
        "the target 'AETREM' is not a variable of AE",
        "did you mean AETERM?",
        13,
    ),
    "SPEC-141": (
        AE + STEPS.replace("AETERM, algorithm: copy", "AETERM, algorithm: coppy"),
        "unknown algorithm 'coppy'",
        "did you mean copy?",
        13,
    ),
    "SPEC-142": (
        AE + STEPS.replace("ae_raw.TERM}", "ae_raw.TERM, time: 2}"),
        "copy takes no argument 'time'",
        "did you mean times?",
        13,
    ),
    "SPEC-143": (
        AE + STEPS.replace(", codelist: AESEV", "") + "standards: [{name: SDTMIG, version: 9.9}]\n",
        "mapped needs the argument 'codelist'",
        "add codelist: ... to the step",
        15,
    ),
    "SPEC-144": (
        AE + STEPS.replace("source: ae_raw.TERM", "source: [ae_raw.TERM, ae_raw.PT]"),
        "copy takes 1 source(s), the step gives 2",
        "name the columns it reads in source",
        13,
    ),
    "SPEC-145": (
        AE + STEPS.replace("ae_raw.TERM}", "ae_raw.TERM, times: two}"),
        "the argument 'times' of copy does not fit: "
        "Input should be a valid integer, unable to parse string as an integer",
        "it takes a whole number",
        13,
    ),
    "SPEC-146": (
        AE + STEPS.replace("ae_raw.TERM}", "ae_raw.TERM, when: AESEQ = 1}"),
        "expression, character 7: this cannot be read in 'AESEQ = 1'",
        "compare with ==",
        13,
    ),
    "SPEC-147": (
        AE + STEPS.replace("source: ae_raw.TERM", "source: ds_raw.TERM"),
        "unknown form or dataset 'ds_raw' in 'ds_raw.TERM'",
        "did you mean ae_raw?",
        13,
    ),
    "SPEC-148": (
        AE
        + STEPS.replace("AETERM, algorithm: copy,", "AETERM, algorithm: found, table: visits, give: NUMM,")
        + "tables: [{name: visits, columns: [NAME, NUM], rows: [[A, 1]]}]\n",
        "the table visits has no column 'NUMM'",
        "did you mean NUM?",
        13,
    ),
    "SPEC-149": (
        AE + STEPS.replace("      - {target: AETERM, algorithm: copy, source: ae_raw.TERM}\n", ""),
        "no step fills AE.AETERM",
        "add a step, or set 'has no data' to Yes",
        7,
    ),
    "SPEC-150": (
        AE.replace("STUDYID, DOMAIN", "{name: STUDYID, origin: Protocol}, DOMAIN"),
        "AE.DOMAIN has no origin, method or step",
        "give its origin",
        7,
    ),
    "SPEC-151": (
        AE.replace("AESEQ,", "{name: AESEQ, origin: Derived},"),
        "AE.AESEQ is derived, but no method says how",
        "refer to a method",
        7,
    ),
    "SPEC-152": (
        AE + STEPS.replace("ae_raw.TERM}", "ae_raw.TERM, times: $tims}") + "settings: {times: 2}\n",
        "unknown setting 'tims'",
        "did you mean times?",
        13,
    ),
    "SPEC-154": (
        AE + STEPS.replace("ae_raw.TERM}", "ae_raw.TERM, times: $times}") + "settings: {times: 2, tims: 2}\n",
        "nothing uses the setting 'tims'",
        "did you mean times?",
        16,
    ),
    "SPEC-155": (
        ADLB + "settings: {te_window: 30_day}\n",
        "setting te_window: '30_day' is not supported",
        "supported: 30_days, consolidation",
        16,
    ),
    "SPEC-156": (
        ADLB + "settings: {te_windo: 30_days}\n",
        "unknown setting 'te_windo'",
        "did you mean te_window?",
        16,
    ),
    "SPEC-157": (
        AE.replace("raw/ae.csv", "raw/ea.csv"),
        "raw source ae_raw: the file 'raw/ea.csv' does not exist",
        "did you mean raw/ae.csv?",
        3,
    ),
    "SPEC-158": (
        AE + 'ct: "2025-03-27"\n',
        "controlled terminology 2025-03-27 is not packaged",
        "packaged: 2025-03-28; or name the file of the release (NCI text or ODM-XML) in ct",
        8,
    ),
    "SPEC-153": (
        ADLB.replace("ALB: Albumin (g/L)", "ALB: {param: Albumin (g/L), rule: keppt}"),
        "unknown rule 'keppt' of parameter ALB",
        "did you mean kept?",
        14,
    ),
    "SPEC-160": (
        AE + "codelists: {SEV: {code: C66769, terms: [MODRATE]}}\n",
        "C66769 (AESEV) has no term 'MODRATE' and is not extensible",
        "did you mean MODERATE?",
        8,
    ),
    "SPEC-161": (
        AE + "codelists: {UNIT: {code: C71620, terms: [BLAST/uL]}}\n",
        "C71620 (UNIT) has no term 'BLAST/uL'",
        "did you mean Bq/uL? Or mark it as extended",
        8,
    ),
    "SPEC-162": (
        AE + "codelists: {NY: {code: C99999999}}\n",
        "controlled terminology 2025-03-28 has no codelist 'C99999999'",
        "did you mean NY?",
        8,
    ),
    "SPEC-163": (
        AE + "codelists: {NY: {code: C66742, terms: [{term: Y, code: C49487}]}}\n",
        "'Y' of NY has code C49487, controlled terminology C49488",
        "leave the code out to take it",
        8,
    ),
    "SPEC-164": (
        AE + LEVEL.replace("variable: AETERM", "variable: AETREM"),
        "AE has no variable 'AETREM'",
        "did you mean AETERM?",
        10,
    ),
    "SPEC-165": (
        AE + LEVEL.replace("AESEV EQ", "AESEVR EQ"),
        "the where clause names 'AESEVR', which AE does not have",
        "did you mean AESEV or AESEQ or AETERM?",
        10,
    ),
    "SPEC-166": (
        ADLB.replace("where: PARAMCD EQ ALB", "where: A1HI EQ ALB"),
        "A1HI EQ ALB: A1HI is a number",
        "did you mean PARAMCD EQ ALB?",
        15,
    ),
    "SPEC-167": (
        ADLB.replace("DM.USUBJID", "DM.USUBJJD"),
        "the predecessor DM.USUBJJD of ADLB.USUBJID is unknown to SDTM",
        "did you mean USUBJID or SUBJID?",
        9,
    ),
    "SPEC-168": (
        AE.replace("AESEV]", "{name: AESEV, assigned_value: Mild, codelist: SEV}]")
        + "codelists: {SEV: {code: C66769, terms: [MILD, MODERATE]}}\n",
        "'Mild' is not in codelist SEV",
        "did you mean MILD?",
        7,
    ),
    "SPEC-169": (
        ADLB.replace("BILI:", "BILIRUBIN:"),
        "'BILIRUBIN' cannot be a parameter code",
        "1 to 8 capitals, digits and _",
        14,
    ),
    "SPEC-170": (
        AE + LEVEL + LEVEL.partition("\n    value_levels:\n")[2],
        "AE.AETERM has two value levels with the same where clause",
        "keep one of them",
        11,
    ),
}


def _faults(text: str, folder: Path) -> list[Fault]:
    path = folder / "spec.yaml"
    path.write_text(text, encoding="utf-8")
    loaded = read_specification(path)
    (folder / "raw").mkdir(exist_ok=True)
    (folder / "raw" / "ae.csv").touch()
    known = {name: one.default for name, one in SETTINGS.items()}
    return lint_faults(
        complete(loaded.study),
        CATALOG.registry,
        places=loaded.places,
        settings=known,
        combined=COMBINED,
        unsupported=unsupported,
        folder=folder,
    )


@pytest.mark.parametrize("rule", sorted(CASES))
def test_rule_finds_its_fault(rule: str, tmp_path: Path) -> None:
    """Each rule says what is wrong, what to do, and the line of the file."""
    text, message, hint, line = CASES[rule]
    found = [fault for fault in _faults(text, tmp_path) if fault.rule.id == rule]
    assert [(fault.message, fault.hint, fault.place.file, fault.place.line) for fault in found][:1] == [
        (message, hint, "spec.yaml", line)
    ]


@pytest.mark.parametrize("rule", sorted(set(CASES) - {"SPEC-127", "SPEC-150"}))
def test_rule_is_silent_on_a_sound_specification(rule: str, tmp_path: Path) -> None:
    """No rule but the notices on expected variables finds anything in specifications without its fault."""
    sound = [fault for text in (AE + STEPS, ADLB, AE + STEPS + LEVEL) for fault in _faults(text, tmp_path)]
    assert [str(fault) for fault in sound if fault.rule.id == rule] == []


def test_settings_of_parameters(tmp_path: Path) -> None:
    """A parameter may name a setting that analyses know by themselves; another name is unknown."""
    path = tmp_path / "spec.yaml"
    given = "ALB: {param: Albumin (g/L), settings: {%s}}"
    found = []
    for text in ("origin: $origin_os_efs", "origin: $origin_osefs", "origin: $$origin"):
        path.write_text(ADLB.replace("ALB: Albumin (g/L)", given % text), encoding="utf-8")
        study = complete(read_specification(path).study)
        faults = lint_faults(study, CATALOG.registry, settings={"origin_os_efs": "enrolment"})
        found.append([(one.message, one.hint) for one in faults if one.rule.id == "SPEC-152"])
    assert found == [[], [("unknown setting 'origin_osefs'", "did you mean origin_os_efs?")], []]


def test_one_name_for_several_settings_is_used(tmp_path: Path) -> None:
    """`count_ge` sets settings of counts; without any of them nothing uses it, and another name is no such name."""
    faults = []
    for argument in ("times: $count_anc_cr", "times: $ctcae"):
        path = tmp_path / "spec.yaml"
        steps = STEPS.replace("ae_raw.TERM}", f"ae_raw.TERM, {argument}}}")
        path.write_text(
            AE + steps + 'settings: {count_ge: ">", blast_ge: ">", count_anc_cr: "2", ctcae: "5.0"}\n',
            encoding="utf-8",
        )
        study = complete(read_specification(path).study)
        found = lint_faults(study, CATALOG.registry, settings=default_settings(), combined=combined_settings())
        faults.append({one.value for one in found if one.rule.id == "SPEC-154"})
    assert faults == [{"blast_ge", "ctcae"}, {"count_ge", "blast_ge", "count_anc_cr"}]


def test_variables_that_arguments_name_in_part_are_filled(tmp_path: Path) -> None:
    """Prefixes, values of a column of a table, defaults and settings of parameters name what is filled."""
    text = """
study_id: S1
tables: [{name: terms, columns: [PREFIX, TERM], rows: [[CQ01, a], [CQ02, b]]}]
datasets:
  ADLB:
    class: BASIC DATA STRUCTURE
    variables: [USUBJID, PARAMCD, ASTDT, AENDT, CQ02NAM, CQ03NAM, NEWFL, OLDFL, SEQ, AVALC, BNAM]
    steps: [{algorithm: dated, prefix: AST, groups: terms}]
    parameters: {ALB: {param: Albumin, rule: kept, settings: {variables: {USUBJID: X, AVALC: LB.LBSTRESC}}}}
"""
    found = [fault.variable for fault in _faults(text, tmp_path) if fault.rule.id == "SPEC-149"]
    assert found == ["AENDT", "CQ03NAM", "OLDFL", "BNAM"]


def test_parameters_with_rules_tell_methods(tmp_path: Path) -> None:
    """Derived variables of a dataset whose parameters have rules need no method; names alone do not do."""
    text = ADLB.replace("AVAL, origin: Assigned", "AVAL, origin: Derived")
    ruled = text.replace("ALB: Albumin (g/L)", "ALB: {param: Albumin (g/L), rule: kept}")
    found = [
        [fault.variable for fault in _faults(one, tmp_path) if fault.rule.id == "SPEC-151"] for one in (text, ruled)
    ]
    assert found == [["AVAL"], []]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("settings: {CRI_rule: any_deficit}", {"SPEC-156"}),  # used or not, this differs in case only
        ("settings: {te_windo: x}", {"SPEC-156"}),
        ("settings: {own_limit: x}", {"SPEC-154"}),
        ('settings: {count_ge: ">>"}', {"SPEC-154", "SPEC-155"}),
        ("settings: {interruption_min_hours: four}", {"SPEC-154", "SPEC-155"}),
        ('settings: {interruption_min_hours: "4.5"}', {"SPEC-154"}),
    ],
)
def test_settings_of_a_study(text: str, found: set[str], tmp_path: Path) -> None:
    """Values of settings that analyses know are checked; a name of the study's own is only told when unused."""
    settings = {"SPEC-152", "SPEC-154", "SPEC-155", "SPEC-156"}
    assert {fault.rule.id for fault in _faults(ADLB + text, tmp_path)} & settings == found


def test_an_unknown_release_is_the_only_error(tmp_path: Path) -> None:
    """What a release would say of codelists is not missed when there is no such release."""
    given = AE.replace("AETERM,", "{name: AETERM, codelist: C66769},") + STEPS.replace(", codelist: AESEV", "")
    text = given + "codelists: {NY: {code: C66742}, SEV: {code: C99999}}\n"
    errors = [
        {fault.rule.id for fault in _faults(one, tmp_path) if fault.rule.severity == "error"}
        for one in (text, text + 'ct: "2025-03-27"\n')
    ]
    assert errors == [{"SPEC-162"}, {"SPEC-158"}]


def test_settings_without_analyses_are_the_studys_own(tmp_path: Path) -> None:
    """A study of SDTM alone may give any value to a name that analyses know."""
    found = {fault.rule.id for fault in _faults(AE + STEPS + "settings: {ctcae: x, te_windo: y}", tmp_path)}
    assert found & {"SPEC-154", "SPEC-155", "SPEC-156"} == {"SPEC-154"}


def test_every_rule_has_a_case() -> None:
    """There is a case for each check of the linter."""
    assert {rule.id for rule, _ in CHECKS} == set(CASES)


def test_the_table_of_rules_lists_every_rule() -> None:
    """The documentation's table has a row with id, severity, title and meaning for each rule."""
    table = rules_table()
    assert [line.split(" | ")[0].strip("| ") for line in table.splitlines()[2:]] == sorted(RULES)
    assert "| SPEC-102 | error | duplicate variable | Find variables that a dataset has twice. |" in table


def test_findings_carry_place_and_hint(tmp_path: Path) -> None:
    """As findings, faults keep rule, severity, dataset, variable, place and line; the hint ends the message."""
    path = tmp_path / "spec.yaml"
    path.write_text(CASES["SPEC-102"][0], encoding="utf-8")
    loaded = read_specification(path)
    frame = lint(complete(loaded.study), {}, places=loaded.places).frame
    row: Any = frame[frame["rule"] == "SPEC-102"].iloc[0]
    assert (row["severity"], row["dataset"], row["variable"], row["source"], row["source_row"]) == (
        "error",
        "AE",
        "AESEV",
        "spec.yaml, line 7",
        7,
    )
    assert row["message"] == "AE has the variable AESEV twice (the first is at spec.yaml, line 7)"


def test_all_faults_are_found_at_once(tmp_path: Path) -> None:
    """A specification with several faults gets all of them in one run."""
    text = (AE + STEPS).replace("AEDECOD]", "AESTDTC]").replace("target: AETERM", "target: AETREM")
    text = text.replace("algorithm: mapped", "algorithm: maped")
    found = {fault.rule.id for fault in _faults(text, tmp_path) if fault.rule.severity == "error"}
    assert found == {"SPEC-115", "SPEC-140", "SPEC-141"}


def test_the_guide_does_not_contradict_itself() -> None:
    """A specification of all datasets and variables of SDTMIG 3.4, filled from it, has no fault against it."""
    datasets = tuple(
        m.Dataset(name=listed.name, variables=tuple(m.Variable(name=one.name) for one in listed.variables))
        for listed in sdtmig("3.4").datasets.values()
    )
    faults = lint_faults(complete(m.Study(study_id="S1", datasets=datasets)), {})
    against = [f"SPEC-{number}" for number in range(118, 132)]
    assert [str(fault) for fault in faults if fault.rule.id in against] == []


def test_analysis_datasets_are_not_blamed_for_what_the_engine_does(tmp_path: Path) -> None:
    """Predecessors need no step, working tables no variables; settings stand in arguments, SDTM is at hand."""
    text = """
study_id: S1
sdtm_source: sdtm
settings: {times: 2}
datasets:
  ADWORK:
    class: BASIC DATA STRUCTURE
    steps: [{algorithm: records, source: LB}, {target: X, algorithm: copy, source: LBSEQ}]
  ADSL:
    keys: [STUDYID, USUBJID]
    variables:
      - {name: STUDYID, origin: {type: Predecessor, predecessor: DM.STUDYID}}
      - {name: USUBJID, origin: {type: Predecessor, predecessor: DM.USUBJID}}
      - {name: AGEU}
    steps:
      - {algorithm: records, source: DM}
      - {target: AGEU, algorithm: copy, source: USUBJID, times: $times}
"""
    about_steps = [fault for fault in _faults(text, tmp_path) if "SPEC-139" < fault.rule.id < "SPEC-160"]
    assert [str(fault) for fault in about_steps] == []
    assert [fault.message for fault in _faults(text, tmp_path) if fault.rule.id == "SPEC-117"] == []
