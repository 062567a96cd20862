"""The annotated CRF: pages, annotations, bookmarks by form and by domain."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from pypdf import PdfReader

from define_xml.acrf import ACRF, FormField, write_acrf
from define_xml.annotations import annotated_fields
from define_xml.derive import derive_metadata
from define_xml.evidence import observe
from define_xml.writer import define_bytes
from specs import models as m
from spectrail.dataset import Dataset, normalise
from spectrail.errors import SpecError
from spectrail.layout import Column, Layout
from spectrail.lineage import Lineage, Trace


def study(columns: int = 3) -> m.Study:
    """Return a study with two forms that a person filled in and one vendor transfer."""
    ae = m.Dataset(
        name="AE",
        variables=(m.Variable(name="AETERM", label="Reported Term"), m.Variable(name="AESEV")),
        steps=(
            m.Step(target="AETERM", algorithm="assign_no_ct", source=("ae_raw.TERM",)),
            m.Step(target="AESEV", algorithm="assign_ct", source=("ae_raw.SEV",), codelist="C66769"),
            m.Step(target="SUPPAE.AETRTEM", algorithm="assign_ct", source=("ae_raw.TE",), when="SEV == 'X'"),
            m.Step(algorithm="not_submitted", source=("ae_raw.NOTE",)),
            *(
                m.Step(target="AETERM", algorithm="assign_no_ct", source=(f"ae_raw.X{one}",))
                for one in range(columns)
            ),
        ),
    )
    dm = m.Dataset(
        name="DM",
        steps=(
            m.Step(target="SEX", algorithm="assign_ct", source=("dm_raw.SEX",)),
            m.Step(target="DTHDTC", algorithm="assign_datetime", source=("ae_raw.DTH",)),
        ),
    )
    lb = m.Dataset(name="LB", steps=(m.Step(target="LBORRES", algorithm="assign_no_ct", source=("lab.VALUE",)),))
    return m.Study(
        study_id="S1",
        sources=(
            m.RawSource(name="dm_raw", path="dm.csv", label="人口学 Demographics"),
            m.RawSource(name="ae_raw", path="ae.csv", label="Adverse Events"),
            m.RawSource(name="lab", path="lab.csv", collected_by="Vendor"),
        ),
        datasets=(ae, dm, lb),
    )


def outline(reader: PdfReader, entries: object, level: int = 0) -> list[tuple[int, str, int]]:
    """Return level, title and page of every bookmark."""
    found: list[tuple[int, str, int]] = []
    for one in entries:  # type: ignore[attr-defined]
        if isinstance(one, list):
            found += outline(reader, one, level + 1)
        else:
            found.append((level, str(one.title), int(reader.get_destination_page_number(one) or 0) + 1))
    return found


def test_forms_are_bookmarked_by_form_and_by_domain(tmp_path: Path):
    """Two forms of a page each; a form that feeds two domains stands under both; vendor data are no form."""
    forms = write_acrf(study(), tmp_path / "acrf.pdf")
    reader = PdfReader(tmp_path / "acrf.pdf")
    assert forms.pages == {"dm_raw": (1,), "ae_raw": (2,)}
    assert outline(reader, reader.outline) == [
        (0, "Forms", 1),
        (1, "人口学 Demographics", 1),
        (1, "Adverse Events", 2),
        (0, "Domains", 1),
        (1, "DM (Demographics)", 1),
        (2, "人口学 Demographics", 1),
        (2, "Adverse Events", 2),
        (1, "AE (Adverse Events)", 2),
        (2, "Adverse Events", 2),
    ]


def test_fields_carry_their_variables(tmp_path: Path):
    """Variable, supplemental qualifier with condition, and what is not submitted."""
    fields = {
        "ae_raw": [
            FormField("TERM", "Adverse event"),
            FormField("SEV", "Severity", ("Mild", "Severe")),
            FormField("PAD"),
        ]
    }
    write_acrf(study(), tmp_path / "acrf.pdf", fields=fields)
    lines = PdfReader(tmp_path / "acrf.pdf").pages[1].extract_text().splitlines()
    for text in (
        "Adverse event",
        "( ) Mild   ( ) Severe",
        "AETERM",
        "AESEV",
        "AE = Adverse Events",
        "DM = Demographics",
    ):
        assert text in lines
    assert 'AETRTEM in SUPPAE when SEV = "X"' in lines
    assert lines.count("[NOT SUBMITTED]") == 2


def test_long_forms_continue_and_fields_know_their_page(tmp_path: Path):
    """Sixty fields need more than one page."""
    forms = write_acrf(study(60), tmp_path / "acrf.pdf")
    assert forms.pages["ae_raw"] == (2, 3, 4)
    assert (forms.of("ae_raw", "TERM"), forms.of("ae_raw", "X59"), forms.of("ae_raw", "unknown")) == (
        (2,),
        (4,),
        (2, 3, 4),
    )
    assert "Adverse Events (continued)" in PdfReader(tmp_path / "acrf.pdf").pages[2].extract_text()


def test_same_study_same_bytes(tmp_path: Path):
    """Nothing of the clock or of chance gets into the file."""
    write_acrf(study(), tmp_path / "one.pdf")
    write_acrf(study(), tmp_path / "two.pdf")
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()


def test_a_study_without_forms_is_refused(tmp_path: Path):
    """There is nothing to annotate."""
    with pytest.raises(SpecError, match="no form to annotate"):
        write_acrf(m.Study(study_id="S1"), tmp_path / "acrf.pdf")


def test_collected_origins_refer_to_its_pages(tmp_path: Path):
    """The page of the field, not of the form, stands in define.xml."""
    made = study(60)
    forms = write_acrf(made, tmp_path / "acrf.pdf")
    layout = Layout("AE", "Adverse Events", (Column("AETERM", "Reported Term"), Column("AESEV", "Severity")))
    frame = normalise(pd.DataFrame({"AETERM": ["Headache"], "AESEV": ["MILD"]}))
    traces = (
        Trace("AETERM", 1, "assign_no_ct", ("ae_raw.X59",), "as collected", "", 1),
        Trace("AESEV", 2, "assign_ct", ("ae_raw.SEV",), "mapped", "", 1),
    )
    evidence = {"AE": observe(Dataset(layout, frame, lineage=Lineage(traces=traces)), made.dataset("AE"))}
    derived, _ = derive_metadata(made.model_copy(update={"documents": (ACRF,)}), evidence, forms=forms)
    content, _ = define_bytes(derived, kind="SDTM")
    assert b'<def:PDFPageRef PageRefs="4" Type="PhysicalRef"/>' in content
    assert b'<def:PDFPageRef PageRefs="2" Type="PhysicalRef"/>' in content
    assert b'<def:leaf ID="LF.acrf" xlink:href="acrf.pdf">' in content


def test_annotations_come_from_the_steps_as_they_ran():
    """A value on its way stands for its variable, a field named by a table for its test, a condition for nothing."""
    made = study()
    steps = (
        Trace("SUBJECT", 1, "assign_no_ct", ("ae_raw.SUBJ",), filled=3),
        Trace("AETERM", 2, "compute", ("SUBJECT",), filled=3),
        Trace("AESEV", 3, "transpose", ("ae_raw.GRADE",), when="AETERM == 'PAIN'", filled=3),
        Trace("HELPER", 4, "assign_no_ct", ("ae_raw.ASKED",), filled=3),
        Trace("AESEV", 5, "hardcode_ct", ("HELPER",), when="HELPER == 'Y'", filled=3),
    )
    qualifiers = (Trace("QVAL.AETRTEM", 1, "assign_ct", ("ae_raw.TE",), filled=3),)
    lineages = {"AE": Lineage(traces=steps), "SUPPAE": Lineage(traces=qualifiers), "DM": Lineage()}
    assert [(one.form, one.column, one.domain, one.text) for one in annotated_fields(made, lineages)] == [
        ("ae_raw", "SUBJ", "AE", "AETERM"),
        ("ae_raw", "GRADE", "AE", 'AESEV when AETERM = "PAIN"'),
        ("ae_raw", "ASKED", "AE", "[USED FOR AE]"),
        ("ae_raw", "NOTE", "", "[NOT SUBMITTED]"),
        ("lab", "VALUE", "LB", "LBORRES"),
        ("ae_raw", "TE", "AE", "AETRTEM in SUPPAE"),
    ]
