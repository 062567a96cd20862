"""Mapping the subjects of the reference study in two halves gives the records of mapping them all.

Only what is no subject's own stands in every part alike: the trial design, and relations between whole datasets.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path

import pandas as pd
import pytest

from spectrail.io.xpt import read_xpt
from spectrail.pipeline.build import build_study
from spectrail.studies import simulate_study
from spectrail.studies.blina_ball.export import read_form
from spectrail.studies.blina_ball.facts import forms
from spectrail.studies.blina_ball.simulate import CODECS

Frames = dict[str, pd.DataFrame]
DESIGN = {"TA", "TE", "TI", "TS", "TV"}


def part_of(study: Path, target: Path, subjects: Collection[str]) -> Path:
    """Make the study of some of its subjects: their raw rows, the same specification."""
    shutil.copytree(study, target, ignore=shutil.ignore_patterns("raw", "truth"))
    (target / "raw").mkdir()
    for name, form in forms().items():
        rows = read_form(study / "raw", name)
        chosen = rows[rows["Subject"].isin(list(subjects))]
        chosen.to_csv(target / "raw" / f"{name}.csv", index=False, encoding=CODECS[form.encoding])
    return target


def built(study: Path, out: Path) -> Frames:
    """Build a study; return the records as written."""
    made = build_study(study, out, only=("sdtm",))
    return {path.stem.upper(): read_xpt(path).frame for path in sorted(made.sdtm.glob("*.xpt"))}


def rows(frame: pd.DataFrame, *, with_subject: bool) -> list[tuple[str, ...]]:
    """Return the records of subjects, or those of none, as sorted texts."""
    own = frame["USUBJID"].notna() if "USUBJID" in frame else pd.Series(False, index=frame.index)
    chosen = frame[own] if with_subject else frame[~own]
    return sorted(chosen.astype("str").fillna("missing").itertuples(index=False, name=None))


@pytest.fixture(scope="module")
def whole_and_halves(tmp_path_factory: pytest.TempPathFactory) -> tuple[Frames, list[Frames]]:
    """Return the datasets of the publication profile and those of every other subject, twice."""
    folder = tmp_path_factory.mktemp("partition")
    study = simulate_study("blina_ball", folder / "study", profile="publication")
    subjects = sorted(read_form(study / "raw", "DM")["Subject"].unique())
    halves = [
        built(part_of(study, folder / f"half{number}", subjects[number::2]), folder / f"out{number}")
        for number in (0, 1)
    ]
    return built(study, folder / "out"), halves


def test_the_records_of_subjects_do_not_depend_on_other_subjects(
    whole_and_halves: tuple[Frames, list[Frames]],
) -> None:
    """Every record of every dataset, with its --SEQ, is in one of the halves, and the halves have no others."""
    whole, halves = whole_and_halves
    assert len(whole) >= 30
    assert [sorted(half) for half in halves] == [sorted(whole)] * 2
    different = [
        name
        for name, frame in whole.items()
        if rows(frame, with_subject=True)
        != sorted(row for half in halves for row in rows(half[name], with_subject=True))
    ]
    assert different == []
    assert all(rows(half["LB"], with_subject=True) for half in halves)


def test_what_belongs_to_no_subject_is_the_same_in_every_part(whole_and_halves: tuple[Frames, list[Frames]]) -> None:
    """The trial design and the relations between whole datasets; a merge of parts takes them once."""
    whole, halves = whole_and_halves
    common = {name: rows(frame, with_subject=False) for name, frame in whole.items()}
    assert {name for name, found in common.items() if found} == DESIGN | {"RELREC"}
    for half in halves:
        assert {name: rows(frame, with_subject=False) for name, frame in half.items()} == common
