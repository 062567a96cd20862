"""The ADaM engine: plans from specifications, order of datasets, settings, lineage, findings."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from adam_helpers import frame

from adam.engine import Engine
from adam.settings import SETTINGS, resolved
from specs import models
from spectrail.dataset import Dataset
from spectrail.errors import SpecError, UnknownNameError
from spectrail.layout import Column, Layout


def sdtm(name: str, table: pd.DataFrame) -> Dataset:
    """Wrap a frame as a finished dataset."""
    return Dataset(Layout(name, "", tuple(Column(str(one)) for one in table.columns)), table)


def variable(name: str, predecessor: str = "", kind: str = "text") -> models.Variable:
    """Return a variable, with a predecessor when given."""
    origins = (models.Origin(type="Predecessor", predecessor=predecessor),) if predecessor else ()
    return models.Variable(name=name, data_type=kind, origins=origins)


def step(algorithm: str, *, target: str = "", source: str = "", when: str = "", **arguments: Any) -> models.Step:
    """Return a step."""
    return models.Step(
        algorithm=algorithm, target=target, source=(source,) if source else (), when=when, arguments=arguments
    )


DM = frame("USUBJID | SEX | RFXSTDTC\n1 | M | 2023-03-10\n2 | F |")
AE = frame("USUBJID | AESEQ | AETERM\n2 | 1 | Fever\n1 | 1 | Rash\n1 | 2 | Fever", numbers=("AESEQ",))
SUPPAE = frame("USUBJID | IDVAR | IDVARVAL | QNAM | QVAL\n1 | AESEQ | 2 | AERELBLN | RELATED")
ADAE = models.Dataset(
    name="ADAE",
    keys=("USUBJID", "AESEQ"),
    variables=(
        variable("USUBJID", "AE.USUBJID"),
        variable("AESEQ", "AE.AESEQ", "integer"),
        variable("AETERM", "AE.AETERM"),
        variable("AERELBLN", "SUPPAE.AERELBLN"),
        variable("SEX", "ADSL.SEX"),
        variable("TRTSDT", "ADSL.TRTSDT", "integer"),
        variable("AOCCFL"),
    ),
    steps=(
        step("records", source="AE"),
        step("derive_var_extreme_flag", by_vars=("USUBJID",), order=("AESEQ",), new_var="AOCCFL", mode="first"),
    ),
)
ADSL = models.Dataset(
    name="ADSL",
    keys=("USUBJID",),
    variables=(variable("USUBJID", "DM.USUBJID"), variable("SEX", "DM.SEX"), variable("TRTSDT", "", "integer")),
    steps=(
        step("records", source="DM"),
        step("predecessor", target="RFXSTDTC", source="DM.RFXSTDTC"),
        step("derive_vars_dt", new_vars_prefix="TRTS", dtc="RFXSTDTC"),
    ),
)


def engine(*datasets: models.Dataset, settings: dict[str, str] | None = None, **tables: pd.DataFrame) -> Engine:
    """Return an engine over literal SDTM."""
    study = models.Study(study_id="X", datasets=datasets, settings=settings or {})
    found = {"DM": DM, "AE": AE, "SUPPAE": SUPPAE} | tables
    return Engine(study, {name: sdtm(name, table) for name, table in found.items()})


def built(*datasets: models.Dataset, **options: Any) -> dict[str, Dataset]:
    """Build datasets."""
    return {one.name: one for one in engine(*datasets, **options).datasets()}


def test_predecessors_need_no_step() -> None:
    """Variables of the record, its supplemental qualifiers and ADSL are copied; records follow the keys."""
    made = built(ADAE, ADSL)
    shown = made["ADAE"].frame.fillna({"AERELBLN": "", "AOCCFL": ""})
    assert shown[["USUBJID", "AETERM", "AERELBLN", "SEX", "AOCCFL"]].values.tolist() == [
        ["1", "Rash", "", "M", "Y"],
        ["1", "Fever", "RELATED", "M", ""],
        ["2", "Fever", "", "F", "Y"],
    ]
    assert made["ADSL"].frame["TRTSDT"].tolist() == [pd.Timestamp("2023-03-10"), pd.NaT]


def test_lineage_ends_at_the_sdtm_record() -> None:
    """Each record names its SDTM record, each looked-up value the record of ADSL in its written order."""
    run = engine(ADAE, ADSL)
    made = {one.name: one for one in run.datasets()}
    lineage = run.settle(made["ADAE"]).lineage
    assert [lineage.records.of(one) for one in range(3)] == [(("AE", 1),), (("AE", 2),), (("AE", 0),)]
    assert [(one.source, one.column, one.row.tolist()) for one in lineage.providers["SEX"]] == [
        ("ADSL", "SEX", [0, 0, 1])
    ]
    assert lineage.of_variable("AOCCFL")[0].method == '"Y" for the first record of each USUBJID, in order of AESEQ'


def test_working_tables_are_not_written() -> None:
    """A dataset without variables starts with all columns of its source and is no analysis dataset."""
    work = models.Dataset(name="WAE", steps=(step("records", source="AE", when="AE.AETERM == 'Fever'"),))
    flagged = ADSL.model_copy(
        update={
            "variables": (*ADSL.variables, variable("FEVERFL")),
            "steps": (
                *ADSL.steps,
                step(
                    "derive_var_merged_exist_flag",
                    target="FEVERFL",
                    source="USUBJID",
                    dataset_add="WAE",
                    condition="AESEQ > 1",
                ),
            ),
        }
    )
    made = built(work, flagged)
    assert list(made) == ["ADSL"]
    assert made["ADSL"].frame["FEVERFL"].fillna("").tolist() == ["Y", ""]


def test_parameters_are_rows_of_the_specification() -> None:
    """A parameter starts records from its input; one whose inputs are parameters is added when they are there."""
    adsl = ADSL.model_copy(update={"name": "ADSL"})
    bds = models.Dataset(
        name="ADXX",
        variables=(
            variable("USUBJID", "ADSL.USUBJID"),
            variable("PARAMCD"),
            variable("PARAM"),
            variable("PARAMN", "", "integer"),
            variable("AVALC"),
            variable("AVAL", "", "float"),
            variable("ADT", "", "integer"),
        ),
        parameters=(
            models.Parameter(
                paramcd="FEVER", param="Fever", paramn=1, inputs=("AE",), settings={"where": "AE.AETERM == 'Fever'"}
            ),
            models.Parameter(
                paramcd="RASH", param="Rash", paramn=2, inputs=("AE",), settings={"where": "AE.AETERM == 'Rash'"}
            ),
            models.Parameter(
                paramcd="ANY",
                param="Fever or rash",
                paramn=3,
                inputs=("FEVER", "RASH"),
                rule="derive_param_exist_flag",
                settings={"condition": "present(USUBJID)", "keep_vars": (), "order": ("PARAMN",)},
            ),
        ),
        steps=(),
    )
    source = bds.model_copy(update={"variables": (variable("USUBJID", "AE.USUBJID"), *bds.variables[1:])})
    made = built(adsl, source)["ADXX"].frame
    assert made[["USUBJID", "PARAMCD", "PARAM", "PARAMN", "AVALC"]].fillna("").values.tolist() == [
        ["2", "FEVER", "Fever", 1.0, ""],
        ["1", "FEVER", "Fever", 1.0, ""],
        ["1", "RASH", "Rash", 2.0, ""],
        ["1", "ANY", "Fever or rash", 3.0, "Y"],
        ["2", "ANY", "Fever or rash", 3.0, "Y"],
    ]


def counted(*parameters: models.Parameter, steps: tuple[models.Step, ...] = ()) -> models.Dataset:
    """Return a dataset of events with parameters."""
    return models.Dataset(
        name="ADXX",
        keys=("PARAMN", "USUBJID"),
        variables=(
            variable("USUBJID", "AE.USUBJID"),
            variable("TRTP", "ADSL.SEX"),
            *map(variable, ("PARAMCD", "PARAM")),
            variable("PARAMN", "", "integer"),
            variable("AVALC"),
        ),
        parameters=parameters,
        steps=steps,
    )


def test_parameters_with_names_only_name_the_records_of_the_steps() -> None:
    """PARAM and PARAMN stand beside the PARAMCD that the dataset's own steps give; nothing else is started."""
    dataset = counted(
        models.Parameter(paramcd="FEVER", param="Fever", paramn=2),
        models.Parameter(paramcd="RASH", param="Rash", paramn=1),
        steps=(
            step("records", source="AE"),
            step("compute", target="PARAMCD", expression="upper(AE.AETERM)"),
        ),
    )
    made = built(dataset, ADSL)["ADXX"].frame
    assert made[["PARAMN", "USUBJID", "PARAMCD", "PARAM", "TRTP"]].values.tolist() == [
        [1, "1", "RASH", "Rash", "M"],
        [2, "1", "FEVER", "Fever", "M"],
        [2, "2", "FEVER", "Fever", "F"],
    ]


def test_records_added_for_every_subject_have_the_variables_of_adsl() -> None:
    """A copy of ADSL under another name is there for a subject without any record, with lineage to ADSL."""
    dataset = counted(
        models.Parameter(
            paramcd="RASH", param="Rash", paramn=1, inputs=("AE",), settings={"where": "AE.AETERM == 'Rash'"}
        ),
        models.Parameter(
            paramcd="ANY",
            param="Any rash",
            paramn=2,
            inputs=("RASH",),
            rule="derive_param_exist_flag",
            settings={"condition": "1 == 1", "keep_vars": (), "order": ("PARAMN",)},
        ),
    )
    run = engine(dataset, ADSL)
    made = {one.name: run.settle(one) for one in list(run.datasets())}["ADXX"]
    assert made.frame[["PARAMCD", "USUBJID", "TRTP", "AVALC"]].fillna("").values.tolist() == [
        ["RASH", "1", "M", ""],
        ["ANY", "1", "M", "Y"],
        ["ANY", "2", "F", "N"],
    ]
    (found,) = made.lineage.providers["TRTP"]
    assert (found.source, found.row.tolist()) == ("ADSL", [0, 0, 1])
    traces = [(one.algorithm, one.when, one.filled) for one in made.lineage.of_variable("AVALC")]
    assert traces == [("derive_param_exist_flag", "PARAMCD == 'ANY'", 2)]


def test_settings_reach_the_steps() -> None:
    """`$name` in an argument is the value of that setting, its default where the study says nothing."""
    dataset = ADSL.model_copy(
        update={
            "variables": (*ADSL.variables, variable("RULE")),
            "steps": (*ADSL.steps, step("assign_constant", target="RULE", value="$cri_rule")),
        }
    )
    assert built(dataset)["ADSL"].frame["RULE"].tolist() == ["any_deficit"] * 2
    assert built(dataset, settings={"cri_rule": "one_lineage"})["ADSL"].frame["RULE"].tolist() == ["one_lineage"] * 2


def test_unsupported_option_raises() -> None:
    """An option that is not supported, or a name that is nearly a setting, stops the build before it starts."""
    with pytest.raises(SpecError, match=r"setting ctcae: '6\.0' is not supported"):
        built(ADSL, settings={"ctcae": "6.0"})
    with pytest.raises(UnknownNameError, match="CRI_rule"):
        resolved({"CRI_rule": "one_lineage"})
    with pytest.raises(SpecError, match="interruption_min_hours: 'four' is not supported"):
        resolved({"interruption_min_hours": "four"})


def test_every_setting_has_a_supported_default() -> None:
    """The defaults are options of their setting; one name sets all inequalities of counts."""
    values = resolved({})
    assert all(not one.options or values[name] in one.options for name, one in SETTINGS.items())
    counts = {
        name: value
        for name, value in resolved({"count_ge": ">"}).items()
        if name.startswith("count_") and name != "count_ge"
    }
    assert set(counts.values()) == {">"}


def test_trouble_in_data_is_a_finding_with_keys() -> None:
    """Records that an order leaves tied are a notice with the natural keys of the record that was taken."""
    tied = frame("USUBJID | AESEQ | AETERM | SEV\n1 | 1 | A | 2\n1 | 2 | B | 2", numbers=("AESEQ", "SEV"))
    dataset = models.Dataset(
        name="ADAE",
        keys=("USUBJID", "AETERM"),
        variables=(variable("USUBJID", "AE.USUBJID"), variable("AETERM", "AE.AETERM"), variable("AOCCFL")),
        steps=(
            step("records", source="AE"),
            step("predecessor", target="SEV", source="AE.SEV"),
            step("derive_var_extreme_flag", by_vars=("USUBJID",), order=("SEV",), new_var="AOCCFL", mode="first"),
        ),
    )
    made = built(dataset, AE=tied)["ADAE"]
    rows = made.findings.frame[["rule", "severity", "dataset", "record", "keys"]].astype("object").values.tolist()
    assert rows == [["ADAM-TIE", "notice", "ADAE", 1, "USUBJID=1 AETERM=A"]]


def test_unknown_names_are_told() -> None:
    """A variable that another dataset does not have is named with those it has."""
    wrong = ADAE.model_copy(update={"variables": (*ADAE.variables, variable("X", "ADSL.SEXX"))})
    with pytest.raises(UnknownNameError, match="SEXX"):
        built(wrong, ADSL)
