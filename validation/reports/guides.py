"""Drafts of the reviewer guides: clinical study data (cSDRG) and analysis data (ADRG), under the headings of PHUSE.

What the specification and the run know is filled in; what only the study team can say stands in brackets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from specs import models
from validation.reports.content import Report, Tally, own_findings, own_result
from validation.reports.docx import Document
from validation.result import FolderFacts

CSDRG = "csdrg.docx"
ADRG = "adrg.docx"
MOST_EXPLANATIONS = 3
POPULATION_FLAGS = frozenset(("COMPLFL", "ENRLFL", "FASFL", "ITTFL", "PPROTFL", "RANDFL", "SAFFL"))
"""Population flags of ADSL that ADaMIG names."""
_SEVERITY_ISSUES = ("reject", "error", "warning")
_ACRONYMS = (
    ("ADaM", "Analysis Data Model"),
    ("ADRG", "Analysis Data Reviewer's Guide"),
    ("CRF", "Case Report Form"),
    ("cSDRG", "Clinical Study Data Reviewer's Guide"),
    ("CT", "Controlled Terminology"),
    ("SDTM", "Study Data Tabulation Model"),
)
_DESIGN = ("TA", "TE", "TV", "TI", "TS", "TD", "TM")


def write_guides(report: Report, root: Path, study: models.Study) -> list[Path]:
    """Write the guide of each validated folder below `root` into that folder; return the paths."""
    written = []
    for facts in report.result.folders:
        analysis = facts.standard.startswith("ADAM")
        folder = root / facts.folder if (root / facts.folder).is_dir() else root
        path = folder / (ADRG if analysis else CSDRG)
        document = adrg(report, study, facts) if analysis else csdrg(report, study, facts)
        document.write(path, created=report.created)
        written.append(path)
    return written


def csdrg(report: Report, study: models.Study, facts: FolderFacts) -> Document:
    """Compose the draft of the clinical study data reviewer's guide."""
    guide = Document(f"Clinical Study Data Reviewer's Guide: {study.study_id}")
    guide.draft("Draft written from the run; sentences in brackets are to be completed by the study team")
    _introduction(guide, study, facts, "the tabulation datasets (SDTM)")
    _protocol(guide, study)
    guide.heading("2.3 Trial Design Datasets", 2)
    names = set(_datasets(report, facts)["dataset"])
    design = [[name, _label(study, name)] for name in _DESIGN if name in names]
    guide.table(("Dataset", "Description"), design, (1, 5)) if design else guide.text("None are submitted.")
    guide.heading("3. Subject Data Description")
    guide.heading("3.1 Overview", 2)
    table = _datasets(report, facts)
    guide.text(f"{len(table)} datasets with {int(table['records'].sum())} records are submitted.")
    guide.draft("Is the submitted data from an ongoing or a completed study? Is there a data cut-off?")
    if study.cutoff:
        guide.text(f"The analysis cut-off of {study.cutoff} applies to the analysis datasets only.")
    guide.heading("3.2 Traceability and Annotated CRFs", 2)
    guide.text(
        "Every record can be traced to rows of the collected data; define.xml states origin and method of variables."
    )
    guide.heading("3.3 SDTM Subject Domains", 2)
    rows = [
        [name, _label(study, name) or label, keys, str(records), _comment(study, name)]
        for name, label, keys, records in table[["dataset", "label", "keys", "records"]].itertuples(index=False)
        if name not in _DESIGN
    ]
    guide.table(("Dataset", "Label", "Keys", "Records", "Comment"), rows, (2, 4, 5, 2, 4))
    _conformance(guide, report, facts, "4")
    guide.heading("Appendix I: Inclusion and Exclusion Criteria")
    _criteria(guide, report)
    return guide


def adrg(report: Report, study: models.Study, facts: FolderFacts) -> Document:
    """Compose the draft of the analysis data reviewer's guide."""
    guide = Document(f"Analysis Data Reviewer's Guide: {study.study_id}")
    guide.draft("Draft written from the run; sentences in brackets are to be completed by the study team")
    _introduction(guide, study, facts, "the analysis datasets (ADaM)")
    guide.heading("1.4 Source Data Used for Analysis Dataset Creation", 2)
    guide.text(
        "The analysis datasets are derived from the submitted SDTM datasets, as define.xml states by variable."
    )
    _protocol(guide, study)
    guide.heading("3. Analysis Considerations Related to Multiple Analysis Datasets")
    guide.heading("3.1 Core Variables and Population Flags", 2)
    _population(guide, report, study)
    guide.heading("3.2 Treatment Variables", 2)
    guide.draft("Which treatment variables are used for which analyses?")
    guide.heading("3.3 Imputation and Derivation Methods", 2)
    methods = [[one.name or one.id, one.description] for one in study.methods if one.type == "Imputation"]
    guide.table(("Method", "Description"), methods, (2, 5)) if methods else guide.draft("Describe imputations")
    guide.heading("4. Analysis Data Creation and Processing Issues")
    guide.heading("4.1 Data Dependencies", 2)
    guide.text("ADSL is made first; the other analysis datasets use it.")
    guide.heading("5. Analysis Dataset Descriptions")
    table = _datasets(report, facts)
    rows = [
        [name, _label(study, name) or label, _class(study, name), keys, str(records)]
        for name, label, keys, records in table[["dataset", "label", "keys", "records"]].itertuples(index=False)
    ]
    guide.table(("Dataset", "Label", "Class", "Keys", "Records"), rows, (2, 4, 4, 5, 2))
    _conformance(guide, report, facts, "6")
    guide.heading("7. Submission of Programs")
    guide.draft("List the programs that are submitted")
    return guide


def _introduction(guide: Document, study: models.Study, facts: FolderFacts, what: str) -> None:
    guide.heading("1. Introduction")
    guide.heading("1.1 Purpose", 2)
    guide.text(f"This document gives context for {what} of study {study.study_id} that define.xml does not give.")
    guide.heading("1.2 Acronyms", 2)
    guide.table(("Acronym", "Translation"), _ACRONYMS, (1, 4))
    guide.heading("1.3 Study Data Standards and Dictionary Inventory", 2)
    rows = [["Implementation guide", f"{facts.standard} {facts.version}"]]
    rows += [["Controlled terminology", _terminology(one)] for one in study.standards if one.type == "CT"]
    if len(rows) == 1:
        rows.append(["Controlled terminology", f"CDISC {facts.ct}"])
    rows.append(["Data definition", f"Define-XML ({facts.define})" if facts.define else "none"])
    rows += [
        [f"Dictionary: {one.name or one.id}", f"{one.dictionary or one.name} {one.version}".strip()]
        for one in study.dictionaries
    ]
    guide.table(("Standard or dictionary", "Version used"), rows, (1, 2))


def _terminology(standard: models.Standard) -> str:
    return " ".join(part for part in (standard.name, standard.publishing_set, standard.version) if part)


def _protocol(guide: Document, study: models.Study) -> None:
    guide.heading("2. Protocol Description")
    guide.heading("2.1 Protocol Number and Title", 2)
    number = study.protocol or study.study_id
    named = study.name if study.name not in (number, study.study_id) else ""
    guide.text(f"{number}: {named or study.description or '[title]'}")
    guide.heading("2.2 Protocol Design", 2)
    if study.description and named:
        guide.text(study.description)
    guide.draft("Describe the design in a few sentences or a figure")


def _datasets(report: Report, facts: FolderFacts) -> pd.DataFrame:
    return own_result(report, facts.folder).datasets


def _spec(study: models.Study, name: str) -> models.Dataset | None:
    return next((one for one in study.datasets if one.name == name), None)


def _label(study: models.Study, name: str) -> str:
    spec = _spec(study, name)
    return spec.label if spec is not None else ""


def _class(study: models.Study, name: str) -> str:
    spec = _spec(study, name)
    return spec.class_ if spec is not None else ""


def _comment(study: models.Study, name: str) -> str:
    spec = _spec(study, name)
    if spec is None or not spec.comment:
        return ""
    return next((one.description for one in study.comments if one.id == spec.comment), "")


def _population(guide: Document, report: Report, study: models.Study) -> None:
    frame = report.result.records.get("ADSL")
    spec = _spec(study, "ADSL")
    labels = {one.name: one.label for one in spec.variables} if spec is not None else {}
    flags = [name for name in frame.columns if _is_population(name, labels)] if frame is not None else []
    if frame is None or not flags:
        guide.draft("Describe the analysis populations")
        return
    rows = [[name, labels.get(name, ""), f"{int((frame[name] == 'Y').sum())} of {len(frame)}"] for name in flags]
    guide.table(("Flag", "Label", "Subjects with Y"), rows, (1, 3, 1))


def _is_population(name: str, labels: Mapping[str, str]) -> bool:
    """Tell a population flag: one that ADaMIG names, or a flag of the sponsor whose label says so."""
    return name in POPULATION_FLAGS or (name.endswith("FL") and "population" in labels.get(name, "").lower())


def _conformance(guide: Document, report: Report, facts: FolderFacts, number: str) -> None:
    guide.heading(f"{number}. Data Conformance Summary")
    guide.heading(f"{number}.1 Conformance Inputs", 2)
    own, mine = own_result(report, facts.folder), own_findings(report, facts.folder)
    rules = ", ".join(f"{count} {name}" for name, count in own.rule_counts().items())
    guide.text(
        f"The datasets were validated with spectrail {report.version} under {facts.standard} {facts.version} "
        f"and terminology {facts.ct}. Rules: {rules}. define.xml was "
        + ("checked against schema and data." if facts.define else "not at hand.")
    )
    missed = own.not_evaluated()
    if len(missed):
        guide.text("Rules that could not be evaluated:")
        grouped = missed.groupby(["rule", "reason"], sort=False)["dataset"].agg(", ".join).reset_index()
        guide.table(("Rule", "Reason", "Datasets"), grouped.to_numpy().tolist(), (2, 5, 3))
    counts = "; ".join(f"{severity} {text}" for severity, text in Tally.of(report, mine).texts().items())
    guide.text(f"Findings by severity, accepted ones included: {counts}.")
    guide.heading(f"{number}.2 Issues Summary", 2)
    rows = _issues(report, mine)
    if rows:
        guide.table(("Rule", "Dataset", "Severity", "Findings", "Issue", "Explanation"), rows, (3, 2, 2, 2, 5, 5))
    else:
        guide.text("There are no findings above notice.")


def _issues(report: Report, mine: npt.NDArray[np.bool_]) -> list[list[str]]:
    """Return the issues above notice among `mine` with the explanations that the ledger gives."""
    frame = report.result.findings.frame
    kept = frame["severity"].isin(_SEVERITY_ISSUES).to_numpy() & mine
    chosen = frame[kept].assign(explanation=report.judged.explanation[kept])
    rows = []
    names = ["severity", "rule", "dataset", "message"]
    for kind, group in chosen.groupby(names, observed=True, sort=False):
        severity, rule, dataset, message = map(str, kind)
        about = list(dict.fromkeys(one for one in group["variable"].astype("str") if one))
        said = _said(group["explanation"].unique())
        issue = f"{message} ({', '.join(about)})" if about else message
        records = int(group["count"].sum())
        number = f"{len(group)} ({records} records)" if records != len(group) else str(len(group))
        rows.append([rule, dataset, severity, number, issue, said])
    return rows


def _said(explanations: Sequence[str]) -> str:
    given = [one for one in explanations if one]
    if not given:
        return "[explain or correct]"
    more = f" (and {len(given) - MOST_EXPLANATIONS} more)" if len(given) > MOST_EXPLANATIONS else ""
    return "; ".join(given[:MOST_EXPLANATIONS]) + more


def _criteria(guide: Document, report: Report) -> None:
    frame = report.result.records.get("TI")
    if frame is None or not {"IETESTCD", "IETEST"} <= set(frame.columns):
        guide.draft("List the criteria")
        return
    rows: Iterable[Sequence[str]] = frame[["IETESTCD", "IETEST"]].fillna("").astype("str").to_numpy().tolist()
    guide.table(("Code", "Criterion"), list(rows), (1, 5))
