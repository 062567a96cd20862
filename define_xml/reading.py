"""A cursor over the tree of a define.xml that knows what has been read and lists what has not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from define_xml.namespaces import XML, clark, clark_attribute, path_of, prefixed
from define_xml.report import Report

_OID_KINDS = {
    "ItemDef": "ItemDef",
    "CodeList": "CodeList",
    "MethodDef": "MethodDef",
    "def:ValueListDef": "ValueListDef",
    "def:WhereClauseDef": "WhereClauseDef",
    "def:CommentDef": "CommentDef",
    "ItemGroupDef": "ItemGroupDef",
}
ID_PREFIX = {
    "CodeList": "CL.",
    "MethodDef": "MT.",
    "CommentDef": "COM.",
    "WhereClauseDef": "WC.",
    "Standard": "STD.",
    "leaf": "LF.",
}
"""OIDs are prefix and id: the model keeps the id."""


@dataclass
class Reading:
    """State of reading one file. Every access marks what it reads; `left_over` lists the rest."""

    version: str
    report: Report
    language: str = ""
    taken: set[tuple[etree._Element, str]] = field(default_factory=set)
    by_oid: dict[str, dict[str, etree._Element]] = field(default_factory=dict)
    ids: dict[str, dict[str, str]] = field(default_factory=dict)
    nodes: list[etree._Element] = field(default_factory=list)

    def attribute(self, element: etree._Element, name: str, *, exact: bool = False) -> str:
        """Return an attribute's text without outer white space (`exact`: with it), empty when absent."""
        full = clark_attribute(name, self.version)
        self.taken.add((element, full))
        text = element.get(full) or ""
        return text if exact else text.strip()

    def number(self, element: etree._Element, name: str) -> int | None:
        """Return an attribute as an integer; one that is not is a finding."""
        text = self.attribute(element, name).strip()
        if not text:
            return None
        if text.lstrip("+-").isdecimal() and text.isascii():
            return int(text)
        self.report.add("DEF-I02", f"{name}={text!r} is not an integer", element=element, value=text)
        return None

    def yes_no(self, element: etree._Element, name: str) -> Any:
        """Return Yes, No or empty; anything else is a finding."""
        return self.one_of(element, name, ("Yes", "No"))

    def one_of(self, element: etree._Element, name: str, allowed: tuple[str, ...], default: str = "") -> Any:
        """Return an attribute that must have one of the allowed values; anything else is a finding."""
        text = self.attribute(element, name)
        if text and text not in allowed:
            self.report.add(
                "DEF-I02", f"{name}={text!r} is not one of {', '.join(allowed)}", element=element, value=text
            )
            return default
        return text or default

    def children(self, element: etree._Element, name: str) -> Iterator[etree._Element]:
        """Yield the children of a name, each marked as read."""
        for child in element.iterchildren(clark(name, self.version)):
            self.taken.add((child, ""))
            yield child

    def child(self, element: etree._Element, name: str) -> etree._Element | None:
        """Return the first child of a name; further ones stay unread and are listed."""
        found = element.find(clark(name, self.version))
        if found is not None:
            self.taken.add((found, ""))
        return found

    def text(self, element: etree._Element | None, *, exact: bool = False) -> str:
        """Return the text of an element that holds text only, without outer white space (`exact`: with it)."""
        if element is None:
            return ""
        self.taken.add((element, "#text"))
        text = element.text or ""
        return text if exact else text.strip()

    def description(self, element: etree._Element, name: str = "Description") -> str:
        """Return the translated text of a Description or Decode in the language of the study."""
        holder = self.child(element, name)
        if holder is None:
            return ""
        texts = list(holder.iterchildren(clark("TranslatedText", self.version)))
        wanted = [one for one in texts if one.get(f"{{{XML}}}lang", "") == self.language]
        if not texts:
            return ""
        chosen = (wanted or texts)[0]
        self.taken.add((chosen, ""))
        if wanted:
            self.taken.add((chosen, f"{{{XML}}}lang"))
        return self.text(chosen)

    def target(self, element: etree._Element, name: str, kind: str) -> etree._Element | None:
        """Follow the OID in an attribute; a link to nothing is a finding."""
        oid = self.attribute(element, name)
        if not oid:
            return None
        found = self.by_oid.get(kind, {}).get(oid)
        if found is None:
            self.report.add("DEF-I04", f"{name}={oid!r}: there is no such {kind}", element=element, value=oid)
        return found

    def id_of(self, kind: str, oid: str) -> str:
        """Return the model's id of an OID (`CL.AGEU` -> `AGEU`)."""
        return self.ids.get(kind, {}).get(oid) or _stripped(kind, oid)

    def link(self, element: etree._Element, name: str, kind: str) -> str:
        """Return the id that an OID attribute points at; a link to nothing is a finding, its id is kept."""
        oid = self.attribute(element, name)
        if not oid:
            return ""
        if oid not in self.ids.get(kind, {}):
            self.report.add("DEF-I04", f"{name}={oid!r}: there is no such {kind}", element=element, value=oid)
        return self.id_of(kind, oid)

    def index(self, metadata: etree._Element) -> None:
        """Index everything with an OID, mark the OIDs as read, and settle the ids of the model."""
        for name, kind in _OID_KINDS.items():
            elements = self.by_oid.setdefault(kind, {})
            for element in metadata.iterchildren(clark(name, self.version)):
                self.taken.add((element, "OID"))
                elements.setdefault(element.get("OID") or "", element)
        standards = metadata.iterfind(f"{clark('def:Standards', self.version)}/{clark('def:Standard', self.version)}")
        self.by_oid["Standard"] = {element.get("OID") or "": element for element in standards}
        leaves = metadata.iterchildren(clark("def:leaf", self.version))
        self.by_oid["leaf"] = {element.get("ID") or "": element for element in leaves}
        for kind in ID_PREFIX:
            self.ids[kind] = _ids(kind, self.by_oid.get(kind, {}))

    def left_over(self, root: etree._Element) -> None:
        """List by XPath every element, attribute and text that nothing has read."""
        for element in root:
            self._left_over(element)

    def _left_over(self, element: Any) -> None:
        if not isinstance(element.tag, str):
            return
        if (element, "") not in self.taken:
            size = 1 + sum(1 for below in element.iterdescendants("*"))
            extent = f" with the {size - 1} elements below it" if size > 1 else ""
            self._list(element, path_of(element), f"element {prefixed(element.tag)}{extent}", "", size)
            return
        for name, value in element.attrib.items():
            if (element, name) not in self.taken:
                where = f"{path_of(element)}/@{prefixed(str(name))}"
                self._list(element, where, f"attribute {prefixed(str(name))}", str(value), 1)
        if (element, "#text") not in self.taken and (element.text or "").strip():
            self._list(element, f"{path_of(element)}/text()", "text", (element.text or "").strip(), 1)
        for child in element:
            if (child.tail or "").strip():
                self._list(element, f"{path_of(element)}/text()", "text", (child.tail or "").strip(), 1)
            self._left_over(child)

    def _list(self, element: etree._Element, path: str, what: str, value: str, size: int) -> None:
        self.report.add("DEF-I01", f"{path}: {what} is not in the model", element=element, value=value, count=size)


def _stripped(kind: str, oid: str) -> str:
    prefix = ID_PREFIX[kind]
    return oid[len(prefix) :] if oid.startswith(prefix) and len(oid) > len(prefix) else oid


def _ids(kind: str, elements: dict[str, etree._Element]) -> dict[str, str]:
    """Strip the prefix of OIDs; two OIDs that would become one id keep it."""
    short = {oid: _stripped(kind, oid) for oid in elements}
    counts: dict[str, int] = {}
    for name in short.values():
        counts[name] = counts.get(name, 0) + 1
    return {oid: name if counts[name] == 1 else oid for oid, name in short.items()}
