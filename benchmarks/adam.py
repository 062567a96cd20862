"""CPU seconds of ADLB by the engine against hand-written pandas: `python -m benchmarks.adam [records]`.

Both read the same LB and ADSL in memory; the engine's part includes plan, lineage and findings. Imports are not
counted. The results are compared value by value first.
"""

from __future__ import annotations

import json
import resource
import sys
import time

import pandas as pd

from adam.engine import Engine
from benchmarks.adlb_by_hand import adlb_by_hand, data
from specs import models
from spectrail.dataset import Dataset
from spectrail.layout import Column, Layout

COMPARED = ("ADY", "ABLFL", "BASE", "CHG", "PCHG", "ATOXGRL", "ATOXGRH", "ANL01FL")


def specification() -> models.Study:
    """Return the specification of the dataset."""
    copies = {"PARAMCD": "LB.LBTESTCD", "AVAL": "LB.LBSTRESN", "ANRLO": "LB.LBSTNRLO", "ANRHI": "LB.LBSTNRHI"}
    copies |= {name: f"LB.{name}" for name in ("USUBJID", "LBSEQ", "VISITNUM", "LBDTC")}
    numbers = {"AVAL", "ANRLO", "ANRHI", "LBSEQ", "VISITNUM", "ADTM", "ADT", "TRTSDT", "ADY", "BASE", "CHG", "PCHG"}
    names = [*copies, "ADTM", "ADT", "TRTSDT", *COMPARED]
    variables = tuple(
        models.Variable(
            name=name,
            data_type="float" if name in numbers else "text",
            origins=(models.Origin(type="Predecessor", predecessor=copies[name]),) if name in copies else (),
        )
        for name in names
    )
    group = ("USUBJID", "PARAMCD")
    steps = [
        {"algorithm": "records", "source": ("LB",)},
        {"target": "TRTSDT", "algorithm": "predecessor", "source": ("ADSL.TRTSDT",)},
        {"algorithm": "derive_vars_dtm", "new_vars_prefix": "A", "dtc": "LBDTC", "flag_imputation": "none"},
        {"target": "ADT", "algorithm": "derive_vars_dtm_to_dt", "source": ("ADTM",)},
        {"target": "ADY", "algorithm": "derive_vars_dy", "source": ("ADT",)},
        {"algorithm": "derive_var_ablfl", "by_vars": group, "date": "ADTM", "order": ("LBSEQ",)},
        {"target": "BASE", "algorithm": "derive_var_base", "source": ("AVAL",), "by_vars": group},
        {"target": "CHG", "algorithm": "derive_var_chg"},
        {"target": "PCHG", "algorithm": "derive_var_pchg"},
        *_graded(),
        {
            "algorithm": "derive_var_extreme_flag",
            "by_vars": (*group, "VISITNUM"),
            "order": ("ADTM", "LBSEQ"),
            "new_var": "ANL01FL",
            "mode": "last",
        },
    ]
    dataset = models.Dataset(name="ADLB", variables=variables, steps=tuple(_step(step) for step in steps))
    return models.Study(study_id="BENCHMARK", datasets=(dataset,))


def _graded() -> list[dict[str, object]]:
    made: list[dict[str, object]] = []
    for way in ("L", "H"):
        term = f"ATOXDSC{way}"
        made.append(
            {"target": term, "algorithm": "derive_var_atoxdsc", "source": ("PARAMCD",), "criteria_direction": way}
        )
        made.append(
            {
                "target": f"ATOXGR{way}",
                "algorithm": "derive_var_atoxgr_dir",
                "source": (term,),
                "criteria_direction": way,
            }
        )
    return made


def _step(given: dict[str, object]) -> models.Step:
    own = {name: value for name, value in given.items() if name in models.Step.model_fields}
    return models.Step(**own, arguments={name: value for name, value in given.items() if name not in own})


def wrapped(name: str, frame: pd.DataFrame) -> Dataset:
    """Wrap a frame as a finished dataset."""
    return Dataset(Layout(name, "", tuple(Column(str(one)) for one in frame.columns)), frame)


def by_engine(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Build the dataset with the engine."""
    engine = Engine(specification(), {name: wrapped(name, frame) for name, frame in tables.items()})
    return next(iter(engine.datasets())).frame


def measured(records: int) -> dict[str, float | int]:
    """Compare results, then measure both in turns; the least of three runs each."""
    tables = data(records)
    made, wanted = by_engine(tables), adlb_by_hand(**{name.lower(): one for name, one in tables.items()})
    for name in COMPARED:
        pd.testing.assert_series_equal(made[name], wanted[name], check_dtype=False, rtol=1e-9)
    seconds: dict[str, list[float]] = {"engine": [], "by hand": []}
    for _ in range(3):
        start = time.process_time()
        by_engine(tables)
        middle = time.process_time()
        adlb_by_hand(**{name.lower(): one for name, one in tables.items()})
        seconds["engine"].append(middle - start)
        seconds["by hand"].append(time.process_time() - middle)
    engine, hand = min(seconds["engine"]), min(seconds["by hand"])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {"records": records, "engine_s": engine, "by_hand_s": hand, "ratio": engine / hand, "peak_mb": peak}


if __name__ == "__main__":
    print(json.dumps(measured(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)))
