"""From the type of a rule to the frame its check sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from spectrail.registry import Registry
from validation.core.columns import Column, as_text
from validation.core.frames import Frame, Origin, stack, values_frame
from validation.core.library import standard_variables
from validation.core.rule_files import Rule
from validation.core.session import Session
from validation.core.signals import NotEvaluated
from validation.core.study import DefineDataset, VariableFacts
from validation.core.tree import mentioned_names

MakeFrame = Callable[[Session, Sequence[str], Rule], Frame]
RULE_TYPES: Registry[MakeFrame] = Registry("rule type")
VALUE_CHECKS = ("Value Check with Dataset Metadata", "Value Check with Variable Metadata")
DOMAIN_PRESENCE = "Domain Presence Check"


@RULE_TYPES.register("Record Data")
def record_frame(session: Session, names: Sequence[str], rule: Rule) -> Frame:
    """Return the records of a dataset, or of all files of a split one."""
    return session.records(names)


def dataset_facts(session: Session, name: str) -> dict[str, Any]:
    """Return the metadata columns of one dataset."""
    table, identity = session.tables[name], session.identities[name]
    return {
        "dataset_name": identity.name,
        "dataset_label": table.label,
        "dataset_location": table.file_name,
        "dataset_size": table.size,
        "record_count": len(table.frame),
        "domain": identity.domain,
        "is_ap": identity.is_ap,
        "ap_suffix": identity.ap_suffix,
    }


def _rows_frame(session: Session, name: str, rows: Sequence[Mapping[str, Any]]) -> Frame:
    names = tuple(dict.fromkeys(key for row in rows for key in row))
    return values_frame(
        {key: [row.get(key) for row in rows] for key in names},
        dataset=name,
        wildcard=session.identities[name].wildcard,
        choices=session.choices,
    )


@RULE_TYPES.register("Dataset Metadata Check")
def dataset_frame(session: Session, names: Sequence[str], rule: Rule) -> Frame:
    """Return one row of metadata per file."""
    return stack([_rows_frame(session, name, [dataset_facts(session, name)]) for name in names])


@RULE_TYPES.register(DOMAIN_PRESENCE)
def presence_frame(session: Session, names: Sequence[str], rule: Rule) -> Frame:
    """Return one row with a column per dataset of the study (unsplit name), holding its file name."""
    row = {identity.unsplit: session.tables[name].file_name or name for name, identity in session.identities.items()}
    return _rows_frame(session, names[0], [row])


def variable_facts(variable: VariableFacts, position: int) -> dict[str, Any]:
    """Return the metadata columns of one variable."""
    return {
        "variable_name": variable.name,
        "variable_label": variable.label,
        "variable_size": variable.length,
        "variable_data_type": variable.type,
        "variable_order_number": position,
        "variable_format": variable.format,
    }


def _longest(session: Session, name: str, variable: str) -> int | None:
    frame = session.frame(name)
    if not frame.has(variable):
        return None
    column = frame.column(variable)
    return max((len(as_text(value)) for value in column.distinct), default=0)


def _variable_rows(session: Session, name: str, rule: Rule) -> list[dict[str, Any]]:
    rows = [
        variable_facts(variable, position)
        for position, variable in enumerate(session.tables[name].variables, start=1)
    ]
    if "variable_max_size" in _names(rule):
        for row in rows:
            row["variable_max_size"] = _longest(session, name, row["variable_name"])
    return rows


def _names(rule: Rule) -> frozenset[str]:
    return mentioned_names(rule.check) | set(rule.output) if rule.check is not None else frozenset(rule.output)


@RULE_TYPES.register("Variable Metadata Check")
def variable_frame(session: Session, names: Sequence[str], rule: Rule) -> Frame:
    """Return one row per declared variable of the dataset."""
    return stack([_rows_frame(session, name, _variable_rows(session, name, rule)) for name in names])


def _library_facts(session: Session, name: str) -> dict[str, dict[str, Any]]:
    return {
        variable.name: {
            "library_variable_name": variable.name,
            "library_variable_label": variable.label,
            "library_variable_data_type": variable.type,
            "library_variable_role": variable.role,
            "library_variable_core": variable.core,
            "library_variable_ccode": variable.ccode,
            "library_variable_has_codelist": bool(variable.ccode),
            "library_variable_order_number": position,
        }
        for position, variable in enumerate(standard_variables(session, session.identities[name]), start=1)
    }


def _emptiness(session: Session, name: str, variable: str) -> dict[str, Any]:
    frame = session.frame(name)
    null = frame.column(variable).null if frame.has(variable) else np.ones(frame.size, dtype=bool)
    return {"variable_is_empty": bool(null.all()), "variable_has_empty_values": bool(null.any())}


@RULE_TYPES.register("Variable Metadata Check against Library Metadata")
def variable_library_frame(session: Session, names: Sequence[str], rule: Rule) -> Frame:
    """Return one row per declared variable with the facts of the standard beside it (absent: null)."""
    frames = []
    for name in names:
        facts = _library_facts(session, name)
        rows = [
            row | facts.get(row["variable_name"], {}) | _emptiness(session, name, row["variable_name"])
            for row in _variable_rows(session, name, rule)
        ]
        frames.append(_with_all(_rows_frame(session, name, rows), _LIBRARY_COLUMNS))
    return stack(frames)


_LIBRARY_COLUMNS = tuple(
    f"library_variable_{part}"
    for part in ("name", "label", "data_type", "role", "core", "ccode", "has_codelist", "order_number")
)


def _with_all(frame: Frame, names: Sequence[str]) -> Frame:
    missing = {name: Column.constant(None, frame.size) for name in names if not frame.has(name)}
    return frame.with_columns(missing) if missing else frame


def define_dataset(session: Session, name: str) -> DefineDataset | None:
    """Return what define.xml says of a dataset (name and domain have to agree); raise when there is no define.xml."""
    if session.study.define is None:
        raise NotEvaluated("the study has no define.xml", cause="define_absent")
    identity = session.identities[name]
    for entry in session.study.define.datasets:
        if entry.name.upper() == identity.name and entry.domain.upper() == identity.unsplit:
            return entry
    return None


_DEFINE_DATASET_COLUMNS = tuple(
    f"define_dataset_{part}"
    for part in [
        "name",
        "label",
        "location",
        "domain",
        "class",
        "structure",
        "is_non_standard",
        "has_no_data",
        "variables",
        "variable_order",
        "key_sequence",
    ]
)
_DEFINE_VARIABLE_COLUMNS = tuple(
    f"define_variable_{part}"
    for part in [
        "name",
        "label",
        "data_type",
        "role",
        "size",
        "mandatory",
        "order_number",
        "ccode",
        "has_codelist",
        "codelist_coded_values",
        "codelist_coded_codes",
        "allowed_terms",
        "origin_type",
        "is_collected",
        "has_no_data",
        "has_comment",
        "has_method",
        "length",
    ]
)


def _define_rows(session: Session, name: str) -> list[dict[str, Any]]:
    entry = define_dataset(session, name)
    return [dict(facts) for facts in entry.variables] if entry is not None else []


@RULE_TYPES.register("Define Item Metadata Check")
def define_item_frame(session: Session, names: Sequence[str], rule: Rule) -> Frame:
    """Return one row per ItemRef of the dataset's ItemGroupDef."""
    frames = [_rows_frame(session, name, _define_rows(session, name)) for name in names]
    return stack([_with_all(frame, _DEFINE_VARIABLE_COLUMNS) if frame.size else frame for frame in frames])


@RULE_TYPES.register("Define Item Metadata Check against Library Metadata")
def define_item_library_frame(session: Session, names: Sequence[str], rule: Rule) -> Frame:
    """Return one row per ItemRef with the facts of the standard beside it (absent: null)."""
    frames = []
    for name in names:
        rows = _define_rows(session, name)
        if rows and any(part.startswith("library_variable_") for part in _names(rule)):
            facts = _library_facts(session, name)
            rows = [row | facts.get(str(row.get("define_variable_name")), {}) for row in rows]
        frame = _rows_frame(session, name, rows)
        frames.append(_with_all(frame, (*_DEFINE_VARIABLE_COLUMNS, *_LIBRARY_COLUMNS)) if frame.size else frame)
    return stack(frames)


@RULE_TYPES.register("Define Item Group Metadata Check")
def define_group_frame(session: Session, names: Sequence[str], rule: Rule) -> Frame:
    """Return one row per dataset with what define.xml says of it."""
    frames = []
    for name in names:
        entry = define_dataset(session, name)
        frames.append(_rows_frame(session, name, [dict(entry.facts)] if entry is not None else []))
    return stack([_with_all(frame, _DEFINE_DATASET_COLUMNS) if frame.size else frame for frame in frames])


@RULE_TYPES.register("Dataset Metadata Check against Define XML")
def dataset_define_frame(session: Session, names: Sequence[str], rule: Rule) -> Frame:
    """Return one row of metadata per file with what define.xml says beside it (absent: null)."""
    frames = []
    for name in names:
        entry = define_dataset(session, name)
        row = dataset_facts(session, name) | (dict(entry.facts) if entry is not None else {})
        frames.append(_with_all(_rows_frame(session, name, [row]), _DEFINE_DATASET_COLUMNS))
    return stack(frames)


@RULE_TYPES.register("Variable Metadata Check against Define XML")
def variable_define_frame(session: Session, names: Sequence[str], rule: Rule) -> Frame:
    """Return one row per variable that the dataset or define.xml has, both sides beside each other (absent: null)."""
    frames = []
    for name in names:
        declared = {str(row.get("define_variable_name")): row for row in _define_rows(session, name)}
        rows = [row | declared.pop(row["variable_name"], {}) for row in _variable_rows(session, name, rule)]
        rows.extend(declared.values())
        frames.append(_with_all(_rows_frame(session, name, rows), _DEFINE_VARIABLE_COLUMNS))
    return stack(frames)


@RULE_TYPES.register("Dataset Contents Check against Define XML")
def contents_define_frame(session: Session, names: Sequence[str], rule: Rule) -> Frame:
    """Return the records with the dataset's define.xml facts repeated on each."""
    frames = []
    for name in names:
        entry = define_dataset(session, name)
        frame = session.frame(name)
        facts = {key: Column.constant(value, frame.size) for key, value in (entry.facts if entry else {}).items()}
        frames.append(_with_all(frame.with_columns(facts), _DEFINE_DATASET_COLUMNS))
    return stack(frames)


def value_frames(session: Session, names: Sequence[str], rule: Rule) -> Iterator[Frame]:
    """Yield, variable by variable, a frame of that variable's cells with metadata repeated on each.

    Together they are the record x variable table of a value check; none is ever as large as that.
    """
    for name in names:
        records = session.frame(name)
        declared = {
            variable.name: (variable, position)
            for position, variable in enumerate(session.tables[name].variables, start=1)
        }
        shared = dataset_facts(session, name) if rule.rule_type == VALUE_CHECKS[0] else {}
        for position, variable in enumerate(records.names, start=1):
            facts = dict(shared)
            if rule.rule_type == VALUE_CHECKS[1]:
                known, at = declared.get(variable, (VariableFacts(variable, type=""), position))
                facts |= variable_facts(known, at)
            facts["variable_name"] = variable
            yield _value_frame(session, records, variable, facts)


def _value_frame(session: Session, records: Frame, variable: str, facts: Mapping[str, Any]) -> Frame:
    size = records.size
    fixed = ("row_number", "variable_value", "variable_value_length")

    def load(name: str) -> Column:
        if name == "row_number":
            return Column.of_codes(np.arange(size), range(1, size + 1), kind="number")
        if name == "variable_value":
            return records.column(variable)
        if name == "variable_value_length":
            return records.column(variable).mapped(_length)
        return Column.constant(facts[name], size)

    return Frame(
        (*fixed, *facts),
        size,
        load,
        Origin(records.origin.datasets, records.origin.dataset, records.origin.record),
        wildcard=records.wildcard,
        choices=session.choices,
    )


def _length(value: Any) -> int:
    text = as_text(value)
    return len(text) if isinstance(value, str) else sum(character.isdigit() for character in text)


def _whole_value_frame(session: Session, names: Sequence[str], rule: Rule) -> Frame:
    return stack(list(value_frames(session, names, rule)))


for _name in VALUE_CHECKS:
    RULE_TYPES.add(_name, _whole_value_frame)
