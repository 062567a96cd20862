"""Spec cases: literal raw tables, steps as YAML, and the records and problems that must come out.

A spec test is also the manual page of its algorithm: a module docstring and a constant `CASES`, a mapping of title to

- `tables`: name -> table (a raw extract, or a lookup table if its name is in `lookups`; `DM` and other names in
  upper case are datasets),
- `steps`: the steps of the dataset, a YAML list; `dataset` names it (default `XX`),
- `gives`: the records that come out, only the columns shown,
- `problems`: rule, record (0-based row of the raw table; `-` when listed once), value,
- `excluded`: row of the raw table, reason.

A table is written with `|`; an empty cell is missing, a cell in double quotes is taken literally with its escapes.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

import sdtm.algorithms
import sdtm.derivations  # noqa: F401 - fills the catalogue
from sdtm.catalog import ALGORITHMS
from specs.expressions import parse
from specs.models import Step
from specs.terminology import Terms, terminology
from spectrail.build import Build, SourceTable
from spectrail.runner import Workspace

FIELDS = set(Step.model_fields) - {"arguments"}


def read_table(text: str) -> pd.DataFrame:
    """Read a table written with `|` into text columns."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    rows = [[_cell(cell) for cell in line.strip("|").split("|")] for line in lines]
    header = [str(name) for name in rows[0]]
    assert all(len(row) == len(header) for row in rows), f"ragged table:\n{text}"
    columns = {name: pd.Series([row[i] for row in rows[1:]], dtype="str") for i, name in enumerate(header)}
    return pd.DataFrame(columns)


def _cell(text: str) -> str | None:
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        return str(ast.literal_eval(text))
    return text or None


def read_steps(text: str) -> tuple[Step, ...]:
    """Read steps: fields of a step by name, everything else an argument."""
    yaml = YAML(typ="base", pure=True)
    return tuple(_step(raw) for raw in yaml.load(textwrap.dedent(text)))


def _step(raw: Mapping[str, Any]) -> Step:
    fields = {name: value for name, value in raw.items() if name in FIELDS}
    source = fields.get("source", [])
    fields["source"] = tuple(source) if isinstance(source, list) else (source,)
    fields["replace"] = fields.get("replace") == "true"
    arguments = {name: _frozen(value) for name, value in raw.items() if name not in FIELDS}
    return Step(**fields, arguments=arguments)


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value


def shown(frame: pd.DataFrame) -> list[dict[str, str]]:
    """Return rows as texts, missing as the empty text, numbers in their shortest form."""
    columns = {str(name): [_shown(value) for value in frame[name].astype(object).tolist()] for name in frame.columns}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _shown(value: Any) -> str:
    if value is None or value != value:
        return ""
    return np.format_float_positional(value, trim="-") if isinstance(value, float) else str(value)


def run_steps(case: Mapping[str, Any]) -> Build:
    """Run the steps of a case and give back the finished build."""
    lookups = set(case.get("lookups", ()))
    tables: dict[str, SourceTable] = {}
    for name, text in case.get("tables", {}).items():
        kind = "lookup" if name in lookups else "raw"
        tables[name] = SourceTable(name, read_table(text), kind)
    name = case.get("dataset", "XX")
    plans = {name: read_steps(case["steps"])}
    for other in [table for table in tables if table.isupper()]:
        columns = tables[other].frame.columns
        start = Step(algorithm="records", source=(f"={other}",))
        tables[f"={other}"] = tables[other]
        copies = [Step(target=c, algorithm="assign_no_ct", source=(f"={other}.{c}",)) for c in columns]
        plans[other] = (start, *copies)
    resolvers = {Terms: case.get("terms", terminology().terms)}
    space = Workspace(
        catalog=ALGORITHMS.registry,
        plans=plans,
        tables=lambda wanted: tables.get(wanted),
        parse=parse,
        resolvers=resolvers,
    )
    return space.run(name)


def problem_rows(build: Build) -> list[tuple[str, str, str]]:
    """Return problems as rule, raw row and value; those listed once without a row."""
    found = []
    for held in build.problems:
        values = [_shown(value) for value in list(held.problem.values)]
        if held.problem.once:
            found += [(held.problem.rule, "-", value) for value in dict.fromkeys(values)]
        else:
            found += [
                (held.problem.rule, str(row), value)
                for row, value in zip(held.source_rows.tolist(), values, strict=True)
            ]
    return found


def excluded_rows(build: Build) -> list[tuple[str, str]]:
    """Return excluded raw rows with their reasons."""
    return [(str(row), one.reason) for one in build.exclusions for row in one.rows.tolist()]


def check(case: Mapping[str, Any]) -> Build:
    """Run a case and compare records, problems and exclusions with what it says."""
    build = run_steps(case)
    assert build.block is not None
    expected = read_table(case["gives"])
    actual = build.block.frame(list(expected.columns))
    assert shown(actual) == shown(expected)
    problems = read_table(case["problems"]) if "problems" in case else None
    wanted = [] if problems is None else [tuple(row.values()) for row in shown(problems)]
    assert problem_rows(build) == wanted
    left = read_table(case["excluded"]) if "excluded" in case else None
    assert excluded_rows(build) == ([] if left is None else [tuple(row.values()) for row in shown(left)])
    return build


@pytest.fixture
def check_case() -> Callable[[Mapping[str, Any]], Build]:
    """Give the function that runs and compares one spec case."""
    return check
