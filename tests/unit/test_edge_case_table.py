"""The table of edge cases: every row has a test, at the layer where it lives, and every test named there exists."""

from __future__ import annotations

import csv
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LAYERS = {"raw to SDTM", "SDTM to ADaM", "statistics", "settings"}


def rows() -> list[dict[str, str]]:
    """Return the rows of the table: row of the edge case, layer, test."""
    with (ROOT / "tests" / "data" / "edge_cases.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_edge_case_has_a_test() -> None:
    """All 78 rows are there, each at a known layer."""
    assert sorted({int(one["row"]) for one in rows()}) == list(range(1, 79))
    assert {one["layer"] for one in rows()} <= LAYERS


def test_every_test_of_the_table_exists() -> None:
    """Each test that the table names stands in its file."""
    named = {one["test"] for one in rows()}
    files = {name.partition("::")[0] for name in named}
    found = {
        f"{name}::{test}"
        for name in files
        for test in re.findall(r"^def (test_\w+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert sorted(named - found) == []
