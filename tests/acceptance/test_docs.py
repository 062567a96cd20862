"""The generated reference is what the code says, and links of the documentation lead somewhere."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from spectrail.cli.app import app

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def test_the_reference_is_not_stale() -> None:
    """`make docs` would change nothing."""
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "generate.py", "--check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    """Every relative link of a page is a file of the project."""
    text = re.sub(r"```.*?```|`[^`]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = [target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text)]
    relative = [target for target in targets if target and not target.startswith(("http:", "https:", "mailto:"))]
    assert [target for target in relative if not (page.parent / target).exists()] == []


def test_explain_prints_what_the_readme_shows(blina: Any) -> None:
    """The block below "What `explain` prints" is what the command above it prints."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^    spectrail (explain .*)$", text, re.MULTILINE)
    (block,) = re.findall(r"^What `explain` prints:\n\n((?:    .*\n)+)", text, re.MULTILINE)
    places = {"out": str(blina.out), "demo": str(blina.folder)}
    done = CliRunner().invoke(app, [places.get(word, word) for word in shlex.split(line)])
    printed = "\n".join(one.rstrip() for one in done.stdout.strip().splitlines())
    assert printed == textwrap.dedent(block).strip()
