"""Variable lists of the standard for a dataset: implementation guide laid over the model of its class."""

from __future__ import annotations

from dataclasses import replace

from validation.core.identity import Identity
from validation.core.session import Session
from validation.core.signals import NotEvaluated
from validation.core.standards import OBSERVATION_CLASSES, ModelClass, StandardVariable

IDENTIFIER, TIMING = "IDENTIFIER", "TIMING"


def named_for(variables: tuple[StandardVariable, ...], wildcard: str) -> list[StandardVariable]:
    """Return variables with a leading `--` replaced."""
    return [
        replace(variable, name=wildcard + variable.name[2:]) if variable.name.startswith("--") else variable
        for variable in variables
    ]


def model_variables(session: Session, identity: Identity) -> list[StandardVariable]:
    """Return the model's variables for a dataset: those of its class, or of the dataset itself.

    Identifiers, variables of the class, timing; in Findings About its own variables stand after --TEST.
    """
    klass = session.class_of(identity)
    if klass in OBSERVATION_CLASSES:
        model = session.model_class("FINDINGS" if klass == "FINDINGS ABOUT" else klass)
        if model is None:
            raise NotEvaluated(f"the model at hand has no class {klass}", cause="standard_absent")
        about = session.model_class("FINDINGS ABOUT") if klass == "FINDINGS ABOUT" else None
        return named_for(class_variables(model, about), identity.wildcard)
    facts = session.model_dataset(identity.unsplit)
    return named_for(facts.variables, identity.wildcard) if facts is not None else []


def class_variables(model: ModelClass, about: ModelClass | None) -> tuple[StandardVariable, ...]:
    """Return identifiers, qualifiers and timing of a class in order, those of Findings About after --TEST."""
    qualifiers = list(model.qualifiers)
    if about is not None:
        at = next((place for place, variable in enumerate(qualifiers) if variable.name == "--TEST"), -1) + 1
        qualifiers[at:at] = about.about
    return (*model.identifiers, *qualifiers, *model.timing)


def standard_variables(session: Session, identity: Identity) -> list[StandardVariable]:
    """Return the variables of a dataset in the order of the standard.

    Datasets of the observation classes: the model's list with the implementation guide laid over it; what only the
    guide has goes after the identifiers, before the timing variables, or to the end, by its role. Other datasets: the
    guide's list, else the model's. Variables that only the model has are permissible.
    """
    return list(session.known(("standard_variables", identity), lambda: _standard_variables(session, identity)))


def _standard_variables(session: Session, identity: Identity) -> list[StandardVariable]:
    guide = session.ig_dataset(identity.unsplit)
    guided = named_for(guide.variables, identity.wildcard) if guide is not None else []
    if session.class_of(identity) not in OBSERVATION_CLASSES:
        return guided or [_permissible(variable) for variable in model_variables(session, identity)]
    known = {variable.name: variable for variable in guided}
    listed = [known.pop(v.name) if v.name in known else _permissible(v) for v in model_variables(session, identity)]
    for variable in known.values():
        listed.insert(_place(listed, variable.role.upper()), variable)
    return listed


def _place(listed: list[StandardVariable], role: str) -> int:
    roles = [variable.role.upper() for variable in listed]
    if role == IDENTIFIER:
        return max((at + 1 for at, known in enumerate(roles) if known == IDENTIFIER), default=0)
    if role == TIMING:
        return len(listed)
    return next((at for at, known in enumerate(roles) if known == TIMING), len(listed))


def _permissible(variable: StandardVariable) -> StandardVariable:
    return variable if variable.core else replace(variable, core="Perm")
