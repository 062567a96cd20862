"""Measurable residual disease: reading of results, sensitivity of the assay, status at a threshold."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Literal

import numpy as np
import pandas as pd

from adam import selection
from adam.catalog import DERIVATIONS
from spectrail import frames, steps
from spectrail.steps import ColumnName, Condition, Positions, Problem, Records, Values

Status = Literal["NEGATIVE", "POSITIVE", "INDETERMINATE", ""]
_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_NOT_DETECTED = ("nd", "not detected", "undetected", "undetectable", "negative", "neg", "未检出", "阴性", "0")
_POSITIVE = ("pos", "positive", "阳性", "detected")
_NOT_DONE = ("not done", "未做", "pending", "na", "nd*", "-", "")
_NUMBER = r"(?:\d+(?:[.,]\d+)?|[.,]\d+)"
_POWER = re.compile(rf"(?:(?P<factor>{_NUMBER})\s*[x×*]\s*)?10\s*\^?\s*(?P<sign>[-+])\s*(?P<power>\d{{1,2}})")
_FRACTION = re.compile(r"(?P<count>\d+)\s*/\s*(?P<of>\d+(?:\^\d+)?)")
_PLAIN = re.compile(rf"(?P<number>{_NUMBER}(?:e[-+]?\d{{1,2}})?)\s*(?P<percent>%)?", re.IGNORECASE)


@dataclass(frozen=True)
class Reading:
    """One result as read: `kind` is `value`, `nd`, `positive`, `none` or `unread`; `scaled` when it needs no unit."""

    kind: str
    operator: str = ""
    number: Decimal | None = None
    scaled: bool = False


def read_result(text: str) -> Reading:
    """Read the text of an MRD result: a number with or without operator and unit, not detected, positive, not done.

    Full-width characters, superscripts, decimal commas, powers of ten, fractions of cells and percent are read.
    """
    plain = unicodedata.normalize("NFKC", text.translate(_SUPERSCRIPT)).strip().casefold()
    plain = plain.replace("≦", "<=").replace("≤", "<=").replace("≥", ">=").replace("⁻", "-").replace("−", "-")
    # NFKC turns a superscript exponent into plain digits: 10-4 is meant as a power
    if plain in _NOT_DETECTED:
        return Reading("nd")
    if plain in _POSITIVE:
        return Reading("positive")
    if plain in _NOT_DONE:
        return Reading("none")
    match = re.match(r"(<=|>=|<|>|=)?\s*(.*)", plain)
    operator, rest = (match[1] or "=", match[2].strip()) if match else ("=", plain)
    return _number(rest, operator)


def _number(text: str, operator: str) -> Reading:
    power, fraction, plain = _POWER.fullmatch(text), _FRACTION.fullmatch(text), _PLAIN.fullmatch(text)
    try:
        if power:
            factor = Decimal((power["factor"] or "1").replace(",", "."))
            return Reading("value", operator, factor.scaleb(int(power["sign"] + power["power"])), scaled=True)
        if fraction:
            base, _, exponent = fraction["of"].partition("^")
            below = Decimal(base) ** int(exponent or "1")
            return Reading("value", operator, Decimal(fraction["count"]) / below, scaled=True) if below else _UNREAD
        if plain:
            number = Decimal(plain["number"].replace(",", "."))
            if plain["percent"]:
                return Reading("value", operator, number / 100, scaled=True)
            return Reading("value", operator, number, scaled="e-" in plain["number"])
    except InvalidOperation:
        return _UNREAD
    return _UNREAD


_UNREAD = Reading("unread")
_UNITS = {
    "%": Decimal("0.01"),
    "1": Decimal(1),
    "proportion": Decimal(1),
    "fraction of 1": Decimal(1),
    "10^-6": Decimal("1E-6"),
}


def proportion(reading: Reading, unit: str) -> Decimal | None:
    """Return the result as a proportion of cells; None where the unit is needed and not known."""
    if reading.number is None:
        return None
    if reading.scaled:
        return reading.number
    factor = _UNITS.get(unicodedata.normalize("NFKC", unit).strip().casefold())
    return None if factor is None else reading.number * factor


def status(
    reading: Reading,
    value: Decimal | None,
    lod: Decimal | None,
    *,
    threshold: Decimal,
    at_threshold: str = "positive",
    nd_without_lod: str = "indeterminate",
) -> tuple[Status, str]:
    """Return the binary status and the category in three parts (negative, intermediate, positive) with its reason.

    A number at the threshold is POSITIVE unless `at_threshold` is `negative`; `<x` is NEGATIVE when x is at most the
    threshold, else INDETERMINATE; `<=x` is NEGATIVE only below the threshold; not detected is NEGATIVE when the limit
    of detection is at most the threshold.
    """
    if reading.kind == "positive":
        return "POSITIVE", "POSITIVE, NOT QUANTIFIED"
    if reading.kind == "nd":
        if lod is None and nd_without_lod == "assay_lod":
            lod = threshold
        sensitive = lod is not None and lod <= threshold
        return ("NEGATIVE", "NEGATIVE") if sensitive else ("INDETERMINATE", "INSUFFICIENT SENSITIVITY")
    if reading.kind != "value":
        return "", ""
    if value is None:
        return "", "UNIT QUERY"
    return _numeric_status(reading.operator, value, threshold, at_threshold)


def _numeric_status(operator: str, value: Decimal, threshold: Decimal, at_threshold: str) -> tuple[Status, str]:
    if operator == "<":
        return ("NEGATIVE", "NEGATIVE") if value <= threshold else ("INDETERMINATE", "INSUFFICIENT SENSITIVITY")
    if operator == "<=":
        return ("NEGATIVE", "NEGATIVE") if value < threshold else ("INDETERMINATE", "INSUFFICIENT SENSITIVITY")
    if operator in (">", ">="):
        return ("POSITIVE", "POSITIVE") if value >= threshold else ("INDETERMINATE", "INSUFFICIENT SENSITIVITY")
    if value > threshold or (value == threshold and at_threshold == "positive"):
        return "POSITIVE", "POSITIVE"
    return ("NEGATIVE", "POSITIVE BELOW THRESHOLD") if value > 0 else ("NEGATIVE", "NEGATIVE")


_STATUS = (
    "MRD status of {result} in {unit} against the threshold of {threshold} (a value at the threshold is"
    " {mrd_at_threshold}; not detected without a limit of detection: {mrd_nd_without_lod})"
)


@DERIVATIONS.records(
    method={
        "AVAL": "{result} in {unit} as a proportion; below the limit of detection {lod}, where it is known the limit",
        "DTYPE": '"LLOD" if {result} is below a limit, so that AVAL is the limit',
        "MRDOP": "relation of the measured value to AVAL (=, <, <=, >, >=), as reported in {result}",
        "AVALCAT1": _STATUS + ', or "POSITIVE BELOW THRESHOLD" for detected disease below it',
        "": _STATUS,
    },
    makes=("AVAL", "MRDOP", "MRDSTAT", "AVALCAT1", "DTYPE"),
)
def derive_vars_mrd(
    frame: pd.DataFrame,
    *,
    result: ColumnName,
    unit: ColumnName,
    lod: ColumnName,
    lod_unit: str = "%",
    threshold: str = "0.0001",
    mrd_at_threshold: Literal["positive", "negative"] = "positive",
    mrd_nd_without_lod: Literal["indeterminate", "assay_lod"] = "indeterminate",
    when: Condition | None = None,
) -> Records:
    """Add AVAL (proportion), MRDOP (operator), MRDSTAT, AVALCAT1 and DTYPE from collected MRD results.

    Below a limit (`<x`, not detected) AVAL is the limit of detection (x when it is not known) with DTYPE LLOD. A
    number without a known unit gets no status and is queried, an unreadable text too. Work is done once per distinct
    result, unit and limit; records outside `when` keep what they have.
    """
    chosen = np.arange(len(frame), dtype=np.int64) if when is None else np.flatnonzero(when.to_numpy())
    keys = [frames.as_text(frame[name].iloc[chosen]).reset_index(drop=True) for name in (result, unit, lod)]
    codes, count = frames.group_codes(keys)
    first = frames.first_positions(codes, count)
    texts = [one.iloc[first].fillna("").tolist() for one in keys]
    limit = Decimal(threshold)
    rows = [
        _interpreted(one, two, three, lod_unit, limit, mrd_at_threshold, mrd_nd_without_lod)
        for one, two, three in zip(*texts, strict=True)
    ]
    own: dict[str, object] = {
        "AVAL": frames.take_numbers([row[1] for row in rows], codes),
        "MRDOP": frames.take_text([row[0] for row in rows], codes),
        "MRDSTAT": frames.take_text([row[2] for row in rows], codes),
        "AVALCAT1": frames.take_text([row[3] for row in rows], codes),
        "DTYPE": frames.take_text([row[4] for row in rows], codes),
    }
    made = {name: _spread(frame, name, pd.Series(values), chosen) for name, values in own.items()}
    trouble = np.array([row[5] for row in rows])[codes] if len(rows) else np.empty(0, dtype=object)
    added = selection.with_variables(frame, made, problems=_problems(trouble, keys[0], chosen))
    return replace(added, read=tuple(steps.Reading(name, (result, unit, lod)) for name in made))


def _spread(frame: pd.DataFrame, name: str, values: pd.Series, rows: Positions) -> pd.Series:
    """Put values at some rows of a variable; the others keep what they have."""
    old = frame[name] if name in frame else pd.Series(np.nan, index=frame.index).astype(values.dtype)
    array = old.array.copy()
    array[rows] = values.array
    return pd.Series(array, index=frame.index)


def _interpreted(
    text: str, unit: str, lod: str, lod_unit: str, threshold: Decimal, at: str, without: str
) -> tuple[str, float, str, str, str, str]:
    """Return operator, proportion, status, category, DTYPE and trouble of one result."""
    reading = read_result(text)
    value = proportion(reading, unit)
    limit = proportion(read_result(lod), lod_unit) if lod else None
    state, category = status(reading, value, limit, threshold=threshold, at_threshold=at, nd_without_lod=without)
    trouble = {"unread": "unread"}.get(reading.kind, "unit" if category == "UNIT QUERY" else "")
    censored = reading.kind == "nd" or reading.operator in ("<", "<=")
    if censored:
        shown = limit if limit is not None else value
        operator = "<" if reading.kind == "nd" and shown is not None else reading.operator
        number = np.nan if shown is None else float(shown)
        return operator, number, state, category, "LLOD" if shown is not None else "", trouble
    return reading.operator, np.nan if value is None else float(value), state, category, "", trouble


def _problems(trouble: np.ndarray, values: pd.Series, chosen: Positions) -> tuple[Problem, ...]:
    messages = {
        "unit": ("ADAM-MRD-UNIT", "an MRD result without a known unit: not used, never guessed"),
        "unread": ("ADAM-MRD-TEXT", "an MRD result that cannot be read: not used"),
    }
    found = []
    for kind, (rule, message) in messages.items():
        rows: Positions = np.flatnonzero(trouble == kind).astype(np.int64)
        if len(rows):
            found.append(Problem(rule, "warning", message, chosen[rows], values.to_numpy()[rows]))
    return tuple(found)


@DERIVATIONS.column(
    method="base-10 logarithm of the baseline minus that of the value; at least that much where the value is"
    " below the limit"
)
def log_reduction(base: Values, value: Values) -> pd.Series:
    """Give the reduction of MRD in powers of ten."""
    start, end = base.to_numpy(dtype=np.float64), value.to_numpy(dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return pd.Series(np.log10(start) - np.log10(end))
