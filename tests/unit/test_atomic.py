"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from spectrail.errors import OutputError
from spectrail.io.atomic import replacing


def test_file_appears_when_the_block_ends(tmp_path: Path) -> None:
    """The new content takes the place of the old when all of it is written."""
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with replacing(path) as file:
        file.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert [one.name for one in tmp_path.iterdir()] == ["a.bin"]


def test_nothing_is_left_after_an_error(tmp_path: Path) -> None:
    """An error in the block leaves the old file and no other."""
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with contextlib.suppress(KeyboardInterrupt), replacing(path) as file:
        file.write(b"new")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["a.bin"]


def test_full_disk(tmp_path: Path) -> None:
    """An operating system error is an OutputError with the place, and leaves nothing."""
    with pytest.raises(OutputError, match=r"a.bin: cannot be written: No space left"), replacing(tmp_path / "a.bin"):
        raise OSError(28, "No space left on device")
    assert list(tmp_path.iterdir()) == []
