"""Draw what is true of each subject as a whole: person, disease, response, events, follow-up."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from spectrail.studies.blina_ball.facts import CUTOFF, FIRST_CONSENT, LAST_CONSENT
from spectrail.studies.blina_ball.rng import Bools, Floats, Ints, Streams
from spectrail.studies.blina_ball.timeline import FOLLOW_UPS

SCREEN_FAILURE, NEVER_DOSED, TREATED = 0, 1, 2
Subjects = dict[str, npt.NDArray[Any]]

# How many of the 35 published subjects had what; ranks of a uniform pick who.
PUBLISHED_NOT_REMITTED, PUBLISHED_MRD_POSITIVE, PUBLISHED_POOR_RISK = 2, 5, 17
PAUSE_MINUTES = np.array([180.0, 300.0, 420.0, 720.0, 1440.0])
PUBLISHED_RELAPSES, PUBLISHED_DEATHS = 6, 1


def _lowest(values: Floats, count: int) -> Bools:
    """Mark the `count` lowest values."""
    return np.asarray(np.argsort(np.argsort(values, kind="stable"), kind="stable") < count)


def _never(n: int) -> Floats:
    return np.full(n, np.nan)


def draw_subjects(streams: Streams, numbers: Ints, *, profile: str) -> Subjects:
    """Return one array (n,) per fact; dates are days since 1970-01-01, all other times offsets from day 1."""
    n = len(numbers)
    s: Subjects = {"number": numbers, "plain": np.ones(n, dtype=bool)}
    s["site"] = streams.choice("site", [60, 25, 15]) + 1
    _draw_person(s, streams, n)
    _draw_calendar(s, streams)
    _draw_disease(s, streams, profile)
    _draw_response(s, streams, profile)
    _draw_events(s, streams, profile)
    return s


def _draw_person(s: Subjects, streams: Streams, n: int) -> None:
    s["age"] = np.floor(np.clip(35 + 12.5 * streams.normal("age", 1)[:, 0], 15, 59.9)).astype(np.int64)
    s["birth_shift"] = streams.integers("birth", 2, 330)
    s["male"] = streams.one("sex") < 0.5
    z = streams.normal("body", 2)
    s["height"] = np.round(np.where(s["male"], 171.0, 160.0) + 6 * z[:, 0])
    s["weight"] = np.round(np.where(s["male"], 68.0, 57.0) + 8 * np.clip(z[:, 1], -2, 3), 1)
    s["bsa"] = np.round(np.sqrt(s["height"] * s["weight"] / 3600.0), 2)
    status = np.full(n, TREATED)
    u = streams.one("status")
    status[u < 0.12] = SCREEN_FAILURE
    status[(u >= 0.12) & (u < 0.14)] = NEVER_DOSED
    s["status"] = status
    s["criterion"] = streams.choice("criterion", [1, 2, 3, 3, 1, 4, 2, 2])


def _draw_calendar(s: Subjects, streams: Streams) -> None:
    s["enrl"] = -streams.integers("enrolment", 1, 3).astype(np.float64)
    s["scr"] = s["enrl"] - streams.integers("screening", 1, 4)
    s["icf"] = s["scr"] - streams.integers("consent", 0, 2)
    consent = FIRST_CONSENT + np.floor(streams.one("accrual") * (LAST_CONSENT - FIRST_CONSENT)).astype(np.int64)
    s["trt0"] = (consent - s["icf"]).astype(np.int64)
    s["dose_minute"] = streams.integers("dose time", 20, 23) * 30


def _draw_disease(s: Subjects, streams: Streams, profile: str) -> None:
    s["blast0"] = np.round(60 + 35 * streams.one("blast0"))
    s["emd0"] = streams.one("emd") < 0.1
    s["emdsite"] = streams.choice("emd site", [5, 4, 1])
    s["cns0"] = streams.choice("cns", [90, 7, 3]) + 1
    s["ecog0"] = streams.choice("ecog", [35, 45, 15, 5])
    s["cd19"] = np.round(80 + 19.9 * streams.one("cd19"), 1)
    s["cd22"] = np.round(40 + 59 * streams.one("cd22"), 1)
    u = streams.one("risk")
    s["poor"] = _lowest(u, PUBLISHED_POOR_RISK) if profile == "publication" else u < 0.49
    s["poorkind"] = streams.choice("risk kind", [3, 3, 2, 3])


def _draw_response(s: Subjects, streams: Streams, profile: str) -> None:
    n = len(s["number"])
    u, v = streams.one("response"), streams.one("mrd class")
    s["nr22"] = _lowest(u, PUBLISHED_NOT_REMITTED) if profile == "publication" else u < 2 / 36
    if profile == "publication":
        order = np.where(s["nr22"], v - 1, v)
        positive = _lowest(order, PUBLISHED_MRD_POSITIVE)
        low = ~positive & _lowest(np.where(positive, v + 1, v), PUBLISHED_MRD_POSITIVE + 2)
        s["poorlod"] = np.zeros(n, dtype=bool)
        cleared = s["nr22"] & ~_lowest(np.where(s["nr22"], u, 2.0), 1)
    else:
        positive, low = (v < 0.14) | s["nr22"], (v >= 0.14) & (v < 0.20) & ~s["nr22"]
        s["poorlod"] = ~positive & ~low & (v > 0.97)
        cleared = streams.one("cleared") < 0.5
    s["mrdclass"] = np.where(positive, 2, np.where(low, 1, 0))
    s["cleared37"] = cleared
    w = streams.one("blast22")
    s["blast22"] = np.where(s["nr22"], np.round(6 + 30 * w, 1), np.round(4.0 * w * w, 1))
    s["blast37"] = np.round(4.0 * streams.one("blast37") ** 2, 1)
    s["ext"] = s["nr22"].copy()
    s["has_ngs"] = streams.one("ngs done") < 0.6


def _draw_events(s: Subjects, streams: Streams, profile: str) -> None:
    n = len(s["number"])
    early = (streams.one("early death") < 0.01) & (profile != "publication")
    death = np.where(early, streams.integers("early death day", 9, 19), np.nan)
    quit_ = (streams.one("withdrawal") < 0.015) & ~early & (profile != "publication")
    s["withdraw"] = np.where(quit_, streams.integers("withdrawal day", 9, 59), np.nan).astype(np.float64)
    gone = (streams.one("lost") < 0.02) & ~early & ~quit_ & (profile != "publication")
    s["lost"] = np.where(gone, streams.integers("lost day", 60, 300), np.nan).astype(np.float64)
    s["cons"] = np.where(s["ext"], 47, 45) + streams.integers("consolidation", 0, 5).astype(np.float64)
    published = profile == "publication"
    u, v = streams.one("relapse"), streams.one("death relapse")
    relapsing = _lowest(u, PUBLISHED_RELAPSES) if published else (u < 0.17) & ~early & ~quit_
    s["relapse"] = np.where(relapsing, 100 + np.floor(streams.one("relapse day") * 330), np.nan)
    s["relapse_blast"] = np.round(20 + 70 * streams.one("relapse blast"))
    s["cns_relapse"] = np.zeros(n, dtype=bool)
    later = s["relapse"] + streams.integers("death after relapse", 20, 120)
    dies = relapsing & (_lowest(u, PUBLISHED_DEATHS) if published else v < 0.2)
    s["death"] = np.where(dies, later, death)
    s["cause"] = np.where(early, 1, 0)
    donor = 90 + np.floor(streams.one("hsct day") * 91)
    grafted = (streams.one("hsct") < 0.42) & ~(s["relapse"] < donor + 8)
    s["hsct"] = np.where(grafted, donor, np.nan)
    s["donor"] = streams.choice("donor", [3, 2, 5])
    s["nact"], s["nact_kind"] = s["relapse"] + 7, np.ones(n, dtype=np.int64)
    s["stop"], s["stop_kind"] = _never(n), np.zeros(n, dtype=np.int64)
    _draw_pause(s, streams)
    s["uns1"], s["mrd_lod"] = _never(n), np.full(n, 1e-4)
    s["known_alive"], s["death_known"] = _never(n), _never(n)
    jitter = np.floor(streams.uniform("follow-up", FOLLOW_UPS) * 7)
    s["follow_up"] = 89.0 + 90.0 * np.arange(FOLLOW_UPS) + jitter


def _draw_pause(s: Subjects, streams: Streams) -> None:
    """Pause the infusion of one in ten once, between day 13 and day 18: when (minutes from day 1), how long, why."""
    s["pause"] = streams.one("pause") < 0.10
    hours = np.floor((5 + 5 * streams.one("pause day")) * 24)
    s["pause_at"] = 7 * 1440.0 + s["dose_minute"] + 60 * hours
    s["pause_length"] = PAUSE_MINUTES[streams.choice("pause length", [1, 3, 2, 2, 2])]
    s["pause_kind"] = streams.choice("pause reason", [4, 2, 1, 2])


def settle_subjects(s: Subjects) -> None:
    """Make the drawn and the deliberate facts agree, in place: nothing after the end of follow-up.

    Adds `last` (offset of the last contact), `off_study`, `treated`; clears events that the subject did not live,
    or stay, to see.
    """
    status = s["status"]
    s["treated"] = status == TREATED
    untreated = ~s["treated"]
    failed = status == SCREEN_FAILURE
    s["age"] = np.where(failed & (s["criterion"] == 0), 60 + s["number"] % 8, s["age"])
    s["ecog0"] = np.where(failed & (s["criterion"] == 4), 4, s["ecog0"])
    for name in ("relapse", "hsct", "cons", "nact", "withdraw", "lost", "stop", "uns1"):
        s[name] = np.where(untreated, np.nan, s[name])
    s["death"] = np.where(untreated & s["plain"], np.nan, s["death"])
    cut = (CUTOFF - s["trt0"]).astype(np.float64)
    ends = np.fmin(np.fmin(s["death"], s["withdraw"]), np.fmin(s["lost"], cut))
    left = np.where(
        status == SCREEN_FAILURE, s["scr"], np.where(status == NEVER_DOSED, np.fmin(s["death"], 20), ends)
    )
    s["last"] = np.fmin(left, s["known_alive"])
    s["pause"] &= s["plain"] & s["treated"] & ~((s["pause_at"] + s["pause_length"]) // 1440 >= s["last"])
    for name in ("relapse", "hsct", "cons", "nact", "uns1"):
        s[name] = np.where(s[name] > s["last"], np.nan, s[name])
    s["nact"] = np.where(s["nact"] + 0 >= s["death"], np.nan, s["nact"])
    s["cons"] = np.where(s["cons"] >= np.fmin(s["nact"], np.fmin(s["relapse"], s["stop"])), np.nan, s["cons"])
    s["hsct"] = np.where(s["hsct"] >= s["nact"], np.nan, s["hsct"])
    # A death that stopped being reached (after the cut-off, after leaving) is unknown to the study.
    known = s["death"] <= np.fmin(np.fmin(s["withdraw"], s["lost"]), cut)
    s["death"] = np.where(known | ~s["plain"], s["death"], np.nan)
