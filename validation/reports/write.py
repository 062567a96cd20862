"""All reports of a validation into one folder."""

from __future__ import annotations

from pathlib import Path

from spectrail.errors import OutputError, Place
from validation.reports.content import Report
from validation.reports.json_file import write_findings_json
from validation.reports.page import write_report_html
from validation.reports.trace import Trail
from validation.reports.workbook import write_report_xlsx

NAMES = ("findings.json", "report.xlsx", "report.html")


def write_reports(report: Report, folder: str | Path, *, trail: Trail | None = None) -> list[Path]:
    """Write findings.json, report.xlsx and report.html into a folder; return their paths.

    Raises OutputError when the folder cannot be written.
    """
    target = Path(folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot create the folder: {error.strerror}", place=Place(file=str(folder))) from error
    json_file, workbook, page = (target / name for name in NAMES)
    write_findings_json(report, json_file)
    write_report_xlsx(report, workbook)
    write_report_html(report, page, trail=trail)
    return [json_file, workbook, page]
