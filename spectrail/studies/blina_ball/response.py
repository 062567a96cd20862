"""Classify each marrow from the latent truth, by the default rule of the study (any count deficit is CRi)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from spectrail.studies.blina_ball.latent import Grid
from spectrail.studies.blina_ball.rng import Bools, Floats, Ints
from spectrail.studies.blina_ball.subjects import Subjects
from spectrail.studies.blina_ball.timeline import LAST_DAY, SCR

REMISSION = ("CR", "CRh", "CRi")


def marrows(s: Subjects, grid: Grid) -> pd.DataFrame:
    """Return one row per marrow in time order with its counts and its true class (`CLASS`, blank at screening)."""
    row, column = np.nonzero(grid["MARROW"] == 1)
    frame = pd.DataFrame({"_i": row, "_tp": column, "OFFSET": grid["OFFSET"][row, column]})
    for name in ("BLAST", "CELLS", "CELLUL", "ADEQ", "EMD", "CNS", "FLOW", "NGS"):
        frame[name] = grid[name][row, column]
    frame["PB"] = _near(grid["BLASTLE"], row, column)
    frame["ANC"] = _near(grid["NEUT"], row, column)
    frame["PLT"] = _near(np.where(_masked(grid), np.nan, grid["PLAT"]), row, column)
    frame["BASE"] = s["blast0"][row]
    frame = frame.sort_values(["_i", "OFFSET"], kind="stable", ignore_index=True)
    frame["CLASS"] = _classes(frame)
    return frame


def _near(values: Floats, row: Ints, column: Ints) -> Floats:
    """Take the value of the day, else the day after, else the day before."""
    found = values[row, column]
    daily = (column >= 1) & (column <= LAST_DAY)
    for step in (1, -1):
        near = np.clip(column + step, 0, values.shape[1] - 1)
        usable = daily & (column + step >= 1) & (column + step <= LAST_DAY)
        found = np.where(np.isnan(found) & usable, values[row, near], found)
    return found


def _masked(grid: Grid) -> Bools:
    """Mark platelet counts on the day of a platelet transfusion and the six days after it."""
    given = grid["TXPLT"] > 0
    masked = given.copy()
    for back in range(1, 7):
        masked[:, back + 1 : LAST_DAY + 1] |= given[:, 1 : LAST_DAY + 1 - back]
    return masked


def _classes(frame: pd.DataFrame) -> list[str]:
    blast, anc, plt, base = (frame[name].to_numpy() for name in ("BLAST", "ANC", "PLT", "BASE"))
    cells, core, adequate = (frame[name].to_numpy() for name in ("CELLS", "CELLUL", "ADEQ"))
    unknown_size = np.isnan(cells) & np.isnan(core)
    enough = (blast >= 5) | (cells >= 200) | (core >= 10) | (unknown_size & (adequate == 1))
    evaluable = ~np.isnan(blast) & enough
    elsewhere = (frame["PB"].to_numpy() > 0) | (frame["EMD"].to_numpy() == 1) | (frame["CNS"].to_numpy() == 3)
    counted = ~np.isnan(anc) & ~np.isnan(plt)
    clear = evaluable & (blast < 5) & ~elsewhere
    remission = np.select([(anc >= 1.0) & (plt >= 100), (anc >= 0.5) & (plt >= 50)], ["CR", "CRh"], "CRi")
    partial = (blast >= 5) & (blast <= 25) & (blast <= base / 2) & (anc >= 1.0) & (plt >= 100) & ~elsewhere
    classes = np.select([~evaluable, clear & ~counted, clear, partial], ["NE", "NE", remission, "PR"], "NR").astype(
        object
    )
    # `maximum.accumulate` within a subject: had an earlier marrow been a remission?
    first = frame["_tp"].to_numpy() == SCR
    reached = pd.Series(np.isin(classes, REMISSION) & ~first)
    before = reached.groupby(frame["_i"]).cumsum() - reached.astype(int)
    back = (before.to_numpy() > 0) & ((evaluable & (blast > 5)) | (elsewhere & (classes == "NR")))
    return list(np.where(first, "", np.where(back, "RELAPSE", classes)))
