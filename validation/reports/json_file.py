"""findings.json: one object per finding, in a form that other programs can rely on.

    {"format": "spectrail findings", "version": 1, "title", "created",
     "folders": [{"folder", "standard", "version", "ct", "define", "assumed"}],
     "counts": {"reject", "error", "warning", "notice"}, "records": {as counts},
     "ledger": {"new", "known", "accepted", "fixed"} or null,
     "not_evaluated": [{"rule", "dataset", "cause", "reason"}],
     "findings": [one object a line]}

A finding has fingerprint, rule, severity, dataset, variable, record (1-based in the written dataset, 0: none), keys,
value, message, reference, source and source_row (raw file or define.xml, 0: none), count, status and explanation
(both empty without a ledger). Findings come worst first; `counts`
counts them, `records` what they stand for (the sum of `count`); names may be added in later versions, not changed.
"""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from pathlib import Path
from typing import IO

from spectrail.findings import COLUMNS
from spectrail.io.atomic import replacing
from validation.reports.content import Report

VERSION = 1
CHUNK = 100_000


def write_findings_json(report: Report, path: str | Path) -> None:
    """Write findings.json; the same input gives the same bytes."""
    with replacing(path) as file:
        head = json.dumps(_head(report), indent=1, ensure_ascii=False)
        file.write(head.removesuffix("\n}").encode("utf-8"))
        file.write(b',\n "findings": [')
        _write_rows(report, file)
        file.write(b"\n]}\n")


def _head(report: Report) -> dict[str, object]:
    missed = report.result.not_evaluated()[["rule", "dataset", "cause", "reason"]]
    return {
        "format": "spectrail findings",
        "version": VERSION,
        "title": report.title,
        "created": report.created.isoformat(timespec="seconds"),
        "folders": [asdict(facts) for facts in report.result.folders],
        "counts": report.result.findings.counts(),
        "records": report.result.findings.records(),
        "ledger": report.judged.counts() if report.judged.used else None,
        "not_evaluated": missed.to_dict(orient="records"),
    }


def _write_rows(report: Report, file: IO[bytes]) -> None:
    frame = report.result.findings.frame
    judged = report.judged
    for start in range(0, len(frame), CHUNK):
        rows = slice(start, start + CHUNK)
        part = frame.iloc[rows][list(COLUMNS)].reset_index(drop=True)
        part.insert(0, "fingerprint", judged.fingerprints[rows])
        part["status"] = judged.status[rows]
        part["explanation"] = judged.explanation[rows]
        text = io.StringIO()
        part.to_json(text, orient="records", lines=True, force_ascii=False)
        lines = text.getvalue().rstrip("\n").replace("\n", ",\n")
        file.write((",\n" if start else "\n").encode() + lines.encode("utf-8", "surrogatepass"))
