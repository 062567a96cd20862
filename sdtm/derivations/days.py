"""--DY: study days relative to the subject's reference start date."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sdtm.catalog import ALGORITHMS
from spectrail import dates
from spectrail.steps import Values


@ALGORITHMS.column(
    method="date part of {source} minus date part of {reference}, plus 1 day if {source} is on or after {reference}"
)
def derive_dy(values: Values, *, reference: Values = "DM.RFSTDTC") -> npt.NDArray[np.float64]:
    """Give the study day of dates (SDTMIG 4.4.4): the reference date is day 1, the day before it day -1.

    Null where either date is missing or partial; the dates themselves are not changed.
    """
    return dates.study_days(values, reference)
