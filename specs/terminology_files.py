"""Read a release of controlled terminology from the files that NCI EVS publishes: tab-delimited text and ODM-XML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from specs.terminology import Terminology
from spectrail.errors import InputError, Place

COLUMNS = (
    "Code",
    "Codelist Code",
    "Codelist Extensible (Yes/No)",
    "Codelist Name",
    "CDISC Submission Value",
    "CDISC Synonym(s)",
    "CDISC Definition",
    "NCI Preferred Term",
)
"""Columns of the text file; `Standard and Date`, which newer files add, is read if present."""

MOST_BYTES = 400_000_000
ODM = "{http://www.cdisc.org/ns/odm/v1.3}"
NCI = "{http://ncicb.nci.nih.gov/xml/odm/EVS/CDISC}"
DATE = re.compile(r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)")
PACKAGES = ("SDTM", "ADaM", "SEND", "CDASH", "DEFINE-XML", "Protocol", "Glossary", "DDF")

Row = dict[str, Any]


def read_terminology(path: Path, *, release: str = "", package: str = "") -> Terminology:
    """Read a release from an NCI text file (`.txt`, `.tsv`) or ODM-XML file (`.xml`).

    `release` (YYYY-MM-DD) and `package` (`SDTM`) are taken from the file or its name where they are not given. Raises
    InputError with the line for a file that is not what it should be.
    """
    path = Path(path)
    place = Place(file=str(path))
    if not path.is_file():
        raise InputError("there is no such file", place=place, hint="give the path of an NCI EVS terminology file")
    if path.stat().st_size > MOST_BYTES:
        raise InputError(
            f"the file is larger than {MOST_BYTES // 1_000_000} MB", place=place, hint="is it the right file?"
        )
    if path.suffix.lower() == ".xml":
        rows, stated = _read_odm(path)
    elif path.suffix.lower() in (".txt", ".tsv"):
        rows, stated = _read_text(path)
    else:
        raise InputError(
            f"the suffix {path.suffix!r} is not one of .txt, .tsv, .xml",
            place=place,
            hint="give the tab-delimited text or the ODM-XML of NCI EVS",
        )
    release = release or _first_date(stated) or _first_date(path.name)
    if not release:
        raise InputError(
            "the release is stated neither in the file nor in its name",
            place=place,
            hint="name the file like 'SDTM Terminology 2025-03-28.txt' or state the release in the study file",
        )
    package = package or _package(stated) or _package(path.name)
    return _terminology(rows, release=release, package=package, place=place)


def _first_date(text: str) -> str:
    found = DATE.search(text)
    return found.group() if found else ""


def _package(text: str) -> str:
    return next((name for name in PACKAGES if re.search(rf"(?<![A-Za-z]){name}(?![a-z])", text, re.I)), "")


def _read_text(path: Path) -> tuple[list[Row], str]:
    """Return rows of codelists (empty codelist_code) and terms, and what the file says of its release."""
    lines = _lines(path)
    header = [name.strip() for name in next(lines, (1, ""))[1].split("\t")]
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise InputError(
            f"the header lacks {', '.join(missing)}",
            place=Place(file=str(path), line=1),
            hint="the file must be the tab-delimited text of NCI EVS with the columns " + ", ".join(COLUMNS),
        )
    at = {name: header.index(name) for name in header}
    rows = []
    stated = ""
    for number, line in lines:
        if not line.strip():
            continue
        cells = [cell.strip() for cell in line.split("\t")]
        if len(cells) > len(header) or len(cells) <= at["CDISC Submission Value"]:
            raise InputError(
                f"the line has {len(cells)} cells, the header {len(header)}",
                place=Place(file=str(path), line=number),
                hint="cells are separated by tabs and must not hold line breaks",
            )
        cells += [""] * (len(header) - len(cells))
        rows.append(_text_row(cells, at, number))
        stated = stated or (cells[at["Standard and Date"]] if "Standard and Date" in at else "")
    return rows, stated


def _text_row(cells: list[str], at: Mapping[str, int], line: int) -> Row:
    return {
        "line": line,
        "code": cells[at["Code"]],
        "codelist_code": cells[at["Codelist Code"]],
        "extensible": cells[at["Codelist Extensible (Yes/No)"]],
        "label": cells[at["Codelist Name"]],
        "value": cells[at["CDISC Submission Value"]],
        "synonyms": [part.strip() for part in cells[at["CDISC Synonym(s)"]].split(";") if part.strip()],
        "preferred": cells[at["NCI Preferred Term"]],
    }


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of a UTF-8 file, numbered from 1."""
    with path.open("rb") as handle:
        for number, raw in enumerate(handle, start=1):
            try:
                line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                raise InputError(
                    f"byte {error.start + 1} of the line (0x{raw[error.start]:02X}) is not UTF-8",
                    place=Place(file=str(path), line=number),
                    hint="save the file as UTF-8; NCI EVS publishes it so",
                ) from None
            yield number, line.rstrip("\r\n")


def _read_odm(path: Path) -> tuple[list[Row], str]:
    """Return rows as `_read_text` does from an ODM-XML file; streamed, no entities, no network."""
    from lxml import etree

    rows: list[Row] = []
    stated = ""
    try:
        events = etree.iterparse(
            str(path),
            events=("start", "end"),
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            huge_tree=False,
            remove_comments=True,
            remove_pis=True,
        )
        for event, element in events:
            if event == "start":
                if element.getparent() is None:
                    _check_root(element, path)
                if element.tag in (f"{ODM}ODM", f"{ODM}Study", f"{ODM}MetaDataVersion"):
                    stated = " ".join([*map(str, element.attrib.values()), stated])
            elif element.tag == f"{ODM}CodeList":
                rows.extend(_odm_codelist(element, path))
                element.clear()
    except etree.XMLSyntaxError as error:
        raise InputError(
            f"the file is not well-formed XML: {error.msg}",
            place=Place(file=str(path), line=error.lineno),
            hint="download the ODM-XML of NCI EVS again",
        ) from None
    return rows, stated


def _check_root(root: Any, path: Path) -> None:
    if root.getroottree().docinfo.doctype:
        raise InputError(
            "the XML file has a document type declaration",
            place=Place(file=str(path), line=1),
            hint="terminology files have none; entities are never expanded",
        )
    if root.tag != f"{ODM}ODM":
        raise InputError(
            f"the root element is {root.tag}, not ODM 1.3",
            place=Place(file=str(path), line=root.sourceline),
            hint="give the ODM-XML that NCI EVS publishes beside the text file",
        )


def _odm_codelist(element: Any, path: Path) -> Iterator[Row]:
    code = element.get(f"{NCI}ExtCodeID")
    if not code:
        raise InputError(
            f"CodeList {element.get('OID')!r} has no nciodm:ExtCodeID",
            place=Place(file=str(path), line=element.sourceline),
            hint="give the ODM-XML that NCI EVS publishes; a define.xml is no terminology file",
        )
    label = element.get("Name", "")
    short = element.findtext(f"{NCI}CDISCSubmissionValue") or element.get("OID", "").rpartition(".")[2]
    extensible = element.get(f"{NCI}CodeListExtensible", "")
    common = {"line": element.sourceline, "label": label, "synonyms": [], "preferred": ""}
    yield {**common, "code": code, "codelist_code": "", "extensible": extensible, "value": short.strip()}
    for item in element:
        if item.tag not in (f"{ODM}EnumeratedItem", f"{ODM}CodeListItem"):
            continue
        yield {
            "line": item.sourceline,
            "code": item.get(f"{NCI}ExtCodeID", ""),
            "codelist_code": code,
            "extensible": "",
            "label": label,
            "value": item.get("CodedValue", "").strip(),
            "synonyms": [
                text.strip() for one in item.findall(f"{NCI}CDISCSynonym") if (text := one.text or "").strip()
            ],
            "preferred": (item.findtext(f"{NCI}PreferredTerm") or "").strip(),
        }


def _terminology(rows: list[Row], *, release: str, package: str, place: Place) -> Terminology:
    import pyarrow as pa

    codelists = {row["code"]: row for row in rows if not row["codelist_code"]}
    terms = [row for row in rows if row["codelist_code"]]
    if not terms:
        raise InputError("the file has no terms", place=place, hint="is it a terminology file of NCI EVS?")
    _check_rows(codelists, terms, place)
    decodes = {(codelists[row["codelist_code"]]["label"], row["code"]): row["value"] for row in terms}
    pairs = _pairs(codelists)
    columns: dict[str, list[Any]] = {name: [] for name in TERM_COLUMNS}
    synonyms: dict[str, list[str]] = {"codelist_code": [], "submission_value": [], "synonym": []}
    for row in terms:
        codelist = codelists[row["codelist_code"]]
        paired = pairs.get(row["codelist_code"])
        decode = decodes.get((paired["label"], row["code"])) if paired and _is_codes(codelist["label"]) else None
        values = (
            package,
            row["codelist_code"],
            codelist["value"],
            codelist["label"],
            codelist["extensible"].strip().lower() == "yes",
            paired["value"] if paired else "",
            row["code"],
            row["value"],
            decode or row["preferred"],
            row["preferred"],
        )
        for name, value in zip(TERM_COLUMNS, values, strict=True):
            columns[name].append(value)
        for synonym in row["synonyms"]:
            for name, value in zip(synonyms, (row["codelist_code"], row["value"], synonym), strict=True):
                synonyms[name].append(value)
    schema = pa.schema([(name, pa.string()) for name in synonyms])
    return Terminology(release, pa.table(columns), pa.table(synonyms, schema=schema))


TERM_COLUMNS = (
    "package",
    "codelist_code",
    "codelist",
    "codelist_name",
    "extensible",
    "paired",
    "term_code",
    "submission_value",
    "decode",
    "nci_preferred_term",
)


def _check_rows(codelists: Mapping[str, Row], terms: list[Row], place: Place) -> None:
    for code, row in codelists.items():
        if row["extensible"].strip().lower() not in ("yes", "no"):
            raise InputError(
                f"codelist {code} says {row['extensible']!r} for extensible, not Yes or No",
                place=Place(file=place.file, line=row["line"]),
                hint="every codelist must say whether it is extensible",
            )
    for row in terms:
        if row["codelist_code"] not in codelists:
            raise InputError(
                f"term {row['value']!r} belongs to codelist {row['codelist_code']}, which the file does not have",
                place=Place(file=place.file, line=row["line"]),
                hint="the file is cut or rows were removed; download it again",
            )
        if not row["value"]:
            raise InputError(
                f"a term of codelist {row['codelist_code']} has no submission value",
                place=Place(file=place.file, line=row["line"]),
                hint="download the file again",
            )


def _is_codes(label: str) -> bool:
    return label.endswith(" Code")


def _pairs(codelists: Mapping[str, Row]) -> dict[str, Row]:
    """Pair lists of test codes with lists of test names by their labels (`... Test Code`, `... Test Name`)."""
    by_label = {row["label"]: row for row in codelists.values()}
    pairs: dict[str, Row] = {}
    for label, row in by_label.items():
        if not _is_codes(label):
            continue
        stem = label.removesuffix(" Code")
        other = by_label.get(f"{stem} Name") or by_label.get(stem)
        if other is not None:
            pairs[row["code"]] = other
            pairs[other["code"]] = row
    return pairs
