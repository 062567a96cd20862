"""The fixed list of deliberate cases, and how they override what was drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from spectrail.studies.blina_ball.case import Case, Op
from spectrail.studies.blina_ball.cases_findings import DOSE_CASES, LAB_CASES, MRD_CASES
from spectrail.studies.blina_ball.cases_recovery import RECOVERY_CASES
from spectrail.studies.blina_ball.cases_response import RESPONSE_CASES
from spectrail.studies.blina_ball.cases_safety import SAFETY_CASES
from spectrail.studies.blina_ball.facts import CUTOFF, day_number, forms
from spectrail.studies.blina_ball.latent import Grid
from spectrail.studies.blina_ball.subjects import TREATED, Subjects
from spectrail.studies.blina_ball.timeline import column, offset
from spectrail.studies.blina_ball.treatment import MINUTES, SEGMENT

CASES: tuple[Case, ...] = (*RESPONSE_CASES, *RECOVERY_CASES, *MRD_CASES, *LAB_CASES, *DOSE_CASES, *SAFETY_CASES)

_DAYS = frozenset(
    {"death", "relapse", "hsct", "cons", "withdraw", "lost", "nact", "stop", "uns1", "known_alive", "death_known"}
)
_ORDINARY: dict[str, Any] = {
    "plain": False,
    "site": 1,
    "status": TREATED,
    "nr22": False,
    "ext": False,
    "mrdclass": 0,
    "poorlod": False,
    "blast22": 1.0,
    "death": np.nan,
    "relapse": np.nan,
    "hsct": np.nan,
    "withdraw": np.nan,
    "lost": np.nan,
    "nact": np.nan,
    "cause": 0,
    "emd0": False,
    "cns0": 1,
    "has_ngs": False,
    "nact_kind": 1,
    "cleared37": True,
}


def case_subjects(s: Subjects) -> list[tuple[int, Case]]:
    """Return the row in this block of every deliberate case; the cases are the first subjects of the study."""
    rows = {int(number): row for row, number in enumerate(s["number"][: len(CASES)])}
    return [(rows[number], case) for number, case in enumerate(CASES, start=1) if number in rows]


def override_subjects(s: Subjects) -> None:
    """Give each case the facts of an ordinary responder and then its own, in place."""
    s["rescreened"] = np.zeros(len(s["number"]), dtype=bool)
    for row, case in case_subjects(s):
        for name, value in _ORDINARY.items():
            s[name][row] = value
        for name, value in case.facts.items():
            _set_fact(s, row, name, value)
        if "relapse" in case.facts and "nact" not in case.facts:
            s["nact"][row] = s["relapse"][row] + 7


def _set_fact(s: Subjects, row: int, name: str, value: Any) -> None:
    enrolled, cutoff = s["enrl"][row], float(CUTOFF - s["trt0"][row])
    named = {"enrl": enrolled, "before enrl": enrolled - 1, "cutoff+2": cutoff + 2}
    if name == "trt0":
        s["trt0"][row] = day_number(value)
    elif name == "follow_up1":
        s["follow_up"][row, 0] = offset(value)
    elif value is None:
        s[name][row] = np.nan
    elif value in named:
        s[name][row] = named[value]
    else:
        s[name][row] = offset(value) if name in _DAYS else value


def override_grid(s: Subjects, grid: Grid) -> None:
    """Put the values of each case on the grid, in place; None removes a measurement."""
    for row, case in case_subjects(s):
        for name, values in case.grid.items():
            for key, value in values.items():
                grid[name][row, column(key)] = np.nan if value is None else value


def own_segments(s: Subjects) -> pd.DataFrame:
    """Return the blinatumomab segments that cases prescribe."""
    rows = [
        [row, "IND", 0, _minute(start), _minute(end), float(dose), float(MINUTES), reason or None, resume]
        for row, case in case_subjects(s)
        for start, end, dose, _, reason, resume in case.doses
    ]
    frame = pd.DataFrame(rows, columns=SEGMENT)
    return frame.astype({"_i": int, "start": float, "end": float, "dose": float, "reason": object, "resume": float})


def _minute(text: str) -> float:
    day, clock = text.split(" ")
    hours, minutes = clock.split(":")
    return float(offset(int(day[1:])) * MINUTES + int(hours) * 60 + int(minutes))


def override_forms(s: Subjects, frames: dict[str, pd.DataFrame]) -> None:
    """Apply the `add`, `change` and `drop` operations of each case to the clean forms, in place of the frames."""
    added: dict[str, list[dict[str, Any]]] = {}
    for row, case in case_subjects(s):
        for op in case.ops:
            if op.kind == "add":
                added.setdefault(op.form, []).append({"_i": row} | _typed(op))
    for form, rows in added.items():
        extra = pd.DataFrame(rows)
        for name in extra.columns.intersection(frames[form].columns):
            if extra[name].isna().all():
                extra[name] = extra[name].astype(frames[form][name].dtype)
        frames[form] = pd.concat([frames[form], extra], ignore_index=True)
    for row, case in case_subjects(s):
        for op in case.ops:
            if op.kind in ("change", "drop"):
                frames[op.form] = _change(frames[op.form], op, row)


def _change(frame: pd.DataFrame, op: Op, row: int) -> pd.DataFrame:
    hit = selected(frame, op, row)
    if op.kind == "drop":
        return frame.loc[~hit].reset_index(drop=True)
    for name, value in _typed(op).items():
        frame[name] = frame[name].astype(object) if isinstance(value, str) else frame[name]
        frame.loc[hit, name] = np.nan if value is None else value
    return frame


def selected(frame: pd.DataFrame, op: Op, row: int) -> pd.Series:
    """Mark the rows of a case that an operation means; none is a mistake in the list of cases."""
    hit = frame["_i"] == row
    for name, value in op.where.items():
        hit &= frame[name] == (column(value) if name == "_tp" else value)
    if not hit.any():
        raise ValueError(f"no row of {op.form} holds {dict(op.where)} for case subject {row + 1}")
    return hit


def _typed(op: Op) -> dict[str, Any]:
    kinds = {field.name: field.type for field in forms()[op.form].fields}
    values: dict[str, Any] = {}
    for name, value in op.values.items():
        if kinds.get(name) == "date" and value is not None:
            value = float(offset(value))
        elif kinds.get(name) == "time" and value is not None:
            value = float(int(value[:2]) * 60 + int(value[3:]))
        elif name == "_tp":
            value = column(value)
        values[name] = value
    return values
