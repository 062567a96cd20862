"""Write the specification as define.xml 2.1 or 2.0, with Analysis Results Metadata 1.0.

Functions follow the order of the standard's MetaDataVersion.  Output depends on the specification alone: the same
specification, the same bytes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from lxml import etree

from define_xml.complete import with_defaults
from define_xml.namespaces import ARM, DEF, ODM, XLINK
from define_xml.oids import leaf_id, slug
from define_xml.origins import standard_to_2_0
from define_xml.report import Report
from define_xml.writer_arm import write_displays
from define_xml.writer_items import write_codelist, write_comment, write_dataset, write_method
from define_xml.writing import Writing, set_attribute
from specs.models import Study
from spectrail.errors import OutputError, Place, UsageError
from spectrail.findings import Findings

Version = Literal["2.1", "2.0"]
Kind = Literal["SDTM", "ADaM", ""]
STYLESHEET = "define2-1.xsl"
_RELEASES = {"2.1": "2.1.0", "2.0": "2.0.0"}


def write_define(
    study: Study,
    path: Path | str,
    *,
    kind: Kind = "",
    version: Version = "2.1",
    created: str = "",
    stylesheet: str = STYLESHEET,
) -> Findings:
    """Write a define.xml and return findings for what the version cannot hold.

    `kind` selects the SDTM or the ADaM datasets with what they refer to and fills defaults; without it the whole
    specification is written as it is. `created` is the creation time (default: the study's).
    """
    content, findings = define_bytes(study, kind=kind, version=version, created=created, stylesheet=stylesheet)
    try:
        Path(path).write_bytes(content)
    except OSError as error:
        raise OutputError(f"cannot write the file: {error.strerror}", place=Place(file=str(path))) from error
    return findings


def define_bytes(
    study: Study, *, kind: Kind = "", version: Version = "2.1", created: str = "", stylesheet: str = STYLESHEET
) -> tuple[bytes, Findings]:
    """Return the define.xml of a specification as bytes, and findings; arguments as in `write_define`."""
    if version not in DEF:
        raise UsageError(f"unknown version of Define-XML {version!r}", hint="2.1 and 2.0 are written")
    if kind:
        study = with_defaults(study, kind=kind)
    writing = Writing(study=study, version=version, report=Report(file="define.xml"))
    writing.oids = _oids(study)
    root = _write_odm(writing, created or study.created)
    if stylesheet:
        root.addprevious(etree.ProcessingInstruction("xml-stylesheet", f'type="text/xsl" href="{stylesheet}"'))
    content = etree.tostring(root.getroottree(), pretty_print=True, xml_declaration=True, encoding="UTF-8")
    return content, writing.report.findings()


def _oids(study: Study) -> dict[str, str]:
    """Return the OIDs of everything that is referred to by id or name, as `kind:name`."""
    pairs: list[tuple[str, str, str]] = []
    pairs += [("STD", one.id, f"STD.{one.id}") for one in study.standards]
    pairs += [("CL", one.id, f"CL.{one.id}") for one in study.codelists]
    pairs += [("CL", one.id, f"CL.{one.id}") for one in study.dictionaries]
    pairs += [("MT", one.id, f"MT.{one.id}") for one in study.methods]
    pairs += [("COM", one.id, f"COM.{one.id}") for one in study.comments]
    pairs += [("leaf", one.id, leaf_id(one.id)) for one in study.documents]
    items: list[Any] = [one for dataset in study.datasets for one in (*dataset.variables, *dataset.value_levels)]
    referred = {("CL", one.codelist) for one in items} | {("CL", one.role_codelist) for one in items}
    referred |= {("MT", one.method) for one in items} | {("COM", one.comment) for one in items}
    known = {f"{kind}:{name}": oid for kind, name, oid in pairs}
    for kind, name in sorted(referred):
        known.setdefault(f"{kind}:{name}", f"{kind}.{name}" if name else "")
    for one in study.datasets:
        known.setdefault(f"STD:{one.standard}", f"STD.{one.standard}" if one.standard else "")
        known.setdefault(f"COM:{one.comment}", f"COM.{one.comment}" if one.comment else "")
    return known


def _write_odm(writing: Writing, created: str) -> etree._Element:
    study, head = writing.study, writing.study.define
    spaces: dict[str | None, str] = {None: ODM, "def": DEF[writing.version], "xlink": XLINK}
    if study.displays:
        spaces["arm"] = ARM
    root = etree.Element(f"{{{ODM}}}ODM", nsmap=spaces)  # type: ignore[arg-type]
    given = {
        "FileType": "Snapshot",
        "FileOID": head.file_oid or f"DEF.{slug(study.study_id)}",
        "ODMVersion": "1.3.2",
        "CreationDateTime": created,
        "AsOfDateTime": head.as_of,
        "Originator": head.originator,
        "SourceSystem": head.source_system,
        "SourceSystemVersion": head.source_system_version,
        f"{{{DEF[writing.version]}}}Context": "" if writing.old else head.context,
    }
    for name, value in given.items():
        if value:
            set_attribute(root, name, value)
    element = writing.element(root, "Study", OID=head.study_oid or f"STDY.{slug(study.study_id)}")
    names = writing.element(element, "GlobalVariables")
    writing.text(names, "StudyName", study.name or study.study_id)
    writing.text(names, "StudyDescription", study.description)
    writing.text(names, "ProtocolName", study.protocol)
    _write_metadata(writing, element)
    return root


def _write_metadata(writing: Writing, parent: etree._Element) -> None:
    study, head = writing.study, writing.study.define
    release = head.version if head.version.startswith(writing.version) else _RELEASES[writing.version]
    guide = next((one for one in study.standards if one.type == "IG"), None)
    metadata = writing.element(
        parent,
        "MetaDataVersion",
        OID=head.version_oid or f"MDV.{slug(study.study_id)}",
        Name=head.name or f"Study {study.name or study.study_id}, Data Definitions",
        Description=head.description,
        def_DefineVersion=release,
        def_StandardName=(head.standard_name or standard_to_2_0(guide.name)) if writing.old and guide else None,
        def_StandardVersion=guide.version if writing.old and guide else None,
        def_CommentOID=None if writing.old else writing.oid("COM", head.comment),
    )
    if writing.old and head.comment:
        writing.lost("comment on the study", head.comment)
    if not writing.old:
        _write_standards(writing, metadata)
    _write_document_lists(writing, metadata)
    clauses: dict[str, etree._Element] = {}
    lists, groups, items, displays = (writing.container(metadata) for _ in range(4))
    for dataset in study.datasets:
        write_dataset(writing, dataset, groups=groups, items=items, lists=lists, clauses=clauses)
    write_displays(writing, displays, clauses=clauses)
    for part in (lists, clauses.values(), groups, items):
        metadata.extend(list(part))
    for codelist in study.codelists:
        write_codelist(writing, metadata, codelist)
    for dictionary in study.dictionaries:
        write_codelist(writing, metadata, dictionary)
    for method in study.methods:
        write_method(writing, metadata, method)
    for comment in study.comments:
        write_comment(writing, metadata, comment)
    for document in study.documents:
        leaf = writing.element(metadata, "def:leaf", ID=writing.oid("leaf", document.id), xlink_href=document.href)
        writing.text(leaf, "def:title", document.title or document.id)
    metadata.extend(list(displays))


def _write_standards(writing: Writing, metadata: etree._Element) -> None:
    if not writing.study.standards:
        return
    holder = writing.element(metadata, "def:Standards")
    for standard in writing.study.standards:
        writing.element(
            holder,
            "def:Standard",
            OID=writing.oid("STD", standard.id),
            Name=standard.name,
            Type=standard.type,
            PublishingSet=standard.publishing_set,
            Version=standard.version,
            Status=standard.status,
            def_CommentOID=writing.oid("COM", standard.comment),
        )


def _write_document_lists(writing: Writing, metadata: etree._Element) -> None:
    for name, kind in (("def:AnnotatedCRF", "acrf"), ("def:SupplementalDoc", "supplemental")):
        documents = [one for one in writing.study.documents if one.kind == kind]
        if documents:
            holder = writing.element(metadata, name)
            for document in documents:
                writing.element(holder, "def:DocumentRef", leafID=writing.oid("leaf", document.id))
