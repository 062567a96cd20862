"""Reading collected results as numbers, by stated rules and without guessing.

A result is a number in plain or scientific notation, perhaps after a comparator (`<`, `<=`, `>`, `>=`), perhaps
followed by a percent sign or an annotation of the laboratory (`*`, `H`, `L`, `HH`, `LL`, `(repeat)`).  Full-width
characters, `≤`, `≥`, `×` and superscripts count as their ASCII forms.  With `decimal` = point, a comma groups
thousands (`1,200`); where it cannot (`0,02`) it is a decimal comma.  With `decimal` = comma, the two change places.
A text without any digit is a qualitative result, not a number.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

PLAIN = re.compile(r"[+-]?\d+(?:\.\d+)?")
_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_POWER = re.compile(r"10([⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+)")
_PREFIX = re.compile(r"(<=|>=|=<|=>|<|>|)\s*(.*)", re.DOTALL)
_SUFFIX = re.compile(r"(.*?)\s*(%?)\s*(\*?\s*(?:HH|LL|H|L)|\*{1,2}|\([^()\d]*\)|)", re.DOTALL | re.IGNORECASE)
_SCIENTIFIC = re.compile(r"([+-]?\d+(?:\.\d+)?)E([+-]?\d{1,3})", re.IGNORECASE)
_TIMES_POWER = re.compile(r"(?:([+-]?\d+(?:\.\d+)?)\s*[xX*]\s*)?10\s*\^\s*([+-]?\d{1,3})")
_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")
_OTHER_MARK = re.compile(r"[+-]?\d+,\d+")

LONGEST = 100
"""No number is longer; bounds the work on free text."""

Decimals = Literal["point", "comma"]


@dataclass(frozen=True)
class Reading:
    """One result as read: `number` after `comparator`; `note` says what had to be overlooked.

    `number` is None for a qualitative text and for one that cannot be read (`unread`).
    """

    number: Decimal | None = None
    comparator: str = ""
    percent: bool = False
    note: str = ""
    unread: bool = False


def ascii_number(text: str) -> str:
    """Return a result with full-width characters, signs and superscripts in ASCII and without outer blanks."""
    text = _POWER.sub(lambda match: "10^" + match.group(1).translate(_SUPERSCRIPT), text)
    text = " ".join(unicodedata.normalize("NFKC", text).split())
    for old, new in (("≤", "<="), ("≥", ">="), ("⩽", "<="), ("⩾", ">="), ("−", "-"), ("–", "-"), ("×", "x")):
        text = text.replace(old, new)
    return text


def read_number(text: str, decimal: Decimals = "point") -> Reading:
    """Read one collected result; see the module for the rules."""
    if (decimal == "point" or "." not in text) and text.isascii() and PLAIN.fullmatch(text):
        return Reading(Decimal(text))
    value = ascii_number(text)
    if not any(character.isdigit() for character in value):
        return Reading()
    if len(value) > LONGEST:
        return Reading(unread=True)
    prefix = _PREFIX.fullmatch(value)
    assert prefix is not None
    comparator = {"=<": "<=", "=>": ">="}.get(prefix.group(1), prefix.group(1))
    suffix = _SUFFIX.fullmatch(prefix.group(2))
    assert suffix is not None
    number, note = _number(suffix.group(1), decimal)
    if number is None:
        return Reading(unread=True)
    annotation = suffix.group(3).strip()
    if annotation:
        note = f"annotation {annotation} overlooked"
    return Reading(number, comparator, bool(suffix.group(2)), note)


def _number(text: str, decimal: Decimals) -> tuple[Decimal | None, str]:
    if decimal == "comma":
        text = text.translate(str.maketrans(",.", ".,"))
    if PLAIN.fullmatch(text):
        return Decimal(text), ""
    if _GROUPED.fullmatch(text):
        return Decimal(text.replace(",", "")), ""
    if _OTHER_MARK.fullmatch(text):
        return Decimal(text.replace(",", ".")), "decimal mark other than declared"
    for pattern in (_SCIENTIFIC, _TIMES_POWER):
        match = pattern.fullmatch(text)
        if match is not None:
            return Decimal(match.group(1) or "1").scaleb(int(match.group(2))), ""
    return None, ""


def decimal_text(number: Decimal) -> str:
    """Return the shortest plain text of a decimal: no exponent, no trailing zeros, no `-0`."""
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
