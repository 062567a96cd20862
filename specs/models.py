"""The canonical specification: frozen models of what a study's datasets are and how they are built.

The two editable faces (workbook and YAML) and define.xml all read into and write from these models; the JSON dump of
`Study` is the hashed artefact of a run.  Models hold tuples, never lists; where an object was written (file, sheet,
row, line) is kept in a side map by the readers, so that both faces compare and hash equal.  Empty text means "not
given" for every optional text field.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypeAliasType

from spectrail.errors import UnknownNameError
from spectrail.layout import DataType

Comparator = Literal["EQ", "NE", "LT", "LE", "GT", "GE", "IN", "NOTIN"]
YesNo = Literal["Yes", "No", ""]
Argument = TypeAliasType("Argument", "str | tuple[Argument, ...] | dict[str, Argument]")
"""A value of a step argument as written: text, a sequence, or a mapping of these; the runner types it."""


class Model(BaseModel):
    """Frozen, strict about names, with tuples for sequences."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Alias(Model):
    """Another name of an object in a context (`nci:ExtCodeID`, `DomainDescription`)."""

    context: str
    name: str


class Standard(Model):
    """A standard or CT package that the study uses (Define-XML 2.1 def:Standard)."""

    id: str = ""
    name: str
    type: Literal["IG", "CT"] = "IG"
    version: str
    status: str = "Final"
    publishing_set: str = ""
    comment: str = ""


class DocumentRef(Model):
    """A reference to a document, optionally to pages of it (`12 15`, `3-7` or a named destination)."""

    document: str
    pages: str = ""
    page_type: Literal["PhysicalRef", "NamedDestination", ""] = ""
    title: str = ""


class Origin(Model):
    """Where a variable comes from: Define-XML 2.1 type and source, predecessor text or pages."""

    type: str = ""
    source: str = ""
    description: str = ""
    predecessor: str = ""
    pages: str = ""
    documents: tuple[DocumentRef, ...] = ()


class Condition(Model):
    """One comparison of a where clause."""

    dataset: str = ""
    variable: str
    comparator: Comparator = "EQ"
    values: tuple[str, ...] = ()
    hard: bool = False


class WhereClause(Model):
    """Conditions joined by AND; `id` is the WhereClauses sheet's or define.xml's."""

    id: str = ""
    conditions: tuple[Condition, ...] = ()
    comment: str = ""


class Term(Model):
    """One term of a codelist; `synonyms` are collected values that map to it in this study."""

    term: str
    decode: str = ""
    code: str = ""
    order: int | None = None
    rank: str = ""
    extended: bool = False
    synonyms: tuple[str, ...] = ()
    description: str = ""
    comment: str = ""
    aliases: tuple[Alias, ...] = ()


class Codelist(Model):
    """A codelist of the study: a subset or extension of a CDISC codelist (`code`), or the sponsor's own.

    With `code` and without terms, all terms of the CT release are meant and define.xml lists the used ones.
    """

    id: str
    name: str = ""
    code: str = ""
    data_type: DataType = "text"
    format: str = ""
    terminology: str = ""
    non_standard: YesNo = ""
    description: str = ""
    comment: str = ""
    terms: tuple[Term, ...] = ()
    aliases: tuple[Alias, ...] = ()


class Dictionary(Model):
    """An external dictionary (MedDRA, WHODrug, ...) used as a codelist."""

    id: str
    name: str = ""
    data_type: DataType = "text"
    dictionary: str = ""
    version: str = ""
    href: str = ""
    ref: str = ""
    format: str = ""
    terminology: str = ""
    non_standard: YesNo = ""
    description: str = ""
    comment: str = ""
    aliases: tuple[Alias, ...] = ()


class FormalExpression(Model):
    """A formal expression of a method in some language."""

    context: str = ""
    code: str = ""


class Method(Model):
    """How a variable is computed; without `description` the text is generated from the executed steps."""

    id: str
    name: str = ""
    type: Literal["Computation", "Imputation", "Transpose", "Other", ""] = "Computation"
    description: str = ""
    expressions: tuple[FormalExpression, ...] = ()
    documents: tuple[DocumentRef, ...] = ()
    aliases: tuple[Alias, ...] = ()


class Comment(Model):
    """A comment that datasets, variables, codelists and standards refer to."""

    id: str
    description: str = ""
    documents: tuple[DocumentRef, ...] = ()


class Document(Model):
    """A document of the submission; `kind` says how define.xml lists it, `package` in which one (empty: in both)."""

    id: str
    title: str = ""
    href: str = ""
    kind: Literal["acrf", "supplemental", ""] = ""
    package: Literal["SDTM", "ADaM", ""] = ""


class Variable(Model):
    """One variable of a dataset. Standard metadata fill what is left out; a typed length is an upper bound.

    `sas_name` is the name in the transport file: None means the same as `name`, empty means that none is given.
    """

    name: str
    label: str = ""
    data_type: DataType | Literal[""] = ""
    length: int | None = None
    significant_digits: int | None = None
    format: str = ""
    mandatory: YesNo = ""
    assigned_value: str = ""
    codelist: str = ""
    common: YesNo = ""
    origins: tuple[Origin, ...] = ()
    method: str = ""
    role: str = ""
    core: str = ""
    comment: str = ""
    standard: str = ""
    has_no_data: YesNo = ""
    notes: str = ""
    description: str = ""
    aliases: tuple[Alias, ...] = ()
    sas_name: str | None = None
    role_codelist: str = ""
    non_standard: YesNo = ""


class ValueLevel(Model):
    """Metadata of `variable` for the records that meet `where` or one of `alternatives`."""

    variable: str
    where: WhereClause
    label: str = ""
    data_type: DataType | Literal[""] = ""
    length: int | None = None
    significant_digits: int | None = None
    format: str = ""
    mandatory: YesNo = ""
    assigned_value: str = ""
    codelist: str = ""
    origins: tuple[Origin, ...] = ()
    method: str = ""
    comment: str = ""
    join_comment: str = ""
    notes: str = ""
    order: int | None = None
    name: str = ""
    aliases: tuple[Alias, ...] = ()
    alternatives: tuple[WhereClause, ...] = ()
    sas_name: str = ""
    role: str = ""
    role_codelist: str = ""
    has_no_data: YesNo = ""
    non_standard: YesNo = ""


class Step(Model):
    """One step of building a dataset.

    `target` is the variable that gets values (`SUPPAE.AETRTEM` for a supplemental qualifier; empty for steps that
    change records), `source` the columns read: `form.COLUMN` for collected ones, `VARIABLE` for variables that exist
    already. A step fills only records in which the target is still missing, unless `replace` is set.
    """

    target: str = ""
    algorithm: str
    source: tuple[str, ...] = ()
    codelist: str = ""
    when: str = ""
    arguments: Mapping[str, Argument] = Field(default_factory=dict)
    replace: bool = False
    method: str = ""
    note: str = ""


class Parameter(Model):
    """One parameter of an ADaM dataset: its code and text, the rule that makes it, and the rule's settings.

    One without rule, inputs and settings only has names: the dataset's own steps make its records. `codelist` is that
    of its AVALC.
    """

    paramcd: str
    param: str
    paramn: int | None = None
    parcat1: str = ""
    codelist: str = ""
    rule: str = ""
    inputs: tuple[str, ...] = ()
    settings: Mapping[str, Argument] = Field(default_factory=dict)
    note: str = ""


class Dataset(Model):
    """One dataset: its metadata, variables in order, value-level metadata and the ordered steps that build it.

    `subclass` may name several subclasses joined by `; `, each with its parent after ` < `; `sas_name` is as in
    `Variable`; `title` is the title of the link to the file.
    """

    name: str
    label: str = ""
    class_: str = Field(default="", alias="class")
    subclass: str = ""
    structure: str = ""
    purpose: str = ""
    keys: tuple[str, ...] = ()
    repeating: YesNo = ""
    reference_data: YesNo = ""
    domain: str = ""
    standard: str = ""
    has_no_data: YesNo = ""
    comment: str = ""
    notes: str = ""
    href: str = ""
    title: str = ""
    sas_name: str | None = None
    non_standard: YesNo = ""
    aliases: tuple[Alias, ...] = ()
    variables: tuple[Variable, ...] = ()
    value_levels: tuple[ValueLevel, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    steps: tuple[Step, ...] = ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Variable names in order."""
        return tuple(variable.name for variable in self.variables)

    def variable(self, name: str) -> Variable:
        """Return a variable by name."""
        for variable in self.variables:
            if variable.name == name:
                return variable
        raise UnknownNameError(f"variable of {self.name}", name, self.names)


class ProgrammingCode(Model):
    """Programming code of an analysis result."""

    context: str = ""
    code: str = ""
    documents: tuple[DocumentRef, ...] = ()


class AnalysisDataset(Model):
    """A dataset that an analysis result uses, its selection and its analysis variables."""

    dataset: str
    where: WhereClause = WhereClause()
    variables: tuple[str, ...] = ()


class AnalysisResult(Model):
    """One result of a display (Analysis Results Metadata 1.0); `parameter` is `DATASET.VARIABLE` of PARAMCD."""

    id: str
    description: str = ""
    parameter: str = ""
    reason: str = ""
    purpose: str = ""
    datasets: tuple[AnalysisDataset, ...] = ()
    join_comment: str = ""
    documentation: str = ""
    documents: tuple[DocumentRef, ...] = ()
    code: ProgrammingCode | None = None


class AnalysisDisplay(Model):
    """A table, figure or listing and its results; without `name` its `id` is the name."""

    id: str
    name: str = ""
    title: str = ""
    documents: tuple[DocumentRef, ...] = ()
    results: tuple[AnalysisResult, ...] = ()


class RawSource(Model):
    """One raw extract: a name by which steps address it and how to read it.

    `path` is relative to the study folder; `member` names the ODM form/item group, transport member or sheet;
    `collected_by` is the source of origin Collected for what comes from here;
    `lenient` keeps undecodable bytes as `\\xNN` with a finding;
    `keys` identify a row for `diff-extracts` and duplicates; `dates` is the format list of the form's date columns.
    """

    name: str
    path: str
    format: str = ""
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    member: str = ""
    header_row: int = 1
    lenient: bool = False
    keys: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    label: str = ""
    collected_by: Literal["Investigator", "Subject", "Vendor"] = "Investigator"


class LookupTable(Model):
    """A table of the study (visits, units, trial design, ...): every cell is text, empty text means missing."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...] = ()
    label: str = ""


class Translation(Model):
    """A collected text in another language or character set and its English; `status` says who stands for it."""

    source: str
    english: str
    status: Literal["draft", "verified", "certified"] = "verified"
    columns: tuple[str, ...] = ()


class DefineHeader(Model):
    """What the head of a define.xml says beyond the study: identifiers, originator, context and version.

    `standard_name` is def:StandardName of Define-XML 2.0 where it is not the usual spelling.
    """

    file_oid: str = ""
    study_oid: str = ""
    version_oid: str = ""
    name: str = ""
    description: str = ""
    originator: str = ""
    source_system: str = ""
    source_system_version: str = ""
    as_of: str = ""
    context: Literal["Submission", "Other", ""] = "Submission"
    version: str = ""
    standard_name: str = ""
    comment: str = ""


class Study(Model):
    """The whole specification of one study; `extensions` names installed ones whose functions its steps may name."""

    study_id: str
    name: str = ""
    description: str = ""
    protocol: str = ""
    language: str = "en"
    standards: tuple[Standard, ...] = ()
    ct: str = "2025-03-28"
    created: str = "2000-01-01T00:00:00"
    cutoff: str = ""
    settings: Mapping[str, str] = Field(default_factory=dict)
    sources: tuple[RawSource, ...] = ()
    sdtm_source: str = ""
    extensions: tuple[str, ...] = ()
    datasets: tuple[Dataset, ...] = ()
    codelists: tuple[Codelist, ...] = ()
    dictionaries: tuple[Dictionary, ...] = ()
    methods: tuple[Method, ...] = ()
    comments: tuple[Comment, ...] = ()
    documents: tuple[Document, ...] = ()
    displays: tuple[AnalysisDisplay, ...] = ()
    tables: tuple[LookupTable, ...] = ()
    translations: tuple[Translation, ...] = ()
    transliterations: Mapping[str, str] = Field(default_factory=dict)
    define: DefineHeader = DefineHeader()

    def dataset(self, name: str) -> Dataset:
        """Return a dataset by name."""
        for dataset in self.datasets:
            if dataset.name == name:
                return dataset
        raise UnknownNameError("dataset", name, (dataset.name for dataset in self.datasets))

    def codelist(self, name: str) -> Codelist:
        """Return a codelist by its id."""
        for codelist in self.codelists:
            if codelist.id == name:
                return codelist
        raise UnknownNameError("codelist", name, (codelist.id for codelist in self.codelists))

    def table(self, name: str) -> LookupTable:
        """Return a lookup table by name."""
        for table in self.tables:
            if table.name == name:
                return table
        raise UnknownNameError("table", name, (table.name for table in self.tables))

    def canonical_json(self) -> str:
        """Return the JSON dump without defaults, keys sorted: what is hashed and locked."""
        dump: dict[str, Any] = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return json.dumps(dump, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def sha256(self) -> str:
        """Return the hash of the canonical JSON dump."""
        return hashlib.sha256(self.canonical_json().encode()).hexdigest()
