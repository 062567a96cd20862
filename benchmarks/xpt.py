"""Time the transport file codec beside others on one table: `python benchmarks/xpt.py [--rows N] [--json FILE]`.

One million records of 16 variables (10 text, 6 numbers) are written and read by every writer and reader in turn,
round by round in one process on one file system; every written file is flushed to disk within its time.  Printed are
the medians of wall and CPU seconds, the ratios that are claimed, and the memory our writer adds at its peak.
Every writer gets the same pandas frame (polars-readstat its polars form, converted before); pyreadstat is shown with
text as Python objects too, which it writes faster, the conversion not counted.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from spectrail.dataset import Dataset
from spectrail.io.xpt import read_xpt, write_xpt
from spectrail.layout import Column, Layout

CREATED = datetime(2025, 3, 28)
TARGETS = {
    "write: pyreadstat / spectrail": (">=", 25.0),
    "write: polars-readstat v5 / spectrail": (">", 1.0),
    "write: spectrail / same bytes to disk": ("<=", 3.0),
    "read: pyreadstat / spectrail": (">=", 12.0),
    "memory added by the writer / frame": ("<=", 1.5),
}


def laboratory(rows: int, seed: int = 20250328) -> Dataset:
    """Make a laboratory dataset: 10 text variables of usual widths and numbers of distinct values, 6 numbers."""
    random = np.random.default_rng(seed)
    tests = np.array(["HGB", "PLAT", "WBC", "NEUT", "LYM", "BLAST", "ALT", "AST", "BILI", "CREAT", "GLUC", "K"])
    names = np.array([f"{test.title()} Measurement in Blood"[:26] for test in tests])
    units = np.array(
        ["g/L", "10^9/L", "10^9/L", "10^9/L", "10^9/L", "%", "U/L", "U/L", "umol/L", "umol/L", "mmol/L", ""]
    )
    subject = np.sort(random.integers(0, max(rows // 250, 1), rows))
    test = random.integers(0, len(tests), rows)
    visit = random.integers(0, 30, rows)
    result = np.round(random.gamma(4.0, 12.0, rows), 1)
    day = random.integers(0, 1500, rows)
    minute = random.integers(0, 144, rows) * 10
    stamps = np.datetime64("2021-01-04T00:00", "m") + (day * 1440 + minute).astype("timedelta64[m]")
    low = random.random(rows) < 0.2
    text = {
        "STUDYID": np.full(rows, "SPR-2025-001"),
        "DOMAIN": np.full(rows, "LB"),
        "USUBJID": np.char.add("SPR-2025-001-", np.char.zfill(np.arange(rows // 250 + 1).astype("U"), 6))[subject],
        "LBTESTCD": tests[test],
        "LBTEST": names[test],
        "LBORRES": result.astype("U"),
        "LBORRESU": units[test],
        "LBNRIND": np.where(low, "LOW", np.where(random.random(rows) < 0.1, "HIGH", "NORMAL")),
        "VISIT": np.char.add("CYCLE 1 DAY ", np.arange(30).astype("U"))[visit],
        "LBDTC": np.datetime_as_string(stamps),
    }
    numbers = {
        "LBSEQ": (np.arange(rows) - np.searchsorted(subject, subject) + 1).astype("float64"),
        "LBSTRESN": np.where(random.random(rows) < 0.03, np.nan, result),
        "LBSTNRLO": random.normal(10.0, 1.0, rows),
        "LBSTNRHI": random.normal(90.0, 5.0, rows),
        "VISITNUM": visit + 1.0,
        "LBDY": day - 14.0,
    }
    frame = pd.DataFrame({key: pd.Series(value, dtype="str") for key, value in text.items()} | numbers)
    frame = frame.mask(frame == "")
    columns = [Column(key, f"Label of {key}", "text" if key in text else "float") for key in frame.columns]
    return Dataset(Layout("LB", "Laboratory Test Results", tuple(columns)), frame)


def synced(path: Path) -> None:
    """Flush a file that another library has written to disk."""
    descriptor = os.open(path, os.O_RDWR)
    os.fsync(descriptor)
    os.close(descriptor)


def write_bytes(data: bytes, path: Path) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def peak_memory(work: Callable[[], object]) -> int:
    """Return the bytes of resident memory that `work` adds at its peak (Linux)."""
    pa.default_memory_pool().release_unused()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)  # memory freed before must not be what `work` lives on
    Path("/proc/self/clear_refs").write_text("5")
    before = _status("VmRSS")
    work()
    return _status("VmHWM") - before


def _status(field: str) -> int:
    match = re.search(rf"^{field}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.M)
    return int(match.group(1)) * 1024 if match else 0


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return wall and CPU seconds of one call; what it returns is dropped within them."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def jobs(dataset: Dataset, folder: Path) -> tuple[dict[str, Callable[[], object]], int]:
    """Return the work to be timed by name, and the memory that our writer adds."""
    import polars
    import polars_readstat
    import pyreadstat

    ours, theirs, third, plain = (folder / name for name in ("ours.xpt", "pyreadstat.xpt", "polars.xpt", "plain.bin"))
    frame = dataset.frame
    plain_text = frame.astype({name: "object" for name in frame.columns if frame[name].dtype == "str"})
    plain_text = plain_text.fillna({name: "" for name in frame.columns if frame[name].dtype == "str"})
    labels = [column.label for column in dataset.layout.columns]
    table = polars.from_pandas(frame)
    added = peak_memory(lambda: write_xpt(dataset, ours, created=CREATED))
    data = ours.read_bytes()

    def pyreadstat_write(given: pd.DataFrame) -> None:
        pyreadstat.write_xport(given, theirs, table_name="LB", column_labels=labels, file_format_version=5)
        synced(theirs)

    def polars_write() -> None:
        polars_readstat.write_xpt(table, str(third), version=5, table_name="LB")
        synced(third)

    return {
        "write spectrail": lambda: write_xpt(dataset, ours, created=CREATED),
        "write same bytes to disk": lambda: write_bytes(data, plain),
        "write polars-readstat v5": polars_write,
        "write pyreadstat": lambda: pyreadstat_write(frame),
        "write pyreadstat, objects": lambda: pyreadstat_write(plain_text),
        "read spectrail": lambda: read_xpt(ours),
        "read pyreadstat": lambda: pyreadstat.read_xport(ours, disable_datetime_conversion=True),
    }, added


def measure(rows: int, rounds: int, folder: Path) -> dict[str, Any]:
    """Run every job once a round, after one round that is not counted, and return medians, ratios and memory.

    The uncounted round takes the process's memory from the system, which is dear in a virtual machine and would be
    charged to whoever comes first.
    """
    dataset = laboratory(rows)
    work, added = jobs(dataset, folder)
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in work}
    for counted in [False] + [True] * rounds:
        for name, run in work.items():
            seconds = timed(run)
            if counted:
                taken[name].append(seconds)
    wall = {name: statistics.median(pair[0] for pair in pairs) for name, pairs in taken.items()}
    cpu = {name: statistics.median(pair[1] for pair in pairs) for name, pairs in taken.items()}
    size = int(dataset.frame.memory_usage(deep=True).sum())
    ratios = {
        "write: pyreadstat / spectrail": wall["write pyreadstat"] / wall["write spectrail"],
        "write: polars-readstat v5 / spectrail": wall["write polars-readstat v5"] / wall["write spectrail"],
        "write: spectrail / same bytes to disk": wall["write spectrail"] / wall["write same bytes to disk"],
        "read: pyreadstat / spectrail": wall["read pyreadstat"] / wall["read spectrail"],
        "memory added by the writer / frame": added / size,
    }
    return {
        "rows": rows,
        "rounds": rounds,
        "file_bytes": (folder / "ours.xpt").stat().st_size,
        "frame_bytes": size,
        "writer_added_bytes": added,
        "seconds": {
            name: {"wall": wall[name], "cpu": cpu[name], "all_wall": [p[0] for p in taken[name]]} for name in wall
        },
        "ratios": ratios,
        "cpu_ratios": {
            "write: pyreadstat / spectrail": cpu["write pyreadstat"] / cpu["write spectrail"],
            "write: pyreadstat, objects / spectrail": cpu["write pyreadstat, objects"] / cpu["write spectrail"],
            "write: polars-readstat v5 / spectrail": cpu["write polars-readstat v5"] / cpu["write spectrail"],
            "read: pyreadstat / spectrail": cpu["read pyreadstat"] / cpu["read spectrail"],
        },
        "met": {name: met(name, value) for name, value in ratios.items()},
    }


def met(name: str, value: float) -> bool:
    sign, limit = TARGETS[name]
    return value <= limit if sign == "<=" else value >= limit


def report(result: dict[str, Any]) -> str:
    lines = [
        f"{result['rows']:,} records x 16 variables, file {result['file_bytes'] / 1e6:.0f} MB, frame "
        f"{result['frame_bytes'] / 1e6:.0f} MB, median of {result['rounds']} rounds",
        f"{'':28}{'wall s':>10}{'CPU s':>10}",
    ]
    lines += [f"{name:28}{one['wall']:>10.3f}{one['cpu']:>10.3f}" for name, one in result["seconds"].items()]
    lines.append("")
    lines += [f"{name:42}{value:>8.2f}   in CPU seconds" for name, value in result["cpu_ratios"].items()]
    for name, value in result["ratios"].items():
        sign, limit = TARGETS[name]
        verdict = "met" if result["met"][name] else "MISSED"
        lines.append(f"{name:42}{value:>8.2f}   target {sign} {limit:g}: {verdict}")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where to write (default: a temporary folder)")
    parser.add_argument("--json", type=Path, help="write the numbers to this file too")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        result = measure(arguments.rows, arguments.rounds, Path(folder))
    print(report(result))
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    return 0 if all(result["met"].values()) else 1


if __name__ == "__main__":
    sys.exit(main())
