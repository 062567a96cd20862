"""Variables of another dataset for the records of one: what value-level conditions across datasets stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from define_xml.coded import Coded, encode
from spectrail import frames

SUBJECT = "USUBJID"


@dataclass(frozen=True)
class Unjoined:
    """Why a variable cannot be brought to the records."""

    reason: str


@dataclass(frozen=True)
class Table:
    """A dataset by name, its records, and its key variables as its description states them."""

    name: str
    frame: pd.DataFrame
    keys: tuple[str, ...] = ()


def joined(home: Table, other: Table, variable: str) -> Coded | Unjoined:
    """Return a variable of another dataset for the records of `home`.

    Supplemental qualifiers and their parent are joined by USUBJID, IDVAR and IDVARVAL; any other two datasets by the
    key variables of the other one that both have (without stated keys by USUBJID). A record whose counterparts have
    different values has no one value, so that the condition cannot be decided.
    """
    if variable not in other.frame:
        return Unjoined(f"{other.name} has no variable {variable}")
    if _parent(home.frame) == other.name:
        return _of_parent(home, other, variable)
    if _parent(other.frame) == home.name:
        return _of_qualifiers(home, other, variable)
    keys = [key for key in other.keys or (SUBJECT,) if key in home.frame and key in other.frame]
    if not keys:
        return Unjoined(f"{home.name} and {other.name} have no key variable in common")
    found = _rows(other, variable, [home.frame[key] for key in keys], [other.frame[key] for key in keys], keys)
    return found if isinstance(found, Unjoined) else _taken(other.frame[variable], found)


def _parent(frame: pd.DataFrame) -> str:
    """Return the parent of supplemental qualifiers of one domain, empty for any other dataset."""
    if not {"RDOMAIN", "IDVAR", "IDVARVAL", SUBJECT} <= set(frame.columns):
        return ""
    names = frame["RDOMAIN"].dropna().unique()
    return str(names[0]) if len(names) == 1 else ""


def _of_parent(home: Table, other: Table, variable: str) -> Coded | Unjoined:
    """Return a variable of the parent for each supplemental qualifier."""
    rows = np.full(len(home.frame), -1, dtype=np.int64)
    for name, part in home.frame.reset_index(drop=True).groupby("IDVAR", dropna=False):
        keys = _identifiers(name)
        missing = [key for key in keys if key not in other.frame]
        if missing:
            return Unjoined(f"{other.name} has no variable {missing[0]}, which IDVAR names")
        left = [part[SUBJECT], part["IDVARVAL"]][: len(keys)]
        found = _rows(other, variable, left, [other.frame[key] for key in keys], keys)
        if isinstance(found, Unjoined):
            return found
        rows[part.index.to_numpy()] = found
    return _taken(other.frame[variable], rows)


def _of_qualifiers(home: Table, other: Table, variable: str) -> Coded | Unjoined:
    """Return a variable of the supplemental qualifiers for each record of their parent."""
    rows = np.full(len(home.frame), -1, dtype=np.int64)
    for name, part in other.frame.reset_index(drop=True).groupby("IDVAR", dropna=False):
        keys = _identifiers(name)
        missing = [key for key in keys if key not in home.frame]
        if missing:
            return Unjoined(f"{home.name} has no variable {missing[0]}, which IDVAR names")
        table = Table(other.name, part.reset_index(drop=True))
        right = [table.frame[SUBJECT], table.frame["IDVARVAL"]][: len(keys)]
        found = _rows(table, variable, [home.frame[key] for key in keys], right, keys)
        if isinstance(found, Unjoined):
            return found
        rows = np.where(rows < 0, np.append(part.index.to_numpy(), -1)[found], rows)
    return _taken(other.frame[variable], rows)


def _identifiers(name: object) -> list[str]:
    """Return the variables that identify the parent: of the subject alone where IDVAR is empty."""
    return [SUBJECT, str(name)] if isinstance(name, str) and name else [SUBJECT]


def _taken(values: pd.Series, rows: frames.Positions) -> Coded:
    return encode(pd.Series(values.array.take(rows, allow_fill=True), index=pd.RangeIndex(len(rows))))


def _rows(
    other: Table, variable: str, left: Sequence[pd.Series], right: Sequence[pd.Series], keys: Sequence[str]
) -> frames.Positions | Unjoined:
    """Return the row of the other dataset for each record (-1: none), if all rows of a record say the same."""
    matches = frames.match_keys(left, right)
    if (matches.counts > 1).any():
        wanted, offered = frames.shared_codes(left, right)
        asked = np.isin(offered, wanted[wanted >= 0])
        said = pd.DataFrame({"key": offered[asked], "value": pd.factorize(other.frame[variable])[0][asked]})
        several = said.drop_duplicates()["key"].duplicated()
        if several.any():
            count, named = int(several.sum()), ", ".join(keys)
            return Unjoined(f"{other.name} has different values of {variable} for the same {named} ({count} times)")
    return matches.rows
