"""The issue ledger: what has been judged of findings, carried from run to run in a CSV file beside the study.

One line per fingerprint, sorted, so that changes show as a diff. Statuses: `new` (first seen at the last update),
`known` (seen before, not judged), `accepted` (judged, with an explanation; does not count for `--fail-on`), `fixed`
(no longer found). The file is an input: only an update on purpose writes it. A finding that comes back after it was
fixed is new again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from spectrail.errors import InputError, Place
from spectrail.findings import Findings
from spectrail.io.atomic import replacing

STATUSES = ("new", "known", "accepted", "fixed")
COLUMNS = ("fingerprint", "status", "rule", "dataset", "variable", "keys", "value", "explanation")
LARGEST = 512 * 1024 * 1024
_DESCRIBING = ("rule", "dataset", "variable", "keys", "value")
_HEX = np.array([f"{byte:02x}".encode() for byte in range(256)], dtype="S2")
_FORMULA = ("=", "+", "-", "@", "'")


def _no_entries() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype="str") for name in COLUMNS})


@dataclass(frozen=True)
class Ledger:
    """Entries by fingerprint: a frame with the columns `COLUMNS`, blank text where there is none."""

    entries: pd.DataFrame = field(default_factory=_no_entries)

    def __len__(self) -> int:
        return len(self.entries)


@dataclass(frozen=True)
class Judged:
    """What a ledger says of the findings of a run: status and explanation of each, and the entries now fixed."""

    fingerprints: npt.NDArray[np.object_]
    status: npt.NDArray[np.object_]
    explanation: npt.NDArray[np.object_]
    fixed: pd.DataFrame = field(default_factory=_no_entries)
    used: bool = True

    def counts(self) -> dict[str, int]:
        """Count findings by status; `fixed` counts entries."""
        counted = pd.Series(self.status).value_counts()
        found = {status: int(counted.get(status, 0)) for status in STATUSES[:3]}
        return found | {"fixed": len(self.fixed)}


def fingerprint_texts(findings: Findings) -> npt.NDArray[np.object_]:
    """Return the fingerprints as text: F (which no spreadsheet takes for a number) and 16 hexadecimal digits."""
    numbers = findings.fingerprints().astype(">u8")
    digits = _HEX[numbers.view(np.uint8)].view("S16").ravel() if len(numbers) else np.array([], dtype="S16")
    return np.char.add(b"F", digits).astype("U17").astype(object)


def read_ledger(path: str | Path) -> Ledger:
    """Read a ledger; a file that does not exist yet is an empty one.

    Raises InputError, naming the line, for a file that is no ledger, an unknown status, a fingerprint given twice or
    an accepted finding without an explanation.
    """
    file = Path(path)
    if not file.exists():
        return Ledger()
    place = Place(file=str(file))
    try:
        if file.stat().st_size > LARGEST:
            raise InputError(f"is larger than {LARGEST} bytes", place=place, hint="this is no ledger")
        rows = list(csv.reader(io.StringIO(file.read_text(encoding="utf-8-sig"), newline=""), strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"cannot be read as a ledger: {error}", place=place, hint="it is UTF-8 CSV") from None
    if not rows or tuple(rows[0]) != COLUMNS:
        raise InputError("is not a ledger", place=place, hint="its first line is " + ",".join(COLUMNS))
    for line, row in enumerate(rows[1:], start=2):
        if len(row) != len(COLUMNS):
            raise InputError(
                f"has {len(row)} cells, not {len(COLUMNS)}",
                place=Place(file=str(file), line=line),
                hint="quote cells that hold commas",
            )
    entries = pd.DataFrame(rows[1:], columns=list(COLUMNS), dtype="str")
    entries = entries.apply(lambda column: column.str.replace(r"\A'(?=[=+\-@'])", "", regex=True))
    _check(entries, str(file))
    return Ledger(entries)


def _check(entries: pd.DataFrame, file: str) -> None:
    def refuse(wrong: pd.Series, what: str, hint: str) -> None:
        if wrong.any():
            at = int(np.flatnonzero(wrong.to_numpy())[0])
            raise InputError(what, place=Place(file=file, line=at + 2), hint=hint)

    known = entries["status"].isin(STATUSES)
    refuse(~known, "has a status that is not known", "statuses are " + ", ".join(STATUSES))
    refuse(
        ~entries["fingerprint"].str.fullmatch("F[0-9a-f]{16}"), "has no fingerprint", "F and 16 hexadecimal digits"
    )
    refuse(entries["fingerprint"].duplicated(), "repeats a fingerprint", "keep one of the lines")
    unexplained = (entries["status"] == "accepted") & (entries["explanation"].str.strip() == "")
    refuse(unexplained, "accepts a finding without an explanation", "say in the last column why it is accepted")


def judge(findings: Findings, ledger: Ledger | None, *, ran: Iterable[str] = ()) -> Judged:
    """Look the findings up in a ledger; entries of rules that ran (`ran`) and found nothing of it are fixed."""
    prints = fingerprint_texts(findings)
    blank = np.full(len(prints), "", dtype=object)
    if ledger is None:
        return Judged(prints, blank, blank.copy(), used=False)
    entries = ledger.entries.set_index("fingerprint")
    place = entries.index.get_indexer(pd.Index(prints))
    hit = place >= 0
    status = np.full(len(prints), "new", dtype=object)
    status[hit] = entries["status"].to_numpy(dtype=object)[place[hit]]
    status[status == "fixed"] = "new"
    explanation = blank
    explanation[hit] = entries["explanation"].to_numpy(dtype=object)[place[hit]]
    gone = ~_among(ledger.entries["fingerprint"], prints) & ledger.entries["rule"].isin(list(ran))
    fixed = ledger.entries[gone].assign(status="fixed").reset_index(drop=True)
    return Judged(prints, status, explanation, fixed)


def not_accepted(findings: Findings, judged: Judged) -> Findings:
    """Return the findings that count for the exit status: all but the accepted ones."""
    return Findings(findings.frame[judged.status != "accepted"].reset_index(drop=True))


def updated(ledger: Ledger, findings: Findings, *, ran: Iterable[str]) -> Ledger:
    """Return the ledger after a run: new findings added, `new` ones seen again known, those gone fixed.

    Entries of rules that did not run keep their status; explanations are kept always.
    """
    judged = judge(findings, ledger, ran=ran)
    entries = ledger.entries.copy()
    present = _among(entries["fingerprint"], judged.fingerprints)
    entries.loc[present & (entries["status"] == "new"), "status"] = "known"
    entries.loc[present & (entries["status"] == "fixed"), "status"] = "new"
    entries.loc[_among(entries["fingerprint"], judged.fixed["fingerprint"]), "status"] = "fixed"
    frame = findings.frame
    fresh = pd.DataFrame({"fingerprint": judged.fingerprints, "status": "new"}, dtype="str")
    for name in _DESCRIBING:
        fresh[name] = frame[name].astype("str").to_numpy()
    fresh["explanation"] = ""
    fresh = fresh[~_among(fresh["fingerprint"], entries["fingerprint"])].drop_duplicates("fingerprint")
    return Ledger(_sorted(pd.concat([entries, fresh], ignore_index=True)[list(COLUMNS)]))


def _among(values: Any, known: Any) -> npt.NDArray[np.bool_]:
    """Tell which values are known; by hash, where `isin` would go through a list."""
    found = pd.Index(np.asarray(known, dtype=object)).drop_duplicates().get_indexer(np.asarray(values, dtype=object))
    return np.asarray(found >= 0)


def _sorted(entries: pd.DataFrame) -> pd.DataFrame:
    return entries.sort_values([*_DESCRIBING, "fingerprint"], kind="stable", ignore_index=True)


def write_ledger(ledger: Ledger, path: str | Path) -> None:
    """Write a ledger as CSV, one line per entry, sorted; cells that look like formulas get a leading apostrophe."""
    entries = _sorted(ledger.entries).fillna("")
    entries = entries.apply(
        lambda column: _safe(column.astype("str").str.replace(r"[\x00-\x1f\x7f]+", " ", regex=True))
    )
    with replacing(path) as file:
        file.write(entries.to_csv(index=False, lineterminator="\n").encode("utf-8"))


def _safe(column: Any) -> Any:
    return column.where(~column.str.startswith(_FORMULA), "'" + column)
