"""The difference of two extracts as tables for a terminal and as rows of JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from rich.console import Group
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from sdtm.intake.diff import ExtractDiff

CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))}
STYLES = {"added": "green", "changed": "yellow", "removed": "red"}
NUMBERS = ("rows_old", "rows_new", "same", "added", "changed", "removed", "old_row", "new_row")


def as_table(diff: ExtractDiff, *, most: int = 500) -> Group:
    """Return what a terminal shows: the forms, then at most `most` rows."""
    return Group(forms_table(diff), rows_table(diff, most=most))


def forms_table(diff: ExtractDiff) -> Table:
    """Return one line per form: rows on each side, how many are the same, added, changed, removed."""
    return _table("Forms", diff.forms, [str(name) for name in diff.forms])


def rows_table(diff: ExtractDiff, *, most: int = 500) -> Table:
    """Return one line per changed cell, added and removed row, at most `most`; the caption says what is left out."""
    shown = ["form", "change", "keys", "column", "old", "new", "old_row", "new_row"]
    table = _table("Rows", diff.rows.iloc[:most], shown)
    if len(diff) > most:
        table.caption = f"{len(diff) - most} more are not shown; ask for JSON to get all"
    return table


def as_rows(diff: ExtractDiff) -> dict[str, list[dict[str, Any]]]:
    """Return `forms` and `rows` as lists of objects; a missing text is null, an absent row number too."""
    rows = diff.rows.astype(object).mask(diff.rows.isna(), None).to_dict("records")
    for row in rows:
        for name in ("old_row", "new_row"):
            row[name] = int(row[name]) or None
    return {"forms": diff.forms.to_dict("records"), "rows": rows}


def _table(title: str, frame: pd.DataFrame, columns: list[str]) -> Table:
    table = Table(title=title)
    for name in columns:
        table.add_column(name, justify="right" if name in NUMBERS else "left", overflow="fold")
    for row in frame[columns].astype(object).itertuples(index=False):
        table.add_row(*(_cell(value, name) for value, name in zip(row, columns, strict=True)))
    return table


def _cell(value: Any, name: str) -> Text:
    """Return a cell as plain text: collected values may hold markup or terminal codes, which must not act."""
    text = "" if pd.isna(value) or (name in ("old_row", "new_row") and value == 0) else str(value)
    return Text(text.translate(CONTROLS), style=STYLES.get(text, "") if name == "change" else "")
