"""The columns of every latent grid: screening, days 1-45, consolidation, follow-up and unscheduled visits.

An *offset* is a number of days from the first dose (day 1 has offset 0, the day before it -1), so offsets add up
where study days, which have no zero, do not.
"""

from __future__ import annotations

import numpy as np

from spectrail.studies.blina_ball.facts import table
from spectrail.studies.blina_ball.rng import Floats, Ints

SCR = 0
LAST_DAY = 45
CONS = LAST_DAY + 1
FOLLOW_UPS = 8
FU1 = CONS + 1
UNS1 = FU1 + FOLLOW_UPS
UNS2 = UNS1 + 1
WIDTH = UNS2 + 1

CBC_DAYS = (1, 4, 6, 8, 10, 11, 12, 14, 15, 16, 18, 20, 22, 25, 29, 32, 36, 39, 42)
CHEMISTRY_DAYS = (1, 4, 8, 11, 15, 18, 22, 25, 29, 36, 42)
VISIT_DAYS = (1, 4, 8, 11, 15, 18, 22, 29, 37, 42)

_NAMED = {"SCR": SCR, "CONS": CONS, "UNS1": UNS1, "UNS2": UNS2} | {f"FU{k}": FU1 + k - 1 for k in range(1, 9)}


def column(key: int | str) -> int:
    """Return the grid column of a study day (1-45) or of SCR, CONS, FU1-FU8, UNS1, UNS2."""
    return key if isinstance(key, int) else _NAMED[key]


def offset(study_day: int) -> int:
    """Return the offset of a study day (which is never 0)."""
    return study_day - 1 if study_day > 0 else study_day


def folder_index() -> dict[str, int]:
    """Return the row of each folder in `tables/visits.csv`."""
    return {row["FOLDER"]: position for position, row in enumerate(table("visits"))}


def column_folders() -> tuple[Ints, Ints]:
    """Return the folder of every grid column, without and with the extension, int64 (WIDTH,) each."""
    index = folder_index()
    days = np.array(VISIT_DAYS)
    plain = np.empty(WIDTH, dtype=np.int64)
    plain[SCR], plain[CONS] = index["SCR"], index["CONS1"]
    extended = plain.copy()
    for day in range(1, LAST_DAY + 1):
        reached = days[days <= day]
        extended[day] = index[f"D{reached[-1]}"]
        plain[day] = index[f"D{reached[reached != 37][-1]}"]
    for k in range(FOLLOW_UPS):
        plain[FU1 + k] = extended[FU1 + k] = index[f"FU{k + 1}"]
    plain[UNS1:] = extended[UNS1:] = index["UNS"]
    extended[[SCR, CONS]] = plain[[SCR, CONS]]
    return plain, extended


def panel_columns(days: tuple[int, ...]) -> list[int]:
    """Return the grid columns of a panel taken on the given days and at every named visit but UNS1."""
    return [SCR, *days, CONS, *range(FU1, FU1 + FOLLOW_UPS), UNS2]


def offsets(scr: Floats, cons: Floats, follow_up: Floats, uns1: Floats, uns2: Floats) -> Floats:
    """Return the offset of every grid column for each subject, float64 (n, WIDTH), NaN where there is none."""
    grid = np.empty((len(scr), WIDTH))
    grid[:, SCR], grid[:, CONS], grid[:, UNS1], grid[:, UNS2] = scr, cons, uns1, uns2
    grid[:, 1 : LAST_DAY + 1] = np.arange(LAST_DAY)
    grid[:, FU1:UNS1] = follow_up
    return grid
