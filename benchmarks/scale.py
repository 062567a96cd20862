"""The reference study at growing size: time and peak memory of `spectrail build`; `python -m benchmarks.scale`.

For every size the study is simulated and built as a user would, each build in a process of its own: all SDTM datasets
with define.xml (no validation), then only the datasets named by `--datasets`, one build each.  Memory is the peak
resident set of the build's process; "grown" compares it with the size before, beside the growth of the raw rows.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

WALL_LIMIT, MEMORY_LIMIT = 600.0, 6.0
"""Seconds and GB that the whole build of 10 000 subjects may take on two cores."""

TARGET_SIZE = 10_000
SPECTRAIL = (sys.executable, "-c", "from spectrail.cli import main; main()")


def run(arguments: Sequence[str]) -> dict[str, float]:
    """Run one spectrail command in its own process; return wall and CPU seconds and the peak memory in MB."""
    start = time.perf_counter()
    process = subprocess.Popen([*SPECTRAIL, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{' '.join(arguments)} failed:\n{said.decode(errors='replace')}")
    return {
        "wall": time.perf_counter() - start,
        "cpu": usage.ru_utime + usage.ru_stime,
        "peak": usage.ru_maxrss / 1024,
    }


def measure(study: Path, out: Path, subjects: int, datasets: str) -> dict[str, Any]:
    """Build a study folder (all datasets and define.xml, or only some datasets) and say what it took."""
    part = ["--only", "sdtm", "--datasets", datasets] if datasets else ["--only", "sdtm,define"]
    taken = run(["build", str(study), "-o", str(out), *part, "--fail-on", "never"])
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    return {
        "subjects": subjects,
        "datasets": datasets or "all",
        "raw_rows": sum(entry["rows"] for entry in record["inputs"]),
        "records": sum(entry.get("records", 0) for entry in record["outputs"]),
        **taken,
    }


def report(rows: Sequence[dict[str, Any]]) -> str:
    """Return the measurements as a table, each with its growth over the size before."""
    lines = [
        f"{'subjects':>8}  {'datasets':8}  {'raw rows':>9}  {'records':>9}  {'wall s':>7}  {'CPU s':>7}  "
        f"{'rows/s':>7}  {'peak MB':>7}  grown: rows, CPU, memory"
    ]
    before: dict[str, dict[str, Any]] = {}
    for row in rows:
        smaller = before.get(row["datasets"])
        grown = (
            "  ".join(f"{row[name] / smaller[name]:.1f}x" for name in ("raw_rows", "cpu", "peak")) if smaller else ""
        )
        lines.append(
            f"{row['subjects']:>8}  {row['datasets']:8}  {row['raw_rows']:>9}  {row['records']:>9}  "
            f"{row['wall']:>7.1f}  {row['cpu']:>7.1f}  {row['raw_rows'] / row['wall']:>7.0f}  {row['peak']:>7.0f}  "
            f"{grown}"
        )
        before[row["datasets"]] = row
    return "\n".join(lines)


def verdicts(rows: Sequence[dict[str, Any]]) -> list[tuple[str, bool]]:
    """Judge the measurements: limits of the whole build, and memory of limited builds against the data."""
    found = []
    for row in rows:
        if row["subjects"] == TARGET_SIZE and row["datasets"] == "all":
            found.append((f"wall {row['wall']:.0f} s, at most {WALL_LIMIT:.0f} s", row["wall"] <= WALL_LIMIT))
            peak = row["peak"] / 1024
            found.append((f"peak memory {peak:.1f} GB, at most {MEMORY_LIMIT:.0f} GB", peak <= MEMORY_LIMIT))
    for name in dict.fromkeys(row["datasets"] for row in rows if row["datasets"] != "all"):
        same = [row for row in rows if row["datasets"] == name]
        for small, large in itertools.pairwise(same):
            data, memory = large["raw_rows"] / small["raw_rows"], large["peak"] / small["peak"]
            found.append((f"{name}: memory grows {memory:.1f}x, the data {data:.1f}x", memory < data))
    return found


def main() -> int:
    """Measure, print and judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--subjects", type=int, nargs="*", default=[1_000, 10_000])
    parser.add_argument("--datasets", nargs="*", default=["AE", "LB"], help="datasets built on their own")
    parser.add_argument("--only-limited", action="store_true", help="leave the build of all datasets out")
    parser.add_argument("--folder", type=Path, help="where to write (default: a temporary folder)")
    parser.add_argument("--json", type=Path, help="write the numbers to this file too")
    options = parser.parse_args()
    rows = []
    for subjects in options.subjects:
        with tempfile.TemporaryDirectory(dir=options.folder) as name:
            study = Path(name) / "study"
            run(["simulate", "blina_ball", "-o", str(study), "--subjects", str(subjects)])
            shutil.rmtree(study / "truth")  # a build must do without it
            for datasets in ([] if options.only_limited else [""]) + options.datasets:
                rows.append(measure(study, Path(name) / f"out{datasets}", subjects, datasets))
                print(report(rows[-1:]).splitlines()[-1], flush=True)
    print("\n" + report(rows) + "\n")
    judged = verdicts(rows)
    for text, good in judged:
        print(f"{text}: {'met' if good else 'MISSED'}")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 0 if all(good for _, good in judged) else 1


if __name__ == "__main__":
    sys.exit(main())
