"""CDISC ODM-XML 1.3.2 clinical data as one table per form and item group.

The file is streamed through expat, which keeps no tree and knows the true line of every element; a document type
(the only place where entities can be declared) is refused, nothing outside the file is opened.
"""

from __future__ import annotations

import xml.parsers.expat
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from sdtm.intake.files import RawFile
from sdtm.intake.odm_rows import CONTEXT, LEVELS, ItemGroupRows, Removal, identity, removed_by
from sdtm.intake.table import Content, check_names
from specs.models import RawSource
from spectrail.errors import InputError, nearest_hint

NAMESPACES = ("http://www.cdisc.org/ns/odm/v1.3", "http://www.cdisc.org/ns/odm/v1.2")
PIECE = 1 << 18
UNREAD = ("AuditRecord", "Signature", "Annotation", "ReferenceData", "AdminData")
HINT = "check the file against the schema of ODM 1.3.2, or ask for the extract again"


@dataclass
class Parse:
    """What the handlers keep while they run: where they are, and the rows so far."""

    file: RawFile
    parser: Any
    members: frozenset[str]
    tables: dict[tuple[str, str], ItemGroupRows] = field(default_factory=dict)
    item_names: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    context: dict[str, str] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    removals: list[Removal] = field(default_factory=list)
    items: dict[str, str | None] = field(default_factory=dict)
    item: str = ""
    text: list[str] | None = None
    line: int = 0
    unread: dict[str, int] = field(default_factory=dict)
    skip: int = 0
    root: bool = False
    file_type: str = ""

    def fail(self, what: str, *, hint: str = HINT) -> InputError:
        """Return an error at the current line."""
        return InputError(what, place=self.file.place(line=self.parser.CurrentLineNumber), hint=hint)


def read_odm(file: RawFile, sources: Sequence[RawSource]) -> list[Content]:
    """Read the item groups that the sources name by `member`, streaming the file once.

    `member` is `FormOID/ItemGroupOID`, an ItemGroupOID (its rows of all forms), or a FormOID with one item group.
    Columns: StudyOID, SubjectKey, LocationOID, StudyEventOID, StudyEventRepeatKey, FormOID, FormRepeatKey,
    ItemGroupOID, ItemGroupRepeatKey, then the items in the order of their first appearance under the Name of their
    ItemDef when the file carries one that is unique in the table, else under their ItemOID.
    """
    parse = _parse(file, frozenset(source.member for source in sources))
    if not parse.root:
        raise InputError("the file has no ODM element", place=file.place(), hint=HINT)
    return [_content(parse, file, source) for source in sources]


def _parse(file: RawFile, members: frozenset[str]) -> Parse:
    parser = xml.parsers.expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parse = Parse(file, parser, members)
    parser.StartElementHandler = partial(_start, parse)
    parser.EndElementHandler = partial(_end, parse)
    parser.CharacterDataHandler = lambda text: parse.text.append(text) if parse.text is not None else None
    parser.StartDoctypeDeclHandler = lambda *_: _refuse_document_type(parse)
    try:
        with file.path.open("rb") as stream:
            while piece := stream.read(PIECE):
                parser.Parse(piece, False)
            parser.Parse(b"", True)
    except xml.parsers.expat.ExpatError as error:
        reason = xml.parsers.expat.errors.messages[error.code]
        raise InputError(f"not well-formed XML: {reason}", place=file.place(line=error.lineno), hint=HINT) from None
    return parse


def _refuse_document_type(parse: Parse) -> None:
    raise parse.fail(
        "the file declares a document type (XML entities), which is refused",
        hint="remove the DOCTYPE from the export; ODM does not need one",
    )


def _start(parse: Parse, name: str, attributes: dict[str, str]) -> None:
    if not parse.root:
        _check_root(parse, *name.rpartition(" ")[::2], attributes)
        return
    local = "" if parse.skip else _local_name(parse, name)
    if not local:
        parse.skip += 1
    elif local.startswith("ItemData"):
        _start_item(parse, local, attributes)
    elif local in LEVELS:
        _start_level(parse, local, attributes)
    elif local == "SiteRef":
        parse.context["LocationOID"] = attributes.get("LocationOID", "")
    elif local == "ItemDef":
        parse.item_names[attributes.get("OID", "")] = attributes.get("Name", "")
    elif local == "MeasurementUnitRef" and parse.item:
        parse.items[f"{parse.item}.MeasurementUnitOID"] = attributes.get("MeasurementUnitOID")
    elif local in UNREAD:
        parse.unread[local] = parse.unread.get(local, 0) + 1
        parse.skip += 1


def _local_name(parse: Parse, name: str) -> str:
    """Return the name of an element of ODM without its namespace; empty for an element of a vendor."""
    local = parse.names.get(name)
    if local is None:
        namespace, _, tail = name.rpartition(" ")
        local = parse.names[name] = tail if namespace in NAMESPACES else ""
    return local


def _check_root(parse: Parse, namespace: str, local: str, attributes: dict[str, str]) -> None:
    if local != "ODM" or namespace not in NAMESPACES:
        raise parse.fail(
            f"the root element is {local} in the namespace {namespace or '(none)'}, not ODM 1.3",
            hint=f"export clinical data as ODM 1.3.2 ({NAMESPACES[0]})",
        )
    parse.root = True
    parse.file_type = attributes.get("FileType", "")


def _start_level(parse: Parse, local: str, attributes: dict[str, str]) -> None:
    depth = list(LEVELS).index(local)
    if depth and tuple(LEVELS.values())[depth - 1][0] not in parse.context:
        raise parse.fail(f"{local} does not stand inside {list(LEVELS)[depth - 1]}")
    if LEVELS[local][0] not in attributes:
        raise parse.fail(f"{local} has no {LEVELS[local][0]}")
    for name in LEVELS[local]:
        if name in attributes:
            parse.context[name] = attributes[name]
    line = parse.parser.CurrentLineNumber
    parse.removed.append(local if attributes.get("TransactionType") == "Remove" else "")
    if parse.removed[-1]:
        parse.removals.append(Removal(line, local, identity(parse.context, local)))
    if local == "ItemGroupData":
        parse.items = {}
        parse.line = line


def _start_item(parse: Parse, local: str, attributes: dict[str, str]) -> None:
    item = attributes.get("ItemOID")
    if item is None:
        raise parse.fail(f"{local} has no ItemOID")
    if item in parse.items:
        raise parse.fail(f"the item {item} stands twice in one ItemGroupData")
    parse.item = item
    if attributes.get("TransactionType") == "Remove":
        parse.items[item] = None
        _table(parse).removed_items.append((parse.parser.CurrentLineNumber, item))
    elif local == "ItemData":
        parse.items[item] = None if attributes.get("IsNull") == "Yes" else attributes.get("Value")
    else:
        parse.items[item] = None
        parse.text = []
    if "MeasurementUnitOID" in attributes:
        parse.items[f"{item}.MeasurementUnitOID"] = attributes["MeasurementUnitOID"]


def _end(parse: Parse, name: str) -> None:
    if parse.skip:
        parse.skip -= 1
        return
    local = _local_name(parse, name)
    if local.startswith("ItemData"):
        if parse.text is not None:
            parse.items[parse.item] = "".join(parse.text)
            parse.text = None
        parse.item = ""
    elif local in LEVELS:
        if local == "ItemGroupData":
            removed = next((level for level in parse.removed if level), "")
            _table(parse).add(parse.context, parse.items, parse.line, removed=removed)
        parse.removed.pop()
        for key in LEVELS[local]:
            parse.context.pop(key, None)
        if local == "SubjectData":
            parse.context.pop("LocationOID", None)


def _table(parse: Parse) -> ItemGroupRows:
    key = (parse.context["FormOID"], parse.context["ItemGroupOID"])
    table = parse.tables.get(key)
    if table is None:
        wanted = not parse.members.isdisjoint(("", "/".join(key), *key))
        table = parse.tables[key] = ItemGroupRows(wanted=wanted)
    return table


def _content(parse: Parse, file: RawFile, source: RawSource) -> Content:
    chosen = _choose(parse, file, source)
    tables = [parse.tables[key] for key in chosen]
    items = list(dict.fromkeys(item for table in tables for item in table.items))
    names = _item_columns(items, parse.item_names)
    check_names([*CONTEXT, *names], place=file.place())
    lines = np.concatenate([table.lines_array() for table in tables])
    order = np.argsort(lines, kind="stable")
    columns = [
        pa.chunked_array([chunk for table in tables for chunk in table.column(item)], type=pa.large_string())
        for item in (*CONTEXT, *items)
    ]
    content = Content([*CONTEXT, *names], columns, lines, notes=[f"item groups {', '.join(map('/'.join, chosen))}"])
    if len(tables) > 1:
        content.columns = [column.take(pa.array(order)) for column in columns]
        content.lines = lines[order]
    _notes(parse, content)
    _report_removed(tables, content)
    _take_back(parse.removals, content)
    _report_repeated(content)
    return content


def _choose(parse: Parse, file: RawFile, source: RawSource) -> list[tuple[str, str]]:
    known = list(parse.tables)
    member = source.member
    pairs = [key for key in known if "/".join(key) == member]
    groups = [key for key in known if key[1] == member]
    forms = [key for key in known if key[0] == member]
    if not member and len(known) == 1:
        return known
    if pairs:
        return pairs
    if groups:
        return groups
    if len(forms) == 1:
        return forms
    listed = ["/".join(key) for key in known]
    if forms:
        what = f"the form {member} has {len(forms)} item groups"
        hint = f"set member to one of {', '.join('/'.join(key) for key in forms)}"
    elif member:
        what, hint = f"the file has no form or item group {member!r}", nearest_hint(member, listed)
    else:
        what = f"the file has {len(known)} item groups and the source names none"
        hint = f"set member to one of {', '.join(listed)}" if known else HINT
    raise InputError(what, place=file.place(), hint=hint)


def _item_columns(items: Sequence[str], item_names: dict[str, str]) -> list[str]:
    """Name item columns: the Name of the ItemDef where it tells the items apart, else the ItemOID."""
    suffix = ".MeasurementUnitOID"
    wanted = [(item_names.get(base := item.removesuffix(suffix)) or base) + item[len(base) :] for item in items]
    counts: dict[str, int] = {}
    for name in (*CONTEXT, *wanted):
        counts[name] = counts.get(name, 0) + 1
    return [name if counts[name] == 1 else item for name, item in zip(wanted, items, strict=True)]


def _notes(parse: Parse, content: Content) -> None:
    if parse.file_type:
        content.notes.append(f"ODM file type {parse.file_type}")
    content.notes.extend(
        f"{count} {name} element(s) in the file are not read" for name, count in parse.unread.items()
    )


def _report_removed(tables: Sequence[ItemGroupRows], content: Content) -> None:
    for table in tables:
        for line, level, keys in table.removed:
            content.report(
                "raw.odm_removed",
                "notice",
                f"the record on line {line} is left out: its {level} has TransactionType Remove",
                values=[keys],
            )
        for line, item in table.removed_items:
            content.report(
                "raw.odm_removed",
                "notice",
                f"the item on line {line} is read as empty: its ItemData has TransactionType Remove",
                values=[item],
            )


def _take_back(removals: Sequence[Removal], content: Content) -> None:
    """Leave out records that a later element of the file removes."""
    if not removals:
        return
    by = removed_by(_keys(content), content.lines, removals)
    gone = np.flatnonzero(by >= 0)
    for row in gone:
        removal = removals[by[row]]
        content.report(
            "raw.odm_removed",
            "notice",
            f"the record on line {content.lines[row]} is left out: the {removal.level} on line {removal.line} has "
            "TransactionType Remove",
            values=[removal.shown],
        )
    if len(gone):
        keep = np.flatnonzero(by < 0)
        content.columns = [column.take(pa.array(keep)) for column in content.columns]
        content.lines = content.lines[keep]


def _keys(content: Content) -> pd.DataFrame:
    table = pa.table(content.columns[: len(CONTEXT)], names=list(CONTEXT))
    return table.to_pandas().fillna("")


def _report_repeated(content: Content) -> None:
    """Report records whose nine keys occur more than once: a snapshot holds each record once."""
    rows = np.flatnonzero(_keys(content).duplicated(keep=False).to_numpy())
    if len(rows):
        content.report(
            "raw.odm_repeated_key",
            "warning",
            "the keys of the record occur more than once in the file; all of them are kept",
            rows=rows,
        )
