"""Analysis dates and datetimes with imputation, study days, durations, ages, latest and earliest dates."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from adam import imputation, selection
from adam.catalog import DERIVATIONS
from adam.imputation import Instants
from spectrail import dates, frames
from spectrail.errors import SpecError
from spectrail.steps import ColumnName, Evaluate, Outcome, Positions, Records, Tables, Taken, Values

Unit = Literal["seconds", "minutes", "hours", "days", "weeks", "months", "years"]
FlagImputation = Literal["auto", "both", "date", "time", "none"]
_DATE_FLAG = (
    '"Y", "M" or "D" for the most significant part of the date that was imputed when {dtc} was converted to a date'
)
_LIMITS = "[, not before {min_dates}][, not after {max_dates}]"
_IMPUTED = {
    "DTF": _DATE_FLAG,
    "TMF": '"H", "M" or "S" for the most significant part of the time that was imputed in {dtc}',
    "": "numeric datetime of {dtc}[highest_imputation?; a missing {highest_imputation:missing} is imputed with the"
    " {time_imputation} possible one]" + _LIMITS,
}
_SECONDS = {"seconds": 1.0, "minutes": 60.0, "hours": 3600.0, "days": 86400.0, "weeks": 604800.0}
_MEAN_DAYS = {"months": 30.4375, "years": 365.25}


@DERIVATIONS.records(
    method={
        "DTF": _DATE_FLAG,
        "": "numeric date of {dtc}[highest_imputation?; a missing {highest_imputation:missing} is imputed with the"
        " {date_imputation} possible one]" + _LIMITS,
    },
    makes=("{new_vars_prefix}DT", "{new_vars_prefix}DTF"),
)
def derive_vars_dt(
    frame: pd.DataFrame,
    *,
    new_vars_prefix: str,
    dtc: ColumnName,
    highest_imputation: str = "n",
    date_imputation: str = "first",
    flag_imputation: FlagImputation = "auto",
    min_dates: tuple[ColumnName, ...] = (),
    max_dates: tuple[ColumnName, ...] = (),
    preserve: bool = False,
) -> Records:
    """Add `--DT` and, when imputation is allowed, `--DTF` from ISO 8601 text (ADaMIG 1.3 section 3.3.3).

    `highest_imputation` is `Y`, `M`, `D` or `n`; a coarser date gives null. An imputed date stays within what was
    collected and, as far as that allows, not before the latest of `min_dates` nor after the earliest of `max_dates`.
    """
    rule = imputation.Rule(highest_imputation, date_imputation, "first", preserve)
    found = imputation.impute(
        frame[dtc],
        rule,
        min_dates=[frame[name] for name in min_dates],
        max_dates=[frame[name] for name in max_dates],
        with_time=False,
    )
    made: dict[str, object] = {f"{new_vars_prefix}DT": found.values}
    if flag_imputation in ("both", "date") or (flag_imputation == "auto" and highest_imputation != "n"):
        made[f"{new_vars_prefix}DTF"] = found.date_flag
    return selection.with_variables(frame, made)


@DERIVATIONS.records(
    method=_IMPUTED,
    makes=("{new_vars_prefix}DTM", "{new_vars_prefix}DTF", "{new_vars_prefix}TMF"),
)
def derive_vars_dtm(
    frame: pd.DataFrame,
    *,
    new_vars_prefix: str,
    dtc: ColumnName,
    highest_imputation: str = "h",
    date_imputation: str = "first",
    time_imputation: str = "first",
    flag_imputation: FlagImputation = "auto",
    min_dates: tuple[ColumnName, ...] = (),
    max_dates: tuple[ColumnName, ...] = (),
    preserve: bool = False,
    ignore_seconds_flag: bool = True,
) -> Records:
    """Add `--DTM`, `--TMF` and, when dates may be imputed, `--DTF` from ISO 8601 text (ADaMIG 1.3 section 3.3.3).

    `ignore_seconds_flag`: where no record of the variable has seconds, their imputation is not flagged.
    """
    rule = imputation.Rule(highest_imputation, date_imputation, time_imputation, preserve)
    values = frame[dtc]
    found = imputation.impute(
        values,
        rule,
        min_dates=[frame[name] for name in min_dates],
        max_dates=[frame[name] for name in max_dates],
    )
    made: dict[str, object] = {f"{new_vars_prefix}DTM": found.values}
    if flag_imputation in ("both", "date") or (flag_imputation == "auto" and highest_imputation in ("Y", "M", "D")):
        made[f"{new_vars_prefix}DTF"] = found.date_flag
    if flag_imputation in ("auto", "both", "time"):
        times = found.time_flag
        if ignore_seconds_flag:
            times = times.mask(times == "S", np.nan)
        made[f"{new_vars_prefix}TMF"] = times
    return selection.with_variables(frame, made)


@DERIVATIONS.column(method="date part of {source}")
def derive_vars_dtm_to_dt(values: Values) -> Instants:
    """Give the date of a datetime, null for null."""
    return imputation.as_instants(values).astype("datetime64[D]").astype("datetime64[us]")


@DERIVATIONS.column(method="{source} plus {days} days")
def shift_date(values: Values, *, days: int) -> Instants:
    """Give the date a number of days later (earlier when negative)."""
    return imputation.as_instants(values) + np.timedelta64(int(days) * 86_400_000_000, "us")


@DERIVATIONS.column(method="{source} minus {reference_date}, plus 1 day if {source} is on or after {reference_date}")
def derive_vars_dy(values: Values, *, reference_date: Values = "TRTSDT") -> npt.NDArray[np.float64]:
    """Give the study day of a date (ADaMIG 1.3 section 3.3.3): the reference date is day 1, there is no day 0."""
    return study_day(values, reference_date)


def study_day(values: pd.Series, reference: pd.Series) -> npt.NDArray[np.float64]:
    """Return study days of dates relative to reference dates, NaN where one of both is missing."""
    difference = whole_days(values) - whole_days(reference)
    return np.where(difference >= 0, difference + 1, difference)


def whole_days(values: pd.Series) -> npt.NDArray[np.float64]:
    """Return days since 1970-01-01 of dates, NaN for missing."""
    found = imputation.as_instants(values)
    days = found.astype("datetime64[D]").astype(np.int64).astype(np.float64)
    return np.where(np.isnat(found), np.nan, days)


@DERIVATIONS.column(method="{end_date} minus {start_date}[add_one? plus 1], in {out_unit}")
def derive_vars_duration(
    *,
    start_date: Values,
    end_date: Values,
    out_unit: Unit = "days",
    floor_in: bool = True,
    add_one: bool = True,
    trunc_out: bool = False,
) -> npt.NDArray[np.float64]:
    """Give the length of an interval: end minus start, with `add_one` one unit more where it is not negative.

    `floor_in` counts from the start of the day (for seconds, minutes and hours of the datetime as it is); months and
    years are 30.4375 and 365.25 days; `trunc_out` gives whole units.
    """
    unit = out_unit if out_unit in _SECONDS else "days"
    start, end = imputation.as_instants(start_date), imputation.as_instants(end_date)
    if floor_in and unit in ("days", "weeks"):
        start, end = (one.astype("datetime64[D]").astype("datetime64[us]") for one in (start, end))
    seconds = (end - start).astype(np.int64).astype(np.float64) / 1_000_000
    seconds[np.isnat(start) | np.isnat(end)] = np.nan
    if out_unit in ("days", "weeks", "months", "years"):
        days = seconds / _SECONDS["days"]
        days = np.where(add_one & (days >= 0), days + 1, days)
        value = days / {"days": 1.0, "weeks": 7.0, **_MEAN_DAYS}[out_unit]
    else:
        value = seconds / _SECONDS[unit]
        value = np.where(add_one & (value >= 0), value + 1, value)
    return np.trunc(value) if trunc_out else value


@DERIVATIONS.column(method="number of completed {age_unit} from {start_date} to {end_date}")
def derive_vars_aage(
    *, start_date: Values, end_date: Values, age_unit: Literal["years", "months"] = "years"
) -> npt.NDArray[np.float64]:
    """Give the age in completed years or months (by the calendar: the anniversary completes one)."""
    start, end = imputation.as_instants(start_date), imputation.as_instants(end_date)
    months_start, months_end = start.astype("datetime64[M]"), end.astype("datetime64[M]")
    day = (start.astype("datetime64[D]") - months_start.astype("datetime64[D]")).astype(np.int64)
    other = (end.astype("datetime64[D]") - months_end.astype("datetime64[D]")).astype(np.int64)
    months = (months_end.astype(np.int64) - months_start.astype(np.int64) - (other < day)).astype(np.float64)
    months[np.isnat(start) | np.isnat(end)] = np.nan
    return np.floor(months / 12) if age_unit == "years" else months


@DERIVATIONS.column(method="{mode:extreme} of {source}")
def derive_var_extreme_of(*values: Values, mode: Literal["first", "last"]) -> Instants:
    """Give the earliest or latest of several dates of a record; missing ones do not count."""
    function = np.fmin if mode == "first" else np.fmax
    found = np.full(len(values[0]), np.datetime64("NaT", "us"))
    for one in values:
        found = function(found, imputation.as_instants(one))
    return found


@DERIVATIONS.records(
    method={
        "@source_vars": "dataset, variable and sequence number ({source_vars}) of the {mode:extreme} of"
        " {sources:dates}[, those not after {until}]",
        "": "{mode:extreme} of {sources:dates}[, those not after {until}]",
    }
)
def derive_vars_extreme_dt(
    frame: pd.DataFrame,
    *,
    new_var: str,
    sources: tuple[dict[str, str], ...],
    mode: Literal["first", "last"] = "last",
    until: str = "",
    highest_imputation: str = "n",
    date_imputation: str = "first",
    source_vars: tuple[str, ...] = (),
    subject: ColumnName = "USUBJID",
    tables: Tables,
    evaluate: Evaluate,
) -> Records:
    """Add the first or last date over several datasets (LSTALVDT), with `source_vars` its domain, variable and --SEQ.

    Each source has `dataset`, `date`, and may have `where` and `seq` (a variable, default the domain's --SEQ).  Dates
    are ISO 8601 text or numeric. A date after the date of the variable `until` does not count. Equal dates: the
    source given first, then the lowest sequence number.
    """
    found = _candidates(sources, highest_imputation, date_imputation, tables, evaluate)
    positions = frames.match_keys([found["subject"]], [frame[subject]]).rows
    good = positions >= 0
    if until:
        limit = imputation.as_instants(selection.column(frame, until))
        bound = np.append(limit, np.datetime64("NaT", "us"))[positions]
        good &= ~(found["date"].to_numpy() > bound)
    part = found.iloc[np.flatnonzero(good)].assign(record=positions[good])
    order = ("date" if mode == "first" else "desc(date)", "source", "seq")
    chosen, _ = selection.extreme_positions(part["record"].to_numpy(), selection.order_ranks(part, order), "first")
    winner = np.full(len(frame), -1, dtype=np.int64)
    winner[part["record"].to_numpy()[chosen]] = chosen
    made: dict[str, object] = {new_var: selection.take_column(part["date"].reset_index(drop=True), winner)}
    number = np.append(part["source"].to_numpy(dtype=np.int64), -1)[winner]
    shown = [("dataset", "dom"), ("date", "var")]
    for name, (key, _) in zip(source_vars, shown, strict=False):
        made[name] = frames.take_text([one[key] for one in sources], number)
    if len(source_vars) > 2:
        made[source_vars[2]] = selection.take_column(part["seq"].reset_index(drop=True), winner)
    return selection.with_variables(frame, made, taken=_taken(new_var, sources, part, winner))


def _candidates(
    sources: tuple[dict[str, str], ...],
    highest: str,
    date_imputation: str,
    tables: Tables,
    evaluate: Evaluate,
) -> pd.DataFrame:
    """Return all dates of all sources: subject, date, number of the source, sequence number, row."""
    parts = []
    for number, source in enumerate(sources):
        unknown = set(source) - {"dataset", "date", "where", "seq"}
        if unknown or not {"dataset", "date"} <= set(source):
            raise SpecError("a source needs dataset and date, and may have where and seq")
        table = tables(source["dataset"])
        rows = np.flatnonzero(evaluate(source["where"], table)) if source.get("where") else np.arange(len(table))
        part = table.iloc[rows]
        values = selection.column(part, source["date"])
        if not pd.api.types.is_datetime64_any_dtype(values.dtype):
            values = pd.Series(
                imputation.impute(values, imputation.Rule(highest, date_imputation), with_time=False).values
            )
        name = source.get("seq", f"{source['dataset']}SEQ")
        seq = part[name].to_numpy(dtype=np.float64) if name in part else np.full(len(part), np.nan)
        days = values.to_numpy(dtype="datetime64[us]").astype("datetime64[D]").astype("datetime64[us]")
        one = pd.DataFrame(
            {
                "subject": part["USUBJID"].array,
                "date": days,
                "source": number,
                "seq": seq,
                "row": part.index.to_numpy(dtype=np.int64),
            }
        )
        parts.append(one[one["date"].notna()])
    return pd.concat(parts, ignore_index=True)


def _taken(
    variable: str, sources: tuple[dict[str, str], ...], part: pd.DataFrame, winner: Positions
) -> tuple[Taken, ...]:
    """Name the source most records have: one table and column per variable is what lineage of a step can hold."""
    numbers = np.append(part["source"].to_numpy(dtype=np.int64), -1)[winner]
    rows = np.append(part["row"].to_numpy(dtype=np.int64), -1)[winner]
    return tuple(
        Taken(variable, source["dataset"], source["date"], np.where(numbers == number, rows, -1))
        for number, source in enumerate(sources)
        if (numbers == number).any()
    )


@DERIVATIONS.column(method="the earlier of {source} and {limit}")
def limit_date(values: Values, *, limit: Values) -> Instants:
    """Give the earlier of a date and a limit; null stays null, a missing limit does not bind."""
    found, bound = imputation.as_instants(values), imputation.as_instants(limit)
    return np.where(found > bound, bound, found)


@DERIVATIONS.column(method="{source} as ISO 8601 text")
def iso_date(values: Values) -> Outcome:
    """Give a numeric date as ISO 8601 text."""
    return Outcome(dates.iso_text(pd.Series(imputation.as_instants(values))))
