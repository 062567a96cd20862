"""Reports of a comparison: text, workbook, and a page without network or scripts."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

import pandas as pd

from spectrail.errors import OutputError, Place
from spectrail.io.atomic import replacing
from validation.compare.datasets import MOST_SHOWN, Comparison
from validation.compare.folders import FolderComparison
from validation.reports.sheets import Sheet, write_sheets

NAMES = ("compare.txt", "compare.xlsx", "compare.html")
MOST_ON_PAGE = 100
MOST_IN_TEXT = 5
Table = tuple[Sequence[str], list[Sequence[str]]]


def write_compare_reports(comparison: FolderComparison, folder: str | Path, *, created: datetime) -> list[Path]:
    """Write compare.txt, compare.xlsx and compare.html into a folder; return their paths.

    Raises OutputError when the folder cannot be written.
    """
    target = Path(folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot create the folder: {error.strerror}", place=Place(file=str(folder))) from error
    paths = [target / name for name in NAMES]
    with replacing(paths[0]) as file:
        file.write(compare_text(comparison).encode("utf-8", "replace"))
    write_sheets(paths[1], _sheets(comparison), created=created, title="Comparison of datasets")
    with replacing(paths[2]) as file:
        file.write(compare_html(comparison).encode("utf-8", "replace"))
    return paths


def compare_text(comparison: FolderComparison) -> str:
    """Return the comparison as plain text: a line per dataset, then what differs in each."""
    lines = [f"base:    {comparison.base}", f"compare: {comparison.compare}", _tolerance(comparison), ""]
    lines += [f"{name}: only in base" for name in comparison.only_base]
    lines += [f"{name}: only in compare" for name in comparison.only_compare]
    for one in comparison.datasets:
        lines += [f"{one.name}: {one.verdict}", *(f"  {line}" for line in _dataset_lines(one))]
    lines += ["", "equal" if comparison.equal else "NOT equal"]
    return "\n".join(lines) + "\n"


def _tolerance(comparison: FolderComparison) -> str:
    allowed = comparison.tolerance
    return f"numbers are equal when |a - b| <= {allowed.absolute:g} + {allowed.relative:g} x max(|a|, |b|)"


def _dataset_lines(one: Comparison) -> list[str]:
    lines = [_records(one), f"keys: {', '.join(one.keys) or 'none'} ({one.how})", *one.notes]
    lines += [
        f"{row.variable}: {row.attribute} is {row.base!r} in base, {row.compare!r} in compare"
        for row in one.attributes.itertuples()
    ]
    for value in one.values:
        cause = f" [{value.cause}]" if value.cause else ""
        sizes = f", largest difference {value.largest:.6g} (relative {value.relative:.3g})" if value.largest else ""
        within = f", {value.within} within the tolerance" if value.within else ""
        lines.append(f"{value.variable}: {value.count} of {one.matched} values differ{within}{sizes}{cause}")
        for row in value.examples.head(MOST_IN_TEXT).itertuples():
            lines.append(f"    {row.keys or f'record {row.base_record}'}: {row.base!r} -> {row.compare!r}")
    for title, count, table in _lists(one):
        lines += [f"{title}: {count}"] if count else []
        lines += [f"    record {row.record}: {row.keys}" for row in table.head(MOST_IN_TEXT).itertuples()]
    return lines


def _records(one: Comparison) -> str:
    left, right = one.records
    return f"{left} records of {one.variables[0]} variables, {right} of {one.variables[1]}; {one.matched} paired"


def _lists(one: Comparison) -> list[tuple[str, int, pd.DataFrame]]:
    repeated = one.duplicates
    return [
        ("records only in base", one.counts[0], one.only_base),
        ("records only in compare", one.counts[1], one.only_compare),
        ("keys repeated in base", one.counts[2], repeated[repeated["dataset"] == "base"]),
        ("keys repeated in compare", one.counts[3], repeated[repeated["dataset"] == "compare"]),
    ]


def _summary(comparison: FolderComparison) -> pd.DataFrame:
    rows: list[list[object]] = [
        [
            one.name,
            "equal" if one.equal else "differs",
            one.verdict,
            *one.records,
            one.matched,
            *one.counts,
            len(one.attributes),
            sum(value.count for value in one.values),
            ", ".join(one.keys),
            one.how,
            "; ".join(one.notes),
        ]
        for one in comparison.datasets
    ]
    for name, where in [(n, "base") for n in comparison.only_base] + [
        (n, "compare") for n in comparison.only_compare
    ]:
        rows.append([name, "differs", f"only in {where}", *[0] * 9, "", "", ""])
    return pd.DataFrame(
        rows,
        columns=[
            "Dataset",
            "Result",
            "What differs",
            "Records in base",
            "Records in compare",
            "Paired",
            "Only in base",
            "Only in compare",
            "Repeated keys in base",
            "Repeated keys in compare",
            "Attributes",
            "Values",
            "Keys",
            "Keys from",
            "Notes",
        ],
    )


def _variables(comparison: FolderComparison) -> pd.DataFrame:
    rows = [
        [
            one.name,
            value.variable,
            value.count,
            value.within,
            value.cause,
            f"{value.largest:.6g}" if value.largest else "",
            f"{value.relative:.6g}" if value.relative else "",
            f"{len(value.examples)} of {value.count}" if value.count else "",
        ]
        for one in comparison.datasets
        for value in one.values
    ]
    titles = "Dataset, Variable, Values that differ, Within tolerance, Likely cause, Largest difference, "
    return pd.DataFrame(rows, columns=[*(titles + "Largest relative difference, Listed").split(", ")])


def _stacked(parts: Iterable[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    found = [part for part in parts if len(part)]
    table = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=list(columns))
    return table[list(columns)].rename(columns=lambda name: name.replace("_", " ").capitalize())


def _sheets(comparison: FolderComparison) -> list[Sheet]:
    datasets = comparison.datasets
    attributes = _stacked(
        (one.attributes.assign(dataset=one.name) for one in datasets),
        ("dataset", "variable", "attribute", "base", "compare"),
    )
    values = _stacked(
        (
            value.examples.assign(dataset=one.name, variable=value.variable)
            for one in datasets
            for value in one.values
        ),
        ("dataset", "variable", "base_record", "compare_record", "keys", "base", "compare"),
    )
    records = _stacked(
        (table.assign(dataset=one.name, what=title) for one in datasets for title, _, table in _lists(one)),
        ("dataset", "what", "record", "keys"),
    )
    facts = [
        ("Base", comparison.base),
        ("Compare", comparison.compare),
        ("Tolerance", _tolerance(comparison)),
        ("Result", "equal" if comparison.equal else "NOT equal"),
        ("Limits", f"at most {MOST_SHOWN} values of a variable and records of a list are listed; counts are true"),
    ]
    return [
        Sheet("Run", pd.DataFrame(facts, columns=["Item", "Value"]), (14, 110)),
        Sheet("Summary", _summary(comparison), (12, 10, 60, *[11] * 9, 44, 30, 40)),
        Sheet("Attributes", attributes, (12, 14, 12, 44, 44)),
        Sheet("Variables", _variables(comparison), (12, 14, 12, 12, 44, 14, 14, 16)),
        Sheet("Values", values, (12, 14, 11, 11, 60, 34, 34)),
        Sheet("Records", records, (12, 26, 10, 80)),
    ]


_STYLE = (
    "body{font:14px/1.45 system-ui,'Segoe UI',sans-serif;color:#1c2530;background:#fff;margin:20px auto;max-width:"
    "1200px;padding:0 16px}h1{font-size:20px}h2{font-size:17px;margin:28px 0 6px}h3{font-size:14px;margin:14px 0 4px}"
    "table{border-collapse:collapse;width:100%;margin:4px 0 10px}th,td{text-align:left;vertical-align:top;"
    "padding:3px 10px 3px 0;border-bottom:1px solid #d5dce4;overflow-wrap:anywhere}.equal{color:#1c6b35}"
    ".differs{color:#b3261e;font-weight:600}.quiet{color:#5a6878}code{white-space:pre-wrap;background:#f0f3f7}"
    "summary{cursor:pointer;margin:6px 0}@media(prefers-color-scheme:dark){body{color:#e4e9ef;background:#161b21}"
    "th,td{border-color:#37424f}code{background:#252d36}.equal{color:#7cc795}.differs{color:#ff8a80}"
    ".quiet{color:#9aa8b8}a{color:#8fbaf5}}"
)


def compare_html(comparison: FolderComparison) -> str:
    """Return the comparison as one page; the examples of each variable unfold."""
    rows = [
        [
            f'<a href="#{_escape(one.name)}">{_escape(one.name)}</a>',
            _state(one.equal),
            _escape(one.verdict),
        ]
        for one in comparison.datasets
    ]
    for name, where in [(n, "base") for n in comparison.only_base] + [
        (n, "compare") for n in comparison.only_compare
    ]:
        rows.append([_escape(name), _state(False), f"only in {where}"])
    parts = [
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Comparison of datasets</title>',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<style>{_STYLE}</style></head><body><h1>Comparison of datasets: {_state(comparison.equal)}</h1>",
        f"<p>base: {_escape(comparison.base)}<br>compare: {_escape(comparison.compare)}<br>",
        f'<span class="quiet">{_escape(_tolerance(comparison))}</span></p>',
        _table(("Dataset", "Result", "What differs"), rows),
        *(_section(one) for one in comparison.datasets),
        "</body></html>\n",
    ]
    return "".join(parts)


def _section(one: Comparison) -> str:
    name = _escape(one.name)
    parts = [f'<section><h2 id="{name}">{name}: {_state(one.equal)}</h2><p>{_escape(one.verdict)}</p>']
    parts.append(f'<p class="quiet">{_escape(_records(one))}. Keys: {_escape(", ".join(one.keys) or "none")} ')
    parts.append(f"({_escape(one.how)}). {_escape('. '.join(one.notes))}</p>")
    if len(one.attributes):
        rows = [[_escape(str(cell)) for cell in row] for row in one.attributes.itertuples(index=False)]
        parts.append("<h3>Attributes</h3>" + _table(("Variable", "Attribute", "Base", "Compare"), rows))
    if one.values:
        parts.append("<h3>Values</h3>")
    for value in one.values:
        cause = f": {value.cause}" if value.cause else ""
        sizes = f", largest difference {value.largest:.6g}" if value.largest else ""
        within = f", {value.within} within the tolerance" if value.within else ""
        head = (
            f"<b>{_escape(value.variable)}</b> {value.count} of {one.matched} differ{within}{sizes}{_escape(cause)}"
        )
        shown = value.examples.head(MOST_ON_PAGE)
        rows = [
            [_escape(row.keys), str(row.base_record), str(row.compare_record), _value(row.base), _value(row.compare)]
            for row in shown.itertuples()
        ]
        limit = f'<p class="quiet">{len(shown)} of {value.count} shown</p>' if len(shown) < value.count else ""
        columns = ("Keys", "Record in base", "Record in compare", "Base", "Compare")
        parts.append(f"<details><summary>{head}</summary>{limit}{_table(columns, rows)}</details>")
    for title, count, table in _lists(one):
        if count:
            shown = table.head(MOST_ON_PAGE)
            rows = [[str(row.record), _escape(row.keys)] for row in shown.itertuples()]
            limit = f", {len(shown)} shown" if len(shown) < count else ""
            listed = _table(("Record", "Keys"), rows)
            parts.append(f"<details><summary><b>{title}</b>: {count}{limit}</summary>{listed}</details>")
    return "".join(parts) + "</section>"


def _state(equal: bool) -> str:
    return '<span class="equal">equal</span>' if equal else '<span class="differs">differs</span>'


def _value(text: str) -> str:
    return f"<code>{_escape(text)}</code>" if text else '<span class="quiet">(missing)</span>'


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table of cells that are markup already."""
    head = "".join(f'<th scope="col">{title}</th>' for title in header)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _escape(text: str) -> str:
    return html.escape(str(text))
