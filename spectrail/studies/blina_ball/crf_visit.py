"""Fill the clean forms that repeat by visit: laboratory, marrow, MRD, response, vital signs, ECOG, visit dates."""

from __future__ import annotations

import numpy as np
import pandas as pd

from spectrail.studies.blina_ball.facts import table
from spectrail.studies.blina_ball.latent import CBC, CHEMISTRY, Grid
from spectrail.studies.blina_ball.rng import Floats, Ints, Streams
from spectrail.studies.blina_ball.subjects import Subjects
from spectrail.studies.blina_ball.text import choose, decimals
from spectrail.studies.blina_ball.timeline import CONS, FU1, SCR, UNS1, UNS2, VISIT_DAYS, WIDTH

LABORATORIES = ("Site 01 Hospital Laboratory", "Site 02 Hospital Laboratory", "Central Laboratory")


def laboratory(s: Subjects, grid: Grid) -> pd.DataFrame:
    """Return form LBLOC: each measured value in the unit, name and range of the laboratory of its site."""
    tests = {row["TESTCD"]: row for row in table("tests")}
    parts = []
    for order, code in enumerate((*CBC, *CHEMISTRY)):
        row, column = np.nonzero(~np.isnan(grid[code]))
        lab = s["site"][row]
        value = grid[code][row, column]
        part = pd.DataFrame({"_i": row, "_tp": column, "_order": order, "_value": value})
        part["PANEL"], part["TESTCD"] = tests[code]["PANEL"], code
        result = np.empty(len(row), dtype=object)
        for site in (1, 2, 3):
            at = lab == site
            factor, digits = float(tests[code][f"FACTOR_{site}"]), int(tests[code][f"DECIMALS_{site}"])
            native = value[at] if factor == 1 else np.round(value[at] * factor, digits)
            result[at] = decimals(native, digits)
        part["RESULT"] = result
        for name in ("NAME", "UNIT", "LLN", "ULN"):
            texts = np.array([None] + [tests[code][f"{name}_{site}"] for site in (1, 2, 3)], dtype=object)
            part[{"NAME": "TEST"}.get(name, name)] = texts[lab]
        parts.append(part)
    frame = pd.concat(parts, ignore_index=True)
    frame["LABNAME"] = np.array(LABORATORIES, dtype=object)[s["site"][frame["_i"]] - 1]
    frame["SAMPDAT"] = grid["OFFSET"][frame["_i"], frame["_tp"]]
    frame["SAMPTIM"] = sample_minute(s, frame["_i"].to_numpy(), frame["_tp"].to_numpy())
    frame["COMMENT"] = None
    return frame


def sample_minute(s: Subjects, row: Ints, column: Ints) -> Floats:
    """Return the minute of the day of a blood sample: 06:00-08:55, before any dose of the day."""
    return np.asarray(360.0 + 5 * ((s["number"][row] * 7 + column * 11) % 36))


def marrow(marrows: pd.DataFrame) -> pd.DataFrame:
    """Return form BM from the latent marrows."""
    adequate = marrows["ADEQ"].to_numpy() == 1
    core = marrows["CELLUL"].notna().to_numpy()
    return pd.DataFrame(
        {
            "_i": marrows["_i"],
            "_tp": marrows["_tp"],
            "BMDAT": marrows["OFFSET"],
            "BMSITE": "Posterior iliac crest",
            "SAMPTYPE": choose(core, "Aspirate and core biopsy", "Aspirate"),
            "BLASTPCT": marrows["BLAST"],
            "CELLCNT": marrows["CELLS"],
            "CELLUL": marrows["CELLUL"],
            "ADEQ": choose(adequate, "Yes", "No"),
            "ADEQ_STD": choose(adequate, "Y", "N"),
            "ADEQREAS": choose(adequate, None, choose(marrows["BLAST"].isna(), "Dry tap", "Too few cells")),
            "PBLAST": marrows["PB"],
        }
    )


def residual_disease(s: Subjects, marrows: pd.DataFrame) -> pd.DataFrame:
    """Return form MRD: flow in % of nucleated cells, NGS in copies per million cells."""
    parts = [_flow_rows(s, marrows.loc[marrows["FLOW"].notna()]), _ngs_rows(s, marrows.loc[marrows["NGS"].notna()])]
    frame = pd.concat(parts, ignore_index=True)
    frame["SPEC"] = "Bone marrow aspirate"
    frame["LAB"] = choose(
        frame["ASSAY_STD"] == "NGS", LABORATORIES[2], np.array(LABORATORIES)[s["site"][frame["_i"]] - 1]
    )
    wait = choose(frame["ASSAY_STD"] == "NGS", 9, 2)
    frame["REPDAT"] = frame["BMDAT"] + wait
    return frame


def _flow_rows(s: Subjects, rows: pd.DataFrame) -> pd.DataFrame:
    subject, value = rows["_i"].to_numpy(), rows["FLOW"].to_numpy()
    insufficient = (s["poorlod"][subject]) & (rows["_tp"].to_numpy() == 22) & (value == 0)
    lod = choose(insufficient, 1e-3, s["mrd_lod"][subject])
    limit = choose(insufficient, "<0.1", "<0.01")
    text = choose(value > 0, decimals(100 * value, 1), limit)
    return pd.DataFrame(
        {
            "_i": subject,
            "_tp": rows["_tp"].to_numpy(),
            "_order": 0,
            "BMDAT": rows["OFFSET"].to_numpy(),
            "ASSAY": "Flow cytometry",
            "ASSAY_STD": "FLOW",
            "RESULT_TXT": text.astype(object),
            "UNIT": "%",
            "LOD": lod,
            "LOQ": lod * 2,
            "DENOM": np.array(["Nucleated cells", "Mononuclear cells", "CD45+ cells"], dtype=object)[
                s["site"][subject] - 1
            ],
        }
    )


def _ngs_rows(s: Subjects, rows: pd.DataFrame) -> pd.DataFrame:
    value = rows["NGS"].to_numpy()
    return pd.DataFrame(
        {
            "_i": rows["_i"].to_numpy(),
            "_tp": rows["_tp"].to_numpy(),
            "_order": 1,
            "BMDAT": rows["OFFSET"].to_numpy(),
            "ASSAY": "IG NGS",
            "ASSAY_STD": "NGS",
            "RESULT_TXT": choose(value > 0, decimals(1e6 * value, 0), "Not detected").astype(object),
            "UNIT": choose(value > 0, "copies/10^6 cells", None),
            "LOD": 1e-6,
            "LOQ": 5e-6,
            "DENOM": "Nucleated cells",
        }
    )


def assessments(s: Subjects, marrows: pd.DataFrame) -> pd.DataFrame:
    """Return form RESP: the investigator agrees with the true class unless a deliberate case says otherwise."""
    rows = marrows.loc[marrows["CLASS"] != ""]
    flow = rows["FLOW"].to_numpy()
    insufficient = s["poorlod"][rows["_i"]] & (rows["_tp"].to_numpy() == 22) & (flow == 0)
    conclusion = np.select(
        [np.isnan(flow), insufficient, flow >= 1e-4], ["", "Indeterminate", "Positive"], "Negative"
    )
    cns = rows["CNS"].to_numpy()
    return pd.DataFrame(
        {
            "_i": rows["_i"].to_numpy(),
            "_tp": rows["_tp"].to_numpy(),
            "ASMTDAT": rows["OFFSET"].to_numpy(),
            "BMDAT": rows["OFFSET"].to_numpy(),
            "RESP": rows["CLASS"].to_numpy(),
            "MRDCON": choose(conclusion == "", None, conclusion),
            "EMD": choose(rows["EMD"] == 1, "Yes", choose(rows["EMD"].isna(), None, "No")),
            "CNSSTAT": choose(np.isnan(cns), None, np.array([f"CNS{k:.0f}" for k in np.nan_to_num(cns, nan=1)])),
            "COMMENT": None,
        }
    )


def _visit_rows(grid: Grid, columns: list[int]) -> tuple[Ints, Ints]:
    row, position = np.nonzero(grid["VISITED"][:, columns] == 1)
    return row, np.array(columns)[position]


def visits(s: Subjects, grid: Grid) -> pd.DataFrame:
    """Return form VISIT: visits held, and follow-up visits missed."""
    columns = [SCR, *VISIT_DAYS, CONS, *range(FU1, UNS1), UNS1, UNS2]
    row, column = _visit_rows(grid, columns)
    keep = (column != 37) | s["ext"][row]
    held = pd.DataFrame({"_i": row, "_tp": column, "VISYN": "Yes", "VISDAT": grid["OFFSET"][row, column]})[keep]
    due = (s["follow_up"] <= np.fmin(np.fmin(s["last"], s["relapse"]), s["nact"])[:, None]) & s["treated"][:, None]
    row, visit = np.nonzero(due & np.isnan(grid["OFFSET"][:, FU1:UNS1]))
    reason = choose((row + visit) % 2 == 0, "Subject refused", "Not able to travel")
    missed = pd.DataFrame({"_i": row, "_tp": FU1 + visit, "VISYN": "No", "VISREAS": reason})
    missed["_sort"] = s["follow_up"][row, visit]
    held["_sort"] = held["VISDAT"]
    return pd.concat([held, missed], ignore_index=True)


def vital_signs(s: Subjects, grid: Grid, streams: Streams) -> pd.DataFrame:
    """Return form VS at screening, each induction visit and consolidation."""
    row, column = _visit_rows(grid, [SCR, *VISIT_DAYS, CONS])
    keep = (column != 37) | s["ext"][row]
    row, column = row[keep], column[keep]
    z = {name: streams.normal(f"vs {name}", WIDTH)[row, column] for name in ("SYSBP", "DIABP", "PULSE", "TEMP")}
    weight = s["weight"][row] - choose(column == SCR, 0, np.minimum(column, 40) * 0.05)
    return pd.DataFrame(
        {
            "_i": row,
            "_tp": column,
            "VSDAT": grid["OFFSET"][row, column],
            "VSTIM": sample_minute(s, row, column) + 15,
            "SYSBP": np.round(118 + 9 * z["SYSBP"]),
            "DIABP": np.round(74 + 6 * z["DIABP"]),
            "PULSE": np.round(84 + 9 * z["PULSE"]),
            "TEMP": np.round(36.7 + 0.25 * z["TEMP"], 1),
            "TEMPU": "C",
            "WEIGHT": np.round(weight, 1),
        }
    )


def performance(s: Subjects, grid: Grid) -> pd.DataFrame:
    """Return form ECOG at screening, day 22, consolidation and follow-up."""
    row, column = _visit_rows(grid, [SCR, 22, CONS, *range(FU1, UNS1)])
    grade = choose(column == SCR, s["ecog0"][row], np.maximum(s["ecog0"][row] - 1 - (column >= FU1), 0))
    return pd.DataFrame({"_i": row, "_tp": column, "ECOGDAT": grid["OFFSET"][row, column], "ECOG": grade})
