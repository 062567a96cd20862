"""The rules that a define.xml is checked by: id, severity, what is wrong, and where the rule comes from.

The ids are this toolkit's own: `DEF-I` import, `DEF-X` schema, `DEF-L` links, `DEF-R` rules that the schema cannot
state, `DEF-D` define.xml against the data.
"""

from __future__ import annotations

from dataclasses import dataclass

from spectrail.findings import Severity


@dataclass(frozen=True)
class Rule:
    """One rule; `source` names document and section."""

    id: str
    severity: Severity
    title: str
    source: str


def _rules(*rows: tuple[str, Severity, str, str]) -> dict[str, Rule]:
    return {row[0]: Rule(*row) for row in rows}


_DEFINE = "Define-XML 2.1"
_SUBMISSION = "Define-XML 2.1, Context=Submission"

RULES: dict[str, Rule] = _rules(
    ("DEF-I01", "notice", "part of the file is not in the model", "import"),
    ("DEF-I02", "error", "a value cannot be read as what it should be", "import"),
    ("DEF-I03", "notice", "a value was mapped by an assumption", "import"),
    ("DEF-I04", "error", "a link leads to nothing", "import"),
    ("DEF-I05", "notice", "the version written has no place for it", "export"),
    ("DEF-X01", "error", "the file is not valid against the XML schema", "Define-XML schema"),
    ("DEF-L01", "error", "an OID that is referred to does not exist", f"{_DEFINE} section 5.3"),
    ("DEF-L02", "warning", "an object that nothing refers to", f"{_DEFINE} section 5.3"),
    ("DEF-L03", "error", "the same OID is given twice", f"{_DEFINE} section 5.3"),
    ("DEF-L04", "warning", "a document that is linked does not exist beside the file", f"{_DEFINE} def:leaf"),
    ("DEF-L05", "error", "a link leads to a script or out of the submission folder", f"{_DEFINE} def:leaf"),
    ("DEF-R01", "error", "FileType is not Snapshot", f"{_DEFINE} ODM"),
    ("DEF-R02", "error", "ODMVersion is not 1.3.2", f"{_DEFINE} ODM"),
    ("DEF-R03", "error", "a CT standard without publishing set or not named CDISC/NCI", f"{_DEFINE} def:Standard"),
    ("DEF-R04", "error", "page reference without pages, or with pages given twice", f"{_DEFINE} def:PDFPageRef"),
    ("DEF-R05", "error", "range check without comparator", f"{_DEFINE} RangeCheck"),
    ("DEF-R06", "error", "a comparison with one value has several values", f"{_DEFINE} RangeCheck"),
    ("DEF-R07", "warning", "a where clause over several datasets without comment", f"{_DEFINE} def:WhereClauseDef"),
    ("DEF-R08", "error", "Repeating and IsReferenceData contradict", f"{_DEFINE} ItemGroupDef"),
    (
        "DEF-R09",
        "error",
        "Domain is missing for a tabulation dataset or given for an analysis dataset",
        f"{_DEFINE} ItemGroupDef",
    ),
    ("DEF-R10", "error", "Purpose is missing or not Tabulation or Analysis", f"{_DEFINE} ItemGroupDef"),
    ("DEF-R11", "error", "a dataset needs either a standard or IsNonStandard", f"{_DEFINE} ItemGroupDef"),
    ("DEF-R12", "error", "the standard of a dataset is not an implementation guide", f"{_DEFINE} ItemGroupDef"),
    ("DEF-R13", "error", "HasNoData without comment", f"{_DEFINE} ItemGroupDef, ItemRef"),
    ("DEF-R14", "error", "ArchiveLocationID is not the ID of the leaf of the dataset", f"{_DEFINE} ItemGroupDef"),
    ("DEF-R15", "error", "a derived variable without method", f"{_DEFINE} ItemRef"),
    (
        "DEF-R16",
        "error",
        "a length is missing for text, integer or float, or given for a date or time",
        f"{_DEFINE} ItemDef",
    ),
    ("DEF-R17", "error", "significant digits are missing for float", f"{_DEFINE} ItemDef"),
    ("DEF-R18", "error", "a value-level length is greater than its variable's", f"{_DEFINE} ItemDef"),
    ("DEF-R19", "error", "a data type that Define-XML does not use", f"{_DEFINE} ItemDef"),
    ("DEF-R20", "error", "an origin without source, or a predecessor with one", f"{_DEFINE} def:Origin"),
    ("DEF-R21", "warning", "a source that the standard does not list for this origin", f"{_DEFINE} def:Origin"),
    ("DEF-R22", "error", "a predecessor that is not described", f"{_DEFINE} def:Origin"),
    ("DEF-R23", "error", "an origin type that is not valid for this kind of data", f"{_DEFINE} def:Origin"),
    ("DEF-R24", "warning", "origins both on the variable and on its value levels", f"{_DEFINE} def:Origin"),
    ("DEF-R25", "error", "a codelist needs either a CT standard or IsNonStandard", f"{_DEFINE} CodeList"),
    ("DEF-R26", "error", "order or rank on some of the terms only", f"{_DEFINE} CodeListItem"),
    (
        "DEF-R27",
        "error",
        "an extended value in a list of the sponsor, or with a CDISC code",
        f"{_DEFINE} CodeListItem",
    ),
    ("DEF-R28", "error", "an external dictionary without name or version", f"{_DEFINE} ExternalCodeList"),
    ("DEF-R29", "error", "a method without type Computation or Imputation", f"{_DEFINE} MethodDef"),
    ("DEF-R30", "error", "a formal expression that does not name its language", f"{_DEFINE} FormalExpression"),
    ("DEF-R31", "error", "a value-level item without where clause", f"{_DEFINE} section 5.3"),
    ("DEF-R32", "error", "a where clause on a variable of a dataset", f"{_DEFINE} ItemRef"),
    (
        "DEF-R33",
        "error",
        "a supplemental qualifier dataset without value levels of QVAL",
        f"{_DEFINE} def:ValueListDef",
    ),
    (
        "DEF-R34",
        "error",
        "IsNonStandard on a variable of an analysis dataset or a supplemental qualifier",
        f"{_DEFINE} ItemRef",
    ),
    ("DEF-R35", "error", "a codelist whose data type is not its variable's", f"{_DEFINE} CodeList"),
    ("DEF-R36", "error", "a coded value that is not of the codelist's data type", f"{_DEFINE} CodeList"),
    ("DEF-R37", "warning", "the parameter of an analysis result is not PARAMCD", "ARM 1.0 AnalysisResult"),
    ("DEF-R38", "error", "an analysis variable that is not in the analysis dataset", "ARM 1.0 AnalysisVariable"),
    (
        "DEF-R39",
        "warning",
        "several analysis datasets without a comment on how they are joined",
        "ARM 1.0 AnalysisDatasets",
    ),
    ("DEF-R40", "warning", "an analysis reason or purpose outside the published terms", "ARM 1.0 AnalysisResult"),
    ("DEF-S01", "error", "no standards", _SUBMISSION),
    ("DEF-S02", "error", "a dataset without key variables", _SUBMISSION),
    ("DEF-S03", "error", "SASDatasetName is missing, not upper case or not the name", _SUBMISSION),
    ("DEF-S04", "error", "a dataset without link to its file", _SUBMISSION),
    ("DEF-S05", "error", "a dataset without description", _SUBMISSION),
    ("DEF-S06", "error", "a variable without description", _SUBMISSION),
    ("DEF-S07", "error", "a supplemental or split dataset without the description of its domain", _SUBMISSION),
    ("DEF-S08", "error", "a dataset without class, or without a subclass that its guide asks for", _SUBMISSION),
    ("DEF-S09", "error", "a CDISC codelist or term without NCI code", _SUBMISSION),
    ("DEF-S10", "error", "SASFieldName is missing", _SUBMISSION),
    ("DEF-S11", "error", "a variable without origin", _SUBMISSION),
    ("DEF-S12", "warning", "a collected variable without page of the annotated CRF", _SUBMISSION),
    ("DEF-D01", "error", "a described dataset has no file", "define.xml against data"),
    ("DEF-D02", "error", "a file is not described", "define.xml against data"),
    ("DEF-D03", "error", "a described variable is not in the data", "define.xml against data"),
    ("DEF-D04", "error", "a variable of the data is not described", "define.xml against data"),
    ("DEF-D05", "error", "the order of variables differs", "define.xml against data"),
    ("DEF-D06", "error", "the label of a variable differs", "define.xml against data"),
    ("DEF-D07", "error", "the type of a variable differs", "define.xml against data"),
    (
        "DEF-D08",
        "error",
        "a value is longer than the length says, or a number has more digits",
        "decision on text length; define.xml against data",
    ),
    ("DEF-D09", "notice", "the longest value is shorter than the length says", "define.xml against data"),
    ("DEF-D10", "warning", "the stored length differs, or holds fewer digits", "define.xml against data"),
    ("DEF-D11", "error", "a mandatory variable has missing values", "define.xml against data"),
    ("DEF-D12", "error", "a value is not in the codelist", "define.xml against data"),
    ("DEF-D14", "error", "the key variables do not identify a record", "define.xml against data"),
    ("DEF-D15", "warning", "the records are not sorted by the key variables", "define.xml against data"),
    ("DEF-D16", "error", "the label of the dataset differs", "define.xml against data"),
    ("DEF-D17", "error", "a value has more decimals than the significant digits say", "define.xml against data"),
    ("DEF-D18", "error", "data where none are described, or none where they are", "define.xml against data"),
    ("DEF-D19", "error", "a value is not of the described type", "define.xml against data"),
    ("DEF-D20", "warning", "a value-level condition that no record meets", "define.xml against data"),
    ("DEF-D21", "error", "a record with a value that no value-level condition covers", "define.xml against data"),
    ("DEF-D22", "error", "a record that two value-level conditions cover", "define.xml against data"),
    ("DEF-D23", "error", "a file cannot be read", "define.xml against data"),
    ("DEF-D24", "warning", "the display format differs", "define.xml against data"),
    ("DEF-D25", "notice", "a value-level condition that could not be evaluated", "define.xml against data"),
    ("DEF-B01", "error", "a typed value disagrees with the data", "specification against data"),
    ("DEF-B02", "notice", "the typed length is greater than the longest value", "specification against data"),
    ("DEF-B03", "notice", "a typed origin differs from the executed steps", "specification against lineage"),
)
