"""Read a define.xml (2.0 or 2.1, with or without ARM 1.0) into the specification model.

Functions follow the order of the standard: header, standards, documents, datasets with variables and value levels,
codelists, methods, comments, analysis results.  What has no place in the model is listed by XPath.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lxml import etree

from define_xml.namespaces import DEF, ODM, XML, clark, line_of
from define_xml.origins import STANDARDS_2_0, standard_to_2_0
from define_xml.reader_arm import read_displays
from define_xml.reader_items import (
    read_aliases,
    read_codelist,
    read_comment,
    read_document,
    read_item,
    read_item_ref,
    read_method,
    read_where,
)
from define_xml.reading import Reading
from define_xml.report import Report
from define_xml.safe_xml import parse
from define_xml.schema import check_schema
from specs.models import (
    Codelist,
    Dataset,
    DefineHeader,
    Dictionary,
    Document,
    Standard,
    Study,
    ValueLevel,
    Variable,
    WhereClause,
)
from spectrail.errors import InputError, Place
from spectrail.findings import Findings


@dataclass(frozen=True)
class DefineImport:
    """A define.xml (`version` 2.0 or 2.1) as a specification; `findings` list what is not in it and what is wrong."""

    study: Study
    findings: Findings
    version: str


def read_define(path: Path | str) -> DefineImport:
    """Read a define.xml of version 2.0 or 2.1.

    Raises InputError when the file is not XML, not a define.xml, or of another version.
    """
    root = parse(path).getroot()
    version = version_of(root, name=str(path))
    reading = Reading(version=version, report=Report(file=Path(path).name))
    reading.nodes = list(root.iter())  # keeps one Python object per element alive: marks are kept by identity
    study = _read_odm(reading, root)
    check_schema(root, reading.report, version=version)
    reading.left_over(root)
    return DefineImport(study=study, findings=reading.report.findings(), version=version)


def version_of(root: etree._Element, *, name: str) -> str:
    """Return the version of a define.xml, `2.0` or `2.1`; raise InputError for anything else."""
    place = Place(file=name, line=line_of(root))
    namespaces = _namespaces(root)
    if any(uri.startswith("http://www.cdisc.org/ns/def/v1") for uri in namespaces):
        raise InputError(
            "this is Define-XML 1.0, which is not read", place=place, hint="ask for the file in version 2.0 or 2.1"
        )
    if root.tag != f"{{{ODM}}}ODM":
        raise InputError(
            f"this is not a define.xml: the root element is {root.tag!r}",
            place=place,
            hint=f'the root of a define.xml is ODM in the namespace "{ODM}"',
        )
    found = [version for version, uri in DEF.items() if uri in namespaces]
    if len(found) != 1:
        problem = "names no namespace of Define-XML" if not found else "mixes Define-XML 2.0 and 2.1"
        raise InputError(
            f"the file {problem}", place=place, hint=f'MetaDataVersion needs xmlns:def="{DEF["2.1"]}" (or .../v2.0)'
        )
    return found[0]


def _namespaces(root: etree._Element) -> set[str]:
    uris = {uri for uri in root.nsmap.values() if uri}
    for element in root.iter("*"):
        uris.update(etree.QName(name).namespace or "" for name in (element.tag, *map(str, element.attrib)))
        if any(uri.startswith("http://www.cdisc.org/ns/def/") for uri in uris):
            break
    return uris


def _read_odm(reading: Reading, root: etree._Element) -> Study:
    reading.taken.add((root, ""))
    for name in ("FileType", "ODMVersion"):
        reading.attribute(root, name)
    reading.taken.update((root, str(name)) for name in root.attrib if "XMLSchema-instance" in str(name))
    element = reading.child(root, "Study")
    metadata = reading.child(element, "MetaDataVersion") if element is not None else None
    if element is None or metadata is None:
        raise InputError(
            "the file has no Study with a MetaDataVersion",
            place=Place(file=reading.report.file, line=line_of(root)),
        )
    texts = [one.get(f"{{{XML}}}lang", "") for one in metadata.iter(clark("TranslatedText", reading.version))]
    reading.language = Counter(texts).most_common(1)[0][0] if texts else "en"
    reading.index(metadata)
    names = reading.child(element, "GlobalVariables")
    given: dict[str, str] = {}
    if names is not None:
        for name in ("StudyName", "StudyDescription", "ProtocolName"):
            given[name] = reading.text(reading.child(names, name))
    fields = _read_metadata(reading, metadata)
    header = _read_header(reading, root, element, metadata, fields["standards"])
    created = reading.attribute(root, "CreationDateTime")
    if created:
        fields["created"] = created
    return Study(
        study_id=given.get("StudyName", "") or reading.attribute(element, "OID") or "unnamed",
        description=given.get("StudyDescription", ""),
        protocol=given.get("ProtocolName", ""),
        language=reading.language,
        define=header,
        **fields,
    )


def _read_header(
    reading: Reading,
    root: etree._Element,
    study: etree._Element,
    metadata: etree._Element,
    standards: tuple[Standard, ...],
) -> DefineHeader:
    old = reading.version == "2.0"
    spelled = reading.attribute(metadata, "def:StandardName") if old else ""
    usual = standard_to_2_0(standards[0].name) if old and standards else ""
    context: Any = "Submission" if old else reading.one_of(root, "def:Context", ("Submission", "Other"))
    return DefineHeader(
        file_oid=reading.attribute(root, "FileOID"),
        study_oid=reading.attribute(study, "OID"),
        version_oid=reading.attribute(metadata, "OID"),
        name=reading.attribute(metadata, "Name"),
        description=reading.attribute(metadata, "Description"),
        originator=reading.attribute(root, "Originator"),
        source_system=reading.attribute(root, "SourceSystem"),
        source_system_version=reading.attribute(root, "SourceSystemVersion"),
        as_of=reading.attribute(root, "AsOfDateTime"),
        context=context,
        version=reading.attribute(metadata, "def:DefineVersion"),
        standard_name="" if spelled == usual else spelled,
        comment="" if old else reading.link(metadata, "def:CommentOID", "CommentDef"),
    )


def _read_metadata(reading: Reading, metadata: etree._Element) -> dict[str, Any]:
    standards = _read_standards(reading, metadata)
    documents, crf = _read_documents(reading, metadata)
    groups = list(reading.children(metadata, "ItemGroupDef"))
    owners = _owners(reading, groups)
    datasets = tuple(_read_dataset(reading, group, crf=crf, owners=owners, standards=standards) for group in groups)
    lists = [read_codelist(reading, one) for one in reading.children(metadata, "CodeList")]
    codelists = tuple(one for one in lists if isinstance(one, Codelist))
    if reading.version == "2.0":
        codelists = tuple(one if one.code else one.model_copy(update={"non_standard": "Yes"}) for one in codelists)
    return {
        "standards": standards,
        "documents": documents,
        "datasets": datasets,
        "codelists": codelists,
        "dictionaries": tuple(one for one in lists if isinstance(one, Dictionary)),
        "methods": tuple(read_method(reading, one) for one in reading.children(metadata, "MethodDef")),
        "comments": tuple(read_comment(reading, one) for one in reading.children(metadata, "def:CommentDef")),
        "displays": read_displays(reading, metadata, owners=owners),
        **_terminology(reading, metadata, standards),
    }


def _terminology(reading: Reading, metadata: etree._Element, standards: tuple[Standard, ...]) -> dict[str, str]:
    releases = [one for one in standards if one.type == "CT"]
    if not releases:
        reading.report.add("DEF-I03", "the file names no release of controlled terminology", element=metadata)
        return {}
    return {"ct": max(one.version for one in releases)}


def _read_standards(reading: Reading, metadata: etree._Element) -> tuple[Standard, ...]:
    if reading.version == "2.0":
        name = reading.attribute(metadata, "def:StandardName")
        version = reading.attribute(metadata, "def:StandardVersion")
        return (Standard(id="IG", name=STANDARDS_2_0.get(name, name), version=version),) if name else ()
    holder = reading.child(metadata, "def:Standards")
    if holder is None:
        return ()
    return tuple(
        Standard(
            id=reading.id_of("Standard", reading.attribute(one, "OID")),
            name=reading.attribute(one, "Name"),
            type=reading.one_of(one, "Type", ("IG", "CT"), "IG"),
            version=reading.attribute(one, "Version"),
            status=reading.attribute(one, "Status"),
            publishing_set=reading.attribute(one, "PublishingSet"),
            comment=reading.link(one, "def:CommentOID", "CommentDef"),
        )
        for one in reading.children(holder, "def:Standard")
    )


def _read_documents(reading: Reading, metadata: etree._Element) -> tuple[tuple[Document, ...], str]:
    """Read the documents and say which one is the annotated CRF."""
    kinds: dict[str, Any] = {}
    for name, kind in (("def:AnnotatedCRF", "acrf"), ("def:SupplementalDoc", "supplemental")):
        holder = reading.child(metadata, name)
        if holder is None:
            continue
        for reference in holder.iterchildren(clark("def:DocumentRef", reading.version)):
            leaf = reference.get("leafID") or ""
            if leaf in kinds:
                continue  # a document listed twice stays unread here and is reported
            kinds[leaf] = kind
            reading.taken.add((reference, ""))
            reading.link(reference, "leafID", "leaf")
    documents = tuple(
        read_document(reading, leaf, kind=kinds.get(leaf.get("ID") or "", ""))
        for leaf in reading.children(metadata, "def:leaf")
    )
    crf = next((document.id for document in documents if document.kind == "acrf"), "")
    return documents, crf


def _owners(reading: Reading, groups: list[etree._Element]) -> dict[str, tuple[str, ...]]:
    """Return the datasets whose variables each ItemDef is."""
    owners: dict[str, tuple[str, ...]] = {}
    for group in groups:
        for reference in group.iterchildren(clark("ItemRef", reading.version)):
            oid = reference.get("ItemOID") or ""
            owners[oid] = (*owners.get(oid, ()), group.get("Name") or "")
    return owners


def _read_dataset(
    reading: Reading,
    group: etree._Element,
    *,
    crf: str,
    owners: dict[str, tuple[str, ...]],
    standards: tuple[Standard, ...],
) -> Dataset:
    name = reading.attribute(group, "Name")
    references = _ordered(reading, reading.children(group, "ItemRef"))
    variables: list[Variable] = []
    levels: list[ValueLevel] = []
    keys: list[tuple[int, str]] = []
    for reference in references:
        sequence = reading.number(reference, "KeySequence")
        item = reading.target(reference, "ItemOID", "ItemDef")
        if item is None:
            continue
        reading.taken.add((item, ""))
        variable = _read_variable(reading, reference, item, crf=crf)
        variables.append(variable)
        levels.extend(_read_value_levels(reading, item, variable.name, dataset=name, crf=crf, owners=owners))
        if sequence is not None:
            keys.append((sequence, variable.name))
    subclass, class_ = _read_class(reading, group)
    link = _read_leaf(reading, group)
    sas_name = reading.attribute(group, "SASDatasetName")
    fields: dict[str, Any] = {"class": class_, **link, **_read_standing(reading, group, standards)}
    return Dataset(
        name=name,
        label=reading.description(group),
        subclass=subclass,
        structure=reading.attribute(group, "def:Structure"),
        purpose=reading.attribute(group, "Purpose"),
        keys=tuple(key for _, key in sorted(keys, key=lambda one: one[0])),
        repeating=reading.yes_no(group, "Repeating"),
        reference_data=reading.yes_no(group, "IsReferenceData"),
        domain=reading.attribute(group, "Domain"),
        comment=reading.link(group, "def:CommentOID", "CommentDef"),
        sas_name=None if sas_name == name else sas_name,
        aliases=read_aliases(reading, group),
        variables=tuple(variables),
        value_levels=tuple(levels),
        **fields,
    )


def _read_standing(reading: Reading, group: etree._Element, standards: tuple[Standard, ...]) -> dict[str, Any]:
    if reading.version == "2.0":
        return {"standard": standards[0].id if standards else ""}
    return {
        "standard": reading.link(group, "def:StandardOID", "Standard"),
        "non_standard": reading.yes_no(group, "def:IsNonStandard"),
        "has_no_data": reading.yes_no(group, "def:HasNoData"),
    }


def _ordered(reading: Reading, references: Any) -> list[etree._Element]:
    """Sort ItemRefs by OrderNumber when all have one, else keep the order of the file."""
    numbered = [(reading.number(one, "OrderNumber"), one) for one in references]
    if any(number is None for number, _ in numbered):
        return [one for _, one in numbered]
    return [one for _, one in sorted(numbered, key=lambda pair: pair[0] or 0)]


def _read_class(reading: Reading, group: etree._Element) -> tuple[str, str]:
    """Return the subclass text and the class."""
    if reading.version == "2.0":
        return "", reading.attribute(group, "def:Class")
    element = reading.child(group, "def:Class")
    if element is None:
        return "", ""
    parts = []
    for one in reading.children(element, "def:SubClass"):
        parent = reading.attribute(one, "ParentClass")
        parts.append(reading.attribute(one, "Name") + (f" < {parent}" if parent else ""))
    return "; ".join(parts), reading.attribute(element, "Name")


def _read_leaf(reading: Reading, group: etree._Element) -> dict[str, str]:
    location = group.get(f"{{{DEF[reading.version]}}}ArchiveLocationID")
    leaf = reading.child(group, "def:leaf")
    if leaf is None:
        return {}
    if reading.attribute(leaf, "ID") == location:
        reading.attribute(group, "def:ArchiveLocationID")
    return {"href": reading.attribute(leaf, "xlink:href"), "title": reading.text(reading.child(leaf, "def:title"))}


def _read_variable(reading: Reading, reference: etree._Element, item: etree._Element, *, crf: str) -> Variable:
    name = reading.attribute(item, "Name")
    sas_name = reading.attribute(item, "SASFieldName")
    return Variable(
        name=name,
        sas_name=None if sas_name == name else sas_name,
        **read_item(reading, item, crf=crf),
        **read_item_ref(reading, reference),
    )


def _read_value_levels(
    reading: Reading,
    item: etree._Element,
    variable: str,
    *,
    dataset: str,
    crf: str,
    owners: dict[str, tuple[str, ...]],
) -> list[ValueLevel]:
    reference = reading.child(item, "def:ValueListRef")
    values = reading.target(reference, "ValueListOID", "ValueListDef") if reference is not None else None
    if values is None:
        return []
    reading.taken.add((values, ""))
    levels: list[ValueLevel] = []
    for one in _ordered(reading, reading.children(values, "ItemRef")):
        level_item = reading.target(one, "ItemOID", "ItemDef")
        if level_item is None:
            continue
        reading.taken.add((level_item, ""))
        clauses = [
            clause
            for link in reading.children(one, "def:WhereClauseRef")
            if (clause := reading.target(link, "WhereClauseOID", "WhereClauseDef")) is not None
        ]
        reading.taken.update((clause, "") for clause in clauses)
        wheres = [read_where(reading, clause, home=dataset, owners=owners) for clause in clauses] or [WhereClause()]
        levels.append(
            ValueLevel(
                variable=variable,
                where=wheres[0],
                alternatives=tuple(wheres[1:]),
                order=reading.number(one, "OrderNumber"),
                name=reading.attribute(level_item, "Name"),
                sas_name=reading.attribute(level_item, "SASFieldName"),
                **read_item(reading, level_item, crf=crf),
                **read_item_ref(reading, one),
            )
        )
    return levels
