"""Time the rule engine: a synthetic LB of growing size, or a folder of transport files, with a folder of CORE rules.

    python benchmarks/validate.py RULES                          LB of 10^4, 10^5 and 10^6 records
    python benchmarks/validate.py RULES --records 10000 100000
    python benchmarks/validate.py RULES --folder DIR             every .xpt file of DIR
    python benchmarks/validate.py RULES --folder DIR --whole     the same as `spectrail validate` with the packaged
                                                                 rules too: define.xml, folder, reports

Prints seconds of CPU without imports and without loading the rules, and the peak memory of the process.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from spectrail.io.xpt import read_xpt
from validation.core.evaluate import run_rules
from validation.core.packaged_standards import packaged_standards
from validation.core.rule_files import Rule, load_rules
from validation.core.study import Study, Table, study_of, variables_of
from validation.ledger import judge
from validation.reports.content import Report
from validation.reports.write import write_reports
from validation.validate import validate_folder

TESTS = ("ALB", "ALP", "ALT", "AST", "BILI", "CREAT", "GLUC", "HGB", "K", "PLAT", "SODIUM", "WBC")
VISITS = 14


def text(values: object) -> pd.Series:
    return pd.Series(values, dtype="str")


def laboratory(records: int, *, seed: int = 20250328) -> Study:
    """Return DM, TV, SUPPLB and an LB of 12 tests x 14 visits per subject, with a few faults of common kinds."""
    random = np.random.default_rng(seed)
    row = np.arange(records)
    subject, test, visit = row // (len(TESTS) * VISITS), row % len(TESTS), row // len(TESTS) % VISITS
    subjects = int(subject[-1]) + 1
    ids = np.array([f"S1-{number:06d}" for number in range(subjects)])
    start = np.datetime64("2021-01-04") + random.integers(0, 700, subjects)
    day = visit * 7 + random.integers(0, 3, records)
    date = start[subject] + day
    value = np.round(random.normal(40, 9, records), 1)
    missing = random.random(records) < 0.01
    printed = np.array([str(number) for number in np.round(np.arange(-1000, 1001) / 10, 1)])
    result = text(printed[np.clip((value * 10).astype(int) + 1000, 0, 2000)]).mask(missing)
    lb = pd.DataFrame(
        {
            "STUDYID": text(np.full(records, "S1")),
            "DOMAIN": text(np.full(records, "LB")),
            "USUBJID": text(ids[subject]),
            "LBSEQ": (row % (len(TESTS) * VISITS) + 1).astype("float64"),
            "LBTESTCD": text(np.array(TESTS)[test]),
            "LBTEST": text(np.array([f"Test {name}" for name in TESTS])[test]),
            "LBCAT": text(np.where(test < 7, "CHEMISTRY", "HEMATOLOGY")),
            "LBORRES": result,
            "LBORRESU": text(np.where(test % 2, "g/L", "mmol/L")),
            "LBORNRLO": text(np.full(records, "10")),
            "LBORNRHI": text(np.full(records, "70")),
            "LBSTRESC": result,
            "LBSTRESN": pd.Series(np.clip(value, -100, 100)).mask(missing),
            "LBSTRESU": text(np.where(test % 2, "g/L", "mmol/L")),
            "LBSTNRLO": np.full(records, 10.0),
            "LBSTNRHI": np.full(records, 70.0),
            "LBNRIND": text(np.where(value > 70, "HIGH", np.where(value < 10, "LOW", "NORMAL"))),
            "LBSTAT": text(np.where(missing, "NOT DONE", "")).mask(~missing),
            "LBREASND": text(np.where(missing, "HAEMOLYSED", "")).mask(~missing | (random.random(records) < 0.1)),
            "LBLOBXFL": text(np.where(visit == 0, "Y", "")).mask(visit != 0),
            "LBDRVFL": text(np.full(records, "")).mask(np.ones(records, dtype=bool)),
            "VISITNUM": visit.astype("float64") + 1,
            "VISIT": text(np.array([f"WEEK {number}" for number in range(VISITS)])[visit]),
            "VISITDY": (visit * 7 + 1).astype("float64"),
            "LBREPNUM": np.ones(records),
            "EPOCH": text(np.where(visit == 0, "SCREENING", "TREATMENT")),
            "LBDTC": text(np.datetime_as_string(date)),
            "LBDY": (day + 1 + (random.random(records) < 0.001)).astype("float64"),
        }
    )
    dm = pd.DataFrame(
        {
            "STUDYID": text(np.full(subjects, "S1")),
            "DOMAIN": text(np.full(subjects, "DM")),
            "USUBJID": text(ids),
            "RFSTDTC": text(np.datetime_as_string(start)),
            "RFENDTC": text(np.datetime_as_string(start + 100)),
            "ARMCD": text(np.full(subjects, "A")),
        }
    )
    tv = pd.DataFrame(
        {
            "STUDYID": text(np.full(VISITS, "S1")),
            "DOMAIN": text(np.full(VISITS, "TV")),
            "VISITNUM": np.arange(1.0, VISITS + 1),
            "VISITDY": np.arange(VISITS) * 7.0 + 1,
        }
    )
    noted = row[::10]
    supp = pd.DataFrame(
        {
            "STUDYID": text(np.full(len(noted), "S1")),
            "RDOMAIN": text(np.full(len(noted), "LB")),
            "USUBJID": lb["USUBJID"].iloc[noted].reset_index(drop=True),
            "IDVAR": text(np.full(len(noted), "LBSEQ")),
            "IDVARVAL": text((noted % (len(TESTS) * VISITS) + 1).astype(str)),
            "QNAM": text(np.full(len(noted), "LBNOTE")),
            "QVAL": text(np.full(len(noted), "Y")),
        }
    )
    frames = {"DM": dm, "TV": tv, "LB": lb, "SUPPLB": supp}
    tables = {name: Table(name, frame, variables=variables_of(frame)) for name, frame in frames.items()}
    return Study(tables, packaged_standards())


def measure(study: Study, rules: tuple[Rule, ...], label: str) -> float:
    wall, cpu = time.perf_counter(), time.process_time()
    result = run_rules(study, rules, standard="SDTMIG", version="3.4")
    cpu = time.process_time() - cpu
    wall = time.perf_counter() - wall
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    ran = int((result.status["status"] == "run").sum())
    print(f"{label:>24} {cpu:8.2f} s CPU {wall:8.2f} s {memory:8.0f} MB {ran:5d} runs {len(result):9d} findings")
    return cpu


def measure_whole(folder: Path, rules: Path) -> None:
    """Time a validation as users run it, part by part: reading to findings, then the reports."""
    with tempfile.TemporaryDirectory() as out:
        start = (time.perf_counter(), time.process_time())
        result = validate_folder(folder, rules=[rules])
        found = (time.perf_counter(), time.process_time())
        report = Report(result, judge(result.findings, None), datetime(2025, 3, 28), folder.name)
        write_reports(report, out)
        done = (time.perf_counter(), time.process_time())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    ran = len(result.rules_run())
    for label, (first, last) in {"findings": (start, found), "reports": (found, done), "all": (start, done)}.items():
        print(f"{label:>24} {last[1] - first[1]:8.2f} s CPU {last[0] - first[0]:8.2f} s {memory:8.0f} MB")
    print(f"{len(result.rules)} rules, {ran} ran, {len(result.findings)} findings")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rules", type=Path)
    parser.add_argument("--records", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--whole", action="store_true")
    options = parser.parse_args()
    if options.folder and options.whole:
        measure_whole(options.folder, options.rules)
        return
    started = time.process_time()
    rules = load_rules(options.rules)
    print(f"{len(rules)} rules loaded in {time.process_time() - started:.2f} s CPU")
    if options.folder:
        started = time.process_time()
        datasets = [read_xpt(path) for path in sorted(options.folder.glob("*.xpt"))]
        print(f"{len(datasets)} files read in {time.process_time() - started:.2f} s CPU")
        records = sum(len(dataset) for dataset in datasets)
        measure(study_of(datasets, standards=packaged_standards()), rules, f"{records} records")
        return
    times = {records: measure(laboratory(records), rules, f"LB {records}") for records in options.records}
    if {100_000, 1_000_000} <= set(times):
        print(f"T(10^6) / T(10^5) = {times[1_000_000] / times[100_000]:.1f}")


if __name__ == "__main__":
    main()
