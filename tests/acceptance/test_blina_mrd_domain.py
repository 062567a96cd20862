"""The setting mrd_domain: results of residual disease in CP and GF give the analysis that those in LB give."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from explained import tables_seen

from spectrail.io.xpt import read_xpt
from spectrail.pipeline.build import build_study
from spectrail.pipeline.explain import Explainer
from spectrail.studies import simulate_study

SOURCE = {"LBSEQ", "SRCDOM", "SRCVAR", "SRCSEQ", "LALVSEQ"}
"""Variables that name the source record."""
DATASETS = ("ADSL", "ADLB", "ADRS", "ADTTE", "ADAE", "ADEX")


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the trial profile with residual disease in CP and GF; return the folder of study and output."""
    folder = tmp_path_factory.mktemp("cp")
    study = simulate_study("blina_ball", folder / "study", mrd_domain="CP")
    build_study(study, folder / "out", only=("sdtm", "adam", "define"))
    return folder


def tabulation(moved: Path, name: str) -> pd.DataFrame:
    """Read an SDTM dataset of the build."""
    return read_xpt(next((moved / "out").glob(f"m5/datasets/*/tabulations/sdtm/{name.lower()}.xpt"))).frame


def dataset(moved: Path, name: str) -> pd.DataFrame:
    """Read an analysis dataset of the build."""
    return read_xpt(next((moved / "out").glob(f"m5/datasets/*/analysis/adam/datasets/{name.lower()}.xpt"))).frame


def test_records_move_to_cp_and_gf(blina: Any, moved: Path) -> None:
    """With mrd_domain CP, flow is in CP, sequencing in GF, none in LB, and the results are the same."""
    kept = blina["LB"][blina["LB"]["LBTESTCD"] == "LEUKCE"]
    assert not (tabulation(moved, "LB")["LBTESTCD"] == "LEUKCE").any()
    for domain, flow in (("CP", True), ("GF", False)):
        found = tabulation(moved, domain)
        found = found[found[f"{domain}CAT"] == "MEASURABLE RESIDUAL DISEASE"]
        wanted = kept[(kept["LBMETHOD"] == "FLOW CYTOMETRY") == flow]
        names = [
            "SPID",
            "ORRES",
            "ORRESU",
            "STRESC",
            "STRESN",
            "STRESU",
            "STAT",
            "METHOD",
            "LLOQ",
            "DTC",
            "DY",
            "NAM",
        ]
        pd.testing.assert_frame_equal(
            found[["USUBJID", *(f"{domain}{name}" for name in names)]]
            .set_axis(["USUBJID", *names], axis="columns")
            .sort_values(["USUBJID", "SPID"], ignore_index=True),
            wanted[["USUBJID", *(f"LB{name}" for name in names)]]
            .set_axis(["USUBJID", *names], axis="columns")
            .sort_values(["USUBJID", "SPID"], ignore_index=True),
        )
        assert found[f"{domain}SEQ"].notna().all()


@pytest.mark.parametrize("name", DATASETS)
def test_analysis_is_the_same(blina_adam: Any, moved: Path, name: str) -> None:
    """All values but those that name the source record are equal, record by record."""
    one, two = blina_adam[name], dataset(moved, name)
    kept = [column for column in one.columns if column not in SOURCE]
    order = [column for column in kept if column in ("USUBJID", "PARAMCD", "AVISITN", "ADTM", "ADT", "ASEQ", "AESEQ")]
    sides = [frame[kept].sort_values([*order, *kept], ignore_index=True) for frame in (one, two)]
    pd.testing.assert_frame_equal(*sides)


def test_results_are_the_same(blina_adam: Any, moved: Path) -> None:
    """Every result of every display is equal."""
    one, two = (
        {path.name: json.loads(path.read_text("utf-8")) for path in (out / "results").glob("*.json")}
        for out in (blina_adam.out, moved / "out")
    )
    assert set(one) == set(two) == {f"{display.id.lower()}.json" for display in blina_adam.study.displays}
    for name in sorted(one):
        assert two[name] == one[name], name


def test_sources_are_those_of_the_domain(blina_adam: Any, moved: Path) -> None:
    """Flow cytometry comes from CP, nucleic acids from GF, by the sequence numbers of these; the rest from LB."""
    adlb, adrs = dataset(moved, "ADLB"), dataset(moved, "ADRS")
    mrd = adlb[adlb["PARAMCD"].str.startswith("MRD")]
    assert mrd.groupby("PARAMCD")[["SRCDOM", "SRCVAR"]].agg(lambda one: set(one)).to_dict("index") == {
        "MRDFLOW": {"SRCDOM": {"CP"}, "SRCVAR": {"CPSTRESC"}},
        "MRDFLOWB": {"SRCDOM": {"CP"}, "SRCVAR": {"CPSTRESC"}},
        "MRDLOG": {"SRCDOM": {"CP"}, "SRCVAR": {"CPSTRESC"}},
        "MRDNGS": {"SRCDOM": {"GF"}, "SRCVAR": {"GFSTRESC"}},
    }
    assert mrd["LBSEQ"].isna().all()
    rest = adlb[~adlb["PARAMCD"].str.startswith("MRD") & adlb["DTYPE"].isna()]
    assert set(rest["SRCDOM"]) == {"LB"}
    cp = tabulation(moved, "CP")
    flow = adlb[adlb["PARAMCD"].isin(["MRDFLOW", "MRDFLOWB"])]
    found = flow.merge(cp, left_on=["USUBJID", "SRCSEQ"], right_on=["USUBJID", "CPSEQ"], validate="one_to_one")
    assert len(found) == len(flow)
    assert found["LBSTRESC"].tolist() == found["CPSTRESC"].tolist()
    status = adrs[adrs["PARAMCD"] == "MRDSTAT"]
    assert set(status["SRCDOM"]) == {"CP"}
    assert set(blina_adam["ADRS"].query("PARAMCD == 'MRDSTAT'")["SRCDOM"]) == {"LB"}


def test_lineage_goes_through_the_domain(moved: Path) -> None:
    """The status of a subject goes back to CP and from there to the raw rows."""
    adrs = dataset(moved, "ADRS")
    number = adrs.loc[adrs["USUBJID"].str.endswith("-00048"), "USUBJID"].iloc[0]
    explainer = Explainer(moved / "out", moved / "study")
    (found,) = explainer.explain("ADRS", f"USUBJID == '{number}' and PARAMCD == 'MRDSTAT' and ADY == 22")
    seen = tables_seen(found)
    assert {"ADLB", "CP", "mrd_raw"} <= seen
    assert "ADWMRD" not in seen


def test_the_setting_is_recorded(moved: Path) -> None:
    """The record of the run says where residual disease is."""
    record = json.loads((moved / "out" / "run.json").read_text("utf-8"))
    assert record["settings"]["mrd_domain"] == "CP"
