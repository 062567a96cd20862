"""Lineage goes through working tables, which are not written, to the SDTM records behind them."""

from __future__ import annotations

from adam_helpers import frame

from adam.engine import Engine
from specs import models as m
from spectrail.dataset import Dataset
from spectrail.layout import Column, Layout
from spectrail.lineage import Lineage

DM = frame("USUBJID\nA\nB")
EX = frame(
    "USUBJID | EXSEQ | EXSTDTC\nB | 1 | 2023-01-05\nA | 1 | 2023-01-03\nA | 2 | 2023-01-02", numbers=("EXSEQ",)
)


def wrapped(name: str) -> Dataset:
    """Make a finished dataset."""
    table = {"DM": DM, "EX": EX}[name]
    return Dataset(Layout(name, "", tuple(Column(str(one), "", "text") for one in table)), table)


def step(algorithm: str, target: str = "", source: str = "", **arguments: m.Argument) -> m.Step:
    """Make a step."""
    return m.Step(algorithm=algorithm, target=target, source=(source,) if source else (), arguments=arguments)


def built(*working: m.Dataset, source: str) -> Lineage:
    """Build ADSL with the first dose from a working table."""
    subject = m.Variable(
        name="USUBJID", data_type="text", origins=(m.Origin(type="Predecessor", predecessor="DM.USUBJID"),)
    )
    adsl = m.Dataset(
        name="ADSL",
        class_="SUBJECT LEVEL ANALYSIS DATASET",
        keys=("USUBJID",),
        variables=(subject, m.Variable(name="TRTSDT", data_type="integer")),
        steps=(
            step("records", source="DM"),
            step(
                "derive_vars_merged",
                dataset_add=source,
                by_vars=("USUBJID",),
                order=("EXSTDT",),
                mode="first",
                new_vars={"TRTSDT": "EXSTDT"},
            ),
        ),
    )
    engine = Engine(m.Study(study_id="S", datasets=(*working, adsl)), {"DM": wrapped("DM"), "EX": wrapped("EX")})
    (made,) = engine.datasets()
    return engine.settle(made).lineage


WEX = m.Dataset(
    name="WEX",
    steps=(step("records", source="EX"), step("derive_vars_dt", new_vars_prefix="EXST", dtc="EXSTDTC")),
)
TWICE = m.Dataset(
    name="WTWO",
    steps=(
        step("records", source="WEX"),
        step("predecessor", "USUBJID", "WEX.USUBJID"),
        step("predecessor", "EXSTDT", "WEX.EXSTDT"),
    ),
)


def test_value_goes_back_to_the_record_behind_the_working_table() -> None:
    """The first dose of A is the third EX record, that of B the first: not rows of the working table."""
    lineage = built(WEX, source="WEX")
    found = [(one.source, one.column, one.row.tolist()) for one in lineage.providers["TRTSDT"]]
    assert found == [("EX", "EXSTDTC", [2, 0])]


def test_lineage_goes_through_two_working_tables() -> None:
    """A working table of a working table is gone through as well."""
    lineage = built(WEX, TWICE, source="WTWO")
    found = [(one.source, one.column, one.row.tolist()) for one in lineage.providers["TRTSDT"]]
    assert found == [("EX", "EXSTDTC", [2, 0])]


def test_records_go_back_through_the_working_table() -> None:
    """Records that start from a working table are linked to the records it was made of, sorted by subject."""
    one = m.Dataset(
        name="ADEX",
        class_="BASIC DATA STRUCTURE",
        keys=("USUBJID",),
        variables=(m.Variable(name="USUBJID", data_type="text"), m.Variable(name="ADT", data_type="integer")),
        steps=(
            step("records", source="WEX"),
            step("predecessor", "USUBJID", "WEX.USUBJID"),
            step("predecessor", "ADT", "WEX.EXSTDT"),
        ),
    )
    engine = Engine(m.Study(study_id="S", datasets=(WEX, one)), {"DM": wrapped("DM"), "EX": wrapped("EX")})
    (made,) = engine.datasets()
    records = engine.settle(made).lineage.records
    assert [records.of(number) for number in range(3)] == [(("EX", 1),), (("EX", 2),), (("EX", 0),)]
