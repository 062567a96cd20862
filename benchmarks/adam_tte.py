"""Time to event of many subjects against the hand-written baseline: `python -m benchmarks.adam_tte [subjects]`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import pandas as pd

from adam.engine import Engine
from benchmarks.tte_by_hand import data, event_free_survival
from specs import models
from spectrail.dataset import Dataset
from spectrail.layout import Column, Layout

MOST = 2.0
"""The engine may take this many times the CPU of the baseline."""
SETTINGS = {
    "start_date": "ADSL.TRTSDT",
    "cutoff_date": "ADSL.DCUTDT",
    "event_conditions": (
        {"dataset": "ADSL", "date": "DTHDT", "EVNTDESC": "DEATH"},
        {
            "dataset": "ADRS",
            "date": "ADT",
            "where": "PARAMCD == 'OVRALG' and AVALC == 'RELAPSED DISEASE'",
            "EVNTDESC": "RELAPSE",
        },
        {"dataset": "CM", "date": "ASTDT", "where": "CMCAT == 'SALVAGE'", "EVNTDESC": "CHANGE IN TREATMENT REGIMEN"},
    ),
    "censor_conditions": (
        {
            "dataset": "ADRS",
            "date": "ADT",
            "where": "PARAMCD == 'OVRALG' and AVALC != 'NE'",
            "CNSDTDSC": "LAST DISEASE ASSESSMENT",
        },
        {
            "dataset": "ADSL",
            "date": "START",
            "CNSDTDSC": "NO POST-BASELINE ASSESSMENT",
            "CNSR": "2",
            "SRCVAR": "TRTSDT",
        },
    ),
}
VARIABLES = (
    "USUBJID",
    "PARAMCD",
    "STARTDT",
    "ADT",
    "AVAL",
    "CNSR",
    "EVNTDESC",
    "CNSDTDSC",
    "SRCDOM",
    "SRCVAR",
    "SRCSEQ",
)


def study() -> models.Study:
    """Return a specification of ADTTE with one parameter."""
    parameter = models.Parameter(
        paramcd="EFS", param="Event-Free Survival", rule="derive_param_tte", settings=SETTINGS
    )
    numeric = {"STARTDT", "ADT", "AVAL", "CNSR", "SRCSEQ"}
    variables = tuple(
        models.Variable(
            name=name,
            data_type="float" if name in numeric else "text",
            origins=(models.Origin(type="Predecessor", predecessor="ADSL.USUBJID"),) if name == "USUBJID" else (),
        )
        for name in VARIABLES
    )
    adtte = models.Dataset(
        name="ADTTE", class_="BASIC DATA STRUCTURE", keys=("USUBJID",), variables=variables, parameters=(parameter,)
    )
    return models.Study(study_id="BENCH", datasets=(adtte,))


def by_engine(tables: dict[str, pd.DataFrame]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the records and the candidates that the engine makes, lineage and findings included."""
    finished = {
        name: Dataset(Layout(name, "", tuple(Column(one, "", "text") for one in table.columns)), table)
        for name, table in tables.items()
    }
    engine = Engine(study(), finished)
    made = next(iter(engine.datasets()))
    engine.settle(made)
    return made.frame, engine.notes()["ADTTE"]


def seconds(job: Callable[[], object]) -> float:
    """Return the median CPU seconds of five runs."""
    times = []
    for _ in range(5):
        start = time.process_time()
        job()
        times.append(time.process_time() - start)
    return sorted(times)[2]


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    tables = data(size)
    wanted = event_free_survival(tables)
    made, candidates = by_engine(tables)
    made = made.sort_values("USUBJID", ignore_index=True)
    differing = [name for name in wanted.columns if not _equal(made[name], wanted[name])]
    hand = seconds(lambda: event_free_survival(tables))
    engine = seconds(lambda: by_engine(tables))
    print(f"{size} subjects, {len(candidates)} candidates; differing variables: {differing or 'none'}")
    print(f"by hand {hand:.2f} s, engine {engine:.2f} s: {engine / hand:.2f} times (at most {MOST})")


def _equal(one: pd.Series, other: pd.Series) -> bool:
    both = one.isna().to_numpy() & other.isna().to_numpy()
    return bool((both | (one.to_numpy() == other.to_numpy())).all())


if __name__ == "__main__":
    main()
