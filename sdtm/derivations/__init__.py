"""Derivations shared by all domains; importing this package registers them on `sdtm.catalog.ALGORITHMS`."""

from __future__ import annotations
