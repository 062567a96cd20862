"""The analysis datasets of the reference study at growing size: `python -m benchmarks.adam_study FOLDER`.

For every size the study is simulated and its SDTM built once, below FOLDER, where a later run finds them. Then ADSL,
ADRS, ADTTE, ADAE and ADLB, with the working tables they need, are derived by the engine, each time in a process of
its own. Seconds are those of the engine with lineage and findings, from SDTM in memory to finished datasets: imports,
reading the specification and reading SDTM are not counted (the latter is shown). The least of the runs counts. Memory
is the peak resident set of the process, SDTM included.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.scale import run

DATASETS = ("ADSL", "ADRS", "ADTTE", "ADAE", "ADLB")
GROWTH_LIMIT = 12.0
"""How many times the CPU ten times the subjects may take."""


def prepare(folder: Path, subjects: int) -> Path:
    """Simulate the study of a size and build its SDTM unless that is there; return the folder that holds both."""
    made = folder / str(subjects)
    if not (made / "out" / "run.json").is_file():
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
        run(["simulate", "blina_ball", "-o", str(made / "study"), "--subjects", str(subjects)])
        run(["build", str(made / "study"), "-o", str(made / "out"), "--only", "sdtm", "--fail-on", "never"])
    return made


def derive(made: Path) -> dict[str, Any]:
    """Derive the datasets in this process and say what it took."""
    from adam.engine import Engine
    from spectrail.pipeline.analysis import cut_datasets, read_datasets
    from spectrail.pipeline.sources import Sources
    from spectrail.pipeline.study import checked_study, part_of, resolvers_of, sdtm_folder

    study = checked_study(made / "study")[1]
    begun = time.process_time()
    tables = read_datasets(sdtm_folder(made / "out", study))
    start, wall = time.process_time(), time.perf_counter()
    count = sum(map(len, tables.values()))
    cut = cut_datasets(study, tables)
    sdtm = cut[0] if cut else tables
    del tables, cut  # as in a build, only what the analysis may see stays in memory
    engine = Engine(part_of(study, analysis=True), sdtm, Sources(study, made / "study"), resolvers_of(study))
    finished = [engine.settle(one) for one in engine.datasets(DATASETS)]
    return {
        "cpu": time.process_time() - start,
        "wall": time.perf_counter() - wall,
        "read": start - begun,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "sdtm_records": count,
        "records": {one.name: len(one) for one in finished},
    }


def measure(made: Path, subjects: int, runs: int) -> dict[str, Any]:
    """Derive the datasets of one size in processes of their own; the least seconds of the runs, the most memory."""
    found = []
    for _ in range(runs):
        command = [sys.executable, "-m", "benchmarks.adam_study", str(made), "--derive"]
        found.append(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
    least = {name: min(one[name] for one in found) for name in ("cpu", "wall", "read")}
    return {"subjects": subjects, **found[0], **least, "peak": max(one["peak"] for one in found)}


def report(rows: Sequence[dict[str, Any]]) -> str:
    """Return the measurements as a table."""
    lines = [
        f"{'subjects':>8}  {'SDTM records':>12}  {'read CPU s':>10}  {'CPU s':>7}  {'wall s':>7}  {'peak MB':>7}  "
        "records"
    ]
    for row in rows:
        made = ", ".join(f"{name} {count}" for name, count in row["records"].items())
        lines.append(
            f"{row['subjects']:>8}  {row['sdtm_records']:>12}  {row['read']:>10.1f}  {row['cpu']:>7.1f}  "
            f"{row['wall']:>7.1f}  {row['peak']:>7.0f}  {made}"
        )
    return "\n".join(lines)


def main() -> int:
    """Measure, print and judge the growth between the first and the last size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where studies and their SDTM are kept")
    parser.add_argument("--subjects", type=int, nargs="*", default=[1_000, 10_000])
    parser.add_argument("--runs", type=int, default=2, help="runs of each size")
    parser.add_argument("--json", type=Path, help="write the numbers to this file too")
    parser.add_argument("--derive", action="store_true", help="derive from one prepared folder and print the numbers")
    options = parser.parse_args()
    if options.derive:
        print(json.dumps(derive(options.folder)))
        return 0
    rows = [measure(prepare(options.folder, one), one, options.runs) for one in options.subjects]
    print(report(rows))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    if len(rows) < 2:
        return 0
    grown = rows[-1]["cpu"] / rows[0]["cpu"]
    limit = GROWTH_LIMIT / 10 * rows[-1]["subjects"] / rows[0]["subjects"]
    print(f"CPU grows {grown:.1f}x, at most {limit:.0f}x: {'met' if grown <= limit else 'MISSED'}")
    return 0 if grown <= limit else 1


if __name__ == "__main__":
    sys.exit(main())
