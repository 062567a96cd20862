"""Single doses from dosing records that span several days, and the frequencies of dosing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from adam import imputation, selection
from adam.catalog import DERIVATIONS
from spectrail import frames
from spectrail.errors import UnknownNameError
from spectrail.lineage import expand_ranges
from spectrail.steps import ColumnName, Records

_HOUR = 3_600_000_000


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

    Known frequencies: ONCE, QD, DAILY, BID, TID, QID, QOD, Q2D to Q4D, QW, Q2W to Q4W, Q4H, Q6H, Q8H and Q12H;
    `doses_per_day` adds others or replaces these.  Doses within a day get times at equal distance from `start_dtm` or
    midnight.  Raises UnknownNameError for a frequency that is neither known nor added.
    """
    per_day = FREQUENCIES | (doses_per_day or {})
    rate = doses_a_day(frame[dose_freq], per_day)
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


FREQUENCIES = {
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
"""Doses a day by the submission value of codelist FREQ; 0 is a single dose."""


def doses_a_day(frequency: pd.Series, known: Mapping[str, float] = FREQUENCIES) -> npt.NDArray[np.float64]:
    """Return the doses a day of each record, NaN where no frequency is given.

    Raises UnknownNameError for a frequency that `known` does not have.
    """
    codes, distinct = frames.factorize(frames.as_text(frequency))
    for one in distinct:
        if one not in known:
            raise UnknownNameError("dosing frequency", str(one), known)
    return frames.take_numbers([known[one] for one in distinct], codes)
