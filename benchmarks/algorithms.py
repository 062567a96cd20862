"""CPU seconds of mapping algorithms on many records: `python benchmarks/algorithms.py [records]` (default
1000000)."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Literal

import numpy as np
import pandas as pd

import sdtm.algorithms
import sdtm.derivations  # noqa: F401 - imported before anything is timed
from sdtm.algorithms.assign import assign_ct, assign_no_ct
from sdtm.algorithms.assign_datetime import assign_datetime
from sdtm.algorithms.unit_convert import unit_convert
from sdtm.derivations.baseline import derive_lobxfl
from sdtm.derivations.days import derive_dy
from sdtm.derivations.results import derive_nrind
from sdtm.derivations.sequence import derive_seq
from specs.terminology import terminology

LIMITS = {
    "assign_ct": 0.25,
    "assign_datetime": 0.9,
    "derive_seq": 2.2,
    "derive_dy": 0.3,
    "derive_lobxfl": 0.4,
    "unit_convert value": 0.5,
}


def text(choices: list[str], rng: np.random.Generator, size: int) -> pd.Series:
    values = pd.array(choices, dtype="str")
    return pd.Series(values.take(rng.integers(0, len(choices), size)))


def data(size: int) -> dict[str, pd.Series]:
    rng = np.random.default_rng(20230310)
    days = pd.date_range("2022-09-01", periods=1200).strftime("%d %b %Y").str.upper().tolist()
    clock = [f"{hour:02d}:{minute:02d}" for hour in range(24) for minute in range(60)]
    people = max(size // 400, 1)
    subject = np.sort(rng.integers(0, people, size))
    ids = pd.array([f"BALL-{number:06d}" for number in range(people)], dtype="str")
    reference = pd.date_range("2022-10-01", periods=people, freq="h").strftime("%Y-%m-%dT%H:%M").tolist()
    frame = {
        "subject": pd.Series(ids.take(subject)),
        "reference": pd.Series(pd.array(reference, dtype="str").take(subject)),
        "date": text(days, rng, size),
        "time": text(clock, rng, size),
        "test": text(["WBC", "NEUT", "PLAT", "HGB", "ALT", "AST", "BILI", "CREAT", "LDH", "URATE"], rng, size),
        "spec": text(["Blood", "SERUM", "plasma", "Bone Marrow"], rng, size),
        "unit": text(["10^9/L", "K/uL", "/mm3", "x10e3/µL"], rng, size),
        "result": pd.Series(pd.array([f"{number / 100:.2f}" for number in range(40000)], dtype="str")).take(
            rng.integers(0, 40000, size)
        ),
    }
    frame["result"] = frame["result"].reset_index(drop=True)
    frame["dtc"] = pd.Series(assign_datetime(frame["date"], frame["time"], formats=("DD MMM YYYY",)).values)
    return frame


Columns = dict[str, pd.Series]


def timed(function: Callable[[Columns], object], columns: Columns) -> float:
    """Return the median CPU seconds of three runs, each on columns nothing is remembered of."""
    times = []
    for _ in range(3):
        fresh = {name: values.copy() for name, values in columns.items()}
        start = time.process_time()
        function(fresh)
        times.append(time.process_time() - start)
    return sorted(times)[1]


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    columns = data(size)
    spec = terminology().terms("SPECTYPE")
    table = pd.DataFrame({"TEST": ["*"], "FROM": ["*"], "TO": ["10^9/L"]}, dtype="str")
    order = np.random.default_rng(1).permutation(size)
    shuffled = {f"shuffled {name}": one.take(order).reset_index(drop=True) for name, one in columns.items()}
    columns |= shuffled | {"number": pd.to_numeric(columns["result"])}
    columns |= {"low": pd.Series(np.full(size, 100.0)), "high": pd.Series(np.full(size, 300.0))}

    def sequence(d: Columns) -> object:
        names = ("subject", "test", "dtc", "result")
        frame = pd.DataFrame({name: d[f"shuffled {name}"] for name in names}, copy=False)
        return derive_seq(
            frame,
            source=names[:3],
            by=("subject",),
            target="LBSEQ",
            content=lambda rows: frame.take(rows).reset_index(drop=True),
        )

    def convert(d: Columns, give: Literal["value", "text"]) -> object:
        return unit_convert(d["result"], d["unit"], d["test"], table=table, give=give)

    jobs: dict[str, Callable[[Columns], object]] = {
        "assign_no_ct": lambda d: assign_no_ct(d["spec"]),
        "assign_ct": lambda d: assign_ct(d["spec"], codelist=spec),
        "assign_datetime": lambda d: assign_datetime(d["date"], d["time"], formats=("DD MMM YYYY",)),
        "assign_datetime, one column": lambda d: assign_datetime(d["dtc"], formats=("YYYY-MM-DDTHH:MM",)),
        "derive_seq": sequence,
        "derive_dy": lambda d: derive_dy(d["dtc"], reference=d["reference"]),
        "derive_lobxfl": lambda d: derive_lobxfl(
            d["result"], d["dtc"], d["test"], d["spec"], subject=d["subject"], reference=d["reference"]
        ),
        "unit_convert value": lambda d: convert(d, "value"),
        "unit_convert text": lambda d: convert(d, "text"),
        "derive_nrind": lambda d: derive_nrind(d["number"], d["low"], d["high"]),
    }
    print(f"{size} records; CPU seconds, median of 3")
    for name, job in jobs.items():
        limit = LIMITS.get(name)
        print(f"{name:28} {timed(job, columns):6.3f}" + (f"   (at most {limit})" if limit else ""))


if __name__ == "__main__":
    main()
