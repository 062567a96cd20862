"""Controlled terminology: lookups, matching of collected values, other releases from files."""

from __future__ import annotations

import pandas as pd
import pytest

from specs.terminology import Codelist, How, Term, Terms, terminology
from specs.terminology_files import COLUMNS, read_terminology
from spectrail.errors import InputError, SpecError, UnknownNameError


def match(terms: Terms, *values: str | None) -> list[tuple[str | None, str]]:
    """Return (submission value, how) of each value."""
    submission, how = terms.match(pd.Series(values, dtype="str"))
    return [
        (None if pd.isna(value) else value, How(code).name.lower())
        for value, code in zip(submission, how, strict=True)
    ]


def own(*terms: Term, extensible: bool = True) -> Terms:
    """Make a codelist from terms."""
    return Terms(Codelist("", "OWN", extensible=extensible), terms)


def test_codelists_are_found_by_code_and_by_short_name():
    """C66742 and NY are the same list; extensible, package and paired list are known."""
    ct = terminology("2025-03-28")
    assert ct.codelist("C66742") == ct.codelist("NY")
    assert ct.codelist("NY") == Codelist("C66742", "NY", "No Yes Response", False, "SDTM", "")
    assert ct.codelist("LBTESTCD").paired == "LBTEST"
    assert ct.codelist("LBTESTCD").extensible
    assert ct.codelist("DTYPE").package == "ADaM"
    assert ct.codelist("STDNAM").package == "DEFINE-XML"
    assert "NY" in ct
    assert "C66742" in ct
    assert "NX" not in ct
    assert len(ct.codelists) == 359


def test_terms_carry_code_and_decode():
    """The decode of a test code is the test name; of any other term the NCI preferred term."""
    ct = terminology()
    assert ct.terms("NY").submission_values == ("N", "NA", "U", "Y")
    assert ct.terms("NY").by_value["Y"].code == "C49488"
    assert ct.terms("NY").by_value["Y"].decode == "Yes"
    assert ct.terms("LBTESTCD").by_value["ALB"].decode == "Albumin"
    decoded = ct.terms("LBTESTCD").decode(pd.Series(["ALB", None, "??", "ALB"], dtype="str"))
    expected = pd.Series(["Albumin", None, None, "Albumin"], dtype="str")
    pd.testing.assert_series_equal(expected, decoded)


def test_matching_goes_from_exact_to_case_to_synonym():
    """Yes is a decode of Y; case and spaces are tolerated; null and blank stay null; the rest stays as collected."""
    expected = [
        ("Y", "exact"),
        ("Y", "case"),
        ("Y", "synonym"),
        ("NA", "case"),
        ("NA", "synonym"),
        (None, "null"),
        (None, "null"),
        (None, "null"),
        ("perhaps ", "unmatched"),
    ]
    assert expected == match(
        terminology().terms("NY"), "Y", " y", "YES", "na", "Not  applicable", None, "", "  ", "perhaps "
    )


def test_mixed_case_terms_of_oncrsr_stay_apart():
    """CR, CRh and CRi are three terms; crh can only mean CRh."""
    expected = [("CR", "exact"), ("CRh", "exact"), ("CRi", "exact"), ("CRh", "case"), ("CRi", "case"), ("CR", "case")]
    assert expected == match(terminology().terms("ONCRSR"), "CR", "CRh", "CRi", "crh", "CRI", "cr")


def test_case_is_not_tolerated_where_it_separates_terms():
    """With `Mg` and `mg` in one list, `MG` may be both and stays unmatched; `candidates` says which."""
    units = own(Term("Mg"), Term("mg"), Term("g", decode="Gram"))
    expected = [("Mg", "exact"), ("mg", "exact"), ("MG", "unmatched"), ("g", "case"), ("g", "synonym")]
    assert expected == match(units, "Mg", "mg", "MG", "G", "gram")
    assert units.candidates("MG") == ("Mg", "mg")
    assert units.candidates("gram") == ("g",)
    assert units.candidates("none") == ()


def test_ambiguous_synonyms_are_not_used_and_are_reported():
    """A synonym of two terms matches neither; the report names both."""
    terms = own(Term("cal", synonyms=("Calorie",)), Term("kcal", synonyms=("Calorie", "Kilocalorie")))
    expected = [("Calorie", "unmatched"), ("calorie", "unmatched"), ("kcal", "synonym")]
    assert expected == match(terms, "Calorie", "calorie", "kilocalorie")
    assert dict(terms.ambiguous) == {"Calorie": ("cal", "kcal")}
    assert terms.candidates("CALORIE") == ("cal", "kcal")
    assert dict(terminology().terms("UNIT").ambiguous)["Calorie"] == ("cal", "kcal")


def test_a_synonym_that_is_another_term_in_other_case_is_ambiguous():
    """`PCR` is the synonym of one term and differs in case only from another: neither is taken."""
    terms = own(Term("pCR"), Term("POLYMERASE CHAIN REACTION", synonyms=("PCR",)))
    assert match(terms, "PCR", "pCR", "pcr") == [("PCR", "unmatched"), ("pCR", "exact"), ("pCR", "case")]


def test_exact_synonym_decides_between_terms_that_differ_in_case():
    """Two terms differ in case only; a synonym in the third spelling names one of them."""
    terms = own(Term("Mg", synonyms=("MG",)), Term("mg"))
    assert match(terms, "MG", "mG") == [("Mg", "synonym"), ("mG", "unmatched")]


def test_a_submission_value_wins_over_a_synonym_of_another_term():
    """`U` is a term of SEX and of NY; a synonym of another term does not take it away."""
    terms = own(Term("U"), Term("UNKNOWN", synonyms=("U",)))
    assert match(terms, "U") == [("U", "exact")]


def test_the_maps_and_terms_of_a_study_come_first():
    """A declared collected value wins over everything; a study term is marked and matched like the others."""
    terms = own(Term("N"), Term("Y"), Term("NA")).extended(
        [Term("PENDING", decode="Awaited"), Term("Y")], collected={"1": "Y", "0": "N", "NA": "N", "oui": "Y"}
    )
    expected = [
        ("Y", "declared"),
        ("N", "declared"),
        ("N", "declared"),
        ("Y", "declared"),
        ("N", "declared"),
        ("PENDING", "synonym"),
    ]
    assert expected == match(terms, "1", "0", "NA", " OUI ", " 0", "awaited")
    assert [term.extended for term in terms.terms] == [False, False, False, True]


def test_declared_maps_that_differ_in_case_only_are_used_exactly():
    """`m` and `M` mapped to different terms do not make `m ` guessable."""
    terms = own(Term("MALE"), Term("MISSING")).extended(collected={"M": "MALE", "m": "MISSING"})
    assert match(terms, "M", "m", " m") == [("MALE", "declared"), ("MISSING", "declared"), (" m", "unmatched")]


def test_terms_cannot_be_added_to_a_list_that_is_not_extensible():
    """NY is not extensible: the error names the list and its terms."""
    with pytest.raises(SpecError, match=r"NY C66742 is not extensible, so MAYBE cannot be added\n.*N, NA, U, Y"):
        terminology().terms("NY").extended([Term("MAYBE")])
    with pytest.raises(SpecError, match=r"'1' is mapped to 'YES', which codelist NY C66742 does not have"):
        terminology().terms("NY").extended(collected={"1": "YES"})


def test_index_and_length_are_kept():
    """The result has the index of the input, also for no rows and for all nulls."""
    terms = terminology().terms("NY")
    values = pd.Series(["Y", "no"], index=[7, 3], dtype="str")
    pd.testing.assert_series_equal(pd.Series(["Y", "N"], index=[7, 3], dtype="str"), terms.match(values).submission)
    assert match(terms) == []
    assert match(terms, None, None) == [(None, "null"), (None, "null")]


def test_unknown_codelists_and_releases_name_the_nearest():
    """A typing error is answered with the nearest names."""
    with pytest.raises(
        UnknownNameError, match=r"unknown codelist of CT 2025-03-28 'ONCRS'\n  -> did you mean .*ONCRSR"
    ):
        terminology().codelist("ONCRS")
    with pytest.raises(UnknownNameError, match=r"known: 2025-03-28"):
        terminology("2030-01-01")


ROWS = [
    ["C66742", "", "No", "No Yes Response", "NY", "No Yes Response", 'Terms "for" yes.', "CDISC SDTM Yes No"],
    ["C49487", "C66742", "", "No Yes Response", "N", "No", "def", "No"],
    ["C49488", "C66742", "", "No Yes Response", "Y", "Yes; True", "def", "Yes"],
    ["C65047", "", "Yes", "Laboratory Test Code", "LBTESTCD", "Laboratory Test Code", "d", "p"],
    ["C64431", "C65047", "", "Laboratory Test Code", "ALB", "Albumin", "d", "Albumin Measurement"],
    ["C67154", "", "Yes", "Laboratory Test Name", "LBTEST", "Laboratory Test Name", "d", "p"],
    ["C64431", "C67154", "", "Laboratory Test Name", "Albumin", "Albumin", "d", "Albumin Measurement"],
]


def write_text(path, rows=None, header=COLUMNS, encoding="utf-8"):
    """Write an NCI text file."""
    lines = ["\t".join(row) for row in [list(header), *(ROWS if rows is None else rows)]]
    path.write_bytes("\r\n".join([*lines, ""]).encode(encoding))
    return path


def test_a_release_is_read_from_the_text_file(tmp_path):
    """Release and package come from the file name; test codes are paired with test names."""
    ct = read_terminology(write_text(tmp_path / "SDTM Terminology 2024-09-27.txt"))
    assert ct.release == "2024-09-27"
    assert ct.codelist("NY") == Codelist("C66742", "NY", "No Yes Response", False, "SDTM", "")
    assert ct.terms("NY").terms == (
        Term("N", "C49487", "No", ("No",), "No"),
        Term("Y", "C49488", "Yes", ("Yes", "True"), "Yes"),
    )
    assert ct.codelist("LBTESTCD").paired == "LBTEST"
    assert ct.terms("LBTESTCD").by_value["ALB"].decode == "Albumin"
    assert ct.terms("LBTEST").by_value["Albumin"].decode == "Albumin Measurement"
    assert match(ct.terms("NY"), "true") == [("Y", "synonym")]


def test_the_column_standard_and_date_and_a_byte_order_mark_are_read(tmp_path):
    """Newer files state package and release in a ninth column."""
    rows = [[*row, "ADaM CT 2025-09-26"] for row in ROWS]
    path = write_text(tmp_path / "x.txt", rows, (*COLUMNS, "Standard and Date"), "utf-8-sig")
    ct = read_terminology(path)
    assert (ct.release, ct.codelist("NY").package) == ("2025-09-26", "ADaM")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda p: write_text(p, header=COLUMNS[:4] + COLUMNS[5:]),
            r"line 1: the header lacks CDISC Submission Value",
        ),
        (
            lambda p: write_text(p, [*ROWS, ["C1", "C66742", "", "x", "µ", "", "", ""]], encoding="latin-1"),
            r"line 9.*UTF-8",
        ),
        (lambda p: write_text(p, [ROWS[0], ["C49487", "C66742"]]), r"line 3: the line has 2 cells, the header 8"),
        (lambda p: write_text(p, ROWS[1:]), r"line 2: term 'N' belongs to codelist C66742"),
        (
            lambda p: write_text(p, [["C66742", "", "?", "l", "NY", "", "", ""], ROWS[1]]),
            r"line 2.*'\?' for extensible",
        ),
        (
            lambda p: write_text(p, [ROWS[0], ["C1", "C66742", "", "l", "", "", "", ""]]),
            r"line 3: a term .* has no sub",
        ),
        (lambda p: write_text(p, []), r"the file has no terms"),
        (lambda p: p.write_bytes(b""), r"line 1: the header lacks Code,"),
        (lambda p: None, r"there is no such file"),
    ],
)
def test_broken_text_files_name_the_line(tmp_path, change, message):
    """Every broken text file is an InputError with the line and what is wrong."""
    path = tmp_path / "SDTM 2024-09-27.txt"
    change(path)
    with pytest.raises(InputError, match=message):
        read_terminology(path)


def test_a_file_that_does_not_state_its_release_is_refused(tmp_path):
    """Neither file nor name: the release has to be given."""
    path = write_text(tmp_path / "terms.txt")
    with pytest.raises(InputError, match="the release is stated neither"):
        read_terminology(path)
    assert read_terminology(path, release="2024-09-27", package="SDTM").codelist("NY").package == "SDTM"
    with pytest.raises(InputError, match=r"the suffix '\.json'"):
        read_terminology(write_text(tmp_path / "terms.json"))


ODM = """<?xml version="1.0" encoding="UTF-8"?>
{doctype}<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3"
 xmlns:nciodm="http://ncicb.nci.nih.gov/xml/odm/EVS/CDISC" FileOID="f">
 <Study OID="CDISC_CT.SDTM.2025-09-26"><MetaDataVersion OID="M" Name="SDTM CT" Description="SDTM CT, 2025-09-26">
  <CodeList OID="CL.C66742.NY" Name="No Yes Response" DataType="text" {code} nciodm:CodeListExtensible="No">
   <EnumeratedItem CodedValue="N" nciodm:ExtCodeID="C49487"><nciodm:PreferredTerm>No</nciodm:PreferredTerm>
   </EnumeratedItem>
   <EnumeratedItem CodedValue="Y" nciodm:ExtCodeID="C49488"><nciodm:CDISCSynonym>Yes</nciodm:CDISCSynonym>
    <nciodm:CDISCSynonym>{synonym}</nciodm:CDISCSynonym><nciodm:PreferredTerm>Yes</nciodm:PreferredTerm>
   </EnumeratedItem>
   <nciodm:CDISCSubmissionValue>NY</nciodm:CDISCSubmissionValue>
  </CodeList>
 </MetaDataVersion></Study>
</ODM>
"""
CODE = 'nciodm:ExtCodeID="C66742"'


def write_odm(path, doctype="", code=CODE, synonym="True"):
    """Write an ODM-XML file with one codelist."""
    path.write_text(ODM.format(doctype=doctype, code=code, synonym=synonym), "utf-8")
    return path


def test_a_release_is_read_from_odm_xml(tmp_path):
    """The ODM-XML of NCI EVS gives the same codelists, with release and package from its study."""
    ct = read_terminology(write_odm(tmp_path / "ct.xml"))
    assert ct.release == "2025-09-26"
    assert ct.codelist("C66742") == Codelist("C66742", "NY", "No Yes Response", False, "SDTM", "")
    assert ct.terms("NY").terms == (
        Term("N", "C49487", "No", (), "No"),
        Term("Y", "C49488", "Yes", ("Yes", "True"), "Yes"),
    )


BILLION = '<!DOCTYPE ODM [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
EXTERNAL = '<!DOCTYPE ODM [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"doctype": BILLION, "synonym": "&b;"}, "document type declaration"),
        ({"doctype": EXTERNAL, "synonym": "&x;"}, "document type declaration"),
        ({"doctype": '<!DOCTYPE ODM SYSTEM "http://localhost/x.dtd">'}, "document type declaration"),
        ({"code": ""}, r"line 5: CodeList 'CL\.C66742\.NY' has no nciodm:ExtCodeID"),
        ({"synonym": "<b"}, r"line 9: the file is not well-formed XML"),
    ],
)
def test_hostile_and_broken_xml_is_refused(tmp_path, arguments, message):
    """Entities are never expanded; broken XML names the line."""
    with pytest.raises(InputError, match=message):
        read_terminology(write_odm(tmp_path / "ct.xml", **arguments))


def test_xml_that_is_not_odm_is_refused(tmp_path):
    """Another root element is named in the error."""
    path = tmp_path / "ct 2025-01-01.xml"
    path.write_text("<html/>")
    with pytest.raises(InputError, match="the root element is html, not ODM"):
        read_terminology(path)
    path.write_text("")
    with pytest.raises(InputError, match="not well-formed XML"):
        read_terminology(path)
