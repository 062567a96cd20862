"""Raw laboratory data to LB: the engine against hand-written pandas; `python -m benchmarks.build`.

CPU seconds without imports and without making the data, median of several runs. The engine also keeps lineage,
findings and row accounting, and checks every value against its codelist; the baseline does not.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from benchmarks.lab_by_hand import lb_by_hand
from benchmarks.lab_data import NAMES, TESTS, UNITS, raw_labs
from sdtm.engine import Engine, lookup_source, raw_source
from specs import models
from specs.study_terms import study_terms
from specs.terminology import Terms, terminology
from spectrail.build import SourceTable
from spectrail.dataset import Dataset

NUMERIC = ("LBSEQ", "LBSTRESN", "LBSTNRLO", "LBSTNRHI", "VISITNUM", "LBDY")
LB = (
    "STUDYID", "DOMAIN", "USUBJID", "LBSEQ", "LBTESTCD", "LBTEST", "LBORRES", "LBORRESU", "LBORNRLO", "LBORNRHI",
    "LBSTRESC", "LBSTRESN", "LBSTRESU", "LBSTNRLO", "LBSTNRHI", "LBNRIND", "LBLOBXFL", "VISITNUM", "VISIT", "LBDTC",
    "LBDY",
)  # fmt: skip


def step(target: str, algorithm: str, *source: str, codelist: str = "", **arguments: object) -> models.Step:
    """Write one step."""
    return models.Step(target=target, algorithm=algorithm, source=source, codelist=codelist, arguments=arguments)


def specification() -> models.Study:
    """Return the specification of the benchmark study."""
    convert = {"table": "units"}
    dm_steps = (
        step("", "records", "dm"),
        step("USUBJID", "compute", expression='concat("BENCH-", dm.SUBJECT)'),
        step("RFXSTDTC", "assign_datetime", "dm.FIRSTDOSE", formats=("DD MMM YYYY",)),
        step("RFSTDTC", "assign_no_ct", "RFXSTDTC"),
    )
    lb_steps = (
        step("", "records", "labs"),
        step("USUBJID", "compute", expression='concat("BENCH-", labs.SUBJECT)'),
        step("VISIT", "visit_map", "labs.VISIT", table="visits", key=("collected",), give="VISIT"),
        step("VISITNUM", "visit_map", "labs.VISIT", table="visits", key=("collected",), give="VISITNUM"),
        step("LBDTC", "assign_datetime", "labs.SAMPDAT", "labs.SAMPTIM", formats=("DD MMM YYYY",)),
        step("", "transpose", mapping="tests"),
        step("LBTESTCD", "assign_ct", "TEST", codelist="C65047"),
        step("LBTEST", "lookup", "LBTESTCD", table="names", key=("LBTESTCD",), give="LBTEST"),
        step("LBORRESU", "assign_ct", "UNIT", codelist="C71620"),
        step("LBSTRESN", "unit_convert", "LBORRES", "UNIT", "LBTESTCD", give="value", **convert),
        step("LBSTRESC", "unit_convert", "LBORRES", "UNIT", "LBTESTCD", give="text", **convert),
        step("LBSTRESU", "unit_convert", "LBORRES", "UNIT", "LBTESTCD", give="unit", **convert),
        step("LBSTNRLO", "unit_convert", "LBORNRLO", "UNIT", "LBTESTCD", give="low", **convert),
        step("LBSTNRHI", "unit_convert", "LBORNRHI", "UNIT", "LBTESTCD", give="high", **convert),
        step("LBNRIND", "derive_nrind", "LBSTRESC", "LBSTNRLO", "LBSTNRHI"),
        step("LBDY", "derive_dy", "LBDTC"),
        step("LBLOBXFL", "derive_lobxfl", "LBSTRESC", "LBDTC", "LBTESTCD"),
        step("LBSEQ", "derive_seq", "LBTESTCD", "LBDTC"),
    )
    return models.Study(
        study_id="BENCH",
        datasets=(
            dataset("DM", ("STUDYID", "DOMAIN", "USUBJID", "RFSTDTC", "RFXSTDTC"), ("STUDYID", "USUBJID"), dm_steps),
            dataset("LB", LB, ("STUDYID", "USUBJID", "LBTESTCD", "LBDTC"), lb_steps),
        ),
    )


def dataset(
    name: str, variables: tuple[str, ...], keys: tuple[str, ...], steps: tuple[models.Step, ...]
) -> models.Dataset:
    """Write one dataset."""
    listed = tuple(models.Variable(name=v, data_type="float" if v in NUMERIC else "text") for v in variables)
    return models.Dataset(name=name, keys=keys, variables=listed, steps=steps)


def tables(labs: pd.DataFrame, demography: pd.DataFrame) -> dict[str, SourceTable]:
    """Return raw and lookup tables of the benchmark study."""
    visits = tuple((f"Week {week}", f"WEEK {week}", str(week + 1)) for week in range(50))
    tests = tuple((test, f"labs.{test}", f"labs.{test}_U", f"labs.{test}_LO", f"labs.{test}_HI") for test in TESTS)
    units = tuple(
        (test, unit, UNITS[test][0], f"{UNITS[test][2]:g}" if unit != UNITS[test][0] else "1", "")
        for test in TESTS
        for unit in dict.fromkeys(UNITS[test][:2])
    )
    lookups = (
        models.LookupTable(name="visits", columns=("collected", "VISIT", "VISITNUM"), rows=visits),
        models.LookupTable(
            name="tests",
            columns=("TEST", "from LBORRES", "from UNIT", "from LBORNRLO", "from LBORNRHI"),
            rows=tests,
        ),
        models.LookupTable(name="names", columns=("LBTESTCD", "LBTEST"), rows=tuple(NAMES.items())),
        models.LookupTable(name="units", columns=("TEST", "FROM", "TO", "FACTOR", "OFFSET"), rows=units),
    )
    return {one.name: lookup_source(one) for one in lookups} | {
        "labs": raw_source("labs", labs),
        "dm": raw_source("dm", demography),
    }


def lb_by_engine(labs: pd.DataFrame, demography: pd.DataFrame) -> Dataset:
    """Map the raw data with the engine; return LB."""
    study = specification()
    resolvers = {Terms: study_terms(study, terminology())}
    engine = Engine(study, tables(labs, demography).get, resolvers)
    made = {one.name: one for one in engine.datasets()}
    return engine.settle(made["LB"])


def same(by_engine: pd.DataFrame, by_hand: pd.DataFrame) -> None:
    """Check that both give the same records."""
    expected = by_hand[list(LB)]
    for name in LB:
        left, right = by_engine[name], expected[name]
        if name in NUMERIC:
            right = right.astype("float64")
            equal = (left.sub(right).abs() < 1e-9) | (left.isna() & right.isna())
        else:
            right = right.astype("str")
            equal = (left == right) | (left.isna() & right.isna())
        assert equal.all(), f"{name} differs in {int((~equal).sum())} records, first {left[~equal].iloc[0]!r}"


def cpu(function: Callable[[], object], runs: int) -> float:
    """Return the median CPU seconds of a function."""
    seconds = []
    for _ in range(runs):
        start = time.process_time()
        function()
        seconds.append(time.process_time() - start)
    return statistics.median(seconds)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--records", type=int, nargs="*", default=[100_000, 1_000_000])
    parser.add_argument("--json", default="")
    options = parser.parse_args()
    rows = []
    for records in options.records:
        labs, demography = raw_labs(records)
        same(lb_by_engine(labs, demography).frame, lb_by_hand(labs, demography))
        engine = cpu(lambda labs=labs, demography=demography: lb_by_engine(labs, demography), options.runs)
        hand = cpu(lambda labs=labs, demography=demography: lb_by_hand(labs, demography), options.runs)
        rows.append({"records": records, "engine": engine, "by hand": hand, "ratio": engine / hand})
        print(f"{records:>9} records  engine {engine:6.2f} s  by hand {hand:6.2f} s  ratio {engine / hand:.2f}")
    if len(rows) > 1:
        growth = rows[-1]["engine"] / rows[0]["engine"]
        print(f"T({rows[-1]['records']}) / T({rows[0]['records']}) = {growth:.1f}")
    if options.json:
        Path(options.json).write_text(json.dumps(rows, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
