"""Write Analysis Results Metadata 1.0."""

from __future__ import annotations

from lxml import etree

from define_xml.oids import slug
from define_xml.writer_items import write_where
from define_xml.writing import Writing
from specs.models import AnalysisDataset, AnalysisResult


def write_displays(writing: Writing, parent: etree._Element, *, clauses: dict[str, etree._Element]) -> None:
    """Write arm:AnalysisResultDisplays; where clauses of results are added to `clauses`."""
    if not writing.study.displays:
        return
    holder = writing.element(parent, "arm:AnalysisResultDisplays")
    for display in writing.study.displays:
        element = writing.element(
            holder, "arm:ResultDisplay", OID=f"RD.{slug(display.id)}", Name=display.name or display.id
        )
        writing.description(element, display.title, always=True)
        writing.documents(element, display.documents)
        for result in display.results:
            _write_result(writing, element, result, clauses)


def _write_result(
    writing: Writing, display: etree._Element, result: AnalysisResult, clauses: dict[str, etree._Element]
) -> None:
    element = writing.element(
        display,
        "arm:AnalysisResult",
        OID=f"AR.{slug(result.id)}",
        ParameterOID=f"IT.{result.parameter}" if result.parameter else None,
        AnalysisReason=result.reason,
        AnalysisPurpose=result.purpose,
    )
    writing.description(element, result.description, always=True)
    datasets = writing.element(
        element, "arm:AnalysisDatasets", def_CommentOID=writing.oid("COM", result.join_comment)
    )
    for dataset in result.datasets:
        _write_dataset(writing, datasets, dataset, clauses)
    if result.documentation or result.documents:
        documentation = writing.element(element, "arm:Documentation")
        writing.description(documentation, result.documentation, always=True)
        writing.documents(documentation, result.documents)
    if result.code is not None:
        code = writing.element(element, "arm:ProgrammingCode", Context=result.code.context)
        if result.code.code:
            writing.text(code, "arm:Code", result.code.code)
        writing.documents(code, result.code.documents)


def _write_dataset(
    writing: Writing, parent: etree._Element, dataset: AnalysisDataset, clauses: dict[str, etree._Element]
) -> None:
    element = writing.element(parent, "arm:AnalysisDataset", ItemGroupOID=f"IG.{dataset.dataset}")
    if dataset.where.conditions or dataset.where.id:
        target = write_where(writing, dataset.where, clauses, home=dataset.dataset)
        writing.element(element, "def:WhereClauseRef", WhereClauseOID=target)
    for variable in dataset.variables:
        writing.element(element, "arm:AnalysisVariable", ItemOID=f"IT.{dataset.dataset}.{variable}")
