"""What a build did to clean values: records of rows in which nothing was planted against those of the clean forms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from spectrail.studies.blina_ball.scoring_build import Scored, item_of

DEPENDENT = re.compile(
    r"\w+SEQ|\w+DY|\w+LOBXFL|EPOCH|VISIT(NUM|DY)?|RF\w+DTC|DTHDTC|DTHFL|IDVARVAL|(SE)(ST|EN)DTC|TAETORD|ETCD|ELEMENT"
)
"""Variables that depend on other rows of the subject: numbers, study days, baselines, epochs, reference dates."""

COLUMNS = ["dataset", "variable", "source", "row", "messy", "clean"]


@dataclass(frozen=True)
class Harm:
    """Clean values that were changed.

    `repairs` are values made from clean cells that differ from what the clean form gives (`variable` blank: a record
    too many or too few); `dependent` values of clean rows that differ since another row of the subject was planted;
    `compared` counts values compared, `records` the records.
    """

    repairs: pd.DataFrame
    dependent: pd.DataFrame
    compared: int
    records: int

    def lines(self) -> list[str]:
        """Return what was harmed as lines of Markdown."""
        found = [
            f"False repairs: {len(self.repairs) or 'none'} "
            f"({self.compared:,} values in {self.records:,} records that go back to clean cells)."
        ]
        found += [
            f"- {row['dataset']}.{row['variable']} from {row['source']} row {row['row'] + 1}: "
            f"{row['messy']!r}, clean {row['clean']!r}"
            for _, row in self.repairs.iterrows()
        ]
        moved = self.dependent.groupby(["dataset", "variable"]).size()
        listed = ", ".join(f"{dataset}.{variable} {count}" for (dataset, variable), count in moved.items())
        return [*found, "", f"Derived values of clean rows that follow a planted row elsewhere: {listed or 'none'}."]


def harm_done(messy: Scored, clean: Scored, pairs: Mapping[str, pd.Series], planted: pd.DataFrame) -> Harm:
    """Compare the records of an extract with those of its clean forms as far as they go back to clean cells.

    `pairs` gives by source the clean row of each raw row, `planted` the planted rows: source and row.  Of a planted
    row the values that rest on its other cells alone are compared too.
    """
    dirty = set(zip(planted["source"], planted["row"], strict=True))
    parts = [_dataset(name, messy, clean, pairs, dirty) for name in messy.records if name in clean.records]
    repairs = pd.concat([one[0] for one in parts], ignore_index=True)
    dependent = pd.concat([one[1] for one in parts], ignore_index=True)
    return Harm(repairs, dependent, sum(one[2] for one in parts), sum(one[3] for one in parts))


def _dataset(
    name: str, messy: Scored, clean: Scored, pairs: Mapping[str, pd.Series], dirty: set[tuple[str, int]]
) -> tuple[pd.DataFrame, pd.DataFrame, int, int]:
    """Compare one dataset; give back false repairs, dependent differences, values and records compared."""
    met, lone = _matched(name, messy, clean, pairs, dirty)
    one = messy.records[name].iloc[met["record"].astype(int)].reset_index(drop=True)
    two = clean.records[name].iloc[met["record_clean"].astype(int)].reset_index(drop=True)
    place = met[["source", "row"]].reset_index(drop=True)
    whole = ~met["spoiled"].to_numpy(dtype=bool)
    repairs: list[pd.DataFrame] = [_lone(name, lone)]
    dependent: list[pd.DataFrame] = []
    compared = 0
    for variable in map(str, one.columns):
        follows = bool(DEPENDENT.fullmatch(variable))
        fair = whole if follows else whole | _untouched(name, variable, met, messy, clean, pairs)
        differ = np.flatnonzero(fair & (one[variable] != two[variable]).to_numpy())
        found = place.iloc[differ].assign(
            dataset=name,
            variable=variable,
            messy=one[variable].iloc[differ].to_numpy(),
            clean=two[variable].iloc[differ].to_numpy(),
        )
        (dependent if follows else repairs).append(found)
        compared += 0 if follows else int(fair.sum())
    return _stacked(repairs), _stacked(dependent), compared, len(met)


def _matched(
    name: str, messy: Scored, clean: Scored, pairs: Mapping[str, pd.Series], dirty: set[tuple[str, int]]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return records of both builds that go back to the same row, and those of clean rows without a counterpart."""
    ours, theirs = _placed(name, messy, dirty), _placed(name, clean, set())
    partner = ours["row"].to_numpy(copy=True)
    for source in ours["source"].unique():
        mine = (ours["source"] == source).to_numpy()
        partner[mine] = pairs[str(source)].to_numpy()[partner[mine]]
    ours = ours.rename(columns={"row": "raw_row"}).assign(row=partner)
    both = ours.merge(
        theirs.drop(columns=["spoiled", "rows"]),
        on=["source", "row", "item", "nth"],
        how="outer",
        suffixes=("", "_clean"),
    )
    alone = both["record"].isna() | both["record_clean"].isna()
    touched = {(source, int(pairs[source].iloc[row])) for source, row in dirty}
    of_dirty = pd.MultiIndex.from_frame(both[["source", "row"]]).isin(list(touched))
    spoiled = both["spoiled"].eq(True).to_numpy() | of_dirty
    both = both.assign(spoiled=spoiled)
    return both[~alone].reset_index(drop=True), both[alone & ~spoiled]


def _placed(name: str, build: Scored, dirty: set[tuple[str, int]]) -> pd.DataFrame:
    """Return the first raw row of each record, what tells its records apart, whether a row behind it is planted."""
    links = build.links[name]
    links = links[links["source"].isin(list(build.raw))]
    links = links.assign(spoiled=pd.MultiIndex.from_frame(links[["source", "row"]]).isin(list(dirty)))
    behind = links.groupby("record")["spoiled"]
    first = links.drop_duplicates("record").set_index("record")
    first = first.assign(spoiled=behind.any(), rows=behind.size()).reset_index()
    first["item"] = item_of(build.records[name]).iloc[first["record"]].to_numpy()
    first["nth"] = first.groupby(["source", "row", "item"]).cumcount()
    return first


def _untouched(
    name: str, variable: str, met: pd.DataFrame, messy: Scored, clean: Scored, pairs: Mapping[str, pd.Series]
) -> npt.NDArray[np.bool_]:
    """Tell which records of planted rows have this value from cells alone that are as in the clean form."""
    fair = np.zeros(len(met), dtype=bool)
    for place in np.flatnonzero(met["spoiled"].to_numpy(dtype=bool)).tolist():
        source, record = str(met["source"].iloc[place]), int(met["record"].iloc[place])
        if met["rows"].iloc[place] != 1 or source not in messy.lineages[name].records.sources:
            continue
        shown = f"QVAL.{met['item'].iloc[place]}" if variable == "QVAL" else variable
        read = messy.read(name, shown, record, source)
        ours = messy.raw[source].iloc[int(met["raw_row"].iloc[place])]
        theirs = clean.raw[source].iloc[int(met["row"].iloc[place])]
        fair[place] = bool(read) and all(ours[one] == theirs[one] for one in read)
    return fair


def _lone(name: str, lone: pd.DataFrame) -> pd.DataFrame:
    has = np.where(lone["record"].notna(), "a record", "none")
    other = np.where(lone["record_clean"].notna(), "a record", "none")
    return lone[["source", "row"]].assign(dataset=name, variable="", messy=has, clean=other)


def _stacked(parts: list[pd.DataFrame]) -> pd.DataFrame:
    kept = [part[COLUMNS] for part in parts if len(part)]
    return pd.concat(kept, ignore_index=True) if kept else pd.DataFrame(columns=COLUMNS)
