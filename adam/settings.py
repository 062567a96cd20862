"""Named settings of an analysis: what may be chosen, the defaults, and the values of a study."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from spectrail.errors import SpecError, UnknownNameError


@dataclass(frozen=True)
class Setting:
    """One setting: default, supported options, meaning, the analysis data it changes.

    Without options any text that matches `pattern` is supported; `write` says what to write.
    """

    name: str
    default: str
    options: tuple[str, ...]
    description: str
    changes: str
    pattern: str = ""
    write: str = ""


_INEQUALITY = (">=", ">")
_CLASSES = "classes of OVRALG and OVRALGS, what rests on them"
_EFS = "EFS"
SETTINGS: Mapping[str, Setting] = {
    one.name: one
    for one in (
        Setting(
            "cri_rule",
            "any_deficit",
            ("any_deficit", "one_lineage"),
            "which count deficits make CRi, which MLFS",
            "classes of OVRALG, RSPEOIA; OVRALGS is one-lineage always",
        ),
        Setting("blast_cut", "<5", ("<5", "<=5"), "marrow blasts of a remission, in percent", _CLASSES),
        Setting("count_anc_cr", ">=", _INEQUALITY, "neutrophils of CR against 1.0", _CLASSES),
        Setting("count_plt_cr", ">=", _INEQUALITY, "platelets of CR against 100", _CLASSES),
        Setting("count_anc_crh", ">=", _INEQUALITY, "neutrophils of CRh against 0.5", _CLASSES),
        Setting("count_plt_crh", ">=", _INEQUALITY, "platelets of CRh against 50", _CLASSES),
        Setting(
            "mrd_at_threshold",
            "positive",
            ("positive", "negative"),
            "MRD of exactly the threshold",
            "MRD status in ADLB, MRD parameters of ADRS, TTMRDNEG",
        ),
        Setting(
            "mrd_nd_without_lod",
            "indeterminate",
            ("indeterminate", "assay_lod"),
            "MRD not detected by an assay whose limit of detection was not given",
            "MRD status in ADLB, MRD parameters of ADRS, TTMRDNEG",
        ),
        Setting(
            "mrd_domain",
            "LB",
            ("LB", "CP"),
            "SDTM domain of MRD results: LB, or flow cytometry in CP and nucleic acids in GF",
            "domain, variable and sequence number of the source of MRD records",
        ),
        Setting(
            "plt_tx_days",
            "7",
            ("0", "3", "7"),
            "days from a platelet transfusion on without usable platelets",
            f"{_CLASSES}; recovery of platelets",
        ),
        Setting(
            "recovery_n", "3", ("1", "2", "3"), "consecutive measured days of a recovery", "recovery and its duration"
        ),
        Setting("efs_relapse_blast", ">5%", (">5%", ">=25%"), "marrow blasts of a relapse", f"{_CLASSES}: RLPS, EFS"),
        Setting(
            "efs_failure_date",
            "start_of_change",
            ("start_of_change", "end_of_induction", "day_1"),
            "date of a treatment failure in EFS",
            _EFS,
        ),
        Setting("efs_hsct", "ignore", ("ignore", "censor", "event"), "transplantation in EFS", _EFS),
        Setting(
            "efs_intolerance",
            "all_study_therapy",
            ("all_study_therapy", "blinatumomab"),
            "permanent stop of which treatment is an EFS event",
            _EFS,
        ),
        Setting(
            "origin_os_efs",
            "enrolment",
            ("enrolment", "first_dose", "consent"),
            "start of OS and EFS; subjects without that date have neither",
            "OS, EFS",
        ),
        Setting(
            "eoi_window",
            "strict",
            ("strict", "late"),
            "days of the end-of-induction marrow after extension: 35 to 39, or 33 to 45",
            "ANL03FL, RSPEOI, RSPEOIA, MRDEOI, EFSELN",
        ),
        Setting(
            "te_window",
            "30_days",
            ("30_days", "consolidation"),
            "end of the treatment-emergent window: 30 days after treatment, or consolidation where there is one",
            "TRTEMFL, occurrence flags, imputed causality",
        ),
        Setting(
            "missing_rel",
            "related",
            ("related", "not_related"),
            "missing causality of a treatment-emergent event",
            "ARELFL, ARELIMFL, SAEINDFL",
        ),
        Setting("ctcae", "5.0", ("5.0",), "version of the toxicity criteria", "grades in ADLB"),
        Setting(
            "anc_source",
            "reported",
            ("reported", "computed"),
            "which neutrophil count is preferred",
            "ANL01FL, baseline and change of NEUT; counts of OVRALG; source of recovery of neutrophils",
        ),
        Setting(
            "upgrade_late_recovery",
            "off",
            ("off", "on"),
            "counts recovered within 7 days, before the next anti-leukemic dose, upgrade a response",
            "classes and dates of OVRALG and OVRALGS, what rests on them",
        ),
        Setting(
            "te_worsening",
            "off",
            ("off", "on"),
            "an event that worsens under treatment is treatment-emergent",
            "TRTEMFL, occurrence flags",
        ),
        Setting(
            "interruption_min_hours",
            "4",
            (),
            "shortest pause of an infusion that is an interruption, in hours",
            "numbers and hours of interruptions in ADEX",
            r"\d+(\.\d+)?",
            "a number such as 4",
        ),
        Setting(
            "rel_unlikely_is_related",
            "no",
            ("no", "yes"),
            "whether an unlikely causality counts as related",
            "ARELBLN, ARELCHM, ARELFL, SAEINDFL",
        ),
        Setting(
            "sustained_gap_days",
            "unlimited",
            (),
            "most days between two measured days that follow each other within a sustained recovery",
            "recovery and its duration",
            r"unlimited|[1-9]\d{0,3}",
            "unlimited or a number of days",
        ),
    )
}
"""Every setting by name."""

COMBINED: Mapping[str, tuple[str, ...]] = {"count_ge": tuple(name for name in SETTINGS if name.startswith("count_"))}
"""Names that stand for several settings at once; a setting that is given itself stands above them."""


def resolved(given: Mapping[str, str]) -> dict[str, str]:
    """Return the values of all settings: those a study gives, defaults for the others; unknown names are kept.

    Raises SpecError for an option that is not supported, naming those that are; UnknownNameError for a name so near
    to a setting that it must be a slip.  A name of `COMBINED` sets all settings that it stands for.
    """
    values = {name: one.default for name, one in SETTINGS.items()}
    for combined, names in COMBINED.items():
        if combined in given:
            values |= dict.fromkeys(names, given[combined])
    for name, value in given.items():
        if name not in SETTINGS:
            _check_slip(name)
        values[name] = value
    for name, one in SETTINGS.items():
        _check(one, values[name])
    return values


def unsupported(name: str, value: str) -> str:
    """Return what to write instead of a value that a setting does not support; nothing for one that it does.

    Nothing too for a name that is neither a setting nor one that stands for several, which support the same.
    """
    known = SETTINGS.get(COMBINED.get(name, (name,))[0])
    return "" if known is None else _instead(known, value)


def _instead(setting: Setting, value: str) -> str:
    if value in setting.options if setting.options else re.fullmatch(setting.pattern, value):
        return ""
    return f"supported: {', '.join(setting.options)}" if setting.options else f"write {setting.write}"


def _check(setting: Setting, value: str) -> None:
    hint = _instead(setting, value)
    if hint:
        raise SpecError(f"setting {setting.name}: {value!r} is not supported", hint=hint)


def _check_slip(name: str) -> None:
    plain = name.replace("_", "").lower()
    for known in SETTINGS:
        if known.replace("_", "") == plain:
            raise UnknownNameError("setting", name, SETTINGS)
