"""Why a subject has no planned or actual arm."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sdtm.catalog import ALGORITHMS
from spectrail import frames
from spectrail.steps import Condition, Values

REASONS = ("SCREEN FAILURE", "NOT ASSIGNED", "ASSIGNED, NOT TREATED", "UNPLANNED TREATMENT")


@ALGORITHMS.column(method="reason why {source} is null")
def derive_armnrs(arm: Values, actual: Values, first_dose: Values, *, screen_failure: Condition) -> pd.Series:
    """Give ARMNRS from ARM, ACTARM and the first dose (RFXSTDTC), SDTMIG 3.4 section 5.2, codelist ARMNULRS.

    Without a planned arm: SCREEN FAILURE where the condition holds, else NOT ASSIGNED when there was no dose.  With a
    planned but no actual arm: ASSIGNED, NOT TREATED.  Treated without an actual arm: UNPLANNED TREATMENT.
    """
    planned, given, treated = (one.notna().to_numpy() for one in (arm, actual, first_dose))
    failed = screen_failure.to_numpy(dtype=bool)
    code = np.full(len(arm), -1, dtype=np.int64)
    code[planned & ~given & ~treated] = 2
    code[~given & treated] = 3
    code[~planned & ~treated] = 1
    code[~planned & ~treated & failed] = 0
    return frames.take_text(REASONS, code)
