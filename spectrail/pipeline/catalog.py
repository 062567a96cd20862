"""The algorithms that steps may name, of SDTM and ADaM together."""

from __future__ import annotations

import adam.engine  # noqa: F401 - the engines fill the catalogues
import sdtm.engine  # noqa: F401
from adam.catalog import DERIVATIONS
from adam.settings import SETTINGS
from sdtm.catalog import ALGORITHMS
from spectrail.steps import Algorithm


def algorithms() -> dict[str, Algorithm]:
    """Return every registered algorithm by name."""
    return {**ALGORITHMS.registry, **DERIVATIONS.registry}


def default_settings() -> dict[str, str]:
    """Return the default of every setting that analyses know, by name."""
    return {name: one.default for name, one in SETTINGS.items()}
