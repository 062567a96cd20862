"""Mapping algorithms; importing this package registers all of them on `sdtm.catalog.ALGORITHMS`."""

from __future__ import annotations

from sdtm.algorithms import assign, assign_datetime, compute, lookup, records, unit_convert, visit_map

__all__ = ["assign", "assign_datetime", "compute", "lookup", "records", "unit_convert", "visit_map"]
