"""Check value-level metadata: which records each condition selects, and the values in them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from define_xml.check_values import Subject, check_values
from define_xml.coded import Coded, Mask, condition_mask
from define_xml.document import Document, Element
from define_xml.joins import Unjoined

Columns = Callable[[str, str], Coded | Unjoined]
"""Gives the column (dataset, variable), aligned with the records under check, or why there is none."""


def check_levels(
    document: Document, oid: str, *, dataset: str, variable: str, coded: Coded, columns: Columns
) -> None:
    """Check the value levels of one variable of one dataset."""
    values = document.value_list_of(oid)
    if values is None:
        return
    covered = np.zeros(len(coded.codes), dtype=np.int32)
    whole = True
    for reference in document.under(values, "ItemRef"):
        item = document.items.get(reference.get("ItemOID") or "")
        clauses = [
            document.clauses.get(one.get("WhereClauseOID") or "")
            for one in document.under(reference, "def:WhereClauseRef")
        ]
        known = [one for one in clauses if one is not None]
        if item is None or not known or len(known) < len(clauses):
            continue
        mask = _union(document, known, dataset, columns)
        if isinstance(mask, Unjoined):
            whole = False
            message = f"{item.get('OID')}: could not be evaluated: {mask.reason}"
            document.report.add("DEF-D25", message, element=item, dataset=dataset, variable=variable)
            continue
        covered += mask
        subject = Subject(item=item, dataset=dataset, variable=variable, what=item.get("OID") or "")
        if not mask.any():
            message = f"{subject.what}: no record meets {known[0].get('OID')}"
            document.report.add("DEF-D20", message, element=item, dataset=dataset, variable=variable)
            continue
        check_values(document, subject, coded, mask, mandatory=reference.get("Mandatory") == "Yes")
    _coverage(document, values, dataset, variable, covered, whole, columns)


def _union(document: Document, clauses: list[Element], dataset: str, columns: Columns) -> Mask | Unjoined:
    """Return the records that meet one of the clauses, or why a variable of a condition is not at hand."""
    union: Mask | None = None
    for clause in clauses:
        mask: Mask | None = None
        for check in document.under(clause, "RangeCheck"):
            oid = document.get(check, "def:ItemOID")
            names = document.variables.get(oid, [])
            if not names:
                return Unjoined(f"{oid} is no variable of a dataset")
            name = next((one for one in names if one[0] == dataset), names[0])
            column = columns(*name)
            comparator = check.get("Comparator") or "EQ"
            if isinstance(column, Unjoined):
                return column
            texts = tuple(one.text or "" for one in document.under(check, "CheckValue"))
            part = condition_mask(column, comparator, texts)
            mask = part if mask is None else mask & part
        if mask is None:
            return Unjoined(f"{clause.get('OID')} has no condition")
        union = mask if union is None else union | mask
    return Unjoined("there is no condition") if union is None else union


def _coverage(
    document: Document,
    values: Element,
    dataset: str,
    variable: str,
    covered: npt.NDArray[np.int32],
    whole: bool,
    columns: Columns,
) -> None:
    twice = int((covered > 1).sum())
    if twice:
        message = (
            f"{twice} records meet the conditions of two value levels, the first is {int(np.argmax(covered > 1)) + 1}"
        )
        document.report.add("DEF-D22", message, element=values, dataset=dataset, variable=variable, count=twice)
    names = columns(dataset, "QNAM") if variable == "QVAL" and whole else None
    if not isinstance(names, Coded):
        return
    left = names.counts(covered == 0)
    for place in np.flatnonzero(left[:-1]):
        name, count = names.values[place], int(left[place])
        message = f"QNAM {name!r} has no value level ({count} records)"
        document.report.add(
            "DEF-D21", message, element=values, dataset=dataset, variable=variable, value=name, count=count
        )
