"""Analysis datasets of the reference study: published counts, structure, lineage, define.xml, results."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from explained import tables_seen

from define_xml.check import check_define
from spectrail.io.xpt import read_xpt
from spectrail.pipeline.build import build_study
from spectrail.pipeline.explain import Explainer
from spectrail.studies import simulate_study

SHARED = Path(__file__).resolve().parents[2].parent / "shared"


@pytest.fixture(scope="module")
def publication(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Simulate the publication profile and build its analysis datasets and results."""
    folder = tmp_path_factory.mktemp("publication")
    study = simulate_study("blina_ball", folder / "study", profile="publication")
    build_study(study, folder / "out", only=("sdtm", "adam"))
    return folder / "out"


def results(out: Path) -> dict[str, dict[str, Any]]:
    """Return the proportions of a build by the id of their result, without those of groups."""
    rows = [row for path in sorted((out / "results").glob("*.json")) for row in json.loads(path.read_text("utf-8"))]
    return {row["result"]: row for row in rows if row["statistic"] == "proportion" and "group" not in row}


@pytest.mark.parametrize(
    ("result", "events", "low", "high"),
    [
        ("R.T3.D22", 33, 80.8, 99.3),
        ("R.T3.EOI", 35, 90.0, 100.0),
        ("R.T3.EOIA", 35, 90.0, 100.0),
        ("R.T5.D22", 30, 69.7, 95.2),
        ("R.T5.EOI", 31, 73.3, 96.8),
        ("R.T5.NCR", 30, 69.7, 95.2),
    ],
)
def test_published_proportions(publication: Path, result: str, events: int, low: float, high: float) -> None:
    """Remission and MRD negativity of 35 subjects with the exact intervals of the published counts."""
    row = results(publication)[result]
    assert (row["n"], row["denominator"]) == (events, 35)
    assert (round(100 * row["lower"], 1), round(100 * row["upper"], 1)) == (low, high)


def test_published_counts_from_the_response_dataset_alone(publication: Path) -> None:
    """ADRS gives 33, 35, 30 and 31 of 35; the median time to remission is 22 days."""
    folder = next(publication.glob("m5/datasets/*/analysis/adam/datasets"))
    adrs, adtte = (read_xpt(folder / f"{name}.xpt").frame for name in ("adrs", "adtte"))
    wanted = {"RSPD22": "Y", "RSPEOI": "Y", "MRDD22": "NEGATIVE", "MRDEOI": "NEGATIVE"}
    found = {
        code: int(((adrs["PARAMCD"] == code) & (adrs["AVALC"] == value)).sum()) for code, value in wanted.items()
    }
    assert found == {"RSPD22": 33, "RSPEOI": 35, "MRDD22": 30, "MRDEOI": 31}
    assert adtte.loc[adtte["PARAMCD"] == "TTR", "AVAL"].median() == 22


def test_populations(blina_adam: Any) -> None:
    """ADSL has one record per subject of DM; the safety set lies in the full analysis set."""
    adsl = blina_adam["ADSL"]
    assert adsl["USUBJID"].is_unique
    assert adsl["FASFL"].value_counts().to_dict() == {"Y": 125, "N": 5}
    assert adsl["SAFFL"].value_counts().to_dict() == {"Y": 122, "N": 8}
    assert set(adsl.loc[adsl["SAFFL"] == "Y", "FASFL"]) == {"Y"}
    efficacy = set(pd.concat([blina_adam["ADRS"], blina_adam["ADTTE"]])["USUBJID"])
    assert efficacy <= set(adsl.loc[adsl["FASFL"] == "Y", "USUBJID"])


def test_single_classes_add_up_to_the_response(blina_adam: Any) -> None:
    """CR, CRh and CRi of day 22 are the responders of day 22."""
    adrs = blina_adam["ADRS"]
    total = adrs[adrs["AVALC"] == "Y"].groupby("PARAMCD").size()
    assert total["CRD22"] + total["CRHD22"] + total["CRID22"] == total["RSPD22"]


def pairs(frame: pd.DataFrame, one: str, other: str) -> Iterator[int]:
    """Yield how many values of a variable stand beside each value of another, both ways."""
    yield from frame.groupby(one)[other].nunique(dropna=False)
    yield from frame.groupby(other)[one].nunique(dropna=False)


@pytest.mark.parametrize("name", ["ADRS", "ADTTE", "ADLB", "ADEX"])
def test_parameters_are_one_to_one(blina_adam: Any, name: str) -> None:
    """PARAMCD, PARAM and, where there, PARAMN stand for each other (ADaMIG 1.3 section 3.3.4)."""
    frame = blina_adam[name]
    assert set(pairs(frame, "PARAMCD", "PARAM")) == {1}
    if "PARAMN" in frame:
        assert set(pairs(frame, "PARAMCD", "PARAMN")) == {1}


def test_values_are_one_to_one(blina_adam: Any) -> None:
    """AVALC and AVAL stand for each other within a parameter of ADRS."""
    for _, part in blina_adam["ADRS"].groupby("PARAMCD"):
        assert set(pairs(part, "AVALC", "AVAL")) == {1}


def test_keys_identify_records(blina_adam: Any) -> None:
    """The keys of every analysis dataset identify its records."""
    keys = {one.name: list(one.keys) for one in blina_adam.study.datasets if one.name in blina_adam.datasets}
    assert set(keys) == {"ADSL", "ADRS", "ADTTE", "ADAE", "ADLB", "ADEX"}
    for name, names in keys.items():
        assert not blina_adam[name].duplicated(names).any(), name


@pytest.mark.parametrize("name", ["ADRS", "ADTTE", "ADAE"])
def test_every_record_goes_back(blina_adam: Any, name: str) -> None:
    """Every record has lineage."""
    records = pd.read_parquet(blina_adam.out / "lineage" / f"{name.lower()}.records.parquet")
    assert records.iloc[:, 0].nunique() == len(blina_adam[name])


def test_explain_event_free_survival(blina_adam: Any) -> None:
    """An explanation names the winner, the losers with reasons, and the records down to raw rows."""
    adtte = blina_adam["ADTTE"]
    number = adtte.loc[adtte["USUBJID"].str.endswith("-00036"), "USUBJID"].iloc[0]
    explainer = Explainer(blina_adam.out, blina_adam.folder)
    (found,) = explainer.explain("ADTTE", f"USUBJID == '{number}' and PARAMCD == 'EFS'")
    assert [one.description for one in found.candidates if one.won] == ["RELAPSE"]
    losers = [one for one in found.candidates if not one.won]
    assert losers
    assert all(one.reason for one in losers)
    seen = tables_seen(found)
    assert {"ADRS", "ADSL"} <= seen
    assert any(name.endswith("_raw") for name in seen)


def define_path(blina_adam: Any) -> Path:
    """Return the define.xml of the analysis datasets."""
    return next(blina_adam.out.glob("m5/datasets/*/analysis/adam/datasets/define.xml"))


def test_define_agrees_with_the_data(blina_adam: Any) -> None:
    """The define.xml of the analysis datasets has no errors or warnings, checked against the data too."""
    path = define_path(blina_adam)
    found = check_define(path, data_dir=path.parent).frame
    assert found[found["severity"] != "notice"][["rule", "variable", "message"]].to_numpy().tolist() == []


def test_define_is_valid_against_the_schema(blina_adam: Any) -> None:
    """The published schema with its extension for results accepts the file."""
    validator = SHARED / "schemas" / "validate_define.py"
    if not validator.is_file():
        pytest.skip("the schemas are not beside the repository")
    done = subprocess.run(
        [sys.executable, str(validator), str(define_path(blina_adam))], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ResultDisplay" in define_path(blina_adam).read_text("utf-8")


def test_results_of_every_display(blina_adam: Any) -> None:
    """Every declared display is computed."""
    assert {path.stem for path in (blina_adam.out / "results").glob("*.json")} == {
        one.id.lower() for one in blina_adam.study.displays
    }
