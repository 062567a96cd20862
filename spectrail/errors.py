"""The one exception tree of the toolkit.

    SpectrailError
     ├── UsageError       a call, option or environment that cannot work
     ├── SpecError        a specification that is wrong
     ├── InputError       a file that cannot be read as what it should be
     ├── FormatError      a value that the target format cannot hold
     ├── OutputError      a place that cannot be written
     └── UnknownNameError a name that is not registered or not specified

Trouble in the data themselves (an unparsed date, a value not in its codelist) is a finding, never an exception.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """Where something was written: file, then sheet/row/column, line, or dataset/variable/keys."""

    file: str = ""
    sheet: str = ""
    row: int | None = None
    column: str = ""
    line: int | None = None
    dataset: str = ""
    variable: str = ""
    keys: str = ""

    def __str__(self) -> str:
        parts = [
            self.file,
            f"sheet {self.sheet}" if self.sheet else "",
            f"line {self.line}" if self.line is not None else "",
            f"row {self.row}" if self.row is not None else "",
            f"column {self.column}" if self.column else "",
            f"dataset {self.dataset}" if self.dataset else "",
            f"variable {self.variable}" if self.variable else "",
            self.keys,
        ]
        return ", ".join(part for part in parts if part)


class SpectrailError(Exception):
    """Say what is wrong, where, and what to do; printed to users without a traceback."""

    def __init__(self, what: str, *, place: Place | None = None, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.place = place
        self.hint = hint

    def __str__(self) -> str:
        where = str(self.place) if self.place is not None else ""
        text = f"{where}: {self.what}" if where else self.what
        return f"{text}\n  -> {self.hint}" if self.hint else text


class UsageError(SpectrailError):
    """A call, option or environment that cannot work."""


class SpecError(SpectrailError):
    """A specification that is wrong."""


class InputError(SpectrailError):
    """A file that cannot be read as what it should be."""


class FormatError(SpectrailError):
    """A value that the target format cannot hold."""


class OutputError(SpectrailError):
    """A place that cannot be written."""


class UnknownNameError(SpectrailError):
    """A name that is not known; lists the known ones and the nearest."""

    def __init__(self, kind: str, name: str, known: Iterable[str], *, place: Place | None = None) -> None:
        names = sorted(known)
        super().__init__(f"unknown {kind} {name!r}", place=place, hint=nearest_hint(name, names))
        self.name = name


def nearest_hint(name: str, known: Iterable[str], *, most: int = 30) -> str:
    """Return a hint that names the nearest known names, or lists them when none is near."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.6)
    if not near:
        upper = {candidate.upper(): candidate for candidate in names}
        near = [upper[match] for match in difflib.get_close_matches(name.upper(), list(upper), n=3, cutoff=0.6)]
    if near:
        return "did you mean " + " or ".join(near) + "?"
    shown = ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
    return f"known: {shown}" if names else "none are known"
