"""A define.xml as the checks see it: parsed, indexed, with the names that findings use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TypedDict

from lxml import etree

from define_xml.namespaces import DEF, XLINK, clark, clark_attribute
from define_xml.report import Report

Element = etree._Element


class Named(TypedDict):
    """Dataset and variable of a finding."""

    dataset: str
    variable: str


@dataclass
class Document:
    """The tree of one file with what the checks need of it."""

    root: Element
    version: str
    report: Report

    @cached_property
    def metadata(self) -> Element:
        """The MetaDataVersion, or an empty one."""
        found = self.root.find(f"{self.tag('Study')}/{self.tag('MetaDataVersion')}")
        return etree.Element(self.tag("MetaDataVersion")) if found is None else found

    def tag(self, name: str) -> str:
        """Return the lxml name of an element."""
        return clark(name, self.version)

    def get(self, element: Element, name: str) -> str:
        """Return an attribute, empty when absent."""
        return element.get(clark_attribute(name, self.version)) or ""

    def all(self, name: str) -> list[Element]:
        """Return the children of MetaDataVersion of a name."""
        return list(self.metadata.iterchildren(self.tag(name)))

    def under(self, element: Element, name: str) -> list[Element]:
        """Return the children of a name."""
        return list(element.iterchildren(self.tag(name)))

    def text(self, element: Element, name: str = "Description") -> str:
        """Return the text of a Description, or of a child that holds text only."""
        child = element.find(self.tag(name))
        if child is None:
            return ""
        inner = child.find(self.tag("TranslatedText"))
        return ((child if inner is None else inner).text or "").strip()

    @cached_property
    def submission(self) -> bool:
        """Tell whether the rules for submissions hold; 2.0 knows no other context."""
        return self.version == "2.0" or self.get(self.root, "def:Context") == "Submission"

    @cached_property
    def items(self) -> dict[str, Element]:
        """ItemDefs by OID."""
        return {one.get("OID") or "": one for one in self.all("ItemDef")}

    @cached_property
    def codelists(self) -> dict[str, Element]:
        """CodeLists by OID."""
        return {one.get("OID") or "": one for one in self.all("CodeList")}

    @cached_property
    def clauses(self) -> dict[str, Element]:
        """WhereClauseDefs by OID."""
        return {one.get("OID") or "": one for one in self.all("def:WhereClauseDef")}

    @cached_property
    def value_lists(self) -> dict[str, Element]:
        """ValueListDefs by OID."""
        return {one.get("OID") or "": one for one in self.all("def:ValueListDef")}

    @cached_property
    def standards(self) -> dict[str, Element]:
        """Standards by OID."""
        holder = self.metadata.find(self.tag("def:Standards"))
        return {} if holder is None else {one.get("OID") or "": one for one in self.under(holder, "def:Standard")}

    @cached_property
    def variables(self) -> dict[str, list[tuple[str, str]]]:
        """(dataset, variable) of each ItemDef that is a variable, by OID."""
        found: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for group in self.all("ItemGroupDef"):
            for reference in self.under(group, "ItemRef"):
                oid = reference.get("ItemOID") or ""
                item = self.items.get(oid)
                found[oid].append((group.get("Name") or "", (item.get("Name") or "") if item is not None else oid))
        return found

    @cached_property
    def levels(self) -> dict[str, list[tuple[str, str]]]:
        """(dataset, variable) of each ItemDef that is a value level of a variable, by OID."""
        found: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for oid, names in self.variables.items():
            values = self.value_list_of(oid)
            for reference in self.under(values, "ItemRef") if values is not None else ():
                found[reference.get("ItemOID") or ""].extend(names)
        return found

    def value_list_of(self, oid: str) -> Element | None:
        """Return the ValueListDef of an ItemDef."""
        item = self.items.get(oid)
        link = item.find(self.tag("def:ValueListRef")) if item is not None else None
        return self.value_lists.get(link.get("ValueListOID") or "") if link is not None else None

    def place(self, oid: str) -> Named:
        """Return dataset and variable of an ItemDef for a finding, empty when it has none."""
        names = self.variables.get(oid) or self.levels.get(oid)
        dataset, variable = names[0] if names else ("", "")
        return {"dataset": dataset, "variable": variable}

    def analysis(self, group: Element) -> bool:
        """Tell whether an ItemGroupDef is an analysis dataset."""
        return group.get("Purpose") == "Analysis"

    def class_of(self, group: Element) -> str:
        """Return the class of an ItemGroupDef."""
        if self.version == "2.0":
            return self.get(group, "def:Class")
        element = group.find(self.tag("def:Class"))
        return "" if element is None else element.get("Name") or ""

    def leaf(self, group: Element) -> Element | None:
        """Return the def:leaf of an ItemGroupDef."""
        return group.find(self.tag("def:leaf"))

    def href(self, leaf: Element) -> str:
        """Return the xlink:href of a leaf."""
        return leaf.get(f"{{{XLINK}}}href") or ""

    def each(self, name: str) -> Iterator[Element]:
        """Yield every element of a name below MetaDataVersion."""
        return self.metadata.iter(self.tag(name))

    def coded(self, element: Element) -> str:
        """Return the NCI code among the aliases of a codelist or term."""
        for alias in self.under(element, "Alias"):
            if alias.get("Context") == "nci:ExtCodeID":
                return alias.get("Name") or ""
        return ""

    @property
    def namespace(self) -> str:
        """Namespace of the def elements."""
        return DEF[self.version]
