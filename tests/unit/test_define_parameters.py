"""Value levels of analysis parameters and the steps that made each."""

from __future__ import annotations

import pandas as pd
import pytest

from define_xml.derive import derive_metadata
from define_xml.evidence import observe
from define_xml.parameter_levels import level_traces, may_concern, parameter_levels, parameter_of
from specs import models as m
from spectrail.dataset import Dataset
from spectrail.layout import Column, Layout
from spectrail.lineage import Lineage, Trace

FRAME = pd.DataFrame(
    {
        "USUBJID": ["1", "1", "1", "2"],
        "PARAMCD": ["OVR", "MRD", "OS", "OVR"],
        "PARAM": ["Response", "MRD", "Survival (days)", "Response"],
        "AVALC": ["CR", None, None, "NR"],
        "AVAL": [1.0, 0.25, 30.0, 7.0],
        "ADT": [1.0, 2.0, 3.0, 4.0],
    }
).astype({"AVALC": "str"})
DERIVED = (m.Origin(type="Derived", source="Sponsor"),)
SPEC = m.Dataset(
    name="ADRS",
    **{"class": "BASIC DATA STRUCTURE"},
    label="Response",
    keys=("USUBJID", "PARAMCD"),
    variables=(
        *(m.Variable(name=name, label=name, data_type="text") for name in ("USUBJID", "PARAMCD", "PARAM", "AVALC")),
        m.Variable(name="AVAL", label="AVAL", data_type="float"),
        m.Variable(name="ADT", label="ADT", data_type="integer", origins=DERIVED),
    ),
    parameters=(
        m.Parameter(paramcd="OVR", param="Response", codelist="CLASS"),
        m.Parameter(paramcd="MRD", param="MRD"),
        m.Parameter(paramcd="OS", param="Survival (days)"),
    ),
)
TRACES = (
    Trace("AVALC", 1, "predecessor", ("RS.RSSTRESC",), "copied from RS.RSSTRESC", "PARAMCD == 'OVR'", 2, "RS"),
    Trace("AVAL", 2, "take_mrd", ("ADLB.AVAL",), "proportion of cells", "PARAMCD == 'MRD'", 1, "ADLB"),
    Trace("ADT", 2, "take_mrd", ("ADLB.ADT",), "proportion of cells", "PARAMCD == 'MRD'", 1, "ADLB"),
    Trace("AVAL", 3, "survive", ("ADT",), "time to ADT", "PARAMCD == 'OS'", 1, "ADSL"),
    Trace("ADT", 3, "survive", ("ADSL.DTHDT",), "time to death", "PARAMCD == 'OS'", 1, "ADSL"),
    Trace("AVAL", 4, "map_numbers", ("AVALC", "PARAMCD"), "number of the class", "PARAMCD in ['OVR']", 2),
    Trace("PARAMCD", 1, "assign_constant", (), '"OVR" for the records of RS', "PARAMCD == 'OVR'", 2, "RS"),
    Trace("ADT", 5, "limit_date", ("ADT",), "not after the cut-off", "", 4),
)


def test_levels_are_the_parameters_with_values() -> None:
    """AVAL has a level for each parameter, AVALC for the one with text; type by values, codelist of the parameter."""
    levels = parameter_levels(FRAME, SPEC)
    shown = [(one.variable, parameter_of(one), one.label, one.data_type, one.codelist) for one in levels]
    assert shown == [
        ("AVAL", "MRD", "MRD", "float", ""),
        ("AVAL", "OS", "Survival (days)", "integer", ""),
        ("AVAL", "OVR", "Response", "integer", ""),
        ("AVALC", "OVR", "Response", "text", "CLASS"),
    ]


def test_typed_levels_stay_alone() -> None:
    """A variable that the specification gives value levels keeps those; a dataset without parameters has none."""
    typed = SPEC.model_copy(update={"value_levels": parameter_levels(FRAME, SPEC)[:1]})
    assert {one.variable for one in parameter_levels(FRAME, typed)} == {"AVALC"}
    assert parameter_levels(FRAME.drop(columns="PARAMCD"), SPEC) == ()


def test_steps_of_a_parameter() -> None:
    """Steps for other parameters, by themselves or by their condition, are not among those of a level."""
    lineage = Lineage(traces=TRACES)
    steps = {
        (one.variable, parameter_of(one)): [trace.step for trace in level_traces(lineage, one)]
        for one in parameter_levels(FRAME, SPEC)
    }
    assert steps == {("AVAL", "MRD"): [2], ("AVAL", "OS"): [3], ("AVAL", "OVR"): [4], ("AVALC", "OVR"): [1]}
    general = Lineage(traces=(Trace("AVAL", 1, "predecessor", ("LB.LBSTRESN",), "copied", "", 4),))
    assert level_traces(general, parameter_levels(FRAME, SPEC)[0]) == ()


@pytest.mark.parametrize(
    ("when", "concerns"),
    [
        ("", True),
        ("AVISIT == 'DAY 22'", True),
        ("PARAMCD == 'A'", True),
        ("PARAMCD != 'A'", False),
        ("PARAMCD == 'B' and ADY > 1", False),
        ("PARAMCD == 'B' or ADY > 1", True),
        ("PARAMCD not in ['A', 'B']", False),
        ("not (PARAMCD in ['B', 'C'])", True),
        ("not (PARAMCD == 'A' and ADY > 1)", True),
    ],
)
def test_conditions_on_the_parameter(when: str, concerns: bool) -> None:
    """What a condition says of PARAMCD decides; what it says of other variables leaves it open."""
    assert may_concern(when, "A") is concerns


def test_methods_and_origins_by_parameter() -> None:
    """Each level has origin and method of its own steps; one that AVAL is computed from refers to them."""
    layout = Layout(
        "ADRS",
        "Response",
        tuple(Column(one.name, one.label, one.data_type or "text") for one in SPEC.variables),
        SPEC.keys,
    )
    made = Dataset(layout, FRAME, lineage=Lineage(traces=TRACES))
    study = m.Study(
        study_id="X",
        datasets=(SPEC,),
        codelists=(m.Codelist(id="CLASS", name="Class", terms=(m.Term(term="CR"), m.Term(term="NR"))),),
    )
    derived, findings = derive_metadata(study, {"ADRS": observe(made, SPEC)})
    assert len(findings) == 0
    (dataset,) = derived.datasets
    texts = {one.id: one.description for one in derived.methods}
    found = {
        (one.variable, parameter_of(one)): (one.origins[0].type, texts.get(one.method, ""))
        for one in dataset.value_levels
    }
    limit = "Not after the cut-off."
    assert found == {
        ("AVAL", "MRD"): ("Derived", f"Proportion of cells.\nADT: 1. Proportion of cells.\n2. {limit}"),
        ("AVAL", "OS"): ("Derived", f"Time to ADT.\nADT: 1. Time to death.\n2. {limit}"),
        ("AVAL", "OVR"): ("Derived", f'Number of the class.\nPARAMCD: "OVR" for the records of RS.\nADT: {limit}'),
        ("AVALC", "OVR"): ("Predecessor", ""),
    }
    assert (dataset.variable("AVAL").origins, dataset.variable("AVAL").method) == ((), "")
    assert texts[dataset.variable("ADT").method].splitlines() == [
        "See the method of each parameter in the value-level metadata of AVAL.",
        "Then: Not after the cut-off.",
    ]
