"""`shift_date`: the day so many days after or before another."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sdtm.catalog import ALGORITHMS
from spectrail import dates, frames
from spectrail.steps import Values


@ALGORITHMS.column(method="{source} plus {days} day(s)")
def shift_date(values: Values, *, days: int) -> pd.Series:
    """Give the day so many days after a date (before it, if negative), without a time, in ISO 8601.

    Null for dates that are not known to the day.
    """
    codes, distinct = frames.factorize(frames.as_text(values))
    text = pd.Series(distinct, dtype="str")
    known = (dates.precision(text) >= dates.DAY) if len(text) else np.empty(0, dtype=bool)
    low = dates.bounds(text)[0].astype("datetime64[D]") + np.timedelta64(days, "D")
    shifted = np.datetime_as_string(np.where(known, low, np.datetime64("1970-01-01")), unit="D")
    return frames.take_text([day if keep else None for day, keep in zip(shifted.tolist(), known, strict=True)], codes)
