"""YAML as text: reading it into nodes and writing plain values, with every scalar a text.

Reading goes through the event stream of ruamel.yaml, so `007`, `1.10`, `1E-4`, `yes` and `null` stay what was
written.  Tags are refused, duplicate keys are errors, and aliases cannot blow a small file up: files come from third
parties.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ruamel.yaml import YAML, events
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from specs.nodes import Node
from spectrail.errors import Place, SpecError

MOST_NODES = 2_000_000
MOST_DEPTH = 40
WIDTH = 110
PLAIN = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_./%+~()<>=-]*(?: [A-Za-z0-9_./%+~()<>=-]+)*")
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")


def parse_yaml(text: str, place: Place) -> Node | None:
    """Parse one YAML document; None when it is empty. Lines count from 1."""
    reader = _Reader(text, place)
    try:
        return reader.document()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise SpecError(
            f"not valid YAML: {' '.join(str(part) for part in (error.context, error.problem) if part)}",
            place=reader.at(mark) if mark is not None else place,
            hint=_hint(text, mark),
        ) from None
    except YAMLError as error:
        raise SpecError(f"not valid YAML: {str(error).splitlines()[0]}", place=place, hint="remove it") from None


def _hint(text: str, mark: Any) -> str:
    lines = text.splitlines()
    line = lines[mark.line] if mark is not None and mark.line < len(lines) else ""
    if "\t" in line:
        return "the line contains a tab: indent with spaces"
    return "indent with spaces, quote text that contains ': ' or ' #' or starts with one of [ ] { } , & * ! | > % @"


class _Reader:
    """Build nodes from the events of one document."""

    def __init__(self, text: str, place: Place) -> None:
        self.place = place
        self.events: Iterator[Any] = iter(YAML(typ="safe", pure=True).parse(text))
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.count = 0

    def at(self, mark: Any) -> Place:
        """Return the place of a mark."""
        return Place(
            file=self.place.file,
            sheet=self.place.sheet,
            row=self.place.row,
            column=self.place.column,
            line=None if self.place.sheet else mark.line + 1,
        )

    def document(self) -> Node | None:
        """Read the only document."""
        node: Node | None = None
        for event in self.events:
            if isinstance(event, (events.StreamStartEvent, events.StreamEndEvent, events.DocumentEndEvent)):
                continue
            if isinstance(event, events.DocumentStartEvent):
                if node is not None:
                    raise SpecError(
                        "a second document starts here", place=self.at(event.start_mark), hint="use a file for each"
                    )
                continue
            node = self.node(event, 0)
        return None if node is None or node.value == "" else node

    def node(self, event: Any, depth: int) -> Node:
        """Read the node that starts with `event`."""
        where = self.at(event.start_mark)
        before = self.count
        self.count += 1
        if depth > MOST_DEPTH:
            raise SpecError(f"nested deeper than {MOST_DEPTH} levels", place=where, hint="flatten it")
        if isinstance(event, events.AliasEvent):
            return self.alias(event, where)
        if event.tag is not None and event.tag != "!":
            raise SpecError(f"the tag {event.tag} is not allowed", place=where, hint="write plain text instead")
        if isinstance(event, events.ScalarEvent):
            node = Node(event.value, where)
        elif isinstance(event, events.SequenceStartEvent):
            node = Node(self.sequence(depth), where)
        else:
            node = Node(self.mapping(depth), where)
        if event.anchor is not None:
            self.anchors[event.anchor] = (node, self.count - before)
        return node

    def alias(self, event: Any, where: Place) -> Node:
        """Repeat an anchored node, within the limit on all nodes."""
        if event.anchor not in self.anchors:
            raise SpecError(f"the alias *{event.anchor} has no anchor before it", place=where, hint="define it above")
        node, size = self.anchors[event.anchor]
        self.count += size
        if self.count > MOST_NODES:
            raise SpecError("aliases blow the file up", place=where, hint="write the content out")
        return Node(node.value, where)

    def sequence(self, depth: int) -> list[Node]:
        """Read items up to the end of the sequence."""
        items = []
        while not isinstance(event := next(self.events), events.SequenceEndEvent):
            items.append(self.node(event, depth + 1))
        return items

    def mapping(self, depth: int) -> dict[str, Node]:
        """Read keys and values up to the end of the mapping."""
        fields: dict[str, Node] = {}
        while not isinstance(event := next(self.events), events.MappingEndEvent):
            key = self.node(event, depth + 1)
            if not isinstance(key.value, str):
                raise SpecError("a key must be text", place=key.place, hint="quote it")
            value = self.node(next(self.events), depth + 1)
            if key.value in fields:
                first = fields[key.value].key
                raise SpecError(
                    f"the key {key.value!r} is given twice in one mapping",
                    place=key.place,
                    hint=f"the first is in line {first.line}" if first and first.line else "keep one of them",
                )
            value.key = key.place
            fields[key.value] = value
        return fields


def flow(value: Any) -> str:
    """Write a plain value (text, sequence, mapping) as one line of YAML flow text."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{scalar(str(key))}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    return scalar(as_text(value))


def as_text(value: object) -> str:
    """Write a scalar of the model as text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def scalar(text: str) -> str:
    """Write text as a plain scalar where that is safe, else double-quoted."""
    if PLAIN.fullmatch(text) and text not in ("---", "..."):
        return text
    return UNPRINTABLE.sub(_escape, json.dumps(text, ensure_ascii=False))


def _escape(match: re.Match[str]) -> str:
    return f"\\u{ord(match.group()):04x}"


def block(value: Any, indent: int = 0) -> str:
    """Write a mapping or sequence as block YAML; what fits on a line is written in flow form."""
    pad = " " * indent
    lines = []
    if isinstance(value, Mapping):
        for key, item in value.items():
            lines.append(_entry(f"{pad}{scalar(str(key))}:", item, indent))
    else:
        for item in value:
            lines.append(_entry(f"{pad}-", item, indent))
    return "\n".join(lines)


def _entry(head: str, item: Any, indent: int) -> str:
    if not isinstance(item, (Mapping, list, tuple)):
        return f"{head} {_long(as_text(item), indent)}"
    small = flow(item)
    if not item or (len(head) + 1 + len(small) <= WIDTH and not _is_list_of_objects(item)):
        return f"{head} {small}"
    if isinstance(item, Mapping) and head.endswith("-"):
        inner = block(item, indent + 2)
        return f"{head} {inner[indent + 2 :]}"
    return f"{head}\n{block(item, indent + 2)}"


def _is_list_of_objects(item: Any) -> bool:
    return isinstance(item, Sequence) and any(isinstance(part, Mapping) for part in item)


def _long(text: str, indent: int) -> str:
    """Write long text over lines as a literal block when nothing is lost by it."""
    if "\n" not in text or UNPRINTABLE.search(text) or "\t" in text:
        return scalar(text)
    lines = text.split("\n")
    if text.startswith((" ", "\n")) or text.endswith("\n") or any(line != line.rstrip() for line in lines):
        return scalar(text)
    pad = " " * (indent + 2)
    return "|-\n" + "\n".join(pad + line if line else "" for line in lines)
