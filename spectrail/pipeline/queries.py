"""The cleaning report: what the build would ask data management, as a listing that could be sent to them.

Queries are the findings of `query` steps, and what mapping could not settle by rule (a date that does not exist, a
unit that is missing): warnings and errors that name a row of a raw file.  One line per rule, file and row.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import pandas as pd

from sdtm.intake import RawTable
from specs import models
from spectrail.findings import Findings
from spectrail.io.xlsx import write_workbook

HEADERS = ("Query", "Form", "File", "Row", "Keys", "Dataset", "Variable", "Value", "Question", "Rule", "Severity")
STYLE = (
    "body{font-family:sans-serif;margin:2em}table{border-collapse:collapse;font-size:90%}"
    "th,td{border:1px solid #bbb;padding:.25em .5em;text-align:left;vertical-align:top}th{background:#eee}"
    "caption{text-align:left;font-weight:bold;padding:.5em 0}"
)


def query_table(findings: Findings, study: models.Study, raw: Callable[[str], RawTable]) -> pd.DataFrame:
    """Return the queries among findings, one row per query with the columns `HEADERS`, all text, numbered in order.

    `raw` gives a raw extract by its source name. The row counts data rows of the file from 1.
    """
    frame = findings.frame
    sources = {source.name: source for source in study.sources}
    asked = frame["severity"].isin(["error", "warning"]) & (frame["source_row"] > 0) & frame["source"].isin(sources)
    chosen = frame[asked].copy()
    chosen["source"] = chosen["source"].astype("str")
    chosen["rule"] = chosen["rule"].astype("str")
    order = {name: number for number, name in enumerate(sources)}
    chosen["place"] = chosen["source"].map(order)
    chosen = chosen.drop_duplicates(["rule", "source", "source_row"])
    chosen = chosen.sort_values(["place", "source_row", "rule"], kind="stable").reset_index(drop=True)
    return pd.DataFrame(
        {
            "Query": [f"Q{number:05d}" for number in range(1, len(chosen) + 1)],
            "Form": chosen["source"].map({name: source.label or name for name, source in sources.items()}),
            "File": chosen["source"].map({name: source.path for name, source in sources.items()}),
            "Row": chosen["source_row"].astype("int64").astype("str"),
            "Keys": _keys(chosen, sources, raw),
            "Dataset": chosen["dataset"].astype("str"),
            "Variable": chosen["variable"].astype("str"),
            "Value": chosen["value"].astype("str").fillna(""),
            "Question": chosen["message"].astype("str"),
            "Rule": chosen["rule"],
            "Severity": chosen["severity"].astype("str"),
        },
        columns=list(HEADERS),
        dtype="str",
    ).fillna("")


def _keys(chosen: pd.DataFrame, sources: Mapping[str, models.RawSource], raw: Callable[[str], RawTable]) -> pd.Series:
    """Return `NAME=value` pairs of the declared keys of each raw row."""
    text = pd.Series("", index=chosen.index, dtype="str")
    for name, rows in chosen.groupby("source", sort=False).groups.items():
        table = raw(str(name)).frame
        places = chosen.loc[rows, "source_row"].to_numpy() - 1
        for key in sources[str(name)].keys:
            if key in table.columns:
                values = pd.Series(table[key].array.take(places), index=rows).fillna("")
                text.loc[rows] = text.loc[rows] + f" {key}=" + values
    return text.str.strip()


def write_queries(folder: Path, queries: pd.DataFrame, study: models.Study, created: datetime) -> tuple[Path, Path]:
    """Write the listing as `queries.xlsx` (text cells only: no value can become a formula) and `queries.html`."""
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[Sequence[str]] = [HEADERS, *queries.itertuples(index=False, name=None)]
    summary: list[Sequence[str]] = [("Rule", "Question", "Queries"), *_summary(queries)]
    book, page = folder / "queries.xlsx", folder / "queries.html"
    write_workbook(book, {"Queries": rows, "Summary": summary}, created=created)
    page.write_text(_page(study, summary, rows), encoding="utf-8", newline="\n")
    return book, page


def _summary(queries: pd.DataFrame) -> list[tuple[str, str, str]]:
    counted = queries.groupby(["Rule", "Question"], sort=True).size()
    return [(str(rule), str(question), str(count)) for (rule, question), count in counted.items()]


def _page(study: models.Study, summary: Sequence[Sequence[str]], rows: Sequence[Sequence[str]]) -> str:
    title = html.escape(f"Queries to data management, {study.name or study.study_id}")
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style></head>\n<body><h1>{title}</h1>\n"
        f"{_table('Summary', summary)}\n{_table('Queries', rows)}\n</body></html>\n"
    )


def _table(caption: str, rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in rows[0])
    body = "\n".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows[1:])
    top = f"<caption>{html.escape(caption)}</caption><thead><tr>{head}</tr></thead>"
    return f"<table>{top}<tbody>\n{body}\n</tbody></table>"
