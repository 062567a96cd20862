"""Change a finished extract into a later one of the same study, and log each change."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from spectrail.studies.blina_ball.cases import case_subjects
from spectrail.studies.blina_ball.mess import Sheet
from spectrail.studies.blina_ball.text import write_day

CORRECTED = "2024-08-20T10:15:00"
SAVED = "2024-08-20T10:15:02"
CHANGE_COLUMNS = (
    "kind",
    "form",
    "Subject",
    "Folder",
    "PageRepeatNumber",
    "RecordPosition",
    "column",
    "old_value",
    "new_value",
)


def correct(sheet: Sheet) -> list[dict[str, Any]]:
    """Apply the corrections of the second extract in place; return one row per change.

    A weight overwritten, a dose re-dated, an AE grade raised, a response changed from NE to CR, an AE deleted and a
    medication added.
    """
    changes: list[dict[str, Any]] = []
    vs, exch, ae, resp = (sheet.frames[name] for name in ("VS", "EXCH", "AE", "RESP"))
    spare = sheet.pick("VS", 1, sheet.block.typed["VS"]["_tp"] == 15, "correct weight")[0]
    _change(changes, "VS", vs, spare, "WEIGHT", f"{float(vs.at[spare, 'WEIGHT']) + 1.5:g}")
    typed = sheet.block.typed["EXCH"]
    dose = sheet.pick("EXCH", 1, typed["DRUG_STD"] == "VDS", "re-date dose")[0]
    day = int(typed.at[dose, "STDAT"]) + int(sheet.block.subjects["trt0"][typed.at[dose, "_i"]]) + 1
    _change(changes, "EXCH", exch, dose, "STDAT", write_day(day, "DD-Mon-YYYY"))
    grade = sheet.pick("AE", 1, sheet.block.typed["AE"]["CTCGR"] == 2, "raise grade")[0]
    _change(changes, "AE", ae, grade, "CTCGR", "3")
    _change(changes, "RESP", resp, _not_evaluable(sheet), "RESP", "CR")
    _delete(changes, sheet)
    _add(changes, sheet)
    return changes


def _identity(kind: str, form: str, row: pd.Series, column: str, old: str | None, new: str | None) -> dict[str, Any]:
    place = [row[name] for name in ("Subject", "Folder", "PageRepeatNumber", "RecordPosition")]
    return dict(zip(CHANGE_COLUMNS, (kind, form, *place, column, old, new), strict=True))


def _change(changes: list[dict[str, Any]], form: str, frame: pd.DataFrame, label: int, column: str, new: str) -> None:
    changes.append(_identity("changed", form, frame.loc[label], column, frame.at[label, column], new))
    frame.at[label, column] = new
    frame.loc[label, ["MaxUpdated", "SaveTS"]] = [CORRECTED, SAVED]


def _not_evaluable(sheet: Sheet) -> int:
    """Return the response of the dry tap that was not repeated: the slides were found later."""
    dry = sheet.block.marrows
    alone = dry.loc[dry["BLAST"].isna()].drop_duplicates("_i", keep="last")["_i"]
    repeated = dry.loc[(dry["_tp"] == 25), "_i"]
    typed = sheet.block.typed["RESP"]
    hit = typed["_i"].isin(set(alone) - set(repeated)) & (typed["RESP"] == "NE")
    return int(np.flatnonzero(hit)[0])


def _delete(changes: list[dict[str, Any]], sheet: Sheet) -> None:
    row = next(i for i, case in case_subjects(sheet.block.subjects) if "74" in case.rows.split())
    typed = sheet.block.typed["AE"]
    label = int(np.flatnonzero((typed["_i"] == row) & (typed["AEPT"] == "Rash"))[0])
    changes.append(_identity("removed", "AE", sheet.frames["AE"].loc[label], "", None, None))
    sheet.frames["AE"] = sheet.frames["AE"].drop(index=label)


def _add(changes: list[dict[str, Any]], sheet: Sheet) -> None:
    """Enter one more medication behind the last one of a subject."""
    frame, typed = sheet.frames["CM"], sheet.block.typed["CM"]
    fit = sheet.candidates("CM", typed["CMTRT"] == "Allopurinol")
    subject = typed.at[int(fit[-1]), "_i"]
    last = int(np.flatnonzero(typed["_i"] == subject)[-1])
    new = frame.loc[[last]].assign(
        RecordPosition=str(int(typed.at[last, "_pos"]) + 1),
        CMTRT="Paracetamol",
        CMPT="PARACETAMOL",
        CMCLAS="ANALGESICS",
        CMINDC="Headache",
        CMDOSE="500",
        CMDOSU="mg",
        CMROUTE="Oral",
        CMAENO=None,
        MinCreated=CORRECTED,
        MaxUpdated=CORRECTED,
        SaveTS=SAVED,
    )
    new.index = pd.Index([int(frame.index.max()) + 1])
    key = pd.Series(frame.index, index=frame.index, dtype=float) if "_after" not in frame else frame["_after"]
    frame["_after"] = key.where(key.notna(), pd.Series(frame.index, index=frame.index, dtype=float))
    sheet.frames["CM"] = pd.concat([frame, new.assign(_after=last + 0.6)])
    changes.append(_identity("added", "CM", new.iloc[0], "", None, None))
