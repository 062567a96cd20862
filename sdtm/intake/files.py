"""Raw files inside the study folder: found, fenced in and hashed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from spectrail.errors import InputError, Place, nearest_hint

INSIDE_HINT = "write the path relative to the study folder, and keep raw files inside it"


@dataclass(frozen=True)
class RawFile:
    """A raw file that exists inside the study folder; `shown` is its path relative to that folder."""

    path: Path
    shown: str
    sha256: str

    def place(self, *, sheet: str = "", line: int | None = None, row: int | None = None) -> Place:
        """Return a place in this file."""
        return Place(file=self.shown, sheet=sheet, line=line, row=row)

    def read(self) -> bytes:
        """Return the whole content; raise when it is no longer what was hashed."""
        data = self.path.read_bytes()
        if hashlib.sha256(data).hexdigest() != self.sha256:
            raise InputError(
                "the file changed while it was read", place=self.place(), hint="run again when nobody writes to it"
            )
        return data


def open_raw_file(path: str, *, root: Path) -> RawFile:
    """Find a raw file below `root` and hash it.

    Raises `InputError` for an absolute path, a path that leaves `root` (also over a symbolic link), a missing file, a
    folder or device, and an empty file.
    """
    place = Place(file=path)
    windows = PureWindowsPath(path)
    if not path or "\0" in path:
        raise InputError(f"{path!r} is no file name", place=None, hint=INSIDE_HINT)
    if Path(path).is_absolute() or windows.drive or windows.root:
        raise InputError("an absolute path is not allowed for a raw file", place=place, hint=INSIDE_HINT)
    base = root.resolve()
    found = (base / path).resolve()
    if not found.is_relative_to(base):
        raise InputError("the path of the raw file leaves the study folder", place=place, hint=INSIDE_HINT)
    if not found.exists():
        raise InputError("the raw file does not exist", place=place, hint=_near_files(found, base))
    if not found.is_file():
        raise InputError(
            "the path is not a regular file", place=place, hint="name one raw file, not a folder or device"
        )
    if found.stat().st_size == 0:
        raise InputError("the file is empty (0 bytes)", place=place, hint="ask for the extract again")
    with found.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return RawFile(path=found, shown=path, sha256=digest)


def _near_files(missing: Path, base: Path) -> str:
    folder = missing.parent
    if not folder.is_dir():
        return f"the folder {folder.relative_to(base).as_posix()} does not exist"
    return nearest_hint(missing.name, [entry.name for entry in folder.iterdir() if entry.is_file()])
