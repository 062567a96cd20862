"""From the model to plain content in its short forms, as the YAML face writes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from specs import models as m
from specs.assemble import REST
from specs.where import readable, render_where

Plain = dict[str, Any]


def compact(value: Any) -> Any:
    """Write an object without its defaults and in short forms; text, sequences and mappings only."""
    if isinstance(value, m.WhereClause) and readable(value):
        return render_where(value)
    if isinstance(value, m.Origin) and value.type and value == m.Origin(type=value.type):
        return value.type
    if isinstance(value, m.Model):
        return _object(value)
    if isinstance(value, Mapping):
        return {key: compact(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [compact(item) for item in value]
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def fields(value: m.Model) -> Plain:
    """Return the fields of an object that differ from their defaults, by their names in files."""
    found = {}
    for name, info in type(value).model_fields.items():
        held = getattr(value, name)
        if info.is_required() or held != info.get_default(call_default_factory=True):
            found[info.alias or name] = held
    return found


def _object(value: m.Model) -> Plain:
    own = {name: compact(held) for name, held in fields(value).items() if held is not None}
    if len(own.get("origins", ())) == 1:
        own = {("origin" if name == "origins" else name): held for name, held in own.items()}
        own["origin"] = own["origin"][0]
    source = own.get("source")
    if isinstance(value, m.Step) and isinstance(source, list) and len(source) == 1:
        only = source[0]
        own["source"] = only if only and "," not in only and only == only.strip() else source
    collected = REST.get(type(value))
    if collected in own and not set(own[collected]) & {*type(value).model_fields, "origin"}:
        rest = own.pop(collected)
        own = {**own, **rest}
    return own
