"""The table of text that every raw format becomes, and what all formats check alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sdtm.intake.files import RawFile
from spectrail.errors import InputError, Place
from spectrail.findings import Findings, Severity

Int32 = npt.NDArray[np.int32]

CONTROL_BYTES = bytes(code for code in (*range(0x20), 0x7F) if code not in b"\t\n\r")
CONTROL_PATTERN = "[\\x00-\\x08\\x0B\\x0C\\x0E-\\x1F\\x7F\\x{80}-\\x{9F}]"


@dataclass(frozen=True)
class RawTable:
    """One raw extract, every value as text.

    `frame` has one row per data row of the file (index 0..n-1) and the columns of the file under their own names, all
    pandas `str` with NaN for empty cells.  `lines` is the physical line or sheet row of each data row.  `findings`
    carry the file in `source` and the 1-based data row in `source_row`; `notes` say what was detected and rendered.
    """

    name: str
    path: str
    sha256: str
    format: str
    frame: pd.DataFrame
    lines: Int32
    findings: Findings = field(default_factory=Findings)
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.frame)


@dataclass
class Content:
    """What a reader of one format found: column names, texts (Arrow, null for empty), lines, trouble.

    `row_word` is what `lines` counts: `line` of a text file, `row` of a sheet or of a data set.
    """

    names: list[str]
    columns: list[pa.ChunkedArray]
    lines: Int32
    sheet: str = ""
    row_word: str = "line"
    notes: list[str] = field(default_factory=list)
    findings: list[Findings] = field(default_factory=list)

    def report(
        self,
        rule: str,
        severity: Severity,
        message: str,
        *,
        variable: str = "",
        rows: Any = (-1,),
        values: Any = "",
        count: int = 1,
    ) -> None:
        """Add findings of one rule at the 0-based data `rows` (-1: the whole file)."""
        self.findings.append(
            Findings.of(
                rule=rule,
                severity=severity,
                message=message,
                variable=variable,
                source_row=np.asarray(rows, dtype=np.int64) + 1,
                value=values,
                count=count,
            )
        )


def check_names(names: Sequence[str], *, place: Place) -> None:
    """Raise when two columns carry the same name; columns without a name are judged when their values are known."""
    seen: dict[str, int] = {}
    for position, name in enumerate(names, start=1):
        if name and name in seen:
            raise InputError(
                f"the column name {shown(name)} stands twice in the header, in columns {seen[name]} and {position}",
                place=place,
                hint="give every column of the extract its own name; nothing is renamed on reading",
            )
        seen[name] = position
    if not any(names):
        raise InputError(
            "no column has a name", place=place, hint="set header_row to the line that holds the column names"
        )


def assemble(name: str, file: RawFile, content: Content, *, format_name: str) -> RawTable:
    """Make the table of one source: drop empty nameless columns, look for control characters, add the source."""
    _settle_nameless(file, content)
    for column_name, column in zip(content.names, content.columns, strict=True):
        _report_controls(content, column_name, column)
        if column_name != column_name.strip():
            content.report(
                "raw.column_name",
                "notice",
                f"the column name {shown(column_name)} begins or ends with blanks",
                variable=column_name,
            )
    if not len(content.lines):
        content.report("raw.no_rows", "warning", "the file has a header and no data row")
    frame = pd.DataFrame(
        {key: text_series(column) for key, column in zip(content.names, content.columns, strict=True)},
        index=pd.RangeIndex(len(content.lines)),
    )
    found = Findings.concat(content.findings).frame.assign(
        dataset=_repeated(name, content.findings), source=_repeated(file.shown, content.findings)
    )
    return RawTable(
        name=name,
        path=file.shown,
        sha256=file.sha256,
        format=format_name,
        frame=frame,
        lines=content.lines,
        findings=Findings(found),
        notes=tuple(content.notes),
    )


def text_series(column: pa.ChunkedArray) -> pd.Series:
    """Return Arrow text as a pandas `str` series (null becomes NaN), without copying it."""
    return pd.Series(pd.StringDtype(na_value=np.nan).__from_arrow__(column))


def text_column(values: Sequence[str | None]) -> pa.ChunkedArray:
    """Return Python texts as an Arrow column; None and the empty text become null."""
    array = pa.array(values, type=pa.large_string())
    return pa.chunked_array([empty_to_null(array)])


def empty_to_null(array: Any) -> Any:
    """Return Arrow text with empty texts made null; blanks are kept."""
    return pc.if_else(pc.equal(array, ""), pa.scalar(None, type=array.type), array)


def row_hash(frame: pd.DataFrame) -> npt.NDArray[np.uint64]:
    """Return one 64-bit hash per row over all columns in their order; equal rows hash equal.

    Unequal rows may collide (about 3e-8 for any pair among a million rows): compare the values before acting on it.
    """
    if frame.shape[1] == 0:
        return np.zeros(len(frame), dtype=np.uint64)
    return pd.util.hash_pandas_object(frame, index=False).to_numpy(dtype=np.uint64)


def shown(value: str, *, most: int = 60) -> str:
    """Return a value as it is quoted in a message: escaped, and cut when long."""
    return repr(value if len(value) <= most else value[: most - 1] + "…")


def _repeated(text: str, findings: list[Findings]) -> Any:
    return pd.Categorical.from_codes(np.zeros(sum(len(one) for one in findings), dtype="int8"), categories=[text])


def _settle_nameless(file: RawFile, content: Content) -> None:
    keep: list[int] = []
    for position, (name, column) in enumerate(zip(content.names, content.columns, strict=True)):
        if name:
            keep.append(position)
            continue
        filled = np.flatnonzero(column.is_valid().to_numpy())
        if len(filled):
            row = int(filled[0])
            where = {content.row_word: int(content.lines[row])}
            raise InputError(
                f"column {position + 1} has no name in the header and holds {shown(column[row].as_py())}",
                place=Place(file=file.shown, sheet=content.sheet, **where),  # type: ignore[arg-type]
                hint="name the column in the extract; a value without a column name cannot be traced",
            )
        content.notes.append(f"column {position + 1} has neither a name nor a value and is left out")
    content.names = [content.names[position] for position in keep]
    content.columns = [content.columns[position] for position in keep]


def _report_controls(content: Content, name: str, column: pa.ChunkedArray) -> None:
    """Report every cell with a control character other than tab, line feed and carriage return."""
    if not _may_hold_controls(column):
        return
    rows = np.flatnonzero(pc.fill_null(pc.match_substring_regex(column, CONTROL_PATTERN), False).to_numpy())
    if not len(rows):
        return
    values = column.take(pa.array(rows))
    nul = pc.match_substring(values, "\x00").to_numpy()
    texts = np.asarray([shown(value)[1:-1] for value in values.to_pylist()], dtype=object)
    if nul.any():
        content.report(
            "raw.nul_character",
            "error",
            "the cell holds a NUL character; the value is kept",
            variable=name,
            rows=rows[nul],
            values=texts[nul],
        )
    if not nul.all():
        content.report(
            "raw.control_character",
            "warning",
            "the cell holds a control character; the value is kept",
            variable=name,
            rows=rows[~nul],
            values=texts[~nul],
        )


def _may_hold_controls(column: pa.ChunkedArray) -> bool:
    """Look through the bytes of a column: cheap, and almost always enough."""
    for buffer in chain.from_iterable(chunk.buffers()[2:] for chunk in column.chunks):
        if buffer is None:
            continue
        data = buffer.to_pybytes()
        if len(data.translate(None, CONTROL_BYTES)) != len(data) or b"\xc2" in data:
            return True
    return False
