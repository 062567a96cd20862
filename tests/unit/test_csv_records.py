"""Records of a CSV file are found the same, however large the pieces are that are looked at together."""

from __future__ import annotations

import pytest

from sdtm.intake import csv_records

CASES: dict[str, tuple[bytes, list[int], int, int, int]] = {
    "quoted and plain": (b'"a","b"\nc,d\n', [1, 2], 0, 0, -1),
    "no line end at the end": (b"a,b\nc,d", [1, 2], 0, 0, -1),
    "line breaks inside quotes": (b'"a\nb",c\r\n"d\r\ne",f\r\n', [1, 3], 0, 2, -1),
    "blank lines": (b"a\n\n\r\nb\n", [1, 4], 2, 0, -1),
    "carriage returns alone": (b"a\rb\rc\r", [1, 2, 3], 0, 0, -1),
    "doubled quotes": (b'"a""b"\n"""c"""\n', [1, 2], 0, 0, -1),
    "quote inside a plain cell": (b'a,b"c\nd,e\n', [], 0, 0, 3),
    "text behind a closing quote": (b'"a" ,b\n', [], 0, 0, 2),
    "quote left open": (b'"a"\n"b\n', [], 0, 0, 4),
}


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1 << 19])
@pytest.mark.parametrize("name", CASES)
def test_records_are_found_in_pieces(name: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines, blank lines, inner line breaks and the first misplaced quote, whatever the size of a piece."""
    monkeypatch.setattr(csv_records, "CHUNK", size)
    data, lines, blank, inner, malformed = CASES[name]
    found = csv_records.find_records(data, start=0, line=1, delimiter=b",")
    assert (found.lines.tolist(), found.blank, found.inner_breaks, found.malformed) == (
        lines,
        blank,
        inner,
        malformed,
    )
