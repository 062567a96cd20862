"""Named settings of an analysis: what may be chosen, the defaults, and the values of a study."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from spectrail.errors import SpecError, UnknownNameError


@dataclass(frozen=True)
class Setting:
    """One setting: default, the options that are supported (or a pattern of free values), what it changes."""

    name: str
    default: str
    options: tuple[str, ...]
    description: str
    pattern: str = ""


def _number(name: str, default: str, description: str) -> Setting:
    return Setting(name, default, (), description, r"\d+(\.\d+)?")


_INEQUALITY = (">=", ">")
SETTINGS: Mapping[str, Setting] = {
    one.name: one
    for one in (
        Setting(
            "cri_rule", "any_deficit", ("any_deficit", "one_lineage"), "which count deficits make CRi, which MLFS"
        ),
        Setting("blast_cut", "<5", ("<5", "<=5"), "marrow blasts of a remission, in percent"),
        Setting("count_anc_cr", ">=", _INEQUALITY, "neutrophils of CR against 1.0"),
        Setting("count_plt_cr", ">=", _INEQUALITY, "platelets of CR against 100"),
        Setting("count_anc_crh", ">=", _INEQUALITY, "neutrophils of CRh against 0.5"),
        Setting("count_plt_crh", ">=", _INEQUALITY, "platelets of CRh against 50"),
        Setting("mrd_at_threshold", "positive", ("positive", "negative"), "MRD of exactly the threshold"),
        Setting(
            "mrd_nd_without_lod",
            "indeterminate",
            ("indeterminate", "assay_lod"),
            "MRD not detected by an assay whose limit of detection was not given",
        ),
        Setting("mrd_domain", "LB", ("LB",), "SDTM domain of MRD results"),
        Setting("plt_tx_days", "7", ("0", "3", "7"), "days from a platelet transfusion on without usable platelets"),
        Setting("recovery_n", "3", ("1", "2", "3"), "consecutive measured days of a recovery"),
        Setting("efs_relapse_blast", ">5%", (">5%", ">=25%"), "marrow blasts of a relapse"),
        Setting(
            "efs_failure_date",
            "start_of_change",
            ("start_of_change", "end_of_induction", "day_1"),
            "date of a treatment failure in EFS",
        ),
        Setting("efs_hsct", "ignore", ("ignore", "censor", "event"), "transplantation in EFS"),
        Setting(
            "efs_intolerance",
            "all_study_therapy",
            ("all_study_therapy", "blinatumomab"),
            "permanent stop of which treatment is an EFS event",
        ),
        Setting("origin_os_efs", "enrolment", ("enrolment", "first_dose", "consent"), "start of OS and EFS"),
        Setting("eoi_window", "strict", ("strict", "late"), "days of the end-of-induction marrow after extension"),
        Setting("te_window", "30_days", ("30_days", "consolidation"), "end of the treatment-emergent window"),
        Setting(
            "missing_rel", "related", ("related", "not_related"), "missing causality of a treatment-emergent event"
        ),
        Setting("ctcae", "5.0", ("5.0",), "version of the toxicity criteria"),
        Setting("anc_source", "reported", ("reported", "computed"), "which neutrophil count is preferred"),
        Setting("upgrade_late_recovery", "off", ("off", "on"), "counts recovered within 7 days upgrade a response"),
        Setting("te_worsening", "off", ("off", "on"), "an event that worsens under treatment is treatment-emergent"),
        _number("interruption_min_hours", "4", "shortest pause of an infusion that is an interruption, in hours"),
        Setting("rel_unlikely_is_related", "no", ("no", "yes"), "whether an unlikely causality counts as related"),
        Setting("sustained_gap_days", "unlimited", ("unlimited",), "longest gap within a sustained recovery"),
    )
}
"""Every setting by name."""


def resolved(given: Mapping[str, str]) -> dict[str, str]:
    """Return the values of all settings: those a study gives, defaults for the others; unknown names are kept.

    Raises SpecError for an option that is not supported, naming those that are; UnknownNameError for a name so near
    to a setting that it must be a slip.  `count_ge` sets all four inequalities of counts at once.
    """
    values = {name: one.default for name, one in SETTINGS.items()}
    if "count_ge" in given:
        values |= {name: given["count_ge"] for name in SETTINGS if name.startswith("count_")}
    for name, value in given.items():
        if name not in SETTINGS:
            _check_slip(name)
        values[name] = value
    for name, one in SETTINGS.items():
        _check(one, values[name])
    return values


def _check(setting: Setting, value: str) -> None:
    if setting.options and value not in setting.options:
        raise SpecError(
            f"setting {setting.name}: {value!r} is not supported", hint=f"supported: {', '.join(setting.options)}"
        )
    if setting.pattern and not re.fullmatch(setting.pattern, value):
        raise SpecError(f"setting {setting.name}: {value!r} is not a number", hint="write a number such as 4")


def _check_slip(name: str) -> None:
    plain = name.replace("_", "").lower()
    for known in SETTINGS:
        if known.replace("_", "") == plain:
            raise UnknownNameError("setting", name, SETTINGS)
