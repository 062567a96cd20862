"""What changed between two extracts of a study: added, changed and removed raw rows by form and key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sdtm.intake.diff_output import as_rows, as_table
from sdtm.intake.reader import Progress, read_raw
from sdtm.intake.table import RawTable, row_hash
from specs.models import RawSource
from spectrail.errors import InputError, Place, nearest_hint

__all__ = ["ExtractDiff", "as_rows", "as_table", "diff_extracts", "diff_folders"]

Rows = npt.NDArray[np.int64]
Match = tuple[Rows, Rows]

CHANGES = ("added", "changed", "removed")
COLUMNS = ("form", "change", "keys", "column", "old", "new", "old_row", "new_row", "matched_by")
FORM_COLUMNS = (
    "form", "rows_old", "rows_new", "same", "added", "changed", "removed", "matched_by", "reason", "columns_added",
    "columns_removed",
)  # fmt: skip


@dataclass(frozen=True)
class ExtractDiff:
    """The difference of two extracts.

    `rows`: one row per changed cell and per added or removed raw row, with the columns `COLUMNS`; `keys` as
    `Subject=001 AESPID=2`, `old_row` and `new_row` the 1-based data rows (0: none), `column` empty for whole rows.
    `forms`: one row per form with the columns `FORM_COLUMNS`; counts are raw rows, `matched_by` says how rows were
    paired (keys, content, keys and content) and `reason` why not by keys alone.
    """

    rows: pd.DataFrame
    forms: pd.DataFrame

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True)
class _Pairing:
    """Matched row positions, the rows left over on each side, and which rows were paired by content."""

    pairs: Match
    removed: Rows
    added: Rows
    loose_old: npt.NDArray[np.bool_]
    loose_new: npt.NDArray[np.bool_]


def diff_folders(
    old: Path,
    new: Path,
    sources: Sequence[RawSource],
    *,
    ignore: Sequence[str] = (),
    progress: Progress | None = None,
) -> ExtractDiff:
    """Compare the raw files of two study folders; the keys of each source identify its rows.

    A file that only one folder has counts as a form without rows in the other; one that both lack raises.
    """
    tables: tuple[dict[str, RawTable], dict[str, RawTable]] = ({}, {})
    for done, source in enumerate(sources):
        if progress is not None:
            progress(source.path, done, len(sources))
        present = [(folder / source.path).exists() for folder in (old, new)]
        if not any(present):
            raise InputError(
                "neither study folder has this raw file",
                place=Place(file=source.path),
                hint="check the path of its source",
            )
        for side, folder in enumerate((old, new)):
            if present[side]:
                tables[side][source.name] = read_raw(source, root=folder)
    keys = {source.name: source.keys for source in sources}
    return diff_extracts(tables[0], tables[1], keys=keys, ignore=ignore)


def diff_extracts(
    old: Mapping[str, RawTable],
    new: Mapping[str, RawTable],
    *,
    keys: Mapping[str, Sequence[str]],
    ignore: Sequence[str] = (),
) -> ExtractDiff:
    """Compare raw tables of the same names, cell by cell over the columns that both have.

    Rows are paired by the key columns of their form; rows whose key occurs more than once, and all rows of a form
    without keys, by their full content, so that a change there shows as one row removed and one added.  Columns in
    `ignore` (time stamps of the export) take no part.  The order of rows is no difference.
    """
    rows: list[pd.DataFrame] = []
    forms: list[dict[str, object]] = []
    for form in dict.fromkeys([*old, *new]):
        found, summary = _diff_form(form, old.get(form), new.get(form), tuple(keys.get(form, ())), frozenset(ignore))
        rows.append(found)
        forms.append(summary)
    empty = pd.DataFrame({name: pd.Series(dtype=_dtype(name)) for name in COLUMNS})
    return ExtractDiff(
        rows=pd.concat([empty, *rows], ignore_index=True).astype({name: _dtype(name) for name in COLUMNS}),
        forms=pd.DataFrame(forms, columns=list(FORM_COLUMNS)),
    )


def _diff_form(
    form: str, old: RawTable | None, new: RawTable | None, keys: tuple[str, ...], ignore: frozenset[str]
) -> tuple[pd.DataFrame, dict[str, object]]:
    before, after = _frames(old, new)
    kept = [name for name in before if name in after and name not in ignore]
    for table in (old, new):
        _check_keys(form, table, keys)
    left, right = before[kept], after[kept]
    pairing, reason = _pair(left, right, keys)
    cells = _changed_cells(left, right, pairing.pairs)
    changed = cells.assign(
        change="changed",
        keys=_key_texts(after, keys, cells["new_row"].to_numpy(dtype=np.int64) - 1),
        matched_by="keys",
    )
    gone = _whole_rows("removed", pairing, _key_texts(before, keys, pairing.removed))
    come = _whole_rows("added", pairing, _key_texts(after, keys, pairing.added))
    rows = pd.concat([come, changed, gone], ignore_index=True).assign(form=form)[list(COLUMNS)]
    touched = int(changed["new_row"].nunique())
    by_content = int(pairing.loose_old.sum() + pairing.loose_new.sum())
    by_key = len(before) + len(after) - by_content
    absent = (
        "the old extract lacks the file" if old is None else "the new extract lacks the file" if new is None else ""
    )
    return rows, {
        "form": form,
        "rows_old": len(before),
        "rows_new": len(after),
        "same": len(pairing.pairs[0]) - touched,
        "added": len(pairing.added),
        "changed": touched,
        "removed": len(pairing.removed),
        "matched_by": "keys and content"
        if by_key and by_content
        else "content"
        if by_content or not keys
        else "keys",
        "reason": "; ".join(part for part in (absent, reason) if part),
        "columns_added": ", ".join(name for name in after if name not in before),
        "columns_removed": ", ".join(name for name in before if name not in after),
    }


def _frames(old: RawTable | None, new: RawTable | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the frames of both sides; the side that lacks the file is empty with the columns of the other."""
    frames = [table.frame for table in (old, new) if table is not None]
    return frames[0].iloc[: 0 if old is None else None], frames[-1].iloc[: 0 if new is None else None]


def _check_keys(form: str, table: RawTable | None, keys: tuple[str, ...]) -> None:
    missing = [name for name in keys if table is not None and name not in table.frame]
    if missing and table is not None:
        raise InputError(
            f"the key column {missing[0]!r} of {form} is not in the file",
            place=Place(file=table.path),
            hint=nearest_hint(missing[0], [str(name) for name in table.frame]),
        )


def _pair(left: pd.DataFrame, right: pd.DataFrame, keys: tuple[str, ...]) -> tuple[_Pairing, str]:
    """Pair rows by key where the key is unique on both sides, else by content."""
    used = [name for name in keys if name in left]
    if not used:
        loose = np.ones(len(left), dtype=bool), np.ones(len(right), dtype=bool)
        reason = (
            "no key columns are given: rows are matched by their full content" if len(left) and len(right) else ""
        )
        codes = np.zeros(len(left), dtype=np.int64), np.zeros(len(right), dtype=np.int64)
    else:
        codes = _codes(left[used], right[used])
        size = int(max((side.max() for side in codes if len(side)), default=-1)) + 1
        many = (np.bincount(codes[0], minlength=size) > 1) | (np.bincount(codes[1], minlength=size) > 1)
        loose = many[codes[0]], many[codes[1]]
        reason = (
            f"{int(many.sum())} key(s) occur more than once: their rows are matched by their full content"
            if many.any()
            else ""
        )
    strict = _pair_unique(codes[0], codes[1], ~loose[0], ~loose[1])
    equal = _pair_content(left, right, *loose)
    pairs = np.concatenate((strict[0], equal[0])), np.concatenate((strict[1], equal[1]))
    return (
        _Pairing(
            pairs=pairs,
            removed=np.setdiff1d(np.arange(len(left)), pairs[0]),
            added=np.setdiff1d(np.arange(len(right)), pairs[1]),
            loose_old=loose[0],
            loose_new=loose[1],
        ),
        reason,
    )


def _codes(left: pd.DataFrame, right: pd.DataFrame) -> tuple[Rows, Rows]:
    """Number the distinct rows of two frames together, from 0; equal rows (missing equals missing) get one number."""
    codes = np.zeros(len(left) + len(right), dtype=np.int64)
    for name in left:
        column, distinct = pd.factorize(
            pd.concat([left[name], right[name]], ignore_index=True), use_na_sentinel=False
        )
        codes = pd.factorize(codes * len(distinct) + column)[0].astype(np.int64)
    return codes[: len(left)], codes[len(left) :]


def _pair_unique(left: Rows, right: Rows, use_left: npt.NDArray[np.bool_], use_right: npt.NDArray[np.bool_]) -> Match:
    old, new = np.flatnonzero(use_left), np.flatnonzero(use_right)
    _, at_old, at_new = np.intersect1d(left[old], right[new], assume_unique=True, return_indices=True)
    order = np.argsort(new[at_new], kind="stable")
    return old[at_old][order], new[at_new][order]


def _pair_content(
    left: pd.DataFrame, right: pd.DataFrame, use_left: npt.NDArray[np.bool_], use_right: npt.NDArray[np.bool_]
) -> Match:
    """Pair rows of equal content; the n-th copy of a row with the n-th copy on the other side."""
    old, new = np.flatnonzero(use_left), np.flatnonzero(use_right)
    if not len(old) or not len(new) or not left.shape[1]:
        return old[:0], new[:0]
    parts = left.iloc[old], right.iloc[new]
    likely = [np.isin(row_hash(parts[side]), row_hash(parts[1 - side])) for side in (0, 1)]
    old, new = old[likely[0]], new[likely[1]]
    codes = _codes(left.iloc[old], right.iloc[new])
    copies = [pd.Series(side).groupby(side).cumcount().to_numpy(dtype=np.int64) for side in codes]
    most = int(max((side.max() for side in copies if len(side)), default=0)) + 1
    numbered = [code * most + copy for code, copy in zip(codes, copies, strict=True)]
    _, at_old, at_new = np.intersect1d(numbered[0], numbered[1], assume_unique=True, return_indices=True)
    return old[at_old], new[at_new]


def _changed_cells(left: pd.DataFrame, right: pd.DataFrame, pairs: Match) -> pd.DataFrame:
    """Return position, column, old and new text of every paired cell that differs."""
    parts = []
    for order, name in enumerate(left):
        old, new = left[name].take(pairs[0]), right[name].take(pairs[1])
        before, after = pa.array(old, from_pandas=True), pa.array(new, from_pandas=True)
        differs = pc.fill_null(pc.not_equal(before, after), pc.xor(before.is_null(), after.is_null()))
        at = np.flatnonzero(np.asarray(differs))
        if len(at):
            parts.append(
                pd.DataFrame(
                    {
                        "order": order,
                        "column": str(name),
                        "old": old.array.take(at),
                        "new": new.array.take(at),
                        "old_row": pairs[0][at] + 1,
                        "new_row": pairs[1][at] + 1,
                    }
                )
            )
    if not parts:
        return pd.DataFrame(columns=["order", "column", "old", "new", "old_row", "new_row"])
    return pd.concat(parts, ignore_index=True).sort_values(["new_row", "order"], kind="stable", ignore_index=True)


def _whole_rows(change: str, pairing: _Pairing, keys: pd.Series) -> pd.DataFrame:
    old = change == "removed"
    rows, loose = (pairing.removed, pairing.loose_old) if old else (pairing.added, pairing.loose_new)
    nothing = np.zeros(len(rows), dtype=np.int64)
    return pd.DataFrame(
        {
            "change": change,
            "keys": keys,
            "column": "",
            "old": pd.Series(np.nan, index=range(len(rows)), dtype="str"),
            "new": pd.Series(np.nan, index=range(len(rows)), dtype="str"),
            "old_row": rows + 1 if old else nothing,
            "new_row": nothing if old else rows + 1,
            "matched_by": np.where(loose[rows], "content", "keys"),
        }
    )


def _key_texts(frame: pd.DataFrame, keys: tuple[str, ...], rows: Rows) -> pd.Series:
    """Return `Subject=001 AESPID=2` for each of the rows; empty without keys."""
    text = pd.Series("", index=range(len(rows)), dtype="str")
    for position, name in enumerate(keys):
        text = (
            text + (" " if position else "") + f"{name}=" + frame[name].take(rows).fillna("").reset_index(drop=True)
        )
    return text


def _dtype(name: str) -> str:
    return "int64" if name in ("old_row", "new_row") else "str"
