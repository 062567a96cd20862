"""Draw the courses over time: blood counts, chemistry, marrow and measurable residual disease, on one grid."""

from __future__ import annotations

import numpy as np

from spectrail.studies.blina_ball.rng import Bools, Floats, Ints, Streams
from spectrail.studies.blina_ball.subjects import SCREEN_FAILURE, Subjects
from spectrail.studies.blina_ball.timeline import (
    CBC_DAYS,
    CHEMISTRY_DAYS,
    CONS,
    FU1,
    SCR,
    UNS1,
    UNS2,
    WIDTH,
    offsets,
    panel_columns,
)

Grid = dict[str, Floats]

CBC = ("WBC", "NEUT", "LYM", "NEUTLE", "PLAT", "HGB", "BLASTLE")
CHEMISTRY = ("ALT", "AST", "LDH", "BILI", "CREAT", "URATE", "FIBRINO")
MARROW = ("MARROW", "BLAST", "CELLS", "CELLUL", "ADEQ", "EMD", "CNS", "FLOW", "NGS")
NOT_DETECTED = 0.0


def between(time: Floats, knots: list[Floats], values: list[Floats]) -> Floats:
    """Interpolate linearly between knots that differ by subject: time (n, w), each knot and value (n,)."""
    out = np.repeat(values[0][:, None], time.shape[1], axis=1)
    for left, right, low, high in zip(knots, knots[1:], values, values[1:], strict=False):
        share = np.clip((time - left[:, None]) / (right - left)[:, None], 0.0, 1.0)
        out = np.where(time >= left[:, None], low[:, None] + share * (high - low)[:, None], out)
    return out


def draw_grid(s: Subjects, streams: Streams) -> Grid:
    """Return one array (n, WIDTH) per quantity in standard units, NaN where nothing was measured."""
    day = offsets(s["scr"], s["cons"], s["follow_up"], s["uns1"], s["relapse"])
    day[:, FU1:UNS1] = np.where(_missed(streams), np.nan, day[:, FU1:UNS1])
    grid: Grid = {"OFFSET": day}
    grid |= _counts(s, streams, day)
    grid |= _chemistry(streams, day)
    failed_liver = (s["status"] == SCREEN_FAILURE) & (s["criterion"] == 3)
    grid["BILI"][:, SCR] = np.where(failed_liver, 77.0, grid["BILI"][:, SCR])
    alive = (day <= s["last"][:, None]) & (s["treated"][:, None] | (day == s["scr"][:, None]))
    follow_up_ends = np.fmin(s["relapse"], s["nact"])[:, None]
    wanted = alive & ~((np.arange(WIDTH) >= FU1) & (np.arange(WIDTH) < UNS1) & (day >= follow_up_ends))
    wanted[:, UNS1] = False
    grid["VISITED"] = wanted.astype(np.float64)
    _keep(grid, CBC, wanted & _member(CBC_DAYS, s, day))
    _keep(grid, CHEMISTRY, wanted & _member(CHEMISTRY_DAYS, s, day))
    grid["NEUTLE"] = np.where((s["site"] == 3)[:, None], grid["NEUTLE"], np.nan)
    grid |= _marrow(s, streams, wanted)
    return grid


def _missed(streams: Streams) -> Bools:
    return np.asarray(streams.uniform("missed", 8) < 0.03)


def _member(days: tuple[int, ...], s: Subjects, day: Floats) -> Bools:
    """Mark the grid columns of a panel; an extended subject has blood taken with the day 37 marrow too."""
    member = np.zeros(day.shape, dtype=bool)
    member[:, panel_columns(days)] = True
    member[:, 37] |= s["ext"]
    before_consolidation = ~(day >= s["cons"][:, None]) | (np.arange(WIDTH) >= CONS)
    return np.asarray(member & before_consolidation)


def _keep(grid: Grid, names: tuple[str, ...], mask: Bools) -> None:
    for name in names:
        grid[name] = np.where(mask, grid[name], np.nan)


def _counts(s: Subjects, streams: Streams, day: Floats) -> Grid:
    """Fall, nadir and recovery of the blood counts, log-linear between subject-specific knots."""
    n, time = len(s["number"]), np.nan_to_num(day, nan=400.0)
    z = streams.normal("counts", 8)
    noise = {name: np.exp(0.06 * streams.normal(f"noise {name}", WIDTH)) for name in ("NEUT", "LYM", "PLAT", "HGB")}
    first, log = np.zeros(n), np.log
    nadir_day = 9.0 + np.floor(4 * streams.one("anc nadir day"))
    half_day = np.maximum(17 + 2.5 * z[:, 0], nadir_day + 2)
    anc0 = np.clip(np.exp(log(0.85) + 0.78 * z[:, 1]), 0.1, 3.0)
    knots = [first, nadir_day, half_day, half_day + 4, half_day + 16]
    levels = [
        log(anc0),
        log(np.clip(0.12 * np.exp(0.5 * z[:, 2]), 0.03, 0.4)),
        first + log(0.5),
        first,
        first + log(3.2),
    ]
    neut = np.exp(between(time, knots, levels)) * noise["NEUT"]
    lym = np.exp(
        between(time, [first, first + 5, first + 30], [first + log(1.1), first + log(0.35), first + log(1.3)])
    )
    low_day = 7.0 + np.floor(4 * streams.one("platelet nadir day"))
    fifty = np.maximum(16 + 2.0 * z[:, 3], low_day + 3)
    plt0 = np.clip(np.exp(log(48) + 0.6 * z[:, 4]), 15, 150)
    lowest = np.minimum(np.clip(42 * np.exp(0.6 * z[:, 5]), 6, 140), plt0)
    middle = np.maximum(lowest * 1.05, 50)
    steps = [log(plt0), log(lowest), log(middle), log(np.maximum(middle, 100)), first + log(215)]
    platelets = np.exp(between(time, [first, low_day, fifty, fifty + 5, fifty + 20], steps)) * noise["PLAT"]
    hgb0 = np.clip(86 + 14 * z[:, 6], 62, 130)
    hgb = (
        between(time, [first, first + 14, first + 90], [hgb0, np.maximum(hgb0 - 12, 60), first + 122]) * noise["HGB"]
    )
    wbc0 = np.clip(np.exp(log(9.5) + 1.37 * z[:, 7]), anc0 + 1.2, 300)
    burden = np.clip(1 - time / 6.0, 0, 1) ** 2
    blasts = np.maximum(wbc0 - anc0 - 1.1, 0)[:, None] * burden
    neut, lym = np.round(neut, 2), np.round(lym * noise["LYM"], 2)
    wbc = np.round((neut + lym + blasts) * 1.06, 2)
    percent = np.where(blasts >= 0.05, np.round(100 * blasts / wbc, 1), 0.0)
    relapsed = np.arange(WIDTH) == UNS2
    percent = np.where(relapsed & ~s["cns_relapse"][:, None], np.round(s["relapse_blast"] * 0.2)[:, None], percent)
    wbc = np.where(relapsed, np.round((neut + lym) / (1 - percent / 100), 2), wbc)
    return {
        "WBC": wbc,
        "NEUT": neut,
        "LYM": lym,
        "NEUTLE": np.round(100 * neut / wbc, 1),
        "PLAT": np.round(platelets),
        "HGB": np.round(hgb),
        "BLASTLE": percent,
    }


def _chemistry(streams: Streams, day: Floats) -> Grid:
    """Chemistry around subject-specific levels, liver values with a hump in the second week."""
    time = np.nan_to_num(day, nan=400.0)
    z = streams.normal("chemistry", 8)
    hump = np.exp(-(((time - 9) / 5.0) ** 2)) * np.clip(0.7 * z[:, 0] + 0.5, 0, 2.2)[:, None]

    def wobble(name: str, spread: float) -> Floats:
        return np.exp(spread * streams.normal(f"noise {name}", WIDTH))

    alt = 24 * np.exp(0.3 * z[:, 1])[:, None] * np.exp(hump) * wobble("ALT", 0.12)
    lysis = np.exp(np.clip(1.1 + 0.6 * z[:, 2], 0, 2.5)[:, None] * np.exp(-np.maximum(time + 1, 0) / 6.0))
    return {
        "ALT": np.round(alt),
        "AST": np.round(alt * 0.8 * wobble("AST", 0.15)) + 1,
        "LDH": np.round(170 * np.exp(0.12 * z[:, 3])[:, None] * lysis * wobble("LDH", 0.08)),
        "BILI": np.round(9 * np.exp(0.25 * z[:, 4])[:, None] * np.exp(0.5 * hump) * wobble("BILI", 0.12), 1),
        "CREAT": np.round(62 * np.exp(0.15 * z[:, 5])[:, None] * wobble("CREAT", 0.06)),
        "URATE": np.round(260 * np.exp(0.15 * z[:, 6])[:, None] * lysis**0.25 * wobble("URATE", 0.08)),
        "FIBRINO": np.round(2.8 * np.exp(0.12 * z[:, 7])[:, None] * np.exp(-0.3 * hump) * wobble("FIBRINO", 0.08), 2),
    }


def _marrow(s: Subjects, streams: Streams, wanted: Bools) -> Grid:
    """Marrow findings at screening, day 22, day 37 when extended, each follow-up visit and relapse."""
    at = np.zeros(wanted.shape, dtype=bool)
    at[:, [SCR, 22, UNS2, *range(FU1, UNS1)]] = True
    at[:, 37] = s["ext"]
    at &= wanted
    columns = np.arange(WIDTH)
    blast = np.round(2.5 * streams.uniform("remission blast", WIDTH), 1)
    blast[:, SCR], blast[:, 22], blast[:, 37] = s["blast0"], s["blast22"], s["blast37"]
    blast[:, UNS2] = np.where(s["cns_relapse"], 1.0, s["relapse_blast"])
    emd, cns = np.zeros(at.shape), np.ones(at.shape)
    emd[:, SCR], cns[:, SCR] = s["emd0"], s["cns0"]
    cns[:, UNS2] = np.where(s["cns_relapse"], 3, 1)
    flow = _flow(s, streams, blast)
    ngs = np.where(flow > 0, flow * np.exp(0.4 * streams.normal("ngs", WIDTH)), _trace(streams))
    cells = np.where(blast >= 5, 200 + np.floor(streams.uniform("cells", WIDTH) * 300), 200 + columns * 0 + 50.0)
    core = np.round(20 + 60 * streams.uniform("cellularity", WIDTH))
    core[:, SCR] = np.round(70 + 25 * streams.uniform("cellularity", 1)[:, 0])
    with_core = np.isin(columns, [SCR, 22, 37, UNS2])[None, :]
    with_ngs = s["has_ngs"][:, None] & np.isin(columns, [SCR, 22, 37, FU1 + 1, FU1 + 3])[None, :]
    values = {
        "MARROW": np.ones(at.shape),
        "BLAST": blast,
        "CELLS": cells,
        "CELLUL": np.where(with_core, core, np.nan),
        "ADEQ": np.ones(at.shape),
        "EMD": emd,
        "CNS": cns,
        "FLOW": flow,
        "NGS": np.where(with_ngs, np.minimum(np.round(ngs, 6), 0.99), np.nan),
    }
    return {name: np.where(at, value, np.nan) for name, value in values.items()}


def _flow(s: Subjects, streams: Streams, blast: Floats) -> Floats:
    """Flow MRD as a proportion of nucleated cells; 0 is not detected."""
    u = streams.uniform("flow", 4)
    flow = np.zeros(blast.shape)
    high = np.round(10.0 ** (-3.9 + 1.9 * u[:, 0]), 6)
    high = np.where(s["nr22"], np.round(s["blast22"] / 100 * 0.8, 4), high)
    low = np.round(2e-5 + 7e-5 * u[:, 1], 6)
    kind: Ints = s["mrdclass"]
    flow[:, 22] = np.where(kind == 2, high, np.where(kind == 1, low, NOT_DETECTED))
    flow[:, 37] = np.where(s["cleared37"], NOT_DETECTED, np.round(flow[:, 22] * 0.05 + 2e-4, 6))
    lingering = (kind == 2) & (u[:, 2] < 0.25)
    flow[:, FU1] = np.where(lingering, low, NOT_DETECTED)
    flow[:, SCR], flow[:, UNS2] = np.round(blast[:, SCR] * 0.0095, 3), np.round(blast[:, UNS2] * 0.0095, 4)
    return flow


def _trace(streams: Streams) -> Floats:
    """NGS reaches deeper: a third of what flow does not see is 1 to 50 copies per million."""
    u = streams.uniform("trace", WIDTH)
    return np.where(u < 0.3, np.round(1e-6 + 1.6e-4 * u, 6), NOT_DETECTED)
