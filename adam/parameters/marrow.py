"""Overall response by algorithm: marrow assessments with their counts, transfusions and extramedullary disease."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from adam import selection
from adam.catalog import DERIVATIONS
from adam.derivations.dates import whole_days
from adam.parameters import response
from adam.parameters.candidates import Days
from adam.parameters.response import CLASSES, NE, REMISSION, Rules
from spectrail import frames
from spectrail.errors import SpecError
from spectrail.steps import ColumnName, Evaluate, Link, Positions, Problem, Records, Tables

Floats = npt.NDArray[np.float64]
MEASURES = ("BLAST", "CELLS", "CELLULAR", "ADEQ", "ANC", "PLT", "PBLAST", "EMD")
"""What the algorithm needs: the names of the conditions in `measures`."""


@DERIVATIONS.records(
    method={
        "AVALC": "response class of each marrow assessment after baseline, from marrow blasts ({blast_cut}% in"
        " remission, {efs_relapse_blast} in relapse), neutrophils and platelets within a day, blood blasts and"
        " extramedullary disease[upgrade_late_recovery?, counts recovered within 7 days upgrading a response]; CRi by"
        " the rule {cri_rule}. Neutrophils (10^9/L): CR {count_anc_cr} 1.0, CRh"
        " {count_anc_crh} 0.5. Platelets (10^9/L): CR {count_plt_cr} 100, CRh {count_plt_crh} 50; not used within"
        " {plt_tx_days} days of a platelet transfusion",
        "ADT": "date of the marrow assessment ({dataset_add}.ADT)",
        "ANC": "neutrophils (10^9/L) of the day of the assessment, else the nearest within a day",
        "PBLAST": "blood blasts (%) of the day of the assessment, else the nearest within a day",
        "BLAST": "marrow blasts of the assessment (%)",
        "PLT": "platelets (10^9/L) of the day of the assessment, else the nearest within a day, none within"
        " {plt_tx_days} days of a platelet transfusion",
        "@keep_vars": "{target} of the marrow assessment",
        "": "value of the marrow assessment that gives the response class",
    },
    makes=("AVALC", "AVAL", "ADT"),
)
def derive_param_response(
    frame: pd.DataFrame,
    *,
    dataset_add: str,
    measures: dict[str, str],
    transfusions: dict[str, str] | None = None,
    new_therapy_date: str = "",
    next_doses: dict[str, str] | None = None,
    baseline_flag: str = "ABLFL",
    keep_vars: tuple[str, ...] = (),
    subject: ColumnName = "USUBJID",
    cri_rule: str = "any_deficit",
    blast_cut: str = "<5",
    count_anc_cr: str = ">=",
    count_plt_cr: str = ">=",
    count_anc_crh: str = ">=",
    count_plt_crh: str = ">=",
    efs_relapse_blast: str = ">5%",
    plt_tx_days: int = 7,
    upgrade_late_recovery: Literal["off", "on"] = "off",
    emd_days: int = 7,
    tables: Tables,
    evaluate: Evaluate,
) -> Records:
    """Turn subjects into one record per marrow assessment after baseline with AVALC, AVAL, ADT and what decided.

    `dataset_add` is an analysis dataset of laboratory and disease findings with ADT, AVAL and, for ADEQ and EMD,
    AVALC; `measures` says which of its records are blasts, cells counted, cellularity, adequacy, neutrophils,
    platelets, blood blasts and extramedullary disease. `transfusions` names dataset, `date` and `where` of platelets.
    Counts are those of the day, else the nearest within a day, the later of two as near. Platelets of
    `plt_tx_days` days from a transfusion on are not used. With the late upgrade a marrow that only its counts keep
    from CR takes the best class of the days T to T+7 before `new_therapy_date` and before the next of `next_doses`
    (dataset, `date`, `where`) on or after T, dated on the first such day. `keep_vars` are taken from the marrow
    record.
    """
    rules = Rules(cri_rule, blast_cut, count_anc_cr, count_plt_cr, count_anc_crh, count_plt_crh, efs_relapse_blast)
    table = tables(dataset_add)
    chosen = _selected(table, measures, evaluate)
    marrow = _marrows(frame, table, chosen, subject, baseline_flag)
    if "PLT" in chosen and transfusions:
        chosen["PLT"] = _usable_platelets(table, chosen["PLT"], transfusions, plt_tx_days, tables, evaluate, subject)
    made, used = _assembled(table, marrow, chosen, subject, emd_days)
    made["BLASTBL"], made["EMDBL"] = _baselines(table, chosen, made, subject, baseline_flag)
    classes = response.classify(made, rules)
    days = made["ADT"].to_numpy(dtype="datetime64[us]")
    if upgrade_late_recovery == "on":
        limit = _next_therapy(frame, made, new_therapy_date, next_doses, tables, evaluate, subject)
        classes, days = _upgraded(table, made, chosen, classes, days, limit, rules, subject)
    return _records(frame, table, made, used, classes, days, dataset_add, keep_vars)


def _selected(table: pd.DataFrame, measures: dict[str, str], evaluate: Evaluate) -> dict[str, Positions]:
    unknown = set(measures) - set(MEASURES)
    if unknown or not {"BLAST", "ANC", "PLT"} <= set(measures):
        raise SpecError(f"measures must name BLAST, ANC and PLT, and may name {', '.join(MEASURES)}")
    return {name: np.flatnonzero(evaluate(condition, table)).astype(np.int64) for name, condition in measures.items()}


def _marrows(
    frame: pd.DataFrame, table: pd.DataFrame, chosen: dict[str, Positions], subject: str, baseline_flag: str
) -> pd.DataFrame:
    """Return one row per subject and day with a blast result or a failed marrow, baseline left out."""
    rows = np.union1d(chosen["BLAST"], chosen.get("ADEQ", chosen["BLAST"]))
    part = table.iloc[rows]
    record = frames.match_keys([part[subject]], [frame[subject]]).rows
    days = whole_days(part["ADT"])
    base = part[baseline_flag].eq("Y").fillna(False).to_numpy(dtype=bool) if baseline_flag in part else False
    start = whole_days(frame["TRTSDT"])[record] if "TRTSDT" in frame else np.full(len(part), np.nan)
    good = (record >= 0) & ~np.isnan(days) & ~(base | (days < start))
    held = np.isin(rows, chosen["BLAST"])
    part = pd.DataFrame({"record": record[good], "day": days[good], "row": rows[good], "held": held[good]})
    codes = selection.group_codes(part, ("record", "day"))
    pick, _ = selection.extreme_positions(codes, selection.order_ranks(part, ("desc(held)", "row")), "first")
    return part.iloc[np.sort(pick)].sort_values(["record", "day"], kind="stable").reset_index(drop=True)


def _assembled(
    table: pd.DataFrame, marrow: pd.DataFrame, chosen: dict[str, Positions], subject: str, emd_days: int
) -> tuple[pd.DataFrame, dict[str, Positions]]:
    """Join to each marrow the values that belong to it; also return which row of the table gave each."""
    made = pd.DataFrame({"record": marrow["record"], "day": marrow["day"], "row": marrow["row"]})
    made["USUBJID"] = table[subject].array.take(marrow["row"].to_numpy())
    made["ADT"] = marrow["day"].to_numpy().astype("datetime64[D]").astype("datetime64[us]")
    near = {"ANC": 1, "PLT": 1, "PBLAST": 1, "EMD": emd_days, "BLAST": 0, "CELLS": 0, "CELLULAR": 0, "ADEQ": 0}
    used: dict[str, Positions] = {}
    for name, reach in near.items():
        rows = nearest(table, made, chosen.get(name, np.empty(0, dtype=np.int64)), subject, reach)
        used[name] = rows
        if name in ("ADEQ", "EMD"):
            text = selection.take_column(frames.as_text(table["AVALC"]), rows)
            value = np.where(text.eq("Y").fillna(False), 1.0, np.where(text.isna(), np.nan, 0.0))
            made[name] = value == 1.0 if name == "ADEQ" else value
        else:
            made[name] = np.append(table["AVAL"].to_numpy(dtype=np.float64), np.nan)[rows]
    return made, used


def nearest(table: pd.DataFrame, marrow: pd.DataFrame, rows: Positions, subject: str, reach: int) -> Positions:
    """Return the row of the table nearest in days to each marrow, the later of two as near; -1 for none in reach."""
    found = np.full(len(marrow), -1, dtype=np.int64)
    part = table.iloc[rows]
    value = part["AVAL"].notna() | (part["AVALC"].notna() if "AVALC" in part else False)
    part, rows = part[value.to_numpy()], rows[value.to_numpy()]
    left, right = frames.match_all([marrow["USUBJID"]], [part[subject]])
    apart = whole_days(part["ADT"])[right] - marrow["day"].to_numpy()[left]
    inside = np.abs(apart) <= reach
    left, right, apart = left[inside], right[inside], apart[inside]
    if not len(left):
        return found
    pairs = part.iloc[right].reset_index(drop=True).assign(_far=np.abs(apart), _late=-apart)
    # of one day a text Y (disease present) counts before N
    order = ("_far", "_late", "desc(AVALC)") if "AVALC" in pairs else ("_far", "_late")
    ranks = selection.content_ranks(pairs, selection.order_ranks(pairs, order), left)
    chosen, _ = selection.extreme_positions(left, ranks, "first")
    found[left[chosen]] = rows[right[chosen]]
    return found


def _usable_platelets(
    table: pd.DataFrame,
    rows: Positions,
    transfusions: dict[str, str],
    days: int,
    tables: Tables,
    evaluate: Evaluate,
    subject: str,
) -> Positions:
    """Leave out platelets of the days from a transfusion on."""
    given = tables(transfusions["dataset"])
    if transfusions.get("where"):
        given = given.iloc[np.flatnonzero(evaluate(transfusions["where"], given))]
    return rows[~masked(table.iloc[rows], given, transfusions["date"], days, subject)]


def masked(counts: pd.DataFrame, given: pd.DataFrame, date: str, days: int, subject: str) -> selection.Bools:
    """Tell which counts lie within `days` days from a transfusion on (the day of transfusion is the first)."""
    hidden = np.zeros(len(counts), dtype=np.bool_)
    if days > 0:
        left, right = frames.match_all([counts[subject]], [given[subject]])
        apart = whole_days(counts["ADT"])[left] - whole_days(given[date])[right]
        hidden[left[(apart >= 0) & (apart < days)]] = True
    return hidden


def _baselines(
    table: pd.DataFrame, chosen: dict[str, Positions], made: pd.DataFrame, subject: str, baseline_flag: str
) -> tuple[Floats, Floats]:
    """Return marrow blasts and extramedullary disease at baseline for each assessment."""
    base = []
    for name in ("BLAST", "EMD"):
        rows = chosen.get(name, np.empty(0, dtype=np.int64))
        part = table.iloc[rows]
        part = (
            part[part[baseline_flag].eq("Y").fillna(False).to_numpy(dtype=bool)]
            if baseline_flag in part
            else part[:0]
        )
        found = frames.match_keys([made["USUBJID"]], [part[subject]], order=[part["ADT"]], take="last").rows
        if name == "EMD":
            text = selection.take_column(frames.as_text(part["AVALC"]), found)
            base.append(np.where(text.eq("Y").fillna(False), 1.0, np.where(text.isna(), np.nan, 0.0)))
        else:
            base.append(np.append(part["AVAL"].to_numpy(dtype=np.float64), np.nan)[found])
    return base[0], base[1]


def _next_therapy(
    frame: pd.DataFrame,
    made: pd.DataFrame,
    new_therapy_date: str,
    doses: dict[str, str] | None,
    tables: Tables,
    evaluate: Evaluate,
    subject: str,
) -> Days:
    """Return for each marrow the day of the next anti-leukaemic therapy, infinity where none is known."""
    limit = np.full(len(made), np.inf)
    if new_therapy_date:
        limit = np.fmin(limit, whole_days(frame[new_therapy_date])[made["record"].to_numpy()])
    if doses:
        given = tables(doses["dataset"])
        if doses.get("where"):
            given = given.iloc[np.flatnonzero(evaluate(doses["where"], given))]
        left, right = frames.match_all([made["USUBJID"]], [given[subject]])
        day = whole_days(given[doses["date"]])[right]
        later = day >= made["day"].to_numpy()[left]
        np.minimum.at(limit, left[later], day[later])
    return limit


def _upgraded(
    table: pd.DataFrame,
    made: pd.DataFrame,
    chosen: dict[str, Positions],
    classes: npt.NDArray[np.int64],
    days: npt.NDArray[np.datetime64],
    limit: Days,
    rules: Rules,
    subject: str,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.datetime64]]:
    """Upgrade remissions by counts of one later day: both lines on the same day in T to T+7, before new therapy."""
    counts_open = np.isin(classes, (response.CRH, response.CRI, response.MLFS, NE))
    open_ = counts_open & response.counts_decide(made, rules)
    anc, plt = (table.iloc[chosen[name]][[subject, "ADT", "AVAL"]] for name in ("ANC", "PLT"))
    pair_anc, pair_plt = frames.match_all([anc[subject], anc["ADT"]], [plt[subject], plt["ADT"]])
    both = anc.iloc[pair_anc].reset_index(drop=True).assign(PLT=plt["AVAL"].to_numpy()[pair_plt])
    left, right = frames.match_all([made["USUBJID"]], [both[subject]])
    later = whole_days(both["ADT"])[right]
    apart = later - made["day"].to_numpy()[left]
    keep = (apart >= 0) & (apart <= 7) & open_[left] & (later < limit[left])
    left, right, later = left[keep], right[keep], later[keep]
    better = response.count_class(both["AVAL"].to_numpy()[right], both["PLT"].to_numpy()[right], rules)
    gain = better < classes[left]
    order = np.lexsort((later[gain], better[gain], left[gain]))
    rows = left[gain][order]
    first = np.unique(rows, return_index=True)[1]
    classes, days = classes.copy(), days.copy()
    classes[rows[first]] = better[gain][order][first]
    days[rows[first]] = later[gain][order][first].astype("datetime64[D]").astype("datetime64[us]")
    return classes, days


def _records(
    frame: pd.DataFrame,
    table: pd.DataFrame,
    made: pd.DataFrame,
    used: dict[str, Positions],
    classes: npt.NDArray[np.int64],
    days: npt.NDArray[np.datetime64],
    name: str,
    keep_vars: tuple[str, ...],
) -> Records:
    record = made["record"].to_numpy(dtype=np.int64)
    result = frame.take(record).reset_index(drop=True)
    result["ADT"] = days
    result["AVALC"] = frames.take_text(CLASSES, classes)
    result["AVAL"] = classes + 1.0
    for one in ("BLAST", "ANC", "PLT", "PBLAST"):
        result[one] = made[one].to_numpy()
    for one in keep_vars:
        result[one] = selection.take_column(selection.column(table, one), made["row"].to_numpy(dtype=np.int64)).array
    numbers = np.append(table.index.to_numpy(dtype=np.int64), -1)
    links = [(np.arange(len(record), dtype=np.int64), numbers[made["row"].to_numpy(dtype=np.int64)])]
    for one, rows in used.items():
        if one != "BLAST":
            there = np.flatnonzero(rows >= 0).astype(np.int64)
            links.append((there, numbers[rows[there]]))
    pairs = np.unique(np.concatenate([np.stack(one, axis=1) for one in links]), axis=0)
    unclear = np.flatnonzero(classes == NE).astype(np.int64)
    listed = Problem(
        "ADAM-RESPONSE-NE",
        "notice",
        "the marrow cannot be classed",
        record[unclear],
        result["USUBJID"].to_numpy()[unclear],
    )
    return Records(result, record, linked=(Link(name, pairs[:, 0], pairs[:, 1]),), problems=(listed,))


__all__ = ["REMISSION", "derive_param_response"]
