"""The publication profile gives the published counts; an unknown domain for residual disease is refused."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from spectrail.errors import UnknownNameError
from spectrail.io.xpt import read_xpt
from spectrail.pipeline.build import build_study
from spectrail.studies.blina_ball.study import write_study


def built(folder: Path, out: Path) -> dict[str, pd.DataFrame]:
    """Build a study folder and return the records of every dataset."""
    result = build_study(folder, out, only=("sdtm",))
    return {path.stem.upper(): read_xpt(path).frame for path in sorted(result.sdtm.glob("*.xpt"))}


def subjects(frame: pd.DataFrame) -> set[str]:
    """Return the subjects of some records."""
    return set(frame["USUBJID"])


def counts(sdtm: dict[str, pd.DataFrame]) -> dict[str, int]:
    """Count remissions (marrow blasts below 5 %, none in blood, no extramedullary disease) and MRD below 1E-4."""
    lb, rs = sdtm["LB"], sdtm["RS"]
    remission: dict[int, set[str]] = {}
    negative: dict[int, set[str]] = {}
    for day in (22, 37):
        now = lb[lb["LBDY"] == day]
        marrow = now[(now["LBTESTCD"] == "BLASTCE") & (now["LBSTRESN"] < 5)]
        blood = now[(now["LBTESTCD"] == "BLASTLE") & (now["LBSTRESN"] > 0)]
        outside = rs[(rs["RSTESTCD"] == "EMDIND") & (rs["RSDY"] == day) & (rs["RSSTRESC"] == "Y")]
        remission[day] = subjects(marrow) - subjects(blood) - subjects(outside)
        mrd = now[(now["LBTESTCD"] == "LEUKCE") & (now["LBMETHOD"] == "FLOW CYTOMETRY") & now["LBLLOD"].eq("0.01")]
        negative[day] = subjects(mrd[mrd["LBSTRESC"].eq("<0.01") | (mrd["LBSTRESN"] < 0.01)])
    return {
        "remission after 2 weeks": len(remission[22]),
        "MRD negative after 2 weeks": len(negative[22]),
        "remission after 2 or 4 weeks": len(remission[22] | remission[37]),
        "MRD negative after 2 or 4 weeks": len(negative[22] | negative[37]),
    }


PUBLISHED = {
    "remission after 2 weeks": 33,
    "MRD negative after 2 weeks": 30,
    "remission after 2 or 4 weeks": 35,
    "MRD negative after 2 or 4 weeks": 31,
}


def test_the_publication_profile_gives_the_published_counts(tmp_path: Path) -> None:
    """33, 30, 35 and 31 of 35 from marrow, counts and MRD in SDTM; a marrow across the cut is one less."""
    study = write_study(tmp_path / "study", profile="publication")
    sdtm = built(study, tmp_path / "out")
    assert len(sdtm["DM"]) == 35
    assert counts(sdtm) == PUBLISHED
    path = study / "raw" / "BM.csv"
    marrows = pd.read_csv(path, dtype="str", keep_default_na=False)
    row = marrows.index[(marrows["Folder"] == "D22") & (marrows["BLASTPCT"].astype(float) < 5)][0]
    marrows.loc[row, "BLASTPCT"] = "5.0"
    marrows.to_csv(path, index=False)
    moved = counts(built(study, tmp_path / "moved"))
    assert moved["remission after 2 weeks"] == 32


def test_an_unknown_domain_for_mrd_is_refused(tmp_path: Path) -> None:
    """Only LB and CP are supported."""
    with pytest.raises(UnknownNameError, match="mrd_domain"):
        write_study(tmp_path, mrd_domain="MI")
