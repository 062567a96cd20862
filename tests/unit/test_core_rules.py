"""Rule files, scope and runs: what is evaluated, what is not and why, what is reported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from spectrail.errors import InputError, UsageError
from validation.core.evaluate import key_texts, run_rules
from validation.core.packaged_standards import packaged_standards
from validation.core.reporting import RunResult
from validation.core.rule_files import Rule, load_rules, parse_rule
from validation.core.study import DefineDataset, DefineFacts, Study, Table, VariableFacts, variables_of

N = None
AE = {
    "STUDYID": ["S"] * 4,
    "DOMAIN": ["AE"] * 4,
    "USUBJID": ["1", "1", "2", "2"],
    "AETERM": ["a", N, "b", "b"],
    "AESER": ["Y", "N", "Y", N],
    "AESTDY": [1.0, 2.0, -3.0, N],
}
DM = {"STUDYID": ["S", "S"], "DOMAIN": ["DM", "DM"], "USUBJID": ["1", "2"], "AGE": [30.0, 41.0]}


def rule(check: object, *, id: str = "R1", **keys: Any) -> Rule:
    """Make a rule; keys are top-level keys with blanks written as underscores."""
    return parse_rule({"Core": {"Id": id}, "Check": check, **keys}, fallback_id=id)


def study(*, define: DefineFacts | None = None, ct: str | None = N, **tables: dict[str, list[Any]]) -> Study:
    """Return a study of plain tables."""
    frames = {name: pd.DataFrame(columns) for name, columns in tables.items()}
    listed = {
        name: Table(name, frame, f"{name} label", f"{name.lower()}.xpt", 80, variables_of(frame))
        for name, frame in frames.items()
    }
    return Study(listed, packaged_standards(), define, ct)


def run(data: Study, *rules: Rule, standard: str = "SDTMIG", version: str = "3.4", **options: Any) -> RunResult:
    """Run rules over a study."""
    return run_rules(data, rules, standard=standard, version=version, **options)


def lines(result: RunResult) -> list[tuple[Any, ...]]:
    """Return dataset, record, variable and value of every line."""
    frame = result.lines()
    return list(zip(frame["dataset"], frame["record"], frame["variable"], frame["value"], strict=True))


def statuses(result: RunResult) -> list[tuple[str, str, str]]:
    """Return dataset, status and cause of every status."""
    frame = result.status
    return list(zip(frame["dataset"], frame["status"], frame["cause"], strict=True))


SERIOUS = {"all": [{"name": "--SER", "operator": "equal_to", "value": "Y", "value_is_literal": True}]}


def test_a_true_row_is_a_finding_with_its_variables() -> None:
    """Output variables default to the targets, wildcards replaced."""
    result = run(study(AE=AE), rule(SERIOUS))
    assert lines(result) == [("AE", 1, "AESER", "Y"), ("AE", 3, "AESER", "Y")]
    assert statuses(result) == [("AE", "run", "")]


def test_dataset_sensitivity_reports_the_first_row_without_a_record() -> None:
    """One finding; an output variable that is not there says so."""
    result = run(study(AE=AE), rule(SERIOUS, Sensitivity="Dataset", Outcome={"Output Variables": ["--TERM", "--XX"]}))
    assert lines(result) == [("AE", 0, "AETERM", "a"), ("AE", 0, "AEXX", "Not in dataset")]


def test_group_sensitivity_reports_the_first_row_of_each_group() -> None:
    """Grouping Variables make the groups."""
    check = {"all": [{"name": "USUBJID", "operator": "non_empty"}]}
    result = run(study(AE=AE), rule(check, Sensitivity="Group", **{"Grouping Variables": ["USUBJID"]}))
    keys = {"AE": pd.Series(["USUBJID=1 AETERM=a", "USUBJID=1", "USUBJID=2 AETERM=b", "USUBJID=2 AETERM=b"])}
    found = result.to_findings(keys).frame
    assert found[["record", "keys", "value", "count"]].to_numpy().tolist() == [[1, "", "1", 2], [3, "", "2", 2]]
    assert lines(result) == [("AE", 1, "USUBJID", "1"), ("AE", 3, "USUBJID", "2")]


def test_study_sensitivity_gives_one_result_for_the_study() -> None:
    """The first dataset that is not skipped decides."""
    check = {"all": [{"name": "USUBJID", "operator": "non_empty"}, {"name": "AGE", "operator": "non_empty"}]}
    result = run(study(AE=AE, DM=DM, EX=DM), rule(check, Sensitivity="Study"))
    assert lines(result) == [("DM", 1, "USUBJID", "1"), ("DM", 1, "AGE", "30.0")]


def test_lists_are_printed_and_name_further_variables() -> None:
    """Members of a reported list that are variables are reported too."""
    operations = [{"id": "$keys", "operator": "get_column_order_from_dataset"}]
    check = {"all": [{"name": "AGE", "operator": "greater_than", "value": 40}]}
    result = run(study(DM=DM), rule(check, Operations=operations, Outcome={"Output Variables": ["AGE", "$keys"]}))
    assert lines(result) == [
        ("DM", 2, "AGE", "41.0"),
        ("DM", 2, "$keys", "['STUDYID', 'DOMAIN', 'USUBJID', 'AGE']"),
        ("DM", 2, "STUDYID", "S"),
        ("DM", 2, "DOMAIN", "DM"),
        ("DM", 2, "USUBJID", "2"),
    ]


def test_any_forgives_absent_variables_and_all_does_not() -> None:
    """A dropped child leaves its siblings; without any child left the dataset is skipped."""
    absent = {"name": "AEXX", "operator": "empty"}
    present = {"name": "AETERM", "operator": "empty"}
    assert lines(run(study(AE=AE), rule({"any": [absent, present]}))) == [
        ("AE", 2, "AEXX", "Not in dataset"),
        ("AE", 2, "AETERM", ""),
    ]
    for check in ({"all": [absent, present]}, {"any": [absent]}):
        result = run(study(AE=AE), rule(check))
        assert lines(result) == []
        assert statuses(result) == [("AE", "not_applicable", "variable_absent")]


def test_a_decided_all_needs_no_further_variable() -> None:
    """`exists` that fails answers for the use of the variable beside it; below `not` it does not."""
    check = {"all": [{"name": "AEXX", "operator": "exists"}, {"name": "AEXX", "operator": "empty"}]}
    assert statuses(run(study(AE=AE), rule(check))) == [("AE", "run", "")]
    assert statuses(run(study(AE=AE), rule({"not": check}))) == [("AE", "not_applicable", "variable_absent")]


def test_not_negates() -> None:
    """The complement of the tree below."""
    assert [line[1] for line in lines(run(study(AE=AE), rule({"not": SERIOUS})))] == [2, 4]


def test_condition_without_a_name_is_repeated_for_every_variable() -> None:
    """Any cell that is X."""
    check = {"any": [{"operator": "equal_to", "value": "b", "value_is_literal": True}]}
    outcome = {"Output Variables": ["AETERM"]}
    assert [line[1] for line in lines(run(study(AE=AE), rule(check, Outcome=outcome)))] == [3, 4]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ({"Check": {"all": [{"name": "X", "operator": "is_emty"}]}}, "unknown operator 'is_emty'"),
        ({"Check": {"all": [{"name": "X", "operator": "non_emty"}]}}, "did you mean non_empty"),
        ({"Check": {"all": [{"name": "X", "operator": "equal_to"}]}}, "value is missing"),
        ({"Check": {"all": [{"name": "X", "operator": "prefix_equal_to", "value": "a"}]}}, "prefix is missing"),
        ({"Check": {"all": [{"name": "X", "operator": "empty", "colour": 1}]}}, "unknown key 'colour'"),
        ({"Check": {"all": []}}, "list of conditions"),
        ({"Check": {"all": [{"name": "X"}]}}, "no operator"),
        ({"Check": {"all": [1]}}, "neither a condition"),
        ({"Check": {"all": [], "any": []}}, "mixes"),
        ({}, "no Check"),
        ({"Check": SERIOUS, "Sensitivity": "Cell"}, "unknown Sensitivity"),
        ({"Check": SERIOUS, "Operations": [{"id": "$x"}]}, "id and operator"),
        ({"Check": SERIOUS, "Match Datasets": [{"Keys": ["A"]}]}, "no Name"),
        ({"Check": SERIOUS, "Match Datasets": [{"Name": "DM", "Join Type": "outer"}]}, "Join Type"),
        ({"Check": SERIOUS, "Scope": []}, "Scope has to be a mapping"),
        ([], "does not hold a rule"),
    ],
)
def test_a_broken_rule_says_why_and_is_never_run(raw: Any, reason: str) -> None:
    """The reason names what is wrong; the status is not_evaluated."""
    broken = parse_rule(raw, fallback_id="R9")
    assert reason in broken.broken
    result = run(study(AE=AE), broken)
    assert statuses(result) == [("", "not_evaluated", "broken_rule")]
    assert result.problems().frame["severity"].tolist() == ["error"]


@pytest.mark.parametrize(
    ("keys", "cause", "reason"),
    [
        ({"Rule_Type": "Astrology Check"}, "broken_rule", "unknown rule type"),
        ({"Operations": [{"id": "$x", "operator": "no_such"}]}, "broken_rule", "unknown operation"),
        (
            {"Operations": [{"id": "$x", "operator": "distinct", "domain": "TV", "name": "VISIT"}]},
            "dataset_absent",
            "TV",
        ),
        ({"Match Datasets": [{"Name": "DM", "Keys": ["USUBJID"]}]}, "dataset_absent", "DM"),
        (
            {"Operations": [{"id": "$x", "operator": "codelist_terms", "codelists": ["NY"]}]},
            "standard_absent",
            "terminology",
        ),
        ({"Rule_Type": "Define Item Metadata Check"}, "define_absent", "no define.xml"),
    ],
)
def test_what_cannot_be_evaluated_is_told(keys: dict[str, Any], cause: str, reason: str) -> None:
    """Nothing passes silently: cause and reason stand in the status, absent input is a notice."""
    result = run(study(AE=AE), rule(SERIOUS, **keys))
    failed = result.not_evaluated()
    assert failed["cause"].tolist() == [cause]
    assert reason in failed["reason"][0]
    severity = "error" if cause == "broken_rule" else "notice"
    assert result.to_findings().frame["severity"].tolist() == [severity]


def test_an_operation_on_an_absent_dataset_stops_only_what_needs_it() -> None:
    """Where the check is false on every record for another reason the rule has run; else it is not evaluated."""
    operations = [{"id": "$terms", "operator": "distinct", "domain": "CE", "name": "CETERM"}]
    unlisted = {"name": "AETERM", "operator": "is_not_contained_by", "value": "$terms"}

    def outcome(term: str) -> list[tuple[str, str, str]]:
        chosen = {"name": "AETERM", "operator": "equal_to", "value": term, "value_is_literal": True}
        return statuses(run(study(AE=AE), rule({"all": [chosen, unlisted]}, Operations=operations)))

    known = str(AE["AETERM"][0])
    assert outcome("NO SUCH TERM") == [("AE", "run", "")]
    assert outcome(known) == [("AE", "not_evaluated", "dataset_absent")]
    result = run(study(AE=AE), rule({"any": [unlisted, unlisted]}, Operations=operations))
    assert statuses(result) == [("AE", "not_evaluated", "dataset_absent")]


def test_core_variables_of_another_guide_cannot_be_told() -> None:
    """Required variables of SENDIG are not those of SDTMIG."""
    wanted = rule(SERIOUS, Operations=[{"id": "$r", "operator": "required_variables"}])
    result = run(study(AE=AE), wanted, standard="SENDIG", version="3.1")
    assert result.not_evaluated()["reason"].tolist() == ["Req variables of SENDIG 3.1 are not at hand"]


def test_a_dataset_without_records_is_skipped() -> None:
    """Even exists is silent there."""
    empty = {name: [] for name in AE}
    result = run(study(AE=empty), rule({"all": [{"name": "USUBJID", "operator": "exists"}]}))
    assert statuses(result) == [("AE", "not_applicable", "no_records")]


def test_rules_of_another_standard_or_version_do_not_apply() -> None:
    """Dots equal dashes, names ignore case, a substandard has to agree."""
    authorities = [{"Organization": "CDISC", "Standards": [{"Name": "SDTMIG", "Version": "3-4", "Substandard": "X"}]}]
    named = rule(SERIOUS, Authorities=authorities)
    assert len(run(study(AE=AE), named, standard="sdtmig", version="3.4")) == 2
    assert statuses(run(study(AE=AE), named, version="3.3")) == [("", "not_applicable", "standard")]
    assert statuses(run(study(AE=AE), named, standard="ADaMIG")) == [("", "not_applicable", "standard")]
    assert statuses(run(study(AE=AE), named, substandard="Y")) == [("", "not_applicable", "standard")]


def scoped(data: Study, scope: dict[str, Any], **options: Any) -> list[str]:
    """Return the datasets that a rule with this scope runs on."""
    check = {"any": [{"name": "STUDYID", "operator": "exists"}, {"name": "X", "operator": "exists"}]}
    status = run(data, rule(check, Scope=scope), **options).status
    return sorted(status[status["status"] == "run"]["dataset"])


SUPP = {"STUDYID": ["S"], "RDOMAIN": ["AE"], "USUBJID": ["1"], "QNAM": ["Q"]}
APMH = {"STUDYID": ["S"], "DOMAIN": ["APMH"], "APID": ["1"], "MHTERM": ["x"]}


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ({}, ["AE", "APMH", "DM", "FACM", "SUPPAE"]),
        ({"Domains": {"Include": ["AE"]}}, ["AE"]),
        ({"Domains": {"Include": ["ALL"]}}, ["AE", "APMH", "DM", "FACM", "SUPPAE"]),
        ({"Domains": {"Include": ["SUPP--"]}}, ["SUPPAE"]),
        ({"Domains": {"Include": ["AP--"]}}, ["APMH"]),
        ({"Domains": {"Exclude": ["AP--", "SUPP--"]}}, ["AE", "DM", "FACM"]),
        ({"Domains": {"Exclude": ["SUPPAE"]}}, ["AE", "APMH", "DM", "FACM"]),
        ({"Domains": {"include_split_datasets": True}}, ["FACM"]),
        ({"Domains": {"Include": ["AE"], "include_split_datasets": True}}, ["AE", "FACM"]),
        ({"Domains": {"Include": ["ALL"], "include_split_datasets": False}}, ["AE", "APMH", "DM", "SUPPAE"]),
        ({"Classes": {"Include": ["EVENTS"]}}, ["AE", "APMH"]),
        ({"Classes": {"Include": ["FINDINGS"]}}, ["FACM"]),
        ({"Classes": {"Include": ["FINDINGS ABOUT"]}}, ["FACM"]),
        ({"Classes": {"Include": ["RELATIONSHIP"]}}, ["SUPPAE"]),
        ({"Classes": {"Include": ["SPECIAL PURPOSE"]}}, ["DM"]),
        ({"Classes": {"Exclude": ["FINDINGS", "EVENTS"]}}, ["DM", "SUPPAE"]),
        ({"Classes": {"Include": ["ALL"], "Exclude": ["EVENTS"]}}, ["AE", "APMH", "DM", "FACM", "SUPPAE"]),
    ],
)
def test_scope(scope: dict[str, Any], expected: list[str]) -> None:
    """Patterns touch their own kind only; FINDINGS admits FINDINGS ABOUT; APMH has the class of MH."""
    facm = {"STUDYID": ["S"], "DOMAIN": ["FA"], "FAOBJ": ["x"], "FATESTCD": ["y"]}
    assert scoped(study(AE=AE, DM=DM, SUPPAE=SUPP, APMH=APMH, FACM=facm), scope) == expected


def test_class_of_a_custom_domain_comes_from_its_declared_variables() -> None:
    """ZZTRT makes an intervention."""
    custom = {"STUDYID": ["S"], "DOMAIN": ["ZZ"], "ZZTRT": ["x"]}
    assert scoped(study(ZZ=custom), {"Classes": {"Include": ["INTERVENTIONS"]}}) == ["ZZ"]
    bare = Study({"ZZ": Table("ZZ", pd.DataFrame(custom))}, packaged_standards())
    assert scoped(bare, {"Classes": {"Include": ["INTERVENTIONS"]}}) == []


def test_adam_structures_and_subclasses() -> None:
    """Declared first, else by name and variables."""
    data = study(
        ADSL={"STUDYID": ["S"]},
        ADTTE={"STUDYID": ["S"], "PARAMCD": ["OS"], "AVAL": [1.0], "CNSR": [0.0]},
        ADAE={"STUDYID": ["S"], "AETERM": ["x"]},
        ADXX={"STUDYID": ["S"]},
    )
    named = {"standard": "ADaMIG", "version": "1.3"}
    assert scoped(data, {"Data Structures": {"Include": ["SUBJECT LEVEL ANALYSIS DATASET"]}}, **named) == ["ADSL"]
    assert scoped(data, {"Data Structures": {"Include": ["BASIC DATA STRUCTURE"]}}, **named) == ["ADTTE"]
    assert scoped(data, {"Data Structures": {"Include": ["OCCURRENCE DATA STRUCTURE"]}}, **named) == ["ADAE"]
    assert scoped(data, {"Data Structures": {"Exclude": ["ADSL", "BDS", "OCCDS"]}}, **named) == ["ADXX"]
    assert scoped(data, {"Subclasses": {"Include": ["TIME-TO-EVENT"]}}, **named) == ["ADTTE"]
    declared = DefineFacts((DefineDataset("ADXX", "", {"define_dataset_class": "BASIC DATA STRUCTURE"}),))
    with_define = Study(data.tables, data.standards, declared)
    assert scoped(with_define, {"Data Structures": {"Include": ["BDS"]}}, **named) == ["ADTTE", "ADXX"]


def test_use_cases_count_under_tig_only() -> None:
    """Listed domains pass, those of other use cases fail, custom ones go by the run's use case."""
    data = study(AE=AE, TO={"STUDYID": ["S"], "DOMAIN": ["TO"]}, ZZ={"STUDYID": ["S"], "DOMAIN": ["ZZ"]})
    scope = {"Use Case": "INDH"}
    tig = {"standard": "TIG", "version": "1.0", "substandard": "SDTM"}
    assert scoped(data, scope) == ["AE", "TO", "ZZ"]
    assert scoped(data, scope, use_case="INDH", **tig) == ["AE", "ZZ"]
    assert scoped(data, scope, use_case="PROD", **tig) == ["AE"]


def test_split_files_are_evaluated_together_and_reported_apart() -> None:
    """The key repeats across files; each finding keeps its file and record."""
    first = {"DOMAIN": ["QS", "QS"], "QSSEQ": [1.0, 2.0], "QSTESTCD": ["a", "b"]}
    second = {"DOMAIN": ["QS"], "QSSEQ": [2.0], "QSTESTCD": ["c"]}
    check = {"all": [{"name": "--SEQ", "operator": "is_not_unique_set", "value": "DOMAIN"}]}
    result = run(study(QS1=first, QS2=second), rule(check))
    assert lines(result) == [("QS1", 2, "QSSEQ", "2.0"), ("QS2", 1, "QSSEQ", "2.0")]
    assert result.status["findings"].tolist() == [1, 1]


def test_presence_of_domains_is_filed_under_the_study() -> None:
    """Columns are datasets, values file names; several datasets in scope give one finding."""
    check = {"all": [{"name": "AE", "operator": "exists"}]}
    result = run(study(AE=AE), rule(check, Rule_Type="Domain Presence Check"))
    assert lines(result) == [("STUDY", 0, "AE", "ae.xpt")]
    missing = rule({"all": [{"name": "DM", "operator": "not_exists"}]}, Rule_Type="Domain Presence Check")
    assert lines(run(study(AE=AE, CM=AE | {"DOMAIN": ["CM"] * 4}), missing)) == [("STUDY", 0, "DM", "Not in dataset")]


def test_dataset_and_variable_metadata() -> None:
    """One row per dataset, one per variable."""
    check = {"all": [{"name": "dataset_size", "operator": "equal_to", "value": 80}]}
    outcome = {"Output Variables": ["dataset_label", "record_count", "is_ap"]}
    result = run(study(DM=DM), rule(check, Rule_Type="Dataset Metadata Check", Outcome=outcome))
    assert lines(result) == [
        ("DM", 1, "dataset_label", "DM label"),
        ("DM", 1, "record_count", "2"),
        ("DM", 1, "is_ap", "False"),
    ]
    check = {"all": [{"name": "variable_max_size", "operator": "greater_than", "value": 1}]}
    outcome = {"Output Variables": ["variable_name", "variable_max_size"]}
    result = run(study(DM=DM), rule(check, Rule_Type="Variable Metadata Check", Outcome=outcome))
    assert lines(result) == [
        ("DM", 2, "variable_name", "DOMAIN"),
        ("DM", 2, "variable_max_size", "2"),
        ("DM", 4, "variable_name", "AGE"),
        ("DM", 4, "variable_max_size", "2"),
    ]


@pytest.mark.parametrize("whole", [False, True])
def test_value_checks_see_every_cell(whole: bool) -> None:
    """Variable by variable, or as one table when cells have to be seen together; the answer is the same."""
    dots = {"DOMAIN": ["AE", "AE"], "AETERM": [".", "x"], "AESEV": [N, "."], "AESTDY": [1.0, 2.0]}
    conditions: list[dict[str, Any]] = [
        {"name": "variable_value", "operator": "equal_to", "value": ".", "value_is_literal": True},
        {"name": "variable_data_type", "operator": "equal_to", "value": "Char", "value_is_literal": True},
    ]
    if whole:
        conditions.append({"name": "variable_name", "operator": "contains_all", "value": ["AETERM", "AESTDY"]})
    outcome = {"Output Variables": ["variable_name", "variable_value"]}
    checked = rule({"all": conditions}, Rule_Type="Value Check with Variable Metadata", Outcome=outcome)
    assert lines(run(study(AE=dots), checked)) == [
        ("AE", 1, "variable_name", "AETERM"),
        ("AE", 1, "variable_value", "."),
        ("AE", 2, "variable_name", "AESEV"),
        ("AE", 2, "variable_value", "."),
    ]


def test_define_items_and_the_library_beside_them() -> None:
    """One row per ItemRef of the group whose name and domain agree."""
    items = ({"define_variable_name": "AETERM", "define_variable_label": "Wrong"},)
    define = DefineFacts((DefineDataset("AE", "AE", {}, items), DefineDataset("DM", "XX", {}, items)))
    check = {
        "all": [{"name": "define_variable_label", "operator": "not_equal_to", "value": "library_variable_label"}]
    }
    kind = "Define Item Metadata Check against Library Metadata"
    outcome = {"Output Variables": ["define_variable_label", "library_variable_label"]}
    result = run(study(AE=AE, DM=DM, define=define), rule(check, Rule_Type=kind, Outcome=outcome))
    assert lines(result) == [
        ("AE", 1, "define_variable_label", "Wrong"),
        ("AE", 1, "library_variable_label", "Reported Term for the Adverse Event"),
    ]
    assert statuses(result) == [("AE", "run", ""), ("DM", "not_applicable", "no_records")]


def test_variables_against_the_library() -> None:
    """Facts of the standard beside each variable, null for unknown ones; emptiness of the submission too."""
    columns = {"DOMAIN": ["AE", "AE"], "AETERM": [N, N], "AEQQ": ["a", N]}
    check = {
        "any": [
            {"name": "library_variable_name", "operator": "empty"},
            {"name": "variable_is_empty", "operator": "equal_to", "value": True},
        ]
    }
    kind = "Variable Metadata Check against Library Metadata"
    outcome = {"Output Variables": ["variable_name", "library_variable_core", "variable_has_empty_values"]}
    assert lines(run(study(AE=columns), rule(check, Rule_Type=kind, Outcome=outcome))) == [
        ("AE", 2, "variable_name", "AETERM"),
        ("AE", 2, "library_variable_core", "Req"),
        ("AE", 2, "variable_has_empty_values", "True"),
        ("AE", 3, "variable_name", "AEQQ"),
        ("AE", 3, "library_variable_core", ""),
        ("AE", 3, "variable_has_empty_values", "True"),
    ]


def test_a_fault_of_the_engine_is_told_and_the_run_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """One rule fails inside, the other still reports."""
    import validation.core.evaluate as engine

    real = engine.evaluate

    def faulty(node: Any, frame: Any) -> Any:
        if node.kind == "any":
            raise ZeroDivisionError("oops")
        return real(node, frame)

    monkeypatch.setattr(engine, "evaluate", faulty)
    result = run(study(AE=AE), rule({"any": SERIOUS["all"]}, id="R1"), rule(SERIOUS, id="R2"))
    assert result.status["cause"].tolist() == ["internal_error", ""]
    assert result.not_evaluated()["reason"].tolist() == ["ZeroDivisionError: oops"]
    assert len(result) == 2


def test_findings_of_the_toolkit_carry_keys_values_and_ids() -> None:
    """Natural keys without --SEQ; several values are named; the rule's own severity wins."""
    table = Table("AE", pd.DataFrame(AE), variables=(VariableFacts("AESER"),), keys=("USUBJID", "AETERM", "AESEQ"))
    data = Study({"AE": table}, packaged_standards())
    references = [{"Rule Identifier": {"Id": "CG0001"}, "Citations": [{"Document": "IG v3.4", "Section": "6.2"}]}]
    authorities = [{"Standards": [{"Name": "SDTMIG", "Version": "3.4", "References": references}]}]
    outcome = {"Message": "serious", "Output Variables": ["AESER", "AETERM"]}
    result = run(data, rule(SERIOUS, Outcome=outcome, Authorities=authorities, Severity="warning"))
    frame = result.to_findings(key_texts(data, result)).frame
    assert frame[["rule", "severity", "variable", "record", "keys", "value", "message", "reference"]].to_dict(
        "list"
    ) == {
        "rule": ["R1", "R1"],
        "severity": ["warning", "warning"],
        "variable": ["AESER, AETERM"] * 2,
        "record": [1, 3],
        "keys": ["USUBJID=1 AETERM=a", "USUBJID=2 AETERM=b"],
        "value": ["AESER=Y; AETERM=a", "AESER=Y; AETERM=b"],
        "message": ["serious", "serious"],
        "reference": ["CG0001 (IG v3.4 6.2)"] * 2,
    }
    wide = result.findings()
    assert wide["values"].tolist() == ["Y; a", "Y; b"]
    assert wide["variables"].tolist() == ["AESER, AETERM"] * 2


def test_rules_are_loaded_from_any_folder(tmp_path: Path) -> None:
    """Blanks in top-level keys may be underscores; Y stays text; a broken file is a broken rule."""
    good = "Core: {Id: G1}\nRule_Type: Record Data\nCheck:\n  all:\n    - {name: X, operator: equal_to, value: Y}\n"
    (tmp_path / "good.yml").write_text(good, encoding="utf-8")
    (tmp_path / "bad.yml").write_text("Check: [", encoding="utf-8")
    (tmp_path / "latin.yaml").write_bytes(b"Core: \xe4\n")
    cases = tmp_path / "R" / "positive" / "01" / "data"
    cases.mkdir(parents=True)
    (cases / "study.yml").write_text("x: 1", encoding="utf-8")
    loaded = load_rules(tmp_path)
    assert [(rule.id, bool(rule.broken)) for rule in loaded] == [("bad", True), ("G1", False), ("latin", True)]
    assert loaded[1].check is not None
    assert loaded[1].check.children[0].value == "Y"  # type: ignore[union-attr]
    assert "line 2, column 1" in loaded[0].broken


def test_a_file_that_unfolds_without_end_is_refused(tmp_path: Path) -> None:
    """Aliases count each time they are used."""
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    (tmp_path / "bomb.yml").write_text("\n".join(levels), encoding="utf-8")
    assert "too large" in load_rules(tmp_path)[0].broken


def test_a_folder_without_rules_is_an_input_error(tmp_path: Path) -> None:
    """No folder, no rules: told, not passed."""
    with pytest.raises(InputError, match="no such folder"):
        load_rules(tmp_path / "nowhere")
    with pytest.raises(InputError, match="no rule files"):
        load_rules(tmp_path)


def test_a_study_without_datasets_is_a_usage_error() -> None:
    """There is nothing to run on."""
    with pytest.raises(UsageError, match="no datasets"):
        run(Study({}), rule(SERIOUS))


def test_keys_of_the_standard_stand_in_for_declared_ones() -> None:
    """AE is known by subject, term and start; of a dataset that no standard knows the subject is shown."""
    event = {"DOMAIN": ["AE"], "USUBJID": ["1"], "AEDECOD": ["x"], "AESTDTC": ["2020"], "AESEQ": [1.0]}
    data = study(AE=event, ZZ={"DOMAIN": ["ZZ"], "USUBJID": ["2"], "ZZSEQ": [1.0]})
    result = run(data, rule({"all": [{"name": "--SEQ", "operator": "non_empty"}]}))
    assert {name: texts.tolist() for name, texts in key_texts(data, result).items()} == {
        "AE": ["USUBJID=1 AEDECOD=x AESTDTC=2020"],
        "ZZ": ["USUBJID=2"],
    }


def test_messages_name_the_variables_of_the_dataset() -> None:
    """`--` before a name is replaced, SUPP-- is left."""
    message = "--SER is Y; see SUPP-- and --TERM"
    result = run(study(AE=AE), rule(SERIOUS, Outcome={"Message": message}))
    assert set(result.findings()["message"]) == {"AESER is Y; see SUPP-- and AETERM"}


def test_other_datasets_are_looked_up_but_not_checked() -> None:
    """The rule joins DM and reports on AE alone."""
    check = {"all": [{"name": "USUBJID", "operator": "is_contained_by", "value": "$dm"}]}
    subjects = [{"id": "$dm", "operator": "distinct", "domain": "DM", "name": "USUBJID"}]
    joined = rule(check, Operations=subjects)
    assert {line[0] for line in lines(run(study(AE=AE, DM=DM), joined))} == {"AE", "DM"}
    result = run(study(AE=AE, DM=DM), joined, datasets={"AE"})
    assert {line[0] for line in lines(result)} == {"AE"}
    assert statuses(result) == [("AE", "run", "")]
