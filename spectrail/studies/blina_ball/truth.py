"""Describe the truth behind a simulated study: subjects, marrows, the edge-case table."""

from __future__ import annotations

import numpy as np
import pandas as pd

from spectrail.studies.blina_ball.block import Block
from spectrail.studies.blina_ball.case import Case
from spectrail.studies.blina_ball.cases import case_subjects
from spectrail.studies.blina_ball.cases_safety import ELSEWHERE, SETTINGS
from spectrail.studies.blina_ball.facts import table
from spectrail.studies.blina_ball.text import by_distinct, plain_number, write_days
from spectrail.studies.blina_ball.timeline import column, column_folders

EDGE_COLUMNS = ("row", "case", "lives", "subject", "forms", "records", "sdtm")
STATUS = np.array(["screen failure", "enrolled, never dosed", "treated"], dtype=object)


def subject_table(block: Block) -> pd.DataFrame:
    """Return one row per person: status, first dose and the true dates of what happened."""
    s = block.subjects
    enrolled = block.clean["DM"].loc[block.typed["DM"]["_alt"] == 1].sort_values("_i", kind="stable")
    frame = pd.DataFrame({"Subject": enrolled["Subject"].to_numpy(), "status": STATUS[s["status"]]})
    frame["deliberate"] = np.where(s["plain"], "N", "Y")
    frame["extended"] = np.where(s["ext"], "Y", "N")
    frame["first_dose"] = write_days(np.where(s["treated"], s["trt0"], np.nan), "YYYY-MM-DD")
    for name in ("death", "relapse", "hsct", "cons", "nact", "stop", "withdraw", "lost", "last"):
        frame[name] = write_days(s[name] + s["trt0"], "YYYY-MM-DD")
    return frame


def marrow_table(block: Block) -> pd.DataFrame:
    """Return one row per marrow: its visit, findings, counts used and true class."""
    found, s = block.marrows, block.subjects
    rows = found["_i"].to_numpy()
    labels = subject_table(block)["Subject"].to_numpy()
    plain, extended = column_folders()
    folders = np.array([row["FOLDER"] for row in table("visits")], dtype=object)
    at = found["_tp"].to_numpy()
    frame = pd.DataFrame({"Subject": labels[rows]})
    frame["Folder"] = folders[np.where(s["ext"][rows], extended[at], plain[at])]
    frame["date"] = write_days(found["OFFSET"].to_numpy() + s["trt0"][rows], "YYYY-MM-DD")
    for name in ("BLAST", "CELLS", "CELLUL", "PB", "EMD", "CNS", "ANC", "PLT", "FLOW", "NGS"):
        frame[name.lower()] = by_distinct(found[name].to_numpy(), plain_number)
    frame["class"] = [text or None for text in found["CLASS"]]
    return frame


def edge_case_table(block: Block) -> pd.DataFrame:
    """Return where each row of the edge-case table lives: subject, records (form and record positions), SDTM."""
    rows = []
    for subject, case in case_subjects(block.subjects):
        for number in case.rows.split():
            rows.append(_edge_row(block, subject, case, number))
    for number, (lives, title, shown) in ELSEWHERE.items():
        rows.append(dict(zip(EDGE_COLUMNS, (number, title, lives, "", "", "", shown), strict=True)))
    frame = pd.DataFrame(rows, columns=list(EDGE_COLUMNS))
    order = frame["row"].astype(int).to_numpy()
    return frame.iloc[np.argsort(order, kind="stable")].reset_index(drop=True)


def _edge_row(block: Block, subject: int, case: Case, number: str) -> dict[str, str]:
    dm = block.clean["DM"]
    label = dm.loc[(dm["_i"] == subject) & (block.typed["DM"]["_alt"] == 1), "Subject"].iloc[0]
    lives = "setting, on this subject" if number in SETTINGS else "subject"
    records = "; ".join(_records(block, subject, case, form) for form in case.forms.split())
    return dict(zip(EDGE_COLUMNS, (number, case.title, lives, label, case.forms, records, case.sdtm), strict=True))


def _records(block: Block, subject: int, case: Case, form: str) -> str:
    """Name the record positions of a form that carry the case: of the visits it touches, or all."""
    typed = block.typed[form]
    mine = typed.loc[typed["_i"] == subject]
    codes = {name: {column(key) for key in values} for name, values in case.grid.items()}
    touched = set().union(*codes.values()) | {
        column(place["_tp"])
        for op in case.ops
        if op.form == form
        for place in (op.where, op.values)
        if "_tp" in place
    }
    at = mine.loc[mine["_tp"].isin(touched)] if touched and (mine["_tp"] >= 0).any() else mine
    if form == "LBLOC" and (named := (set(codes) | _tests(case)) & set(mine["TESTCD"])):
        at = at.loc[at["TESTCD"].isin(named)]
    at = at if len(at) else mine
    return f"{form} " + ",".join(at["_pos"].astype(str))


def _tests(case: Case) -> set[str]:
    """Name the laboratory tests that the operations of a case mean."""
    return {place["TESTCD"] for op in case.ops for place in (op.where, op.values) if "TESTCD" in place}
