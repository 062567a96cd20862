"""Parsing of XML that others wrote: no entities, no DTD, no network, limits on size, depth and number of elements.

A file is read twice: a streaming pass that builds nothing counts elements and depth and stops at the first sign of
trouble, then the tree is built.  So a hostile file costs neither memory nor time.
"""

from __future__ import annotations

from collections.abc import Sized
from pathlib import Path
from typing import Any, cast

from lxml import etree

from spectrail.errors import InputError, Place

MAX_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 60
MAX_ELEMENTS = 500_000
MAX_ATTRIBUTES = 1_200_000
MAX_PIECE = 4 * 1024 * 1024
"""Bytes from one `<` to the next: a tag with its attributes, or a text."""
_CHUNK = 1 << 16


class _Refused(Exception):
    """Stops the streaming pass."""


class _Guard:
    """Parser target that counts and keeps nothing."""

    def __init__(self) -> None:
        self.depth = 0
        self.elements = 0
        self.attributes = 0

    def start(self, tag: str, attributes: Sized) -> None:
        self.depth += 1
        self.elements += 1
        self.attributes += len(attributes)
        if self.depth > MAX_DEPTH:
            raise _Refused(f"elements are nested more than {MAX_DEPTH} deep")
        if self.elements > MAX_ELEMENTS:
            raise _Refused(f"more than {MAX_ELEMENTS:,} elements")
        if self.attributes > MAX_ATTRIBUTES:
            raise _Refused(f"more than {MAX_ATTRIBUTES:,} attributes")

    def end(self, tag: str) -> None:
        self.depth -= 1

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        raise _Refused("the file has a document type declaration (DOCTYPE)")

    def data(self, text: str) -> None:
        """Ignore text."""

    def close(self) -> None:
        """Return nothing."""


def parser(*, target: _Guard | None = None) -> etree.XMLParser:
    """Return an XML parser that resolves no entity, loads no DTD and opens no connection."""
    return etree.XMLParser(
        target=cast(Any, target), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )


def parse(path: Path | str) -> etree._ElementTree:
    """Parse an XML file from a third party.

    Raises InputError, with the line, for a file that is missing, too large, too deep, has a DOCTYPE, is in an
    encoding other than it says, or is not well-formed.
    """
    file = Path(path)
    try:
        size = file.stat().st_size
        if size > MAX_BYTES:
            raise InputError(
                f"the file has {size:,} bytes, more than the {MAX_BYTES:,} that are read",
                place=Place(file=str(path)),
                hint="a define.xml of hundreds of datasets has a few million bytes: is this the right file?",
            )
        content = file.read_bytes()
    except OSError as error:
        raise InputError(f"cannot read the file: {error.strerror}", place=Place(file=str(path))) from error
    return parse_bytes(content, name=str(path))


def parse_bytes(content: bytes, *, name: str) -> etree._ElementTree:
    """Parse XML bytes under the limits of `parse`; `name` stands for the file in errors."""
    if not content.strip():
        raise InputError("the file is empty", place=Place(file=name))
    _guard(content, name)
    try:
        return etree.ElementTree(etree.fromstring(content, parser()))
    except etree.XMLSyntaxError as error:
        raise _not_well_formed(error, name) from error


def _guard(content: bytes, name: str) -> None:
    watched = parser(target=_Guard())
    try:
        _check_pieces(content)
        for start in range(0, len(content), _CHUNK):
            watched.feed(content[start : start + _CHUNK])
        watched.close()
    except _Refused as refused:
        raise InputError(
            f"refused: {refused}",
            place=Place(file=name),
            hint="a define.xml needs none of this; do not trust the file",
        ) from refused
    except (etree.XMLSyntaxError, LookupError, UnicodeError) as error:
        raise _not_well_formed(error, name) from error


def _check_pieces(content: bytes) -> None:
    """Refuse a piece that is too long before any parser holds it."""
    start = 0
    while len(content) - start > MAX_PIECE:
        found = content.rfind(b"<", start + 1, start + MAX_PIECE)
        if found < 0:
            raise _Refused(f"one tag or text has more than {MAX_PIECE:,} bytes")
        start = found


def _not_well_formed(error: Exception, name: str) -> InputError:
    line = getattr(error, "lineno", None)
    text = getattr(error, "msg", None) or str(error) or "not well-formed"
    return InputError(
        f"not well-formed XML: {text}",
        place=Place(file=name, line=line or None),
        hint="check that the file is complete and in the encoding that its first line states",
    )
