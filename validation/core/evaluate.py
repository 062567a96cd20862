"""Running rules over a study: dataset by dataset all rules, so that what is computed of a dataset is shared."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

import validation.core.operations  # noqa: F401  (registers the operations)
from spectrail.errors import UnknownNameError, UsageError
from validation.core.conditions import Condition
from validation.core.frames import Choices, Frame
from validation.core.identity import Identity, identify
from validation.core.joins import join_all
from validation.core.operation_calls import add_operations, operation
from validation.core.operations.library import LIBRARY_OPERATIONS
from validation.core.reporting import STUDY, Block, RunResult, cause_to_status, make_block, natural_keys
from validation.core.rule_files import Rule
from validation.core.rule_types import DOMAIN_PRESENCE, RULE_TYPES, VALUE_CHECKS, value_frames
from validation.core.scope import refuse_scope, refuse_standard
from validation.core.session import Session
from validation.core.signals import Cause, ColumnAbsent, NotEvaluated
from validation.core.study import Study, Table
from validation.core.tree import conditions_of, evaluate, mentioned_names

log = logging.getLogger(__name__)

_CELLWISE_TEXT = """
empty non_empty exists not_exists
equal_to not_equal_to equal_to_case_insensitive not_equal_to_case_insensitive
less_than less_than_or_equal_to greater_than greater_than_or_equal_to
longer_than longer_than_or_equal_to shorter_than shorter_than_or_equal_to
matches_regex not_matches_regex prefix_matches_regex not_prefix_matches_regex suffix_matches_regex
not_suffix_matches_regex prefix_equal_to prefix_not_equal_to suffix_equal_to suffix_not_equal_to
is_complete_date is_incomplete_date invalid_date invalid_duration
date_equal_to date_not_equal_to date_less_than date_less_than_or_equal_to date_greater_than
date_greater_than_or_equal_to
"""
_LISTWISE_TEXT = """
is_contained_by is_not_contained_by is_contained_by_case_insensitive is_not_contained_by_case_insensitive
contains does_not_contain starts_with ends_with
prefix_is_contained_by prefix_is_not_contained_by suffix_is_contained_by suffix_is_not_contained_by
"""
_CELLWISE = frozenset(_CELLWISE_TEXT.split())
_LISTWISE = frozenset(_LISTWISE_TEXT.split())


@dataclass(frozen=True)
class _Status:
    rule: int
    dataset: str
    cause: Cause
    reason: str = ""
    findings: int = 0


def run_rules(
    study: Study,
    rules: Sequence[Rule],
    *,
    standard: str,
    version: str,
    substandard: str | None = None,
    use_case: str | None = None,
    choices: Choices | None = None,
    datasets: Collection[str] | None = None,
) -> RunResult:
    """Run rules over a study under a standard; each rule and dataset ends with findings, or a status saying why not.

    `datasets` limits what is checked (names in upper case); the other tables of the study are only looked up. Raises
    `UsageError` when the study holds no dataset.
    """
    if not study.tables:
        raise UsageError("the study holds no datasets")
    session = Session(
        study, standard=standard, version=version, substandard=substandard, use_case=use_case, choices=choices
    )
    refused = [refuse_rule(session, rule) for rule in rules]
    statuses = [_Status(at, "", cause, reason) for at, (cause, reason) in enumerate(refused) if cause]
    runnable = [at for at, (cause, _) in enumerate(refused) if not cause]
    checked = [tuple(name for name in family if datasets is None or name in datasets) for family in families(session)]
    blocks = _run_all(session, rules, runnable, checked, statuses)
    return RunResult(tuple(rules), blocks, _status_table(session, rules, statuses), session.standard, session.version)


def _run_all(
    session: Session,
    rules: Sequence[Rule],
    runnable: Sequence[int],
    checked: Sequence[tuple[str, ...]],
    statuses: list[_Status],
) -> tuple[Block, ...]:
    """Run rules dataset by dataset; add to the statuses and return the findings in the order of the rules."""
    blocks: list[tuple[int, Block]] = []
    settled: set[int] = set()
    presences: set[tuple[object, ...]] = set()
    for names in checked:
        for at in runnable:
            if at in settled:
                continue
            found, made = run_rule(session, rules[at], names, at=at)
            statuses.extend(found)
            blocks.extend((at, block) for block in made if not _repeats(block, at, presences))
            if rules[at].sensitivity == "Study" and any(not status.cause for status in found):
                settled.add(at)
        session.forget_large()
    blocks.sort(key=lambda entry: entry[0])
    return tuple(block for _, block in blocks)


def _repeats(block: Block, rule: int, known: set[tuple[object, ...]]) -> bool:
    """Tell whether a finding on the presence of datasets was made before, for another dataset in scope."""
    if block.datasets != (STUDY,):
        return False
    key = (rule, *((part.variable, part.texts, part.codes.tobytes()) for part in block.reported))
    repeated = key in known
    known.add(key)
    return repeated


def _status_table(session: Session, rules: Sequence[Rule], statuses: Sequence[_Status]) -> pd.DataFrame:
    ordered = sorted(statuses, key=lambda status: status.rule)
    near = f"facts of the standard from {session.standard_note}" if session.standard_note else ""
    notes = ["; ".join(part for part in (near if asks_standard(rule) else "", rule.note) if part) for rule in rules]
    return pd.DataFrame(
        {
            "rule": pd.Series([rules[status.rule].id for status in ordered], dtype="str"),
            "dataset": pd.Series([status.dataset for status in ordered], dtype="str"),
            "status": pd.Series([cause_to_status(status.cause) for status in ordered], dtype="str"),
            "cause": pd.Series([status.cause for status in ordered], dtype="str"),
            "reason": pd.Series([status.reason for status in ordered], dtype="str"),
            "note": pd.Series([notes[status.rule] for status in ordered], dtype="str"),
            "findings": np.array([status.findings for status in ordered], dtype=np.int64),
        }
    )


def refuse_rule(session: Session, rule: Rule) -> tuple[Cause, str]:
    """Say why a rule can run on no dataset at all: broken, of unknown type or operation, or of another standard."""
    if rule.broken or rule.check is None:
        return "broken_rule", rule.broken or "the rule has no check"
    try:
        RULE_TYPES[rule.rule_type]
        for spec in rule.operations:
            operation(spec.operator)
    except UnknownNameError as error:
        return "broken_rule", f"{error.what} ({error.hint})"
    except NotEvaluated as signal:
        return signal.cause, signal.reason
    reason = refuse_standard(
        rule, standard=session.standard, version=session.version, substandard=session.substandard
    )
    return ("standard", reason) if reason else ("", "")


def asks_standard(rule: Rule) -> bool:
    """Tell whether a rule needs facts of the standard: the class of a dataset, or an operation that reads them."""
    classes = rule.scope.classes
    named = classes.include is not None or classes.exclude is not None
    return (named and "ALL" not in (classes.include or ())) or any(
        spec.operator in LIBRARY_OPERATIONS for spec in rule.operations
    )


def families(session: Session) -> list[tuple[str, ...]]:
    """Return the datasets to check, split files of one dataset together, in the order they were submitted."""
    found: dict[str, list[str]] = {}
    for name, identity in session.identities.items():
        if name not in session.study.context:
            found.setdefault(identity.unsplit, []).append(name)
    return [tuple(names) for names in found.values()]


def run_rule(session: Session, rule: Rule, names: Sequence[str], *, at: int) -> tuple[list[_Status], list[Block]]:
    """Run one rule, `at` its place in the run, on the in-scope files of one dataset."""
    statuses: list[_Status] = []
    inside: list[str] = []
    for name in names:
        try:
            refused = refuse_scope(session, rule, session.identities[name])
        except NotEvaluated as signal:
            statuses.append(_Status(at, name, signal.cause, signal.reason))
            continue
        if refused:
            statuses.append(_Status(at, name, "scope", refused))
        else:
            inside.append(name)
    if not inside:
        return statuses, []
    cause, reason, blocks = _guarded(session, rule, tuple(inside))
    for name in inside:
        count = sum(int((_datasets(block) == name).sum()) for block in blocks)
        statuses.append(_Status(at, name, cause, reason, count))
    return statuses, blocks


def _datasets(block: Block) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    return np.array(block.datasets, dtype=object)[block.dataset]


def _guarded(session: Session, rule: Rule, names: tuple[str, ...]) -> tuple[Cause, str, list[Block]]:
    try:
        return "", "", _run(session, rule, names)
    except ColumnAbsent as signal:
        return "variable_absent", f"variable {signal.name} is not in the dataset", []
    except _NoRecords as signal:
        return "no_records", str(signal), []
    except NotEvaluated as signal:
        return signal.cause, signal.reason, []
    except Exception as error:
        # A fault of the engine on one rule must neither end the run nor pass for a rule without findings.
        log.exception("rule %s on %s", rule.id, ", ".join(names))
        return "internal_error", f"{type(error).__name__}: {error}", []


class _NoRecords(Exception):
    """Stop a rule on a dataset without rows."""


def _run(session: Session, rule: Rule, names: tuple[str, ...]) -> list[Block]:
    assert rule.check is not None
    presence = rule.rule_type == DOMAIN_PRESENCE
    blocks: list[Block] = []
    rows = 0
    for frame in _frames(session, rule, names):
        complete, absent = _complete(session, rule, names, frame)
        rows += complete.size
        if not complete.size:
            continue
        flags = evaluate(rule.check, complete)
        if absent is not None and flags.any():
            raise absent
        block = make_block(rule, complete, flags, presence=presence)
        if block is not None:
            blocks.append(block)
            if rule.sensitivity in ("Dataset", "Study"):
                break
    if not rows:
        raise _NoRecords("there are no records to check")
    return blocks


def _frames(session: Session, rule: Rule, names: tuple[str, ...]) -> Iterator[Frame]:
    if rule.rule_type in VALUE_CHECKS and not rule.matches and is_cellwise(rule):
        yield from value_frames(session, names, rule)
    else:
        yield RULE_TYPES[rule.rule_type](session, names, rule)


def _complete(
    session: Session, rule: Rule, names: tuple[str, ...], frame: Frame
) -> tuple[Frame, NotEvaluated | None]:
    """Join the matched datasets and add the columns of operations; tell when one of those reads an absent dataset.

    Such a rule is evaluated only as far as to see that its check is false on every record for another reason.
    """
    assert rule.check is not None
    identity: Identity = session.identities[names[0]]
    if rule.matches:
        frame, absent = join_all(session, frame, identity, rule.matches, mentioned_names(rule.check))
        if absent:
            raise NotEvaluated(f"dataset {', '.join(absent)} is not in the study", cause="dataset_absent")
    return add_operations(session, identity, names, frame, rule.operations)


def is_cellwise(rule: Rule) -> bool:
    """Tell whether each cell of a value check can be judged alone, so that variables can go one by one."""
    if rule.check is None or rule.sensitivity == "Group":
        return False
    return all(_is_cellwise(condition) for condition in conditions_of(rule.check))


def _is_cellwise(condition: Condition) -> bool:
    if not condition.name or condition.flag("value_is_reference"):
        return False
    if condition.operator in _CELLWISE:
        return True
    literal = isinstance(condition.value, (list, tuple)) or condition.flag("value_is_literal")
    computed = isinstance(condition.value, str) and condition.value.startswith("$")
    return condition.operator in _LISTWISE and (literal or computed)


def key_texts(study: Study, result: RunResult) -> dict[str, pd.Series]:
    """Return the natural keys of the records of datasets that have record findings, for `RunResult.to_findings`."""
    wanted = {name for block in result.blocks if (block.record > 0).any() for name in block.datasets}
    return {
        name: natural_keys(table.frame, key_names(study, table, result))
        for name, table in study.tables.items()
        if name in wanted
    }


def key_names(study: Study, table: Table, result: RunResult) -> tuple[str, ...]:
    """Return the natural key of a table: as declared, else that of the standard's dataset, else USUBJID.

    STUDYID is left out: it is the same everywhere.
    """
    keys = table.keys or _standard_keys(study, table, result)
    return tuple(key for key in keys if key != "STUDYID") or ("USUBJID",)


def _standard_keys(study: Study, table: Table, result: RunResult) -> tuple[str, ...]:
    identity = identify(table)
    name = "SUPPQUAL" if identity.is_supp else identity.unsplit
    try:
        facts = study.standards.ig_dataset(name, result.standard, result.version)
    except NotEvaluated:
        return ()
    return facts.keys if facts is not None else ()
