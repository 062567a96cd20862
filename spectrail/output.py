"""Output folders that are either the old one or the new one, never half of each.

A run writes into a temporary folder beside OUT and exchanges the two when the new one is whole.  A crash, a full disk
or Ctrl-C leaves the previous OUT untouched; the next run cleans up what the killed one left behind.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from spectrail.errors import OutputError, Place

RUN_RECORD = "run.json"
NO_ROOM = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "a file would grow over the limit of this system",
}
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


@contextmanager
def replacing(out: Path, check: Callable[[Path], None] | None = None) -> Iterator[Path]:
    """Give a temporary folder beside `out`; exchange the two when the block ends without an exception.

    `check` raises OutputError when what is in `out` must not be replaced; by default a folder that is not empty and
    holds no run record of ours. Raises OutputError, too, when `out` is a file or is being written by another run.
    """
    out = Path(out)
    parent = out.absolute().parent
    _refuse_file(out)
    _make_parent(parent, out)
    with _lock(parent / f".{out.name}.lock", out):
        # first, since a killed run may have renamed away what is to be checked
        _recover(out)
        (check or _check_run_record)(out)
        building = parent / f".{out.name}.building"
        try:
            building.mkdir()
        except OSError as error:
            raise OutputError(f"cannot create {building}: {error.strerror}", place=Place(file=str(out))) from error
        try:
            yield building
            sync_tree(building)
            _exchange(building, out)
        except OSError as error:
            if error.errno in NO_ROOM:
                raise OutputError(
                    f"{NO_ROOM[error.errno]}; the previous output is untouched",
                    place=Place(file=str(out)),
                    hint="free some space and run again",
                ) from error
            raise
        finally:
            shutil.rmtree(building, ignore_errors=True)


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file, read in pieces."""
    with Path(path).open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def sync_tree(folder: Path) -> None:
    """Flush every file and folder below `folder` to disk."""
    for root, _, files in os.walk(folder):
        for name in files:
            _sync(Path(root) / name, os.O_RDONLY)
        _sync(Path(root), os.O_RDONLY | os.O_DIRECTORY)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def refuse_filled(out: Path, why: str = "is not empty") -> None:
    """Raise OutputError when `out` is a file or a folder that holds anything."""
    _refuse_file(out)
    if out.is_dir() and any(out.iterdir()):
        raise OutputError(why, place=Place(file=str(out)), hint="give an empty or a new folder; nothing was changed")


def _refuse_file(out: Path) -> None:
    if out.is_file():
        raise OutputError("is a file", place=Place(file=str(out)), hint="give a folder")


def _check_run_record(out: Path) -> None:
    if not (out / RUN_RECORD).is_file():
        refuse_filled(out, f"is not empty and has no {RUN_RECORD} of an earlier run")


def _make_parent(parent: Path, out: Path) -> None:
    try:
        parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot create the folder: {error.strerror}", place=Place(file=str(out))) from error


@contextmanager
def _lock(path: Path, out: Path) -> Iterator[None]:
    try:
        handle = path.open("w")
    except OSError as error:
        raise OutputError(f"cannot write beside it: {error.strerror}", place=Place(file=str(out))) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise OutputError(
                "is being written by another run", place=Place(file=str(out)), hint="wait for it to end"
            ) from error
        yield
    finally:
        with suppress(OSError):
            path.unlink()
        handle.close()


def _recover(out: Path) -> None:
    """Clean up after a killed run: bring back the old folder if it was renamed away, drop half-written ones."""
    parent = out.absolute().parent
    old = parent / f".{out.name}.old"
    if old.is_dir():
        if out.exists():
            shutil.rmtree(old)
        else:
            old.rename(out)
    shutil.rmtree(parent / f".{out.name}.building", ignore_errors=True)


def _exchange(new: Path, out: Path) -> None:
    parent = out.absolute().parent
    if not out.exists():
        new.rename(out)
    elif not _rename_exchange(new, out):
        old = parent / f".{out.name}.old"
        out.rename(old)
        new.rename(out)
        shutil.rmtree(old)
    _sync(parent, os.O_RDONLY | os.O_DIRECTORY)


def _rename_exchange(first: Path, second: Path) -> bool:
    """Exchange two folders atomically where the system can (Linux `renameat2`); tell whether it did."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):
        return False
    failed = rename(_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), _RENAME_EXCHANGE)
    if failed and ctypes.get_errno() not in (errno.EINVAL, errno.ENOSYS):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), str(second))
    return not failed
