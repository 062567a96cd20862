"""The baseline of time to event: one parameter in vectorised pandas, written by hand for this job alone.

Written before the engine was measured and frozen since: no lineage, no specification, no findings, no candidates.
"""

from __future__ import annotations

import numpy as np
import pandas as pd


def data(subjects: int, seed: int = 20230310) -> dict[str, pd.DataFrame]:
    """Return ADSL (one record per subject), ADRS (8 assessments each) and CM (therapies of a fifth of them)."""
    rng = np.random.default_rng(seed)
    ids = pd.Series([f"SPT-BLINA-01-{number:07d}" for number in range(subjects)], dtype="str")
    start = pd.Timestamp("2022-09-01").to_datetime64() + rng.integers(0, 400, subjects).astype("timedelta64[D]")
    death = start + rng.integers(0, 900, subjects).astype("timedelta64[D]")
    death[rng.random(subjects) < 0.7] = np.datetime64("NaT")
    alive = np.where(np.isnat(death), start + rng.integers(200, 900, subjects).astype("timedelta64[D]"), death)
    adsl = pd.DataFrame({"USUBJID": ids, "TRTSDT": start, "DTHDT": death, "LSTALVDT": alive})
    adsl["DCUTDT"] = pd.Timestamp("2024-06-30").to_datetime64()
    owner = np.repeat(np.arange(subjects), 8)
    terms = pd.array(["CR", "CRh", "CRi", "RELAPSED DISEASE", "NE"], dtype="str")
    adrs = pd.DataFrame({"USUBJID": ids.array.take(owner)})
    adrs["PARAMCD"] = pd.array(["OVRALG", "OVRINV"], dtype="str").take(np.tile([0, 1], len(owner) // 2))
    adrs["AVALC"] = terms.take(rng.choice(5, len(owner), p=[0.6, 0.1, 0.1, 0.1, 0.1]))
    adrs["ADT"] = start[owner] + rng.integers(15, 700, len(owner)).astype("timedelta64[D]")
    adrs["ASEQ"] = np.tile(np.arange(1.0, 9.0), subjects)
    order = rng.permutation(len(adrs))
    treated = np.flatnonzero(rng.random(subjects) < 0.2)
    cm = pd.DataFrame({"USUBJID": ids.array.take(treated)})
    cm["CMSEQ"] = 1.0
    cm["CMCAT"] = pd.array(["SALVAGE", "SUPPORTIVE"], dtype="str").take(rng.integers(0, 2, len(treated)))
    cm["ASTDT"] = start[treated] + rng.integers(20, 500, len(treated)).astype("timedelta64[D]")
    return {"ADSL": adsl, "ADRS": adrs.iloc[order].reset_index(drop=True), "CM": cm}


def event_free_survival(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return one record per subject: earliest of death, relapse and salvage; else last assessment, else start."""
    adsl, adrs, cm = tables["ADSL"], tables["ADRS"], tables["CM"]
    alg = adrs[adrs["PARAMCD"] == "OVRALG"]
    relapse = alg[alg["AVALC"] == "RELAPSED DISEASE"]
    assessed = alg[alg["AVALC"] != "NE"]
    salvage = cm[cm["CMCAT"] == "SALVAGE"]
    dead = adsl[adsl["DTHDT"].notna()]
    events = pd.concat(
        [
            _candidates(dead, "DTHDT", None, 0, "DEATH", "ADSL"),
            _candidates(relapse, "ADT", "ASEQ", 1, "RELAPSE", "ADRS"),
            _candidates(salvage, "ASTDT", "CMSEQ", 2, "CHANGE IN TREATMENT REGIMEN", "CM"),
        ],
        ignore_index=True,
    )
    censors = pd.concat(
        [
            _candidates(assessed, "ADT", "ASEQ", 0, "LAST DISEASE ASSESSMENT", "ADRS"),
            _candidates(adsl, "TRTSDT", None, 1, "NO POST-BASELINE ASSESSMENT", "ADSL"),
        ],
        ignore_index=True,
    )
    dates = adsl[["USUBJID", "TRTSDT", "DCUTDT"]]
    events, censors = events.merge(dates, on="USUBJID"), censors.merge(dates, on="USUBJID")
    events, censors = (one[one["ADT"] <= one["DCUTDT"]] for one in (events, censors))
    events = events.assign(ADT=events[["ADT", "TRTSDT"]].max(axis=1), CNSR=0)
    censors = censors.assign(ADT=censors[["ADT", "TRTSDT"]].max(axis=1), CNSR=censors["ORDER"] + 1)
    keys = ["USUBJID", "ADT", "ORDER", "SRCSEQ"]
    first = events.sort_values(keys).drop_duplicates("USUBJID")
    last = censors.sort_values(keys, ascending=[True, False, True, True]).drop_duplicates("USUBJID")
    both = pd.concat([first, last[~last["USUBJID"].isin(first["USUBJID"])]])
    both = both.sort_values("USUBJID", ignore_index=True)
    both["EVNTDESC"] = both["DESC"].where(both["CNSR"] == 0)
    both["CNSDTDSC"] = both["DESC"].where(both["CNSR"] > 0)
    both["AVAL"] = (both["ADT"] - both["TRTSDT"]).dt.days + 1.0
    both = both.rename(columns={"TRTSDT": "STARTDT"})
    both["PARAMCD"] = pd.array(["EFS"], dtype="str").take(np.zeros(len(both), dtype=np.int64))
    return both[
        [
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
        ]
    ]


def _candidates(
    part: pd.DataFrame, date: str, sequence: str | None, order: int, description: str, domain: str
) -> pd.DataFrame:
    made = pd.DataFrame({"USUBJID": part["USUBJID"].array, "ADT": part[date].array})
    made["SRCSEQ"] = part[sequence].to_numpy() if sequence else np.nan
    made["ORDER"] = order
    for name, text in (("DESC", description), ("SRCDOM", domain), ("SRCVAR", date)):
        made[name] = pd.array([text], dtype="str").take(np.zeros(len(made), dtype=np.int64))
    return made
