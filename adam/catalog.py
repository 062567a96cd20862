"""The derivations that ADaM steps may name; importing `adam.derivations` and `adam.parameters` fills it."""

from __future__ import annotations

from spectrail.registry import Registry
from spectrail.steps import Catalog

DERIVATIONS = Catalog(Registry("derivation"))
