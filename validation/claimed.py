"""What a folder claims to be: its standard, version and terminology, and the natural keys of its datasets."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from specs.models import Study as Specification
from spectrail.dataset import Dataset
from spectrail.errors import FormatError, UsageError
from spectrail.io.sas_dates import date_kind, datetimes_of
from validation.core.packaged_standards import packaged_standards
from validation.core.rule_files import Rule
from validation.core.study import Table, table_of
from validation.folder import Package

DEFAULTS = {"SDTMIG": "3.4", "ADAMIG": "1.3"}
DEFAULT_CT = "2025-03-28"
PUBLISHED = frozenset((("SDTMIG", "3.2"), ("SDTMIG", "3.3"), ("SDTMIG", "3.4"))) | frozenset(
    (("ADAMIG", "1.1"), ("ADAMIG", "1.2"), ("ADAMIG", "1.3"))
)
"""Standards and versions that the packaged rules are published for."""
ADAM_KEYS = (
    "STUDYID",
    "USUBJID",
    "PARAMCD",
    "AVISITN",
    "AVISIT",
    "ATPTN",
    "ADT",
    "ADTM",
    "DTYPE",
    "BASETYPE",
    "ASTDT",
    "ASTDTM",
)
"""Variables that identify a record of an ADaM dataset where define.xml names no keys (ADaM sets no keys itself)."""
_TOPICS = re.compile(r"[A-Z]{2}(DECOD|TERM|TRT|TESTCD)\Z")


@dataclass(frozen=True)
class Claim:
    """The standard a folder is validated under; `assumed` says what nobody stated, `ct` the terminology release."""

    standard: str
    version: str
    ct: str
    assumed: str = ""

    @property
    def analysis(self) -> bool:
        """Tell whether it is an ADaM standard."""
        return self.standard.startswith("ADAM")


def claim_of(package: Package, define: Specification | None, *, standard: str | None, ct: str | None) -> Claim:
    """Find the standard from the option (`sdtmig-3.4`), else from define.xml, else from the datasets."""
    chosen_ct = ct or DEFAULT_CT
    if standard:
        name, version = parse_standard(standard)
        return Claim(name, version, chosen_ct)
    declared = _declared(define)
    if declared is not None:
        return Claim(*declared, chosen_ct)
    name = "ADAMIG" if _looks_like_analysis(package) else "SDTMIG"
    said = "no define.xml" if define is None else "define.xml names no implementation guide"
    return Claim(name, DEFAULTS[name], chosen_ct, f"{said}: {name} {DEFAULTS[name]} is assumed")


def parse_standard(text: str) -> tuple[str, str]:
    """Return name and version of `sdtmig-3.4`; raises UsageError for anything else."""
    match = re.fullmatch(r"([A-Za-z]+(?:-[A-Za-z]+)*)[- ](\d+(?:[.-]\d+)*)", text.strip())
    if match is None:
        raise UsageError(f"{text!r} names no standard", hint="write it as sdtmig-3.4 or adamig-1.3")
    return match[1].upper(), match[2].replace("-", ".")


def check_standard(text: str, rules: Iterable[Rule]) -> None:
    """Raise UsageError for a standard or version that neither packaged nor given rules are published for."""
    named = {(one.standard.upper(), one.version) for rule in rules for one in rule.authorities if one.version}
    known = PUBLISHED | named
    if parse_standard(text) not in known:
        hint = "known: " + ", ".join(f"{name.lower()}-{version}" for name, version in sorted(known))
        raise UsageError(f"no rules are published for the standard {text!r}", hint=hint)


def _declared(define: Specification | None) -> tuple[str, str] | None:
    """Return the implementation guide that most datasets of a define.xml follow."""
    guides = {one.id: one for one in define.standards if one.type == "IG"} if define is not None else {}
    if not guides or define is None:
        return None
    used = Counter(dataset.standard for dataset in define.datasets if dataset.standard in guides)
    best = max(guides, key=lambda one: (used[one], _ordered(guides[one].version)))
    return guides[best].name.upper(), guides[best].version


def _ordered(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))


def _looks_like_analysis(package: Package) -> bool:
    names = [file.name for file in package.files]
    if "ADSL" in names:
        return True
    return bool(names) and "DM" not in names and sum(name.startswith("AD") for name in names) > len(names) / 2


def engine_table(name: str, dataset: Dataset, size: int, file_name: str, define: Specification | None) -> Table:
    """Return the rule engine's view of a dataset file, with its keys and what define.xml declares of it."""
    table = table_of(dataset, file_name=file_name, size=size)
    declared = next((one for one in define.datasets if one.name.upper() == name), None) if define else None
    return replace(
        table,
        name=name,
        keys=(declared.keys if declared is not None else ()) or table.keys or standard_keys(name, dataset),
        structure=declared.class_ if declared is not None else "",
        subclass=declared.subclass if declared is not None else "",
    )


def with_dated_keys(table: Table) -> Table:
    """Return a table whose numeric dates among the keys are ISO 8601 text, as people read them in findings."""
    changed: dict[str, pd.Series] = {}
    for variable in table.variables:
        if variable.name in table.keys and variable.name in table.frame and variable.type == "Num":
            text = _iso_text(table.frame[variable.name], variable.format)
            if text is not None:
                changed[variable.name] = text
    return replace(table, frame=table.frame.assign(**changed)) if changed else table


def _iso_text(values: pd.Series, shown_as: str) -> pd.Series | None:
    try:
        kind = date_kind(shown_as)
    except FormatError:
        kind = None
    codes, distinct = pd.factorize(values)
    moments = None
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        moments = np.asarray(distinct, dtype="datetime64[us]")
    elif kind in ("date", "datetime"):
        moments = datetimes_of(np.asarray(distinct, dtype=np.float64), kind=kind)
    if moments is None:
        return None
    texts = np.datetime_as_string(moments, unit="D" if kind == "date" else "s").tolist()
    return pd.Series(np.array([*texts, None], dtype=object)[codes], index=values.index, dtype="str")


def standard_keys(name: str, dataset: Dataset) -> tuple[str, ...]:
    """Return the keys that the standard gives as example, for ADaM what usually identifies a record."""
    columns = dataset.layout.names
    guide = packaged_standards().ig
    domain = "SUPPQUAL" if name.startswith(("SUPP", "SQ")) else name
    facts = guide.get(domain) or guide.get(name[:2] if "DOMAIN" in columns else "")
    if facts is not None and facts.keys:
        return tuple(key for key in facts.keys if key in columns)
    topics = tuple(column for column in columns if _TOPICS.match(column))
    return tuple(key for key in (*ADAM_KEYS[:2], *topics, *ADAM_KEYS[2:]) if key in columns)
