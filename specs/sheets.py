"""Sheets and columns of the specification workbook: names of three generations, and which field each column holds.

The first group are the sheets and columns of the P21-style workbook for Define-XML 2.1 (aliases: the two generations
for Define-XML 2.0); the second our own sheets for how the data are built.  A field of the model without a column here
gets a column of its own, named after it, when an object needs it: nothing of the model is lost in a workbook.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from specs import models as m


@dataclass(frozen=True)
class Column:
    """A column: its header, the field it holds (`origin.type`: a field of the only origin), further headers."""

    header: str
    field: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class SheetKind:
    """A sheet: the objects its rows are, its columns, those that must be there, and the prefix of extra columns."""

    name: str
    cls: type[m.Model]
    columns: tuple[Column, ...]
    required: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    verbatim: bool = False
    own: bool = False


GROUPS: Mapping[str, str] = {"origin": "origins", "document": "documents", "expression": "expressions"}
"""Groups of columns that hold the only item of a sequence field."""


def normal(text: str) -> str:
    """Reduce a sheet name or header to what is compared: letters and digits, lower case."""
    return re.sub(r"[^a-z0-9]", "", text.casefold())


def extra_header(field: str) -> str:
    """Return the header of the column that a field without a column of its own gets."""
    return field.rstrip("_").replace("_", " ").title()


def _c(header: str, field: str, *aliases: str) -> Column:
    return Column(header, field, aliases)


NOTES = _c("Developer Notes", "notes", "Notes", "Programmer Notes")
DOCUMENT = (_c("Document", "document.document"), _c("Pages", "document.pages", "Page"))
ITEM = (
    _c("Data Type", "data_type", "Type"),
    _c("Length", "length"),
    _c("Significant Digits", "significant_digits"),
    _c("Format", "format"),
    _c("Mandatory", "mandatory"),
    _c("Assigned Value", "assigned_value"),
    _c("Codelist", "codelist", "Code List"),
)
ORIGIN = (
    _c("Origin", "origin.type"),
    _c("Source", "origin.source"),
    _c("Pages", "origin.pages", "Page"),
    _c("Method", "method"),
    _c("Predecessor", "origin.predecessor"),
)

DATASETS = SheetKind(
    "Datasets",
    m.Dataset,
    (
        _c("Dataset", "name", "Dataset Name"),
        _c("Label", "label", "Description"),
        _c("Class", "class_"),
        _c("SubClass", "subclass"),
        _c("Structure", "structure"),
        _c("Key Variables", "keys", "Key, Variables", "Keys"),
        _c("Standard", "standard"),
        _c("Has No Data", "has_no_data"),
        _c("Repeating", "repeating"),
        _c("Reference Data", "reference_data", "IsReferenceData"),
        _c("Comment", "comment"),
        NOTES,
    ),
    required=("name",),
)
VARIABLES = SheetKind(
    "Variables",
    m.Variable,
    (
        _c("Order", "~order"),
        _c("Dataset", "~dataset", "Dataset Name", "Domain"),
        _c("Variable", "name", "Variable Name"),
        _c("Label", "label"),
        *ITEM,
        _c("Common", "common"),
        *ORIGIN,
        _c("Role", "role"),
        _c("Has No Data", "has_no_data"),
        _c("Comment", "comment"),
        NOTES,
    ),
    required=("~dataset", "name"),
)
VALUE_LEVEL = SheetKind(
    "ValueLevel",
    m.ValueLevel,
    (
        _c("Order", "order"),
        _c("Dataset", "~dataset"),
        _c("Variable", "variable"),
        _c("Where Clause", "where"),
        _c("Label", "label", "Description"),
        *ITEM,
        *ORIGIN,
        _c("Comment", "comment", "Value Level Comment"),
        NOTES,
    ),
    required=("~dataset", "variable", "where"),
    aliases=("Value Level", "Value Level Metadata"),
)
WHERE_CLAUSES = SheetKind(
    "WhereClauses",
    m.Condition,
    (
        _c("ID", "~id"),
        _c("Dataset", "dataset"),
        _c("Variable", "variable"),
        _c("Comparator", "comparator"),
        _c("Value", "values", "Values"),
        _c("Comment", "~comment"),
    ),
    required=("~id", "variable", "comparator", "values"),
)
CODELISTS = SheetKind(
    "Codelists",
    m.Codelist,
    (
        _c("ID", "id", "Codelist"),
        _c("Name", "name"),
        _c("NCI Codelist Code", "code", "NCI Code"),
        _c("Data Type", "data_type"),
        _c("Terminology", "terminology"),
        _c("Comment", "comment"),
    ),
    required=("id",),
    aliases=("Code Lists",),
)
TERMS = SheetKind(
    "Codelists",
    m.Term,
    (
        _c("Order", "order"),
        _c("Term", "term", "Value"),
        _c("NCI Term Code", "code"),
        _c("Decoded Value", "decode", "Decode"),
    ),
)
DICTIONARIES = SheetKind(
    "Dictionaries",
    m.Dictionary,
    (
        _c("ID", "id"),
        _c("Name", "name"),
        _c("Data Type", "data_type"),
        _c("Dictionary", "dictionary"),
        _c("Version", "version"),
    ),
    required=("id",),
)
METHODS = SheetKind(
    "Methods",
    m.Method,
    (
        _c("ID", "id"),
        _c("Name", "name"),
        _c("Type", "type"),
        _c("Description", "description"),
        _c("Expression Context", "expression.context"),
        _c("Expression Code", "expression.code"),
        *DOCUMENT,
    ),
    required=("id",),
)
COMMENTS = SheetKind(
    "Comments", m.Comment, (_c("ID", "id"), _c("Description", "description"), *DOCUMENT), required=("id",)
)
DOCUMENTS = SheetKind(
    "Documents",
    m.Document,
    (_c("ID", "id"), _c("Title", "title"), _c("Href", "href", "Link")),
    required=("id",),
)
DISPLAYS = SheetKind(
    "Analysis Displays",
    m.AnalysisDisplay,
    (_c("ID", "id"), _c("Title", "title"), *DOCUMENT),
    required=("id",),
)
RESULTS = SheetKind(
    "Analysis Results",
    m.AnalysisResult,
    (
        _c("Display", "~display"),
        _c("ID", "id"),
        _c("Description", "description"),
        _c("Variables", "~variables"),
        _c("Reason", "reason"),
        _c("Purpose", "purpose"),
        _c("Selection Criteria", "~criteria"),
        _c("Join Comment", "join_comment"),
        _c("Documentation", "documentation"),
        _c("Documentation Refs", "~refs"),
        _c("Programming Context", "~context"),
        _c("Programming Code", "~code"),
        _c("Programming Document", "~document"),
        _c("Pages", "~pages"),
    ),
    required=("~display", "id"),
)

MAPPINGS = SheetKind(
    "Mappings",
    m.Step,
    (
        _c("Dataset", "~dataset"),
        _c("Order", "~order"),
        _c("Target", "target"),
        _c("Algorithm", "algorithm"),
        _c("Source", "source"),
        _c("When", "when"),
        _c("Codelist", "codelist"),
        _c("Arguments", "arguments"),
        _c("Replace", "replace"),
        _c("Method", "method"),
        _c("Note", "note"),
    ),
    required=("~dataset", "algorithm"),
    own=True,
)
PARAMETERS = SheetKind(
    "Parameters",
    m.Parameter,
    (
        _c("Dataset", "~dataset"),
        _c("PARAMCD", "paramcd"),
        _c("PARAM", "param"),
        _c("PARAMN", "paramn"),
        _c("PARCAT1", "parcat1"),
        _c("Codelist", "codelist"),
        _c("Rule", "rule"),
        _c("Inputs", "inputs"),
        _c("Settings", "settings"),
        _c("Note", "note"),
    ),
    required=("~dataset", "paramcd", "param"),
    own=True,
)
SOURCES = SheetKind(
    "Sources",
    m.RawSource,
    (
        _c("Name", "name"),
        _c("Path", "path"),
        _c("Format", "format"),
        _c("Encoding", "encoding"),
        _c("Delimiter", "delimiter"),
        _c("Sheet", "sheet"),
        _c("Member", "member"),
        _c("Header Row", "header_row"),
        _c("Keys", "keys"),
        _c("Dates", "dates"),
        _c("Label", "label"),
    ),
    required=("name", "path"),
    verbatim=True,
    own=True,
)
STANDARDS = SheetKind(
    "Standards",
    m.Standard,
    (
        _c("ID", "id"),
        _c("Name", "name"),
        _c("Type", "type"),
        _c("Version", "version"),
        _c("Status", "status"),
        _c("Publishing Set", "publishing_set"),
        _c("Comment", "comment"),
    ),
    required=("name", "version"),
    own=True,
)
TRANSLATIONS = SheetKind(
    "Translations",
    m.Translation,
    (
        _c("Source Text", "source", "Source"),
        _c("English", "english"),
        _c("Status", "status"),
        _c("Columns", "columns"),
    ),
    required=("source", "english"),
    verbatim=True,
    own=True,
)

PAIRS: Mapping[str, tuple[str, str, str]] = {
    "Settings": ("settings", "Name", "Value"),
    "Transliterations": ("transliterations", "Character", "Replacement"),
}
"""Our own sheets of two columns: the field of the study they hold, and their headers."""

LISTS: Mapping[str, SheetKind] = {
    "standards": STANDARDS,
    "dictionaries": DICTIONARIES,
    "methods": METHODS,
    "comments": COMMENTS,
    "documents": DOCUMENTS,
    "sources": SOURCES,
    "translations": TRANSLATIONS,
}
"""Sheets whose rows are the items of a field of the study."""

OF_DATASET: Mapping[str, SheetKind] = {
    "variables": VARIABLES,
    "value_levels": VALUE_LEVEL,
    "parameters": PARAMETERS,
    "steps": MAPPINGS,
}
"""Sheets whose rows are the items of a field of a dataset."""

ATTRIBUTES: Mapping[str, str] = {
    "StudyID": "study_id",
    "StudyName": "name",
    "StudyDescription": "description",
    "ProtocolName": "protocol",
    "Language": "language",
    "CT": "ct",
    "Created": "created",
    "Cutoff": "cutoff",
    "SDTMSource": "sdtm_source",
    "Extensions": "extensions",
    "DefineHeader": "define",
}
"""Rows of the Define sheet (Study in the first generation) beside StandardName and StandardVersion."""

DEFINE = ("Define", "Study")
TABLES = "Tables"
TABLE_COLUMNS = ("Table", "Label", "Sheet")
KINDS = (
    DATASETS,
    VARIABLES,
    VALUE_LEVEL,
    WHERE_CLAUSES,
    CODELISTS,
    DISPLAYS,
    RESULTS,
    MAPPINGS,
    PARAMETERS,
    *LISTS.values(),
)
