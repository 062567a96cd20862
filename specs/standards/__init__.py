"""Packaged tables of the standards: SDTMIG, the SDTM model, ADaMIG, OCCDS, controlled terminology.

Everything is read on first use and kept; importing this package reads nothing.
"""

from __future__ import annotations

from specs.standards.catalogue import (
    AdamStandard,
    SdtmIg,
    SdtmModel,
    StandardDataset,
    StandardVariable,
    TsParameter,
    adamig,
    known_versions,
    occds,
    sdtm_model,
    sdtmig,
    ts_parameters,
)

__all__ = [
    "AdamStandard",
    "SdtmIg",
    "SdtmModel",
    "StandardDataset",
    "StandardVariable",
    "TsParameter",
    "adamig",
    "known_versions",
    "occds",
    "sdtm_model",
    "sdtmig",
    "ts_parameters",
]
