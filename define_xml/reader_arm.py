"""Read Analysis Results Metadata 1.0."""

from __future__ import annotations

from lxml import etree

from define_xml.reader_items import read_document_refs, read_where
from define_xml.reading import Reading
from specs.models import AnalysisDataset, AnalysisDisplay, AnalysisResult, ProgrammingCode, WhereClause


def read_displays(
    reading: Reading, metadata: etree._Element, *, owners: dict[str, tuple[str, ...]]
) -> tuple[AnalysisDisplay, ...]:
    """Read arm:AnalysisResultDisplays."""
    holder = reading.child(metadata, "arm:AnalysisResultDisplays")
    if holder is None:
        return ()
    return tuple(
        AnalysisDisplay(
            id=_short(reading.attribute(display, "OID"), "RD."),
            name=reading.attribute(display, "Name"),
            title=reading.description(display),
            documents=read_document_refs(reading, display),
            results=tuple(
                _read_result(reading, result, owners) for result in reading.children(display, "arm:AnalysisResult")
            ),
        )
        for display in reading.children(holder, "arm:ResultDisplay")
    )


def _short(oid: str, prefix: str) -> str:
    return oid[len(prefix) :] if oid.startswith(prefix) and len(oid) > len(prefix) else oid


def _read_result(reading: Reading, result: etree._Element, owners: dict[str, tuple[str, ...]]) -> AnalysisResult:
    datasets: tuple[AnalysisDataset, ...] = ()
    join = ""
    holder = reading.child(result, "arm:AnalysisDatasets")
    if holder is not None:
        join = reading.link(holder, "def:CommentOID", "CommentDef")
        datasets = tuple(
            _read_dataset(reading, one, owners) for one in reading.children(holder, "arm:AnalysisDataset")
        )
    documentation = reading.child(result, "arm:Documentation")
    return AnalysisResult(
        id=_short(reading.attribute(result, "OID"), "AR."),
        description=reading.description(result),
        parameter=_variable(reading, result, "ParameterOID", owners, qualified=True),
        reason=reading.attribute(result, "AnalysisReason"),
        purpose=reading.attribute(result, "AnalysisPurpose"),
        datasets=datasets,
        join_comment=join,
        documentation=reading.description(documentation) if documentation is not None else "",
        documents=read_document_refs(reading, documentation) if documentation is not None else (),
        code=_read_code(reading, result),
    )


def _read_dataset(reading: Reading, element: etree._Element, owners: dict[str, tuple[str, ...]]) -> AnalysisDataset:
    group = reading.target(element, "ItemGroupOID", "ItemGroupDef")
    name = (group.get("Name") or "") if group is not None else ""
    where = WhereClause()
    reference = reading.child(element, "def:WhereClauseRef")
    if reference is not None:
        clause = reading.target(reference, "WhereClauseOID", "WhereClauseDef")
        if clause is not None:
            reading.taken.add((clause, ""))
            where = read_where(reading, clause, home=name, owners=owners)
    variables = (
        _variable(reading, one, "ItemOID", owners, qualified=False)
        for one in reading.children(element, "arm:AnalysisVariable")
    )
    return AnalysisDataset(dataset=name, where=where, variables=tuple(name for name in variables if name))


def _variable(
    reading: Reading, element: etree._Element, attribute: str, owners: dict[str, tuple[str, ...]], *, qualified: bool
) -> str:
    item = reading.target(element, attribute, "ItemDef")
    if item is None:
        return ""
    datasets = owners.get(item.get("OID") or "", ())
    name = item.get("Name") or ""
    return f"{datasets[0]}.{name}" if qualified and datasets else name


def _read_code(reading: Reading, result: etree._Element) -> ProgrammingCode | None:
    code = reading.child(result, "arm:ProgrammingCode")
    if code is None:
        return None
    return ProgrammingCode(
        context=reading.attribute(code, "Context"),
        code=reading.text(reading.child(code, "arm:Code")),
        documents=read_document_refs(reading, code),
    )
