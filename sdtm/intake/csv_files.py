"""Delimited text files: every cell as text, with the physical line of every row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from sdtm.intake.csv_records import find_records, line_ends, line_of
from sdtm.intake.encoding import PRIVATE, Text, private_byte, read_text
from sdtm.intake.files import RawFile
from sdtm.intake.table import Content, check_names, empty_to_null, shown, text_column
from specs.models import RawSource
from spectrail.errors import InputError

CANDIDATES = (",", ";", "\t", "|")
NAMED = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
SPOKEN = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "pipe"}
SAMPLE = 1 << 16
BLOCK = 1 << 23
BATCH = 50_000
MOST_LISTED = 5
QUOTE_HINT = 'put cells with quotes, delimiters or line breaks in quotes and double the quotes inside: "5"" tube"'


@dataclass(frozen=True)
class Body:
    """A decoded CSV file behind its header: the data rows begin at offset `start`, on physical line `line`."""

    data: bytes
    delimiter: str
    names: tuple[str, ...]
    start: int
    line: int
    file: RawFile


def read_csv(file: RawFile, sources: Sequence[RawSource]) -> list[Content]:
    """Read one delimited text file for each source.

    Encoding and delimiter are taken from the source or detected.  A row with too few or too many cells, text behind a
    closing quote, a quote that is never closed and a doubled column name raise `InputError`.
    """
    return [_read_one(file, source) for source in sources]


def _read_one(file: RawFile, source: RawSource) -> Content:
    text = read_text(file, declared=source.encoding, lenient=source.lenient)
    notes = [text.note]
    if text.data.endswith(b"\x1a"):
        text = replace(text, data=text.data[:-1])
        notes.append("an end-of-file character (1A) at the end of the file is left out")
    body = _find_header(file, text, source, notes)
    columns, lines = _read_rows(body, notes)
    content = Content(list(body.names), columns, lines, notes=notes)
    if text.guessed:
        content.report("raw.encoding_detected", "notice", f"{text.note}; declare it if this is wrong")
    if text.kept:
        _settle_undecodable(content)
    return content


def _find_header(file: RawFile, text: Text, source: RawSource, notes: list[str]) -> Body:
    """Parse the first record that is not blank from line `header_row` on."""
    start, line = _skip_lines(file, text.data, source.header_row, notes)
    delimiter = _delimiter(file, text.data[start : start + SAMPLE], source.delimiter, notes)
    piece = text.data[start:]
    with io.TextIOWrapper(io.BytesIO(piece), encoding="utf-8", newline="") as stream:
        reader = csv.reader(stream, delimiter=delimiter, strict=True)
        try:
            names = next(row for row in reader if row)
        except StopIteration:
            raise InputError(
                "the file holds only blank lines", place=file.place(), hint="ask for the extract again"
            ) from None
        except csv.Error as error:
            _raise_quote(error, file, line + reader.line_num - 1)
        used = reader.line_num
    ends = line_ends(piece[: _line_limit(piece, used)])
    after = start + (int(ends[used - 1]) + 1 if len(ends) >= used else len(piece))
    check_names(names, place=file.place(line=line))
    return Body(text.data, delimiter, tuple(names), after, line + used, file)


def _line_limit(piece: bytes, lines: int) -> int:
    """Return an offset that has at least `lines` line ends before it, without looking through a large file."""
    size = SAMPLE
    while size < len(piece) and len(line_ends(piece[:size])) <= lines:
        size *= 4
    return min(size, len(piece))


def _skip_lines(file: RawFile, data: bytes, header_row: int, notes: list[str]) -> tuple[int, int]:
    if header_row < 1:
        raise InputError(f"header_row is {header_row}", place=file.place(), hint="the first line of a file is 1")
    start, line = 0, 1
    ends = line_ends(data[: _line_limit(data, header_row)])
    if header_row > 1:
        if len(ends) < header_row - 1 or int(ends[header_row - 2]) + 1 >= len(data):
            raise InputError(
                f"header_row is {header_row}, but the file has fewer lines",
                place=file.place(),
                hint="set header_row to the line that holds the column names",
            )
        start, line = int(ends[header_row - 2]) + 1, header_row
        notes.append(f"{header_row - 1} line(s) above the header are not data")
    skipped = 0
    while start < len(data) and data[start] in b"\r\n":
        start += 2 if data[start : start + 2] == b"\r\n" else 1
        skipped += 1
    if skipped:
        notes.append(f"{skipped} blank line(s) above the header")
    return start, line + skipped


def _delimiter(file: RawFile, sample: bytes, declared: str, notes: list[str]) -> str:
    if declared:
        delimiter = NAMED.get(declared.lower(), declared)
        if len(delimiter) != 1 or delimiter in '"\r\n':
            raise InputError(
                f"the delimiter {declared!r} is not one character", place=file.place(), hint="for example ; or tab"
            )
        notes.append(f"delimiter {SPOKEN.get(delimiter, delimiter)}, as declared")
        return delimiter
    text = sample.decode("utf-8", errors="ignore")
    scores = {candidate: _score(text, candidate, cut=len(sample) == SAMPLE) for candidate in CANDIDATES}
    best = max(CANDIDATES, key=lambda candidate: scores[candidate])
    if scores[best][0] == 0:
        notes.append("one column: no delimiter found in the header")
        return ","
    notes.append(f"delimiter {SPOKEN[best]}, detected")
    return best


def _score(text: str, delimiter: str, *, cut: bool) -> tuple[int, float, int]:
    """Judge a delimiter: does it split the header, in how many rows equally, into how many cells."""
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]
    except csv.Error:
        return (0, 0.0, 0)
    rows = (rows[:-1] if cut and len(rows) > 1 else rows)[:200]
    if not rows or len(rows[0]) < 2:
        return (0, 0.0, 0)
    width = len(rows[0])
    return (1, sum(len(row) == width for row in rows) / len(rows), width)


def _read_rows(body: Body, notes: list[str]) -> tuple[list[pa.ChunkedArray], Any]:
    """Read fast when the bytes are regular, else record by record, which also finds and names the trouble."""
    delimiter = body.delimiter.encode()
    if body.start >= len(body.data):
        return [text_column([]) for _ in body.names], np.empty(0, dtype=np.int32)
    records = find_records(body.data, start=body.start, line=body.line, delimiter=delimiter)
    if records.malformed < 0 and len(delimiter) == 1:
        columns = _read_fast(body)
        if columns is not None and len(columns[0]) == len(records.lines):
            if records.blank:
                notes.append(f"{records.blank} blank line(s)")
            if records.inner_breaks:
                notes.append(f"{records.inner_breaks} line break(s) inside quoted cells are kept")
            return columns, records.lines
    columns, lines, blank = _read_slowly(body)
    if blank:
        notes.append(f"{blank} blank line(s)")
    if records.malformed >= 0:
        where = line_of(body.data, records.malformed)
        notes.append(f"quote signs inside unquoted cells are kept as they stand (first on line {where})")
    return columns, lines


def _read_fast(body: Body) -> list[pa.ChunkedArray] | None:
    names = [str(position) for position in range(len(body.names))]
    buffer = pa.py_buffer(memoryview(body.data)[body.start :])
    try:
        table = pyarrow.csv.read_csv(
            pa.BufferReader(buffer),
            read_options=pyarrow.csv.ReadOptions(column_names=names, block_size=BLOCK),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=body.delimiter, newlines_in_values=body.data.find(b'"', body.start) >= 0
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid:
        return None
    return list(table.columns)


def _read_slowly(body: Body) -> tuple[list[pa.ChunkedArray], Any, int]:
    width = len(body.names)
    chunks: list[list[pa.Array]] = [[] for _ in range(width)]
    lines: list[int] = []
    ragged: list[tuple[int, int]] = []
    blank = 0
    batch: list[list[str]] = []
    for line, row in _records(body):
        if not row:
            blank += 1
        elif len(row) != width:
            ragged.append((line, len(row)))
        else:
            lines.append(line)
            batch.append(row)
            if len(batch) == BATCH:
                _flush(batch, chunks)
    _flush(batch, chunks)
    if ragged:
        _raise_ragged(ragged, body)
    columns = [pa.chunked_array(parts, type=pa.large_string()) for parts in chunks]
    return columns, np.asarray(lines, dtype=np.int32), blank


def _records(body: Body) -> Iterator[tuple[int, list[str]]]:
    """Give every record with the physical line on which it begins."""
    with io.TextIOWrapper(io.BytesIO(body.data), encoding="utf-8", newline="") as stream:
        stream.buffer.seek(body.start)
        reader = csv.reader(stream, delimiter=body.delimiter, strict=True)
        begin = 0
        try:
            for row in reader:
                yield body.line + begin, row
                begin = reader.line_num
        except csv.Error as error:
            _raise_quote(error, body.file, body.line + begin)


def _flush(batch: list[list[str]], chunks: list[list[pa.Array]]) -> None:
    if batch:
        for column, cells in zip(chunks, zip(*batch, strict=True), strict=True):
            column.append(empty_to_null(pa.array(cells, type=pa.large_string())))
        batch.clear()


def _raise_ragged(ragged: list[tuple[int, int]], body: Body) -> NoReturn:
    line, found = ragged[0]
    others = [str(other) for other, _ in ragged[1 : MOST_LISTED + 1]]
    listed = (
        f"line{'s' if len(others) > 1 else ''} {', '.join(others)}{' ...' if len(ragged) - 1 > len(others) else ''}"
    )
    tail = f"; {len(ragged) - 1} more row(s) differ from it ({listed})" if others else ""
    raise InputError(
        f"the row has {found} cells, the header has {len(body.names)}{tail}",
        place=body.file.place(line=line),
        hint=f"look for a missing or surplus {SPOKEN.get(body.delimiter, body.delimiter)}, or for a cell that holds "
        "one and is not in quotes",
    )


def _raise_quote(error: csv.Error, file: RawFile, line: int) -> NoReturn:
    text = str(error)
    if "expected after" in text:
        what = "text follows the closing quote of a cell in the row that begins here"
    else:
        what = "a quote is opened in the row that begins here and never closed"
    raise InputError(what, place=file.place(line=line), hint=QUOTE_HINT) from None


def _settle_undecodable(content: Content) -> None:
    r"""Write undecodable bytes as `\xNN` and report their cells."""
    pattern = f"[\\x{{{PRIVATE:X}}}-\\x{{{PRIVATE + 0xFF:X}}}]"
    keep = {chr(PRIVATE + byte): private_byte(chr(PRIVATE + byte)) for byte in range(256)}
    table = str.maketrans(keep)
    content.names = [name.translate(table) for name in content.names]
    for position, (name, column) in enumerate(zip(content.names, content.columns, strict=True)):
        hit = pc.fill_null(pc.match_substring_regex(column, pattern), False)
        rows = np.flatnonzero(hit.to_numpy())
        if not len(rows):
            continue
        texts = [value.translate(table) for value in column.filter(hit).to_pylist()]
        content.columns[position] = pa.chunked_array(
            [pc.replace_with_mask(column.combine_chunks(), hit.combine_chunks(), pa.array(texts, pa.large_string()))]
        )
        content.report(
            "raw.undecodable_byte",
            "error",
            "the cell holds bytes that the encoding cannot decode; kept as \\xNN",
            variable=name,
            rows=rows,
            values=np.asarray([shown(text)[1:-1] for text in texts], dtype=object),
        )
