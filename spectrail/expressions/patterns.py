"""Regular expressions in RE2 syntax: linear time, whatever the pattern and the data."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import re2

MOST_CHARACTERS = 500
MOST_BYTES = 2**21
"""Memory of a compiled pattern; a quarter of what Arrow allows, which runs it with a frame around it."""


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> Any:
    """Compile a pattern; raises ValueError saying what is wrong with it."""
    if len(pattern) > MOST_CHARACTERS:
        raise ValueError(f"the pattern is longer than {MOST_CHARACTERS} characters")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MOST_BYTES
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        text = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
        raise ValueError(f"the pattern is not valid in RE2 syntax: {text}") from None


def check_replacement(replacement: str, pattern: str) -> None:
    r"""Raise ValueError for a replacement that names a group the pattern lacks (`\1`) or has a lone backslash."""
    groups = compile_pattern(pattern).groups
    for escaped in re.findall(r"\\(.?)", replacement, re.S):
        if escaped == "\\":
            continue
        if not escaped.isdigit():
            raise ValueError("a backslash in a replacement is followed by a digit or a backslash")
        if int(escaped) > groups:
            raise ValueError(f"the replacement names group {escaped}, the pattern has {groups}")
