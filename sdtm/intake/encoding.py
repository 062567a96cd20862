"""Text encodings of raw files: declared, marked or detected; everything becomes UTF-8."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sdtm.intake.files import RawFile
from spectrail.errors import InputError

CHUNK = 1 << 22
SAMPLE = 1 << 16
PRIVATE = 0x10F700
"""Undecodable bytes of a lenient source travel as U+10F700 + byte until their cells are known."""

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
SPELLED = {
    "ascii": "ASCII",
    "utf-8": "UTF-8",
    "utf-16-le": "UTF-16 (little endian)",
    "utf-16-be": "UTF-16 (big endian)",
    "gb18030": "GB18030",
    "cp1252": "Windows-1252",
}
DECLARE_HINT = "declare the encoding of this source, for example utf-8, gb18030, windows-1252 or utf-16"


@dataclass(frozen=True)
class Text:
    """The content of a text file as UTF-8 bytes without byte order mark.

    `guessed` tells that the encoding was judged from the bytes and may be wrong; `kept` that undecodable bytes stand
    in it as private characters.
    """

    data: bytes
    encoding: str
    note: str
    guessed: bool = False
    kept: bool = False


def read_text(file: RawFile, *, declared: str = "", lenient: bool = False) -> Text:
    """Read a text file as UTF-8 bytes.

    `declared` is any name of a text encoding that Python knows; without it the encoding is detected: byte order mark,
    UTF-16 by its zero bytes, UTF-8 when the whole file is valid, else GB18030 or Windows-1252 by the runs of bytes
    above 7F.  Raises `InputError` that names line and byte when a byte cannot be decoded, unless `lenient`.
    """
    data = file.read()
    marked = next(((mark, name) for mark, name in MARKS if data.startswith(mark)), None)
    if declared:
        encoding = _declared(declared, file=file)
        _check_mark(encoding, declared, marked, file=file)
        encoding = marked[1] if marked else encoding
        note, guessed = f"encoding {spelled(encoding)}, as declared", False
    elif marked:
        encoding, guessed = marked[1], False
        note = f"encoding {spelled(encoding)}, from the byte order mark"
    else:
        encoding, why = _detect(data)
        guessed = encoding not in ("ascii", "utf-8")
        note = f"encoding {spelled(encoding)}, detected: {why}"
    body = data[len(marked[0]) :] if marked else data
    if encoding == "ascii" or (encoding == "utf-8" and _valid(body, "utf-8")):
        return Text(body, encoding, note, guessed)
    return _transcode(body, encoding, note, guessed, file=file, lenient=lenient)


def spelled(encoding: str) -> str:
    """Return the usual name of an encoding."""
    return SPELLED.get(encoding, encoding)


def private_byte(character: str) -> str:
    r"""Return `\xNN` for a private character that stands for an undecodable byte."""
    return f"\\x{ord(character) - PRIVATE:02X}"


def _declared(name: str, *, file: RawFile) -> str:
    try:
        info = codecs.lookup(name.strip())
    except (LookupError, ValueError):
        info = None
    if info is None or not getattr(info, "_is_text_encoding", True):
        raise InputError(f"unknown encoding {name!r}", place=file.place(), hint=DECLARE_HINT)
    return {"utf-8-sig": "utf-8", "gbk": "gb18030", "gb2312": "gb18030"}.get(info.name, info.name)


def _check_mark(encoding: str, declared: str, marked: tuple[bytes, str] | None, *, file: RawFile) -> None:
    if marked and not marked[1].startswith(encoding):
        raise InputError(
            f"the encoding is declared as {declared}, but the file begins with the byte order mark of "
            f"{spelled(marked[1])}",
            place=file.place(),
            hint="correct the declared encoding, or leave it out",
        )


def _detect(data: bytes) -> tuple[str, str]:
    if data.isascii() and b"\0" not in data[:SAMPLE]:
        return "ascii", "all bytes are below 80"
    wide = _utf16(data[:SAMPLE])
    if wide:
        return wide, "every other byte is zero"
    if _valid(data, "utf-8"):
        return ("ascii", "all bytes are below 80") if data.isascii() else ("utf-8", "the whole file is valid UTF-8")
    paired = _paired_share(data)
    chinese, western = _valid(data, "gb18030"), _valid(data, "cp1252")
    if chinese and not western:
        return "gb18030", "not UTF-8, valid GB18030 and not valid Windows-1252"
    if chinese and paired >= 0.5:
        return "gb18030", f"not UTF-8, and {paired:.0%} of the bytes above 7F stand in pairs as in Chinese text"
    if western:
        return "cp1252", f"not UTF-8, and {1 - paired:.0%} of the bytes above 7F stand alone as in Western text"
    return "utf-8", "no encoding that is looked for fits the whole file"


def _utf16(sample: bytes) -> str:
    zero = np.frombuffer(sample, dtype=np.uint8) == 0
    even, odd = int(zero[0::2].sum()), int(zero[1::2].sum())
    if even + odd < len(sample) * 0.1:
        return ""
    if odd >= 0.95 * (even + odd):
        return "utf-16-le"
    return "utf-16-be" if even >= 0.95 * (even + odd) else ""


def _paired_share(data: bytes) -> float:
    """Return the share of bytes above 7F that stand in runs of even length, all A1 or higher (two-byte hanzi)."""
    whole = np.frombuffer(data, dtype=np.uint8)
    places = np.flatnonzero(whole >= 0x80)[: 1 << 20]
    high: npt.NDArray[np.uint8] = whole[places]
    starts = np.flatnonzero(np.concatenate(([True], np.diff(places) != 1)))
    lengths = np.diff(np.concatenate((starts, [len(places)])))
    pure = np.minimum.reduceat(high, starts) >= 0xA1
    return float(lengths[pure & (lengths % 2 == 0)].sum() / len(places))


def _valid(data: bytes, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for start in range(0, len(data), CHUNK):
            decoder.decode(data[start : start + CHUNK])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _transcode(data: bytes, encoding: str, note: str, guessed: bool, *, file: RawFile, lenient: bool) -> Text:
    if _valid(data, encoding):
        decoder = codecs.getincrementaldecoder(encoding)()
        parts = [
            decoder.decode(data[start : start + CHUNK], final=start + CHUNK >= len(data)).encode("utf-8")
            for start in range(0, len(data), CHUNK)
        ]
        return Text(b"".join(parts), encoding, note, guessed)
    if not lenient:
        raise _undecodable(data, encoding, file=file)
    return Text(
        data.decode(encoding, errors="spectrail-keep-bytes").encode("utf-8"), encoding, note, guessed, kept=True
    )


def _undecodable(data: bytes, encoding: str, *, file: RawFile) -> InputError:
    try:
        data.decode(encoding)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, errors="ignore")
        line = 1 + before.count("\n") + before.count("\r") - before.count("\r\n")
        offset = error.start + len(file.read()) - len(data) + 1
        return InputError(
            f"byte {offset} of the file ({data[error.start]:02X}) is not {spelled(encoding)}",
            place=file.place(line=line),
            hint=f"{DECLARE_HINT}; lenient: true keeps such bytes as \\x{data[error.start]:02X} and lists the cells",
        )
    raise AssertionError("decoded after all")


def _keep_bytes(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(PRIVATE + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error("spectrail-keep-bytes", _keep_bytes)
