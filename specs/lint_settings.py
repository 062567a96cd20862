"""Checks of settings: names that steps and parameters use, and settings that nothing uses."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from specs.guides import kind_of
from specs.lint_steps import all_texts
from specs.linting import Context, Found, check, nearest
from specs.nodes import Path
from spectrail.settings import MARK

LIKELY = 0.8
"""Likeness from which a name is taken for a misspelled one; a study may well have other names of its own."""


def _named(context: Context) -> Iterator[tuple[str, bool, Path, str, str]]:
    """Yield every text in arguments of steps and parameters, those that name a setting (`$name`) among them.

    Each with whether it is of an analysis dataset, its path, dataset, and variable or parameter.
    """
    for i, dataset in enumerate(context.study.datasets):
        analysis = kind_of(dataset) == "adam"
        for j, step in enumerate(dataset.steps):
            for text in all_texts(step.arguments):
                yield text, analysis, ("datasets", i, "steps", j), dataset.name, step.target
        for j, parameter in enumerate(dataset.parameters):
            for text in all_texts(parameter.settings):
                yield text, analysis, ("datasets", i, "parameters", j), dataset.name, parameter.paramcd


def _name(text: str) -> str:
    """Return the setting that a text stands for, nothing for another text (`$$text` is the text `$text`)."""
    return text[1:] if text.startswith(MARK) and not text.startswith(MARK * 2) else ""


@check("SPEC-152", "error", "unknown setting")
def unknown_settings(context: Context) -> Iterator[Found]:
    """Find arguments `$name` that name a setting which neither the study nor, for analyses, the toolkit has."""
    for text, analysis, path, dataset, variable in _named(context):
        known = {*context.study.settings, *(context.settings if analysis else ())}
        name = _name(text)
        if name and name not in known:
            yield Found(path, f"unknown setting {name!r}", nearest(name, known), name, dataset, variable)


def _analysed(context: Context) -> bool:
    """Tell whether the study has analysis datasets, so that the settings that analyses know hold for it."""
    return any(kind_of(dataset) == "adam" for dataset in context.study.datasets)


@check("SPEC-155", "error", "setting value not supported")
def setting_values(context: Context) -> Iterator[Found]:
    """Find values that a setting of analyses does not support."""
    for name, value in context.study.settings.items() if _analysed(context) else ():
        hint = context.unsupported(name, value)
        if hint:
            yield Found(("settings", name), f"setting {name}: {value!r} is not supported", hint, value)


@check("SPEC-156", "error", "setting misspelled")
def misspelled_settings(context: Context) -> Iterator[Found]:
    """Find settings that nothing uses, or that differ in case only, named nearly as a setting of analyses."""
    unused = set(_unused(context))
    for name in context.study.settings:
        meant = _meant(context, name)
        if meant and (name in unused or _plain(name) == _plain(meant)):
            yield Found(("settings", name), f"unknown setting {name!r}", f"did you mean {meant}?", name)


def _meant(context: Context, name: str) -> str:
    """Return the setting of analyses that a name which is none of them is likely to mean, nothing when none is."""
    known = {_plain(one): one for one in context.settings} if _analysed(context) else {}
    if name in context.settings or name in context.combined:
        return ""
    near = difflib.get_close_matches(_plain(name), list(known), n=1, cutoff=LIKELY)
    return known[near[0]] if near else ""


def _plain(name: str) -> str:
    return name.replace("_", "").lower()


@check("SPEC-154", "notice", "setting that nothing uses")
def unused_settings(context: Context) -> Iterator[Found]:
    """Find settings of the study that no step or parameter names and no algorithm in use has as an argument."""
    for name in _unused(context):
        if not _meant(context, name):
            hint = nearest(name, _used(context) & {*context.settings, *context.study.settings})
            yield Found(("settings", name), f"nothing uses the setting {name!r}", hint, name)


def _used(context: Context) -> set[str]:
    """Return the names that steps and parameters use as settings."""
    used = {_name(text) for text, *_ in _named(context)}
    rules = {step.algorithm for _, step, _ in context.steps()}
    rules |= {one.rule for dataset in context.study.datasets for one in dataset.parameters}
    used |= {one.name for rule in rules & context.catalog.keys() for one in context.catalog[rule].arguments}
    return used | {name for name, several in context.combined.items() if not used.isdisjoint(several)}


def _unused(context: Context) -> Iterator[str]:
    """Yield the settings of the study that nothing uses; nothing without algorithms to look at."""
    used = _used(context)
    yield from (name for name in context.study.settings if context.catalog and name not in used)
