"""From nodes to the model: what both faces have in common.

`shape` walks the annotations of the models.  It accepts the short forms that are pleasant to write (a name instead
of a mapping with a name, a mapping from name to object instead of a list, the text of a where clause), types text,
collects every fault with its place, leaves out what cannot be used and records the place of each object.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Mapping
from typing import Any, Literal, Union

from pydantic.fields import FieldInfo

from specs import faults as f
from specs import models as m
from specs.faults import Fault
from specs.nodes import Node, Path, Places, plain
from specs.where import parse_where
from spectrail.errors import Place, SpecError, nearest_hint

KEYS: Mapping[type[m.Model], tuple[str, str]] = {
    m.Dataset: ("name", "label"),
    m.Variable: ("name", "label"),
    m.Codelist: ("id", "code"),
    m.Term: ("term", "decode"),
    m.Dictionary: ("id", "dictionary"),
    m.Method: ("id", "description"),
    m.Comment: ("id", "description"),
    m.Document: ("id", "href"),
    m.RawSource: ("name", "path"),
    m.LookupTable: ("name", "label"),
    m.Translation: ("source", "english"),
    m.Standard: ("name", "version"),
    m.Parameter: ("paramcd", "param"),
    m.AnalysisDisplay: ("id", "title"),
    m.AnalysisResult: ("id", "description"),
    m.Alias: ("context", "name"),
}
"""The key field of each class that may be written as a mapping from key to object, and the field of a bare text."""

SPLIT = {
    (m.Dataset, "keys"): re.compile(r"[,\s]+"),
    (m.AnalysisDataset, "variables"): re.compile(r"[,\s]+"),
    (m.Parameter, "inputs"): re.compile(r"\s*,\s*"),
    (m.RawSource, "keys"): re.compile(r"\s*,\s*"),
    (m.Translation, "columns"): re.compile(r"\s*,\s*"),
    (m.Step, "source"): re.compile(r"\s*,\s*"),
}
"""Sequences of names that may be written as one text, and what parts it."""

VERBATIM = {
    (m.LookupTable, "columns"),
    (m.LookupTable, "rows"),
    (m.Translation, "source"),
    (m.Translation, "english"),
    (m.Term, "synonyms"),
    (m.Condition, "values"),
    (m.RawSource, "delimiter"),
    (m.Study, "settings"),
    (m.Study, "transliterations"),
}
"""Fields whose outer white space is kept."""

REST = {m.Step: "arguments", m.Parameter: "settings"}
"""Classes whose further keys are collected in a mapping."""

YES = frozenset({"yes", "y", "true", "1"})
NO = frozenset({"no", "n", "false", "0", ""})
Lost = type("Lost", (), {})
LOST = Lost()
"""Stands for a value that could not be used; its fault is recorded."""


class Assembler:
    """Shape nodes into models, collecting faults and places."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.places: dict[Path, Place] = {}

    def study(self, node: Node) -> m.Study | None:
        """Shape a whole study; None when it lacks what no study can do without."""
        made = self.model(node, m.Study, ())
        return None if made is LOST else typing.cast(m.Study, made)

    def model(self, node: Node, cls: type[m.Model], path: Path) -> Any:
        """Shape one object of `cls`."""
        start = len(self.places)
        self.places[path] = node.place
        fields = self.fields_of(node, cls)
        if fields is None:
            return LOST
        values: dict[str, Any] = {}
        for name, child in fields.items():
            info = cls.model_fields[name]
            if child.place != node.place:
                self.places[(*path, name)] = child.place
            value = self.value(child, info.annotation, (*path, name), (cls, name))
            if value is not LOST:
                values[info.alias or name] = value
        if not self.complete(node, cls, fields, values):
            for stale in list(self.places)[start:]:
                del self.places[stale]
            return LOST
        return cls.model_validate(values)

    def complete(self, node: Node, cls: type[m.Model], fields: dict[str, Node], values: dict[str, Any]) -> bool:
        """Tell whether an object has all that it cannot do without; a study goes on without its name."""
        whole = True
        for name, info in cls.model_fields.items():
            if not info.is_required() or _given(values, name, info):
                continue
            child = fields.get(name)
            if child is None or child.value == "":
                self.fault(f.MISSING_VALUE, f"{_word(cls)} lacks its {name!r}", child or node, f"add {name}")
            if cls is m.Study:
                values[name] = ""
            else:
                whole = False
        return whole

    def fields_of(self, node: Node, cls: type[m.Model]) -> dict[str, Node] | None:
        """Return the fields of an object by their names in the model, short forms written out."""
        if node.text is not None:
            if cls is m.WhereClause:
                return self.where(node)
            if cls is m.Origin:
                return {"type": node}
            if cls in KEYS:
                return {KEYS[cls][0]: node}
            if not node.text:
                return {}
        given = node.fields
        if given is None:
            self.fault(f.WRONG_TYPE, f"{_word(cls)} must be a mapping, not {node.kind}", node, "write key: value")
            return None
        names = {info.alias or name: name for name, info in cls.model_fields.items()}
        known: dict[str, Node] = {}
        rest: dict[str, Node] = {}
        for key, child in given.items():
            if key == "origin" and "origins" in names and "origins" not in given:
                known["origins"] = child
            elif key in names:
                known[names[key]] = child
            else:
                rest[key] = child
        self.further(node, cls, known, rest, list(names))
        return known

    def further(
        self, node: Node, cls: type[m.Model], known: dict[str, Node], rest: dict[str, Node], names: list[str]
    ) -> None:
        """Place keys that are not fields: arguments of a step, or faults."""
        collected = REST.get(cls)
        if collected is None:
            for key, child in rest.items():
                where = Node(key, child.key or child.place)
                self.fault(
                    f.UNKNOWN_KEY, f"{_word(cls)} has no key {key!r}", where, nearest_hint(key, names), value=key
                )
            return
        if not rest:
            return
        given = known.get(collected)
        own = dict(given.fields or {}) if given is not None else {}
        for key in rest.keys() & own.keys():
            self.fault(f.TWICE, f"{key!r} is given beside and within {collected!r}", rest[key], "keep one of them")
        known[collected] = Node({**own, **rest}, given.place if given is not None else node.place)

    def where(self, node: Node) -> dict[str, Node] | None:
        """Parse the text of a where clause into its fields."""
        if not node.text:
            return {}
        try:
            clause = parse_where(node.text, place=node.place)
        except SpecError as error:
            self.fault(f.WHERE_SYNTAX, error.what, node, error.hint, value=node.text)
            return None
        return where_nodes(clause, node.place)

    def value(self, node: Node, annotation: Any, path: Path, owner: tuple[type[m.Model], str]) -> Any:
        """Shape one value of a field."""
        if annotation is m.Argument:
            return plain(node)
        origin = typing.get_origin(annotation)
        if origin in (Union, types.UnionType):
            return self.union(node, annotation, path, owner)
        if origin is Literal:
            return self.choice(node, typing.get_args(annotation))
        if origin is tuple:
            return self.sequence(node, typing.get_args(annotation)[0], path, owner)
        if origin is not None and issubclass(origin, Mapping):
            return self.mapping(node, typing.get_args(annotation)[1], path, owner)
        if isinstance(annotation, type) and issubclass(annotation, m.Model):
            return self.model(node, annotation, path)
        if node.text is None:
            self.fault(f.WRONG_TYPE, f"{owner[1]!r} must be text, not {node.kind}", node, "write one text")
            return LOST
        if annotation is int:
            return self.integer(node)
        if annotation is bool:
            return self.boolean(node)
        text = clean(node.text)
        return text if owner in VERBATIM else text.strip()

    def union(self, node: Node, annotation: Any, path: Path, owner: tuple[type[m.Model], str]) -> Any:
        """Shape an optional value or one of several sets of choices."""
        options = [option for option in typing.get_args(annotation) if option is not type(None)]
        if all(typing.get_origin(option) is Literal for option in options):
            return self.choice(node, tuple(choice for option in options for choice in typing.get_args(option)))
        if node.value == "" and options[0] is not str:
            return None
        return self.value(node, options[0], path, owner)

    def choice(self, node: Node, choices: tuple[str, ...]) -> Any:
        """Shape one of several words, whatever its case."""
        text = (node.text or "").strip()
        if node.text is None:
            self.fault(f.WRONG_TYPE, f"a word is needed here, not {node.kind}", node, f"one of {', '.join(choices)}")
            return LOST
        if text in choices:
            return text
        if not text:
            return LOST
        folded = {choice.casefold(): choice for choice in choices}
        if "Yes" in choices:
            folded |= {"y": "Yes", "n": "No", "true": "Yes", "false": "No"}
        if text.casefold() in folded:
            return folded[text.casefold()]
        shown = [choice for choice in choices if choice]
        self.fault(f.NOT_A_CHOICE, f"{text!r} is not allowed here", node, nearest_hint(text, shown), value=text)
        return LOST

    def sequence(self, node: Node, inner: Any, path: Path, owner: tuple[type[m.Model], str]) -> Any:
        """Shape a sequence; short forms are a single item, a text of names, and a mapping from key to object."""
        items = self.items(node, inner, owner)
        if items is None:
            return LOST
        shaped: list[Any] = []
        for item in items:
            here = (*path, len(shaped))
            if isinstance(inner, type) and issubclass(inner, m.Model):
                value = self.model(item, inner, here)
            else:
                self.places[here] = item.place
                value = self.value(item, inner, here, owner)
            if value is not LOST:
                shaped.append(value)
        return tuple(shaped)

    def items(self, node: Node, inner: Any, owner: tuple[type[m.Model], str]) -> list[Node] | None:
        """Return the items of a sequence with its short forms written out."""
        if node.items is not None:
            return node.items
        if node.text is not None:
            if not node.text.strip():
                return []
            splitter = SPLIT.get(owner)
            if splitter is None:
                return [node]
            return [Node(part, node.place) for part in splitter.split(node.text.strip()) if part]
        if inner in KEYS:
            return keyed(node, inner)
        if isinstance(inner, type) and issubclass(inner, m.Model):
            return [node]
        self.fault(f.WRONG_TYPE, f"{owner[1]!r} must be a list, not {node.kind}", node, "write [a, b]")
        return None

    def mapping(self, node: Node, inner: Any, path: Path, owner: tuple[type[m.Model], str]) -> Any:
        """Shape a mapping from text."""
        if node.value == "":
            return {}
        if node.fields is None:
            self.fault(f.WRONG_TYPE, f"{owner[1]!r} must be a mapping, not {node.kind}", node, "write {key: value}")
            return LOST
        shaped = {}
        for key, child in node.fields.items():
            if not key and owner[0] is m.Study:
                self.fault(f.MISSING_VALUE, f"an entry of {owner[1]!r} has no name", child, "name it")
                continue
            self.places[(*path, key)] = child.key or child.place
            value = self.value(child, inner, (*path, key), owner)
            if value is not LOST:
                shaped[key] = value
        return shaped

    def integer(self, node: Node) -> Any:
        """Shape a whole number; `8.0` is one, as spreadsheets write it."""
        text = (node.text or "").strip()
        if re.fullmatch(r"[+-]?[0-9]{1,9}(\.0*)?", text):
            return int(text.partition(".")[0])
        self.fault(f.WRONG_TYPE, f"{text!r} is not a whole number", node, "write digits only", value=text)
        return LOST

    def boolean(self, node: Node) -> Any:
        """Shape yes or no."""
        text = (node.text or "").strip().casefold()
        if text in YES or text in NO:
            return text in YES
        self.fault(
            f.WRONG_TYPE, f"{node.text!r} is neither yes nor no", node, "write yes or no", value=node.text or ""
        )
        return LOST

    def fault(self, rule: f.Rule, message: str, node: Node, hint: str, value: str = "") -> None:
        """Record a fault at a node."""
        self.faults.append(Fault(rule, message, node.place, hint, value))


def _given(values: dict[str, Any], name: str, info: FieldInfo) -> bool:
    value = values.get(info.alias or name)
    return value is not None and value != ""


def _word(cls: type[m.Model]) -> str:
    word = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", cls.__name__).lower()
    return f"a{'n' if word[0] in 'aeiou' else ''} {word}"


def clean(text: str) -> str:
    """Write every line end as a line feed."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def keyed(node: Node, cls: type[m.Model]) -> list[Node]:
    """Write a mapping from key to object, or a single object, as a list of objects."""
    key, main = KEYS[cls]
    given = node.fields or {}
    if key in given and given[key].text is not None:
        return [node]
    listed = []
    for name, body in given.items():
        where = body.key or body.place
        inner = body.fields if body.fields is not None else ({main: body} if body.value != "" else {})
        listed.append(Node({key: Node(name, where), **inner}, where))
    return listed


def where_nodes(clause: m.WhereClause, place: Place) -> dict[str, Node]:
    """Write the conditions of a where clause as nodes."""
    conditions = [
        Node(
            {
                "dataset": Node(condition.dataset, place),
                "variable": Node(condition.variable, place),
                "comparator": Node(condition.comparator, place),
                "values": Node([Node(value, place) for value in condition.values], place),
            },
            place,
        )
        for condition in clause.conditions
    ]
    return {"conditions": Node(conditions, place)}


def assemble(node: Node) -> tuple[m.Study | None, Places, list[Fault]]:
    """Shape the nodes of a whole study; give back the study, the places of its objects and all faults."""
    assembler = Assembler()
    study = assembler.study(node)
    return study, Places(assembler.places), assembler.faults
