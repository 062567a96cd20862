"""Time the comparison of two datasets from their transport files: `python benchmarks/compare.py [--records N]`.

A laboratory dataset of 16 variables is compared with a copy, with a copy whose numbers have noise of 1e-9, with its
rows shuffled, with text trimmed, with a label renamed; reading both files is part of the time. Prints seconds and the
verdict, and fails when a verdict is wrong.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.validate import laboratory
from spectrail.dataset import Dataset
from spectrail.io.xpt import write_xpt
from spectrail.layout import Column, Layout
from validation.compare import Comparison, compare_paths

CREATED = datetime(2025, 3, 28)
VARIABLES = [
    *("STUDYID", "DOMAIN", "USUBJID", "LBSEQ", "LBTESTCD", "LBTEST", "LBCAT", "LBORRES", "LBORRESU"),
    *("LBSTRESC", "LBSTRESN", "LBNRIND", "VISITNUM", "VISIT", "LBDTC", "LBDY"),
]


def dataset(records: int) -> Dataset:
    frame = laboratory(records).tables["LB"].frame[VARIABLES]
    frame["LBTEST"] = " " + frame["LBTEST"]  # a blank that can be trimmed; trailing ones do not survive the format
    columns = tuple(
        Column(name, f"Label of {name}", "float" if frame[name].dtype.kind == "f" else "text") for name in VARIABLES
    )
    return Dataset(Layout("LB", "Laboratory Test Results", columns), frame)


def noise(base: Dataset) -> Dataset:
    random = np.random.default_rng(1)
    frame = base.frame.copy()
    for name in ("LBSTRESN", "LBDY"):
        frame[name] = frame[name] * (1 + random.uniform(-1e-9, 1e-9, len(frame)))
    return base.replace(frame=frame)


def shuffled(base: Dataset) -> Dataset:
    return base.replace(frame=base.frame.sample(frac=1, random_state=1).reset_index(drop=True))


def trimmed(base: Dataset) -> Dataset:
    return base.replace(frame=base.frame.assign(LBTEST=base.frame["LBTEST"].str.strip()))


def renamed(base: Dataset) -> Dataset:
    columns = tuple(replace(one, label="Renamed") if one.name == "LBCAT" else one for one in base.layout.columns)
    return base.replace(layout=replace(base.layout, columns=columns))


Right = Callable[[Comparison], bool]
CASES: dict[str, tuple[Callable[[Dataset], Dataset], Right]] = {
    "copy": (lambda base: base, lambda found: found.verdict == "equal"),
    "noise of 1e-9": (noise, lambda found: found.equal and "within the tolerance" in found.verdict),
    "shuffled rows": (shuffled, lambda found: found.verdict == "equal; records in another order"),
    "trimmed text": (
        trimmed,
        lambda found: (
            [(one.variable, one.cause) for one in found.differing] == [("LBTEST", "trimming: blanks at the ends")]
        ),
    ),
    "renamed label": (renamed, lambda found: found.verdict == "attributes differ (1: label)"),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=1_000_000)
    options = parser.parse_args()
    base = dataset(options.records)
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        left, right = Path(folder) / "base.xpt", Path(folder) / "compare.xpt"
        write_xpt(base, left, created=CREATED)
        for name, (change, expected) in CASES.items():
            write_xpt(change(base), right, created=CREATED)
            wall, cpu = time.perf_counter(), time.process_time()
            found = compare_paths(left, right, ignore=["length"]).datasets[0]
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            right_one = expected(found)
            wrong += not right_one
            mark = "right" if right_one else "WRONG"
            print(f"{name:>15} {wall:6.2f} s {cpu:6.2f} s CPU  {mark}: {found.verdict[:90]}")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{options.records} records x {len(VARIABLES)} variables, peak memory {memory:.0f} MB")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
