"""The step runner: binding, conditions, other datasets' variables, record lineage, providers, accounting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pytest

from specs.expressions import parse
from spectrail.build import SourceTable
from spectrail.errors import SpecError, UnknownNameError
from spectrail.registry import Registry
from spectrail.runner import Workspace
from spectrail.steps import (
    Catalog,
    ColumnName,
    Content,
    Exclusion,
    Outcome,
    Problem,
    Records,
    Table,
    TableColumn,
    Values,
)

CATALOG = Catalog(Registry("algorithm"))


@dataclass(frozen=True)
class Step:
    target: str = ""
    algorithm: str = "take"
    source: tuple[str, ...] = ()
    codelist: str = ""
    when: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    replace: bool = False


@CATALOG.column(method="{source} taken over")
def take(values: Values) -> pd.Series:
    """Take values over."""
    return values


@CATALOG.column(method="{source} with {text}")
def suffix(values: Values, *, text: str = "!", times: int = 1) -> Outcome:
    """Add a text; report values that are bad."""
    rows = np.flatnonzero(values == "bad")
    return Outcome(values + text * times, (Problem("T-BAD", "error", "is bad", rows, values[rows]),))


@CATALOG.column(method="{source} found in {table}")
def find(values: Values, *, table: Table, key: TableColumn, give: TableColumn) -> Outcome:
    """Look values up in a table."""
    place = pd.Index(table[key]).get_indexer(values)
    numbers = np.where(place >= 0, table.index.to_numpy()[place], -1)
    return Outcome(pd.Series(table[give].array.take(place, allow_fill=True)), (), numbers, give)


@CATALOG.records()
def drop_blank(frame: pd.DataFrame, *, column: ColumnName) -> Records:
    """Leave out records in which a column is empty."""
    kept = np.flatnonzero(frame[column].notna())
    gone = np.flatnonzero(frame[column].isna())
    return Records(frame.take(kept), kept, excluded=(Exclusion(gone, f"{column} is empty"),))


@CATALOG.records()
def one_per(frame: pd.DataFrame, *, by: ColumnName) -> Records:
    """Make one record per value of a column."""
    codes, _ = pd.factorize(frame[by])
    first = np.array([np.flatnonzero(codes == code)[0] for code in range(codes.max() + 1)])
    return Records(frame.take(first), first, links=(codes.astype(np.int64), np.arange(len(frame))))


@CATALOG.records(order_only=True)
def backwards(frame: pd.DataFrame, *, target: str, content: Content) -> Records:
    """Turn the order of the records round."""
    order = np.arange(len(frame))[::-1].copy()
    made = frame.take(order).reset_index(drop=True)
    made[target] = content(order)["TERM"].to_numpy()
    return Records(made, order)


def run(plans: Mapping[str, Sequence[Step]], tables: Mapping[str, Mapping[str, list[Any]]]) -> Workspace:
    """Run all plans over small tables."""
    frames = {name: SourceTable(name, pd.DataFrame(data).astype("str")) for name, data in tables.items()}
    frames = {name: SourceTable(name, one.frame.mask(one.frame == "")) for name, one in frames.items()}
    space = Workspace(CATALOG.registry, plans, frames.get, parse)
    for name in plans:
        space.run(name)
    return space


def values(space: Workspace, dataset: str, column: str) -> list[Any]:
    """Return a column of a dataset, None for missing."""
    block = space.builds[dataset].block
    assert block is not None
    return [None if pd.isna(value) else value for value in block.columns[column]]


RAW = {"ae": {"SUBJ": ["1", "1", "2"], "TERM": ["a", "", "bad"]}}
START = Step(algorithm="records", source=("ae",))


def test_a_step_takes_values_and_keeps_the_raw_row_of_each_record() -> None:
    """Record i of a mapped form goes back to row i, and the step says what it did."""
    space = run({"AE": [START, Step("AETERM", source=("ae.TERM",))]}, RAW)
    assert values(space, "AE", "AETERM") == ["a", None, "bad"]
    build = space.builds["AE"]
    assert build.block is not None
    assert [build.block.links.of(number) for number in range(3)] == [(("ae", 0),), (("ae", 1),), (("ae", 2),)]
    assert [(trace.variable, trace.method, trace.filled) for trace in build.traces] == [
        ("AETERM", "ae.TERM taken over", 2)
    ]


def test_a_condition_selects_the_records_that_a_step_fills() -> None:
    """Records that do not meet the condition keep their value, and the algorithm never sees them."""
    steps = [START, Step("X", "suffix", ("ae.TERM",), when="ae.SUBJ == '1'")]
    space = run({"AE": steps}, RAW)
    assert values(space, "AE", "X") == ["a!", None, None]
    assert space.builds["AE"].problems == []


def test_a_later_step_fills_only_what_is_missing() -> None:
    """The first value wins; `replace` lets a later one win."""
    steps = [START, Step("X", source=("ae.TERM",)), Step("X", source=("ae.SUBJ",))]
    assert values(run({"AE": steps}, RAW), "AE", "X") == ["a", "1", "bad"]
    steps = [*steps, Step("X", "suffix", ("ae.SUBJ",), replace=True, when="X == 'a'")]
    assert values(run({"AE": steps}, RAW), "AE", "X") == ["1!", "1", "bad"]


def test_arguments_are_typed_from_text() -> None:
    """`times: 3` reaches the algorithm as the number 3."""
    steps = [START, Step("X", "suffix", ("ae.SUBJ",), arguments={"text": "?", "times": "3"})]
    assert values(run({"AE": steps}, RAW), "AE", "X") == ["1???", "1???", "2???"]


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (Step("X", "suffix", ("ae.SUBJ",), arguments={"tims": "3"}), "unknown argument of suffix 'tims'"),
        (Step("X", "suffix", ("ae.SUBJ",), arguments={"times": "three"}), "valid integer"),
        (Step("X", "suffix"), "needs 1 source"),
        (Step("X", "take", ("ae.SUBJ", "ae.TERM")), "takes 1 source"),
        (Step("X", "take", ("ae.SUBJECT",)), "unknown column"),
        (Step("", "take", ("ae.SUBJ",)), "needs a target"),
        (Step("X", "tak", ("ae.SUBJ",)), "unknown algorithm 'tak'"),
        (Step("", "drop_blank", when="ae.SUBJ == '1'", arguments={"column": "ae.SUBJ"}), "takes no condition"),
    ],
)
def test_a_wrong_step_raises_with_dataset_and_variable(step: Step, message: str) -> None:
    """Every wrong step names the dataset it belongs to."""
    with pytest.raises((SpecError, UnknownNameError), match=message) as caught:
        run({"AE": [START, step]}, RAW)
    assert caught.value.place is not None
    assert caught.value.place.dataset == "AE"


def test_problems_of_stacked_records_keep_the_form_and_row_of_each() -> None:
    """After two forms are stacked, a problem names the form and row of every record it was met in."""
    steps = [
        START,
        Step("T", source=("ae.TERM",)),
        Step(algorithm="records", source=("mh",)),
        Step("T", source=("mh.TERM",)),
        Step(algorithm="combine"),
        Step("X", "suffix", ("T",)),
    ]
    space = run({"AE": steps}, RAW | {"mh": {"SUBJ": ["1", "2"], "TERM": ["bad", "bad"]}})
    held = [(one.source, one.source_rows.tolist(), list(one.problem.values)) for one in space.builds["AE"].problems]
    assert held == [("ae", [2], ["bad"]), ("mh", [0, 1], ["bad", "bad"])]


def test_problems_keep_the_raw_row_through_records_left_out_later() -> None:
    """A problem met in raw row 2 is still there when its record has moved to position 1."""
    steps = [
        START,
        Step("X", "suffix", ("ae.TERM",)),
        Step(algorithm="drop_blank", arguments={"column": "ae.TERM"}),
    ]
    build = run({"AE": steps}, RAW).builds["AE"]
    held = build.problems[0]
    assert (held.source, held.source_rows.tolist(), build.current(held.ids).tolist()) == ("ae", [2], [1])
    assert [(one.source, one.rows.tolist(), one.reason) for one in build.exclusions] == [
        ("ae", [1], "ae.TERM is empty")
    ]


def test_grouped_records_go_back_to_all_their_rows() -> None:
    """One record per subject has the raw rows of that subject."""
    build = run({"AE": [START, Step(algorithm="one_per", arguments={"by": "ae.SUBJ"})]}, RAW).builds["AE"]
    assert build.block is not None
    assert [build.block.links.of(number) for number in range(2)] == [(("ae", 0), ("ae", 1)), (("ae", 2),)]


def test_blocks_are_stacked_with_their_lineage() -> None:
    """Records of two forms keep their own sources; a variable that one block lacks is missing there."""
    steps = [
        START,
        Step("X", source=("ae.TERM",)),
        Step(algorithm="records", source=("ds",)),
        Step("Y", source=("ds.WHY",)),
        Step(algorithm="combine"),
    ]
    space = run({"AE": steps}, {**RAW, "ds": {"WHY": ["death"]}})
    assert values(space, "AE", "X") == ["a", None, "bad", None]
    assert values(space, "AE", "Y") == [None, None, None, "death"]
    build = space.builds["AE"]
    assert build.block is not None
    assert build.block.links.of(3) == (("ds", 0),)


DM_EX = {
    "dm": {"SUBJ": ["1", "2"]},
    "ex": {"SUBJ": ["2", "1"], "DATE": ["2024-02-01", "2024-01-01"]},
}


def test_datasets_may_take_variables_of_each_other() -> None:
    """DM takes its first dose from EX although EX takes the reference date from DM."""
    plans = {
        "DM": [
            Step(algorithm="records", source=("dm",)),
            Step("USUBJID", source=("dm.SUBJ",)),
            Step("RFSTDTC", "find", ("USUBJID",), arguments={"table": "EX", "key": "USUBJID", "give": "EXSTDTC"}),
        ],
        "EX": [
            Step(algorithm="records", source=("ex",)),
            Step("USUBJID", source=("ex.SUBJ",)),
            Step("EXSTDTC", source=("ex.DATE",)),
            Step("REF", source=("DM.RFSTDTC",)),
        ],
    }
    space = run(plans, DM_EX)
    assert values(space, "DM", "RFSTDTC") == ["2024-01-01", "2024-02-01"]
    assert values(space, "EX", "REF") == ["2024-02-01", "2024-01-01"]
    dm, ex = space.builds["DM"].block, space.builds["EX"].block
    assert dm is not None
    assert ex is not None
    assert [(one.source, one.column, one.row.tolist()) for one in dm.providers["RFSTDTC"]] == [
        ("EX", "EXSTDTC", [1, 0])
    ]
    assert [(one.source, one.column, one.row.tolist()) for one in ex.providers["REF"]] == [("DM", "RFSTDTC", [1, 0])]


def test_datasets_that_need_each_other_before_they_exist_are_refused() -> None:
    """A circle of variables is named, not run for ever."""
    plans = {
        "DM": [
            Step(algorithm="records", source=("dm",)),
            Step("USUBJID", source=("dm.SUBJ",)),
            Step("A", source=("EX.B",)),
        ],
        "EX": [
            Step(algorithm="records", source=("ex",)),
            Step("USUBJID", source=("ex.SUBJ",)),
            Step("B", source=("DM.A",)),
        ],
    }
    with pytest.raises(SpecError, match="DM needs EX needs DM"):
        run(plans, DM_EX)


def test_a_subject_that_stands_twice_cannot_be_looked_up() -> None:
    """A value by subject needs one record per subject."""
    plans = {
        "EX": [Step(algorithm="records", source=("ex",)), Step("USUBJID", source=("ex.SUBJ",))],
        "AE": [START, Step("USUBJID", source=("ae.SUBJ",)), Step("X", source=("EX.USUBJID",))],
    }
    tables = {**RAW, "ex": {"SUBJ": ["1", "1"]}}
    with pytest.raises(SpecError, match="'1' stands twice in EX"):
        run(plans, tables)


def test_ids_lead_to_the_records_after_sorting_and_leaving_out() -> None:
    """A provider taken before another dataset was sorted is found at its final place."""
    plans = {
        "AE": [
            START,
            Step("USUBJID", source=("ae.SUBJ",)),
            Step("AETERM", source=("ae.TERM",)),
            Step(algorithm="drop_blank", arguments={"column": "AETERM"}),
            Step("N", "backwards"),
        ],
        "CM": [
            Step(algorithm="records", source=("cm",)),
            Step("X", "find", ("cm.FOR",), arguments={"table": "AE", "key": "AETERM", "give": "USUBJID"}),
        ],
    }
    space = run({"CM": plans["CM"], "AE": plans["AE"]}, {**RAW, "cm": {"FOR": ["bad", "a", "none"]}})
    assert values(space, "CM", "X") == ["2", "1", None]
    assert values(space, "AE", "N") == ["bad", "a"]
    cm = space.builds["CM"].block
    assert cm is not None
    ids = cm.providers["X"][0].row
    assert ids[2] == -1
    assert space.builds["AE"].current(ids[:2].astype(np.int64)).tolist() == [0, 1]


def test_an_empty_form_gives_an_empty_dataset() -> None:
    """No rows in, no records out, and every variable exists."""
    steps = [START, Step("X", "suffix", ("ae.TERM",)), Step(algorithm="drop_blank", arguments={"column": "X"})]
    space = run({"AE": steps}, {"ae": {"SUBJ": [], "TERM": []}})
    assert values(space, "AE", "X") == []
