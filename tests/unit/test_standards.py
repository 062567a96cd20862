"""The packaged tables of the standards and their lookups."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from specs.standards import adamig, known_versions, occds, sdtm_model, sdtmig, ts_parameters
from specs.standards import build as builder
from spectrail.errors import InputError, UnknownNameError

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "specs" / "standards"
CSVS = ROOT.parent / "shared" / "reference" / "standards"


def test_every_packaged_file_has_the_hash_that_sources_states():
    """SOURCES.md lists every packaged file with the SHA-256 of its bytes."""
    stated = dict(re.findall(r"^\| (\S+\.parquet) \| ([0-9a-f]{64}) \|$", (FOLDER / "SOURCES.md").read_text(), re.M))
    actual = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in FOLDER.glob("*.parquet")}
    assert stated == actual
    assert len(actual) == 8


def test_the_packaged_tables_are_those_the_build_makes():
    """Building the tables again from the CSV files gives equal tables."""
    if not CSVS.exists():
        pytest.skip("the folder of reference CSV files is absent")
    from specs.standards.catalogue import read_table

    for name, make in builder.TABLES.items():
        assert make(CSVS).to_pylist() == read_table(name).to_pylist(), name


def test_building_from_a_folder_without_the_files_names_the_file(tmp_path):
    """A missing CSV file is an input error with its path."""
    with pytest.raises(InputError, match=r"sdtmig_3_4_datasets\.csv"):
        builder.build(tmp_path, tmp_path)


def test_sdtmig_datasets_and_variables():
    """AE of SDTMIG 3.4: class, keys, order, label, codelist, role, core."""
    ig = sdtmig("3.4")
    ae = ig.dataset("AE")
    assert len(ig.datasets) == 63
    assert sum(len(dataset.variables) for dataset in ig.datasets.values()) == 1917
    assert (ae.label, ae.class_name, ae.define_class) == ("Adverse Events", "Events", "EVENTS")
    assert ae.keys == ("STUDYID", "USUBJID", "AEDECOD", "AESTDTC")
    assert (ae.repeating, ae.reference_data) == (True, False)
    assert ig.dataset("TA").reference_data
    assert [variable.order for variable in ae.variables] == list(range(1, 61))
    severity = ig.variable("AE", "AESEV")
    assert severity is not None
    assert (severity.label, severity.type, severity.codelists) == ("Severity/Intensity", "Char", ("C66769",))
    assert (severity.role, severity.core) == ("Record Qualifier", "Perm")
    start = ig.variable("AE", "AESTDTC")
    assert start is not None
    assert start.format == "ISO 8601 datetime or interval"
    assert ig.variable("AE", "AELNKID") is None


def test_supplemental_qualifiers_are_described_under_their_own_name():
    """SUPPAE has the variables of SUPPQUAL."""
    supp = sdtmig("3.4").dataset("SUPPAE")
    assert (supp.name, supp.label) == ("SUPPAE", "Supplemental Qualifiers for AE")
    assert [variable.name for variable in supp.variables][-4:] == ["QLABEL", "QVAL", "QORIG", "QEVAL"]


def test_model_variables_take_the_prefix_of_the_domain():
    """What AE may carry by the Events class of SDTM 2.0, in model order."""
    model = sdtm_model("2.0")
    names = [variable.name for variable in model.variables("Events", "AE")]
    assert names[:2] == ["STUDYID", "DOMAIN"]
    assert names.index("AELNKID") < names.index("AETERM") < names.index("AESTDTC")
    assert "VISITNUM" in names
    assert not [name for name in names if "--" in name]
    found = model.variable("Events", "AE", "AELNKID")
    assert found is not None
    assert (found.pattern, found.role, found.label) == ("--LNKID", "Identifier", "Link ID")
    assert model.variable("Events", "AE", "AEORRES") is None


def test_model_classes():
    """Findings About has --OBJ and the Findings variables; special-purpose datasets have their own."""
    model = sdtm_model("2.0")
    about = [variable.name for variable in model.variables("Findings About", "FA")]
    assert about.index("FAOBJ") < about.index("FATESTCD")
    assert [variable.name for variable in model.variables("Trial Design", "TE")] == [
        "STUDYID",
        "DOMAIN",
        "ETCD",
        "ELEMENT",
        "TESTRL",
        "TEENRL",
        "TEDUR",
    ]
    with pytest.raises(UnknownNameError, match="did you mean Events"):
        model.variables("Event", "AE")


@pytest.mark.parametrize(
    ("class_name", "name", "pattern", "label", "indexes"),
    [
        ("ADSL", "TRT01P", "TRTxxP", "Planned Treatment for Period 01", {"xx": "01"}),
        ("ADSL", "TRT12PN", "TRTxxPN", "Planned Treatment for Period 12 (N)", {"xx": "12"}),
        ("ADSL", "TR01PG2", "TRxxPGy", "Planned Pooled Treatment 2 for Period 01", {"xx": "01", "y": "2"}),
        ("ADSL", "P01S2SDT", "PxxSwSDT", "Period 01 Subperiod 2 Start Date", {"xx": "01", "w": "2"}),
        ("ADSL", "AGEGR1", "AGEGRy", "Pooled Age Group 1", {"y": "1"}),
        ("BDS", "AVALCAT1", "AVALCATy", "Analysis Value Category 1", {"y": "1"}),
        ("BDS", "CRIT10FL", "CRITyFL", "Criterion 10 Evaluation Result Flag", {"y": "10"}),
        ("BDS", "ANL01FL", "ANLzzFL", "Analysis Flag 01", {"zz": "01"}),
        ("BDS", "TRT01A", "TRTxxA", "Actual Treatment for Period 01", {"xx": "01"}),
        ("BDS", "RELDT", "*DT", "", {}),
        ("BDS", "RSSDTM", "*SDTM", "", {}),
    ],
)
def test_indexed_names_of_adam(class_name, name, pattern, label, indexes):
    """A concrete name finds the indexed name of ADaMIG 1.3, its label has the numbers put in."""
    found = adamig("1.3").variable(class_name, name)
    assert found is not None
    assert (found.name, found.pattern, found.label, dict(found.indexes)) == (name, pattern, label, indexes)


@pytest.mark.parametrize(
    ("class_name", "name"),
    [
        ("ADSL", "TRT1P"),
        ("ADSL", "TRT00P"),
        ("BDS", "AVALCAT0"),
        ("BDS", "CRIT100FL"),
        ("ADSL", "APHASE10"),
        ("BDS", "X"),
    ],
)
def test_names_that_no_pattern_allows(class_name, name):
    """xx needs two digits from 01, y is 1-99 without leading zero, w is one digit."""
    assert adamig("1.3").variable(class_name, name) is None


def test_exact_names_win_over_patterns():
    """TRTSDT in a BDS dataset is that of ADSL, not a `*DT`; CNSR is found in BDS-TTE."""
    ig = adamig("1.3")
    treatment_start = ig.variable("BDS", "TRTSDT")
    assert treatment_start is not None
    assert (treatment_start.group, treatment_start.pattern) == ("ADSL", "")
    censor = ig.variable("BDS-TTE", "CNSR")
    value = ig.variable("BDS-TTE", "AVAL")
    assert censor is not None
    assert value is not None
    assert (censor.group, censor.core, value.group) == ("BDS-TTE", "Cond", "BDS")


def test_occurrence_data():
    """`--` of OCCDS is resolved by the domain; ADAE is spelled out."""
    standard = occds("1.1")
    sequence = standard.variable("OCCDS", "CMSEQ")
    assert sequence is not None
    assert (sequence.pattern, sequence.label) == ("--SEQ", "Sequence Number")
    assert standard.variable("OCCDS", "CMSEQ", prefix="AE") is None
    flag = standard.variable("ADAE", "AOCC01FL")
    assert flag is not None
    assert flag.pattern == "AOCCzzFL"
    assert standard.classes == ("OCCDS", "ADAE")


def test_ts_parameters():
    """ADAPT takes its value from the NY codelist."""
    found = ts_parameters()["ADAPT"]
    assert (found.label, found.term_code, found.codelist) == ("Adaptive Design", "C146995", "C66742")
    assert len(ts_parameters()) == 43


def test_unknown_versions_list_the_known_ones():
    """An unknown version raises and names those that are packaged."""
    assert known_versions("sdtmig") == ("3.4",)
    assert known_versions("ct") == ("2025-03-28",)
    with pytest.raises(UnknownNameError, match=r"unknown version of SDTMIG '9'\n  -> known: 3\.4"):
        sdtmig("9")
    with pytest.raises(UnknownNameError, match=r"\.\./3\.4"):
        sdtmig("../3.4")
    with pytest.raises(UnknownNameError, match="unknown version of ADAMIG"):
        adamig("1.0x")


def test_importing_the_catalogue_reads_nothing():
    """Neither pyarrow nor pandas is imported by importing the package."""
    code = "import sys, specs.standards; print('pyarrow' in sys.modules, 'pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == ["False", "False"]
