"""Read what items are made of: item definitions, origins, documents, where clauses, codelists, methods, comments."""

from __future__ import annotations

from typing import Any, get_args

from lxml import etree

from define_xml.origins import TYPES_2_0, origin_from_2_0
from define_xml.reading import Reading
from specs.models import (
    Alias,
    Codelist,
    Comment,
    Condition,
    Dictionary,
    Document,
    DocumentRef,
    FormalExpression,
    Method,
    Origin,
    Term,
    WhereClause,
)
from spectrail.layout import DataType

NCI = "nci:ExtCodeID"
DATA_TYPES: tuple[str, ...] = get_args(DataType)
COMPARATORS = ("EQ", "NE", "LT", "LE", "GT", "GE", "IN", "NOTIN")


def read_aliases(reading: Reading, element: etree._Element) -> tuple[Alias, ...]:
    """Read the Alias children."""
    return tuple(
        Alias(context=reading.attribute(alias, "Context"), name=reading.attribute(alias, "Name"))
        for alias in reading.children(element, "Alias")
    )


def split_code(aliases: tuple[Alias, ...]) -> tuple[str, tuple[Alias, ...]]:
    """Return the NCI code among aliases and the other aliases."""
    codes = [alias.name for alias in aliases if alias.context == NCI]
    if not codes:
        return "", aliases
    first = next(index for index, alias in enumerate(aliases) if alias.context == NCI)
    return codes[0], aliases[:first] + aliases[first + 1 :]


def read_document_refs(reading: Reading, element: etree._Element) -> tuple[DocumentRef, ...]:
    """Read def:DocumentRef children, one entry for each page reference."""
    references: list[DocumentRef] = []
    for reference in reading.children(element, "def:DocumentRef"):
        document = reading.link(reference, "leafID", "leaf")
        pages = [
            DocumentRef(
                document=document,
                pages=_pages(reading, page),
                page_type=reading.one_of(page, "Type", ("PhysicalRef", "NamedDestination")),
                title=reading.attribute(page, "Title"),
            )
            for page in reading.children(reference, "def:PDFPageRef")
        ]
        references.extend(pages or [DocumentRef(document=document)])
    return tuple(references)


def _pages(reading: Reading, page: etree._Element) -> str:
    listed = reading.attribute(page, "PageRefs")
    first, last = reading.attribute(page, "FirstPage"), reading.attribute(page, "LastPage")
    if listed and (first or last):
        reading.report.add(
            "DEF-I02", "both PageRefs and FirstPage/LastPage: PageRefs is read", element=page, value=listed
        )
    return listed or (f"{first}-{last}" if first or last else "")


def read_origin(reading: Reading, element: etree._Element, *, crf: str) -> Origin:
    """Read a def:Origin; pages of the one annotated CRF `crf` become `pages`."""
    type_ = reading.attribute(element, "Type")
    source = reading.attribute(element, "Source") if reading.version == "2.1" else ""
    if reading.version == "2.0":
        if type_ and type_ not in TYPES_2_0:
            reading.report.add(
                "DEF-I03", f"origin type {type_!r} is not one of 2.0: kept", element=element, value=type_
            )
        type_, source = origin_from_2_0(type_)
    description = reading.description(element)
    documents = read_document_refs(reading, element)
    pages = ""
    if len(documents) == 1 and documents[0].document == crf and documents[0].page_type == "PhysicalRef":
        only = documents[0]
        if only.pages and not only.title:
            pages, documents = only.pages, ()
    predecessor = description if type_ == "Predecessor" else ""
    return Origin(
        type=type_,
        source=source,
        description="" if predecessor else description,
        predecessor=predecessor,
        pages=pages,
        documents=documents,
    )


def read_item(reading: Reading, item: etree._Element, *, crf: str) -> dict[str, Any]:
    """Read an ItemDef into the fields that variables and value levels share."""
    codelist = ""
    reference = reading.child(item, "CodeListRef")
    if reference is not None:
        codelist = reading.link(reference, "CodeListOID", "CodeList")
    return {
        "label": reading.description(item),
        "data_type": reading.one_of(item, "DataType", DATA_TYPES, "text"),
        "length": reading.number(item, "Length"),
        "significant_digits": reading.number(item, "SignificantDigits"),
        "format": reading.attribute(item, "def:DisplayFormat"),
        "comment": reading.link(item, "def:CommentOID", "CommentDef"),
        "codelist": codelist,
        "origins": tuple(read_origin(reading, one, crf=crf) for one in reading.children(item, "def:Origin")),
        "aliases": read_aliases(reading, item),
    }


def read_item_ref(reading: Reading, reference: etree._Element) -> dict[str, Any]:
    """Read what an ItemRef says of its item into the fields that variables and value levels share."""
    return {
        "mandatory": reading.yes_no(reference, "Mandatory"),
        "method": reading.link(reference, "MethodOID", "MethodDef"),
        "role": reading.attribute(reference, "Role"),
        "role_codelist": reading.link(reference, "RoleCodeListOID", "CodeList"),
        "has_no_data": reading.yes_no(reference, "def:HasNoData") if reading.version == "2.1" else "",
        "non_standard": reading.yes_no(reference, "def:IsNonStandard") if reading.version == "2.1" else "",
    }


def read_where(
    reading: Reading, clause: etree._Element, *, home: str, owners: dict[str, tuple[str, ...]]
) -> WhereClause:
    """Read a def:WhereClauseDef; a variable that several datasets share is taken from `home` when it has it."""
    conditions = []
    for check in reading.children(clause, "RangeCheck"):
        oid = reading.attribute(check, "def:ItemOID")
        item = reading.by_oid["ItemDef"].get(oid)
        datasets = owners.get(oid, ())
        if item is None or not datasets:
            reason = "there is no such ItemDef" if item is None else "it is not a variable of a dataset"
            reading.report.add("DEF-I04", f"def:ItemOID={oid!r}: {reason}", element=check, value=oid)
        conditions.append(
            Condition(
                dataset=home if home in datasets else next(iter(datasets), ""),
                variable=(item.get("Name") or oid) if item is not None else oid,
                comparator=reading.one_of(check, "Comparator", COMPARATORS, "EQ"),
                values=tuple(reading.text(value, exact=True) for value in reading.children(check, "CheckValue")),
                hard=reading.one_of(check, "SoftHard", ("Soft", "Hard"), "Soft") == "Hard",
            )
        )
    comment = reading.link(clause, "def:CommentOID", "CommentDef")
    return WhereClause(
        id=reading.id_of("WhereClauseDef", clause.get("OID") or ""), conditions=tuple(conditions), comment=comment
    )


def read_codelist(reading: Reading, element: etree._Element) -> Codelist | Dictionary:
    """Read a CodeList: terms, or an external dictionary."""
    code, aliases = split_code(read_aliases(reading, element))
    common: dict[str, Any] = {
        "id": reading.id_of("CodeList", element.get("OID") or ""),
        "name": reading.attribute(element, "Name"),
        "data_type": _codelist_type(reading, element),
        "format": reading.attribute(element, "SASFormatName"),
        "description": reading.description(element),
        "comment": reading.link(element, "def:CommentOID", "CommentDef"),
    }
    if reading.version == "2.1":
        common["terminology"] = reading.link(element, "def:StandardOID", "Standard")
        common["non_standard"] = reading.yes_no(element, "def:IsNonStandard")
    external = reading.child(element, "ExternalCodeList")
    if external is not None:
        restored = ((Alias(context=NCI, name=code),) if code else ()) + aliases
        return Dictionary(
            dictionary=reading.attribute(external, "Dictionary"),
            version=reading.attribute(external, "Version"),
            href=reading.attribute(external, "href"),
            ref=reading.attribute(external, "ref"),
            aliases=restored,
            **common,
        )
    terms = [_read_term(reading, one) for one in reading.children(element, "CodeListItem")]
    terms += [_read_term(reading, one) for one in reading.children(element, "EnumeratedItem")]
    return Codelist(code=code, aliases=aliases, terms=tuple(terms), **common)


def _codelist_type(reading: Reading, element: etree._Element) -> str:
    if element.get("DataType") == "string":
        reading.attribute(element, "DataType")
        reading.report.add(
            "DEF-I03", "DataType string of a codelist is read as text", element=element, value="string"
        )
        return "text"
    return reading.one_of(element, "DataType", ("text", "float", "integer"), "text")


def _read_term(reading: Reading, element: etree._Element) -> Term:
    code, aliases = split_code(read_aliases(reading, element))
    return Term(
        term=reading.attribute(element, "CodedValue", exact=True),
        decode=reading.description(element, "Decode"),
        code=code,
        order=reading.number(element, "OrderNumber"),
        rank=reading.attribute(element, "Rank"),
        extended=reading.attribute(element, "def:ExtendedValue") == "Yes",
        description=reading.description(element),
        aliases=aliases,
    )


def read_method(reading: Reading, element: etree._Element) -> Method:
    """Read a MethodDef."""
    return Method(
        id=reading.id_of("MethodDef", element.get("OID") or ""),
        name=reading.attribute(element, "Name"),
        type=reading.one_of(element, "Type", ("Computation", "Imputation", "Transpose", "Other")),
        description=reading.description(element),
        expressions=tuple(
            FormalExpression(context=reading.attribute(one, "Context"), code=reading.text(one))
            for one in reading.children(element, "FormalExpression")
        ),
        documents=read_document_refs(reading, element),
        aliases=read_aliases(reading, element),
    )


def read_comment(reading: Reading, element: etree._Element) -> Comment:
    """Read a def:CommentDef."""
    return Comment(
        id=reading.id_of("CommentDef", element.get("OID") or ""),
        description=reading.description(element),
        documents=read_document_refs(reading, element),
    )


def read_document(reading: Reading, leaf: etree._Element, *, kind: Any) -> Document:
    """Read a def:leaf."""
    return Document(
        id=reading.id_of("leaf", reading.attribute(leaf, "ID")),
        title=reading.text(reading.child(leaf, "def:title")),
        href=reading.attribute(leaf, "xlink:href"),
        kind=kind,
    )
