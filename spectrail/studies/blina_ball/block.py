"""Build one block of subjects: latent truth, then the clean forms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from spectrail.studies.blina_ball import crf_subject, crf_visit, events, treatment
from spectrail.studies.blina_ball.cases import override_forms, override_grid, override_subjects, own_segments
from spectrail.studies.blina_ball.facts import forms
from spectrail.studies.blina_ball.latent import Grid, draw_grid
from spectrail.studies.blina_ball.render import arrange, render
from spectrail.studies.blina_ball.response import marrows
from spectrail.studies.blina_ball.rng import Floats, Streams
from spectrail.studies.blina_ball.subjects import SCREEN_FAILURE, TREATED, Subjects, draw_subjects, settle_subjects
from spectrail.studies.blina_ball.timeline import SCR

SIZE = 1000
# The subjects after the deliberate cases whose screening failed, so that the default study has its five.
FIXED_FAILURES = ((1, 0), (2, 1), (3, 2), (4, 3), (5, 5))


@dataclass(frozen=True)
class Block:
    """One block: subject facts, grids, marrows with their true class, typed forms and the clean forms as text."""

    subjects: Subjects
    grid: Grid
    marrows: pd.DataFrame
    typed: dict[str, pd.DataFrame]
    clean: dict[str, pd.DataFrame]


def build_block(seed: int, first: int, count: int, *, profile: str, cases: int, plain: int) -> Block:
    """Build subjects `first` .. `first + count - 1` (numbers from 1).

    `cases` deliberate subjects come first, then the fixed screen failures; the next `plain` subjects are treated, so
    that the default study has subjects for every kind of mess.
    """
    numbers = np.arange(first, first + count, dtype=np.int64)
    streams = Streams(seed, numbers)
    s = draw_subjects(streams, numbers, profile=profile)
    _fix_cohort(s, profile=profile, cases=cases, plain=plain)
    if cases:
        override_subjects(s)
    else:
        s["rescreened"] = np.zeros(count, dtype=bool)
    settle_subjects(s)
    grid = draw_grid(s, streams)
    treatment.add_transfusions(s, grid)
    if cases:
        override_grid(s, grid)
    found = marrows(s, grid)
    typed = _forms(s, grid, found, streams, with_cases=bool(cases))
    clean = {name: render(s, form, typed[name]) for name, form in forms().items()}
    return Block(s, grid, found, typed, clean)


def _fix_cohort(s: Subjects, *, profile: str, cases: int, plain: int) -> None:
    position = s["number"] - cases
    if profile == "publication":
        s["status"][:] = TREATED
        return
    fixed = (position >= 1) & (position <= len(FIXED_FAILURES) + plain)
    s["status"][fixed] = TREATED
    for nth, criterion in FIXED_FAILURES:
        s["status"][position == nth] = SCREEN_FAILURE
        s["criterion"][position == nth] = criterion
    s["death"][fixed & (s["cause"] == 1)] = np.nan
    s["withdraw"][fixed] = np.nan


def _forms(
    s: Subjects, grid: Grid, found: pd.DataFrame, streams: Streams, *, with_cases: bool
) -> dict[str, pd.DataFrame]:
    given = treatment.courses(s)
    cut = treatment.segments(s, given, own_segments(s) if with_cases else _no_segments())
    cut["_extended"] = s["ext"][cut["_i"]]
    infused = treatment.bags(cut)
    chemo = treatment.chemotherapy(s, given)
    induction = infused.loc[infused["PHASE_STD"] != "CONS"]
    frames = {
        "DM": crf_subject.demography(s),
        "ELIG": crf_subject.eligibility(s),
        "DX": crf_subject.diagnosis(s, grid["WBC"][:, SCR]),
        "GENE": crf_subject.genetics(s),
        "EXCH": chemo,
        "EXBL": infused,
        "LBLOC": crf_visit.laboratory(s, grid),
        "BM": crf_visit.marrow(found),
        "MRD": crf_visit.residual_disease(s, found),
        "RESP": crf_visit.assessments(s, found),
        "AE": events.adverse_events(s, grid, streams),
        "MH": events.history(s, streams),
        "TRANSF": treatment.transfusions(s, grid),
        "SUBS": crf_subject.subsequent(s),
        "HSCT": crf_subject.transplants(s),
        "DISP": events.disposition(
            s, _last(s, chemo, "STDAT", infused, "ENDT"), _last(s, None, "", induction, "ENDT")
        ),
        "SURV": crf_subject.survival(s, grid["OFFSET"], streams),
        "VISIT": crf_visit.visits(s, grid),
        "VS": crf_visit.vital_signs(s, grid, streams),
        "ECOG": crf_visit.performance(s, grid),
        "PDEV": crf_subject.deviations(s, streams),
    }
    if with_cases:
        override_forms(s, frames)
        _screen_twice(s, frames)
    typed = {name: arrange(s, forms()[name], frames[name]) for name in forms() if name != "CM"}
    medicine = events.medication(s, typed["AE"], streams)
    typed["CM"] = arrange(s, forms()["CM"], medicine)
    return typed


def _no_segments() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype="float64") for name in treatment.SEGMENT}).astype({"_i": int})


def _last(s: Subjects, one: pd.DataFrame | None, at: str, other: pd.DataFrame, until: str) -> Floats:
    """Return the latest offset in two frames for each subject, NaN where they hold none."""
    last = np.full(len(s["number"]), -np.inf)
    for frame, name in ((one, at), (other, until)):
        if frame is not None:
            each = frame.groupby("_i")[name].max()
            last[each.index] = np.maximum(last[each.index], each.to_numpy(dtype=float))
    return np.where(np.isinf(last), np.nan, last)


def _screen_twice(s: Subjects, frames: dict[str, pd.DataFrame]) -> None:
    """Give the re-screened person a first screening under another number, 30 days earlier, failed for infection."""
    rows = np.flatnonzero(s["rescreened"])
    if len(rows) == 0:
        return
    demography, eligibility = frames["DM"], frames["ELIG"]
    earlier = demography.loc[demography["_i"].isin(rows)].assign(_alt=0)
    earlier["ICFDAT"] -= 30
    check = eligibility.loc[eligibility["_i"].isin(rows)].assign(
        _alt=0, IEYN="No", IEYN_STD="N", ENRLYN="No", ENRLYN_STD="N"
    )
    check = check.assign(
        SCRNFAIL="Yes", IETESTCD="EXCL02", IECAT="EXCLUSION", REASON="Uncontrolled infection", ENRLDAT=np.nan
    )
    check["IEDAT"] -= 30
    ended = pd.DataFrame(
        {"_i": rows, "_alt": 0, "PHASE": "Screening", "PHASE_STD": "SCR", "REASON": "Screen failure", "COMMENT": None}
    )
    ended["DAT"] = s["scr"][rows] - 30
    held = pd.DataFrame({"_i": rows, "_alt": 0, "_tp": SCR, "VISYN": "Yes", "VISDAT": s["scr"][rows] - 30})
    held["_sort"] = held["VISDAT"]
    for name, extra in (("DM", earlier), ("ELIG", check), ("DISP", ended), ("VISIT", held)):
        frames[name] = pd.concat([frames[name], extra], ignore_index=True)
    label = [f"{site:02d}-{number:05d}" for site, number in zip(s["site"][rows], s["number"][rows], strict=True)]
    second = frames["DM"]["_i"].isin(rows) & (frames["DM"]["_alt"] != 0)
    frames["DM"]["PREVSUBJ"] = frames["DM"]["PREVSUBJ"].astype(object)
    frames["DM"].loc[second, "PREVSUBJ"] = label[0]
