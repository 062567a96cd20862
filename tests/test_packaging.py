"""The wheel holds the six packages and what they need at run time, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {"specs", "sdtm", "adam", "define_xml", "validation", "spectrail"}
DATA = (
    "specs/standards/ct-2025-03-28-terms.parquet",
    "specs/standards/SOURCES.md",
    "define_xml/stylesheet/define2-1.xsl",
    "spectrail/studies/blina_ball/tables/forms.csv",
    "spectrail/studies/blina_ball/spec/study.yaml",
    "adam/data/ctcae_5_0.csv",
    "spectrail/py.typed",
)


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Build the wheel and list its files."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_the_top_level_is_exactly_the_six_packages(names: set[str]) -> None:
    """No tests, no docs, no seventh package."""
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == PACKAGES


@pytest.mark.parametrize("path", DATA)
def test_the_data_that_packages_read_are_inside(path: str, names: set[str]) -> None:
    """Tables, stylesheet and the example study travel with the code."""
    assert path in names


def test_no_compiled_or_hidden_files_are_inside(names: set[str]) -> None:
    """Only sources and data."""
    assert [name for name in names if name.endswith((".pyc", ".so")) or "/." in name] == []
