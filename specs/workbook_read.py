"""Read a specification workbook of any of the three generations into nodes."""

from __future__ import annotations

import typing
from collections.abc import Sequence
from pathlib import Path

from specs import faults as f
from specs import models as m
from specs import sheets as s
from specs.assemble import where_nodes
from specs.cells import cell_node
from specs.faults import Fault
from specs.nodes import Node
from specs.results_sheet import result_nodes
from specs.sheet_rows import Row, Sheet, Workbook, open_workbook
from specs.where import parse_where
from spectrail.errors import Place, SpecError, nearest_hint

Fields = dict[str, Node]


def read_workbook_nodes(path: Path, shown: str) -> tuple[Fields, list[Fault]]:
    """Read a workbook as fields of a study, with the place of every cell, and the faults met."""
    book = open_workbook(path, shown)
    reader = WorkbookReader(book)
    return reader.study(), book.faults


class WorkbookReader:
    """Put the rows of all sheets together; faults are collected in the workbook."""

    def __init__(self, book: Workbook) -> None:
        self.book = book
        self.place = Place(file=book.file)

    def study(self) -> Fields:
        """Read all sheets."""
        fields = self.define()
        datasets = self.datasets()
        if datasets:
            fields["datasets"] = Node(datasets, self.place)
        codelists = self.codelists()
        if codelists:
            fields["codelists"] = Node(codelists, self.place)
        for name, kind in s.LISTS.items():
            items = [Node(self.fields(kind, row), row.place) for row in self.rows(kind)]
            if items:
                fields[name] = Node(items, self.place)
        for sheet, (name, key, value) in s.PAIRS.items():
            pairs = self.pairs(sheet, key, value)
            if pairs:
                fields[name] = Node(pairs, self.place)
        displays = self.displays()
        if displays:
            fields["displays"] = Node(displays, self.place)
        tables = self.tables()
        if tables:
            fields["tables"] = Node(tables, self.place)
        self.leftovers(fields)
        return fields

    def rows(self, kind: s.SheetKind, *, also: Sequence[s.SheetKind] = ()) -> list[Row]:
        """Return the rows of a sheet by field; nothing when the workbook does not have it."""
        sheet = self.book.find(kind.name, *kind.aliases)
        return [] if sheet is None else self.by_field(sheet, kind, also)

    def by_field(self, sheet: Sheet, kind: s.SheetKind, also: Sequence[s.SheetKind]) -> list[Row]:
        """Find out which field each column holds; unknown columns are notices, missing ones errors."""
        known: dict[str, str] = {}
        for one, prefix in ((kind, "Codelist " if also else ""), *((other, "Term ") for other in also)):
            listed = {column.field for column in one.columns}
            for name in one.cls.model_fields:
                if name not in listed:
                    known.setdefault(s.normal(prefix + s.extra_header(name)), f"{prefix}{name}" if also else name)
            for column in one.columns:
                for header in (column.header, *column.aliases):
                    known[s.normal(header)] = f"{prefix}{column.field}" if also else column.field
        if kind is s.VALUE_LEVEL:
            known |= {s.normal("Where Clause ID"): "~where_id", s.normal("Where Clause Comment"): "~where_comment"}
        required = [f"Codelist {name}" if also else name for name in kind.required]
        titles = {f"Codelist {c.field}" if also else c.field: c.header for c in kind.columns}
        return sheet.rows(known, {name: titles[name] for name in required}, verbatim=kind.verbatim)

    def fields(self, kind: s.SheetKind, row: Row, *, prefix: str = "") -> Fields:
        """Read the cells of a row as fields of one object, groups of columns as their only item."""
        made: Fields = {}
        groups: dict[str, Fields] = {}
        for name, cell in row.cells.items():
            if not name.startswith(prefix):
                continue
            field = name[len(prefix) :]
            group, dot, part = field.partition(".")
            if dot:
                groups.setdefault(group, {})[part] = cell
            elif not field.startswith("~") and field in kind.cls.model_fields:
                node = self.cell(kind.cls, field, cell)
                if node is not None:
                    made[kind.cls.model_fields[field].alias or field] = node
        for group, parts in groups.items():
            name = s.GROUPS[group]
            if name not in made:
                made[name] = Node([Node(dict(parts), next(iter(parts.values())).place)], row.place)
        return made

    def cell(self, cls: type[m.Model], field: str, cell: Node) -> Node | None:
        """Read one cell; YAML flow text that is not valid is a fault."""
        try:
            return cell_node(cls, field, cell.text or "", cell.place)
        except SpecError as error:
            self.fault(f.WRONG_TYPE, error.what, cell.place, error.hint, cell.text or "")
            return None

    def datasets(self) -> list[Node]:
        """Read the datasets with their variables, value levels, parameters and steps."""
        if self.book.find(s.DATASETS.name) is None and self.book.find(s.VARIABLES.name) is not None:
            hint = nearest_hint("Datasets", [sheet.name for sheet in self.book.sheets])
            self.fault(f.MISSING_SHEET, "the workbook has no sheet 'Datasets'", self.place, hint)
        made = [Node(self.fields(s.DATASETS, row), row.place) for row in self.rows(s.DATASETS)]
        listed = self.book.find(s.DATASETS.name) is not None
        index: dict[str, Fields] = {}
        for node in made:
            name = (node.fields or {}).get("name")
            index.setdefault(name.text.strip() if name and name.text else "", typing.cast(Fields, node.value))
        clauses = self.where_clauses()
        for field, kind in s.OF_DATASET.items():
            for row in self.ordered(self.rows(kind)):
                owner = self.owner(row, index, made, listed)
                fields = self.fields(kind, row)
                if kind is s.VALUE_LEVEL:
                    self.where(row, fields, clauses)
                items = owner.setdefault(field, Node([], row.place))
                typing.cast(list[Node], items.value).append(Node(fields, row.place))
        return made

    def owner(self, row: Row, index: dict[str, Fields], made: list[Node], listed: bool) -> Fields:
        """Return the dataset that a row belongs to; one that is not listed is made, and a fault where a list is."""
        cell = row.cells.get("~dataset")
        name = (cell.text or "").strip() if cell is not None else ""
        if name in index and (name or not made):
            return index[name]
        place = cell.place if cell is not None else row.place
        if not name:
            self.fault(f.MISSING_VALUE, "the row names no dataset", place, "fill the column Dataset")
            return index.setdefault("", {})
        if listed:
            what = f"the sheet Datasets does not list {name!r}"
            self.fault(f.UNKNOWN_ROW_OWNER, what, place, nearest_hint(name, [key for key in index if key]), name)
        node = Node({"name": Node(name, place)}, place)
        made.append(node)
        index[name] = typing.cast(Fields, node.value)
        return index[name]

    def ordered(self, rows: list[Row]) -> list[Row]:
        """Sort rows by their order number; rows without one keep their place after those before them."""
        keys: list[float] = []
        for row in rows:
            cell = row.cells.get("~order")
            previous = keys[-1] if keys else 0.0
            if cell is None:
                keys.append(previous)
                continue
            try:
                keys.append(float(cell.text or ""))
            except ValueError:
                self.fault(
                    f.WRONG_TYPE, f"{cell.text!r} is not a number", cell.place, "number the rows", cell.text or ""
                )
                keys.append(previous)
        if not any("~order" in row.cells for row in rows):
            return rows
        owners = list(dict.fromkeys(self.owner_text(row) for row in rows))
        position = {name: i for i, name in enumerate(owners)}
        order = sorted(range(len(rows)), key=lambda i: (position[self.owner_text(rows[i])], keys[i], i))
        return [rows[i] for i in order]

    @staticmethod
    def owner_text(row: Row) -> str:
        """Return the dataset that a row names."""
        cell = row.cells.get("~dataset")
        return (cell.text or "").strip() if cell is not None else ""

    def where_clauses(self) -> dict[str, Node]:
        """Read the WhereClauses sheet of the first generation: rows with one ID are joined by AND."""
        clauses: dict[str, Node] = {}
        for row in self.rows(s.WHERE_CLAUSES):
            cell = row.cells.get("~id")
            if cell is None:
                self.fault(f.MISSING_VALUE, "the row has no ID", row.place, "fill the column ID")
                continue
            name = (cell.text or "").strip()
            clause = clauses.setdefault(name, Node({"id": cell, "conditions": Node([], row.place)}, row.place))
            fields = typing.cast(Fields, clause.value)
            comment = row.cells.get("~comment")
            if comment is not None:
                fields.setdefault("comment", comment)
            condition = {name: cell for name, cell in row.cells.items() if not name.startswith("~")}
            if "values" in condition:
                condition["values"] = self.condition_values(condition)
            typing.cast(list[Node], fields["conditions"].value).append(Node(condition, row.place))
        return clauses

    @staticmethod
    def condition_values(condition: Fields) -> Node:
        """Read the values of a condition: a list for IN and NOTIN, else one value."""
        cell = condition["values"]
        comparator = (condition["comparator"].text or "").strip().upper() if "comparator" in condition else ""
        if comparator not in ("IN", "NOTIN"):
            return Node([Node((cell.text or "").strip(), cell.place)], cell.place)
        listed = (cell.text or "").strip()
        listed = listed if listed.startswith("(") else f"({listed})"
        try:
            values = parse_where(f"X IN {listed}").conditions[0].values
        except SpecError:
            values = tuple(part.strip() for part in (cell.text or "").split(","))
        return Node([Node(value, cell.place) for value in values], cell.place)

    def where(self, row: Row, fields: Fields, clauses: dict[str, Node]) -> None:
        """Set the where clause of a value level: an ID of the WhereClauses sheet, or text."""
        node = fields.get("where")
        if node is None or node.text is None:
            return
        known = clauses.get(node.text.strip())
        if known is not None:
            fields["where"] = known
            return
        if clauses and node.text.strip() and " " not in node.text.strip():
            hint = nearest_hint(node.text.strip(), clauses)
            self.fault(f.WHERE_SYNTAX, f"no where clause {node.text!r}", node.place, hint, node.text)
            fields["where"] = Node("", node.place)
            return
        extra = {name[7:]: cell for name, cell in row.cells.items() if name in ("~where_id", "~where_comment")}
        if extra:
            try:
                clause = parse_where(node.text, place=node.place)
            except SpecError:
                return  # reported when the text is shaped
            fields["where"] = Node({**where_nodes(clause, node.place), **extra}, node.place)

    def codelists(self) -> list[Node]:
        """Read codelists: rows with one ID are one codelist, each row with a term adds it."""
        made: dict[str, Fields] = {}
        places: dict[str, Place] = {}
        for row in self.rows(s.CODELISTS, also=[s.TERMS]):
            shared = self.fields(s.CODELISTS, row, prefix="Codelist ")
            term = self.fields(s.TERMS, row, prefix="Term ")
            name = (shared["id"].text or "").strip() if "id" in shared else ""
            fields = made.setdefault(name, {})
            places.setdefault(name, row.place)
            for key, node in shared.items():
                first = fields.setdefault(key, node)
                if first.text is not None and (first.text or "").strip() != (node.text or "").strip():
                    what = f"codelist {name} has {node.text!r} here but {first.text!r} in row {first.place.row}"
                    self.fault(f.TWICE, what, node.place, "repeat the same value in every row", node.text or "")
            if term:
                terms = fields.setdefault("terms", Node([], row.place))
                typing.cast(list[Node], terms.value).append(Node(term, row.place))
        return [Node(fields, places[name]) for name, fields in made.items()]

    def displays(self) -> list[Node]:
        """Read analysis displays with their results."""
        made = [Node(self.fields(s.DISPLAYS, row), row.place) for row in self.rows(s.DISPLAYS)]
        index = {(n.fields or {})["id"].text: typing.cast(Fields, n.value) for n in made if "id" in (n.fields or {})}
        for row in self.rows(s.RESULTS):
            cell = row.cells.get("~display")
            owner = index.get(cell.text) if cell is not None else None
            if owner is None:
                place = cell.place if cell is not None else row.place
                what = f"the sheet Analysis Displays does not list {cell.text if cell is not None else ''!r}"
                self.fault(f.UNKNOWN_ROW_OWNER, what, place, nearest_hint(str(cell and cell.text), map(str, index)))
                continue
            fields = self.fields(s.RESULTS, row) | result_nodes(row, self.book.faults)
            items = owner.setdefault("results", Node([], row.place))
            typing.cast(list[Node], items.value).append(Node(fields, row.place))
        return made

    def define(self) -> Fields:
        """Read the attributes of the study (sheet Define, or Study in the first generation)."""
        sheet = self.book.find(*s.DEFINE)
        if sheet is None:
            return {}
        known = {"attribute": "attribute", "property": "attribute", "value": "value"}
        fields: Fields = {}
        standard: Fields = {}
        names = {s.normal(label): name for label, name in s.ATTRIBUTES.items()}
        for row in sheet.rows(known, {"attribute": "Attribute", "value": "Value"}):
            label = row.cells.get("attribute")
            value = row.cells.get("value")
            if label is None or value is None:
                continue
            key = s.normal(label.text or "")
            if key in ("standardname", "standardversion"):
                standard[key[8:]] = value
            elif key in names:
                node = self.cell(m.Study, names[key], value)
                if node is not None:
                    fields[names[key]] = node
            else:
                what = f"the attribute {label.text!r} is not known; its value is not used"
                self.fault(f.UNKNOWN_COLUMN, what, label.place, nearest_hint(label.text or "", s.ATTRIBUTES))
        if "name" in standard and self.book.find(s.STANDARDS.name) is None:
            standard.setdefault("version", Node("", standard["name"].place))
            fields["standards"] = Node([Node(dict(standard), standard["name"].place)], standard["name"].place)
        return fields

    def pairs(self, name: str, key: str, value: str) -> Fields:
        """Read a sheet of two columns as a mapping."""
        sheet = self.book.find(name)
        if sheet is None:
            return {}
        made: Fields = {}
        known = {s.normal(key): "key", s.normal(value): "value"}
        for row in sheet.rows(known, {"key": key, "value": value}, verbatim=True):
            cell = row.cells.get("key") or Node("", row.place)
            if (cell.text or "") in made:
                first = made[cell.text or ""].place.row
                self.fault(f.TWICE, f"{cell.text!r} is in row {first} already", cell.place, "keep one row")
                continue
            held = row.cells.get("value") or Node("", row.place)
            made[cell.text or ""] = Node(held.value, held.place, cell.place)
        return made

    def tables(self) -> list[Node]:
        """Read the lookup tables that the sheet Tables lists."""
        index = self.book.find(s.TABLES)
        if index is None:
            return []
        known = {s.normal(header): header.lower() for header in s.TABLE_COLUMNS}
        made = []
        for row in index.rows(known, {"table": "Table", "sheet": "Sheet"}):
            named = row.cells.get("sheet")
            sheet = self.book.find(named.text or "", exact=True) if named is not None else None
            if sheet is None or "table" not in row.cells:
                place = named.place if named is not None else row.place
                hint = nearest_hint(str(named and named.text), [other.name for other in self.book.sheets])
                self.fault(f.MISSING_SHEET, "the table has no sheet", place, hint)
                continue
            fields = {"name": row.cells["table"], **sheet.table()}
            if "label" in row.cells:
                fields["label"] = row.cells["label"]
            made.append(Node(fields, row.place))
        return made

    def leftovers(self, fields: Fields) -> None:
        """Report sheets that nothing read, and a workbook without any sheet of a specification."""
        unread = [sheet.name for sheet in self.book.sheets if not sheet.used]
        if not fields and len(unread) == len(self.book.sheets):
            hint = "its sheets should be Define, Datasets, Variables, ... or Mappings, Tables, ..."
            self.fault(f.EMPTY_FILE, "no sheet of a specification in this workbook", self.place, hint)
            return
        names = [kind.name for kind in s.KINDS] + [*s.DEFINE, s.TABLES, *s.PAIRS]
        for name in unread:
            what = f"the sheet {name!r} is not known and not used"
            self.fault(f.UNKNOWN_SHEET, what, Place(file=self.book.file, sheet=name), nearest_hint(name, names))

    def fault(self, rule: f.Rule, message: str, place: Place, hint: str, value: str = "") -> None:
        """Record a fault."""
        self.book.faults.append(Fault(rule, message, place, hint, value))
