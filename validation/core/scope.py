"""Scope: which datasets a rule is about.  Every refusal says why."""

from __future__ import annotations

from collections.abc import Mapping

from validation.core.identity import Identity
from validation.core.rule_files import Rule, Selection
from validation.core.session import Session
from validation.core.standards import TIG_USE_CASES

ADAM_STRUCTURES: Mapping[str, str] = {
    "ADSL": "SUBJECT LEVEL ANALYSIS DATASET",
    "BDS": "BASIC DATA STRUCTURE",
    "OCCDS": "OCCURRENCE DATA STRUCTURE",
    "OTHER": "ADAM OTHER",
}
ADAM_SUBCLASSES: Mapping[str, str] = {
    "ADNCA": "NON COMPARTMENTAL ANALYSIS",
    "ADPPK": "POPULATION PHARMACOKINETIC ANALYSIS",
}
"""Dataset names that the ADaM guides for non-compartmental and population PK analysis prescribe -> subclass."""


def refuse_standard(rule: Rule, *, standard: str, version: str, substandard: str | None) -> str:
    """Say why a rule does not belong to a standard, empty when it does (or names no standard)."""
    if not rule.authorities:
        return ""
    wanted = version.replace("-", ".")
    named = [entry for entry in rule.authorities if entry.standard.upper() == standard.upper()]
    if not named:
        return f"the rule is not published for {standard.upper()}"
    named = [entry for entry in named if entry.version == wanted]
    if not named:
        return f"the rule is not published for {standard.upper()} {wanted}"
    if substandard and not any(entry.substandard.upper() == substandard.upper() for entry in named):
        return f"the rule is not published for {standard.upper()} {wanted} {substandard.upper()}"
    return ""


def refuse_scope(session: Session, rule: Rule, identity: Identity) -> str:
    """Say why a dataset is out of a rule's scope, empty when it is in."""
    return (
        _refuse_domain(rule, identity)
        or _refuse_name(rule.scope.datasets, identity)
        or _refuse_structure(session, rule.scope.data_structures, identity)
        or _refuse_subclass(session, rule.scope.subclasses, identity)
        or _refuse_use_case(session, rule, identity)
        or _refuse_class(session, rule.scope.classes, identity)
    )


def _named(names: tuple[str, ...], identity: Identity) -> bool:
    return (
        identity.domain in names
        or identity.name in names
        or "ALL" in names
        or ("SUPP--" in names and identity.name.startswith("SUPP"))
        or ("SQ--" in names and identity.name.startswith("SQ"))
        or ("AP--" in names and identity.is_ap)
        or ("APFA--" in names and identity.is_ap and identity.domain.startswith("APFA"))
    )


def _refuse_domain(rule: Rule, identity: Identity) -> str:
    domains, split = rule.scope.domains, rule.scope.include_split
    if split is False and identity.split:
        return "split datasets are excluded"
    if domains.include is not None:
        if not _named(domains.include, identity) and not (split and identity.split):
            return f"the rule is for {', '.join(domains.include)}"
    elif split and not identity.split:
        return "the rule is for split datasets"
    if domains.exclude is not None and (_named(domains.exclude, identity) or identity.unsplit in domains.exclude):
        return "the dataset is excluded"
    return ""


def _refuse_name(names: Selection, identity: Identity) -> str:
    if names.include is not None and identity.name not in names.include and "ALL" not in names.include:
        return f"the rule is for {', '.join(names.include)}"
    if names.exclude is not None and identity.name in names.exclude:
        return "the dataset is excluded"
    return ""


def _refuse_class(session: Session, classes: Selection, identity: Identity) -> str:
    if classes.include is None and classes.exclude is None:
        return ""
    if "ALL" in (classes.include or ()):
        return ""
    if not session.tables[identity.name].variables:
        return "its class cannot be told: no variables are declared"
    klass = session.class_of(identity)
    if classes.include is not None:
        wanted = set(classes.include) | ({"FINDINGS ABOUT"} if "FINDINGS" in classes.include else set())
        if klass not in wanted:
            return f"the rule is for class {', '.join(classes.include)}, not {klass or 'a dataset without class'}"
    if classes.exclude is not None and klass:
        unwanted = set(classes.exclude) | ({"FINDINGS ABOUT"} if "FINDINGS" in classes.exclude else set())
        if klass in unwanted:
            return f"class {klass} is excluded"
    return ""


def structure_of(session: Session, identity: Identity) -> str:
    """Return the ADaM data structure of a dataset: as declared, else judged by its name and columns."""
    declared = session.tables[identity.name].structure or session.declared(identity.name, "class")
    if declared:
        return declared.upper()
    if identity.name == "ADSL":
        return ADAM_STRUCTURES["ADSL"]
    names = {str(name) for name in session.tables[identity.name].frame.columns}
    if names & {"PARAM", "PARAMCD", "AVAL", "AVALC"}:
        return ADAM_STRUCTURES["BDS"]
    if any(name.endswith(("TERM", "TRT")) for name in names):
        return ADAM_STRUCTURES["OCCDS"]
    return ADAM_STRUCTURES["OTHER"]


def _refuse_structure(session: Session, structures: Selection, identity: Identity) -> str:
    if structures.include is None and structures.exclude is None:
        return ""
    if "ALL" in (structures.include or ()):
        return ""
    found = structure_of(session, identity)
    aliases = {found, *(short for short, long in ADAM_STRUCTURES.items() if long == found)}
    if structures.include is not None and not aliases & set(structures.include):
        return f"the rule is for {', '.join(structures.include)}, not {found}"
    if structures.exclude is not None and aliases & set(structures.exclude):
        return f"{found} is excluded"
    return ""


def subclass_of(session: Session, identity: Identity) -> str:
    """Return the ADaM subclass of a dataset: as declared, else by the dataset names of its guide, or CNSR."""
    declared = session.tables[identity.name].subclass or session.declared(identity.name, "subclass")
    if declared:
        return _subclass_name(declared.split(";")[0].split("<")[0].strip())
    if identity.name in ADAM_SUBCLASSES:
        return ADAM_SUBCLASSES[identity.name]
    return "TIME TO EVENT" if "CNSR" in session.tables[identity.name].frame.columns else ""


def _subclass_name(name: str) -> str:
    return name.upper().replace("-", " ")


def _refuse_subclass(session: Session, subclasses: Selection, identity: Identity) -> str:
    if "ALL" in (subclasses.include or ()):
        return ""
    found = subclass_of(session, identity)
    if subclasses.include is not None and found not in map(_subclass_name, subclasses.include):
        return (
            f"the rule is for subclass {', '.join(subclasses.include)}, not {found or 'a dataset without subclass'}"
        )
    if subclasses.exclude is not None and found in map(_subclass_name, subclasses.exclude):
        return f"subclass {found} is excluded"
    return ""


def _refuse_use_case(session: Session, rule: Rule, identity: Identity) -> str:
    cases = rule.scope.use_cases
    if session.standard != "TIG" or not cases:
        return ""
    lists = TIG_USE_CASES.get((session.substandard or "").upper(), {})
    if identity.unsplit in {name for case in cases for name in lists.get(case, ())}:
        return ""
    if any(identity.unsplit in names for names in lists.values()):
        return f"{identity.unsplit} belongs to another use case than {', '.join(cases)}"
    if identity.is_supp or (session.use_case or "").upper() in cases:
        return ""
    return f"the run's use case {session.use_case or '(none)'} is not among {', '.join(cases)}"
