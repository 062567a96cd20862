"""Write datasets, items, value levels, where clauses, codelists, methods and comments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lxml import etree

from define_xml.namespaces import DEF, ODM
from define_xml.oids import leaf_id, value_item_oid, where_id
from define_xml.origins import origin_to_2_0
from define_xml.writing import Writing
from specs.models import (
    Codelist,
    Comment,
    Dataset,
    Dictionary,
    DocumentRef,
    Method,
    Origin,
    Term,
    ValueLevel,
    Variable,
    WhereClause,
)
from spectrail.errors import Place, SpecError


def write_dataset(
    writing: Writing,
    dataset: Dataset,
    *,
    groups: etree._Element,
    items: etree._Element,
    lists: etree._Element,
    clauses: dict[str, etree._Element],
) -> None:
    """Write an ItemGroupDef, its ItemDefs, and the value lists and where clauses they need."""
    group = _write_group(writing, groups, dataset)
    for position, variable in enumerate(dataset.variables, start=1):
        oid = f"IT.{dataset.name}.{variable.name}"
        key = dataset.keys.index(variable.name) + 1 if variable.name in dataset.keys else None
        _write_item_ref(writing, group, variable, oid=oid, position=position, key=key)
        levels = [level for level in dataset.value_levels if level.variable == variable.name]
        _write_item(writing, items, variable, oid=oid, levels=bool(levels), dataset=dataset.name)
        if levels:
            _write_levels(writing, dataset, variable, levels, items=items, lists=lists, clauses=clauses)
    writing.aliases(group, dataset.aliases)
    if not writing.old and dataset.class_:
        element = writing.element(group, "def:Class", Name=dataset.class_)
        for part in filter(None, (one.strip() for one in dataset.subclass.split(";"))):
            name, _, parent = (one.strip() for one in part.partition("<"))
            writing.element(element, "def:SubClass", Name=name, ParentClass=parent)
    if dataset.href:
        leaf = writing.element(group, "def:leaf", ID=leaf_id(dataset.name), xlink_href=dataset.href)
        writing.text(leaf, "def:title", dataset.title or dataset.href.rpartition("/")[2])


def _write_group(writing: Writing, groups: etree._Element, dataset: Dataset) -> etree._Element:
    new = not writing.old
    if writing.old:
        for what, value in (
            ("subclass", dataset.subclass),
            ("statement that there are no data", dataset.has_no_data),
            ("mark as non-standard", dataset.non_standard),
        ):
            if value:
                writing.lost(what, value, dataset=dataset.name)
    group = writing.element(
        groups,
        "ItemGroupDef",
        OID=f"IG.{dataset.name}",
        Name=dataset.name,
        Repeating=dataset.repeating,
        IsReferenceData=dataset.reference_data,
        SASDatasetName=dataset.name if dataset.sas_name is None else dataset.sas_name,
        Domain=dataset.domain,
        Purpose=dataset.purpose,
        def_Structure=dataset.structure,
        def_Class=None if new else dataset.class_,
        def_ArchiveLocationID=leaf_id(dataset.name) if dataset.href else None,
        def_StandardOID=writing.oid("STD", dataset.standard) if new else None,
        def_IsNonStandard="Yes" if new and dataset.non_standard == "Yes" else None,
        def_HasNoData="Yes" if new and dataset.has_no_data == "Yes" else None,
        def_CommentOID=writing.oid("COM", dataset.comment),
    )
    writing.description(group, dataset.label)
    return group


def _write_item_ref(
    writing: Writing,
    parent: etree._Element,
    item: Variable | ValueLevel,
    *,
    oid: str,
    position: int | None,
    key: int | None = None,
) -> etree._Element:
    new = not writing.old
    if writing.old and (item.has_no_data == "Yes" or item.non_standard == "Yes"):
        what = "statement that there are no data" if item.has_no_data == "Yes" else "mark as non-standard"
        name = item.name if isinstance(item, Variable) else item.variable
        writing.lost(what, "Yes", dataset=oid.split(".")[1], variable=name)
    return writing.element(
        parent,
        "ItemRef",
        ItemOID=oid,
        OrderNumber=position,
        Mandatory=item.mandatory or "No",
        KeySequence=key,
        MethodOID=writing.oid("MT", item.method),
        Role=item.role,
        RoleCodeListOID=writing.oid("CL", item.role_codelist),
        def_IsNonStandard="Yes" if new and item.non_standard == "Yes" else None,
        def_HasNoData="Yes" if new and item.has_no_data == "Yes" else None,
    )


def _write_item(
    writing: Writing, items: etree._Element, item: Variable | ValueLevel, *, oid: str, levels: bool, dataset: str
) -> None:
    if isinstance(item, Variable):
        name, sas_name = item.name, item.name if item.sas_name is None else item.sas_name
    else:
        name, sas_name = item.name or item.variable, item.sas_name
    element = writing.element(
        items,
        "ItemDef",
        OID=oid,
        Name=name,
        DataType=item.data_type or "text",
        Length=item.length,
        SignificantDigits=item.significant_digits,
        SASFieldName=sas_name,
        def_DisplayFormat=item.format,
        def_CommentOID=writing.oid("COM", item.comment),
    )
    writing.description(element, item.label)
    if item.codelist:
        writing.element(element, "CodeListRef", CodeListOID=writing.oid("CL", item.codelist))
    writing.aliases(element, item.aliases)
    variable = item.name if isinstance(item, Variable) else item.variable
    _write_origins(writing, element, item.origins, dataset=dataset, variable=variable)
    if levels:
        writing.element(element, "def:ValueListRef", ValueListOID=oid.replace("IT.", "VL.", 1))


def _write_origins(
    writing: Writing, parent: etree._Element, origins: Iterable[Origin], *, dataset: str, variable: str
) -> None:
    for place, origin in enumerate(origins):
        if writing.old and place:
            writing.lost(
                "second origin", f"{origin.type} {origin.source}".strip(), dataset=dataset, variable=variable
            )
            continue
        type_ = origin_to_2_0(origin.type, origin.source) if writing.old else origin.type
        element = writing.element(parent, "def:Origin", Type=type_, Source=None if writing.old else origin.source)
        writing.description(element, origin.predecessor or origin.description)
        documents = origin.documents
        if origin.pages and writing.crf:
            kind: Any = (
                "PhysicalRef" if origin.pages.replace(" ", "").replace("-", "").isdigit() else "NamedDestination"
            )
            documents = (DocumentRef(document=writing.crf, pages=origin.pages, page_type=kind), *documents)
        elif origin.pages:
            message = "pages of an annotated CRF are given, but no document of kind acrf: left out"
            writing.report.add("DEF-I05", message, dataset=dataset, variable=variable, value=origin.pages)
        writing.documents(element, documents)


def _write_levels(
    writing: Writing,
    dataset: Dataset,
    variable: Variable,
    levels: list[ValueLevel],
    *,
    items: etree._Element,
    lists: etree._Element,
    clauses: dict[str, etree._Element],
) -> None:
    values = writing.element(lists, "def:ValueListDef", OID=f"VL.{dataset.name}.{variable.name}")
    used: set[str] = set()
    for position, level in enumerate(levels, start=1):
        oid = _unused(value_item_oid(dataset.name, level), used)
        reference = _write_item_ref(
            writing, values, level, oid=oid, position=position if level.order is None else level.order
        )
        for clause in (level.where, *level.alternatives):
            if clause.conditions or clause.id:
                joined = clause if clause.comment else clause.model_copy(update={"comment": level.join_comment})
                target = write_where(writing, joined, clauses, home=dataset.name)
                writing.element(reference, "def:WhereClauseRef", WhereClauseOID=target)
        _write_item(writing, items, level, oid=oid, levels=False, dataset=dataset.name)


def _unused(oid: str, used: set[str]) -> str:
    name, count = oid, 1
    while name in used:
        count += 1
        name = f"{oid}.{count}"
    used.add(name)
    return name


def write_where(writing: Writing, clause: WhereClause, clauses: dict[str, etree._Element], *, home: str) -> str:
    """Write a def:WhereClauseDef unless it is there already; return its OID.

    One id with two contents gets the dataset as suffix; two contents for one dataset raise SpecError.
    """
    element = _where_element(writing, clause, home=home)
    oid = f"WC.{where_id(clause, home=home)}"
    for name in (oid, f"{oid}.{home}"):
        element.set("OID", name)
        known = clauses.setdefault(name, element)
        if known is element or etree.tostring(known) == etree.tostring(element):
            return name
    raise SpecError(
        f"where clause {clause.id!r} has two different definitions",
        place=Place(dataset=home),
        hint="give one of them another id",
    )


def _where_element(writing: Writing, clause: WhereClause, *, home: str) -> etree._Element:
    spaces: Any = {None: ODM, "def": DEF[writing.version]}
    holder = etree.Element("container", nsmap=spaces)
    element = writing.element(
        holder, "def:WhereClauseDef", OID="-", def_CommentOID=writing.oid("COM", clause.comment)
    )
    for condition in clause.conditions:
        oid = f"IT.{condition.dataset or home}.{condition.variable}"
        if not condition.dataset and not _has(writing, home, condition.variable):
            oid = condition.variable  # a link that leads nowhere is kept as it was read
        check = writing.element(
            element,
            "RangeCheck",
            Comparator=condition.comparator,
            SoftHard="Hard" if condition.hard else "Soft",
            def_ItemOID=oid,
        )
        for value in condition.values or ("",):
            writing.text(check, "CheckValue", value)
    return element


def _has(writing: Writing, dataset: str, variable: str) -> bool:
    return any(one.name == dataset and variable in one.names for one in writing.study.datasets)


def write_codelist(writing: Writing, metadata: etree._Element, codelist: Codelist | Dictionary) -> None:
    """Write a CodeList: enumerated terms, terms with decodes, or an external dictionary."""
    new = not writing.old
    element = writing.element(
        metadata,
        "CodeList",
        OID=writing.oid("CL", codelist.id),
        Name=codelist.name or codelist.id,
        DataType=codelist.data_type,
        SASFormatName=codelist.format,
        def_StandardOID=writing.oid("STD", codelist.terminology) if new else None,
        def_IsNonStandard="Yes" if new and codelist.non_standard == "Yes" else None,
        def_CommentOID=writing.oid("COM", codelist.comment) if new else None,
    )
    if writing.old and codelist.comment:
        writing.lost("comment on a codelist", codelist.comment)
    writing.description(element, codelist.description)
    if isinstance(codelist, Dictionary):
        writing.element(
            element,
            "ExternalCodeList",
            Dictionary=codelist.dictionary,
            Version=codelist.version,
            href=codelist.href,
            ref=codelist.ref,
        )
        writing.aliases(element, codelist.aliases)
        return
    decoded = any(term.decode for term in codelist.terms)
    for term in codelist.terms:
        _write_term(writing, element, term, decoded=decoded)
    writing.aliases(element, codelist.aliases, code=codelist.code)


def _write_term(writing: Writing, codelist: etree._Element, term: Term, *, decoded: bool) -> None:
    element = writing.element(
        codelist,
        "CodeListItem" if decoded else "EnumeratedItem",
        Rank=term.rank,
        OrderNumber=term.order,
        def_ExtendedValue="Yes" if term.extended else None,
    )
    element.set("CodedValue", term.term)
    if decoded:
        writing.description(element, term.decode, "Decode", always=True)
    writing.aliases(element, term.aliases, code=term.code)
    writing.description(element, term.description)


def write_method(writing: Writing, metadata: etree._Element, method: Method) -> None:
    """Write a MethodDef."""
    element = writing.element(
        metadata, "MethodDef", OID=writing.oid("MT", method.id), Name=method.name or method.id, Type=method.type
    )
    writing.description(element, method.description, always=True)
    for expression in method.expressions:
        writing.text(element, "FormalExpression", expression.code, Context=expression.context)
    writing.aliases(element, method.aliases)
    writing.documents(element, method.documents)


def write_comment(writing: Writing, metadata: etree._Element, comment: Comment) -> None:
    """Write a def:CommentDef."""
    element = writing.element(metadata, "def:CommentDef", OID=writing.oid("COM", comment.id))
    writing.description(element, comment.description, always=True)
    writing.documents(element, comment.documents)
