"""The ledger of the reference study: every deliberate finding, accepted with what was planted.

`python -m spectrail.studies.blina_ball.accepted STUDY OUT LEDGER` matches the findings of a build, down to raw rows
through the lineage, with the truth log of the simulation, and writes the ledger.  It lists what it cannot explain and
ends with status 1: such a finding is a defect of the study's specification or of a rule.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from spectrail.io.lineage_files import read_lineage
from spectrail.lineage import Lineage
from validation.ledger import COLUMNS, Ledger, write_ledger

COUNTED = ("reject", "error", "warning")
_TWICE = "a subject was screened twice under two numbers and is one subject (deliberate case)"
_EARLY = "a subject's death is collected before enrolment (deliberate mess, queried); the start stands for it"
KNOWN = {
    "SPT-SE-007": ("SV", _TWICE),
    "SPT-TT-016": ("ADTTE", _EARLY),
    "SPT-TT-018": ("ADTTE", _EARLY),
    "SPT-TT-019": ("ADTTE", _EARLY),
    "ADAM-TTE-BEFORE-START": ("ADTTE", _EARLY),
}
"""Findings that follow from a deliberate case rather than from one raw cell: rule to dataset and explanation."""
_NO_LIMIT = "not detected without a limit of detection: the status is analysed, there is no value (deliberate case)"
_WORSE = "the grade of an event that began before treatment rose; te_worsening is off (deliberate case)"
CASES = {("SPT-BD-061", "ADLB", "24"): _NO_LIMIT, ("SPT-OC-017", "ADAE", "65"): _WORSE}
"""Findings in the records of the subject of one deliberate case: rule, dataset and case to explanation."""


def explained(study: Path, out: Path) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Return ledger entries for the findings that the truth log explains, and the findings it does not."""
    findings = json.loads((out / "validation" / "findings.json").read_text(encoding="utf-8"))["findings"]
    inputs = json.loads((out / "run.json").read_text(encoding="utf-8"))["inputs"]
    paths = {one["name"]: one["path"] for one in inputs}
    planted, subjects = _planted(study), _case_subjects(study)
    entries, left = [], []
    for finding in findings:
        if finding["severity"] not in COUNTED:
            continue
        reasons = [planted[row] for row in _rows(finding, out, paths) if row in planted]
        reasons += [
            text
            for (rule, dataset, case), text in CASES.items()
            if (rule, dataset) == (finding["rule"], finding["dataset"])
            and any(subject in finding["keys"] for subject in subjects[case])
        ]
        known = KNOWN.get(finding["rule"])
        if not reasons and known is not None and known[0] == finding["dataset"]:
            reasons = [known[1]]
        if reasons:
            entries.append(
                {name: str(finding.get(name, "")) for name in COLUMNS}
                | {
                    "status": "accepted",
                    "explanation": reasons[0],
                }
            )
        else:
            left.append(finding)
    frame = pd.DataFrame(entries, columns=list(COLUMNS), dtype="str")
    return frame.drop_duplicates("fingerprint").sort_values("fingerprint").reset_index(drop=True), left


def _planted(study: Path) -> dict[tuple[str, int], str]:
    mess = pd.read_csv(study / "truth" / "mess.csv", dtype="str", keep_default_na=False)
    return {
        (f"raw/{row.file}", int(row.row)): f"deliberate mess of the simulation: {kind.replace('_', ' ')}"
        for row, kind in zip(mess.itertuples(), mess["class"], strict=True)
    }


def _case_subjects(study: Path) -> dict[str, list[str]]:
    """Return the subject numbers of each deliberate case."""
    cases = pd.read_csv(study / "truth" / "edge_cases.csv", dtype="str", keep_default_na=False)
    return {str(case): [one for one in part if one] for case, part in cases.groupby("row")["subject"]}


def _rows(finding: Mapping[str, Any], out: Path, paths: Mapping[str, str]) -> Iterator[tuple[str, int]]:
    """Yield the raw rows a finding goes back to: its own, or those of its record."""
    if finding["source_row"]:
        yield paths.get(finding["source"], finding["source"]), int(finding["source_row"])
    elif finding["record"] and (out / "lineage" / f"{finding['dataset'].lower()}.records.parquet").is_file():
        yield from _of_record(finding["dataset"], int(finding["record"]) - 1, out, paths, 0)


def _of_record(name: str, record: int, out: Path, paths: Mapping[str, str], depth: int) -> Iterator[tuple[str, int]]:
    for source, row in _lineage(out, name).records.of(record):
        if source in paths:
            yield paths[source], row + 1
        elif depth < 5 and (out / "lineage" / f"{source.lower()}.records.parquet").is_file():
            yield from _of_record(source, row, out, paths, depth + 1)


@cache
def _lineage(out: Path, name: str) -> Lineage:
    return read_lineage(out / "lineage", name)


def main() -> int:
    """Write the ledger and list what the truth log does not explain."""
    study, out, ledger = (Path(text) for text in sys.argv[1:4])
    entries, left = explained(study, out)
    write_ledger(Ledger(entries), ledger)
    print(f"{len(entries)} findings explained by the truth log")
    for one in left:
        print(
            f"not explained: {one['severity']} {one['rule']} {one['dataset']} {one['variable']} {one['value'][:60]}"
        )
    return bool(left)


if __name__ == "__main__":
    sys.exit(main())
