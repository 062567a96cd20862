"""Word documents of headings, paragraphs and tables (Office Open XML), the same bytes for the same content."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from xml.sax.saxutils import escape

from spectrail.io.atomic import replacing
from spectrail.io.xlsx import EARLIEST, ILLEGAL

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml"
_WIDTH = 9638
"""Width of the text in twentieths of a point: A4 with margins of 20 mm."""


@dataclass
class Document:
    """A document in the making: what is added comes in order."""

    title: str
    parts: list[str] = field(default_factory=list)

    def heading(self, text: str, level: int = 1) -> None:
        """Add a heading of level 1 to 3."""
        self.parts.append(_paragraph(text, f"Heading{level}"))

    def text(self, *paragraphs: str) -> None:
        """Add plain paragraphs."""
        self.parts.extend(_paragraph(one, "") for one in paragraphs)

    def draft(self, text: str) -> None:
        """Add a paragraph that the author has to replace."""
        self.parts.append(_paragraph(f"[{text}]", "Draft"))

    def table(self, header: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int] = ()) -> None:
        """Add a table whose header repeats on every page; `widths` are shares of the line."""
        shares = list(widths) or [1] * len(header)
        sizes = [_WIDTH * share // sum(shares) for share in shares]
        grid = "".join(f'<w:gridCol w:w="{size}"/>' for size in sizes)
        lines = [_row(header, sizes, head=True), *(_row(row, sizes, head=False) for row in rows)]
        self.parts.append(
            f'<w:tbl><w:tblPr><w:tblStyle w:val="Grid"/><w:tblW w:w="{_WIDTH}" w:type="dxa"/>'
            f'<w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>{grid}</w:tblGrid>{"".join(lines)}</w:tbl>'
            + _paragraph("", "")
        )

    def write(self, path: str | Path, *, created: datetime) -> None:
        """Write the document; `created` stands in its properties and in the archive."""
        stamp = max(created.replace(tzinfo=None), EARLIEST)
        with replacing(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in _parts(self, stamp).items():
                info = zipfile.ZipInfo(name, stamp.timetuple()[:6])
                info.compress_type = zipfile.ZIP_DEFLATED
                info.external_attr = 0o644 << 16
                archive.writestr(info, content.encode("utf-8"))


def _text(text: str) -> str:
    return escape(ILLEGAL.sub("\ufffd", text))


def _paragraph(text: str, style: str, *, bold: bool = False) -> str:
    named = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    weight = "<w:rPr><w:b/></w:rPr>" if bold else ""
    return f'<w:p>{named}<w:r>{weight}<w:t xml:space="preserve">{_text(text)}</w:t></w:r></w:p>'


def _row(cells: Sequence[str], sizes: Sequence[int], *, head: bool) -> str:
    shade = '<w:shd w:val="clear" w:color="auto" w:fill="DDE6F0"/>' if head else ""
    made = "".join(
        f'<w:tc><w:tcPr><w:tcW w:w="{size}" w:type="dxa"/>{shade}</w:tcPr>'
        f"{_paragraph(text, 'Cell', bold=head)}</w:tc>"
        for text, size in zip(cells, sizes, strict=True)
    )
    return f"<w:tr>{'<w:trPr><w:tblHeader/></w:trPr>' if head else '<w:trPr><w:cantSplit/></w:trPr>'}{made}</w:tr>"


def _style(name: str, title: str, size: int, *, bold: bool = False, color: str = "", outline: int = -1) -> str:
    tint = f'<w:color w:val="{color}"/>' if color else ""
    run = f'{"<w:b/>" if bold else ""}{tint}<w:sz w:val="{size}"/>'
    level = f'<w:keepNext/><w:spacing w:before="240" w:after="80"/><w:outlineLvl w:val="{outline}"/>'
    shape = level if outline >= 0 else '<w:spacing w:before="20" w:after="20"/>' if name == "Cell" else ""
    return (
        f'<w:style w:type="paragraph" w:styleId="{name}"><w:name w:val="{title}"/><w:basedOn w:val="Normal"/>'
        f"<w:qFormat/><w:pPr>{shape}</w:pPr><w:rPr>{run}</w:rPr></w:style>"
    )


def _styles() -> str:
    border = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="AAB4C0"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    return (
        f'{_HEAD}<w:styles xmlns:w="{_WORD}"><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="Calibri" '
        'w:hAnsi="Calibri" w:cs="Calibri"/><w:sz w:val="21"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr>'
        '<w:spacing w:after="120"/></w:pPr></w:pPrDefault></w:docDefaults>'
        '<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>'
        + _style("Title", "Title", 40, bold=True)
        + _style("Heading1", "heading 1", 30, bold=True, color="1F3864", outline=0)
        + _style("Heading2", "heading 2", 25, bold=True, color="1F3864", outline=1)
        + _style("Heading3", "heading 3", 22, bold=True, color="1F3864", outline=2)
        + _style("Draft", "Draft", 21, color="9A3412")
        + _style("Cell", "Cell", 18)
        + '<w:style w:type="table" w:styleId="Grid"><w:name w:val="Table Grid"/><w:tblPr><w:tblBorders>'
        + border
        + '</w:tblBorders><w:tblCellMar><w:left w:w="70" w:type="dxa"/><w:right w:w="70" w:type="dxa"/>'
        "</w:tblCellMar></w:tblPr></w:style></w:styles>"
    )


def _parts(document: Document, stamp: datetime) -> dict[str, str]:
    time = stamp.strftime("%Y-%m-%dT%H:%M:%SZ")
    section = (
        '<w:sectPr><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1134" w:right="1134" w:bottom="1134" '
        'w:left="1134" w:header="567" w:footer="567" w:gutter="0"/></w:sectPr>'
    )
    body = _paragraph(document.title, "Title") + "".join(document.parts) + section
    return {
        "[Content_Types].xml": f'{_HEAD}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
        f'ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="{_TYPE}.document.main'
        f'+xml"/><Override PartName="/word/styles.xml" ContentType="{_TYPE}.styles+xml"/><Override '
        'PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>'
        "</Types>",
        "_rels/.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/officeDocument" Target="word/document.xml"/><Relationship Id="rId2" '
        f'Type="{_PACKAGE}/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>',
        "docProps/core.xml": f'{_HEAD}<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dc:title>{_text(document.title)}</dc:title>'
        f'<dc:creator>spectrail</dc:creator><dcterms:created xsi:type="dcterms:W3CDTF">{time}</dcterms:created>'
        f'<dcterms:modified xsi:type="dcterms:W3CDTF">{time}</dcterms:modified></cp:coreProperties>',
        "word/document.xml": f'{_HEAD}<w:document xmlns:w="{_WORD}"><w:body>{body}</w:body></w:document>',
        "word/_rels/document.xml.rels": f'{_HEAD}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship '
        f'Id="rId1" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "word/styles.xml": _styles(),
    }
