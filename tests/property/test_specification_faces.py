from __future__ import annotations

import tempfile
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Union

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from specs import models as m
from specs.nodes import plain
from specs.where import parse_where, render_where
from specs.workbook import write_workbook
from specs.yaml_files import read_specification, read_study, write_yaml
from specs.yaml_text import Place, block, flow, parse_yaml

LETTERS = "abcXYZ019 .,:;#-_[]{}()&*!|>%@'\"\\/~=<+?\n\té中µ\xa0\x85\u2028\U0001f600"
TEXT = st.text(st.sampled_from(LETTERS), max_size=8)
TRIMMED = TEXT.map(str.strip)
GIVEN = TRIMMED.filter(bool)
NAMES = st.from_regex(r"[A-Z][A-Z0-9]{0,7}", fullmatch=True)
CELLS = st.text(st.sampled_from(LETTERS), max_size=5)
ARGUMENTS: Any = st.recursive(
    TEXT,
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
MOST = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
VERBATIM = {"synonyms", "values", "delimiter", "settings", "transliterations"}


def _value(annotation: Any, name: str, required: bool) -> Any:
    origin = typing.get_origin(annotation)
    if annotation is m.Argument:
        return ARGUMENTS
    if origin in (Union, types.UnionType):
        return st.one_of([_value(option, name, required) for option in typing.get_args(annotation)])
    if annotation is type(None):
        return st.none()
    if origin is Literal:
        return st.sampled_from(typing.get_args(annotation))
    if origin is tuple:
        return st.lists(_value(typing.get_args(annotation)[0], name, False), max_size=2).map(tuple)
    if origin is not None and issubclass(origin, Mapping):
        keys = TEXT.filter(bool) if name in ("settings", "transliterations") else TEXT
        return st.dictionaries(keys, _value(typing.get_args(annotation)[1], name, False), max_size=2)
    if isinstance(annotation, type) and issubclass(annotation, m.Model):
        return _model(annotation)
    if annotation is int:
        return st.integers(-5, 99999)
    if annotation is bool:
        return st.booleans()
    if name in VERBATIM:
        return TEXT
    return GIVEN if required else TRIMMED


@st.composite
def _table(draw: Any, named: Any = GIVEN) -> m.LookupTable:
    columns = draw(st.lists(CELLS.filter(str.strip), min_size=1, max_size=3, unique=True))
    row = st.lists(CELLS, min_size=len(columns), max_size=len(columns)).filter(any).map(tuple)
    rows = draw(st.lists(row, max_size=3))
    return m.LookupTable(name=draw(named), columns=tuple(columns), rows=tuple(rows), label=draw(TRIMMED))


def _model(cls: type[m.Model]) -> Any:
    if cls is m.LookupTable:
        return _table()
    fields = {}
    for name, info in cls.model_fields.items():
        if cls is m.Dataset and name == "name":
            strategy: Any = NAMES
        elif cls is m.Translation and name in ("source", "english"):
            strategy = TEXT.filter(bool)
        else:
            strategy = _value(info.annotation, name, info.is_required())
        if not info.is_required():
            strategy = st.just(info.get_default(call_default_factory=True)) | strategy
        fields[info.alias or name] = strategy
    return st.builds(lambda **values: cls.model_validate(values), **fields)


@st.composite
def studies(draw: Any) -> m.Study:
    """Draw any study; names of datasets, tables, codelists and displays are unique, paths stay inside the study."""
    study = draw(_model(m.Study))
    datasets = {dataset.name: dataset for dataset in study.datasets}
    tables = {table.name.lower(): table for table in study.tables}
    sources = tuple(source.model_copy(update={"path": "raw/x.csv"}) for source in study.sources)
    codelists = {codelist.id: codelist for codelist in study.codelists}
    displays = {display.id: display for display in study.displays}
    update = {
        "codelists": tuple(codelists.values()),
        "displays": tuple(displays.values()),
        "datasets": tuple(datasets.values()),
        "tables": tuple(tables.values()),
        "sources": sources,
        "sdtm_source": "sdtm",
    }
    return study.model_copy(update=update)


@MOST
@given(ARGUMENTS)
def test_any_text_survives_yaml(value: Any) -> None:
    """Flow and block YAML read back as the same texts, lists and mappings."""
    content = {"a": value}
    for text in (flow(content), block(content)):
        node = parse_yaml(text, Place())
        assert node is not None
        assert plain(node) == content


@MOST
@given(studies())
def test_a_study_survives_yaml(study: m.Study) -> None:
    """A study written as YAML files reads back equal, with the same hash."""
    with tempfile.TemporaryDirectory() as folder:
        write_yaml(study, folder)
        loaded = read_study(Path(folder))
    assert loaded.study == study
    assert loaded.study.sha256() == study.sha256()


@MOST
@given(
    st.lists(
        st.tuples(NAMES, st.sampled_from(["", "DM"]), st.sampled_from(["EQ", "IN", "NOTIN", "GE"]), TEXT), min_size=1
    )
)
def test_a_where_clause_survives_text(conditions: list[tuple[str, str, Any, str]]) -> None:
    """Conditions rendered as text parse to the same conditions, whatever the values."""
    where = m.WhereClause(
        conditions=tuple(
            m.Condition(dataset=d, variable=v, comparator=c, values=(value,)) for v, d, c, value in conditions
        )
    )
    assert parse_where(render_where(where)) == where


@MOST
@given(studies())
def test_a_study_survives_a_workbook(study: m.Study) -> None:
    """A study written as a workbook reads back equal, with the same hash as from YAML."""
    study = study.model_copy(update={"created": "2025-03-28T12:00:00"})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spec.xlsx"
        write_workbook(study, path)
        loaded = read_specification(path)
    assert loaded.study == study
    assert loaded.study.sha256() == study.sha256()
