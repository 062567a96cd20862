"""The reference study from CSV, Excel, SAS transport and ODM-XML gives the same SDTM, byte by byte."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from spectrail.findings import Findings
from spectrail.pipeline.build import BuildResult, build_study
from spectrail.studies import simulate_study
from spectrail.studies.blina_ball.export import export

SOURCES = {
    "xlsx": "path: raw_xlsx/{form}.xlsx",
    "xpt8": "path: raw_xpt8/{form}.xpt",
    "odm": "path: raw_odm/odm.xml, member: {form}",
}
"""How study.yaml names the extract of a form."""


def in_format(study: Path, target: Path, to: str) -> Path:
    """Make the same study with its extracts in another format and no CSV left."""
    shutil.copytree(study, target, ignore=shutil.ignore_patterns("raw", "truth"))
    export(study, to, out=target / f"raw_{to}")
    text = (target / "study.yaml").read_text(encoding="utf-8")
    text = re.sub(r"path: raw/(\w+)\.csv", lambda match: SOURCES[to].format(form=match[1]), text)
    (target / "study.yaml").write_text(re.sub(r"encoding: [\w-]+, ", "", text), encoding="utf-8")
    return target


def datasets(folder: Path) -> dict[str, bytes]:
    """Return the transport files of a folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.xpt"))}


def on_data(findings: Findings) -> list[tuple[Any, ...]]:
    """Return the findings that are not about a raw file as such."""
    frame = findings.frame
    kept = frame[~frame["rule"].astype("str").str.startswith("raw.")]
    return list(kept.astype("str").itertuples(index=False, name=None))


def on_files(findings: Findings) -> list[str]:
    """Return the rules of the findings about raw files."""
    return [rule for rule in findings.frame["rule"].astype("str") if rule.startswith("raw.")]


@pytest.fixture(scope="module")
def publication(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, BuildResult]:
    """Return the 35 subjects of the publication profile, built from CSV."""
    folder = tmp_path_factory.mktemp("publication")
    study = simulate_study("blina_ball", folder / "study", profile="publication")
    return study, build_study(study, folder / "out", only=("sdtm",))


@pytest.mark.parametrize("to", ["xpt8", "odm"])
def test_the_trial_profile_is_the_same(blina: Any, tmp_path: Path, to: str) -> None:
    """All deliberate difficulties: every dataset equal in bytes, every finding on data equal with its raw row."""
    study = in_format(blina.folder, tmp_path / "study", to)
    made = build_study(study, tmp_path / "out", only=("sdtm",))
    expected = datasets(blina.out / made.sdtm.relative_to(tmp_path / "out"))
    assert len(expected) >= 32
    assert [name for name, content in datasets(made.sdtm).items() if content != expected[name]] == []
    assert sorted(expected) == sorted(datasets(made.sdtm))
    assert len(on_data(made.findings)) > 20
    assert on_data(blina.findings) == on_data(made.findings)
    # a page that the extract holds twice has one key twice in ODM-XML; the other formats have no keys
    twice = (blina.truth("mess")["class"] == "identity:duplicate_row").sum() if to == "odm" else 0
    assert on_files(made.findings) == ["raw.odm_repeated_key"] * 2 * twice


def test_text_cells_of_a_workbook_give_the_same(publication: tuple[Path, BuildResult], tmp_path: Path) -> None:
    """The publication profile from Excel: every dataset equal in bytes."""
    folder, expected = publication
    made = build_study(in_format(folder, tmp_path / "study", "xlsx"), tmp_path / "out", only=("sdtm",))
    assert len(datasets(made.sdtm)) >= 30
    assert datasets(expected.sdtm) == datasets(made.sdtm)
    assert on_data(expected.findings) == on_data(made.findings)
