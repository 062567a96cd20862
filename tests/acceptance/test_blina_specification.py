"""The specification of the reference study: no fault, two equal faces, and dates that agree over datasets."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pandas as pd

from specs.complete import complete
from specs.yaml_files import read_specification, read_study
from spectrail.pipeline.check import check_specification


def test_the_linter_finds_nothing(blina: Any) -> None:
    """Nothing is found but notices of the variables of the sponsor in ADaM."""
    found = check_specification(blina.folder).frame
    analysis = found["dataset"].str.startswith("AD")
    assert set(zip(found.loc[analysis, "rule"], found.loc[analysis, "severity"], strict=True)) == {
        ("SPEC-122", "notice")
    }
    found = found[~analysis]
    assert found[["rule", "dataset", "variable", "message"]].to_numpy().tolist() == []


def test_a_variable_that_nothing_fills_is_found(blina: Any, tmp_path: Path) -> None:
    """With parameters and prefixes counted, variables that nothing makes are still told of, each in its dataset."""
    folder = shutil.copytree(blina.folder, tmp_path / "study")
    for name, after, added in (
        ("adrs", "AVALC", "AVALCA1N"),
        ("adae", "ASTDTF", "ASTTMX"),
        ("adae", "CQ01NAM", "CQ99NAM"),
    ):
        path = folder / "specs" / "adam" / f"{name}.yaml"
        text = path.read_text(encoding="utf-8")
        line = f"  - {{name: {added}, label: Added, data_type: text, origin: {{type: Derived, source: Sponsor}}}}\n"
        head, mark, tail = text.partition(f"  - {{name: {after},")
        path.write_text(head + line + mark + tail, encoding="utf-8")
    found = check_specification(folder).frame
    found = found[found["severity"] == "warning"]
    assert found[["rule", "dataset", "variable"]].to_numpy().tolist() == [
        ["SPEC-149", "ADAE", "ASTTMX"],
        ["SPEC-149", "ADAE", "CQ99NAM"],
        ["SPEC-149", "ADRS", "AVALCA1N"],
    ]


def test_the_workbook_beside_the_yaml_files_is_equal_to_them(blina: Any) -> None:
    """Both faces, with what the standards fill in, are the same specification with the same hash."""
    yaml = complete(read_study(blina.folder).study)
    workbook = read_specification(blina.folder / "specification.xlsx").study
    assert workbook == yaml
    assert workbook.sha256() == yaml.sha256()


def test_reference_dates_are_those_of_exposure(blina: Any) -> None:
    """RFXSTDTC and RFXENDTC are the first start and last end in EX; who has none was not treated."""
    exposure = blina["EX"].groupby("USUBJID").agg(first=("EXSTDTC", "min"), last=("EXENDTC", "max"))
    dm = blina["DM"].set_index("USUBJID")
    treated = dm[dm["RFXSTDTC"].fillna("") != ""]
    pd.testing.assert_frame_equal(
        treated[["RFXSTDTC", "RFXENDTC"]].set_axis(["first", "last"], axis="columns").sort_index(),
        exposure.sort_index(),
        check_dtype=False,
    )
    assert set(treated["ACTARMCD"]) == {"RDCBLIN"}
    assert set(dm.loc[dm.index.difference(treated.index), "ARMNRS"]) == {"SCREEN FAILURE", "ASSIGNED, NOT TREATED"}


def test_elements_follow_each_other_and_agree_with_exposure(blina: Any) -> None:
    """An element ends when the next begins; every dose before the end of treatment is in the epoch of its phase."""
    elements = blina["SE"].sort_values(["USUBJID", "SESTDTC"], kind="stable")
    following = elements.groupby("USUBJID")["SESTDTC"].shift(-1)
    inner = following.notna()
    assert elements.loc[inner, "SEENDTC"].tolist() == following[inner].tolist()
    exposure = blina["EX"]
    epochs = {"INDUCTION": "INDUCTION TREATMENT", "EXTENSION": "INDUCTION TREATMENT"}
    expected = exposure["EXCAT"].map(epochs | {"CONSOLIDATION": "CONSOLIDATION TREATMENT"})
    late = exposure[exposure["EPOCH"] != expected]
    planted = blina.truth("mess").set_index("class").loc["logic:dose_after_discontinuation", "Subject"]
    assert late["USUBJID"].str.endswith(planted).tolist() == [True]


def test_relationships_lead_to_records(blina: Any) -> None:
    """Every record of RELREC names a record that exists; dataset-level ones name a variable that is filled."""
    for row in blina["RELREC"].fillna("").itertuples():
        frame = blina[row.RDOMAIN]
        if row.USUBJID:
            mine = frame[frame["USUBJID"] == row.USUBJID]
            assert (mine[row.IDVAR] == float(row.IDVARVAL)).sum() == 1
        else:
            assert frame[row.IDVAR].notna().any()
    assert set(blina["RELREC"]["RELID"].str.rstrip("0123456789")) == {"MARROW", "AECM", "DSAE"}
