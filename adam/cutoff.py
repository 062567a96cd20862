"""Data cut-off: which SDTM records an analysis may see, one rule per domain, with a listing of what it left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from specs.models import LookupTable
from spectrail import dates
from spectrail.dataset import Dataset
from spectrail.errors import SpecError, UnknownNameError

TABLE = "cutoff"
"""Name of the study's lookup table with the columns DATASET, DATE, PARTIAL and TRUNCATE."""
LISTING = ("DATASET", "RECORD", "USUBJID", "VARIABLE", "VALUE", "ACTION")


@dataclass(frozen=True)
class Rule:
    """How a domain is cut: its date variable, whether a partial date that may lie after the cut-off is kept.

    Dates of the variables `truncate` that lie after the cut-off are blanked in the records that stay.
    """

    dataset: str
    date: str
    partial: str = "keep"
    truncate: tuple[str, ...] = ()


def rules_of(table: LookupTable) -> tuple[Rule, ...]:
    """Read the rules from a lookup table; raise SpecError for missing columns or an unknown word."""
    missing = [name for name in ("DATASET", "DATE") if name not in table.columns]
    if missing:
        raise SpecError(f"table {table.name} lacks {', '.join(missing)}")
    found = []
    for row in table.rows:
        cells = dict(zip(table.columns, row, strict=True))
        partial = cells.get("PARTIAL", "") or "keep"
        if partial not in ("keep", "drop"):
            raise UnknownNameError("word in PARTIAL", partial, ("keep", "drop"))
        found.append(Rule(cells["DATASET"], cells["DATE"], partial, tuple(cells.get("TRUNCATE", "").split())))
    return tuple(found)


def cut(
    datasets: Mapping[str, Dataset], rules: Sequence[Rule], cutoff: str
) -> tuple[dict[str, Dataset], pd.DataFrame]:
    """Return the datasets as an analysis may see them, and the listing of dropped and truncated records.

    A record whose date lies wholly after the day of the cut-off is dropped; one without date stays; a partial date
    that may lie before stays unless its rule says drop.  The index of the frames keeps the record numbers of the
    complete datasets, so that lineage stays right. Domains without a rule are not cut.
    """
    limit = dates.bounds(pd.Series([cutoff], dtype="str"))[1][0]
    if np.isnat(limit):
        raise SpecError(f"cutoff {cutoff!r} is not a date", hint="write it as 2024-06-30")
    made, listings = dict(datasets), []
    for rule in rules:
        if rule.dataset not in datasets:
            continue
        dataset = made[rule.dataset]
        frame, listing = _cut_one(dataset.frame, rule, limit)
        made[rule.dataset] = dataset.replace(frame=frame)
        listings.append(listing)
    empty = pd.DataFrame({name: pd.Series(dtype="str") for name in LISTING})
    return made, pd.concat(listings, ignore_index=True) if listings else empty


def _cut_one(frame: pd.DataFrame, rule: Rule, limit: np.datetime64) -> tuple[pd.DataFrame, pd.DataFrame]:
    for name in (rule.date, *rule.truncate):
        if name not in frame.columns:
            raise UnknownNameError(f"variable of {rule.dataset}", name, map(str, frame.columns))
    early, late = dates.bounds(frame[rule.date])
    after = early > limit
    if rule.partial == "drop":
        after |= late > limit
    kept = frame[~after] if after.any() else frame  # most domains have nothing after the cut-off: no copy
    listings = [_listed(frame[after], rule, rule.date, "dropped")]
    for name in rule.truncate:
        beyond = dates.bounds(kept[name])[0] > limit
        listings.append(_listed(kept[beyond], rule, name, "blanked"))
        if beyond.any():
            kept = kept.assign(**{name: kept[name].mask(pd.Series(beyond, index=kept.index), np.nan)})
    return kept, pd.concat(listings, ignore_index=True)


def _listed(part: pd.DataFrame, rule: Rule, variable: str, action: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "DATASET": rule.dataset,
            "RECORD": (part.index.to_numpy(dtype=np.int64) + 1).astype(str),
            "USUBJID": part["USUBJID"].to_numpy() if "USUBJID" in part else "",
            "VARIABLE": variable,
            "VALUE": part[variable].to_numpy(),
            "ACTION": action,
        }
    ).astype("str")
