"""Score a build of the reference study against the truth: what was found of what was planted, and what was harmed.

    python -m spectrail.studies.blina_ball.score STUDY OUT

The build itself never reads the truth.  The clean forms behind the extract are built too, and compared record by
record.  A planted cell is *resolved* when the standardised values of its row are those of the clean row or the true
value itself, or when a row that should be no record is left out; *queried* when the cleaning report asks about its
row.  A row in which nothing was planted must give the same records as its clean form (else: a false repair) and must
not be queried (else: a false query).
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd

from specs.yaml_files import read_study
from spectrail.io.lineage_files import read_lineage
from spectrail.io.xpt import read_xpt
from spectrail.pipeline.build import build_study

PLACE = ["form", "Subject", "PageRepeatNumber", "RecordPosition"]
MADE_BY_RULE = ("SE", "RELREC", "TA", "TE", "TV", "TI", "TS")
"""Datasets whose records come from other datasets or from the protocol: a changed row shows where it is collected."""

DERIVED = re.compile(r"\w+SEQ|\w+DY|\w+LOBXFL|EPOCH|VISIT\w*|RF\w+DTC|DTH\w+|IDVARVAL")
"""Variables that depend on other rows of the subject."""

AS_COLLECTED = re.compile(r"\w\w(ORRES|ORRESU|ORNRLO|ORNRHI)")
"""Variables that keep what was collected; their standardised counterparts are compared."""


@dataclass(frozen=True)
class Score:
    """What became of the planted mess.

    `classes` has one row per class: planted, found, resolved, queried, missed.  `false_repairs` and `false_queries`
    name clean rows (form, subject, record position) that were changed or queried; `missed` planted ones not found.
    """

    classes: pd.DataFrame
    false_repairs: tuple[str, ...]
    false_queries: tuple[str, ...]
    missed: tuple[str, ...]


def score_build(study: Path, out: Path) -> Score:
    """Compare a build in `out` of the simulated study folder with its truth; builds the clean forms on the way."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = _clean_study(study, Path(scratch) / "study")
        clean = _facts(folder, Path(scratch) / "out", build=True)
    messy = _facts(study, out)
    log = pd.read_csv(study / "truth" / "mess.csv", dtype="str", keep_default_na=False)
    places = [_place(row) for row in log[PLACE].itertuples(index=False)]
    asked = _queried(study, out)
    rows = list(zip(log["file"], log["row"], strict=True))
    queried = np.array([row in asked for row in rows], dtype=bool)
    resolved = np.array(
        [
            entry.expected == "resolve" and _resolved(messy.get(place), clean.get(place), entry)
            for place, entry in zip(places, log.itertuples(index=False), strict=True)
        ],
        dtype=bool,
    )
    found = resolved | queried
    table = pd.DataFrame(
        {"class": log["class"], "planted": 1, "found": found, "resolved": resolved, "queried": queried}
    )
    planted = set(places)
    changed = sorted(place for place in messy.keys() | clean.keys() if place not in planted)
    return Score(
        classes=table.groupby("class", sort=True).sum().astype(int),
        false_repairs=tuple(place for place in changed if _whole(messy, place) != _whole(clean, place)),
        false_queries=tuple(f"{file} row {row}" for file, row in sorted(asked - set(rows))),
        missed=tuple(
            f"{name} at {place}" for name, place, hit in zip(log["class"], places, found, strict=True) if not hit
        ),
    )


def _clean_study(study: Path, folder: Path) -> Path:
    """Write a study folder around the clean forms, which are all in UTF-8."""
    shutil.copytree(study / "specs", folder / "specs")
    shutil.copytree(study / "truth" / "clean", folder / "raw")
    text = (study / "study.yaml").read_text(encoding="utf-8")
    (folder / "study.yaml").write_text(re.sub(r"encoding: [\w-]+", "encoding: UTF-8", text), encoding="utf-8")
    return folder


@dataclass(frozen=True)
class _Facts:
    """What one raw row became: all its records, their standardised part, and their values."""

    whole: tuple[str, ...]
    standard: tuple[str, ...]
    values: frozenset[str]


def _facts(study: Path, out: Path, *, build: bool = False) -> dict[str, _Facts]:
    """Return what every raw row became, by its place."""
    if build:
        build_study(study, out, only=("sdtm",))
    collected: dict[str, list[tuple[str, str, str, list[str]]]] = {}
    sources = {source.name: source for source in read_study(study).study.sources}
    places = {name: _places(study / source.path, source.encoding) for name, source in sources.items()}
    for path in sorted((out / "m5").rglob("*.xpt")):
        name = path.stem.upper()
        if name in MADE_BY_RULE:
            continue
        for place, record in _records(path, out, name, places):
            collected.setdefault(place, []).append(record)
    return {place: _gathered(records) for place, records in collected.items()}


def _gathered(records: list[tuple[str, str, str, list[str]]]) -> _Facts:
    whole = tuple(sorted(f"{name} {text}" for name, text, _, _ in records))
    standard = tuple(sorted(f"{name} {text}" for name, _, text, _ in records))
    return _Facts(whole, standard, frozenset(value for *_, values in records for value in values))


def _records(
    path: Path, out: Path, name: str, places: dict[str, list[str]]
) -> Iterator[tuple[str, tuple[str, str, str, list[str]]]]:
    """Yield the place of the raw row behind each record, with the record's texts and values."""
    frame = read_xpt(path).frame
    links = read_lineage(out / "lineage", name).records
    kept = [column for column in frame.columns if not DERIVED.fullmatch(column)]
    texts = {column: _as_text(frame[column]).tolist() for column in kept}
    for record, code, row in zip(links.record.tolist(), links.source.tolist(), links.row.tolist(), strict=True):
        source = links.sources[code]
        if source not in places:
            continue
        cells = [(column, texts[column][record]) for column in kept if texts[column][record]]
        whole = "; ".join(f"{column}={value}" for column, value in cells)
        standard = "; ".join(f"{column}={value}" for column, value in cells if not AS_COLLECTED.fullmatch(column))
        yield places[source][row], (name, whole, standard, _values(cells))


def _values(cells: list[tuple[str, str]]) -> list[str]:
    """Return the values of a record, and its standard result with the unit."""
    found = [value for _, value in cells]
    by_ending = {column[2:]: value for column, value in cells}
    if "STRESC" in by_ending:
        found.append(f"{by_ending['STRESC']} {by_ending.get('STRESU', '')}".strip())
    return found


def _as_text(values: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values.map(lambda number: "" if number != number else f"{number:.15g}")
    return values.fillna("").astype("str")


def _places(path: Path, encoding: str) -> list[str]:
    frame = pd.read_csv(path, dtype="str", keep_default_na=False, encoding=encoding or "utf-8")
    frame.insert(0, "form", path.stem)
    return [_place(row) for row in frame[PLACE].itertuples(index=False)]


def _place(row: tuple[str, ...]) -> str:
    return " ".join(row)


def _whole(facts: dict[str, _Facts], place: str) -> tuple[str, ...]:
    return facts[place].whole if place in facts else ()


def _resolved(messy: _Facts | None, clean: _Facts | None, entry: object) -> bool:
    """Tell whether a planted cell came out as it truly is."""
    true, raw = str(getattr(entry, "true_value", "")), str(getattr(entry, "raw_value", ""))
    if messy is None:  # left out: right for a row that is no record of the clean study either
        return clean is None
    if clean is not None and messy.standard == clean.standard:
        return True
    if true:
        return true in messy.values
    return raw not in messy.values


def _queried(study: Path, out: Path) -> set[tuple[str, str]]:
    """Return the file and row of every query in the cleaning report."""
    book = openpyxl.load_workbook(out / "queries" / "queries.xlsx", read_only=True)
    rows = list(book["Queries"].iter_rows(values_only=True))
    at = {str(name): number for number, name in enumerate(rows[0])}
    return {(Path(str(row[at["File"]])).name, str(row[at["Row"]])) for row in rows[1:]}


def main(arguments: list[str]) -> int:
    """Print the score; the status is 1 when something was missed or harmed."""
    if len(arguments) != 2:
        print("usage: python -m spectrail.studies.blina_ball.score STUDY OUT", file=sys.stderr)
        return 2
    score = score_build(Path(arguments[0]), Path(arguments[1]))
    print(score.classes.to_string())
    total = score.classes.sum()
    print(f"\nfound {total['found']} of {total['planted']} planted, {total['resolved']} resolved")
    for title, listed in (
        ("false repairs", score.false_repairs),
        ("false queries", score.false_queries),
        ("missed", score.missed),
    ):
        print(f"{title}: {len(listed)}", *listed, sep="\n  ")
    return int(bool(score.false_repairs or score.false_queries or score.missed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
