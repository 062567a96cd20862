"""report.html: one page without network that shows every finding, its record, and the raw rows behind it."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from spectrail.errors import FormatError
from spectrail.io.atomic import replacing
from spectrail.io.sas_dates import DateKind, date_kind, datetimes_of
from validation.core.columns import Column
from validation.reports.content import (
    KIND,
    Report,
    Tally,
    dataset_summary,
    issue_summary,
    overview,
    rule_summary,
    rules_not_run,
)
from validation.reports.trace import Trail

MOST_FINDINGS = 300_000
MOST_CELLS = 4_000_000
MOST_RECORDS = 100_000
"""Limits of what the page holds; what is left out is told on the page with the true numbers."""
PARTS = Path(__file__).parent / "page"


def write_report_html(report: Report, path: str | Path, *, trail: Trail | None = None) -> None:
    """Write the page; `trail` leads from records to raw rows. The same input gives the same bytes."""
    page = (PARTS / "page.html").read_text(encoding="utf-8")
    data, kept = _data(report)
    blocks = [_block("report", data)]
    blocks += [_block(f"records-{name}", one) for name, one in _records(report, kept, trail or Trail())]
    fill = {
        "STYLE": (PARTS / "page.css").read_text(encoding="utf-8"),
        "DATA": "\n".join(blocks),
        "SCRIPT": (PARTS / "page.js").read_text(encoding="utf-8"),
    }
    for name, content in fill.items():
        page = page.replace(f"<!--{name}-->", content, 1)
    with replacing(path) as file:
        file.write(page.encode("utf-8", "replace"))


def _block(name: str, data: Any) -> str:
    """Return data as a script element that cannot be left early: `<`, `>` and `&` never occur in it."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    text = text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return f'<script type="application/json" id="{html.escape(name)}">{text}</script>'


def _data(report: Report) -> tuple[dict[str, Any], pd.DataFrame]:
    frame = report.result.findings.frame.iloc[:MOST_FINDINGS]
    kinds = frame.groupby([*KIND, "source"], observed=True, sort=False)
    number = kinds.ngroup().to_numpy()
    first = frame.iloc[np.unique(number, return_index=True)[1]]
    judged, tally = report.judged, Tally.of(report)
    columns = {name: _coded(frame[name]) for name in ("keys", "value")}
    columns |= {
        name: _coded(pd.Series(values[: len(frame)]))
        for name, values in (("status", judged.status), ("explanation", judged.explanation))
    }
    rules = report.rules
    used = rules[rules["rule"].isin(frame["rule"].astype("str").unique())]
    return {
        "title": report.title,
        "created": report.created.isoformat(timespec="seconds"),
        "overview": overview(report),
        "counts": tally.findings,
        "records": tally.records,
        "open": tally.open,
        "ledger": judged.counts() if judged.used else None,
        "total": len(report.result.findings),
        "kinds": {name: first[name].astype("str").tolist() for name in (*KIND, "source")},
        "kind": number.tolist(),
        "record": frame["record"].tolist(),
        "row": _unless(frame["source_row"], 0),
        "count": _unless(frame["count"], 1),
        "fingerprints": "".join(judged.fingerprints[: len(frame)]),
        **columns,
        "rules": {row.rule: [row.public_ids, row.description, row.source] for row in used.itertuples()},
        "tables": {name: _table(table) for name, table in _tables(report).items()},
    }, frame


def _tables(report: Report) -> dict[str, pd.DataFrame]:
    found = {
        "issues": issue_summary(report),
        "datasets": dataset_summary(report),
        "rules": rule_summary(report),
        "not-run": rules_not_run(report),
    }
    return found | ({"fixed": report.judged.fixed} if len(report.judged.fixed) else {})


def _table(frame: pd.DataFrame) -> dict[str, Any]:
    return {"columns": [str(name).replace("_", " ") for name in frame.columns], "rows": frame.values.tolist()}


def _coded(values: pd.Series) -> dict[str, list[Any]]:
    codes, distinct = pd.factorize(values)
    return {"of": [str(one) for one in distinct], "at": codes.tolist()}


def _unless(values: pd.Series, usual: int) -> list[int] | None:
    return None if (values == usual).all() else values.tolist()


def _records(report: Report, frame: pd.DataFrame, trail: Trail) -> list[tuple[str, dict[str, Any]]]:
    """Return by dataset the records that findings name, as far as the limits allow, early ones of each kind first."""
    wanted = frame.loc[frame["record"] > 0, ["dataset", "record", "rule", "variable"]]
    nth = wanted.groupby(["dataset", "rule", "variable"], observed=True).cumcount()
    wanted = wanted.assign(nth=nth).sort_values("nth", kind="stable").drop_duplicates(["dataset", "record"])
    records = report.result.records
    widths = wanted["dataset"].astype("str").map({name: one.shape[1] for name, one in records.items()}).fillna(0)
    inside = (widths.cumsum() <= MOST_CELLS).to_numpy() & (np.arange(len(wanted)) < MOST_RECORDS)
    wanted = wanted[inside]
    found = []
    for name, part in wanted.groupby("dataset", observed=True, sort=True):
        data = records.get(str(name))
        if data is not None:
            numbers = np.sort(part["record"].to_numpy()) - 1
            numbers = numbers[numbers < len(data)]
            formats = report.result.formats.get(str(name), {})
            found.append((str(name), _record_block(str(name), data, numbers, trail, formats)))
    return found


def _record_block(
    name: str, data: pd.DataFrame, numbers: npt.NDArray[np.int64], trail: Trail, formats: Mapping[str, str]
) -> dict[str, Any]:
    rows = data.iloc[numbers]
    cells = [_cells(rows[column], formats.get(str(column), "")) for column in rows.columns]
    return {
        "records": (numbers + 1).tolist(),
        "columns": [str(column) for column in rows.columns],
        "cells": cells,
        "raw": _raw(trail, name, numbers),
    }


def _cells(values: pd.Series, shown_as: str) -> dict[str, list[Any]]:
    """Return the distinct values as text and the code of each cell; SAS dates as ISO 8601."""
    column = Column.of_series(values.reset_index(drop=True))
    codes, used = pd.factorize(column.codes)
    texts = ["" if code < 0 else str(column.texts[code]) for code in used]
    kind = _dates(shown_as)
    if kind and column.kind == "number":
        texts = [_iso(text, kind) for text in texts]
    return {"of": texts, "at": codes.tolist()}


def _dates(shown_as: str) -> DateKind | None:
    try:
        return date_kind(shown_as)
    except FormatError:
        return None


def _iso(text: str, kind: DateKind) -> str:
    """Return a SAS date or datetime as ISO 8601, with the number; other text as it is."""
    moments = None
    if text and kind != "time":
        moments = datetimes_of(np.array([float(text)]), kind=kind)
    if moments is None:
        return text
    return f"{np.datetime_as_string(moments, unit='D' if kind == 'date' else 's')[0]} ({text})"


def _raw(trail: Trail, name: str, numbers: npt.NDArray[np.int64]) -> Mapping[str, Any] | None:
    if trail.of(name) is None:
        return None
    found = trail.raw_rows(name, numbers)
    codes, sources = pd.factorize(found["source"])
    return {
        "sources": [[str(one), trail.inputs.get(str(one), "")] for one in sources],
        "start": np.searchsorted(found["at"].to_numpy(), np.arange(len(numbers) + 1)).tolist(),
        "source": codes.tolist(),
        "row": (found["row"] + 1).tolist(),
    }
