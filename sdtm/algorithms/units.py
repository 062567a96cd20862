"""Units of collected results: one spelling for each, and exact factors between units of one kind.

Facts used: SI prefixes; 1 L = 1000 cm3, mm3 = uL; 1 in = 2.54 cm and 1 lb = 0.45359237 kg (international yard and
pound, 1959); degrees Celsius and Fahrenheit; and the conventional factors from mg/dL to umol/L of `MOLAR`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

MOLAR = {"CREAT": Fraction("88.4"), "BILI": Fraction("17.1"), "URATE": Fraction("59.48")}
"""Factor from mg/dL to umol/L by LBTESTCD: conventional factors; a study's own table comes first."""

ALIASES = {
    "K/uL": "10^3/uL",
    "K/mm3": "10^3/mm3",
    "K/cumm": "10^3/mm3",
    "THOU/uL": "10^3/uL",
    "THOU/mm3": "10^3/mm3",
    "MIL/uL": "10^6/uL",
    "cells/uL": "/uL",
    "cells/mm3": "/mm3",
    "beats/min": "BEATS/MIN",
    "bpm": "BEATS/MIN",
    "breaths/min": "BREATHS/MIN",
    "lb": "LB",
    "lbs": "LB",
    "h": "HOURS",
    "hr": "HOURS",
    "hour": "HOURS",
    "d": "DAYS",
    "day": "DAYS",
    "week": "WEEKS",
}
_PREFIXES = {"k": 3, "": 0, "d": -1, "c": -2, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15}


def _scaled(unit: str, kind: str, prefixes: str, base: Fraction = Fraction(1)) -> dict[str, tuple[str, Fraction]]:
    return {(prefix + unit): (kind, base * Fraction(10) ** _PREFIXES[prefix]) for prefix in ("", *prefixes)}


_ATOMS: dict[str, tuple[str, Fraction]] = {
    **_scaled("g", "mass", "kmunpf"),
    **_scaled("L", "volume", "dcmunpf"),
    **_scaled("mol", "amount", "munpf"),
    **_scaled("m", "length", "kcmun"),
    **_scaled("U", "enzyme unit", "kmu"),
    **_scaled("IU", "international unit", "kmu"),
    **_scaled("Eq", "equivalent", "mu"),
    "LB": ("mass", Fraction("453.59237")),
    "in": ("length", Fraction("0.0254")),
    "mm3": ("volume", Fraction(1, 10**6)),
    "cm3": ("volume", Fraction(1, 1000)),
    "m2": ("area", Fraction(1)),
    "mmHg": ("pressure", Fraction(1)),
    "sec": ("time", Fraction(1)),
    "s": ("time", Fraction(1)),
    "min": ("time", Fraction(60)),
    "HOURS": ("time", Fraction(3600)),
    "h": ("time", Fraction(3600)),
    "DAYS": ("time", Fraction(86400)),
    "day": ("time", Fraction(86400)),
    "WEEKS": ("time", Fraction(604800)),
    "%": ("fraction", Fraction(1, 100)),
    "fraction of 1": ("fraction", Fraction(1)),
    "1": ("count", Fraction(1)),
    "": ("count", Fraction(1)),
}
_POWER = re.compile(r"(?:[xX*]\s*)?10\s*(?:\*\*|\*|\^|[eE])\s*(\d{1,2})")
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_SUPERSCRIPT_POWER = re.compile(r"10([⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
_LOWER = {key.casefold(): key for key in sorted(_ATOMS, reverse=True)}
"""Atoms without case; `mL` and `ML` are one, and no two atoms differ in case only."""
_LOWER_ALIASES = {key.casefold(): value for key, value in ALIASES.items()}
_EXACT_ALIASES = {"G/L": "10^9/L", "T/L": "10^12/L", "M/uL": "10^6/uL"}
"""Spellings whose case matters: `g/L` is a mass concentration, `G/L` a count."""


@dataclass(frozen=True)
class Scale:
    """A unit as a product of kinds with their powers, and its size in their base units."""

    kinds: tuple[tuple[str, int], ...]
    size: Fraction


@lru_cache(maxsize=4096)
def normal_unit(text: str) -> str:
    """Return a unit in one width, with `u` for micro, `10^n` for powers of ten, and without blanks around `/`.

    Known spellings of the laboratory (`K/uL`, `万/mm3`, `x10e3/µL`) become their plain forms.
    """
    text = _SUPERSCRIPT_POWER.sub(lambda match: "10^" + match.group(1).translate(_SUPERSCRIPTS), text)
    text = unicodedata.normalize("NFKC", text).strip()
    for old, new in (("μ", "u"), ("µ", "u"), ("×", "x"), ("℃", "C"), ("°", ""), ("mm^3", "mm3"), ("mcL", "uL")):
        text = text.replace(old, new)
    text = re.sub(r"\bmcg\b", "ug", text)
    text = re.sub(r"\s*/\s*", "/", text)
    text = re.sub(r"^万", "10^4", text)
    text = _POWER.sub(r"10^\1", text, count=1)
    text = " ".join(text.split())
    return _EXACT_ALIASES.get(text) or _LOWER_ALIASES.get(text.casefold(), text)


@lru_cache(maxsize=4096)
def scale(unit: str) -> Scale | None:
    """Return the scale of a unit in its normal form; None for one that the facts do not cover."""
    kinds: dict[str, int] = {}
    size = Fraction(1)
    for number, factor in enumerate(unit.split("/")):
        atom = _atom(factor, first=number == 0)
        if atom is None:
            return None
        kind, one = atom
        power = 1 if number == 0 else -1
        size = size * one if power == 1 else size / one
        if kind != "count":
            kinds[kind] = kinds.get(kind, 0) + power
    return Scale(tuple(sorted((kind, power) for kind, power in kinds.items() if power)), size)


def _atom(text: str, *, first: bool) -> tuple[str, Fraction] | None:
    match = re.fullmatch(r"10\^(\d{1,2})", text)
    if match is not None:
        return "count", Fraction(10) ** int(match.group(1))
    if text == "" and not first:
        return None
    found = _ATOMS.get(text)
    if found is None and text.casefold() in _LOWER:
        found = _ATOMS[_LOWER[text.casefold()]]
        if found[0].endswith(" unit") and text[0] == "M":
            return None  # MIU is a million units, mIU a thousandth
    return found


def factor(test: str, source: str, target: str) -> tuple[Fraction, Fraction] | None:
    """Return (factor, offset) from one unit to another, both in normal form; None when no fact connects them."""
    if source == target:
        return Fraction(1), Fraction(0)
    if (source, target) == ("F", "C"):
        return Fraction(5, 9), Fraction(-160, 9)
    if (source, target) == ("C", "F"):
        return Fraction(9, 5), Fraction(32)
    one, other = scale(source), scale(target)
    if one is None or other is None:
        return None
    if one.kinds == other.kinds:
        return one.size / other.size, Fraction(0)
    if one.kinds == _MASS_PER_VOLUME and other.kinds == _AMOUNT_PER_VOLUME and test in MOLAR:
        # g/L of the source to mg/dL, the conventional factor, umol/L to the target
        return one.size * 100 * MOLAR[test] * Fraction(1, 10**6) / other.size, Fraction(0)
    return None


_MASS_PER_VOLUME = (("mass", 1), ("volume", -1))
_AMOUNT_PER_VOLUME = (("amount", 1), ("volume", -1))
