"""Exposure: cumulative dose, duration, intensity, interruptions, single doses."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from adam import imputation, selection
from adam.catalog import DERIVATIONS
from adam.derivations.baseline import significant
from adam.derivations.rows import set_values
from spectrail import frames
from spectrail.errors import SpecError
from spectrail.lineage import expand_ranges
from spectrail.steps import ColumnName, Positions, Records

Floats = npt.NDArray[np.float64]
_HOUR = 3_600_000_000
MEASURES = (
    "dose",
    "days",
    "hours",
    "dose_days",
    "interruptions",
    "interrupted_hours",
    "intensity",
    "records",
    "steps",
)
"""What `derive_param_exposure` can measure."""


@DERIVATIONS.records(
    method={
        "@by_vars": "{target} of the dosing records",
        "AVAL": "measured over the dosing records ({dose} above 0) of each {by_vars}: {parameters:measures}",
        "": "name of what is measured over the dosing records of each {by_vars}: {parameters:values}",
    }
)
def derive_param_exposure(
    frame: pd.DataFrame,
    *,
    by_vars: tuple[ColumnName, ...] = ("USUBJID", "EXTRT"),
    parameters: tuple[dict[str, str], ...],
    dose: ColumnName = "EXDOSE",
    start_date: ColumnName = "ASTDTM",
    end_date: ColumnName = "AENDTM",
    interruption_min_hours: float = 4,
    planned_var: str = "",
    keep_vars: tuple[ColumnName, ...] = (),
) -> Records:
    """Turn dosing records (one per interval of constant dose) into one record per parameter and group.

    `parameters` are mappings with `measure` and the variables to set (PARAMCD, PARAM, ...). Measures: `dose`
    the sum of dose times duration in days (a record within a day counts as one day); `days` days with dosing, `hours`
    the infusion time; `interruptions` gaps between records of at least `interruption_min_hours` and
    `interrupted_hours` their length; `intensity` dose in percent of `planned_var`; `dose_days`, `records`, `steps`
    (changes of dose). Records of dose 0 are no dosing. All dosing records are the origin.
    """
    rows = np.flatnonzero(frame[dose].to_numpy(dtype=np.float64, na_value=np.nan) > 0).astype(np.int64)
    part = frame.iloc[rows]
    codes, count = frames.group_codes(selection.columns(part, by_vars))
    measured = _measures(part, codes, count, dose, start_date, end_date, interruption_min_hours)
    if planned_var:
        first = frames.first_positions(codes, count)
        planned = selection.column(part, planned_var).to_numpy(dtype=np.float64)[first]
        with np.errstate(divide="ignore", invalid="ignore"):
            measured["intensity"] = np.where(planned > 0, measured["dose"] / planned * 100, np.nan)
    heads = part.iloc[frames.first_positions(codes, count)][[*dict.fromkeys((*by_vars, *keep_vars))]]
    pieces, providers = [], []
    for one in parameters:
        name = one.get("measure", "")
        if name not in measured:
            raise SpecError(f"measure {name!r} is not one of {', '.join(measured)}")
        values = {key: value for key, value in one.items() if key != "measure"}
        piece = heads.reset_index(drop=True).assign(AVAL=significant(measured[name], 12))
        pieces.append(set_values(piece, values, frame))
        providers.append(rows[frames.first_positions(codes, count)])
    made = pd.concat(pieces, ignore_index=True) if pieces else heads.iloc[:0]
    numbers = np.arange(len(parameters), dtype=np.int64)
    links = (np.concatenate([codes + n * count for n in numbers]), np.tile(rows, len(numbers)))
    return Records(made, np.concatenate(providers), links=links)


def _measures(
    part: pd.DataFrame, codes: Positions, count: int, dose: str, start_date: str, end_date: str, least_gap: float
) -> dict[str, Floats]:
    start, end = imputation.as_instants(part[start_date]), imputation.as_instants(part[end_date])
    end = np.where(np.isnat(end), start, end)
    hours = (end - start).astype(np.int64) / _HOUR
    hours = np.where(np.isnat(start), 0.0, np.maximum(hours, 0.0))
    first_day, last_day = start.astype("datetime64[D]"), end.astype("datetime64[D]")
    days = np.where(np.isnat(start), 0, (last_day - first_day).astype(np.int64) + 1).astype(np.float64)
    timed = (start != first_day.astype("datetime64[us]")) | (end != last_day.astype("datetime64[us]"))
    span = np.where(timed, hours / 24, days)
    amount = part[dose].to_numpy(dtype=np.float64)
    order = np.lexsort((end.astype(np.int64), start.astype(np.int64), codes))
    same = codes[order][1:] == codes[order][:-1]
    gap = (start[order][1:] - end[order][:-1]).astype(np.int64) / _HOUR
    gap = np.where(timed[order][1:] & timed[order][:-1], gap, np.maximum(gap - 24, 0.0))
    counts = same & (gap > 0) & (gap >= least_gap)
    stepped = same & (amount[order][1:] != amount[order][:-1])
    at = codes[order][1:]
    return {
        "dose": _sum(codes, amount * span, count),
        "dose_days": _sum(codes, amount * days, count),
        "days": _distinct_days(first_day, days, codes, count),
        "hours": _sum(codes, hours, count),
        "records": np.bincount(codes, minlength=count).astype(np.float64),
        "interruptions": np.bincount(at[counts], minlength=count).astype(np.float64),
        "interrupted_hours": _sum(at[counts], gap[counts], count),
        "steps": np.bincount(at[stepped], minlength=count).astype(np.float64),
    }


def _sum(codes: Positions, numbers: Floats, count: int) -> Floats:
    """Sum numbers per group, in the order of size so that the order of records plays no part."""
    order = np.lexsort((numbers, codes))
    return np.asarray(np.bincount(codes[order], numbers[order], count), dtype=np.float64)


def _distinct_days(first: npt.NDArray[np.datetime64], days: Floats, codes: Positions, count: int) -> Floats:
    """Count the calendar days with dosing, days of two records once."""
    lengths = np.nan_to_num(days).astype(np.int64)
    begin = first.astype(np.int64)
    every = expand_ranges(np.where(lengths > 0, begin, 0), lengths)
    owner = np.repeat(codes, lengths)
    seen = np.unique(np.stack([owner, every]), axis=1) if len(every) else np.empty((2, 0), dtype=np.int64)
    return np.bincount(seen[0], minlength=count).astype(np.float64)


@DERIVATIONS.records(method="one record per dose of {dose_freq} from {start_date} to {end_date}")
def create_single_dose_dataset(
    frame: pd.DataFrame,
    *,
    dose_freq: ColumnName = "EXDOSFRQ",
    start_date: ColumnName = "ASTDT",
    end_date: ColumnName = "AENDT",
    start_dtm: str = "",
    doses_per_day: dict[str, float] | None = None,
) -> Records:
    """Turn dosing records over several days into one record per dose.

    Known frequencies: ONCE, QD, BID, TID, QID, QOD, Q2D-Q4D, QH steps of a day and QW; `doses_per_day` adds others.
    Doses within a day get times at equal distance from `start_dtm` or midnight.  Raises UnknownNameError for others.
    """
    per_day = _FREQUENCIES | (doses_per_day or {})
    codes, distinct = frames.factorize(frame[dose_freq])
    for one in distinct:
        if one not in per_day:
            raise UnknownFrequency(str(one), per_day)
    rate = frames.take_numbers([per_day[one] for one in distinct], codes)
    start, end = imputation.as_instants(frame[start_date]), imputation.as_instants(frame[end_date])
    end = np.where(np.isnat(end), start, end)
    days = ((end.astype("datetime64[D]") - start.astype("datetime64[D]")).astype(np.int64) + 1).astype(np.float64)
    doses = np.where(rate >= 1, days * rate, np.ceil(days * rate))
    doses = np.where(rate == 0, 1, np.nan_to_num(doses)).astype(np.int64)
    doses = np.where(np.isnat(start) | (days < 1), 0, doses)
    provider = np.repeat(np.arange(len(frame), dtype=np.int64), doses)
    number = expand_ranges(np.zeros(len(frame), dtype=np.int64), doses)
    step = np.where(rate > 0, 24 * _HOUR / np.where(rate > 0, rate, 1), 0)[provider]
    moment = start[provider] + (number * step).astype(np.int64).astype("timedelta64[us]")
    day = moment.astype("datetime64[D]").astype("datetime64[us]")
    made: dict[str, Any] = {start_date: day, end_date: day}
    if start_dtm:
        known = imputation.as_instants(selection.column(frame, start_dtm))[provider]
        made[start_dtm] = known + (number * step).astype(np.int64).astype("timedelta64[us]")
    return Records(frame.take(provider).reset_index(drop=True).assign(**made), provider)


_FREQUENCIES = {
    "ONCE": 0.0,
    "QD": 1.0,
    "DAILY": 1.0,
    "BID": 2.0,
    "TID": 3.0,
    "QID": 4.0,
    "QOD": 0.5,
    "Q2D": 0.5,
    "Q3D": 1 / 3,
    "Q4D": 0.25,
    "QW": 1 / 7,
    "Q2W": 1 / 14,
    "Q3W": 1 / 21,
    "Q4W": 1 / 28,
    "Q12H": 2.0,
    "Q8H": 3.0,
    "Q6H": 4.0,
    "Q4H": 6.0,
}


class UnknownFrequency(SpecError):
    """A dosing frequency without a number of doses per day."""

    def __init__(self, name: str, known: dict[str, float]) -> None:
        super().__init__(
            f"dosing frequency {name!r} is not known", hint=f"give doses_per_day; known: {', '.join(sorted(known))}"
        )
