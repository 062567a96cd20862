"""Checks of settings: names that steps and parameters use, and settings that nothing uses."""

from __future__ import annotations

from collections.abc import Iterator

from specs.guides import kind_of
from specs.lint_steps import all_texts
from specs.linting import Context, Found, check, nearest
from specs.nodes import Path
from spectrail.settings import MARK


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


@check("SPEC-154", "notice", "setting that nothing uses")
def unused_settings(context: Context) -> Iterator[Found]:
    """Find settings of the study that no step or parameter names and no algorithm in use has as an argument."""
    if not context.catalog:
        return
    used = {_name(text) for text, *_ in _named(context)}
    rules = {step.algorithm for _, step, _ in context.steps()}
    rules |= {one.rule for dataset in context.study.datasets for one in dataset.parameters}
    used |= {one.name for rule in rules & context.catalog.keys() for one in context.catalog[rule].arguments}
    used |= {name for name, several in context.combined.items() if not used.isdisjoint(several)}
    for name in context.study.settings:
        if name not in used:
            hint = nearest(name, used & {*context.settings, *context.study.settings})
            yield Found(("settings", name), f"nothing uses the setting {name!r}", hint, name)
