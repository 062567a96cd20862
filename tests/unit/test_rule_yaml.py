"""The quick way to read rule files gives what the library's safe loader gives, errors too."""

from __future__ import annotations

from typing import Any

import pytest
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from validation.core.rule_files import rule_paths
from validation.core.rule_yaml import load_plain
from validation.rules import RULES_FOLDER

TEXTS = [
    "",
    "a: 1\nb: [x, '2', \"3\", 1.50, 0o17, 0x1F, 0123, 1_000, 1e3, .inf, +1]\n",
    "[yes, no, on, off, true, False, NULL, ~, null, '', 2020-01-01, 2020-01-01T10:00:00Z, 12:30:00]",
    "a:\n  - b: |\n      two\n      lines\n  - c: >-\n      folded\n      text\n",
    "1: a\ntrue: b\n2020-01-01: c\n",
    "base: &x {a: 1}\nother: *x\n",
    "base: &x {a: 1}\nother: {<<: *x, b: 2}\n",
    "a: !!str 1\n",
    "%YAML 1.1\n---\na: yes\n",
    "a: 1\na: 2\n",
    "~: 1\n",
    "[1, 2]: x\n",
    "a: 1\n---\nb: 2\n",
    "a: !!python/object:os.system x\n",
    "a: [1, 2\n",
    "a: =\n",
    "key: 'it''s'\n# a comment\nlast: x: y\n",
    "just text",
]


def outcome(load: Any, text: str) -> tuple[str, str]:
    """Return the kind of outcome and the data with their types, or the name of the error."""
    try:
        return "data", repr(load(text))
    except YAMLError as error:
        return "error", type(error).__name__


@pytest.mark.parametrize("text", TEXTS)
def test_data_and_errors_are_those_of_the_library(text: str) -> None:
    """Plain documents, and every feature that is left to the library."""
    assert outcome(load_plain, text) == outcome(lambda given: YAML(typ="safe").load(given), text)


def test_the_packaged_rules_read_the_same() -> None:
    """Every 20th file, types included."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(rule_paths(RULES_FOLDER))[::20]]
    assert len(texts) > 40
    assert [repr(load_plain(text)) for text in texts] == [repr(YAML(typ="safe").load(text)) for text in texts]


def test_deep_nesting_is_refused_by_python_alike() -> None:
    """A document that is nested too deeply ends in an error that the reader of rules turns into a broken rule."""
    with pytest.raises((RecursionError, YAMLError)):
        load_plain("[" * 5_000)
