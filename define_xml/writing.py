"""State of writing one define.xml: version, target element helpers, and what the version cannot hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from lxml import etree

from define_xml.namespaces import clark, clark_attribute
from define_xml.report import Report
from specs.models import Alias, DocumentRef, Study
from spectrail.errors import FormatError, Place

T = TypeVar("T")


@dataclass
class Writing:
    """What the functions of the writer share."""

    study: Study
    version: str
    report: Report
    oids: dict[str, str] = field(default_factory=dict)

    @property
    def old(self) -> bool:
        """Tell whether 2.0 is written."""
        return self.version == "2.0"

    @property
    def crf(self) -> str:
        """Id of the annotated CRF, empty when there is none."""
        return next((one.id for one in self.study.documents if one.kind == "acrf"), "")

    def element(self, parent: etree._Element, name: str, **attributes: object) -> etree._Element:
        """Add an element; attributes that are None or empty are left out, `def_X` is written `def:X`."""
        child = etree.SubElement(parent, clark(name, self.version))
        for key, value in attributes.items():
            if value is None or value == "":
                continue
            prefix, _, local = key.partition("_")
            full = f"{prefix}:{local}" if local and prefix in {"def", "xlink", "xml"} else key
            set_attribute(child, clark_attribute(full, self.version), str(value))
        return child

    def container(self, like: etree._Element) -> etree._Element:
        """Return an element outside the tree, with the namespaces of `like`, to collect children in."""
        return etree.Element("container", nsmap=cast(Any, like.nsmap))

    def text(self, parent: etree._Element, name: str, text: str, **attributes: object) -> etree._Element:
        """Add an element that holds text."""
        child = self.element(parent, name, **attributes)
        set_text(child, text)
        return child

    def description(
        self, parent: etree._Element, text: str, name: str = "Description", *, always: bool = False
    ) -> None:
        """Add a Description or Decode in the language of the study."""
        if text or always:
            holder = self.element(parent, name)
            self.text(holder, "TranslatedText", text, xml_lang=self.study.language)

    def aliases(self, parent: etree._Element, aliases: Iterable[Alias], *, code: str = "") -> None:
        """Add Alias elements, the NCI code first."""
        if code:
            self.element(parent, "Alias", Context="nci:ExtCodeID", Name=code)
        for alias in aliases:
            self.element(parent, "Alias", Context=alias.context, Name=alias.name)

    def documents(self, parent: etree._Element, references: Iterable[DocumentRef]) -> None:
        """Add def:DocumentRef elements; page references to one document share one."""
        last, element = "", parent
        for reference in references:
            paged = reference.pages or reference.page_type
            if reference.document != last or not paged:
                element = self.element(parent, "def:DocumentRef", leafID=self.oid("leaf", reference.document))
            last = reference.document if paged else ""
            if paged:
                self._page(element, reference)

    def _page(self, parent: etree._Element, reference: DocumentRef) -> None:
        first, dash, last = reference.pages.partition("-")
        ranged = dash and first.isdecimal() and last.isdecimal() and reference.page_type != "NamedDestination"
        self.element(
            parent,
            "def:PDFPageRef",
            PageRefs=None if ranged else reference.pages,
            FirstPage=first if ranged else None,
            LastPage=last if ranged else None,
            Type=reference.page_type or "PhysicalRef",
            Title=None if self.old else reference.title,
        )
        if self.old and reference.title:
            self.lost("title of a page reference", reference.title)

    def oid(self, kind: str, name: str) -> str:
        """Return the OID of an object of the specification."""
        return self.oids.get(f"{kind}:{name}", "")

    def lost(self, what: str, value: str, *, dataset: str = "", variable: str = "") -> None:
        """Report that the version written has no place for something."""
        self.report.add(
            "DEF-I05",
            f"Define-XML {self.version} has no place for the {what}: left out",
            dataset=dataset,
            variable=variable,
            value=value,
        )


def set_attribute(element: etree._Element, name: str, value: str) -> None:
    """Set an attribute; raise FormatError for characters that XML cannot hold."""
    _checked(lambda: element.set(name, value), value, element)


def set_text(element: etree._Element, value: str) -> None:
    """Set the text; raise FormatError for characters that XML cannot hold."""

    def assign() -> None:
        element.text = value

    _checked(assign, value, element)


def _checked(action: Callable[[], T], value: str, element: etree._Element) -> T:
    try:
        return action()
    except ValueError as error:
        raise FormatError(
            f"XML cannot hold this text: {value!r}",
            place=Place(
                file="define.xml", keys=f"{etree.QName(element).localname} {element.get('OID') or ''}".strip()
            ),
            hint="remove control characters from the specification or the data",
        ) from error
