"""Check a define.xml against the transport files that it describes, in both directions."""

from __future__ import annotations

import math
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np

from define_xml.check_levels import check_levels
from define_xml.check_links import unsafe_link
from define_xml.check_values import Subject, check_values
from define_xml.coded import Coded, encode, rank
from define_xml.document import Document, Element
from define_xml.joins import Table, Unjoined, joined
from spectrail.dataset import Dataset
from spectrail.errors import InputError
from spectrail.io.xpt import read_xpt
from spectrail.layout import Column

_NUMBERS = frozenset({"integer", "float"})


@dataclass
class _Package:
    """What is carried from dataset to dataset: paths, and the longest value of each variable name."""

    paths: dict[str, Path]
    widths: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    lengths: dict[str, list[tuple[Element, str, int]]] = field(default_factory=lambda: defaultdict(list))
    others: dict[str, Dataset | None] = field(default_factory=dict)


def check_data(document: Document, folder: Path) -> None:
    """Check every described dataset against its file, and every file against the description."""
    files = {path.name.lower(): path for path in sorted(folder.iterdir()) if path.suffix.lower() == ".xpt"}
    package = _Package(paths={})
    described: set[str] = set()
    groups = document.all("ItemGroupDef")
    for group in groups:
        name, file = group.get("Name") or "", _file_name(document, group)
        described.add(file.lower())
        if file.lower() in files:
            package.paths[name] = files[file.lower()]
    for group in groups:
        _check_group(document, group, package)
    for name in sorted(set(files) - described):
        message = f"{files[name].name} is in the folder, but not in the file"
        document.report.add("DEF-D02", message, dataset=files[name].stem.upper(), value=files[name].name)
    _check_lengths(document, package)


def _file_name(document: Document, group: Element) -> str:
    leaf = document.leaf(group)
    href = document.href(leaf) if leaf is not None else ""
    if href and not unsafe_link(href):
        return Path(unquote(urlsplit(href).path)).name
    return f"{(group.get('SASDatasetName') or group.get('Name') or '').lower()}.xpt"


def _check_group(document: Document, group: Element, package: _Package) -> None:
    report, name = document.report, group.get("Name") or ""
    empty = document.get(group, "def:HasNoData") == "Yes"
    path = package.paths.get(name)
    if path is None:
        if not empty:
            report.add("DEF-D01", f"there is no file {_file_name(document, group)}", element=group, dataset=name)
        return
    dataset = _read(document, path, group)
    if dataset is None:
        return
    if empty and len(dataset):
        report.add("DEF-D18", f"HasNoData is Yes, the file has {len(dataset)} records", element=group, dataset=name)
    if document.version == "2.1" and not empty and not len(dataset):
        report.add("DEF-D18", "the file has no records, but HasNoData is not given", element=group, dataset=name)
    label = document.text(group)
    if label != dataset.layout.label:
        message = f"label is {label!r}, that of the file is {dataset.layout.label!r}"
        report.add("DEF-D16", message, element=group, dataset=name, value=dataset.layout.label)
    _check_columns(document, group, dataset, package)
    _check_keys(document, group, dataset)


def _read(document: Document, path: Path, group: Element | None) -> Dataset | None:
    try:
        return read_xpt(path)
    except InputError as error:
        name = (group.get("Name") or "") if group is not None else path.stem.upper()
        document.report.add("DEF-D23", f"{path.name}: {error.what}", element=group, dataset=name)
        return None


def _references(document: Document, group: Element) -> list[tuple[Element, Element]]:
    """Return (ItemRef, ItemDef) in the order of OrderNumber, else of the file."""
    found = document.under(group, "ItemRef")
    if all((one.get("OrderNumber") or "").isdecimal() for one in found):
        found = sorted(found, key=lambda one: int(one.get("OrderNumber") or 0))
    pairs = ((one, document.items.get(one.get("ItemOID") or "")) for one in found)
    return [(one, item) for one, item in pairs if item is not None]


def _check_columns(document: Document, group: Element, dataset: Dataset, package: _Package) -> None:
    report, name = document.report, group.get("Name") or ""
    references = _references(document, group)
    described = [item.get("Name") or "" for _, item in references]
    stored = list(dataset.layout.names)
    for variable in (one for one in stored if one not in described):
        report.add("DEF-D04", f"{variable} is in the file only", element=group, dataset=name, variable=variable)
    common = [one for one in described if one in stored]
    actual = [one for one in stored if one in set(common)]
    if common != actual:
        place = next(index for index, (one, other) in enumerate(zip(common, actual, strict=True)) if one != other)
        message = f"variable {place + 1} is {common[place]}, in the file {actual[place]}"
        report.add("DEF-D05", message, element=group, dataset=name, variable=actual[place], value=actual[place])
    cache: dict[tuple[str, str], Coded | Unjoined] = {}

    def columns(owner: str, variable: str) -> Coded | Unjoined:
        key = (owner, variable)
        if key not in cache:
            cache[key] = _column(document, dataset, name, owner, variable, package)
        return cache[key]

    for reference, item in references:
        variable = item.get("Name") or ""
        coded = columns(name, variable)
        if isinstance(coded, Unjoined):
            report.add("DEF-D03", f"{variable} is not in the file", element=item, dataset=name, variable=variable)
            continue
        _check_storage(document, item, dataset.layout[variable], name)
        _check_presence(document, reference, item, coded, name, variable)
        subject = Subject(item=item, dataset=name, variable=variable)
        width = check_values(document, subject, coded, None, mandatory=reference.get("Mandatory") == "Yes")
        package.widths[variable] = max(package.widths[variable], width)
        length = item.get("Length") or ""
        if length.isdecimal() and not coded.numeric:
            package.lengths[variable].append((item, name, int(length)))
        check_levels(
            document, reference.get("ItemOID") or "", dataset=name, variable=variable, coded=coded, columns=columns
        )


def _column(
    document: Document, dataset: Dataset, name: str, owner: str, variable: str, package: _Package
) -> Coded | Unjoined:
    """Return a column of the dataset, or of another one joined by its keys."""
    if owner == name:
        if variable in dataset.frame:
            return encode(dataset.frame[variable])
        return Unjoined(f"{variable} is not in the data")
    if owner not in package.others:
        path = package.paths.get(owner)
        package.others[owner] = _read(document, path, None) if path is not None else None
    other = package.others[owner]
    if other is None:
        return Unjoined(f"there is no file of {owner}")
    group = next((one for one in document.all("ItemGroupDef") if one.get("Name") == owner), None)
    keys = tuple(_keys(document, group)) if group is not None else ()
    return joined(Table(name, dataset.frame), Table(owner, other.frame, keys), variable)


def _check_storage(document: Document, item: Element, column: Column, name: str) -> None:
    report, type_ = document.report, item.get("DataType") or ""
    label = document.text(item)
    if label != column.label:
        message = f"label is {label!r}, that of the file is {column.label!r}"
        report.add("DEF-D06", message, element=item, dataset=name, variable=column.name, value=column.label)
    if (type_ in _NUMBERS) != column.numeric:
        kind = "Num" if column.numeric else "Char"
        message = f"DataType is {type_}, the file stores {kind}"
        report.add("DEF-D07", message, element=item, dataset=name, variable=column.name, value=kind)
    length = item.get("Length") or ""
    if type_ == "text" and not column.numeric and length.isdecimal() and column.length not in (None, int(length)):
        message = f"Length is {length}, the file stores {column.length} bytes"
        report.add("DEF-D10", message, element=item, dataset=name, variable=column.name, value=str(column.length))
    if type_ in _NUMBERS and column.numeric and length.isdecimal() and int(length) > _held(column):
        message = f"Length is {length}, the file stores {column.length} bytes, which hold {_held(column)} digits"
        report.add("DEF-D10", message, element=item, dataset=name, variable=column.name, value=str(column.length))
    wanted, actual = (_plain(one) for one in (document.get(item, "def:DisplayFormat"), column.format))
    if wanted and wanted != actual:
        message = f"DisplayFormat is {wanted}, that of the file is {actual or 'empty'}"
        report.add("DEF-D24", message, element=item, dataset=name, variable=column.name, value=actual)


def _held(column: Column) -> int:
    """Return how many digits (see `digits_of`) of every whole number the stored bytes of a number hold exactly.

    A number of n bytes in a transport file has 8(n-1) bits beside sign and exponent; in 8 bytes a double fits whole.
    """
    size = column.length or 8
    return int(8 * (size - 1) * math.log10(2)) if size < 8 else sys.maxsize


def _plain(form: str) -> str:
    return form.upper().rstrip(".").removesuffix(".0")


def _check_presence(
    document: Document, reference: Element, item: Element, coded: Coded, dataset: str, variable: str
) -> None:
    if document.version != "2.1" or not len(coded.codes):
        return
    stated, empty = document.get(reference, "def:HasNoData") == "Yes", not coded.values
    if stated and not empty:
        message = f"HasNoData is Yes, but there are values, the first is {coded.values[0]!r}"
        document.report.add("DEF-D18", message, element=item, dataset=dataset, variable=variable)
    if empty and not stated and document.submission:
        message = "every value is missing, but HasNoData is not given"
        document.report.add("DEF-D18", message, element=item, dataset=dataset, variable=variable)


def _check_keys(document: Document, group: Element, dataset: Dataset) -> None:
    report, name = document.report, group.get("Name") or ""
    names = [key for key in _keys(document, group) if key in dataset.frame]
    if not names or len(dataset) < 2:
        return
    ranks = [rank(encode(dataset.frame[key])) for key in names]
    order = np.lexsort(ranks[::-1])
    same = np.logical_and.reduce([one[order][1:] == one[order][:-1] for one in ranks])
    listed = ", ".join(names)
    if same.any():
        record = int(order[1:][same].min()) + 1
        message = f"{int(same.sum())} records repeat the key {listed}, the first is record {record}"
        report.add("DEF-D14", message, element=group, dataset=name, value=listed, count=int(same.sum()))
    equal = np.ones(len(dataset) - 1, dtype=bool)
    broken = np.zeros(len(dataset) - 1, dtype=bool)
    for one in ranks:
        broken |= equal & (one[1:] < one[:-1])
        equal &= one[1:] == one[:-1]
    if broken.any():
        record = int(np.argmax(broken)) + 2
        message = f"not sorted by {listed}: record {record} belongs before record {record - 1}"
        report.add("DEF-D15", message, element=group, dataset=name, value=listed, count=int(broken.sum()))


def _keys(document: Document, group: Element) -> list[str]:
    """Return the key variables of a dataset in their order."""
    keys = [
        (int(reference.get("KeySequence") or 0), item.get("Name") or "")
        for reference, item in _references(document, group)
        if (reference.get("KeySequence") or "").isdecimal()
    ]
    return [key for _, key in sorted(keys)]


def _check_lengths(document: Document, package: _Package) -> None:
    """Compare lengths with the longest value of a variable over all datasets that carry it."""
    for variable, items in package.lengths.items():
        widest = package.widths[variable]
        for item, dataset, length in items:
            if max(widest, 1) < length:
                message = f"Length is {length}, the longest value of {variable} in the package has {widest} bytes"
                document.report.add(
                    "DEF-D09", message, element=item, dataset=dataset, variable=variable, value=str(widest)
                )
