"""Exposure: dose given and planned, duration, interruptions, cycles, dose intensity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from adam import imputation, selection
from adam.catalog import DERIVATIONS
from adam.derivations.baseline import significant
from adam.derivations.rows import set_values
from adam.derivations.single_doses import FREQUENCIES, doses_a_day
from spectrail import frames
from spectrail.errors import UnknownNameError
from spectrail.lineage import expand_ranges
from spectrail.steps import ColumnName, Positions, Records

Floats = npt.NDArray[np.float64]
Instants = npt.NDArray[np.datetime64]
CONTINUOUS = "CONTINUOUS"
"""The dosing frequency (codelist FREQ) of an infusion without pause, whose dose is an amount per day."""
_HOUR = 3_600_000_000
_RATES = {**FREQUENCIES, CONTINUOUS: np.inf}


@DERIVATIONS.records(
    method={
        "@by_vars": "{target} of the dosing records",
        "AVAL": "measured over the dosing records ({dose} above 0) of each {by_vars}, pauses of infusions"
        " counting as interruptions from {interruption_min_hours} hours on: {parameters:measures}",
        "": "name of what is measured over the dosing records of each {by_vars}: {parameters:values}",
    },
    makes=("AVAL",),
)
def derive_param_exposure(
    frame: pd.DataFrame,
    *,
    by_vars: tuple[ColumnName, ...] = ("USUBJID", "EXTRT"),
    parameters: tuple[dict[str, str], ...],
    dose: ColumnName = "EXDOSE",
    dose_freq: ColumnName | None = None,
    start_date: ColumnName = "ASTDTM",
    end_date: ColumnName = "AENDTM",
    interruption_min_hours: float = 4,
    cycle_gap_days: float = np.inf,
    planned_var: ColumnName | None = None,
    planned_days_var: ColumnName | None = None,
    keep_vars: tuple[ColumnName, ...] = (),
) -> Records:
    """Turn dosing records (one per interval of constant dose) into one record per parameter and group.

    `parameters` are mappings with `measure` and the variables to set (PARAMCD, PARAM, ...).  `dose_freq` names the
    variable of the dosing frequency: the dose of a CONTINUOUS record is an amount per day, that of any other one per
    administration; without it every dose is an amount per day.  Measures:

    - `records`; `days` calendar days with dosing; `hours` of infusion; `steps` changes of dose;
    - `dose` the amount given; `planned` the amount of `planned_var`; `relative_dose` the one in percent of the other;
    - `cycles`: dosing more than `cycle_gap_days` after the last is a new one;
    - `interruptions` of infusions within a cycle, `interruption_min_hours` or more; `interrupted_hours` their length;
    - `duration` in days from the first to the last dosing of each cycle, pauses included, summed over cycles;
    - `intensity`: dose by duration in percent of the planned dose by `planned_days_var` (relative dose intensity).

    Records of dose 0 are no dosing.  All dosing records are the origin of each record.
    """
    rows = np.flatnonzero(frame[dose].to_numpy(dtype=np.float64, na_value=np.nan) > 0).astype(np.int64)
    part = frame.iloc[rows]
    codes, count = frames.group_codes(selection.columns(part, by_vars))
    rate = doses_a_day(selection.column(part, dose_freq), _RATES) if dose_freq else np.full(len(part), np.inf)
    given = _dosing(part, codes, dose, rate, start_date, end_date)
    measured = _measures(given, count, interruption_min_hours, cycle_gap_days)
    first = frames.first_positions(codes, count)
    measured |= _relative(measured, _planned(part, planned_var, first), _planned(part, planned_days_var, first))
    heads = part.iloc[first][[*dict.fromkeys((*by_vars, *keep_vars))]]
    pieces, providers = [], []
    for one in parameters:
        name = one.get("measure", "")
        if name not in measured:
            raise UnknownNameError("measure", name, measured)
        values = {key: value for key, value in one.items() if key != "measure"}
        piece = heads.reset_index(drop=True).assign(AVAL=significant(measured[name], 12))
        pieces.append(set_values(piece, values, frame))
        providers.append(rows[first])
    made = pd.concat(pieces, ignore_index=True) if pieces else heads.iloc[:0]
    numbers = np.arange(len(parameters), dtype=np.int64)
    links = (np.concatenate([codes + n * count for n in numbers]), np.tile(rows, len(numbers)))
    return Records(made, np.concatenate(providers), links=links)


@dataclass(frozen=True)
class _Dosing:
    """Dosing records sorted by group, start and end: group, dose, amount given, instants, and what kind they are."""

    codes: Positions
    dose: Floats
    amount: Floats
    start: Instants
    end: Instants
    infusion: npt.NDArray[np.bool_]
    timed: npt.NDArray[np.bool_]

    @property
    def days(self) -> Floats:
        """Calendar days of each record."""
        return _day_count(self.start, self.end)


def _dosing(part: pd.DataFrame, codes: Positions, dose: str, rate: Floats, start_date: str, end_date: str) -> _Dosing:
    start, end = imputation.as_instants(part[start_date]), imputation.as_instants(part[end_date])
    end = np.where(np.isnat(end), start, end)
    order = np.lexsort((end.astype(np.int64), start.astype(np.int64), np.isnat(start), codes))
    start, end, rate = start[order], end[order], rate[order]
    amount = part[dose].to_numpy(dtype=np.float64)[order]
    infusion = np.isinf(rate)
    timed = (start != start.astype("datetime64[D]")) | (end != end.astype("datetime64[D]"))
    days = _day_count(start, end)
    span = np.where(timed, _hours_between(start, end) / 24, days)
    with np.errstate(invalid="ignore"):
        doses = np.where(infusion, span, np.where(rate > 0, np.ceil(days * np.where(infusion, 0, rate)), 1.0))
    return _Dosing(codes[order], amount, amount * doses, start, end, infusion, timed)


def _day_count(start: Instants, end: Instants) -> Floats:
    days = (end.astype("datetime64[D]") - start.astype("datetime64[D]")).astype(np.float64) + 1
    return np.where(np.isnat(start) | np.isnat(end), 0.0, days)


def _hours_between(start: Instants, end: Instants) -> Floats:
    hours = (end - start).astype("timedelta64[us]").astype(np.float64) / _HOUR
    return np.where(np.isnat(start) | np.isnat(end), 0.0, np.maximum(hours, 0.0))


def _measures(given: _Dosing, count: int, least_gap: float, cycle_gap: float) -> dict[str, Floats]:
    codes, at = given.codes, given.codes[1:]
    same = at == codes[:-1]
    latest = pd.Series(given.end).groupby(codes).cummax().groupby(codes).ffill()
    until = latest.to_numpy().astype("datetime64[us]")
    gap = _hours_between(until[:-1], given.start[1:])
    whole = given.timed[1:] & given.timed[:-1]
    gap = np.where(whole, gap, np.maximum(gap - 24, 0.0))
    new_cycle = np.append(True, ~same | (gap > cycle_gap * 24))[: len(codes)]
    paused = ~new_cycle[1:] & given.infusion[1:] & given.infusion[:-1] & (gap > 0) & (gap >= least_gap)
    stepped = same & (given.dose[1:] != given.dose[:-1])
    infused = np.where(given.infusion & given.timed, _hours_between(given.start, given.end), 0.0)
    return {
        "dose": _sum(codes, given.amount, count),
        "dose_days": _sum(codes, given.dose * given.days, count),
        "days": _distinct_days(given.start, given.days, codes, count),
        "hours": _sum(codes, infused, count),
        "records": np.bincount(codes, minlength=count).astype(np.float64),
        "cycles": np.bincount(codes[new_cycle], minlength=count).astype(np.float64),
        "duration": _duration(given, until, new_cycle, count),
        "interruptions": np.bincount(at[paused], minlength=count).astype(np.float64),
        "interrupted_hours": _sum(at[paused], gap[paused], count),
        "steps": np.bincount(at[stepped], minlength=count).astype(np.float64),
    }


def _duration(given: _Dosing, until: Instants, new_cycle: npt.NDArray[np.bool_], count: int) -> Floats:
    """Return the days from first to last dosing of each cycle, summed per group; by the hour for timed infusions."""
    first = np.flatnonzero(new_cycle)
    last = np.append(first[1:], len(new_cycle)) - 1 if len(first) else first
    begin, finish = given.start[first], until[last]
    by_hour = (given.infusion & given.timed)[first]
    days = np.where(by_hour, _hours_between(begin, finish) / 24, _day_count(begin, finish))
    return _sum(given.codes[first], days, count)


def _planned(part: pd.DataFrame, name: str | None, first: Positions) -> Floats | None:
    """Return what was planned for each group, from its first record."""
    return selection.column(part, name).to_numpy(dtype=np.float64, na_value=np.nan)[first] if name else None


def _relative(measured: dict[str, Floats], planned: Floats | None, days: Floats | None) -> dict[str, Floats]:
    """Return the measures that compare with what was planned, as far as that is given."""
    if planned is None:
        return {}
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(planned > 0, measured["dose"] / planned * 100, np.nan)
        made = {"planned": planned, "relative_dose": share}
        if days is not None:
            length = measured["duration"]
            made["intensity"] = np.where((length > 0) & (days > 0), share * days / length, np.nan)
    return made


def _sum(codes: Positions, numbers: Floats, count: int) -> Floats:
    """Sum numbers per group, in the order of size so that the order of records plays no part."""
    order = np.lexsort((numbers, codes))
    return np.asarray(np.bincount(codes[order], numbers[order], count), dtype=np.float64)


def _distinct_days(start: Instants, days: Floats, codes: Positions, count: int) -> Floats:
    """Count the calendar days with dosing, days of two records once."""
    lengths = np.nan_to_num(days).astype(np.int64)
    begin = start.astype("datetime64[D]").astype(np.int64)
    every = expand_ranges(np.where(lengths > 0, begin, 0), lengths)
    owner = np.repeat(codes, lengths)
    seen = np.unique(np.stack([owner, every]), axis=1) if len(every) else np.empty((2, 0), dtype=np.int64)
    return np.bincount(seen[0], minlength=count).astype(np.float64)
