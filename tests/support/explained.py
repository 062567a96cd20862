"""An explanation with everything that it goes back to."""

from __future__ import annotations

from collections.abc import Iterator

from spectrail.pipeline.explain import Explanation, Origin


def steps_back(found: Explanation) -> Iterator[Explanation]:
    """Yield an explanation and each one that it goes through, however far back."""
    yield found
    for one in found.through:
        yield from steps_back(one)


def tables_seen(found: Explanation) -> set[str]:
    """Return the datasets, working tables and raw tables that an explanation names."""
    return {one.dataset for one in steps_back(found)} | {one.source for one in origins(found)}


def origins(found: Explanation) -> Iterator[Origin]:
    """Yield the origins of an explanation and of everything that it goes through."""
    for one in steps_back(found):
        yield from one.origins
