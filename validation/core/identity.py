"""What a dataset is, judged as the rule language does: from its name, its first record and its columns."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from validation.core.study import Table


@dataclass(frozen=True)
class Identity:
    """Facts of one submitted dataset.

    `domain` is DOMAIN of the first record, `rdomain` RDOMAIN of the first record of supplemental qualifiers,
    `unsplit` the name of the family a split file belongs to, `wildcard` what `--` stands for.
    """

    name: str
    domain: str
    rdomain: str
    unsplit: str
    is_supp: bool
    is_ap: bool

    @property
    def split(self) -> bool:
        """Tell whether the file is one part of a split dataset."""
        return self.name != self.unsplit

    @property
    def ap_suffix(self) -> str:
        """Domain behind the AP of associated persons data, else empty."""
        return self.domain[2:] if self.is_ap else ""

    @property
    def wildcard(self) -> str:
        """What `--` stands for; empty without a DOMAIN (supplemental qualifiers, RELREC)."""
        return self.ap_suffix if self.is_ap else self.domain


def identify(table: Table) -> Identity:
    """Return what a dataset is."""
    name = table.name.upper()
    domain = _first_value(table.frame, "DOMAIN")
    is_supp = name.startswith(("SUPP", "SQ"))
    rdomain = _first_value(table.frame, "RDOMAIN") if is_supp else ""
    if domain:
        unsplit = domain
    elif is_supp and rdomain:
        unsplit = ("SUPP" if name.startswith("SUPP") else "SQ") + rdomain
    else:
        unsplit = name
    is_ap = len(rdomain) == 4 and rdomain.startswith("AP") if is_supp else "APID" in table.frame.columns
    return Identity(name, domain, rdomain, unsplit, is_supp, is_ap)


def _first_value(frame: pd.DataFrame, name: str) -> str:
    if name not in frame.columns or not len(frame):
        return ""
    value = frame[name].iloc[0]
    return "" if pd.isna(value) else str(value)
