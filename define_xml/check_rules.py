"""Rules of Define-XML that its schema cannot state: header, datasets, references to items, value levels.

One function checks one element; the rule ids are those of `catalogue`.  Rules that 2.0 does not have are skipped for
a file of that version.
"""

from __future__ import annotations

from define_xml.document import Document, Element, Named
from define_xml.origins import TYPES_2_0

_EXCLUDED_DOMAINS = frozenset({"RELREC", "POOLDEF"})
SUBCLASS_ASKED = {"ADAE": "ADVERSE EVENT", "ADTTE": "TIME-TO-EVENT"}
"""ADaM datasets whose guide asks for a subclass, by the beginning of their name."""


def check_rules(document: Document) -> None:
    """Check header, standards, page references, where clauses, datasets, value lists."""
    _header(document)
    for standard in document.standards.values():
        _standard(document, standard)
    for page in document.each("def:PDFPageRef"):
        _page(document, page)
    for clause in document.all("def:WhereClauseDef"):
        _clause(document, clause)
    for group in document.all("ItemGroupDef"):
        _dataset(document, group)
        _dataset_links(document, group)
        _references(document, group)
        if document.submission:
            _submitted_dataset(document, group)
    for values in document.all("def:ValueListDef"):
        _value_list(document, values)


def _header(document: Document) -> None:
    root, report = document.root, document.report
    for rule, name, wanted in (("DEF-R01", "FileType", "Snapshot"), ("DEF-R02", "ODMVersion", "1.3.2")):
        value = root.get(name) or ""
        if value != wanted:
            report.add(rule, f"{name} is {value!r}, not {wanted!r}", element=root, value=value)
    if document.version == "2.1" and document.submission and not document.standards:
        report.add("DEF-S01", "a submission needs def:Standards", element=document.metadata)


def _standard(document: Document, standard: Element) -> None:
    if standard.get("Type") != "CT":
        return
    if not standard.get("PublishingSet"):
        document.report.add("DEF-R03", "a CT standard needs PublishingSet", element=standard)
    if standard.get("Name") != "CDISC/NCI":
        name = standard.get("Name") or ""
        document.report.add(
            "DEF-R03", f"Name of a CT standard is {name!r}, not 'CDISC/NCI'", element=standard, value=name
        )


def _page(document: Document, page: Element) -> None:
    listed, first, last = (page.get(name) for name in ("PageRefs", "FirstPage", "LastPage"))
    place = document.place(_item_above(page))
    if listed is None and (first is None or last is None):
        document.report.add("DEF-R04", "needs PageRefs, or FirstPage and LastPage", element=page, **place)
    elif listed is not None and (first is not None or last is not None):
        document.report.add("DEF-R04", "has PageRefs and FirstPage or LastPage", element=page, value=listed, **place)
    elif (
        listed is not None
        and page.get("Type") == "PhysicalRef"
        and not all(one.isdecimal() for one in listed.split())
    ):
        document.report.add(
            "DEF-R04", f"PageRefs {listed!r} are not page numbers", element=page, value=listed, **place
        )
    elif first is not None and last is not None and first.isdecimal() and last.isdecimal() and int(first) > int(last):
        document.report.add("DEF-R04", f"FirstPage {first} is after LastPage {last}", element=page, **place)


def _item_above(element: Element) -> str:
    """Return the OID of the ItemDef that an element belongs to, empty when there is none."""
    return next((one.get("OID") or "" for one in element.iterancestors() if str(one.tag).endswith("}ItemDef")), "")


def _clause(document: Document, clause: Element) -> None:
    owners: set[str] = set()
    for check in document.under(clause, "RangeCheck"):
        comparator = check.get("Comparator") or ""
        oid = document.get(check, "def:ItemOID")
        place = document.place(oid)
        if not comparator:
            document.report.add("DEF-R05", f"condition on {oid} has no Comparator", element=clause, **place)
        values = document.under(check, "CheckValue")
        if comparator not in {"IN", "NOTIN", ""} and len(values) > 1:
            text = ", ".join(one.text or "" for one in values)
            document.report.add(
                "DEF-R06", f"{comparator} takes one value, not {len(values)}", element=clause, value=text, **place
            )
        datasets = {dataset for dataset, _ in document.variables.get(oid, [])}
        owners = owners & datasets if owners & datasets else owners | datasets
    if len(owners) > 1 and not document.get(clause, "def:CommentOID"):
        names = ", ".join(sorted(owners))
        document.report.add("DEF-R07", f"spans {names}, without comment on the join", element=clause, value=names)


def _dataset(document: Document, group: Element) -> None:
    report, name = document.report, group.get("Name") or ""
    reference, repeating = group.get("IsReferenceData"), group.get("Repeating")
    structure = document.get(group, "def:Structure")
    if repeating == "Yes" and reference == "Yes":
        report.add("DEF-R08", "Repeating is Yes for reference data", element=group, dataset=name)
    elif repeating == "Yes" and structure.lower() == "one record per subject":
        report.add("DEF-R08", f"Repeating is Yes for {structure!r}", element=group, dataset=name, value=structure)
    domain, purpose = group.get("Domain") or "", group.get("Purpose") or ""
    if purpose not in {"Tabulation", "Analysis"}:
        report.add("DEF-R10", f"Purpose is {purpose!r}", element=group, dataset=name, value=purpose)
    if purpose == "Tabulation" and not domain and name not in _EXCLUDED_DOMAINS:
        report.add("DEF-R09", "Domain is missing", element=group, dataset=name)
    if purpose == "Analysis" and domain:
        report.add("DEF-R09", f"an analysis dataset has Domain {domain!r}", element=group, dataset=name, value=domain)
    if name.startswith("SUPP"):
        qval = [oid for oid, names in document.variables.items() if (name, "QVAL") in names]
        if qval and document.value_list_of(qval[0]) is None:
            report.add("DEF-R33", "QVAL has no value levels", element=group, dataset=name, variable="QVAL")


def _dataset_links(document: Document, group: Element) -> None:
    report, name = document.report, group.get("Name") or ""
    if document.version == "2.1":
        oid, own = document.get(group, "def:StandardOID"), document.get(group, "def:IsNonStandard")
        if bool(oid) == (own == "Yes"):
            what = "has both a standard and IsNonStandard" if oid else "has neither a standard nor IsNonStandard"
            report.add("DEF-R11", what, element=group, dataset=name, value=oid)
        standard = document.standards.get(oid)
        if standard is not None and standard.get("Type") != "IG":
            report.add(
                "DEF-R12", f"standard {oid} is of type {standard.get('Type')}", element=group, dataset=name, value=oid
            )
        if document.get(group, "def:HasNoData") == "Yes" and not document.get(group, "def:CommentOID"):
            report.add("DEF-R13", "HasNoData without def:CommentOID", element=group, dataset=name)
    leaf, location = document.leaf(group), document.get(group, "def:ArchiveLocationID")
    if leaf is not None and location != leaf.get("ID"):
        message = f"ArchiveLocationID is {location!r}, the leaf is {leaf.get('ID')!r}"
        report.add("DEF-R14", message, element=group, dataset=name, value=location)


def _references(document: Document, group: Element) -> None:
    report, name = document.report, group.get("Name") or ""
    for reference in document.under(group, "ItemRef"):
        oid = reference.get("ItemOID") or ""
        item = document.items.get(oid)
        place: Named = {"dataset": name, "variable": (item.get("Name") or "") if item is not None else oid}
        if document.under(reference, "def:WhereClauseRef"):
            report.add("DEF-R32", "def:WhereClauseRef below ItemGroupDef", element=reference, **place)
        if document.get(reference, "def:IsNonStandard") == "Yes" and (
            document.analysis(group) or name.startswith("SUPP")
        ):
            report.add("DEF-R34", "IsNonStandard does not apply here", element=reference, **place)
        if item is None:
            continue
        if document.get(reference, "def:HasNoData") == "Yes" and not document.get(item, "def:CommentOID"):
            report.add("DEF-R13", "HasNoData without comment on the variable", element=reference, **place)
        _check_method(document, reference, item, place)


def _check_method(document: Document, reference: Element, item: Element, place: Named) -> None:
    origins = [one.get("Type") for one in document.under(item, "def:Origin")]
    if "Derived" in origins and not reference.get("MethodOID"):
        document.report.add("DEF-R15", "origin is Derived, but there is no MethodOID", element=reference, **place)


def _value_list(document: Document, values: Element) -> None:
    for reference in document.under(values, "ItemRef"):
        oid = reference.get("ItemOID") or ""
        place = document.place(oid)
        if not document.under(reference, "def:WhereClauseRef"):
            document.report.add("DEF-R31", f"{values.get('OID')}: no def:WhereClauseRef", element=reference, **place)
        if document.get(reference, "def:IsNonStandard") == "Yes" and place["dataset"].startswith("SUPP"):
            document.report.add(
                "DEF-R34", "IsNonStandard does not apply to a supplemental qualifier", element=reference, **place
            )
        item = document.items.get(oid)
        if item is not None:
            _check_method(document, reference, item, place)


def _submitted_dataset(document: Document, group: Element) -> None:
    report, name = document.report, group.get("Name") or ""
    references = document.under(group, "ItemRef")
    empty = document.get(group, "def:HasNoData") == "Yes"
    if references and not any(one.get("KeySequence") for one in references):
        report.add("DEF-S02", "no KeySequence on any variable", element=group, dataset=name)
    sas_name = group.get("SASDatasetName") or ""
    if not sas_name or sas_name != sas_name.upper() or sas_name != name:
        report.add("DEF-S03", f"SASDatasetName is {sas_name!r}", element=group, dataset=name, value=sas_name)
    if not empty and (document.leaf(group) is None or not document.get(group, "def:ArchiveLocationID")):
        report.add("DEF-S04", "needs def:ArchiveLocationID and def:leaf", element=group, dataset=name)
    if not document.text(group):
        report.add("DEF-S05", "Description is missing", element=group, dataset=name)
    domain = group.get("Domain") or ""
    if domain and domain != name and not document.analysis(group) and document.version == "2.1":
        aliases = {one.get("Context") for one in document.under(group, "Alias")}
        if "DomainDescription" not in aliases:
            report.add(
                "DEF-S07", f"no Alias DomainDescription for {domain}", element=group, dataset=name, value=domain
            )
    _class(document, group, name)


def _class(document: Document, group: Element, name: str) -> None:
    own = document.get(group, "def:IsNonStandard") == "Yes"
    if not document.class_of(group):
        if not (own and document.analysis(group)):
            document.report.add("DEF-S08", "class is missing", element=group, dataset=name)
        return
    asked = next((wanted for start, wanted in SUBCLASS_ASKED.items() if name.startswith(start)), "")
    if document.version == "2.1" and asked and document.analysis(group):
        given = {one.get("Name") for one in group.iter(document.tag("def:SubClass"))}
        if asked not in given:
            document.report.add("DEF-S08", f"subclass {asked} is missing", element=group, dataset=name, value=asked)


def known_origin(type_: str, *, version: str) -> bool:
    """Tell whether a version of Define-XML defines an origin type."""
    new = {"Assigned", "Collected", "Derived", "Other", "Predecessor", "Protocol", "Not Available"}
    return type_ in (new if version == "2.1" else TYPES_2_0)
