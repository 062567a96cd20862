"""Where clauses as text: `PARAMCD EQ OS`, `LBTESTCD IN (ALB, BILI) AND DM.SEX EQ M`.

Values are quoted with `"` where they contain a comma, a quote, a bracket, AND or outer white space; a quote
inside is doubled.  Comparators are those of Define-XML 2.1 (RangeCheck of def:WhereClauseDef); conditions are joined
by AND.
"""

from __future__ import annotations

import re

from specs.models import Condition, WhereClause
from spectrail.errors import Place, SpecError, nearest_hint

COMPARATORS = ("EQ", "NE", "LT", "LE", "GT", "GE", "IN", "NOTIN")
HEAD = re.compile(
    r"\s*(?:([A-Za-z_][A-Za-z0-9_]*)\.)?([A-Za-z_][A-Za-z0-9_]*)\s+(NOT\s+IN\b|[A-Za-z]+\b|[=<>!]+)\s*", re.I
)
AND = re.compile(r"\s+AND\s+(?=(?:[A-Za-z_][A-Za-z0-9_]*\.)?[A-Za-z_][A-Za-z0-9_]*\s+\S)", re.I)
QUOTED = re.compile(r'\s*"((?:[^"]|"")*)"\s*')
BARE = re.compile(r"[^\s,\"'()][^,\"()\n]*(?<!\s)")


def parse_where(text: str, *, place: Place | None = None) -> WhereClause:
    """Parse the text of a where clause; raise `SpecError` when it is not one."""
    conditions = []
    position = 0
    while True:
        condition, position = _condition(text, position, place)
        conditions.append(condition)
        if position >= len(text):
            return WhereClause(conditions=tuple(conditions))
        joint = re.compile(r"\s*AND\s+", re.I).match(text, position)
        if joint is None:
            raise _error(
                f"cannot read {text[position:].strip()!r}", place, "join conditions with AND; there is no OR"
            )
        position = joint.end()


def _condition(text: str, position: int, place: Place | None) -> tuple[Condition, int]:
    head = HEAD.match(text, position)
    if head is None:
        raise _error(
            f"cannot read {text[position:].strip()!r}", place, "write VARIABLE COMPARATOR VALUE, as in PARAMCD EQ OS"
        )
    comparator = re.sub(r"\s+", "", head[3]).upper()
    if comparator not in COMPARATORS:
        raise _error(f"unknown comparator {head[3]!r}", place, nearest_hint(comparator, COMPARATORS))
    if comparator in ("IN", "NOTIN"):
        values, end = _list(text, head.end(), place)
    else:
        value, end = _value(text, head.end(), place)
        values = (value,)
    made = Condition.model_validate(
        {"dataset": head[1] or "", "variable": head[2], "comparator": comparator, "values": values}
    )
    return made, end


def _value(text: str, start: int, place: Place | None) -> tuple[str, int]:
    quoted = QUOTED.match(text, start)
    if quoted is not None:
        return quoted[1].replace('""', '"'), quoted.end()
    joint = AND.search(text, start)
    end = joint.start() if joint is not None else len(text)
    value = text[start:end].strip()
    if len(value) > 1 and value[0] == value[-1] == "'":
        value = value[1:-1]
    if not value:
        raise _error("the value is missing", place, 'for an empty value write ""')
    return value, end


def _list(text: str, start: int, place: Place | None) -> tuple[tuple[str, ...], int]:
    if start >= len(text) or text[start] != "(":
        raise _error("IN needs a list in brackets", place, "write IN (A, B)")
    values: list[str] = []
    position = start + 1
    while True:
        quoted = QUOTED.match(text, position)
        if quoted is not None:
            values.append(quoted[1].replace('""', '"'))
            position = quoted.end()
        else:
            begin = position
            while position < len(text) and text[position] not in ",)":
                position += 1
            value = text[begin:position].strip()
            value = value[1:-1] if len(value) > 1 and value[0] == value[-1] == "'" else value
            if value:
                values.append(value)
            elif position < len(text) and text[position] == ",":
                raise _error("the list has an empty value", place, 'for an empty value write ""')
        if position >= len(text):
            raise _error("the list has no closing bracket", place, "write IN (A, B)")
        if text[position] == ")":
            return tuple(values), position + 1
        if text[position] != ",":
            raise _error(f"cannot read {text[position:]!r}", place, "separate values by commas")
        position += 1


def render_where(where: WhereClause) -> str:
    """Write the conditions of a where clause as text that `parse_where` reads back."""
    return " AND ".join(_render(condition) for condition in where.conditions)


def _render(condition: Condition) -> str:
    name = f"{condition.dataset}.{condition.variable}" if condition.dataset else condition.variable
    values = [_quote(value) for value in condition.values]
    listed = condition.comparator in ("IN", "NOTIN") or len(values) != 1
    return f"{name} {condition.comparator} " + (f"({', '.join(values)})" if listed else values[0])


def _quote(value: str) -> str:
    safe = BARE.fullmatch(value) is not None and AND.search(f"{value} ") is None and "\n" not in value
    safe = safe and re.search(r"\bAND\b", value, re.I) is None
    return value if safe else '"' + value.replace('"', '""') + '"'


def readable(where: WhereClause) -> bool:
    """Tell whether the text of a where clause says all that it holds."""
    if not where.conditions or where.id or where.comment:
        return False
    try:
        return parse_where(render_where(where)) == where
    except SpecError:
        return False


def _error(what: str, place: Place | None, hint: str) -> SpecError:
    return SpecError(f"where clause: {what}", place=place, hint=hint)
