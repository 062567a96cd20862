"""OIDs derived from names, the same for the same specification."""

from __future__ import annotations

import hashlib
import re

from specs.models import Condition, ValueLevel, WhereClause

_LONGEST = 80


def slug(text: str) -> str:
    """Return text as part of an OID: no blanks or quotes; long text is cut and ends in a hash of the whole."""
    plain = re.sub(r"[^0-9A-Za-z_.\-/()\[\]]+", "_", text).strip("_") or "_"
    changed = plain != re.sub(r"\s", "_", text)
    if len(plain) <= _LONGEST and not changed:
        return plain
    return f"{plain[:_LONGEST]}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def where_slug(conditions: tuple[Condition, ...], *, home: str) -> str:
    """Return an OID part for a where clause: `LBTESTCD.EQ.HGB.LBSPEC.EQ.BLOOD`."""
    parts = []
    for one in conditions:
        owner = f"[{one.dataset}]" if one.dataset and one.dataset != home else ""
        parts.append(f"{owner}{one.variable}.{one.comparator}.{'.'.join(one.values) or 'NULL'}")
    return slug(".".join(parts))


def where_id(clause: WhereClause, *, home: str) -> str:
    """Return the id of a where clause: the given one, else `dataset.condition`."""
    return clause.id or f"{home}.{where_slug(clause.conditions, home=home)}"


def value_item_oid(dataset: str, level: ValueLevel) -> str:
    """Return the OID of a value-level item: its variable's and the id of its where clause."""
    clause = where_id(level.where, home=dataset).removeprefix(f"{dataset}.")
    return f"IT.{dataset}.{level.variable}.{clause}"


def leaf_id(name: str) -> str:
    """Return a leaf ID, which has to be an XML name without colon."""
    plain = re.sub(r"[^0-9A-Za-z_.\-]", "_", name)
    if plain != name:
        plain = f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    return f"LF.{plain}"
