"""YAML of rule files as plain data, quickly: mappings, lists and scalars are built straight from the parser's events.

Whatever else YAML has (anchors, aliases, tags, directives, merge keys, repeated keys, keys that are no scalars) goes
the library's own way, so that the result, or the error, is always that of its safe loader.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from functools import lru_cache
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.events import (
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)
from ruamel.yaml.nodes import ScalarNode

_LOADER = YAML(typ="safe")
_OTHER_TAGS = ("tag:yaml.org,2002:merge", "tag:yaml.org,2002:value")


class _NotPlain(Exception):
    """Leave a document to the library."""


def load_plain(text: str) -> Any:
    """Return the data of one YAML document; raises `YAMLError` as the safe loader of the library does."""
    try:
        return _document(text)
    except _NotPlain:
        return YAML(typ="safe").load(text)


def _document(text: str) -> Any:
    events = YAML(typ="safe").parse(text)
    made: list[Any] = []
    for event in events:
        if isinstance(event, DocumentStartEvent):
            if made or event.version or event.tags:
                raise _NotPlain
            made.append(_value(next(events), events))
        elif isinstance(event, StreamEndEvent):
            return made[0] if made else None
    raise _NotPlain


def _value(event: Any, events: Iterator[Any]) -> Any:
    """Return the value that begins with an event."""
    if getattr(event, "anchor", None) or getattr(event, "ctag", None):
        raise _NotPlain
    if isinstance(event, ScalarEvent):
        return _scalar(event.value) if event.implicit[0] else event.value
    if isinstance(event, SequenceStartEvent):
        return _sequence(events)
    if isinstance(event, MappingStartEvent):
        return _mapping(events)
    raise _NotPlain


def _sequence(events: Iterator[Any]) -> list[Any]:
    values = []
    while not isinstance(event := next(events), SequenceEndEvent):
        values.append(_value(event, events))
    return values


def _mapping(events: Iterator[Any]) -> dict[Hashable, Any]:
    values: dict[Hashable, Any] = {}
    while not isinstance(event := next(events), MappingEndEvent):
        key = _value(event, events) if isinstance(event, ScalarEvent) else None
        if key is None or key in values:
            raise _NotPlain
        values[key] = _value(next(events), events)
    return values


@lru_cache(maxsize=20_000)
def _scalar(text: str) -> Any:
    """Return what a plain scalar stands for: text, number, boolean, date or null."""
    tag = _LOADER.resolver.resolve(ScalarNode, text, (True, False))
    if str(tag) in _OTHER_TAGS:
        raise _NotPlain
    return _LOADER.constructor.construct_object(ScalarNode(tag, text))
