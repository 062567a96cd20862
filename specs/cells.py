"""Text of cells: which fields a cell can hold, and the two directions between a field and its text.

A sequence of texts is written with commas, or as a YAML list where that would lose something; objects and mappings
are written as YAML flow text; `""` stands for a given empty text where a blank cell means something else.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Mapping
from typing import Any

from specs import models as m
from specs.assemble import SPLIT
from specs.compact import compact
from specs.nodes import Node
from specs.yaml_text import as_text, flow, parse_yaml, scalar
from spectrail.errors import Place

COMMA = re.compile(r"\s*,\s*")


def is_texts(annotation: Any) -> bool:
    """Tell whether a field is a sequence of texts."""
    return typing.get_origin(annotation) is tuple and typing.get_args(annotation)[0] is str


def is_nested(annotation: Any) -> bool:
    """Tell whether a field is an object, a mapping or a sequence of objects, written as YAML flow text."""
    origin = typing.get_origin(annotation)
    if origin is tuple:
        return not is_texts(annotation)
    if origin is not None and isinstance(origin, type) and issubclass(origin, Mapping):
        return True
    options = [annotation, *typing.get_args(annotation)]
    return any(isinstance(option, type) and issubclass(option, m.Model) for option in options)


def cell_text(cls: type[m.Model], name: str, value: Any) -> str:
    """Write the value of a field as the text of a cell; blank for its default."""
    info = cls.model_fields[name]
    default = None if info.is_required() else info.get_default(call_default_factory=True)
    if not info.is_required() and value == default and (default in ("", None, False) or is_nested(info.annotation)):
        return ""
    if is_texts(info.annotation):
        return _texts(value, cls, name)
    if is_nested(info.annotation):
        return flow(compact(value))
    text = as_text(value)
    quoted = default != "" and not info.is_required() and (not text or text.startswith('"'))
    return scalar(text) if quoted else text


def _texts(values: tuple[str, ...], cls: type[m.Model], name: str) -> str:
    plain = ", ".join(values)
    same = tuple(_split(plain, cls, name)) == values and not plain.startswith("[") and plain == plain.strip()
    return plain if same else flow(values)


def _split(text: str, cls: type[m.Model], name: str) -> list[str]:
    return [part for part in SPLIT.get((cls, name), COMMA).split(text.strip()) if part]


def cell_node(cls: type[m.Model], name: str, text: str, place: Place) -> Node:
    """Read the text of a cell as the value of a field; raises `SpecError` when YAML flow text is not valid."""
    info = cls.model_fields[name]
    if is_texts(info.annotation):
        if text.lstrip().startswith("["):
            return _parsed(text, place)
        return Node([Node(part, place) for part in _split(text, cls, name)], place)
    if is_nested(info.annotation):
        if name in ("where", "origins") and not text.lstrip().startswith(("{", "[")):
            return Node(text, place)
        return _parsed(text, place)
    default = None if info.is_required() else info.get_default(call_default_factory=True)
    if default != "" and not info.is_required() and text.startswith('"') and text.endswith('"'):
        return Node("", place) if text == '""' else _parsed(text, place)
    return Node(text, place)


def _parsed(text: str, place: Place) -> Node:
    node = parse_yaml(text, place)
    return Node("", place) if node is None else node
