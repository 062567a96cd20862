"""Write all that belongs to one define.xml into the folder of its datasets: file, stylesheet, page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from define_xml.acrf import ACRF
from define_xml.complete import is_analysis
from define_xml.derive import derive_metadata
from define_xml.evidence import Evidence
from define_xml.html import render_html, stylesheet_bytes
from define_xml.origin_of import Forms
from define_xml.writer import STYLESHEET, Version, write_define
from specs.models import Study
from spectrail.findings import Findings


def publish_define(
    study: Study,
    evidence: Mapping[str, Evidence],
    folder: Path | str,
    *,
    kind: Literal["SDTM", "ADaM"],
    version: Version = "2.1",
    created: str = "",
    forms: Forms | None = None,
) -> Findings:
    """Derive, write and render the define.xml of the SDTM or ADaM datasets below `folder`.

    `evidence` has one entry for each written dataset (those of the other kind are ignored); `forms` is what
    `write_acrf` returned when it wrote `acrf.pdf` into the folder. Returns findings on typed values that disagree
    with the data (errors) and on what the version cannot hold (notices).
    """
    own = {name: known for name, known in evidence.items() if is_analysis(known.spec) == (kind == "ADaM")}
    if forms is not None and not any(one.kind == "acrf" for one in study.documents):
        study = study.model_copy(update={"documents": (ACRF, *study.documents)})
    derived, findings = derive_metadata(study, own, forms=forms)
    target = Path(folder)
    lost = write_define(derived, target / "define.xml", kind=kind, version=version, created=created)
    (target / STYLESHEET).write_bytes(stylesheet_bytes())
    render_html(
        target / "define.xml", target / "define.html", lineage={name: known.lineage for name, known in own.items()}
    )
    return findings + lost
