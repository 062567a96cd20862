"""Look up datasets and variables of SDTMIG, the SDTM model, ADaMIG and OCCDS.

    sdtmig("3.4").variable("AE", "AESEV").codelists        -> ("C66769",)
    sdtm_model("2.0").variable("Events", "AE", "AELNKID")  -> AELNKID, Identifier
    adamig("1.3").variable("ADSL", "TRT01P").label         -> "Planned Treatment for Period 01"

A lookup of a variable gives None for one the standard does not have; an unknown version, dataset or class raises.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from spectrail.errors import UnknownNameError

if TYPE_CHECKING:
    import pyarrow as pa

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class StandardVariable:
    """One variable of a standard.

    `group` is its domain (SDTMIG) or class (model, ADaM). `name` is the concrete name where a lookup made one,
    `pattern` the name as the standard prints it (`--SEQ`, `TRTxxP`), `indexes` what stands for its placeholders
    (`{"xx": "01"}`). `codelists` are C-codes, `values` the values the standard fixes, `core` is Req/Exp/Perm (SDTM)
    or Req/Cond/Perm/Not Used (ADaM), empty where the standard has none.
    """

    group: str
    order: int
    name: str
    label: str
    type: Literal["Char", "Num"]
    codelists: tuple[str, ...] = ()
    format: str = ""
    values: tuple[str, ...] = ()
    role: str = ""
    core: str = ""
    dataset: str = ""
    variable_set: str = ""
    pattern: str = ""
    indexes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), hash=False)


@dataclass(frozen=True)
class StandardDataset:
    """One dataset of SDTMIG: `define_class` is its class in Define-XML, `keys` the example of table 3.2.1."""

    name: str
    label: str
    class_name: str
    define_class: str
    structure: str
    keys: tuple[str, ...]
    repeating: bool
    reference_data: bool
    variables: tuple[StandardVariable, ...]

    def variable(self, name: str) -> StandardVariable | None:
        """Return a variable by name, or None."""
        return next((variable for variable in self.variables if variable.name == name), None)


@dataclass(frozen=True)
class TsParameter:
    """One trial summary parameter; `codelist` is the C-code of the list its TSVAL comes from.

    `required_cg0287` follows CORE rule CG0287 (written for SDTMIG 3.2 and 3.3), `required_fb1111` FDA rule FB1111.
    """

    name: str
    label: str
    term_code: str
    value_kind: str
    codelist: str
    required_cg0287: bool
    required_fb1111: bool


@dataclass(frozen=True)
class SdtmIg:
    """The SDTM Implementation Guide of one version: its datasets in the order of the guide."""

    version: str
    datasets: Mapping[str, StandardDataset]

    def dataset(self, name: str) -> StandardDataset:
        """Return a dataset; SUPPxx is described by SUPPQUAL under its own name."""
        if name not in self.datasets and re.fullmatch(r"SUPP[A-Z0-9]{2,4}", name):
            general = self.datasets["SUPPQUAL"]
            return replace(general, name=name, label=f"Supplemental Qualifiers for {name[4:]}")
        if name not in self.datasets:
            raise UnknownNameError(f"dataset of SDTMIG {self.version}", name, self.datasets)
        return self.datasets[name]

    def variable(self, domain: str, name: str) -> StandardVariable | None:
        """Return the variable of a domain that the guide lists, or None."""
        return self.dataset(domain).variable(name)


@dataclass(frozen=True)
class SdtmModel:
    """The SDTM model of one version: what may be added to a domain beyond the variables its guide lists."""

    version: str
    table: tuple[StandardVariable, ...]

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes."""
        return tuple(dict.fromkeys(variable.group for variable in self.table))

    def variables(self, class_name: str, domain: str) -> tuple[StandardVariable, ...]:
        """Return the variables a dataset of a class may have, in model order, `--` resolved to the domain.

        The general observation classes take their identifiers and timing variables from the model's general table
        (SDTM 2.0 section 3.1); Findings About is Findings and --OBJ.
        """
        if class_name not in self.classes:
            raise UnknownNameError(f"class of SDTM {self.version}", class_name, self.classes)
        prefix = domain.removeprefix("AP") if len(domain) == 4 else domain
        found = self._general(class_name) if class_name in OBSERVATION_CLASSES else self._special(class_name, domain)
        return tuple(_concrete(variable, prefix[:2]) for variable in found)

    def _general(self, class_name: str) -> list[StandardVariable]:
        general = [variable for variable in self.table if variable.group == OBSERVATIONS]
        own = [v for name in OBSERVATION_CLASSES[class_name] for v in self.table if v.group == name]
        identifiers = [variable for variable in general if variable.role == "Identifier"]
        timing = [variable for variable in general if variable.role != "Identifier"]
        return identifiers + own + timing

    def _special(self, class_name: str, domain: str) -> list[StandardVariable]:
        name = "SUPPQUAL" if domain.startswith("SUPP") else domain
        return [v for v in self.table if v.group == class_name and v.dataset in ("", name)]

    def variable(self, class_name: str, domain: str, name: str) -> StandardVariable | None:
        """Return a variable that a dataset of the class may have, or None."""
        return next((one for one in self.variables(class_name, domain) if one.name == name), None)


OBSERVATIONS = "General Observations"
OBSERVATION_CLASSES: Mapping[str, tuple[str, ...]] = {
    "Interventions": ("Interventions",),
    "Events": ("Events",),
    "Findings": ("Findings",),
    "Findings About": ("Findings About", "Findings"),
}
"""Class -> the tables of the model whose qualifiers it takes."""

PLACEHOLDERS = {"xx": r"(?P<xx>0[1-9]|[1-9]\d)", "zz": r"(?P<zz>0[1-9]|[1-9]\d)", "y": r"(?P<y>[1-9]\d?)"}
PLACEHOLDERS["w"] = r"(?P<w>[1-9])"
"""Index in a name -> the numbers that may stand for it (ADaMIG 1.3 section 3.1.4: xx and zz two digits, y 1-99,
w 1-9)."""


@dataclass(frozen=True)
class AdamStandard:
    """ADaMIG or OCCDS of one version; the classes are ADSL, BDS, BDS-TTE and OCCDS, ADAE."""

    name: str
    version: str
    table: tuple[StandardVariable, ...]

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes."""
        return tuple(dict.fromkeys(variable.group for variable in self.table))

    def variables(self, class_name: str) -> tuple[StandardVariable, ...]:
        """Return the variables of one class as the standard prints them (`TRTxxP`), in order."""
        if class_name not in self.classes:
            raise UnknownNameError(f"class of {self.name} {self.version}", class_name, self.classes)
        return tuple(variable for variable in self.table if variable.group == class_name)

    def variable(self, class_name: str, name: str, *, prefix: str = "") -> StandardVariable | None:
        """Return the variable of a class that a concrete name stands for, or None.

        Exact names win over indexed ones (`AVALCAT1` for AVALCATy), those of the class over those of ADSL, which any
        dataset may carry, and all of them over the date and time endings of BDS (`*DT`), which give no label.
        `prefix` is what `--` of OCCDS stands for (`AE`, `CM`); without it the first two letters are taken.
        """
        self.variables(class_name)
        groups = [class_name] + (["BDS"] if class_name == "BDS-TTE" else [])
        groups += ["ADSL"] if "ADSL" in self.classes and class_name != "ADSL" else []
        for group in groups:
            found = self._exact.get((group, name)) or self._indexed(group, name, prefix)
            if found is not None:
                return found
        return next((found for group in groups if (found := self._ending(group, name))), None)

    @cached_property
    def _exact(self) -> Mapping[tuple[str, str], StandardVariable]:
        exact: dict[tuple[str, str], StandardVariable] = {}
        for variable in self.table:
            if re.fullmatch(r"[A-Z0-9]+", variable.name):
                exact.setdefault((variable.group, variable.name), variable)
        return exact

    @cached_property
    def _patterns(self) -> Mapping[str, tuple[tuple[re.Pattern[str], StandardVariable], ...]]:
        found: dict[str, list[tuple[re.Pattern[str], StandardVariable]]] = {}
        for variable in self.table:
            if "*" not in variable.name and (variable.group, variable.name) not in self._exact:
                found.setdefault(variable.group, []).append((_pattern(variable.name), variable))
        return {group: tuple(patterns) for group, patterns in found.items()}

    def _indexed(self, group: str, name: str, prefix: str) -> StandardVariable | None:
        for pattern, variable in self._patterns.get(group, ()):
            match = pattern.fullmatch(name)
            if match and (not prefix or match.groupdict().get("domain", prefix) == prefix):
                return _with_indexes(variable, name, match.groupdict())
        return None

    def _ending(self, group: str, name: str) -> StandardVariable | None:
        endings = [v for v in self.table if v.group == group and v.name.startswith("*")]
        fitting = [v for v in endings if name.endswith(v.name[1:]) and len(name) >= len(v.name)]
        if not fitting:
            return None
        longest = max(fitting, key=lambda variable: len(variable.name))
        return replace(longest, name=name, pattern=longest.name, label="")


def _concrete(variable: StandardVariable, domain: str) -> StandardVariable:
    if not variable.name.startswith("--"):
        return variable
    return replace(variable, name=domain + variable.name[2:], pattern=variable.name)


def _pattern(name: str) -> re.Pattern[str]:
    """Return the expression of the concrete names that an indexed name of ADaM stands for."""
    text = re.sub(r"xx|zz|y|w", lambda match: PLACEHOLDERS[match.group()], name.removeprefix("--"))
    return re.compile(("(?P<domain>[A-Z][A-Z0-9])" if name.startswith("--") else "") + text)


def _with_indexes(variable: StandardVariable, name: str, groups: Mapping[str, str]) -> StandardVariable:
    indexes = {index: groups[index] for index in ("xx", "zz", "y", "w") if groups.get(index)}
    label = variable.label
    for index, value in indexes.items():
        label = re.sub(rf"\b{index}\b", value, label)
    return replace(variable, name=name, pattern=variable.name, label=label, indexes=MappingProxyType(indexes))


@cache
def sdtmig(version: str = "3.4") -> SdtmIg:
    """Return the SDTM Implementation Guide of a version."""
    check_version("sdtmig", version)
    by_domain: dict[str, list[StandardVariable]] = {}
    for variable in _variables(f"sdtmig-{version}-variables"):
        by_domain.setdefault(variable.group, []).append(variable)
    datasets = {
        row["name"]: StandardDataset(
            name=row["name"],
            label=row["label"],
            class_name=row["class_name"],
            define_class=row["define_class_ct"],
            structure=row["structure"],
            keys=tuple(row["keys"]),
            repeating=row["repeating"],
            reference_data=row["is_reference_data"],
            variables=tuple(by_domain[row["name"]]),
        )
        for row in read_table(f"sdtmig-{version}-datasets").to_pylist()
    }
    return SdtmIg(version, MappingProxyType(datasets))


@cache
def sdtm_model(version: str = "2.0") -> SdtmModel:
    """Return the SDTM model of a version."""
    check_version("sdtm", version)
    return SdtmModel(version, tuple(_variables(f"sdtm-{version}-variables")))


@cache
def adamig(version: str = "1.3") -> AdamStandard:
    """Return the ADaM Implementation Guide of a version (classes ADSL, BDS, BDS-TTE)."""
    check_version("adamig", version)
    return AdamStandard("ADaMIG", version, tuple(_variables(f"adamig-{version}-variables")))


@cache
def occds(version: str = "1.1") -> AdamStandard:
    """Return the ADaM structure for occurrence data of a version (classes OCCDS, ADAE)."""
    check_version("occds", version)
    return AdamStandard("OCCDS", version, tuple(_variables(f"occds-{version}-variables")))


@cache
def ts_parameters() -> Mapping[str, TsParameter]:
    """Return the trial summary parameters by TSPARMCD."""
    return MappingProxyType(
        {
            row["tsparmcd"]: TsParameter(
                name=row["tsparmcd"],
                label=row["tsparm"],
                term_code=row["term_code"],
                value_kind=row["tsval_kind"],
                codelist=row["tsval_codelist"],
                required_cg0287=row["required_cg0287"],
                required_fb1111=row["required_fb1111"],
            )
            for row in read_table("ts-parameters").to_pylist()
        }
    )


def known_versions(standard: str) -> tuple[str, ...]:
    """Return the packaged versions of `sdtmig`, `sdtm`, `adamig`, `occds` or `ct`."""
    ending = {"sdtmig": "variables", "sdtm": "variables", "adamig": "variables", "occds": "variables", "ct": "terms"}
    if standard not in ending:
        raise UnknownNameError("standard", standard, ending)
    paths = FOLDER.glob(f"{standard}-*-{ending[standard]}.parquet")
    return tuple(sorted(path.stem[len(standard) + 1 : -len(ending[standard]) - 1] for path in paths))


def check_version(standard: str, version: str) -> None:
    """Raise for a version that is not packaged, naming the known ones."""
    known = known_versions(standard)
    if version not in known:
        raise UnknownNameError(f"version of {standard.upper()}", version, known)


def read_table(name: str) -> pa.Table:
    """Read one packaged table."""
    import pyarrow.parquet as pq  # here: importing a catalogue must cost nothing

    return pq.ParquetFile(FOLDER / f"{name}.parquet").read(use_threads=False)  # read_table imports pyarrow.dataset


def _variables(table: str) -> Iterable[StandardVariable]:
    for row in read_table(table).to_pylist():
        yield StandardVariable(**_tuples(row))


def _tuples(row: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
