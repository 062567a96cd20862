"""Origins and standards between Define-XML 2.0 and 2.1; the mapping is documented in docs/explanation."""

from __future__ import annotations

TYPES_2_0: dict[str, tuple[str, str]] = {
    "CRF": ("Collected", "Investigator"),
    "eDT": ("Collected", "Vendor"),
    "Derived": ("Derived", "Sponsor"),
    "Assigned": ("Assigned", "Sponsor"),
    "Protocol": ("Protocol", "Sponsor"),
    "Predecessor": ("Predecessor", ""),
}
"""Origin type of 2.0 -> type and source of 2.1. 2.0 does not say who answered a CRF: the investigator is assumed."""

STANDARDS_2_0: dict[str, str] = {
    "SDTM-IG": "SDTMIG",
    "ADaM-IG": "ADaMIG",
    "SEND-IG": "SENDIG",
    "SDTM-IG-MD": "SDTMIG-MD",
    "SDTM-IG-AP": "SDTMIG-AP",
    "CDISC SDTM": "SDTMIG",
    "CDISC ADaM": "ADaMIG",
    "CDISC SEND": "SENDIG",
}
"""def:StandardName of 2.0 -> name of the standard in 2.1; the first spelling of a standard is the one written."""


def origin_from_2_0(type_: str) -> tuple[str, str]:
    """Return type and source of 2.1; a type that 2.0 does not define stays, without source."""
    return TYPES_2_0.get(type_, (type_, ""))


def origin_to_2_0(type_: str, source: str) -> str:
    """Return the origin type of 2.0: collected data are eDT when a vendor sent them, else CRF."""
    if type_ == "Collected":
        return "eDT" if source == "Vendor" else "CRF"
    return type_


def standard_to_2_0(name: str) -> str:
    """Return the usual def:StandardName of 2.0 for a standard of 2.1."""
    return next((old for old, new in STANDARDS_2_0.items() if new == name), name)
