"""Derive what a define.xml must not have typed by hand: lengths, digits, used terms, has-no-data, origins, methods.

A typed value that disagrees with the data is an error finding that names both; a typed length is an upper bound.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from define_xml.catalogue import RULES
from define_xml.complete import is_analysis
from define_xml.evidence import Evidence
from define_xml.method_of import derive_methods
from define_xml.origin_of import Forms, derive_origins
from specs.models import Codelist, Comment, Dataset, Study, Term, ValueLevel, Variable
from specs.terminology import releases, terminology
from spectrail.findings import Findings
from spectrail.io.sas_dates import date_kind
from spectrail.profile import ColumnProfile, digits_of

NO_DATA = Comment(id="NO_DATA", description="No values were collected or derived: every value is missing.")
Item = TypeVar("Item", Variable, ValueLevel)
_SIZED = frozenset({"text", "integer", "float"})


@dataclass
class Disagreements:
    """Findings on typed values that the data contradict."""

    rows: list[tuple[str, str, str, str, str]] = field(default_factory=list)

    def add(self, rule: str, dataset: str, variable: str, value: str, message: str) -> None:
        """Add one finding."""
        self.rows.append((rule, dataset, variable, value, message))

    def findings(self) -> Findings:
        """Return the findings as a table."""
        if not self.rows:
            return Findings()
        rule, dataset, variable, value, message = (list(column) for column in zip(*self.rows, strict=True))
        severity = [RULES[one].severity for one in rule]
        reference = [RULES[one].source for one in rule]
        return Findings.of(
            rule=rule,
            severity=severity,
            dataset=dataset,
            variable=variable,
            value=value,
            message=message,
            reference=reference,
        )


def derive_metadata(
    study: Study, evidence: Mapping[str, Evidence], *, forms: Forms | None = None
) -> tuple[Study, Findings]:
    """Return the specification with everything derived that data and executed steps decide, and the contradictions.

    `evidence` has one entry for each written dataset (see `observe`); datasets of the specification without one are
    left as they are, written datasets that it does not name (SUPP--) are added. `forms` gives pages of the annotated
    CRF by raw source and field.
    """
    report = Disagreements()
    widths = _widths(evidence)
    described: list[Dataset] = []
    names = [one.name for one in study.datasets]
    added = sorted(set(evidence) - set(names))
    for dataset in (*study.datasets, *(evidence[name].spec for name in added)):
        known = evidence.get(dataset.name)
        described.append(dataset if known is None else _dataset(known, widths[is_analysis(known.spec)], report))
    study = study.model_copy(update={"datasets": tuple(described)})
    study = study.model_copy(
        update={"codelists": tuple(_codelist(study, one, evidence, report) for one in study.codelists)}
    )
    study = _without_empty_codelists(study)
    study = derive_origins(study, evidence, forms=forms, note=report.add)
    study = derive_methods(study, evidence)
    if _uses_no_data(study) and NO_DATA.id not in {one.id for one in study.comments}:
        study = study.model_copy(update={"comments": (*study.comments, NO_DATA)})
    return study, report.findings()


def _without_empty_codelists(study: Study) -> Study:
    """Take away the references to codelists without terms: no value of them is in the data, and none is listed."""
    empty = {one.id for one in study.codelists if not one.terms}
    if not empty:
        return study

    def freed(item: Item) -> Item:
        return item.model_copy(update={"codelist": ""}) if item.codelist in empty else item

    datasets = tuple(
        dataset.model_copy(
            update={
                "variables": tuple(map(freed, dataset.variables)),
                "value_levels": tuple(map(freed, dataset.value_levels)),
            }
        )
        for dataset in study.datasets
    )
    return study.model_copy(update={"datasets": datasets})


def _uses_no_data(study: Study) -> bool:
    used = {dataset.comment for dataset in study.datasets}
    used |= {variable.comment for dataset in study.datasets for variable in dataset.variables}
    return NO_DATA.id in used


def _widths(evidence: Mapping[str, Evidence]) -> dict[bool, dict[str, int]]:
    """Return the longest value of each variable name over SDTM (False) and over ADaM (True)."""
    widths: dict[bool, dict[str, int]] = {False: defaultdict(int), True: defaultdict(int)}
    for known in evidence.values():
        package = widths[is_analysis(known.spec)]
        for name, column in known.profile.columns.items():
            package[name] = max(package[name], column.width)
    return widths


def _dataset(known: Evidence, widths: Mapping[str, int], report: Disagreements) -> Dataset:
    spec, name = known.spec, known.spec.name
    variables = tuple(_variable(known, one, widths, report) for one in spec.variables)
    levels = tuple(
        one if found is None else _level(known, one, found, report)
        for one, found in zip(spec.value_levels, known.levels, strict=True)
    )
    changes: dict[str, Any] = {"variables": variables, "value_levels": levels}
    empty = known.profile.records == 0
    if spec.has_no_data == "Yes" and not empty:
        report.add("DEF-B01", name, "", "Yes", f"HasNoData is Yes, the data have {known.profile.records} records")
    if spec.has_no_data == "No" and empty:
        report.add("DEF-B01", name, "", "No", "HasNoData is No, the data have no records")
    changes["has_no_data"] = "Yes" if empty else ""
    if empty and not spec.comment:
        changes["comment"] = NO_DATA.id
    return spec.model_copy(update=changes)


def _variable(known: Evidence, variable: Variable, widths: Mapping[str, int], report: Disagreements) -> Variable:
    found = known.profile.columns.get(variable.name)
    if found is None:
        return variable
    name = known.spec.name
    # a date is as precise as its values: the standard says ISO 8601, the data say how much of it is known
    dated = variable.model_copy(update={"data_type": known.dates.get(variable.name, variable.data_type)})
    changes = _sizes(dated, found, widths.get(variable.name, 0), name, variable.name, report)
    if known.profile.records:
        if variable.has_no_data == "Yes" and not found.empty:
            kept = found.records - found.nulls
            report.add("DEF-B01", name, variable.name, "Yes", f"HasNoData is Yes, the data have {kept} values")
        if variable.has_no_data == "No" and found.empty:
            report.add("DEF-B01", name, variable.name, "No", "HasNoData is No, every value is missing")
        if variable.mandatory == "Yes" and found.nulls:
            message = f"Mandatory is Yes, {found.nulls} of {found.records} values are missing"
            report.add("DEF-B01", name, variable.name, "Yes", message)
        changes["has_no_data"] = "Yes" if found.empty else ""
        if found.empty and not variable.comment:
            changes["comment"] = NO_DATA.id
    return variable.model_copy(update=changes)


def _level(known: Evidence, level: ValueLevel, found: ColumnProfile, report: Disagreements) -> ValueLevel:
    label = f"{level.variable} where {_where(level)}"
    parent = next((one for one in known.spec.variables if one.name == level.variable), None)
    typed = level
    if not level.data_type and parent is not None:
        typed = level.model_copy(update={"data_type": parent.data_type})
    changes = _sizes(typed, found, found.width, known.spec.name, label, report)
    if level.mandatory == "Yes" and found.nulls:
        message = f"Mandatory is Yes, {found.nulls} of {found.records} values are missing"
        report.add("DEF-B01", known.spec.name, label, "Yes", message)
    return level.model_copy(update=changes)


def _where(level: ValueLevel) -> str:
    return " and ".join(f"{one.variable} {one.comparator} {' '.join(one.values)}" for one in level.where.conditions)


def _sizes(
    item: Variable | ValueLevel,
    found: ColumnProfile,
    width: int,
    dataset: str,
    variable: str,
    report: Disagreements,
) -> dict[str, Any]:
    """Derive data type, length and significant digits; report typed ones that the data exceed."""
    kind: str = item.data_type
    if not kind:
        kind = "text" if found.kind != "number" else "float" if found.decimals else "integer"
    if kind == "integer" and found.kind == "number" and found.decimals:
        message = f"data type is integer, the data have {found.decimals} decimals"
        report.add("DEF-B01", dataset, variable, "integer", message)
    changes: dict[str, Any] = {"data_type": kind}
    if kind not in _SIZED:
        return {**changes, "length": None}
    needed = max(width, 1) if found.kind == "text" or kind == "text" else _digits(found, item.format)
    if item.length is not None and needed > item.length:
        message = f"length {item.length} is specified, the longest value needs {needed}"
        report.add("DEF-B01", dataset, variable, str(item.length), message)
    elif item.length is not None and needed < item.length:
        message = f"length {item.length} is specified, the longest value needs {needed}: {needed} is written"
        report.add("DEF-B02", dataset, variable, str(item.length), message)
    changes["length"] = needed
    if kind == "float":
        typed = item.significant_digits
        if typed is not None and found.decimals > typed:
            message = f"significant digits {typed} are specified, the data have {found.decimals} decimals"
            report.add("DEF-B01", dataset, variable, str(typed), message)
        changes["significant_digits"] = max(typed or 0, found.decimals)
    return changes


def _digits(found: ColumnProfile, form: str) -> int:
    """Return the most digits of one number (see `digits_of`), of a date those of the SAS number that is stored."""
    if found.kind != "date":
        return max(found.digits, 1)
    ends = [_sas_number(str(one), form) for one in (found.lowest, found.highest) if one]
    return int(digits_of(np.array(ends, dtype=np.float64)).max(initial=1))


def _sas_number(text: str, form: str) -> int:
    """Return days, or for a datetime format seconds, since 1960-01-01."""
    since = pd.Timestamp(text) - pd.Timestamp("1960-01-01")
    return int(since // pd.Timedelta(seconds=1) if date_kind(form) == "datetime" else since // pd.Timedelta(days=1))


def _codelist(study: Study, codelist: Codelist, evidence: Mapping[str, Evidence], report: Disagreements) -> Codelist:
    """List the used terms of a CDISC codelist; report used values that a list does not have.

    A codelist with a C-code is the CDISC list and the study's own terms; one without is what the study lists, and
    stays as it is. A used value that an extensible CDISC list lacks is an extended term.
    """
    used = _used(study, codelist.id, evidence)
    release = terminology(study.ct) if study.ct in releases() else None
    if not codelist.code or release is None or codelist.code not in release:
        _report_outside(codelist, used, [one.term for one in codelist.terms], report)
        return codelist
    if not used:
        return codelist
    known = release.terms(codelist.code)
    own = {one.term: one for one in codelist.terms}
    terms = [
        own.get(one.submission_value, Term(term=one.submission_value)).model_copy(
            update={"code": one.code, "decode": _decode(own.get(one.submission_value), one.decode)}
        )
        for one in known.terms
        if one.submission_value in used
    ]
    added = sorted(set(used) - set(known.by_value))
    extending = [one for one in added if known.extensible or one in own]
    terms += [own.get(one, Term(term=one)).model_copy(update={"extended": True}) for one in extending]
    if not known.extensible:
        _report_outside(codelist, used, [*known.submission_values, *own], report)
    return codelist.model_copy(update={"terms": tuple(terms)})


def _decode(own: Term | None, standard: str) -> str:
    return own.decode if own is not None and own.decode else standard


def _report_outside(
    codelist: Codelist, used: Mapping[str, tuple[str, str]], known: list[str], report: Disagreements
) -> None:
    """Report values outside a codelist, one finding for each variable."""
    outside: dict[tuple[str, str], list[str]] = defaultdict(list)
    for value in sorted(set(used) - set(known)):
        outside[used[value]].append(value)
    for (dataset, variable), values in outside.items():
        shown = ", ".join(repr(one) for one in values[:5]) + (
            f" and {len(values) - 5} more" if len(values) > 5 else ""
        )
        terms = ", ".join(known[:10]) + (" ..." if len(known) > 10 else "")
        message = f"the data have {shown}, codelist {codelist.id} has {terms or 'no terms'}"
        report.add("DEF-B01", dataset, variable, values[0], message)


def _used(study: Study, codelist: str, evidence: Mapping[str, Evidence]) -> dict[str, tuple[str, str]]:
    """Return the used values of a codelist with the dataset and variable of the first that has it."""
    used: dict[str, tuple[str, str]] = {}
    for name, known in evidence.items():
        pairs: Iterable[tuple[Variable | ValueLevel, ColumnProfile | None]] = [
            *((one, known.profile.columns.get(one.name)) for one in known.spec.variables),
            *zip(known.spec.value_levels, known.levels, strict=True),
        ]
        for item, found in pairs:
            if item.codelist == codelist and found is not None:
                variable = item.name if isinstance(item, Variable) else item.variable
                for value in found.values:
                    used.setdefault(f"{value:.15g}" if isinstance(value, float) else value, (name, variable))
    return used
