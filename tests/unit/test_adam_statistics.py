"""Exact intervals, Kaplan-Meier, log-rank, competing risks against published numbers (edge case 20)."""

from __future__ import annotations

import numpy as np
import pytest

from adam.results.proportion import clopper_pearson, kappa
from adam.results.survival import (
    aalen_johansen,
    incidence_at,
    incidence_quantile,
    kaplan_meier,
    log_rank,
    quantile,
    rate_at,
)

TREATED = [6, 6, 6, -6, 7, -9, 10, -10, -11, 13, 16, -17, -19, -20, 22, 23, -25, -32, -32, -34, -35]
CONTROL = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
TIME, EVENT = np.abs(np.array(TREATED, dtype=float)), np.array(TREATED) > 0


@pytest.mark.parametrize(
    ("events", "total", "expected"),
    [
        (33, 35, (80.8, 99.3)),
        (30, 35, (69.7, 95.2)),
        (30, 33, (75.7, 98.1)),
        (35, 35, (90.0, 100.0)),
        (31, 35, (73.3, 96.8)),
        (0, 35, (0.0, 10.0)),
        (17, 35, (31.4, 66.0)),
        (8, 35, (10.4, 40.1)),
    ],
)
def test_exact_interval(events: int, total: int, expected: tuple[float, float]) -> None:
    """The exact interval of a proportion equals the published one to a tenth of a percent (case 20)."""
    low, high = clopper_pearson(events, total)
    assert (round(low * 100, 1), round(high * 100, 1)) == expected


def test_kaplan_meier_of_6_mercaptopurine() -> None:
    """Survival at 10 and 23 weeks and the median of the treated arm of Freireich's trial."""
    table = kaplan_meier(TIME, EVENT)
    assert round(rate_at(table, 10).value, 4) == 0.7529
    assert round(rate_at(table, 23).value, 4) == 0.4482
    assert quantile(table).value == 23


@pytest.mark.parametrize(("transform", "expected"), [("log-log", 13), ("linear", 13), ("log", 16)])
def test_lower_limit_of_the_median_depends_on_the_transform(transform: str, expected: float) -> None:
    """The lower limit is 13 weeks with log-log or linear limits, 16 with log."""
    assert quantile(kaplan_meier(TIME, EVENT), transform=transform).lower == expected  # type: ignore[arg-type]


def test_log_rank_of_both_arms() -> None:
    """The log-rank statistic against the control arm is 16.79."""
    time = np.concatenate([TIME, np.array(CONTROL, dtype=float)])
    event = np.concatenate([EVENT, np.ones(21, dtype=bool)])
    group = np.arange(42) < 21
    assert round(log_rank(time, event, group)[0], 2) == 16.79


def test_survival_without_events_is_one_without_limits() -> None:
    """Nobody with an event: no median, rate 1."""
    table = kaplan_meier(np.array([5.0, 8.0]), np.array([False, False]))
    assert np.isnan(quantile(table).value)
    assert rate_at(table, 6).value == 1.0


def test_competing_events_take_from_the_incidence() -> None:
    """Of four subjects, event, competing event, event, censored: incidence 1/4, then 1/4 + 1/2 x 1/2."""
    table = aalen_johansen(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1, 2, 1, 0]))
    assert table["INCIDENCE"].tolist() == [0.25, 0.25, 0.5]


def test_kappa() -> None:
    """Agreement 3 of 4 with chance 1/2 is a kappa of one half."""
    assert kappa(["A", "A", "B", "B"], ["A", "A", "B", "A"]) == pytest.approx(0.5)


def test_survival_of_the_control_arm() -> None:
    """All 21 controls had their event: median 8 weeks, 4 to 12 on the log scale."""
    control = np.array(CONTROL, dtype=float)
    found = quantile(kaplan_meier(control, np.ones(21, dtype=bool)), transform="log")
    assert (found.value, found.lower, found.upper) == (8, 4, 12)


def test_limits_of_a_rate() -> None:
    """Survival of the treated arm at 10 weeks has the limits 0.586 and 0.968 on the log scale."""
    found = rate_at(kaplan_meier(TIME, EVENT), 10, transform="log")
    assert (round(found.lower, 3), round(found.upper, 3)) == (0.586, 0.968)


def test_rate_after_the_last_observation_is_not_known() -> None:
    """A rate later than anybody was observed is missing, unless all had the event."""
    assert np.isnan(rate_at(kaplan_meier(TIME, EVENT), 40, last=35).value)
    control = np.array(CONTROL, dtype=float)
    assert rate_at(kaplan_meier(control, np.ones(21, dtype=bool)), 40, last=23).value == 0


def test_median_on_a_level_stretch_is_its_middle() -> None:
    """Survival of exactly one half from 2 to 4: the median is 3."""
    assert quantile(kaplan_meier(np.array([1.0, 2.0, 4.0, 5.0]), np.ones(4, dtype=bool))).value == 3


def test_two_survivors_give_no_upper_limit() -> None:
    """Where the last one at risk has the event the median has no upper limit."""
    found = quantile(kaplan_meier(np.array([1.0, 2.0]), np.ones(2, dtype=bool)), transform="log")
    assert (found.value, found.lower) == (1.5, 1.0)
    assert np.isnan(found.upper)


def test_log_rank_of_three_groups() -> None:
    """One event at 1, 2 and 3 in three groups of one: excess 2/3, 1/6, -5/6, chi-square 2.6 with 2 degrees."""
    statistic, freedom, p = log_rank(np.array([1.0, 2.0, 3.0]), np.ones(3, dtype=bool), np.array(["A", "B", "C"]))
    assert statistic == pytest.approx(2.6)
    assert (freedom, round(p, 4)) == (2, 0.2725)


def test_variance_of_the_incidence() -> None:
    """Nobody censored before: the variance is that of a proportion, 1/4 x 3/4 / 4 and 1/2 x 1/2 / 4."""
    table = aalen_johansen(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1, 2, 1, 0]))
    assert table["VARIANCE"].tolist() == pytest.approx([0.046875, 0.046875, 0.0625])


def test_incidence_without_competition_is_one_minus_survival() -> None:
    """With one cause incidence and variance are those of Kaplan-Meier and Greenwood."""
    table, km = aalen_johansen(TIME, EVENT.astype(np.int64)), kaplan_meier(TIME, EVENT)
    assert table["INCIDENCE"].to_numpy() == pytest.approx(1 - km["SURVIVAL"].to_numpy())
    assert table["VARIANCE"].to_numpy() == pytest.approx((km["SURVIVAL"] ** 2 * km["GREENWOOD"]).to_numpy())


def test_limits_of_the_incidence() -> None:
    """Incidence 1/2 with standard error 1/4: linear limits 0.010 and 0.990; before the first event 0."""
    table = aalen_johansen(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1, 2, 1, 0]))
    found = incidence_at(table, 3, transform="linear")
    assert (found.value, round(found.lower, 3), round(found.upper, 3)) == (0.5, 0.010, 0.990)
    assert incidence_at(table, 0.5).value == 0
    assert np.isnan(incidence_at(table, 9, last=4).value)
    everybody = aalen_johansen(np.array([1.0, 2.0, 3.0]), np.array([1, 2, 1]))
    assert round(incidence_at(everybody, 9, last=3).value, 12) == round(2 / 3, 12)
    assert incidence_quantile(table) == 3
    assert np.isnan(incidence_quantile(table, p=0.75))
