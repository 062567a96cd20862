"""The method text of a step: what an algorithm did, in the words of its template and the step's own arguments.

A template may name arguments, `{source}`, `{target}` and `{codelist}` in braces, with a form behind a colon:

| form | of | gives |
|---|---|---|
| none | a column, a list | `A`, `A, B and C`; conditions and expressions in words |
| a number, `3-` | a list | its third item; its third and later ones |
| `order` | a list | `ADT, AVAL (descending)` |
| `target`, `quoted` | a mapping by variable | the item of the variable that is told of; texts in quotes |
| `by-option` | a mapping by the value of the argument `option` | the item of that option |
| `grouped` | a mapping | `high for ALT and AST; low for HGB` |
| `classes` | rows of condition and values | the values of the variable, each with its condition |
| `measures`, `values` | parameters of a measure | what is measured for each PARAMCD; the variable's value for each |
| `operation` | operation and factor of a computed parameter | `0.01 times the product` |
| `dates`, `codes`, `events`, `reasons` | sources of dates | the sources that count, their CNSR, EVNTDESC, CNSDTDSC |
| `missing`, `extreme`, `direction` | a word of an argument | that word in English |

`[text {name}]` is left out when an argument it names gives no words, `[name? text]` unless `name` is given,
`[name! text]` when it is, `[name=value? text]` unless it is that value, `[name==other? text]` unless it is that of
the argument `other`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_origin

from pydantic import TypeAdapter

from spectrail.errors import SpectrailError
from spectrail.expressions.english import in_words
from spectrail.expressions.nodes import Expression
from spectrail.steps import Algorithm, Role

Parse = Callable[[str], Expression]

CONDITIONS = frozenset({"condition", "filter_add", "filter_join", "filter_ref", "where", "when", "reason_when"})
"""Arguments and keys of sources whose text is a condition on another table."""
_OFF = ("no", "off", "n", "none")
"""Options that switch something off."""
_BOOLEAN: TypeAdapter[bool] = TypeAdapter(bool)
_START = re.compile(r"START(?:\s*\+\s*(\d+))?")
"""The start of a time to event as a date, with days added (see `adam.parameters.candidates`)."""
_ENGLISH = {
    "missing": {"Y": "year, month or day", "M": "month or day", "D": "day", "h": "time"},
    "extreme": {"first": "earliest", "last": "latest"},
    "direction": {"L": "low values", "H": "high values"},
}
_WORD = re.compile(r"\{(\w+)(?::([\w-]+))?\}")
_PART = re.compile(r"\[(?:(\w+)(?:=([^?!\]]+))?([?!]))?([^\[\]]*)\]")


def method_text(
    entry: Algorithm,
    *,
    source: Sequence[str],
    target: str,
    codelist: str,
    arguments: Mapping[str, Any],
    parse: Parse,
) -> str:
    """Return the text of one step for the variable `target`."""
    words = {one.name: one.default for one in entry.arguments if one.default is not None}
    words |= dict(arguments)
    words |= {"source": tuple(source), "target": target, "codelist": codelist or words.get("codelist", "")}
    template = _template(entry, target, words)
    return _Text(entry, words, target, parse).of(template)


def _template(entry: Algorithm, target: str, words: Mapping[str, Any]) -> str:
    """Choose the template: by the end of the variable's name, or by the argument (`@dates`) that lists it."""
    if isinstance(entry.method, str):
        return entry.method or f"{entry.name} of {{source}}"
    for key, template in entry.method.items():
        listed = words.get(key.removeprefix("@"), ()) if key.startswith("@") else ()
        if (listed and target in ((listed,) if isinstance(listed, str) else tuple(listed))) or (
            not key.startswith("@") and target.endswith(key)
        ):
            return template
    raise KeyError(f"{entry.name} has no method text for {target}")


@dataclass(frozen=True)
class _Text:
    """One template being filled."""

    entry: Algorithm
    words: Mapping[str, Any]
    target: str
    parse: Parse

    def of(self, template: str) -> str:
        """Return the template with its parts chosen and its words put in."""
        return _WORD.sub(lambda found: self.word(found[1], found[2] or ""), _PART.sub(self._part, template))

    def _part(self, found: re.Match[str]) -> str:
        name, wanted, mark, text = found.groups()
        value = self.words.get(name)
        if wanted is not None and wanted.startswith("="):
            wanted = str(self.words.get(wanted[1:], ""))
        if mark and (self.given(name) if wanted is None else str(value) == wanted) != (mark == "?"):
            return ""
        texts = [self.given(one) and self.word(one, form) for one, form in _WORD.findall(text)]
        return text if all(texts) else ""

    def given(self, name: str) -> bool:
        """Tell whether an argument says something: a true truth value, an option that is not off, any other text."""
        value, parameter = self.words.get(name), self.entry.parameter(name)
        kind = parameter.type if parameter is not None else None
        if kind is bool and value is not None:
            return _BOOLEAN.validate_python(value)
        if isinstance(value, str):
            option = get_origin(kind) is Literal or (parameter is not None and parameter.default in _OFF)
            return value != "" and not (option and value in _OFF)
        return value is not None and value is not False and not (isinstance(value, Sequence | Mapping) and not value)

    def word(self, name: str, form: str) -> str:
        """Return one argument in words."""
        value = self.words.get(name, "")
        if form in _ENGLISH:
            return _ENGLISH[form].get(str(value), str(value))
        if form in _FORMS:
            return _FORMS[form](self, value)
        if form.startswith("by-"):
            return self.condition(str(value.get(str(self.words.get(form[3:], "")), "")))
        if form:
            first, _, open_ = form.partition("-")
            items = list(value)[int(first) - 1 :]
            return _and(items if open_ or form.endswith("-") else items[:1])
        return self._plain(name, value)

    def _plain(self, name: str, value: Any) -> str:
        parameter = self.entry.parameter(name)
        if isinstance(value, str) and (
            name in CONDITIONS or (parameter is not None and parameter.role in (Role.CONDITION, Role.EXPRESSION))
        ):
            return self.condition(value)
        if isinstance(value, str | int | float):
            return str(value)
        if isinstance(value, Mapping):
            return "; ".join(f'"{key}" to {_quoted(item)}' for key, item in value.items())
        return _and([str(one) for one in value])

    def condition(self, text: str) -> str:
        """Return a condition or expression in words; what cannot be read as one stays as it is."""
        if not text:
            return ""
        try:
            return in_words(self.parse(text).tree)
        except SpectrailError:
            return text

    def of_target(self, value: Any) -> str:
        """Return the item of a mapping that stands for the variable; of a list the variable itself."""
        return str(value.get(self.target, "")) if isinstance(value, Mapping) else self.target

    def classes(self, rows: Sequence[Mapping[str, str]]) -> str:
        """Return the values that rows of condition and values give the variable, each with its condition."""
        return "; ".join(
            f"{_quoted(one[self.target])} if {self.condition(one['condition'])}" for one in rows if self.target in one
        )

    def dates(self, sources: Sequence[Mapping[str, str]]) -> str:
        """Return sources of dates: `ADSL.DTHDT (DEATH); ADRS.ADT where ... (RELAPSE)`, those that count."""
        found = []
        for one in _active(sources):
            text = _date_of(one)
            where = self.condition(one.get("where", ""))
            when = self.condition(one.get("when", ""))
            text += f" where {where}" if where else ""
            text += f"{' and' if where else ' where'} the subject has {when}" if when else ""
            names = [one[key] for key in ("EVNTDESC", "CNSDTDSC") if one.get(key)]
            found.append(text + (f" ({', '.join(dict.fromkeys(names))})" if names else ""))
        return "; ".join(found)

    def operation(self, value: Mapping[str, str]) -> str:
        """Return how a parameter is computed from others: `0.01 times the product`."""
        several = len(list(self.words.get("parameters", ()))) > 1
        what = f"the {value.get('operation', 'value') if several else 'value'}"
        return f"{value['factor']} times {what}" if "factor" in value else what

    def codes(self, sources: Sequence[Mapping[str, str]]) -> str:
        """Return the CNSR of each source that is not the usual one: `2 for DEATH BEFORE REMISSION`."""
        named = [one for one in _active(sources) if "CNSR" in one]
        described = [[one[key] for key in ("EVNTDESC", "CNSDTDSC") if one.get(key)] for one in named]
        return _and([f"{one['CNSR']} for {' at '.join(texts)}" for one, texts in zip(named, described, strict=True)])


def _active(sources: Sequence[Mapping[str, str]]) -> list[Mapping[str, str]]:
    """Return the sources that count: those whose setting has one of their options."""
    return [
        one
        for one in sources
        if "setting" not in one or one["setting"] in [text.strip() for text in one.get("options", "").split(",")]
    ]


def _date_of(source: Mapping[str, str]) -> str:
    date = source.get("date", "")
    start = _START.fullmatch(date)
    if start is not None:
        return "the start date" + (f" plus {start[1]} days" if start[1] else "")
    return f"{source['dataset']}.{date}" if source.get("dataset") else date


def _and(items: Sequence[str]) -> str:
    words = [str(one) for one in items]
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def _quoted(value: Any) -> str:
    text = str(value)
    return text if re.fullmatch(r"-?\d+(\.\d+)?", text) else f'"{text}"'


def _order(value: Any) -> str:
    return ", ".join(re.sub(r"^desc\((.*)\)$", r"\1 (descending)", str(one)) for one in value)


def _grouped(value: Mapping[str, str]) -> str:
    kinds = dict.fromkeys(value.values())
    return "; ".join(f"{kind} for {_and([key for key, one in value.items() if one == kind])}" for kind in kinds)


def _measure(one: Mapping[str, str]) -> str:
    return one.get("measure", "").replace("_", " ")


def _named(one: Mapping[str, str]) -> str:
    """Return what names a measure: PARAMCD, else the variable that is set with it."""
    given = [(key, value) for key, value in one.items() if key != "measure"]
    named = [value for key, value in given if key == "PARAMCD"]
    return _quoted(named[0]) if named else _and([f"{key} {_quoted(value)}" for key, value in given])


def _texts(key: str) -> Callable[[_Text, Any], str]:
    return lambda text, value: _and(list(dict.fromkeys(one[key] for one in _active(value) if one.get(key))))


_FORMS: dict[str, Callable[[_Text, Any], str]] = {
    "target": _Text.of_target,
    "quoted": lambda text, value: _quoted(text.of_target(value)) if text.of_target(value) else "",
    "classes": _Text.classes,
    "dates": _Text.dates,
    "codes": _Text.codes,
    "events": _texts("EVNTDESC"),
    "reasons": _texts("CNSDTDSC"),
    "operation": _Text.operation,
    "measures": lambda text, value: "; ".join(f"{_measure(one)} for {_named(one)}" for one in value),
    "values": lambda text, value: "; ".join(
        f"{_quoted(one[text.target])} for {_measure(one)}" for one in value if text.target in one
    ),
    "order": lambda text, value: _order(value),
    "grouped": lambda text, value: _grouped(value),
}
