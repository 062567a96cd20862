"""Parameters from declared events: existence, best and first records, confirmed response, concordance."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from adam import selection
from adam.catalog import DERIVATIONS
from adam.derivations.dates import whole_days
from adam.derivations.rows import set_values
from spectrail import frames
from spectrail.errors import SpecError, UnknownNameError
from spectrail.steps import ColumnName, Evaluate, Link, Positions, Records, Tables


@DERIVATIONS.records(
    method={
        "PARAMCD": "{set_values_to:quoted} for one record of each subject of {dataset_ref}[ where {filter_ref}]",
        "@set_values_to": "{set_values_to:quoted}",
        "AVALC": '"{true_value}" if a record of parameter {parameters}[ where {filter_add}] has {condition};'
        ' "{false_value}" if there are only others[; "{missing_value}" if there is none], for each subject of'
        " {dataset_ref}[ where {filter_ref}]",
        "AVAL": 'number for AVALC: [values?{values}][values!"Y" to 1; "N" to 0]',
        "": "{target} of the record of parameter {parameters} that decides",
    },
    makes=("AVALC", "AVAL"),
)
def derive_param_exist_flag(
    frame: pd.DataFrame,
    *,
    dataset_ref: str = "ADSL",
    filter_ref: str = "",
    parameters: tuple[str, ...] = (),
    condition: str,
    filter_add: str = "",
    order: tuple[str, ...] = ("ADT",),
    mode: Literal["first", "last"] = "first",
    true_value: str = "Y",
    false_value: str = "N",
    missing_value: str = "",
    values: dict[str, float] | None = None,
    keep_vars: tuple[str, ...] = ("ADT",),
    keep_missing: tuple[str, ...] = (),
    set_values_to: dict[str, str],
    by_var: ColumnName = "USUBJID",
    tables: Tables,
    evaluate: Evaluate,
) -> Records:
    """Add one record per subject of a reference dataset that says whether a record meets a condition.

    Of the records of the parameters that meet `filter_add` the first (last) by `order` that meets `condition` gives
    `true_value` and `keep_vars`; without it the first (last) of the others gives `false_value`; a subject without
    records gets `missing_value` (default: `false_value`: missing is no response). AVAL is by `values`, Y 1, N 0.
    """
    reference = tables(dataset_ref)
    if filter_ref:
        reference = reference.iloc[np.flatnonzero(evaluate(filter_ref, reference))]
    rows = _pool(frame, parameters, filter_add, evaluate)
    part = frame.iloc[rows]
    hit = evaluate(condition, part) if len(part) else np.zeros(0, dtype=bool)
    codes, _ = frames.shared_codes([part[by_var]], [reference[by_var]])
    part = part.assign(_hit=np.where(hit, 0, 1))
    item = f"desc({order[0]})" if mode == "last" and order else ""
    ranks = selection.order_ranks(part, ("_hit", *((item, *order[1:]) if item else order)))
    chosen, _ = selection.extreme_positions(codes, selection.content_ranks(part, ranks, codes), "first")
    found = frames.match_keys([reference[by_var]], [part[by_var].iloc[chosen]]).rows
    source = np.append(chosen, -1)[found]
    met = np.append(hit, False)[source]
    code = np.where(source < 0, 2, np.where(met, 0, 1)).astype(np.int64)
    new = _new_records(frame, reference, by_var)
    new["AVALC"] = frames.take_text([true_value, false_value, missing_value or false_value], code)
    numbers = values or {"Y": 1.0, "N": 0.0}
    new["AVAL"] = new["AVALC"].map(numbers).astype("float64")
    for name in keep_vars:
        new[name] = selection.take_column(selection.column(part, name), np.where(met, source, -1)).array
    for name in keep_missing:
        new[name] = selection.take_column(selection.column(part, name), source).array
    made = _appended(
        frame, set_values(new, set_values_to, frame), np.append(rows, -1)[source], reference, dataset_ref
    )
    kept = {name: ("PARAMCD", name) for name in (*keep_vars, *keep_missing)}
    read = {"AVALC": ("PARAMCD", "AVALC"), "AVAL": ("AVALC",), **kept}
    return selection.told_by_parameter(made, set_values_to, read)


def _pool(frame: pd.DataFrame, parameters: tuple[str, ...], condition: str, evaluate: Evaluate) -> Positions:
    keep = np.ones(len(frame), dtype=np.bool_)
    if parameters:
        keep &= frame["PARAMCD"].isin(parameters).to_numpy()
    if condition:
        keep &= evaluate(condition, frame)
    return np.flatnonzero(keep).astype(np.int64)


def _new_records(frame: pd.DataFrame, reference: pd.DataFrame, by_var: str) -> pd.DataFrame:
    """Return one record per subject with the variables that the reference shares with the frame."""
    shared = [name for name in reference.columns if name in frame.columns and name not in _OWN]
    return reference[[*dict.fromkeys((by_var, *shared))]].reset_index(drop=True)


_OWN = ("PARAMCD", "PARAM", "PARAMN", "AVAL", "AVALC", "ADT", "ASEQ", "AVISIT", "AVISITN")


def _appended(
    frame: pd.DataFrame, new: pd.DataFrame, source: Positions, reference: pd.DataFrame, name: str
) -> Records:
    """Append records; those without an old record behind them go back to the record of the reference."""
    made = selection.stacked(frame, new, source)
    record = np.arange(len(frame), len(frame) + len(new), dtype=np.int64)
    lost = source < 0
    link = Link(name, record[lost], reference.index.to_numpy(dtype=np.int64)[lost])
    return Records(made.frame, made.provider, linked=(link,) if lost.any() else ())


@DERIVATIONS.records(
    method={
        "PARAMCD": "{set_values_to:quoted} for one record of each {by_vars} with one of the events[dataset_ref?, and"
        " of each other subject of {dataset_ref}][ where {filter_ref}]",
        "@set_values_to": "{set_values_to:quoted}",
        "@keep_vars": "{target} of the record that gives the event",
        "": "[by_event_first?the first of these that a subject has][by_event_first!the {mode} in order of"
        " {order:order} of these] among the records of parameter {parameters}: {events:classes}[;"
        " otherwise {no_event:quoted}]",
    }
)
def derive_extreme_event(
    frame: pd.DataFrame,
    *,
    by_vars: tuple[ColumnName, ...] = ("USUBJID",),
    events: tuple[dict[str, str], ...],
    parameters: tuple[str, ...] = (),
    order: tuple[str, ...] = ("ADT",),
    mode: Literal["first", "last"] = "first",
    by_event_first: bool = True,
    dataset_ref: str = "",
    filter_ref: str = "",
    no_event: dict[str, str] | None = None,
    keep_vars: tuple[str, ...] = ("ADT",),
    set_values_to: dict[str, str],
    tables: Tables,
    evaluate: Evaluate,
) -> Records:
    """Add one record per group for the best (or first) of several declared events (BOR, relapse, best status).

    Each event has a `condition` and the variables it sets (AVALC, AVAL). With `by_event_first` an event given earlier
    beats later ones whatever its date, then `order` and `mode` decide; without it the dates decide first. With
    `dataset_ref` subjects without event get `no_event`.
    """
    if any("condition" not in one for one in events):
        raise SpecError("each event needs a condition")
    pool = _pool(frame, parameters, "", evaluate)
    part = frame.iloc[pool]
    pieces = []
    for number, event in enumerate(events):
        hit = np.flatnonzero(evaluate(event["condition"], part))
        pieces.append(pd.DataFrame({"at": pool[hit], "event": float(number)}))
    found = pd.concat(pieces, ignore_index=True)
    rows = frame.iloc[found["at"].to_numpy()].reset_index(drop=True).assign(_event=found["event"])
    directed = tuple(f"desc({one})" if mode == "last" else one for one in order)
    keys = ("_event", *directed) if by_event_first else (*directed, "_event")
    codes = selection.group_codes(rows, by_vars)
    ranks = selection.content_ranks(rows, selection.order_ranks(rows, keys), codes)
    chosen, _ = selection.extreme_positions(codes, ranks, "first")
    at = found["at"].to_numpy(dtype=np.int64)[chosen]
    order_of = np.argsort(at, kind="stable")
    at, event_code = at[order_of], found["event"].to_numpy(dtype=np.int64)[chosen][order_of]
    kept = [name for name in frame.columns if name not in _OWN or name in keep_vars or name in by_vars]
    new = frame.take(at)[kept].reset_index(drop=True)
    for name in dict.fromkeys(name for event in events for name in event if name != "condition"):
        texts = [event.get(name, "") for event in events]
        numeric = name in frame and not isinstance(frame[name].dtype, pd.StringDtype)
        new[name] = (
            frames.take_numbers([float(text) if text else np.nan for text in texts], event_code)
            if numeric
            else frames.take_text(texts, event_code).array
        )
    for name in keep_vars:
        if name not in new:
            new[name] = selection.take_column(selection.column(frame, name), at).array
    if dataset_ref:
        made = _with_rest(
            frame, new, at, by_vars, dataset_ref, filter_ref, no_event or {}, set_values_to, tables, evaluate
        )
    else:
        made = selection.stacked(frame, set_values(new, set_values_to, frame), at)
    given = {name: ("PARAMCD", "AVALC") for event in events for name in event if name != "condition"}
    return selection.told_by_parameter(made, set_values_to, given | {name: ("PARAMCD", name) for name in keep_vars})


def _with_rest(
    frame: pd.DataFrame,
    new: pd.DataFrame,
    at: Positions,
    by_vars: tuple[str, ...],
    dataset_ref: str,
    filter_ref: str,
    no_event: dict[str, str],
    set_values_to: dict[str, str],
    tables: Tables,
    evaluate: Evaluate,
) -> Records:
    reference = tables(dataset_ref)
    if filter_ref:
        reference = reference.iloc[np.flatnonzero(evaluate(filter_ref, reference))]
    inside = np.flatnonzero(frames.match_keys([new["USUBJID"]], [reference["USUBJID"]]).rows >= 0)
    new, at = new.iloc[inside].reset_index(drop=True), at[inside]
    lacking = np.flatnonzero(frames.match_keys([reference["USUBJID"]], [new["USUBJID"]]).rows < 0)
    rest = set_values(_new_records(frame, reference.iloc[lacking], by_vars[0]), no_event, frame)
    both = pd.concat([new, rest], ignore_index=True)
    for name in new.columns:
        if both[name].dtype != new[name].dtype:
            both[name] = both[name].astype(new[name].dtype)
    source = np.concatenate([at, np.full(len(rest), -1, dtype=np.int64)])
    padded = pd.concat([reference.iloc[:0], reference.iloc[lacking]])
    made = selection.stacked(frame, set_values(both, set_values_to, frame), source)
    record = np.arange(len(frame) + len(new), len(frame) + len(both), dtype=np.int64)
    link = Link(dataset_ref, record, padded.index.to_numpy(dtype=np.int64))
    return Records(made.frame, made.provider, linked=(link,) if len(record) else ())


@DERIVATIONS.records(
    method={
        "@set_values_to": "{set_values_to:quoted}",
        "": "response of {parameters} that is confirmed at least {ref_confirm} days later",
    },
    makes=("AVALC", "ADT"),
)
def derive_param_confirmed_response(
    frame: pd.DataFrame,
    *,
    parameters: tuple[str, ...] = ("OVR",),
    ref_confirm: int = 28,
    max_nr_ne: int = 1,
    accept_sd: bool = False,
    set_values_to: dict[str, str],
    by_var: ColumnName = "USUBJID",
    date: ColumnName = "ADT",
) -> Records:
    """Add a record for every overall response that a later one confirms (RECIST 1.1), AVALC CR or PR.

    CR is confirmed by a CR at least `ref_confirm` days later with nothing but CR and at most `max_nr_ne` NE between;
    PR by CR or PR with CR, PR (SD with `accept_sd`) and NE between. A CR that only a PR follows counts as PR.
    """
    rows = np.flatnonzero(frame["PARAMCD"].isin(parameters).to_numpy()).astype(np.int64)
    part = frame.iloc[rows]
    days = whole_days(part[date])
    codes = selection.group_codes(part, (by_var,))
    order = np.lexsort((days, codes))
    rows, days, codes = rows[order], days[order], codes[order]
    value = frames.as_text(part["AVALC"]).fillna("").to_numpy()[order]
    between_cr = np.cumsum(~np.isin(value, ("CR", "NE")))
    allowed = ("CR", "PR", "NE", "SD") if accept_sd else ("CR", "PR", "NE")
    between_pr = np.cumsum(~np.isin(value, allowed))
    unknown = np.cumsum(value == "NE")
    position = pd.Series(codes)
    left, right = frames.match_all([position], [position])
    later = (right > left) & (days[right] - days[left] >= ref_confirm)
    left, right = left[later], right[later]
    clean_cr = between_cr[right - 1] == between_cr[left]
    clean_pr = between_pr[right - 1] == between_pr[left]
    few = unknown[right - 1] - unknown[left] <= max_nr_ne
    as_cr = (value[left] == "CR") & (value[right] == "CR") & clean_cr & few
    as_pr = np.isin(value[left], ("CR", "PR")) & np.isin(value[right], ("CR", "PR")) & clean_pr & few
    best = np.full(len(rows), -1, dtype=np.int64)
    best[left[as_pr]] = 1
    best[left[as_cr]] = 0
    kept = np.flatnonzero(best >= 0)
    new = frame.take(rows[kept]).reset_index(drop=True)
    new["AVALC"] = frames.take_text(["CR", "PR"], best[kept]).array
    return selection.stacked(frame, set_values(new, set_values_to, frame), rows[kept])


@DERIVATIONS.records(
    method='"Y" if {parameters} of the same {by_vars} agree[groups?: both in {groups}, or none], "N" if they differ'
)
def derive_var_concordance(
    frame: pd.DataFrame,
    *,
    parameters: tuple[str, str],
    by_vars: tuple[ColumnName, ...] = ("USUBJID", "AVISIT"),
    groups: tuple[str, ...] = (),
    new_var: str = "CONCORFL",
    filter_add: str = "",
    evaluate: Evaluate,
) -> Records:
    """Flag whether the records of two parameters for a visit say the same, exactly or in belonging to `groups`.

    Records without a counterpart get nothing; of several records per visit those with `filter_add` take part.
    """
    usable = evaluate(filter_add, frame) if filter_add else np.ones(len(frame), dtype=bool)
    sides = [
        np.flatnonzero(usable & frame["PARAMCD"].eq(one).fillna(False).to_numpy(dtype=bool)) for one in parameters
    ]
    parts = [frame.iloc[side] for side in sides]
    made = np.full(len(frame), -1, dtype=np.int64)
    for one, other in ((0, 1), (1, 0)):
        match = frames.match_keys(
            selection.columns(parts[one], by_vars), selection.columns(parts[other], by_vars)
        ).rows
        mine = frames.as_text(parts[one]["AVALC"])
        theirs = selection.take_column(frames.as_text(parts[other]["AVALC"]), match)
        if groups:
            same = mine.isin(groups).to_numpy() == theirs.isin(groups).to_numpy()
        else:
            same = (mine.to_numpy() == theirs.to_numpy()) & mine.notna().to_numpy()
        made[sides[one]] = np.where(match < 0, -1, np.where(same, 0, 1))
    return selection.with_variables(frame, {new_var: frames.take_text(["Y", "N"], made)})


@DERIVATIONS.records(method='"{true_value}" if {conditions:by-option}[; otherwise "{false_value}"]')
def derive_var_flag_by_option(
    frame: pd.DataFrame,
    *,
    new_var: str,
    option: str,
    conditions: dict[str, str],
    true_value: str = "Y",
    false_value: str = "",
    evaluate: Evaluate,
) -> Records:
    """Flag records by the condition that belongs to the chosen option of a setting; another option is an error."""
    if option not in conditions:
        raise UnknownNameError("option", option, conditions)
    hit = evaluate(conditions[option], frame)
    return selection.with_variables(frame, {new_var: selection.flag(hit, true_value, false_value)})
