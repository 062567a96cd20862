"""Several files, one study: fragments of a specification are put together before they are shaped.

Datasets and lookup tables of the same name in different files are one; other lists are chained; mappings are united;
two different values for one thing are a fault, except that study.yaml stands above the workbook.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from specs import faults as f
from specs import models as m
from specs.assemble import KEYS, keyed
from specs.faults import Fault
from specs.nodes import Node, plain

MERGED: Mapping[str, type[m.Model]] = {"datasets": m.Dataset, "tables": m.LookupTable}
WHOLE = ("standards", "study_id", "name", "description", "protocol", "language", "ct", "created", "cutoff", "define")
"""Fields in which the first fragment stands above the others."""


@dataclass
class Fragment:
    """The content of one file, fields of a study; `leads` marks study.yaml."""

    fields: dict[str, Node]
    leads: bool = False


@dataclass
class _Merge:
    fields: dict[str, Node] = field(default_factory=dict)
    leading: frozenset[str] = frozenset()
    faults: list[Fault] = field(default_factory=list)

    def add(self, fragment: Fragment) -> None:
        """Put one more fragment to the others."""
        for name, node in fragment.fields.items():
            present = self.fields.get(name)
            if name in MERGED:
                self.named(name, node)
            elif present is None:
                self.fields[name] = node
            elif name in self.leading:
                self.overridden(name, present, node)
            else:
                self.fields[name] = self.join(name, present, node, _class_of(m.Study, name))
        if fragment.leads:
            self.leading = frozenset(WHOLE) & fragment.fields.keys()

    def overridden(self, name: str, present: Node, node: Node) -> None:
        """Keep what study.yaml says and say so where another file differs."""
        if plain(present) != plain(node) and node.value not in ("", []):
            message = f"{name!r} differs from {present.place.file}, which stands above"
            hint = "make them equal or leave one out"
            self.faults.append(Fault(f.OVERRIDDEN, message, node.place, hint, str(node.text or "")))

    def named(self, name: str, node: Node) -> None:
        """Chain objects, but join those whose name an earlier fragment has."""
        cls = MERGED[name]
        present = self.fields.get(name)
        listed = _listed(node, cls)
        if present is None or present.items is None:
            self.fields[name] = Node(listed, node.place, node.key)
            return
        earlier = {_name(entry): i for i, entry in enumerate(present.items) if _name(entry)}
        chained = list(present.items)
        for entry in listed:
            position = earlier.get(_name(entry))
            if position is None:
                chained.append(entry)
            else:
                chained[position] = self.join(name, chained[position], entry, cls)
        self.fields[name] = Node(chained, present.place, present.key)

    def join(self, name: str, one: Node, two: Node, cls: type[m.Model] | None) -> Node:
        """Join two values of the same thing."""
        if two.value == "" or (one.text is not None and plain(one) == plain(two)):
            return one
        if one.value == "":
            return two
        if cls in KEYS and not (one.fields is not None and two.fields is not None and name in MERGED):
            return Node([*_listed(one, cls), *_listed(two, cls)], one.place, one.key)
        if one.items is not None and two.items is not None:
            return Node([*one.items, *two.items], one.place, one.key)
        if one.fields is not None and two.fields is not None:
            fields = dict(one.fields)
            for key, node in two.fields.items():
                inner = _class_of(cls, key) if cls is not None else None
                fields[key] = self.join(key, fields[key], node, inner) if key in fields else node
            return Node(fields, one.place, one.key)
        message = f"{name!r} is {_shown(two)} here but {_shown(one)} in {one.place}"
        self.faults.append(Fault(f.TWICE, message, two.place, "keep one of them", str(two.text or "")))
        return one


def merge(fragments: Sequence[Fragment]) -> tuple[dict[str, Node], list[Fault]]:
    """Put fragments together in their order; give back the fields of the study and the faults met."""
    merged = _Merge()
    for fragment in fragments:
        merged.add(fragment)
    return merged.fields, merged.faults


def _class_of(cls: type[m.Model], name: str) -> type[m.Model] | None:
    info = cls.model_fields.get(name)
    if info is None or typing.get_origin(info.annotation) is not tuple:
        return None
    inner = typing.get_args(info.annotation)[0]
    return inner if isinstance(inner, type) and issubclass(inner, m.Model) else None


def _listed(node: Node, cls: type[m.Model] | None) -> list[Node]:
    if node.items is not None:
        return node.items
    if node.fields is not None and cls is not None and cls in KEYS:
        return keyed(node, cls)
    return [] if node.value == "" else [node]


def _name(entry: Node) -> str:
    name = (entry.fields or {}).get("name")
    return (name.text or "").strip() if name is not None else ""


def _shown(node: Node) -> str:
    return repr(node.text) if node.text is not None else node.kind
