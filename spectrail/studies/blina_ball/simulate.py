"""Write the raw extract of the reference study and, apart from it, the truth."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv

from spectrail.errors import OutputError, UsageError
from spectrail.studies.blina_ball.block import FIXED_FAILURES, SIZE, Block, build_block
from spectrail.studies.blina_ball.cases import CASES
from spectrail.studies.blina_ball.corrections import CHANGE_COLUMNS, correct
from spectrail.studies.blina_ball.facts import forms, system_columns
from spectrail.studies.blina_ball.mess import LOG_COLUMNS, Sheet, finish, start
from spectrail.studies.blina_ball.mess_classes import plant_all
from spectrail.studies.blina_ball.truth import edge_case_table, marrow_table, subject_table

PROFILES = ("trial", "publication")
PUBLISHED = 35
PLAIN = 25
SMALLEST = len(CASES) + len(FIXED_FAILURES) + PLAIN
CODECS = {"UTF-8": "utf-8", "UTF-8 with BOM": "utf-8-sig", "GB18030": "gb18030"}
PLACE = ("Subject", "Folder", "PageRepeatNumber", "RecordPosition")
MESS_COLUMNS = (*LOG_COLUMNS[:2], "file", "row", *PLACE, *LOG_COLUMNS[2:])


@dataclass(frozen=True)
class Simulated:
    """What was written: folder, persons, screenings, data rows by form, planted cells by class."""

    directory: Path
    subjects: int
    screenings: int
    rows: dict[str, int]
    planted: dict[str, int]


def simulate(
    directory: str | Path,
    *,
    subjects: int | None = None,
    seed: int = 1,
    profile: str = "trial",
    extract: int = 1,
    clean: bool | None = None,
) -> Simulated:
    """Write `raw/*.csv` and `truth/*.csv` below `directory`; same arguments, same bytes.

    `subjects` is the number of persons screened (default: as many as the deliberate cases need; 35 in the publication
    profile, which takes no other). `extract` 2 is the same study with later corrections. `clean` also writes the
    forms without mess to `truth/clean/` (default: up to 1000 subjects). Nothing in `truth/` is for a build to read.
    """
    count = _checked(subjects, profile, extract)
    target = Path(directory)
    keep = count <= SIZE if clean is None else clean
    blocks = _sheets(count, seed, profile, extract)
    return _write(target, blocks, count, keep=keep)


def _checked(subjects: int | None, profile: str, extract: int) -> int:
    if profile not in PROFILES:
        raise UsageError(f"unknown profile {profile!r}", hint=f"known: {', '.join(PROFILES)}")
    if extract not in (1, 2) or (extract == 2 and profile != "trial"):
        raise UsageError(f"extract {extract} of profile {profile} does not exist", hint="trial has extracts 1 and 2")
    if profile == "publication":
        if subjects not in (None, PUBLISHED):
            raise UsageError(
                f"the publication profile has {PUBLISHED} subjects, not {subjects}", hint="leave --subjects out"
            )
        return PUBLISHED
    count = SMALLEST if subjects is None else subjects
    if count < SMALLEST:
        raise UsageError(
            f"the trial profile needs at least {SMALLEST} subjects, not {count}",
            hint="every deliberate case has a subject of its own; leave --subjects out for the smallest study",
        )
    return count


@dataclass(frozen=True)
class _Part:
    block: Block
    frames: dict[str, pd.DataFrame]
    log: list[dict[str, Any]]
    changes: list[dict[str, Any]]


def _sheets(count: int, seed: int, profile: str, extract: int) -> Iterator[_Part]:
    cases, plain = (len(CASES), PLAIN) if profile == "trial" else (0, 0)
    for first in range(1, count + 1, SIZE):
        size = min(SIZE, count - first + 1)
        block = build_block(seed, first, size, profile=profile, cases=cases, plain=plain)
        sheet: Sheet = start(block)
        changes: list[dict[str, Any]] = []
        if profile == "trial":
            plant_all(sheet)
            changes = correct(sheet) if extract == 2 and first == 1 else []
        finish(sheet)
        yield _Part(block, sheet.frames, sheet.log, changes)


def _write(target: Path, parts: Iterator[_Part], count: int, *, keep: bool) -> Simulated:
    raw, truth = target / "raw", target / "truth"
    if raw.exists() and any(raw.iterdir()) and not (truth / "mess.csv").exists():
        raise OutputError(f"{raw} holds files that no simulation wrote", hint="choose an empty folder")
    try:
        for folder in (raw, truth):
            if folder.exists():
                shutil.rmtree(folder)
            folder.mkdir(parents=True)
        if keep:
            (truth / "clean").mkdir()
        return _write_parts(target, parts, count, keep=keep)
    except OSError as error:
        raise OutputError(
            f"cannot write {target}: {error.strerror}", hint="choose a folder that can be written"
        ) from error


def _write_parts(target: Path, parts: Iterator[_Part], count: int, *, keep: bool) -> Simulated:
    raw, truth = target / "raw", target / "truth"
    rows = dict.fromkeys(forms(), 0)
    planted: dict[str, int] = {}
    screenings = 0
    for number, part in enumerate(parts):
        head = number == 0
        write_table(truth / "mess.csv", _log(part, rows), header=head)
        for name, form in forms().items():
            columns = [*system_columns(), *form.columns]
            write_table(raw / f"{name}.csv", part.frames[name][columns], header=head, encoding=CODECS[form.encoding])
            if keep:
                write_table(truth / "clean" / f"{name}.csv", part.block.clean[name][columns], header=head)
            rows[name] += len(part.frames[name])
        write_table(truth / "subjects.csv", subject_table(part.block), header=head)
        write_table(truth / "marrows.csv", marrow_table(part.block), header=head)
        if head and not part.block.subjects["plain"].all():
            write_table(truth / "edge_cases.csv", edge_case_table(part.block), header=True)
        if part.changes:
            write_table(truth / "changes.csv", pd.DataFrame(part.changes, columns=list(CHANGE_COLUMNS)), header=True)
        for entry in part.log:
            planted[entry["class"]] = planted.get(entry["class"], 0) + 1
        screenings += len(part.block.clean["DM"])
    return Simulated(target, count, screenings, rows, planted)


def _log(part: _Part, rows: dict[str, int]) -> pd.DataFrame:
    """Return the truth log of a part with file, row within the whole file, and the record's identity."""
    entries = []
    for entry in part.log:
        frame = part.frames[entry["form"]]
        place = frame.loc[entry["_label"]]
        more = {"file": f"{entry['form']}.csv", "row": rows[entry["form"]] + entry["row"]}
        entries.append(entry | more | {name: place[name] for name in PLACE})
    return pd.DataFrame(entries, columns=list(MESS_COLUMNS))


def write_table(path: Path, frame: pd.DataFrame, *, header: bool, encoding: str = "utf-8") -> None:
    """Write or append a frame as CSV: comma, quoted text, line feed, missing values as nothing."""
    text = _as_text(frame)
    arrays = [pa.array(text[name], from_pandas=True).cast(pa.large_string()) for name in text]
    table = pa.table(arrays, names=list(frame.columns))
    options = pacsv.WriteOptions(include_header=header, quoting_style="needed")
    with path.open("wb" if header else "ab") as handle:
        if encoding == "utf-8":
            pacsv.write_csv(table, handle, options)
        else:
            _recode(table, handle, options, encoding if header else encoding.replace("-sig", ""))


def _as_text(frame: pd.DataFrame) -> pd.DataFrame:
    numeric = frame.select_dtypes("number").columns
    return frame.astype(dict.fromkeys(numeric, "str")) if len(numeric) else frame


def _recode(table: pa.Table, handle: BinaryIO, options: pacsv.WriteOptions, encoding: str) -> None:
    buffer = io.BytesIO()
    pacsv.write_csv(table, buffer, options)
    handle.write(buffer.getvalue().decode("utf-8").encode(encoding))
