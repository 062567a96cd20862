"""The algorithms that steps may name, of SDTM and ADaM together."""

from __future__ import annotations

import adam.engine  # noqa: F401 - the engines fill the catalogues
import sdtm.engine  # noqa: F401
from adam.catalog import DERIVATIONS
from sdtm.catalog import ALGORITHMS
from spectrail.steps import Algorithm


def algorithms() -> dict[str, Algorithm]:
    """Return every registered algorithm by name."""
    return {**ALGORITHMS.registry, **DERIVATIONS.registry}
