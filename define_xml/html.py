"""Render a define.xml as one self-contained page, so that no browser has to apply the stylesheet."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree

from define_xml.reader import version_of
from define_xml.safe_xml import parse, parser
from spectrail.errors import OutputError, Place
from spectrail.lineage import Lineage

STYLESHEET = Path(__file__).parent / "stylesheet" / "define2-1.xsl"
_LINEAGE = "urn:spectrail:lineage"


def stylesheet_bytes() -> bytes:
    """Return the stylesheet that a define.xml links to, to be put beside it."""
    return STYLESHEET.read_bytes()


def render_html(
    define_path: Path | str, out_path: Path | str, *, lineage: Mapping[str, Lineage] | None = None
) -> None:
    """Write the page of a define.xml (2.0 or 2.1); `lineage` by dataset adds a section to each variable.

    The page needs no network and no other file; links lead to the documents and datasets beside it. Raises InputError
    for a file that is not a define.xml, OutputError when the page cannot be written.
    """
    content = html_bytes(define_path, lineage=lineage)
    try:
        Path(out_path).write_bytes(content)
    except OSError as error:
        raise OutputError(f"cannot write the page: {error.strerror}", place=Place(file=str(out_path))) from error


def html_bytes(define_path: Path | str, *, lineage: Mapping[str, Lineage] | None = None) -> bytes:
    """Return the page of a define.xml as bytes; arguments as in `render_html`."""
    tree = parse(define_path)
    root = tree.getroot()
    version_of(root, name=str(define_path))
    for name, known in (lineage or {}).items():
        _add_lineage(root, name, known)
    return bytes(_transform()(tree))


@cache
def _transform() -> etree.XSLT:
    access: Any = etree.XSLTAccessControl
    access = access(read_file=False, write_file=False, create_dir=False, read_network=False, write_network=False)
    return etree.XSLT(etree.parse(str(STYLESHEET), parser()), access_control=access)


def _add_lineage(root: etree._Element, dataset: str, lineage: Lineage) -> None:
    """Put the executed steps of a dataset into the tree, where the stylesheet looks for them."""
    holder = etree.SubElement(root, f"{{{_LINEAGE}}}lineage", nsmap={"lin": _LINEAGE})
    for trace in lineage.traces:
        step = etree.SubElement(holder, f"{{{_LINEAGE}}}step")
        given = {
            "dataset": dataset,
            "variable": trace.variable,
            "step": str(trace.step),
            "algorithm": trace.algorithm,
            "method": trace.method,
            "when": trace.when,
            "filled": str(trace.filled),
        }
        for name, value in given.items():
            if value:
                step.set(name, value)
        for source in trace.sources:
            etree.SubElement(step, f"{{{_LINEAGE}}}source").text = source
