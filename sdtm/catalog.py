"""The algorithms that SDTM steps may name; importing `sdtm.algorithms` and `sdtm.derivations` fills it."""

from __future__ import annotations

from spectrail.registry import Registry
from spectrail.steps import Catalog

ALGORITHMS = Catalog(Registry("algorithm"))
