"""The query listing as files for data management: a workbook and one page without network."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pandas as pd

from specs import models
from spectrail.io.xlsx import ILLEGAL, write_workbook

STYLE = """
:root{color-scheme:light dark;--ink:#1c2530;--soft:#5a6878;--line:#d5dce4;--ground:#fff;--band:#f4f6f9}
@media (prefers-color-scheme:dark){:root{--ink:#e4e9ef;--soft:#9aa8b8;--line:#37424f;--ground:#161b21;--band:#1e252d}}
body{font:14px/1.45 system-ui,"Segoe UI",sans-serif;margin:1.5em;color:var(--ink);background:var(--ground)}
h1{font-size:19px}table{border-collapse:collapse;margin:0 0 1.5em}
caption{text-align:left;font-weight:600;padding:.5em 0}
th,td{border:1px solid var(--line);padding:.25em .5em;text-align:left;vertical-align:top}
th{background:var(--band);position:sticky;top:0;white-space:nowrap}td{white-space:pre-wrap;overflow-wrap:break-word}
td.whole{white-space:nowrap}td.words{min-width:20em}td.free{overflow-wrap:anywhere}
p{color:var(--soft)}input{font:inherit;width:24em;max-width:100%}
"""
SCRIPT = """
document.getElementById("find").addEventListener("input", function (event) {
  var words = event.target.value.toLowerCase().split(/\\s+/), shown = 0;
  document.querySelectorAll("#queries tbody tr").forEach(function (row) {
    var text = row.textContent.toLowerCase();
    row.hidden = !words.every(function (word) { return text.indexOf(word) >= 0; });
    shown += row.hidden ? 0 : 1;
  });
  document.getElementById("shown").textContent = shown;
});
"""
MOST = 50_000
"""Queries that the files list; what is left out is told in them with the true number."""
WHOLE = frozenset(
    ["Query", "Site", "Subject", "Field", "Row", "Rule", "Severity", "File", "Dataset", "Record", "Queries"]
)
"""Columns of the page whose cells never break: names and numbers."""
STYLED = dict.fromkeys(WHOLE, "whole") | {"Question": "words", "First question": "words", "Collected": "free"}
"""Column -> how its cells break: not at all, at words with room for a sentence, anywhere; others at words."""
SUMMARY = ("Form", "Rule", "First question", "Queries")


def write_queries(folder: Path, queries: pd.DataFrame, study: models.Study, created: datetime) -> tuple[Path, Path]:
    """Write the listing as `queries.xlsx` (text cells only: no value can become a formula) and `queries.html`.

    `queries` is a table of `query_table`; the files list the first `MOST` and count all of them.  The same input
    gives the same bytes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    rows = [tuple(map(str, queries.columns)), *queries.head(MOST).itertuples(index=False, name=None)]
    summary = [SUMMARY, *_summary(queries)]
    if len(queries) > MOST:
        summary.append(("", "", f"Only the first {MOST} of {len(queries)} queries are listed.", str(len(queries))))
    book, page = folder / "queries.xlsx", folder / "queries.html"
    sheets = {"Queries": [_holdable(row) for row in rows], "Summary": [_holdable(row) for row in summary]}
    write_workbook(book, sheets, created=created, title="Data queries")
    page.write_text(_page(study, summary, rows), encoding="utf-8", errors="replace", newline="\n")
    return book, page


def _holdable(row: Sequence[str]) -> list[str]:
    """Replace the control characters that a workbook cannot hold: a listing of dirty data must not die of them."""
    return [ILLEGAL.sub("\ufffd", cell) for cell in row]


def _summary(queries: pd.DataFrame) -> list[tuple[str, str, str, str]]:
    """Count the queries by form and rule, in the order of the listing; the question is that of the first one."""
    if not len(queries):
        return []
    groups = queries.groupby(["Form", "Rule"], sort=False)
    firsts, counts = groups["Question"].first(), groups.size()
    return [(str(form), str(rule), str(firsts[form, rule]), str(counts[form, rule])) for form, rule in counts.index]


def _page(study: models.Study, summary: Sequence[Sequence[str]], rows: Sequence[Sequence[str]]) -> str:
    title = html.escape(f"Data queries, {study.name or study.study_id}")
    find = (
        f'<p><label>Find <input id="find" type="search" placeholder="subject, form, rule"></label> '
        f'<span id="shown">{len(rows) - 1}</span> of {len(rows) - 1} queries</p>'
    )
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title>'
        f"<style>{STYLE}</style></head>\n<body><h1>{title}</h1>\n{_table('summary', 'Summary', summary)}\n"
        f"{find}\n{_table('queries', 'Queries', rows)}\n<script>{SCRIPT}</script></body></html>\n"
    )


def _table(name: str, caption: str, rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in rows[0])
    tags = [f'<td class="{STYLED[title]}">' if title in STYLED else "<td>" for title in rows[0]]
    lines = (
        "".join(f"{tag}{html.escape(cell)}</td>" for tag, cell in zip(tags, row, strict=True)) for row in rows[1:]
    )
    body = "\n".join(f"<tr>{line}</tr>" for line in lines)
    top = f"<caption>{html.escape(caption)}</caption><thead><tr>{head}</tr></thead>"
    return f'<table id="{name}">{top}<tbody>\n{body}\n</tbody></table>'
