"""Validate a define.xml against the official XML schemas, which the odmlib package ships."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from lxml import etree

from define_xml.namespaces import ARM
from define_xml.report import Report
from define_xml.safe_xml import parser
from spectrail.errors import UsageError

MAX_SCHEMA_ERRORS = 200
_SCHEMAS = {
    ("2.1", False): "define/2.1/define2-1-0.xsd",
    ("2.1", True): "arm/1.0-define2.1/arm1-0-0.xsd",
    ("2.0", False): "define/2.0/define2-0-0.xsd",
    ("2.0", True): "arm/1.0/arm1-0-0.xsd",
}


def check_schema(root: etree._Element, report: Report, *, version: str) -> None:
    """Report every violation of the schema of a version; with analysis results, of the schema with ARM 1.0."""
    arm = root.find(f".//{{{ARM}}}*") is not None
    schema = _schema(version, arm)
    if schema.validate(root.getroottree()):
        return
    errors = list(schema.error_log)  # type: ignore[call-overload]
    for error in errors[:MAX_SCHEMA_ERRORS]:
        message = error.message.replace("{http://www.cdisc.org/ns/odm/v1.3}", "")
        for prefix, uri in (("def", "http://www.cdisc.org/ns/def/v2."), ("arm", "http://www.cdisc.org/ns/arm/v1.")):
            message = message.replace(f"{{{uri}0}}", f"{prefix}:").replace(f"{{{uri}1}}", f"{prefix}:")
        report.add("DEF-X01", message, line=error.line)
    if len(errors) > MAX_SCHEMA_ERRORS:
        report.add("DEF-X01", f"and {len(errors) - MAX_SCHEMA_ERRORS} more violations", count=len(errors))


@cache
def _schema(version: str, arm: bool) -> etree.XMLSchema:
    found = find_spec("odmlib")
    if found is None or found.origin is None:
        raise UsageError("the package odmlib, which holds the schemas, is not installed", hint="pip install odmlib")
    path = Path(found.origin).parent / "schemas" / _SCHEMAS[version, arm]
    if not path.is_file():
        raise UsageError(f"odmlib does not hold the schema {path.name}", hint="pip install 'odmlib>=0.2'")
    return etree.XMLSchema(etree.parse(str(path), parser()))
