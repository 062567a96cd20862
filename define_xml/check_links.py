"""Check that every link has a target, every OID is given once, and everything defined is referred to."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lxml import etree

from define_xml.document import Document
from define_xml.namespaces import XLINK, clark_attribute

REFERENCES: dict[str, tuple[str, ...]] = {
    "ItemOID": ("ItemDef",),
    "def:ItemOID": ("ItemDef",),
    "CodeListOID": ("CodeList",),
    "RoleCodeListOID": ("CodeList",),
    "MethodOID": ("MethodDef",),
    "ImputationMethodOID": ("ImputationMethod",),
    "ValueListOID": ("ValueListDef",),
    "WhereClauseOID": ("WhereClauseDef",),
    "def:CommentOID": ("CommentDef",),
    "def:StandardOID": ("Standard",),
    "leafID": ("leaf",),
    "def:ArchiveLocationID": ("leaf",),
    "ItemGroupOID": ("ItemGroupDef",),
    "ParameterOID": ("ItemDef",),
}
"""Attribute -> kind of element whose OID or ID it names."""

_MAY_STAND_ALONE = frozenset(
    {"ItemGroupDef", "Standard", "ResultDisplay", "AnalysisResult", "MetaDataVersion", "Study"}
)


def check_links(document: Document, *, folder: Path | None) -> None:
    """Check all links of a file; links to documents are looked up in `folder` when it is given."""
    targets: dict[str, dict[str, etree._Element]] = {}
    seen: Counter[str] = Counter()
    for element in document.root.iter("*"):
        oid = element.get("OID") or element.get("ID")
        if oid:
            kind = etree.QName(element).localname
            targets.setdefault(kind, {}).setdefault(oid, element)
            seen[oid] += 1
            if seen[oid] == 2:
                document.report.add("DEF-L03", f"{oid!r} identifies two elements", element=element, value=oid)
    used: set[tuple[str, str]] = set()
    attributes = {clark_attribute(name, document.version): (name, kinds) for name, kinds in REFERENCES.items()}
    for element in document.root.iter("*"):
        for key, value in element.attrib.items():
            name, kinds = attributes.get(str(key), ("", ()))
            if not kinds:
                continue
            used.update((kind, str(value)) for kind in kinds)
            if not any(str(value) in targets.get(kind, {}) for kind in kinds):
                message = f"{name}={str(value)!r} refers to a {' or '.join(kinds)} that does not exist"
                place = document.place(element.get("OID") or element.get("ItemOID") or "")
                document.report.add("DEF-L01", message, element=element, value=str(value), **place)
    _check_unused(document, targets, used)
    _check_documents(document, folder)


def _check_unused(
    document: Document, targets: dict[str, dict[str, etree._Element]], used: set[tuple[str, str]]
) -> None:
    for kind, elements in targets.items():
        if kind in _MAY_STAND_ALONE:
            continue
        for oid, element in elements.items():
            if (kind, oid) not in used:
                document.report.add("DEF-L02", f"nothing refers to {kind} {oid!r}", element=element, value=oid)


def _check_documents(document: Document, folder: Path | None) -> None:
    groups = set(document.each("ItemGroupDef"))
    for leaf in document.each("def:leaf"):
        href = leaf.get(f"{{{XLINK}}}href") or ""
        problem = unsafe_link(href)
        if problem:
            document.report.add("DEF-L05", f"xlink:href={href!r} {problem}", element=leaf, value=href)
        elif folder is not None and leaf.getparent() not in groups and not urlsplit(href).scheme:
            path = folder / unquote(urlsplit(href).path)
            if not path.is_file():
                document.report.add("DEF-L04", f"there is no file {href!r}", element=leaf, value=href)


def unsafe_link(href: str) -> str:
    """Say what is wrong with a link that a reviewer should not follow; empty when nothing is."""
    try:
        parts = urlsplit(href.strip())
    except ValueError:
        return "is not an address"
    if parts.scheme and parts.scheme.lower() not in {"http", "https"}:
        return f"uses the scheme {parts.scheme!r}"
    if not parts.scheme and (parts.path.startswith(("/", "\\")) or "\\" in parts.path):
        return "is not relative to the folder of the file"
    return ""
