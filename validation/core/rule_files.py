"""Rule files of CDISC CORE: YAML read as plain data, checked and compiled into `Rule` objects once.

A file that cannot be read or a rule that cannot be compiled gives a `Rule` with `broken` set to the reason; it is
never run and never passes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml.error import YAMLError

from spectrail.errors import InputError, Place
from validation.core.rule_yaml import load_plain
from validation.core.signals import NotEvaluated
from validation.core.tree import Node, compile_check, notes_on

LARGEST_FILE = 2_000_000
DEEPEST = 40
MOST_NODES = 50_000
CASES = frozenset({"data", "positive", "negative"})
"""Folders of test cases: what lies in them is no rule."""
SENSITIVITIES = ("Record", "Dataset", "Group", "Study", "Variable")
"""`Variable` is what drafts write for one finding per dataset; it is reported as `Dataset`."""


@dataclass(frozen=True)
class Authority:
    """One standard that a rule is published for, with the ids it has there."""

    standard: str
    version: str
    substandard: str = ""
    organization: str = ""
    rule_ids: tuple[str, ...] = ()
    references: tuple[str, ...] = ()


@dataclass(frozen=True)
class Selection:
    """Include and exclude lists of one part of a scope (upper case); None: no list given."""

    include: tuple[str, ...] | None = None
    exclude: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Scope:
    """Which datasets a rule is about."""

    domains: Selection = field(default_factory=Selection)
    classes: Selection = field(default_factory=Selection)
    data_structures: Selection = field(default_factory=Selection)
    datasets: Selection = field(default_factory=Selection)
    subclasses: Selection = field(default_factory=Selection)
    include_split: bool | None = None
    use_cases: tuple[str, ...] = ()


@dataclass(frozen=True)
class MatchSpec:
    """One entry of Match Datasets; keys are (left, right) names as written."""

    name: str
    keys: tuple[tuple[str, str], ...] = ()
    left_join: bool = False
    child: bool = False
    wildcard: str = "**"


@dataclass(frozen=True)
class OperationSpec:
    """One entry of Operations."""

    id: str
    operator: str
    name: str = ""
    domain: str = ""
    group: tuple[str, ...] = ()
    group_aliases: tuple[str, ...] = ()
    filter: tuple[tuple[str, Any], ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """One compiled rule; `check` is None exactly when `broken` says why the rule cannot run."""

    id: str
    path: str = ""
    status: str = ""
    rule_type: str = "Record Data"
    sensitivity: str = "Record"
    description: str = ""
    message: str = ""
    executability: str = ""
    authorities: tuple[Authority, ...] = ()
    scope: Scope = field(default_factory=Scope)
    matches: tuple[MatchSpec, ...] = ()
    operations: tuple[OperationSpec, ...] = ()
    check: Node | None = None
    output: tuple[str, ...] = ()
    grouping: tuple[str, ...] = ()
    severity: str = ""
    note: str = ""
    broken: str = ""

    @property
    def public_ids(self) -> tuple[str, ...]:
        """Ids of the rule in the conformance rule documents it was published for, each once."""
        return tuple(dict.fromkeys(name for entry in self.authorities for name in entry.rule_ids))


def load_rules(directory: str | Path) -> tuple[Rule, ...]:
    """Load every `.yml` and `.yaml` rule file below a folder (or one file), sorted by path.

    Raises `InputError` when there is no such folder or no rule file in it. YAML files inside `data` folders of test
    cases are not rules and are left out.
    """
    root = Path(directory)
    if root.is_file():
        return (load_rule(root),)
    if not root.is_dir():
        raise InputError("there is no such folder of rules", place=Place(file=str(root)))
    paths = sorted(rule_paths(root))
    if not paths:
        raise InputError("the folder holds no rule files", place=Place(file=str(root)), hint="rules are .yml files")
    return tuple(load_rule(path) for path in paths)


def rule_paths(root: Path) -> Iterator[Path]:
    """Yield the rule files below a folder, those in folders of test cases left out."""
    for folder, inside, names in os.walk(root):
        inside[:] = [name for name in inside if name not in CASES]
        yield from (Path(folder, name) for name in names if name.endswith((".yml", ".yaml")))


def load_rule(path: str | Path) -> Rule:
    """Load one rule file; what is wrong with it stands in `Rule.broken`."""
    place = Path(path)
    fallback = place.parent.name if place.stem.lower() in ("rule", "rules") else place.stem
    try:
        if place.stat().st_size > LARGEST_FILE:
            return _broken(fallback, place, f"the file is larger than {LARGEST_FILE:,} bytes")
        raw = load_plain(place.read_text(encoding="utf-8-sig"))
    except (YAMLError, UnicodeDecodeError, OSError, RecursionError, ValueError) as error:
        return _broken(fallback, place, f"the file cannot be read as YAML: {_first_line(error)}")
    return parse_rule(raw, fallback_id=fallback, path=str(place))


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return "; ".join(lines[:4])[:300]


def _broken(rule_id: str, path: Path | str, reason: str) -> Rule:
    return Rule(rule_id, path=str(path), broken=reason)


def parse_rule(raw: object, *, fallback_id: str, path: str = "") -> Rule:
    """Make a rule of the plain data of a rule file."""
    try:
        budget = [MOST_NODES]
        document = _plain(raw, budget, 0)
        if not isinstance(document, dict):
            return _broken(fallback_id, path, "the file does not hold a rule (no keys at its top level)")
        return _parse(document, fallback_id, path)
    except NotEvaluated as signal:
        core = raw.get("Core") if isinstance(raw, Mapping) else None
        found = core.get("Id") if isinstance(core, Mapping) else None
        return _broken(str(found or fallback_id), path, signal.reason)


def _plain(value: object, budget: list[int], depth: int) -> Any:
    """Copy YAML data; keys as text with blanks for underscores at the top level, size and depth bounded."""
    budget[0] -= 1
    if budget[0] < 0 or depth > DEEPEST:
        raise NotEvaluated(
            "the rule is nested too deeply or too large (aliases count each time)", cause="broken_rule"
        )
    if isinstance(value, Mapping):
        return {
            (str(key).replace("_", " ") if depth == 0 else str(key)): _plain(item, budget, depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_plain(item, budget, depth + 1) for item in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def _parse(raw: dict[str, Any], fallback_id: str, path: str) -> Rule:
    core = _mapping(raw, "Core")
    outcome = _spaced(_mapping(raw, "Outcome"))
    if "Check" not in raw:
        raise _fault("the rule has no Check")
    sensitivity = str(raw.get("Sensitivity") or "Record")
    if sensitivity not in SENSITIVITIES:
        raise _fault(f"unknown Sensitivity {sensitivity!r}, known are {', '.join(SENSITIVITIES)}")
    check = compile_check(raw["Check"])
    operations = tuple(_operation(entry) for entry in _entries(raw, "Operations"))
    return Rule(
        id=str(core.get("Id") or fallback_id),
        path=path,
        status=str(core.get("Status") or ""),
        rule_type=str(raw.get("Rule Type") or "Record Data"),
        sensitivity="Dataset" if sensitivity == "Variable" else sensitivity,
        description=str(raw.get("Description") or ""),
        message=str(outcome.get("Message") or raw.get("Description") or ""),
        executability=str(raw.get("Executability") or ""),
        authorities=tuple(_authorities(raw)),
        scope=_scope(_mapping(raw, "Scope")),
        matches=tuple(_match(entry) for entry in _entries(raw, "Match Datasets")),
        operations=operations,
        check=check,
        output=_texts(outcome.get("Output Variables"), "Output Variables"),
        grouping=_texts(raw.get("Grouping Variables"), "Grouping Variables"),
        severity=str(raw.get("Severity") or outcome.get("Severity") or "").lower(),
        note=notes_on(check),
    )


def _fault(reason: str) -> NotEvaluated:
    return NotEvaluated(reason, cause="broken_rule")


def _mapping(raw: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = raw.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _fault(f"{key} has to be a mapping")
    return value


def _spaced(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {key.replace("_", " "): value for key, value in raw.items()}


def _entries(raw: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    value = raw.get(key)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise _fault(f"{key} has to be a list of mappings")
    return value


def _texts(value: object, key: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, Sequence) or not all(isinstance(item, (str, int, float)) for item in value):
        raise _fault(f"{key} has to be a list of names")
    return tuple(str(item) for item in value)


def _authorities(raw: Mapping[str, Any]) -> list[Authority]:
    found: list[Authority] = []
    for entry in _entries(raw, "Authorities"):
        for standard in _entries(entry, "Standards"):
            references = [ref for ref in standard.get("References") or [] if isinstance(ref, dict)]
            ids = [ref.get("Rule Identifier") or ref.get("Rule_Identifier") for ref in references]
            found.append(
                Authority(
                    str(standard.get("Name") or ""),
                    str(standard.get("Version") or "").replace("-", "."),
                    str(standard.get("Substandard") or ""),
                    str(entry.get("Organization") or ""),
                    tuple(str(entry["Id"]) for entry in ids if isinstance(entry, dict) and entry.get("Id")),
                    tuple(citation for ref in references for citation in _citations(ref)),
                )
            )
    return found


def _citations(reference: Mapping[str, Any]) -> list[str]:
    cited = reference.get("Citations")
    texts = []
    for entry in cited if isinstance(cited, list) else []:
        if isinstance(entry, dict):
            parts = [str(entry[key]) for key in ("Document", "Section", "Item") if entry.get(key)]
            texts.append(" ".join(parts))
    return [text for text in dict.fromkeys(texts) if text]


def _scope(raw: Mapping[str, Any]) -> Scope:
    spaced = _spaced(raw)
    domains = _mapping(spaced, "Domains")
    split = domains.get("include_split_datasets")
    use_case = spaced.get("Use Case")
    return Scope(
        _selection(domains),
        _selection(_mapping(spaced, "Classes")),
        _selection(_mapping(spaced, "Data Structures")),
        _selection(_mapping(spaced, "Datasets")),
        _selection(_mapping(spaced, "Subclasses")),
        bool(split) if split is not None else None,
        tuple(part.strip().upper() for part in _joined(use_case).split(",") if part.strip()),
    )


def _joined(value: object) -> str:
    return ",".join(str(item) for item in value) if isinstance(value, list) else str(value or "")


def _selection(raw: Mapping[str, Any]) -> Selection:
    def names(key: str) -> tuple[str, ...] | None:
        value = raw.get(key)
        return None if value is None else tuple(name.upper() for name in _texts(value, key))

    return Selection(names("Include"), names("Exclude"))


def _match(raw: Mapping[str, Any]) -> MatchSpec:
    spaced = _spaced(raw)
    if not isinstance(spaced.get("Name"), str):
        raise _fault("an entry of Match Datasets has no Name")
    keys: list[tuple[str, str]] = []
    for key in spaced.get("Keys") or []:
        if isinstance(key, dict):
            lowered = {str(side).lower(): str(name) for side, name in key.items()}
            if set(lowered) != {"left", "right"}:
                raise _fault(f"a key of Match Datasets {spaced['Name']} is neither a name nor a Left/Right pair")
            keys.append((lowered["left"], lowered["right"]))
        else:
            keys.append((str(key), str(key)))
    kind = str(spaced.get("Join Type") or "inner").lower()
    if kind not in ("inner", "left"):
        raise _fault(f"unknown Join Type {kind!r}, known are inner and left")
    child = bool(spaced.get("Child"))
    return MatchSpec(spaced["Name"], tuple(keys), kind == "left", child, str(spaced.get("Wildcard") or "**"))


def _operation(raw: Mapping[str, Any]) -> OperationSpec:
    if not raw.get("id") or not raw.get("operator"):
        raise _fault("an entry of Operations needs id and operator")
    known = {"id", "operator", "name", "domain", "group", "group_aliases", "filter"}
    return OperationSpec(
        str(raw["id"]),
        str(raw["operator"]),
        str(raw.get("name") or ""),
        str(raw.get("domain") or ""),
        _texts(raw.get("group"), "group"),
        _texts(raw.get("group_aliases"), "group_aliases"),
        tuple(_mapping(raw, "filter").items()),
        {key: value for key, value in raw.items() if key not in known},
    )
