"""Check a define.xml: schema, links, rules beyond the schema, and the data it describes."""

from __future__ import annotations

from pathlib import Path

from define_xml.check_data import check_data
from define_xml.check_items import check_items
from define_xml.check_links import check_links
from define_xml.check_rules import check_rules
from define_xml.document import Document
from define_xml.reader import version_of
from define_xml.report import Report
from define_xml.safe_xml import parse
from define_xml.schema import check_schema
from spectrail.errors import UsageError
from spectrail.findings import Findings


def check_define(path: Path | str, *, data_dir: Path | str | None = None) -> Findings:
    """Check a define.xml of version 2.0 or 2.1 and, with `data_dir`, the transport files that it describes.

    Findings name the element and its OID (`keys`), dataset, variable, value and the line of the file (`source_row`).
    Raises InputError when the file is not a define.xml that can be read.
    """
    file = Path(path)
    root = parse(file).getroot()
    document = Document(root=root, version=version_of(root, name=str(path)), report=Report(file=file.name))
    check_schema(root, document.report, version=document.version)
    check_links(document, folder=file.parent if data_dir is not None else None)
    check_rules(document)
    check_items(document)
    if data_dir is not None:
        folder = Path(data_dir)
        if not folder.is_dir():
            raise UsageError(f"{str(data_dir)!r} is not a folder", hint="name the folder that holds the .xpt files")
        check_data(document, folder)
    return document.report.findings()
