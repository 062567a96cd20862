"""Write the specification as a workbook: the third generation of the P21-style sheets, and our own beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from specs import models as m
from specs import sheets as s
from specs.cells import cell_text
from specs.compact import compact
from specs.where import readable, render_where
from specs.yaml_text import flow
from spectrail.errors import FormatError, Place
from spectrail.io.xlsx import write_workbook as write_sheets

Cells = dict[str, str]


def write_workbook(study: m.Study, path: Path | str) -> None:
    """Write `study` as a workbook of text cells; its time is the study's `created`.

    Raises `FormatError` for text that Excel cannot hold (control characters, more than 32767 characters in a cell).
    """
    sheets = workbook_sheets(study)
    try:
        created = datetime.fromisoformat(study.created or "2000-01-01T00:00:00")
    except ValueError:
        what = f"the study's 'created' is {study.created!r}"
        raise FormatError(what, place=Place(), hint="write it as 2025-03-28T12:00:00") from None
    write_sheets(path, sheets, created=created, title=study.name or study.study_id, for_readers=True)


def workbook_sheets(study: m.Study) -> dict[str, list[list[str]]]:
    """Return the rows of every sheet, header first; our own sheets only where there is something to write."""
    sheets = {"Define": _define(study), "Datasets": _rows(s.DATASETS, _datasets(study))}
    for name in ("variables", "value_levels"):
        sheets[s.OF_DATASET[name].name] = _rows(s.OF_DATASET[name], _of_datasets(study, name))
    sheets["Codelists"] = _codelists(study)
    for name in ("dictionaries", "methods", "comments", "documents"):
        kind = s.LISTS[name]
        sheets[kind.name] = _rows(kind, [_encode(kind, item) for item in getattr(study, name)])
    sheets["Analysis Displays"] = _rows(
        s.DISPLAYS, [_encode(s.DISPLAYS, d, skip=("results",)) for d in study.displays]
    )
    sheets["Analysis Results"] = _rows(s.RESULTS, [_result(d, r) for d in study.displays for r in d.results])
    own = {
        "Standards": _rows(s.STANDARDS, [_encode(s.STANDARDS, item) for item in _standards_beyond_define(study)]),
        "Mappings": _rows(s.MAPPINGS, _of_datasets(study, "steps")),
        "Parameters": _rows(s.PARAMETERS, _of_datasets(study, "parameters")),
        "Sources": _rows(s.SOURCES, [_encode(s.SOURCES, item) for item in study.sources]),
        "Translations": _rows(s.TRANSLATIONS, [_encode(s.TRANSLATIONS, item) for item in study.translations]),
        **{
            name: [[key, value], *map(list, getattr(study, field).items())]
            for name, (field, key, value) in s.PAIRS.items()
        },
    }
    sheets |= {name: rows for name, rows in own.items() if len(rows) > 1}
    return sheets | _tables(study.tables, set(sheets))


def _rows(kind: s.SheetKind, objects: Sequence[Cells]) -> list[list[str]]:
    """Lay cells out under the sheet's columns; our own sheets and extra columns show only what is used."""
    headers = [column.header for column in kind.columns]
    return _table(headers, objects)


def _table(headers: list[str], objects: Sequence[Cells]) -> list[list[str]]:
    extras = dict.fromkeys(header for cells in objects for header in cells if header not in headers)
    whole = [*headers, *extras]
    return [whole, *[[cells.get(header, "") for header in whole] for cells in objects]]


def _encode(kind: s.SheetKind, item: m.Model, *, skip: Iterable[str] = (), prefix: str = "") -> Cells:
    """Write one object as cells by header."""
    cls = type(item)
    headers = {column.field: column.header for column in kind.columns}
    cells: Cells = {}
    for name in cls.model_fields:
        if name in skip:
            continue
        value = getattr(item, name)
        group = next((group for group, field in s.GROUPS.items() if field == name), None)
        if group is not None and any(field.startswith(f"{group}.") for field in headers):
            cells |= _group(group, value, headers, cls, name)
            continue
        text = cell_text(cls, name, value)
        if name in headers:
            cells[headers[name]] = text
        elif text:
            cells[prefix + s.extra_header(name)] = text
    return cells


def _group(
    group: str, value: tuple[m.Model, ...], headers: Mapping[str, str], cls: type[m.Model], name: str
) -> Cells:
    """Write the only item of a sequence into its columns, anything more as YAML flow text in one extra column."""
    if not value:
        return {}
    parts = {field.partition(".")[2]: header for field, header in headers.items() if field.startswith(f"{group}.")}
    item = value[0]
    held = {part: getattr(item, part) for part in parts}
    fits = len(value) == 1 and type(item).model_validate(held) == item if all_required(item, held) else False
    if fits and any(held.values()):
        return {parts[part]: text for part, text in held.items()}
    return {s.extra_header(name): flow(compact(value))}


def all_required(item: m.Model, held: Mapping[str, Any]) -> bool:
    """Tell whether `held` has every field that an object cannot do without."""
    return all(not info.is_required() or held.get(name) for name, info in type(item).model_fields.items())


def _datasets(study: m.Study) -> list[Cells]:
    return [_encode(s.DATASETS, dataset, skip=s.OF_DATASET) for dataset in study.datasets]


def _of_datasets(study: m.Study, name: str) -> list[Cells]:
    """Write the items of a field of every dataset, with the name of the dataset and their order in it."""
    kind = s.OF_DATASET[name]
    rows = []
    for dataset in study.datasets:
        for position, item in enumerate(getattr(dataset, name), start=1):
            cells = {"Dataset": dataset.name}
            if any(column.field == "~order" for column in kind.columns):
                cells["Order"] = str(position)
            cells |= _where_cells(item) if isinstance(item, m.ValueLevel) else {}
            skip = ("where",) if isinstance(item, m.ValueLevel) else ()
            rows.append(cells | _encode(kind, item, skip=skip))
    return rows


def _where_cells(item: m.ValueLevel) -> Cells:
    """Write the where clause inline; its id and comment, where it has them, in extra columns."""
    inline = item.where.model_copy(update={"id": "", "comment": ""})
    if not readable(inline):
        return {"Where Clause": flow(compact_whole(item.where))}
    cells = {"Where Clause": render_where(inline)}
    if item.where.id:
        cells["Where Clause ID"] = item.where.id
    if item.where.comment:
        cells["Where Clause Comment"] = item.where.comment
    return cells


def compact_whole(where: m.WhereClause) -> Any:
    """Write a where clause as a mapping, never as text."""
    made = compact(where)
    return made if isinstance(made, dict) else {"conditions": compact(where.conditions)}


def _codelists(study: m.Study) -> list[list[str]]:
    """Write one row per term, each with what its codelist says; a codelist without terms has one row."""
    headers = [column.header for column in (*s.CODELISTS.columns, *s.TERMS.columns)]
    rows = []
    for codelist in study.codelists:
        shared = _encode(s.CODELISTS, codelist, skip=("terms",), prefix="Codelist ")
        rows += [shared | _encode(s.TERMS, term, prefix="Term ") for term in codelist.terms] or [shared]
    return _table(headers, rows)


def _result(display: m.AnalysisDisplay, result: m.AnalysisResult) -> Cells:
    """Write an analysis result; what its columns cannot say is written as YAML flow text in extra columns."""
    special = ("datasets", "documents", "code")
    cells = {"Display": display.id, **_encode(s.RESULTS, result, skip=special)}
    refs = ", ".join(document.document for document in result.documents)
    plain = tuple(m.DocumentRef(document=part) for part in re.split(r"\s*,\s*", refs) if part)
    cells |= {"Documentation Refs": refs} if plain == result.documents else _flow("documents", result.documents)
    cells |= _analysed(result.datasets)
    return cells | _programming(result.code)


def _flow(name: str, value: Any) -> Cells:
    return {s.extra_header(name): flow(compact(value))}


def _analysed(datasets: tuple[m.AnalysisDataset, ...]) -> Cells:
    """Write analysis variables as `ADSL.AGE, ADSL.SEX` and the selections as one where clause with dataset names.

    What these two columns cannot say is written into a third, which then says all; they stay for the reader.
    """
    names = [part.dataset for part in datasets]
    conditions = [condition for part in datasets for condition in part.where.conditions]
    inline = m.WhereClause(conditions=tuple(conditions))
    fits = len(set(names)) == len(names) and all(part.variables and _named(part) for part in datasets)
    fits = fits and all(re.fullmatch(r"\w+\.\w+", f"{p.dataset}.{v}") for p in datasets for v in p.variables)
    if not fits or (conditions and not readable(inline)):
        return _shown(datasets) | _flow("datasets", datasets) if datasets else {}
    cells = {"Variables": ", ".join(f"{part.dataset}.{name}" for part in datasets for name in part.variables)}
    if conditions:
        cells["Selection Criteria"] = render_where(inline)
    return cells


def _shown(datasets: tuple[m.AnalysisDataset, ...]) -> Cells:
    """Return variables and selections as a reader looks for them, conditions with the name of their dataset."""
    named = [
        condition if condition.dataset else condition.model_copy(update={"dataset": part.dataset})
        for part in datasets
        for condition in part.where.conditions
    ]
    inline = m.WhereClause(conditions=tuple(named))
    cells = {"Variables": ", ".join(f"{part.dataset}.{name}" for part in datasets for name in part.variables)}
    if named and readable(inline):
        cells["Selection Criteria"] = render_where(inline)
    return {header: text for header, text in cells.items() if text}


def _named(part: m.AnalysisDataset) -> bool:
    own = all(condition.dataset == part.dataset for condition in part.where.conditions)
    return own and not part.where.id and not part.where.comment


def _programming(code: m.ProgrammingCode | None) -> Cells:
    if code is None:
        return {}
    documents = code.documents
    single = len(documents) <= 1 and all(not document.title and not document.page_type for document in documents)
    if not single or not (code.context or code.code or documents):
        return {"Code": flow(compact(code)) if code != m.ProgrammingCode() else "{}"}
    cells = {"Programming Context": code.context, "Programming Code": code.code}
    if documents:
        cells |= {"Programming Document": documents[0].document, "Pages": documents[0].pages}
    return cells


def _standards_beyond_define(study: m.Study) -> tuple[m.Standard, ...]:
    """Return the standards when the two attributes of the Define sheet cannot say them."""
    return () if _defined_standard(study) is not None else study.standards


def _defined_standard(study: m.Study) -> m.Standard | None:
    only = study.standards[0] if len(study.standards) == 1 else None
    return only if only is not None and only == m.Standard(name=only.name, version=only.version) else None


def _define(study: m.Study) -> list[list[str]]:
    """Write the attributes of the study; StandardName and StandardVersion are those of its first guide."""
    guide = next((standard for standard in study.standards if standard.type == "IG"), None)
    given = {label: cell_text(m.Study, name, getattr(study, name)) for label, name in s.ATTRIBUTES.items()}
    first = ("StudyName", "StudyDescription", "ProtocolName")
    rows = [[label, given.pop(label)] for label in first]
    rows += [["StandardName", guide.name if guide else ""], ["StandardVersion", guide.version if guide else ""]]
    rows.append(["Language", given.pop("Language")])
    return [["Attribute", "Value"], *rows, *[[label, text] for label, text in given.items() if text]]


def _tables(tables: tuple[m.LookupTable, ...], taken: set[str]) -> dict[str, list[list[str]]]:
    """Write an index of the lookup tables and a sheet for each."""
    if not tables:
        return {}
    used = {name.casefold() for name in taken} | {"tables"}
    index = [list(s.TABLE_COLUMNS)]
    sheets: dict[str, list[list[str]]] = {}
    for table in tables:
        stem = re.sub(r"[^A-Za-z0-9_ -]", "_", table.name).strip()[:24] or "_"
        name = f"T_{stem}"
        number = 1
        while name.casefold() in used:
            number += 1
            name = f"T_{stem}_{number}"
        used.add(name.casefold())
        index.append([table.name, table.label, name])
        sheets[name] = [list(table.columns), *map(list, table.rows)]
    return {s.TABLES: index, **sheets}
