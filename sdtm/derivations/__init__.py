"""Derivations shared by all domains; importing this package registers them on `sdtm.catalog.ALGORITHMS`."""

from __future__ import annotations

from sdtm.derivations import days, reference_dates, sequence

__all__ = ["days", "reference_dates", "sequence"]
