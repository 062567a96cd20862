"""The columns of Analysis Results that hold several things at once: datasets, variables, selections, programs."""

from __future__ import annotations

from specs import faults as f
from specs.assemble import where_nodes
from specs.cells import COMMA
from specs.faults import Fault
from specs.models import WhereClause
from specs.nodes import Node
from specs.sheet_rows import Row
from specs.where import parse_where
from spectrail.errors import SpecError

Fields = dict[str, Node]


def result_nodes(row: Row, faults: list[Fault]) -> Fields:
    """Read datasets, references and programming code of one result from the columns of its row.

    A column Datasets says all of them; Variables and Selection Criteria beside it are for the reader.
    """
    made: Fields = {}
    cells = row.cells
    if "~refs" in cells:
        names = [part for part in COMMA.split(cells["~refs"].text or "") if part]
        place = cells["~refs"].place
        made["documents"] = Node([Node({"document": Node(name, place)}, place) for name in names], place)
    if "~variables" in cells and "datasets" not in cells:
        made["datasets"] = _analysed(cells["~variables"], cells.get("~criteria"), faults)
    code = {name: cells[f"~{name}"] for name in ("context", "code") if f"~{name}" in cells}
    if "~document" in cells:
        document = {"document": cells["~document"]}
        if "~pages" in cells:
            document["pages"] = cells["~pages"]
        code["documents"] = Node([Node(dict(document), cells["~document"].place)], cells["~document"].place)
    if code:
        made["code"] = Node(code, row.place)
    return made


def _analysed(variables: Node, criteria: Node | None, faults: list[Fault]) -> Node:
    """Read `ADSL.AGE, ADSL.SEX` and the selection: each dataset gets the conditions that name it or none."""
    where = _selection(criteria, faults)
    grouped: dict[str, list[str]] = {}
    for part in COMMA.split((variables.text or "").strip()):
        dataset, dot, name = part.partition(".")
        if not dot:
            message = f"{part!r} does not name its dataset"
            faults.append(Fault(f.WRONG_TYPE, message, variables.place, "write DATASET.VARIABLE", part))
            continue
        grouped.setdefault(dataset, []).append(name)
    items = []
    for dataset, names in grouped.items():
        own = tuple(c for c in where.conditions if c.dataset == dataset or not c.dataset)
        fields: Fields = {
            "dataset": Node(dataset, variables.place),
            "variables": Node([Node(name, variables.place) for name in names], variables.place),
        }
        if own and criteria is not None:
            fields["where"] = Node(where_nodes(WhereClause(conditions=own), criteria.place), criteria.place)
        items.append(Node(fields, variables.place))
    return Node([*items], variables.place)


def _selection(criteria: Node | None, faults: list[Fault]) -> WhereClause:
    if criteria is None:
        return WhereClause()
    try:
        return parse_where(criteria.text or "", place=criteria.place)
    except SpecError as error:
        faults.append(Fault(f.SELECTION, error.what, criteria.place, error.hint, criteria.text or ""))
        return WhereClause()
