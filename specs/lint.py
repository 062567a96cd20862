"""The linter of specifications: every fault at once, each with its place and a hint."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from specs import (
    lint_names,  # noqa: F401 - registers its checks
    lint_origins,  # noqa: F401
    lint_settings,  # noqa: F401
    lint_sources,  # noqa: F401
    lint_standard,  # noqa: F401
    lint_steps,  # noqa: F401
    lint_values,  # noqa: F401
)
from specs import models as m
from specs.faults import Fault, rules_table, to_findings
from specs.guides import Guides, guides
from specs.linting import NO_SETTINGS, NONE_COMBINED, Context, SettingCheck, any_value, run
from specs.nodes import Places
from specs.terminology import Terminology, releases
from specs.terminology import terminology as packaged_terminology
from spectrail.findings import Findings
from spectrail.steps import Algorithm


def lint_faults(
    study: m.Study,
    catalog: Mapping[str, Algorithm],
    *,
    places: Places | None = None,
    standards: Guides | None = None,
    terminology: Terminology | None = None,
    settings: Mapping[str, str] = NO_SETTINGS,
    combined: Mapping[str, tuple[str, ...]] = NONE_COMBINED,
    unsupported: SettingCheck = any_value,
    folder: Path | None = None,
) -> list[Fault]:
    """Return every fault of a study.

    `catalog` holds the algorithms that steps may name (empty: steps are not checked), `places` where the objects of
    the study were written, `standards` and `terminology` what it is checked against (default: the packaged ones of
    the versions that the study names), `settings` the defaults of the settings that analyses know, `combined` the
    names that set several of them, `unsupported` what checks their values, `folder` the study folder that must hold
    the raw files (none: they are not looked for).
    """
    if terminology is None and study.ct in releases():
        terminology = packaged_terminology(study.ct)
    guide = standards or guides(study)
    context = Context(study, catalog, places or Places(), guide, terminology, settings, combined, unsupported, folder)
    return run(context)


def lint(
    study: m.Study,
    catalog: Mapping[str, Algorithm],
    *,
    places: Places | None = None,
    standards: Guides | None = None,
    terminology: Terminology | None = None,
    settings: Mapping[str, str] = NO_SETTINGS,
    combined: Mapping[str, tuple[str, ...]] = NONE_COMBINED,
    unsupported: SettingCheck = any_value,
    folder: Path | None = None,
) -> Findings:
    """Return every fault of a study as findings; see `lint_faults` and the table of rules in `rules_table`."""
    faults = lint_faults(
        study,
        catalog,
        places=places,
        standards=standards,
        terminology=terminology,
        settings=settings,
        combined=combined,
        unsupported=unsupported,
        folder=folder,
    )
    return to_findings(faults)


__all__ = ["lint", "lint_faults", "rules_table"]
