"""What a deliberate case is made of: facts of its subject, values on the grid, and rows of forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from spectrail.studies.blina_ball.events import RELATION, terms

RESOLVE, QUERY = "resolve", "query"
Values = dict[str, dict[int | str, float | None]]


@dataclass(frozen=True)
class Op:
    """One change of the clean forms of a case: `add` a row, `change` or `drop` rows, or plant `raw` text in a cell.

    Dates in `values` are study days, times `HH:MM`. `mess`, `true` and `expected` go to the truth log.
    """

    kind: str
    form: str
    where: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    mess: str = ""
    true: str = ""
    expected: str = ""
    note: str = ""


@dataclass(frozen=True)
class Case:
    """One subject made on purpose: the rows of the edge-case table it shows, and how it differs from the ordinary."""

    rows: str
    title: str
    sdtm: str
    forms: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    grid: Mapping[str, Mapping[int | str, float | None]] = field(default_factory=dict)
    ops: tuple[Op, ...] = ()
    doses: tuple[tuple[str, str, int, float, str, float | None], ...] = ()


def add(form: str, **values: Any) -> Op:
    """Add a row to a form."""
    return Op("add", form, values=values)


def change(form: str, where: Mapping[str, Any], **values: Any) -> Op:
    """Change the rows of a form that hold the values of `where`."""
    return Op("change", form, where=where, values=values)


def drop(form: str, where: Mapping[str, Any]) -> Op:
    """Drop the rows of a form that hold the values of `where`."""
    return Op("drop", form, where=where)


def raw(form: str, where: Mapping[str, Any], column: str, text: str, mess: str, true: str, expected: str) -> Op:
    """Write text into one cell of the finished form and log it."""
    return Op("raw", form, where=where, values={column: text}, mess=mess, true=true, expected=expected)


def ae(key: str, day: int | None, end: int | None, grade: int, *, serious: bool = False, **values: Any) -> Op:
    """Add an adverse event of a synthetic term between two study days."""
    term = terms()[key]
    on_blina, on_chemo = day is None or 8 <= day <= 22, day is None or day <= 7
    flag = "N" if serious else None
    row: dict[str, Any] = {
        "AETERM": term["AETERM"],
        "AEPT": term["AEPT"],
        "AESOC": term["AESOC"],
        "STDAT": day,
        "ENDAT": end,
        "ONG": "No" if end is not None else "Yes",
        "CTCGR": float(grade),
        "ASTCTGR": float(grade) if term["ASTCT"] == "Y" else None,
        "SER": "Yes" if serious else "No",
        "SER_STD": "Y" if serious else "N",
        "SDTH": flag,
        "SLIFE": flag,
        "SHOSP": "Y" if serious else None,
        "SDISAB": flag,
        "SMIE": flag,
        "REL_BLIN": RELATION[term["REL_BLIN"]] if day is None or day >= 8 else None,
        "REL_CHEMO": RELATION[term["REL_CHEMO"]],
        "ACN_BLIN": "Dose not changed" if on_blina else "Not applicable",
        "ACN_CHEMO": "Dose not changed" if on_chemo else "Not applicable",
        "OUT": "Recovered" if end is not None else "Not recovered",
        "REPORTDT": end if day is None else day,
    }
    return Op("add", "AE", values=row | values)


def lab(
    code: str, day: int, column: int | str, result: str, unit: str, lln: str | None, uln: str | None, **values: Any
) -> Op:
    """Add a laboratory row on a study day, shown with the visit of a grid column."""
    panel = "Chemistry" if code in ("ALT", "BILI", "CREAT") else "Haematology"
    row = {"PANEL": panel, "TESTCD": code, "TEST": code, "RESULT": result, "UNIT": unit, "LLN": lln, "ULN": uln}
    times = {
        "SAMPDAT": day,
        "SAMPTIM": "07:30",
        "LABNAME": "Site 01 Hospital Laboratory",
        "_tp": column,
        "_order": 99,
    }
    return Op("add", "LBLOC", values=row | times | values)


def counts(anc: float | None, plt: float | None, day: int = 22) -> Values:
    """Return ANC and platelets of a day."""
    return {"NEUT": {day: anc}, "PLAT": {day: plt}}


def marrow_on(blast: float | None, day: int = 22, **more: float | None) -> Values:
    """Return an adequate marrow of a day."""
    values: dict[str, float | None] = {
        "MARROW": 1.0,
        "BLAST": blast,
        "CELLS": 250.0,
        "ADEQ": 1.0,
        "EMD": 0.0,
        "CNS": 1.0,
    }
    return {name: {day: value} for name, value in (values | more).items()}


def cbc(day: int | str, anc: float | None, plt: float | None) -> Values:
    """Return a blood count of a day (or of a named visit, CONS); None for both removes it."""
    rest: dict[str, float | None] = {
        "WBC": None if anc is None else round(anc + 0.9, 2),
        "LYM": None if anc is None else 0.7,
    }
    rest |= {"HGB": None if anc is None else 88.0, "BLASTLE": None if anc is None else 0.0}
    return {name: {day: value} for name, value in ({"NEUT": anc, "PLAT": plt} | rest).items()}


def join(*grids: Values) -> Values:
    """Merge grids, later values over earlier ones."""
    out: Values = {}
    for grid in grids:
        for name, values in grid.items():
            out[name] = out.get(name, {}) | values
    return out
