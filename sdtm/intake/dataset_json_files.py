"""CDISC Dataset-JSON 1.1 files, JSON and NDJSON, as text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import compress
from typing import Any

import numpy as np

from sdtm.intake.encoding import read_text
from sdtm.intake.files import RawFile
from sdtm.intake.table import Content, check_names, text_column
from specs.models import RawSource
from spectrail.errors import InputError

HINT = "check it against the schema of Dataset-JSON 1.1, or ask for the extract again"


def read_dataset_json(file: RawFile, sources: Sequence[RawSource]) -> list[Content]:
    """Read a Dataset-JSON file once for all sources; numbers keep the decimals that the file shows."""
    text = read_text(file, declared="utf-8").data
    lined = file.path.suffix.lower() == ".ndjson" or any(source.format.lower() == "ndjson" for source in sources)
    head, rows, lines = _lines(file, text) if lined else _whole(file, text)
    columns = head.get("columns")
    if not isinstance(columns, list) or not all(isinstance(one, dict) and one.get("name") for one in columns):
        raise _wrong(file, "the file has no list of named columns")
    names = [str(column["name"]) for column in columns]
    check_names(names, place=file.place())
    widths = {len(row) for row in rows} - {len(names)}
    if widths:
        ordinal, row = next((at, row) for at, row in enumerate(rows) if len(row) != len(names))
        where = file.place(line=int(lines[ordinal])) if lined else file.place(row=ordinal + 1)
        raise InputError(f"the row has {len(row)} values, the file has {len(names)} columns", place=where, hint=HINT)
    cells = list(zip(*rows, strict=True)) if rows else [() for _ in names]
    texts = [text_column(_texts(file, name, column)) for name, column in zip(names, cells, strict=True)]
    word = "line" if lined else "row"
    return [Content(list(names), list(texts), lines, row_word=word, notes=[_note(head)]) for _ in sources]


def _note(head: dict[str, Any]) -> str:
    return f"Dataset-JSON {head.get('datasetJSONVersion', 'without version')}: numbers as written in the file"


def _whole(file: RawFile, text: bytes) -> tuple[dict[str, Any], list[list[Any]], Any]:
    head = _parse(file, text, line=1)
    rows = head.get("rows", []) if isinstance(head, dict) else None
    if not isinstance(head, dict) or not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise _wrong(file, "the file is not one object with columns and rows")
    return head, rows, np.arange(1, len(rows) + 1, dtype=np.int32)


def _lines(file: RawFile, text: bytes) -> tuple[dict[str, Any], list[list[Any]], Any]:
    pieces = text.splitlines()
    filled = [bool(piece.strip()) for piece in pieces]
    numbers = list(compress(range(1, len(pieces) + 1), filled))
    parsed = [_parse(file, pieces[number - 1], line=number) for number in numbers]
    if not parsed or not isinstance(parsed[0], dict):
        raise _wrong(file, "the first line is not the object with the metadata")
    for number, row in zip(numbers[1:], parsed[1:], strict=True):
        if not isinstance(row, list):
            raise InputError("the line is not one row of values", place=file.place(line=number), hint=HINT)
    return parsed[0], parsed[1:], np.asarray(numbers[1:], dtype=np.int32)


def _parse(file: RawFile, text: bytes, *, line: int) -> Any:
    try:
        return json.loads(text, parse_float=str, parse_int=str)
    except (json.JSONDecodeError, RecursionError) as error:
        at = line + error.lineno - 1 if isinstance(error, json.JSONDecodeError) else line
        said = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply"
        raise InputError(f"not valid JSON: {said}", place=file.place(line=at), hint=HINT) from None


def _texts(file: RawFile, name: str, cells: Sequence[Any]) -> list[str | None]:
    kinds = set(map(type, cells))
    if kinds & {list, dict}:
        raise _wrong(file, f"column {name} holds a list or an object where one value should be")
    if bool in kinds or float in kinds:  # float: the constants NaN and Infinity, which JSON does not know
        spelled = {True: "true", False: "false"}
        return [spelled[cell] if isinstance(cell, bool) else None if cell is None else str(cell) for cell in cells]
    return list(cells)


def _wrong(file: RawFile, what: str) -> InputError:
    return InputError(what, place=file.place(), hint=HINT)
