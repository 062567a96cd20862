"""Namespaces, prefixes and versions of Define-XML."""

from __future__ import annotations

from typing import Any

from lxml import etree

ODM = "http://www.cdisc.org/ns/odm/v1.3"
DEF = {"2.0": "http://www.cdisc.org/ns/def/v2.0", "2.1": "http://www.cdisc.org/ns/def/v2.1"}
ARM = "http://www.cdisc.org/ns/arm/v1.0"
XLINK = "http://www.w3.org/1999/xlink"
XML = "http://www.w3.org/XML/1998/namespace"

PREFIXES = {ODM: "", DEF["2.0"]: "def:", DEF["2.1"]: "def:", ARM: "arm:", XLINK: "xlink:", XML: "xml:"}
"""Prefix, colon included, that names of a namespace get in models, messages and paths."""


def clark(name: str, version: str) -> str:
    """Return `{uri}local` of a prefixed element name (`def:leaf`, `ItemDef`); no prefix means ODM."""
    prefix, _, local = name.rpartition(":")
    return f"{{{_uri(prefix, version) or ODM}}}{local}"


def clark_attribute(name: str, version: str) -> str:
    """Return the lxml name of a prefixed attribute name; no prefix means no namespace."""
    prefix, _, local = name.rpartition(":")
    uri = _uri(prefix, version)
    return f"{{{uri}}}{local}" if uri else local


def _uri(prefix: str, version: str) -> str:
    return {"": "", "def": DEF[version], "arm": ARM, "xlink": XLINK, "xml": XML}[prefix]


def prefixed(name: str) -> str:
    """Return the prefixed form of an lxml name; a foreign namespace stays in braces."""
    uri, brace, local = name.rpartition("}")
    if not brace:
        return name
    prefix = PREFIXES.get(uri[1:])
    return name if prefix is None else prefix + local


def line_of(element: etree._Element) -> int | None:
    """Return the line of the file on which an element begins."""
    line: Any = element.sourceline
    return int(line) if line else None


def path_of(element: etree._Element) -> str:
    """Return a readable XPath: steps carry the OID where there is one, else their place among like siblings."""
    steps = []
    node: Any = element
    while node is not None:
        name = prefixed(node.tag)
        identifier = node.get("OID") or node.get("ID")
        parent = node.getparent()
        if identifier is not None:
            attribute = "OID" if node.get("OID") is not None else "ID"
            quote = '"' if "'" in identifier else "'"
            steps.append(f"{name}[@{attribute}={quote}{identifier}{quote}]")
        elif parent is not None and next(parent.iterchildren(node.tag)) is not next(
            parent.iterchildren(node.tag, reversed=True)
        ):
            place = 1 + sum(1 for _ in node.itersiblings(node.tag, preceding=True))
            steps.append(f"{name}[{place}]")
        else:
            steps.append(name)
        node = parent
    return "/" + "/".join(reversed(steps))
