"""What changes in an analysis between its earliest and its latest dates: values, dates, records, results."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from adam.results.methods import Row
from spectrail import dates, frames
from spectrail.dataset import Dataset
from spectrail.lineage import RecordLineage

WATCHED = re.compile(r"TRTEMFL|CNSR|AVAL|ANL\d\dFL")
"""Variables whose changes are listed."""
SIDES = ("EARLIEST", "SPECIFIED", "LATEST")
CHANGES = ("DATASET", "USUBJID", "KEYS", "VARIABLE", *SIDES, "PARTIAL_DATES")
STATISTIC = ("display", "result", "description", "dataset", "selection", "population", "method", "group", "statistic")
"""What names a statistic in the rows of results; the other fields are its numbers."""
RESULTS = (*(name.upper() for name in STATISTIC), "FIELD", *SIDES)
RECORD = "*"
"""Stands for the record itself in the list of changes: it is there on one side only."""


@dataclass(frozen=True)
class Watched:
    """What is compared of an analysis dataset; `keys` do not depend on dates, the declared keys `moving` may."""

    name: str
    frame: pd.DataFrame
    keys: tuple[str, ...]
    moving: tuple[str, ...]
    dates: tuple[str, ...]
    records: RecordLineage


Sides = Sequence[Watched]
"""A dataset at the earliest dates, as specified, and at the latest ones."""


def watch(dataset: Dataset, numbering: Sequence[str] = ()) -> Watched:
    """Keep of a dataset what is compared; records are not told apart by `numbering` variables nor by dates.

    The lineage must be settled: an imputed date may reorder and renumber records, what they go back to stays.
    """
    frame = dataset.frame
    days = tuple(str(one) for one in frame if pd.api.types.is_datetime64_any_dtype(frame[one].dtype))
    keys = tuple(one for one in dataset.layout.keys if one in frame and one not in (*days, *numbering))
    moving = tuple(one for one in dataset.layout.keys if one in frame and one not in keys)
    kept = dict.fromkeys((*keys, *moving, *(one for one in ("USUBJID", "DTYPE") if one in frame), *days))
    values = [str(one) for one in frame if WATCHED.fullmatch(str(one))]
    columns = [*dict.fromkeys((*kept, *values))]
    return Watched(dataset.name, frame[columns], keys, moving, days, dataset.lineage.records)


def changes(
    sides: Sequence[Mapping[str, Watched]], sdtm: Mapping[str, Dataset], partial: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """List the watched values and the dates that differ between the first and the last of three analyses.

    `sides` are the analyses at the earliest dates, as specified and at the latest ones, `partial` the partial dates
    (see `adam.sensitivity.partial_dates`). A record that one extreme lacks is listed as `*`. Of the partial dates of
    a subject those in other records of the domain that a record comes from are not named as its causes.
    """
    values: list[pd.DataFrame] = []
    moved: list[pd.DataFrame] = []
    for name in sides[0]:
        mine = [side[name] for side in sides]
        joined = _joined(mine, sdtm)
        values.append(_lone(name, joined, mine, partial))
        for one in mine[0].frame.columns:
            target = moved if one in mine[0].dates else values if WATCHED.fullmatch(str(one)) else None
            if target is not None:
                target.append(_changed(name, str(one), joined, mine, partial))
    return _stacked(values, CHANGES), _stacked(moved, CHANGES)


def _stacked(parts: Sequence[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    empty = pd.DataFrame({name: pd.Series(dtype="str") for name in columns})
    made = pd.concat([empty, *parts], ignore_index=True)
    return made.sort_values(["DATASET", "KEYS", "VARIABLE"], kind="stable", ignore_index=True)


def _joined(sides: Sides, sdtm: Mapping[str, Dataset]) -> pd.DataFrame:
    """Return one row per record of any side; of side N the values are `X_N`, keys and position `_keys_N`, `_at_N`."""
    made: pd.DataFrame | None = None
    for number, (side, identity) in enumerate(zip(sides, _identities(sides, sdtm), strict=True)):
        own = {f"_keys_{number}": _shown_keys(side), f"_at_{number}": np.arange(len(identity), dtype=np.float64)}
        part = side.frame.reset_index(drop=True).add_suffix(f"_{number}").assign(_id=identity, **own)
        made = part if made is None else made.merge(part, on="_id", how="outer")
    assert made is not None
    return made


def _shown_keys(side: Watched) -> pd.Series:
    names = side.keys or tuple(one for one in ("USUBJID",) if one in side.frame)
    text = frames.repeat_text("", len(side.frame)).fillna("")
    for number, name in enumerate(names):
        value = frames.as_text(side.frame[name]).fillna("").reset_index(drop=True)
        text = text + (" " if number else "") + f"{name}=" + value
    return text


def _identities(sides: Sides, sdtm: Mapping[str, Dataset]) -> list[pd.Series]:
    """Return what tells the records of each side apart: the keys and DTYPE.

    Where these are not unique on every side, the first SDTM record behind a record and the order among equals are
    added; elsewhere not, since a record may come from another one when a date moves (time to event).
    """
    texts = []
    for side in sides:
        text = _shown_keys(side)
        if "DTYPE" in side.frame and "DTYPE" not in side.keys:
            text = text + "|" + frames.as_text(side.frame["DTYPE"]).fillna("").reset_index(drop=True)
        texts.append(text)
    twice = pd.concat([text[text.duplicated()] for text in texts]).unique()
    made = []
    for side, text in zip(sides, texts, strict=True):
        full = text.where(~text.isin(twice), text + "|" + _behind(side, sdtm))
        made.append(full + "|" + full.groupby(full).cumcount().astype("str"))
    return made


def _behind(side: Watched, sdtm: Mapping[str, Dataset]) -> pd.Series:
    """Return the first SDTM record behind each record, datasets by name, as text; empty for none."""
    known = sorted(sdtm)
    ranks = {name: rank for rank, name in enumerate(known)}
    rank = np.array([ranks.get(name, -1) for name in side.records.sources] or [-1])[side.records.source]
    inside = np.flatnonzero(rank >= 0)
    record, rank, row = (one[inside] for one in (side.records.record, rank, side.records.row))
    order = np.lexsort((row, rank, record))
    first, at = np.unique(record[order], return_index=True)
    found = np.full(len(side.frame), "", dtype=object)
    found[first] = np.array(known, dtype=object)[rank[order][at]] + row[order][at].astype(str).astype(object)
    return pd.Series(found, dtype="str")


def _causes(sides: Sides, rows: pd.DataFrame, partial: pd.DataFrame) -> npt.NDArray[np.object_]:
    """Return the partial dates that may be behind a change as `DM.DTHDTC 2023-08`, several joined by `; `.

    They are those of the subject, less those in other records of the domain that the record comes from.
    """
    found = [_pairs(side, rows[f"_at_{at}"].to_numpy(), partial) for at, side in enumerate(sides)]
    pairs = pd.concat(found, ignore_index=True).drop_duplicates().sort_values(["at", "date"], kind="stable")
    seq = (" (" + partial["SEQ"] + ")").fillna("")
    named = partial["DATASET"] + "." + partial["VARIABLE"] + seq + " " + partial["VALUE"]
    texts = named.iloc[pairs["date"].to_numpy(dtype=np.int64)].groupby(pairs["at"].to_numpy()).agg("; ".join)
    return texts.reindex(range(len(rows))).fillna("").to_numpy(dtype=object)


def _pairs(side: Watched, positions: npt.NDArray[np.float64], partial: pd.DataFrame) -> pd.DataFrame:
    """Return pairs of a changed row (`at`) and a partial date (`date`) for the records at `positions` of a side."""
    at = np.flatnonzero(~np.isnan(positions)) if "USUBJID" in side.frame else np.empty(0, dtype=np.int64)
    record = positions[at].astype(np.int64)
    subject = frames.as_text(side.frame["USUBJID"]).to_numpy()[record] if len(at) else np.empty(0, dtype=object)
    mine = pd.DataFrame({"at": at, "record": record, "USUBJID": pd.Series(subject, dtype="str")})
    listed = partial[["USUBJID", "DATASET", "ROW"]].assign(date=np.arange(len(partial)))
    pairs = mine.merge(listed, on="USUBJID")
    links = side.records
    names = pd.Series(np.array([*links.sources, ""], dtype=object)[links.source], dtype="str")
    behind = pd.DataFrame(
        {"record": links.record.astype(np.int64), "DATASET": names, "ROW": links.row.astype(np.int64)}
    )
    behind = behind[behind["record"].isin(record)].drop_duplicates()
    domain = _among(pairs, behind, ["record", "DATASET"])
    return pairs.loc[~domain | _among(pairs, behind, ["record", "DATASET", "ROW"]), ["at", "date"]]


def _among(left: pd.DataFrame, right: pd.DataFrame, keys: list[str]) -> npt.NDArray[np.bool_]:
    return frames.match_keys([left[one] for one in keys], [right[one] for one in keys]).rows >= 0


def _lone(name: str, joined: pd.DataFrame, sides: Sides, partial: pd.DataFrame) -> pd.DataFrame:
    rows = joined[joined["_at_0"].notna() != joined["_at_2"].notna()]
    return _listed(
        name, RECORD, rows, [np.where(rows[f"_at_{at}"].notna(), "record", "") for at in range(3)], sides, partial
    )


def _changed(name: str, variable: str, joined: pd.DataFrame, sides: Sides, partial: pd.DataFrame) -> pd.DataFrame:
    both = joined[joined["_at_0"].notna() & joined["_at_2"].notna()]
    columns = [both.get(f"{variable}_{at}") for at in range(3)]
    texts = [frames.missing_text(len(both)) if one is None else _text(one) for one in columns]
    early, _, late = (one.fillna("").to_numpy(dtype=object) for one in texts)
    differs = np.flatnonzero(early != late)
    shown = [one.to_numpy(dtype=object)[differs] for one in texts]
    return _listed(name, variable, both.iloc[differs], shown, sides, partial)


def _text(values: pd.Series) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        instants = values.reset_index(drop=True)
        timed = bool((instants.dt.normalize() != instants)[instants.notna()].any())
        return dates.iso_text(instants, level=dates.SECOND if timed else dates.DAY)
    return frames.as_text(values)


def _listed(
    name: str, variable: str, rows: pd.DataFrame, texts: Sequence[Any], sides: Sides, partial: pd.DataFrame
) -> pd.DataFrame:
    keys = rows["_keys_0"].where(rows["_keys_0"].notna(), rows["_keys_2"]).reset_index(drop=True)
    for key in sides[0].moving:
        early, late = (_text(rows[f"{key}_{at}"].reset_index(drop=True)) for at in (0, 2))
        keys = keys.where((early != late).fillna(True).astype(bool), keys + f" {key}=" + early)
    subject = [rows.get(f"USUBJID_{at}", frames.missing_text(len(rows))).reset_index(drop=True) for at in (0, 2)]
    made = pd.DataFrame(
        {"DATASET": name, "USUBJID": subject[0].fillna(subject[1]), "KEYS": keys, "VARIABLE": variable},
        index=range(len(rows)),
    )
    made = made.assign(**dict(zip(SIDES, texts, strict=True)), PARTIAL_DATES=_causes(sides, rows, partial))
    return made.fillna("").astype("str")


def result_changes(sides: Sequence[Mapping[str, Sequence[Row]]]) -> pd.DataFrame:
    """List the numbers of declared results that differ between the first and the last of three analyses.

    `sides` are the rows of `adam.results.declared.results` at the earliest dates, as specified and at the latest.
    """
    numbers = [_numbers(rows, side) for rows, side in zip(sides, SIDES, strict=True)]
    joined = pd.concat(numbers, axis="columns")
    early, late = joined["EARLIEST"].to_numpy(), joined["LATEST"].to_numpy()
    differs = (early != late) & ~(np.isnan(early) & np.isnan(late))
    return joined[differs].reset_index()[[*RESULTS]]


def _numbers(displays: Mapping[str, Sequence[Row]], side: str) -> pd.Series:
    """Return the numbers of all rows, named by what says which number it is and its order among equals."""
    found = [
        (*(_said(row.get(name)) for name in STATISTIC), field, np.nan if value is None else float(value))
        for rows in displays.values()
        for row in rows
        for field, value in row.items()
        if field not in STATISTIC
    ]
    names = [name for name in RESULTS if name not in SIDES]
    table = pd.DataFrame(found, columns=[*names, side]).astype(dict.fromkeys(names, "str") | {side: "float64"})
    table["_n"] = table.groupby(names).cumcount()
    return table.set_index([*names, "_n"])[side]


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name}={one}" for name, one in value.items())
    return "" if value is None else str(value)
