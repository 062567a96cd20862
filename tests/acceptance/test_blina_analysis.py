"""Analysis datasets of the reference study, from raw data: published counts, edge cases, lineage to SDTM."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from adam.results.proportion import clopper_pearson
from spectrail.io.lineage_files import read_lineage
from spectrail.io.xpt import read_xpt
from spectrail.pipeline.build import build_study
from spectrail.studies import simulate_study

Frames = dict[str, pd.DataFrame]


def analysed(folder: Path, profile: str) -> Frames:
    """Simulate a profile, build SDTM and ADaM, and read the analysis datasets."""
    study = simulate_study("blina_ball", folder / "study", seed=1, profile=profile)
    build_study(study, folder / "out", only=("sdtm", "adam"))
    files = sorted((folder / "out").glob("m5/datasets/*/analysis/adam/datasets/*.xpt"))
    return {path.stem.upper(): read_xpt(path).frame for path in files}


@pytest.fixture(scope="module")
def publication(tmp_path_factory: pytest.TempPathFactory) -> Frames:
    """Return the analysis datasets of the publication profile."""
    return analysed(tmp_path_factory.mktemp("publication"), "publication")


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Frames]:
    """Return the output folder and the analysis datasets of the trial profile."""
    folder = tmp_path_factory.mktemp("trial")
    return folder / "out", analysed(folder, "trial")


@pytest.mark.parametrize(
    ("paramcd", "value", "count", "interval"),
    [
        ("RSPD22", "Y", 33, (80.8, 99.3)),
        ("MRDD22", "NEGATIVE", 30, (69.7, 95.2)),
        ("RSPEOI", "Y", 35, (90.0, 100.0)),
        ("MRDEOI", "NEGATIVE", 31, (73.3, 96.8)),
    ],
)
def test_published_counts(
    publication: Frames, paramcd: str, value: str, count: int, interval: tuple[float, float]
) -> None:
    """ADRS alone gives the published responses and MRD negativity of 35 subjects with exact intervals."""
    records = publication["ADRS"][publication["ADRS"]["PARAMCD"] == paramcd]
    found = int((records["AVALC"] == value).sum())
    low, high = clopper_pearson(found, records["USUBJID"].nunique())
    assert (found, len(records)) == (count, 35)
    assert (round(low * 100, 1), round(high * 100, 1)) == interval


def test_published_time_to_remission(publication: Frames) -> None:
    """The median time to remission is 22 days, as published."""
    times = publication["ADTTE"]
    times = times[(times["PARAMCD"] == "TTR") & (times["CNSR"] == 0)]
    assert times["AVAL"].median() == 22


CASES = [
    ("1", "01-00001", "OVRALG", 22, "CR"),
    ("2", "01-00002", "OVRALG", 22, "PR"),
    ("3", "01-00003", "OVRALG", 22, "CRh"),
    ("4", "01-00004", "OVRALG", 22, "CRh"),
    ("4", "01-00005", "OVRALG", 22, "CRh"),
    ("5", "01-00006", "OVRALG", 22, "CRi"),
    ("5", "01-00006", "OVRALGS", 22, "CRi"),
    ("6", "01-00007", "OVRALG", 22, "CRi"),
    ("6", "01-00007", "OVRALGS", 22, "MORPHOLOGIC LEUKEMIA-FREE STATE"),
    ("7", "01-00009", "OVRALG", 22, "NE"),
    ("8", "01-00010", "OVRALG", 22, "NR"),
    ("8", "01-00011", "OVRALG", 22, "NR"),
    ("9", "01-00012", "OVRALG", 22, "NE"),
    ("10", "01-00013", "OVRALG", 22, "CR"),
    ("11", "01-00014", "OVRALG", 22, "CRi"),
    ("12", "01-00015", "OVRALG", 37, "CRh"),
    ("12", "01-00015", "RSPD22", None, "N"),
    ("12", "01-00015", "RSPEOI", 37, "Y"),
    ("13", "01-00016", "RSPEOI", None, "N"),
    ("14", "01-00017", "RSPD22", 25, "Y"),
    ("16", "01-00020", "OVRINV", 22, "CR"),
    ("16", "01-00020", "OVRALG", 22, "CRh"),
    ("17", "01-00022", "BOR", 22, "NR"),
    ("18", "01-00023", "OVRALG", 200, "RELAPSED DISEASE"),
    ("19", "01-00026", "RSPEOI", None, "N"),
    ("21", "01-00048", "MRDD22", 22, "POSITIVE"),
    ("22", "01-00049", "MRDD22", 22, "NEGATIVE"),
    ("22", "01-00050", "MRDD22", 22, "NEGATIVE"),
    ("23", "01-00051", "MRDD22", 22, "INDETERMINATE"),
    ("23", "01-00052", "MRDD22", 22, "INDETERMINATE"),
    ("24", "01-00053", "MRDD22", 22, "INDETERMINATE"),
]


@pytest.mark.parametrize(("case", "subject", "paramcd", "day", "expected"), CASES)
def test_edge_case(
    trial: tuple[Path, Frames], case: str, subject: str, paramcd: str, day: int | None, expected: str
) -> None:
    """A deliberate subject has the response that the table of edge cases says."""
    adrs = trial[1]["ADRS"]
    mine = adrs[(adrs["SUBJID"] == subject) & (adrs["PARAMCD"] == paramcd)]
    mine = mine[mine["ADY"].isna()] if day is None else mine[mine["ADY"] == day]
    assert mine["AVALC"].tolist() == [expected], case


@pytest.mark.parametrize("name", ["ADSL", "ADRS", "ADTTE", "ADAE"])
def test_every_record_goes_back_to_a_source(trial: tuple[Path, Frames], name: str) -> None:
    """Each record of an analysis dataset names at least one record it was made of."""
    out, frames = trial
    records = read_lineage(out / "lineage", name).records
    assert sorted(set(records.record.tolist())) == list(range(len(frames[name])))


def test_subjects_stand_once_and_values_agree(trial: tuple[Path, Frames]) -> None:
    """ADSL has one record per subject; AVAL and AVALC go one to one within a parameter of ADRS."""
    adsl, adrs = trial[1]["ADSL"], trial[1]["ADRS"]
    assert adsl["USUBJID"].is_unique
    pairs = adrs[["PARAMCD", "AVALC", "AVAL"]].dropna().drop_duplicates()
    assert not pairs.duplicated(["PARAMCD", "AVALC"]).any()
    assert not pairs.duplicated(["PARAMCD", "AVAL"]).any()
