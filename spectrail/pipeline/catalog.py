"""The algorithms that the steps of a study may name: the built-in ones, and those of the extensions it names."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import adam.engine  # noqa: F401 - the engines fill the catalogues
import sdtm.engine  # noqa: F401
from adam.catalog import DERIVATIONS
from adam.settings import COMBINED, SETTINGS
from sdtm.catalog import ALGORITHMS
from specs import models
from specs.nodes import Places
from spectrail.errors import Place, SpecError, nearest_hint
from spectrail.extension import GROUP, Extension
from spectrail.registry import Registry
from spectrail.runner import STACK, START
from spectrail.steps import Algorithm

Algorithms = Mapping[str, Algorithm]


@dataclass(frozen=True)
class Installed:
    """An extension that a study names: the distribution and version that offer it, its entry point, its functions."""

    name: str
    distribution: str
    version: str
    entry_point: str
    extension: Extension

    @property
    def origin(self) -> str:
        """The distribution with its version, as method texts and messages name it."""
        return f"{self.distribution} {self.version}"


@dataclass(frozen=True)
class Catalogs:
    """What steps of SDTM and of ADaM may name, and the extensions that some of it comes from."""

    sdtm: Algorithms
    adam: Algorithms
    extensions: tuple[Installed, ...] = ()

    @property
    def all(self) -> dict[str, Algorithm]:
        """Every algorithm and derivation by name."""
        return {**self.sdtm, **self.adam}


def catalogs(study: models.Study, places: Places | None = None) -> Catalogs:
    """Return the functions for a study; only the extensions that it names are loaded, and only installed ones.

    Raises SpecError for an extension that no distribution offers, that cannot be loaded, or that gives a name which
    is taken.
    """
    found = [
        _load(name, places.nearest("extensions", number) if places else None)
        for number, name in enumerate(study.extensions)
    ]
    _check_names(found)
    return Catalogs(
        _merged(ALGORITHMS.registry, [(one.extension.sdtm.registry, one.origin) for one in found]),
        _merged(DERIVATIONS.registry, [(one.extension.adam.registry, one.origin) for one in found]),
        tuple(found),
    )


def _check_names(found: Sequence[Installed]) -> None:
    owners = dict.fromkeys((START, STACK, *ALGORITHMS.registry, *DERIVATIONS.registry), "spectrail")
    for one in found:
        mine = f"{one.origin} (extension {one.name!r})"
        for name in sorted({*one.extension.sdtm.registry, *one.extension.adam.registry}):
            if name in owners:
                raise SpecError(
                    f"both {owners[name]} and {mine} have a function {name!r}",
                    hint="rename the function in one of the distributions, or leave its extension out",
                )
            owners[name] = mine


def _merged(own: Registry[Algorithm], added: Sequence[tuple[Algorithms, str]]) -> Registry[Algorithm]:
    made: Registry[Algorithm] = Registry(own.kind)
    for name, entry in own.items():
        made.add(name, entry)
    for functions, origin in added:
        for name, entry in functions.items():
            made.add(name, replace(entry, origin=origin))
    return made


def _load(name: str, place: Place | None) -> Installed:
    offered = importlib.metadata.entry_points(group=GROUP)
    known = nearest_hint(name, {entry.name for entry in offered})
    mine = [entry for entry in offered if entry.name == name]
    if not mine:
        raise SpecError(
            f"no installed distribution offers the extension {name!r}",
            place=place,
            hint=f"{known}; entry points of the group {GROUP} offer extensions",
        )
    if len(mine) > 1:
        names = " and ".join(sorted(entry.dist.name if entry.dist else entry.value for entry in mine))
        raise SpecError(f"{names} offer the extension {name!r}", place=place, hint="uninstall one of them")
    entry = mine[0]
    try:
        loaded = entry.load()
    except Exception as error:
        raise SpecError(
            f"the extension {name!r} ({entry.value}) cannot be loaded: {type(error).__name__}: {error}",
            place=place,
            hint="mend the distribution that offers it",
        ) from error
    if not isinstance(loaded, Extension):
        raise SpecError(
            f"the extension {name!r} ({entry.value}) is no Extension but {type(loaded).__name__}",
            place=place,
            hint="let the entry point name a spectrail.extension.Extension",
        )
    distribution = entry.dist
    named = (distribution.name, distribution.version) if distribution else ("", "")
    return Installed(name, *named, entry.value, loaded)


def default_settings() -> dict[str, str]:
    """Return the default of every setting that analyses know, by name."""
    return {name: one.default for name, one in SETTINGS.items()}


def combined_settings() -> dict[str, tuple[str, ...]]:
    """Return the names that stand for several settings of analyses, each with those that it sets."""
    return dict(COMBINED)
