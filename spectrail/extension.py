"""Functions that a study brings along: an installed distribution offers them as an `Extension`.

    from spectrail.extension import Extension
    from spectrail.steps import Values

    extension = Extension()

    @extension.adam.column(method="{source} in Kelvin")
    def kelvin(values: Values) -> pd.Series:
        return values + 273.15

The distribution names it in its entry points, in the group `GROUP`; a study names the entry point in `extensions`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from spectrail.registry import Registry
from spectrail.steps import Catalog

GROUP = "spectrail.extensions"
"""Group of entry points that hold extensions."""


@dataclass(frozen=True)
class Extension:
    """Functions for SDTM (decorators `sdtm.column`, `sdtm.records`) and for ADaM (`adam.column`, `adam.records`)."""

    sdtm: Catalog = field(default_factory=lambda: Catalog(Registry("algorithm")))
    adam: Catalog = field(default_factory=lambda: Catalog(Registry("derivation")))
