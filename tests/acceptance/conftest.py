"""The reference study, simulated and built once for all tests that look at it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from rederive import Rederiver

from specs import models
from spectrail.dataset import Dataset
from spectrail.findings import Findings
from spectrail.io.xpt import read_xpt
from spectrail.pipeline.build import build_study
from spectrail.pipeline.study import checked_study
from spectrail.studies import simulate_study


@dataclass(frozen=True)
class Built:
    """A study folder, what the build wrote, and what it found."""

    folder: Path
    out: Path
    study: models.Study
    datasets: Mapping[str, Dataset]
    record: Mapping[str, Any]
    findings: Findings

    def __getitem__(self, name: str) -> pd.DataFrame:
        """Return the records of a dataset."""
        return self.datasets[name].frame

    def truth(self, name: str) -> pd.DataFrame:
        """Return a table of the truth, every cell as text, blanks as the empty text."""
        return pd.read_csv(self.folder / "truth" / f"{name}.csv", dtype="str", keep_default_na=False)


def build_blina(folder: Path, **options: Any) -> Built:
    """Simulate the reference study below `folder`, hide the truth while it is built, and read what was written."""
    study = simulate_study("blina_ball", folder / "study", **options)
    hidden = folder / "hidden"
    (study / "truth").rename(hidden)
    result = build_study(study, folder / "out", only=("sdtm",))
    hidden.rename(study / "truth")
    datasets = {path.stem.upper(): read_xpt(path) for path in sorted(result.sdtm.glob("*.xpt"))}
    return Built(study, folder / "out", checked_study(study)[1], datasets, result.record, result.findings)


@pytest.fixture(scope="session")
def blina(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Return the trial profile with seed 1 and default size."""
    return build_blina(tmp_path_factory.mktemp("blina"))


@pytest.fixture(scope="session")
def blina_adam(blina: Built, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Return the trial profile with its analysis datasets, results and define.xml, built from the same SDTM."""
    out = tmp_path_factory.mktemp("blina_adam") / "out"
    shutil.copytree(blina.out, out)
    result = build_study(blina.folder, out, only=("adam", "define"))
    datasets = {
        path.stem.upper(): read_xpt(path) for path in sorted(out.glob("m5/datasets/*/analysis/adam/datasets/*.xpt"))
    }
    return Built(blina.folder, out, blina.study, datasets, result.record, result.findings)


@pytest.fixture(scope="session")
def derived(blina: Built) -> Rederiver:
    """Return what derives the analysis datasets of the trial profile with other settings."""
    return Rederiver.of(blina.study, blina.datasets, blina.folder)
