"""Check the values of one variable, or of the records that a value level selects, against an ItemDef."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from define_xml.coded import PATTERNS, Coded, Mask, number_of
from define_xml.document import Document, Element
from spectrail.profile import decimals, digits_of

MAX_VALUES = 50
"""Values outside a codelist that are listed one by one."""


@dataclass(frozen=True)
class Subject:
    """What is checked: an item of a dataset's variable; `what` names a value level in messages."""

    item: Element
    dataset: str
    variable: str
    what: str = ""


def check_values(document: Document, subject: Subject, coded: Coded, mask: Mask | None, *, mandatory: bool) -> int:
    """Check nulls, type, decimals, codelist and length; return the longest text in bytes."""
    counts = coded.counts(mask)
    present = [place for place in range(len(coded.values)) if counts[place]]
    if mandatory and counts[-1]:
        _add(
            document, subject, "DEF-D11", f"{counts[-1]} missing values, but Mandatory is Yes", count=int(counts[-1])
        )
    type_ = subject.item.get("DataType") or ""
    if coded.numeric:
        _numbers(document, subject, coded, present, type_)
        width = 0
    else:
        _texts(document, subject, coded, present, type_)
        width = max((len(coded.values[place].encode()) for place in present), default=0)
        _length(document, subject, coded, present, width, type_)
    _codelist(document, subject, coded, mask, present, counts)
    return width


def _add(document: Document, subject: Subject, rule: str, message: str, *, value: str = "", count: int = 1) -> None:
    where = f"{subject.what}: " if subject.what else ""
    document.report.add(
        rule,
        where + message,
        element=subject.item,
        dataset=subject.dataset,
        variable=subject.variable,
        value=value,
        count=count,
    )


def _numbers(document: Document, subject: Subject, coded: Coded, present: list[int], type_: str) -> None:
    values = np.array([coded.values[place] for place in present], dtype=np.float64)
    _number_length(document, subject, values, type_)
    if type_ == "integer":
        broken = values[values != np.rint(values)]
        if len(broken):
            _add(document, subject, "DEF-D19", f"{broken[0]:g} is not an integer", value=repr(float(broken[0])))
    elif type_ == "float":
        given = subject.item.get("SignificantDigits") or ""
        most = decimals(values)
        if given.isdecimal() and most > int(given):
            worst = next((one for one in values if decimals(np.array([one])) == most), values[0])
            message = f"SignificantDigits is {given}, {float(worst)!r} has {most} decimals"
            _add(document, subject, "DEF-D17", message, value=repr(float(worst)))


def _number_length(document: Document, subject: Subject, values: npt.NDArray[np.float64], type_: str) -> None:
    given = subject.item.get("Length") or ""
    if type_ not in ("integer", "float") or not given.isdecimal() or not len(values):
        return
    digits = digits_of(values)
    worst = int(digits.argmax())
    if digits[worst] > int(given):
        text = f"{values[worst]:.15g}"
        _add(document, subject, "DEF-D08", f"Length is {given}, {text} has {digits[worst]} digits", value=text)


def _texts(document: Document, subject: Subject, coded: Coded, present: list[int], type_: str) -> None:
    pattern = PATTERNS.get(type_)
    if pattern is None:
        return
    wrong = [coded.values[place] for place in present if not pattern.fullmatch(coded.values[place])]
    if wrong:
        message = f"{wrong[0]!r} is not {type_}" + (
            f", nor are {len(wrong) - 1} other values" if len(wrong) > 1 else ""
        )
        _add(document, subject, "DEF-D19", message, value=wrong[0], count=len(wrong))
    given = subject.item.get("SignificantDigits") or ""
    if type_ == "float" and given.isdecimal():
        longest = max((coded.values[place] for place in present), key=_places, default="")
        if _places(longest) > int(given):
            message = f"SignificantDigits is {given}, {longest!r} has {_places(longest)} decimals"
            _add(document, subject, "DEF-D17", message, value=longest)


def _places(text: str) -> int:
    return len(text.partition(".")[2]) if PATTERNS["float"].fullmatch(text) else 0


def _length(document: Document, subject: Subject, coded: Coded, present: list[int], width: int, type_: str) -> None:
    given = subject.item.get("Length") or ""
    if not given.isdecimal() or width <= int(given):
        return
    longest = next(coded.values[place] for place in present if len(coded.values[place].encode()) == width)
    message = f"Length is {given}, the longest value has {width} bytes"
    _add(document, subject, "DEF-D08", message, value=longest)


def _codelist(
    document: Document, subject: Subject, coded: Coded, mask: Mask | None, present: list[int], counts: object
) -> None:
    reference = subject.item.find(document.tag("CodeListRef"))
    codelist = document.codelists.get(reference.get("CodeListOID") or "") if reference is not None else None
    if codelist is None or codelist.find(document.tag("ExternalCodeList")) is not None:
        return
    oid = codelist.get("OID") or ""
    terms = {
        one.get("CodedValue") or ""
        for name in ("CodeListItem", "EnumeratedItem")
        for one in document.under(codelist, name)
    }
    numbers = {number for one in terms if (number := number_of(one)) is not None}
    outside = [place for place in present if coded.values[place] not in (numbers if coded.numeric else terms)]
    for place in outside[:MAX_VALUES]:
        value = f"{coded.values[place]:g}" if coded.numeric else coded.values[place]
        count = int(coded.counts(mask)[place])
        message = f"{value!r} is not in {oid} (record {coded.first(place, mask)}, {count} in all)"
        _add(document, subject, "DEF-D12", message, value=value, count=count)
    if len(outside) > MAX_VALUES:
        _add(
            document,
            subject,
            "DEF-D12",
            f"{len(outside) - MAX_VALUES} more values are not in {oid}",
            count=len(outside) - MAX_VALUES,
        )
