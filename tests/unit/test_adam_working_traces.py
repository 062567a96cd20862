"""What is not written is told where it is used: steps of working tables, parameters of a block of records."""

from __future__ import annotations

from adam.told_traces import told_traces
from adam.working_traces import with_working
from define_xml.method_words import words_of
from specs.models import Step
from spectrail.lineage import Lineage, Trace

WORK = (
    (
        Trace("DTC", 1, "predecessor", ("EX.EXSTDTC",), "copied from EX.EXSTDTC"),
        Trace("DTM", 2, "derive_vars_dtm", ("DTC",), "numeric datetime of DTC"),
    ),
    (
        Step(algorithm="records", source=("EX",), when="EX.EXDOSE > 0"),
        Step(algorithm="filter_records", arguments={"condition": "present(DTM)"}),
    ),
)


def test_a_value_of_a_working_table_is_told_with_its_steps() -> None:
    """The method names how the value was made and which records the table has; other tables are not told of."""
    own = (Trace("TRTSDTM", 3, "derive_vars_merged", ("USUBJID", "WEX.DTM"), "WEX.DTM of the first record"),)
    traces = with_working(own, {"WEX": WORK, "WOTHER": WORK})
    assert [one.variable for one in traces] == ["TRTSDTM", "WEX", "WEX.DTC", "WEX.DTM"]
    assert words_of(own, Lineage(traces=traces), frozenset({"TRTSDTM", "USUBJID"})).splitlines() == [
        "WEX.DTM of the first record.",
        "WEX.DTM (intermediate): Numeric datetime of DTC.",
        "WEX.DTC (intermediate): Copied from EX.EXSTDTC.",
        "WEX (intermediate): Records of EX where EX.EXDOSE > 0; kept where DTM is not missing.",
    ]


def test_working_tables_behind_working_tables() -> None:
    """A table that another one starts from is told too."""
    outer = (
        (Trace("X", 1, "predecessor", ("WEX.DTM",), "copied from WEX.DTM"),),
        (Step(algorithm="records", source=("WEX",)),),
    )
    traces = with_working((Trace("V", 1, "a", ("WOUT.X",)),), {"WEX": WORK, "WOUT": outer})
    assert {one.variable for one in traces} == {"V", "WOUT", "WOUT.X", "WEX", "WEX.DTC", "WEX.DTM"}


def block(expression: str) -> tuple[Step, ...]:
    """Return the steps of two blocks, the second with PARAMCD by an expression."""
    return (
        Step(algorithm="records", source=("LB",)),
        Step(algorithm="predecessor", target="PARAMCD", source=("LB.LBTESTCD",)),
        Step(algorithm="records", source=("CP",)),
        Step(algorithm="compute", target="PARAMCD", arguments={"expression": expression}),
        Step(algorithm="predecessor", target="AVAL", source=("CP.CPSTRESN",)),
        Step(algorithm="combine"),
    )


def test_parameters_of_a_block_by_literal_values() -> None:
    """Steps of a block whose PARAMCD can only be some values are for these; other blocks are left as they are."""
    traces = [Trace("PARAMCD", 1, "predecessor"), Trace("PARAMCD", 3, "compute"), Trace("AVAL", 4, "predecessor")]
    told = told_traces(traces, block("'A' if METHOD == 'X' else 'B' if METHOD == 'Y' else 'C'"))
    assert [one.when for one in told] == ["", "PARAMCD in ['A', 'B', 'C']", "PARAMCD in ['A', 'B', 'C']"]
    told = told_traces(traces, block("'A' if METHOD == 'X' else METHOD"))
    assert [one.when for one in told] == ["", "", ""]


def test_a_step_with_its_own_condition_stays_with_its_parameter() -> None:
    """In a block of one parameter a condition is of that parameter's records; one that names PARAMCD stands alone."""
    steps = (
        Step(algorithm="records", source=("LB",)),
        Step(algorithm="assign_constant", target="PARAMCD", arguments={"value": "A"}),
        Step(algorithm="assign_constant", target="AVAL", when="SEX == 'F' or AGE > 1", arguments={"value": "1"}),
        Step(algorithm="records", source=("LB",)),
        Step(algorithm="assign_constant", target="PARAMCD", arguments={"value": "B"}),
    )
    traces = [
        Trace("AVAL", 2, "assign_constant", when="SEX == 'F' or AGE > 1"),
        Trace("AVAL", 2, "assign_constant", when="PARAMCD == 'A'"),
    ]
    told = told_traces(traces, steps)
    assert [one.when for one in told] == ["PARAMCD == 'A' and (SEX == 'F' or AGE > 1)", "PARAMCD == 'A'"]
