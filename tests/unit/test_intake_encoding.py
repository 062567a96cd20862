"""Encodings are declared or detected, reported once, and never guessed in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from sdtm.intake import RawSource, RawTable, read_raw
from spectrail.errors import InputError

HANZI = "Subject,SITE\n001,苏州大学附属第一医院\n002,µg\n"
WESTERN = "Subject,AETERM\n001,Fièvre élevée\n002,38 °C – “hot” €\n"


def read(folder: Path, content: bytes, **options: object) -> RawTable:
    """Read the content as the file of one source."""
    (folder / "ae.csv").write_bytes(content)
    return read_raw(RawSource(name="ae_raw", path="ae.csv", **options), root=folder)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "encoding", "note"),
    [
        ("A,B\n1,2\n", "ascii", "encoding ASCII, detected: all bytes are below 80"),
        (HANZI, "utf-8", "encoding UTF-8, detected: the whole file is valid UTF-8"),
        (HANZI, "utf-8-sig", "encoding UTF-8, from the byte order mark"),
        (HANZI, "utf-16", "encoding UTF-16 (little endian), from the byte order mark"),
    ],
)
def test_certain_encodings_are_noted(tmp_path: Path, text: str, encoding: str, note: str) -> None:
    """A byte order mark or valid UTF-8 leaves no doubt: a note, no finding; the mark is no part of the first name."""
    table = read(tmp_path, text.encode(encoding))
    assert table.notes[0] == note
    assert table.frame.to_csv(index=False, lineterminator="\n") == text
    assert len(table.findings) == 0


@pytest.mark.parametrize(
    ("text", "encoding", "said"),
    [
        (WESTERN, "utf-16-le", "encoding UTF-16 (little endian), detected: every other byte is zero"),
        (WESTERN, "utf-16-be", "encoding UTF-16 (big endian), detected: every other byte is zero"),
        (
            "A,B\n1,苏州大学\n",
            "gb18030",
            "encoding GB18030, detected: not UTF-8, and 100% of the bytes above 7F stand in pairs as in Chinese text",
        ),
        (HANZI, "gb18030", "encoding GB18030, detected: not UTF-8, valid GB18030 and not valid Windows-1252"),
        (
            WESTERN,
            "cp1252",
            "encoding Windows-1252, detected: not UTF-8, and 100% of the bytes above 7F stand alone as in Western "
            "text",
        ),
        (
            "A,B\n1,5 µL\n",
            "cp1252",
            "encoding Windows-1252, detected: not UTF-8, and 100% of the bytes above 7F stand alone as in Western "
            "text",
        ),
    ],
)
def test_judged_encodings_are_a_finding(tmp_path: Path, text: str, encoding: str, said: str) -> None:
    """What was judged from the bytes is right here, and is reported once for the file."""
    table = read(tmp_path, text.encode(encoding))
    assert table.frame.to_csv(index=False, lineterminator="\n") == text
    frame = table.findings.frame
    assert frame[["rule", "severity", "message", "source", "source_row", "count"]].to_numpy().tolist() == [
        ["raw.encoding_detected", "notice", f"{said}; declare it if this is wrong", "ae.csv", 0, 1]
    ]


@pytest.mark.parametrize("declared", ["gb18030", "GBK", "gb2312"])
def test_declared_encoding_is_taken(tmp_path: Path, declared: str) -> None:
    """The narrower Chinese code pages are read as GB18030, which contains them."""
    table = read(tmp_path, HANZI.encode("gb18030"), encoding=declared)
    assert table.frame["SITE"].tolist() == ["苏州大学附属第一医院", "µg"]
    assert table.notes[0] == "encoding GB18030, as declared"
    assert len(table.findings) == 0


def test_declared_utf16_follows_the_mark(tmp_path: Path) -> None:
    """`utf-16` reads both byte orders."""
    table = read(tmp_path, b"\xfe\xff" + HANZI.encode("utf-16-be"), encoding="UTF-16")
    assert table.frame["Subject"].tolist() == ["001", "002"]


def test_declared_encoding_against_the_mark(tmp_path: Path) -> None:
    """A declaration that the file contradicts is refused."""
    with pytest.raises(InputError) as caught:
        read(tmp_path, HANZI.encode("utf-8-sig"), encoding="windows-1252")
    assert str(caught.value) == (
        "ae.csv: the encoding is declared as windows-1252, but the file begins with the byte order mark of UTF-8\n"
        "  -> correct the declared encoding, or leave it out"
    )


@pytest.mark.parametrize("declared", ["utf-9", "rot13", "zlib"])
def test_unknown_encoding(tmp_path: Path, declared: str) -> None:
    """Only text encodings can be declared."""
    with pytest.raises(InputError) as caught:
        read(tmp_path, b"A,B\n1,2\n", encoding=declared)
    assert str(caught.value) == (
        f"ae.csv: unknown encoding '{declared}'\n"
        "  -> declare the encoding of this source, for example utf-8, gb18030, windows-1252 or utf-16"
    )


def test_undecodable_byte_is_placed_behind_a_mark(tmp_path: Path) -> None:
    """The byte is counted from the begin of the file, the line by LF, CR LF and CR."""
    with pytest.raises(InputError) as caught:
        read(tmp_path, b"\xef\xbb\xbfA\r\n1\rx\n\xff\n")
    assert str(caught.value).splitlines()[0] == "ae.csv, line 4: byte 11 of the file (FF) is not UTF-8"


def test_lenient_source_keeps_bytes_and_lists_their_cells(tmp_path: Path) -> None:
    """Nothing is lost: the byte stands in the cell as its number."""
    table = read(tmp_path, b"A,B\n1,ok\n2,Fi\xe9vre \x81\n3,\xe9\n", encoding="utf-8", lenient=True)
    assert table.frame["B"].tolist() == ["ok", "Fi\\xE9vre \\x81", "\\xE9"]
    assert table.findings.frame[["rule", "severity", "variable", "value", "source_row"]].to_numpy().tolist() == [
        ["raw.undecodable_byte", "error", "B", "Fi\\\\xE9vre \\\\x81", 2],
        ["raw.undecodable_byte", "error", "B", "\\\\xE9", 3],
    ]
