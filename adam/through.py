"""Lineage through working tables: they are not written, so what came from them goes back to what they came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from spectrail.build import Build
from spectrail.lineage import Int32, Provider, RecordLineage, expand_ranges

Working = Mapping[str, Build]
"""Working tables by name; their steps have run."""


def through_records(records: RecordLineage, working: Working) -> RecordLineage:
    """Replace links to records of working tables by the links of those records, until none is left.

    Rows of working tables are ids that their records had when they were read; rows of other sources stay as they are.
    A link that stands twice is kept once.
    """
    if not set(records.sources) & set(working):
        return records
    while True:
        inner = [name for name in records.sources if name in working]
        if not inner:
            return _once(records)
        records = _opened(records, inner[0], working[inner[0]])


def _opened(records: RecordLineage, name: str, build: Build) -> RecordLineage:
    """Replace the links to one working table."""
    assert build.block is not None
    links = build.block.links
    mine = records.source == records.sources.index(name)
    place = build.current(records.row[mine].astype(np.int64))
    start, stop = (np.searchsorted(links.record, place, side=side) for side in ("left", "right"))
    found = expand_ranges(start, stop - start)
    sources = tuple(dict.fromkeys([one for one in (*records.sources, *links.sources) if one != name]))
    kept = _codes(records.sources, sources)[records.source[~mine]]
    return RecordLineage(
        sources,
        np.concatenate([records.record[~mine], np.repeat(records.record[mine], stop - start)]),
        np.concatenate([kept, _codes(links.sources, sources)[links.source[found]]]),
        np.concatenate([records.row[~mine], links.row[found]]),
    )


def _codes(names: tuple[str, ...], among: tuple[str, ...]) -> Int32:
    known = {name: code for code, name in enumerate(among)}
    return np.array([known.get(name, -1) for name in names] or [-1], dtype=np.int32)


def _once(records: RecordLineage) -> RecordLineage:
    """Sort links by record, source and row, and keep each once."""
    order = np.lexsort((records.row, records.source, records.record))
    columns = [one[order] for one in (records.record, records.source, records.row)]
    fresh = np.ones(len(order), dtype=np.bool_)
    fresh[1:] = np.any([one[1:] != one[:-1] for one in columns], axis=0)
    record, source, row = (one[fresh] for one in columns)
    return RecordLineage(records.sources, record, source, row)


def through_providers(providers: tuple[Provider, ...], working: Working) -> tuple[Provider, ...]:
    """Replace providers in working tables by what gave those tables the values, until none is left.

    A variable that a working table computed goes back to the columns its steps read.
    """
    found: list[Provider] = []
    for one in providers:
        found += _opened_provider(one, working, ()) if one.source in working else [one]
    return _merged(found)


def _opened_provider(provider: Provider, working: Working, seen: tuple[str, ...]) -> Iterator[Provider]:
    build = working[provider.source]
    block = build.block
    assert block is not None
    rows = provider.row.astype(np.int64)
    place = np.where(rows >= 0, build.current(np.where(rows >= 0, rows, 0)), -1)
    given = block.providers.get(provider.column, [])
    for inner in given:
        here = Provider(inner.source, inner.column, np.append(inner.row, np.int32(-1))[place])
        yield from _opened_provider(here, working, seen) if here.source in working else [here]
    if given or provider.column in seen:
        return
    for name in dict.fromkeys(
        one for trace in build.traces if trace.variable == provider.column for one in trace.sources
    ):
        source, dot, column = name.partition(".")
        if dot and source in block.links.sources:
            here = Provider(source, column, _first_rows(block.links, source, place))
            yield from _opened_provider(here, working, seen) if source in working else [here]
        elif not dot and name in block.columns:
            inside = Provider(provider.source, name, provider.row)
            yield from _opened_provider(inside, working, (*seen, provider.column))


def _first_rows(links: RecordLineage, source: str, place: np.ndarray) -> Int32:
    """Return the first row of a source behind each record (-1 none)."""
    mine = np.flatnonzero(links.source == links.sources.index(source))
    records = links.record[mine]
    at = np.searchsorted(records, place, side="left")
    hit = (place >= 0) & (np.append(records, -1)[np.minimum(at, len(records))] == place)
    return np.where(hit, np.append(links.row[mine], -1)[np.minimum(at, len(records))], -1).astype(np.int32)


def _merged(providers: list[Provider]) -> tuple[Provider, ...]:
    """Put providers of the same source and column into one; the first that names a row counts."""
    made: dict[tuple[str, str], Int32] = {}
    for one in providers:
        key = (one.source, one.column)
        made[key] = np.where(made[key] >= 0, made[key], one.row).astype(np.int32) if key in made else one.row
    return tuple(Provider(source, column, row) for (source, column), row in made.items())
