"""The annotated CRF: the forms of the study as a PDF, each field with the SDTM variables that it goes to.

Pages are bookmarked twice, by form and by domain.  The forms are drawn from the specification (raw sources that the
investigator or subject filled in, and the fields that steps read), so the result says what the mapping does; it is
not a picture of the EDC system's screens.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from define_xml.annotations import Annotation, annotated_fields
from define_xml.origin_of import Forms
from specs.models import Document, RawSource, Study
from specs.standards.catalogue import sdtmig
from spectrail.errors import OutputError, Place, SpecError
from spectrail.lineage import Lineage

ACRF = Document(id="acrf", title="Annotated CRF", href="acrf.pdf", kind="acrf", package="SDTM")
"""The document entry that makes define.xml list the annotated CRF."""

_COLOURS = ("#bfe3ff", "#ffe699", "#c9f2c7", "#ffd0c2", "#e3d3ff", "#c8f4f1", "#f9c9e4", "#dfe6a8")
_WIDTH, _HEIGHT, _MARGIN = 595.0, 842.0, 45.0
_ROW, _LINE, _ANNOTATION = 15.0, 12.0, 330.0


@dataclass(frozen=True)
class FormField:
    """One field of a form: the column of the raw extract, the text beside it, and the choices that it offers."""

    name: str
    label: str = ""
    choices: tuple[str, ...] = ()


@dataclass
class _Form:
    source: RawSource
    fields: list[FormField]
    notes: dict[str, list[tuple[str, str]]]
    domains: list[str] = field(default_factory=list)


def write_acrf(
    study: Study,
    path: Path | str,
    *,
    fields: Mapping[str, Sequence[FormField]] | None = None,
    lineages: Mapping[str, Lineage] | None = None,
) -> Forms:
    """Write the annotated CRF and return on which page each form and field stands.

    `fields` gives the fields of forms in the order of the form (by name of the raw source); without it the fields
    that steps read are drawn in the order in which steps name them. With `lineages` of the written datasets the
    annotations come from the steps as they ran, which know the fields that lookup tables name. Same input, same
    bytes. Raises SpecError when no form is mapped, OutputError when the file cannot be written.
    """
    forms = _forms(study, fields or {}, annotated_fields(study, lineages or {}))
    if not forms:
        raise SpecError(
            "no form to annotate: no step of an SDTM dataset reads a field of a raw source that a person filled in",
            hint="steps name fields as form.FIELD, with the name of a raw source as form",
        )
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(path), pagesize=(_WIDTH, _HEIGHT), invariant=1, pageCompression=1)
    canvas.setTitle("Annotated CRF")
    canvas.setSubject(study.name or study.study_id)
    domains = list(dict.fromkeys(domain for form in forms for domain in form.domains))
    colours = {domain: _COLOURS[place % len(_COLOURS)] for place, domain in enumerate(domains)}
    pages: dict[str, tuple[int, ...]] = {}
    placed: dict[tuple[str, str], tuple[int, ...]] = {}
    marked: set[str] = set()
    for form in forms:
        first = int(canvas.getPageNumber())
        for name, page in _draw_form(canvas, study, form, colours, marked):
            placed[form.source.name, name] = (page,)
        pages[form.source.name] = tuple(range(first, int(canvas.getPageNumber())))
    _bookmark(canvas, study, forms, domains)
    try:
        canvas.save()
    except OSError as error:
        raise OutputError(f"cannot write the file: {error.strerror}", place=Place(file=str(path))) from error
    return Forms(pages=pages, fields=placed)


def _forms(study: Study, given: Mapping[str, Sequence[FormField]], found: Iterable[Annotation]) -> list[_Form]:
    """Return the forms that a person filled in, with fields and annotations."""
    notes: dict[str, dict[str, list[tuple[str, str]]]] = {}
    for one in found:
        texts = notes.setdefault(one.form, {}).setdefault(one.column, [])
        if (one.domain, one.text) not in texts:
            texts.append((one.domain, one.text))
    forms: list[_Form] = []
    for source in study.sources:
        mapped = notes.get(source.name, {})
        drawn = list(given.get(source.name, ())) or [FormField(name) for name in mapped]
        drawn += [FormField(name) for name in mapped if name not in {one.name for one in drawn}]
        if source.collected_by == "Vendor" or not drawn:
            continue
        domains = list(dict.fromkeys(domain for texts in mapped.values() for domain, _ in texts if domain))
        forms.append(_Form(source=source, fields=drawn, notes=mapped, domains=domains))
    return forms


def _draw_form(
    canvas: Any, study: Study, form: _Form, colours: Mapping[str, str], marked: set[str]
) -> Iterator[tuple[str, int]]:
    """Draw a form on as many pages as it needs; yield each field with its page. `marked` are targets of bookmarks."""
    top = _draw_head(canvas, study, form, colours, continued=False)
    for name in ("forms", "domains", *form.domains, *(f"{one}/{form.source.name}" for one in form.domains)):
        if name not in marked:
            canvas.bookmarkPage(f"outline.{name}")
            marked.add(name)
    canvas.bookmarkPage(_key(form))
    for one in form.fields:
        texts = form.notes.get(one.name, [("", "[NOT SUBMITTED]")])
        notes = [(domain, line) for domain, text in texts for line in _wrapped(text, 38)]
        label = _wrapped(one.label or one.name, 40) + ([f"({one.name})"] if one.label else [])
        choices = _wrapped("   ".join(f"( ) {choice}" for choice in one.choices), 46) if one.choices else []
        height = max(len(notes) * _ROW, (len(label) + len(choices)) * _LINE) + 10
        if top - height < _MARGIN + 20:
            canvas.showPage()
            top = _draw_head(canvas, study, form, colours, continued=True)
        _draw_field(canvas, top, label, choices, notes, colours)
        yield one.name, int(canvas.getPageNumber())
        top -= height
    canvas.showPage()


def _draw_head(canvas: Any, study: Study, form: _Form, colours: Mapping[str, str], *, continued: bool) -> float:
    title = form.source.label or form.source.name
    _text(canvas, _MARGIN, _HEIGHT - 50, f"{title}{' (continued)' if continued else ''}", 15, bold=True)
    _text(canvas, _MARGIN, _HEIGHT - 66, f"{study.name or study.study_id}   form {form.source.name}", 8)
    _text(canvas, _WIDTH - _MARGIN - 45, 24, f"Page {canvas.getPageNumber()}", 8)
    top = _HEIGHT - 88
    for domain in form.domains:
        _box(canvas, _MARGIN, top, f"{domain} = {_domain_label(study, domain)}", colours[domain], bold=True)
        top -= _ROW + 4
    canvas.setStrokeGray(0.6)
    canvas.line(_MARGIN, top + 4, _WIDTH - _MARGIN, top + 4)
    return float(top - 12)


def _domain_label(study: Study, name: str) -> str:
    label = next((one.label for one in study.datasets if one.name == name), "")
    known = sdtmig().datasets
    return label or (known[name].label if name in known else name)


def _draw_field(
    canvas: Any,
    top: float,
    label: list[str],
    choices: list[str],
    notes: list[tuple[str, str]],
    colours: Mapping[str, str],
) -> None:
    for place, line in enumerate(label + choices):
        _text(canvas, _MARGIN, top - place * _LINE, line, 9)
    if not choices:
        canvas.setStrokeGray(0.5)
        canvas.rect(_MARGIN + 195, top - 4, 75, 13)
    for place, (domain, line) in enumerate(notes):
        _box(canvas, _ANNOTATION, top - place * _ROW, line, colours.get(domain, "#e6e6e6"))


def _box(canvas: Any, left: float, base: float, text: str, colour: str, *, bold: bool = False) -> None:
    size = 9
    font = _font(text, bold=bold)
    width = canvas.stringWidth(text, font, size) + 8
    canvas.setFillColor(colour)
    canvas.setStrokeGray(0.3)
    canvas.rect(left, base - 3.5, width, 13, fill=1)
    _text(canvas, left + 4, base, text, size, bold=bold)


def _text(canvas: Any, left: float, base: float, text: str, size: int, *, bold: bool = False) -> None:
    canvas.setFillGray(0)
    canvas.setFont(_font(text, bold=bold), size)
    canvas.drawString(left, base, text)


def _font(text: str, *, bold: bool) -> str:
    """Return a font of every PDF viewer that has the characters: Chinese text needs another than Latin text."""
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        from reportlab.pdfbase import pdfmetrics
        from reportlab.pdfbase.cidfonts import UnicodeCIDFont

        if "STSong-Light" not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
        return "STSong-Light"
    return "Helvetica-Bold" if bold else "Helvetica"


def _wrapped(text: str, width: int) -> list[str]:
    """Break text into lines of at most `width` columns; a Chinese character takes two."""
    lines: list[str] = []
    line, used = "", 0
    for word in _words(text):
        size = sum(2 if ord(letter) > 0x2E7F else 1 for letter in word)
        if used and used + size > width:
            lines.append(line.rstrip())
            line, used = "", 0
        line += word
        used += size
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def _words(text: str) -> Iterator[str]:
    """Yield words with the blank after them; Chinese text one character at a time, long words in pieces."""
    for word in text.split(" "):
        start = 0
        for place, letter in enumerate(word):
            if ord(letter) > 0x2E7F or place - start >= 30:
                yield word[start : place + 1]
                start = place + 1
        yield word[start:] + " "


def _bookmark(canvas: Any, study: Study, forms: Sequence[_Form], domains: Sequence[str]) -> None:
    """Add the outline: every form, and every domain with the forms that feed it. Each entry has its own target."""
    canvas.showOutline()
    canvas.addOutlineEntry("Forms", "outline.forms", level=0)
    for form in forms:
        canvas.addOutlineEntry(form.source.label or form.source.name, _key(form), level=1)
    canvas.addOutlineEntry("Domains", "outline.domains", level=0)
    for domain in domains:
        canvas.addOutlineEntry(f"{domain} ({_domain_label(study, domain)})", f"outline.{domain}", level=1)
        for form in forms:
            if domain in form.domains:
                title = form.source.label or form.source.name
                canvas.addOutlineEntry(title, f"outline.{domain}/{form.source.name}", level=2)


def _key(form: _Form) -> str:
    return f"form.{form.source.name}"
