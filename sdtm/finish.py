"""From the records of a build to the datasets that are written.

Text becomes ASCII and at most 200 bytes, numbers become numbers, variables take the order of the specification,
supplemental qualifiers become a dataset of their own, and problems become findings with natural keys.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from sdtm.ascii_text import to_ascii
from sdtm.long_text import shorten
from sdtm.supplemental import supplemental
from specs import models
from spectrail import frames
from spectrail.build import Block, Build, HeldProblem
from spectrail.dataset import Dataset
from spectrail.findings import Findings
from spectrail.layout import Column, Layout
from spectrail.lineage import Lineage
from spectrail.steps import Positions, Problem, Records

NOT_A_NUMBER = "MAP-NUMBER"


def finished(build: Build, spec: models.Dataset, study: models.Study) -> Iterator[Dataset]:
    """Yield the dataset of a build, then its supplemental qualifiers when it has any.

    The block of the build keeps its records in the written order, so that other datasets' links can be settled.
    """
    block = build.block
    assert block is not None
    _as_ascii(build, block, spec, study)
    _as_specified_types(build, block, spec)
    _sort(build, block, spec)
    block = build.block
    assert block is not None
    shorten(build, block, spec)
    findings = problem_findings(build, block, spec)
    supp = supplemental(build, block, spec, study)
    own = {name for name in block.columns if name in spec.names}
    columns = {name: block.columns[name] if name in own else _empty(block, spec, name) for name in spec.names}
    lineage = Lineage(
        block.links,
        tuple(trace for trace in build.traces if "." not in trace.variable),
        {name: tuple(found) for name, found in block.providers.items() if name in spec.names},
    )
    frame = pd.DataFrame(columns, index=block.index)
    yield Dataset(layout_of(spec), frame, lineage, findings)
    if supp is not None:
        yield supp


def layout_of(spec: models.Dataset) -> Layout:
    """Reduce the specification of a dataset to its layout."""
    columns = tuple(
        Column(
            variable.name,
            variable.label,
            variable.data_type or "text",
            variable.length if variable.data_type not in ("integer", "float") else 8,
            variable.format,
        )
        for variable in spec.variables
    )
    return Layout(spec.name, spec.label, columns, spec.keys)


def _sort(build: Build, block: Block, spec: models.Dataset) -> None:
    """Sort by the keys of the specification, unless a step has numbered the records and so sorted them."""
    numbered = any(trace.algorithm == "derive_seq" for trace in build.traces)
    keys = [block.columns[key] for key in spec.keys if key in block.columns]
    if keys and not numbered:
        order = frames.sort_positions(keys)
        build.apply(Records(block.frame().take(order), order))


def _as_ascii(build: Build, block: Block, spec: models.Dataset, study: models.Study) -> None:
    for name, values in block.columns.items():
        if not _written(name, spec) or not isinstance(values.dtype, pd.StringDtype):
            continue
        made, problems = to_ascii(values, variable=name.rpartition(".")[2], study=study)
        build.hold(problems, name, None)
        block.columns[name] = made


def _written(name: str, spec: models.Dataset) -> bool:
    return name in spec.names or name.startswith("SUPP")


def _as_specified_types(build: Build, block: Block, spec: models.Dataset) -> None:
    for variable in spec.variables:
        values = block.columns.get(variable.name)
        if values is None:
            continue
        numeric = variable.data_type in ("integer", "float")
        if numeric and isinstance(values.dtype, pd.StringDtype):
            block.columns[variable.name] = _to_numbers(build, variable.name, values)
        elif not numeric and not isinstance(values.dtype, pd.StringDtype):
            block.columns[variable.name] = frames.as_text(values)


def _to_numbers(build: Build, name: str, values: pd.Series) -> pd.Series:
    codes, uniques = pd.factorize(values)
    numbers = pd.to_numeric(pd.Series(uniques, dtype="str").str.strip(), errors="coerce").to_numpy(dtype="float64")
    made = np.append(numbers, np.nan)[codes]
    wrong = np.flatnonzero(np.isnan(made) & (codes >= 0))
    if len(wrong):
        text = "not a number, although the specification says the variable is numeric; written as missing"
        problem = Problem(NOT_A_NUMBER, "error", text, wrong, values.take(wrong).to_numpy())
        build.hold((problem,), name, None)
    return pd.Series(made, index=values.index, name=name)


def _empty(block: Block, spec: models.Dataset, name: str) -> pd.Series:
    numeric = spec.variable(name).data_type in ("integer", "float")
    values = pd.Series(np.nan, index=block.index, dtype="float64", name=name)
    return values if numeric else values.astype("str")


def problem_findings(build: Build, block: Block, spec: models.Dataset) -> Findings:
    """Turn the problems of a build into findings with natural keys and raw rows.

    Natural keys are the specification's keys without --SEQ; a record that is no longer there has none.
    """
    names = [key for key in spec.keys if key in block.columns and not key.endswith("SEQ")]
    return Findings.concat(_one(build, block, spec, held, names) for held in build.problems)


def _one(build: Build, block: Block, spec: models.Dataset, held: HeldProblem, names: list[str]) -> Findings:
    problem = held.problem
    base = {
        "rule": problem.rule,
        "severity": problem.severity,
        "dataset": spec.name,
        "variable": problem.column or held.variable.rpartition(".")[2],
        "message": problem.message,
        "source": held.source,
    }
    values = pd.Series(problem.values).astype("str").reset_index(drop=True)
    if problem.once:
        codes, uniques = pd.factorize(values)
        first = pd.Series(np.arange(len(codes))).groupby(codes).first()
        counts = np.bincount(codes[codes >= 0], minlength=len(uniques))
        rows = held.source_rows[first[first.index >= 0].to_numpy()] + 1
        return Findings.of(**base, value=pd.Series(uniques, dtype="str"), source_row=rows, count=counts)
    places = build.current(held.ids)
    return Findings.of(
        **base,
        record=places + 1,
        keys=key_text(block, places, names),
        value=values,
        source_row=held.source_rows + 1,
    )


def key_text(block: Block, places: Positions, names: list[str]) -> pd.Series:
    """Return `NAME=value` pairs of natural keys for records at `places` (-1 gives an empty text)."""
    text = pd.Series("", index=pd.RangeIndex(len(places)), dtype="str")
    for name in names:
        column = block.columns[name]
        values = pd.Series(frames.as_text(column).array.take(places, allow_fill=True)).fillna("")
        text = text + f" {name}=" + values
    return text.str.strip().mask(places < 0, "")
