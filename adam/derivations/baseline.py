"""Baseline records and values, change from baseline, shift, basetype."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from adam import imputation, selection
from adam.catalog import DERIVATIONS
from spectrail import frames
from spectrail.errors import SpecError
from spectrail.steps import ColumnName, Condition, Evaluate, Outcome, Records, Values

Floats = npt.NDArray[np.float64]


@DERIVATIONS.records(
    method='"Y" for the last record of each {by_vars} with {value} not missing and {date} on or before {reference}'
)
def derive_var_ablfl(
    frame: pd.DataFrame,
    *,
    by_vars: tuple[ColumnName, ...] = ("USUBJID", "PARAMCD"),
    date: ColumnName = "ADT",
    reference: ColumnName = "TRTSDT",
    value: ColumnName = "AVAL",
    new_var: str = "ABLFL",
    order: tuple[str, ...] = (),
    when: Condition = "1 == 1",
) -> Records:
    """Add the baseline flag: the last non-missing value before or at the first dose (ADaMIG 1.3 section 3.3.4).

    Dates and datetimes mix: where one of both has no time (midnight) the days are compared and the same day counts as
    before. Of several records at that time the last by `order` counts, then the content of the record decides.
    """
    found, limit = imputation.as_instants(frame[date]), imputation.as_instants(frame[reference])
    eligible = _not_after(found, limit) & frame[value].notna().to_numpy() & when.to_numpy()
    rows = np.flatnonzero(eligible)
    part = frame.iloc[rows]
    codes = selection.group_codes(part, by_vars)
    chosen, tied = selection.extreme_records(part, codes, (date, *order), "last")
    flags = np.zeros(len(frame), dtype=np.bool_)
    flags[rows[chosen]] = True
    return selection.with_variables(
        frame,
        {new_var: selection.flag(flags)},
        problems=selection.tie_problem(rows[tied], by_vars, "last before the first dose"),
    )


def _not_after(found: imputation.Instants, limit: imputation.Instants) -> selection.Bools:
    day = np.timedelta64(86_400_000_000, "us")
    days, limit_days = found.astype("datetime64[D]"), limit.astype("datetime64[D]")
    untimed = (days.astype("datetime64[us]") == found) | (limit_days.astype("datetime64[us]") == limit)
    return np.where(untimed, days <= limit_days, found <= limit) & (found - limit < day)


@DERIVATIONS.column(method="{source} of the record with the same {by_vars} where {filter_add}")
def derive_var_base(
    values: Values,
    *,
    by_vars: tuple[Values, ...] = ("USUBJID", "PARAMCD"),
    filter_add: Condition = "ABLFL == 'Y'",
) -> Outcome:
    """Give every record the value that the baseline record of its group has (BASE, BASEC, BTOXGR, BNRIND).

    More than one baseline record in a group is an error; groups without one get null.
    """
    codes, size = frames.group_codes(list(by_vars))
    rows = np.flatnonzero(filter_add.to_numpy())
    counts = np.bincount(codes[rows], minlength=size) if len(rows) else np.zeros(size)
    if (counts > 1).any():
        raise SpecError(
            f"{int((counts > 1).sum())} groups have more than one baseline record",
            hint="add BASETYPE to by_vars, or flag one record per group",
        )
    where = np.full(size, -1, dtype=np.int64)
    where[codes[rows]] = rows
    return Outcome(selection.take_column(values, where[codes]))


@DERIVATIONS.column(method="{aval} minus {base}")
def derive_var_chg(*, aval: Values = "AVAL", base: Values = "BASE") -> Floats:
    """Give the change from baseline, null where one of both is missing (ADaMIG 1.3 section 3.3.4)."""
    return difference(_numbers(aval), _numbers(base))


@DERIVATIONS.column(method="100 times ({aval} minus {base}) divided by the absolute value of {base}")
def derive_var_pchg(*, aval: Values = "AVAL", base: Values = "BASE") -> Floats:
    """Give the percent change from baseline, null where the baseline is missing or 0."""
    value, start = _numbers(aval), _numbers(base)
    with np.errstate(divide="ignore", invalid="ignore"):
        change = difference(value, start) / np.abs(start) * 100
    return np.where(start == 0, np.nan, change)


@DERIVATIONS.column(method="{numer_var} divided by {denom_var}")
def derive_var_analysis_ratio(*, numer_var: Values, denom_var: Values) -> Floats:
    """Give the ratio of two numbers (R2BASE, R2ANRLO), null where the denominator is missing or 0."""
    numbers, below = _numbers(numer_var), _numbers(denom_var)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = numbers / below
    return np.where(below == 0, np.nan, ratio)


@DERIVATIONS.column(
    method='{from_var}, "{sep_val}" and {to_var} joined; a missing one is written as "{missing_value}"'
)
def derive_var_shift(
    *, from_var: Values, to_var: Values, missing_value: str = "NULL", sep_val: str = " to "
) -> pd.Series:
    """Give the shift of a classification from baseline, missing ones written as `missing_value` (SHIFTy)."""
    start = frames.as_text(from_var).fillna(missing_value)
    return start + sep_val + frames.as_text(to_var).fillna(missing_value)


@DERIVATIONS.column(method='"LOW" if {aval} is below {anrlo}, "HIGH" if it is above {anrhi}, otherwise "NORMAL"')
def derive_var_anrind(
    *, aval: Values = "AVAL", anrlo: Values = "ANRLO", anrhi: Values = "ANRHI", extremes: bool = False
) -> pd.Series:
    """Give the analysis range indicator LOW, NORMAL, HIGH; null without value, or without the limit that decides.

    Both sides are compared after rounding to 15 significant digits.
    """
    del extremes
    value, low, high = (significant(_numbers(one)) for one in (aval, anrlo, anrhi))
    below, above = value < low, value > high
    known = ~np.isnan(value) & ~(np.isnan(low) & np.isnan(high))
    normal = known & ~below & ~above
    return frames.take_text(
        ["LOW", "NORMAL", "HIGH"], np.where(below, 0, np.where(above, 2, np.where(normal, 1, -1))).astype(np.int64)
    )


@DERIVATIONS.records(method="one copy of the records for each baseline type: {basetypes}")
def derive_basetype_records(frame: pd.DataFrame, *, basetypes: dict[str, str], evaluate: Evaluate) -> Records:
    """Repeat records once for each baseline type whose condition they meet, with BASETYPE; others get none."""
    providers, names = [], []
    taken = np.zeros(len(frame), dtype=np.bool_)
    for number, condition in enumerate(basetypes.values()):
        hit = evaluate(condition, frame)
        taken |= hit
        rows = np.flatnonzero(hit)
        providers.append(rows)
        names.append(np.full(len(rows), number, dtype=np.int64))
    rest = np.flatnonzero(~taken)
    provider = np.concatenate([*providers, rest]).astype(np.int64)
    codes = np.concatenate([*names, np.full(len(rest), -1, dtype=np.int64)])
    order = np.lexsort((codes, provider))
    made = frame.take(provider[order]).reset_index(drop=True)
    made["BASETYPE"] = frames.take_text(list(basetypes), codes[order])
    return Records(made, provider[order])


@DERIVATIONS.column(method="base-10 logarithm of {source}")
def log10(values: Values) -> Floats:
    """Give the decimal logarithm, null for numbers not above 0."""
    numbers = _numbers(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(numbers > 0, np.log10(np.where(numbers > 0, numbers, 1)), np.nan)


def significant(numbers: Floats, digits: int = 15) -> Floats:
    """Round to significant decimal digits, so that products of decimals compare as decimals do."""
    with np.errstate(divide="ignore", invalid="ignore"):
        magnitude = np.floor(np.log10(np.abs(numbers)))
    usable = np.isfinite(magnitude)
    shift = np.where(usable, digits - 1 - magnitude, 0).astype(np.int64)
    # powers of ten are exact up to 22; scaling down by division keeps them so
    up, down = 10.0 ** np.clip(shift, 0, 300), 10.0 ** np.clip(-shift, 0, 300)
    scaled = np.rint(np.where(shift >= 0, numbers * up, numbers / down))
    made = np.where(shift >= 0, scaled / up, scaled * down)
    return np.where(usable, made, numbers)


def difference(left: Floats, right: Floats) -> Floats:
    """Subtract decimals: what binary arithmetic adds is taken off, so that 0.3 - 0.1 is 0.2."""
    plain = left - right
    rounded = np.round(plain, 10)
    noise = np.abs(rounded - plain) <= 1e-15 * np.maximum(np.abs(left), np.abs(right))
    return np.where(noise, rounded, plain)


def _numbers(values: pd.Series) -> Floats:
    return values.to_numpy(dtype=np.float64, na_value=np.nan)
