"""Rules of Define-XML that its schema cannot state: items, origins, codelists, methods, analysis results."""

from __future__ import annotations

import re

from define_xml.check_rules import known_origin
from define_xml.document import Document, Element

SIZED = frozenset({"text", "integer", "float"})
DATES = frozenset(
    {
        "date",
        "time",
        "datetime",
        "partialDate",
        "partialTime",
        "partialDatetime",
        "incompleteDatetime",
        "durationDatetime",
        "intervalDatetime",
    }
)
_SOURCES = {
    ("Tabulation", "Collected"): {"Subject", "Investigator", "Vendor"},
    ("Tabulation", "Derived"): {"Vendor", "Sponsor"},
    ("Tabulation", "Assigned"): {"Vendor", "Sponsor"},
    ("Tabulation", "Protocol"): {"Sponsor"},
    ("Analysis", "Derived"): {"Sponsor"},
    ("Analysis", "Assigned"): {"Sponsor"},
}
_REASONS = frozenset({"SPECIFIED IN PROTOCOL", "SPECIFIED IN SAP", "DATA DRIVEN", "REQUESTED BY REGULATORY AGENCY"})
_PURPOSES = frozenset({"PRIMARY OUTCOME MEASURE", "SECONDARY OUTCOME MEASURE", "EXPLORATORY OUTCOME MEASURE"})
_NUMBER = {
    "integer": re.compile(r"[+-]?\d+"),
    "float": re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?"),
}


def check_items(document: Document) -> None:
    """Check items, codelists, methods and analysis results."""
    purposes = {group.get("Name") or "": group.get("Purpose") or "" for group in document.all("ItemGroupDef")}
    for oid, item in document.items.items():
        _type(document, item, oid)
        _origins(document, item, oid, purposes)
        _length_of_levels(document, oid)
        _codelist_type(document, item, oid)
        if document.submission and oid in document.variables:
            _submitted_variable(document, item, oid)
    for codelist in document.all("CodeList"):
        _codelist(document, codelist)
        _terms(document, codelist)
    for method in document.all("MethodDef"):
        type_ = method.get("Type") or ""
        if type_ not in {"Computation", "Imputation"}:
            document.report.add("DEF-R29", f"Type is {type_!r}", element=method, value=type_)
        for expression in document.under(method, "FormalExpression"):
            if not expression.get("Context"):
                document.report.add("DEF-R30", "FormalExpression has no Context", element=method)
    for result in document.each("arm:AnalysisResult"):
        _analysis_result(document, result)


def _type(document: Document, item: Element, oid: str) -> None:
    report, place = document.report, document.place(oid)
    type_, length = item.get("DataType") or "", item.get("Length")
    if type_ not in SIZED | DATES:
        report.add("DEF-R19", f"DataType is {type_!r}", element=item, value=type_, **place)
    elif type_ in SIZED and length is None:
        report.add("DEF-R16", f"Length is missing for {type_}", element=item, **place)
    elif type_ in DATES and length is not None and document.version == "2.1":
        report.add("DEF-R16", f"Length {length} is given for {type_}", element=item, value=length, **place)
    if type_ == "float" and item.get("SignificantDigits") is None:
        report.add("DEF-R17", "SignificantDigits are missing for float", element=item, **place)


def _origins(document: Document, item: Element, oid: str, purposes: dict[str, str]) -> None:
    report, place = document.report, document.place(oid)
    purpose = purposes.get(place["dataset"], "")
    origins = document.under(item, "def:Origin")
    for origin in origins:
        type_, source = origin.get("Type") or "", origin.get("Source") or ""
        if not known_origin(type_, version=document.version) or (type_ == "Not Available" and purpose):
            report.add("DEF-R23", f"origin {type_!r} is not valid", element=item, value=type_, **place)
            continue
        if type_ == "Predecessor" and not document.text(origin):
            report.add("DEF-R22", "Predecessor without Description", element=item, **place)
        if document.version == "2.0":
            continue
        if (type_ == "Predecessor") == bool(source) and type_ != "Other":
            what = f"Predecessor has Source {source!r}" if source else f"{type_} has no Source"
            report.add("DEF-R20", what, element=item, value=source, **place)
        elif source and source not in _SOURCES.get((purpose, type_), {source}):
            report.add("DEF-R21", f"{type_} from {source} is unusual", element=item, value=source, **place)
        if purpose == "Analysis" and type_ in {"Collected", "Protocol"}:
            report.add(
                "DEF-R23", f"origin {type_!r} is not used in analysis datasets", element=item, value=type_, **place
            )
    values = document.value_list_of(oid)
    if origins and values is not None:
        below = [document.items.get(one.get("ItemOID") or "") for one in document.under(values, "ItemRef")]
        if below and all(one is not None and document.under(one, "def:Origin") for one in below):
            report.add("DEF-R24", "origin on the variable and on every value level", element=item, **place)


def _length_of_levels(document: Document, oid: str) -> None:
    values, parent = document.value_list_of(oid), document.items[oid].get("Length") or ""
    for reference in document.under(values, "ItemRef") if values is not None else ():
        level = document.items.get(reference.get("ItemOID") or "")
        length = (level.get("Length") or "") if level is not None else ""
        if length.isdecimal() and parent.isdecimal() and int(length) > int(parent):
            message = f"Length {length} is greater than the {parent} of {oid}"
            document.report.add("DEF-R18", message, element=level, value=length, **document.place(oid))


def _codelist_type(document: Document, item: Element, oid: str) -> None:
    reference = item.find(document.tag("CodeListRef"))
    codelist = document.codelists.get(reference.get("CodeListOID") or "") if reference is not None else None
    if codelist is None:
        return
    own, listed = item.get("DataType") or "", (codelist.get("DataType") or "").replace("string", "text")
    if own in SIZED and own != listed and not (own == "float" and listed == "integer"):
        message = f"DataType is {own}, that of {codelist.get('OID')} is {listed}"
        document.report.add("DEF-R35", message, element=item, value=listed, **document.place(oid))


def _submitted_variable(document: Document, item: Element, oid: str) -> None:
    report, place = document.report, document.place(oid)
    if not document.text(item):
        report.add("DEF-S06", "Description is missing", element=item, **place)
    if not item.get("SASFieldName"):
        report.add("DEF-S10", "SASFieldName is missing", element=item, **place)
    origins = document.under(item, "def:Origin")
    values = document.value_list_of(oid)
    if not origins:
        below = (
            [document.items.get(one.get("ItemOID") or "") for one in document.under(values, "ItemRef")]
            if values is not None
            else []
        )
        if not below or any(one is None or not document.under(one, "def:Origin") for one in below):
            report.add("DEF-S11", "no def:Origin on the variable or on each value level", element=item, **place)
    crf = document.metadata.find(document.tag("def:AnnotatedCRF"))
    for origin in origins:
        collected = origin.get("Type") == "CRF" or (
            origin.get("Type") == "Collected" and origin.get("Source") in {"Investigator", "Subject"}
        )
        if collected and crf is not None and origin.find(f".//{document.tag('def:PDFPageRef')}") is None:
            report.add("DEF-S12", "collected, but no page of the annotated CRF", element=item, **place)


def _codelist(document: Document, codelist: Element) -> None:
    report, oid = document.report, codelist.get("OID") or ""
    external = codelist.find(document.tag("ExternalCodeList"))
    if external is not None:
        for name in ("Dictionary", "Version"):
            if not external.get(name):
                report.add("DEF-R28", f"{name} is missing", element=codelist)
        return
    if document.version == "2.1":
        standard, own = document.get(codelist, "def:StandardOID"), document.get(codelist, "def:IsNonStandard")
        target = document.standards.get(standard)
        if bool(standard) == (own == "Yes"):
            what = "has both a standard and IsNonStandard" if standard else "has neither a standard nor IsNonStandard"
            report.add("DEF-R25", what, element=codelist, value=standard)
        elif target is not None and target.get("Type") != "CT":
            report.add(
                "DEF-R25", f"standard {standard} is not controlled terminology", element=codelist, value=standard
            )
        if document.submission and standard and own != "Yes":
            _codes(document, codelist, oid)


def _codes(document: Document, codelist: Element, oid: str) -> None:
    if not document.coded(codelist):
        document.report.add("DEF-S09", "no Alias nci:ExtCodeID on the codelist", element=codelist)
    for term in _term_elements(document, codelist):
        value = term.get("CodedValue") or ""
        if not document.coded(term) and document.get(term, "def:ExtendedValue") != "Yes":
            document.report.add(
                "DEF-S09", f"{oid}: term {value!r} has no nci:ExtCodeID", element=codelist, value=value
            )


def _term_elements(document: Document, codelist: Element) -> list[Element]:
    return document.under(codelist, "CodeListItem") + document.under(codelist, "EnumeratedItem")


def _terms(document: Document, codelist: Element) -> None:
    report, terms = document.report, _term_elements(document, codelist)
    for name in ("OrderNumber", "Rank"):
        without = [one.get("CodedValue") or "" for one in terms if one.get(name) is None]
        if without and len(without) < len(terms):
            report.add(
                "DEF-R26",
                f"{name} is missing on {len(without)} of {len(terms)} terms",
                element=codelist,
                value=without[0],
            )
    pattern = _NUMBER.get(codelist.get("DataType") or "")
    for term in terms:
        value = term.get("CodedValue") or ""
        if pattern is not None and not pattern.fullmatch(value.strip()):
            report.add("DEF-R36", f"{value!r} is not {codelist.get('DataType')}", element=codelist, value=value)
        if document.get(term, "def:ExtendedValue") == "Yes":
            if document.get(codelist, "def:IsNonStandard") == "Yes":
                report.add("DEF-R27", f"{value!r} extends a list that has no standard", element=codelist, value=value)
            elif document.coded(term):
                report.add("DEF-R27", f"{value!r} is extended, but has an NCI code", element=codelist, value=value)


def _analysis_result(document: Document, result: Element) -> None:
    report = document.report
    parameter = document.items.get(result.get("ParameterOID") or "")
    if parameter is not None and parameter.get("Name") != "PARAMCD":
        name = parameter.get("Name") or ""
        report.add("DEF-R37", f"ParameterOID is {name}", element=result, value=name)
    for name, known in (("AnalysisReason", _REASONS), ("AnalysisPurpose", _PURPOSES)):
        value = result.get(name) or ""
        if value and value not in known:
            report.add("DEF-R40", f"{name} {value!r} is not a published term", element=result, value=value)
    datasets = list(result.iter(document.tag("arm:AnalysisDataset")))
    groups = {one.get("OID") or "": one.get("Name") or "" for one in document.all("ItemGroupDef")}
    for dataset in datasets:
        home = groups.get(dataset.get("ItemGroupOID") or "", "")
        for variable in document.under(dataset, "arm:AnalysisVariable"):
            oid = variable.get("ItemOID") or ""
            if oid in document.items and home and home not in {name for name, _ in document.variables.get(oid, [])}:
                report.add("DEF-R38", f"{oid} is not a variable of {home}", element=result, dataset=home, value=oid)
    holder = result.find(document.tag("arm:AnalysisDatasets"))
    if len(datasets) > 1 and holder is not None and not document.get(holder, "def:CommentOID"):
        report.add("DEF-R39", f"{len(datasets)} datasets without comment on the join", element=result)
