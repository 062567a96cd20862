"""Output folders are replaced as a whole or not at all."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from spectrail import output
from spectrail.errors import OutputError
from spectrail.output import RUN_RECORD, replacing


def fill(out: Path, text: str) -> None:
    """Write a small output."""
    with replacing(out) as building:
        (building / "sub").mkdir()
        (building / "sub" / "data.txt").write_text(text)
        (building / RUN_RECORD).write_text("{}")


def content(out: Path) -> str:
    """Read the small output."""
    return (out / "sub" / "data.txt").read_text()


def litter(parent: Path, name: str) -> list[str]:
    """List what a run left beside its output."""
    return sorted(path.name for path in parent.iterdir() if path.name != name)


def test_a_new_output_appears_and_an_old_one_is_exchanged(tmp_path: Path) -> None:
    """The second run replaces the first, and nothing is left beside it."""
    out = tmp_path / "out"
    fill(out, "one")
    assert content(out) == "one"
    fill(out, "two")
    assert (content(out), litter(tmp_path, "out")) == ("two", [])


def test_without_an_atomic_exchange_the_folders_are_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Systems that cannot exchange two folders rename them."""
    monkeypatch.setattr(output, "_rename_exchange", lambda *_: False)
    out = tmp_path / "out"
    fill(out, "one")
    fill(out, "two")
    assert (content(out), litter(tmp_path, "out")) == ("two", [])


def test_an_exception_leaves_the_old_output_untouched(tmp_path: Path) -> None:
    """A run that fails changes nothing."""
    out = tmp_path / "out"
    fill(out, "one")

    def fail_half_way() -> None:
        with replacing(out) as building:
            (building / "half.txt").write_text("half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert (content(out), litter(tmp_path, "out")) == ("one", [])


def test_a_full_disk_is_said_and_changes_nothing(tmp_path: Path) -> None:
    """A full disk is an error with a remedy; the old output stays."""
    out = tmp_path / "out"
    fill(out, "one")
    with pytest.raises(OutputError, match="the disk is full; the previous output is untouched"), replacing(out):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert (content(out), litter(tmp_path, "out")) == ("one", [])


def test_a_killed_run_leaves_the_old_output_and_the_next_run_works(tmp_path: Path) -> None:
    """SIGKILL half way: the old output is whole, the next run cleans up."""
    out = tmp_path / "out"
    fill(out, "one")
    code = f"""
        import os, signal
        from pathlib import Path
        from spectrail.output import replacing
        with replacing(Path({str(out)!r})) as building:
            (building / "half.txt").write_text("half")
            os.kill(os.getpid(), signal.SIGKILL)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert content(out) == "one"
    fill(out, "two")
    assert (content(out), litter(tmp_path, "out")) == ("two", [])


def test_a_folder_renamed_away_by_a_killed_run_comes_back(tmp_path: Path) -> None:
    """A run killed between two renames is recovered by the next one."""
    out = tmp_path / "out"
    fill(out, "one")
    out.rename(tmp_path / ".out.old")
    with pytest.raises(ZeroDivisionError), replacing(out):
        raise ZeroDivisionError
    assert (content(out), litter(tmp_path, "out")) == ("one", [])


def test_a_folder_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    """A folder with files but no run record is never replaced."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"is not empty and has no run\.json"), replacing(out):
        pass
    assert (out / "thesis.txt").read_text() == "mine"


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    """A file is not an output folder."""
    out = tmp_path / "out"
    out.write_text("mine")
    with pytest.raises(OutputError, match="is a file"), replacing(out):
        pass


def test_two_runs_cannot_write_the_same_output(tmp_path: Path) -> None:
    """The second of two runs at once is told to wait."""
    out = tmp_path / "out"
    with replacing(out) as building:
        (building / RUN_RECORD).write_text("{}")
        with pytest.raises(OutputError, match="is being written by another run"), replacing(out):
            pass
    assert (out / RUN_RECORD).is_file()
