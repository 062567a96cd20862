"""Regular expressions of rules, matched in linear time (RE2) on distinct values.

A pattern that RE2 does not support (look-around, back-references) is matched by Python's engine instead; the
rule's status says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import re2

from validation.core.signals import NotEvaluated

LONGEST_BACKTRACKED = 2_000
"""Values longer than this are not given to the backtracking engine."""


@lru_cache(maxsize=2_000)
def supported(pattern: str) -> bool:
    """Tell whether RE2 takes the pattern; raise `NotEvaluated` when no engine does."""
    try:
        re2.compile(pattern, _quiet())
    except re2.error:
        _python(pattern)
        return False
    return True


def _quiet() -> Any:
    options = re2.Options()
    options.log_errors = False
    return options


def _python(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        raise NotEvaluated(f"regular expression {pattern!r} is broken: {error}", cause="broken_rule") from None


def matches(pattern: str, texts: Sequence[str] | npt.NDArray[np.object_], *, at_start: bool) -> npt.NDArray[np.bool_]:
    """Tell which texts match, at their start or anywhere."""
    if not len(texts):
        return np.zeros(0, dtype=bool)
    if supported(pattern):
        array = pa.array(list(texts), type=pa.large_string())
        found = pc.match_substring_regex(array, rf"\A(?:{pattern})" if at_start else pattern)
        return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)
    compiled = _python(pattern)
    search = compiled.match if at_start else compiled.search
    return np.array([search(_short(text)) is not None for text in texts], dtype=bool)


def _short(text: str) -> str:
    if len(text) > LONGEST_BACKTRACKED:
        raise NotEvaluated(
            f"a value of {len(text)} characters is too long for a regular expression outside the linear-time engine",
            cause="too_large",
        )
    return text


def extracted(pattern: str, text: str) -> str | None:
    """Return the first match of the pattern in a text (its first group where it has one), None without a match."""
    compiled: Any = re2.compile(pattern, _quiet()) if supported(pattern) else _python(pattern)
    found = compiled.search(text)
    if found is None:
        return None
    return found.group(1) if compiled.groups else found.group(0)
